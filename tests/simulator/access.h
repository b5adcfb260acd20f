// Who may do what, and how often: the made-up keys of every kind and scope, and the token buckets of both
// APIs.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "message.h"
#include "tenant.h"

namespace simulator {

enum class KeyKind : std::uint8_t { console_admin, enterprise, workspace, oauth };
enum class KeyState : std::uint8_t { valid, revoked, expired };

struct Credential {
  std::string text;  // what the client sends
  std::string id;    // what the feed calls it
  KeyKind kind = KeyKind::console_admin;
  KeyState state = KeyState::valid;
  std::set<std::string> scopes;
  std::size_t tenant = 0;
};

/// The keys of tenant number `tenant`, whose texts end with `suffix`: one Console admin key, one Enterprise
/// key per set of scopes, a workspace key, an OAuth token, and a revoked and an expired one.
[[nodiscard]] std::vector<Credential> made_up_keys(std::size_t tenant, const std::string& suffix);

/// The key that a request carries in x-api-key or as a bearer token; empty when it has none.
[[nodiscard]] std::string key_of(const Request& request);

/// `requests` per `seconds`, and at most `burst` at once. No limit when requests is 0.
struct Limit {
  double requests = 0, seconds = 60, burst = 0;
};
/// "100/60", "100/1,burst=10" or "off". Throws std::invalid_argument.
[[nodiscard]] Limit parse_limit(const std::string& text);

class Bucket {
 public:
  explicit Bucket(Limit limit) : limit_(limit), tokens_(limit.burst) {}
  struct Answer {
    bool is_allowed = true;
    double remaining = 0;        // whole requests that are left now
    double seconds_to_next = 0;  // until one more is allowed
    double seconds_to_full = 0;
  };
  Answer take();
  [[nodiscard]] const Limit& limit() const { return limit_; }

 private:
  Limit limit_;
  std::mutex lock_;
  double tokens_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace simulator
