// Waivers: approved, dated exceptions. They turn a `fail` into `waived` and touch nothing else. A waiver has effect from the start of its `starts` day to the end of its
// `expires` day (UTC), with an approver who is not the subject.
#pragma once

#include <span>
#include <vector>

#include "base/time.h"
#include "model/run.h"
#include "model/settings.h"
#include "snapshot/world.h"

namespace muster::evaluate {

/// The state of each waiver as of the instant, before any is applied: active, not_started, expired or unapproved.
[[nodiscard]] std::vector<WaiverResult> describe_waivers(std::span<const Waiver> waivers, Instant as_of);

/// Applies them to the rules' findings; counts and verdict runs follow. Active waivers that met no failure become `unused`.
void apply_waivers(std::span<const Waiver> waivers, const snapshot::World& world, std::vector<RuleResult>& rules, std::vector<WaiverResult>& described);

}  // namespace muster::evaluate
