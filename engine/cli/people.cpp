#include "cli/people.h"

#include <fmt/format.h>

#include "base/parallel.h"
#include "base/text.h"
#include "cli/layout.h"
#include "policy/policy.h"

namespace muster::cli {

using snapshot::Dataset;

std::optional<Instant> decide_as_of(const Environment& environment, const Config& config,
                                    const TimeWish& wish, Diagnostics& problems) {
  if (wish.is_given()) return wish.resolve(environment.clock);
  if (config.snapshot.empty()) {
    problems.error(ErrorCode::usage, "nothing says as of when the roster is to be read", {},
                   "give --as-of TIME (or --as-of now), or name a snapshot, whose instant is then taken");
    return std::nullopt;
  }
  const auto folder = snapshot::find_snapshot(environment.files, config.snapshot);
  const auto manifest = folder ? snapshot::load_manifest(environment.files, *folder)
                               : Result<snapshot::Manifest>(tl::unexpected(folder.error()));
  if (manifest) return manifest->completed;
  Error error = manifest.error();
  if (error.hint.empty())
    error.hint = "its instant is what the roster is read as of; without it give --as-of TIME";
  problems.error(std::move(error));
  return std::nullopt;
}

std::optional<roster::Roster> load_people(const Environment& environment, const Config& config, Instant as_of,
                                          Diagnostics& problems) {
  roster::Roster roster =
      roster::load_roster(environment.files, config.rosters, {as_of, available_cores()}, problems);
  if (problems.has_errors()) return std::nullopt;
  return roster;
}

void RosterCall::declare(Arguments& arguments) {
  inputs_.declare_config(arguments);
  inputs_.declare_snapshot(arguments);
  inputs_.declare_roster(arguments);
  arguments.option("--as-of", "TIME", time(as_of_),
                   "The instant; the snapshot's when absent. A time, a date, or now.");
  arguments.flag("--json", json_, "Write JSON.");
}

std::optional<RosterCall::People> RosterCall::load(const Environment& environment, Inputs::Needs needs,
                                                   Diagnostics& problems) const {
  needs.roster = true;
  auto config = inputs_.load(environment, needs, problems);
  if (!config) return std::nullopt;
  const auto as_of = decide_as_of(environment, *config, as_of_, problems);
  if (!as_of) return std::nullopt;
  auto roster = load_people(environment, *config, *as_of, problems);
  if (!roster) return std::nullopt;
  return People{std::move(*config), *as_of, std::move(*roster)};
}

bool match_people(const Environment& environment, const Config& config, const roster::Roster& roster,
                  MatchedAccounts& out, Diagnostics& problems) {
  const FileSystem& files = environment.files;
  if (!config.links.empty())
    if (auto links = policy::load_links(files, config.links, shown_path(config, config.links), problems))
      out.links = std::move(*links);
  if (!config.nonhuman.empty())
    if (auto nonhumans =
            policy::load_nonhumans(files, config.nonhuman, shown_path(config, config.nonhuman), problems))
      out.nonhumans = std::move(*nonhumans);
  const auto folder = snapshot::find_snapshot(files, config.snapshot);
  if (!folder) problems.error(folder.error());
  if (problems.has_errors()) return false;

  snapshot::LoadRequest request;
  for (const char* name : {"email", "name"})
    request.fields.emplace(Dataset::users, *snapshot::spec_of(Dataset::users).field(name));
  request.keys.insert(Dataset::users);
  const auto loaded =
      snapshot::load_snapshot(files, *folder, request, available_cores(), out.world, problems);
  if (!loaded || problems.has_errors()) return false;
  const snapshot::Availability& available = out.world.available(Dataset::users);
  const snapshot::Table* users = out.world.table(Dataset::users);
  const std::string status = fmt::format("{}{}", snapshot::word_of(available.status),
                                         available.reason.empty() ? "" : " (" + available.reason + ")");
  const bool has_rows = available.is_complete() || available.status == snapshot::DatasetStatus::partial;
  if (users == nullptr || !has_rows) {
    problems.error(ErrorCode::snapshot_missing,
                   fmt::format("the snapshot {} has no list of users: {}", *folder, status), {},
                   "collect or import `users` first");
    return false;
  }
  if (!available.is_complete())
    out.notes.push_back(fmt::format("the list of users is {}: accounts are missing here", status));
  if (!roster.is_complete)
    out.notes.push_back("the roster counts as incomplete: " + roster.incomplete_reason);
  for (const std::string& warning : loaded->warnings) out.notes.push_back(warning);

  out.accounts = {&users->ids(), users->column("email")};
  const roster::MatchInputs inputs{out.links, out.nonhumans, &config.domain_aliases};
  out.matches = roster::match_accounts(roster, out.accounts, inputs, available_cores());
  out.notes.insert(out.notes.end(), out.matches.warnings.begin(), out.matches.warnings.end());
  return true;
}

std::string describe_sources(const roster::Roster& roster) {
  std::string out;
  for (const RosterResult& source : roster.sources) {
    out += fmt::format("{}: {}, {}", make_visible(source.path), plural(source.persons, "person", "persons"),
                       source.status);
    if (!source.reason.empty()) out += " (" + make_visible(source.reason) + ")";
    out += source.as_of.empty() ? ", age not checked" : ", exported on " + make_visible(source.as_of);
    out += '\n';
  }
  return out;
}

}  // namespace muster::cli
