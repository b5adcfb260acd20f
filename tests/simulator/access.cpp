#include "access.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

namespace simulator {

std::vector<Credential> made_up_keys(std::size_t tenant, const std::string& suffix) {
  struct Set {
    std::string_view name;
    std::set<std::string> scopes;
  };
  const std::vector<Set> sets = {
      {"audit", {"read:org_audit"}},
      {"members", {"read:members"}},
      {"write-members", {"read:members", "write:members"}},
      {"groups", {"read:rbac_groups"}},
      {"write-groups", {"read:rbac_groups", "write:rbac_groups"}},
      {"spend", {"read:spend_limits", "write:spend_limits"}},
      {"activities", {"read:compliance_activities"}},
      {"user-data", {"read:compliance_user_data"}},
      {"delete-data", {"read:compliance_user_data", "delete:compliance_user_data"}},
      {"org-data", {"read:compliance_org_data"}},
      {"directory", {"read:compliance_user_data", "read:compliance_org_data", "read:compliance_activities"}},
      {"retired", {"read:compliance_org_settings"}},
  };
  const auto text = [&](std::string_view prefix, std::string_view name) {
    return fmt::format("{}simulated-{}-not-a-real-key{}", prefix, name, suffix);
  };
  std::vector<Credential> keys;
  const auto add = [&](std::string key, KeyKind kind, KeyState state, std::set<std::string> scopes) {
    keys.push_back({std::move(key), fmt::format("apikey_01Simulated{:03}", tenant * 50 + keys.size()), kind,
                    state, std::move(scopes), tenant});
  };
  using enum KeyState;
  add(text("sk-ant-admin01-", "console-admin"), KeyKind::console_admin, valid, {});
  add(text("sk-ant-admin01-", "revoked"), KeyKind::console_admin, revoked, {});
  add(text("sk-ant-admin01-", "expired"), KeyKind::console_admin, expired, {});
  for (const Set& set : sets) add(text("sk-ant-api01-", set.name), KeyKind::enterprise, valid, set.scopes);
  add(text("sk-ant-api03-", "workspace"), KeyKind::workspace, valid, {});
  add(text("", "oauth-org-admin"), KeyKind::oauth, valid, {"org:admin"});
  add(text("", "oauth-inference"), KeyKind::oauth, valid, {"user:inference"});
  return keys;
}

std::string key_of(const Request& request) {
  if (const std::string* key = request.header("x-api-key")) return *key;
  const std::string* authorization = request.header("authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (authorization && authorization->starts_with(kBearer)) return authorization->substr(kBearer.size());
  return {};
}

Limit parse_limit(const std::string& text) {
  if (text == "off") return {};
  Limit limit;
  int used = 0;
  if (std::sscanf(text.c_str(), "%lf/%lf%n", &limit.requests, &limit.seconds, &used) != 2 ||
      limit.requests <= 0 || limit.seconds <= 0)
    throw std::invalid_argument(
        fmt::format("{}: a limit is `off` or REQUESTS/SECONDS, with `,burst=N` behind it", text));
  limit.burst = limit.requests;
  const std::string rest = text.substr(static_cast<std::size_t>(used));
  if (!rest.empty()) {
    if (!rest.starts_with(",burst="))
      throw std::invalid_argument(text + ": only `,burst=N` may follow a limit");
    limit.burst = std::stod(rest.substr(7));
  }
  return limit;
}

Bucket::Answer Bucket::take() {
  if (limit_.requests <= 0) return {};
  const std::lock_guard guard(lock_);
  const auto now = std::chrono::steady_clock::now();
  const double rate = limit_.requests / limit_.seconds;
  tokens_ = std::min(limit_.burst, tokens_ + rate * std::chrono::duration<double>(now - last_).count());
  last_ = now;
  Answer answer;
  // What the clock's rounding leaves must not refuse a client that waited exactly as long as it was told.
  answer.is_allowed = tokens_ > 1 - 1e-6;
  if (answer.is_allowed) tokens_ -= 1;
  answer.remaining = std::max(0.0, std::floor(tokens_));
  answer.seconds_to_next = tokens_ >= 1 ? 0 : (1 - tokens_) / rate;
  answer.seconds_to_full = (limit_.burst - tokens_) / rate;
  return answer;
}

}  // namespace simulator
