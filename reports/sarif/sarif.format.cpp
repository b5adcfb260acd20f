// SARIF 2.1.0: failures as results. Readers take a result of kind "pass" for a failure, so there are none;
// what is undecided is a notification of an execution that did not succeed.
#include <fmt/format.h>

#include "base/time.h"
#include "reports/document.h"
#include "reports/findings.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kResults = 20'000;  // code scanning refuses a run with more than 25,000
constexpr std::size_t kResultsPerRule = 1000;
constexpr std::size_t kTextBytes = 2000;

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
    case Severity::high: return "error";
    case Severity::medium: return "warning";
    case Severity::low:
    case Severity::info: return "note";
  }
  return "error";
}

/// What code scanning sorts by.
std::string_view score_of(Severity severity) {
  switch (severity) {
    case Severity::critical: return "9.5";
    case Severity::high: return "8.0";
    case Severity::medium: return "5.5";
    case Severity::low: return "3.0";
    case Severity::info: return "1.0";
  }
  return "9.5";
}

class Log {
 public:
  Log(const Run& run, const ReportOptions& options, Output& out)
      : run_(run),
        evidence_(options.evidence),
        doc_(out, 4),
        populations_(population_files(run)),
        most_(most_of_each_rule(run, kResults, kResultsPerRule)) {
    for (const InputFile& input : run.inputs)
      if (input.kind == "config") config_ = input.path;
  }

  void render() {
    w().begin_object();
    text("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    text("version", "2.1.0");
    w().key("runs").begin_array().begin_object();
    w().key("tool").begin_object();
    w().key("driver").begin_object();
    text("name", "muster");
    text("version", visible_line(run_.tool_version, 100));
    w().key("rules").begin_array();
    for (const RuleResult& rule : run_.rules) descriptor(rule);
    w().end_array();
    w().end_object();
    w().end_object();
    text("language", "en");
    text("columnKind", "utf16CodeUnits");
    w().key("automationDetails").begin_object();
    text("id", "muster/" + visible_line(run_.organization_id, 200) + "/");
    w().end_object();
    invocation();
    w().key("properties").begin_object();
    text("run_id", visible_line(run_.id, 200));
    text("organization", visible_line(run_.organization, 200));
    text("as_of", format_rfc3339(run_.as_of));
    w().key("what_if").value(run_.what_if);
    text("outcome", run_.outcome());
    w().end_object();
    w().key("results").begin_array();
    for (std::size_t i = 0; i < run_.rules.size(); ++i) results(i);
    w().end_array();
    w().end_object().end_array();
    w().end_object();
    doc_.finish();
  }

 private:
  json::Writer& w() { return doc_(); }
  void text(std::string_view key, std::string_view value) { w().key(key).value(value); }
  void message(std::string_view key, std::string_view value) {
    w().key(key).begin_object();
    text("text", value);
    w().end_object();
  }

  void descriptor(const RuleResult& rule) {
    w().begin_object();
    text("id", entry_name(rule));
    text("name", visible_line(rule.as, 200));
    message("shortDescription", title_of(rule));
    message("fullDescription", rule.why.empty() ? title_of(rule) : visible_line(rule.why, kTextBytes));
    if (!rule.fix.empty()) message("help", visible_line(rule.fix, kTextBytes));
    w().key("defaultConfiguration").begin_object();
    text("level", level_of(rule.severity));
    w().end_object();
    w().key("properties").begin_object();
    text("severity", word_of(rule.severity));
    text("security-severity", score_of(rule.severity));
    w().key("gated").value(rule.gated);
    w().key("tags").begin_array().value("security");
    for (const ControlId& control : rule.controls) w().value(visible_line(control.text(), 200));
    w().end_array();
    w().key("counts").begin_object();
    for (const Verdict verdict : kVerdicts) w().key(word_of(verdict)).value(rule.counts[verdict]);
    w().end_object();
    w().end_object();
    w().end_object();
  }

  void invocation() {
    const auto code = static_cast<unsigned>(run_.exit);
    w().key("invocations").begin_array().begin_object();
    w().key("executionSuccessful").value((code & 2u) == 0);
    w().key("exitCode").value(static_cast<int>(code));
    text("exitCodeDescription", run_.outcome());
    w().key("toolExecutionNotifications").begin_array();
    if (run_.rules.empty()) notification("error", "No rule was selected, so nothing was judged.", -1);
    for (std::size_t i = 0; i < run_.rules.size(); ++i) {
      const RuleResult& rule = run_.rules[i];
      if (standing_of(rule) == Standing::undecided)
        notification(rule.reports_unknown ? "warning" : "error", title_of(rule) + ": " + headline(run_, rule),
                     static_cast<std::int64_t>(i));
    }
    for (const Notice& notice : run_.notices) notification("note", visible_line(notice.text, kTextBytes), -1);
    w().end_array();
    w().end_object().end_array();
  }

  void notification(std::string_view level, std::string_view words, std::int64_t rule) {
    w().begin_object();
    text("level", level);
    message("message", words);
    if (rule >= 0) {
      w().key("associatedRule").begin_object();
      w().key("index").value(rule);
      text("id", entry_name(run_.rules[static_cast<std::size_t>(rule)]));
      w().end_object();
    }
    w().end_object();
  }

  /// The entry in the user's policy; what ships with the program is selected in the config.
  void locations(const RuleResult& rule, const Finding* finding) {
    const bool is_own = has_source(rule);
    w().key("locations").begin_array().begin_object();
    if (is_own || !config_.empty()) {
      w().key("physicalLocation").begin_object();
      w().key("artifactLocation").begin_object();
      text("uri", uri_of(is_own ? rule.file : config_));
      w().end_object();
      w().key("region").begin_object();
      w().key("startLine").value(is_own && rule.line > 0 ? rule.line : 1u);
      w().end_object();
      w().end_object();
    }
    if (finding != nullptr) {
      const Subjects& subjects = run_.subjects.at(rule.subject);
      w().key("logicalLocations").begin_array().begin_object();
      text("name", visible_line(subjects.id[finding->subject], 300));
      text("decoratedName", subject_name(run_, rule.subject, finding->subject));
      text("kind", word_of(rule.subject));
      w().end_object().end_array();
    }
    w().end_object().end_array();
  }

  void suppression(std::string_view why) {
    w().key("suppressions").begin_array().begin_object();
    text("kind", "external");
    text("status", "accepted");
    text("justification", why);
    w().end_object().end_array();
  }

  void result(std::size_t index, const Finding* finding, Verdict verdict, std::uint64_t subjects,
              std::string_view words) {
    const RuleResult& rule = run_.rules[index];
    w().begin_object();
    text("ruleId", entry_name(rule));
    w().key("ruleIndex").value(std::uint64_t{index});
    text("kind", "fail");
    text("level", level_of(rule.severity));
    message("message", words);
    locations(rule, finding);
    if (finding != nullptr) {
      w().key("partialFingerprints").begin_object();
      text("muster/v1", finding_key(run_, rule, *finding));
      w().end_object();
    }
    if (verdict == Verdict::waived) {
      const bool is_named = finding != nullptr && finding->waiver.has_value();
      suppression(is_named ? "waived by " + waiver_name(run_.waivers[*finding->waiver]) : "waived");
    }
    w().key("properties").begin_object();
    text("verdict", word_of(verdict));
    w().key("subjects").value(subjects);
    w().end_object();
    w().end_object();
  }

  void results(std::size_t index) {
    const RuleResult& rule = run_.rules[index];
    for (const Listed& listed : listed_findings(rule, most_)) {
      if (listed.verdict != Verdict::fail && listed.verdict != Verdict::waived) continue;
      for (const Finding* finding : listed.shown)
        result(index, finding, listed.verdict, 1,
               fmt::format("{}: {}", subject_name(run_, rule.subject, finding->subject),
                           account_of(run_, *finding)));
      if (listed.has_rest())
        result(index, nullptr, listed.verdict, listed.more,
               rest_of(run_, rule, listed, evidence_, populations_[index]));
    }
  }

  const Run& run_;
  std::string evidence_;
  Document doc_;
  std::vector<std::string> populations_;
  std::size_t most_;
  std::string config_;
};

void render(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  Log(run, options, out).render();
}

}  // namespace

Format sarif_format() {
  return {"sarif", "muster.sarif", "SARIF 2.1.0: failures for code scanning and its readers", render};
}

}  // namespace muster::reports
