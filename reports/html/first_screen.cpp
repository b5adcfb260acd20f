// The verdict in words, the counts, what was judged, what it stands on and how to verify it.
#include <algorithm>

#include "base/time.h"
#include "reports/html/charts.h"
#include "reports/html/escape.h"
#include "reports/html/page.h"

namespace muster::reports {
namespace {

std::string instant(Instant at) {
  std::string text = format_rfc3339(at);
  std::string shown = text.substr(0, text.size() - 1);
  shown[10] = ' ';
  return fmt::format("<time datetime=\"{}\">{} UTC</time>", text, shown);
}

std::string joined(const std::vector<std::string>& items, std::string_view none) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out.empty() ? std::string(none) : out;
}

std::string rules_in_words(const Run& run) {
  if (run.rules.empty()) return "No rule was selected, so nothing was judged.";
  Standings standings;
  for (const RuleResult& rule : run.rules) standings.add(standing_of(rule));
  std::string text;
  const auto add = [&](std::size_t n, std::string_view words) {
    if (n > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(n), words);
  };
  add(standings.failed, "failed");
  add(standings.undecided, "could not be fully decided");
  add(standings.passed, "passed");
  add(standings.idle, "had nothing to judge");
  return fmt::format("Of {} rule{}, {}.", grouped(run.rules.size()), run.rules.size() == 1 ? "" : "s", text);
}

std::string what_it_means(const Run& run) {
  const std::string counting =
      has_gate_by_policy(run) ? std::string("Failures count from the severity on that their policy says")
      : run.fail_on == Severity::info
          ? std::string("Every failure counts")
          : fmt::format("Failures of severity {} or graver count", word_of(run.fail_on));
  if (run.exit == ExitCode::ok)
    return counting + ": there is none, and everything that had to be decided was.";
  if (run.exit == ExitCode::undecided)
    return "No failure that counts was found, but something could not be decided: this is not a pass.";
  return counting + ".";
}

void fact(Page& page, std::string_view name, std::string_view html) {
  page.put("<dt>{}</dt>\n<dd>{}</dd>\n", name, html);
}

void judged(Page& page) {
  const Run& run = page.run;
  page.put_raw("<section class=\"card\">\n<h2>What was judged</h2>\n<dl>\n");
  fact(page, "As of",
       instant(run.as_of) + (run.what_if ? " (a what-if: not the instant of the snapshot)" : ""));
  fact(page, "Snapshot completed", instant(run.snapshot_completed));
  std::vector<std::string> population;
  for (const auto& [kind, subjects] : run.subjects)
    population.push_back(
        fmt::format("{} {}", grouped(subjects.id.size()), noun_of(subjects.id.size(), kind)));
  fact(page, "Population", joined(population, "none"));
  std::vector<std::string> policies;
  for (const PolicyResult& policy : run.policies)
    policies.push_back(escaped(policy.title.empty() ? policy.id : policy.title, 200) + " (" +
                       escaped(policy.id, 200) +
                       (policy.version.empty() ? "" : ", version " + escaped(policy.version, 100)) + ")");
  fact(page, "Policies", joined(policies, "none"));
  fact(page, "Organization",
       "<code>" + escaped(run.organization_id, 200) + "</code> at " + escaped(run.provider, 100));
  page.put_raw("</dl>\n</section>\n");
}

void sources(Page& page) {
  const Run& run = page.run;
  page.put_raw("<section class=\"card\">\n<h2>What it stands on</h2>\n<dl>\n");
  std::vector<std::string> whole, cut;
  for (const DatasetResult& dataset : run.datasets) {
    if (!dataset.read) continue;
    const std::string row = fmt::format("{}&nbsp;{}", escaped(dataset.name, 100), rows_of(run, dataset));
    if (dataset.status == "complete")
      whole.push_back(row);
    else
      cut.push_back(
          fmt::format("<span class=\"undecided\">{} ({})</span>", row, escaped(dataset.status, 40)));
  }
  fact(page, "Rows, complete", joined(whole, "none"));
  if (!cut.empty()) fact(page, "Rows, incomplete", joined(cut, "none"));
  std::vector<std::string> rosters;
  for (const RosterResult& roster : run.rosters)
    rosters.push_back(fmt::format(
        "{}: {} persons, {}, {}", escaped(roster.path, 200), grouped(roster.persons),
        roster.as_of.empty() ? "undated" : "dated " + escaped(roster.as_of, 40), escaped(roster.status, 40)));
  fact(page, "Roster", joined(rosters, "none"));
  fact(page, "Made by", "muster " + escaped(run.tool_version, 100));
  fact(page, "Run", "<code>" + escaped(run.id, 100) + "</code>, the digest of all inputs");
  page.put_raw("</dl>\n</section>\n");
}

void verify(Page& page) {
  page.put_raw(
      "<section class=\"card\">\n<h2>How to verify it</h2>\n"
      "<p>A page by itself proves nothing. It belongs to a folder, or to an archive with a signature: there, "
      "with tools that "
      "every system has,</p>\n"
      "<pre><code>sha256sum -c SHA256SUMS</code></pre>\n"
      "<p>shows that no file was changed. README.txt of the archive begins with the rest: whose signature it "
      "is "
      "(<code>ssh-keygen -Y verify</code>), and how <code>muster replay</code> evaluates the same inputs "
      "again, to the "
      "same bytes.</p>\n</section>\n");
}

void notices(Page& page) {
  const std::vector<Notice>& all = page.run.notices;
  if (all.empty()) return;
  page.put(
      "<details class=\"card\" id=\"notices\">\n<summary>{} notice{}, which change no "
      "verdict</summary>\n<ul>\n",
      all.size(), all.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < all.size() && i < page.limits.table_rows; ++i)
    page.put("<li>{}</li>\n", escaped(all[i].text));
  page.put_raw("</ul>\n");
  if (all.size() > page.limits.table_rows)
    page.put("<p class=\"more\"><strong>{} more</strong> in results.json</p>\n",
             all.size() - page.limits.table_rows);
  page.put_raw("</details>\n");
}

void glossary(Page& page) {
  page.put_raw(
      "<details class=\"card\" id=\"reading\">\n<summary>How to read this page</summary>\n"
      "<p>muster took a snapshot of the organization's accounts, keys and rights, compared it with the "
      "roster of people "
      "who work there, and judged every subject by every rule. Each rule gives each subject exactly one "
      "verdict:</p>\n<dl>\n");
  fact(page, "pass", "The subject is as the rule wants it.");
  fact(page, "fail",
       "It is not. The row says what was seen and what was expected; the rule says how to mend it.");
  fact(page, "waived", "It fails, and an approved, dated exception covers it.");
  fact(page, "not applicable", "The rule does not speak about this subject.");
  fact(page, "unknown", "It cannot be decided from what was collected. Never counted as a pass.");
  fact(page, "error", "The rule itself broke. Never counted as a pass.");
  page.put_raw(
      "</dl>\n<p>Rows are what the APIs said, line by line. Where two APIs list the same users, or several "
      "linked organizations do, the rows of one id are one subject: 612 rows of 306 users are 306 accounts, "
      "each seen twice.</p>\n<p>A rule with an unknown or an error is undecided as a whole. Controls are a "
      "suggested "
      "mapping, which is for the auditor to confirm.</p>\n</details>\n");
}

void contents(Page& page) {
  const Run& run = page.run;
  page.put_raw("<nav aria-label=\"On this page\">\n<ul>\n");
  const auto entry = [&](std::string_view id, std::string_view text) {
    page.put("<li><a href=\"#{}\">{}</a></li>\n", id, text);
  };
  entry("findings", "Findings");
  const auto is_set = [&](auto&& test) { return std::any_of(run.rules.begin(), run.rules.end(), test); };
  if (is_set([](const RuleResult& rule) { return !rule.findings.empty(); }))
    entry("by-subject", "By subject");
  if (is_set([](const RuleResult& rule) { return rule.measure && measured_count(*rule.measure) > 0; }))
    entry("measures", "Ages and numbers");
  if (!run.rules.empty()) {
    entry("by-severity", "By severity");
    entry("by-policy", "By policy");
    if (!run.controls.empty()) entry("by-control", "By control");
    entry("rules", "All rules");
  }
  if (!run.waivers.empty()) entry("waivers", "Waivers");
  if (!run.attestations.empty()) entry("attestations", "Attestations");
  entry("sources", "Sources");
  page.put_raw("</ul>\n</nav>\n");
}

}  // namespace

std::string rows_of(const Run& run, const DatasetResult& dataset) {
  std::string text = grouped(dataset.rows);
  for (const auto& [kind, subjects] : run.subjects)
    if (dataset.name == std::string(word_of(kind)) + "s" && subjects.id.size() < dataset.rows)
      text +=
          fmt::format(" of&nbsp;{}&nbsp;{}", grouped(subjects.id.size()), noun_of(subjects.id.size(), kind));
  return text;
}

void write_first_screen(Page& page) {
  const Run& run = page.run;
  Counts all;
  for (const RuleResult& rule : run.rules) all += rule.counts;
  std::string outcome = run.outcome();
  const std::string_view colour = run.exit == ExitCode::ok          ? "passed"
                                  : run.exit == ExitCode::undecided ? "undecided"
                                                                    : "failed";
  const std::string_view sign = run.exit == ExitCode::ok ? "✓" : run.exit == ExitCode::undecided ? "?" : "✗";
  page.put(
      "<header>\n<p class=\"brand\">muster · access report</p>\n<h1><bdi>{}</bdi>: <span class=\"outcome "
      "{}\"><span "
      "aria-hidden=\"true\">{} </span>{}</span></h1>\n<p class=\"lead\">{} {}</p>\n",
      escaped(run.organization.empty() ? run.organization_id : run.organization, 200), colour, sign, outcome,
      rules_in_words(run), what_it_means(run));
  page.put("<div class=\"counts\">\n{}\n<ul class=\"tiles\">\n", verdict_bar(all));
  for (Verdict verdict : kVerdicts)
    page.put("<li class=\"{}\"><strong>{}</strong> {}</li>\n", word_of(verdict), grouped(all[verdict]),
             words_of(verdict));
  page.put("</ul>\n<p class=\"meta\">{} verdicts: every rule on every subject that it judges.</p>\n</div>\n",
           grouped(all.total()));
  if (run.nondeterministic)
    page.put_raw(
        "<p class=\"undecided\">A limit of wall time decided something: another run may differ.</p>\n");
  page.put_raw("<div class=\"cards\">\n");
  judged(page);
  sources(page);
  verify(page);
  page.put_raw("</div>\n");
  notices(page);
  glossary(page);
  page.put_raw("</header>\n");
  contents(page);
}

}  // namespace muster::reports
