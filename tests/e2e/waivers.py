#!/usr/bin/env python3
"""Waivers from the first to the last day: add, list, check, and what `muster check` makes of them.

usage: waivers.py --muster PROGRAM --source REPOSITORY [TEST...]
"""
import json
import os

import check
from check import Case, run

APPROVER = "margarethe.halvorsen@northwind.example"
RULE = ["--rule", "accounts.leavers_removed"]


class Waivers(Case):
    def setUp(self):
        super().setUp()
        self.home = self.northwind()
        self.config = self.home / "muster.yaml"
        self.file = self.home / "waivers.yaml"

    def results(self, *more, code=1):
        self.assert_exit(run("check", "-c", self.config, "--out", self.work / "out", *more), code)
        return json.loads((self.work / "out/results.json").read_text())

    def failing(self, results, rule="accounts.leavers_removed"):
        return [f["subject"]["id"] for f in results["findings"] if f["rule"] == rule and f["verdict"] == "fail"]

    def listed(self, *more):
        done = run("waiver", "list", "--json", "-c", self.config, *more)
        self.assert_exit(done, 0)
        return {each["id"]: each for each in json.loads(done.stdout)}

    def test_one_account_is_excused_until_its_day(self):
        before = self.results()
        account = self.failing(before)[0]
        text = self.file.read_text()
        self.file.chmod(0o640)
        done = run("waiver", "add", "-c", self.config, *RULE, "--id", account, "--reason", "hand-over", "--approver", APPROVER, "--days", 3)
        self.assert_exit(done, 0)
        self.assertIn("excuses 1 failure of accounts.leavers_removed, to the end of 2026-11-23, in 3 days", done.stdout)
        self.assertTrue(self.file.read_text().startswith(text), "nothing before it changed")
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o640)
        self.assertEqual([name for name in os.listdir(self.home) if name.startswith("waivers")], ["waivers.yaml"])
        after = self.results()
        self.assertNotIn(account, self.failing(after))
        row = self.listed()["W-16"]
        self.assertEqual((row["state"], row["excuses"], row["days_left"]), ("expiring_soon", 1, 3))
        self.assertEqual(after["run"]["failures"]["after_waivers"], before["run"]["failures"]["after_waivers"] - 1)
        self.assertEqual(after["run"]["failures"]["before_waivers"], before["run"]["failures"]["before_waivers"], "what is waived is evaluated all the same")
        waived = [f for f in after["findings"] if f["subject"]["id"] == account and f.get("waiver") == "W-16"]
        self.assertEqual([f["verdict"] for f in waived], ["waived"])
        self.assertIn("left on", waived[0]["reason"], "what it would have been")
        done = run("check", "-c", self.config)
        counted = after["run"]["failures"]
        self.assertIn(f"failures before waivers: {counted['before_waivers']}, after: {counted['after_waivers']}", done.stdout)
        self.assertIn("(expiring_soon, 3 days left)", done.stdout)
        over = self.results("--as-of", "2026-11-24T00:00:00Z")
        self.assertIn(account, self.failing(over))

    def test_ci_is_told_which_line_to_mend(self):
        done = run("waiver", "check", "-c", self.config)
        self.assert_exit(done, 1)
        line = next(n for n, text in enumerate(self.file.read_text().splitlines(), 1) if text == "- id: W-04")
        self.assertIn(f"waivers.yaml:{line}: expired: waiver W-04", done.stdout)
        self.file.write_text("[]\n")
        self.assert_exit(run("waiver", "check", "-c", self.config), 0)

    def test_the_config_sets_the_bounds(self):
        self.assertEqual(self.listed()["W-01"]["state"], "active")
        self.config.write_text(self.config.read_text() + "waiver_rules: {max_length: 30d, expiring_within: 1d}\n")
        row = self.listed()["W-01"]
        self.assertEqual((row["state"], row["excuses"]), ("too_long", 0))
        self.assertIn("it lasts 122 days, and 30d is the longest", row["why"])
        results = self.results("--report", f"html={self.work / 'r.html'}", "--report", f"markdown={self.work / 'r.md'}")
        self.assertIn("too_long", {w["state"] for w in results["waivers"]})
        self.assertEqual(results["run"]["failures"]["before_waivers"], results["run"]["failures"]["after_waivers"], "none has effect")
        for name in ("r.html", "r.md"):
            self.assertIn("too_long: it lasts 122 days", (self.work / name).read_text())

    def test_a_folder_that_is_not_there_is_not_made(self):
        self.config.write_text(self.config.read_text().replace("waivers: waivers.yaml", "waivers: none/waivers.yaml"))
        done = run("waiver", "add", "-c", self.config, *RULE, "--id", "user_01QKvbetzkzwzMjZXWWNZLhh", "--reason", "r", "--approver", APPROVER, "--days", 1)
        self.assert_exit(done, 64)
        self.assertIn("none/waivers.yaml", done.stderr)
        self.assertFalse((self.home / "none").exists())

    def test_a_zone_is_an_input_and_is_replayed(self):
        self.config.write_text(self.config.read_text().replace("    zone: America/New_York\n", "") + "waiver_rules: {zone: Pacific/Auckland}\n")
        results = self.results("--bundle", self.work / "x.tar.gz", "-q")
        self.assertTrue(results["run"]["tzdata"])
        done = run("replay", self.work / "x.tar.gz", cwd=self.work)
        self.assert_exit(done, 0)
        self.assertTrue(done.stdout.startswith("REPRODUCED"), done.stdout)


if __name__ == "__main__":
    check.main()
