"""Samples that can be drawn again."""
import csv
import hashlib
import json
import re

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
