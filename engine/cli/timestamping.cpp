#include "cli/timestamping.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/text.h"
#include "cli/version.h"
#include "cli/waiting.h"
#include "http/post/post.h"
#include "http/session.h"

namespace muster::cli {
namespace {

constexpr std::size_t kNonceBytes = 8;
constexpr std::uint64_t kLargestReply = 1u << 20;
constexpr std::int64_t kTimeoutMs = 30'000;
constexpr unsigned kAttempts = 3;

constexpr std::string_view kHint =
    "the bundle is not written; make it again, name another authority, or use --timestamp-request";

std::string why_not(const http::Response& response) {
  if (response.failure != http::Failure::none) return make_visible(response.reason);
  if (response.status >= 300 && response.status < 400) {
    const std::string* target = response.header("location");
    return fmt::format("it answers {} and redirects to {}, which is not followed", response.status,
                       target == nullptr ? "nowhere" : make_visible(*target));
  }
  return fmt::format("it answers with status {}", response.status);
}

}  // namespace

Status check_authority_url(const std::string& url) {
  const std::size_t scheme = url.starts_with("http://") ? 7 : url.starts_with("https://") ? 8 : 0;
  const std::string_view rest = std::string_view(url).substr(scheme);
  const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  if (scheme == 0 || host.empty() || url.find_first_of(" \t\r\n") != std::string::npos)
    return fail(ErrorCode::usage, fmt::format("{} is no URL of a time stamp authority", make_visible(url)),
                {}, "give it as http://tsa.example/path");
  if (host.find('@') != std::string_view::npos)
    return fail(
        ErrorCode::usage,
        "the URL of the time stamp authority holds a user's name or password, which every user of the "
        "machine could read",
        {}, "name an authority that needs none, or use --timestamp-request and send it yourself");
  return {};
}

Result<std::string> ask_authority(const Environment& environment, const std::string& url,
                                  const std::string& sha256, const std::optional<std::string>& trusted_pem) {
  const std::string nonce = random_bytes(kNonceBytes);
  const std::string request = timestamp::make_request(sha256, nonce);
  http::Options options;
  options.base_url = url;
  options.headers = {{"Content-Type", "application/timestamp-query"},
                     {"Accept", "application/timestamp-reply"}};
  options.timeout_ms = kTimeoutMs;
  options.most_bytes = kLargestReply;
  options.user_agent = fmt::format("muster/{}", version());
  const auto should_stop = [&] { return environment.is_interrupted.load(); };
  http::Session session(
      [&](const std::string&) { return http::post(options, environment.clock, should_stop, request); },
      std::make_shared<http::Limiter>(http::Rate{}, environment.clock),
      {.attempts = kAttempts, .most_us = 90 * kMicrosPerSecond}, environment.clock,
      [&](std::int64_t us) { return wait(environment, us); }, should_stop,
      static_cast<unsigned char>(nonce.front()));
  const http::Response response = session.get("", [](const auto&...) {});
  if (environment.is_interrupted) return fail(ErrorCode::interrupted, "interrupted");
  if (response.failure != http::Failure::none || response.status != 200)
    return fail(
        ErrorCode::service_unavailable,
        fmt::format("the time stamp authority {} cannot be asked: {}", make_visible(url), why_not(response)),
        {}, std::string(kHint));
  const auto token = timestamp::read_reply(response.body, sha256, trusted_pem, nonce);
  const auto refuse = [&](std::string_view why, std::string hint) {
    return fail(ErrorCode::evidence_timestamp, fmt::format("{}: {}", make_visible(url), why), {},
                std::move(hint));
  };
  if (!token)
    return refuse(token.error().message,
                  token.error().hint.empty() ? std::string(kHint) : token.error().hint);
  if (token->is_modified)
    return refuse("the authority granted something else than was asked for (granted with modifications)",
                  std::string(kHint));
  if (token->authority.empty())
    return refuse("the time stamp holds no certificate, so nobody could verify it", std::string(kHint));
  return response.body;
}

}  // namespace muster::cli
