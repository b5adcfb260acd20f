// The datasets' files of a collection under way: they grow line by line, and can be cut back to where a
// checkpoint says. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/append_file.h"
#include "base/digest.h"
#include "base/file_system.h"
#include "base/result.h"
#include "snapshot/rows.h"
#include "snapshot/schema.h"

namespace muster::collect {

class DataFiles {
 public:
  DataFiles(FileSystem& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  /// Opens a dataset's file, cut to `keep` bytes, which go through its digest.
  [[nodiscard]] Status open(snapshot::Dataset dataset, std::uint64_t keep);
  /// Takes the file away, open or not.
  [[nodiscard]] Status remove(snapshot::Dataset dataset);
  [[nodiscard]] bool has(snapshot::Dataset dataset) const { return stores_.contains(dataset); }
  /// 0 when it is not open.
  [[nodiscard]] std::uint64_t bytes(snapshot::Dataset dataset) const;
  [[nodiscard]] std::uint64_t rows(snapshot::Dataset dataset) const;
  [[nodiscard]] std::map<snapshot::Dataset, std::uint64_t> sizes() const;
  /// Whole lines, `rows` of them.
  [[nodiscard]] Status append(snapshot::Dataset dataset, std::string_view lines, std::uint64_t rows);
  [[nodiscard]] Status sync();
  /// The digest of what was appended, once.
  [[nodiscard]] std::string finish_sha256(snapshot::Dataset dataset);

  /// Hands each line between two places of an open file to `take`, as a reader that has checked it and knows
  /// the texts at `paths`; until `take` says false. Error file_unreadable when a line is damaged.
  [[nodiscard]] Status each_line(snapshot::Dataset dataset, std::uint64_t from, std::uint64_t to,
                                 const std::vector<std::string_view>& paths,
                                 const std::function<bool(const snapshot::RowReader&)>& take) const;

 private:
  struct Store {
    std::optional<AppendFile> file;
    Sha256 digest;
    std::uint64_t bytes = 0, rows = 0;
  };
  [[nodiscard]] std::string path_of(snapshot::Dataset dataset) const;

  FileSystem& files_;
  std::string folder_;
  std::map<snapshot::Dataset, Store> stores_;
};

}  // namespace muster::collect
