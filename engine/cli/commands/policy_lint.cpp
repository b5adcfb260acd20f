#include <fmt/format.h>

#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "evaluate/bind.h"
#include "evaluate/controls.h"
#include "policy/controls.h"
#include "policy/policy.h"

namespace muster::cli {
namespace {

class PolicyLint final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "policy lint",
        .summary = "Check policy files against the rules",
        .description =
            "Reads each policy and fits it to the rules: unknown rules and parameters, wrong values, scopes "
            "on fields that are not there, controls that no framework has. All problems are printed at once.",
        .examples = {{"muster policy lint policies/access.yaml", "One file."},
                     {"muster policy lint policies/*.yaml --rules my-rules", "All, with rules of your own."}},
        .exits = {{ExitCode::ok, "All are right."},
                  {ExitCode::wrong_input, "A policy or rule file is wrong."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required_rest("FILE", texts(files_), "A policy file, or a shipped policy's name.");
    inputs_.declare_config(arguments);
    inputs_.declare_rules(arguments);
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    const auto config = inputs_.load(environment, {}, problems);
    if (!config) return report(environment, problems);
    const rule::RuleSet rules = load_rules(environment, *config, problems);
    const std::vector<Framework> frameworks = policy::load_frameworks(problems);
    std::string lines;
    for (const std::string& file : files_) {
      Diagnostics of_file;
      auto policy = policy::load_policy(environment.files, file, file, of_file);
      if (policy && !problems.has_errors())
        evaluate::check_controls(evaluate::bind_policies(std::span(&*policy, 1), rules, {}, of_file),
                                 frameworks, of_file);
      for (const Error& warning : of_file.warnings())
        problems.warning(warning.code, warning.message, warning.place, warning.hint);
      for (const Error& error : of_file.errors()) problems.error(error);
      if (policy && !of_file.has_errors())
        lines += fmt::format("{}: OK, {}\n", file, plural(policy->entries.size(), "rule", "rules"));
    }
    if (!problems.has_errors()) environment.console.out.write(lines);
    return report(environment, problems);
  }

 private:
  Inputs inputs_;
  std::vector<std::string> files_;
};

}  // namespace

std::unique_ptr<Command> policy_lint_command() { return std::make_unique<PolicyLint>(); }

}  // namespace muster::cli
