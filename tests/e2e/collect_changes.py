#!/usr/bin/env python3
"""Collections of organizations that change meanwhile, by several jobs, and of several at once.

usage: collect_changes.py --muster PROGRAM --simulator PROGRAM --source REPOSITORY [TEST...]
"""
import json
import time

import collect
from collect import Case


class Changes(Case):
    def users_after(self, fault, rows, out="snapshot", size=2500):
        simulator = self.simulator(f"--users={size}")
        simulator.faults(fault)
        self.assert_exit(self.collect(self.config(simulator.url), out), 0)
        self.verify(out)
        users = self.manifest(out)["users"]
        self.assertEqual((users["status"], users["rows"]), ("complete", rows))
        ids = [row["object"]["id"] for row in self.rows("users", out)]
        self.assertEqual(len(set(ids)), rows)
        return simulator, users["warnings"], set(ids)

    def test_rows_that_come_twice(self):
        _, warnings, _ = self.users_after("duplicate_rows:path=/v1/organizations/users,from=2,rows=5", 2500)
        self.assertEqual(warnings, ["5 rows came twice: the list shifted while it was read"])

    def test_a_row_under_the_cursor_that_vanishes(self):
        # The service no longer knows the cursor: the list is read again, and shows what is there now.
        simulator, warnings, ids = self.users_after("vanish:path=/v1/organizations/users,from=2,rows=3", 2497)
        self.assertEqual(warnings, ["the list was read again from its start: the service no longer knew the cursor"])
        there = set()
        cursor = ""
        while True:
            page = simulator.get(f"/v1/organizations/users?limit=1000{cursor}").json
            there |= {user["id"] for user in page["data"]}
            if not page["has_more"]:
                break
            cursor = f"&after_id={page['last_id']}"
        self.assertEqual(ids, there)

    def test_rows_behind_the_cursor_that_vanish(self):
        # They were never shown: the snapshot is what the organization was at the end, and there is nothing to see.
        _, warnings, _ = self.users_after("vanish:path=/v1/organizations/users,from=2,rows=3,keep=1", 2497)
        self.assertEqual(warnings, [])

    def test_somebody_who_joins_meanwhile(self):
        simulator = self.simulator()
        simulator.faults("slow:ms=2000,path=/v1/organizations/invites,from=2")
        config = self.config(simulator.url, more=", page_size: 5, datasets: [organizations, invites]", timeout="20s")
        process = self.start("-c", config, "--out", self.work / "snapshot", "--jobs", "1")
        for _ in range(2000):  # until the first page is there; the second is on its way, slowly
            if any(path.stat().st_size > 0 for path in self.work.rglob("invites.jsonl")):
                break
            time.sleep(0.005)
        sent = simulator.request("POST", "/v1/organizations/invites", collect.ADMIN, body={"email": "late@northwind.example", "role": "user"})
        self.assertEqual(sent.status, 200, sent.body)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.verify()
        invites = self.manifest()["invites"]
        self.assertEqual(invites["rows"], 8)
        self.assertEqual(invites["warnings"], ["the list changed while it was read: it no longer begins with the row that it began with"])


class Jobs(Case):
    def test_the_same_bytes_whatever_the_number(self):
        simulator = self.simulator("--users=3000", "--workspaces=80", "--groups=20")
        config = self.config(simulator.url, compliance=True, more=", skip: [activities]")
        self.assert_exit(self.collect(config, "one", "--jobs", "1"), 0)
        at_once = simulator.stats()["most_at_once"]
        self.assertEqual(at_once, 1)
        simulator.reset_stats()
        self.assert_exit(self.collect(config, "many", "--jobs", "12"), 0)
        self.assertGreater(simulator.stats()["most_at_once"], 1)
        self.assertLessEqual(simulator.stats()["most_at_once"], 24)  # two sources
        for path in sorted((self.work / "one/data").iterdir()):
            self.assertEqual((self.work / "many/data" / path.name).read_bytes(), path.read_bytes(), path.name)
        asked = [[(row["path"], row["query"], row["rows"], row["sha256"] if row["status"] == 200 else "") for row in map(json.loads, (self.work / out / "ledger.jsonl").read_text().splitlines())] for out in ("one", "many")]
        self.assertEqual(*asked)

    def test_the_limit_holds_for_all_of_them_together(self):
        simulator = self.simulator("--users=1500", "--workspaces=60", "--groups=20", limits=("--admin-limit=100/1", "--compliance-limit=100/1"))
        config = self.config(simulator.url, compliance=True, more=", page_size: 10")
        config.write_text(config.read_text().replace("rate_limit: off", "rate_limit: 100/1s"))
        self.assert_exit(self.collect(config, "snapshot", "--jobs", "12"), 0)
        self.assertEqual(simulator.stats()["limited"], 0)
        self.verify()

    def test_two_keys_of_one_organization_share_its_budget(self):
        simulator = self.simulator("--users=1500", "--workspaces=40", limits=("--admin-limit=100/1", "--compliance-limit=off"))
        config = self.work / "muster.yaml"
        config.write_text("muster: 1\nsources:\n" + "".join(f'  - {{provider: anthropic-admin, {key}, base_url: "{simulator.url}", rate_limit: 100/1s, page_size: 10, from: 2026-11-13, to: 2026-11-21}}\n'
                                                             for key in ("api_key_env: ADMIN_KEY", "token_env: OAUTH")))
        self.assert_exit(self.collect(config, env=self.environment(OAUTH=collect.OAUTH)), 0)
        self.assertEqual(simulator.stats()["limited"], 0)
        self.assertEqual(self.manifest()["service_accounts"]["status"], "complete")


class Organizations(Case):
    def test_side_by_side(self):
        one, two = self.simulator("--users=1200"), self.simulator("--users=700", "--seed=5")
        for simulator in (one, two):
            simulator.faults("slow:ms=30,times=0")
        config = self.work / "muster.yaml"
        config.write_text("muster: 1\nsources:\n" + "".join(f'  - {{provider: anthropic-admin, organization: {name}, api_key_env: ADMIN_KEY, base_url: "{simulator.url}", rate_limit: off, from: 2026-11-13, to: 2026-11-21}}\n'
                                                             for name, simulator in (("north", one), ("south", two))))
        done = self.collect(config, "s")
        self.assert_exit(done, 0)
        for name, users in (("north", 1200), ("south", 700)):
            self.verify(f"s-{name}")
            self.assertEqual(self.manifest(f"s-{name}")["users"]["rows"], users)
        # Both were asked in the same seconds.
        times = [json.loads((self.work / f"s-{name}/manifest.json").read_text()) for name in ("north", "south")]
        started, completed = ([time[part] for time in times] for part in ("started", "completed"))
        self.assertLess(max(started), min(completed))
        self.assertIn("north: admin_users", done.stdout)

    def test_one_that_fails_does_not_stop_the_other(self):
        one, two = self.simulator("--users=100"), self.simulator("--users=70")
        two.faults("forbidden:path=/v1/organizations/users,times=0")
        config = self.work / "muster.yaml"
        config.write_text("muster: 1\nsources:\n" + "".join(f'  - {{provider: anthropic-admin, organization: {name}, api_key_env: ADMIN_KEY, base_url: "{simulator.url}", rate_limit: off, from: 2026-11-13, to: 2026-11-21}}\n'
                                                             for name, simulator in (("north", one), ("south", two))))
        done = self.collect(config, "s")
        self.assert_exit(done, 2)
        self.assertEqual(self.manifest("s-north")["users"]["status"], "complete")
        self.assertEqual(self.manifest("s-south")["users"]["status"], "denied")
        self.assertIn("users is denied: 403", done.stderr)
        self.assertIn("admin_users needs Admin key", done.stderr)
        self.assertIn("skip: [NAME]", done.stderr)


if __name__ == "__main__":
    collect.main()
