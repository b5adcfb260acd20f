// What a rule made of the same reads is remembered: that must never show in what comes out.
#include <gmock/gmock.h>

#include "rule/lab.h"

namespace muster::rule {
namespace {

using testing::HasSubstr;

std::vector<std::string> told(const std::vector<Judged>& all) {
  std::vector<std::string> out;
  for (const Judged& judged : all)
    out.push_back(std::string(word_of(judged.verdict)) + "|" + judged.reason + "|" + judged.observed + "|" +
                  (judged.measure ? std::to_string(*judged.measure) : ""));
  return out;
}

constexpr const char* kEverything = R"("api_keys", "users", "workspaces", "workspace_members")";

// One evaluator over subjects that come again and again, against a fresh one for each.
void expect_as_called(const std::string& check, const std::string& head = "") {
  Lab lab;
  const std::string text = Lab::text(check, head, "", kEverything);
  const std::vector<std::uint32_t> rows{0, 1, 2, 3, 3, 2, 1, 0, 0, 2, 0, 2, 1, 3, 0, 1, 2, 3};
  std::vector<std::string> one_by_one;
  for (const std::uint32_t row : rows) one_by_one.push_back(told(lab.run_over(text, {row})).front());
  EXPECT_EQ(told(lab.run_over(text, rows)), one_by_one) << check;
  EXPECT_EQ(told(lab.run_over(text, rows, 3)), one_by_one) << check;
}

TEST(Memo, GivesWhatACallWouldGive) {
  for (const char* check : {
           "return pass()",
           "return pass('everybody')",
           "return fail('everybody', { n = 1 }, 'nobody')",
           "if key.status == 'active' then return pass() end return fail('is ' .. key.status, { status = key.status })",
           "if key.status == 'active' then return not_applicable('active') end return pass()",
           "if key:is_null('expires_at') then return fail('never expires') end return pass()",
           "if key:is_absent('expires_at') then return not_applicable('old') end if key:is_null('expires_at') then return fail('never') end return pass()",
           "if key:is_null('created_by_id') then return not_applicable('nobody') end if key:is_dangling('creator') then return fail('gone') end return pass()",
           "if key:get('status', 'none') == 'none' then return unknown('none') end return pass()",
           "if key:get('expires_at', false) == false then return unknown('none') end return pass()",
           "if key.status == 'active' then return fail('named', { name = key:get('name', 'none') }) end return pass()",
           "return fail('of ' .. tostring(key))",
           "return fail('x', { who = key })",
           "return fail{ reason = 'related', related = { key } }",
           "if org:count('users') > 2 then return pass(key.status) end return fail('few')",
           "for user in org:users{ role = 'admin' } do return fail(user.email) end return pass()",
           "if key.status == 'active' then return fail(key.creator.email) end return pass()",
           "if key.created_at < org.as_of then return pass(key.created_at:date()) end return fail('ahead')",
           "if key.status == 'active' then error('broken') end return pass()",
           // Records that to-one relations lead to.
           "if key:is_null('created_by_id') then return pass() end if key:is_dangling('creator') then return fail('gone') end return fail(key.creator.role)",
           "if key.creator.role == 'admin' then return pass() end return fail('of a ' .. key.creator.role)",
           "if key:is_null('creator') or key:is_dangling('creator') then return pass() end if key.creator:is_null('name') then return fail('no name') end return pass()",
           "if key:is_null('workspace') then return fail('nowhere') end if key.workspace:is_null('archived_at') then return pass() end return fail('archived')",
           "if key:get('workspace', nil) == nil then return fail('nowhere') end return pass(key.workspace.name)",
           "if key:get('creator', false) == false then return not_applicable('nobody') end return pass(key:get('creator', false).email)",
           "if key:is_null('creator') or key:is_dangling('creator') then return pass() end return fail('x', { who = key.creator })",
           "if key:is_null('creator') or key:is_dangling('creator') then return pass() end return fail(tostring(key.creator))",
           "if key:is_null('creator') or key:is_dangling('creator') then return pass() end return fail{ reason = 'related', related = { key.creator } }",
           "if key:is_null('creator') or key:is_dangling('creator') then return pass() end if key.creator:count('memberships') > 1 then return fail('many') end return pass()",
           // Which record it is: no two subjects are one, whatever else they have in common.
           "for other in org:api_keys{ id = 'key_1' } do if other == key then return pass('it is the first') end end return fail('another')",
           "for other in org:api_keys{ status = 'active' } do if other == key then return pass('active') end end return fail('not')",
           "for user in org:users{ id = 'user_b' } do if not key:is_null('creator') and not key:is_dangling('creator') and key.creator == user then return pass('of b') end end return fail('not')",
           "for other in org:api_keys() do if other.status == 'active' then return pass(other.name) end end return fail('none')",
           // Times that are only compared.
           "if key:is_before('created_at', org.as_of - days(60)) then return fail('old') end return pass()",
           "if key:is_after('created_at', org.as_of - days(30)) then return fail('new') end if key:is_before('created_at', org.as_of - days(60)) then return fail('old') end return pass()",
           "if key:is_after('expires_at', org.as_of) then return pass() end return fail('over')",
           "if key:is_before('name', org.as_of) then return pass() end return fail('over')",
           "if key:is_before('created_at', 5) then return pass() end return fail('over')",
           "if key:is_before('created_at', key.created_at + days(1)) then return pass() end return fail('over')",
           "if key.status == 'active' then pass() end return pass()",
           "local n = 0 for i = 1, 100 do if key.status == 'active' then n = n + 1 end end return pass(tostring(n))",
       })
    expect_as_called(check);
  expect_as_called("if known[key.status] then return pass() end return fail('unknown word')", "local known = { active = true }\n");
}

TEST(Memo, FollowsCountsOfWhatBelongsToTheSubject) {
  Lab lab;
  for (const char* check : {
           "if key:count('memberships') == 0 then return fail('nowhere') end return pass()",
           "local n = key:count('memberships') return fail('in ' .. n)",
           "if key:count('memberships', { workspace_role = 'workspace_admin' }) > 0 then return fail('administers') end return pass()",
           "local n = 0 for _ in key:workspaces() do n = n + 1 end return fail('in ' .. n)",
           "for workspace in key:workspaces() do if not workspace:is_null('archived_at') then return fail('archived') end end return pass()",
       }) {
    std::string text = Lab::text(check, "", "", kEverything);
    text.replace(text.find("api_key"), 7, "user");
    const std::vector<std::uint32_t> rows{0, 1, 2, 2, 1, 0, 1, 1, 0, 2};
    std::vector<std::string> one_by_one;
    for (const std::uint32_t row : rows) one_by_one.push_back(told(lab.run_over(text, {row})).front());
    EXPECT_EQ(told(lab.run_over(text, rows)), one_by_one) << check;
    EXPECT_THAT(one_by_one, testing::Not(testing::Contains(testing::HasSubstr("error")))) << check;
  }
}

TEST(Limits, OneSubjectMayLoopOnceOverAllThatTheRuleReads) {
  Lab lab;
  const auto rule = lab.load(Lab::text("return pass()", "", "", R"("api_keys", "users")"));
  ASSERT_TRUE(rule);
  Limits limits;
  EXPECT_EQ(limits_for(*rule, lab.world, limits).subject_instructions, limits.subject_instructions);
  EXPECT_EQ(limits_for(*rule, lab.world, limits).rule_instructions_floor, limits.rule_instructions_floor);
  limits.subject_instructions = limits.rule_instructions_floor = 1;
  EXPECT_EQ(limits_for(*rule, lab.world, limits).subject_instructions, 7 * kInstructionsPerRow);
  EXPECT_EQ(limits_for(*rule, lab.world, limits).rule_instructions_floor, 4 * 7 * kInstructionsPerRow);
}

TEST(Memo, KeepsTheMeasure) {
  Lab lab;
  const std::string text =
      Lab::text("measure(#key.status) return key.status == 'active' and pass() or fail('is ' .. key.status)",
                "", "  measure = { name = 'letters', unit = 'letters', edges = { 7 } },\n");
  const auto called = told(lab.run_over(text, {0, 1, 2}, 1));
  const auto once = lab.measured;
  const auto remembered = told(lab.run_over(text, {0, 1, 2, 2, 1, 0, 0, 1, 2}, 2));
  for (std::size_t i = 0; i < remembered.size(); ++i)
    EXPECT_EQ(remembered[i], called[i < 3 ? i : i < 6 ? 5 - i : i - 6]);
  for (std::size_t bin = 0; bin < once.size(); ++bin)
    for (const Verdict verdict : kVerdicts) EXPECT_EQ(lab.measured[bin][verdict], 3 * once[bin][verdict]);
}

// The deadline of each pass that has one, by row.
std::vector<std::string> deadlines(const std::vector<Due>& all) {
  std::vector<std::string> out;
  for (const Due& due : all) out.push_back(std::to_string(due.subject) + " " + format_rfc3339(due.at));
  return out;
}

TEST(Memo, EverySubjectKeepsItsOwnDeadline) {
  // Rows 0 and 2 are both active: what the memo follows of them is alike, what their deadlines are made of is not.
  for (const char* check : {
           "if key.status ~= 'active' then return not_applicable('not in use') end return pass_until(key.created_at + days(90), 'replacement')",
           "if key:is_before('created_at', org.as_of - days(60)) then return fail('old') end return pass_until(key.created_at + days(90), 'replacement')",
           "return pass_until(key:get('created_at', org.as_of) + days(365), 'replacement')",
           "if key.status ~= 'active' then return not_applicable('not in use') end local left = key:is_null('expires_at') and days(30) or days(60) return pass_until(org.as_of + left, 'expiry')",
           "if key:is_null('workspace') then return not_applicable('nowhere') end if key.workspace:is_null('archived_at') then return pass_until(org.as_of, 'a look') end "
           "return pass_until(key.workspace.archived_at + days(400), 'deletion')",
       }) {
    Lab lab;
    const std::string text = Lab::text(check, "", "", kEverything);
    const std::vector<std::uint32_t> rows{0, 2, 1, 2, 0, 0, 2, 1, 0, 2};
    std::vector<std::string> called, reasons;
    for (const std::uint32_t row : rows) {
      reasons.push_back(told(lab.run_over(text, {row})).front());
      for (std::string& deadline : deadlines(lab.due)) called.push_back(std::move(deadline));
    }
    ASSERT_GE(called.size(), 8u) << check;
    EXPECT_NE(called[0].substr(2), called[1].substr(2)) << "the two differ: " << check;
    for (const std::size_t block : {std::size_t{100}, std::size_t{3}}) {
      EXPECT_EQ(told(lab.run_over(text, rows, block)), reasons) << check;
      EXPECT_EQ(deadlines(lab.due), called) << check;
    }
  }
}

TEST(Memo, ADeadlineThatAllHaveIsListedForEach) {
  Lab lab;
  lab.run_over(Lab::text("if key.status ~= 'active' then return pass() end return pass_until(org.as_of + days(3), 'review')"), {0, 2, 1, 0, 2});
  EXPECT_THAT(deadlines(lab.due), testing::ElementsAre("0 2026-11-23T08:00:00Z", "2 2026-11-23T08:00:00Z", "0 2026-11-23T08:00:00Z", "2 2026-11-23T08:00:00Z"));
}

TEST(Memo, RememberedCallsSpendTheirBudget) {
  Lab lab;
  lab.limits.rule_instructions_floor = 200'000;
  lab.limits.mean_instructions = 0;
  const std::string text = Lab::text("if key.status == 'active' then for i = 1, 20000 do end return pass() end return pass()");
  const std::vector<std::uint32_t> same(100, 0);
  EXPECT_THAT(lab.run_over(text, same).front().reason, HasSubstr("over budget: more than 200000 instructions for the rule"));
  lab.over_budget.clear();
  lab.limits.rule_instructions_floor = 100'000'000;
  EXPECT_EQ(lab.run_over(text, same).size(), same.size());
  EXPECT_EQ(lab.over_budget, "");
}

TEST(Memo, ManyAnswersStayRight) {
  Lab lab;
  // More different outcomes than are kept, by a field that is followed: every subject still gets its own.
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < 400; ++i) rows.push_back(i % 4);
  const std::string text = Lab::text("if key.status == 'archived' then return fail('a') end if key:is_null('expires_at') then return fail('b') end return pass()");
  const auto all = lab.run_over(text, rows, 7);
  for (std::size_t i = 4; i < all.size(); ++i) EXPECT_EQ(told({all[i]}), told({all[i % 4]}));
}

}  // namespace
}  // namespace muster::rule
