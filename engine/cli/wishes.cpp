#include "cli/wishes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace muster::cli {

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const reports::Format& format : reports::formats()) names.push_back(format.name);
  return names;
}

Result<const reports::Format*> parse_format(const std::string& name) {
  if (const reports::Format* format = reports::find_format(name)) return format;
  const auto names = format_names();
  const auto near = nearest_name(name, names);
  return fail(ErrorCode::usage,
              fmt::format("there is no format {}; the formats are {}", name, fmt::join(names, ", ")), {},
              near ? fmt::format("did you mean {}?", *near) : "");
}

Result<Wish> parse_wish(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    return fail(ErrorCode::usage, "FORMAT=PATH is wanted, as in junit=out/junit.xml", {},
                fmt::format("the formats are {}", fmt::join(format_names(), ", ")));
  const auto format = parse_format(text.substr(0, equals));
  if (!format) return tl::unexpected(format.error());
  const std::string path = text.substr(equals + 1);
  if (path == "-")
    return fail(ErrorCode::usage, "a report goes to a file; the standard output holds the report for people");
  return Wish{*format, path};
}

std::string render_formats_page() {
  std::string page =
      "# Formats of reports\n\nMade by `muster docs` from the table of formats; do not edit.\n\n"
      "`muster check --report NAME=PATH` writes one with the run, `muster report RUN --format NAME[=PATH]` "
      "later. All are made from\n`results.json` alone, and the same results give the same bytes. What is "
      "undecided is never a success to a format's readers; how each is\nread and what it leaves out is in "
      "its "
      "folder's README.\n\n| name | file | what it is |\n|---|---|---|\n";
  for (const reports::Format& format : reports::formats())
    page += fmt::format("| `{}` | `{}` | {} |\n", format.name, format.file_name, format.description);
  return page;
}

}  // namespace muster::cli
