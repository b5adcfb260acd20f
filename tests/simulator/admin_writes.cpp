// The writes of the Admin API: what a remedy or a provisioning tool would call. Refusals are those of the
// fact sheet.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "paging.h"
#include "seeds.h"

namespace simulator {
namespace {

using muster::json::Object;
using muster::json::Value;

constexpr std::array<std::string_view, 6> kAssignable = {
    "user", "developer", "billing", "claude_code_user", "managed", ""};
constexpr std::array<std::string_view, 4> kAdministrative = {"admin", "owner", "membership_admin",
                                                             "primary_owner"};

template <class Words>
bool is_in(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != std::ranges::end(words);
}

/// The body as an object; nullopt when it is none.
std::optional<Value> body_of(const Call& call) {
  auto value = muster::json::parse(call.request.body);
  if (!value || !value->object()) return std::nullopt;
  return std::move(*value);
}
Reply no_body() { return refused("The request body is not a JSON object."); }

std::string new_id(std::string_view prefix, const Call& call, const Table& table) {
  std::string id(prefix);
  append_base62(mixed(call.tenant.organizations.size(), 0x99, table.end()), 11, id);
  append_base62(mixed(77, 0x9A, table.end()), 11, id);
  return id;
}

std::string now_of(const Call& call) { return muster::format_rfc3339(call.now); }

Reply changed(Table& table, std::size_t number, const Value& object) {
  std::string text = muster::json::dump(object);
  table.change(number, text);
  return json_reply(std::move(text));
}

Reply tombstone(Object members) { return json_reply(muster::json::dump(Value(std::move(members)))); }

Reply update_user(Call& call) {
  Table& users = call.organization.users;
  const auto number = users.find(call.ids[0]);
  if (!number) return not_found("User");
  const auto body = body_of(call);
  if (!body) return no_body();
  const std::string role = text_of(*body, "role");
  Value user = parsed(users.text(*number));
  if (role.empty() || !is_in(kAssignable, role))
    return refused(fmt::format("role: `{}` cannot be assigned through the API.", role));
  if (is_in(kAdministrative, text_of(user, "role")))
    return refused("Members with an administrative role cannot be changed through the API.");
  set(user, "role", role);
  if (const auto same = call.organization.directory.find(call.ids[0])) {
    Value person = parsed(call.organization.directory.text(*same));
    set(person, "organization_role", role);
    call.organization.directory.change(*same, muster::json::dump(person));
  }
  return changed(users, *number, user);
}

/// Keys that act as the user are archived with them; keys of workspaces stay.
void archive_keys(Table& keys, const std::function<bool(const Value&)>& which) {
  for (std::size_t n = 0; n < keys.end(); ++n) {
    std::string text;
    if (!keys.render(n, text)) continue;
    Value key = parsed(text);
    if (!which(key)) continue;
    set(key, "status", "archived");
    keys.change(n, muster::json::dump(key));
  }
}

Reply delete_user(Call& call) {
  Organization& organization = call.organization;
  const std::string& id = call.ids[0];
  const auto number = organization.users.find(id);
  if (!number) return not_found("User");
  if (is_in(kAdministrative, text_of(parsed(organization.users.text(*number)), "role")))
    return refused("Members with an administrative role cannot be removed through the API.");
  organization.users.remove(*number);
  if (const auto same = organization.directory.find(id)) organization.directory.remove(*same);
  archive_keys(organization.api_keys, [&](const Value& key) {
    const Value* principal = key.find("principal");
    return principal && text_of(*principal, "user_id") == id;
  });
  for (std::size_t n = 0; n < organization.workspaces.end(); ++n) {
    Table& members = organization.members.of(organization.workspaces.id(n));
    if (const auto member = members.find(id)) members.remove(*member);
  }
  return tombstone({{"id", id}, {"type", "user_deleted"}});
}

Reply create_invite(Call& call) {
  const auto body = body_of(call);
  if (!body) return no_body();
  const std::string email = text_of(*body, "email"), role = text_of(*body, "role");
  if (email.find('@') == std::string::npos) return refused("email: Input should be an address");
  if (role.empty() || !is_in(kAssignable, role))
    return refused(fmt::format("role: `{}` cannot be assigned through the API.", role));
  Table& invites = call.organization.invites;
  for (std::size_t n = 0; n < invites.end(); ++n) {
    std::string text;
    if (!invites.render(n, text)) continue;
    const Value other = parsed(text);
    const auto expires = muster::parse_rfc3339(text_of(other, "expires_at"));
    if (text_of(other, "email") == email && text_of(other, "status") == "pending" && expires &&
        *expires > call.now)
      return refused("An invite for this address is pending.");
  }
  const Value* groups = body->find("rbac_group_ids");
  if (groups && groups->array() && groups->array()->size() > 100)
    return refused("rbac_group_ids: at most 100");
  if (groups && groups->array() && !groups->array()->empty() && call.key.kind == KeyKind::enterprise &&
      !call.key.scopes.contains("write:rbac_groups"))
    return error_reply(403, "permission_error",
                       "Missing required scopes. Needed one of: ['write:rbac_groups']");
  const std::string id = new_id("invite_01", call, invites);
  const Value invite(
      Object{{"type", "invite"},
             {"id", id},
             {"email", email},
             {"role", role},
             {"status", "pending"},
             {"invited_at", now_of(call)},
             {"expires_at", muster::format_rfc3339({call.now.us + 21 * muster::kMicrosPerDay})},
             {"accepted_at", nullptr},
             {"rbac_group_ids", groups ? *groups : Value(muster::json::Array{})}});
  std::string text = muster::json::dump(invite);
  invites.add(id, text);
  return json_reply(std::move(text));
}

Reply delete_invite(Call& call) {
  Table& invites = call.organization.invites;
  const auto number = invites.find(call.ids[0]);
  if (!number) return not_found("Invite");
  const Value invite = parsed(invites.text(*number));
  const auto expires = muster::parse_rfc3339(text_of(invite, "expires_at"));
  if (text_of(invite, "status") != "pending" || (expires && *expires <= call.now))
    return refused("Only pending invites can be deleted.");
  invites.remove(*number);
  return tombstone({{"id", call.ids[0]}, {"type", "invite_deleted"}});
}

std::optional<Reply> check_workspace(const Value& body) {
  if (body.find("name")) {
    const std::string name = text_of(body, "name");
    if (name.empty() || name.size() > 1000) return refused("name: must have 1 to 40 characters");
  }
  if (const std::string color = text_of(body, "display_color");
      !color.empty() && (color.size() != 7 || color[0] != '#'))
    return refused("display_color: must be #RRGGBB");
  return std::nullopt;
}

Reply create_workspace(Call& call) {
  const auto body = body_of(call);
  if (!body) return no_body();
  if (!body->find("name")) return refused("name: Field required");
  if (auto wrong = check_workspace(*body)) return std::move(*wrong);
  Table& workspaces = call.organization.workspaces;
  const std::string id = new_id("wrkspc_01", call, workspaces);
  Value workspace = parsed(call.organization.default_workspace);
  set(workspace, "id", id);
  set(workspace, "created_at", now_of(call));
  for (const std::string_view member :
       {"name", "display_color", "tags", "data_residency", "external_key_id"}) {
    if (const Value* value = body->find(member)) set(workspace, member, *value);
  }
  std::string text = muster::json::dump(workspace);
  workspaces.add(id, text);
  return json_reply(std::move(text));
}

Reply update_workspace(Call& call) {
  Table& workspaces = call.organization.workspaces;
  if (call.ids[0] == call.organization.default_workspace_id)
    return refused("The default workspace cannot be changed.");
  const auto number = workspaces.find(call.ids[0]);
  if (!number) return not_found("Workspace");
  const auto body = body_of(call);
  if (!body) return no_body();
  if (auto wrong = check_workspace(*body)) return std::move(*wrong);
  Value workspace = parsed(workspaces.text(*number));
  for (const std::string_view member : {"name", "display_color"}) {
    if (const Value* value = body->find(member)) set(workspace, member, *value);
  }
  if (const Value* tags = body->find("tags"); tags && tags->object()) {
    Value merged = workspace.find("tags") ? *workspace.find("tags") : Value(Object{});
    for (const auto& [key, value] : *tags->object()) {
      if (value.is_null()) {
        erase(merged, key);
      } else {
        set(merged, key, value);
      }
    }
    set(workspace, "tags", merged);
  }
  return changed(workspaces, *number, workspace);
}

Reply archive_workspace(Call& call) {
  Table& workspaces = call.organization.workspaces;
  if (call.ids[0] == call.organization.default_workspace_id)
    return refused("The default workspace cannot be archived.");
  const auto number = workspaces.find(call.ids[0]);
  if (!number) return not_found("Workspace");
  Value workspace = parsed(workspaces.text(*number));
  if (workspace.find("archived_at") && workspace.find("archived_at")->is_null()) {
    set(workspace, "archived_at", now_of(call));
    archive_keys(call.organization.api_keys, [&](const Value& key) {
      const Value* scope = key.find("scope");
      return text_of(key, "workspace_id") == call.ids[0] ||
             (scope && text_of(*scope, "workspace_id") == call.ids[0]);
    });
  }
  return changed(workspaces, *number, workspace);
}

std::optional<Reply> check_member_role(std::string_view role, bool may_be_billing) {
  constexpr std::array<std::string_view, 4> kWords = {"workspace_user", "workspace_developer",
                                                      "workspace_restricted_developer", "workspace_admin"};
  if (is_in(kWords, role) || (may_be_billing && role == "workspace_billing")) return std::nullopt;
  return refused(fmt::format("workspace_role: `{}` cannot be assigned.", role));
}

Reply add_member(Call& call) {
  if (!call.organization.workspaces.find(call.ids[0])) return not_found("Workspace");
  const auto body = body_of(call);
  if (!body) return no_body();
  const std::string user = text_of(*body, "user_id"), role = text_of(*body, "workspace_role");
  if (!call.organization.users.find(user)) return not_found("User");
  if (auto wrong = check_member_role(role, false)) return std::move(*wrong);
  Table& members = call.organization.members.of(call.ids[0]);
  if (members.find(user)) return refused("The user is a member of the workspace already.");
  const Value member(Object{{"type", "workspace_member"},
                            {"user_id", user},
                            {"workspace_id", call.ids[0]},
                            {"workspace_role", role}});
  std::string text = muster::json::dump(member);
  members.add(user, text);
  return json_reply(std::move(text));
}

Reply update_member(Call& call) {
  Table& members = call.organization.members.of(call.ids[0]);
  const auto number = members.find(call.ids[1]);
  if (!number) return not_found("Workspace member");
  const auto body = body_of(call);
  if (!body) return no_body();
  if (auto wrong = check_member_role(text_of(*body, "workspace_role"), true)) return std::move(*wrong);
  Value member = parsed(members.text(*number));
  set(member, "workspace_role", text_of(*body, "workspace_role"));
  return changed(members, *number, member);
}

Reply delete_member(Call& call) {
  Table& members = call.organization.members.of(call.ids[0]);
  const auto number = members.find(call.ids[1]);
  if (!number) return not_found("Workspace member");
  members.remove(*number);
  return tombstone(
      {{"type", "workspace_member_deleted"}, {"user_id", call.ids[1]}, {"workspace_id", call.ids[0]}});
}

Reply update_key(Call& call) {
  Table& keys = call.organization.api_keys;
  const auto number = keys.find(call.ids[0]);
  if (!number) return not_found("API key");
  const auto body = body_of(call);
  if (!body) return no_body();
  Value key = parsed(keys.text(*number));
  if (body->find("status")) {
    const std::string status = text_of(*body, "status");
    if (!is_in(std::array<std::string_view, 3>{"active", "inactive", "archived"}, status))
      return refused(
          fmt::format("status: Input should be 'active', 'inactive' or 'archived', got {}", status));
    if (text_of(key, "status") == "archived" && status != "archived")
      return refused("An archived key cannot be made active again.");
    set(key, "status", status);
  }
  if (body->find("name")) set(key, "name", text_of(*body, "name"));
  return changed(keys, *number, key);
}

Reply set_compliance(Call& call) {
  const auto body = body_of(call);
  if (!body) return no_body();
  const Value* state = body->find("state");
  const std::string word = state == nullptr  ? ""
                           : state->string() ? *state->string()
                                             : text_of(*state, "type");
  if (word != "enabled" && word != "disabled")
    return refused("state: Input should be 'enabled' or 'disabled'");
  call.organization.compliance_enabled = word == "enabled";
  return json_reply(fmt::format(R"({{"type":"compliance_settings","state":{{"type":"{}"}}}})", word));
}

std::optional<Reply> check_group(Call& call, std::optional<std::size_t>& number) {
  number = call.tenant.groups.find(call.ids[0]);
  if (!number) return not_found("Group");
  if (text_of(parsed(call.tenant.groups.text(*number)), "source_type") == "scim")
    return refused("Groups of the identity provider cannot be changed through the API.");
  return std::nullopt;
}

Reply create_group(Call& call) {
  const auto body = body_of(call);
  if (!body) return no_body();
  const std::string name = text_of(*body, "name");
  if (name.empty() || name.size() > 255) return refused("name: must have 1 to 255 characters");
  const std::string id = new_id("rbac_group_01", call, call.tenant.groups);
  std::string text = muster::json::dump(Value(Object{{"id", id},
                                                     {"type", "rbac_group"},
                                                     {"name", name},
                                                     {"source_type", "direct"},
                                                     {"role_ids", muster::json::Array{}},
                                                     {"created_at", now_of(call)},
                                                     {"updated_at", now_of(call)}}));
  call.tenant.groups.add(id, text);
  return json_reply(std::move(text));
}

Reply update_group(Call& call) {
  std::optional<std::size_t> number;
  if (auto wrong = check_group(call, number)) return std::move(*wrong);
  const auto body = body_of(call);
  if (!body) return no_body();
  Value group = parsed(call.tenant.groups.text(*number));
  set(group, "name", text_of(*body, "name"));
  set(group, "updated_at", now_of(call));
  return changed(call.tenant.groups, *number, group);
}

Reply delete_group(Call& call) {
  std::optional<std::size_t> number;
  if (auto wrong = check_group(call, number)) return std::move(*wrong);
  call.tenant.groups.remove(*number);
  return tombstone({{"id", call.ids[0]}, {"type", "rbac_group_deleted"}});
}

Reply add_group_member(Call& call) {
  std::optional<std::size_t> number;
  if (auto wrong = check_group(call, number)) return std::move(*wrong);
  const auto body = body_of(call);
  if (!body) return no_body();
  const std::string user = text_of(*body, "user_id");
  const auto found = call.organization.users.find(user);
  if (!found) return not_found("User");
  Table& members = call.tenant.group_members.of(call.ids[0]);
  if (members.find(user)) return refused("The user is in the group already.");
  std::string text = muster::json::dump(
      Value(Object{{"type", "rbac_group_member"},
                   {"rbac_group_id", call.ids[0]},
                   {"user_id", user},
                   {"email", text_of(parsed(call.organization.users.text(*found)), "email")},
                   {"created_at", now_of(call)}}));
  members.add(user, text);
  return json_reply(std::move(text));
}

Reply delete_group_member(Call& call) {
  std::optional<std::size_t> number;
  if (auto wrong = check_group(call, number)) return std::move(*wrong);
  Table& members = call.tenant.group_members.of(call.ids[0]);
  const auto member = members.find(call.ids[1]);
  if (!member) return not_found("Group member");
  members.remove(*member);
  return tombstone(
      {{"type", "rbac_group_member_deleted"}, {"user_id", call.ids[1]}, {"rbac_group_id", call.ids[0]}});
}

Reply create_service_account(Call& call) {
  const auto body = body_of(call);
  if (!body) return no_body();
  const std::string name = text_of(*body, "name");
  if (name.empty()) return refused("name: Field required");
  Table& accounts = call.organization.service_accounts;
  for (std::size_t n = 0; n < accounts.end(); ++n) {
    if (text_of(parsed(accounts.text(n)), "name") == name)
      return error_reply(409, "conflict_error", "A service account of that name exists.");
  }
  const std::string role =
      body->find("organization_role") ? text_of(*body, "organization_role") : "developer";
  if (role == "admin")
    return error_reply(403, "permission_error", "An interactive credential is needed to make an admin.");
  const std::string id = new_id("svac_01", call, accounts);
  std::string text = muster::json::dump(
      Value(Object{{"id", id},
                   {"type", "service_account"},
                   {"name", name},
                   {"description", body->find("description") ? *body->find("description") : Value()},
                   {"organization_role", role},
                   {"created_at", now_of(call)},
                   {"updated_at", now_of(call)},
                   {"archived_at", nullptr},
                   {"created_by_actor_id", nullptr},
                   {"updated_by_actor_id", nullptr},
                   {"archived_by_actor_id", nullptr}}));
  accounts.add(id, text);
  return json_reply(std::move(text));
}

Reply archive_service_account(Call& call) {
  Table& accounts = call.organization.service_accounts;
  const auto number = accounts.find(call.ids[0]);
  if (!number) return not_found("Service account");
  Table& rules = call.organization.rules;
  for (std::size_t n = 0; n < rules.end(); ++n) {
    const Value rule = parsed(rules.text(n));
    const Value *target = rule.find("target"), *archived = rule.find("archived_at");
    if (target && text_of(*target, "service_account_id") == call.ids[0] && archived && archived->is_null())
      return refused("A live federation rule targets this service account.");
  }
  Value account = parsed(accounts.text(*number));
  if (account.find("archived_at")->is_null()) set(account, "archived_at", now_of(call));
  return changed(accounts, *number, account);
}

}  // namespace

void add_admin_writes(std::vector<Route>& routes) {
  using Needs = std::vector<std::string_view>;
  const Needs members = {"write:members"}, groups = {"write:rbac_groups"}, none = {};
  const auto add = [&](std::string_view method, std::string_view pattern, const Needs& needs,
                       std::function<Reply(Call&)> handler, Gate gate = Gate::admin) {
    routes.push_back({method, pattern, gate, needs, std::move(handler)});
  };
  add("POST", "v1/organizations/users/*", members, update_user);
  add("DELETE", "v1/organizations/users/*", members, delete_user);
  add("POST", "v1/organizations/invites", members, create_invite);
  add("DELETE", "v1/organizations/invites/*", members, delete_invite);
  add("POST", "v1/organizations/workspaces", none, create_workspace);
  add("POST", "v1/organizations/workspaces/*", none, update_workspace);
  add("POST", "v1/organizations/workspaces/*/archive", none, archive_workspace);
  add("POST", "v1/organizations/workspaces/*/members", none, add_member);
  add("POST", "v1/organizations/workspaces/*/members/*", none, update_member);
  add("DELETE", "v1/organizations/workspaces/*/members/*", none, delete_member);
  add("POST", "v1/organizations/api_keys/*", none, update_key);
  add("POST", "v1/organizations/compliance_settings", none, set_compliance);
  add("POST", "v1/organizations/rbac_groups", groups, create_group);
  add("POST", "v1/organizations/rbac_groups/*", groups, update_group);
  add("DELETE", "v1/organizations/rbac_groups/*", groups, delete_group);
  add("POST", "v1/organizations/rbac_groups/*/members", groups, add_group_member);
  add("DELETE", "v1/organizations/rbac_groups/*/members/*", groups, delete_group_member);
  add("POST", "v1/organizations/service_accounts", none, create_service_account, Gate::oauth);
  add("POST", "v1/organizations/service_accounts/*/archive", none, archive_service_account, Gate::oauth);
}

}  // namespace simulator
