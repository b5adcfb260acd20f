// The main job: config + snapshot + roster + policies + rules + waivers → Run. Reads files and nothing else; the clock gives `checked_at` and durations only. Every problem
// of every input is collected before it fails; when there is one, there is no Run.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/file_system.h"
#include "evaluate/bind.h"
#include "evaluate/derive.h"
#include "evaluate/waive.h"
#include "model/run.h"
#include "model/settings.h"
#include "rule/evaluator.h"

namespace muster::evaluate {

/// A run just before it is handed over, while the world is still there: for `rule explain`.
struct Inspection {
  std::span<const Entry> entries;
  const snapshot::World& world;
  const Run& run;  // by entry in `rules`, waivers applied
  const Derived& derived;
  std::string snapshot_folder;
  std::span<const Waiver> waivers;  // as in run.waivers
  const IsPersonOf& is_person_of;
};

/// Earlier results, as they were read.
struct Baseline {
  Run run;
  std::string path;
  std::string sha256;  // of the file
  std::uint64_t bytes = 0;
};

struct CheckRequest {
  Config config;                      // loaded, with the command line's changes in it
  BindOptions bind;
  std::optional<Instant> as_of;       // --as-of: a what-if
  std::optional<Severity> fail_on;    // --fail-on: instead of what the policies say
  unsigned jobs = 1;
  rule::Limits limits;
  std::string tool_version;
  /// Only the entries of this rule; the rule with its defaults when the policies do not select it. Empty: as the policies say.
  std::string single_rule = {};
  /// --baseline: its failures do not make the run fail.
  std::shared_ptr<const Baseline> baseline = {};
  std::function<void(const Inspection&)> inspect = {};
  std::function<void(const std::string& phase, std::size_t done, std::size_t all)> progress;
};

struct CheckResult {
  Run run;
  RunTimes times;
};

[[nodiscard]] std::optional<CheckResult> check(const FileSystem& files, const Clock& clock, const CheckRequest& request, Diagnostics& problems);

/// The run's exit code from what its rules found and which of them are gated (design section 4, Exit codes).
void decide_exit(Run& run);

}  // namespace muster::evaluate
