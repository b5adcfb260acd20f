// Scan: one dataset file, streamed in chunks on several threads, with digest and size. Private to this
// folder.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "snapshot/chunk.h"

namespace muster::snapshot {

struct ScanOptions {
  unsigned jobs = 1;
  std::size_t chunk_bytes = std::size_t{512}
                            << 10;  // read at a time; a chunk ends at the last whole line in it
};

struct ScanResult {
  std::uint64_t bytes = 0, lines = 0;
  std::string sha256;           // empty when the scan was stopped
  std::vector<Error> problems;  // in the order of lines, at most kMaxProblems; then the scan was stopped
  bool was_stopped = false;
};

/// Reads a file from its beginning to its end; `path` names it in messages. `take` gets every chunk that has
/// rows, in the file's order, one at a time (from whatever thread); `first_line` counts from 1. Nothing in
/// the result depends on `jobs` or `chunk_bytes`.
[[nodiscard]] Result<ScanResult> scan(const RandomAccessFile& file, const std::string& path, const Plan& plan,
                                      const ScanOptions& options,
                                      const std::function<void(Chunk chunk, std::uint32_t first_line)>& take);

}  // namespace muster::snapshot
