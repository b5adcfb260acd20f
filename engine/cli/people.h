// What the roster commands read: the roster as of an instant, and the accounts of a snapshot beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/inputs.h"
#include "roster/roster.h"
#include "snapshot/snapshot.h"

namespace muster::cli {

/// --as-of, else the instant of the config's snapshot; an error that says what to give when there is neither.
[[nodiscard]] std::optional<Instant> decide_as_of(const Environment& environment, const Config& config,
                                                  const TimeWish& wish, Diagnostics& problems);
[[nodiscard]] std::optional<roster::Roster> load_people(const Environment& environment, const Config& config,
                                                        Instant as_of, Diagnostics& problems);

/// How the commands that show a roster are called, and what that leads to.
class RosterCall {
 public:
  struct People {
    Config config;
    Instant as_of;
    roster::Roster roster;
  };
  void declare(Arguments& arguments);
  /// The roster is needed, and what `needs` says besides.
  [[nodiscard]] std::optional<People> load(const Environment& environment, Inputs::Needs needs,
                                           Diagnostics& problems) const;
  [[nodiscard]] bool wants_json() const { return json_; }

 private:
  Inputs inputs_;
  TimeWish as_of_;
  bool json_ = false;
};

/// The accounts of a snapshot, and whom they were matched to. Do not move it: the matches point into it.
struct MatchedAccounts {
  snapshot::World world;
  std::vector<AccountLink> links;
  std::vector<NonhumanEntry> nonhumans;
  roster::Accounts accounts;
  roster::Matches matches;
  /// What the reader must know: a list of users that is not complete, a snapshot whose completeness was
  /// declared.
  std::vector<std::string> notes;
};
/// False when something is wrong, which is then in `problems`.
[[nodiscard]] bool match_people(const Environment& environment, const Config& config,
                                const roster::Roster& roster, MatchedAccounts& out, Diagnostics& problems);

/// A line about each source: "hr/roster.csv: 312 persons, complete, exported on 2026-11-19".
[[nodiscard]] std::string describe_sources(const roster::Roster& roster);

}  // namespace muster::cli
