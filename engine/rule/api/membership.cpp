// Who is in what: `for user, membership in workspace:members("effective") do`. Listed members stand in the API's member list; organization admins and billing members
// are in every workspace without standing there (fact sheet, section 8), so "effective" adds them, once, unless they are listed too. Archived workspaces have nobody
// in effect beyond their list.
#include <algorithm>

#include "rule/host_internal.h"

namespace muster::rule {

using snapshot::Dataset;

namespace {

bool wants_effective(lua_State* L, int at) {
  if (lua_isnoneornil(L, at)) return false;
  const std::string mode = text_of(L, at);
  if (mode != "listed" && mode != "effective") raise_error(L, "membership is \"listed\" or \"effective\", not \"" + mode + "\"");
  return mode == "effective";
}

std::uint16_t relation_of(lua_State* L, Dataset from, std::string_view name) {
  const auto relation = snapshot::find_relation(from, name);
  touch(L, snapshot::relations()[*relation].to);
  if (!host_of(L).world->has_relation[*relation]) raise_error(L, std::string(snapshot::spec_of(from).name) + "." + std::string(name) + " was not loaded");
  return *relation;
}

bool is_listed(const MemberLoop& loop, std::uint32_t thing) {
  return std::binary_search(loop.listed_things.begin(), loop.listed_things.end(), thing);
}

int next_member(lua_State* L) {
  Host& host = host_of(L);
  if (lua_tointeger(L, lua_upvalueindex(2)) != host.epoch) raise_error(L, "a loop of another subject is used");
  MemberLoop& loop = host.loops[static_cast<std::size_t>(lua_tointeger(L, lua_upvalueindex(1)))];
  while (loop.next < loop.listed.size()) {
    const std::uint32_t at = loop.next++;
    const std::uint32_t membership = loop.listed[at];
    charge(L, 6);
    const std::uint32_t thing = (*loop.target)[membership];
    PathId path = kSubjectPath;
    if (loop.is_followed && !host.read_more) {
      path = host.paths.item(loop.path, *loop.groups, at);
      note_read(host, {.path = path, .kind = Probe::Kind::leads, .on = loop.target});
    }
    if (thing >= snapshot::kDangling) {
      const auto& spec = snapshot::spec_of(loop.things);
      raise_unknown(L, "a membership names a record that " + std::string(spec.name) + " does not have");
    }
    const bool read_more = host.read_more;
    push_handle(L, loop.things, thing);
    push_handle(L, loop.members, membership);
    if (!loop.is_followed || read_more) return 2;
    follow(L, -2, host.paths.along(path, *loop.target));
    follow(L, -1, path);
    host.read_more = false;
    return 2;
  }
  if (!loop.with_implicit) return 0;
  const auto& implicit = host.world->implicit_members;
  const std::size_t end = loop.over_users ? implicit.size() : host.world->table(Dataset::workspaces)->rows();
  for (;;) {
    const std::size_t at = loop.next++ - loop.listed.size();
    if (at >= end) return 0;
    charge(L, 6);
    if (loop.over_users) {
      if (is_listed(loop, implicit[at].user)) continue;
      push_handle(L, Dataset::users, implicit[at].user);
      push_implicit(L, implicit[at].user, loop.fixed, implicit[at].workspace_role);
    } else {
      const auto workspace = static_cast<std::uint32_t>(at);
      if (is_listed(loop, workspace)) continue;
      push_handle(L, Dataset::workspaces, workspace);
      push_implicit(L, loop.fixed, workspace, loop.role);
    }
    return 2;
  }
}

int start(lua_State* L, MemberLoop loop) {
  Host& host = host_of(L);
  if (loop.with_implicit) {
    for (const std::uint32_t membership : loop.listed)
      if ((*loop.target)[membership] < snapshot::kDangling) loop.listed_things.push_back((*loop.target)[membership]);
    std::sort(loop.listed_things.begin(), loop.listed_things.end());
    charge(L, loop.listed.size());
  }
  if (host.loops.size() > 100'000) raise_error(L, "too many loops");
  loop.is_followed = follow_loop(host, loop.is_followed && !loop.with_implicit, loop.path, *loop.groups, loop.listed.size());
  host.loops.push_back(std::move(loop));
  lua_pushinteger(L, static_cast<lua_Integer>(host.loops.size() - 1));
  lua_pushinteger(L, host.epoch);
  lua_pushcclosure(L, guarded<next_member>, 2);
  return 1;
}

void hang_from(MemberLoop& loop, const Handle& handle) {
  loop.listed = loop.groups->of(handle.row);
  loop.is_followed = handle.is_followed;
  loop.path = handle.path;
}

int method_members(lua_State* L) {
  const Handle handle = live_handle(L, 1);
  Host& host = host_of(L);
  MemberLoop loop;
  loop.things = Dataset::users;
  if (handle.dataset == Dataset::groups) {
    if (!lua_isnoneornil(L, 2)) raise_error(L, "group:members() takes nothing: groups have no implicit members");
    loop.members = Dataset::group_members;
    loop.groups = &host.world->to_many[relation_of(L, Dataset::groups, "memberships")];
    hang_from(loop, handle);
    loop.target = &host.world->to_one[relation_of(L, Dataset::group_members, "user")];
    return start(L, std::move(loop));
  }
  if (handle.dataset != Dataset::workspaces) raise_error(L, "members() is for workspaces and groups, not for a " + std::string(kind_of(L, 1)));
  loop.members = Dataset::workspace_members;
  loop.groups = &host.world->to_many[relation_of(L, Dataset::workspaces, "memberships")];
  hang_from(loop, handle);
  loop.target = &host.world->to_one[relation_of(L, Dataset::workspace_members, "user")];
  loop.with_implicit = wants_effective(L, 2);
  loop.over_users = true;
  loop.fixed = handle.row;
  return start(L, std::move(loop));
}

int method_workspaces(lua_State* L) {
  const Handle handle = live_handle(L, 1);
  if (handle.dataset != Dataset::users) raise_error(L, "workspaces() is for users, not for a " + std::string(kind_of(L, 1)));
  Host& host = host_of(L);
  MemberLoop loop;
  loop.things = Dataset::workspaces;
  loop.members = Dataset::workspace_members;
  loop.groups = &host.world->to_many[relation_of(L, Dataset::users, "memberships")];
  hang_from(loop, handle);
  loop.target = &host.world->to_one[relation_of(L, Dataset::workspace_members, "workspace")];
  loop.fixed = handle.row;
  if (wants_effective(L, 2)) {
    if (loop.path != kConstantPath) loop.is_followed = false;  // it hangs on who the user is, too
    const auto& implicit = host.world->implicit_members;
    const auto found = std::lower_bound(implicit.begin(), implicit.end(), handle.row,
                                        [](const snapshot::World::Implicit& item, std::uint32_t row) { return item.user < row; });
    if (found != implicit.end() && found->user == handle.row) {
      loop.with_implicit = true;
      loop.role = found->workspace_role;
    }
  }
  return start(L, std::move(loop));
}

int method_groups(lua_State* L) {
  const Handle handle = live_handle(L, 1);
  if (handle.dataset != Dataset::users) raise_error(L, "groups() is for users, not for a " + std::string(kind_of(L, 1)));
  Host& host = host_of(L);
  MemberLoop loop;
  loop.things = Dataset::groups;
  loop.members = Dataset::group_members;
  loop.groups = &host.world->to_many[relation_of(L, Dataset::users, "group_memberships")];
  hang_from(loop, handle);
  loop.target = &host.world->to_one[relation_of(L, Dataset::group_members, "group")];
  return start(L, std::move(loop));
}

constexpr ApiFunction kFunctions[] = {
    {"handle", "members", guarded<method_members>, "(mode?: 'listed'|'effective'): fun(): muster.User, muster.Membership",
     "Of a workspace or group: each member and the membership record. \"effective\" adds organization admins and billing members, who stand in no list."},
    {"handle", "workspaces", guarded<method_workspaces>, "(mode?: 'listed'|'effective'): fun(): muster.Workspace, muster.Membership",
     "Of a user: each workspace and the membership record."},
    {"handle", "groups", guarded<method_groups>, "(): fun(): muster.Group, muster.Membership", "Of a user: each group and the membership record."},
};

}  // namespace

/// The relations that a mention of one of these methods needs.
std::span<const std::pair<std::string_view, std::string_view>> membership_needs() {
  static constexpr std::pair<std::string_view, std::string_view> kNeeds[] = {
      {"members", "workspaces.memberships"}, {"members", "workspace_members.user"},      {"members", "groups.memberships"},
      {"members", "group_members.user"},     {"workspaces", "users.memberships"},        {"workspaces", "workspace_members.workspace"},
      {"groups", "users.group_memberships"}, {"groups", "group_members.group"},
  };
  return kNeeds;
}

std::span<const ApiFunction> api_membership() { return kFunctions; }

}  // namespace muster::rule
