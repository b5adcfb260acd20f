#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/parallel.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/rule_choice.h"
#include "cli/source_lines.h"
#include "evaluate/examples.h"
#include "evaluate/rule_quality.h"
#include "reports/junit/test_suites.h"
#include "rule/spec.h"
#include "rule/syntax.h"

namespace muster::cli {
namespace {

using evaluate::ExampleResult;
using evaluate::MutantResult;
using evaluate::MutantState;
using evaluate::RuleQuality;

std::string verdict_and_reason(Verdict verdict, const std::optional<std::string>& reason) {
  std::string text(word_of(verdict));
  if (reason && !reason->empty()) text += ": " + make_visible(*reason);
  return text;
}

/// What was got of what the example states.
std::string told(const ExampleResult& result) {
  std::string text = verdict_and_reason(result.got, result.reason);
  if (result.example->observed)
    text += "; observed " + (result.observed.empty() ? "nothing" : make_visible(result.observed));
  if (result.example->measure)
    text += "; measure " + (result.measure ? fmt::format("{}", *result.measure) : std::string("nothing"));
  if (result.example->expected)
    text += "; expected " + (result.expected.empty() ? "nothing" : make_visible(result.expected));
  return text;
}
std::string wanted(const rule::Example& example) {
  std::string text = verdict_and_reason(example.want, example.reason);
  if (example.observed) text += "; observed " + make_visible(json::dump(*example.observed));
  if (example.measure) text += fmt::format("; measure {}", *example.measure);
  if (example.expected) text += "; expected " + make_visible(json::dump(*example.expected));
  return text;
}

bool is_calm(Verdict verdict) { return verdict == Verdict::pass || verdict == Verdict::not_applicable; }

/// "96.4 %", rounded down: a threshold that is missed never looks met.
std::string percent(std::uint64_t part, std::uint64_t whole) {
  const std::uint64_t tenths = whole == 0 ? 0 : part * 1000 / whole;
  return fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

class RuleTest final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "rule test",
        .summary = "Run the examples and spec files of rules; measure what they hold",
        .description =
            "Every rule carries examples: what is given, and the verdict that is wanted. They run in the "
            "sandbox in which the rules judge, as of a fixed instant. Only examples that come out "
            "differently are printed. A rule must show a fail and an unknown, and an example must not "
            "name what is not there.\n\n"
            "Spec files (<name>_spec.lua beside the rules) run as well: describe, it, before_each and assert "
            "as in "
            "other Lua test tools, and judge(RULE, GIVEN), which judges a `given` as an example's and "
            "returns its "
            "verdict, reason, observed, expected and measure.\n\n"
            "--coverage lists the verdicts that no example reaches. --mutate swaps one token of the rule "
            "at a time (== ~= < <= > >= and or not, numbers, true and false) and lists the swaps that no "
            "example notices. A swap that makes no difference at all is excused by a comment on its line "
            "or above it: -- equivalent REPLACEMENT: reason.\n\n"
            "--update writes what your own rules now say into the examples that come out differently, and "
            "prints each change. It never writes pass or not_applicable where something else was wanted: "
            "that is for you to do.",
        .examples = {{"muster rule test", "All rules."},
                     {"muster rule test 'keys.*' --verbose", "One family, every example."},
                     {"muster rule test --rules my-rules 'team.*' --coverage --threshold 100",
                      "Your own; every verdict must be reached."},
                     {"muster rule test --mutate --threshold 90 --report junit=rules.xml",
                      "For CI: nine of ten slips would be noticed."}},
        .exits = {
            {ExitCode::ok, "All examples come out as they say."},
            {ExitCode::failed, "An example comes out differently, or less is held than --threshold."},
            {ExitCode::wrong_input,
             "An example names what is not there, a rule shows no fail or no unknown, no rule fits, or a "
             "config or rule file is wrong."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.rest("GLOB", texts(globs_), "Ids of rules, as keys.max_age or 'keys.*'; all when absent.");
    inputs_.declare_config(arguments);
    inputs_.declare_rules(arguments);
    arguments.flag("--update", update_, "Write what your own rules say into the examples that differ.");
    arguments.flag("--coverage", coverage_, "List the verdicts that no example reaches.");
    arguments.flag("--mutate", mutate_, "List the swapped tokens that no example notices.");
    arguments.option("--threshold", "PERCENT", whole_number(threshold_, 1, 100),
                     "With --coverage or --mutate: less than this is a failure.");
    arguments.option("--report", "junit=PATH", take_report(), "Write the results for a CI system.");
    arguments.option("--jobs", "N", whole_number(jobs_, 1, 256),
                     "Threads; the cores of the machine when absent.");
    arguments.flag("-v,--verbose", verbose_, "Print the good examples too, and each rule's numbers.");
  }

  ExitCode run(Environment& environment) override {
    if (threshold_ > 0 && !coverage_ && !mutate_)
      return report(environment, Error{ErrorCode::usage,
                                       "--threshold says how much is enough, and nothing is measured",
                                       {},
                                       "give --coverage or --mutate"});
    Diagnostics problems;
    const auto config = inputs_.load(environment, {}, problems);
    rule::RuleSet rules;
    if (config) rules = load_rules(environment, *config, problems);
    std::vector<std::shared_ptr<const rule::Rule>> chosen;
    std::vector<rule::SpecSource> specs;
    if (config && !problems.has_errors()) {
      specs = choose_specs(environment.files, *config, globs_, problems);
      chosen = choose_rules(rules, globs_, problems, ids_of(specs));
    }
    if (problems.has_errors()) return report(environment, problems);
    if (chosen.empty() && specs.empty())
      return report(environment, Error{ErrorCode::usage, "there is no rule, so nothing was tested", {}, {}});

    const evaluate::Assessment assessed = evaluate::assess_rules(
        chosen, {coverage_, mutate_, jobs_ > 0 ? jobs_ : available_cores(), &environment.is_interrupted});
    if (environment.is_interrupted) return ExitCode::interrupted;
    Console& console = environment.console;
    const std::vector<RuleQuality>& results = assessed.rules;
    std::uint64_t all = 0, differing = 0;
    for (const RuleQuality& quality : results) {
      all += quality.examples.size();
      differing += quality.differing();
      print_examples(console, quality);
      for (const Error& slip : quality.slips) problems.error(slip);
    }
    for (const evaluate::LibraryQuality& library : assessed.libraries)
      for (const Error& slip : library.slips) problems.error(slip);
    const auto spec_results = run_specs(console, rules, specs, problems);
    bool is_enough = true;
    if (coverage_) is_enough &= print_coverage(console, assessed);
    if (mutate_) is_enough &= print_mutants(console, assessed);
    if (!chosen.empty())
      console.out.write(fmt::format(
          "{} of {}: {}.\n", plural(all, "example", "examples"), plural(chosen.size(), "rule", "rules"),
          differing == 0
              ? problems.has_errors() ? "not all of them can count" : "all come out as they say"
              : fmt::format("{} {} differently", differing, differing == 1 ? "comes out" : "come out")));
    std::uint64_t tests = 0, broken = 0;
    for (const rule::SpecResult& result : spec_results) {
      tests += result.tests.size();
      for (const rule::SpecTest& test : result.tests) broken += !test.failure.empty();
    }
    if (!specs.empty())
      console.out.write(fmt::format("{} of {}: {}.\n", plural(tests, "test", "tests"),
                                    plural(specs.size(), "spec file", "spec files"),
                                    broken > 0 ? fmt::format("{} {}", broken, broken == 1 ? "fails" : "fail")
                                    : problems.has_errors() ? "not all of them can count"
                                                            : "all pass"));
    if (report_path_)
      if (const Status written = write_junit(environment, assessed, specs, spec_results); !written)
        problems.error(written.error());
    if (problems.has_errors()) return report(environment, problems);
    if (update_ && differing > 0) {
      const auto left = update_files(environment, *config, results);
      if (!left) return report(environment, left.error());
      differing = *left;
    }
    return differing == 0 && broken == 0 && is_enough ? ExitCode::ok : ExitCode::failed;
  }

 private:
  Take take_report() {
    return [this](const std::string& given) -> Status {
      static constexpr std::string_view kFormat = "junit=";
      if (!given.starts_with(kFormat) || given.size() == kFormat.size())
        return fail(ErrorCode::usage, "junit=PATH is wanted; junit is the only format of test results");
      report_path_ = given.substr(kFormat.size());
      return {};
    };
  }

  void print_examples(Console& console, const RuleQuality& quality) const {
    for (std::size_t i = 0; i < quality.examples.size(); ++i) {
      const ExampleResult& result = quality.examples[i];
      if (!result.problem.empty() || (result.is_good() && !verbose_))
        continue;  // problems are told as errors
      console.out.write(fmt::format("{}:{}: {}\n", make_visible(quality.rule->info().file),
                                    quality.example_places[i].line, make_visible(result.example->note)));
      if (result.is_good())
        console.out.write(fmt::format("  good    {}\n", told(result)));
      else
        console.out.write(fmt::format("  wanted  {}\n  got     {}\n{}", wanted(*result.example), told(result),
                                      line_of_error(*quality.rule, result)));
    }
  }

  /// The line of the rule on which an error happened: its reason begins with file and line.
  static std::string line_of_error(const rule::Rule& rule, const ExampleResult& result) {
    const std::string head = rule.info().file + ":";
    if (result.got != Verdict::error || !result.reason.starts_with(head)) return {};
    Place place{
        rule.info().file, static_cast<std::uint32_t>(std::atoi(result.reason.c_str() + head.size())), 1, {}};
    std::string_view rest = rule.source();
    for (std::uint32_t line = 1; line < place.line && !rest.empty(); ++line)
      rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
    place.source_line = std::string(rest.substr(0, rest.find('\n')));
    place.column = static_cast<std::uint32_t>(
                       std::min(place.source_line.find_first_not_of(" \t"), place.source_line.size())) +
                   1;
    // What the reason names in quotes, when the line has it.
    const std::size_t open = result.reason.find('\''),
                      close = open == std::string::npos ? open : result.reason.find('\'', open + 1);
    if (close != std::string::npos && close > open + 1) {
      const std::size_t at = place.source_line.find(result.reason.substr(open + 1, close - open - 1));
      if (at != std::string::npos) {
        place.column = 1;
        for (std::size_t i = 0; i < at; ++i) place.column += (place.source_line[i] & 0xc0) != 0x80;
      }
    }
    return place.line == 0 ? std::string() : source_with_caret(place);
  }

  bool print_threshold(Console& console, std::string_view what, std::uint64_t part,
                       std::uint64_t whole) const {
    if (threshold_ == 0 || part * 100 >= whole * threshold_) return true;
    console.out.write(fmt::format("{} is below the threshold of {} %.\n", what, threshold_));
    return false;
  }

  bool print_coverage(Console& console, const evaluate::Assessment& assessed) const {
    std::uint64_t all = 0, reached = 0;
    const auto print = [&](const std::vector<evaluate::VerdictSite>& sites) {
      for (const evaluate::VerdictSite& site : sites) {
        ++all;
        reached += site.is_reached;
        if (!site.is_reached)
          console.out.write(fmt::format("{}: no example reaches this {}\n{}", place_text(site.place),
                                        site.verdict, source_with_caret(site.place)));
      }
    };
    for (const RuleQuality& quality : assessed.rules) print(quality.sites);
    for (const evaluate::LibraryQuality& library : assessed.libraries) print(library.sites);
    console.out.write(fmt::format("Coverage: {} of {} reached, {}.\n", reached,
                                  plural(all, "verdict", "verdicts"), percent(reached, all)));
    return print_threshold(console, "Coverage", reached, all);
  }

  struct MutantCounts {
    std::uint64_t all = 0, noticed = 0, equivalent = 0;
  };
  /// Those of one file; `name` is the rule's id or the library's file.
  void print_file_mutants(Console& console, const std::string& name, const std::vector<MutantResult>& mutants,
                          MutantCounts& counts) const {
    std::uint64_t own = 0, own_noticed = 0;
    for (const MutantResult& mutant : mutants) {
      if (mutant.state == MutantState::equivalent) {
        ++counts.equivalent;
        if (verbose_)
          console.out.write(fmt::format("{}: {} is marked as equivalent: {}\n", place_text(mutant.place),
                                        mutant.what, make_visible(mutant.why)));
        continue;
      }
      ++own;
      if (mutant.state == MutantState::noticed) {
        ++own_noticed;
      } else if (mutant.state == MutantState::survived) {
        console.out.write(fmt::format("{}: no example notices {}\n{}", place_text(mutant.place), mutant.what,
                                      source_with_caret(mutant.place)));
      } else {
        console.out.write(fmt::format("{}: {} is marked as equivalent, but \"{}\" tells them apart\n{}",
                                      place_text(mutant.place), mutant.what, make_visible(mutant.noticed_by),
                                      source_with_caret(mutant.place)));
      }
    }
    if (verbose_ && own > 0)
      console.out.write(fmt::format("{}: {} of {} noticed, {}\n", make_visible(name), own_noticed,
                                    plural(own, "mutant", "mutants"), percent(own_noticed, own)));
    counts.all += own;
    counts.noticed += own_noticed;
  }

  bool print_mutants(Console& console, const evaluate::Assessment& assessed) const {
    MutantCounts counts;
    for (const RuleQuality& quality : assessed.rules)
      print_file_mutants(console, quality.rule->info().id, quality.mutants, counts);
    for (const evaluate::LibraryQuality& library : assessed.libraries)
      print_file_mutants(console, library.file, library.mutants, counts);
    if (counts.all == 0) {
      console.out.write("Mutants: these rules have nothing to swap.\n");
      return true;
    }
    console.out.write(fmt::format(
        "Mutants: {} of {} noticed, {}{}.\n", counts.noticed, counts.all, percent(counts.noticed, counts.all),
        counts.equivalent > 0 ? fmt::format("; {} more marked as equivalent", counts.equivalent) : ""));
    return print_threshold(console, "The share of mutants that are noticed", counts.noticed, counts.all);
  }

  std::vector<rule::SpecResult> run_specs(Console& console, const rule::RuleSet& rules,
                                          const std::vector<rule::SpecSource>& specs,
                                          Diagnostics& problems) const {
    const rule::SpecJudge judge = [&](const std::string& id,
                                      const json::Value& given) -> Result<rule::SpecVerdict> {
      Diagnostics unknown;
      const auto rule = find_rule(rules, id, unknown);
      if (!rule) return tl::unexpected(unknown.errors().front());
      evaluate::Judged judged = evaluate::judge_given(rule, given);
      if (!judged.problem.empty()) return fail(ErrorCode::rule_example, judged.problem);
      return rule::SpecVerdict{std::string(word_of(judged.verdict)), judged.reason, judged.observed,
                               judged.expected, judged.measure};
    };
    std::vector<rule::SpecResult> results;
    for (const rule::SpecSource& spec : specs) {
      const rule::SpecResult& result = results.emplace_back(rule::run_spec(spec, judge));
      for (const Error& problem : result.problems) problems.error(problem);
      for (const rule::SpecTest& test : result.tests) {
        if (!test.failure.empty())
          console.out.write(fmt::format("{}:{}: {}\n  {}\n", make_visible(spec.file), test.line,
                                        make_visible(test.name), make_visible(test.failure)));
        else if (verbose_)
          console.out.write(fmt::format("{}:{}: {}\n  good\n", make_visible(spec.file), test.line,
                                        make_visible(test.name)));
      }
    }
    return results;
  }

  static void add_measures(reports::TestSuite& suite, const std::vector<evaluate::VerdictSite>& sites,
                           const std::vector<MutantResult>& mutants) {
    using reports::TestCase;
    for (const evaluate::VerdictSite& site : sites)
      suite.cases.push_back(
          {fmt::format("line {} column {}: {} is reached", site.place.line, site.place.column, site.verdict),
           site.place.file, site.place.line,
           site.is_reached ? TestCase::Outcome::passed : TestCase::Outcome::failure,
           site.is_reached ? "" : "no example reaches this verdict",
           site.is_reached ? "" : source_with_caret(site.place)});
    for (const MutantResult& mutant : mutants) {
      if (mutant.state == MutantState::equivalent) continue;
      const bool is_good = mutant.state == MutantState::noticed;
      suite.cases.push_back({fmt::format("line {} column {}: {} is noticed", mutant.place.line,
                                         mutant.place.column, mutant.what),
                             mutant.place.file, mutant.place.line,
                             is_good ? TestCase::Outcome::passed : TestCase::Outcome::failure,
                             is_good ? ""
                             : mutant.state == MutantState::survived
                                 ? "no example notices it"
                                 : "it is marked as equivalent, and an example tells it apart",
                             is_good ? "" : source_with_caret(mutant.place)});
    }
  }
  static void add_slip(reports::TestSuite& suite, const Error& slip) {
    suite.cases.push_back({slip.message, slip.place.file, slip.place.line, reports::TestCase::Outcome::error,
                           slip.message, render_error(slip)});
  }

  Status write_junit(Environment& environment, const evaluate::Assessment& assessed,
                     const std::vector<rule::SpecSource>& specs,
                     const std::vector<rule::SpecResult>& spec_results) const {
    using reports::TestCase;
    std::vector<reports::TestSuite> suites;
    for (const RuleQuality& quality : assessed.rules) {
      reports::TestSuite& suite = suites.emplace_back();
      suite.name = quality.rule->info().id;
      const std::string& file = quality.rule->info().file;
      for (std::size_t i = 0; i < quality.examples.size(); ++i) {
        const ExampleResult& result = quality.examples[i];
        if (!result.problem.empty()) continue;  // among the slips
        TestCase made{result.example->note,      file, quality.example_places[i].line,
                      TestCase::Outcome::passed, {},   {}};
        if (!result.is_good()) {
          made.outcome = TestCase::Outcome::failure;
          made.message = "got " + told(result);
          made.body = "wanted  " + wanted(*result.example) + "\ngot     " + told(result) + "\n";
        }
        suite.cases.push_back(std::move(made));
      }
      for (const Error& slip : quality.slips) add_slip(suite, slip);
      add_measures(suite, quality.sites, quality.mutants);
    }
    for (const evaluate::LibraryQuality& library : assessed.libraries) {
      reports::TestSuite& suite = suites.emplace_back();
      suite.name = library.file;
      for (const Error& slip : library.slips) add_slip(suite, slip);
      add_measures(suite, library.sites, library.mutants);
    }
    for (std::size_t i = 0; i < specs.size(); ++i) {
      reports::TestSuite& suite = suites.emplace_back();
      suite.name = specs[i].id + " spec";
      for (const Error& problem : spec_results[i].problems) add_slip(suite, problem);
      for (const rule::SpecTest& test : spec_results[i].tests)
        suite.cases.push_back({test.name, specs[i].file, test.line,
                               test.failure.empty() ? TestCase::Outcome::passed : TestCase::Outcome::failure,
                               test.failure, test.failure});
    }
    if (const Status made = environment.files.make_folders(parent_path(*report_path_)); !made) return made;
    return environment.files.write_file(*report_path_,
                                        reports::render_test_suites("muster rule test", suites));
  }

  /// Writes the new `want` of each example that differs; returns how many are left for the author.
  Result<std::uint64_t> update_files(Environment& environment, const Config& config,
                                     const std::vector<RuleQuality>& results) const {
    (void)config;
    Console& console = environment.console;
    std::uint64_t left = 0, written = 0;
    for (const RuleQuality& quality : results) {
      if (quality.differing() == 0) continue;
      const rule::RuleInfo& info = quality.rule->info();
      if (info.file.starts_with("builtin:")) {
        left += quality.differing();
        console.out.write(fmt::format("{} is built in and is not changed\n", make_visible(info.file)));
        continue;
      }
      const auto syntax = rule::parse_syntax(quality.rule->source(), info.file);
      if (!syntax) return tl::unexpected(syntax.error());
      const rule::RuleParts parts = rule::find_parts(*syntax);
      std::string text = quality.rule->source();
      std::uint64_t changed = 0;
      // From the back, so that the places before it stay true.
      for (std::size_t i = quality.examples.size(); i-- > 0;) {
        const ExampleResult& result = quality.examples[i];
        if (result.is_good() || !result.problem.empty()) continue;
        const rule::Example& example = *result.example;
        const rule::Node* want =
            parts.examples.size() == quality.examples.size() ? parts.examples[i].want : nullptr;
        const std::string where = fmt::format("{}:{}: {}", make_visible(info.file),
                                              quality.example_places[i].line, make_visible(example.note));
        const bool is_weaker = is_calm(result.got) && result.got != example.want;
        const bool has_more = example.observed || example.expected || example.measure;
        if (!want || is_weaker || has_more || result.got == Verdict::error) {
          ++left;
          console.out.write(
              fmt::format("{}\n  not written: {}\n", where,
                          !want       ? "the example is made in a way that only running it shows"
                          : has_more  ? "it states observed, expected or measure; change it yourself"
                          : is_weaker ? fmt::format("{} would become {}; if that is right, write it yourself",
                                                    word_of(example.want), word_of(result.got))
                                      : "the rule is in error: " + make_visible(result.reason)));
          continue;
        }
        const std::string_view old = syntax->text_of(*want);
        const std::string value =
            want->kind == rule::NodeKind::table || example.reason
                ? fmt::format("{{ verdict = {}, reason = {} }}", rule::quote_text(word_of(result.got)),
                              rule::quote_text(result.reason))
                : rule::quote_text(word_of(result.got));
        console.out.write(fmt::format("{}\n  - want = {}\n  + want = {}\n", where, make_visible(old, true),
                                      make_visible(value)));
        text.replace(syntax->at(want->first).offset, old.size(), value);
        ++changed;
      }
      if (changed == 0) continue;
      if (const Status done = environment.files.write_file(info.file, text); !done)
        return tl::unexpected(done.error());
      written += changed;
    }
    console.out.write(
        fmt::format("{} rewritten{}. Read them: an example is what you want, not what the rule does.\n",
                    plural(written, "expectation", "expectations"),
                    left > 0 ? fmt::format(", {} left to you", left) : ""));
    return left;
  }

  Inputs inputs_;
  std::vector<std::string> globs_;
  std::optional<std::string> report_path_;
  unsigned threshold_ = 0, jobs_ = 0;
  bool update_ = false, coverage_ = false, mutate_ = false, verbose_ = false;
};

}  // namespace

std::unique_ptr<Command> rule_test_command() { return std::make_unique<RuleTest>(); }

}  // namespace muster::cli
