// A draft of the roster: rows as read from all sources, as columns, before the rows of one person are put
// together. Also what turns the text of a row into that: dates, words, addresses, and the report of rows that
// cannot be read (the first ones in full, the rest counted).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "model/settings.h"
#include "model/string_column.h"
#include "roster/fields.h"
#include "roster/moments.h"
#include "roster/roster.h"
#include "roster/words.h"

namespace muster::roster {

inline constexpr Instant kNoInstant{std::numeric_limits<std::int64_t>::min()};

enum class Kind : std::uint8_t { employee, contractor, external, unknown };
[[nodiscard]] std::string_view word_of(Kind kind);

/// An address beside a row's first one.
struct ExtraAddress {
  std::uint32_t row = 0;
  bool is_former = false;
};

/// The optional columns that somebody asked for.
struct Wanted {
  bool person_id = false, name = false, email = false, emails = false, former_emails = false, kind = false,
       manager_id = false, department = false, state = false, starts_at = false, left_at = false,
       last_day = false;
  bool tenure_person_id = false, tenure_status = false, tenure_start = false, tenure_end = false;
  [[nodiscard]] bool any_tenure() const {
    return tenure_person_id || tenure_status || tenure_start || tenure_end;
  }
};
[[nodiscard]] Wanted wanted_of(const LoadOptions& options);

struct Draft {
  // By row.
  StringColumn ids, names, emails;                   // emails: folded, "" when the row has none
  StringColumn shown_emails, managers, departments;  // as written; empty columns unless wanted
  std::vector<Instant> starts, ends;                 // kNoInstant when there is none
  std::vector<std::uint8_t> is_terminated;
  std::vector<Kind> kinds;  // empty unless wanted
  std::vector<std::uint32_t> lines;
  // Beside the rows.
  std::vector<ExtraAddress> extras;  // by row
  StringColumn extra_texts;          // as written, one per extra
  std::vector<Tenure> more_tenures;  // `person` is the row, ascending
  struct Source {
    std::uint32_t first_row = 0;
    std::string shown_path;
    Zone zone;
  };
  std::vector<Source> sources;
  [[nodiscard]] std::uint32_t rows() const { return static_cast<std::uint32_t>(ids.size()); }
  [[nodiscard]] const Source& source_of(std::uint32_t row) const;
  [[nodiscard]] Tenure tenure(std::uint32_t row) const;
};

struct TenureText {
  std::string_view start, end, status;
  bool has_status = false;
};

/// One row, as text. Cells of fields that are not there are empty.
struct RowText {
  std::array<std::string_view, kFieldCount> cells;
  bool has_status = false;
  bool has_tenures = false;
  std::span<const TenureText> tenures;
  std::size_t bytes = 0;  // of the row in the file, about; to foresee how much memory is needed
  [[nodiscard]] std::string_view operator[](Field field) const { return cells[index_of(field)]; }
};

/// Turns the rows of one source into the draft.
class SourceRows {
 public:
  SourceRows(const RosterSource& source, Zone zone, const Wanted& wanted, Draft& draft,
             Diagnostics& problems);
  void add(const RowText& row, std::uint32_t line);
  /// Reports a row that is left out; the first kMostShown in full.
  void report(Error error);
  /// After the last row: words that nobody mapped, addresses that are none, the count of further problems.
  void finish();

  /// Says how much is to come, once some rows have shown how long they are.
  void expect(std::uint64_t total_bytes) { total_bytes_ = total_bytes; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::optional<Date> newest() const { return newest_; }

 private:
  static constexpr std::uint64_t kMostShown = 20;
  /// Gives a row's own status to the latest of its tenures; false when that one says otherwise.
  [[nodiscard]] bool settle_status(const RowText& row, std::uint32_t line, std::span<Tenure> tenures);
  [[nodiscard]] bool read_tenure(const TenureText& text, std::uint32_t line, Tenure& out);
  [[nodiscard]] bool read_moment(std::string_view text, Field field, std::uint32_t line,
                                 std::optional<Moment>& out);
  void add_addresses(std::string_view text, bool is_former, std::uint32_t line);
  [[nodiscard]] bool is_address(std::string_view text, std::uint32_t line);
  void reserve();

  const RosterSource& source_;
  const Wanted& wanted_;
  Draft& draft_;
  Diagnostics& problems_;
  MomentReader moments_;
  WordReader statuses_, kinds_;
  std::string scratch_, folded_;
  std::uint64_t rows_ = 0, problem_count_ = 0, total_bytes_ = 0;
  std::uint64_t with_status_ = 0, without_status_ = 0;
  std::uint32_t first_without_status_ = 0;
  std::uint64_t backward_ = 0;  // tenures that end before they begin
  std::uint32_t first_backward_ = 0;
  std::vector<Tenure> tenures_;  // of the present row
  std::uint64_t addresses_ = 0, non_addresses_ = 0;
  std::string first_non_address_;
  std::uint32_t first_non_address_line_ = 0;
  std::uint64_t seen_bytes_ = 0;
  std::optional<Date> newest_;
};

/// Puts the rows of one person together and makes the tables, states and keys. `roster` has its sources and
/// inputs already.
void finish_roster(Draft&& draft, const Wanted& wanted, Instant as_of, Roster& roster, Diagnostics& problems);

}  // namespace muster::roster
