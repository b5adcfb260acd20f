#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/parallel.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/results_file.h"
#include "cli/version.h"
#include "reports/merge.h"
#include "reports/report.h"

namespace muster::cli {
namespace {

class ReportMerge final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "report merge",
        .summary = "Join the runs of several organizations into one",
        .description =
            "Writes a folder as `muster check --out` does, of several runs. Every name gets its "
            "organization's before it, so that nothing of two organizations is taken for one; the "
            "subjects of one are not applicable to the rules of another. The runs may be as of different "
            "instants and by different versions of muster: the earliest instant stands for all, and a "
            "notice says each run's. One organization twice, different gates, and a baseline for some "
            "only are refused. `muster report` renders the result. It is no evidence by itself: it cannot "
            "be bundled or replayed, the runs can.",
        .examples = {{"muster report merge north/out south/out --out all",
                      "One results.json, one JUnit file; the exit code is the worst of the runs."},
                     {"muster report merge north/out south/out -o all && muster report all -f html=all.html",
                      "And a page of it, when nothing fails."}},
        .exits = {{ExitCode::ok, "Everything was decided and nothing failed, in every run."},
                  {ExitCode::failed, "Something failed in one of the runs."},
                  {ExitCode::undecided, "Something could not be decided in one of the runs."},
                  {ExitCode::failed_and_undecided, "Both, in one or in two."},
                  {ExitCode::wrong_input,
                   "A wrong call, runs that do not go together, or an output that cannot be written."},
                  {ExitCode::integrity, "Results are not those that their SHA256SUMS lists."},
                  {ExitCode::internal, "A bug in muster."},
                  {ExitCode::interrupted, "Interrupted; nothing half-written is left."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required_rest("RUN", texts(runs_), "Folders of `muster check --out`, or results.json files.");
    arguments.option("-o,--out", "DIR", text(out_), "The folder to write.");
    arguments.flag("--with-what-ifs", options_.with_what_ifs,
                   "Take runs that judged as of another instant than their snapshot's; the result is then a "
                   "what-if.");
  }

  ExitCode run(Environment& environment) override {
    if (!out_)
      return report(environment,
                    {ErrorCode::usage, "no folder is named for the result", {}, "give --out DIR"});
    const auto place = [&](const std::string& path) { return join_path(environment.working_folder, path); };
    std::vector<reports::MergePart> parts;
    Diagnostics problems;
    for (const std::string& path : runs_) {
      auto results = load_results(environment, path);
      if (!results) {
        problems.error(results.error());
        continue;
      }
      if (place(results->folder) == place(*out_))
        problems.error(ErrorCode::usage, fmt::format("--out {} would replace the run {}", *out_, path), {},
                       "give a folder of its own");
      parts.push_back({path, std::move(results->sha256), std::move(results->run)});
    }
    if (problems.has_errors()) return report(environment, problems);
    options_.tool_version = version();
    const auto merged = reports::merge_runs(std::move(parts), options_);
    if (!merged) return report(environment, merged.error());
    const auto taken = environment.take_folder(*out_, "report merge");
    if (!taken) return report(environment, taken.error());
    RunTimes times;
    times.checked_at = environment.clock.now();
    times.origin.command = environment.command;
    reports::ReportOptions options;
    options.jobs = available_cores();
    const auto written = reports::write_output_folder(environment.files, *merged, times, options, *out_);
    if (!written) return report(environment, written.error());
    options.width = environment.console.width;
    options.quiet = true;
    for (const reports::Rendered& rendered :
         reports::render_all(*reports::find_format("text"), *merged, options))
      environment.console.out.write(rendered.bytes);
    environment.console.out.write(fmt::format("Written: {}\n", *out_));
    return merged->exit;
  }

 private:
  std::vector<std::string> runs_;
  std::optional<std::string> out_;
  reports::MergeOptions options_;
};

}  // namespace

std::unique_ptr<Command> report_merge_command() { return std::make_unique<ReportMerge>(); }

}  // namespace muster::cli
