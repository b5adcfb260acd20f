// `muster import`: a snapshot out of files that came from elsewhere. Reads <dataset>.jsonl, <dataset>.ndjson
// or <dataset>.json (one object a line, an array, or API list envelopes {"data":[…]} one after the other); a
// row that needs a parent id carries it as a member. The manifest says that completeness was declared.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "snapshot/snapshot.h"

namespace muster::snapshot {

struct ImportOptions {
  std::string folder;        // where the files are
  std::string out;           // the snapshot to make; must not exist
  std::string organization;  // display name
  std::string organization_id;
  std::optional<Instant> as_of;  // default: the newest time stamp in the data is not guessed: required unless
                                 // given by the caller's clock
  std::string collector;         // "muster import 0.1.0"
};

/// Writes the snapshot (atomically: it appears whole or not at all) and returns its manifest; nullopt with
/// all problems reported otherwise.
[[nodiscard]] std::optional<Manifest> import_snapshot(FileSystem& files, const ImportOptions& options,
                                                      Diagnostics& problems);

}  // namespace muster::snapshot
