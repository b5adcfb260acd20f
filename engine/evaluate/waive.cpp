#include "evaluate/waive.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "evaluate/selector.h"

namespace muster::evaluate {

namespace {

Zone zone_of(const WaiverRules& rules) {
  if (rules.zone.empty()) return {};
  return Zone::find(rules.zone).value_or(Zone());  // the config's loader has looked it up
}

std::int64_t days(std::int64_t us) { return us / kMicrosPerDay; }

/// How long it lasts, when that is too long.
std::string excess_length(const Waiver& waiver, const WaiverRules& rules, Date today) {
  if (!rules.max_length_us) return {};
  if (!waiver.expires) return "it never ends";
  const std::int64_t length = days_between(waiver.starts.value_or(today), *waiver.expires);
  if (length * kMicrosPerDay <= *rules.max_length_us) return {};
  const std::string limit = format_duration(*rules.max_length_us);
  return waiver.starts ? fmt::format("it lasts {} days, and {} is the longest", length, limit)
                       : fmt::format("it ends {} days from now and has no `starts`, and {} is the longest", length, limit);
}

bool is_named_in_full(const ScopeTerm& subject) {
  const bool has_glob = std::any_of(subject.patterns.begin(), subject.patterns.end(), [](const std::string& pattern) { return is_glob(pattern); });
  if (has_glob) return false;
  return (subject.field == "id" && subject.patterns.size() <= kFewSubjects) || (subject.field == "email" && subject.patterns.size() == 1);
}

}  // namespace

std::vector<WaiverResult> describe_waivers(std::span<const Waiver> waivers, const WaiverRules& rules, Instant as_of) {
  if (waivers.empty()) return {};
  const Zone zone = zone_of(rules);
  const Date today = zone.date_of(as_of);
  std::vector<WaiverResult> out;
  for (const Waiver& waiver : waivers) {
    WaiverResult row{waiver.id, waiver.rule, waiver.reason, waiver.approver, waiver.ticket, waiver.owner, "", "", "active", 0};
    if (waiver.starts) row.starts = format_date(*waiver.starts);
    if (waiver.expires) {
      row.expires = format_date(*waiver.expires);
      row.days_left = days_between(today, *waiver.expires);
    }
    if (trim(waiver.approver).empty()) {
      row.state = "unapproved";
    } else if (waiver.expires && as_of >= zone.end_of(*waiver.expires)) {
      row.state = "expired";
    } else if (row.detail = excess_length(waiver, rules, today); !row.detail.empty()) {
      row.state = "too_long";
    } else if (waiver.starts && as_of < zone.start_of(*waiver.starts)) {
      row.state = "not_started";
    } else if (row.days_left && *row.days_left <= days(rules.expiring_within_us)) {
      row.state = "expiring_soon";
    }
    out.push_back(std::move(row));
  }
  return out;
}

void check_ends(std::span<const Waiver> waivers, const WaiverRules& rules, Diagnostics& problems) {
  for (const Waiver& waiver : waivers)
    if (!waiver.expires && rules.max_length_us)
      problems.error(ErrorCode::config_invalid, fmt::format("waiver {} never ends, and {} is the longest that one may last", make_visible(waiver.id), format_duration(*rules.max_length_us)),
                     waiver.place, "give it a date in `expires`, or set `waiver_rules: {max_length: none}` in the config");
}

namespace {

/// How many it fits of all subjects, or of those that the rule judges, when that is too many.
std::string excess_breadth(const Waiver& waiver, const WaiverRules& rules, const RuleResult& result, const snapshot::World& world) {
  const snapshot::DatasetSpec& spec = *snapshot::find_subject(result.subject);
  const Selector selector(waiver.subject, spec.dataset, world);
  std::uint64_t fitting = 0, fitting_judged = 0;
  std::uint32_t row = 0;
  for (const VerdictRun& run : result.verdicts) {
    for (const std::uint32_t end = row + run.count; row < end; ++row) {
      if (selector.of(row) != Selected::yes) continue;
      ++fitting;
      fitting_judged += run.verdict == Verdict::not_applicable ? 0 : 1;
    }
  }
  const auto allowed_of = [&](std::uint64_t all) { return std::max(kFewSubjects, all * rules.max_share_percent / 100); };
  const auto excess = [&](std::uint64_t fits, std::string_view of, std::uint64_t all, std::string_view which) {
    return fmt::format("it fits {} of {}{} {}{}, and more than {} ({} %) is too broad", fits, of, all, spec.name, which, allowed_of(all), rules.max_share_percent);
  };
  if (fitting > allowed_of(result.population)) return excess(fitting, "", result.population, "");
  const std::uint64_t judged = result.population - result.counts[Verdict::not_applicable];
  if (fitting_judged > allowed_of(judged)) return excess(fitting_judged, "the ", judged, fmt::format(" that {} judges", result.as));
  return {};
}

}  // namespace

bool judge_breadth(std::span<const Waiver> waivers, const WaiverRules& rules, std::span<const RuleResult> results, const snapshot::World& world, std::vector<WaiverResult>& described) {
  bool is_new = false;
  for (std::size_t i = 0; i < waivers.size(); ++i) {
    for (const RuleResult& result : results) {
      if (!has_effect(described[i]) || result.whole || result.population == 0 || is_named_in_full(waivers[i].subject)) continue;
      if (waivers[i].rule != result.as && waivers[i].rule != result.rule) continue;
      described[i].detail = excess_breadth(waivers[i], rules, result, world);
      if (described[i].detail.empty()) continue;
      described[i].state = "too_broad";
      is_new = true;
    }
  }
  return is_new;
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

WaiverFit fit_of(const Waiver& waiver, SubjectKind kind, const snapshot::World& world, const IsPersonOf& is_person_of) {
  const snapshot::Dataset dataset = snapshot::find_subject(kind)->dataset;
  const snapshot::Table* table = world.table(dataset);
  WaiverFit fit;
  if (!table) return fit;
  const Selector selector(waiver.subject, dataset, world);
  for (std::uint32_t row = 0; row < table->rows(); ++row) {
    if (selector.of(row) != Selected::yes) continue;
    ++fit.subjects;
    if (is_person_of && (names_subject(waiver.approver, *table, row) || is_person_of(waiver.approver, kind, row))) ++fit.approved_by_subject;
  }
  return fit;
}

bool has_effect(const WaiverResult& waiver) { return waiver.state == "active" || waiver.state == "expiring_soon"; }

std::string when_over(const WaiverResult& waiver) {
  if (!waiver.days_left) return {};
  const std::int64_t left = *waiver.days_left;
  if (left == 0) return "today";
  const std::string days = fmt::format("{} {}", left < 0 ? -left : left, left == 1 || left == -1 ? "day" : "days");
  return left < 0 ? days + " ago" : "in " + days;
}

std::string explain_waiver(const WaiverResult& waiver) {
  const std::string name = "waiver " + waiver.id + " for " + waiver.rule;
  if (waiver.state == "expired") return name + " has no effect: it expired on " + waiver.expires;
  if (waiver.state == "not_started") return name + " has no effect: it starts on " + waiver.starts;
  if (waiver.state == "too_long" || waiver.state == "too_broad") return name + " has no effect: " + waiver.detail;
  if (waiver.state == "unapproved") return name + " has no effect: it names no approver";
  if (waiver.state == "unused") return name + " was not used: no failure of a selected rule fits it, or its approver is the subject";
  return {};
}

void apply_waivers(std::span<const Waiver> waivers, const snapshot::World& world, const IsPersonOf& is_person_of, bool is_part, std::vector<RuleResult>& rules,
                   std::vector<WaiverResult>& described) {
  if (waivers.empty()) return;
  std::vector<std::uint8_t> may_be_used(waivers.size());  // a failure may hide behind what was not decided
  const auto is_of = [&](std::size_t i, const RuleResult& result) { return waivers[i].rule == result.as || waivers[i].rule == result.rule; };
  for (std::size_t i = 0; is_part && i < waivers.size(); ++i)
    may_be_used[i] = std::none_of(rules.begin(), rules.end(), [&](const RuleResult& result) { return is_of(i, result); });
  for (RuleResult& result : rules) {
    const snapshot::Dataset dataset = snapshot::find_subject(result.subject)->dataset;
    const snapshot::Table* table = world.table(dataset);
    const bool is_open = result.whole || result.counts[Verdict::unknown] > 0 || result.counts[Verdict::error] > 0;
    for (std::size_t i = 0; is_open && i < waivers.size(); ++i)
      if (is_of(i, result)) may_be_used[i] = 1;
    if (!table || result.whole) continue;
    std::vector<std::pair<std::uint32_t, Selector>> active;
    for (std::uint32_t i = 0; i < waivers.size(); ++i)
      if (has_effect(described[i]) && is_of(i, result)) active.emplace_back(i, Selector(waivers[i].subject, dataset, world));
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
  for (std::size_t i = 0; i < described.size(); ++i)
    if (has_effect(described[i]) && described[i].applied == 0 && may_be_used[i] == 0) described[i].state = "unused";
}

}  // namespace muster::evaluate
