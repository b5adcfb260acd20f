#include "reports/merge.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/digest.h"
#include "base/time.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

constexpr std::string_view kPartNotice = "merge.part";
constexpr std::string_view kElsewhere = "belongs to another organization";

std::string name_of(const Run& run) {
  return run.organization.empty() ? run.organization_id : run.organization;
}
const std::string& key_of(const Run& run) {
  return run.organization_id.empty() ? run.organization : run.organization_id;
}

/// "Northwind Engineering" → "northwind-engineering".
std::string short_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c - 'A' + 'a');
    else if (is_kept)
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

/// What goes before each part's names: its short name, or what identifies it when another has the same.
std::vector<std::string> prefixes_of(const std::vector<MergePart>& parts) {
  std::map<std::string, int> uses;
  for (const MergePart& part : parts) ++uses[short_name(name_of(part.run))];
  std::vector<std::string> out;
  for (const MergePart& part : parts) {
    const std::string name = short_name(name_of(part.run));
    out.push_back((name.empty() || uses[name] > 1 ? key_of(part.run) : name) + "/");
  }
  return out;
}

std::string gate_of(const Run& run) {
  return has_gate_by_policy(run) ? "a gate of its own for each policy"
                                 : fmt::format("the gate {}", word_of(run.fail_on));
}

Status refuse(std::string message, std::string help = {}) {
  return fail(ErrorCode::evidence_unfit, std::move(message), {}, std::move(help));
}

Status check(const std::vector<MergePart>& parts, const MergeOptions& options) {
  if (parts.size() < 2) return refuse("at least two runs are merged");
  std::map<std::string, std::string> seen;
  for (const MergePart& part : parts) {
    const Run& run = part.run;
    if (is_merged(run))
      return refuse(fmt::format("{} is itself merged", part.name), "merge the runs that it was made of");
    if (key_of(run).empty())
      return refuse(fmt::format("{} does not say which organization it is of", part.name));
    const auto [at, is_new] = seen.emplace(key_of(run), part.name);
    if (!is_new)
      return refuse(fmt::format("{} and {} are of one organization, {}", at->second, part.name, name_of(run)),
                    "give one run for each organization");
    if (run.what_if && !options.with_what_ifs)
      return refuse(
          fmt::format("{} is a what-if: it judged as of another instant than its snapshot's", part.name),
          "leave it out, or say --with-what-ifs");
    for (const RuleResult& rule : run.rules) {
      const auto subjects = run.subjects.find(rule.subject);
      if (rule.population != (subjects == run.subjects.end() ? 0 : subjects->second.id.size()))
        return refuse(fmt::format("{}: {} judges {} subjects, and the run lists another number of them",
                                  part.name, rule.as, rule.population));
    }
    if (run.fail_on != parts[0].run.fail_on)
      return refuse(fmt::format("{} has {}, and {} has {}", parts[0].name, gate_of(parts[0].run), part.name,
                                gate_of(run)),
                    "run `muster check` with one --fail-on for all");
    if (run.baseline.has_value() != parts[0].run.baseline.has_value()) {
      const bool is_first = parts[0].run.baseline.has_value();
      return refuse(fmt::format("{} was held against a baseline, and {} was not",
                                is_first ? parts[0].name : part.name, is_first ? part.name : parts[0].name),
                    "run `muster check` with --baseline for all of them, or for none");
    }
  }
  return {};
}

/// "14d", or "7d, 14d or 30d (by organization)". Results of before deadlines say none.
std::string one_of(std::vector<std::string> periods) {
  std::erase(periods, "");
  if (periods.size() < 2) return periods.empty() ? "" : periods[0];
  const std::string last = periods.back();
  periods.pop_back();
  return fmt::format("{} or {} (by organization)", fmt::join(periods, ", "), last);
}

class Merger {
 public:
  explicit Merger(const MergeOptions& options) { out_.tool_version = options.tool_version; }

  Run merge(std::vector<MergePart>& parts) {
    const std::vector<std::string> prefixes = prefixes_of(parts);
    std::string digests;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      digests += fmt::format("{}  {}\n", parts[i].sha256, key_of(parts[i].run));
      head(parts[i].run, prefixes[i], i == 0);
      for (const auto& [kind, subjects] : parts[i].run.subjects) total_[kind] += subjects.id.size();
    }
    const bool has_gates = std::any_of(parts.begin(), parts.end(),
                                       [](const MergePart& part) { return has_gate_by_policy(part.run); });
    for (std::size_t i = 0; i < parts.size(); ++i) {
      // Where one has a gate for each policy, the others say theirs the same way.
      if (has_gates && !has_gate_by_policy(parts[i].run))
        for (PolicyResult& policy : parts[i].run.policies) policy.fail_on = parts[i].run.fail_on;
      add(parts[i].run, prefixes[i]);
    }
    std::sort(out_.inputs.begin(), out_.inputs.end(), [](const InputFile& a, const InputFile& b) {
      return std::pair(a.kind, a.path) < std::pair(b.kind, b.path);
    });
    for (ControlResult& control : out_.controls) settle(control, out_.rules, {});
    std::stable_sort(out_.controls.begin(), out_.controls.end(),
                     [](const ControlResult& a, const ControlResult& b) {
                       return a.control.framework < b.control.framework;
                     });
    out_.id = sha256_hex(digests);
    if (out_.baseline) {
      out_.baseline->run = sha256_hex(baseline_runs_);
      out_.baseline->sha256 = sha256_hex(baseline_digests_);
    }
    std::sort(out_.resolved.begin(), out_.resolved.end(),
              [](const ResolvedFinding& a, const ResolvedFinding& b) {
                return std::tie(a.policy, a.as, a.rule, a.id) < std::tie(b.policy, b.as, b.rule, b.id);
              });
    out_.due_within = one_of(due_withins_);
    out_.exit = static_cast<ExitCode>(exit_);
    return std::move(out_);
  }

 private:
  static void join(std::string& all, const std::string& one, std::string_view between) {
    if (!all.empty() && !one.empty()) all += between;
    all += one;
  }

  void head(const Run& run, const std::string& prefix, bool is_first) {
    join(out_.organization, name_of(run), ", ");
    join(out_.organization_id, key_of(run), "+");
    if (is_first || run.provider != out_.provider) join(out_.provider, run.provider, "+");
    if (is_first || run.tzdata != out_.tzdata) join(out_.tzdata, run.tzdata, "+");
    out_.as_of = is_first ? run.as_of : std::min(out_.as_of, run.as_of);
    out_.snapshot_completed =
        is_first ? run.snapshot_completed : std::min(out_.snapshot_completed, run.snapshot_completed);
    out_.what_if = out_.what_if || run.what_if;
    out_.nondeterministic = out_.nondeterministic || run.nondeterministic;
    out_.fail_on = run.fail_on;
    if (std::find(due_withins_.begin(), due_withins_.end(), run.due_within) == due_withins_.end())
      due_withins_.push_back(run.due_within);
    exit_ |= static_cast<unsigned>(run.exit);
    if (run.baseline) add_baseline(*run.baseline);
    out_.notices.push_back(
        {std::string(kPartNotice),
         fmt::format("{} is {} ({}): run {}, as of {}{}, snapshot completed {}, muster {}: {}",
                     prefix.substr(0, prefix.size() - 1), name_of(run), key_of(run), run.id,
                     format_rfc3339(run.as_of), run.what_if ? ", a what-if" : "",
                     format_rfc3339(run.snapshot_completed), run.tool_version, run.outcome())});
  }

  /// What the baselines knew together; its id and digest are those of the list of theirs.
  void add_baseline(const BaselineResult& part) {
    if (!out_.baseline) out_.baseline.emplace().as_of = part.as_of;
    BaselineResult& all = *out_.baseline;
    baseline_runs_ += part.run + "\n";
    baseline_digests_ += part.sha256 + "\n";
    all.as_of = std::min(all.as_of, part.as_of);
    all.new_here += part.new_here;
    all.still_failing += part.still_failing;
    all.regressed += part.regressed;
    all.resolved += part.resolved;
    all.untested += part.untested;
  }

  void add(Run& run, const std::string& prefix) {
    for (InputFile& input : run.inputs) {
      input.path = prefix + input.path;
      out_.inputs.push_back(std::move(input));
    }
    for (DatasetResult& dataset : run.datasets) {
      dataset.name = prefix + dataset.name;
      out_.datasets.push_back(std::move(dataset));
    }
    for (RosterResult& roster : run.rosters) {
      roster.path = prefix + roster.path;
      out_.rosters.push_back(std::move(roster));
    }
    for (PolicyResult& policy : run.policies) {
      policy.id = prefix + policy.id;
      policy.file = prefix + policy.file;
      out_.policies.push_back(std::move(policy));
    }
    const auto first_waiver = static_cast<std::uint32_t>(out_.waivers.size());
    for (WaiverResult& waiver : run.waivers) {
      waiver.id = prefix + waiver.id;
      out_.waivers.push_back(std::move(waiver));
    }
    for (Notice& notice : run.notices) {
      notice.text = prefix.substr(0, prefix.size() - 1) + ": " + notice.text;
      out_.notices.push_back(std::move(notice));
    }
    for (ResolvedFinding& resolved : run.resolved) {
      resolved.policy = prefix + resolved.policy;
      resolved.id = prefix + resolved.id;
      out_.resolved.push_back(std::move(resolved));
    }
    std::map<SubjectKind, std::uint32_t> first;
    for (const auto& [kind, subjects] : run.subjects) {
      Subjects& all = out_.subjects[kind];
      first[kind] = static_cast<std::uint32_t>(all.id.size());
      for (std::size_t row = 0; row < subjects.id.size(); ++row) {
        all.id.push_back(prefix + std::string(subjects.id[row]));
        all.label.push_back(subjects.label[row]);
      }
    }
    add_controls(run, prefix);
    for (RuleResult& rule : run.rules) {
      add_rule(rule, prefix, first[rule.subject], first_waiver);
      out_.rules.push_back(std::move(rule));
    }
  }

  /// The controls of all parts by their ids. What one organization attests says nothing of the others, so
  /// attestations stay behind: a control that is more than its rules show is passed in part, or open.
  void add_controls(const Run& run, const std::string& prefix) {
    const auto offset = static_cast<std::uint32_t>(out_.rules.size());
    for (const ControlResult& control : run.controls) {
      if (control.rules.empty()) continue;
      const auto [found, is_new] =
          controls_.try_emplace({control.control.framework, control.control.id}, out_.controls.size());
      if (is_new) {
        ControlResult& row = out_.controls.emplace_back(control);
        row.rules.clear();
        row.attestations.clear();
      }
      ControlResult& row = out_.controls[found->second];
      // Versions whose tables differ: nobody says that rules can show the whole of it.
      if (row.tests != control.tests) row.tests.clear(), row.rest.clear();
      for (const std::uint32_t rule : control.rules) row.rules.push_back(offset + rule);
    }
    if (!run.attestations.empty())
      out_.notices.push_back(
          {"merge.attestations",
           fmt::format("{}: its {} attestations are not taken over; its own results have them",
                       prefix.substr(0, prefix.size() - 1), run.attestations.size())});
  }

  void add_rule(RuleResult& rule, const std::string& prefix, std::uint32_t first,
                std::uint32_t first_waiver) {
    rule.policy = prefix + rule.policy;
    rule.file = prefix + rule.file;
    for (std::string& name : rule.reads) name = prefix + name;
    const std::uint64_t all = total_[rule.subject];
    const auto after = static_cast<std::uint32_t>(all - first - rule.population);
    if (first > 0 || after > 0) {
      rule.reasons.emplace_back(kElsewhere);
      const auto reason = static_cast<std::uint32_t>(rule.reasons.size() - 1);
      if (first > 0) rule.verdicts.insert(rule.verdicts.begin(), {first, Verdict::not_applicable, reason});
      if (after > 0) rule.verdicts.push_back({after, Verdict::not_applicable, reason});
      rule.counts[Verdict::not_applicable] += first + after;
      rule.population = all;
    }
    for (Due& due : rule.due) due.subject += first;
    for (Finding& finding : rule.findings) {
      finding.subject += first;
      if (finding.waiver) *finding.waiver += first_waiver;
      for (Related& related : finding.related) related.id = prefix + related.id;
      for (RawRow& row : finding.rows) row.dataset = prefix + row.dataset;
    }
  }

  std::vector<std::string> due_withins_;
  Run out_;
  std::map<SubjectKind, std::uint64_t> total_;
  std::map<std::pair<std::string, std::string>, std::size_t> controls_;  // → out_.controls
  std::string baseline_runs_, baseline_digests_;
  unsigned exit_ = 0;
};

}  // namespace

bool is_merged(const Run& run) {
  return std::any_of(run.notices.begin(), run.notices.end(),
                     [](const Notice& notice) { return notice.code == kPartNotice; });
}

Result<Run> merge_runs(std::vector<MergePart> parts, const MergeOptions& options) {
  if (const Status fine = check(parts, options); !fine) return tl::unexpected(fine.error());
  std::sort(parts.begin(), parts.end(),
            [](const MergePart& a, const MergePart& b) { return key_of(a.run) < key_of(b.run); });
  return Merger(options).merge(parts);
}

}  // namespace muster::reports
