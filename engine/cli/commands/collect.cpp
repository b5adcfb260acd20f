#include "collect/collect.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include <fmt/format.h>

#include "base/digest.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/keys.h"
#include "cli/manifest_page.h"
#include "cli/version.h"
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

/// The line on a terminal that says how far it is.
class Line {
 public:
  explicit Line(Environment& environment)
      : environment_(environment), begin_us_(environment.clock.monotonic_us()) {}
  void show(std::string_view what, std::uint64_t rows, std::uint64_t pages) {
    if (!environment_.console.err_is_terminal) return;
    const std::int64_t now = environment_.clock.monotonic_us();
    if (now - shown_us_ < 100'000) return;
    shown_us_ = now;
    const double seconds = std::max(0.001, static_cast<double>(now - begin_us_) / 1e6);
    all_rows_ = std::max(all_rows_, rows);
    std::string line = fmt::format("{}: {} rows, {} pages, {:.0f} s", what, rows, pages, seconds);
    const std::size_t columns = line.size();
    if (columns_ > columns) line.append(columns_ - columns, ' ');
    columns_ = std::max(columns_, columns);
    environment_.console.err.write("\r" + line);
    static_cast<void>(environment_.console.err.flush());
  }
  void clear() {
    if (columns_ == 0) return;
    environment_.console.err.write("\r" + std::string(columns_, ' ') + "\r");
    columns_ = 0;
  }

 private:
  Environment& environment_;
  std::int64_t begin_us_, shown_us_ = 0;
  std::uint64_t all_rows_ = 0;
  std::size_t columns_ = 0;
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
            "goes on at the page "
            "where it stopped. A dataset that could not be read whole is marked so, with the reason, and "
            "rules that "
            "need it are unknown. Rosters of a SCIM service are written to their files. Keys come from an "
            "environment variable, a file or a "
            "program that the config names, never from an argument.",
        .examples = {{"muster collect",
                      "A snapshot in the folder that the config names, called after the time."},
                     {"muster collect --out snapshots/2026-11-20", "One with a name."},
                     {"muster collect --resume", "Goes on with the newest one that is not finished."}},
        .exits = {
            {ExitCode::ok, "Everything that was asked for is complete, or not to be had with these keys."},
            {ExitCode::undecided, "The snapshot is written; something in it, or a roster, is partial."},
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
    std::map<std::string, std::vector<collect::Access>> tenants;
    std::map<std::string, std::vector<const Source*>> sources;
    std::map<std::string, std::string> fingerprints;
    std::vector<collect::ScimOptions> services;
    for (const Source& source : config->sources) {
      auto access = access_of(environment, source, fingerprints[tenant_of(*config, source)]);
      if (!access) {
        problems.error(access.error());
        continue;
      }
      tenants[tenant_of(*config, source)].push_back(std::move(*access));
      sources[tenant_of(*config, source)].push_back(&source);
    }
    for (const RosterSource& roster : config->rosters) {
      if (roster.format != RosterSource::Format::scim) continue;
      auto service = service_of(environment, roster);
      service ? services.push_back(std::move(*service)) : problems.error(service.error());
    }
    if (problems.has_errors()) return report(environment, problems);

    Line line(environment);
    collect::Hooks hooks;
    hooks.should_stop = [&] { return environment.is_interrupted.load(); };
    hooks.wait = [&](std::int64_t us) {
      const std::int64_t until = environment.clock.monotonic_us() + us;
      while (environment.clock.monotonic_us() < until) {
        if (environment.is_interrupted) return false;
        const std::int64_t left = until - environment.clock.monotonic_us();
        if (left > 0)
          std::this_thread::sleep_for(std::chrono::microseconds(std::min<std::int64_t>(left, 100'000)));
      }
      return !environment.is_interrupted;
    };
    hooks.progress = [&](std::string_view what, std::uint64_t rows, std::uint64_t pages) {
      line.show(what, rows, pages);
    };
    hooks.tell = [&](const std::string& text) {
      line.clear();
      environment.console.out.write(text + "\n");
      static_cast<void>(environment.console.out.flush());
    };
    for (const Source& source : config->sources)
      if (!source.verifies_tls)
        environment.console.err.write(
            fmt::format("muster: WARNING: certificates of {} are not verified: whoever stands between can "
                        "read the key and forge the snapshot\n",
                        source.base_url));

    ExitCode code = ExitCode::ok;
    for (const auto& [tenant, accesses] : tenants) {
      const ExitCode one = collect_tenant(environment, *config, tenant, tenants.size() > 1, accesses,
                                          sources[tenant], fingerprints[tenant], hooks);
      line.clear();
      code = worse(code, one);
      if (one == ExitCode::interrupted) return one;
    }
    for (const collect::ScimOptions& service : services) {
      const ExitCode one = collect_roster(environment, service, hooks);
      line.clear();
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

  ExitCode collect_tenant(Environment& environment, const Config& config, const std::string& tenant,
                          bool is_one_of_several, const std::vector<collect::Access>& accesses,
                          const std::vector<const Source*>& sources, const std::string& keys,
                          const collect::Hooks& hooks) {
    collect::Options options;
    options.sources = accesses;
    options.organization = tenant;
    options.collector = fmt::format("muster {}", version());
    options.resumes = resumes_;
    std::string settings;
    for (const Source* source : sources) {
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
    options.fingerprint = sha256_hex(fmt::format("{}{}\n{}\n{}\n{}", keys, settings, options.page_size,
                                                 options.window_us, options.collector));
    auto out = folder_of(environment, config, is_one_of_several ? "-" + tenant : "");
    if (!out) return report(environment, out.error());
    options.out = std::move(*out);

    const auto outcome = collect::collect(environment.files, environment.clock, options, hooks);
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
    const bool is_whole = std::ranges::none_of(outcome->manifest.datasets, [](const auto& row) {
      return row.status == snapshot::DatasetStatus::partial;
    });
    return is_whole ? ExitCode::ok : ExitCode::undecided;
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
};

}  // namespace

std::unique_ptr<Command> collect_command() { return std::make_unique<Collect>(); }

}  // namespace muster::cli
