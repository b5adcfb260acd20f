// Several organizations' runs as one, for a report on all of them. Nothing is evaluated: every entry keeps
// its verdicts, and the subjects of the other organizations are not applicable to it. Whatever has a name
// gets its organization's before it ("northwind/access", "northwind/user_01A"), so nothing of two
// organizations is ever taken for one. Pure; the order of the parts does not matter.
//
//   Result<Run> all = reports::merge_runs(std::move(parts), {.tool_version = version()});
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/run.h"

namespace muster::reports {

struct MergePart {
  std::string name;    // of the file, for errors
  std::string sha256;  // of its results.json
  Run run;
};
struct MergeOptions {
  std::string tool_version;
  bool with_what_ifs = false;
};

/// Its id is the digest of the parts' digests, its exit code says what any part's says, as_of is the
/// earliest. Error evidence_unfit: fewer than two parts, an organization twice or without a name, a part that
/// is a what-if (unless wanted) or itself merged, different gates, only some with a baseline. Different as_of
/// and different versions of muster are fine; notices say each part's. Controls are rolled up over all parts,
/// and without attestations, which speak for one organization.
[[nodiscard]] Result<Run> merge_runs(std::vector<MergePart> parts, const MergeOptions& options);

/// Whether the run was merged: it has no snapshot of its own that could be bundled or replayed.
[[nodiscard]] bool is_merged(const Run& run);

}  // namespace muster::reports
