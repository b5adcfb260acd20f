#!/usr/bin/env python3
"""Makes bundles with the real program and has them judged by the tools that auditors have.

usage: check.py --muster PROGRAM --source REPOSITORY [TEST...]
"""
import argparse
import csv
import gzip
import hashlib
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

MUSTER = SOURCE = None
SHARED = {}  # made once: a run, a key, a signed bundle


def run(*args, cwd=None, env=None, stdin=None):
    """The finished process, its output as text."""
    changed = dict(os.environ, **(env or {}))
    return subprocess.run([str(arg) for arg in args], cwd=cwd, env=changed, input=stdin, capture_output=True, timeout=120, encoding="utf-8", errors="replace")


def muster(*args, **options):
    return run(MUSTER, *args, **options)


def repack(source, target, change=None, name=None):
    """Packs a folder as muster does, seal included; `change` may alter the members."""
    members = [(path.relative_to(source).as_posix(), path.read_bytes()) for path in Path(source).rglob("*") if path.is_file()]
    members = sorted(change(members) if change else members)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for member, data in members:
            info = tarfile.TarInfo(f"{name or Path(source).name}/{member}")
            info.size, info.mode, info.mtime = len(data), 0o644, 1795161600
            tar.addfile(info, io.BytesIO(data))
    seal(out.getvalue(), target)


def seal(tar, target):
    packed = gzip.compress(tar, mtime=0)
    head = b"\x1f\x8b\x08\x10\0\0\0\0\0\x03muster-seal sha256="
    Path(target).write_bytes(packed + head + hashlib.sha256(packed).hexdigest().encode() + b"\0\x03\0\0\0\0\0\0\0\0\0")


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="muster-bundles-")
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)

    def assert_exit(self, done, code):
        self.assertEqual(done.returncode, code, f"\n{' '.join(done.args)}\n--- stdout\n{done.stdout[-3000:]}\n--- stderr\n{done.stderr[-3000:]}")
        return done

    @classmethod
    def setUpClass(cls):
        if SHARED:
            return
        folder = tempfile.TemporaryDirectory(prefix="muster-bundle-")
        SHARED["keep"] = folder
        base = SHARED["base"] = Path(folder.name)
        shutil.copytree(SOURCE / "fixtures/northwind", base / "northwind")
        done = muster("check", "-c", "northwind/muster.yaml", "--out", "run", "--quiet", cwd=base)
        assert done.returncode == 1, done.stderr
        assert muster("key", "new", "evidence.key", cwd=base).returncode == 0
        shown = muster("key", "show", "evidence.key", cwd=base).stdout
        (base / "signers").write_text(next(line.strip() for line in shown.splitlines() if line.startswith("  evidence ")) + "\n")
        done = muster("bundle", "run", "-o", "b.tar.gz", "--key", "evidence.key", "--minisign", "--statement", cwd=base)
        assert done.returncode == 0, done.stderr
        with tarfile.open(base / "b.tar.gz") as tar:
            tar.extractall(base / "unpacked")
        SHARED["folder"] = next((base / "unpacked").iterdir())

    @property
    def base(self):
        return SHARED["base"]

    def copy(self):
        """A copy of the unpacked bundle that a test may damage."""
        target = self.work / SHARED["folder"].name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(SHARED["folder"], target)
        return target

    def verify(self, bundle, *more):
        return muster("verify", bundle, "--allowed-signers", self.base / "signers", *more)


class Bundle(Case):
    def test_the_same_run_and_key_give_the_same_bytes(self):
        done = muster("bundle", "run", "-o", self.work / "again.tar.gz", "--key", "evidence.key", "--minisign", "--statement", cwd=self.base, env={"TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8"})
        self.assert_exit(done, 0)
        self.assertEqual((self.work / "again.tar.gz").read_bytes(), (self.base / "b.tar.gz").read_bytes())

    def test_the_archive_is_plain(self):
        with tarfile.open(self.base / "b.tar.gz") as tar:
            members = tar.getmembers()
        names = [member.name for member in members]
        self.assertEqual(names, sorted(names))
        self.assertEqual(len({name.split("/")[0] for name in names}), 1)
        for member in members:
            self.assertRegex(member.name, r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")
            self.assertEqual((member.type, member.uid, member.gid, member.uname, member.gname, member.mode, member.mtime), (tarfile.REGTYPE, 0, 0, "", "", 0o644, 1795161600))
        self.assertEqual((self.base / "b.tar.gz").read_bytes()[:10], b"\x1f\x8b\x08\0\0\0\0\0\0\x03")
        self.assertEqual(run("gzip", "-t", self.base / "b.tar.gz").returncode, 0)

    def test_it_holds_what_an_auditor_needs(self):
        folder = SHARED["folder"]
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        wanted = {"README.txt", "results.json", "run.json", "junit.xml", "SHA256SUMS", "SHA256SUMS.sig", "config/waivers.yaml", "config/muster.yaml", "roster/hr/roster.csv",
                  "snapshot/manifest.json", "snapshot/ledger.jsonl", "snapshot/data/users.jsonl", "populations/keys.max_age.csv", "ipe/users.json", "ipe/README.html",
                  "policies/builtin/anthropic-baseline.yaml", "rules/builtin/keys/max_age.lua"}
        self.assertEqual(wanted - files, set())
        record = json.loads((folder / "run.json").read_text())
        self.assertEqual(record["arguments"], ["--config=northwind/muster.yaml"])
        self.assertEqual(record["config_sha256"], hashlib.sha256((self.base / "northwind/muster.yaml").read_bytes()).hexdigest())
        self.assertEqual(record["build_sha256"], hashlib.sha256(Path(MUSTER).read_bytes()).hexdigest())
        for row in record["inputs"]:
            self.assertEqual(hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest(), row["sha256"])
            self.assertEqual(hashlib.sha256((self.base / row["path"]).read_bytes()).hexdigest(), row["sha256"])

    def test_a_sheet_says_where_a_dataset_comes_from(self):
        folder = SHARED["folder"]
        for path in (folder / "ipe").glob("*.json"):
            sheet = json.loads(path.read_text())
            rows = (folder / f"snapshot/data/{sheet['dataset']}.jsonl").read_bytes().count(b"\n")
            self.assertEqual(sheet["control_total"]["rows_in_stored_file"], rows)
        sheet = json.loads((folder / "ipe/workspace_members.json").read_text())
        self.assertEqual(sheet["endpoints"], ["/v1/organizations/workspaces/{id}/members"])
        self.assertEqual(sheet["parameters"], ["limit=100"])
        self.assertEqual(sheet["control_total"]["conclusion"], "the stored file, the manifest and the replies agree")
        self.assertTrue(sheet["requests"][0]["request_id"].startswith("req_"))
        self.assertIn("sk-ant-admin01-...", sheet["collected"]["key_hint"])
        page = (folder / "ipe/README.html").read_text()
        self.assertIn("/v1/organizations/workspaces/{id}/members", page)

    def test_the_recipe_in_the_first_ten_lines_works(self):
        folder = SHARED["folder"]
        head = (folder / "README.txt").read_text().splitlines()[:10]
        commands = [line.strip().split("   ")[0] for line in head if line.startswith("  ")]
        self.assertEqual([command.split()[0] for command in commands], ["sha256sum", "find", "ssh-keygen"])
        (self.work / "allowed_signers").write_text(next(line for line in (self.base / "signers").read_text().splitlines()) + "\n")
        wanted = {"sha256sum": r"README.txt: OK", "find": rf"^{sum(1 for path in folder.rglob('*') if path.is_file())}$", "ssh-keygen": r'^Good "evidence@muster" signature for evidence'}
        for command in commands:
            done = subprocess.run(command.replace("allowed_signers", str(self.work / "allowed_signers")), shell=True, cwd=folder, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, wanted[command.split()[0]])
        self.assertIn(f"{sum(1 for path in folder.rglob('*') if path.is_file())} files, no more", "\n".join(head))
        # The recipe fails when it should.
        copy = self.copy()
        (copy / "results.json").write_bytes((copy / "results.json").read_bytes() + b" ")
        self.assertNotEqual(run("sha256sum", "-c", "--strict", "SHA256SUMS", cwd=copy).returncode, 0)

    def test_an_input_that_was_changed_since_is_refused_by_name(self):
        folder = self.work / "moved"
        shutil.copytree(self.base / "northwind", folder / "northwind")
        shutil.copytree(self.base / "run", folder / "run")
        for name in ("northwind/hr/roster.csv", "northwind/snapshot/data/users.jsonl", "run/junit.xml", "run/results.json"):
            kept = (folder / name).read_bytes()
            (folder / name).write_bytes(kept.replace(b"a", b"b", 1))
            done = muster("bundle", "run", "-o", "x.tar.gz", cwd=folder)
            self.assert_exit(done, 65)
            self.assertIn(name, done.stderr)
            self.assertFalse((folder / "x.tar.gz").exists())
            (folder / name).write_bytes(kept)
        self.assert_exit(muster("bundle", "run", "-o", "x.tar.gz", cwd=folder), 0)

    def test_what_is_no_evidence_is_not_bundled(self):
        self.assert_exit(muster("check", "-c", "northwind/muster.yaml", "--as-of", "2026-12-24", "--out", self.work / "later", "--quiet", cwd=self.base), 3)
        done = self.assert_exit(muster("bundle", self.work / "later", "-o", self.work / "x.tar.gz", cwd=self.base), 64)
        self.assertEqual(done.stderr, "error[evidence.unfit]: the run is a what-if: it judged as of another instant than the snapshot's, and that is no evidence\n"
                                      "   = help: run `muster check` without --as-of\n")

    def test_check_makes_a_bundle_at_once(self):
        done = muster("check", "-c", "northwind/muster.yaml", "--bundle", self.work / "now.tar.gz", "--key", "evidence.key", "--quiet", cwd=self.base)
        self.assert_exit(done, 1)
        self.assertEqual(sorted(path.name for path in self.work.iterdir()), ["now.tar.gz"])
        self.assert_exit(self.verify(self.work / "now.tar.gz"), 0)

    def test_digests_in_place_of_data(self):
        self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", "--without-snapshot", "--without-roster", "--key", "evidence.key", cwd=self.base), 0)
        with tarfile.open(self.work / "x.tar.gz") as tar:
            names = [member.name.split("/", 1)[1] for member in tar.getmembers()]
            record = json.load(tar.extractfile(next(member for member in tar.getmembers() if member.name.endswith("/run.json"))))
        self.assertEqual([name for name in names if name.startswith(("snapshot/", "roster/"))], [])
        self.assertIn("ipe/users.json", names)
        self.assertEqual({row["path"]: row["file"] for row in record["inputs"]}["northwind/snapshot/data/users.jsonl"], "")
        self.assert_exit(self.verify(self.work / "x.tar.gz"), 0)


class Keys(Case):
    def test_an_openssh_key_signs_encrypted_or_not(self):
        for name, phrase in (("plain", ""), ("locked", "correct horse")):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", phrase, "-C", "made up", "-f", self.work / name)
            (self.work / "phrase").write_text("correct horse\n")
            more = ("--passphrase-file", self.work / "phrase") if phrase else ()
            self.assert_exit(muster("bundle", "run", "-o", self.work / f"{name}.tar.gz", "--key", self.work / name, *more, cwd=self.base), 0)
            (self.work / "signers").write_text("evidence " + (self.work / f"{name}.pub").read_text())
            self.assert_exit(muster("verify", self.work / f"{name}.tar.gz", "--allowed-signers", self.work / "signers"), 0)
        done = self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", "--key", self.work / "locked", cwd=self.base), 64)
        self.assertIn("is encrypted, and no passphrase is given", done.stderr)
        (self.work / "phrase").write_text("wrong\n")
        done = self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", "--key", self.work / "locked", "--passphrase-file", self.work / "phrase", cwd=self.base), 64)
        self.assertIn("the passphrase does not open", done.stderr)
        run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", self.work / "rsa")
        done = self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", "--key", self.work / "rsa", cwd=self.base), 64)
        self.assertIn("is not an Ed25519 key", done.stderr)

    def test_a_new_key_is_one_that_openssh_reads(self):
        (self.work / "phrase").write_text("correct horse\n")
        self.assert_exit(muster("key", "new", self.work / "k", "--passphrase-file", self.work / "phrase", "--comment", "made up"), 0)
        self.assertEqual((self.work / "k").stat().st_mode & 0o777, 0o600)
        public = run("ssh-keygen", "-y", "-P", "correct horse", "-f", self.work / "k")
        self.assertEqual(public.stdout.split()[:2], (self.work / "k.pub").read_text().split()[:2])
        shown = self.assert_exit(muster("key", "show", self.work / "k"), 0).stdout
        self.assertIn(run("ssh-keygen", "-l", "-f", self.work / "k.pub").stdout.split()[1], shown)
        self.assert_exit(muster("key", "new", self.work / "k"), 64)

    def test_an_agent_signs(self):
        agent = run("ssh-agent", "-s", "-a", self.work / "socket")
        env = dict(re.findall(r"(SSH_\w+)=([^;]+);", agent.stdout))
        self.addCleanup(lambda: run("ssh-agent", "-k", env=env))
        self.assertEqual(run("ssh-add", self.base / "evidence.key", env=env).returncode, 0)
        self.assert_exit(muster("bundle", "run", "-o", self.work / "a.tar.gz", "--key", "evidence.key.pub", "--minisign", "--statement", cwd=self.base, env=env), 0)
        self.assertEqual((self.work / "a.tar.gz").read_bytes(), (self.base / "b.tar.gz").read_bytes())
        run("ssh-add", "-D", env=env)
        done = self.assert_exit(muster("bundle", "run", "-o", self.work / "a.tar.gz", "--key", "evidence.key.pub", cwd=self.base, env=env), 64)
        self.assertIn("the ssh-agent does not sign with SHA256:", done.stderr)


class Verify(Case):
    def test_right_is_said_only_when_the_signer_is_known(self):
        done = self.assert_exit(self.verify(self.base / "b.tar.gz"), 0)
        self.assertTrue(done.stdout.startswith("RIGHT: "), done.stdout)
        done = self.assert_exit(muster("verify", self.base / "b.tar.gz"), 2)
        self.assertTrue(done.stdout.startswith("SIGNER NOT CHECKED: "), done.stdout)
        self.assert_exit(muster("bundle", "run", "-o", self.work / "u.tar.gz", cwd=self.base), 0)
        done = self.assert_exit(muster("verify", self.work / "u.tar.gz"), 2)
        self.assertTrue(done.stdout.startswith("NOT SIGNED: "), done.stdout)
        done = self.assert_exit(self.verify(self.work / "u.tar.gz"), 65)
        self.assertIn("the bundle is not signed, and an allowed signer's signature is wanted", done.stderr)

    def test_another_key_another_purpose_another_time(self):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.work / "other")
        public = " ".join((self.base / "evidence.key.pub").read_text().split()[:2])
        for line, why in (("evidence " + (self.work / "other.pub").read_text(), "is not one of an allowed signer"),
                          (f'evidence namespaces="git" {public}', "is not allowed for evidence@muster"),
                          (f'evidence valid-before="20260101Z" {public}', "was valid until 2026-01-01T00:00:00Z")):
            (self.work / "signers").write_text(line.strip() + "\n")
            done = self.assert_exit(muster("verify", self.base / "b.tar.gz", "--allowed-signers", self.work / "signers"), 65)
            self.assertIn(why, done.stderr)

    def test_200_changed_bytes_are_found_and_the_file_is_named(self):
        rng = random.Random(20261126)
        # Half of them in the archive, half in the files of the unpacked bundle.
        packed = (self.base / "b.tar.gz").read_bytes()
        target = self.work / "b.tar.gz"
        for _ in range(100):
            at = rng.randrange(len(packed))
            changed = bytearray(packed)
            changed[at] ^= 1 << rng.randrange(8)
            target.write_bytes(changed)
            done = self.assert_exit(self.verify(target), 65)
            self.assertIn("b.tar.gz", done.stderr, f"byte {at}")
            self.assertNotIn("RIGHT", done.stdout)
        folder = self.copy()
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        for _ in range(100):
            path = rng.choice(files)
            kept = path.read_bytes()
            changed = bytearray(kept)
            at = rng.randrange(len(kept))
            changed[at] ^= 1 << rng.randrange(8)
            path.write_bytes(changed)
            done = self.assert_exit(self.verify(folder), 65)
            self.assertIn(path.relative_to(folder).as_posix(), done.stderr, f"byte {at}")
            path.write_bytes(kept)
        self.assert_exit(self.verify(folder), 0)

    def test_20_changes_of_structure_are_found_and_the_file_is_named(self):
        def swap(folder, first, second):
            a, b = (folder / first).read_bytes(), (folder / second).read_bytes()
            (folder / first).write_bytes(b)
            (folder / second).write_bytes(a)

        def edit_sums(folder, change):
            lines = (folder / "SHA256SUMS").read_text().splitlines()
            (folder / "SHA256SUMS").write_text("\n".join(change(lines)) + "\n")

        def resum(folder, name):
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            edit_sums(folder, lambda lines: [f"{digest}  {name}" if line.endswith("  " + name) else line for line in lines])

        def forge(folder):
            (folder / "populations/keys.max_age.csv").write_bytes((folder / "populations/keys.max_age.csv").read_bytes().replace(b",fail,", b",pass,", 1))
            resum(folder, "populations/keys.max_age.csv")
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.work / "forger")
            run("ssh-keygen", "-q", "-Y", "sign", "-f", self.work / "forger", "-n", "evidence@muster", folder / "SHA256SUMS")

        muster("bundle", "run", "-o", self.work / "other.tar.gz", "--key", "evidence.key", "--retain-until", "2032-01-01", cwd=self.base)
        with tarfile.open(self.work / "other.tar.gz") as tar:
            other = tar.extractfile(next(member for member in tar.getmembers() if member.name.endswith("SHA256SUMS.sig"))).read()
            other_run = tar.extractfile(next(member for member in tar.getmembers() if member.name.endswith("run.json"))).read()
        changes = [
            ("added", lambda f: (f / "extra.txt").write_text("x"), "extra.txt"),
            ("added in a folder", lambda f: (f / "populations/extra.csv").write_text("x"), "populations/extra.csv"),
            ("added, and hidden", lambda f: (f / ".hidden").write_text("x"), ".hidden"),
            ("added, empty", lambda f: (f / "ipe/empty.json").write_text(""), "ipe/empty.json"),
            ("removed", lambda f: (f / "junit.xml").unlink(), "junit.xml"),
            ("removed with its line", lambda f: ((f / "junit.xml").unlink(), edit_sums(f, lambda lines: [line for line in lines if "junit" not in line])), "SHA256SUMS"),
            ("a needed file removed with its line", lambda f: ((f / "results.json").unlink(), edit_sums(f, lambda lines: [line for line in lines if "results.json" not in line])), "results.json"),
            ("a folder removed", lambda f: shutil.rmtree(f / "ipe"), "ipe/users.json"),
            ("renamed", lambda f: (f / "junit.xml").rename(f / "junit2.xml"), "junit2.xml"),
            ("renamed in other capitals", lambda f: (f / "junit.xml").rename(f / "JUnit.xml"), "JUnit.xml"),
            ("swapped", lambda f: swap(f, "ipe/users.json", "ipe/roles.json"), "ipe/roles.json"),
            ("swapped populations", lambda f: swap(f, "populations/keys.max_age.csv", "populations/keys.no_expiry.csv"), "populations/keys.no_expiry.csv"),
            ("cut off", lambda f: (f / "results.json").write_bytes((f / "results.json").read_bytes()[:-100]), "results.json"),
            ("emptied", lambda f: (f / "roster/hr/roster.csv").write_bytes(b""), "roster/hr/roster.csv"),
            ("the list sorted otherwise", lambda f: edit_sums(f, lambda lines: lines[::-1]), "SHA256SUMS"),
            ("a line of the list twice", lambda f: edit_sums(f, lambda lines: lines[:1] + lines), "SHA256SUMS"),
            ("the list with other line ends", lambda f: (f / "SHA256SUMS").write_bytes((f / "SHA256SUMS").read_bytes().replace(b"\n", b"\r\n")), "SHA256SUMS"),
            ("a list that leads outside", lambda f: edit_sums(f, lambda lines: lines + [f"{'0' * 64}  ../../etc/passwd"]), "SHA256SUMS"),
            ("the signature of another bundle", lambda f: (f / "SHA256SUMS.sig").write_bytes(other), "SHA256SUMS.sig"),
            ("the signature removed", lambda f: (f / "SHA256SUMS.sig").unlink(), "the bundle is not signed"),
            ("a file and its sum changed", lambda f: ((f / "run.json").write_bytes(other_run), resum(f, "run.json")), "SHA256SUMS.sig"),
            ("a verdict changed, summed and signed by a forger", forge, "SHA256SUMS.sig"),
            ("a file in place of a folder", lambda f: (shutil.rmtree(f / "ipe"), (f / "ipe").write_text("x")), "ipe"),
        ]
        self.assertGreaterEqual(len(changes), 20)
        for name, change, wanted in changes:
            with self.subTest(name):
                folder = self.copy()
                change(folder)
                done = self.assert_exit(self.verify(folder), 65)
                self.assertIn(wanted, done.stderr)
                self.assertNotIn("RIGHT", done.stdout)
                # The same in an archive with a right seal.
                repack(folder, self.work / "r.tar.gz")
                done = self.assert_exit(self.verify(self.work / "r.tar.gz"), 65)
                self.assertIn(wanted, done.stderr)
        repack(SHARED["folder"], self.work / "r.tar.gz")
        self.assert_exit(self.verify(self.work / "r.tar.gz"), 0)

    def test_a_forged_verdict_is_found_even_when_its_forger_is_believed(self):
        folder = self.copy()
        path = folder / "populations/keys.max_age.csv"
        path.write_bytes(path.read_bytes().replace(b",fail,", b",pass,", 1))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        sums = folder / "SHA256SUMS"
        sums.write_text(re.sub(r"\w{64}(?=  populations/keys.max_age.csv)", digest, sums.read_text()))
        for name in ("SHA256SUMS.sig", "SHA256SUMS.minisig", "statement.dsse.json"):
            (folder / name).unlink()
        run("ssh-keygen", "-q", "-Y", "sign", "-f", self.base / "evidence.key", "-n", "evidence@muster", sums)
        done = self.assert_exit(self.verify(folder), 65)
        self.assertIn("populations/keys.max_age.csv is not what results.json is rendered to", done.stderr)

    def test_the_chain(self):
        self.assert_exit(muster("bundle", "run", "-o", self.work / "next.tar.gz", "--key", "evidence.key", "--previous", "b.tar.gz", "--retain-until", "2032-11-30", cwd=self.base), 0)
        done = self.assert_exit(self.verify(self.work / "next.tar.gz"), 0)
        self.assertIn("NOT CHECKED: give --previous BUNDLE", done.stdout)
        self.assertIn("Keep until: 2032-11-30", done.stdout)
        for previous in (self.base / "b.tar.gz", SHARED["folder"]):
            self.assertIn("Chain: follows ", self.assert_exit(self.verify(self.work / "next.tar.gz", "--previous", previous), 0).stdout)
        done = self.assert_exit(self.verify(self.work / "next.tar.gz", "--previous", self.work / "next.tar.gz"), 65)
        self.assertIn("the bundle follows one whose SHA256SUMS has the SHA-256 ", done.stderr)
        done = self.assert_exit(self.verify(self.base / "b.tar.gz", "--previous", self.work / "next.tar.gz"), 65)
        self.assertIn("the bundle names no previous bundle, and one was given", done.stderr)


class Replay(Case):
    def resum(self, folder, *names):
        sums = (folder / "SHA256SUMS").read_text()
        for name in names:
            sums = re.sub(rf"\w{{64}}(?=  {re.escape(name)}\n)", hashlib.sha256((folder / name).read_bytes()).hexdigest(), sums)
        (folder / "SHA256SUMS").write_text(sums)
        for name in ("SHA256SUMS.sig", "SHA256SUMS.minisig", "statement.dsse.json"):
            (folder / name).unlink(missing_ok=True)

    def test_the_results_come_out_byte_for_byte(self):
        # Nothing but the bundle is there, and the machine is another one.
        alone = self.work / "alone"
        alone.mkdir()
        shutil.copy(self.base / "b.tar.gz", alone)
        for bundle in (alone / "b.tar.gz", self.copy()):
            done = self.assert_exit(muster("replay", bundle, "--out", self.work / "again.json", cwd=alone, env={"TZ": "Pacific/Apia", "LANG": "tr_TR.UTF-8"}), 0)
            self.assertTrue(done.stdout.startswith("REPRODUCED: "), done.stdout)
            self.assertEqual((self.work / "again.json").read_bytes(), (self.base / "run/results.json").read_bytes())
        self.assertEqual(sorted(path.name for path in alone.iterdir()), ["b.tar.gz"])

    def test_every_way_of_calling_check_is_replayed(self):
        own = self.base / "northwind"
        (self.work / "rules/own").mkdir(parents=True)
        text = (SOURCE / "rules/keys/no_expiry.lua").read_text().replace('"keys.no_expiry"', '"own.no_expiry"')
        (self.work / "rules/own/no_expiry.lua").write_text(text)
        shutil.copytree(SOURCE / "rules/lib", self.work / "rules/lib")
        (self.work / "p.yaml").write_text("policy: own\nrules: [own.no_expiry, keys.max_age]\n")
        calls = {
            "options": ["-c", own / "muster.yaml", "--rule", "keys.*", "--param", "keys.max_age.days=30", "--param", "keys.no_expiry.statuses=[active, inactive]", "--fail-on", "high"],
            "own rules": ["-c", own / "muster.yaml", "--rules", "rules", "--policy", "p.yaml"],
            "no config": ["--snapshot", own / "snapshot", "--policy", "p.yaml", "--rules", "rules"],
        }
        (self.work / "snapshots").mkdir()
        shutil.copytree(own / "snapshot", self.work / "snapshots/one")
        calls["the newest of a folder"] = ["-c", own / "muster.yaml", "--snapshot", "snapshots"]
        for name, call in calls.items():
            with self.subTest(name):
                done = muster("check", *call, "--out", "out", "--quiet", cwd=self.work)
                self.assertIn(done.returncode, (1, 2, 3), done.stderr)
                self.assert_exit(muster("bundle", "out", "-o", "x.tar.gz", cwd=self.work), 0)
                elsewhere = self.work / "elsewhere"
                elsewhere.mkdir(exist_ok=True)
                shutil.move(self.work / "x.tar.gz", elsewhere / "x.tar.gz")
                self.assert_exit(muster("replay", "x.tar.gz", cwd=elsewhere), 0)

    def test_results_that_do_not_follow_from_the_inputs_are_found(self):
        folder = self.copy()
        results = (folder / "results.json").read_text()
        (folder / "results.json").write_text(results.replace("never expires", "expires soon"))
        self.resum(folder, "results.json")
        done = self.assert_exit(muster("replay", folder), 65)
        self.assertIn("was fail: expires soon; is fail: never expires", done.stdout)
        self.assertEqual(done.stderr, "error[evidence.replay]: the bundle's inputs give other results than the bundle holds\n")

    def test_an_older_version_uses_its_own_rules_and_is_told_apart(self):
        folder = self.copy()
        rule = folder / "rules/builtin/keys/no_expiry.lua"
        changed = rule.read_text().replace('"never expires"', '"has no end"')
        self.assertNotEqual(changed, rule.read_text())
        rule.write_text(changed)
        for name in ("results.json", "run.json"):
            path = folder / name
            path.write_text(path.read_text().replace('"tool_version": "0.1.0"', '"tool_version": "0.0.9"'))
        self.resum(folder, "results.json", "run.json", "rules/builtin/keys/no_expiry.lua")
        done = self.assert_exit(muster("replay", folder), 65)
        self.assertIn("was fail: never expires; is fail: has no end", done.stdout)
        self.assertIn("the engine is another version: 0.0.9 and 0.1.0", done.stdout)
        self.assertIn("the rule builtin:rules/keys/no_expiry.lua in the bundle is not the one that results.json was made from", done.stdout)

    def test_a_damaged_or_partial_bundle_is_not_replayed(self):
        folder = self.copy()
        with open(folder / "roster/hr/roster.csv", "a") as file:
            file.write("x\n")
        self.assertIn("roster/hr/roster.csv was changed", self.assert_exit(muster("replay", folder), 65).stderr)
        self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", "--without-roster", cwd=self.base), 0)
        self.assertIn("the bundle holds the digest of northwind/hr/roster.csv only", self.assert_exit(muster("replay", self.work / "x.tar.gz"), 64).stderr)

    def test_a_bundle_of_digests_is_replayed_with_the_files_themselves(self):
        self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", "--without-roster", "--without-snapshot", cwd=self.base), 0)
        shutil.copytree(self.base / "northwind", self.work / "northwind")
        self.assert_exit(muster("replay", self.work / "x.tar.gz", "--inputs", self.work), 0)
        with open(self.work / "northwind/hr/roster.csv", "a") as file:
            file.write("x\n")
        done = self.assert_exit(muster("replay", self.work / "x.tar.gz", "--inputs", self.work), 65)
        self.assertIn("northwind/hr/roster.csv is not the file that was checked", done.stderr)


class Privacy(Case):
    def setUp(self):
        super().setUp()
        (self.work / "p.key").write_bytes(b"made up, and long enough to be a key")
        (self.work / "q.key").write_bytes(b"another made up key, also long enough")

    def private(self, name, *more, key="p.key", run="run", code=0):
        """An unpacked bundle with pseudonyms."""
        done = muster("bundle", self.base / run, "-o", self.work / f"{name}.tar.gz", "--key", self.base / "evidence.key", "--privacy-key", self.work / key, *more)
        self.assert_exit(done, code)
        if code:
            return done
        with tarfile.open(self.work / f"{name}.tar.gz") as tar:
            tar.extractall(self.work / name)
        return next((self.work / name).iterdir())

    def words(self):
        """Every address, name of a person, and id of the organization, as three sets."""
        emails, names, ids = set(), set(), set()

        def walk(value, key, dataset):
            if isinstance(value, dict):
                for name, inner in value.items():
                    walk(inner, name, dataset)
            elif isinstance(value, list):
                for inner in value:
                    walk(inner, key, dataset)
            elif isinstance(value, str):
                if re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", value):
                    emails.add(value)
                elif key in ("id", "uuid") or key.endswith(("_id", "_ids", "_uuid")):
                    ids.add(value)
                elif key in ("name", "full_name") and dataset == "users":
                    names.add(value)

        for path in (self.base / "northwind/snapshot/data").glob("*.jsonl"):
            for line in path.read_text(encoding="utf-8").split("\n"):
                if line:
                    record = json.loads(line)
                    record["from"].pop("request", None)
                    walk(record, "", path.stem)
        with open(self.base / "northwind/hr/roster.csv", newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                ids |= {row["employee_id"], row["manager_id"]}
                names.add(row["display_name"])
                emails |= {row["work_email"], *re.split(r"[;, ]+", row["former_emails"])}
        for name in ("links", "nonhuman", "waivers"):
            text = (self.base / f"northwind/{name}.yaml").read_text()
            emails |= set(re.findall(r"[\w.+-]+@[\w.-]+\w", text))
            ids |= set(re.findall(r"\b(?:NW-\d+|(?:user|apikey|svac|invite)_01\w+)", text))
        return ({word for word in found if len(word) > 2} for found in (emails, names, ids))

    def verdicts(self, results):
        out = {}
        for rule in results["rules"]:
            row = []
            for count, verdict, _ in rule["verdicts"]:
                row += [verdict] * count
            out[rule["as"]] = row
        return out

    def found(self, folder, words):
        texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8").casefold() for path in folder.rglob("*") if path.is_file() and "builtin" not in path.parts}
        return sorted((word, name) for word in words for name, text in texts.items() if word.casefold() in text)

    def test_a_pseudonymous_bundle_names_nobody_and_gives_the_same_verdicts(self):
        folder = self.private("p", "--privacy", "pseudonymous")
        emails, names, ids = self.words()
        self.assertGreater(len(emails), 400)
        self.assertGreater(len(names), 400)
        self.assertGreater(len(ids), 1000)
        self.assertEqual(self.found(folder, emails | names | ids), [])
        # The same words are all found where they should be.
        self.assertGreater(len({word for word, _ in self.found(SHARED["folder"], emails | names | ids)}), 1500)
        before, after = (json.loads((place / "results.json").read_text()) for place in (self.base / "run", folder))
        self.assertEqual(self.verdicts(before), self.verdicts(after))
        self.assertEqual([waiver["applied"] for waiver in before["waivers"]], [waiver["applied"] for waiver in after["waivers"]])
        self.assertEqual(before["exit"], after["exit"])
        done = self.assert_exit(muster("replay", self.work / "p.tar.gz"), 0)
        self.assertTrue(done.stdout.startswith("REPRODUCED"))
        self.assert_exit(self.verify(self.work / "p.tar.gz"), 0)
        # What was done is listed.
        privacy = json.loads((folder / "privacy.json").read_text())
        self.assertEqual((privacy["profile"], privacy["kept"]), ("pseudonymous", []))
        where = {row["where"]: row for row in privacy["redacted"]}
        self.assertEqual(where["users: object.email"]["values"], 612)
        self.assertIn("roster.csv: name", where)
        self.assertIn("roster.csv: location", where)
        self.assertEqual(sorted(path.name for path in self.work.iterdir()), ["p", "p.key", "p.tar.gz", "q.key"])
        # One key, one word, one pseudonym; another key, another.
        self.private("again", "--privacy", "pseudonymous")
        self.assertEqual((self.work / "again.tar.gz").read_bytes(), (self.work / "p.tar.gz").read_bytes())
        other = self.private("q", "--privacy", "pseudonymous", key="q.key")
        ours, theirs = (set(json.loads((place / "results.json").read_text())["subjects"]["user"]["id"]) for place in (folder, other))
        self.assertEqual(ours & theirs, set())

    def test_the_auditor_profile_keeps_ids_and_what_is_chosen(self):
        folder = self.private("a", "--privacy", "auditor", "--keep", "domains")
        emails, names, ids = self.words()
        self.assertEqual(self.found(folder, emails | names), [])
        before, after = (json.loads((place / "results.json").read_text()) for place in (self.base / "run", folder))
        self.assertEqual(before["subjects"]["user"]["id"], after["subjects"]["user"]["id"])
        self.assertTrue(any(label.endswith("@northwind.example") for label in after["subjects"]["user"]["label"]))
        self.assertEqual(self.verdicts(before), self.verdicts(after))
        self.assert_exit(muster("replay", self.work / "a.tar.gz"), 0)
        folder = self.private("n", "--privacy", "auditor", "--keep", "names", "emails", "domains")
        self.assertEqual(json.loads((folder / "results.json").read_text())["subjects"], before["subjects"])

    def test_a_rule_that_reads_the_words_themselves_is_refused_by_name(self):
        (self.work / "rules/own").mkdir(parents=True)
        (self.work / "rules/own/words.lua").write_text("""---@type muster.Rule
return {
  id = "own.words", title = "No account is named after a function", severity = "low", subject = "user", reads = { "users.email" },
  why = "Shared accounts hide people.", fix = "Name it after its person.",
  check = function(user)
    if user.email:find("a", 1, true) then return fail("it has an a") end
    return pass()
  end,
  examples = {
    { note = "with", given = { user = { email = "a@x" } }, want = "fail" },
    { note = "without", given = { user = { email = "x@x" } }, want = "pass" },
  },
}
""")
        (self.work / "p.yaml").write_text("policy: own\nrules: [own.words, keys.no_expiry]\n")
        done = muster("check", "-c", self.base / "northwind/muster.yaml", "--rules", "rules", "--policy", "p.yaml", "--out", "out", "--quiet", cwd=self.work)
        self.assertIn(done.returncode, (1, 3), done.stderr)
        done = self.private("w", "--privacy", "pseudonymous", run=self.work / "out", code=64)
        self.assertRegex(done.stderr, r"^error\[evidence.privacy\]: with pseudonyms other verdicts come out: own.words \(\d+\)\n")
        self.assertFalse((self.work / "w.tar.gz").exists())

    def test_absolute_paths_are_left_behind_and_the_originals_untouched(self):
        home = self.work / "home/rosa.park"
        home.mkdir(parents=True)
        shutil.copytree(self.base / "northwind", home / "nw")
        (home / "rules/own").mkdir(parents=True)
        shutil.copytree(SOURCE / "rules/lib", home / "rules/lib")
        (home / "rules/own/no_expiry.lua").write_text((SOURCE / "rules/keys/no_expiry.lua").read_text().replace('"keys.no_expiry"', '"own.no_expiry"'))
        shutil.move(home / "nw/hr", home / "hr")
        config = home / "nw/muster.yaml"
        config.write_text(config.read_text().replace("csv: hr/roster.csv", f"csv: {home}/hr/roster.csv").replace("policies: [anthropic-baseline]", "policies: [anthropic-baseline, p.yaml]"))
        (home / "nw/p.yaml").write_text("policy: own\nrules: [own.no_expiry]\n")
        before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        for call in (["-c", config, "--rules", home / "rules"], ["-c", config, "--rules", "home/rosa.park/rules", "--snapshot", "home/rosa.park/nw/snapshot"]):
            done = muster("check", *call, "--out", self.work / "out", "--quiet", cwd=self.work)
            self.assert_exit(done, 1)
            shutil.rmtree(self.work / "h", ignore_errors=True)
            folder = self.private("h", "--privacy", "pseudonymous", run=self.work / "out")
            self.assertEqual(self.found(folder, ["rosa.park"]), [])
            self.assert_exit(muster("replay", self.work / "h.tar.gz"), 0)
            self.assertEqual({path: path.read_bytes() for path in home.rglob("*") if path.is_file()}, before)

    def test_wrong_calls(self):
        for call, message in ((["--privacy", "pseudonymous"], "--privacy pseudonymous needs a key"),
                              (["--privacy-key", self.work / "p.key"], "--privacy-key is about pseudonyms, and a full bundle has none"),
                              (["--privacy", "pseudonymous", "--privacy-key", self.work / "p.key", "--keep", "names"], "--keep is for --privacy auditor; a pseudonymous bundle keeps nothing")):
            done = self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", *call, cwd=self.base), 64)
            self.assertIn(message, done.stderr)
        (self.work / "short").write_text("short")
        done = self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", "--privacy", "auditor", "--privacy-key", self.work / "short", cwd=self.base), 64)
        self.assertIn("is too short for a key: it has 5 bytes, and 16 are needed", done.stderr)


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


class Timestamp(Case):
    def authority(self, name):
        """A throw-away time stamp authority; answers a request."""
        folder = self.work / name
        folder.mkdir()
        (folder / "serial").write_text("01\n")
        (folder / "ts.cnf").write_text(f"""
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name}
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[tsa]
extendedKeyUsage = critical, timeStamping
[ts]
default_tsa = t
[t]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
""")
        for call in (["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-config", "ts.cnf", "-extensions", "ca", "-subj", f"/CN={name} root"],
                     ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-config", "ts.cnf"],
                     ["x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "tsa.pem", "-days", "30", "-extfile", "ts.cnf", "-extensions", "tsa"]):
            done = run("openssl", *call, cwd=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
        return folder

    def stamp(self, folder, request, reply):
        done = run("openssl", "ts", "-reply", "-config", "ts.cnf", "-section", "t", "-queryfile", request, "-out", reply, "-signer", "tsa.pem", "-inkey", "tsa.key", "-chain", "ca.pem", cwd=folder)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_authority_says_when(self):
        one, other = self.authority("one"), self.authority("other")
        call = ("bundle", "run", "-o", self.work / "t.tar.gz", "--key", "evidence.key")
        self.assert_exit(muster(*call, "--timestamp-request", self.work / "t.tsq", cwd=self.base), 0)
        shown = run("openssl", "ts", "-query", "-in", self.work / "t.tsq", "-text")
        self.assertIn("Hash Algorithm: sha256", shown.stdout)
        self.stamp(one, self.work / "t.tsq", self.work / "t.tsr")
        self.assert_exit(muster(*call, "--timestamp-file", self.work / "t.tsr", cwd=self.base), 0)
        done = self.assert_exit(self.verify(self.work / "t.tar.gz"), 0)
        self.assertRegex(done.stdout, r"Time: a time stamp says \S+Z, NOT CHECKED: give --timestamp-ca FILE\n")
        done = self.assert_exit(self.verify(self.work / "t.tar.gz", "--timestamp-ca", one / "ca.pem"), 0)
        self.assertRegex(done.stdout, r"Time: it existed at \S+Z, says CN = one\n")
        done = self.assert_exit(self.verify(self.work / "t.tar.gz", "--timestamp-ca", other / "ca.pem"), 65)
        self.assertIn("SHA256SUMS.tsr: the time stamp's signature does not verify", done.stderr)
        # The printed command.
        with tarfile.open(self.work / "t.tar.gz") as tar:
            tar.extractall(self.work / "t")
        folder = next((self.work / "t").iterdir())
        lines = (folder / "README.txt").read_text().splitlines()
        command = next(line.strip().split("     ")[0] for line in lines[:10] if "openssl ts" in line).replace("CA.pem", str(one / "ca.pem"))
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
        self.assertIn("Verification: OK", done.stdout + done.stderr)
        self.assertIn(f"{sum(1 for path in folder.rglob('*') if path.is_file())} files, no more", "\n".join(lines[:10]))
        # The stamp of another bundle, a damaged one, and one for another SHA256SUMS.
        done = self.assert_exit(muster(*call, "--signer", "somebody.else", "--timestamp-file", self.work / "t.tsr", cwd=self.base), 65)
        self.assertIn("the time stamp is about other bytes", done.stderr)
        damaged = bytearray((folder / "SHA256SUMS.tsr").read_bytes())
        damaged[-20] ^= 1
        (folder / "SHA256SUMS.tsr").write_bytes(damaged)
        done = self.assert_exit(self.verify(folder, "--timestamp-ca", one / "ca.pem"), 65)
        self.assertIn("SHA256SUMS.tsr", done.stderr)


class Hostile(Case):
    def archive(self, build, compress=True):
        """An archive with a right seal, built by `build(tar)`."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            build(tar)
        seal(out.getvalue(), self.work / "h.tar.gz")
        return self.work / "h.tar.gz"

    @staticmethod
    def file(tar, name, data=b"x", **more):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        for key, value in more.items():
            setattr(info, key, value)
        tar.addfile(info, io.BytesIO(data) if info.isreg() else None)

    def test_an_archive_cannot_leave_its_folder(self):
        for name in ("../evil", "/etc/evil", "top/../../evil", "top/./x", "top//x", "top", "top/.ssh", "top/-rf", "top/a b", "top/caf\u00e9", "top/a\\b", "top/con\n"):
            done = self.assert_exit(muster("verify", self.archive(lambda tar, name=name: self.file(tar, name))), 65)
            self.assertIn("is not a name that a bundle may hold", done.stderr, name)
        done = self.assert_exit(muster("verify", self.archive(lambda tar: (self.file(tar, "a/x"), self.file(tar, "b/x")))), 65)
        self.assertIn("b/x stands outside the folder a", done.stderr)

    def test_links_devices_and_repeats(self):
        for kind, more in (("symlink", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}), ("hard link", {"type": tarfile.LNKTYPE, "linkname": "top/a"}),
                           ("pipe", {"type": tarfile.FIFOTYPE}), ("device", {"type": tarfile.CHRTYPE}), ("folder", {"type": tarfile.DIRTYPE})):
            done = self.assert_exit(muster("verify", self.archive(lambda tar: (self.file(tar, "top/a"), self.file(tar, "top/b", b"", **more)))), 65)
            self.assertRegex(done.stderr, "top/b/? is a link, a device or a folder", kind)
        for second in ("top/a", "top/A"):
            done = self.assert_exit(muster("verify", self.archive(lambda tar: (self.file(tar, "top/a"), self.file(tar, second)))), 65)
            self.assertIn("is there twice", done.stderr)

    def test_bombs(self):
        # A gigabyte of nothing in a megabyte.
        done = self.assert_exit(muster("verify", self.archive(lambda tar: self.file(tar, "top/results.json", bytes(300 << 20)))), 65)
        self.assertIn("it was made to fill the disk", done.stderr)
        done = self.assert_exit(muster("verify", self.archive(lambda tar: [self.file(tar, f"top/{n}", b"") for n in range(20_001)])), 65)
        self.assertIn("it holds more than 20000 files", done.stderr)

    def test_other_formats(self):
        (self.work / "x.tar.gz").write_bytes(b"not an archive")
        self.assert_exit(muster("verify", self.work / "x.tar.gz"), 65)
        (self.work / "x.tar.gz").write_bytes(b"")
        self.assert_exit(muster("verify", self.work / "x.tar.gz"), 65)
        with tarfile.open(self.work / "pax.tar", "w", format=tarfile.PAX_FORMAT) as tar:
            self.file(tar, "top/x", pax_headers={"comment": "x"})
        seal((self.work / "pax.tar").read_bytes(), self.work / "pax.tar.gz")
        self.assertIn("is stored in another format than plain ustar", self.assert_exit(muster("verify", self.work / "pax.tar.gz"), 65).stderr)
        with tarfile.open(self.work / "gnu.tar", "w", format=tarfile.GNU_FORMAT) as tar:
            self.file(tar, "top/" + "x" * 150)
        seal((self.work / "gnu.tar").read_bytes(), self.work / "gnu.tar.gz")
        self.assert_exit(muster("verify", self.work / "gnu.tar.gz"), 65)
        seal(gzip.compress(b"x" * 1000), self.work / "twice.tar.gz")
        self.assert_exit(muster("verify", self.work / "twice.tar.gz"), 65)
        shutil.copy(self.base / "b.tar.gz", self.work / "long.tar.gz")
        with open(self.work / "long.tar.gz", "ab") as file:
            file.write(b"more")
        self.assert_exit(self.verify(self.work / "long.tar.gz"), 65)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--muster", required=True)
    parser.add_argument("--source", required=True, type=Path)
    options, rest = parser.parse_known_args()
    MUSTER, SOURCE = Path(options.muster).resolve(), options.source.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
