// The results of a run that is over: a folder of `check --out` or of `report merge`, or a results.json alone.
#pragma once

#include <string>

#include "cli/environment.h"
#include "model/run.h"

namespace muster::cli {

struct ResultsFile {
  std::string path;    // of results.json, as it can be opened
  std::string folder;  // that it lies in
  std::string sha256;
  Run run;
};

/// Reads and checks it. A SHA256SUMS beside it must list it with its digest. Errors: evidence_input when it
/// does not, evidence_file for a malformed SHA256SUMS, results_format, file_not_found, those of reading.
[[nodiscard]] Result<ResultsFile> load_results(const Environment& environment, const std::string& run);

}  // namespace muster::cli
