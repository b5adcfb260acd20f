// One attempt over libcurl, whatever its method: the options, the limits and what became of it. Only what
// stands in `http` sees this header.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "http/client.h"

namespace muster::http {

class Transfer {
 public:
  Transfer(Options options, const Clock& clock, std::function<bool()> should_stop);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(handle_, option, value);
  }
  /// One attempt; `target` follows the base URL.
  [[nodiscard]] Response perform(const std::string& target);

 private:
  void keep_key_out(Response& reply) const;
  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  Options options_;
  const Clock& clock_;
  std::function<bool()> should_stop_;
  CURL* handle_ = nullptr;
  curl_slist* headers_ = nullptr;
  char message_[CURL_ERROR_SIZE] = {};
  // Of the attempt under way.
  Response response_;
  std::size_t header_bytes_ = 0;
  bool is_too_large_ = false;
};

}  // namespace muster::http
