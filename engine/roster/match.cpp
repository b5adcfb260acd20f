#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/parallel.h"
#include "base/text.h"
#include "roster/address_book.h"
#include "roster/roster.h"

namespace muster::roster {
namespace {

using snapshot::Cell;
using snapshot::kDangling;
using snapshot::KeyIndex;

constexpr std::size_t kBatch = 32;         // look-ups under way at once
constexpr std::size_t kBlock = 16 * 1024;  // accounts of one task
constexpr std::size_t kMostNamed = 5;

/// rosa+claude@x → rosa@x; empty when there is no tag.
std::string without_plus_tag(std::string_view address) {
  const auto at = address.rfind('@');
  const auto plus = address.find('+');
  // A quoted local part may hold anything.
  if (at == std::string_view::npos || plus == std::string_view::npos || plus == 0 || plus > at ||
      address.front() == '"')
    return {};
  return std::string(address.substr(0, plus)).append(address.substr(at));
}

std::string place_of(const Place& place) {
  return place.line == 0 ? place.file : fmt::format("{}:{}", place.file, place.line);
}

/// What is known of persons, by row; the vectors belong to the roster.
struct Facts {
  std::span<const PersonState> states;
  std::span<const Instant> starts_at, left_at;
  explicit Facts(const Roster& roster)
      : states(roster.states), starts_at(roster.starts_at), left_at(roster.left_at) {}
};

/// Which of several persons an account belongs to: the one who is active; else whoever may still be
/// (contradictory), else whoever left last, else whoever starts first. kNoPerson when two are active.
std::uint32_t choose(const Facts& roster, std::span<const std::uint32_t> persons) {
  const auto rank = [&](std::uint32_t person) {
    switch (roster.states[person]) {
      case PersonState::active: return 0;
      case PersonState::contradictory: return 1;
      case PersonState::left_unknown_date: return 2;
      case PersonState::left: return 3;
      case PersonState::not_started: return 4;
    }
    return 5;
  };
  std::uint32_t best = kNoPerson;
  for (const std::uint32_t person : persons) {
    if (best == kNoPerson || rank(person) < rank(best)) {
      best = person;
    } else if (rank(person) == rank(best)) {
      if (roster.states[person] == PersonState::active) return kNoPerson;
      if (roster.states[person] == PersonState::left && roster.left_at[person] > roster.left_at[best])
        best = person;
      if (roster.states[person] == PersonState::not_started &&
          roster.starts_at[person] < roster.starts_at[best])
        best = person;
    }
  }
  return best;
}

/// Few keys, asked for often: links and the register. A filter in the nearest cache turns away nearly all who
/// are not among them.
struct SmallIndex {
  StringColumn keys;
  KeyIndex index;
  std::vector<std::uint32_t> items;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> repeats;  // first key, further key
  std::array<std::uint64_t, 256> filter{};

  void build() {
    for (std::size_t key = 0; key < keys.size(); ++key) {
      const std::uint64_t bit = KeyIndex::hash(keys[key]) >> 50;
      filter[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
    index.build(keys, [&](std::uint32_t first, std::uint32_t key) { repeats.emplace_back(first, key); });
  }
  void find(std::string_view key, std::uint64_t hash, std::vector<std::uint32_t>& out) const {
    const std::uint64_t bit = hash >> 50;
    if ((filter[bit / 64] >> (bit % 64) & 1) == 0) return;
    const std::uint32_t first = index.find(keys, key, hash);
    if (first == kDangling) return;
    out.push_back(items[first]);
    for (const auto& [same, further] : repeats) {
      if (same == first) out.push_back(items[further]);
    }
  }
};

/// Names of accounts as links and the register write them: e-mail addresses (folded) and ids (as they are).
struct AccountNames {
  SmallIndex ids, emails;
  void add(std::string_view account, std::uint32_t item) {
    const bool is_email = account.find('@') != std::string_view::npos;
    SmallIndex& index = is_email ? emails : ids;
    index.keys.push_back(is_email ? fold_email(account) : std::string(trim(account)));
    index.items.push_back(item);
  }
  void build() {
    ids.build();
    emails.build();
  }
};

}  // namespace

std::string_view word_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::none: return "none";
    case Strategy::link: return "link";
    case Strategy::email: return "email";
    case Strategy::plus_tag: return "plus_tag";
    case Strategy::former_email: return "former_email";
    case Strategy::domain_alias: return "domain_alias";
  }
  return "";
}

/// The matcher: also kept afterwards, to say why.
struct Matches::Context {
  explicit Context(const Roster& roster)
      : persons(roster.index->persons), books(roster.index), facts(roster) {}
  const snapshot::Table* persons;
  std::shared_ptr<const Roster::MatchIndex> books;
  Facts facts;
  Accounts accounts;
  std::vector<AccountLink> links;
  std::vector<std::uint32_t> link_persons;  // by link; kNoPerson when the roster has nobody of that name
  std::vector<NonhumanEntry> nonhumans;
  std::vector<std::vector<std::string>> domains;  // each a set of equivalent domains, folded
  AccountNames link_names, nonhuman_names;

  /// How an account was matched, in full.
  struct Trace {
    Match match;
    std::vector<std::uint32_t> persons;  // all who fit, ascending
    std::vector<std::uint32_t> items;    // links or register entries that name the account
    std::string address;                 // the roster's address that led to them
    bool is_tag_removed = false, is_former = false;
  };

  [[nodiscard]] std::string_view email_of(std::uint32_t account) const {
    return accounts.emails == nullptr || accounts.emails->cell(account) != Cell::value
               ? std::string_view()
               : accounts.emails->text(account);
  }

  [[nodiscard]] Trace trace(std::uint32_t account) const {
    const std::string email = fold_email(email_of(account));
    return trace(account, email, KeyIndex::hash(email));
  }

  [[nodiscard]] Trace trace(std::uint32_t account, std::string_view email, std::uint64_t hash) const {
    Trace out;
    if (find_names(nonhuman_names, account, email, hash, out.items)) {
      out.match.nonhuman = *std::min_element(out.items.begin(), out.items.end());
      out.match.state = MatchState::nonhuman;
      return out;
    }
    if (find_names(link_names, account, email, hash, out.items)) {
      for (const std::uint32_t link : out.items) {
        if (link_persons[link] != kNoPerson) out.persons.push_back(link_persons[link]);
      }
      std::sort(out.persons.begin(), out.persons.end());
      out.persons.erase(std::unique(out.persons.begin(), out.persons.end()), out.persons.end());
      if (settle(out, Strategy::link)) return out;
    }
    if (email.empty()) return out;
    const std::string bare = without_plus_tag(email);
    if (look_up(books->current, email, out) && settle(out, Strategy::email)) return out;
    if (look_up(books->current, bare, out) && settle(out, Strategy::plus_tag)) {
      out.is_tag_removed = true;
      return out;
    }
    out.is_former = true;
    if (look_up(books->former, email, out) && settle(out, Strategy::former_email)) return out;
    if (look_up(books->former, bare, out) && settle(out, Strategy::former_email)) {
      out.is_tag_removed = true;
      return out;
    }
    find_by_alias(email, bare, out);
    return out;
  }

  /// Which links and register entries were asked for; one of these for each worker.
  struct Used {
    std::vector<std::uint8_t> links, nonhumans;
    std::vector<std::uint32_t> items;
  };

  [[nodiscard]] Match match(std::uint32_t account, std::string_view email, std::uint64_t hash,
                            Used& used) const {
    const bool is_linked = mark(link_names, account, email, hash, used.items, used.links);
    const bool is_registered = mark(nonhuman_names, account, email, hash, used.items, used.nonhumans);
    if (!is_linked && !is_registered) {
      const std::uint32_t entry = books->current.find(email, hash);
      if (entry != kDangling && !books->current.is_shared(entry))
        return {books->current.person(entry), kNoPerson, MatchState::matched, Strategy::email};
    }
    return trace(account, email, hash).match;
  }

 private:
  bool find_names(const AccountNames& names, std::uint32_t account, std::string_view email,
                  std::uint64_t hash, std::vector<std::uint32_t>& items) const {
    items.clear();
    if (!names.ids.keys.empty())
      names.ids.find((*accounts.ids)[account], KeyIndex::hash((*accounts.ids)[account]), items);
    if (!email.empty()) names.emails.find(email, hash, items);
    return !items.empty();
  }

  bool mark(const AccountNames& names, std::uint32_t account, std::string_view email, std::uint64_t hash,
            std::vector<std::uint32_t>& items, std::vector<std::uint8_t>& used) const {
    if (!find_names(names, account, email, hash, items)) return false;
    for (const std::uint32_t item : items) used[item] = 1;
    return true;
  }

  static bool look_up(const AddressBook& book, std::string_view address, Trace& out) {
    if (address.empty() || book.empty()) return false;
    const std::size_t before = out.persons.size();
    book.collect(address, out.persons);
    if (out.persons.size() == before) return false;
    if (before == 0) out.address = address;
    return true;
  }

  bool settle(Trace& out, Strategy strategy) const {
    if (out.persons.empty()) return false;
    out.match.strategy = strategy;
    out.match.person = choose(facts, out.persons);
    out.match.state = out.match.person == kNoPerson ? MatchState::ambiguous : MatchState::matched;
    out.match.is_one_of_several = out.persons.size() > 1;
    return true;
  }

  /// The same steps under each equivalent domain; persons of all of them count.
  void find_by_alias(std::string_view email, std::string_view bare, Trace& out) const {
    const auto at = email.rfind('@');
    if (at == std::string_view::npos) return;
    const auto domain = email.substr(at + 1);
    for (const bool is_former : {false, true}) {
      for (const bool is_tag_removed : {false, true}) {
        const auto address = is_tag_removed ? bare : email;
        if (address.empty()) continue;
        const auto local = address.substr(0, address.rfind('@') + 1);
        for (const auto& set : domains) {
          if (std::find(set.begin(), set.end(), domain) == set.end()) continue;
          for (const auto& other : set) {
            if (other == domain) continue;
            look_up(is_former ? books->former : books->current, std::string(local).append(other), out);
          }
        }
        std::sort(out.persons.begin(), out.persons.end());
        out.persons.erase(std::unique(out.persons.begin(), out.persons.end()), out.persons.end());
        out.is_former = is_former;
        out.is_tag_removed = is_tag_removed;
        if (settle(out, Strategy::domain_alias)) return;
      }
    }
  }
};

namespace {

std::string names_of(const snapshot::Table& persons, std::span<const std::uint32_t> rows) {
  std::string out;
  for (std::size_t i = 0; i < rows.size() && i < kMostNamed; ++i)
    out += fmt::format("{}{}", i == 0 ? "" : ", ", persons.ids()[rows[i]]);
  if (rows.size() > kMostNamed) out += fmt::format(" and {} more", rows.size() - kMostNamed);
  return out;
}

/// "", or why this one of several: ", the only active one of 2 persons: P-10, P-22".
std::string why_chosen(const Facts& facts, const snapshot::Table& persons, const Match& match,
                       std::span<const std::uint32_t> all) {
  if (all.size() < 2 || match.person == kNoPerson) return {};
  const auto why = [&]() -> std::string_view {
    switch (facts.states[match.person]) {
      case PersonState::active: return "the only active one";
      case PersonState::left:
      case PersonState::left_unknown_date: return "the latest to leave";
      case PersonState::contradictory: return "the one who may be active";
      case PersonState::not_started: return "the first to start";
    }
    return "";
  };
  return fmt::format(", {} of {} persons: {}", why(), all.size(), names_of(persons, all));
}

}  // namespace

std::string Matches::reason(std::uint32_t account) const {
  const Context& c = *context;
  // Nearly all accounts: no need to look again.
  if (of[account].strategy == Strategy::email && of[account].state == MatchState::matched &&
      !of[account].is_one_of_several) {
    return std::string("e-mail ").append(c.email_of(account));
  }
  const Context::Trace trace = c.trace(account);
  const auto email = c.email_of(account);
  const auto places = [&](const auto& list) {
    std::string out;
    for (const std::uint32_t item : trace.items)
      out += (out.empty() ? "" : ", ") + place_of(list[item].place);
    return out;
  };
  switch (trace.match.state) {
    case MatchState::nonhuman: {
      const NonhumanEntry& entry = c.nonhumans[trace.match.nonhuman];
      return fmt::format("in the register of non-human identities as {} ({})",
                         entry.id.empty() ? entry.account : entry.id, place_of(entry.place));
    }
    case MatchState::nobody: {
      std::string out = email.empty() ? "the account has no e-mail address and no link"
                                      : fmt::format("nobody on the roster has {}", email);
      for (const std::uint32_t link : trace.items)
        out += fmt::format("; {} links it to {}, who is not on the roster", place_of(c.links[link].place),
                           c.links[link].person);
      return out;
    }
    case MatchState::ambiguous: {
      std::vector<std::uint32_t> active;
      for (const std::uint32_t person : trace.persons) {
        if (c.facts.states[person] == PersonState::active) active.push_back(person);
      }
      const std::string under = trace.match.strategy == Strategy::link
                                    ? fmt::format("linked by {}", places(c.links))
                                : trace.match.strategy == Strategy::domain_alias
                                    ? fmt::format("under {} and its domain aliases", email)
                                    : fmt::format("under {}", trace.address);
      return fmt::format("{} active persons {}: {}", active.size(), under, names_of(*c.persons, active));
    }
    case MatchState::matched: break;
  }
  std::string how;
  switch (trace.match.strategy) {
    case Strategy::none: break;
    case Strategy::link: how = fmt::format("linked by {}", places(c.links)); break;
    case Strategy::email: how = fmt::format("e-mail {}", email); break;
    case Strategy::plus_tag: how = fmt::format("plus tag removed: {}", email); break;
    case Strategy::former_email:
      how = fmt::format("former e-mail {}{}", email, trace.is_tag_removed ? ", plus tag removed" : "");
      break;
    case Strategy::domain_alias:
      how = fmt::format("domain alias: {} is {}{}{}", email, trace.is_former ? "the former e-mail " : "",
                        trace.address, trace.is_tag_removed ? ", plus tag removed" : "");
      break;
  }
  return how + why_chosen(c.facts, *c.persons, trace.match, trace.persons);
}

Matches match_accounts(const Roster& roster, const Accounts& accounts, const MatchInputs& inputs,
                       unsigned jobs) {
  auto context = std::make_shared<Matches::Context>(roster);
  context->accounts = accounts;
  context->links.assign(inputs.links.begin(), inputs.links.end());
  context->nonhumans.assign(inputs.nonhumans.begin(), inputs.nonhumans.end());
  Matches out;
  for (std::uint32_t i = 0; i < inputs.links.size(); ++i) {
    context->link_names.add(inputs.links[i].account, i);
    context->link_persons.push_back(find_person(roster, inputs.links[i].person));
  }
  for (std::uint32_t i = 0; i < inputs.nonhumans.size(); ++i)
    context->nonhuman_names.add(inputs.nonhumans[i].account, i);
  context->link_names.build();
  context->nonhuman_names.build();
  if (inputs.domain_aliases != nullptr) {
    for (const auto& [domain, aliases] : *inputs.domain_aliases) {
      auto& set = context->domains.emplace_back(1, fold_case(trim(domain)));
      for (const auto& alias : aliases) set.push_back(fold_case(trim(alias)));
    }
  }

  const std::size_t count = accounts.ids->size();
  out.of.resize(count);
  std::vector<Matches::Context::Used> used(std::max(jobs, 1u));
  for (auto& each : used) {
    each.links.resize(inputs.links.size());
    each.nonhumans.resize(inputs.nonhumans.size());
  }
  run_parallel(jobs, (count + kBlock - 1) / kBlock, [&](std::size_t task, unsigned worker) {
    const std::size_t end = std::min(count, (task + 1) * kBlock);
    std::string folded;
    std::array<std::size_t, kBatch + 1> ends;
    std::array<std::uint64_t, kBatch> hashes;
    std::array<std::uint32_t, kBatch> entries;
    const AddressBook& book = context->books->current;
    for (std::size_t begin = task * kBlock; begin < end; begin += kBatch) {
      const std::size_t size = std::min(kBatch, end - begin);
      folded.clear();
      ends[0] = 0;
      for (std::size_t i = 0; i < size; ++i) {
        fold_email(context->email_of(static_cast<std::uint32_t>(begin + i)), folded);
        ends[i + 1] = folded.size();
        hashes[i] = KeyIndex::hash(std::string_view(folded).substr(ends[i], ends[i + 1] - ends[i]));
      }
      // Loops of their own, so short that many reads of memory are under way at once.
      for (std::size_t i = 0; i < size; ++i) book.prefetch(hashes[i]);
      for (std::size_t i = 0; i < size; ++i) entries[i] = book.prefetch_place(hashes[i]);
      for (std::size_t i = 0; i < size; ++i) book.prefetch_text(entries[i]);
      for (std::size_t i = 0; i < size; ++i) {
        out.of[begin + i] = context->match(static_cast<std::uint32_t>(begin + i),
                                           std::string_view(folded).substr(ends[i], ends[i + 1] - ends[i]),
                                           hashes[i], used[worker]);
      }
    }
  });

  // Links and register entries that lead nowhere: the account or the person has gone, or the name has a slip.
  const auto is_used = [&](std::vector<std::uint8_t> Matches::Context::Used::*list, std::size_t i) {
    return std::any_of(used.begin(), used.end(), [&](const auto& each) { return (each.*list)[i] != 0; });
  };
  for (std::size_t i = 0; i < inputs.links.size(); ++i) {
    const AccountLink& link = inputs.links[i];
    if (!is_used(&Matches::Context::Used::links, i))
      out.warnings.push_back(fmt::format("{}: no account is named {}", place_of(link.place), link.account));
    if (context->link_persons[i] == kNoPerson)
      out.warnings.push_back(
          fmt::format("{}: nobody on the roster is named {}", place_of(link.place), link.person));
  }
  for (std::size_t i = 0; i < inputs.nonhumans.size(); ++i) {
    const NonhumanEntry& entry = inputs.nonhumans[i];
    // Service accounts are not among the users; whether theirs exist is the register rule's question.
    const bool is_user = entry.account.find('@') != std::string::npos || entry.account.starts_with("user_");
    if (!is_used(&Matches::Context::Used::nonhumans, i) && is_user)
      out.warnings.push_back(fmt::format("{}: no account is named {}", place_of(entry.place), entry.account));
    if (const auto person = find_person(roster, entry.account); person != kNoPerson && is_user) {
      out.warnings.push_back(fmt::format("{}: {} is registered as non-human, and is the e-mail address of {}",
                                         place_of(entry.place), entry.account,
                                         roster.index->persons->ids()[person]));
    }
  }
  out.context = std::move(context);
  return out;
}

std::uint32_t find_person(const Roster& roster, std::string_view id_or_email) {
  const auto name = trim(id_or_email);
  if (name.empty() || roster.index == nullptr) return kNoPerson;
  if (const std::uint32_t row = roster.index->persons->find(name); row < kDangling) return row;
  if (name.find('@') == std::string_view::npos) return kNoPerson;
  const std::string email = fold_email(name);
  std::vector<std::uint32_t> persons;
  roster.index->current.collect(email, persons);
  if (persons.empty()) roster.index->former.collect(email, persons);
  return choose(Facts(roster), persons);
}

}  // namespace muster::roster
