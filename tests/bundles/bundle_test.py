"""What a bundle holds, and that it is made of what was checked."""
import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

from case import Case, MUSTER, SHARED, muster, run


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
        self.assertEqual([command.split()[0] for command in commands], ["sha256sum", "(cut", "ssh-keygen"])
        (self.work / "allowed_signers").write_text(next(line for line in (self.base / "signers").read_text().splitlines()) + "\n")
        wanted = {"sha256sum": r"README.txt: OK", "(cut": r"^\s+1 SHA256SUMS\n\s+1 SHA256SUMS.minisig\n\s+1 SHA256SUMS.sig\n\s+1 statement.dsse.json\n$", "ssh-keygen": r'^Good "evidence@muster" signature for evidence'}
        for command in commands:
            done = subprocess.run(command.replace("allowed_signers", str(self.work / "allowed_signers")), shell=True, cwd=folder, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, wanted[command.split()[0]])
        self.assertIn("names SHA256SUMS, SHA256SUMS.sig, SHA256SUMS.minisig, statement.dsse.json, and nothing else\n", "\n".join(head))
        # The recipe shows what it should: a file more, under whatever name, one less, and one changed.
        listing = commands[1]
        for name in ("evil.txt", "populations/ 2 evil.csv", "README.txt\nrun.json", "SHA256SUMS.tsr", ".hidden"):
            copy = self.copy()
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_text("x")
            shown = subprocess.run(listing, shell=True, cwd=copy, capture_output=True, text=True).stdout
            self.assertNotRegex(shown, wanted["(cut"])
        copy = self.copy()
        (copy / "link").symlink_to("/etc/passwd")
        self.assertIn("1 link\n", subprocess.run(listing, shell=True, cwd=copy, capture_output=True, text=True).stdout)
        copy = self.copy()
        (copy / "junit.xml").unlink()
        self.assertIn("1 junit.xml\n", subprocess.run(listing, shell=True, cwd=copy, capture_output=True, text=True).stdout)
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

    def test_the_record_says_who_ran_it_and_keeps_no_secret(self):
        """In a CI job, with secrets where nobody should have typed them."""
        ci = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/access", "GITHUB_RUN_ID": "4711", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_SHA": "c0ffee", "GITHUB_ACTOR": "rosa", "USER": "runner",
              "ANTHROPIC_ADMIN_API_KEY": "sk-ant-admin01-made-up-secret"}
        typed = ["--rule", "keys.*", "--fail-on", "high", "--out", self.work / "Token=made-up-secret", "--report", f"csv={self.work}/x?password=made-up-secret&b"]
        done = muster("check", "-c", "northwind/muster.yaml", "--quiet", *typed, cwd=self.base, env=ci)
        self.assertIn(done.returncode, (0, 1, 2, 3), done.stderr)
        text = (self.work / "Token=made-up-secret/run.json").read_text()
        record = json.loads(text)
        self.assertEqual(record["started_by"], {"user": "runner", "ci": "github", "repository": "acme/access", "job": "4711", "attempt": "2", "commit": "c0ffee", "actor": "rosa"})
        self.assertNotIn("made-up-secret", text)
        self.assertEqual(record["command"][:4], ["check", "-c", "northwind/muster.yaml", "--quiet"])
        self.assertIn("Token=***", record["command"][-3])
        self.assertTrue(record["command"][-1].endswith("x?password=***&b"), record["command"])
        for name in ("build_sha256", "config_sha256", "tool_version", "as_of", "checked_at"):
            self.assertTrue(record[name], name)
        # The bundle's own record has the day until which it is kept, and the bundle before.
        self.assert_exit(muster("bundle", self.work / "Token=made-up-secret", "-o", self.work / "r.tar.gz", "--previous", "b.tar.gz", "--retain-until", "2032-11-30", cwd=self.base), 0)
        with tarfile.open(self.work / "r.tar.gz") as tar:
            bundled = json.load(tar.extractfile(next(member for member in tar.getmembers() if member.name.endswith("/run.json"))))
        self.assertEqual({name: bundled[name] for name in ("started_by", "command", "build_sha256", "config_sha256")}, {name: record[name] for name in ("started_by", "command", "build_sha256", "config_sha256")})
        self.assertEqual((bundled["retain_until"], bundled["previous_bundle_sha256"]), ("2032-11-30", hashlib.sha256((SHARED["folder"] / "SHA256SUMS").read_bytes()).hexdigest()))
