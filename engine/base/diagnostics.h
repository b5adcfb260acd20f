// Diagnostics: where a load phase collects every problem of all files before it fails once. Order of
// insertion is kept; `render` sorts by file, line and column (stable) so that the text does not depend on the
// order of reading. Not thread-safe.
//
//   Diagnostics problems;
//   auto policy = load_policy(files, path, problems);
//   if (problems.has_errors()) { out << problems.render(); return problems.exit_code(); }
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace muster {

class Diagnostics {
 public:
  void error(Error error) { errors_.push_back(std::move(error)); }
  void error(ErrorCode code, std::string message, Place place = {}, std::string hint = {}) {
    errors_.push_back(Error{code, std::move(message), std::move(place), std::move(hint)});
  }
  /// Said on the terminal, kept in results.json, never changes the exit code.
  void warning(ErrorCode code, std::string message, Place place = {}, std::string hint = {}) {
    warnings_.push_back(Error{code, std::move(message), std::move(place), std::move(hint)});
  }

  [[nodiscard]] bool has_errors() const { return !errors_.empty(); }
  [[nodiscard]] const std::vector<Error>& errors() const { return errors_; }
  [[nodiscard]] const std::vector<Error>& warnings() const { return warnings_; }
  /// The exit code of the gravest error (integrity over wrong_input; internal over all); ok when there is
  /// none.
  [[nodiscard]] ExitCode exit_code() const;
  /// Every error and warning in full (render_error), each followed by an empty line, then
  /// "3 problems, 1 warning." At most `max_shown` of them, errors first to be chosen, saying how many more.
  [[nodiscard]] std::string render(std::size_t max_shown = 100) const;

 private:
  std::vector<Error> errors_;
  std::vector<Error> warnings_;
};

}  // namespace muster
