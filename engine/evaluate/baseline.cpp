#include "evaluate/baseline.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::evaluate {

namespace {

/// What the baseline knows of one subject of an entry.
struct Known {
  const Finding* finding = nullptr;  // fail or waived
  const ResolvedFinding* resolved = nullptr;
};
using KnownSubjects = std::unordered_map<std::string_view, Known>;

/// (policy, as, rule): an entry that names another rule now is another entry. The kind of subject follows from the rule.
using EntryKey = std::tuple<std::string_view, std::string_view, std::string_view>;

std::map<EntryKey, KnownSubjects> index_of(const Run& baseline) {
  std::map<EntryKey, KnownSubjects> known;
  for (const RuleResult& rule : baseline.rules) {
    if (rule.findings.empty()) continue;
    const StringColumn& ids = baseline.subjects.at(rule.subject).id;
    KnownSubjects& subjects = known[{rule.policy, rule.as, rule.rule}];
    for (const Finding& finding : rule.findings)
      if (finding.verdict == Verdict::fail || finding.verdict == Verdict::waived) subjects[ids[finding.subject]].finding = &finding;
  }
  for (const ResolvedFinding& resolved : baseline.resolved) known[{resolved.policy, resolved.as, resolved.rule}][resolved.id].resolved = &resolved;
  return known;
}

Novelty novelty_of(const Known& known, Severity then, Severity now) {
  const bool is_known_failure = known.finding && known.finding->verdict == Verdict::fail;
  return is_known_failure && then <= now ? Novelty::still_failing : Novelty::regressed;
}

const RuleResult* find_entry(const Run& run, const EntryKey& key) {
  const auto found = std::find_if(run.rules.begin(), run.rules.end(), [&](const RuleResult& rule) { return EntryKey{rule.policy, rule.as, rule.rule} == key; });
  return found == run.rules.end() ? nullptr : &*found;
}

/// The verdicts of some subjects of an entry, by id; those that are no subjects of this run are missing.
std::unordered_map<std::string_view, Verdict> verdicts_of(const RuleResult& rule, const Subjects& subjects, const KnownSubjects& wanted) {
  std::unordered_map<std::string_view, Verdict> out;
  std::size_t at = 0;
  for (const VerdictRun& piece : rule.verdicts) {
    for (std::size_t end = at + piece.count; at < end; ++at)
      if (const auto found = wanted.find(subjects.id[at]); found != wanted.end()) out.emplace(found->first, piece.verdict);
  }
  return out;
}

/// What became of the baseline's failures that are none of this run.
class Aftermath {
 public:
  Aftermath(const Baseline& baseline, Run& run) : baseline_(baseline.run), run_(run) {}

  void settle(const EntryKey& key, const KnownSubjects& known, const RuleResult* then, const RuleResult* now) {
    // Without a verdict of each subject nothing is known to be resolved.
    const bool is_tested = now && !now->whole && now->undecided.empty();
    std::unordered_map<std::string_view, Verdict> verdicts;
    if (is_tested) verdicts = verdicts_of(*now, run_.subjects.at(now->subject), known);
    for (const auto& [id, what] : known) {
      const auto verdict = verdicts.find(id);
      const bool is_undecided = !is_tested || (verdict != verdicts.end() && (verdict->second == Verdict::unknown || verdict->second == Verdict::error));
      const bool is_finding = verdict != verdicts.end() && (verdict->second == Verdict::fail || verdict->second == Verdict::waived);
      if (is_finding) continue;
      if (!what.finding) {
        // Resolved before, and nothing says otherwise.
        run_.resolved.push_back(*what.resolved);
        continue;
      }
      if (is_undecided) {
        if (what.finding->verdict == Verdict::fail) ++run_.baseline->untested;
        continue;
      }
      const Subjects& subjects = baseline_.subjects.at(then->subject);
      ResolvedFinding resolved;
      std::tie(resolved.policy, resolved.as, resolved.rule) = key;
      resolved.kind = then->subject;
      resolved.id = id;
      resolved.label = subjects.label[what.finding->subject];
      resolved.severity = then->severity;
      resolved.now = verdict == verdicts.end() ? "gone" : word_of(verdict->second);
      resolved.since = what.finding->since.value_or(baseline_.as_of);
      resolved.resolved_at = run_.as_of;
      run_.resolved.push_back(std::move(resolved));
      if (what.finding->verdict == Verdict::fail) ++run_.baseline->resolved;
    }
  }

 private:
  const Run& baseline_;
  Run& run_;
};

}  // namespace

void check_baseline(const Baseline& baseline, const Run& run, Diagnostics& problems) {
  const auto refuse = [&](const std::string& why, const std::string& hint) {
    problems.error(ErrorCode::usage, fmt::format("--baseline {}: {}", make_visible(baseline.path), why), {}, hint);
  };
  const Run& earlier = baseline.run;
  const std::string then = earlier.organization_id.empty() ? earlier.organization : earlier.organization_id;
  const std::string now = run.organization_id.empty() ? run.organization : run.organization_id;
  if (earlier.provider != run.provider || then != now)
    refuse(fmt::format("it is of {} ({}), and the snapshot is of {} ({})", make_visible(then), make_visible(earlier.provider), make_visible(now), make_visible(run.provider)),
           "give the results of an earlier run on this organization");
  if (earlier.what_if) refuse("it is a what-if, made with --as-of", "give the results of a run as of its snapshot");
  if (run.as_of < earlier.as_of)
    refuse(fmt::format("it is as of {}, later than this run, which is as of {}", format_rfc3339(earlier.as_of), format_rfc3339(run.as_of)),
           "give an earlier run's results, or check the newest snapshot");
}

void apply_baseline(const Baseline& baseline, Run& run) {
  run.baseline.emplace();
  run.baseline->run = baseline.run.id;
  run.baseline->sha256 = baseline.sha256;
  run.baseline->as_of = baseline.run.as_of;
  const auto known = index_of(baseline.run);
  for (RuleResult& rule : run.rules) {
    const EntryKey key{rule.policy, rule.as, rule.rule};
    const auto subjects_known = known.find(key);
    const RuleResult* then = find_entry(baseline.run, key);
    if (rule.findings.empty()) continue;
    const StringColumn& ids = run.subjects.at(rule.subject).id;
    for (Finding& finding : rule.findings) {
      if (finding.verdict != Verdict::fail && finding.verdict != Verdict::waived) continue;
      finding.since = run.as_of;
      Novelty novelty = Novelty::new_here;
      if (subjects_known != known.end()) {
        if (const auto found = subjects_known->second.find(ids[finding.subject]); found != subjects_known->second.end()) {
          const Known& what = found->second;
          finding.since = what.finding ? what.finding->since.value_or(baseline.run.as_of) : what.resolved->since;
          novelty = novelty_of(what, then ? then->severity : Severity::info, rule.severity);
        }
      }
      if (finding.verdict != Verdict::fail) continue;
      finding.novelty = novelty;
      switch (novelty) {
        case Novelty::new_here: ++run.baseline->new_here; break;
        case Novelty::still_failing: ++run.baseline->still_failing; break;
        case Novelty::regressed: ++run.baseline->regressed; break;
      }
    }
  }
  Aftermath aftermath(baseline, run);
  for (const auto& [key, subjects] : known) aftermath.settle(key, subjects, find_entry(baseline.run, key), find_entry(run, key));
  std::sort(run.resolved.begin(), run.resolved.end(),
            [](const ResolvedFinding& a, const ResolvedFinding& b) { return std::tie(a.policy, a.as, a.rule, a.id) < std::tie(b.policy, b.as, b.rule, b.id); });
}

}  // namespace muster::evaluate
