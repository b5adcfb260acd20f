// Waivers: approved, dated exceptions. They turn a `fail` into `waived` and touch nothing else. A waiver has effect from the start of its `starts` day to the end of its
// `expires` day (in the zone of `waiver_rules`), with an approver who is not the subject, as long as it keeps to the longest length and the largest share. What it excuses is
// evaluated all the same.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/time.h"
#include "model/run.h"
#include "model/settings.h"
#include "snapshot/world.h"

namespace muster::evaluate {

/// Up to so many subjects are never too many for one waiver.
inline constexpr std::uint64_t kFewSubjects = 5;

/// Whether an approver, as written, is the person behind a subject: the roster knows more names of a person than the subject shows.
using IsPersonOf = std::function<bool(const std::string& approver, SubjectKind kind, std::uint32_t row)>;

/// The state of each waiver as of the instant, before any is applied: active, expiring_soon, not_started, expired, unapproved or too_long.
[[nodiscard]] std::vector<WaiverResult> describe_waivers(std::span<const Waiver> waivers, const WaiverRules& rules, Instant as_of);

/// An error for each waiver without an end where the rules set a longest length.
void check_ends(std::span<const Waiver> waivers, const WaiverRules& rules, Diagnostics& problems);

/// Those that would have effect and fit too large a share of a rule's subjects become `too_broad`: of all of them, or of those that it judges. Not of all alone: where a rule looks at ten
/// administrators among a thousand users, a waiver for all ten is all that it can find. Not of the judged alone: "every user" fits few of those who left today, and everybody who leaves
/// tomorrow. Failures would be no measure: a waiver would grow too broad as others are mended; how many there are before and after waivers, every report says.
/// Waivers that name few subjects by id are never too broad and cost nothing. True when one became too broad.
bool judge_breadth(std::span<const Waiver> waivers, const WaiverRules& rules, std::span<const RuleResult> results, const snapshot::World& world, std::vector<WaiverResult>& described);

/// Applies them to the rules' findings; counts and verdict runs follow. Those with effect that met no failure become `unused`, unless a rule of theirs was not decided,
/// or left out of a run that judges only some of the policies' rules (`is_part`). `is_person_of` may be empty.
void apply_waivers(std::span<const Waiver> waivers, const snapshot::World& world, const IsPersonOf& is_person_of, bool is_part, std::vector<RuleResult>& rules,
                   std::vector<WaiverResult>& described);

/// What a waiver names in the snapshot, whatever its state.
struct WaiverFit {
  std::uint64_t subjects = 0;
  std::uint64_t approved_by_subject = 0;  // of these, those who are the approver
};
[[nodiscard]] WaiverFit fit_of(const Waiver& waiver, SubjectKind kind, const snapshot::World& world, const IsPersonOf& is_person_of);

/// True of the states in which a waiver excuses failures: active and expiring_soon.
[[nodiscard]] bool has_effect(const WaiverResult& waiver);
/// "in 9 days", "today", "5 days ago": when its last day is; empty when it never ends.
[[nodiscard]] std::string when_over(const WaiverResult& waiver);
/// A waiver that has no effect, in one sentence for people; empty for others.
[[nodiscard]] std::string explain_waiver(const WaiverResult& waiver);

}  // namespace muster::evaluate
