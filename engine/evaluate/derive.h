// Derive: what is computed natively from snapshot and roster together: the match of each account to a person,
// the fields of the schema that have no place in the API's JSON, the roster's and muster's own tables.
// `what_to_load` says what must be loaded for it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/run.h"
#include "model/settings.h"
#include "roster/roster.h"
#include "rule/rule.h"
#include "snapshot/snapshot.h"
#include "snapshot/world.h"

namespace muster::evaluate {

/// Everything that rules and scopes together read.
struct Wanted {
  std::set<std::pair<snapshot::Dataset, std::uint16_t>> fields;
  std::set<std::uint16_t> relations;
  std::set<snapshot::Dataset> subjects;
  [[nodiscard]] bool has_field(snapshot::Dataset dataset, std::string_view name) const;
  [[nodiscard]] bool has_relation(snapshot::Dataset from, std::string_view name) const;
  void add_field(snapshot::Dataset dataset, std::string_view name);
  /// Whether anything of the roster is needed: persons, or what is derived from them.
  [[nodiscard]] bool needs_roster() const;
  [[nodiscard]] bool needs_match() const;
  /// Whether anything of the previous snapshot is needed.
  [[nodiscard]] bool needs_previous() const;
};

/// The loaded fields and relations behind `wanted`, those of derived fields included.
[[nodiscard]] snapshot::LoadRequest what_to_load(const Wanted& wanted);

/// The fields of the roster's own tables behind `wanted`.
[[nodiscard]] std::set<std::pair<snapshot::Dataset, std::uint16_t>> roster_fields(const Wanted& wanted);

struct DeriveInputs {
  roster::Roster* roster = nullptr;  // nullptr: none was needed. Its tables are moved into the world
  bool has_roster = true;            // whether the config names one
  std::span<const AccountLink> links;
  std::span<const NonhumanEntry> nonhumans;
  const std::map<std::string, std::vector<std::string>>* domain_aliases = nullptr;
  std::span<const DatasetResult> datasets;
  // What a rule about the run's inputs sees besides. Without a manifest (the examples of rules) there is
  // nothing to see.
  const snapshot::Manifest* manifest = nullptr;
  std::optional<std::int64_t> snapshot_age_limit_us, roster_age_limit_us;
  std::optional<Instant> roster_as_of;
  unsigned jobs = 1;
};

struct Derived {
  std::vector<std::string> warnings;               // of the match
  std::shared_ptr<const roster::Matches> matches;  // of the users; nullptr when nobody asked
};

/// Completes `world`. A derived column that is there already (the examples of rules give some) is left as it
/// is.
Derived derive(snapshot::World& world, const Wanted& wanted, const DeriveInputs& inputs);

/// The records of the waivers themselves, as rules see them; left as they are when they are there already.
/// After derive(): what a waiver fits may be a derived field.
void fill_waivers(snapshot::World& world, std::span<const WaiverResult> waivers);

}  // namespace muster::evaluate
