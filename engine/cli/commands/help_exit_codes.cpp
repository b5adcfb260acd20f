#include "cli/command.h"
#include "cli/help.h"

namespace muster::cli {
namespace {

class HelpExitCodes final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "help exit-codes",
            .summary = "List the exit codes",
            .description = {},
            .examples = {{"muster help exit-codes", "All of them with what they mean."}},
            .exits = {{ExitCode::ok, "Listed."}}};
  }
  void declare(Arguments&) override {}
  ExitCode run(Environment& environment) override {
    environment.console.out.write(render_exit_codes(environment.console.width));
    return ExitCode::ok;
  }
};

}  // namespace

std::unique_ptr<Command> help_exit_codes_command() { return std::make_unique<HelpExitCodes>(); }

}  // namespace muster::cli
