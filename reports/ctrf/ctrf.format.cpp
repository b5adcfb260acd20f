// CTRF, the common test report format: a test for each policy entry.
#include <array>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/time.h"
#include "reports/document.h"
#include "reports/findings.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::string_view kSpace = "5b1f1c52-3a0e-5d0b-8f54-6d7573746374";
constexpr std::size_t kFindings = 20'000;
constexpr std::size_t kFindingsPerRule = 50;
constexpr std::size_t kTextBytes = 2000;

/// Readers let "other" and "pending" pass, so what is undecided is failed; the raw status says which it was.
std::string_view status_of(Standing standing) {
  switch (standing) {
    case Standing::undecided:
    case Standing::failed: return "failed";
    case Standing::idle: return "skipped";
    case Standing::passed: return "passed";
  }
  return "failed";
}
std::string raw_status_of(const RuleResult& rule) {
  switch (standing_of(rule)) {
    case Standing::undecided: return has_errors(rule) ? "error" : "unknown";
    case Standing::failed: return "fail";
    case Standing::idle: return rule.counts[Verdict::waived] > 0 ? "waived" : "not_applicable";
    case Standing::passed: return "pass";
  }
  return "error";
}

class Report {
 public:
  Report(const Run& run, const ReportOptions& options, Output& out)
      : run_(run),
        evidence_(options.evidence),
        doc_(out, 4),
        populations_(population_files(run)),
        most_(most_of_each_rule(run, kFindings, kFindingsPerRule)),
        at_ms_(run.as_of.us / 1000) {}

  void render() {
    w().begin_object();
    text("reportFormat", "CTRF");
    text("specVersion", "0.0.0");
    text("reportId", uuid_v5(kSpace, run_.id));
    text("timestamp", format_rfc3339(run_.as_of));
    text("generatedBy", "muster " + visible_line(run_.tool_version, 100));
    w().key("results").begin_object();
    w().key("tool").begin_object();
    text("name", "muster");
    text("version", visible_line(run_.tool_version, 100));
    w().end_object();
    summary();
    w().key("tests").begin_array();
    if (run_.rules.empty()) nothing_selected();
    for (std::size_t i = 0; i < run_.rules.size(); ++i) test(i);
    w().end_array();
    w().key("extra").begin_object();
    text("run_id", visible_line(run_.id, 200));
    text("organization", visible_line(run_.organization, 200));
    text("outcome", run_.outcome());
    w().key("exit_code").value(static_cast<int>(run_.exit));
    w().key("what_if").value(run_.what_if);
    w().end_object();
    w().end_object();
    w().end_object();
    doc_.finish();
  }

 private:
  json::Writer& w() { return doc_(); }
  void text(std::string_view key, std::string_view value) { w().key(key).value(value); }

  void summary() {
    std::uint64_t passed = 0, failed = run_.rules.empty() ? 1 : 0, skipped = 0;
    for (const RuleResult& rule : run_.rules) {
      const std::string_view status = status_of(standing_of(rule));
      ++(status == "passed" ? passed : status == "skipped" ? skipped : failed);
    }
    w().key("summary").begin_object();
    w().key("tests").value(passed + failed + skipped);
    w().key("passed").value(passed);
    w().key("failed").value(failed);
    w().key("skipped").value(skipped);
    w().key("pending").value(0);
    w().key("other").value(0);
    w().key("start").value(at_ms_);
    w().key("stop").value(at_ms_);
    w().end_object();
  }

  void nothing_selected() {
    w().begin_object();
    text("name", "a rule is selected");
    text("status", "failed");
    w().key("duration").value(0);
    text("rawStatus", "unknown");
    text("message", "No rule was selected, so nothing was judged.");
    w().end_object();
  }

  void test(std::size_t index) {
    const RuleResult& rule = run_.rules[index];
    w().begin_object();
    text("id", uuid_v5(kSpace, rule.policy + "\n" + rule.as));
    text("name", entry_name(rule));
    text("status", status_of(standing_of(rule)));
    w().key("duration").value(0);
    w().key("suite").begin_array().value(visible_line(rule.policy, 200)).end_array();
    if (standing_of(rule) != Standing::passed) text("message", title_of(rule) + ": " + headline(run_, rule));
    std::string trace;
    const auto line = [&](const std::string& words) { trace += (trace.empty() ? "" : "\n") + words; };
    for (const Listed& listed : listed_findings(rule, most_)) {
      for (const Finding* finding : listed.shown)
        line(fmt::format("{}: {}: {}", words_of(listed.verdict),
                         subject_name(run_, rule.subject, finding->subject), account_of(run_, *finding)));
      if (listed.has_rest()) line(rest_of(run_, rule, listed, evidence_, populations_[index]));
    }
    if (!trace.empty() && !rule.fix.empty()) line("Fix: " + visible_line(rule.fix, kTextBytes));
    if (!trace.empty()) text("trace", trace);
    text("rawStatus", raw_status_of(rule));
    w().key("tags").begin_array();
    for (const ControlId& control : rule.controls) w().value(visible_line(control.text(), 200));
    w().end_array();
    text("type", "compliance");
    if (has_source(rule)) {
      text("filePath", visible_line(rule.file, 500));
      w().key("line").value(rule.line);
    }
    w().key("extra").begin_object();
    text("title", title_of(rule));
    text("severity", word_of(rule.severity));
    w().key("gated").value(rule.gated);
    w().key("population").value(rule.population);
    w().key("counts").begin_object();
    for (const Verdict verdict : kVerdicts) w().key(word_of(verdict)).value(rule.counts[verdict]);
    w().end_object();
    w().end_object();
    w().end_object();
  }

  const Run& run_;
  std::string evidence_;
  Document doc_;
  std::vector<std::string> populations_;
  std::size_t most_;
  std::int64_t at_ms_;
};

void render(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  Report(run, options, out).render();
}

}  // namespace

Format ctrf_format() {
  return {"ctrf", "ctrf-report.json", "CTRF, the common test report format: a test for each rule", render};
}

}  // namespace muster::reports
