// A page's rows as lines of datasets: the object as it stands, and where it came from.
#pragma once

#include <map>
#include <string>

#include "collect/page.h"
#include "collect/target.h"
#include "snapshot/source.h"

namespace muster::collect {

/// What all rows of a page have in common.
struct Origin {
  Provider provider = Provider::admin;
  std::string organization_id;
  const Endpoint& endpoint;
  const ParentRow& parent;
  std::uint64_t request = 0;       // its number in the ledger
  snapshot::Source defaults = {};  // what the manifest says of the dataset's lines, and they need not
};

class LineWriter {
 public:
  explicit LineWriter(const Origin& origin);
  void add(const Row& row, std::string& out) const;

 private:
  std::string head_, parent_, tail_;
  std::string_view parent_id_;
  bool names_itself_;  // an organization's row belongs to that organization
};

}  // namespace muster::collect
