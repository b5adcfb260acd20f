// Roster rows out of JSON: an array of objects (or an object that holds one, as HR systems' APIs answer), or
// one object a line. Members are found by the column map, a dot reaching into nested objects ("manager.id"),
// or by the usual names. A row may hold lists of addresses and of tenures.
#pragma once

#include <functional>
#include <string_view>

#include "base/diagnostics.h"
#include "roster/csv_reader.h"
#include "roster/draft.h"

namespace muster::roster {

inline constexpr std::uint64_t kMostJsonBytes = std::uint64_t{256}
                                                << 20;  // of a JSON array; JSONL is read line by line
inline constexpr std::size_t kMostLineBytes = std::size_t{4} << 20;

/// The whole text of a JSON file. Rows are numbered from 1 in place of lines.
[[nodiscard]] Status read_json(std::string_view text, const RosterSource& source, SourceRows& rows,
                               Diagnostics& problems);
/// Calls `take` with each line that is not blank, and its number from 1.
[[nodiscard]] Status read_lines(const ReadBytes& read, const RosterSource& source,
                                const std::function<void(std::string_view, std::uint32_t)>& take);
[[nodiscard]] Status read_jsonl(const ReadBytes& read, const RosterSource& source, SourceRows& rows,
                                Diagnostics& problems);

}  // namespace muster::roster
