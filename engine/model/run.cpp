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

}  // namespace muster
