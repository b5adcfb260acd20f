#include <fmt/format.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"

namespace muster::cli {
namespace {

class RuleList final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "rule list",
        .summary = "List the rules",
        .description =
            "The shipped rules, and your own ones: those of the config's `rules:` folders, or of --rules.",
        .examples = {{"muster rule list", "Every rule with its severity and what it judges."},
                     {"muster rule list --json", "The same for a program."}},
        .exits = {{ExitCode::ok, "Listed."}, {ExitCode::wrong_input, "A config or rule file is wrong."}}};
  }

  void declare(Arguments& arguments) override {
    inputs_.declare_config(arguments);
    inputs_.declare_rules(arguments);
    arguments.flag("--json", json_, "Write JSON.");
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    const auto config = inputs_.load(environment, {}, problems);
    rule::RuleSet rules;
    if (config) rules = load_rules(environment, *config, problems);
    if (problems.has_errors()) return report(environment, problems);
    if (json_) {
      json::Array list;
      for (const auto& [id, rule] : rules) {
        const rule::RuleInfo& about = rule->info();
        list.emplace_back(json::Object{{"id", id},
                                       {"severity", word_of(about.severity)},
                                       {"subject", word_of(about.subject)},
                                       {"title", about.title},
                                       {"file", about.file}});
      }
      environment.console.out.write(json::dump(list, 2) + "\n");
      return ExitCode::ok;
    }
    TextTable table;
    for (const char* heading : {"rule", "severity", "judges", "title"}) table.column(heading);
    for (const auto& [id, rule] : rules) {
      const rule::RuleInfo& about = rule->info();
      table.row({id, std::string(word_of(about.severity)), std::string(word_of(about.subject)),
                 cell(about.title, 100)});
    }
    environment.console.out.write(table.render() + "\n" + plural(rules.size(), "rule", "rules") +
                                  ". muster rule show ID says more.\n");
    return ExitCode::ok;
  }

 private:
  Inputs inputs_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> rule_list_command() { return std::make_unique<RuleList>(); }

}  // namespace muster::cli
