// A request and its reply, as the simulator's parts see them. No HTTP library in sight; only http_server.cpp
// knows one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

struct Request {
  std::string method;
  std::string target;                 // as sent: path and query, percent-encoded
  std::vector<std::string> segments;  // of the path, decoded one by one, so that an id may hold a slash
  std::string path;                   // as sent, without the query
  std::vector<std::pair<std::string, std::string>> query;    // decoded, in order
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  /// The first value of that name; nullptr when it is not there.
  [[nodiscard]] const std::string* header(std::string_view name) const;
  /// `name`, else `name[]`; the first value.
  [[nodiscard]] const std::string* parameter(std::string_view name) const;
  /// All values of `name` and `name[]`.
  [[nodiscard]] std::vector<std::string> parameters(std::string_view name) const;
};

struct Reply {
  static constexpr std::size_t kWhole = static_cast<std::size_t>(-1);

  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  /// Bytes of the body that are sent before the connection is closed, whatever Content-Length has promised.
  std::size_t sent = kWhole;
  /// Milliseconds before the first byte.
  int delay_ms = 0;
};

/// Splits `target` into path segments and query; the rest of the request is left alone.
void parse_target(std::string_view target, Request& request);

}  // namespace simulator
