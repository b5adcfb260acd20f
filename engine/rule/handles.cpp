// Handles: what a rule holds of a record. A handle is a row number; reading a field goes straight to the column. The same few userdata are used again for every
// subject (the n-th handle asked for is the n-th of the pool), so a loop over a million subjects allocates nothing; a handle of an earlier subject is stale by its epoch.
#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "rule/host_internal.h"

namespace muster::rule {

using snapshot::Cell;
using snapshot::Dataset;
using snapshot::FieldType;

namespace {

std::string place_of(Host& host, const Handle& handle) {
  const DatasetView& view = host.views[static_cast<std::size_t>(handle.dataset)];
  return std::string(view.spec->singular) + " " + std::string(handle_id(host, handle));
}

std::string field_path(Host& host, const Handle& handle, std::string_view name) {
  return std::string(host.views[static_cast<std::size_t>(handle.dataset)].spec->name) + "." + std::string(name);
}

std::string_view slot_name(const Slot& slot) { return slot.key; }

}  // namespace

void note_read(Host& host, const Handle& handle, Probe probe) {
  if (!handle.is_followed) host.read_more = true;
  probe.path = handle.path;
  note_read(host, probe);
}

void note_read(Host& host, const Probe& probe) {
  constexpr std::size_t kMaxReads = 64;  // longer ways are rarely gone twice
  if (host.read_more || probe.path == kConstantPath) return;
  if (probe.path == kNoPath) {
    host.read_more = true;
    return;
  }
  const auto is_same = [&](const auto& read) { return read.first == probe; };
  if (std::any_of(host.reads.begin(), host.reads.end(), is_same)) return;  // asked before: the answer is the same
  const Answer answer = ask(host.paths, probe);
  if (host.reads.size() < kMaxReads && answer.state != kTooLongState) host.reads.emplace_back(probe, answer);
  else host.read_more = true;
}

bool follow_loop(Host& host, bool is_followed, PathId path, const snapshot::Groups& groups, std::size_t items) {
  if (is_followed && path == kConstantPath) return true;
  if (!is_followed || items > kMaxFollowedItems) host.read_more = true;
  note_read(host, {.path = path, .kind = Probe::Kind::count, .on = &groups});
  return !host.read_more;
}

void follow(lua_State* L, int at, PathId path) {
  auto* handle = static_cast<Handle*>(lua_touserdata(L, at));
  handle->is_followed = true;
  handle->path = path;
}

void raise_cell(lua_State* L, const Handle& handle, const Slot& slot, Cell cell) {
  Host& host = host_of(L);
  const std::string path = field_path(host, handle, slot_name(slot));
  const std::string where = " (" + place_of(host, handle) + ")";
  switch (cell) {
    case Cell::null: raise_unknown(L, path + " is null" + where);
    case Cell::absent: raise_unknown(L, path + " is absent" + where);
    case Cell::invalid: raise_unknown(L, path + " is not of the documented type" + where);
    case Cell::value: break;
  }
  raise_error(L, path + " cannot be read");
}

void raise_unknown_name(lua_State* L, const Handle& handle, int name_at) {
  Host& host = host_of(L);
  const DatasetView& view = host.views[static_cast<std::size_t>(handle.dataset)];
  const std::string name = text_of(L, name_at);
  std::vector<std::string> names;
  for (const Slot& slot : view.slots)
    if (slot.key) names.emplace_back(slot.key);
  std::sort(names.begin(), names.end());
  if (name.size() > 64) raise_error(L, std::string(view.spec->singular) + " has no field of that name");
  std::string message = std::string(view.spec->singular) + " has no field '" + name + "'";
  if (const auto near = nearest_name(name, names)) message += "; did you mean '" + std::string(*near) + "'?";
  raise_error(L, std::move(message));
}

void raise_undeclared(lua_State* L, const Handle& handle, const Slot& slot) {
  Host& host = host_of(L);
  const DatasetView& view = host.views[static_cast<std::size_t>(handle.dataset)];
  if (slot.kind == Slot::Kind::undeclared_field)
    raise_error(L, field_path(host, handle, slot_name(slot)) + " is read but not in `reads`");
  const auto relation = snapshot::find_relation(view.spec->dataset, slot_name(slot));
  const std::string target(relation ? snapshot::spec_of(snapshot::relations()[*relation].to).name : "");
  raise_error(L, std::string(view.spec->singular) + "." + std::string(slot_name(slot)) + " leads to " + target +
                     ", which is neither in `reads` nor in `may_read` (or its name is not written in the rule)");
}

namespace {

void push_place(lua_State* L, int table_ref, int place) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, table_ref);
  lua_rawgeti(L, -1, place);
  lua_remove(L, -2);
}

void push_word(lua_State* L, const Slot& slot, std::uint32_t code) {
  Host& host = host_of(L);
  push_place(L, host.words_ref, slot.words);
  if (lua_rawgeti(L, -1, static_cast<lua_Integer>(code) + 1) == LUA_TNIL) {
    lua_pop(L, 1);
    const std::string& word = slot.column->words()[code];
    lua_pushlstring(L, word.data(), word.size());
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, static_cast<lua_Integer>(code) + 1);
  }
  lua_remove(L, -2);
}

// A JSON value as fresh Lua values: objects and lists are tables, null is false-y nil inside tables (a member that is null is not there).
void push_json(lua_State* L, const json::Value& value) {
  luaL_checkstack(L, 4, "JSON nested too deeply");
  charge(L, 4);
  if (const auto* yes = value.boolean()) lua_pushboolean(L, *yes);
  else if (const auto* integer = value.integer()) lua_pushinteger(L, *integer);
  else if (const auto* number = value.number()) lua_pushnumber(L, *number);
  else if (const auto* text = value.string()) lua_pushlstring(L, text->data(), text->size());
  else if (const auto* array = value.array()) {
    lua_newtable(L);
    lua_Integer at = 0;
    for (const auto& item : *array) {
      push_json(L, item);
      lua_rawseti(L, -2, ++at);
    }
  } else if (const auto* object = value.object()) {
    lua_newtable(L);
    for (const auto& [name, item] : *object) {
      lua_pushlstring(L, name.data(), name.size());
      push_json(L, item);
      lua_rawset(L, -3);
    }
  } else {
    lua_pushnil(L);
  }
}

}  // namespace

int push_related(lua_State* L, const Handle& handle, const Slot& slot) {
  Host& host = host_of(L);
  const snapshot::RelationSpec& relation = snapshot::relations()[slot.index];
  touch(L, relation.to);
  const std::uint32_t target = (*slot.link)[handle.row];
  if (target < snapshot::kDangling) {
    note_read(host, handle, {.kind = Probe::Kind::leads, .on = slot.link});
    const bool read_more = host.read_more;
    const PathId path = read_more ? kSubjectPath : host.paths.along(handle.path, *slot.link);
    push_handle(L, relation.to, target);
    if (read_more) return 1;
    follow(L, -1, path);
    host.read_more = false;
    return 1;
  }
  const std::string path = field_path(host, handle, slot_name(slot));
  const std::string where = " (" + place_of(host, handle) + ")";
  switch (target) {
    case snapshot::kDangling:
      raise_unknown(L, path + " names a record that " + std::string(snapshot::spec_of(relation.to).name) + " does not have" + where);
    case snapshot::kNoRowNull: raise_unknown(L, path + " is null" + where);
    case snapshot::kNoRowAbsent: raise_unknown(L, path + " is absent" + where);
    default: raise_unknown(L, path + " is not of the documented type" + where);
  }
}

/// Whether an implicit membership has the field: its two sides, and the role that follows from the organization's.
bool has_implicit(const Slot& slot) {
  const std::string_view name = slot_name(slot);
  return name == "workspace_role" || name == "user_id" || name == "workspace_id";
}

int implicit_field(lua_State* L, const Handle& handle, const Slot& slot) {
  const std::string_view name = slot_name(slot);
  Host& host = host_of(L);
  if (slot.kind == Slot::Kind::one) {
    if (name == "user") push_handle(L, Dataset::users, handle.user);
    else push_handle(L, Dataset::workspaces, handle.workspace);
    return 1;
  }
  std::string_view text;
  if (name == "workspace_role") text = handle.workspace_role;
  else if (name == "user_id") text = host.world->table(Dataset::users)->ids()[handle.user];
  else if (name == "workspace_id") text = host.world->table(Dataset::workspaces)->ids()[handle.workspace];
  else raise_unknown(L, "workspace_members." + std::string(name) + " is absent (implicit membership)");
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

namespace {

int handle_index(lua_State* L) {
  auto* handle = static_cast<Handle*>(lua_touserdata(L, 1));
  Host& host = host_of(L);
  if (handle->epoch != host.epoch) raise_error(L, "a record of another subject is used");
  if (lua_type(L, 2) != LUA_TSTRING) raise_unknown_name(L, *handle, 2);
  const Slot& slot = slot_of(L, *handle, 2);
  if (slot.kind == Slot::Kind::method) {
    push_place(L, host.functions_ref, slot.index);
    return 1;
  }
  if (handle->row == kImplicitRow) return implicit_field(L, *handle, slot);
  if (slot.kind == Slot::Kind::one) return push_related(L, *handle, slot);
  return push_field(L, *handle, slot);
}


int handle_equal(lua_State* L) {
  const Handle *a = to_handle(L, 1), *b = to_handle(L, 2);
  host_of(L).read_more = true;  // which record it is: no question that the memo knows
  lua_pushboolean(L, a && b && a->dataset == b->dataset && a->row == b->row && a->user == b->user && a->workspace == b->workspace);
  return 1;
}

int handle_text(lua_State* L) {
  const std::string text = text_of(L, 1);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int concat_text(lua_State* L) {
  const std::string text = text_of(L, 1) + text_of(L, 2);
  charge(L, text.size() / 8);
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int many_method(lua_State* L) {
  const Handle& handle = live_handle(L, 1);
  const auto relation = static_cast<std::uint16_t>(lua_tointeger(L, lua_upvalueindex(1)));
  const snapshot::RelationSpec& spec = snapshot::relations()[relation];
  if (handle.dataset != spec.from) raise_error(L, std::string(spec.name) + "() was called on " + std::string(kind_of(L, 1)));
  push_query(L, related_rows(L, handle, relation, 2));
  return 1;
}

}  // namespace

void touch(lua_State* L, Dataset dataset) {
  Host& host = host_of(L);
  const DatasetView& view = host.views[static_cast<std::size_t>(dataset)];
  if (view.is_blocked) {
    const auto& available = host.world->available(dataset);
    raise_unknown(L, std::string(view.spec->name) + " is " + std::string(snapshot::word_of(available.status)) +
                         (available.reason.empty() ? "" : ": " + available.reason));
  }
  if (!view.is_readable || !view.table)
    raise_error(L, std::string(snapshot::spec_of(dataset).name) + " is used but neither in `reads` nor in `may_read`");
}

const Slot& slot_of(lua_State* L, const Handle& handle, int name_at) {
  Host& host = host_of(L);
  const DatasetView& view = host.views[static_cast<std::size_t>(handle.dataset)];
  const Slot* slot = view.find(lua_tostring(L, name_at));
  if (!slot) raise_unknown_name(L, handle, name_at);
  if (slot->kind == Slot::Kind::undeclared_field || slot->kind == Slot::Kind::undeclared_relation) raise_undeclared(L, handle, *slot);
  return *slot;
}

int push_field(lua_State* L, const Handle& handle, const Slot& slot) {
  Host& host = host_of(L);
  if (is_coded(slot.type)) note_read(host, handle, {.on = slot.column});
  else if (!handle.is_followed || handle.path != kConstantPath) host.read_more = true;
  const snapshot::Column& column = *slot.column;
  const std::uint32_t row = handle.row;
  if (const Cell cell = column.cell(row); cell != Cell::value) raise_cell(L, handle, slot, cell);
  switch (slot.type) {
    case FieldType::word: push_word(L, slot, column.word_code(row)); return 1;
    case FieldType::text:
    case FieldType::id: {
      if (column.is_computed()) {
        const std::string made = column.compute(row);
        charge(L, 50 + made.size() / 8);
        lua_pushlstring(L, made.data(), made.size());
        return 1;
      }
      const std::string_view text = column.text(row);
      if (text.size() > 64) charge(L, text.size() / 8);
      lua_pushlstring(L, text.data(), text.size());
      return 1;
    }
    case FieldType::time:
    case FieldType::date: push_time(L, column.time(row)); return 1;
    case FieldType::boolean: lua_pushboolean(L, column.boolean(row)); return 1;
    case FieldType::integer: lua_pushinteger(L, column.integer(row)); return 1;
    case FieldType::number: lua_pushnumber(L, column.number(row)); return 1;
    case FieldType::text_list: push_list(L, ListView{Tag::list, nullptr, &column, row}); return 1;
    case FieldType::json: {
      charge(L, column.text(row).size());
      auto value = json::parse(column.text(row));
      if (!value) raise_cell(L, handle, slot, Cell::invalid);
      push_json(L, *value);
      return 1;
    }
  }
  return 0;
}

void push_handle(lua_State* L, Dataset dataset, std::uint32_t row) {
  Host& host = host_of(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.pool_ref);
  const lua_Integer place = static_cast<lua_Integer>(++host.handles_used);
  Handle* handle = nullptr;
  if (lua_rawgeti(L, -1, place) == LUA_TNIL) {
    lua_pop(L, 1);
    handle = static_cast<Handle*>(lua_newuserdatauv(L, sizeof(Handle), 0));
    new (handle) Handle();
    lua_rawgeti(L, LUA_REGISTRYINDEX, host.handle_meta_ref);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, place);
  } else {
    handle = static_cast<Handle*>(lua_touserdata(L, -1));
  }
  handle->dataset = dataset;
  handle->row = row;
  handle->epoch = host.epoch;
  handle->is_followed = false;
  handle->path = kSubjectPath;
  host.read_more = true;  // whatever led to it; what the memo follows takes this back
  handle->user = handle->workspace = 0;
  lua_remove(L, -2);
}

void push_subject(lua_State* L) {
  Host& host = host_of(L);
  push_handle(L, host.subject, host.subject_row);
  follow(L, -1, kSubjectPath);
  host.read_more = false;
}

Handle* push_implicit(lua_State* L, std::uint32_t user, std::uint32_t workspace, std::string_view role) {
  push_handle(L, Dataset::workspace_members, kImplicitRow);
  auto* handle = static_cast<Handle*>(lua_touserdata(L, -1));
  handle->user = user;
  handle->workspace = workspace;
  handle->workspace_role = role;
  return handle;
}

Handle* to_handle(lua_State* L, int at) {
  if (lua_type(L, at) != LUA_TUSERDATA) return nullptr;
  auto* handle = static_cast<Handle*>(lua_touserdata(L, at));
  return handle->tag == Tag::handle ? handle : nullptr;
}

Handle& live_handle(lua_State* L, int at) {
  Handle* handle = to_handle(L, at);
  if (!handle) luaL_error(L, "a record is wanted, not %s (write record:name(), with a colon)", std::string(kind_of(L, at)).c_str());
  if (handle->epoch != host_of(L).epoch) raise_error(L, "a record of another subject is used");
  return *handle;
}

Handle& check_handle(lua_State* L, int at) {
  Handle& handle = live_handle(L, at);
  host_of(L).read_more = true;  // whatever is done with it now
  return handle;
}

std::string_view handle_id(Host& host, const Handle& handle) {
  host.read_more = true;
  if (handle.row == kImplicitRow) return host.world->table(Dataset::users)->ids()[handle.user];
  const snapshot::Table& table = *host.world->table(handle.dataset);
  return handle.row < table.ids().size() ? table.ids()[handle.row] : std::string_view();
}

std::string_view handle_label(Host& host, const Handle& handle) {
  host.read_more = true;
  if (handle.row == kImplicitRow) return host.world->table(Dataset::users)->labels()[handle.user];
  const snapshot::Table& table = *host.world->table(handle.dataset);
  return handle.row < table.labels().size() ? table.labels()[handle.row] : handle_id(host, handle);
}

void push_many_method(lua_State* L, std::uint16_t relation) {
  lua_pushinteger(L, relation);
  lua_pushcclosure(L, guarded<many_method>, 1);
}

int refuse_record_write(lua_State* L) { raise_error(L, "records are read-only"); }

void install_record_type(lua_State* L) {
  lua_newtable(L);
  lua_pushcfunction(L, guarded<handle_index>);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, guarded<refuse_record_write>);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, guarded<handle_equal>);
  lua_setfield(L, -2, "__eq");
  lua_pushcfunction(L, guarded<handle_text>);
  lua_setfield(L, -2, "__tostring");
  lua_pushcfunction(L, guarded<concat_text>);
  lua_setfield(L, -2, "__concat");
  host_of(L).handle_meta_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

}  // namespace muster::rule
