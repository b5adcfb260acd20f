// How a run came about: which files it read, with which arguments, who or what started it. Recorded in
// run.json, so that a bundle can be made of the run and the run performed again.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "cli/environment.h"
#include "model/run.h"
#include "model/settings.h"

namespace muster::cli {

/// Files that remember which of them were opened. Thread-safe as the file system behind it.
class RecordingFiles final : public FileSystem {
 public:
  explicit RecordingFiles(FileSystem& files) : files_(files) {}
  [[nodiscard]] Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path) const override;
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> create(const std::string& path) override {
    return files_.create(path);
  }
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> create_secret(const std::string& path) override {
    return files_.create_secret(path);
  }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) const override {
    return files_.list(folder);
  }
  [[nodiscard]] FileKind kind(const std::string& path) const override { return files_.kind(path); }
  [[nodiscard]] Status make_folders(const std::string& folder) override {
    return files_.make_folders(folder);
  }
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  [[nodiscard]] Status remove_all(const std::string& path) override { return files_.remove_all(path); }
  [[nodiscard]] std::span<const EmbeddedFile> shipped() const override { return files_.shipped(); }
  /// Paths of the files that were opened, as they were written.
  [[nodiscard]] std::set<std::string> opened() const;

 private:
  FileSystem& files_;
  mutable std::mutex mutex_;
  mutable std::set<std::string> opened_;
};

/// The record of a run that read `opened`. `arguments` are those that can change the results; `out` is the
/// folder of its run.json. Errors: those of reading the files again.
[[nodiscard]] Result<RunOrigin> describe_origin(const Environment& environment,
                                                const std::set<std::string>& opened,
                                                const std::vector<std::string>& arguments,
                                                const Config& config, const Run& run, const std::string& out);

/// SHA-256 of a file of any size, and its size.
[[nodiscard]] Result<UsedFile> digest_file(const FileSystem& files, const std::string& path);

}  // namespace muster::cli
