#include "roster/fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::roster {
namespace {

using Names = std::span<const std::string_view>;

static_assert(kRosterFields.size() == kMappableCount);

// Header names of the usual HR exports (Workday, BambooHR, Personio, HiBob, ADP, SAP SuccessFactors, and
// German editions), best first, in compared form. Private addresses ("Home Email") are left out on purpose:
// nobody may gain access through them. So are words that could mean another person's e-mail.
constexpr std::string_view kPersonId[] = {"personid",
                                          "employeeid",
                                          "workerid",
                                          "employeenumber",
                                          "personidexternal",
                                          "associateid",
                                          "personnelnumber",
                                          "personnelid",
                                          "staffid",
                                          "staffnumber",
                                          "employeeno",
                                          "empid",
                                          "employeecode",
                                          "filenumber",
                                          "payrollid",
                                          "personalnummer",
                                          "mitarbeiternummer",
                                          "userid",
                                          "id"};
constexpr std::string_view kName[] = {"name",       "fullname",     "displayname",
                                      "workername", "employeename", "preferredname",
                                      "legalname",  "worker",       "employee"};
constexpr std::string_view kFirstName[] = {"firstname",      "givenname", "preferredfirstname",
                                           "legalfirstname", "forename",  "vorname"};
constexpr std::string_view kLastName[] = {"lastname",      "surname",           "familyname",
                                          "legallastname", "preferredlastname", "nachname"};
constexpr std::string_view kEmail[] = {"workemail",
                                       "workemailaddress",
                                       "emailprimarywork",
                                       "primaryworkemail",
                                       "workcontactworkemail",
                                       "businessemail",
                                       "businessemailaddress",
                                       "companyemail",
                                       "corporateemail",
                                       "officialemail",
                                       "emailwork",
                                       "primaryemail",
                                       "email",
                                       "emailaddress",
                                       "mail",
                                       "emailadresse",
                                       "geschaftlicheemail"};
constexpr std::string_view kEmails[] = {"emails", "emailaddresses", "allemails", "workemails",
                                        "emailaliases"};
constexpr std::string_view kFormerEmails[] = {
    "formeremails", "formeremail", "previousemails", "previousemail", "oldemails", "oldemail", "pastemails"};
constexpr std::string_view kStatus[] = {"status",           "employmentstatus",    "employeestatus",
                                        "workerstatus",     "emplstatus",          "positionstatus",
                                        "assignmentstatus", "beschaftigungsstatus"};
constexpr std::string_view kStart[] = {"start",
                                       "hiredate",
                                       "startdate",
                                       "hired",
                                       "dateofhire",
                                       "employmentstartdate",
                                       "mostrecenthiredate",
                                       "dateofjoining",
                                       "joiningdate",
                                       "joindate",
                                       "contractstartdate",
                                       "originalhiredate",
                                       "entrydate",
                                       "eintrittsdatum"};
constexpr std::string_view kEnd[] = {"end",
                                     "terminationdate",
                                     "termdate",
                                     "dateterminated",
                                     "terminationeffectivedate",
                                     "lastday",
                                     "lastdayofwork",
                                     "lastworkingday",
                                     "lastdayofemployment",
                                     "enddate",
                                     "employmentenddate",
                                     "leavingdate",
                                     "leavedate",
                                     "dateofleaving",
                                     "exitdate",
                                     "separationdate",
                                     "contractenddate",
                                     "austrittsdatum"};
constexpr std::string_view kKind[] = {"kind",       "workertype",     "employeetype",  "employmenttype",
                                      "persontype", "workercategory", "employeeclass", "contracttype"};
constexpr std::string_view kManager[] = {
    "managerid",   "manageremployeeid", "supervisorid",    "reportstoassociateid",
    "manager",     "linemanager",       "supervisor",      "reportsto",
    "reportingto", "manageremail",      "supervisoremail", "vorgesetzter"};
constexpr std::string_view kDepartment[] = {"department",
                                            "departmentname",
                                            "dept",
                                            "homedepartment",
                                            "homedepartmentdescription",
                                            "supervisoryorganization",
                                            "organizationalunit",
                                            "orgunit",
                                            "team",
                                            "division",
                                            "businessunit",
                                            "abteilung"};
constexpr std::string_view kTenures[] = {"tenures"};

constexpr Names kUsual[kFieldCount] = {kPersonId, kName,         kFirstName,  kLastName, kEmail,
                                       kEmails,   kFormerEmails, kStatus,     kStart,    kEnd,
                                       kKind,     kManager,      kDepartment, kTenures,  {}};

/// "Employee #" → "employeenumber", "Last-Name" → "lastname", "Beschäftigungsstatus" →
/// "beschaftigungsstatus".
std::string compared_form(std::string_view header) {
  std::string folded = fold_case(header), out;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const char c = folded[i];
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      out.push_back(c);
    } else if (c == '#') {
      out += "number";
    } else if (c == '\xC3' && i + 1 < folded.size()) {
      const char second = folded[++i];
      if (second == '\xA4') out.push_back('a');
      if (second == '\xB6') out.push_back('o');
      if (second == '\xBC') out.push_back('u');
    }
  }
  return out;
}

std::optional<Field> find_mappable(std::string_view word) {
  for (std::size_t i = 0; i < kMappableCount; ++i) {
    if (kRosterFields[i] == word) return static_cast<Field>(i);
  }
  return std::nullopt;
}

Place place_in(const RosterSource& source, std::uint32_t line) {
  return Place{source.shown_path, line, 0, {}};
}

void check_words(const RosterSource& source, std::string_view key,
                 const std::map<std::string, std::vector<std::string>>& words, Names known,
                 Diagnostics& problems) {
  std::map<std::string, std::string> seen;  // folded word → what it means
  for (auto word : known) seen.emplace(word, word);
  for (const auto& [meaning, list] : words) {
    if (std::find(known.begin(), known.end(), meaning) == known.end()) {
      const auto near = nearest_name(meaning, known);
      problems.error(
          ErrorCode::config_unknown_key,
          fmt::format("`{}` of the roster {} has no meaning \"{}\"", key, source.shown_path, meaning),
          source.place,
          near ? fmt::format("did you mean \"{}\"?", *near)
               : fmt::format("known are {}", list_names(known, 9)));
      continue;
    }
    for (const auto& word : list) {
      const auto [at, is_new] = seen.emplace(fold_case(trim(word)), meaning);
      if (!is_new && at->second != meaning) {
        problems.error(ErrorCode::config_invalid,
                       fmt::format("`{}` of the roster {} says that \"{}\" means both {} and {}", key,
                                   source.shown_path, word, at->second, meaning),
                       source.place, "keep one of them");
      }
    }
  }
}

bool is_date_format(std::string_view format) {
  bool has_day = false, has_month = false, has_year = false;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    const char c = ++i < format.size() ? format[i] : ' ';
    has_day |= c == 'd';
    has_month |= c == 'm' || c == 'b' || c == 'B';
    has_year |= c == 'Y' || c == 'y';
    if (std::string_view("dmbBYy%").find(c) == std::string_view::npos) return false;
  }
  return has_day && has_month && has_year;
}

std::string did_you_mean(std::string_view wanted, Names names) {
  if (const auto near = nearest_name(wanted, names)) return fmt::format("did you mean \"{}\"?", *near);
  // A slip in case or spacing is no slip; what is left is mostly another word for the same thing.
  return fmt::format("the file has {}", list_names(names, 20));
}

/// The column of a name: exact, else the only one that differs in case or spacing alone.
std::uint32_t find_name(const RosterSource& source, Field field, std::string_view wanted, Names header,
                        std::uint32_t line, Diagnostics& problems) {
  for (const bool is_exact : {true, false}) {
    std::uint32_t found = kNoColumn;
    for (std::uint32_t i = 0; i < header.size(); ++i) {
      if (is_exact ? header[i] != wanted : !is_same_name(header[i], wanted)) continue;
      if (found != kNoColumn) {
        problems.error(ErrorCode::roster_column,
                       fmt::format("two columns are named \"{}\", which holds the roster field {}", wanted,
                                   word_of(field)),
                       place_in(source, line), "rename one of them in the export");
        return found;
      }
      found = i;
    }
    if (found != kNoColumn) return found;
  }
  problems.error(
      ErrorCode::roster_column,
      fmt::format("there is no column \"{}\", which the config maps to {}", wanted, word_of(field)),
      place_in(source, line), did_you_mean(wanted, header));
  return kNoColumn;
}

}  // namespace

std::string_view word_of(Field field) {
  return field == Field::as_of ? "as_of_column" : kRosterFields[index_of(field)];
}

std::span<const std::string_view> usual_names(Field field) { return kUsual[index_of(field)]; }

std::optional<Guess> guess_field(std::string_view header) {
  const std::string form = compared_form(header);
  for (std::size_t f = 0; f < kFieldCount; ++f) {
    for (std::uint32_t rank = 0; rank < kUsual[f].size(); ++rank) {
      if (kUsual[f][rank] == form) return Guess{static_cast<Field>(f), rank};
    }
  }
  return std::nullopt;
}

bool is_same_name(std::string_view a, std::string_view b) { return fold_case(trim(a)) == fold_case(trim(b)); }

std::string list_names(std::span<const std::string_view> names, std::size_t most) {
  std::string out;
  const std::size_t shown = std::min(names.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += fmt::format("\"{}\"", names[i]);
  }
  if (names.size() > shown) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

void check_source(const RosterSource& source, Diagnostics& problems) {
  for (const auto& [field, header] : source.columns) {
    if (const auto known = find_mappable(field); !known) {
      const auto near = nearest_name(field, Names(kRosterFields));
      problems.error(ErrorCode::config_unknown_key,
                     fmt::format("`columns` of the roster {} maps \"{}\", which is no field of a roster",
                                 source.shown_path, field),
                     source.place,
                     near ? fmt::format("did you mean \"{}\"?", *near)
                          : fmt::format("fields are {}", list_names(Names(kRosterFields), 20)));
    } else if (*known == Field::tenures && source.format == RosterSource::Format::csv) {
      problems.error(ErrorCode::config_invalid,
                     fmt::format("the roster {} is CSV, which has no lists of tenures", source.shown_path),
                     source.place,
                     "map start, end and status; several rows with one person_id are tenures of one person");
    }
  }
  static constexpr std::string_view kStatusWords[] = {"active", "terminated"};
  static constexpr std::string_view kKindWords[] = {"employee", "contractor", "external"};
  check_words(source, "status", source.status, kStatusWords, problems);
  check_words(source, "kind", source.kind, kKindWords, problems);
  if (!source.date_format.empty() && !is_date_format(source.date_format)) {
    problems.error(
        ErrorCode::config_invalid,
        fmt::format("the date_format \"{}\" of the roster {} does not give a day, a month and a year",
                    source.date_format, source.shown_path),
        source.place,
        "%d is the day, %m the month's number, %b its English name, %Y the year, %y its last two digits; "
        "other characters stand for themselves");
  }
  const char d = source.delimiter;
  if (d != 0 && d != ',' && d != ';' && d != '\t' && d != '|' && d != ':' && d != '^' && d != '~') {
    problems.error(ErrorCode::config_invalid,
                   fmt::format("the roster {} cannot be delimited by \"{}\"", source.shown_path, d),
                   source.place, "allowed are , ; | : ^ ~ and the tabulator");
  }
}

FieldColumns map_header(const RosterSource& source, std::span<const std::string_view> header,
                        std::uint32_t line, Diagnostics& problems) {
  FieldColumns columns;
  columns.fill(kNoColumn);
  if (!source.columns.empty()) {
    for (const auto& [word, name] : source.columns) {
      if (const auto field = find_mappable(word))
        columns[index_of(*field)] = find_name(source, *field, name, header, line, problems);
    }
  } else {
    std::array<std::uint32_t, kFieldCount> rank;
    rank.fill(kNoColumn);
    for (std::uint32_t i = 0; i < header.size(); ++i) {
      const auto guess = guess_field(header[i]);
      if (!guess || guess->field == Field::tenures) continue;
      const std::size_t f = index_of(guess->field);
      if (guess->rank == rank[f]) {
        problems.error(ErrorCode::roster_column,
                       fmt::format("both \"{}\" and \"{}\" look like the roster field {}", header[columns[f]],
                                   header[i], kRosterFields[f]),
                       place_in(source, line), "say which one in `columns`");
      } else if (guess->rank < rank[f]) {
        rank[f] = guess->rank;
        columns[f] = i;
      }
    }
  }
  if (!source.as_of_column.empty())
    columns[index_of(Field::as_of)] =
        find_name(source, Field::as_of, source.as_of_column, header, line, problems);
  return columns;
}

void check_found(const RosterSource& source, const std::array<bool, kFieldCount>& found,
                 std::span<const std::string_view> names, std::uint32_t line, Diagnostics& problems) {
  const auto has = [&](Field field) { return found[index_of(field)]; };
  const auto is_mapped = [&](Field field) { return source.columns.contains(std::string(word_of(field))); };
  if (!has(Field::person_id) && !is_mapped(Field::person_id)) {
    problems.error(
        ErrorCode::roster_column, "no column holds the person_id", place_in(source, line),
        fmt::format("map it in `columns`, to the e-mail column if persons have no number; the file has {}",
                    list_names(names, 20)));
  }
  if (!has(Field::email) && !has(Field::emails) && !is_mapped(Field::email) && !is_mapped(Field::emails)) {
    problems.error(ErrorCode::roster_column,
                   "no column holds an e-mail address, by which accounts are matched", place_in(source, line),
                   fmt::format("map `email` in `columns`; the file has {}", list_names(names, 20)));
  }
  if (has(Field::status) || has(Field::end) || has(Field::tenures) || is_mapped(Field::status) ||
      is_mapped(Field::end) || is_mapped(Field::tenures))
    return;
  // Without a status and an end everyone counts as active. That is right for an export of present staff, and
  // a disaster when the column was overlooked.
  if (source.columns.empty()) {
    problems.error(ErrorCode::roster_column,
                   "no column looks like a status or a last day, so leavers could not be told from staff",
                   place_in(source, line),
                   fmt::format("map `status` or `end` in `columns`; the file has {}", list_names(names, 20)));
    return;
  }
  for (auto name : names) {
    const auto guess = guess_field(name);
    if (guess &&
        (guess->field == Field::status || guess->field == Field::end || guess->field == Field::tenures)) {
      problems.error(ErrorCode::roster_column,
                     fmt::format("`columns` maps neither status nor end, but the file has a column \"{}\": "
                                 "leavers would count as active",
                                 name),
                     place_in(source, line),
                     fmt::format("add `{}: {}` to `columns`", word_of(guess->field), name));
      return;
    }
  }
  problems.warning(ErrorCode::roster_column,
                   "neither a status nor an end is mapped: everyone in the file counts as active",
                   place_in(source, line));
}

}  // namespace muster::roster
