#include "evidence/sample.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/unpacked.h"
#include "reports/json/results.h"

namespace muster::cli {
namespace {

constexpr std::uint64_t kLargestResults = 4ull << 30;

struct Drawn {
  std::string id, label, reason;
  Verdict verdict = Verdict::pass;
  std::vector<evidence::RawLine> lines;
};

class Sample final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "sample",
            .summary = "Draw a sample of a rule's population, with the raw lines behind it",
            .description =
                "Draws subjects of one rule from a bundle, pass and fail alike, and shows their verdicts and "
                "the lines of the snapshot or roster that they come from. The same seed "
                "draws the same sample: the subjects whose SHA-256 of \"SEED:ID\" come first. Without --size "
                "the usual size is taken: all of 5, 10 of 50, 20 of 250, 25 of more.",
            .examples = {{"muster sample acme-2026-11.tar.gz --rule accounts.leavers_removed",
                          "A sample of the usual size; the seed is drawn and printed."},
                         {"muster sample b.tar.gz --rule keys.max_age --size 25 --seed 20261126 --json",
                          "The same sample each time, for a program."}},
            .exits = {{ExitCode::ok, "The sample is printed."},
                      {ExitCode::wrong_input, "A wrong call, or the bundle has no such rule."},
                      {ExitCode::integrity, "The bundle is damaged."},
                      {ExitCode::internal, "A bug in muster."},
                      {ExitCode::interrupted, "Interrupted."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("BUNDLE", text(bundle_), "An archive, or the folder that it was unpacked to.");
    arguments.option("--rule", "NAME", text(rule_), "The rule, or its name in the policy.");
    arguments.option("--size", "N", whole_number(size_, 1, 1'000'000),
                     "How many (default: the usual size for the population).");
    arguments.option("--seed", "TEXT", text(seed_),
                     "What the draw depends on (default: drawn at random, and printed).");
    arguments.option("--work", "DIR", text(work_),
                     "Where an archive is unpacked for the time being (default: beside it).");
    arguments.flag("--json", is_json_, "Write JSON.");
  }

  ExitCode run(Environment& environment) override {
    if (!rule_) return report(environment, {ErrorCode::usage, "no rule is named", {}, "give --rule NAME"});
    Unpacked bundle(environment.files);
    const auto verified = bundle.open(environment, bundle_, work_);
    if (!verified) return report(environment, verified.error());
    const auto text =
        environment.files.read_file(join_path(bundle.folder(), "results.json"), kLargestResults);
    if (!text) return report(environment, text.error());
    const auto run = reports::parse_results(*text, "results.json");
    if (!run) return report(environment, run.error());
    std::vector<const RuleResult*> rules;
    std::vector<std::string> names;
    for (const RuleResult& rule : run->rules) {
      names.push_back(rule.as);
      if (rule.as == *rule_ || rule.policy + "." + rule.as == *rule_) rules.push_back(&rule);
    }
    if (rules.size() != 1) {
      const auto near = nearest_name(*rule_, names);
      Error error{ErrorCode::evidence_unfit,
                  fmt::format("several policies of the bundle have a rule {}", make_visible(*rule_)),
                  {},
                  "give POLICY.NAME"};
      if (rules.empty()) {
        error.message = fmt::format("the bundle has no rule {}", make_visible(*rule_));
        error.hint = near ? fmt::format("did you mean {}?", *near) : "";
      }
      return report(environment, error);
    }
    const RuleResult& rule = *rules.front();
    const std::string seed = seed_ ? *seed_ : to_hex(random_bytes(8));
    const Subjects& subjects = run->subjects.at(rule.subject);
    const std::size_t size = size_ != 0 ? size_ : evidence::usual_size(subjects.id.size());
    std::vector<Drawn> sample = judged(rule, subjects, evidence::draw(subjects.id, seed, size));
    if (const Status found =
            find_lines(environment, bundle.folder(), *verified->record, rule.subject, sample);
        !found)
      return report(environment, found.error());
    environment.console.out.write(is_json_ ? render_json(*run, rule, seed, subjects.id.size(), sample)
                                           : render_text(*run, rule, seed, subjects.id.size(), sample));
    return ExitCode::ok;
  }

 private:
  static std::vector<Drawn> judged(const RuleResult& rule, const Subjects& subjects,
                                   const std::vector<std::uint32_t>& rows) {
    std::vector<Drawn> out;
    for (const std::uint32_t row : rows) {
      Drawn drawn{std::string(subjects.id[row]), std::string(subjects.label[row]), {}, Verdict::pass, {}};
      std::uint64_t begin = 0;
      for (const VerdictRun& piece : rule.verdicts) {
        if (row < begin + piece.count) {
          drawn.verdict = piece.verdict;
          drawn.reason = rule.reasons[piece.reason];
          break;
        }
        begin += piece.count;
      }
      if (rule.whole) {
        drawn.verdict = rule.whole->verdict;
        drawn.reason = rule.whole->reason;
      }
      const auto finding =
          std::lower_bound(rule.findings.begin(), rule.findings.end(), row,
                           [](const Finding& each, std::uint32_t subject) { return each.subject < subject; });
      if (finding != rule.findings.end() && finding->subject == row) drawn.reason = finding->reason;
      out.push_back(std::move(drawn));
    }
    return out;
  }

  static Status find_lines(const Environment& environment, const std::string& folder,
                           const evidence::RunRecord& record, SubjectKind kind, std::vector<Drawn>& sample) {
    std::vector<std::string> ids;
    for (const Drawn& drawn : sample) ids.push_back(drawn.id);
    const auto add = [&](const auto& found) -> Status {
      if (!found) return tl::unexpected(found.error());
      for (Drawn& drawn : sample)
        if (const auto lines = found->find(drawn.id); lines != found->end())
          drawn.lines.insert(drawn.lines.end(), lines->second.begin(), lines->second.end());
      return {};
    };
    const snapshot::DatasetSpec& spec = *snapshot::find_subject(kind);
    if (static_cast<std::size_t>(spec.dataset) < snapshot::kCollectedCount) {
      const std::string name = fmt::format("snapshot/data/{}.jsonl", spec.name);
      const std::string path = join_path(folder, name);
      return environment.files.kind(path) == FileKind::file
                 ? add(evidence::find_lines(environment.files, path, name, spec, ids))
                 : Status();
    }
    // People and registers: the lines of the customer's own files that name them.
    for (const evidence::BundledInput& input : record.inputs) {
      const bool is_source =
          kind == SubjectKind::person ? input.file.starts_with("roster/") : input.file.starts_with("config/");
      if (!is_source) continue;
      if (const Status added =
              add(evidence::find_mentions(environment.files, join_path(folder, input.file), input.file, ids));
          !added)
        return added;
    }
    return {};
  }

  static std::string render_text(const Run& run, const RuleResult& rule, const std::string& seed,
                                 std::size_t population, const std::vector<Drawn>& sample) {
    std::string out = fmt::format(
        "Sample of {}: {} of {}\nRun {} of {}, as of {}\nSeed: {} (drawn: the subjects whose SHA-256 of "
        "\"SEED:ID\" come first)\n",
        rule.as, sample.size(), population, run.id.substr(0, 12), make_visible(run.organization),
        format_rfc3339(run.as_of), make_visible(seed));
    for (std::size_t i = 0; i < sample.size(); ++i) {
      const Drawn& drawn = sample[i];
      out += fmt::format(
          "\n{}. {} {}{}\n   {}{}{}\n", i + 1, word_of(rule.subject), make_visible(drawn.id),
          drawn.label.empty() || drawn.label == drawn.id ? ""
                                                         : fmt::format(" ({})", make_visible(drawn.label)),
          word_of(drawn.verdict), drawn.reason.empty() ? "" : ": ", make_visible(drawn.reason));
      for (const evidence::RawLine& line : drawn.lines)
        out += fmt::format("   {}:{}\n     {}\n", line.file, line.line, make_visible(line.text));
      if (drawn.lines.empty())
        out += "   no raw line: the bundle does not hold the data, or the subject is not from it\n";
    }
    return out;
  }

  static std::string render_json(const Run& run, const RuleResult& rule, const std::string& seed,
                                 std::size_t population, const std::vector<Drawn>& sample) {
    std::string out;
    json::Writer w(out, 1, 3);
    const auto text = [&](std::string_view key, std::string_view value) { w.key(key).value(value); };
    w.begin_object();
    w.key("muster_sample").value(1);
    text("run_id", run.id);
    text("rule", rule.as);
    text("policy", rule.policy);
    text("seed", seed);
    text("method", "sha256(seed:id), ascending");
    w.key("population").value(static_cast<std::uint64_t>(population));
    w.key("sample").begin_array();
    for (const Drawn& drawn : sample) {
      w.begin_object();
      text("id", drawn.id);
      text("label", drawn.label);
      text("verdict", word_of(drawn.verdict));
      text("reason", drawn.reason);
      w.key("lines").begin_array();
      for (const evidence::RawLine& line : drawn.lines) {
        w.begin_object();
        text("file", line.file);
        w.key("line").value(std::uint64_t{line.line});
        text("text", line.text);
        w.end_object();
      }
      w.end_array();
      w.end_object();
    }
    w.end_array();
    w.end_object();
    return out + "\n";
  }

  std::string bundle_;
  std::optional<std::string> rule_, seed_, work_;
  unsigned size_ = 0;
  bool is_json_ = false;
};

}  // namespace

std::unique_ptr<Command> sample_command() { return std::make_unique<Sample>(); }

}  // namespace muster::cli
