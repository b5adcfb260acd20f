#include "collect/target.h"

#include <vector>

#include <fmt/format.h>

namespace muster::collect {
namespace {

using snapshot::Dataset;

void replace(std::string& text, std::string_view what, std::string_view with) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
}

}  // namespace

std::string_view parent_member(Parent parent) {
  switch (parent) {
    case Parent::workspaces:
    case Parent::live_workspaces: return "workspace_id";
    case Parent::groups: return "group_id";
    case Parent::roles: return "role_id";
    case Parent::none:
    case Parent::organizations:
    case Parent::days: return {};
  }
  return {};
}

std::optional<Dataset> parent_dataset(Parent parent) {
  switch (parent) {
    case Parent::organizations: return Dataset::organizations;
    case Parent::workspaces:
    case Parent::live_workspaces: return Dataset::workspaces;
    case Parent::groups: return Dataset::groups;
    case Parent::roles: return Dataset::roles;
    case Parent::none:
    case Parent::days: return std::nullopt;
  }
  return std::nullopt;
}

std::string path_of(const Endpoint& endpoint, const ParentRow& parent) {
  std::string path(endpoint.path);
  replace(path, "{organization_id}", http::encode_segment(parent.organization_id));
  replace(path, fmt::format("{{{}}}", parent_member(endpoint.parent)), http::encode_segment(parent.id));
  return path;
}

std::string query_of(const Endpoint& endpoint, const ParentRow& parent, const Window& window) {
  std::vector<std::string> parts;
  if (endpoint.limit != 0) parts.push_back(fmt::format("limit={}", endpoint.limit));
  if (endpoint.parent == Parent::days) parts.push_back("starting_at=" + parent.id);
  if (endpoint.paging == Paging::buckets) {
    parts.push_back("starting_at=" + format_rfc3339(start_of(date_of(window.from))));
    parts.push_back("ending_at=" + format_rfc3339(window.to));
  }
  if (endpoint.dataset == Dataset::activities) {
    // Up to the start: what the collection itself leaves in the feed lies behind it.
    parts.push_back("created_at.gte=" + format_rfc3339(window.from));
    parts.push_back("created_at.lt=" + format_rfc3339(window.to));
  }
  if (!endpoint.query.empty()) parts.emplace_back(endpoint.query);
  return fmt::format("{}", fmt::join(parts, "&"));
}

std::string with_cursor(const Endpoint& endpoint, const std::string& query,
                        const std::optional<std::string>& cursor) {
  if (!cursor) return query;
  return fmt::format("{}{}{}={}", query, query.empty() ? "" : "&",
                     endpoint.paging == Paging::by_id ? "after_id" : "page", http::encode_segment(*cursor));
}

}  // namespace muster::collect
