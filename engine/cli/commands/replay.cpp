#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/stage.h"
#include "cli/unpacked.h"
#include "cli/version.h"
#include "reports/json/results.h"

namespace muster::cli {
namespace {

constexpr std::uint64_t kLargestResults = 4ull << 30;

/// What identifies a finding across runs (design: policy, entry, kind, id).
using FindingKey = std::tuple<std::string, std::string, std::string, std::string>;

struct Known {
  Verdict verdict = Verdict::pass;
  std::string reason;
};

std::map<FindingKey, Known> findings_of(const Run& run) {
  std::map<FindingKey, Known> out;
  for (const RuleResult& rule : run.rules) {
    if (rule.whole)
      out[{rule.policy, rule.as, std::string(word_of(rule.subject)), "(every subject)"}] = {
          rule.whole->verdict, rule.whole->reason};
    for (const Finding& finding : rule.findings)
      out[{rule.policy, rule.as, std::string(word_of(rule.subject)),
           std::string(run.subjects.at(rule.subject).id[finding.subject])}] = {finding.verdict,
                                                                               finding.reason};
  }
  return out;
}

class Replay final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "replay",
        .summary = "Perform a bundle's run again, and demand the same results",
        .description =
            "Evaluates the bundle's own snapshot, roster, policies, rules and waivers again, with the run's "
            "arguments and its clock, and compares the results with those of the "
            "bundle, byte for byte. With another version of muster it says which findings differ, and why "
            "they may. Nothing outside the bundle is read. It does not check who "
            "signed it: that is what `muster verify` is for.",
        .examples = {{"muster replay acme-2026-11.tar.gz",
                      "Unpacks it for the time being, beside the archive."},
                     {"muster replay unpacked/", "An unpacked bundle."},
                     {"muster replay b.tar.gz --work /var/tmp --out again",
                      "Unpacked elsewhere, and the new results are kept."}},
        .exits = {{ExitCode::ok, "The same results, byte for byte."},
                  {ExitCode::undecided,
                   "Another version of muster gives the same verdicts and reasons, but not the same bytes."},
                  {ExitCode::wrong_input, "A wrong call, or a bundle that lacks inputs."},
                  {ExitCode::integrity, "The bundle is damaged, or the results differ."},
                  {ExitCode::internal, "A bug in muster."},
                  {ExitCode::interrupted, "Interrupted."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("BUNDLE", text(bundle_), "An archive, or the folder that it was unpacked to.");
    arguments.option("--work", "DIR", text(work_),
                     "Where an archive is unpacked for the time being (default: beside it).");
    arguments.option("--inputs", "DIR", text(inputs_),
                     "For a bundle that holds only the digests of its snapshot or roster: the folder that "
                     "the run's paths are relative to. Each file must have its digest.");
    arguments.option("--out", "FILE", text(out_), "Write the new results.json to this file.");
  }

  ExitCode run(Environment& environment) override {
    Unpacked bundle(environment.files);
    const auto verified = bundle.open(environment, bundle_, work_);
    if (!verified) return report(environment, verified.error());
    const evidence::RunRecord& record = *verified->record;
    Stage stage(environment.files, record.origin.working_folder);
    if (const Status set = set_stage(stage, environment.files, bundle.folder(), record, inputs_); !set)
      return report(environment, set.error());
    const Performance performed = perform_again(stage, record, environment);
    if (environment.is_interrupted) return ExitCode::interrupted;
    const auto again = stage.read_file(join_path(performed.folder, "results.json"), kLargestResults);
    if (!again) {
      environment.console.err.write(performed.errors);
      return report(environment,
                    {ErrorCode::evidence_replay,
                     fmt::format("the bundle's inputs cannot be evaluated by muster {}", version()),
                     {},
                     record.tool_version == version()
                         ? ""
                         : fmt::format("it was made by muster {}: use that version", record.tool_version)});
    }
    const auto before =
        environment.files.read_file(join_path(bundle.folder(), "results.json"), kLargestResults);
    if (!before) return report(environment, before.error());
    if (out_)
      if (const Status written = environment.files.write_file(*out_, *again); !written)
        return report(environment, written.error());
    if (*again == *before) {
      environment.console.out.write(
          fmt::format("REPRODUCED: results.json is the same, byte for byte ({} bytes, run {}).\n",
                      before->size(), record.run_id.substr(0, 12)));
      if (!verified->is_signed)
        environment.console.out.write("The bundle is NOT SIGNED: nothing shows who made it.\n");
      return ExitCode::ok;
    }
    return compare(environment, record, *before, *again);
  }

 private:
  ExitCode compare(Environment& environment, const evidence::RunRecord& record, const std::string& before,
                   const std::string& again) const {
    const auto old_run = reports::parse_results(before, "results.json");
    if (!old_run) return report(environment, old_run.error());
    const auto new_run = reports::parse_results(again, "the new results");
    if (!new_run) return report(environment, new_run.error());
    std::vector<std::string> lines;
    const auto old_findings = findings_of(*old_run), new_findings = findings_of(*new_run);
    std::set<FindingKey> keys;
    for (const auto* findings : {&old_findings, &new_findings})
      for (const auto& [key, known] : *findings) keys.insert(key);
    const auto words = [](const std::map<FindingKey, Known>& findings, const FindingKey& key) {
      const auto found = findings.find(key);
      return found == findings.end()
                 ? std::string("no finding")
                 : fmt::format("{}: {}", word_of(found->second.verdict), make_visible(found->second.reason));
    };
    for (const FindingKey& key : keys) {
      const std::string was = words(old_findings, key), is = words(new_findings, key);
      if (was != is)
        lines.push_back(fmt::format("{} / {} {}: was {}; is {}", std::get<1>(key), std::get<2>(key),
                                    make_visible(std::get<3>(key)), was, is));
    }
    for (const RuleResult& rule : old_run->rules) {
      const auto same = std::find_if(
          new_run->rules.begin(), new_run->rules.end(),
          [&](const RuleResult& each) { return each.policy == rule.policy && each.as == rule.as; });
      if (same == new_run->rules.end())
        lines.push_back(fmt::format("{}: it is not evaluated any more", rule.as));
      else if (same->counts != rule.counts)
        lines.push_back(fmt::format("{}: the counts of verdicts differ", rule.as));
    }
    const bool is_same_version = record.tool_version == version();
    Console& console = environment.console;
    constexpr std::size_t kMostShown = 100;
    if (!lines.empty()) {
      console.out.write(
          fmt::format("DIFFERENT: {} in the results of muster {} and those of the bundle (muster {}).\n",
                      plural(lines.size(), "difference", "differences"), version(), record.tool_version));
      for (std::size_t i = 0; i < lines.size() && i < kMostShown; ++i)
        console.out.write("  " + lines[i] + "\n");
      if (lines.size() > kMostShown)
        console.out.write(fmt::format("  and {} more\n", lines.size() - kMostShown));
    } else {
      console.out.write(fmt::format(
          "The same verdicts and reasons, but not the same bytes (muster {}; the bundle is of muster {}).\n",
          version(), record.tool_version));
    }
    console.out.write("Why they may differ:\n");
    bool has_reason = false;
    const auto why = [&](const std::string& text) {
      console.out.write("  " + text + "\n");
      has_reason = true;
    };
    if (!is_same_version)
      why(fmt::format(
          "the engine is another version: {} and {}. Policies, rules and inputs are those of the bundle",
          record.tool_version, version()));
    if (old_run->tzdata != new_run->tzdata)
      why(fmt::format("the time zones are another edition: {} and {}", old_run->tzdata, new_run->tzdata));
    if (old_run->nondeterministic) why("the run says of itself that a limit of wall time decided something");
    std::map<std::string, std::string> inputs;
    for (const InputFile& input : old_run->inputs) inputs[input.kind + " " + input.path] = input.sha256;
    for (const InputFile& input : new_run->inputs)
      if (const auto found = inputs.find(input.kind + " " + input.path);
          found == inputs.end() || found->second != input.sha256)
        why(fmt::format("the {} {} in the bundle is not the one that results.json was made from", input.kind,
                        make_visible(input.path)));
    if (!has_reason)
      why("nothing that was looked at: the results were not made from these inputs, or muster has a bug");
    if (lines.empty() && !is_same_version) return ExitCode::undecided;
    return report(
        environment,
        {ErrorCode::evidence_replay, "the bundle's inputs give other results than the bundle holds", {}, {}});
  }

  std::string bundle_;
  std::optional<std::string> work_, out_, inputs_;
};

}  // namespace

std::unique_ptr<Command> replay_command() { return std::make_unique<Replay>(); }

}  // namespace muster::cli
