#include "roster/address_book.h"

#include <algorithm>

namespace muster::roster {

AddressBook::AddressBook(StringColumn firsts, const StringColumn& others,
                         std::vector<std::uint32_t> persons_of_others)
    : keys_(std::move(firsts)),
      firsts_(static_cast<std::uint32_t>(keys_.size())),
      persons_of_others_(std::move(persons_of_others)) {
  keys_.append(others);
  shared_.assign(keys_.size() / 64 + 1, 0);
  index_.build(keys_, [&](std::uint32_t first, std::uint32_t entry) {
    if (keys_[entry].empty()) return;
    more_.emplace_back(first, entry);
    shared_[first / 64] |= std::uint64_t{1} << (first % 64);
  });
  std::sort(more_.begin(), more_.end());
}

void AddressBook::collect(std::string_view address, std::vector<std::uint32_t>& persons) const {
  const auto begin = static_cast<std::ptrdiff_t>(persons.size());
  const std::uint32_t first = find(address, snapshot::KeyIndex::hash(address));
  if (first == snapshot::kDangling) return;
  persons.push_back(person(first));
  if (is_shared(first)) {
    for (auto at = std::lower_bound(more_.begin(), more_.end(), std::pair(first, 0u));
         at != more_.end() && at->first == first; ++at)
      persons.push_back(person(at->second));
  }
  std::sort(persons.begin() + begin, persons.end());
  persons.erase(std::unique(persons.begin() + begin, persons.end()), persons.end());
}

}  // namespace muster::roster
