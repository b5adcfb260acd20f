// Which lists an endpoint has: one, or one for each row of a dataset that was collected before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collect/data_files.h"
#include "collect/target.h"
#include "collect/unit.h"

namespace muster::collect {

/// The parents, in the order of their rows; `from` is what those rows do not say of their origin. Error
/// file_unreadable.
[[nodiscard]] Result<std::vector<ParentRow>> parents_of(const Unit& unit, const DataFiles& data,
                                                        const Window& window, const snapshot::Source& from);
/// Children of a list that is not whole cannot be whole: why.
[[nodiscard]] std::optional<std::string> parents_incomplete(const Unit& unit, const std::vector<Unit>& units);
/// Whether what decides about the unit's lists is done: its parents, and the view that may make it needless.
[[nodiscard]] bool is_ready(const Unit& unit, const std::vector<Unit>& units);
/// The Compliance API's view of groups and roles is for those whose Admin key cannot read them.
[[nodiscard]] bool is_covered(const Unit& unit, const std::vector<Unit>& units);

}  // namespace muster::collect
