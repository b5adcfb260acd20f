#include "base/json.h"

#include "reports/json/results.h"
#include "reports/support.h"

namespace muster::reports {
namespace {

TEST(Json, RendersTheSameAfterBeingReadBack) {
  for (auto make : all_runs()) {
    const std::string first = only_file("json", make());
    const Result<muster::Run> run = parse_results(first);
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_TRUE(only_file("json", *run) == first);
    for (const char* format : {"csv", "html", "junit", "junit-strict", "text"}) {
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
      {"\"muster_results\": 1,", "",
       "this is no result of muster: it has no muster_results, with which results.json begins"},
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
      {"\"due_within\": \"14d\"", "\"due_within\": 14", "run.due_within must be a string, not integer"},
      {"[[2, \"2026-11-21T12:00:00Z\"]]", "2", "rules[1].due is not a list"},
      {"[[2, \"2026-11-21T12:00:00Z\"]]", "[[2]]",
       "rules[1].due holds something else than [subject, instant]"},
      {"[[2, \"2026-11-21T12:00:00Z\"]]", "[[-2, \"2026-11-21T12:00:00Z\"]]",
       "rules[1].due must be a whole number in range, not integer"},
      {"[[2, \"2026-11-21T12:00:00Z\"]]", "[[2, \"soon\"]]", "rules[1].due is not a time"},
      {"[[2, \"2026-11-21T12:00:00Z\"]]", "[[8, \"2026-11-21T12:00:00Z\"]]",
       "rules[1].due names a subject that is not there, or is out of order"},
      {"[[2, \"2026-11-21T12:00:00Z\"]]", "[[2, \"2026-11-21T12:00:00Z\"], [2, \"2026-11-21T12:00:00Z\"]]",
       "rules[1].due names a subject that is not there, or is out of order"},
      {"[[2, \"2026-11-21T12:00:00Z\"]]", "[[3, \"2026-11-21T12:00:00Z\"]]",
       "rules[1].due names a subject that does not pass"},
      {"\"before_waivers\": 8", "\"before_waivers\": 7", "run.failures are others than the rules count"},
      {"\"edges\": [30, 365.5]", "\"edges\": [30, 30]",
       "rules[7].measure.edges are not numbers in ascending order"},
      {"\"edges\": [30, 365.5]", "\"edges\": []",
       "rules[7].measure.edges are not numbers in ascending order"},
      {"\"edges\": [30, 365.5]", "\"edges\": [30, \"365\"]",
       "rules[7].measure.edges must be a number, not string"},
      {"\"edges\": [30, 365.5]", "\"edges\": [30]", "rules[7].measure.pass has 3 bins, but 1 edges make 2"},
      {"\"pass\": [1, 0, 0]", "\"pass\": [3, 0, 0]",
       "rules[7].measure.pass add up to 3, but only 2 are counted"},
      {"\"fail\": [0, 1, 0]", "\"fail\": [1, 0, 0]",
       "rules[7].measure counts 1 fail in bin 0, but findings has 0"},
      {"\"measure\": 323.25", "\"measure\": \"old\"", "findings[4].measure must be a number, not string"},
      {"\"verdict\": \"fail\", \"reason\": \"left on 2026-10-01\"",
       "\"verdict\": \"fail\", \"measure\": 1, \"reason\": \"left on 2026-10-01\"",
       "findings[0].measure is there, but its rule measures nothing"},
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
      {"\"status\": \"failed\"", "\"status\": \"passed\"",
       "controls[0].status is not what its rules and attestations come to"},
      {"\"status\": \"failed\"", "\"status\": \"fine\"", "controls[0].status has the unknown word \"fine\""},
      {"\"status\": \"attested\", \"counts\": {\"pass\": 0",
       "\"status\": \"attested\", \"counts\": {\"pass\": 1",
       "controls[2].status is not what its rules and attestations come to"},
      {"\"state\": \"expired\"}", "\"state\": \"valid\"}",
       "attestations[1].state has the unknown word \"valid\""},
      {"{\"policy\": \"access\", \"as\": \"admins.count\"}",
       "{\"policy\": \"access\", \"as\": \"accounts.leavers_removed\"}",
       "controls[0].rules are not each once and in the order of rules"},
      {"{\"policy\": \"access\", \"as\": \"admins.count\"}",
       "{\"policy\": \"access\", \"as\": \"admins.counts\"}",
       "controls[0].rules names something that is not there"},
      {"\"attestations\": [\"AT-1\"]", "\"attestations\": [\"AT-3\"]",
       "controls[2].attestations names something that is not there"},
      {"\"attestations\": [\"AT-1\"]", "\"attestations\": [\"AT-2\"]",
       "controls[2].status is not what its rules and attestations come to"},
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

TEST(Json, ResultsOfBeforeControlsAreReadAndNothingOfThemIsPassed) {
  const std::string good = only_file("json", testing::all_passed());
  Result<json::Value> value = json::parse(good);
  ASSERT_TRUE(value);
  json::Object old;
  for (const json::Member& member : *value->object())
    if (member.first != "controls" && member.first != "attestations") old.push_back(member);
  const Result<muster::Run> run = parse_results(json::dump(json::Value(std::move(old))));
  ASSERT_TRUE(run) << run.error().message;
  ASSERT_EQ(run->controls.size(), 2u);
  for (const ControlResult& control : run->controls)
    EXPECT_EQ(control.status, ControlStatus::passed_in_part) << control.control.text();
}

TEST(Json, KeepsTheGateOfEachPolicy) {
  muster::Run run = testing::northwind();
  for (RuleResult& rule : run.rules) rule.gated = rule.severity <= Severity::low;
  run.policies[0].fail_on = Severity::low;
  const std::string text = only_file("json", run);
  EXPECT_NE(text.find("\"fail_on\": \"low\"}"), std::string::npos);
  const Result<muster::Run> read = parse_results(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->policies[0].fail_on, Severity::low);
  EXPECT_EQ(read->policies[1].fail_on, std::nullopt);
  EXPECT_EQ(only_file("json", *read), text);

  run.rules[0].gated = false;
  const Result<muster::Run> wrong = parse_results(only_file("json", run));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message,
            "the gate of access is low, but accounts.linked_to_roster is not gated at critical");
}

TEST(Json, RefusesARuleThatNoControlLists) {
  muster::Run run = testing::northwind();
  for (ControlResult& control : run.controls) {
    std::erase(control.rules, 1u);
    settle(control, run.rules, run.attestations);
  }
  const Result<muster::Run> read = parse_results(only_file("json", run));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "rules[1].controls names some, but controls lists none of them");
}

TEST(Json, RefusesWhatIsNotOneDocument) {
  const std::string good = only_file("json", testing::northwind());
  EXPECT_EQ(parse_results("").error().code, ErrorCode::json_syntax);
  EXPECT_EQ(parse_results(good.substr(0, good.size() / 2)).error().code, ErrorCode::json_syntax);
  EXPECT_EQ(parse_results(good + "{}").error().code, ErrorCode::json_syntax);
  EXPECT_EQ(parse_results("[]").error().message,
            "this is no result of muster: it has no muster_results, with which results.json begins");
  const Error text = parse_results("muster: 1\n", "muster.yaml").error();
  EXPECT_EQ(text.message, "this is no result of muster: invalid literal");
  EXPECT_EQ(text.hint, "results.json of a folder that `muster check --out` wrote is wanted");
  EXPECT_EQ(parse_results(std::string(100'000, '[')).error().code, ErrorCode::json_depth);
  std::string twice = good;
  twice.replace(twice.find("\"run\""), 5, "\"exit\"");
  EXPECT_EQ(parse_results(twice).error().code, ErrorCode::json_duplicate);
}

}  // namespace
}  // namespace muster::reports
