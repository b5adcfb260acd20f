// A framework's table: its controls about identity and access, with what tests of access can show of each.
// Ids are the framework's, the words are our own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/control.h"

namespace muster {

/// What tests of access to the platform can show of a control: all of it, a part, nothing because its proof
/// is what people or other systems do, or nothing because it is not about who has access at all.
enum class Tests : std::uint8_t { whole, part, none, outside };
inline constexpr Tests kTests[] = {Tests::whole, Tests::part, Tests::none, Tests::outside};
[[nodiscard]] std::string_view word_of(Tests tests);

struct FrameworkControl {
  std::string id, title;
  Tests tests = Tests::whole;
  std::string rest;  // what no test sees; empty when it sees all
  Place place;
};

struct Framework {
  std::string id, title;
  std::vector<FrameworkControl> controls;  // in the framework's order
  std::string file;                        // "builtin:policies/frameworks/soc2.yaml"
  std::string sha256;
  std::uint64_t bytes = 0;
  /// The control of that id, or the one of which it is a statement ("AC-2 d" belongs to "AC-2"); nullptr when
  /// there is none.
  [[nodiscard]] const FrameworkControl* find(std::string_view control) const;
};

/// nullptr when there is no table of that id.
[[nodiscard]] const Framework* find_framework(std::span<const Framework> frameworks, std::string_view id);

}  // namespace muster
