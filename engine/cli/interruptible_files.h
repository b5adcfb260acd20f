// Files that end with the error `interrupted` as soon as the user wants to stop, so that a run stops between
// two pieces of input or output and every writer takes its unfinished file away by itself. Thread-safe as the
// file system behind it.
#pragma once

#include <atomic>

#include "base/file_system.h"

namespace muster::cli {

class InterruptibleFiles final : public FileSystem {
 public:
  /// Both outlive this.
  InterruptibleFiles(FileSystem& files, const std::atomic<bool>& is_interrupted)
      : files_(files), is_interrupted_(is_interrupted) {}
  [[nodiscard]] Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path) const override;
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> create(const std::string& path) override;
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> create_secret(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) const override;
  [[nodiscard]] FileKind kind(const std::string& path) const override;
  [[nodiscard]] Status make_folders(const std::string& folder) override;
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] std::span<const EmbeddedFile> shipped() const override { return files_.shipped(); }
  /// Never refused: it is how an interrupted writer cleans up.
  [[nodiscard]] Status remove_all(const std::string& path) override;

 private:
  FileSystem& files_;
  const std::atomic<bool>& is_interrupted_;
};

}  // namespace muster::cli
