#include "evaluate/explain.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "evaluate/run_entries.h"
#include "evaluate/selector.h"

namespace muster::evaluate {
namespace {

using snapshot::Cell;
using snapshot::Table;

std::optional<std::uint32_t> find_subject_row(const Table& table, const std::string& word,
                                              Diagnostics& problems) {
  if (const std::uint32_t row = table.find(word); row < table.rows()) return row;
  std::vector<std::uint32_t> found;
  const snapshot::Column* email = table.column("email");
  const std::string folded = fold_email(word);
  for (std::uint32_t row = 0; row < table.rows(); ++row) {
    const bool is_it = table.ids()[row] == word || table.labels()[row] == word ||
                       fold_email(table.labels()[row]) == folded ||
                       (email && email->cell(row) == Cell::value && fold_email(email->text(row)) == folded);
    if (is_it) found.push_back(row);
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < found.size() && i < 10; ++i)
      ids.push_back(make_visible(table.ids()[found[i]]));
    problems.error(ErrorCode::usage,
                   fmt::format("{} {} are called {}", found.size(), table.spec().name, make_visible(word)),
                   {},
                   fmt::format("say which by its id: {}{}", fmt::join(ids, ", "),
                               found.size() > ids.size() ? ", …" : ""));
    return std::nullopt;
  }
  std::vector<std::string_view> names;
  const std::uint32_t some = std::min<std::uint32_t>(table.rows(), 200'000);
  for (std::uint32_t row = 0; row < some; ++row) {
    names.push_back(table.ids()[row]);
    if (table.labels()[row] != table.ids()[row]) names.push_back(table.labels()[row]);
  }
  auto near = nearest_name(word, names);
  if (!near) {
    // Part of a name: the shortest that has it.
    const std::string part = fold_case(word);
    for (const std::string_view name : names)
      if (part.size() >= 3 && fold_case(name).find(part) != std::string::npos &&
          (!near || name.size() < near->size()))
        near = name;
  }
  std::string hint = near ? fmt::format("did you mean {}?", make_visible(*near)) : "";
  if (!near && table.rows() <= 5)
    hint = fmt::format("there is {}", make_visible(fmt::format("{}", fmt::join(names, ", "))));
  problems.error(ErrorCode::usage,
                 fmt::format("none of the {} in the snapshot ({}) has the id, e-mail address or label {}",
                             table.spec().name, table.rows(), make_visible(word)),
                 {}, hint);
  return std::nullopt;
}

std::vector<std::string> texts_of(const std::vector<ScopeTerm>& terms) {
  std::vector<std::string> out;
  for (const ScopeTerm& term : terms)
    out.push_back(fmt::format("{}: {}", term.field, fmt::join(term.patterns, ", ")));
  return out;
}

bool is_scoped_out(const Entry& entry, snapshot::Dataset dataset, const snapshot::World& world,
                   std::uint32_t row) {
  const auto fits = [&](const ScopeTerm& term) { return Selector(term, dataset, world).of(row); };
  return std::any_of(entry.exclude.begin(), entry.exclude.end(),
                     [&](const ScopeTerm& term) { return fits(term) != Selected::no; }) ||
         std::any_of(entry.include.begin(), entry.include.end(),
                     [&](const ScopeTerm& term) { return fits(term) != Selected::yes; });
}

EntryExplanation explain_entry(const Entry& entry, const RuleResult& result, const Inspection& seen,
                               std::uint32_t row, const rule::Limits& limits) {
  EntryExplanation out;
  out.as = entry.as;
  out.policy = entry.policy;
  out.file = entry.file;
  out.line = entry.place.line;
  out.severity = entry.severity;
  out.parameters = result.parameters;
  out.include = texts_of(entry.include);
  out.exclude = texts_of(entry.exclude);
  std::uint64_t at = 0;
  for (const VerdictRun& piece : result.verdicts) {
    at += piece.count;
    if (row >= at) continue;
    out.verdict = piece.verdict;
    out.reason = result.reasons[piece.reason];
    break;
  }
  const auto finding = std::find_if(result.findings.begin(), result.findings.end(),
                                    [&](const Finding& f) { return f.subject == row; });
  if (finding != result.findings.end()) {
    out.observed = finding->observed;
    out.expected = finding->expected;
    out.measure = finding->measure;
    out.related = finding->related;
    out.rows = finding->rows;
    if (finding->waiver) out.waiver = seen.run.waivers[*finding->waiver];
  }
  const snapshot::Dataset dataset = snapshot::find_subject(entry.rule->info().subject)->dataset;
  const Table& table = *seen.world.table(dataset);
  if (out.rows.empty() && static_cast<std::size_t>(dataset) < snapshot::kCollectedCount)
    out.rows.push_back({std::string(table.spec().name), table.line(row), table.request(row)});
  out.was_called = blocking_reason(entry.rule->info(), seen.world).empty() &&
                   !is_scoped_out(entry, dataset, seen.world, row);
  if (!out.was_called) return out;
  const rule::Limits own = rule::limits_for(*entry.rule, seen.world, limits);
  rule::Budget budget(own, 1);
  out.trace.wants_reads = true;
  const auto evaluator =
      rule::Evaluator::make(*entry.rule, entry.params, seen.world, own, budget, &out.trace);
  if (!evaluator) return out;
  rule::BlockResult block;
  (*evaluator)->evaluate(std::span(&row, 1), block);
  return out;
}

}  // namespace

std::optional<Explanation> explain(const FileSystem& files, const Clock& clock, CheckRequest request,
                                   const std::shared_ptr<const rule::Rule>& rule, const std::string& subject,
                                   Diagnostics& problems) {
  std::optional<Explanation> out;
  request.single_rule = rule->info().id;
  request.inspect = [&](const Inspection& seen) {
    const snapshot::DatasetSpec& spec = *snapshot::find_subject(rule->info().subject);
    const Table* table = seen.world.table(spec.dataset);
    if (!table || table->rows() == 0)
      return problems.error(ErrorCode::usage,
                            fmt::format("there are no {} to judge: the dataset is {}", spec.name,
                                        snapshot::word_of(seen.world.available(spec.dataset).status)));
    const auto row = find_subject_row(*table, subject, problems);
    if (!row) return;
    Explanation made;
    made.rule = seen.entries.front().rule;
    made.kind = rule->info().subject;
    made.id = table->ids()[*row];
    made.label = table->labels()[*row];
    made.as_of = seen.run.as_of;
    made.snapshot_folder = seen.snapshot_folder;
    if (spec.dataset == snapshot::Dataset::users && seen.derived.matches) {
      const roster::Match& match = seen.derived.matches->of[*row];
      made.match_strategy = roster::word_of(match.strategy);
      made.match_detail = seen.derived.matches->reason(*row);
      const Table* persons = seen.world.table(snapshot::Dataset::persons);
      if (match.state == roster::MatchState::matched && persons && match.person < persons->ids().size())
        made.person = fmt::format("{} ({})", persons->labels()[match.person], persons->ids()[match.person]);
    }
    for (std::size_t i = 0; i < seen.entries.size(); ++i)
      made.entries.push_back(explain_entry(seen.entries[i], seen.run.rules[i], seen, *row, request.limits));
    for (const WaiverResult& waiver : seen.run.waivers) {
      const bool is_ours = std::any_of(seen.entries.begin(), seen.entries.end(), [&](const Entry& entry) {
        return waiver.rule == entry.as || waiver.rule == rule->info().id;
      });
      const bool is_applied = std::any_of(
          made.entries.begin(), made.entries.end(),
          [&](const EntryExplanation& entry) { return entry.waiver && entry.waiver->id == waiver.id; });
      if (is_ours && !is_applied) made.idle_waivers.push_back(waiver);
    }
    out = std::move(made);
  };
  if (!check(files, clock, request, problems) || problems.has_errors()) return std::nullopt;
  return out;
}

}  // namespace muster::evaluate
