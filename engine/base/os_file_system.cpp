#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_errors.h"
#include "base/file_system.h"

namespace muster {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  /// close(2) may report a write that failed late (network disks); 0 or errno.
  int close() { return ::close(std::exchange(fd_, -1)) == 0 ? 0 : errno; }

 private:
  int fd_;
};

class DiskFile final : public RandomAccessFile {
 public:
  DiskFile(Descriptor fd, std::uint64_t size, std::string path)
      : fd_(std::move(fd)), size_(size), path_(std::move(path)) {}
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    std::size_t have = 0;
    while (have < out.size() &&
           offset + have < static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
      const ssize_t got =
          ::pread(fd_.get(), out.data() + have, out.size() - have, static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return cannot_read(path_, errno);
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    return have;
  }

 private:
  Descriptor fd_;
  std::uint64_t size_;
  std::string path_;
};

/// A pipe's contents (a shell's <(command)), which cannot be read at an offset.
class PipeFile final : public RandomAccessFile {
 public:
  explicit PipeFile(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(out.size(), bytes_.size() - offset);
    std::memcpy(out.data(), bytes_.data() + offset, count);
    return count;
  }

 private:
  std::string bytes_;
};

Result<std::unique_ptr<RandomAccessFile>> read_pipe(const Descriptor& fd, const std::string& path) {
  std::string bytes;
  std::string buffer(kBufferBytes, '\0');
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(path, errno);
    if (got == 0) return std::make_unique<PipeFile>(std::move(bytes));
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

/// Makes the names in a folder durable. Some file systems cannot, and then the rename is as durable as they
/// make it.
void sync_folder(const std::string& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) (void)::fsync(fd.get());
}

/// Writes to a temporary file beside the target, or straight to a pipe or device, which has no name to rename
/// over.
class DiskWriter final : public FileWriter {
 public:
  DiskWriter(Descriptor fd, std::string path, std::string target, std::string temporary)
      : fd_(std::move(fd)),
        path_(std::move(path)),
        target_(std::move(target)),
        temporary_(std::move(temporary)) {
    buffer_.reserve(kBufferBytes);
  }
  DiskWriter(const DiskWriter&) = delete;
  DiskWriter& operator=(const DiskWriter&) = delete;
  ~DiskWriter() override { discard(); }

  void write(std::string_view bytes) override {
    if (error_ != 0) return;
    if (buffer_.size() + bytes.size() > kBufferBytes) flush();
    if (bytes.size() >= kBufferBytes) {
      put(bytes);
    } else {
      buffer_.append(bytes);
    }
  }

  Status commit() override {
    flush();
    if (!temporary_.empty() && error_ == 0 && ::fsync(fd_.get()) != 0) error_ = errno;
    const int closing = fd_.close();
    if (error_ == 0) error_ = closing;
    if (!temporary_.empty() && error_ == 0 && ::rename(temporary_.c_str(), target_.c_str()) != 0)
      error_ = errno;
    if (error_ != 0) {
      discard();
      return cannot_write(path_, error_);
    }
    if (!temporary_.empty()) sync_folder(parent_path(target_));
    temporary_.clear();
    return {};
  }

 private:
  void flush() {
    put(buffer_);
    buffer_.clear();
  }
  void put(std::string_view bytes) {
    while (!bytes.empty() && error_ == 0) {
      const ssize_t put = ::write(fd_.get(), bytes.data(), bytes.size());
      if (put < 0 && errno != EINTR) error_ = errno;
      if (put <= 0) continue;
      bytes.remove_prefix(static_cast<std::size_t>(put));
      written_ += put;
    }
    // The disk is set to work while more is rendered: commit() waits for all of it to be there.
    constexpr off_t kEarly = off_t{4} << 20;
    if (!temporary_.empty() && written_ - started_ >= kEarly) {
      (void)::sync_file_range(fd_.get(), started_, written_ - started_, SYNC_FILE_RANGE_WRITE);
      started_ = written_;
    }
  }
  void discard() {
    if (!temporary_.empty()) (void)::unlink(temporary_.c_str());
    temporary_.clear();
  }

  Descriptor fd_;
  std::string path_;       // as the user wrote it
  std::string target_;     // what it stands for when it is a symbolic link
  std::string temporary_;  // empty when there is none
  std::string buffer_;
  off_t written_ = 0, started_ = 0;  // bytes; of the latter the disk has been told
  int error_ = 0;
};

class OsFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path) const override {
    Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) {
      const int error = errno;
      if (error == ENOENT || error == ENOTDIR) return not_there(*this, path);
      return cannot_read(path, error);
    }
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0) return cannot_read(path, errno);
    if (S_ISDIR(about.st_mode)) return cannot_read(path, EISDIR);
    if (!S_ISREG(about.st_mode)) return read_pipe(fd, path);
    return std::make_unique<DiskFile>(std::move(fd), static_cast<std::uint64_t>(about.st_size), path);
  }

  Result<std::unique_ptr<FileWriter>> create(const std::string& path) override { return create(path, 0666); }
  Result<std::unique_ptr<FileWriter>> create_secret(const std::string& path) override { return create(path, 0600); }

  static Result<std::unique_ptr<FileWriter>> create(const std::string& path, mode_t mode) {
    struct stat about {};
    const bool exists = ::stat(path.c_str(), &about) == 0;
    if (exists && S_ISDIR(about.st_mode)) return cannot_write(path, EISDIR);
    if (exists && !S_ISREG(about.st_mode)) {
      Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
      if (fd.get() < 0) return cannot_write(path, errno);
      return std::make_unique<DiskWriter>(std::move(fd), path, path, "");
    }
    std::string target = path;
    if (exists) {
      // A link stays a link: its target is what is replaced.
      const std::unique_ptr<char, decltype(&::free)> real(::realpath(path.c_str(), nullptr), &::free);
      if (real != nullptr) target = real.get();
      // Renaming over a file needs no permission on it, but a file that was made read-only is meant to stay.
      if (::faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) != 0) return cannot_write(path, errno);
    }
    static std::atomic<unsigned> serial{0};
    for (int attempt = 0; attempt < 100; ++attempt) {
      std::string temporary =
          join_path(parent_path(target),
                    fmt::format(".{}.{}-{}.tmp", utf8_prefix(file_name(target), 200), ::getpid(), serial++));
      Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
      if (fd.get() < 0 && errno == EEXIST) continue;  // left by a process of that number that was killed
      if (fd.get() < 0) return cannot_write(path, errno);
      if (exists) (void)::fchmod(fd.get(), about.st_mode & 07777);
      return std::make_unique<DiskWriter>(std::move(fd), path, std::move(target), std::move(temporary));
    }
    return cannot_write(path, EEXIST);
  }

  Result<std::vector<std::string>> list(const std::string& folder) const override {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator at(folder.empty() ? "." : folder, error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error))
      names.push_back(at->path().filename().string());
    if (error.value() == ENOENT)
      return fail(ErrorCode::file_not_found, fmt::format("there is no folder {}", folder));
    if (error) return cannot_read(folder, error.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  FileKind kind(const std::string& path) const override {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) return FileKind::none;
    if (S_ISREG(about.st_mode)) return FileKind::file;
    return S_ISDIR(about.st_mode) ? FileKind::folder : FileKind::other;
  }

  Status make_folders(const std::string& folder) override {
    std::error_code error;
    std::filesystem::create_directories(join_path(folder, ""), error);
    if (error) return cannot_write(folder, error.value());
    return {};
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) {
      const int error = errno;
      if (error == ENOENT && kind(from) == FileKind::none) return not_there(*this, from);
      return cannot_write(to, error);
    }
    sync_folder(parent_path(to));
    return {};
  }

  Status remove_all(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error)
      return fail(ErrorCode::file_unwritable,
                  fmt::format("cannot remove {}: {}", path, reason_of(error.value())));
    return {};
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_os_file_system() { return std::make_unique<OsFileSystem>(); }

}  // namespace muster
