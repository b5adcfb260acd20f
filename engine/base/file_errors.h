// What file systems say when something goes wrong, worded once for the disk and for memory; not for other
// modules.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "base/file_system.h"
#include "base/text.h"

namespace muster {

/// The system's words for an errno, with a small first letter.
inline std::string reason_of(int error) {
  std::string words = std::generic_category().message(error);
  if (!words.empty() && words[0] >= 'A' && words[0] <= 'Z') words[0] = static_cast<char>(words[0] + 32);
  return words;
}

inline tl::unexpected<Error> cannot_read(const std::string& path, int error) {
  return fail(ErrorCode::file_unreadable, fmt::format("cannot read {}: {}", path, reason_of(error)));
}

inline tl::unexpected<Error> cannot_write(const std::string& path, int error) {
  return fail(ErrorCode::file_unwritable, fmt::format("cannot write {}: {}", path, reason_of(error)));
}

/// `path` is not there; the hint names the nearest entry of its folder.
inline tl::unexpected<Error> not_there(const FileSystem& files, const std::string& path) {
  std::string hint;
  const std::string folder = parent_path(path);
  if (const auto names = files.list(folder)) {
    if (const auto near = nearest_name(file_name(path), *names))
      hint = fmt::format("did you mean {}?", join_path(folder, *near));
  } else if (names.error().code == ErrorCode::file_not_found) {
    hint = fmt::format("there is no folder {}", folder);
  }
  return fail(ErrorCode::file_not_found, fmt::format("there is no file or folder {}", path), {},
              std::move(hint));
}

}  // namespace muster
