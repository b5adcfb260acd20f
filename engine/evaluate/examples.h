// The examples of a rule, run as its tests: each makes a small world out of `given` and goes the way of production (derive, availability, sandbox, budgets).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rule/rule.h"

namespace muster::evaluate {

struct ExampleResult {
  const rule::Example* example = nullptr;  // of the rule that was given
  Verdict got = Verdict::error;
  std::string reason;                      // what the rule said
  /// Why the example cannot count: `given` names something that is not there, or has a value of the wrong type. Empty: it ran.
  std::string problem;
  [[nodiscard]] bool is_good() const { return problem.empty() && got == example->want && (!example->reason || *example->reason == reason); }
};

/// One result an example, in order. `given` may hold the subject by its name (`user = {…}`), other datasets as lists (`users = { {…}, … }`), `roster` (a list of persons as in
/// a JSON roster), `links`, `as_of` (default 2026-01-01T00:00:00Z), `params`, and `incomplete` (names of datasets that are cut off). A field that a record does not
/// name is absent; derived fields may be given, and are computed otherwise.
[[nodiscard]] std::vector<ExampleResult> run_examples(const std::shared_ptr<const rule::Rule>& rule);

}  // namespace muster::evaluate
