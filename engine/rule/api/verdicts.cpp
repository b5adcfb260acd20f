// pass, pass_until, fail, not_applicable, unknown: each makes the one verdict of the running subject and gives back the
// token that check must return. measure: the number that goes with it.
#include <cmath>

#include "base/text.h"
#include "rule/host_internal.h"

namespace muster::rule {
namespace {

void take_reason(lua_State* L, int at, Host& host, bool is_needed, const char* function) {
  if (lua_isnoneornil(L, at)) {
    if (is_needed) raise_error(L, std::string(function) + " needs a reason");
    host.reason.clear();
    return;
  }
  if (lua_type(L, at) != LUA_TSTRING) raise_error(L, std::string(function) + " wants its reason as text, not " + std::string(kind_of(L, at)));
  std::size_t length = 0;
  const char* text = lua_tolstring(L, at, &length);
  if (length > host.limits->message_bytes) trip(L, "a reason of more than " + std::to_string(host.limits->message_bytes) + " bytes");
  if (length == 0 && is_needed) raise_error(L, std::string(function) + " needs a reason");
  host.reason.assign(text, length);
}

void take_observed(lua_State* L, int at, Host& host) {
  if (lua_isnoneornil(L, at)) return;
  if (lua_type(L, at) != LUA_TTABLE) raise_error(L, "observed is a table of names and values, not " + std::string(kind_of(L, at)));
  host.observed = json_of(L, at, 4 * host.limits->message_bytes);
  if (host.observed.starts_with('[')) raise_error(L, "observed is a table of names and values: write { role = user.role }");
}

void take_related(lua_State* L, int at, Host& host) {
  if (lua_isnoneornil(L, at)) return;
  luaL_checktype(L, at, LUA_TTABLE);
  push_table_of(L, at);
  for (lua_Integer i = 1;; ++i) {
    charge(L, 8);
    if (lua_rawgeti(L, -1, i) == LUA_TNIL) break;
    const Handle& handle = check_handle(L, -1);
    const snapshot::DatasetSpec& spec = snapshot::spec_of(handle.dataset);
    if (host.related.size() < 50) {
      host.related.push_back({std::string(spec.singular), std::string(handle_id(host, handle)), std::string(handle_label(host, handle))});
      if (handle.row != kImplicitRow && static_cast<std::size_t>(handle.dataset) < snapshot::kCollectedCount) {
        const snapshot::Table& table = *host.world->table(handle.dataset);
        host.rows.push_back({std::string(spec.name), table.line(handle.row), table.request(handle.row)});
      }
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 2);
}

int give(lua_State* L, Verdict verdict, const char* function, bool needs_reason) {
  Host& host = host_of(L);
  if (!host.world) raise_error(L, std::string(function) + " can be called inside check only");
  if (++host.verdicts_made > 1) raise_error(L, "a second verdict is made for one subject; make one, and return it");
  host.verdict = verdict;
  if (host.trace) trace_verdict(L);
  if (lua_type(L, 1) == LUA_TTABLE) {
    push_table_of(L, 1);
    const int table = lua_gettop(L);
    push_sorted_keys(L, table);
    const int keys = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, keys, i) != LUA_TNIL; ++i) {
      const std::string name = text_of(L, -1);
      lua_pop(L, 1);
      if (name != "reason" && name != "observed" && name != "expected" && name != "related")
        raise_error(L, std::string(function) + " has no '" + name + "'; it takes reason, observed, expected, related");
    }
    lua_getfield(L, table, "reason");
    take_reason(L, -1, host, needs_reason, function);
    lua_getfield(L, table, "observed");
    take_observed(L, lua_gettop(L), host);
    if (lua_getfield(L, table, "expected") != LUA_TNIL) host.expected = json_of(L, -1, 4 * host.limits->message_bytes);
    lua_getfield(L, table, "related");
    take_related(L, lua_gettop(L), host);
  } else {
    take_reason(L, 1, host, needs_reason, function);
    take_observed(L, 2, host);
    if (!lua_isnoneornil(L, 3)) host.expected = json_of(L, 3, 4 * host.limits->message_bytes);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.verdict_token_ref);
  return 1;
}

int f_measure(lua_State* L) {
  Host& host = host_of(L);
  if (!host.world) raise_error(L, "measure() can be called inside check only");
  if (!host.rule->measure)
    raise_error(L,
                "measure() is called, but the rule does not say what it measures; add `measure = { name =, "
                "unit =, edges = }` to it");
  if (host.measure) raise_error(L, "a second measure is given for one subject; give one");
  if (host.verdicts_made > 0) raise_error(L, "measure() comes after the verdict; call it before");
  const double value = lua_type(L, 1) == LUA_TNUMBER ? lua_tonumber(L, 1) : NAN;
  if (!std::isfinite(value))
    raise_error(L, "measure() wants a number, not " +
                       (lua_type(L, 1) == LUA_TNUMBER ? text_of(L, 1) : std::string(kind_of(L, 1))));
  host.measure = value;
  return 0;
}

/// due_text of a deadline to come. Many subjects share a day, and making the text costs as much as the rest of a
/// rule; its days left are those between two instants, so one day has two texts at most.
const std::string& known_due_text(Host& host, Instant deadline) {
  constexpr std::size_t kMaxTexts = 4096;
  const std::int64_t day = deadline.us / kMicrosPerDay, left = (deadline.us - host.world->as_of.us) / kMicrosPerDay;
  auto& texts = host.due_texts;
  if (texts.size() == kMaxTexts) texts.clear();
  std::string& text = texts[day * 2 + (left & 1)];
  if (text.empty()) text = due_text(deadline, host.world->as_of, false);
  return text;
}

int f_pass_until(lua_State* L) {
  Host& host = host_of(L);
  if (!is_time(L, 1)) raise_error(L, "pass_until() wants its deadline as a time, not " + std::string(kind_of(L, 1)));
  const Instant deadline = to_time(L, 1);
  if (host.world && deadline < host.world->as_of)
    raise_error(L, "pass_until() wants a deadline that has not passed, and " + format_rfc3339(deadline) + " has");
  lua_remove(L, 1);
  const int values = give(L, Verdict::pass, "pass_until()", false);
  if (!host.reason.empty()) host.reason += ' ';
  host.reason += known_due_text(host, deadline);
  host.due = deadline;
  return values;
}
int f_pass(lua_State* L) { return give(L, Verdict::pass, "pass()", false); }
int f_fail(lua_State* L) { return give(L, Verdict::fail, "fail()", true); }
int f_not_applicable(lua_State* L) { return give(L, Verdict::not_applicable, "not_applicable()", true); }
int f_unknown(lua_State* L) { return give(L, Verdict::unknown, "unknown()", true); }

constexpr ApiFunction kFunctions[] = {
    {"", "pass", guarded<f_pass>, "(reason?: string): muster.Verdict", "The subject is as it should be."},
    {"", "pass_until", guarded<f_pass_until>, "(deadline: muster.Time, what?: string): muster.Verdict",
     "The subject is as it should be, and will fail after the deadline unless something changes. The reason is "
     "what is due and when: \"removal due 2026-12-01, 9 days left\". A deadline that has passed is an error."},
    {"", "fail", guarded<f_fail>, "(reason: string|table, observed?: table, expected?: any): muster.Verdict",
     "It is not. Or `fail{ reason =, observed =, expected =, related = { records } }`."},
    {"", "measure", guarded<f_measure>, "(value: number)",
     "Gives the number that the rule's `measure` declares, before the verdict. Counted when that is pass or "
     "fail."},
    {"", "not_applicable", guarded<f_not_applicable>, "(reason: string): muster.Verdict",
     "The rule does not speak about this subject."},
    {"", "unknown", guarded<f_unknown>, "(reason: string): muster.Verdict",
     "It cannot be decided from what was collected."},
};

}  // namespace

std::span<const ApiFunction> api_verdicts() { return kFunctions; }

}  // namespace muster::rule
