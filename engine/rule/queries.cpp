// Loops over records: `org:users{…}`, `user:keys{…}` and every other to-many relation; their filters, and how many records there are.
#include <algorithm>

#include "rule/host_internal.h"

namespace muster::rule {

using snapshot::Cell;
using snapshot::Dataset;
using snapshot::FieldType;

namespace {

std::uint64_t cost_of(const std::vector<Filter>& filters) {
  std::uint64_t cost = 0;
  for (const Filter& filter : filters)
    if (filter.slot->column->is_computed()) cost += 50;
  return cost;
}

// Whether the record passes; raises when a field that it is asked by holds no value.
bool matches(lua_State* L, const Query& query, std::uint32_t row) {
  if (query.filters.empty()) return true;
  const Passing passing = passes(query.filters, row);
  if (passing.silent) {
    Handle handle;
    handle.dataset = query.dataset;
    handle.row = row;
    raise_cell(L, handle, *passing.silent->slot, passing.silent->slot->column->cell(row));
  }
  return passing.yes;
}

// user:keys() and every other to-many relation: upvalue 1 is the relation.
int next_of_query(lua_State* L) {
  Host& host = host_of(L);
  if (lua_tointeger(L, lua_upvalueindex(2)) != host.epoch) raise_error(L, "a loop of another subject is used");
  Query& query = host.queries[static_cast<std::size_t>(lua_tointeger(L, lua_upvalueindex(1)))];
  const auto end = query.all ? host.world->table(query.dataset)->rows() : static_cast<std::uint32_t>(query.rows.size());
  while (query.next < end) {
    const std::uint32_t at = query.next++;
    const std::uint32_t row = query.all ? at : query.rows[at];
    if (at % 16 == 0) charge(L, 4);
    PathId path = kConstantPath;
    if (query.groups && query.is_followed && !host.read_more) {
      path = host.paths.item(query.path, *query.groups, at);
      if (query.kept) note_read(host, {.path = path, .kind = Probe::Kind::passes, .with = query.kept});
    }
    if (query.row_cost != 0) charge(L, query.row_cost);
    if (!matches(L, query, row)) continue;
    charge(L, 4);
    const bool read_more = host.read_more;
    push_handle(L, query.dataset, row);
    if (!query.is_followed || read_more) return 1;
    follow(L, -1, path);
    host.read_more = false;
    return 1;
  }
  return 0;
}

}  // namespace

void push_query(lua_State* L, Query query) {
  Host& host = host_of(L);
  charge(L, 20);
  if (host.queries.size() > 100'000) raise_error(L, "too many loops");
  if (query.groups) query.is_followed = follow_loop(host, query.is_followed, query.path, *query.groups, query.rows.size());
  if (query.is_followed && query.path != kConstantPath && !query.filters.empty()) {
    query.kept = kept_filters(host, query.filters);
    if (!query.kept) query.is_followed = false;
    if (!query.kept) host.read_more = true;
  }
  host.queries.push_back(std::move(query));
  lua_pushinteger(L, static_cast<lua_Integer>(host.queries.size() - 1));
  lua_pushinteger(L, host.epoch);
  lua_pushcclosure(L, guarded<next_of_query>, 2);
}

std::uint64_t count_query(lua_State* L, const Query& query) {
  Host& host = host_of(L);
  if (query.filters.empty()) return query.all ? host.world->table(query.dataset)->rows() : query.rows.size();
  const auto end = query.all ? host.world->table(query.dataset)->rows() : static_cast<std::uint32_t>(query.rows.size());
  // The memo does not see how many records were looked through, where they are few: then all cost the same.
  const Filter* first = query.filters.size() == 1 ? &query.filters.front() : nullptr;
  if (query.all && first && first->slot->type == FieldType::word && first->slot->column->is_full()) {
    charge(L, (end + 15) / 16 * 4);
    std::uint64_t words = 0;
    for (std::uint32_t row = 0; row < end; ++row) words += first->codes[first->slot->column->word_code(row)];
    return words;
  }
  const bool is_small = !query.all && end <= kMaxCounted;
  if (is_small) charge(L, kMaxCounted / 4 + kMaxCounted * query.row_cost);
  std::uint64_t count = 0;
  for (std::uint32_t at = 0; at < end; ++at) {
    if (!is_small && at % 16 == 0) charge(L, 4 + 16 * query.row_cost);
    if (matches(L, query, query.all ? at : query.rows[at])) ++count;
  }
  return count;
}

const std::vector<Filter>* kept_filters(Host& host, const std::vector<Filter>& filters) {
  const auto found = std::find(host.kept_filters.begin(), host.kept_filters.end(), filters);
  if (found != host.kept_filters.end()) return std::to_address(found);
  constexpr std::size_t kMaxKept = 256;
  if (host.kept_filters.size() == kMaxKept) return nullptr;
  host.kept_filters.push_back(filters);
  return &host.kept_filters.back();
}

std::vector<Filter> read_filters(lua_State* L, Dataset dataset, int at) {
  std::vector<Filter> filters;
  if (lua_isnoneornil(L, at)) return filters;
  luaL_checktype(L, at, LUA_TTABLE);
  push_table_of(L, at);
  const int table = lua_gettop(L);
  Host& host = host_of(L);
  const DatasetView& view = host.views[static_cast<std::size_t>(dataset)];
  Handle any;
  any.dataset = dataset;
  push_sorted_keys(L, table);
  const int keys = lua_gettop(L);
  if (lua_rawlen(L, keys) == 0) raise_error(L, "a filter names at least one field (a value that is nil is not there); leave it out to mean all");
  for (lua_Integer key = 1; lua_rawgeti(L, keys, key) != LUA_TNIL; ++key) {
    charge(L, 8);
    if (lua_type(L, -1) != LUA_TSTRING) raise_error(L, "a filter is {field = value or list, …}");
    lua_pushvalue(L, -1);
    lua_rawget(L, table);
    lua_pushvalue(L, -2);
    const Slot& slot = slot_of(L, any, -1);
    lua_pop(L, 1);
    if (slot.kind != Slot::Kind::field) raise_error(L, "a filter names a field; '" + std::string(slot.key) + "' is none");
    Filter filter;
    filter.slot = &slot;
    std::vector<std::string> wanted;
    const auto add_text = [&](int value_at) {
      std::size_t size = 0;
      if (lua_type(L, value_at) != LUA_TSTRING) raise_error(L, "a filter's value is text, a list of texts, or true or false");
      const char* text = lua_tolstring(L, value_at, &size);
      charge(L, 4 + size / 4);
      wanted.emplace_back(text, size);
    };
    if (const ListView* list = to_list(L, -1)) {
      for (std::size_t i = 0; i < list->size(); ++i) wanted.emplace_back(list->at(i));
    } else if (lua_type(L, -1) == LUA_TTABLE) {
      push_table_of(L, -1);
      push_sorted_keys(L, -1);
      const auto items = static_cast<lua_Integer>(lua_rawlen(L, -1));
      lua_pop(L, 1);
      for (lua_Integer i = 1; i <= items; ++i) {
        // A hole or a name: then part of the list would be passed over in silence.
        if (lua_rawgeti(L, -1, i) == LUA_TNIL) raise_error(L, "a filter's list has texts at 1, 2, 3 … and nothing else");
        add_text(-1);
        lua_pop(L, 1);
      }
      lua_pop(L, 1);
    } else if (lua_type(L, -1) == LUA_TBOOLEAN) {
      filter.flag = lua_toboolean(L, -1) != 0;
      if (slot.type != FieldType::boolean) raise_error(L, std::string(view.spec->name) + "." + slot.key + " is not true or false");
    } else {
      add_text(-1);
    }
    charge(L, wanted.size());
    if (slot.type == FieldType::word) {
      const auto& words = slot.column->words();
      filter.codes.resize(words.size());
      for (std::size_t code = 0; code < words.size(); ++code)
        filter.codes[code] = std::find(wanted.begin(), wanted.end(), words[code]) != wanted.end();
    } else if (slot.type == FieldType::text || slot.type == FieldType::id) {
      filter.texts = std::move(wanted);
    } else if (slot.type != FieldType::boolean) {
      raise_error(L, std::string(view.spec->name) + "." + slot.key + " cannot be filtered by; only text, words, and true or false can");
    }
    filters.push_back(std::move(filter));
    lua_pop(L, 2);
  }
  lua_settop(L, table - 1);
  return filters;
}

Passing passes(const std::vector<Filter>& filters, std::uint32_t row) {
  for (const Filter& filter : filters) {
    const snapshot::Column& column = *filter.slot->column;
    if (column.cell(row) != Cell::value) return {false, &filter};
    switch (filter.slot->type) {
      case FieldType::word:
        if (!filter.codes[column.word_code(row)]) return {};
        break;
      case FieldType::boolean:
        if (column.boolean(row) != filter.flag) return {};
        break;
      default:
        if (std::find(filter.texts.begin(), filter.texts.end(), column.is_computed() ? column.compute(row) : column.text(row)) == filter.texts.end()) return {};
        break;
    }
  }
  return {true, nullptr};
}

Query all_rows(lua_State* L, Dataset dataset, int filter_at) {
  Query query;
  query.dataset = dataset;
  query.all = true;
  query.is_followed = true;
  query.path = kConstantPath;
  query.filters = read_filters(L, dataset, filter_at);
  query.row_cost = cost_of(query.filters);
  return query;
}

Query related_rows(lua_State* L, const Handle& handle, std::uint16_t relation, int filter_at) {
  Host& host = host_of(L);
  const snapshot::RelationSpec& spec = snapshot::relations()[relation];
  if (handle.row == kImplicitRow) raise_error(L, "an implicit membership has no " + std::string(spec.name));
  touch(L, spec.to);
  Query query;
  query.dataset = spec.to;
  query.groups = &host.world->to_many[relation];
  query.rows = query.groups->of(handle.row);
  query.filters = read_filters(L, spec.to, filter_at);
  query.row_cost = cost_of(query.filters);
  query.is_followed = handle.is_followed;
  query.path = handle.path;
  return query;
}

}  // namespace muster::rule
