// Source: where a record was asked for. A line of a dataset says it in its `from`, or leaves it to the
// manifest's row of the dataset.
#pragma once

#include <compare>
#include <string>

namespace muster::snapshot {

/// Two records of one key are duplicates when this is equal, views of one thing otherwise. Empty: not said.
struct Source {
  std::string provider, organization_id;
  friend auto operator<=>(const Source&, const Source&) = default;
};

}  // namespace muster::snapshot
