#include "cli/sources.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/digest.h"
#include "cli/keys.h"
#include "cli/version.h"
#include "cli/waiting.h"

namespace muster::cli {
namespace {

/// The documented limits, over all keys of an organization.
http::Rate documented_rate(collect::Provider provider) {
  return provider == collect::Provider::admin ? http::Rate{100, 60 * kMicrosPerSecond, 100}
                                              : http::Rate{600, 60 * kMicrosPerSecond, 600};
}

using Names = std::set<std::string, std::less<>>;

/// The variables that hold keys and passwords.
Names secret_variables(const Config& config) {
  Names names;
  const auto add = [&](const Connection& connection) {
    for (const std::string& name : {connection.key.env, connection.proxy_password_env})
      if (!name.empty()) names.insert(name);
  };
  for (const Source& source : config.sources) add(source.connection);
  for (const RosterSource& roster : config.rosters) add(roster.service);
  return names;
}

/// "100/60s" of the config, which has checked it; `otherwise` when it says nothing.
http::Rate rate_of(const Connection& connection, http::Rate otherwise) {
  const std::string& text = connection.rate_limit;
  if (text.empty()) return otherwise;
  if (text == "off") return {};
  const auto slash = text.find('/');
  const double requests = std::stod(text.substr(0, slash));
  return {requests, parse_duration(text.substr(slash + 1)).value_or(60 * kMicrosPerSecond), requests};
}

Result<http::Options> options_of(const Environment& environment, const Connection& connection,
                                 const http::Secret& key, const Place& place) {
  http::Options options;
  options.base_url = connection.base_url;
  options.key_header = connection.is_bearer ? "authorization" : "x-api-key";
  options.key = connection.is_bearer ? http::Secret("Bearer " + key.reveal()) : key;
  options.user_agent = fmt::format("muster/{}", version());
  options.proxy = connection.proxy;
  options.proxy_user = connection.proxy_user;
  if (!connection.proxy_password_env.empty()) {
    auto password = read_key(environment, {connection.proxy_password_env, {}, {}}, place, {});
    if (!password) return tl::unexpected(password.error());
    options.proxy_password = std::move(*password);
  }
  if (!connection.ca_file.empty()) {
    // A file that is not there would look like a certificate that nobody signed.
    const auto file = environment.files.open(connection.ca_file);
    if (!file) {
      Error error = file.error();
      if (error.place.file.empty()) error.place = place;
      return tl::unexpected(std::move(error));
    }
  }
  options.ca_file = connection.ca_file;
  options.verifies_tls = connection.verifies_tls;
  if (connection.timeout_us) options.timeout_ms = *connection.timeout_us / 1000;
  if (connection.stall_timeout_us) options.stall_timeout_ms = *connection.stall_timeout_us / 1000;
  options.connect_timeout_ms = std::min(options.connect_timeout_ms, options.timeout_ms);
  return options;
}

http::Patience patience_of(const Connection& connection) {
  http::Patience patience;
  if (connection.attempts) patience.attempts = static_cast<unsigned>(*connection.attempts);
  if (connection.longest_wait_us) patience.longest_wait_us = *connection.longest_wait_us;
  return patience;
}

Result<collect::Access> access_of(const Environment& environment, const Source& source, const Names& withheld,
                                  std::string& fingerprint) {
  const Connection& connection = source.connection;
  auto key = read_key(environment, connection.key, source.place, withheld);
  if (!key) return tl::unexpected(key.error());
  if (auto status = check_key_kind(source, *key); !status) return tl::unexpected(status.error());
  auto http = options_of(environment, connection, *key, source.place);
  if (!http) return tl::unexpected(http.error());
  collect::Access access;
  access.provider =
      source.provider == "anthropic-admin" ? collect::Provider::admin : collect::Provider::compliance;
  access.is_oauth = connection.is_bearer;
  access.key_kind = kind_of_key(*key, connection.is_bearer);
  access.key_hint = hint_of_key(*key);
  access.http = std::move(*http);
  access.http.headers.emplace_back("anthropic-version", source.api_version);
  access.patience = patience_of(connection);
  access.rate = rate_of(connection, documented_rate(access.provider));
  // Nobody may go on, believing, with what was read from whoever answered.
  fingerprint += fmt::format("{}\n{}\n{}\n{}\n{}\n", source.provider, access.http.base_url,
                             source.api_version, connection.verifies_tls, sha256_hex(key->reveal()));
  return access;
}

bool is_this_machine(std::string_view base_url) {
  std::string_view host = base_url.substr(base_url.find("://") + 3);
  host = host.substr(0, host.find('/'));
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1) == "[::1]";
  host = host.substr(0, host.find(':'));
  return host == "localhost" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

/// What all sources of one organization want together.
void add_wishes(const Source& source, Instant now, collect::Options& options) {
  if (source.window_us) options.window_us = *source.window_us;
  if (source.from)
    options.window = collect::Window{start_of(*source.from), source.to ? start_of(*source.to) : now};
  options.datasets.insert(source.datasets.begin(), source.datasets.end());
  options.skip.insert(source.skip.begin(), source.skip.end());
  if (source.connection.page_size) options.page_size = static_cast<unsigned>(*source.connection.page_size);
  if (const auto warning = warning_of_way(source.connection.base_url, source.connection.verifies_tls);
      !warning.empty())
    options.warnings.emplace(warning);
}

}  // namespace

std::vector<Tenant> tenants_of(const Environment& environment, const Config& config) {
  const Names withheld = secret_variables(config);
  std::vector<Tenant> tenants;
  std::map<std::string, std::string> fingerprints;  // by name: of what is asked, with which keys
  for (const Source& source : config.sources) {
    const std::string& name = source.organization.empty() ? config.organization : source.organization;
    auto tenant = std::ranges::find(tenants, name, &Tenant::name);
    if (tenant == tenants.end()) {
      tenant = tenants.insert(tenants.end(), Tenant{});
      tenant->name = tenant->options.organization = name;
      tenant->options.collector = fmt::format("muster {}", version());
    }
    std::string& fingerprint = fingerprints[name];
    auto access = access_of(environment, source, withheld, fingerprint);
    if (!access) {
      tenant->keyless.push_back({&source, access.error()});
      continue;
    }
    tenant->options.sources.push_back(std::move(*access));
    add_wishes(source, environment.clock.now(), tenant->options);
    // Where `to` is not said, the end is the start of the collection, whenever that was.
    if (source.from) fingerprint += format_date(*source.from);
    if (source.to) fingerprint += format_date(*source.to);
  }
  for (Tenant& tenant : tenants) {
    collect::Options& options = tenant.options;
    std::string& settings = fingerprints[tenant.name];
    for (const auto& dataset : options.datasets) settings += "+" + dataset;
    for (const auto& skipped : options.skip) settings += "-" + skipped;
    options.fingerprint = sha256_hex(
        fmt::format("{}\n{}\n{}\n{}", settings, options.page_size, options.window_us, options.collector));
  }
  return tenants;
}

Result<collect::ScimOptions> service_of(const Environment& environment, const Config& config,
                                        const RosterSource& roster) {
  const Connection& connection = roster.service;
  auto token = read_key(environment, connection.key, roster.place, secret_variables(config));
  if (!token) return tl::unexpected(token.error());
  auto http = options_of(environment, connection, *token, roster.place);
  if (!http) return tl::unexpected(http.error());
  collect::ScimOptions service;
  service.http = std::move(*http);
  service.http.headers.emplace_back("accept", "application/scim+json, application/json");
  service.patience = patience_of(connection);
  service.rate = rate_of(connection, {});
  service.file = roster.path;
  service.collector = fmt::format("muster {}", version());
  if (connection.page_size) service.page_size = static_cast<unsigned>(*connection.page_size);
  service.warning = warning_of_way(connection.base_url, connection.verifies_tls);
  return service;
}

collect::Hooks patient_hooks(const Environment& environment) {
  collect::Hooks hooks;
  hooks.should_stop = [&environment] { return environment.is_interrupted.load(); };
  hooks.wait = [&environment](std::int64_t us) { return wait(environment, us); };
  return hooks;
}

std::string_view warning_of_way(std::string_view base_url, bool verifies_tls) {
  if (!base_url.starts_with("https://"))
    return is_this_machine(base_url) ? "" : "the service was asked without TLS";
  return verifies_tls ? "" : "TLS certificates were not verified";
}

std::string tls_warnings(const Config& config) {
  std::string out;
  const auto warn = [&](const Connection& connection, std::string_view forgery) {
    if (warning_of_way(connection.base_url, connection.verifies_tls).empty()) return;
    out += fmt::format("muster: WARNING: {}: whoever stands between can read the key and forge the {}\n",
                       connection.base_url.starts_with("https://")
                           ? fmt::format("certificates of {} are not verified", connection.base_url)
                           : fmt::format("{} is asked without TLS", connection.base_url),
                       forgery);
  };
  for (const Source& source : config.sources) warn(source.connection, "snapshot");
  for (const RosterSource& roster : config.rosters)
    if (roster.format == RosterSource::Format::scim) warn(roster.service, "roster");
  return out;
}

}  // namespace muster::cli
