#include "model/run.h"

#include <algorithm>

namespace muster {

std::string_view word_of(Novelty novelty) {
  switch (novelty) {
    case Novelty::new_here: return "new";
    case Novelty::still_failing: return "still_failing";
    case Novelty::regressed: return "regressed";
  }
  return "";
}

std::optional<Novelty> parse_novelty(std::string_view word) {
  for (const Novelty novelty : kNovelties)
    if (word == word_of(novelty)) return novelty;
  return std::nullopt;
}

std::uint64_t RuleResult::known_failures() const {
  return static_cast<std::uint64_t>(std::count_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.verdict == Verdict::fail && finding.novelty == Novelty::still_failing;
  }));
}

std::uint64_t RuleResult::gating_failures() const {
  return gated ? counts[Verdict::fail] - known_failures() : 0;
}

std::string Run::outcome() const {
  switch (exit) {
    case ExitCode::ok: return "passed";
    case ExitCode::failed: return "failed";
    case ExitCode::undecided: return "undecided";
    case ExitCode::failed_and_undecided: return "failed and undecided";
    case ExitCode::wrong_input: return "wrong input";
    case ExitCode::integrity: return "integrity check failed";
    case ExitCode::unavailable: return "service unavailable";
    case ExitCode::internal: return "internal error";
    case ExitCode::interrupted: return "interrupted";
  }
  return "internal error";
}

namespace {

ControlStatus status_of(const RuleResult& rule) {
  if (rule.counts[Verdict::fail] > 0) return ControlStatus::failed;
  if (rule.counts[Verdict::unknown] + rule.counts[Verdict::error] > 0 || rule.whole ||
      !rule.undecided.empty())
    return ControlStatus::undecided;
  if (rule.counts[Verdict::waived] > 0) return ControlStatus::waived;
  return rule.counts[Verdict::pass] > 0 ? ControlStatus::passed : ControlStatus::idle;
}

}  // namespace

void settle(ControlResult& control, const std::vector<RuleResult>& rules,
            const std::vector<AttestationResult>& attestations) {
  control.counts = {};
  control.status = ControlStatus::open;
  for (const std::uint32_t index : control.rules) {
    control.counts += rules[index].counts;
    control.status = std::min(control.status, status_of(rules[index]));
  }
  const bool is_attested =
      std::any_of(control.attestations.begin(), control.attestations.end(),
                  [&](std::uint32_t index) { return attestations[index].state == "active"; });
  if (is_attested) control.status = std::min(control.status, ControlStatus::attested);
  if (control.status == ControlStatus::passed && !is_attested && control.tests != "whole")
    control.status = ControlStatus::passed_in_part;
}

std::string_view word_of(ControlStatus status) {
  switch (status) {
    case ControlStatus::failed: return "failed";
    case ControlStatus::undecided: return "undecided";
    case ControlStatus::waived: return "waived";
    case ControlStatus::passed: return "passed";
    case ControlStatus::passed_in_part: return "passed_in_part";
    case ControlStatus::attested: return "attested";
    case ControlStatus::idle: return "idle";
    case ControlStatus::open: return "open";
  }
  return "";
}

std::optional<ControlStatus> parse_control_status(std::string_view word) {
  for (const ControlStatus status : kControlStatuses)
    if (word_of(status) == word) return status;
  return std::nullopt;
}

}  // namespace muster
