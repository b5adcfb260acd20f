#!/usr/bin/env python3
"""The gate with a baseline: what it hides, what it never hides, and how it moves.

usage: baseline.py --muster PROGRAM --source REPOSITORY [TEST...]
"""
import json
import shutil
import unittest
import xml.etree.ElementTree as xml

import check
from check import Case, run

AGE = ["--rule", "keys.max_age"]


def days(n):
    return ["--param", f"keys.max_age.days={n}"]


class Baseline(Case):
    def setUp(self):
        super().setUp()
        self.home = self.northwind()

    def check(self, *more, code, out="out", cwd=None):
        done = run("check", "-c", self.home / "muster.yaml", "--out", self.work / out, *more, cwd=cwd or self.work)
        self.assert_exit(done, code)
        self.results = json.loads((self.work / out / "results.json").read_text())
        return done

    def keep(self, name="baseline.json", out="out"):
        shutil.copy(self.work / out / "results.json", self.work / name)
        return self.work / name

    def failing(self, novelty=None):
        return {finding["subject"]["id"] for finding in self.results["findings"] if finding["verdict"] == "fail" and novelty in (None, finding.get("novelty"))}

    def counts(self):
        return {key: self.results["run"]["baseline"][key] for key in ("new", "still_failing", "regressed", "resolved", "untested")}

    def test_what_is_known_does_not_fail_the_run_and_is_shown(self):
        self.check(code=1)
        known = sum(finding["verdict"] == "fail" for finding in self.results["findings"])
        self.assertGreater(known, 10)
        self.assertNotIn("baseline", self.results["run"])
        self.assertNotIn("resolved", self.results)
        base = self.keep()
        done = self.check("--baseline", base, code=0)
        self.assertEqual(self.counts(), {"new": 0, "still_failing": known, "regressed": 0, "resolved": 0, "untested": 0})
        self.assertTrue(done.stdout.startswith("PASSED"), done.stdout)
        self.assertIn("with known failures only", done.stdout)
        self.assertIn("known since 2026-11-20, 0 days", done.stdout)
        self.assertEqual(len(self.failing("still_failing")), len(self.failing()))
        suites = xml.parse(self.work / "out/junit.xml").getroot()
        failures = [case for case in suites.iter("testcase") if case.find("failure") is not None]
        self.assertTrue(failures)
        for case in failures:
            properties = {each.get("name"): each.get("value") for each in case.iter("property")}
            self.assertEqual(properties["gated"], "false")
            self.assertEqual(properties["known"], properties["violations"])
            self.assertIn("baseline: known since", case.find("failure").text)
        done = run("check", "-c", self.home / "muster.yaml", "--baseline", base, "--report", f"csv={self.work / 'f.csv'}", "-q")
        self.assertIn(",still_failing,2026-11-20T", (self.work / "f.csv").read_text())

    def test_it_is_an_input_of_the_run(self):
        self.check(code=1)
        plain = self.results["run"]["id"]
        base = self.keep()
        self.check("--baseline", base, code=0)
        inputs = [each for each in self.results["inputs"] if each["kind"] == "baseline"]
        self.assertEqual([each["sha256"] for each in inputs], [self.results["run"]["baseline"]["sha256"]])
        self.assertEqual(self.results["run"]["baseline"]["run"], plain)
        self.assertNotEqual(self.results["run"]["id"], plain)

    def test_new_resolved_and_back(self):
        self.check(*AGE, *days(200), code=1)
        old = self.failing()
        self.assertTrue(old)
        first = self.keep("first.json")
        # A stricter parameter: what failed before is known, the rest is new.
        self.check(*AGE, *days(30), "--baseline", first, code=1)
        self.assertEqual(self.failing("still_failing"), old)
        self.assertTrue(self.failing("new"))
        self.assertFalse(self.failing("new") & old)
        # All are gone: listed with how long they failed.
        done = self.check(*AGE, *days(36500), "--baseline", first, code=0)
        waived = {finding["subject"]["id"] for finding in json.loads(first.read_text())["findings"] if finding["verdict"] == "waived"}
        self.assertEqual({each["id"] for each in self.results["resolved"]}, old | waived)
        self.assertEqual({each["now"] for each in self.results["resolved"]}, {"pass"})
        self.assertEqual(self.counts()["resolved"], len(old))
        self.assertIn("RESOLVED", done.stdout)
        second = self.keep("second.json")
        # One that came back is no new one, and fails the run.
        self.check(*AGE, *days(200), "--baseline", second, code=1)
        self.assertEqual(self.failing("regressed"), old)
        third = self.keep("third.json")
        # What was resolved stays known as such until it fails again.
        self.check(*AGE, *days(36500), "--baseline", second, code=0)
        self.assertEqual({each["id"] for each in self.results["resolved"]}, old | waived)
        self.assertEqual(self.counts()["resolved"], 0)
        self.check(*AGE, *days(200), "--baseline", third, code=0)
        self.assertEqual(self.failing("still_failing"), old)

    def test_an_entry_that_was_not_run_is_not_resolved(self):
        self.check("--rule", "keys.*", code=1)
        base = self.keep()
        others = sum(finding["verdict"] == "fail" and finding["as"] != "keys.max_age" for finding in self.results["findings"])
        self.assertTrue(others)
        self.check(*AGE, "--baseline", base, code=0)
        self.assertEqual((self.counts()["resolved"], self.counts()["untested"]), (0, others))
        self.assertEqual(self.results["resolved"], [])

    def test_a_waiver_that_ends_is_not_hidden(self):
        waivers = (self.home / "waivers.yaml").read_text()
        self.check(code=1)
        waived = {(finding["as"], finding["subject"]["id"]) for finding in self.results["findings"] if finding["verdict"] == "waived"}
        self.assertTrue(waived)
        base = self.keep()
        (self.home / "waivers.yaml").write_text("[]\n")
        self.check("--baseline", base, code=1)
        back = {(finding["as"], finding["subject"]["id"]) for finding in self.results["findings"] if finding.get("novelty") == "regressed"}
        self.assertEqual(back, waived)
        (self.home / "waivers.yaml").write_text(waivers)

    def test_a_graver_severity_is_not_hidden_and_a_lower_one_is(self):
        (self.home / "p.yaml").write_text("policy: p\nrules:\n  - {rule: keys.max_age, severity: low}\n")
        call = ["--policy", self.home / "p.yaml"]
        self.check(*call, "--fail-on", "high", code=0)
        low = self.keep("low.json")
        (self.home / "p.yaml").write_text("policy: p\nrules:\n  - {rule: keys.max_age, severity: high}\n")
        self.check(*call, "--fail-on", "high", "--baseline", low, code=1)
        self.assertEqual(self.failing("regressed"), self.failing())
        high = self.keep("high.json")
        (self.home / "p.yaml").write_text("policy: p\nrules:\n  - {rule: keys.max_age, severity: low}\n")
        self.check(*call, "--baseline", high, code=0)
        # Another rule under the entry's name is another entry.
        (self.home / "p.yaml").write_text("policy: p\nrules:\n  - {rule: keys.no_expiry, as: keys.max_age, severity: low}\n")
        self.check(*call, "--baseline", high, code=1)
        self.assertEqual(self.failing("new"), self.failing())

    def test_what_is_undecided_is_never_hidden(self):
        manifest = self.home / "snapshot/manifest.json"
        self.check(*AGE, code=1)
        good = self.keep("good.json")
        whole = json.loads(manifest.read_text())
        for row in whole["datasets"]:
            if row["name"] == "api_keys":
                row["status"], row["reason"] = "partial", "cut off"
        manifest.write_text(json.dumps(whole))
        self.check(*AGE, code=2)
        cut = self.keep("cut.json")
        for base in (good, cut):
            with self.subTest(base.name):
                self.check(*AGE, "--baseline", base, code=2)
                self.assertEqual(self.results["resolved"], [])
        self.assertEqual(self.counts()["untested"], 0)
        self.check(*AGE, "--baseline", good, "--ratchet", code=2)
        self.assertGreater(self.counts()["untested"], 0)

    def test_the_ratchet_moves_forward_only(self):
        self.check(*AGE, *days(30), code=1)
        many = self.failing()
        base = self.keep()
        before = base.read_bytes()
        done = self.check(*AGE, *days(30), "--baseline", base, "--ratchet", code=0)
        self.assertIn("stays as it is: no failure of it is resolved.", done.stderr)
        done = self.check(*AGE, *days(10), "--baseline", base, "--ratchet", code=1)
        self.assertIn("stays as it is", done.stderr)
        done = self.check("--rule", "keys.no_expiry", "--fail-on", "critical", "--baseline", base, "--ratchet", code=0)
        self.assertIn("stays as it is", done.stderr)
        self.assertEqual(base.read_bytes(), before)
        done = self.check(*AGE, *days(200), "--baseline", base, "--ratchet", code=0)
        few = self.failing()
        self.assertTrue(few < many)
        self.assertEqual(done.stderr, f"The baseline {base} is moved forward: {len(many) - len(few)} failure{'' if len(many) - len(few) == 1 else 's'} resolved, {len(few)} left.\n")
        self.assertEqual(base.read_bytes(), (self.work / "out/results.json").read_bytes())
        self.assertEqual([path.name for path in self.work.iterdir() if path.name.startswith(".")], [])
        # What was resolved is excused no longer.
        self.check(*AGE, *days(30), "--baseline", base, "--ratchet", code=1)
        self.assertEqual(self.failing("regressed"), many - few)

    def test_files_that_are_no_baseline_of_this_run_are_refused(self):
        self.check(*AGE, code=1)
        good = json.loads((self.work / "out/results.json").read_text())
        file = self.work / "b.json"

        def refused(change, *words, more=(), code=64):
            value = json.loads(json.dumps(good))
            change(value)
            file.write_text(json.dumps(value))
            done = run("check", "-c", self.home / "muster.yaml", *AGE, "--baseline", file, *more)
            self.assert_exit(done, code)
            self.assertEqual(done.stdout, "")
            for word in words:
                self.assertIn(word, done.stderr)

        refused(lambda value: value["run"].update(organization_id="org_other"), "it is of org_other", "and the snapshot is of")
        refused(lambda value: value["run"].update(provider="elsewhere"), "elsewhere")
        refused(lambda value: value["run"].update(what_if=True), "it is a what-if")
        refused(lambda value: value["run"].update(as_of="2026-11-29T00:00:00Z"), "later than this run")
        refused(lambda value: value.update(muster_results=2), "muster_results is 2, this muster reads 1")
        refused(lambda value: value["findings"].pop(), "results.format")
        refused(lambda value: value["findings"][0].update(novelty="still_failing"), "contradict each other")
        refused(lambda value: value.update(resolved=[]), "resolved is not a known member")
        file.write_text("{")
        self.assert_exit(run("check", "-c", self.home / "muster.yaml", "--baseline", file), 64)
        self.assert_exit(run("check", "-c", self.home / "muster.yaml", "--baseline", self.work / "none.json"), 64)
        file.write_text(json.dumps(good))
        for call, words in ((["--ratchet"], "there is no --baseline"), (["--baseline", file, "--ratchet", "--as-of", "2026-11-21"], "what-if"),
                            (["--baseline", self.work / "out/results.json", "--out", self.work / "out"], "would replace the baseline"),
                            (["--baseline", file, "--report", f"json={file}"], "would replace an input")):
            done = run("check", "-c", self.home / "muster.yaml", *call)
            self.assert_exit(done, 64)
            self.assertIn(words, done.stderr)

    def test_a_bundle_holds_it_and_is_replayed(self):
        for path in (self.home / "muster.yaml", "northwind/muster.yaml"):
            with self.subTest(str(path)):
                done = run("check", "-c", path, *AGE, *days(30), "--report", "json=b.json", "-q", cwd=self.work)
                self.assert_exit(done, 1)
                done = run("check", "-c", path, *AGE, *days(200), "--baseline", "b.json", "--ratchet", "--bundle", "x.tar.gz", "-q", cwd=self.work)
                self.assert_exit(done, 0)
                self.assertIn("moved forward", done.stderr)
                alone = self.work / "alone"
                alone.mkdir(exist_ok=True)
                shutil.move(self.work / "x.tar.gz", alone / "x.tar.gz")
                done = run("replay", "x.tar.gz", cwd=alone)
                self.assert_exit(done, 0)
                self.assertTrue(done.stdout.startswith("REPRODUCED"), done.stdout)

    def test_a_slip_in_a_rule_name_is_answered(self):
        done = run("check", "-c", self.home / "muster.yaml", "--rule", "keys.no_expire")
        self.assert_exit(done, 2)
        self.assertIn("--rule keys.no_expire: the policies select no such rule; did you mean 'keys.no_expiry'?", " ".join(done.stdout.split()))


if __name__ == "__main__":
    check.main()
