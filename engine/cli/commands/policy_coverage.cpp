#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/coverage.h"
#include "cli/inputs.h"
#include "policy/controls.h"
#include "policy/policy.h"

namespace muster::cli {
namespace {

class PolicyCoverage final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "policy coverage",
        .summary = "Show what rules and attestations hold up each control of a framework",
        .description =
            "For each control of the framework's identity and access part: the rules of the policies that "
            "support it, those that support it and are not selected, and what no rule sees. A control is "
            "covered when rules see the whole of it and all of them are selected, or when an attestation "
            "fills what they do not see; it is open when nothing looks. An attestation counts while it "
            "holds, and never in place of a rule that is not selected. Without policies, as if all rules "
            "were selected.",
        .examples = {{"muster policy coverage --framework soc2", "By the config's policies, or all rules."},
                     {"muster policy coverage --framework pci4 --policy anthropic-pci4 --attestations "
                      "attestations.yaml",
                      "By one policy and what people answer for."},
                     {"muster policy coverage --json", "All frameworks, for programs."}},
        .exits = {{ExitCode::ok, "Written. Gaps do not change the exit code."},
                  {ExitCode::wrong_input, "There is no such framework, or a file is wrong."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.option("--framework", "NAME", text(framework_), "soc2, iso27001 …; all when absent.");
    inputs_.declare_config(arguments);
    inputs_.declare_policies(arguments);
    inputs_.declare_rules(arguments);
    arguments.option("--attestations", "FILE", text(attestations_),
                     "What people answer for, instead of the config's `attestations`.");
    arguments.option("--as-of", "TIME", time(as_of_),
                     "The instant as of which attestations hold; now when absent.");
    arguments.flag("--json", json_, "Write JSON.");
    arguments.flag("--markdown", markdown_, "Write Markdown: a table for each framework.");
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    const auto config = inputs_.load(environment, {}, problems);
    if (!config) return report(environment, problems);
    const rule::RuleSet rules = load_rules(environment, *config, problems);
    const std::vector<Framework> frameworks = policy::load_frameworks(problems);
    std::vector<const Framework*> chosen;
    for (const Framework& framework : frameworks)
      if (framework_.empty() || framework.id == framework_) chosen.push_back(&framework);
    if (chosen.empty()) {
      std::vector<std::string> names;
      for (const Framework& framework : frameworks) names.push_back(framework.id);
      const auto near = nearest_name(framework_, names);
      problems.error(
          ErrorCode::usage, fmt::format("there is no framework '{}'", make_visible(framework_)), {},
          near ? fmt::format("did you mean '{}'?", *near) : fmt::format("known: {}", fmt::join(names, ", ")));
    }
    std::vector<Policy> policies;
    for (const std::string& name : config->policies)
      if (auto loaded = policy::load_policy(environment.files, name, shown_path(*config, name), problems))
        policies.push_back(std::move(*loaded));
    std::vector<Attestation> attestations;
    const std::string file = attestations_.empty() ? config->attestations : attestations_;
    if (!file.empty())
      if (auto loaded =
              policy::load_attestations(environment.files, file, shown_path(*config, file), problems))
        attestations = std::move(*loaded);
    std::vector<evaluate::Entry> entries;
    if (!problems.has_errors())
      entries = config->policies.empty() ? entries_of_all(rules)
                                         : evaluate::bind_policies(policies, rules, {}, problems);
    evaluate::check_controls(entries, frameworks, problems);
    evaluate::check_controls(attestations, frameworks, problems);
    if (problems.has_errors()) return report(environment, problems);
    const Instant as_of = as_of_.resolve(environment.clock).value_or(environment.clock.now());
    const auto states = evaluate::describe_attestations(attestations, frameworks, as_of);
    json::Array all;
    std::string page;
    for (const Framework* framework : chosen) {
      const FrameworkCover cover{framework,
                                 evaluate::cover_controls(*framework, frameworks, entries, rules, states)};
      if (json_)
        all.push_back(coverage_to_json(cover));
      else if (markdown_)
        page += (page.empty() ? "" : "\n") + coverage_to_markdown(cover);
      else
        page += (page.empty() ? "" : "\n") + render_coverage(cover, environment.console.width);
    }
    if (json_) page = json::dump(json::Value(std::move(all)), 2);
    for (const AttestationResult& state : states)
      if (const std::string why = evaluate::explain_attestation(state); !why.empty() && !json_)
        page += (markdown_ ? "\n" : "") + make_visible(why) + "\n";
    environment.console.out.write(json_ ? page + "\n" : page);
    return report(environment, problems);
  }

 private:
  Inputs inputs_;
  std::string framework_, attestations_;
  TimeWish as_of_;
  bool json_ = false, markdown_ = false;
};

}  // namespace

std::unique_ptr<Command> policy_coverage_command() { return std::make_unique<PolicyCoverage>(); }

}  // namespace muster::cli
