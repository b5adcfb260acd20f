#!/usr/bin/env python3
"""Rosters that `muster collect` reads from SCIM services: one that others wrote, and one that lies.

usage: collect_rosters.py --muster PROGRAM --simulator PROGRAM --source REPOSITORY [TEST...]
"""
import http.server
import json
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import collect
from collect import Case, Relay
from harness import make_certificate


class RosterCase(Case):
    url = None

    def roster(self, token="made-up-token", url=None, more="", **env):
        config = self.work / "muster.yaml"
        config.write_text(f'muster: 1\nroster:\n  - {{scim: "{url or self.url}", file: people.jsonl, token_env: SCIM_TOKEN, max_age: 2d, kind: {{contractor: Contractor}}{more}}}\n')
        done = subprocess.run([collect.MUSTER, "collect", "-c", config], env=self.environment(SCIM_TOKEN=token, **env), capture_output=True, text=True)
        path = self.work / "people.jsonl"
        return done, [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []

    def show(self):
        return subprocess.run([collect.MUSTER, "roster", "show", "--as-of", "now", "-c", self.work / "muster.yaml"], capture_output=True, text=True)


class Rosters(RosterCase):
    """The people of a SCIM service that others wrote."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="muster-scim-")
        cls.addClassCleanup(folder.cleanup)
        for name in ("package.json", "package-lock.json", ".npmrc", "server.mjs"):
            if (collect.SOURCE / "tests/scim" / name).exists():
                shutil.copy(collect.SOURCE / "tests/scim" / name, folder.name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder.name, check=True, capture_output=True)
        cls.server = subprocess.Popen(["node", "server.mjs", "451", "made-up-token"], cwd=folder.name, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.server.kill)
        cls.url = cls.server.stdout.readline().split()[-1]

    def test_the_whole_list(self):
        done, lines = self.roster()
        self.assert_exit(done, 0)
        users = [line["object"] for line in lines if "object" in line]
        self.assertEqual([user["id"] for user in users], [f"scim-{n:06}" for n in range(451)])
        self.assertEqual((lines[-1]["status"], lines[-1]["total"], lines[-1]["rows"]), ("complete", 451, 451))
        shown = self.show()
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("451", shown.stdout)

    def relay(self, *arguments, **more):
        relay = Relay(int(self.url.split(":")[2].split("/")[0]), *arguments, **more)
        self.addCleanup(relay.close)
        return relay, relay.url + "/scim/v2"

    def test_authorities(self):
        certificate = make_certificate(self.work)
        _, url = self.relay("", connections=lambda n: False, certificate=certificate)
        done, lines = self.roster(url=url)
        self.assert_exit(done, 69)
        self.assertEqual(lines, [])
        done, lines = self.roster(url=url, more=f", ca_file: {certificate[0]}")
        self.assert_exit(done, 0)
        self.assertEqual(lines[-1]["rows"], 451)
        self.assertNotIn("warning", lines[0])
        done, lines = self.roster(url=url, more=", tls: unverified")
        self.assert_exit(done, 0)
        self.assertIn("WARNING", done.stderr)
        self.assertEqual(lines[0]["warning"], "TLS certificates were not verified")

    def test_a_proxy_with_a_password(self):
        more = f', proxy: "{self.proxy("reader", "hush-hush")}", proxy_user: reader, proxy_password_env: PROXY_PASSWORD'
        done, lines = self.roster(more=more, PROXY_PASSWORD="hush-hush")
        self.assert_exit(done, 0)
        self.assertEqual(lines[-1]["rows"], 451)
        before = lines
        done, lines = self.roster(more=more, PROXY_PASSWORD="wrong-guess")
        self.assertIn(done.returncode, (64, 69))
        self.assertIn("Left as it was", done.stdout)
        self.assertEqual(lines, before)  # the last good roster is not lost to a service that is down
        self.assertNotIn("wrong-guess", json.dumps(lines) + done.stdout + done.stderr)

    def test_patience(self):
        # Silence is waited for no longer than the config says, and then asked again as often as it says.
        relay, url = self.relay("silent", connections=lambda n: n == 1)
        done, lines = self.roster(url=url, more=", timeout: 5s, attempts: 2, longest_wait: 1s")
        self.assert_exit(done, 0)
        self.assertEqual(lines[-1]["rows"], 451)
        relay, url = self.relay("silent")
        begin = time.monotonic()
        done, lines = self.roster(url=url, more=", timeout: 1s, attempts: 2, longest_wait: 1s")
        self.assert_exit(done, 69)
        self.assertEqual(relay.count, 2)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertIn("Left as it was", done.stdout)
        relay, url = self.relay("short", connections=lambda n: n == 3)
        self.assert_exit(self.roster(url=url, more=", attempts: 1")[0], 2)

    def test_pace_and_pages(self):
        begin = time.monotonic()
        done, lines = self.roster(more=", page_size: 50, rate_limit: 4/1s")
        self.assert_exit(done, 0)
        queries = [line["request"]["query"] for line in lines if "request" in line]
        self.assertTrue(all("count=50" in query for query in queries), queries)
        self.assertGreater(time.monotonic() - begin, (len(queries) - 4) / 4 * 0.9)

    def test_a_wrong_token(self):
        done, lines = self.roster(token="guess")
        self.assert_exit(done, 64)
        self.assertEqual(lines, [])
        self.assertIn("denied", done.stdout)
        self.assertNotIn("guess", json.dumps(lines) + done.stdout + done.stderr)


class Liar:
    """A SCIM service in which something is wrong: `spoil(number, start, count, reply)` changes the reply (status, object) to the request of that number, from 1."""

    def __init__(self, people, spoil):
        self.count = 0
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                liar.count += 1
                query = parse_qs(urlsplit(self.path).query)
                start, count = int(query["startIndex"][0]), int(query["count"][0])
                rows = people[start - 1:start - 1 + count]
                reply = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": len(people), "startIndex": start, "itemsPerPage": len(rows), "Resources": rows}
                status, reply = spoil(liar.count, start, count, reply)
                body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("content-type", "application/scim+json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/scim/v2"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def person(n, **more):
    return {"id": f"u{n:04}", "userName": f"person{n}@northwind.example", "active": n % 10 != 9, "emails": [{"value": f"person{n}@northwind.example", "primary": True}], **more}


class Lies(RosterCase):
    PEOPLE = [person(n) for n in range(250)]
    PATIENCE = ", page_size: 100, attempts: 2, longest_wait: 1s"

    def ask(self, spoil, people=None):
        liar = Liar(people or self.PEOPLE, spoil)
        self.addCleanup(liar.close)
        return self.roster(url=liar.url, more=self.PATIENCE)

    def test_an_honest_one_is_whole(self):
        done, lines = self.ask(lambda number, start, count, reply: (200, reply))
        self.assert_exit(done, 0)
        self.assertEqual((lines[-1]["status"], lines[-1]["rows"]), ("complete", 250))
        self.assertEqual(self.show().returncode, 0)

    def test_half_a_list_is_never_whole(self):
        def changed(**members):
            return lambda reply: {**reply, **members}

        def always(change, from_number=1):
            return lambda number, start, count, reply: (200, change(reply) if number >= from_number else reply)
        twice = [*self.PEOPLE[:120], self.PEOPLE[7], *self.PEOPLE[120:]]
        for name, spoil, reason in (
                ("a total that shrinks with each reply", lambda number, start, count, reply: (200, {**reply, "totalResults": 250 - number}), "users, then"),
                ("a total that grows with each reply", lambda number, start, count, reply: (200, {**reply, "totalResults": 250 + number}), "users, then"),
                ("more users than it says", always(changed(totalResults=100)), "gives more"),
                ("the rows of the page for the total", lambda number, start, count, reply: (200, {**reply, "totalResults": len(reply["Resources"])}), "gives more"),
                ("fewer users than it says", always(changed(totalResults=400)), "250"),
                ("always the first page", lambda number, start, count, reply: (200, {**reply, "Resources": self.PEOPLE[:100], "startIndex": 1}), "shifted"),
                ("pages that begin one too late", lambda number, start, count, reply: (200, {**reply, "Resources": self.PEOPLE[start:start + count] if start > 1 else reply["Resources"]}), "shifted"),
                ("empty pages", lambda number, start, count, reply: (200, {**reply, "Resources": []} if start > 1 else reply), "gives 100"),
                ("pages without a list", lambda number, start, count, reply: (200, {name: value for name, value in reply.items() if name != "Resources"} if start > 1 else reply), "gives 100"),
                ("500 on the second page", lambda number, start, count, reply: (200, reply) if start == 1 else (500, {}), "500"),
                ("401 on the second page", lambda number, start, count, reply: (200, reply) if start == 1 else (401, {}), "401"),
                ("404 on the second page", lambda number, start, count, reply: (200, reply) if start == 1 else (404, {}), "404"),
                ("a redirect on the second page", lambda number, start, count, reply: (200, reply) if start == 1 else (302, {}), "302"),
                ("HTML on the second page", lambda number, start, count, reply: (200, reply if start == 1 else b"<html>"), "not valid"),
                ("a user without an id", lambda number, start, count, reply: (200, {**reply, "Resources": [{**row, "id": ""} for row in reply["Resources"]]} if start > 1 else reply), "no id"),
                ("a user who stands there twice", lambda number, start, count, reply: (200, {**reply, "totalResults": 251, "Resources": twice[start - 1:start - 1 + count]}), "came twice")):
            with self.subTest(name):
                done, lines = self.ask(spoil)
                self.assert_exit(done, 2)
                self.assertEqual(lines[-1]["status"], "partial")
                self.assertIn(reason, lines[-1]["reason"])
                shown = self.show()
                self.assertIn("partial", shown.stdout + shown.stderr)

    def test_a_list_that_changes_once_is_read_again(self):
        for name, spoil in (("a total", lambda number, start, count, reply: (200, {**reply, "totalResults": 249} if number == 2 else reply)),
                            ("a shift", lambda number, start, count, reply: (200, {**reply, "Resources": self.PEOPLE[start:start + count]} if number == 2 else reply))):
            with self.subTest(name):
                done, lines = self.ask(spoil)
                self.assert_exit(done, 0)
                self.assertEqual((lines[-1]["status"], lines[-1]["rows"]), ("complete", 250))
                users = [line["object"]["id"] for line in lines if "object" in line]
                self.assertEqual(users, [each["id"] for each in self.PEOPLE])

    def test_nothing_that_came_replaces_nothing(self):
        done, lines = self.ask(lambda number, start, count, reply: (200, reply))
        self.assert_exit(done, 0)
        for name, spoil, code in (("503", lambda number, start, count, reply: (503, {}), 69), ("404", lambda number, start, count, reply: (404, {}), 69), ("403", lambda number, start, count, reply: (403, {}), 64),
                                  ("HTML", lambda number, start, count, reply: (200, b"<html>sign in</html>"), 69),
                                  ("no total", lambda number, start, count, reply: (200, {"Resources": reply["Resources"]}), 69),
                                  ("a total in quotes", lambda number, start, count, reply: (200, {**reply, "totalResults": "250"}), 69),
                                  ("a total below nothing", lambda number, start, count, reply: (200, {**reply, "totalResults": -1}), 69)):
            with self.subTest(name):
                failed, after = self.ask(spoil)
                self.assert_exit(failed, code)
                self.assertIn("Left as it was", failed.stdout)
                self.assertEqual(after, lines)

    def test_users_who_do_not_say_whether_they_are_active(self):
        people = [*self.PEOPLE[:3], {name: value for name, value in person(3).items() if name != "active"}, person(4, active=None), person(5, active="true"), person(6, active="no")]
        done, lines = self.ask(lambda number, start, count, reply: (200, reply), people)
        self.assert_exit(done, 0)  # the list is whole; whether it can be used is for who reads it
        shown = self.show()
        self.assertEqual(shown.returncode, 64, shown.stdout)
        for name in ("u0003", "u0004", "u0006"):
            self.assertIn(f"the user {name} does not say whether it is active", shown.stderr)
        self.assertNotIn("u0005", shown.stderr)

    def test_a_list_that_fills_its_pages(self):
        done, lines = self.ask(lambda number, start, count, reply: (200, reply), self.PEOPLE[:100])
        self.assert_exit(done, 0)
        self.assertEqual((lines[-1]["status"], lines[-1]["rows"]), ("complete", 100))
        self.assertEqual(sum("request" in line for line in lines), 2)  # one more, whether that is all

    def test_a_service_of_nobody(self):
        done, lines = self.ask(lambda number, start, count, reply: (200, {"totalResults": 0}))
        self.assert_exit(done, 0)
        self.assertEqual((lines[-1]["status"], lines[-1]["rows"]), ("complete", 0))
        self.assertNotEqual(self.show().returncode, 0)  # an empty roster is no roster


if __name__ == "__main__":
    collect.main()
