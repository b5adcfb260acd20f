// Reports: a Run as bytes. A report reads the Run and nothing else, never evaluates, and is deterministic:
// equal runs and options give equal bytes, whatever the machine, zone or locale (RunTimes are used only where
// the options say so). Everything that a tenant can name (labels, reasons, ids) is hostile until made
// visible. One folder per family; one `<name>.format.cpp` per format defines `<name>_format()`, and CMake
// makes the table from those files. All functions are safe to call from several threads on the same Run.
//
//   const Format* junit = reports::find_format("junit");
//   auto written = reports::write_report(files, *junit, run, options, "out/junit.xml");
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "model/run.h"

namespace muster::reports {

enum class JunitCases : std::uint8_t { rule, subject };

struct ReportOptions {
  JunitCases junit_cases = JunitCases::rule;
  std::size_t junit_shard = 5000;       // cases per file
  bool with_timings = false;            // then `times` is used
  const RunTimes* times = nullptr;      // not owned
  bool colour = false;                  // text: ANSI colours
  bool quiet = false, verbose = false;  // text: one line; everything. quiet wins
  std::size_t width = 100;              // text: columns
  unsigned jobs = 1;                    // threads of write_output_folder; the bytes do not depend on it
  /// The folder that holds populations/, as a reader of the report should see it ("." beside it); empty:
  /// there is none.
  std::string evidence;
};

/// Where a format puts its bytes, file by file, in pieces of any size. A format calls begin_file() before the
/// first write() and before each further file.
class Output {
 public:
  virtual ~Output() = default;
  /// `suffix` goes between stem and extension: "" for an only file, "-001", "-002" … for shards.
  virtual void begin_file(std::string_view suffix) = 0;
  virtual void write(std::string_view bytes) = 0;
};

struct Format {
  std::string_view name;         // "junit"
  std::string_view file_name;    // default name of its file: "junit.xml"
  std::string_view description;  // one line for --help
  void (*render)(const Run& run, const ReportOptions& options, Output& out) = nullptr;
};

/// All formats, sorted by name.
[[nodiscard]] std::span<const Format> formats();
/// nullptr when there is none of that name.
[[nodiscard]] const Format* find_format(std::string_view name);

/// A rendered file, whole: for small reports (a terminal) and tests.
struct Rendered {
  std::string suffix;
  std::string bytes;
};
[[nodiscard]] std::vector<Rendered> render_all(const Format& format, const Run& run,
                                               const ReportOptions& options);

/// Writes one report to `path`, its folder is made when missing. All its files appear whole, or none and the
/// old ones stay; shards get "-001" before the extension, and shards that an earlier run with more cases left
/// behind `path` are removed (a CI system would read them). A pipe or a device is written to as it is, unless
/// the report has several files. Returns the paths written. Error: file_unwritable.
[[nodiscard]] Result<std::vector<std::string>> write_report(FileSystem& files, const Format& format,
                                                            const Run& run, const ReportOptions& options,
                                                            const std::string& path);

/// Fills the folder of `check --out`: results.json, junit.xml (or its shards), populations/<as>.csv (every
/// subject of the rule with its verdict), run.json (what may differ between two runs on the same inputs) and
/// SHA256SUMS over all of them. Everything is rendered beside the folder's files first and then renamed into
/// place, SHA256SUMS last, so a failure leaves the old files; files that the old SHA256SUMS lists and the new
/// one does not are removed, others are not touched. `options.evidence` is set to the folder itself. Returns
/// the paths written, relative to `folder`, sorted. Error: file_unwritable.
[[nodiscard]] Result<std::vector<std::string>> write_output_folder(FileSystem& files, const Run& run,
                                                                   const RunTimes& times,
                                                                   const ReportOptions& options,
                                                                   const std::string& folder);

/// File names below populations/, by Run::rules: the entry's name made safe for every file system and unique
/// ("keys.max_age.csv").
[[nodiscard]] std::vector<std::string> population_files(const Run& run);

}  // namespace muster::reports
