#include "snapshot/loading.h"

#include <array>
#include <tuple>

#include <fmt/format.h>

namespace muster::snapshot {
namespace {

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

}  // namespace

void Loading::start() {
  for (const auto& column : plan.columns)
    columns.emplace_back(spec_of(plan.dataset).fields[column.field].type);
  link_rows.resize(plan.links.size());
  list_links.resize(plan.links.size());
}

void Loading::make_room(std::uint64_t expected_rows) {
  expected_rows_ = expected_rows;
  if (plan.keeps_key) {
    index.reset(expected_rows);
  } else if (!plan.key.empty()) {
    seen_.reset(expected_rows);
  }
}

/// The first chunk tells how long texts are. Memory that is reserved but not touched costs nothing.
void Loading::reserve(const Chunk& sample) {
  if (sample.rows == 0 || expected_rows_ <= sample.rows) return;
  const auto scaled = [&](std::size_t bytes) {
    return static_cast<std::size_t>(static_cast<double>(bytes) / sample.rows * 1.05 *
                                    static_cast<double>(expected_rows_)) +
           4096;
  };
  if (plan.keeps_key) ids.reserve(expected_rows_, scaled(sample.ids.bytes()));
  if (plan.label) labels.reserve(expected_rows_, scaled(sample.labels.bytes()));
  if (!plan.keeps_key && !plan.key.empty()) key_hashes_.reserve(expected_rows_);
  for (std::size_t i = 0; i < columns.size(); ++i)
    columns[i].reserve(expected_rows_, scaled(sample.columns[i].text_bytes()));
  for (std::size_t i = 0; i < link_rows.size(); ++i) {
    if (!plan.links[i].is_list) link_rows[i].reserve(expected_rows_);
  }
}

void Loading::append(Chunk chunk) {
  if (rows == 0) reserve(chunk);
  if (plan.keeps_key) {
    constexpr std::size_t kTogether = 32;
    ids.append(chunk.ids);
    const std::size_t count = chunk.key_hashes.size();
    for (std::size_t begin = 0; begin < count; begin += kTogether) {
      const std::size_t end = std::min(begin + kTogether, count);
      for (std::size_t i = begin; i < end; ++i) index.prefetch(chunk.key_hashes[i]);
      for (std::size_t i = begin; i < end; ++i) {
        const std::uint32_t row = rows + static_cast<std::uint32_t>(i);
        const std::uint32_t first = index.insert(ids, row, chunk.key_hashes[i]);
        if (first != kDangling) duplicates_.emplace_back(first, row);
      }
    }
  } else if (!plan.key.empty()) {
    seen_.add(chunk.key_hashes,
              [&](std::size_t i) { suspects_.push_back(rows + static_cast<std::uint32_t>(i)); });
    key_hashes_.insert(key_hashes_.end(), chunk.key_hashes.begin(), chunk.key_hashes.end());
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
    const auto code =
        sources_.emplace(std::move(source), static_cast<std::uint32_t>(sources_.size())).first->second;
    if (source_runs_.empty() || source_runs_.back().second != code)
      source_runs_.emplace_back(rows + first, code);
  }
  rows += chunk.rows;
}

std::uint32_t Loading::source_of(std::uint32_t row) const {
  const auto after = std::upper_bound(source_runs_.begin(), source_runs_.end(), row,
                                      [](std::uint32_t value, const auto& run) { return value < run.first; });
  return std::prev(after)->second;
}

std::string Loading::name_of(std::uint32_t row) const {
  return plan.keeps_key ? fmt::format(" {}", ids[row]) : std::string{};
}

Status Loading::find_duplicates(const RandomAccessFile& file, const std::string& path,
                                const ScanOptions& options, const std::string& sha256) {
  if (suspects_.empty()) return {};
  std::vector<std::uint64_t> wanted;
  for (const auto row : suspects_) wanted.push_back(key_hashes_[row]);
  std::sort(wanted.begin(), wanted.end());
  SeenHashes filter;
  filter.reset(wanted.size());
  filter.add(wanted, [](std::size_t) {});
  std::vector<std::pair<std::uint64_t, std::uint32_t>> hashed;
  for (std::uint32_t row = 0; row < rows; ++row) {
    const std::uint64_t hash = key_hashes_[row];
    if (filter.may_have(hash) && std::binary_search(wanted.begin(), wanted.end(), hash))
      hashed.emplace_back(hash, row);
  }
  std::sort(hashed.begin(), hashed.end());
  std::vector<std::uint32_t> candidates;
  for (std::size_t i = 0; i < hashed.size(); ++i) {
    const bool is_shared = (i > 0 && hashed[i - 1].first == hashed[i].first) ||
                           (i + 1 < hashed.size() && hashed[i + 1].first == hashed[i].first);
    if (is_shared) candidates.push_back(hashed[i].second);
  }
  if (candidates.empty()) return {};
  std::sort(candidates.begin(), candidates.end());

  Plan keys_alone(plan.dataset);
  keys_alone.source = plan.source;
  keys_alone.keeps_key = true;
  StringColumn keys;
  KeyIndex first_of;
  first_of.reset(candidates.size());
  const auto again = scan(file, path, keys_alone, options, [&](const Chunk& chunk, std::uint32_t first_line) {
    const std::uint64_t begin = first_line - 1;
    while (keys.size() < candidates.size() && candidates[keys.size()] < begin + chunk.rows) {
      const std::uint32_t row = candidates[keys.size()];
      keys.push_back(row < begin ? std::string_view{} : chunk.ids[row - begin]);
      const auto number = static_cast<std::uint32_t>(keys.size() - 1);
      const std::uint32_t first = first_of.insert(keys, number, KeyIndex::hash(keys[number]));
      if (first != kDangling) duplicates_.emplace_back(candidates[first], row);
    }
  });
  if (!again) return tl::unexpected(again.error());
  if (again->sha256 != sha256)
    return fail(ErrorCode::snapshot_digest, "the file was changed while it was read", Place{path, 0, 0, {}});
  return {};
}

bool Loading::check_duplicates(const std::string& path, Diagnostics& problems) const {
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>>
      views;  // first row of the key, source, row
  for (const auto& [first, row] : duplicates_) {
    views.emplace_back(first, source_of(first), first);
    views.emplace_back(first, source_of(row), row);
  }
  std::sort(views.begin(), views.end());
  views.erase(std::unique(views.begin(), views.end()), views.end());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> twins;  // row, earlier row of the same source
  for (std::size_t i = 1; i < views.size(); ++i) {
    const auto& [first, source, row] = views[i];
    const auto& [first_before, source_before, row_before] = views[i - 1];
    if (first == first_before && source == source_before) twins.emplace_back(row, row_before);
  }
  std::sort(twins.begin(), twins.end());
  for (std::size_t i = 0; i < std::min(twins.size(), kMaxProblems); ++i) {
    const auto& [row, before] = twins[i];
    problems.error(ErrorCode::snapshot_duplicate,
                   fmt::format("the {}{} stands twice: in line {} and in line {}",
                               spec_of(plan.dataset).singular, name_of(row), before + 1, row + 1),
                   Place{path, row + 1, 0, {}},
                   "an id is unique in one organization's list; the file was put together wrongly");
  }
  return twins.empty();
}

std::vector<std::string> Loading::merge() {
  if (duplicates_.empty()) return {};
  std::sort(duplicates_.begin(), duplicates_.end());
  std::vector<std::uint8_t> is_dropped(rows, 0);
  for (const auto& [first, row] : duplicates_) is_dropped[row] = 1;
  std::vector<std::uint32_t> kept;
  std::vector<std::uint32_t> new_row(rows, 0);
  for (std::uint32_t row = 0; row < rows; ++row) {
    new_row[row] = static_cast<std::uint32_t>(kept.size());
    if (is_dropped[row] == 0) kept.push_back(row);
  }

  const DatasetSpec& spec = spec_of(plan.dataset);
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::size_t>> disagreements;  // first row, row, column
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    const FieldSpec& field = spec.fields[plan.columns[i].field];
    std::vector<std::uint32_t> best = kept;
    for (const auto& [first, row] : duplicates_) {
      std::uint32_t& chosen = best[new_row[first]];
      if (weight(column.cell(row)) > weight(column.cell(chosen))) {
        chosen = row;
      } else if (column.cell(row) == Cell::value && column.cell(chosen) == Cell::value &&
                 !field.paths.starts_with("from.") && !is_equal(column, row, chosen)) {
        disagreements.emplace_back(chosen, row, i);
      }
    }
    columns[i] = column.gather(best);
  }
  for (std::size_t i = 0; i < plan.links.size(); ++i) {
    std::vector<std::uint32_t> best = kept;
    if (plan.links[i].is_list) {
      const Chunk::ListLink& old = list_links[i];
      const auto begin_of = [&](std::uint32_t row) { return row == 0 ? 0 : old.ends[row - 1]; };
      for (const auto& [first, row] : duplicates_) {
        std::uint32_t& chosen = best[new_row[first]];
        if (old.ends[chosen] == begin_of(chosen)) chosen = row;
      }
      Chunk::ListLink merged;
      for (const auto row : best) {
        merged.rows.insert(merged.rows.end(), old.rows.begin() + begin_of(row),
                           old.rows.begin() + old.ends[row]);
        merged.ends.push_back(static_cast<std::uint32_t>(merged.rows.size()));
      }
      list_links[i] = std::move(merged);
    } else {
      const auto& old = link_rows[i];
      for (const auto& [first, row] : duplicates_) {
        std::uint32_t& chosen = best[new_row[first]];
        if (weight_of_link(old[row]) > weight_of_link(old[chosen])) chosen = row;
      }
      std::vector<std::uint32_t> merged(best.size());
      for (std::size_t k = 0; k < best.size(); ++k) merged[k] = old[best[k]];
      link_rows[i] = std::move(merged);
    }
  }
  if (plan.label) {
    // A row without a label of its own has its key as label.
    std::vector<std::uint32_t> best = kept;
    for (const auto& [first, row] : duplicates_) {
      std::uint32_t& chosen = best[new_row[first]];
      if (plan.keeps_key && labels[chosen] == ids[chosen]) chosen = row;
    }
    labels = gather(labels, best);
  }

  std::vector<std::string> warnings;
  std::sort(disagreements.begin(), disagreements.end());
  for (const auto& [chosen, row, column] : disagreements) {
    if (warnings.size() == kMaxProblems) {
      warnings.push_back(
          fmt::format("{}: {} more such differences", spec.name, disagreements.size() - kMaxProblems));
      break;
    }
    const std::string name = plan.keeps_key ? fmt::format(" of {}", ids[row]) : std::string{};
    warnings.push_back(fmt::format("{}: {}{} differs between line {} and line {}; line {} is used", spec.name,
                                   spec.fields[plan.columns[column].field].name, name, chosen + 1, row + 1,
                                   chosen + 1));
  }

  if (plan.keeps_key) {
    ids = gather(ids, kept);
    index.build(ids, [](std::uint32_t, std::uint32_t) {});
  }
  std::vector<Table::RequestRun> runs;
  auto run = requests.begin();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    while (std::next(run) != requests.end() && std::next(run)->first_row <= kept[i]) ++run;
    if (runs.empty() || runs.back().request != run->request)
      runs.push_back({static_cast<std::uint32_t>(i), run->request});
  }
  requests = std::move(runs);
  lines.resize(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) lines[i] = kept[i] + 1;
  rows = static_cast<std::uint32_t>(kept.size());
  return warnings;
}

}  // namespace muster::snapshot
