// Internal to this module: what the C functions that rules call share. A Host belongs to one Lua state and is found from it without a look-up.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <lua.hpp>

#include "rule/evaluator.h"
#include "rule/memo.h"
#include "rule/rule.h"
#include "rule/text_matches.h"
#include "rule/trace.h"
#include "snapshot/world.h"

namespace muster::rule {

/// Every userdata that rules can hold starts with a tag; rules cannot make any other.
enum class Tag : std::uint32_t { handle = 0x6d754801, org, list, duration, verdict, null, proxy_key };

struct Handle {
  Tag tag = Tag::handle;
  snapshot::Dataset dataset{};
  std::uint32_t row = 0;
  std::uint32_t epoch = 0;     // of the subject it was made for; stale afterwards
  // For the memo: how it was reached from the subject, where it can follow that.
  bool is_followed = false;
  PathId path = kSubjectPath;
  // Of an implicit membership (row == kImplicitRow) only:
  std::uint32_t user = 0, workspace = 0;
  std::string_view workspace_role;
};
inline constexpr std::uint32_t kImplicitRow = 0xFFFFFFF0;

struct ListView {  // a string list: a parameter, or a text_list field
  Tag tag = Tag::list;
  const std::vector<std::string>* items = nullptr;
  const snapshot::Column* column = nullptr;  // used when items is null
  std::uint32_t row = 0;
  [[nodiscard]] std::size_t size() const { return items ? items->size() : column->list_size(row); }
  [[nodiscard]] std::string_view at(std::size_t i) const { return items ? std::string_view((*items)[i]) : column->list_item(row, i); }
};

struct Duration {
  Tag tag = Tag::duration;
  std::int64_t us = 0;
};

/// A sticky outcome: it decides the subject whatever the rule then returns.
enum class Sticky : std::uint8_t { none, unknown, error };

/// What a name means on a handle of one dataset, for this rule.
struct Slot {
  enum class Kind : std::uint8_t { field, one, method, undeclared_field, undeclared_relation };
  const char* key = nullptr;  // the interned Lua string; nullptr: empty slot
  Kind kind = Kind::field;
  snapshot::FieldType type = snapshot::FieldType::text;
  std::uint16_t index = 0;    // field, relation, or place in the table of functions
  const snapshot::Column* column = nullptr;
  const std::vector<std::uint32_t>* link = nullptr;
  int words = 0;              // place in the table of word tables
};

struct DatasetView {
  const snapshot::DatasetSpec* spec = nullptr;
  const snapshot::Table* table = nullptr;
  bool is_readable = false;  // in reads or may_read
  bool is_blocked = false;   // in may_read, and not complete: touching it makes the subject unknown
  std::vector<Slot> slots;   // open addressing by key pointer
  std::size_t mask = 0;
  [[nodiscard]] const Slot* find(const char* key) const;
};

/// A filter of `org:users{…}` and the like: field is one of the values.
struct Filter {
  const Slot* slot = nullptr;
  std::vector<std::uint8_t> codes;  // of a word column: accepted[code]
  std::vector<std::string> texts;   // of others
  bool flag = false;                // of a boolean
  friend bool operator==(const Filter&, const Filter&) = default;
};
/// A loop over rows that a rule runs; lives until the subject is done.
struct Query {
  snapshot::Dataset dataset{};
  std::span<const std::uint32_t> rows;  // used when !all
  bool all = false;
  std::uint32_t next = 0;
  std::vector<Filter> filters;
  std::uint64_t row_cost = 0;  // instructions for asking a row by the filters, beyond what a scan costs
  const std::vector<Filter>* kept = nullptr;  // the same at the address that the memo knows them by
  // For the memo: where the records hang from, when it can follow them.
  bool is_followed = false;
  PathId path = kSubjectPath;
  const snapshot::Groups* groups = nullptr;  // nullptr: all rows, which are the same for every subject
};
/// A loop over memberships (`workspace:members()`, `user:workspaces()`, `group:members()`): the thing, and the membership record.
struct MemberLoop {
  std::span<const std::uint32_t> listed;
  const std::vector<std::uint32_t>* target = nullptr;  // membership row → thing
  snapshot::Dataset members{}, things{};
  std::uint32_t next = 0;
  bool with_implicit = false;
  std::uint32_t fixed = 0;                     // the subject's side of an implicit membership
  bool over_users = false;                     // things are users of workspace `fixed`; else workspaces of user `fixed`
  std::string_view role;                       // the implied role, when over workspaces
  std::vector<std::uint32_t> listed_things;    // sorted, so that nothing is given twice
  // For the memo, as in Query.
  bool is_followed = false;
  PathId path = kSubjectPath;
  const snapshot::Groups* groups = nullptr;
};

struct Host {
  lua_State* state = nullptr;
  const RuleInfo* rule = nullptr;
  const std::map<std::string, std::string>* library = nullptr;
  std::set<std::string> required;  // names of the library files that were asked for
  const snapshot::World* world = nullptr;  // nullptr while a rule file is loaded
  const Limits* limits = nullptr;
  Budget* budget = nullptr;
  Trace* trace = nullptr;  // of a traced evaluation only

  // Memory, kept by the allocator.
  std::size_t memory = 0, memory_limit = SIZE_MAX;
  bool is_out_of_memory = false;

  // The budget of the running subject.
  std::uint64_t used = 0, subject_limit = 0;
  std::uint64_t hook_calls = 0;
  std::int64_t started_us = 0;
  std::string over_budget;  // not empty: tripped; nothing the rule does afterwards counts
  bool by_wall_time = false;

  // The subject and its outcome.
  std::uint32_t epoch = 0;
  std::uint32_t handles_used = 0;
  Sticky sticky = Sticky::none;
  std::string sticky_reason;
  int verdicts_made = 0;
  int depth = 0;  // of the walk over what a rule captured
  Verdict verdict = Verdict::pass;
  std::string reason, observed, expected;
  std::optional<double> measure;
  std::optional<Instant> due;  // until when it passes
  std::unordered_map<std::int64_t, std::string> due_texts;
  std::vector<Related> related;
  std::vector<RawRow> rows;
  // What it read by ways that the memo follows; anything else that it learned of the subject or of what belongs to it sets `read_more`.
  snapshot::Dataset subject{};
  std::uint32_t subject_row = 0;
  Paths paths;
  std::vector<std::pair<Probe, Answer>> reads;
  bool read_more = false;
  std::vector<std::unique_ptr<TextMatches>> text_matches;
  std::deque<std::vector<Filter>> kept_filters;  // those that questions of the memo name
  std::deque<Query> queries;
  std::deque<MemberLoop> loops;

  std::vector<DatasetView> views;  // by Dataset

  // Registry references.
  int pool_ref = LUA_NOREF, functions_ref = LUA_NOREF, words_ref = LUA_NOREF, environment_ref = LUA_NOREF, api_ref = LUA_NOREF;
  int handle_meta_ref = LUA_NOREF, list_meta_ref = LUA_NOREF, duration_meta_ref = LUA_NOREF, frozen_meta_ref = LUA_NOREF;
  int modules_ref = LUA_NOREF, check_ref = LUA_NOREF, params_ref = LUA_NOREF, org_ref = LUA_NOREF;
  const char* as_of_name = nullptr;
  void* verdict_token = nullptr;
  int verdict_token_ref = LUA_NOREF;

  void begin_subject();
};

inline Host& host_of(lua_State* L) { return **static_cast<Host**>(lua_getextraspace(L)); }

/// Counts host work against the subject's budget; raises (and trips) when it is spent.
void charge(lua_State* L, std::uint64_t instructions);
[[noreturn]] void trip(lua_State* L, const std::string& why);
/// Sets the sticky outcome and leaves the rule.
[[noreturn]] void raise_unknown(lua_State* L, std::string reason);
[[noreturn]] void raise_error(lua_State* L, std::string reason);

/// Wraps a C function so that C++ exceptions become Lua errors (Lua's own travel through).
template <int (*Function)(lua_State*)>
int guarded(lua_State* L) {
  std::string text;
  try {
    return Function(L);
  } catch (const std::exception& exception) {
    text = exception.what();
  }
  return luaL_error(L, "%s", text.c_str());
}

/// One function that rules can call. `scope`: "" (global), "string", "table", "math", "handle", "time", "duration", "list", "org".
struct ApiFunction {
  std::string_view scope, name;
  lua_CFunction function;
  /// For the editor stubs: "(reason: string, observed?: table): muster.Verdict".
  std::string_view signature;
  std::string_view doc;
};
/// Those of record_methods.cpp.
[[nodiscard]] std::span<const ApiFunction> record_functions();
/// The table of all functions, one span for each file of api/.
[[nodiscard]] std::span<const std::span<const ApiFunction>> api_functions();

// sandbox.cpp
/// A new state with the API, nothing else; nullptr when memory is short.
struct StateCloser { void operator()(lua_State* state) const { lua_close(state); } };
using StatePtr = std::unique_ptr<lua_State, StateCloser>;
[[nodiscard]] StatePtr make_state(Host& host);
/// Loads text as a chunk with the sandbox's environment; pushes the function or the message.
[[nodiscard]] int load_chunk(Host& host, std::string_view text, const std::string& chunk_name);
/// lua_pcall under the budget.
[[nodiscard]] int call_protected(Host& host, int arguments, int results);
/// Starts the count of instructions anew, so that each subject is counted from its own beginning.
void rearm_hook(lua_State* L);
/// The `null` of examples: a value that only they can hold.
void set_null_visible(Host& host, bool visible);
[[nodiscard]] bool is_null_value(lua_State* L, int at);

// spec.cpp
/// What `assert` has in spec files, for the stubs.
struct SpecAssertion {
  std::string_view name, signature, doc;
};
[[nodiscard]] std::span<const SpecAssertion> spec_assertions();

// load_rule.cpp
/// A Lua value as plain data, `null` included; raises on functions and on tables that hold themselves.
[[nodiscard]] json::Value plain_value(lua_State* L, int at);

// trace.cpp; only where host.trace is set
/// Puts a recorder around what records and org are read by.
void install_read_trace(lua_State* L);
void trace_line(lua_State* L);
void trace_verdict(lua_State* L);

// freeze.cpp
/// What the functions that the one at the top of the stack can reach say of themselves.
struct SourceFact {
  std::string name;  // of a captured variable, or of a field
  std::uint32_t line = 0;
  std::string file;
};
struct ReachableFacts {
  std::vector<SourceFact> captured;     // assignments to variables that outlive the call
  std::vector<SourceFact> comparisons;  // fields compared by == with a text constant
  std::set<std::string> names;      // all string constants: what the text mentions
};
[[nodiscard]] ReachableFacts facts_of_function(Host& host);
/// Makes every table that the function at the top of the stack can reach read-only.
void freeze_function(Host& host);
/// Pushes a read-only view of the table at `at` (deep).
void push_frozen(lua_State* L, int at);
/// The table behind a read-only view at `at`, pushed; or the table itself.
void push_table_of(lua_State* L, int at);
// views.cpp
void make_views(Host& host, const Params& params);
// handles.cpp
void push_handle(lua_State* L, snapshot::Dataset dataset, std::uint32_t row);
/// The record that the rule is asked about.
void push_subject(lua_State* L);
Handle* push_implicit(lua_State* L, std::uint32_t user, std::uint32_t workspace, std::string_view role);
[[nodiscard]] Handle* to_handle(lua_State* L, int at);            // nullptr when it is none
Handle& check_handle(lua_State* L, int at);         // raises when none, or stale
/// The same, for those who tell the memo themselves what they ask of it.
Handle& live_handle(lua_State* L, int at);
[[nodiscard]] std::string_view handle_id(Host& host, const Handle& handle);
[[nodiscard]] std::string_view handle_label(Host& host, const Handle& handle);
/// Reads a field as a Lua value, with all that null, absent and invalid mean.
int push_field(lua_State* L, const Handle& handle, const Slot& slot);
[[nodiscard]] const Slot& slot_of(lua_State* L, const Handle& handle, int name_at);
/// Leaves the rule with what a field that holds no value means.
[[noreturn]] void raise_cell(lua_State* L, const Handle& handle, const Slot& slot, snapshot::Cell cell);
/// Remembers for the memo what was asked of a record; `probe.path` is the record's.
void note_read(Host& host, const Handle& handle, Probe probe);
void note_read(Host& host, const Probe& probe);
/// Whether the memo follows a loop over that many records of `groups`; notes how many there are.
[[nodiscard]] bool follow_loop(Host& host, bool is_followed, PathId path, const snapshot::Groups& groups, std::size_t items);
/// The record that a to-one relation leads to; raises where it leads nowhere.
int push_related(lua_State* L, const Handle& handle, const Slot& slot);
/// A field or relation of a membership that stands in no list.
int implicit_field(lua_State* L, const Handle& handle, const Slot& slot);
[[nodiscard]] bool has_implicit(const Slot& slot);
[[noreturn]] void raise_unknown_name(lua_State* L, const Handle& handle, int name_at);
[[noreturn]] void raise_undeclared(lua_State* L, const Handle& handle, const Slot& slot);
/// The memo can follow the way to the handle at `at`: it is `path`.
void follow(lua_State* L, int at, PathId path);
void touch(lua_State* L, snapshot::Dataset dataset);  // raises when the rule may not read it, or it is incomplete
/// Pushes the method of a to-many relation: `user:keys{…}`.
void push_many_method(lua_State* L, std::uint16_t relation);
int refuse_record_write(lua_State* L);
void install_record_type(lua_State* L);
// api/lists.cpp
[[nodiscard]] ListView* to_list(lua_State* L, int at);
void push_list(lua_State* L, const ListView& view);
/// A new table of texts.
void push_texts(lua_State* L, const std::vector<std::string>& texts);
/// Raises when the entry is none.
[[nodiscard]] KeyedPattern keyed_pattern(lua_State* L, std::string_view entry);
void install_list_type(lua_State* L);
// queries.cpp
/// Reads the filter table at `at` (none or nil: no filter).
[[nodiscard]] std::vector<Filter> read_filters(lua_State* L, snapshot::Dataset dataset, int at);
/// A query over all rows of a dataset, with the filter table at `filter_at`.
[[nodiscard]] Query all_rows(lua_State* L, snapshot::Dataset dataset, int filter_at);
/// Whether a record passes; `silent` when a field that it is asked by holds no value.
struct Passing {
  bool yes = false;
  const Filter* silent = nullptr;
};
/// The filters at an address that stays theirs, the same for the same filters; nullptr when too many were kept.
[[nodiscard]] const std::vector<Filter>* kept_filters(Host& host, const std::vector<Filter>& filters);
[[nodiscard]] Passing passes(const std::vector<Filter>& filters, std::uint32_t row);
void push_query(lua_State* L, Query query);                        // an iterator function
/// The records of a to-many relation, with the filter table at `filter_at`.
[[nodiscard]] Query related_rows(lua_State* L, const Handle& handle, std::uint16_t relation, int filter_at);
[[nodiscard]] std::uint64_t count_query(lua_State* L, const Query& query);

/// Which relations a mention of `members`, `workspaces` or `groups` needs: (method, "dataset.relation").
[[nodiscard]] std::span<const std::pair<std::string_view, std::string_view>> membership_needs();
/// Metatables and values that live as long as the state.
void install_time_types(lua_State* L);
void install_org(lua_State* L);

// api/time.cpp
void push_time(lua_State* L, Instant instant);
[[nodiscard]] bool is_time(lua_State* L, int at);
[[nodiscard]] Instant to_time(lua_State* L, int at);
/// "due 2026-12-01, 9 days left", or "… overdue".
[[nodiscard]] std::string due_text(Instant deadline, Instant now, bool is_over);
void push_duration(lua_State* L, std::int64_t us);
[[nodiscard]] Duration* to_duration(lua_State* L, int at);

/// "time", "duration", "list", a handle's kind, or Lua's own type name: what `type` says and messages print.
[[nodiscard]] std::string_view kind_of(lua_State* L, int at);
/// The value as text for people (never an address); may be bounded by the message limit.
[[nodiscard]] std::string text_of(lua_State* L, int at);
/// A Lua value as JSON: tables with 1..n keys are arrays, others objects with sorted keys; times as RFC 3339, handles as ids. Raises on functions, cycles, over `max_bytes`.
[[nodiscard]] std::string json_of(lua_State* L, int at, std::size_t max_bytes);
/// The keys of the table at `at` in the order that rules see: numbers ascending, then strings bytewise, then booleans. Other keys raise.
void push_sorted_keys(lua_State* L, int at);

}  // namespace muster::rule
