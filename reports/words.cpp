#include "reports/words.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/file_system.h"
#include "base/json.h"
#include "base/text.h"

namespace muster::reports {
namespace {

constexpr std::size_t kReasonBytes = 400;  // in a headline

std::uint64_t undecided_count(const RuleResult& rule) {
  return rule.counts[Verdict::unknown] + rule.counts[Verdict::error];
}

bool is_undecided(Verdict verdict) {
  return verdict == Verdict::unknown || verdict == Verdict::error;
}

/// ", 3 fail, 1 waived" for the verdicts of `which` that occur.
std::string also(const RuleResult& rule, std::initializer_list<Verdict> which) {
  std::string text;
  for (Verdict verdict : which) {
    const std::uint64_t n = rule.counts[verdict];
    if (n == 0) continue;
    switch (verdict) {
      case Verdict::pass:
        text += fmt::format(", {} {}", n, n == 1 ? "passes" : "pass");
        break;
      case Verdict::fail:
        text += fmt::format(", {} {}", n, n == 1 ? "fails" : "fail");
        break;
      case Verdict::waived:
        text += fmt::format(", {} waived", n);
        break;
      case Verdict::not_applicable:
        text += fmt::format(", {} not applicable", n);
        break;
      case Verdict::unknown:
        text += fmt::format(", {} unknown", n);
        break;
      case Verdict::error:
        text += fmt::format(", {} in error", n);
        break;
    }
  }
  return text;
}

std::string undecided_headline(const RuleResult& rule) {
  if (rule.whole && is_undecided(rule.whole->verdict)) {
    const std::string reason = visible_line(rule.whole->reason, kReasonBytes);
    return undecided_count(rule) == 0
               ? "undecided: " + reason
               : fmt::format("all {} undecided: {}", count_of(undecided_count(rule), rule.subject), reason);
  }
  const std::uint64_t unknown = rule.counts[Verdict::unknown], error = rule.counts[Verdict::error];
  std::string text;
  if (unknown + error > 0) {
    const std::string of = fmt::format(" of {}", count_of(rule.population, rule.subject));
    text = unknown > 0 ? fmt::format("{}{} unknown", unknown, of) : fmt::format("{}{} in error", error, of);
    if (unknown > 0) text += also(rule, {Verdict::error});
  }
  if (!rule.undecided.empty())
    text = "undecided: " + visible_line(rule.undecided, kReasonBytes) + (text.empty() ? "" : "; " + text);
  return text + also(rule, {Verdict::fail, Verdict::waived});
}

std::string idle_headline(const Run& run, const RuleResult& rule) {
  if (rule.population == 0)
    return fmt::format("0 subjects: there are no {} to judge", noun_of(0, rule.subject));
  if (rule.whole) {
    const std::string_view word = rule.whole->verdict == Verdict::waived ? "waived" : "not applicable";
    return fmt::format("{} for all {}: {}", word, count_of(rule.population, rule.subject),
                       visible_line(rule.whole->reason, kReasonBytes));
  }
  if (rule.counts[Verdict::waived] > 0) {
    std::string names;
    for (std::uint32_t index : waivers_of(rule))
      names += (names.empty() ? "" : ", ") + waiver_name(run.waivers[index]);
    return visible_line(
               fmt::format("{} of {} waived by {}", rule.counts[Verdict::waived],
                           count_of(rule.population, rule.subject), names.empty() ? "a waiver" : names),
               4 * kReasonBytes) +
           also(rule, {Verdict::not_applicable});
  }
  std::vector<std::uint32_t> reasons;
  for (const VerdictRun& piece : rule.verdicts) {
    if (std::find(reasons.begin(), reasons.end(), piece.reason) == reasons.end())
      reasons.push_back(piece.reason);
    if (reasons.size() > 1) break;
  }
  std::string text = "not applicable to " + count_of(rule.population, rule.subject);
  if (reasons.size() == 1 && !rule.reasons[reasons[0]].empty())
    return text + ": " + visible_line(rule.reasons[reasons[0]], kReasonBytes);
  return text + (reasons.size() > 1 ? ", for several reasons" : "");
}

void append_readable(std::string& out, const json::Value& value, std::size_t max_bytes, int depth) {
  if (out.size() > max_bytes) return;
  if (const std::string* text = value.string()) {
    out += visible_line(*text, max_bytes);
  } else if (const json::Array* items = value.array()) {
    out += '[';
    for (std::size_t i = 0; i < items->size() && out.size() <= max_bytes; ++i) {
      if (i > 0) out += ", ";
      append_readable(out, (*items)[i], max_bytes, depth + 1);
    }
    out += ']';
  } else if (const json::Object* members = value.object()) {
    if (depth > 0) out += '{';
    for (std::size_t i = 0; i < members->size() && out.size() <= max_bytes; ++i) {
      if (i > 0) out += ", ";
      out += visible_line((*members)[i].first, max_bytes) + ": ";
      append_readable(out, (*members)[i].second, max_bytes, depth + 1);
    }
    if (depth > 0) out += '}';
  } else {
    out += json::dump(value);
  }
}

}  // namespace

std::string_view noun_of(std::uint64_t n, SubjectKind kind) {
  const bool one = n == 1;
  switch (kind) {
    case SubjectKind::organization:
      return one ? "organization" : "organizations";
    case SubjectKind::user:
      return one ? "user" : "users";
    case SubjectKind::api_key:
      return one ? "API key" : "API keys";
    case SubjectKind::workspace:
      return one ? "workspace" : "workspaces";
    case SubjectKind::group:
      return one ? "group" : "groups";
    case SubjectKind::role:
      return one ? "role" : "roles";
    case SubjectKind::invite:
      return one ? "invite" : "invites";
    case SubjectKind::service_account:
      return one ? "service account" : "service accounts";
    case SubjectKind::compliance_key:
      return one ? "compliance key" : "compliance keys";
    case SubjectKind::person:
      return one ? "person" : "persons";
    case SubjectKind::nonhuman:
      return one ? "non-human identity" : "non-human identities";
    case SubjectKind::dataset:
      return one ? "dataset" : "datasets";
    case SubjectKind::waiver:
      return one ? "waiver" : "waivers";
  }
  return "subjects";
}

std::string count_of(std::uint64_t n, SubjectKind kind) {
  return fmt::format("{} {}", n, noun_of(n, kind));
}

Standing standing_of(const RuleResult& rule) {
  if (undecided_count(rule) > 0 || !rule.undecided.empty() ||
      (rule.whole && is_undecided(rule.whole->verdict)))
    return Standing::undecided;
  if (rule.counts[Verdict::fail] > 0 || (rule.whole && rule.whole->verdict == Verdict::fail))
    return Standing::failed;
  return rule.counts[Verdict::pass] > 0 ? Standing::passed : Standing::idle;
}

bool has_errors(const RuleResult& rule) {
  return rule.counts[Verdict::error] > 0 || (rule.whole && rule.whole->verdict == Verdict::error);
}

std::string headline(const Run& run, const RuleResult& rule) {
  switch (standing_of(rule)) {
    case Standing::undecided:
      return undecided_headline(rule);
    case Standing::failed: {
      std::string text =
          fmt::format("{} of {} {}", rule.counts[Verdict::fail], count_of(rule.population, rule.subject),
                      rule.counts[Verdict::fail] == 1 ? "fails" : "fail");
      if (rule.whole) text += ": " + visible_line(rule.whole->reason, kReasonBytes);
      if (const std::uint64_t known = rule.known_failures(); known > 0)
        text += fmt::format(" ({} known)", known == rule.counts[Verdict::fail] ? "all" : std::to_string(known));
      return text + also(rule, {Verdict::waived});
    }
    case Standing::idle:
      return idle_headline(run, rule);
    case Standing::passed:
      return fmt::format("{} of {} {}", rule.counts[Verdict::pass], count_of(rule.population, rule.subject),
                         rule.counts[Verdict::pass] == 1 ? "passes" : "pass") +
             also(rule, {Verdict::waived, Verdict::not_applicable});
  }
  return {};
}

std::string subject_name(std::string_view label, std::string_view id) {
  constexpr std::size_t kNameBytes = 300;
  if (label.empty() || label == id) return visible_line(id, kNameBytes);
  return visible_line(label, kNameBytes) + " (" + visible_line(id, kNameBytes) + ")";
}

std::string subject_name(const Run& run, SubjectKind kind, std::uint32_t index) {
  const auto found = run.subjects.find(kind);
  if (found == run.subjects.end() || index >= found->second.id.size())
    return fmt::format("{} number {}", noun_of(1, kind), index + 1);
  return subject_name(found->second.label[index], found->second.id[index]);
}

std::string novelty_of(const Run& run, const Finding& finding) {
  if (!finding.novelty) return {};
  const Date since = date_of(finding.since.value_or(run.as_of));
  const int days = days_between(since, date_of(run.as_of));
  const std::string age = fmt::format("{} {}", days, days == 1 ? "day" : "days");
  switch (*finding.novelty) {
    case Novelty::new_here:
      return "new";
    case Novelty::still_failing:
      return fmt::format("known since {}, {}", format_date(since), age);
    case Novelty::regressed:
      return fmt::format("back, first seen {}, {} ago", format_date(since), age);
  }
  return {};
}

std::string baseline_line(const Run& run) {
  if (!run.baseline) return {};
  const BaselineResult& baseline = *run.baseline;
  std::string text = fmt::format("held against the results of {}: {} new, {} known, {} back, {} resolved",
                                 format_rfc3339(baseline.as_of), baseline.new_here, baseline.still_failing,
                                 baseline.regressed, baseline.resolved);
  if (baseline.untested > 0) text += fmt::format(", {} not tested", baseline.untested);
  return text;
}

std::string waiver_name(const WaiverResult& waiver) {
  return visible_line(waiver.id, 200) +
         (waiver.expires.empty() ? ", no expiry" : " until " + visible_line(waiver.expires, 40));
}

std::string_view words_of(ControlStatus status) {
  switch (status) {
    case ControlStatus::passed_in_part: return "passed in part";
    case ControlStatus::idle: return "nothing to judge";
    case ControlStatus::failed:
    case ControlStatus::undecided:
    case ControlStatus::waived:
    case ControlStatus::passed:
    case ControlStatus::attested:
    case ControlStatus::open: break;
  }
  return word_of(status);
}

std::string attestation_name(const AttestationResult& attestation) {
  const std::string id = visible_line(attestation.id, 200);
  if (attestation.state == "active") return id + " until " + visible_line(attestation.expires, 40);
  if (attestation.state == "expired")
    return id + ", which expired on " + visible_line(attestation.expires, 40);
  if (attestation.state == "not_started")
    return id + ", which is dated " + visible_line(attestation.date, 40);
  return id + ", which names no owner";
}

std::vector<ControlSpan> by_framework(const Run& run) {
  std::vector<ControlSpan> out;
  const ControlSpan all(run.controls);
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    while (end < all.size() && all[end].control.framework == all[begin].control.framework) ++end;
    out.push_back(all.subspan(begin, end - begin));
  }
  return out;
}

std::string headline(ControlSpan controls) {
  std::string text = fmt::format("{} control{}", controls.size(), controls.size() == 1 ? "" : "s");
  std::string_view between = ": ";
  for (const ControlStatus status : kControlStatuses) {
    const auto n = std::count_if(controls.begin(), controls.end(),
                                 [&](const ControlResult& control) { return control.status == status; });
    if (n == 0) continue;
    text += fmt::format("{}{} {}", between, n, words_of(status));
    between = ", ";
  }
  return text;
}

std::string waiver_state(const WaiverResult& waiver) {
  std::string text = visible_line(waiver.state, 40);
  if ((waiver.state == "active" || waiver.state == "expiring_soon") && waiver.days_left)
    text += fmt::format(", {} {} left", *waiver.days_left, *waiver.days_left == 1 ? "day" : "days");
  if (!waiver.detail.empty()) text += ": " + visible_line(waiver.detail, 200);
  return text;
}

Failures failures_of(const Run& run) {
  Failures out;
  for (const RuleResult& rule : run.rules) {
    out.after_waivers += rule.counts[Verdict::fail];
    out.before_waivers += rule.counts[Verdict::fail] + rule.counts[Verdict::waived];
  }
  return out;
}

bool has_gate_by_policy(const Run& run) {
  return std::any_of(run.policies.begin(), run.policies.end(),
                     [](const PolicyResult& policy) { return policy.fail_on.has_value(); }) ||
         std::any_of(run.rules.begin(), run.rules.end(), [&](const RuleResult& rule) {
    return rule.gated != (rule.severity <= run.fail_on);
  });
}

std::vector<DueSubject> due_subjects(const Run& run) {
  std::vector<DueSubject> all;
  for (const RuleResult& rule : run.rules) {
    std::size_t piece = 0;
    std::uint64_t end = rule.verdicts.empty() ? 0 : rule.verdicts[0].count;
    for (const Due& due : rule.due) {
      while (due.subject >= end) end += rule.verdicts[++piece].count;
      all.push_back({&rule, due, rule.reasons[rule.verdicts[piece].reason]});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const DueSubject& a, const DueSubject& b) { return a.due.at < b.due.at; });
  return all;
}

std::vector<std::uint32_t> waivers_of(const RuleResult& rule) {
  std::vector<std::uint32_t> all;
  for (const Finding& finding : rule.findings) {
    if (finding.waiver && std::find(all.begin(), all.end(), *finding.waiver) == all.end())
      all.push_back(*finding.waiver);
  }
  return all;
}

std::string readable_json(std::string_view json, std::size_t max_bytes) {
  const Result<json::Value> value = json::parse(json);
  if (!value) return visible_line(json, max_bytes);
  std::string out;
  append_readable(out, *value, max_bytes, 0);
  // Every string is visible already; this cuts the whole and cannot change an escape, because escapes are
  // printable.
  return visible_line(out, max_bytes);
}

std::string visible_line(std::string_view text, std::size_t max_bytes) {
  // A hostile text may be megabytes: only the part that can be shown is made visible, one byte more tells
  // that there is more.
  const bool has_more = text.size() > max_bytes;
  std::string line = make_visible(has_more ? utf8_prefix(text, max_bytes) : text);
  if (!has_more && line.size() <= max_bytes) return line;
  return std::string(utf8_prefix(line, max_bytes)) + "…";
}

std::string evidence_path(std::string_view evidence, const RuleResult& rule,
                          std::string_view population_file) {
  if (evidence.empty() || rule.population == 0) return {};
  const std::string below = "populations/" + std::string(population_file);
  return evidence == "." ? below : visible_line(join_path(evidence, below), 1000);
}

}  // namespace muster::reports
