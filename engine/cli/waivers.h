// What the waiver commands share: the waivers of a project, judged on its snapshot as `muster check` judges
// them, and a waiver file with one more in it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "evaluate/check.h"
#include "model/run.h"

namespace muster::cli {

struct JudgedWaivers {
  std::vector<Waiver> waivers;  // in file order, as in run.waivers
  Run run;
};
/// A command about the waivers as they are judged: what to read, as of when, and then its own part. An input
/// that is wrong, also a config without a waiver file, is reported before that.
class WaiverCommand : public Command {
 public:
  void declare(Arguments& arguments) final;
  ExitCode run(Environment& environment) final;

 private:
  virtual void declare_own(Arguments& arguments) = 0;
  [[nodiscard]] virtual ExitCode show(Environment& environment, const JudgedWaivers& judged) = 0;

  Inputs inputs_;
  TimeWish as_of_;
};

/// False with the problem reported.
bool has_waiver_file(const Config& config, Diagnostics& problems);

/// "id: apikey_01, apikey_02".
[[nodiscard]] std::string describe_subject(const ScopeTerm& subject);
/// Whether a failure that it would excuse may hide behind a rule that was not decided.
[[nodiscard]] bool is_undecided(const WaiverResult& waiver);

/// "W-18" after W-17: the name of the last one, with the next number that is free.
[[nodiscard]] std::string next_waiver_id(const std::vector<Waiver>& waivers);
/// The text with the waiver behind all others, in the file's own indentation; nothing else of it changes.
[[nodiscard]] std::string with_waiver(const std::string& text, const std::vector<Waiver>& present,
                                      const Waiver& added);
/// Whether they say the same, wherever they stand.
[[nodiscard]] bool is_same_waiver(const Waiver& a, const Waiver& b);

/// The files, but one of them with another text.
class ChangedFile final : public FileSystem {
 public:
  /// `files` outlives this.
  ChangedFile(FileSystem& files, std::string path, std::string text);
  [[nodiscard]] Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path) const override;
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> create(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) const override;
  [[nodiscard]] FileKind kind(const std::string& path) const override;
  [[nodiscard]] Status make_folders(const std::string& folder) override;
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Status remove_all(const std::string& path) override;
  [[nodiscard]] std::span<const EmbeddedFile> shipped() const override { return files_.shipped(); }

 private:
  FileSystem& files_;
  std::string path_;
  MemoryFileSystem changed_;
};

}  // namespace muster::cli
