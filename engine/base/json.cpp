#include "base/json.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::json {
namespace {

// A longer line is not kept for the caret: an error about a huge one-line document must stay small.
constexpr std::size_t kLongestSourceLine = 4096;
// From here on the names of an object are looked up by hash; below, a scan is faster.
constexpr std::size_t kManyMembers = 16;

/// The parser's way through the text. All copies of an iterator share `read`, so that a callback knows how
/// far the parser has come.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** read) : at_(at), read_(read) {}
  const char& operator*() const { return *at_; }
  CountingIterator& operator++() {
    *read_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at_ == b.at_; }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  const char** read_;
};

Place place_of(std::string_view text, std::size_t offset, const ParseOptions& options) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  std::size_t end = text.find('\n', offset);
  if (end == std::string_view::npos) end = text.size();
  if (end > begin && text[end - 1] == '\r') --end;

  Place place;
  place.file = options.file;
  place.line =
      options.first_line + static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
  // What stands before the place is valid UTF-8, where every code point has one byte that does not continue
  // another.
  const std::string_view lead = before.substr(begin);
  const auto starts_code_point = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  place.column = static_cast<std::uint32_t>(1 + std::count_if(lead.begin(), lead.end(), starts_code_point));
  if (end - std::min(begin, end) <= kLongestSourceLine)
    place.source_line = std::string(text.substr(begin, end - std::min(begin, end)));
  return place;
}

/// What nlohmann says about a syntax error, without its codes, its own position and the text read so far.
std::string plain_message(std::string_view what) {
  const std::size_t column = what.find(", column ");
  const std::size_t colon =
      column == std::string_view::npos ? std::string_view::npos : what.find(": ", column);
  std::string message(colon == std::string_view::npos ? what : what.substr(colon + 2));
  if (const std::size_t code = message.find("] ");
      message.starts_with("[json.exception") && code != std::string::npos)
    message.erase(0, code + 2);
  if (const std::size_t dash = message.find(" - ");
      message.starts_with("syntax error") && dash != std::string::npos)
    message.erase(0, dash + 3);
  if (const std::size_t read = message.find("; last read: "); read != std::string::npos) {
    const std::size_t expected = message.rfind("; expected ");
    message.erase(read,
                  expected == std::string::npos || expected < read ? std::string::npos : expected - read);
  }
  return message;
}

/// Builds a Value from the parser's events; refuses what the header says.
class Builder {
 public:
  Builder(std::string_view text, const ParseOptions& options, const char* const& read)
      : text_(text), options_(options), read_(read) {}

  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return add(nullptr); }
  bool boolean(bool yes) { return add(yes); }
  bool number_integer(number_integer_t number) { return add(Value(std::int64_t{number})); }
  bool number_unsigned(number_unsigned_t number) {
    if (number > static_cast<number_unsigned_t>(INT64_MAX)) return refuse_integer(fmt::format("{}", number));
    return add(Value(static_cast<std::int64_t>(number)));
  }
  bool number_float(number_float_t number, const string_t& written) {
    if (written.find_first_of(".eE") == string_t::npos) return refuse_integer(written);
    return add(Value(double{number}));
  }
  bool string(string_t& text) { return add(Value(std::move(text))); }
  bool binary(binary_t&) { return false; }  // JSON text has none

  bool start_object(std::size_t) { return open(Value(Object{})); }
  bool start_array(std::size_t) { return open(Value(Array{})); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(string_t& name) {
    Level& level = levels_.back();
    Object& object = *level.value.object();
    bool twice = false;
    if (object.size() < kManyMembers) {
      twice = std::any_of(object.begin(), object.end(),
                          [&](const Member& member) { return member.first == name; });
    } else {
      if (level.names.empty())
        for (const Member& member : object) level.names.insert(member.first);
      twice = !level.names.insert(name).second;
    }
    if (twice) {
      return refuse(ErrorCode::json_duplicate,
                    fmt::format("the member \"{}\" stands twice in one object", utf8_prefix(name, 200)),
                    key_offset(), "readers would disagree on its value; remove one");
    }
    level.key = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& problem) {
    return refuse(ErrorCode::json_syntax, plain_message(problem.what()), position == 0 ? 0 : position - 1);
  }

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] Value take() { return std::move(root_); }

 private:
  struct Level {
    Value value;
    std::string key;                        // of the member that is being read
    std::unordered_set<std::string> names;  // filled when there are many
  };

  bool add(Value value) {
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (Level& level = levels_.back(); Object* object = level.value.object()) {
      object->emplace_back(std::move(level.key), std::move(value));
    } else {
      level.value.array()->push_back(std::move(value));
    }
    return true;
  }

  bool open(Value container) {
    if (levels_.size() >= static_cast<std::size_t>(options_.max_depth)) {
      return refuse(ErrorCode::json_depth, fmt::format("nested deeper than {} levels", options_.max_depth),
                    consumed() - 1);
    }
    levels_.push_back({std::move(container), {}, {}});
    return true;
  }

  bool close() {
    Value done = std::move(levels_.back().value);
    levels_.pop_back();
    return add(std::move(done));
  }

  bool refuse(ErrorCode code, std::string message, std::size_t offset, std::string hint = {}) {
    error_ = Error{code, std::move(message), place_of(text_, offset, options_), std::move(hint)};
    return false;
  }

  bool refuse_integer(std::string_view written) {
    // The parser has read one character beyond the number, unless the text ends with it.
    std::size_t end = consumed();
    while (end > 0 && (text_[end - 1] < '0' || text_[end - 1] > '9')) --end;
    const std::size_t begin = end - std::min(end, written.size());
    return refuse(ErrorCode::json_syntax,
                  fmt::format("the integer {} does not fit into 64 bits", utf8_prefix(written, 60)), begin,
                  "write it as a string, which keeps every digit");
  }

  [[nodiscard]] std::size_t consumed() const { return static_cast<std::size_t>(read_ - text_.data()); }

  /// Where the member name that was just read begins: back from its closing quote to the quote that no
  /// backslash escapes.
  [[nodiscard]] std::size_t key_offset() const {
    std::size_t at = consumed() - 1;
    while (at > 0) {
      --at;
      if (text_[at] != '"') continue;
      std::size_t slashes = 0;
      while (slashes < at && text_[at - 1 - slashes] == '\\') ++slashes;
      if (slashes % 2 == 0) break;
    }
    return at;
  }

  std::string_view text_;
  const ParseOptions& options_;
  const char* const& read_;
  std::vector<Level> levels_;
  Value root_;
  std::optional<Error> error_;
};

/// Whether the bytes can stand in a string literal as they are.
bool is_plain(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighs = 0x80 * kOnes;
  const auto has_zero = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  bool high = false;
  std::size_t at = 0;
  // Eight bytes at a time: this is the inner loop of every report.
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t control = (word - 0x20 * kOnes) & ~word & kHighs;
    if ((control | has_zero(word ^ ('"' * kOnes)) | has_zero(word ^ ('\\' * kOnes))) != 0) return false;
    high |= (word & kHighs) != 0;
  }
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == '"' || byte == '\\') return false;
    high |= byte >= 0x80;
  }
  return !high || is_valid_utf8(text);
}

void write_value(Writer& writer, const Value& value) {
  if (const Object* object = value.object()) {
    writer.begin_object();
    for (const auto& [name, member] : *object) write_value(writer.key(name), member);
    writer.end_object();
  } else if (const Array* array = value.array()) {
    writer.begin_array();
    for (const Value& item : *array) write_value(writer, item);
    writer.end_array();
  } else if (const std::string* text = value.string()) {
    writer.value(std::string_view(*text));
  } else if (const std::int64_t* integer = value.integer()) {
    writer.value(*integer);
  } else if (const double* number = value.number()) {
    writer.value(*number);
  } else if (const bool* yes = value.boolean()) {
    writer.value(*yes);
  } else {
    writer.null();
  }
}

template <class Integer>
void append_integer(std::string& out, Integer number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

}  // namespace

const Value* Value::find(std::string_view name) const {
  const Object* members = object();
  if (members == nullptr) return nullptr;
  for (const Member& member : *members)
    if (member.first == name) return &member.second;
  return nullptr;
}

std::string_view Value::type_name() const {
  constexpr std::string_view kNames[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
  return kNames[data_.index()];
}

Result<Value> parse(std::string_view text, const ParseOptions& options) {
  if (!is_valid_utf8(text)) {
    std::size_t at = 0;
    while (is_valid_utf8(first_code_point(text.substr(at)))) at += first_code_point(text.substr(at)).size();
    return fail(ErrorCode::text_encoding,
                fmt::format("the byte 0x{:02X} is not valid UTF-8", static_cast<unsigned char>(text[at])),
                place_of(text, at, options), "save the file as UTF-8");
  }
  // The parser takes a NUL byte for the end of the text and would drop what follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    return fail(ErrorCode::json_syntax, "a NUL byte stands in the text", place_of(text, nul, options));
  const char* read = text.data();
  const char* const end = text.data() + text.size();
  Builder builder(text, options, read);
  const bool done =
      nlohmann::json::sax_parse(CountingIterator(text.data(), &read), CountingIterator(end, &read), &builder);
  if (builder.error()) return tl::unexpected(*builder.error());
  if (!done) return fail(ErrorCode::json_syntax, "not a JSON text", place_of(text, 0, options));
  return builder.take();
}

std::string dump(const Value& value, int indent) {
  std::string out;
  Writer writer(out, indent);
  write_value(writer, value);
  return out;
}

void append_quoted(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    const std::size_t at = out.size();
    out.resize(at + text.size() + 2, '"');
    std::copy(text.begin(), text.end(), out.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    return;
  }
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Writer::new_line() {
  if (stack_.size() > static_cast<std::size_t>(levels_)) return;
  out_ += '\n';
  out_.append(stack_.size() * static_cast<std::size_t>(indent_), ' ');
}

void Writer::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  assert((stack_.empty() ? first_ : stack_.back() == '[') &&
         "a value needs a key in an object, and a document has one value");
  if (!first_) out_ += ',';
  if (indent_ > 0 && !stack_.empty()) {
    if (!first_ && stack_.size() > static_cast<std::size_t>(levels_)) out_ += ' ';
    new_line();
  }
  first_ = false;
}

Writer& Writer::begin_object() {
  before_value();
  out_ += '{';
  stack_.push_back('{');
  first_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  before_value();
  out_ += '[';
  stack_.push_back('[');
  first_ = true;
  return *this;
}

Writer& Writer::end_object() {
  assert(!stack_.empty() && stack_.back() == '{' && !after_key_);
  const bool break_line = indent_ > 0 && !first_ && stack_.size() <= static_cast<std::size_t>(levels_);
  stack_.pop_back();
  if (break_line) new_line();
  out_ += '}';
  first_ = false;
  return *this;
}

Writer& Writer::end_array() {
  assert(!stack_.empty() && stack_.back() == '[');
  const bool break_line = indent_ > 0 && !first_ && stack_.size() <= static_cast<std::size_t>(levels_);
  stack_.pop_back();
  if (break_line) new_line();
  out_ += ']';
  first_ = false;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  assert(!stack_.empty() && stack_.back() == '{' && !after_key_);
  if (!first_) out_ += ',';
  if (indent_ > 0) {
    if (!first_ && stack_.size() > static_cast<std::size_t>(levels_)) out_ += ' ';
    new_line();
  }
  first_ = false;
  append_quoted(out_, name);
  out_ += ':';
  if (indent_ > 0) out_ += ' ';
  after_key_ = true;
  return *this;
}

Writer& Writer::value(std::string_view text) {
  before_value();
  append_quoted(out_, text);
  return *this;
}

Writer& Writer::value(std::int64_t number) {
  before_value();
  append_integer(out_, number);
  return *this;
}

Writer& Writer::value(std::uint64_t number) {
  before_value();
  append_integer(out_, number);
  return *this;
}

Writer& Writer::value(double number) {
  before_value();
  out_ += nlohmann::json(number).dump();
  return *this;
}

Writer& Writer::value(bool yes) {
  before_value();
  out_ += yes ? "true" : "false";
  return *this;
}

Writer& Writer::null() {
  before_value();
  out_ += "null";
  return *this;
}

Writer& Writer::value(const Value& value) {
  write_value(*this, value);
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  before_value();
  out_ += json;
  return *this;
}

}  // namespace muster::json
