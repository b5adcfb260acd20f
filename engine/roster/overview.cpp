#include "roster/overview.h"

#include <fmt/format.h>

#include "roster/address_book.h"

namespace muster::roster {
namespace {

using snapshot::Cell;
using snapshot::Column;

std::string text_of(const Roster& roster, std::string_view field, std::uint32_t person) {
  const Column* const column = roster.persons->column(field);
  if (column == nullptr || column->cell(person) != Cell::value) return {};
  return std::string(column->type() == snapshot::FieldType::word ? column->word(person)
                                                                 : column->text(person));
}

std::string last_day_of(const Roster& roster, std::uint32_t person) {
  const Column* const column = roster.persons->column("last_day");
  if (column != nullptr && column->cell(person) == Cell::value)
    return format_date(date_of(column->time(person)));
  const Instant left = roster.left_at[person];
  return left.us == INT64_MIN ? std::string()
                              : format_date(roster.index->zone(person).date_of(Instant{left.us - 1}));
}

}  // namespace

std::string_view word_of(MatchState state) {
  switch (state) {
    case MatchState::matched: return "matched";
    case MatchState::ambiguous: return "ambiguous";
    case MatchState::nobody: return "nobody";
    case MatchState::nonhuman: return "nonhuman";
  }
  return "";
}

std::string describe_state(const Roster& roster, std::uint32_t person) {
  switch (roster.states[person]) {
    case PersonState::active: return "active";
    case PersonState::left: return fmt::format("left on {}", last_day_of(roster, person));
    case PersonState::left_unknown_date: return "left at an unknown date";
    case PersonState::not_started:
      return fmt::format("starts on {}",
                         format_date(roster.index->zone(person).date_of(roster.starts_at[person])));
    case PersonState::contradictory: {
      const std::string day = last_day_of(roster, person);
      return day.empty() ? "contradictory: both active and terminated"
                         : fmt::format("contradictory: active, but the last day was {}", day);
    }
  }
  return {};
}

PersonLine describe_person(const Roster& roster, std::uint32_t person) {
  return {std::string(roster.persons->ids()[person]), std::string(roster.persons->labels()[person]),
          text_of(roster, "email", person),           text_of(roster, "kind", person),
          text_of(roster, "department", person),      describe_state(roster, person)};
}

AccountLine describe_account(const Roster& roster, const Matches& matches, const Accounts& accounts,
                             std::uint32_t account) {
  const Match& match = matches.of[account];
  AccountLine line;
  line.account = (*accounts.ids)[account];
  if (accounts.emails != nullptr && accounts.emails->cell(account) == Cell::value)
    line.email = accounts.emails->text(account);
  line.outcome = word_of(match.state);
  line.strategy = word_of(match.strategy);
  line.reason = matches.reason(account);
  if (match.person != kNoPerson) {
    line.person_id = roster.persons->ids()[match.person];
    line.person = roster.persons->labels()[match.person];
    line.state = describe_state(roster, match.person);
  }
  return line;
}

Overview make_overview(const Roster& roster, const Matches& matches) {
  Overview out;
  out.persons = roster.states.size();
  out.accounts = matches.of.size();
  std::vector<std::uint32_t> accounts_of(roster.states.size());
  for (std::uint32_t account = 0; account < matches.of.size(); ++account) {
    const Match& match = matches.of[account];
    ++out.by_outcome[static_cast<std::size_t>(match.state)];
    switch (match.state) {
      case MatchState::matched:
        ++out.by_strategy[static_cast<std::size_t>(match.strategy)];
        ++accounts_of[match.person];
        if (roster.states[match.person] != PersonState::active) out.inactive_matched.push_back(account);
        break;
      case MatchState::ambiguous: out.ambiguous_accounts.push_back(account); break;
      case MatchState::nobody: out.unmatched_accounts.push_back(account); break;
      case MatchState::nonhuman: break;
    }
  }
  for (std::uint32_t person = 0; person < roster.states.size(); ++person) {
    ++out.by_state[static_cast<std::size_t>(roster.states[person])];
    if (roster.states[person] == PersonState::active && accounts_of[person] == 0)
      out.persons_without_account.push_back(person);
    if (accounts_of[person] > 1) out.shared_persons.push_back(person);
  }
  return out;
}

}  // namespace muster::roster
