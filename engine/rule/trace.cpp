// Hooks of tracing: around the `__index` of records and of org, on each line, and where a verdict is made.
// Installed only in states whose evaluator has a Trace.
#include "rule/trace.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "rule/host_internal.h"

namespace muster::rule {
namespace {

constexpr std::size_t kMaxLines = 10'000;

/// The line of the rule's own file on which the innermost Lua function stands; 0 when it is another file's.
std::uint32_t own_line(lua_State* L) {
  lua_Debug info{};
  for (int level = 0; lua_getstack(L, level, &info) != 0; ++level) {
    lua_getinfo(L, "Sl", &info);
    if (info.currentline < 0) continue;
    const bool is_own = info.source[0] == '@' && host_of(L).rule->file == info.source + 1;
    return is_own ? static_cast<std::uint32_t>(info.currentline) : 0;
  }
  return 0;
}

std::string shown_value(lua_State* L, int at) {
  switch (lua_type(L, at)) {
    case LUA_TNIL: return "nil";
    case LUA_TFUNCTION: return "(a loop)";
    case LUA_TTABLE: return "(a table)";
    case LUA_TSTRING: {
      std::string text = text_of(L, at);
      if (text.size() > 300) text = std::string(utf8_prefix(text, 300)) + "…";
      return json::dump(json::Value(std::move(text)));
    }
    default: return text_of(L, at);
  }
}

/// A place in the trace for a reading that is about to happen; nullptr when it is full.
Read* begin_read(lua_State* L, std::string what, std::string of) {
  Trace& trace = *host_of(L).trace;
  if (trace.reads.size() >= trace.max_reads) {
    ++trace.reads_left_out;
    return nullptr;
  }
  trace.reads.push_back({own_line(L), std::move(what), std::move(of), {}, true});
  return &trace.reads.back();
}

void end_read(lua_State* L, std::size_t place, int at) {
  Read& read = host_of(L).trace->reads[place];
  read.raised = false;
  read.value = shown_value(L, at);
}

std::string owner_name(lua_State* L, int at) {
  if (const Handle* handle = to_handle(L, at))
    return std::string(snapshot::spec_of(handle->dataset).singular);
  return "org";
}
std::string owner_id(lua_State* L, int at) {
  Handle* handle = to_handle(L, at);
  return handle && handle->epoch == host_of(L).epoch ? std::string(handle_id(host_of(L), *handle))
                                                     : std::string();
}

// upvalues: the method itself, its name.
int traced_method(lua_State* L) {
  const int arguments = lua_gettop(L);
  std::string what = owner_name(L, 1) + ":" + text_of(L, lua_upvalueindex(2)) + "(";
  for (int i = 2; i <= arguments; ++i) what += (i > 2 ? ", " : "") + shown_value(L, i);
  const bool has_place = begin_read(L, what + ")", owner_id(L, 1)) != nullptr;
  const std::size_t place = host_of(L).trace->reads.size() - 1;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, arguments, LUA_MULTRET);
  if (has_place && lua_gettop(L) >= 1) end_read(L, place, 1);
  return lua_gettop(L);
}

// upvalue: the __index that the state has without tracing.
int traced_index(lua_State* L) {
  const bool is_text = lua_type(L, 2) == LUA_TSTRING;
  const std::string name = is_text ? text_of(L, 2) : std::string("?");
  Trace& trace = *host_of(L).trace;
  const std::size_t reads_before = trace.reads.size();
  const bool has_place = begin_read(L, owner_name(L, 1) + "." + name, owner_id(L, 1)) != nullptr;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  if (lua_isfunction(L, -1)) {
    if (has_place) trace.reads.resize(reads_before);  // naming a method reads nothing
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, guarded<traced_method>, 2);
    return 1;
  }
  if (has_place) end_read(L, reads_before, -1);
  return 1;
}

void wrap_index(lua_State* L, int metatable) {
  metatable = lua_absindex(L, metatable);
  lua_getfield(L, metatable, "__index");
  lua_pushcclosure(L, guarded<traced_index>, 1);
  lua_setfield(L, metatable, "__index");
}

}  // namespace

void install_read_trace(lua_State* L) {
  Host& host = host_of(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.handle_meta_ref);
  wrap_index(L, -1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.org_ref);
  if (lua_getmetatable(L, -1)) wrap_index(L, -1);
}

void trace_line(lua_State* L) {
  Trace& trace = *host_of(L).trace;
  const std::uint32_t line = own_line(L);
  if (line != 0 && trace.lines.size() < kMaxLines && (trace.lines.empty() || trace.lines.back() != line))
    trace.lines.push_back(line);
}

void trace_verdict(lua_State* L) {
  lua_Debug info{};
  for (int level = 0; lua_getstack(L, level, &info) != 0; ++level) {
    lua_getinfo(L, "Sl", &info);
    if (info.currentline < 0 || info.source[0] != '@') continue;
    host_of(L).trace->verdicts.emplace_back(info.source + 1, static_cast<std::uint32_t>(info.currentline));
    return;
  }
}

}  // namespace muster::rule
