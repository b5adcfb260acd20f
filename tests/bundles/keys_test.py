"""Who signs, and that others can check it."""
import base64
import json
import re

from case import Case, SHARED, muster, run


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

    def test_minisign_itself_checks_the_minisign_signature(self):
        shown = muster("key", "show", "evidence.key", cwd=self.base).stdout.splitlines()
        at = shown.index("minisign:")
        (self.work / "minisign.pub").write_text("\n".join(shown[at + 1:at + 3]) + "\n")
        folder = self.copy()
        call = ("minisign", "-V", "-p", self.work / "minisign.pub", "-m", "SHA256SUMS", "-x", "SHA256SUMS.minisig")
        done = self.assert_exit(run(*call, cwd=folder), 0)
        run_id = json.loads((folder / "run.json").read_text())["run_id"]
        self.assertIn(f"Trusted comment: run {run_id}", done.stdout)
        kept = (folder / "SHA256SUMS").read_bytes()
        (folder / "SHA256SUMS").write_bytes(kept[:-2] + b"x\n")
        self.assertNotEqual(run(*call, cwd=folder).returncode, 0)
        (folder / "SHA256SUMS").write_bytes(kept)
        signature = (folder / "SHA256SUMS.minisig").read_text()
        (folder / "SHA256SUMS.minisig").write_text(signature.replace("trusted comment: run ", "trusted comment: ran "))
        self.assertNotEqual(run(*call, cwd=folder).returncode, 0)
        self.assertIn("SHA256SUMS.minisig: its trusted comment was changed", self.assert_exit(self.verify(folder), 65).stderr)

    def test_openssl_checks_the_statement(self):
        """DSSE as its specification says, by hand: the envelope, what was signed, and what it says of the files."""
        folder = SHARED["folder"]
        envelope = json.loads((folder / "statement.dsse.json").read_text())
        self.assertEqual(sorted(envelope), ["payload", "payloadType", "signatures"])
        body, kind = base64.b64decode(envelope["payload"], validate=True), envelope["payloadType"].encode()
        self.assertEqual(kind, b"application/vnd.in-toto+json")
        [signature] = envelope["signatures"]
        (self.work / "signed").write_bytes(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body))
        (self.work / "signature").write_bytes(base64.b64decode(signature["sig"], validate=True))
        # The same key as SubjectPublicKeyInfo (RFC 8410): a fixed head before its 32 bytes.
        raw = base64.b64decode((self.base / "evidence.key.pub").read_text().split()[1])[-32:]
        (self.work / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + raw)
        call = ("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", self.work / "key.der", "-keyform", "DER", "-rawin", "-in", self.work / "signed", "-sigfile", self.work / "signature")
        self.assertIn("Signature Verified Successfully", run(*call).stdout)
        (self.work / "signed").write_bytes((self.work / "signed").read_bytes() + b" ")
        self.assertNotEqual(run(*call).returncode, 0)
        statement = json.loads(body)
        self.assertEqual((statement["_type"], statement["predicateType"]), ("https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/test-result/v0.1"))
        sums = {name: digest for digest, name in (line.split("  ") for line in (folder / "SHA256SUMS").read_text().splitlines())}
        self.assertEqual({row["name"]: row["digest"] for row in statement["subject"]}, {name: {"sha256": digest} for name, digest in sums.items()})
        self.assertEqual(statement["predicate"]["result"], "FAILED")
        self.assertEqual({row["name"] for row in statement["predicate"]["configuration"]}, {name for name in sums if name.startswith("policies/")})
        results = json.loads((folder / "results.json").read_text())
        wrong = [f"{rule['policy']}/{rule['as']}" for rule in results["rules"] if rule["counts"]["fail"] + rule["counts"]["error"]]
        self.assertGreater(len(wrong), 5)
        self.assertEqual(statement["predicate"]["failedTests"], wrong)
        self.assertEqual(sum(len(statement["predicate"][word]) for word in ("passedTests", "warnedTests", "failedTests")), len(results["rules"]))
