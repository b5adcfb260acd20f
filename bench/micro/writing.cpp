// Writing reports of a run with many failures: JUnit, and results.json.
#include <string>

#include <benchmark/benchmark.h>

#include "model/run.h"
#include "reports/report.h"

namespace muster {
namespace {

constexpr std::uint32_t kKeys = 100'000;

Run make_run() {
  Run run;
  run.organization = "Northwind";
  run.exit = ExitCode::failed;
  Subjects& subjects = run.subjects[SubjectKind::api_key];
  RuleResult rule;
  rule.rule = rule.as = "keys.max_age";
  rule.policy = "bench";
  rule.subject = SubjectKind::api_key;
  rule.title = "Active API keys are replaced in time";
  rule.why = rule.fix = "A sentence or two.";
  rule.file = "policy.yaml";
  rule.line = 4;
  rule.parameters = R"({"days":90})";
  rule.population = kKeys;
  rule.reasons.push_back("created on 2026-01-01, more than 90 days ago");
  for (std::uint32_t row = 0; row < kKeys; ++row) {
    subjects.id.push_back("apikey_01" + std::to_string(10'000'000'000 + row));
    subjects.label.push_back("batch-" + std::to_string(row));
    const bool is_failed = row % 10 == 0;
    ++rule.counts[is_failed ? Verdict::fail : Verdict::pass];
    rule.verdicts.push_back({1, is_failed ? Verdict::fail : Verdict::pass, is_failed ? 1u : 0u});
    if (!is_failed) continue;
    Finding finding;
    finding.subject = row;
    finding.reason = rule.reasons[1];
    finding.observed = R"({"age_days":323,"created_at":"2026-01-01T00:00:00Z"})";
    finding.expected = R"("at most 90 days")";
    finding.rows.push_back({"api_keys", row + 1, 7});
    rule.findings.push_back(std::move(finding));
  }
  run.rules.push_back(std::move(rule));
  return run;
}

class CountedOutput final : public reports::Output {
 public:
  void begin_file(std::string_view) override {}
  void write(std::string_view bytes) override { total += bytes.size(); }
  std::size_t total = 0;
};

void write_format(benchmark::State& state, std::string_view name) {
  const Run run = make_run();
  const reports::Format* format = reports::find_format(name);
  if (format == nullptr) return state.SkipWithError("no such format");
  const reports::ReportOptions options;
  CountedOutput output;
  for (auto _ : state) format->render(run, options, output);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(run.rules[0].findings.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(output.total));
}
BENCHMARK_CAPTURE(write_format, junit, "junit")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_format, json, "json")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace muster
