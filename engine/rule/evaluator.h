// Evaluator: runs one rule, with one set of parameters, over blocks of subjects of a World. One for each worker and policy entry: it owns a Lua state and is not
// thread-safe; the World and the Budget are shared. What it writes for a subject depends on that subject alone, whatever was evaluated before.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/run.h"
#include "rule/rule.h"
#include "snapshot/world.h"

namespace muster::rule {

/// Limits. Instructions count Lua VM instructions and the work of host functions alike; they decide the same way on every machine. Wall time is the last
/// resort against what they do not see, and is the only one that depends on the machine.
struct Limits {
  std::uint64_t subject_instructions = 5'000'000;
  std::uint64_t mean_instructions = 20'000;         // per rule: this × population + floor
  std::uint64_t rule_instructions_floor = 50'000'000;
  std::size_t memory_bytes = 32u << 20;             // of one Lua state
  std::size_t message_bytes = 4096;                 // reason; observed and expected 4 × that
  std::int64_t subject_wall_us = 10'000'000;
};

/// The limits of one rule: where it reads very many rows, one subject may cost a plain loop over all of them (kInstructionsPerRow a
/// row), and the rule some such loops; below that, the limits as they are.
[[nodiscard]] Limits limits_for(const Rule& rule, const snapshot::World& world, const Limits& limits);
inline constexpr std::uint64_t kInstructionsPerRow = 64;

/// What is left of a rule's budget, shared by the workers that run it.
class Budget {
 public:
  Budget(const Limits& limits, std::uint64_t population)
      : instructions_(limits.rule_instructions_floor + limits.mean_instructions * population) {}
  /// Takes `n` instructions; false when the rule has none left.
  bool take(std::uint64_t n) { return used_.fetch_add(n, std::memory_order_relaxed) + n <= instructions_; }
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool is_cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t limit() const { return instructions_; }
  [[nodiscard]] std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  std::uint64_t instructions_;
  std::atomic<std::uint64_t> used_{0};
  std::atomic<bool> cancelled_{false};
};

/// The verdicts of one block, in the order of the rows given.
struct BlockResult {
  std::vector<std::string> reasons{""};
  std::vector<VerdictRun> verdicts;
  std::vector<Finding> findings;  // Finding::subject is the row
  std::vector<Due> due;           // of passes with a deadline; Due::subject is the row
  std::vector<Counts> measured;   // by bin of the rule's measure; empty when it has none
  /// Set when the rule ran out of budget: the whole rule is `error` with this reason.
  std::string over_budget;
  bool by_wall_time = false;
};

struct Trace;

class Evaluator {
 public:
  /// `trace`, which must outlive the evaluator, is told what the rule does (trace.h); it slows the rule down. Error internal when the state cannot be made (the rule was loaded before, so that is a bug or out of memory).
  [[nodiscard]] static Result<std::unique_ptr<Evaluator>> make(const Rule& rule, const Params& params, const snapshot::World& world, const Limits& limits,
                                                               Budget& budget, Trace* trace = nullptr);
  ~Evaluator();
  void evaluate(std::span<const std::uint32_t> rows, BlockResult& out);
  /// How often the rule was called. Subjects that are alike in what the rule reads are decided by one call.
  [[nodiscard]] std::uint64_t calls() const;

 private:
  struct Impl;
  explicit Evaluator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::rule
