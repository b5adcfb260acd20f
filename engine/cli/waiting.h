// Waiting that a user can end.
#pragma once

#include <cstdint>

#include "cli/environment.h"

namespace muster::cli {

/// False when the run was interrupted meanwhile.
[[nodiscard]] bool wait(const Environment& environment, std::int64_t us);

}  // namespace muster::cli
