#!/usr/bin/env python3
"""Collections that are killed at random moments, and gone on with: the snapshot must be the one that nobody disturbed.

usage: collect_kills.py --muster PROGRAM --simulator PROGRAM --source REPOSITORY [--kills N]
"""
import json
import random
import shutil
import time

import collect
from collect import Case


class Kills(Case):
    # What a request is known by from one run to the next; the body of an error holds its request id.
    VARYING = {"request_id", "started", "ended", "attempt"}
    VARYING_OF_ERRORS = {"sha256", "bytes"}

    def plain_ledger(self, path):
        rows = [json.loads(line) for line in path.read_text().split("\n")[:-1]]
        return [{name: value for name, value in row.items() if name not in self.VARYING | (self.VARYING_OF_ERRORS if row["status"] != 200 else set())} for row in rows]

    def test_kill_at_random_moments(self):
        simulator = self.simulator("--users=2000", "--workspaces=24", "--keys=600", "--groups=8")
        config = self.config(simulator.url, more=", page_size: 100, skip: [activities]", timeout="20s")
        self.assert_exit(self.collect(config, "whole"), 0)
        begin = time.monotonic()
        self.assert_exit(self.collect(config, "timed"), 0)
        seconds = time.monotonic() - begin
        chance = random.Random(7)
        resumed = 0
        for turn in range(collect.KILLS):
            out = f"killed-{turn}"
            process = self.start("-c", config, "--out", self.work / out, "--jobs", chance.choice((1, 4, 16)))
            time.sleep(chance.uniform(0.0, seconds))
            process.kill()
            process.communicate()
            if (self.work / out).exists():  # it was done before
                shutil.rmtree(self.work / out)
                continue
            # Another number of jobs changes nothing.
            self.assert_exit(self.collect(config, out, "--resume", "--jobs", str(chance.choice((1, 4, 16)))), 0)
            resumed += 1
            for path in sorted((self.work / "whole/data").iterdir()):
                self.assertEqual((self.work / out / "data" / path.name).read_bytes(), path.read_bytes(), f"turn {turn}: {path.name}")
            self.assertEqual(self.plain_ledger(self.work / out / "ledger.jsonl"), self.plain_ledger(self.work / "whole/ledger.jsonl"))
            shutil.rmtree(self.work / out)
        print(f"{resumed} of {collect.KILLS} collections were killed and gone on with")
        self.assertGreater(resumed, collect.KILLS // 2)


if __name__ == "__main__":
    collect.main()
