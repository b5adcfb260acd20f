// What tenures say of a person as of an instant. Pure.
#pragma once

#include <cstddef>
#include <span>

#include "roster/roster.h"

namespace muster::roster {

/// Of one tenure alone.
[[nodiscard]] PersonState state_of(const Tenure& tenure, Instant as_of);

struct Decision {
  PersonState state = PersonState::contradictory;
  std::size_t tenure = 0;  // the one that decided
};

/// Of all tenures of a person; `tenures` is not empty. Any running tenure makes the person active (several
/// jobs at a time are normal), unless a tenure that began on the same day is over: then one of the two rows
/// is out of date. Else the tenure that ended last decides; only a person who never began is not_started.
[[nodiscard]] Decision decide(std::span<const Tenure> tenures, Instant as_of);

}  // namespace muster::roster
