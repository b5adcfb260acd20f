#include "http/session.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace muster::http {
namespace {

std::optional<double> number_of(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || !(value >= 0)) return std::nullopt;
  return std::min(value, 1e9);  // "inf" and 1e300 are numbers too, but no time that fits an integer
}

}  // namespace

bool is_worth_another_try(const Response& response) {
  switch (response.failure) {
    case Failure::unreachable:
    case Failure::timeout:
    case Failure::broken: return true;
    case Failure::tls:
    case Failure::proxy:
    case Failure::too_large:
    case Failure::interrupted: return false;
    case Failure::none: break;
  }
  if (const std::string* word = response.header("x-should-retry")) {
    if (*word == "true") return true;
    if (*word == "false") return false;
  }
  return response.status == 408 || response.status == 429 || response.status >= 500;
}

Session::Session(Options options, Rate rate, Patience patience, const Clock& clock, Wait wait,
                 std::function<bool()> should_stop, std::uint64_t seed)
    : client_(std::move(options), clock, should_stop),
      rate_(rate),
      patience_(patience),
      clock_(clock),
      wait_(std::move(wait)),
      should_stop_(std::move(should_stop)),
      tokens_(rate.burst),
      filled_us_(clock.monotonic_us()),
      random_(seed | 1) {}

bool Session::wait_for_turn() {
  std::int64_t us = std::max<std::int64_t>(0, not_before_us_ - clock_.monotonic_us());
  if (rate_.requests > 0) {
    const double per_us = rate_.requests / static_cast<double>(rate_.per_us);
    const std::int64_t now = clock_.monotonic_us();
    tokens_ = std::min(std::max(rate_.burst, 1.0), tokens_ + per_us * static_cast<double>(now - filled_us_));
    filled_us_ = now;
    if (tokens_ < 1) us = std::max(us, static_cast<std::int64_t>(std::ceil((1 - tokens_) / per_us)));
    tokens_ -= 1;  // below zero while it waits: the time that passes pays for it
  }
  if (us > 0) {
    waited_us_ += us;
    if (!wait_(us)) return false;
  }
  return !should_stop_();
}

void Session::heed(const Response& response) {
  // The whole budget may be shared with others: when the server says that none is left, its time counts.
  const auto remaining = number_of(response.header("anthropic-ratelimit-requests-remaining"));
  const std::string* reset = response.header("anthropic-ratelimit-requests-reset");
  if (!remaining || *remaining >= 1 || reset == nullptr || response.status == 429) return;
  if (rate_.requests > 0) tokens_ = std::min(tokens_, 0.0);
}

std::int64_t Session::wait_before_retry(const Response& response, unsigned attempt) {
  if (const auto ms = number_of(response.header("retry-after-ms")))
    return static_cast<std::int64_t>(*ms * 1000);
  if (const auto seconds = number_of(response.header("retry-after")))
    return static_cast<std::int64_t>(*seconds * static_cast<double>(kMicrosPerSecond));
  const double doubled = static_cast<double>(patience_.first_wait_us) * std::pow(2.0, attempt - 1);
  const double capped = std::min(doubled, static_cast<double>(patience_.longest_wait_us));
  // Up to a quarter less, so that many collectors do not come back at once.
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const double jitter = static_cast<double>(random_ % 1000) / 1000.0;
  return static_cast<std::int64_t>(capped * (1 - 0.25 * jitter));
}

Response Session::get(const std::string& target, const Observe& observe, const Inspect& inspect) {
  const std::int64_t begin = clock_.monotonic_us();
  for (unsigned attempt = 1;; ++attempt) {
    if (!wait_for_turn()) {
      Response stopped;
      stopped.failure = Failure::interrupted;
      stopped.reason = "interrupted";
      return stopped;
    }
    Response response = client_.get(target);
    heed(response);
    bool again = is_worth_another_try(response);
    if (response.failure == Failure::none && response.status == 200 && inspect) {
      if (auto wrong = inspect(response)) {
        response.failure = Failure::broken;
        response.reason = std::move(*wrong);
        again = true;
      }
    }
    if (response.failure == Failure::interrupted) return response;
    observe(target, attempt, response);
    if (!again || attempt >= patience_.attempts) return response;
    const std::int64_t us = wait_before_retry(response, attempt);
    if (clock_.monotonic_us() - begin + us > patience_.most_us) return response;
    if (response.status == 429) {
      // Others drew on the budget, or it holds less at once than was thought: from here on at an even pace.
      rate_.burst = std::min(rate_.burst, 1.0);
      tokens_ = std::min(tokens_, 0.0);
      not_before_us_ = clock_.monotonic_us() + us;
    }
    if (!wait_(us)) {
      response.failure = Failure::interrupted;
      response.reason = "interrupted";
      return response;
    }
  }
}

}  // namespace muster::http
