#include "collect/parents.h"

#include <algorithm>

#include <fmt/format.h>

namespace muster::collect {

using snapshot::Dataset;
using snapshot::DatasetStatus;

namespace {

bool may_be_covered(const Unit& unit) {
  const Dataset dataset = unit.endpoint.dataset;
  return unit.endpoint.provider == Provider::compliance &&
         (dataset == Dataset::groups || dataset == Dataset::group_members || dataset == Dataset::roles ||
          dataset == Dataset::role_permissions);
}

bool is_admin_view_of(const Unit& other, Dataset dataset) {
  return other.endpoint.dataset == dataset && other.endpoint.provider == Provider::admin;
}

bool is_parent_of(const Unit& other, const Unit& unit) {
  return other.endpoint.dataset == parent_dataset(unit.endpoint.parent) &&
         other.endpoint.provider == unit.endpoint.provider;
}

}  // namespace

Result<std::vector<ParentRow>> parents_of(const Unit& unit, const DataFiles& data, const Window& window,
                                          const snapshot::Source& from) {
  const Parent kind = unit.endpoint.parent;
  if (kind == Parent::none) return std::vector<ParentRow>(1);
  std::vector<ParentRow> parents;
  if (kind == Parent::days) {
    for (Date day = date_of(window.from); start_of(day) < window.to; day = plus_days(day, 1))
      parents.push_back({format_date(day), {}, false});
    return parents;
  }
  const Dataset dataset = *parent_dataset(kind);
  const auto provider = word_of(unit.endpoint.provider);
  const bool is_organization = dataset == Dataset::organizations;
  enum Path : std::size_t { kProvider, kOrganization, kId, kName, kArchived };
  const std::vector<std::string_view> paths = {"from.provider", "from.organization_id",
                                               is_organization ? "object.uuid" : "object.id", "object.name",
                                               "object.archived_at"};
  std::vector<std::size_t> defaults;  // what is called as the default workspace is
  auto status = data.each_line(dataset, 0, data.bytes(dataset), paths, [&](const snapshot::RowReader& line) {
    const auto text = [&](Path path) { return std::string(line.text(path).value_or("")); };
    if (line.text(kProvider).value_or(from.provider) != provider) return true;
    const bool is_archived = line.text(kArchived).has_value();
    if (is_archived && kind == Parent::live_workspaces) return true;
    ParentRow parent{text(kId), std::string(line.text(kOrganization).value_or(from.organization_id)),
                     is_archived};
    if (!is_archived && dataset == Dataset::workspaces && text(kName) == "Default")
      defaults.push_back(parents.size());
    if (is_organization) parent.organization_id = parent.id;
    parents.push_back(std::move(parent));
    return true;
  });
  if (!status) return tl::unexpected(status.error());
  // Of several with that name nobody knows which is the default: then the list of each must be there.
  if (defaults.size() == 1) parents[defaults.front()].is_spare = true;
  return parents;
}

std::optional<std::string> parents_incomplete(const Unit& unit, const std::vector<Unit>& units) {
  const auto dataset = parent_dataset(unit.endpoint.parent);
  if (!dataset) return std::nullopt;
  bool is_asked = false;
  for (const Unit& other : units) {
    if (!is_parent_of(other, unit) || other.is_skipped) continue;
    is_asked = true;
    if (other.status != DatasetStatus::complete)
      return fmt::format("the list of {} is {}", snapshot::spec_of(*dataset).name,
                         snapshot::word_of(other.status));
  }
  if (is_asked) return std::nullopt;
  return fmt::format("{} were not collected", snapshot::spec_of(*dataset).name);
}

bool is_ready(const Unit& unit, const std::vector<Unit>& units) {
  return std::ranges::all_of(units, [&](const Unit& other) {
    return other.is_done || !(is_parent_of(other, unit) ||
                              (may_be_covered(unit) && is_admin_view_of(other, unit.endpoint.dataset)));
  });
}

bool is_covered(const Unit& unit, const std::vector<Unit>& units) {
  return may_be_covered(unit) && std::ranges::any_of(units, [&](const Unit& other) {
           return is_admin_view_of(other, unit.endpoint.dataset) && other.is_done && !other.is_skipped &&
                  (other.status == DatasetStatus::complete || other.rows > 0);
         });
}

}  // namespace muster::collect
