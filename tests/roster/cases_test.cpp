// Runs tests/cases/roster/*.json: rosters, accounts, links and a register are given; persons, matches,
// problems and warnings are wanted.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/json.h"
#include "roster/overview.h"
#include "roster/roster.h"

namespace muster::roster {
namespace {

using json::Value;
using snapshot::Cell;
using snapshot::Column;

std::string text(const Value& value, std::string_view name) {
  const Value* const member = value.find(name);
  return member != nullptr && member->string() != nullptr ? *member->string() : std::string();
}

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> out;
  for (const auto& item : *list.array()) out.push_back(*item.string());
  return out;
}

const json::Array& list(const Value& value, std::string_view name) {
  static const json::Array kNone;
  const Value* const member = value.find(name);
  return member == nullptr ? kNone : *member->array();
}

/// A collected roster of the users in "scim" with the last line that "end" gives; "drop" leaves out the last
/// line, "spoil" replaces a text after it was sealed.
std::string scim_file(const Value& given) {
  std::string bytes =
      R"({"roster":1,"source":"scim","url":"https://idp.example/scim/v2","collector":"muster","started":"2026-11-19T05:00:00Z"})"
      "\n"
      R"({"request":{"method":"GET","path":"/scim/v2/Users"}})"
      "\n";
  for (const auto& user : list(given, "scim"))
    bytes += R"({"from":{"provider":"scim","request":1},"object":)" + json::dump(user) + "}\n";
  json::Object end = {{"completed", "2026-11-19T05:00:01Z"}, {"status", "complete"}, {"reason", ""}};
  if (const Value* const changed = given.find("end")) {
    for (const auto& [name, value] : *changed->object()) {
      for (auto& member : end)
        if (member.first == name) member.second = value;
    }
  }
  end.emplace_back("rows", static_cast<std::int64_t>(list(given, "scim").size()));
  end.emplace_back("sha256", sha256_hex(bytes));
  if (given.find("drop") == nullptr) bytes += json::dump(end) + "\n";
  if (const Value* const spoil = given.find("spoil")) {
    const std::string& old = *spoil->array()->at(0).string();
    bytes.replace(bytes.find(old), old.size(), *spoil->array()->at(1).string());
  }
  return bytes;
}

/// "csv": lines, or "text": the file as it is; "jsonl": objects; "json": any value. The rest are the source's
/// settings.
RosterSource add_source(const Value& given, MemoryFileSystem& files, std::size_t number) {
  RosterSource source;
  source.shown_path = given.find("file") != nullptr ? text(given, "file")
                      : number == 0                 ? "hr.csv"
                                                    : fmt::format("hr{}.csv", number + 1);
  source.path = "/in/" + source.shown_path;
  source.place = Place{"muster.yaml", static_cast<std::uint32_t>(number + 4), 3, {}};
  std::string bytes = text(given, "text");
  for (const auto& line : list(given, "csv")) bytes += *line.string() + "\n";
  for (const auto& row : list(given, "jsonl")) {
    source.format = RosterSource::Format::jsonl;
    bytes += row.string() != nullptr ? *row.string() + "\n" : json::dump(row) + "\n";
  }
  if (given.find("scim") != nullptr) {
    source.format = RosterSource::Format::scim;
    bytes = scim_file(given);
  }
  if (const Value* const document = given.find("json")) {
    source.format = RosterSource::Format::json;
    bytes = document->string() != nullptr ? *document->string() : json::dump(*document);
  }
  if (given.find("missing") == nullptr) files.add(source.path, bytes);
  if (const Value* const columns = given.find("columns")) {
    for (const auto& [field, header] : *columns->object()) source.columns[field] = *header.string();
  }
  for (auto* const words : {&source.status, &source.kind}) {
    if (const Value* const map = given.find(words == &source.status ? "status" : "kind")) {
      for (const auto& [meaning, items] : *map->object()) (*words)[meaning] = texts(items);
    }
  }
  source.zone = text(given, "zone");
  source.date_format = text(given, "date_format");
  if (const std::string delimiter = text(given, "delimiter"); !delimiter.empty())
    source.delimiter = delimiter[0];
  if (const std::string day = text(given, "as_of"); !day.empty()) source.as_of = parse_date(day);
  source.as_of_column = text(given, "as_of_column");
  if (const std::string age = text(given, "max_age"); !age.empty())
    source.max_age_us = parse_duration(age).value();
  if (const Value* const rows = given.find("min_rows"))
    source.min_rows = static_cast<std::uint64_t>(*rows->integer());
  return source;
}

std::string shown(const Error& error) {
  std::string out(error_row(error.code).word);
  if (!error.place.file.empty()) out += " " + error.place.file;
  if (error.place.line != 0) out += fmt::format(":{}", error.place.line);
  out += ": " + error.message;
  if (!error.hint.empty()) out += " | " + error.hint;
  return out;
}

std::vector<std::string> shown(const std::vector<Error>& errors) {
  std::vector<std::string> out;
  for (const Error& error : errors) out.push_back(shown(error));
  return out;
}

/// A cell as JSON: what a rule would read.
Value cell_of(std::string_view field, std::uint32_t row, const snapshot::Table& table) {
  const Column& column = *table.column(field);
  if (column.cell(row) != Cell::value) return {};
  switch (column.type()) {
    case snapshot::FieldType::word: return std::string(column.word(row));
    case snapshot::FieldType::time: return format_rfc3339(column.time(row));
    case snapshot::FieldType::date: return format_date(date_of(column.time(row)));
    case snapshot::FieldType::text_list: {
      json::Array items;
      for (std::size_t i = 0; i < column.list_size(row); ++i) items.emplace_back(column.list_item(row, i));
      return items;
    }
    default: return std::string(column.text(row));
  }
}

Value person_of(const Roster& roster, std::uint32_t row, const Value& want) {
  json::Object out;
  for (const auto& [field, ignored] : *want.object()) {
    if (field == "says") {
      out.emplace_back(field, describe_state(roster, row));
    } else if (field == "tenures") {
      json::Array tenures;
      for (std::uint32_t t = 0; t < roster.tenures->rows(); ++t) {
        if (roster.tenures->column("person_id")->text(t) != roster.persons->ids()[row]) continue;
        json::Object tenure;
        for (const std::string_view part : {"status", "start", "end"})
          tenure.emplace_back(part, cell_of(part, t, *roster.tenures));
        tenures.emplace_back(std::move(tenure));
      }
      out.emplace_back(field, std::move(tenures));
    } else {
      out.emplace_back(field, cell_of(field, row, *roster.persons));
    }
  }
  return out;
}

class RosterCase : public testing::TestWithParam<std::pair<std::string, Value>> {};

TEST_P(RosterCase, ComesOut) {
  const Value& given = GetParam().second;
  MemoryFileSystem files;
  std::vector<RosterSource> sources;
  for (const auto& source : list(given, "rosters"))
    sources.push_back(add_source(source, files, sources.size()));
  LoadOptions options;
  options.as_of =
      parse_rfc3339(given.find("as_of") != nullptr ? text(given, "as_of") : "2026-11-20T12:00:00Z").value();
  Diagnostics problems;
  const Roster roster = load_roster(files, sources, options, problems);

  std::vector<std::string> want_problems, want_notes;
  if (const Value* const want = given.find("problems")) want_problems = texts(*want);
  EXPECT_EQ(shown(problems.errors()), want_problems);
  if (const Value* const want = given.find("warnings")) want_notes = texts(*want);
  EXPECT_EQ(shown(problems.warnings()), want_notes);
  EXPECT_EQ(roster.incomplete_reason,
            problems.has_errors() ? "the roster could not be read" : text(given, "incomplete"));
  EXPECT_EQ(roster.is_complete, roster.incomplete_reason.empty());
  if (problems.has_errors()) {
    EXPECT_EQ(roster.persons->rows(), 0u);
    return;
  }

  std::uint32_t row = 0;
  for (const auto& want : list(given, "persons")) {
    ASSERT_LT(row, roster.persons->rows());
    EXPECT_EQ(json::dump(person_of(roster, row++, want)), json::dump(want));
  }
  if (given.find("persons") != nullptr) {
    EXPECT_EQ(roster.persons->rows(), row);
  }

  StringColumn ids;
  Column emails(snapshot::FieldType::text);
  for (const auto& account : list(given, "accounts")) {
    ids.push_back(account.find("id") != nullptr ? text(account, "id")
                                                : fmt::format("user_{}", ids.size() + 1));
    account.find("email") != nullptr ? emails.push_text(text(account, "email"))
                                     : emails.push_missing(Cell::absent);
  }
  std::vector<AccountLink> links;
  for (const auto& link : list(given, "links")) {
    links.push_back({text(link, "account"), text(link, "person"), "",
                     Place{"links.yaml", static_cast<std::uint32_t>(links.size() + 1), 1, {}}});
  }
  std::vector<NonhumanEntry> nonhumans;
  for (const auto& entry : list(given, "nonhumans")) {
    nonhumans.push_back({text(entry, "id"), text(entry, "account"), "", "", std::nullopt,
                         Place{"nonhuman.yaml", static_cast<std::uint32_t>(nonhumans.size() + 1), 1, {}}});
  }
  std::map<std::string, std::vector<std::string>> aliases;
  if (const Value* const map = given.find("domain_aliases")) {
    for (const auto& [domain, others] : *map->object()) aliases[domain] = texts(others);
  }
  const Accounts accounts{&ids, &emails};
  for (const unsigned jobs : {1u, 3u}) {
    const Matches matches = match_accounts(roster, accounts, {links, nonhumans, &aliases}, jobs);
    std::uint32_t at = 0;
    for (const auto& account : list(given, "accounts")) {
      const AccountLine line = describe_account(roster, matches, accounts, at++);
      json::Object got;
      for (const auto& [part, value] : *account.object()) {
        if (part == "person")
          got.emplace_back(part, line.person_id.empty() ? Value() : Value(line.person_id));
        if (part == "outcome") got.emplace_back(part, line.outcome);
        if (part == "strategy") got.emplace_back(part, line.strategy);
        if (part == "reason") got.emplace_back(part, line.reason);
        if (part == "id" || part == "email" || part == "about") got.emplace_back(part, value);
      }
      EXPECT_EQ(json::dump(Value(got)), json::dump(account));
    }
    std::vector<std::string> want_warnings;
    if (const Value* const want = given.find("match_warnings")) want_warnings = texts(*want);
    EXPECT_EQ(matches.warnings, want_warnings);
  }
}

std::vector<std::pair<std::string, Value>> load_cases() {
  std::vector<std::pair<std::string, Value>> out;
  const auto disk = make_os_file_system();
  const std::string folder = MUSTER_SOURCE_DIR "/tests/cases/roster";
  const auto names = disk->list(folder).value();
  for (const auto& name : names) {
    const auto document = json::parse(disk->read_file(join_path(folder, name)).value(), {name});
    if (!document) throw std::runtime_error(render_error(document.error()));
    for (const auto& each : *document->array()) {
      out.emplace_back(name.substr(0, name.find('.')) + "_" + text(each, "case"), each);
    }
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Cases, RosterCase, testing::ValuesIn(load_cases()), [](const auto& param) {
  std::string name = param.param.first;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace muster::roster
