#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "roster/csv_reader.h"
#include "roster/draft.h"
#include "roster/fields.h"
#include "roster/json_rows.h"
#include "roster/roster.h"
#include "roster/scim_rows.h"

namespace muster::roster {
namespace {

constexpr std::size_t kMostSources = 250;

/// A file on its way through the digest.
class DigestedFile {
 public:
  explicit DigestedFile(std::unique_ptr<RandomAccessFile> file) : file_(std::move(file)) {}
  Result<std::size_t> read(std::span<char> out) {
    auto count = file_->read_at(bytes_, out);
    if (!count) return count;
    digest_.update({out.data(), *count});
    bytes_ += *count;
    return count;
  }
  [[nodiscard]] std::uint64_t size() const { return file_->size(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::string finish_hex() { return digest_.finish_hex(); }

 private:
  std::unique_ptr<RandomAccessFile> file_;
  Sha256 digest_;
  std::uint64_t bytes_ = 0;
};

class CsvRows final : public CsvSink {
 public:
  CsvRows(const RosterSource& source, SourceRows& rows, Diagnostics& problems)
      : source_(source), rows_(rows), problems_(problems) {}

  bool on_row(std::span<const std::string_view> fields, std::uint32_t line) override {
    if (!has_header_) return take_header(fields, line);
    if (fields.size() != width_) {
      // A spreadsheet leaves rows of nothing but delimiters behind.
      if (is_blank(fields)) return true;
      rows_.report({ErrorCode::roster_row,
                    fmt::format("the row has {}, the header has {}", count_of(fields.size()), width_),
                    Place{{}, line, 0, {}},
                    fields.size() > width_ ? "a field that holds the delimiter must be quoted" : ""});
      return true;
    }
    for (const auto& [field, column] : cells_) row_.cells[field] = fields[column];
    if (row_[Field::person_id].empty() && is_blank(fields)) return true;
    row_.bytes =
        static_cast<std::size_t>(fields.back().data() + fields.back().size() - fields.front().data()) + 1;
    rows_.add(row_, line);
    return true;
  }

  bool on_problem(Error error) override {
    if (!has_header_) {
      error.place.file = source_.shown_path;
      problems_.error(std::move(error));
      return false;
    }
    rows_.report(std::move(error));
    return true;
  }

  [[nodiscard]] bool has_header() const { return has_header_; }

 private:
  static bool is_blank(std::span<const std::string_view> fields) {
    return std::all_of(fields.begin(), fields.end(),
                       [](std::string_view field) { return trim(field).empty(); });
  }
  static std::string count_of(std::size_t fields) {
    return fields == 1 ? "1 field" : fmt::format("{} fields", fields);
  }

  bool take_header(std::span<const std::string_view> header, std::uint32_t line) {
    has_header_ = true;
    width_ = header.size();
    const std::size_t before = problems_.errors().size();
    const FieldColumns columns = map_header(source_, header, line, problems_);
    std::array<bool, kFieldCount> found{};
    for (std::size_t f = 0; f < kFieldCount; ++f) {
      found[f] = columns[f] != kNoColumn;
      if (found[f]) cells_.emplace_back(f, columns[f]);
    }
    row_.has_status = found[index_of(Field::status)];
    check_found(source_, found, header, line, problems_);
    return problems_.errors().size() == before;
  }

  const RosterSource& source_;
  SourceRows& rows_;
  Diagnostics& problems_;
  bool has_header_ = false;
  std::size_t width_ = 0;
  std::vector<std::pair<std::size_t, std::uint32_t>> cells_;  // field, column
  RowText row_;
};

class Loader {
 public:
  Loader(const FileSystem& files, const LoadOptions& options, Diagnostics& problems)
      : files_(files), options_(options), wanted_(wanted_of(options)), problems_(problems) {}

  Roster run(std::span<const RosterSource> sources) {
    const std::size_t before = problems_.errors().size();
    if (sources.size() > kMostSources) {
      problems_.error(ErrorCode::config_invalid,
                      fmt::format("{} rosters are given, at most {} are read", sources.size(), kMostSources),
                      sources.back().place);
    } else {
      for (const RosterSource& source : sources) load(source);
    }
    if (sources.empty()) set_incomplete("no roster was given");
    if (problems_.errors().size() == before) put_together();
    if (problems_.errors().size() != before) {
      // What cannot be trusted is not handed out in part.
      draft_ = Draft();
      roster_.is_complete = false;
      roster_.incomplete_reason = "the roster could not be read";
      put_together();
    }
    return std::move(roster_);
  }

 private:
  void put_together() {
    if (draft_.sources.empty()) draft_.sources.emplace_back();
    finish_roster(std::move(draft_), wanted_, options_.as_of, roster_, problems_);
  }

  void set_incomplete(std::string reason) {
    if (!roster_.is_complete) return;
    roster_.is_complete = false;
    roster_.incomplete_reason = std::move(reason);
  }

  void load(const RosterSource& source) {
    RosterResult result;
    result.path = source.shown_path;
    result.status = "partial";
    if (source.max_age_us) result.max_age = format_duration(*source.max_age_us);
    const std::size_t before = problems_.errors().size();
    check_source(source, problems_);
    Zone zone;
    if (!source.zone.empty()) {
      roster_.uses_zone = true;
      if (auto found = Zone::find(source.zone)) {
        zone = *found;
      } else {
        Error error = found.error();
        error.place = source.place;
        problems_.error(std::move(error));
      }
    }
    if (problems_.errors().size() == before) read(source, zone, result);
    roster_.sources.push_back(std::move(result));
  }

  void read(const RosterSource& source, const Zone& zone, RosterResult& result) {
    const std::size_t before = problems_.errors().size();
    auto opened = files_.open(source.path);
    if (!opened) {
      Error error = opened.error();
      if (error.place.file.empty()) error.place = source.place;
      if (source.format == RosterSource::Format::scim) error.hint = "run `muster collect`, which writes it";
      problems_.error(std::move(error));
      result.status = "missing";
      return;
    }
    DigestedFile file(std::move(*opened));
    const ReadBytes bytes = [&](std::span<char> out) { return file.read(out); };
    std::optional<ScimFile> scim;
    SourceRows rows(source, zone, wanted_, draft_, problems_);
    rows.expect(file.size());
    bool has_header = true;
    Status status;
    switch (source.format) {
      case RosterSource::Format::csv: {
        CsvRows sink(source, rows, problems_);
        CsvOptions options;
        options.delimiter = source.delimiter;
        status = read_csv(bytes, options, sink);
        has_header = sink.has_header();
        break;
      }
      case RosterSource::Format::json: status = read_array(file, source, rows); break;
      case RosterSource::Format::jsonl: status = read_jsonl(bytes, source, rows, problems_); break;
      case RosterSource::Format::scim: status = read_service(bytes, source, rows, scim); break;
    }
    if (!status) {
      Error error = status.error();
      if (error.place.file.empty()) error.place.file = source.shown_path;
      problems_.error(std::move(error));
    }
    rows.finish();
    if (problems_.errors().size() != before) return;
    if (rows.rows() == 0 && !(scim && scim->status != "complete")) {
      // Nobody on the roster would make a leaver of everyone, or let everyone pass, as the rule has it.
      problems_.error(ErrorCode::roster_format,
                      source.format == RosterSource::Format::csv && has_header
                          ? "the file has a header and no persons"
                          : "the file is empty",
                      Place{source.shown_path, 0, 0, {}}, "is it the whole export?");
      return;
    }
    result.status = scim ? scim->status : "complete";
    if (scim && scim->status != "complete")
      result.reason = fmt::format("roster {} is {}: {}", source.shown_path, scim->status, scim->reason);
    roster_.inputs.push_back({"roster", source.shown_path, file.finish_hex(), file.bytes()});
    check_age(source, zone, scim ? std::optional(zone.date_of(scim->completed)) : rows.newest(), result);
    if (source.min_rows && rows.rows() < *source.min_rows) {
      result.status = "partial";
      if (!result.reason.empty()) result.reason += "; ";
      result.reason +=
          fmt::format("roster {} has {}, at least {} expected", source.shown_path,
                      rows.rows() == 1 ? "1 row" : fmt::format("{} rows", rows.rows()), *source.min_rows);
    }
    if (!result.reason.empty()) set_incomplete(result.reason);
  }

  Status read_array(DigestedFile& file, const RosterSource& source, SourceRows& rows) {
    if (file.size() > kMostJsonBytes) {
      return fail(ErrorCode::file_too_large,
                  fmt::format("the file has {} bytes, at most {} are read as one JSON text", file.size(),
                              kMostJsonBytes),
                  Place{source.shown_path, 0, 0, {}}, "write it as JSONL, one object a line");
    }
    std::string text(file.size(), '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
      const auto count = file.read(std::span(text).subspan(filled));
      if (!count) return tl::unexpected(count.error());
      if (*count == 0) break;
      filled += *count;
    }
    text.resize(filled);
    if (trim(text).empty()) return {};
    return read_json(text, source, rows, problems_);
  }

  /// A file that `muster collect` wrote: `counted` is the reading that is digested, the other one is for
  /// names.
  Status read_service(const ReadBytes& counted, const RosterSource& source, SourceRows& rows,
                      std::optional<ScimFile>& scim) {
    std::unique_ptr<DigestedFile> first;
    auto read = read_scim(
        [&]() -> Result<ReadBytes> {
          if (first) return counted;
          auto opened = files_.open(source.path);
          if (!opened) return tl::unexpected(opened.error());
          first = std::make_unique<DigestedFile>(std::move(*opened));
          return ReadBytes([&](std::span<char> out) { return first->read(out); });
        },
        source, rows);
    if (!read) return tl::unexpected(read.error());
    scim = std::move(*read);
    return {};
  }

  void check_age(const RosterSource& source, const Zone& zone, std::optional<Date> newest,
                 RosterResult& result) {
    const std::optional<Date> written = source.as_of ? source.as_of : newest;
    if (written) result.as_of = format_date(*written);
    if (!source.max_age_us) return;
    if (!written) {
      problems_.error(ErrorCode::roster_age,
                      source.as_of_column.empty()
                          ? fmt::format("the roster {} has a max_age but no date", source.shown_path)
                          : fmt::format("the roster {} has a max_age, but its column \"{}\" is empty",
                                        source.shown_path, source.as_of_column),
                      source.place, "set `as_of` to the day of the export, or `as_of_column`");
      return;
    }
    // Ages are counted in days: an export's date says no more.
    // A date so far ahead of the instant is a slip, or a roster of another time: it must not pass for a fresh
    // one.
    const int days = days_between(*written, zone.date_of(options_.as_of));
    const int apart = std::abs(days);
    if (std::int64_t{apart} * kMicrosPerDay <= *source.max_age_us) return;
    result.status = "stale";
    if (!result.reason.empty()) result.reason += "; ";
    result.reason += fmt::format("roster {} is {} {}, at most {} allowed", source.shown_path,
                                 apart == 1 ? "1 day" : fmt::format("{} days", apart),
                                 days > 0 ? "old" : "ahead of the instant that is judged",
                                 *source.max_age_us % kMicrosPerDay == 0
                                     ? fmt::format("{}", *source.max_age_us / kMicrosPerDay)
                                     : format_duration(*source.max_age_us));
  }

  const FileSystem& files_;
  const LoadOptions& options_;
  const Wanted wanted_;
  Diagnostics& problems_;
  Draft draft_;
  Roster roster_;
};

}  // namespace

Roster load_roster(const FileSystem& files, std::span<const RosterSource> sources, const LoadOptions& options,
                   Diagnostics& problems) {
  return Loader(files, options, problems).run(sources);
}

}  // namespace muster::roster
