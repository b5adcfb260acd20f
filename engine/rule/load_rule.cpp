// From the text of a rule file to a Rule: run once in the sandbox, turned into plain data, checked against the documented shape and the schema.
#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "rule/host_internal.h"

namespace muster::rule {

using snapshot::Dataset;

namespace {

constexpr std::string_view kKeys[] = {"id",       "title",    "severity", "subject", "reads",
                                      "may_read", "controls", "params",   "measure", "why",
                                      "fix",      "check",    "examples"};
constexpr std::string_view kMeasureKeys[] = {"name", "unit", "edges"};
constexpr std::size_t kMaxEdges = 20;
constexpr std::string_view kParamKeys[] = {"type", "default", "doc", "minimum", "maximum", "choices"};
constexpr std::string_view kExampleKeys[] = {"note", "given", "want"};

struct Loading {
  std::string_view text;
  const std::string& file;
  Diagnostics& problems;
  std::vector<std::string_view> lines;

  Loading(std::string_view source, const std::string& name, Diagnostics& out) : text(source), file(name), problems(out) {
    std::size_t from = 0;
    while (from <= text.size()) {
      const std::size_t end = std::min(text.find('\n', from), text.size());
      lines.push_back(text.substr(from, end - from));
      from = end + 1;
    }
  }
  [[nodiscard]] Place at_line(std::uint32_t line, std::uint32_t column = 0) const {
    Place place{file, line, column, {}};
    if (line >= 1 && line <= lines.size()) {
      const std::string_view source = lines[line - 1];
      if (source.size() <= 400) place.source_line = std::string(source);  // a longer one shows nobody anything
      if (column == 0) place.column = static_cast<std::uint32_t>(source.find_first_not_of(" \t") == std::string_view::npos ? 0 : source.find_first_not_of(" \t")) + 1;
    }
    return place;
  }
  // Where a word stands: the first line that has it as a whole word (after `from`), which for keys of a rule is where it is set.
  [[nodiscard]] Place at_word(std::string_view word, bool is_key) const {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (std::size_t at = lines[i].find(word); at != std::string_view::npos; at = lines[i].find(word, at + 1)) {
        const auto is_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
        if (at > 0 && is_name(lines[i][at - 1])) continue;
        const std::size_t end = at + word.size();
        if (end < lines[i].size() && is_name(lines[i][end])) continue;
        if (is_key) {
          const std::size_t next = lines[i].find_first_not_of(" \t]\"'", end);
          if (next == std::string_view::npos || lines[i][next] != '=') continue;
        }
        return at_line(static_cast<std::uint32_t>(i + 1), static_cast<std::uint32_t>(at + 1));
      }
    }
    return Place{file, 0, 0, {}};
  }
  void shape(std::string message, Place place, std::string hint = {}) { problems.error(ErrorCode::rule_shape, std::move(message), std::move(place), std::move(hint)); }
};

// "rules/x.lua:12: what" → 12.
std::uint32_t line_of_message(std::string_view message, std::string_view file, std::string_view& rest) {
  rest = message;
  if (!message.starts_with(file) || message.size() <= file.size() || message[file.size()] != ':') return 0;
  std::uint32_t line = 0;
  std::size_t at = file.size() + 1;
  for (; at < message.size() && std::isdigit(static_cast<unsigned char>(message[at])); ++at) line = line * 10 + static_cast<std::uint32_t>(message[at] - '0');
  if (at < message.size() && message[at] == ':') rest = trim(message.substr(at + 1));
  return line;
}

// "'then' expected near '='" → "=".
std::string_view near_token(std::string_view message) {
  static constexpr std::string_view kNear = "near '";
  const std::size_t at = message.rfind(kNear);
  if (at == std::string_view::npos || !message.ends_with('\'')) return {};
  return message.substr(at + kNear.size(), message.size() - at - kNear.size() - 1);
}

// What people who come from another language have probably meant.
std::string_view syntax_hint(std::string_view message, std::string_view near) {
  if (near == "=" && (message.starts_with("'then' expected") || message.starts_with("'do' expected"))) return "to compare, write `==`";
  if (near == "!") return "Lua writes `~=` for not equal, and `not` for `!`";
  if (near == "&") return "Lua writes `and`";
  if (near == "|") return "Lua writes `or`";
  if (near == "+") return "Lua has no `++` and `+=`: write `n = n + 1`";
  if (near == "?") return "Lua has no `? :`: write an if, or `condition and a or b`";
  if (near == "}" || message.starts_with("'}' expected")) return "a comma between two entries may be missing";
  if (near == "else" || near == "elseif") return "`else if` is one word in Lua: `elseif`; and each `if … then` has its `end`";
  return {};
}

// A Lua value as plain data. Functions are left out and counted: only `check` may be one.
json::Value to_value(lua_State* L, int at, int depth) {
  at = lua_absindex(L, at);
  if (depth > 24) luaL_error(L, "tables of a rule are nested too deeply (or hold themselves)");
  luaL_checkstack(L, 8, "tables nested too deeply");
  charge(L, 2);
  switch (lua_type(L, at)) {
    case LUA_TBOOLEAN: return json::Value(lua_toboolean(L, at) != 0);
    case LUA_TNUMBER:
      if (lua_isinteger(L, at)) return json::Value(static_cast<std::int64_t>(lua_tointeger(L, at)));
      return json::Value(static_cast<double>(lua_tonumber(L, at)));
    case LUA_TSTRING: charge(L, lua_rawlen(L, at) / 4); [[fallthrough]];
    case LUA_TLIGHTUSERDATA: return json::Value(text_of(L, at));
    case LUA_TUSERDATA:
      if (is_null_value(L, at)) return json::Value();
      luaL_error(L, "a %s cannot stand in a rule's table", std::string(kind_of(L, at)).c_str());
      break;
    case LUA_TTABLE: break;
    default: luaL_error(L, "a %s cannot stand in a rule's table", lua_typename(L, lua_type(L, at)));
  }
  push_sorted_keys(L, at);
  const int keys = lua_gettop(L);
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, keys));
  const bool is_array = count > 0 && static_cast<lua_Integer>(lua_rawlen(L, at)) == count;
  json::Array array;
  json::Object object;
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(L, keys, i);
    std::string name = text_of(L, -1);
    lua_rawget(L, at);
    if (is_array) array.push_back(to_value(L, -1, depth + 1));
    else object.emplace_back(std::move(name), to_value(L, -1, depth + 1));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  if (is_array) return json::Value(std::move(array));
  return json::Value(std::move(object));
}

struct Raw {
  json::Object members;      // all but check
  bool has_check = false;
  ReachableFacts facts;
  std::vector<std::uint32_t> example_lines;
};

struct RunArguments {
  Host* host;
  Raw* raw;
};

int read_returned(lua_State* L) {
  auto& arguments = *static_cast<RunArguments*>(lua_touserdata(L, 1));
  Host& host = *arguments.host;
  Raw& raw = *arguments.raw;
  const int table = 2;
  push_sorted_keys(L, table);
  const int keys = lua_gettop(L);
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, keys));
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(L, keys, i);
    std::string name = text_of(L, -1);
    lua_rawget(L, table);
    if (name == "check" && lua_isfunction(L, -1) && !lua_iscfunction(L, -1)) {
      raw.has_check = true;
      raw.facts = facts_of_function(host);
      freeze_function(host);
    } else if (name != "check") {
      raw.members.emplace_back(std::move(name), to_value(L, -1, 0));
    }
    lua_pop(L, 1);
  }
  return 0;
}

bool take_text(Loading& in, const Raw& raw, std::string_view key, std::string& out, bool is_required) {
  for (const auto& [name, value] : raw.members) {
    if (name != key) continue;
    if (const auto* text = value.string(); text && !trim(*text).empty()) {
      out = *text;
      return true;
    }
    in.shape(fmt::format("`{}` must be a text that is not empty", key), in.at_word(key, true));
    return false;
  }
  if (is_required) in.shape(fmt::format("the rule has no `{}`", key), Place{in.file, 0, 0, {}});
  return false;
}

const json::Value* member(const Raw& raw, std::string_view key) {
  for (const auto& [name, value] : raw.members)
    if (name == key) return &value;
  return nullptr;
}

bool is_empty_table(const json::Value& value) {
  return (value.object() && value.object()->empty()) || (value.array() && value.array()->empty());
}

std::vector<std::string> take_texts(Loading& in, const json::Value* value, std::string_view key) {
  std::vector<std::string> out;
  if (!value || is_empty_table(*value)) return out;
  const auto* array = value->array();
  if (!array) {
    in.shape(fmt::format("`{}` must be a list of texts", key), in.at_word(key, true));
    return out;
  }
  for (const json::Value& item : *array) {
    if (const auto* text = item.string()) out.push_back(*text);
    else in.shape(fmt::format("`{}` must be a list of texts, and holds a {}", key, item.type_name()), in.at_word(key, true));
  }
  return out;
}

void take_reads(Loading& in, const Raw& raw, Reads& reads, std::string_view key, std::set<Dataset>& datasets) {
  for (const std::string& name : take_texts(in, member(raw, key), key)) {
    const std::size_t dot = name.find('.');
    const snapshot::DatasetSpec* spec = snapshot::find_dataset(std::string_view(name).substr(0, dot));
    if (!spec) {
      std::vector<std::string> names;
      for (const auto& row : snapshot::schema()) names.emplace_back(row.name);
      const auto near = nearest_name(name.substr(0, dot), names);
      in.problems.error(ErrorCode::rule_unknown_field, fmt::format("`{}` names '{}', and there is no such dataset", key, name), in.at_word(name, false),
                        near ? fmt::format("did you mean '{}'?", *near) : "datasets: " + fmt::format("{}", fmt::join(names, ", ")));
      continue;
    }
    datasets.insert(spec->dataset);
    if (dot == std::string::npos) {
      for (std::uint16_t field = 0; field < spec->fields.size(); ++field)
        if (!spec->fields[field].paths.empty() || spec->fields[field].needs.empty() || raw.facts.names.contains(std::string(spec->fields[field].name)))
          reads.fields.insert({spec->dataset, field});
      continue;
    }
    const auto field = spec->field(std::string_view(name).substr(dot + 1));
    if (!field) {
      std::vector<std::string> names;
      for (const auto& row : spec->fields) names.emplace_back(row.name);
      const auto near = nearest_name(name.substr(dot + 1), names);
      in.problems.error(ErrorCode::rule_unknown_field, fmt::format("`{}` names '{}', and {} has no such field", key, name, spec->name), in.at_word(name, false),
                        near ? fmt::format("did you mean '{}.{}'?", spec->name, *near) : "fields: " + fmt::format("{}", fmt::join(names, ", ")));
      continue;
    }
    reads.fields.insert({spec->dataset, *field});
  }
}

void add_needs(const Reads& reads, std::set<Dataset>& must, std::set<Dataset>& may) {
  std::set<Dataset> optional;
  for (const auto& [dataset, field] : reads.fields) {
    std::string_view needs = snapshot::spec_of(dataset).fields[field].needs;
    while (!needs.empty()) {
      const std::size_t space = std::min(needs.find(' '), needs.size());
      const bool is_optional = needs.starts_with('?');
      const auto* spec = snapshot::find_dataset(needs.substr(is_optional, space - is_optional));
      if (spec && !may.contains(spec->dataset)) (is_optional ? optional : must).insert(spec->dataset);
      needs.remove_prefix(std::min(space + 1, needs.size()));
    }
  }
  for (const Dataset dataset : optional)
    if (!must.contains(dataset)) may.insert(dataset);
}

void find_relations(const ReachableFacts& facts, Reads& reads) {
  const auto is_readable = [&](Dataset dataset) { return reads.must.contains(dataset) || reads.may.contains(dataset); };
  const auto all = snapshot::relations();
  for (std::uint16_t i = 0; i < all.size(); ++i)
    if (is_readable(all[i].from) && is_readable(all[i].to) && facts.names.contains(std::string(all[i].name))) reads.relations.insert(i);
  for (const auto& [method, path] : membership_needs()) {
    if (!facts.names.contains(std::string(method))) continue;
    const std::size_t dot = path.find('.');
    const auto* spec = snapshot::find_dataset(path.substr(0, dot));
    const auto relation = spec ? snapshot::find_relation(spec->dataset, path.substr(dot + 1)) : std::nullopt;
    if (relation && is_readable(all[*relation].from) && is_readable(all[*relation].to)) reads.relations.insert(*relation);
  }
}

std::optional<ParamValue> default_of(const ParamSpec& spec, const json::Value& value) {
  switch (spec.type) {
    case ParamType::boolean:
      if (const auto* yes = value.boolean()) return ParamValue(*yes);
      return std::nullopt;
    case ParamType::integer:
      if (const auto* number = value.integer()) return ParamValue(*number);
      return std::nullopt;
    case ParamType::number:
      if (const auto* number = value.integer()) return ParamValue(static_cast<double>(*number));
      if (const auto* number = value.number(); number && std::isfinite(*number)) return ParamValue(*number);
      return std::nullopt;
    case ParamType::string:
      if (const auto* text = value.string()) return ParamValue(*text);
      return std::nullopt;
    case ParamType::string_list: {
      std::vector<std::string> items;
      if (is_empty_table(value)) return ParamValue(items);
      if (!value.array()) return std::nullopt;
      for (const json::Value& item : *value.array()) {
        if (!item.string()) return std::nullopt;
        items.push_back(*item.string());
      }
      return ParamValue(std::move(items));
    }
  }
  return std::nullopt;
}

std::optional<double> take_bound(const json::Value* value) {
  if (!value) return std::nullopt;
  if (const auto* number = value->integer()) return static_cast<double>(*number);
  if (const auto* number = value->number()) return *number;
  return std::nullopt;
}

void take_params(Loading& in, const Raw& raw, std::vector<ParamSpec>& out) {
  const json::Value* value = member(raw, "params");
  if (!value || is_empty_table(*value)) return;
  if (!value->object()) return in.shape("`params` must be a table of name = { type =, default =, doc = }", in.at_word("params", true));
  for (const auto& [name, described] : *value->object()) {
    const Place place = in.at_word(name, true);
    if (!described.object()) {
      in.shape(fmt::format("parameter '{}' must be a table {{ type =, default =, doc = }}", name), place);
      continue;
    }
    for (const auto& [key, ignored] : *described.object()) {
      (void)ignored;
      if (std::find(std::begin(kParamKeys), std::end(kParamKeys), key) != std::end(kParamKeys)) continue;
      const auto near = nearest_name(key, kParamKeys);
      in.shape(fmt::format("parameter '{}' has an unknown key '{}'", name, key), in.at_word(key, true), near ? fmt::format("did you mean '{}'?", *near) : "");
    }
    ParamSpec spec;
    spec.name = name;
    const json::Value* type = described.find("type");
    bool is_known = false;
    for (const ParamType candidate : {ParamType::string, ParamType::integer, ParamType::number, ParamType::boolean, ParamType::string_list}) {
      if (!type || !type->string() || *type->string() != word_of(candidate)) continue;
      spec.type = candidate;
      is_known = true;
    }
    if (!is_known) {
      in.shape(fmt::format("parameter '{}' needs a type: string, integer, number, boolean or string_list", name), place);
      continue;
    }
    if (const json::Value* doc = described.find("doc"); doc && doc->string()) spec.doc = *doc->string();
    else in.shape(fmt::format("parameter '{}' needs a `doc`: one sentence for those who set it", name), place);
    spec.minimum = take_bound(described.find("minimum"));
    spec.maximum = take_bound(described.find("maximum"));
    spec.choices = take_texts(in, described.find("choices"), "choices");
    const json::Value* fallback = described.find("default");
    const auto parsed = fallback ? default_of(spec, *fallback) : std::nullopt;
    if (!parsed) {
      in.shape(fmt::format("parameter '{}' needs a `default` of type {}", name, word_of(spec.type)), place);
      continue;
    }
    spec.fallback = *parsed;
    out.push_back(std::move(spec));
  }
  std::sort(out.begin(), out.end(), [](const ParamSpec& a, const ParamSpec& b) { return a.name < b.name; });
}

void take_measure(Loading& in, const Raw& raw, std::optional<MeasureSpec>& out) {
  const json::Value* value = member(raw, "measure");
  if (!value) return;
  const Place place = in.at_word("measure", true);
  if (!value->object())
    return in.shape("`measure` must be a table { name =, unit =, edges = { numbers } }", place);
  for (const auto& [key, ignored] : *value->object()) {
    (void)ignored;
    if (std::find(std::begin(kMeasureKeys), std::end(kMeasureKeys), key) != std::end(kMeasureKeys)) continue;
    const auto near = nearest_name(key, kMeasureKeys);
    in.shape(fmt::format("`measure` has an unknown key '{}'", make_visible(key)), in.at_word(key, true),
             near ? fmt::format("did you mean '{}'?", *near) : "it takes name, unit, edges");
  }
  MeasureSpec spec;
  for (const auto& [key, text] : {std::pair("name", &spec.name), std::pair("unit", &spec.unit)}) {
    const json::Value* given = value->find(key);
    if (given && given->string() && !trim(*given->string()).empty() && given->string()->size() <= 60)
      *text = *given->string();
    else
      in.shape(fmt::format("`measure` needs a `{}`: a text of at most 60 bytes, such as \"{}\"", key,
                           key == std::string_view("name") ? "age" : "days"),
               place);
  }
  const json::Value* edges = value->find("edges");
  const json::Array* items = edges ? edges->array() : nullptr;
  bool is_ascending = items && !items->empty() && items->size() <= kMaxEdges;
  for (std::size_t i = 0; is_ascending && i < items->size(); ++i) {
    const auto edge = take_bound(&(*items)[i]);
    is_ascending = edge && std::isfinite(*edge) && (spec.edges.empty() || spec.edges.back() < *edge);
    if (is_ascending) spec.edges.push_back(*edge);
  }
  if (!is_ascending)
    in.shape(
        fmt::format("`measure` needs `edges`: 1 to {} numbers, each greater than the one before", kMaxEdges),
        place);
  if (!raw.facts.names.contains("measure"))
    in.shape("the rule declares a `measure`, but check never calls measure()", place);
  out = std::move(spec);
}

void take_controls(Loading& in, const Raw& raw, std::vector<ControlId>& out) {
  const json::Value* value = member(raw, "controls");
  if (!value || is_empty_table(*value)) return;
  if (!value->object()) return in.shape("`controls` must be a table of framework = { ids }", in.at_word("controls", true));
  for (const auto& [framework, ids] : *value->object()) {
    if (!ids.array()) {
      in.shape(fmt::format("controls of '{}' must be a list of texts", framework), in.at_word(framework, true));
      continue;
    }
    for (const json::Value& id : *ids.array()) {
      if (id.string()) out.push_back({framework, *id.string()});
      else in.shape(fmt::format("controls of '{}' must be texts: write \"{}\" in quotes", framework, id.type_name()), in.at_word(framework, true));
    }
  }
}

void take_examples(Loading& in, const Raw& raw, const RuleInfo& info, std::vector<Example>& out) {
  const json::Value* value = member(raw, "examples");
  if (!value || is_empty_table(*value)) return;
  if (!value->array()) return in.shape("`examples` must be a list of { note =, given =, want = }", in.at_word("examples", true));
  const std::string subject(word_of(info.subject));
  std::size_t number = 0;
  for (const json::Value& item : *value->array()) {
    Example example;
    ++number;
    const json::Value* note = item.find("note");
    if (note && note->string()) example.note = *note->string();
    const Place place = example.note.empty() ? in.at_word("examples", true) : in.at_word(example.note, false);
    example.line = place.line;
    if (!item.object()) {
      in.shape(fmt::format("example {} must be a table {{ note =, given =, want = }}", number), place);
      continue;
    }
    for (const auto& [key, ignored] : *item.object()) {
      (void)ignored;
      if (std::find(std::begin(kExampleKeys), std::end(kExampleKeys), key) == std::end(kExampleKeys))
        in.shape(fmt::format("example {} has an unknown key '{}'; it takes note, given, want", number, key), place);
    }
    if (example.note.empty()) in.shape(fmt::format("example {} needs a `note`: what it shows", number), place);
    const json::Value* given = item.find("given");
    if (given && (given->object() || is_empty_table(*given))) example.given = *given;
    else in.shape(fmt::format("example {} needs `given`: a table with the {} and what else there is", number, subject), place);
    const json::Value* want = item.find("want");
    const json::Value* verdict = want && want->object() ? want->find("verdict") : want;
    const auto parsed = verdict && verdict->string() ? parse_verdict(*verdict->string()) : std::nullopt;
    if (!parsed || *parsed == Verdict::waived) {
      in.shape(fmt::format("example {} needs `want`: pass, fail, not_applicable, unknown or error, or {{ verdict =, reason = }}", number), place);
      continue;
    }
    example.want = *parsed;
    if (want->object()) {
      for (const auto& [key, ignored] : *want->object()) {
        (void)ignored;
        if (key != "verdict" && key != "reason" && key != "observed" && key != "expected" && key != "measure")
          in.shape(fmt::format("`want` of example {} has an unknown key '{}'; it takes verdict, reason, "
                               "observed, expected, measure",
                               number, key),
                   place);
      }
      if (const json::Value* reason = want->find("reason"); reason && reason->string()) example.reason = *reason->string();
      else if (reason) in.shape(fmt::format("`reason` of example {} must be a text", number), place);
      if (const json::Value* observed = want->find("observed")) {
        if (!observed->object() || observed->object()->empty()) in.shape(fmt::format("`observed` of example {} must be a table of names and values", number), place);
        else example.observed = *observed;
      }
      if (const json::Value* expected = want->find("expected")) example.expected = *expected;
      if (const json::Value* measure = want->find("measure")) {
        example.measure = take_bound(measure);
        if (!example.measure)
          in.shape(fmt::format("`measure` of example {} must be a number", number), place);
        else if (!info.measure)
          in.shape(fmt::format("example {} wants a measure, and the rule declares none", number), place);
        else if (example.want != Verdict::fail)
          in.shape(fmt::format("example {} wants {}, and only a fail keeps its measure", number,
                               word_of(example.want)),
                   place);
      }
      if ((example.observed || example.expected) && (example.want == Verdict::pass || example.want == Verdict::not_applicable))
        in.shape(fmt::format("example {} wants {}, which keeps no `observed` and `expected`", number, word_of(example.want)), place);
    }
    out.push_back(std::move(example));
  }
}

void check_keys(Loading& in, const Raw& raw) {
  for (const auto& [name, value] : raw.members) {
    (void)value;
    if (std::find(std::begin(kKeys), std::end(kKeys), name) != std::end(kKeys)) continue;
    const auto near = nearest_name(name, kKeys);
    in.shape(fmt::format("unknown key '{}' in the rule", make_visible(name)), in.at_word(name, true), near ? fmt::format("did you mean '{}'?", *near) : "");
  }
  if (!raw.has_check) in.shape("the rule has no `check = function(subject, org, params) … end`", in.at_word("check", true));
}

void check_facts(Loading& in, const Raw& raw, const Reads& reads) {
  std::size_t told = 0;
  for (const SourceFact& found : raw.facts.captured) {
    if (++told > 20) break;
    in.problems.error(ErrorCode::rule_state, fmt::format("'{}' is made outside the function and assigned to inside it", found.name),
                      found.file == in.file ? in.at_line(found.line) : Place{found.file, found.line, 0, {}},
                      "it would carry state from one subject to the next; make it a local of check");
  }
  for (const SourceFact& found : raw.facts.comparisons) {
    const bool is_time = std::any_of(reads.fields.begin(), reads.fields.end(), [&](const auto& read) {
      const auto& field = snapshot::spec_of(read.first).fields[read.second];
      return field.name == found.name && (field.type == snapshot::FieldType::time || field.type == snapshot::FieldType::date);
    });
    const bool is_record = std::any_of(reads.relations.begin(), reads.relations.end(), [&](std::uint16_t relation) {
      return snapshot::relations()[relation].name == found.name && !snapshot::relations()[relation].many;
    });
    if (is_record)
      in.shape(fmt::format("'{}' is a record; comparing it with a text by == is never true", found.name),
               found.file == in.file ? in.at_line(found.line) : Place{found.file, found.line, 0, {}}, "compare a field of it, such as its id");
    else if (is_time)
      in.shape(fmt::format("'{}' is a time; comparing it with a text by == is never true", found.name),
               found.file == in.file ? in.at_line(found.line) : Place{found.file, found.line, 0, {}}, "compare with time(\"2026-11-20\"), or use :date()");
  }
}

}  // namespace

json::Value plain_value(lua_State* L, int at) { return to_value(L, at, 0); }

std::optional<Rule> load_rule(std::string_view text, const std::string& file, const std::string& expected_id,
                              std::shared_ptr<const std::map<std::string, std::string>> library, Diagnostics& problems) {
  const std::size_t errors_before = problems.errors().size();
  Loading in(text, file, problems);
  if (!is_valid_utf8(text)) {
    problems.error(ErrorCode::text_encoding, "the rule file is not valid UTF-8", Place{file, 0, 0, {}});
    return std::nullopt;
  }
  RuleInfo info;
  info.file = file;
  info.sha256 = sha256_hex(text);
  info.bytes = text.size();

  static const Limits kLoadLimits{};
  Host host;
  host.rule = &info;
  host.library = library.get();
  host.limits = &kLoadLimits;
  host.memory_limit = kLoadLimits.memory_bytes;
  host.subject_limit = kLoadLimits.subject_instructions;
  const StatePtr state = make_state(host);
  if (!state) {
    problems.error(ErrorCode::internal, "no memory to load the rule", Place{file, 0, 0, {}});
    return std::nullopt;
  }
  lua_State* L = state.get();
  set_null_visible(host, true);
  const auto report = [&](ErrorCode code, const std::string& message) {
    std::string_view rest;
    const std::uint32_t line = line_of_message(message, file, rest);
    if (code != ErrorCode::rule_syntax || line == 0) return problems.error(code, std::string(rest), line ? in.at_line(line) : Place{file, 0, 0, {}});
    const std::string_view near = near_token(rest);
    const std::string_view source = in.lines.size() >= line ? in.lines[line - 1] : std::string_view();
    const std::size_t at = near.empty() ? std::string_view::npos : source.rfind(near);
    std::uint32_t column = 0;
    if (at != std::string_view::npos)
      column = 1 + static_cast<std::uint32_t>(std::count_if(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(at), [](char c) { return (c & 0xc0) != 0x80; }));
    problems.error(code, std::string(rest), in.at_line(line, column), std::string(syntax_hint(rest, near)));
  };
  if (load_chunk(host, text, "@" + file) != LUA_OK) {
    report(ErrorCode::rule_syntax, text_of(L, -1));
    return std::nullopt;
  }
  host.begin_subject();
  if (call_protected(host, 0, 1) != LUA_OK || !host.over_budget.empty()) {
    report(ErrorCode::rule_load, !host.over_budget.empty() ? host.over_budget : host.sticky != Sticky::none ? host.sticky_reason : text_of(L, -1));
    return std::nullopt;
  }
  if (lua_type(L, -1) != LUA_TTABLE) {
    in.shape(fmt::format("the file returns a {}, not the rule's table; end it with `return {{ … }}`", kind_of(L, -1)), Place{file, 0, 0, {}});
    return std::nullopt;
  }
  Raw raw;
  RunArguments arguments{&host, &raw};
  lua_pushcfunction(L, guarded<read_returned>);
  lua_pushlightuserdata(L, &arguments);
  lua_pushvalue(L, -3);
  if (call_protected(host, 2, 0) != LUA_OK || !host.over_budget.empty()) {
    report(ErrorCode::rule_shape, !host.over_budget.empty() ? host.over_budget : host.sticky != Sticky::none ? host.sticky_reason : text_of(L, -1));
    return std::nullopt;
  }

  check_keys(in, raw);
  take_text(in, raw, "title", info.title, true);
  take_text(in, raw, "why", info.why, true);
  take_text(in, raw, "fix", info.fix, true);
  if (take_text(in, raw, "id", info.id, true) && !expected_id.empty() && info.id != expected_id)
    in.shape(fmt::format("the id is '{}', but the file's place says '{}'", make_visible(info.id), expected_id), in.at_word("id", true), "id and path must agree");
  std::string severity, subject;
  if (take_text(in, raw, "severity", severity, true)) {
    if (const auto parsed = parse_severity(severity)) info.severity = *parsed;
    else in.shape(fmt::format("severity '{}' is not one of critical, high, medium, low, info", make_visible(severity)), in.at_word("severity", true));
  }
  bool has_subject = false;
  if (take_text(in, raw, "subject", subject, true)) {
    if (const auto parsed = parse_subject_kind(subject)) {
      info.subject = *parsed;
      has_subject = true;
    } else {
      std::vector<std::string> words;
      for (const SubjectKind kind : kSubjectKinds) words.emplace_back(word_of(kind));
      const auto near = nearest_name(subject, words);
      in.shape(fmt::format("there is no subject '{}'", make_visible(subject)), in.at_word("subject", true),
               near ? fmt::format("did you mean '{}'?", *near) : fmt::format("subjects: {}", fmt::join(words, ", ")));
    }
  }
  take_reads(in, raw, info.reads, "reads", info.reads.must);
  if (!member(raw, "reads")) in.shape("the rule has no `reads`: the list of datasets and fields that it needs", Place{file, 0, 0, {}});
  take_reads(in, raw, info.reads, "may_read", info.reads.may);
  if (has_subject) info.reads.must.insert(snapshot::find_subject(info.subject)->dataset);
  for (const Dataset dataset : info.reads.must) info.reads.may.erase(dataset);
  add_needs(info.reads, info.reads.must, info.reads.may);
  find_relations(raw.facts, info.reads);
  check_facts(in, raw, info.reads);
  take_params(in, raw, info.params);
  take_measure(in, raw, info.measure);
  take_controls(in, raw, info.controls);
  if (has_subject) take_examples(in, raw, info, info.examples);
  // lib/ stands beside the families.
  std::string below = info.id + ".lua";
  std::replace(below.begin(), below.end() - 4, '.', '/');
  const std::string root = file.ends_with(below) ? file.substr(0, file.size() - below.size()) : std::string();
  for (const std::string& name : host.required) {
    const std::string& source = library->at(name);
    info.libraries.push_back({fmt::format("{}lib/{}.lua", root, name), sha256_hex(source), source.size()});
  }
  if (problems.errors().size() != errors_before) return std::nullopt;
  return Rule(std::move(info), std::string(text), std::move(library));
}

}  // namespace muster::rule
