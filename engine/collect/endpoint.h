// What is known of an endpoint, as one row of facts: endpoints/<name>.cpp defines <name>_endpoint(), CMake
// makes the table from those files, and the reference page is made from the table. All of them are read by
// GET.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "snapshot/schema.h"

namespace muster::collect {

enum class Provider : std::uint8_t {
  admin,
  compliance,
  any
};  // any: whichever source there is, compliance first
[[nodiscard]] std::string_view word_of(Provider provider);  // "anthropic-admin"

enum class Paging : std::uint8_t {
  single,    // the reply is the one object
  by_id,     // after_id, has_more, last_id
  by_token,  // page, next_page, and has_more where the API sends it
  buckets,   // as by_token; rows are in data[].results[]
  scim,      // startIndex, count, totalResults: a roster's users, no dataset
  settings,  // settings[] and api_keys[] of one reply: two datasets
};

/// For which rows collected before the path is asked.
enum class Parent : std::uint8_t { none, organizations, workspaces, live_workspaces, groups, roles, days };

/// The time of which usage, cost and activities are collected.
struct Window {
  Instant from, to;
};

struct Endpoint {
  int order = 0;
  std::string_view name;
  Provider provider = Provider::admin;
  snapshot::Dataset dataset = snapshot::Dataset::organizations;
  Paging paging = Paging::by_id;
  std::string_view path;  // {organization_id}, {workspace_id}, {group_id}, {role_id} stand for parents
  std::string_view query = {};
  unsigned limit = 0;  // rows asked for at once; 0: not said
  Parent parent = Parent::none;
  std::string_view key = {};  // the member that tells rows apart; empty: rows have no identity
  bool needs_oauth = false;
  std::string_view needs;  // credential or scope, for people
  std::string_view since = {};
  bool is_personal = false;
};

/// Whether it lists what every organization has: then no reply means that there is none.
[[nodiscard]] bool is_universal(const Endpoint& endpoint);
/// Sorted by `order`: parents come before their children.
[[nodiscard]] std::vector<Endpoint> endpoints();
/// The reference page, Markdown.
[[nodiscard]] std::string endpoint_reference();

}  // namespace muster::collect
