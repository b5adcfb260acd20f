// What the manifest says of a dataset, from what became of the units that it was asked of.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "collect/unit.h"

namespace muster::collect {

/// Status, reason, pages, warnings and parents; rows and bytes are the caller's. `warnings` are added to
/// every dataset that was asked for.
[[nodiscard]] snapshot::DatasetManifest row_of(snapshot::Dataset dataset, const std::vector<Unit>& units,
                                               const std::set<std::string>& warnings);
/// What was asked for, where a dataset is of a span of time; else empty.
[[nodiscard]] std::string filters_of(snapshot::Dataset dataset, const Window& window);

}  // namespace muster::collect
