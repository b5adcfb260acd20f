#include "roster/json_rows.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace muster::roster {
namespace {

constexpr std::string_view kListNames[] = {"persons", "people", "employees", "workers", "data",
                                           "value",   "items",  "results",   "rows"};

class JsonRows {
 public:
  JsonRows(const RosterSource& source, SourceRows& rows, Diagnostics& problems)
      : source_(source), rows_(rows), problems_(problems) {}

  void add(const json::Value& value, std::uint32_t line, std::size_t bytes) {
    const json::Object* const object = value.object();
    if (object == nullptr) {
      rows_.report({ErrorCode::roster_row,
                    fmt::format("the row is not an object but {}", with_article(value.type_name())),
                    Place{{}, line, 0, {}},
                    {}});
      return;
    }
    RowText row;
    row.bytes = bytes;
    texts_.clear();
    tenures_.clear();
    line_ = line;
    is_good_ = true;
    std::array<const json::Value*, kFieldCount> found{};
    source_.columns.empty() ? find_usual(*object, found) : find_mapped(*object, found);
    if (!source_.as_of_column.empty())
      found[index_of(Field::as_of)] = find_path(*object, source_.as_of_column);
    for (std::size_t f = 0; f < kFieldCount; ++f) {
      if (found[f] == nullptr) continue;
      found_[f] = true;
      if (static_cast<Field>(f) == Field::tenures) {
        take_tenures(*found[f], row);
      } else {
        row.cells[f] = text_of(*found[f], word_of(static_cast<Field>(f)),
                               f == index_of(Field::emails) || f == index_of(Field::former_emails) ||
                                   f == index_of(Field::email));
      }
    }
    row.has_status = found[index_of(Field::status)] != nullptr || source_.columns.contains("status");
    if (row.has_tenures && (!row[Field::start].empty() || !row[Field::end].empty())) {
      rows_.report({ErrorCode::roster_row, "the row has both a list of tenures and a start or end of its own",
                    Place{{}, line, 0, {}}, "put them into the list"});
      is_good_ = false;
    }
    for (const auto& [name, member] : *object) {
      if (names_.size() < 200) names_.emplace(name, names_.size());
    }
    if (is_good_) rows_.add(row, line);
  }

  /// What can be said of the names only when all rows are known.
  void finish() {
    std::vector<std::string_view> names(names_.size());
    for (const auto& [name, at] : names_) names[at] = name;
    if (rows_.rows() == 0) return;
    for (const auto& [word, member] : source_.columns) {
      for (std::size_t f = 0; f < kMappableCount; ++f) {
        if (word_of(static_cast<Field>(f)) == word && !found_[f]) report_missing(member, word, names);
      }
    }
    if (!source_.as_of_column.empty() && !found_[index_of(Field::as_of)])
      report_missing(source_.as_of_column, word_of(Field::as_of), names);
    check_found(source_, found_, names, 0, problems_);
  }

 private:
  static std::string with_article(std::string_view type) {
    return type == "null"
               ? "null"
               : fmt::format("{} {}", type == "array" || type == "integer" || type == "object" ? "an" : "a",
                             type);
  }

  void report_missing(std::string_view member, std::string_view word,
                      const std::vector<std::string_view>& names) {
    const auto near = nearest_name(member, std::span(names));
    problems_.error(ErrorCode::roster_column,
                    fmt::format("no row has a member \"{}\", which the config maps to {}", member, word),
                    Place{source_.shown_path, 0, 0, {}},
                    near ? fmt::format("did you mean \"{}\"?", *near)
                         : fmt::format("rows have {}", list_names(names, 20)));
  }

  static const json::Value* find_path(const json::Object& object, std::string_view path) {
    for (const auto& [name, value] : object) {
      if (name == path) return &value;
    }
    for (const auto& [name, value] : object) {
      if (is_same_name(name, path)) return &value;
    }
    const auto dot = path.find('.');
    if (dot == std::string_view::npos) return nullptr;
    const json::Value* const inner = find_path(object, path.substr(0, dot));
    return inner == nullptr || inner->object() == nullptr ? nullptr
                                                          : find_path(*inner->object(), path.substr(dot + 1));
  }

  void find_mapped(const json::Object& object, std::array<const json::Value*, kFieldCount>& found) const {
    for (std::size_t f = 0; f < kMappableCount; ++f) {
      const auto mapped = source_.columns.find(std::string(word_of(static_cast<Field>(f))));
      if (mapped != source_.columns.end()) found[f] = find_path(object, mapped->second);
    }
  }

  void find_usual(const json::Object& object, std::array<const json::Value*, kFieldCount>& found) {
    std::array<std::uint32_t, kFieldCount> ranks;
    ranks.fill(kNoColumn);
    for (const auto& [name, value] : object) {
      auto at = guesses_.find(name);
      if (at == guesses_.end()) {
        if (guesses_.size() > 1000) guesses_.clear();
        at = guesses_.emplace(name, guess_field(name)).first;
      }
      if (!at->second) continue;
      const std::size_t f = index_of(at->second->field);
      if (at->second->rank >= ranks[f]) continue;
      ranks[f] = at->second->rank;
      found[f] = &value;
    }
  }

  std::string_view text_of(const json::Value& value, std::string_view what, bool is_list_allowed) {
    if (const auto* text = value.string()) return *text;
    if (value.is_null()) return {};
    if (const auto* number = value.integer()) return texts_.emplace_back(fmt::format("{}", *number));
    if (const auto* yes = value.boolean()) return *yes ? "true" : "false";
    if (const auto* list = value.array(); list != nullptr && is_list_allowed) {
      std::string joined;
      for (const auto& item : *list) {
        if (item.string() == nullptr) {
          rows_.report({ErrorCode::roster_row,
                        fmt::format("{} holds {}, expected texts", what, with_article(item.type_name())),
                        Place{{}, line_, 0, {}},
                        {}});
          is_good_ = false;
          return {};
        }
        joined += *item.string();
        joined.push_back(' ');
      }
      return texts_.emplace_back(std::move(joined));
    }
    rows_.report({ErrorCode::roster_row,
                  fmt::format("{} is {}, expected a text", what, with_article(value.type_name())),
                  Place{{}, line_, 0, {}},
                  value.object() != nullptr
                      ? fmt::format("map a member of it in `columns`, e.g. `{0}: {0}.id`", what)
                      : std::string()});
    is_good_ = false;
    return {};
  }

  void take_tenures(const json::Value& value, RowText& row) {
    if (value.is_null()) return;
    const json::Array* const list = value.array();
    if (list == nullptr) {
      rows_.report({ErrorCode::roster_row,
                    fmt::format("tenures is {}, expected a list", with_article(value.type_name())),
                    Place{{}, line_, 0, {}},
                    {}});
      is_good_ = false;
      return;
    }
    row.has_tenures = true;
    for (const auto& item : *list) {
      if (item.object() == nullptr) {
        rows_.report({ErrorCode::roster_row,
                      fmt::format("a tenure is {}, expected an object", with_article(item.type_name())),
                      Place{{}, line_, 0, {}},
                      {}});
        is_good_ = false;
        return;
      }
      TenureText tenure;
      for (const auto& [name, member] : *item.object()) {
        if (name == "start") {
          tenure.start = text_of(member, "start", false);
        } else if (name == "end") {
          tenure.end = text_of(member, "end", false);
        } else if (name == "status") {
          tenure.status = text_of(member, "status", false);
          tenure.has_status = !member.is_null();
        } else {
          // A misspelt "end" would make a leaver of old look present.
          static constexpr std::string_view kKnown[] = {"start", "end", "status"};
          const auto near = nearest_name(name, std::span(kKnown));
          rows_.report(
              {ErrorCode::roster_row, fmt::format("a tenure has the unknown member \"{}\"", name),
               Place{{}, line_, 0, {}},
               near ? fmt::format("did you mean \"{}\"?", *near) : "known are start, end and status"});
          is_good_ = false;
        }
      }
      tenures_.push_back(tenure);
    }
    row.tenures = tenures_;
  }

  const RosterSource& source_;
  SourceRows& rows_;
  Diagnostics& problems_;
  std::deque<std::string> texts_;  // of the present row; views into them stay valid
  std::vector<TenureText> tenures_;
  std::map<std::string, std::optional<Guess>, std::less<>> guesses_;
  std::map<std::string, std::size_t, std::less<>> names_;  // in order of appearance
  std::array<bool, kFieldCount> found_{};
  std::uint32_t line_ = 0;
  bool is_good_ = true;
};

Error placed(Error error, const RosterSource& source) {
  error.place.file = source.shown_path;
  return error;
}

}  // namespace

Status read_json(std::string_view text, const RosterSource& source, SourceRows& rows, Diagnostics& problems) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto value = json::parse(text, {source.shown_path});
  if (!value) return tl::unexpected(value.error());
  const json::Array* list = value->array();
  for (const auto name : kListNames) {
    if (list == nullptr && value->find(name) != nullptr) list = value->find(name)->array();
  }
  if (list == nullptr) {
    return fail(ErrorCode::roster_format, "the file holds no list of persons",
                Place{source.shown_path, 0, 0, {}},
                fmt::format("expected a JSON array of objects, or an object with one as {}",
                            list_names(kListNames, 9)));
  }
  JsonRows json_rows(source, rows, problems);
  std::uint32_t number = 0;
  for (const auto& item : *list) json_rows.add(item, ++number, text.size() / list->size());
  json_rows.finish();
  return {};
}

Status read_lines(const ReadBytes& read, const RosterSource& source,
                  const std::function<void(std::string_view, std::uint32_t)>& take_line) {
  std::string buffer(std::size_t{256} << 10, '\0');
  std::size_t begin = 0, end = 0;
  std::uint32_t line = 0;
  bool is_at_end = false;
  const auto take = [&](std::string_view text) {
    ++line;
    if (line == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (!trim(text).empty()) take_line(text, line);
  };
  while (!is_at_end) {
    if (begin > 0) std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    end -= begin;
    begin = 0;
    if (end == buffer.size()) {
      if (end >= kMostLineBytes) {
        return tl::unexpected(placed({ErrorCode::file_too_large,
                                      fmt::format("the line is larger than {} bytes", kMostLineBytes),
                                      Place{{}, line + 1, 0, {}},
                                      {}},
                                     source));
      }
      buffer.resize(2 * buffer.size());
    }
    const auto count = read(std::span(buffer).subspan(end));
    if (!count) return tl::unexpected(count.error());
    is_at_end = *count == 0;
    end += *count;
    for (;;) {
      const auto* const newline =
          static_cast<const char*>(std::memchr(buffer.data() + begin, '\n', end - begin));
      if (newline == nullptr) break;
      const auto size = static_cast<std::size_t>(newline - buffer.data()) - begin;
      take(std::string_view(buffer).substr(begin, size));
      begin += size + 1;
    }
  }
  if (begin < end) take(std::string_view(buffer).substr(begin, end - begin));
  return {};
}

Status read_jsonl(const ReadBytes& read, const RosterSource& source, SourceRows& rows,
                  Diagnostics& problems) {
  JsonRows json_rows(source, rows, problems);
  auto status = read_lines(read, source, [&](std::string_view text, std::uint32_t line) {
    json::ParseOptions options;
    options.file = source.shown_path;
    options.first_line = line;
    if (auto value = json::parse(text, options)) {
      json_rows.add(*value, line, text.size() + 1);
    } else {
      rows.report(value.error());
    }
  });
  if (!status) return status;
  json_rows.finish();
  return {};
}

}  // namespace muster::roster
