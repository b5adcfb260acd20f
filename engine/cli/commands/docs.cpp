#include <fmt/format.h>

#include "cli/command.h"
#include "cli/docs_pages.h"
#include "cli/inputs.h"

namespace muster::cli {
namespace {

/// For those who build muster, hence hidden.
class Docs final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "docs",
            .summary = "Write the documents that are made from the code",
            .description = {},
            .examples = {{"muster docs docs", "After a change of commands, errors, rules or datasets."}},
            .exits = {{ExitCode::ok, "Written."}, {ExitCode::wrong_input, "A file cannot be written."}},
            .is_hidden = true};
  }

  void declare(Arguments& arguments) override {
    arguments.required("DIR", text(folder_), "The folder of the documents.");
  }

  ExitCode run(Environment& environment) override {
    const auto pages = make_docs_pages(environment.files);
    if (!pages) return report(environment, pages.error());
    for (const DocsPage& page : *pages) {
      const std::string path = join_path(folder_, page.name);
      if (const Status made = environment.files.make_folders(parent_path(path)); !made)
        return report(environment, made.error());
      const Status written = environment.files.write_file(path, page.text);
      if (!written) return report(environment, written.error());
      environment.console.out.write(fmt::format("{}\n", path));
    }
    return ExitCode::ok;
  }

 private:
  std::string folder_;
};

}  // namespace

std::unique_ptr<Command> docs_command() { return std::make_unique<Docs>(); }

}  // namespace muster::cli
