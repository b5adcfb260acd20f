// The reads of the Admin API, sections 4 to 9 and 11 to 13 of the fact sheet.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "paging.h"

namespace simulator {
namespace {

using muster::json::Value;

std::string folded(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// The address without capitals and without its tag: the filter finds rosa+x@ by rosa@.
std::string base_address(std::string_view email) {
  std::string out = folded(email);
  const std::size_t plus = out.find('+'), at = out.find('@');
  if (plus < at && at != std::string::npos) out.erase(plus, at - plus);
  return out;
}

bool contains(const std::vector<std::string>& values, std::string_view value) {
  return std::ranges::find(values, value) != values.end();
}

/// A filter that keeps rows for which `keep` holds; none when nothing was asked.
std::function<Verdict(const std::string&)> keep_if(bool is_asked, std::function<bool(const Value&)> keep) {
  if (!is_asked) return {};
  return [keep = std::move(keep)](const std::string& object) {
    return keep(parsed(object)) ? Verdict::take : Verdict::skip;
  };
}

Reply item(Call& call, Table& table, Thing thing, std::string_view what) {
  const auto number = table.find(call.ids.back());
  return number ? json_reply(aged(thing, call.age, table.text(*number))) : not_found(what);
}

std::function<Verdict(const std::string&)> live_only(const Request& request) {
  const std::string* archived = request.parameter("include_archived");
  if (archived && *archived == "true") return {};
  return [](const std::string& object) {
    return object.find(R"("archived_at":null)") == std::string::npos ? Verdict::skip : Verdict::take;
  };
}

Reply users(Call& call) {
  const auto roles = call.request.parameters("roles");
  const std::string* email = call.request.parameter("email");
  const std::string wanted = email ? base_address(*email) : "";
  return page_by_id(
      call, call.organization.users,
      {.thing = Thing::user, .filter = keep_if(email || !roles.empty(), [=](const Value& user) {
                               return (wanted.empty() || base_address(text_of(user, "email")) == wanted) &&
                                      (roles.empty() || contains(roles, text_of(user, "role")));
                             })});
}

Reply invites(Call& call) {
  const auto statuses = call.request.parameters("statuses"), roles = call.request.parameters("roles");
  const std::string* email = call.request.parameter("email");
  const std::string wanted = email ? folded(*email) : "";
  const auto filter = keep_if(email || !statuses.empty() || !roles.empty(), [=](const Value& invite) {
    return (wanted.empty() || folded(text_of(invite, "email")) == wanted) &&
           (statuses.empty() || contains(statuses, text_of(invite, "status"))) &&
           (roles.empty() || contains(roles, text_of(invite, "role")));
  });
  // Invites lapse on the simulated clock.
  const auto lapsed = [now = call.now, invites_lapse = call.tenant.invites_lapse](const std::string& object) {
    if (!invites_lapse) return object;
    const auto expires = muster::parse_rfc3339(quick_text(object, "expires_at"));
    if (quick_text(object, "status") != "pending" || !expires || *expires > now) return object;
    Value invite = parsed(object);
    set(invite, "status", "expired");
    return muster::json::dump(invite);
  };
  return page_by_id(call, call.organization.invites,
                    {.thing = Thing::invite, .filter = filter, .view = lapsed});
}

Reply workspaces(Call& call) {
  const std::string* with_default = call.request.parameter("include_default");
  Organization& organization = call.organization;
  if (with_default && *with_default == "true" &&
      !organization.workspaces.find(organization.default_workspace_id)) {
    // A list of its own, with the default workspace behind the others.
    Table all;
    all.add(organization.default_workspace_id, organization.default_workspace);
    for (std::size_t n = 0; n < organization.workspaces.end(); ++n) {
      std::string object;
      if (organization.workspaces.render(n, object))
        all.add(organization.workspaces.id(n), std::move(object));
    }
    return page_by_id(call, all, {.thing = Thing::workspace, .filter = live_only(call.request)});
  }
  return page_by_id(call, organization.workspaces,
                    {.thing = Thing::workspace, .filter = live_only(call.request)});
}

Reply workspace(Call& call) {
  if (call.ids.back() == call.organization.default_workspace_id)
    return json_reply(aged(Thing::workspace, call.age, call.organization.default_workspace));
  return item(call, call.organization.workspaces, Thing::workspace, "Workspace");
}

Reply members(Call& call) {
  Organization& organization = call.organization;
  if (call.ids[0] == organization.default_workspace_id)
    return refused("The default workspace has no member list.");
  if (!organization.workspaces.find(call.ids[0])) return not_found("Workspace");
  return page_by_id(call, call.children(organization.members, call.ids[0]), {.thing = Thing::member});
}

Reply member(Call& call) {
  if (!call.organization.workspaces.find(call.ids[0])) return not_found("Workspace");
  return item(call, call.children(call.organization.members, call.ids[0]), Thing::member, "Workspace member");
}

Reply api_keys(Call& call) {
  const std::string *status = call.request.parameter("status"),
                    *workspace = call.request.parameter("workspace_id"),
                    *creator = call.request.parameter("created_by_user_id");
  return page_by_id(
      call, call.organization.api_keys,
      {.thing = Thing::api_key, .filter = keep_if(status || workspace || creator, [=](const Value& key) {
                                  const Value *by = key.find("created_by"), *scope = key.find("scope");
                                  return (!status || text_of(key, "status") == *status) &&
                                         (!creator || (by && text_of(*by, "id") == *creator)) &&
                                         (!workspace || text_of(key, "workspace_id") == *workspace ||
                                          (scope && text_of(*scope, "workspace_id") == *workspace));
                                })});
}

Reply rate_limits(Call& call) {
  const std::string *type = call.request.parameter("group_type"), *model = call.request.parameter("model");
  if (model) {
    bool is_known = false;
    for (std::size_t n = 0; n < call.organization.rate_limits.end(); ++n)
      is_known =
          is_known || call.organization.rate_limits.text(n).find("\"" + *model + "\"") != std::string::npos;
    if (!is_known) return not_found("Model");
  }
  const auto filter = keep_if(type || model, [=](const Value& limit) {
    const Value* group = limit.find("group");
    return (!type || (group && text_of(*group, "type") == *type)) &&
           (!model || muster::json::dump(limit).find("\"" + *model + "\"") != std::string::npos);
  });
  return page_by_token(call, call.organization.rate_limits,
                       {.newest_first = false, .default_limit = 1000, .has_more = false, .filter = filter});
}

Reply workspace_rate_limits(Call& call) {
  if (!call.organization.workspaces.find(call.ids[0]) &&
      call.ids[0] != call.organization.default_workspace_id)
    return not_found("Workspace");
  return page_by_token(call, call.children(call.organization.workspace_limits, call.ids[0]),
                       {.newest_first = false, .default_limit = 1000, .has_more = false});
}

/// Groups without the description, which only the Compliance API shows.
std::string group_view(const std::string& object) {
  if (object.find("\"description\"") == std::string::npos) return object;
  Value group = parsed(object);
  erase(group, "description");
  return muster::json::dump(group);
}

Reply groups(Call& call) {
  return page_by_token(call, call.tenant.groups,
                       {.thing = Thing::group, .newest_first = false, .view = group_view});
}

Reply group(Call& call) {
  const auto number = call.tenant.groups.find(call.ids[0]);
  return number ? json_reply(aged(Thing::group, call.age, group_view(call.tenant.groups.text(*number))))
                : not_found("Group");
}

Reply group_members(Call& call) {
  if (!call.tenant.groups.find(call.ids[0])) return not_found("Group");
  return page_by_token(call, call.children(call.tenant.group_members, call.ids[0]),
                       {.thing = Thing::group_member, .newest_first = false});
}

Reply role_permissions(Call& call) {
  if (!call.organization.roles.find(call.ids[0])) return not_found("Role");
  return page_by_token(call, call.children(call.organization.permissions, call.ids[0]),
                       {.newest_first = false});
}

Reply service_account_workspaces(Call& call) {
  if (!call.organization.service_accounts.find(call.ids[0])) return not_found("Service account");
  return page_by_token(call, call.children(call.organization.service_account_workspaces, call.ids[0]),
                       {.newest_first = false});
}

Reply federation_rules(Call& call) {
  auto live = live_only(call.request);
  const std::string* issuer = call.request.parameter("issuer_id");
  if (issuer) {
    live = [live, wanted = *issuer](const std::string& object) {
      if (quick_text(object, "issuer_id") != wanted) return Verdict::skip;
      return live ? live(object) : Verdict::take;
    };
  }
  return page_by_token(call, call.organization.rules, {.filter = live});
}

Reply rule_workspaces(Call& call) {
  const auto number = call.organization.rules.find(call.ids[0]);
  if (!number) return not_found("Federation rule");
  const Value rule = parsed(call.organization.rules.text(*number));
  const Value* ids = rule.find("workspace_ids");
  std::string body = R"({"data":[)";
  if (ids && ids->array()) {
    for (const Value& id : *ids->array()) {
      if (body.back() == '}') body += ',';
      body += R"({"type":"federation_rule_workspace","workspace_id":)" + muster::json::dump(id) + "}";
    }
  }
  return json_reply(body + R"(],"next_page":null})");
}

}  // namespace

void add_admin_reads(std::vector<Route>& routes) {
  using Needs = std::vector<std::string_view>;
  const Needs members_scope = {"read:members", "read:org_audit"},
              groups_scope = {"read:rbac_groups", "read:org_audit"}, none = {};
  const auto get = [&](std::string_view pattern, Gate gate, const Needs& needs,
                       std::function<Reply(Call&)> handler, std::string_view event = {}) {
    routes.push_back({"GET", pattern, gate, needs, std::move(handler), event});
  };
  using enum Gate;
  get("v1/organizations/me", admin, {"read:members", "read:org_audit"}, [](Call& call) {
    std::string body = fmt::format(R"({{"id":"{}","type":"organization","name":)", call.organization.uuid);
    muster::json::append_quoted(body, call.organization.name);
    return json_reply(aged(Thing::other, call.age, body + "}"));
  });
  get("v1/organizations/users", admin, members_scope, users, "org_users_listed");
  get("v1/organizations/users/*", admin, members_scope,
      [](Call& call) { return item(call, call.organization.users, Thing::user, "User"); });
  get("v1/organizations/invites", admin, members_scope, invites, "org_invites_listed");
  get("v1/organizations/invites/*", admin, members_scope,
      [](Call& call) { return item(call, call.organization.invites, Thing::invite, "Invite"); });
  get("v1/organizations/workspaces", admin, none, workspaces);
  get("v1/organizations/workspaces/*", admin, none, workspace);
  get("v1/organizations/workspaces/*/members", admin, none, members, "platform_workspace_members_listed");
  get("v1/organizations/workspaces/*/members/*", admin, none, member, "platform_workspace_member_viewed");
  get("v1/organizations/workspaces/*/rate_limits", admin, none, workspace_rate_limits);
  get("v1/organizations/api_keys", admin, none, api_keys);
  get("v1/organizations/api_keys/*", admin, none,
      [](Call& call) { return item(call, call.organization.api_keys, Thing::api_key, "API key"); });
  get("v1/organizations/rate_limits", admin, none, rate_limits);
  get("v1/organizations/external_keys", admin, none,
      [](Call& call) { return page_by_token(call, call.organization.external_keys, {}); });
  get("v1/organizations/external_keys/*", admin, none,
      [](Call& call) { return item(call, call.organization.external_keys, Thing::other, "External key"); });
  get("v1/organizations/compliance_settings", admin, none, [](Call& call) {
    return json_reply(fmt::format(R"({{"type":"compliance_settings","state":{{"type":"{}"}}}})",
                                  call.organization.compliance_enabled ? "enabled" : "disabled"));
  });
  get("v1/organizations/rbac_groups", admin, groups_scope, groups);
  get("v1/organizations/rbac_groups/*", admin, groups_scope, group);
  get("v1/organizations/rbac_groups/*/members", admin, groups_scope, group_members);
  get("v1/organizations/rbac_roles", admin, members_scope,
      [](Call& call) { return page_by_token(call, call.organization.roles, {.newest_first = false}); });
  get("v1/organizations/rbac_roles/*", admin, members_scope,
      [](Call& call) { return item(call, call.organization.roles, Thing::other, "Role"); });
  get("v1/organizations/rbac_roles/*/permissions", admin, members_scope, role_permissions);
  get("v1/organizations/spend_limits/effective", admin, {"read:spend_limits"},
      [](Call& call) { return page_by_token(call, call.organization.spend_limits, {}); });
  get("v1/organizations/spend_limits/*", admin, {"read:spend_limits"},
      [](Call& call) { return item(call, call.organization.spend_limits, Thing::other, "Spend limit"); });
  get("v1/organizations/service_accounts", oauth, none, [](Call& call) {
    return page_by_token(call, call.organization.service_accounts, {.filter = live_only(call.request)});
  });
  get("v1/organizations/service_accounts/*", oauth, none, [](Call& call) {
    return item(call, call.organization.service_accounts, Thing::other, "Service account");
  });
  get("v1/organizations/service_accounts/*/workspaces", oauth, none, service_account_workspaces);
  get("v1/organizations/federation_issuers", oauth, none, [](Call& call) {
    return page_by_token(call, call.organization.issuers, {.filter = live_only(call.request)});
  });
  get("v1/organizations/federation_issuers/*", oauth, none,
      [](Call& call) { return item(call, call.organization.issuers, Thing::other, "Federation issuer"); });
  get("v1/organizations/federation_rules", oauth, none, federation_rules);
  get("v1/organizations/federation_rules/*", oauth, none,
      [](Call& call) { return item(call, call.organization.rules, Thing::other, "Federation rule"); });
  get("v1/organizations/federation_rules/*/workspaces", oauth, none, rule_workspaces);
}

}  // namespace simulator
