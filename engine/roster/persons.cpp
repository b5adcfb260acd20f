// The second half of loading: rows of one person become one person, tenures decide the state, and the tables
// and keys are made.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "roster/address_book.h"
#include "roster/draft.h"
#include "roster/state.h"

namespace muster::roster {
namespace {

using snapshot::Cell;
using snapshot::Column;
using snapshot::Dataset;
using snapshot::Table;

/// A person who has more than one row or more than one tenure; most have not.
struct Several {
  std::uint32_t person = 0;
  std::vector<std::uint32_t> rows;
  std::vector<Tenure> tenures;  // by start, those without one first
};

Instant start_of(const Tenure& tenure) { return tenure.has_start ? tenure.start : kNoInstant; }
Instant end_of(const Tenure& tenure) { return tenure.has_end ? tenure.end : kNoInstant; }

class Merger {
 public:
  Merger(Draft&& draft, const Wanted& wanted, Instant as_of, Roster& roster, Diagnostics& problems)
      : draft_(std::move(draft)), wanted_(wanted), as_of_(as_of), roster_(roster), problems_(problems) {}

  void run() {
    number_persons();
    count_by_source();
    find_several();
    decide_states();
    make_tenures();
    gather_addresses();
    make_persons();
  }

 private:
  [[nodiscard]] std::uint32_t row_of(std::uint32_t person) const {
    return rows_.empty() ? person : rows_[person];
  }
  [[nodiscard]] std::uint32_t person_of(std::uint32_t row) const {
    return persons_.empty() ? row : persons_[row];
  }

  void number_persons() {
    index_.build(draft_.ids,
                 [&](std::uint32_t first, std::uint32_t row) { repeats_.emplace_back(first, row); });
    count_ = draft_.rows() - static_cast<std::uint32_t>(repeats_.size());
    if (repeats_.empty()) return;
    persons_.reserve(draft_.rows());
    rows_.reserve(count_);
    std::size_t next = 0;
    for (std::uint32_t row = 0; row < draft_.rows(); ++row) {
      if (next < repeats_.size() && repeats_[next].second == row) {
        persons_.push_back(persons_[repeats_[next++].first]);
      } else {
        persons_.push_back(static_cast<std::uint32_t>(rows_.size()));
        rows_.push_back(row);
      }
    }
  }

  void count_by_source() {
    if (draft_.rows() == 0) return;
    for (std::size_t i = 0; i < draft_.sources.size(); ++i) {
      const std::uint32_t end =
          i + 1 < draft_.sources.size() ? draft_.sources[i + 1].first_row : draft_.rows();
      roster_.sources[i].persons = end - draft_.sources[i].first_row;
    }
    std::set<std::pair<std::uint32_t, std::size_t>> seen;  // first row, source
    const auto source_index = [&](std::uint32_t row) {
      return static_cast<std::size_t>(&draft_.source_of(row) - draft_.sources.data());
    };
    for (const auto& [first, row] : repeats_) {
      seen.emplace(first, source_index(first));
      const std::size_t source = source_index(row);
      if (!seen.emplace(first, source).second) --roster_.sources[source].persons;
    }
  }

  void find_several() {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> rows;  // person, row
    for (const auto& [first, row] : repeats_) {
      rows.emplace_back(person_of(first), first);
      rows.emplace_back(person_of(row), row);
    }
    for (const Tenure& tenure : draft_.more_tenures)
      rows.emplace_back(person_of(tenure.person), tenure.person);
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    for (const auto& [person, row] : rows) {
      if (several_.empty() || several_.back().person != person) several_.push_back({person, {}, {}});
      several_.back().rows.push_back(row);
    }
    for (Several& each : several_) {
      for (const std::uint32_t row : each.rows) {
        each.tenures.push_back(draft_.tenure(row));
        auto more = std::lower_bound(draft_.more_tenures.begin(), draft_.more_tenures.end(), row,
                                     [](const Tenure& t, std::uint32_t r) { return t.person < r; });
        for (; more != draft_.more_tenures.end() && more->person == row; ++more)
          each.tenures.push_back(*more);
        if (row != each.rows.front()) check_identity(each.rows.front(), row);
      }
      std::stable_sort(each.tenures.begin(), each.tenures.end(),
                       [](const Tenure& a, const Tenure& b) { return start_of(a) < start_of(b); });
    }
  }

  /// Two rows with one person_id ought to be one person. Two lists that number their people independently
  /// would turn one's leaver into the other's employee.
  void check_identity(std::uint32_t first, std::uint32_t row) {
    const auto agree = [](std::string_view a, std::string_view b) {
      return a.empty() || b.empty() || fold_case(a) == fold_case(b);
    };
    if (agree(draft_.names[first], draft_.names[row]) || agree(draft_.emails[first], draft_.emails[row]))
      return;
    const auto& here = draft_.source_of(row);
    const auto& there = draft_.source_of(first);
    const std::string message =
        fmt::format("person_id {} is {} here and {} in {}:{}", draft_.ids[row], draft_.emails[row],
                    draft_.emails[first], there.shown_path, draft_.lines[first]);
    const Place place{here.shown_path, draft_.lines[row], 0, {}};
    if (&here == &there) {
      problems_.warning(ErrorCode::roster_row, message, place,
                        "rows with one person_id are tenures of one person");
    } else {
      problems_.error(ErrorCode::roster_row, message, place,
                      "neither the name nor the e-mail agrees: person_ids must be unique over all rosters");
    }
  }

  /// From here on `draft_.starts` and `draft_.ends` are by person: those of the deciding tenure. A person's
  /// number is never above that of its rows, so the arrays are rewritten in place.
  void decide_states() {
    roster_.states.resize(count_);
    auto several = several_.begin();
    for (std::uint32_t person = 0; person < count_; ++person) {
      Tenure tenure;
      if (several != several_.end() && several->person == person) {
        const Decision decision = decide(several->tenures, as_of_);
        tenure = several->tenures[decision.tenure];
        roster_.states[person] = decision.state;
        // Name, department and the rest are those of the row that decides.
        if (!rows_.empty()) rows_[person] = tenure.person;
        ++several;
      } else {
        tenure = draft_.tenure(row_of(person));
        roster_.states[person] = state_of(tenure, as_of_);
      }
      draft_.starts[person] = start_of(tenure);
      draft_.ends[person] = end_of(tenure);
    }
    draft_.starts.resize(count_);
    draft_.ends.resize(count_);
    roster_.starts_at = std::move(draft_.starts);
    ends_ = std::move(draft_.ends);
  }

  void make_tenures() {
    roster_.tenures = std::make_unique<Table>(Dataset::tenures);
    if (!wanted_.any_tenure()) return;
    Table& table = *roster_.tenures;
    Column* const id = add_if(table, wanted_.tenure_person_id, "person_id");
    Column* const status = add_if(table, wanted_.tenure_status, "status");
    Column* const start = add_if(table, wanted_.tenure_start, "start");
    Column* const end = add_if(table, wanted_.tenure_end, "end");
    std::uint32_t rows = 0;
    const auto push = [&](std::uint32_t person, bool is_terminated, Instant begins, Instant ends) {
      ++rows;
      if (id != nullptr) id->push_text(draft_.ids[row_of(person)]);
      if (status != nullptr) status->push_text(is_terminated ? "terminated" : "active");
      push_instant(start, begins);
      push_instant(end, ends);
    };
    auto several = several_.begin();
    for (std::uint32_t person = 0; person < count_; ++person) {
      if (several == several_.end() || several->person != person) {
        push(person, draft_.is_terminated[row_of(person)] != 0, roster_.starts_at[person], ends_[person]);
        continue;
      }
      for (const Tenure& t : several->tenures) push(person, t.is_terminated, start_of(t), end_of(t));
      ++several;
    }
    table.set_rows(rows);
  }

  /// Addresses beside a person's own, without repetitions: those of the rows themselves, and the own
  /// addresses of rows that did not decide.
  void gather_addresses() {
    struct Beside {
      std::uint32_t person;
      bool is_former;
      std::uint32_t text;
    };
    std::vector<Beside> all;
    StringColumn texts = std::move(draft_.extra_texts);
    for (std::uint32_t i = 0; i < draft_.extras.size(); ++i) {
      const ExtraAddress& extra = draft_.extras[i];
      all.push_back({person_of(extra.row), extra.is_former, i});
    }
    for (const Several& each : several_) {
      for (const std::uint32_t row : each.rows) {
        if (row == row_of(each.person) || draft_.emails[row].empty()) continue;
        // A job that is over takes its address into the past, unless it is the address of another.
        all.push_back({each.person, is_over(each, row), static_cast<std::uint32_t>(texts.size())});
        texts.push_back(draft_.shown_emails.empty() ? draft_.emails[row] : draft_.shown_emails[row]);
      }
    }
    std::stable_sort(all.begin(), all.end(), [](const Beside& a, const Beside& b) {
      return a.person != b.person ? a.person < b.person : a.is_former < b.is_former;
    });
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Beside& beside = all[i];
      if (i == 0 || all[i - 1].person != beside.person)
        seen.assign(1, std::string(draft_.emails[row_of(beside.person)]));
      std::string key = fold_email(texts[beside.text]);
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
      Others& others = beside.is_former ? former_ : current_;
      others.persons.push_back(beside.person);
      others.keys.push_back(key);
      if (wanted_.emails || wanted_.former_emails) others.shown.push_back(texts[beside.text]);
      seen.push_back(std::move(key));
    }
    draft_.extras = {};
  }

  [[nodiscard]] bool is_over(const Several& each, std::uint32_t row) const {
    const auto state = roster_.states[each.person];
    if (state != PersonState::active && state != PersonState::not_started) return true;
    return std::none_of(each.tenures.begin(), each.tenures.end(), [&](const Tenure& tenure) {
      if (tenure.person != row) return false;
      const auto own = state_of(tenure, as_of_);
      return own == PersonState::active || own == PersonState::not_started;
    });
  }

  void make_persons() {
    roster_.persons = std::make_unique<Table>(Dataset::persons);
    Table& table = *roster_.persons;
    table.set_rows(count_);
    const auto text = [&](bool is_wanted, std::string_view field, const StringColumn& from) {
      Column* const column = add_if(table, is_wanted, field);
      if (column == nullptr) return;
      column->reserve(count_);
      for (std::uint32_t person = 0; person < count_; ++person) {
        const auto value = from[row_of(person)];
        value.empty() ? column->push_missing(Cell::null) : column->push_text(value);
      }
    };
    text(wanted_.person_id, "person_id", draft_.ids);
    text(wanted_.name, "name", draft_.names);
    text(wanted_.email, "email", draft_.shown_emails);
    text(wanted_.department, "department", draft_.departments);
    draft_.departments = {};
    make_list(table, wanted_.emails, "emails", current_, draft_.shown_emails);
    make_list(table, wanted_.former_emails, "former_emails", former_, {});
    draft_.shown_emails = {};
    make_moments(table);
    make_words(table);
    take_keys(table);
    make_managers(table);
  }

  struct Others {
    std::vector<std::uint32_t> persons;
    StringColumn keys, shown;
  };

  void make_list(Table& table, bool is_wanted, std::string_view field, const Others& others,
                 const StringColumn& firsts) {
    Column* const column = add_if(table, is_wanted, field);
    if (column == nullptr) return;
    std::vector<std::string_view> items;
    std::size_t next = 0;
    for (std::uint32_t person = 0; person < count_; ++person) {
      items.clear();
      if (!firsts.empty() && !firsts[row_of(person)].empty()) items.push_back(firsts[row_of(person)]);
      for (; next < others.persons.size() && others.persons[next] == person; ++next)
        items.push_back(others.shown[next]);
      column->push_list(items);
    }
  }

  void make_moments(Table& table) {
    if (Column* const column = add_if(table, wanted_.last_day, "last_day"); column != nullptr) {
      column->reserve(count_);
      for (std::uint32_t person = 0; person < count_; ++person) {
        if (ends_[person] == kNoInstant) {
          column->push_missing(Cell::null);
        } else {
          const Zone& zone = draft_.source_of(row_of(person)).zone;
          column->push_int(muster::start_of(zone.date_of(Instant{ends_[person].us - 1})).us);
        }
      }
    }
    roster_.left_at = std::move(ends_);
    for (std::uint32_t person = 0; person < count_; ++person) {
      if (roster_.states[person] != PersonState::left) roster_.left_at[person] = kNoInstant;
    }
    const auto times = [&](bool is_wanted, std::string_view field, const std::vector<Instant>& from) {
      Column* const column = add_if(table, is_wanted, field);
      if (column == nullptr) return;
      column->reserve(count_);
      for (const Instant instant : from) push_instant(column, instant);
    };
    times(wanted_.starts_at, "starts_at", roster_.starts_at);
    times(wanted_.left_at, "left_at", roster_.left_at);
  }

  void make_words(Table& table) {
    if (Column* const column = add_if(table, wanted_.state, "state"); column != nullptr) {
      column->reserve(count_);
      for (const PersonState state : roster_.states) column->push_text(word_of(state));
    }
    if (Column* const column = add_if(table, wanted_.kind, "kind"); column != nullptr) {
      column->reserve(count_);
      for (std::uint32_t person = 0; person < count_; ++person) {
        const Kind kind = draft_.kinds[row_of(person)];
        kind == Kind::unknown ? column->push_missing(Cell::null) : column->push_text(word_of(kind));
      }
    }
  }

  /// A column by person out of one by row. Rows that repeat a person mostly say the same as the first one,
  /// and are then taken out in place.
  StringColumn take(StringColumn& from) {
    StringColumn out;
    const bool says_the_same = std::all_of(several_.begin(), several_.end(), [&](const Several& each) {
      return from[each.rows.front()] == from[row_of(each.person)];
    });
    if (says_the_same) {
      std::vector<std::uint32_t> further;
      for (const auto& [first, row] : repeats_) further.push_back(row);
      out = std::move(from);
      out.drop(further);
    } else {
      out.reserve(count_, from.bytes());
      for (std::uint32_t person = 0; person < count_; ++person) out.push_back(from[row_of(person)]);
    }
    from = {};
    return out;
  }

  void take_keys(Table& table) {
    // A person without a name goes by the number.
    StringColumn labels = take(draft_.names);
    StringColumn ids = take(draft_.ids);
    bool is_any_nameless = false;
    for (std::uint32_t person = 0; person < count_ && !is_any_nameless; ++person)
      is_any_nameless = labels[person].empty();
    if (is_any_nameless) {
      StringColumn named;
      for (std::uint32_t person = 0; person < count_; ++person)
        named.push_back(labels[person].empty() ? ids[person] : labels[person]);
      labels = std::move(named);
    }
    if (!rows_.empty()) index_.build(ids, [](std::uint32_t, std::uint32_t) {});
    table.mutable_index() = std::move(index_);
    auto books = std::make_shared<Roster::MatchIndex>();
    books->persons = &table;
    StringColumn firsts = take(draft_.emails);
    books->current = AddressBook(std::move(firsts), current_.keys, std::move(current_.persons));
    if (!former_.persons.empty()) books->former = AddressBook({}, former_.keys, std::move(former_.persons));
    for (const auto& source : draft_.sources) books->zones.push_back(source.zone);
    const bool has_one_zone = std::all_of(books->zones.begin(), books->zones.end(), [&](const Zone& zone) {
      return zone.name() == books->zones[0].name();
    });
    for (std::uint32_t person = 0; person < count_ && !has_one_zone; ++person) {
      books->zone_of.push_back(
          static_cast<std::uint8_t>(&draft_.source_of(row_of(person)) - draft_.sources.data()));
    }
    roster_.index = std::move(books);
    table.set_keys(std::move(ids), std::move(labels));
  }

  /// `manager_id` is a person_id; an export that names managers by e-mail is resolved here.
  void make_managers(Table& table) {
    Column* const column = add_if(table, wanted_.manager_id, "manager_id");
    if (column == nullptr) return;
    column->reserve(count_);
    for (std::uint32_t person = 0; person < count_; ++person) {
      auto manager = draft_.managers[row_of(person)];
      if (manager.find('@') != std::string_view::npos) {
        if (const auto found = find_person(roster_, manager); found != kNoPerson)
          manager = table.ids()[found];
      }
      manager.empty() ? column->push_missing(Cell::null) : column->push_text(manager);
    }
  }

  static Column* add_if(Table& table, bool is_wanted, std::string_view field) {
    return is_wanted ? &table.add_column(table.spec().field(field).value()) : nullptr;
  }

  static void push_instant(Column* column, Instant instant) {
    if (column == nullptr) return;
    instant == kNoInstant ? column->push_missing(Cell::null) : column->push_int(instant.us);
  }

  Draft draft_;
  const Wanted& wanted_;
  Instant as_of_;
  Roster& roster_;
  Diagnostics& problems_;
  snapshot::KeyIndex index_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> repeats_;  // first row, further row of one person_id
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> persons_,
      rows_;  // row → person and person → deciding row; empty when they are the same
  std::vector<Several> several_;
  std::vector<Instant> ends_;  // of the deciding tenure
  Others current_, former_;
};

}  // namespace

void finish_roster(Draft&& draft, const Wanted& wanted, Instant as_of, Roster& roster,
                   Diagnostics& problems) {
  Merger(std::move(draft), wanted, as_of, roster, problems).run();
}

}  // namespace muster::roster
