// Loading a snapshot: manifest first, then the asked-for fields of the asked-for datasets, streamed in chunks
// on all cores. Every line is checked whole (UTF-8, JSON grammar, depth, duplicate members) and every file's
// digest and size against the manifest before anything is believed; a snapshot that fails is an error, never
// a smaller snapshot. Memory grows with the columns asked for, not with the file.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "snapshot/source.h"
#include "snapshot/world.h"

namespace muster::snapshot {

inline constexpr int kSchemaVersion = 1;

/// A parent of a dataset fetched per parent (a workspace's members) that is not complete.
struct ParentStatus {
  std::string id;
  DatasetStatus status = DatasetStatus::partial;
  std::string reason;
};

struct DatasetManifest {
  std::string name;
  DatasetStatus status = DatasetStatus::not_requested;
  std::string reason;
  std::uint64_t rows = 0, pages = 0, bytes = 0;
  std::string sha256;   // of data/<name>.jsonl; empty when there is no file
  std::string filters;  // JSON object text, or empty
  Source from = {};     // what the `from` of its lines has where they do not say otherwise
  std::vector<std::string> warnings;
  std::vector<ParentStatus> parents;  // only those that are not complete
};

/// manifest.json. `origin` says whether completeness was observed by the collector or declared by an
/// importer.
struct Manifest {
  int schema = kSchemaVersion;
  std::string organization_name, organization_id, provider, base_url, api_version, key_kind, key_hint,
      collector;
  enum class Origin : std::uint8_t { observed, declared } origin = Origin::observed;
  Instant started, completed;
  std::vector<DatasetManifest> datasets;  // every collected dataset has a row, in Dataset order
  [[nodiscard]] const DatasetManifest& row(Dataset dataset) const;
};

[[nodiscard]] Result<Manifest> load_manifest(const FileSystem& files, const std::string& folder);
[[nodiscard]] std::string render_manifest(
    const Manifest& manifest);  // canonical JSON, 2 spaces, trailing newline

/// What to load. Keys of a relation's both ends and the link field are implied.
struct LoadRequest {
  std::set<std::pair<Dataset, std::uint16_t>> fields;
  std::set<std::uint16_t> relations;  // loaded ones (with `via`)
  std::set<Dataset> keys;             // datasets whose ids and labels are wanted (subjects)
};

struct Loaded {
  Manifest manifest;
  std::string manifest_sha256;
  std::uint64_t manifest_bytes = 0;
  std::vector<std::string> warnings;  // "users: name differs between the two views of user_01…"
};

/// Loads into `world` (tables, relations, availability, as_of = completed). All problems go to `problems`
/// with file and line; returns nullopt then.
[[nodiscard]] std::optional<Loaded> load_snapshot(const FileSystem& files, const std::string& folder,
                                                  const LoadRequest& request, unsigned jobs, World& world,
                                                  Diagnostics& problems);

/// The raw line (from 1) of a dataset, for `explain` and evidence; reads only around it.
[[nodiscard]] Result<std::string> read_line(const FileSystem& files, const std::string& folder,
                                            Dataset dataset, std::uint32_t line);

/// Checks every digest, size, row count and line of all datasets; the list of what is wrong is empty when all
/// is well.
[[nodiscard]] std::vector<Error> verify_snapshot(const FileSystem& files, const std::string& folder,
                                                 unsigned jobs);

/// `path` is a snapshot, or a folder of snapshots, of which the newest by `completed` (ties: last name) is
/// taken; with `before`, the newest of those that were completed before that instant.
[[nodiscard]] Result<std::string> find_snapshot(const FileSystem& files, const std::string& path,
                                                const std::optional<Instant>& before = {});

/// JSON Schema of the lines of one dataset (2020-12), made from the schema table.
[[nodiscard]] std::string dataset_json_schema(const DatasetSpec& spec);
/// The reference page of all datasets and fields, Markdown.
[[nodiscard]] std::string dataset_reference();

}  // namespace muster::snapshot
