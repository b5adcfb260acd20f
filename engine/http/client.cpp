#include "http/client.h"

#include <cctype>
#include <ctime>

#include <curl/curl.h>
#include <fmt/format.h>

#include "http/transfer.h"

namespace muster::http {

struct Client::Impl {
  Transfer transfer;
};

Client::Client(Options options, const Clock& clock, std::function<bool()> should_stop)
    : impl_(new Impl{Transfer(std::move(options), clock, std::move(should_stop))}) {
  impl_->transfer.set(CURLOPT_HTTPGET, 1L);
}

Client::~Client() = default;

Response Client::get(const std::string& target) { return impl_->transfer.perform(target); }

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
