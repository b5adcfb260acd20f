#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/diagnosis.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/people.h"
#include "cli/source_lines.h"
#include "cli/sources.h"
#include "evaluate/controls.h"
#include "evaluate/run_entries.h"
#include "policy/controls.h"
#include "policy/extended.h"
#include "policy/policy.h"
#include "roster/roster.h"
#include "snapshot/snapshot.h"

namespace muster::cli {
namespace {

using collect::Answer;
using snapshot::Dataset;
using snapshot::DatasetStatus;
using State = Check::State;

/// A snapshot's instant is the collector's clock; rules judge days, rosters and freshness by it.
constexpr std::int64_t kMostClockSeconds = 60;

constexpr std::string_view kOnUnknown =
    "leave the rules that read it out of the policy, or say `on_unknown: report` there";

std::string message_of(const Error& error) {
  const std::string place = error.place.file.empty() ? "" : " (" + place_text(error.place) + ")";
  return error.message + place;
}

/// What the first request of a service says of the way to it.
Check describe_service(const std::string& what, const http::Options& http, const std::string& key,
                       const collect::Service& service) {
  const bool has_tls = http.base_url.starts_with("https://");
  const std::string way = http.proxy.empty() ? "" : fmt::format(" through {}", http.proxy);
  switch (service.answer.state) {
    case Answer::State::refused:
      return {State::wrong, what,
              fmt::format("{}{} answers, but does not take the key {}: {}", http.base_url, way, key,
                          service.answer.reason),
              "is it revoked or expired, or of another organization? make a new one", ExitCode::wrong_input};
    case Answer::State::unreachable: break;
    case Answer::State::not_asked:
      return {State::skipped, what, fmt::format("{}: nothing is to be asked there", http.base_url)};
    case Answer::State::works:
    case Answer::State::denied:
    case Answer::State::absent:
    case Answer::State::odd: {
      if (has_tls && !http.verifies_tls)
        return {State::note, what,
                fmt::format("{}{} answers; its certificate is NOT verified (`tls: unverified`)",
                            http.base_url, way),
                "name the service's authority with `ca_file` and remove `tls`"};
      if (!warning_of_way(http.base_url, http.verifies_tls).empty())
        return {State::note, what,
                fmt::format("{}{} answers, but without TLS: whoever stands between can read the key and "
                            "forge the replies",
                            http.base_url, way),
                "name the service's https address"};
      return {State::ok, what,
              fmt::format("{}{} answers{}", http.base_url, way, has_tls ? ", its certificate is good" : "")};
    }
  }
  std::string mend;
  switch (service.answer.failure) {
    case http::Failure::tls:
      mend =
          "a proxy or a service of your own has a certificate that the system does not know: name its "
          "authority with `ca_file`";
      break;
    case http::Failure::proxy: mend = "see to `proxy`, `proxy_user` and `proxy_password_env`"; break;
    case http::Failure::timeout:
      mend =
          "does a firewall swallow the connection? a proxy is named with `proxy`; `timeout` allows more time";
      break;
    default: mend = "is the address right (`base_url`)? must a proxy be named with `proxy`?"; break;
  }
  return {State::wrong, what,
          fmt::format("{}{} does not answer: {}", http.base_url, way, service.answer.reason), std::move(mend),
          ExitCode::unavailable};
}

class Doctor final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "doctor",
        .summary = "Say what a collection and a check would lack, and how to mend it",
        .description =
            "Checks the config and all files that it names, the roster (whether it can be read, its day, its "
            "age), where the keys come from and of what kind they are, then asks the services: reachability, "
            "proxy, TLS, clock, and each endpoint once for a single row. Says what works, what will be "
            "missing, and which rules of the chosen policies will be unknown because of it. Reads only, "
            "writes nothing, and never prints a key. Without sources, or with --offline, the datasets are "
            "those "
            "of the newest snapshot.",
        .examples = {{"muster doctor", "Everything that muster.yaml names."},
                     {"muster doctor --offline", "What can be said without the network."},
                     {"muster doctor --json", "The same for a program."}},
        .exits = {{ExitCode::ok, "Everything that the chosen rules read can be had."},
                  {ExitCode::undecided,
                   "Rules will be unknown, the roster is not whole or too old, or the clock is wrong by more "
                   "than a minute."},
                  {ExitCode::wrong_input,
                   "The config or a file that it names is wrong, or a key is missing, of the wrong kind or "
                   "not taken."},
                  {ExitCode::unavailable, "A service does not answer: address, network, proxy or TLS."},
                  {ExitCode::interrupted, "Interrupted."}}};
  }

  void declare(Arguments& arguments) override {
    inputs_.declare_config(arguments);
    inputs_.declare_policies(arguments);
    inputs_.declare_rules(arguments);
    arguments.option("--as-of", "TIME", time(as_of_),
                     "The instant for which ages are reckoned (default: now). A time, a date, or now.");
    arguments.flag("--offline", is_offline_, "Ask no service.");
    arguments.flag("--json", is_json_, "Write JSON.");
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    const auto config = inputs_.load(environment, {}, problems);
    if (!config) {
      add_errors("config", problems);
      return show(environment);
    }
    now_ = as_of_.is_given() ? *as_of_.resolve(environment.clock) : environment.clock.now();
    check_config(*config);
    check_policies(environment, *config);
    check_roster(environment, *config);
    environment.console.err.write(is_offline_ ? "" : tls_warnings(*config));
    const collect::Hooks hooks = patient_hooks(environment);
    check_services(environment, *config, hooks);
    if (environment.is_interrupted) return ExitCode::interrupted;
    if (config->sources.empty() || is_offline_) {
      check_snapshot(environment, *config);
    } else {
      check_sources(environment, *config, hooks);
      if (environment.is_interrupted) return ExitCode::interrupted;
    }
    check_clock();
    return show(environment);
  }

 private:
  ExitCode show(Environment& environment) const {
    environment.console.out.write(is_json_ ? render_json(diagnosis_)
                                           : render_text(diagnosis_, environment.console.width));
    return exit_of(diagnosis_);
  }

  void add(Check check) { diagnosis_.checks.push_back(std::move(check)); }

  /// False when there were errors.
  bool add_errors(const std::string& what, const Diagnostics& problems) {
    for (const Error& error : problems.errors())
      add({State::wrong, what, message_of(error), error.hint, error_row(error.code).exit});
    return !problems.has_errors();
  }

  // ---- what needs no network

  void check_config(const Config& config) {
    if (config.file.empty())
      return add({State::note, "config", fmt::format("there is no {} here", kDefaultConfig),
                  "`muster init` makes one; -c names another"});
    add({State::ok, "config",
         fmt::format("{}: {}, {}, {}", config.file, plural(config.sources.size(), "source", "sources"),
                     plural(config.rosters.size(), "roster", "rosters"),
                     plural(config.policies.size(), "policy", "policies"))});
  }

  void check_policies(const Environment& environment, const Config& config) {
    Diagnostics problems;
    const FileSystem& files = environment.files;
    const auto shown = [&](const std::string& path) { return shown_path(config, path); };
    const rule::RuleSet rules = load_rules(environment, config, problems);
    std::vector<Policy> policies;
    std::vector<policy::PolicySource> bases;
    for (const std::string& name : config.policies)
      if (auto policy = policy::load_extended_policy(files, name, shown(name), problems, bases))
        policies.push_back(std::move(*policy));
    if (!config.links.empty())
      static_cast<void>(policy::load_links(files, config.links, shown(config.links), problems));
    if (!config.nonhuman.empty())
      static_cast<void>(policy::load_nonhumans(files, config.nonhuman, shown(config.nonhuman), problems));
    if (!config.waivers.empty())
      static_cast<void>(policy::load_waivers(files, config.waivers, shown(config.waivers), problems));
    const std::vector<Framework> frameworks = policy::load_frameworks(problems);
    if (!config.attestations.empty())
      if (const auto attestations =
              policy::load_attestations(files, config.attestations, shown(config.attestations), problems))
        evaluate::check_controls(*attestations, frameworks, problems);
    if (!problems.has_errors()) entries_ = evaluate::bind_policies(policies, rules, {}, problems);
    evaluate::check_controls(entries_, frameworks, problems);
    if (!add_errors("policies", problems)) return;
    if (entries_.empty())
      return add({State::note, "policies", "no rule is chosen, so nothing says which data matter",
                  "name a policy: `policies: [anthropic-baseline]`"});
    std::vector<std::string> ids;
    for (const Policy& policy : policies) ids.push_back(policy.id);
    add({State::ok, "policies",
         fmt::format("{}: {}", fmt::join(ids, ", "), plural(entries_.size(), "rule", "rules"))});
  }

  void check_roster(const Environment& environment, const Config& config) {
    if (config.rosters.empty()) {
      people_ = {DatasetStatus::not_requested, "no roster is configured"};
      return add({State::note, "roster", "the config names none", "add `roster:` with an export of HR"});
    }
    for (const RosterSource& source : config.rosters) {
      const bool is_service = source.format == RosterSource::Format::scim;
      if (is_service && environment.files.kind(source.path) == FileKind::none) {
        add({State::note, "roster", fmt::format("{} is not there yet", source.shown_path),
             "`muster collect` writes it"});
        if (is_offline_) miss_people(fmt::format("roster {} is not there", source.shown_path));
        continue;
      }
      Diagnostics problems;
      const auto roster = roster::load_roster(environment.files, std::span(&source, 1), {now_, 1}, problems);
      if (!add_errors("roster", problems)) {
        miss_people("the roster cannot be read");
        continue;
      }
      std::string line = describe_sources(roster);
      if (line.ends_with('\n')) line.pop_back();
      if (roster.is_complete) {
        add({State::ok, "roster", std::move(line)});
        continue;
      }
      add({State::wrong, "roster", std::move(line),
           is_service ? "run `muster collect` again"
                      : "export it anew, and set `as_of` to the day of the export",
           ExitCode::undecided});
      // What the service gives now will take the file's place.
      if (!is_service || is_offline_) miss_people(roster.incomplete_reason);
    }
  }

  void miss_people(std::string reason) {
    if (people_.is_complete()) people_ = {DatasetStatus::partial, std::move(reason)};
  }

  void check_snapshot(const Environment& environment, const Config& config) {
    if (config.snapshot.empty())
      return add({State::wrong, "snapshot", "the config names neither sources nor a snapshot",
                  "add `sources:` for `muster collect`, or `snapshot:` with what `muster import` made",
                  ExitCode::wrong_input});
    const auto folder = snapshot::find_snapshot(environment.files, config.snapshot);
    const auto manifest = folder ? snapshot::load_manifest(environment.files, *folder)
                                 : Result<snapshot::Manifest>(tl::unexpected(folder.error()));
    if (!manifest)
      return add({State::wrong, "snapshot", message_of(manifest.error()), manifest.error().hint,
                  error_row(manifest.error().code).exit});
    const std::int64_t age_us = now_.us - manifest->completed.us;
    const std::string found = fmt::format("{}, as of {}", *folder, format_rfc3339(manifest->completed));
    if (config.max_snapshot_age_us && age_us > *config.max_snapshot_age_us) {
      add({State::wrong, "snapshot",
           fmt::format("{}: older than {}", found, format_duration(*config.max_snapshot_age_us)),
           "collect or import a new one", ExitCode::undecided});
    } else {
      add({State::ok, "snapshot", found});
    }
    std::vector<snapshot::DatasetManifest> rows = manifest->datasets;
    for (const Expectation& expectation : config.expect)
      for (snapshot::DatasetManifest& row : rows)
        if (row.name == expectation.dataset && row.status == DatasetStatus::complete &&
            row.rows < expectation.min) {
          row.status = DatasetStatus::partial;
          row.reason = fmt::format("{} rows, at least {} expected", row.rows, expectation.min);
        }
    TenantDiagnosis tenant;
    tenant.organization =
        manifest->organization_name.empty() ? config.organization : manifest->organization_name;
    judge(tenant, rows, [](const snapshot::DatasetManifest& row) {
      return row.status == DatasetStatus::not_requested
                 ? std::string("export it and import it again")
                 : fmt::format("{}; or {}", "make a snapshot that has it", kOnUnknown);
    });
    diagnosis_.tenants.push_back(std::move(tenant));
  }

  // ---- what asks

  void check_services(const Environment& environment, const Config& config, const collect::Hooks& hooks) {
    for (const RosterSource& roster : config.rosters) {
      if (roster.format != RosterSource::Format::scim) continue;
      const auto service = service_of(environment, config, roster);
      if (!service) {
        add({State::wrong, "token", message_of(service.error()), service.error().hint,
             error_row(service.error().code).exit});
        miss_people("the token of the SCIM service is missing");
        continue;
      }
      add({State::ok, "token", fmt::format("the token of {} is there", service->http.base_url)});
      if (is_offline_) continue;
      const auto probed = collect::probe_scim(environment.clock, *service, hooks);
      if (probed.is_interrupted) return;
      note_clock(service->http.base_url, probed.service);
      Check check = describe_service("SCIM", service->http, "of the SCIM service", probed.service);
      if (probed.service.answer.state == Answer::State::works) {
        check.found += fmt::format("; it has {}", plural(probed.people, "person", "people"));
      } else {
        miss_people(fmt::format("the SCIM service: {}", probed.service.answer.reason));
        if (check.state != State::wrong)
          check = {State::wrong, "SCIM",
                   fmt::format("{}/Users: {}", service->http.base_url, probed.service.answer.reason),
                   "may the token read users? is the address the one that ends before /Users?",
                   ExitCode::undecided};
      }
      add(std::move(check));
    }
  }

  void check_sources(const Environment& environment, const Config& config, const collect::Hooks& hooks) {
    for (const Tenant& tenant : tenants_of(environment, config)) {
      for (const Tenant::Keyless& keyless : tenant.keyless)
        add({State::wrong, "key", message_of(keyless.error), keyless.error.hint,
             error_row(keyless.error.code).exit});
      const collect::Options& options = tenant.options;
      for (const collect::Access& access : options.sources)
        add({State::ok, "key",
             fmt::format("{}: kind {}, {}", word_of(access.provider), access.key_kind, access.key_hint)});
      auto survey = collect::probe(environment.clock, options, hooks);
      if (survey.is_interrupted) return;
      for (std::size_t s = 0; s < options.sources.size(); ++s) {
        const http::Options& http = options.sources[s].http;
        add(describe_service(std::string(word_of(options.sources[s].provider)), http,
                             options.sources[s].key_hint, survey.services[s]));
        note_clock(http.base_url, survey.services[s]);
      }
      TenantDiagnosis found;
      found.organization = tenant.name.empty() ? "the organization" : tenant.name;
      for (const collect::Access& access : options.sources)
        found.sources.emplace_back(word_of(access.provider));
      found.endpoints = std::move(survey.endpoints);
      for (snapshot::DatasetManifest& row : survey.datasets)
        if (row.status == DatasetStatus::not_requested) row.reason = why_not_requested(row.name, tenant);
      judge(found, survey.datasets,
            [&](const snapshot::DatasetManifest& row) { return mend_of(row, found.endpoints); });
      diagnosis_.tenants.push_back(std::move(found));
    }
  }

  static std::string why_not_requested(const std::string& dataset, const Tenant& tenant) {
    const collect::Options& options = tenant.options;
    std::vector<std::string> ways;
    bool is_skipped = options.skip.contains(dataset) || !options.datasets.empty();
    for (const collect::Endpoint& endpoint : collect::endpoints()) {
      if (snapshot::spec_of(endpoint.dataset).name != dataset &&
          !(dataset == "compliance_keys" && endpoint.paging == collect::Paging::settings))
        continue;
      const std::string provider(word_of(endpoint.provider));
      if (std::ranges::any_of(tenant.keyless,
                              [&](const auto& keyless) { return keyless.source->provider == provider; }))
        return fmt::format("the key of {} cannot be used", provider);
      is_skipped = is_skipped || options.skip.contains(std::string(endpoint.name));
      ways.push_back(fmt::format("{}: {}", provider, endpoint.needs));
    }
    return is_skipped ? "the config leaves it out"
                      : fmt::format("no source reads it; it takes {}", fmt::join(ways, ", or "));
  }

  static std::string mend_of(const snapshot::DatasetManifest& row,
                             const std::vector<collect::Asked>& endpoints) {
    if (row.status == DatasetStatus::not_requested)
      return row.reason == "the config leaves it out" ? "see to `skip` and `datasets` of the source"
                                                      : "add such a source to the config";
    if (row.status == DatasetStatus::unsupported)
      return fmt::format("the organization does not have it: {}", kOnUnknown);
    for (const collect::Asked& asked : endpoints)
      if (snapshot::spec_of(asked.endpoint.dataset).name == row.name &&
          asked.answer.state == Answer::State::denied)
        return fmt::format("{} needs: {}", asked.endpoint.path, asked.endpoint.needs);
    return "see what is wrong with its source above";
  }

  // ---- what follows

  /// Which datasets lack, and which rules cannot be decided without them.
  template <class Mend>
  void judge(TenantDiagnosis& tenant, const std::vector<snapshot::DatasetManifest>& rows, const Mend& mend) {
    snapshot::World world;
    for (const auto& spec : snapshot::schema())
      world.available(spec.dataset).status = DatasetStatus::complete;
    for (std::size_t d = 0; d < rows.size(); ++d)
      world.available(static_cast<Dataset>(d)) = {rows[d].status, rows[d].reason};
    world.available(Dataset::persons) = people_;
    world.available(Dataset::tenures) = people_;

    std::set<Dataset> read;
    tenant.rules = entries_.size();
    for (const evaluate::Entry& entry : entries_) {
      const rule::RuleInfo& rule = entry.rule->info();
      BlockedRule blocked{entry.policy,
                          entry.as,
                          std::string(word_of(entry.severity)),
                          evaluate::blocking_reason(rule, world),
                          true,
                          entry.reports_unknown};
      read.insert(rule.reads.must.begin(), rule.reads.must.end());
      read.insert(rule.reads.may.begin(), rule.reads.may.end());
      if (blocked.because.empty()) {
        blocked.is_whole = false;
        for (const Dataset dataset : rule.reads.may)
          if (!world.available(dataset).is_complete())
            blocked.because +=
                fmt::format("{}{}: {}", blocked.because.empty() ? "" : "; ", snapshot::spec_of(dataset).name,
                            snapshot::word_of(world.available(dataset).status));
      }
      if (!blocked.because.empty()) tenant.blocked.push_back(std::move(blocked));
    }
    for (std::size_t d = 0; d < rows.size(); ++d)
      // What nobody reads is worth a line when it was asked for, no more.
      if (rows[d].status != DatasetStatus::complete &&
          (read.contains(static_cast<Dataset>(d)) || rows[d].status != DatasetStatus::not_requested))
        tenant.lacks.push_back(
            {rows[d].name, std::string(snapshot::word_of(rows[d].status)), rows[d].reason, mend(rows[d])});
    if (!people_.is_complete() && (read.contains(Dataset::persons) || read.contains(Dataset::tenures)))
      tenant.lacks.push_back(
          {"roster", std::string(snapshot::word_of(people_.status)), people_.reason, "see the roster above"});
  }

  void note_clock(const std::string& url, const collect::Service& service) {
    if (!service.clock_ahead) return;
    if (!clock_ahead_ || std::abs(*service.clock_ahead) > std::abs(*clock_ahead_)) {
      clock_ahead_ = service.clock_ahead;
      clock_of_ = url;
    }
  }

  void check_clock() {
    if (!clock_ahead_) return;
    const std::int64_t seconds = std::abs(*clock_ahead_);
    if (seconds <= kMostClockSeconds)
      return add({State::ok, "clock",
                  seconds == 0 ? fmt::format("agrees with {}", clock_of_)
                               : fmt::format("{} s from {}", seconds, clock_of_)});
    add({State::wrong, "clock",
         fmt::format("this machine's clock is {} {} that of {}", format_duration(seconds * kMicrosPerSecond),
                     *clock_ahead_ > 0 ? "behind" : "ahead of", clock_of_),
         "set it (NTP): a snapshot's instant, and with it every verdict about days, is taken from it",
         ExitCode::undecided});
  }

  Inputs inputs_;
  TimeWish as_of_;
  bool is_offline_ = false, is_json_ = false;
  Instant now_;
  Diagnosis diagnosis_;
  std::vector<evaluate::Entry> entries_;
  snapshot::Availability people_{DatasetStatus::complete, {}};
  std::optional<std::int64_t> clock_ahead_;
  std::string clock_of_;
};

}  // namespace

std::unique_ptr<Command> doctor_command() { return std::make_unique<Doctor>(); }

}  // namespace muster::cli
