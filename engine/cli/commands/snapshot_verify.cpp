#include <algorithm>

#include <fmt/format.h>

#include "base/parallel.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "snapshot/ledger.h"
#include "snapshot/snapshot.h"

namespace muster::cli {
namespace {

class SnapshotVerify final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "snapshot verify",
            .summary = "Check that a snapshot is what its manifest says",
            .description =
                "Reads every file whole: digests, sizes, row counts, and that every line is a valid record. "
                "Prints everything that is wrong.",
            .examples = {{"muster snapshot verify snapshots/2026-11-20", "One snapshot."},
                         {"muster snapshot verify snapshots && muster check",
                          "The newest one, before it is used."}},
            .exits = {{ExitCode::ok, "All is as the manifest says."},
                      {ExitCode::wrong_input, "There is no snapshot, or it is of another version."},
                      {ExitCode::integrity, "Something is not as the manifest says."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("DIR", text(folder_),
                       "A snapshot, or a folder of snapshots of which the newest is taken.");
  }

  ExitCode run(Environment& environment) override {
    const auto folder = snapshot::find_snapshot(environment.files, folder_);
    if (!folder) return report(environment, folder.error());
    Diagnostics problems;
    for (Error& error : snapshot::verify_snapshot_and_ledger(environment.files, *folder, available_cores()))
      problems.error(std::move(error));
    if (problems.has_errors()) return report(environment, problems);
    const auto manifest = snapshot::load_manifest(environment.files, *folder);
    if (!manifest) return report(environment, manifest.error());
    std::uint64_t files = 0, rows = 0;
    for (const snapshot::DatasetManifest& row : manifest->datasets) {
      files += row.sha256.empty() ? 0 : 1;
      rows += row.rows;
    }
    environment.console.out.write(fmt::format("{}: OK, {} with {}, as the manifest says.\n",
                                              make_visible(*folder), plural(files, "dataset", "datasets"),
                                              plural(rows, "row", "rows")));
    return ExitCode::ok;
  }

 private:
  std::string folder_;
};

}  // namespace

std::unique_ptr<Command> snapshot_verify_command() { return std::make_unique<SnapshotVerify>(); }

}  // namespace muster::cli
