// A column of strings in one arena: 8 bytes a row plus the text, or the text alone while all rows are equally
// long (ids are), which also saves a read of memory when rows are looked up at random. Append only; views
// stay valid until the next append, and until the column is moved from or destroyed. 32-bit row numbers; the
// arena may pass 4 GiB.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster {

class StringColumn {
 public:
  StringColumn() = default;
  StringColumn(const StringColumn&) = default;
  StringColumn& operator=(const StringColumn&) = default;
  /// What was moved from is empty.
  StringColumn(StringColumn&& other) noexcept { swap(other); }
  StringColumn& operator=(StringColumn&& other) noexcept {
    StringColumn moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~StringColumn() = default;

  void push_back(std::string_view text) {
    if (is_uniform_ && text.size() != length_) {
      if (size_ == 0)
        length_ = text.size();
      else
        spell_out_ends();
    }
    arena_.append(text);
    ++size_;
    if (!is_uniform_) ends_.push_back(arena_.size());
  }
  [[nodiscard]] std::string_view operator[](std::size_t row) const {
    if (is_uniform_) return std::string_view(arena_).substr(row * length_, length_);
    const std::uint64_t begin = row == 0 ? 0 : ends_[row - 1];
    return std::string_view(arena_).substr(begin, ends_[row] - begin);
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Bytes of text of all rows.
  [[nodiscard]] std::size_t bytes() const { return arena_.size(); }
  /// For batches of random reads: asks for a row's place, and, once that is there, for its text, without
  /// waiting. Loads rather than prefetch instructions, because processors drop those when the page's address
  /// is not at hand.
  void prefetch_place(std::size_t row) const {
    if (!is_uniform_) asm volatile("" : : "r"(ends_[row]));
  }
  void prefetch_text(std::size_t row) const {
    const std::string_view text = (*this)[row];
    if (!text.empty()) asm volatile("" : : "r"(text.front()), "r"(text.back()));
  }
  void reserve(std::size_t rows, std::size_t bytes) {
    expected_rows_ = rows;
    if (!is_uniform_) ends_.reserve(rows);
    arena_.reserve(bytes);
  }
  /// Appends all rows of `other`.
  void append(const StringColumn& other) {
    if (other.empty()) return;
    if (empty()) length_ = other.is_uniform_ ? other.length_ : other[0].size();
    if (is_uniform_ && !(other.is_uniform_ && other.length_ == length_)) spell_out_ends();
    const std::uint64_t base = arena_.size();
    arena_.append(other.arena_);
    if (!is_uniform_) {
      ends_.resize(size_ + other.size_);
      for (std::size_t i = 0; i < other.size_; ++i)
        ends_[size_ + i] = base + (other.is_uniform_ ? (i + 1) * other.length_ : other.ends_[i]);
    }
    size_ += other.size_;
  }
  /// Takes out rows (ascending, each once); the others move up. In place, without a copy of the whole.
  void drop(std::span<const std::uint32_t> rows) {
    if (rows.empty()) return;
    std::size_t to = rows[0];
    std::uint64_t arena_to = end_of(to) - (*this)[to].size();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      // The run of rows that stay, between this dropped row and the next.
      const std::size_t begin = std::size_t{rows[i]} + 1, end = i + 1 < rows.size() ? rows[i + 1] : size_;
      if (begin == end) continue;
      const std::uint64_t from = end_of(begin - 1), bytes = end_of(end - 1) - from;
      std::memmove(arena_.data() + arena_to, arena_.data() + from, bytes);
      if (!is_uniform_) {
        for (std::size_t row = begin; row < end; ++row)
          ends_[to + row - begin] = ends_[row] - from + arena_to;
      }
      to += end - begin;
      arena_to += bytes;
    }
    if (!is_uniform_) ends_.resize(to);
    arena_.resize(arena_to);
    size_ = to;
  }
  void shrink() {
    arena_.shrink_to_fit();
    ends_.shrink_to_fit();
  }

 private:
  void swap(StringColumn& other) noexcept {
    arena_.swap(other.arena_);
    ends_.swap(other.ends_);
    std::swap(size_, other.size_);
    std::swap(length_, other.length_);
    std::swap(expected_rows_, other.expected_rows_);
    std::swap(is_uniform_, other.is_uniform_);
  }
  [[nodiscard]] std::uint64_t end_of(std::size_t row) const {
    return is_uniform_ ? (row + 1) * length_ : ends_[row];
  }
  /// From here on rows differ in length.
  void spell_out_ends() {
    is_uniform_ = false;
    ends_.reserve(std::max(expected_rows_, size_ + 1));
    for (std::size_t row = 0; row < size_; ++row) ends_.push_back((row + 1) * length_);
  }

  std::string arena_;
  std::vector<std::uint64_t> ends_;  // empty while all rows are `length_` long
  std::size_t size_ = 0, length_ = 0, expected_rows_ = 0;
  bool is_uniform_ = true;
};

}  // namespace muster
