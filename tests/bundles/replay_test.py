"""The results come out again, or the difference is said."""
import hashlib
import re
import shutil

from case import Case, SOURCE, muster, run


class Replay(Case):
    def resum(self, folder, *names):
        self.stands_beside(folder)
        names += ("run.json",)
        sums = (folder / "SHA256SUMS").read_text()
        for name in names:
            sums = re.sub(rf"\w{{64}}(?=  {re.escape(name)}\n)", hashlib.sha256((folder / name).read_bytes()).hexdigest(), sums)
        (folder / "SHA256SUMS").write_text(sums)
        for name in ("SHA256SUMS.sig", "SHA256SUMS.minisig", "statement.dsse.json"):
            (folder / name).unlink(missing_ok=True)

    def test_the_results_come_out_byte_for_byte(self):
        # Nothing but the bundle is there, and the machine is another one.
        alone = self.work / "alone"
        alone.mkdir()
        shutil.copy(self.base / "b.tar.gz", alone)
        for bundle in (alone / "b.tar.gz", self.copy()):
            done = self.assert_exit(muster("replay", bundle, "--out", self.work / "again.json", cwd=alone, env={"TZ": "Pacific/Apia", "LANG": "tr_TR.UTF-8"}), 0)
            self.assertTrue(done.stdout.startswith("REPRODUCED: "), done.stdout)
            self.assertEqual((self.work / "again.json").read_bytes(), (self.base / "run/results.json").read_bytes())
        self.assertEqual(sorted(path.name for path in alone.iterdir()), ["b.tar.gz"])

    def test_every_way_of_calling_check_is_replayed(self):
        own = self.base / "northwind"
        (self.work / "rules/own").mkdir(parents=True)
        text = (SOURCE / "rules/keys/no_expiry.lua").read_text().replace('"keys.no_expiry"', '"own.no_expiry"')
        (self.work / "rules/own/no_expiry.lua").write_text(text)
        shutil.copytree(SOURCE / "rules/lib", self.work / "rules/lib")
        (self.work / "p.yaml").write_text("policy: own\nrules: [own.no_expiry, keys.max_age]\n")
        calls = {
            "options": ["-c", own / "muster.yaml", "--rule", "keys.*", "--param", "keys.max_age.days=30", "--param", "keys.no_expiry.statuses=[active, inactive]", "--fail-on", "high"],
            "own rules": ["-c", own / "muster.yaml", "--rules", "rules", "--policy", "p.yaml"],
            "no config": ["--snapshot", own / "snapshot", "--policy", "p.yaml", "--rules", "rules"],
        }
        (self.work / "snapshots").mkdir()
        shutil.copytree(own / "snapshot", self.work / "snapshots/one")
        calls["the newest of a folder"] = ["-c", own / "muster.yaml", "--snapshot", "snapshots"]
        for name, call in calls.items():
            with self.subTest(name):
                done = muster("check", *call, "--out", "out", "--quiet", cwd=self.work)
                self.assertIn(done.returncode, (1, 2, 3), done.stderr)
                self.assert_exit(muster("bundle", "out", "-o", "x.tar.gz", cwd=self.work), 0)
                elsewhere = self.work / "elsewhere"
                elsewhere.mkdir(exist_ok=True)
                shutil.move(self.work / "x.tar.gz", elsewhere / "x.tar.gz")
                self.assert_exit(muster("replay", "x.tar.gz", cwd=elsewhere), 0)

    def test_results_that_do_not_follow_from_the_inputs_are_found(self):
        folder = self.copy()
        results = (folder / "results.json").read_text()
        (folder / "results.json").write_text(results.replace("never expires", "expires soon"))
        self.resum(folder, "results.json")
        done = self.assert_exit(muster("replay", folder), 65)
        self.assertIn("was fail: expires soon; is fail: never expires", done.stdout)
        self.assertEqual(done.stderr, "error[evidence.replay]: the bundle's inputs give other results than the bundle holds\n")

    def test_an_older_version_uses_its_own_rules_and_is_told_apart(self):
        folder = self.copy()
        rule = folder / "rules/builtin/keys/no_expiry.lua"
        changed = rule.read_text().replace('"never expires"', '"has no end"')
        self.assertNotEqual(changed, rule.read_text())
        rule.write_text(changed)
        for name in ("results.json", "run.json"):
            path = folder / name
            path.write_text(path.read_text().replace('"tool_version": "0.1.0"', '"tool_version": "0.0.9"'))
        self.resum(folder, "results.json", "run.json", "rules/builtin/keys/no_expiry.lua")
        done = self.assert_exit(muster("replay", folder), 65)
        self.assertIn("was fail: never expires; is fail: has no end", done.stdout)
        self.assertIn("the engine is another version: 0.0.9 and 0.1.0", done.stdout)
        self.assertIn("the rule builtin:rules/keys/no_expiry.lua in the bundle is not the one that results.json was made from", done.stdout)

    def test_a_damaged_or_partial_bundle_is_not_replayed(self):
        folder = self.copy()
        with open(folder / "roster/hr/roster.csv", "a") as file:
            file.write("x\n")
        self.assertIn("roster/hr/roster.csv was changed", self.assert_exit(muster("replay", folder), 65).stderr)
        self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", "--without-roster", cwd=self.base), 0)
        self.assertIn("the bundle holds the digest of northwind/hr/roster.csv only", self.assert_exit(muster("replay", self.work / "x.tar.gz"), 64).stderr)

    def test_a_bundle_of_digests_is_replayed_with_the_files_themselves(self):
        self.assert_exit(muster("bundle", "run", "-o", self.work / "x.tar.gz", "--without-roster", "--without-snapshot", cwd=self.base), 0)
        shutil.copytree(self.base / "northwind", self.work / "northwind")
        self.assert_exit(muster("replay", self.work / "x.tar.gz", "--inputs", self.work), 0)
        with open(self.work / "northwind/hr/roster.csv", "a") as file:
            file.write("x\n")
        done = self.assert_exit(muster("replay", self.work / "x.tar.gz", "--inputs", self.work), 65)
        self.assertIn("northwind/hr/roster.csv is not the file that was checked", done.stderr)
