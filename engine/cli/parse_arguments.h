// The texts of a command line, read as a command declared them. Behind this header is CLI11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace muster::cli {

/// Hands each text to the argument that it belongs to. `command` is its name, for messages. Error usage: an
/// unknown option (with the nearest), a value missing or too many, a positional missing, a text that its
/// argument refuses.
[[nodiscard]] Status parse_arguments(const Arguments& arguments, std::string_view command,
                                     const std::vector<std::string>& texts);

}  // namespace muster::cli
