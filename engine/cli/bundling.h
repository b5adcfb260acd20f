// Making a bundle of a run's folder: the options of it, which `bundle` and `check --bundle` share, and the
// composition of reports, inputs and evidence.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/signing.h"
#include "evidence/bundle.h"
#include "evidence/pseudonyms.h"
#include "evidence/run_record.h"
#include "model/run.h"

namespace muster::cli {

/// A folder of `check --out`, checked against its SHA256SUMS.
struct RunFolder {
  std::string path;
  evidence::RunRecord record;
  Run run;
  std::vector<evidence::Part> parts;  // its files but run.json
};
/// Errors: evidence_input when a file was changed since the run, results_format, those of reading.
[[nodiscard]] Result<RunFolder> load_run_folder(const Environment& environment, const std::string& path);

/// Where a run's relative paths are relative to, seen from here.
[[nodiscard]] std::string working_folder_of(const RunFolder& run);

/// The places that the run's inputs get in a bundle, in the record's order: parts, and the record's rows.
struct PlacedInputs {
  std::vector<evidence::Part> parts;
  std::vector<evidence::BundledInput> rows;
};
[[nodiscard]] PlacedInputs place_inputs(const RunFolder& run, bool with_roster);
/// The shipped rules and policies, as rules/builtin/… and policies/builtin/….
[[nodiscard]] std::vector<evidence::Part> shipped_parts();
/// Every report that can be rendered of the run and is not among its folder's files.
[[nodiscard]] std::vector<evidence::Part> report_parts(const Run& run,
                                                       const std::vector<evidence::Part>& there);

class Bundling {
 public:
  void declare(Arguments& arguments);
  /// The names of the options that declare() adds; none of them changes a run's results.
  [[nodiscard]] static const std::vector<std::string_view>& option_names();
  /// What is wrong with the options before anything is done; and whether any was given.
  [[nodiscard]] Status check() const;
  [[nodiscard]] bool is_given() const;
  /// Makes the bundle `path` and says so on the console. Returns the command's exit code.
  [[nodiscard]] ExitCode make(Environment& environment, const RunFolder& run, const std::string& path) const;

 private:
  [[nodiscard]] Result<evidence::BundleMade> write(Environment& environment, const RunFolder& run,
                                                   const std::string& path,
                                                   const evidence::Signer* signer) const;
  /// The day of the option, or what the run's config says; empty: neither.
  [[nodiscard]] Result<std::string> retain_until(const FileSystem& files, const RunFolder& run) const;
  Signing signing_;
  std::string signer_name_ = "evidence";
  [[nodiscard]] ExitCode make_with_pseudonyms(Environment& environment, const RunFolder& run,
                                              const std::string& path) const;
  [[nodiscard]] ExitCode pack(Environment& environment, const RunFolder& run, const std::string& path) const;
  evidence::Profile profile_ = evidence::Profile::full;
  std::optional<std::string> privacy_key_;
  std::set<evidence::Kept> keep_;
  std::set<std::string> keep_fields_;
  [[nodiscard]] bool has_kept() const { return !keep_.empty() || !keep_fields_.empty(); }
  std::optional<std::string> previous_, retain_until_, timestamp_url_, timestamp_ca_, timestamp_request_,
      timestamp_file_;
  bool without_snapshot_ = false, without_roster_ = false, with_minisign_ = false, with_statement_ = false;
};

}  // namespace muster::cli
