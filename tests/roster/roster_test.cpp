#include "roster/roster.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/text.h"
#include "roster/fields.h"
#include "roster/overview.h"
#include "roster/rewrite.h"

namespace muster::roster {
namespace {

using snapshot::Column;

RosterSource csv_source(std::string name) {
  RosterSource source;
  source.shown_path = name;
  source.path = "/in/" + std::move(name);
  return source;
}

struct Loaded {
  Roster roster;
  Diagnostics problems;
};

Loaded load_csv(std::string text,
                const std::set<std::pair<snapshot::Dataset, std::uint16_t>>* fields = nullptr) {
  MemoryFileSystem files;
  files.add("/in/hr.csv", std::move(text));
  const std::vector<RosterSource> sources{csv_source("hr.csv")};
  LoadOptions options;
  options.as_of = parse_rfc3339("2026-11-20T12:00:00Z").value();
  options.fields = fields;
  Loaded out;
  out.roster = load_roster(files, sources, options, out.problems);
  return out;
}

TEST(Roster, RecordsItsSources) {
  MemoryFileSystem files;
  const std::string first =
      "person_id,email,status\nP-1,a@x.example,active\nP-1,a@x.example,active\nP-2,b@x.example,active\n";
  const std::string second =
      "person_id,email,status\nP-2,b@x.example,active\nP-2,b@x.example,active\nP-3,c@x.example,active\n";
  files.add("/in/hr.csv", first);
  files.add("/in/ext.csv", second);
  std::vector<RosterSource> sources{csv_source("hr.csv"), csv_source("ext.csv")};
  sources[0].as_of = Date{2026, 11, 1};
  sources[0].max_age_us = 7 * kMicrosPerDay;
  sources[1].zone = "Europe/Berlin";
  sources[1].max_age_us = 30 * kMicrosPerDay;
  sources[1].as_of = Date{2026, 11, 1};
  Diagnostics problems;
  const Roster roster =
      load_roster(files, sources, {parse_rfc3339("2026-11-20T12:00:00Z").value()}, problems);
  EXPECT_FALSE(problems.has_errors());
  EXPECT_EQ(roster.persons->rows(), 3u);
  EXPECT_TRUE(roster.uses_zone);
  EXPECT_FALSE(roster.is_complete);
  ASSERT_EQ(roster.sources.size(), 2u);
  EXPECT_EQ(roster.sources[0].path, "hr.csv");
  EXPECT_EQ(roster.sources[0].status, "stale");
  EXPECT_EQ(roster.sources[0].reason, "roster hr.csv is 19 days old, at most 7 allowed");
  EXPECT_EQ(roster.sources[0].as_of, "2026-11-01");
  EXPECT_EQ(roster.sources[0].max_age, "7d");
  EXPECT_EQ(roster.sources[0].persons, 2u);
  EXPECT_EQ(roster.sources[1].status, "complete");
  EXPECT_EQ(roster.sources[1].persons, 2u);
  ASSERT_EQ(roster.inputs.size(), 2u);
  EXPECT_EQ(roster.inputs[1].kind, "roster");
  EXPECT_EQ(roster.inputs[1].path, "ext.csv");
  EXPECT_EQ(roster.inputs[1].sha256, sha256_hex(second));
  EXPECT_EQ(roster.inputs[1].bytes, second.size());
}

TEST(Roster, AFileThatCannotBeReadIsAnErrorWithItsStatus) {
  MemoryFileSystem files;
  files.add("/in/hr.csv", "person_id,email,status\nP-1,a@x.example,active\n");
  files.deny("/in/hr.csv");
  const std::vector<RosterSource> sources{csv_source("hr.csv")};
  Diagnostics problems;
  const Roster roster = load_roster(files, sources, {}, problems);
  ASSERT_EQ(problems.errors().size(), 1u);
  EXPECT_EQ(problems.errors()[0].code, ErrorCode::file_unreadable);
  EXPECT_EQ(problems.exit_code(), ExitCode::wrong_input);
  EXPECT_EQ(roster.sources[0].status, "missing");
  EXPECT_FALSE(roster.is_complete);
  EXPECT_EQ(roster.persons->rows(), 0u);
}

TEST(Roster, ShowsTheFirstProblemsAndCountsTheRest) {
  std::string text = "person_id,email,status\n";
  for (int i = 0; i < 1000; ++i) text += "P-1,a@x.example\n";
  const Loaded loaded = load_csv(text);
  ASSERT_EQ(loaded.problems.errors().size(), 21u);
  EXPECT_EQ(loaded.problems.errors()[19].place.line, 21u);
  EXPECT_EQ(loaded.problems.errors()[20].message, "980 more problems in rows of this file are not shown");
}

TEST(Roster, ShowsTheFirstUnknownStatusWordsAndCountsTheRest) {
  std::string text = "person_id,email,status\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("P-{},a{}@x.example,word {}\n", i, i, i);
  const Loaded loaded = load_csv(text);
  ASSERT_EQ(loaded.problems.errors().size(), 51u);
  EXPECT_EQ(loaded.problems.errors()[49].message,
            "the status \"word 49\" is neither active nor terminated (1 row)");
  EXPECT_EQ(loaded.problems.errors()[50].message,
            "950 more rows have yet other status words; is the right column mapped?");
}

TEST(Roster, AWindows1252ExportIsRefusedWithItsCause) {
  const Loaded loaded = load_csv("person_id,name,email,status\nP-1,J\xFCrgen,a@x.example,active\n");
  ASSERT_EQ(loaded.problems.errors().size(), 1u);
  EXPECT_EQ(loaded.problems.render(),
            "error[text.encoding]: the row is not valid UTF-8\n  --> hr.csv:2\n   = help: a frequent cause "
            "is an export in Windows-1252; export it as \"CSV UTF-8\"\n\n1 problem.\n");
}

TEST(Roster, AnEncodingErrorInTheHeaderEndsIt) {
  const Loaded loaded = load_csv(
      "person_id,stra\xDF"
      "e,email,status\nP-1,x,a@x.example,active\n");
  ASSERT_EQ(loaded.problems.errors().size(), 1u);
  EXPECT_EQ(loaded.problems.errors()[0].code, ErrorCode::text_encoding);
  EXPECT_EQ(loaded.problems.errors()[0].place.file, "hr.csv");
}

TEST(Roster, ALineOfJsonAboveTheLimitEndsTheReading) {
  MemoryFileSystem files;
  files.add("/in/hr.jsonl", "{\"person_id\":\"P-1\",\"email\":\"a@x.example\"}\n{\"person_id\":\"" +
                                std::string(std::size_t{50} << 20, 'x') + "\"}\n");
  RosterSource source = csv_source("hr.jsonl");
  source.format = RosterSource::Format::jsonl;
  Diagnostics problems;
  (void)load_roster(files, {&source, 1}, {}, problems);
  ASSERT_FALSE(problems.errors().empty());
  EXPECT_EQ(problems.errors()[0].code, ErrorCode::file_too_large);
  EXPECT_EQ(problems.errors()[0].place.file, "hr.jsonl");
  EXPECT_EQ(problems.errors()[0].place.line, 2u);
}

TEST(Roster, LoadsOnlyTheFieldsThatAreAskedFor) {
  const std::set<std::pair<snapshot::Dataset, std::uint16_t>> fields{
      {snapshot::Dataset::persons, snapshot::spec_of(snapshot::Dataset::persons).field("last_day").value()},
      {snapshot::Dataset::tenures, snapshot::spec_of(snapshot::Dataset::tenures).field("end").value()}};
  const Loaded loaded = load_csv(
      "person_id,name,email,manager,status,end\nP-1,Ana,a@x.example,P-1,terminated,2026-10-31\nP-2,,b@x."
      "example,,active,\n",
      &fields);
  const Roster& roster = loaded.roster;
  EXPECT_EQ(roster.persons->column("name"), nullptr);
  EXPECT_EQ(roster.persons->column("email"), nullptr);
  EXPECT_EQ(roster.persons->column("manager_id"), nullptr);
  EXPECT_EQ(roster.tenures->column("person_id"), nullptr);
  EXPECT_EQ(roster.tenures->rows(), 2u);
  EXPECT_EQ(format_date(date_of(roster.persons->column("last_day")->time(0))), "2026-10-31");
  EXPECT_EQ(roster.persons->labels()[0], "Ana");
  EXPECT_EQ(roster.persons->labels()[1], "P-2");
  EXPECT_EQ(roster.states[0], PersonState::left);
  EXPECT_EQ(find_person(roster, "B@x.example"), 1u);
  const PersonLine line = describe_person(roster, 0);
  EXPECT_EQ(line.name, "Ana");
  EXPECT_EQ(line.email, "");
  EXPECT_EQ(line.state, "left on 2026-10-31");
}

TEST(Roster, FindsWhomAnOwnerFieldNames) {
  const Loaded loaded = load_csv(
      "person_id,email,former_emails,status,end\nP-1,ana@x.example,,terminated,2020-01-31\nP-2,ana@x.example,"
      "ana.old@x.example,active,\nP-3,bo@x.example,,active,\nP-4,bo@x.example,,active,\n"
      "P-5,cy@x.example,,terminated,2020-01-31\nodd@id.example,di@x.example,,active,\n");
  const Roster& roster = loaded.roster;
  EXPECT_EQ(find_person(roster, "P-1"), 0u);
  EXPECT_EQ(find_person(roster, " P-1 "), 0u);
  EXPECT_EQ(find_person(roster, "p-1"), kNoPerson);
  EXPECT_EQ(find_person(roster, "Ana@x.example"), 1u);
  EXPECT_EQ(find_person(roster, "ana.old@x.example"), 1u);
  EXPECT_EQ(find_person(roster, "bo@x.example"), kNoPerson);
  EXPECT_EQ(find_person(roster, "cy@x.example"), 4u);
  EXPECT_EQ(find_person(roster, "odd@id.example"), 5u);
  EXPECT_EQ(find_person(roster, "nobody@x.example"), kNoPerson);
  EXPECT_EQ(find_person(roster, ""), kNoPerson);
}

TEST(Roster, LooksUpAfterItsTablesHaveMovedToAnotherOwner) {
  Loaded loaded = load_csv("person_id,email,status\nP-1,a@x.example,active\nP-2,a@x.example,active\n");
  const std::unique_ptr<snapshot::Table> world = std::move(loaded.roster.persons);
  EXPECT_EQ(find_person(loaded.roster, "P-2"), 1u);
  StringColumn ids;
  ids.push_back("user_1");
  Column emails(snapshot::FieldType::text);
  emails.push_text("a@x.example");
  const Matches matches = match_accounts(loaded.roster, {&ids, &emails}, {}, 1);
  EXPECT_EQ(matches.reason(0), "2 active persons under a@x.example: P-1, P-2");
}

TEST(Roster, WordsOfTheConfigAndTheGuessesAreTheSameFields) {
  for (std::size_t f = 0; f < kMappableCount; ++f) {
    const auto field = static_cast<Field>(f);
    ASSERT_FALSE(usual_names(field).empty()) << word_of(field);
    for (const auto name : usual_names(field)) {
      const auto guess = guess_field(name);
      ASSERT_TRUE(guess.has_value()) << name;
      EXPECT_EQ(guess->field, field) << name << " stands under two fields";
    }
  }
  EXPECT_EQ(guess_field("  E-Mail (Work)")->field, Field::email);
  EXPECT_EQ(guess_field("Geschäftliche E-Mail")->field, Field::email);
  EXPECT_FALSE(guess_field("Home Email"));
  EXPECT_FALSE(guess_field("Personal E-Mail"));
  EXPECT_FALSE(guess_field(""));
}

TEST(Roster, SumsUpWhatWasMatched) {
  const Loaded loaded = load_csv(
      "person_id,email,status,end\nP-1,a@x.example,active,\nP-2,b@x.example,active,\nP-3,c@x.example,"
      "terminated,2020-01-31\nP-4,d@x.example,active,\nP-5,d@x.example,active,\nP-6,e@x.example,active,2020-"
      "01-31\n");
  StringColumn ids;
  Column emails(snapshot::FieldType::text);
  for (const std::string_view email :
       {"a@x.example", "a+t@x.example", "c@x.example", "d@x.example", "nobody@x.example", "bot@x.example"}) {
    ids.push_back(fmt::format("user_{}", ids.size() + 1));
    emails.push_text(email);
  }
  NonhumanEntry bot;
  bot.account = "BOT@x.example";
  const Matches matches = match_accounts(loaded.roster, {&ids, &emails}, {{}, {&bot, 1}, nullptr}, 2);
  const Overview overview = make_overview(loaded.roster, matches);
  EXPECT_EQ(overview.persons, 6u);
  EXPECT_EQ(overview.accounts, 6u);
  EXPECT_EQ(overview.by_state, (std::array<std::uint64_t, 5>{4, 1, 0, 0, 1}));
  EXPECT_EQ(overview.by_outcome, (std::array<std::uint64_t, 4>{3, 1, 1, 1}));
  EXPECT_EQ(overview.by_strategy, (std::array<std::uint64_t, 6>{0, 0, 2, 1, 0, 0}));
  EXPECT_EQ(overview.unmatched_accounts, (std::vector<std::uint32_t>{4}));
  EXPECT_EQ(overview.ambiguous_accounts, (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(overview.inactive_matched, (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(overview.persons_without_account, (std::vector<std::uint32_t>{1, 3, 4}));
  EXPECT_EQ(overview.shared_persons, (std::vector<std::uint32_t>{0}));
}

/// The rules of matching once more, in the plainest form: what the index must give, for any roster.
struct PlainPerson {
  std::set<std::string> current, former;
  PersonState state;
  std::int64_t left;
};

std::pair<Strategy, std::uint32_t> match_plainly(const std::vector<PlainPerson>& people,
                                                 const std::string& email) {
  const auto at = email.rfind('@'), plus = email.find('+');
  const std::string bare =
      plus != std::string::npos && plus > 0 && plus < at ? email.substr(0, plus) + email.substr(at) : "";
  const auto pick = [&](auto&& fits) -> std::optional<std::uint32_t> {
    std::vector<std::uint32_t> active, rest;
    for (std::uint32_t i = 0; i < people.size(); ++i) {
      if (fits(people[i])) (people[i].state == PersonState::active ? active : rest).push_back(i);
    }
    if (active.size() == 1) return active[0];
    if (active.size() > 1) return kNoPerson;
    std::optional<std::uint32_t> best;
    for (const std::uint32_t i : rest) {
      if (!best || people[i].left > people[*best].left) best = i;
    }
    return best;
  };
  if (const auto found = pick([&](const PlainPerson& p) { return p.current.contains(email); }))
    return {Strategy::email, *found};
  if (const auto found = pick([&](const PlainPerson& p) { return p.current.contains(bare); });
      found && !bare.empty())
    return {Strategy::plus_tag, *found};
  if (const auto found = pick([&](const PlainPerson& p) { return p.former.contains(email); }))
    return {Strategy::former_email, *found};
  if (const auto found = pick([&](const PlainPerson& p) { return p.former.contains(bare); });
      found && !bare.empty())
    return {Strategy::former_email, *found};
  return {Strategy::none, kNoPerson};
}

TEST(Roster, MatchesLikeThePlainRulesOnAnyRoster) {
  std::mt19937 random(7);
  const auto address = [&] {
    return fmt::format("{}{}@x.example", static_cast<char>('a' + random() % 12),
                       random() % 4 == 0 ? "+t" : "");
  };
  for (int round = 0; round < 300; ++round) {
    std::string text = "person_id,email,emails,former_emails,status,end\n";
    std::vector<PlainPerson> people;
    for (std::size_t i = 0, count = 1 + random() % 12; i < count; ++i) {
      PlainPerson person;
      const std::string own = address(), other = random() % 3 == 0 ? address() : "",
                        old = random() % 2 == 0 ? address() : "";
      person.current = {own};
      if (!other.empty()) person.current.insert(other);
      if (!old.empty()) person.former.insert(old);
      const auto day = random() % 28 + 1;
      person.state = random() % 2 == 0 ? PersonState::active : PersonState::left;
      person.left = static_cast<std::int64_t>(day);
      text += fmt::format(
          "P-{},{},{},{},{}\n", i, own, other, old,
          person.state == PersonState::active ? "active," : fmt::format("terminated,2026-01-{:02}", day));
      people.push_back(std::move(person));
    }
    const Loaded loaded = load_csv(text);
    ASSERT_FALSE(loaded.problems.has_errors()) << loaded.problems.render();
    StringColumn ids;
    Column emails(snapshot::FieldType::text);
    std::vector<std::string> texts;
    for (int i = 0; i < 60; ++i) {
      texts.push_back(address());
      ids.push_back(fmt::format("user_{}", i));
      emails.push_text(texts.back());
    }
    const Matches matches = match_accounts(loaded.roster, {&ids, &emails}, {}, 1);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto [strategy, person] = match_plainly(people, texts[i]);
      ASSERT_EQ(matches.of[i].strategy, strategy) << texts[i] << "\n" << text;
      ASSERT_EQ(matches.of[i].person, person) << texts[i] << "\n" << text;
      const auto state = strategy == Strategy::none ? MatchState::nobody
                         : person == kNoPerson      ? MatchState::ambiguous
                                                    : MatchState::matched;
      ASSERT_EQ(matches.of[i].state, state) << texts[i] << "\n" << text;
    }
  }
}

TEST(Roster, ManyPersonsAndAccountsGiveTheSameForAnyNumberOfJobs) {
  std::string text = "person_id,email,former_emails,status,start,end\n";
  constexpr int kPersons = 20'000;
  for (int i = 0; i < kPersons; ++i) {
    // Every seventh comes back under the same number, every eleventh under a new one.
    text +=
        fmt::format("P-{0},p{0}@x.example,{1},{2}\n", i, i % 5 == 0 ? fmt::format("old{}@x.example", i) : "",
                    i % 3 == 0 ? "terminated,2015-01-01,2020-01-31" : "active,2015-01-01,");
    if (i % 7 == 0) text += fmt::format("P-{0},p{0}@x.example,,active,2024-01-01,\n", i);
    if (i % 11 == 0) text += fmt::format("N-{0},p{0}@x.example,,active,2024-01-01,\n", i);
  }
  const Loaded loaded = load_csv(text);
  ASSERT_FALSE(loaded.problems.has_errors()) << loaded.problems.render(3);
  EXPECT_EQ(loaded.roster.persons->rows(), static_cast<std::uint32_t>(kPersons + (kPersons + 10) / 11));
  StringColumn ids;
  Column emails(snapshot::FieldType::text);
  for (int i = 0; i < kPersons; ++i) {
    ids.push_back(fmt::format("user_{}", i));
    emails.push_text(fmt::format("{}{}@X.example", i % 5 == 0 && i % 2 == 0 ? "old" : "p", i));
  }
  const Matches one = match_accounts(loaded.roster, {&ids, &emails}, {}, 1),
                four = match_accounts(loaded.roster, {&ids, &emails}, {}, 4);
  for (std::uint32_t i = 0; i < kPersons; ++i) {
    ASSERT_EQ(one.of[i].person, four.of[i].person);
    ASSERT_EQ(one.of[i].state, four.of[i].state);
    const bool is_former = i % 10 == 0, is_active = i % 3 != 0 || i % 7 == 0;
    ASSERT_EQ(one.of[i].strategy, is_former ? Strategy::former_email : Strategy::email) << i;
    if (!is_former && i % 11 == 0 && is_active) {
      ASSERT_EQ(one.of[i].state, MatchState::ambiguous) << i;
    } else {
      const auto id = loaded.roster.persons->ids()[one.of[i].person];
      ASSERT_EQ(id, fmt::format("{}-{}", !is_former && i % 11 == 0 ? "N" : "P", i));
    }
  }
}

TEST(Rewrite, ShowsEachCellWithItsFieldAndKeepsTheShape) {
  MemoryFileSystem files;
  const RewriteCell mark = [](std::string_view field, std::string_view column, std::string_view text) {
    return text.empty() ? std::string() : fmt::format("{}|{}|{}", field, column, text);
  };
  RosterSource csv;
  csv.path = csv.shown_path = "r.csv";
  csv.columns = {{"person_id", "Nr"}, {"email", "Mail"}, {"status", "State"}};
  files.add("r.csv", "Nr;Mail;State;\"Shoe, size\"\r\n1;a@x;Active;\"4\"\"2\"\r\n2;;Active;\r\n");
  EXPECT_EQ(rewrite_roster(files, csv, mark).value(),
            "Nr,Mail,State,\"Shoe, size\"\n"
            "person_id|Nr|1,email|Mail|a@x,status|State|Active,\"|Shoe, size|4\"\"2\"\n"
            "person_id|Nr|2,,status|State|Active,\n");
  csv.columns = {{"person_id", "Number"}};
  EXPECT_FALSE(rewrite_roster(files, csv, mark));

  RosterSource json;
  json.format = RosterSource::Format::json;
  json.path = json.shown_path = "r.json";
  json.columns = {{"person_id", "id"}, {"manager", "boss.id"}, {"emails", "mails"}};
  files.add("r.json", R"({"people": [{"id": 7, "boss": {"id": "9", "name": "X"}, "mails": ["a@x", "b@x"], "n": 3, "none": null}]})");
  EXPECT_NE(rewrite_roster(files, json, mark).value().find("\"person_id|id|7\""), std::string::npos);
  json.path = json.shown_path = "l.jsonl";
  json.format = RosterSource::Format::jsonl;
  files.add("l.jsonl", R"({"id": 7, "boss": {"id": "9", "name": "X"}, "mails": ["a@x", "b@x"], "n": 3, "none": null})"
                       "\n\n");
  EXPECT_EQ(rewrite_roster(files, json, mark).value(),
            R"({"id":"person_id|id|7","boss":{"id":"manager|boss.id|9","name":"|boss.name|X"},"mails":["emails|mails|a@x","emails|mails|b@x"],"n":3,"none":null})"
            "\n");
  files.add("l.jsonl", "{\n");
  EXPECT_FALSE(rewrite_roster(files, json, mark));
  // A SCIM file is sealed anew: it loads with its new words, and with the same people otherwise.
  RosterSource scim;
  scim.format = RosterSource::Format::scim;
  scim.path = scim.shown_path = "s.jsonl";
  std::string body = R"({"roster":1,"source":"scim","url":"https://idp.example/scim/v2","collector":"muster","started":"2026-11-20T07:00:00Z"})"
                     "\n"
                     R"({"request":{"method":"GET","path":"/Users?count=1","status":200}})"
                     "\n"
                     R"({"from":{"provider":"scim","request":1},"object":{"schemas":["urn:x"],"id":"u1","userName":"rosa@x.example","active":true,"displayName":"Rosa Park","name":{"givenName":"Rosa"},"emails":[{"value":"rosa@x.example","type":"work","primary":true}],"phoneNumbers":[{"value":"1"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":7,"manager":{"value":"u2"},"department":"R&D"}}})"
                     "\n";
  const auto seal = [](const std::string& text) {
    return text + R"({"completed":"2026-11-20T07:00:01Z","status":"complete","reason":"","total":1,"rows":1,"sha256":")" + sha256_hex(text) + "\"}\n";
  };
  files.add("s.jsonl", seal(body));
  const std::string scim_text = rewrite_roster(files, scim, [](std::string_view field, std::string_view, std::string_view text) { return fmt::format("<{}>", field.empty() ? "" : field == "status" || field == "text" ? text : field); }).value();
  EXPECT_EQ(scim_text.substr(scim_text.find("\"object\"")).substr(0, 331), R"("object":{"schemas":["<urn:x>"],"id":"<person_id>","userName":"<email>","active":true,"displayName":"<name>","name":{"givenName":"<name>"},"emails":[{"value":"<email>","type":"<work>","primary":true}],"phoneNumbers":[{"value":"<>"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"<person_id>","mana)");
  files.add("s.jsonl", scim_text);
  Diagnostics problems;
  const Roster loaded = load_roster(files, std::span(&scim, 1), {*parse_rfc3339("2026-11-20T08:00:00Z"), 1, nullptr}, problems);
  EXPECT_FALSE(problems.has_errors()) << problems.render();
  EXPECT_EQ(loaded.states.size(), 1u);
  EXPECT_EQ(rewrite_addresses(" a@x; b@x,c@x ", [](std::string_view address) { return fmt::format("<{}>", address); }), " <a@x>; <b@x>,<c@x> ");
}

}  // namespace
}  // namespace muster::roster
