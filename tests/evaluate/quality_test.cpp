// Examples, coverage and mutants of the shipped rules on several threads: the same answer as on one, and
// (under the thread sanitizer) no race.
#include <gtest/gtest.h>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "evaluate/rule_quality.h"
#include "rule/rule.h"

namespace muster::evaluate {
namespace {

std::string summary(const Assessment& assessed) {
  std::string out;
  for (const RuleQuality& quality : assessed.rules) {
    out += quality.rule->info().id + "\n";
    for (const ExampleResult& result : quality.examples)
      out += std::string(word_of(result.got)) + ": " + result.reason + result.problem + "\n";
    for (const VerdictSite& site : quality.sites)
      out += site.verdict + (site.is_reached ? " reached\n" : " not reached\n");
    for (const MutantResult& mutant : quality.mutants)
      out += std::to_string(mutant.place.line) + ":" + std::to_string(mutant.place.column) + " " +
             mutant.what + " " + std::to_string(static_cast<int>(mutant.state)) + mutant.noticed_by + "\n";
  }
  return out;
}

TEST(Quality, DoesNotDependOnTheNumberOfThreads) {
  MemoryFileSystem files;
  Diagnostics problems;
  const rule::RuleSet shipped = rule::load_rules(files, {}, problems);
  ASSERT_FALSE(problems.has_errors()) << problems.render();
  std::vector<std::shared_ptr<const rule::Rule>> rules;
  for (const auto& [id, rule] : shipped)
    if (rules.size() < 12) rules.push_back(rule);
  const std::string one = summary(assess_rules(rules, {true, true, 1, nullptr}));
  EXPECT_GT(one.size(), 4000u);
  EXPECT_EQ(summary(assess_rules(rules, {true, true, 4, nullptr})), one);
}

}  // namespace
}  // namespace muster::evaluate
