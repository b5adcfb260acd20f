#!/usr/bin/env python3
"""`muster doctor` against the simulator: what it says when all is well, and of each thing that can be wrong.

usage: doctor.py --muster PROGRAM --simulator PROGRAM --source REPOSITORY [TEST...]
"""
import json
import socket
import subprocess
import sys
import time
import unittest

import collect
from collect import Case, Relay
from harness import ADMIN, EXPIRED, OAUTH, WORKSPACE, enterprise, make_certificate

HR = "employee_id,work_email,status\nP-1,user1@northwind.example,Active\n"


class Doctor(Case):
    def config(self, url, *, sources=None, policies="[anthropic-baseline]", roster=HR, as_of="2026-11-25", more="", tail=""):
        lines = ["muster: 1", "organization: northwind", f"policies: {policies}", "sources:"]
        for source in sources or ["provider: anthropic-admin, api_key_env: ADMIN_KEY", "provider: anthropic-admin, token_env: OAUTH"]:
            lines.append(f'  - {{{source}, base_url: "{url}", longest_wait: 1s, rate_limit: off, timeout: 2s{more}}}')
        lines += ["roster:", f"  - {{csv: hr.csv, columns: {{person_id: employee_id, email: work_email, status: status}}, as_of: {as_of}, max_age: 7d}}"]
        if roster is not None:
            (self.work / "hr.csv").write_text(roster)
        path = self.work / "muster.yaml"
        path.write_text("\n".join(lines) + "\n" + tail)
        return path

    def doctor(self, config, *arguments, **more):
        """Exit code, JSON, and the text; no secret is in either."""
        env = self.environment(OAUTH=OAUTH, **more)
        command = [collect.MUSTER, "doctor", "-c", config, "--as-of", "2026-11-26", *arguments]
        shown = subprocess.run(command, env=env, capture_output=True, text=True)
        as_json = subprocess.run([*command, "--json"], env=env, capture_output=True, text=True)
        self.assertEqual(shown.returncode, as_json.returncode, shown.stdout + as_json.stdout)
        for text in (shown.stdout, shown.stderr, as_json.stdout, as_json.stderr):
            for secret in {*more.values(), ADMIN, OAUTH, enterprise("audit")}:
                self.assertNotIn(secret, text)
        report = json.loads(as_json.stdout)
        self.assertEqual(report["exit_code"], shown.returncode)
        for check in report["checks"]:
            self.assertIn(check["check"], shown.stdout)
        return shown.returncode, report, shown.stdout

    def wrong(self, report):
        return {check["check"]: check for check in report["checks"] if check["state"] == "wrong"}

    def answers(self, report):
        return {each["endpoint"]: each["answer"] for each in report["organizations"][0]["endpoints"]}

    def unknown(self, report):
        return {each["as"]: each["because"] for each in report["organizations"][0]["unknown_rules"] if each["every_subject"]}

    def test_all_is_well(self):
        simulator = self.simulator("--users=2500")
        code, report, text = self.doctor(self.config(simulator.url))
        self.assertEqual((code, self.wrong(report)), (0, {}), text)
        self.assertEqual(set(self.answers(report).values()), {"works"}, text)
        self.assertEqual(report["organizations"][0]["unknown_rules"], [])
        self.assertIn("Fine", text)
        # Cheap: each endpoint once, for one row, in each of the two runs.
        requests = simulator.stats()["requests"]
        self.assertEqual({name.split()[0] for name in requests}, {"GET"})
        self.assertLessEqual(max(requests.values()), 2, requests)

    def test_what_it_foretells_comes_true(self):
        """The datasets that doctor calls missing are those of the snapshot that collect then makes, and the rules those that check calls unknown."""
        simulator = self.simulator("--users=60", "--now=real")  # or its usage would end before the day of the collection
        simulator.faults("forbidden:path=/v1/organizations/api_keys,times=0", "not_found:path=/v1/organizations/service_accounts,times=0")
        config = self.config(simulator.url, tail="snapshot: snapshots\n")
        code, report, text = self.doctor(config)
        self.assertEqual(code, 2, text)
        self.assertEqual(self.answers(report)["admin_api_keys"], "denied")
        done = subprocess.run([collect.MUSTER, "collect", "-c", config, "--out", self.work / "snapshots/one"], env=self.environment(OAUTH=OAUTH), capture_output=True, text=True)
        self.assertIn(done.returncode, (0, 2), done.stderr)
        manifest = self.manifest("snapshots/one")
        foretold = {each["dataset"]: each["status"] for each in report["organizations"][0]["missing"]}
        self.assertEqual(foretold["api_keys"], "denied")
        self.assertEqual(foretold, {name: manifest[name]["status"] for name in foretold})
        for name, row in manifest.items():
            if row["status"] not in ("complete", "not_requested"):
                self.assertIn(name, foretold)
        out = self.work / "out"
        subprocess.run([collect.MUSTER, "check", "-c", config, "--as-of", "2026-11-26", "--out", out], capture_output=True, text=True)
        rules = json.loads((out / "results.json").read_text())["rules"]
        blocked = {rule["as"] for rule in rules if rule["population"] and rule["counts"]["unknown"] == rule["population"] or rule.get("whole")}
        self.assertTrue(set(self.unknown(report)) >= blocked - {"org.nothing"}, (self.unknown(report), blocked))
        self.assertIn("keys.no_expiry", self.unknown(report))
        self.assertIn("api_keys: denied", self.unknown(report)["keys.no_expiry"])

    def test_keys_of_two_organizations(self):
        simulator = self.simulator("--users=20", "--tenants=2")
        config = self.config(simulator.url, sources=["provider: anthropic-admin, api_key_env: ADMIN_KEY", "provider: anthropic-compliance, api_key_env: COMPLIANCE_KEY"])
        self.assertEqual(self.answers(self.doctor(config)[1])["compliance_organizations"], "works")
        code, report, text = self.doctor(config, COMPLIANCE_KEY=collect.AUDIT + "-2")
        self.assertNotEqual(code, 0)
        self.assertEqual(self.answers(report)["compliance_organizations"], "odd")
        self.assertIn("of another organization than the Admin key", text)
        done = subprocess.run([collect.MUSTER, "collect", "-c", config, "--out", self.work / "both"], env=self.environment(COMPLIANCE_KEY=collect.AUDIT + "-2"),
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertIn("different organizations", done.stderr)
        self.assertFalse((self.work / "both").exists())

    def test_a_key_of_the_wrong_kind_is_named_and_not_sent(self):
        simulator = self.simulator()
        code, report, text = self.doctor(self.config(simulator.url, sources=["provider: anthropic-admin, api_key_env: ADMIN_KEY"]), ADMIN_KEY=WORKSPACE)
        self.assertEqual(code, 64)
        self.assertIn("a workspace's API key", self.wrong(report)["key"]["found"])
        self.assertIn("Admin keys", self.wrong(report)["key"]["mend"])
        self.assertEqual(simulator.stats()["total"], 0)
        self.assertIn("the key of anthropic-admin cannot be used", text)

    def test_a_key_that_is_not_there(self):
        simulator = self.simulator()
        code, report, _ = self.doctor(self.config(simulator.url, sources=["provider: anthropic-admin, api_key_env: NOT_SET"]))
        self.assertEqual(code, 64)
        self.assertIn("NOT_SET is not set", self.wrong(report)["key"]["found"])

    def test_a_key_that_is_not_taken(self):
        simulator = self.simulator()
        code, report, text = self.doctor(self.config(simulator.url, sources=["provider: anthropic-admin, api_key_env: ADMIN_KEY"]), ADMIN_KEY=EXPIRED)
        self.assertEqual(code, 64)
        self.assertIn("does not take the key", self.wrong(report)["anthropic-admin"]["found"])
        self.assertEqual(simulator.stats()["total"], 2, "one request for each of the two runs: nothing is asked with a key that is not taken")
        self.assertIn("not asked", text)

    def test_a_scope_that_is_missing_and_an_endpoint_that_is_not_there(self):
        simulator = self.simulator("--without=/v1/organizations/external_keys")
        code, report, text = self.doctor(self.config(simulator.url, sources=["provider: anthropic-admin, api_key_env: ADMIN_KEY", "provider: anthropic-compliance, api_key_env: COMPLIANCE_KEY"]),
                                         COMPLIANCE_KEY=enterprise("activities"))
        self.assertEqual(self.answers(report)["admin_external_keys"], "absent")
        self.assertEqual(self.answers(report)["compliance_organizations"], "denied")
        self.assertEqual(self.answers(report)["compliance_users"], "not asked")
        self.assertEqual(self.answers(report)["activities"], "works")
        missing = {each["dataset"]: each for each in report["organizations"][0]["missing"]}
        self.assertEqual(missing["external_keys"]["status"], "unsupported")
        self.assertEqual(missing["users"]["status"], "partial")
        self.assertEqual(code, 2, text)

    def test_no_server(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        code, report, text = self.doctor(self.config(f"http://127.0.0.1:{port}"))
        self.assertEqual(code, 69)
        self.assertIn("does not answer", self.wrong(report)["anthropic-admin"]["found"])
        self.assertIn("base_url", self.wrong(report)["anthropic-admin"]["mend"])

    def test_a_server_that_is_silent(self):
        relay = Relay(1, "silent")
        self.addCleanup(relay.close)
        begin = time.monotonic()
        code, _, _ = self.doctor(self.config(relay.url, more=", attempts: 1", sources=["provider: anthropic-admin, api_key_env: ADMIN_KEY"]))
        self.assertEqual(code, 69)
        self.assertLess(time.monotonic() - begin, 20)

    def test_an_authority_that_nobody_knows(self):
        certificate = make_certificate(self.work)
        simulator = self.simulator(certificate=certificate)
        code, report, _ = self.doctor(self.config(simulator.url))
        self.assertEqual(code, 69)
        self.assertIn("certificate", self.wrong(report)["anthropic-admin"]["found"])
        self.assertIn("ca_file", self.wrong(report)["anthropic-admin"]["mend"])
        code, report, text = self.doctor(self.config(simulator.url, more=f", ca_file: {certificate[0]}"))
        self.assertEqual(code, 0, text)
        self.assertIn("its certificate is good", text)
        code, report, text = self.doctor(self.config(simulator.url, more=", tls: unverified"))
        self.assertEqual(code, 0, text)
        self.assertIn("NOT verified", text)
        code, report, _ = self.doctor(self.config(simulator.url, more=", ca_file: gone.pem"))
        self.assertEqual(code, 64)
        self.assertIn("gone.pem", self.wrong(report)["key"]["found"])

    def test_a_proxy_that_wants_a_password(self):
        proxy = self.proxy("reader", "hush-hush")
        certificate = make_certificate(self.work)
        for simulator, trusted in ((self.simulator(), ""), (self.simulator(certificate=certificate), f", ca_file: {certificate[0]}")):
            with self.subTest(simulator.url):
                named = f'{trusted}, proxy: "{proxy}"'
                code, report, _ = self.doctor(self.config(simulator.url, more=named))
                self.assertEqual(code, 69)
                self.assertIn("407", self.wrong(report)["anthropic-admin"]["found"])
                self.assertIn("proxy_password_env", self.wrong(report)["anthropic-admin"]["mend"])
                more = named + ", proxy_user: reader, proxy_password_env: PROXY_PASSWORD"
                # This proxy answers a wrong password as a service does, by 401: only a tunnel tells them apart.
                self.assertEqual(self.doctor(self.config(simulator.url, more=more), PROXY_PASSWORD="wrong-guess")[0], 69 if trusted else 64)
                code, _, text = self.doctor(self.config(simulator.url, more=more), PROXY_PASSWORD="hush-hush")
                self.assertEqual(code, 0, text)
                self.assertIn("through http://127.0.0.1", text)

    def test_a_clock_ten_minutes_off(self):
        for skew, word in ((600, "behind"), (-600, "ahead of")):
            simulator = self.simulator(f"--clock-skew={skew}")
            code, report, _ = self.doctor(self.config(simulator.url))
            self.assertEqual(code, 2)
            self.assertRegex(self.wrong(report)["clock"]["found"], rf"this machine's clock is (10m|9m 5[0-9]s|10m [0-9]s) {word} that of http://127")
        simulator = self.simulator("--clock-skew=20")
        self.assertEqual(self.doctor(self.config(simulator.url))[0], 0)

    def test_rosters(self):
        simulator = self.simulator()
        for roster, as_of, code, words in ((None, "2026-11-25", 64, "hr.csv"), (HR.replace("Active", "Vanished"), "2026-11-25", 64, "Vanished"), (HR.replace("work_email", "mail"), "2026-11-25", 64, "work_email"),
                                           (HR, "2026-11-01", 2, "stale")):
            with self.subTest(words):
                (self.work / "hr.csv").unlink(missing_ok=True)
                got, report, text = self.doctor(self.config(simulator.url, roster=roster, as_of=as_of))
                self.assertEqual(got, code, text)
                self.assertIn(words, self.wrong(report)["roster"]["found"])
                self.assertIn("accounts.leavers_removed", self.unknown(report))
                self.assertNotIn("keys.no_expiry", self.unknown(report))

    def test_a_config_with_slips_asks_nobody(self):
        simulator = self.simulator()
        config = self.config(simulator.url, policies="[anthropic-baselin]")
        code, report, _ = self.doctor(config)
        self.assertEqual(code, 64)
        self.assertIn("anthropic-baseline", self.wrong(report)["config"]["mend"])
        config = self.config(simulator.url, tail="waivers: gone.yaml\n")
        code, report, _ = self.doctor(config)
        self.assertEqual(code, 64)
        self.assertIn("gone.yaml", self.wrong(report)["policies"]["found"])

    def test_without_the_network(self):
        fixture = collect.SOURCE / "fixtures/northwind/muster.yaml"
        command = [collect.MUSTER, "doctor", "-c", fixture, "--as-of", "2026-11-20"]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        denied = subprocess.run([*command[:3], collect.SOURCE / "fixtures/denied_dataset/muster.yaml", *command[4:]], capture_output=True, text=True)
        self.assertEqual(denied.returncode, 2, denied.stdout)
        self.assertIn("will be `unknown`", denied.stdout)
        simulator = self.simulator()
        code, report, text = self.doctor(self.config(simulator.url, tail="snapshot: snapshots\n"), "--offline")
        self.assertEqual(simulator.stats()["total"], 0)
        self.assertEqual(code, 64, text)  # there is no snapshot yet
        self.assertIn("snapshot", self.wrong(report))

    def test_one_organization_after_the_other(self):
        simulator = self.simulator("--tenants=2")
        sources = [f"provider: anthropic-admin, organization: {name}, api_key_env: {key}" for name, key in (("north", "ADMIN_KEY"), ("south", "SOUTH_KEY"))]
        code, report, text = self.doctor(self.config(simulator.url, sources=sources), SOUTH_KEY=f"{ADMIN}-2")
        self.assertEqual([each["organization"] for each in report["organizations"]], ["north", "south"])
        self.assertEqual(code, 0 if not report["organizations"][0]["unknown_rules"] else 2, text)


if __name__ == "__main__":
    collect.main()
