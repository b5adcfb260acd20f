// Loading only the rules that a run needs: reading each of the many shipped ones costs more than a small run does.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rule/rule.h"

namespace muster::rule {

/// As load_rules, but shipped rules whose id is not wanted are left out. The user's own are all loaded, so that each of their problems is said, and an id
/// that is there twice is an error all the same. When a wanted id is nowhere, nothing is left out: what was meant is looked for among all names.
[[nodiscard]] RuleSet load_selected(const FileSystem& files, const std::vector<RuleFolder>& folders, const std::optional<std::set<std::string>>& wanted,
                                    Diagnostics& problems);

}  // namespace muster::rule
