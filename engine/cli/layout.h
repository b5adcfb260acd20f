// Text in columns for a terminal: wrapped paragraphs and plain tables. Widths are those of a terminal (wide
// characters count two). Text that comes from data must be made visible by the caller (cell() does it).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster::cli {

/// `text` word by word: the first line after `first`, the others indented by `indent` columns. Lines of at
/// most `width` columns where words allow it; "\n" in `text` ends a line, and a line that begins with a space
/// is kept as it is. Ends with a newline.
[[nodiscard]] std::string wrap(std::string_view text, std::string_view first, std::size_t indent,
                               std::size_t width);

/// Data for a table's cell: on one line, visible, cut with an ellipsis beyond `columns`.
[[nodiscard]] std::string cell(std::string_view text, std::size_t columns = 60);

enum class Align : std::uint8_t { left, right };

/// A table without lines: a row of headings, then rows. Columns are as wide as their widest cell; the last
/// one is not padded.
class TextTable {
 public:
  void column(std::string heading, Align align = Align::left);
  /// As many cells as there are columns.
  void row(std::vector<std::string> cells);
  [[nodiscard]] std::string render(std::size_t indent = 0) const;
  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  struct Column {
    std::string heading;
    Align align;
    std::size_t width;
  };
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// "1 rule", "12 rules".
[[nodiscard]] std::string plural(std::uint64_t n, std::string_view one, std::string_view many);

}  // namespace muster::cli
