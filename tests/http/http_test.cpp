// The client and the session against a server that answers by a script, on this machine only.
#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/script_server.h"
#include "http/session.h"

namespace muster::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string reply(std::string_view status, std::string_view headers = {}, std::string_view body = "{}") {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

struct Asked {
  Response response;
  std::vector<std::string> requests;
  std::vector<std::int64_t> waits_ms;
  unsigned attempts = 0;
};

/// Asks `times` requests of one session whose clock moves by its waits alone.
Asked ask(std::vector<std::string> replies, Rate rate = {}, unsigned times = 1,
          std::uint64_t most_bytes = 1 << 20, const Inspect& inspect = {}) {
  ::setenv("no_proxy", "*", 1);
  Server server(std::move(replies));
  Asked asked;
  FakeClock clock(*parse_rfc3339("2026-11-20T08:00:00Z"));
  Options options;
  options.base_url = server.url();
  options.headers = {{"anthropic-version", "2023-06-01"}};
  options.key_header = "x-api-key";
  options.key = Secret("sk-ant-made-up");
  options.most_bytes = most_bytes;
  options.user_agent = "muster/test";
  Session session(
      options, rate, {}, clock,
      [&](std::int64_t us) {
        asked.waits_ms.push_back(us / 1000);
        clock.advance(us);
        return true;
      },
      [] { return false; }, 7);
  for (unsigned i = 0; i < times; ++i)
    asked.response = session.get(
        "/v1/users?limit=2", [&](const std::string&, unsigned, const Response&) { ++asked.attempts; },
        inspect);
  asked.requests = server.requests();
  return asked;
}

TEST(Client, AsksByGetWithItsHeaders) {
  const Asked asked = ask({reply("200 OK", "Request-Id: req_1\r\n", "{\"a\":1}")});
  EXPECT_EQ(asked.response.status, 200);
  EXPECT_EQ(asked.response.failure, Failure::none);
  EXPECT_EQ(asked.response.body, "{\"a\":1}");
  EXPECT_EQ(*asked.response.header("request-id"), "req_1");
  ASSERT_EQ(asked.requests.size(), 1u);
  EXPECT_THAT(asked.requests[0], StartsWith("GET /v1/users?limit=2 HTTP/1.1\r\n"));
  EXPECT_THAT(asked.requests[0], HasSubstr("x-api-key: sk-ant-made-up\r\n"));
  EXPECT_THAT(asked.requests[0], HasSubstr("anthropic-version: 2023-06-01\r\n"));
}

TEST(Client, HandsARedirectBackAndAsksNobodyElse) {
  Server elsewhere({reply("200 OK")});
  const Asked asked = ask({reply("302 Found", "Location: " + elsewhere.url() + "/x\r\n")});
  EXPECT_EQ(asked.response.status, 302);
  EXPECT_EQ(asked.attempts, 1u);
  EXPECT_THAT(elsewhere.requests(), IsEmpty());
}

TEST(Client, CapsTheBody) {
  const Asked asked = ask({reply("200 OK", {}, std::string(5000, ' '))}, {}, 1, 4096);
  EXPECT_EQ(asked.response.failure, Failure::too_large);
  EXPECT_EQ(asked.response.body, "");
  EXPECT_EQ(asked.attempts, 1u);
}

TEST(Client, KeepsTheKeyOutOfWhatItHandsOn) {
  const std::string body =
      R"({"error":{"type":"authentication_error","message":"sk-ant-made-up is no key"}})";
  const Asked refused = ask({reply("401 Unauthorized", "X-Echo: sk-ant-made-up\r\nX-Other: x\r\n", body)});
  EXPECT_EQ(refused.response.failure, Failure::none);
  EXPECT_EQ(refused.response.status, 401);
  EXPECT_EQ(refused.response.body, "");
  EXPECT_EQ(refused.response.header("x-echo"), nullptr);
  EXPECT_NE(refused.response.header("x-other"), nullptr);
  const Asked echoed =
      ask(std::vector<std::string>(6, reply("200 OK", {}, R"({"data":[{"id":"sk-ant-made-up"}]})")));
  EXPECT_EQ(echoed.response.failure, Failure::broken);
  EXPECT_EQ(echoed.response.reason, "the reply holds the key that was sent");
  EXPECT_EQ(echoed.response.body, "");
  // JSON has more than one way to write it.
  for (const char* spelled : {R"(sk-ant\u002dmade-up)", R"(\u0073\u006B-ant-made-u\u0070)"}) {
    const std::string text = fmt::format(R"({{"error":{{"type":"x","message":"no: {}!"}}}})", spelled);
    EXPECT_EQ(ask({reply("403 Forbidden", {}, text)}).response.body, "") << spelled;
    EXPECT_EQ(ask(std::vector<std::string>(6, reply("200 OK", {}, text))).response.failure, Failure::broken);
  }
  for (const char* other :
       {R"(sk-ant\u002emade-up)", R"(sk-ant\u002)", R"(sk-ant\u002dmade-u\)", "sk-ant-made-"}) {
    const std::string text = fmt::format(R"({{"message":"{}"}})", other);
    EXPECT_EQ(ask({reply("403 Forbidden", {}, text)}).response.body, text);
  }
}

TEST(Client, AProxyThatWantsAPasswordIsNoAnswer) {
  const Asked asked = ask({reply("407 Proxy Authentication Required")});
  EXPECT_EQ(asked.response.failure, Failure::proxy);
  EXPECT_EQ(asked.response.reason,
            "the proxy answered 407: it wants a user name and a password, or others than these");
  EXPECT_EQ(asked.attempts, 1u);
}

TEST(Client, EncodesIdsSoThatNoneClimbsOutOfItsPath) {
  EXPECT_EQ(encode_segment("user_01-a.b~"), "user_01-a.b~");
  EXPECT_EQ(encode_segment(".."), "%2E%2E");
  EXPECT_EQ(encode_segment("../x?y#\n\xC3\xA9"), "..%2Fx%3Fy%23%0A%C3%A9");
}

TEST(Session, TriesAgainWhatMayPass) {
  const Asked asked =
      ask({reply("529 Overloaded"), reply("502 Bad Gateway", {}, "<html>"),
           "HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\n{", reply("200 OK")});
  EXPECT_EQ(asked.response.status, 200);
  EXPECT_EQ(asked.response.failure, Failure::none);
  EXPECT_EQ(asked.attempts, 4u);
  ASSERT_EQ(asked.waits_ms.size(), 3u);
  // Doubled from half a second, up to a quarter less.
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_LE(asked.waits_ms[i], 500 << i);
    EXPECT_GE(asked.waits_ms[i], 375 << i);
  }
}

TEST(Session, EndsWithWhatDoesNotPass) {
  EXPECT_EQ(ask({reply("403 Forbidden")}).attempts, 1u);
  EXPECT_EQ(ask({reply("500 Error", "x-should-retry: false\r\n")}).attempts, 1u);
  const Asked asked = ask(std::vector<std::string>(9, reply("503 Unavailable")));
  EXPECT_EQ(asked.attempts, 6u);
  EXPECT_EQ(asked.response.status, 503);
}

TEST(Session, WaitsAsLongAsTheServerSays) {
  EXPECT_THAT(ask({reply("429 Too Many", "Retry-After: 7\r\n"), reply("200 OK")}).waits_ms,
              ElementsAre(7000));
  EXPECT_THAT(ask({reply("429 Too Many", "retry-after-ms: 250\r\n"), reply("200 OK")}).waits_ms,
              ElementsAre(250));
}

TEST(Session, DoesNotWaitBeyondItsPatience) {
  for (const char* words : {"inf", "1e300", "99999999999999999999", "901"}) {
    const Asked asked =
        ask({reply("429 Too Many", "Retry-After: " + std::string(words) + "\r\n"), reply("200 OK")});
    EXPECT_EQ(asked.response.status, 429) << words;
    EXPECT_EQ(asked.attempts, 1u) << words;
    EXPECT_THAT(asked.waits_ms, IsEmpty()) << words;
  }
  for (const char* words : {"nan", "-3", "soon"})  // no time: as if nothing were said
    EXPECT_EQ(ask({reply("429 Too Many", "Retry-After: " + std::string(words) + "\r\n"), reply("200 OK")})
                  .response.status,
              200)
        << words;
}

TEST(Session, KeepsToTheRate) {
  const Asked asked = ask(std::vector<std::string>(4, reply("200 OK")), Rate{2, 10 * kMicrosPerSecond, 2}, 4);
  EXPECT_THAT(asked.waits_ms, ElementsAre(5000, 5000));
}

TEST(Session, AReplyThatIsNoGoodIsTriedAgain) {
  const Asked asked = ask({reply("200 OK", {}, "<html>"), reply("200 OK", {}, "{}")}, {}, 1, 1 << 20,
                          [](const Response& response) -> std::optional<std::string> {
                            if (response.body == "{}") return std::nullopt;
                            return "no JSON";
                          });
  EXPECT_EQ(asked.attempts, 2u);
  EXPECT_EQ(asked.response.body, "{}");
}

}  // namespace
}  // namespace muster::http
