#include "cli/diagnosis.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/layout.h"

namespace muster::cli {
namespace {

constexpr std::size_t kReason = 70;

std::string_view heading_of(ExitCode code) {
  switch (code) {
    case ExitCode::ok: return "Fine: everything that the chosen rules read can be had.";
    case ExitCode::undecided: return "muster can run, but not everything will be decided or believable.";
    case ExitCode::unavailable: return "A service does not answer.";
    case ExitCode::wrong_input: return "Something must be mended first.";
    case ExitCode::failed:
    case ExitCode::failed_and_undecided:
    case ExitCode::integrity:
    case ExitCode::internal:
    case ExitCode::interrupted: break;
  }
  return "Something is wrong.";
}

std::string render_checks(const std::vector<Check>& checks, std::size_t width) {
  std::size_t what = 0;
  for (const Check& check : checks) what = std::max(what, check.what.size());
  std::string out;
  for (const Check& check : checks) {
    const std::string first = fmt::format("{:<8} {:<{}}  ", word_of(check.state), check.what, what);
    out += wrap(make_visible(check.found), first, first.size(), width);
    if (!check.mend.empty())
      out += wrap(make_visible(check.mend), std::string(first.size(), ' ') + "→ ", first.size() + 2, width);
  }
  return out;
}

std::string render_tenant(const TenantDiagnosis& tenant, std::size_t width) {
  std::string out;
  if (!tenant.endpoints.empty()) {
    TextTable table;
    table.column("endpoint");
    table.column("source");
    table.column("dataset");
    table.column("answer");
    table.column("reason");
    for (const collect::Asked& asked : tenant.endpoints)
      table.row({std::string(asked.endpoint.name), tenant.sources[asked.source],
                 std::string(snapshot::spec_of(asked.endpoint.dataset).name),
                 std::string(word_of(asked.answer.state)), cell(asked.answer.reason, kReason)});
    out += fmt::format("\nWhat the keys of {} may read, asked for one row each:\n\n{}",
                       make_visible(tenant.organization), table.render(2));
  }
  if (!tenant.lacks.empty()) {
    out += "\nWhat will be missing, or not whole:\n\n";
    for (const Lack& lack : tenant.lacks) {
      out += wrap(fmt::format("{}: {}{}", lack.dataset, lack.status,
                              lack.reason.empty() ? "" : " (" + make_visible(lack.reason) + ")"),
                  "  ", 4, width);
      if (!lack.mend.empty()) out += wrap(make_visible(lack.mend), "    → ", 6, width);
    }
  }
  if (!tenant.blocked.empty()) {
    const auto whole =
        static_cast<std::size_t>(std::ranges::count(tenant.blocked, true, &BlockedRule::is_whole));
    const std::size_t some = tenant.blocked.size() - whole;
    out += fmt::format("\n{} of {} will be `unknown` because of that{}:\n\n", whole,
                       plural(tenant.rules, "rule", "rules"),
                       some == 0 ? "" : fmt::format(", {} for some of the subjects", some));
    for (const BlockedRule& rule : tenant.blocked)
      out += wrap(fmt::format("{} [{}] {}{}{}", rule.as, rule.severity, rule.because,
                              rule.is_whole ? "" : "; only for the subjects whose verdict needs it",
                              rule.is_tolerated ? "; its policy says `on_unknown: report`" : ""),
                  "  ", 4, width);
  }
  return out;
}

}  // namespace

std::string_view word_of(Check::State state) {
  switch (state) {
    case Check::State::ok: return "ok";
    case Check::State::note: return "note";
    case Check::State::wrong: return "WRONG";
    case Check::State::skipped: return "skipped";
  }
  return "";
}

ExitCode exit_of(const Diagnosis& diagnosis) {
  ExitCode code = ExitCode::ok;
  const auto take = [&](ExitCode other) {
    if (static_cast<int>(other) > static_cast<int>(code)) code = other;
  };
  for (const Check& check : diagnosis.checks)
    if (check.state == Check::State::wrong) take(check.code);
  for (const TenantDiagnosis& tenant : diagnosis.tenants)
    for (const BlockedRule& rule : tenant.blocked)
      if (!rule.is_tolerated) take(ExitCode::undecided);
  return code;
}

std::string render_text(const Diagnosis& diagnosis, std::size_t width) {
  std::string out = render_checks(diagnosis.checks, width);
  for (const TenantDiagnosis& tenant : diagnosis.tenants) out += render_tenant(tenant, width);
  const ExitCode code = exit_of(diagnosis);
  return out + fmt::format("\n{} (exit code {})\n", heading_of(code), static_cast<int>(code));
}

std::string render_json(const Diagnosis& diagnosis) {
  json::Array checks, tenants;
  for (const Check& check : diagnosis.checks)
    checks.emplace_back(json::Object{{"check", check.what},
                                     {"state", fold_case(word_of(check.state))},
                                     {"found", check.found},
                                     {"mend", check.mend}});
  for (const TenantDiagnosis& tenant : diagnosis.tenants) {
    json::Array endpoints, lacks, blocked;
    for (const collect::Asked& asked : tenant.endpoints)
      endpoints.emplace_back(json::Object{{"endpoint", asked.endpoint.name},
                                          {"source", tenant.sources[asked.source]},
                                          {"dataset", snapshot::spec_of(asked.endpoint.dataset).name},
                                          {"path", asked.endpoint.path},
                                          {"answer", word_of(asked.answer.state)},
                                          {"reason", asked.answer.reason},
                                          {"needs", asked.endpoint.needs}});
    for (const Lack& lack : tenant.lacks)
      lacks.emplace_back(json::Object{
          {"dataset", lack.dataset}, {"status", lack.status}, {"reason", lack.reason}, {"mend", lack.mend}});
    for (const BlockedRule& rule : tenant.blocked)
      blocked.emplace_back(json::Object{{"policy", rule.policy},
                                        {"as", rule.as},
                                        {"severity", rule.severity},
                                        {"because", rule.because},
                                        {"every_subject", rule.is_whole},
                                        {"reported_only", rule.is_tolerated}});
    tenants.emplace_back(json::Object{{"organization", tenant.organization},
                                      {"endpoints", json::Value(std::move(endpoints))},
                                      {"missing", json::Value(std::move(lacks))},
                                      {"unknown_rules", json::Value(std::move(blocked))},
                                      {"rules", static_cast<std::int64_t>(tenant.rules)}});
  }
  return json::dump(json::Value(json::Object{{"checks", json::Value(std::move(checks))},
                                             {"organizations", json::Value(std::move(tenants))},
                                             {"exit_code", static_cast<std::int64_t>(exit_of(diagnosis))}}),
                    2) +
         "\n";
}

}  // namespace muster::cli
