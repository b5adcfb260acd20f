// Shared by the renderers of errors and of diagnostics; not for other modules.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace muster {

/// render_error with another first word ("warning").
[[nodiscard]] std::string render_problem(std::string_view word, const Error& error);

}  // namespace muster
