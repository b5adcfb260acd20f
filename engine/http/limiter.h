// The budget of requests that an organization grants, shared by all who ask it: a token bucket that the
// server's own headers correct. It never holds more than the server's bucket does: a request counts from when
// it is sent, and what a full bucket gets back counts from when the first reply came. Thread-safe.
//   const auto turn = limiter.take();
//   while (const auto us = limiter.wait_us(turn)) wait(us);
//   …; limiter.settle(turn, &response);
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "http/client.h"

namespace muster::http {

/// `requests` per `per_us`; no more than `burst` at once. 0 requests: no limit.
struct Rate {
  double requests = 0;
  std::int64_t per_us = 60 * kMicrosPerSecond;
  double burst = 0;
};

class Limiter {
 public:
  struct Turn {
    double number = 0;  // of all requests so far: it goes when as many were granted
    double left = 0;    // what the bucket held behind this request
    bool was_told_to_wait = false;
  };

  Limiter(Rate rate, const Clock& clock);
  /// A place for one request. What it takes is taken, whether the request is made or not.
  [[nodiscard]] Turn take();
  /// How long the request must wait from now; 0 when it may go. Replies to others may lengthen it.
  [[nodiscard]] std::int64_t wait_us(const Turn& turn);
  /// The request is over; nullptr when it was not made.
  void settle(const Turn& turn, const Response* response);
  /// A 429 came: nothing goes for so long, and afterwards at an even pace.
  void pause(const Turn& turn, std::int64_t us);

 private:
  void refill(std::int64_t now_us);
  void heed(const Turn& turn, const Response& response, std::int64_t now_us);
  [[nodiscard]] double us_each() const { return static_cast<double>(rate_.per_us) / rate_.requests; }

  std::mutex mutex_;
  Rate rate_;
  const Clock& clock_;
  double taken_ = 0, granted_;    // requests since the beginning; their difference is what the bucket holds
  std::int64_t filled_us_;        // monotonic time at which granted_ was true
  bool awaits_reply_ = false;     // of the first request since the bucket was full: nothing comes back before
  bool resets_at_once_ = false;   // this server gives nothing back before its reset
  bool is_told_to_wait_ = false;  // by a reply's headers
  std::int64_t not_before_us_ = 0;
  unsigned under_way_ = 0;
};

/// When the server's budget is full again, in microseconds from the response's end; 0 when it does not say.
[[nodiscard]] std::int64_t until_reset_us(const Response& response);

/// A header's value as a number; nullopt when it is none, or negative.
[[nodiscard]] std::optional<double> number_of(const std::string* header);

}  // namespace muster::http
