// A run with pseudonyms: its inputs rewritten, `muster check` performed on them, and the verdicts compared
// with those of the run. What comes out is a run of its own that can be bundled and replayed like any other.
#pragma once

#include <set>
#include <string>

#include "cli/bundling.h"
#include "evidence/pseudonyms.h"

namespace muster::cli {

struct PrivacyRequest {
  evidence::Profile profile = evidence::Profile::full;
  std::string secret;  // the key's bytes
  std::set<evidence::Kept> keep;
  std::set<std::string> fields;  // "users.email", "roster.department": single fields that stay
};

/// Writes the rewritten inputs below `folder`, which the caller takes away afterwards. Errors:
/// evidence_privacy when a verdict would change or a known name, address or id would remain, naming the rule
/// or file; evidence_input when an input is not what the run read; those of reading and writing.
[[nodiscard]] Result<RunFolder> make_private(Environment& environment, const RunFolder& run,
                                             const PrivacyRequest& request, const std::string& folder);

}  // namespace muster::cli
