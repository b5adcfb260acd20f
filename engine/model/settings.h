// What the user's YAML files say, as plain structs: `policy` fills them, `roster`, `evaluate` and `cli` read
// them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "model/control.h"
#include "model/verdict.h"

namespace muster {

/// A value as YAML gave it, before the rule says which type it wants. `plain` scalars were not quoted.
struct GivenValue {
  std::string text;                // scalar
  std::vector<std::string> items;  // sequence of scalars
  bool is_list = false;
  bool plain = true;
  bool is_null = false;
  Place place;
};

/// include / exclude of a scope: a field name (or `id`, or `register`) and what it may be: words or globs;
/// any of them.
struct ScopeTerm {
  std::string field;
  std::vector<std::string> patterns;
  Place place;
};

struct PolicyEntry {
  std::string rule;
  std::string as;  // equals rule when the file does not say
  std::optional<Severity> severity;
  std::map<std::string, GivenValue> params;
  std::vector<ScopeTerm> include, exclude;
  /// Replaces the rule's own mapping when given. `when` restricts a control to parameter values: {control,
  /// {param: value}}.
  struct Mapping {
    ControlId control;
    std::map<std::string, GivenValue> when;
  };
  std::optional<std::vector<Mapping>> controls;
  bool reports_unknown = false;  // on_unknown: report
  Place place;                   // of the entry
};

struct Policy {
  std::string id, title, version, description;
  std::optional<Severity> severity;  // of the entries that say none, instead of their rules' own
  std::optional<Severity> fail_on;   // failures below it do not make the run fail
  std::vector<PolicyEntry> entries;
  std::string file;  // as shown to the user: relative, or "builtin:policies/anthropic-baseline.yaml"
  std::string sha256;
  std::uint64_t bytes = 0;
};

/// waivers.yaml, one item.
struct Waiver {
  std::string id, rule, reason, approver, ticket, owner;
  ScopeTerm subject;  // field is `id`, `email`, or a field of the subject
  std::optional<Date> starts;
  std::optional<Date> expires;  // nothing: never, which has to be said
  Place place;
};

/// Account links (account → person).
struct AccountLink {
  std::string account;  // a user id or an e-mail
  std::string person;   // person_id
  std::string reason;   // free text, may be empty
  Place place;
};

/// Register of non-human identities, one item.
struct NonhumanEntry {
  std::string id;       // the register's own name of the identity; defaults to the account
  std::string account;  // a user id, an e-mail, or a service account's id
  std::string owner;    // person_id or e-mail of a person
  std::string purpose;
  std::optional<Date> review_by;
  Place place;
};

/// Where a key comes from: one of the three.
struct KeySource {
  std::string env, file;             // a variable's name; a path, resolved
  std::vector<std::string> command;  // a program and its arguments
  [[nodiscard]] bool is_given() const { return !env.empty() || !file.empty() || !command.empty(); }
};

/// How a service is reached, and how patiently.
struct Connection {
  Connection() = default;
  explicit Connection(std::string url) : base_url(std::move(url)) {}
  std::string base_url;  // https://HOST/PATH, no slash at its end
  KeySource key;
  bool is_bearer = false;  // the key is a token, in `authorization`
  std::string proxy, proxy_user, proxy_password_env, ca_file;
  bool verifies_tls = true;
  std::optional<std::int64_t> timeout_us, stall_timeout_us, longest_wait_us;
  std::optional<std::uint64_t> attempts, page_size;
  std::string rate_limit;  // "100/60s", "off"; empty: the service's documented one
};

/// The fields of a roster that `columns` may name.
inline constexpr std::array<std::string_view, 14> kRosterFields = {
    "person_id", "name",  "first_name", "last_name", "email",   "emails",     "former_emails",
    "status",    "start", "end",        "kind",      "manager", "department", "tenures"};

/// One roster source of the config.
struct RosterSource {
  enum class Format : std::uint8_t { csv, json, jsonl, scim };
  Format format = Format::csv;
  std::string path;                                        // as resolved against the config's folder
  std::string shown_path;                                  // as the config says
  std::map<std::string, std::string> columns;              // roster field → header (or JSON member)
  std::string zone;                                        // tz name; empty: UTC
  std::string date_format;                                 // strftime-like; empty: ISO 8601
  std::map<std::string, std::vector<std::string>> status;  // "active"/"terminated" → words
  std::map<std::string, std::vector<std::string>> kind;    // "employee"/"contractor"/"external" → words
  char delimiter = 0;                                      // 0: found from the header line
  std::optional<Date> as_of;
  std::string as_of_column;  // instead of as_of: the newest date of that column
  std::optional<std::int64_t> max_age_us;
  std::optional<std::uint64_t> min_rows;  // `expect`-like guard for half a roster
  /// Format scim: the service that `muster collect` reads, into `path`; check reads the file alone.
  Connection service;
  Place place;
};

/// `expect:` of the config: fewer rows than min make the dataset count as not complete.
struct Expectation {
  std::string dataset;
  std::uint64_t min = 0;
  Place place;
};

/// `waiver_rules:` of the config: what a waiver must keep to, or it has no effect.
struct WaiverRules {
  std::string zone;                                                      // of its dates, a tz name; empty: UTC
  std::optional<std::int64_t> max_length_us = 365 * kMicrosPerDay;  // nothing: any length, also for ever
  std::uint64_t max_share_percent = 10;                                  // of the subjects that a rule judges
  std::int64_t expiring_within_us = 14 * kMicrosPerDay;             // to its end: expiring soon
};

/// One source of `muster collect`.
struct Source {
  std::string provider;      // "anthropic-admin", "anthropic-compliance"
  std::string organization;  // which of several; empty: the config's
  std::string api_version = "2023-06-01";
  Connection connection{"https://api.anthropic.com"};
  std::optional<std::int64_t> window_us;
  std::optional<Date> from, to;  // instead of window_us
  std::vector<std::string> datasets, skip;
  Place place;
};

struct Config {
  std::string organization;
  std::vector<Source> sources;
  std::string snapshot;           // path; empty when the config does not say
  std::string previous_snapshot;  // the same, for what is new since then
  std::vector<RosterSource> rosters;
  std::string links, nonhuman, waivers, attestations;              // paths, resolved; empty when absent
  std::map<std::string, std::vector<std::string>> domain_aliases;  // domain → alias domains
  std::vector<Expectation> expect;
  std::vector<std::string> rule_folders;  // resolved
  std::vector<std::string> policies;      // file paths (resolved) or shipped names, in order
  std::optional<std::int64_t> max_snapshot_age_us;
  WaiverRules waiver_rules;
  std::int64_t due_within_us = 14 * kMicrosPerDay;  // what fails so soon is listed as due
  std::optional<std::int64_t> retain_us;  // how long a bundle is to be kept, from the run's as_of on
  std::string file;    // the config file's path; empty when there is none
  std::string folder;  // its folder: what relative paths are relative to
  std::string sha256;
  std::uint64_t bytes = 0;
};

}  // namespace muster
