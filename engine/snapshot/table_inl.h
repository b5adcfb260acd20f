// Template part of table.h.
#pragma once

#include <array>

namespace muster::snapshot {

template <class OnDuplicate>
void KeyIndex::build(const StringColumn& ids, OnDuplicate&& on_duplicate) {
  const std::size_t rows = ids.size();
  reset(rows);
  constexpr std::size_t kAhead = 16;
  std::array<std::uint64_t, kAhead> hashes{};
  for (std::size_t i = 0; i < rows && i < kAhead; ++i) hashes[i] = hash(ids[i]);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint64_t h = hashes[row % kAhead];
    if (row + kAhead < rows) {
      const std::uint64_t next = hash(ids[row + kAhead]);
      hashes[row % kAhead] = next;
      prefetch(next);
    }
    const std::uint32_t first = insert(ids, static_cast<std::uint32_t>(row), h);
    if (first != kDangling) on_duplicate(first, static_cast<std::uint32_t>(row));
  }
}

}  // namespace muster::snapshot
