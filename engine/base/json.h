// JSON values, parsing and writing, over nlohmann/json, which stays behind this header. Parsing refuses what
// readers would disagree on: duplicate members, invalid UTF-8, more than `max_depth` levels, trailing text.
// Writing is canonical in the sense of this project: members in the order given, no locale, shortest
// round-trip numbers, UTF-8 unescaped except controls, so equal values give equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace muster::json {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;
/// Members in document order; names are unique.
using Object = std::vector<Member>;

class Value {
 public:
  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(bool v) : data_(v) {}
  Value(std::int64_t v) : data_(v) {}
  Value(int v) : data_(std::int64_t{v}) {}
  Value(double v) : data_(v) {}
  Value(std::string v) : data_(std::move(v)) {}
  Value(std::string_view v) : data_(std::string(v)) {}
  Value(const char* v) : data_(std::string(v)) {}
  Value(Array v) : data_(std::move(v)) {}
  Value(Object v) : data_(std::move(v)) {}

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  /// The held value, or nullptr when it is of another type. Integers and doubles are distinct types.
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&data_); }
  [[nodiscard]] const double* number() const { return std::get_if<double>(&data_); }
  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&data_); }
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&data_); }
  [[nodiscard]] const Object* object() const { return std::get_if<Object>(&data_); }
  [[nodiscard]] Array* array() { return std::get_if<Array>(&data_); }
  [[nodiscard]] Object* object() { return std::get_if<Object>(&data_); }
  /// The member of that name; nullptr when this is not an object or has none.
  [[nodiscard]] const Value* find(std::string_view name) const;
  /// "null", "boolean", "integer", "number", "string", "array", "object".
  [[nodiscard]] std::string_view type_name() const;

  friend bool operator==(const Value&, const Value&) = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

struct ParseOptions {
  std::string file;  // for the error's place
  std::uint32_t first_line = 1;
  int max_depth = 64;
};

/// One JSON text. Integers keep all 64 bits; one that does not fit is refused (a double would drop digits of what
/// may be an id). Errors: json_syntax, json_duplicate, json_depth, text_encoding; with line and column.
[[nodiscard]] Result<Value> parse(std::string_view text, const ParseOptions& options = {});

/// One line when `indent` is 0; no trailing newline. An invalid UTF-8 byte becomes U+FFFD.
[[nodiscard]] std::string dump(const Value& value, int indent = 0);
/// A JSON string literal with quotes, escaped as `dump` does; appended to `out`.
void append_quoted(std::string& out, std::string_view text);

/// Writes one JSON document piece by piece into a string that the caller drains (for documents larger than
/// memory should hold at once). Commas and colons are placed by the writer; misuse (a value without a key in
/// an object) is an assertion.
///   Writer w(out);  w.begin_object();  w.key("a").value(1);  w.end_object();
class Writer {
 public:
  /// Appends to `out`. `indent` 0 writes no white space; else new lines at the levels up to `indent_levels`,
  /// deeper ones on one line.
  explicit Writer(std::string& out, int indent = 0, int indent_levels = 1000)
      : out_(out), indent_(indent), levels_(indent_levels) {}
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(const std::string& text) { return value(std::string_view(text)); }
  Writer& value(std::int64_t number);
  Writer& value(std::uint64_t number);
  Writer& value(int number) { return value(std::int64_t{number}); }
  Writer& value(unsigned number) { return value(std::uint64_t{number}); }
  Writer& value(double number);
  Writer& value(bool yes);
  Writer& null();
  Writer& value(const Value& value);
  /// A piece of JSON text that is known to be valid, as it is.
  Writer& raw(std::string_view json);

 private:
  void before_value();
  void new_line();
  std::string& out_;
  int indent_;
  int levels_;
  std::vector<char> stack_;  // '{' or '['
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace muster::json
