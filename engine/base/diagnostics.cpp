#include "base/diagnostics.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/render_problem.h"

namespace muster {
namespace {

/// Which exit code wins when several problems ask for different ones.
int gravity(ExitCode code) {
  switch (code) {
    case ExitCode::ok: return 0;
    case ExitCode::failed: return 1;
    case ExitCode::undecided: return 2;
    case ExitCode::failed_and_undecided: return 3;
    case ExitCode::wrong_input: return 4;
    case ExitCode::unavailable: return 5;
    case ExitCode::integrity: return 6;
    case ExitCode::interrupted: return 7;
    case ExitCode::internal: return 8;
  }
  return 8;
}

struct Shown {
  std::string_view word;
  const Error* error;
};

std::string count_of(std::size_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

}  // namespace

ExitCode Diagnostics::exit_code() const {
  ExitCode worst = ExitCode::ok;
  for (const Error& error : errors_) {
    const ExitCode code = error_row(error.code).exit;
    if (gravity(code) > gravity(worst)) worst = code;
  }
  return worst;
}

std::string Diagnostics::render(std::size_t max_shown) const {
  // Errors are chosen before warnings, so that a flood of warnings cannot push an error out of sight.
  std::vector<Shown> shown;
  for (const Error& error : errors_)
    if (shown.size() < max_shown) shown.push_back({"error", &error});
  for (const Error& warning : warnings_)
    if (shown.size() < max_shown) shown.push_back({"warning", &warning});
  const std::size_t total = errors_.size() + warnings_.size();
  if (total == 0) return {};
  std::stable_sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) {
    const Place& x = a.error->place;
    const Place& y = b.error->place;
    return std::tie(x.file, x.line, x.column) < std::tie(y.file, y.line, y.column);
  });

  std::string out;
  for (const Shown& problem : shown) {
    out += render_problem(problem.word, *problem.error);
    out += '\n';
  }
  if (total > shown.size()) out += fmt::format("… and {} more.\n", total - shown.size());
  if (errors_.empty()) return out + count_of(warnings_.size(), "warning") + ".\n";
  out += count_of(errors_.size(), "problem");
  if (!warnings_.empty()) out += ", " + count_of(warnings_.size(), "warning");
  return out + ".\n";
}

}  // namespace muster
