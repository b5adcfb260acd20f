// The examples of a rule, run as its tests: each makes a small world out of `given` and goes the way of production (derive, availability, sandbox, budgets).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rule/rule.h"

namespace muster::evaluate {

struct ExampleResult {
  const rule::Example* example = nullptr;  // of the rule that was given
  Verdict got = Verdict::error;
  std::string reason;                      // what the rule said
  std::string observed, expected;          // as JSON, of a finding that has them
  std::optional<double> measure;           // of a fail
  /// Why the example cannot count: `given` names something that is not there, or has a value of the wrong
  /// type. Empty: it ran.
  std::string problem;
  /// Whether verdict, reason, each wanted member of observed, expected and measure are as the example states
  /// them.
  [[nodiscard]] bool is_good() const;
};

/// One `given`, made into a world of its own and judged.
struct Judged {
  Verdict verdict = Verdict::error;
  std::string reason, observed, expected;  // the last two as JSON; empty when the rule said nothing
  std::optional<double> measure;           // of a fail
  std::string problem;                     // as in ExampleResult
};
/// Judges one `given` that is no example of the rule (a spec file's). The same way as run_examples.
[[nodiscard]] Judged judge_given(const std::shared_ptr<const rule::Rule>& rule, const json::Value& given);

/// The examples of one rule, made into worlds once, to be run against other texts of the rule as well (mutants, and the text as coverage sees it).
class ExampleWorlds {
 public:
  explicit ExampleWorlds(std::shared_ptr<const rule::Rule> rule);
  ~ExampleWorlds();
  ExampleWorlds(ExampleWorlds&&) noexcept;
  ExampleWorlds& operator=(ExampleWorlds&&) noexcept;

  /// How they come out with the rule itself, in order.
  [[nodiscard]] const std::vector<ExampleResult>& results() const;
  /// The rule with another text, or other library files; the metadata stay. nullptr: its own.
  struct Variant {
    const std::string* text = nullptr;
    std::shared_ptr<const std::map<std::string, std::string>> library;
  };
  /// The first example that comes out differently with the variant; its number from 0, or the number of examples when none of them minds. Thread-safe. A text that no
  /// longer loads is minded by the first.
  [[nodiscard]] std::size_t first_to_mind(const Variant& variant) const;
  /// Where verdicts were made over all examples: file (as Trace names it) and line.
  [[nodiscard]] std::set<std::pair<std::string, std::uint32_t>> verdict_places(const Variant& variant) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One result an example, in order. `given` may hold the subject by its name (`user = {…}`), other datasets as lists (`users = { {…}, … }`), `roster` (a list of persons as in
/// a JSON roster), `links`, `as_of` (default 2026-01-01T00:00:00Z), `params`, and `incomplete` (names of datasets that are cut off). A field that a record does not
/// name is absent; derived fields may be given, and are computed otherwise.
[[nodiscard]] std::vector<ExampleResult> run_examples(const std::shared_ptr<const rule::Rule>& rule);

}  // namespace muster::evaluate
