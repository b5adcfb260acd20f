#include "cli/inputs.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/policy.h"

namespace muster::cli {
namespace {

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

std::optional<RosterSource::Format> format_of(std::string_view path) {
  const auto ends = [&](std::string_view extension) { return path.ends_with(extension); };
  if (ends(".csv") || ends(".tsv") || ends(".txt")) return RosterSource::Format::csv;
  if (ends(".json")) return RosterSource::Format::json;
  if (ends(".jsonl") || ends(".ndjson")) return RosterSource::Format::jsonl;
  return std::nullopt;
}

}  // namespace

std::string placed(const Environment& environment, const Config& config, const std::string& path) {
  return is_absolute(config.folder) && !is_absolute(path) ? join_path(environment.working_folder, path)
                                                          : path;
}

void Inputs::declare_config(Arguments& arguments) {
  arguments.option(
      "-c,--config", "FILE", text(config_),
      "The config; muster.yaml of the current folder when it is there. Its paths are relative to itself.");
}

void Inputs::declare_snapshot(Arguments& arguments) {
  arguments.option(
      "--snapshot", "DIR", text(snapshot_),
      "A snapshot, or a folder of snapshots of which the newest is taken; replaces the config's.");
}

void Inputs::declare_roster(Arguments& arguments) {
  arguments.option("--roster", "FILE", text(roster_),
                   "A roster (.csv, .json or .jsonl); replaces the config's. It keeps the columns and words "
                   "of the config's roster when that has exactly one of the format.");
  arguments.option(
      "--roster-as-of", "DATE",
      [this](const std::string& given) -> Status {
        roster_as_of_ = parse_date(given);
        if (!roster_as_of_) return fail(ErrorCode::usage, "a date is wanted, as 2026-11-20");
        return {};
      },
      "The day on which the file of --roster was exported.");
}

void Inputs::declare_policies(Arguments& arguments) {
  arguments.list("--policy", "FILE", texts(policies_),
                 "A policy file, or a shipped policy's name; replaces the config's.");
}

void Inputs::declare_rules(Arguments& arguments) {
  arguments.repeatable("--rules", "FOLDER", texts(rules_),
                       "A folder of your own rules, FOLDER/<family>/<rule>.lua; replaces the config's.");
}

void Inputs::declare_all(Arguments& arguments) {
  declare_config(arguments);
  declare_snapshot(arguments);
  declare_roster(arguments);
  declare_policies(arguments);
  declare_rules(arguments);
}

void Inputs::replace_roster(const Environment& environment, Config& config, Diagnostics& problems) const {
  if (!roster_) {
    if (roster_as_of_)
      problems.error(ErrorCode::usage,
                     "--roster-as-of says when the file of --roster was exported, and there is no --roster",
                     {}, "for the config's roster set `as_of:` there");
    return;
  }
  const auto format = format_of(*roster_);
  if (!format)
    return problems.error(ErrorCode::usage,
                          fmt::format("--roster {}: the name does not say the format", *roster_), {},
                          "it ends in .csv, .json or .jsonl; or name the file in the config");
  const auto is_alike = [&](const RosterSource& source) { return source.format == *format; };
  RosterSource source;
  const bool keeps = std::count_if(config.rosters.begin(), config.rosters.end(), is_alike) == 1;
  if (keeps) source = *std::find_if(config.rosters.begin(), config.rosters.end(), is_alike);
  source.format = *format;
  source.path = placed(environment, config, *roster_);
  source.shown_path = shown_path(config, source.path);
  // The config's date is that of another file.
  source.as_of = roster_as_of_;
  if (roster_as_of_) source.as_of_column.clear();
  if (source.max_age_us && !source.as_of && source.as_of_column.empty())
    return problems.error(
        ErrorCode::roster_age,
        fmt::format("the config allows a roster of at most {}, and nothing says when {} was exported",
                    format_duration(*source.max_age_us), *roster_),
        {}, "give --roster-as-of DATE");
  config.rosters.assign(1, std::move(source));
}

std::optional<Config> Inputs::load(const Environment& environment, const Needs& needs,
                                   Diagnostics& problems) const {
  Config config;
  const bool has_file = config_ || environment.files.kind(kDefaultConfig) == FileKind::file;
  if (has_file) {
    auto loaded = policy::load_config(environment.files, config_.value_or(kDefaultConfig), problems);
    if (!loaded) return std::nullopt;
    config = std::move(*loaded);
  }
  if (snapshot_) config.snapshot = placed(environment, config, *snapshot_);
  replace_roster(environment, config, problems);
  if (!policies_.empty()) {
    config.policies.clear();
    const auto shipped = policy::shipped_policies();
    for (const std::string& name : policies_) {
      const bool is_shipped = std::find(shipped.begin(), shipped.end(), name) != shipped.end();
      config.policies.push_back(is_shipped ? name : placed(environment, config, name));
    }
  }
  if (!rules_.empty()) {
    config.rule_folders.clear();
    for (const std::string& folder : rules_)
      config.rule_folders.push_back(placed(environment, config, folder));
  }

  const auto require = [&](bool is_needed, bool is_there, std::string_view thing, std::string_view key,
                           std::string_view option) {
    if (!is_needed || is_there) return;
    if (has_file) {
      problems.error(ErrorCode::config_missing_key, fmt::format("the config names no {}", thing),
                     Place{config.file, 0, 0, {}}, fmt::format("set `{}:` there, or give {}", key, option));
    } else {
      problems.error(ErrorCode::usage,
                     fmt::format("no {} is named, and there is no {} here", thing, kDefaultConfig), {},
                     fmt::format("give {}, or a config with -c FILE", option));
    }
  };
  require(needs.snapshot, !config.snapshot.empty(), "snapshot", "snapshot", "--snapshot DIR");
  require(needs.roster, !config.rosters.empty(), "roster", "roster", "--roster FILE");
  require(needs.policies, !config.policies.empty(), "policy", "policies", "--policy FILE");
  if (problems.has_errors()) return std::nullopt;
  return config;
}

std::string shown_path(const Config& config, const std::string& path) {
  return config.folder.empty() ? path : relative_path(path, config.folder);
}

rule::RuleSet load_rules(const Environment& environment, const Config& config, Diagnostics& problems) {
  std::vector<rule::RuleFolder> folders;
  for (const std::string& folder : config.rule_folders) folders.push_back({folder, folder});
  return rule::load_rules(environment.files, folders, problems);
}

ExitCode report(Environment& environment, const Diagnostics& problems) {
  if (environment.is_interrupted) return ExitCode::interrupted;
  // One problem needs no sum below it.
  const bool is_one = problems.errors().size() == 1 && problems.warnings().empty();
  environment.console.err.write(is_one ? render_error(problems.errors().front()) : problems.render());
  return problems.exit_code();
}

ExitCode report(Environment& environment, const Error& error) {
  Diagnostics problems;
  problems.error(error);
  return report(environment, problems);
}

}  // namespace muster::cli
