#include "policy/load.h"

#include <fmt/format.h>

#include "base/digest.h"

namespace muster::policy {

std::optional<std::string> read_text(const FileSystem& files, const std::string& path,
                                     const std::string& shown_path, Diagnostics& problems) {
  auto text = files.read_file(path, kMaxBytes);
  if (text) return std::move(*text);
  Error error = text.error();
  error.place = Place{shown_path, 0, 0, {}};
  problems.error(std::move(error));
  return std::nullopt;
}

std::string digest_of(const std::string& text) { return sha256_hex(text); }

void report_empty(const std::string& noun, const std::string& shown_path, FileProblems& problems) {
  problems.add({ErrorCode::config_missing_key,
                fmt::format("the file is empty; it should hold {}", noun),
                Place{shown_path, 0, 0, {}},
                {}});
}

}  // namespace muster::policy
