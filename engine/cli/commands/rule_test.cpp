#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "evaluate/examples.h"

namespace muster::cli {
namespace {

std::string verdict_and_reason(Verdict verdict, const std::optional<std::string>& reason) {
  std::string text(word_of(verdict));
  if (reason && !reason->empty()) text += ": " + make_visible(*reason);
  return text;
}

class RuleTest final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "rule test",
            .summary = "Run the examples of rules",
            .description =
                "Every rule carries examples: what is given, and the verdict that is wanted. They run in the "
                "sandbox in which the rules judge. Only examples that come out "
                "differently are printed.",
            .examples = {{"muster rule test", "All rules."},
                         {"muster rule test 'keys.*' --verbose", "One family, every example."},
                         {"muster rule test --rules my-rules 'team.*'", "Your own."}},
            .exits = {{ExitCode::ok, "All examples come out as they say."},
                      {ExitCode::failed, "An example comes out differently."},
                      {ExitCode::wrong_input,
                       "No rule fits, none has an example, or a config or rule file is wrong."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.rest("GLOB", texts(globs_), "Ids of rules, as keys.max_age or 'keys.*'; all when absent.");
    inputs_.declare_config(arguments);
    inputs_.declare_rules(arguments);
    arguments.flag("-v,--verbose", verbose_, "Print the good examples too.");
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    const auto config = inputs_.load(environment, {}, problems);
    rule::RuleSet rules;
    if (config) rules = load_rules(environment, *config, problems);
    const auto fits = [&](const std::string& id) {
      return globs_.empty() || std::any_of(globs_.begin(), globs_.end(),
                                           [&](const std::string& glob) { return glob_match(glob, id); });
    };
    std::vector<std::shared_ptr<const rule::Rule>> chosen;
    for (const auto& [id, rule] : rules)
      if (fits(id)) chosen.push_back(rule);
    if (config && !problems.has_errors()) complain_of_globs(rules, problems);
    if (problems.has_errors()) return report(environment, problems);

    Console& console = environment.console;
    std::uint64_t all = 0, bad = 0;
    for (const auto& rule : chosen) {
      if (environment.is_interrupted) return ExitCode::interrupted;
      const rule::RuleInfo& about = rule->info();
      if (about.examples.empty())
        console.out.write(fmt::format("{}: {} has no examples\n", make_visible(about.file), about.id));
      for (const evaluate::ExampleResult& result : evaluate::run_examples(rule)) {
        ++all;
        const rule::Example& example = *result.example;
        const std::string where =
            fmt::format("{}:{}: {}", make_visible(about.file), example.line, make_visible(example.note));
        if (result.is_good()) {
          if (verbose_)
            console.out.write(
                fmt::format("{}\n  good    {}\n", where, verdict_and_reason(result.got, result.reason)));
          continue;
        }
        ++bad;
        console.out.write(where + "\n");
        if (!result.problem.empty()) {
          console.out.write(fmt::format("  cannot run: {}\n", make_visible(result.problem)));
        } else {
          console.out.write(fmt::format("  wanted  {}\n  got     {}\n",
                                        verdict_and_reason(example.want, example.reason),
                                        verdict_and_reason(result.got, result.reason)));
        }
      }
    }
    if (all == 0)
      return report(
          environment,
          Error{ErrorCode::usage, "none of these rules has an example, so nothing was tested", {}, {}});
    console.out.write(fmt::format(
        "{} of {}: {}.\n", plural(all, "example", "examples"), plural(chosen.size(), "rule", "rules"),
        bad == 0 ? "all come out as they say"
                 : fmt::format("{} {} differently", bad, bad == 1 ? "comes out" : "come out")));
    return bad == 0 ? ExitCode::ok : ExitCode::failed;
  }

 private:
  /// A misspelt glob must not look like a passed test.
  void complain_of_globs(const rule::RuleSet& rules, Diagnostics& problems) const {
    std::vector<std::string> ids;
    for (const auto& [id, rule] : rules) ids.push_back(id);
    for (const std::string& glob : globs_) {
      if (std::any_of(ids.begin(), ids.end(), [&](const std::string& id) { return glob_match(glob, id); }))
        continue;
      const auto near = nearest_name(glob, ids);
      problems.error(ErrorCode::usage, fmt::format("no rule fits {}", glob), {},
                     near ? fmt::format("did you mean {}?", *near) : "muster rule list names all");
    }
  }

  Inputs inputs_;
  std::vector<std::string> globs_;
  bool verbose_ = false;
};

}  // namespace

std::unique_ptr<Command> rule_test_command() { return std::make_unique<RuleTest>(); }

}  // namespace muster::cli
