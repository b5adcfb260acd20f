#include "evaluate/check.h"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/digest.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cli/bundling.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/origin.h"
#include "cli/progress.h"
#include "cli/version.h"
#include "cli/wishes.h"
#include "policy/policy.h"
#include "reports/json/results.h"
#include "reports/report.h"

namespace muster::cli {
namespace {

constexpr unsigned kMostJobs = 1024;

/// Options that say where results go and how they look; the others are recorded, so that the run can be
/// performed again.
constexpr std::string_view kOutputOptions[] = {"--out",   "--bundle",  "--report", "--junit-cases",
                                               "--jobs",  "--timings", "--quiet",  "--verbose",
                                               "--color", "--ratchet"};

/// The argument's name and text are put before the message by who called.
tl::unexpected<Error> without_prefix(Error error, std::string_view prefix) {
  if (error.message.starts_with(prefix)) error.message.erase(0, prefix.size());
  return tl::unexpected(std::move(error));
}

/// The file that a path means, whatever way it is written.
std::string real_place(const Environment& environment, const std::string& path) {
  return join_path(environment.working_folder, path);
}

/// The files that this run reads by name: a report must not replace one of them.
std::vector<std::string> read_files(const Config& config) {
  std::vector<std::string> paths{config.file, config.links, config.nonhuman, config.waivers,
                                 config.attestations};
  for (const RosterSource& source : config.rosters) paths.push_back(source.path);
  paths.insert(paths.end(), config.policies.begin(), config.policies.end());
  if (!config.snapshot.empty()) paths.push_back(join_path(config.snapshot, "manifest.json"));
  std::erase(paths, "");
  return paths;
}

class Check final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "check",
            .summary = "Test a snapshot against policies and write the results",
            .description =
                "Reads the snapshot, the roster, the policies and the rules that they select, judges every "
                "subject of every rule, prints the results for people and writes them "
                "for machines. The same inputs give the same results, whatever the machine, the number of "
                "jobs, the time zone or the day.",
            .examples = {{"muster check", "Check what muster.yaml names; nothing is written."},
                         {"muster check --out out --report junit=junit.xml",
                          "Write results.json, JUnit, the verdict of every subject and digests to out/, and "
                          "a JUnit file for the CI system."},
                         {"muster check --snapshot snapshots/latest --roster hr.csv --policy "
                          "anthropic-baseline --fail-on high",
                          "Without a config: a shipped policy, and only failures of severity high and "
                          "critical fail the run."},
                         {"muster check --baseline baseline.json --ratchet --out out",
                          "In CI: only failures that baseline.json (an earlier out/results.json) does not "
                          "have fail the run; when some are gone and none is new, it is moved forward."},
                         {"muster check --rule 'keys.*' --param keys.max_age.days=30 --verbose",
                          "Try one family of rules with another limit, and list everything."}},
            .exits = {{ExitCode::ok,
                       "Everything was decided and nothing failed at or above the gate, or only "
                       "what the baseline has."},
                      {ExitCode::failed,
                       "Something failed at or above the gate that the baseline, if there "
                       "is one, does not excuse."},
                      {ExitCode::undecided, "Something could not be decided, or no rule was selected."},
                      {ExitCode::failed_and_undecided, "Both."},
                      {ExitCode::wrong_input, "A wrong call or input, or an output that cannot be written."},
                      {ExitCode::integrity, "The snapshot is not what its manifest says."},
                      {ExitCode::internal, "A bug in muster."},
                      {ExitCode::interrupted, "Interrupted; nothing half-written is left."}}};
  }

  void declare(Arguments& arguments) override {
    Arguments own;
    declare_all(own);
    for (Argument argument : own.all()) {
      const std::string name(argument.main_name());
      const auto& bundling = Bundling::option_names();
      const bool is_output =
          std::find(std::begin(kOutputOptions), std::end(kOutputOptions), name) != std::end(kOutputOptions) ||
          std::find(bundling.begin(), bundling.end(), name) != bundling.end();
      if (!is_output) {
        argument.take = [this, name, is_flag = argument.kind == Argument::Kind::flag,
                         take = argument.take](const std::string& given) -> Status {
          given_.push_back(is_flag ? name : fmt::format("{}={}", name, given));
          return take(given);
        };
      }
      arguments.add(std::move(argument));
    }
  }

  ExitCode run(Environment& environment) override {
    RecordingFiles recorder(environment.files);
    Environment seen{recorder,
                     environment.clock,
                     environment.console,
                     environment.working_folder,
                     environment.is_interrupted,
                     environment.command,
                     environment.variable,
                     environment.take_folder};
    return run(seen, recorder);
  }

 private:
  void declare_all(Arguments& arguments) {
    inputs_.declare_all(arguments);
    arguments.list("--rule", "GLOB", texts(request_.bind.rule_globs),
                   "Only rules whose id or name in the policy fits.");
    arguments.repeatable(
        "--param", "RULE.NAME=VALUE",
        [this](const std::string& given) -> Status {
          auto param = policy::parse_param(given);
          if (!param) return without_prefix(param.error(), fmt::format("--param {}: ", given));
          request_.bind.overrides.push_back(std::move(*param));
          return {};
        },
        "A parameter instead of the policy's.");
    arguments.option("--as-of", "TIME", time(as_of_),
                     "Judge as of this instant instead of the snapshot's: a what-if, and every report says "
                     "so. A time, a date, or now.");
    std::vector<std::string_view> severities;
    for (const Severity severity : kSeverities) severities.push_back(word_of(severity));
    arguments.option(
        "--fail-on", "SEVERITY",
        word(severities, [this](std::size_t i) { request_.fail_on = kSeverities[i]; }),
        "The gate: failures below this severity are shown but do not fail the run. critical, "
        "high, medium, low or info (default: what the policies say by `fail_on`, else info, every failure).");
    arguments.option("--baseline", "FILE", text(baseline_),
                     "Results of an earlier run on this organization. A failure that they have too, at this "
                     "severity or a graver one, is shown but does not fail the run. Nothing else is excused: "
                     "not what is new, what came back after it was resolved, whose waiver has ended or whose "
                     "severity rose, and never what is undecided.");
    arguments.flag("--ratchet", ratchets_,
                   "Put this run's results in the place of --baseline when failures of it are resolved, none "
                   "is new or back, and all of it was tested and decided. Otherwise it stays as it is.");
    arguments.option("--out", "DIR", text(out_),
                     "Write results.json, junit.xml, populations/, run.json and SHA256SUMS to this folder.");
    arguments.option("--bundle", "FILE", text(bundle_),
                     "Pack the run with its inputs into this archive, as `muster bundle` does.");
    bundling_.declare(arguments);
    arguments.list(
        "--report", "FORMAT=PATH",
        [this](const std::string& given) -> Status {
          auto wish = parse_wish(given);
          if (!wish) return tl::unexpected(wish.error());
          wishes_.push_back(std::move(*wish));
          return {};
        },
        fmt::format("Write one report to a file; the formats are {}.", fmt::join(format_names(), ", ")));
    arguments.option("--junit-cases", "rule|subject",
                     word({"rule", "subject"},
                          [this](std::size_t i) {
                            options_.junit_cases =
                                i == 0 ? reports::JunitCases::rule : reports::JunitCases::subject;
                          }),
                     "What a JUnit test case is (default: rule).");
    arguments.option("--jobs", "N", whole_number(request_.jobs, 1, kMostJobs),
                     "Workers (default: one for each core). The results do not depend on it.");
    arguments.flag("--timings", options_.with_timings,
                   "Print how long each phase took, and put real times into JUnit.");
    arguments.flag("-q,--quiet", options_.quiet, "Print the outcome in one line.");
    arguments.flag("-v,--verbose", options_.verbose, "Print every finding, every reason and every input.");
    arguments.option(
        "--color", "WHEN",
        word({"auto", "always", "never"},
             [this](std::size_t i) {
               colour_ = std::array{ColourWish::automatic, ColourWish::always, ColourWish::never}[i];
             }),
        "auto, always or never; auto colours a terminal unless NO_COLOR is set.");
  }

  ExitCode run(Environment& environment, const RecordingFiles& recorder) {
    Diagnostics problems;
    if (options_.quiet && options_.verbose)
      problems.error(ErrorCode::usage, "--quiet and --verbose exclude each other");
    const auto config = inputs_.load(environment, {.snapshot = true, .policies = true}, problems);
    if (ratchets_ && !baseline_)
      problems.error(ErrorCode::usage, "--ratchet moves a baseline forward, and there is no --baseline FILE");
    if (ratchets_ && as_of_.is_given())
      problems.error(ErrorCode::usage, "--as-of makes a what-if, which is no baseline: leave out --ratchet");
    if (config) check_outputs(environment, *config, problems);
    if (config && baseline_) load_baseline(environment, *config, problems);
    if (const Status fine = bundling_.check(); !fine) problems.error(fine.error());
    if (!bundle_ && bundling_.is_given())
      problems.error(ErrorCode::usage, "an option of bundles is given, and there is no --bundle FILE");
    if (problems.has_errors()) return report(environment, problems);

    // Without --out the run is written beside the bundle, and taken away when it is packed.
    const bool is_passing = bundle_ && !out_;
    if (is_passing) out_ = join_path(parent_path(*bundle_), fmt::format(".{}.run", file_name(*bundle_)));
    std::shared_ptr<void> taken;
    if (out_) {
      auto lock = environment.take_folder(*out_, "check");
      if (!lock) {
        const ExitCode code = report(environment, lock.error());
        environment.console.err.write("Nothing was written.\n");
        return code;
      }
      taken = std::move(*lock);
    }
    struct Passing {
      FileSystem& files;
      std::string folder;
      ~Passing() {
        if (!folder.empty()) static_cast<void>(files.remove_all(folder));
      }
    } const passing{environment.files, is_passing ? *out_ : ""};

    request_.config = *config;
    request_.as_of = as_of_.resolve(environment.clock);
    request_.tool_version = version();
    if (request_.jobs == 0) request_.jobs = available_cores();
    std::optional<evaluate::CheckResult> result;
    {
      Progress progress(environment);
      request_.progress = [&](const std::string& phase, std::size_t done, std::size_t all) {
        progress.show(phase, done, all);
      };
      result = evaluate::check(environment.files, environment.clock, request_, problems);
    }
    if (!result) return report(environment, problems);
    if (environment.is_interrupted) return ExitCode::interrupted;

    if (out_) {
      auto origin = describe_origin(environment, recorder.opened(), given_, *config, result->run, *out_);
      if (!origin) return report(environment, origin.error());
      result->times.origin = std::move(*origin);
    }
    const Written written = write_files(environment, *result);
    print(environment, *result, written);
    if (options_.quiet) print_slips(environment, problems);
    if (written.failure) {
      static_cast<void>(report(environment, *written.failure));
      environment.console.err.write(
          written.paths.empty() ? "Nothing was written.\n"
                                : fmt::format("Written before that: {}.\n", fmt::join(written.paths, ", ")));
      return error_row(written.failure->code).exit;
    }
    if (bundle_) {
      const auto folder = load_run_folder(environment, *out_);
      if (!folder) return report(environment, folder.error());
      if (const ExitCode bundled = bundling_.make(environment, *folder, *bundle_); bundled != ExitCode::ok)
        return bundled;
    }
    // Last: the bundle holds the baseline that was read.
    if (ratchets_ && !environment.is_interrupted) {
      const auto said = ratchet(environment, result->run);
      if (!said) return report(environment, said.error());
      environment.console.err.write(*said + "\n");
    }
    return result->run.exit;
  }

  struct Written {
    std::vector<std::string> paths;
    std::optional<Error> failure;
  };

  void load_baseline(const Environment& environment, const Config& config, Diagnostics& problems) {
    const std::string path = placed(environment, config, *baseline_);
    const auto bytes = environment.files.read_file(path);
    if (!bytes) return problems.error(bytes.error());
    auto run = reports::parse_results(*bytes, *baseline_);
    if (!run) return problems.error(run.error());
    request_.baseline = std::make_shared<evaluate::Baseline>(
        evaluate::Baseline{std::move(*run), path, sha256_hex(*bytes), bytes->size()});
  }

  /// Never backward: the new baseline excuses a part of what the old one does, and no more. Says in a
  /// sentence what became of it.
  Result<std::string> ratchet(Environment& environment, const Run& run) const {
    const BaselineResult& baseline = *run.baseline;
    const auto stays = [&](const std::string& why) {
      return fmt::format("The baseline {} stays as it is: {}.", *baseline_, why);
    };
    if (baseline.new_here + baseline.regressed > 0)
      return stays(fmt::format("{} new and {} back", plural(baseline.new_here, "failure is", "failures are"),
                               baseline.regressed));
    if (baseline.untested > 0)
      return stays(
          fmt::format("{} of it could not be tested", plural(baseline.untested, "failure", "failures")));
    if (run.exit != ExitCode::ok) return stays("the run is undecided");
    if (run.nondeterministic) return stays("a limit on wall time decided something");
    if (baseline.resolved == 0) return stays("no failure of it is resolved");
    const auto paths =
        reports::write_report(environment.files, *reports::find_format("json"), run, {}, *baseline_);
    if (!paths) return tl::unexpected(paths.error());
    return fmt::format("The baseline {} is moved forward: {} resolved, {} left.", *baseline_,
                       plural(baseline.resolved, "failure", "failures"), baseline.still_failing);
  }

  void check_outputs(const Environment& environment, const Config& config, Diagnostics& problems) const {
    std::map<std::string, std::string> taken;  // place → what takes it
    std::vector<std::string> inputs = read_files(config);
    if (baseline_) inputs.push_back(*baseline_);
    for (const std::string& path : inputs)
      taken.emplace(real_place(environment, path), "an input of this run");
    if (out_) {
      for (const char* name : {"results.json", "junit.xml", "run.json", "SHA256SUMS"}) {
        const std::string place = real_place(environment, join_path(*out_, name));
        if (baseline_ && place == real_place(environment, *baseline_))
          problems.error(ErrorCode::usage,
                         fmt::format("--out {} would replace the baseline {}", *out_, *baseline_), {},
                         "keep the baseline in a place of its own");
        taken.emplace(place, fmt::format("a file of --out {}", *out_));
      }
      if (environment.files.kind(*out_) == FileKind::file)
        problems.error(ErrorCode::usage,
                       fmt::format("--out {}: that is a file, and a folder is wanted", *out_));
    }
    if (bundle_) {
      const auto [at, is_new] = taken.emplace(real_place(environment, *bundle_), "--bundle");
      if (!is_new)
        problems.error(ErrorCode::usage, fmt::format("--bundle {} would replace {}", *bundle_, at->second));
    }
    for (const Wish& wish : wishes_) {
      const std::string given = fmt::format("{}={}", wish.format->name, wish.path);
      if (environment.files.kind(wish.path) == FileKind::folder)
        problems.error(ErrorCode::usage,
                       fmt::format("--report {}: that is a folder, and a file is wanted", given));
      const auto [at, is_new] = taken.emplace(real_place(environment, wish.path), "--report " + given);
      if (!is_new)
        problems.error(ErrorCode::usage, fmt::format("--report {} would replace {}", given, at->second), {},
                       "give it a path of its own");
    }
  }

  /// All files that were asked for, up to the first that cannot be written.
  Written write_files(Environment& environment, evaluate::CheckResult& result) {
    Written written;
    const std::int64_t begin_us = environment.clock.monotonic_us();
    reports::ReportOptions options = options_;
    options.jobs = request_.jobs;
    options.times = &result.times;
    options.quiet = false;
    for (const Wish& wish : wishes_) {
      options.evidence = out_ ? relative_path(real_place(environment, *out_),
                                              real_place(environment, parent_path(wish.path)))
                              : "";
      const auto paths =
          reports::write_report(environment.files, *wish.format, result.run, options, wish.path);
      if (!paths) {
        written.failure = paths.error();
        return written;
      }
      written.paths.insert(written.paths.end(), paths->begin(), paths->end());
    }
    result.times.write_us = environment.clock.monotonic_us() - begin_us;
    if (out_) {
      const auto names =
          reports::write_output_folder(environment.files, result.run, result.times, options, *out_);
      if (!names) {
        written.failure = names.error();
        return written;
      }
      for (const std::string& name : *names)
        if (!name.starts_with("populations/")) written.paths.push_back(join_path(*out_, name));
      written.paths.push_back(join_path(*out_, "populations") + "/");
    }
    result.times.write_us = environment.clock.monotonic_us() - begin_us;
    return written;
  }

  void print(Environment& environment, const evaluate::CheckResult& result, const Written& written) const {
    Console& console = environment.console;
    reports::ReportOptions options = options_;
    options.colour = console.has_colour(colour_);
    options.width = console.width;
    options.evidence = out_.value_or("");
    for (const reports::Rendered& rendered :
         reports::render_all(*reports::find_format("text"), result.run, options))
      console.out.write(rendered.bytes);
    if (!options_.quiet && !written.failure && !written.paths.empty())
      console.out.write(
          "\n" + wrap(fmt::format("{}", fmt::join(written.paths, ", ")), "Written: ", 9, console.width));
    if (options_.with_timings) console.err.write(timings(result));
  }

  /// What the call got wrong, which the notices of the whole report say otherwise.
  static void print_slips(Environment& environment, const Diagnostics& problems) {
    for (const Error& warning : problems.warnings())
      if (warning.code == ErrorCode::usage)
        environment.console.err.write(make_visible(warning.message) + "\n");
  }

  static std::string timings(const evaluate::CheckResult& result) {
    const auto ms = [](std::int64_t us) { return fmt::format("{:.1f} ms", static_cast<double>(us) / 1000); };
    TextTable table;
    table.column("phase");
    table.column("time", Align::right);
    const RunTimes& times = result.times;
    table.row({"load", ms(times.load_us)});
    table.row({"index", ms(times.index_us)});
    table.row({"evaluate", ms(times.evaluate_us)});
    table.row({"write", ms(times.write_us)});
    for (std::size_t i = 0; i < times.rule_us.size() && i < result.run.rules.size(); ++i)
      table.row({"rule " + cell(result.run.rules[i].as) + " (CPU)", ms(times.rule_us[i])});
    return table.render();
  }

  Inputs inputs_;
  std::vector<std::string> given_;  // "--name=value", without kOutputOptions
  evaluate::CheckRequest request_{.config = {},
                                  .bind = {},
                                  .as_of = {},
                                  .fail_on = {},
                                  .jobs = 0,
                                  .limits = {},
                                  .tool_version = {},
                                  .progress = {}};
  TimeWish as_of_;
  std::optional<std::string> baseline_;
  bool ratchets_ = false;
  std::optional<std::string> out_;
  std::optional<std::string> bundle_;
  Bundling bundling_;
  std::vector<Wish> wishes_;
  reports::ReportOptions options_;
  ColourWish colour_ = ColourWish::automatic;
};

}  // namespace

std::unique_ptr<Command> check_command() { return std::make_unique<Check>(); }

}  // namespace muster::cli
