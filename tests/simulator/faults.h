// What can be made to go wrong. A fault is written `kind:key=value,key=value`; describe_faults() lists the
// kinds. Keys of every kind:
//   path   the request's path, `*` stands for anything (default: every path below /v1)
//   query  a piece that the query must hold
//   from   the number of the first matching request that is hit, from 1
//   times  how many are hit; 0 is all that follow (default 1)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "message.h"

namespace simulator {

enum class FaultKind : std::uint8_t {
  // Instead of the true reply.
  rate_limited,
  rate_limited_bare,
  spend_cap,
  server_error,
  server_error_final,
  bad_gateway,
  unavailable,
  gateway_timeout,
  overloaded,
  revoked,
  forbidden,
  not_found,
  redirect,
  not_json,
  html,
  invalid_utf8,
  deep_json,
  big_field,
  gzip_bomb,
  empty_body,
  wrong_shape,
  broken_json,
  // To the true reply.
  truncated,
  slow,
  gzip,
  // To the page.
  short_page,
  empty_more,
  repeat_cursor,
  cursor_loop,
  bad_cursor,
  duplicate_rows,
  skip_rows,
  vanish,
  null_cursor,
};

struct Fault {
  FaultKind kind;
  std::string path, query;
  std::uint64_t from = 1, times = 1, seen = 0;
  std::map<std::string, std::string> values;
  [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t otherwise) const;
};

/// A line for each kind: its word and what happens. For --help.
[[nodiscard]] std::string describe_faults();
/// Throws std::invalid_argument that names what is wrong.
[[nodiscard]] Fault parse_fault(const std::string& text);

/// What hits one request: at most one of each class.
struct Hits {
  const Fault *instead = nullptr, *changed = nullptr, *page = nullptr;
};

class Faults {
 public:
  void add(Fault fault);
  void clear();
  /// Counts the request, and says what hits it. Pointers hold as long as this object.
  Hits match(const Request& request);

 private:
  std::mutex lock_;
  std::vector<std::unique_ptr<Fault>> faults_, retired_;
};

/// The reply of a fault of the first class, without a request id.
[[nodiscard]] Reply reply_of(const Fault& fault);
/// Applies a fault of the second class.
void change(Reply& reply, const Fault& fault);
/// `{"type":"error",…}`; the request id is filled in when the reply is sent.
[[nodiscard]] Reply error_reply(int status, std::string_view type, std::string_view message);

}  // namespace simulator
