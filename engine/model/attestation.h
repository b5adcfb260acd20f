// A manual attestation: somebody answers for what no rule can see of some controls, until a day.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/control.h"

namespace muster {

/// attestations.yaml, one item.
struct Attestation {
  struct Evidence {
    std::string link;    // where a reader finds it: an address, a ticket, a path
    std::string sha256;  // of the file behind it; may be empty
  };
  std::string id;
  std::vector<ControlId> controls;
  std::string statement;
  std::string owner;            // who answers for it; without one it fills nothing
  Date date;                    // the day on which it was made
  std::string frequency;        // "quarterly"; empty when `expires` is given
  std::optional<Date> expires;  // the last day; of `frequency`: computed
  std::vector<Evidence> evidence;
  Place place;
};

}  // namespace muster
