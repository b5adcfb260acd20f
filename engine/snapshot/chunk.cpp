#include "snapshot/chunk.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

namespace muster::snapshot {
namespace {

// A path's alternatives rank from 0; these come after all of them. An absent value that the schema says to
// read as null loses against any real one.
constexpr std::uint8_t kImpliedInvalid = 99;
constexpr std::uint8_t kImpliedNull = 100;
constexpr std::uint8_t kNotFound = 255;

constexpr std::int32_t kNone = -1;
// Bounds on what is learned of a dataset's shape: real records have a few dozen members, hostile ones must
// not fill the memory.
constexpr std::size_t kMaxNodes = 4096;
constexpr std::size_t kMaxMembers = 64;
constexpr std::size_t kMaxLearnedName = 64;

constexpr std::uint64_t kPayload = 0x00FFFFFFFFFFFFFFull;

/// Reads simdjson's tape (its documented output format): 64-bit entries of a type letter and a payload;
/// strings are length-prefixed in a side buffer.
struct Tape {
  const std::uint64_t* entries = nullptr;
  const std::uint8_t* strings = nullptr;

  [[nodiscard]] char type(std::size_t at) const { return static_cast<char>(entries[at] >> 56); }
  [[nodiscard]] const char* counted(std::size_t at) const {
    return reinterpret_cast<const char*>(strings + (entries[at] & kPayload));
  }
  [[nodiscard]] std::string_view text(std::size_t at) const {
    const char* counted_text = counted(at);
    std::uint32_t size = 0;
    std::memcpy(&size, counted_text, sizeof size);
    return {counted_text + sizeof size, size};
  }
  /// Of an array or object: the entry behind its end.
  [[nodiscard]] std::size_t after(std::size_t at) const { return entries[at] & 0xFFFFFFFFu; }
  [[nodiscard]] std::int64_t signed_integer(std::size_t at) const {
    return static_cast<std::int64_t>(entries[at + 1]);
  }
  [[nodiscard]] double number(std::size_t at) const {
    double value = 0;
    std::memcpy(&value, &entries[at + 1], sizeof value);
    return value;
  }
};

struct Found {
  std::uint8_t rank = kNotFound;
  std::uint32_t at = 0;
};

/// A member name in the form that the tape has names in, so that a comparison is a word or two: length, then
/// the text, padded with zeros.
class Name {
 public:
  explicit Name(std::string_view name) : text_(name) {
    const auto size = static_cast<std::uint32_t>(name.size());
    std::string counted(sizeof size, '\0');
    std::memcpy(counted.data(), &size, sizeof size);
    counted += name.substr(0, sizeof words_ - sizeof size);
    last_ = (counted.size() - 1) / 8;
    const std::size_t rest = counted.size() % 8;
    last_mask_ = rest == 0 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * rest)) - 1;
    std::memcpy(words_.data(), counted.data(), counted.size());
  }
  /// `counted` may be read up to 7 bytes behind its end: the tape's string buffer is padded.
  [[nodiscard]] bool equals(const char* counted) const {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < last_; ++i) {
      std::memcpy(&word, counted + 8 * i, sizeof word);
      if (word != words_[i]) return false;
    }
    std::memcpy(&word, counted + 8 * last_, sizeof word);
    if ((word & last_mask_) != words_[last_]) return false;
    // The words hold the length, so both texts are equally long here.
    return text_.size() <= sizeof words_ - 4 || std::memcmp(counted + 4, text_.data(), text_.size()) == 0;
  }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::array<std::uint64_t, 4> words_{};
  std::uint64_t last_mask_ = 0;
  std::size_t last_ = 0;  // index of the last word
  std::string text_;
};

struct Take {
  std::uint16_t value = 0;
  std::uint8_t rank = 0;
};

struct Member {
  explicit Member(std::string_view member_name) : name(member_name) {}
  Name name;
  std::int32_t child = kNone;     // node of an object or array that stands here
  std::int32_t follower = kNone;  // the member that came next in the line before: records of one dataset list
                                  // their members in one order
  std::vector<Take> takes;
};

/// What stands at one place of the records: the members seen there so far, or, for an array, the place of its
/// elements.
struct Node {
  std::vector<Member> members;
  std::int32_t first = kNone;
  std::int32_t element = kNone;
  std::vector<std::uint16_t> below;    // values whose paths lead through here
  std::vector<std::uint16_t> implied;  // values that are null when this object lacks them
  bool can_learn = true;
};

/// The shape of a whole record, learned from one: most records of a dataset have one of a few. A record of a
/// known shape has its values where the first one had them on the tape, and no member twice, so that
/// comparing types and names replaces the walk.
struct Shape {
  struct Entry {
    std::uint32_t at = 0;
    std::uint8_t kind = 0;
  };
  struct Key {
    std::uint32_t at = 0;
    Name name;
  };
  std::uint64_t root = 0;  // the tape's first entry, which holds the length
  std::vector<Entry> entries;
  std::vector<std::pair<std::uint32_t, char>> exact;  // where the very type decides what a value reads as
  std::vector<Key> keys;
  std::vector<Found> found;

  [[nodiscard]] bool fits(const Tape& tape) const;
};

constexpr std::size_t kMaxShapes = 16;

/// What of a tape entry decides where things are: scalars of one entry are alike, numbers take two.
constexpr std::array<std::uint8_t, 256> kKinds = [] {
  std::array<std::uint8_t, 256> kinds{};
  for (const char c : {'l', 'u', 'd'}) kinds[static_cast<std::size_t>(c)] = 1;
  for (const char c : {'{', '}', '[', ']', 'r'})
    kinds[static_cast<std::size_t>(c)] = static_cast<std::uint8_t>(c);
  return kinds;
}();

std::uint8_t kind_at(const Tape& tape, std::size_t at) { return kKinds[tape.entries[at] >> 56]; }

bool Shape::fits(const Tape& tape) const {
  if (tape.entries[0] != root) return false;
  unsigned differences = 0;
  for (const auto& entry : entries)
    differences |= static_cast<unsigned>(kind_at(tape, entry.at) ^ entry.kind);
  if (differences != 0) return false;
  for (const auto& [at, type] : exact) {
    if (tape.type(at) != type) return false;
  }
  // All entries up to a key are of the same kind, so a key stands where a key stood.
  return std::all_of(keys.begin(), keys.end(),
                     [&](const Key& key) { return key.name.equals(tape.counted(key.at)); });
}

std::string_view code_free_message(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR: return "the line is not valid UTF-8";
    case simdjson::NUMBER_ERROR: return "a number is malformed or does not fit into 64 bits";
    case simdjson::STRING_ERROR: return "a string has a malformed escape";
    case simdjson::UNCLOSED_STRING: return "a string does not end";
    case simdjson::UNESCAPED_CHARS: return "a string holds a control character that is not escaped";
    case simdjson::EMPTY: return "the line is empty";
    default: return "the line is not one JSON object";
  }
}

void append_json(std::string& out, const Tape& tape, std::size_t at) {
  json::Writer writer(out);
  std::size_t depth = 0;
  std::uint64_t in_object = 0;  // one bit a level; levels are capped at kMaxDepth
  bool is_key = false;
  do {
    const char type = tape.type(at);
    if (is_key && type == '"') {
      writer.key(tape.text(at));
      is_key = false;
      ++at;
      continue;
    }
    std::size_t next = at + 1;
    switch (type) {
      case '{':
        writer.begin_object();
        in_object |= std::uint64_t{1} << depth++;
        break;
      case '[':
        writer.begin_array();
        in_object &= ~(std::uint64_t{1} << depth++);
        break;
      case '}':
        writer.end_object();
        --depth;
        break;
      case ']':
        writer.end_array();
        --depth;
        break;
      case '"': writer.value(tape.text(at)); break;
      case 'l':
        writer.value(tape.signed_integer(at));
        ++next;
        break;
      case 'u':
        writer.value(tape.entries[at + 1]);
        ++next;
        break;
      case 'd':
        writer.value(tape.number(at));
        ++next;
        break;
      case 't': writer.value(true); break;
      case 'f': writer.value(false); break;
      default: writer.null(); break;
    }
    at = next;
    is_key = depth > 0 && (in_object >> (depth - 1) & 1) != 0;
  } while (depth > 0);
}

std::optional<double> decimal(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

void append_key_part(std::string& out, std::string_view part) {
  fmt::format_to(std::back_inserter(out), "{}:{}", part.size(), part);
}

Plan::Plan(Dataset of) : dataset(of) {
  const DatasetSpec& spec = spec_of(of);
  for (std::string_view rest = spec.key; !rest.empty();) {
    const auto space = rest.find(' ');
    key.push_back(value_of(*spec.field(rest.substr(0, space))));
    rest = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
  }
  keeps_key = key.size() == 1;
}

std::uint16_t Plan::value_of(std::uint16_t field) {
  const FieldSpec& spec = spec_of(dataset).fields[field];
  const auto at = std::find_if(values.begin(), values.end(), [&](const Value& value) {
    return value.paths == spec.paths && value.type == spec.type;
  });
  if (at != values.end()) return static_cast<std::uint16_t>(at - values.begin());
  values.push_back({spec.paths, spec.type});
  return static_cast<std::uint16_t>(values.size() - 1);
}

class ChunkParser::Impl {
 public:
  explicit Impl(const Plan& plan) : plan_(plan) {
    nodes_.emplace_back();  // kRoot
    nodes_.emplace_back();  // kAnything: below it nothing is learned
    nodes_[kAnything].can_learn = false;
    nodes_[kAnything].element = kAnything;
    std::uint16_t count = 0;
    for (const auto& value : plan.values) add_paths(count++, value.paths);
    for (const auto& [own, path] :
         {std::pair(&from_, "from"), std::pair(&object_, "object"), std::pair(&provider_, "from.provider"),
          std::pair(&organization_, "from.organization_id"), std::pair(&request_, "from.request")}) {
      *own = count;
      add_paths(count++, path);
    }
    found_.resize(count);
    texts_.resize(plan.links.size());
    allocate();
  }

  Chunk parse(const char* block, std::size_t bytes) {
    Chunk chunk;
    start(chunk, bytes);
    // All lines at once is a third faster than one by one. The strict loop decides whenever anything at all
    // is unusual.
    std::size_t at = parse_batch(block, bytes, chunk);
    while (at < bytes && chunk.problems.size() < kMaxProblems) {
      const char* line = block + at;
      const auto* end = static_cast<const char*>(std::memchr(line, '\n', bytes - at));
      const auto size = static_cast<std::size_t>(end - line);
      const auto result = parser_->parse(line, size, false);
      if (result.error() != simdjson::SUCCESS) {
        refuse_line(chunk, {line, size}, result.error());
      } else {
        take_document(parser_->doc, chunk);
      }
      ++chunk.lines;
      at += size + 1;
    }
    finish(chunk);
    if (bytes > kKeptCapacity) allocate();  // a giant line must not hold its memory for the rest of the run
    return chunk;
  }

 private:
  static constexpr std::int32_t kRoot = 0;
  static constexpr std::int32_t kAnything = 1;
  static constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;

  struct Frame {
    std::int32_t node = kRoot;
    std::int32_t last = kNone;  // member just seen
    std::uint64_t seen = 0;     // by member of the node
    std::size_t unknown = 0;    // where this object's unlearned names begin in unknown_
    bool is_object = true;
  };

  /// Texts of one link of a chunk, resolved together so that the look-ups overlap.
  struct LinkTexts {
    StringColumn texts;
    std::vector<std::uint64_t> hashes;
    std::vector<std::uint32_t> of;  // by row (or list item): index into texts, or one of the kNoRow values
  };

  void allocate() {
    parser_ = std::make_unique<simdjson::dom::parser>();
#ifdef SIMDJSON_THREADS_ENABLED
    parser_->threaded = false;
#endif
    if (parser_->allocate(std::size_t{64} << 10, kMaxDepth) != simdjson::SUCCESS) throw std::bad_alloc();
  }

  void add_paths(std::uint16_t value, std::string_view paths) {
    for (std::uint8_t rank = 0; !paths.empty(); ++rank) {
      const auto bar = paths.find('|');
      std::string_view path = paths.substr(0, bar);
      paths = bar == std::string_view::npos ? std::string_view{} : paths.substr(bar + 1);
      const bool is_implied = path.ends_with('?');
      if (is_implied) path.remove_suffix(1);
      std::int32_t node = kRoot;
      while (true) {
        const auto dot = path.find('.');
        const std::size_t member = member_named(node, path.substr(0, dot));
        if (dot == std::string_view::npos) {
          nodes_[index(node)].members[member].takes.push_back({value, rank});
          if (is_implied) nodes_[index(node)].implied.push_back(value);
          break;
        }
        if (nodes_[index(node)].members[member].child == kNone) {
          nodes_.emplace_back();
          nodes_[index(node)].members[member].child = static_cast<std::int32_t>(nodes_.size() - 1);
        }
        node = nodes_[index(node)].members[member].child;
        nodes_[index(node)].below.push_back(value);
        path.remove_prefix(dot + 1);
      }
    }
  }

  std::size_t member_named(std::int32_t node, std::string_view name) {
    auto& members = nodes_[index(node)].members;
    const auto at = std::find_if(members.begin(), members.end(),
                                 [&](const Member& member) { return member.name.text() == name; });
    if (at != members.end()) return static_cast<std::size_t>(at - members.begin());
    members.emplace_back(name);
    return members.size() - 1;
  }

  static std::size_t index(std::int32_t node) { return static_cast<std::size_t>(node); }

  void start(Chunk& chunk, std::size_t bytes) {
    chunk.columns.reserve(plan_.columns.size());
    const std::size_t rows = std::min(last_rows_, bytes / 32 + 1);
    for (const auto& column : plan_.columns) {
      chunk.columns.emplace_back(spec_of(plan_.dataset).fields[column.field].type);
      chunk.columns.back().reserve(rows);
    }
    chunk.links.resize(plan_.links.size());
    chunk.list_links.resize(plan_.links.size());
    if (!plan_.key.empty()) chunk.key_hashes.reserve(rows);
    for (auto& texts : texts_) texts = LinkTexts{};
    provider_text_.clear();
    organization_text_.clear();
    has_source_ = false;
    last_request_ = UINT64_MAX;
  }

  void finish(Chunk& chunk) {
    for (std::size_t i = 0; i < plan_.links.size(); ++i) {
      resolve(plan_.links[i], texts_[i]);
      if (plan_.links[i].is_list) {
        Chunk::ListLink& list = chunk.list_links[i];
        std::size_t item = 0;
        for (auto& end : list.ends) {
          for (; item < end; ++item) {
            if (texts_[i].of[item] < kDangling) list.rows.push_back(texts_[i].of[item]);
          }
          end = static_cast<std::uint32_t>(list.rows.size());
        }
      } else {
        chunk.links[i] = std::move(texts_[i].of);
      }
    }
    last_rows_ = std::size_t{chunk.rows} + chunk.rows / 8;
  }

  /// The fast way. Stops before the first line that is in any way unusual; returns where that line begins.
  std::size_t parse_batch(const char* block, std::size_t bytes, Chunk& chunk) {
    simdjson::dom::document_stream stream;
    if (parser_->parse_many(block, bytes, bytes).get(stream) != simdjson::SUCCESS) return 0;
    std::size_t at = 0;
    const auto end = stream.end();
    for (auto it = stream.begin(); at < bytes && it != end; ++it) {
      if ((*it).error() != simdjson::SUCCESS) break;
      const auto* line_end = static_cast<const char*>(std::memchr(block + at, '\n', bytes - at));
      const std::size_t first = it.current_index();
      if (first < at || block[first] != '{') break;
      const char* last = block + first + it.source().size();
      // The document must be all there is in its line: documents that share a line, or span two, are for the
      // strict loop to refuse.
      if (last > line_end || !is_blank(block + at, block + first) || !is_blank(last, line_end)) break;
      take_document(parser_->doc, chunk);
      ++chunk.lines;
      at = static_cast<std::size_t>(line_end - block) + 1;
      if (chunk.problems.size() >= kMaxProblems) break;
    }
    return at;
  }

  static bool is_blank(const char* from, const char* to) {
    return std::all_of(from, to, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
  }

  void add_problem(Chunk& chunk, std::string message, std::uint32_t column = 0) {
    chunk.problems.push_back({chunk.lines, column, std::move(message)});
  }

  void refuse_line(Chunk& chunk, std::string_view line, simdjson::error_code error) {
    constexpr std::size_t kExplained = std::size_t{1} << 20;
    if (trim(line).empty()) return add_problem(chunk, "the line is empty");
    if (error == simdjson::DEPTH_ERROR)
      return add_problem(chunk, fmt::format("nested deeper than {} levels", kMaxDepth));
    // A second look, for the place and the reason.
    if (line.size() <= kExplained && error != simdjson::UTF8_ERROR) {
      json::ParseOptions options;
      options.max_depth = kMaxDepth;
      if (const auto value = json::parse(line, options); !value) {
        return add_problem(chunk, value.error().message, value.error().place.column);
      }
    }
    add_problem(chunk, std::string(code_free_message(error)));
  }

  void take_document(const simdjson::dom::document& document, Chunk& chunk) {
    tape_ = Tape{document.tape.get(), document.string_buf.get()};
    if (!fits_known_shape()) {
      std::fill(found_.begin(), found_.end(), Found{});
      if (tape_.type(1) != '{') return add_problem(chunk, "the line is not one JSON object");
      if (const auto duplicate = walk()) {
        return add_problem(
            chunk, fmt::format("the member \"{}\" stands twice in one object", utf8_prefix(*duplicate, 200)));
      }
      if (shapes_.size() < kMaxShapes && is_learnable_) learn_shape();
    }
    for (const auto part : {from_, object_}) {
      if (found_[part].rank != 0 || tape_.type(found_[part].at) != '{') {
        return add_problem(chunk, "a record must have the form {\"from\": {…}, \"object\": {…}}");
      }
    }
    if (!take_key(chunk)) return;
    take_origin(chunk);
    for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
      const std::uint16_t value = plan_.columns[i].value;
      push(chunk.columns[i], plan_.values[value].type, value);
    }
    if (plan_.label) {
      const auto label = text_of(*plan_.label);
      chunk.labels.push_back(label && !label->empty() ? *label
                             : plan_.keeps_key        ? key_text(0)
                                                      : std::string_view{});
    }
    for (std::size_t i = 0; i < plan_.links.size(); ++i)
      take_link(plan_.links[i], texts_[i], chunk.list_links[i]);
    ++chunk.rows;
  }

  bool fits_known_shape() {
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      if (!shapes_[i].fits(tape_)) continue;
      found_ = shapes_[i].found;
      if (i > 0) std::swap(shapes_[i], shapes_[i - 1]);  // the frequent ones come first in time
      return true;
    }
    return false;
  }

  void learn_shape() {
    Shape shape;
    shape.root = tape_.entries[0];
    const auto end = static_cast<std::size_t>(tape_.entries[0] & kPayload);
    for (std::size_t at = 1; at < end; at += kind_at(tape_, at) == 1 ? 2 : 1)
      shape.entries.push_back({static_cast<std::uint32_t>(at), kind_at(tape_, at)});
    for (const auto at : exact_) shape.exact.emplace_back(at, tape_.type(at));
    for (const auto at : keys_) shape.keys.push_back({at, Name(tape_.text(at))});
    shape.found = found_;
    shapes_.push_back(std::move(shape));
  }

  /// Goes through the tape once: remembers where the wanted values are, and returns a member name that stands
  /// twice in one object.
  std::optional<std::string_view> walk() {
    unknown_.clear();
    keys_.clear();
    exact_.clear();
    is_learnable_ = true;
    frames_[0] = Frame{};
    std::size_t depth = 1;
    std::size_t at = 2;
    while (depth > 0) {
      Frame& frame = frames_[depth - 1];
      const char type = tape_.type(at);
      if (frame.is_object) {
        if (type == '}') {
          if (unknown_.size() > frame.unknown) {
            if (const auto duplicate = duplicate_of(frame.unknown)) return duplicate;
          }
          --depth;
          ++at;
          continue;
        }
        std::int32_t child = kAnything;
        keys_.push_back(static_cast<std::uint32_t>(at));
        const std::int32_t member = member_at(frame, at);
        if (member != kNone) {
          const std::uint64_t bit = std::uint64_t{1} << member;
          if ((frame.seen & bit) != 0) return tape_.text(at);
          frame.seen |= bit;
          frame.last = member;
          child = note(frame.node, member, at + 1);
        } else {
          unknown_.push_back(tape_.text(at));
          is_learnable_ = false;
        }
        ++at;
        enter(depth, child, at);
      } else if (type == ']') {
        --depth;
        ++at;
      } else {
        std::int32_t element = nodes_[index(frame.node)].element;
        if (element == kNone && (type == '{' || type == '[')) {
          element = new_node();
          nodes_[index(frame.node)].element = element;
        }
        enter(depth, element, at);
      }
    }
    return std::nullopt;
  }

  /// Steps over the value at `at`, or into it when it is an object or array.
  void enter(std::size_t& depth, std::int32_t node, std::size_t& at) {
    switch (tape_.type(at)) {
      case '{':
        for (const auto value : nodes_[index(node)].implied) imply(value, kImpliedNull);
        frames_[depth++] = Frame{.node = node, .unknown = unknown_.size(), .is_object = true};
        ++at;
        return;
      case '[':
        frames_[depth++] = Frame{.node = node, .unknown = unknown_.size(), .is_object = false};
        ++at;
        return;
      case 'l':
      case 'u':
      case 'd': at += 2; return;
      default: ++at; return;
    }
  }

  void imply(std::uint16_t value, std::uint8_t rank) {
    found_[value].rank = std::min(found_[value].rank, rank);
  }

  /// Remembers the value of a member when it is wanted; the node to go on with when it is an object or array.
  std::int32_t note(std::int32_t node, std::int32_t which, std::size_t at) {
    Member& member = nodes_[index(node)].members[index(which)];
    for (const auto& take : member.takes) {
      if (take.rank < found_[take.value].rank)
        found_[take.value] = {take.rank, static_cast<std::uint32_t>(at)};
    }
    const char type = tape_.type(at);
    if (type == '{') {
      if (member.child != kNone) return member.child;
    } else {
      if (member.child != kNone) {
        if (!nodes_[index(member.child)].below.empty()) exact_.push_back(static_cast<std::uint32_t>(at));
        for (const auto value : nodes_[index(member.child)].below)
          imply(value, type == 'n' ? kImpliedNull : kImpliedInvalid);
      }
      if (type != '[') return kNone;
      if (member.child != kNone) return member.child;
    }
    const std::int32_t child = new_node();  // moves the nodes
    nodes_[index(node)].members[index(which)].child = child;
    return child;
  }

  std::int32_t new_node() {
    if (nodes_.size() >= kMaxNodes) return kAnything;
    nodes_.emplace_back();
    return static_cast<std::int32_t>(nodes_.size() - 1);
  }

  /// The member of the frame's node whose name stands at `at`; kNone when it is not, and will not be,
  /// learned.
  std::int32_t member_at(const Frame& frame, std::size_t at) {
    Node& node = nodes_[index(frame.node)];
    const char* counted = tape_.counted(at);
    std::int32_t& guess = frame.last == kNone ? node.first : node.members[index(frame.last)].follower;
    if (guess != kNone && node.members[index(guess)].name.equals(counted)) return guess;
    for (std::size_t i = 0; i < node.members.size(); ++i) {
      if (node.members[i].name.equals(counted)) return guess = static_cast<std::int32_t>(i);
    }
    const std::string_view name = tape_.text(at);
    if (!node.can_learn || node.members.size() >= kMaxMembers || name.size() > kMaxLearnedName) return kNone;
    const auto member = static_cast<std::int32_t>(node.members.size());
    guess = member;
    node.members.emplace_back(name);  // moves the members, and with them `guess`
    return member;
  }

  /// Checks the unlearned names from `first` on, and forgets them.
  std::optional<std::string_view> duplicate_of(std::size_t first) {
    const auto begin = unknown_.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(begin, unknown_.end());
    const auto twice = std::adjacent_find(begin, unknown_.end());
    if (twice != unknown_.end()) return *twice;
    unknown_.resize(first);
    return std::nullopt;
  }

  [[nodiscard]] bool has_value(std::uint16_t value) const { return found_[value].rank < kImpliedInvalid; }
  [[nodiscard]] std::optional<std::string_view> text_of(std::uint16_t value) const {
    if (!has_value(value) || tape_.type(found_[value].at) != '"') return std::nullopt;
    return tape_.text(found_[value].at);
  }
  [[nodiscard]] std::string_view key_text(std::size_t part) const {
    return tape_.text(found_[plan_.key[part]].at);
  }

  bool take_key(Chunk& chunk) {
    if (plan_.key.empty()) return true;
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < plan_.key.size(); ++i) {
      const auto part = text_of(plan_.key[i]);
      if (!part || part->empty()) {
        std::string_view names = spec_of(plan_.dataset).key;
        for (std::size_t skip = 0; skip < i; ++skip) names.remove_prefix(names.find(' ') + 1);
        const bool is_there = found_[plan_.key[i]].rank <= kImpliedInvalid;
        add_problem(chunk, fmt::format("the record has no {}{}", names.substr(0, names.find(' ')),
                                       is_there ? " that is a non-empty text" : ""));
        return false;
      }
      const std::uint64_t part_hash = KeyIndex::hash(*part);
      hash = i == 0 ? part_hash : (hash * 0x9E3779B97F4A7C15ull + part_hash) ^ (hash >> 31);
    }
    chunk.key_hashes.push_back(hash);
    if (plan_.keeps_key && plan_.key.size() == 1) {
      chunk.ids.push_back(key_text(0));
    } else if (plan_.keeps_key) {
      std::string joined;
      for (std::size_t i = 0; i < plan_.key.size(); ++i) append_key_part(joined, key_text(i));
      chunk.ids.push_back(joined);
    }
    return true;
  }

  /// Provider, organization and request of the row; kept when they change.
  void take_origin(Chunk& chunk) {
    const auto provider = text_of(provider_).value_or(std::string_view{});
    const auto organization = text_of(organization_).value_or(std::string_view{});
    if (!has_source_ || provider != provider_text_ || organization != organization_text_) {
      has_source_ = true;
      provider_text_ = provider;
      organization_text_ = organization;
      chunk.sources.emplace_back(chunk.rows, Source{provider_text_, organization_text_});
    }
    std::uint64_t request = 0;
    if (has_value(request_) && tape_.type(found_[request_].at) == 'l') {
      const std::int64_t number = tape_.signed_integer(found_[request_].at);
      if (number > 0 && number <= INT32_MAX) request = static_cast<std::uint64_t>(number);
    }
    if (request != last_request_) {
      last_request_ = request;
      chunk.requests.push_back({chunk.rows, static_cast<std::uint32_t>(request)});
    }
  }

  void push(Column& column, FieldType type, std::uint16_t value) {
    const Found& found = found_[value];
    if (found.rank >= kImpliedInvalid) {
      return column.push_missing(found.rank == kImpliedInvalid ? Cell::invalid
                                 : found.rank == kImpliedNull  ? Cell::null
                                                               : Cell::absent);
    }
    const char tag = tape_.type(found.at);
    if (tag == 'n') return column.push_missing(Cell::null);
    switch (type) {
      case FieldType::text:
      case FieldType::id:
      case FieldType::word:
        if (tag == '"') return column.push_text(tape_.text(found.at));
        break;
      case FieldType::time:
        if (tag == '"') {
          if (const auto instant = parse_rfc3339(tape_.text(found.at))) return column.push_int(instant->us);
        }
        break;
      case FieldType::date:
        if (tag == '"') {
          const auto text = tape_.text(found.at);
          if (const auto date = parse_date(text)) return column.push_int(start_of(*date).us);
          if (const auto instant = parse_rfc3339(text))
            return column.push_int(start_of(date_of(*instant)).us);
        }
        break;
      case FieldType::boolean:
        if (tag == 't' || tag == 'f') return column.push_boolean(tag == 't');
        break;
      case FieldType::integer:
        if (tag == 'l') return column.push_int(tape_.signed_integer(found.at));
        if (tag == 'd') {
          constexpr double kExact = 9007199254740992.0;
          const double number = tape_.number(found.at);
          if (std::trunc(number) == number && std::abs(number) <= kExact)
            return column.push_int(static_cast<std::int64_t>(number));
        }
        break;
      case FieldType::number:
        if (tag == 'd') return column.push_number(tape_.number(found.at));
        if (tag == 'l') return column.push_number(static_cast<double>(tape_.signed_integer(found.at)));
        if (tag == 'u') return column.push_number(static_cast<double>(tape_.entries[found.at + 1]));
        if (tag == '"') {
          if (const auto number = decimal(tape_.text(found.at))) return column.push_number(*number);
        }
        break;
      case FieldType::text_list:
        if (read_list(found.at)) return column.push_list(items_);
        break;
      case FieldType::json:
        json_.clear();
        append_json(json_, tape_, found.at);
        return column.push_text(json_);
    }
    column.push_missing(Cell::invalid);
  }

  /// Reads a list of strings, or a bare string, into items_.
  bool read_list(std::size_t at) {
    items_.clear();
    if (tape_.type(at) == '"') {
      items_.push_back(tape_.text(at));
      return true;
    }
    if (tape_.type(at) != '[') return false;
    const std::size_t end = tape_.after(at) - 1;
    for (++at; at < end; ++at) {
      if (tape_.type(at) != '"') return false;
      items_.push_back(tape_.text(at));
    }
    return true;
  }

  void add_text(LinkTexts& texts, std::string_view text) {
    // Rows that follow each other often point at the same record: the members of one workspace.
    const std::size_t count = texts.texts.size();
    if (count == 0 || texts.texts[count - 1] != text) {
      texts.texts.push_back(text);
      texts.hashes.push_back(KeyIndex::hash(text));
    }
    texts.of.push_back(static_cast<std::uint32_t>(texts.texts.size() - 1));
  }

  void take_link(const Plan::Link& link, LinkTexts& texts, Chunk::ListLink& list) {
    const Found& found = found_[link.value];
    const char tag = found.rank < kImpliedInvalid ? tape_.type(found.at) : '\0';
    if (link.is_list) {
      if (tag != '\0' && read_list(found.at)) {
        for (const auto item : items_) add_text(texts, item);
      }
      list.ends.push_back(static_cast<std::uint32_t>(texts.of.size()));
    } else if (tag == '"') {
      if (link.where_value && text_of(*link.where_value) != link.where_word) {
        texts.of.push_back(kNoRowNull);
      } else {
        add_text(texts, tape_.text(found.at));
      }
    } else {
      texts.of.push_back(tag == 'n' || found.rank == kImpliedNull ? kNoRowNull
                         : found.rank == kNotFound                ? kNoRowAbsent
                                                                  : kNoRowInvalid);
    }
  }

  /// Turns texts into row numbers of the target, several look-ups under way at once: each needs three reads
  /// of memory that is not in the cache.
  void resolve(const Plan::Link& link, LinkTexts& texts) {
    const KeyIndex& keys = link.target->index();
    const StringColumn& ids = link.target->ids();
    constexpr std::size_t kTogether = 64;
    const std::size_t count = texts.texts.size();
    rows_.resize(count);
    for (std::size_t begin = 0; begin < count; begin += kTogether) {
      const std::size_t end = std::min(begin + kTogether, count);
      const auto each_guess = [&](auto&& fetch) {
        for (std::size_t i = begin; i < end; ++i) {
          const std::uint32_t row = keys.guess(texts.hashes[i]);
          if (row != kDangling) fetch(row);
        }
      };
      for (std::size_t i = begin; i < end; ++i) keys.prefetch(texts.hashes[i]);
      each_guess([&](std::uint32_t row) { ids.prefetch_place(row); });
      each_guess([&](std::uint32_t row) { ids.prefetch_text(row); });
      for (std::size_t i = begin; i < end; ++i) rows_[i] = keys.find(ids, texts.texts[i], texts.hashes[i]);
    }
    for (auto& of : texts.of) {
      if (of < kDangling) of = rows_[of];
    }
  }

  const Plan& plan_;
  std::unique_ptr<simdjson::dom::parser> parser_;
  std::vector<Node> nodes_;
  std::uint16_t from_ = 0, object_ = 0, provider_ = 0, organization_ = 0, request_ = 0;
  std::vector<Found> found_;
  std::array<Frame, kMaxDepth + 2> frames_;
  Tape tape_;
  std::vector<std::string_view> unknown_;  // names that are not learned, of the objects that are open
  std::vector<std::uint32_t> keys_,
      exact_;  // tape entries of the record that is walked: names; scalars where an object is looked for
  bool is_learnable_ = false;
  std::vector<Shape> shapes_;
  std::vector<std::string_view> items_;
  std::string json_;
  std::vector<LinkTexts> texts_;
  std::vector<std::uint32_t> rows_;
  std::string provider_text_, organization_text_;
  bool has_source_ = false;
  std::uint64_t last_request_ = UINT64_MAX;
  std::size_t last_rows_ = 0;
};

ChunkParser::ChunkParser(const Plan& plan) : impl_(std::make_unique<Impl>(plan)) {}
ChunkParser::~ChunkParser() = default;
ChunkParser::ChunkParser(ChunkParser&&) noexcept = default;

Chunk ChunkParser::parse(const char* block, std::size_t bytes) { return impl_->parse(block, bytes); }

}  // namespace muster::snapshot
