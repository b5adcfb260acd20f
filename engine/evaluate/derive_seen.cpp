#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/json.h"
#include "base/text.h"
#include "evaluate/maker.h"

namespace muster::evaluate {

using snapshot::Cell;
using snapshot::Column;
using snapshot::Dataset;
using snapshot::Table;
using snapshot::World;

namespace {

constexpr std::int64_t kNever = INT64_MIN;

/// Reports end with whole days, and some hours late.
constexpr std::int64_t kLateUs = 2 * 86'400'000'000;

/// From when on a dataset was collected whole, up to now; nothing when it was not, or the snapshot does not
/// say.
std::optional<Instant> collected_since(const World& world, Dataset dataset) {
  const Table* datasets = world.table(Dataset::datasets);
  if (!datasets || !world.available(dataset).is_complete()) return std::nullopt;
  const Column* from = datasets->column("covers_from");
  const Column* to = datasets->column("covers_to");
  for (std::uint32_t row = 0; from && to && row < datasets->rows(); ++row) {
    if (datasets->ids()[row] != snapshot::spec_of(dataset).name) continue;
    if (from->cell(row) == Cell::value && to->cell(row) == Cell::value &&
        to->time(row).us >= world.as_of.us - kLateUs)
      return from->time(row);
  }
  return std::nullopt;
}

/// The rows of a record of use: when, and whose, as a row of the table that is looked at.
struct Signs {
  std::vector<std::int64_t> last;  // by row
  bool names_any = false;          // whether any row of the record says whose it is

  void see(std::uint32_t row, std::int64_t at) {
    names_any = true;
    if (row < snapshot::kDangling) last[row] = std::max(last[row], at);
  }
  void see_links(const World& world, Dataset dataset, std::string_view relation, std::string_view when) {
    const Table* table = world.table(dataset);
    const auto* link = link_of(world, dataset, relation);
    const Column* time = table ? table->column(when) : nullptr;
    if (!link || !time) return;
    for (std::uint32_t row = 0; row < table->rows(); ++row)
      if (time->cell(row) == Cell::value && (*link)[row] <= snapshot::kDangling)
        see((*link)[row], time->time(row).us);
  }
};

/// Claude Code's report names people by address alone.
void see_coders(const World& world, Signs& signs) {
  const Table* report = world.table(Dataset::claude_code_usage);
  const Column* email = report ? report->column("actor_email") : nullptr;
  const Column* date = report ? report->column("date") : nullptr;
  const Table& users = *world.table(Dataset::users);
  const Column* own = users.column("email");
  if (!email || !date || !own) return;
  std::unordered_map<std::string, std::int64_t> last;
  for (std::uint32_t row = 0; row < report->rows(); ++row) {
    if (email->cell(row) != Cell::value || date->cell(row) != Cell::value) continue;
    const auto [found, is_new] = last.emplace(fold_email(email->text(row)), date->time(row).us);
    if (!is_new) found->second = std::max(found->second, date->time(row).us);
  }
  if (last.empty()) return;
  std::string folded;
  for (std::uint32_t row = 0; row < users.rows(); ++row) {
    if (own->cell(row) != Cell::value) continue;
    folded.clear();
    fold_email(own->text(row), folded);
    if (const auto found = last.find(folded); found != last.end()) signs.see(row, found->second);
  }
}

void put_seen(World& world, Maker& maker, Dataset dataset, std::string_view last_name,
              std::string_view since_name, const std::vector<std::int64_t>& last,
              const std::optional<Instant>& since, bool was_looked_at) {
  const std::uint32_t rows = world.table(dataset)->rows();
  if (maker.wants(dataset, last_name)) {
    Column column = maker.start(dataset, last_name);
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (last[row] != kNever)
        column.push_int(last[row]);
      else
        column.push_missing(was_looked_at ? Cell::null : Cell::absent);
    }
    maker.put(dataset, last_name, std::move(column));
  }
  if (maker.wants(dataset, since_name)) {
    Column column = maker.start(dataset, since_name);
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (since)
        column.push_int(since->us);
      else
        column.push_missing(Cell::absent);
    }
    maker.put(dataset, since_name, std::move(column));
  }
}

void see_users(World& world, Maker& maker) {
  if (!maker.wants(Dataset::users, "last_seen_at") && !maker.wants(Dataset::users, "watched_since")) return;
  Signs signs{std::vector<std::int64_t>(world.table(Dataset::users)->rows(), kNever)};
  std::optional<Instant> since;
  bool is_watched = false, is_known = true;
  // A record that was collected whole would have shown the user from its beginning on; together they do from
  // the latest beginning on.
  const auto watch = [&](Dataset dataset) {
    if (!world.available(dataset).is_complete()) return;
    const auto from = collected_since(world, dataset);
    is_watched = true;
    if (!from)
      is_known = false;
    else
      since = since ? std::max(*since, *from) : *from;
  };
  signs.see_links(world, Dataset::activities, "actor_user", "created_at");
  watch(Dataset::activities);
  see_coders(world, signs);
  watch(Dataset::claude_code_usage);
  // A report of usage that was not grouped by account shows nobody.
  signs.names_any = false;
  signs.see_links(world, Dataset::usage, "account", "starting_at");
  if (signs.names_any) watch(Dataset::usage);
  if (!is_known) since.reset();
  put_seen(world, maker, Dataset::users, "last_seen_at", "watched_since", signs.last, since, is_watched);
}

void see_keys(World& world, Maker& maker) {
  if (!maker.wants(Dataset::api_keys, "last_used_at") && !maker.wants(Dataset::api_keys, "used_since"))
    return;
  Signs signs{std::vector<std::int64_t>(world.table(Dataset::api_keys)->rows(), kNever)};
  signs.see_links(world, Dataset::usage, "api_key", "starting_at");
  const auto since = signs.names_any ? collected_since(world, Dataset::usage) : std::nullopt;
  put_seen(world, maker, Dataset::api_keys, "last_used_at", "used_since", signs.last, since, signs.names_any);
}

void count_active_keys(World& world, Maker& maker) {
  if (!maker.wants(Dataset::users, "active_keys")) return;
  const Table* keys =
      world.available(Dataset::api_keys).is_complete() ? world.table(Dataset::api_keys) : nullptr;
  const Column* status = keys ? keys->column("status") : nullptr;
  const auto* creator = link_of(world, Dataset::api_keys, "creator");
  std::vector<std::uint32_t> count(world.table(Dataset::users)->rows());
  for (std::uint32_t row = 0; status && creator && row < keys->rows(); ++row)
    if ((*creator)[row] < snapshot::kDangling && status->cell(row) == Cell::value &&
        status->word(row) == "active")
      ++count[(*creator)[row]];
  Column column = maker.start(Dataset::users, "active_keys");
  for (const std::uint32_t keys_of_user : count) {
    if (status && creator)
      column.push_int(keys_of_user);
    else
      column.push_missing(Cell::absent);
  }
  maker.put(Dataset::users, "active_keys", std::move(column));
}

std::optional<Instant> instant_of(const json::Value& filters, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const json::Value* value = filters.find(name);
    if (!value || !value->string()) continue;
    if (const auto instant = parse_rfc3339(*value->string())) return instant;
    if (const auto date = parse_date(*value->string())) return start_of(*date);
  }
  return std::nullopt;
}

}  // namespace

Window window_of(const snapshot::DatasetManifest& row, Instant completed) {
  Window out;
  const auto filters =
      row.filters.empty() ? Result<json::Value>(json::Value(json::Object{})) : json::parse(row.filters);
  if (!filters || !filters->object()) return out;
  out.from = instant_of(*filters, {"from", "starting_at", "created_at.gte"});
  if (!out.from) return out;
  out.to = instant_of(*filters, {"to", "ending_at", "created_at.lt"});
  // A feed without an end was read to where it ended; Claude Code's report is asked for by days.
  const json::Value* days = filters->find("days");
  if (!out.to && days && days->integer())
    out.to = start_of(plus_days(date_of(*out.from), static_cast<int>(*days->integer())));
  if (!out.to) out.to = completed;
  return out;
}

void derive_seen(World& world, Maker& maker) {
  if (world.table(Dataset::users)) {
    see_users(world, maker);
    count_active_keys(world, maker);
  }
  if (world.table(Dataset::api_keys)) see_keys(world, maker);
}

}  // namespace muster::evaluate
