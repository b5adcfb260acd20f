#include "collect/probe.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "collect/manifest_row.h"
#include "collect/page.h"
#include "collect/parents.h"
#include "collect/target.h"
#include "collect/unit.h"

namespace muster::collect {
namespace {

using snapshot::Dataset;
using snapshot::DatasetStatus;
using State = Answer::State;

/// One try more than the first, and no long wait: whoever asks sits before the screen.
http::Patience short_patience(http::Patience patience) {
  patience.attempts = std::min(patience.attempts, 2u);
  patience.most_us = std::min(patience.most_us, 20 * kMicrosPerSecond);
  return patience;
}

Answer answer_of(const http::Response& response, const Endpoint& endpoint) {
  switch (response.failure) {
    case http::Failure::none: break;
    case http::Failure::broken:
    case http::Failure::too_large:
      if (response.status == 200) return {State::odd, response.reason, response.failure};
      [[fallthrough]];
    case http::Failure::unreachable:
    case http::Failure::tls:
    case http::Failure::proxy:
    case http::Failure::timeout:
    case http::Failure::interrupted: return {State::unreachable, response.reason, response.failure};
  }
  if (response.status == 200) return {State::works, {}, http::Failure::none};
  const std::string words = error_words(response.body);
  const std::string reason = fmt::format("{}{}{}", response.status, words.empty() ? "" : " ", words);
  switch (response.status) {
    case 401: return {State::refused, reason, http::Failure::none};
    case 403: return {State::denied, reason, http::Failure::none};
    case 404: {
      // As in a collection: what every organization has is not absent, and a gateway's 404 says nothing of
      // the API.
      const bool may_be_absent = words.starts_with("not_found_error") && !is_universal(endpoint);
      return {may_be_absent ? State::absent : State::odd, reason, http::Failure::none};
    }
    default: return {State::odd, reason, http::Failure::none};
  }
}

/// The Date header has whole seconds, and was written some time between sending and receiving.
std::optional<std::int64_t> clock_ahead(const http::Response& response) {
  const std::string* date = response.header("date");
  const auto theirs = date == nullptr ? std::nullopt : http::parse_http_date(*date);
  if (!theirs) return std::nullopt;
  if (theirs->us + kMicrosPerSecond < response.started.us)
    return (theirs->us + kMicrosPerSecond - response.started.us) / kMicrosPerSecond;
  if (theirs->us > response.ended.us) return (theirs->us - response.ended.us) / kMicrosPerSecond;
  return 0;
}

class Probe {
 public:
  Probe(const Clock& clock, const Options& options, const Hooks& hooks)
      : clock_(clock), options_(options), hooks_(hooks) {
    const Date today = date_of(clock.now());
    window_ = {start_of(plus_days(today, -1)), start_of(today)};
    survey_.services.resize(options.sources.size());
    for (const Access& source : options.sources)
      sessions_.emplace_back(source.http, source.rate, short_patience(source.patience), clock, hooks.wait,
                             hooks.should_stop, static_cast<std::uint64_t>(clock.monotonic_us()));
  }

  Survey run() {
    std::vector<Unit> units = plan_units(options_);
    for (Unit& unit : units) {
      if (hooks_.should_stop()) {
        survey_.is_interrupted = true;
        break;
      }
      unit.is_done = true;
      if (is_covered(unit, units)) {
        unit.is_skipped = true;
        continue;
      }
      Asked asked{unit.endpoint, unit.source, ask(unit)};
      std::tie(unit.status, unit.reason) = status_of(asked.answer);
      survey_.endpoints.push_back(std::move(asked));
    }
    for (std::size_t d = 0; d < snapshot::kCollectedCount; ++d)
      survey_.datasets.push_back(row_of(static_cast<Dataset>(d), units, {}));
    return std::move(survey_);
  }

 private:
  static std::pair<DatasetStatus, std::string> status_of(const Answer& answer) {
    switch (answer.state) {
      case State::works: return {DatasetStatus::complete, {}};
      case State::denied:
      case State::refused: return {DatasetStatus::denied, answer.reason};
      case State::absent: return {DatasetStatus::unsupported, answer.reason};
      case State::not_asked:  // without a reason: there is nothing to list
        if (answer.reason.empty()) return {DatasetStatus::complete, {}};
        [[fallthrough]];
      case State::odd:
      case State::unreachable: break;
    }
    return {DatasetStatus::partial, answer.reason};
  }

  Answer ask(Unit& unit) {
    Service& service = survey_.services[unit.source];
    if (service.answer.state == State::unreachable) return {State::not_asked, "the service does not answer"};
    if (service.answer.state == State::refused) return {State::not_asked, "the key is not taken"};
    ParentRow parent;
    if (unit.endpoint.parent == Parent::days) {
      parent.id = format_date(date_of(window_.from));
    } else if (const auto dataset = parent_dataset(unit.endpoint.parent)) {
      const auto key = std::pair(unit.endpoint.provider, *dataset);
      const auto known = parents_.find(key);
      if (known == parents_.end()) return {State::not_asked, missing_parents(unit, *dataset)};
      if (!known->second) return {State::not_asked, {}};
      parent = *known->second;
    }
    // Of the organizations all: which they are tells whether the keys belong together.
    if (unit.endpoint.dataset != Dataset::organizations)
      unit.endpoint.limit = std::min(unit.endpoint.limit, 1u);
    const std::string query = query_of(unit.endpoint, parent, window_);
    const std::string path = path_of(unit.endpoint, parent);
    std::optional<ParentRow> first;
    std::optional<std::string> stranger;
    const auto inspect = [&](const http::Response& response) -> std::optional<std::string> {
      const auto page = parse_page(response.body, unit.endpoint);
      if (!page) return page.error().message;
      stranger.reset();
      if (unit.endpoint.dataset == Dataset::organizations) stranger = find_stranger(unit, *page);
      first = page->rows.empty() ? std::nullopt : std::optional(parent_of(unit, parent, page->rows.front()));
      return std::nullopt;
    };
    const http::Response response = sessions_[unit.source].get(
        query.empty() ? path : path + "?" + query,
        [&](const std::string&, unsigned, const http::Response& reply) { note(service, reply); }, inspect);
    if (response.failure == http::Failure::interrupted) survey_.is_interrupted = true;
    Answer answer = answer_of(response, unit.endpoint);
    if (answer.state == State::works && stranger) answer = {State::odd, *stranger, http::Failure::none};
    if (service.answer.state == State::not_asked) service.answer = answer;
    // As in a collection: what is archived, or the default, may have no list of its own.
    if (parent.is_spare && (response.status == 400 || response.status == 404)) answer = {};
    if (answer.state == State::works) parents_[{unit.endpoint.provider, unit.endpoint.dataset}] = first;
    return answer;
  }

  /// Whether the organizations that the Compliance API lists lack the one of the Admin key: then the keys are
  /// of two, and a collection with both ends with an error.
  std::optional<std::string> find_stranger(const Unit& unit, const Page& page) {
    if (unit.endpoint.provider == Provider::admin) admin_id_ = page.rows.front().id;
    if (unit.endpoint.provider == Provider::admin || admin_id_.empty() || page.has_more) return std::nullopt;
    for (const Row& row : page.rows)
      if (row.id == admin_id_ || text_member(row.object, "id") == admin_id_) return std::nullopt;
    return fmt::format("the key is of another organization than the Admin key, which is of {}",
                       make_visible(admin_id_));
  }

  static void note(Service& service, const http::Response& reply) {
    if (!service.clock_ahead && reply.failure == http::Failure::none)
      service.clock_ahead = clock_ahead(reply);
  }

  static ParentRow parent_of(const Unit& unit, const ParentRow& parent, const Row& row) {
    const bool is_organization = unit.endpoint.dataset == Dataset::organizations;
    ParentRow next;
    next.id = text_member(row.object, is_organization ? "uuid" : "id");
    next.organization_id = is_organization ? next.id : parent.organization_id;
    next.is_spare =
        !text_member(row.object, "archived_at").empty() ||
        (unit.endpoint.dataset == Dataset::workspaces && text_member(row.object, "name") == "Default");
    return next;
  }

  std::string missing_parents(const Unit& unit, Dataset dataset) const {
    const auto of_parent = std::ranges::find_if(survey_.endpoints, [&](const Asked& asked) {
      return asked.endpoint.dataset == dataset && asked.endpoint.provider == unit.endpoint.provider;
    });
    const std::string_view name = snapshot::spec_of(dataset).name;
    return of_parent == survey_.endpoints.end() ? fmt::format("{} are left out", name)
                                                : fmt::format("the list of {} is not to be had", name);
  }

  const Clock& clock_;
  const Options& options_;
  std::string admin_id_;  // of the organization of the Admin key
  const Hooks& hooks_;
  Window window_;
  std::vector<http::Session> sessions_;
  std::map<std::pair<Provider, Dataset>, std::optional<ParentRow>>
      parents_;  // first rows; none: an empty list
  Survey survey_;
};

}  // namespace

std::string_view word_of(Answer::State state) {
  switch (state) {
    case State::works: return "works";
    case State::denied: return "denied";
    case State::refused: return "refused";
    case State::absent: return "absent";
    case State::odd: return "odd";
    case State::unreachable: return "unreachable";
    case State::not_asked: return "not asked";
  }
  return "";
}

Survey probe(const Clock& clock, const Options& options, const Hooks& hooks) {
  return Probe(clock, options, hooks).run();
}

ScimProbe probe_scim(const Clock& clock, const ScimOptions& options, const Hooks& hooks) {
  const Endpoint users = scim_users();
  http::Session session(options.http, options.rate, short_patience(options.patience), clock, hooks.wait,
                        hooks.should_stop, static_cast<std::uint64_t>(clock.monotonic_us()));
  ScimProbe probe;
  const http::Response response = session.get(
      fmt::format("{}?startIndex=1&count=1", users.path),
      [&](const std::string&, unsigned, const http::Response& reply) {
        if (reply.failure == http::Failure::none) probe.service.clock_ahead = clock_ahead(reply);
      },
      [&](const http::Response& reply) -> std::optional<std::string> {
        const auto page = parse_page(reply.body, users);
        if (!page) return page.error().message;
        probe.people = page->total;
        return std::nullopt;
      });
  probe.is_interrupted = response.failure == http::Failure::interrupted;
  probe.service.answer = answer_of(response, users);
  return probe;
}

}  // namespace muster::collect
