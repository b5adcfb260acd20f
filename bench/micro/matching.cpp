// The roster: reading a CSV, and matching accounts to its persons.
#include <string>

#include <benchmark/benchmark.h>

#include "base/file_system.h"
#include "roster/roster.h"

namespace muster {
namespace {

constexpr int kPersons = 100'000;
constexpr Instant kAsOf{1795161600ll * kMicrosPerSecond};

std::string address(int n) { return "person." + std::to_string(n) + "@northwind.example"; }

std::string make_csv() {
  std::string text =
      "employee_id,display_name,work_email,former_emails,status,hired,last_day,worker_type,manager_id,"
      "department\n";
  for (int n = 0; n < kPersons; ++n)
    text += "NW-" + std::to_string(n) + ",Ada Abara," + address(n) + ",," +
            (n % 20 == 0 ? "Terminated,2019-03-11,2026-05-31" : "Active,2019-03-11,") +
            ",Employee,NW-1,Data Science\n";
  return text;
}

std::vector<RosterSource> make_sources() {
  RosterSource source;
  source.path = source.shown_path = "roster.csv";
  source.columns = {{"person_id", "employee_id"}, {"name", "display_name"},
                    {"email", "work_email"},      {"former_emails", "former_emails"},
                    {"status", "status"},         {"start", "hired"},
                    {"end", "last_day"},          {"kind", "worker_type"},
                    {"manager", "manager_id"},    {"department", "department"}};
  source.zone = "America/New_York";
  return {source};
}

roster::Roster load(const FileSystem& files, const std::vector<RosterSource>& sources,
                    benchmark::State& state) {
  Diagnostics problems;
  const std::set<std::pair<snapshot::Dataset, std::uint16_t>> no_fields;
  roster::Roster roster =
      roster::load_roster(files, sources, {.as_of = kAsOf, .jobs = 1, .fields = &no_fields}, problems);
  if (problems.has_errors()) state.SkipWithError(problems.render().c_str());
  return roster;
}

void load_roster(benchmark::State& state) {
  MemoryFileSystem files;
  const std::string csv = make_csv();
  if (!files.write_file("roster.csv", csv)) return state.SkipWithError("no roster");
  const auto sources = make_sources();
  for (auto _ : state) benchmark::DoNotOptimize(load(files, sources, state).states.size());
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kPersons);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(csv.size()));
}
BENCHMARK(load_roster)->Unit(benchmark::kMillisecond);

void match_accounts(benchmark::State& state) {
  MemoryFileSystem files;
  if (!files.write_file("roster.csv", make_csv())) return state.SkipWithError("no roster");
  const roster::Roster roster = load(files, make_sources(), state);
  StringColumn ids;
  snapshot::Column emails(snapshot::FieldType::text);
  for (int n = 0; n < kPersons; ++n) {
    const int person =
        static_cast<int>((static_cast<long long>(n) * 61'803) % kPersons);  // another order than the roster's
    ids.push_back("user_" + std::to_string(n));
    emails.push_text(n % 100 == 0 ? "person." + std::to_string(person) + "+claude@northwind.example"
                                  : address(person));
  }
  const std::map<std::string, std::vector<std::string>> aliases;
  for (auto _ : state) {
    const roster::Matches matches = roster::match_accounts(roster, {&ids, &emails}, {{}, {}, &aliases}, 1);
    benchmark::DoNotOptimize(matches.of.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kPersons);
}
BENCHMARK(match_accounts)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace muster
