// Loops over records: `org:users{…}`, `user:keys{…}` and every other to-many relation; their filters, and how many records there are.
#include <algorithm>

#include "rule/host_internal.h"

namespace muster::rule {

using snapshot::Cell;
using snapshot::Dataset;
using snapshot::FieldType;

namespace {

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
    if (!matches(L, query.filters, query.dataset, row)) continue;
    charge(L, 4);
    push_handle(L, query.dataset, row);
    return 1;
  }
  return 0;
}

}  // namespace

void push_query(lua_State* L, Query query) {
  Host& host = host_of(L);
  charge(L, 20);
  if (host.queries.size() > 100'000) raise_error(L, "too many loops");
  host.queries.push_back(std::move(query));
  lua_pushinteger(L, static_cast<lua_Integer>(host.queries.size() - 1));
  lua_pushinteger(L, host.epoch);
  lua_pushcclosure(L, guarded<next_of_query>, 2);
}

std::uint64_t count_query(lua_State* L, const Query& query) {
  Host& host = host_of(L);
  if (query.filters.empty()) return query.all ? host.world->table(query.dataset)->rows() : query.rows.size();
  const auto end = query.all ? host.world->table(query.dataset)->rows() : static_cast<std::uint32_t>(query.rows.size());
  std::uint64_t count = 0;
  for (std::uint32_t at = 0; at < end; ++at) {
    if (at % 16 == 0) charge(L, 4);
    if (matches(L, query.filters, query.dataset, query.all ? at : query.rows[at])) ++count;
  }
  return count;
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

bool matches(lua_State* L, const std::vector<Filter>& filters, Dataset dataset, std::uint32_t row) {
  for (const Filter& filter : filters) {
    const snapshot::Column& column = *filter.slot->column;
    if (const Cell cell = column.cell(row); cell != Cell::value) {
      Handle handle;
      handle.dataset = dataset;
      handle.row = row;
      raise_cell(L, handle, *filter.slot, cell);
    }
    switch (filter.slot->type) {
      case FieldType::word:
        if (!filter.codes[column.word_code(row)]) return false;
        break;
      case FieldType::boolean:
        if (column.boolean(row) != filter.flag) return false;
        break;
      default:
        if (column.is_computed()) charge(L, 50);
        if (std::find(filter.texts.begin(), filter.texts.end(), column.is_computed() ? column.compute(row) : column.text(row)) == filter.texts.end()) return false;
        break;
    }
  }
  return true;
}

}  // namespace muster::rule
