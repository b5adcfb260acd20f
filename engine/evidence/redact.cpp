#include "evidence/redact.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

namespace muster::evidence {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;
// What the platform itself calls the default workspace.
constexpr std::string_view kPlatformName = "Default";

// The stricter one comes first.
enum class Action : std::uint8_t { email, name, id, opaque, text, keep };

std::string_view how(Action action) {
  switch (action) {
    case Action::email: return "pseudonym of an e-mail address";
    case Action::name: return "pseudonym of a name";
    case Action::id: return "pseudonym of an id";
    case Action::opaque: return "pseudonym of the whole text";
    case Action::text: return "names, addresses and ids in it";
    case Action::keep: break;
  }
  return "";
}

/// What people write into datasets: names of keys, groups and workspaces say who does what, and descriptions
/// more. Those of settings, limits, costs and tools are the platform's.
bool is_of_people(const snapshot::DatasetSpec& spec) {
  using snapshot::Dataset;
  return spec.dataset != Dataset::settings && spec.dataset != Dataset::rate_limits &&
         spec.dataset != Dataset::role_permissions && spec.dataset != Dataset::cost;
}

Action action_of(const snapshot::DatasetSpec& spec, const snapshot::FieldSpec& field) {
  using snapshot::FieldType;
  using snapshot::Personal;
  const bool is_list_of_ids = field.type == FieldType::text_list && field.name.ends_with("_ids");
  if (field.type == FieldType::id || field.personal == Personal::identifier || is_list_of_ids)
    return Action::id;
  if (field.personal == Personal::no && field.type == FieldType::text && is_of_people(spec)) {
    if (field.name == "name" || field.name.ends_with("_name")) return Action::name;
    if (field.name == "description") return Action::opaque;
  }
  // Where federated tokens come from tells the organization's own systems and projects.
  if (field.name == "issuer_url" || field.name == "jwks_url" ||
      (field.name.starts_with("match_") && field.name != "match_audience"))
    return Action::opaque;
  if (field.personal == Personal::no) return Action::text;
  if (field.name.find("email") != std::string_view::npos) return Action::email;
  return field.name.find("name") != std::string_view::npos ? Action::name : Action::opaque;
}

/// What to do at each place of a line, from the dataset's table.
class Plan {
 public:
  Plan(const snapshot::DatasetSpec& spec, const Pseudonyms& pseudonyms) {
    for (const snapshot::FieldSpec& field : spec.fields) {
      std::string_view paths = field.paths;
      while (!paths.empty()) {
        const std::size_t bar = paths.find('|');
        std::string_view path = paths.substr(0, bar);
        if (path.ends_with('?')) path.remove_suffix(1);
        // A field that is the whole object is looked at member by member.
        if (path != "object") {
          const Action action =
              pseudonyms.keeps_field(spec.name, field.name) ? Action::keep : action_of(spec, field);
          const auto [at, is_new] =
              actions_.emplace(path, Row{action, field.type == snapshot::FieldType::json});
          // Two fields at one place: the stricter one counts, unless one was chosen to stay.
          if (!is_new &&
              (action == Action::keep || (at->second.action != Action::keep && action < at->second.action)))
            at->second.action = action;
        }
        paths.remove_prefix(bar == std::string_view::npos ? paths.size() : bar + 1);
      }
    }
  }

  /// What the manifest says of the origin of all records, as walk() sees it in the record itself.
  template <class Change>
  void walk(snapshot::Source& from, const Change& change) const {
    for (const auto& [name, text] :
         {std::pair<const char*, std::string*>{"provider", &from.provider},
          std::pair<const char*, std::string*>{"organization_id", &from.organization_id}}) {
      if (text->empty()) continue;
      json::Value record = json::Object{{"from", json::Object{{name, *text}}}};
      walk(record, change);
      *text = *record.find("from")->find(name)->string();
    }
  }

  /// Calls `change(text, action, place)` for each text of a record, which it may replace.
  template <class Change>
  void walk(json::Value& record, const Change& change) const {
    std::string path;
    walk(record, path, nullptr, change);
  }

 private:
  struct Row {
    Action action;
    bool is_json;
  };

  template <class Change>
  void walk(json::Value& value, std::string& path, const Row* row, const Change& change) const {
    if (const auto found = actions_.find(path); found != actions_.end()) row = &found->second;
    if (json::Object* members = value.object()) {
      // What is below a place that is no free JSON has places of its own.
      const Row* below = row != nullptr && row->is_json ? row : nullptr;
      for (auto& [name, member] : *members) {
        const std::size_t size = path.size();
        if (!path.empty()) path += '.';
        path += name;
        walk(member, path, below, change);
        path.resize(size);
      }
    } else if (json::Array* items = value.array()) {
      for (json::Value& item : *items) walk(item, path, row, change);
    } else if (const std::string* text = value.string()) {
      if (row == nullptr && is_harmless(path, *text)) return;
      const Action action = row == nullptr ? Action::opaque : row->action;
      value = json::Value(change(*text, action, path));
    }
  }

  /// Texts that the table does not know and that say nothing of anybody: the provider, the kind of a thing,
  /// times.
  static bool is_harmless(const std::string& path, const std::string& text) {
    return path == "from.provider" || path == "type" || path.ends_with(".type") ||
           parse_rfc3339(text).has_value();
  }

  std::map<std::string, Row, std::less<>> actions_;
};

std::string applied(const Pseudonyms& pseudonyms, Action action, const std::string& text) {
  switch (action) {
    case Action::email: return pseudonyms.email(text);
    case Action::keep: return text;
    case Action::name:
      if (text == kPlatformName) return text;
      return text.find('@') != std::string::npos ? pseudonyms.email(text) : pseudonyms.name(text);
    case Action::id:
      return text.find('@') != std::string::npos ? pseudonyms.email(text) : pseudonyms.id(text);
    case Action::opaque:
      if (pseudonyms.is_id(text)) return pseudonyms.id(text);
      return text.find('@') != std::string::npos
                 ? pseudonyms.text(text) == text ? pseudonyms.opaque(text) : pseudonyms.text(text)
                 : pseudonyms.opaque(text);
    case Action::text: return pseudonyms.is_name(text) ? pseudonyms.name(text) : pseudonyms.text(text);
  }
  return {};
}

Status for_each_record(const FileSystem& files, const std::string& path, const std::string& shown,
                       const std::function<void(json::Value&)>& take) {
  const auto file = files.open(path);
  if (!file) return tl::unexpected(file.error());
  std::string rest;
  std::vector<char> buffer(kPieceBytes);
  std::uint32_t number = 0;
  const auto line = [&](std::string_view text) -> Status {
    auto value = json::parse(text, {.file = shown, .first_line = ++number});
    if (!value) return tl::unexpected(value.error());
    take(*value);
    return {};
  };
  for (std::uint64_t at = 0;;) {
    const auto got = (*file)->read_at(at, buffer);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    at += *got;
    rest.append(buffer.data(), *got);
    std::size_t begin = 0;
    for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', begin)) {
      if (const Status read = line(std::string_view(rest).substr(begin, end - begin)); !read) return read;
      begin = end + 1;
    }
    rest.erase(0, begin);
  }
  return rest.empty() ? Status() : line(rest);
}

/// Ids in a ledger's paths and queries: parts that muster did not write itself.
std::string redact_url(const Pseudonyms& pseudonyms, std::string_view text) {
  std::string out;
  const auto part = [&](std::string_view piece) {
    const bool is_id = piece.size() > 6 && piece.find_first_of("0123456789") != std::string_view::npos;
    out += is_id ? pseudonyms.id(piece) : pseudonyms.text(piece);
  };
  while (true) {
    const std::size_t end = text.find_first_of("/&=,");
    part(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += text[end];
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Status learn_snapshot(const FileSystem& files, const std::string& folder, const snapshot::Manifest& manifest,
                      Pseudonyms& pseudonyms) {
  pseudonyms.learn_id(manifest.organization_id);
  pseudonyms.learn_name(manifest.organization_name);
  for (const snapshot::DatasetManifest& row : manifest.datasets) {
    const Plan plan(*snapshot::find_dataset(row.name), pseudonyms);
    const auto learn = [&](const std::string& text, Action action, const std::string&) {
      if (action == Action::id) pseudonyms.learn_id(text);
      if (action == Action::name && text != kPlatformName) pseudonyms.learn_name(text);
      if (action == Action::email) pseudonyms.learn_email(text);
      if (action == Action::keep) pseudonyms.keep_word(text);
      return text;
    };
    snapshot::Source from = row.from;
    plan.walk(from, learn);
    if (row.sha256.empty()) continue;
    const Status read = for_each_record(files, join_path(folder, fmt::format("data/{}.jsonl", row.name)),
                                        row.name, [&](json::Value& record) { plan.walk(record, learn); });
    if (!read) return read;
  }
  return {};
}

Status redact_snapshot(FileSystem& files, const std::string& folder, const snapshot::Manifest& manifest,
                       const Pseudonyms& pseudonyms, const std::string& target, Redactions& redactions) {
  snapshot::Manifest changed = manifest;
  changed.organization_id = pseudonyms.id(manifest.organization_id);
  changed.organization_name = pseudonyms.name(manifest.organization_name);
  if (const Status made = files.make_folders(join_path(target, "data")); !made) return made;
  for (snapshot::DatasetManifest& row : changed.datasets) {
    row.reason = pseudonyms.text(row.reason);
    for (std::string& warning : row.warnings) warning = pseudonyms.text(warning);
    for (snapshot::ParentStatus& parent : row.parents) {
      parent.id = pseudonyms.id(parent.id);
      parent.reason = pseudonyms.text(parent.reason);
    }
    const Plan plan(*snapshot::find_dataset(row.name), pseudonyms);
    const auto change = [&](const std::string& text, Action action, const std::string& place) {
      std::string out = applied(pseudonyms, action, text);
      if (out != text) {
        Redaction& redaction = redactions[fmt::format("{}: {}", row.name, place)];
        redaction.how = how(action);
        ++redaction.values;
      }
      return out;
    };
    plan.walk(row.from, change);
    if (row.sha256.empty()) continue;
    const std::string below = fmt::format("data/{}.jsonl", row.name);
    auto writer = files.create(join_path(target, below));
    if (!writer) return tl::unexpected(writer.error());
    Sha256 digest;
    row.bytes = 0;
    const Status read = for_each_record(files, join_path(folder, below), row.name, [&](json::Value& record) {
      plan.walk(record, change);
      const std::string line = json::dump(record) + "\n";
      (*writer)->write(line);
      digest.update(line);
      row.bytes += line.size();
    });
    if (!read) return read;
    if (const Status written = (*writer)->commit(); !written) return written;
    row.sha256 = digest.finish_hex();
  }
  const std::string ledger = join_path(folder, "ledger.jsonl");
  if (files.kind(ledger) == FileKind::file) {
    std::string out;
    const Status read = for_each_record(files, ledger, "ledger.jsonl", [&](json::Value& request) {
      if (json::Object* members = request.object()) {
        for (auto& [name, value] : *members)
          if ((name == "path" || name == "query" || name == "cursor") && value.string() != nullptr)
            value = json::Value(redact_url(pseudonyms, *value.string()));
      }
      out += json::dump(request) + "\n";
    });
    if (!read) return read;
    redactions["ledger: path, query, cursor"] = {
        "pseudonyms of ids", static_cast<std::uint64_t>(std::count(out.begin(), out.end(), '\n'))};
    if (const Status written = files.write_file(join_path(target, "ledger.jsonl"), out); !written)
      return written;
  }
  return files.write_file(join_path(target, "manifest.json"), snapshot::render_manifest(changed));
}

std::string render_privacy(Profile profile, const Pseudonyms& pseudonyms, const Redactions& redactions) {
  std::string out;
  json::Writer w(out, 1, 2);
  w.begin_object();
  w.key("muster_privacy").value(1);
  w.key("profile").value(word_of(profile));
  w.key("method").value(
      "HMAC-SHA-256 under a key that the organization keeps; equal words have equal pseudonyms under one "
      "key");
  w.key("kept").begin_array();
  for (const Kept kept : kKept)
    if (pseudonyms.keeps(kept)) w.value(word_of(kept));
  w.end_array();
  w.key("kept_fields").begin_array();
  for (const std::string& field : pseudonyms.kept_fields()) w.value(std::string_view(field));
  w.end_array();
  w.key("not_replaced")
      .value(
          "dates and times, statuses, the platform's own roles and settings, departments, counts, and the "
          "name "
          "Default of a workspace");
  w.key("redacted").begin_array();
  for (const auto& [where, redaction] : redactions) {
    w.begin_object();
    w.key("where").value(std::string_view(where));
    w.key("how").value(std::string_view(redaction.how));
    w.key("values").value(redaction.values);
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return out + "\n";
}

}  // namespace muster::evidence
