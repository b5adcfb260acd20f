// What is asked for: an endpoint's path and query, for a parent and a cursor.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collect/collect.h"

namespace muster::collect {

/// What a list belongs to: a row collected before, a day, or nothing.
struct ParentRow {
  std::string id, organization_id;
  bool is_spare = false;  // archived, or the default workspace: 400 and 404 mean that it has no list
};

/// `{workspace_id}` of a path is the member of the row's origin that names the parent; empty when it has
/// none.
[[nodiscard]] std::string_view parent_member(Parent parent);
/// The dataset whose rows are the parents.
[[nodiscard]] std::optional<snapshot::Dataset> parent_dataset(Parent parent);
[[nodiscard]] std::string path_of(const Endpoint& endpoint, const ParentRow& parent);
/// The query of the first page.
[[nodiscard]] std::string query_of(const Endpoint& endpoint, const ParentRow& parent, const Window& window);
/// The query of the page at a cursor.
[[nodiscard]] std::string with_cursor(const Endpoint& endpoint, const std::string& query,
                                      const std::optional<std::string>& cursor);

}  // namespace muster::collect
