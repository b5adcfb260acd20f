#include "cli/stage.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/origin.h"
#include "cli/parse_arguments.h"

namespace muster::cli {

std::unique_ptr<Command> check_command();

namespace {

// Deep enough for paths that lead upwards.
constexpr const char* kOwnPlace = "/stage/a/b/c/d/e/f/g/h";
constexpr const char* kOutput = "/stage/output";

}  // namespace

Stage::Stage(const FileSystem& disk, std::string working_folder)
    : disk_(disk),
      working_folder_(working_folder.empty() ? kOwnPlace : std::move(working_folder)),
      shipped_(disk.shipped().begin(), disk.shipped().end()) {}

void Stage::put(const std::string& path, const std::string& on_disk) { places_[at(path)] = on_disk; }

void Stage::put_text(const std::string& path, std::string text) { written_.add(at(path), std::move(text)); }

void Stage::put_shipped(std::map<std::string, std::string> files) {
  shipped_texts_ = std::move(files);
  shipped_.clear();
  for (const auto& [name, text] : shipped_texts_) shipped_.push_back({name, text});
}

Result<std::unique_ptr<RandomAccessFile>> Stage::open(const std::string& path) const {
  const auto place = places_.find(at(path));
  return place == places_.end() ? written_.open(at(path)) : disk_.open(place->second);
}

Result<std::vector<std::string>> Stage::list(const std::string& folder) const {
  std::set<std::string> names;
  const std::string prefix = at(folder) + "/";
  for (auto place = places_.lower_bound(prefix); place != places_.end() && place->first.starts_with(prefix);
       ++place)
    names.insert(place->first.substr(prefix.size(), place->first.find('/', prefix.size()) - prefix.size()));
  const auto written = written_.list(at(folder));
  if (!written && names.empty()) return tl::unexpected(written.error());
  if (written) names.insert(written->begin(), written->end());
  return std::vector<std::string>(names.begin(), names.end());
}

FileKind Stage::kind(const std::string& path) const {
  const std::string place = at(path);
  if (places_.contains(place)) return FileKind::file;
  const auto below = places_.lower_bound(place + "/");
  if (below != places_.end() && below->first.starts_with(place + "/")) return FileKind::folder;
  return written_.kind(place);
}

Performance perform_again(Stage& stage, const evidence::RunRecord& record, const Environment& environment) {
  Performance out;
  out.folder = kOutput;
  StringSink text, errors;
  Console console{text, errors};
  const FakeClock clock(record.checked_at);
  Environment inner{stage, clock, console, stage.working_folder(), environment.is_interrupted};
  std::vector<std::string> arguments = record.origin.arguments;
  arguments.push_back(fmt::format("--out={}", kOutput));
  const auto check = check_command();
  Arguments declared;
  check->declare(declared);
  if (const Status parsed = parse_arguments(declared, "check", arguments); !parsed) {
    out.errors = render_error(parsed.error());
    out.code = error_row(parsed.error().code).exit;
    return out;
  }
  out.code = check->run(inner);
  out.errors = errors.text();
  return out;
}

Status set_stage(Stage& stage, const FileSystem& files, const std::string& bundle,
                 const evidence::RunRecord& record, const std::optional<std::string>& inputs) {
  for (const evidence::BundledInput& input : record.inputs) {
    std::string place = join_path(bundle, input.file);
    if (input.file.empty()) {
      if (!inputs)
        return fail(ErrorCode::evidence_unfit,
                    fmt::format("the bundle holds the digest of {} only, and not the file", input.path), {},
                    "give --inputs DIR, the folder that the run's paths are relative to");
      place = join_path(*inputs, input.path);
      const auto there = digest_file(files, place);
      if (!there) return tl::unexpected(there.error());
      if (there->sha256 != input.sha256)
        return fail(ErrorCode::evidence_input,
                    fmt::format("{} is not the file that was checked: its SHA-256 is {}, and the run read {}",
                                place, there->sha256, input.sha256));
    }
    stage.put(input.path, place);
  }
  std::map<std::string, std::string> shipped;
  for (const std::string top : {"rules", "policies"}) {
    std::vector<std::string> folders{""};
    while (!folders.empty()) {
      const std::string below = folders.back();
      folders.pop_back();
      const std::string folder = join_path(bundle, top + "/builtin" + below);
      if (files.kind(folder) != FileKind::folder) continue;
      const auto names = files.list(folder);
      if (!names) return tl::unexpected(names.error());
      for (const std::string& name : *names) {
        if (files.kind(join_path(folder, name)) == FileKind::folder) {
          folders.push_back(below + "/" + name);
          continue;
        }
        auto text = files.read_file(join_path(folder, name));
        if (!text) return tl::unexpected(text.error());
        shipped.emplace(top + below + "/" + name, std::move(*text));
      }
    }
  }
  stage.put_shipped(std::move(shipped));
  return {};
}

}  // namespace muster::cli
