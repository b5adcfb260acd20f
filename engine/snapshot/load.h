// The loader's inside, with the parameters that tests vary. Private to this folder and its tests.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/scan.h"
#include "snapshot/snapshot.h"

namespace muster::snapshot {

/// As load_snapshot, reading `options.chunk_bytes` at a time.
[[nodiscard]] std::optional<Loaded> load_snapshot(const FileSystem& files, const std::string& folder,
                                                  const LoadRequest& request, const ScanOptions& options,
                                                  World& world, Diagnostics& problems);
/// As verify_snapshot.
[[nodiscard]] std::vector<Error> verify_snapshot(const FileSystem& files, const std::string& folder,
                                                 const ScanOptions& options);

/// The bytes of manifest.json; error snapshot_missing when there is none.
[[nodiscard]] Result<std::string> read_manifest(const FileSystem& files, const std::string& folder);
/// `file` is for messages.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view bytes, const std::string& file);

/// "data/users.jsonl" below the folder. Names of data files never come from the manifest.
[[nodiscard]] std::string data_path(const std::string& folder, Dataset dataset);

}  // namespace muster::snapshot
