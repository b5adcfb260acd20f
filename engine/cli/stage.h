// A stage: files as a run found them, at the paths with which it opened them, wherever their bytes are now;
// what is written stays in memory. On it `muster check` is performed again, with the run's arguments, clock,
// rules and policies.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "cli/environment.h"
#include "evidence/run_record.h"

namespace muster::cli {

class Stage final : public FileSystem {
 public:
  /// `disk` outlives this. `working_folder` is what relative paths are relative to; empty: a place of its
  /// own.
  explicit Stage(const FileSystem& disk, std::string working_folder = {});

  /// A file of the disk, or a text, at `path`.
  void put(const std::string& path, const std::string& on_disk);
  void put_text(const std::string& path, std::string text);
  /// Takes the place of what ships with the program. Names as there: "rules/keys/max_age.lua".
  void put_shipped(std::map<std::string, std::string> files);
  [[nodiscard]] const std::string& working_folder() const { return working_folder_; }

  [[nodiscard]] Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path) const override;
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> create(const std::string& path) override {
    return written_.create(at(path));
  }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) const override;
  [[nodiscard]] FileKind kind(const std::string& path) const override;
  [[nodiscard]] Status make_folders(const std::string& folder) override {
    return written_.make_folders(at(folder));
  }
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override {
    return written_.rename(at(from), at(to));
  }
  [[nodiscard]] Status remove_all(const std::string& path) override { return written_.remove_all(at(path)); }
  [[nodiscard]] std::span<const EmbeddedFile> shipped() const override { return shipped_; }

 private:
  [[nodiscard]] std::string at(const std::string& path) const { return join_path(working_folder_, path); }
  const FileSystem& disk_;
  std::string working_folder_;
  std::map<std::string, std::string> places_;  // where → where on disk
  MemoryFileSystem written_;
  std::map<std::string, std::string> shipped_texts_;
  std::vector<EmbeddedFile> shipped_;
};

/// `muster check` once more.
struct Performance {
  ExitCode code = ExitCode::internal;
  std::string errors;  // what it printed when it could not run
  std::string folder;  // of its output on the stage
};
/// Performs a recorded run on a stage; its output folder is on the stage, too.
[[nodiscard]] Performance perform_again(Stage& stage, const evidence::RunRecord& record,
                                        const Environment& environment);

/// The stage of an unpacked bundle. Inputs that it holds by digest only are taken from `inputs`, the folder
/// that the run's paths are relative to, when there is one. Errors: evidence_unfit when an input was left out
/// and there is none, evidence_input when it has another digest; the message names it.
[[nodiscard]] Status set_stage(Stage& stage, const FileSystem& files, const std::string& bundle,
                               const evidence::RunRecord& record, const std::optional<std::string>& inputs);

}  // namespace muster::cli
