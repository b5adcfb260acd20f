// The cases of a JUnit file before they are XML: which there are, how they come out and what they say. Inside
// this folder only.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/run.h"
#include "reports/report.h"

namespace muster::reports::junit {

enum class Outcome : std::uint8_t { passed, failure, error, skipped };

/// One <testcase>. All text is visible, the name and the message on one line.
struct Case {
  std::string name;
  const RuleResult* rule = nullptr;
  std::size_t rule_index = 0;
  Outcome outcome = Outcome::passed;
  std::string type;
  std::string message;
  std::string body;            // begins with the message
  std::string attachment;      // path, or empty
  bool describes_rule = true;  // else one subject
  bool is_gated = true;        // a failure of it makes the run fail
};

/// The rules of one policy, in policy order; never none.
struct Suite {
  const PolicyResult* policy = nullptr;
  std::string name;
  std::vector<std::size_t> rules;
};

[[nodiscard]] std::vector<Suite> suites_of(const Run& run);

/// Makes cases of a run's rules. The run outlives it.
class CaseMaker {
 public:
  CaseMaker(const Run& run, const ReportOptions& options, const std::vector<Suite>& suites);

  /// The case of a policy entry: any unknown or error → error, else any fail → failure, else no pass →
  /// skipped.
  [[nodiscard]] Case of_rule(std::size_t index) const;
  /// The case that stands for the entry as a whole although cases are subjects: it has no subjects, or is
  /// undecided as an entry.
  [[nodiscard]] std::optional<Case> of_entry(std::size_t index) const;
  [[nodiscard]] Case of_subject(std::size_t index, std::uint32_t subject, Verdict verdict,
                                std::string_view reason, const Finding* finding) const;

 private:
  [[nodiscard]] Case empty_case(std::size_t index) const;
  void append_list(std::string& body, const RuleResult& rule, std::string_view heading,
                   std::initializer_list<Verdict> verdicts, const std::string& evidence) const;
  void append_waivers(std::string& body, const RuleResult& rule) const;

  const Run& run_;
  std::vector<std::string> names_;
  std::vector<std::string> populations_;
  std::string evidence_;
};

}  // namespace muster::reports::junit
