#include "roster/words.h"

#include <utility>

#include "base/text.h"

namespace muster::roster {

WordReader::WordReader(std::span<const std::string_view> meanings, std::span<const Known> known,
                       const std::map<std::string, std::vector<std::string>>& configured) {
  for (std::size_t code = 0; code < meanings.size(); ++code) {
    const auto words = configured.find(std::string(meanings[code]));
    if (words == configured.end()) continue;
    for (const auto& word : words->second)
      codes_.emplace(fold_case(trim(word)), static_cast<std::uint8_t>(code));
  }
  for (std::size_t code = 0; code < meanings.size(); ++code)
    codes_.emplace(meanings[code], static_cast<std::uint8_t>(code));
  for (const auto& [word, code] : known) codes_.emplace(word, code);
}

std::uint8_t WordReader::read(std::string_view word, std::uint32_t line) {
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    if (seen_[i].raw != word) continue;
    const Seen found = seen_[i];
    if (found.code == kUnknownWord) ++strangers_[found.stranger].count;
    if (i > 0) std::swap(seen_[i], seen_[i - 1]);  // frequent words drift to the front
    return found.code;
  }
  const std::string folded = fold_case(trim(word));
  const auto known = codes_.find(folded);
  if (known != codes_.end()) {
    // Spellings of known words are few; a file of ten thousand spellings must not make every look-up long.
    if (seen_.size() < 2 * kMostStrangers) seen_.push_back({std::string(word), known->second, 0});
    return known->second;
  }
  auto at = stranger_of_.find(folded);
  if (at == stranger_of_.end()) {
    if (strangers_.size() == kMostStrangers) {
      ++others_;
      return kUnknownWord;
    }
    at = stranger_of_.emplace(folded, static_cast<std::uint32_t>(strangers_.size())).first;
    strangers_.push_back({std::string(word), 0, line});
  }
  ++strangers_[at->second].count;
  if (seen_.size() < 2 * kMostStrangers) seen_.push_back({std::string(word), kUnknownWord, at->second});
  return kUnknownWord;
}

}  // namespace muster::roster
