#include "collect/collect.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/parallel.h"
#include "base/text.h"
#include "cli/collect_progress.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/manifest_page.h"
#include "cli/sources.h"
#include "cli/version.h"

namespace muster::cli {
namespace {

constexpr unsigned kMostJobs = 64;

class Collect final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "collect",
        .summary = "Make a snapshot of what the APIs say, and of a SCIM service's people",
        .description =
            "Reads the sources of the config page by page, and only reads: every request is a GET. The "
            "snapshot gets its "
            "name when it is finished; until then it is a folder that ends in .partial, from which --resume "
            "goes on behind the last page that was written. A dataset that could not be read whole, or that "
            "the keys may not read, is marked so, with the reason, and rules that need it are unknown; "
            "`skip` "
            "in the config leaves a dataset out on purpose. Several organizations are collected side by "
            "side. Rosters of a SCIM service are written to their files. Keys come from an "
            "environment variable, a file or a "
            "program that the config names, never from an argument.",
        .examples = {{"muster collect",
                      "A snapshot in the folder that the config names, called after the time."},
                     {"muster collect --out snapshots/2026-11-20", "One with a name."},
                     {"muster collect --resume", "Goes on with the newest one that is not finished."}},
        .exits = {{ExitCode::ok,
                   "Everything that was asked for is complete, or the organization does not have it."},
                  {ExitCode::undecided,
                   "The snapshot is written; something in it, or a roster, is partial, or was refused to the "
                   "keys."},
                  {ExitCode::wrong_input,
                   "The config or a key is wrong, or the disk is full; a full disk can be resumed."},
                  {ExitCode::unavailable, "The service does not answer; what was read can be resumed."},
                  {ExitCode::interrupted, "Interrupted; what was read can be resumed."}}};
  }

  void declare(Arguments& arguments) override {
    inputs_.declare_config(arguments);
    arguments.option("--out", "SNAPSHOT", text(out_),
                     "The snapshot's folder, which must not be there yet; with several organizations, the "
                     "beginning of their names.");
    arguments.option("--jobs", "N", whole_number(jobs_, 1, kMostJobs),
                     "How many requests are made at once, to each source. The snapshot is the same for every "
                     "number, and the rate limit holds for all of them together.");
    arguments.flag("--resume", resumes_, "Go on with a collection that did not finish.");
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    const auto config = inputs_.load(environment, {}, problems);
    if (!config) return report(environment, problems);
    const bool has_service = std::ranges::any_of(config->rosters, [](const RosterSource& roster) {
      return roster.format == RosterSource::Format::scim;
    });
    if (config->sources.empty() && !has_service)
      return report(environment, Error{ErrorCode::config_missing_key, "the config names no source",
                                       Place{config->file, 0, 0, {}},
                                       "add `sources:` with a provider and where its key comes from"});
    // Keys first: nothing is asked before all of them are there and of the right kind.
    std::vector<Tenant> tenants = tenants_of(environment, *config);
    for (const Tenant& tenant : tenants)
      for (const auto& keyless : tenant.keyless) problems.error(keyless.error);
    std::vector<collect::ScimOptions> services;
    for (const RosterSource& roster : config->rosters) {
      if (roster.format != RosterSource::Format::scim) continue;
      auto service = service_of(environment, *config, roster);
      service ? services.push_back(std::move(*service)) : problems.error(service.error());
    }
    if (problems.has_errors()) return report(environment, problems);

    environment.console.err.write(tls_warnings(*config));
    for (Tenant& tenant : tenants) {
      auto out = folder_of(environment, *config, tenants.size() > 1 ? "-" + tenant.name : "");
      if (!out) return report(environment, out.error());
      tenant.options.out = std::move(*out);
      tenant.options.resumes = resumes_;
      tenant.options.jobs = jobs_;
    }

    CollectProgress progress(environment, rows_of_newest(environment, *config));
    std::vector<std::optional<Result<collect::Outcome>>> outcomes(tenants.size());
    // Organizations have budgets of their own, so none waits for another.
    run_parallel(static_cast<unsigned>(tenants.size()), tenants.size(), [&](std::size_t t, unsigned) {
      const std::string who = tenants.size() > 1 ? tenants[t].name : "";
      outcomes[t] = collect::collect(environment.files, environment.clock, tenants[t].options,
                                     hooks_of(environment, progress, who));
    });
    progress.clear();
    ExitCode code = ExitCode::ok;
    for (std::size_t t = 0; t < tenants.size(); ++t)
      code = worse(code, tell_outcome(environment, tenants[t].options.sources.front(), *outcomes[t]));
    if (code == ExitCode::interrupted) return code;
    for (const collect::ScimOptions& service : services) {
      const ExitCode one = collect_roster(environment, service, hooks_of(environment, progress, ""));
      progress.clear();
      code = worse(code, one);
      if (one == ExitCode::interrupted) return one;
    }
    return code;
  }

 private:
  static ExitCode worse(ExitCode a, ExitCode b) { return static_cast<int>(a) >= static_cast<int>(b) ? a : b; }

  static collect::Hooks hooks_of(Environment& environment, CollectProgress& progress,
                                 const std::string& who) {
    collect::Hooks hooks = patient_hooks(environment);
    hooks.progress = [&progress, who](const collect::Advance& advance) { progress.show(who, advance); };
    hooks.tell = [&progress, who](const std::string& text) {
      progress.tell(who.empty() ? text : who + ": " + text);
    };
    return hooks;
  }

  /// What an earlier collection into the same folder held: nothing but a guess at how much there is.
  static std::map<std::string, std::uint64_t, std::less<>> rows_of_newest(const Environment& environment,
                                                                          const Config& config) {
    std::map<std::string, std::uint64_t, std::less<>> rows;
    if (config.snapshot.empty()) return rows;
    const auto newest = snapshot::find_snapshot(environment.files, config.snapshot);
    if (!newest) return rows;
    if (const auto manifest = snapshot::load_manifest(environment.files, *newest))
      for (const auto& row : manifest->datasets) rows[row.name] = row.rows;
    return rows;
  }

  static ExitCode tell_outcome(Environment& environment, const collect::Access& first,
                               const Result<collect::Outcome>& outcome) {
    if (!outcome) return report(environment, outcome.error());
    if (!outcome->note.empty()) environment.console.err.write("muster: " + outcome->note + "\n");
    switch (outcome->end) {
      case collect::End::interrupted: return ExitCode::interrupted;
      case collect::End::unreachable:
        return report(environment,
                      Error{ErrorCode::service_unavailable,
                            fmt::format("{} does not answer: {}", first.http.base_url, outcome->reason),
                            {},
                            fmt::format("what was read is in {}; go on with `muster collect --resume`",
                                        outcome->folder)});
      case collect::End::refused:
        return report(environment,
                      Error{ErrorCode::key_refused,
                            fmt::format("{} does not take the key {}: {}", first.http.base_url,
                                        first.key_hint, outcome->reason),
                            {},
                            "is it revoked or expired, or of another organization? make a new one"});
      case collect::End::finished: break;
    }
    environment.console.out.write(fmt::format("\n{}\nWritten: {}, as of {}.\n",
                                              render_manifest_page(outcome->manifest), outcome->folder,
                                              format_rfc3339(outcome->manifest.completed)));
    return tell_what_is_missing(environment, outcome->manifest);
  }

  /// What a rule cannot judge by this snapshot stands last, where nobody misses it.
  static ExitCode tell_what_is_missing(Environment& environment, const snapshot::Manifest& manifest) {
    std::string text;
    for (const auto& row : manifest.datasets) {
      const bool is_denied = row.status == snapshot::DatasetStatus::denied;
      if (!is_denied && row.status != snapshot::DatasetStatus::partial) continue;
      text +=
          fmt::format("  {} is {}: {}\n", row.name, snapshot::word_of(row.status), make_visible(row.reason));
      if (!is_denied) continue;
      for (const collect::Endpoint& endpoint : collect::endpoints())
        if (snapshot::spec_of(endpoint.dataset).name == row.name)
          text += fmt::format("    {} needs {}\n", endpoint.name, endpoint.needs);
    }
    if (text.empty()) return ExitCode::ok;
    environment.console.err.write(fmt::format(
        "\nmuster: the snapshot is not whole; rules that read these datasets will be unknown:\n{}"
        "  help: use a key that may, or leave a dataset out on purpose with `skip: [NAME]` in the config\n",
        text));
    return ExitCode::undecided;
  }

  /// Where the snapshot goes: what --out says, else a folder called after the time beside the others.
  Result<std::string> folder_of(const Environment& environment, const Config& config,
                                const std::string& suffix) const {
    // Without what has no meaning, such as a slash at its end: the folder's name gets an ending meanwhile.
    if (!out_.empty()) return join_path(".", out_) + suffix;
    const std::string base = config.snapshot.empty()
                                 ? join_path(config.folder.empty() ? "." : config.folder, "snapshots")
                                 : config.snapshot;
    if (environment.files.kind(base + "/manifest.json") == FileKind::file)
      return fail(ErrorCode::usage, fmt::format("{} is a snapshot, not a folder of them", base), {},
                  "say with --out where the new one goes");
    if (resumes_) {
      const auto names = environment.files.list(base);
      const std::string end = suffix + ".partial";
      std::string newest;
      if (names)
        for (const std::string& name : *names)
          if (name.ends_with(end)) newest = name;
      if (!newest.empty())
        return join_path(base, newest.substr(0, newest.size() - std::string_view(".partial").size()));
    }
    std::string name = format_rfc3339({environment.clock.now().us / kMicrosPerSecond * kMicrosPerSecond});
    std::erase(name, ':');
    return join_path(base, name + suffix);
  }

  static ExitCode collect_roster(Environment& environment, const collect::ScimOptions& service,
                                 const collect::Hooks& hooks) {
    const auto outcome = collect::collect_scim(environment.files, environment.clock, service, hooks);
    if (!outcome) return report(environment, outcome.error());
    if (outcome->end == collect::End::interrupted) return ExitCode::interrupted;
    const bool is_written = outcome->end == collect::End::finished;
    environment.console.out.write(
        fmt::format("roster of {}: {}, {} people{}{}\n{}: {}.\n", service.http.base_url, outcome->status,
                    outcome->rows, outcome->reason.empty() ? "" : ": ", make_visible(outcome->reason),
                    is_written ? "Written" : "Left as it was", service.file));
    if (outcome->end == collect::End::unreachable) return ExitCode::unavailable;
    if (outcome->end == collect::End::refused) return ExitCode::wrong_input;
    return outcome->status == "complete" ? ExitCode::ok : ExitCode::undecided;
  }

  Inputs inputs_;
  std::string out_;
  bool resumes_ = false;
  unsigned jobs_ = 4;
};

}  // namespace

std::unique_ptr<Command> collect_command() { return std::make_unique<Collect>(); }

}  // namespace muster::cli
