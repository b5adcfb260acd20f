#include "http/client.h"

#include <algorithm>
#include <cctype>
#include <ctime>

#include <curl/curl.h>
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

struct Client::Impl {
  Options options;
  const Clock& clock;
  std::function<bool()> should_stop;
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  char message[CURL_ERROR_SIZE] = {};
  // Of the attempt under way.
  Response response;
  std::size_t header_bytes = 0;
  bool is_too_large = false;

  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& me = *static_cast<Impl*>(self);
    const std::size_t length = size * count;
    const std::string_view line(bytes, length);
    if (line.starts_with("HTTP/")) {  // a proxy's reply, or an interim one, came before
      me.response.headers.clear();
      return length;
    }
    me.header_bytes += length;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || me.response.headers.size() >= kMostHeaders ||
        me.header_bytes > kMostHeaderBytes)
      return length;
    me.response.headers[lower(trimmed(line.substr(0, colon)))] = std::string(trimmed(line.substr(colon + 1)));
    return length;
  }

  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& me = *static_cast<Impl*>(self);
    const std::size_t length = size * count;
    if (me.response.body.size() + length > me.options.most_bytes) {
      me.is_too_large = true;
      return 0;
    }
    me.response.body.append(bytes, length);
    return length;
  }

  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Impl*>(self)->should_stop() ? 1 : 0;
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(handle, option, value);
  }

  void set_up() {
    handle = curl_easy_init();
    for (const auto& [name, value] : options.headers)
      headers = curl_slist_append(headers, fmt::format("{}: {}", name, value).c_str());
    if (!options.key.is_empty())
      headers =
          curl_slist_append(headers, fmt::format("{}: {}", options.key_header, options.key.reveal()).c_str());
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_HTTPGET, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout_ms));
    if (options.stall_timeout_ms > 0) {
      set(CURLOPT_LOW_SPEED_LIMIT, 100L);
      set(CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>((options.stall_timeout_ms + 999) / 1000)));
    }
    set(CURLOPT_USERAGENT, options.user_agent.c_str());
    set(CURLOPT_ERRORBUFFER, &message[0]);
    set(CURLOPT_HEADERFUNCTION, &take_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_XFERINFOFUNCTION, &progress);
    set(CURLOPT_XFERINFODATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_BUFFERSIZE, 131072L);
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    if (!options.proxy.empty()) set(CURLOPT_PROXY, options.proxy.c_str());
    if (!options.proxy_user.empty()) {
      set(CURLOPT_PROXYUSERNAME, options.proxy_user.c_str());
      set(CURLOPT_PROXYPASSWORD, options.proxy_password.reveal().c_str());
    }
    // The key is for the other side, not for a proxy on the way.
    set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    set(CURLOPT_SSL_VERIFYPEER, options.verifies_tls ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, options.verifies_tls ? 2L : 0L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  }
};

Client::Client(Options options, const Clock& clock, std::function<bool()> should_stop)
    : impl_(new Impl{std::move(options), clock, std::move(should_stop), nullptr, nullptr, {}, {}, 0, false}) {
  static const Library library;
  impl_->set_up();
}

Client::~Client() {
  curl_slist_free_all(impl_->headers);
  curl_easy_cleanup(impl_->handle);
}

Response Client::get(const std::string& target) {
  Impl& me = *impl_;
  me.response = {};
  me.header_bytes = 0;
  me.is_too_large = false;
  me.message[0] = '\0';
  const std::string url = me.options.base_url + target;
  me.set(CURLOPT_URL, url.c_str());
  me.response.started = me.clock.now();
  const CURLcode code = curl_easy_perform(me.handle);
  me.response.ended = me.clock.now();
  Response response = std::move(me.response);
  long status = 0;
  curl_easy_getinfo(me.handle, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  response.failure = me.is_too_large ? Failure::too_large : failure_of(code);
  if (response.failure == Failure::none) return response;
  response.reason =
      me.message[0] != '\0' ? std::string(&me.message[0]) : std::string(curl_easy_strerror(code));
  if (response.failure == Failure::too_large)
    response.reason = fmt::format("the reply is larger than {} MiB", me.options.most_bytes >> 20);
  long proxy_status = 0;
  curl_easy_getinfo(me.handle, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status >= 400) {
    response.failure = Failure::proxy;
    response.reason = fmt::format("the proxy answered {}", proxy_status);
  }
  response.body.clear();
  return response;
}

std::string encode_segment(std::string_view text) {
  std::string out;
  const bool is_dots = text == "." || text == "..";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain =
        (std::isalnum(byte) != 0 && byte < 128) || c == '-' || c == '_' || c == '~' || (c == '.' && !is_dots);
    if (is_plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

std::optional<Instant> parse_http_date(const std::string& text) {
  const std::time_t seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return Instant{std::int64_t{seconds} * kMicrosPerSecond};
}

std::string library_version() { return curl_version_info(CURLVERSION_NOW)->version; }

}  // namespace muster::http
