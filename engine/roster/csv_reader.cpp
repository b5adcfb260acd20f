#include "roster/csv_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <csv.h>
#include <fmt/format.h>

#include "base/text.h"

namespace muster::roster {
namespace {

enum ByteClass : std::uint8_t { kText, kDelimiter, kQuote, kLineEnd };

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view cut_blanks(const char* begin, const char* end) {
  while (begin != end && is_blank(*begin)) ++begin;
  while (begin != end && is_blank(end[-1])) --end;
  return {begin, static_cast<std::size_t>(end - begin)};
}

struct ByteTraits {
  bool has_high = false;  // beyond ASCII
  bool has_nul = false;
};

ByteTraits traits_of(const char* begin, std::size_t size) {
  constexpr std::uint64_t kHigh = 0x8080808080808080ull, kOnes = 0x0101010101010101ull;
  std::uint64_t high = 0, nul = 0;
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, begin + i, 8);
    high |= word;
    nul |= (word - kOnes) & ~word;
  }
  ByteTraits traits{(high & kHigh) != 0, (nul & kHigh) != 0};
  for (; i < size; ++i) {
    traits.has_high |= (static_cast<unsigned char>(begin[i]) & 0x80) != 0;
    traits.has_nul |= begin[i] == 0;
  }
  return traits;
}

char find_delimiter(std::string_view line) {
  constexpr std::string_view kCandidates = ",;\t|";
  std::array<std::size_t, kCandidates.size()> counts{};
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') is_quoted = !is_quoted;
    const auto at = kCandidates.find(c);
    if (!is_quoted && at != std::string_view::npos) ++counts[at];
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i < counts.size(); ++i) {
    if (counts[i] > counts[best]) best = i;
  }
  return kCandidates[best];
}

/// libcsv's parser for one row at a time.
class Library {
 public:
  explicit Library(char delimiter) : delimiter_(delimiter) { start(); }
  ~Library() { csv_free(&parser_); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  enum class Outcome : std::uint8_t { more, row, broken };
  /// `bytes` hold at most one line end, as their last byte.
  Outcome feed(std::string_view bytes) {
    if (csv_parse(&parser_, bytes.data(), bytes.size(), on_field, on_row, this) != bytes.size())
      return refused();
    return outcome();
  }
  Outcome finish() {
    if (csv_fini(&parser_, on_field, on_row, this) != 0) return refused();
    return outcome();
  }
  /// The fields of the row that has just ended.
  std::span<const std::string_view> take_row() {
    fields_.clear();
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
      fields_.push_back(std::string_view(text_).substr(begin, end - begin));
      begin = end;
    }
    return fields_;
  }
  std::string_view row_text() const { return text_; }
  void clear_row() {
    text_.clear();
    ends_.clear();
    has_row_ = false;
  }

 private:
  static void on_field(void* text, std::size_t size, void* self) {
    auto& library = *static_cast<Library*>(self);
    library.text_.append(static_cast<const char*>(text), size);
    library.ends_.push_back(library.text_.size());
  }
  static void on_row(int, void* self) { static_cast<Library*>(self)->has_row_ = true; }

  void start() {
    if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter_));
    csv_set_blk_size(&parser_, 4096);
  }
  Outcome refused() {
    if (csv_error(&parser_) == CSV_ENOMEM) throw std::bad_alloc();
    csv_free(&parser_);
    start();
    clear_row();
    return Outcome::broken;
  }
  Outcome outcome() const { return has_row_ ? Outcome::row : Outcome::more; }

  csv_parser parser_;
  char delimiter_;
  std::string text_;
  std::vector<std::size_t> ends_;
  std::vector<std::string_view> fields_;
  bool has_row_ = false;
};

class Reader {
 public:
  Reader(const ReadBytes& read, const CsvOptions& options, CsvSink& sink)
      : read_(read), options_(options), sink_(sink) {}

  Status run() {
    if (auto status = fill(); !status) return status;
    if (auto status = look_at_start(); !status) return status;
    const char delimiter = options_.delimiter != 0 ? options_.delimiter : delimiter_;
    special_ = delimiter;
    classes_.fill(kText);
    classes_[static_cast<unsigned char>(delimiter)] = kDelimiter;
    classes_[static_cast<unsigned char>('"')] = kQuote;
    classes_[static_cast<unsigned char>('\n')] = classes_[static_cast<unsigned char>('\r')] = kLineEnd;
    library_ = std::make_unique<Library>(delimiter);
    while (!is_over_) {
      const Status status =
          options_.splitting == CsvOptions::Splitting::in_place ? read_plain_rows() : read_library_row();
      if (!status) return status;
    }
    return {};
  }

 private:
  /// The first delimiter, quote or line end.
  const char* find_special(const char* at, const char* end) const {
#if defined(__SSE2__)
    const __m128i delimiter = _mm_set1_epi8(special_), quote = _mm_set1_epi8('"'), lf = _mm_set1_epi8('\n'),
                  cr = _mm_set1_epi8('\r');
    for (; end - at >= 16; at += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      const __m128i hits =
          _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, delimiter), _mm_cmpeq_epi8(bytes, quote)),
                       _mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, cr)));
      const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
      if (mask != 0) return at + std::countr_zero(mask);
    }
#endif
    while (at != end && classes_[static_cast<unsigned char>(*at)] == kText) ++at;
    return at;
  }

  std::size_t left() const { return end_ - begin_; }

  /// Makes room and reads behind what is left. Sets at_end_ when nothing came.
  Status fill() {
    if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, left());
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < end_ + options_.chunk_bytes) buffer_.resize(end_ + options_.chunk_bytes);
    const auto count = read_(std::span(buffer_).subspan(end_, options_.chunk_bytes));
    if (!count) return tl::unexpected(count.error());
    at_end_ = *count == 0;
    end_ += *count;
    traits_ = traits_of(buffer_.data(), end_);
    return {};
  }

  Status look_at_start() {
    const auto text = std::string_view(buffer_).substr(0, end_);
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
      return fail(ErrorCode::roster_format, "the file is UTF-16", Place{{}, 1, 0, {}},
                  "export it as \"CSV UTF-8\"");
    }
    if (text.starts_with("\xEF\xBB\xBF")) begin_ = 3;
    auto line = text.substr(begin_);
    line = line.substr(0, line.find_first_of("\r\n"));
    if (line.size() == 5 && (line.starts_with("sep=") || line.starts_with("SEP="))) {
      delimiter_ = line[4];
      begin_ += line.size();
      return {};
    }
    // The header may come after blank lines.
    const auto first = text.find_first_not_of("\r\n", begin_);
    line = first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_first_of("\r\n", first) - first);
    delimiter_ = find_delimiter(line);
    return {};
  }

  /// Counts a line end; CR LF is one.
  void count_line_end(char c) {
    if (c == '\r' || !after_cr_) ++line_;
    after_cr_ = c == '\r';
  }

  Status too_large(std::uint32_t line) const {
    return fail(ErrorCode::file_too_large,
                fmt::format("the row that begins here is larger than {} bytes", options_.max_row_bytes),
                Place{{}, line, 0, {}}, "is a quote missing at the end of a field?");
  }

  /// Splits rows in place until one has a quote, the chunk ends, or all is read.
  Status read_plain_rows() {
    const char* const end = buffer_.data() + end_;
    const char* row = buffer_.data() + begin_;
    const char* field = row;
    const char* at = row;
    fields_.clear();
    for (;;) {
      at = find_special(at, end);
      if (at == end) break;
      const auto byte_class = classes_[static_cast<unsigned char>(*at)];
      if (byte_class == kQuote) {
        begin_ = static_cast<std::size_t>(row - buffer_.data());
        return read_library_row();
      }
      fields_.push_back(cut_blanks(field, at));
      if (byte_class == kLineEnd) {
        const auto size = static_cast<std::size_t>(at - row);
        if (size >= options_.max_row_bytes) return too_large(line_);
        if (fields_.size() > 1 || !fields_[0].empty()) deliver_plain_row({row, size});
        if (size > 0) after_cr_ = false;
        count_line_end(*at);
        fields_.clear();
        row = at + 1;
        if (is_over_) return {};
      }
      field = ++at;
    }
    begin_ = static_cast<std::size_t>(row - buffer_.data());
    if (!at_end_) {
      if (left() > options_.max_row_bytes) return too_large(line_);
      return fill();
    }
    is_over_ = true;
    fields_.push_back(cut_blanks(field, end));
    const auto size = static_cast<std::size_t>(end - row);
    if (size > options_.max_row_bytes) return too_large(line_);
    if (fields_.size() > 1 || !fields_[0].empty()) deliver_plain_row({row, size});
    return {};
  }

  /// Feeds lines to libcsv until it has a row.
  Status read_library_row() {
    const std::uint32_t row_line = line_;
    std::size_t row_bytes = 0;
    bool is_blank_line = true;
    for (;;) {
      if (left() == 0) {
        if (!at_end_) {
          if (auto status = fill(); !status) return status;
        }
        if (left() == 0) {
          is_over_ = true;
          const auto outcome = library_->finish();
          if (outcome == Library::Outcome::broken)
            report(ErrorCode::roster_row, "the quote that opens a field of this row is never closed",
                   row_line, "");
          if (outcome == Library::Outcome::row) deliver_library_row(row_line);
          return {};
        }
      }
      const char* const begin = buffer_.data() + begin_;
      const char* const end = buffer_.data() + end_;
      const char* at = begin;
      while (at != end && *at != '\n' && *at != '\r') ++at;
      const bool has_line_end = at != end;
      const std::size_t size = static_cast<std::size_t>(at - begin) + (has_line_end ? 1 : 0);
      row_bytes += size;
      if (row_bytes > options_.max_row_bytes) return too_large(row_line);
      is_blank_line = is_blank_line && cut_blanks(begin, at).empty();
      const auto outcome = library_->feed({begin, size});
      begin_ += size;
      const std::uint32_t fed_line = line_;
      if (size > 1 || !has_line_end) after_cr_ = false;
      if (has_line_end) count_line_end(*at);
      if (outcome == Library::Outcome::row) {
        deliver_library_row(row_line);
        return {};
      }
      if (outcome == Library::Outcome::broken) {
        report(ErrorCode::roster_row,
               "a quote stands inside an unquoted field, or text after a closing quote", fed_line,
               "a field with a quote is quoted as a whole, and its quotes are doubled");
        return has_line_end ? Status{} : skip_line();
      }
      // A blank line is no row and leaves the library where it was.
      if (has_line_end && is_blank_line) return {};
    }
  }

  Status skip_line() {
    for (;;) {
      const auto at = std::string_view(buffer_).substr(0, end_).find_first_of("\r\n", begin_);
      if (at != std::string_view::npos) {
        begin_ = at;
        return {};
      }
      begin_ = end_;
      if (at_end_) return {};
      if (auto status = fill(); !status) return status;
    }
  }

  void deliver_library_row(std::uint32_t line) {
    const auto fields = library_->take_row();
    const ByteTraits traits = traits_of(library_->row_text().data(), library_->row_text().size());
    deliver(fields, line, traits);
    library_->clear_row();
  }

  void deliver_plain_row(std::string_view text) {
    // The chunk's traits spare nearly every row a look of its own.
    deliver(fields_, line_,
            traits_.has_high || traits_.has_nul ? traits_of(text.data(), text.size()) : ByteTraits{});
  }

  void deliver(std::span<const std::string_view> fields, std::uint32_t line, ByteTraits traits) {
    if (traits.has_nul) {
      report(ErrorCode::roster_row, "the row holds a NUL byte", line,
             "is the file UTF-16, or no text at all?");
    } else if (traits.has_high && !std::all_of(fields.begin(), fields.end(), is_valid_utf8)) {
      report(ErrorCode::text_encoding, "the row is not valid UTF-8", line,
             "a frequent cause is an export in Windows-1252; export it as \"CSV UTF-8\"");
    } else if (!sink_.on_row(fields, line)) {
      is_over_ = true;
    }
  }

  void report(ErrorCode code, std::string message, std::uint32_t line, std::string hint) {
    if (!sink_.on_problem(Error{code, std::move(message), Place{{}, line, 0, {}}, std::move(hint)}))
      is_over_ = true;
  }

  const ReadBytes& read_;
  const CsvOptions& options_;
  CsvSink& sink_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool at_end_ = false, is_over_ = false, after_cr_ = false;
  char delimiter_ = ',';  // as found
  char special_ = ',';    // as used
  std::uint32_t line_ = 1;
  ByteTraits traits_;
  std::array<std::uint8_t, 256> classes_{};
  std::vector<std::string_view> fields_;
  std::unique_ptr<Library> library_;
};

}  // namespace

Status read_csv(const ReadBytes& read, const CsvOptions& options, CsvSink& sink) {
  return Reader(read, options, sink).run();
}

}  // namespace muster::roster
