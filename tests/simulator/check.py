#!/usr/bin/env python3
"""Tests the simulator against what is known of the APIs: the rows of the fact sheet's checklist, one after the other.

usage: check.py --simulator PROGRAM --source REPOSITORY [TEST...]
"""
import argparse
import base64
import collections
import json
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from harness import ADMIN, EXPIRED, OAUTH, REVOKED, WORKSPACE, Simulator, enterprise, make_certificate

PROGRAM = SOURCE = None
AUDIT = enterprise("audit")
NO_LIMITS = ("--admin-limit=off", "--compliance-limit=off")


class Case(unittest.TestCase):
    options = NO_LIMITS

    @classmethod
    def setUpClass(cls):
        cls.simulator = Simulator(PROGRAM, *cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.simulator.stop()

    def setUp(self):
        self.simulator.faults()

    def get(self, target, key=ADMIN, headers=None):
        return self.simulator.get(target, key, headers)

    def assert_error(self, answer, status, word):
        self.assertEqual((answer.status, answer.json["error"]["type"]), (status, word), answer.body[:300])
        self.assertEqual(answer.json["type"], "error")
        self.assertEqual(answer.json["request_id"], answer.headers["request-id"])

    def all_by_id(self, path, key=ADMIN, limit=100):
        rows, after = [], ""
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{after}", key).json
            rows += page["data"]
            if not page["has_more"]:
                return rows
            after = f"&after_id={page['last_id']}"

    def all_by_token(self, path, key=AUDIT, limit=100):
        rows, token = [], ""
        while True:
            page = self.get(f"{path}?limit={limit}{token}", key).json
            rows += page["data"]
            if not page["next_page"]:
                return rows
            token = f"&page={page['next_page']}"

    @property
    def uuid(self):
        return self.get("/v1/organizations/me").json["id"]


class Keys(Case):
    """Row 1 to 4 of the checklist: keys, versions, headers, methods."""

    def test_missing_unknown_revoked_and_expired_keys(self):
        for key in (None, "sk-ant-admin01-unknown", REVOKED, EXPIRED):
            self.assert_error(self.get("/v1/organizations/users", key), 401, "authentication_error")

    def test_workspace_key_is_refused(self):
        self.assert_error(self.get("/v1/organizations/users", WORKSPACE), 403, "permission_error")

    def test_scopes_are_named(self):
        answer = self.get("/v1/organizations/users", enterprise("groups"))
        self.assert_error(answer, 403, "permission_error")
        self.assertEqual(answer.json["error"]["message"], "Missing required scopes. Got: ['read:rbac_groups'] Needed one of: ['read:members', 'read:org_audit']")
        for scopes, path, status in (("members", "/v1/organizations/rbac_groups", 403), ("groups", "/v1/organizations/rbac_groups", 200), ("org-data", f"/v1/compliance/organizations/{self.uuid}/users", 403),
                                     ("user-data", f"/v1/compliance/organizations/{self.uuid}/users", 200), ("audit", f"/v1/compliance/organizations/{self.uuid}/users", 200),
                                     ("audit", "/v1/organizations/api_keys", 403), ("retired", f"/v1/compliance/organizations/{self.uuid}/settings", 403)):
            self.assertEqual(self.get(path, enterprise(scopes)).status, status, (scopes, path))

    def test_an_admin_key_reads_the_activity_feed_only(self):
        self.assertEqual(self.get("/v1/compliance/activities").status, 200)
        self.assert_error(self.get("/v1/compliance/organizations"), 403, "permission_error")
        self.assert_error(self.get("/v1/compliance/groups"), 403, "permission_error")

    def test_service_accounts_need_oauth(self):
        for path in ("service_accounts", "federation_issuers", "federation_rules"):
            self.assert_error(self.get(f"/v1/organizations/{path}"), 403, "permission_error")
            bearer = {"authorization": f"Bearer {OAUTH}", "anthropic-version": "2023-06-01"}
            self.assertEqual(self.get(f"/v1/organizations/{path}", None, bearer).status, 200)
        with Simulator(PROGRAM, "--oauth-only-status=401") as other:
            self.assert_error(other.get("/v1/organizations/service_accounts"), 401, "authentication_error")

    def test_compliance_takes_its_key_as_a_bearer_too(self):
        self.assertEqual(self.get("/v1/compliance/organizations", None, {"authorization": f"Bearer {AUDIT}"}).status, 200)

    def test_the_version_is_needed_on_admin_paths_alone(self):
        self.assert_error(self.get("/v1/organizations/users", ADMIN, {}), 400, "invalid_request_error")
        self.assertEqual(self.get("/v1/compliance/organizations", AUDIT, {}).status, 200)
        with Simulator(PROGRAM, "--no-version") as other:
            self.assertEqual(other.get("/v1/organizations/users", ADMIN, {}).status, 200)

    def test_headers(self):
        answer = self.get("/v1/organizations/users?limit=1")
        self.assertRegex(answer.headers["request-id"], r"^req_01[0-9A-Za-z]{22}$")
        self.assertEqual(answer.headers["anthropic-organization-id"], self.uuid)
        self.assertNotIn("anthropic-workspace-id", answer.headers)
        self.assertNotIn("anthropic-organization-id", self.get("/v1/organizations/users", None).headers)

    def test_methods_and_paths(self):
        self.assert_error(self.simulator.request("PUT", "/v1/organizations/users", ADMIN), 405, "invalid_request_error")
        self.assert_error(self.get("/v1/organizations/nothing"), 404, "not_found_error")
        self.assert_error(self.get("/v1/organizations/users/user_01Nobody"), 404, "not_found_error")


class Paging(Case):
    """Rows 5 to 7."""

    options = (*NO_LIMITS, "--users=1234", "--activities=700", "--members=60", "--linked=2", "--invites=0")

    def test_limits(self):
        for path, most in (("/v1/organizations/users", 1000), ("/v1/compliance/activities", 5000), ("/v1/organizations/rbac_groups", 1000)):
            for limit in ("0", str(most + 1), "-1", "many"):
                answer = self.get(f"{path}?limit={limit}")
                self.assert_error(answer, 400, "invalid_request_error")
                self.assertEqual(answer.json["error"]["message"], f"limit: must be between 1 and {most}, got {limit}")

    def test_default_page_sizes(self):
        self.assertEqual(len(self.get("/v1/organizations/users").json["data"]), 20)
        self.assertEqual(len(self.get("/v1/compliance/activities").json["data"]), 100)
        self.assertEqual(len(self.get(f"/v1/compliance/organizations/{self.uuid}/users", AUDIT).json["data"]), 500)

    def test_every_page_size_gives_the_same_users_once_newest_first(self):
        want = self.all_by_id("/v1/organizations/users", limit=1000)
        self.assertEqual(len({user["id"] for user in want}), 1234)
        self.assertEqual([user["added_at"] for user in want], sorted((user["added_at"] for user in want), reverse=True))
        for limit in (7, 100, 617):
            self.assertEqual(self.all_by_id("/v1/organizations/users", limit=limit), want)

    def test_both_views_are_of_one_person(self):
        admin = {user["id"]: user for user in self.all_by_id("/v1/organizations/users", limit=1000)}
        directory = self.all_by_token(f"/v1/compliance/organizations/{self.uuid}/users", limit=999)
        self.assertEqual([user["created_at"] for user in directory], sorted(user["created_at"] for user in directory))
        self.assertEqual({user["id"] for user in directory}, set(admin))
        for user in directory:
            self.assertEqual((user["full_name"], user["email"], user["organization_role"]), tuple(admin[user["id"]][name] for name in ("name", "email", "role")))

    def test_before_id_walks_the_other_way(self):
        users = self.all_by_id("/v1/organizations/users", limit=1000)
        page = self.get(f"/v1/organizations/users?limit=10&before_id={users[50]['id']}").json
        self.assertEqual(page["data"], users[40:50])
        self.assertTrue(page["has_more"])
        page = self.get(f"/v1/organizations/users?limit=10&before_id={users[5]['id']}").json
        self.assertEqual((page["data"], page["has_more"]), (users[:5], False))
        both = f"/v1/organizations/users?after_id={users[0]['id']}&before_id={users[1]['id']}"
        self.assert_error(self.get(both), 400, "invalid_request_error")

    def test_unknown_cursors(self):
        self.assert_error(self.get("/v1/organizations/users?after_id=user_01Gone"), 400, "invalid_request_error")
        self.assert_error(self.get("/v1/compliance/activities?after_id=activity_01Gone"), 400, "invalid_request_error")
        token = self.get(f"/v1/compliance/organizations/{self.uuid}/users?limit=5", AUDIT).json["next_page"]
        for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), base64.b64encode(b"5").decode(), "!"):
            self.assert_error(self.get(f"/v1/compliance/organizations/{self.uuid}/users?page={wrong}", AUDIT), 400, "invalid_request_error")

    def test_empty_page(self):
        page = self.get("/v1/organizations/invites").json
        self.assertEqual(page, {"data": [], "has_more": False, "first_id": None, "last_id": None})

    def test_activities_by_time_and_type(self):
        every = self.all_by_id("/v1/compliance/activities", limit=5000)
        made = [row for row in every if row["type"] != "compliance_api_accessed"]
        self.assertEqual(len(made), 700)
        middle = made[300]["created_at"]
        later = self.all_by_id(f"/v1/compliance/activities?created_at.gte={middle}&activity_types[]=sso_login_succeeded", limit=50)
        self.assertEqual(later, [row for row in made[:301] if row["type"] == "sso_login_succeeded"])
        between = self.all_by_id(f"/v1/compliance/activities?created_at.gt={made[20]['created_at']}&created_at.lt={made[10]['created_at']}")
        self.assertEqual(between, made[11:20])
        for wrong in ("2026-11-01", "2026-11-01T10:00:00", "yesterday"):
            self.assert_error(self.get(f"/v1/compliance/activities?created_at.gte={wrong}"), 400, "invalid_request_error")

    def test_linked_organizations_share_users(self):
        organizations = self.get("/v1/compliance/organizations", AUDIT).json["data"]
        self.assertEqual(len(organizations), 2)
        first, second = ({user["id"] for user in self.all_by_token(f"/v1/compliance/organizations/{o['uuid']}/users")} for o in organizations)
        self.assertEqual(len(first & second), 5)
        self.assertTrue(second - first)

    def test_children(self):
        users = {user["id"]: user["role"] for user in self.all_by_id("/v1/organizations/users", limit=1000)}
        seen = set()
        for workspace in self.all_by_id("/v1/organizations/workspaces?include_archived=true"):
            members = self.all_by_id(f"/v1/organizations/workspaces/{workspace['id']}/members", limit=7)
            self.assertEqual(len(members), len({member["user_id"] for member in members}))
            seen |= {users[member["user_id"]] for member in members}
        self.assertIn("user", seen)
        self.assertFalse(seen & {"admin", "billing", "primary_owner"})
        for group in self.all_by_token("/v1/organizations/rbac_groups"):
            admin = self.all_by_token(f"/v1/organizations/rbac_groups/{group['id']}/members", limit=3)
            compliance = self.all_by_token(f"/v1/compliance/groups/{group['id']}/members", limit=5)
            self.assertEqual([m["user_id"] for m in admin], [m["user_id"] for m in compliance])


class Limits(Case):
    options = ("--admin-limit=3/3600", "--compliance-limit=5/3600")

    def test_the_budget_is_shared_and_headers_tell(self):
        for _ in range(3):
            self.assertEqual(self.get("/v1/organizations/me").status, 200)
        answer = self.get("/v1/organizations/users")
        self.assert_error(answer, 429, "rate_limit_error")
        self.assertGreater(int(answer.headers["retry-after"]), 1000)
        self.assertEqual(self.get("/v1/organizations/me", None).status, 401)
        for left in (4, 3):
            answer = self.get("/v1/compliance/organizations", AUDIT)
            self.assertEqual((answer.headers["anthropic-ratelimit-requests-limit"], answer.headers["anthropic-ratelimit-requests-remaining"]), ("5", str(left)))
            self.assertRegex(answer.headers["anthropic-ratelimit-requests-reset"], r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")
        self.assertEqual(self.get("/v1/compliance/organizations", enterprise("user-data")).status, 403)  # costs one
        for _ in range(2):
            self.get("/v1/compliance/organizations", None)  # costs nothing
        self.assertEqual([self.get("/v1/compliance/organizations", AUDIT).status for _ in range(3)], [200, 200, 429])

    def test_a_bucket_fills_again(self):
        with Simulator(PROGRAM, "--admin-limit=50/1,burst=2") as quick:
            begin, served = time.monotonic(), 0
            while time.monotonic() - begin < 0.5:
                served += quick.get("/v1/organizations/me").status == 200
            self.assertLessEqual(served, 2 + 50 * (time.monotonic() - begin) + 1)
            self.assertGreater(served, 5)


class Faults(Case):
    """Row 8, and what else must be survived."""

    def hit(self, fault, path="/v1/organizations/users?limit=10", key=ADMIN):
        self.simulator.faults(fault)
        return self.get(path, key)

    def test_statuses(self):
        for fault, status, word in (("rate_limited:retry_after=7", 429, "rate_limit_error"), ("rate_limited_bare", 429, "rate_limit_error"), ("server_error_final", 500, "api_error"), ("server_error", 500, "api_error"),
                                    ("gateway_timeout", 504, "timeout_error"), ("overloaded", 529, "overloaded_error"), ("revoked", 401, "authentication_error"), ("forbidden", 403, "permission_error"), ("not_found", 404, "not_found_error")):
            answer = self.hit(fault)
            self.assert_error(answer, status, word)
            self.assertEqual(answer.headers.get("retry-after"), "7" if "retry_after" in fault else None)
            self.assertEqual(answer.headers.get("x-should-retry"), "false" if fault == "server_error_final" else None)
            self.assertEqual(self.get("/v1/organizations/users").status, 200)  # once only
        for fault, status, kind in (("bad_gateway", 502, "text/html"), ("unavailable", 503, "text/plain"), ("not_json", 200, "application/json"), ("html", 200, "text/html"), ("redirect:to=http://127.0.0.1:9/", 302, "application/json")):
            answer = self.hit(fault)
            self.assertEqual((answer.status, answer.headers["content-type"]), (status, kind), fault)
            with self.assertRaises(ValueError):
                answer.json

    def test_bodies(self):
        self.assertIn(b"\xff\xc3\x28", self.hit("invalid_utf8").body)
        self.assertIn(b"[" * 100_000, self.hit("deep_json").body)
        self.assertGreater(len(self.hit("big_field:bytes=3000000").body), 3_000_000)
        bomb = self.hit("gzip_bomb:bytes=50000000")
        self.assertEqual(bomb.headers["content-encoding"], "gzip")
        self.assertLess(len(bomb.body), 100_000)
        with self.assertRaises(Exception) as caught:
            self.hit("truncated")
        self.assertEqual(type(caught.exception).__name__, "IncompleteRead")

    def test_where_a_fault_hits(self):
        self.simulator.faults("overloaded:path=/v1/organizations/workspaces/*/members,from=2,times=2", "forbidden:path=/v1/organizations/api_keys,times=0")
        workspaces = [row["id"] for row in self.get("/v1/organizations/workspaces").json["data"]]
        self.assertEqual([self.get(f"/v1/organizations/workspaces/{row}/members").status for row in workspaces[:4]], [200, 529, 529, 200])
        self.assertEqual([self.get("/v1/organizations/api_keys").status for _ in range(3)], [403, 403, 403])

    def test_pages(self):
        users = self.all_by_id("/v1/organizations/users")
        first = self.get("/v1/organizations/users?limit=10").json
        page = self.hit("short_page:rows=4").json
        self.assertEqual((page["data"], page["has_more"], page["last_id"]), (users[:4], True, users[3]["id"]))
        after = f"/v1/organizations/users?limit=10&after_id={first['last_id']}"
        page = self.hit("empty_more", after).json
        self.assertEqual((page["data"], page["has_more"]), ([], True))
        page = self.hit("repeat_cursor", after).json
        self.assertEqual((page["data"], page["has_more"], page["last_id"]), (users[10:20], True, first["last_id"]))
        third = f"/v1/organizations/users?limit=10&after_id={users[19]['id']}"
        self.assertEqual(self.hit("cursor_loop", third).json["last_id"], users[9]["id"])
        self.assertEqual(self.hit("duplicate_rows:rows=3", after).json["data"], users[7:17])
        self.assertEqual(self.hit("skip_rows:rows=3", after).json["data"], users[13:23])
        self.assertEqual((lambda p: (p["has_more"], p["last_id"]))(self.hit("null_cursor", after).json), (True, None))
        self.assert_error(self.hit("bad_cursor", after), 400, "invalid_request_error")
        self.assertEqual(self.get(after).json["data"], users[10:20])
        self.assert_error(self.hit("vanish", after), 400, "invalid_request_error")  # the cursor's own row is gone
        self.assertNotIn(users[9]["id"], {user["id"] for user in self.all_by_id("/v1/organizations/users")})

    def test_help_names_every_fault(self):
        kinds = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout.split("Kinds:\n\n")[1].splitlines()
        words = [line.split(maxsplit=1) for line in kinds]
        self.assertTrue(all(len(pair) == 2 for pair in words), kinds)
        self.assertGreater(len(words), 30)
        for kind, _ in words:
            self.assertEqual(self.simulator.request("POST", "/_simulator/faults", body=f"{kind}:path=/none").status, 200, kind)

    def test_an_unknown_fault_is_refused(self):
        answer = self.simulator.request("POST", "/_simulator/faults", body="unheard_of")
        self.assertEqual((answer.status, answer.json["error"]["message"]), (400, "unheard_of: there is no fault of that name"))

    def test_a_slow_reply(self):
        begin = time.monotonic()
        self.hit("slow:ms=300")
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)


class Ages(unittest.TestCase):
    """Row 9."""

    def lists(self, age):
        with Simulator(PROGRAM, *NO_LIMITS, f"--age={age}") as simulator:
            uuid = simulator.get("/v1/organizations/me").json["id"]
            rows = {name: simulator.get(f"/v1/organizations/{name}?limit=300").json["data"] for name in ("users", "invites", "workspaces", "api_keys", "rbac_groups")}
            rows["directory"] = simulator.get(f"/v1/compliance/organizations/{uuid}/users", AUDIT).json["data"]
            rows["organizations"] = simulator.get("/v1/compliance/organizations", AUDIT).json
            rows["activities"] = simulator.get("/v1/compliance/activities?limit=200").json["data"]
            rows["member"] = simulator.get(f"/v1/organizations/rbac_groups/{rows['rbac_groups'][0]['id']}/members").json["data"][0]
            return rows

    def test_old(self):
        rows = self.lists("old")
        for name, lacking in (("invites", {"accepted_at", "rbac_group_ids"}), ("workspaces", {"tags", "data_residency", "compartment_id", "external_key_id"}),
                              ("api_keys", {"scope", "principal", "expires_at"}), ("directory", {"organization_role"}), ("rbac_groups", {"role_ids"})):
            for row in rows[name]:
                self.assertFalse(lacking & set(row), name)
        self.assertTrue(all("roles" in group for group in rows["rbac_groups"]))
        self.assertIn("group_id", rows["member"])
        self.assertNotIn("has_more", rows["organizations"])
        self.assertTrue(all(key["created_by"] is None or key["created_by"]["type"] == "user" for key in rows["api_keys"]))

    def test_new(self):
        rows = self.lists("new")
        self.assertTrue(all({"scope", "principal", "expires_at"} <= set(key) for key in rows["api_keys"]))
        self.assertTrue(all("role_ids" in group for group in rows["rbac_groups"]))

    def test_future(self):
        rows = self.lists("future")
        self.assertIn("agent_supervisor", {user["role"] for user in rows["users"]})
        self.assertIn("quarantined", {key["status"] for key in rows["api_keys"]})
        self.assertIn("quantum_actor", {activity["actor"]["type"] for activity in rows["activities"]})
        for name in ("users", "invites", "workspaces", "api_keys", "directory"):
            self.assertTrue(all("assurance" in row for row in rows[name]), name)


class Seeds(Case):
    """Row 10: what a directory must hold."""

    options = (*NO_LIMITS, "--users=600", "--keys=200", "--workspaces=30", "--odd-ids")

    def test_the_same_arguments_give_the_same_organization(self):
        with Simulator(PROGRAM, *self.options) as again, Simulator(PROGRAM, *self.options, "--seed=2") as other:
            for path in ("/v1/organizations/users?limit=500", "/v1/organizations/api_keys?limit=200", "/v1/organizations/workspaces"):
                self.assertEqual(again.get(path).body, self.get(path).body)
                self.assertNotEqual(other.get(path).body, self.get(path).body)

    def test_planted_cases(self):
        users, keys = self.all_by_id("/v1/organizations/users"), self.all_by_id("/v1/organizations/api_keys")
        workspaces, live = self.all_by_id("/v1/organizations/workspaces?include_archived=true"), self.all_by_id("/v1/organizations/workspaces")
        self.assertTrue({"admin", "billing", "primary_owner", "developer", "claude_code_user", "user"} <= {user["role"] for user in users})
        self.assertTrue(any(user["email"] != user["email"].lower() for user in users))
        self.assertTrue(any("+" in user["email"] for user in users))
        self.assertTrue(any(user["name"] == "" for user in users))
        archived = {row["id"] for row in workspaces if row["archived_at"]}
        self.assertTrue(archived)
        self.assertEqual({row["id"] for row in live}, {row["id"] for row in workspaces} - archived)
        self.assertEqual({key["status"] for key in keys}, {"active", "inactive", "archived", "expired"})
        self.assertTrue(all(key["status"] == "archived" for key in keys if key["workspace_id"] in archived))
        for found in (lambda k: k["workspace_id"] is None, lambda k: k["created_by"] is None, lambda k: k["partial_key_hint"] is None, lambda k: k["expires_at"] is None,
                      lambda k: k["expires_at"] and k["expires_at"] < "2026-11-20", lambda k: k["created_by"] and k["created_by"]["type"] == "service_account"):
            self.assertTrue(any(map(found, keys)))
        self.assertEqual({invite["status"] for invite in self.all_by_id("/v1/organizations/invites")}, {"pending", "accepted", "expired"})
        self.assertTrue(any(group["role_ids"] is None for group in self.all_by_token("/v1/organizations/rbac_groups")))
        self.assertTrue(any("/" in row["id"] or ".." in row["id"] for row in workspaces))

    def test_odd_ids_have_children(self):
        self.assertEqual(self.get("/v1/organizations/workspaces/wrkspc_01%2F..%2F..%2F..%2Fetc%2Fpasswd/members").status, 200)
        self.assertEqual(self.get("/v1/organizations/workspaces/wrkspc_01/../../../etc/passwd/members").status, 404)

    def test_filters(self):
        user = self.all_by_id("/v1/organizations/users")[3]
        self.assertEqual([row["id"] for row in self.get(f"/v1/organizations/users?email={user['email'].upper()}").json["data"]], [user["id"]])
        self.assertTrue(all(key["status"] == "inactive" for key in self.get("/v1/organizations/api_keys?status=inactive").json["data"]))
        with_default = self.all_by_id("/v1/organizations/workspaces?include_archived=true&include_default=true")
        self.assertEqual(with_default[-1]["name"], "Default")
        self.assertEqual(len(with_default), len(self.all_by_id("/v1/organizations/workspaces?include_archived=true")) + 1)


class Writes(unittest.TestCase):
    """Row 11: state changes, and what is refused."""

    def setUp(self):
        self.simulator = Simulator(PROGRAM, *NO_LIMITS)
        self.addCleanup(self.simulator.stop)

    def call(self, method, path, body=None, key=ADMIN):
        return self.simulator.request(method, f"/v1/organizations/{path}", key, body)

    def rows(self, path):
        return self.simulator.get(f"/v1/organizations/{path}{'&' if '?' in path else '?'}limit=1000").json["data"]

    def test_users(self):
        users = self.rows("users")
        plain = next(user for user in users if user["role"] == "user")
        owner = next(user for user in users if user["role"] == "primary_owner")
        self.assertEqual(self.call("POST", f"users/{plain['id']}", {"role": "developer"}).json["role"], "developer")
        self.assertEqual(self.simulator.get(f"/v1/organizations/users/{plain['id']}").json["role"], "developer")
        self.assertEqual(self.call("POST", f"users/{plain['id']}", {"role": "admin"}).status, 400)
        self.assertEqual(self.call("DELETE", f"users/{owner['id']}").status, 400)
        self.assertEqual(self.call("DELETE", f"users/{plain['id']}").json, {"id": plain["id"], "type": "user_deleted"})
        self.assertEqual(self.call("DELETE", f"users/{plain['id']}").status, 404)
        self.assertEqual(len(self.rows("users")), len(users) - 1)

    def test_removing_a_user_archives_personal_keys_only(self):
        keys = self.rows("api_keys")
        personal = next(key for key in keys if key["principal"] and key["principal"]["type"] == "user_actor" and key["status"] == "active" and self.role_of(key["principal"]["user_id"]) not in ("admin", "primary_owner"))
        user = personal["principal"]["user_id"]
        self.assertEqual(self.call("DELETE", f"users/{user}").status, 200)
        after = {key["id"]: key for key in self.rows("api_keys")}
        self.assertEqual(after[personal["id"]]["status"], "archived")
        for key in keys:
            if not key["principal"] or key["principal"].get("user_id") != user:
                self.assertEqual(after[key["id"]], key)

    def role_of(self, user):
        return self.simulator.get(f"/v1/organizations/users/{user}").json["role"]

    def test_archiving_a_workspace_archives_its_keys(self):
        keys = self.rows("api_keys")
        workspace = next(key["workspace_id"] for key in keys if key["status"] == "active" and key["workspace_id"])
        archived = self.call("POST", f"workspaces/{workspace}/archive").json
        self.assertIsNotNone(archived["archived_at"])
        self.assertNotIn(workspace, {row["id"] for row in self.rows("workspaces")})
        self.assertEqual({key["status"] for key in self.rows("api_keys") if key["workspace_id"] == workspace}, {"archived"})

    def test_invites(self):
        made = self.call("POST", "invites", {"email": "new@northwind.example", "role": "user"}).json
        self.assertEqual((made["status"], made["expires_at"]), ("pending", "2026-12-11T08:00:00Z"))
        self.assertEqual(self.call("POST", "invites", {"email": "new@northwind.example", "role": "user"}).status, 400)
        self.assertEqual(self.rows("invites")[0]["id"], made["id"])
        accepted = next(row for row in self.rows("invites") if row["status"] == "accepted")
        self.assertEqual(self.call("DELETE", f"invites/{accepted['id']}").status, 400)
        self.assertEqual(self.call("DELETE", f"invites/{made['id']}").json, {"id": made["id"], "type": "invite_deleted"})

    def test_members_keys_groups_and_settings(self):
        made = self.call("POST", "workspaces", {"name": "Fresh", "tags": {"a": "1"}}).json
        user = next(row for row in self.rows("users") if row["role"] == "user")["id"]
        self.assertEqual(self.call("POST", f"workspaces/{made['id']}/members", {"user_id": user, "workspace_role": "workspace_billing"}).status, 400)
        self.assertEqual(self.call("POST", f"workspaces/{made['id']}/members", {"user_id": user, "workspace_role": "workspace_user"}).status, 200)
        self.assertEqual(self.call("POST", f"workspaces/{made['id']}/members/{user}", {"workspace_role": "workspace_admin"}).json["workspace_role"], "workspace_admin")
        self.assertEqual([row["user_id"] for row in self.rows(f"workspaces/{made['id']}/members")], [user])
        self.assertEqual(self.call("DELETE", f"workspaces/{made['id']}/members/{user}").json["type"], "workspace_member_deleted")
        self.assertEqual(self.call("POST", f"workspaces/{made['id']}", {"tags": {"a": None, "b": "2"}}).json["tags"], {"b": "2"})
        key = next(row for row in self.rows("api_keys") if row["status"] == "active")["id"]
        self.assertEqual(self.call("POST", f"api_keys/{key}", {"status": "expired"}).status, 400)
        self.assertEqual(self.call("POST", f"api_keys/{key}", {"status": "archived"}).json["status"], "archived")
        self.assertEqual(self.call("POST", f"api_keys/{key}", {"status": "active"}).status, 400)
        groups = {row["source_type"]: row["id"] for row in self.rows("rbac_groups")}
        self.assertEqual(self.call("DELETE", f"rbac_groups/{groups['scim']}").status, 400)
        self.assertEqual(self.call("DELETE", f"rbac_groups/{groups['direct']}").status, 200)
        self.assertEqual(self.call("POST", "compliance_settings", {"state": "disabled"}).json["state"], {"type": "disabled"})

    def test_a_read_scope_does_not_write(self):
        answer = self.call("DELETE", "users/user_01X", key=AUDIT)
        self.assertEqual((answer.status, answer.json["error"]["type"]), (403, "permission_error"))


class SelfLogging(Case):
    """Row 12."""

    def feed(self):
        return self.all_by_id("/v1/compliance/activities", limit=1000)

    def test_reads_leave_traces(self):
        before = len(self.feed())
        self.get("/v1/organizations/users")
        workspace = self.get("/v1/organizations/workspaces").json["data"][0]["id"]
        self.get(f"/v1/organizations/workspaces/{workspace}/members")
        self.get("/v1/compliance/organizations", AUDIT)
        added = self.feed()[:-before]
        found = collections.Counter(row["type"] for row in added)
        self.assertEqual(found["org_users_listed"], 1)
        self.assertEqual(found["platform_workspace_members_listed"], 1)
        self.assertGreaterEqual(found["compliance_api_accessed"], 2)
        for row in added:
            if row["type"] == "org_users_listed":
                self.assertEqual(row["actor"]["type"], "admin_api_key_actor")
            if row["type"] == "compliance_api_accessed":
                self.assertEqual((row["actor"]["type"], row["request_method"]), ("api_actor", "GET"))
                self.assertTrue(row["url"].startswith("https://api.anthropic.com/v1/compliance/"))


class Reports(Case):
    def test_usage_buckets(self):
        first = self.get("/v1/organizations/usage_report/messages?starting_at=2026-11-01T05:00:00Z&ending_at=2026-11-11T00:00:00Z&bucket_width=1d&group_by[]=model").json
        self.assertEqual([bucket["starting_at"] for bucket in first["data"]], [f"2026-11-0{day}T00:00:00Z" for day in range(1, 8)])
        self.assertTrue(first["has_more"])
        rest = self.get(f"/v1/organizations/usage_report/messages?starting_at=2026-11-01T05:00:00Z&ending_at=2026-11-11T00:00:00Z&page={first['next_page']}").json
        self.assertEqual((len(rest["data"]), rest["has_more"], rest["next_page"]), (3, False, None))
        self.assertIsNotNone(first["data"][0]["results"][0]["model"])
        self.assertIsNone(rest["data"][0]["results"][0]["model"])

    def test_refusals(self):
        for query in ("", "?starting_at=x", "?starting_at=2026-11-01T00:00:00Z&bucket_width=2d", "?starting_at=2026-11-01T00:00:00Z&limit=32"):
            self.assert_error(self.get("/v1/organizations/usage_report/messages" + query), 400, "invalid_request_error")
        self.assert_error(self.get("/v1/organizations/usage_report/claude_code?starting_at=2026-11-01T00:00:00Z"), 400, "invalid_request_error")

    def test_cost_and_claude_code(self):
        cost = self.get("/v1/organizations/cost_report?starting_at=2026-11-18T00:00:00Z").json
        self.assertRegex(cost["data"][0]["results"][0]["amount"], r"^\d+\.\d+$")
        day = self.get("/v1/organizations/usage_report/claude_code?starting_at=2026-11-18&limit=20").json
        self.assertEqual((len(day["data"]), day["has_more"]), (20, True))


class Fixture(unittest.TestCase):
    def test_every_object_of_the_fixture_is_served_as_it_stands(self):
        snapshot = SOURCE / "fixtures/northwind/snapshot"
        objects = {}
        for path in (snapshot / "data").iterdir():
            for line in path.read_text().rstrip("\n").split("\n"):
                row = json.loads(line)
                objects.setdefault((path.stem, row["from"]["provider"]), []).append(line.split(',"object":', 1)[1][:-1])
        with Simulator(PROGRAM, *NO_LIMITS, f"--fixture={snapshot}") as simulator:
            uuid = simulator.get("/v1/organizations/me").json["id"]
            served = {
                ("users", "anthropic-admin"): "/v1/organizations/users?limit=1000",
                ("api_keys", "anthropic-admin"): "/v1/organizations/api_keys?limit=1000",
                ("workspaces", "anthropic-admin"): "/v1/organizations/workspaces?limit=1000&include_archived=true&include_default=true",
                ("invites", "anthropic-admin"): "/v1/organizations/invites?limit=1000",
                ("roles", "anthropic-admin"): "/v1/organizations/rbac_roles",
                ("users", "anthropic-compliance"): f"/v1/compliance/organizations/{uuid}/users",
                ("activities", "anthropic-compliance"): "/v1/compliance/activities?limit=1000",
            }
            for name, path in served.items():
                body = simulator.get(path, AUDIT if "/compliance/" in path else ADMIN).body.decode()
                for text in objects[name]:
                    self.assertIn(text, body, name)
                rows = [row for row in json.loads(body)["data"] if row["type"] not in ("org_users_listed", "org_invites_listed", "compliance_api_accessed")] if name[0] == "activities" else json.loads(body)["data"]
                self.assertEqual(len(rows), len(objects[name]), name)


class Tls(unittest.TestCase):
    def test_https(self):
        with tempfile.TemporaryDirectory() as folder:
            with Simulator(PROGRAM, certificate=make_certificate(folder)) as simulator:
                self.assertTrue(simulator.url.startswith("https://127.0.0.1:"))
                self.assertEqual(simulator.get("/v1/organizations/me").json["type"], "organization")


class Size(unittest.TestCase):
    def test_a_million_users_need_no_memory(self):
        with Simulator(PROGRAM, *NO_LIMITS, "--users=1000000", "--workspaces=10000", "--keys=500000") as simulator:
            page = simulator.get("/v1/organizations/users?limit=1000").json
            for _ in range(50):
                page = simulator.get(f"/v1/organizations/users?limit=1000&after_id={page['last_id']}").json
            self.assertEqual(len(page["data"]), 1000)
            status = Path(f"/proc/{simulator.process.pid}/status").read_text()
            peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
            self.assertLess(peak, 100_000)


def main():
    global PROGRAM, SOURCE
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulator", required=True, type=Path)
    parser.add_argument("--source", required=True, type=Path)
    options, rest = parser.parse_known_args()
    PROGRAM, SOURCE = options.simulator.resolve(), options.source.resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
