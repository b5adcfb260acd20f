#include "reports/junit/cases.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "base/text.h"
#include "reports/words.h"

namespace muster::reports::junit {
namespace {

constexpr std::size_t kListed = 50;            // subjects listed in one body, per list
constexpr std::size_t kListBytes = 26 * 1024;  // two lists and the rest stay below 64 KB
constexpr std::size_t kMessageBytes = 1000;
constexpr std::size_t kReasonBytes = 1000;
constexpr std::size_t kValueBytes = 500;
constexpr std::size_t kFixBytes = 4000;
constexpr std::size_t kNameBytes = 1000;

/// Readers drop a second case of one name, even in another suite, so a name that another policy has taken
/// already gets its policy's name.
std::vector<std::string> case_names(const Run& run, const std::vector<Suite>& suites) {
  std::vector<std::string> names(run.rules.size());
  std::unordered_set<std::string> taken;
  for (const Suite& suite : suites) {
    for (std::size_t index : suite.rules) {
      const RuleResult& rule = run.rules[index];
      std::string name = visible_line(rule.as, kNameBytes);
      if (taken.contains(name)) name += fmt::format(" ({})", visible_line(rule.policy, kNameBytes));
      const std::string base = name;
      for (int n = 2; !taken.insert(name).second; ++n) name = fmt::format("{} #{}", base, n);
      names[index] = std::move(name);
    }
  }
  return names;
}

std::string failure_type(const RuleResult& rule) {
  return fmt::format("PolicyViolation.{}", word_of(rule.severity));
}

/// Appends "  observed: …" and "  expected: …" of a finding.
void append_values(std::string& body, std::string_view indent, const Finding& finding) {
  if (!finding.observed.empty())
    body += fmt::format("{}observed: {}\n", indent, readable_json(finding.observed, kValueBytes));
  if (!finding.expected.empty())
    body += fmt::format("{}expected: {}\n", indent, readable_json(finding.expected, kValueBytes));
  if (!finding.related.empty()) {
    std::string names;
    std::size_t shown = 0;
    for (const Related& related : finding.related) {
      if (names.size() > kValueBytes) break;
      names += (shown++ > 0 ? ", " : "") + subject_name(related.label, related.id);
    }
    if (shown < finding.related.size()) names += fmt::format(" and {} more", finding.related.size() - shown);
    body += fmt::format("{}related: {}\n", indent, names);
  }
}

void append_advice(std::string& body, const RuleResult& rule) {
  body += fmt::format("Severity: {}\n", word_of(rule.severity));
  if (!rule.controls.empty()) {
    std::string controls;
    for (const ControlId& control : rule.controls)
      controls += (controls.empty() ? "" : ", ") + control.text();
    body += fmt::format("Controls: {}\n", visible_line(controls, kValueBytes));
  }
  if (!rule.fix.empty()) {
    const std::string fix = make_visible(utf8_prefix(trim(rule.fix), kFixBytes), true);
    body += fmt::format("Fix: {}\n", utf8_prefix(fix, kFixBytes));
  }
}

}  // namespace

std::vector<Suite> suites_of(const Run& run) {
  std::vector<Suite> suites;
  for (const PolicyResult& policy : run.policies) suites.push_back({&policy, policy.id, {}});
  for (std::size_t i = 0; i < run.rules.size(); ++i) {
    auto suite = std::find_if(suites.begin(), suites.end(),
                              [&](const Suite& s) { return s.name == run.rules[i].policy; });
    if (suite == suites.end()) suite = suites.insert(suites.end(), Suite{nullptr, run.rules[i].policy, {}});
    suite->rules.push_back(i);
  }
  std::erase_if(suites, [](const Suite& s) { return s.rules.empty(); });
  return suites;
}

CaseMaker::CaseMaker(const Run& run, const ReportOptions& options, const std::vector<Suite>& suites)
    : run_(run),
      names_(case_names(run, suites)),
      populations_(population_files(run)),
      evidence_(options.evidence) {}

Case CaseMaker::of_rule(std::size_t index) const {
  const RuleResult& rule = run_.rules[index];
  Case made = empty_case(index);
  made.is_gated = rule.gated && (rule.counts[Verdict::fail] == 0 || rule.gating_failures() > 0);
  const std::string evidence = evidence_path(evidence_, rule, populations_[index]);
  std::string title = visible_line(rule.title, 300);
  made.message = title.empty() ? headline(run_, rule) : title + ": " + headline(run_, rule);
  made.message = visible_line(made.message, kMessageBytes);
  switch (standing_of(rule)) {
    case Standing::passed:
      return made;
    case Standing::idle:
      made.outcome = Outcome::skipped;
      made.message = visible_line(headline(run_, rule), kMessageBytes);
      made.body = made.message + "\n";
      append_waivers(made.body, rule);
      break;
    case Standing::failed:
      made.outcome = Outcome::failure;
      made.type = failure_type(rule);
      made.body = made.message + "\n";
      append_list(made.body, rule, "", {Verdict::fail}, evidence);
      append_waivers(made.body, rule);
      append_advice(made.body, rule);
      break;
    case Standing::undecided: {
      made.outcome = Outcome::error;
      made.type = has_errors(rule) ? "RuleError.error" : "Undecided.unknown";
      made.body = made.message + "\n";
      const bool lists_failures = rule.counts[Verdict::fail] > 0;
      append_list(made.body, rule, lists_failures ? "Undecided:" : "", {Verdict::unknown, Verdict::error},
                  evidence);
      append_list(made.body, rule, "Failed:", {Verdict::fail}, evidence);
      append_waivers(made.body, rule);
      append_advice(made.body, rule);
      break;
    }
  }
  if (!evidence.empty()) made.body += "Evidence: " + evidence + "\n";
  if (made.outcome != Outcome::skipped) made.attachment = evidence;
  return made;
}

std::optional<Case> CaseMaker::of_entry(std::size_t index) const {
  const RuleResult& rule = run_.rules[index];
  if (rule.population == 0) return of_rule(index);
  if (rule.undecided.empty()) return std::nullopt;
  Case made = empty_case(index);
  made.outcome = Outcome::error;
  made.type = "Undecided.unknown";
  made.message = visible_line("undecided: " + rule.undecided, kMessageBytes);
  made.body = made.message + "\n";
  return made;
}

Case CaseMaker::of_subject(std::size_t index, std::uint32_t subject, Verdict verdict, std::string_view reason,
                           const Finding* finding) const {
  const RuleResult& rule = run_.rules[index];
  Case made = empty_case(index);
  made.describes_rule = false;
  const Subjects& subjects = run_.subjects.at(rule.subject);
  made.name = fmt::format("{} [{}:{}]", names_[index], word_of(rule.subject),
                          visible_line(subjects.id[subject], 300));
  if (verdict == Verdict::pass) return made;
  std::string text = visible_line(reason, kMessageBytes);
  switch (verdict) {
    case Verdict::pass:
      break;
    case Verdict::fail:
      made.is_gated = rule.gated && (finding == nullptr || finding->novelty != Novelty::still_failing);
      made.outcome = Outcome::failure;
      made.type = failure_type(rule);
      if (text.empty()) text = "fails";
      break;
    case Verdict::waived:
      made.outcome = Outcome::skipped;
      text = "waived" +
             (finding != nullptr && finding->waiver ? " by " + waiver_name(run_.waivers[*finding->waiver])
                                                    : "") +
             (text.empty() ? "" : ": " + text);
      break;
    case Verdict::not_applicable:
      made.outcome = Outcome::skipped;
      text = "not applicable" + (text.empty() ? "" : ": " + text);
      break;
    case Verdict::unknown:
      made.outcome = Outcome::error;
      made.type = "Undecided.unknown";
      text = "unknown" + (text.empty() ? "" : ": " + text);
      break;
    case Verdict::error:
      made.outcome = Outcome::error;
      made.type = "RuleError.error";
      text = "rule error" + (text.empty() ? "" : ": " + text);
      break;
  }
  made.message = std::move(text);
  made.body = made.message + "\n";
  made.body += fmt::format("Subject: {}\n", subject_name(subjects.label[subject], subjects.id[subject]));
  if (finding != nullptr && finding->novelty)
    made.body += fmt::format("Baseline: {}\n", novelty_of(run_, *finding));
  if (finding != nullptr) append_values(made.body, "", *finding);
  if (made.outcome != Outcome::skipped) append_advice(made.body, rule);
  return made;
}

Case CaseMaker::empty_case(std::size_t index) const {
  Case made;
  made.name = names_[index];
  made.rule = &run_.rules[index];
  made.rule_index = index;
  made.is_gated = made.rule->gated;
  return made;
}

void CaseMaker::append_list(std::string& body, const RuleResult& rule, std::string_view heading,
                            std::initializer_list<Verdict> verdicts, const std::string& evidence) const {
  const auto wanted = [&](Verdict verdict) {
    return std::find(verdicts.begin(), verdicts.end(), verdict) != verdicts.end();
  };
  std::uint64_t total = 0;
  for (Verdict verdict : verdicts) total += rule.counts[verdict];
  // One reason for all is in the message already.
  if (total == 0 || (rule.whole && wanted(rule.whole->verdict))) return;
  if (!heading.empty()) body += fmt::format("{}\n", heading);
  const std::size_t begin = body.size();
  std::size_t listed = 0;
  const auto list = [&](const Finding& finding) {
    if (listed == kListed || body.size() - begin > kListBytes - 4 * kReasonBytes) return;
    ++listed;
    const std::string reason = visible_line(finding.reason, kReasonBytes);
    const std::string_view mark = finding.verdict == Verdict::error ? "rule error: " : "";
    body += fmt::format("{}. {}: {}{}\n", listed, subject_name(run_, rule.subject, finding.subject), mark,
                        reason);
    if (finding.novelty) body += fmt::format("   baseline: {}\n", novelty_of(run_, finding));
    append_values(body, "   ", finding);
  };
  // What the baseline knows comes last, so that it does not push out what is new.
  for (const bool is_known : {false, true})
    for (const Finding& finding : rule.findings)
      if (wanted(finding.verdict) && (finding.novelty == Novelty::still_failing) == is_known) list(finding);
  if (listed < total)
    body += fmt::format("and {} more{}\n", total - listed, evidence.empty() ? "" : ", see " + evidence);
}

void CaseMaker::append_waivers(std::string& body, const RuleResult& rule) const {
  std::size_t shown = 0;
  const std::vector<std::uint32_t> waivers = waivers_of(rule);
  for (std::uint32_t index : waivers) {
    if (shown++ == 10) break;
    const WaiverResult& waiver = run_.waivers[index];
    body += fmt::format("Waived by {}: {}", waiver_name(waiver), visible_line(waiver.reason, 300));
    if (!waiver.approver.empty()) body += ", approved by " + visible_line(waiver.approver, 200);
    if (!waiver.ticket.empty()) body += ", " + visible_line(waiver.ticket, 200);
    body += "\n";
  }
  if (waivers.size() > 10) body += fmt::format("and {} more waivers\n", waivers.size() - 10);
}

}  // namespace muster::reports::junit
