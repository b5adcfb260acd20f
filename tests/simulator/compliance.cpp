// The Compliance API, sections 14 to 20 of the fact sheet.
#include <algorithm>

#include <fmt/format.h>

#include "paging.h"

namespace simulator {
namespace {

using muster::Instant;
using muster::json::Value;

/// The organization of a sub-path; nullptr when the tenant has none of that id.
Organization* find_organization(Call& call, const std::string& uuid) {
  const auto found = std::ranges::find(call.tenant.organizations, uuid, &Organization::uuid);
  return found == call.tenant.organizations.end() ? nullptr : &*found;
}

Reply organizations(Call& call) {
  Table table;
  for (const Organization& organization : call.tenant.organizations) {
    std::string object = fmt::format(R"({{"uuid":"{}","name":)", organization.uuid);
    muster::json::append_quoted(object, organization.name);
    table.add(organization.uuid, object + fmt::format(R"(,"created_at":"{}"}})", organization.created_at));
  }
  if (call.age == Age::old) {
    // Then, the list had no pages and no has_more.
    std::string body = R"({"data":[)";
    for (std::size_t n = 0; n < table.end(); ++n) body += (n ? "," : "") + table.text(n);
    return json_reply(body + "]}");
  }
  return page_by_token(call, table, {.newest_first = false, .default_limit = 1000});
}

Reply users(Call& call) {
  Organization* organization = find_organization(call, call.ids[0]);
  if (organization == nullptr) return not_found("Organization");
  return page_by_token(call, organization->directory,
                       {.thing = Thing::directory_user, .newest_first = false, .default_limit = 500});
}

/// The Compliance API shows the same roles, groups, members and permissions in flatter shapes.
std::string role_view(const std::string& object) {
  Value role = parsed(object);
  erase(role, "type");
  if (role.find("description") == nullptr) set(role, "description", nullptr);
  return muster::json::dump(role);
}

std::string permission_view(const std::string& object) {
  const Value permission = parsed(object);
  const Value* resource = permission.find("resource");
  muster::json::Object flat = {{"action", text_of(permission, "action")},
                               {"resource_type", resource ? text_of(*resource, "type") : ""},
                               {"resource_id", nullptr}};
  if (resource) {
    for (const std::string_view member : {"organization_id", "connector_id"}) {
      if (resource->find(member)) flat.back().second = text_of(*resource, member);
    }
  }
  return muster::json::dump(Value(std::move(flat)));
}

std::string group_view(const std::string& object) {
  Value group = parsed(object);
  erase(group, "type");
  if (const Value* roles = group.find("role_ids")) {
    const Value kept = *roles;
    erase(group, "role_ids");
    set(group, "roles", kept);
  }
  if (group.find("description") == nullptr) set(group, "description", nullptr);
  return muster::json::dump(group);
}

std::string member_view(const std::string& object) {
  Value member = parsed(object);
  for (const std::string_view name : {"type", "rbac_group_id", "group_id"}) erase(member, name);
  set(member, "updated_at", nullptr);
  return muster::json::dump(member);
}

Reply roles(Call& call) {
  Organization* organization = find_organization(call, call.ids[0]);
  if (organization == nullptr) return not_found("Organization");
  return page_by_token(call, organization->roles,
                       {.newest_first = false, .default_limit = 500, .view = role_view});
}

Reply role(Call& call) {
  Organization* organization = find_organization(call, call.ids[0]);
  const auto number = organization ? organization->roles.find(call.ids[1]) : std::nullopt;
  return number ? json_reply(role_view(organization->roles.text(*number))) : not_found("Role");
}

Reply permissions(Call& call) {
  Organization* organization = find_organization(call, call.ids[0]);
  if (organization == nullptr || !organization->roles.find(call.ids[1])) return not_found("Role");
  return page_by_token(call, call.children(organization->permissions, call.ids[1]),
                       {.newest_first = false, .default_limit = 500, .view = permission_view});
}

Reply settings(Call& call) {
  const Organization* organization = find_organization(call, call.ids[0]);
  if (organization == nullptr || !organization->compliance_enabled) return not_found("Organization");
  const auto joined = [&](const std::vector<std::string>& rows) {
    std::string out;
    for (const std::string& row : rows)
      out += (out.empty() ? "" : ",") +
             aged(Thing::other, call.age == Age::future ? Age::future : Age::current, row);
    return out;
  };
  return json_reply(fmt::format(
      R"({{"type":"effective_organization_settings","organization_id":"{}","settings":[{}],"api_keys":[{}]}})",
      organization->uuid, joined(organization->settings), joined(organization->compliance_keys)));
}

Reply groups(Call& call) {
  const std::string* prefix = call.request.parameter("name_prefix");
  std::function<Verdict(const std::string&)> filter;
  if (prefix && !prefix->empty()) {
    filter = [wanted = *prefix](const std::string& object) {
      return text_of(parsed(object), "name").starts_with(wanted) ? Verdict::take : Verdict::skip;
    };
  }
  return page_by_token(call, call.tenant.groups,
                       {.thing = Thing::group,
                        .newest_first = false,
                        .default_limit = 500,
                        .filter = filter,
                        .view = group_view});
}

Reply group(Call& call) {
  const auto number = call.tenant.groups.find(call.ids[0]);
  return number ? json_reply(group_view(call.tenant.groups.text(*number))) : not_found("Group");
}

Reply group_members(Call& call) {
  if (!call.tenant.groups.find(call.ids[0])) return not_found("Group");
  return page_by_token(
      call, call.children(call.tenant.group_members, call.ids[0]),
      {.thing = Thing::group_member, .newest_first = false, .default_limit = 500, .view = member_view});
}

Reply activities(Call& call) {
  const Request& request = call.request;
  struct Bound {
    std::string_view name;
    std::optional<Instant> at;
  };
  Bound bounds[] = {
      {"created_at.gte", {}}, {"created_at.gt", {}}, {"created_at.lte", {}}, {"created_at.lt", {}}};
  for (Bound& bound : bounds) {
    const std::string* given = request.parameter(bound.name);
    if (given == nullptr) continue;
    bound.at = muster::parse_rfc3339(*given);
    // A bare date, and a time without a zone, are refused.
    const bool has_zone =
        given->ends_with('Z') || given->find('+') != std::string::npos || given->rfind('-') > 10;
    if (!bound.at || given->size() < 20 || !has_zone)
      return refused(fmt::format("{}: must be an RFC 3339 time with a zone, got {}", bound.name, *given));
  }
  const auto types = request.parameters("activity_types"),
             excluded = request.parameters("exclude_activity_types"),
             actors = request.parameters("actor_ids"), organizations = request.parameters("organization_ids");
  if (!types.empty() && !excluded.empty())
    return refused("activity_types and exclude_activity_types cannot both be given.");
  const auto lower = bounds[0].at, above = bounds[1].at, upper = bounds[2].at, below = bounds[3].at;
  const bool is_backwards = request.parameter("before_id") != nullptr;
  const auto has = [](const std::vector<std::string>& values, std::string_view value) {
    return std::ranges::find(values, value) != values.end();
  };
  const auto filter = [=](const std::string& object) {
    const auto at = muster::parse_rfc3339(quick_text(object, "created_at"));
    if (at) {
      if ((lower && *at < *lower) || (above && *at <= *above))
        return is_backwards ? Verdict::skip : Verdict::stop;
      if ((upper && *at > *upper) || (below && *at >= *below)) return Verdict::skip;
    }
    if (types.empty() && excluded.empty() && actors.empty() && organizations.empty()) return Verdict::take;
    const std::string_view type = quick_text(object, "type");
    if ((!types.empty() && !has(types, type)) || has(excluded, type)) return Verdict::skip;
    if (!actors.empty() && !has(actors, quick_text(object, "user_id"))) return Verdict::skip;
    if (!organizations.empty() && !has(organizations, quick_text(object, "organization_id")) &&
        !has(organizations, quick_text(object, "organization_uuid")))
      return Verdict::skip;
    return Verdict::take;
  };
  return page_by_cursor(call, call.tenant.activities,
                        {.thing = Thing::activity, .default_limit = 100, .most = 5000, .filter = filter});
}

Reply chats(Call& call) {
  const auto users = call.request.parameters("user_ids");
  if (users.size() > 10) return refused("user_ids: at most 10");
  if (users.empty() && call.request.parameter("before_id"))
    return refused("before_id: not allowed without user_ids");
  std::function<Verdict(const std::string&)> filter;
  if (!users.empty()) {
    filter = [users](const std::string& object) {
      const Value chat = parsed(object);
      const Value* user = chat.find("user");
      return user && std::ranges::find(users, text_of(*user, "id")) != users.end() ? Verdict::take
                                                                                   : Verdict::skip;
    };
  }
  return page_by_cursor(call, call.tenant.chats,
                        {.newest_first = false, .default_limit = 100, .filter = filter});
}

Reply messages(Call& call) {
  const auto number = call.tenant.chats.find(call.ids[0]);
  if (!number) return not_found("Chat");
  Value chat = parsed(call.tenant.chats.text(*number));
  set(chat, "chat_messages",
      parsed(
          R"([{"id":"claude_chat_msg_01A","role":"user","created_at":"2026-11-01T10:00:00Z","content":[{"type":"text","text":"Hello"}]}])"));
  return json_reply(muster::json::dump(chat));
}

Reply delete_chat(Call& call) {
  const auto number = call.tenant.chats.find(call.ids[0]);
  if (!number) return not_found("Chat");
  call.tenant.chats.remove(*number);
  return json_reply(
      muster::json::dump(Value(muster::json::Object{{"id", call.ids[0]}, {"type", "claude_chat_deleted"}})));
}

Reply collaborators(Call& call) {
  if (!call.tenant.projects.find(call.ids[0])) return not_found("Project");
  Table table;
  table.add(
      "0",
      R"({"type":"organization_role","organization_role":"admin","role":"viewer","granted_at":"2026-10-01T00:00:00Z"})");
  return page_by_token(call, table, {.newest_first = false, .most = 100});
}

Reply delete_project(Call& call) {
  const auto number = call.tenant.projects.find(call.ids[0]);
  if (!number) return not_found("Project");
  if (call.tenant.projects.text(*number).find("Project 0") != std::string::npos)
    return error_reply(409, "conflict_error", "The project still has chats.");
  call.tenant.projects.remove(*number);
  return json_reply(muster::json::dump(
      Value(muster::json::Object{{"id", call.ids[0]}, {"type", "claude_project_deleted"}})));
}

}  // namespace

void add_compliance(std::vector<Route>& routes) {
  using Needs = std::vector<std::string_view>;
  const Needs organization_data = {"read:compliance_org_data", "read:org_audit"},
              user_data = {"read:compliance_user_data", "read:org_audit"};
  const auto get = [&](std::string_view pattern, const Needs& needs, std::function<Reply(Call&)> handler) {
    routes.push_back({"GET", pattern, Gate::compliance, needs, std::move(handler)});
  };
  get("v1/compliance/organizations", organization_data, organizations);
  get("v1/compliance/organizations/*/users", user_data, users);
  get("v1/compliance/organizations/*/roles", organization_data, roles);
  get("v1/compliance/organizations/*/roles/*", organization_data, role);
  get("v1/compliance/organizations/*/roles/*/permissions", organization_data, permissions);
  get("v1/compliance/organizations/*/settings", organization_data, settings);
  get("v1/compliance/groups", organization_data, groups);
  get("v1/compliance/groups/*", organization_data, group);
  get("v1/compliance/groups/*/members", user_data, group_members);
  routes.push_back({"GET",
                    "v1/compliance/activities",
                    Gate::activity_feed,
                    {"read:compliance_activities", "read:org_audit"},
                    activities});
  get("v1/compliance/apps/chats", user_data, chats);
  get("v1/compliance/apps/chats/*/messages", user_data, messages);
  get("v1/compliance/apps/projects", user_data, [](Call& call) {
    return page_by_token(call, call.tenant.projects, {.newest_first = false, .default_limit = 100});
  });
  get("v1/compliance/apps/projects/*/collaborators", user_data, collaborators);
  const Needs deletes = {"delete:compliance_user_data"};
  routes.push_back({"DELETE", "v1/compliance/apps/chats/*", Gate::compliance, deletes, delete_chat});
  routes.push_back({"DELETE", "v1/compliance/apps/projects/*", Gate::compliance, deletes, delete_project});
}

}  // namespace simulator
