// Runs entries over a world on all cores. Every subject of every entry gets exactly one verdict; the result does not depend on the number of workers.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "evaluate/bind.h"
#include "model/run.h"
#include "rule/evaluator.h"
#include "snapshot/world.h"

namespace muster::evaluate {

struct RunOptions {
  unsigned jobs = 1;
  rule::Limits limits;
  Instant due_until;  // passes that end later are not listed as due
  /// Called now and then from any worker with blocks done and blocks in all; may be empty.
  std::function<void(std::size_t done, std::size_t all)> progress;
};

struct EntriesResult {
  std::vector<RuleResult> rules;       // by entry; no waivers applied yet, gated not set
  std::vector<std::int64_t> cpu_us;    // by entry, summed over workers; 0 of one that took over an equal one's
  std::size_t blocks = 0;              // of subjects that were judged
  bool nondeterministic = false;
};

/// Entries of one rule with the same parameters and scope, however many policies have them, are evaluated once.
[[nodiscard]] EntriesResult run_entries(std::span<const Entry> entries, const snapshot::World& world, const RunOptions& options);

/// What keeps the whole rule from being decided: a dataset that it must read is not complete. Empty: nothing does.
[[nodiscard]] std::string blocking_reason(const rule::RuleInfo& rule, const snapshot::World& world);

}  // namespace muster::evaluate
