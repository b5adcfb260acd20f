// Waivers: approved, dated exceptions. They turn a `fail` into `waived` and touch nothing else. A waiver has effect from the start of its `starts` day to the end of its
// `expires` day (UTC), with an approver who is not the subject.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/time.h"
#include "model/run.h"
#include "model/settings.h"
#include "snapshot/world.h"

namespace muster::evaluate {

/// The state of each waiver as of the instant, before any is applied: active, not_started, expired or unapproved.
[[nodiscard]] std::vector<WaiverResult> describe_waivers(std::span<const Waiver> waivers, Instant as_of);

/// Applies them to the rules' findings; counts and verdict runs follow. Active waivers that met no failure become `unused`. `is_person_of` says whether an approver, as written, is the
/// person behind a subject (the roster knows more names of a person than the subject shows); may be empty.
void apply_waivers(std::span<const Waiver> waivers, const snapshot::World& world,
                   const std::function<bool(const std::string& approver, SubjectKind kind, std::uint32_t row)>& is_person_of, std::vector<RuleResult>& rules,
                   std::vector<WaiverResult>& described);

/// A waiver that has no effect, in one sentence for people; empty for one that was applied.
[[nodiscard]] std::string explain_waiver(const WaiverResult& waiver);

}  // namespace muster::evaluate
