#include <algorithm>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/rule_catalogue.h"
#include "cli/rule_choice.h"
#include "policy/controls.h"
#include "policy/policy.h"

namespace muster::cli {
namespace {

class RuleDoc final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "rule doc",
            .summary = "Write a catalogue of the rules: an index and a page each, Markdown and HTML",
            .description =
                "What each rule judges, why, the mending, parameters, what it reads, the controls it "
                "supports, its "
                "examples, and which policies select it (the config's and the shipped ones).",
            .examples = {{"muster rule doc --out catalogue", "All rules, Markdown and HTML."},
                         {"muster rule doc 'team.*' --rules rules --out catalogue --format html",
                          "Your own, for the intranet."}},
            .exits = {{ExitCode::ok, "Written."},
                      {ExitCode::wrong_input, "No rule fits, or a file is wrong or cannot be written."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.rest("GLOB", texts(globs_), "Ids of rules, as keys.max_age or 'keys.*'; all when absent.");
    arguments.option("--out", "DIR", text(out_),
                     "The folder to write to; files of the same names are replaced.");
    arguments.option("--format", "markdown|html",
                     word({"markdown", "html"},
                          [this](std::size_t i) {
                            options_.markdown = i == 0;
                            options_.html = i == 1;
                          }),
                     "Only one of the two.");
    inputs_.declare_config(arguments);
    inputs_.declare_policies(arguments);
    inputs_.declare_rules(arguments);
  }

  ExitCode run(Environment& environment) override {
    if (out_.empty())
      return report(environment,
                    Error{ErrorCode::usage, "nothing says where the catalogue goes", {}, "give --out DIR"});
    Diagnostics problems;
    const auto config = inputs_.load(environment, {}, problems);
    rule::RuleSet rules;
    if (config) rules = load_rules(environment, *config, problems);
    std::vector<std::shared_ptr<const rule::Rule>> chosen;
    if (config && !problems.has_errors()) chosen = choose_rules(rules, globs_, problems);
    CatalogueContext context;
    context.frameworks = policy::load_frameworks(problems);
    if (config && !problems.has_errors())
      context.policies = policies_by_rule(find_policies(environment, *config, problems));
    if (problems.has_errors()) return report(environment, problems);
    const std::vector<NewFile> files = render_catalogue(chosen, context, options_);
    for (const NewFile& file : files) {
      const std::string path = join_path(out_, file.path);
      if (const Status made = environment.files.make_folders(parent_path(path)); !made)
        return report(environment, made.error());
      if (const Status done = environment.files.write_file(path, file.text); !done)
        return report(environment, done.error());
    }
    environment.console.out.write(fmt::format("{}, {} in {}\n", plural(chosen.size(), "rule", "rules"),
                                              plural(files.size(), "file", "files"), out_));
    return ExitCode::ok;
  }

 private:
  static std::vector<Policy> find_policies(const Environment& environment, const Config& config,
                                           Diagnostics& problems) {
    std::vector<std::string> names = config.policies;
    for (const std::string& shipped : policy::shipped_policies())
      if (std::find(names.begin(), names.end(), shipped) == names.end()) names.push_back(shipped);
    std::vector<Policy> out;
    for (const std::string& name : names)
      if (auto loaded = policy::load_policy(environment.files, name, shown_path(config, name), problems))
        out.push_back(std::move(*loaded));
    return out;
  }

  Inputs inputs_;
  std::vector<std::string> globs_;
  std::string out_;
  CatalogueOptions options_;
};

}  // namespace

std::unique_ptr<Command> rule_doc_command() { return std::make_unique<RuleDoc>(); }

}  // namespace muster::cli
