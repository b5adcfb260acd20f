// One list of an API read to its end, a step at a time: a page, or what went wrong. Knows nothing of files;
// one reader belongs to one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collect/id_set.h"
#include "collect/page.h"
#include "http/session.h"

namespace muster::collect {

/// Why a list ended before its end.
struct Trouble {
  enum class Kind : std::uint8_t {
    interrupted,
    unreachable,
    unauthorized,
    denied,
    absent,
    other
  } kind = Kind::other;
  std::string reason;
  int status = 0;
};

struct ListRequest {
  Endpoint endpoint;
  std::string path, query;  // of the first page
  Window window = {};       // what the buckets of a report must cover
  // Of a list that goes on where an earlier run stopped.
  std::optional<std::string> cursor;
  std::string first_id;  // of the row that it began with
  bool has_restarted = false;
};

struct Step {
  enum class Kind : std::uint8_t {
    page,       // rows; `wrong` says why there are no more when they should be
    restarted,  // the service no longer knew the cursor: what was read of the list is void
    compared,   // the list's beginning was asked for once more
    failed,
  } kind = Kind::page;
  std::vector<std::string> requests;  // lines of the ledger, in order
  std::string body;
  Page page;                          // of `body`
  std::optional<std::string> cursor;  // where the next page begins
  std::optional<std::string> wrong;
  std::string warning;
  std::string organization_id;  // as the reply's header has it; empty when it does not
  Trouble trouble;
  bool is_last = false;
  /// About what it holds in memory.
  [[nodiscard]] std::size_t bytes() const;
};

class ListReader {
 public:
  explicit ListReader(ListRequest request);
  /// Not to be asked again after the last step.
  [[nodiscard]] Step next(http::Session& session);

 private:
  void ask(http::Session& session, const std::string& query, Step& step, http::Response& response);
  [[nodiscard]] Step compare(http::Session& session);
  [[nodiscard]] std::optional<std::string> look_at_cursor(const Page& page);
  [[nodiscard]] std::optional<std::string> look_at_buckets(const Page& page);

  ListRequest request_;
  PageReader reader_;
  IdSet cursors_;
  std::string page_begin_;  // the id of the last page's first row
  unsigned empty_pages_ = 0;
  std::size_t pages_;
  std::optional<Instant> covered_;  // the end of a report's last bucket
  bool has_resumed_;
  bool is_read_ = false;  // to its end; the comparison is left
};

}  // namespace muster::collect
