// What coverage, mutation and the strictness of examples find in rules whose holes are known.
#include <gmock/gmock.h>

#include "base/diagnostics.h"
#include "evaluate/rule_quality.h"
#include "rule/mutate.h"
#include "rule/rule.h"

namespace muster::evaluate {
namespace {

using testing::ElementsAre;

std::shared_ptr<const rule::Rule> load(const std::string& text) {
  Diagnostics problems;
  auto rule = rule::load_rule(text, "rules/a/b.lua", "a.b",
                              std::make_shared<const std::map<std::string, std::string>>(), problems);
  EXPECT_TRUE(rule) << problems.render();
  return rule ? std::make_shared<const rule::Rule>(std::move(*rule)) : nullptr;
}

RuleQuality assess(const std::string& text, unsigned jobs = 1) {
  const std::shared_ptr<const rule::Rule> rules[] = {load(text)};
  return std::move(assess_rules(rules, {true, true, jobs, nullptr}).rules.front());
}

const std::string kHead =
    "return { id = 'a.b', title = 't', severity = 'low', subject = 'user', reads = { 'users.role', "
    "'users.person_accounts' }, why = 'w', fix = 'f',\n";

std::vector<std::string> unreached(const RuleQuality& quality) {
  std::vector<std::string> out;
  for (const VerdictSite& site : quality.sites)
    if (!site.is_reached)
      out.push_back(site.verdict + "@" + std::to_string(site.place.line) + ":" +
                    std::to_string(site.place.column));
  return out;
}
std::vector<std::string> in_state(const RuleQuality& quality, MutantState state) {
  std::vector<std::string> out;
  for (const MutantResult& mutant : quality.mutants)
    if (mutant.state == state)
      out.push_back(mutant.what + "@" + std::to_string(mutant.place.line) + ":" +
                    std::to_string(mutant.place.column));
  return out;
}
std::vector<std::string> slips(const RuleQuality& quality) {
  std::vector<std::string> out;
  for (const Error& slip : quality.slips) out.push_back(render_error(slip));
  return out;
}

const std::string kEnds =
    "  { note = 'cut off', given = { user = {}, incomplete = { 'users' } }, want = 'unknown' },\n"
    "} }\n";

TEST(Coverage, TellsVerdictsOfOneLineApart) {
  const auto quality = assess(kHead +
                              "check = function(user)\n"
                              "  if user.role == 'owner' then return unknown('owners are odd') end\n"
                              "  return user.role == 'admin' and fail('admin') or fail{ reason = 'other' }\n"
                              "end, examples = {\n"
                              "  { note = 'an admin', given = { user = { role = 'admin' } }, want = { "
                              "verdict = 'fail', reason = 'admin' } },\n" +
                              kEnds);
  EXPECT_THAT(slips(quality), ElementsAre());
  EXPECT_EQ(quality.sites.size(), 3u);
  EXPECT_THAT(unreached(quality), ElementsAre("unknown@3:39", "fail@4:52"));
}

TEST(Coverage, LooksIntoHelpersAndNotIntoTexts) {
  const auto quality = assess(
      "local function judge(ok)\n"
      "  -- fail('in a comment')\n"
      "  if ok then return pass() end\n"
      "  return fail(\n"
      "    \"pass() is what it did not say\")\n"
      "end\n" +
      kHead +
      "check = function(user) return judge(user.role == 'user') end, examples = {\n"
      "  { note = 'pass()', given = { user = { role = 'admin' } }, want = 'fail' },\n" +
      kEnds);
  EXPECT_THAT(slips(quality), ElementsAre());
  EXPECT_EQ(quality.sites.size(), 2u);
  EXPECT_THAT(unreached(quality), ElementsAre("pass@3:21"));
}

const std::string kCount =
    "check = function(user)\n"
    "  if user.person_accounts > 1 then return fail('too many', { count = user.person_accounts }) end\n"
    "  return pass()\n"
    "end, examples = {\n";

TEST(Mutation, BoundariesThatNoExampleStandsOnSurvive) {
  const auto quality =
      assess(kHead + kCount +
             "  { note = 'five', given = { user = { person_accounts = 5 } }, want = 'fail' },\n" + kEnds);
  EXPECT_THAT(in_state(quality, MutantState::survived),
              ElementsAre("`>=` instead of `>`@3:27", "`2` instead of `1`@3:29", "`0` instead of `1`@3:29"));
  EXPECT_THAT(in_state(quality, MutantState::noticed), ElementsAre("`<=` instead of `>`@3:27"));
  const auto better =
      assess(kHead + kCount +
                 "  { note = 'two', given = { user = { person_accounts = 2 } }, want = { verdict = 'fail', "
                 "reason = 'too many', observed = { count = 2 } } },\n"
                 "  { note = 'one', given = { user = { person_accounts = 1 } }, want = 'pass' },\n" +
                 kEnds,
             3);
  EXPECT_THAT(in_state(better, MutantState::survived), ElementsAre());
  EXPECT_EQ(better.mutants.size(), 4u);
}

TEST(Mutation, SwapsEachTokenAndNothingThatOnlyDescribes) {
  const std::string text =
      "local limit <const> = 2\nreturn { severity = 1 == 1, check = function(a, b) if not a and b ~= true or "
      "b <= 1.5 then return 0 end end, examples = { { n = 3 } } }";
  const auto syntax = rule::parse_syntax(text, "x.lua");
  ASSERT_TRUE(syntax);
  std::vector<std::string> all;
  for (const rule::Mutant& mutant : rule::make_mutants(*syntax, rule::find_parts(*syntax)))
    all.push_back(rule::describe_mutant(*syntax, mutant));
  EXPECT_THAT(all, ElementsAre("`3` instead of `2`", "`1` instead of `2`", "`0` instead of `2`",
                               "without `not`", "`or` instead of `and`", "`==` instead of `~=`",
                               "`false` instead of `true`", "`and` instead of `or`", "`<` instead of `<=`",
                               "`>` instead of `<=`", "`2.5` instead of `1.5`", "`0.5` instead of `1.5`",
                               "`0` instead of `1.5`", "`1` instead of `0`", "`(-1)` instead of `0`"));
}

TEST(Mutation, HelpersOfExamplesAreNoCode) {
  const std::string text =
      "local function one() return 1 end\nlocal function made(n) return { count = n + one() } end\nlocal "
      "limit = 5\n"
      "local rule = { check = function(a) return a.n > limit end }\nrule.examples = { made(3), made(4) "
      "}\nrule.title = 7\nreturn rule\n";
  const auto syntax = rule::parse_syntax(text, "x.lua");
  ASSERT_TRUE(syntax);
  std::vector<std::string> all;
  for (const rule::Mutant& mutant : rule::make_mutants(*syntax, rule::find_parts(*syntax)))
    all.push_back(rule::describe_mutant(*syntax, mutant));
  EXPECT_THAT(all, ElementsAre("`6` instead of `5`", "`4` instead of `5`", "`0` instead of `5`",
                               "`>=` instead of `>`", "`<=` instead of `>`"));
}

TEST(Mutation, AMarkNeedsAReasonAndMustBeTrue) {
  const std::string rest =
      "  return pass()\n"
      "end, examples = {\n"
      "  { note = 'five', given = { user = { person_accounts = 5 } }, want = 'fail' },\n"
      "  { note = 'one', given = { user = { person_accounts = 1 } }, want = 'pass' },\n" +
      kEnds;
  const std::string line = "  if user.person_accounts > 1 then return fail('too many') end";
  const auto marked = assess(kHead + "check = function(user)\n  -- equivalent 2: nobody has two\n" + line +
                             " -- equivalent <=: not true\n" + rest);
  EXPECT_THAT(in_state(marked, MutantState::equivalent), ElementsAre("`2` instead of `1`@4:29"));
  EXPECT_THAT(in_state(marked, MutantState::not_equivalent), ElementsAre("`<=` instead of `>`@4:27"));
  EXPECT_THAT(slips(marked), ElementsAre());
  const auto stray = assess(kHead + "check = function(user)\n" + line + " -- equivalent: whatever\n" + rest);
  EXPECT_THAT(
      slips(stray),
      ElementsAre(
          "error[rule.example]: this comment marks no mutant of its line as equivalent\n"
          "  --> rules/a/b.lua:3:60\n"
          "   |\n"
          " 3 |   if user.person_accounts > 1 then return fail('too many') end -- equivalent: whatever\n"
          "   |                                                            ^\n"
          "   = help: write `-- equivalent REPLACEMENT: reason`, as `muster rule test --mutate` prints "
          "it\n"));
}

TEST(Mutation, AMutantThatNeverEndsIsNoticed) {
  const auto quality = assess(kHead +
                              "check = function(user)\n"
                              "  local n = user.person_accounts\n"
                              "  while n > 0 do n = n - 1 end\n"
                              "  return fail('counted', { n = n })\n"
                              "end, examples = {\n"
                              "  { note = 'three', given = { user = { person_accounts = 3 } }, want = { "
                              "verdict = 'fail', observed = { n = 0 } } },\n" +
                              kEnds);
  EXPECT_THAT(in_state(quality, MutantState::survived), ElementsAre());
}

TEST(Strictness, ARuleShowsItsFailAndItsUnknown) {
  const auto quality =
      assess(kHead +
             "check = function(user) return user.role == 'x' and pass() or fail('y') end, examples = {\n"
             "  { note = 'x', given = { user = { role = 'x' } }, want = 'pass' } } }\n");
  EXPECT_THAT(
      slips(quality),
      ElementsAre(
          testing::StartsWith(
              "error[rule.example]: a.b has no example that wants fail\n  --> rules/a/b.lua:1:8\n"),
          testing::StartsWith(
              "error[rule.example]: a.b has no example that wants unknown\n  --> rules/a/b.lua:1:8\n")));
  const auto none =
      assess(kHead + "check = function(user) return user.role == 'x' and pass() or fail('y') end }\n");
  EXPECT_EQ(none.slips.size(), 2u);
}

TEST(Strictness, TheCaretStandsUnderTheSlip) {
  const auto quality =
      assess(kHead +
             "check = function(user) return user.role == 'x' and pass() or fail('y') end, examples = {\n"
             "  { note = 'a slip', given = { user = { roel = 'y' } }, want = 'fail' },\n" +
             kEnds);
  EXPECT_THAT(slips(quality),
              ElementsAre("error[rule.example]: the example \"a slip\" cannot run: user has no field 'roel'; "
                          "did you mean 'role'?\n"
                          "  --> rules/a/b.lua:3:41\n"
                          "   |\n"
                          " 3 |   { note = 'a slip', given = { user = { roel = 'y' } }, want = 'fail' },\n"
                          "   |                                         ^\n"));
  const auto cut =
      assess(kHead +
             "check = function(user) return user.role == 'x' and pass() or fail('y') end, examples = {\n"
             "  { note = 'n', given = { user = { role = 'y' } }, want = 'fail' },\n"
             "  { note = 'cut', given = { user = {}, incomplete = { 'invites' } }, want = 'unknown' } } }\n");
  EXPECT_THAT(
      slips(cut),
      ElementsAre(testing::HasSubstr(
          "the example \"cut\" cannot run: `incomplete` names 'invites', which the rule does not read")));
  const auto person = assess(
      kHead +
      "check = function(user) return user.person_accounts > 0 and pass() or fail('y') end, examples = {\n"
      "  { note = 'n', given = { user = { id = 'u1' }, roster = { { person_id = 'P1', email = 'a@x.example', "
      "status = 'active', edn = '2026-01-01' } } }, want = 'fail' },\n" +
      kEnds);
  EXPECT_THAT(
      slips(person),
      ElementsAre(testing::HasSubstr(
          "a person of `roster` has no field 'edn'; did you mean 'end'?\n  --> rules/a/b.lua:3:122\n")));
  const auto link = assess(
      kHead +
      "check = function(user) return user.person_accounts > 0 and pass() or fail('y') end, examples = {\n"
      "  { note = 'n', given = { user = { id = 'u1' }, links = { { account = 'u2', person = 'P1' } } }, want "
      "= 'fail' },\n" +
      kEnds);
  EXPECT_THAT(slips(link), ElementsAre(testing::HasSubstr(
                               "`links` has the account 'u2', and no user of the example has that id")));
}

}  // namespace
}  // namespace muster::evaluate
