#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/layout.h"
#include "cli/rule_choice.h"
#include "cli/version.h"
#include "evaluate/explain.h"
#include "evaluate/waive.h"
#include "rule/syntax.h"
#include "snapshot/load.h"

namespace muster::cli {
namespace {

using evaluate::EntryExplanation;
using evaluate::Explanation;

constexpr std::size_t kIndent = 11;

std::string join_lines(const std::set<std::uint32_t>& lines) {
  std::vector<std::string> pieces;
  for (auto line = lines.begin(); line != lines.end();) {
    auto last = line;
    while (std::next(last) != lines.end() && *std::next(last) == *last + 1) ++last;
    pieces.push_back(*line == *last ? std::to_string(*line) : fmt::format("{}-{}", *line, *last));
    line = std::next(last);
  }
  return fmt::format("{}", fmt::join(pieces, ", "));
}

class RuleExplain final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "rule explain",
        .summary = "Show why a rule judges one subject as it does",
        .description =
            "Judges the subject as `muster check` does and shows what the rule read, the lines that it ran, "
            "the "
            "verdict, the match with the roster and its strategy, the scope, the waiver, and the raw lines "
            "of "
            "the snapshot. When the policies select the rule several times, each entry is explained; when "
            "they do not select it at all, its defaults are taken.",
        .examples = {{"muster rule explain accounts.leavers_removed ana@example.com",
                      "Why this account fails."},
                     {"muster rule explain keys.max_age apikey_01ABC --snapshot snapshots/2026-11-20",
                      "A key, by its id; without a config."}},
        .exits = {{ExitCode::ok, "Explained, whatever the verdict."},
                  {ExitCode::wrong_input, "There is no such rule or subject, or an input is wrong."},
                  {ExitCode::integrity, "The snapshot is not what its manifest says."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("RULE", text(rule_), "The rule's id, as keys.max_age.");
    arguments.required("SUBJECT", text(subject_), "An id, an e-mail address, or a name as reports show it.");
    inputs_.declare_all(arguments);
    arguments.option("--as-of", "TIME", time(as_of_), "Judge as of this instant instead of the snapshot's.");
    arguments.flag("--json", json_, "Write JSON.");
  }

  ExitCode run(Environment& environment) override {
    Diagnostics problems;
    const auto config = inputs_.load(environment, {.snapshot = true}, problems);
    rule::RuleSet rules;
    if (config) rules = load_rules(environment, *config, problems);
    if (problems.has_errors()) return report(environment, problems);
    const auto rule = find_rule(rules, rule_, problems);
    if (!rule) return report(environment, problems);
    evaluate::CheckRequest request;
    request.config = *config;
    request.as_of = as_of_.resolve(environment.clock);
    request.tool_version = version();
    request.jobs = available_cores();
    const auto explained =
        evaluate::explain(environment.files, environment.clock, std::move(request), rule, subject_, problems);
    if (environment.is_interrupted) return ExitCode::interrupted;
    if (!explained) return report(environment, problems);
    if (json_)
      environment.console.out.write(json::dump(to_json(environment, *explained), 2) + "\n");
    else
      print(environment, *explained);
    return ExitCode::ok;
  }

 private:
  void line(Console& console, std::string_view label, const std::string& text) const {
    console.out.write(wrap(text, label, kIndent, console.width));
  }

  void print(Environment& environment, const Explanation& made) const {
    Console& console = environment.console;
    const std::string name = made.label.empty() || made.label == made.id
                                 ? make_visible(made.id)
                                 : fmt::format("{} ({})", make_visible(made.label), make_visible(made.id));
    console.out.write(fmt::format("{} and the {} {}, as of {}\n", made.rule->info().id, word_of(made.kind),
                                  name, format_rfc3339(made.as_of)));
    if (!made.match_detail.empty()) {
      std::string match = make_visible(made.match_detail);
      if (!made.person.empty())
        match = fmt::format("{}, by {}: {}", make_visible(made.person), made.match_strategy, match);
      line(console, "Person", match);
    }
    for (const EntryExplanation& entry : made.entries) {
      console.out.write("\n");
      print_entry(console, made, entry);
    }
    for (const WaiverResult& waiver : made.idle_waivers) {
      const std::string why = evaluate::explain_waiver(waiver);
      line(console, "Waiver",
           fmt::format("{} has no effect here{}", make_visible(waiver.id),
                       why.empty() ? ": it is for other subjects" : " (" + make_visible(why) + ")"));
    }
    const auto rows = rows_of(made);
    if (!rows.empty()) console.out.write("\n");
    for (const auto& [dataset, number] : rows)
      console.out.write(fmt::format("data/{}.jsonl:{}\n  {}\n", dataset, number,
                                    make_visible(raw_line(environment, made, dataset, number))));
    for (const auto& [number, raw] : further_lines(environment, made, rows))
      console.out.write(
          fmt::format("data/{}.jsonl:{}\n  {}\n", subject_dataset(made), number, make_visible(raw)));
  }

  using Rows = std::set<std::pair<std::string, std::uint32_t>>;
  static Rows rows_of(const Explanation& made) {
    Rows rows;
    for (const EntryExplanation& entry : made.entries)
      for (const RawRow& row : entry.rows) rows.emplace(row.dataset, row.line);
    return rows;
  }
  static std::string subject_dataset(const Explanation& made) {
    return std::string(snapshot::find_subject(made.kind)->name);
  }

  static std::string raw_line(const Environment& environment, const Explanation& made,
                              const std::string& dataset, std::uint32_t number) {
    const snapshot::DatasetSpec* spec = snapshot::find_dataset(dataset);
    if (!spec) return {};
    const auto raw = snapshot::read_line(environment.files, made.snapshot_folder, spec->dataset, number);
    return raw ? *raw : raw.error().message;
  }

  /// Other lines of the subject's dataset with its id: one record may have a row of each API, or of each
  /// organization.
  static std::vector<std::pair<std::uint32_t, std::string>> further_lines(const Environment& environment,
                                                                          const Explanation& made,
                                                                          const Rows& known) {
    constexpr std::size_t kMost = 20;
    std::vector<std::pair<std::uint32_t, std::string>> out;
    const snapshot::DatasetSpec& spec = *snapshot::find_subject(made.kind);
    if (static_cast<std::size_t>(spec.dataset) >= snapshot::kCollectedCount ||
        spec.key.find(' ') != std::string_view::npos)
      return out;
    const auto file = environment.files.open(snapshot::data_path(made.snapshot_folder, spec.dataset));
    if (!file) return out;
    std::vector<char> buffer(std::size_t{1} << 20);
    const std::string quoted = json::dump(json::Value(made.id));
    std::string line;
    std::uint32_t number = 1;
    const auto end_line = [&] {
      if (line.find(quoted) != std::string::npos && !known.contains({std::string(spec.name), number}) &&
          out.size() < kMost) {
        const auto value = json::parse(line);
        const json::Value* object = value ? value->find("object") : nullptr;
        for (const char* key : {"id", "uuid"})
          if (const json::Value* id = object ? object->find(key) : nullptr;
              id && id->string() && *id->string() == made.id) {
            out.emplace_back(number, line);
            break;
          }
      }
      line.clear();
      ++number;
    };
    for (std::uint64_t offset = 0;;) {
      const auto got = (*file)->read_at(offset, buffer);
      if (!got || *got == 0) break;
      offset += *got;
      for (std::string_view rest(buffer.data(), *got); !rest.empty();) {
        const std::size_t end = rest.find('\n');
        line += rest.substr(0, end);
        if (end == std::string_view::npos) break;
        end_line();
        rest.remove_prefix(end + 1);
      }
    }
    if (!line.empty()) end_line();
    return out;
  }

  static json::Value parsed(const std::string& text) {
    if (text.empty()) return json::Value();
    auto value = json::parse(text);
    return value ? std::move(*value) : json::Value(text);
  }

  static json::Value to_json(const Environment& environment, const Explanation& made) {
    json::Array entries;
    for (const EntryExplanation& entry : made.entries) {
      json::Array reads, lines, related;
      for (const rule::Read& read : entry.trace.reads)
        reads.emplace_back(json::Object{{"line", std::int64_t{read.line}},
                                        {"what", read.what},
                                        {"of", read.of},
                                        {"value", read.raised ? json::Value() : json::Value(read.value)},
                                        {"decides", read.raised}});
      for (const std::uint32_t number : entry.trace.lines) lines.emplace_back(std::int64_t{number});
      for (const Related& each : entry.related)
        related.emplace_back(json::Object{{"kind", each.kind}, {"id", each.id}, {"label", each.label}});
      entries.emplace_back(
          json::Object{{"as", entry.as},
                       {"policy", entry.policy.empty() ? json::Value() : json::Value(entry.policy)},
                       {"severity", word_of(entry.severity)},
                       {"parameters", parsed(entry.parameters)},
                       {"include", texts_to_json(entry.include)},
                       {"exclude", texts_to_json(entry.exclude)},
                       {"verdict", word_of(entry.verdict)},
                       {"reason", entry.reason},
                       {"observed", parsed(entry.observed)},
                       {"expected", parsed(entry.expected)},
                       {"measure", entry.measure ? json::Value(*entry.measure) : json::Value()},
                       {"related", std::move(related)},
                       {"waiver", entry.waiver ? json::Value(entry.waiver->id) : json::Value()},
                       {"called", entry.was_called},
                       {"reads", std::move(reads)},
                       {"lines", std::move(lines)}});
    }
    json::Array rows;
    const Rows known = rows_of(made);
    const auto add_row = [&](const std::string& dataset, std::uint32_t number, const std::string& raw) {
      rows.emplace_back(
          json::Object{{"dataset", dataset}, {"line", std::int64_t{number}}, {"row", parsed(raw)}});
    };
    for (const auto& [dataset, number] : known)
      add_row(dataset, number, raw_line(environment, made, dataset, number));
    for (const auto& [number, raw] : further_lines(environment, made, known))
      add_row(subject_dataset(made), number, raw);
    return json::Object{
        {"rule", made.rule->info().id},
        {"subject", json::Object{{"kind", word_of(made.kind)}, {"id", made.id}, {"label", made.label}}},
        {"as_of", format_rfc3339(made.as_of)},
        {"match", made.match_detail.empty() ? json::Value()
                                            : json::Value(json::Object{{"strategy", made.match_strategy},
                                                                       {"person", made.person},
                                                                       {"detail", made.match_detail}})},
        {"entries", std::move(entries)},
        {"rows", std::move(rows)}};
  }
  static json::Value texts_to_json(const std::vector<std::string>& texts) {
    json::Array out;
    for (const std::string& text : texts) out.emplace_back(text);
    return out;
  }

  void print_entry(Console& console, const Explanation& made, const EntryExplanation& entry) const {
    if (entry.policy.empty())
      line(console, "Entry",
           fmt::format("no policy selects it; its defaults, severity {}", word_of(entry.severity)));
    else
      line(console, "Entry",
           fmt::format("{} of {} ({}:{}), severity {}", entry.as, make_visible(entry.policy),
                       make_visible(entry.file), entry.line, word_of(entry.severity)));
    if (entry.parameters != "{}") line(console, "Params", make_visible(entry.parameters));
    if (!entry.include.empty())
      line(console, "Only", make_visible(fmt::format("{}", fmt::join(entry.include, "; "))));
    if (!entry.exclude.empty())
      line(console, "Not", make_visible(fmt::format("{}", fmt::join(entry.exclude, "; "))));
    line(console, "Verdict",
         fmt::format("{}{}", word_of(entry.verdict),
                     entry.reason.empty() ? "" : ": " + make_visible(entry.reason)));
    if (!entry.observed.empty()) line(console, "Observed", make_visible(entry.observed));
    if (!entry.expected.empty()) line(console, "Expected", make_visible(entry.expected));
    if (entry.measure)
      line(console, "Measure",
           fmt::format("{}: {} {}", make_visible(made.rule->info().measure->name), *entry.measure,
                       make_visible(made.rule->info().measure->unit)));
    for (const Related& related : entry.related)
      line(console, "Related",
           fmt::format("{} {} ({})", related.kind, make_visible(related.label), make_visible(related.id)));
    if (entry.waiver)
      line(console, "Waiver",
           fmt::format("{}, approved by {}, until {}: {} (without it: fail)", make_visible(entry.waiver->id),
                       make_visible(entry.waiver->approver),
                       entry.waiver->expires.empty() ? "further notice" : entry.waiver->expires,
                       make_visible(entry.waiver->reason)));
    if (!entry.was_called) {
      line(console, "Read", "nothing: the rule was not called, the verdict was made before it");
      return;
    }
    print_reads(console, entry);
    print_lines(console, made, entry);
  }

  static void print_reads(Console& console, const EntryExplanation& entry) {
    if (entry.trace.reads.empty()) console.out.write("Read       nothing\n");
    const std::vector<rule::Read>& reads = entry.trace.reads;
    for (std::size_t i = 0; i < reads.size();) {
      const rule::Read& read = reads[i];
      std::size_t times = 1;  // a loop reads one field over and over
      const auto is_again = [&](const rule::Read& other) {
        return other.line == read.line && other.what == read.what && other.of == read.of &&
               other.value == read.value && other.raised == read.raised;
      };
      while (i + times < reads.size() && is_again(reads[i + times])) ++times;
      console.out.write(fmt::format(
          "{:11}{} {} {}{}{}\n", i == 0 ? "Read" : "",
          read.line == 0 ? std::string("     ") : fmt::format("{:>4}:", read.line), make_visible(read.what),
          read.raised ? "could not be read, which decides the verdict" : "= " + make_visible(read.value),
          read.of.empty() || read.of == "org" ? "" : fmt::format("   ({})", make_visible(read.of)),
          times > 1 ? fmt::format("   {} times", times) : ""));
      i += times;
    }
    if (entry.trace.reads_left_out > 0)
      console.out.write(fmt::format("{:11}… and {} more\n", "", entry.trace.reads_left_out));
  }

  /// The code of the rule with a mark before each line that ran.
  static void print_lines(Console& console, const Explanation& made, const EntryExplanation& entry) {
    const std::set<std::uint32_t> ran(entry.trace.lines.begin(), entry.trace.lines.end());
    if (ran.empty()) return;
    std::set<std::uint32_t> shown = ran;
    const auto syntax = rule::parse_syntax(made.rule->source(), made.rule->info().file);
    if (syntax) {
      const rule::RuleParts parts = rule::find_parts(*syntax);
      if (parts.check)
        for (std::uint32_t at = syntax->at(parts.check->first).line; at <= syntax->at(parts.check->last).line;
             ++at)
          shown.insert(at);
    }
    console.out.write(
        fmt::format("{:11}{} of {}\n", "Ran", join_lines(ran), make_visible(made.rule->info().file)));
    std::string_view rest = made.rule->source();
    std::uint32_t before = 0;
    for (std::uint32_t number = 1; !rest.empty(); ++number) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      if (shown.contains(number)) {
        if (before != 0 && before + 1 != number) console.out.write("           …\n");
        console.out.write(fmt::format("      {} {:>4} | {}\n", ran.contains(number) ? '>' : ' ', number,
                                      make_visible(rest.substr(0, end))));
        before = number;
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  Inputs inputs_;
  std::string rule_, subject_;
  TimeWish as_of_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> rule_explain_command() { return std::make_unique<RuleExplain>(); }

}  // namespace muster::cli
