// Chunk: a block of whole lines of one dataset file, checked and turned into columns. Private to this folder.
// A ChunkParser belongs to one thread; simdjson stays behind it. Every line is validated whole (UTF-8,
// grammar, depth, duplicate members at every level) whatever is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/string_column.h"
#include "snapshot/source.h"
#include "snapshot/table.h"

namespace muster::snapshot {

inline constexpr std::size_t kBlockPadding = 64;  // bytes that must be readable behind a block
inline constexpr int kMaxDepth = 64;              // levels of a line, its outermost object counted
inline constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxProblems = 20;

/// What to take out of every line of one dataset.
struct Plan {
  struct Value {
    std::string_view paths;  // as FieldSpec::paths
    FieldType type = FieldType::text;
  };
  struct ColumnPlan {
    std::uint16_t field = 0;  // of the dataset
    std::uint16_t value = 0;
  };
  /// A field that holds a key of `target`, resolved to row numbers while it is parsed.
  struct Link {
    std::uint16_t value = 0;
    std::optional<std::uint16_t> where_value;
    std::string_view where_word;
    const Table* target = nullptr;
    bool is_list = false;
    std::optional<std::size_t> key_part =
        {};  // the part of the record's own key that is the same value: hashed once
  };

  explicit Plan(Dataset of);
  /// The number of the value of a field; the same for the same paths and type.
  std::uint16_t value_of(std::uint16_t field);

  Dataset dataset;
  Source source;  // what a line's `from` does not say
  std::vector<Value> values;
  std::vector<ColumnPlan> columns;
  std::vector<std::uint16_t> key;  // values; empty when the dataset has no key
  bool keeps_key = false;          // the key's text is kept in Chunk::ids; else its hash alone
  std::optional<std::uint16_t> label;
  std::vector<Link> links;
};

struct Chunk {
  struct Problem {
    std::uint32_t line = 0;  // in the chunk, from 0
    std::uint32_t column = 0;
    std::string message;
  };
  struct ListLink {
    std::vector<std::uint32_t> ends;  // by row
    std::vector<std::uint32_t> rows;  // of the target; ids that lead nowhere are left out
  };
  std::uint32_t lines = 0, rows = 0;
  StringColumn ids, labels;
  std::vector<std::uint64_t> key_hashes;
  std::vector<Column> columns;                    // as Plan::columns
  std::vector<std::vector<std::uint32_t>> links;  // as Plan::links; empty for list links
  std::vector<ListLink> list_links;               // as Plan::links; empty for the others
  std::vector<Table::RequestRun> requests;        // first_row counts in the chunk
  std::vector<std::pair<std::uint32_t, Source>> sources;
  std::vector<Problem> problems;  // at most kMaxProblems, by line
};

class ChunkParser {
 public:
  /// `plan` and the tables that its links point at must outlive the parser.
  explicit ChunkParser(const Plan& plan);
  ~ChunkParser();
  ChunkParser(ChunkParser&&) noexcept;

  /// Parses a block of whole lines, each ended by '\n'; kBlockPadding bytes behind it must be readable. A
  /// line that is wrong becomes a problem and no row.
  [[nodiscard]] Chunk parse(const char* block, std::size_t bytes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The text that stands for a key of several parts: two keys are equal when their texts are.
void append_key_part(std::string& out, std::string_view part);

}  // namespace muster::snapshot
