// results.json, the contract (results.schema.json beside this file). Written piece by piece: with a million
// subjects the document is never held whole.
#include "base/json.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/parallel.h"
#include "reports/document.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

/// A long list, its items rendered in pieces on several threads. `between` is what separates items at this
/// level.
template <class Render>
void write_list(Document& doc, unsigned jobs, std::size_t count, std::size_t together,
                std::string_view between, const Render& render) {
  const auto make = [&](std::size_t piece) {
    std::string text;
    constexpr std::size_t kUsual = 48;  // bytes of an item
    const std::size_t end = std::min(count, (piece + 1) * together);
    text.reserve((end - piece * together) * kUsual);
    for (std::size_t at = piece * together; at < end; ++at) {
      if (!text.empty()) text += between;
      render(text, at);
    }
    return text;
  };
  run_in_order(jobs, (count + together - 1) / together, make,
               [&](const std::string& text) { doc().raw(text); });
}

void write_column(Document& doc, const StringColumn& column, unsigned jobs) {
  doc().begin_array();
  write_list(doc, jobs, column.size(), 4096, ", ",
             [&](std::string& text, std::size_t row) { json::append_quoted(text, column[row]); });
  doc().end_array();
}

void write_strings(json::Writer& w, std::string_view key, const std::vector<std::string>& items) {
  w.key(key).begin_array();
  for (const std::string& item : items) w.value(std::string_view(item));
  w.end_array();
}

void write_text(json::Writer& w, std::string_view key, std::string_view text) { w.key(key).value(text); }

/// A whole number without a fraction, any other as short as it can be read back.
void write_number(json::Writer& w, double number) {
  constexpr double kWhole = 9007199254740992.0;
  if (number == std::trunc(number) && std::fabs(number) < kWhole)
    w.value(static_cast<std::int64_t>(number));
  else
    w.value(number);
}

void write_measure(json::Writer& w, const Histogram& histogram) {
  w.key("measure").begin_object();
  write_text(w, "name", histogram.spec.name);
  write_text(w, "unit", histogram.spec.unit);
  w.key("edges").begin_array();
  for (const double edge : histogram.spec.edges) write_number(w, edge);
  w.end_array();
  for (const Verdict verdict : kMeasuredVerdicts) {
    w.key(word_of(verdict)).begin_array();
    for (const Counts& bin : histogram.bins) w.value(bin[verdict]);
    w.end_array();
  }
  w.end_object();
}

void write_head(json::Writer& w, const Run& run) {
  w.key("run").begin_object();
  write_text(w, "id", run.id);
  write_text(w, "tool_version", run.tool_version);
  write_text(w, "organization", run.organization);
  write_text(w, "organization_id", run.organization_id);
  write_text(w, "provider", run.provider);
  write_text(w, "as_of", format_rfc3339(run.as_of));
  w.key("what_if").value(run.what_if);
  write_text(w, "snapshot_completed", format_rfc3339(run.snapshot_completed));
  write_text(w, "fail_on", word_of(run.fail_on));
  write_text(w, "due_within", run.due_within);
  write_text(w, "tzdata", run.tzdata);
  w.key("nondeterministic").value(run.nondeterministic);
  const Failures failures = failures_of(run);
  w.key("failures").begin_object();
  w.key("before_waivers").value(failures.before_waivers);
  w.key("after_waivers").value(failures.after_waivers);
  w.end_object();
  if (run.baseline) {
    w.key("baseline").begin_object();
    write_text(w, "run", run.baseline->run);
    write_text(w, "sha256", run.baseline->sha256);
    write_text(w, "as_of", format_rfc3339(run.baseline->as_of));
    w.key("new").value(run.baseline->new_here);
    w.key("still_failing").value(run.baseline->still_failing);
    w.key("regressed").value(run.baseline->regressed);
    w.key("resolved").value(run.baseline->resolved);
    w.key("untested").value(run.baseline->untested);
    w.end_object();
  }
  w.end_object();
  w.key("exit").begin_object();
  w.key("code").value(static_cast<int>(run.exit));
  write_text(w, "words", run.outcome());
  w.end_object();
}

void write_policies(Document& doc, const Run& run) {
  doc().key("policies").begin_array();
  for (const PolicyResult& policy : run.policies) {
    json::Writer& w = doc();
    w.begin_object();
    write_text(w, "id", policy.id);
    write_text(w, "title", policy.title);
    write_text(w, "version", policy.version);
    write_text(w, "file", policy.file);
    write_text(w, "sha256", policy.sha256);
    if (policy.fail_on) write_text(w, "fail_on", word_of(*policy.fail_on));
    w.end_object();
  }
  doc().end_array();
}

void write_inputs(Document& doc, const Run& run) {
  doc().key("inputs").begin_array();
  for (const InputFile& input : run.inputs) {
    json::Writer& w = doc();
    w.begin_object();
    write_text(w, "kind", input.kind);
    write_text(w, "path", input.path);
    write_text(w, "sha256", input.sha256);
    w.key("bytes").value(input.bytes);
    w.end_object();
  }
  doc().end_array();
}

void write_datasets(Document& doc, const Run& run) {
  doc().key("datasets").begin_array();
  for (const DatasetResult& dataset : run.datasets) {
    json::Writer& w = doc();
    w.begin_object();
    write_text(w, "name", dataset.name);
    write_text(w, "status", dataset.status);
    write_text(w, "reason", dataset.reason);
    w.key("rows").value(dataset.rows);
    w.key("bytes").value(dataset.bytes);
    w.key("pages").value(dataset.pages);
    write_text(w, "sha256", dataset.sha256);
    w.key("declared").value(dataset.declared);
    w.key("read").value(dataset.read);
    write_strings(w, "warnings", dataset.warnings);
    w.end_object();
  }
  doc().end_array();
}

void write_rosters(Document& doc, const Run& run) {
  doc().key("rosters").begin_array();
  for (const RosterResult& roster : run.rosters) {
    json::Writer& w = doc();
    w.begin_object();
    write_text(w, "path", roster.path);
    write_text(w, "status", roster.status);
    write_text(w, "reason", roster.reason);
    w.key("persons").value(roster.persons);
    write_text(w, "as_of", roster.as_of);
    write_text(w, "max_age", roster.max_age);
    w.end_object();
  }
  doc().end_array();
}

void write_waivers(Document& doc, const Run& run) {
  doc().key("waivers").begin_array();
  for (const WaiverResult& waiver : run.waivers) {
    json::Writer& w = doc();
    w.begin_object();
    write_text(w, "id", waiver.id);
    write_text(w, "rule", waiver.rule);
    write_text(w, "reason", waiver.reason);
    write_text(w, "approver", waiver.approver);
    write_text(w, "ticket", waiver.ticket);
    write_text(w, "owner", waiver.owner);
    write_text(w, "starts", waiver.starts);
    write_text(w, "expires", waiver.expires);
    write_text(w, "state", waiver.state);
    w.key("applied").value(waiver.applied);
    if (waiver.days_left) w.key("days_left").value(*waiver.days_left);
    if (!waiver.detail.empty()) write_text(w, "detail", waiver.detail);
    w.end_object();
  }
  doc().end_array();
}

void write_resolved(Document& doc, const Run& run) {
  if (!run.baseline) return;
  doc().key("resolved").begin_array();
  for (const ResolvedFinding& resolved : run.resolved) {
    json::Writer& w = doc();
    w.begin_object();
    write_text(w, "policy", resolved.policy);
    write_text(w, "as", resolved.as);
    write_text(w, "rule", resolved.rule);
    write_text(w, "kind", word_of(resolved.kind));
    write_text(w, "id", resolved.id);
    write_text(w, "label", resolved.label);
    write_text(w, "severity", word_of(resolved.severity));
    write_text(w, "now", resolved.now);
    write_text(w, "since", format_rfc3339(resolved.since));
    write_text(w, "resolved_at", format_rfc3339(resolved.resolved_at));
    w.end_object();
  }
  doc().end_array();
}

void write_controls(json::Writer& w, std::string_view key, const std::vector<ControlId>& controls) {
  w.key(key).begin_array();
  for (const ControlId& control : controls) w.value(std::string_view(control.text()));
  w.end_array();
}

void write_counts(json::Writer& w, const Counts& counts) {
  w.key("counts").begin_object();
  for (Verdict verdict : kVerdicts) w.key(word_of(verdict)).value(counts[verdict]);
  w.end_object();
}

void write_attestations(Document& doc, const Run& run) {
  doc().key("attestations").begin_array();
  for (const AttestationResult& attestation : run.attestations) {
    json::Writer& w = doc();
    w.begin_object();
    write_text(w, "id", attestation.id);
    write_controls(w, "controls", attestation.controls);
    write_text(w, "statement", attestation.statement);
    write_text(w, "owner", attestation.owner);
    write_text(w, "date", attestation.date);
    write_text(w, "frequency", attestation.frequency);
    write_text(w, "expires", attestation.expires);
    w.key("evidence").begin_array();
    for (const AttestationResult::Evidence& evidence : attestation.evidence) {
      w.begin_object();
      write_text(w, "link", evidence.link);
      write_text(w, "sha256", evidence.sha256);
      w.end_object();
    }
    w.end_array();
    write_text(w, "state", attestation.state);
    w.end_object();
  }
  doc().end_array();
}

void write_control_results(Document& doc, const Run& run) {
  doc().key("controls").begin_array();
  for (const ControlResult& control : run.controls) {
    json::Writer& w = doc();
    w.begin_object();
    write_text(w, "framework", control.control.framework);
    write_text(w, "id", control.control.id);
    write_text(w, "title", control.title);
    write_text(w, "tests", control.tests);
    write_text(w, "rest", control.rest);
    write_text(w, "status", word_of(control.status));
    write_counts(w, control.counts);
    w.key("rules").begin_array();
    for (const std::uint32_t index : control.rules) {
      w.begin_object();
      write_text(w, "policy", run.rules[index].policy);
      write_text(w, "as", run.rules[index].as);
      w.end_object();
    }
    w.end_array();
    w.key("attestations").begin_array();
    for (const std::uint32_t index : control.attestations)
      w.value(std::string_view(run.attestations[index].id));
    w.end_array();
    w.end_object();
  }
  doc().end_array();
}

void write_notices(Document& doc, const Run& run) {
  doc().key("notices").begin_array();
  for (const Notice& notice : run.notices) {
    json::Writer& w = doc();
    w.begin_object();
    write_text(w, "code", notice.code);
    write_text(w, "text", notice.text);
    w.end_object();
  }
  doc().end_array();
}

void write_rule(Document& doc, const RuleResult& rule, unsigned jobs) {
  json::Writer& w = doc();
  w.begin_object();
  write_text(w, "policy", rule.policy);
  write_text(w, "as", rule.as);
  write_text(w, "rule", rule.rule);
  write_text(w, "severity", word_of(rule.severity));
  write_text(w, "subject", word_of(rule.subject));
  write_text(w, "title", rule.title);
  write_text(w, "why", rule.why);
  write_text(w, "fix", rule.fix);
  write_controls(w, "controls", rule.controls);
  write_text(w, "file", rule.file);
  w.key("line").value(rule.line);
  w.key("parameters").raw(rule.parameters.empty() ? "{}" : std::string_view(rule.parameters));
  write_strings(w, "reads", rule.reads);
  write_text(w, "on_unknown", rule.reports_unknown ? "report" : "undecided");
  w.key("gated").value(rule.gated);
  w.key("population").value(rule.population);
  write_counts(w, rule.counts);
  if (rule.measure) write_measure(w, *rule.measure);
  if (rule.whole) {
    w.key("whole").begin_object();
    write_text(w, "verdict", word_of(rule.whole->verdict));
    write_text(w, "reason", rule.whole->reason);
    w.end_object();
  }
  if (!rule.undecided.empty()) write_text(w, "undecided", rule.undecided);
  w.key("reasons").begin_array();
  for (const std::string& reason : rule.reasons) doc().value(std::string_view(reason));
  w.end_array();
  w.key("verdicts").begin_array();
  write_list(doc, jobs, rule.verdicts.size(), 8192, ", ", [&](std::string& text, std::size_t at) {
    const VerdictRun& piece = rule.verdicts[at];
    const fmt::format_int count(piece.count), reason(piece.reason);
    text.append(1, '[').append(count.data(), count.size()).append(", \"").append(word_of(piece.verdict));
    text.append("\", ").append(reason.data(), reason.size()).append(1, ']');
  });
  w.end_array();
  if (!rule.due.empty()) {
    w.key("due").begin_array();
    write_list(doc, jobs, rule.due.size(), 8192, ", ", [&](std::string& text, std::size_t at) {
      fmt::format_to(std::back_inserter(text), "[{}, \"{}\"]", rule.due[at].subject,
                     format_rfc3339(rule.due[at].at));
    });
    w.end_array();
  }
  w.end_object();
}

void write_finding(json::Writer& w, const Run& run, const RuleResult& rule, const Subjects& subjects,
                   const Finding& finding) {
  w.begin_object();
  write_text(w, "policy", rule.policy);
  write_text(w, "as", rule.as);
  write_text(w, "rule", rule.rule);
  w.key("subject").begin_object();
  write_text(w, "kind", word_of(rule.subject));
  write_text(w, "id", subjects.id[finding.subject]);
  write_text(w, "label", subjects.label[finding.subject]);
  w.key("index").value(finding.subject);
  w.end_object();
  write_text(w, "verdict", word_of(finding.verdict));
  write_text(w, "reason", finding.reason);
  if (!finding.observed.empty()) w.key("observed").raw(finding.observed);
  if (!finding.expected.empty()) w.key("expected").raw(finding.expected);
  if (finding.measure) {
    w.key("measure");
    write_number(w, *finding.measure);
  }
  if (finding.novelty) write_text(w, "novelty", word_of(*finding.novelty));
  if (finding.since) write_text(w, "since", format_rfc3339(*finding.since));
  if (!finding.related.empty()) {
    w.key("related").begin_array();
    for (const Related& related : finding.related) {
      w.begin_object();
      write_text(w, "kind", related.kind);
      write_text(w, "id", related.id);
      write_text(w, "label", related.label);
      w.end_object();
    }
    w.end_array();
  }
  if (finding.waiver) write_text(w, "waiver", run.waivers[*finding.waiver].id);
  if (!finding.rows.empty()) {
    w.key("rows").begin_array();
    for (const RawRow& row : finding.rows) {
      w.begin_object();
      write_text(w, "dataset", row.dataset);
      w.key("line").value(row.line);
      w.key("request").value(row.request);
      w.end_object();
    }
    w.end_array();
  }
  w.end_object();
}

void render_json(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  Document doc(out);
  doc().begin_object();
  doc().key("muster_results").value(1);
  write_head(doc(), run);
  write_policies(doc, run);
  write_inputs(doc, run);
  write_datasets(doc, run);
  write_rosters(doc, run);
  write_waivers(doc, run);
  write_attestations(doc, run);
  write_resolved(doc, run);
  write_notices(doc, run);
  doc().key("rules").begin_array();
  for (const RuleResult& rule : run.rules) write_rule(doc, rule, options.jobs);
  doc().end_array();
  write_control_results(doc, run);
  doc().key("findings").begin_array();
  for (const RuleResult& rule : run.rules) {
    if (rule.findings.empty()) continue;
    const Subjects& subjects = run.subjects.at(rule.subject);
    write_list(doc, options.jobs, rule.findings.size(), 256, ",\n  ", [&](std::string& text, std::size_t at) {
      json::Writer one_line(text, 1, 0);
      write_finding(one_line, run, rule, subjects, rule.findings[at]);
    });
  }
  doc().end_array();
  // Last, because it is the longest: whoever reads the file from its start meets the result first.
  doc().key("subjects").begin_object();
  for (const auto& [kind, subjects] : run.subjects) {
    doc().key(word_of(kind)).begin_object();
    doc().key("id");
    write_column(doc, subjects.id, options.jobs);
    doc().key("label");
    write_column(doc, subjects.label, options.jobs);
    doc().end_object();
  }
  doc().end_object();
  doc().end_object();
  doc.finish();
}

}  // namespace

Format json_format() {
  return {"json", "results.json", "the whole result, for programs; every other report is made from it",
          render_json};
}

}  // namespace muster::reports
