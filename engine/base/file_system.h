// FileSystem: every touch of the disk goes through this interface, so that tests run on a MemoryFileSystem
// and faults (full disk, denied folder) can be played. Paths are UTF-8 strings with '/'. Writers are atomic:
// the file appears whole under its name on commit, or not at all. A FileSystem is safe to use from several
// threads at once; the objects that it hands out are not, except RandomAccessFile::read_at.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded.h"
#include "base/result.h"

namespace muster {

class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Reads up to out.size() bytes at `offset`; returns how many (0 at the end). Thread-safe.
  [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const = 0;
};

/// Bytes on their way to a file. Buffered; errors are remembered and reported by commit(). Without commit()
/// nothing appears.
class FileWriter {
 public:
  virtual ~FileWriter() = default;
  virtual void write(std::string_view bytes) = 0;
  /// Flushes to the device and renames into place. Error file_unwritable otherwise, and nothing is left
  /// behind.
  [[nodiscard]] virtual Status commit() = 0;
};

enum class FileKind : std::uint8_t { none, file, folder, other };

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path) const = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<FileWriter>> create(const std::string& path) = 0;
  /// As create, of a file that nobody but its owner may read, from its first byte on.
  [[nodiscard]] virtual Result<std::unique_ptr<FileWriter>> create_secret(const std::string& path) { return create(path); }
  /// Names (not paths) of the entries of a folder, sorted bytewise.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& folder) const = 0;
  [[nodiscard]] virtual FileKind kind(const std::string& path) const = 0;
  /// Makes the folder and its parents; fine when it is there.
  [[nodiscard]] virtual Status make_folders(const std::string& folder) = 0;
  /// Renames a file or folder; replaces a file, refuses a folder that is not empty.
  [[nodiscard]] virtual Status rename(const std::string& from, const std::string& to) = 0;
  /// Removes a file, or a folder with all it holds; fine when there is none.
  [[nodiscard]] virtual Status remove_all(const std::string& path) = 0;

  /// The rules, policies and schemas that ship with the program. Others only where a run is performed again with those that it had.
  [[nodiscard]] virtual std::span<const EmbeddedFile> shipped() const { return embedded_files(); }

  /// The whole file; file_too_large above `max_bytes`.
  [[nodiscard]] Result<std::string> read_file(const std::string& path,
                                              std::uint64_t max_bytes = 64u << 20) const;
  [[nodiscard]] Status write_file(const std::string& path, std::string_view bytes);
};

/// The machine's disk. commit() does fsync, then rename; a replaced file keeps its mode, a symbolic link stays
/// one. A pipe is read whole at open, and a pipe or device is written in place (`--report text=/dev/stdout`).
[[nodiscard]] std::unique_ptr<FileSystem> make_os_file_system();

/// Files in memory, for tests. `fail_writes_after(n)` plays a full disk after n bytes; `deny(path)` makes a
/// path unreadable and unwritable.
class MemoryFileSystem final : public FileSystem {
 public:
  MemoryFileSystem() = default;
  /// Adds a file and its folders.
  void add(const std::string& path, std::string bytes);
  void fail_writes_after(std::uint64_t bytes);
  void deny(const std::string& path);
  /// Every path of a file that is there now, sorted (also temporary ones, so that tests see what is left
  /// behind).
  [[nodiscard]] std::vector<std::string> paths() const;

  [[nodiscard]] Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path) const override;
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> create(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) const override;
  [[nodiscard]] FileKind kind(const std::string& path) const override;
  [[nodiscard]] Status make_folders(const std::string& folder) override;
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Status remove_all(const std::string& path) override;

 private:
  friend class MemoryWriter;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const std::string>> files_;
  std::map<std::string, bool> folders_;
  std::map<std::string, bool> denied_;
  std::uint64_t room_ = UINT64_MAX;
};

/// "a/b" + "c" → "a/b/c"; an absolute second part stands alone; "." and ".." are resolved lexically
/// ("a/./b/../c" → "a/c").
[[nodiscard]] std::string join_path(std::string_view folder, std::string_view name);
[[nodiscard]] std::string parent_path(std::string_view path);  // "a/b" → "a"; "b" → "."; "/" → "/"
[[nodiscard]] std::string file_name(std::string_view path);    // "a/b.c" → "b.c"
/// `path` as seen from `base` (both made lexically normal); used for paths in reports, so that they do not
/// depend on the machine.
[[nodiscard]] std::string relative_path(std::string_view path, std::string_view base);

}  // namespace muster
