#include "collect/collect.h"

#include <algorithm>
#include <map>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cli/collect_progress.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/keys.h"
#include "cli/manifest_page.h"
#include "cli/version.h"
#include "cli/waiting.h"
#include "collect/scim.h"

namespace muster::cli {
namespace {

/// The documented limits, over all keys of an organization.
http::Rate documented_rate(collect::Provider provider) {
  return provider == collect::Provider::admin ? http::Rate{100, 60 * kMicrosPerSecond, 100}
                                              : http::Rate{600, 60 * kMicrosPerSecond, 600};
}

/// "100/60s" of the config, which has checked it.
http::Rate parse_rate(const std::string& text) {
  if (text == "off") return {};
  const auto slash = text.find('/');
  const double requests = std::stod(text.substr(0, slash));
  return {requests, parse_duration(text.substr(slash + 1)).value_or(60 * kMicrosPerSecond), requests};
}

constexpr unsigned kMostJobs = 64;

/// One organization: its sources, and what became of its collection.
struct Tenant {
  std::string name;
  std::vector<const Source*> sources;
  std::vector<collect::Access> accesses;
  std::string keys;  // fingerprint of what is asked with which key
  collect::Options options;
  std::optional<Result<collect::Outcome>> outcome;
};

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
    std::vector<Tenant> tenants;
    std::vector<collect::ScimOptions> services;
    for (const Source& source : config->sources) {
      const std::string name = tenant_of(*config, source);
      auto tenant = std::ranges::find(tenants, name, &Tenant::name);
      if (tenant == tenants.end()) {
        tenant = tenants.insert(tenants.end(), Tenant{});
        tenant->name = name;
      }
      auto access = access_of(environment, source, tenant->keys);
      if (!access) {
        problems.error(access.error());
        continue;
      }
      tenant->accesses.push_back(std::move(*access));
      tenant->sources.push_back(&source);
    }
    for (const RosterSource& roster : config->rosters) {
      if (roster.format != RosterSource::Format::scim) continue;
      auto service = service_of(environment, roster);
      service ? services.push_back(std::move(*service)) : problems.error(service.error());
    }
    if (problems.has_errors()) return report(environment, problems);

    for (const Source& source : config->sources)
      if (!source.verifies_tls)
        environment.console.err.write(
            fmt::format("muster: WARNING: certificates of {} are not verified: whoever stands between can "
                        "read the key and forge the snapshot\n",
                        source.base_url));
    for (Tenant& tenant : tenants)
      if (auto status = set_options(environment, *config, tenant, tenants.size() > 1); !status)
        return report(environment, status.error());

    CollectProgress progress(environment, rows_of_newest(environment, *config));
    // Organizations have budgets of their own, so none waits for another.
    run_parallel(static_cast<unsigned>(tenants.size()), tenants.size(), [&](std::size_t t, unsigned) {
      const std::string who = tenants.size() > 1 ? tenants[t].name : "";
      tenants[t].outcome = collect::collect(environment.files, environment.clock, tenants[t].options,
                                            hooks_of(environment, progress, who));
    });
    progress.clear();
    ExitCode code = ExitCode::ok;
    for (const Tenant& tenant : tenants) code = worse(code, tell_outcome(environment, tenant));
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
  static std::string tenant_of(const Config& config, const Source& source) {
    return source.organization.empty() ? config.organization : source.organization;
  }

  static ExitCode worse(ExitCode a, ExitCode b) { return static_cast<int>(a) >= static_cast<int>(b) ? a : b; }

  static collect::Hooks hooks_of(Environment& environment, CollectProgress& progress,
                                 const std::string& who) {
    collect::Hooks hooks;
    hooks.should_stop = [&environment] { return environment.is_interrupted.load(); };
    hooks.wait = [&environment](std::int64_t us) { return wait(environment, us); };
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

  static Result<collect::Access> access_of(const Environment& environment, const Source& source,
                                           std::string& fingerprint) {
    auto key = read_key(environment, source.key, source.place);
    if (!key) return tl::unexpected(key.error());
    if (auto status = check_key_kind(source, *key); !status) return tl::unexpected(status.error());
    collect::Access access;
    access.provider =
        source.provider == "anthropic-admin" ? collect::Provider::admin : collect::Provider::compliance;
    access.is_oauth = source.is_bearer;
    access.key_kind = kind_of_key(*key, source.is_bearer);
    access.key_hint = hint_of_key(*key);
    access.http = connection(source.base_url, source.ca_file);
    access.http.headers.emplace_back("anthropic-version", source.api_version);
    access.http.key_header = source.is_bearer ? "authorization" : "x-api-key";
    access.http.key = source.is_bearer ? http::Secret("Bearer " + key->reveal()) : *key;
    access.http.proxy = source.proxy;
    access.http.proxy_user = source.proxy_user;
    access.http.verifies_tls = source.verifies_tls;
    if (!source.proxy_password_env.empty()) {
      auto password = read_key(environment, {source.proxy_password_env, {}, {}}, source.place);
      if (!password) return tl::unexpected(password.error());
      access.http.proxy_password = std::move(*password);
    }
    if (source.timeout_us) access.http.timeout_ms = *source.timeout_us / 1000;
    if (source.stall_timeout_us) access.http.stall_timeout_ms = *source.stall_timeout_us / 1000;
    access.http.connect_timeout_ms = std::min(access.http.connect_timeout_ms, access.http.timeout_ms);
    if (source.attempts) access.patience.attempts = static_cast<unsigned>(*source.attempts);
    if (source.longest_wait_us) access.patience.longest_wait_us = *source.longest_wait_us;
    access.rate =
        source.rate_limit.empty() ? documented_rate(access.provider) : parse_rate(source.rate_limit);
    fingerprint += fmt::format("{}\n{}\n{}\n{}\n", source.provider, source.base_url, source.api_version,
                               sha256_hex(key->reveal()));
    return access;
  }

  static http::Options connection(const std::string& url, const std::string& ca_file) {
    http::Options options;
    options.base_url = url;
    while (options.base_url.ends_with('/')) options.base_url.pop_back();
    options.ca_file = ca_file;
    options.user_agent = fmt::format("muster/{}", version());
    return options;
  }

  static Result<collect::ScimOptions> service_of(const Environment& environment, const RosterSource& roster) {
    auto token = read_key(environment,
                          {roster.service.token_env, roster.service.token_file, roster.service.token_command},
                          roster.place);
    if (!token) return tl::unexpected(token.error());
    collect::ScimOptions service;
    service.http = connection(roster.service.url, {});
    service.http.headers.emplace_back("accept", "application/scim+json, application/json");
    service.http.key_header = "authorization";
    service.http.key = http::Secret("Bearer " + token->reveal());
    service.file = roster.path;
    service.collector = fmt::format("muster {}", version());
    return service;
  }

  Status set_options(Environment& environment, const Config& config, Tenant& tenant,
                     bool is_one_of_several) const {
    collect::Options& options = tenant.options;
    options.sources = tenant.accesses;
    options.organization = tenant.name;
    options.collector = fmt::format("muster {}", version());
    options.resumes = resumes_;
    options.jobs = jobs_;
    std::string settings;
    for (const Source* source : tenant.sources) {
      if (source->window_us) options.window_us = *source->window_us;
      if (source->from)
        options.window = collect::Window{start_of(*source->from),
                                         source->to ? start_of(*source->to) : environment.clock.now()};
      options.datasets.insert(source->datasets.begin(), source->datasets.end());
      options.skip.insert(source->skip.begin(), source->skip.end());
      if (source->page_size) options.page_size = static_cast<unsigned>(*source->page_size);
      if (source->from) settings += format_date(*source->from);
      if (source->to) settings += format_date(*source->to);
      if (!source->verifies_tls) options.warnings.insert("TLS certificates were not verified");
    }
    for (const auto& name : options.datasets) settings += "+" + name;
    for (const auto& name : options.skip) settings += "-" + name;
    options.fingerprint = sha256_hex(fmt::format("{}{}\n{}\n{}\n{}", tenant.keys, settings, options.page_size,
                                                 options.window_us, options.collector));
    auto out = folder_of(environment, config, is_one_of_several ? "-" + tenant.name : "");
    if (!out) return tl::unexpected(out.error());
    options.out = std::move(*out);
    return {};
  }

  static ExitCode tell_outcome(Environment& environment, const Tenant& tenant) {
    const auto& accesses = tenant.accesses;
    const auto& outcome = *tenant.outcome;
    if (!outcome) return report(environment, outcome.error());
    if (!outcome->note.empty()) environment.console.err.write("muster: " + outcome->note + "\n");
    switch (outcome->end) {
      case collect::End::interrupted: return ExitCode::interrupted;
      case collect::End::unreachable:
        return report(
            environment,
            Error{ErrorCode::service_unavailable,
                  fmt::format("{} does not answer: {}", accesses.front().http.base_url, outcome->reason),
                  {},
                  fmt::format("what was read is in {}; go on with `muster collect --resume`",
                              outcome->folder)});
      case collect::End::refused:
        return report(environment,
                      Error{ErrorCode::key_refused,
                            fmt::format("{} does not take the key {}: {}", accesses.front().http.base_url,
                                        accesses.front().key_hint, outcome->reason),
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
    if (!out_.empty()) return out_ + suffix;
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
    environment.console.out.write(
        fmt::format("roster of {}: {}, {} people{}{}\nWritten: {}.\n", service.http.base_url, outcome->status,
                    outcome->rows, outcome->reason.empty() ? "" : ": ", outcome->reason, service.file));
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
