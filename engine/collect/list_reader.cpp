#include "collect/list_reader.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "collect/target.h"

namespace muster::collect {
namespace {

constexpr unsigned kMostEmptyPages = 3;

std::string ledger_line(const std::string& path, const std::string& query, unsigned attempt,
                        const http::Response& response, const Page* page) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object().key("method").value("GET").key("path").value(path).key("query").value(query);
  writer.key("attempt").value(attempt).key("status").value(response.status);
  const std::string* id = response.header("request-id");
  writer.key("request_id").value(id == nullptr ? std::string() : *id);
  writer.key("started").value(format_rfc3339(response.started));
  writer.key("ended").value(format_rfc3339(response.ended));
  writer.key("bytes").value(std::uint64_t{response.body.size()});
  writer.key("sha256").value(sha256_hex(response.body));
  writer.key("rows").value(page == nullptr ? std::uint64_t{0} : std::uint64_t{page->rows.size()});
  writer.key("cursor");
  page != nullptr && page->next ? writer.value(*page->next) : writer.null();
  if (response.failure != http::Failure::none) writer.key("failure").value(response.reason);
  writer.end_object();
  return line + "\n";
}

Trouble trouble_of(const http::Response& response) {
  using Kind = Trouble::Kind;
  switch (response.failure) {
    case http::Failure::interrupted: return {Kind::interrupted, "interrupted", 0};
    case http::Failure::unreachable:
    case http::Failure::timeout:
    case http::Failure::tls:
    case http::Failure::proxy: return {Kind::unreachable, response.reason, 0};
    case http::Failure::broken:
      // With a status, a reply came and was no good; without one, the connection ended.
      return {response.status == 200 ? Kind::other : Kind::unreachable, response.reason, 0};
    case http::Failure::too_large: return {Kind::other, response.reason, 0};
    case http::Failure::none: break;
  }
  const std::string words = error_words(response.body);
  std::string reason =
      words.empty() ? fmt::format("{}", response.status) : fmt::format("{} {}", response.status, words);
  if (response.status >= 300 && response.status < 400) {
    const std::string* to = response.header("location");
    reason = fmt::format("{} redirect to {}, which was not followed", response.status,
                         to == nullptr ? "nowhere" : std::string(utf8_prefix(*to, 100)));
  }
  // A gateway says 404 as well; only in the API's own words does it mean that there is no such list.
  const Kind kind = response.status == 401                                           ? Kind::unauthorized
                    : response.status == 403                                         ? Kind::denied
                    : response.status == 404 && words.starts_with("not_found_error") ? Kind::absent
                                                                                     : Kind::other;
  return {kind, std::move(reason), response.status};
}

bool is_good(const http::Response& response) {
  return response.failure == http::Failure::none && response.status == 200;
}

/// Lists whose beginning tells whether they changed while they were read. Activities are of a time that is
/// over.
bool is_comparable(const Endpoint& endpoint) {
  return !endpoint.key.empty() && endpoint.limit > 1 && endpoint.dataset != snapshot::Dataset::activities &&
         (endpoint.paging == Paging::by_id || endpoint.paging == Paging::by_token);
}

}  // namespace

std::size_t Step::bytes() const {
  std::size_t all = body.capacity() + page.rows.capacity() * sizeof(Row) + 1024;
  for (const Row& row : page.rows) all += row.id.size() + row.from.size();
  return all;
}

ListReader::ListReader(ListRequest request)
    : request_(std::move(request)),
      reader_(request_.endpoint),
      pages_(request_.cursor ? 1 : 0),
      has_resumed_(request_.cursor.has_value()) {}

void ListReader::ask(http::Session& session, const std::string& query, Step& step, http::Response& response) {
  Page page;
  std::vector<std::size_t> offsets;  // of the rows: the body moves
  const auto inspect = [&](const http::Response& reply) -> std::optional<std::string> {
    offsets.clear();
    auto parsed = reader_.read(reply.body);
    if (!parsed) return parsed.error().message;
    page = std::move(*parsed);
    for (const Row& row : page.rows)
      offsets.push_back(static_cast<std::size_t>(row.object.data() - reply.body.data()));
    return std::nullopt;
  };
  const auto observe = [&](const std::string&, unsigned attempt, const http::Response& reply) {
    step.requests.push_back(
        ledger_line(request_.path, query, attempt, reply, is_good(reply) ? &page : nullptr));
  };
  response = session.get(query.empty() ? request_.path : request_.path + "?" + query, observe, inspect);
  if (const std::string* id = response.header("anthropic-organization-id"); id != nullptr)
    step.organization_id = *id;
  if (!is_good(response)) return;
  step.body = std::move(response.body);
  step.page = std::move(page);
  for (std::size_t i = 0; i < step.page.rows.size(); ++i) {
    Row& row = step.page.rows[i];
    row.object = std::string_view(step.body).substr(offsets[i], row.object.size());
  }
}

Step ListReader::next(http::Session& session) {
  if (is_read_) return compare(session);
  Step step;
  http::Response response;
  ask(session, with_cursor(request_.endpoint, request_.query, request_.cursor), step, response);
  if (!is_good(response)) {
    if (response.status == 400 && response.failure == http::Failure::none && request_.cursor &&
        !request_.has_restarted) {
      request_.has_restarted = true;
      request_.cursor.reset();
      request_.first_id.clear();
      page_begin_.clear();
      cursors_.clear();
      covered_.reset();
      has_resumed_ = false;
      empty_pages_ = 0;
      pages_ = 0;
      step.kind = Step::Kind::restarted;
      return step;
    }
    step.kind = Step::Kind::failed;
    step.trouble = trouble_of(response);
    if (step.trouble.kind == Trouble::Kind::interrupted) step.requests.clear();
    step.is_last = true;
    return step;
  }
  if (request_.first_id.empty() && !step.page.rows.empty()) request_.first_id = step.page.rows.front().id;
  ++pages_;
  step.wrong = look_at_cursor(step.page);
  if (!step.wrong && request_.endpoint.paging == Paging::buckets) step.wrong = look_at_buckets(step.page);
  const bool goes_on = step.page.has_more && !step.wrong;
  request_.cursor = step.cursor = goes_on ? step.page.next : std::nullopt;
  is_read_ = !goes_on && !step.wrong && pages_ > 1 && is_comparable(request_.endpoint);
  step.is_last = !goes_on && !is_read_;
  return step;
}

/// A list of several pages can change while it is read. No list tells how many rows it has; its beginning,
/// asked for once more, tells at least whether rows came or went there.
Step ListReader::compare(http::Session& session) {
  Step step;
  step.kind = Step::Kind::compared;
  step.is_last = true;
  std::string query = request_.query;
  const std::string limit = fmt::format("limit={}", request_.endpoint.limit);
  query.replace(query.find(limit), limit.size(), "limit=1");
  http::Response response;
  ask(session, query, step, response);
  if (!is_good(response)) {
    step.trouble = trouble_of(response);
    if (step.trouble.kind == Trouble::Kind::interrupted) {
      step.kind = Step::Kind::failed;
      step.requests.clear();
    } else {
      step.warning = "whether the list changed while it was read could not be seen: " + step.trouble.reason;
    }
  } else if (step.page.rows.empty() || step.page.rows.front().id != request_.first_id) {
    step.warning = "the list changed while it was read: it no longer begins with the row that it began with";
  }
  step.body = {};
  step.page = {};
  return step;
}

/// Cursors that lead nowhere: what is wrong with the one of this page.
std::optional<std::string> ListReader::look_at_cursor(const Page& page) {
  if (!page.has_more) return std::nullopt;
  if (!page.next) return "the service promises more rows but gives no cursor";
  if (request_.cursor && *request_.cursor == *page.next) return "the service gave the same cursor again";
  if (!cursors_.add(*page.next)) return "the service's cursors go round in a circle";
  const std::string first = page.rows.empty() ? std::string() : page.rows.front().id;
  if (!first.empty() && first == page_begin_) return "the service gave the same rows under another cursor";
  page_begin_ = first;
  empty_pages_ = page.rows.empty() ? empty_pages_ + 1 : 0;
  if (empty_pages_ >= kMostEmptyPages) return "the service promises more rows but gives none";
  return std::nullopt;
}

/// A report has a bucket for each day of its window, one after the other, empty ones too: a day that is
/// missing or comes twice is told, for its rows have nothing else to be known by.
std::optional<std::string> ListReader::look_at_buckets(const Page& page) {
  const auto day = [](Instant at) { return format_rfc3339(at); };
  for (const Bucket& bucket : page.buckets) {
    const Instant begin = has_resumed_ ? bucket.from : start_of(date_of(request_.window.from));
    const Instant wanted = covered_.value_or(begin);
    if (bucket.from.us != wanted.us)
      return fmt::format("the report goes on at {} where {} was due", day(bucket.from), day(wanted));
    covered_ = bucket.to;
  }
  const Instant end = start_of(date_of(request_.window.to));
  const bool is_short = covered_ ? covered_->us < end.us : !has_resumed_ && request_.window.from.us < end.us;
  if (page.has_more || !is_short) return std::nullopt;
  return fmt::format("the report ends at {}, before {}", covered_ ? day(*covered_) : "its start", day(end));
}

}  // namespace muster::collect
