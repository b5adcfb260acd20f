#include "policy/shape.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace muster::policy {
namespace {

constexpr std::size_t kMaxShownBytes = 60;

json::Object text_schema() { return {{"type", json::Array{"string", "number", "boolean"}}}; }

std::string quoted(std::string_view text) {
  const auto prefix = utf8_prefix(text, kMaxShownBytes);
  return fmt::format("\"{}{}\"", prefix, prefix.size() < text.size() ? "…" : "");
}

std::vector<std::string> backticked(const std::vector<std::string>& names) {
  std::vector<std::string> result;
  for (const auto& name : names) result.push_back("`" + name + "`");
  return result;
}

bool is_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// Decimal digits without a leading zero, in range.
std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.front() == '0') return std::nullopt;
  return number;
}

/// The scalar's text, or nullptr after reporting that it is something else.
const std::string* scalar(const Node& node, std::string_view name, std::string_view wanted, Reader& reader) {
  if (node.kind == NodeKind::scalar) return &node.text;
  wrong_type(node, name, wanted, reader);
  return nullptr;
}

std::optional<Date> read_date(const Node& node, std::string_view name, Reader& reader) {
  const auto* text = scalar(node, name, "a date", reader);
  if (text == nullptr) return std::nullopt;
  const auto day = parse_date(*text);
  if (!day)
    reader.problem(ErrorCode::time_format, node, fmt::format("{} is not a date: {}", name, quoted(*text)),
                   "write a day of the calendar as YYYY-MM-DD");
  return day;
}

json::Object date_schema() {
  return {{"type", "string"}, {"title", "a day, YYYY-MM-DD"}, {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}};
}

}  // namespace

std::string describe(const Node& node) {
  switch (node.kind) {
    case NodeKind::null: return "nothing";
    case NodeKind::list: return "a list";
    case NodeKind::mapping: return "a mapping";
    case NodeKind::scalar: break;
  }
  if (!node.plain) return "the text " + quoted(node.text);
  if (node.text == "true" || node.text == "false") return "the boolean " + node.text;
  if (is_number(node.text)) return "the number " + node.text;
  return "the text " + quoted(node.text);
}

std::string suggest(std::string_view word, const std::vector<std::string>& known) {
  if (const auto near = nearest_name(word, known)) return fmt::format("did you mean `{}`?", *near);
  return fmt::format("known: {}", fmt::join(backticked(known), ", "));
}

void wrong_type(const Node& node, std::string_view name, std::string_view wanted, Reader& reader,
                std::string hint) {
  if (node.kind == NodeKind::null) {
    reader.problem(ErrorCode::config_wrong_type, node,
                   fmt::format("{} has no value; it must be {}", name, wanted),
                   "give it a value, or remove it");
  } else {
    reader.problem(ErrorCode::config_wrong_type, node,
                   fmt::format("{} must be {}, not {}", name, wanted, describe(node)), std::move(hint));
  }
}

Codec<std::string> text(TextRule rule) {
  json::Object schema = text_schema();
  if (rule.accepts != nullptr) {
    schema = {{"type", "string"}, {"title", rule.words}, {"pattern", rule.pattern}};
  } else {
    schema.emplace_back("minLength", 1);
  }
  return {[rule](const Node& node, std::string_view name, Reader& reader) -> std::optional<std::string> {
            const auto* value = scalar(node, name, "a text", reader);
            if (value == nullptr) return std::nullopt;
            if (trim(*value).empty()) {
              reader.problem(ErrorCode::config_invalid, node, fmt::format("{} is empty", name),
                             "give it a value, or remove it");
              return std::nullopt;
            }
            if (rule.accepts != nullptr && !rule.accepts(*value)) {
              reader.problem(ErrorCode::config_invalid, node,
                             fmt::format("{} may not be {}", name, quoted(*value)),
                             fmt::format("write {}", rule.words));
              return std::nullopt;
            }
            return *value;
          },
          std::move(schema)};
}

Codec<std::string> text_or_nothing() {
  return {[](const Node& node, std::string_view name, Reader& reader) -> std::optional<std::string> {
            if (node.kind == NodeKind::null) return std::string();
            const auto* value = scalar(node, name, "a text", reader);
            if (value == nullptr) return std::nullopt;
            return std::string(trim(*value));
          },
          {{"type", json::Array{"string", "number", "boolean", "null"}}}};
}

Codec<std::string> choice(std::vector<std::string> words) {
  json::Array allowed;
  for (const auto& word : words) allowed.emplace_back(word);
  return {[words = std::move(words)](const Node& node, std::string_view name,
                                     Reader& reader) -> std::optional<std::string> {
            const std::string wanted = words.size() == 1
                                           ? "`" + words.front() + "`"
                                           : fmt::format("one of {}", fmt::join(backticked(words), ", "));
            const auto* value = scalar(node, name, wanted, reader);
            if (value == nullptr) return std::nullopt;
            if (std::find(words.begin(), words.end(), *value) != words.end()) return *value;
            const auto near = nearest_name(*value, words);
            reader.problem(ErrorCode::config_invalid, node,
                           fmt::format("{} must be {}, not {}", name, wanted, quoted(*value)),
                           near ? fmt::format("did you mean `{}`?", *near) : "");
            return std::nullopt;
          },
          {{"enum", std::move(allowed)}}};
}

Codec<std::vector<std::string>> text_list(TextRule rule) {
  auto item = text(rule);
  json::Object one = item.schema;
  one.front().second = "string";
  json::Value many = list_schema(item.schema, {1, false});
  auto items = list_of(std::move(item), {1, true});
  return {[read = std::move(items.read)](const Node& node, std::string_view name,
                                         Reader& reader) -> std::optional<std::vector<std::string>> {
            if (node.kind == NodeKind::scalar && node.plain &&
                (is_number(node.text) || node.text == "true" || node.text == "false")) {
              wrong_type(node, name, "a list of texts or one text", reader,
                         fmt::format("if the text \"{0}\" is meant, write [\"{0}\"]", node.text));
              return std::nullopt;
            }
            return read(node, name, reader);
          },
          {{"anyOf", json::Array{json::Value(std::move(one)), std::move(many)}}}};
}

Codec<Date> date() { return {read_date, date_schema()}; }

Codec<std::optional<Date>> date_or_nothing() {
  auto schema = date_schema();
  schema.front().second = json::Array{"string", "null"};
  return {[](const Node& node, std::string_view name, Reader& reader) -> std::optional<std::optional<Date>> {
            if (node.kind == NodeKind::null) return std::optional<Date>();
            const auto day = read_date(node, name, reader);
            if (!day) return std::nullopt;
            return day;
          },
          std::move(schema)};
}

Codec<std::int64_t> duration() {
  return {
      [](const Node& node, std::string_view name, Reader& reader) -> std::optional<std::int64_t> {
        const auto* value = scalar(node, name, "a duration such as 7d or 12h", reader);
        if (value == nullptr) return std::nullopt;
        const auto parsed = parse_duration(*value);
        if (parsed) return *parsed;
        reader.problem(ErrorCode::time_format, node,
                       fmt::format("{} is not a duration: {}", name, quoted(*value)),
                       parse_count(*value) ? fmt::format("say the unit: {0}d or {0}h", *value)
                                           : "write a number and a unit: 7d, 12h, 30m, 90s, 2w, 1d12h");
        return std::nullopt;
      },
      {{"type", "string"}, {"title", "a duration: 7d, 12h, 90s, 1d12h"}, {"pattern", "^([0-9]+[wdhms])+$"}}};
}

Codec<std::uint64_t> count() {
  return {[](const Node& node, std::string_view name, Reader& reader) -> std::optional<std::uint64_t> {
            constexpr std::string_view kWanted = "a whole number from 1 on";
            const auto* value = scalar(node, name, kWanted, reader);
            if (value == nullptr) return std::nullopt;
            const auto number = parse_count(*value);
            if (number && node.plain) return number;
            wrong_type(node, name, kWanted, reader,
                       number
                           ? "remove the quotes"
                           : "write decimal digits only, without leading zeros, signs, points or separators");
            return std::nullopt;
          },
          {{"type", "integer"}, {"minimum", 1}}};
}

Codec<GivenValue> given_value() {
  const json::Array scalar_types{"string", "number", "boolean"};
  json::Array types = scalar_types;
  types.emplace_back("null");
  types.emplace_back("array");
  return {[](const Node& node, std::string_view name, Reader& reader) -> std::optional<GivenValue> {
            GivenValue value;
            value.place = reader.place(node);
            switch (node.kind) {
              case NodeKind::null: value.is_null = true; return value;
              case NodeKind::scalar:
                value.text = node.text;
                value.plain = node.plain;
                return value;
              case NodeKind::mapping:
                wrong_type(node, name, "a single value or a list of them", reader);
                return std::nullopt;
              case NodeKind::list: break;
            }
            value.is_list = true;
            bool all = true;
            for (const Node* item : node.items) {
              if (item->kind == NodeKind::scalar) {
                value.items.push_back(item->text);
                value.plain = value.plain && item->plain;
              } else {
                wrong_type(*item, fmt::format("an item of {}", name), "a single value", reader);
                all = false;
              }
            }
            if (!all) return std::nullopt;
            return value;
          },
          {{"type", std::move(types)}, {"items", json::Object{{"type", scalar_types}}}}};
}

bool KeyTable::read(void* target, const Node& node, std::string_view name, Reader& reader) const {
  std::vector<std::string> known;
  for (const auto& row : rows) known.push_back(row.name);
  if (node.kind != NodeKind::mapping) {
    wrong_type(node, name, "a mapping", reader,
               fmt::format("its keys are {}", fmt::join(backticked(known), ", ")));
    return false;
  }
  bool all = true;
  for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const Node& key = *node.items[i];
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const Row& each) { return each.name == key.text; });
    if (row != rows.end()) {
      all = row->set(target, *node.items[i + 1], reader) && all;
      continue;
    }
    all = false;
    const auto refusal = std::find_if(refusals.begin(), refusals.end(),
                                      [&](const Refusal& each) { return each.name == key.text; });
    if (refusal != refusals.end()) {
      reader.problem(ErrorCode::config_invalid, key, refusal->message, refusal->hint);
    } else {
      reader.problem(ErrorCode::config_unknown_key, key, fmt::format("{} has no key `{}`", noun, key.text),
                     suggest(key.text, known));
    }
  }
  for (const auto& row : rows) {
    if (row.need != Need::required || node.find(row.name) != nullptr) continue;
    all = false;
    reader.problem(ErrorCode::config_missing_key, node, fmt::format("{} lacks the key `{}`", noun, row.name),
                   row.doc);
  }
  return all;
}

json::Object KeyTable::schema() const {
  json::Object properties;
  json::Array required;
  for (const auto& row : rows) {
    json::Object property{{"description", row.doc}};
    for (const auto& member : row.schema)
      if (member.first != "description") property.push_back(member);
    properties.emplace_back(row.name, std::move(property));
    if (row.need == Need::required) required.emplace_back(row.name);
  }
  json::Object schema{{"description", doc}, {"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema.emplace_back("required", std::move(required));
  schema.emplace_back("additionalProperties", false);
  schema.insert(schema.end(), extra_schema.begin(), extra_schema.end());
  return schema;
}

std::optional<std::vector<const Node*>> list_items(const Node& node, std::string_view name, ListRule rule,
                                                   Reader& reader) {
  if (node.kind == NodeKind::list) {
    if (node.items.size() >= rule.at_least) return node.items;
    reader.problem(ErrorCode::config_invalid, node, fmt::format("{} is an empty list", name),
                   "name at least one, or remove the key");
    return std::nullopt;
  }
  if (rule.takes_one && node.kind != NodeKind::null) return std::vector<const Node*>{&node};
  wrong_type(node, name, "a list", reader);
  return std::nullopt;
}

json::Object list_schema(const json::Object& item, ListRule rule) {
  json::Object list{{"type", "array"}, {"items", item}};
  if (rule.at_least > 0) list.emplace_back("minItems", static_cast<std::int64_t>(rule.at_least));
  if (!rule.takes_one) return list;
  return {{"anyOf", json::Array{json::Value(item), json::Value(std::move(list))}}};
}

bool are_unique(const Node& list, const UniqueRule& rule, Reader& reader) {
  if (list.kind != NodeKind::list) return true;
  bool all = true;
  std::map<std::string, const Node*> first;
  for (const Node* item : list.items) {
    const Node* name = rule.name_of(*item);
    if (name == nullptr || name->kind != NodeKind::scalar) continue;
    const auto [at, is_new] = first.emplace(rule.fold == nullptr ? name->text : rule.fold(name->text), name);
    if (is_new) continue;
    all = false;
    const Place earlier = reader.place(*at->second);
    reader.problem(rule.code, *name, fmt::format("{} {}", rule.what, quoted(name->text)),
                   fmt::format("the first is at {}:{}; {}", earlier.file, earlier.line, rule.hint));
  }
  return all;
}

bool is_name_map(const Node& node, std::string_view name, const NameRule& rule, Reader& reader) {
  if (node.kind != NodeKind::mapping) {
    wrong_type(node, name, "a mapping", reader);
    return false;
  }
  if (node.items.size() / 2 >= rule.at_least) return true;
  reader.problem(ErrorCode::config_invalid, node, fmt::format("{} is an empty mapping", name),
                 "name at least one, or remove the key");
  return false;
}

bool is_known_name(const Node& key, const NameRule& rule, Reader& reader) {
  if (key.text.empty()) {
    reader.problem(ErrorCode::config_invalid, key, "a key is empty", "give it a name");
    return false;
  }
  if (rule.text.accepts != nullptr && !rule.text.accepts(key.text)) {
    reader.problem(ErrorCode::config_invalid, key, fmt::format("`{}` is not {}", key.text, rule.noun),
                   fmt::format("write {}", rule.text.words));
    return false;
  }
  if (rule.known.empty() || std::find(rule.known.begin(), rule.known.end(), key.text) != rule.known.end())
    return true;
  reader.problem(ErrorCode::config_unknown_key, key, fmt::format("`{}` is not {}", key.text, rule.noun),
                 suggest(key.text, rule.known));
  return false;
}

json::Object name_map_schema(const json::Object& value, const NameRule& rule) {
  json::Object schema{{"type", "object"}};
  if (rule.known.empty()) {
    if (rule.text.accepts != nullptr)
      schema.emplace_back("propertyNames", json::Object{{"pattern", rule.text.pattern}});
    schema.emplace_back("additionalProperties", value);
  } else {
    json::Object properties;
    for (const auto& name : rule.known) properties.emplace_back(name, value);
    schema.emplace_back("properties", std::move(properties));
    schema.emplace_back("additionalProperties", false);
  }
  if (rule.at_least > 0) schema.emplace_back("minProperties", static_cast<std::int64_t>(rule.at_least));
  return schema;
}

}  // namespace muster::policy
