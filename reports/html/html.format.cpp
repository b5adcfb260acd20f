// report.html: one page without scripts that says the verdict first, then what failed and what is undecided,
// then all rules and controls, and what the result stands on.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/time.h"
#include "reports/html/style.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kRowsPerRule = 200;
constexpr std::size_t kRowBytes = 1'200'000;  // of finding rows on the page
constexpr std::size_t kReasonBytes = 600;
constexpr std::size_t kValueBytes = 400;
constexpr std::size_t kTextBytes = 1000;

/// Text from the run as HTML text or attribute value: visible, on one line, cut, escaped.
std::string escaped(std::string_view text, std::size_t max_bytes = kTextBytes) {
  std::string out;
  for (char c : visible_line(text, max_bytes)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

/// Icon and word: colour alone says nothing.
std::string_view sign_of(Standing standing) {
  switch (standing) {
    case Standing::undecided: return "? Undecided";
    case Standing::failed: return "✗ Failed";
    case Standing::idle: return "– Nothing to judge";
    case Standing::passed: return "✓ Passed";
  }
  return "";
}
std::string_view class_of(Standing standing) {
  switch (standing) {
    case Standing::undecided: return "undecided";
    case Standing::failed: return "failed";
    case Standing::idle: return "meta";
    case Standing::passed: return "passed";
  }
  return "";
}
std::string_view colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "#2e9e63";
    case Verdict::fail: return "#d13438";
    case Verdict::waived: return "#7d6bc4";
    case Verdict::not_applicable: return "#9aa5b1";
    case Verdict::unknown: return "#d98a00";
    case Verdict::error: return "#8a3b00";
  }
  return "";
}
std::string_view words_of(Verdict verdict) {
  return verdict == Verdict::not_applicable ? "not applicable" : word_of(verdict);
}

/// "3 pass, 2 fail"; "nothing judged" for none.
std::string counts_in_words(const Counts& counts) {
  std::string text;
  for (Verdict verdict : kVerdicts) {
    if (counts[verdict] > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[verdict], words_of(verdict));
  }
  return text.empty() ? "nothing judged" : text;
}

/// A bar of the verdicts' shares. Each that occurs is at least one unit of a thousand wide.
std::string bar(const Counts& counts) {
  const std::uint64_t total = counts.total();
  std::string out = fmt::format(
      R"(<svg role="img" aria-label="{}" width="160" height="10" viewBox="0 0 1000 10" preserveAspectRatio="none">)",
      counts_in_words(counts));
  if (total == 0) return out + R"(<rect width="1000" height="10" fill="#9aa5b1"/></svg>)";
  double at = 0;
  for (Verdict verdict : kVerdicts) {
    if (counts[verdict] == 0) continue;
    const double width =
        std::max(1.0, 1000.0 * static_cast<double>(counts[verdict]) / static_cast<double>(total));
    out += fmt::format(R"(<rect x="{:.0f}" width="{:.0f}" height="10" fill="{}"/>)", at, std::ceil(width),
                       colour_of(verdict));
    at += width;
  }
  return out + "</svg>";
}

Counts& operator+=(Counts& sum, const Counts& more) {
  for (Verdict verdict : kVerdicts) sum[verdict] += more[verdict];
  return sum;
}

/// Where a rule stands on the page: what breaks the gate, what else failed or is undecided, the rest.
int order_of(const RuleResult& rule) {
  const Standing standing = standing_of(rule);
  if (rule.counts[Verdict::fail] > 0) return rule.gated ? 0 : 1;
  return standing == Standing::failed || standing == Standing::undecided ? 2 : 3;
}

class Page {
 public:
  Page(const Run& run, const ReportOptions& options, Output& out)
      : run_(run), evidence_(options.evidence), out_(out), files_(population_files(run)) {}

  void render() {
    for (std::size_t i = 0; i < run_.rules.size(); ++i) order_.push_back(i);
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      const RuleResult &left = run_.rules[a], &right = run_.rules[b];
      return std::pair(order_of(left), left.severity) < std::pair(order_of(right), right.severity);
    });
    head();
    first_screen();
    findings();
    rules();
    controls();
    waivers();
    sources();
    put("</main>\n<footer><p>Written by muster {}. Run <code>{}</code>.</p></footer>\n</body>\n</html>\n",
        escaped(run_.tool_version), escaped(run_.id));
    out_.write(buffer_);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    if (buffer_.size() > 256 * 1024) {
      out_.write(buffer_);
      buffer_.clear();
    }
    fmt::format_to(std::back_inserter(buffer_), format, std::forward<Args>(args)...);
  }
  [[nodiscard]] std::string anchor(std::size_t rule) const {
    return "rule-" + files_[rule].substr(0, files_[rule].size() - 4);
  }
  [[nodiscard]] std::string outcome() const {
    std::string word = run_.outcome();
    if (!word.empty() && word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 'a' + 'A');
    return word;
  }
  [[nodiscard]] std::string organization() const {
    return escaped(run_.organization.empty() ? run_.organization_id : run_.organization, 200);
  }

  void head() {
    put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; "
        "base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}: {}</title>\n"
        "<style>{}</style>\n</head>\n<body>\n",
        to_base64(sha256_bytes(kPageStyle)), organization(), outcome(), kPageStyle);
  }

  void fact(std::string_view name, std::string_view html) { put("<dt>{}</dt><dd>{}</dd>\n", name, html); }

  void first_screen() {
    Counts all;
    std::size_t standings[4] = {};
    for (const RuleResult& rule : run_.rules) {
      all += rule.counts;
      ++standings[static_cast<std::size_t>(standing_of(rule))];
    }
    const auto of = [&](Standing standing) { return standings[static_cast<std::size_t>(standing)]; };
    const std::string_view colour = run_.exit == ExitCode::ok          ? "passed"
                                    : run_.exit == ExitCode::undecided ? "undecided"
                                                                       : "failed";
    put("<header>\n<p class=\"brand\">muster</p>\n<h1>{}: <span class=\"{}\">{}</span></h1>\n<p "
        "class=\"lead\">",
        organization(), colour, outcome());
    if (run_.rules.empty()) {
      put("No rule was selected, so nothing was judged.");
    } else {
      put("Of {} rules, {} failed, {} could not be decided, {} passed and {} had nothing to judge. "
          "{} verdicts were given.",
          run_.rules.size(), of(Standing::failed), of(Standing::undecided), of(Standing::passed),
          of(Standing::idle), all.total());
    }
    put("</p>\n<ul class=\"tiles\">\n");
    for (Verdict verdict : kVerdicts)
      put("<li><strong>{}</strong> {}</li>\n", all[verdict], words_of(verdict));
    put("</ul>\n<dl>\n");
    fact("As of", fmt::format("{}{}", format_rfc3339(run_.as_of),
                              run_.what_if ? " (a what-if: not the instant of the snapshot)" : ""));
    fact("Snapshot completed", format_rfc3339(run_.snapshot_completed));
    fact("Gate", fmt::format("failures of severity {} or graver", word_of(run_.fail_on)));
    std::string population;
    for (const auto& [kind, subjects] : run_.subjects)
      population += (population.empty() ? "" : ", ") + count_of(subjects.id.size(), kind);
    fact("Population", population.empty() ? "none" : population);
    std::string read;
    for (const DatasetResult& dataset : run_.datasets) {
      if (dataset.read)
        read += fmt::format("{}{} {} ({})", read.empty() ? "" : ", ", dataset.rows,
                            escaped(dataset.name, 100), escaped(dataset.status, 40));
    }
    fact("Rows read", read.empty() ? "none" : read);
    std::string policies;
    for (const PolicyResult& policy : run_.policies)
      policies += (policies.empty() ? "" : ", ") + escaped(policy.id, 200) +
                  (policy.version.empty() ? "" : " version " + escaped(policy.version, 100));
    fact("Policies", policies.empty() ? "none" : policies);
    fact("muster", "version " + escaped(run_.tool_version));
    fact("Run", "<code>" + escaped(run_.id) + "</code> (the digest of the inputs)");
    fact("Verify",
         "<code>sha256sum -c SHA256SUMS</code> in the folder of this run; a bundle's README has the whole "
         "recipe, "
         "and <code>muster verify</code> performs it.");
    put("</dl>\n");
    if (run_.nondeterministic)
      put("<p class=\"undecided\">A limit of wall time decided something: another run may differ.</p>\n");
    for (const Notice& notice : run_.notices) put("<p>Notice: {}</p>\n", escaped(notice.text));
    put("</header>\n<main>\n");
  }

  void findings() {
    put("<h2>What failed or is undecided</h2>\n");
    bool has_any = false;
    for (std::size_t i : order_) {
      const RuleResult& rule = run_.rules[i];
      if (order_of(rule) == 3 && rule.findings.empty()) continue;
      has_any = true;
      section(i, rule);
    }
    if (!has_any) put("<p>Nothing{}.</p>\n", run_.rules.empty() ? ", because nothing was judged" : "");
  }

  void section(std::size_t index, const RuleResult& rule) {
    const Standing standing = standing_of(rule);
    put("<details open id=\"{}\">\n<summary><span class=\"state {}\">{}</span> <h3>{}</h3></summary>\n",
        anchor(index), class_of(standing), sign_of(standing),
        escaped(rule.title.empty() ? rule.as : rule.title));
    put("<p>{}.</p>\n", escaped(headline(run_, rule)));
    if (!rule.undecided.empty()) put("<p class=\"undecided\">{}</p>\n", escaped(rule.undecided));
    put("<p class=\"meta\">Severity {}{} · rule <code>{}</code> · policy {}", word_of(rule.severity),
        rule.gated ? "" : ", below the gate", escaped(rule.as, 200), escaped(rule.policy, 200));
    for (const ControlId& control : rule.controls) put(" · {}", escaped(control.text(), 200));
    put(" · <a href=\"#{}\">link to this rule</a></p>\n", anchor(index));
    if (!rule.why.empty()) put("<p><strong>Why:</strong> {}</p>\n", escaped(rule.why, 2000));
    if (!rule.fix.empty()) put("<p><strong>Fix:</strong> {}</p>\n", escaped(rule.fix, 2000));
    rows(index, rule);
    put("</details>\n");
  }

  void rows(std::size_t index, const RuleResult& rule) {
    if (rule.findings.empty()) return;
    std::vector<const Finding*> sorted;
    for (const Finding& finding : rule.findings) sorted.push_back(&finding);
    const auto rank = [](const Finding* finding) {
      return finding->verdict == Verdict::waived ? 2 : finding->verdict == Verdict::fail ? 0 : 1;
    };
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](const Finding* a, const Finding* b) { return rank(a) < rank(b); });
    std::size_t shown = 0;
    std::string body;
    for (const Finding* finding : sorted) {
      if (shown == kRowsPerRule || row_bytes_ >= kRowBytes) break;
      const std::size_t before = body.size();
      append_row(body, rule, *finding);
      row_bytes_ += body.size() - before;
      ++shown;
    }
    if (shown > 0) {
      put("<table>\n<caption>Findings of {}</caption>\n<thead><tr><th scope=\"col\">Verdict</th><th "
          "scope=\"col\">Subject</th>"
          "<th scope=\"col\">Reason</th><th scope=\"col\">Observed</th><th "
          "scope=\"col\">Expected</th></tr></thead>\n"
          "<tbody>\n{}</tbody>\n</table>\n",
          escaped(rule.as, 200), body);
    }
    if (const std::size_t more = sorted.size() - shown; more > 0) {
      const std::string path = evidence_path(evidence_, rule, files_[index]);
      put("<p><strong>{} more</strong> in {}</p>\n", more, path.empty() ? "results.json" : escaped(path));
    }
  }

  void append_row(std::string& out, const RuleResult& rule, const Finding& finding) {
    const std::string subject = subject_name(run_, rule.subject, finding.subject);
    const auto found = run_.subjects.find(rule.subject);
    std::string identity = rule.policy + '\0' + rule.as + '\0' + std::string(word_of(rule.subject)) + '\0';
    if (found != run_.subjects.end() && finding.subject < found->second.id.size())
      identity += found->second.id[finding.subject];
    std::string id = "finding-" + sha256_hex(identity).substr(0, 16);
    for (int n = 2; !ids_.insert(id).second; ++n)
      id = fmt::format("finding-{}-{}", sha256_hex(identity).substr(0, 16), n);
    std::string reason = escaped(finding.reason, kReasonBytes);
    if (finding.waiver) reason += "; waived by " + escaped(waiver_name(run_.waivers[*finding.waiver]));
    for (std::size_t i = 0; i < finding.related.size() && i < 5; ++i)
      reason += (i == 0 ? "; with " : ", ") +
                escaped(subject_name(finding.related[i].label, finding.related[i].id), 200);
    if (finding.related.size() > 5) reason += fmt::format(" and {} more", finding.related.size() - 5);
    const auto value = [](const std::string& json) {
      return json.empty() ? std::string("–") : escaped(readable_json(json, kValueBytes), kValueBytes + 8);
    };
    out += fmt::format(
        "<tr id=\"{}\"><td>{}</td><th scope=\"row\"><a "
        "href=\"#{}\">{}</a></th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        id, words_of(finding.verdict), id, escaped(subject, 400), reason, value(finding.observed),
        value(finding.expected));
  }

  void rules() {
    if (run_.rules.empty()) return;
    put("<h2>All rules</h2>\n<table>\n<caption>Every policy entry with its verdicts, the gravest "
        "first</caption>\n<thead><tr>"
        "<th scope=\"col\">Rule</th><th scope=\"col\">Policy</th><th scope=\"col\">Severity</th><th "
        "scope=\"col\">Result</th>"
        "<th scope=\"col\">Population</th><th scope=\"col\">Verdicts</th></tr></thead>\n<tbody>\n");
    for (std::size_t i : order_) {
      const RuleResult& rule = run_.rules[i];
      const bool is_above = order_of(rule) != 3 || !rule.findings.empty();
      put("<tr{}><th scope=\"row\">", is_above ? std::string() : " id=\"" + anchor(i) + "\"");
      if (is_above)
        put("<a href=\"#{}\">{}</a>", anchor(i), escaped(rule.as, 200));
      else
        put("{}", escaped(rule.as, 200));
      put("</th><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{}</td><td>{}{}</td></tr>\n",
          escaped(rule.policy, 200), word_of(rule.severity), class_of(standing_of(rule)),
          sign_of(standing_of(rule)), count_of(rule.population, rule.subject), bar(rule.counts),
          counts_in_words(rule.counts));
    }
    put("</tbody>\n</table>\n");
  }

  void controls() {
    struct Row {
      Counts counts;
      std::size_t rules = 0, failed = 0, undecided = 0;
    };
    std::map<ControlId, Row> all;
    for (const RuleResult& rule : run_.rules) {
      for (const ControlId& control : std::set<ControlId>(rule.controls.begin(), rule.controls.end())) {
        Row& row = all[control];
        row.counts += rule.counts;
        ++row.rules;
        row.failed += rule.counts[Verdict::fail] > 0 || standing_of(rule) == Standing::failed ? 1 : 0;
        row.undecided += standing_of(rule) == Standing::undecided ? 1 : 0;
      }
    }
    if (all.empty()) return;
    put("<h2>Controls</h2>\n<p>A suggested mapping: confirm it with your "
        "auditor.</p>\n<table>\n<caption>Verdicts of the rules that "
        "support each control</caption>\n<thead><tr><th scope=\"col\">Control</th><th "
        "scope=\"col\">Rules</th>"
        "<th scope=\"col\">Failed</th><th scope=\"col\">Undecided</th><th "
        "scope=\"col\">Verdicts</th></tr></thead>\n<tbody>\n");
    for (const auto& [control, row] : all)
      put("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td></tr>\n",
          escaped(control.text(), 200), row.rules, row.failed, row.undecided, bar(row.counts),
          counts_in_words(row.counts));
    put("</tbody>\n</table>\n");
  }

  void waivers() {
    if (run_.waivers.empty()) return;
    put("<h2>Waivers</h2>\n<table>\n<caption>Approved exceptions</caption>\n<thead><tr><th "
        "scope=\"col\">Waiver</th><th "
        "scope=\"col\">Rule</th><th scope=\"col\">State</th><th scope=\"col\">Findings</th><th "
        "scope=\"col\">Expires</th>"
        "<th scope=\"col\">Approver</th><th scope=\"col\">Reason</th></tr></thead>\n<tbody>\n");
    for (const WaiverResult& waiver : run_.waivers)
      put("<tr><th "
          "scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
          escaped(waiver.id, 200), escaped(waiver.rule, 200), escaped(waiver.state, 40), waiver.applied,
          waiver.expires.empty() ? "never" : escaped(waiver.expires, 40),
          waiver.approver.empty() ? "none" : escaped(waiver.approver, 200), escaped(waiver.reason));
    put("</tbody>\n</table>\n");
  }

  void sources() {
    put("<h2>What this stands on</h2>\n");
    if (!run_.datasets.empty()) {
      put("<table>\n<caption>Datasets of the snapshot</caption>\n<thead><tr><th "
          "scope=\"col\">Dataset</th><th "
          "scope=\"col\">Status</th><th scope=\"col\">Rows</th><th scope=\"col\">Read by a rule</th><th "
          "scope=\"col\">SHA-256</th>"
          "</tr></thead>\n<tbody>\n");
      for (const DatasetResult& dataset : run_.datasets) {
        put("<tr><th scope=\"row\">{}</th><td>{}{}{}", escaped(dataset.name, 100),
            escaped(dataset.status, 40), dataset.declared ? ", as declared" : "",
            dataset.reason.empty() ? "" : ": " + escaped(dataset.reason));
        for (const std::string& warning : dataset.warnings) put("; {}", escaped(warning));
        put("</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>\n", dataset.rows,
            dataset.read ? "yes" : "no", dataset.sha256.empty() ? "none" : escaped(dataset.sha256));
      }
      put("</tbody>\n</table>\n");
    }
    if (!run_.rosters.empty()) {
      put("<table>\n<caption>Rosters</caption>\n<thead><tr><th scope=\"col\">Roster</th><th "
          "scope=\"col\">Status</th><th "
          "scope=\"col\">Persons</th><th scope=\"col\">Date</th></tr></thead>\n<tbody>\n");
      for (const RosterResult& roster : run_.rosters)
        put("<tr><th scope=\"row\">{}</th><td>{}{}</td><td>{}</td><td>{}</td></tr>\n", escaped(roster.path),
            escaped(roster.status, 40), roster.reason.empty() ? "" : ": " + escaped(roster.reason),
            roster.persons, roster.as_of.empty() ? "none: age not checked" : escaped(roster.as_of, 40));
      put("</tbody>\n</table>\n");
    }
    if (!run_.inputs.empty()) {
      put("<table>\n<caption>Input files</caption>\n<thead><tr><th scope=\"col\">File</th><th "
          "scope=\"col\">Kind</th><th "
          "scope=\"col\">Bytes</th><th scope=\"col\">SHA-256</th></tr></thead>\n<tbody>\n");
      for (const InputFile& input : run_.inputs)
        put("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td><code>{}</code></td></tr>\n",
            escaped(input.path), escaped(input.kind, 40), input.bytes, escaped(input.sha256));
      put("</tbody>\n</table>\n");
    }
  }

  const Run& run_;
  std::string evidence_;
  Output& out_;
  std::vector<std::string> files_;
  std::vector<std::size_t> order_;
  std::set<std::string> ids_;
  std::size_t row_bytes_ = 0;
  std::string buffer_;
};

void render(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  Page(run, options, out).render();
}

}  // namespace

Format html_format() {
  return {"html", "report.html", "One page for people, readable without scripts and without a network",
          render};
}

}  // namespace muster::reports
