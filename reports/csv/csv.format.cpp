// findings.csv: every finding with what was seen, for spreadsheets. A rule that one thing decides as a whole
// has one row without a subject.
#include "reports/populations.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

void append_row(std::string& out, std::initializer_list<std::string_view> cells) {
  bool is_first = true;
  for (std::string_view cell : cells) {
    if (!is_first) out += ',';
    is_first = false;
    append_csv_cell(out, cell);
  }
  out += "\r\n";
}

std::string controls_of(const RuleResult& rule) {
  std::string text;
  for (const ControlId& control : rule.controls) text += (text.empty() ? "" : " ") + control.text();
  return text;
}

void render(const Run& run, const ReportOptions&, Output& out) {
  out.begin_file("");
  std::string buffer =
      "policy,rule,severity,controls,kind,id,label,verdict,reason,observed,expected,waiver,novelty,since\r\n";
  for (const RuleResult& rule : run.rules) {
    const std::string controls = controls_of(rule);
    const auto row = [&](std::string_view id, std::string_view label, std::string_view verdict,
                         std::string_view reason, const Finding* finding) {
      append_row(buffer, {rule.policy, rule.as, word_of(rule.severity), controls, word_of(rule.subject), id,
                          label, verdict, reason, finding != nullptr ? finding->observed : "",
                          finding != nullptr ? finding->expected : "",
                          finding != nullptr && finding->waiver ? run.waivers[*finding->waiver].id : "",
                          finding != nullptr && finding->novelty ? word_of(*finding->novelty) : "",
                          finding != nullptr && finding->since ? format_rfc3339(*finding->since) : ""});
    };
    if (rule.whole) row("", "", word_of(rule.whole->verdict), rule.whole->reason, nullptr);
    if (!rule.undecided.empty()) row("", "", "undecided", rule.undecided, nullptr);
    for (const Finding& finding : rule.findings) {
      const Subjects& subjects = run.subjects.at(rule.subject);
      row(subjects.id[finding.subject], subjects.label[finding.subject], word_of(finding.verdict),
          finding.reason, &finding);
      if (buffer.size() >= kPieceBytes) {
        out.write(buffer);
        buffer.clear();
      }
    }
  }
  out.write(buffer);
}

}  // namespace

Format csv_format() { return {"csv", "findings.csv", "The findings as a table for spreadsheets", render}; }

}  // namespace muster::reports
