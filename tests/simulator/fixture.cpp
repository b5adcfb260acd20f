#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include <fmt/format.h>

#include "base/json.h"
#include "tenant.h"

namespace simulator {
namespace {

using muster::json::Value;

struct Line {
  Value from;
  Value value;
  std::string object;  // as it stands in the file
};

std::string text_of(const Value& value, std::string_view member) {
  const Value* found = value.find(member);
  return found && found->string() ? *found->string() : "";
}

Value parsed(const std::string& text, const std::string& place) {
  auto value = muster::json::parse(text);
  if (!value) throw std::runtime_error(fmt::format("{}: {}", place, value.error().message));
  return std::move(*value);
}

Value manifest_of(const std::string& snapshot) {
  std::ifstream file(snapshot + "/manifest.json");
  if (!file) throw std::runtime_error(snapshot + ": there is no manifest.json");
  return parsed({std::istreambuf_iterator<char>(file), {}}, "manifest.json");
}

/// What the manifest says of the lines of a dataset that do not say it.
std::string default_of(const Value& manifest, std::string_view dataset, std::string_view member) {
  const Value* rows = manifest.find("datasets");
  if (!rows || !rows->array()) return "";
  for (const Value& row : *rows->array()) {
    const Value* from = row.find("from");
    if (from && text_of(row, "name") == dataset) return text_of(*from, member);
  }
  return "";
}

/// The id of a line's parent, which may stand in the object alone.
std::string parent_of(const Line& line, std::string_view member) {
  const std::string parent = text_of(line.from, member);
  return parent.empty() ? text_of(line.value, member) : parent;
}

/// The lines of a dataset; none when it has no file.
std::vector<Line> lines_of(const std::string& snapshot, std::string_view dataset,
                           std::string_view provider = {}) {
  std::vector<Line> lines;
  const std::string usual = default_of(manifest_of(snapshot), dataset, "provider");
  const std::string path = fmt::format("{}/data/{}.jsonl", snapshot, dataset);
  std::ifstream file(path);
  constexpr std::string_view kObject = ",\"object\":";
  for (std::string text; std::getline(file, text);) {
    const Value line = parsed(text, path);
    const std::size_t at = text.find(kObject);
    const Value *from = line.find("from"), *object = line.find("object");
    if (at == std::string::npos || !from || !object)
      throw std::runtime_error(path + ": a line without from and object");
    const std::string own = text_of(*from, "provider");
    if (!provider.empty() && (own.empty() ? usual : own) != provider) continue;
    const std::size_t start = at + kObject.size();
    lines.push_back({*from, *object, text.substr(start, text.size() - start - 1)});
  }
  return lines;
}

std::string id_of(const Line& line) {
  for (const std::string_view member : {"id", "user_id", "workspace_id"}) {
    if (const std::string id = text_of(line.value, member); !id.empty()) return id;
  }
  return line.object;
}

/// Lists give the newest first, tables hold the oldest first.
Table reversed(const std::vector<Line>& lines) {
  std::vector<Table::Row> rows;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    rows.emplace_back(id_of(*line), line->object);
  return Table(std::move(rows));
}

Table in_order(const std::vector<Line>& lines, std::string_view key = {}) {
  std::vector<Table::Row> rows;
  for (const Line& line : lines)
    rows.emplace_back(key.empty() ? id_of(line) : fmt::format("{}", rows.size()), line.object);
  return Table(std::move(rows));
}

Children by_parent(const std::vector<Line>& lines, std::string_view parent, bool newest_first,
                   std::string_view key = {}) {
  auto groups = std::make_shared<std::map<std::string, std::vector<Line>>>();
  for (const Line& line : lines) (*groups)[parent_of(line, parent)].push_back(line);
  return Children([groups, newest_first, key = std::string(key)](const std::string& id) {
    const auto found = groups->find(id);
    if (found == groups->end()) return Table();
    return newest_first ? reversed(found->second) : in_order(found->second, key);
  });
}

/// Report rows by the start of their bucket.
auto by_start(const std::vector<Line>& lines) {
  auto buckets = std::make_shared<std::map<std::int64_t, std::vector<std::string>>>();
  for (const Line& line : lines) {
    const auto start = muster::parse_rfc3339(text_of(line.from, "starting_at"));
    if (start) (*buckets)[start->us].push_back(line.object);
  }
  return [buckets](muster::Instant start, const std::vector<std::string>&) {
    const auto found = buckets->find(start.us);
    return found == buckets->end() ? std::vector<std::string>() : found->second;
  };
}

std::vector<std::string> objects_of(const std::vector<Line>& lines) {
  std::vector<std::string> objects;
  for (const Line& line : lines) objects.push_back(line.object);
  return objects;
}

}  // namespace

std::unique_ptr<Tenant> read_tenant(const std::string& snapshot, muster::Instant& completed) {
  const Value manifest = manifest_of(snapshot);
  const auto when = muster::parse_rfc3339(text_of(manifest, "completed"));
  if (!when) throw std::runtime_error("manifest.json: completed is no time");
  completed = *when;

  auto tenant = std::make_unique<Tenant>();
  tenant->invites_lapse = false;
  Organization& to = tenant->organizations.emplace_back();
  const auto organizations = lines_of(snapshot, "organizations");
  if (organizations.size() != 1) throw std::runtime_error("a snapshot of one organization is needed");
  to.uuid = id_of(organizations.front());
  to.name = text_of(organizations.front().value, "name");
  to.created_at = "2024-01-15T09:00:00Z";
  to.users = reversed(lines_of(snapshot, "users", "anthropic-admin"));
  to.directory = reversed(lines_of(snapshot, "users", "anthropic-compliance"));
  to.invites = reversed(lines_of(snapshot, "invites"));
  std::vector<Line> workspaces;
  for (Line& line : lines_of(snapshot, "workspaces")) {
    if (text_of(line.value, "name") == "Default") {
      to.default_workspace_id = id_of(line);
      to.default_workspace = line.object;
    } else {
      workspaces.push_back(std::move(line));
    }
  }
  to.workspaces = reversed(workspaces);
  to.members = by_parent(lines_of(snapshot, "workspace_members"), "workspace_id", true);
  to.api_keys = reversed(lines_of(snapshot, "api_keys"));
  to.roles = in_order(lines_of(snapshot, "roles"));
  to.permissions = by_parent(lines_of(snapshot, "role_permissions"), "role_id", false, "row");
  to.service_accounts = reversed(lines_of(snapshot, "service_accounts"));
  to.service_account_workspaces = Children([](const std::string&) { return Table(); });
  to.issuers = reversed(lines_of(snapshot, "federation_issuers"));
  to.rules = reversed(lines_of(snapshot, "federation_rules"));
  to.external_keys = reversed(lines_of(snapshot, "external_keys"));
  std::vector<Line> own, inherited;
  for (Line& line : lines_of(snapshot, "rate_limits"))
    (parent_of(line, "workspace_id").empty() ? own : inherited).push_back(std::move(line));
  to.rate_limits = in_order(own);
  to.workspace_limits = by_parent(inherited, "workspace_id", false, "row");
  to.settings = objects_of(lines_of(snapshot, "settings"));
  to.compliance_keys = objects_of(lines_of(snapshot, "compliance_keys"));
  const auto state = lines_of(snapshot, "compliance_settings");
  to.compliance_enabled = state.empty() || state.front().object.find("disabled") == std::string::npos;
  to.usage = by_start(lines_of(snapshot, "usage"));
  to.cost = by_start(lines_of(snapshot, "cost"));
  auto days = std::make_shared<std::map<std::string, std::vector<std::string>>>();
  for (const Line& line : lines_of(snapshot, "claude_code_usage"))
    (*days)[text_of(line.value, "date").substr(0, 10)].push_back(line.object);
  to.claude_code = [days](muster::Date day) {
    const auto found = days->find(muster::format_date(day));
    return found == days->end() ? std::vector<std::string>() : found->second;
  };
  tenant->groups = in_order(lines_of(snapshot, "groups"));
  tenant->group_members = by_parent(lines_of(snapshot, "group_members"), "group_id", false);
  const auto activities = lines_of(snapshot, "activities");
  if (!activities.empty()) to.tag = text_of(activities.front().value, "organization_id");
  if (to.tag.empty()) to.tag = "org_01" + to.uuid.substr(0, 8);
  tenant->activities = reversed(activities);
  return tenant;
}

}  // namespace simulator
