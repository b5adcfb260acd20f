// What `muster roster show|match` prints, as data: pure functions over a roster and its matches. Who prints,
// makes control characters visible.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "roster/roster.h"

namespace muster::roster {

/// "active", "left on 2026-03-31", "left at an unknown date", "starts on 2027-01-01", "contradictory: active,
/// but the last day was 2026-01-31".
[[nodiscard]] std::string describe_state(const Roster& roster, std::uint32_t person);

struct PersonLine {
  std::string person_id, name, email, kind, department,
      state;  // state as describe_state says; parts that were not loaded are empty
};
[[nodiscard]] PersonLine describe_person(const Roster& roster, std::uint32_t person);

struct AccountLine {
  std::string account, email;
  std::string outcome;                   // "matched", "ambiguous", "nobody", "nonhuman"
  std::string person_id, person, state;  // of the person, when matched
  std::string strategy;                  // a Strategy's word
  std::string reason;
};
[[nodiscard]] AccountLine describe_account(const Roster& roster, const Matches& matches,
                                           const Accounts& accounts, std::uint32_t account);

[[nodiscard]] std::string_view word_of(MatchState state);

struct Overview {
  std::uint64_t persons = 0, accounts = 0;
  std::array<std::uint64_t, 5> by_state{};                            // persons, by PersonState
  std::array<std::uint64_t, 4> by_outcome{};                          // accounts, by MatchState
  std::array<std::uint64_t, 6> by_strategy{};                         // matched accounts, by Strategy
  std::vector<std::uint32_t> unmatched_accounts, ambiguous_accounts;  // account rows, ascending
  std::vector<std::uint32_t> inactive_matched;         // accounts of persons who are not active
  std::vector<std::uint32_t> persons_without_account;  // active persons, ascending
  std::vector<std::uint32_t> shared_persons;           // persons with several accounts, ascending
};
[[nodiscard]] Overview make_overview(const Roster& roster, const Matches& matches);

}  // namespace muster::roster
