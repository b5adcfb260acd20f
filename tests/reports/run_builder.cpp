#include "reports/run_builder.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "base/json.h"
#include "model/roll_up.h"

namespace muster::testing {
namespace {

std::string digest_like(char c) { return std::string(64, c); }

std::uint32_t reason_index(RuleResult& rule, const std::string& reason) {
  const auto found = std::find(rule.reasons.begin(), rule.reasons.end(), reason);
  if (found == rule.reasons.end()) rule.reasons.push_back(reason);
  return static_cast<std::uint32_t>(std::find(rule.reasons.begin(), rule.reasons.end(), reason) -
                                    rule.reasons.begin());
}

void append_verdict(RuleResult& rule, std::uint32_t count, Verdict verdict, std::uint32_t reason) {
  rule.counts[verdict] += count;
  if (!rule.verdicts.empty() && rule.verdicts.back().verdict == verdict &&
      rule.verdicts.back().reason == reason) {
    rule.verdicts.back().count += count;
  } else {
    rule.verdicts.push_back({count, verdict, reason});
  }
}

std::string canonical(const std::string& json) {
  return json.empty() ? json : json::dump(json::parse(json).value());
}

bool needs_finding(Verdict verdict) { return verdict != Verdict::pass && verdict != Verdict::not_applicable; }

std::string dataset_of(SubjectKind kind) {
  return kind == SubjectKind::api_key ? "api_keys" : std::string(word_of(kind)) + "s";
}

/// As much of two frameworks as the runs here speak of.
std::vector<Framework> tables() {
  Framework soc2, nist;
  soc2.id = "soc2";
  soc2.controls = {{"CC6.1", "Access is protected", Tests::part, "networks", {}},
                   {"CC6.4", "Buildings are protected", Tests::outside, "buildings", {}},
                   {"CC6.8", "Malicious software is found", Tests::outside, "devices", {}}};
  nist.id = "nist80053";
  nist.controls = {{"AC-2(3)", "Unused accounts are disabled", Tests::whole, "", {}}};
  return {nist, soc2};
}

}  // namespace

RunBuilder::RunBuilder() {
  run.id = digest_like('a');
  run.tool_version = "0.1.0";
  run.organization = "Northwind";
  run.organization_id = "org_01N";
  run.provider = "anthropic";
  run.as_of = run.snapshot_completed = *parse_rfc3339("2026-11-20T08:00:00Z");
  run.due_within = "14d";
  run.policies.push_back({"access", "Access baseline", "policies/access.yaml", digest_like('b'), "2026.10"});
  run.inputs = {{"config", "muster.yaml", digest_like('c'), 812},
                {"policy", "policies/access.yaml", digest_like('b'), 1290},
                {"snapshot", "snapshots/latest/manifest.json", digest_like('d'), 4096}};
  run.datasets = {{"organizations", "complete", "", 1, 300, 1, digest_like('1'), false, true, {}},
                  {"users", "complete", "", 8, 2100, 1, digest_like('2'), false, true, {}}};
  run.rosters = {{"hr/roster.csv", "complete", "", 310, "2026-11-18", "7d"}};
}

RunBuilder& RunBuilder::subjects(SubjectKind kind,
                                 const std::vector<std::pair<std::string, std::string>>& id_and_label) {
  Subjects& subjects = run.subjects[kind];
  for (const auto& [id, label] : id_and_label) {
    subjects.id.push_back(id);
    subjects.label.push_back(label);
  }
  return *this;
}

RuleResult& RunBuilder::rule(const std::string& policy, const std::string& as, Severity severity,
                             SubjectKind kind, const std::string& title, const std::vector<Say>& says) {
  RuleResult& made = run.rules.emplace_back();
  made.rule = made.as = as;
  made.policy = policy;
  made.severity = severity;
  made.subject = kind;
  made.title = title;
  made.why = "Whoever has access without need is a way in.";
  made.fix = "Look at each of them and remove what is not needed.";
  made.controls = {{"soc2", "CC6.1"}, {"nist80053", "AC-2(3)"}};
  made.file = "policies/" + policy + ".yaml";
  made.line = static_cast<std::uint32_t>(3 + run.rules.size());
  made.parameters = R"({"grace_days":1})";
  made.reads = {dataset_of(kind)};
  const std::size_t n = run.subjects[kind].id.size();
  made.population = n;
  if (says.size() != n && says.size() != 1)
    throw std::logic_error("a verdict for each subject, or one for all");
  for (std::uint32_t i = 0; i < n; ++i) {
    const Say& say = says.size() == 1 ? says[0] : says[i];
    append_verdict(made, 1, say.verdict, reason_index(made, say.reason));
    if (!needs_finding(say.verdict)) continue;
    Finding finding;
    finding.subject = i;
    finding.verdict = say.verdict;
    finding.reason = say.reason;
    finding.observed = canonical(say.observed);
    finding.expected = canonical(say.expected);
    finding.related = say.related;
    finding.rows = {{dataset_of(kind), i + 1, 2}};
    if (!say.waiver.empty()) {
      const auto waiver = std::find_if(run.waivers.begin(), run.waivers.end(),
                                       [&](const WaiverResult& w) { return w.id == say.waiver; });
      if (waiver == run.waivers.end()) throw std::logic_error("no such waiver");
      finding.waiver = static_cast<std::uint32_t>(waiver - run.waivers.begin());
      ++waiver->applied;
    }
    made.findings.push_back(std::move(finding));
  }
  return made;
}

RuleResult& RunBuilder::whole(const std::string& policy, const std::string& as, Severity severity,
                              SubjectKind kind, const std::string& title, Verdict verdict,
                              const std::string& reason) {
  RuleResult& made = rule(policy, as, severity, kind, title, {Say{Verdict::pass}});
  made.counts = {};
  made.verdicts.clear();
  made.findings.clear();
  made.whole = RuleResult::Whole{verdict, reason};
  if (made.population > 0)
    append_verdict(made, static_cast<std::uint32_t>(made.population), verdict, reason_index(made, reason));
  return made;
}

void RunBuilder::measured(RuleResult& rule, MeasureSpec spec,
                          const std::vector<std::optional<double>>& values) {
  rule.measure = Histogram{std::move(spec), {}};
  rule.measure->bins.resize(rule.measure->spec.edges.size() + 1);
  std::size_t next = 0, finding = 0;
  for (const VerdictRun& piece : rule.verdicts) {
    for (std::uint32_t i = 0; i < piece.count; ++i, ++next) {
      const bool is_measured = std::find(kMeasuredVerdicts.begin(), kMeasuredVerdicts.end(), piece.verdict) !=
                               kMeasuredVerdicts.end();
      const std::optional<double> value = values.at(next);
      if (is_measured && value) ++rule.measure->bins[rule.measure->spec.bin_of(*value)][piece.verdict];
      if (!needs_finding(piece.verdict)) continue;
      if (is_measured) rule.findings[finding].measure = value;
      ++finding;
    }
  }
}

Run RunBuilder::finish(Severity fail_on) {
  run.fail_on = fail_on;
  bool failed = false, undecided = run.rules.empty();
  for (RuleResult& rule : run.rules) {
    rule.gated = rule.severity <= fail_on;
    failed = failed || (rule.gated && rule.counts[Verdict::fail] > 0);
    const bool is_unknown = rule.counts[Verdict::unknown] + rule.counts[Verdict::error] > 0 ||
                            (rule.whole && rule.whole->verdict >= Verdict::unknown);
    undecided = undecided || (is_unknown && !rule.reports_unknown) || !rule.undecided.empty();
  }
  run.exit = static_cast<ExitCode>((failed ? 1 : 0) + (undecided ? 2 : 0));
  run.controls = roll_up_controls(run.rules, run.attestations, tables());
  return run;
}

Run northwind() {
  RunBuilder b;
  b.run.policies.push_back({"keys", "Key hygiene", "policies/keys.yaml", digest_like('e'), ""});
  b.run.inputs.insert(b.run.inputs.begin() + 2, {"policy", "policies/keys.yaml", digest_like('e'), 640});
  b.run.datasets.push_back({"api_keys",
                            "partial",
                            "page 3 of at least 4 answered 500",
                            5,
                            900,
                            2,
                            digest_like('3'),
                            false,
                            true,
                            {"2 rows have an unknown status \"frozen\""}});
  b.run.datasets.push_back(
      {"compliance_keys", "denied", "the key lacks the scope read:compliance", 0, 0, 0, "", false, true, {}});
  b.run.datasets.push_back({"usage", "not_requested", "", 0, 0, 0, "", false, false, {}});
  b.run.rosters.push_back({"hr/contractors.csv", "stale", "older than 7d", 12, "2026-10-30", "7d"});
  b.run.waivers = {
      {"W-17", "keys.no_expiry", "legacy batch, replaced in January", "dana@northwind.example", "SEC-412",
       "omar@northwind.example", "2026-11-01", "2027-01-31", "active", 0},
      {"W-18", "admins.workspace_spread", "migration", "dana@northwind.example", "", "", "", "", "active", 0},
      {"W-19", "keys.max_age", "gone", "", "", "", "", "2026-01-31", "expired", 0}};
  b.run.attestations = {{"AT-1",
                         {{"soc2", "CC6.4"}},
                         "The offices have readers for badges.",
                         "dana@northwind.example",
                         "2026-08-31",
                         "half-yearly",
                         "2027-02-28",
                         {{"https://wiki.example/badges", digest_like('f')}, {"SEC-77", ""}},
                         "active"},
                        {"AT-2",
                         {{"soc2", "CC6.8"}, {"nist80053", "AC-2(3)"}},
                         "Laptops are scanned.",
                         "omar@northwind.example",
                         "2025-01-01",
                         "",
                         "2025-12-31",
                         {},
                         "expired"}};
  b.run.notices = {{"waiver.expired", "Waiver W-19 expired on 2026-01-31 and is not applied."}};
  b.run.tzdata = "2026a";
  b.subjects(SubjectKind::organization, {{"org_01N", "Northwind"}});
  b.subjects(SubjectKind::user, {{"user_01A", "Ada Lovelace"},
                                 {"user_01B", "Bo Ek"},
                                 {"user_01C", "Chidi Ó Briain"},
                                 {"user_01D", "Dana Rao"},
                                 {"user_01E", "ева@northwind.example"},
                                 {"user_01F", ""},
                                 {"user_01G", "Dana Rao"},
                                 {"user_01H", "ci-bot"}});
  b.subjects(SubjectKind::api_key, {{"apikey_01A", "production"},
                                    {"apikey_01B", "batch"},
                                    {"apikey_01C", "laptop"},
                                    {"apikey_01D", "old batch"},
                                    {"apikey_01E", "archived"}});
  b.subjects(SubjectKind::workspace, {{"wrkspc_01A", "default"}, {"wrkspc_01B", "archived"}});
  b.subjects(SubjectKind::invite, {});
  b.subjects(SubjectKind::compliance_key, {});
  b.subjects(SubjectKind::nonhuman, {{"ci-bot", "ci-bot"}, {"deployer", "deployer"}});

  const Say pass{Verdict::pass, "active on the roster"};
  RuleResult& linked =
      b.rule("access", "accounts.linked_to_roster", Severity::critical, SubjectKind::user,
             "Every account belongs to somebody on the roster",
             {pass,
              pass,
              {Verdict::fail, "left on 2026-10-01", R"({"left_at":"2026-10-01","status":"terminated"})",
               R"("a person who is active on 2026-11-20")"},
              pass,
              pass,
              {Verdict::fail, "nobody on the roster", R"({"email":"x@gone.example"})"},
              {Verdict::fail,
               "ambiguous: two active persons have this address",
               "",
               "",
               "",
               {{"person", "P-7", "Dana Rao"}, {"person", "P-9", "Dana Rao (2)"}}},
              {Verdict::pass, "non-human: owned by Omar Haddad"}});
  linked.fix =
      "Remove the account in the console.\nWhen it is a service, put it into the register of non-human "
      "identities.";
  linked.reads = {"persons", "users"};
  b.rule("access", "accounts.leavers_removed", Severity::high, SubjectKind::user,
         "Leavers lose access within a day",
         {{Verdict::not_applicable, "is active"},
          {Verdict::not_applicable, "is active"},
          {Verdict::pass, "left on 2026-11-19, removal due 2026-11-21, 1 day left"},
          {Verdict::not_applicable, "is active"},
          {Verdict::not_applicable, "is active"},
          {Verdict::not_applicable, "unmatched"},
          {Verdict::not_applicable, "ambiguous"},
          {Verdict::not_applicable, "non-human"}})
      .due = {{2, *parse_rfc3339("2026-11-21T12:00:00Z")}};
  b.rule("access", "admins.count", Severity::medium, SubjectKind::organization,
         "Between two and five people are admins",
         {{Verdict::pass, "3 admins: Ada Lovelace, Bo Ek, Dana Rao"}});
  b.rule("access", "admins.workspace_spread", Severity::low, SubjectKind::workspace,
         "Nobody administers more than three workspaces",
         {{Verdict::waived, "admin of 4 workspaces", R"({"workspaces":4})", R"({"maximum":3})", "W-18"},
          {Verdict::not_applicable, "archived"}});
  b.rule("access", "workspaces.has_members", Severity::low, SubjectKind::workspace,
         "Every live workspace has members",
         {{Verdict::not_applicable, "is the default workspace"}, {Verdict::not_applicable, "archived"}});
  b.rule("access", "invites.pending_age", Severity::medium, SubjectKind::invite,
         "No invite is pending for more than 14 days", {});
  b.whole("access", "nonhuman.register_current", Severity::high, SubjectKind::nonhuman,
          "Every non-human identity has an owner", Verdict::unknown,
          "roster hr/contractors.csv is stale: 2026-10-30 is older than 7d")
      .reads = {"nonhumans", "persons"};
  RuleResult& expiry =
      b.rule("keys", "keys.no_expiry", Severity::high, SubjectKind::api_key,
             "Every active API key has an expiry date",
             {{Verdict::pass, ""},
              {Verdict::fail, "never expires", R"({"created_at":"2026-01-01T00:00:00Z","expires_at":null})"},
              {Verdict::pass, ""},
              {Verdict::waived, "never expires", R"({"created_at":"2024-05-02T00:00:00Z"})", "", "W-17"},
              {Verdict::not_applicable, "status is archived"}});
  expiry.controls = {};
  RunBuilder::measured(expiry, {"age", "days", {30, 365.5}}, {12, 323.25, {}, 932, 7});
  RuleResult& production =
      b.rule("keys", "keys.max_age_production", Severity::info, SubjectKind::api_key,
             "Production keys are replaced every 30 days",
             {{Verdict::fail, "created 120 days ago", R"({"age_days":120})", R"({"age_days":30})"},
              {Verdict::not_applicable, "out of scope"},
              {Verdict::not_applicable, "out of scope"},
              {Verdict::not_applicable, "out of scope"},
              {Verdict::not_applicable, "out of scope"}});
  production.rule = "keys.max_age";
  RunBuilder::measured(production, {"age", "days", {30, 90, 180}}, {120, {}, {}, {}, {}});
  production.parameters = R"({"days":30,"statuses":["active"]})";
  b.rule("keys", "keys.creator_in_organization", Severity::medium, SubjectKind::api_key,
         "Whoever made a key is still here",
         {{Verdict::pass, ""},
          {Verdict::fail, "its creator Eve Moss is no longer a member"},
          {Verdict::unknown, "the creator is a service account, and service_accounts were not collected"},
          {Verdict::pass, ""},
          {Verdict::not_applicable, "status is archived"}});
  b.rule("keys", "keys.expired_but_present", Severity::low, SubjectKind::api_key, "Expired keys are archived",
         {{Verdict::pass, ""},
          {Verdict::error, "rules/keys/expired_but_present.lua:14: attempt to compare a time with a string"},
          {Verdict::pass, ""},
          {Verdict::pass, ""},
          {Verdict::unknown, "expires_at is absent"}})
      .reports_unknown = true;
  b.whole("keys", "compliance.keys_read_only", Severity::high, SubjectKind::compliance_key,
          "Compliance keys can only read", Verdict::unknown,
          "dataset compliance_keys was denied: the key lacks the scope read:compliance")
      .reads = {"compliance_keys"};
  b.rule("keys", "keys.max_age", Severity::medium, SubjectKind::api_key, "Keys are replaced every 90 days",
         {{Verdict::not_applicable, "out of scope"}})
      .undecided = "the scope selects nothing from 5 API keys";
  return b.finish(Severity::low);
}

Run all_passed() {
  RunBuilder b;
  b.subjects(SubjectKind::user, {{"user_01A", "Ada Lovelace"}, {"user_01B", "Bo Ek"}});
  b.rule("access", "accounts.linked_to_roster", Severity::critical, SubjectKind::user,
         "Every account belongs to somebody on the roster", {{Verdict::pass, "active on the roster"}});
  b.rule("access", "accounts.leavers_removed", Severity::high, SubjectKind::user,
         "Leavers lose access within a day",
         {{Verdict::pass, "1 day left"}, {Verdict::not_applicable, "is active"}});
  b.run.rosters[0].as_of.clear();
  b.run.rosters[0].max_age.clear();
  for (DatasetResult& dataset : b.run.datasets) dataset.declared = true;
  return b.finish();
}

Run hostile() {
  using namespace std::string_literals;
  RunBuilder b;
  b.run.organization = "North\u202Ewind </testsuite>";
  const std::vector<std::pair<std::string, std::string>> users = {
      {"user_1", "]]><script>alert(1)</script>"},
      {"user_2", "=cmd|' /C calc'!A0"},
      {"user_3", "\u202Egro.elpmaxe@nimda"},
      {"user_4", "nul\0 soh\x01 bel\x07 esc\x1b[31m"s},
      {"user_5", "\xED\xA0\x80 surrogate, \xFF\xFE bad, \xC3"},
      {"user_6", "non-characters \uFFFE \uFFFF"},
      {"user_7", "two\nlines\r\nand a\ttab"},
      {"../../etc/passwd", "&amp; \"quoted\" 'single' <b>"},
      {"user_9", "@SUM(1+1)"},
      {"user_10", "+1"},
      {"user_11", "-1"},
      {"user_12", "\tTAB"},
      {"user_13", "\rCR"},
      {"user_14", "c1 \xC2\x85 ls \u2028 ps \u2029 zwsp \u200B del \x7F"},
      {"user_15", "same"},
      {"user_16", "same"},
      {"[[ATTACHMENT|/etc/passwd]]", "[[ATTACHMENT|/etc/passwd]]"},
      {"user_18", " leading and trailing "},
      {"user_19", "a,b;c"},
      {"user_20", "🦊 emoji 漢字"}};
  b.subjects(SubjectKind::user, users);
  std::vector<Say> says;
  for (const auto& [id, label] : users)
    says.push_back({Verdict::fail,
                    "reason of " + label,
                    R"({"label":"\u202e<script>","n":1})",
                    R"("]]>")",
                    "",
                    {{"user", id, label}}});
  says[18].reason.assign(1 << 20, 'x');
  says[19].reason = std::string(70000, '\x01');
  b.rule("access", "accounts.linked_to_roster", Severity::critical, SubjectKind::user,
         "Title with ]]> & <script>\x01\nand a second line", says)
      .fix = "Line 1 ]]>\nLine 2\x02\r\n\tLine 3 \u202E";
  b.rule("access", "accounts.weird name/..\\x", Severity::high, SubjectKind::user, "",
         {{Verdict::unknown, std::string(200000, 'y') + "\xFF"}});
  b.rule("access", "../../escape", Severity::high, SubjectKind::user, "",
         {{Verdict::not_applicable, "=1+1"}});
  b.run.notices = {{"note", "a notice\x1b[2J with \nlines"}};
  b.run.attestations = {{"=1+1 ]]><script>\x1b[31m",
                         {{"soc2", "CC6.4"}, {"own<b>", "x\u202Ey\nz"}},
                         "<script>alert(1)</script>\x07\nsecond line",
                         "\"><img src=x>",
                         "2026-01-01",
                         "",
                         "2027-01-01",
                         {{"javascript:alert(1)", ""}},
                         "active"}};
  b.run.datasets[1].warnings = {"warn\x1b]0;title\x07"};
  return b.finish();
}

Run markup() {
  RunBuilder b;
  b.run.organization = "[North](https://evil.example) wind `x` | @team";
  const std::vector<std::string> names = {"[click](https://evil.example)",
                                          "![i](https://evil.example/i.png)",
                                          "https://evil.example/path",
                                          "www.evil.example",
                                          "ada@evil.example",
                                          "@everyone",
                                          "a | b | c",
                                          "a \\| b",
                                          "`tick`",
                                          "``",
                                          "`",
                                          " spaced ",
                                          "trailing backslash \\",
                                          "<img src=x onerror=alert(1)>",
                                          "<!-- comment",
                                          "| --- | --- |",
                                          "::error file=a::stop",
                                          "x%0A::set-output name=a::b",
                                          "##[error]x",
                                          "&lt;b&gt; &#64;x",
                                          "[ref]: https://evil.example",
                                          "**bold** _it_ ~~no~~ # 1. - +",
                                          "mailto:a@evil.example xmpp:a@evil.example",
                                          ""};
  std::vector<std::pair<std::string, std::string>> users;
  for (std::size_t i = 0; i < names.size(); ++i) users.emplace_back(fmt::format("user_{}", i), names[i]);
  users.emplace_back("a|b`c", "");
  b.subjects(SubjectKind::user, users);
  std::vector<Say> says;
  for (const auto& [id, label] : users) says.push_back({Verdict::fail, label});
  b.rule("ac|ce`ss", "a | `b`", Severity::high, SubjectKind::user,
         "Title [l](https://evil.example) www.evil.example a@evil.example | x\n\n# h", says);
  for (std::size_t i = 0; i < names.size(); ++i) {
    RuleResult& rule = b.rule("access", fmt::format("family.rule_{}", i), Severity::low, SubjectKind::user,
                              names[i], {Say{Verdict::unknown, names[i]}});
    rule.why = "Why " + names[i];
    rule.fix = names[i];
  }
  b.run.attestations = {{"[at](https://evil.example)",
                         {{"a|b`c", "www.evil.example"}},
                         "**x** | @team",
                         "@team",
                         "2026-01-01",
                         "",
                         "2025-01-01",
                         {},
                         "expired"}};
  b.run.notices = {{"note", "see https://evil.example and WWW.evil.example, @team"}};
  return b.finish();
}

Run large(std::size_t users, std::size_t rules, std::size_t failing) {
  RunBuilder b;
  Subjects& subjects = b.run.subjects[SubjectKind::user];
  for (std::size_t i = 0; i < users; ++i) {
    subjects.id.push_back(fmt::format("user_01H{:020}", i));
    subjects.label.push_back(fmt::format("person{:07}@northwind.example", i));
  }
  for (std::size_t r = 0; r < rules; ++r) {
    RuleResult& rule = b.run.rules.emplace_back();
    rule.rule = rule.as = fmt::format("family.rule_{:03}", r);
    rule.policy = "access";
    rule.subject = SubjectKind::user;
    rule.title = "A rule of many";
    rule.file = "policies/access.yaml";
    rule.line = static_cast<std::uint32_t>(r + 3);
    rule.reasons = {"", "active on the roster", "left on 2026-10-01"};
    rule.population = users;
    for (std::uint32_t i = 0; i < users; ++i) {
      const bool fails = failing > 0 && i % failing == failing - 1;
      append_verdict(rule, 1, fails ? Verdict::fail : Verdict::pass, fails ? 2u : 1u);
      if (!fails) continue;
      Finding finding;
      finding.subject = i;
      finding.reason = rule.reasons[2];
      finding.observed = R"({"left_at":"2026-10-01"})";
      finding.rows = {{"users", i + 1, 1}};
      rule.findings.push_back(std::move(finding));
    }
  }
  return b.finish();
}

RunTimes times_of(const Run& run) {
  RunTimes times;
  times.checked_at = *parse_rfc3339("2026-11-21T09:30:00.250Z");
  times.load_us = 120'000;
  times.index_us = 30'000;
  times.evaluate_us = 900'000;
  times.write_us = 40'000;
  for (std::size_t i = 0; i < run.rules.size(); ++i)
    times.rule_us.push_back(static_cast<std::int64_t>(1'234'567 + 1000 * i));
  return times;
}

}  // namespace muster::testing
