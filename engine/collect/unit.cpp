#include "collect/unit.h"

#include <algorithm>

#include "base/json.h"

namespace muster::collect {
namespace {

using json::Value;
using snapshot::Dataset;
using snapshot::DatasetStatus;

constexpr std::size_t kMostWarnings = 20;

std::string text_of(const Value& line, std::string_view member) {
  const Value* value = line.find(member);
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

std::uint64_t number_of(const Value& line, std::string_view member) {
  const Value* value = line.find(member);
  return value != nullptr && value->integer() != nullptr ? static_cast<std::uint64_t>(*value->integer()) : 0;
}

bool is_set(const Value& line, std::string_view member) {
  const Value* value = line.find(member);
  return value != nullptr && value->boolean() != nullptr && *value->boolean();
}

const json::Array& list_of(const Value& line, std::string_view member) {
  static const json::Array kNone;
  const Value* value = line.find(member);
  return value != nullptr && value->array() != nullptr ? *value->array() : kNone;
}

const json::Object& object_of(const Value& line, std::string_view member) {
  static const json::Object kNone;
  const Value* value = line.find(member);
  return value != nullptr && value->object() != nullptr ? *value->object() : kNone;
}

DatasetStatus status_of(std::string_view word) {
  for (const auto status :
       {DatasetStatus::complete, DatasetStatus::partial, DatasetStatus::denied, DatasetStatus::unsupported})
    if (snapshot::word_of(status) == word) return status;
  return DatasetStatus::not_requested;
}

bool read_start(const Value& line, std::string_view fingerprint, Progress& progress) {
  const Value* start = line.find("start");
  if (start == nullptr || text_of(*start, "fingerprint") != fingerprint) return false;
  const auto at = parse_rfc3339(text_of(*start, "at")), from = parse_rfc3339(text_of(*start, "from")),
             to = parse_rfc3339(text_of(*start, "to"));
  if (!at || !from || !to) return false;
  progress.started = *at;
  progress.window = {*from, *to};
  return true;
}

void restore(Unit& unit, const Value& line) {
  unit.has_begun = is_set(line, "begun");
  unit.is_done = is_set(line, "done");
  unit.is_skipped = is_set(line, "skipped");
  unit.status = status_of(text_of(line, "status"));
  unit.reason = text_of(line, "reason");
  unit.rows = number_of(line, "rows");
  unit.pages = number_of(line, "pages");
  unit.duplicates = number_of(line, "duplicates");
  unit.contradictions = number_of(line, "contradictions");
  unit.parent = number_of(line, "parent");
  unit.list_begin = number_of(line, "begin");
  unit.list_rows = number_of(line, "list_rows");
  unit.restarts = number_of(line, "restarts");
  const Value* cursor = line.find("cursor");
  unit.cursor =
      cursor != nullptr && cursor->string() != nullptr ? std::optional(*cursor->string()) : std::nullopt;
  unit.traces.clear();
  for (const auto& [key, count] : object_of(line, "traces"))
    if (count.integer() != nullptr) unit.traces[key] = static_cast<std::uint64_t>(*count.integer());
  unit.warnings.clear();
  for (const Value& warning : list_of(line, "warnings"))
    if (warning.string() != nullptr) unit.warnings.push_back(*warning.string());
  for (const Value& parent : list_of(line, "parents"))
    unit.parents.push_back(
        {text_of(parent, "id"), status_of(text_of(parent, "status")), text_of(parent, "reason")});
  unit.parents_saved = unit.parents.size();
}

}  // namespace

std::vector<Dataset> datasets_of(const Unit& unit) {
  if (unit.endpoint.paging == Paging::settings) return {Dataset::settings, Dataset::compliance_keys};
  return {unit.endpoint.dataset};
}

void warn(Unit& unit, std::string warning) {
  if (unit.warnings.size() < kMostWarnings &&
      std::ranges::find(unit.warnings, warning) == unit.warnings.end())
    unit.warnings.push_back(std::move(warning));
}

std::vector<Unit> plan_units(const Options& options) {
  std::vector<Unit> units;
  for (const Endpoint& endpoint : endpoints()) {
    const std::string dataset(snapshot::spec_of(endpoint.dataset).name);
    if (!options.datasets.empty() && !options.datasets.contains(dataset)) {
      // Settings come with the keys of the Compliance API.
      if (endpoint.paging != Paging::settings || !options.datasets.contains("compliance_keys")) continue;
    }
    if (options.skip.contains(dataset) || options.skip.contains(std::string(endpoint.name))) continue;
    std::optional<std::size_t> chosen;
    for (std::size_t s = 0; s < options.sources.size(); ++s) {
      const Access& source = options.sources[s];
      const bool fits = endpoint.provider == Provider::any || endpoint.provider == source.provider;
      if (!fits || (endpoint.needs_oauth && !source.is_oauth)) continue;
      if (!chosen || (endpoint.provider == Provider::any && source.provider == Provider::compliance))
        chosen = s;
    }
    if (!chosen) continue;
    Unit unit;
    unit.endpoint = endpoint;
    if (options.page_size != 0 && unit.endpoint.limit > options.page_size)
      unit.endpoint.limit = options.page_size;
    unit.source = *chosen;
    units.push_back(std::move(unit));
  }
  return units;
}

std::string render_start(std::string_view fingerprint, Instant started, const Window& window) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object().key("start").begin_object();
  writer.key("fingerprint").value(fingerprint).key("at").value(format_rfc3339(started));
  writer.key("from").value(format_rfc3339(window.from)).key("to").value(format_rfc3339(window.to));
  writer.end_object().end_object();
  return line + "\n";
}

std::string render_checkpoint(Unit& unit, const Position& position) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object().key("unit").value(unit.endpoint.name);
  writer.key("done").value(unit.is_done).key("skipped").value(unit.is_skipped);
  writer.key("begun").value(unit.has_begun);
  writer.key("status").value(snapshot::word_of(unit.status)).key("reason").value(unit.reason);
  writer.key("rows").value(unit.rows).key("pages").value(unit.pages);
  writer.key("duplicates").value(unit.duplicates).key("contradictions").value(unit.contradictions);
  writer.key("parent").value(unit.parent).key("cursor");
  unit.cursor ? writer.value(*unit.cursor) : writer.null();
  writer.key("begin").value(unit.list_begin).key("list_rows").value(unit.list_rows);
  writer.key("restarts").value(unit.restarts).key("traces").begin_object();
  for (const auto& [key, count] : unit.traces) writer.key(key).value(count);
  writer.end_object().key("warnings").begin_array();
  for (const auto& warning : unit.warnings) writer.value(warning);
  // Parents that failed can be many: each is said once.
  writer.end_array().key("parents").begin_array();
  for (; unit.parents_saved < unit.parents.size(); ++unit.parents_saved) {
    const auto& parent = unit.parents[unit.parents_saved];
    writer.begin_object().key("id").value(parent.id);
    writer.key("status").value(snapshot::word_of(parent.status)).key("reason").value(parent.reason);
    writer.end_object();
  }
  writer.end_array().key("bytes").begin_object();
  for (const auto dataset : datasets_of(unit))
    if (const auto found = position.bytes.find(dataset); found != position.bytes.end())
      writer.key(snapshot::spec_of(dataset).name).value(found->second);
  writer.end_object().key("ledger").value(position.ledger).key("requests").value(position.requests);
  writer.end_object();
  return line + "\n";
}

std::optional<Progress> replay(std::string_view text, std::string_view fingerprint,
                               std::vector<Unit>& units) {
  Progress progress;
  std::vector<Unit> restored = units;
  for (std::size_t end; (end = text.find('\n', progress.bytes)) != std::string_view::npos;
       progress.bytes = end + 1) {
    const auto line = json::parse(text.substr(progress.bytes, end - progress.bytes));
    if (!line) break;
    if (progress.bytes == 0) {
      if (!read_start(*line, fingerprint, progress)) return std::nullopt;
      continue;
    }
    const auto unit = std::ranges::find(restored, text_of(*line, "unit"),
                                        [](const Unit& each) { return std::string(each.endpoint.name); });
    if (unit == restored.end()) return std::nullopt;
    restore(*unit, *line);
    progress.position.ledger = number_of(*line, "ledger");
    progress.position.requests = number_of(*line, "requests");
    for (const auto& [name, size] : object_of(*line, "bytes"))
      if (const auto* spec = snapshot::find_dataset(name); spec != nullptr && size.integer() != nullptr)
        progress.position.bytes[spec->dataset] = static_cast<std::uint64_t>(*size.integer());
  }
  if (progress.bytes == 0) return std::nullopt;
  units = std::move(restored);
  return progress;
}

}  // namespace muster::collect
