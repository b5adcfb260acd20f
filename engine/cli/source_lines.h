// Places in files, as commands print them that point at code without calling it an error.
#pragma once

#include <string>

#include "base/result.h"

namespace muster::cli {

/// "rules/keys/max_age.lua:34:12".
[[nodiscard]] std::string place_text(const Place& place);
/// The source line and a caret below its column, two lines; empty without a source line.
[[nodiscard]] std::string source_with_caret(const Place& place);

}  // namespace muster::cli
