// Loading: the rows of one dataset while its chunks come in, and what is done when the last one is there:
// twins are found, and views of one record from several sources become one row. Private to this folder.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "snapshot/scan.h"
#include "snapshot/table.h"

namespace muster::snapshot {

/// A set of 64-bit hashes that may say "seen" of one that it has not seen (about 1 in 300), never the
/// reverse.
class SeenHashes {
 public:
  void reset(std::size_t expected) {
    bits_.assign(std::bit_ceil(std::max<std::size_t>(expected * 16, 1024)) / 64, 0);
    mask_ = bits_.size() * 64 - 1;
  }
  /// Adds all and calls on_seen(i) for each that may have been there.
  template <class OnSeen>
  void add(const std::vector<std::uint64_t>& hashes, OnSeen&& on_seen) {
    constexpr std::size_t kAhead = 16;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (i + kAhead < hashes.size()) {
        __builtin_prefetch(&bits_[(hashes[i + kAhead] & mask_) / 64]);
        __builtin_prefetch(&bits_[((hashes[i + kAhead] >> 32) & mask_) / 64]);
      }
      const bool had_low = set(hashes[i] & mask_);
      const bool had_high = set((hashes[i] >> 32) & mask_);
      if (had_low && had_high) on_seen(i);
    }
  }

  [[nodiscard]] bool may_have(std::uint64_t hash) const {
    return has(hash & mask_) && has((hash >> 32) & mask_);
  }

 private:
  [[nodiscard]] bool has(std::uint64_t bit) const { return (bits_[bit / 64] >> (bit % 64) & 1) != 0; }
  bool set(std::uint64_t bit) {
    std::uint64_t& word = bits_[bit / 64];
    const std::uint64_t flag = std::uint64_t{1} << (bit % 64);
    const bool had = (word & flag) != 0;
    word |= flag;
    return had;
  }
  std::vector<std::uint64_t> bits_;
  std::uint64_t mask_ = 0;
};

struct Loading {
  explicit Loading(Dataset of) : plan(of) {}

  /// Once the plan is made: as many columns and links as it has, without rows.
  void start();
  /// Before the first chunk.
  void make_room(std::uint64_t expected_rows);
  void append(Chunk chunk);
  /// After the last chunk: which rows have the key of an earlier one. Keys whose texts are not kept are read
  /// again from `file` when hashes are equal. Error snapshot_digest when the file is no longer the same.
  [[nodiscard]] Status find_duplicates(const RandomAccessFile& file, const std::string& path,
                                       const ScanOptions& options, const std::string& sha256);
  /// Two rows of one key are fine only when they come from different sources; false otherwise.
  [[nodiscard]] bool check_duplicates(const std::string& path, Diagnostics& problems) const;
  /// Makes one row of the views that several sources have of one record; what they disagree on.
  [[nodiscard]] std::vector<std::string> merge();

  Plan plan;
  std::uint32_t rows = 0;
  StringColumn ids, labels;
  KeyIndex index;
  std::vector<Column> columns;                        // as plan.columns
  std::vector<std::vector<std::uint32_t>> link_rows;  // as plan.links
  std::vector<Chunk::ListLink> list_links;            // as plan.links
  std::vector<Table::RequestRun> requests;
  std::vector<std::uint32_t> lines;  // by row; empty while line and row go together

 private:
  void reserve(const Chunk& sample);
  [[nodiscard]] std::uint32_t source_of(std::uint32_t row) const;
  [[nodiscard]] std::string name_of(std::uint32_t row) const;

  std::uint64_t expected_rows_ = 0;
  std::map<Source, std::uint32_t> sources_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> source_runs_;  // first row, number of the source
  std::vector<std::uint64_t> key_hashes_;                             // of keys whose text is not kept
  SeenHashes seen_;
  std::vector<std::uint32_t> suspects_;  // rows whose hash may have been there before
  std::vector<std::pair<std::uint32_t, std::uint32_t>> duplicates_;  // first row of a key, later row
};

}  // namespace muster::snapshot
