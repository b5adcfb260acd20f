#include "evaluate/previous.h"

#include <fmt/format.h>

#include "base/text.h"

namespace muster::evaluate {

using snapshot::Cell;
using snapshot::Column;
using snapshot::Dataset;
using snapshot::Table;

namespace {

std::unique_ptr<Table> table_of(const Table& users) {
  auto table = std::make_unique<Table>(Dataset::previous_users);
  StringColumn ids, labels;
  Column id(snapshot::FieldType::id), role(snapshot::FieldType::word);
  const Column* given = users.column("role");
  for (std::uint32_t row = 0; row < users.rows(); ++row) {
    ids.push_back(users.ids()[row]);
    labels.push_back(users.ids()[row]);
    id.push_text(users.ids()[row]);
    if (given && given->cell(row) == Cell::value)
      role.push_text(given->word(row));
    else
      role.push_missing(given ? given->cell(row) : Cell::absent);
  }
  table->set_rows(users.rows());
  table->set_keys(std::move(ids), std::move(labels));
  table->mutable_index().build(table->ids(), [](std::uint32_t, std::uint32_t) {});
  table->set_column(*table->spec().field("id"), std::move(id));
  table->set_column(*table->spec().field("role"), std::move(role));
  return table;
}

}  // namespace

void load_previous(const FileSystem& files, const Config& config, const Wanted& wanted,
                   const snapshot::Manifest& current, unsigned jobs, snapshot::World& world, Run& run,
                   Diagnostics& problems) {
  if (!wanted.needs_previous()) return;
  snapshot::Availability& available = world.available(Dataset::previous_users);
  if (config.previous_snapshot.empty()) {
    available = {snapshot::DatasetStatus::not_requested, "the config names no `previous_snapshot`"};
    return;
  }
  const auto folder = snapshot::find_snapshot(files, config.previous_snapshot, current.completed);
  if (!folder) return problems.error(folder.error());
  snapshot::LoadRequest request;
  request.keys.insert(Dataset::users);
  request.fields.insert({Dataset::users, *snapshot::spec_of(Dataset::users).field("role")});
  snapshot::World before;
  const auto loaded = snapshot::load_snapshot(files, *folder, request, jobs, before, problems);
  if (!loaded) return;
  const snapshot::Manifest& manifest = loaded->manifest;
  const auto refuse = [&](std::string message, std::string hint) {
    problems.error(ErrorCode::config_invalid, "previous_snapshot: " + std::move(message),
                   Place{config.file, 0, 0, {}}, std::move(hint));
  };
  if (manifest.organization_id != current.organization_id)
    return refuse(fmt::format("it is of another organization: {}, not {}",
                              make_visible(manifest.organization_id), make_visible(current.organization_id)),
                  "name an older snapshot of the same organization");
  if (manifest.completed >= current.completed)
    return refuse(fmt::format("it was completed {}, and the run's snapshot {}",
                              format_rfc3339(manifest.completed), format_rfc3339(current.completed)),
                  "name an older snapshot");
  const auto shown = [&](const std::string& below) {
    const std::string path = join_path(*folder, below);
    return config.folder.empty() ? path : relative_path(path, config.folder);
  };
  run.inputs.push_back(
      {"previous_snapshot", shown("manifest.json"), loaded->manifest_sha256, loaded->manifest_bytes});
  const snapshot::DatasetManifest& row = manifest.row(Dataset::users);
  if (!row.sha256.empty())
    run.inputs.push_back({"previous_snapshot", shown("data/users.jsonl"), row.sha256, row.bytes});
  available = before.available(Dataset::users);
  world.tables[static_cast<std::size_t>(Dataset::previous_users)] = table_of(*before.table(Dataset::users));
}

}  // namespace muster::evaluate
