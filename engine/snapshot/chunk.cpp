#include "snapshot/chunk.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <map>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "snapshot/walker.h"

namespace muster::snapshot {
namespace {

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
    for (const auto& value : plan.values) (void)walker_.want(value.paths);
    from_ = walker_.want("from");
    object_ = walker_.want("object");
    for (std::uint16_t value = 0; value < plan.values.size(); ++value)
      add_places(value, plan.values[value].paths);
    provider_ = place_named(kProvider);
    organization_ = place_named(kOrganization);
    request_ = place_named("from.request");
    has_from_origin_.resize(walker_.found().size());
    origin_.found.resize(walker_.found().size());
    key_hashes_.resize(plan.key.size());
    texts_.resize(plan.links.size());
    allocate();
  }

  Chunk parse(const char* block, std::size_t bytes) {
    Chunk chunk;
    start(chunk, bytes);
    // All lines at once is a third faster than one by one. The strict loop decides whenever anything at all
    // is unusual.
    std::size_t at = bytes > kKeptCapacity ? 0 : parse_batch(block, bytes, chunk);
    while (at < bytes && chunk.problems.size() < kMaxProblems) {
      const char* line = block + at;
      const auto* end = static_cast<const char*>(std::memchr(line, '\n', bytes - at));
      const auto size = static_cast<std::size_t>(end - line);
      const auto result = parser_->parse(line, size, false);
      if (result.error() != simdjson::SUCCESS) {
        refuse_line(chunk, {line, size}, result.error());
      } else {
        take_document(parser_->doc, chunk, Form::whole);
      }
      ++chunk.lines;
      at += size + 1;
    }
    finish(chunk);
    if (bytes > kKeptCapacity) allocate();  // a giant line must not hold its memory for the rest of the run
    return chunk;
  }

 private:
  static constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;

  /// Texts of one link of a chunk, resolved together so that the look-ups overlap.
  struct LinkTexts {
    StringColumn texts;
    std::vector<std::uint64_t> hashes;
    std::vector<std::uint32_t> of;  // by row (or list item): index into texts, or one of the kNoRow values
  };

  /// How a line stands in the text that is parsed.
  enum class Form : std::uint8_t { whole, without_origin };
  struct Line {
    std::size_t original = 0;  // where it begins in the block
    std::size_t place = 0;     // and in the text that is parsed
    Form form = Form::whole;
  };
  static constexpr std::string_view kNoOrigin = "{\"from\":{},\"object\":";

  /// What the last whole line has in its origin, or the plan where the line does not say it.
  struct Origin {
    bool is_known = false;  // false when the line was refused
    bool is_taken = false;  // the chunk has been told of it
    std::vector<std::uint64_t> entries;
    std::vector<std::uint8_t> texts;
    Tape tape;                          // of the two above
    std::vector<Found> found;           // by value; a place on that tape for those listed in `values`
    std::vector<std::uint16_t> values;  // those that the origin has
  };

  /// A path of a value that leads into the origin.
  struct Place {
    std::uint16_t value = 0;
    std::uint8_t rank = 0;    // of the path among those of the value
    std::uint16_t alone = 0;  // the value of the walker that has this path alone
  };
  static constexpr std::string_view kProvider = "from.provider", kOrganization = "from.organization_id";

  /// The value of the walker that has one path of the origin alone.
  std::uint16_t place_named(std::string_view path) {
    const auto [at, is_new] = alone_.try_emplace(path, std::uint16_t{0});
    if (is_new) {
      at->second = walker_.want(path);
      places_.push_back({at->second, 0, at->second});
    }
    return at->second;
  }

  void add_places(std::uint16_t value, std::string_view paths) {
    for (std::uint8_t rank = 0; !paths.empty(); ++rank) {
      const auto bar = paths.find('|');
      const auto path = paths.substr(0, bar);
      paths = bar == std::string_view::npos ? std::string_view{} : paths.substr(bar + 1);
      if (path.starts_with("from.")) places_.push_back({value, rank, place_named(path)});
    }
  }

  void allocate() {
    parser_ = std::make_unique<simdjson::dom::parser>();
#ifdef SIMDJSON_THREADS_ENABLED
    parser_->threaded = false;
#endif
    if (parser_->allocate(std::size_t{64} << 10, kMaxDepth) != simdjson::SUCCESS) throw std::bad_alloc();
  }

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
    const std::size_t size = shorten(block, bytes);
    const char* text = short_text_.get();
    simdjson::dom::document_stream stream;
    if (parser_->parse_many(text, size, size).get(stream) != simdjson::SUCCESS) return 0;
    std::size_t done = 0;
    const auto end = stream.end();
    for (auto it = stream.begin(); done + 1 < lines_.size() && it != end; ++it) {
      const Line& line = lines_[done];
      if ((*it).error() != simdjson::SUCCESS) break;
      const char* line_end = text + lines_[done + 1].place - 1;
      const std::size_t first = it.current_index();
      if (first < line.place || text[first] != '{') break;
      const char* last = text + first + it.source().size();
      // The document must be all there is in its line: documents that share a line, or span two, are for the
      // strict loop to refuse.
      if (last > line_end || !is_blank(text + line.place, text + first) || !is_blank(last, line_end)) break;
      // A line that was refused says nothing of those that begin as it does.
      if (line.form == Form::without_origin && !origin_.is_known) break;
      take_document(parser_->doc, chunk, line.form);
      ++chunk.lines;
      ++done;
      if (chunk.problems.size() >= kMaxProblems) break;
    }
    return lines_[done].original;
  }

  /// Most lines begin with the same bytes as the line before: {"from":{…},"object": and the origin is half of
  /// a line. Writes the block with {"from":{},"object": in the place of each such repetition, which leaves
  /// what is behind it to be judged as it was: the repeated bytes hold one whole object of scalars. Returns
  /// the size; lines_ has a row for each line and one for the end.
  std::size_t shorten(const char* block, std::size_t bytes) {
    if (short_capacity_ < bytes + kBlockPadding) {
      short_capacity_ = bytes + bytes / 4 + kBlockPadding;
      short_text_ = std::make_unique_for_overwrite<char[]>(short_capacity_);
    }
    lines_.clear();
    forget_origin();
    const char* const end = block + bytes;
    char* out = short_text_.get();
    std::string_view repeated;
    for (const char* at = block; at < end;) {
      const bool repeats = !repeated.empty() && repeated.size() < static_cast<std::size_t>(end - at) &&
                           std::memcmp(at, repeated.data(), repeated.size()) == 0;
      const char* rest = repeats ? at + repeated.size() : at;
      const char* next =
          static_cast<const char*>(std::memchr(rest, '\n', static_cast<std::size_t>(end - rest))) + 1;
      lines_.push_back({static_cast<std::size_t>(at - block),
                        static_cast<std::size_t>(out - short_text_.get()),
                        repeats ? Form::without_origin : Form::whole});
      if (repeats) {
        std::memcpy(out, kNoOrigin.data(), kNoOrigin.size());
        out += kNoOrigin.size();
      } else {
        repeated = origin_text({at, static_cast<std::size_t>(next - at)});
      }
      const auto size = static_cast<std::size_t>(next - rest);
      std::memcpy(out, rest, size);
      out += size;
      at = next;
    }
    const auto size = static_cast<std::size_t>(out - short_text_.get());
    lines_.push_back({bytes, size, Form::whole});
    return size;
  }

  /// {"from":{…},"object": at the begin of a line; empty when there is anything but scalars between the
  /// braces. In a line that is JSON the brace before ,"object": cannot stand in a text: the quote behind the
  /// comma would end it, and then no name may follow.
  static std::string_view origin_text(std::string_view line) {
    constexpr std::string_view kBegin = "{\"from\":{", kEnd = "},\"object\":";
    if (!line.starts_with(kBegin)) return {};
    const auto brace = line.find_first_of("{}[", kBegin.size());
    if (brace == std::string_view::npos || !line.substr(brace).starts_with(kEnd)) return {};
    const auto text = line.substr(0, brace + kEnd.size());
    return text.size() > kNoOrigin.size() ? text : std::string_view{};
  }

  void forget_origin() { origin_.is_known = false; }

  /// Keeps what the wanted values of a whole line have from its origin, for it and the lines that repeat it.
  void remember_origin() {
    for (const auto value : origin_.values) {
      origin_.found[value] = Found{};
      has_from_origin_[value] = false;
    }
    origin_.values.clear();
    origin_.is_known = true;
    origin_.is_taken = false;
    const auto all = walker_.found();
    const std::size_t end = all[object_].at;
    std::size_t text_end = 0;
    for (std::size_t at = 1; at < end; ++at) {
      const char type = tape_.type(at);
      if (type == '"')
        text_end = std::max(text_end, static_cast<std::size_t>(tape_.text(at).end() -
                                                               reinterpret_cast<const char*>(tape_.strings)));
      if (type == 'l' || type == 'u' || type == 'd') ++at;
    }
    origin_.entries.assign(tape_.entries, tape_.entries + end);
    origin_.texts.assign(tape_.strings, tape_.strings + text_end);
    const std::uint32_t provider = add_default(plan_.source.provider);
    const std::uint32_t organization = add_default(plan_.source.organization_id);
    origin_.tape = Tape{origin_.entries.data(), origin_.texts.data()};
    for (const auto& place : places_) {
      const Found& own = all[place.alone];
      // What the line itself says comes first, null included. What stands behind the object is not on the
      // tape; no line repeats such an origin.
      const std::uint32_t at = own.is_there()                 ? (own.at < end ? own.at : 0)
                               : place.alone == provider_     ? provider
                               : place.alone == organization_ ? organization
                                                              : 0;
      Found& found = origin_.found[place.value];
      if (at == 0 || place.rank >= found.rank) continue;
      if (!found.is_there()) origin_.values.push_back(place.value);
      found = {place.rank, at};
    }
  }

  /// Puts a text of the plan on the origin's tape; where it stands there, or 0 when there is none.
  std::uint32_t add_default(std::string_view text) {
    if (text.empty()) return 0;
    const auto size = static_cast<std::uint32_t>(text.size());
    const auto* counted = reinterpret_cast<const std::uint8_t*>(&size);
    origin_.entries.push_back(std::uint64_t{'"'} << 56 | origin_.texts.size());
    origin_.texts.insert(origin_.texts.end(), counted, counted + sizeof size);
    origin_.texts.insert(origin_.texts.end(), text.begin(), text.end());
    return static_cast<std::uint32_t>(origin_.entries.size() - 1);
  }

  /// Gives the line in work the values that it has from the origin that was kept: all that it repeats, and
  /// what the plan says where it does not.
  void recall_origin() {
    for (const auto value : origin_.values)
      has_from_origin_[value] = origin_.found[value].rank < walker_.found()[value].rank;
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

  void take_document(const simdjson::dom::document& document, Chunk& chunk, Form form) {
    if (form == Form::whole) forget_origin();
    tape_ = Tape{document.tape.get(), document.string_buf.get()};
    if (tape_.type(1) != '{') return add_problem(chunk, "the line is not one JSON object");
    if (const auto duplicate = walker_.walk(tape_)) {
      return add_problem(
          chunk, fmt::format("the member \"{}\" stands twice in one object", utf8_prefix(*duplicate, 200)));
    }
    for (const auto part : {from_, object_}) {
      if (walker_.found()[part].rank != 0 || tape_.type(walker_.found()[part].at) != '{') {
        return add_problem(chunk, "a record must have the form {\"from\": {…}, \"object\": {…}}");
      }
    }
    if (form == Form::whole) remember_origin();
    recall_origin();
    if (!take_key(chunk)) return;
    if (!origin_.is_taken) take_origin(chunk);
    origin_.is_taken = true;
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

  [[nodiscard]] const Found& found(std::uint16_t value) const {
    return has_from_origin_[value] ? origin_.found[value] : walker_.found()[value];
  }
  /// The tape that found(value) is a place on.
  [[nodiscard]] const Tape& tape_of(std::uint16_t value) const {
    return has_from_origin_[value] ? origin_.tape : tape_;
  }
  [[nodiscard]] std::optional<std::string_view> text_of(std::uint16_t value) const {
    const Found& place = found(value);
    const Tape& tape = tape_of(value);
    if (!place.is_there() || tape.type(place.at) != '"') return std::nullopt;
    return tape.text(place.at);
  }
  [[nodiscard]] std::string_view key_text(std::size_t part) const { return *text_of(plan_.key[part]); }

  bool take_key(Chunk& chunk) {
    if (plan_.key.empty()) return true;
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < plan_.key.size(); ++i) {
      const auto part = text_of(plan_.key[i]);
      if (!part || part->empty()) {
        std::string_view names = spec_of(plan_.dataset).key;
        for (std::size_t skip = 0; skip < i; ++skip) names.remove_prefix(names.find(' ') + 1);
        const bool is_there = found(plan_.key[i]).rank <= Found::kInvalid;
        add_problem(chunk, fmt::format("the record has no {}{}", names.substr(0, names.find(' ')),
                                       is_there ? " that is a non-empty text" : ""));
        return false;
      }
      const std::uint64_t part_hash = KeyIndex::hash(*part);
      key_hashes_[i] = part_hash;
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
    if (found(request_).is_there() && tape_of(request_).type(found(request_).at) == 'l') {
      const std::int64_t number = tape_of(request_).signed_integer(found(request_).at);
      if (number > 0 && number <= INT32_MAX) request = static_cast<std::uint64_t>(number);
    }
    if (request != last_request_) {
      last_request_ = request;
      chunk.requests.push_back({chunk.rows, static_cast<std::uint32_t>(request)});
    }
  }

  void push(Column& column, FieldType type, std::uint16_t value) {
    const Found& place = found(value);
    if (!place.is_there()) {
      return column.push_missing(place.rank == Found::kInvalid ? Cell::invalid
                                 : place.rank == Found::kNull  ? Cell::null
                                                               : Cell::absent);
    }
    const Tape& tape = tape_of(value);
    const char tag = tape.type(place.at);
    if (tag == 'n') return column.push_missing(Cell::null);
    switch (type) {
      case FieldType::text:
      case FieldType::id:
      case FieldType::word:
        if (tag == '"') return column.push_text(tape.text(place.at));
        break;
      case FieldType::time:
        if (tag == '"') {
          if (const auto instant = parse_rfc3339(tape.text(place.at))) return column.push_int(instant->us);
        }
        break;
      case FieldType::date:
        if (tag == '"') {
          const auto text = tape.text(place.at);
          if (const auto date = parse_date(text)) return column.push_int(start_of(*date).us);
          if (const auto instant = parse_rfc3339(text))
            return column.push_int(start_of(date_of(*instant)).us);
        }
        break;
      case FieldType::boolean:
        if (tag == 't' || tag == 'f') return column.push_boolean(tag == 't');
        break;
      case FieldType::integer:
        if (tag == 'l') return column.push_int(tape.signed_integer(place.at));
        if (tag == 'd') {
          constexpr double kExact = 9007199254740992.0;
          const double number = tape.number(place.at);
          if (std::trunc(number) == number && std::abs(number) <= kExact)
            return column.push_int(static_cast<std::int64_t>(number));
        }
        break;
      case FieldType::number:
        if (tag == 'd') return column.push_number(tape.number(place.at));
        if (tag == 'l') return column.push_number(static_cast<double>(tape.signed_integer(place.at)));
        if (tag == 'u') return column.push_number(static_cast<double>(tape.unsigned_integer(place.at)));
        if (tag == '"') {
          if (const auto number = decimal(tape.text(place.at))) return column.push_number(*number);
        }
        break;
      case FieldType::text_list:
        if (read_list(tape, place.at)) return column.push_list(items_);
        break;
      case FieldType::json:
        json_.clear();
        append_json(json_, tape, place.at);
        return column.push_text(json_);
    }
    column.push_missing(Cell::invalid);
  }

  /// Reads a list of strings, or a bare string, into items_.
  bool read_list(const Tape& tape, std::size_t at) {
    items_.clear();
    if (tape.type(at) == '"') {
      items_.push_back(tape.text(at));
      return true;
    }
    if (tape.type(at) != '[') return false;
    const std::size_t end = tape.after(at) - 1;
    for (++at; at < end; ++at) {
      if (tape.type(at) != '"') return false;
      items_.push_back(tape.text(at));
    }
    return true;
  }

  void add_text(LinkTexts& texts, std::string_view text, std::optional<std::size_t> key_part = {}) {
    // Rows that follow each other often point at the same record: the members of one workspace.
    const std::size_t count = texts.texts.size();
    if (count == 0 || texts.texts[count - 1] != text) {
      texts.texts.push_back(text);
      texts.hashes.push_back(key_part ? key_hashes_[*key_part] : KeyIndex::hash(text));
    }
    texts.of.push_back(static_cast<std::uint32_t>(texts.texts.size() - 1));
  }

  void take_link(const Plan::Link& link, LinkTexts& texts, Chunk::ListLink& list) {
    const Found& place = found(link.value);
    const Tape& tape = tape_of(link.value);
    const char tag = place.is_there() ? tape.type(place.at) : '\0';
    if (link.is_list) {
      if (tag != '\0' && read_list(tape, place.at)) {
        for (const auto item : items_) add_text(texts, item);
      }
      list.ends.push_back(static_cast<std::uint32_t>(texts.of.size()));
    } else if (tag == '"') {
      if (link.where_value && text_of(*link.where_value) != link.where_word) {
        texts.of.push_back(kNoRowNull);
      } else {
        add_text(texts, tape.text(place.at), link.key_part);
      }
    } else {
      texts.of.push_back(tag == 'n' || place.rank == Found::kNull ? kNoRowNull
                         : place.rank == Found::kAbsent           ? kNoRowAbsent
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
      for (std::size_t i = begin; i < end; ++i) rows_[i] = keys.guess(texts.hashes[i]);
      const auto each_guess = [&](auto&& fetch) {
        for (std::size_t i = begin; i < end; ++i) {
          if (rows_[i] != kDangling) fetch(rows_[i]);
        }
      };
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
  Walker walker_;
  std::uint16_t from_ = 0, object_ = 0, provider_ = 0, organization_ = 0,
                request_ = 0;  // values of the walker
  Tape tape_;
  std::unique_ptr<char[]> short_text_;
  std::size_t short_capacity_ = 0;
  std::vector<Line> lines_;
  Origin origin_;
  std::map<std::string_view, std::uint16_t> alone_;  // by path of the origin
  std::vector<Place> places_;
  std::vector<std::uint8_t>
      has_from_origin_;  // by value: whether it is taken from there for the line in work
  std::vector<std::string_view> items_;
  std::string json_;
  std::vector<LinkTexts> texts_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint64_t> key_hashes_;  // of the record's key, part by part
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
