#include "cli/part_schemas.h"

#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "policy/controls.h"
#include "policy/policy.h"
#include "reports/json/results.h"

namespace muster::cli {
namespace {

/// Where the run's paths are played: deep enough for those that lead out of its folder.
constexpr std::string_view kPlayed = "/played/1/2/3/4/5/6/7/8/9/10/11/12";

struct Played {
  MemoryFileSystem files;
  std::map<std::string, std::string> name_of;  // played path → name in the bundle
};

void read_as(std::string_view kind, const Played& played, const std::string& path, Diagnostics& found) {
  const MemoryFileSystem& files = played.files;
  if (kind == "config") {
    static_cast<void>(policy::load_config(files, path, found));
  } else if (kind == "policy") {
    static_cast<void>(policy::load_policy(files, path, path, found));
  } else if (kind == "waivers") {
    static_cast<void>(policy::load_waivers(files, path, path, found));
  } else if (kind == "links") {
    static_cast<void>(policy::load_links(files, path, path, found));
  } else if (kind == "nonhuman") {
    static_cast<void>(policy::load_nonhumans(files, path, path, found));
  } else if (kind == "attestations") {
    static_cast<void>(policy::load_attestations(files, path, path, found));
  } else if (kind == "baseline") {
    const auto text = files.read_file(path, UINT64_MAX);
    if (!text) return found.error(text.error());
    if (const auto run = reports::parse_results(*text, path); !run) found.error(run.error());
  }
}

}  // namespace

bool is_user_file(std::string_view name) {
  return name.starts_with("config/") ||
         (name.starts_with("policies/") && !name.starts_with("policies/builtin/"));
}

void check_part_schemas(const evidence::Contents& contents, const Run& run, const evidence::RunRecord& record,
                        const std::function<void(std::string)>& problem) {
  Played played;
  std::multimap<std::string_view, std::string> by_digest;  // → played path
  for (const evidence::BundledInput& input : record.inputs) {
    const std::string path = join_path(kPlayed, input.path);
    const auto text = contents.texts.find(input.file);
    // The config's reader looks whether folders are there, so files that are not read here stand in them,
    // too.
    played.files.add(path, text == contents.texts.end() ? std::string() : text->second);
    if (text == contents.texts.end()) continue;
    played.name_of[path] = input.file;
    by_digest.emplace(input.sha256, path);
  }
  for (const InputFile& input : run.inputs) {
    const auto [first, last] = by_digest.equal_range(input.sha256);
    for (auto at = first; at != last; ++at) {
      Diagnostics found;
      read_as(input.kind, played, at->second, found);
      for (const Error& error : found.errors()) {
        // A policy's problem may be in another one that it extends.
        const auto named = played.name_of.find(error.place.file);
        std::string message = error.message;
        for (std::size_t place = message.find(kPlayed); place != std::string::npos;
             place = message.find(kPlayed))
          message.erase(place, kPlayed.size() + 1);
        problem(fmt::format(
            "{}{}: {}", named == played.name_of.end() ? played.name_of[at->second] : named->second,
            error.place.line == 0 ? "" : fmt::format(":{}", error.place.line), make_visible(message)));
      }
    }
  }
}

}  // namespace muster::cli
