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

// One evaluator over subjects that come again and again, against a fresh one for each.
void expect_as_called(const std::string& check, const std::string& head = "") {
  Lab lab;
  const std::string text = Lab::text(check, head);
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
           "if key.status == 'active' then pass() end return pass()",
           "local n = 0 for i = 1, 100 do if key.status == 'active' then n = n + 1 end end return pass(tostring(n))",
       })
    expect_as_called(check);
  expect_as_called("if known[key.status] then return pass() end return fail('unknown word')", "local known = { active = true }\n");
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
