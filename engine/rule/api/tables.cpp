// table.insert, remove, concat, sort, unpack. Each pays for its length, so that none can run past the budget; sort ends whatever the comparator says.
#include <algorithm>

#include "rule/host_internal.h"

namespace muster::rule {
namespace {

void check_table(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
}
// Length of a table that the rule made itself; views answer by their metamethod.
lua_Integer length(lua_State* L) {
  const lua_Integer n = luaL_len(L, 1);
  charge(L, 1);
  // A table with few keys can claim any length (its border): what is longer than memory allows is no list.
  if (n < 0 || n > 50'000'000) luaL_error(L, "a list this long cannot be worked on");
  return n;
}

int t_insert(lua_State* L) {
  check_table(L);
  const lua_Integer n = length(L) + 1;
  switch (lua_gettop(L)) {
    case 2: lua_seti(L, 1, n); return 0;
    case 3: {
      const lua_Integer at = luaL_checkinteger(L, 2);
      luaL_argcheck(L, at >= 1 && at <= n, 2, "position out of bounds");
      charge(L, static_cast<std::uint64_t>(n - at));
      for (lua_Integer i = n; i > at; --i) {
        lua_geti(L, 1, i - 1);
        lua_seti(L, 1, i);
      }
      lua_seti(L, 1, at);
      return 0;
    }
    default: return luaL_error(L, "table.insert(list, [at,] value)");
  }
}
int t_remove(lua_State* L) {
  check_table(L);
  const lua_Integer n = length(L);
  lua_Integer at = luaL_optinteger(L, 2, n);
  if (n == 0 && at == 0) {
    lua_pushnil(L);
    return 1;
  }
  luaL_argcheck(L, at >= 1 && at <= n + 1, 2, "position out of bounds");
  charge(L, static_cast<std::uint64_t>(n - std::min(at, n)));
  lua_geti(L, 1, at);
  for (; at < n; ++at) {
    lua_geti(L, 1, at + 1);
    lua_seti(L, 1, at);
  }
  if (at <= n) {
    lua_pushnil(L);
    lua_seti(L, 1, at);
  }
  return 1;
}
int t_concat(lua_State* L) {
  const ListView* list = to_list(L, 1);
  if (!list) check_table(L);
  const lua_Integer n = list ? static_cast<lua_Integer>(list->size()) : length(L);
  std::size_t between_size = 0;
  const char* between = luaL_optlstring(L, 2, "", &between_size);
  const lua_Integer first = luaL_optinteger(L, 3, 1);
  const lua_Integer last = std::min(luaL_optinteger(L, 4, n), n);
  std::string out;
  for (lua_Integer i = std::max<lua_Integer>(first, 1); i <= last; ++i) {
    charge(L, 2);
    lua_geti(L, 1, i);
    const int type = lua_type(L, -1);
    if (type == LUA_TNIL || type == LUA_TTABLE || type == LUA_TFUNCTION)
      luaL_error(L, "table.concat: value %d is a %s", static_cast<int>(i), std::string(kind_of(L, -1)).c_str());
    out += text_of(L, -1);
    lua_pop(L, 1);
    if (i != last) out.append(between, between_size);
    if (out.size() > (1u << 20)) luaL_error(L, "table.concat would make more than 1048576 bytes");
  }
  charge(L, out.size() / 16);
  lua_pushlstring(L, out.data(), out.size());
  return 1;
}

// Merge sort over positions in a scratch table: n log n comparisons whatever the comparator answers, and stable, so that equal items keep their order.
int t_sort(lua_State* L) {
  check_table(L);
  const lua_Integer n = length(L);
  const bool has_order = !lua_isnoneornil(L, 2);
  if (has_order) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  charge(L, static_cast<std::uint64_t>(n) * 4);
  lua_createtable(L, static_cast<int>(std::min<lua_Integer>(n, 1 << 20)), 0);
  for (lua_Integer i = 1; i <= n; ++i) {
    lua_geti(L, 1, i);
    lua_rawseti(L, 3, i);
  }
  const auto less = [&](lua_Integer a, lua_Integer b) {
    charge(L, 4);
    if (has_order) lua_pushvalue(L, 2);
    lua_rawgeti(L, 3, a);
    lua_rawgeti(L, 3, b);
    bool answer = false;
    if (has_order) {
      lua_call(L, 2, 1);
      answer = lua_toboolean(L, -1) != 0;
      lua_pop(L, 1);
    } else {
      answer = lua_compare(L, -2, -1, LUA_OPLT) != 0;
      lua_pop(L, 2);
    }
    return answer;
  };
  std::vector<lua_Integer> order(static_cast<std::size_t>(n)), scratch(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<lua_Integer>(i) + 1;
  for (std::size_t width = 1; width < order.size(); width *= 2) {
    for (std::size_t from = 0; from < order.size(); from += 2 * width) {
      const std::size_t middle = std::min(from + width, order.size()), end = std::min(from + 2 * width, order.size());
      std::size_t left = from, right = middle;
      for (std::size_t to = from; to < end; ++to) {
        const bool take_right = left == middle || (right < end && less(order[right], order[left]));
        scratch[to] = take_right ? order[right++] : order[left++];
      }
    }
    order.swap(scratch);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    lua_rawgeti(L, 3, order[i]);
    lua_seti(L, 1, static_cast<lua_Integer>(i) + 1);
  }
  return 0;
}
int t_unpack(lua_State* L) {
  check_table(L);
  const lua_Integer first = luaL_optinteger(L, 2, 1);
  const lua_Integer last = luaL_optinteger(L, 3, luaL_len(L, 1));
  if (first > last) return 0;
  // Unsigned, for the distance of two extremes does not fit a lua_Integer.
  const std::uint64_t distance = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first);
  if (distance >= 200 || !lua_checkstack(L, 210)) luaL_error(L, "table.unpack gives at most 200 values");
  charge(L, distance + 1);
  for (std::uint64_t i = 0; i <= distance; ++i) lua_geti(L, 1, static_cast<lua_Integer>(static_cast<std::uint64_t>(first) + i));
  return static_cast<int>(distance + 1);
}

constexpr ApiFunction kFunctions[] = {
    {"table", "insert", guarded<t_insert>, "(list: table, at_or_value: any, value?: any)", "As in Lua."},
    {"table", "remove", guarded<t_remove>, "(list: table, at?: integer): any", "As in Lua."},
    {"table", "concat", guarded<t_concat>, "(list: table, between?: string, first?: integer, last?: integer): string", "As in Lua; times and records become their text."},
    {"table", "sort", guarded<t_sort>, "(list: table, less?: fun(a: any, b: any): boolean)", "As in Lua, and stable."},
    {"table", "unpack", guarded<t_unpack>, "(list: table, first?: integer, last?: integer): any", "As in Lua; at most 200 values."},
};

}  // namespace

std::span<const ApiFunction> api_tables() { return kFunctions; }

}  // namespace muster::rule
