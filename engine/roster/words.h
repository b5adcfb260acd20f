// Words of a roster column with a closed set of meanings (status, kind): the known words in any case, the
// config's own, and a tally of the others, each reported once with its count and first line. A word seen
// before costs one comparison. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::roster {

inline constexpr std::uint8_t kUnknownWord = 0xFF;

class WordReader {
 public:
  using Known = std::pair<std::string_view, std::uint8_t>;
  /// `meanings`: the words that the config maps to, by code; `known`: further words, folded. The config's
  /// words come first.
  WordReader(std::span<const std::string_view> meanings, std::span<const Known> known,
             const std::map<std::string, std::vector<std::string>>& configured);

  /// The code of a word, or kUnknownWord, which is tallied. White space around it and case do not matter.
  [[nodiscard]] std::uint8_t read(std::string_view word, std::uint32_t line);

  struct Stranger {
    std::string word;
    std::uint64_t count = 0;
    std::uint32_t first_line = 0;
  };
  /// The unknown words by first appearance, at most kMostStrangers; the rest is in `others`.
  [[nodiscard]] const std::vector<Stranger>& strangers() const { return strangers_; }
  [[nodiscard]] std::uint64_t others() const { return others_; }
  static constexpr std::size_t kMostStrangers = 50;

 private:
  struct Seen {
    std::string raw;
    std::uint8_t code;
    std::uint32_t stranger;
  };
  std::map<std::string, std::uint8_t, std::less<>> codes_;
  std::map<std::string, std::uint32_t, std::less<>> stranger_of_;  // folded word → strangers_
  std::vector<Seen> seen_;
  std::vector<Stranger> strangers_;
  std::uint64_t others_ = 0;
};

}  // namespace muster::roster
