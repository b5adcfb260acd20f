// Environment: everything outside a command that it may touch.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "cli/console.h"

namespace muster::cli {

struct Environment {
  FileSystem& files;
  const Clock& clock;
  Console& console;
  std::string working_folder;  // absolute
  /// Set when the user wants the run to end (SIGINT, SIGTERM).
  const std::atomic<bool>& is_interrupted;
  /// What was typed after the program's name.
  std::vector<std::string> command = {};
  /// The process's environment variables; nullopt for one that is not set. Without one, as in tests, none is.
  std::function<std::optional<std::string>(const char* name)> variable = [](const char*) { return std::nullopt; };
  /// Makes a folder if need be and takes it for `command` of this process, until the object goes; base/append_file.h. In memory, as in tests and
  /// when a run is performed again, nobody else is there.
  std::function<Result<std::shared_ptr<void>>(const std::string& folder, const char* command)> take_folder =
      [](const std::string&, const char*) { return std::shared_ptr<void>(); };
};

/// Thrown where there is no other way out (from inside the evaluation); caught by run().
struct Interrupted {};

}  // namespace muster::cli
