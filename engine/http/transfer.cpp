#include "http/transfer.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include <fmt/format.h>

namespace muster::http {
namespace {

constexpr std::size_t kMostHeaders = 256, kMostHeaderBytes = 64u << 10;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() &&
         (text.back() == '\r' || text.back() == '\n' || text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

/// libcurl wants to be set up once, before threads.
struct Library {
  Library() { curl_global_init(CURL_GLOBAL_DEFAULT); }
};

Failure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_OK: return Failure::none;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT: return Failure::unreachable;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY: return Failure::proxy;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR: return Failure::tls;
    case CURLE_OPERATION_TIMEDOUT: return Failure::timeout;
    case CURLE_ABORTED_BY_CALLBACK: return Failure::interrupted;
    case CURLE_FILESIZE_EXCEEDED: return Failure::too_large;
    default: return Failure::broken;
  }
}

}  // namespace

std::size_t Transfer::take_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& me = *static_cast<Transfer*>(self);
  const std::size_t length = size * count;
  const std::string_view line(bytes, length);
  if (line.starts_with("HTTP/")) {  // a proxy's reply, or an interim one, came before
    me.response_.headers.clear();
    return length;
  }
  me.header_bytes_ += length;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || me.response_.headers.size() >= kMostHeaders ||
      me.header_bytes_ > kMostHeaderBytes)
    return length;
  me.response_.headers[lower(trimmed(line.substr(0, colon)))] = std::string(trimmed(line.substr(colon + 1)));
  return length;
}

std::size_t Transfer::take_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& me = *static_cast<Transfer*>(self);
  const std::size_t length = size * count;
  if (me.response_.body.size() + length > me.options_.most_bytes) {
    me.is_too_large_ = true;
    return 0;
  }
  me.response_.body.append(bytes, length);
  return length;
}

int Transfer::progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(self)->should_stop_() ? 1 : 0;
}

Transfer::Transfer(Options options, const Clock& clock, std::function<bool()> should_stop)
    : options_(std::move(options)), clock_(clock), should_stop_(std::move(should_stop)) {
  static const Library library;
  handle_ = curl_easy_init();
  for (const auto& [name, value] : options_.headers)
    headers_ = curl_slist_append(headers_, fmt::format("{}: {}", name, value).c_str());
  if (!options_.key.is_empty())
    headers_ = curl_slist_append(headers_,
                                 fmt::format("{}: {}", options_.key_header, options_.key.reveal()).c_str());
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout_ms));
  if (options_.stall_timeout_ms > 0) {
    set(CURLOPT_LOW_SPEED_LIMIT, 100L);
    set(CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>((options_.stall_timeout_ms + 999) / 1000)));
  }
  set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  set(CURLOPT_ERRORBUFFER, &message_[0]);
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_XFERINFOFUNCTION, &progress);
  set(CURLOPT_XFERINFODATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_BUFFERSIZE, 131072L);
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  if (!options_.proxy.empty()) set(CURLOPT_PROXY, options_.proxy.c_str());
  if (!options_.proxy_user.empty()) {
    set(CURLOPT_PROXYUSERNAME, options_.proxy_user.c_str());
    set(CURLOPT_PROXYPASSWORD, options_.proxy_password.reveal().c_str());
  }
  // The key is for the other side, not for a proxy on the way.
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  set(CURLOPT_SSL_VERIFYPEER, options_.verifies_tls ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, options_.verifies_tls ? 2L : 0L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
}

Transfer::~Transfer() {
  curl_slist_free_all(headers_);
  curl_easy_cleanup(handle_);
}

int hex_digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/// How many bytes at the beginning of JSON text stand for the character; 0 when they do not.
std::size_t spelled(std::string_view text, char c) {
  if (text.starts_with(c)) return 1;
  if (c == '/' && text.starts_with("\\/")) return 2;
  if (text.size() < 6 || !text.starts_with("\\u")) return 0;
  int code = 0;
  for (std::size_t i = 2; i < 6; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return 0;
    code = code * 16 + digit;
  }
  return code == static_cast<unsigned char>(c) ? 6 : 0;
}

/// Whether the text holds the secret, as it is or with JSON's escapes in place of characters.
bool holds_secret(std::string_view text, std::string_view secret) {
  if (::memmem(text.data(), text.size(), secret.data(), secret.size()) != nullptr) return true;
  if (text.find('\\') == std::string_view::npos) return false;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    std::size_t at = begin, known = 0;
    for (std::size_t bytes = 0;
         known < secret.size() && (bytes = spelled(text.substr(at), secret[known])) > 0; ++known)
      at += bytes;
    if (known == secret.size()) return true;
  }
  return false;
}

/// Some services repeat what they were sent. Neither a log nor a snapshot may hold the key: an error loses
/// its words, and a row that has the key in it cannot be kept as it is.
void Transfer::keep_key_out(Response& reply) const {
  std::string_view key = options_.key.reveal();
  if (key.starts_with("Bearer ")) key.remove_prefix(7);
  if (key.empty()) return;
  const auto holds_key = [&](const std::string& text) { return holds_secret(text, key); };
  std::erase_if(reply.headers, [&](const auto& header) { return holds_key(header.second); });
  if (!holds_key(reply.body)) return;
  reply.body.clear();
  if (reply.status != 200 || reply.failure != Failure::none) return;
  reply.failure = Failure::broken;
  reply.reason = "the reply holds the key that was sent";
}

Response Transfer::perform(const std::string& target) {
  response_ = {};
  header_bytes_ = 0;
  is_too_large_ = false;
  message_[0] = '\0';
  const std::string url = options_.base_url + target;
  set(CURLOPT_URL, url.c_str());
  response_.started = clock_.now();
  const CURLcode code = curl_easy_perform(handle_);
  response_.ended = clock_.now();
  Response response = std::move(response_);
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  response.failure = is_too_large_ ? Failure::too_large : failure_of(code);
  if (response.failure == Failure::none && response.status == 407) {
    response.failure = Failure::proxy;
    response.reason = "the proxy answered 407: it wants a user name and a password, or others than these";
    response.body.clear();
    return response;
  }
  keep_key_out(response);
  if (response.failure == Failure::none || !response.reason.empty()) return response;
  response.reason = message_[0] != '\0' ? std::string(&message_[0]) : std::string(curl_easy_strerror(code));
  if (response.failure == Failure::too_large)
    response.reason = fmt::format("the reply is larger than {} MiB", options_.most_bytes >> 20);
  long proxy_status = 0;
  curl_easy_getinfo(handle_, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status >= 400) {
    response.failure = Failure::proxy;
    response.reason = fmt::format("the proxy answered {}", proxy_status);
    if (proxy_status == 401 || proxy_status == 407)
      response.reason += ": it wants a user name and a password, or others than these";
  }
  response.body.clear();
  return response;
}

}  // namespace muster::http
