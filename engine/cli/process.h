// The process around the command line: signals, the standard streams, the real file system.
#pragma once

#include "base/clock.h"

namespace muster::cli {

/// The whole program; returns the exit code.
[[nodiscard]] int run_process(int count, char** texts, const Clock& clock);

}  // namespace muster::cli
