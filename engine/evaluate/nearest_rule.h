// What a name or glob of rules that fits nothing was meant to be.
#pragma once

#include <string>
#include <vector>

namespace muster::evaluate {

/// The nearest of the names ("keys.no_expiri" → "keys.no_expiry"). Of a glob, the one of the nearest family
/// that fits some name ("kyes.*" → "keys.*"). A word without a family may be a family or the rest of a name
/// ("no_expiry" → "keys.no_expiry"). Empty when nothing is near enough to be a likely slip.
[[nodiscard]] std::string nearest_rule(const std::string& glob, const std::vector<std::string>& names);

}  // namespace muster::evaluate
