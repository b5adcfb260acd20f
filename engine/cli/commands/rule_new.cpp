#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/scaffold.h"

namespace muster::cli {
namespace {

class RuleNew final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "rule new",
            .summary = "Write a rule to start from, with examples that pass",
            .description =
                "Writes FOLDER/<family>/<name>.lua, where FOLDER is --rules, else the first of the config's "
                "`rules:`, else rules. Nothing is overwritten, and no id that exists is taken.",
            .examples = {{"muster rule new team.named --subject user", "rules/team/named.lua"},
                         {"muster rule new keys.team_prefix --subject api_key --rules my-rules",
                          "In another folder."}},
            .exits = {{ExitCode::ok, "Written."},
                      {ExitCode::wrong_input, "The id is wrong or taken, or the file cannot be written."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("FAMILY.NAME", text(id_), "The id, which is also the file's place.");
    std::vector<std::string_view> words;
    for (const SubjectKind kind : kSubjectKinds) words.push_back(word_of(kind));
    arguments.option(
        "--subject", "KIND", word(words, [this](std::size_t i) { subject_ = kSubjectKinds[i]; }),
        "What it judges: user (the default), api_key, workspace, … as `muster rule list` shows them.");
    inputs_.declare_config(arguments);
    inputs_.declare_rules(arguments);
  }

  ExitCode run(Environment& environment) override {
    if (const std::string problem = problem_of_id(id_); !problem.empty())
      return report(environment, Error{ErrorCode::usage, problem, {}, {}});
    Diagnostics problems;
    const auto config = inputs_.load(environment, {}, problems);
    if (!config) return report(environment, problems);
    // A folder that is not there yet is made.
    Config present = *config;
    std::erase_if(present.rule_folders, [&](const std::string& folder) {
      return environment.files.kind(folder) == FileKind::none;
    });
    const rule::RuleSet rules = load_rules(environment, present, problems);
    if (problems.has_errors()) return report(environment, problems);
    if (const auto found = rules.find(id_); found != rules.end())
      return report(environment,
                    Error{ErrorCode::rule_duplicate,
                          fmt::format("the rule {} is there already: {}", id_, found->second->info().file),
                          {},
                          "give yours another id; nothing is overridden silently"});
    const std::string folder = config->rule_folders.empty() ? "rules" : config->rule_folders.front();
    const std::size_t dot = id_.find('.');
    const std::string path = join_path(folder, id_.substr(0, dot) + "/" + id_.substr(dot + 1) + ".lua");
    if (environment.files.kind(path) != FileKind::none)
      return report(environment, Error{ErrorCode::file_unwritable,
                                       fmt::format("{} is there already and is not overwritten", path),
                                       {},
                                       "take it away, or give another id"});
    if (const Status made = environment.files.make_folders(parent_path(path)); !made)
      return report(environment, made.error());
    if (const Status done = environment.files.write_file(path, scaffold_rule(id_, subject_)); !done)
      return report(environment, done.error());
    const bool is_found = !config->rule_folders.empty();
    const std::string option = is_found ? "" : " --rules " + folder;
    environment.console.out.write(
        fmt::format("{}\nNext: say in it what you mean, then\n  muster rule test {}{} --coverage --mutate\n  "
                    "muster rule lint {}{}\nand name it in a policy.\n",
                    path, id_, option, id_, option));
    return ExitCode::ok;
  }

 private:
  Inputs inputs_;
  std::string id_;
  SubjectKind subject_ = SubjectKind::user;
};

}  // namespace

std::unique_ptr<Command> rule_new_command() { return std::make_unique<RuleNew>(); }

}  // namespace muster::cli
