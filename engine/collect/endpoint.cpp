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

std::string endpoint_reference() {
  std::string out =
      "# What `muster collect` reads\n\nMade from the program by `muster docs`; do not edit. Every request "
      "is a GET.\n\n"
      "| dataset | source | path | needs | since | personal data |\n|---|---|---|---|---|---|\n";
  for (const Endpoint& endpoint : endpoints()) {
    out += fmt::format("| `{}` | {} | `{}` | {} | {} | {} |\n", snapshot::spec_of(endpoint.dataset).name,
                       word_of(endpoint.provider), endpoint.path, endpoint.needs,
                       endpoint.since.empty() ? "–" : endpoint.since, endpoint.is_personal ? "yes" : "no");
  }
  return out;
}

}  // namespace muster::collect
