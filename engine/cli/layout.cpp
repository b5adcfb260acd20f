#include "cli/layout.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::cli {

std::string wrap(std::string_view text, std::string_view first, std::size_t indent, std::size_t width) {
  std::string out;
  std::string line(first);
  if (display_width(line) < indent) line.append(indent - display_width(line), ' ');
  std::size_t used = display_width(line);
  bool has_word = false;
  const auto end_line = [&] {
    while (line.ends_with(' ')) line.pop_back();
    out += line;
    out += '\n';
    line.assign(indent, ' ');
    used = indent;
    has_word = false;
  };
  while (true) {
    const std::size_t newline = text.find('\n');
    std::string_view paragraph = text.substr(0, newline);
    if (paragraph.starts_with(' ')) {
      line += paragraph;
    } else {
      while (!paragraph.empty()) {
        const std::size_t space = paragraph.find(' ');
        const std::string_view word = paragraph.substr(0, space);
        paragraph.remove_prefix(space == std::string_view::npos ? paragraph.size() : space + 1);
        const std::size_t columns = display_width(word);
        if (has_word && used + 1 + columns > width) end_line();
        if (has_word) {
          line += ' ';
          ++used;
        }
        line += word;
        used += columns;
        has_word = true;
      }
    }
    end_line();
    if (newline == std::string_view::npos) return out;
    text.remove_prefix(newline + 1);
  }
}

std::string cell(std::string_view text, std::size_t columns) {
  // A code point takes at least a byte, so what lies beyond cannot be seen anyway.
  std::string shown = make_visible(utf8_prefix(text, columns * 8));
  if (display_width(shown) <= columns && shown.size() >= text.size()) return shown;
  if (display_width(shown) <= columns && make_visible(text) == shown) return shown;
  while (display_width(shown) + 1 > columns && !shown.empty())
    shown.resize(utf8_prefix(shown, shown.size() - 1).size());
  return shown + "…";
}

void TextTable::column(std::string heading, Align align) {
  const std::size_t width = display_width(heading);
  columns_.push_back({std::move(heading), align, width});
}

void TextTable::row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i)
    columns_[i].width = std::max(columns_[i].width, display_width(cells[i]));
  rows_.push_back(std::move(cells));
}

std::string TextTable::render(std::size_t indent) const {
  std::string out;
  const auto line = [&](auto&& text_of) {
    std::string made(indent, ' ');
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string_view text = text_of(i);
      const std::string padding(columns_[i].width - std::min(columns_[i].width, display_width(text)), ' ');
      if (i > 0) made += "  ";
      if (columns_[i].align == Align::right) made += padding;
      made += text;
      if (columns_[i].align == Align::left) made += padding;
    }
    while (made.ends_with(' ')) made.pop_back();
    out += made;
    out += '\n';
  };
  line([&](std::size_t i) { return std::string_view(columns_[i].heading); });
  for (const auto& cells : rows_) line([&](std::size_t i) { return std::string_view(cells[i]); });
  return out;
}

std::string plural(std::uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

}  // namespace muster::cli
