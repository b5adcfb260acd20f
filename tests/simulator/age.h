// The three ages of reply data: what an API of last year left out, what today's sends, and what tomorrow's
// may add.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simulator {

enum class Age : std::uint8_t { old, current, future };
[[nodiscard]] std::optional<Age> parse_age(std::string_view word);

/// What kind of object it is that ages.
enum class Thing : std::uint8_t {
  user,
  directory_user,
  invite,
  workspace,
  member,
  api_key,
  group,
  group_member,
  activity,
  other
};

/// The object as the API of that age would have sent it.
[[nodiscard]] std::string aged(Thing thing, Age age, const std::string& object);

}  // namespace simulator
