#include "snapshot/line_pattern.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/text.h"

namespace muster::snapshot {
namespace {

constexpr std::size_t kStep = 16;
__extension__ typedef signed char Bytes __attribute__((vector_size(kStep)));
using Words = std::array<std::uint64_t, 2>;

Bytes bytes_at(const char* at) {
  Bytes bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

/// The first byte that a comparison marked (all its bits are set); kStep when there is none.
std::size_t first_marked(Bytes marks) {
  static_assert(std::endian::native == std::endian::little);
  const auto words = std::bit_cast<Words>(marks);
  if (words[0] != 0) return static_cast<std::size_t>(std::countr_zero(words[0])) / 8;
  return words[1] == 0 ? kStep : 8 + static_cast<std::size_t>(std::countr_zero(words[1])) / 8;
}

/// The first byte from `at` on that is not plain text: a quote, a backslash, a control character, a byte
/// beyond ASCII. Reads up to kStep bytes behind it.
const char* end_of_plain(const char* at) {
  for (;; at += kStep) {
    const Bytes bytes = bytes_at(at);
    // Bytes beyond ASCII are negative.
    const std::size_t first = first_marked((bytes < ' ') | (bytes == '"') | (bytes == '\\'));
    if (first != kStep) return at + first;
  }
}

/// The quote that ends the text that begins at `at`; nullptr when there is none before `end`, or the text is
/// not one that stands as it is written.
const char* end_of_text(const char* at, const char* end) {
  const char* stop = end_of_plain(at);
  if (stop < end && *stop == '"') return stop;
  while (stop < end && static_cast<signed char>(*stop) < 0) stop = end_of_plain(stop + 1);
  const bool is_text = stop < end && *stop == '"' && is_valid_utf8({at, static_cast<std::size_t>(stop - at)});
  return is_text ? stop : nullptr;
}

// JSON allows more digits; as many fit into 64 bits whatever they are.
constexpr std::size_t kMaxDigits = 18;

/// The digits at `at`; 0 when they are no whole number as JSON writes it.
std::size_t digits_at(const char* at, std::int64_t& number) {
  number = 0;
  std::size_t size = 0;
  for (; at[size] >= '0' && at[size] <= '9'; ++size) {
    if (size == kMaxDigits) return 0;
    number = number * 10 + (at[size] - '0');
  }
  return size > 1 && *at == '0' ? 0 : size;
}

bool is_same(const char* a, const char* b, std::size_t size) {
  if (size >= kStep) {
    const std::size_t last = size - kStep;
    for (std::size_t at = 0; at < last; at += kStep) {
      if (first_marked(bytes_at(a + at) != bytes_at(b + at)) != kStep) return false;
    }
    return first_marked(bytes_at(a + last) != bytes_at(b + last)) == kStep;
  }
  if (size >= 8) {
    std::array<std::uint64_t, 4> words{};
    std::memcpy(&words[0], a, 8);
    std::memcpy(&words[1], b, 8);
    std::memcpy(&words[2], a + size - 8, 8);
    std::memcpy(&words[3], b + size - 8, 8);
    return ((words[0] ^ words[1]) | (words[2] ^ words[3])) == 0;
  }
  return std::memcmp(a, b, size) == 0;
}

/// The next text or number of a line without escapes, from `at` on.
struct Token {
  std::size_t begin = 0, size = 0;  // a text without its quotes
  bool is_text = false;
};
std::optional<Token> next_token(std::string_view line, std::size_t at) {
  constexpr std::string_view kNumber = "-0123456789", kInNumber = "-0123456789.+eE";
  constexpr std::string_view kBegins = "\"-0123456789";
  const std::size_t begin = line.find_first_of(kBegins, at);
  if (begin == std::string_view::npos) return std::nullopt;
  if (kNumber.find(line[begin]) != std::string_view::npos)
    return Token{begin, line.find_first_not_of(kInNumber, begin) - begin, false};
  const std::size_t end = line.find('"', begin + 1);
  if (end == std::string_view::npos) return std::nullopt;
  return Token{begin + 1, end - begin - 1, true};
}

}  // namespace

std::optional<LinePattern> LinePattern::of(std::string_view line, const Tape& tape,
                                           std::span<const std::uint32_t> names,
                                           std::span<const Found> found) {
  if (line.size() > kMaxLine || line.find('\\') != std::string_view::npos || !line.ends_with('\n'))
    return std::nullopt;
  LinePattern pattern;
  const std::size_t end = tape.after(0);
  const auto is_wanted = [&](std::size_t at) {
    return std::any_of(found.begin(), found.end(), [&](const Found& value) {
      if (!value.is_there()) return false;
      const char type = tape.type(value.at);
      return value.at == at || ((type == '[' || type == '{') && value.at < at && at < tape.after(value.at));
    });
  };
  auto name = names.begin();
  std::string_view last_name;
  std::size_t done = 0;      // of the line
  std::size_t text_end = 0;  // of the tape's texts
  for (std::size_t at = 1; at < end; ++at) {
    const char type = tape.type(at);
    const bool is_number = type == 'l' || type == 'u' || type == 'd';
    if (type != '"' && !is_number) continue;
    const auto token = next_token(line, done);
    if (!token || token->is_text == is_number) return std::nullopt;
    const std::string_view text = line.substr(token->begin, token->size);
    if (!is_number) {
      if (text != tape.text(at)) return std::nullopt;
      const auto* texts = reinterpret_cast<const char*>(tape.strings);
      text_end = std::max(text_end, static_cast<std::size_t>(tape.text(at).end() - texts));
    }
    const auto take_fixed = [&](std::size_t to) {
      pattern.fixed_ += line.substr(done, to - done);
      done = to;
    };
    const auto take_slot = [&] {
      take_fixed(token->begin);
      if (pattern.slots_.empty()) pattern.begin_size_ = pattern.fixed_.size();
      pattern.slots_.push_back({.behind = static_cast<std::uint32_t>(pattern.fixed_.size()),
                                .at = is_wanted(at) ? static_cast<std::uint32_t>(at) : 0,
                                .is_number = is_number});
      done = token->begin + token->size;
    };
    if (is_number) {
      std::int64_t number = 0;
      const bool is_plain =
          type == 'l' && digits_at(text.data(), number) == text.size() && number == tape.signed_integer(at);
      if (is_plain)
        take_slot();
      else
        take_fixed(token->begin + token->size);
      ++at;
    } else if (name != names.end() && *name == at) {
      ++name;
      last_name = text;
      take_fixed(token->begin + token->size + 1);
    } else if (last_name == "type") {
      // One word for all lines of a form: cheaper to compare than to look through.
      take_fixed(token->begin + token->size + 1);
    } else {
      take_slot();
      // The quote is of the fixed bytes behind; here it must not begin a text.
      pattern.fixed_ += '"';
      ++done;
    }
  }
  if (name != names.end() || pattern.slots_.empty() || next_token(line, done)) return std::nullopt;
  pattern.fixed_ += line.substr(done);
  for (std::size_t i = 0; i < pattern.slots_.size(); ++i) {
    const std::size_t next =
        i + 1 < pattern.slots_.size() ? pattern.slots_[i + 1].behind : pattern.fixed_.size();
    pattern.slots_[i].behind_size = static_cast<std::uint32_t>(next) - pattern.slots_[i].behind;
  }

  pattern.entries_.assign(tape.entries, tape.entries + end);
  pattern.texts_begin_ = text_end;
  // A text takes 4 bytes more on the tape than in the line, where its quotes and comma take 3; and it is
  // copied in whole steps.
  const std::size_t room =
      text_end + kMaxLine + pattern.slots_.size() * sizeof(std::uint32_t) + 2 * kStep + 8;
  pattern.texts_ = std::make_unique<std::uint8_t[]>(room);
  std::memcpy(pattern.texts_.get(), tape.strings, text_end);
  pattern.tape_ = Tape{pattern.entries_.data(), pattern.texts_.get()};
  return pattern;
}

std::size_t LinePattern::read(const char* line, const char* end) {
  const char* const limit = static_cast<std::size_t>(end - line) > kMaxLine ? line + kMaxLine : end;
  const char* at = line;
  const char* fixed = fixed_.data();
  if (static_cast<std::size_t>(limit - at) < begin_size_ || !is_same(at, fixed, begin_size_)) return 0;
  at += begin_size_;
  std::uint8_t* text = texts_.get() + texts_begin_;
  for (const Slot& slot : slots_) {
    if (slot.is_number) {
      std::int64_t number = 0;
      const std::size_t size = digits_at(at, number);
      if (size == 0) return 0;
      if (slot.at != 0) entries_[slot.at + 1] = static_cast<std::uint64_t>(number);
      at += size;
    } else {
      const char* const quote = end_of_text(at, limit);
      if (quote == nullptr) return 0;
      if (slot.at != 0) {
        const auto size = static_cast<std::uint32_t>(quote - at);
        std::memcpy(text, &size, sizeof size);
        std::memcpy(text + sizeof size, at, kStep);
        std::memcpy(text + sizeof size + kStep, at + kStep, kStep);
        if (size > 2 * kStep) std::memcpy(text + sizeof size + 2 * kStep, at + 2 * kStep, size - 2 * kStep);
        entries_[slot.at] = std::uint64_t{'"'} << 56 | static_cast<std::uint64_t>(text - texts_.get());
        text += sizeof size + size;
      }
      at = quote;
    }
    if (static_cast<std::size_t>(limit - at) < slot.behind_size ||
        !is_same(at, fixed + slot.behind, slot.behind_size))
      return 0;
    at += slot.behind_size;
  }
  return static_cast<std::size_t>(at - line);
}

}  // namespace muster::snapshot
