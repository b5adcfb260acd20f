#include "evidence/run_record.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"

namespace muster::evidence {
namespace {

/// Reads members of one object; what is wrong is remembered by name.
class Members {
 public:
  Members(const json::Value& value, std::string path, std::string& wrong)
      : value_(value), path_(std::move(path)), wrong_(wrong) {
    if (value.object() == nullptr) note("");
  }
  std::string text(std::string_view name) {
    const json::Value* member = value_.find(name);
    if (member != nullptr && member->string() != nullptr) return *member->string();
    note(name);
    return {};
  }
  std::uint64_t count(std::string_view name) {
    const json::Value* member = value_.find(name);
    if (member != nullptr && member->integer() != nullptr && *member->integer() >= 0)
      return static_cast<std::uint64_t>(*member->integer());
    note(name);
    return 0;
  }
  Instant time(std::string_view name) {
    const auto time = parse_rfc3339(text(name));
    if (!time) note(name);
    return time.value_or(Instant{});
  }
  const json::Array& list(std::string_view name) {
    static const json::Array none;
    const json::Value* member = value_.find(name);
    if (member != nullptr && member->array() != nullptr) return *member->array();
    note(name);
    return none;
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    for (const json::Value& item : list(name)) {
      if (item.string() == nullptr)
        note(name);
      else
        out.push_back(*item.string());
    }
    return out;
  }
  void note(std::string_view name) {
    if (wrong_.empty()) wrong_ = path_ + std::string(name);
  }

 private:
  const json::Value& value_;
  std::string path_;
  std::string& wrong_;
};

}  // namespace

std::string_view word_of(Profile profile) {
  switch (profile) {
    case Profile::full: return "full";
    case Profile::auditor: return "auditor";
    case Profile::pseudonymous: return "pseudonymous";
  }
  return "";
}

Result<RunRecord> parse_run_record(std::string_view text, const std::string& file) {
  const auto parsed = json::parse(text, {.file = file});
  if (!parsed)
    return fail(ErrorCode::evidence_file, fmt::format("{}: {}", file, parsed.error().message),
                parsed.error().place);
  std::string wrong;
  RunRecord record;
  Members run(*parsed, "", wrong);
  if (run.count("muster_run") != 1) run.note("muster_run");
  record.run_id = run.text("run_id");
  record.tool_version = run.text("tool_version");
  record.checked_at = run.time("checked_at");
  record.as_of = run.time("as_of");
  const json::Value* started = parsed->find("started_by");
  if (started == nullptr || started->object() == nullptr) {
    run.note("started_by");
  } else {
    for (const auto& [name, value] : *started->object()) {
      if (value.string() == nullptr)
        run.note("started_by");
      else
        record.origin.started_by.emplace_back(name, *value.string());
    }
  }
  record.origin.command = run.texts("command");
  record.origin.arguments = run.texts("arguments");
  record.origin.build_sha256 = run.text("build_sha256");
  record.origin.config_sha256 = run.text("config_sha256");
  record.origin.working_folder = run.text("working_folder");
  record.origin.snapshot = run.text("snapshot");
  record.is_bundled = parsed->find("privacy") != nullptr;
  if (record.is_bundled) {
    const std::string profile = run.text("privacy");
    const auto* found = std::find_if(std::begin(kProfiles), std::end(kProfiles),
                                     [&](Profile each) { return word_of(each) == profile; });
    if (found == std::end(kProfiles))
      run.note("privacy");
    else
      record.profile = *found;
    record.retain_until = run.text("retain_until");
    record.previous_bundle_sha256 = run.text("previous_bundle_sha256");
    record.beside_sums = run.texts("beside_sums");
    for (const json::Value& item : run.list("inputs")) {
      Members input(item, "inputs.", wrong);
      record.inputs.push_back(
          {input.text("path"), input.text("file"), input.text("sha256"), input.count("bytes")});
    }
  } else {
    record.origin.folder = run.text("folder");
    for (const json::Value& item : run.list("files")) {
      Members used(item, "files.", wrong);
      record.origin.files.push_back({used.text("path"), used.text("sha256"), used.count("bytes")});
    }
  }
  if (!wrong.empty())
    return fail(ErrorCode::evidence_file, fmt::format("{}: `{}` is missing or malformed", file, wrong));
  return record;
}

std::string render_run_record(const RunRecord& record) {
  std::string out;
  json::Writer w(out, 1, 2);
  const auto text = [&](std::string_view key, std::string_view value) { w.key(key).value(value); };
  w.begin_object();
  w.key("muster_run").value(1);
  text("run_id", record.run_id);
  text("tool_version", record.tool_version);
  text("checked_at", format_rfc3339(record.checked_at));
  text("as_of", format_rfc3339(record.as_of));
  w.key("started_by").begin_object();
  for (const auto& [name, value] : record.origin.started_by) text(name, value);
  w.end_object();
  for (const auto& [key, texts] :
       {std::pair("command", &record.origin.command), std::pair("arguments", &record.origin.arguments)}) {
    w.key(key).begin_array();
    for (const std::string& each : *texts) w.value(std::string_view(each));
    w.end_array();
  }
  text("build_sha256", record.origin.build_sha256);
  text("config_sha256", record.origin.config_sha256);
  text("working_folder", record.origin.working_folder);
  text("snapshot", record.origin.snapshot);
  text("privacy", word_of(record.profile));
  text("retain_until", record.retain_until);
  text("previous_bundle_sha256", record.previous_bundle_sha256);
  w.key("beside_sums").begin_array();
  for (const std::string& name : record.beside_sums) w.value(std::string_view(name));
  w.end_array();
  w.key("inputs").begin_array();
  for (const BundledInput& input : record.inputs) {
    w.begin_object();
    text("path", input.path);
    text("file", input.file);
    text("sha256", input.sha256);
    w.key("bytes").value(input.bytes);
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return out + "\n";
}

}  // namespace muster::evidence
