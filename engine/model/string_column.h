// A column of strings in one arena: 8 bytes a row plus the text. Append only; views stay valid until the column is moved from or destroyed... and
// until the next append. 32-bit row numbers; the arena may pass 4 GiB.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

class StringColumn {
 public:
  void push_back(std::string_view text) {
    arena_.append(text);
    ends_.push_back(arena_.size());
  }
  [[nodiscard]] std::string_view operator[](std::size_t row) const {
    const std::uint64_t begin = row == 0 ? 0 : ends_[row - 1];
    return std::string_view(arena_).substr(begin, ends_[row] - begin);
  }
  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] bool empty() const { return ends_.empty(); }
  void reserve(std::size_t rows, std::size_t bytes) {
    ends_.reserve(rows);
    arena_.reserve(bytes);
  }
  /// Appends all rows of `other`.
  void append(const StringColumn& other) {
    const std::uint64_t base = arena_.size();
    arena_.append(other.arena_);
    ends_.reserve(ends_.size() + other.ends_.size());
    for (auto end : other.ends_) ends_.push_back(base + end);
  }
  void shrink() {
    arena_.shrink_to_fit();
    ends_.shrink_to_fit();
  }

 private:
  std::string arena_;
  std::vector<std::uint64_t> ends_;
};

}  // namespace muster
