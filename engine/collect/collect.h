// Collecting: the endpoints of one tenant's sources, page by page, into a snapshot. Several lists are asked
// for at once; everything is written in one order, whatever the number of jobs, so that a run that was killed
// goes on behind the last page that was written. The snapshot gets its name when it is finished; until then
// it is a folder <name>.partial. Reads only. Several collections into several folders may run at once.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "collect/endpoint.h"
#include "http/session.h"
#include "snapshot/snapshot.h"

namespace muster::collect {

/// One source, ready to be asked.
struct Access {
  Provider provider = Provider::admin;
  http::Options http;
  http::Rate rate;
  http::Patience patience;
  bool is_oauth = false;
  std::string key_kind, key_hint;  // for the manifest; the hint shows a few characters
};

/// How far a dataset is.
struct Advance {
  std::string_view dataset;
  std::uint64_t rows = 0, pages = 0;
  std::uint64_t lists = 0, of_lists = 0;  // of those that belong to rows collected before: done, and all
};

struct Hooks {
  // These are called by several threads at once.
  std::function<bool()> should_stop;
  http::Wait wait;
  /// What sends requests instead of a client: for tests. Called once for each thread that asks.
  std::function<http::Send(const Access& source)> connect;
  // These by the caller's thread.
  /// Called after each page.
  std::function<void(const Advance& advance)> progress;
  /// Called when an endpoint is done, with one line for people.
  std::function<void(const std::string& line)> tell;
};

struct Options {
  std::vector<Access> sources;
  std::string organization;  // name for the manifest; empty: what the API says
  std::string out;           // the snapshot's folder
  std::string collector;     // "muster 0.1.0"
  std::string fingerprint;   // of everything that must be the same for a collection to go on
  bool resumes = false;
  unsigned jobs = 1;  // requests at once, to each source; the result is the same for every number
  std::int64_t window_us =
      45 * kMicrosPerDay;          // what accounts.dormant looks back by default, whole days before today
  std::optional<Window> window;    // instead of window_us before the start
  std::set<std::string> datasets;  // only these; empty: all
  std::set<std::string> skip;      // endpoints or datasets that are left out
  std::set<std::string> warnings;  // written to every dataset that is asked for
  unsigned page_size = 0;          // smaller pages than an endpoint's own, for tests; 0: its own
};

enum class End : std::uint8_t { finished, interrupted, unreachable, refused };

struct Outcome {
  End end = End::finished;
  std::string reason;           // why it is not finished
  std::string folder;           // where the result is: the snapshot, or its .partial folder
  snapshot::Manifest manifest;  // when finished
  bool went_on = false;         // an earlier collection was resumed
  std::string note;             // why it was not, when it was wished
};

/// Errors: file_unwritable (also a full disk: what is there can be resumed), usage.
[[nodiscard]] Result<Outcome> collect(FileSystem& files, const Clock& clock, const Options& options,
                                      const Hooks& hooks);

}  // namespace muster::collect
