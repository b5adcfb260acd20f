#include "evaluate/derive.h"

#include <algorithm>
#include <unordered_map>

#include "base/parallel.h"
#include "base/text.h"
#include "evaluate/maker.h"

namespace muster::evaluate {

using snapshot::Cell;
using snapshot::Column;
using snapshot::Dataset;
using snapshot::FieldType;
using snapshot::Table;
using snapshot::World;

namespace {

constexpr std::int64_t kNoInstant = INT64_MIN;

/// What a derived field or computed relation is made from. One row each; a field that is not here and has no
/// path is a field that its table fills itself.
struct Source {
  Dataset dataset;
  std::string_view name;       // of the derived field or relation
  bool needs_match = false;    // accounts × roster
  std::string_view fields;     // "dataset.field …" to load
  std::string_view relations;  // "dataset.relation …" to load
};
constexpr Source kSources[] = {
    {Dataset::users, "person_state", true, "users.email", ""},
    {Dataset::users, "person_left_at", true, "users.email", ""},
    {Dataset::users, "person_last_day", true, "users.email", ""},
    {Dataset::users, "person_starts_at", true, "users.email", ""},
    {Dataset::users, "match_strategy", true, "users.email", ""},
    {Dataset::users, "match_detail", true, "users.email", ""},
    {Dataset::users, "person_accounts", true, "users.email", ""},
    {Dataset::users, "person", true, "users.email", ""},
    {Dataset::users, "register", true, "users.email", ""},
    {Dataset::persons, "accounts", true, "users.email", ""},
    {Dataset::users, "workspace_admin_count", false,
     "workspace_members.workspace_role workspaces.archived_at",
     "workspace_members.user workspace_members.workspace"},
    {Dataset::users, "workspace_admin_count_all", false, "workspace_members.workspace_role",
     "workspace_members.user"},
    {Dataset::users, "last_seen_at", false,
     "activities.created_at usage.starting_at claude_code_usage.date claude_code_usage.actor_email "
     "users.email",
     "activities.actor_user usage.account"},
    {Dataset::users, "watched_since", false,
     "activities.created_at usage.starting_at claude_code_usage.date claude_code_usage.actor_email "
     "users.email",
     "activities.actor_user usage.account"},
    {Dataset::users, "previous_role", false, "", ""},
    {Dataset::users, "email_mailbox", false, "users.email", ""},
    {Dataset::users, "email_domain", false, "users.email", ""},
    {Dataset::users, "accepted_invites", false, "users.email invites.email invites.status", ""},
    {Dataset::users, "active_keys", false, "api_keys.status", "api_keys.creator"},
    {Dataset::api_keys, "last_used_at", false, "usage.starting_at", "usage.api_key"},
    {Dataset::api_keys, "used_since", false, "usage.starting_at", "usage.api_key"},
    {Dataset::workspaces, "member_count", false, "", "workspace_members.workspace workspace_members.user"},
    {Dataset::workspaces, "effective_member_count", false, "users.role",
     "workspace_members.workspace workspace_members.user"},
    {Dataset::workspaces, "member_departments", true, "users.email",
     "workspaces.memberships workspace_members.user"},
    {Dataset::workspaces, "members_without_department", true, "users.email",
     "workspaces.memberships workspace_members.user"},
    {Dataset::workspaces, "is_default", false, "workspaces.name", ""},
    {Dataset::invites, "person", false, "invites.email", ""},
    {Dataset::persons, "invites", false, "invites.email", ""},
    {Dataset::nonhumans, "account_exists", false, "users.email", ""},
};

const Source* find_source(Dataset dataset, std::string_view name) {
  for (const Source& source : kSources)
    if (source.dataset == dataset && source.name == name) return &source;
  return nullptr;
}

template <class Visit>
void for_each_word(std::string_view words, const Visit& visit) {
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    visit(words.substr(0, space));
    words.remove_prefix(std::min(space + 1, words.size()));
  }
}

std::pair<const snapshot::DatasetSpec*, std::string_view> split(std::string_view path) {
  const std::size_t dot = path.find('.');
  return {snapshot::find_dataset(path.substr(0, dot)), path.substr(dot + 1)};
}

void push_instant(Column& column, Instant instant) {
  if (instant.us == kNoInstant)
    column.push_missing(Cell::null);
  else
    column.push_int(instant.us);
}

std::string_view state_word(const roster::Roster& roster, const roster::Match& match) {
  switch (match.state) {
    case roster::MatchState::matched: return roster::word_of(roster.states[match.person]);
    case roster::MatchState::ambiguous: return "ambiguous";
    case roster::MatchState::nobody: return "nobody";
    case roster::MatchState::nonhuman: return "nonhuman";
  }
  return "nobody";
}

void derive_match(World& world, Maker& maker, const Wanted& wanted, const roster::Roster& roster,
                  const std::shared_ptr<const roster::Matches>& matches) {
  const Table& persons = *roster.persons;
  const std::uint32_t rows = world.table(Dataset::users)->rows();
  const auto person_of = [&](std::uint32_t row) {
    return matches->of[row].state == roster::MatchState::matched ? matches->of[row].person
                                                                 : roster::kNoPerson;
  };
  if (maker.wants(Dataset::users, "person_state")) {
    Column column = maker.start(Dataset::users, "person_state");
    for (std::uint32_t row = 0; row < rows; ++row) column.push_text(state_word(roster, matches->of[row]));
    maker.put(Dataset::users, "person_state", std::move(column));
  }
  const auto put_instants = [&](std::string_view name, const std::vector<Instant>& of_person,
                                bool only_when_left) {
    if (!maker.wants(Dataset::users, name)) return;
    Column column = maker.start(Dataset::users, name);
    for (std::uint32_t row = 0; row < rows; ++row) {
      const std::uint32_t person = person_of(row);
      if (person == roster::kNoPerson ||
          (only_when_left && roster.states[person] != roster::PersonState::left))
        column.push_missing(Cell::null);
      else
        push_instant(column, of_person[person]);
    }
    maker.put(Dataset::users, name, std::move(column));
  };
  put_instants("person_left_at", roster.left_at, true);
  put_instants("person_starts_at", roster.starts_at, false);
  if (maker.wants(Dataset::users, "person_last_day")) {
    const Column* last_day = persons.column("last_day");
    Column column = maker.start(Dataset::users, "person_last_day");
    for (std::uint32_t row = 0; row < rows; ++row) {
      const std::uint32_t person = person_of(row);
      if (person == roster::kNoPerson || !last_day || last_day->cell(person) != Cell::value)
        column.push_missing(Cell::null);
      else
        column.push_int(last_day->time(person).us);
    }
    maker.put(Dataset::users, "person_last_day", std::move(column));
  }
  if (maker.wants(Dataset::users, "match_strategy")) {
    Column column = maker.start(Dataset::users, "match_strategy");
    for (std::uint32_t row = 0; row < rows; ++row)
      column.push_text(roster::word_of(matches->of[row].strategy));
    maker.put(Dataset::users, "match_strategy", std::move(column));
  }
  if (maker.wants(Dataset::users, "match_detail")) {
    maker.put(Dataset::users, "match_detail",
              Column::computed(rows, [matches](std::uint32_t row) { return matches->reason(row); }));
  }
  if (maker.wants(Dataset::users, "person_accounts")) {
    std::vector<std::uint32_t> accounts(persons.rows());
    for (std::uint32_t row = 0; row < rows; ++row)
      if (person_of(row) != roster::kNoPerson) ++accounts[person_of(row)];
    Column column = maker.start(Dataset::users, "person_accounts");
    for (std::uint32_t row = 0; row < rows; ++row)
      column.push_int(person_of(row) == roster::kNoPerson ? 0 : accounts[person_of(row)]);
    maker.put(Dataset::users, "person_accounts", std::move(column));
  }
  const auto person = *snapshot::find_relation(Dataset::users, "person");
  const auto accounts = *snapshot::find_relation(Dataset::persons, "accounts");
  if (!wanted.relations.contains(person) && !wanted.relations.contains(accounts)) return;
  std::vector<std::uint32_t> link(rows);
  for (std::uint32_t row = 0; row < rows; ++row)
    link[row] = person_of(row) == roster::kNoPerson ? snapshot::kNoRowNull : person_of(row);
  if (wanted.relations.contains(accounts)) {
    world.to_many[accounts] = snapshot::group_by(link, persons.rows());
    world.has_relation[accounts] = 1;
  }
  world.to_one[person] = std::move(link);
  world.has_relation[person] = 1;
}

void derive_memberships(World& world, Maker& maker) {
  const Table* members = world.table(Dataset::workspace_members);
  const auto* user = link_of(world, Dataset::workspace_members, "user");
  const auto* workspace = link_of(world, Dataset::workspace_members, "workspace");
  if (!members) return;
  for (const bool all : {false, true}) {
    const std::string_view name = all ? "workspace_admin_count_all" : "workspace_admin_count";
    const Column* role = members->column("workspace_role");
    if (!maker.wants(Dataset::users, name) || !user || !role || (!all && !workspace)) continue;
    const Column* archived = all ? nullptr : world.table(Dataset::workspaces)->column("archived_at");
    if (!all && !archived) continue;
    const std::uint32_t rows = world.table(Dataset::users)->rows();
    std::vector<std::uint32_t> count(rows);
    std::vector<std::uint8_t> defect(rows);  // 1: what was collected does not decide it
    const auto& words = role->words();
    const auto admin =
        static_cast<std::uint32_t>(std::find(words.begin(), words.end(), "workspace_admin") - words.begin());
    // What the API says today (fact sheet, section 8). Another word may be one of an administrator.
    const auto is_known = [](const std::string& word) {
      return word == "workspace_admin" || word == "workspace_user" || word == "workspace_developer" ||
             word == "workspace_restricted_developer" || word == "workspace_billing";
    };
    std::vector<std::uint8_t> known;
    for (const auto& word : words) known.push_back(is_known(word));
    for (std::uint32_t row = 0; row < members->rows(); ++row) {
      const std::uint32_t target = (*user)[row];
      if (target >= snapshot::kDangling) continue;
      if (role->cell(row) != Cell::value) {
        defect[target] = 1;
        continue;
      }
      if (known[role->word_code(row)] == 0) {
        defect[target] = 1;
        continue;
      }
      if (role->word_code(row) != admin) continue;
      if (!all) {
        const std::uint32_t place = (*workspace)[row];
        if (place >= snapshot::kDangling || archived->cell(place) == Cell::absent ||
            archived->cell(place) == Cell::invalid) {
          defect[target] = 1;
          continue;
        }
        if (archived->cell(place) == Cell::value) continue;
      }
      ++count[target];
    }
    Column column = maker.start(Dataset::users, name);
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (defect[row])
        column.push_missing(Cell::absent);
      else
        column.push_int(count[row]);
    }
    maker.put(Dataset::users, name, std::move(column));
  }
  for (const bool effective : {false, true}) {
    const std::string_view name = effective ? "effective_member_count" : "member_count";
    if (!maker.wants(Dataset::workspaces, name) || !workspace || !user) continue;
    const std::uint32_t rows = world.table(Dataset::workspaces)->rows();
    std::vector<std::uint32_t> count(
        rows, effective ? static_cast<std::uint32_t>(world.implicit_members.size()) : 0);
    for (std::uint32_t row = 0; row < members->rows(); ++row) {
      const std::uint32_t place = (*workspace)[row];
      // An entry of an account that is gone is nobody.
      if (place >= snapshot::kDangling || (*user)[row] >= snapshot::kDangling) continue;
      if (effective) {
        // Implicit members who are listed besides count once.
        const auto& implicit = world.implicit_members;
        const auto found =
            std::lower_bound(implicit.begin(), implicit.end(), (*user)[row],
                             [](const World::Implicit& item, std::uint32_t at) { return item.user < at; });
        if (found != implicit.end() && found->user == (*user)[row]) continue;
      }
      ++count[place];
    }
    Column column = maker.start(Dataset::workspaces, name);
    for (std::uint32_t row = 0; row < rows; ++row) column.push_int(count[row]);
    maker.put(Dataset::workspaces, name, std::move(column));
  }
}

void derive_accepted_invites(World& world, Maker& maker) {
  if (!maker.wants(Dataset::users, "accepted_invites")) return;
  const Table& users = *world.table(Dataset::users);
  const Table* invites = world.table(Dataset::invites);
  const Column* own = users.column("email");
  const Column* email = invites ? invites->column("email") : nullptr;
  const Column* status = invites ? invites->column("status") : nullptr;
  if (!own || !email || !status) return;
  std::unordered_map<std::string, std::int64_t> accepted;
  for (std::uint32_t row = 0; row < invites->rows(); ++row)
    if (email->cell(row) == Cell::value && status->cell(row) == Cell::value &&
        status->word(row) == "accepted")
      ++accepted[fold_email(email->text(row))];
  Column column = maker.start(Dataset::users, "accepted_invites");
  std::string folded;
  for (std::uint32_t row = 0; row < users.rows(); ++row) {
    if (own->cell(row) != Cell::value) {
      column.push_missing(Cell::absent);
      continue;
    }
    folded.clear();
    fold_email(own->text(row), folded);
    const auto found = accepted.find(folded);
    column.push_int(found == accepted.end() ? 0 : found->second);
  }
  maker.put(Dataset::users, "accepted_invites", std::move(column));
}

void derive_addresses(World& world, Maker& maker) {
  const Table* users = world.table(Dataset::users);
  const Column* email = users ? users->column("email") : nullptr;
  if (!email) return;
  if (maker.wants(Dataset::users, "email_mailbox"))
    maker.put(Dataset::users, "email_mailbox",
              Column::computed(
                  users->rows(),
                  [email](std::uint32_t row) {
                    const std::string_view text = email->text(row);
                    const std::string_view before = text.substr(0, text.find('@'));
                    return fold_case(before.substr(0, before.find('+')));
                  },
                  email));
  if (maker.wants(Dataset::users, "email_domain"))
    maker.put(Dataset::users, "email_domain",
              Column::computed(
                  users->rows(),
                  [email](std::uint32_t row) {
                    const std::string_view text = email->text(row);
                    return fold_case(text.substr(text.rfind('@') + 1));  // npos + 1 is 0
                  },
                  email));
}

/// What departments the people on a workspace's list are of.
void derive_member_departments(World& world, Maker& maker, const roster::Matches* matches) {
  const bool wants_names = maker.wants(Dataset::workspaces, "member_departments");
  const bool wants_rest = maker.wants(Dataset::workspaces, "members_without_department");
  const auto* user = link_of(world, Dataset::workspace_members, "user");
  const auto memberships = *snapshot::find_relation(Dataset::workspaces, "memberships");
  if ((!wants_names && !wants_rest) || !user || !world.has_relation[memberships] || !matches) return;
  const Column* department = world.table(Dataset::persons)->column("department");
  const Column* given_state = world.table(Dataset::users)->column("person_state");
  const auto is_machine = [&](std::uint32_t account) {
    if (given_state && given_state->cell(account) == Cell::value)
      return given_state->word(account) == "nonhuman";
    return matches->of[account].state == roster::MatchState::nonhuman;
  };
  Column names = maker.start(Dataset::workspaces, "member_departments");
  Column rest = maker.start(Dataset::workspaces, "members_without_department");
  std::vector<std::uint32_t> seen_in(department ? department->words().size() : 0, UINT32_MAX);
  std::vector<std::string_view> found;
  for (std::uint32_t row = 0; row < world.table(Dataset::workspaces)->rows(); ++row) {
    found.clear();
    std::int64_t silent = 0;
    for (const std::uint32_t membership : world.to_many[memberships].of(row)) {
      const std::uint32_t account = (*user)[membership];
      if (account < snapshot::kDangling && is_machine(account)) continue;
      const std::uint32_t person =
          account < snapshot::kDangling && matches->of[account].state == roster::MatchState::matched
              ? matches->of[account].person
              : roster::kNoPerson;
      if (person == roster::kNoPerson || !department || department->cell(person) != Cell::value) {
        ++silent;
      } else if (auto& seen = seen_in[department->word_code(person)]; seen != row) {
        seen = row;
        found.push_back(department->word(person));
      }
    }
    std::sort(found.begin(), found.end());
    names.push_list(found);
    rest.push_int(silent);
  }
  if (wants_names) maker.put(Dataset::workspaces, "member_departments", std::move(names));
  if (wants_rest) maker.put(Dataset::workspaces, "members_without_department", std::move(rest));
}

void derive_previous_role(World& world, Maker& maker) {
  const Table* before = world.table(Dataset::previous_users);
  const Column* role = before ? before->column("role") : nullptr;
  if (!maker.wants(Dataset::users, "previous_role") || !role) return;
  const Table& users = *world.table(Dataset::users);
  Column column = maker.start(Dataset::users, "previous_role");
  for (std::uint32_t row = 0; row < users.rows(); ++row) {
    const std::uint32_t was = before->find(users.ids()[row]);
    if (was >= snapshot::kDangling)
      column.push_missing(Cell::null);
    else if (role->cell(was) == Cell::value)
      column.push_text(role->word(was));
    else
      column.push_missing(role->cell(was) == Cell::invalid ? Cell::invalid : Cell::absent);
  }
  maker.put(Dataset::users, "previous_role", std::move(column));
}

/// The default workspace has no mark of its own in the API; it is the one that cannot be renamed and answers
/// "Default" (fact sheet, section 7). There is one of it in an organization: of several with that name nobody
/// can say which it is.
void derive_default(World& world, Maker& maker) {
  if (!maker.wants(Dataset::workspaces, "is_default")) return;
  const Table& workspaces = *world.table(Dataset::workspaces);
  const Column* name = workspaces.column("name");
  Column column = maker.start(Dataset::workspaces, "is_default");
  std::uint32_t named_so = 0;
  for (std::uint32_t row = 0; name && row < workspaces.rows(); ++row)
    named_so += name->cell(row) == Cell::value && name->text(row) == "Default";
  const auto organizations = std::max<std::uint32_t>(
      1, world.table(Dataset::organizations) ? world.table(Dataset::organizations)->rows() : 1);
  for (std::uint32_t row = 0; row < workspaces.rows(); ++row) {
    const bool is_named = name && name->cell(row) == Cell::value;
    if (!is_named || (name->text(row) == "Default" && named_so > organizations))
      column.push_missing(Cell::absent);
    else
      column.push_boolean(name->text(row) == "Default");
  }
  maker.put(Dataset::workspaces, "is_default", std::move(column));
}

void fill_nonhumans(World& world, const Wanted& wanted, const DeriveInputs& inputs) {
  if (world.table(Dataset::nonhumans)) return;
  auto owned = std::make_unique<Table>(Dataset::nonhumans);
  Table& table = *owned;
  const auto& spec = table.spec();
  StringColumn ids, labels;
  Column id(FieldType::id), account(FieldType::text), owner(FieldType::text), purpose(FieldType::text),
      review_by(FieldType::date), owner_state(FieldType::word);
  const auto text_or_null = [](Column& column, const std::string& text) {
    if (text.empty())
      column.push_missing(Cell::null);
    else
      column.push_text(text);
  };
  for (const NonhumanEntry& entry : inputs.nonhumans) {
    ids.push_back(entry.id);
    labels.push_back(entry.account);
    id.push_text(entry.id);
    account.push_text(entry.account);
    text_or_null(owner, entry.owner);
    text_or_null(purpose, entry.purpose);
    if (entry.review_by)
      review_by.push_int(start_of(*entry.review_by).us);
    else
      review_by.push_missing(Cell::null);
    if (entry.owner.empty()) {
      owner_state.push_text("missing");
    } else if (!inputs.roster) {
      owner_state.push_missing(Cell::absent);
    } else {
      const std::uint32_t person = roster::find_person(*inputs.roster, entry.owner);
      owner_state.push_text(person == roster::kNoPerson ? std::string_view("nobody")
                                                        : roster::word_of(inputs.roster->states[person]));
    }
  }
  table.set_rows(static_cast<std::uint32_t>(inputs.nonhumans.size()));
  table.set_keys(std::move(ids), std::move(labels));
  table.mutable_index().build(table.ids(), [](std::uint32_t, std::uint32_t) {});
  const auto set = [&](std::string_view name, Column column) {
    table.set_column(*spec.field(name), std::move(column));
  };
  set("id", std::move(id));
  set("account", std::move(account));
  set("owner", std::move(owner));
  set("purpose", std::move(purpose));
  set("review_by", std::move(review_by));
  set("owner_state", std::move(owner_state));
  const Table* users = world.table(Dataset::users);
  if (wanted.has_field(Dataset::nonhumans, "account_exists") && users) {
    std::vector<std::string> emails;
    if (const Column* email = users->column("email")) {
      for (std::uint32_t row = 0; row < users->rows(); ++row)
        if (email->cell(row) == Cell::value) emails.push_back(fold_email(email->text(row)));
      std::sort(emails.begin(), emails.end());
    }
    const Table* services = world.available(Dataset::service_accounts).is_complete()
                                ? world.table(Dataset::service_accounts)
                                : nullptr;
    Column exists(FieldType::boolean);
    for (const NonhumanEntry& entry : inputs.nonhumans) {
      const bool is_user = users->find(entry.account) != snapshot::kDangling ||
                           std::binary_search(emails.begin(), emails.end(), fold_email(entry.account));
      const bool may_be_service =
          entry.account.find('@') == std::string::npos && !entry.account.starts_with("user_");
      if (is_user || (services && services->find(entry.account) != snapshot::kDangling))
        exists.push_boolean(true);
      else if (may_be_service && !services)
        exists.push_missing(Cell::absent);
      else
        exists.push_boolean(false);
    }
    set("account_exists", std::move(exists));
  }
  const auto relation = *snapshot::find_relation(Dataset::nonhumans, "owner_person");
  if (wanted.relations.contains(relation) && inputs.roster) {
    std::vector<std::uint32_t> link;
    for (const NonhumanEntry& entry : inputs.nonhumans) {
      const std::uint32_t person =
          entry.owner.empty() ? roster::kNoPerson : roster::find_person(*inputs.roster, entry.owner);
      link.push_back(entry.owner.empty()           ? snapshot::kNoRowNull
                     : person == roster::kNoPerson ? snapshot::kDangling
                                                   : person);
    }
    world.to_one[relation] = std::move(link);
    world.has_relation[relation] = 1;
  }
  world.tables[static_cast<std::size_t>(Dataset::nonhumans)] = std::move(owned);
  world.available(Dataset::nonhumans).status = snapshot::DatasetStatus::complete;
}

void link_persons(World& world, const Wanted& wanted, const roster::Roster& roster) {
  const Table& persons = *roster.persons;
  const auto manager = *snapshot::find_relation(Dataset::persons, "manager");
  const auto reports = *snapshot::find_relation(Dataset::persons, "reports");
  if (wanted.relations.contains(manager) || wanted.relations.contains(reports)) {
    const Column* named = persons.column("manager_id");
    std::vector<std::uint32_t> link(persons.rows(), snapshot::kNoRowAbsent);
    for (std::uint32_t row = 0; named && row < persons.rows(); ++row) {
      if (named->cell(row) == Cell::null) link[row] = snapshot::kNoRowNull;
      if (named->cell(row) != Cell::value) continue;
      const std::uint32_t person = roster::find_person(roster, named->text(row));
      link[row] = person == roster::kNoPerson ? snapshot::kDangling : person;
    }
    if (wanted.relations.contains(reports)) {
      world.to_many[reports] = snapshot::group_by(link, persons.rows());
      world.has_relation[reports] = 1;
    }
    world.to_one[manager] = std::move(link);
    world.has_relation[manager] = 1;
  }
  const auto invited = *snapshot::find_relation(Dataset::invites, "person");
  const Table* invites = world.table(Dataset::invites);
  const auto invites_of = *snapshot::find_relation(Dataset::persons, "invites");
  if ((wanted.relations.contains(invited) || wanted.relations.contains(invites_of)) && invites &&
      invites->column("email")) {
    const Column& email = *invites->column("email");
    std::vector<std::uint32_t> link(invites->rows(), snapshot::kNoRowAbsent);
    for (std::uint32_t row = 0; row < invites->rows(); ++row) {
      if (email.cell(row) != Cell::value) continue;
      const std::uint32_t person = roster::find_person(roster, email.text(row));
      link[row] = person == roster::kNoPerson ? snapshot::kNoRowNull : person;
    }
    if (wanted.relations.contains(invites_of)) {
      world.to_many[invites_of] = snapshot::group_by(link, persons.rows());
      world.has_relation[invites_of] = 1;
    }
    world.to_one[invited] = std::move(link);
    world.has_relation[invited] = 1;
  }
}

void derive_people(World& world, Maker& maker, const Wanted& wanted, const DeriveInputs& inputs,
                   Derived& out) {
  if (inputs.roster) {
    roster::Roster& roster = *inputs.roster;
    auto& availability = world.available(Dataset::persons);
    availability.status =
        roster.is_complete ? snapshot::DatasetStatus::complete : snapshot::DatasetStatus::partial;
    availability.reason = roster.incomplete_reason;
    world.available(Dataset::tenures) = availability;
    std::shared_ptr<const roster::Matches> matches;
    Table* users = world.table(Dataset::users);
    if (users && wanted.needs_match()) {
      const roster::Accounts accounts{&users->ids(), users->column("email")};
      matches = std::make_shared<const roster::Matches>(roster::match_accounts(
          roster, accounts, {inputs.links, inputs.nonhumans, inputs.domain_aliases}, inputs.jobs));
      out.warnings = matches->warnings;
      out.matches = matches;
    }
    fill_nonhumans(world, wanted, inputs);
    if (matches) derive_match(world, maker, wanted, roster, matches);
    link_persons(world, wanted, roster);
    // The roster's look-ups need its tables, so they move to the world only now.
    world.tables[static_cast<std::size_t>(Dataset::persons)] = std::move(roster.persons);
    world.tables[static_cast<std::size_t>(Dataset::tenures)] = std::move(roster.tenures);
    for (const std::uint16_t relation : wanted.relations) {
      const auto& spec = snapshot::relations()[relation];
      if (!spec.via.empty() && (spec.from == Dataset::tenures || spec.to == Dataset::tenures))
        snapshot::join(world, relation);
    }
  } else {
    fill_nonhumans(world, wanted, inputs);
    if (!inputs.has_roster) {
      world.available(Dataset::persons) = {snapshot::DatasetStatus::not_requested, "no roster is configured"};
      world.available(Dataset::tenures) = world.available(Dataset::persons);
    }
  }
}

}  // namespace

const std::vector<std::uint32_t>* link_of(const World& world, Dataset from, std::string_view name) {
  const auto relation = snapshot::find_relation(from, name);
  return relation && world.has_relation[*relation] ? &world.to_one[*relation] : nullptr;
}

bool Wanted::has_field(Dataset dataset, std::string_view name) const {
  const auto field = snapshot::spec_of(dataset).field(name);
  return field && fields.contains({dataset, *field});
}
bool Wanted::has_relation(Dataset from, std::string_view name) const {
  const auto relation = snapshot::find_relation(from, name);
  return relation && relations.contains(*relation);
}
void Wanted::add_field(Dataset dataset, std::string_view name) {
  if (const auto field = snapshot::spec_of(dataset).field(name)) fields.insert({dataset, *field});
}

bool Wanted::needs_match() const {
  for (const Source& source : kSources) {
    if (!source.needs_match) continue;
    if (has_field(source.dataset, source.name) || has_relation(source.dataset, source.name)) return true;
  }
  return false;
}

bool Wanted::needs_roster() const {
  if (needs_match() || subjects.contains(Dataset::persons) || subjects.contains(Dataset::datasets))
    return true;
  for (const auto& [dataset, field] : fields)
    if (dataset == Dataset::persons || dataset == Dataset::tenures || dataset == Dataset::datasets ||
        (dataset == Dataset::nonhumans && snapshot::spec_of(dataset).fields[field].name == "owner_state"))
      return true;
  return std::any_of(relations.begin(), relations.end(), [](std::uint16_t relation) {
    const auto& spec = snapshot::relations()[relation];
    return spec.from == Dataset::persons || spec.to == Dataset::persons;
  });
}

bool Wanted::needs_previous() const {
  return subjects.contains(Dataset::previous_users) || has_field(Dataset::users, "previous_role");
}

snapshot::LoadRequest what_to_load(const Wanted& wanted) {
  snapshot::LoadRequest request;
  const auto is_collected = [](Dataset dataset) {
    return static_cast<std::size_t>(dataset) < snapshot::kCollectedCount;
  };
  const auto add_relation = [&](std::uint16_t relation) {
    const auto& spec = snapshot::relations()[relation];
    if (!spec.via.empty() && is_collected(spec.from) && is_collected(spec.to))
      request.relations.insert(relation);
  };
  const auto add_source = [&](const Source& source) {
    for_each_word(source.fields, [&](std::string_view path) {
      const auto [spec, name] = split(path);
      request.fields.insert({spec->dataset, *spec->field(name)});
    });
    for_each_word(source.relations, [&](std::string_view path) {
      const auto [spec, name] = split(path);
      add_relation(*snapshot::find_relation(spec->dataset, name));
    });
  };
  for (const auto& [dataset, field] : wanted.fields) {
    const auto& spec = snapshot::spec_of(dataset).fields[field];
    if (is_collected(dataset) && !spec.paths.empty())
      request.fields.insert({dataset, field});
    else if (const Source* source = find_source(dataset, spec.name))
      add_source(*source);
  }
  for (const std::uint16_t relation : wanted.relations) {
    add_relation(relation);
    const auto& spec = snapshot::relations()[relation];
    if (const Source* source = find_source(spec.from, spec.name)) add_source(*source);
  }
  for (const Dataset dataset : wanted.subjects)
    if (is_collected(dataset)) request.keys.insert(dataset);
  if (wanted.needs_match() || wanted.has_field(Dataset::nonhumans, "account_exists") ||
      wanted.needs_previous())
    request.keys.insert(Dataset::users);
  if (wanted.has_field(Dataset::nonhumans, "account_exists")) request.keys.insert(Dataset::service_accounts);
  return request;
}

std::set<std::pair<Dataset, std::uint16_t>> roster_fields(const Wanted& wanted) {
  Wanted out;
  for (const auto& read : wanted.fields)
    if (read.first == Dataset::persons || read.first == Dataset::tenures) out.fields.insert(read);
  if (wanted.has_field(Dataset::workspaces, "member_departments") ||
      wanted.has_field(Dataset::workspaces, "members_without_department"))
    out.add_field(Dataset::persons, "department");
  if (wanted.has_field(Dataset::users, "person_last_day")) out.add_field(Dataset::persons, "last_day");
  if (wanted.has_relation(Dataset::persons, "manager") || wanted.has_relation(Dataset::persons, "reports"))
    out.add_field(Dataset::persons, "manager_id");
  if (wanted.has_relation(Dataset::persons, "tenures") || wanted.has_relation(Dataset::tenures, "person"))
    out.add_field(Dataset::tenures, "person_id");
  return std::move(out.fields);
}

Derived derive(World& world, const Wanted& wanted, const DeriveInputs& inputs) {
  Derived out;
  Maker maker(world, wanted);
  // Who is who, and who is where: neither needs the other.
  run_parallel(std::min(inputs.jobs, 2u), 2, [&](std::size_t task, unsigned) {
    if (task == 0) {
      derive_people(world, maker, wanted, inputs, out);
    } else {
      derive_memberships(world, maker);
      derive_default(world, maker);
      derive_addresses(world, maker);
      derive_accepted_invites(world, maker);
      derive_previous_role(world, maker);
    }
  });
  derive_member_departments(world, maker, out.matches.get());
  fill_own_tables(world, inputs);
  derive_seen(world, maker);
  return out;
}

}  // namespace muster::evaluate
