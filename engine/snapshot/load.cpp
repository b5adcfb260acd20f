#include "snapshot/load.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/parallel.h"

namespace muster::snapshot {
namespace {

/// A set of 64-bit hashes that may say "seen" of one that it has not seen (about 1 in 300), never the
/// reverse.
class SeenHashes {
 public:
  void reset(std::size_t expected) {
    bits_.assign(std::bit_ceil(std::max<std::size_t>(expected * 16, 1024)) / 64, 0);
    mask_ = bits_.size() * 64 - 1;
  }
  /// Adds all and calls on_seen(i) for each that may have been there.
  template <class OnSeen>
  void add(const std::vector<std::uint64_t>& hashes, OnSeen&& on_seen) {
    constexpr std::size_t kAhead = 16;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (i + kAhead < hashes.size()) {
        __builtin_prefetch(&bits_[(hashes[i + kAhead] & mask_) / 64]);
        __builtin_prefetch(&bits_[((hashes[i + kAhead] >> 32) & mask_) / 64]);
      }
      const bool had_low = set(hashes[i] & mask_);
      const bool had_high = set((hashes[i] >> 32) & mask_);
      if (had_low && had_high) on_seen(i);
    }
  }

  [[nodiscard]] bool may_have(std::uint64_t hash) const {
    return has(hash & mask_) && has((hash >> 32) & mask_);
  }

 private:
  [[nodiscard]] bool has(std::uint64_t bit) const { return (bits_[bit / 64] >> (bit % 64) & 1) != 0; }
  bool set(std::uint64_t bit) {
    std::uint64_t& word = bits_[bit / 64];
    const std::uint64_t flag = std::uint64_t{1} << (bit % 64);
    const bool had = (word & flag) != 0;
    word |= flag;
    return had;
  }
  std::vector<std::uint64_t> bits_;
  std::uint64_t mask_ = 0;
};

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

/// All rows of one dataset while they come in.
struct Loading {
  explicit Loading(Dataset of) : plan(of) {}

  Plan plan;
  std::vector<LinkKey> links;  // as plan.links
  std::uint64_t expected_rows = 0;

  std::uint32_t rows = 0;
  StringColumn ids, labels;
  KeyIndex index;
  std::vector<Column> columns;
  std::vector<std::vector<std::uint32_t>> link_rows;
  std::vector<Chunk::ListLink> list_links;
  std::vector<Table::RequestRun> requests;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> source_runs;  // first row, index into sources
  std::vector<Source> sources;
  std::vector<std::uint64_t> key_hashes;  // of keys whose text is not kept
  SeenHashes seen;
  std::vector<std::uint32_t> suspects;  // rows whose hash may have been there before
  std::vector<std::pair<std::uint32_t, std::uint32_t>> duplicates;  // first row of a key, later row

  void start() {
    for (const auto& column : plan.columns)
      columns.emplace_back(spec_of(plan.dataset).fields[column.field].type);
    link_rows.resize(plan.links.size());
    list_links.resize(plan.links.size());
    if (plan.keeps_key) {
      index.reset(expected_rows);
    } else if (!plan.key.empty()) {
      seen.reset(expected_rows);
    }
  }

  /// The first chunk tells how long texts are; the manifest how many rows there will be. Memory that is
  /// reserved but not touched costs nothing.
  void reserve(const Chunk& sample) {
    if (sample.rows == 0 || expected_rows <= sample.rows) return;
    const auto scaled = [&](std::size_t bytes) {
      return static_cast<std::size_t>(static_cast<double>(bytes) / sample.rows * 1.05 *
                                      static_cast<double>(expected_rows)) +
             4096;
    };
    if (plan.keeps_key) ids.reserve(expected_rows, scaled(sample.ids.bytes()));
    if (plan.label) labels.reserve(expected_rows, scaled(sample.labels.bytes()));
    if (!plan.keeps_key && !plan.key.empty()) key_hashes.reserve(expected_rows);
    for (std::size_t i = 0; i < columns.size(); ++i)
      columns[i].reserve(expected_rows, scaled(sample.columns[i].text_bytes()));
    for (std::size_t i = 0; i < link_rows.size(); ++i) {
      if (!plan.links[i].is_list) link_rows[i].reserve(expected_rows);
    }
  }

  void append(Chunk chunk) {
    if (rows == 0) reserve(chunk);
    if (plan.keeps_key) {
      constexpr std::size_t kAhead = 16;
      ids.append(chunk.ids);
      for (std::size_t i = 0; i < chunk.key_hashes.size(); ++i) {
        if (i + kAhead < chunk.key_hashes.size()) index.prefetch(chunk.key_hashes[i + kAhead]);
        const std::uint32_t row = rows + static_cast<std::uint32_t>(i);
        const std::uint32_t first = index.insert(ids, row, chunk.key_hashes[i]);
        if (first != kDangling) duplicates.emplace_back(first, row);
      }
    } else if (!plan.key.empty()) {
      seen.add(chunk.key_hashes,
               [&](std::size_t i) { suspects.push_back(rows + static_cast<std::uint32_t>(i)); });
      key_hashes.insert(key_hashes.end(), chunk.key_hashes.begin(), chunk.key_hashes.end());
    }
    labels.append(chunk.labels);
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].append(std::move(chunk.columns[i]));
    for (std::size_t i = 0; i < plan.links.size(); ++i) {
      if (plan.links[i].is_list) {
        const auto base = static_cast<std::uint32_t>(list_links[i].rows.size());
        for (const auto end : chunk.list_links[i].ends) list_links[i].ends.push_back(base + end);
        list_links[i].rows.insert(list_links[i].rows.end(), chunk.list_links[i].rows.begin(),
                                  chunk.list_links[i].rows.end());
      } else {
        link_rows[i].insert(link_rows[i].end(), chunk.links[i].begin(), chunk.links[i].end());
      }
    }
    for (const auto& run : chunk.requests) {
      if (requests.empty() || requests.back().request != run.request)
        requests.push_back({rows + run.first_row, run.request});
    }
    for (auto& [first, source] : chunk.sources) {
      const auto at = std::find(sources.begin(), sources.end(), source);
      const auto code = static_cast<std::uint32_t>(at - sources.begin());
      if (at == sources.end()) sources.push_back(std::move(source));
      if (source_runs.empty() || source_runs.back().second != code)
        source_runs.emplace_back(rows + first, code);
    }
    rows += chunk.rows;
  }

  [[nodiscard]] std::uint32_t source_of(std::uint32_t row) const {
    const auto after =
        std::upper_bound(source_runs.begin(), source_runs.end(), row,
                         [](std::uint32_t value, const auto& run) { return value < run.first; });
    return std::prev(after)->second;
  }
};

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
    if (row.sha256.empty()) {
      loading.start();
      if (!has_file) return true;
      return refuse(ErrorCode::snapshot_manifest,
                    fmt::format("the manifest says that {} has no data file, but there is one", row.name),
                    path);
    }
    if (!has_file) {
      loading.start();
      return refuse(
          ErrorCode::snapshot_digest,
          fmt::format("the data file of {} is missing; the manifest lists {} rows", row.name, row.rows),
          path);
    }
    const auto file = files_.open(path);
    if (!file) {
      loading.start();
      problems_.error(file.error());
      return false;
    }
    // The manifest's word is not taken for how much memory to reserve: a line has at least two dozen bytes.
    constexpr std::uint64_t kShortestLine = 24;
    loading.expected_rows = std::min(row.rows, (*file)->size() / kShortestLine);
    loading.start();
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
    find_duplicates(loading, **file, path);
    return check_duplicates(loading, path);
  }

  /// Makes one row of the views that several sources have of one record. Returns what they disagree on.
  std::vector<std::string> merge(Loading& loading, std::vector<std::uint32_t>& lines);

 private:
  bool refuse(ErrorCode code, std::string message, const std::string& path) {
    problems_.error(code, std::move(message), Place{path, 0, 0, {}},
                    "collect or import the snapshot again; its files must not be changed afterwards");
    return false;
  }

  /// Where the keys' texts are not kept, equal hashes make candidates, and the texts are read again to
  /// decide.
  void find_duplicates(Loading& loading, const RandomAccessFile& file, const std::string& path) {
    if (loading.suspects.empty()) return;
    std::vector<std::uint64_t> wanted;
    for (const auto row : loading.suspects) wanted.push_back(loading.key_hashes[row]);
    std::sort(wanted.begin(), wanted.end());
    SeenHashes filter;
    filter.reset(wanted.size());
    filter.add(wanted, [](std::size_t) {});
    std::vector<std::pair<std::uint64_t, std::uint32_t>> rows;
    for (std::uint32_t row = 0; row < loading.rows; ++row) {
      if (filter.may_have(loading.key_hashes[row]) &&
          std::binary_search(wanted.begin(), wanted.end(), loading.key_hashes[row]))
        rows.emplace_back(loading.key_hashes[row], row);
    }
    std::sort(rows.begin(), rows.end());
    std::vector<std::uint32_t> candidates;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool is_shared = (i > 0 && rows[i - 1].first == rows[i].first) ||
                             (i + 1 < rows.size() && rows[i + 1].first == rows[i].first);
      if (is_shared) candidates.push_back(rows[i].second);
    }
    if (candidates.empty()) return;
    std::sort(candidates.begin(), candidates.end());
    Plan keys(loading.plan.dataset);
    keys.keeps_key = true;
    std::map<std::string, std::uint32_t, std::less<>> first_of;
    auto next = candidates.begin();
    const auto again = scan(file, path, keys, options_, [&](const Chunk& chunk, std::uint32_t first_line) {
      for (; next != candidates.end() && *next < first_line - 1 + chunk.rows; ++next) {
        const auto [at, is_new] = first_of.emplace(chunk.ids[*next - (first_line - 1)], *next);
        if (!is_new) loading.duplicates.emplace_back(at->second, *next);
      }
    });
    if (!again) problems_.error(again.error());
  }

  /// Two rows of one key are fine only when they come from different sources.
  bool check_duplicates(const Loading& loading, const std::string& path) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t>
        row_of;  // first row of the key, source → row
    std::size_t found = 0;
    for (const auto& [first, row] : loading.duplicates) {
      row_of.emplace(std::pair(first, loading.source_of(first)), first);
      const auto [at, is_new] = row_of.emplace(std::pair(first, loading.source_of(row)), row);
      if (is_new) continue;
      if (++found > kMaxProblems) break;
      const std::string name = loading.plan.keeps_key ? fmt::format(" {}", loading.ids[row]) : std::string{};
      problems_.error(ErrorCode::snapshot_duplicate,
                      fmt::format("the {}{} stands twice: in line {} and in line {}",
                                  spec_of(loading.plan.dataset).singular, name, at->second + 1, row + 1),
                      Place{path, row + 1, 0, {}},
                      "an id is unique in one organization's list; the file was put together wrongly");
    }
    return found == 0;
  }

  const FileSystem& files_;
  const std::string folder_;
  const Manifest& manifest_;
  const ScanOptions& options_;
  Diagnostics& problems_;
};

/// Which of two cells says more: a value over what is not readable, over null, over absent.
int weight(Cell cell) {
  switch (cell) {
    case Cell::value: return 3;
    case Cell::invalid: return 2;
    case Cell::null: return 1;
    case Cell::absent: return 0;
  }
  return 0;
}

int weight_of_link(std::uint32_t row) {
  if (row <= kDangling) return 3;
  return row == kNoRowInvalid ? 2 : row == kNoRowNull ? 1 : 0;
}

bool is_equal(const Column& column, std::uint32_t a, std::uint32_t b) {
  switch (column.type()) {
    case FieldType::text:
    case FieldType::id:
    case FieldType::json: return column.text(a) == column.text(b);
    case FieldType::word: return column.word_code(a) == column.word_code(b);
    case FieldType::time:
    case FieldType::date:
    case FieldType::integer: return column.integer(a) == column.integer(b);
    case FieldType::boolean: return column.boolean(a) == column.boolean(b);
    case FieldType::number: return column.number(a) == column.number(b);
    case FieldType::text_list:
      if (column.list_size(a) != column.list_size(b)) return false;
      for (std::size_t i = 0; i < column.list_size(a); ++i) {
        if (column.list_item(a, i) != column.list_item(b, i)) return false;
      }
      return true;
  }
  return false;
}

StringColumn gather(const StringColumn& from, const std::vector<std::uint32_t>& rows) {
  StringColumn out;
  out.reserve(rows.size(), from.bytes());
  for (const auto row : rows) out.push_back(from[row]);
  return out;
}

std::vector<std::string> Loader::merge(Loading& loading, std::vector<std::uint32_t>& lines) {
  if (loading.duplicates.empty()) return {};
  std::sort(loading.duplicates.begin(), loading.duplicates.end());
  std::vector<std::uint8_t> is_dropped(loading.rows, 0);
  for (const auto& [first, row] : loading.duplicates) is_dropped[row] = 1;
  std::vector<std::uint32_t> kept;
  std::vector<std::uint32_t> new_row(loading.rows, 0);
  for (std::uint32_t row = 0; row < loading.rows; ++row) {
    new_row[row] = static_cast<std::uint32_t>(kept.size());
    if (is_dropped[row] == 0) kept.push_back(row);
  }

  const DatasetSpec& spec = spec_of(loading.plan.dataset);
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::size_t>> disagreements;  // first row, row, column
  for (std::size_t i = 0; i < loading.columns.size(); ++i) {
    const Column& column = loading.columns[i];
    const FieldSpec& field = spec.fields[loading.plan.columns[i].field];
    std::vector<std::uint32_t> best = kept;
    for (const auto& [first, row] : loading.duplicates) {
      std::uint32_t& chosen = best[new_row[first]];
      if (weight(column.cell(row)) > weight(column.cell(chosen))) {
        chosen = row;
      } else if (column.cell(row) == Cell::value && column.cell(chosen) == Cell::value &&
                 !field.paths.starts_with("from.") && !is_equal(column, row, chosen)) {
        disagreements.emplace_back(chosen, row, i);
      }
    }
    loading.columns[i] = column.gather(best);
  }
  for (std::size_t i = 0; i < loading.plan.links.size(); ++i) {
    std::vector<std::uint32_t> best = kept;
    if (loading.plan.links[i].is_list) {
      const Chunk::ListLink& old = loading.list_links[i];
      const auto begin_of = [&](std::uint32_t row) { return row == 0 ? 0 : old.ends[row - 1]; };
      for (const auto& [first, row] : loading.duplicates) {
        std::uint32_t& chosen = best[new_row[first]];
        if (old.ends[chosen] == begin_of(chosen)) chosen = row;
      }
      Chunk::ListLink merged;
      for (const auto row : best) {
        merged.rows.insert(merged.rows.end(), old.rows.begin() + begin_of(row),
                           old.rows.begin() + old.ends[row]);
        merged.ends.push_back(static_cast<std::uint32_t>(merged.rows.size()));
      }
      loading.list_links[i] = std::move(merged);
    } else {
      const auto& old = loading.link_rows[i];
      for (const auto& [first, row] : loading.duplicates) {
        std::uint32_t& chosen = best[new_row[first]];
        if (weight_of_link(old[row]) > weight_of_link(old[chosen])) chosen = row;
      }
      std::vector<std::uint32_t> merged(best.size());
      for (std::size_t k = 0; k < best.size(); ++k) merged[k] = old[best[k]];
      loading.link_rows[i] = std::move(merged);
    }
  }
  if (loading.plan.label) {
    // A row without a label of its own has its key as label.
    std::vector<std::uint32_t> best = kept;
    for (const auto& [first, row] : loading.duplicates) {
      std::uint32_t& chosen = best[new_row[first]];
      if (loading.plan.keeps_key && loading.labels[chosen] == loading.ids[chosen]) chosen = row;
    }
    loading.labels = gather(loading.labels, best);
  }

  std::vector<std::string> warnings;
  std::sort(disagreements.begin(), disagreements.end());
  for (const auto& [chosen, row, column] : disagreements) {
    if (warnings.size() == kMaxProblems) {
      warnings.push_back(
          fmt::format("{}: {} more such differences", spec.name, disagreements.size() - kMaxProblems));
      break;
    }
    const std::string name = loading.plan.keeps_key ? fmt::format(" of {}", loading.ids[row]) : std::string{};
    warnings.push_back(fmt::format("{}: {}{} differs between line {} and line {}; line {} is used", spec.name,
                                   spec.fields[loading.plan.columns[column].field].name, name, chosen + 1,
                                   row + 1, chosen + 1));
  }

  if (loading.plan.keeps_key) {
    loading.ids = gather(loading.ids, kept);
    loading.index.build(loading.ids, [](std::uint32_t, std::uint32_t) {});
  }
  std::vector<Table::RequestRun> requests;
  auto run = loading.requests.begin();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    while (std::next(run) != loading.requests.end() && std::next(run)->first_row <= kept[i]) ++run;
    if (requests.empty() || requests.back().request != run->request)
      requests.push_back({static_cast<std::uint32_t>(i), run->request});
  }
  loading.requests = std::move(requests);
  lines.resize(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) lines[i] = kept[i] + 1;
  loading.rows = static_cast<std::uint32_t>(kept.size());
  return warnings;
}

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
  Loaded loaded{
      .manifest = std::move(*manifest), .manifest_sha256 = sha256_hex(*manifest_bytes), .warnings = {}};

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
    for (const auto& [of, field] : request.fields) {
      if (of == dataset && !spec.fields[field].paths.empty())
        loading.plan.columns.push_back({field, loading.plan.value_of(field)});
    }
    if (labelled.contains(dataset) && !spec.label.empty())
      loading.plan.label = loading.plan.value_of(*spec.field(spec.label));
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
      loading.plan.links.push_back(plan);
      loading.links.push_back(link);
    }
    is_good = loader.read(loading) && is_good;
    std::vector<std::uint32_t> lines;
    if (is_good) {
      for (auto& warning : loader.merge(loading, lines)) loaded.warnings.push_back(std::move(warning));
    }
    auto table = std::make_unique<Table>(dataset);
    table->set_rows(loading.rows);
    if (loading.plan.keeps_key) {
      table->set_keys(std::move(loading.ids), std::move(loading.labels));
      table->mutable_index() = std::move(loading.index);
    }
    for (std::size_t i = 0; i < loading.columns.size(); ++i)
      table->set_column(loading.plan.columns[i].field, std::move(loading.columns[i]));
    table->set_lines(std::move(lines));
    table->set_requests(std::move(loading.requests));
    for (std::size_t i = 0; i < loading.links.size(); ++i) {
      if (loading.links[i].is_list) {
        list_links.emplace(loading.links[i], std::move(loading.list_links[i]));
      } else {
        links.emplace(loading.links[i], std::move(loading.link_rows[i]));
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
  const auto manifest = load_manifest(files, folder);
  if (!manifest) return {manifest.error()};
  Diagnostics problems;
  Loader loader(files, folder, *manifest, options, problems);
  for (std::size_t i = 0; i < kCollectedCount; ++i) {
    Loading loading(static_cast<Dataset>(i));
    (void)loader.read(loading);
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

std::vector<Error> verify_snapshot(const FileSystem& files, const std::string& folder, unsigned jobs) {
  ScanOptions options;
  options.jobs = jobs;
  return verify_snapshot(files, folder, options);
}

}  // namespace muster::snapshot
