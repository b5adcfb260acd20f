// Files that grow while a long piece of work goes on, and are still there when the program is killed: what a
// resumable collection writes. Unlike a FileWriter's, their bytes are in place at once. On the machine's disk
// only. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster {

class AppendFile {
 public:
  /// Makes the file, or cuts an existing one to `keep` bytes (error file_unreadable when it has fewer).
  [[nodiscard]] static Result<AppendFile> open(const std::string& path, std::uint64_t keep);
  AppendFile(AppendFile&&) noexcept;
  AppendFile& operator=(AppendFile&&) noexcept;
  ~AppendFile();
  /// The bytes are with the operating system when it returns. Error file_unwritable (a full disk).
  [[nodiscard]] Status append(std::string_view bytes);
  /// Brings everything to the device.
  [[nodiscard]] Status sync();
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  AppendFile(int descriptor, std::string path, std::uint64_t size)
      : descriptor_(descriptor), path_(std::move(path)), size_(size) {}
  int descriptor_ = -1;
  std::string path_;
  std::uint64_t size_ = 0;
};

/// A folder that one process at a time works in; freed when the object or the process goes. While it is held
/// there is a file `.muster.lock` in the folder; what a killed process left of it holds nobody up.
class FolderLock {
 public:
  static constexpr const char* kFile = ".muster.lock";

  /// `command` is who may hold it, for the error. A folder that `was_made` for this goes again when it is
  /// still empty in the end. Error file_unwritable, at once, when another process holds it.
  [[nodiscard]] static Result<FolderLock> take(const std::string& folder, std::string_view command,
                                               bool was_made = false);
  FolderLock(FolderLock&&) noexcept;
  FolderLock& operator=(FolderLock&&) noexcept;
  ~FolderLock();

 private:
  FolderLock(int descriptor, std::string folder, bool was_made)
      : descriptor_(descriptor), folder_(std::move(folder)), was_made_(was_made) {}
  int descriptor_ = -1;
  std::string folder_;
  bool was_made_ = false;
};

}  // namespace muster
