#include "snapshot/import.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "snapshot/chunk.h"
#include "snapshot/load.h"

namespace muster::snapshot {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kBlockBytes = std::size_t{512} << 10;
constexpr std::uint64_t kMaxWholeFile = std::uint64_t{2} << 30;
constexpr int kMaxInputDepth = kMaxDepth + 4;  // lists and replies around a row
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The list inside an item of a reply that holds a dataset's rows one level deeper: a bucket's results, a
/// settings reply's settings.
std::string_view inner_list(Dataset dataset) {
  switch (dataset) {
    case Dataset::usage:
    case Dataset::cost: return "results";
    case Dataset::settings: return "settings";
    case Dataset::compliance_keys: return "api_keys";
    default: return {};
  }
}

/// A member of rows that goes into `from`, because the schema looks for it there.
struct Parent {
  std::string_view name;
  bool is_needed = false;
  std::vector<std::string_view> other_names;  // members of the object that say the same
};

std::vector<Parent> parents_of(const DatasetSpec& spec) {
  std::vector<Parent> parents{{.name = "organization_id", .is_needed = false, .other_names = {}}};
  for (const auto& field : spec.fields) {
    Parent parent;
    for (std::string_view rest = field.paths; !rest.empty();) {
      const auto bar = rest.find('|');
      const std::string_view path = rest.substr(0, bar);
      rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
      const auto dot = path.find('.');
      if (dot == std::string_view::npos) continue;
      (path.starts_with("from.") ? parent.name : parent.other_names.emplace_back()) = path.substr(dot + 1);
    }
    if (parent.name.empty() || parent.name == "organization_id") continue;
    parent.is_needed = field.type == FieldType::id && !field.nullable;
    parents.push_back(std::move(parent));
  }
  return parents;
}

std::string_view kind_of(ondemand::json_type type) {
  switch (type) {
    case ondemand::json_type::array: return "a list";
    case ondemand::json_type::object: return "an object";
    case ondemand::json_type::number: return "a number";
    case ondemand::json_type::string: return "a text";
    case ondemand::json_type::boolean: return "a boolean";
    case ondemand::json_type::null: return "null";
  }
  return "something else";
}

/// One row as it stands in the input, and what the list around it says about it.
struct Row {
  std::string_view text;
  std::uint32_t line = 0;
  std::map<std::string, std::string, std::less<>> around;
};

/// The texts of members of one object, where they are strings. `text` is valid JSON with padding behind it.
std::map<std::string, std::string, std::less<>> members_of(ondemand::parser& reader, std::string_view text,
                                                           const std::vector<std::string_view>& names) {
  std::map<std::string, std::string, std::less<>> found;
  ondemand::document document;
  ondemand::object object;
  if (reader.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING).get(document) !=
          simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return found;
  }
  for (const auto name : names) {
    std::string_view value;
    if (object.find_field_unordered(name).get_string().get(value) == simdjson::SUCCESS)
      found.emplace(name, value);
  }
  return found;
}

/// One dataset on its way from rows of the input to data/<dataset>.jsonl. Rows are put into their wrapping
/// and then checked by the very code that loads them.
class DatasetImport {
 public:
  DatasetImport(const DatasetSpec& spec, std::string input, const ImportOptions& options, FileWriter& out,
                Diagnostics& problems)
      : spec_(spec),
        input_(std::move(input)),
        options_(options),
        out_(out),
        problems_(problems),
        parents_(parents_of(spec)),
        plan_(spec.dataset),
        parser_(plan_) {
    for (const auto& parent : parents_) {
      wanted_.push_back(parent.name);
      wanted_.insert(wanted_.end(), parent.other_names.begin(), parent.other_names.end());
    }
    plan_.keeps_key = !plan_.key.empty();
  }

  [[nodiscard]] bool is_full() const { return found_ >= kMaxProblems; }

  void refuse(std::uint32_t line, std::string message, std::uint32_t column = 0) {
    if (is_full()) return;
    ++found_;
    problems_.error(ErrorCode::import_input, std::move(message), Place{input_, line, column, {}});
  }

  /// Says why a text is not JSON. When it is, and only simdjson cannot read it, `otherwise` is said.
  void refuse_json(std::string_view text, std::uint32_t line, std::string_view otherwise) {
    json::ParseOptions options;
    options.first_line = line;
    options.max_depth = kMaxInputDepth;
    const auto value = json::parse(text, options);
    if (value) return refuse(line, std::string(otherwise));
    refuse(value.error().place.line, value.error().message, value.error().place.column);
  }

  /// A row, a list of rows, or a reply that holds them: valid JSON, which begins in `line`, with simdjson's
  /// padding behind it.
  void add_value(std::string_view text, std::uint32_t line) {
    std::vector<Row> rows = unwrap(text, line);
    if (const std::string_view inner = inner_list(spec_.dataset); !inner.empty()) {
      std::vector<Row> flat;
      for (auto& row : rows) {
        const std::size_t before = flat.size();
        if (!append_list(row.text, inner, row.line, flat)) {
          flat.push_back(std::move(row));
          continue;
        }
        const auto around = members_of(members_, row.text, wanted_);
        for (std::size_t i = before; i < flat.size(); ++i) flat[i].around = around;
      }
      rows = std::move(flat);
    }
    for (const auto& row : rows) add_row(row);
  }

  /// Checks and writes what is left; the manifest's row.
  DatasetManifest finish() {
    flush();
    DatasetManifest row;
    row.name = spec_.name;
    row.status = DatasetStatus::complete;
    if (expects_more_ || is_cut_off_) {
      row.status = DatasetStatus::partial;
      row.reason = is_cut_off_ ? fmt::format("the replies of {} say that there is more", parent_cut_off_)
                               : "the last reply says that there is more, and it is not there";
    }
    row.rows = rows_;
    row.bytes = bytes_;
    row.sha256 = digest_.finish_hex();
    if (rows_ == 0) row.warnings.push_back(fmt::format("{} holds no rows", file_name(input_)));
    return row;
  }

 private:
  std::vector<Row> unwrap(std::string_view text, std::uint32_t line) {
    std::vector<Row> rows;
    if (append_list(text, {}, line, rows)) return rows;
    if (append_list(text, "data", line, rows)) {
      starts_reply_ = true;
      said_more_ = expects_more_;
      expects_more_ = says_more(text);
      return rows;
    }
    rows.push_back({text, line, {}});
    return rows;
  }

  /// What a reply says of itself: `has_more`, or a token for the next page (fact sheet, section 3.1).
  bool says_more(std::string_view text) {
    ondemand::document document;
    ondemand::object object;
    if (lists_.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING).get(document) !=
            simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS)
      return false;
    bool more = false;
    if (object.find_field_unordered("has_more").get_bool().get(more) == simdjson::SUCCESS && more)
      return true;
    std::string_view page;
    return object.find_field_unordered("next_page").get_string().get(page) == simdjson::SUCCESS &&
           !page.empty();
  }

  /// A reply that said "more" must be followed by one of the same parent.
  void follow_parent(const std::map<std::string, std::string, std::less<>>& members) {
    std::string parent;
    for (const auto& each : parents_) {
      if (!each.is_needed) continue;
      const auto at = members.find(each.name);
      if (at != members.end()) parent += at->second;
    }
    if (starts_reply_ && said_more_ && !last_parent_.empty() && parent != last_parent_) {
      is_cut_off_ = true;
      parent_cut_off_ = last_parent_;
    }
    starts_reply_ = false;
    last_parent_ = std::move(parent);
  }

  /// Appends the objects of the list that `text` is (`member` empty), or has as that member. False when there
  /// is no such list.
  bool append_list(std::string_view text, std::string_view member, std::uint32_t line,
                   std::vector<Row>& rows) {
    ondemand::document document;
    if (lists_.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING).get(document) !=
        simdjson::SUCCESS)
      return false;
    ondemand::array list;
    if (member.empty()) {
      if (document.get_array().get(list) != simdjson::SUCCESS) return false;
    } else {
      ondemand::object object;
      if (document.get_object().get(object) != simdjson::SUCCESS ||
          object.find_field_unordered(member).get_array().get(list) != simdjson::SUCCESS)
        return false;
    }
    const char* counted = text.data();
    for (auto element : list) {
      ondemand::value value;
      ondemand::object object;
      std::string_view raw;
      if (element.get(value) != simdjson::SUCCESS) break;
      const std::string_view token = value.raw_json_token();
      line += static_cast<std::uint32_t>(std::count(counted, token.data(), '\n'));
      counted = token.data();
      ondemand::json_type type{};
      if (value.type().get(type) != simdjson::SUCCESS) break;
      if (type != ondemand::json_type::object) {
        refuse(line, fmt::format("a row must be a JSON object, not {}", kind_of(type)));
      } else if (value.get_object().get(object) == simdjson::SUCCESS &&
                 object.raw_json().get(raw) == simdjson::SUCCESS) {
        rows.push_back({trim(raw), line, {}});
      }
    }
    return true;
  }

  void add_row(const Row& row) {
    if (is_full()) return;
    if (!row.text.starts_with('{')) return refuse(row.line, "a row must be a JSON object");
    auto members = members_of(members_, row.text, wanted_);
    members.insert(row.around.begin(), row.around.end());
    follow_parent(members);
    std::string line = "{\"from\":{\"provider\":\"import\"";
    members.emplace("organization_id", options_.organization_id);
    for (const auto& parent : parents_) {
      const auto at = members.find(parent.name);
      if (at != members.end()) {
        line += ",\"";
        line.append(parent.name).append("\":");
        json::append_quoted(line, at->second);
      }
      const auto has = [&](std::string_view name) { return members.find(name) != members.end(); };
      if (parent.is_needed && !has(parent.name) &&
          std::none_of(parent.other_names.begin(), parent.other_names.end(), has)) {
        return refuse(row.line,
                      fmt::format("the row has no {}: a row of {} must carry the id of what it belongs to",
                                  parent.name, spec_.name));
      }
    }
    line += "},\"object\":";
    const std::size_t begin = line.size();
    line.resize(begin + row.text.size() + simdjson::SIMDJSON_PADDING);
    std::size_t size = 0;
    if (simdjson::minify(row.text.data(), row.text.size(), line.data() + begin, size) != simdjson::SUCCESS)
      return refuse_json(row.text, row.line, "the row cannot be read");
    line.resize(begin + size);
    line += "}\n";
    if (line.size() > kMaxLineBytes)
      return refuse(row.line, fmt::format("the row is longer than {} MiB", kMaxLineBytes >> 20));
    block_ += line;
    block_lines_.push_back(row.line);
    if (block_.size() >= kBlockBytes) flush();
  }

  void flush() {
    if (block_.empty()) return;
    const std::size_t size = block_.size();
    block_.append(kBlockPadding, '\0');
    const Chunk chunk = parser_.parse(block_.data(), size);
    block_.resize(size);
    for (const auto& problem : chunk.problems) refuse(block_lines_[problem.line], problem.message);
    if (chunk.problems.empty()) {
      find_duplicates(chunk);
      out_.write(block_);
      digest_.update(block_);
      bytes_ += size;
      rows_ += chunk.rows;
    }
    block_.clear();
    block_lines_.clear();
  }

  void find_duplicates(const Chunk& chunk) {
    if (plan_.key.empty()) return;
    auto source = chunk.sources.begin();
    for (std::uint32_t row = 0; row < chunk.rows; ++row) {
      while (std::next(source) != chunk.sources.end() && std::next(source)->first <= row) ++source;
      std::string key;
      append_key_part(key, chunk.ids[row]);
      append_key_part(key, source->second.organization_id);
      keys_.push_back(key);
      lines_.push_back(block_lines_[row]);
      const std::uint32_t first =
          index_.insert(keys_, static_cast<std::uint32_t>(keys_.size() - 1), KeyIndex::hash(key));
      if (first == kDangling) continue;
      const std::string name = plan_.key.size() == 1 ? fmt::format(" {}", chunk.ids[row]) : std::string{};
      refuse(block_lines_[row], fmt::format("the {}{} stands twice: in line {} and in line {}",
                                            spec_.singular, name, lines_[first], block_lines_[row]));
    }
  }

  const DatasetSpec& spec_;
  const std::string input_;
  const ImportOptions& options_;
  FileWriter& out_;
  Diagnostics& problems_;
  const std::vector<Parent> parents_;
  std::vector<std::string_view> wanted_;
  Plan plan_;
  ChunkParser parser_;
  ondemand::parser lists_, members_;
  std::string block_;
  std::vector<std::uint32_t> block_lines_;  // of the input, by line of the block
  StringColumn keys_;
  std::vector<std::uint32_t> lines_;  // of the input, by row of keys_
  KeyIndex index_;
  Sha256 digest_;
  std::uint64_t rows_ = 0, bytes_ = 0;
  std::size_t found_ = 0;
  // Whether the last reply said that there is more, whether the one before did, and of which parent it was.
  bool expects_more_ = false, said_more_ = false, starts_reply_ = false, is_cut_off_ = false;
  std::string last_parent_, parent_cut_off_;
};

/// Whether one object of a reply names a member twice: then a list could be lost.
bool has_twin(const simdjson::dom::element& value) {
  simdjson::dom::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return false;
  std::vector<std::string_view> names;
  for (const auto& member : object) names.push_back(member.key);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

/// One value a line. Blank lines are passed over.
void import_lines(const RandomAccessFile& file, DatasetImport& into, Diagnostics& problems) {
  simdjson::dom::parser parser;
  if (parser.allocate(std::size_t{64} << 10, kMaxInputDepth) != simdjson::SUCCESS) throw std::bad_alloc();
  if (file.size() == 0) return into.refuse(1, "the file is empty; write [] for a dataset without rows");
  std::string line;
  std::vector<char> buffer(std::size_t{1} << 20);
  std::uint32_t number = 1;
  const auto take = [&](std::string_view text) {
    if (number == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    line.assign(trim(text));
    if (!line.empty()) {
      const std::size_t size = line.size();
      line.append(simdjson::SIMDJSON_PADDING, '\0');
      simdjson::dom::element value;
      const std::string_view whole(line.data(), size);
      if (parser.parse(line.data(), size, false).get(value) != simdjson::SUCCESS) {
        into.refuse_json(whole, number, "the line cannot be read");
      } else if (has_twin(value)) {
        into.refuse_json(whole, number, "a member stands twice in one object");
      } else {
        into.add_value(whole, number);
      }
    }
    ++number;
  };
  std::string rest;
  for (std::uint64_t offset = 0; !into.is_full();) {
    const auto got = file.read_at(offset, buffer);
    if (!got) return problems.error(got.error());
    if (*got == 0) break;
    offset += *got;
    std::string_view fresh(buffer.data(), *got);
    for (auto end = fresh.find('\n'); end != std::string_view::npos && !into.is_full();
         end = fresh.find('\n')) {
      rest += fresh.substr(0, end);
      take(rest);
      rest.clear();
      fresh.remove_prefix(end + 1);
    }
    rest += fresh;
    if (rest.size() > kMaxLineBytes)
      return into.refuse(number, fmt::format("the line is longer than {} MiB", kMaxLineBytes >> 20));
  }
  if (!rest.empty()) take(rest);
}

/// Any number of values one after the other, over any number of lines.
void import_values(std::string bytes, DatasetImport& into) {
  const std::size_t size = bytes.size();
  bytes.append(simdjson::SIMDJSON_PADDING, '\0');
  std::size_t begin = std::string_view(bytes).starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  const std::string_view text(bytes.data() + begin, size - begin);
  if (trim(text).empty()) return into.refuse(1, "the file is empty; write [] for a dataset without rows");
  simdjson::dom::parser parser;
#ifdef SIMDJSON_THREADS_ENABLED
  parser.threaded = false;
#endif
  if (parser.allocate(text.size(), kMaxInputDepth) != simdjson::SUCCESS) throw std::bad_alloc();
  simdjson::dom::document_stream stream;
  // simdjson passes over an unfinished value at the end in silence; that everything was seen is checked here.
  std::size_t seen = 0;
  std::uint32_t line = 1;
  if (parser.parse_many(text.data(), text.size(), text.size()).get(stream) == simdjson::SUCCESS) {
    const auto end = stream.end();
    for (auto it = stream.begin(); it != end && !into.is_full(); ++it) {
      const auto value = *it;
      if (value.error() != simdjson::SUCCESS) break;
      const std::size_t first = it.current_index();
      const bool is_container = text[first] == '{' || text[first] == '[';
      const std::string_view whole = is_container ? it.source() : std::string_view{};
      if (!is_container || !trim(text.substr(seen, first - seen)).empty() || whole.empty()) break;
      line += static_cast<std::uint32_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(seen),
                                                    text.begin() + static_cast<std::ptrdiff_t>(first), '\n'));
      if (has_twin(value.value_unsafe())) {
        into.refuse_json(whole, line, "a member stands twice in one object");
      } else {
        into.add_value(whole, line);
      }
      line += static_cast<std::uint32_t>(std::count(whole.begin(), whole.end(), '\n'));
      seen = first + whole.size();
    }
  }
  if (into.is_full() || trim(text.substr(seen)).empty()) return;
  const std::string_view left = text.substr(seen);
  const std::size_t blank =
      left.size() - left.substr(std::min(left.find_first_not_of(" \t\r\n"), left.size())).size();
  line += static_cast<std::uint32_t>(
      std::count(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(blank), '\n'));
  into.refuse_json(left.substr(blank), line, "a file holds rows, lists of rows, or replies that hold them");
}

struct Input {
  std::string path;
  bool is_lines = false;
};

/// The files of the folder by dataset; every file must be one.
std::map<Dataset, Input> find_inputs(const FileSystem& files, const std::string& folder,
                                     Diagnostics& problems) {
  std::map<Dataset, Input> inputs;
  const auto names = files.list(folder);
  if (!names) {
    problems.error(names.error());
    return inputs;
  }
  std::vector<std::string_view> known;
  for (const auto& spec : schema().first(kCollectedCount)) known.push_back(spec.name);
  for (const auto& name : *names) {
    if (name.starts_with('.')) continue;
    const std::string path = join_path(folder, name);
    const auto dot = name.rfind('.');
    const std::string_view stem = std::string_view(name).substr(0, dot);
    const std::string_view extension =
        dot == std::string::npos ? std::string_view{} : std::string_view(name).substr(dot + 1);
    const bool is_lines = extension == "jsonl" || extension == "ndjson";
    if (!is_lines && extension != "json") {
      problems.error(ErrorCode::import_input, "only .jsonl, .ndjson and .json files can be imported",
                     Place{path, 0, 0, {}}, "move it out of the folder");
      continue;
    }
    if (std::find(known.begin(), known.end(), stem) == known.end()) {
      const auto near = nearest_name(stem, std::span<const std::string_view>(known));
      problems.error(ErrorCode::import_input, fmt::format("there is no dataset \"{}\"", stem),
                     Place{path, 0, 0, {}},
                     near ? fmt::format("did you mean {}.{}?", *near, extension)
                          : "the names of datasets are in the reference page docs/datasets.md");
      continue;
    }
    const Dataset dataset = find_dataset(stem)->dataset;
    const auto [at, is_new] = inputs.emplace(dataset, Input{path, is_lines});
    if (!is_new)
      problems.error(ErrorCode::import_input,
                     fmt::format("{} and {} are both {}", file_name(at->second.path), name, stem),
                     Place{path, 0, 0, {}}, "keep one of them");
  }
  if (inputs.empty() && !problems.has_errors()) {
    problems.error(ErrorCode::import_input, fmt::format("{} holds no dataset", folder), {},
                   "name files after datasets: users.jsonl, api_keys.json");
  }
  return inputs;
}

std::optional<DatasetManifest> import_dataset(FileSystem& files, const DatasetSpec& spec, const Input& input,
                                              const std::string& folder, const ImportOptions& options,
                                              Diagnostics& problems) {
  const auto out = files.create(data_path(folder, spec.dataset));
  if (!out) {
    problems.error(out.error());
    return std::nullopt;
  }
  DatasetImport into(spec, input.path, options, **out, problems);
  if (input.is_lines) {
    const auto file = files.open(input.path);
    if (!file) {
      problems.error(file.error());
      return std::nullopt;
    }
    import_lines(**file, into, problems);
  } else {
    auto bytes = files.read_file(input.path, kMaxWholeFile);
    if (!bytes) {
      problems.error(bytes.error());
      return std::nullopt;
    }
    import_values(std::move(*bytes), into);
  }
  DatasetManifest row = into.finish();
  if (problems.has_errors()) return std::nullopt;
  if (const auto done = (*out)->commit(); !done) {
    problems.error(done.error());
    return std::nullopt;
  }
  return row;
}

/// Without a file for it, the one organization is what the caller named.
std::optional<DatasetManifest> describe_organization(FileSystem& files, const std::string& folder,
                                                     const ImportOptions& options, Diagnostics& problems) {
  const DatasetSpec& spec = spec_of(Dataset::organizations);
  const auto out = files.create(data_path(folder, spec.dataset));
  if (!out) {
    problems.error(out.error());
    return std::nullopt;
  }
  DatasetImport into(spec, "--organization", options, **out, problems);
  const json::Value object(json::Object{
      {"type", "organization"},
      {"id", options.organization_id.empty() ? options.organization : options.organization_id},
      {"name", options.organization}});
  std::string text = json::dump(object);
  const std::size_t size = text.size();
  text.append(simdjson::SIMDJSON_PADDING, '\0');
  into.add_value(std::string_view(text).substr(0, size), 1);
  DatasetManifest row = into.finish();
  row.warnings.push_back("made of the name given to the import");
  if (const auto done = (*out)->commit(); !done) problems.error(done.error());
  return row;
}

void import_into(FileSystem& files, const std::string& folder, const std::map<Dataset, Input>& inputs,
                 const ImportOptions& options, Manifest& manifest, Diagnostics& problems) {
  if (const auto made = files.make_folders(join_path(folder, "data")); !made)
    return problems.error(made.error());
  for (const auto& spec : schema().first(kCollectedCount)) {
    const auto at = inputs.find(spec.dataset);
    DatasetManifest row;
    row.name = spec.name;
    if (at != inputs.end()) {
      // All files are looked at, so that every problem is known at once.
      if (auto imported = import_dataset(files, spec, at->second, folder, options, problems))
        row = std::move(*imported);
    } else if (spec.dataset == Dataset::organizations) {
      if (auto made = describe_organization(files, folder, options, problems)) row = std::move(*made);
    } else {
      row.reason = "no file was given for it";
    }
    manifest.datasets.push_back(std::move(row));
  }
  if (problems.has_errors()) return;
  for (const auto& [name, bytes] : {std::pair<std::string, std::string>("ledger.jsonl", ""),
                                    {"manifest.json", render_manifest(manifest)}}) {
    if (const auto written = files.write_file(join_path(folder, name), bytes); !written)
      return problems.error(written.error());
  }
  if (const auto renamed = files.rename(folder, options.out); !renamed) problems.error(renamed.error());
}

}  // namespace

std::optional<Manifest> import_snapshot(FileSystem& files, const ImportOptions& options,
                                        Diagnostics& problems) {
  if (options.organization.empty())
    problems.error(ErrorCode::usage, "an import needs the organization's name", {}, "--organization NAME");
  if (!options.as_of) {
    problems.error(ErrorCode::usage, "an import needs the time that the files are of", {},
                   "--as-of 2026-11-20T08:00:00Z");
  }
  if (files.kind(options.out) != FileKind::none) {
    problems.error(ErrorCode::file_unwritable,
                   fmt::format("{} is there already; a snapshot is never written over", options.out), {},
                   "name a new folder");
  }
  if (files.kind(options.folder) != FileKind::folder) {
    problems.error(ErrorCode::file_not_found, fmt::format("there is no folder {}", options.folder));
  }
  if (problems.has_errors()) return std::nullopt;
  const auto inputs = find_inputs(files, options.folder, problems);

  Manifest manifest;
  manifest.organization_name = options.organization;
  manifest.organization_id = options.organization_id;
  manifest.provider = "import";
  manifest.collector = options.collector;
  manifest.origin = Manifest::Origin::declared;
  manifest.started = *options.as_of;
  manifest.completed = *options.as_of;

  // Written beside its place under a name that is no snapshot's, and renamed when it is whole. What a killed
  // import left is removed first.
  const std::string folder =
      join_path(parent_path(options.out), fmt::format(".{}.import", file_name(options.out)));
  const auto remove = [&] {
    if (const auto removed = files.remove_all(folder); !removed) problems.error(removed.error());
  };
  remove();
  if (problems.has_errors() && inputs.empty()) return std::nullopt;
  import_into(files, folder, inputs, options, manifest, problems);
  if (!problems.has_errors()) return manifest;
  remove();
  return std::nullopt;
}

}  // namespace muster::snapshot
