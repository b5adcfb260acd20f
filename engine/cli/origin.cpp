#include "cli/origin.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/text.h"
#include "cli/inputs.h"
#include "snapshot/snapshot.h"

namespace muster::cli {
namespace {

/// What CI systems say of their jobs, by the variable that tells which system it is.
struct CiSystem {
  const char* marker;
  const char* name;
  std::vector<std::pair<const char*, const char*>> variables;  // our word → theirs
};

const std::vector<CiSystem>& ci_systems() {
  static const std::vector<CiSystem> systems = {
      {"GITHUB_ACTIONS",
       "github",
       {{"repository", "GITHUB_REPOSITORY"},
        {"job", "GITHUB_RUN_ID"},
        {"attempt", "GITHUB_RUN_ATTEMPT"},
        {"commit", "GITHUB_SHA"},
        {"actor", "GITHUB_ACTOR"}}},
      {"GITLAB_CI",
       "gitlab",
       {{"job", "CI_JOB_URL"}, {"commit", "CI_COMMIT_SHA"}, {"actor", "GITLAB_USER_LOGIN"}}},
      {"JENKINS_URL", "jenkins", {{"job", "BUILD_URL"}, {"commit", "GIT_COMMIT"}}},
      {"TF_BUILD",
       "azure",
       {{"repository", "BUILD_REPOSITORY_NAME"},
        {"job", "BUILD_BUILDID"},
        {"commit", "BUILD_SOURCEVERSION"},
        {"actor", "BUILD_REQUESTEDFOR"}}},
      {"CIRCLECI",
       "circleci",
       {{"job", "CIRCLE_BUILD_URL"}, {"commit", "CIRCLE_SHA1"}, {"actor", "CIRCLE_USERNAME"}}},
      {"BUILDKITE",
       "buildkite",
       {{"job", "BUILDKITE_BUILD_URL"},
        {"commit", "BUILDKITE_COMMIT"},
        {"actor", "BUILDKITE_BUILD_CREATOR"}}}};
  return systems;
}

std::vector<std::pair<std::string, std::string>> started_by(const Environment& environment) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const char* name : {"USER", "LOGNAME"}) {
    if (const auto user = environment.variable(name); user && !user->empty()) {
      out.emplace_back("user", *user);
      break;
    }
  }
  for (const CiSystem& system : ci_systems()) {
    if (!environment.variable(system.marker)) continue;
    out.emplace_back("ci", system.name);
    for (const auto& [word, variable] : system.variables)
      if (const auto value = environment.variable(variable); value && !value->empty())
        out.emplace_back(word, *value);
    break;
  }
  return out;
}

/// What was typed, without what may be a secret: a platform's keys, users and passwords in URLs, and values
/// whose names say what they are.
std::string without_secrets(std::string text) {
  constexpr std::string_view kHidden = "***";
  const auto hide = [&](std::size_t begin, std::string_view ends) {
    const std::size_t end = std::min(text.find_first_of(ends, begin), text.size());
    text.replace(begin, end - begin, kHidden);
  };
  constexpr std::string_view kKey = "sk-ant-";
  for (std::size_t at = text.find(kKey); at != std::string::npos; at = text.find(kKey, at + kKey.size()))
    hide(at + kKey.size(), " \t\r\n\"'&,;");
  for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const std::size_t host = at + 3, end = std::min(text.find_first_of("/?#", host), text.size());
    const std::size_t sign = text.rfind('@', end);
    if (sign != std::string::npos && sign > host) text.replace(host, sign - host, kHidden);
  }
  for (const std::string_view name : {"password=", "passwd=", "secret=", "token=", "api_key=", "apikey="}) {
    std::string lower = fold_case(text);
    for (std::size_t at = lower.find(name); at != std::string::npos;
         at = lower.find(name, at + name.size())) {
      hide(at + name.size(), "&");
      lower = fold_case(text);
    }
  }
  return text;
}

/// A file of a snapshot in `folder`, whatever else the folder holds.
bool is_of_snapshot(const std::string& path, const std::string& folder) {
  const std::string below = relative_path(path, folder);
  return below == "manifest.json" || below == "ledger.jsonl" ||
         (below.starts_with("data/") && below.ends_with(".jsonl"));
}

/// The manifest of a snapshot that was looked at to find the newest one.
bool is_other_manifest(const std::string& path, const std::string& folder) {
  const std::string below = relative_path(path, folder);
  return below.ends_with("/manifest.json") && !below.starts_with("../");
}

}  // namespace

Result<std::unique_ptr<RandomAccessFile>> RecordingFiles::open(const std::string& path) const {
  auto file = files_.open(path);
  if (file) {
    const std::lock_guard lock(mutex_);
    opened_.insert(path);
  }
  return file;
}

std::set<std::string> RecordingFiles::opened() const {
  const std::lock_guard lock(mutex_);
  return opened_;
}

Result<UsedFile> digest_file(const FileSystem& files, const std::string& path) {
  constexpr std::size_t kPieceBytes = 256 * 1024;
  const auto file = files.open(path);
  if (!file) return tl::unexpected(file.error());
  UsedFile out{path, {}, 0};
  Sha256 digest;
  std::vector<char> buffer(kPieceBytes);
  while (true) {
    const auto got = (*file)->read_at(out.bytes, buffer);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    digest.update(std::string_view(buffer.data(), *got));
    out.bytes += *got;
  }
  out.sha256 = digest.finish_hex();
  return out;
}

Result<RunOrigin> describe_origin(const Environment& environment, const std::set<std::string>& opened,
                                  const std::vector<std::string>& arguments, const Config& config,
                                  const Run& run, const std::string& out) {
  RunOrigin origin;
  origin.started_by = started_by(environment);
  for (const std::string& word : environment.command) origin.command.push_back(without_secrets(word));
  origin.arguments = arguments;
  if (const auto program = digest_file(environment.files, "/proc/self/exe"))
    origin.build_sha256 = program->sha256;
  origin.config_sha256 = config.sha256;
  origin.folder = relative_path(environment.working_folder, join_path(environment.working_folder, out));
  if (config.folder.starts_with('/')) origin.working_folder = environment.working_folder;
  const auto snapshot = snapshot::find_snapshot(environment.files, config.snapshot);
  if (!snapshot) return tl::unexpected(snapshot.error());
  origin.snapshot = *snapshot;
  for (const std::string& path : opened) {
    const bool is_previous = std::any_of(run.inputs.begin(), run.inputs.end(), [&](const InputFile& input) {
      return input.kind == "previous_snapshot" && input.path == shown_path(config, path);
    });
    if (!is_previous &&
        (is_of_snapshot(path, *snapshot) || is_other_manifest(path, config.snapshot) ||
         (!config.previous_snapshot.empty() && is_other_manifest(path, config.previous_snapshot))))
      continue;
    // What was digested while it was read is not read again: it is that text which was judged.
    const auto known = std::find_if(run.inputs.begin(), run.inputs.end(), [&](const InputFile& input) {
      return input.path == shown_path(config, path) && input.kind != "snapshot";
    });
    if (known != run.inputs.end()) {
      origin.files.push_back({path, known->sha256, known->bytes});
      continue;
    }
    auto file = digest_file(environment.files, path);
    if (!file) return tl::unexpected(file.error());
    origin.files.push_back(std::move(*file));
  }
  return origin;
}

}  // namespace muster::cli
