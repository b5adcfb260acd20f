#include "snapshot/chunk.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "snapshot/line_pattern.h"
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
    provider_ = walker_.want(kProvider);
    organization_ = walker_.want(kOrganization);
    request_ = walker_.want("from.request");
    wanted_ = walker_.found().size();
    from_ = walker_.want("from");
    object_ = walker_.want("object");
    add_default(kProvider, provider_, plan.source.provider);
    add_default(kOrganization, organization_, plan.source.organization_id);
    defaults_tape_ = Tape{default_entries_.data(), default_texts_.data()};
    key_hashes_.resize(plan.key.size());
    texts_.resize(plan.links.size());
    allocate();
  }

  Chunk parse(const char* block, std::size_t bytes) {
    Chunk chunk;
    start(chunk, bytes);
    const char* const end = block + bytes;
    for (const char* line = block; line < end && chunk.problems.size() < kMaxProblems; ++chunk.lines) {
      std::size_t size = read_known(line, end);
      if (size != 0) {
        take_record(chunk);
      } else {
        size = static_cast<std::size_t>(
                   static_cast<const char*>(std::memchr(line, '\n', static_cast<std::size_t>(end - line))) -
                   line) +
               1;
        parse_line({line, size}, chunk);
      }
      line += size;
    }
    finish(chunk);
    if (bytes > kKeptCapacity) allocate();  // a giant line must not hold its memory for the rest of the run
    return chunk;
  }

 private:
  static constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;
  static constexpr std::string_view kProvider = "from.provider", kOrganization = "from.organization_id";

  /// Texts of one link of a chunk, resolved together so that the look-ups overlap.
  struct LinkTexts {
    StringColumn texts;
    std::vector<std::uint64_t> hashes;
    std::vector<std::uint32_t> of;  // by row (or list item): index into texts, or one of the kNoRow values
  };

  /// A wanted value where it is: on the line's tape, or on that of what lines leave out.
  struct Value {
    Found found;
    bool is_default = false;
  };

  /// What a line leaves out is what the plan says.
  struct Default {
    std::uint16_t value = 0;
    std::uint8_t rank = 0;   // of its path among those of the value
    std::uint16_t said = 0;  // the value of the walker that has this path alone: the line's own word
    std::uint32_t at = 0;    // on the tape of defaults
  };

  /// Lines that are known, and where their wanted values are.
  struct Known {
    LinePattern pattern;
    std::vector<Value> values;
  };

  void add_default(std::string_view path, std::uint16_t said, std::string_view text) {
    if (text.empty()) return;
    const auto size = static_cast<std::uint32_t>(text.size());
    const auto* counted = reinterpret_cast<const std::uint8_t*>(&size);
    const auto at = static_cast<std::uint32_t>(default_entries_.size());
    default_entries_.push_back(std::uint64_t{'"'} << 56 | default_texts_.size());
    default_texts_.insert(default_texts_.end(), counted, counted + sizeof size);
    default_texts_.insert(default_texts_.end(), text.begin(), text.end());
    defaults_.push_back({said, 0, said, at});
    for (std::uint16_t value = 0; value < plan_.values.size(); ++value) {
      std::string_view paths = plan_.values[value].paths;
      for (std::uint8_t rank = 0; !paths.empty(); ++rank) {
        const auto bar = paths.find('|');
        if (paths.substr(0, bar) == path) defaults_.push_back({value, rank, said, at});
        paths = bar == std::string_view::npos ? std::string_view{} : paths.substr(bar + 1);
      }
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

  /// Reads the line when it is like one that was parsed; 0 when it is not.
  std::size_t read_known(const char* line, const char* end) {
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const std::size_t size = known_[i].pattern.read(line, end);
      if (size == 0) continue;
      tape_ = known_[i].pattern.tape();
      values_ = known_[i].values;
      if (i > 0) std::swap(known_[i], known_[i - 1]);  // the frequent ones come first in time
      return size;
    }
    return 0;
  }

  /// Lines that come once in a while must not make the parser forget the others, nor cost much.
  void learn(std::string_view line) {
    constexpr std::size_t kMaxKnown = 8, kPatience = 64;
    if (known_.size() == kMaxKnown && ++unknown_ % kPatience != 0) return;
    wanted_found_.clear();
    for (std::size_t value = 0; value < wanted_; ++value) wanted_found_.push_back(walker_.found()[value]);
    auto pattern = LinePattern::of(line, tape_, walker_.names(), wanted_found_);
    if (!pattern) return;
    if (known_.size() == kMaxKnown) known_.pop_back();
    known_.push_back({std::move(*pattern), parsed_values_});
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

  /// A line with its line feed.
  void parse_line(std::string_view line, Chunk& chunk) {
    const std::string_view text = line.substr(0, line.size() - 1);
    if (const auto error = parser_->parse(text.data(), text.size(), false).error();
        error != simdjson::SUCCESS)
      return refuse_line(chunk, text, error);
    tape_ = Tape{parser_->doc.tape.get(), parser_->doc.string_buf.get()};
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
    parsed_values_.clear();
    for (std::size_t value = 0; value < wanted_; ++value)
      parsed_values_.push_back({walker_.found()[value], false});
    for (const Default& row : defaults_) {
      // What the line itself says comes first, null included.
      if (walker_.found()[row.said].is_there() || row.rank >= parsed_values_[row.value].found.rank) continue;
      parsed_values_[row.value] = {{row.rank, row.at}, true};
    }
    learn(line);
    values_ = parsed_values_;
    take_record(chunk);
  }

  /// The record on tape_, whose values are values_.
  void take_record(Chunk& chunk) {
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

  [[nodiscard]] const Found& found(std::uint16_t value) const { return values_[value].found; }
  /// The tape that found(value) is a place on.
  [[nodiscard]] const Tape& tape_of(std::uint16_t value) const {
    return values_[value].is_default ? defaults_tape_ : tape_;
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
    const bool is_default = values_[provider_].is_default && values_[organization_].is_default;
    if (!has_source_ || !is_default || !is_source_default_) {
      const auto provider = text_of(provider_).value_or(std::string_view{});
      const auto organization = text_of(organization_).value_or(std::string_view{});
      if (!has_source_ || provider != provider_text_ || organization != organization_text_) {
        provider_text_ = provider;
        organization_text_ = organization;
        chunk.sources.emplace_back(chunk.rows, Source{provider_text_, organization_text_});
      }
      has_source_ = true;
      is_source_default_ = is_default;
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
  std::uint16_t provider_ = 0, organization_ = 0, request_ = 0, from_ = 0,
                object_ = 0;  // values of the walker
  std::size_t wanted_ = 0;    // so many of them, the first, are read; the others must be there
  Tape tape_, defaults_tape_;
  std::span<const Value> values_;  // of the record in work
  std::vector<Value> parsed_values_;
  std::vector<Found> wanted_found_;
  std::vector<Default> defaults_;
  std::vector<std::uint64_t> default_entries_;
  std::vector<std::uint8_t> default_texts_;
  std::vector<Known> known_;
  std::size_t unknown_ = 0;  // lines that were like none of many
  std::vector<std::string_view> items_;
  std::string json_;
  std::vector<LinkTexts> texts_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint64_t> key_hashes_;  // of the record's key, part by part
  std::string provider_text_, organization_text_;
  bool has_source_ = false, is_source_default_ = false;
  std::uint64_t last_request_ = UINT64_MAX;
  std::size_t last_rows_ = 0;
};

ChunkParser::ChunkParser(const Plan& plan) : impl_(std::make_unique<Impl>(plan)) {}
ChunkParser::~ChunkParser() = default;
ChunkParser::ChunkParser(ChunkParser&&) noexcept = default;

Chunk ChunkParser::parse(const char* block, std::size_t bytes) { return impl_->parse(block, bytes); }

}  // namespace muster::snapshot
