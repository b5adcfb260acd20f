// Views: what each name on a record of each dataset means to one rule, found by the address of the interned name; and the rule's parameters.
#include <bit>

#include "rule/host_internal.h"

namespace muster::rule {

using snapshot::Dataset;
using snapshot::FieldType;

namespace {

std::size_t slot_hash(const char* key) {
  const auto address = reinterpret_cast<std::uintptr_t>(key);
  return (address >> 4) ^ (address >> 12);
}

int unknown_parameter(lua_State* L) { raise_error(L, "the rule has no parameter '" + text_of(L, 2) + "'"); }

void add_slot(lua_State* L, DatasetView& view, std::string_view name, Slot slot) {
  lua_pushlstring(L, name.data(), name.size());
  slot.key = lua_tostring(L, -1);
  // Anchored for the life of the state, so that the address stays this name's.
  lua_pushboolean(L, 1);
  lua_rawset(L, LUA_REGISTRYINDEX);
  for (std::size_t at = slot_hash(slot.key) & view.mask;; at = (at + 1) & view.mask) {
    if (view.slots[at].key == slot.key) return;  // a field goes before a method of that name
    if (view.slots[at].key) continue;
    view.slots[at] = slot;
    return;
  }
}

}  // namespace

const Slot* DatasetView::find(const char* key) const {
  for (std::size_t at = slot_hash(key) & mask;; at = (at + 1) & mask) {
    if (slots[at].key == key) return &slots[at];
    if (!slots[at].key) return nullptr;
  }
}

void make_views(Host& host, const Params& params) {
  lua_State* L = host.state;
  const snapshot::World& world = *host.world;
  lua_newtable(L);
  host.pool_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  const int functions = lua_gettop(L);
  lua_Integer functions_used = 0;
  lua_newtable(L);
  const int words = lua_gettop(L);
  int words_used = 0;

  // The methods that every handle has: those of handles.cpp and of api/.
  std::vector<std::pair<std::string_view, std::uint16_t>> methods;
  const auto add_methods = [&](std::span<const ApiFunction> rows) {
    for (const ApiFunction& row : rows) {
      if (row.scope != "handle") continue;
      lua_pushcfunction(L, row.function);
      lua_rawseti(L, functions, ++functions_used);
      methods.emplace_back(row.name, static_cast<std::uint16_t>(functions_used));
    }
  };
  add_methods(record_functions());
  for (const auto& unit : api_functions()) add_methods(unit);

  host.views.resize(snapshot::kDatasetCount);
  for (const snapshot::DatasetSpec& spec : snapshot::schema()) {
    DatasetView& view = host.views[static_cast<std::size_t>(spec.dataset)];
    view.spec = &spec;
    view.table = world.table(spec.dataset);
    const bool is_must = host.rule->reads.must.contains(spec.dataset);
    const bool is_may = host.rule->reads.may.contains(spec.dataset);
    view.is_readable = is_must || is_may;
    view.is_blocked = is_may && !is_must && !world.available(spec.dataset).is_complete();
    if (!view.is_readable) continue;
    view.slots.assign(std::bit_ceil((spec.fields.size() + methods.size() + 16) * 3), Slot{});
    view.mask = view.slots.size() - 1;
    for (std::uint16_t field = 0; field < spec.fields.size(); ++field) {
      Slot slot;
      slot.type = spec.fields[field].type;
      slot.index = field;
      slot.column = view.table ? view.table->column(field) : nullptr;
      slot.kind = host.rule->reads.fields.contains({spec.dataset, field}) && slot.column ? Slot::Kind::field : Slot::Kind::undeclared_field;
      if (slot.kind == Slot::Kind::field && slot.type == FieldType::word) {
        lua_newtable(L);
        lua_rawseti(L, words, ++words_used);
        slot.words = words_used;
      }
      add_slot(L, view, spec.fields[field].name, slot);
    }
    const auto all = snapshot::relations();
    for (std::uint16_t relation = 0; relation < all.size(); ++relation) {
      if (all[relation].from != spec.dataset) continue;
      Slot slot;
      slot.index = relation;
      slot.kind = Slot::Kind::undeclared_relation;
      if (host.rule->reads.relations.contains(relation) && world.has_relation[relation]) {
        if (all[relation].many) {
          push_many_method(L, relation);
          lua_rawseti(L, functions, ++functions_used);
          slot.kind = Slot::Kind::method;
          slot.index = static_cast<std::uint16_t>(functions_used);
        } else {
          slot.kind = Slot::Kind::one;
          slot.link = &world.to_one[relation];
        }
      }
      add_slot(L, view, all[relation].name, slot);
    }
    for (const auto& [name, place] : methods) {
      Slot slot;
      slot.kind = Slot::Kind::method;
      slot.index = place;
      add_slot(L, view, name, slot);
    }
  }
  host.words_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  host.functions_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  install_record_type(L);
  install_list_type(L);

  lua_newtable(L);  // params
  for (const auto& [name, value] : params) {
    lua_pushlstring(L, name.data(), name.size());
    std::visit(
        [&](const auto& held) {
          using T = std::decay_t<decltype(held)>;
          if constexpr (std::is_same_v<T, bool>) lua_pushboolean(L, held);
          else if constexpr (std::is_same_v<T, std::int64_t>) lua_pushinteger(L, held);
          else if constexpr (std::is_same_v<T, double>) lua_pushnumber(L, held);
          else if constexpr (std::is_same_v<T, std::string>) lua_pushlstring(L, held.data(), held.size());
          else push_list(L, ListView{Tag::list, &held, nullptr, 0});
        },
        value);
    lua_rawset(L, -3);
  }
  push_frozen(L, -1);
  lua_remove(L, -2);
  // A parameter that is not declared is a slip, not nil.
  lua_getmetatable(L, -1);
  lua_getfield(L, -1, "__index");
  lua_newtable(L);
  lua_pushcfunction(L, guarded<unknown_parameter>);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_pop(L, 2);
  host.params_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

}  // namespace muster::rule
