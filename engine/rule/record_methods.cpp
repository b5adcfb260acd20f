// The methods that every record has: is_null, get, count, fits and their like. Each asks one question that the
// memo can follow.
#include <algorithm>

#include "rule/host_internal.h"

namespace muster::rule {

using snapshot::Cell;
using snapshot::Dataset;
using snapshot::FieldType;

namespace {

// The state of a field or to-one relation, as a cell; dangling counts as a value.
Cell cell_of(lua_State* L, const Handle& handle, const Slot& slot, bool& is_dangling) {
  is_dangling = false;
  if (slot.kind == Slot::Kind::one) {
    touch(L, snapshot::relations()[slot.index].to);
    if (handle.row == kImplicitRow) return Cell::value;
    switch ((*slot.link)[handle.row]) {
      case snapshot::kNoRowNull: return Cell::null;
      case snapshot::kNoRowAbsent: return Cell::absent;
      case snapshot::kNoRowInvalid: return Cell::invalid;
      case snapshot::kDangling: is_dangling = true; return Cell::value;
      default: return Cell::value;
    }
  }
  if (slot.kind != Slot::Kind::field) raise_error(L, "'" + std::string(slot.key) + "' is not a field");
  if (handle.row == kImplicitRow) return has_implicit(slot) ? Cell::value : Cell::absent;
  return slot.column->cell(handle.row);
}

const Slot& named_field(lua_State* L, const Handle& handle) {
  luaL_checktype(L, 2, LUA_TSTRING);
  const Slot& slot = slot_of(L, handle, 2);
  if (slot.kind != Slot::Kind::field && slot.kind != Slot::Kind::one)
    raise_error(L, "'" + std::string(slot.key) + "' is not a field");
  return slot;
}

void note_state(lua_State* L, const Handle& handle, const Slot& slot) {
  if (handle.row == kImplicitRow) host_of(L).read_more = true;
  else if (slot.kind == Slot::Kind::one) note_read(host_of(L), handle, {.kind = Probe::Kind::leads, .on = slot.link});
  else note_read(host_of(L), handle, {.kind = Probe::Kind::state, .on = slot.column});
}

// count() of a field that is a list.
int count_items(lua_State* L, const Handle& handle) {
  const Slot& slot = slot_of(L, handle, 2);
  if (slot.kind != Slot::Kind::field || slot.type != FieldType::text_list) raise_unknown_name(L, handle, 2);
  if (!lua_isnoneornil(L, 3)) raise_error(L, "'" + std::string(slot.key) + "' is a list of texts, which no filter fits");
  if (handle.row == kImplicitRow) raise_cell(L, handle, slot, Cell::absent);
  note_read(host_of(L), handle, {.kind = Probe::Kind::length, .on = slot.column});
  if (const Cell cell = slot.column->cell(handle.row); cell != Cell::value) raise_cell(L, handle, slot, cell);
  lua_pushinteger(L, static_cast<lua_Integer>(slot.column->list_size(handle.row)));
  return 1;
}

int method_is_null(lua_State* L) {
  const Handle& handle = live_handle(L, 1);
  const Slot& slot = named_field(L, handle);
  bool is_dangling = false;
  const Cell cell = cell_of(L, handle, slot, is_dangling);
  if (cell == Cell::absent || cell == Cell::invalid) raise_cell(L, handle, slot, cell);
  note_state(L, handle, slot);
  lua_pushboolean(L, cell == Cell::null);
  return 1;
}
int method_is_absent(lua_State* L) {
  const Handle& handle = live_handle(L, 1);
  const Slot& slot = named_field(L, handle);
  bool is_dangling = false;
  lua_pushboolean(L, cell_of(L, handle, slot, is_dangling) == Cell::absent);
  note_state(L, handle, slot);
  return 1;
}
int method_is_dangling(lua_State* L) {
  const Handle& handle = live_handle(L, 1);
  const Slot& slot = named_field(L, handle);
  if (slot.kind != Slot::Kind::one) raise_error(L, "'" + std::string(slot.key) + "' is not a relation");
  bool is_dangling = false;
  const Cell cell = cell_of(L, handle, slot, is_dangling);
  if (cell == Cell::absent || cell == Cell::invalid) raise_cell(L, handle, slot, cell);
  note_state(L, handle, slot);
  lua_pushboolean(L, is_dangling);
  return 1;
}
int method_get(lua_State* L) {
  const Handle& handle = live_handle(L, 1);
  const Slot& slot = named_field(L, handle);
  if (lua_gettop(L) < 3) raise_error(L, "get(field, default) needs a default");
  bool is_dangling = false;
  const Cell cell = cell_of(L, handle, slot, is_dangling);
  note_state(L, handle, slot);
  if (cell == Cell::null || cell == Cell::absent) {
    lua_pushvalue(L, 3);
    return 1;
  }
  if (cell == Cell::invalid) raise_cell(L, handle, slot, cell);
  if (handle.row == kImplicitRow) return implicit_field(L, handle, slot);
  return slot.kind == Slot::Kind::one ? push_related(L, handle, slot) : push_field(L, handle, slot);
}
template <Probe::Kind Kind>
int method_compare(lua_State* L) {
  const Handle& handle = live_handle(L, 1);
  const Slot& slot = named_field(L, handle);
  if (slot.kind != Slot::Kind::field || (slot.type != FieldType::time && slot.type != FieldType::date))
    raise_error(L, "'" + std::string(slot.key) + "' holds no time");
  if (!is_time(L, 3)) raise_error(L, "a time is wanted to compare with, not " + std::string(kind_of(L, 3)));
  const Instant instant = to_time(L, 3);
  if (handle.row != kImplicitRow) note_read(host_of(L), handle, {.kind = Kind, .on = slot.column, .instant = instant.us});
  bool is_dangling = false;
  if (const Cell cell = cell_of(L, handle, slot, is_dangling); cell != Cell::value) raise_cell(L, handle, slot, cell);
  const Instant held = slot.column->time(handle.row);
  lua_pushboolean(L, Kind == Probe::Kind::is_before ? held < instant : instant < held);
  return 1;
}
int method_count(lua_State* L) {
  Host& host = host_of(L);
  const Handle& handle = live_handle(L, 1);
  std::size_t length = 0;
  const char* name = luaL_checklstring(L, 2, &length);
  const auto relation = snapshot::find_relation(handle.dataset, std::string_view(name, length));
  if (!relation || !snapshot::relations()[*relation].many) return count_items(L, handle);
  if (!host.world->has_relation[*relation]) raise_undeclared(L, handle, slot_of(L, handle, 2));
  const Query query = related_rows(L, handle, *relation, 3);
  if (query.filters.empty()) {
    note_read(host, handle, {.kind = Probe::Kind::count, .on = query.groups});
    lua_pushinteger(L, static_cast<lua_Integer>(query.rows.size()));
    return 1;
  }
  const std::vector<Filter>* kept = query.rows.size() <= kMaxCounted && !host.read_more ? kept_filters(host, query.filters) : nullptr;
  if (kept) note_read(host, handle, {.kind = Probe::Kind::count_where, .on = query.groups, .with = kept});
  else host.read_more = true;
  lua_pushinteger(L, static_cast<lua_Integer>(count_query(L, query)));
  return 1;
}
int method_is_implicit(lua_State* L) {
  const Handle& handle = live_handle(L, 1);
  if (!handle.is_followed) host_of(L).read_more = true;  // what is followed to is listed
  lua_pushboolean(L, handle.row == kImplicitRow);
  return 1;
}

// What `kind` makes of the text, when the memo can follow that: a field of a record, and a parameter's list.
const TextMatches* followed_matches(lua_State* L, TextMatches::Kind kind, const Handle& handle, const Slot& slot, const ListView& list) {
  if (!list.items || handle.row == kImplicitRow) return nullptr;
  Host& host = host_of(L);
  const auto found = std::find_if(host.text_matches.begin(), host.text_matches.end(),
                                  [&](const auto& known) { return known->is_of(kind, slot.column, list.items); });
  if (found != host.text_matches.end()) return found->get();
  if (kind == TextMatches::Kind::keys_of)
    for (const std::string& entry : *list.items) (void)keyed_pattern(L, entry);
  host.text_matches.push_back(std::make_unique<TextMatches>(kind, *slot.column, *list.items));
  return host.text_matches.back().get();
}

// fits() and keys_of() of a record: as those of the list, with the text of the field.
template <TextMatches::Kind Kind>
int method_matches(lua_State* L) {
  Host& host = host_of(L);
  const Handle& handle = live_handle(L, 1);
  const Slot& slot = named_field(L, handle);
  if (slot.kind != Slot::Kind::field || (slot.type != FieldType::text && slot.type != FieldType::id && slot.type != FieldType::word))
    raise_error(L, "'" + std::string(slot.key) + "' holds no text");
  const ListView* list = to_list(L, 3);
  if (!list) raise_error(L, "a list is wanted to compare with, such as a parameter, not " + std::string(kind_of(L, 3)));
  const TextMatches* matches = followed_matches(L, Kind, handle, slot, *list);
  if (matches) {
    charge(L, matches->instructions());
    note_read(host, handle, {.kind = Probe::Kind::matches, .on = matches});
    const Answer answer = matches->of(handle.row);
    if (answer.state != 0 && answer.state != kTooLongState) raise_cell(L, handle, slot, static_cast<Cell>(answer.state));
    if (answer.state == 0) {
      if constexpr (Kind == TextMatches::Kind::fits) lua_pushboolean(L, answer.value != 0);
      else push_texts(L, matches->keys(answer.value));
      return 1;
    }
  }
  // The list's own method, with the text.
  lua_settop(L, 3);
  lua_getfield(L, 3, Kind == TextMatches::Kind::fits ? "fits" : "keys_of");
  lua_insert(L, 3);
  if (handle.row == kImplicitRow) implicit_field(L, handle, slot);
  else push_field(L, handle, slot);
  lua_call(L, 2, 1);
  return 1;
}

constexpr ApiFunction kRecordFunctions[] = {
    {"handle", "is_null", guarded<method_is_null>, "(field: string): boolean",
     "Whether the field is null. An absent field makes the subject unknown, as reading it would."},
    {"handle", "is_absent", guarded<method_is_absent>, "(field: string): boolean",
     "Whether the API's reply did not have the field at all (an older API age)."},
    {"handle", "is_dangling", guarded<method_is_dangling>, "(relation: string): boolean",
     "Whether the relation names a record that the other dataset does not have."},
    {"handle", "get", guarded<method_get>, "(field: string, default: any): any", "The field, or the default when it is null or absent."},
    {"handle", "is_before", guarded<method_compare<Probe::Kind::is_before>>, "(field: string, instant: muster.Time): boolean",
     "Whether the time in the field is before the instant. Quicker than reading it where only that is asked."},
    {"handle", "is_after", guarded<method_compare<Probe::Kind::is_after>>, "(field: string, instant: muster.Time): boolean",
     "Whether the time in the field is after the instant."},
    {"handle", "count", guarded<method_count>, "(relation: string, filter?: table): integer",
     "How many records the relation leads to; with a filter, how many of them match. Of a field that is a list: how many it holds."},
    {"handle", "fits", guarded<method_matches<TextMatches::Kind::fits>>, "(field: string, patterns: muster.List): boolean",
     "Whether the whole text of the field fits one of the patterns: patterns:fits(record.field). Quicker where only that is asked."},
    {"handle", "keys_of", guarded<method_matches<TextMatches::Kind::keys_of>>, "(field: string, entries: muster.List): string[]",
     "Of a list of key=pattern: the keys whose pattern the whole text of the field fits: entries:keys_of(record.field)."},
    {"handle", "is_implicit", guarded<method_is_implicit>, "(): boolean",
     "Of a membership: whether it follows from the organization role and stands in no member list."},
};

}  // namespace

std::span<const ApiFunction> record_functions() { return kRecordFunctions; }

}  // namespace muster::rule
