// What a rule made of the same reads is remembered: that must never show in what comes out.
#include <algorithm>
#include <set>

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

// An organization in which few different things happen to many users, so that many are alike in what a rule reads and not in what it does not.
class Crowd : public testing::Test {
 protected:
  Crowd() {
    using snapshot::Dataset;
    std::uint32_t seed = 12345;
    const auto pick = [&](std::initializer_list<const char*> from) {
      seed = seed * 1664525 + 1013904223;
      return std::string(from.begin()[(seed >> 16) % from.size()]);
    };
    std::vector<Lab::Record> users, keys, members, groups, group_members;
    for (int i = 0; i < kUsers; ++i) {
      const std::string id = "user_" + std::to_string(i);
      users.push_back({{"id", id}, {"role", pick({"admin", "user", "user"})}, {"name", pick({"Ana", "Bo", "null", "absent"})},
                       {"email", pick({"ana@x.example", "bo@y.example", "null", "invalid"})}, {"person_state", pick({"active", "left", "absent"})}});
      for (int n = std::stoi(pick({"0", "0", "1", "2", "3", "12"})); n > 0; --n)
        keys.push_back({{"id", "key_" + std::to_string(keys.size())}, {"status", pick({"active", "active", "archived", "null"})}, {"name", pick({"a-batch", "other"})},
                        {"created_by_id", id}, {"created_by_type", "user"}, {"expires_at", pick({"null", "2026-12-01T00:00:00Z", "absent"})},
                        {"workspace_id", pick({"w_0", "w_1", "null", "w_gone"})}});
      for (int n = std::stoi(pick({"0", "1", "1", "2", "3"})); n > 0; --n)
        members.push_back({{"user_id", id}, {"workspace_id", pick({"w_0", "w_0", "w_1", "w_2", "w_gone"})},
                           {"workspace_role", pick({"workspace_admin", "workspace_user", "workspace_user", "null"})}});
      for (int n = std::stoi(pick({"0", "1", "2"})); n > 0; --n) group_members.push_back({{"user_id", id}, {"group_id", pick({"g_0", "g_1", "g_2"})}});
    }
    lab.put(Dataset::users, users);
    lab.put(Dataset::api_keys, keys);
    lab.put(Dataset::workspace_members, members);
    lab.put(Dataset::workspaces, {{{"id", "w_0"}, {"name", "prod-a"}, {"archived_at", "null"}}, {{"id", "w_1"}, {"name", "dev-a"}, {"archived_at", "null"}},
                                  {{"id", "w_2"}, {"name", std::string(300, 'p')}, {"archived_at", "2026-01-01T00:00:00Z"}}});
    lab.put(Dataset::groups, {{{"id", "g_0"}, {"name", "Finance-all"}, {"role_ids", "r_0,r_1"}}, {{"id", "g_1"}, {"name", "Legal"}, {"role_ids", "r_1,r_gone"}},
                              {{"id", "g_2"}, {"name", "null"}, {"role_ids", "null"}}});
    lab.put(Dataset::roles, {{{"id", "r_0"}, {"name", "Approver"}}, {{"id", "r_1"}, {"name", "Asker"}}});
    lab.put(Dataset::group_members, group_members);
    lab.join();
    lab.world.implicit_members.clear();
    for (std::uint32_t row = 0; row < kUsers; ++row)
      if (users[row][1].second == "admin") lab.world.implicit_members.push_back({row, snapshot::implied_workspace_role("admin")});
  }

  // What one evaluator makes of all users, forwards and then backwards, is what a fresh one makes of each; it spends what they spend. Gives the verdicts.
  std::vector<std::string> expect_as_called(const std::string& check) {
    std::string text = Lab::text(check, "",
                                 "  params = { production = { type = 'string_list', default = { 'prod-*', 'p*' }, doc = 'd' }, owned = { type = 'string_list', "
                                 "default = { 'Finance=Finance*', 'All=*', 'Legal=Legal' }, doc = 'd' }, domains = { type = 'string_list', default = { 'x.*' }, doc = 'd' } },\n",
                                 R"("api_keys", "users.id", "users.role", "users.name", "users.email", "users.person_state", "workspaces", "workspace_members", "groups", "group_members", "roles")");
    text.replace(text.find("api_key"), 7, "user");
    const auto rule = lab.load(text);
    if (!rule) {
      ADD_FAILURE() << lab.problems.render();
      return {};
    }
    Params params;
    for (const auto& spec : rule->info().params) params[spec.name] = spec.fallback;
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < kUsers; ++row) rows.push_back(row);
    const auto run = [&](const std::vector<std::uint32_t>& which, std::uint64_t& used) {
      Budget budget(lab.limits, kUsers);
      auto evaluator = Evaluator::make(*rule, params, lab.world, lab.limits, budget).value();
      std::vector<std::string> out;
      for (std::size_t from = 0; from < which.size(); from += 16) {
        BlockResult result;
        evaluator->evaluate(std::span(which).subspan(from, std::min<std::size_t>(16, which.size() - from)), result);
        std::size_t next_finding = 0;
        for (const VerdictRun& verdicts : result.verdicts)
          for (std::uint32_t i = 0; i < verdicts.count; ++i) {
            out.push_back(std::string(word_of(verdicts.verdict)) + "|" + result.reasons[verdicts.reason]);
            if (verdicts.verdict == Verdict::pass || verdicts.verdict == Verdict::not_applicable) continue;
            const Finding& finding = result.findings[next_finding++];
            for (const Related& related : finding.related) out.back() += "|" + related.id;
            for (const RawRow& row : finding.rows) out.back() += "|" + row.dataset + " " + std::to_string(row.line);
          }
      }
      used = budget.used();
      calls = evaluator->calls();
      return out;
    };
    std::vector<std::string> called;
    std::uint64_t together = 0, used = 0;
    for (const std::uint32_t row : rows) {
      called.push_back(run({row}, used).front());
      together += used;
    }
    EXPECT_EQ(run(rows, used), called) << check;
    EXPECT_EQ(used, together) << check;
    std::vector<std::uint32_t> twice(rows.rbegin(), rows.rend());
    twice.insert(twice.end(), rows.begin(), rows.end());
    std::vector<std::string> wanted(called.rbegin(), called.rend());
    wanted.insert(wanted.end(), called.begin(), called.end());
    EXPECT_EQ(run(twice, used), wanted) << check;
    EXPECT_EQ(used, 2 * together) << check;
    (void)run(rows, used);
    return called;
  }

  static constexpr int kUsers = 80;
  Lab lab;
  std::uint64_t calls = 0;  // of check, by the evaluator that last saw all users once
};

TEST_F(Crowd, LoopsOverFewRecordsAreFollowed) {
  for (const char* check : {
           // Memberships, with what they lead to.
           "local n = 0 for _ in key:workspaces() do n = n + 1 end return pass('in ' .. n)",
           "for workspace, m in key:workspaces() do if m.workspace_role == 'workspace_admin' and workspace:is_null('archived_at') then return fail('administers') end end return pass()",
           "local n = 0 for workspace in key:workspaces() do if not workspace:is_null('archived_at') then n = n + 1 end end return pass('archived: ' .. n)",
           "for workspace in key:workspaces() do if workspace:is_null('archived_at') then return fail(workspace.name) end end return pass()",
           "for workspace in key:workspaces() do if workspace:fits('name', params.production) then return fail('live') end end return pass()",
           "for _, m in key:workspaces() do if m:fits('workspace_role', params.production) then return fail('p') end end return pass()",
           "for workspace, m in key:workspaces() do if m:is_implicit() then return fail('implicit') end end return pass()",
           // Who has access without being listed hangs on more than the list.
           "local n = 0 for _ in key:workspaces('effective') do n = n + 1 end return pass('in ' .. n)",
           "for w, m in key:workspaces('effective') do if m:is_implicit() then return fail('implicit') end end return pass()",
           "for w in key:workspaces() do local n = 0 for _ in w:members() do n = n + 1 end return pass('with ' .. n) end return pass()",
           "for w in key:workspaces() do for u in w:members('effective') do if u == key then return pass('oneself') end end return fail('not there') end return pass()",
           "for w in key:workspaces() do return pass(tostring(w)) end return pass()",
           "for w in key:workspaces() do return fail{ reason = 'x', related = { w } } end return pass()",
           // Keys, with and without filters; some have more of them than are followed.
           "local n = 0 for _ in key:keys() do n = n + 1 end return pass('has ' .. n)",
           "local n = 0 for k in key:keys() do if k:is_null('expires_at') then n = n + 1 end end return pass('endless: ' .. n)",
           "local n = 0 for k in key:keys{ status = 'active' } do n = n + 1 end return pass('active: ' .. n)",
           "local n = 0 for k in key:keys{ name = 'a-batch' } do n = n + 1 end return pass('batch: ' .. n)",
           "for k in key:keys{ name = { 'a-batch', 'x' } } do if k:is_dangling('workspace') then return fail('nowhere') end end return pass()",
           "for k in key:keys() do if not k:is_null('workspace') and not k:is_dangling('workspace') then return pass(tostring(k.workspace:count('memberships'))) end end return pass()",
           "return pass('active: ' .. key:count('keys', { status = 'active' }))",
           "return pass('batch: ' .. key:count('keys', { name = 'a-batch' }) .. ' of ' .. key:count('keys'))",
           "if key:count('keys', { status = { 'active', 'archived' }, name = 'other' }) > 1 then return fail('several') end return pass()",
           "for k in key:keys() do if k.creator == key then return pass('own') end end return fail('none')",
           // Groups, their lists, and roles at the end of two loops.
           "for g in key:groups() do if not g:is_null('role_ids') and g:count('roles') < g:count('role_ids') then return unknown('roles are missing') end end return pass()",
           "for g in key:groups() do return pass(tostring(g:count('role_ids'))) end return pass()",
           "for g in key:groups() do if not g:is_null('role_ids') then for role in g:roles() do if role:fits('name', params.production) then return fail('p') end end end end return pass()",
           "local all = {} for g in key:groups() do for _, of in ipairs(g:keys_of('name', params.owned)) do all[#all + 1] = of end end return pass('of ' .. table.concat(all, ' '))",
           "for g in key:groups() do for role in g:roles() do if role.name == 'Asker' then return fail('asks') end end end return pass()",
           // Texts by patterns.
           "if key:fits('email', params.domains) then return pass('x') end return fail('y')",
           "if key:get('name', '') == '' then return pass() end if key:fits('name', params.production) then return fail('p') end return pass('named')",
           "if not key:is_null('email') and #key:keys_of('email', params.owned) > 0 then return fail('owned') end return pass()",
           // What org gives is the same for all.
           "local n = 0 for u in org:users{ role = 'admin' } do n = n + 1 end return pass('admins: ' .. n)",
           "for u in org:users{ role = 'admin' } do for w, m in u:workspaces('effective') do if m:is_implicit() then return fail(u:get('name', 'nobody') .. w.id) end end end return pass(key.role)",
           "for w in org:workspaces() do if w.name == 'dev-a' then for u in w:members() do if u == key then return pass('is in') end end end end return fail('is not in')",
           "for u in org:users{ role = key.role } do return pass(u.id) end return pass()",
           "for u in org:users{ name = key:get('name', '-') } do return pass(u.id) end return pass('nobody')",
           // What holds no value decides, wherever it stands.
           "for w, m in key:workspaces() do if m.workspace_role == 'workspace_user' then return fail('uses') end end return pass()",
           "for g in key:groups() do if g:fits('name', params.owned) then return pass() end end return fail('x')",
       }) {
    const auto verdicts = expect_as_called(check);
    const std::set<std::string> different(verdicts.begin(), verdicts.end());
    EXPECT_FALSE(verdicts.empty());
    for (const auto& verdict : different) EXPECT_THAT(verdict, testing::Not(testing::StartsWith("error"))) << check;
  }
}

TEST_F(Crowd, FindingsNameNobodyElse) {
  for (const char* check : {
           "if key.role == 'user' then return fail('is user', { role = key.role }) end return pass{ reason = 'fine', related = { key }, observed = { a = 1 }, expected = 'b' }",
           "if key.role == 'user' then return fail('is user') end for w in key:workspaces('effective') do return not_applicable{ reason = 'in', related = { w, key } } end return unknown('x')",
           "if key.role == 'user' then return fail('is user') end fail{ reason = 'dropped', related = { key } }",
       })
    expect_as_called(check);
}

TEST_F(Crowd, TextsThatAreMadeWhenTheyAreReadCostTheSame) {
  using snapshot::Dataset;
  auto& keys = *lab.world.table(Dataset::api_keys);
  const auto name = *keys.spec().field("name");
  keys.set_column(name, snapshot::Column::computed(keys.rows(), [](std::uint32_t row) { return row % 3 == 0 ? std::string("a-batch") : std::string("other"); }));
  for (const char* check : {
           "return pass('none: ' .. key:count('keys', { name = 'zzz' }))",
           "local n = 0 for i = 1, 5 do n = n + key:count('keys', { name = 'a-batch' }) end return pass('batch: ' .. n)",
           "local n = 0 for _ in key:keys{ name = 'a-batch' } do n = n + 1 end return pass('batch: ' .. n)",
           "if key:count('keys') == 0 then return pass() end for k in key:keys() do if k:fits('name', params.production) then return fail('p') end end return pass()",
       })
    expect_as_called(check);
}

TEST_F(Crowd, UsersWhoAreAlikeAreNotAskedForAgain) {
  for (const char* check : {
           "for w, m in key:workspaces() do if m:is_null('workspace_role') then return unknown('role') end if w:fits('name', params.production) then return fail('live') end end return pass()",
           "if key:count('keys', { status = 'active' }) > 2 then return fail('many') end return pass()",
           "for k in key:keys{ status = 'active' } do return fail('one') end return pass()",
           "for g in key:groups() do for _ in ipairs(g:keys_of('name', params.owned)) do return fail('owned') end end return pass()",
           "for u in org:users{ role = 'admin' } do if u.role == key.role then return fail('as ' .. u.email) end end return pass()",
       }) {
    expect_as_called(check);
    EXPECT_LT(calls, kUsers / 2u) << check;
  }
  expect_as_called("for g in key:groups() do return pass(g.name) end return pass()");
  EXPECT_GT(calls, kUsers / 2u) << "texts are not followed";
}

TEST_F(Crowd, MethodsSayWhatTheyWant) {
  EXPECT_THAT(expect_as_called("return pass(key:fits('role', 'admin') and 'y' or 'n')").front(), HasSubstr("a list is wanted to compare with, such as a parameter, not string"));
  EXPECT_THAT(expect_as_called("return pass(key:fits('nmae', params.owned) and 'y' or 'n')").front(), HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(expect_as_called("return pass(key:count('role'))").front(), HasSubstr("user has no field 'role'"));
  EXPECT_THAT(expect_as_called("return pass(#key:keys_of('role', params.domains))").front(), HasSubstr("write key=pattern, as Finance=Finance*, not 'x.*'"));
  EXPECT_THAT(expect_as_called("for g in key:groups() do return pass(g:count('role_ids', { name = 'x' })) end return pass()"),
              testing::Contains(HasSubstr("'role_ids' is a list of texts, which no filter fits")));
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
