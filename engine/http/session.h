// A polite and stubborn reader: a client behind a token bucket, with retries. The server's own headers have
// the last word on when the next request may go. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "http/client.h"

namespace muster::http {

/// `requests` per `per_us`; no more than `burst` at once. 0 requests: no limit.
struct Rate {
  double requests = 0;
  std::int64_t per_us = 60 * kMicrosPerSecond;
  double burst = 0;
};

struct Patience {
  unsigned attempts = 6;                              // of one request, the first one counted
  std::int64_t most_us = 15 * 60 * kMicrosPerSecond;  // of one request, waits included
  std::int64_t first_wait_us = kMicrosPerSecond / 2;  // doubled each time
  std::int64_t longest_wait_us = 60 * kMicrosPerSecond;
};

/// Waits; false when the user wants to stop.
using Wait = std::function<bool(std::int64_t us)>;
/// Sees each attempt, from 1.
using Observe = std::function<void(const std::string& target, unsigned attempt, const Response& response)>;
/// Says whether the body of a 200 is what it should be; else in words what is wrong. Such a reply is tried
/// again.
using Inspect = std::function<std::optional<std::string>(const Response& response)>;

class Session {
 public:
  Session(Options options, Rate rate, Patience patience, const Clock& clock, Wait wait,
          std::function<bool()> should_stop, std::uint64_t seed);
  /// The last attempt's reply: a success, a status that trying again will not change, or what was left when
  /// patience ended.
  [[nodiscard]] Response get(const std::string& target, const Observe& observe, const Inspect& inspect = {});
  /// For messages: how long requests had to wait for the limit so far.
  [[nodiscard]] std::int64_t waited_us() const { return waited_us_; }

 private:
  [[nodiscard]] bool wait_for_turn();
  void heed(const Response& response);
  [[nodiscard]] std::int64_t wait_before_retry(const Response& response, unsigned attempt);

  Client client_;
  Rate rate_;
  Patience patience_;
  const Clock& clock_;
  Wait wait_;
  std::function<bool()> should_stop_;
  double tokens_;
  std::int64_t filled_us_;  // monotonic time at which tokens_ was true
  std::int64_t not_before_us_ = 0;
  std::int64_t waited_us_ = 0;
  std::uint64_t random_;
};

/// Whether the same request may be answered otherwise later: the server's x-should-retry decides, else 408,
/// 429, 5xx and most failures of the connection.
[[nodiscard]] bool is_worth_another_try(const Response& response);

}  // namespace muster::http
