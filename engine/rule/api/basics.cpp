// type, tostring, tonumber, error, assert, select, ipairs, pairs, and math without randomness. No address, locale or clock can reach a rule through these.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "rule/host_internal.h"

namespace muster::rule {

std::string_view kind_of(lua_State* L, int at) {
  switch (lua_type(L, at)) {
    case LUA_TLIGHTUSERDATA: return "time";
    case LUA_TUSERDATA:
      switch (*static_cast<const Tag*>(lua_touserdata(L, at))) {
        case Tag::handle: return snapshot::spec_of(static_cast<const Handle*>(lua_touserdata(L, at))->dataset).singular;
        case Tag::org: return "org";
        case Tag::list: return "list";
        case Tag::duration: return "duration";
        case Tag::verdict: return "verdict";
        case Tag::null: return "null";
        case Tag::proxy_key: return "table";
      }
      return "value";
    case LUA_TNONE: return "no value";
    default: return lua_typename(L, lua_type(L, at));
  }
}

std::string text_of(lua_State* L, int at) {
  switch (lua_type(L, at)) {
    case LUA_TNIL: return "nil";
    case LUA_TBOOLEAN: return lua_toboolean(L, at) ? "true" : "false";
    case LUA_TNUMBER:
      if (lua_isinteger(L, at)) return fmt::format("{}", static_cast<long long>(lua_tointeger(L, at)));
      if (std::isnan(lua_tonumber(L, at))) return "nan";  // its sign varies between processors
      return fmt::format("{}", lua_tonumber(L, at));
    case LUA_TSTRING: {
      std::size_t size = 0;
      const char* text = lua_tolstring(L, at, &size);
      return std::string(text, size);
    }
    case LUA_TLIGHTUSERDATA: return format_rfc3339(to_time(L, at));
    case LUA_TUSERDATA:
      if (const Handle* handle = to_handle(L, at)) {
        check_handle(L, at);
        return std::string(handle_label(host_of(L), *handle));
      }
      if (const Duration* duration = to_duration(L, at)) return format_duration(duration->us);
      if (const ListView* list = to_list(L, at)) {
        std::string out;
        for (std::size_t i = 0; i < list->size(); ++i) out.append(i ? ", " : "").append(list->at(i));
        return out;
      }
      return std::string(kind_of(L, at));
    default: return std::string(kind_of(L, at));
  }
}

namespace {

// Numbers ascending, then strings bytewise, then booleans.
bool key_less(lua_State* L, int a, int b) {
  const auto rank = [&](int at) { return lua_type(L, at) == LUA_TNUMBER ? 0 : lua_type(L, at) == LUA_TSTRING ? 1 : 2; };
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  if (rank(a) == 0) return lua_compare(L, a, b, LUA_OPLT) != 0;
  if (rank(a) == 2) return lua_toboolean(L, a) < lua_toboolean(L, b);
  std::size_t na = 0, nb = 0;
  const char* ta = lua_tolstring(L, a, &na);
  const char* tb = lua_tolstring(L, b, &nb);
  return std::string_view(ta, na) < std::string_view(tb, nb);
}

struct JsonOut {
  lua_State* L;
  std::size_t max_bytes;
  std::string text;
  json::Writer writer{text};

  void put(int at, int depth) {
    at = lua_absindex(L, at);
    if (depth > 8) luaL_error(L, "a value for the report is nested too deeply (or holds itself)");
    if (text.size() > max_bytes) trip(L, "more than " + std::to_string(max_bytes) + " bytes in one finding");
    switch (lua_type(L, at)) {
      case LUA_TNIL: writer.null(); return;
      case LUA_TBOOLEAN: writer.value(lua_toboolean(L, at) != 0); return;
      case LUA_TNUMBER:
        if (lua_isinteger(L, at)) writer.value(static_cast<std::int64_t>(lua_tointeger(L, at)));
        else if (std::isfinite(lua_tonumber(L, at))) writer.value(static_cast<double>(lua_tonumber(L, at)));
        else writer.value(text_of(L, at));
        return;
      case LUA_TTABLE: break;
      case LUA_TFUNCTION:
      case LUA_TTHREAD: luaL_error(L, "a function cannot be reported"); return;
      case LUA_TUSERDATA:
        if (const Handle* handle = to_handle(L, at)) {
          check_handle(L, at);
          writer.value(handle_id(host_of(L), *handle));
          return;
        }
        if (const ListView* list = to_list(L, at)) {
          writer.begin_array();
          for (std::size_t i = 0; i < list->size(); ++i) writer.value(list->at(i));
          writer.end_array();
          return;
        }
        if (is_null_value(L, at)) {
          writer.null();
          return;
        }
        writer.value(text_of(L, at));
        return;
      default: writer.value(text_of(L, at)); return;
    }
    push_table_of(L, at);
    const int table = lua_gettop(L);
    push_sorted_keys(L, table);
    const int keys = lua_gettop(L);
    const auto count = static_cast<lua_Integer>(lua_rawlen(L, keys));
    charge(L, static_cast<std::uint64_t>(count) * 4);
    const bool is_array = count > 0 && static_cast<lua_Integer>(lua_rawlen(L, table)) == count;
    is_array ? writer.begin_array() : writer.begin_object();
    for (lua_Integer i = 1; i <= count; ++i) {
      lua_rawgeti(L, keys, i);
      if (!is_array) writer.key(text_of(L, -1));
      lua_rawget(L, table);
      put(-1, depth + 1);
      lua_pop(L, 1);
    }
    is_array ? writer.end_array() : writer.end_object();
    lua_settop(L, table - 1);
  }
};

}  // namespace

std::string json_of(lua_State* L, int at, std::size_t max_bytes) {
  luaL_checkstack(L, 64, "value nested too deeply");
  JsonOut out{L, max_bytes, {}};
  out.put(at, 0);
  if (out.text.size() > max_bytes) trip(L, "more than " + std::to_string(max_bytes) + " bytes in one finding");
  return std::move(out.text);
}

void push_sorted_keys(lua_State* L, int at) {
  at = lua_absindex(L, at);
  lua_newtable(L);
  const int keys = lua_gettop(L);
  lua_Integer count = 0;
  luaL_checkstack(L, 8, "too many values");
  lua_pushnil(L);
  while (lua_next(L, at) != 0) {
    lua_pop(L, 1);
    const int type = lua_type(L, -1);
    if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN)
      raise_error(L, "a table with a key that is no text, number or truth value cannot be looped over: the order would vary");
    lua_pushvalue(L, -1);
    lua_rawseti(L, keys, ++count);
  }
  charge(L, static_cast<std::uint64_t>(count) * 4);
  // Sorted by a permutation; the keys stay in the table so that no reference outlives them.
  std::vector<lua_Integer> order(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<lua_Integer>(i) + 1;
  std::sort(order.begin(), order.end(), [&](lua_Integer a, lua_Integer b) {
    lua_rawgeti(L, keys, a);
    lua_rawgeti(L, keys, b);
    const bool less = key_less(L, -2, -1);
    lua_pop(L, 2);
    return less;
  });
  lua_createtable(L, static_cast<int>(count), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    lua_rawgeti(L, keys, order[i]);
    lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
  }
  lua_remove(L, keys);
}

namespace {

int f_type(lua_State* L) {
  luaL_checkany(L, 1);
  const std::string_view kind = kind_of(L, 1);
  lua_pushlstring(L, kind.data(), kind.size());
  return 1;
}
int f_tostring(lua_State* L) {
  luaL_checkany(L, 1);
  const std::string text = text_of(L, 1);
  charge(L, text.size() / 8);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}
int f_tonumber(lua_State* L) {
  luaL_checkany(L, 1);
  if (lua_type(L, 1) == LUA_TNUMBER) {
    lua_settop(L, 1);
    return 1;
  }
  std::size_t length = 0;
  const char* text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &length) : nullptr;
  if (text) charge(L, length / 8);
  if (!text || lua_stringtonumber(L, text) != length + 1) lua_pushnil(L);
  return 1;
}
int f_error(lua_State* L) {
  const std::string text = text_of(L, 1);
  luaL_where(L, 1);
  lua_pushlstring(L, text.data(), text.size());
  lua_concat(L, 2);
  return lua_error(L);
}
int f_assert(lua_State* L) {
  luaL_checkany(L, 1);
  if (lua_toboolean(L, 1)) return lua_gettop(L);
  const std::string text = lua_isnoneornil(L, 2) ? "assertion failed" : text_of(L, 2);
  luaL_where(L, 1);
  lua_pushlstring(L, text.data(), text.size());
  lua_concat(L, 2);
  return lua_error(L);
}
int f_select(lua_State* L) {
  const int n = lua_gettop(L);
  if (lua_type(L, 1) == LUA_TSTRING && std::strcmp(lua_tostring(L, 1), "#") == 0) {
    lua_pushinteger(L, n - 1);
    return 1;
  }
  lua_Integer at = luaL_checkinteger(L, 1);
  if (at < 0) at = n + at;
  luaL_argcheck(L, at >= 1, 1, "index out of range");
  return at > n - 1 ? 0 : n - static_cast<int>(at);
}
int next_index(lua_State* L) {
  const lua_Integer at = luaL_checkinteger(L, 2) + 1;
  charge(L, 1);
  lua_pushinteger(L, at);
  return lua_geti(L, 1, at) == LUA_TNIL ? 1 : 2;
}
int f_ipairs(lua_State* L) {
  if (lua_type(L, 1) != LUA_TTABLE && !to_list(L, 1)) luaL_typeerror(L, 1, "table or list");
  lua_pushcfunction(L, guarded<next_index>);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}
int next_pair(lua_State* L) {
  const lua_Integer at = lua_tointeger(L, lua_upvalueindex(3)) + 1;
  charge(L, 2);
  if (lua_rawgeti(L, lua_upvalueindex(2), at) == LUA_TNIL) return 1;
  lua_pushinteger(L, at);
  lua_replace(L, lua_upvalueindex(3));
  lua_pushvalue(L, -1);
  lua_rawget(L, lua_upvalueindex(1));
  return 2;
}
int f_pairs(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  push_table_of(L, 1);
  push_sorted_keys(L, -1);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, guarded<next_pair>, 3);
  return 1;
}

template <double (*Function)(double)>
int f_round(lua_State* L) {
  if (lua_isinteger(L, 1)) {
    lua_settop(L, 1);
    return 1;
  }
  const double value = Function(luaL_checknumber(L, 1));
  lua_Integer whole = 0;
  if (lua_numbertointeger(value, &whole)) lua_pushinteger(L, whole);
  else lua_pushnumber(L, value);
  return 1;
}
double round_half_away(double value) { return std::round(value); }
double floor_of(double value) { return std::floor(value); }
double ceil_of(double value) { return std::ceil(value); }
int f_abs(lua_State* L) {
  if (lua_isinteger(L, 1)) {
    const lua_Integer value = lua_tointeger(L, 1);
    lua_pushinteger(L, value < 0 ? static_cast<lua_Integer>(0 - static_cast<lua_Unsigned>(value)) : value);
  } else {
    lua_pushnumber(L, std::fabs(luaL_checknumber(L, 1)));
  }
  return 1;
}
int extreme(lua_State* L, int operation) {
  const int n = lua_gettop(L);
  luaL_argcheck(L, n >= 1, 1, "number expected");
  int best = 1;
  for (int i = 1; i <= n; ++i) {
    luaL_checknumber(L, i);
    if (operation < 0 ? lua_compare(L, i, best, LUA_OPLT) : lua_compare(L, best, i, LUA_OPLT)) best = i;
  }
  lua_pushvalue(L, best);
  return 1;
}
int f_min(lua_State* L) { return extreme(L, -1); }
int f_max(lua_State* L) { return extreme(L, 1); }

constexpr ApiFunction kFunctions[] = {
    {"", "type", guarded<f_type>, "(value: any): string", "Lua's type name, or `time`, `duration`, `list`, or a record's kind (`user`)."},
    {"", "tostring", guarded<f_tostring>, "(value: any): string", "The value as text for people: times as RFC 3339, records by their label."},
    {"", "tonumber", guarded<f_tonumber>, "(text: any): number?", "The number that the text says, or nil."},
    {"", "error", guarded<f_error>, "(message: string)", "Ends this subject with the verdict `error`."},
    {"", "assert", guarded<f_assert>, "(value: any, message?: string): any", "Ends this subject with the verdict `error` unless the value is true."},
    {"", "select", guarded<f_select>, "(at: integer|'#', ...): any", "As in Lua."},
    {"", "ipairs", guarded<f_ipairs>, "(list: table): function", "As in Lua; also for lists of parameters and fields."},
    {"", "pairs", guarded<f_pairs>, "(table: table): function", "As in Lua, but always in the same order: numbers, then texts, sorted."},
    {"math", "floor", guarded<f_round<floor_of>>, "(x: number): integer", "The greatest whole number not above x."},
    {"math", "ceil", guarded<f_round<ceil_of>>, "(x: number): integer", "The least whole number not below x."},
    {"math", "round", guarded<f_round<round_half_away>>, "(x: number): integer", "The nearest whole number; halves go away from zero."},
    {"math", "abs", guarded<f_abs>, "(x: number): number", "The absolute value."},
    {"math", "min", guarded<f_min>, "(x: number, ...: number): number", "The least."},
    {"math", "max", guarded<f_max>, "(x: number, ...: number): number", "The greatest."},
};

}  // namespace

std::span<const ApiFunction> api_basics() { return kFunctions; }

}  // namespace muster::rule
