// Lists of words: a parameter, or a field that holds several. Read-only, and in the order of the file or the API.
#include <algorithm>

#include "base/text.h"
#include "rule/host_internal.h"

namespace muster::rule {

ListView* to_list(lua_State* L, int at) {
  if (lua_type(L, at) != LUA_TUSERDATA) return nullptr;
  auto* list = static_cast<ListView*>(lua_touserdata(L, at));
  return list->tag == Tag::list ? list : nullptr;
}

void push_list(lua_State* L, const ListView& view) {
  auto* list = static_cast<ListView*>(lua_newuserdatauv(L, sizeof(ListView), 0));
  new (list) ListView(view);
  lua_rawgeti(L, LUA_REGISTRYINDEX, host_of(L).list_meta_ref);
  lua_setmetatable(L, -2);
}

KeyedPattern keyed_pattern(lua_State* L, std::string_view entry) {
  const auto keyed = parse_keyed_pattern(entry);
  if (!keyed) raise_error(L, "write key=pattern, as Finance=Finance*, not '" + std::string(entry) + "'");
  return *keyed;
}

void push_texts(lua_State* L, const std::vector<std::string>& texts) {
  lua_createtable(L, static_cast<int>(texts.size()), 0);
  lua_Integer at = 0;
  for (const std::string& text : texts) {
    lua_pushlstring(L, text.data(), text.size());
    lua_rawseti(L, -2, ++at);
  }
}

namespace {

int list_index(lua_State* L) {
  const ListView& list = *static_cast<ListView*>(lua_touserdata(L, 1));
  if (lua_isinteger(L, 2)) {
    const lua_Integer at = lua_tointeger(L, 2);
    if (at < 1 || static_cast<std::size_t>(at) > list.size()) {
      lua_pushnil(L);
      return 1;
    }
    const std::string_view item = list.at(static_cast<std::size_t>(at - 1));
    lua_pushlstring(L, item.data(), item.size());
    return 1;
  }
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  raise_error(L, "a list has no '" + text_of(L, 2) + "'; it has :has(word), :fits(text), :keys_of(text), :items() and #");
}
int list_length(lua_State* L) {
  lua_pushinteger(L, static_cast<lua_Integer>(static_cast<ListView*>(lua_touserdata(L, 1))->size()));
  return 1;
}
int list_has(lua_State* L) {
  const ListView* list = to_list(L, 1);
  if (!list) luaL_error(L, "has() is for lists: write list:has(word)");
  if (lua_type(L, 2) != LUA_TSTRING) raise_error(L, "list:has(word) wants text, not " + std::string(kind_of(L, 2)));
  std::size_t length = 0;
  const char* text = lua_tolstring(L, 2, &length);
  const std::string_view word(text, length);
  bool found = false;
  charge(L, list->size() / 4);
  for (std::size_t i = 0; i < list->size() && !found; ++i) found = list->at(i) == word;
  lua_pushboolean(L, found);
  return 1;
}
std::string_view text_argument(lua_State* L, std::string_view function) {
  if (lua_type(L, 2) != LUA_TSTRING)
    raise_error(L, "list:" + std::string(function) + "(text) wants text, not " + std::string(kind_of(L, 2)));
  std::size_t length = 0;
  const char* bytes = lua_tolstring(L, 2, &length);
  return {bytes, length};
}
int list_fits(lua_State* L) {
  const ListView* list = to_list(L, 1);
  if (!list) luaL_error(L, "fits() is for lists: write list:fits(text)");
  const std::string_view text = text_argument(L, "fits");
  std::uint64_t instructions = list->size() / 4;
  bool fits = false;
  for (std::size_t i = 0; i < list->size() && !fits; ++i) fits = fits_glob(list->at(i), text, instructions);
  charge(L, instructions);
  lua_pushboolean(L, fits);
  return 1;
}
int list_keys_of(lua_State* L) {
  const ListView* list = to_list(L, 1);
  if (!list) luaL_error(L, "keys_of() is for lists: write list:keys_of(text)");
  const std::string_view text = text_argument(L, "keys_of");
  std::uint64_t instructions = list->size();
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const KeyedPattern keyed = keyed_pattern(L, list->at(i));
    if (fits_glob(keyed.pattern, text, instructions)) keys.emplace_back(keyed.key);
  }
  charge(L, instructions);
  push_texts(L, keys);
  return 1;
}
int next_item(lua_State* L) {
  const ListView* list = to_list(L, lua_upvalueindex(1));
  const lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));
  if (static_cast<std::size_t>(at) >= list->size()) return 0;
  charge(L, 2);
  lua_pushinteger(L, at + 1);
  lua_replace(L, lua_upvalueindex(2));
  const std::string_view item = list->at(static_cast<std::size_t>(at));
  lua_pushlstring(L, item.data(), item.size());
  return 1;
}
int list_items(lua_State* L) {
  if (!to_list(L, 1)) luaL_error(L, "items() is for lists: write list:items()");
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, guarded<next_item>, 2);
  return 1;
}

constexpr ApiFunction kListFunctions[] = {
    {"list", "has", guarded<list_has>, "(word: string): boolean", "Whether the list holds the word."},
    {"list", "fits", guarded<list_fits>, "(text: string): boolean", "Whether the whole text fits one of the list's words, taken as globs: * ? [abc]."},
    {"list", "keys_of", guarded<list_keys_of>, "(text: string): string[]",
     "Of a list of key=pattern: the keys whose pattern, a glob, the whole text fits, in the list's order."},
    {"list", "items", guarded<list_items>, "(): fun(): string", "Loops over the words in order."},
};

}  // namespace

void install_list_type(lua_State* L) {
  lua_newtable(L);
  lua_newtable(L);
  for (const ApiFunction& row : kListFunctions) {
    lua_pushlstring(L, row.name.data(), row.name.size());
    lua_pushcfunction(L, row.function);
    lua_rawset(L, -3);
  }
  lua_pushcclosure(L, guarded<list_index>, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, guarded<list_length>);
  lua_setfield(L, -2, "__len");
  lua_pushcfunction(L, guarded<refuse_record_write>);
  lua_setfield(L, -2, "__newindex");
  host_of(L).list_meta_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

std::span<const ApiFunction> api_lists() { return kListFunctions; }

}  // namespace muster::rule
