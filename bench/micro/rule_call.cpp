// One rule over many subjects: what a call of `check` costs, from field reads to the recorded verdict.
#include <numeric>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/file_system.h"
#include "rule/evaluator.h"

namespace muster {
namespace {

using snapshot::Dataset;

constexpr std::uint32_t kKeys = 100'000;
constexpr Instant kAsOf{1795161600ll * kMicrosPerSecond};

/// Keys of which one in fifty is too old and one in four is not active.
snapshot::World make_world() {
  snapshot::World world;
  world.as_of = kAsOf;
  auto table = std::make_unique<snapshot::Table>(Dataset::api_keys);
  const auto field = [&](std::string_view name) -> snapshot::Column& {
    return table->add_column(*table->spec().field(name));
  };
  snapshot::Column &status = field("status"), &created_at = field("created_at");
  StringColumn ids, labels;
  for (std::uint32_t row = 0; row < kKeys; ++row) {
    status.push_text(row % 4 == 3 ? "archived" : "active");
    created_at.push_int(kAsOf.us - (row % 50 == 0 ? 100 : 10) * kMicrosPerDay);
    ids.push_back("apikey_" + std::to_string(row));
    labels.push_back("batch");
  }
  table->set_rows(kKeys);
  table->set_keys(std::move(ids), std::move(labels));
  world.tables[static_cast<std::size_t>(Dataset::api_keys)] = std::move(table);
  world.available(Dataset::api_keys).status = snapshot::DatasetStatus::complete;
  return world;
}

void rule_call(benchmark::State& state) {
  const auto files = make_os_file_system();
  Diagnostics problems;
  const rule::RuleSet rules = rule::load_rules(*files, {}, problems);
  const rule::Rule& rule = *rules.at("keys.max_age");
  const snapshot::World world = make_world();
  rule::Params params;
  for (const rule::ParamSpec& spec : rule.info().params) params[spec.name] = spec.fallback;
  std::vector<std::uint32_t> rows(kKeys);
  std::iota(rows.begin(), rows.end(), 0u);
  for (auto _ : state) {
    const rule::Limits limits;
    rule::Budget budget(limits, kKeys);
    auto evaluator = rule::Evaluator::make(rule, params, world, limits, budget);
    if (!evaluator) {
      state.SkipWithError(evaluator.error().message.c_str());
      return;
    }
    rule::BlockResult result;
    (*evaluator)->evaluate(rows, result);
    benchmark::DoNotOptimize(result.findings.size());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kKeys);
}
BENCHMARK(rule_call)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace muster
