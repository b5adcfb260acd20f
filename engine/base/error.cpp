#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/render_problem.h"
#include "base/result.h"
#include "base/text.h"

namespace muster {
namespace {

constexpr std::size_t kTabStop = 4;
constexpr std::size_t kLineWidth = 120;  // a longer source line is cut around the caret
constexpr std::size_t kLeadWidth = 60;   // how much of it stands before the caret

/// A source line as a terminal shows it, and the column (from 0) under which the caret belongs.
struct ShownLine {
  std::string text;
  std::size_t caret = 0;
};

struct Cell {
  std::string text;
  std::size_t width = 0;
};

std::vector<Cell> cells_of(std::string_view line) {
  std::vector<Cell> cells;
  std::size_t column = 0;
  while (!line.empty()) {
    const std::string_view point = first_code_point(line);
    line.remove_prefix(point.size());
    Cell cell;
    if (point == "\t") {
      cell.width = kTabStop - column % kTabStop;
      cell.text.assign(cell.width, ' ');
    } else {
      cell.text = make_visible(point);
      cell.width = display_width(cell.text);
    }
    column += cell.width;
    cells.push_back(std::move(cell));
  }
  return cells;
}

ShownLine show_line(std::string_view line, std::uint32_t column) {
  const std::vector<Cell> cells = cells_of(line);
  const std::size_t at = std::min<std::size_t>(column == 0 ? 0 : column - 1, cells.size());
  std::size_t total = 0;
  for (const Cell& cell : cells) total += cell.width;

  std::size_t begin = 0;
  ShownLine shown;
  if (total > kLineWidth) {
    std::size_t lead = 0;
    begin = at;
    while (begin > 0 && lead + cells[begin - 1].width <= kLeadWidth) lead += cells[--begin].width;
    if (begin > 0) {
      shown.text = "…";
      shown.caret = 1;
    }
  }
  std::size_t used = shown.caret;
  std::size_t end = begin;
  for (; end < cells.size(); ++end) {
    if (used + cells[end].width > kLineWidth) break;
    if (end < at) shown.caret += cells[end].width;
    used += cells[end].width;
    shown.text += cells[end].text;
  }
  if (end < cells.size()) shown.text += "…";
  return shown;
}

}  // namespace

std::string render_problem(std::string_view word, const Error& error) {
  std::string out =
      fmt::format("{}[{}]: {}\n", word, error_row(error.code).word, make_visible(error.message));
  const Place& place = error.place;
  const std::size_t gutter = place.line == 0 ? 1 : fmt::formatted_size("{}", place.line);
  if (!place.file.empty()) {
    fmt::format_to(std::back_inserter(out), "{:{}}--> {}", "", gutter + 1, make_visible(place.file));
    if (place.line != 0) fmt::format_to(std::back_inserter(out), ":{}", place.line);
    if (place.line != 0 && place.column != 0) fmt::format_to(std::back_inserter(out), ":{}", place.column);
    out += '\n';
  }
  if (place.line != 0 && !place.source_line.empty()) {
    const ShownLine shown = show_line(place.source_line, place.column);
    fmt::format_to(std::back_inserter(out), "{:{}}|\n {} | {}\n", "", gutter + 2, place.line, shown.text);
    if (place.column != 0)
      fmt::format_to(std::back_inserter(out), "{:{}}| {:{}}^\n", "", gutter + 2, "", shown.caret);
  }
  if (!error.hint.empty())
    fmt::format_to(std::back_inserter(out), "{:{}}= help: {}\n", "", gutter + 2, make_visible(error.hint));
  return out;
}

std::string render_error(const Error& error) { return render_problem("error", error); }

}  // namespace muster
