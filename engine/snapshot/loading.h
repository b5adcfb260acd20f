// Loading: the rows of one dataset while its chunks come in, and what is done when the last one is there:
// twins are found, and views of one record from several sources become one row. Private to this folder.
#pragma once

#include <algorithm>
#include <array>
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
    lines_.assign(std::bit_ceil(std::max<std::size_t>(expected / 32, 2)), Line{});
    mask_ = lines_.size() - 1;
  }
  /// Adds all and calls on_seen(i) for each that may have been there.
  template <class OnSeen>
  void add(const std::vector<std::uint64_t>& hashes, OnSeen&& on_seen) {
    constexpr std::size_t kAhead = 16;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (i + kAhead < hashes.size()) __builtin_prefetch(&lines_[hashes[i + kAhead] & mask_], 1);
      Line& line = lines_[hashes[i] & mask_];
      bool had = true;
      for (const unsigned bit : bits_of(hashes[i])) {
        had &= line.has(bit);
        line.words[bit / 64] |= std::uint64_t{1} << (bit % 64);
      }
      if (had) on_seen(i);
    }
  }

  [[nodiscard]] bool may_have(std::uint64_t hash) const {
    const Line& line = lines_[hash & mask_];
    const auto bits = bits_of(hash);
    return line.has(bits[0]) && line.has(bits[1]) && line.has(bits[2]);
  }

 private:
  /// A hash sets three bits of one line of the processor's cache: one read of memory a hash.
  struct alignas(64) Line {
    std::array<std::uint64_t, 8> words{};
    [[nodiscard]] bool has(unsigned bit) const { return (words[bit / 64] >> (bit % 64) & 1) != 0; }
  };
  static std::array<unsigned, 3> bits_of(std::uint64_t hash) {
    return {static_cast<unsigned>(hash >> 55), static_cast<unsigned>(hash >> 46 & 511),
            static_cast<unsigned>(hash >> 37 & 511)};
  }
  std::vector<Line> lines_;
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
