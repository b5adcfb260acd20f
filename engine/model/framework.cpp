#include "model/framework.h"

#include <algorithm>

namespace muster {

std::string_view word_of(Tests tests) {
  switch (tests) {
    case Tests::whole: return "whole";
    case Tests::part: return "part";
    case Tests::none: return "none";
    case Tests::outside: return "outside";
  }
  return "";
}

const FrameworkControl* Framework::find(std::string_view control) const {
  const auto of = [&](std::string_view wanted) -> const FrameworkControl* {
    const auto found =
        std::find_if(controls.begin(), controls.end(), [&](const auto& each) { return each.id == wanted; });
    return found == controls.end() ? nullptr : &*found;
  };
  if (const FrameworkControl* whole = of(control); whole != nullptr) return whole;
  const std::size_t space = control.find(' ');
  // A statement is a letter or number, with brackets perhaps: whatever is longer is no statement but a slip.
  constexpr std::size_t kLongestStatement = 6;
  const bool has_statement = space != std::string_view::npos && space + 1 < control.size() &&
                             control.size() - space - 1 <= kLongestStatement &&
                             control.find(' ', space + 1) == std::string_view::npos;
  return has_statement ? of(control.substr(0, space)) : nullptr;
}

const Framework* find_framework(std::span<const Framework> frameworks, std::string_view id) {
  const auto found = std::find_if(frameworks.begin(), frameworks.end(),
                                  [&](const Framework& each) { return each.id == id; });
  return found == frameworks.end() ? nullptr : &*found;
}

}  // namespace muster
