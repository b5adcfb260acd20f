// The ids that were seen, as 64-bit hashes: at most 24 bytes each, growth included. Two ids of one hash would
// look like one; with ten million ids the odds are one in a million.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace muster::collect {

class IdSet {
 public:
  /// False when it was there.
  bool add(std::string_view id) {
    std::uint64_t hash = std::hash<std::string_view>{}(id);
    if (hash == 0) hash = 1;
    // Shards grow one after the other, so that the old and the new table of all are never there at once.
    Shard& shard = shards_[hash >> 58];
    if ((shard.count + 1) * 10 > shard.slots.size() * 8) grow(shard);
    return insert(shard, hash);
  }
  void clear() { shards_ = {}; }

 private:
  struct Shard {
    std::vector<std::uint64_t> slots;
    std::size_t count = 0;
  };
  static bool insert(Shard& shard, std::uint64_t hash) {
    const std::size_t size = shard.slots.size();
    for (std::size_t at = (hash * 0x9E3779B97F4A7C15ULL >> 20) % size;; at = at + 1 == size ? 0 : at + 1) {
      if (shard.slots[at] == hash) return false;
      if (shard.slots[at] != 0) continue;
      shard.slots[at] = hash;
      ++shard.count;
      return true;
    }
  }
  static void grow(Shard& shard) {
    Shard larger;
    larger.slots.resize(shard.slots.size() < 16 ? 16 : shard.slots.size() * 3 / 2);
    for (const std::uint64_t hash : shard.slots)
      if (hash != 0) insert(larger, hash);
    shard = std::move(larger);
  }
  std::array<Shard, 64> shards_;
};

}  // namespace muster::collect
