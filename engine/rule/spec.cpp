#include "rule/spec.h"

#include <algorithm>

#include "base/embedded.h"
#include "base/text.h"
#include "rule/host_internal.h"

namespace muster::rule {
namespace {

constexpr std::string_view kEnding = "_spec.lua";

void find_specs(const FileSystem& files, const RuleFolder& folder, const std::string& below, int depth,
                std::map<std::string, std::string>& library, std::vector<SpecSource>& out,
                Diagnostics& problems) {
  const auto names = files.list(below.empty() ? folder.path : join_path(folder.path, below));
  if (!names) return problems.error(names.error());
  for (const std::string& name : *names) {
    if (name.starts_with('.')) continue;
    const std::string inner = below.empty() ? name : below + "/" + name;
    const std::string full = join_path(folder.path, inner);
    if (files.kind(full) == FileKind::folder) {
      if (inner != "meta" && depth < 4) find_specs(files, folder, inner, depth + 1, library, out, problems);
      continue;
    }
    const bool is_spec = name.ends_with(kEnding),
               is_library = !is_spec && inner.starts_with("lib/") && name.ends_with(".lua");
    if (!is_spec && !is_library) continue;
    auto text = files.read_file(full, 1u << 20);
    if (!text) {
      problems.error(text.error());
    } else if (is_library) {
      library[inner.substr(4, inner.size() - 8)] = std::move(*text);
    } else {
      std::string id = inner.substr(0, inner.size() - kEnding.size());
      std::replace(id.begin(), id.end(), '/', '.');
      out.push_back({std::move(id), join_path(folder.shown, inner), std::move(*text), nullptr});
    }
  }
}

struct Registered {
  std::string name;
  std::uint32_t line = 0;
  int function_ref = LUA_NOREF;
  std::vector<int> before_refs;
};

/// What the functions of a spec share; found by its address in the registry.
struct Spec {
  const SpecJudge* judge = nullptr;
  std::vector<std::string> names;            // of the describes that are open
  std::vector<std::vector<int>> before{{}};  // before_each of each of them
  std::vector<Registered> tests;
  bool is_running = false;
  std::uint64_t assertions = 0;
};
const char kSpecKey = 0;

Spec& spec_of(lua_State* L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kSpecKey);
  Spec& spec = *static_cast<Spec*>(lua_touserdata(L, -1));
  lua_pop(L, 1);
  return spec;
}

std::uint32_t calling_line(lua_State* L) {
  lua_Debug info{};
  if (lua_getstack(L, 1, &info) == 0) return 0;
  lua_getinfo(L, "l", &info);
  return info.currentline > 0 ? static_cast<std::uint32_t>(info.currentline) : 0;
}

[[noreturn]] void fail_test(lua_State* L, const std::string& message) {
  luaL_error(L, "%s", message.c_str());
  std::abort();  // luaL_error does not return
}

void want_outside(lua_State* L, const char* name) {
  if (spec_of(L).is_running)
    fail_test(L, std::string(name) + " stands in describe or at the top of the file, not inside it()");
}

int f_describe(lua_State* L) {
  want_outside(L, "describe");
  Spec& spec = spec_of(L);
  spec.names.emplace_back(luaL_checkstring(L, 1));
  luaL_checktype(L, 2, LUA_TFUNCTION);
  spec.before.emplace_back();
  lua_settop(L, 2);
  lua_call(L, 0, 0);
  spec.before.pop_back();
  spec.names.pop_back();
  return 0;
}

int f_it(lua_State* L) {
  want_outside(L, "it");
  Spec& spec = spec_of(L);
  Registered test;
  for (const std::string& name : spec.names) test.name += name + " ";
  test.name += luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  test.line = calling_line(L);
  for (const auto& list : spec.before)
    test.before_refs.insert(test.before_refs.end(), list.begin(), list.end());
  lua_settop(L, 2);
  test.function_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  spec.tests.push_back(std::move(test));
  return 0;
}

int f_before_each(lua_State* L) {
  want_outside(L, "before_each");
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  spec_of(L).before.back().push_back(luaL_ref(L, LUA_REGISTRYINDEX));
  return 0;
}

void push_plain(lua_State* L, const json::Value& value) {
  luaL_checkstack(L, 8, "nested too deeply");
  charge(L, 4);
  if (const auto* yes = value.boolean())
    lua_pushboolean(L, *yes);
  else if (const auto* whole = value.integer())
    lua_pushinteger(L, *whole);
  else if (const auto* number = value.number())
    lua_pushnumber(L, *number);
  else if (const auto* text = value.string())
    lua_pushlstring(L, text->data(), text->size());
  else if (const auto* array = value.array()) {
    lua_newtable(L);
    lua_Integer at = 0;
    for (const auto& item : *array) {
      push_plain(L, item);
      lua_rawseti(L, -2, ++at);
    }
  } else if (const auto* object = value.object()) {
    lua_newtable(L);
    for (const auto& [name, item] : *object) {
      lua_pushlstring(L, name.data(), name.size());
      push_plain(L, item);
      lua_rawset(L, -3);
    }
  } else {
    lua_pushnil(L);
  }
}

int f_judge(lua_State* L) {
  const std::string id = luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  charge(L, 1000);
  const auto judged = (*spec_of(L).judge)(id, plain_value(L, 2));
  if (!judged) {
    std::string message = judged.error().message;
    if (!judged.error().hint.empty()) message += "; " + judged.error().hint;
    fail_test(L, message);
  }
  lua_newtable(L);
  lua_pushlstring(L, judged->verdict.data(), judged->verdict.size());
  lua_setfield(L, -2, "verdict");
  lua_pushlstring(L, judged->reason.data(), judged->reason.size());
  lua_setfield(L, -2, "reason");
  for (const auto& [name, text] :
       {std::pair("observed", &judged->observed), std::pair("expected", &judged->expected)}) {
    if (text->empty()) continue;
    if (const auto value = json::parse(*text)) {
      push_plain(L, *value);
      lua_setfield(L, -2, name);
    }
  }
  if (judged->measure) {
    lua_pushnumber(L, *judged->measure);
    lua_setfield(L, -2, "measure");
  }
  return 1;
}

std::string shown(lua_State* L, int at) {
  if (lua_type(L, at) == LUA_TTABLE) return json_of(L, at, 4096);
  if (lua_type(L, at) == LUA_TSTRING) return "\"" + text_of(L, at) + "\"";
  return text_of(L, at);
}

/// Whether two values are the same all the way down. Numbers and texts are different things; so are times and
/// texts.
bool is_same(lua_State* L, int a, int b) {
  if (kind_of(L, a) != kind_of(L, b)) return false;
  if (lua_type(L, a) == LUA_TTABLE) return json_of(L, a, 1u << 16) == json_of(L, b, 1u << 16);
  return lua_compare(L, a, b, LUA_OPEQ) != 0;
}

/// The message of an assertion that does not hold; with the author's own words when they were given.
[[noreturn]] void unmet(lua_State* L, const std::string& what, int message_at) {
  std::string text = what;
  if (!lua_isnoneornil(L, message_at)) text = text_of(L, message_at) + " (" + what + ")";
  fail_test(L, text);
}

enum class Check : std::uint8_t { equal, not_equal, same, not_same };
template <Check kCheck>
int f_compare(lua_State* L) {
  ++spec_of(L).assertions;
  if (lua_gettop(L) < 2) fail_test(L, "two values are to be compared: what is expected, and what is there");
  const bool is_deep = kCheck == Check::same || kCheck == Check::not_same;
  const bool wants = kCheck == Check::equal || kCheck == Check::same;
  const bool is_equal = is_deep ? is_same(L, 1, 2)
                                : lua_rawequal(L, 1, 2) != 0 ||
                                      (kind_of(L, 1) == kind_of(L, 2) && lua_compare(L, 1, 2, LUA_OPEQ) != 0);
  if (is_equal != wants)
    unmet(L,
          wants ? "expected " + shown(L, 1) + ", got " + shown(L, 2)
                : "expected something other than " + shown(L, 1),
          3);
  return 0;
}

enum class Wish : std::uint8_t { yes, no, truthy, falsy, nothing, something };
template <Wish kWish>
int f_wish(lua_State* L) {
  ++spec_of(L).assertions;
  luaL_checkany(L, 1);
  const bool truth = lua_toboolean(L, 1) != 0, is_boolean = lua_isboolean(L, 1), is_nil = lua_isnil(L, 1);
  bool holds = false;
  const char* wanted = "";
  switch (kWish) {
    case Wish::yes:
      holds = is_boolean && truth;
      wanted = "true";
      break;
    case Wish::no:
      holds = is_boolean && !truth;
      wanted = "false";
      break;
    case Wish::truthy:
      holds = truth;
      wanted = "a value that counts as true";
      break;
    case Wish::falsy:
      holds = !truth;
      wanted = "a value that counts as false";
      break;
    case Wish::nothing:
      holds = is_nil;
      wanted = "nil";
      break;
    case Wish::something:
      holds = !is_nil;
      wanted = "a value";
      break;
  }
  if (!holds) unmet(L, std::string("expected ") + wanted + ", got " + shown(L, 1), 2);
  return 0;
}

int f_contains(lua_State* L) {
  ++spec_of(L).assertions;
  const std::string part = luaL_checkstring(L, 1), whole = luaL_checkstring(L, 2);
  charge(L, whole.size() / 4 + part.size());
  if (whole.find(part) == std::string::npos)
    unmet(L, "expected a text with \"" + part + "\", got \"" + whole + "\"", 3);
  return 0;
}

int f_has_error(lua_State* L) {
  ++spec_of(L).assertions;
  Host& host = host_of(L);
  luaL_checktype(L, 1, LUA_TFUNCTION);
  const bool has_wish = !lua_isnoneornil(L, 2);
  const std::string wanted = has_wish ? luaL_checkstring(L, 2) : "";
  lua_pushvalue(L, 1);
  const int status = lua_pcall(L, 0, 0, 0);
  if (!host.over_budget.empty()) fail_test(L, host.over_budget);
  if (status == LUA_ERRMEM) fail_test(L, "out of memory");
  if (status == LUA_OK) fail_test(L, "expected an error, and there was none");
  const std::string message = host.sticky == Sticky::none ? text_of(L, -1) : host.sticky_reason;
  host.sticky = Sticky::none;
  if (has_wish && message.find(wanted) == std::string::npos)
    fail_test(L, "expected an error with \"" + wanted + "\", got \"" + message + "\"");
  return 0;
}

int f_assert_call(lua_State* L) {
  ++spec_of(L).assertions;
  lua_remove(L, 1);  // the table itself
  luaL_checkany(L, 1);
  if (lua_toboolean(L, 1) == 0) unmet(L, "expected a value that counts as true, got " + shown(L, 1), 2);
  return lua_gettop(L);
}

int unknown_assertion(lua_State* L) {
  fail_test(L, "assert has no '" + text_of(L, 2) +
                   "'; it has equal, same, not_equal, not_same, is_true, is_false, is_nil, is_not_nil, "
                   "truthy, falsy, contains, has_error");
}

struct Named {
  const char* name;
  lua_CFunction function;
};
constexpr std::string_view kTwo = "(expected: any, got: any, message?: string)",
                           kOne = "(value: any, message?: string)";
struct Assertion {
  SpecAssertion about;
  lua_CFunction function;
};
constexpr Assertion kAssertions[] = {
    {{"equal", kTwo, "The same value."}, guarded<f_compare<Check::equal>>},
    {{"equals", kTwo, "The same value."}, guarded<f_compare<Check::equal>>},
    {{"same", kTwo, "The same content: tables are compared all the way down."},
     guarded<f_compare<Check::same>>},
    {{"not_equal", kTwo, "Another value."}, guarded<f_compare<Check::not_equal>>},
    {{"not_equals", kTwo, "Another value."}, guarded<f_compare<Check::not_equal>>},
    {{"not_same", kTwo, "Another content."}, guarded<f_compare<Check::not_same>>},
    {{"is_true", kOne, "true itself."}, guarded<f_wish<Wish::yes>>},
    {{"is_false", kOne, "false itself."}, guarded<f_wish<Wish::no>>},
    {{"is_nil", kOne, "nil."}, guarded<f_wish<Wish::nothing>>},
    {{"is_not_nil", kOne, "Anything but nil."}, guarded<f_wish<Wish::something>>},
    {{"truthy", kOne, "Neither false nor nil."}, guarded<f_wish<Wish::truthy>>},
    {{"falsy", kOne, "false or nil."}, guarded<f_wish<Wish::falsy>>},
    {{"is_truthy", kOne, "Neither false nor nil."}, guarded<f_wish<Wish::truthy>>},
    {{"is_falsy", kOne, "false or nil."}, guarded<f_wish<Wish::falsy>>},
    {{"contains", "(part: string, text: string, message?: string)", "The text has the part in it."},
     guarded<f_contains>},
    {{"has_error", "(body: fun(), part?: string)",
      "The function ends in an error, with that part in its message."},
     guarded<f_has_error>},
    {{"error", "(body: fun(), part?: string)",
      "The function ends in an error, with that part in its message."},
     guarded<f_has_error>},
};

int install(lua_State* L) {
  Host& host = host_of(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.api_ref);
  const int api = lua_gettop(L);
  for (const Named& row : {Named{"describe", guarded<f_describe>}, Named{"it", guarded<f_it>},
                           Named{"before_each", guarded<f_before_each>}, Named{"judge", guarded<f_judge>}}) {
    lua_pushcfunction(L, row.function);
    lua_setfield(L, api, row.name);
  }
  lua_newtable(L);
  for (const Assertion& row : kAssertions) {
    const std::string name(row.about.name);
    lua_pushcfunction(L, row.function);
    lua_setfield(L, -2, name.c_str());
  }
  // assert.are.same, assert.is.equal, assert.has.error: the words between are for the ear.
  for (const char* word : {"are", "is", "has"}) {
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, word);
  }
  lua_newtable(L);
  lua_pushcfunction(L, guarded<f_assert_call>);
  lua_setfield(L, -2, "__call");
  lua_pushcfunction(L, guarded<unknown_assertion>);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setfield(L, api, "assert");
  return 0;
}

/// "x_spec.lua:12: what" becomes the place and what.
void place_message(const SpecSource& source, Error& error) {
  if (!error.message.starts_with(source.file + ":")) return;
  std::size_t at = source.file.size() + 1;
  std::uint32_t line = 0;
  for (; at < error.message.size() && error.message[at] >= '0' && error.message[at] <= '9'; ++at)
    line = line * 10 + static_cast<std::uint32_t>(error.message[at] - '0');
  if (line == 0 || at >= error.message.size() || error.message[at] != ':') return;
  error.message = std::string(trim(std::string_view(error.message).substr(at + 1)));
  error.place.line = line;
  std::string_view rest = source.text;
  for (std::uint32_t number = 1; number < line && !rest.empty(); ++number)
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
  error.place.source_line = std::string(rest.substr(0, rest.find('\n')));
  error.place.column = static_cast<std::uint32_t>(std::min(error.place.source_line.find_first_not_of(" \t"),
                                                           error.place.source_line.size())) +
                       1;
}

std::string failure_of(Host& host) {
  if (!host.over_budget.empty()) return host.over_budget;
  return host.sticky == Sticky::none ? text_of(host.state, -1) : host.sticky_reason;
}

}  // namespace

std::span<const SpecAssertion> spec_assertions() {
  static const std::vector<SpecAssertion> kAll = [] {
    std::vector<SpecAssertion> all;
    for (const Assertion& row : kAssertions) all.push_back(row.about);
    return all;
  }();
  return kAll;
}

std::vector<SpecSource> load_specs(const FileSystem& files, const std::vector<RuleFolder>& folders,
                                   Diagnostics& problems) {
  std::vector<SpecSource> out;
  std::map<std::string, std::string> shipped;
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.name.starts_with("rules/") || !file.name.ends_with(".lua")) continue;
    const std::string_view inner = file.name.substr(6);
    if (inner.ends_with(kEnding)) {
      std::string id(inner.substr(0, inner.size() - kEnding.size()));
      std::replace(id.begin(), id.end(), '/', '.');
      out.push_back({std::move(id), "builtin:" + std::string(file.name), std::string(file.bytes), nullptr});
    } else if (inner.starts_with("lib/")) {
      shipped[std::string(inner.substr(4, inner.size() - 8))] = std::string(file.bytes);
    }
  }
  const auto shipped_library = std::make_shared<const std::map<std::string, std::string>>(std::move(shipped));
  for (SpecSource& spec : out) spec.library = shipped_library;
  for (const RuleFolder& folder : folders) {
    std::map<std::string, std::string> library;
    const std::size_t first = out.size();
    find_specs(files, folder, "", 0, library, out, problems);
    const auto shared = std::make_shared<const std::map<std::string, std::string>>(std::move(library));
    for (std::size_t i = first; i < out.size(); ++i) out[i].library = shared;
  }
  return out;
}

SpecResult run_spec(const SpecSource& source, const SpecJudge& judge) {
  static const Limits kLimits{};
  SpecResult out;
  const auto refuse = [&](ErrorCode code, std::string message, std::string hint = {}) {
    out.problems.push_back({code, std::move(message), Place{source.file, 0, 0, {}}, std::move(hint)});
    place_message(source, out.problems.back());
  };
  RuleInfo info;
  info.file = source.file;
  snapshot::World world;  // nothing but the instant
  world.as_of = *parse_rfc3339("2026-01-01T00:00:00Z");
  Host host;
  host.rule = &info;
  host.library = source.library.get();
  host.limits = &kLimits;
  host.memory_limit = kLimits.memory_bytes;
  host.subject_limit = kLimits.subject_instructions;
  const StatePtr state = make_state(host);
  if (!state) {
    refuse(ErrorCode::internal, "no memory for the spec file");
    return out;
  }
  lua_State* L = state.get();
  Spec spec;
  spec.judge = &judge;
  lua_pushlightuserdata(L, &spec);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kSpecKey);
  set_null_visible(host, true);
  host.begin_subject();
  lua_pushcfunction(L, install);
  if (call_protected(host, 0, 0) != LUA_OK) {
    refuse(ErrorCode::internal, failure_of(host));
    return out;
  }
  if (load_chunk(host, source.text, "@" + source.file) != LUA_OK) {
    refuse(ErrorCode::rule_syntax, text_of(L, -1));
    return out;
  }
  if (call_protected(host, 0, 0) != LUA_OK || !host.over_budget.empty()) {
    refuse(ErrorCode::rule_load, failure_of(host));
    return out;
  }
  if (spec.tests.empty())
    refuse(ErrorCode::rule_example, "the file has no test", "write it(\"what it shows\", function() … end)");
  spec.is_running = true;
  host.world = &world;
  for (const Registered& test : spec.tests) {
    SpecTest result{test.name, test.line, {}};
    spec.assertions = 0;
    host.over_budget.clear();
    host.begin_subject();
    std::vector<int> functions = test.before_refs;
    functions.push_back(test.function_ref);
    for (const int function : functions) {
      lua_settop(L, 0);
      lua_rawgeti(L, LUA_REGISTRYINDEX, function);
      if (call_protected(host, 0, 0) == LUA_OK && host.over_budget.empty() && host.sticky == Sticky::none)
        continue;
      result.failure = failure_of(host);
      break;
    }
    if (result.failure.empty() && spec.assertions == 0)
      result.failure =
          source.file + ":" + std::to_string(test.line) + ": the test asserts nothing, so it cannot fail";
    out.tests.push_back(std::move(result));
  }
  return out;
}

}  // namespace muster::rule
