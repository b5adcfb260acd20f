#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/rule_pages.h"

namespace muster::cli {
namespace {

class RuleShow final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "rule show",
            .summary = "Show one rule: what it judges, why, its parameters, what it reads, its examples",
            .description = {},
            .examples =
                {{"muster rule show keys.max_age", "Everything about one rule."},
                 {"muster rule show keys.max_age --source > my-rules/keys/my_max_age.lua",
                  "A start for a rule of your own; its id must become keys.my_max_age, as its path says."}},
            .exits = {{ExitCode::ok, "Shown."},
                      {ExitCode::wrong_input, "There is no such rule, or a config or rule file is wrong."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("ID", text(id_), "The rule's id, as keys.max_age.");
    inputs_.declare_config(arguments);
    inputs_.declare_rules(arguments);
    arguments.flag("--source", source_, "Print the rule's file instead.");
    arguments.flag("--json", json_, "Write JSON.");
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    if (source_ && json_)
      return report(environment, Error{ErrorCode::usage, "--source and --json exclude each other", {}, {}});
    const auto config = inputs_.load(environment, {}, problems);
    rule::RuleSet rules;
    if (config) rules = load_rules(environment, *config, problems);
    if (problems.has_errors()) return report(environment, problems);
    const auto found = rules.find(id_);
    if (found == rules.end()) {
      std::vector<std::string> ids;
      for (const auto& [id, rule] : rules) ids.push_back(id);
      const auto near = nearest_name(id_, ids);
      return report(environment,
                    Error{ErrorCode::usage,
                          fmt::format("there is no rule {}", id_),
                          {},
                          near ? fmt::format("did you mean {}?", *near) : "muster rule list names all"});
    }
    Console& console = environment.console;
    const rule::RuleInfo& about = found->second->info();
    if (source_) {
      console.out.write(found->second->source());
    } else if (json_) {
      console.out.write(json::dump(rule_to_json(about), 2) + "\n");
    } else {
      console.out.write(render_rule(about, console.width));
    }
    return ExitCode::ok;
  }

 private:
  Inputs inputs_;
  std::string id_;
  bool source_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> rule_show_command() { return std::make_unique<RuleShow>(); }

}  // namespace muster::cli
