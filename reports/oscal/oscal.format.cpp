// OSCAL assessment-results 1.1.3: an observation for each policy entry, a risk for what failed or was waived,
// a finding for each control. Identifiers are version 5 UUIDs over the run's inputs, so the same run gives
// the same document; those of subjects and of muster itself are the same in every run.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/text.h"
#include "base/time.h"
#include "reports/document.h"
#include "reports/findings.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::string_view kVersion = "1.1.3";
constexpr std::string_view kNames = "urn:muster:oscal";  // whose our properties are
constexpr std::string_view kSpace = "5b1f1c52-3a0e-5d0b-8f54-6d75737465a1";
constexpr std::size_t kSubjects = 20'000;
constexpr std::size_t kSubjectsPerRule = 200;
constexpr std::size_t kTextBytes = 2000;
constexpr std::size_t kValueBytes = 700;

/// The parts of a control's id as a token: runs of other characters become one dash, none at the ends.
std::string token_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c - 'A' + 'a');
    else if (is_kept)
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Target {
  std::string control;    // "ac-2.3"
  std::string statement;  // "ac-2.3_smt.d"
  friend auto operator<=>(const Target&, const Target&) = default;
};

/// NIST's controls as its own catalog calls them; for the others there is none, so framework and id.
Target target_of(const ControlId& control) {
  const std::string_view id = control.id;
  std::size_t at = 0;
  const auto number = [&] {
    const std::size_t from = at;
    while (at < id.size() && is_digit(id[at])) ++at;
    return id.substr(from, at - from);
  };
  const bool is_nist = control.framework == "nist80053" && id.size() > 3 && is_letter(id[0]) &&
                       is_letter(id[1]) && id[2] == '-' && is_digit(id[3]);
  if (!is_nist) {
    std::string name = token_of(control.framework + "-" + control.id);
    if (name.empty() || !is_letter(name[0])) name = "_" + name;
    return {name, name + "_smt"};
  }
  at = 3;
  Target target;
  target.control = token_of(id.substr(0, 2)) + "-" + std::string(number());
  if (at + 1 < id.size() && id[at] == '(' && is_digit(id[at + 1])) {
    ++at;
    target.control += "." + std::string(number());
    if (at < id.size() && id[at] == ')') ++at;
  }
  target.statement = target.control + "_smt";
  std::string part = token_of(id.substr(at));
  std::replace(part.begin(), part.end(), '-', '.');
  if (!part.empty()) target.statement += "." + part;
  return target;
}

enum class State : std::uint8_t { satisfied, waived, undecided, failed };  // the gravest last

/// What the rules of a control come to, as the run rolled it up. Nothing when they judged nothing: that
/// somebody attests it is no assessment.
std::optional<State> state_of(ControlStatus status) {
  switch (status) {
    case ControlStatus::failed: return State::failed;
    case ControlStatus::undecided: return State::undecided;
    case ControlStatus::waived: return State::waived;
    case ControlStatus::passed:
    case ControlStatus::passed_in_part: return State::satisfied;
    case ControlStatus::attested:
    case ControlStatus::idle:
    case ControlStatus::open: return std::nullopt;
  }
  return std::nullopt;
}

std::string_view remark_of(State state) {
  switch (state) {
    case State::satisfied:
      return "Everything that the rules of this control look at is as it should be. They test a part of the "
             "control.";
    case State::waived: return "Nothing fails but what approved waivers except.";
    case State::undecided:
      return "At least one rule could not be decided. OSCAL has no word for that; it is not satisfied.";
    case State::failed: return "At least one rule fails.";
  }
  return "";
}

class Assessment {
 public:
  Assessment(const Run& run, const ReportOptions& options, Output& out)
      : run_(run),
        evidence_(options.evidence),
        doc_(out, 4),
        populations_(population_files(run)),
        most_(most_of_each_rule(run, kSubjects, kSubjectsPerRule)),
        tool_(uuid_v5(kSpace, "tool\nmuster")) {
    for (const ControlResult& control : run.controls) {
      if (control.rules.empty()) continue;
      Control& made = controls_[target_of(control.control)];
      made.results.push_back(&control);
      made.rules.insert(control.rules.begin(), control.rules.end());
    }
  }

  void render() {
    w().begin_object();
    w().key("assessment-results").begin_object();
    text("uuid", id("document"));
    metadata();
    w().key("import-ap").begin_object();
    text("href", "#" + id("policies"));
    text("remarks", "The policies of the run stand for the assessment plan.");
    w().end_object();
    w().key("results").begin_array();
    result();
    w().end_array();
    back_matter();
    w().end_object();
    w().end_object();
    doc_.finish();
  }

 private:
  struct Control {
    std::vector<const ControlResult*> results;
    std::set<std::uint32_t> rules;
  };

  static std::string name_of(const ControlResult& control) {
    return visible_line(control.control.text(), 200);
  }
  json::Writer& w() { return doc_(); }
  void text(std::string_view key, std::string_view value) { w().key(key).value(value); }
  /// Identifiers of what belongs to this run alone.
  [[nodiscard]] std::string id(std::string_view what) const {
    return uuid_v5(kSpace, fmt::format("run\n{}\n{}", run_.id, what));
  }
  [[nodiscard]] std::string id(std::string_view what, std::size_t rule) const {
    return id(fmt::format("{}\n{}\n{}", what, run_.rules[rule].policy, run_.rules[rule].as));
  }
  [[nodiscard]] std::string subject_id(const RuleResult& rule, std::uint32_t index) const {
    return uuid_v5(kSpace, fmt::format("subject\n{}\n{}\n{}", run_.organization_id, word_of(rule.subject),
                                       run_.subjects.at(rule.subject).id[index]));
  }
  /// Values are one line without white space at the ends, and never empty: what has none is left out.
  void prop(std::string_view name, std::string_view value, std::string_view remarks = {}) {
    const std::string shown = visible_line(value, kValueBytes);
    const std::string_view trimmed = trim(shown);
    if (trimmed.empty()) return;
    w().begin_object();
    text("name", name);
    text("ns", kNames);
    text("value", trimmed);
    if (!remarks.empty()) text("remarks", visible_line(remarks, kTextBytes));
    w().end_object();
  }
  void gate() {
    if (!has_gate_by_policy(run_)) return prop("gate", word_of(run_.fail_on));
    prop("gate", "by-policy");
    for (const PolicyResult& policy : run_.policies)
      if (policy.fail_on) prop("policy-gate", word_of(*policy.fail_on), "policy " + policy.id);
  }
  [[nodiscard]] std::string organization() const {
    return visible_line(run_.organization.empty() ? run_.organization_id : run_.organization, 200);
  }

  void metadata() {
    w().key("metadata").begin_object();
    text("title", "Access of " + organization() + ", tested by muster");
    text("last-modified", format_rfc3339(run_.as_of));
    const std::string version = visible_line(run_.id, 100);
    text("version", trim(version).empty() ? "unknown" : trim(version));
    text("oscal-version", kVersion);
    w().end_object();
  }

  void origins() {
    w().key("origins").begin_array();
    origin();
    w().end_array();
  }
  void origin() {
    w().begin_object();
    w().key("actors").begin_array().begin_object();
    text("type", "tool");
    text("actor-uuid", tool_);
    w().end_object().end_array();
    w().end_object();
  }

  void result() {
    w().begin_object();
    text("uuid", id("result"));
    text("title", organization() + ": " + run_.outcome());
    text("description", run_.rules.empty()
                            ? "No rule was selected, so nothing was judged."
                            : fmt::format("{} rules on a snapshot that was completed at {}",
                                          run_.rules.size(), format_rfc3339(run_.snapshot_completed)));
    text("start", format_rfc3339(run_.as_of));
    w().key("props").begin_array();
    prop("outcome", run_.outcome());
    prop("run-id", run_.id);
    prop("organization-id", run_.organization_id);
    prop("what-if", run_.what_if ? "true" : "false");
    gate();
    w().end_array();
    local_definitions();
    reviewed_controls();
    if (!run_.rules.empty()) {
      w().key("observations").begin_array();
      for (std::size_t i = 0; i < run_.rules.size(); ++i) observation(i);
      w().end_array();
    }
    risks();
    findings();
    std::string remarks = run_.what_if ? "A what-if: as_of is not the instant of the snapshot." : "";
    for (const Notice& notice : run_.notices)
      remarks += (remarks.empty() ? "" : "\n") + visible_line(notice.text, kTextBytes);
    if (!remarks.empty()) text("remarks", remarks);
    w().end_object();
  }

  void local_definitions() {
    w().key("local-definitions").begin_object();
    w().key("assessment-assets").begin_object();
    w().key("components").begin_array().begin_object();
    text("uuid", tool_);
    text("type", "software");
    text("title", "muster");
    text("description", "Tests a snapshot of an organization against policies");
    w().key("props").begin_array();
    prop("version", run_.tool_version);
    prop("kind", "assessment tool");
    w().end_array();
    w().key("status").begin_object();
    text("state", "operational");
    w().end_object();
    w().end_object().end_array();
    w().key("assessment-platforms").begin_array().begin_object();
    text("uuid", uuid_v5(kSpace, "platform\nmuster"));
    w().key("uses-components").begin_array().begin_object();
    text("component-uuid", tool_);
    w().end_object().end_array();
    w().end_object().end_array();
    w().end_object();
    w().end_object();
  }

  void reviewed_controls() {
    std::set<std::string> ids;
    for (const auto& [target, control] : controls_) ids.insert(target.control);
    w().key("reviewed-controls").begin_object();
    w().key("control-selections").begin_array().begin_object();
    if (ids.empty()) {
      text("description", "No rule of this run names a control.");
    } else {
      w().key("include-controls").begin_array();
      for (const std::string& each : ids) {
        w().begin_object();
        text("control-id", each);
        w().end_object();
      }
      w().end_array();
    }
    w().end_object().end_array();
    w().end_object();
  }

  void observation(std::size_t index) {
    const RuleResult& rule = run_.rules[index];
    w().begin_object();
    text("uuid", id("observation", index));
    text("title", title_of(rule));
    text("description", headline(run_, rule));
    w().key("props").begin_array();
    prop("entry", rule.as);
    prop("rule", rule.rule);
    prop("policy", rule.policy);
    prop("severity", word_of(rule.severity));
    prop("gated", rule.gated ? "true" : "false");
    prop("parameters", rule.parameters);
    prop("population", std::to_string(rule.population));
    for (const Verdict verdict : kVerdicts)
      prop(fmt::format("count-{}", word_of(verdict)), std::to_string(rule.counts[verdict]));
    for (const ControlId& control : rule.controls) prop("control", control.text());
    w().end_array();
    w().key("methods").begin_array().value("TEST").end_array();
    w().key("types").begin_array().value("control-objective").end_array();
    origins();
    std::string remarks = rule.why.empty() ? "" : visible_line(rule.why, kTextBytes);
    if (!rule.undecided.empty())
      remarks += (remarks.empty() ? "" : "\n") + ("Undecided: " + visible_line(rule.undecided, kTextBytes));
    const std::vector<Listed> all = listed_findings(rule, most_);
    if (std::any_of(all.begin(), all.end(), [](const Listed& each) { return !each.shown.empty(); })) {
      w().key("subjects").begin_array();
      for (const Listed& listed : all)
        for (const Finding* finding : listed.shown) subject(rule, *finding);
      w().end_array();
    }
    for (const Listed& listed : all) {
      if (listed.has_rest())
        remarks +=
            (remarks.empty() ? "" : "\n") + rest_of(run_, rule, listed, evidence_, populations_[index]);
    }
    if (!evidence_path(evidence_, rule, populations_[index]).empty()) {
      w().key("relevant-evidence").begin_array().begin_object();
      text("href", "#" + id("population", index));
      text("description", "Every subject with its verdict");
      w().end_object().end_array();
    }
    text("collected", format_rfc3339(run_.snapshot_completed));
    if (!remarks.empty()) text("remarks", remarks);
    w().end_object();
  }

  void subject(const RuleResult& rule, const Finding& finding) {
    const Subjects& subjects = run_.subjects.at(rule.subject);
    w().begin_object();
    text("subject-uuid", subject_id(rule, finding.subject));
    text("type", rule.subject == SubjectKind::user ? "user" : "resource");
    text("title", subject_name(run_, rule.subject, finding.subject));
    w().key("props").begin_array();
    prop("result", word_of(finding.verdict));
    prop("kind", word_of(rule.subject));
    prop("id", subjects.id[finding.subject]);
    w().end_array();
    text("remarks", account_of(run_, finding));
    w().end_object();
  }

  void risk(std::size_t index, Verdict verdict) {
    const RuleResult& rule = run_.rules[index];
    const bool is_waived = verdict == Verdict::waived;
    w().begin_object();
    text("uuid", id(is_waived ? "risk waived" : "risk", index));
    text("title", title_of(rule));
    std::string what = fmt::format("{} of {}", rule.counts[verdict], count_of(rule.population, rule.subject));
    if (is_waived) {
      what += " waived";
      for (const std::uint32_t waiver : waivers_of(rule))
        what += fmt::format("; {}: {}", waiver_name(run_.waivers[waiver]),
                            visible_line(run_.waivers[waiver].reason, kValueBytes));
    } else {
      what += rule.counts[verdict] == 1 ? " fails" : " fail";
    }
    text("description", what);
    text("statement", rule.why.empty() ? title_of(rule) : visible_line(rule.why, kTextBytes));
    text("status", is_waived ? "deviation-approved" : "open");
    origins();
    w().key("characterizations").begin_array().begin_object();
    w().key("origin");
    origin();
    w().key("facets").begin_array().begin_object();
    text("name", "severity");
    text("system", kNames);
    text("value", word_of(rule.severity));
    w().end_object().end_array();
    w().end_object().end_array();
    if (!rule.fix.empty()) {
      w().key("remediations").begin_array().begin_object();
      text("uuid", id(is_waived ? "fix waived" : "fix", index));
      text("lifecycle", "recommendation");
      text("title", "How to mend it");
      text("description", visible_line(rule.fix, kTextBytes));
      w().end_object().end_array();
    }
    w().key("related-observations").begin_array().begin_object();
    text("observation-uuid", id("observation", index));
    w().end_object().end_array();
    w().end_object();
  }

  void risks() {
    bool has_any = false;
    for (std::size_t i = 0; i < run_.rules.size(); ++i) {
      for (const Verdict verdict : {Verdict::fail, Verdict::waived}) {
        if (run_.rules[i].counts[verdict] == 0) continue;
        if (!has_any) w().key("risks").begin_array();
        has_any = true;
        risk(i, verdict);
      }
    }
    if (has_any) w().end_array();
  }

  void findings() {
    bool has_any = false;
    for (const auto& [target, control] : controls_) {
      std::optional<State> state;
      for (const ControlResult* each : control.results) state = std::max(state, state_of(each->status));
      if (!state) continue;
      if (!has_any) w().key("findings").begin_array();
      has_any = true;
      finding(target, control, *state);
    }
    if (has_any) w().end_array();
  }

  void finding(const Target& target, const Control& control, State state) {
    w().begin_object();
    text("uuid", id("finding\n" + target.statement));
    std::string title, rest;
    for (const ControlResult* each : control.results) {
      title += (title.empty() ? "" : ", ") + name_of(*each);
      if (!each->title.empty()) title += " " + visible_line(each->title, 300);
      if (!each->rest.empty()) rest += "\nNo rule sees: " + visible_line(each->rest, kTextBytes);
    }
    text("title", title);
    std::string rules;
    for (const std::size_t index : control.rules)
      rules += (rules.empty() ? "" : "; ") + title_of(run_.rules[index]) + ": " +
               headline(run_, run_.rules[index]);
    text("description", visible_line(rules, 4 * kTextBytes));
    w().key("props").begin_array();
    for (const ControlResult* each : control.results) {
      prop("control", name_of(*each));
      prop("status", word_of(each->status));
    }
    w().end_array();
    origins();
    w().key("target").begin_object();
    text("type", "statement-id");
    text("target-id", target.statement);
    w().key("status").begin_object();
    text("state", state == State::satisfied ? "satisfied" : "not-satisfied");
    text("reason", state == State::satisfied ? "pass" : state == State::failed ? "fail" : "other");
    text("remarks", std::string(remark_of(state)) + rest);
    w().end_object();
    w().end_object();
    w().key("related-observations").begin_array();
    for (const std::size_t index : control.rules) {
      w().begin_object();
      text("observation-uuid", id("observation", index));
      w().end_object();
    }
    w().end_array();
    std::vector<std::string> risks;
    for (const std::size_t index : control.rules) {
      if (run_.rules[index].counts[Verdict::fail] > 0) risks.push_back(id("risk", index));
      if (run_.rules[index].counts[Verdict::waived] > 0) risks.push_back(id("risk waived", index));
    }
    if (!risks.empty()) {
      w().key("related-risks").begin_array();
      for (const std::string& each : risks) {
        w().begin_object();
        text("risk-uuid", each);
        w().end_object();
      }
      w().end_array();
    }
    w().end_object();
  }

  void link(std::string_view path, std::string_view sha256) {
    w().begin_object();
    text("href", uri_of(path));
    const std::string digest = visible_line(sha256, 128);
    if (!trim(digest).empty()) {
      w().key("hashes").begin_array().begin_object();
      text("algorithm", "SHA-256");
      text("value", trim(digest));
      w().end_object().end_array();
    }
    w().end_object();
  }

  void back_matter() {
    w().key("back-matter").begin_object();
    w().key("resources").begin_array();
    w().begin_object();
    text("uuid", id("policies"));
    text("title", "The policies of the run");
    if (!run_.policies.empty()) {
      w().key("rlinks").begin_array();
      for (const PolicyResult& policy : run_.policies) link(policy.file, policy.sha256);
      w().end_array();
    }
    w().end_object();
    for (std::size_t i = 0; i < run_.inputs.size(); ++i) {
      const InputFile& input = run_.inputs[i];
      w().begin_object();
      text("uuid", id(fmt::format("input\n{}\n{}\n{}", i, input.kind, input.path)));
      text("title",
           fmt::format("{} {}", visible_line(input.kind, 100), visible_line(input.path, kValueBytes)));
      w().key("rlinks").begin_array();
      link(input.path, input.sha256);
      w().end_array();
      w().end_object();
    }
    for (std::size_t i = 0; i < run_.rules.size(); ++i) {
      const std::string path = evidence_path(evidence_, run_.rules[i], populations_[i]);
      if (path.empty()) continue;
      w().begin_object();
      text("uuid", id("population", i));
      text("title", "Every subject of " + entry_name(run_.rules[i]) + " with its verdict");
      w().key("rlinks").begin_array();
      link(path, "");
      w().end_array();
      w().end_object();
    }
    w().end_array();
    w().end_object();
  }

  const Run& run_;
  std::string evidence_;
  Document doc_;
  std::vector<std::string> populations_;
  std::size_t most_;
  std::string tool_;
  std::map<Target, Control> controls_;
};

void render(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  Assessment(run, options, out).render();
}

}  // namespace

Format oscal_format() {
  return {"oscal", "assessment-results.json", "OSCAL 1.1.3 assessment results, for systems of auditors",
          render};
}

}  // namespace muster::reports
