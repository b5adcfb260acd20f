// The fields that a roster source may have, and which header (or JSON member) holds which: by the config's
// `columns`, or, without one, by the header names that HR systems usually write. A wrong guess must not make
// leavers look present, so a file whose dates or status nobody mapped is an error.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "model/settings.h"

namespace muster::roster {

enum class Field : std::uint8_t {
  person_id,
  name,
  first_name,
  last_name,
  email,
  emails,
  former_emails,
  status,
  start,
  end,
  kind,
  manager,
  department,
  tenures,  // JSON only: a list of {start, end, status}
  as_of,    // `as_of_column`
};
inline constexpr std::size_t kFieldCount = 15;
inline constexpr std::size_t kMappableCount = 14;  // those that `columns` may name

/// The word that `columns` says; as_of is "as_of_column".
[[nodiscard]] std::string_view word_of(Field field);
[[nodiscard]] constexpr std::size_t index_of(Field field) { return static_cast<std::size_t>(field); }

/// How well a header fits a field when there is no `columns`: the lower the better; nullopt when it is none
/// of the usual names.
struct Guess {
  Field field;
  std::uint32_t rank;
};
[[nodiscard]] std::optional<Guess> guess_field(std::string_view header);

/// The headers that a field is guessed from, best first, in the compared form (lower case, letters and digits
/// only).
[[nodiscard]] std::span<const std::string_view> usual_names(Field field);

/// Where each field stands in a row; kNoColumn when the file has none.
inline constexpr std::uint32_t kNoColumn = 0xFFFFFFFF;
using FieldColumns = std::array<std::uint32_t, kFieldCount>;

/// Checks what the config says about a source, before its file is read: `columns`, `status`, `kind` keys and
/// words, delimiter.
void check_source(const RosterSource& source, Diagnostics& problems);

/// Maps the header line. Problems: roster_column, at `line` of the source's file.
[[nodiscard]] FieldColumns map_header(const RosterSource& source, std::span<const std::string_view> header,
                                      std::uint32_t line, Diagnostics& problems);

/// The claims that both CSV and JSON sources must satisfy once it is known which fields were `found` and
/// which names the file has.
void check_found(const RosterSource& source, const std::array<bool, kFieldCount>& found,
                 std::span<const std::string_view> names, std::uint32_t line, Diagnostics& problems);

/// Whether two header names are the same but for case and surrounding white space.
[[nodiscard]] bool is_same_name(std::string_view a, std::string_view b);

/// `"a", "b" and "c"`, cut after `most` ("… and 7 more").
[[nodiscard]] std::string list_names(std::span<const std::string_view> names, std::size_t most);

}  // namespace muster::roster
