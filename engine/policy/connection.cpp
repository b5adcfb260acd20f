#include "policy/connection.h"

#include <algorithm>

#include <fmt/format.h>

namespace muster::policy {
namespace {

bool is_variable_name(std::string_view text) {
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}
constexpr TextRule kVariable{is_variable_name, "^[A-Za-z_][A-Za-z0-9_]*$",
                             "the name of an environment variable"};

bool is_base_url(std::string_view text) {
  return (text.starts_with("https://") || text.starts_with("http://")) &&
         text.find_first_of(" \t@?#") == std::string_view::npos;
}

/// "100/60s": requests and the time in which they may be made.
bool is_rate(std::string_view text) {
  if (text == "off") return true;
  const auto slash = text.find('/');
  return slash != std::string_view::npos && slash > 0 && slash < 8 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(slash),
                     [](char c) { return c >= '0' && c <= '9'; }) &&
         text.front() != '0' && parse_duration(text.substr(slash + 1)).has_value();
}

bool is_proxy(std::string_view text) {
  return (text.starts_with("http://") || text.starts_with("https://") || text.starts_with("socks5h://")) &&
         text.find_first_of(" \t@?#") == std::string_view::npos;
}

}  // namespace

Codec<std::string> base_url() {
  auto codec =
      text({is_base_url, "^https?://[^ \\t@?#]+$", "https://HOST/PATH without user name, query or fragment"});
  return made_from<std::string>(std::move(codec), [](std::string url, const Node&, Reader&) {
    while (url.ends_with('/')) url.pop_back();
    return std::optional(std::move(url));
  });
}

Mapping<Connection> credential_keys(std::string_view kind) {
  const bool is_token = kind == "token";
  const std::string_view what = is_token ? "bearer token" : "API key";
  Mapping<Connection> keys("a credential", "Where the key comes from.");
  keys.key(
          fmt::format("{}_env", kind), Need::optional, text(kVariable),
          [is_token](Connection& value, std::string name, const Node&, Reader&) {
            value.key.env = std::move(name);
            value.is_bearer = is_token;
          },
          fmt::format("The environment variable that holds the {}.", what))
      .key(
          fmt::format("{}_file", kind), Need::optional, text(),
          [is_token](Connection& value, std::string path, const Node&, Reader&) {
            value.key.file = std::move(path);
            value.is_bearer = is_token;
          },
          fmt::format("The file that holds the {}, and nothing else.", what))
      .key(
          fmt::format("{}_command", kind), Need::optional, text_list(),
          [is_token](Connection& value, std::vector<std::string> command, const Node&, Reader&) {
            value.key.command = std::move(command);
            value.is_bearer = is_token;
          },
          fmt::format("The program (and its arguments) that prints the {}.", what));
  return keys;
}

Mapping<Connection> connection_keys() {
  Mapping<Connection> keys("a connection", "How a service is reached.");
  keys.key("proxy", Need::optional,
           text({is_proxy, "^(https?|socks5h)://[^ \\t@?#]+$", "http://HOST:PORT without a user name"}),
           &Connection::proxy, "The proxy; the environment's HTTPS_PROXY when absent.")
      .key("proxy_user", Need::optional, text(), &Connection::proxy_user,
           "The user name that the proxy wants.")
      .key("proxy_password_env", Need::optional, text(kVariable), &Connection::proxy_password_env,
           "The environment variable that holds the proxy's password.")
      .key("ca_file", Need::optional, text(), &Connection::ca_file,
           "Certificates to trust instead of the system's, PEM.")
      .key(
          "tls", Need::optional, choice({"verified", "unverified"}),
          [](Connection& value, const std::string& word, const Node&, Reader&) {
            value.verifies_tls = word == "verified";
          },
          "unverified accepts any certificate; the run warns of it, and what it writes says so. verified "
          "when absent.")
      .key("timeout", Need::optional, duration(), &Connection::timeout_us,
           "How long one attempt of a request may take; 60s when absent.")
      .key("stall_timeout", Need::optional, duration(), &Connection::stall_timeout_us,
           "How long an attempt may bring next to nothing (less than 100 bytes a second) before it is given "
           "up, in whole seconds; 20s when absent.")
      .key("attempts", Need::optional, count(), &Connection::attempts,
           "How often a request is tried; 6 when absent.")
      .key("longest_wait", Need::optional, duration(), &Connection::longest_wait_us,
           "The longest pause between two attempts; 60s when absent.")
      .key("page_size", Need::optional, count(), &Connection::page_size,
           "Rows asked for at once, where that is less than the service's most.")
      .key("rate_limit", Need::optional,
           text({is_rate, "^(off|[1-9][0-9]{0,6}/.+)$", "REQUESTS/TIME, as in 100/60s, or off"}),
           &Connection::rate_limit,
           "How many requests may be made in which time; the API's documented limit when absent, and none "
           "for SCIM.")
      .check([](Connection&, const Node& node, Reader& reader) {
        const Node* password = node.find("proxy_password_env");
        if (password != nullptr && node.find("proxy_user") == nullptr)
          reader.problem(ErrorCode::config_missing_key, *password, "a proxy's password needs its user",
                         "add `proxy_user`");
      });
  return keys;
}

}  // namespace muster::policy
