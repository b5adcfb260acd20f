// Walker: finds the wanted values of one parsed record, and members that stand twice. Private to this
// folder. It reads simdjson's tape, whose format simdjson documents, so that a record is gone through once;
// it learns which members stand where, so that few names are looked for. One thread per walker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace muster::snapshot {

/// The tape of one record: 64-bit entries of a type letter and a payload; strings are length-prefixed in a
/// side buffer. Entry 0 is the root; the record's own object begins at entry 1.
struct Tape {
  const std::uint64_t* entries = nullptr;
  const std::uint8_t* strings = nullptr;

  [[nodiscard]] char type(std::size_t at) const { return static_cast<char>(entries[at] >> 56); }
  [[nodiscard]] const char* counted(std::size_t at) const {
    constexpr std::uint64_t kPayload = 0x00FFFFFFFFFFFFFFull;
    return reinterpret_cast<const char*>(strings + (entries[at] & kPayload));
  }
  [[nodiscard]] std::string_view text(std::size_t at) const {
    const char* counted_text = counted(at);
    std::uint32_t size = 0;
    std::memcpy(&size, counted_text, sizeof size);
    return {counted_text + sizeof size, size};
  }
  /// Of the root, an array or an object: the entry behind its end.
  [[nodiscard]] std::size_t after(std::size_t at) const { return entries[at] & 0xFFFFFFFFu; }
  [[nodiscard]] std::int64_t signed_integer(std::size_t at) const {
    return static_cast<std::int64_t>(entries[at + 1]);
  }
  [[nodiscard]] std::uint64_t unsigned_integer(std::size_t at) const { return entries[at + 1]; }
  [[nodiscard]] double number(std::size_t at) const {
    double value = 0;
    std::memcpy(&value, &entries[at + 1], sizeof value);
    return value;
  }
};

/// Appends the value at an entry as JSON, without white space.
void append_json(std::string& out, const Tape& tape, std::size_t at);

/// Where a wanted value stands, or why it is nowhere. Real places rank by the preference of its paths, from
/// 0.
struct Found {
  static constexpr std::uint8_t kInvalid = 99;  // something on the way is neither an object nor null
  static constexpr std::uint8_t kNull = 100;    // null on the way, or a variant without the member
  static constexpr std::uint8_t kAbsent = 255;

  std::uint8_t rank = kAbsent;
  std::uint32_t at = 0;
  [[nodiscard]] bool is_there() const { return rank < kInvalid; }
};

class Walker {
 public:
  Walker();
  ~Walker();
  Walker(Walker&&) noexcept;

  /// Adds a value to look for, with paths as in FieldSpec; its number. All are added before the first walk.
  std::uint16_t want(std::string_view paths);

  /// Finds the wanted values in a record of at most kMaxDepth levels. Returns a member name that stands twice
  /// in one object; then nothing else is known of the record.
  [[nodiscard]] std::optional<std::string_view> walk(const Tape& tape);

  /// Where the member names stand on the tape, ascending, as of the last walk.
  [[nodiscard]] std::span<const std::uint32_t> names() const;
  /// By number of the value, as of the last walk.
  [[nodiscard]] std::span<const Found> found() const { return found_; }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  std::span<const Found> found_;
};

}  // namespace muster::snapshot
