#!/usr/bin/env python3
"""Collects from the simulator end to end: truth, faults, secrets, connections; a table of what each fault leads to.

usage: collect.py --muster PROGRAM --simulator PROGRAM --source REPOSITORY [TEST...]
"""
import argparse
import json
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "simulator"))
from harness import ADMIN, EXPIRED, OAUTH, WORKSPACE, Simulator, enterprise, make_certificate  # noqa: E402

MUSTER = PROGRAM = SOURCE = None
KILLS = 50
AUDIT = enterprise("audit")
UNLIMITED = ("--admin-limit=off", "--compliance-limit=off")
TABLE = []  # rows of what each fault leads to


class Relay:
    """Hands bytes on between a client and the simulator, and spoils the reply of chosen connections."""

    def __init__(self, port, spoil, connections=lambda n: True, certificate=None):
        """spoil: silent | reset | short | dribble; connections: which ones, by their number from 1; certificate: (file, key file), to be spoken to by TLS."""
        self.target, self.spoil, self.chosen, self.count = port, spoil, connections, 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*certificate)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.handle, args=(client, self.chosen(self.count)), daemon=True).start()

    def handle(self, client, is_chosen):
        if self.tls:
            try:
                client = self.tls.wrap_socket(client, server_side=True)
            except OSError:  # a client that does not trust the certificate
                return
        with client:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = client.recv(65536)
                if not piece:
                    return
                request += piece
            if is_chosen and self.spoil == "silent":
                time.sleep(30)
                return
            # One request a connection: the client is told so, and comes again.
            request = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                server.sendall(request)
                reply = b""
                while piece := server.recv(65536):
                    reply += piece
            half = reply.index(b"\r\n\r\n") + 4 + (len(reply) - reply.index(b"\r\n\r\n")) // 2
            try:
                if not is_chosen:
                    client.sendall(reply)
                elif self.spoil == "reset":
                    client.sendall(reply[:half])
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                elif self.spoil == "short":
                    client.sendall(reply[:half])
                elif self.spoil == "dribble":
                    for byte in reply:
                        client.sendall(bytes([byte]))
                        time.sleep(0.05)
            except OSError:
                pass

    def close(self):
        self.server.close()


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="muster-collect-")
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)

    def simulator(self, *options, limits=UNLIMITED, **more):
        simulator = Simulator(PROGRAM, *limits, *options, **more)
        self.addCleanup(simulator.stop)
        return simulator

    def proxy(self, user, password):
        """The address of a stock proxy that wants both."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = self.work / "tinyproxy.conf"
        settings.write_text(f"Port {port}\nListen 127.0.0.1\nBasicAuth {user} {password}\nTimeout 60\nAllow 127.0.0.1\nLogLevel Critical\n")
        proxy = subprocess.Popen(["/usr/bin/tinyproxy", "-d", "-c", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.kill)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        return f"http://127.0.0.1:{port}"

    def config(self, url, *, compliance=False, name="muster.yaml", more="", admin=True, timeout="2s"):
        common = f'base_url: "{url}", from: 2026-11-13, to: 2026-11-21, longest_wait: 1s, rate_limit: off, timeout: {timeout}, attempts: 3{more}'
        lines = ["muster: 1", "organization: northwind", "sources:"]
        if admin:
            lines.append(f"  - {{provider: anthropic-admin, api_key_env: ADMIN_KEY, {common}}}")
        if compliance:
            lines.append(f"  - {{provider: anthropic-compliance, api_key_env: COMPLIANCE_KEY, {common}}}")
        path = self.work / name
        path.write_text("\n".join(lines) + "\n")
        return path

    @staticmethod
    def environment(**more):
        plain = {name: value for name, value in os.environ.items() if name.lower() not in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")}
        return {**plain, "ADMIN_KEY": ADMIN, "COMPLIANCE_KEY": AUDIT, **more}

    def start(self, *arguments, env=None, **options):
        return subprocess.Popen([MUSTER, "collect", *map(str, arguments)], env=env or self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def collect(self, config, out="snapshot", *arguments, env=None, **options):
        """The finished process, with its own peak memory in MiB as `peak`."""
        process = self.start("-c", config, "--out", self.work / out, *arguments, env=env, **options)
        peak = [0]
        watcher = threading.Thread(target=self.watch, args=(process, peak))
        watcher.start()
        stdout, stderr = process.communicate()
        watcher.join()
        done = subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
        done.peak = peak[0]
        return done

    @staticmethod
    def watch(process, peak):
        # What wait4 says would count what this program holds, from before the other began.
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            try:
                found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            except OSError:
                return
            if found:
                peak[0] = max(peak[0], int(found[1]) / 1024)
            time.sleep(0.005)

    def tabulate(self, name, done, dataset="users", out=None):
        """A row of the table of what faults lead to."""
        if out and (self.work / out).exists():
            said = self.manifest(out)[dataset]
        else:
            said = {"status": "not finished", "reason": done.stderr.split("\n")[0]}
        reason = "; ".join(filter(None, [said["reason"], *said.get("warnings", [])]))
        TABLE.append((name, said["status"], reason[:110], done.returncode, round(done.peak)))
        return said

    def assert_exit(self, done, code):
        self.assertEqual(done.returncode, code, f"\n--- stdout\n{done.stdout[-3000:]}\n--- stderr\n{done.stderr[-3000:]}")

    def manifest(self, out="snapshot"):
        return {row["name"]: row for row in json.loads((self.work / out / "manifest.json").read_text())["datasets"]}

    def rows(self, dataset, out="snapshot"):
        """The lines, each with all of its origin: what it leaves to the manifest is put back."""
        usual = self.manifest(out)[dataset].get("from", {})
        rows = self.lines(dataset, out)
        return [{**row, "from": {**usual, **row["from"]}} for row in rows]

    def lines(self, dataset, out="snapshot"):
        return [json.loads(line) for line in (self.work / out / "data" / f"{dataset}.jsonl").read_text().split("\n")[:-1]]

    def verify(self, out="snapshot"):
        done = subprocess.run([MUSTER, "snapshot", "verify", self.work / out], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Truth(Case):
    def test_the_fixture_comes_back_as_it_is(self):
        fixture = SOURCE / "fixtures/northwind/snapshot"
        simulator = self.simulator(f"--fixture={fixture}")
        config = self.config(simulator.url, compliance=True)
        config.write_text(config.read_text() + f'  - {{provider: anthropic-admin, token_env: OAUTH, base_url: "{simulator.url}", rate_limit: off}}\n')
        self.assert_exit(self.collect(config, env=self.environment(OAUTH=OAUTH)), 0)
        self.verify()
        for path in sorted((fixture / "data").iterdir()):
            with self.subTest(path.stem):
                want = [json.loads(line) for line in path.read_text().split("\n")[:-1]]
                shown = lambda row: json.dumps([row["from"].get("provider"), row["object"]], sort_keys=True)
                if path.stem == "activities":  # the feed may come from either source
                    shown = lambda row: json.dumps(row["object"], sort_keys=True)
                got = [row for row in self.rows(path.stem) if path.stem != "organizations" or row["from"]["provider"] == "anthropic-admin"]
                # What this collection left in the feed is no part of the fixture.
                got = [row for row in got if "apikey_01Simulated" not in json.dumps(row["object"])]
                self.assertEqual(sorted(map(shown, got)), sorted(map(shown, want)))
        self.assertEqual({row["status"] for row in self.manifest().values()}, {"complete"})

    def test_only_gets_and_no_request_too_many(self):
        simulator = self.simulator("--users=2500")
        self.assert_exit(self.collect(self.config(simulator.url, compliance=True)), 0)
        requests = simulator.stats()["requests"]
        self.assertEqual({name.split()[0] for name in requests}, {"GET"})
        self.assertEqual(requests["GET /v1/organizations/users 200"], 4)  # three pages, and a look whether the list changed

    def test_both_views_of_two_linked_organizations(self):
        simulator = self.simulator("--linked=2", "--users=300")
        self.assert_exit(self.collect(self.config(simulator.url, compliance=True, admin=False)), 0)
        self.verify()
        users = self.rows("users")
        self.assertEqual(len({row["from"]["organization_id"] for row in users}), 2)
        self.assertEqual(len(users), 340)
        # Those of the first leave it to the manifest, those of the other do not.
        usual = self.manifest()["users"]["from"]
        self.assertEqual(usual, {"provider": "anthropic-compliance", "organization_id": self.rows("organizations")[0]["from"]["organization_id"]})
        for line, user in zip(self.lines("users"), users):
            self.assertEqual(set(line["from"]), {"request"} if user["from"]["organization_id"] == usual["organization_id"] else {"organization_id", "request"})
            self.assertEqual(user["from"]["provider"], "anthropic-compliance")

    def test_what_was_collected_is_served_and_collected_again(self):
        # The lines of the fixture say all of their origin, those of a collection leave out what the manifest and the objects say.
        first = self.simulator(f"--fixture={SOURCE / 'fixtures/northwind/snapshot'}")
        self.assert_exit(self.collect(self.config(first.url), "first"), 0)
        second = self.simulator(f"--fixture={self.work / 'first'}")
        self.assert_exit(self.collect(self.config(second.url), "second"), 0)
        tenant = json.loads((self.work / "first/manifest.json").read_text())["tenant"]["id"]
        for name in ("users", "workspaces", "workspace_members", "group_members", "rate_limits", "role_permissions", "usage"):
            with self.subTest(name):
                text = (self.work / f"first/data/{name}.jsonl").read_bytes()
                self.assertEqual((self.work / f"second/data/{name}.jsonl").read_bytes(), text)
                self.assertNotIn(b'"provider":"anthropic-admin"', text)
                self.assertEqual(self.manifest("first")[name]["from"], {"provider": "anthropic-admin", "organization_id": tenant})
        own = [line for line in self.lines("workspace_members", "first") if set(line["from"]) != {"request"}]
        self.assertEqual(own, [])

    def test_a_source_that_is_refused_leaves_no_list_whole(self):
        # The admin key may not list users, the compliance key may: who knows whether they would have shown the same people?
        simulator = self.simulator("--users=50", "--fault=forbidden:path=/v1/organizations/users,times=0")
        self.assert_exit(self.collect(self.config(simulator.url, compliance=True)), 2)
        users = self.manifest()["users"]
        self.assertEqual(users["status"], "partial")
        self.assertIn("one of several sources was denied", users["reason"])

    def test_a_window_over_a_change_of_clocks(self):
        # Days are days of UTC, whatever the clocks of the place do: New York's had 25 hours on the first of November.
        simulator = self.simulator("--users=50")
        config = self.config(simulator.url)
        config.write_text(config.read_text().replace("from: 2026-11-13, to: 2026-11-21", "from: 2026-10-24, to: 2026-11-04"))
        for zone in ("UTC", "America/New_York", "Europe/Berlin", "Pacific/Apia"):
            self.assert_exit(self.collect(config, zone.replace("/", "-"), env=self.environment(TZ=zone)), 0)
        days = {row["from"]["starting_at"] for row in self.rows("usage", "UTC")}
        self.assertEqual((len(days), min(days)), (11, "2026-10-24T00:00:00Z"))
        self.assertEqual(self.manifest("UTC")["usage"]["filters"], {"from": "2026-10-24T00:00:00Z", "to": "2026-11-04T00:00:00Z"})
        for path in (self.work / "UTC/data").iterdir():
            if path.stem != "activities":  # each collection leaves its traces there
                for zone in ("America-New_York", "Europe-Berlin", "Pacific-Apia"):
                    self.assertEqual((self.work / zone / "data" / path.name).read_bytes(), path.read_bytes(), (zone, path.name))

    def test_two_views_that_differ_are_told(self):
        simulator = self.simulator("--users=50", "--fault=skip_rows:path=/v1/compliance/organizations/*/users,rows=3,times=0")
        self.assert_exit(self.collect(self.config(simulator.url, compliance=True)), 0)
        self.assertEqual(self.manifest()["users"]["warnings"], ["admin_users lists 50 users, compliance_users 47"])
        # Alike, there is nothing to tell.
        simulator.faults()
        self.assert_exit(self.collect(self.config(simulator.url, compliance=True), "alike"), 0)
        self.assertEqual(self.manifest("alike")["users"]["warnings"], [])

    def test_a_slash_behind_the_name(self):
        simulator = self.simulator("--users=50")
        config = self.config(simulator.url)
        for written, name in (("slash/", "slash"), ("slashes///", "slashes"), ("dot/.", "dot"), ("gone/../back", "back")):
            with self.subTest(written):
                done = subprocess.run([MUSTER, "collect", "-c", config, "--out", f"{self.work}/{written}"], env=self.environment(), capture_output=True, text=True)
                self.assert_exit(done, 0)
                self.verify(name)
        self.assertEqual([path.name for path in self.work.iterdir() if "partial" in path.name], [])
        done = subprocess.run([MUSTER, "collect", "-c", config, "--out", f"{self.work}/slash/"], env=self.environment(), capture_output=True, text=True)
        self.assert_exit(done, 64)
        self.assertIn("is there already", done.stderr)

    def test_other_ages_and_odd_ids(self):
        for options in (("--age=old",), ("--age=future",), ("--odd-ids",)):
            with self.subTest(options):
                simulator = self.simulator(*options)
                name = options[0].strip("-").replace("=", "-")
                done = self.collect(self.config(simulator.url, compliance=True), name)
                self.tabulate(" ".join(options), done, "workspaces", name)
                self.assert_exit(done, 0)
                self.verify(name)
                self.assertFalse((self.work / name / "etc").exists())


class Keys(Case):
    def test_a_wrong_kind_is_named_before_the_first_request(self):
        simulator = self.simulator()
        for wrong, config in ((dict(ADMIN_KEY=WORKSPACE), dict()), (dict(COMPLIANCE_KEY=ADMIN), dict(admin=False, compliance=True))):
            done = self.collect(self.config(simulator.url, **config), env=self.environment(**wrong))
            self.assert_exit(done, 64)
            self.assertIn("error[key.kind]", done.stderr)
        self.assertEqual(simulator.stats()["total"], 0)

    def test_a_refused_key(self):
        simulator = self.simulator()
        done = self.collect(self.config(simulator.url), env=self.environment(ADMIN_KEY=EXPIRED))
        self.assert_exit(done, 64)
        self.assertIn("error[key.refused]", done.stderr)
        self.assertFalse((self.work / "snapshot").exists())

    def test_keys_from_a_file_and_from_a_program(self):
        simulator = self.simulator()
        config = self.config(simulator.url, compliance=True)
        (self.work / "admin.key").write_text(ADMIN + "\n")
        # The program gets the environment, but not the keys that are in it.
        (self.work / "key-program").write_text(f"#!/bin/sh\ntest \"$1\" = read || exit 1\nenv > '{self.work}/seen'\ncat '{self.work}/admin.key'\n")
        (self.work / "key-program").chmod(0o700)
        given = config.read_text()
        for name, source, code, words in (("file", "api_key_file: admin.key", 0, ""), ("program", f'api_key_command: ["{self.work}/key-program", read]', 0, ""), ("gone", "api_key_file: gone.key", 64, "gone.key"),
                                          ("failing", f'api_key_command: ["{self.work}/key-program", write]', 64, "failed, so there is no key"), ("absent", 'api_key_command: ["no-such-program"]', 64, "cannot be started")):
            with self.subTest(name):
                config.write_text(given.replace("api_key_env: ADMIN_KEY", source))
                done = self.collect(config, name)
                self.assert_exit(done, code)
                self.assertIn(words, done.stderr)
                self.assertNotIn(ADMIN, done.stdout + done.stderr)
        seen = (self.work / "seen").read_text()
        self.assertIn("PATH=", seen)
        self.assertNotIn(AUDIT, seen)

    def test_no_core_file_and_nobody_looks_inside(self):
        simulator = self.simulator()
        simulator.faults("slow:ms=1000,times=0")

        def wants_core():
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        (self.work / "cores").mkdir()
        process = self.start("-c", self.config(simulator.url), "--out", self.work / "snapshot", preexec_fn=wants_core, cwd=self.work / "cores")
        for _ in range(500):
            if simulator.stats()["total"]:
                break
            time.sleep(0.01)
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGABRT
        process.stdout.close()
        process.stderr.close()
        self.assertTrue(os.WIFSIGNALED(status))
        self.assertFalse(os.WCOREDUMP(status))
        self.assertEqual(list((self.work / "cores").iterdir()), [])

    def test_nothing_of_a_key_is_left_anywhere(self):
        simulator = self.simulator()
        secrets = [ADMIN, AUDIT, ADMIN[15:-4], AUDIT[13:-4]]
        config = self.config(simulator.url, compliance=True)
        simulator.faults("slow:ms=300,path=/v1/organizations/workspaces")
        process = self.start("-c", config, "--out", self.work / "snapshot")
        time.sleep(0.1)
        command_line = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
        printed = "".join(process.communicate(timeout=60))
        simulator.faults("forbidden:path=/v1/organizations/users,times=0", "not_json:path=/v1/organizations/invites,times=0")
        failed = self.collect(config, "failed")
        # What a run that was killed leaves is kept for days.
        simulator.faults("slow:ms=100,times=0")
        killed = self.start("-c", config, "--out", self.work / "killed")
        for _ in range(2000):
            if (self.work / "killed.partial/progress.jsonl").exists():
                break
            time.sleep(0.01)
        killed.kill()
        printed += "".join(killed.communicate())
        self.assertTrue((self.work / "killed.partial").exists())
        texts = [command_line, printed, failed.stdout, failed.stderr] + [path.read_text(errors="replace") for path in self.work.rglob("*") if path.is_file()]
        for text in texts:
            for secret in secrets:
                self.assertNotIn(secret, text)


class Faults(Case):
    """Each fault: what the manifest says of the dataset, and the exit code."""

    def survive(self, name, faults, status, code, dataset="users", url=None, options=(), reason=None, timeout="2s", arguments=(), more="", rows=2500):
        simulator = self.simulator("--users=2500", *options)
        simulator.faults(*faults)
        with self.subTest(name):
            done = self.collect(self.config(url(simulator) if url else simulator.url, timeout=timeout, more=more), name, *arguments)
            said = self.tabulate(name, done, dataset, name)
            self.assert_exit(done, code)
            self.assertEqual(said["status"], status, said)
            if status != "not finished":
                self.verify(name)
            if status == "complete" and dataset == "users" and name != "50 MB field":
                self.assertEqual(len({row["object"]["id"] for row in self.rows("users", name)}), rows)
            if reason:
                self.assertIn(reason, said["reason"])
            self.assertLess(done.peak, 512)
        simulator.stop()

    USERS = "path=/v1/organizations/users"

    def test_passing_troubles_change_nothing(self):
        for fault in ("rate_limited:retry_after=1", "rate_limited_bare", "server_error", "bad_gateway", "unavailable", "gateway_timeout", "overloaded", "not_json", "html", "invalid_utf8", "deep_json",
                      "broken_json", "wrong_shape", "empty_body", "truncated"):
            joint = "," if ":" in fault else ":"
            self.survive(fault.split(":")[0], [f"{fault}{joint}{self.USERS},from=2"], "complete", 0)

    def test_pages_of_other_sizes(self):
        self.survive("short_page", [f"short_page:{self.USERS},rows=7,times=3"], "complete", 0)
        self.survive("gzip", [f"gzip:{self.USERS},times=0"], "complete", 0)
        self.survive("duplicate_rows", [f"duplicate_rows:{self.USERS},from=2"], "complete", 0)
        self.survive("vanishing rows", [f"vanish:{self.USERS},from=2,rows=3"], "complete", 0, rows=2497)
        self.survive("bad_cursor", [f"bad_cursor:{self.USERS},from=2"], "complete", 0)

    def test_lasting_troubles_are_told(self):
        for name, fault, reason in (("500 not to be retried", "server_error_final", "500"), ("529 for good", "overloaded", "529"), ("HTML 502 for good", "bad_gateway", "502"), ("not JSON for good", "not_json", "not valid"),
                                    ("deep JSON", "deep_json", ""), ("invalid UTF-8", "invalid_utf8", ""), ("gzip bomb", "gzip_bomb:bytes=80000000", "larger than"),
                                    ("redirect", "redirect", "redirect to http://elsewhere.example/"), ("has_more without rows", "empty_more", ""), ("repeated cursor", "repeat_cursor", "same cursor"),
                                    ("cursor loop", "cursor_loop", "cursor"), ("no cursor", "null_cursor", "no cursor"), ("400 cursor", "bad_cursor", "400")):
            joint = "," if ":" in fault else ":"
            self.survive(name, [f"{fault}{joint}{self.USERS},from=2,times=0"], "partial", 2, reason=reason, timeout="30s" if "bomb" in fault else "2s")

    def test_what_may_not_and_what_is_not_there(self):
        self.survive("403 on one endpoint", ["forbidden:path=/v1/organizations/api_keys,times=0"], "denied", 2, dataset="api_keys", reason="403")
        self.survive("404 on one endpoint", ["not_found:path=/v1/organizations/external_keys,times=0"], "unsupported", 0, dataset="external_keys", reason="404")

    def test_a_list_that_goes_away_in_mid_run(self):
        for name, fault in (("404 in mid-list", "not_found"), ("403 in mid-list", "forbidden")):
            self.survive(name, [f"{fault}:{self.USERS},from=2,times=0"], "partial", 2, reason="40")

    def test_a_key_that_is_revoked_in_mid_run(self):
        # One thing after the other: nothing was read ahead while the key still worked.
        self.survive("401 in mid-run", [f"revoked:{self.USERS},from=2,times=0"], "partial", 2, reason="401", arguments=("--jobs", "1"))
        self.assertEqual(self.manifest("401 in mid-run")["api_keys"]["status"], "denied")

    def test_a_field_of_50_mb(self):
        self.survive("50 MB field", ["big_field:" + self.USERS + ",from=3"], "complete", 0, timeout="30s")  # a last page like any other

    def test_bytes(self):
        for spoil in ("reset", "short", "silent", "dribble"):
            def url(simulator, spoil=spoil):
                relay = Relay(simulator.port, spoil, lambda n: n == 3)
                self.addCleanup(relay.close)
                return relay.url
            self.survive(f"{spoil} once", [], "complete", 0, url=url)

    def test_no_answer_at_all(self):
        def url(simulator):
            relay = Relay(simulator.port, "silent")
            self.addCleanup(relay.close)
            return relay.url
        self.survive("no answer at all", [], "not finished", 69, url=url)

    def test_bytes_that_dribble_for_minutes(self):
        def url(simulator):
            relay = Relay(simulator.port, "dribble")
            self.addCleanup(relay.close)
            return relay.url
        begin = time.monotonic()
        self.survive("dribble for good", [], "not finished", 69, url=url, timeout="10m", more=", stall_timeout: 1s")
        self.assertLess(time.monotonic() - begin, 60)

    def test_the_key_does_not_go_elsewhere(self):
        seen = []
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def listen():
            try:
                client, _ = server.accept()
                seen.append(client.recv(65536))
            except OSError:
                pass
        threading.Thread(target=listen, daemon=True).start()
        simulator = self.simulator()
        simulator.faults(f"redirect:to=http://127.0.0.1:{server.getsockname()[1]}/,times=0,path=/v1/organizations/users")
        self.assert_exit(self.collect(self.config(simulator.url)), 2)
        self.assertEqual(seen, [])


class Resuming(Case):
    OPTIONS = ("--users=8000", "--workspaces=60", "--keys=3000", "--groups=20", "--activities=3000")

    def wait_for_a_page(self):
        """Until a collection below the folder has put a page behind it."""
        for _ in range(2000):
            if any(path.stat().st_size > 0 for path in self.work.rglob("progress.jsonl")):
                return
            time.sleep(0.01)
        self.fail("no page in 20 seconds")

    def test_another_key_starts_anew(self):
        simulator = self.simulator(*self.OPTIONS)
        simulator.faults("slow:ms=20,times=0")
        config = self.config(simulator.url, more=", page_size: 50")
        process = self.start("-c", config, "--out", self.work / "snapshot")
        self.wait_for_a_page()
        process.kill()
        process.communicate()
        simulator.faults()
        done = self.collect(self.config(simulator.url, more=", page_size: 51"), "snapshot", "--resume")
        self.assert_exit(done, 0)
        self.assertIn("starts anew", done.stderr)
        self.verify()

    def test_what_was_read_without_verifying_is_not_gone_on_with(self):
        certificate = make_certificate(self.work)
        simulator = self.simulator(*self.OPTIONS, certificate=certificate)
        simulator.faults("slow:ms=20,times=0")
        process = self.start("-c", self.config(simulator.url, more=", page_size: 50, tls: unverified"), "--out", self.work / "snapshot")
        self.wait_for_a_page()
        process.kill()
        process.communicate()
        simulator.faults()
        done = self.collect(self.config(simulator.url, more=f", page_size: 50, ca_file: {certificate[0]}"), "snapshot", "--resume")
        self.assert_exit(done, 0)
        self.assertIn("starts anew", done.stderr)
        self.assertEqual(self.manifest()["users"]["warnings"], [])

    def test_ctrl_c(self):
        simulator = self.simulator(*self.OPTIONS)
        simulator.faults("slow:ms=20,times=0")
        config = self.config(simulator.url, more=", page_size: 100")
        process = self.start("-c", config, "--out", self.work / "snapshot")
        self.wait_for_a_page()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        TABLE.append(("Ctrl-C", "not finished", "resumable", process.returncode, "–"))
        self.assertEqual(process.returncode, 130)
        self.assertFalse((self.work / "snapshot").exists())
        simulator.faults()
        self.assert_exit(self.collect(config, "snapshot", "--resume"), 0)
        self.verify()

    def test_two_into_one_folder(self):
        simulator = self.simulator()
        simulator.faults("slow:ms=50,times=0")
        config = self.config(simulator.url)
        first = self.start("-c", config, "--out", self.work / "snapshot")
        time.sleep(0.4)
        second = self.collect(config, "snapshot")
        self.tabulate("two collects into one folder", second)
        self.assert_exit(second, 64)
        self.assertIn("another muster collect is writing to", second.stderr)
        first.communicate(timeout=60)
        self.assertEqual(first.returncode, 0)
        self.verify()

    def test_full_disk(self):
        simulator = self.simulator(*self.OPTIONS)
        config = self.config(simulator.url)

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        done = self.collect(config, "snapshot", preexec_fn=limit)
        self.tabulate("a file at its limit", done)
        self.assert_exit(done, 64)
        self.assertIn("go on with --resume", done.stderr)
        self.assert_exit(self.collect(config, "snapshot", "--resume"), 0)
        self.verify()

    def test_a_full_disk_at_any_moment(self):
        """A file system of its own that is full after so many KiB, then larger: what is gone on with is what nobody disturbed."""
        simulator = self.simulator("--users=900", "--workspaces=9")
        config = self.config(simulator.url, more=", page_size: 100, skip: [activities]")
        self.assert_exit(self.collect(config, "whole"), 0)
        need = sum(path.stat().st_size for path in (self.work / "whole").rglob("*") if path.is_file()) // 1024
        disk = self.work / "disk"
        disk.mkdir()
        # The mount is there for the shell alone; where such a shell may not be had, neither can the test.
        script = """
            mount -t tmpfs -o size={first}k none {disk} || exit 99
            {muster} collect -c {config} --out {disk}/s 2> {work}/first.err > /dev/null; echo $? > {work}/first.code
            test -e {disk}/s && exit 1
            mount -o remount,size=50m {disk}
            {muster} collect -c {config} --out {disk}/s --resume > /dev/null 2> {work}/second.err || exit 2
            cp -r {disk}/s {work}/out"""
        for first in (4, 8, 16, 32, need // 3, need // 2, need * 3 // 4, need, need + 8):
            with self.subTest(f"{first} KiB of {need}"):
                shutil.rmtree(self.work / "out", ignore_errors=True)
                done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script.format(first=first, disk=disk, muster=MUSTER, config=config, work=self.work)],
                                      env=self.environment(), capture_output=True, text=True)
                if done.returncode in (1, 99) and "unshare" in done.stderr:
                    self.skipTest("no user namespaces here: " + done.stderr)
                second = self.work / "second.err"
                self.assertEqual(done.returncode, 0, done.stderr + (second.read_text() if second.exists() else ""))
                message = (self.work / "first.err").read_text()
                self.assertEqual((self.work / "first.code").read_text().strip(), "64", message)
                self.assertIn("No space left on device", message)
                TABLE.append((f"disk full after {first} KiB of {need}", "not finished", message.split("\n")[0][-90:].replace(str(disk), "DISK"), 64, "–"))
                self.verify("out")
                for path in sorted((self.work / "whole/data").iterdir()):
                    self.assertEqual((self.work / "out/data" / path.name).read_bytes(), path.read_bytes(), path.name)


class Connections(Case):
    def test_tls(self):
        certificate = make_certificate(self.work)
        simulator = self.simulator(certificate=certificate)
        self.assert_exit(self.collect(self.config(simulator.url), "refused"), 69)
        self.assert_exit(self.collect(self.config(simulator.url, more=f", ca_file: {certificate[0]}"), "trusted"), 0)
        done = self.collect(self.config(simulator.url, more=", tls: unverified"), "unverified")
        self.assert_exit(done, 0)
        self.assertIn("WARNING", done.stderr)
        self.assertIn("TLS certificates were not verified", self.manifest("unverified")["users"]["warnings"])

    def test_a_proxy_with_a_password(self):
        url = self.proxy("reader", "hush-hush")
        simulator = self.simulator()
        more = f", proxy: \"{url}\", proxy_user: reader, proxy_password_env: PROXY_PASSWORD"
        self.assert_exit(self.collect(self.config(simulator.url, more=more), "through", env=self.environment(PROXY_PASSWORD="hush-hush")), 0)
        done = self.collect(self.config(simulator.url, more=more), "wrong", env=self.environment(PROXY_PASSWORD="wrong-guess"))
        self.assertIn(done.returncode, (64, 69))  # this proxy answers by 401, as a service does that refuses the key
        self.assertNotIn("wrong-guess", done.stdout + done.stderr)
        done = self.collect(self.config(simulator.url, more=more), "not-set")
        self.assert_exit(done, 64)
        self.assertIn("PROXY_PASSWORD is not set", done.stderr)
        # Through a tunnel, and from the environment alone.
        certificate = make_certificate(self.work)
        secure = self.simulator(certificate=certificate)
        trusted = f", ca_file: {certificate[0]}"
        self.assert_exit(self.collect(self.config(secure.url, more=more + trusted), "tunnel", env=self.environment(PROXY_PASSWORD="hush-hush")), 0)
        done = self.collect(self.config(secure.url, more=more + trusted), "no-tunnel", env=self.environment(PROXY_PASSWORD="wrong-guess"))
        self.assert_exit(done, 69)
        self.assertIn("the proxy answered 4", done.stderr)
        proxy = url.replace("//", "//reader:hush-hush@")
        done = self.collect(self.config(secure.url, more=trusted), "environment", env=self.environment(https_proxy=proxy))
        self.assert_exit(done, 0)
        for path in self.work.rglob("*.json*"):
            self.assertNotIn("hush-hush", path.read_text())

    def test_the_version_that_is_asked_for(self):
        simulator = self.simulator()
        self.assert_exit(self.collect(self.config(simulator.url, more=", api_version: 2023-01-01")), 0)
        self.assertEqual(json.loads((self.work / "snapshot/manifest.json").read_text())["api_version"], "2023-01-01")


def main():
    global MUSTER, PROGRAM, SOURCE, KILLS
    parser = argparse.ArgumentParser()
    parser.add_argument("--muster", required=True, type=Path)
    parser.add_argument("--simulator", required=True, type=Path)
    parser.add_argument("--source", required=True, type=Path)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--table", type=Path)
    options, rest = parser.parse_known_args()
    MUSTER, PROGRAM, SOURCE, KILLS = options.muster.resolve(), options.simulator.resolve(), options.source.resolve(), options.kills
    program = unittest.main(argv=[sys.argv[0], *rest], exit=False)
    if options.table and TABLE:
        options.table.write_text("| fault | manifest | reason | exit | peak MiB |\n|---|---|---|---|---|\n" + "".join(f"| {a} | {b} | {c} | {d} | {e} |\n" for a, b, c, d, e in TABLE))
    sys.exit(not program.result.wasSuccessful())


if __name__ == "__main__":
    main()
