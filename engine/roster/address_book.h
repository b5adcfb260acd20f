// Folded e-mail address → persons. One address may belong to several persons, one person may have several
// addresses. Built once, then read by all threads.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "model/string_column.h"
#include "roster/roster.h"
#include "snapshot/table.h"

namespace muster::roster {

class AddressBook {
 public:
  AddressBook() = default;
  /// Row p of `firsts` is person p's own address, "" when there is none; `others` are further addresses with
  /// their persons.
  AddressBook(StringColumn firsts, const StringColumn& others, std::vector<std::uint32_t> persons_of_others);

  [[nodiscard]] bool empty() const { return keys_.empty(); }
  /// For batches, in three steps, each for the whole batch: the hash's slot; the place of the entry that the
  /// slot probably names; its text.
  void prefetch(std::uint64_t hash) const { index_.prefetch(hash); }
  [[nodiscard]] std::uint32_t prefetch_place(std::uint64_t hash) const {
    const std::uint32_t entry = index_.guess(hash);
    if (entry != snapshot::kDangling) keys_.prefetch_place(entry);
    return entry;
  }
  void prefetch_text(std::uint32_t entry) const {
    if (entry != snapshot::kDangling) keys_.prefetch_text(entry);
  }
  /// The first entry of an address; snapshot::kDangling when nobody has it. `hash` is
  /// KeyIndex::hash(address).
  [[nodiscard]] std::uint32_t find(std::string_view address, std::uint64_t hash) const {
    return address.empty() ? snapshot::kDangling : index_.find(keys_, address, hash);
  }
  [[nodiscard]] std::uint32_t person(std::uint32_t entry) const {
    return entry < firsts_ ? entry : persons_of_others_[entry - firsts_];
  }
  /// Whether further persons have the address of this first entry.
  [[nodiscard]] bool is_shared(std::uint32_t entry) const {
    return (shared_[entry / 64] >> (entry % 64) & 1) != 0;
  }
  /// Appends every person with that address, each once, ascending.
  void collect(std::string_view address, std::vector<std::uint32_t>& persons) const;

 private:
  StringColumn keys_;
  std::uint32_t firsts_ = 0;
  std::vector<std::uint32_t> persons_of_others_;
  snapshot::KeyIndex index_;
  std::vector<std::uint64_t> shared_;                          // one bit an entry
  std::vector<std::pair<std::uint32_t, std::uint32_t>> more_;  // first entry → further entry, sorted
};

struct Roster::MatchIndex {
  const snapshot::Table* persons =
      nullptr;  // where it stands does not change when the roster hands it to another owner
  AddressBook current, former;
  std::vector<Zone> zones;            // of the sources
  std::vector<std::uint8_t> zone_of;  // by person, into zones; empty when there is one zone only
  [[nodiscard]] const Zone& zone(std::uint32_t person) const {
    return zones[zone_of.empty() ? 0 : zone_of[person]];
  }
};

}  // namespace muster::roster
