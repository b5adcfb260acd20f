#include "cli/command.h"
#include "cli/help.h"

namespace muster::cli {
namespace {

class HelpErrors final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "help errors",
            .summary = "List the error codes",
            .description = {},
            .examples = {{"muster help errors", "All of them with what they mean."}},
            .exits = {{ExitCode::ok, "Listed."}}};
  }
  void declare(Arguments&) override {}
  ExitCode run(Environment& environment) override {
    environment.console.out.write(render_errors(environment.console.width));
    return ExitCode::ok;
  }
};

}  // namespace

std::unique_ptr<Command> help_errors_command() { return std::make_unique<HelpErrors>(); }

}  // namespace muster::cli
