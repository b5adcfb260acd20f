// Line patterns: lines of a dataset mostly differ in their values alone. A line that has the bytes of a line
// that was parsed, except between the quotes of values and in the digits of whole numbers, has its grammar,
// its members, none of them twice, and its values at the same places of the tape: it need not be parsed
// again. What is between the quotes is looked at byte by byte: text that is valid UTF-8 without escapes and
// control characters. Any other line is no line of the pattern, and is the parser's. Private to this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/walker.h"

namespace muster::snapshot {

class LinePattern {
 public:
  /// Learns from a line with its line feed, and its tape. `names` are the places of the member names on the
  /// tape, ascending; `found` the values that are wanted of lines. Nothing when the line has escapes, or is
  /// too long.
  static std::optional<LinePattern> of(std::string_view line, const Tape& tape,
                                       std::span<const std::uint32_t> names, std::span<const Found> found);

  /// Reads the line at `line`; the text up to `end` ends with a line feed, and 64 bytes behind it must be
  /// readable. Returns the line's size, its line feed counted; 0 when it is no line of this pattern. Then, or
  /// after the next line, the tape is not that of a line.
  [[nodiscard]] std::size_t read(const char* line, const char* end);
  /// Of the line that was read: its wanted values stand at the places that the first line had them.
  [[nodiscard]] const Tape& tape() const { return tape_; }

  static constexpr std::size_t kMaxLine = std::size_t{16} << 10;

 private:
  /// A value that may differ, and the bytes behind it up to the next one, which may not.
  struct Slot {
    std::uint32_t behind = 0, behind_size = 0;  // in fixed_
    std::uint32_t at = 0;                       // on the tape; 0: nobody wants it
    bool is_number = false;
  };

  std::string fixed_;
  std::size_t begin_size_ = 0;  // of fixed_: the bytes before the first slot
  std::vector<Slot> slots_;
  std::vector<std::uint64_t> entries_;
  std::size_t texts_begin_ = 0;            // in texts_: behind the texts of the first line
  std::unique_ptr<std::uint8_t[]> texts_;  // room for those of a line behind them
  Tape tape_;                              // of the two
};

}  // namespace muster::snapshot
