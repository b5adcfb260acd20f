#include "cli/results_file.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "evidence/bundle.h"
#include "evidence/sums.h"
#include "reports/json/results.h"

namespace muster::cli {

Result<ResultsFile> load_results(const Environment& environment, const std::string& run) {
  constexpr std::uint64_t kLargest = std::uint64_t{8} << 30;
  const FileSystem& files = environment.files;
  ResultsFile out;
  const bool is_folder = files.kind(run) == FileKind::folder;
  out.path = is_folder ? join_path(run, "results.json") : run;
  out.folder = is_folder ? run : parent_path(run);
  if (files.kind(out.path) == FileKind::none)
    return fail(ErrorCode::file_not_found, fmt::format("there is no {}", out.path), {},
                "a run's folder is made by `muster check --out DIR`");
  const auto text = files.read_file(out.path, kLargest);
  if (!text) return tl::unexpected(text.error());
  out.sha256 = sha256_hex(*text);
  const std::string sums_path = join_path(out.folder, evidence::kSumsFile);
  if (files.kind(sums_path) != FileKind::none) {
    const auto sums_text = files.read_file(sums_path);
    if (!sums_text) return tl::unexpected(sums_text.error());
    const auto sums = evidence::parse_sums(*sums_text, sums_path);
    if (!sums) return tl::unexpected(sums.error());
    const auto listed = sums->find(file_name(out.path));
    if (listed == sums->end() || listed->second != out.sha256)
      return fail(ErrorCode::evidence_input,
                  fmt::format("{} is not the file that {} lists", out.path, sums_path), {},
                  "it was changed after the run; run `muster check` again");
  }
  auto parsed = reports::parse_results(*text, out.path);
  if (!parsed) return tl::unexpected(parsed.error());
  out.run = std::move(*parsed);
  return out;
}

}  // namespace muster::cli
