#include "evaluate/check.h"

#include <algorithm>
#include <exception>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/parallel.h"
#include "base/text.h"
#include "evaluate/baseline.h"
#include "evaluate/controls.h"
#include "evaluate/derive.h"
#include "evaluate/previous.h"
#include "evaluate/run_entries.h"
#include "evaluate/selector.h"
#include "evaluate/waive.h"
#include "policy/controls.h"
#include "policy/extended.h"
#include "policy/policy.h"
#include "roster/roster.h"
#include "rule/load_selected.h"
#include "snapshot/snapshot.h"

namespace muster::evaluate {

using snapshot::Dataset;

namespace {

std::string shown(const Config& config, const std::string& path) {
  return config.folder.empty() ? path : relative_path(path, config.folder);
}

/// The user's YAML, all of it, so that all its problems are reported together.
struct Settings {
  std::vector<Policy> policies;
  std::vector<policy::PolicySource> bases;  // what they extend
  std::vector<Waiver> waivers;
  std::vector<AccountLink> links;
  std::vector<NonhumanEntry> nonhumans;
  std::vector<Attestation> attestations;
  std::vector<Framework> frameworks;
  rule::RuleSet rules;
};

template <class T, class Load>
void load_list(std::vector<T>& out, const std::string& path, const Config& config, Diagnostics& problems, const Load& load, const FileSystem& files) {
  if (path.empty()) return;
  if (auto items = load(files, path, shown(config, path), problems)) out = std::move(*items);
}

/// `single_rule` is needed beside those of the policies; may be empty.
void load_policies_and_rules(const FileSystem& files, const Config& config, const std::string& single_rule, Settings& out, Diagnostics& problems) {
  for (const std::string& name : config.policies)
    if (auto policy = policy::load_extended_policy(files, name, shown(config, name), problems, out.bases)) out.policies.push_back(std::move(*policy));
  load_list(out.waivers, config.waivers, config, problems, policy::load_waivers, files);
  load_list(out.links, config.links, config, problems, policy::load_links, files);
  load_list(out.nonhumans, config.nonhuman, config, problems, policy::load_nonhumans, files);
  load_list(out.attestations, config.attestations, config, problems, policy::load_attestations, files);
  std::vector<rule::RuleFolder> folders;
  for (const std::string& folder : config.rule_folders) folders.push_back({folder, shown(config, folder)});
  std::set<std::string> wanted, entries;
  if (!single_rule.empty()) wanted.insert(single_rule);
  for (const Policy& policy : out.policies) {
    for (const PolicyEntry& entry : policy.entries) {
      wanted.insert(entry.rule);
      entries.insert(entry.as);
    }
  }
  for (const Waiver& waiver : out.waivers)
    if (!entries.contains(waiver.rule)) wanted.insert(waiver.rule);
  out.rules = rule::load_selected(files, folders, wanted, problems);
}

/// The framework tables are as long as all else and need none of it: they are read beside it.
Settings load_settings(const FileSystem& files, const Config& config, const std::string& single_rule, unsigned jobs, Diagnostics& problems) {
  Settings out;
  Diagnostics of_frameworks;
  run_parallel(jobs, 2, [&](std::size_t task, unsigned) {
    if (task == 0) load_policies_and_rules(files, config, single_rule, out, problems);
    else out.frameworks = policy::load_frameworks(of_frameworks);
  });
  for (const Error& error : of_frameworks.errors()) problems.error(error);
  return out;
}

/// Ids of all rules that there are; the shipped ones by their files' names, as most of them are not loaded.
std::vector<std::string> known_rules(const FileSystem& files, const rule::RuleSet& loaded) {
  std::set<std::string> ids;
  for (const auto& [id, rule] : loaded) ids.insert(id);
  for (const EmbeddedFile& file : files.shipped()) {
    std::string name(file.name);
    if (!name.starts_with("rules/") || name.starts_with("rules/lib/") || !name.ends_with(".lua") || name.ends_with("_spec.lua")) continue;
    name = name.substr(6, name.size() - 10);
    std::replace(name.begin(), name.end(), '/', '.');
    ids.insert(std::move(name));
  }
  return {ids.begin(), ids.end()};
}

Wanted find_wanted(const std::vector<Entry>& entries, const std::vector<Waiver>& waivers) {
  Wanted wanted;
  for (const Entry& entry : entries) {
    const rule::RuleInfo& rule = entry.rule->info();
    const Dataset subject = snapshot::find_subject(rule.subject)->dataset;
    wanted.fields.insert(rule.reads.fields.begin(), rule.reads.fields.end());
    wanted.relations.insert(rule.reads.relations.begin(), rule.reads.relations.end());
    wanted.subjects.insert(subject);
    // A rule may loop over a dataset, or name its records, without reading a field of it.
    wanted.subjects.insert(rule.reads.must.begin(), rule.reads.must.end());
    wanted.subjects.insert(rule.reads.may.begin(), rule.reads.may.end());
    for (const ScopeTerm& term : entry.include) add_wanted(term, subject, wanted);
    for (const ScopeTerm& term : entry.exclude) add_wanted(term, subject, wanted);
    for (const Waiver& waiver : waivers) {
      if (waiver.rule != entry.as && waiver.rule != rule.id) continue;
      add_wanted(waiver.subject, subject, wanted);
      if (subject == Dataset::users) wanted.add_field(Dataset::users, "person_state");  // to see that nobody approves his own
    }
  }
  return wanted;
}

/// A waiver that can never fit anything is a slip, as it would be in a policy.
void check_waivers(const Settings& settings, Diagnostics& problems) {
  std::map<std::string, const rule::RuleInfo*> known;
  for (const auto& [id, rule] : settings.rules) known.emplace(id, &rule->info());
  for (const Policy& policy : settings.policies) {
    for (const PolicyEntry& entry : policy.entries)
      if (const auto found = settings.rules.find(entry.rule); found != settings.rules.end()) known.emplace(entry.as, &found->second->info());
  }
  std::vector<std::string> names;
  for (const auto& [name, ignored] : known) names.push_back(name);
  for (const Waiver& waiver : settings.waivers) {
    const auto found = known.find(waiver.rule);
    if (found == known.end()) {
      const auto near = nearest_name(waiver.rule, names);
      problems.error(ErrorCode::policy_unknown_rule, fmt::format("waiver {}: there is no rule or policy entry '{}'", make_visible(waiver.id), make_visible(waiver.rule)), waiver.place,
                     near ? fmt::format("did you mean '{}'?", *near) : "`muster rule list` shows the rules");
      continue;
    }
    const snapshot::DatasetSpec& spec = *snapshot::find_subject(found->second->subject);
    if (waiver.subject.field == "id" || spec.field(waiver.subject.field) || snapshot::find_relation(spec.dataset, waiver.subject.field)) continue;
    std::vector<std::string> fields{"id"};
    for (const auto& field : spec.fields) fields.emplace_back(field.name);
    const auto near = nearest_name(waiver.subject.field, fields);
    problems.error(ErrorCode::policy_scope, fmt::format("waiver {}: {} is about {}, which have no field '{}'", make_visible(waiver.id), waiver.rule, spec.name, make_visible(waiver.subject.field)),
                   waiver.subject.place, near ? fmt::format("did you mean '{}'?", *near) : "");
  }
}

void keep_single_rule(const std::string& id, const rule::RuleSet& rules, std::vector<Entry>& entries) {
  std::erase_if(entries, [&](const Entry& entry) { return entry.rule->info().id != id; });
  const auto found = rules.find(id);
  if (!entries.empty() || found == rules.end()) return;
  Entry entry;
  entry.rule = found->second;
  entry.as = id;
  entry.severity = entry.rule->info().severity;
  for (const auto& spec : entry.rule->info().params) entry.params[spec.name] = spec.fallback;
  entry.controls = entry.rule->info().controls;
  entries.push_back(std::move(entry));
}

void add_file_input(Run& run, const FileSystem& files, const Config& config, const std::string& kind, const std::string& path, Diagnostics& problems) {
  if (path.empty()) return;
  const auto bytes = files.read_file(path);
  if (!bytes) return problems.error(bytes.error());
  run.inputs.push_back({kind, shown(config, path), sha256_hex(*bytes), bytes->size()});
}

/// The tables that the results take words from.
std::vector<const Framework*> cited_frameworks(const Settings& settings, const std::vector<Entry>& entries) {
  std::set<std::string> cited;
  for (const Entry& entry : entries)
    for (const ControlId& control : entry.controls) cited.insert(control.framework);
  for (const Attestation& attestation : settings.attestations)
    for (const ControlId& control : attestation.controls) cited.insert(control.framework);
  std::vector<const Framework*> out;
  for (const Framework& framework : settings.frameworks)
    if (cited.contains(framework.id)) out.push_back(&framework);
  return out;
}

/// Everything that decides the results, as one digest.
std::string run_id(const Run& run, const std::vector<Entry>& entries) {
  json::Array inputs;
  for (const InputFile& input : run.inputs) inputs.push_back(json::Value(json::Object{{"kind", input.kind}, {"path", input.path}, {"sha256", input.sha256}}));
  json::Array selected;
  for (const Entry& entry : entries) {
    json::Object params;
    for (const auto& [name, value] : entry.params) params.emplace_back(name, rule::to_json(value));
    selected.push_back(json::Value(json::Object{{"policy", entry.policy}, {"as", entry.as}, {"severity", word_of(entry.severity)}, {"fail_on", word_of(entry.fail_on)}, {"params", json::Value(std::move(params))}}));
  }
  json::Array availability;
  for (const DatasetResult& dataset : run.datasets) availability.push_back(json::Value(json::Object{{"name", dataset.name}, {"status", dataset.status}, {"reason", dataset.reason}}));
  const json::Value all(json::Object{{"tool", run.tool_version},
                                     {"as_of", format_rfc3339(run.as_of)},
                                     {"fail_on", word_of(run.fail_on)},
                                     {"tzdata", run.tzdata},
                                     {"inputs", json::Value(std::move(inputs))},
                                     {"entries", json::Value(std::move(selected))},
                                     {"datasets", json::Value(std::move(availability))}});
  return sha256_hex(json::dump(all));
}

void apply_expectations(const Config& config, snapshot::World& world, std::span<const snapshot::DatasetManifest> rows, Diagnostics& problems) {
  for (const Expectation& expectation : config.expect) {
    const snapshot::DatasetSpec* spec = snapshot::find_dataset(expectation.dataset);
    if (!spec || (static_cast<std::size_t>(spec->dataset) >= snapshot::kCollectedCount && spec->dataset != Dataset::persons)) {
      std::vector<std::string> names;
      for (const auto& row : snapshot::schema()) names.emplace_back(row.name);
      const auto near = nearest_name(expectation.dataset, names);
      problems.error(ErrorCode::config_invalid, "`expect` names '" + make_visible(expectation.dataset) + "', and there is no such dataset", expectation.place,
                     near ? "did you mean '" + std::string(*near) + "'?" : "");
      continue;
    }
    snapshot::Availability& available = world.available(spec->dataset);
    std::uint64_t have = 0;
    if (spec->dataset == Dataset::persons) have = world.table(Dataset::persons) ? world.table(Dataset::persons)->rows() : 0;
    // Rows of the loaded table are records (two views of one user are one); without it the file's rows are the best upper bound.
    else if (const snapshot::Table* table = world.table(spec->dataset)) have = table->rows();
    else have = rows[static_cast<std::size_t>(spec->dataset)].rows;
    if (have >= expectation.min || !available.is_complete()) continue;
    if (spec->dataset == Dataset::persons && !world.table(Dataset::persons)) continue;
    available.status = snapshot::DatasetStatus::partial;
    available.reason = fmt::format("{} rows, at least {} expected", have, expectation.min);
  }
}

void describe_datasets(Run& run, const snapshot::Manifest& manifest, const snapshot::World& world, const std::set<Dataset>& read) {
  for (std::size_t i = 0; i < snapshot::kCollectedCount; ++i) {
    const auto dataset = static_cast<Dataset>(i);
    const snapshot::DatasetManifest& row = manifest.row(dataset);
    const snapshot::Availability& available = world.available(dataset);
    DatasetResult result;
    result.name = row.name;
    result.status = std::string(snapshot::word_of(available.status));
    result.reason = available.reason;
    result.rows = row.rows;
    result.bytes = row.bytes;
    result.pages = row.pages;
    result.sha256 = row.sha256;
    result.declared = manifest.origin == snapshot::Manifest::Origin::declared && !row.sha256.empty();
    result.read = read.contains(dataset);
    result.warnings = row.warnings;
    run.datasets.push_back(std::move(result));
  }
}

/// The day of the oldest of all exports; nothing when one has none.
std::optional<Instant> oldest_export(std::span<const RosterResult> rosters) {
  std::optional<Instant> oldest;
  for (const RosterResult& roster : rosters) {
    const auto day = parse_date(roster.as_of);
    const auto instant = day ? std::optional(start_of(*day)) : parse_rfc3339(roster.as_of);
    if (!instant) return std::nullopt;
    oldest = oldest ? std::min(*oldest, *instant) : *instant;
  }
  return oldest;
}

/// The longest age that the config allows an export; nothing when it allows one any age.
std::optional<std::int64_t> longest_limit(std::span<const RosterSource> rosters) {
  std::optional<std::int64_t> longest;
  for (const RosterSource& roster : rosters) {
    if (!roster.max_age_us) return std::nullopt;
    longest = std::max(longest.value_or(0), *roster.max_age_us);
  }
  return longest;
}

void take_subjects(Run& run, snapshot::World& world) {
  for (const RuleResult& rule : run.rules) {
    if (run.subjects.contains(rule.subject)) continue;
    Subjects& subjects = run.subjects[rule.subject];
    if (snapshot::Table* table = world.table(snapshot::find_subject(rule.subject)->dataset)) std::tie(subjects.id, subjects.label) = table->take_keys();
  }
}

bool reads_waivers(const Entry& entry) {
  const rule::RuleInfo& rule = entry.rule->info();
  return rule.subject == SubjectKind::waiver || rule.reads.must.contains(Dataset::waivers) || rule.reads.may.contains(Dataset::waivers);
}

/// Whether a waiver is too broad shows in what its rules judged, so rules that read the waivers come after all others. What is found too broad by these changes what they read: they
/// are run again, until nothing is found any more. A waiver that was found too broad stays so, which ends this, and never excuses what it should not.
EntriesResult run_waiver_readers_last(const std::vector<Entry>& entries, std::span<const Waiver> waivers, const WaiverRules& rules, const RunOptions& options, snapshot::World& world,
                           std::vector<WaiverResult>& described) {
  std::vector<Entry> parts[2];
  for (const Entry& entry : entries) parts[reads_waivers(entry) ? 1 : 0].push_back(entry);
  EntriesResult done[2];
  done[0] = run_entries(parts[0], world, options);
  judge_breadth(waivers, rules, done[0].rules, world, described);
  for (bool is_new = true; is_new;) {
    world.tables[static_cast<std::size_t>(Dataset::waivers)].reset();
    fill_waivers(world, described);
    EntriesResult now = run_entries(parts[1], world, options);
    for (std::size_t i = 0; i < done[1].cpu_us.size(); ++i) now.cpu_us[i] += done[1].cpu_us[i];
    now.blocks += done[1].blocks;
    now.nondeterministic = now.nondeterministic || done[1].nondeterministic;
    done[1] = std::move(now);
    is_new = judge_breadth(waivers, rules, done[1].rules, world, described);
  }
  EntriesResult all;
  all.blocks = done[0].blocks + done[1].blocks;
  all.nondeterministic = done[0].nondeterministic || done[1].nondeterministic;
  std::size_t next[2] = {0, 0};
  for (const Entry& entry : entries) {
    const std::size_t part = reads_waivers(entry) ? 1 : 0;
    all.rules.push_back(std::move(done[part].rules[next[part]]));
    all.cpu_us.push_back(done[part].cpu_us[next[part]++]);
  }
  return all;
}

/// Stops and clocks the phases.
class Watch {
 public:
  explicit Watch(const Clock& clock) : clock_(clock), last_(clock.monotonic_us()) {}
  std::int64_t lap() {
    const std::int64_t now = clock_.monotonic_us();
    const std::int64_t passed = now - last_;
    last_ = now;
    return passed;
  }

 private:
  const Clock& clock_;
  std::int64_t last_;
};

}  // namespace

std::optional<CheckResult> check(const FileSystem& files, const Clock& clock, const CheckRequest& request, Diagnostics& problems) {
  const Config& config = request.config;
  CheckResult out;
  Run& run = out.run;
  Watch watch(clock);
  out.times.checked_at = clock.now();

  Settings settings = load_settings(files, config, request.single_rule, request.jobs, problems);
  std::vector<Entry> entries;
  if (!problems.has_errors()) {
    BindOptions options = request.bind;
    if (!options.rule_globs.empty()) options.known_rules = known_rules(files, settings.rules);
    entries = bind_policies(settings.policies, settings.rules, options, problems);
    check_waivers(settings, problems);
    check_controls(entries, settings.frameworks, problems);
    check_controls(settings.attestations, settings.frameworks, problems);
    check_ends(settings.waivers, config.waiver_rules, problems);
    if (!request.single_rule.empty()) keep_single_rule(request.single_rule, settings.rules, entries);
  }

  std::string folder;
  std::optional<snapshot::Manifest> manifest;
  if (config.snapshot.empty()) {
    problems.error(ErrorCode::config_missing_key, "no snapshot is named", Place{config.file, 0, 0, {}}, "set `snapshot:` in the config, or give --snapshot DIR");
  } else if (auto found = snapshot::find_snapshot(files, config.snapshot); !found) {
    problems.error(found.error());
  } else {
    folder = *found;
    auto loaded = snapshot::load_manifest(files, folder);
    if (loaded) manifest = std::move(*loaded);
    else problems.error(loaded.error());
  }
  if (problems.has_errors()) return std::nullopt;

  Wanted wanted = find_wanted(entries, settings.waivers);
  if (request.inspect && !config.rosters.empty()) wanted.add_field(Dataset::users, "match_detail");
  run.tool_version = request.tool_version;
  run.as_of = request.as_of.value_or(manifest->completed);
  run.what_if = run.as_of != manifest->completed;
  run.snapshot_completed = manifest->completed;
  run.due_within = format_duration(config.due_within_us);
  if (request.fail_on)
    for (Entry& entry : entries) entry.fail_on = *request.fail_on;
  // Where policies differ, the run as such lets nothing through; each rule says whether it is gated.
  const bool is_one_gate = std::all_of(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.fail_on == entries.front().fail_on; });
  run.fail_on = request.fail_on.value_or(entries.empty() || !is_one_gate ? Severity::info : entries.front().fail_on);
  run.organization = manifest->organization_name.empty() ? config.organization : manifest->organization_name;
  run.organization_id = manifest->organization_id;
  run.provider = manifest->provider;
  if (request.baseline) {
    check_baseline(*request.baseline, run, problems);
    if (problems.has_errors()) return std::nullopt;
  }

  // The roster is read beside the snapshot: it is one long text that one core must go through.
  const bool needs_roster = wanted.needs_roster() && !config.rosters.empty();
  const auto needed_of_roster = roster_fields(wanted);
  roster::Roster roster;
  Diagnostics roster_problems;
  std::exception_ptr roster_failure;
  const auto read_roster = [&] {
    try {
      roster = roster::load_roster(files, config.rosters, {run.as_of, 1, &needed_of_roster}, roster_problems);
    } catch (...) {
      roster_failure = std::current_exception();
    }
  };
  std::thread roster_thread;
  if (needs_roster && request.jobs > 1) roster_thread = std::thread(read_roster);
  snapshot::World world;
  std::optional<snapshot::Loaded> loaded;
  std::exception_ptr snapshot_failure;
  try {
    loaded = snapshot::load_snapshot(files, folder, what_to_load(wanted), request.jobs, world, problems);
  } catch (...) {
    snapshot_failure = std::current_exception();
  }
  if (roster_thread.joinable()) roster_thread.join();
  else if (needs_roster) read_roster();
  if (snapshot_failure) std::rethrow_exception(snapshot_failure);
  if (roster_failure) std::rethrow_exception(roster_failure);
  for (const Error& error : roster_problems.errors()) problems.error(error);
  for (const Error& warning : roster_problems.warnings()) problems.warning(warning.code, warning.message, warning.place, warning.hint);
  if (!loaded || problems.has_errors()) return std::nullopt;
  world.as_of = run.as_of;
  load_previous(files, config, wanted, loaded->manifest, request.jobs, world, run, problems);
  if (problems.has_errors()) return std::nullopt;
  out.times.load_us = watch.lap();

  // Inputs, in the order that the contract wants.
  if (!config.file.empty()) run.inputs.push_back({"config", shown(config, config.file), config.sha256, config.bytes});
  std::set<std::string> seen_policies;
  const auto add_policy = [&](const std::string& file, const std::string& sha256, std::uint64_t bytes) {
    if (seen_policies.insert(file).second) run.inputs.push_back({"policy", file, sha256, bytes});
  };
  for (const policy::PolicySource& base : settings.bases) add_policy(base.file, base.sha256, base.bytes);
  for (const Policy& policy : settings.policies) {
    add_policy(policy.file, policy.sha256, policy.bytes);
    run.policies.push_back({policy.id, policy.title, policy.file, policy.sha256, policy.version});
    if (!is_one_gate && !request.fail_on) run.policies.back().fail_on = policy.fail_on.value_or(Severity::info);
  }
  std::set<std::string> seen_rules;
  for (const Entry& entry : entries) {
    const rule::RuleInfo& rule = entry.rule->info();
    if (seen_rules.insert(rule.id).second) run.inputs.push_back({"rule", rule.file, rule.sha256, rule.bytes});
    for (const rule::LibraryFile& library : rule.libraries)
      if (seen_rules.insert(library.file).second) run.inputs.push_back({"rule", library.file, library.sha256, library.bytes});
  }
  for (const InputFile& input : roster.inputs) run.inputs.push_back({"roster", input.path, input.sha256, input.bytes});
  run.rosters = roster.sources;
  add_file_input(run, files, config, "links", config.links, problems);
  add_file_input(run, files, config, "nonhuman", config.nonhuman, problems);
  add_file_input(run, files, config, "waivers", config.waivers, problems);
  add_file_input(run, files, config, "attestations", config.attestations, problems);
  for (const Framework* framework : cited_frameworks(settings, entries))
    run.inputs.push_back({"framework", framework->file, framework->sha256, framework->bytes});
  if (request.baseline) run.inputs.push_back({"baseline", shown(config, request.baseline->path), request.baseline->sha256, request.baseline->bytes});
  run.inputs.push_back({"snapshot", "manifest.json", loaded->manifest_sha256, 0});
  std::sort(run.inputs.begin(), run.inputs.end(), [](const InputFile& a, const InputFile& b) { return std::tie(a.kind, a.path) < std::tie(b.kind, b.path); });
  if (roster.uses_zone || (!settings.waivers.empty() && !config.waiver_rules.zone.empty())) run.tzdata = tzdata_version();

  if (config.max_snapshot_age_us && out.times.checked_at.us - manifest->completed.us > *config.max_snapshot_age_us) {
    for (std::size_t i = 0; i < snapshot::kCollectedCount; ++i) {
      snapshot::Availability& available = world.availability[i];
      if (!available.is_complete()) continue;
      available.status = snapshot::DatasetStatus::partial;
      available.reason = fmt::format("the snapshot is older than {}", format_duration(*config.max_snapshot_age_us));
    }
  }
  run.waivers = describe_waivers(settings.waivers, config.waiver_rules, run.as_of);
  run.attestations = describe_attestations(settings.attestations, settings.frameworks, run.as_of);
  std::set<Dataset> read;
  for (const Entry& entry : entries) {
    const rule::Reads& reads = entry.rule->info().reads;
    read.insert(reads.must.begin(), reads.must.end());
    read.insert(reads.may.begin(), reads.may.end());
  }
  apply_expectations(config, world, loaded->manifest.datasets, problems);
  describe_datasets(run, loaded->manifest, world, read);
  DeriveInputs derive_inputs;
  derive_inputs.roster = needs_roster ? &roster : nullptr;
  derive_inputs.has_roster = !config.rosters.empty();
  derive_inputs.links = settings.links;
  derive_inputs.nonhumans = settings.nonhumans;
  derive_inputs.domain_aliases = &config.domain_aliases;
  derive_inputs.datasets = run.datasets;
  derive_inputs.manifest = &loaded->manifest;
  derive_inputs.snapshot_age_limit_us = config.max_snapshot_age_us;
  derive_inputs.roster_as_of = oldest_export(roster.sources);
  derive_inputs.roster_age_limit_us = longest_limit(config.rosters);
  derive_inputs.jobs = request.jobs;
  const Derived derived = derive(world, wanted, derive_inputs);
  apply_expectations(config, world, loaded->manifest.datasets, problems);
  if (problems.has_errors()) return std::nullopt;
  run.id = run_id(run, entries);
  out.times.index_us = watch.lap();

  RunOptions options;
  options.jobs = request.jobs;
  options.limits = request.limits;
  options.due_until = Instant{run.as_of.us + config.due_within_us};
  if (request.progress) options.progress = [&](std::size_t done, std::size_t all) { request.progress("evaluate", done, all); };
  EntriesResult result = run_waiver_readers_last(entries, settings.waivers, config.waiver_rules, options, world, run.waivers);
  run.rules = std::move(result.rules);
  run.nondeterministic = result.nondeterministic;
  out.times.rule_us = std::move(result.cpu_us);
  out.times.blocks = result.blocks;
  const IsPersonOf is_person_of = [&](const std::string& approver, SubjectKind kind, std::uint32_t row) {
    if (kind != SubjectKind::user || !derived.matches || derived.matches->of[row].state != roster::MatchState::matched) return false;
    return roster::find_person(roster, approver) == derived.matches->of[row].person;
  };
  apply_waivers(settings.waivers, world, is_person_of, !request.bind.rule_globs.empty(), run.rules, run.waivers);
  if (request.inspect) request.inspect({entries, world, run, derived, folder, settings.waivers, is_person_of});
  run.controls = roll_up_controls(run.rules, run.attestations, settings.frameworks);
  take_subjects(run, world);
  if (request.baseline) apply_baseline(*request.baseline, run);
  decide_exit(run);

  for (const std::string& warning : loaded->warnings) run.notices.push_back({"snapshot", warning});
  for (const std::string& warning : derived.warnings) run.notices.push_back({"match", warning});
  const auto add_warnings = [&](bool of_the_call) {
    for (const Error& warning : problems.warnings())
      if ((warning.code == ErrorCode::usage) == of_the_call) run.notices.push_back({std::string(error_row(warning.code).word), warning.message});
  };
  add_warnings(false);
  for (const WaiverResult& waiver : run.waivers) {
    std::string text = explain_waiver(waiver);
    if (waiver.state == "expiring_soon") text = fmt::format("waiver {} for {} ends {}, on {}", waiver.id, waiver.rule, when_over(waiver), waiver.expires);
    if (!text.empty()) run.notices.push_back({"waiver", std::move(text)});
  }
  for (const AttestationResult& attestation : run.attestations)
    if (std::string why = explain_attestation(attestation); !why.empty())
      run.notices.push_back({"attestation", std::move(why)});
  for (const Policy& policy : settings.policies)
    if (policy.fail_on && !request.fail_on && *policy.fail_on != Severity::info)
      run.notices.push_back({"gate", fmt::format("the policy {} lets failures below {} through, by its fail_on", policy.id, word_of(*policy.fail_on))});
  for (const policy::ParamOverride& change : request.bind.overrides)
    run.notices.push_back({"parameter", fmt::format("{}.{} was set on the command line, not by the policy", change.rule, change.name)});
  if (run.what_if)
    run.notices.push_back({"what_if", fmt::format("as_of {} is not the snapshot's instant {}: a what-if, not evidence", format_rfc3339(run.as_of), format_rfc3339(run.snapshot_completed))});
  if (run.rules.empty()) run.notices.push_back({"no_rules", "no rule is selected, so nothing was tested"});
  add_warnings(true);  // last, where a slip in the call is seen
  out.times.evaluate_us = watch.lap();
  return out;
}

}  // namespace muster::evaluate
