#include "cli/bundling.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/embedded.h"
#include "base/text.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/privacy.h"
#include "cli/private_memory.h"
#include "cli/timestamping.h"
#include "cli/version.h"
#include "evidence/sshsig.h"
#include "evidence/verify.h"
#include "policy/policy.h"
#include "reports/html/escape.h"
#include "reports/html/frame.h"
#include "reports/json/results.h"
#include "reports/merge.h"
#include "reports/report.h"
#include "snapshot/schema.h"

namespace muster::cli {
namespace {

constexpr std::uint64_t kLargestResults = 4ull << 30;
constexpr std::string_view kBuiltIn = "builtin:";

/// The config as the run opened it; empty without one.
std::string config_of(const evidence::RunRecord& record) {
  if (record.origin.config_sha256.empty()) return {};
  for (const std::string& argument : record.origin.arguments)
    if (argument.starts_with("--config=")) return argument.substr(9);
  return kDefaultConfig;
}

/// The folder of a bundle for an input of that kind.
std::string_view folder_of(std::string_view kind) {
  if (kind == "policy") return "policies";
  if (kind == "rule") return "rules";
  if (kind == "roster") return "roster";
  if (kind == "previous_snapshot") return "previous";
  return "config";
}

/// "../shared/hr/roster.csv" → "roster/hr/roster.csv": below the folder, without what leads out, at most
/// three parts deep.
std::string place_of(std::string_view folder, std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != "." && part != "..") parts.push_back(evidence::safe_part(part));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  constexpr std::size_t kDeepest = 3;
  if (parts.size() > kDeepest) parts.erase(parts.begin(), parts.end() - kDeepest);
  if (parts.size() > 1 && parts.front() == folder) parts.erase(parts.begin());
  std::string out(folder);
  for (const std::string& part : parts) out += "/" + part;
  return out;
}

std::string unique(std::string name, std::set<std::string>& taken) {
  const std::string whole = name;
  const std::size_t dot = whole.rfind('.');
  for (int n = 2; !taken.insert(fold_case(name)).second; ++n)
    name = fmt::format("{}-{}{}", whole.substr(0, dot), n, dot == std::string::npos ? "" : whole.substr(dot));
  return name;
}

/// "users.email" of the snapshot, "roster.name" of the roster.
Status check_kept_field(const std::string& given) {
  const std::size_t dot = given.find('.');
  const std::string name = given.substr(0, dot),
                    field = dot == std::string::npos ? "" : given.substr(dot + 1);
  std::vector<std::string> known;
  if (name == "roster") {
    known = {"person_id", "name",          "first_name", "last_name", "email",
             "emails",    "former_emails", "manager",    "department"};
  } else if (const snapshot::DatasetSpec* spec = snapshot::find_dataset(name)) {
    for (const snapshot::FieldSpec& each : spec->fields)
      if (!each.paths.empty()) known.emplace_back(each.name);
  } else {
    return fail(
        ErrorCode::usage,
        fmt::format("names, emails, domains or a field can be kept, and {} is none", make_visible(given)), {},
        "a field is DATASET.FIELD, as `muster snapshot schema` lists them, or roster.FIELD");
  }
  if (std::find(known.begin(), known.end(), field) != known.end()) return {};
  const auto near = nearest_name(field, known);
  return fail(ErrorCode::usage, fmt::format("{} has no field {}", name, make_visible(field)), {},
              near ? fmt::format("did you mean {}.{}?", name, *near) : "");
}

std::string size_of(std::uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} bytes", bytes);
  if (bytes < 10'000'000) return fmt::format("{} kB", bytes / 1000);
  return fmt::format("{} MB", bytes / 1'000'000);
}

}  // namespace

Result<RunFolder> load_run_folder(const Environment& environment, const std::string& path) {
  RunFolder out;
  out.path = path;
  if (environment.files.kind(path) != FileKind::folder)
    return fail(ErrorCode::file_not_found, fmt::format("there is no folder {}", path), {},
                "a run's folder is made by `muster check --out DIR`");
  const auto sums_text = environment.files.read_file(join_path(path, evidence::kSumsFile));
  if (!sums_text)
    return fail(ErrorCode::evidence_unfit,
                fmt::format("{} is no folder of `muster check --out`: it has no SHA256SUMS", path));
  const auto sums = evidence::parse_sums(*sums_text, join_path(path, evidence::kSumsFile));
  if (!sums) return tl::unexpected(sums.error());
  const auto read = [&](const std::string& name) -> Result<std::string> {
    const auto listed = sums->find(name);
    if (listed == sums->end())
      return fail(ErrorCode::evidence_unfit,
                  fmt::format("{} is no folder of `muster check --out`: its SHA256SUMS does not list {}",
                              path, name));
    auto text = environment.files.read_file(join_path(path, name), kLargestResults);
    if (text && sha256_hex(*text) != listed->second)
      return fail(ErrorCode::evidence_input,
                  fmt::format("{} was changed after the run", join_path(path, name)), {},
                  "run `muster check` again, and bundle that run");
    return text;
  };
  const auto record = read("run.json");
  if (!record) return tl::unexpected(record.error());
  auto parsed = evidence::parse_run_record(*record, join_path(path, "run.json"));
  if (!parsed) return tl::unexpected(parsed.error());
  out.record = std::move(*parsed);
  const auto results = read("results.json");
  if (!results) return tl::unexpected(results.error());
  auto run = reports::parse_results(*results, join_path(path, "results.json"));
  if (!run) return tl::unexpected(run.error());
  out.run = std::move(*run);
  if (out.run.id != out.record.run_id)
    return fail(ErrorCode::evidence_input,
                fmt::format("{} and {} are of two runs", join_path(path, "run.json"),
                            join_path(path, "results.json")));
  for (const auto& [name, sha256] : *sums)
    if (name != "run.json") out.parts.push_back({name, join_path(path, name), {}, sha256});
  return out;
}

std::string working_folder_of(const RunFolder& run) { return join_path(run.path, run.record.origin.folder); }

PlacedInputs place_inputs(const RunFolder& run, bool with_roster) {
  PlacedInputs out;
  const std::string config = config_of(run.record);
  const std::string working_folder = working_folder_of(run);
  std::set<std::string> taken;
  for (const UsedFile& file : run.record.origin.files) {
    const std::string shown = config.empty() ? file.path : relative_path(file.path, parent_path(config));
    const auto input = std::find_if(run.run.inputs.begin(), run.run.inputs.end(), [&](const InputFile& each) {
      return each.path == shown && each.kind != "snapshot";
    });
    const std::string kind = input != run.run.inputs.end() ? input->kind
                             : file.path.ends_with(".lua") ? "rule"
                                                           : "config";
    const bool is_in = with_roster || kind != "roster";
    const std::string name = unique(place_of(folder_of(kind), shown), taken);
    evidence::Part part{name, join_path(working_folder, file.path), {}, file.sha256};
    out.rows.push_back({file.path, is_in ? name : "", file.sha256, file.bytes});
    if (is_in) out.parts.push_back(std::move(part));
  }
  return out;
}

std::vector<evidence::Part> shipped_parts() {
  std::vector<evidence::Part> parts;
  for (const EmbeddedFile& file : embedded_files()) {
    const std::string_view name = file.name;
    const std::size_t slash = name.find('/');
    if ((name.starts_with("rules/") && name.ends_with(".lua")) ||
        (name.starts_with("policies/") && name.ends_with(".yaml")))
      parts.push_back({fmt::format("{}/builtin/{}", name.substr(0, slash), name.substr(slash + 1)),
                       {},
                       std::string(file.bytes),
                       {}});
  }
  return parts;
}

std::vector<evidence::Part> report_parts(const Run& run, const std::vector<evidence::Part>& there) {
  std::vector<evidence::Part> parts;
  reports::ReportOptions options;
  options.evidence = ".";
  options.verbose = true;
  for (const reports::Format& format : reports::formats()) {
    // One of each kind of reader: the folder has JUnit already.
    if (format.name == "json" || format.name.starts_with("junit")) continue;
    const bool is_page = format.name == "html";
    for (const reports::Rendered& rendered : reports::render_all(format, run, options)) {
      const std::string file(format.file_name);
      const std::size_t dot = file.rfind('.');
      const std::string name = is_page ? "report.html"
                                       : "reports/" + file.substr(0, dot) + rendered.suffix +
                                             (dot == std::string::npos ? "" : file.substr(dot));
      const auto is_there = [&](const evidence::Part& part) { return part.name == name; };
      if (std::none_of(there.begin(), there.end(), is_there) &&
          std::none_of(parts.begin(), parts.end(), is_there))
        parts.push_back({name, {}, rendered.bytes, {}});
    }
  }
  return parts;
}

void Bundling::declare(Arguments& arguments) {
  signing_.declare(arguments);
  arguments.option("--signer", "NAME", text(signer_name_),
                   "The name of the signer in the auditor's allowed_signers file, for the printed recipe "
                   "(default: evidence).");
  arguments.flag("--minisign", with_minisign_, "Sign in minisign's format too, with the same key.");
  arguments.flag("--statement", with_statement_,
                 "Add an in-toto statement in a DSSE envelope, signed with the same key.");
  arguments.option("--timestamp", "URL", text(timestamp_url_),
                   "Have an authority (RFC 3161) stamp this bundle's SHA256SUMS: its digest is sent to this "
                   "URL, nothing else. It is what shows independently when the bundle was made.");
  arguments.option("--timestamp-ca", "FILE", text(timestamp_ca_),
                   "Certificates (PEM) that must vouch for the time stamp of --timestamp.");
  arguments.option("--timestamp-request", "FILE", text(timestamp_request_),
                   "Write a request for a time stamp (RFC 3161) over this bundle's SHA256SUMS; send it to an "
                   "authority, and make the bundle again with --timestamp-file.");
  arguments.option("--timestamp-file", "FILE", text(timestamp_file_),
                   "The authority's reply; it must be about this bundle's SHA256SUMS.");
  arguments.option("--previous", "BUNDLE", text(previous_),
                   "The bundle before this one, packed or unpacked: this one will name its digest, so that "
                   "none can be left out unseen.");
  arguments.option(
      "--retain-until", "DATE",
      [this](const std::string& given) -> Status {
        if (!parse_date(given)) return fail(ErrorCode::usage, "a date is wanted, as 2032-11-30");
        retain_until_ = given;
        return {};
      },
      "Until when the bundle is to be kept; stands in it (default: the config's `retain` after the run's "
      "instant).");
  std::vector<std::string_view> profiles, words;
  for (const evidence::Profile profile : evidence::kProfiles) profiles.push_back(evidence::word_of(profile));
  for (const evidence::Kept kept : evidence::kKept) words.push_back(evidence::word_of(kept));
  arguments.option("--privacy", "PROFILE",
                   word(profiles, [this](std::size_t i) { profile_ = evidence::kProfiles[i]; }),
                   "full; pseudonymous: keyed pseudonyms in place of names, addresses and ids, with the same "
                   "verdicts; auditor: the same, but ids stay, and what --keep says "
                   "(default: full).");
  arguments.option("--privacy-key", "FILE", text(privacy_key_),
                   "The key of the pseudonyms: any file of at least 16 bytes, which you keep. The same key "
                   "gives the same pseudonyms.");
  arguments.list(
      "--keep", "WORDS",
      [this, words](const std::string& given) -> Status {
        const auto found = std::find(words.begin(), words.end(), given);
        if (found != words.end()) {
          keep_.insert(evidence::kKept[found - words.begin()]);
          return {};
        }
        keep_fields_.insert(given);
        return check_kept_field(given);
      },
      "What the auditor profile keeps as it is besides ids: names, emails, domains, or single fields such as "
      "users.email, api_keys.name or roster.name. A word that is kept in one place is kept everywhere.");
  arguments.flag("--without-snapshot", without_snapshot_,
                 "Leave the snapshot out, and keep its digests. Such a bundle cannot be replayed by itself.");
  arguments.flag("--without-roster", without_roster_,
                 "Leave the roster out, and keep its digest. Such a bundle cannot be replayed by itself.");
}

const std::vector<std::string_view>& Bundling::option_names() {
  static const std::vector<std::string_view> names = [] {
    static Bundling any;
    static Arguments arguments;
    any.declare(arguments);
    std::vector<std::string_view> out;
    for (const Argument& argument : arguments.all()) out.push_back(argument.main_name());
    return out;
  }();
  return names;
}

bool Bundling::is_given() const {
  return profile_ != evidence::Profile::full || privacy_key_ || has_kept() || signing_.is_wanted() ||
         previous_ || retain_until_ || timestamp_url_ || timestamp_ca_ || timestamp_request_ ||
         timestamp_file_ || without_snapshot_ || without_roster_ || with_minisign_ || with_statement_;
}

Status Bundling::check() const {
  if ((with_minisign_ || with_statement_) && !signing_.is_wanted())
    return fail(ErrorCode::usage, fmt::format("{} is signed, and there is no --key",
                                              with_minisign_ ? "--minisign" : "--statement"));
  if (profile_ == evidence::Profile::full && (privacy_key_ || has_kept()))
    return fail(ErrorCode::usage,
                fmt::format("{} is about pseudonyms, and a full bundle has none",
                            privacy_key_ ? "--privacy-key" : "--keep"),
                {}, "give --privacy auditor or --privacy pseudonymous");
  if (profile_ != evidence::Profile::full && !privacy_key_)
    return fail(ErrorCode::usage, fmt::format("--privacy {} needs a key", evidence::word_of(profile_)), {},
                "give --privacy-key FILE; `head -c 32 /dev/urandom > privacy.key` makes one");
  if (profile_ == evidence::Profile::pseudonymous && has_kept())
    return fail(ErrorCode::usage, "--keep is for --privacy auditor; a pseudonymous bundle keeps nothing");
  if (timestamp_url_) {
    if (const Status fine = check_authority_url(*timestamp_url_); !fine) return fine;
    if (timestamp_request_ || timestamp_file_)
      return fail(ErrorCode::usage,
                  "--timestamp asks the authority itself: --timestamp-request and "
                  "--timestamp-file are for another way");
  } else if (timestamp_ca_) {
    return fail(ErrorCode::usage,
                "--timestamp-ca is about the time stamp of --timestamp, which is not given");
  }
  if (timestamp_request_ && timestamp_file_)
    return fail(ErrorCode::usage,
                "--timestamp-request and --timestamp-file exclude each other: the reply is not there while "
                "the request is made");
  if (signer_name_.find_first_of(" \t\"',*?!") != std::string::npos)
    return fail(
        ErrorCode::usage,
        fmt::format(
            "--signer {}: it is one word without quotes, commas and wildcards, such as an e-mail address",
            signer_name_));
  return {};
}

Result<std::string> Bundling::retain_until(const FileSystem& files, const RunFolder& run) const {
  const std::string config = config_of(run.record);
  if (retain_until_ || config.empty()) return retain_until_.value_or("");
  Diagnostics problems;
  const auto loaded = policy::load_config(files, join_path(working_folder_of(run), config), problems);
  if (!loaded) return tl::unexpected(problems.errors().front());
  if (!loaded->retain_us) return std::string();
  return format_date(date_of(Instant{run.record.as_of.us + *loaded->retain_us}));
}

Result<evidence::BundleMade> Bundling::write(Environment& environment, const RunFolder& run,
                                             const std::string& path, const evidence::Signer* signer) const {
  if (run.run.what_if)
    return fail(
        ErrorCode::evidence_unfit,
        "the run is a what-if: it judged as of another instant than the snapshot's, and that is no evidence",
        {}, "run `muster check` without --as-of");
  if (reports::is_merged(run.run))
    return fail(ErrorCode::evidence_unfit,
                "the run was merged from those of several organizations, and has no snapshot of its own", {},
                "bundle each of the runs");
  if (run.run.tool_version != version())
    return fail(ErrorCode::evidence_unfit,
                fmt::format("the run was made by muster {}, and this is {}", run.run.tool_version, version()),
                {}, "run `muster check` again, or use that version");
  evidence::BundleRequest request;
  request.parts = run.parts;
  request.record = run.record;
  request.record.is_bundled = true;
  const auto retained = retain_until(environment.files, run);
  if (!retained) return tl::unexpected(retained.error());
  request.record.retain_until = *retained;
  request.organization = run.run.organization;
  request.outcome = run.run.outcome();
  request.frame = {
      [](std::string_view title) { return reports::page_head(title, reports::PageScript::none); },
      reports::page_end(reports::PageScript::none),
      [](std::string_view text) { return reports::html_text(make_visible(text)); }};
  request.principal = signer_name_;
  // The predicate has no word for undecided: what was not shown to pass is no pass.
  for (const RuleResult& rule : run.run.rules) {
    const auto of = [&](Verdict verdict) { return rule.counts[verdict]; };
    const bool is_wrong = of(Verdict::fail) + of(Verdict::error) > 0,
               is_open = of(Verdict::unknown) + of(Verdict::waived) > 0 || !rule.undecided.empty();
    (is_wrong  ? request.failed
     : is_open ? request.warned
               : request.passed)
        .push_back(fmt::format("{}/{}", rule.policy, rule.as));
  }
  request.with_minisign = with_minisign_;
  request.with_statement = with_statement_;
  request.signer = signer;
  request.with_snapshot = !without_snapshot_;
  request.snapshot = join_path(working_folder_of(run), run.record.origin.snapshot);
  for (const InputFile& input : run.run.inputs)
    if (input.kind == "snapshot") request.manifest_sha256 = input.sha256;
  if (previous_) {
    const auto previous = evidence::read_contents(
        environment.files, *previous_, [](std::string_view name) { return name == evidence::kSumsFile; });
    if (!previous) return tl::unexpected(previous.error());
    const auto sums = previous->texts.find(evidence::kSumsFile);
    if (!previous->problems.empty()) return tl::unexpected(previous->problems.front());
    if (sums == previous->texts.end())
      return fail(ErrorCode::evidence_file, fmt::format("{} has no SHA256SUMS", *previous_));
    request.record.previous_bundle_sha256 = sha256_hex(sums->second);
  }
  PlacedInputs inputs = place_inputs(run, !without_roster_);
  request.record.inputs = std::move(inputs.rows);
  std::vector<evidence::Part> shipped = shipped_parts();
  for (const InputFile& input : run.run.inputs) {
    if (!input.path.starts_with(kBuiltIn)) continue;
    const std::string_view name = std::string_view(input.path).substr(kBuiltIn.size());
    const std::size_t slash = name.find('/');
    const std::string place = fmt::format("{}/builtin/{}", name.substr(0, slash), name.substr(slash + 1));
    const auto part = std::find_if(shipped.begin(), shipped.end(),
                                   [&](const evidence::Part& each) { return each.name == place; });
    if (part == shipped.end() || sha256_hex(part->text) != input.sha256)
      return fail(
          ErrorCode::evidence_unfit,
          fmt::format("the run was made by another build of muster: {} is not the one that is built in here",
                      input.path),
          {}, "run `muster check` again");
  }
  for (auto* more : {&inputs.parts, &shipped})
    std::move(more->begin(), more->end(), std::back_inserter(request.parts));
  std::vector<evidence::Part> reports = report_parts(run.run, request.parts);
  std::move(reports.begin(), reports.end(), std::back_inserter(request.parts));
  if (timestamp_url_) {
    std::optional<std::string> trusted;
    if (timestamp_ca_) {
      auto pem = environment.files.read_file(*timestamp_ca_, 16u << 20);
      if (!pem) return tl::unexpected(pem.error());
      trusted = std::move(*pem);
    }
    request.timestamp = [&environment, url = *timestamp_url_, trusted](const std::string& sha256) {
      return ask_authority(environment, url, sha256, trusted);
    };
  } else if (timestamp_file_ || timestamp_request_) {
    request.timestamp = [&](const std::string& sha256) -> Result<std::string> {
      if (timestamp_request_) {
        // No nonce: the same bundle gives the same request.
        if (const Status written =
                environment.files.write_file(*timestamp_request_, timestamp::make_request(sha256, ""));
            !written)
          return tl::unexpected(written.error());
        return std::string();
      }
      auto reply = environment.files.read_file(*timestamp_file_, 1u << 20);
      if (!reply) return tl::unexpected(reply.error());
      if (const auto token = timestamp::read_reply(*reply, sha256, std::nullopt); !token)
        return fail(ErrorCode::evidence_timestamp,
                    fmt::format("{}: {}", *timestamp_file_, token.error().message), {},
                    "ask for it with the request of --timestamp-request, and change no other option");
      return reply;
    };
  }
  return evidence::write_bundle(environment.files, request, path);
}

ExitCode Bundling::make(Environment& environment, const RunFolder& run, const std::string& path) const {
  return profile_ == evidence::Profile::full ? pack(environment, run, path)
                                             : make_with_pseudonyms(environment, run, path);
}

ExitCode Bundling::make_with_pseudonyms(Environment& environment, const RunFolder& run,
                                        const std::string& path) const {
  if (run.run.baseline)
    return report(environment,
                  {ErrorCode::evidence_unfit,
                   "the run was held against a baseline, which names accounts: it cannot have pseudonyms",
                   {},
                   "make the bundle of a run without --baseline, or leave out --privacy"});
  constexpr std::size_t kShortestKey = 16;
  PrivacyRequest request{profile_, {}, keep_, keep_fields_};
  if (profile_ == evidence::Profile::auditor) request.keep.insert(evidence::Kept::ids);
  keep_memory_private();
  auto key = environment.files.read_file(*privacy_key_, 1u << 20);
  if (!key) return report(environment, key.error());
  if (key->size() < kShortestKey)
    return report(environment, {ErrorCode::usage,
                                fmt::format("{} is too short for a key: it has {}, and 16 are needed",
                                            *privacy_key_, plural(key->size(), "byte", "bytes")),
                                {},
                                "`head -c 32 /dev/urandom > privacy.key` makes one"});
  request.secret = std::move(*key);
  struct Passing {
    FileSystem& files;
    std::string folder;
    ~Passing() { static_cast<void>(files.remove_all(folder)); }
  } const passing{environment.files,
                  join_path(parent_path(path), fmt::format(".{}.private", file_name(path)))};
  if (const Status removed = environment.files.remove_all(passing.folder); !removed)
    return report(environment, removed.error());
  const auto changed = make_private(environment, run, request, passing.folder);
  if (!changed) return report(environment, changed.error());
  return pack(environment, *changed, path);
}

ExitCode Bundling::pack(Environment& environment, const RunFolder& run, const std::string& path) const {
  const auto signer = signing_.load(environment);
  if (!signer) return report(environment, signer.error());
  const auto made = write(environment, run, path, signer->get());
  if (!made) return report(environment, made.error());
  Console& console = environment.console;
  console.out.write(fmt::format("Bundle: {} ({}, {} unpacked)\nSHA-256: {}\n", path,
                                plural(made->files, "file", "files"), size_of(made->bytes), made->sha256));
  if (*signer) {
    console.out.write(fmt::format("Signed by: {}\n", evidence::fingerprint((*signer)->public_key())));
    console.out.write(
        fmt::format("The auditor's allowed_signers, to be given by another way than the bundle:\n  {}\n",
                    evidence::allowed_signer_line(signer_name_, (*signer)->public_key())));
  } else {
    console.out.write(
        "NOT SIGNED: nothing will show who made it. Give --key FILE to sign (`muster key new` makes a "
        "key).\n");
  }
  if (timestamp_request_)
    console.out.write(fmt::format(
        "Request for a time stamp: {}. This bundle has none yet; make it again with --timestamp-file.\n",
        *timestamp_request_));
  else if (!timestamp_file_ && !timestamp_url_)
    console.out.write("No time stamp: nothing independent shows when it was made.\n");
  return ExitCode::ok;
}

}  // namespace muster::cli
