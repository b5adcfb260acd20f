// Read-only views of tables, and the proof at load that a rule cannot carry state from one subject to the next: every table that its functions can reach is
// replaced by a read-only view, and no function may assign to a variable that outlives a call.
#include "rule/bytecode.h"
#include "rule/host_internal.h"

#include "base/text.h"

namespace muster::rule {
namespace {

int refuse_write(lua_State* L) {
  const std::string name = text_of(L, 2);
  raise_error(L, "cannot assign to '" + name + "': tables made outside check are read-only");
}

int view_length(lua_State* L) {
  push_table_of(L, 1);
  lua_pushinteger(L, static_cast<lua_Integer>(lua_rawlen(L, -1)));
  return 1;
}

/// Nested tables and functions are walked by recursion, so their depth is bounded.
struct DepthGuard {
  explicit DepthGuard(lua_State* L) : host(host_of(L)) {
    if (++host.depth > 150) {
      --host.depth;
      luaL_error(L, "what check can see is nested too deeply");
    }
  }
  ~DepthGuard() { --host.depth; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  Host& host;
};

/// A host function with a state of its own, such as the iterator that pairs gives: it would remember the last subject.
void refuse_stateful(lua_State* L, int function) {
  if (!lua_getupvalue(L, function, 1)) return;
  luaL_error(L, "an iterator made outside check is kept; it would carry state from one subject to the next");
}

// The address of this variable marks the metatables of views.
const char kViewMark = 0;

bool is_view(lua_State* L, int at) {
  if (lua_type(L, at) != LUA_TTABLE || !lua_getmetatable(L, at)) return false;
  const bool yes = lua_rawgetp(L, -1, &kViewMark) != LUA_TNIL;
  lua_pop(L, 2);
  return yes;
}

// views: table original → view, so that shared tables stay shared and cycles end.
void push_frozen_value(lua_State* L, int at, int views);

void push_frozen_table(lua_State* L, int at, int views) {
  at = lua_absindex(L, at);
  if (is_view(L, at)) {
    lua_pushvalue(L, at);
    return;
  }
  lua_pushvalue(L, at);
  if (lua_rawget(L, views) != LUA_TNIL) return;
  lua_pop(L, 1);
  luaL_checkstack(L, 12, "tables nested too deeply");
  lua_newtable(L);  // the view, always empty
  const int view = lua_gettop(L);
  lua_pushvalue(L, at);
  lua_pushvalue(L, view);
  lua_rawset(L, views);
  lua_newtable(L);  // the content, with frozen values
  const int content = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, at) != 0) {
    push_frozen_value(L, -1, views);
    lua_pushvalue(L, -3);
    lua_insert(L, -2);
    lua_rawset(L, content);
    lua_pop(L, 1);
  }
  lua_newtable(L);  // the metatable
  lua_pushvalue(L, content);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, guarded<refuse_write>);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, guarded<view_length>);
  lua_setfield(L, -2, "__len");
  lua_pushvalue(L, content);
  lua_rawsetp(L, -2, &kViewMark);
  lua_setmetatable(L, view);
  lua_settop(L, view);
}

void freeze_upvalues(lua_State* L, int function, int views);

void push_frozen_value(lua_State* L, int at, int views) {
  const DepthGuard guard(L);
  at = lua_absindex(L, at);
  switch (lua_type(L, at)) {
    case LUA_TTABLE: push_frozen_table(L, at, views); return;
    case LUA_TFUNCTION:
      freeze_upvalues(L, at, views);
      lua_pushvalue(L, at);
      return;
    default:
      if (is_null_value(L, at)) luaL_error(L, "`null` is for examples; a variable that check can see holds it");
      lua_pushvalue(L, at);
      return;
  }
}

void freeze_upvalues(lua_State* L, int function, int views) {
  function = lua_absindex(L, function);
  lua_pushvalue(L, function);
  if (lua_rawget(L, views) != LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  lua_pop(L, 1);
  lua_pushvalue(L, function);
  lua_pushboolean(L, 1);
  lua_rawset(L, views);
  if (lua_iscfunction(L, function)) return refuse_stateful(L, function);
  luaL_checkstack(L, 8, "functions nested too deeply");
  Host& host = host_of(L);
  for (int i = 1; lua_getupvalue(L, function, i) != nullptr; ++i) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, host.environment_ref);
    const bool is_environment = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 1);
    if (is_environment) {
      lua_pop(L, 1);
      continue;
    }
    push_frozen_value(L, -1, views);
    lua_setupvalue(L, function, i);
    lua_pop(L, 1);
  }
}

int append_dump(lua_State*, const void* bytes, std::size_t size, void* out) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), size);
  return 0;
}

FunctionFacts facts_of(lua_State* L, int function) {
  std::string dump;
  lua_pushvalue(L, function);
  lua_dump(L, append_dump, &dump, 0);
  lua_pop(L, 1);
  charge(L, dump.size() / 4);
  auto facts = read_bytecode(dump);
  if (!facts) throw std::runtime_error("this build of Lua writes a bytecode that muster does not know");
  return std::move(*facts);
}

template <class Visit>
void for_each_reachable(lua_State* L, int at, int seen, const Visit& visit) {
  const DepthGuard guard(L);
  at = lua_absindex(L, at);
  const int type = lua_type(L, at);
  if (type != LUA_TFUNCTION && type != LUA_TTABLE) return;
  lua_pushvalue(L, at);
  const bool is_new = lua_rawget(L, seen) == LUA_TNIL;
  lua_pop(L, 1);
  if (!is_new) return;
  lua_pushvalue(L, at);
  lua_pushboolean(L, 1);
  lua_rawset(L, seen);
  luaL_checkstack(L, 8, "values nested too deeply");
  if (type == LUA_TTABLE) {
    push_table_of(L, at);
    const int table = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, table) != 0) {
      for_each_reachable(L, -1, seen, visit);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return;
  }
  if (lua_iscfunction(L, at)) return refuse_stateful(L, at);
  visit(at);
  Host& host = host_of(L);
  for (int i = 1; lua_getupvalue(L, at, i) != nullptr; ++i) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, host.environment_ref);
    const bool is_environment = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 1);
    if (!is_environment) for_each_reachable(L, -1, seen, visit);
    lua_pop(L, 1);
  }
}

}  // namespace

void push_frozen(lua_State* L, int at) {
  at = lua_absindex(L, at);
  lua_newtable(L);
  const int views = lua_gettop(L);
  push_frozen_value(L, at, views);
  lua_remove(L, views);
}

void push_table_of(lua_State* L, int at) {
  if (is_view(L, at)) {
    lua_getmetatable(L, at);
    lua_rawgetp(L, -1, &kViewMark);
    lua_remove(L, -2);
    return;
  }
  lua_pushvalue(L, at);
}

ReachableFacts facts_of_function(Host& host) {
  lua_State* L = host.state;
  const int function = lua_gettop(L);
  lua_newtable(L);
  ReachableFacts all;
  for_each_reachable(L, function, lua_gettop(L), [&](int at) {
    lua_Debug info{};
    lua_pushvalue(L, at);
    lua_getinfo(L, ">S", &info);
    const std::string file = info.source && *info.source == '@' ? info.source + 1 : "";
    FunctionFacts facts = facts_of(L, at);
    for (CapturedAssignment& found : facts.captured) all.captured.push_back({std::move(found.name), found.line, file});
    for (ConstantComparison& found : facts.comparisons) all.comparisons.push_back({std::move(found.field), found.line, file});
    for (std::string& text : facts.strings) all.names.insert(std::move(text));
  });
  lua_settop(L, function);
  return all;
}

void freeze_function(Host& host) {
  lua_State* L = host.state;
  const int function = lua_gettop(L);
  lua_newtable(L);
  freeze_upvalues(L, function, lua_gettop(L));
  lua_settop(L, function);
}

}  // namespace muster::rule
