#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/scaffold.h"

namespace muster::cli {
namespace {

class Init final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "init",
        .summary =
            "Make the folder of a new project: config, policy, rules, waivers, attestations, roster, editor "
            "settings, CI",
        .description =
            "Writes muster.yaml, policies/, rules/, waivers.yaml, attestations.yaml, an example roster, what "
            "editors need (.luarc.json, .vscode/, .muster/), a CI snippet, and a .gitignore that keeps "
            "people's "
            "data and keys out of the repository. When any of these files is there already, nothing is "
            "written; only a .gitignore that is there stays as it is. With --editor only what editors need "
            "from this version of muster is written again (.muster/).",
        .examples = {{"muster init", "In the current folder."},
                     {"muster init access --organization northwind --ci gitlab", "In the folder access."},
                     {"muster init --editor", "After an update of muster: new schemas and stubs."}},
        .exits = {{ExitCode::ok, "Written."},
                  {ExitCode::wrong_input, "A file is there already or cannot be written."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.optional("DIR", text(folder_), "The folder; the current one when absent.");
    arguments.option("--organization", "NAME", text(organization_),
                     "A short name for the organization (default: my-company).");
    arguments.option("--ci", "SYSTEM",
                     word({"github", "gitlab", "none"},
                          [this](std::size_t i) {
                            ci_ = std::array{CiSystem::github, CiSystem::gitlab, CiSystem::none}[i];
                          }),
                     "Which CI snippet: github (the default), gitlab or none.");
    arguments.flag("--editor", editor_, "Write only .muster/, over what is there.");
  }

  ExitCode run(Environment& environment) override {
    const bool is_plain =
        !organization_.empty() &&
        std::all_of(organization_.begin(), organization_.end(),
                    [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }) &&
        organization_.front() != '-' && organization_.back() != '-';
    if (!is_plain)
      return report(
          environment,
          Error{ErrorCode::usage,
                fmt::format("--organization {}: a short name of small letters, digits and dashes is wanted",
                            make_visible(organization_)),
                {},
                {}});
    const Date today = date_of(environment.clock.now());
    std::vector<NewFile> files = editor_ ? editor_files() : scaffold_project(organization_, today, ci_);
    const auto is_there = [&](const NewFile& file) {
      return !editor_ && environment.files.kind(join_path(folder_, file.path)) != FileKind::none;
    };
    std::vector<std::string> taken, kept;
    for (const NewFile& file : files)
      if (is_there(file)) (file.yields ? kept : taken).push_back(join_path(folder_, file.path));
    if (!taken.empty())
      return report(environment, Error{ErrorCode::file_unwritable,
                                       fmt::format("{} {} there already; nothing was written",
                                                   fmt::join(taken, ", "), taken.size() == 1 ? "is" : "are"),
                                       {},
                                       "init is for a new folder; name another one"});
    std::erase_if(files, is_there);
    for (const NewFile& file : files) {
      const std::string path = join_path(folder_, file.path);
      if (const Status made = environment.files.make_folders(parent_path(path)); !made)
        return report(environment, made.error());
      if (const Status done = environment.files.write_file(path, file.text); !done)
        return report(environment, done.error());
      environment.console.out.write(make_visible(path) + "\n");
    }
    if (!editor_)
      environment.console.out.write(fmt::format(
          "\nNext{}:\n"
          "  muster rule test                  the shipped rules and yours come out as their examples say\n"
          "  muster policy lint policies/access.yaml\n"
          "  muster import EXPORT --out snapshots/FIRST …   a snapshot; see muster import --help\n"
          "  muster roster match               after you have put your roster into hr/\n"
          "  muster check --out out\n"
          "{}\n",
          folder_ == "." ? "" : ", in " + make_visible(folder_),
          kept.empty()
              ? ".gitignore keeps hr/, snapshots/, out/, .muster/, bundles and keys out of version control."
              : fmt::format("{} was there and stays as it is: keep hr/, snapshots/, out/, bundles and "
                            "keys out of version control.",
                            make_visible(kept.front()))));
    return ExitCode::ok;
  }

 private:
  std::string folder_ = ".";
  std::string organization_ = "my-company";
  CiSystem ci_ = CiSystem::github;
  bool editor_ = false;
};

}  // namespace

std::unique_ptr<Command> init_command() { return std::make_unique<Init>(); }

}  // namespace muster::cli
