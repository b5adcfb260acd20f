#include "base/append_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace muster {
namespace {

tl::unexpected<Error> unwritable(const std::string& path, int code) {
  return fail(ErrorCode::file_unwritable, fmt::format("cannot write {}: {}", path, std::strerror(code)), {},
              code == ENOSPC || code == EFBIG || code == EDQUOT ? "make room, then go on with --resume" : "");
}

}  // namespace

Result<AppendFile> AppendFile::open(const std::string& path, std::uint64_t keep) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return unwritable(path, errno);
  AppendFile file(descriptor, path, keep);
  struct stat about {};
  if (::fstat(descriptor, &about) != 0) return unwritable(path, errno);
  if (static_cast<std::uint64_t>(about.st_size) < keep)
    return fail(ErrorCode::file_unreadable,
                fmt::format("{} has {} bytes, {} were written", path, about.st_size, keep));
  if (::ftruncate(descriptor, static_cast<off_t>(keep)) != 0 || ::lseek(descriptor, 0, SEEK_END) < 0)
    return unwritable(path, errno);
  return file;
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)), size_(other.size_) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(size_, other.size_);
  return *this;
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status AppendFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return unwritable(path_, count == 0 ? ENOSPC : errno);
    size_ += static_cast<std::uint64_t>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Status AppendFile::sync() {
  if (::fsync(descriptor_) != 0) return unwritable(path_, errno);
  return {};
}

Result<FolderLock> FolderLock::take(const std::string& folder, std::string_view command, bool was_made) {
  const std::string path = folder + "/" + kFile;
  const auto refuse = [&](int code) -> tl::unexpected<Error> {
    return fail(ErrorCode::file_unwritable, fmt::format("cannot write {}: {}", path, std::strerror(code)));
  };
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return refuse(errno);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const int code = errno;
      ::close(descriptor);
      if (code != EWOULDBLOCK) return refuse(code);
      return fail(ErrorCode::file_unwritable,
                  fmt::format("another muster {} is writing to {}", command, folder), {},
                  "wait until it has ended, or name another folder with --out");
    }
    // Who held it may have removed it between the two calls: then this is a lock on a file that is no more.
    struct stat held {
    }, there{};
    if (::fstat(descriptor, &held) == 0 && ::stat(path.c_str(), &there) == 0 && held.st_dev == there.st_dev &&
        held.st_ino == there.st_ino)
      return FolderLock(descriptor, folder, was_made);
    ::close(descriptor);
  }
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      folder_(std::move(other.folder_)),
      was_made_(other.was_made_) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(folder_, other.folder_);
  std::swap(was_made_, other.was_made_);
  return *this;
}

FolderLock::~FolderLock() {
  if (descriptor_ < 0) return;
  // Before it is freed, so that nobody's lock but this one's is removed.
  ::unlink((folder_ + "/" + kFile).c_str());
  if (was_made_) ::rmdir(folder_.c_str());
  ::close(descriptor_);
}

}  // namespace muster
