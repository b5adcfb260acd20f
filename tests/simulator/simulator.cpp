#include "simulator.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <stdexcept>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "seeds.h"

namespace simulator {
namespace {

std::vector<std::string_view> split(std::string_view pattern) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', at), pattern.size());
    parts.push_back(pattern.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// The parts of the pattern that stand for `*`; nullopt when the path is another.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string>& segments) {
  const auto parts = split(pattern);
  if (parts.size() != segments.size()) return std::nullopt;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == "*") {
      if (segments[i].empty()) return std::nullopt;
      ids.push_back(segments[i]);
    } else if (parts[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return ids;
}

std::string quoted_list(const auto& words) {
  std::string out;
  for (const auto& word : words) out += fmt::format("{}'{}'", out.empty() ? "" : ", ", word);
  return out;
}

Reply missing_scopes(const Credential& key, const Route& route) {
  return error_reply(403, "permission_error",
                     fmt::format("Missing required scopes. Got: [{}] Needed one of: [{}]",
                                 quoted_list(key.scopes), quoted_list(route.needs)));
}

/// 403 when the key may not use the route.
std::optional<Reply> check_gate(const Route& route, const Credential& key, int oauth_only_status) {
  const bool has_scope = std::ranges::any_of(
      route.needs, [&](std::string_view scope) { return key.scopes.contains(std::string(scope)); });
  const bool is_org_admin = key.kind == KeyKind::oauth && key.scopes.contains("org:admin");
  const auto denied = [](std::string_view why) { return error_reply(403, "permission_error", why); };
  switch (route.gate) {
    case Gate::admin:
      if (key.kind == KeyKind::console_admin || is_org_admin || has_scope) return std::nullopt;
      return key.kind == KeyKind::enterprise ? missing_scopes(key, route)
                                             : denied("This API key does not have access to the Admin API.");
    case Gate::oauth:
      if (is_org_admin) return std::nullopt;
      return error_reply(oauth_only_status,
                         oauth_only_status == 401 ? "authentication_error" : "permission_error",
                         "An OAuth token with the scope org:admin is needed.");
    case Gate::activity_feed:
      if (key.kind == KeyKind::console_admin) return std::nullopt;
      [[fallthrough]];
    case Gate::compliance:
      if (has_scope) return std::nullopt;
      return key.kind == KeyKind::enterprise
                 ? missing_scopes(key, route)
                 : denied("This API key does not have access to the Compliance API.");
  }
  return std::nullopt;
}

void add_limit_headers(Reply& reply, const Bucket::Answer& taken, const Limit& limit) {
  reply.headers.emplace_back("anthropic-ratelimit-requests-limit", fmt::format("{}", limit.requests));
  reply.headers.emplace_back("anthropic-ratelimit-requests-remaining", fmt::format("{}", taken.remaining));
  const auto reset = std::chrono::system_clock::now() +
                     std::chrono::milliseconds(static_cast<std::int64_t>(taken.seconds_to_full * 1000));
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(reset.time_since_epoch()).count();
  reply.headers.emplace_back("anthropic-ratelimit-requests-reset",
                             muster::format_rfc3339({us / 1000 * 1000}));
}

}  // namespace

Simulator::Simulator(const Options& options) : options_(options) {
  for (std::size_t n = 0; n < options_.tenants; ++n) {
    Place& place = places_.emplace_back();
    place.tenant = options_.fixture.empty() ? make_tenant(options_.seed + n * 1000, options_.size,
                                                          options_.linked, options_.now, options_.odd_ids)
                                            : read_tenant(options_.fixture, options_.now);
    place.tenant->suffix = n == 0 ? "" : fmt::format("-{}", n + 1);
    place.admin = std::make_unique<Bucket>(options_.admin_limit);
    place.compliance = std::make_unique<Bucket>(options_.compliance_limit);
    for (Credential& key : made_up_keys(n, place.tenant->suffix)) keys_.push_back(std::move(key));
  }
}

std::string Simulator::next_request_id() { return request_id(options_.seed, ++request_number_); }

Reply Simulator::handle(const Request& request) {
  if (!request.segments.empty() && request.segments[0] == "_simulator") return control(request);
  {
    const std::lock_guard guard(stats_lock_);
    stats_.most_running = std::max(stats_.most_running, ++stats_.running);
    const double now = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    if (stats_.total++ == 0) stats_.first_s = now;
    stats_.last_s = now;
  }
  const Hits hits = faults_.match(request);
  std::string organization;
  Reply reply;
  try {
    reply = hits.instead ? reply_of(*hits.instead) : answer(request, hits, organization);
  } catch (const std::exception& problem) {
    reply = error_reply(500, "api_error", problem.what());
    reply.headers.emplace_back("x-should-retry", "false");
  }
  const std::string id = next_request_id();
  reply.headers.emplace_back("request-id", id);
  if (reply.status == 200 && !organization.empty())
    reply.headers.emplace_back("anthropic-organization-id", organization);
  if (reply.status >= 400 && reply.content_type == "application/json" && reply.body.ends_with('}')) {
    reply.body.insert(reply.body.size() - 1, fmt::format(R"(,"request_id":"{}")", id));
  }
  reply.headers.emplace_back("Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                                                 fmt::gmtime(std::time(nullptr) + options_.clock_skew_s)));
  if (hits.changed) change(reply, *hits.changed);
  const std::lock_guard guard(stats_lock_);
  --stats_.running;
  stats_.bytes += reply.body.size();
  if (reply.status == 429) ++stats_.limited;
  ++stats_.requests[fmt::format("{} {} {}", request.method, request.path, reply.status)];
  return reply;
}

Reply Simulator::answer(const Request& request, const Hits& hits, std::string& organization) {
  const std::string text = key_of(request);
  const auto key = std::ranges::find(keys_, text, &Credential::text);
  // A bearer is for OAuth tokens; the Compliance API takes keys in either header.
  const bool is_compliance = request.segments.size() > 1 && request.segments[1] == "compliance";
  const bool is_right_header = key == keys_.end() || is_compliance ||
                               (key->kind == KeyKind::oauth) == (request.header("x-api-key") == nullptr);
  if (text.empty() || key == keys_.end() || !is_right_header || key->state != KeyState::valid)
    return error_reply(401, "authentication_error",
                       is_compliance ? "The API key is invalid or has been revoked." : "invalid x-api-key");
  return authorized(request, *key, hits, organization);
}

Reply Simulator::authorized(const Request& request, const Credential& key, const Hits& hits,
                            std::string& organization) {
  const bool is_compliance = request.segments.size() > 1 && request.segments[1] == "compliance";
  Place& place = places_[key.tenant];
  Tenant& tenant = *place.tenant;
  Organization& home = tenant.organizations.front();
  Bucket& bucket = is_compliance ? *place.compliance : *place.admin;
  const Bucket::Answer taken = bucket.take();
  Reply reply;
  const Route* found = nullptr;
  if (!taken.is_allowed) {
    reply = error_reply(429, "rate_limit_error", "This request would exceed your organization's rate limit.");
    reply.headers.emplace_back("retry-after",
                               fmt::format("{}", std::max(1.0, std::ceil(taken.seconds_to_next))));
  } else {
    std::vector<std::string> ids;
    bool is_known_path = false;
    // A pattern without a wildcard goes before one that would take the same path.
    const bool is_gone = std::ranges::any_of(
        options_.without, [&](const std::string& prefix) { return request.path.starts_with(prefix); });
    for (const Route& route : routes()) {
      auto matched = is_gone ? std::nullopt : match(route.pattern, request.segments);
      if (!matched) continue;
      is_known_path = true;
      if (route.method == request.method && (found == nullptr || matched->size() < ids.size())) {
        found = &route;
        ids = std::move(*matched);
      }
    }
    if (found == nullptr) {
      reply = is_known_path ? error_reply(405, "invalid_request_error", "Method not allowed")
                            : error_reply(404, "not_found_error", "Not found");
    } else if (!is_compliance && options_.needs_version && request.header("anthropic-version") == nullptr) {
      reply = error_reply(400, "invalid_request_error", "anthropic-version: header is required");
    } else if (auto denied = check_gate(*found, key, options_.oauth_only_status)) {
      reply = std::move(*denied);
    } else {
      if (hits.page && hits.page->kind == FaultKind::vanish) vanish(request, home, *hits.page);
      Call call{.request = request,
                .tenant = tenant,
                .organization = home,
                .key = key,
                .ids = std::move(ids),
                .page = hits.page,
                .age = options_.age,
                .now = options_.now};
      if (request.method == "GET") {
        std::shared_lock lock(tenant.lock);
        call.shared = &lock;
        reply = found->handler(call);
      } else {
        const std::unique_lock lock(tenant.lock);
        reply = found->handler(call);
      }
    }
  }
  organization = home.uuid;
  if (is_compliance || options_.admin_limit_headers) {
    if (bucket.limit().requests > 0) add_limit_headers(reply, taken, bucket.limit());
  }
  if (taken.is_allowed) log(request, found, key, tenant, reply);
  return reply;
}

void Simulator::vanish(const Request& request, Organization& organization, const Fault& fault) {
  const std::string* cursor = request.parameter("after_id");
  if (cursor == nullptr) return;
  const std::unique_lock lock(places_.front().tenant->lock);
  for (Table* table :
       {&organization.users, &organization.workspaces, &organization.api_keys, &organization.invites}) {
    const auto number = table->find(*cursor);
    if (!number) continue;
    const auto rows = fault.number("rows", 1);
    // With keep=1 the cursor's own row stays, and those behind it go.
    for (std::uint64_t n = fault.number("keep", 0); n < rows + fault.number("keep", 0) && n <= *number; ++n)
      table->remove(*number - n);
  }
}

void Simulator::log(const Request& request, const Route* route, const Credential& key, Tenant& tenant,
                    const Reply& reply) {
  const bool is_compliance = request.segments.size() > 1 && request.segments[1] == "compliance";
  if (!is_compliance && (route == nullptr || route->event.empty() || reply.status != 200)) return;
  const std::uint64_t number = ++log_number_;
  std::string id = "activity_01";
  append_base62(mixed(options_.seed, 0x61, number), 11, id);
  append_base62(mixed(options_.seed, 0x62, number), 11, id);
  const std::string agent = request.header("user-agent") ? *request.header("user-agent") : "";
  std::string row =
      fmt::format(R"({{"id":"{}","type":"{}","created_at":"{}",)", id,
                  is_compliance ? "compliance_api_accessed" : route->event,
                  muster::format_rfc3339({options_.now.us + static_cast<std::int64_t>(number)}));
  const Organization& home = tenant.organizations.front();
  row += is_compliance
             ? std::string(R"("organization_id":null,"organization_uuid":null,)")
             : fmt::format(R"("organization_id":"{}","organization_uuid":"{}",)", home.tag, home.uuid);
  const bool is_admin_key = key.kind == KeyKind::console_admin;
  row += fmt::format(R"("actor":{{"type":"{}","{}":"{}","ip_address":"127.0.0.1","user_agent":)",
                     is_admin_key && !is_compliance ? "admin_api_key_actor" : "api_actor",
                     is_admin_key && !is_compliance ? "admin_api_key_id" : "api_key_id", key.id);
  muster::json::append_quoted(row, agent);
  row += '}';
  if (is_compliance) {
    row += fmt::format(R"(,"request_id":"req_01Logged{}","request_method":"{}","status_code":{},"url":)",
                       number, request.method, reply.status);
    muster::json::append_quoted(row, "https://api.anthropic.com" + request.target);
  }
  row += '}';
  const std::unique_lock lock(tenant.lock);
  tenant.activities.add(std::move(id), std::move(row));
}

Reply Simulator::control(const Request& request) {
  const std::string what = request.segments.size() > 1 ? request.segments[1] : "";
  if (what == "faults" && request.method == "DELETE") {
    faults_.clear();
    return json_reply("{}");
  }
  if (what == "faults" && request.method == "POST") {
    std::string_view rest = request.body;
    try {
      while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        if (!line.empty()) add_fault(std::string(line));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      }
    } catch (const std::exception& problem) {
      return refused(problem.what());
    }
    return json_reply("{}");
  }
  if (what == "stats" && request.method == "DELETE") {
    const std::lock_guard guard(stats_lock_);
    const auto running = stats_.running;
    stats_ = {};
    stats_.running = running;
    return json_reply("{}");
  }
  if (what == "stats" && request.method == "GET") {
    const std::lock_guard guard(stats_lock_);
    std::string body = fmt::format(
        R"({{"total":{},"bytes":{},"limited":{},"most_at_once":{},"seconds":{:.6f},"requests":{{)",
        stats_.total, stats_.bytes, stats_.limited, stats_.most_running, stats_.last_s - stats_.first_s);
    for (const auto& [name, count] : stats_.requests) {
      if (body.back() != '{') body += ',';
      muster::json::append_quoted(body, name);
      body += fmt::format(":{}", count);
    }
    return json_reply(body + "}}");
  }
  if (what == "keys" && request.method == "GET") {
    std::string body = "{";
    for (const Credential& key : keys_)
      body += fmt::format(R"({}"{}":"{}")", body.size() > 1 ? "," : "", key.text, key.id);
    return json_reply(body + "}");
  }
  if (what == "stop" && request.method == "POST") {
    if (on_stop) on_stop();
    return json_reply("{}");
  }
  return error_reply(404, "not_found_error", "The simulator has no such control.");
}

}  // namespace simulator
