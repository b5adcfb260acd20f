#include "http/limiter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace muster::http {
namespace {

// Whoever's clock is wrong must not be able to stop a collection for hours.
constexpr std::int64_t kLongestReset = 120 * kMicrosPerSecond;
// Clocks that differ by less are taken to be one: Date has whole seconds.
constexpr std::int64_t kSameClock = 2 * kMicrosPerSecond;

}  // namespace

std::optional<double> number_of(const std::string* header) {
  if (header == nullptr) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(header->data(), header->data() + header->size(), value);
  if (error != std::errc() || end != header->data() + header->size() || !(value >= 0)) return std::nullopt;
  return std::min(value, 1e9);  // "inf" and 1e300 are numbers too, but no time that fits an integer
}

std::int64_t until_reset_us(const Response& response) {
  const std::string* text = response.header("anthropic-ratelimit-requests-reset");
  if (text == nullptr) return 0;
  const auto reset = parse_rfc3339(*text);
  if (!reset) return 0;
  std::int64_t now_us = response.ended.us;
  if (const std::string* date = response.header("date")) {
    const auto theirs = parse_http_date(*date);
    if (theirs && std::abs(theirs->us - now_us) > kSameClock) now_us = theirs->us;
  }
  return std::clamp<std::int64_t>(reset->us - now_us, 0, kLongestReset);
}

Limiter::Limiter(Rate rate, const Clock& clock)
    : rate_(rate), clock_(clock), filled_us_(clock.monotonic_us()) {
  rate_.burst = std::max(rate_.burst, 1.0);
  granted_ = rate_.burst;
}

void Limiter::refill(std::int64_t now_us) {
  if (awaits_reply_ || rate_.requests <= 0) return;
  granted_ = std::min(taken_ + rate_.burst, granted_ + static_cast<double>(now_us - filled_us_) / us_each());
  filled_us_ = now_us;
}

Limiter::Turn Limiter::take() {
  const std::lock_guard guard(mutex_);
  refill(clock_.monotonic_us());
  if (granted_ - taken_ >= rate_.burst) awaits_reply_ = true;
  taken_ += 1;
  ++under_way_;
  return {taken_, std::max(0.0, granted_ - taken_), std::exchange(is_told_to_wait_, false)};
}

std::int64_t Limiter::wait_us(const Turn& turn) {
  const std::lock_guard guard(mutex_);
  const std::int64_t now = clock_.monotonic_us();
  const std::int64_t us = std::max<std::int64_t>(0, not_before_us_ - now);
  if (rate_.requests <= 0) return us;
  refill(now);
  const double missing = turn.number - granted_;
  // Numbers of many requests are sums: a millionth of one is none.
  return missing < 1e-6 ? us : std::max(us, static_cast<std::int64_t>(std::ceil(missing * us_each())));
}

void Limiter::settle(const Turn& turn, const Response* response) {
  const std::lock_guard guard(mutex_);
  const std::int64_t now = clock_.monotonic_us();
  --under_way_;
  if (awaits_reply_) {
    awaits_reply_ = false;
    filled_us_ = now;
  }
  if (response != nullptr && response->failure == Failure::none) heed(turn, *response, now);
}

void Limiter::heed(const Turn& turn, const Response& response, std::int64_t now_us) {
  const auto remaining = number_of(response.header("anthropic-ratelimit-requests-remaining"));
  if (!remaining || response.status == 429) return;
  const double others = static_cast<double>(under_way_);
  if (rate_.requests > 0) {
    // Others draw on the same budget: what the server has left, and what is under way, tell how much.
    refill(now_us);
    const double missing = turn.left - *remaining - 1 - others;
    if (missing > 0) granted_ = std::min(granted_, std::max(granted_ - missing, taken_ + *remaining));
  }
  const std::int64_t reset_us = until_reset_us(response);
  if (*remaining >= 1 || reset_us == 0) return;
  // The reset is when the budget is full again: a part of it comes back sooner, until this server has shown
  // that it does not.
  const auto limit = number_of(response.header("anthropic-ratelimit-requests-limit"));
  const double parts = limit && *limit >= 1 && !resets_at_once_ ? *limit : 1;
  const double share_us = static_cast<double>(reset_us) / parts;
  const bool is_slower =
      rate_.requests <= 0 || resets_at_once_ || turn.left >= 1 + others || share_us > 1.05 * us_each();
  if (!is_slower) return;  // the bucket waits that long by itself
  is_told_to_wait_ = true;
  not_before_us_ = std::max(not_before_us_, now_us + static_cast<std::int64_t>(std::ceil(share_us)));
}

void Limiter::pause(const Turn& turn, std::int64_t us) {
  const std::lock_guard guard(mutex_);
  const std::int64_t now = clock_.monotonic_us();
  // It had waited for its share, and there was none.
  if (turn.was_told_to_wait) resets_at_once_ = true;
  // Others drew on the budget, or it holds less at once than was thought.
  refill(now);
  rate_.burst = 1;
  granted_ = std::min(granted_, taken_);
  not_before_us_ = std::max(not_before_us_, now + us);
}

}  // namespace muster::http
