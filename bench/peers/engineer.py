#!/usr/bin/env python3
"""The benchmark's eight questions as an engineer would answer them on an afternoon: json, csv, dicts. Usage: engineer.py FOLDER > findings.json"""
import csv
import datetime as dt
import json
import re
import sys
from collections import defaultdict
from zoneinfo import ZoneInfo

AS_OF = dt.datetime(2026, 11, 20, 8, tzinfo=dt.timezone.utc)
ZONE = ZoneInfo("America/New_York")
GRACE = dt.timedelta(days=1)
ADMIN_ROLES = {"admin", "owner", "primary_owner"}
ALIASES = {"nw.example": "northwind.example"}


def objects(folder, name):
    with open(f"{folder}/snapshot/data/{name}.jsonl", encoding="utf-8") as file:
        return [json.loads(line)["object"] for line in file]


def entries(path):
    with open(path, encoding="utf-8") as file:
        return [dict(re.findall(r"(\w+): ([^,}]+)", line)) for line in file if line.startswith("- {")]


def midnight(day):
    return dt.datetime(day.year, day.month, day.day, tzinfo=ZONE)


class Person:
    def __init__(self):
        self.active = False
        self.ahead = False
        self.undated = False
        self.left_at = None


def load_roster(path):
    persons, by_email, by_former = {}, defaultdict(set), defaultdict(set)
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            person = persons.setdefault(row["employee_id"], Person())
            by_email[row["work_email"].lower()].add(row["employee_id"])
            for former in row["former_emails"].lower().split(";"):
                if former:
                    by_former[former].add(row["employee_id"])
            start = dt.date.fromisoformat(row["hired"]) if row["hired"] else None
            last = dt.date.fromisoformat(row["last_day"]) if row["last_day"] else None
            if start and midnight(start) > AS_OF:
                person.ahead = True
                continue
            if last is None:
                if row["status"] == "Terminated":
                    person.undated = True
                else:
                    person.active = True
                continue
            end = midnight(last + dt.timedelta(days=1))
            if end > AS_OF:
                person.active = True
            elif person.left_at is None or end > person.left_at:
                person.left_at = end
    return persons, by_email, by_former


def find(user, links, by_email, by_former):
    """The people who may be behind an account: the first way that finds anybody decides."""
    if user["id"] in links:
        return {links[user["id"]]}
    email = user["email"].lower()
    local, _, domain = email.partition("@")
    ways = [(by_email, email)]
    if "+" in local:
        ways.append((by_email, local.split("+")[0] + "@" + domain))
    ways.append((by_former, email))
    if domain in ALIASES:
        ways.append((by_email, local + "@" + ALIASES[domain]))
    for table, address in ways:
        if address in table:
            return table[address]
    return set()


def main(folder):
    findings = {}
    users = objects(folder, "users")
    workspaces = objects(folder, "workspaces")
    members = objects(folder, "workspace_members")
    keys = objects(folder, "api_keys")
    services = {s["id"] for s in objects(folder, "service_accounts") if s["archived_at"] is None}
    persons, by_email, by_former = load_roster(f"{folder}/hr/roster.csv")
    links = {e["account"]: e["person"] for e in entries(f"{folder}/links.yaml")}
    machines = {account for e in entries(f"{folder}/nonhuman.yaml") for account in (e["account"], e["account"].lower())}

    unlinked, overdue = [], []
    for user in users:
        if user["email"].lower() in machines or user["id"] in machines:
            continue
        people = [persons[p] for p in find(user, links, by_email, by_former) if p in persons]
        active = [p for p in people if p.active]
        if len(active) == 1:
            continue
        unlinked.append(user["id"])
        if people and not active:
            person = max(people, key=lambda p: (p.ahead, p.undated, p.left_at.timestamp() if p.left_at else 0))
            if not person.ahead and (person.undated or person.left_at + GRACE <= AS_OF):
                overdue.append(user["id"])
    findings["accounts.linked_to_roster"] = unlinked
    findings["accounts.leavers_removed"] = overdue

    admins = [u for u in users if u["role"] in ADMIN_ROLES]
    if not 2 <= len(admins) <= 5:
        findings["admins.count"] = [o["id"] for o in objects(folder, "organizations")]

    active_keys = [k for k in keys if k["status"] == "active"]
    findings["keys.no_expiry"] = [k["id"] for k in active_keys if k["expires_at"] is None]
    oldest = AS_OF - dt.timedelta(days=90)
    findings["keys.max_age"] = [k["id"] for k in active_keys if dt.datetime.fromisoformat(k["created_at"].replace("Z", "+00:00")) < oldest]
    here = {u["id"] for u in users}
    findings["keys.creator_in_organization"] = [
        k["id"] for k in active_keys if k["created_by"] and k["created_by"]["id"] not in (here if k["created_by"]["type"] == "user" else services)]

    live = {w["id"] for w in workspaces if w["archived_at"] is None and w["name"] != "Default"}
    sizes, spread = defaultdict(int), defaultdict(int)
    for member in members:
        sizes[member["workspace_id"]] += 1
        if member["workspace_role"] == "workspace_admin" and member["workspace_id"] in live:
            spread[member["user_id"]] += 1
    findings["workspaces.has_members"] = [w["id"] for w in workspaces if w["id"] in live and sizes[w["id"]] == 0]
    findings["admins.workspace_spread"] = [u["id"] for u in users if spread.get(u["id"], 0) > 3]
    print(json.dumps(findings))


if __name__ == "__main__":
    main(sys.argv[1])
