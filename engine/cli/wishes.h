// Which reports a command line asks for: FORMAT=PATH.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "reports/report.h"

namespace muster::cli {

struct Wish {
  const reports::Format* format = nullptr;
  std::string path;
};

[[nodiscard]] std::vector<std::string_view> format_names();
/// Error usage, with the nearest name.
[[nodiscard]] Result<const reports::Format*> parse_format(const std::string& name);
/// "junit=out/junit.xml". Error usage.
[[nodiscard]] Result<Wish> parse_wish(const std::string& text);
/// docs/formats.md
[[nodiscard]] std::string render_formats_page();

}  // namespace muster::cli
