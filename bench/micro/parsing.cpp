// Loading a dataset: reading, checking and parsing lines into columns, with the digest of the file.
#include <string>

#include <benchmark/benchmark.h>

#include "base/digest.h"
#include "base/file_system.h"
#include "snapshot/snapshot.h"

namespace muster {
namespace {

using snapshot::Dataset;

constexpr int kUsers = 100'000;

std::string make_lines() {
  std::string text;
  for (int n = 0; n < kUsers; ++n) {
    const std::string number = std::to_string(1'000'000 + n);
    text += R"({"from":{"request":2},"object":{"type":"user","id":"user_01ABCDEFGHIJKLM)" + number +
            R"(","email":"person.)" + number + R"(@northwind.example","name":"Ada Abara","role":")" +
            (n % 3 == 0 ? "developer" : "user") + R"(","added_at":"2025-04-25T20:17:14.339192Z"}})" + "\n";
  }
  return text;
}

void write_snapshot(MemoryFileSystem& files, const std::string& lines, benchmark::State& state) {
  snapshot::Manifest manifest;
  manifest.organization_id = "6f0c1a57-8d1e-4c43-9b56-2f7f3a90c4de";
  manifest.organization_name = "Northwind";
  manifest.provider = "anthropic";
  manifest.base_url = "https://api.anthropic.com";
  manifest.api_version = "2023-06-01";
  manifest.key_kind = "admin";
  manifest.collector = "muster_bench_micro";
  manifest.started = manifest.completed = Instant{1795161600ll * kMicrosPerSecond};
  for (std::size_t i = 0; i < snapshot::kCollectedCount; ++i) {
    snapshot::DatasetManifest row;
    row.name = std::string(snapshot::spec_of(static_cast<Dataset>(i)).name);
    if (static_cast<Dataset>(i) == Dataset::users) {
      row.status = snapshot::DatasetStatus::complete;
      row.rows = kUsers;
      row.pages = 1;
      row.bytes = lines.size();
      row.sha256 = sha256_hex(lines);
      row.from = {"anthropic-admin", manifest.organization_id};
    }
    manifest.datasets.push_back(std::move(row));
  }
  if (!files.make_folders("snapshot/data") ||
      !files.write_file("snapshot/manifest.json", snapshot::render_manifest(manifest)) ||
      !files.write_file("snapshot/ledger.jsonl", "") || !files.write_file("snapshot/data/users.jsonl", lines))
    state.SkipWithError("no snapshot");
}

void load_users(benchmark::State& state) {
  MemoryFileSystem files;
  const std::string lines = make_lines();
  write_snapshot(files, lines, state);
  snapshot::LoadRequest request;
  request.keys = {Dataset::users};
  for (const std::string_view field : {"email", "role"})
    request.fields.insert({Dataset::users, *snapshot::spec_of(Dataset::users).field(field)});
  for (auto _ : state) {
    snapshot::World world;
    Diagnostics problems;
    if (!snapshot::load_snapshot(files, "snapshot", request, 1, world, problems)) {
      state.SkipWithError(problems.render().c_str());
      return;
    }
    benchmark::DoNotOptimize(world.table(Dataset::users)->rows());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kUsers);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(lines.size()));
}
BENCHMARK(load_users)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace muster
