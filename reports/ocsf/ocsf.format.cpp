// OCSF 1.5 compliance findings (class 2003) as NDJSON, an event a line: one for each finding, one for what is
// left of an entry with many, one for an entry that passed or is undecided as a whole.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/time.h"
#include "reports/findings.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr std::size_t kEvents = 500'000;
constexpr std::size_t kEventsPerRule = 50'000;
constexpr std::size_t kTextBytes = 2000;
constexpr std::string_view kSpace = "5b1f1c52-3a0e-5d0b-8f54-6d7573746f63";

struct Coded {
  int id;
  std::string_view word;
};
Coded severity_of(Severity severity) {
  switch (severity) {
    case Severity::critical: return {5, "Critical"};
    case Severity::high: return {4, "High"};
    case Severity::medium: return {3, "Medium"};
    case Severity::low: return {2, "Low"};
    case Severity::info: return {1, "Informational"};
  }
  return {5, "Critical"};
}
/// compliance.status_id. "Warning" is the word for a check without a result for want of information.
Coded result_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return {1, "Pass"};
    case Verdict::unknown:
    case Verdict::error:
    case Verdict::not_applicable: return {2, "Warning"};
    case Verdict::fail: return {3, "Fail"};
    case Verdict::waived: return {99, "Waived"};
  }
  return {3, "Fail"};
}
/// The finding's own status_id.
Coded state_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return {4, "Resolved"};
    case Verdict::waived: return {3, "Suppressed"};
    case Verdict::fail:
    case Verdict::unknown:
    case Verdict::error:
    case Verdict::not_applicable: return {1, "New"};
  }
  return {1, "New"};
}

class Events {
 public:
  Events(const Run& run, const ReportOptions& options, Output& out)
      : run_(run),
        evidence_(options.evidence),
        out_(out),
        populations_(population_files(run)),
        most_(most_of_each_rule(run, kEvents, kEventsPerRule)) {}

  void render() {
    if (run_.rules.empty()) nothing_selected();
    for (std::size_t i = 0; i < run_.rules.size(); ++i) {
      const RuleResult& rule = run_.rules[i];
      for (const Listed& listed : listed_findings(rule, most_)) {
        for (const Finding* finding : listed.shown)
          event(&rule, listed.verdict, finding_key(run_, rule, *finding), 1,
                fmt::format("{}: {}", subject_name(run_, rule.subject, finding->subject),
                            account_of(run_, *finding)),
                finding);
        if (listed.has_rest())
          event(&rule, listed.verdict, fmt::format("{}\n{}", entry_name(rule), word_of(listed.verdict)),
                listed.more, rest_of(run_, rule, listed, evidence_, populations_[i]), nullptr);
      }
      if (standing_of(rule) == Standing::passed)
        event(&rule, Verdict::pass, entry_name(rule) + "\npass", rule.counts[Verdict::pass],
              headline(run_, rule), nullptr);
    }
    out_.write(buffer_);
  }

 private:
  static void coded(json::Writer& w, std::string_view id, std::string_view word, Coded coded) {
    w.key(id).value(coded.id);
    w.key(word).value(coded.word);
  }

  void nothing_selected() {
    event(nullptr, Verdict::unknown, "no rule", 0, "No rule was selected, so nothing was judged.", nullptr);
  }

  void event(const RuleResult* rule, Verdict verdict, const std::string& key, std::uint64_t subjects,
             const std::string& message, const Finding* finding) {
    json::Writer w(buffer_, 0);
    w.begin_object();
    w.key("activity_id").value(1);
    w.key("activity_name").value("Create");
    w.key("category_uid").value(2);
    w.key("category_name").value("Findings");
    w.key("class_uid").value(2003);
    w.key("class_name").value("Compliance Finding");
    w.key("type_uid").value(200301);
    w.key("type_name").value("Compliance Finding: Create");
    w.key("time").value(run_.as_of.us / 1000);
    coded(w, "severity_id", "severity",
          verdict == Verdict::pass ? Coded{1, "Informational"}
                                   : severity_of(rule != nullptr ? rule->severity : Severity::critical));
    coded(w, "status_id", "status", state_of(verdict));
    w.key("message").value(message);
    w.key("metadata").begin_object();
    w.key("version").value("1.5.0");
    w.key("uid").value(uuid_v5(kSpace, run_.id + "\n" + key));
    w.key("correlation_uid").value(visible_line(run_.id, 200));
    w.key("product").begin_object();
    w.key("name").value("muster");
    w.key("vendor_name").value("muster");
    w.key("version").value(visible_line(run_.tool_version, 100));
    w.end_object();
    w.end_object();
    w.key("finding_info").begin_object();
    w.key("uid").value(uuid_v5(kSpace, run_.organization_id + "\n" + key));
    w.key("title").value(rule != nullptr ? title_of(*rule) : "A rule is selected");
    if (rule != nullptr && !rule->why.empty()) w.key("desc").value(visible_line(rule->why, kTextBytes));
    w.key("types").begin_array().value("access").end_array();
    w.end_object();
    compliance(w, rule, verdict, message);
    if (rule != nullptr && !rule->fix.empty() && verdict != Verdict::pass) {
      w.key("remediation").begin_object();
      w.key("desc").value(visible_line(rule->fix, kTextBytes));
      w.end_object();
    }
    w.key("resources").begin_array().begin_object();
    if (finding != nullptr) {
      const Subjects& column = run_.subjects.at(rule->subject);
      w.key("uid").value(visible_line(column.id[finding->subject], 300));
      w.key("name").value(visible_line(column.label[finding->subject], 300));
      w.key("type").value(word_of(rule->subject));
    } else {
      w.key("uid").value(visible_line(run_.organization_id, 300));
      w.key("name").value(visible_line(run_.organization, 300));
      w.key("type").value("organization");
    }
    w.end_object().end_array();
    w.key("unmapped").begin_object();
    w.key("verdict").value(word_of(verdict));
    w.key("subjects").value(subjects);
    if (rule != nullptr) {
      w.key("policy").value(visible_line(rule->policy, 200));
      w.key("entry").value(visible_line(rule->as, 200));
      w.key("gated").value(rule->gated);
    }
    w.key("organization_id").value(visible_line(run_.organization_id, 300));
    w.key("what_if").value(run_.what_if);
    w.end_object();
    w.end_object();
    buffer_ += '\n';
    if (buffer_.size() >= kPieceBytes) {
      out_.write(buffer_);
      buffer_.clear();
    }
  }

  static void compliance(json::Writer& w, const RuleResult* rule, Verdict verdict,
                         const std::string& message) {
    w.key("compliance").begin_object();
    w.key("control").value(rule != nullptr ? entry_name(*rule) : "muster");
    w.key("standards").begin_array();
    std::vector<std::string_view> frameworks;
    if (rule != nullptr) {
      for (const ControlId& control : rule->controls) {
        if (std::find(frameworks.begin(), frameworks.end(), control.framework) == frameworks.end())
          frameworks.push_back(control.framework);
      }
    }
    // The class wants at least one; without a mapping it is the policy itself.
    if (frameworks.empty()) frameworks.push_back(rule != nullptr ? std::string_view(rule->policy) : "muster");
    for (const std::string_view framework : frameworks) w.value(visible_line(framework, 200));
    w.end_array();
    w.key("requirements").begin_array();
    if (rule != nullptr)
      for (const ControlId& control : rule->controls) w.value(visible_line(control.text(), 200));
    w.end_array();
    coded(w, "status_id", "status", result_of(verdict));
    w.key("status_code").value(word_of(verdict));
    w.key("status_detail").value(visible_line(message, kTextBytes));
    w.end_object();
  }

  const Run& run_;
  std::string evidence_;
  Output& out_;
  std::vector<std::string> populations_;
  std::size_t most_;
  std::string buffer_;
};

void render(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  Events(run, options, out).render();
}

}  // namespace

Format ocsf_format() {
  return {"ocsf", "ocsf.ndjson", "OCSF 1.5 compliance findings, an event a line, for event stores", render};
}

}  // namespace muster::reports
