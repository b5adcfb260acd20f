// A polite and stubborn reader: a client behind a limiter, with retries. The server's own headers have the
// last word on when the next request may go. Not thread-safe: one session a thread, with one limiter for all
// that share a budget.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/client.h"
#include "http/limiter.h"

namespace muster::http {

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

/// One attempt: a client's, or a test's script.
using Send = std::function<Response(const std::string& target)>;
[[nodiscard]] Send client_send(Options options, const Clock& clock, std::function<bool()> should_stop);

class Session {
 public:
  Session(Send send, std::shared_ptr<Limiter> limiter, Patience patience, const Clock& clock, Wait wait,
          std::function<bool()> should_stop, std::uint64_t seed);
  /// With a client and a budget of its own.
  Session(Options options, Rate rate, Patience patience, const Clock& clock, Wait wait,
          std::function<bool()> should_stop, std::uint64_t seed);
  /// The last attempt's reply: a success, a status that trying again will not change, or what was left when
  /// patience ended.
  [[nodiscard]] Response get(const std::string& target, const Observe& observe, const Inspect& inspect = {});

 private:
  [[nodiscard]] bool wait_for(const Limiter::Turn& turn);
  [[nodiscard]] std::int64_t wait_before_retry(const Response& response, unsigned attempt);

  Send send_;
  std::shared_ptr<Limiter> limiter_;
  Patience patience_;
  const Clock& clock_;
  Wait wait_;
  std::function<bool()> should_stop_;
  std::uint64_t random_;
};

/// Whether the same request may be answered otherwise later: the server's x-should-retry decides, else 408,
/// 429, 5xx and most failures of the connection.
[[nodiscard]] bool is_worth_another_try(const Response& response);

}  // namespace muster::http
