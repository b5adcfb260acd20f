"""What is right, what is wrong, and that the file is named."""
import hashlib
import random
import re
import shutil
import tarfile

from case import Case, SHARED, muster, repack, run, seal


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
            ("the second signature removed", lambda f: (f / "SHA256SUMS.minisig").unlink(), "SHA256SUMS.minisig is missing: run.json says that it stands beside SHA256SUMS"),
            ("the statement removed", lambda f: (f / "statement.dsse.json").unlink(), "statement.dsse.json is missing"),
            ("a time stamp added", lambda f: (f / "SHA256SUMS.tsr").write_bytes(b"x"), "SHA256SUMS.tsr was added: run.json does not name it"),
            ("a second list", lambda f: (f / "SHA256SUMS.txt").write_bytes((f / "SHA256SUMS").read_bytes()), "SHA256SUMS.txt"),
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
        self.resign(folder)
        done = self.assert_exit(self.verify(folder), 65)
        self.assertIn("populations/keys.max_age.csv is not what results.json is rendered to", done.stderr)

    def resign(self, folder):
        self.stands_beside(folder, "SHA256SUMS.sig")
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        for name in ("SHA256SUMS", "SHA256SUMS.sig", "SHA256SUMS.minisig", "statement.dsse.json"):
            (folder / name).unlink(missing_ok=True)
            files = [each for each in files if each != name]
        (folder / "SHA256SUMS").write_text("".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in files))
        run("ssh-keygen", "-q", "-Y", "sign", "-f", self.base / "evidence.key", "-n", "evidence@muster", folder / "SHA256SUMS")

    def replace_everywhere(self, folder, before, after):
        for path in folder.rglob("*"):
            if path.is_file():
                path.write_bytes(path.read_bytes().replace(before.encode(), after.encode()))

    def test_the_users_files_have_the_right_shape_even_when_every_digest_fits(self):
        """The file changed, its digest put everywhere, all of it signed by the right key."""
        for name, before, after, wanted in (("config/waivers.yaml", b"approver:", b"approved:", "approved"),
                                            ("config/muster.yaml", b"policies:", b"policeis:", "policeis"),
                                            ("config/links.yaml", b"person:", b"persom:", "persom")):
            with self.subTest(name):
                folder = self.copy()
                old = (folder / name).read_bytes()
                self.assertIn(before, old)
                new = old.replace(before, after, 1)
                (folder / name).write_bytes(new)
                self.replace_everywhere(folder, hashlib.sha256(old).hexdigest(), hashlib.sha256(new).hexdigest())
                self.resign(folder)
                done = self.assert_exit(self.verify(folder), 65)
                self.assertRegex(done.stderr, rf"{name}:\d+: .*{wanted}")
                self.assertNotIn("/played", done.stderr)

    def test_a_bundle_of_another_version_is_looked_at_for_what_can_still_be_said(self):
        version = run("sed", "-n", 's/.*"tool_version": "\\(.*\\)".*/\\1/p', SHARED["folder"] / "run.json").stdout.strip()
        for name, before, after, wanted in ((None, b"", b"", None),
                                            ("junit.xml", b"<failure ", b"<skipped ", "junit.xml: it is no XML"),
                                            ("junit.xml", b"</testsuites>", b"", "junit.xml: it is no XML"),
                                            ("junit.xml", b"<testsuites ", b"<testsuites><testsuites ", "junit.xml: "),
                                            ("junit.xml", b' failures="', b' failures="9', "junit.xml: test"),
                                            ("junit.xml", b'"muster.outcome" value="failed"', b'"muster.outcome" value="passed"', "junit.xml: its muster.outcome is not that of results.json")):
            with self.subTest(after):
                folder = self.copy()
                self.assertTrue(version)
                self.replace_everywhere(folder, f'"tool_version": "{version}"', '"tool_version": "0.0.1"')
                if name:
                    text = (folder / name).read_bytes()
                    self.assertIn(before, text)
                    (folder / name).write_bytes(text.replace(before, after, 1))
                self.resign(folder)
                done = self.assert_exit(self.verify(folder), 65 if wanted else 0)
                if wanted:
                    self.assertIn(wanted, done.stderr)
                else:
                    self.assertIn("Reports: by another version than this", done.stdout)

    def test_parts_that_do_not_belong_together_are_found_even_when_their_forger_is_believed(self):
        """Everything summed and signed by the right key, and still one part says something else than the others."""
        def change(name, before, after, count=1):
            def edit(folder):
                text = (folder / name).read_bytes()
                self.assertIn(before, text, name)
                (folder / name).write_bytes(text.replace(before, after, count))
            return name, edit

        changes = [
            (change("results.json", b'"muster_results"', b'"muster_result_s"') if b'"muster_results"' in (SHARED["folder"] / "results.json").read_bytes() else change("results.json", b'"rules"', b'"rulez"')),
            change("run.json", b'"build_sha256"', b'"build"'),
            change("run.json", b'"muster_run": 1', b'"muster_run": 2'),
            change("junit.xml", b"<failure ", b"<skipped "),
            change("junit.xml", b"</testsuites>", b""),
            change("report.html", b"fail", b"pass"),
            change("reports/muster.csv" if (SHARED["folder"] / "reports/muster.csv").exists() else sorted(path.relative_to(SHARED["folder"]).as_posix() for path in (SHARED["folder"] / "reports").iterdir())[0], b"fail", b"pass"),
            change("ipe/users.json", b'"rows_in_manifest"', b'"rows"'),
            change("ipe/users.json", b'"muster_ipe": 1', b'"muster_ipe": 9'),
            change("ipe/api_keys.json", b'"api_keys"', b'"users"'),
            change("snapshot/manifest.json", b'"rows"', b'"lines"'),
            change("policies/builtin/anthropic-baseline.yaml", b"keys.max_age", b"keys.max_ege"),
            change("rules/builtin/keys/max_age.lua", b"fail(", b"pass("),
            change("roster/hr/roster.csv", b"Terminated", b"Active"),
            change("config/waivers.yaml", b"approver", b"approved"),
        ]
        for name, edit in changes:
            with self.subTest(name):
                folder = self.copy()
                edit(folder)
                self.resign(folder)
                self.assertEqual(run("sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS", cwd=folder).returncode, 0)
                done = self.assert_exit(self.verify(folder), 65)
                self.assertIn(name, done.stderr)
                self.assertNotIn("RIGHT", done.stdout)
        folder = self.copy()
        (folder / "ipe/users.json").unlink()
        self.resign(folder)
        self.assertIn("ipe/users.json is missing", self.assert_exit(self.verify(folder), 65).stderr)
        folder = self.copy()
        self.resign(folder)
        self.assert_exit(self.verify(folder), 0)

    def test_junit_of_every_kind_is_known_again(self):
        for more in (["--junit-cases", "subject"], ["--timings"]):
            shutil.rmtree(self.work / "out", ignore_errors=True)
            muster("check", "-c", "northwind/muster.yaml", "--out", self.work / "out", "--quiet", *more, cwd=self.base)
            self.assert_exit(muster("bundle", self.work / "out", "-o", self.work / "j.tar.gz", "--key", "evidence.key", cwd=self.base), 0)
            self.assert_exit(self.verify(self.work / "j.tar.gz"), 0)

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
