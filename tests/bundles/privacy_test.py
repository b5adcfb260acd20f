"""Bundles with pseudonyms."""
import csv
import hashlib
import json
import re
import shutil
import tarfile

from case import Case, SHARED, SOURCE, muster, run


class Privacy(Case):
    def setUp(self):
        super().setUp()
        (self.work / "p.key").write_bytes(b"made up, and long enough to be a key")
        (self.work / "q.key").write_bytes(b"another made up key, also long enough")

    def private(self, name, *more, key="p.key", run="run", code=0):
        """An unpacked bundle with pseudonyms."""
        done = muster("bundle", self.base / run, "-o", self.work / f"{name}.tar.gz", "--key", self.base / "evidence.key", "--privacy-key", self.work / key, *more)
        self.assert_exit(done, code)
        if code:
            return done
        with tarfile.open(self.work / f"{name}.tar.gz") as tar:
            tar.extractall(self.work / name)
        return next((self.work / name).iterdir())

    def words(self):
        """Every address, name of a person, and id of the organization, as three sets."""
        emails, names, ids = set(), set(), set()

        def walk(value, key, dataset):
            if isinstance(value, dict):
                for name, inner in value.items():
                    walk(inner, name, dataset)
            elif isinstance(value, list):
                for inner in value:
                    walk(inner, key, dataset)
            elif isinstance(value, str):
                if re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", value):
                    emails.add(value)
                elif key in ("id", "uuid") or key.endswith(("_id", "_ids", "_uuid")):
                    ids.add(value)
                elif (key in ("name", "full_name") or key.endswith("_name")) and dataset not in ("settings", "rate_limits", "role_permissions") and value != "Default":
                    names.add(value)
                elif key == "description" and dataset != "cost":
                    names.add(value)

        for path in (self.base / "northwind/snapshot/data").glob("*.jsonl"):
            for line in path.read_text(encoding="utf-8").split("\n"):
                if line:
                    record = json.loads(line)
                    record["from"].pop("request", None)
                    walk(record, "", path.stem)
        for row in json.loads((self.base / "northwind/snapshot/manifest.json").read_text())["datasets"]:
            walk(row.get("from", {}), "", row["name"])
        with open(self.base / "northwind/hr/roster.csv", newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                ids |= {row["employee_id"], row["manager_id"]}
                names.add(row["display_name"])
                emails |= {row["work_email"], *re.split(r"[;, ]+", row["former_emails"])}
        # Whoever attests something need not be on the roster.
        names |= {"Petronella Quist-Abernathy", "Quist-Abernathy"}
        for name in ("links", "nonhuman", "waivers", "attestations"):
            text = (self.base / f"northwind/{name}.yaml").read_text()
            emails |= set(re.findall(r"[\w.+-]+@[\w.-]+\w", text))
            ids |= set(re.findall(r"\b(?:NW-\d+|(?:user|apikey|svac|invite)_01\w+)", text))
        return ({word for word in found if len(word) > 2} for found in (emails, names, ids))

    def verdicts(self, results):
        out = {}
        for rule in results["rules"]:
            row = []
            for count, verdict, _ in rule["verdicts"]:
                row += [verdict] * count
            out[rule["as"]] = row
        return out

    def found(self, folder, words):
        texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8").casefold() for path in folder.rglob("*") if path.is_file() and "builtin" not in path.parts}

        def holds(text, word):
            # A name is a word of its own: the key "trial" is not found in "industrial".
            at = text.find(word)
            while at >= 0:
                if not (text[at - 1:at].isalnum() and word[0].isalnum()) and not (text[at + len(word):at + len(word) + 1].isalnum() and word[-1].isalnum()):
                    return True
                at = text.find(word, at + 1)
            return False

        # These are also words of muster's own texts: looked for where the organization's data is.
        ordinary = {"Claude Code", "Everything", "People", "Security"}
        data = {name: text for name, text in texts.items() if name.startswith(("snapshot/data/", "roster/"))}
        return sorted((word, name) for word in words for name, text in (data if word in ordinary else texts).items() if holds(text, word.casefold()))

    def test_the_snapshot_before_comes_along_and_names_nobody_either(self):
        shutil.copytree(self.base / "northwind/snapshot", self.work / "now")
        shutil.copytree(SOURCE / "fixtures/every_rule/previous", self.work / "older/before")
        (self.work / "policy.yaml").write_text("policy: p\ntitle: P\nrules: [admins.new]\n")
        (self.work / "muster.yaml").write_text("muster: 1\nsnapshot: now\nprevious_snapshot: older\npolicies: [policy.yaml]\n")
        (self.work / "secret").write_bytes(bytes(range(32)))
        self.assert_exit(muster("check", "--out", "run", cwd=self.work), 1)
        for name, more in (("full", ()), ("private", ("--privacy", "pseudonymous", "--privacy-key", "secret"))):
            self.assert_exit(muster("bundle", "run", "-o", f"{name}.tar.gz", *more, cwd=self.work), 0)
            self.assertIn("REPRODUCED", self.assert_exit(muster("replay", f"{name}.tar.gz", cwd=self.work), 0).stdout)
            with tarfile.open(self.work / f"{name}.tar.gz") as tar:
                held = {member.name.split("/", 1)[1]: tar.extractfile(member).read() for member in tar.getmembers() if member.isfile()}
            users = [text for path, text in held.items() if path.startswith("previous/") and path.endswith("users.jsonl")]
            self.assertEqual(len(users), 1, sorted(held))
            self.assertEqual(b"@northwind.example" in users[0], name == "full")

    def test_a_pseudonymous_bundle_names_nobody_and_gives_the_same_verdicts(self):
        folder = self.private("p", "--privacy", "pseudonymous")
        emails, names, ids = self.words()
        self.assertGreater(len(emails), 400)
        self.assertGreater(len(names), 400)
        self.assertGreater(len(ids), 1000)
        self.assertEqual(self.found(folder, emails | names | ids), [])
        # The same words are all found where they should be.
        self.assertGreater(len({word for word, _ in self.found(SHARED["folder"], emails | names | ids)}), 1500)
        before, after = (json.loads((place / "results.json").read_text()) for place in (self.base / "run", folder))
        self.assertEqual(self.verdicts(before), self.verdicts(after))
        self.assertEqual([waiver["applied"] for waiver in before["waivers"]], [waiver["applied"] for waiver in after["waivers"]])
        self.assertEqual(before["controls"], after["controls"])
        attestations = [[{key: row[key] for key in ("id", "controls", "state", "date", "expires")} for row in results["attestations"]] for results in (before, after)]
        self.assertEqual(attestations[0], attestations[1])
        self.assertEqual([row["state"] for row in after["attestations"]], ["active", "active", "expired"])
        owners = [row["owner"] for row in after["attestations"]]
        self.assertEqual(owners[0], owners[2])
        self.assertTrue(all(owners) and owners[0] != owners[1], owners)
        self.assertEqual(before["exit"], after["exit"])
        done = self.assert_exit(muster("replay", self.work / "p.tar.gz"), 0)
        self.assertTrue(done.stdout.startswith("REPRODUCED"))
        self.assert_exit(self.verify(self.work / "p.tar.gz"), 0)
        # What was done is listed.
        privacy = json.loads((folder / "privacy.json").read_text())
        self.assertEqual((privacy["profile"], privacy["kept"]), ("pseudonymous", []))
        where = {row["where"]: row for row in privacy["redacted"]}
        self.assertEqual(where["users: object.email"]["values"], 612)
        self.assertIn("roster.csv: name", where)
        self.assertIn("roster.csv: location", where)
        self.assertEqual(sorted(path.name for path in self.work.iterdir()), ["p", "p.key", "p.tar.gz", "q.key"])
        # One key, one word, one pseudonym; another key, another.
        self.private("again", "--privacy", "pseudonymous")
        self.assertEqual((self.work / "again.tar.gz").read_bytes(), (self.work / "p.tar.gz").read_bytes())
        other = self.private("q", "--privacy", "pseudonymous", key="q.key")
        ours, theirs = (set(json.loads((place / "results.json").read_text())["subjects"]["user"]["id"]) for place in (folder, other))
        self.assertEqual(ours & theirs, set())

    def test_an_organization_that_stands_in_the_manifest_for_all_lines_is_replaced_there(self):
        home = self.work / "short"
        shutil.copytree(self.base / "northwind", home)
        manifest = json.loads((home / "snapshot/manifest.json").read_text())
        tenant, elsewhere = manifest["tenant"]["id"], "e1500b57-8d1e-4c43-9b56-2f7f3a90c4de"
        left_out = 0
        for row in manifest["datasets"]:
            # That of `cost` is of no line at all.
            usual = {"provider": "anthropic-admin", "organization_id": elsewhere if row["name"] == "cost" else tenant}
            path, lines = home / f"snapshot/data/{row['name']}.jsonl", []
            for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
                record = json.loads(line)
                record["from"] = {name: value for name, value in record["from"].items() if name == "request" or value not in (usual.get(name), record["object"].get(name))}
                lines.append(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
            left_out += len(lines)
            data = "".join(lines).encode()
            path.write_bytes(data)
            row.update({"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "from": usual})
        (home / "snapshot/manifest.json").write_text(json.dumps(manifest))
        self.assertGreater(left_out, 1000)
        self.assert_exit(muster("check", "--out", "run", "--quiet", cwd=home), 1)
        long, short = (json.loads((place / "results.json").read_text()) for place in (self.base / "run", home / "run"))
        self.assertEqual((long["findings"], long["subjects"], self.verdicts(long)), (short["findings"], short["subjects"], self.verdicts(short)))

        folder = self.private("s", "--privacy", "pseudonymous", run=home / "run")
        self.assertEqual(self.found(folder, {tenant, elsewhere}), [])
        self.assert_exit(muster("replay", self.work / "s.tar.gz"), 0)
        self.assertEqual(self.verdicts(long), self.verdicts(json.loads((folder / "results.json").read_text())))
        changed = json.loads((folder / "snapshot/manifest.json").read_text())
        full = self.private("p", "--privacy", "pseudonymous")
        pseudonym = {json.loads(line)["from"]["organization_id"] for line in (full / "snapshot/data/users.jsonl").read_text().splitlines()}
        self.assertEqual(pseudonym, {changed["tenant"]["id"]})
        for row in changed["datasets"]:
            self.assertEqual(row["from"]["provider"], "anthropic-admin")
            self.assertEqual(row["from"]["organization_id"] == changed["tenant"]["id"], row["name"] != "cost", row["name"])
        where = {row["where"]: row for row in json.loads((folder / "privacy.json").read_text())["redacted"]}
        self.assertEqual(where["users: from.organization_id"], {"where": "users: from.organization_id", "how": "pseudonym of an id", "values": 1})
        # The auditor's profile keeps ids, there as in the lines.
        folder = self.private("a", "--privacy", "auditor", run=home / "run")
        self.assertEqual(json.loads((folder / "snapshot/manifest.json").read_text())["datasets"][1]["from"], {"provider": "anthropic-admin", "organization_id": tenant})

    def test_what_names_the_organization_stays_behind_too(self):
        """The config's own words: where services are, tickets, domains below a known one, and who started the run."""
        home = self.work / "org"
        shutil.copytree(self.base / "northwind", home)
        config = (home / "muster.yaml").read_text()
        self.assertIn("organization: northwind\n", config)
        (home / "muster.yaml").write_text(config.replace("policies: [anthropic-baseline]", "policies: [policy.yaml]") + """sources:
  - {provider: anthropic-admin, organization: northwind, base_url: "https://gate.northwind.example", api_key_command: [vault, northwind], proxy: "http://proxy.northwind.example:3128", proxy_user: northwind}
""")
        (home / "policy.yaml").write_text('policy: p\ntitle: P\nrules:\n  - accounts.linked_to_roster\n  - {rule: accounts.external_domain, params: {domains: [northwind.example, "mail.northwind.example"]}}\n')
        waivers = (home / "waivers.yaml").read_text()
        self.assertIn("ticket: SEC-400", waivers)
        waivers = "".join(re.findall(r"(?m)^- id: W-01\n(?:  .*\n)*", waivers)).replace("ticket: SEC-400", 'ticket: "https://tickets.northwind.example/browse/SEC-400"')
        (home / "waivers.yaml").write_text(waivers)
        ci = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "northwind/access", "GITHUB_ACTOR": "rosa"}
        self.assert_exit(muster("check", "--out", "run", cwd=home, env=ci), 1)
        self.assert_exit(muster("bundle", "run", "-o", "p.tar.gz", "--privacy", "pseudonymous", "--privacy-key", self.work / "p.key", cwd=home), 0)
        self.assertIn("REPRODUCED", self.assert_exit(muster("replay", "p.tar.gz", cwd=home), 0).stdout)
        with tarfile.open(home / "p.tar.gz") as tar:
            held = {member.name.split("/", 1)[1]: tar.extractfile(member).read().decode().casefold() for member in tar.getmembers() if member.isfile()}
        # What ships with muster has examples of that name.
        own = {name: text for name, text in held.items() if "builtin" not in name}
        self.assertEqual([name for name, text in own.items() if "northwind" in text], [])
        self.assertIn("left-out.invalid", own["config/muster.yaml"])

    def test_the_auditor_profile_keeps_ids_and_what_is_chosen(self):
        folder = self.private("a", "--privacy", "auditor", "--keep", "domains")
        emails, names, ids = self.words()
        self.assertEqual(self.found(folder, emails | names), [])
        before, after = (json.loads((place / "results.json").read_text()) for place in (self.base / "run", folder))
        self.assertEqual(before["subjects"]["user"]["id"], after["subjects"]["user"]["id"])
        self.assertTrue(any(label.endswith("@northwind.example") for label in after["subjects"]["user"]["label"]))
        self.assertEqual(self.verdicts(before), self.verdicts(after))
        self.assert_exit(muster("replay", self.work / "a.tar.gz"), 0)
        folder = self.private("n", "--privacy", "auditor", "--keep", "names", "emails", "domains")
        self.assertEqual(json.loads((folder / "results.json").read_text())["subjects"], before["subjects"])

    def test_single_fields_are_chosen_and_stay_everywhere(self):
        folder = self.private("f", "--privacy", "auditor", "--keep", "users.email", "api_keys.name")
        before, after = (json.loads((place / "results.json").read_text()) for place in (self.base / "run", folder))
        self.assertEqual(before["subjects"]["api_key"], after["subjects"]["api_key"])
        self.assertEqual(before["subjects"]["user"], after["subjects"]["user"])
        self.assertNotEqual(before["subjects"]["group"]["label"] if "group" in before["subjects"] else 0, after["subjects"].get("group", {}).get("label"))
        self.assertEqual(self.verdicts(before), self.verdicts(after))
        users = [json.loads(line)["object"] for line in (folder / "snapshot/data/users.jsonl").read_text().splitlines()]
        self.assertTrue(any(user["email"].endswith("@northwind.example") for user in users))
        people = {user.get("name") or user.get("full_name") for user in users}
        self.assertEqual([name for name in people if name and not re.fullmatch("N[0-9a-f]{16}", name)], [])
        privacy = json.loads((folder / "privacy.json").read_text())
        self.assertEqual(privacy["kept_fields"], ["api_keys.name", "users.email"])
        self.assertNotIn("users: object.email", {row["where"] for row in privacy["redacted"]})
        self.assert_exit(muster("replay", self.work / "f.tar.gz"), 0)
        folder = self.private("r", "--privacy", "auditor", "--keep", "roster.name")
        with open(folder / "roster/hr/roster.csv", newline="", encoding="utf-8") as file, open(self.base / "northwind/hr/roster.csv", newline="", encoding="utf-8") as original:
            self.assertEqual([row["display_name"] for row in csv.DictReader(file)], [row["display_name"] for row in csv.DictReader(original)])
        for word, why in (("users.nmae", "users has no field nmae\n   = help: did you mean users.name?"), ("people", "names, emails, domains or a field can be kept, and people is none"),
                          ("roster.salary", "roster has no field salary"), ("users", "users has no field")):
            done = self.private("x", "--privacy", "auditor", "--keep", word, code=64)
            self.assertIn(why, done.stderr)

    def test_a_rule_that_reads_the_words_themselves_is_refused_by_name(self):
        (self.work / "rules/own").mkdir(parents=True)
        (self.work / "rules/own/words.lua").write_text("""---@type muster.Rule
return {
  id = "own.words", title = "No account is named after a function", severity = "low", subject = "user", reads = { "users.email" },
  why = "Shared accounts hide people.", fix = "Name it after its person.",
  check = function(user)
    if user.email:find("a", 1, true) then return fail("it has an a") end
    return pass()
  end,
  examples = {
    { note = "with", given = { user = { email = "a@x" } }, want = "fail" },
    { note = "without", given = { user = { email = "x@x" } }, want = "pass" },
  },
}
""")
        (self.work / "p.yaml").write_text("policy: own\nrules: [own.words, keys.no_expiry]\n")
        done = muster("check", "-c", self.base / "northwind/muster.yaml", "--rules", "rules", "--policy", "p.yaml", "--out", "out", "--quiet", cwd=self.work)
        self.assertIn(done.returncode, (1, 3), done.stderr)
        done = self.private("w", "--privacy", "pseudonymous", run=self.work / "out", code=64)
        self.assertRegex(done.stderr, r"^error\[evidence.privacy\]: with pseudonyms other verdicts come out: own.words \(\d+\)\n")
        self.assertFalse((self.work / "w.tar.gz").exists())

    def test_absolute_paths_are_left_behind_and_the_originals_untouched(self):
        home = self.work / "home/rosa.park"
        home.mkdir(parents=True)
        shutil.copytree(self.base / "northwind", home / "nw")
        (home / "rules/own").mkdir(parents=True)
        shutil.copytree(SOURCE / "rules/lib", home / "rules/lib")
        (home / "rules/own/no_expiry.lua").write_text((SOURCE / "rules/keys/no_expiry.lua").read_text().replace('"keys.no_expiry"', '"own.no_expiry"'))
        shutil.move(home / "nw/hr", home / "hr")
        config = home / "nw/muster.yaml"
        config.write_text(config.read_text().replace("csv: hr/roster.csv", f"csv: {home}/hr/roster.csv").replace("policies: [anthropic-baseline]", "policies: [anthropic-baseline, p.yaml]"))
        (home / "nw/p.yaml").write_text("policy: own\nrules: [own.no_expiry]\n")
        before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        for call in (["-c", config, "--rules", home / "rules"], ["-c", config, "--rules", "home/rosa.park/rules", "--snapshot", "home/rosa.park/nw/snapshot"]):
            done = muster("check", *call, "--out", self.work / "out", "--quiet", cwd=self.work)
            self.assert_exit(done, 1)
            shutil.rmtree(self.work / "h", ignore_errors=True)
            folder = self.private("h", "--privacy", "pseudonymous", run=self.work / "out")
            self.assertEqual(self.found(folder, ["rosa.park"]), [])
            self.assert_exit(muster("replay", self.work / "h.tar.gz"), 0)
            self.assertEqual({path: path.read_bytes() for path in home.rglob("*") if path.is_file()}, before)

    def test_wrong_calls(self):
        for call, message in ((["--privacy", "pseudonymous"], "--privacy pseudonymous needs a key"),
                              (["--privacy-key", self.work / "p.key"], "--privacy-key is about pseudonyms, and a full bundle has none"),
                              (["--privacy", "pseudonymous", "--privacy-key", self.work / "p.key", "--keep", "names"], "--keep is for --privacy auditor; a pseudonymous bundle keeps nothing")):
            done = self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", *call, cwd=self.base), 64)
            self.assertIn(message, done.stderr)
        (self.work / "short").write_text("short")
        done = self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", "--privacy", "auditor", "--privacy-key", self.work / "short", cwd=self.base), 64)
        self.assertIn("is too short for a key: it has 5 bytes, and 16 are needed", done.stderr)
