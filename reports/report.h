// Reports: a Run as bytes. One folder per format with a writer `render_<format>`; the table of formats is made from the folders. A report reads the Run and nothing else,
// and is deterministic.
#pragma once

#include <functional>
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
  std::size_t junit_shard = 5000;   // cases per file
  bool with_timings = false;        // then `times` is used
  const RunTimes* times = nullptr;
  bool colour = false;              // text
  bool quiet = false, verbose = false;  // text
  std::size_t width = 100;          // text
  std::string evidence;             // where populations/ are, as shown in reports; empty: none
};

/// A rendered file. Most formats give one; junit may give several (path is then "<stem>-001.xml").
struct Rendered {
  std::string suffix;  // "" for the first or only file, else "-002"
  std::string bytes;
};

struct Format {
  std::string_view name;         // "junit"
  std::string_view file_name;    // default inside --out: "junit.xml"
  std::string_view description;  // one line for --help
  /// Hands over each file, in order, as soon as it is ready (so that a large report is never held twice).
  void (*render)(const Run& run, const ReportOptions& options, const std::function<void(Rendered&&)>& emit);
};

/// All formats, sorted by name: json, junit, junit-strict, text.
[[nodiscard]] std::span<const Format> formats();
[[nodiscard]] const Format* find_format(std::string_view name);

/// Writes one report to a path (atomically; shards get "-001" before the extension). Returns the paths written.
[[nodiscard]] Result<std::vector<std::string>> write_report(FileSystem& files, const Format& format, const Run& run, const ReportOptions& options, const std::string& path);

/// The folder of `check --out`: results.json, junit.xml, populations/<rule>.csv, SHA256SUMS, and the reports named. Returns the paths written, relative to `folder`.
[[nodiscard]] Result<std::vector<std::string>> write_output_folder(FileSystem& files, const Run& run, const RunTimes& times, const ReportOptions& options, const std::string& folder);

}  // namespace muster::reports
