// One GET after the other on a kept connection. Not thread-safe; one client a thread. Redirects are handed
// back, never followed; only http and https are spoken; the body is capped, also after decompression.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/secret.h"

namespace muster::http {

struct Options {
  std::string base_url;  // "https://api.anthropic.com", no slash at its end
  std::vector<std::pair<std::string, std::string>> headers;  // sent with every request
  std::string key_header;                                    // "x-api-key"; or "authorization"
  Secret key;                                                // the whole value of key_header
  std::string proxy;  // "http://proxy.example:3128"; empty: the environment's
  std::string proxy_user;
  Secret proxy_password;
  std::string ca_file;  // empty: the system's
  bool verifies_tls = true;
  std::int64_t connect_timeout_ms = 10'000;
  std::int64_t timeout_ms = 60'000;  // of one attempt, from its start to the last byte
  // An attempt that brings fewer than 100 bytes a second for so long has stalled; 0: no such end.
  std::int64_t stall_timeout_ms = 20'000;
  std::uint64_t most_bytes = std::uint64_t{64} << 20;  // of a body, after decompression
  std::string user_agent;
};

/// What became of one attempt. `failure` is none when there is a reply with a status, whatever it is.
enum class Failure : std::uint8_t {
  none,
  unreachable,  // no name, no route, no connection
  tls,          // the certificate or the handshake was refused; trying again does not help
  proxy,        // the proxy refused
  timeout,
  broken,     // the connection ended in mid-reply, or the reply is no HTTP
  too_large,  // more bytes than allowed
  interrupted,
};

struct Response {
  Failure failure = Failure::none;
  std::string reason;  // of a failure, in words; holds no secret
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  Instant started, ended;
  [[nodiscard]] const std::string* header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? nullptr : &found->second;
  }
};

class Client {
 public:
  /// `should_stop` is asked a few times a second; true ends the attempt as interrupted.
  Client(Options options, const Clock& clock, std::function<bool()> should_stop);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// `target` is a path with its query, percent-encoded.
  [[nodiscard]] Response get(const std::string& target);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The bytes of one path segment or query value, percent-encoded but for letters, digits and -._~; a segment
/// of dots alone is encoded too, so that no id can climb out of its path.
[[nodiscard]] std::string encode_segment(std::string_view text);
/// "Fri, 20 Nov 2026 08:00:00 GMT" of a Date or Retry-After header; nullopt when it is none.
[[nodiscard]] std::optional<Instant> parse_http_date(const std::string& text);
/// The version of the library, for `muster --version`.
[[nodiscard]] std::string library_version();

}  // namespace muster::http
