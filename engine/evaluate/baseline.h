// The baseline: an earlier run's results, whose failures are known. A failure that it has too does not make the run fail; everything else does. What it may hide is narrow on
// purpose: a `fail` of the same policy, entry, rule and subject, at a severity that has not risen since. It never hides an unknown or an error, nor a failure that it has as
// waived (the waiver has ended) or as resolved (it came back).
#pragma once

#include "base/diagnostics.h"
#include "evaluate/check.h"
#include "model/run.h"

namespace muster::evaluate {

/// Whether `baseline` may stand behind `run`, of which the head is known: the same organization, no what-if, and not later than it. Reports `usage` otherwise.
void check_baseline(const Baseline& baseline, const Run& run, Diagnostics& problems);

/// Sets `novelty` and `since` of the findings, `Run::baseline` and `Run::resolved`. After the waivers, and before the gate.
void apply_baseline(const Baseline& baseline, Run& run);

}  // namespace muster::evaluate
