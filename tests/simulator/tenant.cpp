#include "tenant.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/json.h"
#include "seeds.h"

namespace simulator {

Table& Children::of(const std::string& parent) {
  auto& table = made_[parent];
  if (!table) table = std::make_unique<Table>(make_(parent));
  return *table;
}

const Table* Children::find(const std::string& parent) const {
  const auto found = made_.find(parent);
  return found == made_.end() ? nullptr : found->second.get();
}

namespace {

using muster::format_rfc3339;
using muster::Instant;
using muster::kMicrosPerDay;
using muster::kMicrosPerSecond;

enum Kind : std::uint64_t {
  kUser = 1,
  kInvite,
  kWorkspace,
  kKey,
  kGroup,
  kRole,
  kServiceAccount,
  kIssuer,
  kRule,
  kExternalKey,
  kActivity,
  kOrganization,
  kLimit,
  kChoice,
  kUsage,
  kCode,
  kChat,
  kProject,
  kSpend,
};

constexpr std::array kFirst = {"Rosa", "Omar", "Mei", "Ivar", "Zoë",  "Lena", "Tomás", "Priya",
                               "Sven", "Noor", "Ana", "Kofi", "Yuki", "Ada",  "Luis",  "Ines"};
constexpr std::array kFirstAscii = {"rosa", "omar", "mei", "ivar", "zoe",  "lena", "tomas", "priya",
                                    "sven", "noor", "ana", "kofi", "yuki", "ada",  "luis",  "ines"};
constexpr std::array kLast = {"Lind", "Bakri", "Okafor", "Moreau", "Tanaka", "Hale",  "Duarte", "Novak",
                              "Berg", "Iyer",  "Costa",  "Weiss",  "Silva",  "Quist", "Marsh",  "Rahim"};
constexpr std::array kRoles = {"Member", "Builder", "Connector steward", "Everything"};

std::string_view role_of(std::uint64_t user) {
  if (user == 0) return "primary_owner";
  if (user % 1000 == 1) return "admin";
  if (user % 1000 == 2) return "billing";
  if (user % 5 == 3) return "developer";
  if (user % 11 == 4) return "claude_code_user";
  return "user";
}
// Admins and billing members are implicit everywhere and hidden from member lists.
bool is_implicit(std::uint64_t user) {
  const std::string_view role = role_of(user);
  return role == "admin" || role == "billing" || role == "primary_owner";
}

/// Everything that a tenant's rows are made from; the tables share it.
struct Maker {
  std::uint64_t seed = 1;
  Size size;
  Instant now;
  Ids users, invites, workspaces, keys, groups, roles, service_accounts, issuers, rules, external_keys,
      activities, chats, projects;

  Maker(std::uint64_t s, const Size& z, Instant n)
      : seed(s),
        size(z),
        now(n),
        users("user_01", s, kUser),
        invites("invite_01", s, kInvite),
        workspaces("wrkspc_01", s, kWorkspace),
        keys("apikey_01", s, kKey),
        groups("rbac_group_01", s, kGroup),
        roles("rbac_role_01", s, kRole),
        service_accounts("svac_01", s, kServiceAccount),
        issuers("fdis_01", s, kIssuer),
        rules("fdrl_01", s, kRule),
        external_keys("ekey_01", s, kExternalKey),
        activities("activity_01", s, kActivity),
        chats("claude_chat_01", s, kChat),
        projects("claude_proj_01", s, kProject) {}

  /// The instant of row `index` of `count`, spread over the two years before now, oldest first.
  [[nodiscard]] Instant time_of(std::uint64_t index, std::uint64_t count, std::uint64_t kind) const {
    constexpr std::int64_t kSpan = 730 * kMicrosPerDay;
    const auto step = kSpan / static_cast<std::int64_t>(count + 1);
    const auto jitter = static_cast<std::int64_t>(
        mixed(seed, kind + 100, index) % static_cast<std::uint64_t>(std::max<std::int64_t>(step, 1)));
    return {now.us - kSpan + step * static_cast<std::int64_t>(index) + jitter};
  }
  [[nodiscard]] std::uint64_t choice(std::uint64_t kind, std::uint64_t index, std::uint64_t of) const {
    return of == 0 ? 0 : mixed(seed, kChoice * 1000 + kind, index) % of;
  }
  void append_email(std::uint64_t user, std::string& out) const {
    const std::size_t first = choice(1, user, kFirst.size()), last = choice(2, user, kLast.size());
    std::string surname = kLast[last];
    std::ranges::transform(surname, surname.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (user % 50 == 7) {
      out += kFirst[first == 4 || first == 6 ? 0 : first];  // capital letters, ASCII only
      out += '.';
      out += kLast[last];
    } else {
      out += kFirstAscii[first];
      out += '.';
      out += surname;
    }
    fmt::format_to(std::back_inserter(out), "{}", user);
    if (user % 77 == 9) out += "+console";
    out += "@northwind.example";
  }
  void append_name(std::uint64_t user, std::string& out) const {
    if (user % 500 == 499) return;  // may be empty
    out += kFirst[choice(1, user, kFirst.size())];
    out += ' ';
    out += kLast[choice(2, user, kLast.size())];
  }
};

using Shared = std::shared_ptr<const Maker>;

Table by_ids(std::size_t count, std::uint64_t offset, const Ids& ids,
             std::function<bool(std::size_t, std::string&)> render) {
  return Table({.count = count,
                .render = std::move(render),
                .id = [ids, offset](std::size_t n) { return ids.at(offset + n); },
                .find = [ids, offset, count](std::string_view id) -> std::optional<std::size_t> {
                  const auto index = ids.index_of(id);
                  if (!index || *index < offset || *index - offset >= count) return std::nullopt;
                  return *index - offset;
                }});
}

/// Users `offset` … `offset + count` as either API shows them.
Table users_of(const Shared& maker, std::size_t count, std::uint64_t offset, bool is_directory) {
  return by_ids(count, offset, maker->users, [maker, offset, is_directory](std::size_t n, std::string& out) {
    const std::uint64_t user = offset + n;
    const Instant joined = maker->time_of(user, maker->size.users, kUser);
    if (is_directory) {
      out += R"({"id":")";
      maker->users.append(user, out);
      out += R"(","full_name":")";
      maker->append_name(user, out);
      out += R"(","email":")";
      maker->append_email(user, out);
      out += R"(","organization_role":")";
      out += role_of(user);
      out += R"(","created_at":")";
      out += format_rfc3339({joined.us - 20 * kMicrosPerSecond});
    } else {
      out += R"({"type":"user","id":")";
      maker->users.append(user, out);
      out += R"(","email":")";
      maker->append_email(user, out);
      out += R"(","name":")";
      maker->append_name(user, out);
      out += R"(","role":")";
      out += role_of(user);
      out += R"(","added_at":")";
      out += format_rfc3339(joined);
    }
    out += "\"}";
    return true;
  });
}

Table invites_of(const Shared& maker) {
  return by_ids(maker->size.invites, 0, maker->invites, [maker](std::size_t n, std::string& out) {
    // The newest are pending; one is accepted and one has expired whatever the size.
    const auto count = static_cast<std::int64_t>(maker->size.invites);
    const Instant sent{maker->now.us - (count - static_cast<std::int64_t>(n)) * 4 * kMicrosPerDay};
    const Instant expires{sent.us + 21 * kMicrosPerDay};
    const bool is_accepted = n % 3 == 1;
    const std::string_view status = is_accepted                   ? "accepted"
                                    : expires.us <= maker->now.us ? "expired"
                                                                  : "pending";
    fmt::format_to(
        std::back_inserter(out),
        R"({{"type":"invite","id":"{}","email":"new.hire{}@northwind.example","role":"user","status":"{}","invited_at":"{}","expires_at":"{}","accepted_at":{},"rbac_group_ids":[]}})",
        maker->invites.at(n), n, status, format_rfc3339(sent), format_rfc3339(expires),
        is_accepted ? fmt::format("\"{}\"", format_rfc3339({sent.us + kMicrosPerDay})) : "null");
    return true;
  });
}

bool is_archived(std::uint64_t workspace) { return workspace % 10 == 9; }

Table workspaces_of(const Shared& maker, bool odd_ids) {
  Table table = by_ids(maker->size.workspaces, 1, maker->workspaces, [maker](std::size_t n, std::string& out) {
    const std::uint64_t w = n + 1;
    const Instant made = maker->time_of(n, maker->size.workspaces, kWorkspace);
    fmt::format_to(
        std::back_inserter(out),
        R"({{"type":"workspace","id":"{}","name":"Team {:05}","created_at":"{}","archived_at":{},"display_color":"#2F7A4D","data_residency":{{"workspace_geo":"us","allowed_inference_geos":{},"default_inference_geo":"global"}},"tags":{{"cost-center":"{}"}},"compartment_id":"cmp-{:08x}","external_key_id":null}})",
        maker->workspaces.at(w), w, format_rfc3339(made),
        is_archived(w) ? fmt::format("\"{}\"", format_rfc3339({made.us + kMicrosPerDay / 2})) : "null",
        w % 4 == 0 ? R"(["us","global"])" : R"("unrestricted")", 4000 + maker->choice(20, w, 40),
        maker->choice(21, w, 0xFFFFFFFF));
    return true;
  });
  if (odd_ids) {
    for (const std::string& id :
         {std::string("wrkspc_01/../../../etc/passwd"), std::string(".."),
          std::string("wrkspc_01\x01\x1b[31mred\n"), std::string("wrkspc_01?limit=1#x%2f")}) {
      std::string object = R"({"type":"workspace","id":)";
      muster::json::append_quoted(object, id);
      object +=
          R"(,"name":"odd","created_at":"2026-01-01T00:00:00Z","archived_at":null,"display_color":"#000000","data_residency":{"workspace_geo":"us","allowed_inference_geos":"unrestricted","default_inference_geo":"global"},"tags":{},"compartment_id":"cmp-0","external_key_id":null})";
      table.add(id, std::move(object));
    }
  }
  return table;
}

/// The members of a workspace are consecutive users from a place that the workspace's number gives.
Table members_of(const Shared& maker, const std::string& workspace) {
  const auto index = maker->workspaces.index_of(workspace);
  const std::uint64_t users = maker->size.users;
  const std::uint64_t place = index ? *index : 1;
  // Workspaces differ in size; every eleventh has none, nor has one that somebody made through the API.
  const bool is_empty = place % 11 == 10 || (!index && workspace.size() == maker->workspaces.at(0).size());
  const std::uint64_t most = maker->size.members - maker->choice(30, place, maker->size.members / 2 + 1);
  const std::size_t count = is_empty ? 0 : static_cast<std::size_t>(std::min(users, most));
  const std::uint64_t first = maker->choice(31, place, users);
  return Table({.count = count,
                .render =
                    [maker, workspace, first, users](std::size_t n, std::string& out) {
                      const std::uint64_t user = (first + n) % users;
                      if (is_implicit(user)) return false;
                      constexpr std::array kWords = {"workspace_user", "workspace_developer",
                                                     "workspace_user", "workspace_admin",
                                                     "workspace_restricted_developer"};
                      out += R"({"type":"workspace_member","user_id":")";
                      maker->users.append(user, out);
                      out += R"(","workspace_id":)";
                      muster::json::append_quoted(out, workspace);
                      out += R"(,"workspace_role":")";
                      out += kWords[(user + first) % kWords.size()];
                      out += "\"}";
                      return true;
                    },
                .id = [maker, first, users](std::size_t n) { return maker->users.at((first + n) % users); },
                .find = [maker, first, users, count](std::string_view id) -> std::optional<std::size_t> {
                  const auto user = maker->users.index_of(id);
                  if (!user || *user >= users) return std::nullopt;
                  const std::size_t n = (*user + users - first) % users;
                  return n < count ? std::optional(n) : std::nullopt;
                }});
}

Table keys_of(const Shared& maker) {
  return by_ids(maker->size.keys, 0, maker->keys, [maker](std::size_t n, std::string& out) {
    const Instant made = maker->time_of(n, maker->size.keys, kKey);
    const std::uint64_t place =
        maker->choice(40, n, maker->size.workspaces + 1);  // 0 is the default workspace
    const std::string workspace = maker->workspaces.at(place);
    const bool has_past_end = n % 9 == 4;
    std::string_view status = n % 8 == 3 ? "inactive" : "active";
    if (has_past_end) status = "expired";
    if (place != 0 && is_archived(place)) status = "archived";
    const std::string expires =
        n % 3 == 0
            ? "null"
            : fmt::format("\"{}\"", format_rfc3339({has_past_end ? made.us + kMicrosPerDay / 2
                                                                 : maker->now.us + 90 * kMicrosPerDay}));
    const std::string creator = maker->users.at(maker->choice(41, n, maker->size.users));
    std::string by = fmt::format(R"({{"id":"{}","type":"user"}})", creator);
    if (n % 20 == 6) by = "null";
    if (n % 20 == 13)
      by = fmt::format(R"({{"id":"{}","type":"service_account"}})", maker->service_accounts.at(0));
    std::string principal = "null";
    if (n % 7 == 2) principal = fmt::format(R"({{"type":"user_actor","user_id":"{}"}})", creator);
    if (n % 20 == 13)
      principal = fmt::format(R"({{"type":"service_account_actor","service_account_id":"{}"}})",
                              maker->service_accounts.at(0));
    fmt::format_to(
        std::back_inserter(out),
        R"({{"type":"api_key","id":"{}","name":"key-{}","status":"{}","created_at":"{}","created_by":{},"expires_at":{},"partial_key_hint":{},"workspace_id":{},"scope":{{"type":"workspace","workspace_id":"{}"}},"principal":{}}})",
        maker->keys.at(n), n, status, format_rfc3339(made), by, expires,
        n % 15 == 8 ? "null" : fmt::format("\"sk-ant-api03-{:03x}...{:04x}AA\"", n % 4096, n % 65536),
        place == 0 ? "null" : fmt::format("\"{}\"", workspace), workspace, principal);
    return true;
  });
}

Table groups_of(const Shared& maker) {
  return by_ids(maker->size.groups, 0, maker->groups, [maker](std::size_t n, std::string& out) {
    fmt::format_to(
        std::back_inserter(out),
        R"({{"id":"{}","type":"rbac_group","name":"Group {}","description":{},"source_type":"{}","role_ids":{},"created_at":"{}","updated_at":"{}"}})",
        maker->groups.at(n), n, n % 4 == 1 ? "null" : fmt::format("\"People of group {}\"", n),
        n % 2 == 0 ? "scim" : "direct",
        n % 6 == 5 ? "null" : fmt::format("[\"{}\"]", maker->roles.at(n % kRoles.size())),
        format_rfc3339(maker->time_of(n, maker->size.groups, kGroup)), format_rfc3339(maker->now));
    return true;
  });
}

Table group_members_of(const Shared& maker, const std::string& group) {
  const std::uint64_t users = maker->size.users;
  const auto index = maker->groups.index_of(group);
  const std::uint64_t place = index ? *index : 0;
  const std::size_t count = std::min<std::size_t>(users, maker->size.group_members);
  const std::uint64_t first = maker->choice(50, place, users);
  return Table({.count = count,
                .render =
                    [maker, group, first, users](std::size_t n, std::string& out) {
                      const std::uint64_t user = (first + n) % users;
                      out += R"({"type":"rbac_group_member","rbac_group_id":")";
                      out += group;
                      out += R"(","user_id":")";
                      maker->users.append(user, out);
                      out += R"(","email":")";
                      maker->append_email(user, out);
                      out += R"(","created_at":")";
                      out += format_rfc3339(maker->time_of(user, users, kUser));
                      out += "\"}";
                      return true;
                    },
                .id = [maker, first, users](std::size_t n) { return maker->users.at((first + n) % users); },
                .find = [maker, first, users, count](std::string_view id) -> std::optional<std::size_t> {
                  const auto user = maker->users.index_of(id);
                  if (!user || *user >= users) return std::nullopt;
                  const std::size_t n = (*user + users - first) % users;
                  return n < count ? std::optional(n) : std::nullopt;
                }});
}

Table activities_of(const Shared& maker, const std::string& tag, const std::string& uuid) {
  return by_ids(maker->size.activities, 0, maker->activities, [maker, tag, uuid](std::size_t n, std::string& out) {
    const std::uint64_t user = maker->choice(60, n, maker->size.users);
    std::string email;
    maker->append_email(user, email);
    // The last thirty days before now, oldest first.
    const auto step = 30 * kMicrosPerDay / static_cast<std::int64_t>(maker->size.activities + 1);
    const std::string at =
        format_rfc3339({maker->now.us - 30 * kMicrosPerDay + step * static_cast<std::int64_t>(n)});
    const std::string actor = fmt::format(
        R"({{"type":"user_actor","email_address":"{}","user_id":"{}","ip_address":"192.0.2.{}","user_agent":"Mozilla/5.0"}})",
        email, maker->users.at(user), n % 250);
    const bool is_login = n % 5 < 3;
    fmt::format_to(
        std::back_inserter(out),
        R"({{"id":"{}","type":"{}","created_at":"{}","organization_id":{},"organization_uuid":{},"actor":)",
        maker->activities.at(n),
        is_login     ? "sso_login_succeeded"
        : n % 5 == 3 ? "group_member_added"
                     : "platform_workspace_member_added",
        at, is_login ? "null" : fmt::format("\"{}\"", tag), is_login ? "null" : fmt::format("\"{}\"", uuid));
    if (is_login) {
      out += actor + R"(,"auth_method":"sso","mfa_method":null})";
    } else if (n % 5 == 3) {
      fmt::format_to(
          std::back_inserter(out),
          R"({{"type":"scim_directory_sync_actor","directory_id":"directory_01AB","workos_event_id":"event_{}","idp_connection_type":"OktaSCIMV2"}},"group_id":"{}","member_ids":["{}"]}})",
          n, maker->groups.at(n % std::max<std::size_t>(maker->size.groups, 1)), maker->users.at(user));
    } else {
      fmt::format_to(std::back_inserter(out), R"({},"user_id":"{}","workspace_id":"{}"}})", actor,
                     maker->users.at(user),
                     maker->workspaces.at(1 + n % std::max<std::size_t>(maker->size.workspaces, 1)));
    }
    return true;
  });
}

std::string default_workspace(const Maker& maker) {
  return fmt::format(
      R"({{"type":"workspace","id":"{}","name":"Default","created_at":"{}","archived_at":null,"display_color":"#6C5BB9","data_residency":{{"workspace_geo":"us","allowed_inference_geos":"unrestricted","default_inference_geo":"global"}},"tags":{{}},"compartment_id":"cmp-00000000","external_key_id":null}})",
      maker.workspaces.at(0), format_rfc3339({maker.now.us - 731 * kMicrosPerDay}));
}

void add_small_lists(Organization& to, const Shared& maker) {
  const std::string at = format_rfc3339({maker->now.us - 200 * kMicrosPerDay});
  const std::string admin = maker->users.at(0);
  for (std::size_t n = 0; n < kRoles.size(); ++n) {
    to.roles.add(
        maker->roles.at(n),
        fmt::format(
            R"({{"type":"rbac_role","id":"{}","name":"{}","description":null,"created_at":"{}","updated_at":"{}"}})",
            maker->roles.at(n), kRoles[n], at, at));
  }
  to.permissions = Children([maker, uuid = to.uuid](const std::string& role) {
    const std::size_t n = maker->roles.index_of(role).value_or(0);
    Table table;
    const auto add = [&](std::string_view action, std::string_view resource) {
      table.add(
          fmt::format("{}", table.end()),
          fmt::format(R"({{"type":"rbac_role_permission","action":"{}","resource":{}}})", action, resource));
    };
    const std::string here = fmt::format(R"({{"type":"organization","organization_id":"{}"}})", uuid);
    add("chat", here);
    if (n == 2) {
      add("connector_use", R"({"type":"connector","connector_id":"mcpsrv_01Gcs73259ZFFUS88ILdCK"})");
      add("connector_manage",
          R"({"type":"connector_tool","connector_id":"mcpsrv_01Gcs73259ZFFUS88ILdCK","tool_name":"search"})");
      add("connector_use",
          R"({"type":"connector_scope","connector_id":"mcpsrv_01Gcs73259ZFFUS88ILdCK","scope":"files.read"})");
      add("connector_use", R"({"type":"all_connectors"})");
    }
    if (n == 3) add("capability_access_all", here);
    return table;
  });
  for (std::size_t n = 0; n < 3; ++n) {
    to.service_accounts.add(
        maker->service_accounts.at(n),
        fmt::format(
            R"({{"id":"{}","type":"service_account","name":"robot-{}","description":null,"organization_role":"{}","created_at":"{}","updated_at":"{}","archived_at":{},"created_by_actor_id":"{}","updated_by_actor_id":null,"archived_by_actor_id":null}})",
            maker->service_accounts.at(n), n, n == 1 ? "admin" : "developer", at, at,
            n == 2 ? fmt::format("\"{}\"", at) : "null", admin));
  }
  to.service_account_workspaces = Children([maker](const std::string& account) {
    Table table;
    table.add(
        maker->workspaces.at(0),
        fmt::format(
            R"({{"type":"service_account_workspace_member","service_account_id":"{}","workspace_id":"{}","workspace_role":"workspace_user","implicit":true,"created_by_actor_id":null}})",
            account, maker->workspaces.at(0)));
    return table;
  });
  to.issuers.add(
      maker->issuers.at(0),
      fmt::format(
          R"({{"id":"{}","type":"federation_issuer","name":"builds","issuer_url":"https://builds.northwind.example","jwks":{{"type":"discovery"}},"check_jti":true,"max_jwt_lifetime_seconds":3600,"jwks_polling_disabled_at":null,"poll_status":null,"created_at":"{}","updated_at":"{}","archived_at":null,"created_by_actor_id":"{}","updated_by_actor_id":null,"archived_by_actor_id":null}})",
          maker->issuers.at(0), at, at, admin));
  to.rules.add(
      maker->rules.at(0),
      fmt::format(
          R"({{"id":"{}","type":"federation_rule","name":"deploy","description":null,"issuer_id":"{}","issuer_name":"builds","match":{{"subject_prefix":"project:deploy:","audience":["anthropic"]}},"target":{{"type":"service_account","service_account_id":"{}","service_account_name":"robot-0"}},"oauth_scope":"workspace:developer","token_lifetime_seconds":900,"workspace_ids":[],"applies_to_all_workspaces":true,"created_at":"{}","updated_at":"{}","archived_at":null,"created_by_actor_id":"{}","updated_by_actor_id":null,"archived_by_actor_id":null}})",
          maker->rules.at(0), maker->issuers.at(0), maker->service_accounts.at(0), at, at, admin));
  to.external_keys.add(
      maker->external_keys.at(0),
      fmt::format(
          R"({{"id":"{}","type":"external_key","display_name":null,"geo":"us","attachment":{{"type":"unattached"}},"provider_config":{{"type":"gcp","key_name":"projects/sim/key"}},"created_at":"{}","updated_at":"{}"}})",
          maker->external_keys.at(0), at, at));
  to.rate_limits.add(
      "rl_org_01A",
      R"({"type":"rate_limit","id":"rl_org_01A","group":{"id":"rlg_01A","type":"model_group","display_name":"Claude-Sonnet"},"models":["claude-sonnet-5"],"limits":[{"type":"requests_per_minute","value":8000},{"type":"input_tokens_per_minute","value":8000000}]})");
  to.rate_limits.add(
      "rl_org_01B",
      R"({"type":"rate_limit","id":"rl_org_01B","group":{"id":"rlg_01B","type":"batch"},"models":null,"limits":[{"type":"requests_per_minute","value":2000}]})");
  to.workspace_limits = Children([maker](const std::string& workspace) {
    Table table;
    if (const auto n = maker->workspaces.index_of(workspace); n && *n % 5 == 1) {
      table.add(
          "rl_org_01A",
          fmt::format(
              R"({{"type":"workspace_rate_limit","workspace_id":"{}","rate_limit_id":"rl_org_01A","group":{{"id":"rlg_01A","type":"model_group","display_name":"Claude-Sonnet"}},"models":["claude-sonnet-5"],"limits":[{{"type":"requests_per_minute","value":800,"org_limit":8000,"source":{{"type":"workspace"}}}}]}})",
              workspace));
    }
    return table;
  });
  to.spend_limits.add(
      "spl_01A",
      fmt::format(
          R"({{"id":"spl_01A","type":"spend_limit","scope":{{"type":"organization","organization_id":"{}"}},"period":"monthly","amount":"5000000"}})",
          to.uuid));
  to.settings = {
      R"({"name":"sso_enabled","type":"boolean","value":true})",
      R"({"name":"ip_allowlist_enabled","type":"boolean","value":false})",
      R"({"name":"account_session_duration_seconds","type":"integer","value":null})",
      R"({"name":"allowed_invite_domains","type":"string_list","value":["northwind.example"]})",
      R"({"name":"sso_provisioning_mode","type":"provisioning_mode","value":"scim_advanced"})",
      R"({"name":"data_retention_periods","type":"data_retention","value":{"chat":{"type":"fixed","timescale":"month","duration":12}}})"};
  to.compliance_keys = {fmt::format(
      R"({{"type":"compliance_api_key","id":"{}","name":"siem","scopes":["read:compliance_activities"],"is_active":true,"created_at":"{}","created_by_id":null,"expires_at":null}})",
      maker->keys.at(1'000'000'000), at)};
}

std::string quoted_if(const std::vector<std::string>& grouped, std::string_view name,
                      std::string_view value) {
  return std::ranges::find(grouped, name) == grouped.end() ? "null" : fmt::format("\"{}\"", value);
}

void add_reports(Organization& to, const Shared& maker) {
  to.usage = [maker](Instant start, const std::vector<std::string>& grouped) {
    std::vector<std::string> rows;
    const bool by_model = std::ranges::find(grouped, "model") != grouped.end();
    for (const std::string_view model : {"claude-sonnet-5", "claude-opus-5"}) {
      if (!by_model && !rows.empty()) break;
      const std::uint64_t amount =
          mixed(maker->seed, kUsage + rows.size(), static_cast<std::uint64_t>(start.us));
      rows.push_back(fmt::format(
          R"({{"model":{},"workspace_id":{},"api_key_id":{},"service_tier":{},"context_window":{},"inference_geo":{},"account_id":null,"service_account_id":null,"uncached_input_tokens":{},"cache_read_input_tokens":{},"output_tokens":{},"cache_creation":{{"ephemeral_5m_input_tokens":400,"ephemeral_1h_input_tokens":0}},"server_tool_use":{{"web_search_requests":3}}}})",
          quoted_if(grouped, "model", model), quoted_if(grouped, "workspace_id", maker->workspaces.at(1)),
          quoted_if(grouped, "api_key_id", maker->keys.at(rows.size())),
          quoted_if(grouped, "service_tier", "standard"), quoted_if(grouped, "context_window", "0-200k"),
          quoted_if(grouped, "inference_geo", "global"), amount % 1000000, amount % 9000, amount % 70000));
    }
    return rows;
  };
  to.cost = [maker](Instant start, const std::vector<std::string>& grouped) {
    const bool described = std::ranges::find(grouped, "description") != grouped.end();
    return std::vector<std::string>{fmt::format(
        R"({{"amount":"{}.45","currency":"USD","workspace_id":{},"description":{},"cost_type":{},"model":{},"service_tier":{},"token_type":{},"context_window":null,"inference_geo":null}})",
        mixed(maker->seed, kUsage + 9, static_cast<std::uint64_t>(start.us)) % 5000,
        quoted_if(grouped, "workspace_id", maker->workspaces.at(1)),
        described ? R"("claude-sonnet-5 usage - input tokens")" : "null", described ? R"("tokens")" : "null",
        described ? R"("claude-sonnet-5")" : "null", described ? R"("standard")" : "null",
        described ? R"("uncached_input_tokens")" : "null")};
  };
  to.claude_code = [maker, uuid = to.uuid](muster::Date day) {
    std::vector<std::string> rows;
    for (std::uint64_t n = 0; n < std::min<std::uint64_t>(30, maker->size.users); ++n) {
      std::string email;
      maker->append_email(n, email);
      const std::string actor = n % 10 == 9
                                    ? R"({"type":"api_actor","api_key_name":"key-1"})"
                                    : fmt::format(R"({{"type":"user_actor","email_address":"{}"}})", email);
      rows.push_back(fmt::format(
          R"({{"date":"{}T00:00:00Z","organization_id":"{}","actor":{},"customer_type":"api","subscription_type":null,"is_remote":false,"terminal_type":"vscode","core_metrics":{{"num_sessions":{},"lines_of_code":{{"added":20,"removed":4}},"commits_by_claude_code":1,"pull_requests_by_claude_code":0}},"tool_actions":{{"edit_tool":{{"accepted":8,"rejected":1}}}},"model_breakdown":[{{"model":"claude-sonnet-5","tokens":{{"input":1200,"output":90,"cache_read":0,"cache_creation":0}},"estimated_cost":{{"amount":12,"currency":"USD"}}}}]}})",
          muster::format_date(day), uuid, actor, 1 + maker->choice(70, n, 9)));
    }
    return rows;
  };
}

}  // namespace

std::unique_ptr<Tenant> make_tenant(std::uint64_t seed, const Size& size, std::size_t linked, Instant now,
                                    bool odd_ids) {
  const auto maker = std::make_shared<const Maker>(seed, size, now);
  auto tenant = std::make_unique<Tenant>();
  for (std::size_t n = 0; n < linked; ++n) {
    Organization& to = tenant->organizations.emplace_back();
    to.uuid = uuid_of(mixed(seed, kOrganization, n));
    to.tag = "org_01";
    append_base62(mixed(seed, kOrganization + 50, n), 11, to.tag);
    to.name = n == 0 ? "Northwind Robotics" : fmt::format("Northwind Branch {}", n);
    to.created_at = format_rfc3339({now.us - static_cast<std::int64_t>(800 - n) * kMicrosPerDay});
    // Organizations after the first are small and share their oldest users with it.
    const std::size_t count = n == 0 ? size.users : std::min<std::size_t>(size.users, 40);
    const std::uint64_t offset = n == 0 ? 0 : size.users - std::min<std::size_t>(size.users, 5);
    to.users = users_of(maker, count, offset, false);
    to.directory = users_of(maker, count, offset, true);
    to.default_workspace_id = maker->workspaces.at(0);
    to.default_workspace = default_workspace(*maker);
    if (n == 0) {
      to.invites = invites_of(maker);
      to.workspaces = workspaces_of(maker, odd_ids);
      to.api_keys = keys_of(maker);
      to.members = Children([maker](const std::string& workspace) { return members_of(maker, workspace); });
      if (odd_ids) {
        const std::string id = "user_01/..\n\x1b[2J";
        std::string quoted;
        muster::json::append_quoted(quoted, id);
        to.users.add(
            id,
            R"({"type":"user","id":)" + quoted +
                R"(,"email":"odd@northwind.example","name":"Odd","role":"user","added_at":"2026-01-01T00:00:00Z"})");
      }
    } else {
      to.members = Children([](const std::string&) { return Table(); });
    }
    add_small_lists(to, maker);
    add_reports(to, maker);
  }
  const Organization& first = tenant->organizations.front();
  tenant->groups = groups_of(maker);
  tenant->group_members =
      Children([maker](const std::string& group) { return group_members_of(maker, group); });
  tenant->activities = activities_of(maker, first.tag, first.uuid);
  for (std::size_t n = 0; n < 5; ++n) {
    std::string email;
    maker->append_email(n, email);
    const std::string owner = fmt::format(R"({{"id":"{}","email_address":"{}"}})", maker->users.at(n), email);
    const std::string at = format_rfc3339({now.us - static_cast<std::int64_t>(20 - n) * kMicrosPerDay});
    tenant->chats.add(
        maker->chats.at(n),
        fmt::format(
            R"({{"id":"{}","name":"Plans {}","created_at":"{}","updated_at":"{}","deleted_at":null,"href":"https://claude.example/chat/{}","model":"claude-sonnet-5","project_id":null,"organization_uuid":"{}","user":{}}})",
            maker->chats.at(n), n, at, at, n, first.uuid, owner));
    tenant->projects.add(
        maker->projects.at(n),
        fmt::format(
            R"({{"id":"{}","name":"Project {}","created_at":"{}","updated_at":"{}","deleted_at":null,"is_private":true,"organization_uuid":"{}","user":{}}})",
            maker->projects.at(n), n, at, at, first.uuid, owner));
  }
  return tenant;
}

}  // namespace simulator
