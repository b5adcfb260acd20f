#include "base/text.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>

#include <fmt/format.h>
#include <utf8proc.h>

namespace muster {
namespace {

/// One unit of a text: a code point, or a byte that is not part of one (`valid` is false, `code` is the
/// byte).
struct Unit {
  std::uint32_t code = 0;
  std::uint32_t size = 1;
  bool valid = true;
};

Unit unit_at(std::string_view text, std::size_t at) noexcept {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {byte, 1, true};
  utf8proc_int32_t code = -1;
  const std::size_t left = std::min<std::size_t>(text.size() - at, 4);
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                     static_cast<utf8proc_ssize_t>(left), &code);
  if (size <= 0 || code < 0) return {byte, 1, false};
  return {static_cast<std::uint32_t>(code), static_cast<std::uint32_t>(size), true};
}

/// The length of the longest prefix that is ASCII.
std::size_t ascii_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at + 8 <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080ULL) != 0) break;
    at += 8;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

char lower(char c) noexcept { return static_cast<char>(c | ((c >= 'A' && c <= 'Z') ? 0x20 : 0)); }

/// Eight letters at a time. In bytes below 0x80, adding 0x3F sets the high bit from 'A' on, and 0x25 from
/// behind 'Z'.
void lower_ascii(char* text, std::size_t size) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL, kHigh = 0x80 * kOnes;
  std::size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text + at, 8);
    const std::uint64_t low = word & ~kHigh;
    const std::uint64_t capitals = (low + 0x3F * kOnes) & ~(low + 0x25 * kOnes) & ~word & kHigh;
    word |= capitals >> 2;
    std::memcpy(text + at, &word, 8);
  }
  for (; at < size; ++at) text[at] = lower(text[at]);
}

/// Whether a person would see nothing, or be misled, where this code point stands.
bool is_invisible(std::uint32_t code) {
  if (code < 0x20 || code == 0x7F) return true;
  if (code < 0x7F) return false;
  if ((code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF)) return true;  // non-characters
  switch (code) {
    case 0x034F:  // combining grapheme joiner
    case 0x115F:
    case 0x1160:  // Hangul fillers
    case 0x3164:
    case 0xFFA0:
    case 0x17B4:
    case 0x17B5:  // Khmer inherent vowels
      return true;
  }
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
    case UTF8PROC_CATEGORY_CC:  // controls
    case UTF8PROC_CATEGORY_CF:  // format: bidirectional controls, zero-width, tags
    case UTF8PROC_CATEGORY_CS:  // surrogates
    case UTF8PROC_CATEGORY_ZL:  // line and paragraph separators
    case UTF8PROC_CATEGORY_ZP: return true;
    default: return false;
  }
}

bool is_space(std::uint32_t code) {
  if (code == ' ' || (code >= 0x09 && code <= 0x0D)) return true;
  if (code < 0x80) return false;
  return code == 0x85 || code == 0x200B || code == 0xFEFF ||
         utf8proc_category(static_cast<utf8proc_int32_t>(code)) == UTF8PROC_CATEGORY_ZS;
}

void append_folded(std::string_view text, std::string& out) {
  const std::size_t begin = out.size();
  const std::size_t ascii = ascii_prefix(text);
  if (ascii == text.size() || !is_valid_utf8(text)) {
    out.append(text);
    lower_ascii(out.data() + begin, text.size());
    return;
  }
  utf8proc_uint8_t* folded = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &folded, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(folded, &std::free);
  if (size < 0) throw std::bad_alloc();  // the text is valid, so this is all that can go wrong
  out.append(reinterpret_cast<const char*>(folded), static_cast<std::size_t>(size));
}

std::u32string units_of(std::string_view text) {
  std::u32string units;
  for (std::size_t at = 0; at < text.size();) {
    const Unit unit = unit_at(text, at);
    // A stray byte gets a number of its own beyond Unicode's range.
    units += static_cast<char32_t>(unit.valid ? unit.code : 0x110000U + unit.code);
    at += unit.size;
  }
  return units;
}

/// Edit distance with swaps of neighbours (optimal string alignment).
std::size_t distance(const std::u32string& a, const std::u32string& b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

template <class Candidates>
std::optional<std::string_view> nearest_of(std::string_view word, const Candidates& candidates) {
  constexpr std::size_t kLongest = 200;  // nobody misspells a longer name; the distance is quadratic
  if (word.size() > kLongest) return std::nullopt;
  const std::u32string wanted = units_of(word);
  std::size_t best = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  std::optional<std::string_view> nearest;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const std::u32string name = units_of(candidate);
    const std::size_t apart =
        name.size() > wanted.size() ? name.size() - wanted.size() : wanted.size() - name.size();
    if (apart >= best) continue;
    const std::size_t far = distance(wanted, name);
    if (far >= best) continue;
    best = far;
    nearest = candidate;
  }
  return nearest;
}

/// One step of a glob: how many bytes of the pattern it took, and whether it accepts the unit.
struct Step {
  std::size_t size = 0;
  bool accepts = false;
};

bool same(const Unit& a, const Unit& b) { return a.code == b.code && a.valid == b.valid; }

/// A class that begins at `at` (a '['); size 0 when it is never closed, and then '[' stands for itself.
Step match_class(std::string_view pattern, std::size_t at, const Unit& unit) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) return {i + 1 - at, found != negated};
    const auto take = [&] {
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      const Unit taken = unit_at(pattern, i);
      i += taken.size;
      return taken;
    };
    const Unit low = take();
    Unit high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      high = take();
    }
    if (unit.valid && low.valid && high.valid) {
      found = found || (low.code <= unit.code && unit.code <= high.code);
    } else {
      found = found || same(low, unit) || same(high, unit);
    }
  }
  return {0, false};
}

/// `unclosed_from` is where the first class that is never closed begins, once that is known: every later '['
/// is unclosed too, and must not be scanned to the end again and again.
Step match_step(std::string_view pattern, std::size_t at, const Unit& unit, std::size_t& unclosed_from) {
  if (pattern[at] == '?') return {1, true};
  if (pattern[at] == '[' && at < unclosed_from) {
    const Step step = match_class(pattern, at, unit);
    if (step.size != 0) return step;
    unclosed_from = at;
  }
  const std::size_t quote = pattern[at] == '\\' && at + 1 < pattern.size() ? 1 : 0;
  const Unit wanted = unit_at(pattern, at + quote);
  return {quote + wanted.size, same(wanted, unit)};
}

}  // namespace

bool is_valid_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    at += ascii_prefix(text.substr(at));
    while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) {
      const Unit unit = unit_at(text, at);
      if (!unit.valid) return false;
      at += unit.size;
    }
  }
  return true;
}

std::string make_visible(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Unit unit = unit_at(text, at);
    const bool line = unit.code == '\n' || unit.code == '\t';
    if (!unit.valid) {
      fmt::format_to(std::back_inserter(out), "\\x{{{:02X}}}", unit.code);
    } else if (!is_invisible(unit.code) || (line && keep_lines)) {
      out.append(text, at, unit.size);
    } else if (unit.code == '\n') {
      out += "\\n";
    } else if (unit.code == '\t') {
      out += "\\t";
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{{{:X}}}", unit.code);
    }
    at += unit.size;
  }
  return out;
}

std::string fold_case(std::string_view text) {
  std::string out;
  append_folded(text, out);
  return out;
}

void fold_email(std::string_view address, std::string& out) { append_folded(trim(address), out); }

std::string fold_email(std::string_view address) {
  std::string out;
  fold_email(address, out);
  return out;
}

std::optional<std::string_view> nearest_name(std::string_view word,
                                             std::span<const std::string_view> candidates) {
  return nearest_of(word, candidates);
}

std::optional<std::string_view> nearest_name(std::string_view word,
                                             const std::vector<std::string>& candidates) {
  return nearest_of(word, candidates);
}

bool glob_match(std::string_view pattern, std::string_view text) {
  // The last star is the only point to come back to: an earlier one can never help, so the work is at most
  // text × pattern.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // pattern after the last star
  std::size_t resume = 0;                     // text to try it at
  std::size_t unclosed_from = std::string_view::npos;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = t;
      continue;
    }
    const Unit unit = unit_at(text, t);
    if (p < pattern.size()) {
      const Step step = match_step(pattern, p, unit, unclosed_from);
      if (step.accepts) {
        p += step.size;
        t += unit.size;
        continue;
      }
    }
    if (star == std::string_view::npos) return false;
    resume += unit_at(text, resume).size;
    p = star;
    t = resume;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_glob(std::string_view text) { return text.find_first_of("*?[\\") != std::string_view::npos; }

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Unit unit = unit_at(text, at);
    if (!unit.valid || (unit.code >= 0x20 && unit.code < 0x7F)) {
      ++width;
    } else {
      width +=
          static_cast<std::size_t>(std::max(0, utf8proc_charwidth(static_cast<utf8proc_int32_t>(unit.code))));
    }
    at += unit.size;
  }
  return width;
}

std::string_view first_code_point(std::string_view text) {
  return text.empty() ? text : text.substr(0, unit_at(text, 0).size);
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  // At most three bytes back: a longer run of continuation bytes is not UTF-8, and is cut where it is.
  for (std::size_t back = 0; back <= 3 && back <= max_bytes; ++back) {
    if ((static_cast<unsigned char>(text[max_bytes - back]) & 0xC0) != 0x80)
      return text.substr(0, max_bytes - back);
  }
  return text.substr(0, max_bytes);
}

std::string_view trim(std::string_view text) {
  // Nearly every text begins and ends with a plain character.
  const auto is_plain = [](char c) { return c > ' ' && c < 0x7F; };
  if (!text.empty() && is_plain(text.front()) && is_plain(text.back())) return text;
  while (!text.empty()) {
    const Unit unit = unit_at(text, 0);
    if (!unit.valid || !is_space(unit.code)) break;
    text.remove_prefix(unit.size);
  }
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    for (int back = 0; back < 3 && last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80;
         ++back)
      --last;
    const Unit unit = unit_at(text, last);
    if (!unit.valid || last + unit.size != text.size() || !is_space(unit.code)) break;
    text.remove_suffix(unit.size);
  }
  return text;
}

}  // namespace muster
