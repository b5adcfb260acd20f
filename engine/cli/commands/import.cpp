#include "snapshot/import.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/manifest_page.h"
#include "cli/version.h"

namespace muster::cli {
namespace {

class Import final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "import",
            .summary = "Make a snapshot out of files that came from elsewhere",
            .description =
                "DIR holds <dataset>.jsonl, <dataset>.ndjson or <dataset>.json: one object a line, an array, "
                "or the API's list replies one after the other. A record that belongs to a "
                "parent carries the parent's id (`workspace_id`, `group_id`, `role_id`). `muster snapshot "
                "schema` lists the datasets and their fields. That a dataset is all there is your "
                "word: the snapshot says that its completeness was declared.",
            .examples = {{"muster import export/ --organization Northwind --out snapshots/2026-11-20",
                          "The files were exported just now."},
                         {"muster import export/ --organization Northwind --as-of 2026-11-18T06:00:00Z --out "
                          "snapshots/2026-11-18",
                          "They were exported earlier."}},
            .exits = {{ExitCode::ok, "The snapshot is written."},
                      {ExitCode::wrong_input,
                       "A file cannot be used, or the snapshot cannot be written; nothing is left behind."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("DIR", text(options_.folder), "The folder with the files.");
    arguments.option("--organization", "NAME", text(options_.organization),
                     "The organization's name, as reports show it. Required.");
    arguments.option("--organization-id", "ID", text(options_.organization_id),
                     "The organization's id, as the API knows it.");
    arguments.option("--as-of", "TIME", time(as_of_),
                     "When the files were exported; now when absent. Rules judge as of this instant.");
    arguments.option("--out", "SNAPSHOT", text(options_.out),
                     "The snapshot's folder, which must not be there yet. Required.");
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    if (options_.organization.empty())
      problems.error(ErrorCode::usage, "muster import needs --organization NAME: reports show it", {},
                     "see muster import --help");
    if (options_.out.empty())
      problems.error(ErrorCode::usage, "muster import needs --out SNAPSHOT: where the snapshot goes", {},
                     "see muster import --help");
    if (problems.has_errors()) return report(environment, problems);
    const bool is_said = as_of_.is_given();
    if (!is_said) as_of_.is_now = true;
    options_.as_of = as_of_.resolve(environment.clock);
    if (*options_.as_of > environment.clock.now())
      return report(environment, Error{ErrorCode::usage,
                                       fmt::format("--as-of {} lies ahead: files cannot be exported in the future",
                                                   format_rfc3339(*options_.as_of)),
                                       {},
                                       "give the time at which they were exported"});
    options_.collector = fmt::format("muster import {}", version());
    const auto manifest = snapshot::import_snapshot(environment.files, options_, problems);
    if (!manifest) return report(environment, problems);
    std::string out = render_manifest_page(*manifest) + fmt::format("\nWritten: {}, as of {}", options_.out,
                                                                    format_rfc3339(manifest->completed));
    out += is_said ? ".\n" : " (now; give --as-of when the files are older).\n";
    environment.console.out.write(out);
    return report(environment, problems);
  }

 private:
  snapshot::ImportOptions options_;
  TimeWish as_of_;
};

}  // namespace

std::unique_ptr<Command> import_command() { return std::make_unique<Import>(); }

}  // namespace muster::cli
