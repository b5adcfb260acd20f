// What the schema table says, for machines (JSON Schema) and for people (the reference page).
#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "snapshot/snapshot.h"

namespace muster::snapshot {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  }
  return parts;
}

std::string_view word_of(FieldType type) {
  switch (type) {
    case FieldType::text: return "text";
    case FieldType::id: return "id";
    case FieldType::word: return "word";
    case FieldType::time: return "time";
    case FieldType::date: return "date";
    case FieldType::boolean: return "boolean";
    case FieldType::integer: return "integer";
    case FieldType::number: return "number";
    case FieldType::text_list: return "text list";
    case FieldType::json: return "JSON";
  }
  return {};
}

std::string_view word_of(Personal personal) {
  switch (personal) {
    case Personal::no: return "";
    case Personal::identifier: return "identifier";
    case Personal::personal: return "personal";
  }
  return {};
}

/// A place in a line: members below it, and the fields that are read there.
struct Position {
  std::map<std::string, Position, std::less<>> members;
  std::vector<std::string_view> order;
  std::vector<const FieldSpec*> fields;

  Position& member(std::string_view name) {
    if (!members.contains(name)) order.push_back(members.emplace(name, Position{}).first->first);
    return members.find(name)->second;
  }
  [[nodiscard]] bool is_nullable() const {
    const auto below = [](const auto& entry) { return entry.second.is_nullable(); };
    return std::any_of(fields.begin(), fields.end(),
                       [](const FieldSpec* field) { return field->nullable; }) ||
           std::any_of(members.begin(), members.end(), below);
  }
};

void add_types(const FieldSpec& field, std::vector<std::string_view>& types, json::Object& schema) {
  switch (field.type) {
    case FieldType::text:
    case FieldType::id:
    case FieldType::word: types.push_back("string"); break;
    case FieldType::time:
      types.push_back("string");
      schema.emplace_back("format", "date-time");
      break;
    case FieldType::date:
      types.push_back("string");
      schema.emplace_back("format", "date");
      break;
    case FieldType::boolean: types.push_back("boolean"); break;
    case FieldType::integer: types.push_back("integer"); break;
    case FieldType::number:
      types.push_back("number");
      types.push_back("string");
      break;
    case FieldType::text_list:
      types.push_back("array");
      types.push_back("string");
      schema.emplace_back("items", json::Object{{"type", "string"}});
      break;
    case FieldType::json: break;
  }
}

json::Value schema_of(const Position& place, const std::vector<std::string_view>& required,
                      bool may_be_null = true) {
  json::Object schema;
  std::vector<std::string_view> types;
  bool is_any = false;
  for (const auto* field : place.fields) {
    if (schema.empty()) schema.emplace_back("description", std::string(field->doc));
    is_any = is_any || field->type == FieldType::json;
    add_types(*field, types, schema);
  }
  if (!place.members.empty()) {
    types.push_back("object");
    json::Object members;
    for (const auto name : place.order)
      members.emplace_back(std::string(name), schema_of(place.members.find(name)->second, {}));
    schema.emplace_back("properties", std::move(members));
    if (!required.empty()) {
      json::Array names;
      for (const auto name : required) names.emplace_back(name);
      schema.emplace_back("required", std::move(names));
    }
  }
  if (may_be_null && required.empty() && place.is_nullable()) types.push_back("null");
  if (!is_any && !types.empty()) {
    std::sort(types.begin(), types.end());
    types.erase(std::unique(types.begin(), types.end()), types.end());
    json::Array names;
    for (const auto type : types) names.emplace_back(type);
    schema.emplace(schema.begin(), "type", names.size() == 1 ? names.front() : json::Value(std::move(names)));
  }
  return schema;
}

std::string places(const FieldSpec& field) {
  std::string text;
  for (const auto path : split(field.paths, '|')) {
    if (!text.empty()) text += ", else ";
    text += fmt::format("`{}`", path.substr(0, path.size() - (path.ends_with('?') ? 1 : 0)));
  }
  if (!field.needs.empty()) {
    text = "computed from ";
    const auto needs = split(field.needs, ' ');
    for (std::size_t i = 0; i < needs.size(); ++i)
      text += needs[i].starts_with('?')
                  ? fmt::format("{}`{}` (if collected)", i == 0 ? "" : ", ", needs[i].substr(1))
                  : fmt::format("{}`{}`", i == 0 ? "" : ", ", needs[i]);
  }
  return text;
}

std::string code_list(std::string_view names) {
  std::string text;
  for (const auto name : split(names, ' ')) text += fmt::format("{}`{}`", text.empty() ? "" : ", ", name);
  return text;
}

void describe(std::string& out, const DatasetSpec& spec) {
  fmt::format_to(std::back_inserter(out), "\n## {}\n\n{}\n\n", spec.name, spec.doc);
  if (spec.subject)
    fmt::format_to(std::back_inserter(out), "* Subject: `{}`\n", muster::word_of(*spec.subject));
  if (!spec.key.empty()) fmt::format_to(std::back_inserter(out), "* Key: {}\n", code_list(spec.key));
  fmt::format_to(std::back_inserter(out), "* Source: {}\n\n", spec.source);
  out += "| field | type | null | since | personal data | from | meaning |\n|---|---|---|---|---|---|---|\n";
  for (const auto& field : spec.fields) {
    fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} | {} | {} | {} | {} |\n", field.name,
                   word_of(field.type), field.nullable ? "yes" : "", field.since, word_of(field.personal),
                   places(field), field.doc);
  }
  bool is_first = true;
  for (const auto& relation : relations()) {
    if (relation.from != spec.dataset) continue;
    if (is_first) out += "\n| relation | leads to | through | meaning |\n|---|---|---|---|\n";
    is_first = false;
    std::string through =
        relation.via.empty() ? "the match of accounts to persons" : fmt::format("`{}`", relation.via);
    if (!relation.where.empty()) through += fmt::format(" where `{}`", relation.where);
    fmt::format_to(std::back_inserter(out), "| `{}{}` | {}`{}` | {} | {} |\n", relation.name,
                   relation.many ? "()" : "", relation.many ? "any number of " : "",
                   spec_of(relation.to).name, through, relation.doc);
  }
}

}  // namespace

std::string dataset_json_schema(const DatasetSpec& spec) {
  Position line;
  line.member("from").member("provider");
  line.member("from").member("organization_id");
  line.member("from").member("request");
  (void)line.member("object");
  std::vector<std::string_view> object_required;
  for (const auto& field : spec.fields) {
    const auto paths = split(field.paths, '|');
    for (auto path : paths) {
      if (path.ends_with('?')) path.remove_suffix(1);
      Position* place = &line;
      for (const auto name : split(path, '.')) place = &place->member(name);
      place->fields.push_back(&field);
    }
    const auto keys = split(spec.key, ' ');
    const bool is_key = std::find(keys.begin(), keys.end(), field.name) != keys.end();
    if (is_key && paths.size() == 1 && paths.front().starts_with("object."))
      object_required.push_back(paths.front().substr(std::string_view("object.").size()));
  }
  json::Object from;
  json::Value from_schema = schema_of(line.member("from"), {}, false);
  from_schema.object()->insert(
      from_schema.object()->begin(),
      {"description",
       "Where the record came from. `provider` and `organization_id` are left out where they are those of "
       "the `from` of the dataset's row in manifest.json, the id of a parent where the object has it under "
       "the same name."});
  for (auto& [name, value] : *from_schema.object()) {
    if (name != "properties") continue;
    for (auto& [member, member_schema] : *value.object()) {
      if (member == "request")
        member_schema = json::Object{
            {"description", "Line of ledger.jsonl that brought the record; absent when it was imported."},
            {"type", "integer"}};
      if (member == "provider")
        member_schema = json::Object{
            {"description", "Where the record was asked for, such as anthropic-admin."}, {"type", "string"}};
    }
  }
  json::Object properties;
  properties.emplace_back("from", std::move(from_schema));
  properties.emplace_back("object", schema_of(line.member("object"), object_required));
  json::Object schema;
  schema.emplace_back("$schema", "https://json-schema.org/draft/2020-12/schema");
  schema.emplace_back("title", fmt::format("A line of data/{}.jsonl", spec.name));
  schema.emplace_back("description",
                      fmt::format("{} Members that are not listed are kept and ignored.", spec.doc));
  schema.emplace_back("type", "object");
  schema.emplace_back("properties", std::move(properties));
  schema.emplace_back("required", json::Array{"from", "object"});
  return json::dump(schema, 2) + '\n';
}

std::string dataset_reference() {
  std::string out =
      "# Datasets and fields\n\n"
      "Made from the tables in `engine/snapshot/schema/`; do not edit by hand.\n\n"
      "A rule names what it reads as `dataset.field`, and follows a relation by its name: `key.creator`, "
      "`user:keys()`. `null` says whether null is a documented value, "
      "`since` which age of the API brought the field (older replies lack it), `personal data` whether it "
      "names a person (`identifier`: by a pseudonymous id). "
      "`from` is the place in a line of the snapshot; of several, the first that is there. "
      "A line whose `from` has no `provider` or no `organization_id` has that of the `from` of the dataset's "
      "row in `manifest.json`, where there is one.\n";
  for (const auto& spec : schema()) describe(out, spec);
  return out;
}

}  // namespace muster::snapshot
