#include "cli/source_lines.h"

#include <fmt/format.h>

#include "base/text.h"

namespace muster::cli {

std::string place_text(const Place& place) {
  std::string text = make_visible(place.file);
  if (place.line > 0) text += fmt::format(":{}", place.line);
  if (place.line > 0 && place.column > 0) text += fmt::format(":{}", place.column);
  return text;
}

std::string source_with_caret(const Place& place) {
  if (place.source_line.empty()) return {};
  std::string_view rest = place.source_line;
  std::string before;
  for (std::uint32_t column = 1; column < place.column && !rest.empty(); ++column) {
    const std::string_view point = first_code_point(rest);
    before += point == "\t" ? std::string(1, ' ') : std::string(display_width(make_visible(point)), ' ');
    rest.remove_prefix(point.size());
  }
  std::string line = place.source_line;
  for (char& c : line)
    if (c == '\t') c = ' ';
  return fmt::format("{:>6} | {}\n       | {}^\n", place.line, make_visible(line), before);
}

}  // namespace muster::cli
