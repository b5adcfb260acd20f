// TextMatches: what the patterns of a parameter's list make of the texts of one column, by row. Rules ask it by
// `record:fits(field, list)` and `record:keys_of(field, list)`; the memo asks it without the rule. Small tables,
// to which many subjects lead, are looked at once a row. One an evaluator; not thread-safe. Private to this
// module.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rule/memo.h"
#include "snapshot/table.h"

namespace muster::rule {

/// An entry of a list of key=pattern; nullopt when it is none.
struct KeyedPattern {
  std::string_view key, pattern;
};
[[nodiscard]] std::optional<KeyedPattern> parse_keyed_pattern(std::string_view entry);
/// Whether the whole text fits the glob; `instructions` grows by what finding out costs.
[[nodiscard]] bool fits_glob(std::string_view pattern, std::string_view text, std::uint64_t& instructions);

class TextMatches {
 public:
  enum class Kind : std::uint8_t {
    fits,    // 1 when a pattern fits, else 0
    keys_of  // the number of a set of keys
  };
  /// The column is of texts, ids or words; the list, of well-formed entries, outlives this.
  TextMatches(Kind kind, const snapshot::Column& column, const std::vector<std::string>& list);
  [[nodiscard]] bool is_of(Kind kind, const snapshot::Column* column, const std::vector<std::string>* list) const {
    return kind == kind_ && column == column_ && list == list_;
  }
  /// kTooLongState for texts of more than kMaxText bytes: those are not looked at here.
  [[nodiscard]] Answer of(std::uint32_t row) const;
  /// The keys of the set with that number, in the order of the list.
  [[nodiscard]] const std::vector<std::string>& keys(std::int64_t set) const { return *sets_[static_cast<std::size_t>(set)]; }
  /// What one question costs, whatever the text: budgets must not depend on a text that the memo does not see.
  [[nodiscard]] std::uint64_t instructions() const { return instructions_; }
  static constexpr std::size_t kMaxText = 256;

 private:
  [[nodiscard]] bool is_word() const { return column_->type() == snapshot::FieldType::word; }
  [[nodiscard]] std::int64_t match(std::string_view text) const;
  Kind kind_;
  const snapshot::Column* column_;
  const std::vector<std::string>* list_;
  std::uint64_t instructions_ = 8;
  // By row, or by word: the answer + 1; 0: not looked at yet. Empty for large tables.
  mutable std::vector<std::uint16_t> known_;
  mutable std::map<std::vector<std::string>, std::size_t> numbers_;
  mutable std::vector<const std::vector<std::string>*> sets_;  // keys of numbers_
};

}  // namespace muster::rule
