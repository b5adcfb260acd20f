"""Samples that can be drawn again."""
import csv
import hashlib
import json
import re
import shutil

from case import Case, SHARED, muster, run


class Sample(Case):
    def test_a_sample_can_be_drawn_again_and_by_hand(self):
        call = ("sample", self.base / "b.tar.gz", "--rule", "accounts.leavers_removed", "--size", "25", "--seed", "20261126", "--json", "--work", self.work)
        first, second = (json.loads(self.assert_exit(muster(*call), 0).stdout) for _ in range(2))
        self.assertEqual(first, second)
        results = json.loads((self.base / "run/results.json").read_text())
        ids = results["subjects"]["user"]["id"]
        by_hand = sorted(ids, key=lambda each: hashlib.sha256(f"20261126:{each}".encode()).digest())[:25]
        self.assertEqual([each["id"] for each in first["sample"]], by_hand)
        lines = (SHARED["folder"] / "snapshot/data/users.jsonl").read_text().split("\n")
        with open(SHARED["folder"] / "populations/accounts.leavers_removed.csv", newline="", encoding="utf-8") as file:
            verdicts = {row[1]: row[3:] for row in csv.reader(file)}
        for each in first["sample"]:
            self.assertGreaterEqual(len(each["lines"]), 1)
            self.assertEqual([each["verdict"], each["reason"]], verdicts[each["id"]])
            for line in each["lines"]:
                self.assertEqual(lines[line["line"] - 1], line["text"])
                self.assertIn(each["id"], line["text"])

    def test_the_usual_size_and_a_seed_are_chosen_and_said(self):
        done = self.assert_exit(muster("sample", SHARED["folder"], "--rule", "keys.max_age"), 0)
        self.assertRegex(done.stdout, r"Sample of keys.max_age: 20 of 1\d\d\n")
        seed = re.search(r"^Seed: (\w{16}) ", done.stdout, re.M).group(1)
        self.assertEqual(muster("sample", SHARED["folder"], "--rule", "keys.max_age", "--seed", seed).stdout, done.stdout)
        done = self.assert_exit(muster("sample", SHARED["folder"], "--rule", "keys.max_aeg"), 64)
        self.assertEqual(done.stderr, "error[evidence.unfit]: the bundle has no rule keys.max_aeg\n   = help: did you mean keys.max_age?\n")

    def test_populations_smaller_than_the_sample(self):
        """All of it, once each; none of an empty one, which is said."""
        results = json.loads((SHARED["folder"] / "results.json").read_text())
        small = min((rule for rule in results["rules"] if rule["population"]), key=lambda rule: rule["population"])
        drawn = json.loads(self.assert_exit(muster("sample", SHARED["folder"], "--rule", small["as"], "--size", "1000000", "--seed", "x", "--json"), 0).stdout)
        self.assertEqual(sorted(each["id"] for each in drawn["sample"]), sorted(results["subjects"][small["subject"]]["id"]))
        # The organization has no invitation.
        shutil.copytree(self.base / "northwind", self.work / "northwind")
        snapshot = self.work / "northwind/snapshot"
        (snapshot / "data/invites.jsonl").write_bytes(b"")
        manifest = json.loads((snapshot / "manifest.json").read_text())
        for row in manifest["datasets"]:
            if row["name"] == "invites":
                row.update(rows=0, bytes=0, sha256=hashlib.sha256(b"").hexdigest())
        (snapshot / "manifest.json").write_text(json.dumps(manifest))
        done = muster("check", "-c", "northwind/muster.yaml", "--out", "out", "--quiet", cwd=self.work)
        self.assertIn(done.returncode, (1, 3), done.stderr)
        self.assert_exit(muster("bundle", "out", "-o", "e.tar.gz", cwd=self.work), 0)
        done = self.assert_exit(muster("sample", "e.tar.gz", "--rule", "invites.pending_age", cwd=self.work), 0)
        self.assertIn("Sample of invites.pending_age: 0 of 0\n", done.stdout)
        self.assertRegex(done.stdout, r"(?m)^Seed: \w{16} ")
        for size in ("0", "-1", "x", "1000001"):
            self.assert_exit(muster("sample", SHARED["folder"], "--rule", "keys.max_age", "--size", size), 64)
