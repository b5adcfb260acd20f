#!/usr/bin/env python3
"""Runs the real program end to end.

usage: check.py --muster PROGRAM --source REPOSITORY [TEST...]
"""
import argparse
import contextlib
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

MUSTER = SOURCE = FIXTURES = None


def run(*args, cwd=None, env=None, memory=None, **options):
    """The finished process. stdin is empty, text is UTF-8."""
    changed = dict(os.environ, **(env or {}))
    changed.pop("NO_COLOR", None)
    limit = (lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory))) if memory else None
    return subprocess.run([str(MUSTER), *map(str, args)], cwd=cwd, env=changed, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                          encoding="utf-8", errors="replace", preexec_fn=limit, **options)


def tree(folder):
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="muster-e2e-")
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)

    def assert_exit(self, done, code):
        self.assertEqual(done.returncode, code, f"\n{' '.join(done.args)}\n--- stdout\n{done.stdout[-3000:]}\n--- stderr\n{done.stderr[-3000:]}")

    def northwind(self):
        """A copy of the organization that a test may damage."""
        copy = self.work / "northwind"
        shutil.copytree(FIXTURES / "northwind", copy)
        return copy


class PreviousSnapshot(Case):
    """What is new is new since the snapshot that the config names."""

    def setUp(self):
        super().setUp()
        shutil.copytree(FIXTURES / "northwind/snapshot", self.work / "now")
        shutil.copytree(FIXTURES / "every_rule/previous", self.work / "before")
        (self.work / "policy.yaml").write_text("policy: p\ntitle: P\nrules: [admins.new]\n")

    def check(self, previous, code):
        line = f"previous_snapshot: {previous}\n" if previous else ""
        (self.work / "muster.yaml").write_text(f"muster: 1\nsnapshot: now\n{line}policies: [policy.yaml]\n")
        done = run("check", "-c", self.work / "muster.yaml", "--out", self.work / "out")
        self.assert_exit(done, code)
        return done if code == 64 else json.loads((self.work / "out/results.json").read_text())

    def change_manifest(self, folder, **members):
        path = self.work / folder / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **members}))

    def test_the_older_snapshot_decides_and_is_an_input(self):
        results = self.check("before", 1)
        self.assertEqual(results["rules"][0]["counts"]["fail"], 3)
        inputs = {row["path"]: row["sha256"] for row in results["inputs"] if row["kind"] == "previous_snapshot"}
        self.assertEqual(inputs, {path: hashlib.sha256((self.work / path).read_bytes()).hexdigest() for path in ("before/manifest.json", "before/data/users.jsonl")})

    def test_of_a_folder_the_newest_before_the_runs_own_is_taken(self):
        for folder, completed in (("older", "2026-09-01T08:00:00Z"), ("newer", "2026-11-25T08:00:00Z"), ("same", "2026-11-20T08:00:00Z")):
            shutil.copytree(self.work / "before", self.work / "all" / folder)
            self.change_manifest(f"all/{folder}", started="2026-08-01T08:00:00Z", completed=completed)
        shutil.copytree(self.work / "before", self.work / "all/right")
        results = self.check("all", 1)
        self.assertIn("all/right/manifest.json", {row["path"] for row in results["inputs"]})

    def test_without_one_nothing_is_decided(self):
        results = self.check(None, 2)
        self.assertEqual(results["rules"][0]["whole"]["reason"], "previous_users: not_requested (the config names no `previous_snapshot`)")

    def test_an_older_snapshot_without_users_decides_nothing(self):
        manifest = json.loads((self.work / "before/manifest.json").read_text())
        for row in manifest["datasets"]:
            if row["name"] == "users":
                row.update(status="partial", reason="500 api_error")
        (self.work / "before/manifest.json").write_text(json.dumps(manifest))
        self.assertEqual(self.check("before", 2)["rules"][0]["whole"]["reason"], "previous_users: partial (500 api_error)")

    def test_what_cannot_be_compared_is_refused(self):
        self.assertIn("there is no snapshot at", self.check("nowhere", 64).stderr)
        self.assertIn("previous_snapshot: it was completed 2026-11-20T08:00:00Z, and the run's snapshot 2026-11-20T08:00:00Z", self.check("now", 64).stderr)
        self.change_manifest("before", tenant={"name": "Elsewhere", "id": "elsewhere"})
        self.assertIn("previous_snapshot: it is of another organization: elsewhere, not 6f0c1a57-8d1e-4c43-9b56-2f7f3a90c4de", self.check("before", 64).stderr)
        (self.work / "only").mkdir()
        shutil.copytree(self.work / "now", self.work / "only/same")
        self.assertIn("was completed before 2026-11-20T08:00:00Z", self.check("only", 64).stderr)

    def test_a_changed_older_snapshot_is_refused(self):
        path = self.work / "before/data/users.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"developer"', b'"admin"    ', 1))
        line = "previous_snapshot: before\n"
        (self.work / "muster.yaml").write_text(f"muster: 1\nsnapshot: now\n{line}policies: [policy.yaml]\n")
        self.assert_exit(run("check", "-c", self.work / "muster.yaml"), 65)


class Fixtures(Case):
    def test_northwind_gives_the_expected_verdicts(self):
        self.assert_expected("northwind", 1)

    def test_every_shipped_rule_gives_the_verdicts_that_were_found_without_it(self):
        self.assert_expected("every_rule", 3)
        shipped = json.loads(run("rule", "list", "--json").stdout)
        expected = json.loads((FIXTURES / "every_rule/expected.json").read_text())
        self.assertEqual({rule["id"] for rule in shipped}, set(expected["rules"]), "fixtures/generator/every_rule.py names every shipped rule")

    def assert_expected(self, name, code):
        done = run("check", "-c", FIXTURES / name / "muster.yaml", "--out", self.work / "out")
        self.assert_exit(done, code)
        self.assertEqual(done.stderr, "")
        expected = json.loads((FIXTURES / name / "expected.json").read_text())
        results = json.loads((self.work / "out/results.json").read_text())
        self.assertEqual(results["run"]["as_of"], expected["as_of"])
        self.assertEqual({rule["as"] for rule in results["rules"]}, set(expected["rules"]))
        ids = {kind: [subject["id"] for subject in subjects] if isinstance(subjects, list) else subjects["id"] for kind, subjects in results["subjects"].items()}
        for rule in results["rules"]:
            with self.subTest(rule["as"]):
                want = expected["rules"][rule["as"]]
                self.assertEqual(rule["population"], want["population"])
                for verdict in ("pass", "not_applicable"):
                    self.assertEqual(rule["counts"][verdict], want[verdict], verdict)
                self.assertEqual(sum(rule["counts"].values()), rule["population"])
                found = self.findings(results, rule)
                for verdict in ("fail", "waived", "unknown", "error"):
                    self.assertEqual(sorted(found.get(verdict, [])), want[verdict], verdict)

    @staticmethod
    def findings(results, rule):
        found = {}
        for finding in results["findings"]:
            if finding["as"] == rule["as"] and finding["policy"] == rule["policy"]:
                found.setdefault(finding["verdict"], []).append(finding["subject"]["id"])
        return found

    def test_exit_codes_are_those_of_the_readme(self):
        table = re.findall(r"^\| `(\w+)` \|.*\| (\d) \|$", (FIXTURES / "README.md").read_text(), re.M)
        self.assertGreaterEqual(len(table), 6)
        for name, code in table:
            with self.subTest(name):
                self.assert_exit(run("check", "-c", FIXTURES / name / "muster.yaml"), int(code))

    def test_output_folder_is_whole_and_its_digests_hold(self):
        self.assert_exit(run("check", "-c", FIXTURES / "northwind/muster.yaml", "--out", self.work / "out"), 1)
        files = tree(self.work / "out")
        self.assertTrue({"results.json", "junit.xml", "run.json", "SHA256SUMS", "populations/keys.max_age.csv"} <= set(files))
        checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=self.work / "out", capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        listed = {line[66:] for line in files["SHA256SUMS"].decode().splitlines()}
        self.assertEqual(listed, set(files) - {"SHA256SUMS"})


class SameBytes(Case):
    def outputs(self, name, *args, cwd=None, env=None, config=None):
        out = self.work / name
        done = run("check", "-c", config or FIXTURES / "northwind/muster.yaml", "--out", out, *args, cwd=cwd, env=env)
        self.assert_exit(done, 1)
        files = tree(out)
        files.pop("run.json")
        files.pop("SHA256SUMS")
        return files

    def test_jobs_zone_locale_and_folder_change_nothing(self):
        first = self.outputs("first", "--jobs", "1", env={"TZ": "UTC", "LANG": "C", "LC_ALL": "C"})
        variants = {
            "jobs": dict(args=["--jobs", "8"]),
            "tokyo": dict(args=["--jobs", "8"], env={"TZ": "Asia/Tokyo"}),
            "turkish": dict(args=[], env={"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"}),
            "folder": dict(args=[], cwd=FIXTURES / "northwind", config="muster.yaml"),
            "relative": dict(args=[], cwd=SOURCE, config="fixtures/northwind/muster.yaml"),
            "roundabout": dict(args=[], cwd=FIXTURES / "denied_dataset", config="../northwind/muster.yaml"),
        }
        for name, variant in variants.items():
            with self.subTest(name):
                args = variant.pop("args")
                again = self.outputs(name, *args, **variant)
                self.assertEqual(list(first), list(again))
                for file in first:
                    self.assertEqual(first[file], again[file], file)

    def test_undecided_runs_are_the_same_too(self):
        for name in ("denied_dataset", "half_collected", "broken_rule", "stale_roster"):
            with self.subTest(name):
                seen = []
                for jobs in ("1", "8"):
                    path = self.work / f"{name}-{jobs}.json"
                    run("check", "-c", FIXTURES / name / "muster.yaml", "--jobs", jobs, "--report", f"json={path}")
                    seen.append(path.read_bytes())
                self.assertEqual(*seen)


class ExitCodes(Case):
    def test_passed(self):
        self.assert_exit(run("check", "-c", FIXTURES / "old_api_age/muster.yaml", "--rule", "accounts.*"), 0)

    def test_failed(self):
        self.assert_exit(run("check", "-c", FIXTURES / "northwind/muster.yaml", "--rule", "keys.max_age"), 1)

    def test_failures_below_the_gate_pass(self):
        self.assert_exit(run("check", "-c", FIXTURES / "northwind/muster.yaml", "--rule", "invites.pending_age", "--fail-on", "critical"), 0)

    def test_undecided(self):
        self.assert_exit(run("check", "-c", FIXTURES / "half_collected/muster.yaml"), 2)

    def test_failed_and_undecided(self):
        self.assert_exit(run("check", "-c", FIXTURES / "denied_dataset/muster.yaml"), 3)

    def test_wrong_call(self):
        self.assert_exit(run("check", "--snapshit", "x"), 64)

    def test_integrity(self):
        northwind = self.northwind()
        with open(northwind / "snapshot/data/users.jsonl", "ab") as file:
            file.write(b"\n")
        self.assert_exit(run("check", "-c", northwind / "muster.yaml"), 65)
        self.assert_exit(run("snapshot", "verify", northwind / "snapshot"), 65)

    def interrupt_by(self, signal_number):
        """The roster is a pipe that says nothing: the program is in the middle of its work for as long as we like."""
        northwind = self.northwind()
        roster = northwind / "hr/roster.csv"
        roster.unlink()
        os.mkfifo(roster)
        out = self.work / "out"
        process = subprocess.Popen([MUSTER, "check", "-c", northwind / "muster.yaml", "--out", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        pipe = os.open(roster, os.O_WRONLY)  # returns when the program opens the other end
        process.send_signal(signal_number)
        os.close(pipe)
        printed, complaint = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, complaint)
        self.assertEqual(complaint, b"muster: interrupted\n")
        self.assertEqual(printed, b"")
        self.assertFalse(out.exists())

    def test_interrupted(self):
        self.interrupt_by(signal.SIGINT)

    def test_terminated(self):
        self.interrupt_by(signal.SIGTERM)


class Writing(Case):
    def check(self, *args, **options):
        return run("check", "-c", FIXTURES / "northwind/muster.yaml", *args, **options)

    def test_killed_while_writing_leaves_old_or_new_files(self):
        old, new, out = (self.work / name for name in ("old", "new", "out"))
        self.assert_exit(self.check("--rule", "keys.*", "--out", old), 1)
        self.assert_exit(self.check("--out", new), 1)
        shutil.copytree(old, out)
        begin = time.monotonic()
        self.assert_exit(self.check("--out", self.work / "timed"), 1)
        whole = time.monotonic() - begin
        for step in range(40):
            process = subprocess.Popen([MUSTER, "check", "-c", FIXTURES / "northwind/muster.yaml", "--out", out], stdout=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(whole * step / 30)
            process.kill()
            process.wait()
            for name in ("results.json", "junit.xml"):
                self.assertIn((out / name).read_bytes(), ((old / name).read_bytes(), (new / name).read_bytes()), f"{name} after {step}/30 of a run")
        self.assert_exit(self.check("--out", out), 1)
        self.assertEqual(set(tree(out)), set(tree(new)), "what killed runs left is cleared away")
        self.assertEqual((out / "results.json").read_bytes(), (new / "results.json").read_bytes())

    def test_unwritable_folder(self):
        (self.work / "file").write_text("in the way")
        done = self.check("--out", self.work / "file/out")
        self.assert_exit(done, 64)
        self.assertIn("error[file.unwritable]", done.stderr)
        self.assertIn("Nothing was written.", done.stderr)
        self.assertEqual((self.work / "file").read_text(), "in the way")

    def test_denied_folder(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        (self.work / "denied").mkdir(mode=0o555)
        done = self.check("--out", self.work / "denied/out")
        self.assert_exit(done, 64)
        self.assertIn("error[file.unwritable]", done.stderr)

    def test_full_device(self):
        done = self.check("--report", "json=/dev/full")
        self.assert_exit(done, 64)
        self.assertIn("error[file.unwritable]: cannot write /dev/full: no space left on device", done.stderr)

    def test_the_files_written_before_a_failure_are_named(self):
        good = self.work / "good.xml"
        done = self.check("--report", f"junit={good}", "--report", "json=/dev/full")
        self.assert_exit(done, 64)
        self.assertIn(f"Written before that: {good}.", done.stderr)

    def test_full_disk(self):
        disk = self.work / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", disk], capture_output=True).returncode != 0:
            self.skipTest("a small disk needs root")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        (disk / "out").mkdir()
        (disk / "out/results.json").write_text("old")
        done = self.check("--out", disk / "out")
        self.assert_exit(done, 64)
        self.assertIn("error[file.unwritable]", done.stderr)
        self.assertIn("no space left on device", done.stderr)
        self.assertEqual(tree(disk), {"out/results.json": b"old"})

    def test_closed_pipe_keeps_the_verdict(self):
        for args in ([], ["--verbose"]):
            reader, writer = os.pipe()
            os.close(reader)
            process = subprocess.Popen([MUSTER, "check", "-c", FIXTURES / "northwind/muster.yaml", *args], stdout=writer, stderr=subprocess.PIPE)
            os.close(writer)
            _, complaint = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1)
            self.assertEqual(complaint, b"")

    def test_closed_streams_keep_the_verdict_and_the_files(self):
        report = self.work / "report.json"
        for closed in (">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                command = f'exec "$0" check -c "$1" --report "json=$2" {closed}'
                done = subprocess.run(["sh", "-c", command, MUSTER, FIXTURES / "northwind/muster.yaml", report], stdout=subprocess.DEVNULL)
                self.assertEqual(done.returncode, 1)
                json.loads(report.read_text())

    def test_lost_output_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([MUSTER, "rule", "list"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 64)
        self.assertIn("cannot write the standard output", done.stderr)

    def test_a_report_does_not_replace_an_input(self):
        northwind = self.northwind()
        before = (northwind / "muster.yaml").read_bytes()
        done = run("check", "--report", "json=./muster.yaml", cwd=northwind)
        self.assert_exit(done, 64)
        self.assertIn("would replace an input of this run", done.stderr)
        self.assertEqual((northwind / "muster.yaml").read_bytes(), before)


class Damaged(Case):
    """Each input of the list of bad inputs: the error's code, its place, the exit code, and nothing written."""

    def refused(self, northwind, code, exit_code, *places, args=(), memory=None):
        out = self.work / "out"
        done = run("check", "-c", northwind / "muster.yaml", "--out", out, *args, memory=memory)
        self.assert_exit(done, exit_code)
        self.assertIn(f"error[{code}]", done.stderr)
        for place in places:
            self.assertIn(place, done.stderr)
        self.assertNotIn("\x1b", done.stderr)
        self.assertLess(len(done.stderr), 50_000)
        self.assertFalse(out.exists(), "something was written")
        return done

    def edit(self, northwind, dataset, change, rows=None):
        """Changes the lines of a dataset, and the manifest so that the file is what it says."""
        path = northwind / f"snapshot/data/{dataset}.jsonl"
        lines = change(path.read_bytes().split(b"\n")[:-1])
        data = b"".join(line + b"\n" for line in lines)
        path.write_bytes(data)
        self.sign(northwind, dataset, data, len(lines) if rows is None else rows)

    def sign(self, northwind, dataset, data, rows):
        path = northwind / "snapshot/manifest.json"
        manifest = json.loads(path.read_text())
        for row in manifest["datasets"]:
            if row["name"] == dataset:
                row.update(rows=rows, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        path.write_text(json.dumps(manifest, indent=2))

    def replace_line(self, dataset, number, make, **options):
        northwind = self.northwind()

        def change(lines):
            lines[number - 1] = make(lines[number - 1])
            return lines
        self.edit(northwind, dataset, change, **options)
        return northwind

    # ---- lines of a dataset

    def test_truncated_line(self):
        northwind = self.northwind()
        path = northwind / "snapshot/data/users.jsonl"
        data = path.read_bytes()[:-40]
        path.write_bytes(data)
        self.sign(northwind, "users", data, data.count(b"\n") + 1)
        self.refused(northwind, "snapshot.line", 65, f"data/users.jsonl:{data.count(10) + 1}")

    def test_broken_line_in_the_middle(self):
        northwind = self.replace_line("users", 200, lambda line: line.replace(b'"object":', b'"object"', 1))
        self.refused(northwind, "snapshot.line", 65, "data/users.jsonl:200")

    def test_duplicate_member(self):
        northwind = self.replace_line("users", 7, lambda line: line.replace(b'"object":{', b'"object":{"role":"user","role":"admin",', 1))
        self.refused(northwind, "snapshot.line", 65, "data/users.jsonl:7")

    def test_invalid_utf8(self):
        northwind = self.replace_line("users", 9, lambda line: line.replace(b'"object":{', b'"object":{"note":"\xff\xfe",', 1))
        self.refused(northwind, "snapshot.line", 65, "data/users.jsonl:9")

    def test_deep_nesting(self):
        deep = b"[" * 100_000 + b"]" * 100_000
        northwind = self.replace_line("users", 3, lambda line: line.replace(b'"object":{', b'"object":{"deep":' + deep + b",", 1))
        self.refused(northwind, "snapshot.line", 65, "data/users.jsonl:3")

    def test_very_long_string(self):
        northwind = self.replace_line("users", 3, lambda line: line.replace(b'"object":{', b'"object":{"long":"' + b"x" * 50_000_000 + b'",', 1))
        done = run("check", "-c", northwind / "muster.yaml", "--quiet")
        self.assertIn(done.returncode, (1, 65), done.stderr)
        self.assertLess(len(done.stderr), 50_000)

    def test_row_that_is_no_object(self):
        northwind = self.replace_line("users", 5, lambda line: b'["a", "list"]')
        self.refused(northwind, "snapshot.line", 65, "data/users.jsonl:5")

    def test_duplicate_id(self):
        northwind = self.northwind()
        self.edit(northwind, "api_keys", lambda lines: [*lines, lines[0]])
        self.refused(northwind, "snapshot.duplicate_id", 65, "data/api_keys.jsonl:")

    def test_hostile_id_stays_in_its_place(self):
        hostile = b"../../etc/passwd"
        northwind = self.replace_line("api_keys", 1, lambda line: re.sub(rb'"id":\s*"apikey_\w+"', b'"id":"' + hostile + b'"', line, count=1))
        before = set(tree(self.work))
        done = run("check", "-c", northwind / "muster.yaml", "--out", self.work / "out", "--junit-cases", "subject")
        self.assert_exit(done, 1)
        self.assertIn(hostile, (self.work / "out/results.json").read_bytes())
        self.assertEqual({path for path in set(tree(self.work)) - before if not path.startswith("out/")}, set())

    def test_dangling_reference_is_no_crash(self):
        northwind = self.replace_line("workspace_members", 1, lambda line: re.sub(rb'"user_id":\s*"user_\w+"', b'"user_id":"user_gone"', line, count=1))
        self.assertIn(run("check", "-c", northwind / "muster.yaml").returncode, (1, 3))

    def test_empty_file_that_should_have_rows(self):
        northwind = self.northwind()
        (northwind / "snapshot/data/users.jsonl").write_bytes(b"")
        self.refused(northwind, "snapshot.digest", 65, "data/users.jsonl")

    def test_missing_file(self):
        northwind = self.northwind()
        for dataset in ("users", "api_keys", "workspace_members", "invites"):
            with self.subTest(dataset):
                path = northwind / f"snapshot/data/{dataset}.jsonl"
                data = path.read_bytes()
                path.unlink()
                self.refused(northwind, "snapshot.digest", 65, f"data/{dataset}.jsonl")
                path.write_bytes(data)

    # ---- the manifest

    def test_digest_mismatch(self):
        northwind = self.northwind()
        path = northwind / "snapshot/data/users.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"admin"', b'"owner"', 1))
        self.refused(northwind, "snapshot.digest", 65, "data/users.jsonl")

    def change_manifest(self, change):
        northwind = self.northwind()
        path = northwind / "snapshot/manifest.json"
        path.write_text(change(path.read_text()))
        return northwind

    def test_wrong_schema_version(self):
        northwind = self.change_manifest(lambda text: text.replace('"schema": 1', '"schema": 99', 1))
        self.refused(northwind, "snapshot.version", 64, "manifest.json")

    def test_manifest_that_is_no_json(self):
        northwind = self.change_manifest(lambda text: text[: len(text) // 2])
        self.refused(northwind, "snapshot.manifest", 65, "manifest.json")

    def test_empty_manifest(self):
        northwind = self.change_manifest(lambda text: "")
        self.refused(northwind, "snapshot.manifest", 65, "manifest.json")

    def test_missing_snapshot(self):
        northwind = self.northwind()
        shutil.rmtree(northwind / "snapshot")
        self.refused(northwind, "snapshot.missing", 64)

    # ---- the roster

    def change_roster(self, change):
        northwind = self.northwind()
        path = northwind / "hr/roster.csv"
        path.write_bytes(change(path.read_bytes()))
        return northwind

    def test_roster_without_a_column(self):
        northwind = self.change_roster(lambda data: data.replace(b"work_email", b"mail", 1))
        self.refused(northwind, "roster.column", 64, "hr/roster.csv", "work_email")

    def test_ragged_row(self):
        def change(data):
            lines = data.split(b"\n")
            lines[4] = b",".join(lines[4].split(b",")[:3])
            return b"\n".join(lines)
        self.refused(self.change_roster(change), "roster.row", 64, "hr/roster.csv:5")

    def test_empty_roster(self):
        northwind = self.change_roster(lambda data: b"")
        done = run("check", "-c", northwind / "muster.yaml", "--out", self.work / "out")
        self.assert_exit(done, 64)
        self.assertIn("error[roster.", done.stderr)

    def test_status_word_that_nobody_mapped(self):
        northwind = self.change_roster(lambda data: data.replace(b",Active,", b",Gardening,", 1))
        self.refused(northwind, "roster.status", 64, "Gardening")

    # ---- YAML

    def test_yaml_bomb(self):
        northwind = self.northwind()
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        for i in range(1, 12):
            lines.append(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]")
        with open(northwind / "muster.yaml", "a") as file:
            file.write("\n".join(lines) + "\n")
        self.refused(northwind, "yaml.limit", 64, "muster.yaml", memory=2 << 30)

    def test_all_problems_of_all_files_at_once(self):
        northwind = self.northwind()
        config = northwind / "muster.yaml"
        (northwind / "own.yaml").write_text("policy: own\nrules:\n  - keys.maxx_age\n  - {rule: keys.no_expiry, params: {statuss: [active]}}\n")
        config.write_text(config.read_text().replace("anthropic-baseline", "own.yaml"))
        waivers = northwind / "waivers.yaml"
        waivers.write_text(waivers.read_text() + "- {id: W-99, rule: keys.no_expiry, subjct: {id: x}, reason: r, approver: a, expires: 2027-01-01}\n")
        done = run("check", "-c", config)
        self.assert_exit(done, 64)
        self.assertIn("subjct", done.stderr)
        (northwind / "waivers.yaml").write_text("[]\n")
        done = run("check", "-c", config)
        self.assert_exit(done, 64)
        for text in ("own.yaml:3:5", "keys.max_age", "own.yaml:4:", "statuses", "2 problems."):
            self.assertIn(text, done.stderr)

    def test_duplicate_key(self):
        northwind = self.northwind()
        with open(northwind / "muster.yaml", "a") as file:
            file.write("organization: again\n")
        self.refused(northwind, "yaml.duplicate_key", 64, "muster.yaml:")

    # ---- rules

    def with_rule(self, text, name="rules/own/one.lua"):
        northwind = self.northwind()
        path = northwind / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        with open(northwind / "muster.yaml", "a") as file:
            file.write("rules: [rules]\n")
        return northwind

    RULE = ('return {id = "own.one", title = "t", severity = "low", subject = "user", reads = {"users.name"}, why = "w", fix = "f",\n'
            ' check = function(user) return pass() end, examples = {}%s}\n')

    def test_rule_that_is_no_table(self):
        self.refused(self.with_rule("return 42\n"), "rule.shape", 64, "rules/own/one.lua")

    def test_rule_with_an_unknown_key(self):
        self.refused(self.with_rule(self.RULE % ", sevirity = 1"), "rule.shape", 64, "rules/own/one.lua", "sevirity")

    def test_rule_that_is_no_lua(self):
        self.refused(self.with_rule("return {\n  id = \n"), "rule.syntax", 64, "rules/own/one.lua:")

    def test_rule_that_never_ends_its_loading(self):
        self.refused(self.with_rule("while true do end\n"), "rule.load", 64, "rules/own/one.lua")

    def test_two_rules_with_one_id(self):
        northwind = self.with_rule(self.RULE % "")
        other = northwind / "more/own/one.lua"
        other.parent.mkdir(parents=True)
        other.write_text(self.RULE % "")
        config = northwind / "muster.yaml"
        config.write_text(config.read_text().replace("rules: [rules]", "rules: [rules, more]"))
        self.refused(northwind, "rule.duplicate", 64, "rules/own/one.lua", "more/own/one.lua")


class Import(Case):
    def test_imported_files_are_checked_like_a_snapshot(self):
        export = self.work / "export"
        export.mkdir()
        (export / "users.json").write_text(json.dumps({"data": [{"id": "user_1", "type": "user", "email": "ada@x.example", "name": "Ada", "role": "admin", "added_at": "2026-01-01T00:00:00Z"},
                                                                {"id": "user_2", "type": "user", "email": "bob@x.example", "name": "Bob", "role": "user", "added_at": "2026-01-01T00:00:00Z"}]}))
        (self.work / "hr.csv").write_text("person_id,email,status\nP-1,Ada@X.example,active\n")
        snapshot = self.work / "snapshots/first"
        self.assert_exit(run("import", export, "--organization", "X", "--as-of", "2026-11-20", "--out", snapshot), 0)
        self.assert_exit(run("snapshot", "verify", snapshot), 0)
        shown = run("snapshot", "show", snapshot)
        self.assertIn("declared by the importer, not observed", shown.stdout)
        match = run("roster", "match", "--snapshot", snapshot, "--roster", self.work / "hr.csv", "--json")
        self.assert_exit(match, 0)
        outcomes = {account["account"]: account["outcome"] for account in json.loads(match.stdout)["accounts"]}
        self.assertEqual(outcomes, {"user_1": "matched", "user_2": "nobody"})
        done = run("check", "--snapshot", self.work / "snapshots", "--roster", self.work / "hr.csv", "--policy", "anthropic-baseline", "--rule", "accounts.linked_to_roster")
        self.assert_exit(done, 1)
        again = run("import", export, "--organization", "X", "--out", snapshot)
        self.assert_exit(again, 64)


def main():
    global MUSTER, SOURCE, FIXTURES
    parser = argparse.ArgumentParser()
    parser.add_argument("--muster", required=True, type=Path)
    parser.add_argument("--source", required=True, type=Path)
    options, rest = parser.parse_known_args()
    MUSTER, SOURCE = options.muster.resolve(), options.source.resolve()
    FIXTURES = SOURCE / "fixtures"
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
