// What the formats for programs have in common: which findings are listed, what is said about each, and
// names that stay the same from run to run. Texts are one line, safe to show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/run.h"

namespace muster::reports {

/// The findings of a rule with one verdict: those that are listed, and how many more there are.
struct Listed {
  Verdict verdict = Verdict::fail;
  std::vector<const Finding*> shown;
  std::uint64_t more = 0;
  /// Whether something is to be said besides what is shown: that there are more, or that the entry as such
  /// failed or is undecided without a subject (then `more` is 0).
  [[nodiscard]] bool has_rest() const { return more > 0 || shown.empty(); }
};
/// By verdict, the gravest first (fail, error, unknown, waived), at most `most` of each; without those that
/// do not occur. What one thing decides for all subjects is never listed: all of it is `more`. An entry that
/// stands failed or undecided always has one of that verdict.
[[nodiscard]] std::vector<Listed> listed_findings(const RuleResult& rule, std::size_t most);
/// How many findings of each rule may be listed so that all rules together list about `all`: never more than
/// `each`, and some of each rule however many there are.
[[nodiscard]] std::size_t most_of_each_rule(const Run& run, std::size_t all, std::size_t each);

/// "not applicable" and the other verdicts' words.
[[nodiscard]] std::string_view words_of(Verdict verdict);
/// Reason, observed, expected, related records and waiver: "never expires; observed: created_at: …; waived by
/// W-17 until 2027-01-31: legacy batch".
[[nodiscard]] std::string account_of(const Run& run, const Finding& finding);
/// What is said of the rest: "12 more are unknown: populations/keys.max_age.csv", where those that are not
/// listed can be read (without `evidence`, as in ReportOptions, in results.json); the entry's headline when
/// one thing decides all or there is no subject.
[[nodiscard]] std::string rest_of(const Run& run, const RuleResult& rule, const Listed& listed,
                                  std::string_view evidence, std::string_view population_file);

/// "access/keys.max_age": a policy entry's name, which no other entry of the run has.
[[nodiscard]] std::string entry_name(const RuleResult& rule);
/// The entry's title; its name when it has none.
[[nodiscard]] std::string title_of(const RuleResult& rule);
/// Hex digest of what makes a finding the same from run to run: policy, entry, kind and id of the subject.
[[nodiscard]] std::string finding_key(const Run& run, const RuleResult& rule, const Finding& finding);

/// A path as a relative reference of RFC 3986; what ships with the program keeps its "builtin:".
[[nodiscard]] std::string uri_of(std::string_view path);
/// Whether the entry stands in a file of the user's, not in the program.
[[nodiscard]] bool has_source(const RuleResult& rule);

}  // namespace muster::reports
