// One request on its way through a route, and the table that routes stand in.
#pragma once

#include <cstdint>
#include <functional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "access.h"
#include "age.h"
#include "base/json.h"
#include "faults.h"
#include "message.h"
#include "tenant.h"

namespace simulator {

struct Call {
  const Request& request;
  Tenant& tenant;
  Organization& organization;
  const Credential& key;
  std::vector<std::string> ids;  // the `*` of the route's pattern, in order
  const Fault* page = nullptr;   // a fault that shapes the page
  Age age = Age::current;
  muster::Instant now;
  /// Reads hold the tenant's lock shared, writes alone.
  std::shared_lock<std::shared_mutex>* shared = nullptr;

  /// The list below a parent; makes it when it is asked for the first time, for which the lock is given up
  /// for a moment.
  Table& children(Children& all, const std::string& parent) const;
};

/// Who may call a route, apart from the scopes.
enum class Gate : std::uint8_t {
  admin,          // Console key, OAuth, or an Enterprise key with a scope of `needs`
  oauth,          // OAuth alone
  compliance,     // an Enterprise key with a scope of `needs`
  activity_feed,  // as compliance, and the Console key
};

struct Route {
  std::string_view method;
  std::string_view pattern;  // "v1/organizations/users/*"
  Gate gate;
  std::vector<std::string_view> needs;  // any one of these scopes
  std::function<Reply(Call&)> handler;
  /// What a read by an admin key writes into the activity feed; empty: nothing.
  std::string_view event = {};
};

/// All routes of both APIs.
[[nodiscard]] const std::vector<Route>& routes();

// The parts of the table, one a file.
void add_admin_reads(std::vector<Route>& routes);
void add_admin_writes(std::vector<Route>& routes);
void add_reports(std::vector<Route>& routes);
void add_compliance(std::vector<Route>& routes);

[[nodiscard]] Reply json_reply(std::string body);
[[nodiscard]] Reply not_found(std::string_view what);
[[nodiscard]] Reply refused(std::string_view why);  // 400

/// The string member of an object; empty when it has none.
[[nodiscard]] std::string text_of(const muster::json::Value& object, std::string_view member);
[[nodiscard]] muster::json::Value parsed(std::string_view text);
/// Sets or adds a member.
void set(muster::json::Value& object, std::string_view member, muster::json::Value value);
void erase(muster::json::Value& object, std::string_view member);

}  // namespace simulator
