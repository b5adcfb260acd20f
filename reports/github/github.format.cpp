// Workflow commands of GitHub Actions: each line becomes an annotation of the step that prints it. A step
// shows ten of a kind, so the tenth says how many more there are.
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"
#include "reports/findings.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::size_t kOfAKind = 10;
constexpr std::size_t kListed = 5;  // subjects named in one annotation
constexpr std::size_t kMessageBytes = 3000;

enum class Kind : std::uint8_t { error, warning, notice };
constexpr std::array kKinds = {Kind::error, Kind::warning, Kind::notice};
std::string_view word_of_kind(Kind kind) {
  switch (kind) {
    case Kind::error: return "error";
    case Kind::warning: return "warning";
    case Kind::notice: return "notice";
  }
  return "error";
}

/// What ends a value of a workflow command is written as the runner decodes it.
std::string escaped(std::string_view text, bool is_property) {
  std::string out;
  for (const char c : text) {
    const bool must = c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','));
    if (must)
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

std::string command(Kind kind, const RuleResult* rule, std::string_view title, std::string_view message) {
  std::string properties;
  if (rule != nullptr && has_source(*rule))
    properties = fmt::format("file={},line={},", escaped(visible_line(rule->file, 500), true),
                             std::max<std::uint32_t>(rule->line, 1));
  return fmt::format("::{} {}title={}::{}\n", word_of_kind(kind), properties, escaped(title, true),
                     escaped(message, false));
}

/// What an entry deserves; nothing when it passed or had nothing to judge.
std::optional<Kind> kind_of(const RuleResult& rule) {
  const bool fails = rule.counts[Verdict::fail] > 0 || (rule.whole && rule.whole->verdict == Verdict::fail);
  const bool is_undecided = standing_of(rule) == Standing::undecided;
  if ((fails && rule.gated) || (is_undecided && !rule.reports_unknown)) return Kind::error;
  if (fails || is_undecided) return Kind::warning;
  if (rule.counts[Verdict::waived] > 0) return Kind::notice;
  return std::nullopt;
}

std::string message_of(const Run& run, const RuleResult& rule, std::string_view evidence,
                       std::string_view population_file) {
  std::string text = headline(run, rule);
  if (!rule.undecided.empty()) text += "\nUndecided: " + visible_line(rule.undecided, 600);
  for (const Listed& listed : listed_findings(rule, kListed)) {
    for (const Finding* finding : listed.shown)
      text += fmt::format("\n- {}: {}: {}", words_of(listed.verdict),
                          subject_name(run, rule.subject, finding->subject),
                          visible_line(account_of(run, *finding), 400));
    if (listed.more > 0) text += "\n- " + rest_of(run, rule, listed, evidence, population_file);
  }
  // Cut before the advice, so that it is always there.
  std::string cut(utf8_prefix(text, kMessageBytes));
  if (cut.size() < text.size()) cut += "…";
  if (!rule.fix.empty() && kind_of(rule) != Kind::notice) cut += "\nFix: " + visible_line(rule.fix, 600);
  return cut;
}

void render(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  const std::vector<std::string> populations = population_files(run);
  const std::string organization =
      visible_line(run.organization.empty() ? run.organization_id : run.organization, 200);
  const auto code = static_cast<unsigned>(run.exit);
  std::array<std::vector<std::size_t>, kKinds.size()> entries;
  for (std::size_t i = 0; i < run.rules.size(); ++i) {
    if (const std::optional<Kind> kind = kind_of(run.rules[i]))
      entries[static_cast<std::size_t>(*kind)].push_back(i);
  }
  // The outcome is the first of its kind.
  const Kind outcome = code == 0 ? Kind::notice : Kind::error;
  out.write(
      command(outcome, nullptr, organization + ": " + run.outcome(),
              run.rules.empty()
                  ? "No rule was selected, so nothing was judged."
                  : fmt::format("{} as of {}{}",
                                run.rules.size() == 1 ? "1 rule" : fmt::format("{} rules", run.rules.size()),
                                format_rfc3339(run.as_of),
                                run.what_if ? ", a what-if: not the instant of the snapshot" : "")));
  for (const Kind kind : kKinds) {
    const std::vector<std::size_t>& own = entries[static_cast<std::size_t>(kind)];
    const std::size_t room = kOfAKind - (kind == outcome ? 1 : 0);
    const std::size_t shown = own.size() <= room ? own.size() : room - 1;
    for (std::size_t i = 0; i < shown; ++i) {
      const RuleResult& rule = run.rules[own[i]];
      out.write(command(kind, &rule, fmt::format("{} [{}]", title_of(rule), word_of(rule.severity)),
                        message_of(run, rule, options.evidence, populations[own[i]])));
    }
    if (shown == own.size()) continue;
    std::string names;
    for (std::size_t i = shown; i < own.size() && names.size() < kMessageBytes; ++i)
      names += (names.empty() ? "" : ", ") + visible_line(run.rules[own[i]].as, 200);
    out.write(command(kind, nullptr, fmt::format("{} more rules", own.size() - shown),
                      fmt::format("A step shows {} annotations of a kind. The others: {}", kOfAKind,
                                  visible_line(names, kMessageBytes))));
  }
}

}  // namespace

Format github_format() {
  return {"github", "annotations.txt",
          "Workflow commands of GitHub Actions: annotations, when a step prints them", render};
}

}  // namespace muster::reports
