"""Starts the simulator and talks to it: for tests, benchmarks and the demo. Python's standard library only."""
import http.client
import json
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

ADMIN = "sk-ant-admin01-simulated-console-admin-not-a-real-key"
REVOKED = "sk-ant-admin01-simulated-revoked-not-a-real-key"
EXPIRED = "sk-ant-admin01-simulated-expired-not-a-real-key"
WORKSPACE = "sk-ant-api03-simulated-workspace-not-a-real-key"
OAUTH = "simulated-oauth-org-admin-not-a-real-key"


def enterprise(scopes):
    """The Compliance Access Key of a set of scopes: audit, members, write-members, groups, write-groups, activities, user-data, org-data, directory …"""
    return f"sk-ant-api01-simulated-{scopes}-not-a-real-key"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Simulator:
    """`with Simulator(program, "--users=10") as simulator: simulator.url`"""

    def __init__(self, program, *options, certificate=None):
        """certificate: (file, key file) for https."""
        command = [str(program), *options]
        if certificate:
            command += [f"--tls-cert={certificate[0]}", f"--tls-key={certificate[1]}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"the simulator did not start: {line!r}")
        self.url = line.split()[-1]
        self.parts = urlsplit(self.url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    @property
    def port(self):
        return self.parts.port

    def connection(self):
        if self.parts.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return http.client.HTTPSConnection(self.parts.hostname, self.parts.port, timeout=60, context=context)
        return http.client.HTTPConnection(self.parts.hostname, self.parts.port, timeout=60)

    def request(self, method, target, key=None, body=None, headers=None):
        sent = {"anthropic-version": "2023-06-01"} if headers is None else dict(headers)
        if key:
            sent["x-api-key"] = key
        connection = self.connection()
        try:
            connection.request(method, target, body=json.dumps(body) if isinstance(body, (dict, list)) else body, headers=sent)
            reply = connection.getresponse()
            return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def get(self, target, key=ADMIN, headers=None):
        return self.request("GET", target, key, headers=headers)

    def faults(self, *lines):
        """Switches these on, and all others off."""
        self.request("DELETE", "/_simulator/faults")
        if lines:
            answer = self.request("POST", "/_simulator/faults", body="\n".join(lines))
            if answer.status != 200:
                raise ValueError(answer.body)

    def stats(self):
        return self.request("GET", "/_simulator/stats").json

    def reset_stats(self):
        self.request("DELETE", "/_simulator/stats")


def make_certificate(folder, name="localhost", address="127.0.0.1"):
    """A throw-away certificate for 127.0.0.1 and localhost, signed by itself: (certificate file, key file)."""
    folder = Path(folder)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name},IP:{address}", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key
