// Every example of every shipped rule, in the production sandbox; and that each rule shows its failing and its undecided side.
#include <gmock/gmock.h>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "evaluate/examples.h"
#include "rule/rule.h"

namespace muster::evaluate {
namespace {

rule::RuleSet shipped() {
  MemoryFileSystem files;
  Diagnostics problems;
  rule::RuleSet rules = rule::load_rules(files, {}, problems);
  EXPECT_FALSE(problems.has_errors()) << problems.render();
  return rules;
}

TEST(ShippedRules, ExamplesComeOutAsTheySay) {
  const auto rules = shipped();
  ASSERT_GE(rules.size(), 12u);
  for (const auto& [id, rule] : rules) {
    for (const ExampleResult& result : run_examples(rule)) {
      EXPECT_TRUE(result.is_good()) << rule->info().file << ":" << result.example->line << ": \"" << result.example->note << "\" wants " << word_of(result.example->want)
                                    << (result.example->reason ? " (" + *result.example->reason + ")" : "") << ", got " << word_of(result.got) << " (" << result.reason << ") "
                                    << result.problem;
    }
  }
}

TEST(ShippedRules, EachShowsPassFailAndUnknown) {
  for (const auto& [id, rule] : shipped()) {
    for (const Verdict verdict : {Verdict::pass, Verdict::fail, Verdict::unknown}) {
      const auto& examples = rule->info().examples;
      EXPECT_TRUE(std::any_of(examples.begin(), examples.end(), [&](const rule::Example& example) { return example.want == verdict; }))
          << id << " has no example that wants " << word_of(verdict);
    }
  }
}

// ---- what an example can get wrong ----

std::vector<ExampleResult> run(const std::string& examples, const std::string& check = "return user.role == 'admin' and fail('admin') or pass()") {
  const std::string text = "return { id = 'a.b', title = 't', severity = 'low', subject = 'user', reads = { 'users' }, why = 'w', fix = 'f', check = function(user, org, params) " + check +
                           " end, examples = { " + examples + " } }";
  Diagnostics problems;
  auto rule = rule::load_rule(text, "rules/a/b.lua", "a.b", std::make_shared<const std::map<std::string, std::string>>(), problems);
  EXPECT_TRUE(rule) << problems.render();
  if (!rule) return {};
  static std::vector<std::shared_ptr<const rule::Rule>> kept;  // results point into the rule
  kept.push_back(std::make_shared<const rule::Rule>(std::move(*rule)));
  return run_examples(kept.back());
}

TEST(Examples, SlipsAreErrorsNotPasses) {
  EXPECT_EQ(run("{ note = 'n', given = { user = { roel = 'admin' } }, want = 'fail' }").at(0).problem, "user has no field 'roel'; did you mean 'role'?");
  EXPECT_EQ(run("{ note = 'n', given = { usr = { role = 'admin' } }, want = 'fail' }").at(0).problem, "`given` has 'usr', which is no dataset; did you mean 'user'?");
  EXPECT_EQ(run("{ note = 'n', given = {}, want = 'fail' }").at(0).problem, "`given` has no `user`: the subject that the example judges");
  EXPECT_EQ(run("{ note = 'n', given = { user = { role = 5 } }, want = 'fail' }").at(0).problem, "user.role is a JSON integer, and a text is wanted");
  EXPECT_EQ(run("{ note = 'n', given = { user = { added_at = 'soon' } }, want = 'fail' }").at(0).problem,
            "user.added_at is a JSON string, and a time such as \"2026-11-20T08:00:00Z\" or a date is wanted");
  EXPECT_EQ(run("{ note = 'n', given = { user = {}, incomplete = { 'usrs' } }, want = 'fail' }").at(0).problem, "`incomplete` names 'usrs', and there is no such dataset");
  EXPECT_EQ(run("{ note = 'n', given = { user = {}, params = { x = 1 } }, want = 'fail' }").at(0).problem, "`params` has 'x', and the rule has no such parameter");
  EXPECT_EQ(run("{ note = 'n', given = { user = { id = 'u' }, users = { { id = 'u' } } }, want = 'fail' }").at(0).problem, "two users have the id 'u'");
}

TEST(Examples, VerdictAndReasonMustAgree) {
  EXPECT_TRUE(run("{ note = 'n', given = { user = { role = 'admin' } }, want = { verdict = 'fail', reason = 'admin' } }").at(0).is_good());
  EXPECT_FALSE(run("{ note = 'n', given = { user = { role = 'admin' } }, want = { verdict = 'fail', reason = 'other' } }").at(0).is_good());
  EXPECT_FALSE(run("{ note = 'n', given = { user = { role = 'admin' } }, want = 'pass' }").at(0).is_good());
  EXPECT_TRUE(run("{ note = 'absent', given = { user = {} }, want = 'unknown' }").at(0).is_good());
  EXPECT_TRUE(run("{ note = 'null', given = { user = { role = null } }, want = 'unknown' }").at(0).is_good());
  EXPECT_TRUE(run("{ note = 'cut off', given = { user = { role = 'user' }, incomplete = { 'users' } }, want = 'unknown' }").at(0).is_good());
}

TEST(Examples, RosterIsMatchedAsInProduction) {
  const std::string text =
      "return { id = 'a.b', title = 't', severity = 'low', subject = 'user', reads = { 'users.person_state', 'users.email', 'persons.name' }, why = 'w', fix = 'f',"
      " check = function(user) if user.person_state == 'active' then return pass(user.person.name) end return fail(user.person_state) end,"
      " examples = { { note = 'active', given = { user = { id = 'u1', email = 'Ana@x.example' }, roster = { { person_id = 'P1', name = 'Ana', email = 'ana@x.example', status = 'active' } } },"
      " want = { verdict = 'pass', reason = 'Ana' } },"
      " { note = 'left', given = { user = { id = 'u1', email = 'ana@x.example' }, as_of = '2026-03-01', roster = { { person_id = 'P1', email = 'ana@x.example', status = 'terminated', ['end'] = '2026-02-01' } } },"
      " want = { verdict = 'fail', reason = 'left' } },"
      " { note = 'nobody', given = { user = { id = 'u1', email = 'ana@x.example' }, roster = { { person_id = 'P1', email = 'bo@x.example', status = 'active' } } }, want = { verdict = 'fail', reason = 'nobody' } },"
      " { note = 'no roster', given = { user = { id = 'u1', email = 'ana@x.example' }, incomplete = { 'roster' } }, want = 'unknown' } } }";
  Diagnostics problems;
  auto rule = rule::load_rule(text, "rules/a/b.lua", "a.b", std::make_shared<const std::map<std::string, std::string>>(), problems);
  ASSERT_TRUE(rule) << problems.render();
  const auto shared = std::make_shared<const rule::Rule>(std::move(*rule));
  for (const ExampleResult& result : run_examples(shared)) EXPECT_TRUE(result.is_good()) << result.example->note << ": " << word_of(result.got) << " " << result.reason << " " << result.problem;
}

}  // namespace
}  // namespace muster::evaluate
