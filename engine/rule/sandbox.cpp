// The Lua state that rules run in: an allocator that counts, a hook that counts, an environment that holds the allow-list and nothing else.
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "rule/host_internal.h"

#define UNIT(name) [[nodiscard]] std::span<const ApiFunction> api_##name();
namespace muster::rule {
#include "rule_api.inc"
}
#undef UNIT

namespace muster::rule {

std::span<const std::span<const ApiFunction>> api_functions() {
#define UNIT(name) api_##name(),
  static const std::vector<std::span<const ApiFunction>> kAll = {
#include "rule_api.inc"
  };
#undef UNIT
  return kAll;
}

namespace {

constexpr int kHookInterval = 1000;

std::int64_t steady_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void* allocate(void* user, void* block, std::size_t old_size, std::size_t new_size) {
  auto& host = *static_cast<Host*>(user);
  if (!block) old_size = 0;  // then Lua passes a type tag, not a size
  if (new_size == 0) {
    std::free(block);
    host.memory -= old_size;
    return nullptr;
  }
  if (new_size > old_size && new_size - old_size > host.memory_limit - std::min(host.memory, host.memory_limit)) {
    host.is_out_of_memory = true;
    return nullptr;  // Lua collects garbage and asks again; only what is alive counts
  }
  void* moved = std::realloc(block, new_size);
  if (moved) host.memory += new_size - old_size;
  return moved;
}

void count_instructions(lua_State* L, lua_Debug* event) {
  Host& host = host_of(L);
  if (event->event == LUA_HOOKLINE) return trace_line(L);
  if (!host.over_budget.empty()) luaL_error(L, "over budget");  // sticky: nothing runs on once it has tripped
  host.used += kHookInterval;
  if (host.used > host.subject_limit) trip(L, "more than " + std::to_string(host.subject_limit) + " instructions for one subject");
  // Most subjects never come here, so the clock is first read when one does.
  if (host.hook_calls == 0) host.started_us = steady_us();
  ++host.hook_calls;
  if (host.limits && steady_us() - host.started_us > host.limits->subject_wall_us) {
    host.by_wall_time = true;
    trip(L, "more than " + std::to_string(host.limits->subject_wall_us / 1000) + " ms for one subject");
  }
  if (host.budget && host.budget->is_cancelled()) trip(L, "cancelled");
}

int unknown_global(lua_State* L) {
  std::string name = text_of(L, 2);
  raise_error(L, "unknown global '" + name + "'");
}
int assign_global(lua_State* L) {
  std::string name = text_of(L, 2);
  raise_error(L, "assignment to the global '" + name + "'; use `local`");
}

int require_module(lua_State* L) {
  Host& host = host_of(L);
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 1, &length);
  const std::string name(text, length);
  if (host.world) return luaL_error(L, "require is for the top of a rule file, not for check");
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.modules_ref);
  if (lua_getfield(L, -1, name.c_str()) != LUA_TNIL) return 1;
  lua_pop(L, 1);
  const std::string wanted = name.starts_with("lib.") ? name.substr(4) : name;
  const auto found = host.library->find(wanted);
  if (found == host.library->end()) return luaL_error(L, "no library file 'lib/%s.lua'; only files of lib/ can be required", wanted.c_str());
  host.required.insert(wanted);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, name.c_str());
  if (load_chunk(host, found->second, "@lib/" + wanted + ".lua") != LUA_OK) return lua_error(L);
  lua_call(L, 0, 1);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, name.c_str());
  return 1;
}

void register_scope_table(lua_State* L, std::string_view scope, int api) {
  if (scope.empty()) {
    lua_pushvalue(L, api);
    return;
  }
  const std::string name(scope);
  if (lua_getfield(L, api, name.c_str()) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, api, name.c_str());
}

/// Lines are looked at only where somebody wants to know what the rule did.
int hook_mask(const Host& host) { return LUA_MASKCOUNT | (host.trace && host.trace->wants_reads ? LUA_MASKLINE : 0); }

bool is_library_scope(std::string_view scope) { return scope.empty() || scope == "string" || scope == "table" || scope == "math"; }

int build_state(lua_State* L) {
  Host& host = host_of(L);
  lua_newtable(L);
  const int api = lua_gettop(L);
  for (const auto& unit : api_functions()) {
    for (const ApiFunction& row : unit) {
      if (!is_library_scope(row.scope)) continue;
      register_scope_table(L, row.scope, api);
      const std::string name(row.name);
      lua_pushcfunction(L, row.function);
      lua_setfield(L, -2, name.c_str());
      lua_pop(L, 1);
    }
  }
  lua_pushcfunction(L, guarded<require_module>);
  lua_setfield(L, api, "require");
  lua_getfield(L, api, "math");
  lua_pushinteger(L, LUA_MAXINTEGER);
  lua_setfield(L, -2, "maxinteger");
  lua_pushinteger(L, LUA_MININTEGER);
  lua_setfield(L, -2, "mininteger");
  lua_pop(L, 1);

  // Strings: `("x"):rep(…)` goes through the metatable, so it must lead to the same safe functions.
  lua_pushliteral(L, "");
  lua_newtable(L);
  lua_getfield(L, api, "string");
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);

  // Read-only views of library tables: a rule cannot put its own function into `string`. The string metatable keeps the raw table, which no rule can name.
  for (const char* name : {"string", "table", "math"}) {
    lua_getfield(L, api, name);
    push_frozen(L, -1);
    lua_setfield(L, api, name);
    lua_pop(L, 1);
  }
  lua_newtable(L);
  lua_pushcfunction(L, guarded<unknown_global>);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, api);
  lua_pushvalue(L, api);
  host.api_ref = luaL_ref(L, LUA_REGISTRYINDEX);

  lua_newtable(L);  // _ENV: always empty, reads fall through to the API, writes are refused
  lua_newtable(L);
  lua_pushvalue(L, api);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, guarded<assign_global>);
  lua_setfield(L, -2, "__newindex");
  lua_setmetatable(L, -2);
  host.environment_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  host.modules_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  install_time_types(L);
  return 0;
}

}  // namespace

namespace {

/// "rules/x.lua:12: " of the innermost Lua code; host functions have no line of their own.
std::string where(lua_State* L) {
  for (int level = 0; level < 8; ++level) {
    luaL_where(L, level);
    const std::string text = lua_tostring(L, -1);
    lua_pop(L, 1);
    if (!text.empty()) return text;
  }
  return {};
}

}  // namespace

void trip(lua_State* L, const std::string& why) {
  Host& host = host_of(L);
  if (host.over_budget.empty()) host.over_budget = where(L) + "over budget: " + why;
  lua_sethook(L, count_instructions, LUA_MASKCOUNT, 1);
  luaL_error(L, "over budget");
  std::abort();  // luaL_error does not return
}

void charge(lua_State* L, std::uint64_t instructions) {
  Host& host = host_of(L);
  host.used += instructions;
  if (host.used > host.subject_limit) trip(L, "more than " + std::to_string(host.subject_limit) + " instructions for one subject");
}

void raise_unknown(lua_State* L, std::string reason) {
  Host& host = host_of(L);
  if (host.sticky == Sticky::none) {
    host.sticky = Sticky::unknown;
    host.sticky_reason = std::move(reason);
  }
  lua_pushliteral(L, "unknown");
  lua_error(L);
  std::abort();
}

void raise_error(lua_State* L, std::string reason) {
  Host& host = host_of(L);
  if (host.sticky != Sticky::error) {
    host.sticky_reason = where(L) + reason;
    host.sticky = Sticky::error;
  }
  lua_pushlstring(L, host.sticky_reason.data(), host.sticky_reason.size());
  lua_error(L);
  std::abort();
}

StatePtr make_state(Host& host) {
  StatePtr state(lua_newstate(allocate, &host));
  if (!state) return nullptr;
  lua_State* L = state.get();
  host.state = L;
  *static_cast<Host**>(lua_getextraspace(L)) = &host;
  lua_pushcfunction(L, build_state);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) return nullptr;
  return state;
}

int load_chunk(Host& host, std::string_view text, const std::string& chunk_name) {
  lua_State* L = host.state;
  const int status = luaL_loadbufferx(L, text.data(), text.size(), chunk_name.c_str(), "t");
  if (status != LUA_OK) return status;
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.environment_ref);
  lua_setupvalue(L, -2, 1);
  return LUA_OK;
}

int call_protected(Host& host, int arguments, int results) {
  host.hook_calls = 0;
  lua_sethook(host.state, count_instructions, hook_mask(host), kHookInterval);
  const int status = lua_pcall(host.state, arguments, results, 0);
  if (status == LUA_ERRMEM && host.over_budget.empty())
    host.over_budget = "over budget: more than " + std::to_string(host.memory_limit >> 20) + " MiB of memory";
  return status;
}

void rearm_hook(lua_State* L) { lua_sethook(L, count_instructions, hook_mask(host_of(L)), kHookInterval); }

void set_null_visible(Host& host, bool visible) {
  lua_State* L = host.state;
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.api_ref);
  if (visible) {
    auto* tag = static_cast<Tag*>(lua_newuserdatauv(L, sizeof(Tag), 0));
    *tag = Tag::null;
  } else {
    lua_pushnil(L);
  }
  lua_setfield(L, -2, "null");
  lua_pop(L, 1);
}

bool is_null_value(lua_State* L, int at) {
  return lua_type(L, at) == LUA_TUSERDATA && *static_cast<const Tag*>(lua_touserdata(L, at)) == Tag::null;
}

}  // namespace muster::rule
