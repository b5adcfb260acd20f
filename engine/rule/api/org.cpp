// org: the organization as a whole. org.as_of is the only "now"; org:count and org:<dataset>{filter} look at all rows of a dataset natively.
#include "rule/host_internal.h"

namespace muster::rule {
namespace {

const snapshot::DatasetSpec& dataset_arg(lua_State* L, std::string_view name) {
  const snapshot::DatasetSpec* spec = snapshot::find_dataset(name);
  if (!spec) raise_error(L, "there is no dataset '" + std::string(name) + "'");
  touch(L, spec->dataset);
  return *spec;
}

int org_count(lua_State* L) {
  std::size_t length = 0;
  const char* name = luaL_checklstring(L, 2, &length);
  const snapshot::DatasetSpec& spec = dataset_arg(L, {name, length});
  lua_pushinteger(L, static_cast<lua_Integer>(count_query(L, all_rows(L, spec.dataset, 3))));
  return 1;
}

int org_each(lua_State* L) {
  std::size_t length = 0;
  const char* name = lua_tolstring(L, lua_upvalueindex(1), &length);
  const snapshot::DatasetSpec& spec = dataset_arg(L, {name, length});
  push_query(L, all_rows(L, spec.dataset, 2));
  return 1;
}

int org_index(lua_State* L) {
  Host& host = host_of(L);
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 2, &length);
  const std::string_view name(text, length);
  if (text == host.as_of_name || name == "as_of") {
    push_time(L, host.world->as_of);
    return 1;
  }
  if (name == "name" || name == "id") {
    const std::string& value = name == "id" ? host.world->organization_id : host.world->organization_name;
    lua_pushlstring(L, value.data(), value.size());
    return 1;
  }
  if (name == "count") {
    lua_pushcfunction(L, guarded<org_count>);
    return 1;
  }
  if (snapshot::find_dataset(name)) {
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, guarded<org_each>, 1);
    return 1;
  }
  raise_error(L, "org has no '" + std::string(name) + "'; it has as_of, id, name, count(), and each dataset as a loop: org:users{role = \"admin\"}");
}
constexpr ApiFunction kFunctions[] = {
    {"org", "count", guarded<org_count>, "(dataset: string, filter?: table): integer", "How many rows the dataset has; with a filter, how many match."},
};

}  // namespace

void install_org(lua_State* L) {
  auto* tag = static_cast<Tag*>(lua_newuserdatauv(L, sizeof(Tag), 0));
  *tag = Tag::org;
  lua_newtable(L);
  lua_pushcfunction(L, guarded<org_index>);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, guarded<refuse_record_write>);
  lua_setfield(L, -2, "__newindex");
  lua_setmetatable(L, -2);
  Host& host = host_of(L);
  host.org_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  // Short strings are one object each, so what most rules ask for is known by its address. Anchored for the life of the state.
  lua_pushliteral(L, "as_of");
  host.as_of_name = lua_tostring(L, -1);
  (void)luaL_ref(L, LUA_REGISTRYINDEX);
}

std::span<const ApiFunction> api_org() { return kFunctions; }

}  // namespace muster::rule
