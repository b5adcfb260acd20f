// What the simulator serves: a tenant is one or more linked organizations with everything that both APIs show
// of them, either made from a seed or read from a snapshot. Guarded by `lock`: readers share it, writes hold
// it alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "table.h"

namespace simulator {

/// How large a made-up organization is. `members` and `group_members` are per workspace and group, at most.
struct Size {
  std::size_t users = 300, workspaces = 12, members = 25, keys = 60, invites = 8, groups = 6,
              group_members = 20, activities = 200;
};

/// One family of lists below a parent (members of workspaces): made when first asked for.
class Children {
 public:
  Children() = default;
  explicit Children(std::function<Table(const std::string&)> make) : make_(std::move(make)) {}
  /// The caller holds the tenant's lock alone.
  [[nodiscard]] Table& of(const std::string& parent);
  /// The list as it is, when it has been made.
  [[nodiscard]] const Table* find(const std::string& parent) const;

 private:
  std::function<Table(const std::string&)> make_;
  std::unordered_map<std::string, std::unique_ptr<Table>> made_;
};

struct Organization {
  std::string uuid, tag, name, created_at, default_workspace_id;
  std::string default_workspace;  // the object that GET by id gives
  Table users;                    // as the Admin API shows them
  Table directory;                // the same people as the Compliance API shows them
  Table invites, workspaces, api_keys, roles, service_accounts, issuers, rules, external_keys, rate_limits,
      spend_limits;
  Children members;                                    // by workspace id
  Children permissions;                                // by role id
  Children workspace_limits;                           // by workspace id
  Children service_account_workspaces;                 // by service account id
  std::vector<std::string> settings, compliance_keys;  // rows of the effective settings
  bool compliance_enabled = true;
  /// The rows of one bucket of a report that starts at the instant; `grouped` has the names of group_by[].
  std::function<std::vector<std::string>(muster::Instant, const std::vector<std::string>&grouped)> usage,
      cost;
  std::function<std::vector<std::string>(muster::Date)> claude_code;
};

struct Tenant {
  mutable std::shared_mutex lock;
  std::string suffix;                       // what its keys end with
  bool invites_lapse = true;                // on the simulated clock; a snapshot's objects stay as they were
  std::vector<Organization> organizations;  // the first is the one that the Console key belongs to
  Table groups, activities, chats, projects;
  Children group_members;  // by group id
};

/// A tenant of `linked` organizations made from the seed; everything in it happened before `now`. The
/// organizations after the first share their oldest users with it. `odd_ids` adds rows whose ids hold
/// slashes, dots and control characters.
[[nodiscard]] std::unique_ptr<Tenant> make_tenant(std::uint64_t seed, const Size& size, std::size_t linked,
                                                  muster::Instant now, bool odd_ids);
/// The organization of a snapshot folder, each object as it stands there. Throws std::runtime_error when it
/// cannot be read.
[[nodiscard]] std::unique_ptr<Tenant> read_tenant(const std::string& snapshot, muster::Instant& completed);

}  // namespace simulator
