// The same verdicts by subject, severity, policy and control, and the list of all rules.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "reports/html/charts.h"
#include "reports/html/escape.h"
#include "reports/html/page.h"

namespace muster::reports {
namespace {

constexpr std::size_t kLinksPerSubject = 20;

/// What one subject has of findings, over all rules.
struct Tally {
  SubjectKind kind{};
  std::uint32_t subject = 0, failed = 0, undecided = 0, waived = 0;
};

std::vector<Tally> tallies_of(const Run& run) {
  std::map<SubjectKind, std::vector<Tally>> all;
  for (const RuleResult& rule : run.rules) {
    for (const Finding& finding : rule.findings) {
      std::vector<Tally>& tallies = all[rule.subject];
      if (tallies.empty()) tallies.resize(run.subjects.at(rule.subject).id.size());
      Tally& tally = tallies[finding.subject];
      tally.kind = rule.subject;
      tally.subject = finding.subject;
      if (finding.verdict == Verdict::fail)
        ++tally.failed;
      else if (finding.verdict == Verdict::waived)
        ++tally.waived;
      else
        ++tally.undecided;
    }
  }
  std::vector<Tally> out;
  for (const auto& [kind, tallies] : all)
    for (const Tally& tally : tallies)
      if (tally.failed + tally.undecided + tally.waived > 0) out.push_back(tally);
  std::stable_sort(out.begin(), out.end(), [](const Tally& a, const Tally& b) {
    return std::array{a.failed, a.undecided, a.waived} > std::array{b.failed, b.undecided, b.waived};
  });
  return out;
}

std::string cells(const std::vector<std::string>& of) {
  std::string out;
  for (const std::string& cell : of) out += "<td>" + cell + "</td>";
  return out;
}

struct Group {
  Counts counts;
  Standings standings;
  std::vector<std::size_t> rules;
};

class Groups {
 public:
  explicit Groups(Page& page) : page_(page), run_(page.run) {}

  void write() {
    if (run_.rules.empty()) return;
    by_severity();
    by_policy();
    by_control();
    all_rules();
  }

 private:
  void begin(std::string_view id, std::string_view title, std::string_view caption, std::string_view first) {
    page_.put("<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n", id,
              title);
    begin_table(caption, first);
  }
  void begin_table(std::string_view caption, std::string_view first) {
    page_.put(
        "<table class=\"groups\">\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">{}</th><th "
        "scope=\"col\">Failed</th><th "
        "scope=\"col\">Undecided</th><th scope=\"col\">Passed</th><th scope=\"col\">Verdicts</th><th "
        "scope=\"col\">Rules</th></tr></thead>\n<tbody>\n",
        caption, first);
  }
  void end_table() { page_.put_raw("</tbody>\n</table>\n"); }

  void add(Group& group, std::size_t rule) const {
    group.counts += run_.rules[rule].counts;
    group.standings.add(standing_of(run_.rules[rule]));
    group.rules.push_back(rule);
  }

  /// `filter` is the filter of the findings that shows this group alone; `value` is what it is set to.
  void row(std::string_view filter, std::string_view value, std::string_view name, const Group& group) {
    page_.put(
        "<tr><th scope=\"row\" data-filter=\"{}\" "
        "data-value=\"{}\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td><td>",
        filter, value, name, group.standings.failed, group.standings.undecided, group.standings.passed,
        verdict_bar(group.counts), counts_in_words(group.counts));
    rule_list(group.rules);
    page_.put_raw("</td></tr>\n");
  }

  /// How many there are, and links to them as long as there is room.
  void rule_list(const std::vector<std::size_t>& rules) {
    std::string links;
    std::size_t shown = 0;
    for (std::size_t rule : rules) {
      if (link_bytes_ + links.size() > page_.limits.group_bytes) break;
      links += "<li>" + page_.rule_link(rule) + "</li>";
      ++shown;
    }
    link_bytes_ += links.size();
    const std::string count = fmt::format("{} rule{}", rules.size(), rules.size() == 1 ? "" : "s");
    if (shown == 0)
      page_.put("{}", count);
    else
      page_.put("<details><summary>{}</summary><ul>{}</ul></details>", count, links);
    if (shown > 0 && shown < rules.size()) page_.put("{} more among all rules", rules.size() - shown);
  }

  void by_severity() {
    std::map<Severity, Group> groups;
    for (std::size_t rule : page_.order) add(groups[run_.rules[rule].severity], rule);
    begin("by-severity", "By severity", "Rules and their verdicts by severity", "Severity");
    for (const auto& [severity, group] : groups) row("severity", word_of(severity), word_of(severity), group);
    end_table();
    page_.put_raw("</section>\n");
  }

  void by_policy() {
    std::map<std::string, Group> groups;
    for (std::size_t rule : page_.order) add(groups[run_.rules[rule].policy], rule);
    begin("by-policy", "By policy", "Rules and their verdicts by the policy that selects them", "Policy");
    for (const auto& [id, group] : groups) {
      const auto policy = std::find_if(run_.policies.begin(), run_.policies.end(),
                                       [&id = id](const PolicyResult& p) { return p.id == id; });
      std::string name = escaped(id, 200);
      if (policy != run_.policies.end() && !policy->title.empty())
        name += " <span class=\"meta\">" + escaped(policy->title, 200) + "</span>";
      row("policy", escaped(id, 200), name, group);
    }
    end_table();
    page_.put_raw("</section>\n");
  }

  void by_control() {
    if (run_.controls.empty()) return;
    page_.put_raw(
        "<section id=\"by-control\" aria-labelledby=\"by-control-title\">\n<h2 id=\"by-control-title\">By "
        "control</h2>\n"
        "<p>A suggested mapping: whether a rule is enough evidence for a control is for the auditor to "
        "say. Passed in part: nothing that the rules see speaks against it, and nobody answers for what they "
        "do not see.</p>\n");
    for (const ControlSpan controls : by_framework(run_)) {
      const std::string framework = escaped(controls[0].control.framework, 100);
      page_.put(
          "<details class=\"framework\">\n<summary><h3>{0}</h3><span "
          "class=\"headline\">{1}</span></summary>\n"
          "<table class=\"groups\">\n<caption>What the rules and attestations of each control of {0} come "
          "to</caption>\n<thead><tr><th scope=\"col\">Control</th><th scope=\"col\">Status</th><th "
          "scope=\"col\">Verdicts</th><th scope=\"col\">Rules</th><th scope=\"col\">No rule "
          "sees</th></tr></thead>\n<tbody>\n",
          framework, headline(controls));
      for (const ControlResult& control : controls) control_row(control);
      end_table();
      page_.put_raw("</details>\n");
    }
    page_.put_raw("</section>\n");
  }

  void control_row(const ControlResult& control) {
    const std::string id = escaped(control.control.text(), 200);
    // Without rules there are no findings to show alone.
    if (control.rules.empty())
      page_.put("<tr><th scope=\"row\">{}", id);
    else
      page_.put("<tr><th scope=\"row\" data-filter=\"control\" data-value=\"{0}\">{0}", id);
    if (!control.title.empty()) page_.put(" <span class=\"meta\">{}</span>", escaped(control.title, 300));
    page_.put("</th><td class=\"{}\">{}</td><td>", class_of(control.status), sign_of(control.status));
    if (!control.rules.empty())
      page_.put("{}{}", verdict_bar(control.counts), counts_in_words(control.counts));
    page_.put_raw("</td><td>");
    rule_list(std::vector<std::size_t>(control.rules.begin(), control.rules.end()));
    page_.put("</td><td>{}", escaped(control.rest, 300));
    for (const std::uint32_t index : control.attestations)
      page_.put("{}<a href=\"#attestations\">attestation {}</a>",
                control.rest.empty() && index == control.attestations.front() ? "" : "; ",
                escaped(attestation_name(run_.attestations[index]), 300));
    page_.put_raw("</td></tr>\n");
  }

  void all_rules() {
    page_.put_raw(
        "<section id=\"rules\" aria-labelledby=\"rules-title\">\n<h2 id=\"rules-title\">All "
        "rules</h2>\n<table class=\"all\">\n"
        "<caption>Every policy entry with its verdicts, the gravest first</caption>\n<thead><tr><th "
        "scope=\"col\">Rule</th><th "
        "scope=\"col\">Policy</th><th scope=\"col\">Severity</th><th scope=\"col\">Result</th><th "
        "scope=\"col\">Population</th><th "
        "scope=\"col\">Verdicts</th></tr></thead>\n<tbody>\n");
    for (std::size_t i : page_.order) {
      const RuleResult& rule = run_.rules[i];
      const Standing standing = standing_of(rule);
      const std::string title =
          rule.title.empty() ? std::string() : "<span class=\"meta\">" + escaped(rule.title) + "</span>";
      if (page_.has_section(i))
        page_.put("<tr><th scope=\"row\"><a href=\"#{}\">{}</a> {}</th>", page_.anchor(i),
                  escaped(rule.as, 200), title);
      else
        page_.put("<tr id=\"{}\"><th scope=\"row\">{} {}</th>", page_.anchor(i), escaped(rule.as, 200),
                  title);
      page_.put("<td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{} {}</td><td>{}{}</td></tr>\n",
                escaped(rule.policy, 200), word_of(rule.severity), class_of(standing), sign_of(rule),
                grouped(rule.population), noun_of(rule.population, rule.subject), verdict_bar(rule.counts),
                counts_in_words(rule.counts));
    }
    page_.put_raw("</tbody>\n</table>\n</section>\n");
  }

  Page& page_;
  const Run& run_;
  std::size_t link_bytes_ = 0;
};

}  // namespace

void write_subjects(Page& page) {
  const Run& run = page.run;
  const std::vector<Tally> tallies = tallies_of(run);
  if (tallies.empty()) return;
  const std::size_t most = std::min(tallies.size(), page.limits.table_rows);
  struct Links {
    std::string html;
    std::size_t count = 0;
  };
  std::map<std::pair<SubjectKind, std::uint32_t>, Links> links;
  for (std::size_t i = 0; i < most; ++i)
    links.emplace(std::pair(tallies[i].kind, tallies[i].subject), Links{});
  for (std::size_t i : page.order) {
    const RuleResult& rule = run.rules[i];
    for (const Finding& finding : rule.findings) {
      const auto found = links.find(std::pair(rule.subject, finding.subject));
      if (found == links.end()) continue;
      Links& of = found->second;
      if (++of.count > kLinksPerSubject) continue;
      const auto row = page.shown.find(std::pair(i, finding.subject));
      of.html += fmt::format("<li><a href=\"#{}\">{}</a> {}</li>",
                             row == page.shown.end() ? page.anchor(i) : row->second, escaped(rule.as, 200),
                             words_of(finding.verdict));
    }
  }
  page.put_raw(
      "<section id=\"by-subject\" aria-labelledby=\"by-subject-title\">\n<h2 id=\"by-subject-title\">By "
      "subject</h2>\n<table class=\"groups\">\n"
      "<caption>Who and what has findings, those with the most failures first</caption>\n<thead><tr><th "
      "scope=\"col\">Subject</th><th "
      "scope=\"col\">Kind</th><th scope=\"col\">Failed</th><th scope=\"col\">Undecided</th><th "
      "scope=\"col\">Waived</th><th "
      "scope=\"col\">Findings</th></tr></thead>\n<tbody>\n");
  std::size_t shown = 0, bytes = 0;
  for (; shown < most && bytes < page.limits.subject_bytes; ++shown) {
    const Tally& tally = tallies[shown];
    const Subjects& subjects = run.subjects.at(tally.kind);
    const std::string_view id = subjects.id[tally.subject], label = subjects.label[tally.subject];
    const bool is_named = !label.empty() && label != id;
    const Links& found = links.at(std::pair(tally.kind, tally.subject));
    const std::string more = found.count > kLinksPerSubject ? fmt::format("<li>{} more in results.json</li>",
                                                                          found.count - kLinksPerSubject)
                                                            : std::string();
    std::string row =
        fmt::format("<tr><th scope=\"row\"><bdi>{}</bdi>{}</th>", escaped(is_named ? label : id, 300),
                    is_named ? " <code>" + escaped(id, 300) + "</code>" : std::string());
    row += cells({std::string(noun_of(1, tally.kind)), std::to_string(tally.failed),
                  std::to_string(tally.undecided), std::to_string(tally.waived),
                  fmt::format("<details><summary>{} finding{}</summary><ul>{}{}</ul></details>", found.count,
                              found.count == 1 ? "" : "s", found.html, more)});
    bytes += row.size();
    page.put("{}</tr>\n", row);
  }
  page.put_raw("</tbody>\n</table>\n");
  if (shown < tallies.size())
    page.put("<p class=\"more\"><strong>{} more</strong> in results.json</p>\n", tallies.size() - shown);
  page.put_raw("</section>\n");
}

void write_groups(Page& page) { Groups(page).write(); }

}  // namespace muster::reports
