// The other commands in-process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "cli/support.h"

namespace muster::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kRule = R"(return {
  id = "team.named", title = "Accounts have names", severity = "low", subject = "user", reads = { "users.name" },
  why = "Nobody knows who an account without a name is.", fix = "Name it.",
  check = function(user) if user.name == "" then return fail("no name") end return pass() end,
  examples = {
    { note = "a name", given = { user = { name = "Ada" } }, want = "pass" },
    { note = "none", given = { user = { name = "" } }, want = { verdict = "fail", reason = "%s" } },
    { note = "not said", given = { user = {} }, want = "unknown" },
  },
}
)";

std::string rule_wanting(std::string_view reason) {
  std::string text = kRule;
  return text.replace(text.find("%s"), 2, reason);
}

json::Value parsed(const std::string& text) {
  auto value = json::parse(text);
  EXPECT_TRUE(value) << (value ? "" : value.error().message);
  return value ? *value : json::Value();
}

TEST(Rules, AreListedForPeopleAndPrograms) {
  Muster muster;
  muster.files.add("own/team/named.lua", rule_wanting("no name"));
  const Outcome list = muster({"rule", "list", "--rules", "own"});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_THAT(list.out, testing::ContainsRegex("team\\.named +low +user +Accounts have names\n"));
  const json::Value value = parsed(muster({"rule", "list", "--json"}).out);
  ASSERT_NE(value.array(), nullptr);
  EXPECT_GE(value.array()->size(), 24U);
  EXPECT_THAT(list.out, HasSubstr("\n" + std::to_string(value.array()->size() + 1) + " rules. "));
  EXPECT_THAT(*value.array()->front().find("id")->string(), testing::StartsWith("accounts."));
}

TEST(Rules, OfTheConfigAreThere) {
  Muster muster;
  muster.files.add("muster.yaml", "muster: 1\nrules: [own]\n");
  muster.files.add("own/team/named.lua", rule_wanting("no name"));
  EXPECT_EQ(muster({"rule", "show", "team.named"}).code, 0);
  const Outcome source = muster({"rule", "show", "team.named", "--source"});
  EXPECT_EQ(source.out, rule_wanting("no name"));
}

TEST(Rules, AreShownWhole) {
  Muster muster;
  const Outcome shown = muster({"rule", "show", "keys.max_age"});
  EXPECT_EQ(shown.code, 0);
  for (const char* part : {"keys.max_age  [medium]", "each api_key", "days: integer, default 90, at least 1",
                           "api_keys.created_at", "builtin:rules/keys/max_age.lua", "soc2:CC6.1"})
    EXPECT_THAT(shown.out, HasSubstr(part));
  const json::Value value = parsed(muster({"rule", "show", "keys.max_age", "--json"}).out);
  EXPECT_EQ(*value.find("params")->array()->front().find("default")->integer(), 90);
  const Outcome unknown = muster({"rule", "show", "keys.maxage"});
  EXPECT_EQ(unknown.code, 64);
  EXPECT_EQ(unknown.err,
            "error[usage]: there is no rule keys.maxage\n   = help: did you mean keys.max_age?\n");
}

TEST(RuleTest, ShippedRulesComeOutAsTheySay) {
  Muster muster;
  const Outcome outcome = muster({"rule", "test"});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  const json::Value listed = parsed(muster({"rule", "list", "--json"}).out);
  EXPECT_THAT(outcome.out, HasSubstr(" of " + std::to_string(listed.array()->size()) +
                                     " rules: all come out as they say.\n"));
}

TEST(RuleTest, PrintsWhatWasWantedAndWhatCame) {
  Muster muster;
  muster.files.add("own/team/named.lua", rule_wanting("nameless"));
  const Outcome outcome = muster({"rule", "test", "team.*", "--rules", "own"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            "own/team/named.lua:7: none\n  wanted  fail: nameless\n  got     fail: no name\n"
            "3 examples of 1 rule: 1 comes out differently.\n");
}

TEST(RuleTest, NothingTestedIsNoSuccess) {
  Muster muster;
  const Outcome outcome = muster({"rule", "test", "keyz.*", "accounts.*"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_EQ(outcome.err, "error[usage]: no rule fits keyz.*\n   = help: did you mean keys.*?\n");
  EXPECT_EQ(muster({"rule", "lint", "no_expiri"}).err,
            "error[usage]: no rule fits no_expiri\n   = help: did you mean keys.no_expiry?\n");
  EXPECT_EQ(muster({"rule", "doc", "qqq.*", "--out", "o"}).err,
            "error[usage]: no rule fits qqq.*\n   = help: muster rule list names all\n");
  std::string bare = rule_wanting("no name");
  bare = bare.substr(0, bare.find("  examples")) + "  examples = {},\n}\n";
  muster.files.add("own/team/named.lua", bare);
  EXPECT_EQ(muster({"rule", "test", "team.named", "--rules", "own"}).code, 64);
}

TEST(PolicyLint, SaysThatAllIsRightOrAllThatIsNot) {
  Muster muster;
  muster.files.add("good.yaml", "policy: good\nrules: [keys.max_age, admins.count]\n");
  muster.files.add("bad.yaml",
                   "policy: bad\nrules:\n  - keys.maxage\n  - {rule: keys.max_age, params: {day: 3}}\n  - "
                   "{rule: admins.count, severty: low}\n");
  EXPECT_EQ(muster({"policy", "lint", "good.yaml", "anthropic-baseline"}).out,
            "good.yaml: OK, 2 rules\nanthropic-baseline: OK, 12 rules\n");
  const Outcome bad = muster({"policy", "lint", "good.yaml", "bad.yaml"});
  EXPECT_EQ(bad.code, 64);
  EXPECT_EQ(bad.out, "");
  EXPECT_THAT(bad.err, HasSubstr("bad.yaml:5:"));
  muster.files.add("bad.yaml",
                   "policy: bad\nrules:\n  - keys.maxage\n  - {rule: keys.max_age, params: {day: 3}}\n");
  const Outcome worse = muster({"policy", "lint", "bad.yaml"});
  EXPECT_EQ(worse.code, 64);
  EXPECT_THAT(worse.err, HasSubstr("bad.yaml:3:5"));
  EXPECT_THAT(worse.err, HasSubstr("did you mean"));
  EXPECT_THAT(worse.err, HasSubstr("bad.yaml:4:"));
  EXPECT_THAT(worse.err, HasSubstr("2 problems."));
  EXPECT_EQ(muster({"policy", "lint", "none.yaml"}).code, 64);
  EXPECT_EQ(muster({"policy", "lint"}).code, 64);
}

TEST(Roster, IsShownAsOfTheSnapshotsInstant) {
  Muster muster;
  with_northwind(muster);
  const Outcome shown = muster({"roster", "show", "-c", "northwind/muster.yaml"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, StartsWith("As of 2026-11-20T08:00:00Z\nhr/roster.csv: 387 persons, complete, "
                                    "exported on 2026-11-19\n\nperson "));
  EXPECT_THAT(shown.out, HasSubstr("left at an unknown date"));
  const json::Value value = parsed(muster({"roster", "show", "-c", "northwind/muster.yaml", "--json"}).out);
  EXPECT_EQ(value.find("persons")->array()->size(), 387U);
}

TEST(Roster, WithoutASnapshotTheInstantMustBeSaid) {
  Muster muster;
  muster.files.add("hr.csv", "person_id,email,status,start\nP-1,ada@x.example,active,2026-11-21\n");
  const Outcome unsaid = muster({"roster", "show", "--roster", "hr.csv"});
  EXPECT_EQ(unsaid.code, 64);
  EXPECT_EQ(unsaid.err,
            "error[usage]: nothing says as of when the roster is to be read\n   = help: give --as-of TIME "
            "(or --as-of "
            "now), or name a snapshot, whose instant is then taken\n");
  EXPECT_THAT(muster({"roster", "show", "--roster", "hr.csv", "--as-of", "now"}).out, HasSubstr(" active\n"));
  EXPECT_THAT(muster({"roster", "show", "--roster", "hr.csv", "--as-of", "2026-11-20"}).out,
              HasSubstr("starts on 2026-11-21"));
  EXPECT_EQ(muster({"roster", "show", "--as-of", "now"}).err,
            "error[usage]: no roster is named, and there is no muster.yaml here\n   = help: give --roster "
            "FILE, or a "
            "config with -c FILE\n");
}

TEST(Roster, MatchSaysWhoIsWho) {
  Muster muster;
  with_northwind(muster);
  const Outcome match = muster({"roster", "match", "-c", "northwind/muster.yaml"});
  EXPECT_EQ(match.code, 0) << match.err;
  EXPECT_THAT(
      match.out,
      HasSubstr("291: 1 by link, 284 by email, 3 by plus_tag, 2 by former_email, 1 by domain_alias\n"));
  for (const char* part : {"\nAMBIGUOUS", "\nNOBODY", "\nNOT ACTIVE", "\nNO ACCOUNT", "\nALL ACCOUNTS",
                           "NW-1359, NW-1360", "nonhuman.yaml:22: no account is named"})
    EXPECT_THAT(match.out, HasSubstr(part));
  EXPECT_THAT(match.out, Not(HasSubstr("\x1b")));
  const json::Value value = parsed(muster({"roster", "match", "-c", "northwind/muster.yaml", "--json"}).out);
  EXPECT_EQ(value.find("accounts")->array()->size(), 306U);
  EXPECT_EQ(*value.find("summary")->find("matched")->integer(), 291);
}

TEST(Roster, MatchWithoutAListOfUsersIsAnError) {
  Muster muster;
  muster.add_folder("fixtures/northwind", "northwind");
  std::string manifest = muster.files.read_file("northwind/snapshot/manifest.json").value();
  auto value = json::parse(manifest);
  for (json::Value& row : *value->object()->back().second.array()) {
    if (*row.find("name")->string() != "users") continue;
    for (auto& [name, member] : *row.object()) {
      if (name == "status") member = "denied";
      if (name == "reason") member = "403 permission_error";
      if (name == "sha256") member = "";
      if (name == "rows" || name == "bytes" || name == "pages") member = 0;
    }
  }
  muster.files.add("northwind/snapshot/manifest.json", json::dump(*value, 2));
  ASSERT_TRUE(muster.files.remove_all("northwind/snapshot/data/users.jsonl"));
  const Outcome match = muster({"roster", "match", "-c", "northwind/muster.yaml"});
  EXPECT_EQ(match.code, 64);
  EXPECT_EQ(match.out, "");
  EXPECT_EQ(match.err,
            "error[snapshot.missing]: the snapshot northwind/snapshot has no list of users: denied (403 "
            "permission_error)\n"
            "   = help: collect or import `users` first\n");
}

TEST(Import, MakesASnapshotThatCanBeShownAndVerified) {
  Muster muster;
  muster.files.add("export/users.json",
                   R"([{"id":"user_1","email":"ada@x.example","name":"Ada","role":"admin"}])");
  const Outcome made = muster({"import", "export", "--organization", "X", "--out", "snapshots/one"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("declared by the importer, not observed"));
  EXPECT_THAT(made.out, HasSubstr("Written: snapshots/one, as of 2026-11-21T12:00:00Z (now; give --as-of "
                                  "when the files are older).\n"));
  const Outcome verified = muster({"snapshot", "verify", "snapshots"});
  EXPECT_EQ(verified.code, 0);
  EXPECT_EQ(verified.out, "snapshots/one: OK, 2 datasets with 2 rows, as the manifest says.\n");
  const Outcome shown = muster({"snapshot", "show", "snapshots/one"});
  EXPECT_THAT(shown.out, HasSubstr("\nusers          complete"));
  EXPECT_THAT(shown.out, HasSubstr("\nnot requested: invites,"));
  const json::Value manifest = parsed(muster({"snapshot", "show", "snapshots/one", "--json"}).out);
  EXPECT_EQ(*manifest.find("origin")->string(), "declared");
  EXPECT_EQ(muster({"import", "export", "--organization", "X", "--out", "snapshots/one"}).code, 64);
}

TEST(Import, NeedsANameAndAPlace) {
  Muster muster;
  const Outcome outcome = muster({"import", "export"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_EQ(
      outcome.err,
      "error[usage]: muster import needs --organization NAME: reports show it\n   = help: see muster import "
      "--help\n\n"
      "error[usage]: muster import needs --out SNAPSHOT: where the snapshot goes\n   = help: see muster "
      "import "
      "--help\n\n2 problems.\n");
  EXPECT_EQ(muster({"import", "none", "--organization", "X", "--out", "s"}).code, 64);
  EXPECT_THAT(muster.files.paths(), IsEmpty());
}

TEST(Snapshot, ADamagedOneIsRefused) {
  Muster muster;
  with_northwind(muster);
  muster.files.add("northwind/snapshot/data/users.jsonl", "{}\n");
  const Outcome outcome = muster({"snapshot", "verify", "northwind/snapshot"});
  EXPECT_EQ(outcome.code, 65);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("northwind/snapshot/data/users.jsonl"));
  EXPECT_EQ(muster({"snapshot", "verify", "nowhere"}).code, 64);
  EXPECT_EQ(muster({"snapshot", "show"}).err,
            "error[usage]: no snapshot is named\n   = help: give its folder: muster snapshot show DIR\n");
}

TEST(Snapshot, TheSchemaIsPrinted) {
  Muster muster;
  EXPECT_THAT(muster({"snapshot", "schema"}).out, StartsWith("# Datasets and fields\n"));
  const json::Value schema = parsed(muster({"snapshot", "schema", "users"}).out);
  EXPECT_EQ(*schema.find("type")->string(), "object");
  EXPECT_EQ(muster({"snapshot", "schema", "usres"}).err,
            "error[usage]: a snapshot has no dataset usres\n   = help: did you mean users?\n");
  EXPECT_EQ(muster({"snapshot", "schema", "persons"}).code, 64);
}

}  // namespace
}  // namespace muster::cli
