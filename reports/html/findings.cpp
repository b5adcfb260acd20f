// What failed or is undecided: a section for each rule, the gravest first, with the findings as rows.
#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "reports/html/charts.h"
#include "reports/html/escape.h"
#include "reports/html/page.h"

namespace muster::reports {
namespace {

constexpr std::size_t kReasonBytes = 600;
constexpr std::size_t kValueBytes = 400;
constexpr std::size_t kNameBytes = 300;

/// What several values of one attribute are separated by: a line break, which no shown text holds.
constexpr std::string_view kBetween = "&#10;";

class Findings {
 public:
  explicit Findings(Page& page) : page_(page), run_(page.run) {}

  void write() {
    std::vector<std::size_t> sections;
    for (std::size_t rule : page_.order)
      if (page_.has_section(rule)) sections.push_back(rule);
    page_.put_raw(
        "<section id=\"findings\" aria-labelledby=\"findings-title\">\n<h2 id=\"findings-title\">What failed "
        "or is undecided</h2>\n");
    if (sections.empty()) {
      page_.put("<p>Nothing{}.</p>\n</section>\n", run_.rules.empty() ? ", because nothing was judged" : "");
      return;
    }
    filters(sections);
    page_.put_raw("<div id=\"sections\">\n");
    for (std::size_t i = 0; i < sections.size(); ++i) {
      // What one rule does not need of its share is left for those after it.
      const std::size_t share =
          (page_.limits.row_bytes - std::min(used_, page_.limits.row_bytes)) / (sections.size() - i);
      section(sections[i], share);
    }
    page_.put_raw("</div>\n</section>\n");
  }

 private:
  void select(std::string_view name, std::string_view label, const std::vector<std::string>& values) {
    if (values.size() < 2) return;
    page_.put("<label>{}<select name=\"{}\"><option value=\"\">all</option>", label, name);
    for (const std::string& value : values) page_.put("<option>{}</option>", value);
    page_.put_raw("</select></label>\n");
  }

  /// Shown by the script alone: without it there is nothing that could filter.
  void filters(const std::vector<std::size_t>& sections) {
    std::set<Verdict> verdicts;
    std::set<Severity> severities;
    std::set<SubjectKind> kinds;
    std::set<std::string> policies;
    std::set<ControlId> controls;
    std::uint64_t findings = 0;
    for (std::size_t i : sections) {
      const RuleResult& rule = run_.rules[i];
      for (Verdict verdict : kVerdicts)
        if (verdict != Verdict::pass && verdict != Verdict::not_applicable && rule.counts[verdict] > 0)
          verdicts.insert(verdict);
      severities.insert(rule.severity);
      kinds.insert(rule.subject);
      policies.insert(rule.policy);
      controls.insert(page_.controls[i].begin(), page_.controls[i].end());
      findings += rule.findings.size();
    }
    page_.put_raw(
        "<form id=\"filters\" role=\"search\" aria-label=\"Findings\" autocomplete=\"off\" hidden>\n"
        "<label class=\"wide\">Search<input type=\"search\" name=\"q\" autocomplete=\"off\" "
        "spellcheck=\"false\" "
        "placeholder=\"a name, an id, a reason\"></label>\n");
    const auto texts = [](const auto& set, auto&& text_of) {
      std::vector<std::string> out;
      for (const auto& item : set) {
        if (out.size() == 500) break;
        out.push_back(text_of(item));
      }
      return out;
    };
    select("verdict", "Verdict", texts(verdicts, [](Verdict v) { return std::string(words_of(v)); }));
    select("severity", "Severity", texts(severities, [](Severity s) { return std::string(word_of(s)); }));
    select("policy", "Policy", texts(policies, [](const std::string& id) { return escaped(id, 200); }));
    select("control", "Control",
           texts(controls, [](const ControlId& id) { return escaped(id.text(), 200); }));
    select("subject", "Subject",
           texts(kinds, [](SubjectKind kind) { return std::string(noun_of(1, kind)); }));
    page_.put(
        "<p class=\"buttons\"><button type=\"submit\">Search</button> <button type=\"button\" "
        "name=\"open\">Open all</button> <button "
        "type=\"button\" name=\"close\">Close all</button> "
        "<button type=\"reset\">Clear</button></p>\n<output name=\"shown\" "
        "data-all=\"{}\"></output>\n</form>\n",
        findings);
  }

  void section(std::size_t index, std::size_t share) {
    const RuleResult& rule = run_.rules[index];
    const Standing standing = standing_of(rule);
    std::string controls;
    for (const ControlId& control : page_.controls[index])
      controls += (controls.empty() ? std::string() : std::string(kBetween)) + escaped(control.text(), 200);
    page_.put(
        "<details class=\"rule\" id=\"{}\" data-severity=\"{}\" data-policy=\"{}\" data-subject=\"{}\" "
        "data-control=\"{}\">\n"
        "<summary><span class=\"state {}\">{}</span> <span class=\"severity {}\">{}</span> <h3>{}</h3> <span "
        "class=\"headline\">{}</span> {}</summary>\n",
        page_.anchor(index), word_of(rule.severity), escaped(rule.policy, 200), noun_of(1, rule.subject),
        controls, class_of(standing), sign_of(rule), word_of(rule.severity), word_of(rule.severity),
        escaped(rule.title.empty() ? rule.as : rule.title), escaped(headline(run_, rule)),
        verdict_bar(rule.counts));
    if (!rule.undecided.empty()) page_.put("<p class=\"undecided\">{}</p>\n", escaped(rule.undecided));
    if (!rule.why.empty())
      page_.put("<p class=\"lines\"><strong>Why.</strong> {}</p>\n", escaped_lines(rule.why, 2000));
    if (!rule.fix.empty())
      page_.put("<p class=\"lines\"><strong>Fix.</strong> {}</p>\n", escaped_lines(rule.fix, 2000));
    page_.put("<p class=\"meta\">Rule <code>{}</code> of policy {}{}", escaped(rule.as, 200),
              escaped(rule.policy, 200), rule.gated ? "" : ", below the gate");
    if (rule.parameters != "{}" && !rule.parameters.empty())
      page_.put(" · with {}", escaped(readable_json(rule.parameters, kValueBytes), kValueBytes + 8));
    for (const ControlId& control : rule.controls) page_.put(" · {}", escaped(control.text(), 200));
    page_.put("<span class=\"permalink\"> · <a href=\"#{}\">link to this rule</a></span></p>\n",
              page_.anchor(index));
    if (rule.measure && measured_count(*rule.measure) > 0) page_.put_raw(histogram_figure(*rule.measure, ""));
    rows(index, rule, share);
    page_.put_raw("</details>\n");
  }

  void rows(std::size_t index, const RuleResult& rule, std::size_t share) {
    if (rule.findings.empty()) return;
    const auto rank = [](const Finding* finding) {
      if (finding->verdict == Verdict::waived) return 3;
      if (finding->verdict != Verdict::fail) return 1;
      return finding->novelty == Novelty::still_failing ? 2 : 0;
    };
    std::vector<const Finding*> sorted;
    sorted.reserve(rule.findings.size());
    for (const Finding& finding : rule.findings) sorted.push_back(&finding);
    // Among the failures those that are furthest off come first.
    std::stable_sort(sorted.begin(), sorted.end(), [&](const Finding* a, const Finding* b) {
      if (rank(a) != rank(b)) return rank(a) < rank(b);
      return a->measure.has_value() && b->measure.has_value()
                 ? *a->measure > *b->measure
                 : a->measure.has_value() && !b->measure.has_value();
    });
    std::string body;
    std::size_t shown = 0;
    for (const Finding* finding : sorted) {
      if (shown == page_.limits.rows_per_rule || body.size() >= share) break;
      append_row(body, index, rule, *finding);
      ++shown;
    }
    used_ += body.size();
    if (shown > 0)
      page_.put(
          "<table class=\"findings\">\n<caption>Findings of {}</caption>\n<thead><tr><th "
          "scope=\"col\">Verdict</th><th "
          "scope=\"col\">Subject</th><th scope=\"col\">Reason</th><th scope=\"col\">Observed</th><th "
          "scope=\"col\">Expected</th><th scope=\"col\">Raw "
          "row</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n",
          escaped(rule.as, 200), body);
    if (const std::size_t more = sorted.size() - shown; more > 0) {
      const std::string path = evidence_path(page_.evidence, rule, page_.files[index]);
      page_.put("<p class=\"more\"><strong>{} more</strong> in {}</p>\n", more,
                path.empty() ? "results.json" : escaped(path));
    }
  }

  void append_row(std::string& out, std::size_t index, const RuleResult& rule, const Finding& finding) {
    const Subjects& subjects = run_.subjects.at(rule.subject);
    const std::string_view id = subjects.id[finding.subject], label = subjects.label[finding.subject];
    const std::string anchor = anchor_of(rule, id);
    page_.shown.emplace(std::pair(index, finding.subject), anchor);
    std::string reason = escaped(finding.reason, kReasonBytes);
    if (finding.waiver) reason += "; waived by " + escaped(waiver_name(run_.waivers[*finding.waiver]));
    for (std::size_t i = 0; i < finding.related.size() && i < 5; ++i)
      reason += (i == 0 ? "; with <bdi>" : ", <bdi>") +
                html_text(subject_name(finding.related[i].label, finding.related[i].id)) + "</bdi>";
    if (finding.related.size() > 5) reason += fmt::format(" and {} more", finding.related.size() - 5);
    const auto value = [](const std::string& json) {
      return json.empty() ? std::string("–") : escaped(readable_json(json, kValueBytes), kValueBytes + 8);
    };
    const bool is_named = !label.empty() && label != id;
    out += fmt::format(
        "<tr id=\"{}\"><td class=\"{}\">{}</td><th scope=\"row\"><a href=\"#{}\"><bdi>{}</bdi></a>", anchor,
        word_of(finding.verdict), words_of(finding.verdict), anchor,
        escaped(is_named ? label : id, kNameBytes));
    if (is_named) out += fmt::format(" <code>{}</code>", escaped(id, kNameBytes));
    out += fmt::format("</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", reason,
                       value(finding.observed), value(finding.expected),
                       finding.rows.empty() ? std::string("–")
                                            : fmt::format("{} line {}", escaped(finding.rows[0].dataset, 100),
                                                          finding.rows[0].line));
  }

  /// The same finding has the same anchor in every run.
  std::string anchor_of(const RuleResult& rule, std::string_view id) {
    const std::string identity =
        rule.policy + '\0' + rule.as + '\0' + std::string(word_of(rule.subject)) + '\0' + std::string(id);
    const std::string base = "finding-" + sha256_hex(identity).substr(0, 16);
    std::string anchor = base;
    for (int n = 2; !anchors_.insert(anchor).second; ++n) anchor = fmt::format("{}-{}", base, n);
    return anchor;
  }

  Page& page_;
  const Run& run_;
  std::size_t used_ = 0;
  std::set<std::string> anchors_;
};

}  // namespace

void write_findings(Page& page) { Findings(page).write(); }

void write_measures(Page& page) {
  bool has_begun = false;
  for (std::size_t i : page.order) {
    const RuleResult& rule = page.run.rules[i];
    if (!rule.measure || measured_count(*rule.measure) == 0) continue;
    if (!std::exchange(has_begun, true)) {
      page.put(
          "<section id=\"measures\" aria-labelledby=\"measures-title\">\n<h2 id=\"measures-title\">Ages and "
          "numbers</h2>\n<p>How many subjects have which number, for each rule that measures: {}. Those that "
          "are "
          "undecided, or that no number can be given for, are not in it.</p>\n<div class=\"figures\">\n",
          measured_legend());
    }
    page.put_raw(histogram_figure(*rule.measure,
                                  fmt::format("<a href=\"#{}\">{}</a>", page.anchor(i),
                                              escaped(rule.title.empty() ? rule.as : rule.title, 200))));
  }
  if (has_begun) page.put_raw("</div>\n</section>\n");
}

}  // namespace muster::reports
