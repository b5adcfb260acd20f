// One reply taken apart: the objects as they stand in the bytes, and what leads to the next page. The whole
// text is checked first (UTF-8, grammar, depth, duplicate members), so that what is written can be loaded
// again. One reader a thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "collect/endpoint.h"

namespace muster::collect {

struct Row {
  std::string_view object;  // into the reply's body
  std::string id;           // the value of the endpoint's key; empty when it has none
  std::string from;  // members for the row's origin, each with a comma before it: `,"starting_at":"…"`
  bool is_second = false;   // of `settings` replies: belongs to compliance_keys
  std::string trace_of;     // an activity that a collection left behind: the key that it was made with
  std::string parent = {};  // the object's own member of the name that the parent's id has in an origin
};

/// The time that one bucket of a report is of.
struct Bucket {
  Instant from, to;
};

struct Page {
  std::vector<Row> rows;
  std::vector<Bucket> buckets;
  std::optional<std::string> next;  // the cursor of the next page
  bool has_more = false;
  std::uint64_t total = 0;  // of SCIM replies: how many there are in all
};

/// Reads the replies of one endpoint; the shape of their rows is learned on the way.
class PageReader {
 public:
  explicit PageReader(const Endpoint& endpoint);
  ~PageReader();
  PageReader(PageReader&&) noexcept;
  /// Error json_*, text_encoding or service_unavailable with what is wrong, in words.
  [[nodiscard]] Result<Page> read(std::string_view body);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// One reply alone.
[[nodiscard]] Result<Page> parse_page(std::string_view body, const Endpoint& endpoint);

/// The string member of a JSON object's text, decoded; empty when there is none.
[[nodiscard]] std::string text_member(std::string_view object, std::string_view member);

/// `error.type` and `error.message` of an error reply, for reasons: "permission_error: Missing required
/// scopes …". Empty when the body is none.
[[nodiscard]] std::string error_words(std::string_view body);

}  // namespace muster::collect
