// The commands by which people write rules, in-process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "cli/support.h"
#include "model/verdict.h"

namespace muster::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kRule = R"(return {
  id = "team.admins", title = "Admins are few", severity = "low", subject = "user", reads = { "users.role", "users.name" },
  why = "w", fix = "f",
  check = function(user)
    if user.role == "admin" then return fail("is an admin") end
    if user.role == "owner" then return fail("is an owner") end
    return pass()
  end,
  examples = {
    { note = "an admin", given = { user = { role = "admin" } }, want = { verdict = "fail", reason = "is a boss" } },
    { note = "an owner", given = { user = { role = "owner" } }, want = "unknown" },
    { note = "a user", given = { user = { role = "user" } }, want = "fail" },
    { note = "not said", given = { user = {} }, want = "unknown" },
  },
}
)";

Muster& with_rule(Muster& muster, const std::string& text = kRule) {
  muster.files.add("own/team/admins.lua", text);
  return muster;
}

TEST(RuleTestUpdate, WritesWhatIsStricterAndLeavesAPassToTheAuthor) {
  Muster muster;
  const Outcome outcome = with_rule(muster)({"rule", "test", "team.*", "--rules", "own", "--update"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out,
              HasSubstr("own/team/admins.lua:12: a user\n"
                        "  not written: fail would become pass; if that is right, write it yourself\n"
                        "own/team/admins.lua:11: an owner\n"
                        "  - want = \"unknown\"\n"
                        "  + want = \"fail\"\n"
                        "own/team/admins.lua:10: an admin\n"
                        "  - want = { verdict = \"fail\", reason = \"is a boss\" }\n"
                        "  + want = { verdict = \"fail\", reason = \"is an admin\" }\n"
                        "2 expectations rewritten, 1 left to you. Read them: an example is what you want, "
                        "not what the rule does.\n"));
  std::string wanted = kRule;
  wanted.replace(wanted.find("is a boss"), 9, "is an admin");
  wanted.replace(wanted.find("\"owner\" } }, want = \"unknown\"") + 20, 9, "\"fail\"");
  EXPECT_EQ(muster.files.read_file("own/team/admins.lua").value(), wanted);
  EXPECT_EQ(muster({"rule", "test", "team.*", "--rules", "own", "--update"}).code, 1);
}

TEST(RuleTestMeasures, ThresholdsDecideTheExitCode) {
  Muster muster;
  with_rule(muster, R"(return {
  id = "team.admins", title = "t", severity = "low", subject = "user", reads = { "users.role" }, why = "w", fix = "f",
  check = function(user)
    if user.role == "admin" then return fail("is an admin") end
    if user.role ~= "user" then return fail("odd") end
    return pass()
  end,
  examples = {
    { note = "an admin", given = { user = { role = "admin" } }, want = "fail" },
    { note = "a user", given = { user = { role = "user" } }, want = "pass" },
    { note = "not said", given = { user = {} }, want = "unknown" },
  },
}
)");
  const Outcome covered =
      muster({"rule", "test", "team.*", "--rules", "own", "--coverage", "--threshold", "67"});
  EXPECT_EQ(covered.code, 1);
  EXPECT_EQ(covered.out,
            "own/team/admins.lua:5:40: no example reaches this fail\n"
            "     5 |     if user.role ~= \"user\" then return fail(\"odd\") end\n"
            "       |                                        ^\n"
            "Coverage: 2 of 3 verdicts reached, 66.6 %.\n"
            "Coverage is below the threshold of 67 %.\n"
            "3 examples of 1 rule: all come out as they say.\n");
  EXPECT_EQ(muster({"rule", "test", "team.*", "--rules", "own", "--coverage", "--threshold", "66"}).code, 0);
  const Outcome mutated =
      muster({"rule", "test", "team.*", "--rules", "own", "--mutate", "--threshold", "100"});
  EXPECT_EQ(mutated.code, 0) << mutated.out;
  EXPECT_THAT(mutated.out, StartsWith("Mutants: 2 of 2 noticed, 100.0 %.\n"));
  const Outcome bare = muster({"rule", "test", "--threshold", "90"});
  EXPECT_EQ(bare.code, 64);
  EXPECT_EQ(bare.err,
            "error[usage]: --threshold says how much is enough, and nothing is measured\n   = help: give "
            "--coverage or --mutate\n");
}

TEST(RuleTestReport, IsJunit) {
  Muster muster;
  const Outcome outcome = with_rule(muster)(
      {"rule", "test", "team.*", "--rules", "own", "--coverage", "--report", "junit=out/rules.xml"});
  EXPECT_EQ(outcome.code, 1);
  const std::string xml = muster.files.read_file("out/rules.xml").value();
  EXPECT_THAT(xml, StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                              "<testsuites name=\"muster rule test\" tests=\"7\" failures=\"3\" errors=\"0\" "
                              "skipped=\"0\" time=\"0.000\">\n"
                              " <testsuite name=\"team.admins\" tests=\"7\" failures=\"3\" errors=\"0\" "
                              "skipped=\"0\" time=\"0.000\">\n"
                              "  <testcase name=\"an admin\" classname=\"team.admins\" "
                              "file=\"own/team/admins.lua\" line=\"10\" time=\"0.000\">\n"
                              "   <failure message=\"got fail: is an admin\" type=\"Example.differs\">wanted "
                              " fail: is a boss\ngot     fail: is an admin\n</failure>\n"));
  EXPECT_EQ(muster({"rule", "test", "--report", "html=x"}).code, 64);
}

TEST(RuleExplain, ShowsReadsBranchVerdictMatchAndRawLine) {
  Muster muster;
  with_northwind(muster);
  const Outcome outcome = muster({"rule", "explain", "accounts.leavers_removed",
                                  "Roderick.Amsel@northwind.example", "-c", "northwind/muster.yaml"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(
      outcome.out,
      StartsWith("accounts.leavers_removed and the user roderick.amsel@northwind.example "
                 "(user_018OiF70rrbEtLn4siO6Nq13), as of 2026-11-20T08:00:00Z\n"
                 "Person     Roderick Amsel (NW-1373), by email: e-mail roderick.amsel@northwind.example\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("Verdict    fail: left on 2026-11-06, removal due 2026-11-08, 12 days overdue\n"));
  EXPECT_THAT(outcome.out, HasSubstr(": user.person_state = \"left\"   (user_018OiF70rrbEtLn4siO6Nq13)\n"));
  EXPECT_THAT(outcome.out, HasSubstr(" |     if state == \"contradictory\" then\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("\ndata/users.jsonl:272\n  {\"from\":{\"provider\":\"anthropic-admin\""));
  // What did not run has no mark.
  const std::size_t at = outcome.out.find("return unknown(\"the roster contradicts");
  ASSERT_NE(at, std::string::npos);
  EXPECT_THAT(outcome.out.substr(outcome.out.rfind('\n', at), 16), Not(HasSubstr(">")));
}

TEST(RuleExplain, JsonHoldsTheSame) {
  Muster muster;
  with_northwind(muster);
  const Outcome outcome = muster({"rule", "explain", "accounts.leavers_removed",
                                  "user_018OiF70rrbEtLn4siO6Nq13", "-c", "northwind/muster.yaml", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto value = json::parse(outcome.out);
  ASSERT_TRUE(value);
  EXPECT_EQ(*value->find("match")->find("strategy")->string(), "email");
  const json::Value& entry = value->find("entries")->array()->front();
  EXPECT_EQ(*entry.find("verdict")->string(), "fail");
  EXPECT_EQ(*entry.find("reads")->array()->front().find("what")->string(), "user.person_state");
  EXPECT_FALSE(entry.find("lines")->array()->empty());
  // The account stands in both APIs' lists: both rows are shown.
  std::size_t rows = 0;
  for (const json::Value& row : *value->find("rows")->array()) {
    EXPECT_EQ(*row.find("row")->find("object")->find("id")->string(), "user_018OiF70rrbEtLn4siO6Nq13");
    ++rows;
  }
  EXPECT_EQ(rows, 2u);
}

TEST(RuleExplain, AMissingFieldIsNamedAsWhatDecided) {
  Muster muster;
  muster.add_folder("fixtures/northwind", "northwind");
  muster.files.add(
      "own/team/gone.lua",
      "return { id = 'team.gone', title = 't', severity = 'low', subject = 'workspace', reads = { "
      "'workspaces.archived_at' }, why = 'w', fix = 'f',\n"
      "  check = function(workspace)\n    return pass('gone ' .. workspace.archived_at:date())\n  end }\n");
  const Outcome outcome = muster(
      {"rule", "explain", "team.gone", "Default", "--snapshot", "northwind/snapshot", "--rules", "own"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("Entry      no policy selects it; its defaults, severity low\n"));
  EXPECT_THAT(outcome.out, HasSubstr("Verdict    unknown: workspaces.archived_at is null"));
  EXPECT_THAT(outcome.out, HasSubstr("workspace.archived_at could not be read, which decides the verdict"));
}

TEST(RuleExplain, SubjectsThatAreNotThereGetTheNearest) {
  Muster muster;
  with_northwind(muster);
  const Outcome outcome = muster({"rule", "explain", "accounts.leavers_removed",
                                  "rodrick.amsel@northwind.example", "-c", "northwind/muster.yaml"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_EQ(outcome.err,
            "error[usage]: none of the users in the snapshot (306) has the id, e-mail address or label "
            "rodrick.amsel@northwind.example\n"
            "   = help: did you mean roderick.amsel@northwind.example?\n");
  EXPECT_THAT(
      muster({"rule", "explain", "accounts.leavers_removed", "roderick", "-c", "northwind/muster.yaml"}).err,
      HasSubstr("did you mean "));
  EXPECT_THAT(muster({"rule", "explain", "admins.count", "us", "--snapshot", "northwind/snapshot"}).err,
              HasSubstr("\n   = help: there is "));
  EXPECT_EQ(muster({"rule", "explain", "admins.cont", "us", "--snapshot", "northwind/snapshot"}).err,
            "error[usage]: there is no rule admins.cont\n   = help: did you mean admins.count?\n");
}

TEST(RuleLint, ShowsThePlaceAndTheMending) {
  Muster muster;
  EXPECT_EQ(muster({"rule", "lint"}).code, 0);
  with_rule(muster,
            "return { id = 'team.admins', title = 't', severity = 'low', subject = 'user', reads = { "
            "'users.role' }, why = 'w', fix = 'f',\n"
            "  check = function(user)\n    if user.role == nil then return fail('none') end\n    return "
            "pass()\n  end }\n");
  const Outcome outcome = muster({"rule", "lint", "team.*", "--rules", "own"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out,
            "own/team/admins.lua:3:8: user.role is never nil: where it is null or absent, the subject is "
            "unknown [never_nil]\n"
            "     3 |     if user.role == nil then return fail('none') end\n"
            "       |        ^\n"
            "       = say what is meant: record:is_null(\"field\"), record:is_absent(\"field\"), or "
            "record:get(\"field\", default)\n"
            "1 file: 1 finding.\n");
  muster.files.add("own/lib/words.lua",
                   "local M = {}\nfunction M.shout(word, loud) return word:uper() .. os end\nreturn M\n");
  muster.files.add("own/lib/words_spec.lua",
                   "describe('x', function() it('y', function() assert.equal(1, 1) juge('a') end) end)\n");
  const Outcome more = muster({"rule", "lint", "team.*", "lib.*", "--rules", "own"});
  for (const char* part :
       {"own/lib/words.lua:2:24: the parameter `loud` is not used",
        "own/lib/words.lua:2:52: unknown global 'os'", "own/lib/words_spec.lua:1:64: unknown global 'juge'",
        "= did you mean 'judge'?", "\n3 files: 4 findings.\n"})
    EXPECT_THAT(more.out, HasSubstr(part));
  EXPECT_EQ(muster({"rule", "lint", "taem.*"}).code, 64);
}

TEST(Init, MakesAFolderThatWorksAtOnce) {
  Muster muster;
  const Outcome made = muster({"init", "--organization", "northwind"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, StartsWith("muster.yaml\npolicies/access.yaml\nwaivers.yaml\nattestations.yaml\nhr/"
                                   "roster.csv\nrules/README.md\n"));
  EXPECT_EQ(muster({"policy", "lint", "policies/access.yaml"}).out, "policies/access.yaml: OK, 5 rules\n");
  EXPECT_EQ(muster({"rule", "test"}).code, 0);
  const Outcome people = muster({"roster", "show", "--as-of", "2026-11-21"});
  EXPECT_THAT(people.out, HasSubstr("hr/roster.csv: 3 persons, complete, exported on 2026-11-21\n"));
  for (const SubjectKind kind : kSubjectKinds) {
    const Outcome rule = muster(
        {"rule", "new", "team.about_" + std::string(word_of(kind)), "--subject", std::string(word_of(kind))});
    EXPECT_THAT(rule.out, StartsWith("rules/team/about_" + std::string(word_of(kind)) + ".lua\n"))
        << rule.err;
  }
  const Outcome held = muster({"rule", "test", "team.*", "--coverage", "--mutate", "--threshold", "100"});
  EXPECT_EQ(held.code, 0) << held.out << held.err;
  EXPECT_EQ(muster({"rule", "lint"}).code, 0);

  // Policies are found by their folder.
  muster.files.add("policies/second.yaml", "policy: second\nrules: [keys.no_expiry]\n");
  muster.files.add("policies/notes.txt", "not a policy\n");
  // It works on a real snapshot too, waivers and all.
  muster.add_folder("fixtures/northwind/snapshot", "snapshots/first");
  const Outcome checked = muster({"check", "--quiet"});
  EXPECT_EQ(checked.code, 1) << checked.err;
  EXPECT_EQ(checked.err, "");

  const Outcome again = muster({"init"});
  EXPECT_EQ(again.code, 64);
  EXPECT_THAT(again.err, StartsWith("error[file.unwritable]: muster.yaml, policies/access.yaml, "));
  EXPECT_EQ(muster({"init", "--editor"}).code, 0);
  EXPECT_EQ(muster({"init", "other", "--ci", "gitlab"}).code, 0);
  EXPECT_TRUE(muster.files.read_file("other/.gitlab-ci.yml"));
  EXPECT_EQ(muster({"init", "x", "--organization", "A: b"}).code, 64);
}

TEST(Init, KeepsPeopleAndKeysOutOfTheRepository) {
  Muster muster;
  const Outcome made = muster({"init", "new"});
  EXPECT_THAT(made.out, HasSubstr("new/.gitignore\n"));
  EXPECT_THAT(made.out,
              EndsWith("\n.gitignore keeps hr/, snapshots/, out/, .muster/, bundles and keys out of "
                       "version control.\n"));
  const std::string text = muster.files.read_file("new/.gitignore").value();
  std::vector<std::string> lines;
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
    if (const std::string_view line = rest.substr(0, rest.find('\n')); !line.empty() && line[0] != '#')
      lines.emplace_back(line);
  EXPECT_THAT(lines,
              ElementsAre("/hr/", "/snapshots/", "/out/", "*.tar.gz", "*.key", "*.pem", ".env", "/.muster/"));
}

TEST(Init, LeavesAGitignoreThatIsThere) {
  Muster muster;
  muster.files.add("own/.gitignore", "/build/\n");
  const Outcome made = muster({"init", "own"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(muster.files.read_file("own/.gitignore").value(), "/build/\n");
  EXPECT_TRUE(muster.files.read_file("own/muster.yaml"));
  EXPECT_THAT(made.out, Not(HasSubstr("own/.gitignore\n")));
  EXPECT_THAT(made.out, EndsWith("\nown/.gitignore was there and stays as it is: keep hr/, snapshots/, out/, "
                                 "bundles and keys out of version control.\n"));
}

TEST(RuleNew, TakesNothingThatIsThere) {
  Muster muster;
  EXPECT_EQ(muster({"rule", "new", "keys.max_age"}).err,
            "error[rule.duplicate]: the rule keys.max_age is there already: builtin:rules/keys/max_age.lua\n"
            "   = help: give yours another id; nothing is overridden silently\n");
  EXPECT_EQ(muster({"rule", "new", "../x.y"}).err,
            "error[usage]: '../x.y' is no id of a rule: it is FAMILY.NAME, in small letters, digits and "
            "underscores\n");
  EXPECT_EQ(muster({"rule", "new", "lib.x"}).code, 64);
  muster.files.add("rules/team/x.lua", "-- mine\n");
  EXPECT_EQ(muster({"rule", "new", "team.x"}).code, 64);
  EXPECT_EQ(muster.files.read_file("rules/team/x.lua").value(), "-- mine\n");
}

TEST(Specs, RunInTheSandboxBesideTheExamples) {
  Muster muster;
  muster.files.add("own/lib/words.lua", "return { shout = function(word) return word:upper() .. '!' end }\n");
  muster.files.add("own/lib/words_spec.lua", R"(local words = require('lib.words')
describe('words', function()
  local ready = {}
  before_each(function() ready.yes = true end)
  it('shouts', function()
    assert.are.equal('HEY!', words.shout('hey'))
    assert.same({ a = { 1, 2 } }, { a = { 1, 2 } })
    assert.is_true(ready.yes)
    assert.has_error(function() error('no') end, 'no')
    assert.equal(31, days_since(time('2025-12-01')))
  end)
  describe('and rules', function()
    it('judges', function()
      local result = judge('keys.no_expiry', { api_key = { status = 'active', expires_at = null, created_at = '2025-01-01' } })
      assert.equal('fail', result.verdict)
      assert.equal('2025-01-01T00:00:00Z', result.observed.created_at)
    end)
  end)
end)
)");
  const Outcome good = muster({"rule", "test", "lib.*", "--rules", "own", "--verbose"});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(good.out,
            "own/lib/words_spec.lua:5: words shouts\n  good\n"
            "own/lib/words_spec.lua:13: words and rules judges\n  good\n"
            "2 tests of 1 spec file: all pass.\n");

  muster.files.add("own/lib/words_spec.lua", R"(describe('words', function()
  it('is wrong', function() assert.equal(1, 2, 'sums') end)
  it('asserts nothing', function() end)
  it('misspells', function() judge('keys.no_expiry', { api_key = { staus = 'active' } }) end)
  it('asks for no rule', function() judge('keys.noexpiry', {}) end)
  it('never ends', function() while true do end end)
  it('reaches for the clock', function() assert.is_nil(os) end)
  it('goes on', function() assert(true) end)
end)
)");
  const Outcome bad = muster({"rule", "test", "lib.*", "--rules", "own", "--report", "junit=out.xml"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_EQ(bad.out,
            "own/lib/words_spec.lua:2: words is wrong\n  own/lib/words_spec.lua:2: sums (expected 1, got 2)\n"
            "own/lib/words_spec.lua:3: words asserts nothing\n  own/lib/words_spec.lua:3: the test asserts "
            "nothing, so it cannot fail\n"
            "own/lib/words_spec.lua:4: words misspells\n  own/lib/words_spec.lua:4: api_key has no field "
            "'staus'; did you mean 'status'?\n"
            "own/lib/words_spec.lua:5: words asks for no rule\n  own/lib/words_spec.lua:5: there is no rule "
            "keys.noexpiry; did you mean keys.no_expiry?\n"
            "own/lib/words_spec.lua:6: words never ends\n  own/lib/words_spec.lua:6: over budget: more than "
            "5000000 instructions for one subject\n"
            "own/lib/words_spec.lua:7: words reaches for the clock\n  own/lib/words_spec.lua:7: unknown "
            "global 'os'\n"
            "7 tests of 1 spec file: 6 fail.\n");
  EXPECT_THAT(muster.files.read_file("out.xml").value(),
              HasSubstr("<testsuite name=\"lib.words spec\" tests=\"7\" failures=\"6\""));

  muster.files.add("own/lib/words_spec.lua", "describe('none', function()\nend)\n");
  EXPECT_EQ(muster({"rule", "test", "lib.*", "--rules", "own"}).err,
            "error[rule.example]: the file has no test\n  --> own/lib/words_spec.lua\n   = help: write "
            "it(\"what it shows\", function() … end)\n");
  muster.files.add("own/lib/words_spec.lua", "local x = 1\n  descibe('none')\n");
  EXPECT_THAT(muster({"rule", "test", "lib.*", "--rules", "own"}).err,
              HasSubstr("unknown global 'descibe'\n  --> own/lib/words_spec.lua:2:3\n   |\n 2 |   "
                        "descibe('none')\n   |   ^\n"));
}

TEST(RuleDoc, IsAnIndexAndAPageEachInBothForms) {
  Muster muster;
  std::string text = kRule;
  text.replace(text.find("Admins are few"), 14, "Admins | <few> & *far*");
  with_rule(muster, text);
  const Outcome outcome = muster({"rule", "doc", "--rules", "own", "--out", "book"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(" in book\n"));
  const std::string index = muster.files.read_file("book/index.md").value(),
                    page = muster.files.read_file("book/team/admins.html").value();
  EXPECT_THAT(index,
              HasSubstr("\n## team\n\n| rule | severity | judges | |\n|---|---|---|---|\n| "
                        "[team.admins](team/admins.md) | low | user | Admins \\| \\<few\\> & \\*far\\* |\n"));
  EXPECT_THAT(page, HasSubstr("<p class=\"lead\">Admins | &lt;few&gt; &amp; *far* <span class=\"severity "
                              "low\">severity low</span></p>\n"));
  EXPECT_THAT(page, HasSubstr("<tr><td>an admin</td><td class=\"fail\">fail: is a boss</td></tr>\n"));
  EXPECT_THAT(page, Not(HasSubstr("<few>")));
  const std::string shipped = muster.files.read_file("book/keys/max_age.md").value();
  for (const char* part :
       {"# keys.max_age\n", "| Selected by | anthropic-baseline", "| soc2 | CC6.1 | Access to systems",
        "## Supports\n", "| `days` | integer, default 90, at least 1 |"})
    EXPECT_THAT(shipped, HasSubstr(part));
  EXPECT_THAT(muster.files.read_file("book/index.html").value(),
              HasSubstr("<a href=\"keys/max_age.html\">keys.max_age</a>"));
  EXPECT_EQ(muster({"rule", "doc", "keys.*", "--out", "one", "--format", "html"}).code, 0);
  EXPECT_FALSE(muster.files.read_file("one/index.md"));
  EXPECT_EQ(muster({"rule", "doc"}).err,
            "error[usage]: nothing says where the catalogue goes\n   = help: give --out DIR\n");
}

constexpr const char* kLibraryRule = R"(local roles = require("lib.roles")
return {
  id = "team.@", title = "t", severity = "low", subject = "user", reads = { "users.role" }, why = "w", fix = "f",
  check = function(user) return roles.judge(user) end,
  examples = {
    { note = "an admin", given = { user = { role = "admin" } }, want = "fail" },
    { note = "a @", given = { user = { role = "@" } }, want = "pass" },
    { note = "not said", given = { user = {} }, want = "unknown" },
  },
}
)";

TEST(RuleTestMeasures, LibrariesAreHeldByAllTheRulesThatRequireThem) {
  Muster muster;
  const auto add = [&](const std::string& name) {
    std::string text = kLibraryRule;
    for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1))
      text.replace(at, 1, name);
    muster.files.add("own/team/" + name + ".lua", text);
  };
  muster.files.add("own/lib/roles.lua",
                   "local function judge(user)\n"
                   "  if user.role == \"admin\" then return fail(\"admin\") end\n"
                   "  if user.role == \"billing\" then return pass(\"pays\") end\n"
                   "  return pass()\n"
                   "end\n"
                   "return { judge = judge }\n");
  add("developer");
  const Outcome one = muster({"rule", "test", "team.*", "--rules", "own", "--coverage"});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(one.out,
            "own/lib/roles.lua:3:41: no example reaches this pass\n"
            "     3 |   if user.role == \"billing\" then return pass(\"pays\") end\n"
            "       |                                         ^\n"
            "Coverage: 2 of 3 verdicts reached, 66.6 %.\n"
            "3 examples of 1 rule: all come out as they say.\n");
  add("billing");
  const Outcome two = muster({"rule", "test", "team.*", "--rules", "own", "--coverage", "--mutate"});
  EXPECT_THAT(two.out, HasSubstr("Coverage: 3 of 3 verdicts reached, 100.0 %.\n"));
  // The reasons of the two passes are not wanted by any example.
  EXPECT_THAT(two.out, HasSubstr("own/lib/roles.lua:3:16: no example notices `~=` instead of `==`\n"));
  EXPECT_THAT(two.out, HasSubstr("Mutants: 1 of 2 noticed, 50.0 %.\n"));
}

TEST(RuleTestMeasures, NothingToReachIsNotEverythingReached) {
  Muster muster;
  with_rule(muster,
            "local made = { ok = pass, bad = fail }\nreturn { id = 'team.admins', title = 't', severity = "
            "'low', subject = 'user', reads = { 'users.role' }, why = 'w', fix = 'f',\n"
            "  check = function(user) return user.role == 'admin' and made.bad('x') or made.ok() end, "
            "examples = {\n"
            "  { note = 'a', given = { user = { role = 'admin' } }, want = 'fail' }, { note = 'b', given = { "
            "user = {} }, want = 'unknown' } } }\n");
  const Outcome outcome =
      muster({"rule", "test", "team.*", "--rules", "own", "--coverage", "--threshold", "100"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_THAT(outcome.err,
              StartsWith("error[rule.example]: no verdict of team.admins stands in its text, so coverage "
                         "cannot see what is reached\n  --> own/team/admins.lua:2:8\n"));
}

TEST(RuleErrors, StandUnderTheSlipInTheAuthorsWords) {
  Muster muster;
  with_rule(muster, "return {\n  check = function(user) if user.role = 3 then return pass() end end,\n}\n");
  EXPECT_EQ(muster({"rule", "test", "team.*", "--rules", "own"}).err,
            "error[rule.syntax]: 'then' expected near '='\n"
            "  --> own/team/admins.lua:2:39\n"
            "   |\n"
            " 2 |   check = function(user) if user.role = 3 then return pass() end end,\n"
            "   |                                       ^\n"
            "   = help: to compare, write `==`\n");
  with_rule(muster,
            "return { id = 'team.admins', title = 't', severity = 'low', subject = 'user', reads = { "
            "'users.role' }, why = 'w', fix = 'f',\n  check = function(user)\n    return user.rol == 'x' and "
            "fail('x') or pass()\n  end,\n"
            "  examples = { { note = 'a', given = { user = { role = 'x' } }, want = 'fail' }, { note = 'b', "
            "given = { user = {} }, want = 'unknown' } } }\n");
  EXPECT_THAT(
      muster({"rule", "test", "team.*", "--rules", "own"}).out,
      StartsWith("own/team/admins.lua:5: a\n"
                 "  wanted  fail\n"
                 "  got     error: own/team/admins.lua:3: user has no field 'rol'; did you mean 'role'?\n"
                 "     3 |     return user.rol == 'x' and fail('x') or pass()\n"
                 "       |                 ^\n"));
}

}  // namespace
}  // namespace muster::cli
