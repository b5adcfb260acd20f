#include "evaluate/rule_quality.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/parallel.h"
#include "base/text.h"
#include "rule/mutate.h"
#include "rule/syntax.h"

namespace muster::evaluate {
namespace {

/// A rule with its text taken apart; it stays where it is, for the parts point into each other.
struct Bench {
  std::optional<rule::Syntax> syntax;
  rule::RuleParts parts;
  std::unique_ptr<ExampleWorlds> worlds;
  std::vector<rule::Mutant> mutants;
};

Place whole_file(const rule::RuleInfo& info) { return Place{info.file, 0, 0, {}}; }

/// Where an example stands: its note, when the text shows it.
Place place_of_example(const Bench& bench, const rule::RuleInfo& info, std::size_t number) {
  if (bench.syntax && number < bench.parts.examples.size()) {
    const auto& example = bench.parts.examples[number];
    if (const rule::Node* at = example.note ? example.note : example.item)
      return bench.syntax->place(info.file, at->first);
  }
  return Place{info.file, info.examples[number].line, 0, {}};
}

/// A problem names what it is about in quotes; the caret goes there when the example has it.
Place place_of_problem(const Bench& bench, const rule::RuleInfo& info, std::size_t number,
                       const std::string& problem) {
  const Place otherwise = place_of_example(bench, info, number);
  const std::size_t open = problem.find('\''),
                    close = open == std::string::npos ? open : problem.find('\'', open + 1);
  if (close == std::string::npos || !bench.syntax || number >= bench.parts.examples.size() ||
      !bench.parts.examples[number].item)
    return otherwise;
  const std::string word = problem.substr(open + 1, close - open - 1);
  const rule::Node& item = *bench.parts.examples[number].item;
  for (std::uint32_t i = item.first; i <= item.last; ++i) {
    const rule::Token& token = bench.syntax->at(i);
    if (token.text == word || (token.kind == rule::TokenKind::text && rule::text_value(token.text) == word))
      return bench.syntax->place(info.file, i);
  }
  return otherwise;
}

void find_slips(const Bench& bench, RuleQuality& out) {
  const rule::RuleInfo& info = out.rule->info();
  for (std::size_t i = 0; i < out.examples.size(); ++i)
    if (!out.examples[i].problem.empty())
      out.slips.push_back({ErrorCode::rule_example,
                           fmt::format("the example \"{}\" cannot run: {}",
                                       make_visible(info.examples[i].note), out.examples[i].problem),
                           place_of_problem(bench, info, i, out.examples[i].problem),
                           {}});
  const Place place = bench.parts.table && bench.syntax
                          ? bench.syntax->place(info.file, bench.parts.table->first)
                          : whole_file(info);
  for (const auto& [verdict, why] :
       {std::pair{Verdict::fail, "a rule that nobody has seen fail may pass everything by accident"},
        std::pair{
            Verdict::unknown,
            "show what is missing when it cannot decide: a field that is absent, or `incomplete = { … }`"}}) {
    const bool has =
        std::any_of(info.examples.begin(), info.examples.end(),
                    [wanted = verdict](const rule::Example& example) { return example.want == wanted; });
    if (!has)
      out.slips.push_back({ErrorCode::rule_example,
                           fmt::format("{} has no example that wants {}", info.id, word_of(verdict)), place,
                           why});
  }
  if (!bench.syntax) return;
  for (const std::uint32_t line : rule::stray_equivalents(*bench.syntax, bench.parts)) {
    Place where{info.file, line, 1, {}};
    for (std::uint32_t i = 0; i < bench.syntax->tokens.size(); ++i)
      if (bench.syntax->at(i).line == line) where = bench.syntax->place(info.file, i);
    out.slips.push_back(
        {ErrorCode::rule_example, "this comment marks no mutant of its line as equivalent", where,
         "write `-- equivalent REPLACEMENT: reason`, as `muster rule test --mutate` prints it"});
  }
}

void find_sites(const Bench& bench, RuleQuality& out) {
  if (!bench.syntax) return;
  const auto sites = rule::verdict_sites(*bench.syntax, bench.parts);
  const rule::SiteLines broken = rule::break_before_sites(*bench.syntax, sites);
  const auto reached = bench.worlds->verdict_lines(broken.text);
  for (std::size_t i = 0; i < sites.size(); ++i)
    out.sites.push_back({std::string(bench.syntax->word(*sites[i]->children[0])),
                         bench.syntax->place(out.rule->info().file, sites[i]->first),
                         std::binary_search(reached.begin(), reached.end(), broken.lines[i])});
}

MutantResult try_mutant(const Bench& bench, const rule::RuleInfo& info, const rule::Mutant& mutant) {
  MutantResult out;
  out.what = rule::describe_mutant(*bench.syntax, mutant);
  out.place = bench.syntax->place(info.file, mutant.token);
  out.why = mutant.equivalent;
  out.example = bench.worlds->first_to_mind(rule::apply_mutant(*bench.syntax, mutant));
  const bool is_noticed = out.example < info.examples.size();
  if (mutant.equivalent.empty())
    out.state = is_noticed ? MutantState::noticed : MutantState::survived;
  else
    out.state = is_noticed ? MutantState::not_equivalent : MutantState::equivalent;
  return out;
}

}  // namespace

std::size_t RuleQuality::differing() const {
  return static_cast<std::size_t>(
      std::count_if(examples.begin(), examples.end(),
                    [](const ExampleResult& result) { return result.problem.empty() && !result.is_good(); }));
}

std::vector<RuleQuality> assess_rules(std::span<const std::shared_ptr<const rule::Rule>> rules,
                                      const QualityOptions& options) {
  std::vector<RuleQuality> out(rules.size());
  std::vector<Bench> benches(rules.size());
  const auto is_stopped = [&] { return options.stop && *options.stop; };
  run_parallel(options.jobs, rules.size(), [&](std::size_t i, unsigned) {
    RuleQuality& quality = out[i];
    Bench& bench = benches[i];
    quality.rule = rules[i];
    if (is_stopped()) return;
    if (auto parsed = rule::parse_syntax(rules[i]->source(), rules[i]->info().file)) {
      bench.syntax = std::move(*parsed);
      bench.parts = rule::find_parts(*bench.syntax);
    } else {
      quality.slips.push_back(parsed.error());
    }
    bench.worlds = std::make_unique<ExampleWorlds>(rules[i]);
    quality.examples = bench.worlds->results();
    for (std::size_t e = 0; e < quality.examples.size(); ++e)
      quality.example_places.push_back(place_of_example(bench, rules[i]->info(), e));
    find_slips(bench, quality);
    if (options.coverage) find_sites(bench, quality);
    if (options.mutate && bench.syntax) bench.mutants = rule::make_mutants(*bench.syntax, bench.parts);
    quality.mutants.resize(bench.mutants.size());
  });
  std::vector<std::pair<std::size_t, std::size_t>> tasks;
  for (std::size_t i = 0; i < benches.size(); ++i)
    for (std::size_t m = 0; m < benches[i].mutants.size(); ++m) tasks.emplace_back(i, m);
  run_parallel(options.jobs, tasks.size(), [&](std::size_t number, unsigned) {
    if (is_stopped()) return;
    const auto [i, m] = tasks[number];
    out[i].mutants[m] = try_mutant(benches[i], rules[i]->info(), benches[i].mutants[m]);
  });
  return out;
}

}  // namespace muster::evaluate
