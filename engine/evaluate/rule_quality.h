// How well the examples of a rule hold it: slips in them, verdicts that none of them reaches, and mutants
// that none of them notices. A rule's examples are its tests, so what they let through is what a later change
// can break without anybody seeing it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "evaluate/examples.h"
#include "rule/rule.h"

namespace muster::evaluate {

struct VerdictSite {
  std::string verdict;  // "fail"
  Place place;
  bool is_reached = false;
};

enum class MutantState : std::uint8_t { noticed, survived, equivalent, not_equivalent };

struct MutantResult {
  MutantState state = MutantState::noticed;
  std::string what;  // "`<=` instead of `<`"
  Place place;
  std::string noticed_by;  // the note of the example that notices it
  std::string why;         // of one that its author marks as equivalent
};

struct RuleQuality {
  std::shared_ptr<const rule::Rule> rule;
  std::vector<ExampleResult> examples;
  std::vector<Place> example_places;  // by example
  /// Errors of code rule_example: examples that cannot run, a rule that never shows a fail or an unknown,
  /// comments that mark no mutant.
  std::vector<Error> slips;
  std::vector<VerdictSite> sites;     // when coverage was asked for
  std::vector<MutantResult> mutants;  // when mutation was asked for

  [[nodiscard]] std::size_t differing() const;
};

struct QualityOptions {
  bool coverage = false;
  bool mutate = false;
  unsigned jobs = 1;
  const std::atomic<bool>* stop = nullptr;  // what is not done yet is left out when it becomes true
};

/// A file of lib/, held by the examples of all the rules that require it.
struct LibraryQuality {
  std::string file;
  std::vector<Error> slips;
  std::vector<VerdictSite> sites;
  std::vector<MutantResult> mutants;
};

struct Assessment {
  std::vector<RuleQuality> rules;         // in their order
  std::vector<LibraryQuality> libraries;  // those that the rules require, by file
};

/// The answer does not depend on `jobs`.
[[nodiscard]] Assessment assess_rules(std::span<const std::shared_ptr<const rule::Rule>> rules,
                                      const QualityOptions& options);

}  // namespace muster::evaluate
