#include "snapshot/table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace muster::snapshot {
namespace {

constexpr std::uint64_t kTagMask = 0xFFFFFFFF00000000ull;
constexpr std::uint64_t kRowMask = 0x00000000FFFFFFFFull;

__extension__ using Wide = unsigned __int128;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t word_at(const char* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

bool is_textual(FieldType type) {
  return type == FieldType::text || type == FieldType::id || type == FieldType::json;
}
bool is_coded(FieldType type) { return type == FieldType::word || type == FieldType::boolean; }
bool is_integral(FieldType type) {
  return type == FieldType::time || type == FieldType::date || type == FieldType::integer;
}

}  // namespace

void Column::push_state(Cell cell) {
  if (cell != Cell::value && states_.empty()) {
    states_.reserve(std::max(texts_.size(), std::max(ints_.capacity(), codes_.capacity())));
    states_.assign(size_, static_cast<std::uint8_t>(Cell::value));
  }
  if (cell != Cell::value || !states_.empty()) states_.push_back(static_cast<std::uint8_t>(cell));
  ++size_;
}

Column Column::computed(std::size_t rows, std::function<std::string(std::uint32_t)> make,
                        const Column* like) {
  Column column(FieldType::text);
  if (like != nullptr) column.states_ = like->states_;
  column.size_ = rows;
  column.make_ = std::make_shared<const std::function<std::string(std::uint32_t)>>(std::move(make));
  return column;
}

void Column::push_missing(Cell cell) {
  push_state(cell);
  if (is_textual(type_)) {
    texts_.push_back({});
  } else if (is_coded(type_)) {
    codes_.push_back(0);
  } else if (is_integral(type_)) {
    ints_.push_back(0);
  } else if (type_ == FieldType::number) {
    numbers_.push_back(0);
  } else {
    list_ends_.push_back(texts_.size());
  }
}

std::uint32_t Column::code_of(std::string_view word) {
  // Most enums have a handful of words: looking through them beats hashing.
  constexpr std::size_t kFew = 6;
  for (std::size_t i = 0; i < words_.size() && i < kFew; ++i) {
    if (words_[i] == word) return static_cast<std::uint32_t>(i);
  }
  if (words_.size() > kFew) {
    const auto at = word_index_.find(word);
    if (at != word_index_.end()) return at->second;
  }
  const auto code = static_cast<std::uint32_t>(words_.size());
  words_.emplace_back(word);
  word_index_.emplace(words_.back(), code);
  return code;
}

void Column::push_text(std::string_view text) {
  push_state(Cell::value);
  if (type_ == FieldType::word) {
    codes_.push_back(code_of(text));
  } else {
    texts_.push_back(text);
  }
}

void Column::push_int(std::int64_t value) {
  push_state(Cell::value);
  ints_.push_back(value);
}

void Column::push_number(double value) {
  push_state(Cell::value);
  numbers_.push_back(value);
}

void Column::push_boolean(bool value) {
  push_state(Cell::value);
  codes_.push_back(value ? 1 : 0);
}

void Column::push_list(std::span<const std::string_view> items) {
  push_state(Cell::value);
  for (const auto item : items) texts_.push_back(item);
  list_ends_.push_back(texts_.size());
}

void Column::append(Column&& other) {
  if (!states_.empty() || !other.states_.empty()) {
    if (states_.empty()) {
      states_.reserve(std::max(ints_.capacity(), codes_.capacity()));
      states_.assign(size_, static_cast<std::uint8_t>(Cell::value));
    }
    if (other.states_.empty()) {
      states_.insert(states_.end(), other.size_, static_cast<std::uint8_t>(Cell::value));
    } else {
      states_.insert(states_.end(), other.states_.begin(), other.states_.end());
    }
  }
  if (type_ == FieldType::word) {
    std::vector<std::uint32_t> recoded(std::max<std::size_t>(other.words_.size(), 1));
    for (std::size_t i = 0; i < other.words_.size(); ++i) recoded[i] = code_of(other.words_[i]);
    codes_.reserve(std::max(codes_.capacity(), std::bit_ceil(codes_.size() + other.codes_.size())));
    for (const auto code : other.codes_) codes_.push_back(recoded[code]);
  } else {
    codes_.insert(codes_.end(), other.codes_.begin(), other.codes_.end());
  }
  ints_.insert(ints_.end(), other.ints_.begin(), other.ints_.end());
  numbers_.insert(numbers_.end(), other.numbers_.begin(), other.numbers_.end());
  const std::uint64_t items = texts_.size();
  for (const auto end : other.list_ends_) list_ends_.push_back(items + end);
  texts_.append(other.texts_);
  size_ += other.size_;
  other = Column(type_);
}

void Column::reserve(std::size_t rows, std::size_t text_bytes) {
  if (is_textual(type_)) {
    texts_.reserve(rows, text_bytes);
  } else if (is_coded(type_)) {
    codes_.reserve(rows);
  } else if (is_integral(type_)) {
    ints_.reserve(rows);
  } else if (type_ == FieldType::number) {
    numbers_.reserve(rows);
  } else {
    list_ends_.reserve(rows);
    texts_.reserve(rows, text_bytes);
  }
}

Column Column::gather(std::span<const std::uint32_t> rows) const {
  Column out(type_);
  out.reserve(rows.size());
  std::vector<std::string_view> items;
  for (const auto row : rows) {
    if (const Cell state = cell(row); state != Cell::value) {
      out.push_missing(state);
    } else if (is_textual(type_)) {
      out.push_text(text(row));
    } else if (type_ == FieldType::word) {
      out.push_text(word(row));
    } else if (type_ == FieldType::boolean) {
      out.push_boolean(boolean(row));
    } else if (is_integral(type_)) {
      out.push_int(ints_[row]);
    } else if (type_ == FieldType::number) {
      out.push_number(numbers_[row]);
    } else {
      items.clear();
      for (std::size_t i = 0; i < list_size(row); ++i) items.push_back(list_item(row, i));
      out.push_list(items);
    }
  }
  return out;
}

std::uint64_t KeyIndex::hash(std::string_view key) {
  constexpr std::uint64_t kSeed = 0x9E3779B97F4A7C15ull;
  constexpr std::uint64_t kStep = 0xD6E8FEB86659FD93ull;
  const char* at = key.data();
  std::size_t left = key.size();
  std::uint64_t state = kSeed ^ left;
  while (left > 16) {
    state = fold(word_at(at) ^ kStep, word_at(at + 8) ^ state);
    at += 16;
    left -= 16;
  }
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (left >= 8) {
    low = word_at(at);
    high = word_at(at + left - 8);
  } else if (left > 0) {
    std::memcpy(&low, at, left);
  }
  return fold(fold(low ^ kStep, high ^ state), kSeed);
}

void KeyIndex::reset(std::size_t rows) {
  slots_.assign(std::bit_ceil(rows * 5 / 3 + 2), 0);
  mask_ = slots_.size() - 1;
  used_ = 0;
}

void KeyIndex::grow(const StringColumn& ids) {
  const std::vector<std::uint64_t> old = std::move(slots_);
  slots_.assign(std::max<std::size_t>(old.size() * 2, 16), 0);
  mask_ = slots_.size() - 1;
  for (const auto slot : old) {
    if (slot == 0) continue;
    std::uint64_t at = hash(ids[(slot & kRowMask) - 1]) & mask_;
    while (slots_[at] != 0) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

std::uint32_t KeyIndex::insert(const StringColumn& ids, std::uint32_t row, std::uint64_t hash) {
  if ((used_ + 1) * 5 > slots_.size() * 3) grow(ids);
  const std::uint64_t tag = hash & kTagMask;
  std::uint64_t at = hash & mask_;
  for (; slots_[at] != 0; at = (at + 1) & mask_) {
    if ((slots_[at] & kTagMask) != tag) continue;
    const auto other = static_cast<std::uint32_t>(slots_[at] & kRowMask) - 1;
    if (ids[other] == ids[row]) return other;
  }
  slots_[at] = tag | (std::uint64_t{row} + 1);
  ++used_;
  return kDangling;
}

std::uint32_t KeyIndex::find(const StringColumn& ids, std::string_view key) const {
  return find(ids, key, hash(key));
}

std::uint32_t KeyIndex::find(const StringColumn& ids, std::string_view key, std::uint64_t hash) const {
  if (slots_.empty()) return kDangling;
  const std::uint64_t tag = hash & kTagMask;
  for (std::uint64_t at = hash & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
    if ((slots_[at] & kTagMask) != tag) continue;
    const auto row = static_cast<std::uint32_t>(slots_[at] & kRowMask) - 1;
    if (ids[row] == key) return row;
  }
  return kDangling;
}

std::uint32_t KeyIndex::guess(std::uint64_t hash) const {
  if (slots_.empty()) return kDangling;
  std::uint64_t at = hash & mask_;
  while (slots_[at] != 0 && ((slots_[at] ^ hash) & kTagMask) != 0) at = (at + 1) & mask_;
  return slots_[at] == 0 ? kDangling : static_cast<std::uint32_t>(slots_[at] & kRowMask) - 1;
}

Groups group_by(std::span<const std::uint32_t> link, std::uint32_t from_rows) {
  Groups groups;
  groups.begins.assign(std::size_t{from_rows} + 1, 0);
  for (const auto row : link) {
    if (row < from_rows) ++groups.begins[std::size_t{row} + 1];
  }
  for (std::size_t i = 1; i < groups.begins.size(); ++i) groups.begins[i] += groups.begins[i - 1];
  groups.rows.resize(groups.begins.back());
  // Each begin moves to its group's end while the group is filled; shifting by one afterwards restores them.
  for (std::size_t i = 0; i < link.size(); ++i) {
    if (link[i] < from_rows) groups.rows[groups.begins[link[i]]++] = static_cast<std::uint32_t>(i);
  }
  for (std::size_t i = groups.begins.size() - 1; i > 0; --i) groups.begins[i] = groups.begins[i - 1];
  groups.begins[0] = 0;
  return groups;
}

Table::Table(Dataset dataset) : spec_(&spec_of(dataset)), columns_(spec_->fields.size()) {}

const Column* Table::column(std::string_view field) const {
  const auto at = spec_->field(field);
  return at ? columns_[*at].get() : nullptr;
}

std::uint32_t Table::request(std::uint32_t row) const {
  const auto after =
      std::upper_bound(requests_.begin(), requests_.end(), row,
                       [](std::uint32_t value, const RequestRun& run) { return value < run.first_row; });
  return after == requests_.begin() ? 0 : std::prev(after)->request;
}

Column& Table::add_column(std::uint16_t field) {
  if (columns_[field] == nullptr) columns_[field] = std::make_unique<Column>(spec_->fields[field].type);
  return *columns_[field];
}

void Table::take_labels_from(std::uint16_t field) {
  Column* column = columns_[field].get();
  const StringColumn& texts = column->texts();
  bool is_whole = true;
  for (std::uint32_t row = 0; row < rows_ && is_whole; ++row) is_whole = !texts[row].empty();
  if (is_whole) {
    label_column_ = column;
    return;
  }
  labels_.reserve(rows_, texts.bytes());
  for (std::uint32_t row = 0; row < rows_; ++row)
    labels_.push_back(!texts[row].empty() ? texts[row] : row < ids_.size() ? ids_[row] : std::string_view{});
}

void Table::set_column(std::uint16_t field, Column column) {
  if (label_column_ != nullptr && label_column_ == columns_[field].get()) {
    labels_ = label_column_->texts();
    label_column_ = nullptr;
  }
  columns_[field] = std::make_unique<Column>(std::move(column));
}

}  // namespace muster::snapshot
