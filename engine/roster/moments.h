// Dates of a roster: ISO 8601 days, RFC 3339 times, or the config's `date_format`, in the source's zone.
// Remembers what it has read (a roster repeats its dates), so that a million rows cost no calendar or zone
// arithmetic. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace muster::roster {

/// A day, [begin, end) in the zone; or an instant, when `is_time` (begin == end).
struct Moment {
  Instant begin, end;
  bool is_time = false;
};

class MomentReader {
 public:
  MomentReader(Zone zone, std::string format);
  /// `text` is not empty. nullopt when it is in no accepted form.
  [[nodiscard]] std::optional<Moment> read(std::string_view text);
  /// What to tell about a text that was refused.
  [[nodiscard]] std::string hint_for(std::string_view text) const;
  [[nodiscard]] const Zone& zone() const { return zone_; }

 private:
  /// A day that was read before, by its text; two to a cache line.
  struct Slot {
    char text[15];
    std::uint8_t size;
    Instant begin, end;
  };
  [[nodiscard]] std::optional<Moment> parse(std::string_view text) const;
  Zone zone_;
  std::string format_;
  std::vector<Slot> slots_;
};

}  // namespace muster::roster
