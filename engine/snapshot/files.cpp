// The snapshot as files: where it is, and single lines of it.
#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "snapshot/load.h"

namespace muster::snapshot {

Result<std::string> find_snapshot(const FileSystem& files, const std::string& path,
                                  const std::optional<Instant>& before) {
  if (files.kind(path) == FileKind::none)
    return fail(ErrorCode::snapshot_missing, fmt::format("there is no snapshot at {}", path));
  if (files.kind(join_path(path, "manifest.json")) == FileKind::file) return path;
  if (files.kind(path) != FileKind::folder) {
    return fail(ErrorCode::snapshot_missing,
                fmt::format("{} is not a snapshot: a snapshot is a folder with a manifest.json", path));
  }
  const auto names = files.list(path);
  if (!names) return tl::unexpected(names.error());
  std::string newest;
  Instant completed;
  for (const auto& name : *names) {
    // Names with a dot in front are unfinished work; a folder without a manifest is no snapshot yet.
    const std::string folder = join_path(path, name);
    if (name.starts_with('.') || files.kind(join_path(folder, "manifest.json")) != FileKind::file) continue;
    // A broken one might be the newest, so that an older one must not be taken in silence.
    const auto manifest = load_manifest(files, folder);
    if (!manifest) return tl::unexpected(manifest.error());
    if (before && manifest->completed >= *before) continue;
    if (newest.empty() || manifest->completed >= completed) {
      newest = folder;
      completed = manifest->completed;
    }
  }
  if (newest.empty() && before) {
    return fail(ErrorCode::snapshot_missing,
                fmt::format("no snapshot in {} was completed before {}", path, format_rfc3339(*before)), {},
                "name an older one");
  }
  if (newest.empty()) {
    return fail(ErrorCode::snapshot_missing,
                fmt::format("no snapshot is in {}: none of its folders has a manifest.json", path), {},
                "make one with `muster import`");
  }
  return newest;
}

Result<std::string> read_line(const FileSystem& files, const std::string& folder, Dataset dataset,
                              std::uint32_t line) {
  const std::string path = data_path(folder, dataset);
  const auto file = files.open(path);
  if (!file) return tl::unexpected(file.error());
  std::vector<char> buffer(std::size_t{256} << 10);
  std::string found;
  std::uint32_t at_line = 1;
  for (std::uint64_t offset = 0;;) {
    const auto got = (*file)->read_at(offset, buffer);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    offset += *got;
    for (std::string_view rest(buffer.data(), *got); !rest.empty();) {
      const auto end = rest.find('\n');
      if (at_line == line) {
        found += rest.substr(0, end);
        if (found.size() > kMaxLineBytes)
          return fail(ErrorCode::file_too_large,
                      fmt::format("line {} of {} is longer than {} MiB", line, path, kMaxLineBytes >> 20));
        if (end != std::string_view::npos) return found;
      }
      if (end == std::string_view::npos) break;
      ++at_line;
      rest.remove_prefix(end + 1);
    }
  }
  if (at_line == line && !found.empty()) return found;
  return fail(ErrorCode::usage, fmt::format("{} has {} lines; there is no line {}", path, at_line - 1, line));
}

}  // namespace muster::snapshot
