#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "snapshot/load.h"

namespace muster::snapshot {
namespace {

constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{64} << 20;

std::string_view kind_of(const json::Value& value) {
  const auto* integer = value.integer();
  return integer != nullptr && *integer < 0 ? "a negative number" : value.type_name();
}

/// Reads the members of one JSON object, and remembers the first thing that is wrong. `at` names the object:
/// "datasets[3]".
class Members {
 public:
  Members(const json::Value& value, std::string at, const std::string& file)
      : at_(std::move(at)), file_(file) {
    object_ = value.object();
    if (object_ == nullptr)
      refuse(fmt::format("{} must be an object, not {}", at_.empty() ? "the manifest" : at_, kind_of(value)));
  }

  std::string text(std::string_view name) {
    return take<std::string>(name, "a text", &json::Value::string).value_or(std::string{});
  }
  std::string text_or_empty(std::string_view name) { return has(name) ? text(name) : std::string{}; }
  std::string filled_text_or_empty(std::string_view name) {
    std::string written = text_or_empty(name);
    if (has(name) && written.empty())
      refuse(fmt::format("{} is empty; what is not known is left out", path(name)));
    return written;
  }
  std::uint64_t count(std::string_view name) {
    const auto number = take<std::int64_t>(name, "a whole number from 0", &json::Value::integer);
    if (number && *number < 0)
      refuse(fmt::format("{} must be a whole number from 0, not {}", path(name), *number));
    return number ? static_cast<std::uint64_t>(std::max<std::int64_t>(*number, 0)) : 0;
  }
  std::uint64_t count_or_zero(std::string_view name) { return has(name) ? count(name) : 0; }
  Instant instant(std::string_view name) {
    const std::string written = text(name);
    const auto instant = parse_rfc3339(written);
    if (!instant)
      refuse(fmt::format("{} must be a time such as 2026-11-20T08:00:00Z, not \"{}\"", path(name), written));
    return instant.value_or(Instant{});
  }
  json::Array array(std::string_view name) {
    return take<json::Array>(name, "a list", &json::Value::array).value_or(json::Array{});
  }
  json::Array array_or_empty(std::string_view name) { return has(name) ? array(name) : json::Array{}; }
  const json::Value* value(std::string_view name) {
    used_.insert(name);
    if (object_ == nullptr) return nullptr;
    const auto at = std::find_if(object_->begin(), object_->end(),
                                 [&](const json::Member& member) { return member.first == name; });
    return at == object_->end() ? nullptr : &at->second;
  }
  [[nodiscard]] bool has(std::string_view name) { return value(name) != nullptr; }
  [[nodiscard]] std::string path(std::string_view name) const {
    return at_.empty() ? std::string(name) : fmt::format("{}.{}", at_, name);
  }

  /// What is wrong: the first problem, else a member that was never asked for.
  [[nodiscard]] std::optional<Error> finish() {
    if (error_ || object_ == nullptr) return error_;
    const std::vector<std::string_view> known(used_.begin(), used_.end());
    for (const auto& [name, value] : *object_) {
      if (used_.contains(name)) continue;
      const auto near = nearest_name(name, std::span<const std::string_view>(known));
      refuse(fmt::format("{} is not a member of a manifest of schema {}", path(name), kSchemaVersion),
             near ? fmt::format("did you mean {}?", *near) : std::string{});
      break;
    }
    return error_;
  }
  void refuse(std::string message, std::string hint = {}) {
    if (!error_)
      error_ =
          Error{ErrorCode::snapshot_manifest, std::move(message), Place{file_, 0, 0, {}}, std::move(hint)};
  }

 private:
  template <class T>
  std::optional<T> take(std::string_view name, std::string_view wanted,
                        const T* (json::Value::*get)() const) {
    const json::Value* found = value(name);
    if (object_ == nullptr) return std::nullopt;
    if (found == nullptr) {
      refuse(fmt::format("{} is missing", path(name)));
      return std::nullopt;
    }
    const T* held = (found->*get)();
    if (held == nullptr) {
      refuse(fmt::format("{} must be {}, not {}", path(name), wanted, found->type_name()));
      return std::nullopt;
    }
    return *held;
  }

  const json::Object* object_ = nullptr;
  std::string at_;
  const std::string& file_;
  std::set<std::string_view> used_;
  std::optional<Error> error_;
};

bool is_digest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

DatasetStatus status_of(Members& members) {
  const std::string word = members.text("status");
  const auto status = parse_dataset_status(word);
  if (!status)
    members.refuse(
        fmt::format("{} must be complete, partial, denied, unsupported or not_requested, not \"{}\"",
                    members.path("status"), word));
  return status.value_or(DatasetStatus::not_requested);
}

Result<DatasetManifest> read_dataset(const json::Value& value, const std::string& at,
                                     const std::string& file) {
  Members members(value, at, file);
  DatasetManifest row;
  row.name = members.text("name");
  row.status = status_of(members);
  row.reason = members.text_or_empty("reason");
  row.rows = members.count("rows");
  row.pages = members.count_or_zero("pages");
  row.bytes = members.count("bytes");
  row.sha256 = members.text("sha256");
  if (const auto* filters = members.value("filters"); filters != nullptr) {
    if (filters->object() == nullptr) {
      members.refuse(
          fmt::format("{} must be an object, not {}", members.path("filters"), filters->type_name()));
    } else if (!filters->object()->empty()) {
      row.filters = json::dump(*filters);
    }
  }
  if (const auto* from = members.value("from"); from != nullptr) {
    Members inner(*from, members.path("from"), file);
    row.from.provider = inner.filled_text_or_empty("provider");
    row.from.organization_id = inner.filled_text_or_empty("organization_id");
    if (auto error = inner.finish()) return tl::unexpected(std::move(*error));
  }
  std::size_t number = 0;
  for (const auto& warning : members.array_or_empty("warnings")) {
    if (warning.string() == nullptr) {
      members.refuse(fmt::format("{} must be a text, not {}",
                                 members.path(fmt::format("warnings[{}]", number)), warning.type_name()));
      break;
    }
    row.warnings.push_back(*warning.string());
    ++number;
  }
  number = 0;
  for (const auto& parent : members.array_or_empty("parents")) {
    Members inner(parent, members.path(fmt::format("parents[{}]", number++)), file);
    ParentStatus status;
    status.id = inner.text("id");
    status.status = status_of(inner);
    status.reason = inner.text_or_empty("reason");
    if (auto error = inner.finish()) return tl::unexpected(std::move(*error));
    row.parents.push_back(std::move(status));
  }
  // What the members say together.
  if (!row.sha256.empty() && !is_digest(row.sha256)) {
    members.refuse(fmt::format("{} must be 64 lower-case hex digits, or empty when there is no file",
                               members.path("sha256")));
  }
  if (row.sha256.empty() && (row.rows != 0 || row.bytes != 0))
    members.refuse(fmt::format("{} is empty, but {} has rows or bytes", members.path("sha256"), row.name));
  if (row.sha256.empty() && row.status == DatasetStatus::complete) {
    members.refuse(
        fmt::format("{} is complete, but has no file; a dataset without rows has an empty file", row.name));
  }
  if (row.status == DatasetStatus::complete) {
    const auto bad = std::find_if(row.parents.begin(), row.parents.end(), [](const ParentStatus& parent) {
      return parent.status != DatasetStatus::complete;
    });
    if (bad != row.parents.end())
      members.refuse(
          fmt::format("{} is complete, but its parent {} is {}", row.name, bad->id, word_of(bad->status)));
  }
  if (auto error = members.finish()) return tl::unexpected(std::move(*error));
  return row;
}

void write_datasets(json::Writer& out, const std::vector<DatasetManifest>& datasets) {
  out.begin_array();
  for (const auto& row : datasets) {
    out.begin_object();
    out.key("name").value(row.name).key("status").value(word_of(row.status)).key("reason").value(row.reason);
    out.key("rows")
        .value(row.rows)
        .key("pages")
        .value(row.pages)
        .key("bytes")
        .value(row.bytes)
        .key("sha256")
        .value(row.sha256);
    out.key("filters");
    if (row.filters.empty()) {
      out.begin_object().end_object();
    } else {
      out.raw(row.filters);
    }
    if (row.from != Source{}) {
      out.key("from").begin_object();
      if (!row.from.provider.empty()) out.key("provider").value(row.from.provider);
      if (!row.from.organization_id.empty()) out.key("organization_id").value(row.from.organization_id);
      out.end_object();
    }
    out.key("warnings").begin_array();
    for (const auto& warning : row.warnings) out.value(warning);
    out.end_array().key("parents").begin_array();
    for (const auto& parent : row.parents) {
      out.begin_object()
          .key("id")
          .value(parent.id)
          .key("status")
          .value(word_of(parent.status))
          .key("reason")
          .value(parent.reason)
          .end_object();
    }
    out.end_array().end_object();
  }
  out.end_array();
}

}  // namespace

const DatasetManifest& Manifest::row(Dataset dataset) const {
  return datasets[static_cast<std::size_t>(dataset)];
}

Result<std::string> read_manifest(const FileSystem& files, const std::string& folder) {
  const std::string file = join_path(folder, "manifest.json");
  if (files.kind(file) == FileKind::none) {
    return fail(ErrorCode::snapshot_missing,
                fmt::format("{} is not a snapshot: it has no manifest.json", folder), {},
                "make one with `muster import`, or name the folder that holds it");
  }
  return files.read_file(file, kMaxManifestBytes);
}

Result<Manifest> load_manifest(const FileSystem& files, const std::string& folder) {
  const auto bytes = read_manifest(files, folder);
  if (!bytes) return tl::unexpected(bytes.error());
  return parse_manifest(*bytes, join_path(folder, "manifest.json"));
}

Result<Manifest> parse_manifest(std::string_view bytes, const std::string& file) {
  json::ParseOptions options;
  options.file = file;
  auto value = json::parse(bytes, options);
  if (!value) {
    Error error = std::move(value.error());
    error.code = ErrorCode::snapshot_manifest;
    return tl::unexpected(std::move(error));
  }
  // The version first: a newer manifest may differ in everything else.
  if (const auto* schema = value->find("schema");
      schema != nullptr && schema->integer() != nullptr && *schema->integer() != kSchemaVersion) {
    return fail(ErrorCode::snapshot_version,
                fmt::format("the snapshot has schema version {}; this muster reads version {}",
                            *schema->integer(), kSchemaVersion),
                Place{file, 0, 0, {}}, "use the muster that made it, or a newer one");
  }
  Members members(*value, "", file);
  Manifest manifest;
  (void)members.count("schema");
  if (const auto* tenant = members.value("tenant"); tenant == nullptr) {
    members.refuse("tenant is missing");
  } else {
    Members inner(*tenant, "tenant", file);
    manifest.organization_name = inner.text("name");
    manifest.organization_id = inner.text("id");
    if (auto error = inner.finish()) return tl::unexpected(std::move(*error));
  }
  manifest.provider = members.text("provider");
  manifest.base_url = members.text_or_empty("base_url");
  manifest.api_version = members.text_or_empty("api_version");
  if (const auto* key = members.value("key"); key != nullptr) {
    Members inner(*key, "key", file);
    manifest.key_kind = inner.text("kind");
    manifest.key_hint = inner.text("hint");
    if (auto error = inner.finish()) return tl::unexpected(std::move(*error));
  }
  manifest.collector = members.text("collector");
  const std::string origin = members.text("origin");
  if (origin == "declared") {
    manifest.origin = Manifest::Origin::declared;
  } else if (origin != "observed") {
    members.refuse(fmt::format("origin must be observed or declared, not \"{}\"", origin));
  }
  manifest.started = members.instant("started");
  manifest.completed = members.instant("completed");
  if (manifest.completed < manifest.started) members.refuse("completed is before started");

  std::map<std::string, DatasetManifest, std::less<>> rows;
  std::size_t number = 0;
  for (const auto& item : members.array("datasets")) {
    auto row = read_dataset(item, fmt::format("datasets[{}]", number++), file);
    if (!row) return tl::unexpected(row.error());
    const DatasetSpec* spec = find_dataset(row->name);
    if (spec == nullptr || static_cast<std::size_t>(spec->dataset) >= kCollectedCount) {
      std::vector<std::string_view> names;
      for (const auto& known : schema().first(kCollectedCount)) names.push_back(known.name);
      const auto near = nearest_name(row->name, std::span<const std::string_view>(names));
      members.refuse(fmt::format("there is no dataset \"{}\"", row->name),
                     near ? fmt::format("did you mean {}?", *near) : std::string{});
    } else if (!rows.emplace(spec->name, std::move(*row)).second) {
      members.refuse(fmt::format("the dataset {} is listed twice", spec->name));
    }
  }
  if (auto error = members.finish()) return tl::unexpected(std::move(*error));
  for (const auto& spec : schema().first(kCollectedCount)) {
    const auto at = rows.find(spec.name);
    if (at != rows.end()) {
      manifest.datasets.push_back(std::move(at->second));
    } else {
      DatasetManifest row;
      row.name = spec.name;
      row.reason = "the manifest does not list it";
      manifest.datasets.push_back(std::move(row));
    }
  }
  return manifest;
}

std::string render_manifest(const Manifest& manifest) {
  std::string text;
  json::Writer out(text, 2);
  out.begin_object();
  out.key("schema").value(manifest.schema);
  out.key("tenant")
      .begin_object()
      .key("name")
      .value(manifest.organization_name)
      .key("id")
      .value(manifest.organization_id)
      .end_object();
  out.key("provider")
      .value(manifest.provider)
      .key("base_url")
      .value(manifest.base_url)
      .key("api_version")
      .value(manifest.api_version);
  out.key("key")
      .begin_object()
      .key("kind")
      .value(manifest.key_kind)
      .key("hint")
      .value(manifest.key_hint)
      .end_object();
  out.key("collector").value(manifest.collector);
  out.key("origin").value(manifest.origin == Manifest::Origin::declared ? "declared" : "observed");
  out.key("started")
      .value(format_rfc3339(manifest.started))
      .key("completed")
      .value(format_rfc3339(manifest.completed));
  out.key("datasets");
  write_datasets(out, manifest.datasets);
  out.end_object();
  text += '\n';
  return text;
}

}  // namespace muster::snapshot
