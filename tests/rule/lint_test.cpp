// Lint: one rule with every slip that it knows, and one with the same words rightly used.
#include "rule/lint.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::rule {
namespace {

using testing::ElementsAre;

std::vector<std::string> lint(const std::string& text) {
  Diagnostics problems;
  const auto rule = load_rule(text, "team/x.lua", "team.x",
                              std::make_shared<const std::map<std::string, std::string>>(), problems);
  EXPECT_TRUE(rule) << problems.render();
  std::vector<std::string> out;
  if (rule)
    for (const LintFinding& finding : lint_rule(*rule))
      out.push_back(fmt::format("{}:{} {}: {}", finding.place.line, finding.place.column, finding.code,
                                finding.message));
  return out;
}

TEST(Lint, FindsWhatTheAuthorCannotHaveMeant) {
  EXPECT_THAT(
      lint(R"lua(local limit = 3
local function helper(a, b)
  return a
end
return {
  id = "team.x", title = "t", severity = "low", subject = "user",
  reads = { "users.name", "users.role", "invites" },
  params = { days = { type = "integer", default = 3, doc = "d" }, extra = { type = "integer", default = 3, doc = "d" } },
  why = "w", fix = "f",
  check = function(user, org, params)
    local now = os.time()
    if user.name == nil then return fail("x") end
    if not user.role then pass() end
    local e = user.email or "none"
    if user:is_null("nam") then return unknown("q") end
    for key in user:keys() do if key.status == "x" then return helper(fail) end end
    if params.dayz > math.random(3) then foo = 1 end
    local n = string.gmtch("a", "b")
    for i, member in pairs({}) do n = member end
    local v = user.name
    if nil ~= v then return pass() end
  end,
}
)lua"),
      ElementsAre(
          "1:7 unused_local: `limit` is never read", "2:26 unused_parameter: the parameter `b` is not used",
          "8:14 unused_policy_parameter: the parameter 'days' is declared and never used",
          "8:67 unused_policy_parameter: the parameter 'extra' is declared and never used",
          "10:26 unused_parameter: the parameter `org` is not used",
          "11:11 unused_local: `now` is never read", "11:17 unknown_global: unknown global 'os'",
          "12:8 never_nil: user.name is never nil: where it is null or absent, the subject is unknown",
          "13:12 never_nil: user.role is never nil: where it is null or absent, the subject is unknown",
          "13:27 dropped_verdict: this verdict is made and dropped", "14:11 unused_local: `e` is never read",
          "14:15 never_nil: user.email is never nil: where it is null or absent, the subject is unknown",
          "14:20 undeclared_read: users.email is read but not in `reads`",
          "15:21 unknown_field: user has no field 'nam'",
          "16:21 undeclared_read: user.keys leads to api_keys, which is neither in `reads` nor in `may_read`",
          "16:38 undeclared_read: api_keys.status is read but not in `reads`",
          "16:71 verdict_as_value: fail() is handed on as a value, so coverage cannot see where it is made",
          "17:15 unknown_parameter: the rule has no parameter 'dayz'",
          "17:27 unknown_member: math has no 'random' here",
          "17:42 unknown_global: assignment to the global 'foo'",
          "18:11 unused_local: `n` is assigned but never read",
          "18:22 unknown_member: string has no 'gmtch' here",
          "19:9 unused_local: the loop variable `i` is not used",
          "21:15 never_nil: user.name is never nil: where it is null or absent, the subject is unknown",
          "22:3 missing_verdict: check can end here without a verdict"));
}

TEST(Lint, LetsTheSameWordsPassWhereTheyAreRight) {
  EXPECT_THAT(lint(R"lua(local known = { active = true }
local function judge(state, _)
  if known[state] == nil then return not_applicable("state " .. state) end
  return pass()
end
return {
  id = "team.x", title = "t", severity = "low", subject = "user",
  reads = { "users.name", "users.role", "users.person_state", "api_keys.id" },
  params = { days = { type = "integer", default = 3, doc = "d" } },
  why = "w", fix = "f",
  check = function(user, org, params)
    if org.as_of > time("2026-01-01") and user:is_null("name") then return unknown("no name") end
    local role = user:get("role", "none")
    if role == "none" or params.days == 0 then return fail("no role") end
    local n = 0
    for _ in user:keys() do n = n + 1 end
    if n > params.days then
      return fail("keys")
    elseif n == 1 then
      error("one")
    else
      return judge(user.person_state)
    end
  end,
}
)lua"),
              ElementsAre());
}

}  // namespace
}  // namespace muster::rule
