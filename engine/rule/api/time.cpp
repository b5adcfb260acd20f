// Times and durations. A time is a light userdata that holds its microseconds, so that reading one allocates nothing and == compares instants. There is no "now" but org.as_of.
#include <cmath>

#include "base/time.h"
#include "rule/host_internal.h"

namespace muster::rule {

void push_time(lua_State* L, Instant instant) { lua_pushlightuserdata(L, reinterpret_cast<void*>(instant.us)); }
bool is_time(lua_State* L, int at) { return lua_type(L, at) == LUA_TLIGHTUSERDATA; }
Instant to_time(lua_State* L, int at) { return Instant{static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(lua_touserdata(L, at)))}; }

Duration* to_duration(lua_State* L, int at) {
  if (lua_type(L, at) != LUA_TUSERDATA) return nullptr;
  auto* duration = static_cast<Duration*>(lua_touserdata(L, at));
  return duration->tag == Tag::duration ? duration : nullptr;
}

namespace {

constexpr std::int64_t kFarthest = 4000ll * 365 * kMicrosPerDay;  // no sum of two can overflow

Instant time_arg(lua_State* L, int at) {
  if (!is_time(L, at)) raise_error(L, "a time is wanted, not " + std::string(kind_of(L, at)));
  return to_time(L, at);
}
std::int64_t duration_arg(lua_State* L, int at) {
  const Duration* duration = to_duration(L, at);
  if (!duration) raise_error(L, "a duration is wanted, such as days(3), not " + std::string(kind_of(L, at)));
  return duration->us;
}
std::int64_t scaled(lua_State* L, int at, std::int64_t unit) {
  const double value = luaL_checknumber(L, at) * static_cast<double>(unit);
  if (!(std::fabs(value) < static_cast<double>(kFarthest))) raise_error(L, "a duration this long cannot be counted");
  return static_cast<std::int64_t>(std::llround(value));
}
Instant shifted(lua_State* L, Instant instant, std::int64_t us) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(instant.us, us, &sum)) raise_error(L, "a time this far away cannot be counted");
  return Instant{sum};
}
std::int64_t between(lua_State* L, Instant from, Instant to) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(to.us, from.us, &difference)) raise_error(L, "a duration this long cannot be counted");
  return difference;
}
std::int64_t floor_days(std::int64_t us) { return us >= 0 ? us / kMicrosPerDay : -((-us + kMicrosPerDay - 1) / kMicrosPerDay); }

Instant as_of(lua_State* L) {
  const Host& host = host_of(L);
  if (!host.world) raise_error(L, "the time of the run is known inside check only");
  return host.world->as_of;
}

template <std::int64_t Unit>
int make_duration(lua_State* L) {
  push_duration(L, scaled(L, 1, Unit));
  return 1;
}
int f_time(lua_State* L) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 1, &length);
  const std::string_view view(text, length);
  if (const auto instant = parse_rfc3339(view)) push_time(L, *instant);
  else if (const auto date = parse_date(view)) push_time(L, start_of(*date));
  else raise_error(L, "'" + std::string(view) + "' is not a time such as 2026-11-20T08:00:00Z or a date such as 2026-11-20");
  return 1;
}
int f_days_since(lua_State* L) {
  lua_pushinteger(L, floor_days(between(L, time_arg(L, 1), as_of(L))));
  return 1;
}
int f_days_until(lua_State* L) {
  lua_pushinteger(L, floor_days(between(L, as_of(L), time_arg(L, 1))));
  return 1;
}
int f_before(lua_State* L) {
  lua_pushboolean(L, as_of(L) < time_arg(L, 1));
  return 1;
}

int time_plus_days(lua_State* L) {
  push_time(L, shifted(L, time_arg(L, 1), scaled(L, 2, kMicrosPerDay)));
  return 1;
}
int time_date(lua_State* L) {
  const std::string text = format_date(date_of(time_arg(L, 1)));
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}
int time_due(lua_State* L) {
  const Instant deadline = time_arg(L, 1);
  const std::string text = due_text(deadline, as_of(L), deadline <= as_of(L));
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}
int duration_days(lua_State* L) {
  lua_pushnumber(L, static_cast<double>(duration_arg(L, 1)) / static_cast<double>(kMicrosPerDay));
  return 1;
}
int duration_whole_days(lua_State* L) {
  lua_pushinteger(L, floor_days(duration_arg(L, 1)));
  return 1;
}
int duration_hours(lua_State* L) {
  lua_pushnumber(L, static_cast<double>(duration_arg(L, 1)) / (3600.0 * static_cast<double>(kMicrosPerSecond)));
  return 1;
}

// Metamethods.
int time_less(lua_State* L) {
  lua_pushboolean(L, time_arg(L, 1) < time_arg(L, 2));
  return 1;
}
int time_less_equal(lua_State* L) {
  lua_pushboolean(L, time_arg(L, 1) <= time_arg(L, 2));
  return 1;
}
int time_add(lua_State* L) {
  const int time_at = is_time(L, 1) ? 1 : 2;
  push_time(L, shifted(L, time_arg(L, time_at), duration_arg(L, 3 - time_at)));
  return 1;
}
int time_subtract(lua_State* L) {
  if (is_time(L, 2)) push_duration(L, between(L, to_time(L, 2), time_arg(L, 1)));
  else push_time(L, shifted(L, time_arg(L, 1), -duration_arg(L, 2)));
  return 1;
}
int to_text(lua_State* L) {
  const std::string text = text_of(L, 1);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}
int concat(lua_State* L) {
  const std::string text = text_of(L, 1) + text_of(L, 2);
  charge(L, text.size() / 8);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}
int refuse_index(lua_State* L) {
  raise_error(L, "a " + text_of(L, lua_upvalueindex(1)) + " has no '" + text_of(L, 2) + "'");
}
int duration_add(lua_State* L) {
  if (is_time(L, 1) || is_time(L, 2)) return time_add(L);
  std::int64_t sum = 0;
  if (__builtin_add_overflow(duration_arg(L, 1), duration_arg(L, 2), &sum)) raise_error(L, "a duration this long cannot be counted");
  push_duration(L, sum);
  return 1;
}
int duration_subtract(lua_State* L) {
  if (is_time(L, 1) || is_time(L, 2)) return time_subtract(L);
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(duration_arg(L, 1), duration_arg(L, 2), &difference)) raise_error(L, "a duration this long cannot be counted");
  push_duration(L, difference);
  return 1;
}
int duration_less(lua_State* L) {
  lua_pushboolean(L, duration_arg(L, 1) < duration_arg(L, 2));
  return 1;
}
int duration_less_equal(lua_State* L) {
  lua_pushboolean(L, duration_arg(L, 1) <= duration_arg(L, 2));
  return 1;
}
int duration_equal(lua_State* L) {
  const Duration *a = to_duration(L, 1), *b = to_duration(L, 2);
  lua_pushboolean(L, a && b && a->us == b->us);
  return 1;
}

constexpr ApiFunction kFunctions[] = {
    {"", "time", guarded<f_time>, "(text: string): muster.Time", "A time constant: `time(\"2026-11-20T08:00:00Z\")`, or a date (its start, UTC)."},
    {"", "days", guarded<make_duration<kMicrosPerDay>>, "(n: number): muster.Duration", "n days of 24 hours."},
    {"", "hours", guarded<make_duration<3600 * kMicrosPerSecond>>, "(n: number): muster.Duration", "n hours."},
    {"", "days_since", guarded<f_days_since>, "(t: muster.Time): integer", "Whole days from t to org.as_of; negative when t lies ahead."},
    {"", "days_until", guarded<f_days_until>, "(t: muster.Time): integer", "Whole days from org.as_of to t; negative when t has passed."},
    {"", "before", guarded<f_before>, "(t: muster.Time): boolean", "Whether org.as_of is before t."},
    {"time", "plus_days", guarded<time_plus_days>, "(n: number): muster.Time", "n days of 24 hours later."},
    {"time", "date", guarded<time_date>, "(): string", "The UTC day, as YYYY-MM-DD."},
    {"time", "due", guarded<time_due>, "(): string", "As a deadline: \"due 2026-12-01, 9 days left\", or \"due 2026-11-10, 10 days overdue\" from the deadline itself on."},
    {"duration", "days", guarded<duration_days>, "(): number", "In days, with a fraction."},
    {"duration", "whole_days", guarded<duration_whole_days>, "(): integer", "Whole days, rounded down."},
    {"duration", "hours", guarded<duration_hours>, "(): number", "In hours, with a fraction."},
};

void set(lua_State* L, const char* name, lua_CFunction function) {
  lua_pushcfunction(L, function);
  lua_setfield(L, -2, name);
}
void set_methods(lua_State* L, std::string_view scope) {
  lua_newtable(L);
  for (const ApiFunction& row : kFunctions) {
    if (row.scope != scope) continue;
    lua_pushlstring(L, row.name.data(), row.name.size());
    lua_pushcfunction(L, row.function);
    lua_rawset(L, -3);
  }
  // The methods are found by Lua itself; what is none of them ends in refuse_index.
  lua_newtable(L);
  lua_pushlstring(L, scope.data(), scope.size());
  lua_pushcclosure(L, guarded<refuse_index>, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setfield(L, -2, "__index");
  set(L, "__tostring", guarded<to_text>);
  set(L, "__concat", guarded<concat>);
}

}  // namespace

std::string due_text(Instant deadline, Instant now, bool is_over) {
  std::int64_t us = 0;
  if (is_over ? __builtin_sub_overflow(now.us, deadline.us, &us) : __builtin_sub_overflow(deadline.us, now.us, &us)) us = INT64_MAX;
  const std::int64_t days = us / kMicrosPerDay;
  return "due " + format_date(date_of(deadline)) + ", " + std::to_string(days) + (days == 1 ? " day " : " days ") + (is_over ? "overdue" : "left");
}

void push_duration(lua_State* L, std::int64_t us) {
  auto* duration = static_cast<Duration*>(lua_newuserdatauv(L, sizeof(Duration), 0));
  new (duration) Duration{Tag::duration, us};
  lua_rawgeti(L, LUA_REGISTRYINDEX, host_of(L).duration_meta_ref);
  lua_setmetatable(L, -2);
}

void install_time_types(lua_State* L) {
  lua_pushlightuserdata(L, nullptr);
  lua_newtable(L);  // one metatable for all light userdata
  set_methods(L, "time");
  set(L, "__lt", guarded<time_less>);
  set(L, "__le", guarded<time_less_equal>);
  set(L, "__add", guarded<time_add>);
  set(L, "__sub", guarded<time_subtract>);
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
  lua_newtable(L);
  set_methods(L, "duration");
  set(L, "__lt", guarded<duration_less>);
  set(L, "__le", guarded<duration_less_equal>);
  set(L, "__eq", guarded<duration_equal>);
  set(L, "__add", guarded<duration_add>);
  set(L, "__sub", guarded<duration_subtract>);
  host_of(L).duration_meta_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

std::span<const ApiFunction> api_time() { return kFunctions; }

}  // namespace muster::rule
