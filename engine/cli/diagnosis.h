// What `muster doctor` found, and how it is shown. Holds no secret: keys are named by where they come from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error_codes.h"
#include "collect/probe.h"

namespace muster::cli {

struct Check {
  enum class State : std::uint8_t { ok, note, wrong, skipped } state = State::ok;
  std::string what;   // "roster"
  std::string found;  // "hr/roster.csv: 312 persons, exported on 2026-11-19"
  std::string mend = {};
  ExitCode code = ExitCode::ok;  // of a wrong one
};
[[nodiscard]] std::string_view word_of(Check::State state);

/// A dataset that will be missing, or not whole.
struct Lack {
  std::string dataset, status, reason, mend;
};

struct BlockedRule {
  std::string policy, as, severity, because;
  bool is_whole = true;       // else only the subjects for which the missing data are read
  bool is_tolerated = false;  // on_unknown: report
};

/// What one organization's sources give.
struct TenantDiagnosis {
  std::string organization;
  std::vector<std::string> sources;  // by Asked::source: "anthropic-admin"
  std::vector<collect::Asked> endpoints;
  std::vector<Lack> lacks;
  std::vector<BlockedRule> blocked;
  std::size_t rules = 0;  // in all
};

struct Diagnosis {
  std::vector<Check> checks;
  std::vector<TenantDiagnosis> tenants;
};

/// The gravest of all: a rule that will be unknown is `undecided`.
[[nodiscard]] ExitCode exit_of(const Diagnosis& diagnosis);
[[nodiscard]] std::string render_text(const Diagnosis& diagnosis, std::size_t width);
[[nodiscard]] std::string render_json(const Diagnosis& diagnosis);

}  // namespace muster::cli
