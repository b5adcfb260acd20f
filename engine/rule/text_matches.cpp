#include "rule/text_matches.h"

#include <algorithm>

#include "base/text.h"

namespace muster::rule {
namespace {

using snapshot::Cell;

// Tables of subjects are larger, and each of their rows is asked for about once.
constexpr std::size_t kMaxKnown = 65'536;

/// A pattern that begins with a plain character needs a text that begins with it.
bool can_begin(std::string_view pattern, std::string_view text) {
  if (pattern.empty() || text.empty()) return true;
  const char first = pattern.front();
  return first == '*' || first == '?' || first == '[' || first == '\\' || first == text.front();
}

}  // namespace

std::optional<KeyedPattern> parse_keyed_pattern(std::string_view entry) {
  const auto sign = entry.find('=');
  if (sign == std::string_view::npos || entry.find('=', sign + 1) != std::string_view::npos) return std::nullopt;
  return KeyedPattern{entry.substr(0, sign), entry.substr(sign + 1)};
}

bool fits_glob(std::string_view pattern, std::string_view text, std::uint64_t& instructions) {
  if (!can_begin(pattern, text)) return false;
  instructions += text.size() * std::max<std::size_t>(pattern.size(), 1);
  return glob_match(pattern, text);
}

TextMatches::TextMatches(Kind kind, const snapshot::Column& column, const std::vector<std::string>& list)
    : kind_(kind), column_(&column), list_(&list) {
  for (const std::string& entry : list) instructions_ += 4 * (entry.size() + 1);
  const std::size_t places = is_word() ? column.words().size() : column.size();
  if (places <= kMaxKnown) known_.resize(places);
}

Answer TextMatches::of(std::uint32_t row) const {
  const Cell cell = column_->cell(row);
  if (cell != Cell::value) return {static_cast<std::uint8_t>(cell), 0};
  const std::uint32_t place = is_word() ? column_->word_code(row) : row;
  if (!known_.empty() && known_[place] != 0) return {0, known_[place] - 1};
  const std::string made = column_->is_computed() ? column_->compute(row) : std::string();
  const std::string_view text = column_->is_computed() ? std::string_view(made) : is_word() ? column_->word(row) : column_->text(row);
  if (text.size() > kMaxText) return {kTooLongState, 0};
  const std::int64_t answer = match(text);
  if (!known_.empty() && answer < UINT16_MAX) known_[place] = static_cast<std::uint16_t>(answer + 1);
  return {0, answer};
}

std::int64_t TextMatches::match(std::string_view text) const {
  std::uint64_t instructions = 0;
  if (kind_ == Kind::fits)
    return std::any_of(list_->begin(), list_->end(),
                       [&](const std::string& pattern) { return fits_glob(pattern, text, instructions); });
  std::vector<std::string> keys;
  for (const std::string& entry : *list_) {
    const auto keyed = parse_keyed_pattern(entry);
    if (keyed && fits_glob(keyed->pattern, text, instructions)) keys.emplace_back(keyed->key);
  }
  const auto [found, is_new] = numbers_.try_emplace(std::move(keys), sets_.size());
  if (is_new) sets_.push_back(&found->first);
  return static_cast<std::int64_t>(found->second);
}

}  // namespace muster::rule
