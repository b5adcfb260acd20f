// A column of strings in one arena: 8 bytes a row plus the text. Append only; views stay valid until the
// column is moved from or destroyed... and until the next append. 32-bit row numbers; the arena may pass 4
// GiB.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
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
  /// Bytes of text of all rows.
  [[nodiscard]] std::size_t bytes() const { return arena_.size(); }
  /// For batches of random reads: asks for a row's place, and, once that is there, for its text, without
  /// waiting. Loads rather than prefetch instructions, because processors drop those when the page's address
  /// is not at hand.
  void prefetch_place(std::size_t row) const { asm volatile("" : : "r"(ends_[row])); }
  void prefetch_text(std::size_t row) const {
    const std::string_view text = (*this)[row];
    if (!text.empty()) asm volatile("" : : "r"(text.front()), "r"(text.back()));
  }
  void reserve(std::size_t rows, std::size_t bytes) {
    ends_.reserve(rows);
    arena_.reserve(bytes);
  }
  /// Appends all rows of `other`.
  void append(const StringColumn& other) {
    const std::uint64_t base = arena_.size();
    const std::size_t first = ends_.size();
    arena_.append(other.arena_);
    ends_.resize(first + other.ends_.size());
    for (std::size_t i = 0; i < other.ends_.size(); ++i) ends_[first + i] = base + other.ends_[i];
  }
  /// Takes out rows (ascending, each once); the others move up. In place, without a copy of the whole.
  void drop(std::span<const std::uint32_t> rows) {
    if (rows.empty()) return;
    std::size_t to = rows[0];
    std::uint64_t arena_to = to == 0 ? 0 : ends_[to - 1];
    for (std::size_t i = 0; i < rows.size(); ++i) {
      // The run of rows that stay, between this dropped row and the next.
      const std::size_t begin = std::size_t{rows[i]} + 1,
                        end = i + 1 < rows.size() ? rows[i + 1] : ends_.size();
      if (begin == end) continue;
      const std::uint64_t from = ends_[begin - 1], size = ends_[end - 1] - from;
      std::memmove(arena_.data() + arena_to, arena_.data() + from, size);
      for (std::size_t row = begin; row < end; ++row) ends_[to++] = ends_[row] - from + arena_to;
      arena_to += size;
    }
    ends_.resize(to);
    arena_.resize(arena_to);
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
