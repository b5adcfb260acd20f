#include "evaluate/check.h"

namespace muster::evaluate {

void decide_exit(Run& run) {
  bool failed = false;
  bool undecided = run.rules.empty();
  for (const RuleResult& rule : run.rules) {
    if (rule.gating_failures() > 0) failed = true;
    if (rule.reports_unknown) continue;
    if (rule.counts[Verdict::unknown] + rule.counts[Verdict::error] > 0 || rule.whole || !rule.undecided.empty()) undecided = true;
  }
  run.exit = failed ? (undecided ? ExitCode::failed_and_undecided : ExitCode::failed) : (undecided ? ExitCode::undecided : ExitCode::ok);
}

}  // namespace muster::evaluate
