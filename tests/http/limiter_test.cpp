// The budget of requests under a clock that the test moves: who may go when, and what the server's headers
// and its 429 change. A simulated server with a bucket of its own says whether the limit was ever passed.
#include <algorithm>
#include <cmath>
#include <deque>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/session.h"

namespace muster::http {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Instant kStart{1'790'000'000LL * kMicrosPerSecond};

/// A server with a token bucket (or a fixed window), as far away as `latencies` say, and a session that asks
/// it. Time passes by waits and latencies alone.
struct World {
  FakeClock clock{kStart};
  double server_requests = 0, server_burst = 0;  // per second; 0: no limit
  bool has_window = false;                       // everything comes back at once, at the window's end
  bool says_headers = false;
  std::int64_t skew_us = 0;  // of the server's clock
  std::deque<std::int64_t> latencies_us;
  double tokens = -1;
  std::int64_t filled_us = 0, window_end_us = 0;
  unsigned limited = 0, asked = 0, drawn_by_others = 0;
  std::vector<std::int64_t> waits_ms;

  Response answer() {
    ++asked;
    std::int64_t latency = 2000;
    if (!latencies_us.empty()) {
      latency = latencies_us.front();
      latencies_us.pop_front();
    }
    clock.advance(latency / 2);
    Response response;
    response.started = clock.now();
    response.status = 200;
    response.body = "{}";
    if (server_requests > 0) {
      const std::int64_t now = clock.monotonic_us();
      if (tokens < 0) {
        tokens = server_burst;
        filled_us = now;
      }
      if (has_window) {
        if (now >= window_end_us) {
          tokens = server_burst;
          window_end_us = now + static_cast<std::int64_t>(server_burst / server_requests * 1e6);
        }
      } else {
        tokens =
            std::min(server_burst, tokens + server_requests * static_cast<double>(now - filled_us) / 1e6);
      }
      filled_us = now;
      tokens = std::max(0.0, tokens - drawn_by_others);
      if (tokens < 1) {
        ++limited;
        response.status = 429;
      } else {
        tokens -= 1;
      }
      const std::int64_t full_us =
          has_window ? window_end_us
                     : now + static_cast<std::int64_t>((server_burst - tokens) / server_requests * 1e6);
      if (says_headers) {
        response.headers["anthropic-ratelimit-requests-limit"] = fmt::format("{}", server_burst);
        response.headers["anthropic-ratelimit-requests-remaining"] = fmt::format("{}", std::floor(tokens));
        response.headers["anthropic-ratelimit-requests-reset"] = format_rfc3339({full_us + skew_us});
      } else if (response.status == 429) {
        response.headers["retry-after"] = "1";
      }
    }
    clock.advance(latency - latency / 2);
    response.ended = clock.now();
    return response;
  }

  /// Seconds that `times` requests take.
  double ask(Rate rate, unsigned times) {
    Session session([this](const std::string&) { return answer(); }, std::make_shared<Limiter>(rate, clock),
                    {}, clock,
                    [this](std::int64_t us) {
                      waits_ms.push_back(us / 1000);
                      clock.advance(us);
                      return true;
                    },
                    [] { return false; }, 7);
    for (unsigned i = 0; i < times; ++i)
      EXPECT_EQ(session.get("/v1/users", [](const std::string&, unsigned, const Response&) {}).status, 200);
    return static_cast<double>(clock.now().us - kStart.us) / 1e6;
  }
};

constexpr Rate kHundredASecond{100, kMicrosPerSecond, 100};

TEST(Limiter, UsesAllThatTheLimitAllowsAndNeverMore) {
  World world;
  world.server_requests = world.server_burst = 100;
  const double seconds = world.ask(kHundredASecond, 490);
  EXPECT_EQ(world.limited, 0u);
  EXPECT_GE(seconds, 3.89);
  EXPECT_LE(seconds, 3.9 * 1.01);  // 390 requests must wait for their tokens
}

TEST(Limiter, ASlowFirstReplyGivesNothingAway) {
  // The first connection takes long, all others are fast: requests must be counted from when they arrive.
  World world;
  world.server_requests = world.server_burst = 100;
  world.latencies_us = {400'000};
  EXPECT_LE(world.ask(kHundredASecond, 490), 0.2 + 3.9 * 1.01 + 0.2);
  EXPECT_EQ(world.limited, 0u);
}

TEST(Limiter, ManySessionsShareOneBudget) {
  FakeClock clock(kStart);
  Limiter limiter({2, 10 * kMicrosPerSecond, 2}, clock);
  const auto first = limiter.take(), second = limiter.take(), third = limiter.take(), fourth = limiter.take();
  EXPECT_EQ(limiter.wait_us(first), 0);
  EXPECT_EQ(limiter.wait_us(second), 0);
  // Nothing comes back before the first reply: it may be late.
  clock.advance(60 * kMicrosPerSecond);
  EXPECT_GT(limiter.wait_us(third), 0);
  limiter.settle(first, nullptr);
  EXPECT_EQ(limiter.wait_us(third), 5 * kMicrosPerSecond);
  EXPECT_EQ(limiter.wait_us(fourth), 10 * kMicrosPerSecond);
  clock.advance(5 * kMicrosPerSecond);
  EXPECT_EQ(limiter.wait_us(third), 0);
  EXPECT_EQ(limiter.wait_us(fourth), 5 * kMicrosPerSecond);
}

TEST(Limiter, A429HoldsUpThoseWhoWaitAlready) {
  FakeClock clock(kStart);
  Limiter limiter({}, clock);
  const auto first = limiter.take(), second = limiter.take();
  EXPECT_EQ(limiter.wait_us(second), 0);
  limiter.pause(first, 7 * kMicrosPerSecond);
  EXPECT_EQ(limiter.wait_us(second), 7 * kMicrosPerSecond);
  clock.advance(7 * kMicrosPerSecond);
  EXPECT_EQ(limiter.wait_us(second), 0);
}

TEST(Limiter, TheServerSaysThatLessIsLeft) {
  // Nobody told the client of a limit: the server's headers do, and no request is refused.
  World world;
  world.server_requests = 10;
  world.server_burst = 20;
  world.says_headers = true;
  const double seconds = world.ask({}, 50);
  EXPECT_EQ(world.limited, 0u);
  EXPECT_GE(seconds, 2.9);
  EXPECT_LE(seconds, 3.6);
}

TEST(Limiter, TheServerHasASmallerBudgetThanWasSaid) {
  World world;
  world.server_requests = 10;
  world.server_burst = 20;
  world.says_headers = true;
  EXPECT_LE(world.ask(kHundredASecond, 50), 3.6);
  EXPECT_EQ(world.limited, 0u);
}

TEST(Limiter, AWindowThatGivesNothingBackBeforeItsEndIsLearnedFromOneRefusal) {
  World world;
  world.server_requests = 10;
  world.server_burst = 20;
  world.has_window = world.says_headers = true;
  const double seconds = world.ask({}, 70);
  EXPECT_EQ(world.limited, 1u);
  EXPECT_GE(seconds, 6.0);  // three windows of two seconds
  EXPECT_LE(seconds, 6.5);
}

TEST(Limiter, ClocksThatDisagreeStopNothingForHours) {
  World world;
  world.server_requests = 10;
  world.server_burst = 20;
  world.says_headers = true;
  world.skew_us = 3 * 3600 * kMicrosPerSecond;
  world.ask({}, 21);
  EXPECT_THAT(world.waits_ms, Each(::testing::Le(120'000)));
}

TEST(Limiter, ADateHeaderTellsTheServersClock) {
  Response response;
  response.ended = *parse_rfc3339("2026-11-20T08:00:00Z");
  response.headers["anthropic-ratelimit-requests-reset"] = "2026-11-20T11:00:30Z";
  EXPECT_EQ(until_reset_us(response), 120 * kMicrosPerSecond);
  response.headers["date"] = "Fri, 20 Nov 2026 11:00:10 GMT";
  EXPECT_EQ(until_reset_us(response), 20 * kMicrosPerSecond);
  response.headers["date"] = "soon";
  EXPECT_EQ(until_reset_us(response), 120 * kMicrosPerSecond);
  response.headers["anthropic-ratelimit-requests-reset"] = "2026-11-20T07:00:00Z";
  EXPECT_EQ(until_reset_us(response), 0);
  response.headers["anthropic-ratelimit-requests-reset"] = "tomorrow";
  EXPECT_EQ(until_reset_us(response), 0);
}

TEST(Limiter, OthersDrawOnTheSameBudget) {
  // For each request of ours, others make one: the server's count tells, and waits do the rest.
  World world;
  world.server_requests = world.server_burst = 100;
  world.says_headers = true;
  world.drawn_by_others = 1;
  const double seconds = world.ask(kHundredASecond, 200);
  EXPECT_LE(world.limited, 150u);
  EXPECT_LE(seconds, 6.0);
}

TEST(Limiter, NumbersInHeadersThatAreNoneAreNotHeeded) {
  for (const char* remaining : {"", "-1", "none", "nan"}) {
    FakeClock clock(kStart);
    Limiter limiter({}, clock);
    Response response;
    response.status = 200;
    response.ended = clock.now();
    response.headers["anthropic-ratelimit-requests-remaining"] = remaining;
    response.headers["anthropic-ratelimit-requests-reset"] = format_rfc3339({kStart.us + kMicrosPerSecond});
    limiter.settle(limiter.take(), &response);
    EXPECT_EQ(limiter.wait_us(limiter.take()), 0) << remaining;
  }
}

TEST(Session, ARetryAfterMayBeADate) {
  FakeClock clock(*parse_rfc3339("2026-11-20T08:00:00Z"));
  std::vector<std::int64_t> waits_ms;
  unsigned asked = 0;
  Session session(
      [&](const std::string&) {
        Response response;
        response.started = response.ended = clock.now();
        response.status = asked++ == 0 ? 429 : 200;
        if (asked == 1) response.headers["retry-after"] = "Fri, 20 Nov 2026 08:00:09 GMT";
        return response;
      },
      std::make_shared<Limiter>(Rate{}, clock), {}, clock,
      [&](std::int64_t us) {
        waits_ms.push_back(us / 1000);
        clock.advance(us);
        return true;
      },
      [] { return false; }, 7);
  EXPECT_EQ(session.get("/", [](const std::string&, unsigned, const Response&) {}).status, 200);
  EXPECT_THAT(waits_ms, ElementsAre(9000));
}

}  // namespace
}  // namespace muster::http
