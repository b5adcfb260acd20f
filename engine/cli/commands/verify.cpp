#include "evidence/verify.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/bundling.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/part_schemas.h"
#include "cli/version.h"
#include "evidence/bundle.h"
#include "reports/json/results.h"
#include "reports/junit/shape.h"
#include "reports/populations.h"
#include "reports/report.h"
#include "snapshot/snapshot.h"

namespace muster::cli {
namespace {

class Verify final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "verify",
        .summary = "Check that a bundle is whole, unchanged and signed by whom you expect",
        .description =
            "Checks every file against SHA256SUMS, that there are no others, the signature and whose it is, "
            "the time stamp, the chain to the previous bundle, and that each "
            "part is what it should be. What is wrong is named. A bundle without a signature, or signed by "
            "somebody whom --allowed-signers does not name, is never called "
            "right: that stays undecided.",
        .examples = {{"muster verify acme-2026-11.tar.gz --allowed-signers allowed_signers",
                      "The signer's line must come from the organization by another way than the bundle."},
                     {"muster verify unpacked/ --allowed-signers s --previous acme-2026-10.tar.gz",
                      "An unpacked bundle, and that it follows the one before."},
                     {"muster verify b.tar.gz --allowed-signers s --timestamp-ca ca.pem",
                      "Also who says when it was made."}},
        .exits = {{ExitCode::ok, "Everything is right, and an allowed signer signed it."},
                  {ExitCode::undecided,
                   "Nothing is wrong, but it is not signed, or nobody said whose signature to expect."},
                  {ExitCode::wrong_input, "A wrong call, or a file that cannot be read."},
                  {ExitCode::integrity, "Something is wrong; each thing is named."},
                  {ExitCode::internal, "A bug in muster."},
                  {ExitCode::interrupted, "Interrupted."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("BUNDLE", text(bundle_), "An archive, or the folder that it was unpacked to.");
    arguments.option("--allowed-signers", "FILE", text(allowed_signers_),
                     "Who may sign, as ssh-keygen reads it: lines of NAME namespaces=\"evidence@muster\" "
                     "ssh-ed25519 KEY.");
    arguments.option("--timestamp-ca", "FILE", text(timestamp_ca_),
                     "Certificates (PEM) of the time stamp authorities that you trust.");
    arguments.option("--previous", "BUNDLE", text(previous_), "The bundle that this one must follow.");
  }

  ExitCode run(Environment& environment) override {
    evidence::VerifyRequest request;
    request.now = environment.clock.now();
    const auto read = [&](const std::optional<std::string>& path, std::optional<std::string>& out) -> Status {
      if (!path) return {};
      auto text = environment.files.read_file(*path, 16u << 20);
      if (!text) return tl::unexpected(text.error());
      out = std::move(*text);
      return {};
    };
    if (const Status fine = read(allowed_signers_, request.allowed_signers); !fine)
      return report(environment, fine.error());
    if (const Status fine = read(timestamp_ca_, request.timestamp_ca); !fine)
      return report(environment, fine.error());
    if (allowed_signers_) request.allowed_signers_file = *allowed_signers_;
    if (previous_) {
      auto previous = evidence::read_contents(
          environment.files, *previous_, [](std::string_view name) { return name == evidence::kSumsFile; });
      if (!previous) return report(environment, previous.error());
      const auto sums = previous->texts.find(evidence::kSumsFile);
      if (!previous->problems.empty()) return report(environment, previous->problems.front());
      if (sums == previous->texts.end())
        return report(environment,
                      {ErrorCode::evidence_file, fmt::format("{} has no SHA256SUMS", *previous_), {}, {}});
      request.previous_sums = std::move(sums->second);
    }
    const auto contents = evidence::read_contents(environment.files, bundle_, [](std::string_view name) {
      return evidence::is_wanted_by_verify(name) || is_user_file(name) || is_junit(name);
    });
    if (!contents) return report(environment, contents.error());
    evidence::Verification found = evidence::verify(*contents, request);
    check_parts(*contents, found);
    return say(environment, found);
  }

 private:
  /// What only who knows results and snapshots can check.
  void check_parts(const evidence::Contents& contents, evidence::Verification& found) const {
    const auto problem = [&](std::string message) {
      found.problems.push_back({ErrorCode::evidence_file, std::move(message), {}, {}});
    };
    if (const auto text = contents.texts.find("results.json"); text != contents.texts.end()) {
      const auto run = reports::parse_results(text->second, "results.json");
      if (!run) {
        problem(fmt::format("results.json: {}", run.error().message));
      } else {
        if (found.record && run->id != found.record->run_id)
          problem("results.json is of another run than run.json");
        if (found.record) check_inputs(contents, *run, *found.record, problem);
        if (run->tool_version == version()) {
          check_rendered(contents, *run, problem);
          check_reports(contents, *run, found.record, problem);
          if (found.record) check_part_schemas(contents, *run, *found.record, problem);
        } else {
          check_junit(contents, *run, problem);
        }
      }
    }
    if (const auto text = contents.texts.find("snapshot/manifest.json"); text != contents.texts.end()) {
      // The manifest's own checks are those of every snapshot.
      MemoryFileSystem memory;
      memory.add("snapshot/manifest.json", text->second);
      const auto manifest = snapshot::load_manifest(memory, "snapshot");
      if (!manifest) {
        problem(manifest.error().message);
        return;
      }
      for (const snapshot::DatasetManifest& row : manifest->datasets) {
        if (row.sha256.empty()) continue;
        const std::string name = fmt::format("snapshot/data/{}.jsonl", row.name);
        const auto file = contents.files.find(name);
        if (file == contents.files.end())
          problem(fmt::format("{} is missing: the snapshot's manifest lists it", name));
        else if (file->second != row.sha256)
          problem(fmt::format("{} is not the file that the snapshot's manifest lists", name));
      }
      for (const snapshot::DatasetManifest& row : manifest->datasets) check_sheet(contents, row, problem);
    }
  }

  static bool is_junit(std::string_view name) { return name.starts_with("junit") && name.ends_with(".xml"); }

  /// Another version may render other bytes, but no other facts.
  template <class Problem>
  static void check_junit(const evidence::Contents& contents, const Run& run, const Problem& problem) {
    std::vector<reports::JunitText> files;
    for (const auto& [name, text] : contents.texts)
      if (is_junit(name)) files.push_back({name, text});
    if (files.empty()) return;
    if (const Status fine = reports::check_junit_shape(files, run); !fine) problem(fine.error().message);
  }

  /// What results.json says that it was made from is what the bundle holds, or has the digests of.
  template <class Problem>
  static void check_inputs(const evidence::Contents& contents, const Run& run,
                           const evidence::RunRecord& record, const Problem& problem) {
    std::set<std::string_view> recorded;
    for (const evidence::BundledInput& input : record.inputs) recorded.insert(input.sha256);
    constexpr std::string_view kBuiltIn = "builtin:";
    for (const InputFile& input : run.inputs) {
      if (!input.path.starts_with(kBuiltIn)) {
        if (!recorded.contains(input.sha256))
          problem(fmt::format("results.json was made from another {} {} than run.json records", input.kind,
                              make_visible(input.path)));
        continue;
      }
      // "builtin:rules/keys/max_age.lua" is rules/builtin/keys/max_age.lua here.
      const std::string_view name = std::string_view(input.path).substr(kBuiltIn.size());
      const std::size_t slash = std::min(name.find('/'), name.size() - 1);
      const std::string place = fmt::format("{}/builtin/{}", name.substr(0, slash), name.substr(slash + 1));
      const auto file = contents.files.find(place);
      if (file == contents.files.end())
        problem(fmt::format("{} is missing: results.json was made from it", make_visible(place)));
      else if (file->second != input.sha256)
        problem(fmt::format("{} is not the file that results.json was made from", place));
    }
  }

  /// A sheet says of its dataset what the snapshot's manifest says.
  template <class Problem>
  static void check_sheet(const evidence::Contents& contents, const snapshot::DatasetManifest& row,
                          const Problem& problem) {
    if (row.sha256.empty()) return;
    const std::string name = fmt::format("ipe/{}.json", row.name);
    const auto text = contents.texts.find(name);
    if (text == contents.texts.end())
      return problem(fmt::format("{} is missing: the snapshot's manifest lists the dataset", name));
    const auto sheet = json::parse(text->second, {.file = name});
    if (!sheet) return;  // said already
    const json::Value* total = sheet->find("control_total");
    const json::Value* rows = total == nullptr ? nullptr : total->find("rows_in_manifest");
    const json::Value* dataset = sheet->find("dataset");
    if (rows == nullptr || rows->integer() == nullptr ||
        static_cast<std::uint64_t>(*rows->integer()) != row.rows || dataset == nullptr ||
        dataset->string() == nullptr || *dataset->string() != row.name)
      problem(fmt::format("{} says something else of its dataset than the snapshot's manifest", name));
  }

  /// The same for the reports that people and CI systems read. JUnit can be written in several ways, and with
  /// the times of the run: then only its other readers can judge it.
  template <class Problem>
  static void check_reports(const evidence::Contents& contents, const Run& run,
                            const std::optional<evidence::RunRecord>& record, const Problem& problem) {
    for (const evidence::Part& part : report_parts(run, {}))
      if (const auto file = contents.files.find(part.name);
          file != contents.files.end() && file->second != sha256_hex(part.text))
        problem(fmt::format("{} is not what results.json is rendered to", part.name));
    if (!contents.files.contains("junit.xml")) return;
    const std::vector<std::string> none, &command = record ? record->origin.command : none;
    if (std::find(command.begin(), command.end(), "--timings") != command.end()) return;
    for (const reports::JunitCases cases : {reports::JunitCases::rule, reports::JunitCases::subject}) {
      reports::ReportOptions options;
      options.junit_cases = cases;
      options.evidence = ".";
      bool is_same = true;
      for (const reports::Rendered& each :
           reports::render_all(*reports::find_format("junit"), run, options)) {
        const auto file = contents.files.find("junit" + each.suffix + ".xml");
        is_same = is_same && file != contents.files.end() && file->second == sha256_hex(each.bytes);
      }
      if (is_same) return;
    }
    problem("junit.xml is not what results.json is rendered to");
  }

  /// The same version renders the same bytes: whatever was put into a report by hand shows, also when the
  /// sums were made anew.
  template <class Problem>
  static void check_rendered(const evidence::Contents& contents, const Run& run, const Problem& problem) {
    struct Digesting final : reports::Output {
      void begin_file(std::string_view) override {}
      void write(std::string_view bytes) override { digest.update(bytes); }
      Sha256 digest;
    };
    const auto compare = [&](const std::string& name, std::string digest) {
      const auto file = contents.files.find(name);
      if (file == contents.files.end())
        problem(fmt::format("{} is missing", name));
      else if (file->second != digest)
        problem(fmt::format("{} is not what results.json is rendered to", name));
    };
    const std::vector<std::string> populations = reports::population_files(run);
    for (std::size_t rule = 0; rule < run.rules.size(); ++rule) {
      Digesting out;
      reports::render_population(run, run.rules[rule], out);
      compare("populations/" + populations[rule], out.digest.finish_hex());
    }
    Digesting results;
    reports::find_format("json")->render(run, {}, results);
    compare("results.json", results.digest.finish_hex());
  }

  ExitCode say(Environment& environment, const evidence::Verification& found) const {
    Console& console = environment.console;
    if (!found.problems.empty()) {
      Diagnostics problems;
      for (const Error& error : found.problems) problems.error(error);
      const ExitCode code = report(environment, problems);
      console.out.write(fmt::format("WRONG: {} is not to be relied on ({})\n", bundle_,
                                    plural(found.problems.size(), "problem", "problems")));
      // Whatever else it was, what was verified failed.
      return code == ExitCode::interrupted ? code : ExitCode::integrity;
    }
    const bool is_right = found.signer.has_value();
    if (is_right) {
      console.out.write(fmt::format("RIGHT: {} is whole and unchanged, signed by {}\n", bundle_,
                                    make_visible(*found.signer)));
    } else if (found.is_signed) {
      console.out.write(fmt::format(
          "SIGNER NOT CHECKED: {} is whole and unchanged since the key {} signed it, and nobody said whose "
          "key that must be.\nAnybody can sign with a key of his own: "
          "get the signer's line from the organization by another way, and give --allowed-signers FILE.\n",
          bundle_, found.fingerprint));
    } else {
      console.out.write(
          fmt::format("NOT SIGNED: {} fits its own list of digests, and anybody can make such a list. "
                      "Nothing shows who made it.\n",
                      bundle_));
    }
    console.out.write(fmt::format("Files: {}, all listed, all as listed\n", found.files));
    if (found.is_signed)
      console.out.write(fmt::format("Key: {}{}{}\n", found.fingerprint,
                                    found.has_minisign ? ", minisign signature right" : "",
                                    found.has_statement ? ", in-toto statement right" : ""));
    if (!found.stamped_at)
      console.out.write("Time: no time stamp; nothing independent shows when it was made\n");
    else if (found.is_stamp_trusted)
      console.out.write(fmt::format("Time: it existed at {}, says {}\n", format_rfc3339(*found.stamped_at),
                                    make_visible(found.authority)));
    else
      console.out.write(fmt::format("Time: a time stamp says {}, NOT CHECKED: give --timestamp-ca FILE\n",
                                    format_rfc3339(*found.stamped_at)));
    if (found.is_stamp_modified)
      console.out.write(
          "Time: the authority changed something of what was asked for (granted with modifications)\n");
    if (found.is_chain_checked)
      console.out.write(fmt::format("Chain: follows {}\n", *previous_));
    else if (found.previous_bundle_sha256.empty())
      console.out.write("Chain: it names no previous bundle\n");
    else
      console.out.write(
          fmt::format("Chain: it follows a bundle whose SHA256SUMS has the SHA-256 {}, NOT CHECKED: give "
                      "--previous BUNDLE\n",
                      found.previous_bundle_sha256));
    if (found.record) {
      console.out.write(fmt::format("Run: {} as of {}, by muster {}, privacy profile {}\n",
                                    found.record->run_id.substr(0, 12), format_rfc3339(found.record->as_of),
                                    found.record->tool_version, evidence::word_of(found.record->profile)));
      if (found.record->tool_version != version())
        console.out.write(fmt::format(
            "Reports: by another version than this {}; JUnit was looked at for its shape and its counts, the "
            "other reports, the config and the policies were not\n",
            version()));
      if (!found.record->retain_until.empty())
        console.out.write(fmt::format("Keep until: {}\n", found.record->retain_until));
    }
    return is_right ? ExitCode::ok : ExitCode::undecided;
  }

  std::string bundle_;
  std::optional<std::string> allowed_signers_, timestamp_ca_, previous_;
};

}  // namespace

std::unique_ptr<Command> verify_command() { return std::make_unique<Verify>(); }

}  // namespace muster::cli
