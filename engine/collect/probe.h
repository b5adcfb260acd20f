// Asking before collecting: each endpoint that a collection would read is asked once, for one row, with the
// key that it would be read with. Nothing is written. Reads only. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collect/collect.h"
#include "collect/scim.h"

namespace muster::collect {

/// What came of one request.
struct Answer {
  enum class State : std::uint8_t {
    works,
    denied,       // 403
    refused,      // 401: the key is not taken
    absent,       // 404: the organization does not have it
    odd,          // another status, or a reply that is not what it should be
    unreachable,  // no reply
    not_asked,    // nothing to ask about, or the service did not answer before
  } state = State::not_asked;
  std::string reason;  // of all but works, in words
  /// Of no reply: what the connection failed at.
  http::Failure failure = http::Failure::none;
};
[[nodiscard]] std::string_view word_of(Answer::State state);

struct Asked {
  Endpoint endpoint;
  std::size_t source = 0;
  Answer answer;
};

/// A service as a whole.
struct Service {
  Answer answer;                            // of the first request
  std::optional<std::int64_t> clock_ahead;  // seconds by which its clock is ahead of ours; beyond what the
                                            // way and the rounding of its header explain
};

struct Survey {
  std::vector<Asked> endpoints;   // in the order of a collection
  std::vector<Service> services;  // by source
  /// By dataset: what a collection would say of it, as far as one row can tell.
  std::vector<snapshot::DatasetManifest> datasets;
  bool is_interrupted = false;
};
/// Of `options`: sources, datasets, skip.
[[nodiscard]] Survey probe(const Clock& clock, const Options& options, const Hooks& hooks);

struct ScimProbe {
  Service service;
  std::uint64_t people = 0;  // that the service says there are
  bool is_interrupted = false;
};
[[nodiscard]] ScimProbe probe_scim(const Clock& clock, const ScimOptions& options, const Hooks& hooks);

}  // namespace muster::collect
