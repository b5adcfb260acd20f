// The formats for programs: what no schema says. Their schemas and readers are tried in tests/readers.
#include "base/crypto.h"
#include "base/json.h"
#include "reports/findings.h"
#include "reports/support.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

using muster::testing::RunBuilder;
using muster::testing::Say;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

json::Value parsed(const char* format, const muster::Run& run) {
  const auto value = json::parse(only_file(format, run));
  EXPECT_TRUE(value) << format;
  return value ? *value : json::Value();
}

/// The text at a path of members and indexes; empty when there is none.
std::string at(const json::Value& value, std::initializer_list<std::string_view> path) {
  const json::Value* here = &value;
  for (const std::string_view step : path) {
    if (here == nullptr) return "";
    if (const json::Array* items = here->array()) {
      const std::size_t index = std::stoul(std::string(step));
      here = index < items->size() ? &(*items)[index] : nullptr;
    } else {
      here = here->find(step);
    }
  }
  if (here == nullptr) return "";
  return here->string() != nullptr ? *here->string() : json::dump(*here);
}

Run one_rule(const std::vector<Say>& says, std::vector<ControlId> controls = {{"nist80053", "AC-2(3)"}}) {
  RunBuilder b;
  b.run.waivers = {{"W-1", "x", "legacy", "dana", "", "", "", "2027-01-31", "active", 0}};
  b.subjects(SubjectKind::user, {{"user_1", "Ada"}, {"user_2", "Bo"}});
  b.rule("access", "family.rule", Severity::high, SubjectKind::user, "Title", says).controls =
      std::move(controls);
  return b.finish();
}

const Say kPass{Verdict::pass};
const Say kFail{Verdict::fail, "bad"};
const Say kUnknown{Verdict::unknown, "not collected"};
const Say kError{Verdict::error, "broke"};
const Say kNotApplicable{Verdict::not_applicable, "inactive"};
const Say kWaived{Verdict::waived, "bad", "", "", "W-1"};

// --- oscal ---

TEST(Uuid, IsThatOfRfc9562) {
  EXPECT_EQ(uuid_v5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Oscal, CallsControlsAsTheCatalogDoes) {
  const auto target = [](const char* framework, const char* id) {
    const json::Value report = parsed("oscal", one_rule({kPass}, {{framework, id}}));
    const std::initializer_list<std::string_view> control = {
        "assessment-results", "results", "0",         "reviewed-controls", "control-selections", "0",
        "include-controls",   "0",       "control-id"};
    return at(report, control) + " " +
           at(report, {"assessment-results", "results", "0", "findings", "0", "target", "target-id"});
  };
  EXPECT_EQ(target("nist80053", "AC-2"), "ac-2 ac-2_smt");
  EXPECT_EQ(target("nist80053", "AC-2(3)"), "ac-2.3 ac-2.3_smt");
  EXPECT_EQ(target("nist80053", "AC-2 d"), "ac-2 ac-2_smt.d");
  EXPECT_EQ(target("nist80053", "AC-2(3)b"), "ac-2.3 ac-2.3_smt.b");
  EXPECT_EQ(target("soc2", "CC6.1"), "soc2-cc6.1 soc2-cc6.1_smt");
  EXPECT_EQ(target("hipaa", "164.312(a)(2)(i)"), "hipaa-164.312-a-2-i hipaa-164.312-a-2-i_smt");
  EXPECT_EQ(target("7 own", "§ 1"), "_7-own-1 _7-own-1_smt");
  EXPECT_EQ(target("nist80053", "odd"), "nist80053-odd nist80053-odd_smt");
}

TEST(Oscal, SatisfiesAControlOnlyWhenAllIsDecidedAndGood) {
  const auto state = [](const std::vector<Say>& says) {
    const json::Value report = parsed("oscal", one_rule(says));
    const auto status = [&](std::string_view member) {
      return at(report, {"assessment-results", "results", "0", "findings", "0", "target", "status", member});
    };
    return status("state") + " " + status("reason");
  };
  EXPECT_EQ(state({kPass}), "satisfied pass");
  EXPECT_EQ(state({kPass, kNotApplicable}), "satisfied pass");
  EXPECT_EQ(state({kPass, kFail}), "not-satisfied fail");
  EXPECT_EQ(state({kUnknown, kFail}), "not-satisfied fail");
  EXPECT_EQ(state({kPass, kUnknown}), "not-satisfied other");
  EXPECT_EQ(state({kPass, kError}), "not-satisfied other");
  EXPECT_EQ(state({kPass, kWaived}), "not-satisfied other");
  EXPECT_EQ(state({kNotApplicable}), " ");  // nothing was judged: there is no finding
}

TEST(Oscal, SaysTheGateOfEachPolicyWhereTheyDiffer) {
  muster::Run run = one_rule({kFail});
  const auto gates = [&] {
    std::vector<std::string> out;
    const json::Value report = parsed("oscal", run);
    for (int i = 0; i < 12; ++i) {
      const auto of = [&](std::string_view member) {
        return at(report, {"assessment-results", "results", "0", "props", std::to_string(i), member});
      };
      if (of("name").find("gate") == std::string::npos) continue;
      out.push_back(of("name") + "=" + of("value") + (of("remarks").empty() ? "" : " " + of("remarks")));
    }
    return out;
  };
  EXPECT_THAT(gates(), ElementsAre("gate=info"));
  run.policies[0].fail_on = Severity::high;
  EXPECT_THAT(gates(), ElementsAre("gate=by-policy", "policy-gate=high policy access"));
}

TEST(Oscal, CallsSubjectsTheSameInEveryRun) {
  const auto subject = [](const muster::Run& run) {
    return at(parsed("oscal", run),
              {"assessment-results", "results", "0", "observations", "0", "subjects", "0", "subject-uuid"});
  };
  muster::Run other = one_rule({kFail});
  other.id = std::string(64, 'f');
  EXPECT_EQ(subject(other), subject(one_rule({kFail})));
  EXPECT_NE(at(parsed("oscal", other), {"assessment-results", "uuid"}),
            at(parsed("oscal", one_rule({kFail})), {"assessment-results", "uuid"}));
  other.organization_id = "org_2";
  EXPECT_NE(subject(other), subject(one_rule({kFail})));
}

// --- what is not a success ---

TEST(Formats, CallNothingUndecidedASuccess) {
  RunBuilder none;
  muster::Run whole = one_rule({kPass});
  whole.rules[0].undecided = "the scope selects nothing";
  for (ControlResult& control : whole.controls) control.status = ControlStatus::undecided;
  whole.exit = ExitCode::undecided;
  RunBuilder denied;
  denied.subjects(SubjectKind::user, {});
  denied.whole("access", "family.rule", Severity::high, SubjectKind::user, "Title", Verdict::unknown,
               "denied");
  for (const muster::Run& run :
       {one_rule({kPass, kUnknown}), one_rule({kError}), whole, none.finish(), denied.finish()}) {
    EXPECT_EQ(at(parsed("ctrf", run), {"results", "tests", "0", "status"}), "failed");
    EXPECT_EQ(at(parsed("ctrf", run), {"results", "summary", "passed"}), "0");
    EXPECT_EQ(at(parsed("sarif", run), {"runs", "0", "invocations", "0", "executionSuccessful"}), "false");
    EXPECT_EQ(at(parsed("sarif", run),
                 {"runs", "0", "invocations", "0", "toolExecutionNotifications", "0", "level"}),
              "error");
    EXPECT_THAT(only_file("ocsf", run), Not(HasSubstr("\"Pass\"")));
    EXPECT_THAT(only_file("ocsf", run), HasSubstr("\"Warning\""));
    EXPECT_THAT(only_file("hdf", run), HasSubstr("\"status\": \"error\""));
    EXPECT_THAT(only_file("github", run), StartsWith("::error title="));
    EXPECT_THAT(only_file("markdown", run), StartsWith("# ❓ "));
    EXPECT_THAT(only_file("markdown", run), Not(HasSubstr("✅")));
    EXPECT_THAT(only_file("oscal", run), Not(HasSubstr("\"satisfied\"")));
  }
}

TEST(Formats, SayThatAFailureIsWaived) {
  const muster::Run run = one_rule({kWaived});
  EXPECT_EQ(at(parsed("sarif", run), {"runs", "0", "results", "0", "suppressions", "0", "status"}),
            "accepted");
  EXPECT_EQ(at(parsed("ctrf", run), {"results", "tests", "0", "status"}), "skipped");
  EXPECT_EQ(at(parsed("ctrf", run), {"results", "tests", "0", "rawStatus"}), "waived");
  EXPECT_THAT(only_file("ocsf", run), HasSubstr(R"("status_id":3,"status":"Suppressed")"));
  EXPECT_EQ(at(parsed("hdf", run), {"profiles", "0", "controls", "0", "waiver_data", "justification"}),
            "W-1 until 2027-01-31: legacy");
  EXPECT_THAT(only_file("github", run), HasSubstr("line=4,title=Title [high]::2 of 2 users waived by W-1"));
  EXPECT_THAT(only_file("markdown", run), HasSubstr("| ➖ waived | `access/family.rule` |"));
  EXPECT_EQ(at(parsed("oscal", run), {"assessment-results", "results", "0", "risks", "0", "status"}),
            "deviation-approved");
}

// A waiver or impact 0 would hide the failures beside it from readers of HDF.
TEST(Hdf, LetsNoWaiverHideAFailure) {
  const json::Value run = parsed("hdf", one_rule({kWaived, kFail}));
  EXPECT_EQ(at(run, {"profiles", "0", "controls", "0", "waiver_data"}), "");
  EXPECT_EQ(at(run, {"profiles", "0", "controls", "0", "impact"}), "0.7");
  EXPECT_EQ(at(parsed("hdf", one_rule({kNotApplicable})), {"profiles", "0", "controls", "0", "impact"}),
            "0.0");
}

// --- bounds ---

TEST(Formats, ListSomeOfManyAndSayWhereTheRestIs) {
  const muster::Run run = testing::large(3'000, 3, 1);
  ReportOptions options;
  options.evidence = ".";
  for (const auto& [format, more, most] :
       {std::tuple("oscal", "2800 more fail: populations/family.rule_000.csv", 1'000'000u),
        std::tuple("sarif", "2000 more fail: populations/family.rule_000.csv", 5'000'000u),
        std::tuple("ctrf", "2950 more fail: populations/family.rule_000.csv", 100'000u),
        std::tuple("hdf", "2900 more fail: populations/family.rule_000.csv", 200'000u),
        std::tuple("github", "2995 more fail: populations/family.rule_000.csv", 10'000u),
        std::tuple("markdown", "2950 more fail: populations/family.rule_000.csv", 100'000u)}) {
    const std::string bytes = only_file(format, run, options);
    EXPECT_THAT(bytes, HasSubstr(more)) << format;
    EXPECT_LT(bytes.size(), most) << format;
  }
}

TEST(Markdown, FitsAJobSummaryHoweverManyRulesThereAre) {
  RunBuilder b;
  std::vector<std::pair<std::string, std::string>> users;
  for (int i = 0; i < 10; ++i) users.emplace_back("user_" + std::to_string(i), std::string(300, '@'));
  b.subjects(SubjectKind::user, users);
  for (int i = 0; i < 1100; ++i) {
    RuleResult& rule =
        b.rule("access", "rule_" + std::to_string(i) + std::string(300, '`'), Severity::high,
               SubjectKind::user, std::string(1000, '@'), {{Verdict::fail, std::string(900, '|')}});
    rule.why = rule.fix = std::string(2000, '@');
  }
  const std::string page = only_file("markdown", b.finish());
  EXPECT_LT(page.size(), 1'048'576u);
  EXPECT_THAT(page, HasSubstr("100 more in results.json"));
  EXPECT_THAT(page, HasSubstr("More rules are in results.json"));
}

// --- github ---

TEST(Github, ShowsTenOfAKindAndNamesTheOthers) {
  RunBuilder b;
  b.subjects(SubjectKind::user, {{"user_1", "Ada"}});
  for (int i = 0; i < 12; ++i)
    b.rule("access", "rule_" + std::to_string(i), Severity::high, SubjectKind::user, "Title", {kFail});
  const std::string lines = only_file("github", b.finish());
  EXPECT_EQ(count(lines, "::error "), 10u);
  EXPECT_THAT(lines, ::testing::EndsWith("::error title=4 more rules::A step shows 10 annotations of a kind. "
                                         "The others: rule_8, rule_9, rule_10, rule_11\n"));
}

TEST(Github, LetsNoNameBeginACommand) {
  for (auto make : {testing::hostile, testing::markup}) {
    const std::string lines = only_file("github", make());
    for (std::size_t from = 0; from < lines.size(); from = lines.find('\n', from) + 1)
      EXPECT_THAT(lines.substr(from, 10), ::testing::MatchesRegex("::(error|warning|notice) .*"));
  }
}

TEST(Github, PointsAtTheUsersPolicyAndNotIntoTheProgram) {
  muster::Run run = one_rule({kFail});
  run.rules[0].file = "policies/a,b:c%.yaml";
  EXPECT_THAT(only_file("github", run), HasSubstr("::error file=policies/a%2Cb%3Ac%25.yaml,line=4,title="));
  run.rules[0].file = "builtin:policies/anthropic-baseline.yaml";
  EXPECT_THAT(only_file("github", run), Not(HasSubstr("file=")));
}

// --- shared ---

TEST(Findings, ArePathsThatNameNoHost) {
  EXPECT_EQ(uri_of("policies/access 1.yaml"), "policies/access%201.yaml");
  EXPECT_EQ(uri_of("builtin:policies/x.yaml"), "builtin:policies/x.yaml");
  EXPECT_EQ(uri_of("//evil.example/x"), "/evil.example/x");
  EXPECT_EQ(uri_of("javascript:alert(1)"), "javascript%3Aalert%281%29");
  EXPECT_EQ(uri_of("a\xFF?#\\"), "a%FF%3F%23%5C");
}

TEST(Findings, AreTheGravestFirst) {
  RunBuilder b;
  b.run.waivers = {{"W-1", "x", "legacy", "dana", "", "", "", "", "active", 0}};
  b.subjects(SubjectKind::user, {{"1", ""}, {"2", ""}, {"3", ""}, {"4", ""}, {"5", ""}});
  const RuleResult& rule =
      b.rule("access", "r", Severity::high, SubjectKind::user, "", {kWaived, kUnknown, kFail, kFail, kError});
  std::vector<Verdict> order;
  for (const Listed& listed : listed_findings(rule, 1)) order.push_back(listed.verdict);
  EXPECT_THAT(order, ElementsAre(Verdict::fail, Verdict::error, Verdict::unknown, Verdict::waived));
  EXPECT_EQ(listed_findings(rule, 1)[0].more, 1u);
  EXPECT_EQ(listed_findings(rule, 2)[0].more, 0u);
}

}  // namespace
}  // namespace muster::reports
