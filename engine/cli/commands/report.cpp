#include "reports/report.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/results_file.h"
#include "cli/wishes.h"

namespace muster::cli {
namespace {

class Report final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "report",
            .summary = "Render the results of a run that is over",
            .description =
                "Renders reports from results.json alone: nothing is evaluated again, and the same results "
                "give the same bytes, today or in years. A SHA256SUMS beside the results is checked first.",
            .examples = {{"muster report out --format markdown >> \"$GITHUB_STEP_SUMMARY\"",
                          "The summary page of a CI job."},
                         {"muster report out --format github", "Annotations of a step of GitHub Actions."},
                         {"muster report results.json --format oscal=ar.json --format sarif=muster.sarif",
                          "Several, into files."}},
            .exits = {{ExitCode::ok, "The reports are written, whatever the run came to."},
                      {ExitCode::wrong_input,
                       "A wrong call, no results of a run, or an output that cannot be written."},
                      {ExitCode::integrity, "The results are not those that SHA256SUMS lists."},
                      {ExitCode::internal, "A bug in muster."},
                      {ExitCode::interrupted, "Interrupted; nothing half-written is left."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("RUN", text(run_), "The folder of `muster check --out`, or a results.json.");
    arguments.list(
        "-f,--format", "NAME[=PATH]",
        [this](const std::string& given) -> Status {
          if (given.find('=') == std::string::npos) {
            const auto format = parse_format(given);
            if (!format) return tl::unexpected(format.error());
            wishes_.push_back({*format, ""});
            return {};
          }
          auto wish = parse_wish(given);
          if (!wish) return tl::unexpected(wish.error());
          wishes_.push_back(std::move(*wish));
          return {};
        },
        fmt::format("A report, into a file or without a path to the standard output; the formats are {}.",
                    fmt::join(format_names(), ", ")));
    arguments.option("--junit-cases", "rule|subject",
                     word({"rule", "subject"},
                          [this](std::size_t i) {
                            options_.junit_cases =
                                i == 0 ? reports::JunitCases::rule : reports::JunitCases::subject;
                          }),
                     "What a JUnit test case is (default: rule).");
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    if (wishes_.empty())
      problems.error(ErrorCode::usage, "no report is named", {},
                     fmt::format("give --format NAME or --format NAME=PATH; the formats are {}",
                                 fmt::join(format_names(), ", ")));
    if (std::count_if(wishes_.begin(), wishes_.end(), [](const Wish& wish) { return wish.path.empty(); }) > 1)
      problems.error(ErrorCode::usage, "two reports would be mixed on the standard output", {},
                     "give them paths, as in --format junit=junit.xml");
    if (problems.has_errors()) return report(environment, problems);
    const auto results = load_results(environment, run_);
    if (!results) return report(environment, results.error());
    check_outputs(environment, *results, problems);
    if (problems.has_errors()) return report(environment, problems);
    for (const Wish& wish : wishes_) {
      if (const Status written = write(environment, *results, wish); !written)
        return report(environment, written.error());
    }
    return ExitCode::ok;
  }

 private:
  static std::string real_place(const Environment& environment, const std::string& path) {
    return join_path(environment.working_folder, path);
  }

  void check_outputs(const Environment& environment, const ResultsFile& results,
                     Diagnostics& problems) const {
    std::vector<std::string> taken{real_place(environment, results.path),
                                   real_place(environment, join_path(results.folder, "SHA256SUMS"))};
    for (const Wish& wish : wishes_) {
      if (wish.path.empty()) continue;
      const std::string given = fmt::format("{}={}", wish.format->name, wish.path);
      if (environment.files.kind(wish.path) == FileKind::folder)
        problems.error(ErrorCode::usage,
                       fmt::format("--format {}: that is a folder, and a file is wanted", given));
      const std::string place = real_place(environment, wish.path);
      if (std::find(taken.begin(), taken.end(), place) != taken.end())
        problems.error(ErrorCode::usage,
                       fmt::format("--format {} would replace the results or another report", given), {},
                       "give it a path of its own");
      taken.push_back(place);
    }
  }

  [[nodiscard]] Status write(Environment& environment, const ResultsFile& results, const Wish& wish) const {
    reports::ReportOptions options = options_;
    const std::string populations = join_path(results.folder, "populations");
    const bool has_populations = environment.files.kind(populations) == FileKind::folder;
    if (wish.path.empty()) {
      options.width = environment.console.width;
      if (has_populations) options.evidence = results.folder;
      const auto rendered = reports::render_all(*wish.format, results.run, options);
      if (rendered.size() > 1)
        return fail(ErrorCode::usage,
                    fmt::format("{} has {} files, and the standard output is one", wish.format->name,
                                rendered.size()),
                    {}, fmt::format("give it a path: --format {}=PATH", wish.format->name));
      for (const reports::Rendered& each : rendered) environment.console.out.write(each.bytes);
      return {};
    }
    if (has_populations)
      options.evidence = relative_path(real_place(environment, results.folder),
                                       real_place(environment, parent_path(wish.path)));
    const auto written =
        reports::write_report(environment.files, *wish.format, results.run, options, wish.path);
    if (!written) return tl::unexpected(written.error());
    environment.console.err.write(
        wrap(fmt::format("{}", fmt::join(*written, ", ")), "Written: ", 9, environment.console.width));
    return {};
  }

  std::string run_;
  std::vector<Wish> wishes_;
  reports::ReportOptions options_;
};

}  // namespace

std::unique_ptr<Command> report_command() { return std::make_unique<Report>(); }

}  // namespace muster::cli
