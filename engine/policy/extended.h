// A policy with the files that it extends, for whoever records what a run was made of. Everybody else takes
// load_policy() of policy.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "model/settings.h"

namespace muster::policy {

/// A policy file that another one extends.
struct PolicySource {
  std::string file, sha256;
  std::uint64_t bytes = 0;
};

/// As load_policy(); the files that the policy extends are appended to `bases`, the farthest first. Their
/// entries are among the policy's.
[[nodiscard]] std::optional<Policy> load_extended_policy(const FileSystem& files,
                                                         const std::string& name_or_path,
                                                         const std::string& shown_path, Diagnostics& problems,
                                                         std::vector<PolicySource>& bases);

}  // namespace muster::policy
