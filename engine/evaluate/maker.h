// Maker: the columns of derived fields that somebody wants and nobody gave. Of this folder only.
#pragma once

#include "evaluate/derive.h"

namespace muster::evaluate {

class Maker {
 public:
  Maker(snapshot::World& world, const Wanted& wanted) : world_(world), wanted_(wanted) {}
  [[nodiscard]] bool wants(snapshot::Dataset dataset, std::string_view name) const {
    const snapshot::Table* table = world_.table(dataset);
    return table && wanted_.has_field(dataset, name) && !table->column(*table->spec().field(name));
  }
  [[nodiscard]] snapshot::Column start(snapshot::Dataset dataset, std::string_view name) const {
    const auto& spec = snapshot::spec_of(dataset);
    snapshot::Column column(spec.fields[*spec.field(name)].type);
    column.reserve(world_.table(dataset)->rows());
    return column;
  }
  void put(snapshot::Dataset dataset, std::string_view name, snapshot::Column column) {
    snapshot::Table& table = *world_.table(dataset);
    table.set_column(*table.spec().field(name), std::move(column));
  }

 private:
  snapshot::World& world_;
  const Wanted& wanted_;
};

/// A to-one relation's rows; nullptr when it was not asked for.
[[nodiscard]] const std::vector<std::uint32_t>* link_of(const snapshot::World& world, snapshot::Dataset from,
                                                        std::string_view name);

/// muster's own table of what the run rests on.
void fill_own_tables(snapshot::World& world, const DeriveInputs& inputs);

/// What the records of use say: when a user was seen, when a key was used, and from when on that would show.
/// Reads `world`'s table of datasets.
void derive_seen(snapshot::World& world, Maker& maker);

/// From when to when a report or feed was collected, as the manifest's filters say; nothing where they do
/// not.
struct Window {
  std::optional<Instant> from, to;
};
[[nodiscard]] Window window_of(const snapshot::DatasetManifest& row, Instant completed);

}  // namespace muster::evaluate
