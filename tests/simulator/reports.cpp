// Usage, cost and Claude Code reports, section 10 of the fact sheet.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "paging.h"

namespace simulator {
namespace {

using muster::Instant;
using muster::kMicrosPerDay;
using muster::kMicrosPerSecond;

struct Width {
  std::string_view word;
  std::int64_t us;
  std::size_t default_limit, most;
};
constexpr std::array kWidths = {Width{"1m", 60 * kMicrosPerSecond, 60, 1440},
                                Width{"1h", 3600 * kMicrosPerSecond, 24, 168},
                                Width{"1d", kMicrosPerDay, 7, 31}};

using Rows = std::function<std::vector<std::string>(Instant, const std::vector<std::string>&)>;

/// Buckets from starting_at, snapped down, to ending_at, oldest first; empty ones are there with no results.
Reply buckets(Call& call, const Width& width, const Rows& rows) {
  const Request& request = call.request;
  std::size_t limit = 0;
  if (auto wrong = read_limit(request, width.default_limit, width.most, limit)) return std::move(*wrong);
  const std::string *from = request.parameter("starting_at"), *to = request.parameter("ending_at"),
                    *token = request.parameter("page");
  if (from == nullptr) return refused("starting_at: Field required");
  const auto start = muster::parse_rfc3339(*from);
  if (!start) return refused("starting_at: Input should be a valid datetime");
  Instant end = call.now;
  if (to) {
    const auto given = muster::parse_rfc3339(*to);
    if (!given) return refused("ending_at: Input should be a valid datetime");
    end = std::min(*given, Instant{call.now.us + width.us});
  }
  Instant at{start->us - ((start->us % width.us) + width.us) % width.us};
  if (token) {
    const auto position = read_token(request.path, *token);
    if (!position || (call.page && call.page->kind == FaultKind::bad_cursor))
      return refused("page: Invalid page token.");
    at.us = static_cast<std::int64_t>(*position);
  }
  const auto grouped = request.parameters("group_by");
  std::string body = R"({"data":[)";
  for (std::size_t count = 0; count < limit && at < end; ++count, at.us += width.us) {
    if (count > 0) body += ',';
    fmt::format_to(std::back_inserter(body), R"({{"starting_at":"{}","ending_at":"{}","results":[)",
                   muster::format_rfc3339(at), muster::format_rfc3339({at.us + width.us}));
    bool is_first = true;
    for (const std::string& row : rows(at, grouped)) {
      if (!is_first) body += ',';
      is_first = false;
      body += aged(Thing::other, call.age == Age::future ? Age::future : Age::current, row);
    }
    body += "]}";
  }
  const bool has_more = at < end;
  body += fmt::format(
      R"(],"has_more":{},"next_page":{}}})", has_more,
      has_more ? "\"" + make_token(request.path, static_cast<std::uint64_t>(at.us)) + "\"" : "null");
  return json_reply(std::move(body));
}

Reply usage(Call& call) {
  const std::string* word = call.request.parameter("bucket_width");
  const auto* width =
      word ? std::ranges::find(kWidths, std::string_view(*word), &Width::word) : &kWidths.back();
  if (width == kWidths.end()) return refused("bucket_width: Input should be '1m', '1h' or '1d'");
  return buckets(call, *width, call.organization.usage);
}

Reply cost(Call& call) {
  const std::string* word = call.request.parameter("bucket_width");
  if (word && *word != "1d") return refused("bucket_width: Input should be '1d'");
  return buckets(call, kWidths.back(), call.organization.cost);
}

Reply claude_code(Call& call) {
  const std::string* from = call.request.parameter("starting_at");
  if (from == nullptr) return refused("starting_at: Field required");
  const auto day = muster::parse_date(*from);
  if (!day) return refused("starting_at: must be a date in the form YYYY-MM-DD");
  Table table;
  if (muster::start_of(*day) <= call.now) {
    for (std::string& row : call.organization.claude_code(*day))
      table.add(fmt::format("{}", table.end()), std::move(row));
  }
  return page_by_token(call, table, {.newest_first = false});
}

}  // namespace

void add_reports(std::vector<Route>& routes) {
  routes.push_back({"GET",
                    "v1/organizations/usage_report/messages",
                    Gate::admin,
                    {},
                    usage,
                    "platform_usage_report_messages_viewed"});
  routes.push_back(
      {"GET", "v1/organizations/cost_report", Gate::admin, {}, cost, "platform_cost_report_viewed"});
  routes.push_back({"GET", "v1/organizations/usage_report/claude_code", Gate::admin, {}, claude_code});
}

}  // namespace simulator
