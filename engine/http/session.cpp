#include "http/session.h"

#include <algorithm>
#include <cmath>

namespace muster::http {

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

Send client_send(Options options, const Clock& clock, std::function<bool()> should_stop) {
  auto client = std::make_shared<Client>(std::move(options), clock, std::move(should_stop));
  return [client](const std::string& target) { return client->get(target); };
}

Session::Session(Send send, std::shared_ptr<Limiter> limiter, Patience patience, const Clock& clock,
                 Wait wait, std::function<bool()> should_stop, std::uint64_t seed)
    : send_(std::move(send)),
      limiter_(std::move(limiter)),
      patience_(patience),
      clock_(clock),
      wait_(std::move(wait)),
      should_stop_(std::move(should_stop)),
      random_(seed | 1) {}

Session::Session(Options options, Rate rate, Patience patience, const Clock& clock, Wait wait,
                 std::function<bool()> should_stop, std::uint64_t seed)
    : Session(client_send(std::move(options), clock, should_stop), std::make_shared<Limiter>(rate, clock),
              patience, clock, std::move(wait), should_stop, seed) {}

bool Session::wait_for(const Limiter::Turn& turn) {
  while (const std::int64_t us = limiter_->wait_us(turn))
    if (!wait_(us)) return false;
  return !should_stop_();
}

std::int64_t Session::wait_before_retry(const Response& response, unsigned attempt) {
  if (const auto ms = number_of(response.header("retry-after-ms")))
    return static_cast<std::int64_t>(*ms * 1000);
  if (const std::string* after = response.header("retry-after")) {
    if (const auto seconds = number_of(after))
      return static_cast<std::int64_t>(*seconds * static_cast<double>(kMicrosPerSecond));
    if (const auto at = parse_http_date(*after)) return std::max<std::int64_t>(0, at->us - response.ended.us);
  }
  if (response.status == 429)
    if (const std::int64_t us = until_reset_us(response); us > 0) return us;
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
    const Limiter::Turn turn = limiter_->take();
    if (!wait_for(turn)) {
      limiter_->settle(turn, nullptr);
      Response stopped;
      stopped.failure = Failure::interrupted;
      stopped.reason = "interrupted";
      return stopped;
    }
    Response response = send_(target);
    limiter_->settle(turn, &response);
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
    if (response.status == 429) limiter_->pause(turn, us);
    if (!wait_(us)) {
      response.failure = Failure::interrupted;
      response.reason = "interrupted";
      return response;
    }
  }
}

}  // namespace muster::http
