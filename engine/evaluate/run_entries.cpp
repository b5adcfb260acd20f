#include "evaluate/run_entries.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <unordered_map>

#include <fmt/format.h>
#include <time.h>

#include "base/parallel.h"
#include "evaluate/selector.h"

namespace muster::evaluate {

using snapshot::Dataset;

namespace {

constexpr std::uint32_t kBlockRows = 8192;

std::int64_t thread_cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

struct Plan {
  const Entry* entry = nullptr;
  const snapshot::Table* table = nullptr;
  std::uint32_t population = 0;
  std::string whole;  // why the rule is undecided as a whole
  std::vector<Selector> include, exclude;
  rule::Limits limits;
  std::unique_ptr<rule::Budget> budget;
  std::vector<rule::BlockResult> blocks;
  std::vector<std::uint32_t> in_scope;  // per block: how many subjects the scope left
  std::atomic<std::uint32_t> blocks_left{0};
};

struct Task {
  std::uint32_t plan;
  std::uint32_t block;
};

/// A finding or verdict that the host itself makes for one subject.
void append(rule::BlockResult& out, Verdict verdict, const std::string& reason, std::uint32_t count = 1) {
  std::uint32_t index = 0;
  if (!reason.empty()) {
    const auto found = std::find(out.reasons.begin(), out.reasons.end(), reason);
    index = static_cast<std::uint32_t>(found - out.reasons.begin());
    if (found == out.reasons.end()) out.reasons.push_back(reason);
  }
  if (!out.verdicts.empty() && out.verdicts.back().verdict == verdict && out.verdicts.back().reason == index)
    out.verdicts.back().count += count;
  else
    out.verdicts.push_back({count, verdict, index});
}

Selected is_in_scope(const Plan& plan, std::uint32_t row, std::string& reason) {
  bool undecided = false;
  for (const Selector& selector : plan.exclude) {
    const Selected selected = selector.of(row);
    if (selected == Selected::yes) {
      reason = "excluded by the policy's scope: " + selector.term().field;
      return Selected::no;
    }
    if (selected == Selected::undecided) {
      undecided = true;
      reason = "the policy's scope asks for " + selector.term().field + ", which is absent";
    }
  }
  for (const Selector& selector : plan.include) {
    const Selected selected = selector.of(row);
    if (selected == Selected::no) {
      reason = "outside the policy's scope: " + selector.term().field;
      return Selected::no;
    }
    if (selected == Selected::undecided) {
      undecided = true;
      reason = "the policy's scope asks for " + selector.term().field + ", which is absent";
    }
  }
  return undecided ? Selected::undecided : Selected::yes;
}

RawRow raw_row(const snapshot::Table& table, std::uint32_t row) {
  return {std::string(table.spec().name), table.line(row), table.request(row)};
}

/// The verdicts of the subjects in scope, put back between those that the scope decided.
void run_scoped(const Plan& plan, rule::Evaluator& evaluator, std::uint32_t begin, std::uint32_t end,
                rule::BlockResult& out, std::uint32_t& in_scope) {
  std::vector<std::uint32_t> rows;
  std::vector<std::pair<std::uint32_t, std::string>> decided;  // out of scope or undecided, with the reason
  std::vector<Selected> how;
  for (std::uint32_t row = begin; row < end; ++row) {
    std::string reason;
    const Selected selected = is_in_scope(plan, row, reason);
    if (selected == Selected::yes) {
      rows.push_back(row);
    } else {
      decided.emplace_back(row, std::move(reason));
      how.push_back(selected);
    }
  }
  in_scope = static_cast<std::uint32_t>(rows.size());
  for (const Selected selected : how) in_scope += selected == Selected::undecided;
  rule::BlockResult inner;
  evaluator.evaluate(rows, inner);
  out.over_budget = std::move(inner.over_budget);
  out.by_wall_time = inner.by_wall_time;
  if (!out.over_budget.empty()) return;
  out.reasons = inner.reasons;
  out.findings = std::move(inner.findings);
  out.measured = std::move(inner.measured);
  out.due = std::move(inner.due);
  std::size_t run = 0;
  std::uint32_t taken = 0;
  std::size_t next_decided = 0;
  for (std::uint32_t row = begin; row < end; ++row) {
    if (next_decided < decided.size() && decided[next_decided].first == row) {
      const std::string& reason = decided[next_decided].second;
      if (how[next_decided] == Selected::no) {
        append(out, Verdict::not_applicable, reason);
      } else {
        append(out, Verdict::unknown, reason);
        Finding finding;
        finding.subject = row;
        finding.verdict = Verdict::unknown;
        finding.reason = reason;
        if (static_cast<std::size_t>(plan.table->spec().dataset) < snapshot::kCollectedCount)
          finding.rows.push_back(raw_row(*plan.table, row));
        out.findings.push_back(std::move(finding));
      }
      ++next_decided;
      continue;
    }
    const VerdictRun& piece = inner.verdicts[run];
    if (!out.verdicts.empty() && out.verdicts.back().verdict == piece.verdict &&
        out.verdicts.back().reason == piece.reason)
      ++out.verdicts.back().count;
    else
      out.verdicts.push_back({1, piece.verdict, piece.reason});
    if (++taken == piece.count) {
      ++run;
      taken = 0;
    }
  }
  std::sort(out.findings.begin(), out.findings.end(),
            [](const Finding& a, const Finding& b) { return a.subject < b.subject; });
}

void set_whole(RuleResult& result, Verdict verdict, std::string reason) {
  result.whole = RuleResult::Whole{verdict, reason};
  result.counts = Counts{};
  result.counts[verdict] = result.population;
  result.findings.clear();
  result.due.clear();
  if (result.measure) std::fill(result.measure->bins.begin(), result.measure->bins.end(), Counts{});
  result.reasons = {""};
  result.verdicts.clear();
  if (result.population == 0) return;
  result.reasons.push_back(std::move(reason));
  result.verdicts.push_back({static_cast<std::uint32_t>(result.population), verdict, 1});
}

void merge(Plan& plan, RuleResult& result) {
  std::unordered_map<std::string, std::uint32_t> index{{"", 0}};
  std::size_t runs = 0, findings = 0;
  for (const rule::BlockResult& block : plan.blocks) {
    runs += block.verdicts.size();
    findings += block.findings.size();
  }
  result.verdicts.reserve(runs);
  result.findings.reserve(findings);
  for (rule::BlockResult& block : plan.blocks) {
    std::vector<std::uint32_t> global;
    for (std::string& reason : block.reasons) {
      const auto [found, is_new] =
          index.try_emplace(reason, static_cast<std::uint32_t>(result.reasons.size()));
      if (is_new) result.reasons.push_back(std::move(reason));
      global.push_back(found->second);
    }
    for (const VerdictRun& run : block.verdicts) {
      result.counts[run.verdict] += run.count;
      const std::uint32_t reason = global[run.reason];
      if (!result.verdicts.empty() && result.verdicts.back().verdict == run.verdict &&
          result.verdicts.back().reason == reason)
        result.verdicts.back().count += run.count;
      else
        result.verdicts.push_back({run.count, run.verdict, reason});
    }
    for (std::size_t bin = 0; bin < block.measured.size(); ++bin)
      result.measure->bins[bin] += block.measured[bin];
    for (Finding& finding : block.findings) result.findings.push_back(std::move(finding));
    result.due.insert(result.due.end(), block.due.begin(), block.due.end());
    block = rule::BlockResult{};
  }
  if (result.counts.total() != result.population)
    throw std::logic_error(
        fmt::format("{}: {} verdicts for {} subjects", result.as, result.counts.total(), result.population));
}

RuleResult describe(const Entry& entry, const snapshot::World& world) {
  const rule::RuleInfo& rule = entry.rule->info();
  RuleResult result;
  result.rule = rule.id;
  result.as = entry.as;
  result.policy = entry.policy;
  result.severity = entry.severity;
  result.gated = entry.severity <= entry.fail_on;
  result.controls = entry.controls;
  result.subject = rule.subject;
  result.title = rule.title;
  result.why = rule.why;
  result.fix = rule.fix;
  result.file = entry.file;
  result.line = entry.place.line;
  json::Object parameters;
  for (const auto& [name, value] : entry.params) parameters.emplace_back(name, rule::to_json(value));
  result.parameters = json::dump(json::Value(std::move(parameters)));
  for (const Dataset dataset : rule.reads.must) result.reads.emplace_back(snapshot::spec_of(dataset).name);
  for (const Dataset dataset : rule.reads.may) result.reads.emplace_back(snapshot::spec_of(dataset).name);
  std::sort(result.reads.begin(), result.reads.end());
  if (rule.measure)
    result.measure = Histogram{*rule.measure, std::vector<Counts>(rule.measure->edges.size() + 1)};
  result.reports_unknown = entry.reports_unknown;
  const snapshot::Table* table = world.table(snapshot::find_subject(rule.subject)->dataset);
  result.population = table ? table->rows() : 0;
  return result;
}

bool are_same(const std::vector<ScopeTerm>& a, const std::vector<ScopeTerm>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ScopeTerm& one, const ScopeTerm& other) {
    return one.field == other.field && one.patterns == other.patterns;
  });
}

/// Per entry the first that comes to the same verdicts: of the same rule with the same parameters and scope.
/// Names, severities, controls and gates are said of an entry, and judge nothing.
std::vector<std::size_t> first_equals(std::span<const Entry> entries) {
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    std::size_t other = 0;
    const Entry& entry = entries[i];
    while (other < i &&
           (first[other] != other || entries[other].rule != entry.rule ||
            entries[other].params != entry.params || !are_same(entries[other].include, entry.include) ||
            !are_same(entries[other].exclude, entry.exclude)))
      ++other;
    first.push_back(other);
  }
  return first;
}

/// What an equal entry came to.
void take_over(RuleResult& result, const RuleResult& from) {
  result.counts = from.counts;
  result.reasons = from.reasons;
  result.verdicts = from.verdicts;
  result.measure = from.measure;
  result.findings = from.findings;
  result.due = from.due;
  result.whole = from.whole;
  result.undecided = from.undecided;
}

std::unique_ptr<rule::Evaluator> make_evaluator(const Entry& entry, const snapshot::World& world,
                                                const rule::Limits& limits, rule::Budget& budget) {
  auto evaluator = rule::Evaluator::make(*entry.rule, entry.params, world, limits, budget);
  if (!evaluator) throw std::runtime_error(evaluator.error().message);
  return std::move(*evaluator);
}

/// Which subject runs over budget first, and where, found again in subject order: the workers may have met
/// another one first.
std::string first_over_budget(const Plan& plan, const snapshot::World& world, const std::string& otherwise) {
  rule::Budget budget(plan.limits, plan.population);
  const auto evaluator = make_evaluator(*plan.entry, world, plan.limits, budget);
  std::vector<std::uint32_t> rows;
  for (std::uint32_t begin = 0; begin < plan.population; begin += kBlockRows) {
    const std::uint32_t end = std::min(begin + kBlockRows, plan.population);
    rule::BlockResult block;
    if (plan.include.empty() && plan.exclude.empty()) {
      rows.resize(end - begin);
      std::iota(rows.begin(), rows.end(), begin);
      evaluator->evaluate(rows, block);
    } else {
      std::uint32_t ignored = 0;
      run_scoped(plan, *evaluator, begin, end, block, ignored);
    }
    if (!block.over_budget.empty()) return block.over_budget;
  }
  return otherwise;
}

}  // namespace

std::string blocking_reason(const rule::RuleInfo& rule, const snapshot::World& world) {
  std::string reason;
  for (const Dataset dataset : rule.reads.must) {
    const snapshot::Availability& available = world.available(dataset);
    if (available.is_complete()) continue;
    if (!reason.empty()) reason += "; ";
    reason += std::string(snapshot::spec_of(dataset).name) + ": " +
              std::string(snapshot::word_of(available.status));
    if (!available.reason.empty()) reason += " (" + available.reason + ")";
  }
  return reason;
}

EntriesResult run_entries(std::span<const Entry> entries, const snapshot::World& world,
                          const RunOptions& options) {
  EntriesResult out;
  const std::vector<std::size_t> first = first_equals(entries);
  std::vector<Plan> plans(entries.size());
  std::vector<Task> tasks;
  std::uint32_t most_rows = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    RuleResult& result = out.rules.emplace_back(describe(entry, world));
    if (first[i] != i) continue;
    Plan& plan = plans[i];
    plan.entry = &entry;
    const Dataset dataset = snapshot::find_subject(result.subject)->dataset;
    plan.table = world.table(dataset);
    plan.population = static_cast<std::uint32_t>(result.population);
    plan.whole = blocking_reason(entry.rule->info(), world);
    if (!plan.whole.empty() || plan.population == 0) continue;
    for (const ScopeTerm& term : entry.include) plan.include.emplace_back(term, dataset, world);
    for (const ScopeTerm& term : entry.exclude) plan.exclude.emplace_back(term, dataset, world);
    plan.limits = rule::limits_for(*entry.rule, world, options.limits);
    plan.budget = std::make_unique<rule::Budget>(plan.limits, plan.population);
    const std::uint32_t blocks = (plan.population + kBlockRows - 1) / kBlockRows;
    plan.blocks.resize(blocks);
    plan.blocks_left = blocks;
    plan.in_scope.resize(blocks);
    for (std::uint32_t block = 0; block < blocks; ++block)
      tasks.push_back({static_cast<std::uint32_t>(i), block});
    most_rows = std::max(most_rows, plan.population);
  }
  std::vector<std::uint32_t> all_rows(most_rows);
  std::iota(all_rows.begin(), all_rows.end(), 0u);

  const unsigned jobs = std::max(1u, options.jobs);
  std::atomic<bool> is_nondeterministic{false};
  // Puts the blocks of an entry together. As soon as its last block is done, not at the end: the next entries
  // then use its blocks' memory again.
  const auto finish = [&](std::uint32_t number) {
    Plan& plan = plans[number];
    RuleResult& result = out.rules[number];
    const auto spent =
        std::find_if(plan.blocks.begin(), plan.blocks.end(),
                     [](const rule::BlockResult& block) { return !block.over_budget.empty(); });
    if (spent != plan.blocks.end()) {
      const bool by_wall_time =
          std::any_of(plan.blocks.begin(), plan.blocks.end(),
                      [](const rule::BlockResult& block) { return block.by_wall_time; });
      if (by_wall_time) is_nondeterministic = true;
      set_whole(result, Verdict::error,
                by_wall_time ? spent->over_budget : first_over_budget(plan, world, spent->over_budget));
    } else {
      merge(plan, result);
      const bool has_scope = !plan.include.empty() || !plan.exclude.empty();
      if (has_scope && std::accumulate(plan.in_scope.begin(), plan.in_scope.end(), std::uint64_t{0}) == 0)
        result.undecided =
            fmt::format("the scope selects none of {} {}", plan.population, plan.table->spec().name);
    }
    plan.blocks = {};
  };

  // A worker keeps the evaluator of the entry that it works on: tasks are handed out in order, so it needs
  // another one only when the entry changes.
  struct Worker {
    std::uint32_t plan = UINT32_MAX;
    std::unique_ptr<rule::Evaluator> evaluator;
    std::vector<std::int64_t> cpu_us;
    std::size_t blocks = 0;
  };
  std::vector<Worker> workers(jobs);
  for (Worker& worker : workers) worker.cpu_us.resize(entries.size());
  std::atomic<std::size_t> done{0};
  run_parallel(jobs, tasks.size(), [&](std::size_t number, unsigned worker_index) {
    const Task task = tasks[number];
    Worker& worker = workers[worker_index];
    Plan& plan = plans[task.plan];
    const std::int64_t started = thread_cpu_us();
    if (!plan.budget->is_cancelled()) {
      ++worker.blocks;
      if (worker.plan != task.plan) {
        worker.evaluator = make_evaluator(*plan.entry, world, plan.limits, *plan.budget);
        worker.plan = task.plan;
      }
      const std::uint32_t begin = task.block * kBlockRows;
      const std::uint32_t end = std::min(begin + kBlockRows, plan.population);
      rule::BlockResult& block = plan.blocks[task.block];
      if (plan.include.empty() && plan.exclude.empty()) {
        plan.in_scope[task.block] = end - begin;
        worker.evaluator->evaluate(std::span(all_rows).subspan(begin, end - begin), block);
      } else {
        run_scoped(plan, *worker.evaluator, begin, end, block, plan.in_scope[task.block]);
      }
      std::erase_if(block.due, [&](const Due& due) { return due.at > options.due_until; });
    }
    if (plan.blocks_left.fetch_sub(1, std::memory_order_acq_rel) == 1) finish(task.plan);
    worker.cpu_us[task.plan] += thread_cpu_us() - started;
    const std::size_t finished = ++done;
    if (options.progress && finished % 16 == 0) options.progress(finished, tasks.size());
  });

  for (const Worker& worker : workers) out.blocks += worker.blocks;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (first[i] != i)
      take_over(out.rules[i], out.rules[first[i]]);
    else if (!plans[i].whole.empty())
      set_whole(out.rules[i], Verdict::unknown, plans[i].whole);
    else if (plans[i].population == 0)
      merge(plans[i], out.rules[i]);
    out.cpu_us.push_back(0);
    for (const Worker& worker : workers) out.cpu_us.back() += worker.cpu_us[i];
  }
  out.nondeterministic = is_nondeterministic;
  return out;
}

}  // namespace muster::evaluate
