#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/rule_choice.h"
#include "cli/source_lines.h"
#include "evaluate/controls.h"
#include "policy/controls.h"
#include "rule/lint.h"

namespace muster::cli {
namespace {

class RuleLint final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "rule lint",
        .summary = "Find what Lua lets through in rules and the author cannot have meant",
        .description =
            "Unknown globals and fields, unused parameters and locals, fields compared with nil (a missing "
            "field makes the subject unknown, it is never nil), verdicts that are dropped, branches without "
            "a verdict, clocks and randomness, and what is declared in `reads` or `params` and never used, "
            "or read and not declared. A control that its framework does not have is an error.",
        .examples = {{"muster rule lint", "All rules."},
                     {"muster rule lint 'team.*' --rules rules", "Your own."}},
        .exits = {{ExitCode::ok, "Nothing was found."},
                  {ExitCode::failed, "Something was found."},
                  {ExitCode::wrong_input, "No rule fits, or a config or rule file is wrong."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.rest("GLOB", texts(globs_), "Ids of rules, as keys.max_age or 'keys.*'; all when absent.");
    inputs_.declare_config(arguments);
    inputs_.declare_rules(arguments);
  }

  ExitCode run(Environment& environment) override {
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
    const auto frameworks = policy::load_frameworks(problems);
    for (const auto& rule : chosen) evaluate::check_controls(*rule, frameworks, problems);
    if (problems.has_errors()) return report(environment, problems);
    if (chosen.empty() && specs.empty())
      return report(environment,
                    Error{ErrorCode::usage, "there is no rule, so nothing was looked at", {}, {}});
    std::size_t found = 0, files = chosen.size();
    const auto print = [&](const std::vector<rule::LintFinding>& findings) {
      for (const rule::LintFinding& finding : findings) {
        ++found;
        environment.console.out.write(fmt::format(
            "{}: {} [{}]\n{}{}", place_text(finding.place), make_visible(finding.message), finding.code,
            source_with_caret(finding.place),
            finding.hint.empty() ? "" : fmt::format("       = {}\n", make_visible(finding.hint))));
      }
    };
    std::map<std::string, std::string> libraries;  // by file
    for (const auto& rule : chosen) {
      print(rule::lint_rule(*rule));
      // "own/team/admins.lua" without "team/admins.lua" is the folder that has lib/.
      const std::string& file = rule->info().file;
      const std::string root =
          file.substr(0, file.size() - std::min(file.size(), rule->info().id.size() + 4));
      for (const auto& [name, text] : rule->library())
        libraries.emplace(fmt::format("{}lib/{}.lua", root, name), text);
    }
    for (const auto& [file, text] : libraries) print(rule::lint_text(text, file, rule::LintKind::library));
    for (const rule::SpecSource& spec : specs)
      print(rule::lint_text(spec.text, spec.file, rule::LintKind::spec));
    files += libraries.size() + specs.size();
    environment.console.out.write(
        fmt::format("{}: {}.\n", plural(files, "file", "files"),
                    found == 0 ? "nothing found" : plural(found, "finding", "findings")));
    return found == 0 ? ExitCode::ok : ExitCode::failed;
  }

 private:
  Inputs inputs_;
  std::vector<std::string> globs_;
};

}  // namespace

std::unique_ptr<Command> rule_lint_command() { return std::make_unique<RuleLint>(); }

}  // namespace muster::cli
