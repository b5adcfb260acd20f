#include "http/post/post.h"

#include "http/transfer.h"

namespace muster::http {

Response post(const Options& options, const Clock& clock, std::function<bool()> should_stop,
              std::string_view body) {
  Transfer transfer(options, clock, std::move(should_stop));
  transfer.set(CURLOPT_POST, 1L);
  transfer.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  transfer.set(CURLOPT_POSTFIELDS, body.data());
  return transfer.perform("");
}

}  // namespace muster::http
