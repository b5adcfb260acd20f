// Table: one dataset in memory, as columns; only what was asked for is there. Rows keep the order of the
// file. Filled by the loader (or by roster and evaluate for their own records), read by rules from many
// threads at once: const access is thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/string_column.h"
#include "snapshot/schema.h"

namespace muster::snapshot {

/// Absent, null and empty are different things (design section 4). `invalid`: present, but not of the
/// documented type; reads as unknown, with `defect()`.
enum class Cell : std::uint8_t { value, null, absent, invalid };

/// Row numbers of a link that leads nowhere; every real row is below kDangling.
inline constexpr std::uint32_t kNoRowNull =
    0xFFFFFFFF;  // the source field is null (or does not apply: see RelationSpec::where)
inline constexpr std::uint32_t kNoRowAbsent = 0xFFFFFFFE;   // the source field is absent
inline constexpr std::uint32_t kNoRowInvalid = 0xFFFFFFFD;  // the source field is not an id
inline constexpr std::uint32_t kDangling = 0xFFFFFFFC;      // an id that the target dataset does not have

/// One field of all rows. Which accessor is right follows from the field's type: text/id/json → text(); word
/// → word(); time/date → time(); boolean, integer → integer(); number → number(); text_list →
/// list_size()/list_item().
class Column {
 public:
  explicit Column(FieldType type) : type_(type) {}
  [[nodiscard]] FieldType type() const { return type_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Whether every row has a value.
  [[nodiscard]] bool is_full() const { return states_.empty(); }
  [[nodiscard]] Cell cell(std::uint32_t row) const {
    return states_.empty() ? Cell::value : static_cast<Cell>(states_[row]);
  }

  [[nodiscard]] std::string_view text(std::uint32_t row) const { return texts_[row]; }
  [[nodiscard]] std::uint32_t word_code(std::uint32_t row) const { return codes_[row]; }
  [[nodiscard]] std::string_view word(std::uint32_t row) const { return words_[codes_[row]]; }
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  [[nodiscard]] Instant time(std::uint32_t row) const { return Instant{ints_[row]}; }
  [[nodiscard]] bool boolean(std::uint32_t row) const { return codes_[row] != 0; }
  [[nodiscard]] std::int64_t integer(std::uint32_t row) const { return ints_[row]; }
  [[nodiscard]] double number(std::uint32_t row) const { return numbers_[row]; }
  [[nodiscard]] std::size_t list_size(std::uint32_t row) const {
    return list_ends_[row] - (row == 0 ? 0 : list_ends_[row - 1]);
  }
  [[nodiscard]] std::string_view list_item(std::uint32_t row, std::size_t i) const {
    return texts_[(row == 0 ? 0 : list_ends_[row - 1]) + i];
  }

  /// A text column whose texts are made when they are read: for sentences that few rows are asked for, and
  /// parts of other texts. text() is not for these; the function must be thread-safe and live as long as the
  /// column. Rows without a value are those of `like`, when it is given.
  [[nodiscard]] static Column computed(std::size_t rows, std::function<std::string(std::uint32_t)> make,
                                       const Column* like = nullptr);
  [[nodiscard]] bool is_computed() const { return make_ != nullptr; }
  [[nodiscard]] std::string compute(std::uint32_t row) const { return (*make_)(row); }

  // Filling, one call per row, in row order. push_missing takes null, absent or invalid.
  void push_missing(Cell cell);
  void push_text(std::string_view text);  // text, id, json, word (word codes its dictionary)
  void push_int(std::int64_t value);      // time, date (microseconds), integer
  void push_number(double value);
  void push_boolean(bool value);
  void push_list(std::span<const std::string_view> items);
  /// Appends all rows of `other`, a column of the same type; recodes words.
  void append(Column&& other);
  /// Room for that many rows, and that many bytes of text.
  void reserve(std::size_t rows, std::size_t text_bytes = 0);
  /// Of a text column: all its texts, "" where there is none.
  [[nodiscard]] const StringColumn& texts() const { return texts_; }
  /// For the end of a column's life.
  [[nodiscard]] StringColumn take_texts() { return std::move(texts_); }
  /// Bytes of text held, for estimates of what to reserve.
  [[nodiscard]] std::size_t text_bytes() const { return texts_.bytes(); }
  /// A new column of the given rows of this one, in that order; a row may be taken several times.
  [[nodiscard]] Column gather(std::span<const std::uint32_t> rows) const;

 private:
  struct WordHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view word) const { return std::hash<std::string_view>{}(word); }
  };
  void push_state(Cell cell);
  [[nodiscard]] std::uint32_t code_of(std::string_view word);
  FieldType type_;
  std::size_t size_ = 0;
  std::vector<std::uint8_t> states_;  // empty while every row has a value
  std::vector<std::int64_t> ints_;
  std::vector<double> numbers_;
  std::vector<std::uint32_t> codes_;
  std::vector<std::string> words_;
  std::unordered_map<std::string, std::uint32_t, WordHash, std::equal_to<>> word_index_;
  StringColumn texts_;
  std::vector<std::uint64_t> list_ends_;
  std::shared_ptr<const std::function<std::string(std::uint32_t)>> make_;
};

/// id → row by hash with comparison of the text; duplicates are found while it is built. 8 bytes a slot, load
/// at most 0.6.
class KeyIndex {
 public:
  /// Empties the index and makes room for that many rows (a guess: it grows when there are more).
  void reset(std::size_t rows);
  /// Adds row `row` of `ids`, whose hash is given; the row that had the key before (which stays), or
  /// kDangling when it is new.
  std::uint32_t insert(const StringColumn& ids, std::uint32_t row, std::uint64_t hash);
  /// Indexes all rows of `ids`; calls on_duplicate(first_row, row) for a key seen before (the first stays).
  template <class OnDuplicate>
  void build(const StringColumn& ids, OnDuplicate&& on_duplicate);
  [[nodiscard]] std::uint32_t find(const StringColumn& ids,
                                   std::string_view key) const;  // kDangling when there is none
  [[nodiscard]] static std::uint64_t hash(std::string_view key);
  /// For batches: asks for the slot of a hash, without waiting (see StringColumn::prefetch_place).
  void prefetch(std::uint64_t hash) const {
    if (!slots_.empty()) asm volatile("" : : "r"(slots_[hash & mask_]));
  }
  /// For batches, once the slot is there: the row that the hash probably belongs to, to prefetch its text;
  /// kDangling when there is none.
  [[nodiscard]] std::uint32_t guess(std::uint64_t hash) const;
  [[nodiscard]] std::uint32_t find(const StringColumn& ids, std::string_view key, std::uint64_t hash) const;
  [[nodiscard]] std::size_t bytes() const { return slots_.size() * sizeof(std::uint64_t); }

 private:
  void grow(const StringColumn& ids);
  std::vector<std::uint64_t> slots_;  // high 32 bits of the hash | row + 1
  std::uint64_t mask_ = 0;
  std::size_t used_ = 0;
};

/// Rows grouped by a row of another table (compressed sparse rows): the to-many side of a relation, each
/// group in row order.
struct Groups {
  std::vector<std::uint32_t> begins;  // size = rows of `from` + 1
  std::vector<std::uint32_t> rows;
  [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t row) const {
    return std::span(rows).subspan(begins[row], begins[row + 1] - begins[row]);
  }
};
/// Builds Groups for `from_rows` rows out of a to-one link (values at or above kDangling are in no group).
[[nodiscard]] Groups group_by(std::span<const std::uint32_t> link, std::uint32_t from_rows);

class Table {
 public:
  explicit Table(Dataset dataset);
  [[nodiscard]] const DatasetSpec& spec() const { return *spec_; }
  [[nodiscard]] std::uint32_t rows() const { return rows_; }
  /// The column of a field; nullptr when it was not loaded.
  [[nodiscard]] const Column* column(std::uint16_t field) const { return columns_[field].get(); }
  [[nodiscard]] const Column* column(std::string_view field) const;
  /// Key and label; filled for subject datasets and those that something is joined to.
  [[nodiscard]] const StringColumn& ids() const { return ids_; }
  [[nodiscard]] const StringColumn& labels() const {
    return label_column_ == nullptr ? labels_ : label_column_->texts();
  }
  [[nodiscard]] std::uint32_t find(std::string_view id) const { return index_.find(ids_, id); }
  [[nodiscard]] const KeyIndex& index() const { return index_; }
  /// Line of data/<dataset>.jsonl (from 1) and request of ledger.jsonl (0: none) of a row.
  [[nodiscard]] std::uint32_t line(std::uint32_t row) const { return lines_.empty() ? row + 1 : lines_[row]; }
  [[nodiscard]] std::uint32_t request(std::uint32_t row) const;
  struct RequestRun {
    std::uint32_t first_row = 0;
    std::uint32_t request = 0;
  };
  [[nodiscard]] std::span<const RequestRun> requests() const { return requests_; }

  // For those who fill it.
  Column& add_column(std::uint16_t field);
  void set_column(std::uint16_t field, Column column);
  void set_keys(StringColumn ids, StringColumn labels) {
    ids_ = std::move(ids);
    labels_ = std::move(labels);
  }
  /// For the end of a table's life: its keys and labels without a copy.
  [[nodiscard]] std::pair<StringColumn, StringColumn> take_keys() {
    Column* shared = std::exchange(label_column_, nullptr);
    return {std::move(ids_), shared == nullptr ? std::move(labels_) : shared->take_texts()};
  }
  /// The texts of this loaded field are the labels; a row without one has its id as label.
  void take_labels_from(std::uint16_t field);
  void set_rows(std::uint32_t rows) { rows_ = rows; }
  KeyIndex& mutable_index() { return index_; }
  void set_lines(std::vector<std::uint32_t> lines) { lines_ = std::move(lines); }
  void set_requests(std::vector<RequestRun> runs) { requests_ = std::move(runs); }

 private:
  const DatasetSpec* spec_;
  std::uint32_t rows_ = 0;
  std::vector<std::unique_ptr<Column>> columns_;  // by field index
  StringColumn ids_, labels_;
  Column* label_column_ = nullptr;  // one of columns_ that holds the labels too: then labels_ is empty
  KeyIndex index_;
  std::vector<std::uint32_t> lines_;
  std::vector<RequestRun> requests_;
};

}  // namespace muster::snapshot

#include "snapshot/table_inl.h"
