// CSV rows out of a stream of bytes, over libcsv, which stays behind this header. RFC 4180 taken strictly: a
// stray or unclosed quote is a problem of its row, not a guess. Lines end in LF, CRLF or CR; a byte order
// mark and Excel's "sep=;" line are understood; blank lines are no rows; white space around unquoted fields
// is cut. Memory is one chunk and one row. Rows without any quote are split in place, which gives what libcsv
// gives (tests compare them).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::roster {

/// Fills the span from its start and says how many bytes; 0 at the end.
using ReadBytes = std::function<Result<std::size_t>(std::span<char>)>;

class CsvSink {
 public:
  virtual ~CsvSink() = default;
  /// One row, the header line included; the views are valid during the call. `line` is where the row begins,
  /// from 1. False ends the reading.
  virtual bool on_row(std::span<const std::string_view> fields, std::uint32_t line) = 0;
  /// A row that cannot be read, and is left out. Codes roster_row, text_encoding. False ends the reading.
  virtual bool on_problem(Error error) = 0;
};

struct CsvOptions {
  char delimiter = 0;  // 0: the one of , ; tab | that the first line has most of, outside quotes
  std::size_t max_row_bytes = std::size_t{1} << 20;
  std::size_t chunk_bytes = std::size_t{256} << 10;
  enum class Splitting : std::uint8_t { in_place, by_library } splitting = Splitting::in_place;
};

/// Reads to the end, or until the sink says so. Errors that end it: those of `read`; file_too_large for a row
/// above the limit; roster_format for UTF-16. Places have lines, no file.
[[nodiscard]] Status read_csv(const ReadBytes& read, const CsvOptions& options, CsvSink& sink);

}  // namespace muster::roster
