// The main job on organizations made in memory: completeness, freshness, scopes, waivers, the gate, and that nothing depends on the number of workers.
#include <gmock/gmock.h>

#include <sstream>

#include "base/clock.h"
#include "evaluate/check.h"
#include "reports/report.h"
#include "snapshot/fake_snapshot.h"

namespace muster::evaluate {
namespace {

using snapshot::Dataset;
using snapshot::DatasetStatus;
using snapshot::FakeSnapshot;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string user(const std::string& id, const std::string& email, const std::string& role = "user") {
  return snapshot::line(R"({"type":"user","id":")" + id + R"(","email":")" + email + R"(","name":"N","role":")" + role + R"(","added_at":"2026-01-01T00:00:00Z"})");
}
std::string key(const std::string& id, const std::string& status, const std::string& expires, const std::string& creator = "user_ana", const std::string& type = "user") {
  return snapshot::line(R"({"type":"api_key","id":")" + id + R"(","name":")" + id + R"(","status":")" + status + R"(","created_at":"2026-11-01T00:00:00Z","created_by":{"id":")" + creator +
                        R"(","type":")" + type + R"("},"expires_at":)" + expires + R"(,"partial_key_hint":null,"workspace_id":null})");
}

/// An organization of three accounts, a roster, a policy, and a config that names them.
struct Office {
  FakeSnapshot snapshot;
  FakeClock clock{*parse_rfc3339("2026-11-22T10:00:00Z")};
  CheckRequest request;
  Diagnostics problems;
  std::string policy = "policy: test\ntitle: Test\nrules:\n  - accounts.linked_to_roster\n  - keys.no_expiry\n  - admins.count\n";
  std::string waivers;
  std::map<std::string, std::string> own_rules;

  Office() {
    snapshot.add(Dataset::organizations, snapshot::line(R"({"type":"organization","id":"org-1","name":"Northwind"})"));
    snapshot.add(Dataset::users, user("user_ana", "Ana@x.example", "admin") + user("user_bo", "bo@x.example", "admin") + user("user_cy", "cy@x.example"));
    snapshot.add(Dataset::api_keys, key("key_1", "active", "\"2027-01-01T00:00:00Z\"") + key("key_2", "archived", "null"));
    snapshot.add(Dataset::workspaces, snapshot::line(R"({"type":"workspace","id":"w_1","name":"prod","created_at":"2026-01-01T00:00:00Z","archived_at":null,"display_color":"#000000"})"));
    snapshot.add(Dataset::workspace_members, snapshot::line(R"({"type":"workspace_member","user_id":"user_cy","workspace_id":"w_1","workspace_role":"workspace_user"})"));
    RosterSource roster;
    roster.path = "hr.csv";
    roster.shown_path = "hr.csv";
    roster.columns = {{"person_id", "id"}, {"email", "mail"}, {"status", "status"}, {"end", "end"}};
    request.config.rosters = {roster};
    request.config.snapshot = "snap";
    request.config.policies = {"p.yaml"};
    request.tool_version = "0.1.0";
    snapshot.files.add("hr.csv", "id,mail,status,end\nP1,ana@x.example,active,\nP2,bo@x.example,active,\nP3,cy@x.example,active,\n");
  }

  std::optional<CheckResult> check() {
    snapshot.fit();
    return check_as_is();
  }
  /// Without mending the manifest first: for tests that spoil it.
  std::optional<CheckResult> check_as_is() {
    snapshot.write();
    snapshot.files.add("p.yaml", policy);
    if (!waivers.empty()) {
      snapshot.files.add("w.yaml", waivers);
      request.config.waivers = "w.yaml";
    }
    for (const auto& [path, text] : own_rules) snapshot.files.add("rules/" + path, text);
    if (!own_rules.empty()) request.config.rule_folders = {"rules"};
    return evaluate::check(snapshot.files, clock, request, problems);
  }
  muster::Run run() {
    auto result = check();
    EXPECT_TRUE(result) << problems.render();
    return result ? std::move(result->run) : muster::Run{};
  }
};

std::string own_rule(const std::string& id, const std::string& check, const std::string& subject = "user", const std::string& reads = "'users'") {
  return "return { id = '" + id + "', title = 'T', severity = 'medium', subject = '" + subject + "', reads = { " + reads + " }, why = 'w', fix = 'f', check = function(it, org, params) " + check +
         " end }";
}

const RuleResult& rule(const muster::Run& run, std::string_view as) {
  for (const RuleResult& result : run.rules)
    if (result.as == as) return result;
  throw std::logic_error("no entry " + std::string(as));
}

std::vector<std::string> findings(const muster::Run& run, std::string_view as) {
  std::vector<std::string> out;
  const RuleResult& result = rule(run, as);
  for (const Finding& finding : result.findings)
    out.push_back(std::string(run.subjects.at(result.subject).id[finding.subject]) + " " + std::string(word_of(finding.verdict)) + ": " + finding.reason);
  return out;
}

std::string bytes_of(const muster::Run& run, std::string_view format) {
  std::string out;
  for (const auto& file : reports::render_all(*reports::find_format(format), run, {})) out += file.bytes;
  return out;
}

TEST(Check, AllWell) {
  Office office;
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::ok);
  EXPECT_EQ(run.as_of, *parse_rfc3339("2026-11-20T08:00:00Z"));
  EXPECT_FALSE(run.what_if);
  ASSERT_EQ(run.rules.size(), 3u);
  EXPECT_EQ(run.rules[0].counts[Verdict::pass], 3u);
  EXPECT_EQ(run.rules[1].counts[Verdict::pass], 1u);
  EXPECT_EQ(run.rules[1].counts[Verdict::not_applicable], 1u);
  for (const RuleResult& result : run.rules) EXPECT_EQ(result.counts.total(), result.population);
}

TEST(Check, FailuresNameTheirSubjectAndLine) {
  Office office;
  office.snapshot.files.add("hr.csv", "id,mail,status,end\nP1,ana@x.example,active,\nP2,bo@x.example,terminated,2026-11-01\n");
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::failed);
  EXPECT_THAT(findings(run, "accounts.linked_to_roster"), ElementsAre("user_bo fail: left on 2026-11-01", "user_cy fail: nobody on the roster"));
  EXPECT_THAT(findings(run, "keys.no_expiry"), ElementsAre("key_3 fail: never expires"));
  EXPECT_EQ(rule(run, "keys.no_expiry").findings[0].rows, (std::vector<RawRow>{{"api_keys", 3, 0}}));
}

TEST(Completeness, AnIncompleteDatasetNeverPassesAndConcernsOnlyItsReaders) {
  for (const DatasetStatus status : {DatasetStatus::partial, DatasetStatus::denied, DatasetStatus::unsupported, DatasetStatus::not_requested}) {
    Office office;
    office.snapshot.fit();
    office.snapshot.row(Dataset::api_keys).status = status;
    office.snapshot.row(Dataset::api_keys).reason = "because";
    const auto result = office.check_as_is();
    ASSERT_TRUE(result) << office.problems.render();
    const muster::Run& run = result->run;
    EXPECT_EQ(run.exit, ExitCode::undecided);
    const RuleResult& keys = rule(run, "keys.no_expiry");
    ASSERT_TRUE(keys.whole);
    EXPECT_EQ(keys.whole->reason, "api_keys: " + std::string(snapshot::word_of(status)) + " (because)");
    EXPECT_EQ(keys.counts[Verdict::unknown], keys.population);
    EXPECT_EQ(keys.counts[Verdict::pass], 0u);
    EXPECT_EQ(rule(run, "accounts.linked_to_roster").counts[Verdict::pass], 3u);
  }
}

TEST(Completeness, OfDatasetsThatNoRuleReadsDoesNotMatter) {
  Office office;
  office.snapshot.fit();
  office.snapshot.row(Dataset::activities).status = DatasetStatus::denied;
  office.snapshot.row(Dataset::workspace_members).status = DatasetStatus::partial;
  const auto result = office.check_as_is();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->run.exit, ExitCode::ok);
}

TEST(Completeness, FewerThanExpectedIsUnknown) {
  Office office;
  office.request.config.expect = {{"users", 4, {}}};
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::undecided);
  EXPECT_EQ(rule(run, "accounts.linked_to_roster").whole->reason, "users: partial (3 rows, at least 4 expected)");
  EXPECT_FALSE(rule(run, "keys.no_expiry").whole);
}

TEST(Completeness, AnExpectationOfNoDatasetIsAnError) {
  Office office;
  office.request.config.expect = {{"usres", 4, {}}};
  EXPECT_FALSE(office.check());
  EXPECT_EQ(office.problems.errors().front().message, "`expect` names 'usres', and there is no such dataset");
  EXPECT_EQ(office.problems.errors().front().hint, "did you mean 'users'?");
}

TEST(Completeness, WithoutARosterRulesAboutPersonsAreUnknown) {
  Office office;
  office.request.config.rosters.clear();
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::undecided);
  EXPECT_EQ(rule(run, "accounts.linked_to_roster").whole->reason, "persons: not_requested (no roster is configured)");
}

TEST(Freshness, AStaleRosterIsUnknownAndASnapshotTooOldAsWell) {
  Office office;
  office.request.config.rosters[0].as_of = Date{2026, 11, 1};
  office.request.config.rosters[0].max_age_us = 7 * kMicrosPerDay;
  const muster::Run stale = office.run();
  EXPECT_EQ(stale.exit, ExitCode::undecided);
  EXPECT_THAT(rule(stale, "accounts.linked_to_roster").whole->reason, HasSubstr("19 days old, at most 7 allowed"));

  Office old;
  old.request.config.max_snapshot_age_us = kMicrosPerDay;  // the clock stands two days after the snapshot
  const muster::Run run = old.run();
  EXPECT_EQ(run.exit, ExitCode::undecided);
  for (const RuleResult& result : run.rules) EXPECT_TRUE(result.whole) << result.as;
}

TEST(Freshness, AnotherInstantIsAWhatIf) {
  Office office;
  office.snapshot.files.add("hr.csv", "id,mail,status,end\nP1,ana@x.example,active,\nP2,bo@x.example,active,\nP3,cy@x.example,terminated,2026-12-31\n");
  EXPECT_EQ(office.run().exit, ExitCode::ok);
  office.request.as_of = *parse_rfc3339("2027-02-01T00:00:00Z");
  const muster::Run run = office.run();
  EXPECT_TRUE(run.what_if);
  EXPECT_THAT(findings(run, "accounts.linked_to_roster"), ElementsAre("user_cy fail: left on 2026-12-31"));
  EXPECT_THAT(bytes_of(run, "json"), HasSubstr("what-if"));
}

TEST(Waivers, TurnAFailureIntoWaivedWhileTheyLast) {
  const std::string item = "- {id: W-1, rule: keys.no_expiry, subject: {id: key_3}, reason: legacy, approver: dana@x.example, starts: 2026-11-01, expires: 2026-11-20}\n";
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.waivers = item;
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::ok) << "the last day counts to its end";
  EXPECT_THAT(findings(run, "keys.no_expiry"), ElementsAre("key_3 waived: never expires"));
  EXPECT_EQ(rule(run, "keys.no_expiry").counts[Verdict::waived], 1u);
  EXPECT_EQ(rule(run, "keys.no_expiry").counts.total(), 3u);
  EXPECT_EQ(run.waivers.at(0).state, "expiring_soon");
  EXPECT_EQ(run.waivers.at(0).days_left, 0);
  EXPECT_EQ(run.waivers.at(0).applied, 1u);
  ASSERT_EQ(run.notices.size(), 1u);
  EXPECT_EQ(run.notices[0].text, "waiver W-1 for keys.no_expiry ends today, on 2026-11-20");
  office.request.as_of = *parse_rfc3339("2026-11-21T00:00:00Z");
  const muster::Run later = office.run();
  EXPECT_EQ(later.exit, ExitCode::failed);
  EXPECT_EQ(later.waivers.at(0).state, "expired");
  office.request.as_of = *parse_rfc3339("2026-10-31T23:59:59Z");
  EXPECT_EQ(office.run().waivers.at(0).state, "not_started");
}

std::vector<std::string> bins(const RuleResult& result) {
  std::vector<std::string> out;
  for (const Counts& bin : result.measure.value().bins)
    out.push_back(std::to_string(bin[Verdict::pass]) + "/" + std::to_string(bin[Verdict::fail]) + "/" +
                  std::to_string(bin[Verdict::waived]));
  return out;
}

TEST(Measures, AreCountedOverTheRunAndFollowAWaiver) {
  Office office;
  office.own_rules["own/age.lua"] =
      "return { id = 'own.age', title = 'T', severity = 'medium', subject = 'api_key', reads = { 'api_keys' "
      "}, why = 'w', fix = 'f', measure = { name = 'age', unit = 'days', "
      "edges = { 10, 30 } }, check = function(key) if key.id == 'key_2' then measure(3) return pass() end "
      "measure(days_since(key.created_at)) return fail('old') end }";
  office.policy = "policy: test\ntitle: T\nrules: [own.age]\n";
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  EXPECT_THAT(bins(rule(office.run(), "own.age")), ElementsAre("1/0/0", "0/2/0", "0/0/0"));
  office.waivers =
      "- {id: W-1, rule: own.age, subject: {id: key_3}, reason: r, approver: dana@x.example, expires: "
      "2027-01-01}\n";
  const muster::Run run = office.run();
  EXPECT_THAT(bins(rule(run, "own.age")), ElementsAre("1/0/0", "0/1/1", "0/0/0"));
  EXPECT_EQ(rule(run, "own.age").findings.back().measure, 19);
  office.policy = "policy: test\ntitle: T\nrules:\n  - {rule: own.age, scope: {exclude: {id: key_2}}}\n";
  EXPECT_THAT(bins(rule(office.run(), "own.age")), ElementsAre("0/0/0", "0/1/1", "0/0/0"))
      << "out of scope is out of the histogram";
  office.snapshot.row(Dataset::api_keys).status = DatasetStatus::partial;
  const auto cut_off = office.check_as_is();
  ASSERT_TRUE(cut_off) << office.problems.render();
  EXPECT_THAT(bins(rule(cut_off->run, "own.age")), ElementsAre("0/0/0", "0/0/0", "0/0/0"));
}

TEST(Waivers, NeedAnApproverWhoIsNotTheSubject) {
  Office office;
  office.snapshot.files.add("hr.csv", "id,mail,status,end\nP1,ana@x.example,active,\nP2,bo@x.example,active,\n");
  office.waivers = "- {id: W-1, rule: accounts.linked_to_roster, subject: {email: CY@x.example}, reason: r, approver: cy@X.example, expires: 2027-01-01}\n";
  const muster::Run self = office.run();
  EXPECT_EQ(self.exit, ExitCode::failed) << "nobody excuses himself";
  EXPECT_EQ(self.waivers.at(0).state, "unused");
  office.waivers = "- {id: W-1, rule: accounts.linked_to_roster, subject: {email: CY@x.example}, reason: r, approver: dana@x.example, expires: 2027-01-01}\n";
  EXPECT_EQ(office.run().exit, ExitCode::ok);
}

TEST(Waivers, ThePersonIdOfTheSubjectIsNoApproverEither) {
  Office office;
  office.snapshot.files.add("hr.csv", "id,mail,status,end\nP1,ana@x.example,active,\nP2,bo@x.example,active,\nP3,cy@x.example,terminated,2026-11-01\n");
  office.waivers = "- {id: W-1, rule: accounts.linked_to_roster, subject: {id: user_cy}, reason: r, approver: P3, expires: 2027-01-01}\n";
  EXPECT_EQ(office.run().exit, ExitCode::failed);
  office.waivers = "- {id: W-1, rule: accounts.linked_to_roster, subject: {id: user_cy}, reason: r, approver: P1, expires: 2027-01-01}\n";
  EXPECT_EQ(office.run().exit, ExitCode::ok);
}

std::string waiver(const std::string& subject, const std::string& dates, const std::string& rule = "keys.no_expiry") {
  return "- {id: W-1, rule: " + rule + ", subject: {" + subject + "}, reason: r, approver: dana@x.example, " + dates + "}\n";
}

TEST(Waivers, AreExpiringSoonFromASettableDayOnAndStillHaveEffect) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.waivers = waiver("id: key_3", "expires: 2026-12-04");
  const muster::Run soon = office.run();
  EXPECT_EQ(soon.waivers.at(0).state, "expiring_soon") << "14 days by default";
  EXPECT_EQ(soon.waivers.at(0).days_left, 14);
  EXPECT_EQ(soon.exit, ExitCode::ok);
  ASSERT_EQ(soon.notices.size(), 1u);
  EXPECT_EQ(soon.notices[0].text, "waiver W-1 for keys.no_expiry ends in 14 days, on 2026-12-04");
  office.request.config.waiver_rules.expiring_within_us = 13 * kMicrosPerDay;
  const muster::Run later = office.run();
  EXPECT_EQ(later.waivers.at(0).state, "active");
  EXPECT_TRUE(later.notices.empty());
}

TEST(Waivers, EndWithTheDayInTheStatedZone) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.waivers = waiver("id: key_3", "starts: 2026-11-01, expires: 2026-11-19");
  office.request.as_of = *parse_rfc3339("2026-11-20T07:59:59Z");
  EXPECT_EQ(office.run().waivers.at(0).state, "expired");
  office.request.config.waiver_rules.zone = "America/Los_Angeles";
  const muster::Run there = office.run();
  EXPECT_EQ(there.waivers.at(0).state, "expiring_soon") << "there it is still the 19th";
  EXPECT_EQ(there.waivers.at(0).days_left, 0);
  EXPECT_FALSE(there.tzdata.empty()) << "the zone's rules decided something";
  office.request.as_of = *parse_rfc3339("2026-11-20T08:00:00Z");
  EXPECT_EQ(office.run().waivers.at(0).state, "expired");
  office.waivers = waiver("id: key_3", "starts: 2026-11-20, expires: 2026-12-19");
  office.request.as_of = *parse_rfc3339("2026-11-20T07:59:59Z");
  EXPECT_EQ(office.run().waivers.at(0).state, "not_started");
}

TEST(Waivers, ThatLastTooLongHaveNoEffect) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.waivers = waiver("id: key_3", "starts: 2026-11-01, expires: 2027-11-01");
  EXPECT_EQ(office.run().waivers.at(0).state, "active") << "365 days";
  office.waivers = waiver("id: key_3", "starts: 2026-11-01, expires: 2027-11-02");
  const muster::Run run = office.run();
  EXPECT_EQ(run.waivers.at(0).state, "too_long");
  EXPECT_EQ(run.exit, ExitCode::failed);
  ASSERT_EQ(run.notices.size(), 1u);
  EXPECT_EQ(run.notices[0].text, "waiver W-1 for keys.no_expiry has no effect: it lasts 366 days, and 365d is the longest");
  office.waivers = waiver("id: key_3", "expires: 2027-11-20");
  EXPECT_EQ(office.run().waivers.at(0).state, "active") << "without a start, from the run's day on";
  office.waivers = waiver("id: key_3", "expires: 2027-11-21");
  EXPECT_EQ(office.run().waivers.at(0).detail, "it ends 366 days from now and has no `starts`, and 365d is the longest");
  office.request.config.waiver_rules.max_length_us.reset();
  EXPECT_EQ(office.run().waivers.at(0).state, "active");
}

TEST(Waivers, MayLackAnEndOnlyWhereTheConfigAllowsIt) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.waivers = waiver("id: key_3", "expires: never");
  EXPECT_FALSE(office.check());
  ASSERT_EQ(office.problems.errors().size(), 1u);
  EXPECT_EQ(office.problems.errors()[0].message, "waiver W-1 never ends, and 365d is the longest that one may last");
  Office other;
  other.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  other.waivers = waiver("id: key_3", "expires: never");
  other.request.config.waiver_rules.max_length_us.reset();
  const muster::Run run = other.run();
  EXPECT_EQ(run.exit, ExitCode::ok);
  EXPECT_EQ(run.waivers.at(0).state, "active");
  EXPECT_FALSE(run.waivers.at(0).days_left);
  EXPECT_EQ(run.waivers.at(0).expires, "");
}

/// Ninety-eight keys more, of which the last `failing` never expire.
struct WithKeys : Office {
  explicit WithKeys(int failing) {
    for (int i = 0; i < 98; ++i) snapshot.add(Dataset::api_keys, key("many_" + std::to_string(100 + i), "active", i < 98 - failing ? "\"2027-01-01T00:00:00Z\"" : "null"));
  }
};

TEST(Waivers, ThatFitTooManyHaveNoEffect) {
  WithKeys office(10);
  office.waivers = waiver("id: 'many_19*'", "expires: 2027-01-31");
  const muster::Run fits = office.run();
  EXPECT_EQ(fits.waivers.at(0).state, "active") << "8 of 100";
  EXPECT_EQ(fits.waivers.at(0).applied, 8u);
  office.waivers = waiver("id: 'many_1[89]*'", "expires: 2027-01-31");
  const muster::Run broad = office.run();
  EXPECT_EQ(broad.waivers.at(0).state, "too_broad");
  EXPECT_EQ(broad.waivers.at(0).applied, 0u);
  EXPECT_EQ(rule(broad, "keys.no_expiry").counts[Verdict::fail], 10u) << "all of it fails, not a part";
  ASSERT_EQ(broad.notices.size(), 1u);
  EXPECT_EQ(broad.notices[0].text, "waiver W-1 for keys.no_expiry has no effect: it fits 18 of 100 api_keys, and more than 10 (10 %) is too broad");
  office.request.config.waiver_rules.max_share_percent = 19;
  EXPECT_EQ(office.run().waivers.at(0).state, "active");
}

TEST(Waivers, AreMeasuredByAllSubjectsAndByThoseThatTheirRuleJudges) {
  WithKeys office(0);
  for (int i = 0; i < 6; ++i) office.snapshot.add(Dataset::api_keys, key("old_" + std::to_string(i), "archived", "null"));
  const std::string only_archived = own_rule("team.archived", "if it.status ~= 'archived' then return not_applicable('in use') end return fail('archived')", "api_key", "'api_keys.status'");
  office.own_rules["team/archived.lua"] = only_archived;
  office.policy = "policy: test\ntitle: T\nrules: [team.archived]\n";
  office.waivers = waiver("id: 'old_*'", "expires: 2027-01-31", "team.archived");
  const muster::Run all = office.run();
  EXPECT_EQ(all.waivers.at(0).state, "too_broad") << "6 of 106 keys, but of 7 that may fail";
  EXPECT_EQ(all.waivers.at(0).detail, "it fits 6 of the 7 api_keys that team.archived judges, and more than 5 (10 %) is too broad");
  EXPECT_EQ(rule(all, "team.archived").counts[Verdict::fail], 7u);
  office.waivers = waiver("status: active", "expires: 2027-01-31", "team.archived");
  EXPECT_EQ(office.run().waivers.at(0).detail, "it fits 99 of 106 api_keys, and more than 10 (10 %) is too broad") << "the rule judges none of them yet";
}

TEST(Waivers, OfTheRuleThatReadsThemAreSeenAsTheyAre) {
  WithKeys office(10);
  office.waivers = waiver("id: 'many_1[89]*'", "expires: 2027-01-31");
  office.policy = "policy: test\ntitle: T\nrules: [process.waivers_healthy, keys.no_expiry]\n";
  const muster::Run run = office.run();
  EXPECT_THAT(findings(run, "process.waivers_healthy"), ElementsAre("W-1 fail: has no effect: it is too broad"));
  EXPECT_EQ(run.rules.at(0).as, "process.waivers_healthy") << "in the policy's order";
  EXPECT_EQ(run.rules.at(1).counts[Verdict::fail], 10u);
}

TEST(Waivers, OfTheRuleThatReadsThemAreSeenByItAsTheyAre) {
  Office office;
  office.policy = "policy: test\ntitle: T\nrules: [process.waivers_healthy]\n";
  for (int i = 1; i <= 7; ++i)
    office.waivers += "- {id: old_" + std::to_string(i) + ", rule: keys.no_expiry, subject: {id: key_1}, reason: r, approver: boss@x.example, expires: 2026-01-31}\n";
  office.waivers += "- {id: all, rule: process.waivers_healthy, subject: {id: '*'}, reason: r, approver: boss@x.example, expires: 2027-01-31}\n";
  const muster::Run run = office.run();
  EXPECT_EQ(run.waivers.back().state, "too_broad");
  EXPECT_EQ(rule(run, "process.waivers_healthy").counts[Verdict::pass], 0u) << "it is no healthy waiver";
  EXPECT_THAT(findings(run, "process.waivers_healthy"), testing::Contains("all fail: has no effect: it is too broad"));
  EXPECT_EQ(rule(run, "process.waivers_healthy").counts[Verdict::fail], 8u);
}

TEST(Waivers, ThatAreFoundTooBroadOneAfterTheOtherAreAllSeen) {
  // What `second` fits is judged only when `first` is out.
  Office office;
  office.own_rules["team/states.lua"] = own_rule("team.states",
                                                 "if it.state == 'too_broad' then return fail('is out') end "
                                                 "if it.rule ~= 'keys.max_age' then return not_applicable('another') end "
                                                 "for other in org:waivers{ id = 'first' } do if other.state == 'too_broad' then return fail('first is out') end end "
                                                 "return not_applicable('first holds')",
                                                 "waiver", "'waivers'");
  office.policy = "policy: test\ntitle: T\nrules: [team.states]\n";
  for (int i = 101; i <= 170; ++i)
    office.waivers += "- {id: w_" + std::to_string(i) + ", rule: keys." + (i <= 106 ? "max_age" : "no_expiry") +
                      ", subject: {id: key_1}, reason: r, approver: boss@x.example, expires: 2026-01-31}\n";
  office.waivers += "- {id: first, rule: team.states, subject: {id: '*'}, reason: r, approver: boss@x.example, expires: 2027-01-31}\n";
  office.waivers += "- {id: second, rule: team.states, subject: {id: 'w_10[1-6]'}, reason: r, approver: boss@x.example, expires: 2027-01-31}\n";
  const muster::Run run = office.run();
  EXPECT_EQ(run.waivers.at(70).detail, "it fits 72 of 72 waivers, and more than 7 (10 %) is too broad");
  EXPECT_EQ(run.waivers.at(71).detail, "it fits 6 of the 7 waivers that team.states judges, and more than 5 (10 %) is too broad");
  EXPECT_EQ(rule(run, "team.states").counts[Verdict::fail], 8u);
  EXPECT_THAT(findings(run, "team.states"), testing::IsSupersetOf({"first fail: is out", "second fail: is out", "w_106 fail: first is out"}));
}

TEST(Waivers, OfFewOrOfOneNamedSubjectAreNeverTooBroad) {
  Office office;  // two keys, so that one is half of them
  for (const char* id : {"key_3", "key_4", "key_5"}) office.snapshot.add(Dataset::api_keys, key(id, "active", "null"));
  office.waivers = waiver("id: '*'", "expires: 2027-01-31");
  EXPECT_EQ(office.run().waivers.at(0).applied, 3u) << "five of five";
  office.snapshot.add(Dataset::api_keys, key("key_6", "active", "null"));
  const muster::Run broad = office.run();
  EXPECT_EQ(broad.waivers.at(0).state, "too_broad") << "six are not few";
  EXPECT_EQ(broad.exit, ExitCode::failed);
}

TEST(Waivers, AreNotCalledUnusedWhileTheirRuleIsUndecided) {
  Office office;
  office.waivers = waiver("id: key_9", "expires: 2027-01-31");
  EXPECT_EQ(office.run().waivers.at(0).state, "unused");
  office.snapshot.add(Dataset::api_keys, snapshot::line(R"({"type":"api_key","id":"key_9","name":"k","status":"active","created_at":"2026-11-01T00:00:00Z"})"));
  EXPECT_EQ(office.run().waivers.at(0).state, "active") << "it may fail once it is known";
}

std::vector<std::string> due_of(const muster::Run& run, std::string_view as) {
  std::vector<std::string> out;
  const RuleResult& result = rule(run, as);
  for (const Due& due : result.due) out.push_back(std::string(run.subjects.at(result.subject).id[due.subject]) + " " + format_rfc3339(due.at));
  return out;
}

TEST(Waivers, AreNotCalledUnusedWhereTheirRuleWasLeftOut) {
  Office office;
  office.waivers = waiver("id: key_1", "expires: 2027-01-31");
  EXPECT_EQ(office.run().waivers.at(0).state, "unused");
  office.request.bind.rule_globs = {"admins.*"};
  const muster::Run part = office.run();
  EXPECT_EQ(part.waivers.at(0).state, "active");
  EXPECT_TRUE(part.notices.empty());
  office.request.bind.rule_globs = {"keys.*"};
  EXPECT_EQ(office.run().waivers.at(0).state, "unused");
}

TEST(DueSoon, ArePassesThatEndWithinTheConfigsTime) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "\"2026-12-04T08:00:00Z\"") + key("key_4", "active", "\"2026-12-04T08:00:01Z\"") +
                                             key("key_5", "active", "\"2026-11-20T08:00:00Z\"") + key("key_6", "active", "null"));
  office.policy = "policy: test\ntitle: T\nrules: [keys.expired_but_present]\n";
  const muster::Run run = office.run();
  EXPECT_EQ(run.due_within, "14d");
  EXPECT_THAT(due_of(run, "keys.expired_but_present"), ElementsAre("key_3 2026-12-04T08:00:00Z")) << "the others are a second too late, over, and without an end";
  EXPECT_EQ(rule(run, "keys.expired_but_present").counts[Verdict::pass], 3u);
  for (const char* format : {"text", "markdown", "html"}) EXPECT_THAT(bytes_of(run, format), HasSubstr("archiving due 2026-12-04, 14 days left")) << format;
  office.request.config.due_within_us = 15 * kMicrosPerDay;
  EXPECT_THAT(due_of(office.run(), "keys.expired_but_present"), ElementsAre("key_3 2026-12-04T08:00:00Z", "key_4 2026-12-04T08:00:01Z"));
  office.policy = "policy: test\ntitle: T\nrules: [{rule: keys.expired_but_present, scope: {include: {id: key_4}}}]\n";
  EXPECT_THAT(due_of(office.run(), "keys.expired_but_present"), ElementsAre("key_4 2026-12-04T08:00:01Z"));
}

TEST(DueSoon, IsNothingWhereTheRuleIsNotDecided) {
  Office office;
  office.own_rules["team/late.lua"] = own_rule("team.late", "if it.status == 'archived' then while true do end end return pass_until(org.as_of)", "api_key", "'api_keys.status'");
  office.policy = "policy: test\ntitle: T\nrules: [team.late]\n";
  const muster::Run run = office.run();
  EXPECT_TRUE(rule(run, "team.late").whole);
  EXPECT_THAT(rule(run, "team.late").due, IsEmpty());
}

TEST(Gate, OfAPolicyLetsLowerFailuresThrough) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.policy = "policy: test\ntitle: T\nfail_on: critical\nrules: [keys.no_expiry]\n";
  const muster::Run through = office.run();
  EXPECT_EQ(through.exit, ExitCode::ok);
  EXPECT_EQ(through.fail_on, Severity::critical);
  EXPECT_FALSE(rule(through, "keys.no_expiry").gated);
  ASSERT_EQ(through.notices.size(), 1u);
  EXPECT_EQ(through.notices[0].text, "the policy test lets failures below critical through, by its fail_on");
  office.request.fail_on = Severity::info;
  const muster::Run strict = office.run();
  EXPECT_EQ(strict.exit, ExitCode::failed) << "the command line goes before the policy";
  EXPECT_TRUE(strict.notices.empty());
  office.request.fail_on.reset();
  office.policy = "policy: test\ntitle: T\nseverity: critical\nfail_on: critical\nrules: [keys.no_expiry]\n";
  EXPECT_EQ(office.run().exit, ExitCode::failed) << "the policy's severity is the entry's";
  office.policy = "policy: test\ntitle: T\nseverity: critical\nfail_on: critical\nrules: [{rule: keys.no_expiry, severity: low}]\n";
  EXPECT_EQ(office.run().exit, ExitCode::ok) << "an entry's own goes before";
}

TEST(Gate, OfSeveralPoliciesIsSaidAsWhatItIs) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.snapshot.files.add("q.yaml", "policy: other\ntitle: T\nrules: [admins.count]\n");
  office.request.config.policies.push_back("q.yaml");
  office.policy = "policy: test\ntitle: T\nfail_on: critical\nrules: [keys.no_expiry]\n";
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::ok);
  EXPECT_EQ(run.fail_on, Severity::info) << "as such it lets nothing through";
  EXPECT_FALSE(rule(run, "keys.no_expiry").gated);
  EXPECT_TRUE(rule(run, "admins.count").gated);
  EXPECT_THAT(bytes_of(run, "text"), HasSubstr("the gate is what each policy's fail_on says"));
  EXPECT_THAT(bytes_of(run, "markdown"), HasSubstr("Gate: failures from the severity on that their policy says"));
  EXPECT_THAT(bytes_of(run, "html"), Not(HasSubstr("Every failure counts")));
  ASSERT_EQ(run.policies.size(), 2u);
  EXPECT_EQ(run.policies[0].fail_on, Severity::critical);
  EXPECT_EQ(run.policies[1].fail_on, Severity::info);
  EXPECT_THAT(bytes_of(run, "junit"), Not(HasSubstr("\"run.fail_on\" value=\"info\"")));

  office.request.fail_on = Severity::low;
  const muster::Run one = office.run();
  EXPECT_EQ(one.policies[0].fail_on, std::nullopt) << "--fail-on is the gate of all";
  EXPECT_THAT(bytes_of(one, "junit"), HasSubstr("\"run.fail_on\" value=\"low\""));
}

TEST(Gate, OfSeveralPoliciesIsSaidAlsoWhereItChangesNothing) {
  Office office;
  office.snapshot.files.add("q.yaml", "policy: other\ntitle: T\nrules: [admins.count]\n");
  office.request.config.policies.push_back("q.yaml");
  office.policy = "policy: test\ntitle: T\nfail_on: critical\nrules: [{rule: keys.no_expiry, severity: critical}]\n";
  EXPECT_THAT(bytes_of(office.run(), "junit"), HasSubstr("\"run.fail_on\" value=\"by policy\""));
}

TEST(Gate, OfAPolicyIsTakenOverByOneThatExtendsIt) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.snapshot.files.add("base.yaml", "policy: base\nseverity: low\nfail_on: medium\nrules: [keys.no_expiry]\n");
  office.policy = "policy: test\nextends: ./base.yaml\n";
  const muster::Run taken = office.run();
  EXPECT_EQ(taken.exit, ExitCode::ok);
  EXPECT_EQ(rule(taken, "keys.no_expiry").severity, Severity::low);
  office.policy = "policy: test\nextends: ./base.yaml\nseverity: high\n";
  EXPECT_EQ(office.run().exit, ExitCode::failed) << "its own severity is that of every entry that says none";
  office.policy = "policy: test\nextends: ./base.yaml\nfail_on: low\n";
  EXPECT_EQ(office.run().exit, ExitCode::failed);
}

TEST(Waivers, SlipsAreErrorsAndThoseWithoutEffectAreSaid) {
  Office office;
  office.waivers =
      "- {id: W-1, rule: keys.no_expiri, subject: {id: x}, reason: r, approver: a@x.example, expires: 2027-01-01}\n"
      "- {id: W-2, rule: keys.no_expiry, subject: {nam: x}, reason: r, approver: a@x.example, expires: 2027-01-01}\n";
  EXPECT_FALSE(office.check());
  ASSERT_FALSE(office.problems.errors().empty());
  ASSERT_EQ(office.problems.errors().size(), 2u);
  EXPECT_EQ(office.problems.errors()[0].message, "waiver W-1: there is no rule or policy entry 'keys.no_expiri'");
  EXPECT_EQ(office.problems.errors()[1].message, "waiver W-2: keys.no_expiry is about api_keys, which have no field 'nam'");
  Office late;
  late.waivers = "- {id: W-1, rule: keys.no_expiry, subject: {id: key_1}, reason: r, approver: a@x.example, expires: 2026-01-01}\n";
  const muster::Run run = late.run();
  ASSERT_EQ(run.notices.size(), 1u);
  EXPECT_EQ(run.notices[0].text, "waiver W-1 for keys.no_expiry has no effect: it expired on 2026-01-01");
}

TEST(Waivers, DoNotTouchUnknownOrError) {
  Office office;
  office.own_rules["own/always.lua"] = own_rule("own.always", "if it.id == 'user_ana' then return unknown('u') end error('e')");
  office.policy = "policy: test\ntitle: T\nrules: [own.always]\n";
  office.waivers = "- {id: W-1, rule: own.always, subject: {id: '*'}, reason: r, approver: dana@x.example, expires: 2027-01-01}\n";
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::undecided);
  EXPECT_EQ(rule(run, "own.always").counts[Verdict::unknown], 1u);
  EXPECT_EQ(rule(run, "own.always").counts[Verdict::error], 2u);
}

TEST(Scope, LeavesOutAndSaysWhy) {
  Office office;
  office.snapshot.files.add("hr.csv", "id,mail,status,end\nP1,ana@x.example,active,\n");
  office.policy = "policy: test\ntitle: T\nrules:\n  - {rule: accounts.linked_to_roster, scope: {exclude: {email: \"BO@*\"}}}\n";
  const muster::Run run = office.run();
  EXPECT_THAT(findings(run, "accounts.linked_to_roster"), ElementsAre("user_cy fail: nobody on the roster"));
  const RuleResult& result = rule(run, "accounts.linked_to_roster");
  EXPECT_EQ(result.counts[Verdict::not_applicable], 1u);
  EXPECT_EQ(result.counts.total(), 3u);
  EXPECT_THAT(result.reasons, testing::Contains("excluded by the policy's scope: email"));
}

TEST(Scope, ThatSelectsNothingIsUndecided) {
  Office office;
  office.policy = "policy: test\ntitle: T\nrules:\n  - {rule: accounts.linked_to_roster, scope: {include: {role: auditor}}}\n";
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::undecided);
  EXPECT_EQ(rule(run, "accounts.linked_to_roster").undecided, "the scope selects none of 3 users");
}

TEST(Scope, OfAnAbsentFieldIsUnknownNotLeftOut) {
  Office office;
  office.snapshot.add(Dataset::users, snapshot::line(R"({"type":"user","id":"user_old","email":"old@x.example","name":"O"})", "anthropic-compliance"));
  office.policy = "policy: test\ntitle: T\nrules:\n  - {rule: accounts.linked_to_roster, scope: {include: {role: [user, admin]}}}\n";
  const muster::Run run = office.run();
  EXPECT_THAT(findings(run, "accounts.linked_to_roster"), ElementsAre("user_old unknown: the policy's scope asks for role, which is absent"));
}

TEST(Scope, OfAnUnknownFieldIsAnError) {
  Office office;
  office.policy = "policy: test\ntitle: T\nrules:\n  - {rule: accounts.linked_to_roster, scope: {include: {rolle: user}}}\n";
  EXPECT_FALSE(office.check());
  EXPECT_EQ(office.problems.errors().front().message, "accounts.linked_to_roster judges a user, which has no field 'rolle'");
  EXPECT_EQ(office.problems.errors().front().hint, "did you mean 'role'?");
}

TEST(Gate, BelowItFailuresAreReportedAndDoNotFail) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.request.fail_on = Severity::critical;
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::ok);
  EXPECT_FALSE(rule(run, "keys.no_expiry").gated);
  EXPECT_EQ(rule(run, "keys.no_expiry").counts[Verdict::fail], 1u);
  office.request.fail_on = Severity::info;
  EXPECT_EQ(office.run().exit, ExitCode::failed);
}

TEST(Gate, UnknownIsUndecidedUnlessThePolicySaysReport) {
  Office office;
  office.own_rules["own/u.lua"] = own_rule("own.u", "return unknown('u')");
  office.policy = "policy: test\ntitle: T\nrules: [own.u]\n";
  EXPECT_EQ(office.run().exit, ExitCode::undecided);
  office.policy = "policy: test\ntitle: T\nrules: [{rule: own.u, on_unknown: report}]\n";
  EXPECT_EQ(office.run().exit, ExitCode::ok);
}

TEST(Gate, NoRuleSelectedIsNotAPass) {
  Office office;
  office.request.bind.rule_globs = {"nothing.*"};
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::undecided);
  EXPECT_THAT(run.rules, IsEmpty());
  EXPECT_THAT(bytes_of(run, "junit"), HasSubstr("<error"));
  office.request.bind.rule_globs = {"keys.no_expiri"};
  ASSERT_FALSE(office.run().notices.empty());
  EXPECT_EQ(office.run().notices.back().text, "--rule keys.no_expiri: the policies select no such rule; did you mean 'keys.no_expiry'?") << "what to mend comes last";
}

TEST(Gate, OneOfSeveralGlobsThatFitsNothingIsASlip) {
  Office office;
  office.request.bind.rule_globs = {"keys.*", "admin.*"};
  EXPECT_FALSE(office.check());
  EXPECT_EQ(office.problems.errors().front().message, "--rule admin.*: the policies select no such rule");
  EXPECT_EQ(office.problems.errors().front().hint, "did you mean 'admins.*'?");
}

TEST(Gate, ADatasetWithNoRowsIsFine) {
  Office office;
  office.snapshot.add(Dataset::invites, "");
  office.policy = "policy: test\ntitle: T\nrules: [invites.pending_age]\n";
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::ok);
  EXPECT_EQ(rule(run, "invites.pending_age").population, 0u);
}

TEST(Entries, ThatAreTheSameWorkAreEvaluatedOnce) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.snapshot.add(Dataset::api_keys, key("key_4", "active", "\"2026-11-23T00:00:00Z\""));
  const std::string first = "policy: a\ntitle: A\nrules: [keys.no_expiry, keys.expired_but_present, admins.count]\n";
  const std::string second =
      "policy: b\ntitle: B\nseverity: low\nfail_on: high\nrules:\n  - {rule: keys.no_expiry, as: expiry, controls: {soc2: [CC6.1]}}\n  - {rule: keys.expired_but_present, on_unknown: report}\n"
      "  - admins.count\n  - {rule: keys.no_expiry, as: shown_as_before, params: {statuses: [active]}}\n";
  const auto blocks_of = [&](const std::string& text) {
    office.policy = text;
    const auto done = office.check();
    EXPECT_TRUE(done) << office.problems.render();
    return done ? done->times.blocks : 0;
  };
  const auto lines_of = [&](const muster::Run& run, const std::string& policy) {
    std::vector<std::string> lines;
    std::istringstream text(bytes_of(run, "json"));
    for (std::string line; std::getline(text, line);) {
      if (!line.starts_with("  {\"policy\": \"" + policy + "\", \"as\"")) continue;
      if (line.back() == ',') line.pop_back();
      lines.push_back(line);
    }
    return lines;
  };
  EXPECT_EQ(blocks_of(first), 3u);
  EXPECT_EQ(blocks_of(second), 3u) << "also within one policy, and where a parameter is what it would have been";
  office.snapshot.files.add("q.yaml", second);
  office.request.config.policies = {"q.yaml"};
  const muster::Run alone = office.run();
  office.request.config.policies = {"p.yaml", "q.yaml"};
  EXPECT_EQ(blocks_of(first), 3u);
  office.policy = first;
  const muster::Run both = office.run();
  ASSERT_EQ(both.rules.size(), 7u);
  EXPECT_EQ(rule(both, "expiry").due.size() + rule(both, "keys.expired_but_present").due.size(), 1u);
  EXPECT_EQ(lines_of(both, "b").size(), 6u);
  EXPECT_EQ(lines_of(both, "b"), lines_of(alone, "b")) << "what a policy's entries come to does not depend on other policies";
  EXPECT_FALSE(rule(both, "expiry").gated);
}

TEST(Entries, ThatDifferInAParameterOrTheScopeAreEachEvaluated) {
  Office office;
  office.snapshot.add(Dataset::api_keys, key("key_3", "active", "null"));
  office.policy =
      "policy: a\ntitle: A\nrules:\n  - keys.no_expiry\n  - {rule: keys.no_expiry, as: all, params: {statuses: [active, archived]}}\n"
      "  - {rule: keys.no_expiry, as: one, scope: {include: {id: key_1}}}\n  - {rule: keys.no_expiry, as: others, scope: {exclude: {id: key_1}}}\n"
      "  - {rule: keys.no_expiry, as: again, scope: {include: {id: key_1}}}\n";
  const auto done = office.check();
  ASSERT_TRUE(done) << office.problems.render();
  EXPECT_EQ(done->times.blocks, 4u);
  std::vector<std::uint64_t> failures;
  for (const RuleResult& result : done->run.rules) failures.push_back(result.counts[Verdict::fail]);
  EXPECT_THAT(failures, ElementsAre(1, 2, 0, 1, 0));
}

TEST(Entries, ThatAreEqualAndUndecidedOrOutOfScopeAreSoInEachPolicy) {
  Office office;
  office.snapshot.fit().row(Dataset::api_keys).status = DatasetStatus::partial;
  office.policy = "policy: a\ntitle: A\nrules: [keys.no_expiry, {rule: admins.count, scope: {include: {id: nobody}}}]\n";
  office.snapshot.files.add("q.yaml", "policy: b\ntitle: B\nrules: [keys.no_expiry, {rule: admins.count, scope: {include: {id: nobody}}}]\n");
  office.request.config.policies = {"p.yaml", "q.yaml"};
  const auto done = office.check_as_is();
  ASSERT_TRUE(done) << office.problems.render();
  const muster::Run& run = done->run;
  ASSERT_EQ(run.rules.size(), 4u);
  EXPECT_EQ(run.exit, ExitCode::undecided);
  for (const std::size_t i : {std::size_t{0}, std::size_t{2}}) {
    ASSERT_TRUE(run.rules[i].whole) << i;
    EXPECT_EQ(run.rules[i].counts[Verdict::unknown], 2u);
    EXPECT_EQ(run.rules[i + 1].undecided, "the scope selects none of 1 organizations");
  }
}

TEST(Entries, OneRuleTwiceWithOtherParameters) {
  Office office;
  office.policy = "policy: test\ntitle: T\nrules:\n  - {rule: keys.max_age, params: {days: 10}}\n  - {rule: keys.max_age, as: keys.old, params: {days: 30}, severity: low}\n";
  const muster::Run run = office.run();
  EXPECT_EQ(rule(run, "keys.max_age").counts[Verdict::fail], 1u);
  EXPECT_EQ(rule(run, "keys.old").counts[Verdict::fail], 0u);
  EXPECT_EQ(rule(run, "keys.old").severity, Severity::low);
  EXPECT_EQ(rule(run, "keys.old").parameters, R"({"days":30})");
  office.policy = "policy: test\ntitle: T\nrules:\n  - keys.max_age\n  - {rule: keys.max_age, params: {days: 30}}\n";
  EXPECT_FALSE(office.check());
}

TEST(Entries, SlipsInThePolicyAreAllReported) {
  Office office;
  office.policy =
      "policy: test\ntitle: T\nrules:\n  - keys.max_agee\n  - {rule: keys.max_age, params: {day: 3}}\n  - {rule: keys.no_expiry, params: {statuses: 3.5}}\n  - {rule: keys.max_age, as: b, params: "
      "{days: many}}\n";
  EXPECT_FALSE(office.check());
  std::vector<std::string> messages;
  for (const Error& error : office.problems.errors()) messages.push_back(std::to_string(error.place.line) + ": " + error.message + " | " + error.hint);
  EXPECT_THAT(messages, ElementsAre("4: there is no rule 'keys.max_agee' | did you mean 'keys.max_age'?", "5: keys.max_age has no parameter 'day' | did you mean 'days'?",
                                    "6: keys.no_expiry: parameter 'statuses' wants a list of texts, each one of active, inactive, archived, expired, not '3.5' | ",
                                    "7: keys.max_age: parameter 'days' wants a whole number of at least 1, not 'many' | "));
}

TEST(Entries, ParametersFromTheCommandLine) {
  Office office;
  office.policy = "policy: test\ntitle: T\nrules: [keys.max_age]\n";
  office.request.bind.overrides = {*policy::parse_param("keys.max_age.days=5")};
  EXPECT_EQ(rule(office.run(), "keys.max_age").counts[Verdict::fail], 1u);
  office.request.bind.overrides = {*policy::parse_param("keys.nothing.days=5")};
  EXPECT_FALSE(office.check());
  EXPECT_THAT(office.problems.errors().back().message, HasSubstr("no policy entry or rule 'keys.nothing'"));
}

TEST(Rules, OneOverBudgetIsErrorForAllAndTheOthersGoOn) {
  Office office;
  office.own_rules["own/loop.lua"] = own_rule("own.loop", "if it.id == 'user_cy' then while true do end end return pass()");
  office.own_rules["own/slip.lua"] = own_rule("own.slip", "if it.id == 'user_bo' then return pass(it.emial) end return pass()");
  office.policy = "policy: test\ntitle: T\nrules: [own.loop, own.slip, keys.no_expiry]\n";
  office.request.limits.subject_instructions = 100'000;
  const muster::Run run = office.run();
  EXPECT_EQ(run.exit, ExitCode::undecided);
  ASSERT_TRUE(rule(run, "own.loop").whole);
  EXPECT_EQ(rule(run, "own.loop").whole->verdict, Verdict::error);
  EXPECT_EQ(rule(run, "own.loop").whole->reason, "rules/own/loop.lua:1: over budget: more than 100000 instructions for one subject");
  EXPECT_EQ(rule(run, "own.loop").counts[Verdict::error], 3u) << "earlier verdicts are discarded";
  EXPECT_THAT(findings(run, "own.slip"), ElementsAre("user_bo error: rules/own/slip.lua:1: user has no field 'emial'; did you mean 'email'?"));
  EXPECT_EQ(rule(run, "own.slip").counts[Verdict::pass], 2u);
  EXPECT_EQ(rule(run, "keys.no_expiry").counts[Verdict::pass], 1u);
}

TEST(Rules, TwoWithOneIdAreAnError) {
  Office office;
  office.own_rules["keys/max_age.lua"] = own_rule("keys.max_age", "return pass()");
  EXPECT_FALSE(office.check());
  EXPECT_EQ(office.problems.errors().front().message, "the rule 'keys.max_age' is there twice: builtin:rules/keys/max_age.lua and rules/keys/max_age.lua");
}

TEST(Creators, GoneNullAndServiceAccounts) {
  Office office;
  office.policy = "policy: test\ntitle: T\nrules: [keys.creator_in_organization]\n";
  office.snapshot.add(Dataset::api_keys, key("key_gone", "active", "null", "user_gone") + key("key_svc", "active", "null", "svac_1", "service_account"));
  const muster::Run without = office.run();
  EXPECT_EQ(without.exit, ExitCode::failed_and_undecided);
  EXPECT_EQ(findings(without, "keys.creator_in_organization").size(), 2u) << "without service accounts that key alone is unknown";
  office.snapshot.add(Dataset::service_accounts, snapshot::line(R"({"type":"service_account","id":"svac_1","name":"ci","organization_role":"developer","created_at":"2026-01-01T00:00:00Z","archived_at":null})"));
  EXPECT_EQ(office.run().exit, ExitCode::failed);
}

TEST(Membership, EffectiveCountsAdminsOnce) {
  Office office;
  office.own_rules["own/members.lua"] =
      own_rule("own.members", "return pass(it.member_count .. '/' .. it.effective_member_count)", "workspace", "'workspaces.member_count', 'workspaces.effective_member_count'");
  office.policy = "policy: test\ntitle: T\nrules: [own.members]\n";
  const muster::Run run = office.run();
  EXPECT_EQ(rule(run, "own.members").reasons.at(1), "1/3") << "one listed; two admins are members without being listed";
}

TEST(Membership, ARoleThatNobodyKnowsIsNotPassedOver) {
  Office office;
  office.policy = "policy: test\ntitle: Test\nrules:\n  - admins.workspace_spread\n  - admins.count\n";
  office.snapshot.add(Dataset::workspace_members, snapshot::line(R"({"type":"workspace_member","user_id":"user_bo","workspace_id":"w_1","workspace_role":"Workspace_Admin"})"));
  muster::Run run = office.run();
  EXPECT_EQ(findings(run, "admins.workspace_spread"),
            (std::vector<std::string>{"user_bo unknown: users.workspace_admin_count_all is absent (user user_bo)"}));
  EXPECT_EQ(rule(run, "admins.count").counts[Verdict::pass], 1u);
  office.snapshot.add(Dataset::users, user("user_di", "di@x.example", "super_admin"));
  run = office.run();
  EXPECT_EQ(rule(run, "admins.count").counts[Verdict::unknown], 1u);
  EXPECT_EQ(run.exit, ExitCode::undecided);
}

TEST(Membership, OfSeveralWorkspacesNamedDefaultNoneIsTakenForIt) {
  Office office;
  office.policy = "policy: test\ntitle: Test\nrules:\n  - workspaces.has_members\n";
  const auto workspace = [](const std::string& id) {
    return snapshot::line(R"({"type":"workspace","id":")" + id + R"(","name":"Default","created_at":"2026-01-01T00:00:00Z","archived_at":null,"display_color":"#000000"})");
  };
  office.snapshot.add(Dataset::workspaces, workspace("w_2"));
  muster::Run run = office.run();
  EXPECT_EQ(rule(run, "workspaces.has_members").counts[Verdict::not_applicable], 1u);
  office.snapshot.add(Dataset::workspaces, workspace("w_3"));
  run = office.run();
  EXPECT_EQ(rule(run, "workspaces.has_members").counts[Verdict::unknown], 2u);
}

TEST(Input, LibraryFilesOfRulesAreInputs) {
  Office office;
  office.policy = "policy: test\ntitle: Test\nrules:\n  - own.always\n";
  office.own_rules["own/always.lua"] = "local names = require('lib.names')\n" + own_rule("own.always", "return pass(names.word)");
  office.own_rules["lib/names.lua"] = "return { word = 'one' }";
  const muster::Run one = office.run();
  const auto is_library = [](const InputFile& input) { return input.kind == "rule" && input.path == "rules/lib/names.lua"; };
  EXPECT_EQ(std::count_if(one.inputs.begin(), one.inputs.end(), is_library), 1);
  office.own_rules["lib/names.lua"] = "return { word = 'two' }";
  const muster::Run two = office.run();
  EXPECT_NE(one.id, two.id);
}

TEST(Determinism, SameBytesForAnyNumberOfWorkers) {
  const auto bytes = [](unsigned jobs) {
    Office office;
    std::string users, keys, roster = "id,mail,status,end\n";
    for (int i = 0; i < 30'000; ++i) {
      const std::string n = std::to_string(i);
      users += user("user_" + n, "u" + n + "@x.example");
      if (i % 3 == 0) keys += key("key_x" + n, i % 2 ? "active" : "inactive", i % 5 ? "\"2027-01-01T00:00:00Z\"" : "null", "user_" + n);
      if (i % 7) roster += "P" + n + "x,u" + n + "@x.example," + (i % 11 ? "active," : "terminated,2026-10-01") + "\n";
    }
    office.snapshot.add(Dataset::users, users);
    office.snapshot.add(Dataset::api_keys, keys);
    office.snapshot.files.add("hr.csv", roster);
    office.own_rules["own/mixed.lua"] = own_rule("own.mixed", "if it.email:ends_with('7@x.example') then return fail('seven ' .. it.id) end return pass(it.role)");
    office.own_rules["own/loop.lua"] = own_rule("own.loop", "if it.email:starts_with('u9') then while true do end end return pass()");
    office.policy =
        "policy: test\ntitle: T\nrules: [accounts.linked_to_roster, accounts.leavers_removed, "
        "keys.no_expiry, keys.max_age, own.mixed, own.loop]\n";
    office.request.limits.subject_instructions = 10'000;
    office.request.jobs = jobs;
    const muster::Run run = office.run();
    EXPECT_GT(rule(run, "accounts.linked_to_roster").counts[Verdict::fail], 1000u);
    return bytes_of(run, "json") + bytes_of(run, "junit");
  };
  const std::string one = bytes(1);
  EXPECT_EQ(bytes(2), one);
  EXPECT_EQ(bytes(8), one);
}

const ControlResult* control(const muster::Run& run, std::string_view id) {
  for (const ControlResult& each : run.controls)
    if (each.control.text() == id) return &each;
  return nullptr;
}

TEST(Controls, ARuleIsRunOnceHoweverManyControlsCiteIt) {
  const auto steps = [](const std::string& controls) {
    Office office;
    office.own_rules["own/always.lua"] = own_rule("own.always", "return pass()");
    office.policy = "policy: test\ntitle: Test\nrules:\n  - {rule: own.always, controls: " + controls + "}\n";
    const auto result = office.check();
    EXPECT_TRUE(result) << office.problems.render();
    if (!result) return std::pair<std::size_t, std::size_t>();
    EXPECT_EQ(result->run.rules.size(), 1u);
    EXPECT_EQ(rule(result->run, "own.always").counts[Verdict::pass], 3u);
    for (const ControlResult& each : result->run.controls) {
      EXPECT_THAT(each.rules, ElementsAre(0));
      EXPECT_EQ(each.counts[Verdict::pass], 3u);
    }
    return std::pair(result->times.blocks, result->run.controls.size());
  };
  const auto [none, no_controls] = steps("{}");
  const auto [many, controls] = steps("{soc2: [CC6.1, CC6.2], nist80053: [AC-2 d, AC-2 i, AC-2(3)], pci4: [8.2.5], house: [H-1]}");
  EXPECT_EQ(none, 1u);
  EXPECT_EQ(many, 1u);
  EXPECT_EQ(no_controls, 0u);
  EXPECT_EQ(controls, 6u);  // two of the statements are of one control
}

TEST(Controls, AttestationsAreJudgedAsOfTheRunAndNeverChangeTheExitCode) {
  const auto run_with = [](const std::string& dates) {
    Office office;
    office.policy = "policy: test\ntitle: Test\nrules: [accounts.linked_to_roster]\n";
    office.snapshot.files.add("a.yaml", "- {id: AT-1, controls: [soc2:CC6.2, soc2:CC6.4], statement: s, owner: dana@x.example, " + dates + "}\n");
    office.request.config.attestations = "a.yaml";
    muster::Run run = office.run();
    EXPECT_EQ(run.exit, ExitCode::ok);
    EXPECT_EQ(std::count_if(run.inputs.begin(), run.inputs.end(), [](const InputFile& input) { return input.kind == "attestations" && input.path == "a.yaml"; }), 1);
    EXPECT_EQ(std::count_if(run.inputs.begin(), run.inputs.end(), [](const InputFile& input) { return input.path == "builtin:policies/frameworks/soc2.yaml"; }), 1);
    return run;
  };
  // The snapshot is of 2026-11-20.
  const muster::Run active = run_with("date: 2026-05-20, frequency: half-yearly");
  EXPECT_EQ(control(active, "soc2:CC6.2")->status, ControlStatus::passed);
  EXPECT_EQ(control(active, "soc2:CC6.4")->status, ControlStatus::attested);
  for (const ControlResult& each : active.controls) EXPECT_EQ(each.attestations.empty(), each.control.framework != "soc2" || (each.control.id != "CC6.2" && each.control.id != "CC6.4"));
  for (const char* dates : {"date: 2026-05-19, frequency: half-yearly", "date: 2026-11-21, frequency: yearly", "date: 2026-01-01, expires: 2026-11-19"}) {
    const muster::Run lapsed = run_with(dates);
    EXPECT_EQ(control(lapsed, "soc2:CC6.2")->status, ControlStatus::passed_in_part) << dates;
    EXPECT_EQ(control(lapsed, "soc2:CC6.4")->status, ControlStatus::open) << dates;
    EXPECT_THAT(lapsed.notices.at(0).text, HasSubstr("attestation AT-1 fills nothing"));
  }
}

TEST(Controls, ASlipInAnAttestationStopsTheRun) {
  Office office;
  office.snapshot.files.add("a.yaml", "- {id: AT-1, controls: soc2:CC6.44, statement: s, owner: o, date: 2026-01-01, frequency: yearly}\n");
  office.request.config.attestations = "a.yaml";
  EXPECT_FALSE(office.check());
  EXPECT_EQ(office.problems.exit_code(), ExitCode::wrong_input);
  EXPECT_THAT(office.problems.render(), AllOf(HasSubstr("policy.control"), HasSubstr("there is no control soc2:CC6.44"), HasSubstr("a.yaml:1"), HasSubstr("did you mean 'CC6.4'?")));
  Office gone;
  gone.request.config.attestations = "nowhere.yaml";
  EXPECT_FALSE(gone.check());
  EXPECT_EQ(gone.problems.exit_code(), ExitCode::wrong_input);
}

TEST(Input, EveryKindOfProblemStopsBeforeAVerdict) {
  Office office;
  office.snapshot.fit();
  office.snapshot.files.add("snap/data/users.jsonl", office.snapshot.data[Dataset::users] + "{");
  EXPECT_FALSE(office.check_as_is());
  EXPECT_EQ(office.problems.exit_code(), ExitCode::integrity);
  Office missing;
  missing.request.config.snapshot = "nowhere";
  EXPECT_FALSE(missing.check());
  EXPECT_EQ(missing.problems.exit_code(), ExitCode::wrong_input);
}

}  // namespace
}  // namespace muster::evaluate
