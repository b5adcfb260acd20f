// Markdown for the summary page of a CI job, which takes 1 MiB. Names and reasons are code spans, in which no
// renderer sees links, HTML or mentions; sentences are escaped.
#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/time.h"
#include "reports/findings.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kMostBytes = 900'000;   // of 1 MiB, before the last sections
constexpr std::size_t kMostListed = 500'000;  // of it, for lists of findings
constexpr std::size_t kRulesInTable = 1000;
constexpr std::size_t kRowsPerRule = 50;
constexpr std::size_t kCellBytes = 500;
constexpr std::size_t kTextBytes = 1000;

/// A code span. A pipe would end a table's cell even there, so it is written as an escape.
std::string code(std::string_view text, std::size_t max_bytes = kCellBytes) {
  std::string inner;
  std::size_t run = 0, longest = 0;
  for (const char c : visible_line(text, max_bytes)) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    if (c == '|')
      inner += "\\u{7C}";
    else
      inner += c;
  }
  if (inner.find_first_not_of(' ') == std::string::npos) return inner.empty() ? "–" : "`\" \"`";
  const std::string fence(longest + 1, '`');
  // Renderers take one space off both ends when both have one.
  const bool is_padded =
      inner.front() == '`' || inner.back() == '`' || inner.front() == ' ' || inner.back() == ' ';
  const std::string_view pad = is_padded ? " " : "";
  return fmt::format("{}{}{}{}{}", fence, pad, inner, pad, fence);
}

/// A sentence: punctuation that means something is escaped, and what renderers make links and mentions of
/// without any is cut in two by an empty comment.
std::string prose(std::string_view text, std::size_t max_bytes = kTextBytes) {
  constexpr std::string_view kCut = "<!-- -->";
  std::string out;
  const std::string line = visible_line(text, max_bytes);
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (std::string_view("\\`*_{}[]()<>#+-!|~&^$\"'=").find(c) != std::string_view::npos) out += '\\';
    out += c;
    const char next = i + 1 < line.size() ? line[i + 1] : '\0';
    const bool is_www = (c == 'w' || c == 'W') && next == '.';
    if (c == '@' || (c == ':' && next != ' ' && next != '\0') || is_www) out += kCut;
  }
  return out;
}

std::string_view sign_of(Standing standing) {
  switch (standing) {
    case Standing::undecided: return "❓ undecided";
    case Standing::failed: return "❌ failed";
    case Standing::idle: return "➖ nothing to judge";
    case Standing::passed: return "✅ passed";
  }
  return "❓ undecided";
}
std::string_view sign_of_entry(const RuleResult& rule) {
  const Standing standing = standing_of(rule);
  return standing == Standing::idle && rule.counts[Verdict::waived] > 0 ? "➖ waived" : sign_of(standing);
}

int order_of(const RuleResult& rule) {
  switch (standing_of(rule)) {
    case Standing::failed: return rule.gated ? 0 : 2;
    case Standing::undecided: return rule.counts[Verdict::fail] > 0 && rule.gated ? 0 : 1;
    case Standing::idle: return rule.counts[Verdict::waived] > 0 ? 3 : 5;
    case Standing::passed: return rule.findings.empty() ? 5 : 4;
  }
  return 0;
}

class Summary {
 public:
  Summary(const Run& run, const ReportOptions& options)
      : run_(run), evidence_(options.evidence), populations_(population_files(run)) {
    for (std::size_t i = 0; i < run.rules.size(); ++i) order_.push_back(i);
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      const RuleResult &left = run.rules[a], &right = run.rules[b];
      return std::pair(order_of(left), left.severity) < std::pair(order_of(right), right.severity);
    });
  }

  std::string render() {
    head();
    table();
    for (const std::size_t index : order_) findings(index);
    due();
    waivers();
    controls();
    sources();
    return std::move(text_);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  void head() {
    const bool is_good = run_.exit == ExitCode::ok;
    const bool is_undecided = run_.exit == ExitCode::undecided;
    put("# {} {}: {}\n\n",
        is_good        ? "✅"
        : is_undecided ? "❓"
                       : "❌",
        code(run_.organization.empty() ? run_.organization_id : run_.organization, 200), run_.outcome());
    if (run_.rules.empty()) {
      put("No rule was selected, so nothing was judged.\n\n");
    } else {
      std::array<std::size_t, 4> standings{};
      for (const RuleResult& rule : run_.rules) ++standings[static_cast<std::size_t>(standing_of(rule))];
      const auto of = [&](Standing standing) { return standings[static_cast<std::size_t>(standing)]; };
      put("Of {} rules, {} failed, {} could not be decided, {} passed and {} had nothing to judge.\n\n",
          run_.rules.size(), of(Standing::failed), of(Standing::undecided), of(Standing::passed),
          of(Standing::idle));
    }
    put("As of {}{}. Gate: failures {}. muster {}, run {}.\n\n", format_rfc3339(run_.as_of),
        run_.what_if ? ", **a what-if: not the instant of the snapshot**" : "",
        has_gate_by_policy(run_) ? std::string("from the severity on that their policy says")
                                 : fmt::format("of severity {} or graver", word_of(run_.fail_on)),
        code(run_.tool_version, 100), code(run_.id, 100));
    if (run_.nondeterministic) put("**A limit of wall time decided something: another run may differ.**\n\n");
    for (std::size_t i = 0; i < run_.notices.size() && i < kRowsPerRule; ++i)
      put("- Notice: {}\n", prose(run_.notices[i].text));
    if (!run_.notices.empty()) put("\n");
  }

  void table() {
    if (run_.rules.empty()) return;
    put("## Rules\n\n| Result | Rule | Severity | Pass | Fail | Waived | Not applicable | Unknown | Error |\n"
        "|---|---|---|--:|--:|--:|--:|--:|--:|\n");
    for (std::size_t i = 0; i < order_.size() && i < kRulesInTable; ++i) {
      const RuleResult& rule = run_.rules[order_[i]];
      put("| {}{} | {} | {} |", sign_of_entry(rule), rule.gated ? "" : " (below the gate)",
          code(rule.policy + "/" + rule.as, 200), word_of(rule.severity));
      for (const Verdict verdict : kVerdicts) put(" {} |", rule.counts[verdict]);
      put("\n");
    }
    if (order_.size() > kRulesInTable) put("\n{} more in results.json\n", order_.size() - kRulesInTable);
    put("\n");
  }

  void findings(std::size_t index) {
    const RuleResult& rule = run_.rules[index];
    const std::vector<Listed> all = listed_findings(rule, kRowsPerRule);
    if (all.empty()) return;
    if (text_.size() >= kMostBytes) {
      if (!is_cut_) put("More rules are in results.json; there is no room for them here.\n\n");
      is_cut_ = true;
      return;
    }
    put("## {}: {}\n\n{}.\n\n", sign_of_entry(rule), prose(title_of(rule), 300), prose(headline(run_, rule)));
    put("Severity {}, rule {}", word_of(rule.severity), code(rule.policy + "/" + rule.as, 200));
    for (std::size_t i = 0; i < rule.controls.size() && i < kRowsPerRule; ++i)
      put(", {}", code(rule.controls[i].text(), 100));
    put(".\n\n");
    if (!rule.why.empty()) put("**Why:** {}\n\n", prose(rule.why));
    if (!rule.fix.empty()) put("**Fix:** {}\n\n", prose(rule.fix));
    std::string rows, rest;
    for (const Listed& listed : all) {
      std::uint64_t more = listed.more;
      for (const Finding* finding : listed.shown) {
        if (listed_bytes_ + rows.size() > kMostListed || text_.size() + rows.size() > kMostBytes) {
          ++more;
          continue;
        }
        rows += fmt::format("| {} | {} | {} |\n", words_of(listed.verdict),
                            code(subject_name(run_, rule.subject, finding->subject)),
                            code(account_of(run_, *finding), 2 * kCellBytes));
      }
      if (more > 0 && !rule.whole) {
        Listed left{listed.verdict, listed.shown, more};
        rest += fmt::format("- {}\n", code(rest_of(run_, rule, left, evidence_, populations_[index])));
      }
    }
    listed_bytes_ += rows.size();
    if (!rows.empty()) put("| Verdict | Subject | Reason |\n|---|---|---|\n{}\n", rows);
    if (!rest.empty()) put("{}\n", rest);
  }

  void due() {
    const std::vector<DueSubject> all = due_subjects(run_);
    if (all.empty()) return;
    put("## Due soon\n\nThese pass now and will fail within {} unless something changes.\n\n"
        "| Due | Rule | Subject | Reason |\n|---|---|---|---|\n",
        code(run_.due_within, 100));
    for (std::size_t i = 0; i < all.size() && i < kRowsPerRule; ++i)
      put("| {} | {} | {} | {} |\n", format_date(date_of(all[i].due.at)),
          code(all[i].rule->policy + "/" + all[i].rule->as, 200),
          code(subject_name(run_, all[i].rule->subject, all[i].due.subject)),
          code(all[i].reason, 2 * kCellBytes));
    if (all.size() > kRowsPerRule) put("\n{} more in results.json\n", all.size() - kRowsPerRule);
    put("\n");
  }

  void waivers() {
    if (run_.waivers.empty()) return;
    put("## Waivers\n\n| Waiver | State | Applied | Approver | Reason |\n|---|---|--:|---|---|\n");
    for (std::size_t i = 0; i < run_.waivers.size() && i < kRowsPerRule; ++i) {
      const WaiverResult& waiver = run_.waivers[i];
      put("| {} | {} | {} | {} | {} |\n", code(waiver_name(waiver), 300), code(waiver_state(waiver), 300),
          waiver.applied, code(waiver.approver, 100), code(waiver.reason, 300));
    }
    if (run_.waivers.size() > kRowsPerRule)
      put("\n{} more in results.json\n", run_.waivers.size() - kRowsPerRule);
    put("\n");
  }

  /// By framework, with the ids of those that an auditor will ask about first.
  void controls() {
    if (run_.controls.empty()) return;
    put("## By control\n\nWhat the rules see of each control; whether that is evidence enough is for the "
        "auditor "
        "to say.\n\n| Framework | Controls | Failed | Undecided | Open |\n|---|---|---|---|---|\n");
    const auto frameworks = by_framework(run_);
    for (std::size_t i = 0; i < frameworks.size() && i < kRowsPerRule; ++i) {
      put("| {} | {} |", code(frameworks[i][0].control.framework, 100), headline(frameworks[i]));
      for (const ControlStatus status :
           {ControlStatus::failed, ControlStatus::undecided, ControlStatus::open}) {
        std::string ids;
        for (const ControlResult& control : frameworks[i])
          if (control.status == status) ids += (ids.empty() ? "" : ", ") + control.control.id;
        put(" {} |", ids.empty() ? "none" : code(ids, 2 * kCellBytes));
      }
      put("\n");
    }
    if (frameworks.size() > kRowsPerRule)
      put("\n{} more in results.json\n", frameworks.size() - kRowsPerRule);
    put("\n");
  }

  void sources() {
    put("## What it stands on\n\n| Source | Status | Rows |\n|---|---|--:|\n");
    std::size_t rows = 0;
    for (const DatasetResult& dataset : run_.datasets) {
      if (!dataset.read || ++rows > kRowsPerRule) continue;
      put("| {} | {} | {} |\n", code(dataset.name, 100),
          code(dataset.status + (dataset.declared ? " (declared)" : "") +
                   (dataset.reason.empty() ? "" : ": " + dataset.reason),
               300),
          dataset.rows);
    }
    for (const RosterResult& roster : run_.rosters) {
      if (++rows > kRowsPerRule) continue;
      put("| {} | {} | {} |\n", code("roster " + roster.path, 300),
          code(roster.status + (roster.reason.empty() ? "" : ": " + roster.reason), 300), roster.persons);
    }
    if (rows > kRowsPerRule) put("\n{} more in results.json\n", rows - kRowsPerRule);
  }

  const Run& run_;
  std::string evidence_;
  std::vector<std::string> populations_;
  std::vector<std::size_t> order_;
  std::string text_;
  std::size_t listed_bytes_ = 0;
  bool is_cut_ = false;
};

void render(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  out.write(Summary(run, options).render());
}

}  // namespace

Format markdown_format() {
  return {"markdown", "summary.md", "Markdown for the summary page of a CI job, below 1 MiB", render};
}

}  // namespace muster::reports
