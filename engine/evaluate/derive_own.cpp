#include <map>

#include "base/text.h"
#include "evaluate/maker.h"

namespace muster::evaluate {

using snapshot::Cell;
using snapshot::Column;
using snapshot::Dataset;
using snapshot::FieldType;
using snapshot::Table;
using snapshot::World;

void fill_own_tables(World& world, const DeriveInputs& inputs) {
  if (!world.table(Dataset::datasets)) {
    auto table = std::make_unique<Table>(Dataset::datasets);
    StringColumn ids, labels;
    const auto& spec = table->spec();
    std::map<std::string_view, Column> columns;
    for (const auto& field : spec.fields) columns.emplace(field.name, Column(field.type));
    const auto put_text = [&](std::string_view field, std::string_view text) {
      if (text.empty())
        columns.at(field).push_missing(Cell::null);
      else
        columns.at(field).push_text(text);
    };
    const auto put_time = [&](std::string_view field, std::optional<Instant> time) {
      if (time)
        columns.at(field).push_int(time->us);
      else
        columns.at(field).push_missing(Cell::null);
    };
    const auto put_limit = [&](std::optional<std::int64_t> limit_us) {
      constexpr double kDayUs = 86'400e6;
      if (limit_us)
        columns.at("age_limit_days").push_number(static_cast<double>(*limit_us) / kDayUs);
      else
        columns.at("age_limit_days").push_missing(Cell::null);
    };
    const auto put_key = [&](std::string_view name) {
      ids.push_back(name);
      labels.push_back(name);
      put_text("name", name);
    };
    for (std::size_t i = 0; i < inputs.datasets.size(); ++i) {
      const DatasetResult& row = inputs.datasets[i];
      put_key(row.name);
      put_text("status", row.status);
      columns.at("rows").push_int(static_cast<std::int64_t>(row.rows));
      put_text("sha256", row.sha256);
      put_text("reason", row.reason);
      put_time("as_of", inputs.manifest ? std::optional(inputs.manifest->completed) : std::nullopt);
      put_limit(inputs.snapshot_age_limit_us);
      const Window window =
          inputs.manifest ? window_of(inputs.manifest->datasets[i], inputs.manifest->completed) : Window{};
      put_time("covers_from", window.from);
      put_time("covers_to", window.to);
    }
    if (inputs.manifest) {
      const auto& available = world.available(Dataset::persons);
      const Table* persons = world.table(Dataset::persons);
      put_key(snapshot::spec_of(Dataset::persons).name);
      put_text("status", snapshot::word_of(available.status));
      columns.at("rows").push_int(persons ? persons->rows() : 0);
      put_text("sha256", "");
      put_text("reason", available.reason);
      put_time("as_of", inputs.roster_as_of);
      put_limit(inputs.roster_age_limit_us);
      put_time("covers_from", std::nullopt);
      put_time("covers_to", std::nullopt);
    }
    table->set_rows(static_cast<std::uint32_t>(ids.size()));
    table->set_keys(std::move(ids), std::move(labels));
    for (auto& [field, column] : columns) table->set_column(*spec.field(field), std::move(column));
    world.tables[static_cast<std::size_t>(Dataset::datasets)] = std::move(table);
    world.available(Dataset::datasets).status = snapshot::DatasetStatus::complete;
  }
}

void fill_waivers(World& world, std::span<const WaiverResult> waivers) {
  if (!world.table(Dataset::waivers)) {
    auto table = std::make_unique<Table>(Dataset::waivers);
    StringColumn ids, labels;
    std::map<std::string_view, Column> columns;
    const auto& spec = table->spec();
    for (const auto& field : spec.fields) columns.emplace(field.name, Column(field.type));
    for (const WaiverResult& row : waivers) {
      ids.push_back(row.id);
      labels.push_back(row.id);
      for (auto& [field, column] : columns) {
        std::string_view text;
        if (field == "id")
          text = row.id;
        else if (field == "rule")
          text = row.rule;
        else if (field == "state")
          text = row.state;
        else if (field == "approver")
          text = row.approver;
        else if (field == "owner")
          text = row.owner;
        else if (field == "starts")
          text = row.starts;
        else if (field == "expires")
          text = row.expires;
        const auto day = column.type() == FieldType::date ? parse_date(text) : std::nullopt;
        if (day)
          column.push_int(start_of(*day).us);
        else if (text.empty() || column.type() == FieldType::date)
          column.push_missing(Cell::null);
        else
          column.push_text(text);
      }
    }
    table->set_rows(static_cast<std::uint32_t>(waivers.size()));
    table->set_keys(std::move(ids), std::move(labels));
    for (auto& [field, column] : columns) table->set_column(*spec.field(field), std::move(column));
    world.tables[static_cast<std::size_t>(Dataset::waivers)] = std::move(table);
    world.available(Dataset::waivers).status = snapshot::DatasetStatus::complete;
  }
}

}  // namespace muster::evaluate
