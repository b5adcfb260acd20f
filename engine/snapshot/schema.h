// The schema of datasets: ONE table that says which records there are, which fields they have, where a field
// stands in the API's JSON, how records relate, and what is personal data. The loader, the Lua API, the
// editor stubs, the JSON Schema and the reference page are all made from it, so a new field is one row here
// and nothing else. The table is constant data; everything below is thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/verdict.h"

namespace muster::snapshot {

/// The records that rules can read. The first group is collected (the glossary's datasets); `persons`,
/// `tenures` and `nonhumans` come from the roster, `datasets` and `waivers` are muster's own records about
/// the run, `previous_users` is of the snapshot before.
enum class Dataset : std::uint8_t {
  organizations,
  users,
  invites,
  workspaces,
  workspace_members,
  api_keys,
  groups,
  group_members,
  roles,
  role_permissions,
  settings,
  compliance_keys,
  compliance_settings,
  service_accounts,
  federation_issuers,
  federation_rules,
  external_keys,
  rate_limits,
  usage,
  cost,
  claude_code_usage,
  activities,
  persons,
  tenures,
  nonhumans,
  datasets,
  waivers,
  previous_users,
};
inline constexpr std::size_t kDatasetCount = 28;
inline constexpr std::size_t kCollectedCount = 22;  // those that a snapshot holds

enum class FieldType : std::uint8_t {
  text,  // a string of any content
  id,    // an opaque identifier
  word,  // an open set of words (enum): dictionary-coded, unknown words are kept as they are
  time,  // RFC 3339 → Instant
  date,  // a calendar day; read by rules as the time value of its start in UTC
  boolean,
  integer,
  number,     // JSON number, or the API's decimal strings
  text_list,  // list of strings; a bare string reads as a list of one (allowed_inference_geos)
  json,       // any JSON, read by rules as a frozen value
};

enum class Personal : std::uint8_t {
  no,
  identifier,
  personal
};  // identifier: pseudonymous id; personal: name, e-mail, address

/// One field. Loaded fields have `paths`; derived ones have none: they are computed natively (see `source`)
/// and need the datasets of `needs`.
struct FieldSpec {
  std::string_view name;  // as rules read it
  FieldType type = FieldType::text;
  bool nullable = false;        // null is a documented value
  std::string_view since = {};  // "" always there; "2026-06" or "2026": absent in replies of an older API age
  Personal personal = Personal::no;
  /// Places in a line, in order of preference, separated by '|', members by '.':
  /// "object.scope.workspace_id?|object.workspace_id". The first that is present (even as null) is taken.
  /// When none is, the field is null if an object on the way is null, or, for a place that ends in '?', if
  /// the object that would hold it is there without it (a variant of a union that has no such member); absent
  /// otherwise. Empty: derived, or of the roster.
  std::string_view paths = {};
  /// Datasets that a derived field is computed from, separated by ' ' ("persons workspace_members"). Empty
  /// for loaded fields. With a '?' before it, the field makes do without the dataset and says so itself, by
  /// being absent.
  std::string_view needs = {};
  std::string_view doc = {};  // one sentence
};

/// One dataset.
struct DatasetSpec {
  Dataset dataset;
  std::string_view name;               // "api_keys"
  std::string_view singular;           // "api_key": the handle's kind in rules
  std::optional<SubjectKind> subject;  // set when rules may judge it
  std::string_view
      key;  // field names that identify a row, separated by ' ' ("id"; "workspace_id user_id"); "" none
  std::string_view label;   // the field that names it for people; "" uses the key
  std::string_view source;  // API endpoint(s), or "roster"
  std::string_view doc;
  std::span<const FieldSpec> fields;
  [[nodiscard]] std::optional<std::uint16_t> field(std::string_view name) const;  // index into fields
};

/// How records are joined. `via` is the field that holds the target's key: on `from` for a to-one, on `to`
/// for a to-many; a to-many whose `via` is a text_list of `from` (`groups.role_ids`) leads to the rows that
/// the list names. Relations without `via` are computed by `evaluate` (the match of accounts to persons).
struct RelationSpec {
  Dataset from;
  std::string_view name;  // as rules say it: `key.creator`, `user:keys()`
  bool many = false;
  Dataset to;
  std::string_view via = {};
  /// Only rows of `via`'s dataset whose field has that value take part: "created_by_type=user". Empty: all.
  std::string_view where = {};
  std::string_view doc;
};

[[nodiscard]] std::span<const DatasetSpec> schema();  // in the order of Dataset
[[nodiscard]] std::span<const RelationSpec> relations();
[[nodiscard]] const DatasetSpec& spec_of(Dataset dataset);
[[nodiscard]] const DatasetSpec* find_dataset(std::string_view name);
[[nodiscard]] const DatasetSpec* find_subject(SubjectKind kind);
/// Index into relations(); nullopt when `from` has none of that name.
[[nodiscard]] std::optional<std::uint16_t> find_relation(Dataset from, std::string_view name);

/// The workspace role that an organization role implies in every workspace, without an entry in its member
/// list; empty when it implies none. The API says so of `admin` (workspace_admin) and `billing`
/// (workspace_billing); owners count as admins.
[[nodiscard]] std::string_view implied_workspace_role(std::string_view organization_role);

}  // namespace muster::snapshot
