#include "cli/privacy.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "cli/inputs.h"
#include "cli/origin.h"
#include "cli/stage.h"
#include "evidence/redact.h"
#include "evidence/sample.h"
#include "policy/policy.h"
#include "policy/rewrite.h"
#include "reports/json/results.h"
#include "roster/rewrite.h"

namespace muster::cli {
namespace {

using evidence::Pseudonyms;

constexpr std::uint64_t kLargestInput = 4ull << 30;
constexpr std::uint64_t kLargestOutput = 4ull << 30;
// Deep enough for paths that lead upwards.
constexpr const char* kPlace = "a/b/c/d/e/f/g/h";

// Keys of the user's YAML whose values are no words about people: paths, formats, names of rules.
constexpr std::string_view kTechnicalKeys[] = {"csv",
                                               "json",
                                               "jsonl",
                                               "snapshot",
                                               "links",
                                               "nonhuman",
                                               "waivers",
                                               "attestations",
                                               "controls",
                                               "frequency",
                                               "date",
                                               "policies",
                                               "rules",
                                               "rule",
                                               "as",
                                               "extends",
                                               "baseline",
                                               "zone",
                                               "as_of",
                                               "max_age",
                                               "policy",
                                               "severity",
                                               "version",
                                               "columns",
                                               "status",
                                               "date_format",
                                               "starts",
                                               "expires",
                                               "review_by",
                                               "delimiter",
                                               "expect",
                                               "previous_snapshot",
                                               "max_length",
                                               "max_share",
                                               "expiring_within",
                                               "fail_on",
                                               "due_within",
                                               "retain"};
// Free text in which anything may stand.
constexpr std::string_view kFreeKeys[] = {"reason",  "purpose",     "note",      "notes",
                                          "comment", "description", "statement", "link"};
constexpr std::string_view kPeopleKeys[] = {"approver", "owner",       "person",
                                            "account",  "attested_by", "reviewer"};

/// What stands in place of where a service is and how its key is had: nobody asks it again.
std::optional<std::string_view> instead_of_service(std::string_view key) {
  if (key == "base_url" || key == "scim") return "https://left-out.invalid";
  if (key == "proxy") return "http://left-out.invalid:80";
  if (key == "proxy_user" || key.ends_with("_command")) return "left out";
  return std::nullopt;
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The user's texts with pseudonyms.
class Texts {
 public:
  Texts(const Pseudonyms& pseudonyms, evidence::Redactions& redactions,
        std::function<std::string(std::string_view)> on_path)
      : pseudonyms_(pseudonyms), redactions_(redactions), on_path_(std::move(on_path)) {}

  Result<std::string> yaml(const std::string& text, const std::string& file) const {
    policy::Rewriter rewriter;
    rewriter.scalar = [&](const policy::KeyPath& keys, std::string_view value) {
      std::vector<std::string> out = scalar(keys, value);
      if (out.size() != 1 || out.front() != value)
        note(fmt::format("{}: {}", file, shown(keys)), "pseudonyms of what is named");
      return out;
    };
    rewriter.key = [&](const policy::KeyPath& keys, std::string_view key) {
      return !keys.empty() && keys.front() == "domain_aliases" ? pseudonyms_.domain(key)
                                                               : pseudonyms_.text(key);
    };
    return policy::rewrite_yaml(text, file, rewriter);
  }

  /// A person or account: an address, an id, or a name.
  std::string someone(std::string_view text) const {
    if (text.find('@') != std::string_view::npos) return pseudonyms_.email(text);
    if (pseudonyms_.is_name(text)) return pseudonyms_.name(text);
    return pseudonyms_.is_id(text) || text.find(' ') == std::string_view::npos ? pseudonyms_.id(text)
                                                                               : pseudonyms_.name(text);
  }

  std::string cell(std::string_view field, std::string_view column, std::string_view text,
                   const std::string& file) const {
    std::string out = replaced(field, text);
    if (out != text)
      note(fmt::format("{}: {}", file, field.empty() ? column : field),
           field.empty() ? "left out: no rule reads it" : "pseudonyms");
    return out;
  }

  void note(const std::string& where, std::string_view how) const {
    evidence::Redaction& redaction = redactions_[where];
    redaction.how = how;
    ++redaction.values;
  }

 private:
  /// The key of a value, as privacy.json names it. Those of domain_aliases are domains themselves.
  static std::string_view shown(const policy::KeyPath& keys) {
    if (keys.empty()) return {};
    return keys.front() == "domain_aliases" ? keys.front() : keys.back();
  }

  std::vector<std::string> scalar(const policy::KeyPath& keys, std::string_view text) const {
    const std::string_view last = keys.empty() ? std::string_view() : std::string_view(keys.back());
    const auto has = [&](std::string_view key) {
      return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    if (has("domain_aliases")) return {pseudonyms_.domain(text)};
    if (const auto instead = instead_of_service(last)) return {std::string(*instead)};
    // A number of a ticket says nothing, an address does.
    if (last == "ticket")
      return {text.find("://") == std::string_view::npos ? pseudonyms_.text(text) : "left out"};
    if (has("subject") || has("include") || has("exclude")) return selector(last, text);
    if (last == "organization" && !has("params")) return {pseudonyms_.name(text)};
    if (is_one_of(last, kPeopleKeys)) return {someone(text)};
    // A register may call a thing as the platform does.
    if (last == "id" && pseudonyms_.is_name(text)) return {pseudonyms_.name(text)};
    if (is_one_of(last, kFreeKeys)) return {text.empty() ? std::string() : std::string("left out")};
    if (text.starts_with('/')) return {on_path_(text)};
    // Names and patterns of names that a rule is told.
    if (has("params") && pseudonyms_.is_name(text)) return {pseudonyms_.name(text)};
    if (has("params") && is_glob(text)) {
      std::vector<std::string> out = pseudonyms_.matches(text);
      if (!out.empty()) {
        out.push_back(pseudonyms_.text(text));
        return out;
      }
    }
    if (has("columns") || has("status") || has("kind") || is_one_of(last, kTechnicalKeys))
      return {std::string(text)};
    return {pseudonyms_.text(text)};
  }

  /// What a scope or a waiver names. A pattern becomes the list of all it fits.
  std::vector<std::string> selector(std::string_view field, std::string_view text) const {
    const bool is_address = field.find("email") != std::string_view::npos;
    if (!is_glob(text)) {
      if (is_address || text.find('@') != std::string_view::npos) return {pseudonyms_.email(text)};
      if (pseudonyms_.is_id(text)) return {pseudonyms_.id(text)};
      return {pseudonyms_.is_name(text) ? pseudonyms_.name(text) : pseudonyms_.text(text)};
    }
    std::vector<std::string> out = pseudonyms_.matches(text);
    // A field that is not personal keeps its values, and its patterns. A pattern over addresses would tell
    // them.
    if (!is_address && text.find('@') == std::string_view::npos) out.push_back(pseudonyms_.text(text));
    if (out.empty()) out.push_back(pseudonyms_.opaque(text));
    return out;
  }

  std::string replaced(std::string_view field, std::string_view text) const {
    if (text.empty()) return {};
    if (pseudonyms_.keeps_field("roster", field)) return std::string(text);
    if (field == "person_id" || field == "manager")
      return text.find('@') != std::string_view::npos ? pseudonyms_.email(text) : pseudonyms_.id(text);
    if (field == "email" || field == "emails" || field == "former_emails")
      return roster::rewrite_addresses(text,
                                       [&](std::string_view address) { return pseudonyms_.email(address); });
    if (field == "name" || field == "first_name" || field == "last_name") return pseudonyms_.name(text);
    if (field.empty()) return {};
    // A department may be called as a group is.
    if (field == "department" && pseudonyms_.is_name(text)) return pseudonyms_.name(text);
    return field == "department" || field == "text" ? pseudonyms_.text(text) : std::string(text);
  }

  const Pseudonyms& pseudonyms_;
  evidence::Redactions& redactions_;
  std::function<std::string(std::string_view)> on_path_;
};

class Private {
 public:
  Private(Environment& environment, const RunFolder& run, const PrivacyRequest& request,
          const std::string& folder)
      : environment_(environment),
        run_(run),
        request_(request),
        folder_(folder),
        working_folder_(working_folder_of(run)),
        place_(join_path(folder, kPlace)),
        pseudonyms_(request.secret, request.keep, request.fields),
        texts_(pseudonyms_, redactions_,
               [this](std::string_view path) {
                 // An absolute path of the config, to be read from where the config is now.
                 const std::string absolute(path);
                 const bool is_snapshot =
                     !config_.snapshot.empty() && join_path(absolute, "") == join_path(config_.snapshot, "");
                 return relative_path(
                     join_path("/", shortened(is_snapshot ? run_.record.origin.snapshot : absolute)),
                     join_path("/", parent_path(shortened(config_file_))));
               }),
        stage_(environment.files) {}

  Result<RunFolder> make() {
    for (const auto step : {&Private::check_inputs, &Private::learn, &Private::write_snapshot,
                            &Private::write_previous, &Private::write_inputs, &Private::perform,
                            &Private::compare, &Private::list_redactions, &Private::find_leaks})
      if (const Status done = (this->*step)(); !done) return tl::unexpected(done.error());
    return std::move(out_);
  }

 private:
  FileSystem& files() { return environment_.files; }
  [[nodiscard]] std::string original(const std::string& path) const {
    return join_path(working_folder_, path);
  }
  /// Absolute paths become relative ones: where a machine keeps its files is nobody's business, and nothing
  /// is ever written to where the originals are. Files near the config keep their place beside it, so that
  /// its own paths lead to them.
  [[nodiscard]] std::string shortened(const std::string& path) const {
    if (!path.starts_with('/')) return path;
    for (const std::string& folder : rule_folders_)
      if (path == folder || path.starts_with(folder + "/"))
        return elsewhere(folder) + path.substr(folder.size());
    const std::string config_folder = parent_path(config_file_);
    if (config_folder.starts_with('/')) {
      const std::string from_config = relative_path(path, config_folder);
      if (!from_config.starts_with("../../../../")) return join_path("r/r/r/input", from_config);
    }
    return elsewhere(parent_path(path)) + "/" + file_name(path);
  }
  static std::string elsewhere(const std::string& folder) {
    return "elsewhere/" + sha256_hex(folder).substr(0, 8);
  }
  /// A path of the command line, as it is after `shortened`.
  [[nodiscard]] std::string shortened_argument(const std::string& name, const std::string& value) const {
    if (name == "--snapshot") return shortened(run_.record.origin.snapshot);
    const std::string& base = run_.record.origin.working_folder;
    return shortened(base.empty() || value.starts_with('/') ? value : join_path(base, value));
  }
  /// Where a rewritten file goes; never outside `folder_`.
  [[nodiscard]] Result<std::string> target_of(const std::string& path) const {
    std::string target = join_path(place_, shortened(path));
    if (!join_path(target, "").starts_with(join_path(folder_, "") + "/"))
      return fail(ErrorCode::evidence_privacy,
                  fmt::format("{} is too far from the working folder to be rewritten", path), {},
                  "run `muster check` in a folder nearer to its inputs");
    return target;
  }

  Status check_inputs() {
    for (const UsedFile& file : run_.record.origin.files) {
      const auto now = digest_file(files(), original(file.path));
      if (!now) return tl::unexpected(now.error());
      if (now->sha256 != file.sha256)
        return fail(ErrorCode::evidence_input,
                    fmt::format("{} is not the file that was checked", original(file.path)), {},
                    "run `muster check` again, and bundle that run");
    }
    snapshot_ = original(run_.record.origin.snapshot);
    auto manifest = snapshot::load_manifest(files(), snapshot_);
    if (!manifest) return tl::unexpected(manifest.error());
    manifest_ = std::move(*manifest);
    const auto wrong = snapshot::verify_snapshot(files(), snapshot_, 1);
    if (!wrong.empty()) return tl::unexpected(wrong.front());
    Diagnostics problems;
    for (const std::string& argument : run_.record.origin.arguments)
      if (argument.starts_with("--config=")) config_file_ = argument.substr(9);
    if (config_file_.empty() && !run_.record.origin.config_sha256.empty()) config_file_ = kDefaultConfig;
    if (!config_file_.empty()) {
      auto config = policy::load_config(files(), original(config_file_), problems);
      if (!config) return tl::unexpected(problems.errors().front());
      config_ = std::move(*config);
    }
    for (std::string folder : config_.rule_folders)
      if (folder.starts_with('/')) rule_folders_.push_back(join_path(folder, ""));
    for (const std::string& argument : run_.record.origin.arguments) {
      const std::string folder = argument.starts_with("--rules=")
                                     ? join_path(run_.record.origin.working_folder, argument.substr(8))
                                     : "";
      if (folder.starts_with('/')) rule_folders_.push_back(folder);
    }
    // A roster of the command line keeps the config's columns, as the run had them.
    for (const std::string& argument : run_.record.origin.arguments) {
      if (!argument.starts_with("--roster=")) continue;
      RosterSource source;
      source.shown_path = argument.substr(9);
      source.format = source.shown_path.ends_with(".json") ? RosterSource::Format::json
                      : source.shown_path.ends_with(".jsonl") || source.shown_path.ends_with(".ndjson")
                          ? RosterSource::Format::jsonl
                          : RosterSource::Format::csv;
      for (const RosterSource& each : config_.rosters)
        if (each.format == source.format)
          source.columns = each.columns, source.delimiter = each.delimiter,
          source.as_of_column = each.as_of_column;
      source.path = original(source.shown_path);
      config_.rosters.assign(1, source);
    }
    return {};
  }

  [[nodiscard]] const RosterSource* roster_at(const std::string& path) const {
    for (const RosterSource& source : config_.rosters)
      if (join_path(source.path, "") == join_path(original(path), "")) return &source;
    return nullptr;
  }

  /// Whether the run read it as a part of the snapshot before.
  [[nodiscard]] bool is_previous(const UsedFile& file) const {
    const std::string shown =
        config_file_.empty() ? file.path : relative_path(file.path, parent_path(config_file_));
    return std::any_of(run_.run.inputs.begin(), run_.run.inputs.end(), [&](const InputFile& input) {
      return input.kind == "previous_snapshot" && input.path == shown;
    });
  }

  /// The part of the snapshot before that the run read: its manifest, and the users. Nothing when it read
  /// none.
  Status find_previous() {
    for (const UsedFile& file : run_.record.origin.files) {
      if (!is_previous(file) || file_name(file.path) != "manifest.json") continue;
      previous_ = parent_path(file.path);
      auto manifest = snapshot::load_manifest(files(), original(previous_));
      if (!manifest) return tl::unexpected(manifest.error());
      previous_manifest_ = std::move(*manifest);
      for (snapshot::DatasetManifest& row : previous_manifest_.datasets) {
        if (row.name == snapshot::spec_of(snapshot::Dataset::users).name) continue;
        snapshot::DatasetManifest left_out;
        left_out.name = row.name;
        row = std::move(left_out);
      }
    }
    return {};
  }

  Status learn() {
    if (const Status learnt = evidence::learn_snapshot(files(), snapshot_, manifest_, pseudonyms_); !learnt)
      return learnt;
    if (const Status found = find_previous(); !found) return found;
    if (!previous_.empty())
      if (const Status learnt =
              evidence::learn_snapshot(files(), original(previous_), previous_manifest_, pseudonyms_);
          !learnt)
        return learnt;
    for (const UsedFile& file : run_.record.origin.files) {
      const RosterSource* source = roster_at(file.path);
      if (source == nullptr) continue;
      const auto read = roster::rewrite_roster(
          files(), *source, [&](std::string_view field, std::string_view, std::string_view text) {
            if (pseudonyms_.keeps_field("roster", field)) {
              static_cast<void>(roster::rewrite_addresses(text, [&](std::string_view address) {
                pseudonyms_.keep_word(address);
                return std::string();
              }));
              pseudonyms_.keep_word(text);
              return std::string(text);
            }
            if (field == "person_id" || field == "manager") {
              if (text.find('@') == std::string_view::npos)
                pseudonyms_.learn_id(text);
              else
                pseudonyms_.learn_email(text);
            }
            if (field == "name") pseudonyms_.learn_name(text);
            if (field == "email" || field == "emails" || field == "former_emails")
              static_cast<void>(roster::rewrite_addresses(text, [&](std::string_view address) {
                pseudonyms_.learn_email(address);
                return std::string();
              }));
            return std::string(text);
          });
      if (!read) return tl::unexpected(read.error());
    }
    return {};
  }

  Status write_snapshot() {
    const auto place = target_of(run_.record.origin.snapshot);
    if (!place) return tl::unexpected(place.error());
    const std::string& target = *place;
    if (const Status written =
            evidence::redact_snapshot(files(), snapshot_, manifest_, pseudonyms_, target, redactions_);
        !written)
      return written;
    const auto manifest = snapshot::load_manifest(files(), target);
    if (!manifest) return tl::unexpected(manifest.error());
    std::vector<std::string> below{"manifest.json"};
    for (const snapshot::DatasetManifest& row : manifest->datasets)
      if (!row.sha256.empty()) below.push_back(fmt::format("data/{}.jsonl", row.name));
    if (files().kind(join_path(target, "ledger.jsonl")) == FileKind::file) below.emplace_back("ledger.jsonl");
    for (const std::string& name : below) {
      stage_.put(join_path(shortened(run_.record.origin.snapshot), name), join_path(target, name));
      written_.push_back(join_path(target, name));
    }
    return {};
  }

  Status write_previous() {
    if (previous_.empty()) return {};
    const auto place = target_of(previous_);
    if (!place) return tl::unexpected(place.error());
    if (const Status written = evidence::redact_snapshot(files(), original(previous_), previous_manifest_,
                                                         pseudonyms_, *place, redactions_);
        !written)
      return written;
    for (const UsedFile& file : run_.record.origin.files) {
      if (!is_previous(file)) continue;
      const std::string path = shortened(file.path);
      const std::string target = join_path(*place, relative_path(file.path, previous_));
      const auto digest = digest_file(files(), target);
      if (!digest) return tl::unexpected(digest.error());
      stage_.put(path, target);
      written_.push_back(target);
      out_.record.origin.files.push_back({path, digest->sha256, digest->bytes});
    }
    return {};
  }

  Status write_inputs() {
    for (const UsedFile& file : run_.record.origin.files) {
      if (is_previous(file)) continue;
      Result<std::string> text = files().read_file(original(file.path), kLargestInput);
      if (!text) return tl::unexpected(text.error());
      const std::string name = file_name(file.path);
      if (const RosterSource* source = roster_at(file.path)) {
        text = roster::rewrite_roster(
            files(), *source, [&](std::string_view field, std::string_view column, std::string_view cell) {
              return texts_.cell(field, column, cell, name);
            });
      } else if (name.ends_with(".yaml") || name.ends_with(".yml")) {
        text = texts_.yaml(*text, name);
      } else {
        text = pseudonyms_.text(*text);
      }
      if (!text) return tl::unexpected(text.error());
      const std::string path = shortened(file.path);
      const auto place = target_of(file.path);
      if (!place) return tl::unexpected(place.error());
      const std::string& target = *place;
      if (const Status made = files().make_folders(parent_path(target)); !made) return made;
      if (const Status written = files().write_file(target, *text); !written) return written;
      stage_.put(path, target);
      written_.push_back(target);
      if (path == shortened(config_file_)) out_.record.origin.config_sha256 = sha256_hex(*text);
      out_.record.origin.files.push_back({path, sha256_hex(*text), text->size()});
    }
    return {};
  }

  Status perform() {
    std::vector<UsedFile> used = std::move(out_.record.origin.files);
    const std::string config_sha256 = out_.record.origin.config_sha256;
    out_.record = run_.record;
    evidence::RunRecord& record = out_.record;
    std::sort(used.begin(), used.end(), [](const UsedFile& a, const UsedFile& b) { return a.path < b.path; });
    record.profile = request_.profile;
    record.origin.files = std::move(used);
    record.origin.config_sha256 = config_sha256;
    record.origin.working_folder.clear();
    record.origin.snapshot = shortened(record.origin.snapshot);
    for (auto& [name, value] : record.origin.started_by)
      if (name != "ci") value = pseudonyms_.opaque(value);
    for (std::string& argument : record.origin.arguments) {
      const std::size_t equals = argument.find('=');
      if (equals == std::string::npos) continue;
      const std::string name = argument.substr(0, equals), value = argument.substr(equals + 1);
      const bool is_path = name == "--config" || name == "--snapshot" || name == "--roster" ||
                           name == "--policy" || name == "--rules";
      const bool is_shipped = name == "--policy" && value.find('/') == std::string::npos &&
                              !value.ends_with(".yaml") && !value.ends_with(".yml");
      argument = name + "=" +
                 (is_shipped ? value
                  : is_path  ? shortened_argument(name, value)
                             : pseudonyms_.text(value));
    }
    record.origin.command = {"check"};
    record.origin.command.insert(record.origin.command.end(), record.origin.arguments.begin(),
                                 record.origin.arguments.end());
    out_.path = join_path(folder_, "run");
    record.origin.folder = relative_path(place_, out_.path);

    const Performance performed = perform_again(stage_, record, environment_);
    if (environment_.is_interrupted) return fail(ErrorCode::interrupted, "interrupted");
    const auto results = stage_.read_file(join_path(performed.folder, "results.json"), kLargestOutput);
    if (!results) {
      environment_.console.err.write(performed.errors);
      return fail(ErrorCode::evidence_privacy,
                  "the inputs with pseudonyms cannot be evaluated; what is wrong stands above");
    }
    auto run = reports::parse_results(*results, "results.json");
    if (!run) return tl::unexpected(run.error());
    out_.run = std::move(*run);
    record.run_id = out_.run.id;
    const auto add = [&](const std::string& name) -> Status {
      auto text = stage_.read_file(join_path(performed.folder, name), kLargestOutput);
      if (!text) return tl::unexpected(text.error());
      out_.parts.push_back({name, {}, std::move(*text), {}});
      return {};
    };
    const auto names = stage_.list(performed.folder);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
      if (name == "run.json" || name == "SHA256SUMS") continue;
      if (stage_.kind(join_path(performed.folder, name)) == FileKind::file) {
        if (const Status added = add(name); !added) return added;
        continue;
      }
      const auto inner = stage_.list(join_path(performed.folder, name));
      if (!inner) return tl::unexpected(inner.error());
      for (const std::string& each : *inner)
        if (const Status added = add(name + "/" + each); !added) return added;
    }
    return {};
  }

  /// The same verdict for every subject of every rule.
  Status compare() {
    const Run &before = run_.run, &after = out_.run;
    std::vector<std::string> changed;
    const bool is_alike = before.rules.size() == after.rules.size();
    for (std::size_t r = 0; is_alike && r < before.rules.size(); ++r) {
      const RuleResult &a = before.rules[r], &b = after.rules[r];
      std::uint64_t differences = a.population == b.population ? 0 : 1;
      std::size_t i = 0, k = 0;
      std::uint32_t used_a = 0, used_b = 0;
      while (i < a.verdicts.size() && k < b.verdicts.size()) {
        const std::uint32_t step = std::min(a.verdicts[i].count - used_a, b.verdicts[k].count - used_b);
        if (a.verdicts[i].verdict != b.verdicts[k].verdict) differences += step;
        if ((used_a += step) == a.verdicts[i].count) ++i, used_a = 0;
        if ((used_b += step) == b.verdicts[k].count) ++k, used_b = 0;
      }
      if (i != a.verdicts.size() || k != b.verdicts.size() || a.counts != b.counts)
        differences = std::max<std::uint64_t>(differences, 1);
      if (differences > 0) changed.push_back(fmt::format("{} ({})", a.as, differences));
    }
    if (!is_alike || before.exit != after.exit) changed.emplace_back("the run as a whole");
    if (changed.empty()) return {};
    std::string list;
    for (const std::string& each : changed) list += (list.empty() ? "" : ", ") + each;
    return fail(ErrorCode::evidence_privacy, fmt::format("with pseudonyms other verdicts come out: {}", list),
                {},
                "such a rule looks at the words of names, addresses or ids; keep that kind of word with "
                "--privacy auditor --keep WORDS, or make a full bundle");
  }

  Status list_redactions() {
    out_.parts.push_back(
        {"privacy.json", {}, evidence::render_privacy(request_.profile, pseudonyms_, redactions_), {}});
    return {};
  }

  /// Looks for every learned word in all that will be packed.
  Status find_leaks() {
    const auto look = [&](const std::string& name, std::string_view text) -> Status {
      const std::string leak = pseudonyms_.find_leak(text);
      if (leak.empty()) return {};
      // The word itself is not for a log.
      return fail(
          ErrorCode::evidence_privacy,
          fmt::format("{} would still hold a name, address or id of {} characters", name,
                      display_width(leak)),
          {}, "it stands where muster does not expect one; make a full bundle, or remove it from the input");
    };
    for (const std::string& path : written_) {
      Status fine;
      const Status read = evidence::for_each_line(files(), path, [&](std::string_view line, std::uint32_t) {
        if (fine) fine = look(file_name(path), line);
      });
      if (!read) return read;
      if (!fine) return fine;
    }
    for (const evidence::Part& part : out_.parts)
      if (const Status fine = look(part.name, part.text); !fine) return fine;
    for (const auto* texts : {&out_.record.origin.command, &out_.record.origin.arguments})
      for (const std::string& text : *texts)
        if (const Status fine = look("run.json", text); !fine) return fine;
    return {};
  }

  Environment& environment_;
  const RunFolder& run_;
  const PrivacyRequest& request_;
  std::string folder_, working_folder_, place_, snapshot_, config_file_;
  Config config_;
  snapshot::Manifest manifest_, previous_manifest_;
  std::string previous_;  // its folder, as the run opened it
  Pseudonyms pseudonyms_;
  evidence::Redactions redactions_;
  Texts texts_;
  Stage stage_;
  std::vector<std::string> rule_folders_;  // absolute ones
  std::vector<std::string> written_;
  RunFolder out_;
};

}  // namespace

Result<RunFolder> make_private(Environment& environment, const RunFolder& run, const PrivacyRequest& request,
                               const std::string& folder) {
  return Private(environment, run, request, folder).make();
}

}  // namespace muster::cli
