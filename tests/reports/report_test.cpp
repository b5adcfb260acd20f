#include "reports/report.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "reports/json/results.h"
#include "reports/populations.h"
#include "reports/run_builder.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

using muster::testing::RunBuilder;
using muster::testing::Say;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string only_file(const char* format, const Run& run, const ReportOptions& options = {}) {
  const std::vector<Rendered> files = render_all(*find_format(format), run, options);
  EXPECT_EQ(files.size(), 1u);
  EXPECT_EQ(files.at(0).suffix, "");
  return files.at(0).bytes;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size()))
    ++n;
  return n;
}

/// From `from` to the next `to`, both included.
std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string::npos) return "";
  const std::size_t end = text.find(to, begin);
  return end == std::string::npos ? text.substr(begin) : text.substr(begin, end + to.size() - begin);
}

std::string testcase(const std::string& xml, const std::string& name) {
  const std::string start = between(xml, "<testcase name=\"" + name + "\"", ">");
  return start.ends_with("/>") ? start : between(xml, "<testcase name=\"" + name + "\"", "</testcase>");
}

std::vector<Run (*)()> all_runs() {
  return {testing::northwind, testing::all_passed, testing::hostile, [] { return RunBuilder().finish(); },
          [] { return testing::large(300, 7, 4); }};
}

TEST(Formats, AreFoundByNameAndSorted) {
  std::vector<std::string_view> names;
  for (const Format& format : formats()) {
    names.push_back(format.name);
    EXPECT_EQ(find_format(format.name), &format);
    EXPECT_FALSE(format.description.empty());
  }
  EXPECT_THAT(names, ElementsAre("json", "junit", "junit-strict", "text"));
  EXPECT_EQ(find_format("xml"), nullptr);
}

TEST(Formats, AreDeterministicAndValidUtf8) {
  ReportOptions options;
  options.verbose = true;
  for (auto make : all_runs()) {
    for (const Format& format : formats()) {
      const std::string once = only_file(format.name.data(), make(), options);
      EXPECT_TRUE(once == only_file(format.name.data(), make(), options)) << format.name;
      EXPECT_TRUE(is_valid_utf8(once)) << format.name;
    }
  }
}

// --- results.json ---

TEST(Json, RendersTheSameAfterBeingReadBack) {
  for (auto make : all_runs()) {
    const std::string first = only_file("json", make());
    const Result<muster::Run> run = parse_results(first);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_TRUE(only_file("json", *run) == first);
    for (const char* format : {"junit", "junit-strict", "text"}) {
      // What is not valid UTF-8 is replaced in JSON, so only the other runs look alike to the last byte.
      if (make().organization.starts_with("Northwind")) {
        EXPECT_EQ(only_file(format, *run), only_file(format, make())) << format;
      }
    }
  }
}

TEST(Json, IsWrittenInPieces) {
  struct Pieces final : Output {
    void begin_file(std::string_view) override {}
    void write(std::string_view bytes) override {
      largest = std::max(largest, bytes.size());
      total += bytes.size();
    }
    std::size_t largest = 0, total = 0;
  } pieces;
  find_format("json")->render(testing::large(50'000, 2, 10), {}, pieces);
  EXPECT_GT(pieces.total, 4u << 20);
  EXPECT_LT(pieces.largest, 400u << 10);
}

struct Damage {
  const char* from;
  const char* to;
  const char* message;
};

TEST(Json, RefusesWhatContradictsItself) {
  const std::string good = only_file("json", testing::northwind());
  const Damage damages[] = {
      {"\"muster_results\": 1", "\"muster_results\": 2", "muster_results is 2, this muster reads 1"},
      {"\"muster_results\": 1,", "", "muster_results is missing"},
      {"\"what_if\": false", "\"what_if\": 0", "run.what_if must be true or false, not integer"},
      {"\"what_if\": false,", "", "run.what_if is missing"},
      {"\"tzdata\": \"2026a\"", "\"tzdata\": \"2026a\", \"extra\": 1", "run.extra is not a known member"},
      {"\"as_of\": \"2026-11-20T08:00:00Z\"", "\"as_of\": \"yesterday\"", "run.as_of is not a time"},
      {"\"fail_on\": \"low\"", "\"fail_on\": \"lowest\"", "run.fail_on has the unknown word \"lowest\""},
      {"\"code\": 3", "\"code\": 0",
       "exit.words is \"failed and undecided\", but exit.code 0 means \"passed\""},
      {"\"code\": 3", "\"code\": 4", "exit.code must be 0, 1, 2 or 3"},
      {"\"code\": 3", "\"code\": -1", "exit.code must be a whole number in range, not integer"},
      {"\"code\": 3,\n  \"words\": \"failed and undecided\"", "\"code\": 0,\n  \"words\": \"passed\"",
       "exit.code is 0, but accounts.linked_to_roster failed"},
      {"\"code\": 3,\n  \"words\": \"failed and undecided\"", "\"code\": 1,\n  \"words\": \"failed\"",
       "exit.code is 1, but nonhuman.register_current is undecided"},
      {"\"counts\": {\"pass\": 5, \"fail\": 3", "\"counts\": {\"pass\": 8, \"fail\": 0",
       "rules[0].counts are not those of the verdicts"},
      {"\"population\": 8", "\"population\": 7", "rules[0].verdicts add up to 8, but the population is 7"},
      {"[2, \"pass\", 1]", "[2, \"pass\", 9]",
       "rules[0].verdicts has an empty piece or names a reason that is not there"},
      {"[2, \"pass\", 1]", "[2, \"passed\", 1]", "rules[0].verdicts has the unknown verdict \"passed\""},
      {"[2, \"pass\", 1]", "[2, \"pass\"]",
       "rules[0].verdicts holds something else than [count, verdict, reason]"},
      {"[2, \"pass\", 1]", "[4294967296, \"pass\", 1]",
       "rules[0].verdicts must be a whole number in range, not integer"},
      {"\"reasons\": [\"\", ", "\"reasons\": [", "rules[0].reasons must begin with \"\""},
      {"\"on_unknown\": \"undecided\"", "\"on_unknown\": \"pass\"",
       "rules[0].on_unknown must be \"report\" or \"undecided\""},
      {"\"as\": \"accounts.leavers_removed\", \"rule\"", "\"as\": \"accounts.linked_to_roster\", \"rule\"",
       "two rules have one policy and one name"},
      {"\"id\": \"user_01C\", \"label\"", "\"id\": \"user_01B\", \"label\"",
       "findings[0].subject is not the subject that its index names"},
      {"\"index\": 2}, \"verdict\": \"fail\"", "\"index\": 99}, \"verdict\": \"fail\"",
       "findings[0].subject is not the subject that its index names"},
      {"\"index\": 2}, \"verdict\": \"fail\"", "\"index\": 2}, \"verdict\": \"pass\"",
       "findings[0].verdict is not one of a finding"},
      {"\"index\": 2}, \"verdict\": \"fail\"", "\"index\": 2}, \"verdict\": \"error\"",
       "rules[0] counts 3 fail, but findings has 2"},
      {"\"index\": 2}, \"verdict\": \"fail\"", "\"index\": 2}, \"verdict\": \"waived\"",
       "findings[0].waiver must be there exactly when the verdict is waived"},
      {"\"waiver\": \"W-18\"", "\"waiver\": \"W-1\"",
       "findings[3].waiver names a waiver that is not in waivers"},
      {"\"label\": [\"Ada Lovelace\", ", "\"label\": [", "subjects.user has not as many labels as ids"},
      {"\"nonhuman\": {\"id\"", "\"robot\": {\"id\"", "subjects.robot is not a known member"},
      {"\"controls\": [\"soc2:CC6.1\"", "\"controls\": [\"CC6.1\"",
       "rules[0].controls: \"CC6.1\" is not framework:id"},
      {"\"parameters\": {\"grace_days\":1}", "\"parameters\": []", "rules[0].parameters is not an object"},
  };
  for (const Damage& damage : damages) {
    std::string bad = good;
    const std::size_t at = bad.find(damage.from);
    ASSERT_NE(at, std::string::npos) << damage.from;
    bad.replace(at, std::string_view(damage.from).size(), damage.to);
    const Result<muster::Run> run = parse_results(bad, "out/results.json");
    ASSERT_FALSE(run) << damage.message;
    EXPECT_EQ(run.error().message, damage.message);
    EXPECT_EQ(run.error().code, ErrorCode::results_format);
    EXPECT_EQ(run.error().place.file, "out/results.json");
  }
}

TEST(Json, RefusesWhatIsNotOneDocument) {
  const std::string good = only_file("json", testing::northwind());
  EXPECT_EQ(parse_results("").error().code, ErrorCode::json_syntax);
  EXPECT_EQ(parse_results(good.substr(0, good.size() / 2)).error().code, ErrorCode::json_syntax);
  EXPECT_EQ(parse_results(good + "{}").error().code, ErrorCode::json_syntax);
  EXPECT_EQ(parse_results("[]").error().message, "the document is not an object");
  EXPECT_EQ(parse_results(std::string(100'000, '[')).error().code, ErrorCode::json_depth);
  std::string twice = good;
  twice.replace(twice.find("\"run\""), 5, "\"exit\"");
  EXPECT_EQ(parse_results(twice).error().code, ErrorCode::json_duplicate);
}

// --- junit ---

TEST(Junit, MapsEachRuleToOneOutcome) {
  const std::string xml = only_file("junit", testing::northwind());
  const std::pair<const char*, const char*> wanted[] = {
      {"accounts.linked_to_roster",
       "<failure message=\"Every account belongs to somebody on the roster: 3 of 8 users fail\" "
       "type=\"PolicyViolation.critical\">"},
      {"admins.workspace_spread",
       "<skipped message=\"1 of 2 workspaces waived by W-18, no expiry, 1 not applicable\">"},
      {"workspaces.has_members", "<skipped message=\"not applicable to 2 workspaces, for several reasons\">"},
      {"invites.pending_age", "<skipped message=\"0 subjects: there are no invites to judge\">"},
      {"nonhuman.register_current",
       "<error message=\"Every non-human identity has an owner: all 2 non-human identities undecided: roster "
       "hr/contractors.csv is stale: 2026-10-30 is older than 7d\" type=\"Undecided.unknown\">"},
      {"keys.max_age_production",
       "<failure message=\"Production keys are replaced every 30 days: 1 of 5 API keys fails\" "
       "type=\"PolicyViolation.info\">"},
      {"keys.creator_in_organization",
       "<error message=\"Whoever made a key is still here: 1 of 5 API keys unknown, 1 fails\" "
       "type=\"Undecided.unknown\">"},
      {"keys.expired_but_present",
       "<error message=\"Expired keys are archived: 1 of 5 API keys unknown, 1 in error\" "
       "type=\"RuleError.error\">"},
      {"compliance.keys_read_only",
       "<error message=\"Compliance keys can only read: undecided: dataset compliance_keys was denied: the "
       "key lacks the scope read:compliance\" type=\"Undecided.unknown\">"},
      {"keys.max_age",
       "<error message=\"Keys are replaced every 90 days: undecided: the scope selects nothing from 5 API "
       "keys\" type=\"Undecided.unknown\">"},
  };
  for (const auto& [name, outcome] : wanted) {
    const std::string made = testcase(xml, name);
    EXPECT_THAT(made, HasSubstr(outcome));
    EXPECT_EQ(count(made, "<failure ") + count(made, "<error ") + count(made, "<skipped "), 1u) << name;
  }
  for (const char* name : {"accounts.leavers_removed", "admins.count"})
    EXPECT_EQ(count(testcase(xml, name), " message="), 0u) << name;
  EXPECT_THAT(testcase(xml, "keys.max_age_production"),
              HasSubstr("<property name=\"gated\" value=\"false\" />"));
  EXPECT_THAT(testcase(xml, "keys.expired_but_present"),
              HasSubstr("<property name=\"on_unknown\" value=\"report\" />"));
  EXPECT_THAT(xml, HasSubstr("<testsuites name=\"muster\" tests=\"13\" failures=\"3\" errors=\"5\" "
                             "skipped=\"3\" time=\"0.000\" timestamp=\"2026-11-20T08:00:00\">"));
}

TEST(Junit, ListsTheUndecidedFirstAndThenTheFailures) {
  const std::string made = testcase(only_file("junit", testing::northwind()), "keys.creator_in_organization");
  EXPECT_THAT(
      made,
      HasSubstr(
          "1 fails\nUndecided:\n1. laptop (apikey_01C): the creator is a service account, and "
          "service_accounts were not collected\n"
          "Failed:\n1. batch (apikey_01B): its creator Eve Moss is no longer a member\nSeverity: medium\n"));
}

TEST(Junit, SaysOnceWhatIsTheSameForAll) {
  RunBuilder b;
  b.subjects(SubjectKind::user, {{"u1", "A"}, {"u2", "B"}});
  b.whole("access", "a", Severity::high, SubjectKind::user, "T", Verdict::error,
          "over its budget of 1000000 instructions");
  b.whole("access", "b", Severity::high, SubjectKind::user, "T", Verdict::fail, "every one");
  b.whole("access", "c", Severity::high, SubjectKind::user, "T", Verdict::not_applicable, "SSO is off");
  const std::string xml = only_file("junit", b.finish());
  EXPECT_THAT(
      xml, HasSubstr("<error message=\"T: all 2 users undecided: over its budget of 1000000 instructions\" "
                     "type=\"RuleError.error\">T: all 2 users undecided: over its budget of "
                     "1000000 instructions\nSeverity: high\n"));
  EXPECT_THAT(xml,
              HasSubstr("<failure message=\"T: 2 of 2 users fail: every one\" "
                        "type=\"PolicyViolation.high\">T: 2 of 2 users fail: every one\nSeverity: high\n"));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"not applicable for all 2 users: SSO is off\">"));
}

TEST(Junit, CapsTheListAndPointsToTheRest) {
  ReportOptions options;
  options.evidence = "out/evidence";
  const std::string xml = only_file("junit", testing::large(1000, 1, 2), options);
  EXPECT_THAT(xml, HasSubstr("\n50. person0000099@northwind.example ("));
  EXPECT_THAT(xml, Not(HasSubstr("\n51. ")));
  EXPECT_THAT(xml, HasSubstr("\nand 450 more, see out/evidence/populations/family.rule_000.csv\n"));
  EXPECT_THAT(
      xml,
      HasSubstr("<system-out>\n[[ATTACHMENT|out/evidence/populations/family.rule_000.csv]]\n</system-out>"));
}

TEST(Junit, WritesOnlyLegalCharactersAndShortBodies) {
  RunBuilder b;
  std::vector<std::pair<std::string, std::string>> users;
  std::vector<Say> says;
  const auto add = [&](const std::string& text) {
    users.emplace_back("id " + text, text);
    says.emplace_back(Verdict::fail, "because " + text, "", "", "",
                      std::vector<Related>{{"user", text, text}});
  };
  for (int c = 0; c < 256; ++c) add(std::string(1, static_cast<char>(c)));  // every byte alone
  for (unsigned c = 0x80; c < 0xA0; ++c) add(fmt::format("\xC2{}", static_cast<char>(c)));  // C1
  for (const char* text :
       {"\uFFFE", "\uFFFF", "\u2028", "\u202E", "\u2066", "\u200B", "\uFEFF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF4\x90\x80\x80", "\xC0\x80", "\xF0\x9F\xBF\xBF"})
    add(text);
  b.subjects(SubjectKind::user, users);
  b.rule("access", "all\x01 of\nthem", Severity::high, SubjectKind::user, "T\x02\n", says).fix =
      "F\x03\n\r\x0B]]>";
  for (const char* format : {"junit", "junit-strict"}) {
    for (JunitCases cases : {JunitCases::rule, JunitCases::subject}) {
      ReportOptions options;
      options.junit_cases = cases;
      const std::string xml = only_file(format, b.finish(), options);
      ASSERT_TRUE(is_valid_utf8(xml));
      for (char c : xml)
        ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << static_cast<int>(c);
      for (const char* illegal :
           {"\uFFFE", "\uFFFF", "\u202E", "\u2028", "\u2066", "\xC2\x85", "]]>", "<!", "\x7F", "&#"})
        EXPECT_EQ(xml.find(illegal), std::string::npos) << illegal;
    }
  }
  const std::string xml = only_file("junit", testing::hostile());
  for (std::size_t at = xml.find("message="); at != std::string::npos; at = xml.find("message=", at + 1)) {
    EXPECT_LT(xml.find("</", at) - at, 65536u);
    EXPECT_EQ(between(xml.substr(at), "\"", "\"").find('\n'), std::string::npos);
  }
}

TEST(Junit, GivesEveryCaseItsOwnName) {
  RunBuilder b;
  b.run.policies.push_back({"second", "", "policies/second.yaml", "", ""});
  b.subjects(SubjectKind::user, {{"u1", "A"}, {"u\x01", "B"}, {"u\\u{1}", "C"}});
  b.rule("access", "keys.max_age", Severity::high, SubjectKind::user, "T", {Verdict::pass});
  b.rule("second", "keys.max_age", Severity::high, SubjectKind::user, "T", {Verdict::fail});
  b.rule("third", "keys.max_age", Severity::high, SubjectKind::user, "T", {Verdict::pass});
  const std::string xml = only_file("junit", b.finish());
  for (const char* name : {"keys.max_age", "keys.max_age (second)", "keys.max_age (third)"})
    EXPECT_EQ(count(xml, fmt::format("<testcase name=\"{}\"", name)), 1u) << name;
  EXPECT_THAT(xml, HasSubstr("<testsuite id=\"2\" name=\"third\" package=\"\" tests=\"1\""));
  ReportOptions options;
  options.junit_cases = JunitCases::subject;
  const std::string by_subject = only_file("junit", b.finish(), options);
  for (const char* name : {"keys.max_age [user:u1]", "keys.max_age [user:u\\u{1}]",
                           "keys.max_age [user:u\\u{1}] #2", "keys.max_age (second) [user:u1]"}) {
    EXPECT_EQ(count(by_subject, fmt::format("<testcase name=\"{}\"", name)), 1u) << name;
  }
}

TEST(Junit, WritesACasePerSubjectWhenAsked) {
  ReportOptions options;
  options.junit_cases = JunitCases::subject;
  const std::string xml = only_file("junit", testing::northwind(), options);
  EXPECT_EQ(testcase(xml, "accounts.linked_to_roster [user:user_01C]"),
            "<testcase name=\"accounts.linked_to_roster [user:user_01C]\" classname=\"access\" "
            "file=\"policies/access.yaml\" line=\"4\" time=\"0.000\" assertions=\"1\">\n"
            "   <properties>\n    <property name=\"severity\" value=\"critical\" />\n    <property "
            "name=\"control\" value=\"soc2:CC6.1\" />\n"
            "    <property name=\"control\" value=\"nist80053:AC-2(3)\" />\n   </properties>\n"
            "   <failure message=\"left on 2026-10-01\" type=\"PolicyViolation.critical\">left on "
            "2026-10-01\nSubject: Chidi Ó Briain (user_01C)\n"
            "observed: left_at: 2026-10-01, status: terminated\nexpected: a person who is active on "
            "2026-11-20\nSeverity: critical\nControls: soc2:CC6.1, nist80053:AC-2(3)\n"
            "Fix: Remove the account in the console.\nWhen it is a service, put it into the register of "
            "non-human identities.\n</failure>\n  </testcase>");
  EXPECT_THAT(testcase(xml, "keys.no_expiry [api_key:apikey_01D]"),
              HasSubstr("<skipped message=\"waived by W-17 until 2027-01-31: never expires\">"));
  EXPECT_THAT(
      testcase(xml, "nonhuman.register_current [nonhuman:ci-bot]"),
      HasSubstr(
          "<error message=\"unknown: roster hr/contractors.csv is stale: 2026-10-30 is older than 7d\""));
  EXPECT_THAT(testcase(xml, "keys.expired_but_present [api_key:apikey_01B]"),
              HasSubstr("type=\"RuleError.error\""));
  EXPECT_THAT(testcase(xml, "invites.pending_age"),
              HasSubstr("<skipped message=\"0 subjects: there are no invites to judge\">"));
  EXPECT_THAT(testcase(xml, "compliance.keys_read_only"), HasSubstr("<error "));
  EXPECT_THAT(testcase(xml, "keys.max_age"),
              HasSubstr("<error message=\"undecided: the scope selects nothing from 5 API keys\""));
}

TEST(Junit, SplitsManyCasesOverFilesUnderOneSuite) {
  ReportOptions options;
  options.junit_cases = JunitCases::subject;
  options.junit_shard = 100;
  const std::vector<Rendered> files = render_all(*find_format("junit"), testing::large(125, 2, 5), options);
  ASSERT_EQ(files.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(files[i].suffix, fmt::format("-{:03}", i + 1));
    const std::size_t cases = i < 2 ? 100 : 50;
    EXPECT_EQ(count(files[i].bytes, "<testcase "), cases);
    EXPECT_THAT(files[i].bytes,
                HasSubstr(fmt::format("<testsuite id=\"0\" name=\"access\" package=\"\" tests=\"{}\" "
                                      "failures=\"{}\" errors=\"0\" skipped=\"0\"",
                                      cases, cases / 5)));
    EXPECT_EQ(count(files[i].bytes, "<failure "), cases / 5);
  }
  options.junit_shard = 250;
  EXPECT_EQ(render_all(*find_format("junit"), testing::large(125, 2, 5), options)[0].suffix, "");
}

TEST(Junit, KeepsFilesBelowWhatReadersAccept) {
  RunBuilder b;
  std::vector<std::pair<std::string, std::string>> users;
  for (int i = 0; i < 30; ++i) users.emplace_back(fmt::format("u{}", i), "");
  b.subjects(SubjectKind::user, users);
  for (int r = 0; r < 1000; ++r)
    b.rule("access", fmt::format("r{}", r), Severity::high, SubjectKind::user, "T",
           {Say{Verdict::fail, std::string(900, 'x')}});
  const std::vector<Rendered> files = render_all(*find_format("junit"), b.finish(), {});
  std::size_t cases = 0;
  for (const Rendered& file : files) {
    EXPECT_LT(file.bytes.size(), 22u << 20);
    cases += count(file.bytes, "<testcase ");
  }
  EXPECT_EQ(files.size(), 2u);
  EXPECT_EQ(cases, 1000u);
}

TEST(Junit, SaysSoWhenThereIsNoRule) {
  const std::string xml = only_file("junit", RunBuilder().finish());
  EXPECT_THAT(xml, HasSubstr("tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\""));
  EXPECT_THAT(xml,
              HasSubstr("<error message=\"no rule was selected: nothing was judged\" "
                        "type=\"Undecided.unknown\">no rule was selected: nothing was judged\n</error>"));
}

TEST(Junit, SaysThatItIsAWhatIf) {
  muster::Run run = testing::all_passed();
  run.what_if = true;
  const std::string xml = only_file("junit", run);
  EXPECT_THAT(xml, HasSubstr("<testsuites name=\"muster what-if as of 2026-11-20T08:00:00Z\" "));
  EXPECT_THAT(xml, HasSubstr("<property name=\"run.what_if\" value=\"true\" />"));
}

TEST(Junit, HasTimesOnlyWhenAsked) {
  const muster::Run run = testing::all_passed();
  const RunTimes times = testing::times_of(run);
  ReportOptions options;
  options.times = &times;
  EXPECT_EQ(only_file("junit", run, options), only_file("junit", run));
  options.with_timings = true;
  const std::string xml = only_file("junit", run, options);
  EXPECT_THAT(xml, HasSubstr("time=\"2.470\" timestamp=\"2026-11-21T09:30:00\">"));
  EXPECT_THAT(xml, HasSubstr("line=\"5\" time=\"1.235\""));
  EXPECT_THAT(xml, HasSubstr("<property name=\"run.started_at\" value=\"2026-11-21T09:30:00.250Z\" />"));
  EXPECT_THAT(xml, HasSubstr("<property name=\"run.as_of\" value=\"2026-11-20T08:00:00Z\" />"));
}

// --- text ---

TEST(Text, SaysTheVerdictFirst) {
  ReportOptions quiet;
  quiet.quiet = true;
  quiet.verbose = true;
  const auto first = [&](muster::Run run, ExitCode exit) {
    run.exit = exit;
    return only_file("text", run, quiet);
  };
  EXPECT_EQ(first(testing::northwind(), ExitCode::failed_and_undecided),
            "FAILED AND UNDECIDED  Northwind: 13 rules: 3 failed, 4 undecided, 1 failed below the gate, 1 "
            "unknown and only reported, 2 passed, 3 skipped (nothing to judge) (exit code 3)\n");
  EXPECT_EQ(first(testing::all_passed(), ExitCode::ok),
            "PASSED  Northwind: 2 rules: 2 passed (exit code 0)\n");
  EXPECT_EQ(first(testing::large(4, 1, 2), ExitCode::failed),
            "FAILED  Northwind: 1 rule: 1 failed (exit code 1)\n");
  EXPECT_EQ(first(RunBuilder().finish(), ExitCode::undecided),
            "UNDECIDED  Northwind: no rule was selected (exit code 2)\n");
}

TEST(Text, CapsSubjectsUnlessVerbose) {
  const muster::Run run = testing::large(100, 1, 2);
  const std::string text = only_file("text", run);
  EXPECT_EQ(count(text, "    - person"), 20u);
  EXPECT_THAT(text, HasSubstr("    and 30 more: --verbose lists all\n"));
  ReportOptions verbose;
  verbose.verbose = true;
  const std::string all = only_file("text", run, verbose);
  EXPECT_EQ(count(all, "    - person"), 50u);
  EXPECT_THAT(all, HasSubstr("    50 pass: active on the roster\n    50 fail: left on 2026-10-01\n"));
  EXPECT_THAT(all, HasSubstr(std::string(64, 'c')));
}

TEST(Text, NeverLetsDataControlTheTerminal) {
  ReportOptions options;
  options.verbose = true;
  for (auto make : all_runs()) {
    const std::string text = only_file("text", make(), options);
    for (char c : text)
      ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << static_cast<int>(c);
    for (const char* hidden : {"\u202E", "\u2028", "\u200B", "\xC2\x85", "\x7F"})
      EXPECT_EQ(text.find(hidden), std::string::npos);
    EXPECT_LT(text.size(), 200'000u);
    ReportOptions coloured = options;
    coloured.colour = true;
    EXPECT_NE(only_file("text", make(), coloured).find("\x1b["), std::string::npos);
  }
}

TEST(Text, KeepsToTheWidth) {
  ReportOptions options;
  options.evidence = ".";
  for (std::size_t width : {80u, 100u, 140u}) {
    options.width = width;
    const std::string text = only_file("text", testing::northwind(), options);
    std::size_t line_number = 0;
    for (std::size_t begin = 0; begin < text.size(); ++line_number) {
      const std::size_t end = text.find('\n', begin);
      // The first line is one that scripts cut out; it is never wrapped. A table needs its columns.
      if (line_number > 0 && width >= 100) {
        EXPECT_LE(display_width(std::string_view(text).substr(begin, end - begin)), width)
            << text.substr(begin, end - begin);
      }
      begin = end + 1;
    }
  }
}

TEST(Text, SaysWhatTheResultStandsOn) {
  const std::string text = only_file("text", testing::all_passed());
  EXPECT_THAT(text, HasSubstr("roster    hr/roster.csv: 310 persons, complete, age not checked\n"));
  EXPECT_THAT(text, HasSubstr("completeness declared by the importer,\n            not observed\n"));
  muster::Run what_if = testing::all_passed();
  what_if.what_if = true;
  what_if.as_of.us += kMicrosPerDay;
  what_if.nondeterministic = true;
  const std::string other = only_file("text", what_if);
  EXPECT_THAT(other,
              HasSubstr("as of 2026-11-21T08:00:00Z (WHAT-IF: the snapshot is of 2026-11-20T08:00:00Z)"));
  EXPECT_THAT(other, HasSubstr("A limit on wall time decided something"));
}

// --- populations ---

TEST(Csv, MakesEveryCellHarmless) {
  const std::pair<std::string_view, std::string_view> cells[] = {
      {"", ""},
      {"plain text", "plain text"},
      {"a,b", "\"a,b\""},
      {"say \"hi\"", "\"say \"\"hi\"\"\""},
      {"=1+1", "'=1+1"},
      {"+1", "'+1"},
      {"-1", "'-1"},
      {"@SUM(A1,B1)", "\"'@SUM(A1,B1)\""},
      {"\tx", "'\\tx"},
      {"\rx", "'\\u{D}x"},
      {"two\nlines", "two\\nlines"},
      {" space", "\" space\""},
      {"space ", "\"space \""},
      {"\x01", "\\u{1}"},
      {"\xFF", "\\x{FF}"},
      {"Ó Briain", "Ó Briain"},
      {"a=b", "a=b"},
      {"\"", "\"\"\"\""},
  };
  for (const auto& [text, wanted] : cells) {
    std::string cell;
    append_csv_cell(cell, text);
    EXPECT_EQ(cell, wanted) << text;
  }
}

TEST(Csv, ListsEverySubjectWithItsVerdict) {
  const muster::Run run = testing::northwind();
  struct Memory final : Output {
    void begin_file(std::string_view) override {}
    void write(std::string_view more) override { bytes += more; }
    std::string bytes;
  };
  const auto csv = [&](std::size_t rule) {
    Memory out;
    render_population(run, run.rules[rule], out);
    return out.bytes;
  };
  EXPECT_EQ(csv(7),
            "kind,id,label,verdict,reason\r\napi_key,apikey_01A,production,pass,\r\napi_key,apikey_01B,batch,"
            "fail,never expires\r\napi_key,apikey_01C,laptop,pass,\r\n"
            "api_key,apikey_01D,old batch,waived,never "
            "expires\r\napi_key,apikey_01E,archived,not_applicable,status is archived\r\n");
  EXPECT_EQ(csv(5), "kind,id,label,verdict,reason\r\n");
  EXPECT_EQ(csv(6),
            "kind,id,label,verdict,reason\r\nnonhuman,ci-bot,ci-bot,unknown,roster hr/contractors.csv is "
            "stale: 2026-10-30 is older than 7d\r\n"
            "nonhuman,deployer,deployer,unknown,roster hr/contractors.csv is stale: 2026-10-30 is older than "
            "7d\r\n");
}

TEST(Csv, NamesFilesSafelyAndUniquely) {
  RunBuilder b;
  b.subjects(SubjectKind::user, {});
  for (const char* as :
       {"keys.max_age", "Keys.Max_Age", "../../escape", "a/b", "a\\b", "", "..", "ключ", "con\x01"})
    b.rule("access", as, Severity::high, SubjectKind::user, "", {});
  b.rule("other", "keys.max_age", Severity::high, SubjectKind::user, "", {});
  b.rule("other", std::string(300, 'x'), Severity::high, SubjectKind::user, "", {});
  EXPECT_THAT(population_files(b.run),
              ElementsAre("keys.max_age.csv", "access.Keys.Max_Age.csv", "_._.._escape.csv", "a_b.csv",
                          "access.a_b.csv", "_.csv", "_..csv", "________.csv", "con_.csv",
                          "other.keys.max_age.csv", std::string(120, 'x') + ".csv"));
}

// --- writing ---

TEST(WriteReport, MakesTheFolderAndNothingElse) {
  MemoryFileSystem files;
  const auto written = write_report(files, *find_format("junit"), testing::northwind(), {}, "a/b/report.xml");
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_THAT(*written, ElementsAre("a/b/report.xml"));
  EXPECT_THAT(files.paths(), ElementsAre("a/b/report.xml"));
  EXPECT_EQ(*files.read_file("a/b/report.xml"), only_file("junit", testing::northwind()));
  EXPECT_THAT(*write_report(files, *find_format("text"), testing::northwind(), {}, "plain"),
              ElementsAre("plain"));
}

TEST(WriteReport, NumbersShardsAndRemovesOldOnes) {
  MemoryFileSystem files;
  ReportOptions options;
  options.junit_cases = JunitCases::subject;
  options.junit_shard = 10;
  const auto write = [&](std::size_t users) {
    return *write_report(files, *find_format("junit"), testing::large(users, 1, 0), options, "out/junit.xml");
  };
  files.add("out/junit-mine.xml", "x");
  EXPECT_THAT(write(35), ElementsAre("out/junit-001.xml", "out/junit-002.xml", "out/junit-003.xml",
                                     "out/junit-004.xml"));
  EXPECT_THAT(write(15), ElementsAre("out/junit-001.xml", "out/junit-002.xml"));
  EXPECT_THAT(files.paths(), ElementsAre("out/junit-001.xml", "out/junit-002.xml", "out/junit-mine.xml"));
  EXPECT_THAT(write(5), ElementsAre("out/junit.xml"));
  EXPECT_THAT(files.paths(), ElementsAre("out/junit-mine.xml", "out/junit.xml"));
  EXPECT_THAT(write(15), ElementsAre("out/junit-001.xml", "out/junit-002.xml"));
  EXPECT_THAT(files.paths(), ElementsAre("out/junit-001.xml", "out/junit-002.xml", "out/junit-mine.xml"));
}

TEST(WriteReport, LeavesTheOldFileWhenTheDiskIsFull) {
  MemoryFileSystem files;
  files.add("out/results.json", "old");
  files.fail_writes_after(1000);
  const auto written =
      write_report(files, *find_format("json"), testing::northwind(), {}, "out/results.json");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::file_unwritable);
  EXPECT_EQ(written.error().message, "cannot write out/results.json: no space left on device");
  EXPECT_THAT(files.paths(), ElementsAre("out/results.json"));
  EXPECT_EQ(*files.read_file("out/results.json"), "old");
}

TEST(WriteReport, SaysWhereItMayNotWrite) {
  MemoryFileSystem files;
  files.deny("out");
  const auto written =
      write_report(files, *find_format("json"), testing::northwind(), {}, "out/results.json");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write out: permission denied");
  files.add("file", "x");
  EXPECT_EQ(
      write_report(files, *find_format("json"), testing::northwind(), {}, "file/results.json").error().code,
      ErrorCode::file_unwritable);
}

TEST(OutputFolder, HoldsEverythingUnderOneSum) {
  MemoryFileSystem files;
  const muster::Run run = testing::northwind();
  const auto written = write_output_folder(files, run, testing::times_of(run), {}, "out");
  ASSERT_TRUE(written) << written.error().message;
  std::vector<std::string> below;
  for (const std::string& path : files.paths()) below.push_back(path.substr(4));
  EXPECT_EQ(below, *written);
  EXPECT_EQ(written->size(), 4 + run.rules.size());
  std::string sums;
  for (const std::string& name : *written) {
    if (name != "SHA256SUMS") sums += sha256_hex(*files.read_file("out/" + name)) + "  " + name + "\n";
  }
  EXPECT_EQ(*files.read_file("out/SHA256SUMS"), sums);
  EXPECT_EQ(*files.read_file("out/results.json"), only_file("json", run));
  EXPECT_THAT(*files.read_file("out/junit.xml"), HasSubstr("[[ATTACHMENT|populations/keys.no_expiry.csv]]"));
  const Result<json::Value> record = json::parse(*files.read_file("out/run.json"));
  ASSERT_TRUE(record);
  EXPECT_EQ(*record->find("checked_at")->string(), "2026-11-21T09:30:00.250Z");
}

TEST(OutputFolder, IsTheSameForAnyNumberOfJobs) {
  std::vector<std::string> first;
  for (unsigned jobs : {1u, 3u, 8u}) {
    MemoryFileSystem files;
    ReportOptions options;
    options.jobs = jobs;
    ASSERT_TRUE(write_output_folder(files, testing::northwind(), {}, options, "out/"));
    std::vector<std::string> all;
    for (const std::string& path : files.paths()) all.push_back(path + "\n" + *files.read_file(path));
    if (first.empty()) first = all;
    EXPECT_TRUE(all == first) << jobs;
  }
}

TEST(OutputFolder, RemovesOnlyWhatAnEarlierRunWrote) {
  MemoryFileSystem files;
  const muster::Run before = testing::northwind();
  ASSERT_TRUE(write_output_folder(files, before, {}, {}, "out"));
  files.add("out/populations/notes.csv", "the user's");
  files.add("out/report.html", "the user's");
  files.add("elsewhere.csv", "the user's");
  files.add("out/SHA256SUMS", *files.read_file("out/SHA256SUMS") + std::string(64, '0') +
                                  "  ../elsewhere.csv\n" + std::string(64, '0') + "  report.html\n" +
                                  std::string(64, '0') + "  populations/../../elsewhere.csv\nrubbish\n");
  const auto written = write_output_folder(files, testing::all_passed(), {}, {}, "out");
  ASSERT_TRUE(written);
  EXPECT_THAT(files.paths(),
              ElementsAre("elsewhere.csv", "out/SHA256SUMS", "out/junit.xml",
                          "out/populations/accounts.leavers_removed.csv",
                          "out/populations/accounts.linked_to_roster.csv", "out/populations/notes.csv",
                          "out/report.html", "out/results.json", "out/run.json"));
}

TEST(OutputFolder, StaysAsItWasWhenTheDiskIsFull) {
  MemoryFileSystem files;
  ASSERT_TRUE(write_output_folder(files, testing::all_passed(), {}, {}, "out"));
  std::vector<std::string> before;
  for (const std::string& path : files.paths()) before.push_back(path + "\n" + *files.read_file(path));
  const muster::Run run = testing::northwind();
  // The room at which it fails moves through all the files.
  bool is_written = false;
  for (std::uint64_t room = 0; !is_written; room += 1500) {
    MemoryFileSystem copy;
    for (const std::string& path : files.paths()) copy.add(path, *files.read_file(path));
    copy.fail_writes_after(room);
    const auto written = write_output_folder(copy, run, {}, {}, "out");
    is_written = written.has_value();
    if (is_written) break;
    EXPECT_EQ(written.error().code, ErrorCode::file_unwritable);
    EXPECT_THAT(written.error().message, StartsWith("cannot write out/"));
    EXPECT_THAT(written.error().message, Not(HasSubstr("partial")));
    std::vector<std::string> after;
    for (const std::string& path : copy.paths()) after.push_back(path + "\n" + *copy.read_file(path));
    EXPECT_EQ(after, before);
    ASSERT_LT(room, 1u << 20);
  }
}

// --- words ---

TEST(Words, ReadJsonAloud) {
  EXPECT_EQ(readable_json(R"({"a":1,"b":["x","y"],"c":{"d":null,"e":true},"f":1.5})", 500),
            "a: 1, b: [x, y], c: {d: null, e: true}, f: 1.5");
  EXPECT_EQ(readable_json(R"("text")", 500), "text");
  EXPECT_EQ(readable_json("not json \x01", 500), "not json \\u{1}");
  EXPECT_EQ(readable_json(R"({"a":"\u0001\u202e\n"})", 500), "a: \\u{1}\\u{202E}\\n");
  EXPECT_LT(readable_json("[\"" + std::string(100'000, 'x') + "\"]", 100).size(), 120u);
}

TEST(Words, CutWithoutSplittingACharacter) {
  EXPECT_EQ(visible_line("Ó Briain", 100), "Ó Briain");
  EXPECT_EQ(visible_line("ÓÓÓ", 3), "Ó…");
  EXPECT_EQ(visible_line(std::string(10, 'x'), 10), "xxxxxxxxxx");
  EXPECT_EQ(visible_line(std::string(11, 'x'), 10), "xxxxxxxxxx…");
  EXPECT_TRUE(is_valid_utf8(visible_line(std::string(50, '\xFF'), 21)));
}

}  // namespace
}  // namespace muster::reports
