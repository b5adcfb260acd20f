// The command line as a function: texts in, exit code out, everything else through the environment. Never
// throws; a defect becomes exit code 70 with a message.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"

namespace muster::cli {

/// `texts` without the program's name.
[[nodiscard]] ExitCode run(const std::vector<std::string>& texts, Environment& environment);

}  // namespace muster::cli
