#include <fmt/format.h>

#include "base/text.h"
#include "reports/support.h"

namespace muster::reports {
namespace {

using muster::testing::RunBuilder;
using muster::testing::Say;
using ::testing::HasSubstr;
using ::testing::Not;

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

TEST(Junit, KeepsTheLongestBodyShort) {
  RunBuilder b;
  b.run.waivers.assign(20, {std::string(5000, 'w'), "r", std::string(5000, '\x01'), std::string(5000, 'a'),
                            std::string(5000, 't'), "", "", std::string(5000, 'e'), "active", 0});
  std::vector<std::pair<std::string, std::string>> users;
  std::vector<Say> says;
  const std::string longest(5000, '\x02');
  for (int i = 0; i < 220; ++i) {
    users.emplace_back(longest, longest + "x");
    const Verdict verdict = i < 100 ? Verdict::fail : i < 200 ? Verdict::unknown : Verdict::waived;
    b.run.waivers[static_cast<std::size_t>(i % 20)].id[0] = static_cast<char>('A' + i % 20);
    says.emplace_back(verdict, longest, "{\"a\":\"" + std::string(5000, 'o') + "\"}", "[1]",
                      verdict == Verdict::waived ? b.run.waivers[static_cast<std::size_t>(i % 20)].id : "",
                      std::vector<Related>(30, Related{"user", longest, longest + "y"}));
  }
  b.subjects(SubjectKind::user, users);
  RuleResult& rule = b.rule("access", "a", Severity::high, SubjectKind::user, longest, says);
  rule.fix = longest;
  rule.controls.assign(500, {"framework", "id"});
  const std::string xml = only_file("junit", b.finish());
  const std::string error = between(between(xml, "<error ", "</error>"), ">", "</error>");
  EXPECT_GT(error.size(), 40'000u);
  EXPECT_LT(error.size(), 65'536u);
  EXPECT_THAT(error, HasSubstr("\nFailed:\n1. "));
  EXPECT_THAT(error, HasSubstr("\nand 10 more waivers\nSeverity: high\n"));
}

TEST(Junit, SaysTheGateOfEachPolicyWhereTheyDiffer) {
  RunBuilder b;
  b.run.policies.push_back({"second", "", "policies/second.yaml", "", "", Severity::info});
  b.run.policies[0].fail_on = Severity::high;
  b.subjects(SubjectKind::user, {{"u1", "A"}});
  b.rule("access", "admins.count", Severity::high, SubjectKind::user, "T", {Verdict::pass});
  b.rule("second", "keys.max_age", Severity::high, SubjectKind::user, "T", {Verdict::pass});
  for (const char* format : {"junit", "junit-strict"}) {
    const std::string xml = only_file(format, b.finish());
    EXPECT_EQ(count(xml, "<property name=\"run.fail_on\" value=\"by policy\" />"), 2u) << format;
    EXPECT_THAT(between(xml, "name=\"access\"", "</testsuite>"),
                HasSubstr("<property name=\"policy.fail_on\" value=\"high\" />"));
    EXPECT_THAT(between(xml, "name=\"second\"", "</testsuite>"),
                HasSubstr("<property name=\"policy.fail_on\" value=\"info\" />"));
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

}  // namespace
}  // namespace muster::reports
