#include "evaluate/rule_quality.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/file_system.h"
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

void find_stray_marks(const rule::Syntax& syntax, const rule::RuleParts& parts, const std::string& file,
                      std::vector<Error>& slips) {
  for (const std::uint32_t line : rule::stray_equivalents(syntax, parts)) {
    Place where{file, line, 1, {}};
    for (std::uint32_t i = 0; i < syntax.tokens.size(); ++i)
      if (syntax.at(i).line == line) where = syntax.place(file, i);
    slips.push_back({ErrorCode::rule_example, "this comment marks no mutant of its line as equivalent", where,
                     "write `-- equivalent REPLACEMENT: reason`, as `muster rule test --mutate` prints it"});
  }
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
  if (bench.syntax) find_stray_marks(*bench.syntax, bench.parts, info.file, out.slips);
}

/// The places at which the sites of a text stand once each is on a line of its own.
struct Sites {
  std::vector<const rule::Node*> nodes;
  rule::SiteLines broken;
  Sites(const rule::Syntax& syntax, const rule::RuleParts& parts)
      : nodes(rule::verdict_sites(syntax, parts)), broken(rule::break_before_sites(syntax, nodes)) {}
};

bool names_library(std::string_view text, const std::string& name) {
  for (const char quote : {'"', '\''})
    for (const char* prefix : {"lib.", ""})
      if (text.find(quote + (prefix + name) + quote) != std::string_view::npos) return true;
  return false;
}

bool requires_library(const rule::Rule& rule, const std::string& name) {
  std::set<std::string> seen;
  std::vector<std::string_view> texts{rule.source()};
  while (!texts.empty()) {
    const std::string_view text = texts.back();
    texts.pop_back();
    if (text.find("require") == std::string_view::npos) continue;
    for (const auto& [other, source] : rule.library()) {
      if (!names_library(text, other) || !seen.insert(other).second) continue;
      texts.push_back(source);
    }
  }
  return seen.contains(name);
}

void find_sites(const Bench& bench, RuleQuality& out) {
  if (!bench.syntax) return;
  const Sites sites(*bench.syntax, bench.parts);
  const std::string& file = out.rule->info().file;
  // Nothing to reach is not everything reached.
  const bool has_library =
      std::any_of(out.rule->library().begin(), out.rule->library().end(),
                  [&](const auto& row) { return requires_library(*out.rule, row.first); });
  if (sites.nodes.empty() && !has_library)
    out.slips.push_back(
        {ErrorCode::rule_example,
         fmt::format("no verdict of {} stands in its text, so coverage cannot see what is reached",
                     out.rule->info().id),
         bench.parts.table ? bench.syntax->place(file, bench.parts.table->first)
                           : whole_file(out.rule->info()),
         "call pass(), fail(…), not_applicable(…) and unknown(…) by their names"});
  const auto reached = bench.worlds->verdict_places({&sites.broken.text, nullptr});
  for (std::size_t i = 0; i < sites.nodes.size(); ++i)
    out.sites.push_back({std::string(bench.syntax->word(*sites.nodes[i]->children[0])),
                         bench.syntax->place(file, sites.nodes[i]->first),
                         reached.contains({file, sites.broken.lines[i]})});
}

MutantResult judge_mutant(const rule::Syntax& syntax, const std::string& file, const rule::Mutant& mutant,
                          const std::optional<std::string>& noticed_by) {
  MutantResult out;
  out.what = rule::describe_mutant(syntax, mutant);
  out.place = syntax.place(file, mutant.token);
  out.why = mutant.equivalent;
  out.noticed_by = noticed_by.value_or("");
  if (mutant.equivalent.empty())
    out.state = noticed_by ? MutantState::noticed : MutantState::survived;
  else
    out.state = noticed_by ? MutantState::not_equivalent : MutantState::equivalent;
  return out;
}

std::optional<std::string> who_minds(const Bench& bench, const rule::RuleInfo& info,
                                     const ExampleWorlds::Variant& variant) {
  const std::size_t example = bench.worlds->first_to_mind(variant);
  if (example >= info.examples.size()) return std::nullopt;
  return info.examples[example].note;
}

using Library = std::map<std::string, std::string>;

/// A library file with the rules that require it, itself or through another one.
struct LibraryBench {
  const Library* library = nullptr;
  std::string name, file;
  std::vector<std::size_t> rules;
  std::optional<rule::Syntax> syntax;
  rule::RuleParts parts;
  std::vector<rule::Mutant> mutants;

  [[nodiscard]] std::string chunk() const { return "lib/" + name + ".lua"; }
  [[nodiscard]] ExampleWorlds::Variant with(std::string text) const {
    auto changed = std::make_shared<Library>(*library);
    (*changed)[name] = std::move(text);
    return {nullptr, std::move(changed)};
  }
};

/// "own" of "own/team/admins.lua": the folder that holds the families.
std::string root_of(const rule::RuleInfo& info) {
  const std::size_t tail = info.id.size() + std::string_view("/.lua").size();
  return info.file.size() > tail ? info.file.substr(0, info.file.size() - tail) : std::string();
}

std::vector<LibraryBench> find_libraries(std::span<const std::shared_ptr<const rule::Rule>> rules) {
  std::vector<LibraryBench> out;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (const auto& [name, text] : rules[i]->library()) {
      if (!requires_library(*rules[i], name)) continue;
      const Library* library = &rules[i]->library();
      auto found = std::find_if(out.begin(), out.end(), [&, wanted = name](const LibraryBench& bench) {
        return bench.library == library && bench.name == wanted;
      });
      if (found == out.end()) {
        LibraryBench made;
        made.library = library;
        made.name = name;
        made.file = join_path(root_of(rules[i]->info()), "lib/" + name + ".lua");
        out.push_back(std::move(made));
        found = std::prev(out.end());
      }
      found->rules.push_back(i);
    }
  }
  std::sort(out.begin(), out.end(),
            [](const LibraryBench& a, const LibraryBench& b) { return a.file < b.file; });
  return out;
}

}  // namespace

std::size_t RuleQuality::differing() const {
  return static_cast<std::size_t>(
      std::count_if(examples.begin(), examples.end(),
                    [](const ExampleResult& result) { return result.problem.empty() && !result.is_good(); }));
}

Assessment assess_rules(std::span<const std::shared_ptr<const rule::Rule>> rules,
                        const QualityOptions& options) {
  Assessment out;
  out.rules.resize(rules.size());
  std::vector<Bench> benches(rules.size());
  const auto is_stopped = [&] { return options.stop && *options.stop; };
  run_parallel(options.jobs, rules.size(), [&](std::size_t i, unsigned) {
    RuleQuality& quality = out.rules[i];
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

  std::vector<LibraryBench> libraries;
  if (options.coverage || options.mutate) libraries = find_libraries(rules);
  out.libraries.resize(libraries.size());
  run_parallel(options.jobs, libraries.size(), [&](std::size_t l, unsigned) {
    LibraryBench& bench = libraries[l];
    LibraryQuality& quality = out.libraries[l];
    quality.file = bench.file;
    auto parsed = rule::parse_syntax(bench.library->at(bench.name), bench.file);
    if (!parsed) return quality.slips.push_back(parsed.error());
    bench.syntax = std::move(*parsed);
    bench.parts = rule::library_parts(*bench.syntax);
    find_stray_marks(*bench.syntax, bench.parts, bench.file, quality.slips);
    if (options.mutate) bench.mutants = rule::make_mutants(*bench.syntax, bench.parts);
    quality.mutants.resize(bench.mutants.size());
    if (!options.coverage) return;
    const Sites sites(*bench.syntax, bench.parts);
    const auto variant = bench.with(sites.broken.text);
    std::set<std::pair<std::string, std::uint32_t>> reached;
    for (const std::size_t i : bench.rules)
      if (!is_stopped()) reached.merge(benches[i].worlds->verdict_places(variant));
    for (std::size_t s = 0; s < sites.nodes.size(); ++s)
      quality.sites.push_back({std::string(bench.syntax->word(*sites.nodes[s]->children[0])),
                               bench.syntax->place(bench.file, sites.nodes[s]->first),
                               reached.contains({bench.chunk(), sites.broken.lines[s]})});
  });

  // Mutants of rules, then of libraries.
  std::vector<std::pair<std::size_t, std::size_t>> tasks;
  for (std::size_t i = 0; i < benches.size(); ++i)
    for (std::size_t m = 0; m < benches[i].mutants.size(); ++m) tasks.emplace_back(i, m);
  for (std::size_t l = 0; l < libraries.size(); ++l)
    for (std::size_t m = 0; m < libraries[l].mutants.size(); ++m) tasks.emplace_back(benches.size() + l, m);
  run_parallel(options.jobs, tasks.size(), [&](std::size_t number, unsigned) {
    if (is_stopped()) return;
    const auto [at, m] = tasks[number];
    if (at < benches.size()) {
      const rule::RuleInfo& info = rules[at]->info();
      const std::string text = rule::apply_mutant(*benches[at].syntax, benches[at].mutants[m]);
      out.rules[at].mutants[m] = judge_mutant(*benches[at].syntax, info.file, benches[at].mutants[m],
                                              who_minds(benches[at], info, {&text, nullptr}));
      return;
    }
    const LibraryBench& bench = libraries[at - benches.size()];
    const auto variant = bench.with(rule::apply_mutant(*bench.syntax, bench.mutants[m]));
    std::optional<std::string> noticed_by;
    for (std::size_t i = 0; i < bench.rules.size() && !noticed_by; ++i)
      noticed_by = who_minds(benches[bench.rules[i]], rules[bench.rules[i]]->info(), variant);
    out.libraries[at - benches.size()].mutants[m] =
        judge_mutant(*bench.syntax, bench.file, bench.mutants[m], noticed_by);
  });
  return out;
}

}  // namespace muster::evaluate
