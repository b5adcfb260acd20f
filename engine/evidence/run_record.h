// run.json: how a run came about, and in a bundle also where each of its inputs stands. Read strictly,
// written canonically. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/run.h"

namespace muster::evidence {

/// What a bundle holds of the organization's data.
enum class Profile : std::uint8_t { full, auditor, pseudonymous };
inline constexpr Profile kProfiles[] = {Profile::full, Profile::auditor, Profile::pseudonymous};
[[nodiscard]] std::string_view word_of(Profile profile);

/// An input of the run: the path with which it was opened, and its place in the bundle.
struct BundledInput {
  std::string path;
  std::string file;  // empty: left out by choice, the digest only
  std::string sha256;
  std::uint64_t bytes = 0;
};

struct RunRecord {
  std::string run_id, tool_version;
  Instant checked_at, as_of;
  RunOrigin origin;         // `files` is empty in a bundle: `inputs` has them
  bool is_bundled = false;  // the rest is set in bundles only
  Profile profile = Profile::full;
  std::string retain_until;              // YYYY-MM-DD, or empty
  std::string previous_bundle_sha256;    // of the previous bundle's SHA256SUMS, or empty
  std::vector<std::string> beside_sums;  // the files beside SHA256SUMS: signatures, the time stamp
  std::vector<BundledInput> inputs;      // sorted by path, those of the snapshot included
};

/// Of a run's folder or of a bundle. Errors: evidence_file.
[[nodiscard]] Result<RunRecord> parse_run_record(std::string_view text, const std::string& file);
/// The run.json of a bundle.
[[nodiscard]] std::string render_run_record(const RunRecord& record);

}  // namespace muster::evidence
