#!/usr/bin/env python3
"""Reports made later, runs joined, and two runs that want one folder.

usage: report.py --muster PROGRAM --source REPOSITORY [TEST...]
"""
import fcntl
import json
import re
import shutil
import subprocess
import unittest

import check
from check import Case, run


class Reports(Case):
    def setUp(self):
        super().setUp()
        self.home = self.northwind()
        self.out = self.work / "out"

    def assert_exit(self, done, code):
        super().assert_exit(done, code)
        return done

    def check(self, *more, code=1):
        return self.assert_exit(run("check", "-c", self.home / "muster.yaml", *more, cwd=self.work), code)

    def formats(self):
        names = re.search(r"the formats are ([a-z0-9_, -]+)", run("report", self.home, "--format", "nothing").stderr).group(1)
        return [name.strip() for name in names.split(",")]

    def test_every_format_is_the_same_later(self):
        formats = self.formats()
        self.assertGreaterEqual(len(formats), 12)
        wishes = [part for name in formats for part in ("--report", f"{name}=at-once/{name}")]
        (self.work / "at-once").mkdir()
        (self.work / "later").mkdir()
        self.check("--out", "out", *wishes)
        for source in ("out", "out/results.json"):
            for name in formats:
                self.assert_exit(run("report", source, "--format", f"{name}=later/{name}", cwd=self.work), 0)
                self.assertEqual((self.work / "later" / name).read_bytes(), (self.work / "at-once" / name).read_bytes(), name)
        # Without a path: to the standard output, as into a file of the current folder.
        self.assert_exit(run("report", "out", "--format", "oscal=beside.json", cwd=self.work), 0)
        done = self.assert_exit(run("report", "out", "--format", "oscal", cwd=self.work), 0)
        self.assertEqual(done.stdout.encode(), (self.work / "beside.json").read_bytes())

    def test_wrong_calls_and_foreign_files(self):
        self.check("--out", "out")
        done = self.assert_exit(run("report", "out", "--format", "jnuit", cwd=self.work), 64)
        self.assertIn("there is no format jnuit", done.stderr)
        self.assertIn("did you mean junit?", done.stderr)
        for name, text in (("muster.yaml", "muster: 1\n"), ("foreign.json", '{"version": "2.1.0", "runs": []}'), ("list.json", "[]"), ("empty.json", "")):
            (self.work / name).write_text(text)
            for call in (["report", name, "--format", "html=x.html"], ["check", "-c", self.home / "muster.yaml", "--baseline", self.work / name], ["report", "merge", name, "out", "-o", "all"]):
                with self.subTest(name=name, call=call[0:2]):
                    done = self.assert_exit(run(*call, cwd=self.work), 64)
                    self.assertIn("this is no result of muster: ", done.stderr)
                    self.assertIn("results.json of a folder that `muster check --out` wrote is wanted", done.stderr)
                    self.assertEqual(done.stdout, "")
        self.assertFalse((self.work / "x.html").exists())
        self.assertFalse((self.work / "all").exists())
        whole = (self.out / "results.json").read_text()
        (self.work / "cut").mkdir()
        for cut in (whole[:-100], whole.replace('"verdict": "fail"', '"verdict": "pass"', 1), whole.replace('"fail": ', '"fail": 1', 1)):
            (self.work / "cut/results.json").write_text(cut)
            done = self.assert_exit(run("report", "cut", "--format", "text", cwd=self.work), 64)
            self.assertEqual(done.stdout, "")

    def test_a_merged_run_is_as_bad_as_the_worst(self):
        self.check("--out", "out", "--rule", "keys.max_age", "--param", "keys.max_age.days=100000", code=0)
        good = (self.out / "results.json").read_text()
        (self.work / "south").mkdir()
        ours = json.loads(good)["run"]
        (self.work / "south/results.json").write_text(good.replace(ours["organization_id"], "org-south").replace(ours["organization"], "South Wind"))
        self.assert_exit(run("report", "merge", "south", "out", "-o", "all", cwd=self.work), 0)
        self.check("--out", "out", "--rule", "keys.max_age", "--param", "keys.max_age.days=1", code=1)
        done = self.assert_exit(run("report", "merge", "south", "out", "-o", "all", cwd=self.work), 1)
        self.assertTrue(done.stdout.startswith("FAILED"), done.stdout)
        self.assertEqual(subprocess.run(["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=self.work / "all").returncode, 0)
        merged, failed = (json.loads((self.work / name / "results.json").read_text()) for name in ("all", "out"))
        self.assertEqual(merged["exit"]["code"], 1)
        count = lambda results, verdict: sum(rule["counts"][verdict] for rule in results["rules"])
        for verdict in ("fail", "waived", "unknown", "error"):
            self.assertEqual(count(merged, verdict), count(failed, verdict) + count(json.loads(good), verdict))
        self.assertEqual(len({json.dumps(each["subject"]) + each["rule"] + each["policy"] for each in merged["findings"]}), len(merged["findings"]))

    def test_what_fails_the_run_comes_first_in_the_page(self):
        self.check("--out", "out")
        results = json.loads((self.out / "results.json").read_text())
        order = ["critical", "high", "medium", "low", "info"]
        failing = sorted((rule for rule in results["rules"] if rule["counts"]["fail"] > 0), key=lambda rule: order.index(rule["severity"]))
        gravest, mildest = failing[0]["as"], failing[-1]["as"]
        self.assertNotEqual(failing[0]["severity"], failing[-1]["severity"])
        self.check("--rule", gravest, "--report", "json=base.json")
        self.check("--rule", gravest, "--rule", mildest, "--baseline", self.work / "base.json", "--report", "html=page.html")
        page = (self.work / "page.html").read_text()
        self.assertLess(page.index(f'id="rule-{mildest}"'), page.index(f'id="rule-{gravest}"'))


class OneFolder(Case):
    def setUp(self):
        super().setUp()
        self.home = self.northwind()
        self.out = self.work / "out"
        self.call = ["check", "-c", self.home / "muster.yaml", "--quiet"]

    def assert_exit(self, done, code):
        super().assert_exit(done, code)
        return done

    def test_the_second_run_fails_at_once_and_touches_nothing(self):
        self.out.mkdir()
        for more, folder in ((["--out", "out"], "out"), (["--bundle", "b.tar.gz"], ".b.tar.gz.run")):
            (self.work / folder).mkdir(exist_ok=True)
            with open(self.work / folder / ".muster.lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                done = self.assert_exit(run(*self.call, *more, cwd=self.work), 64)
                self.assertEqual(done.stdout, "")
                self.assertIn(f"another muster check is writing to {folder}", done.stderr)
                self.assertIn("wait until it has ended, or name another folder with --out", done.stderr)
                self.assertEqual([path.name for path in (self.work / folder).iterdir()], [".muster.lock"])
            # What a killed run left holds nobody up, and is taken away.
            self.assert_exit(run(*self.call, *more, cwd=self.work), 1)
            self.assertFalse((self.work / folder / ".muster.lock").exists())
        self.assertFalse((self.work / ".b.tar.gz.run").exists())

    def test_a_merge_waits_for_nobody_either(self):
        self.assert_exit(run(*self.call, "--out", "north", cwd=self.work), 1)
        (self.work / "south").mkdir()
        text = (self.work / "north/results.json").read_text()
        ours = json.loads(text)["run"]
        (self.work / "south/results.json").write_text(text.replace(ours["organization_id"], "org-south").replace(ours["organization"], "South Wind"))
        merge = ["report", "merge", "north", "south", "-o", "all"]
        self.assert_exit(run(*merge, cwd=self.work), 1)
        before = {path: path.read_bytes() for path in (self.work / "all").rglob("*") if path.is_file()}
        with open(self.work / "all/.muster.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = self.assert_exit(run(*merge, cwd=self.work), 64)
            self.assertEqual(done.stdout, "")
            self.assertIn("another muster report merge is writing to all", done.stderr)
            (self.work / "all/.muster.lock").unlink()
        self.assertEqual({path: path.read_bytes() for path in (self.work / "all").rglob("*") if path.is_file()}, before)
        jobs = [subprocess.Popen([check.MUSTER, *merge], cwd=self.work, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(6)]
        ends = [(job.communicate()[1], job.returncode) for job in jobs]
        for stderr, code in ends:
            self.assertIn(code, (1, 64), stderr)
            if code == 64:
                self.assertIn("another muster report merge is writing to all", stderr)
        self.assertIn(1, [code for _, code in ends])
        self.assertEqual({path: path.read_bytes() for path in (self.work / "all").rglob("*") if path.is_file() and path.name not in ("run.json", "SHA256SUMS")},
                         {path: data for path, data in before.items() if path.name not in ("run.json", "SHA256SUMS")})

    def test_several_at_once_leave_one_whole_run(self):
        for _ in range(3):
            shutil.rmtree(self.out, ignore_errors=True)
            jobs = [subprocess.Popen([check.MUSTER, *map(str, self.call), "--out", "out"], cwd=self.work, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(6)]
            ends = [(job.communicate()[1], job.returncode) for job in jobs]
            for stderr, code in ends:
                self.assertIn(code, (1, 64), stderr)
                if code == 64:
                    self.assertIn("another muster check is writing to out", stderr)
            self.assertIn(1, [code for _, code in ends])
            self.assertEqual(subprocess.run(["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=self.out).returncode, 0)
            self.assertEqual([path.name for path in self.out.iterdir() if path.name.startswith(".")], [])

    def test_a_run_that_fails_leaves_no_folder(self):
        (self.home / "hr/roster.csv").write_text("nothing\n")
        self.assert_exit(run(*self.call, "--out", "out", cwd=self.work), 64)
        self.assertFalse(self.out.exists())


if __name__ == "__main__":
    check.main()
