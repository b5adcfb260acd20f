#include "collect/endpoint.h"

#include <algorithm>

#include <fmt/format.h>

namespace muster::collect {

#define UNIT(name) Endpoint name##_endpoint();
#include "endpoints.inc"
#undef UNIT

std::string_view word_of(Provider provider) {
  switch (provider) {
    case Provider::admin: return "anthropic-admin";
    case Provider::compliance: return "anthropic-compliance";
    case Provider::any: return "either";
  }
  return "";
}

bool is_universal(const Endpoint& endpoint) {
  using snapshot::Dataset;
  if (!endpoint.since.empty()) return false;
  switch (endpoint.dataset) {
    case Dataset::organizations:
    case Dataset::users:
    case Dataset::invites:
    case Dataset::workspaces:
    case Dataset::workspace_members:
    case Dataset::api_keys: return true;
    default: return false;
  }
}

std::vector<Endpoint> endpoints() {
  std::vector<Endpoint> all;
#define UNIT(name) all.push_back(name##_endpoint());
#include "endpoints.inc"
#undef UNIT
  std::ranges::sort(all, {}, &Endpoint::order);
  return all;
}

namespace {

std::string_view word_of(Paging paging) {
  switch (paging) {
    case Paging::single: return "one object";
    case Paging::by_id: return "`after_id`";
    case Paging::by_token:
    case Paging::buckets: return "`page`";
    case Paging::scim: return "`startIndex`";
    case Paging::settings: return "one reply";
  }
  return "";
}

}  // namespace

std::string endpoint_reference() {
  std::string out =
      "# What `muster collect` reads\n\nMade from the program by `muster docs`; do not edit. Every request "
      "is a GET. A row's endpoint, or its dataset, can be left out with `skip` in the config "
      "([config.md](config.md)); what a dataset holds is in [datasets.md](datasets.md).\n\n"
      "| dataset | endpoint | source | path | query | paging | needs | since | personal data |\n"
      "|---|---|---|---|---|---|---|---|---|\n";
  const auto or_none = [](std::string_view text) { return text.empty() ? std::string_view("–") : text; };
  for (const Endpoint& endpoint : endpoints()) {
    std::string query(endpoint.query);
    if (endpoint.limit != 0)
      query = fmt::format("limit={}{}{}", endpoint.limit, query.empty() ? "" : "&", query);
    out +=
        fmt::format("| `{}` | `{}` | {} | `{}` | {} | {} | {} | {} | {} |\n",
                    snapshot::spec_of(endpoint.dataset).name, endpoint.name, word_of(endpoint.provider),
                    endpoint.path, query.empty() ? "–" : fmt::format("`{}`", query), word_of(endpoint.paging),
                    endpoint.needs, or_none(endpoint.since), endpoint.is_personal ? "yes" : "no");
  }
  return out;
}

}  // namespace muster::collect
