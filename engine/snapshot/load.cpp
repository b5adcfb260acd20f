#include "snapshot/load.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/parallel.h"
#include "snapshot/ledger.h"
#include "snapshot/loading.h"

namespace muster::snapshot {
namespace {

/// Which link field of which dataset leads to which table; several relations may share one.
struct LinkKey {
  Dataset holder = Dataset::organizations, target = Dataset::organizations;
  std::string_view via, where;
  bool is_list = false;
  friend auto operator<=>(const LinkKey&, const LinkKey&) = default;
};

bool is_collected(Dataset dataset) { return static_cast<std::size_t>(dataset) < kCollectedCount; }

/// The link of a relation that the loader can fill; nullopt for those of other modules.
std::optional<LinkKey> link_key(const RelationSpec& relation) {
  if (relation.via.empty() || !is_collected(relation.from) || !is_collected(relation.to)) return std::nullopt;
  if (relation.many) {
    const auto list = spec_of(relation.from).field(relation.via);
    if (list && spec_of(relation.from).fields[*list].type == FieldType::text_list) {
      return LinkKey{relation.from, relation.to, relation.via, {}, true};
    }
    return LinkKey{relation.to, relation.from, relation.via, relation.where, false};
  }
  return LinkKey{relation.from, relation.to, relation.via, relation.where, false};
}

class Loader {
 public:
  Loader(const FileSystem& files, std::string folder, const Manifest& manifest, const ScanOptions& options,
         Diagnostics& problems)
      : files_(files),
        folder_(std::move(folder)),
        manifest_(manifest),
        options_(options),
        problems_(problems) {}

  /// Checks a dataset and reads what its plan asks for; the datasets that its links lead to come first. False
  /// when something was wrong.
  bool read(Loading& loading) {
    const DatasetManifest& row = manifest_.row(loading.plan.dataset);
    const std::string path = data_path(folder_, loading.plan.dataset);
    const bool has_file = files_.kind(path) != FileKind::none;
    loading.plan.source = row.from;
    loading.start();
    if (row.sha256.empty()) {
      if (!has_file) return true;
      return refuse(ErrorCode::snapshot_manifest,
                    fmt::format("the manifest says that {} has no data file, but there is one", row.name),
                    path);
    }
    if (!has_file) {
      return refuse(
          ErrorCode::snapshot_digest,
          fmt::format("the data file of {} is missing; the manifest lists {} rows", row.name, row.rows),
          path);
    }
    const auto file = files_.open(path);
    if (!file) {
      problems_.error(file.error());
      return false;
    }
    // The manifest's word is not taken for how much memory to reserve: a line has at least two dozen bytes.
    constexpr std::uint64_t kShortestLine = 24;
    loading.make_room(std::min(row.rows, (*file)->size() / kShortestLine));
    auto scanned = scan(**file, path, loading.plan, options_,
                        [&](Chunk chunk, std::uint32_t) { loading.append(std::move(chunk)); });
    if (!scanned) {
      problems_.error(scanned.error());
      return false;
    }
    const bool has_good_lines = scanned->problems.empty();
    for (auto& problem : scanned->problems) problems_.error(std::move(problem));
    if (scanned->was_stopped) return false;
    if (scanned->bytes != row.bytes) {
      return refuse(ErrorCode::snapshot_digest,
                    fmt::format("the file has {} bytes; the manifest lists {}", scanned->bytes, row.bytes),
                    path);
    }
    if (scanned->sha256 != row.sha256) {
      return refuse(
          ErrorCode::snapshot_digest,
          fmt::format("the file's SHA-256 is {}; the manifest lists {}", scanned->sha256, row.sha256), path);
    }
    if (!has_good_lines) return false;
    if (scanned->lines != row.rows) {
      return refuse(ErrorCode::snapshot_manifest,
                    fmt::format("the file has {} rows; the manifest lists {}", scanned->lines, row.rows),
                    path);
    }
    if (const auto found = loading.find_duplicates(**file, path, options_, row.sha256); !found) {
      problems_.error(found.error());
      return false;
    }
    return loading.check_duplicates(path, problems_);
  }

 private:
  bool refuse(ErrorCode code, std::string message, const std::string& path) {
    problems_.error(code, std::move(message), Place{path, 0, 0, {}},
                    "collect or import the snapshot again; its files must not be changed afterwards");
    return false;
  }

  const FileSystem& files_;
  const std::string folder_;
  const Manifest& manifest_;
  const ScanOptions& options_;
  Diagnostics& problems_;
};

/// The datasets that are needed, those that others link to before those that link.
std::vector<Dataset> in_order(const std::set<Dataset>& needed, const std::set<LinkKey>& links) {
  std::vector<Dataset> order;
  std::set<Dataset> left = needed;
  while (!left.empty()) {
    const auto next = std::find_if(left.begin(), left.end(), [&](Dataset dataset) {
      return std::none_of(links.begin(), links.end(), [&](const LinkKey& link) {
        return link.holder == dataset && link.target != dataset && left.contains(link.target);
      });
    });
    // The schema has no circles (its test says so): there always is a next one.
    order.push_back(*next);
    left.erase(next);
  }
  return order;
}

/// The links as relations. Groups are made first, on all cores; then each link moves into the last relation
/// that it is.
void fill_relations(World& world, const std::vector<std::uint16_t>& wanted,
                    std::map<LinkKey, std::vector<std::uint32_t>>& links,
                    const std::map<LinkKey, Chunk::ListLink>& list_links, unsigned jobs) {
  run_parallel(jobs, wanted.size(), [&](std::size_t task, unsigned) {
    const std::uint16_t relation = wanted[task];
    const RelationSpec& spec = relations()[relation];
    const LinkKey key = *link_key(spec);
    if (key.is_list) {
      const Chunk::ListLink& list = list_links.at(key);
      Groups& groups = world.to_many[relation];
      groups.begins.assign(1, 0);
      groups.begins.insert(groups.begins.end(), list.ends.begin(), list.ends.end());
      groups.rows = list.rows;
    } else if (spec.many) {
      world.to_many[relation] = group_by(links.at(key), world.table(spec.from)->rows());
    }
  });
  std::map<LinkKey, std::uint16_t> to_one;
  for (const auto relation : wanted) {
    world.has_relation[relation] = 1;
    if (relations()[relation].many) continue;
    const auto [at, is_first] = to_one.emplace(*link_key(relations()[relation]), relation);
    if (!is_first) world.to_one[relation] = links.at(at->first);
  }
  for (const auto& [key, relation] : to_one) world.to_one[relation] = std::move(links.at(key));
}

std::vector<World::Implicit> implicit_members(const Table& users) {
  std::vector<World::Implicit> implicit;
  const Column* role = users.column("role");
  if (role == nullptr) return implicit;
  std::vector<std::string_view> implied;
  for (const auto& word : role->words()) implied.push_back(implied_workspace_role(word));
  for (std::uint32_t row = 0; row < users.rows(); ++row) {
    if (role->cell(row) != Cell::value) continue;
    const std::string_view workspace_role = implied[role->word_code(row)];
    if (!workspace_role.empty()) implicit.push_back({row, workspace_role});
  }
  return implicit;
}

std::vector<Error> verify_files(const FileSystem& files, const std::string& folder,
                                const ScanOptions& options, bool checks_ledger) {
  const auto manifest = load_manifest(files, folder);
  if (!manifest) return {manifest.error()};
  Diagnostics problems;
  Loader loader(files, folder, *manifest, options, problems);
  std::optional<Ledger> ledger;
  if (checks_ledger) ledger.emplace(files, folder, problems);
  for (std::size_t i = 0; i < kCollectedCount; ++i) {
    Loading loading(static_cast<Dataset>(i));
    if (loader.read(loading) && ledger) ledger->check(loading.plan.dataset, loading.requests, loading.rows);
  }
  const std::string data = join_path(folder, "data");
  if (files.kind(data) == FileKind::folder) {
    if (const auto names = files.list(data); !names) {
      problems.error(names.error());
    } else {
      for (const auto& name : *names) {
        const std::string_view stem = std::string_view(name).substr(
            0, name.size() - std::min<std::size_t>(name.size(), std::string_view(".jsonl").size()));
        const DatasetSpec* spec = name.ends_with(".jsonl") ? find_dataset(stem) : nullptr;
        if (spec == nullptr || !is_collected(spec->dataset)) {
          problems.error(ErrorCode::snapshot_manifest,
                         "the file is no dataset's; the manifest does not know it",
                         Place{join_path(data, name), 0, 0, {}});
        }
      }
    }
  }
  return problems.errors();
}

}  // namespace

std::string data_path(const std::string& folder, Dataset dataset) {
  return join_path(folder, fmt::format("data/{}.jsonl", spec_of(dataset).name));
}

std::optional<Loaded> load_snapshot(const FileSystem& files, const std::string& folder,
                                    const LoadRequest& request, const ScanOptions& options, World& world,
                                    Diagnostics& problems) {
  const auto manifest_bytes = read_manifest(files, folder);
  auto manifest = manifest_bytes ? parse_manifest(*manifest_bytes, join_path(folder, "manifest.json"))
                                 : tl::unexpected(manifest_bytes.error());
  if (!manifest) {
    problems.error(manifest.error());
    return std::nullopt;
  }
  Loaded loaded{.manifest = std::move(*manifest),
                .manifest_sha256 = sha256_hex(*manifest_bytes),
                .manifest_bytes = manifest_bytes->size(),
                .warnings = {}};

  std::set<Dataset> needed;
  std::set<Dataset> labelled;
  std::set<LinkKey> wanted_links;
  for (const auto& [dataset, field] : request.fields) needed.insert(dataset);
  for (const auto dataset : request.keys) {
    needed.insert(dataset);
    labelled.insert(dataset);
  }
  std::vector<std::uint16_t> wanted_relations;
  for (const auto relation : request.relations) {
    const auto key = link_key(relations()[relation]);
    if (!key) continue;
    wanted_relations.push_back(relation);
    wanted_links.insert(*key);
    needed.insert(key->holder);
    needed.insert(key->target);
    labelled.insert(key->target);
  }
  std::erase_if(needed, [](Dataset dataset) { return !is_collected(dataset); });

  std::map<LinkKey, std::vector<std::uint32_t>> links;
  std::map<LinkKey, Chunk::ListLink> list_links;
  Loader loader(files, folder, loaded.manifest, options, problems);
  bool is_good = true;
  for (const auto dataset : in_order(needed, wanted_links)) {
    const DatasetSpec& spec = spec_of(dataset);
    Loading loading(dataset);
    std::vector<LinkKey> links_of_dataset;  // as the plan's links
    for (const auto& [of, field] : request.fields) {
      if (of == dataset && !spec.fields[field].paths.empty())
        loading.plan.columns.push_back({field, loading.plan.value_of(field)});
    }
    if (labelled.contains(dataset) && !spec.label.empty())
      loading.plan.label = loading.plan.value_of(*spec.field(spec.label));
    // A label that is loaded as a field as well is kept once.
    std::optional<std::uint16_t> label_field;
    for (const auto& column : loading.plan.columns) {
      const FieldType type = spec.fields[column.field].type;
      if (loading.plan.label == column.value && (type == FieldType::text || type == FieldType::id))
        label_field = column.field;
    }
    if (label_field) loading.plan.label.reset();
    for (const auto& link : wanted_links) {
      if (link.holder != dataset) continue;
      Plan::Link plan{.value = loading.plan.value_of(*spec.field(link.via)),
                      .where_value = {},
                      .where_word = {},
                      .target = world.table(link.target),
                      .is_list = link.is_list};
      if (!link.where.empty()) {
        const auto equals = link.where.find('=');
        plan.where_value = loading.plan.value_of(*spec.field(link.where.substr(0, equals)));
        plan.where_word = link.where.substr(equals + 1);
      }
      const auto& key = loading.plan.key;
      if (const auto part = std::find(key.begin(), key.end(), plan.value); part != key.end())
        plan.key_part = static_cast<std::size_t>(part - key.begin());
      loading.plan.links.push_back(plan);
      links_of_dataset.push_back(link);
    }
    is_good = loader.read(loading) && is_good;
    if (is_good) {
      for (auto& warning : loading.merge()) loaded.warnings.push_back(std::move(warning));
    }
    auto table = std::make_unique<Table>(dataset);
    table->set_rows(loading.rows);
    if (loading.plan.keeps_key) {
      table->set_keys(std::move(loading.ids), std::move(loading.labels));
      table->mutable_index() = std::move(loading.index);
    }
    for (std::size_t i = 0; i < loading.columns.size(); ++i)
      table->set_column(loading.plan.columns[i].field, std::move(loading.columns[i]));
    if (label_field && loading.plan.keeps_key) table->take_labels_from(*label_field);
    table->set_lines(std::move(loading.lines));
    table->set_requests(std::move(loading.requests));
    for (std::size_t i = 0; i < links_of_dataset.size(); ++i) {
      if (links_of_dataset[i].is_list) {
        list_links.emplace(links_of_dataset[i], std::move(loading.list_links[i]));
      } else {
        links.emplace(links_of_dataset[i], std::move(loading.link_rows[i]));
      }
    }
    world.tables[static_cast<std::size_t>(dataset)] = std::move(table);
  }
  if (!is_good) return std::nullopt;

  fill_relations(world, wanted_relations, links, list_links, options.jobs);
  if (const Table* users = world.table(Dataset::users); users != nullptr)
    world.implicit_members = implicit_members(*users);
  for (std::size_t i = 0; i < kCollectedCount; ++i) {
    const DatasetManifest& row = loaded.manifest.datasets[i];
    world.availability[i] = {row.status, row.status != DatasetStatus::complete && row.reason.empty()
                                             ? std::string(word_of(row.status))
                                             : row.reason};
  }
  world.as_of = loaded.manifest.completed;
  world.organization_id = loaded.manifest.organization_id;
  world.organization_name = loaded.manifest.organization_name;
  return loaded;
}

std::optional<Loaded> load_snapshot(const FileSystem& files, const std::string& folder,
                                    const LoadRequest& request, unsigned jobs, World& world,
                                    Diagnostics& problems) {
  ScanOptions options;
  options.jobs = jobs;
  return load_snapshot(files, folder, request, options, world, problems);
}

std::vector<Error> verify_snapshot(const FileSystem& files, const std::string& folder,
                                   const ScanOptions& options) {
  return verify_files(files, folder, options, false);
}

std::vector<Error> verify_snapshot(const FileSystem& files, const std::string& folder, unsigned jobs) {
  ScanOptions options;
  options.jobs = jobs;
  return verify_files(files, folder, options, false);
}

std::vector<Error> verify_snapshot_and_ledger(const FileSystem& files, const std::string& folder,
                                              unsigned jobs) {
  ScanOptions options;
  options.jobs = jobs;
  return verify_files(files, folder, options, true);
}

}  // namespace muster::snapshot
