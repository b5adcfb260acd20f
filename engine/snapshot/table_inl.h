// Template part of table.h.
#pragma once

#include <bit>

namespace muster::snapshot {

template <class OnDuplicate>
void KeyIndex::build(const StringColumn& ids, OnDuplicate&& on_duplicate) {
  const std::size_t rows = ids.size();
  slots_.assign(std::bit_ceil(rows * 5 / 3 + 2), 0);
  mask_ = slots_.size() - 1;
  constexpr std::size_t kAhead = 16;
  std::uint64_t hashes[kAhead];
  for (std::size_t i = 0; i < rows && i < kAhead; ++i) hashes[i] = hash(ids[i]);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint64_t h = hashes[row % kAhead];
    if (row + kAhead < rows) {
      const std::uint64_t next = hash(ids[row + kAhead]);
      hashes[row % kAhead] = next;
      prefetch(next);
    }
    const std::uint64_t tag = h & 0xFFFFFFFF00000000ull;
    std::uint64_t at = h & mask_;
    bool is_duplicate = false;
    while (slots_[at] != 0) {
      if ((slots_[at] & 0xFFFFFFFF00000000ull) == tag) {
        const auto other = static_cast<std::uint32_t>(slots_[at] & 0xFFFFFFFF) - 1;
        if (ids[other] == ids[row]) {
          on_duplicate(other, static_cast<std::uint32_t>(row));
          is_duplicate = true;
          break;
        }
      }
      at = (at + 1) & mask_;
    }
    if (!is_duplicate) slots_[at] = tag | (row + 1);
  }
}

}  // namespace muster::snapshot
