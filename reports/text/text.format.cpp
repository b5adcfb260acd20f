// The report for people: the verdict in words first, then what failed, what is undecided, what is waived, a
// table of all rules, and what the result stands on.
#include "base/text.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kShownSubjects = 20;
constexpr std::size_t kReasonBytes = 2000;
constexpr std::size_t kValueBytes = 600;
constexpr std::size_t kPieceBytes = 64 * 1024;

enum class Style : std::uint8_t { plain, bold, dim, red, yellow, green };

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::plain: return "";
    case Style::bold: return "\x1b[1m";
    case Style::dim: return "\x1b[2m";
    case Style::red: return "\x1b[1;31m";
    case Style::yellow: return "\x1b[1;33m";
    case Style::green: return "\x1b[1;32m";
  }
  return "";
}

Style style_of(Standing standing) {
  switch (standing) {
    case Standing::undecided: return Style::yellow;
    case Standing::failed: return Style::red;
    case Standing::idle: return Style::dim;
    case Standing::passed: return Style::green;
  }
  return Style::plain;
}

Style style_of(ControlStatus status) {
  switch (status) {
    case ControlStatus::failed: return Style::red;
    case ControlStatus::undecided:
    case ControlStatus::open: return Style::yellow;
    case ControlStatus::passed:
    case ControlStatus::attested: return Style::green;
    case ControlStatus::waived:
    case ControlStatus::passed_in_part:
    case ControlStatus::idle: break;
  }
  return Style::plain;
}

std::string_view word_of(Standing standing) {
  switch (standing) {
    case Standing::undecided: return "undecided";
    case Standing::failed: return "failed";
    case Standing::idle: return "skipped";
    case Standing::passed: return "passed";
  }
  return "";
}

std::string plural(std::uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

/// Lines of limited width. Text that comes from data must be visible already; colours are put around it here
/// only.
class Page {
 public:
  Page(Output& out, const ReportOptions& options)
      : out_(out), width_(std::max<std::size_t>(options.width, 40)), has_colour_(options.colour) {}
  ~Page() { out_.write(buffer_); }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  [[nodiscard]] std::size_t width() const { return width_; }

  [[nodiscard]] std::string styled(std::string_view text, Style style) const {
    if (!has_colour_ || style == Style::plain || text.empty()) return std::string(text);
    return fmt::format("{}{}\x1b[0m", escape_of(style), text);
  }

  /// A line as it is: for tables and headings that fit.
  void line(std::string_view text = {}) {
    append_harmless(text);
    buffer_ += '\n';
    if (buffer_.size() >= kPieceBytes) {
      out_.write(buffer_);
      buffer_.clear();
    }
  }

  /// Words wrapped at the width; the first line begins with `first`, the others are indented as far. A word
  /// that is longer than a line stays whole, so that ids can be copied. `style` is for the text, not for
  /// `first`.
  void wrapped(std::string_view first, std::string_view text, Style style = Style::plain) {
    const std::size_t indent = display_width(first);
    std::string prefix(first);
    std::string current;
    std::size_t used = 0;
    const auto flush = [&] {
      line(prefix + styled(current, style));
      prefix.assign(indent, ' ');
      current.clear();
      used = 0;
    };
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t space = rest.find(' ');
      const std::string_view word = rest.substr(0, space);
      rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
      const std::size_t columns = display_width(word);
      if (!current.empty() && indent + used + 1 + columns > width_) flush();
      if (!current.empty()) {
        current += ' ';
        ++used;
      }
      current += word;
      used += columns;
    }
    flush();
  }

  void heading(std::string_view text) {
    line();
    line(styled(text, Style::bold));
  }

 private:
  /// CI systems take commands from logs: GitHub a line that begins with "::" after blanks, Azure "##vso[" and
  /// "##[" anywhere. A name in our text must not be one.
  void append_harmless(std::string_view text) {
    const std::size_t start = std::min(text.find_first_not_of(' '), text.size());
    buffer_ += text.substr(0, start);
    text.remove_prefix(start);
    if (text.starts_with("::")) buffer_ += '\\';
    for (std::size_t at = text.find("##"); at != std::string_view::npos; at = text.find("##")) {
      buffer_ += text.substr(0, at + 1);
      buffer_ += '\\';
      text.remove_prefix(at + 1);
    }
    buffer_ += text;
  }

  Output& out_;
  std::string buffer_;
  std::size_t width_;
  bool has_colour_;
};

/// Exactly `columns` wide: cut with an ellipsis or padded.
std::string fit(std::string_view text, std::size_t columns) {
  std::size_t used = display_width(text);
  if (used <= columns) return std::string(text) + std::string(columns - used, ' ');
  std::string kept(text);
  while (!kept.empty() && used + 1 > columns) {
    kept.resize(utf8_prefix(kept, kept.size() - 1).size());
    used = display_width(kept);
  }
  return kept + "…" + std::string(columns - std::min(columns, used + 1), ' ');
}

struct Tally {
  std::size_t failed = 0, known = 0, below_gate = 0, undecided = 0, reported = 0, passed = 0, idle = 0;
};

Tally tally_of(const Run& run) {
  Tally tally;
  for (const RuleResult& rule : run.rules) {
    const Standing standing = standing_of(rule);
    const bool fails = rule.counts[Verdict::fail] > 0;
    if (rule.gating_failures() > 0) ++tally.failed;
    else if (fails && rule.gated) ++tally.known;
    if (fails && !rule.gated) ++tally.below_gate;
    if (standing == Standing::undecided) ++(rule.reports_unknown ? tally.reported : tally.undecided);
    if (standing == Standing::passed) ++tally.passed;
    if (standing == Standing::idle) ++tally.idle;
  }
  return tally;
}

struct VerdictLine {
  std::string word, detail;
  Style style = Style::plain;
};

VerdictLine verdict_line(const Run& run) {
  VerdictLine made;
  switch (run.exit) {
    case ExitCode::ok:
      made.word = "PASSED";
      made.style = Style::green;
      break;
    case ExitCode::failed:
      made.word = "FAILED";
      made.style = Style::red;
      break;
    case ExitCode::undecided:
      made.word = "UNDECIDED";
      made.style = Style::yellow;
      break;
    case ExitCode::failed_and_undecided:
      made.word = "FAILED AND UNDECIDED";
      made.style = Style::red;
      break;
    case ExitCode::wrong_input:
    case ExitCode::integrity:
    case ExitCode::unavailable:
    case ExitCode::internal:
    case ExitCode::interrupted:
      made.word = "NOT FINISHED";
      made.style = Style::red;
      break;
  }
  const Tally tally = tally_of(run);
  const auto add = [&](std::size_t n, std::string_view what) {
    if (n > 0) made.detail += fmt::format("{}{} {}", made.detail.empty() ? "" : ", ", n, what);
  };
  add(tally.failed, "failed");
  add(tally.undecided, "undecided");
  add(tally.known, "with known failures only");
  add(tally.below_gate, "failed below the gate");
  add(tally.reported, "unknown and only reported");
  add(tally.passed, "passed");
  add(tally.idle, "skipped (nothing to judge)");
  made.detail = run.rules.empty() ? "no rule was selected"
                                  : plural(run.rules.size(), "rule", "rules") + ": " + made.detail;
  made.detail += fmt::format(" (exit code {})", static_cast<int>(run.exit));
  return made;
}

std::string gate_of(const Run& run) {
  if (has_gate_by_policy(run)) return "what each policy's fail_on says";
  return run.fail_on == Severity::info ? "every failure"
                                       : fmt::format("{} and graver", muster::word_of(run.fail_on));
}

class TextReport {
 public:
  TextReport(const Run& run, const ReportOptions& options, Output& out)
      : run_(run), options_(options), page_(out, options), populations_(population_files(run)) {}

  void write() {
    write_verdict();
    if (options_.quiet) return;
    write_about();
    write_rules_with("FAILED",
                     [](const RuleResult& rule) {
                       return rule.counts[Verdict::fail] > 0 || standing_of(rule) == Standing::failed;
                     },
                     {Verdict::fail});
    write_rules_with("UNDECIDED",
                     [](const RuleResult& rule) { return standing_of(rule) == Standing::undecided; },
                     {Verdict::unknown, Verdict::error});
    write_waived();
    write_due();
    write_resolved();
    write_table();
    write_controls();
    if (options_.verbose) write_reasons();
    write_inputs();
    write_notices();
  }

 private:
  void write_verdict() {
    const VerdictLine made = verdict_line(run_);
    const std::string where = run_.organization.empty() ? "" : visible_line(run_.organization, 200) + ": ";
    page_.line(page_.styled(made.word, made.style) + "  " + where + made.detail);
  }

  void write_about() {
    std::string about = "as of " + format_rfc3339(run_.as_of);
    if (run_.what_if)
      about += " (WHAT-IF: the snapshot is of " + format_rfc3339(run_.snapshot_completed) + ")";
    about += "; the gate is " + gate_of(run_);
    if (!run_.id.empty())
      about += "; run " + visible_line(options_.verbose ? run_.id : run_.id.substr(0, 12), 100);
    page_.wrapped("", about);
    if (run_.baseline) page_.wrapped("", baseline_line(run_));
    if (run_.nondeterministic)
      page_.wrapped("", "A limit on wall time decided something: another run on the same inputs may differ.",
                    Style::yellow);
  }

  template <class Match>
  void write_rules_with(std::string_view heading, Match&& match, std::initializer_list<Verdict> verdicts) {
    bool has_heading = false;
    for (std::size_t i = 0; i < run_.rules.size(); ++i) {
      const RuleResult& rule = run_.rules[i];
      if (!match(rule)) continue;
      if (!has_heading) page_.heading(heading);
      has_heading = true;
      write_rule(i, rule, verdicts);
    }
  }

  void write_rule(std::size_t index, const RuleResult& rule, std::initializer_list<Verdict> verdicts) {
    const auto wanted = [&](Verdict verdict) {
      return std::find(verdicts.begin(), verdicts.end(), verdict) != verdicts.end();
    };
    const bool is_failure = wanted(Verdict::fail);
    page_.line();
    page_.wrapped("  ",
                  fmt::format("{} [{}] {}", visible_line(rule.as, 200), muster::word_of(rule.severity),
                              headline(run_, rule)),
                  is_failure ? Style::red : Style::yellow);
    if (!rule.title.empty()) page_.wrapped("  ", visible_line(rule.title, kReasonBytes));
    std::string where = fmt::format("policy {}", visible_line(rule.policy, 200));
    if (!rule.file.empty()) where += fmt::format(", {}:{}", visible_line(rule.file, 500), rule.line);
    if (is_failure && !rule.gated) where += ", below the gate";
    if (!is_failure && rule.reports_unknown) where += ", unknowns are only reported";
    for (std::size_t c = 0; c < rule.controls.size(); ++c)
      where += (c == 0 ? "; supports " : ", ") + visible_line(rule.controls[c].text(), 100);
    page_.wrapped("  ", where, Style::dim);
    std::uint64_t total = 0;
    for (Verdict verdict : verdicts) total += rule.counts[verdict];
    if (rule.whole && wanted(rule.whole->verdict)) {
      total = 0;  // the headline says it for all
    }
    std::size_t shown = 0;
    if (total > 0) {
      // What the baseline knows comes last, so that it does not push out what is new.
      for (const bool is_known : {false, true}) {
        for (const Finding& finding : rule.findings) {
          if (!wanted(finding.verdict) || (finding.novelty == Novelty::still_failing) != is_known) continue;
          if (!options_.verbose && shown == kShownSubjects) break;
          ++shown;
          write_finding(rule, finding);
        }
      }
    }
    if (shown < total) {
      const std::string file = evidence_path(options_.evidence, rule, populations_[index]);
      page_.wrapped("    ",
                    fmt::format("and {} more: --verbose lists all{}", total - shown,
                                file.empty() ? "" : ", as does " + file),
                    Style::dim);
    }
    if (is_failure && !rule.fix.empty()) page_.wrapped("  Fix: ", one_paragraph(rule.fix));
  }

  void write_finding(const RuleResult& rule, const Finding& finding) {
    page_.wrapped("    - ", subject_name(run_, rule.subject, finding.subject), Style::bold);
    if (finding.novelty) {
      const bool is_known = *finding.novelty == Novelty::still_failing;
      page_.wrapped("      ", novelty_of(run_, finding), is_known ? Style::dim : Style::red);
    }
    page_.wrapped("      ", (finding.verdict == Verdict::error ? "rule error: " : "") +
                                visible_line(finding.reason, kReasonBytes));
    if (!finding.observed.empty())
      page_.wrapped("      observed: ", readable_json(finding.observed, kValueBytes));
    if (!finding.expected.empty())
      page_.wrapped("      expected: ", readable_json(finding.expected, kValueBytes));
    if (!finding.related.empty()) {
      constexpr std::size_t kShownRelated = 10;
      const std::size_t limit =
          options_.verbose ? finding.related.size() : std::min(kShownRelated, finding.related.size());
      std::string names;
      for (std::size_t i = 0; i < limit; ++i)
        names += (i > 0 ? ", " : "") + subject_name(finding.related[i].label, finding.related[i].id);
      if (limit < finding.related.size())
        names += fmt::format(" and {} more", finding.related.size() - limit);
      page_.wrapped("      related: ", names);
    }
    if (options_.verbose) {
      for (const RawRow& row : finding.rows)
        page_.wrapped("      from: ",
                      fmt::format("data/{}.jsonl:{}", visible_line(row.dataset, 100), row.line), Style::dim);
    }
  }

  void write_waived() {
    const Failures failures = failures_of(run_);
    if (failures.before_waivers == failures.after_waivers) return;
    page_.heading("WAIVED");
    page_.line(fmt::format("  failures before waivers: {}, after: {}", failures.before_waivers,
                           failures.after_waivers));
    for (std::uint32_t w = 0; w < run_.waivers.size(); ++w) {
      const WaiverResult& waiver = run_.waivers[w];
      bool has_heading = false;
      std::size_t shown = 0;
      std::uint64_t more = 0;
      for (const RuleResult& rule : run_.rules) {
        if (rule.counts[Verdict::waived] == 0) continue;
        for (const Finding& finding : rule.findings) {
          if (finding.waiver != w) continue;
          if (!has_heading) write_waiver(waiver);
          has_heading = true;
          if (!options_.verbose && shown == kShownSubjects) {
            ++more;
            continue;
          }
          ++shown;
          page_.wrapped("    - ", fmt::format("{}: {}: {}", visible_line(rule.as, 200),
                                              subject_name(run_, rule.subject, finding.subject),
                                              visible_line(finding.reason, kReasonBytes)));
        }
      }
      if (more > 0) page_.wrapped("    ", fmt::format("and {} more: --verbose lists all", more), Style::dim);
    }
  }

  void write_due() {
    const std::vector<DueSubject> all = due_subjects(run_);
    if (all.empty()) return;
    page_.heading("DUE SOON");
    page_.wrapped("  ", fmt::format("pass now and will fail within {} unless something changes:",
                                    visible_line(run_.due_within, 100)));
    const std::size_t shown = options_.verbose ? all.size() : std::min(all.size(), kShownSubjects);
    for (std::size_t i = 0; i < shown; ++i)
      page_.wrapped("    - ", fmt::format("{}: {}: {}: {}", format_date(date_of(all[i].due.at)),
                                          visible_line(all[i].rule->as, 200),
                                          subject_name(run_, all[i].rule->subject, all[i].due.subject),
                                          visible_line(all[i].reason, kReasonBytes)));
    if (shown < all.size())
      page_.wrapped("    ", fmt::format("and {} more: --verbose lists all", all.size() - shown), Style::dim);
  }

  /// What this run found to be resolved; what the baseline knew as such already is in results.json.
  void write_resolved() {
    std::size_t all = 0;
    for (const ResolvedFinding& resolved : run_.resolved) {
      if (resolved.resolved_at != run_.as_of) continue;
      if (all++ == 0) page_.heading("RESOLVED");
      if (!options_.verbose && all > kShownSubjects) continue;
      page_.wrapped("    - ", fmt::format("{}: {}: failed since {}, now {}", visible_line(resolved.as, 200),
                                          subject_name(resolved.label, resolved.id),
                                          format_date(date_of(resolved.since)), visible_line(resolved.now, 40)));
    }
    if (!options_.verbose && all > kShownSubjects)
      page_.wrapped("    ", fmt::format("and {} more: --verbose lists all", all - kShownSubjects), Style::dim);
  }

  void write_waiver(const WaiverResult& waiver) {
    std::string text = waiver_name(waiver);
    if (waiver.state == "expiring_soon") text += " (" + waiver_state(waiver) + ")";
    text += waiver.approver.empty() ? ", without an approver"
                                    : ", approved by " + visible_line(waiver.approver, 200);
    if (!waiver.ticket.empty()) text += ", " + visible_line(waiver.ticket, 200);
    if (!waiver.reason.empty()) text += ": " + visible_line(waiver.reason, kReasonBytes);
    page_.wrapped("  ", text);
  }

  void write_table() {
    page_.heading("RULES");
    if (run_.rules.empty()) return page_.line("  none was selected");
    struct Column {
      std::string_view name;
      std::vector<std::string> cells;
      std::size_t width = 0;
    };
    std::vector<Column> columns = {
        {"rule", {}, 0}, {"severity", {}, 0}, {"result", {}, 0}, {"total", {}, 0},   {"pass", {}, 0},
        {"fail", {}, 0}, {"waived", {}, 0},   {"n/a", {}, 0},    {"unknown", {}, 0}, {"error", {}, 0}};
    std::vector<Standing> standings;
    for (const RuleResult& rule : run_.rules) {
      standings.push_back(standing_of(rule));
      const std::vector<std::string> cells = {
          visible_line(rule.as, 200), std::string(muster::word_of(rule.severity)),
          std::string(word_of(standings.back())), std::to_string(rule.population)};
      for (std::size_t i = 0; i < cells.size(); ++i) columns[i].cells.push_back(cells[i]);
      for (std::size_t v = 0; v < kVerdicts.size(); ++v)
        columns[4 + v].cells.push_back(std::to_string(rule.counts[kVerdicts[v]]));
    }
    // A verdict that no rule gave needs no column; fail is always there.
    std::erase_if(columns, [](const Column& column) {
      return (column.name == "waived" || column.name == "n/a" || column.name == "unknown" ||
              column.name == "error") &&
             std::all_of(column.cells.begin(), column.cells.end(),
                         [](const std::string& cell) { return cell == "0"; });
    });
    std::size_t others = 2;
    for (Column& column : columns) {
      column.width = display_width(column.name);
      for (const std::string& cell : column.cells) column.width = std::max(column.width, display_width(cell));
      others += column.width + 2;
    }
    others -= columns[0].width + 2;
    columns[0].width = std::min(
        columns[0].width, std::max<std::size_t>(16, page_.width() > others ? page_.width() - others : 0));
    const auto row = [&](auto&& cell_of, Style result_style) {
      std::string line = "  ";
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const std::string cell = cell_of(columns[i]);
        if (i > 0) line += "  ";
        std::string fitted =
            i < 3 ? fit(cell, columns[i].width)
                  : std::string(columns[i].width - std::min(columns[i].width, cell.size()), ' ') + cell;
        line += i == 2 ? page_.styled(fitted, result_style) : fitted;
      }
      page_.line(line);
    };
    row([](const Column& column) { return std::string(column.name); }, Style::plain);
    for (std::size_t r = 0; r < run_.rules.size(); ++r) {
      row([&](const Column& column) { return column.cells[r]; }, style_of(standings[r]));
    }
  }

  void write_controls() {
    if (run_.controls.empty()) return;
    page_.heading("BY CONTROL");
    page_.wrapped("  ",
                  "What the rules see of each; whether that is evidence enough is for the auditor to say.",
                  Style::dim);
    for (const ControlSpan controls : by_framework(run_)) {
      page_.wrapped("  ", visible_line(controls[0].control.framework, 100) + ": " + headline(controls));
      if (options_.verbose) {
        for (const ControlResult& control : controls) write_control(control);
        continue;
      }
      for (const ControlStatus status :
           {ControlStatus::failed, ControlStatus::undecided, ControlStatus::open}) {
        std::string ids;
        for (const ControlResult& control : controls)
          if (control.status == status)
            ids += (ids.empty() ? "" : ", ") + visible_line(control.control.id, 100);
        if (!ids.empty()) page_.wrapped(fmt::format("    {}: ", words_of(status)), ids, style_of(status));
      }
    }
  }

  void write_control(const ControlResult& control) {
    std::string text =
        fmt::format("{} [{}]", visible_line(control.control.id, 100), words_of(control.status));
    if (!control.title.empty()) text += " " + visible_line(control.title, kReasonBytes);
    page_.wrapped("    ", text, style_of(control.status));
    std::string rules;
    for (const std::uint32_t index : control.rules)
      rules += fmt::format("{}{} {}", rules.empty() ? "" : ", ", visible_line(run_.rules[index].as, 200),
                           word_of(standing_of(run_.rules[index])));
    if (!rules.empty()) page_.wrapped("      rules: ", rules);
    for (const std::uint32_t index : control.attestations) {
      const AttestationResult& attestation = run_.attestations[index];
      page_.wrapped("      attestation: ",
                    attestation_name(attestation) + ": " + visible_line(attestation.statement, kReasonBytes));
    }
    if (!control.rest.empty())
      page_.wrapped("      no rule sees: ", visible_line(control.rest, kReasonBytes), Style::dim);
  }

  /// Every reason of every rule with how many subjects got it: this is where the reasons of a pass can be
  /// read.
  void write_reasons() {
    page_.heading("REASONS");
    for (const RuleResult& rule : run_.rules) {
      page_.wrapped("  ", visible_line(rule.as, 200), Style::bold);
      std::map<std::pair<Verdict, std::uint32_t>, std::uint64_t> counted;
      for (const VerdictRun& piece : rule.verdicts) counted[{piece.verdict, piece.reason}] += piece.count;
      for (const auto& [key, count] : counted) {
        const std::string& reason = rule.reasons[key.second];
        page_.wrapped("    ", fmt::format("{} {}{}", count, muster::word_of(key.first),
                                          reason.empty() ? "" : ": " + visible_line(reason, kReasonBytes)));
      }
      if (counted.empty()) page_.line("    0 subjects");
    }
  }

  void write_inputs() {
    page_.heading("INPUTS");
    bool is_declared = false;
    for (const DatasetResult& dataset : run_.datasets)
      is_declared = is_declared || (dataset.declared && dataset.status != "not_requested");
    page_.wrapped("  snapshot  ",
                  fmt::format("completed {}{}{}", format_rfc3339(run_.snapshot_completed),
                              run_.provider.empty() ? "" : ", from " + visible_line(run_.provider, 100),
                              is_declared ? ", completeness declared by the importer, not observed" : ""));
    for (const RosterResult& roster : run_.rosters) {
      std::string text =
          fmt::format("{}: {}, {}", visible_line(roster.path, 500),
                      plural(roster.persons, "person", "persons"), visible_line(roster.status, 40));
      if (!roster.reason.empty()) text += " (" + visible_line(roster.reason, kReasonBytes) + ")";
      text += roster.as_of.empty() ? ", age not checked"
                                   : ", as of " + visible_line(roster.as_of, 40) + roster_age(roster);
      page_.wrapped("  roster    ", text, roster.status == "complete" ? Style::plain : Style::yellow);
    }
    if (run_.rosters.empty()) page_.line("  roster    none");
    if (!run_.tzdata.empty()) page_.line("  tzdata    " + visible_line(run_.tzdata, 40));
    for (const DatasetResult& dataset : run_.datasets) {
      const bool is_complete = dataset.status == "complete";
      if (is_complete && !options_.verbose) continue;
      if (!dataset.read && dataset.status == "not_requested" && !options_.verbose) continue;
      std::string text =
          fmt::format("{}: {}", visible_line(dataset.name, 100), visible_line(dataset.status, 40));
      if (is_complete || dataset.rows > 0) text += ", " + plural(dataset.rows, "row", "rows");
      if (!dataset.reason.empty()) text += " (" + visible_line(dataset.reason, kReasonBytes) + ")";
      text += "; " + readers_of(dataset.name);
      if (options_.verbose && !dataset.sha256.empty()) text += "; sha256 " + visible_line(dataset.sha256, 80);
      page_.wrapped("  dataset   ", text, is_complete || !dataset.read ? Style::plain : Style::yellow);
      for (const std::string& warning : dataset.warnings)
        page_.wrapped("            ", "warning: " + visible_line(warning, kReasonBytes));
    }
    if (!options_.verbose) return;
    for (const InputFile& input : run_.inputs) {
      page_.wrapped("  " + fit(visible_line(input.kind, 20), 10),
                    fmt::format("{} ({}, sha256 {})", visible_line(input.path, 500),
                                plural(input.bytes, "byte", "bytes"), visible_line(input.sha256, 80)));
    }
    for (const PolicyResult& policy : run_.policies) {
      page_.wrapped("  policy    ",
                    fmt::format("{}{}: {}", visible_line(policy.id, 200),
                                policy.version.empty() ? "" : " " + visible_line(policy.version, 40),
                                visible_line(policy.title, kReasonBytes)));
    }
    page_.line("  muster    " + visible_line(run_.tool_version, 80));
  }

  [[nodiscard]] std::string readers_of(const std::string& dataset) const {
    std::string names;
    for (const RuleResult& rule : run_.rules) {
      if (std::find(rule.reads.begin(), rule.reads.end(), dataset) != rule.reads.end())
        names += (names.empty() ? "" : ", ") + visible_line(rule.as, 200);
    }
    return names.empty() ? "no selected rule reads it" : "read by " + names;
  }

  [[nodiscard]] std::string roster_age(const RosterResult& roster) const {
    const std::optional<Date> date = parse_date(std::string_view(roster.as_of).substr(0, 10));
    std::string text;
    if (date) {
      const int days = days_between(*date, date_of(run_.as_of));
      text = days < 0    ? ", dated after the snapshot"
             : days == 0 ? ", of the same day"
                         : fmt::format(", {} old", plural(static_cast<std::uint64_t>(days), "day", "days"));
    }
    return roster.max_age.empty() ? text : text + ", may be " + visible_line(roster.max_age, 40) + " old";
  }

  void write_notices() {
    if (run_.notices.empty()) return;
    page_.heading("NOTICES");
    for (const Notice& notice : run_.notices) page_.wrapped("  - ", visible_line(notice.text, kReasonBytes));
  }

  static std::string one_paragraph(std::string_view text) {
    std::string joined;
    bool was_space = false;
    for (char c : trim(text)) {
      const bool is_space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
      if (!is_space) {
        if (was_space && !joined.empty()) joined += ' ';
        joined += c;
      }
      was_space = is_space;
    }
    return visible_line(joined, 4000);
  }

  const Run& run_;
  const ReportOptions& options_;
  Page page_;
  std::vector<std::string> populations_;
};

void render_text(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  TextReport(run, options, out).write();
}

}  // namespace

Format text_format() {
  return {"text", "report.txt", "a report for people: failures first, with observed, expected and fix",
          render_text};
}

}  // namespace muster::reports
