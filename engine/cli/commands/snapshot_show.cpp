#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/manifest_page.h"
#include "snapshot/snapshot.h"

namespace muster::cli {
namespace {

class SnapshotShow final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "snapshot show",
        .summary = "Show what a snapshot holds and how complete it is",
        .description =
            "Prints the manifest. Nothing is checked against it: that is what `muster snapshot verify` does.",
        .examples = {{"muster snapshot show", "The snapshot of muster.yaml."},
                     {"muster snapshot show snapshots/2026-11-20 --json", "Its manifest for a program."}},
        .exits = {{ExitCode::ok, "Shown."},
                  {ExitCode::wrong_input, "There is no snapshot."},
                  {ExitCode::integrity, "The manifest is malformed."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.optional(
        "DIR", text(folder_),
        "A snapshot, or a folder of snapshots of which the newest is taken; the config's when absent.");
    inputs_.declare_config(arguments);
    arguments.flag("--json", json_, "Write the manifest as JSON.");
  }

  ExitCode run(Environment& environment) override {
    std::string path;
    if (folder_) {
      path = *folder_;
    } else {
      Diagnostics problems;
      const auto config = inputs_.load(environment, {}, problems);
      if (!config) return report(environment, problems);
      if (config->snapshot.empty())
        return report(
            environment,
            Error{ErrorCode::usage, "no snapshot is named", {}, "give its folder: muster snapshot show DIR"});
      path = config->snapshot;
    }
    const auto folder = snapshot::find_snapshot(environment.files, path);
    if (!folder) return report(environment, folder.error());
    const auto manifest = snapshot::load_manifest(environment.files, *folder);
    if (!manifest) return report(environment, manifest.error());
    environment.console.out.write(json_ ? snapshot::render_manifest(*manifest)
                                        : fmt::format("{:14}{}\n", "snapshot", make_visible(*folder)) +
                                              render_manifest_page(*manifest));
    return ExitCode::ok;
  }

 private:
  Inputs inputs_;
  std::optional<std::string> folder_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> snapshot_show_command() { return std::make_unique<SnapshotShow>(); }

}  // namespace muster::cli
