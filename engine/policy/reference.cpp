// docs/config.md, from the same tables that the loader reads by and the editors' schema is made from.
#include <fmt/format.h>

#include "policy/policy.h"
#include "policy/tables.h"

namespace muster::policy {
namespace {

using json::Value;

std::string text_of(const Value& value, std::string_view member) {
  const Value* found = value.find(member);
  return found != nullptr && found->string() != nullptr ? *found->string() : std::string();
}

bool is_type(const Value& schema, std::string_view type) { return text_of(schema, "type") == type; }

/// Of either form the fuller one: a list stands for its item, which may also be given alone.
const Value& fullest(const Value& schema) {
  const Value* forms = schema.find("anyOf");
  return forms == nullptr || forms->array() == nullptr ? schema : forms->array()->back();
}

/// The mapping that a value is, is a list of, or holds under names of the user's choice; nullptr when none.
const Value* mapping_in(const Value& schema) {
  const Value& full = fullest(schema);
  if (const Value* items = full.find("items")) return mapping_in(*items);
  if (full.find("properties") != nullptr) return &full;
  const Value* named = full.find("additionalProperties");
  return named != nullptr && named->object() != nullptr ? mapping_in(*named) : nullptr;
}

std::string words_of(const Value& schema) {
  const Value& full = fullest(schema);
  if (const Value* words = full.find("enum"); words != nullptr && words->array() != nullptr) {
    std::string out;
    for (const Value& word : *words->array())
      if (word.string() != nullptr && (word.string()->size() > 1))
        out += fmt::format("{}`{}`", out.empty() ? "" : ", ", *word.string());
    return out;
  }
  if (const Value* number = full.find("const"); number != nullptr && number->integer() != nullptr)
    return fmt::format("`{}`", *number->integer());
  if (const Value* items = full.find("items")) {
    const std::string each = items->find("properties") != nullptr ? "mapping" : words_of(*items);
    const std::string many = each == "mapping" ? "a list of mappings" : "a list, each " + each;
    return &full == &schema ? many
                            : fmt::format("{}, or one alone", each == "a text" ? "a list of texts" : many);
  }
  if (full.find("properties") != nullptr) return "a mapping";
  if (const Value* named = full.find("additionalProperties"); named != nullptr && named->object() != nullptr)
    return named->find("properties") != nullptr ? "names, each with a mapping"
                                                : "names, each with " + words_of(*named);
  if (const std::string title = text_of(full, "title"); !title.empty()) return title;
  return is_type(full, "integer") ? "a whole number from 1 on" : "a text";
}

/// A cell of a table: no bar of its own.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

void render_keys(const Value& mapping, const std::string& path, std::string& out) {
  const Value* keys = mapping.find("properties");
  if (keys == nullptr || keys->object() == nullptr) return;
  if (!path.empty()) out += fmt::format("\n## {}\n\n", path);
  if (const std::string doc = text_of(mapping, "description"); !doc.empty()) out += doc + "\n\n";
  out += "| key | value | meaning |\n|---|---|---|\n";
  const Value* required = mapping.find("required");
  for (const auto& [name, schema] : *keys->object()) {
    bool must = false;
    if (required != nullptr && required->array() != nullptr)
      for (const Value& each : *required->array())
        must = must || (each.string() != nullptr && *each.string() == name);
    const std::string doc = text_of(schema, "description");
    out += fmt::format("| `{}` | {} | {}{} |\n", name, cell(words_of(schema)), cell(doc),
                       must ? (doc.empty() ? "Required." : " Required.") : "");
  }
  for (const auto& [name, schema] : *keys->object())
    if (const Value* inner = mapping_in(schema))
      render_keys(*inner, path.empty() ? fmt::format("`{}`", name) : fmt::format("{}, `{}`", path, name),
                  out);
}

}  // namespace

std::string config_reference() {
  std::string out =
      "# muster.yaml\n\n"
      "Made from the program by `muster docs`; do not edit. Editors complete and check the file with "
      "[its schema](../policies/schema/config.schema.json). What each endpoint needs of a key is in "
      "[endpoints.md](endpoints.md).\n\n";
  render_keys(Value(config_codec(nullptr).schema), "", out);
  return out;
}

}  // namespace muster::policy
