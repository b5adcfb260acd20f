#include "collect/manifest_row.h"

#include <algorithm>

#include <fmt/format.h>

namespace muster::collect {

using snapshot::Dataset;
using snapshot::DatasetStatus;

namespace {

/// Two whole lists of the same people that differ in length: somebody came or went between them, or one holds
/// less.
void warn_of_difference(const std::vector<Unit>& units, snapshot::DatasetManifest& row) {
  const Unit* first = nullptr;
  for (const Unit& unit : units) {
    if (unit.endpoint.dataset != Dataset::users || unit.is_skipped || unit.status != DatasetStatus::complete)
      continue;
    if (first != nullptr && first->rows != unit.rows)
      row.warnings.push_back(fmt::format("{} lists {} users, {} {}", first->endpoint.name, first->rows,
                                         unit.endpoint.name, unit.rows));
    first = &unit;
  }
}

}  // namespace

snapshot::DatasetManifest row_of(Dataset dataset, const std::vector<Unit>& units,
                                 const std::set<std::string>& warnings) {
  snapshot::DatasetManifest row;
  row.name = snapshot::spec_of(dataset).name;
  bool has_complete = false, is_asked = false;
  for (const Unit& unit : units) {
    const auto all = datasets_of(unit);
    if (unit.is_skipped || std::ranges::find(all, dataset) == all.end()) continue;
    is_asked = true;
    row.pages += unit.pages;
    // Two sources of one list see the same; what they say alike is said once.
    for (const std::string& warning : unit.warnings)
      if (std::ranges::find(row.warnings, warning) == row.warnings.end()) row.warnings.push_back(warning);
    row.parents.insert(row.parents.end(), unit.parents.begin(), unit.parents.end());
    if (unit.status == DatasetStatus::complete) {
      has_complete = true;
      continue;
    }
    // Half a list counts more than one that was not to be had.
    const bool is_worse = row.status == DatasetStatus::not_requested ||
                          unit.status == DatasetStatus::partial ||
                          (unit.status == DatasetStatus::denied && row.status == DatasetStatus::unsupported);
    if (is_worse) {
      row.status = unit.status;
      row.reason = unit.reason;
    }
  }
  if (dataset == Dataset::users) warn_of_difference(units, row);
  if (is_asked && row.status != DatasetStatus::partial && has_complete) {
    // A source that was asked and refused may know of rows that the other does not: only what an
    // organization does not have at all, or was not asked for, leaves the other's list whole.
    if (!row.reason.empty())
      row.warnings.push_back(
          fmt::format("one of several sources was {}: {}", snapshot::word_of(row.status), row.reason));
    if (row.status == DatasetStatus::denied) {
      row.status = DatasetStatus::partial;
      row.reason = fmt::format("one of several sources was denied: {}", row.reason);
    } else {
      row.status = DatasetStatus::complete;
      row.reason.clear();
    }
  }
  if (is_asked) row.warnings.insert(row.warnings.end(), warnings.begin(), warnings.end());
  return row;
}

std::string filters_of(Dataset dataset, const Window& window) {
  if (dataset != Dataset::usage && dataset != Dataset::cost && dataset != Dataset::claude_code_usage &&
      dataset != Dataset::activities)
    return {};
  return fmt::format("{{\"from\":\"{}\",\"to\":\"{}\"}}", format_rfc3339(window.from),
                     format_rfc3339(window.to));
}

}  // namespace muster::collect
