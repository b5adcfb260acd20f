// What reports say about a run in words, shared by all formats for people and CI systems. Everything returned
// is one line, safe to show (made visible) unless said otherwise.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/run.h"

namespace muster::reports {

/// "312 users", "1 API key".
[[nodiscard]] std::string count_of(std::uint64_t n, SubjectKind kind);
/// "users", "API key".
[[nodiscard]] std::string_view noun_of(std::uint64_t n, SubjectKind kind);

/// What a policy entry comes to, the gravest first. Undecided wins over failed: what was not judged cannot be
/// trusted to be all there is.
enum class Standing : std::uint8_t {
  undecided,  // an unknown or error verdict, or the entry as such
  failed,
  idle,  // nothing passed and nothing failed: waived, not applicable, or no subjects
  passed,
};
[[nodiscard]] Standing standing_of(const RuleResult& rule);
/// Whether a rule's undecided part is a rule that broke (an error verdict) rather than data that is missing.
[[nodiscard]] bool has_errors(const RuleResult& rule);

/// The entry's result in one line without its title: "3 of 15 API keys fail, 1 waived".
[[nodiscard]] std::string headline(const Run& run, const RuleResult& rule);

/// "Ada Lovelace (user_01A)", or the id alone when there is no other label.
[[nodiscard]] std::string subject_name(std::string_view label, std::string_view id);
[[nodiscard]] std::string subject_name(const Run& run, SubjectKind kind, std::uint32_t index);
/// How a failure stands to the baseline: "new", "known since 2026-10-02, 50 days", "back, first seen
/// 2026-10-02, 50 days ago". Empty without a baseline.
[[nodiscard]] std::string novelty_of(const Run& run, const Finding& finding);
/// "held against the results of 2026-11-01: 2 new, 7 known, 0 back, 3 resolved"; of a run with a baseline.
[[nodiscard]] std::string baseline_line(const Run& run);
/// "W-17 until 2027-01-31".
[[nodiscard]] std::string waiver_name(const WaiverResult& waiver);
/// "passed in part", "nothing to judge".
[[nodiscard]] std::string_view words_of(ControlStatus status);
/// "AT-1 until 2027-02-28", "AT-2, which expired on 2026-10-01".
[[nodiscard]] std::string attestation_name(const AttestationResult& attestation);
/// The controls of one framework: a part of Run::controls.
using ControlSpan = std::span<const ControlResult>;
[[nodiscard]] std::vector<ControlSpan> by_framework(const Run& run);
/// "6 controls: 3 failed, 2 passed in part, 1 attested".
[[nodiscard]] std::string headline(ControlSpan controls);
/// "expiring_soon, 9 days left"; the reason of too_long and too_broad behind it.
[[nodiscard]] std::string waiver_state(const WaiverResult& waiver);
/// Of all rules: what waivers excuse is a failure before them.
struct Failures {
  std::uint64_t before_waivers = 0, after_waivers = 0;
  friend bool operator==(const Failures&, const Failures&) = default;
};
[[nodiscard]] Failures failures_of(const Run& run);
/// True when the run's `fail_on` is not the gate: policies have their own. Each rule's `gated` says what
/// counts.
[[nodiscard]] bool has_gate_by_policy(const Run& run);
/// A subject that passes and will fail soon, as the rules list them; the next first.
struct DueSubject {
  const RuleResult* rule = nullptr;
  Due due;
  std::string_view reason;  // of the pass
};
[[nodiscard]] std::vector<DueSubject> due_subjects(const Run& run);
/// Indexes of the waivers that a rule's findings name, each once, in order of first use.
[[nodiscard]] std::vector<std::uint32_t> waivers_of(const RuleResult& rule);

/// Observed or expected as people read it: `created_at: 2026-01-01T00:00:00Z, roles: [admin, owner]`; at most
/// about `max_bytes`.
[[nodiscard]] std::string readable_json(std::string_view json, std::size_t max_bytes);
/// make_visible on one line, cut to about `max_bytes` with an ellipsis; reads no more of `text` than that
/// needs.
[[nodiscard]] std::string visible_line(std::string_view text, std::size_t max_bytes);
/// Where all subjects of a rule are listed, as a reader of the report finds it:
/// "populations/keys.max_age.csv". Empty without `evidence` and without subjects.
[[nodiscard]] std::string evidence_path(std::string_view evidence, const RuleResult& rule,
                                        std::string_view population_file);

/// Calls f(subject index, verdict, reason, finding or nullptr) for each subject of a rule in dataset order.
template <class F>
void for_each_subject(const RuleResult& rule, F&& f) {
  std::uint32_t subject = 0;
  std::size_t next = 0;
  for (const VerdictRun& piece : rule.verdicts) {
    std::string_view reason = rule.reasons[piece.reason];
    if (reason.empty() && rule.whole) reason = rule.whole->reason;
    for (std::uint32_t i = 0; i < piece.count; ++i, ++subject) {
      const Finding* finding = nullptr;
      if (next < rule.findings.size() && rule.findings[next].subject == subject)
        finding = &rule.findings[next++];
      f(subject, piece.verdict,
        reason.empty() && finding != nullptr ? std::string_view(finding->reason) : reason, finding);
    }
  }
}

}  // namespace muster::reports
