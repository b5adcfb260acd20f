// The one POST, against a server on this machine.
#include "http/post/post.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/script_server.h"

namespace muster::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Response send(const std::string& url, std::string_view body, std::uint64_t most_bytes = 1000) {
  static const SystemClock clock;
  Options options;
  options.base_url = url;
  options.headers = {{"Content-Type", "application/timestamp-query"}};
  options.most_bytes = most_bytes;
  options.timeout_ms = 5000;
  return post(
      options, clock, [] { return false; }, body);
}

TEST(Post, SendsTheBodyAsItIs) {
  Server server({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
  const std::string body("\0\xff binary\r\n", 11);
  const Response response = send(server.url() + "/tsr?x=1", body);
  EXPECT_EQ(response.failure, Failure::none);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "ok");
  const std::string request = server.requests().at(0);
  EXPECT_THAT(request, StartsWith("POST /tsr?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Type: application/timestamp-query\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Length: 11\r\n"));
}

TEST(Post, ARedirectIsHandedBackAndNothingIsSentThere) {
  Server other({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  Server server(
      {"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + other.url() + "/\r\nContent-Length: 0\r\n\r\n"});
  const Response response = send(server.url(), "x");
  EXPECT_EQ(response.status, 307);
  EXPECT_TRUE(other.requests().empty());
}

TEST(Post, ALargeReplyAndNoReplyAreFailures) {
  Server large({"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x')});
  EXPECT_EQ(send(large.url(), "x").failure, Failure::too_large);
  Server cut({"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nx"});
  EXPECT_EQ(send(cut.url(), "x").failure, Failure::broken);
  EXPECT_EQ(send("http://127.0.0.1:1", "x").failure, Failure::unreachable);
}

}  // namespace
}  // namespace muster::http
