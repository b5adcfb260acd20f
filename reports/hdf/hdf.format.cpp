// HDF, MITRE's Heimdall data format (the JSON of an InSpec run): a profile for each policy, a control for
// each entry. How its readers derive a control's status decides what is written: any result in error makes it
// a profile error, impact 0 or a waiver "not applicable" even when a result failed, no result an error.
#include <algorithm>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/time.h"
#include "reports/document.h"
#include "reports/findings.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kResults = 20'000;
constexpr std::size_t kResultsPerRule = 100;
constexpr std::size_t kTextBytes = 4000;

double impact_of(Severity severity) {
  switch (severity) {
    case Severity::critical: return 0.9;
    case Severity::high: return 0.7;
    case Severity::medium: return 0.5;
    case Severity::low: return 0.3;
    case Severity::info: return 0.1;  // 0 would mean "not applicable", and hide failures
  }
  return 0.9;
}

std::string_view status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "passed";
    case Verdict::fail: return "failed";
    case Verdict::waived:
    case Verdict::not_applicable: return "skipped";
    case Verdict::unknown:
    case Verdict::error: return "error";
  }
  return "error";
}

class Evaluation {
 public:
  Evaluation(const Run& run, const ReportOptions& options, Output& out)
      : run_(run),
        evidence_(options.evidence),
        doc_(out, 4),
        populations_(population_files(run)),
        most_(most_of_each_rule(run, kResults, kResultsPerRule)),
        at_(format_rfc3339(run.as_of)) {}

  void render() {
    w().begin_object();
    w().key("platform").begin_object();
    text("name", "muster");
    text("release", visible_line(run_.tool_version, 100));
    text("target_id",
         visible_line(run_.organization.empty() ? run_.organization_id : run_.organization, 200));
    w().end_object();
    text("version", visible_line(run_.tool_version, 100));
    w().key("statistics").begin_object();
    w().key("duration").value(0);
    w().end_object();
    w().key("profiles").begin_array();
    std::vector<std::string_view> names;
    for (const RuleResult& rule : run_.rules) {
      if (std::find(names.begin(), names.end(), rule.policy) == names.end()) names.push_back(rule.policy);
    }
    for (const std::string_view name : names) profile(name);
    if (names.empty()) profile("muster");
    w().end_array();
    w().end_object();
    doc_.finish();
  }

 private:
  json::Writer& w() { return doc_(); }
  void text(std::string_view key, std::string_view value) { w().key(key).value(value); }

  void profile(std::string_view name) {
    const auto policy = std::find_if(run_.policies.begin(), run_.policies.end(),
                                     [&](const PolicyResult& each) { return each.id == name; });
    const bool is_known = policy != run_.policies.end();
    w().begin_object();
    text("name", visible_line(name, 200));
    if (is_known && !policy->title.empty()) text("title", visible_line(policy->title, 300));
    if (is_known && !policy->version.empty()) text("version", visible_line(policy->version, 100));
    text("sha256", is_known ? visible_line(policy->sha256, 128) : sha256_hex(name));
    text("summary", fmt::format("{} as of {}{}; run {}", run_.outcome(), at_,
                                run_.what_if ? " (a what-if: not the instant of the snapshot)" : "",
                                visible_line(run_.id, 200)));
    w().key("supports").begin_array().end_array();
    w().key("attributes").begin_array().end_array();
    w().key("groups").begin_array().end_array();
    text("status", "loaded");
    w().key("controls").begin_array();
    if (run_.rules.empty()) nothing_selected();
    for (std::size_t i = 0; i < run_.rules.size(); ++i)
      if (run_.rules[i].policy == name) control(i);
    w().end_array();
    w().end_object();
  }

  void nothing_selected() {
    w().begin_object();
    text("id", "muster/rules");
    text("title", "A rule is selected");
    w().key("impact").value(impact_of(Severity::critical));
    w().key("refs").begin_array().end_array();
    w().key("tags").begin_object().end_object();
    w().key("source_location").begin_object().end_object();
    w().key("results").begin_array();
    result(Verdict::unknown, "Rules of this run", "No rule was selected, so nothing was judged.");
    w().end_array();
    w().end_object();
  }

  void control(std::size_t index) {
    const RuleResult& rule = run_.rules[index];
    const bool is_idle = standing_of(rule) == Standing::idle;
    const bool is_waived = is_idle && rule.counts[Verdict::waived] > 0;
    w().begin_object();
    text("id", entry_name(rule));
    text("title", title_of(rule));
    text("desc", headline(run_, rule));
    w().key("descriptions").begin_array();
    description("rationale", rule.why);
    description("fix", rule.fix);
    w().end_array();
    w().key("impact").value(is_idle && !is_waived ? 0.0 : impact_of(rule.severity));
    w().key("refs").begin_array().end_array();
    tags(rule);
    w().key("source_location").begin_object();
    text("ref", visible_line(rule.file, 500));
    w().key("line").value(std::max<std::uint32_t>(rule.line, 1));
    w().end_object();
    if (is_waived) waiver(rule);
    w().key("results").begin_array();
    results(index);
    w().end_array();
    w().end_object();
  }

  void description(std::string_view label, std::string_view words) {
    if (words.empty()) return;
    w().begin_object();
    text("label", label);
    text("data", visible_line(words, kTextBytes));
    w().end_object();
  }

  void tags(const RuleResult& rule) {
    w().key("tags").begin_object();
    w().key("nist").begin_array();
    for (const ControlId& control : rule.controls)
      if (control.framework == "nist80053") w().value(visible_line(control.id, 200));
    w().end_array();
    w().key("controls").begin_array();
    for (const ControlId& control : rule.controls) w().value(visible_line(control.text(), 200));
    w().end_array();
    // Not `severity`: readers would take it for the impact's, and know no "info".
    text("muster_severity", word_of(rule.severity));
    w().key("gated").value(rule.gated);
    w().key("population").value(rule.population);
    w().key("counts").begin_object();
    for (const Verdict verdict : kVerdicts) w().key(word_of(verdict)).value(rule.counts[verdict]);
    w().end_object();
    w().end_object();
  }

  /// Only where nothing but waivers is left: readers look at nothing else then.
  void waiver(const RuleResult& rule) {
    std::string why;
    for (const std::uint32_t index : waivers_of(rule)) {
      const WaiverResult& each = run_.waivers[index];
      why +=
          fmt::format("{}{}: {}", why.empty() ? "" : "; ", waiver_name(each), visible_line(each.reason, 400));
    }
    w().key("waiver_data").begin_object();
    text("justification", visible_line(why, kTextBytes));
    w().key("run").value(true);
    w().key("skipped_due_to_waiver").value(true);
    text("message", headline(run_, rule));
    w().end_object();
  }

  void result(Verdict verdict, std::string_view what, std::string_view words) {
    const std::string_view status = status_of(verdict);
    w().begin_object();
    text("status", status);
    text("code_desc", what);
    text(status == "skipped" ? "skip_message" : "message", words);
    w().key("run_time").value(0);
    text("start_time", at_);
    w().end_object();
  }

  void results(std::size_t index) {
    const RuleResult& rule = run_.rules[index];
    bool has_any = false;
    for (const Listed& listed : listed_findings(rule, most_)) {
      has_any = true;
      for (const Finding* finding : listed.shown)
        result(listed.verdict, subject_name(run_, rule.subject, finding->subject),
               fmt::format("{}: {}", words_of(listed.verdict), account_of(run_, *finding)));
      if (listed.has_rest())
        result(listed.verdict, count_of(listed.more, rule.subject),
               rest_of(run_, rule, listed, evidence_, populations_[index]));
    }
    if (rule.counts[Verdict::pass] > 0) {
      has_any = true;
      result(Verdict::pass, count_of(rule.counts[Verdict::pass], rule.subject), "pass");
    }
    if (rule.counts[Verdict::not_applicable] > 0 || !has_any)
      result(Verdict::not_applicable, count_of(rule.counts[Verdict::not_applicable], rule.subject),
             headline(run_, rule));
  }

  const Run& run_;
  std::string evidence_;
  Document doc_;
  std::vector<std::string> populations_;
  std::size_t most_;
  std::string at_;
};

void render(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  Evaluation(run, options, out).render();
}

}  // namespace

Format hdf_format() { return {"hdf", "hdf.json", "HDF, for MITRE's Heimdall and SAF", render}; }

}  // namespace muster::reports
