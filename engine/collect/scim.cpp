#include "collect/scim.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "collect/id_set.h"
#include "collect/page.h"

namespace muster::collect {
namespace {

constexpr unsigned kMostPasses = 3;

const Endpoint kUsers = scim_users();

class ScimRun {
 public:
  ScimRun(FileSystem& files, const Clock& clock, const ScimOptions& options, const Hooks& hooks)
      : files_(files),
        clock_(clock),
        options_(options),
        hooks_(hooks),
        session_(options.http, options.rate, options.patience, clock, hooks.wait, hooks.should_stop,
                 static_cast<std::uint64_t>(clock.monotonic_us())) {
    const std::string& url = options.http.base_url;
    const std::size_t host = url.find("://");
    const std::size_t path = host == std::string::npos ? host : url.find('/', host + 3);
    if (path != std::string::npos) path_ = url.substr(path);
    path_ += "/Users";
  }

  Result<ScimOutcome> run() {
    for (unsigned pass = 1; pass <= kMostPasses; ++pass) {
      if (auto status = begin(); !status) return tl::unexpected(status.error());
      const bool is_stable = read();
      if (outcome_.end == End::interrupted) return outcome_;
      if (is_stable) break;
      if (pass == kMostPasses) {
        outcome_.status = "partial";
        outcome_.reason =
            fmt::format("the list changed while it was read, {} times: {}", kMostPasses, outcome_.reason);
      }
    }
    // Nothing came: the roster that was written last stays what is known of the people.
    if (outcome_.end != End::finished) return outcome_;
    std::string end;
    json::Writer writer(end);
    writer.begin_object().key("completed").value(format_rfc3339(clock_.now()));
    writer.key("status").value(outcome_.status).key("reason").value(outcome_.reason);
    writer.key("total")
        .value(total_)
        .key("rows")
        .value(outcome_.rows)
        .key("sha256")
        .value(digest_.finish_hex())
        .end_object();
    writer_->write(end + "\n");
    if (auto status = writer_->commit(); !status) return tl::unexpected(status.error());
    return outcome_;
  }

 private:
  /// A fresh file with what is known of the requests so far.
  Status begin() {
    writer_.reset();
    auto created = files_.create(options_.file);
    if (!created) return tl::unexpected(created.error());
    writer_ = std::move(*created);
    digest_ = Sha256();
    outcome_.status = "complete";
    outcome_.reason.clear();
    outcome_.rows = 0;
    ids_.clear();
    last_id_.clear();
    if (started_.us == 0) started_ = clock_.now();
    std::string head;
    json::Writer writer(head);
    writer.begin_object().key("roster").value(1).key("source").value("scim").key("url").value(
        options_.http.base_url);
    writer.key("collector").value(options_.collector).key("started").value(format_rfc3339(started_));
    if (!options_.warning.empty()) writer.key("warning").value(options_.warning);
    writer.end_object();
    put(head + "\n");
    put(ledger_);
    return {};
  }

  void put(std::string_view text) {
    writer_->write(text);
    digest_.update(text);
  }

  /// One pass over the list; false when it shifted meanwhile. Each page begins with the last row of the one
  /// before: rows that were added or removed show there.
  bool read() {
    std::uint64_t seen = 0;  // rows of the list, the repeated ones not counted
    // A page of one row would hold the repeated one alone.
    const std::uint64_t count = std::max<std::uint64_t>(options_.page_size, 2);
    bool is_last_look = false;
    for (bool is_first = true;; is_first = false) {
      const std::uint64_t start = is_first ? 1 : seen;
      const std::string query = fmt::format("startIndex={}&count={}", start, count);
      Page page;
      std::vector<std::size_t> offsets;
      const auto inspect = [&](const http::Response& response) -> std::optional<std::string> {
        offsets.clear();
        auto parsed = parse_page(response.body, kUsers);
        if (!parsed) return parsed.error().message;
        page = std::move(*parsed);
        for (const Row& row : page.rows)
          offsets.push_back(static_cast<std::size_t>(row.object.data() - response.body.data()));
        return std::nullopt;
      };
      std::string lines;
      const auto observe = [&](const std::string&, unsigned attempt, const http::Response& response) {
        lines += note(query, attempt, response, page);
      };
      const http::Response response = session_.get("/Users?" + query, observe, inspect);
      ledger_ += lines;
      put(lines);
      if (response.failure == http::Failure::interrupted) {
        outcome_.end = End::interrupted;
        return true;
      }
      if (response.failure != http::Failure::none || response.status != 200) {
        outcome_.reason = response.failure != http::Failure::none
                              ? response.reason
                              : fmt::format("the service answered {}", response.status);
        const bool is_denied = outcome_.rows == 0 && response.failure == http::Failure::none &&
                               (response.status == 401 || response.status == 403);
        outcome_.status = is_denied ? "denied" : "partial";
        if (outcome_.rows == 0) outcome_.end = is_denied ? End::refused : End::unreachable;
        return true;
      }
      if (!is_first && page.total != total_) {
        outcome_.reason = fmt::format("there were {} users, then {}", total_, page.total);
        return false;
      }
      total_ = page.total;
      for (std::size_t i = 0; i < page.rows.size(); ++i) {
        const Row& row = page.rows[i];
        if (!is_first && i == 0) {
          if (row.id == last_id_) continue;
          outcome_.reason = "rows shifted between two pages";
          return false;
        }
        if (!ids_.add(row.id)) {
          outcome_.reason = fmt::format("the user {} came twice", row.id);
          return false;
        }
        std::string line =
            fmt::format("{{\"from\":{{\"provider\":\"scim\",\"request\":{}}},\"object\":", outcome_.requests);
        const std::size_t begin = line.size();
        line += std::string_view(response.body).substr(offsets[i], row.object.size());
        for (std::size_t at = begin; (at = line.find_first_of("\n\r", at)) != std::string::npos; ++at)
          line[at] = ' ';
        put(line + "}\n");
        ++outcome_.rows;
        ++seen;
      }
      if (!page.rows.empty()) last_id_ = page.rows.back().id;
      if (hooks_.progress) hooks_.progress({"roster", outcome_.rows, outcome_.requests});
      if (seen >= total_) {
        // Some services give the number of this page's rows for the total: a page that is full is not the end
        // for that alone.
        if (seen == total_ && !is_last_look && page.rows.size() >= count) {
          is_last_look = true;
          continue;
        }
        if (seen == total_) return true;
        outcome_.reason = fmt::format("the service says that there are {} users and gives more", total_);
        outcome_.status = "partial";
        return true;
      }
      if (page.rows.size() <= (is_first ? 0u : 1u)) {
        outcome_.reason = fmt::format("the service says that there are {} users and gives {}", total_, seen);
        outcome_.status = "partial";
        return true;
      }
    }
  }

  std::string note(const std::string& query, unsigned attempt, const http::Response& response,
                   const Page& page) {
    ++outcome_.requests;
    const bool is_good = response.failure == http::Failure::none && response.status == 200;
    std::string line;
    json::Writer writer(line);
    writer.begin_object()
        .key("request")
        .begin_object()
        .key("method")
        .value("GET")
        .key("path")
        .value(path_)
        .key("query")
        .value(query);
    writer.key("attempt").value(attempt).key("status").value(response.status);
    writer.key("started")
        .value(format_rfc3339(response.started))
        .key("ended")
        .value(format_rfc3339(response.ended));
    writer.key("bytes")
        .value(std::uint64_t{response.body.size()})
        .key("sha256")
        .value(sha256_hex(response.body));
    writer.key("rows").value(is_good ? std::uint64_t{page.rows.size()} : std::uint64_t{0});
    if (response.failure != http::Failure::none) writer.key("failure").value(response.reason);
    writer.end_object().end_object();
    return line + "\n";
  }

  FileSystem& files_;
  const Clock& clock_;
  const ScimOptions& options_;
  const Hooks& hooks_;
  http::Session session_;
  std::string path_, ledger_, last_id_;
  std::unique_ptr<FileWriter> writer_;
  Sha256 digest_;
  IdSet ids_;
  std::uint64_t total_ = 0;
  Instant started_{0};
  ScimOutcome outcome_;
};

}  // namespace

Endpoint scim_users() {
  return {
      .name = "scim_users", .paging = Paging::scim, .path = "/Users", .key = "id", .needs = "bearer token"};
}

Result<ScimOutcome> collect_scim(FileSystem& files, const Clock& clock, const ScimOptions& options,
                                 const Hooks& hooks) {
  return ScimRun(files, clock, options, hooks).run();
}

}  // namespace muster::collect
