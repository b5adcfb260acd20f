// Shapes: how a YAML node becomes a value, declared once. A Codec reads one kind of value and knows its JSON
// Schema; a Mapping is a table of keys that fills a struct and reports unknown, missing and wrong ones.
// Loaders and the editors' schemas are made from the same tables. Private to this module.
//
//   Mapping<AccountLink>("a link", "One account and its person.")
//       .key("account", Need::required, text(), &AccountLink::account, "A user id or an e-mail address.")
//       .place(&AccountLink::place)
//       .codec()
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "model/settings.h"
#include "policy/yaml_tree.h"

namespace muster::policy {

/// The file being read: where nodes stand, and where problems go.
class Reader {
 public:
  Reader(const Document& document, FileProblems& problems) : document_(document), problems_(problems) {}
  void problem(ErrorCode code, const Node& at, std::string message, std::string hint = {}) {
    if (!problems_.is_full()) problems_.add({code, std::move(message), document_.place(at), std::move(hint)});
  }
  [[nodiscard]] Place place(const Node& node) const { return document_.place(node); }

 private:
  const Document& document_;
  FileProblems& problems_;
};

/// Reads one kind of value. `name` is what messages call it ("`severity`"). nullopt: the problem has been
/// reported.
template <class T>
struct Codec {
  using Value = T;
  std::function<std::optional<T>(const Node& node, std::string_view name, Reader& reader)> read;
  json::Object schema;
};

/// "a list", "a mapping", "nothing", "the text \"x\"" for messages.
[[nodiscard]] std::string describe(const Node& node);
/// "did you mean `x`?" when a name is near; else "known: a, b, c".
[[nodiscard]] std::string suggest(std::string_view word, const std::vector<std::string>& known);
/// Reports config_wrong_type in the usual words: "`min` must be a whole number, not a list".
void wrong_type(const Node& node, std::string_view name, std::string_view wanted, Reader& reader,
                std::string hint = {});

/// What a text may be. `pattern` is a character class rule in words and as a regular expression for the
/// schema; `accepts` decides.
struct TextRule {
  bool (*accepts)(std::string_view) = nullptr;
  std::string_view pattern;
  std::string_view words;  // "lower-case letters, digits, `_` and `.`"
};
/// Any scalar, as written; not empty, not null.
[[nodiscard]] Codec<std::string> text(TextRule rule = {});
/// Like text(), but null and "" read as the empty text.
[[nodiscard]] Codec<std::string> text_or_nothing();
/// One of a closed set of words.
[[nodiscard]] Codec<std::string> choice(std::vector<std::string> words);
/// A list of texts; one text is a list of one. A bare number or true/false in place of the list is refused:
/// it is more likely a slip.
[[nodiscard]] Codec<std::vector<std::string>> text_list(TextRule rule = {});
/// A day, YYYY-MM-DD.
[[nodiscard]] Codec<Date> date();
/// A day or nothing.
[[nodiscard]] Codec<std::optional<Date>> date_or_nothing();
/// "7d", "12h" … in microseconds.
[[nodiscard]] Codec<std::int64_t> duration();
/// A whole number from 1 on, unquoted.
[[nodiscard]] Codec<std::uint64_t> count();
/// A scalar or a list of scalars whose type somebody else knows.
[[nodiscard]] Codec<GivenValue> given_value();

enum class Need : std::uint8_t { required, optional };

/// The type-erased part of Mapping.
class KeyTable {
 public:
  struct Row {
    std::string name;
    Need need = Need::optional;
    std::string doc;
    json::Object schema;
    std::function<bool(void* target, const Node& value, Reader& reader)> set;
  };
  struct Refusal {
    std::string name, message, hint;
  };
  std::string noun, doc;
  std::vector<Row> rows;
  std::vector<Refusal> refusals;
  json::Object extra_schema;

  /// Fills `target`; false when the node is no mapping or some key was wrong (all of them have been
  /// reported).
  bool read(void* target, const Node& node, std::string_view name, Reader& reader) const;
  [[nodiscard]] json::Object schema() const;
};

template <class T>
class Mapping {
 public:
  /// `noun` with its article, for messages: "a waiver".
  Mapping(std::string noun, std::string doc) {
    table_.noun = std::move(noun);
    table_.doc = std::move(doc);
  }

  /// `set` is a member of T, or a function (T&, V value, const Node& node, Reader&).
  template <class V, class Set>
  Mapping& key(std::string name, Need need, Codec<V> codec, Set set, std::string doc) {
    auto setter = [read = std::move(codec.read), set, label = "`" + name + "`"](
                      void* target, const Node& node, Reader& reader) {
      std::optional<V> value = read(node, label, reader);
      if (!value) return false;
      if constexpr (std::is_member_object_pointer_v<Set>) {
        static_cast<T*>(target)->*set = std::move(*value);
      } else {
        set(*static_cast<T*>(target), std::move(*value), node, reader);
      }
      return true;
    };
    table_.rows.push_back(
        {std::move(name), need, std::move(doc), std::move(codec.schema), std::move(setter)});
    return *this;
  }
  /// A key that people try and must not use; said in plain words instead of "unknown key".
  Mapping& refuse(std::string name, std::string message, std::string hint) {
    table_.refusals.push_back({std::move(name), std::move(message), std::move(hint)});
    return *this;
  }
  Mapping& place(Place T::*member) {
    place_ = member;
    return *this;
  }
  /// Looks at the keys together, after they were read one by one; what was wrong or absent has its default.
  Mapping& check(std::function<void(T& value, const Node& node, Reader& reader)> check) {
    checks_.push_back(std::move(check));
    return *this;
  }
  /// The keys and checks of `part`, beside this one's own; what they say goes into the member.
  template <class U>
  Mapping& keys_of(const Mapping<U>& part, U T::*member) {
    for (KeyTable::Row row : part.table_.rows) {
      row.set = [set = std::move(row.set), member](void* target, const Node& node, Reader& reader) {
        return set(&(static_cast<T*>(target)->*member), node, reader);
      };
      table_.rows.push_back(std::move(row));
    }
    for (const auto& look : part.checks_)
      checks_.push_back(
          [look, member](T& value, const Node& node, Reader& reader) { look(value.*member, node, reader); });
    return *this;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& row : table_.rows) names.push_back(row.name);
    return names;
  }
  /// Members added to the JSON Schema, for what `check` demands.
  Mapping& also(json::Object schema) {
    for (auto& member : schema) table_.extra_schema.push_back(std::move(member));
    return *this;
  }

  [[nodiscard]] Codec<T> codec() const {
    return {[table = table_, checks = checks_, place = place_](const Node& node, std::string_view name,
                                                               Reader& reader) -> std::optional<T> {
              T value{};
              if (place != nullptr) value.*place = reader.place(node);
              const bool is_read = table.read(&value, node, name, reader);
              if (node.kind == NodeKind::mapping)
                for (const auto& check : checks) check(value, node, reader);
              if (!is_read) return std::nullopt;
              return value;
            },
            table_.schema()};
  }

 private:
  template <class>
  friend class Mapping;
  KeyTable table_;
  std::vector<std::function<void(T&, const Node&, Reader&)>> checks_;
  Place T::*place_ = nullptr;
};

struct ListRule {
  std::size_t at_least = 0;
  /// One item may stand without the list around it.
  bool takes_one = false;
};
/// The part of list_of that does not depend on the type: the items to read, or nullopt.
[[nodiscard]] std::optional<std::vector<const Node*>> list_items(const Node& node, std::string_view name,
                                                                 ListRule rule, Reader& reader);
[[nodiscard]] json::Object list_schema(const json::Object& item, ListRule rule);

template <class T>
[[nodiscard]] Codec<std::vector<T>> list_of(Codec<T> item, ListRule rule = {}) {
  auto schema = list_schema(item.schema, rule);
  return {[read = std::move(item.read), rule](const Node& node, std::string_view name,
                                              Reader& reader) -> std::optional<std::vector<T>> {
            const auto items = list_items(node, name, rule, reader);
            if (!items) return std::nullopt;
            std::vector<T> values;
            bool all = true;
            const std::string label = "an item of " + std::string(name);
            for (const Node* each : *items) {
              auto value = read(*each, node.kind == NodeKind::list ? std::string_view(label) : name, reader);
              all = all && value.has_value();
              if (value) values.push_back(std::move(*value));
            }
            if (!all) return std::nullopt;
            return values;
          },
          std::move(schema)};
}

/// Items of a list must differ in `name_of`: the node that holds the name (nullptr: not compared), which
/// `fold` may bring into a compared form.
struct UniqueRule {
  const Node* (*name_of)(const Node& item) = nullptr;
  std::string (*fold)(std::string_view name) = nullptr;
  ErrorCode code = ErrorCode::config_invalid;
  std::string what;  // "two waivers have the id"
  std::string hint;
};
/// False after reporting each item that has the name of an earlier one.
bool are_unique(const Node& list, const UniqueRule& rule, Reader& reader);

template <class T>
[[nodiscard]] Codec<std::vector<T>> unique(Codec<std::vector<T>> list, UniqueRule rule) {
  return {[read = std::move(list.read), rule = std::move(rule)](
              const Node& node, std::string_view name, Reader& reader) -> std::optional<std::vector<T>> {
            auto values = read(node, name, reader);
            if (!are_unique(node, rule, reader)) return std::nullopt;
            return values;
          },
          std::move(list.schema)};
}

/// A value under a name that the user chose.
template <class T>
struct Named {
  std::string name;
  const Node* key = nullptr;
  T value{};
};
struct NameRule {
  /// The allowed names; empty: any.
  std::vector<std::string> known;
  /// "a roster field", for messages.
  std::string noun;
  std::size_t at_least = 1;
  /// What a name of the user's own choice is made of.
  TextRule text;
};
/// True when the node is a mapping with enough names.
[[nodiscard]] bool is_name_map(const Node& node, std::string_view name, const NameRule& rule, Reader& reader);
[[nodiscard]] bool is_known_name(const Node& key, const NameRule& rule, Reader& reader);
[[nodiscard]] json::Object name_map_schema(const json::Object& value, const NameRule& rule);

/// A mapping with names of the user's choice, in the file's order.
template <class T>
[[nodiscard]] Codec<std::vector<Named<T>>> map_of(Codec<T> value, NameRule rule = {}) {
  auto schema = name_map_schema(value.schema, rule);
  return {[read = std::move(value.read), rule](const Node& node, std::string_view name,
                                               Reader& reader) -> std::optional<std::vector<Named<T>>> {
            if (!is_name_map(node, name, rule, reader)) return std::nullopt;
            std::vector<Named<T>> values;
            bool all = true;
            for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
              const Node& key = *node.items[i];
              const bool is_known = is_known_name(key, rule, reader);
              auto each = read(*node.items[i + 1], "`" + key.text + "`", reader);
              all = all && is_known && each.has_value();
              if (is_known && each) values.push_back({key.text, &key, std::move(*each)});
            }
            if (!all) return std::nullopt;
            return values;
          },
          std::move(schema)};
}

/// Either form: a mapping is read by `full`, everything else by `brief`.
template <class T>
[[nodiscard]] Codec<T> either(Codec<T> brief, Codec<T> full) {
  json::Object schema{{"anyOf", json::Array{json::Value(brief.schema), json::Value(full.schema)}}};
  return {[brief = std::move(brief.read), full = std::move(full.read)](
              const Node& node, std::string_view name, Reader& reader) {
            return node.kind == NodeKind::mapping ? full(node, name, reader) : brief(node, name, reader);
          },
          std::move(schema)};
}

/// A value of another type made from what `codec` reads; the schema stays.
template <class To, class From, class Make>
[[nodiscard]] Codec<To> made_from(Codec<From> codec, Make make) {
  return {[read = std::move(codec.read), make](const Node& node, std::string_view name,
                                               Reader& reader) -> std::optional<To> {
            auto value = read(node, name, reader);
            if (!value) return std::nullopt;
            return make(std::move(*value), node, reader);
          },
          std::move(codec.schema)};
}

}  // namespace muster::policy
