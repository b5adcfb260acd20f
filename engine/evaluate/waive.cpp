#include "evaluate/waive.h"

#include <algorithm>

#include "base/text.h"
#include "evaluate/selector.h"

namespace muster::evaluate {

std::vector<WaiverResult> describe_waivers(std::span<const Waiver> waivers, Instant as_of) {
  std::vector<WaiverResult> out;
  for (const Waiver& waiver : waivers) {
    WaiverResult row{waiver.id, waiver.rule, waiver.reason, waiver.approver, waiver.ticket, waiver.owner, "", "", "active", 0};
    if (waiver.starts) row.starts = format_date(*waiver.starts);
    if (waiver.expires) row.expires = format_date(*waiver.expires);
    if (trim(waiver.approver).empty()) row.state = "unapproved";
    else if (waiver.starts && as_of < start_of(*waiver.starts)) row.state = "not_started";
    else if (waiver.expires && as_of >= start_of(plus_days(*waiver.expires, 1))) row.state = "expired";
    out.push_back(std::move(row));
  }
  return out;
}

namespace {

bool names_subject(const std::string& approver, const snapshot::Table& table, std::uint32_t row) {
  if (approver == table.ids()[row]) return true;
  const std::string folded = fold_email(approver);
  if (folded == fold_email(table.labels()[row])) return true;
  const snapshot::Column* email = table.column("email");
  return email && email->cell(row) == snapshot::Cell::value && fold_email(email->text(row)) == folded;
}

/// Sets the verdict of the given subjects (sorted) to waived.
void set_waived(RuleResult& result, const std::vector<std::uint32_t>& subjects) {
  std::vector<VerdictRun> out;
  const auto add = [&](std::uint32_t count, Verdict verdict, std::uint32_t reason) {
    if (count == 0) return;
    if (!out.empty() && out.back().verdict == verdict && out.back().reason == reason) out.back().count += count;
    else out.push_back({count, verdict, reason});
  };
  std::uint64_t at = 0;
  std::size_t next = 0;
  for (const VerdictRun& run : result.verdicts) {
    std::uint64_t from = at;
    const std::uint64_t end = at + run.count;
    for (; next < subjects.size() && subjects[next] < end; ++next) {
      add(static_cast<std::uint32_t>(subjects[next] - from), run.verdict, run.reason);
      add(1, Verdict::waived, run.reason);
      from = std::uint64_t{subjects[next]} + 1;
    }
    add(static_cast<std::uint32_t>(end - from), run.verdict, run.reason);
    at = end;
  }
  result.verdicts = std::move(out);
  result.counts[Verdict::fail] -= subjects.size();
  result.counts[Verdict::waived] += subjects.size();
}

}  // namespace

std::string explain_waiver(const WaiverResult& waiver) {
  const std::string name = "waiver " + waiver.id + " for " + waiver.rule;
  if (waiver.state == "expired") return name + " has no effect: it expired on " + waiver.expires;
  if (waiver.state == "not_started") return name + " has no effect: it starts on " + waiver.starts;
  if (waiver.state == "unapproved") return name + " has no effect: it names no approver";
  if (waiver.state == "unused") return name + " was not used: no failure of a selected rule fits it, or its approver is the subject";
  return {};
}

void apply_waivers(std::span<const Waiver> waivers, const snapshot::World& world,
                   const std::function<bool(const std::string& approver, SubjectKind kind, std::uint32_t row)>& is_person_of, std::vector<RuleResult>& rules,
                   std::vector<WaiverResult>& described) {
  for (RuleResult& result : rules) {
    const snapshot::Dataset dataset = snapshot::find_subject(result.subject)->dataset;
    const snapshot::Table* table = world.table(dataset);
    if (!table || result.whole) continue;
    std::vector<std::pair<std::uint32_t, Selector>> active;
    for (std::uint32_t i = 0; i < waivers.size(); ++i)
      if (described[i].state == "active" && (waivers[i].rule == result.as || waivers[i].rule == result.rule)) active.emplace_back(i, Selector(waivers[i].subject, dataset, world));
    if (active.empty()) continue;
    std::vector<std::uint32_t> waived;
    for (Finding& finding : result.findings) {
      if (finding.verdict != Verdict::fail) continue;
      for (const auto& [index, selector] : active) {
        const std::string& approver = waivers[index].approver;
        if (selector.of(finding.subject) != Selected::yes || names_subject(approver, *table, finding.subject)) continue;
        if (is_person_of && is_person_of(approver, result.subject, finding.subject)) continue;
        finding.verdict = Verdict::waived;
        finding.waiver = index;
        ++described[index].applied;
        waived.push_back(finding.subject);
        if (finding.measure) {
          Counts& bin = result.measure->bins[result.measure->spec.bin_of(*finding.measure)];
          --bin[Verdict::fail];
          ++bin[Verdict::waived];
        }
        break;
      }
    }
    if (!waived.empty()) set_waived(result, waived);
  }
  for (WaiverResult& row : described)
    if (row.state == "active" && row.applied == 0) row.state = "unused";
}

}  // namespace muster::evaluate
