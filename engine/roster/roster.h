// Roster: the people HR knows. Sources (CSV, JSON, JSONL) become persons with tenures; accounts are matched to persons; every match says which strategy and
// why. Pure: the wall clock is never read, everything is as of one instant. Loading is single-threaded per source; the result is immutable.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "model/run.h"
#include "model/settings.h"
#include "snapshot/table.h"

namespace muster::roster {

/// What a person is, as of the instant (design section 4, Roster). The enumerator is the word that rules read.
enum class PersonState : std::uint8_t {
  active,
  left,               // the last tenure is over, at a known instant
  left_unknown_date,  // terminated, without an end
  not_started,        // the first tenure lies ahead
  contradictory,      // active in words with an end in the past, or two rows about one tenure that disagree: unknown
};
[[nodiscard]] std::string_view word_of(PersonState state);

/// A stretch of employment, [start, end): start is the beginning of the first day in the roster's zone, end the end of the last day (or the given time).
struct Tenure {
  std::uint32_t person = 0;
  bool has_start = false, has_end = false;
  bool is_terminated = false;  // the status word
  Instant start, end;
  Date last_day;               // in the roster's zone, when has_end
};

struct Roster {
  /// Tables of the schema's `persons` and `tenures`, one row a person (sorted by first appearance) / tenure; the derived columns (state, starts_at, left_at, last_day) are as of `as_of`.
  std::unique_ptr<snapshot::Table> persons, tenures;
  std::vector<PersonState> states;        // by person row
  /// By person row; {INT64_MIN} when there is none. starts_at is the start of the tenure that decides the state, left_at the end of it when the state is `left`.
  std::vector<Instant> starts_at, left_at;
  std::vector<RosterResult> sources;      // one per source, for the run's record
  std::vector<InputFile> inputs;          // path, sha256, bytes of each source
  bool uses_zone = false;
  /// complete only when every source was read whole and is fresh enough.
  bool is_complete = true;
  std::string incomplete_reason;
  // Keys for matching, folded: built by load_roster, used by match_accounts.
  struct MatchIndex;
  std::shared_ptr<const MatchIndex> index;
};

struct LoadOptions {
  Instant as_of;
  unsigned jobs = 1;
  /// The fields of `persons` and `tenures` that somebody reads, as in snapshot::LoadRequest; null: all. Ids, labels, states and what matching needs are
  /// always there. A million persons cost about 120 bytes each without further fields.
  const std::set<std::pair<snapshot::Dataset, std::uint16_t>>* fields = nullptr;
};

/// Reads every source. Broken rows, unmapped status words and missing columns go to `problems`; then the returned roster must not be used.
[[nodiscard]] Roster load_roster(const FileSystem& files, std::span<const RosterSource> sources, const LoadOptions& options, Diagnostics& problems);

enum class Strategy : std::uint8_t { none, link, email, plus_tag, former_email, domain_alias };
[[nodiscard]] std::string_view word_of(Strategy strategy);

enum class MatchState : std::uint8_t { matched, ambiguous, nobody, nonhuman };

inline constexpr std::uint32_t kNoPerson = 0xFFFFFFFF;

struct Match {
  std::uint32_t person = kNoPerson;    // row of persons; kNoPerson unless matched
  std::uint32_t nonhuman = kNoPerson;  // index into the register; kNoPerson unless nonhuman
  MatchState state = MatchState::nobody;
  Strategy strategy = Strategy::none;
  bool is_one_of_several = false;      // more persons fit; the reason says why this one
};

/// Columns of the accounts; they must outlive the Matches, as must the roster's tables and vectors (which may be moved meanwhile).
struct Accounts {
  const StringColumn* ids = nullptr;     // by row
  const snapshot::Column* emails = nullptr;  // text; may have missing cells
};

struct MatchInputs {
  std::span<const AccountLink> links;
  std::span<const NonhumanEntry> nonhumans;
  const std::map<std::string, std::vector<std::string>>* domain_aliases = nullptr;
};

struct Matches {
  std::vector<Match> of;  // by account row
  /// Why, in one sentence for people: "e-mail rosa@x.example", "2 active persons under ana@x.example: P-10, P-22", "linked by links.yaml:4", "nobody on the
  /// roster has x@y.example". Made when asked for.
  [[nodiscard]] std::string reason(std::uint32_t account) const;
  /// Links that name no account or no person, register entries that name no account: for `muster roster match` and the notices.
  std::vector<std::string> warnings;
  struct Context;
  std::shared_ptr<const Context> context;
};

/// Matches every account: register of non-human identities first, then the strategies of design.md in order; the first that finds any person decides.
[[nodiscard]] Matches match_accounts(const Roster& roster, const Accounts& accounts, const MatchInputs& inputs, unsigned jobs);

/// The person whom an owner, manager or approver field names: by person_id, else by e-mail address (of several persons under one address the active one, else
/// the latest to leave); kNoPerson when nobody, or when two are active.
[[nodiscard]] std::uint32_t find_person(const Roster& roster, std::string_view id_or_email);

}  // namespace muster::roster
