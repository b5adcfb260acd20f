#include "roster/draft.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::roster {
namespace {

constexpr std::string_view kStatusMeanings[] = {"active", "terminated"};
constexpr std::string_view kKindMeanings[] = {"employee", "contractor", "external"};
constexpr WordReader::Known kUsualKinds[] = {{"regular", 0},
                                             {"regular employee", 0},
                                             {"full-time", 0},
                                             {"full time", 0},
                                             {"fulltime", 0},
                                             {"part-time", 0},
                                             {"part time", 0},
                                             {"parttime", 0},
                                             {"permanent", 0},
                                             {"fixed term", 0},
                                             {"fixed-term", 0},
                                             {"intern", 0},
                                             {"trainee", 0},
                                             {"apprentice", 0},
                                             {"working student", 0},
                                             {"seasonal", 0},
                                             {"contingent worker", 1},
                                             {"contingent", 1},
                                             {"independent contractor", 1},
                                             {"freelancer", 1},
                                             {"freelance", 1},
                                             {"consultant", 1},
                                             {"temp", 1},
                                             {"agency worker", 1},
                                             {"vendor", 2},
                                             {"partner", 2},
                                             {"supplier", 2},
                                             {"guest", 2},
                                             {"external worker", 2}};

// HR systems write "no end" as a day that nobody will see: 9999-12-31, 2999-12-31.
constexpr Date kFirstOpenEnd{2999, 1, 1};

constexpr std::uint32_t kRowsBeforeForecast = 4096;

bool is_separator(char c) { return c == ';' || c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Where the first of several addresses ends.
std::size_t first_separator(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && !is_separator(text[at])) ++at;
  return at;
}

void foresee(StringColumn& column, std::uint64_t rows, std::uint64_t added_rows) {
  std::uint64_t bytes = 0;
  const std::size_t sample = std::min<std::size_t>(column.size(), kRowsBeforeForecast);
  for (std::size_t i = 0; i < sample; ++i) bytes += column[column.size() - 1 - i].size();
  if (sample == 0) return;
  column.reserve(rows, column.bytes() + bytes * added_rows / sample);
}

}  // namespace

std::string_view word_of(Kind kind) {
  return kind == Kind::unknown ? std::string_view() : kKindMeanings[static_cast<std::size_t>(kind)];
}

Wanted wanted_of(const LoadOptions& options) {
  const auto has = [&](snapshot::Dataset dataset, std::string_view name) {
    if (options.fields == nullptr) return true;
    const auto field = snapshot::spec_of(dataset).field(name);
    return field && options.fields->contains({dataset, *field});
  };
  const auto person = [&](std::string_view name) { return has(snapshot::Dataset::persons, name); };
  const auto tenure = [&](std::string_view name) { return has(snapshot::Dataset::tenures, name); };
  return Wanted{person("person_id"),     person("name"),      person("email"),      person("emails"),
                person("former_emails"), person("kind"),      person("manager_id"), person("department"),
                person("state"),         person("starts_at"), person("left_at"),    person("last_day"),
                tenure("person_id"),     tenure("status"),    tenure("start"),      tenure("end")};
}

const Draft::Source& Draft::source_of(std::uint32_t row) const {
  const auto next = std::upper_bound(sources.begin(), sources.end(), row,
                                     [](std::uint32_t r, const Source& s) { return r < s.first_row; });
  return *std::prev(next);
}

Tenure Draft::tenure(std::uint32_t row) const {
  Tenure tenure;
  tenure.person = row;
  tenure.has_start = starts[row] != kNoInstant;
  tenure.has_end = ends[row] != kNoInstant;
  tenure.is_terminated = is_terminated[row] != 0;
  tenure.start = starts[row];
  tenure.end = ends[row];
  return tenure;
}

SourceRows::SourceRows(const RosterSource& source, Zone zone, const Wanted& wanted, Draft& draft,
                       Diagnostics& problems)
    : source_(source),
      wanted_(wanted),
      draft_(draft),
      problems_(problems),
      moments_(zone, source.date_format),
      statuses_(kStatusMeanings, {}, source.status),
      kinds_(kKindMeanings, kUsualKinds, source.kind) {
  draft_.sources.push_back({draft_.rows(), source.shown_path, zone});
}

void SourceRows::report(Error error) {
  if (++problem_count_ > kMostShown) return;
  error.place.file = source_.shown_path;
  problems_.error(std::move(error));
}

bool SourceRows::read_moment(std::string_view text, Field field, std::uint32_t line,
                             std::optional<Moment>& out) {
  text = trim(text);
  if (text.empty()) return true;
  out = moments_.read(text);
  if (out) return true;
  report({ErrorCode::time_format,
          fmt::format("the {} \"{}\" is not a date", word_of(field), utf8_prefix(text, 60)),
          Place{{}, line, 0, {}}, moments_.hint_for(text)});
  return false;
}

bool SourceRows::read_tenure(const TenureText& text, std::uint32_t line, Tenure& out) {
  std::optional<Moment> start, end;
  const bool is_start_read = read_moment(text.start, Field::start, line, start);
  if (!read_moment(text.end, Field::end, line, end) || !is_start_read) return false;
  if (end && moments_.zone().date_of(end->begin) >= kFirstOpenEnd) end.reset();
  out.has_start = start.has_value();
  out.has_end = end.has_value();
  if (start) out.start = start->begin;
  if (end) out.end = end->end;
  if (start && end && out.end < out.start && backward_++ == 0) first_backward_ = line;
  if (!text.has_status) {
    out.is_terminated = out.has_end;
    return true;
  }
  const auto status = statuses_.read(text.status, line);
  out.is_terminated = status == 1;
  return status != kUnknownWord;
}

bool SourceRows::settle_status(const RowText& row, std::uint32_t line, std::span<Tenure> tenures) {
  const auto word = trim(row[Field::status]);
  if (word.empty()) return true;
  const auto status = statuses_.read(word, line);
  if (status == kUnknownWord) return false;
  std::size_t latest = 0;
  for (std::size_t i = 1; i < tenures.size(); ++i) {
    if (tenures[i].has_start && (!tenures[latest].has_start || tenures[i].start >= tenures[latest].start))
      latest = i;
  }
  const bool is_terminated = status == 1;
  if (row.tenures[latest].has_status && tenures[latest].is_terminated != is_terminated) {
    report({ErrorCode::roster_row,
            fmt::format("the row is {}, its latest tenure is not", kStatusMeanings[status]),
            Place{{}, line, 0, {}},
            {}});
    return false;
  }
  tenures[latest].is_terminated = is_terminated;
  return true;
}

bool SourceRows::is_address(std::string_view text, std::uint32_t line) {
  if (text.find('@') != std::string_view::npos) {
    ++addresses_;
    return true;
  }
  if (non_addresses_++ == 0) {
    first_non_address_ = text;
    first_non_address_line_ = line;
  }
  return false;
}

void SourceRows::add_addresses(std::string_view text, bool is_former, std::uint32_t line) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = at + first_separator(text.substr(at));
    const auto address = trim(text.substr(at, end - at));
    if (!address.empty() && is_address(address, line)) {
      draft_.extras.push_back({draft_.rows(), is_former});
      draft_.extra_texts.push_back(address);
    }
    at = end + 1;
  }
}

void SourceRows::reserve() {
  const std::uint64_t here = draft_.rows() - draft_.sources.back().first_row;
  if (seen_bytes_ == 0 || total_bytes_ <= seen_bytes_) return;
  // Three in a hundred more, since a guess below the truth costs a copy of everything.
  const std::uint64_t more =
      static_cast<std::uint64_t>(static_cast<double>(total_bytes_ - seen_bytes_) /
                                 static_cast<double>(seen_bytes_) * static_cast<double>(here) * 1.03) +
      64;
  const std::uint64_t rows = draft_.rows() + more;
  for (StringColumn* column : {&draft_.ids, &draft_.names, &draft_.emails, &draft_.shown_emails,
                               &draft_.managers, &draft_.departments})
    foresee(*column, rows, more);
  draft_.starts.reserve(rows);
  draft_.ends.reserve(rows);
  draft_.is_terminated.reserve(rows);
  draft_.lines.reserve(rows);
  if (wanted_.kind) draft_.kinds.reserve(rows);
}

void SourceRows::add(const RowText& row, std::uint32_t line) {
  ++rows_;
  const auto id = trim(row[Field::person_id]);
  bool is_good = true;
  if (id.empty()) {
    report({ErrorCode::roster_row, "the row has no person_id", Place{{}, line, 0, {}}, {}});
    is_good = false;
  }
  tenures_.clear();
  if (row.has_tenures) {
    if (row.tenures.empty()) {
      report({ErrorCode::roster_row, "the list of tenures is empty", Place{{}, line, 0, {}},
              "leave the person out, or say when they worked"});
      is_good = false;
    }
    for (const TenureText& text : row.tenures) {
      is_good = read_tenure(text, line, tenures_.emplace_back()) && is_good;
    }
    is_good = is_good && settle_status(row, line, tenures_);
  } else {
    if (row.has_status) {
      ++with_status_;
    } else if (without_status_++ == 0) {
      first_without_status_ = line;
    }
    is_good = read_tenure({row[Field::start], row[Field::end], trim(row[Field::status]), row.has_status},
                          line, tenures_.emplace_back()) &&
              is_good;
  }
  std::optional<Moment> written;
  is_good = read_moment(row[Field::as_of], Field::as_of, line, written) && is_good;
  if (written) {
    const Date day = moments_.zone().date_of(written->begin);
    if (!newest_ || day > *newest_) newest_ = day;
  }
  if (!is_good) return;

  // The first address of the cell is the person's own; the others stand beside it.
  std::string_view email = trim(row[Field::email]);
  if (const std::size_t size = first_separator(email); size < email.size()) {
    add_addresses(email.substr(size), false, line);
    email = email.substr(0, size);
  }
  if (!email.empty() && !is_address(email, line)) email = {};
  std::string_view others = trim(row[Field::emails]);
  if (email.empty() && !others.empty()) {
    const std::size_t size = first_separator(others);
    if (is_address(others.substr(0, size), line)) email = others.substr(0, size);
    others.remove_prefix(size);
  }
  add_addresses(others, false, line);
  add_addresses(row[Field::former_emails], true, line);

  std::string_view name = trim(row[Field::name]);
  if (name.empty()) {
    const auto given = trim(row[Field::first_name]), family = trim(row[Field::last_name]);
    scratch_.assign(given);
    if (!given.empty() && !family.empty()) scratch_.push_back(' ');
    scratch_.append(family);
    name = scratch_;
  }
  folded_.clear();
  if (!email.empty()) fold_email(email, folded_);
  draft_.ids.push_back(id);
  draft_.names.push_back(name);
  draft_.emails.push_back(folded_);
  if (wanted_.email || wanted_.emails || wanted_.former_emails) draft_.shown_emails.push_back(email);
  if (wanted_.manager_id) draft_.managers.push_back(trim(row[Field::manager]));
  if (wanted_.department) draft_.departments.push_back(trim(row[Field::department]));
  if (wanted_.kind) {
    const auto word = trim(row[Field::kind]);
    const auto code = word.empty() ? kUnknownWord : kinds_.read(word, line);
    draft_.kinds.push_back(code == kUnknownWord ? Kind::unknown : static_cast<Kind>(code));
  }
  draft_.starts.push_back(tenures_[0].has_start ? tenures_[0].start : kNoInstant);
  draft_.ends.push_back(tenures_[0].has_end ? tenures_[0].end : kNoInstant);
  draft_.is_terminated.push_back(tenures_[0].is_terminated ? 1 : 0);
  draft_.lines.push_back(line);
  for (std::size_t i = 1; i < tenures_.size(); ++i) {
    tenures_[i].person = draft_.rows() - 1;
    draft_.more_tenures.push_back(tenures_[i]);
  }
  seen_bytes_ += row.bytes;
  if (draft_.rows() - draft_.sources.back().first_row == kRowsBeforeForecast) reserve();
}

void SourceRows::finish() {
  if (problem_count_ > kMostShown) {
    problems_.error(
        ErrorCode::roster_row,
        fmt::format("{} more problems in rows of this file are not shown", problem_count_ - kMostShown),
        Place{source_.shown_path, 0, 0, {}});
  }
  for (const auto& stranger : statuses_.strangers()) {
    const auto shown = utf8_prefix(stranger.word, 60);
    problems_.error(
        ErrorCode::roster_status,
        stranger.word.empty()
            ? fmt::format(
                  "the status is empty ({})",
                  stranger.count == 1 ? "1 row" : fmt::format("{} rows, this is the first", stranger.count))
            : fmt::format(
                  "the status \"{}\" is neither active nor terminated ({})", shown,
                  stranger.count == 1 ? "1 row" : fmt::format("{} rows, this is the first", stranger.count)),
        Place{source_.shown_path, stranger.first_line, 0, {}},
        fmt::format("say in `status` what it means, e.g. `status: {{active: [\"{}\"]}}`", shown));
  }
  if (statuses_.others() > 0) {
    problems_.error(ErrorCode::roster_status,
                    fmt::format("{} more rows have yet other status words; is the right column mapped?",
                                statuses_.others()),
                    Place{source_.shown_path, 0, 0, {}});
  }
  if (with_status_ > 0 && without_status_ > 0) {
    problems_.error(ErrorCode::roster_status,
                    fmt::format("{} of {} rows have no status (this is the first)", without_status_,
                                with_status_ + without_status_),
                    Place{source_.shown_path, first_without_status_, 0, {}}, "give every row one, or none");
  }
  if (backward_ > 0) {
    problems_.warning(ErrorCode::roster_row,
                      fmt::format("{} before {} (this is the first)",
                                  backward_ == 1 ? "a tenure ends" : fmt::format("{} tenures end", backward_),
                                  backward_ == 1 ? "it begins" : "they begin"),
                      Place{source_.shown_path, first_backward_, 0, {}},
                      "are start and end mapped to the right columns?");
  }
  if (!kinds_.strangers().empty()) {
    std::vector<std::string_view> words;
    for (const auto& stranger : kinds_.strangers()) words.push_back(utf8_prefix(stranger.word, 60));
    problems_.warning(ErrorCode::roster_row,
                      fmt::format("the kind of some persons is unknown: {}", list_names(words, 5)),
                      Place{source_.shown_path, kinds_.strangers().front().first_line, 0, {}},
                      "say in `kind` which are employee, contractor or external");
  }
  if (non_addresses_ > 0 && addresses_ == 0) {
    problems_.error(ErrorCode::roster_column,
                    fmt::format("no e-mail address of the file has an @ (the first is \"{}\")",
                                utf8_prefix(first_non_address_, 60)),
                    Place{source_.shown_path, first_non_address_line_, 0, {}},
                    "is the right column mapped to `email`?");
  } else if (non_addresses_ > 0) {
    problems_.warning(ErrorCode::roster_row,
                      fmt::format("{} without an @ {} ignored (the first is \"{}\")",
                                  non_addresses_ == 1 ? "an e-mail address"
                                                      : fmt::format("{} e-mail addresses", non_addresses_),
                                  non_addresses_ == 1 ? "is" : "are", utf8_prefix(first_non_address_, 60)),
                      Place{source_.shown_path, first_non_address_line_, 0, {}});
  }
}

}  // namespace muster::roster
