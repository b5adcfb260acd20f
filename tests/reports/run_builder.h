// Runs made by hand, as evaluate would make them: for the tests of reports and for the files that foreign
// readers are tried on.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/run.h"

namespace muster::testing {

/// What a rule says about one subject.
struct Say {
  Say(Verdict verdict_, std::string reason_ = {}, std::string observed_ = {}, std::string expected_ = {},
      std::string waiver_ = {}, std::vector<Related> related_ = {})
      : verdict(verdict_),
        reason(std::move(reason_)),
        observed(std::move(observed_)),
        expected(std::move(expected_)),
        waiver(std::move(waiver_)),
        related(std::move(related_)) {}
  Verdict verdict;
  std::string reason;
  std::string observed, expected;  // JSON text
  std::string waiver;              // id
  std::vector<Related> related;
};

class RunBuilder {
 public:
  /// The head of a run on the organization "Northwind"; one policy, "access", is there.
  RunBuilder();
  RunBuilder& subjects(SubjectKind kind,
                       const std::vector<std::pair<std::string, std::string>>& id_and_label);
  /// One entry; `says` has one item for each subject of the kind, or one for all of them.
  RuleResult& rule(const std::string& policy, const std::string& as, Severity severity, SubjectKind kind,
                   const std::string& title, const std::vector<Say>& says);
  /// An entry that one thing decides for all subjects.
  RuleResult& whole(const std::string& policy, const std::string& as, Severity severity, SubjectKind kind,
                    const std::string& title, Verdict verdict, const std::string& reason);
  /// What a rule measured of its subjects, one number or none for each in order; only those of pass, fail and
  /// waived are taken.
  static void measured(RuleResult& rule, MeasureSpec spec, const std::vector<std::optional<double>>& values);
  /// Sets the gate, the exit code and the waivers' counts from the rules.
  Run finish(Severity fail_on = Severity::info);

  Run run;
};

/// An organization with every outcome a rule can have.
Run northwind();
/// All rules pass, some subjects are not applicable.
Run all_passed();
/// Names, reasons and values as an attacker would choose them.
Run hostile();
/// Names, reasons and sentences that are Markdown, links, mentions and commands of CI systems.
Run markup();
/// `users` users under `rules` rules; every `failing`-th fails.
Run large(std::size_t users, std::size_t rules, std::size_t failing);
RunTimes times_of(const Run& run);

}  // namespace muster::testing
