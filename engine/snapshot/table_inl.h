// Template part of table.h.
#pragma once

#include <algorithm>
#include <array>

namespace muster::snapshot {

template <class OnDuplicate>
void KeyIndex::build(const StringColumn& ids, OnDuplicate&& on_duplicate) {
  const std::size_t rows = ids.size();
  reset(rows);
  constexpr std::size_t kTogether = 32;
  std::array<std::uint64_t, kTogether> hashes{};
  for (std::size_t begin = 0; begin < rows; begin += kTogether) {
    const std::size_t end = std::min(begin + kTogether, rows);
    // Loops of their own, so short that many reads of memory are under way at once.
    for (std::size_t row = begin; row < end; ++row) hashes[row - begin] = hash(ids[row]);
    for (std::size_t row = begin; row < end; ++row) prefetch(hashes[row - begin]);
    for (std::size_t row = begin; row < end; ++row) {
      const std::uint32_t first = insert(ids, static_cast<std::uint32_t>(row), hashes[row - begin]);
      if (first != kDangling) on_duplicate(first, static_cast<std::uint32_t>(row));
    }
  }
}

}  // namespace muster::snapshot
