"""Time stamps of a throw-away authority."""
import hashlib
import http.server
import re
import subprocess
import tarfile
import threading

from case import Case, muster, run


class Authority(http.server.BaseHTTPRequestHandler):
    """Answers what `answer(request)` of the server gives: bytes, or a status and bytes."""

    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.asked.append((self.path, self.headers["Content-Type"], body))
        answer = server.answer(body)
        status, data, *more = answer if isinstance(answer, tuple) else (200, answer)
        self.send_response(status)
        for name, value in more:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Timestamp(Case):
    def authority(self, name, *tsa_days):
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
        for call in (["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-config", "ts.cnf", "-extensions", "ca", "-subj", f"/CN={name} root"],
                     ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-config", "ts.cnf"],
                     ["x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "tsa.pem", *(tsa_days or ("-days", "30")), "-extfile", "ts.cnf", "-extensions", "tsa"]):
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
        self.assertIn("names SHA256SUMS, SHA256SUMS.sig, SHA256SUMS.tsr, and nothing else", "\n".join(lines[:10]))
        # The stamp of another bundle, a damaged one, and one for another SHA256SUMS.
        done = self.assert_exit(muster(*call, "--signer", "somebody.else", "--timestamp-file", self.work / "t.tsr", cwd=self.base), 65)
        self.assertIn("the time stamp is about other bytes", done.stderr)
        damaged = bytearray((folder / "SHA256SUMS.tsr").read_bytes())
        damaged[-20] ^= 1
        (folder / "SHA256SUMS.tsr").write_bytes(damaged)
        done = self.assert_exit(self.verify(folder, "--timestamp-ca", one / "ca.pem"), 65)
        self.assertIn("SHA256SUMS.tsr", done.stderr)

    def serve(self, answer):
        """The URL of a server on this machine, and what it was asked."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Authority)
        server.answer, server.asked = answer, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}/tsr", server.asked

    def signer(self, folder):
        """Answers with an authority's time stamp."""
        def answer(request):
            (folder / "asked.tsq").write_bytes(request)
            self.stamp(folder, folder / "asked.tsq", folder / "answer.tsr")
            return (folder / "answer.tsr").read_bytes()
        return answer

    def bundle(self, url, *more, code=0):
        (self.work / "u.tar.gz").unlink(missing_ok=True)
        done = muster("bundle", "run", "-o", self.work / "u.tar.gz", "--key", "evidence.key", "--timestamp", url, *more, cwd=self.base, env={"no_proxy": "*"})
        self.assert_exit(done, code)
        self.assertEqual((self.work / "u.tar.gz").exists(), code == 0)
        return done

    def test_an_authority_is_asked_at_its_url(self):
        one, other = self.authority("one"), self.authority("other")
        url, asked = self.serve(self.signer(one))
        done = self.bundle(url, "--timestamp-ca", one / "ca.pem")
        self.assertNotIn("No time stamp", done.stdout)
        self.assertEqual([row[:2] for row in asked], [("/tsr", "application/timestamp-query")])
        done = self.assert_exit(self.verify(self.work / "u.tar.gz", "--timestamp-ca", one / "ca.pem"), 0)
        self.assertRegex(done.stdout, r"Time: it existed at \S+Z, says CN = one\n")
        # Nothing but the digest of SHA256SUMS was sent, with a number that is another one each time.
        with tarfile.open(self.work / "u.tar.gz") as tar:
            tar.extractall(self.work / "u")
        folder = next((self.work / "u").iterdir())
        digest = hashlib.sha256((folder / "SHA256SUMS").read_bytes()).digest()
        self.assertIn(digest, asked[0][2])
        self.assertLess(len(asked[0][2]), len(digest) + 50)
        stock = run("openssl", "ts", "-verify", "-data", folder / "SHA256SUMS", "-in", folder / "SHA256SUMS.tsr", "-CAfile", one / "ca.pem")
        self.assertIn("Verification: OK", stock.stdout + stock.stderr)
        self.bundle(url)
        self.assertNotEqual(asked[0][2], asked[1][2])
        # Signed by another authority than the one that must vouch.
        done = self.bundle(url, "--timestamp-ca", other / "ca.pem", code=65)
        self.assertIn(f"error[evidence.timestamp]: {url}: the time stamp's signature does not verify", done.stderr)

    def test_nobody_answers(self):
        done = self.bundle("http://127.0.0.1:1/tsr", code=69)
        self.assertIn("error[service.unavailable]: the time stamp authority http://127.0.0.1:1/tsr cannot be asked: ", done.stderr)
        for answer, why in (((404, b"no"), "it answers with status 404"), ((307, b"", ("Location", "http://127.0.0.1:1/")), "it answers 307 and redirects to http://127.0.0.1:1/, which is not followed")):
            url, asked = self.serve(lambda _, answer=answer: answer)
            self.assertIn(why, self.bundle(url, code=69).stderr)
            self.assertEqual(len(asked), 1)

    def test_an_authority_that_is_busy_is_asked_again(self):
        answers = [lambda _: (503, b""), self.signer(self.authority("one"))]
        url, asked = self.serve(lambda request: answers.pop(0)(request))
        self.bundle(url)
        self.assertEqual(len(asked), 2)

    def test_wrong_answers(self):
        one = self.authority("one")
        right = self.signer(one)

        def with_request(change):
            """What the authority says to another request."""
            return lambda request: right(change(request))

        def other_digest(request):
            at = request.index(b"\x04\x20") + 2
            return request[:at] + bytes(32) + request[at + 32:]

        def other_nonce(request):
            at = request.rindex(b"\x02\x08") + 2 if b"\x02\x08" in request else request.rindex(b"\x02\x09") + 3
            return request[:at] + bytes([request[at] ^ 1 or 2]) + request[at + 1:]

        def modified(request):
            # PKIStatusInfo: SEQUENCE { INTEGER 0 }
            reply = right(request)
            self.assertEqual(reply.count(b"\x30\x03\x02\x01\x00"), 1)
            return reply.replace(b"\x30\x03\x02\x01\x00", b"\x30\x03\x02\x01\x01")

        def refused(_):
            # status 2, "no \u202e", badAlg
            return bytes.fromhex("3014 3012 0201 02 3009 0c07 6e6f20e280ae21 0302 0780".replace(" ", ""))

        for answer, why in ((lambda _: b"<html>no</html>", "the time stamp is no reply of RFC 3161"),
                            (lambda _: b"", "the time stamp is no reply of RFC 3161"),
                            (with_request(other_digest), "the time stamp is about other bytes"),
                            (with_request(other_nonce), "the time stamp answers another request: its nonce is not the one that was sent"),
                            (modified, "the authority granted something else than was asked for (granted with modifications)"),
                            (refused, 'the time stamp authority refused the request (status 2, unknown or unsupported algorithm, "no \\u{202E}!")')):
            url, _ = self.serve(answer)
            done = self.bundle(url, code=65)
            self.assertIn(f"error[evidence.timestamp]: {url}: {why}\n", done.stderr)
        # A stamp that was kept and is sent again: about the right bytes, but not the answer to this request.
        self.bundle(self.serve(right)[0])
        kept = (one / "answer.tsr").read_bytes()
        done = self.bundle(self.serve(lambda _: kept)[0], code=65)
        self.assertIn("its nonce is not the one that was sent", done.stderr)

    def test_a_certificate_that_had_expired_when_it_stamped(self):
        old = self.authority("old", "-days", "-1")
        url, _ = self.serve(self.signer(old))
        self.bundle(url)
        done = self.assert_exit(self.verify(self.work / "u.tar.gz", "--timestamp-ca", old / "ca.pem"), 65)
        self.assertRegex(done.stderr, "SHA256SUMS.tsr: the time stamp's signature does not verify: .*certificate has expired")
        self.assertIn("certificate has expired", self.bundle(url, "--timestamp-ca", old / "ca.pem", code=65).stderr)

    def test_wrong_calls(self):
        for call, why in ((["tsa.example"], "tsa.example is no URL of a time stamp authority"), (["ftp://tsa.example/"], "ftp://tsa.example/ is no URL"),
                          (["http://user:secret@tsa.example/"], "holds a user's name or password"), (["http://a b/"], "is no URL"),
                          (["http://127.0.0.1:1/", "--timestamp-file", "x"], "--timestamp asks the authority itself")):
            done = self.bundle(*call, code=64)
            self.assertIn(why, done.stderr)
            self.assertNotIn("secret", done.stderr)
        done = muster("bundle", "run", "-o", self.work / "u.tar.gz", "--timestamp-ca", "x", cwd=self.base)
        self.assertIn("--timestamp-ca is about the time stamp of --timestamp", self.assert_exit(done, 64).stderr)
