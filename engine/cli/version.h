// What this program is made of.
#pragma once

#include <string>
#include <string_view>

namespace muster::cli {

[[nodiscard]] std::string_view version();  // "0.1.0"
/// The page of `muster --version`: version, the versions of what it reads and writes, libraries.
[[nodiscard]] std::string version_page();

}  // namespace muster::cli
