// The ledger of a snapshot held against the rows that its requests brought: each row names a request of the
// ledger that was answered with 200, and no request brought more rows than it says. Rows without a request
// (imported ones) need no ledger.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "snapshot/schema.h"
#include "snapshot/table.h"

namespace muster::snapshot {

/// As verify_snapshot, and the rows are held against the ledger.
[[nodiscard]] std::vector<Error> verify_snapshot_and_ledger(const FileSystem& files,
                                                            const std::string& folder, unsigned jobs);

/// Reads ledger.jsonl on construction; what is wrong with it goes to `problems`.
class Ledger {
 public:
  Ledger(const FileSystem& files, const std::string& folder, Diagnostics& problems);
  /// Rows of one dataset, as runs of rows that one request brought.
  void check(Dataset dataset, const std::vector<Table::RequestRun>& runs, std::uint32_t rows);

 private:
  struct Request {
    std::int64_t status = 0, rows = 0;
  };
  void read(std::string_view text);

  std::string folder_, path_;
  Diagnostics& problems_;
  std::vector<Request> requests_;
  bool is_readable_ = true;
};

}  // namespace muster::snapshot
