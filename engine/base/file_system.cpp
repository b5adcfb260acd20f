#include "base/file_system.h"

#include <fmt/format.h>

namespace muster {

Result<std::string> FileSystem::read_file(const std::string& path, std::uint64_t max_bytes) const {
  auto file = open(path);
  if (!file) return tl::unexpected(file.error());
  const std::uint64_t size = (*file)->size();
  if (size > max_bytes)
    return fail(
        ErrorCode::file_too_large,
        fmt::format("{} has {} bytes; muster reads at most {} of such a file", path, size, max_bytes));
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const auto got = (*file)->read_at(have, std::span(bytes).subspan(have));
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;  // the file became shorter meanwhile
    have += *got;
  }
  bytes.resize(have);
  return bytes;
}

Status FileSystem::write_file(const std::string& path, std::string_view bytes) {
  auto writer = create(path);
  if (!writer) return tl::unexpected(writer.error());
  (*writer)->write(bytes);
  return (*writer)->commit();
}

}  // namespace muster
