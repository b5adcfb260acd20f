#include "roster/rewrite.h"

#include <map>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "roster/csv_reader.h"
#include "roster/fields.h"

namespace muster::roster {
namespace {

constexpr std::uint64_t kLargestFile = 4ull << 30;

class CsvRewriter final : public CsvSink {
 public:
  CsvRewriter(const RosterSource& source, const RewriteCell& rewrite)
      : source_(source), rewrite_(rewrite), delimiter_(source.delimiter == 0 ? ',' : source.delimiter) {}

  bool on_row(std::span<const std::string_view> fields, std::uint32_t line) override {
    if (header_.empty()) {
      header_.assign(fields.begin(), fields.end());
      fields_.assign(fields.size(), "");
      const std::vector<std::string_view> views(header_.begin(), header_.end());
      const FieldColumns columns = map_header(source_, views, line, problems_);
      for (std::size_t f = 0; f < kFieldCount; ++f)
        if (columns[f] != kNoColumn) fields_[columns[f]] = word_of(static_cast<Field>(f));
      for (std::size_t i = 0; i < fields.size(); ++i) put(i, fields[i]);
    } else {
      for (std::size_t i = 0; i < fields.size(); ++i)
        put(i,
            i < fields_.size() ? rewrite_(fields_[i], header_[i], fields[i]) : rewrite_("", "", fields[i]));
    }
    out_ += '\n';
    return !problems_.has_errors();
  }
  bool on_problem(Error error) override {
    problems_.error(std::move(error));
    return false;
  }
  [[nodiscard]] const Diagnostics& problems() const { return problems_; }
  [[nodiscard]] std::string& out() { return out_; }

 private:
  void put(std::size_t index, std::string_view text) {
    if (index > 0) out_ += delimiter_;
    const bool is_quoted = text.find_first_of("\"\r\n") != std::string_view::npos ||
                           text.find(delimiter_) != std::string_view::npos || text.starts_with(' ') ||
                           text.ends_with(' ');
    if (!is_quoted) {
      out_ += text;
      return;
    }
    out_ += '"';
    for (const char c : text) out_.append(c == '"' ? 2 : 1, c);
    out_ += '"';
  }

  const RosterSource& source_;
  const RewriteCell& rewrite_;
  char delimiter_;
  std::vector<std::string> header_;
  std::vector<std::string_view> fields_;
  Diagnostics problems_;
  std::string out_;
};

/// The field that a member of a JSON row is: by the config's map, else by its name.
std::string_view field_of(const RosterSource& source, const std::string& path, std::string_view name) {
  for (const auto& [field, column] : source.columns)
    if (column == path) return field;
  if (!source.columns.empty()) return "";
  if (const auto guess = guess_field(name)) return word_of(guess->field);
  return "";
}

json::Value rewritten(const json::Value& value, const std::string& path, std::string_view field,
                      std::string_view name, const RosterSource& source, const RewriteCell& rewrite) {
  if (const std::string* text = value.string()) return json::Value(rewrite(field, path, *text));
  if (const json::Array* items = value.array()) {
    json::Array out;
    for (const json::Value& item : *items) out.push_back(rewritten(item, path, field, name, source, rewrite));
    return json::Value(std::move(out));
  }
  if (const json::Object* members = value.object()) {
    json::Object out;
    for (const auto& [member, inner] : *members) {
      const std::string below = path.empty() ? member : path + "." + member;
      const std::string_view known = field_of(source, below, member);
      out.emplace_back(member,
                       rewritten(inner, below, known.empty() ? field : known, member, source, rewrite));
    }
    return json::Value(std::move(out));
  }
  if (value.integer() != nullptr && (field == "person_id" || field == "manager")) {
    // A number that names a person becomes a text, as rosters may have either.
    return json::Value(rewrite(field, path, json::dump(value)));
  }
  return value;
}

/// What an attribute of a SCIM user is, by its name and the one that holds it (RFC 7643), folded.
std::string_view scim_field(const std::string& holder, const std::string& name) {
  if (name == "id" || name == "externalid" || name == "employeenumber") return "person_id";
  if (name == "manager" || (holder == "manager" && name == "value")) return "manager";
  if (name == "username" || name == "emails" || (holder == "emails" && name == "value")) return "email";
  if (name == "displayname" || name == "name" || holder == "name") return "name";
  if (name == "department") return "department";
  // What a user is, not who.
  if (name == "active" || name == "usertype" || name == "schemas" || name == "type" ||
      name == "resourcetype" || name == "created" || name == "lastmodified")
    return "status";
  return "";
}

json::Value rewritten_user(const json::Value& value, const std::string& holder, const std::string& name,
                           const RewriteCell& rewrite) {
  if (const std::string* text = value.string())
    return json::Value(rewrite(scim_field(holder, name), name, *text));
  if (value.integer() != nullptr && scim_field(holder, name) == "person_id")
    return json::Value(rewrite("person_id", name, json::dump(value)));
  if (const json::Array* items = value.array()) {
    json::Array out;
    for (const json::Value& item : *items)
      out.push_back(rewritten_user(item, item.object() == nullptr ? holder : name, name, rewrite));
    return json::Value(std::move(out));
  }
  if (const json::Object* members = value.object()) {
    json::Object out;
    for (const auto& [member, inner] : *members)
      out.emplace_back(member, rewritten_user(inner, name, fold_case(member), rewrite));
    return json::Value(std::move(out));
  }
  return value;
}

/// Line by line; the last one seals the bytes before it, and is made anew.
Result<std::string> rewrite_scim(std::string_view rest, const RosterSource& source,
                                 const RewriteCell& rewrite) {
  std::string out;
  for (std::uint32_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = rest.find('\n');
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    auto value = json::parse(text, {.file = source.shown_path, .first_line = line});
    if (!value) return tl::unexpected(value.error());
    if (json::Object* members = value->object()) {
      const bool is_last = value->find("completed") != nullptr;
      for (auto& [name, member] : *members) {
        if (name == "object")
          member = rewritten_user(member, "", "", rewrite);
        else if (name == "sha256" && is_last)
          member = json::Value(sha256_hex(out));
        else if (name == "request" || name == "reason")
          member = rewritten(member, name, "text", name, {}, rewrite);
      }
    }
    out += json::dump(*value) + "\n";
  }
  return out;
}

}  // namespace

Result<std::string> rewrite_roster(const FileSystem& files, const RosterSource& source,
                                   const RewriteCell& rewrite) {
  const auto text = files.read_file(source.path, kLargestFile);
  if (!text) return tl::unexpected(text.error());
  if (source.format == RosterSource::Format::csv) {
    CsvRewriter rewriter(source, rewrite);
    std::size_t at = 0;
    const auto read = [&](std::span<char> out) -> Result<std::size_t> {
      const std::size_t count = std::min(out.size(), text->size() - at);
      text->copy(out.data(), count, at);
      at += count;
      return count;
    };
    const Status done = read_csv(read, {.delimiter = source.delimiter}, rewriter);
    if (!done) return tl::unexpected(done.error());
    if (rewriter.problems().has_errors()) return tl::unexpected(rewriter.problems().errors().front());
    return std::move(rewriter.out());
  }
  if (source.format == RosterSource::Format::scim) return rewrite_scim(*text, source, rewrite);
  if (source.format == RosterSource::Format::json) {
    auto value = json::parse(*text, {.file = source.shown_path});
    if (!value) return tl::unexpected(value.error());
    // The rows may stand in a list that an object holds; their members are named from the row on.
    if (json::Object* answer = value->object()) {
      for (auto& [name, member] : *answer)
        member = rewritten(member, member.array() != nullptr ? "" : name, "", name, source, rewrite);
    } else {
      value = rewritten(*value, "", "", "", source, rewrite);
    }
    return json::dump(*value, 1) + "\n";
  }
  std::string out;
  std::string_view rest = *text;
  for (std::uint32_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = rest.find('\n');
    const std::string_view row = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (row.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto value = json::parse(row, {.file = source.shown_path, .first_line = line});
    if (!value) return tl::unexpected(value.error());
    out += json::dump(rewritten(*value, "", "", "", source, rewrite)) + "\n";
  }
  return out;
}

std::string rewrite_addresses(std::string_view text,
                              const std::function<std::string(std::string_view)>& rewrite) {
  constexpr std::string_view kBetween = "; ,\t\n\r";
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.size(), text.find_first_of(kBetween));
    if (end > 0) out += rewrite(text.substr(0, end));
    text.remove_prefix(end);
    const std::size_t next = std::min(text.size(), text.find_first_not_of(kBetween));
    out += text.substr(0, next);
    text.remove_prefix(next);
  }
  return out;
}

}  // namespace muster::roster
