#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "reports/json/members.h"
#include "reports/json/read_controls.h"
#include "reports/json/results.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

void read_baseline(Members& head, Run& run) {
  const json::Value* value = head.optional("baseline");
  if (value == nullptr) return;
  Members m(*value, head.at("baseline"), head.problem());
  BaselineResult& baseline = run.baseline.emplace();
  m.text("run", baseline.run);
  m.text("sha256", baseline.sha256);
  m.instant("as_of", baseline.as_of);
  m.number("new", baseline.new_here);
  m.number("still_failing", baseline.still_failing);
  m.number("regressed", baseline.regressed);
  m.number("resolved", baseline.resolved);
  m.number("untested", baseline.untested);
}

void read_resolved(Members& document, Run& run) {
  if (!run.baseline) return;  // then the member is an unknown one
  read_list(document, "resolved", run.resolved, [](Members& m, ResolvedFinding& resolved) {
    m.text("policy", resolved.policy);
    m.text("as", resolved.as);
    m.text("rule", resolved.rule);
    m.word("kind", parse_subject_kind, resolved.kind);
    m.text("id", resolved.id);
    m.text("label", resolved.label);
    m.word("severity", parse_severity, resolved.severity);
    m.text("now", resolved.now);
    if (resolved.now != "pass" && resolved.now != "not_applicable" && resolved.now != "gone")
      m.problem().set(fmt::format("{} has the unknown word \"{}\"", m.at("now"), resolved.now));
    m.instant("since", resolved.since);
    m.instant("resolved_at", resolved.resolved_at);
  });
}

/// The failures by novelty are those that `run.baseline` counts; without a baseline there is no novelty.
void check_novelty(const Run& run, Problem& problem) {
  BaselineResult found;
  for (const RuleResult& rule : run.rules) {
    for (const Finding& finding : rule.findings) {
      const bool is_fail = finding.verdict == Verdict::fail;
      if (finding.novelty.has_value() != (run.baseline && is_fail) ||
          finding.since.has_value() != (run.baseline && (is_fail || finding.verdict == Verdict::waived)))
        return problem.set(fmt::format(
            "a finding of {} and run.baseline contradict each other in novelty or since", rule.as));
      if (!finding.novelty) continue;
      found.new_here += *finding.novelty == Novelty::new_here ? 1 : 0;
      found.still_failing += *finding.novelty == Novelty::still_failing ? 1 : 0;
      found.regressed += *finding.novelty == Novelty::regressed ? 1 : 0;
    }
  }
  if (run.baseline &&
      (found.new_here != run.baseline->new_here || found.still_failing != run.baseline->still_failing ||
       found.regressed != run.baseline->regressed))
    problem.set("run.baseline counts other failures than findings has");
}

/// `failures` follows from the rules' counts; older results lack it.
void read_head(Members& document, Run& run, std::optional<Failures>& failures) {
  if (const json::Value* value = document.need("run")) {
    Members m(*value, "run", document.problem());
    m.text("id", run.id);
    m.text("tool_version", run.tool_version);
    m.text("organization", run.organization);
    m.text("organization_id", run.organization_id);
    m.text("provider", run.provider);
    m.instant("as_of", run.as_of);
    m.boolean("what_if", run.what_if);
    m.instant("snapshot_completed", run.snapshot_completed);
    m.word("fail_on", parse_severity, run.fail_on);
    // Older results lack it, and have nothing due.
    if (const json::Value* within = m.optional("due_within"))
      m.take_text(*within, "due_within", run.due_within);
    m.text("tzdata", run.tzdata);
    m.boolean("nondeterministic", run.nondeterministic);
    if (const json::Value* counted = m.optional("failures")) {
      Members each(*counted, "run.failures", document.problem());
      each.number("before_waivers", failures.emplace().before_waivers);
      each.number("after_waivers", failures->after_waivers);
    }
    read_baseline(m, run);
  }
  if (const json::Value* value = document.need("exit")) {
    Members m(*value, "exit", document.problem());
    unsigned code = 0;
    m.number("code", code);
    if (code > 3) document.problem().set("exit.code must be 0, 1, 2 or 3");
    run.exit = static_cast<ExitCode>(code);
    std::string words;
    m.text("words", words);
    if (words != run.outcome())
      document.problem().set(
          fmt::format("exit.words is \"{}\", but exit.code {} means \"{}\"", words, code, run.outcome()));
  }
}

void read_inputs(Members& document, Run& run) {
  read_list(document, "policies", run.policies, [](Members& m, PolicyResult& policy) {
    m.text("id", policy.id);
    m.text("title", policy.title);
    m.text("version", policy.version);
    m.text("file", policy.file);
    m.text("sha256", policy.sha256);
    if (m.optional("fail_on") != nullptr) m.word("fail_on", parse_severity, policy.fail_on.emplace());
  });
  read_list(document, "inputs", run.inputs, [](Members& m, InputFile& input) {
    m.text("kind", input.kind);
    m.text("path", input.path);
    m.text("sha256", input.sha256);
    m.number("bytes", input.bytes);
  });
  read_list(document, "datasets", run.datasets, [](Members& m, DatasetResult& dataset) {
    m.text("name", dataset.name);
    m.text("status", dataset.status);
    m.text("reason", dataset.reason);
    m.number("rows", dataset.rows);
    m.number("bytes", dataset.bytes);
    m.number("pages", dataset.pages);
    m.text("sha256", dataset.sha256);
    m.boolean("declared", dataset.declared);
    m.boolean("read", dataset.read);
    m.texts("warnings", dataset.warnings);
  });
  read_list(document, "rosters", run.rosters, [](Members& m, RosterResult& roster) {
    m.text("path", roster.path);
    m.text("status", roster.status);
    m.text("reason", roster.reason);
    m.number("persons", roster.persons);
    m.text("as_of", roster.as_of);
    m.text("max_age", roster.max_age);
  });
  read_list(document, "waivers", run.waivers, [](Members& m, WaiverResult& waiver) {
    m.text("id", waiver.id);
    m.text("rule", waiver.rule);
    m.text("reason", waiver.reason);
    m.text("approver", waiver.approver);
    m.text("ticket", waiver.ticket);
    m.text("owner", waiver.owner);
    m.text("starts", waiver.starts);
    m.text("expires", waiver.expires);
    m.text("state", waiver.state);
    m.number("applied", waiver.applied);
    if (const json::Value* left = m.optional("days_left"))
      m.take_signed(*left, "days_left", waiver.days_left.emplace());
    if (const json::Value* detail = m.optional("detail")) m.take_text(*detail, "detail", waiver.detail);
  });
  read_attestations(document, run);
  read_list(document, "notices", run.notices, [](Members& m, Notice& notice) {
    m.text("code", notice.code);
    m.text("text", notice.text);
  });
}

void read_verdicts(Members& m, RuleResult& rule) {
  std::uint64_t sum = 0;
  Counts counted;
  for (const json::Value& item : m.array("verdicts")) {
    const json::Array* triple = item.array();
    if (triple == nullptr || triple->size() != 3 || (*triple)[1].string() == nullptr)
      return m.problem().set(m.at("verdicts") + " holds something else than [count, verdict, reason]");
    VerdictRun& piece = rule.verdicts.emplace_back();
    m.take_number((*triple)[0], "verdicts", piece.count);
    m.take_number((*triple)[2], "verdicts", piece.reason);
    const std::optional<Verdict> verdict = parse_verdict(*(*triple)[1].string());
    if (!verdict)
      return m.problem().set(
          fmt::format("{} has the unknown verdict \"{}\"", m.at("verdicts"), *(*triple)[1].string()));
    piece.verdict = *verdict;
    if (piece.count == 0 || piece.reason >= rule.reasons.size())
      return m.problem().set(m.at("verdicts") + " has an empty piece or names a reason that is not there");
    sum += piece.count;
    counted[piece.verdict] += piece.count;
  }
  if (sum != rule.population)
    return m.problem().set(
        fmt::format("{} add up to {}, but the population is {}", m.at("verdicts"), sum, rule.population));
  if (!(counted == rule.counts)) m.problem().set(m.at("counts") + " are not those of the verdicts");
}

/// Each is of a subject that passes; they are in the subjects' order.
void read_due(const json::Value& value, Members& m, RuleResult& rule) {
  const json::Array* items = value.array();
  if (items == nullptr) return m.problem().set(m.at("due") + " is not a list");
  std::size_t run = 0;
  std::uint64_t end = rule.verdicts.empty() ? 0 : rule.verdicts[0].count;
  for (const json::Value& item : *items) {
    const json::Array* pair = item.array();
    if (pair == nullptr || pair->size() != 2)
      return m.problem().set(m.at("due") + " holds something else than [subject, instant]");
    Due due;
    m.take_number((*pair)[0], "due", due.subject);
    m.take_instant((*pair)[1], "due", due.at);
    if (m.problem().found()) return;
    if (due.subject >= rule.population || (!rule.due.empty() && rule.due.back().subject >= due.subject))
      return m.problem().set(m.at("due") + " names a subject that is not there, or is out of order");
    while (due.subject >= end) end += rule.verdicts[++run].count;
    if (rule.verdicts[run].verdict != Verdict::pass)
      return m.problem().set(m.at("due") + " names a subject that does not pass");
    rule.due.push_back(due);
  }
}

void read_measure(Members& m, RuleResult& rule) {
  Histogram& histogram = rule.measure.emplace();
  m.text("name", histogram.spec.name);
  m.text("unit", histogram.spec.unit);
  std::vector<double>& edges = histogram.spec.edges;
  m.decimals("edges", edges);
  if (m.problem().found()) return;
  if (edges.empty() || std::adjacent_find(edges.begin(), edges.end(), std::greater_equal<>()) != edges.end())
    return m.problem().set(m.at("edges") + " are not numbers in ascending order");
  histogram.bins.resize(edges.size() + 1);
  for (const Verdict verdict : kMeasuredVerdicts) {
    const json::Array& counts = m.array(word_of(verdict));
    if (m.problem().found()) return;
    if (counts.size() != histogram.bins.size())
      return m.problem().set(fmt::format("{} has {} bins, but {} edges make {}", m.at(word_of(verdict)),
                                         counts.size(), edges.size(), histogram.bins.size()));
    std::uint64_t sum = 0;
    for (std::size_t bin = 0; bin < counts.size(); ++bin) {
      m.take_number(counts[bin], word_of(verdict), histogram.bins[bin][verdict]);
      sum += histogram.bins[bin][verdict];
    }
    if (sum > rule.counts[verdict])
      return m.problem().set(fmt::format("{} add up to {}, but only {} are counted", m.at(word_of(verdict)),
                                         sum, rule.counts[verdict]));
  }
}

void read_rule(Members& m, RuleResult& rule) {
  m.text("policy", rule.policy);
  m.text("as", rule.as);
  m.text("rule", rule.rule);
  m.word("severity", parse_severity, rule.severity);
  m.word("subject", parse_subject_kind, rule.subject);
  m.text("title", rule.title);
  m.text("why", rule.why);
  m.text("fix", rule.fix);
  read_control_ids(m, rule.controls);
  m.text("file", rule.file);
  m.number("line", rule.line);
  if (const json::Value* parameters = m.need("parameters")) {
    if (parameters->object() == nullptr) return m.problem().set(m.at("parameters") + " is not an object");
    rule.parameters = json::dump(*parameters);
  }
  m.texts("reads", rule.reads);
  std::string on_unknown;
  m.text("on_unknown", on_unknown);
  if (on_unknown != "report" && on_unknown != "undecided")
    return m.problem().set(m.at("on_unknown") + " must be \"report\" or \"undecided\"");
  rule.reports_unknown = on_unknown == "report";
  m.boolean("gated", rule.gated);
  m.number("population", rule.population);
  read_counts(m, rule.counts);
  if (const json::Value* measure = m.optional("measure")) {
    Members h(*measure, m.at("measure"), m.problem());
    read_measure(h, rule);
    if (m.problem().found()) return;
  }
  if (const json::Value* whole = m.optional("whole")) {
    Members w(*whole, m.at("whole"), m.problem());
    rule.whole.emplace();
    w.word("verdict", parse_verdict, rule.whole->verdict);
    w.text("reason", rule.whole->reason);
  }
  if (const json::Value* undecided = m.optional("undecided"))
    m.take_text(*undecided, "undecided", rule.undecided);
  rule.reasons.clear();
  m.texts("reasons", rule.reasons);
  if (rule.reasons.empty() || !rule.reasons[0].empty())
    return m.problem().set(m.at("reasons") + " must begin with \"\"");
  if (!m.problem().found()) read_verdicts(m, rule);
  if (const json::Value* due = m.optional("due"); due != nullptr && !m.problem().found())
    read_due(*due, m, rule);
}

void check_names(const Run& run, Problem& problem) {
  std::set<std::pair<std::string_view, std::string_view>> names;
  for (const RuleResult& rule : run.rules)
    if (!names.emplace(rule.policy, rule.as).second)
      return problem.set("two rules have one policy and one name");
}

void check_gates(const Run& run, Problem& problem) {
  for (const PolicyResult& policy : run.policies)
    for (const RuleResult& rule : run.rules)
      if (policy.fail_on && rule.policy == policy.id && rule.gated != (rule.severity <= *policy.fail_on))
        return problem.set(fmt::format("the gate of {} is {}, but {} is {}gated at {}", policy.id,
                                       word_of(*policy.fail_on), rule.as, rule.gated ? "" : "not ",
                                       word_of(rule.severity)));
}

void read_subjects(Members& document, Run& run) {
  const json::Value* value = document.need("subjects");
  if (value == nullptr) return;
  Members kinds(*value, "subjects", document.problem());
  for (SubjectKind kind : kSubjectKinds) {
    const json::Value* columns = kinds.optional(word_of(kind));
    if (columns == nullptr) continue;
    Members m(*columns, kinds.at(word_of(kind)), document.problem());
    Subjects& subjects = run.subjects[kind];
    m.column("id", subjects.id);
    m.column("label", subjects.label);
    if (subjects.id.size() != subjects.label.size())
      document.problem().set(kinds.at(word_of(kind)) + " has not as many labels as ids");
  }
}

/// The exit code must say at least what the rules say; it may say more (no rule selected).
void check_exit(const Run& run, Problem& problem) {
  const auto bits = static_cast<unsigned>(run.exit);
  for (const RuleResult& rule : run.rules) {
    if (rule.gating_failures() > 0 && (bits & 1u) == 0)
      problem.set(fmt::format("exit.code is {}, but {} failed", bits, rule.as));
    const bool is_undecided = standing_of(rule) == Standing::undecided;
    if (is_undecided && !rule.reports_unknown && (bits & 2u) == 0)
      problem.set(fmt::format("exit.code is {}, but {} is undecided", bits, rule.as));
  }
}

class FindingReader {
 public:
  explicit FindingReader(Run& run) : run_(run) {
    for (std::size_t i = 0; i < run.rules.size(); ++i)
      rules_.emplace(std::pair(run.rules[i].policy, run.rules[i].as), i);
    for (std::size_t i = 0; i < run.waivers.size(); ++i)
      waivers_.emplace(run.waivers[i].id, static_cast<std::uint32_t>(i));
  }

  void read(Members& m) {
    std::string policy, as, rule_id;
    m.text("policy", policy);
    m.text("as", as);
    m.text("rule", rule_id);
    const auto found = rules_.find(std::pair(policy, as));
    if (found == rules_.end() || run_.rules[found->second].rule != rule_id)
      return m.problem().set(fmt::format("{} names a rule that is not in rules", m.at("rule")));
    RuleResult& rule = run_.rules[found->second];
    Finding& finding = rule.findings.emplace_back();
    read_subject(m, rule, finding);
    m.word("verdict", parse_verdict, finding.verdict);
    m.text("reason", finding.reason);
    if (const json::Value* observed = m.optional("observed")) finding.observed = json::dump(*observed);
    if (const json::Value* expected = m.optional("expected")) finding.expected = json::dump(*expected);
    if (const json::Value* measure = m.optional("measure")) {
      m.take_decimal(*measure, "measure", finding.measure.emplace());
      if (!rule.measure) return m.problem().set(m.at("measure") + " is there, but its rule measures nothing");
    }
    if (const json::Value* novelty = m.optional("novelty")) {
      std::string word;
      m.take_text(*novelty, "novelty", word);
      finding.novelty = parse_novelty(word);
      if (!finding.novelty)
        return m.problem().set(fmt::format("{} has the unknown word \"{}\"", m.at("novelty"), word));
    }
    if (const json::Value* since = m.optional("since"))
      m.take_instant(*since, "since", finding.since.emplace());
    read_related(m, finding);
    if (const json::Value* waiver = m.optional("waiver")) {
      std::string id;
      m.take_text(*waiver, "waiver", id);
      const auto known = waivers_.find(id);
      if (known == waivers_.end())
        return m.problem().set(fmt::format("{} names a waiver that is not in waivers", m.at("waiver")));
      finding.waiver = known->second;
    }
    if (m.problem().found()) return;
    if ((finding.verdict == Verdict::waived) != finding.waiver.has_value())
      return m.problem().set(m.at("waiver") + " must be there exactly when the verdict is waived");
    if (finding.verdict == Verdict::pass || finding.verdict == Verdict::not_applicable)
      return m.problem().set(m.at("verdict") + " is not one of a finding");
    ++found_[found->second][finding.verdict];
  }

  /// Every verdict that needs a finding has one, unless one thing decided them all.
  void check_counts(Problem& problem) {
    for (std::size_t i = 0; i < run_.rules.size(); ++i) {
      const RuleResult& rule = run_.rules[i];
      for (Verdict verdict : {Verdict::fail, Verdict::waived, Verdict::unknown, Verdict::error}) {
        if (!rule.whole && found_[i][verdict] != rule.counts[verdict]) {
          problem.set(fmt::format("rules[{}] counts {} {}, but findings has {}", i, rule.counts[verdict],
                                  word_of(verdict), found_[i][verdict]));
        }
      }
      check_measure(i, rule, problem);
    }
  }

 private:
  static void check_measure(std::size_t number, const RuleResult& rule, Problem& problem) {
    if (!rule.measure) return;
    Histogram found{rule.measure->spec, std::vector<Counts>(rule.measure->bins.size())};
    for (const Finding& finding : rule.findings)
      if (finding.measure) ++found.bins[found.spec.bin_of(*finding.measure)][finding.verdict];
    for (std::size_t bin = 0; bin < found.bins.size(); ++bin) {
      for (Verdict verdict : {Verdict::fail, Verdict::waived}) {
        if (found.bins[bin][verdict] != rule.measure->bins[bin][verdict])
          problem.set(fmt::format("rules[{}].measure counts {} {} in bin {}, but findings has {}", number,
                                  rule.measure->bins[bin][verdict], word_of(verdict), bin,
                                  found.bins[bin][verdict]));
      }
    }
  }
  void read_subject(Members& m, const RuleResult& rule, Finding& finding) {
    const json::Value* value = m.need("subject");
    if (value == nullptr) return;
    Members s(*value, m.at("subject"), m.problem());
    std::string kind, id, label;
    s.text("kind", kind);
    s.text("id", id);
    s.text("label", label);
    s.number("index", finding.subject);
    if (m.problem().found()) return;
    const auto subjects = run_.subjects.find(rule.subject);
    if (kind != word_of(rule.subject) || subjects == run_.subjects.end() ||
        finding.subject >= subjects->second.id.size() || subjects->second.id[finding.subject] != id ||
        subjects->second.label[finding.subject] != label) {
      return m.problem().set(m.at("subject") + " is not the subject that its index names");
    }
    if (rule.findings.size() > 1 && rule.findings[rule.findings.size() - 2].subject >= finding.subject)
      m.problem().set(m.at("subject") + " is out of order");
  }
  static void read_related(Members& m, Finding& finding) {
    if (const json::Value* related = m.optional("related")) {
      const json::Array* items = related->array();
      if (items == nullptr) return m.problem().set(m.at("related") + " is not a list");
      for (const json::Value& item : *items) {
        Members r(item, m.at("related"), m.problem());
        Related& one = finding.related.emplace_back();
        r.text("kind", one.kind);
        r.text("id", one.id);
        r.text("label", one.label);
      }
    }
    if (const json::Value* rows = m.optional("rows")) {
      const json::Array* items = rows->array();
      if (items == nullptr) return m.problem().set(m.at("rows") + " is not a list");
      for (const json::Value& item : *items) {
        Members r(item, m.at("rows"), m.problem());
        RawRow& row = finding.rows.emplace_back();
        r.text("dataset", row.dataset);
        r.number("line", row.line);
        r.number("request", row.request);
      }
    }
  }
  Run& run_;
  std::map<std::pair<std::string, std::string>, std::size_t> rules_;
  std::map<std::string, std::uint32_t> waivers_;
  std::map<std::size_t, Counts> found_;
};

}  // namespace

Result<Run> parse_results(std::string_view bytes, const std::string& file) {
  const Result<json::Value> value = json::parse(bytes, {.file = file});
  const auto is_no_result = [&](std::string why) {
    Error error = value ? Error{ErrorCode::results_format, {}, Place{file, 0, 0, {}}, {}} : value.error();
    error.message = "this is no result of muster: " + std::move(why);
    error.hint = "results.json of a folder that `muster check --out` wrote is wanted";
    return tl::unexpected(std::move(error));
  };
  if (!value) return is_no_result(value.error().message);
  if (value->find("muster_results") == nullptr)
    return is_no_result("it has no muster_results, with which results.json begins");
  Run run;
  Problem problem;
  {
    std::optional<Failures> failures;
    Members document(*value, "", problem);
    unsigned version = 0;
    document.number("muster_results", version);
    if (version != 1) problem.set(fmt::format("muster_results is {}, this muster reads 1", version));
    if (!problem.found()) read_head(document, run, failures);
    if (!problem.found()) read_inputs(document, run);
    if (!problem.found()) read_resolved(document, run);
    if (!problem.found()) read_list(document, "rules", run.rules, read_rule);
    if (!problem.found()) check_names(run, problem);
    if (!problem.found()) check_gates(run, problem);
    if (!problem.found()) read_control_results(document, run);
    if (!problem.found()) read_subjects(document, run);
    if (!problem.found()) {
      FindingReader findings(run);
      const json::Array& items = document.array("findings");
      for (std::size_t i = 0; i < items.size() && !problem.found(); ++i) {
        Members m(items[i], fmt::format("findings[{}]", i), problem);
        findings.read(m);
      }
      if (!problem.found()) findings.check_counts(problem);
      if (!problem.found() && failures && *failures != failures_of(run))
        problem.set("run.failures are others than the rules count");
      if (!problem.found()) check_novelty(run, problem);
      if (!problem.found()) check_exit(run, problem);
    }
  }
  if (problem.found())
    return fail(ErrorCode::results_format, problem.text, Place{file, 0, 0, {}},
                "make it again with `muster check`");
  return run;
}

}  // namespace muster::reports
