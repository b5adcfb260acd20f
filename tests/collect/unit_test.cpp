// Checkpoints, and what the manifest says of a dataset.
#include "collect/unit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collect/manifest_row.h"

namespace muster::collect {
namespace {

using snapshot::Dataset;
using snapshot::DatasetStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Options both_sources() {
  Options options;
  options.sources.resize(2);
  options.sources[1].provider = Provider::compliance;
  return options;
}

Unit& named(std::vector<Unit>& units, std::string_view name) {
  for (Unit& unit : units)
    if (unit.endpoint.name == name) return unit;
  throw std::invalid_argument(std::string(name));
}

const Window kWindow{*parse_rfc3339("2026-11-01T00:00:00Z"), *parse_rfc3339("2026-11-20T08:00:00Z")};
const Instant kStart = *parse_rfc3339("2026-11-20T08:00:00Z");

TEST(Plan, ParentsComeBeforeTheirChildren) {
  const auto units = plan_units(both_sources());
  const auto at = [&](std::string_view name) {
    for (std::size_t i = 0; i < units.size(); ++i)
      if (units[i].endpoint.name == name) return i;
    return units.size();
  };
  EXPECT_LT(at("admin_workspaces"), at("admin_workspace_members"));
  EXPECT_LT(at("compliance_organizations"), at("compliance_users"));
  EXPECT_LT(at("admin_groups"), at("compliance_groups"));
  EXPECT_EQ(at("admin_service_accounts"), units.size());  // OAuth alone
}

TEST(Plan, LeavesOutWhatWasNotAskedFor) {
  Options options = both_sources();
  options.datasets = {"users", "compliance_keys"};
  options.skip = {"compliance_users"};
  std::vector<std::string_view> names;
  for (const Unit& unit : plan_units(options)) names.push_back(unit.endpoint.name);
  EXPECT_THAT(names, ElementsAre("admin_users", "compliance_settings"));
}

TEST(Checkpoints, SayAllThatAUnitNeeds) {
  auto units = plan_units(both_sources());
  Unit& unit = named(units, "admin_workspace_members");
  unit.has_begun = true;
  unit.status = DatasetStatus::partial;
  unit.reason = "1 of 3 failed";
  unit.rows = 5;
  unit.pages = 2;
  unit.duplicates = 1;
  unit.traces["apikey_1"] = 4;
  unit.warnings = {"w \"1\""};
  unit.parents = {{"wrkspc_1", DatasetStatus::denied, "403"}};
  unit.parent = 2;
  unit.cursor = "user_7";
  unit.list_begin = 100;
  unit.list_rows = 3;
  unit.restarts = 1;
  Position position{{{Dataset::workspace_members, 700}, {Dataset::users, 9}}, 1234, 17};
  const std::string text = render_start("print", kStart, kWindow) + render_checkpoint(unit, position);

  auto again = plan_units(both_sources());
  const auto progress = replay(text, "print", again);
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->started, kStart);
  EXPECT_EQ(progress->window.from, kWindow.from);
  EXPECT_EQ(progress->bytes, text.size());
  EXPECT_EQ(progress->position.ledger, 1234u);
  EXPECT_EQ(progress->position.requests, 17u);
  EXPECT_THAT(progress->position.bytes, ElementsAre(std::pair(Dataset::workspace_members, 700u)));
  const Unit& got = named(again, "admin_workspace_members");
  EXPECT_EQ(got.status, DatasetStatus::partial);
  EXPECT_EQ(got.reason, "1 of 3 failed");
  EXPECT_EQ(got.cursor, "user_7");
  EXPECT_EQ(got.traces, unit.traces);
  EXPECT_EQ(got.warnings, unit.warnings);
  EXPECT_EQ(got.parents.size(), 1u);
  EXPECT_EQ(got.parents[0].reason, "403");
  EXPECT_TRUE(got.has_begun);
  EXPECT_FALSE(got.is_done);
  EXPECT_EQ((std::vector<std::uint64_t>{got.rows, got.pages, got.duplicates, got.parent, got.list_begin,
                                        got.list_rows, got.restarts}),
            (std::vector<std::uint64_t>{5, 2, 1, 2, 100, 3, 1}));
}

TEST(Checkpoints, SayEachFailedParentOnce) {
  auto units = plan_units(both_sources());
  Unit& unit = named(units, "admin_workspace_members");
  std::string text = render_start("p", kStart, kWindow);
  for (int i = 0; i < 3; ++i) {
    unit.parents.push_back({"wrkspc_" + std::to_string(i), DatasetStatus::denied, "403"});
    const std::string line = render_checkpoint(unit, {});
    EXPECT_EQ(line.find("wrkspc_"), line.rfind("wrkspc_"));
    text += line;
  }
  auto again = plan_units(both_sources());
  ASSERT_TRUE(replay(text, "p", again));
  EXPECT_EQ(named(again, "admin_workspace_members").parents.size(), 3u);
  EXPECT_EQ(named(again, "admin_workspace_members").parents_saved, 3u);
}

TEST(Checkpoints, ALineThatWasCutOffIsLeftOut) {
  auto units = plan_units(both_sources());
  Unit& users = named(units, "admin_users");
  users.pages = 1;
  const std::string start = render_start("p", kStart, kWindow), first = render_checkpoint(users, {{}, 10, 1});
  users.pages = 2;
  const std::string second = render_checkpoint(users, {{}, 20, 2});
  for (std::size_t size = 0; size < second.size(); ++size) {
    auto again = plan_units(both_sources());
    const auto progress = replay(start + first + second.substr(0, size), "p", again);
    ASSERT_TRUE(progress) << size;
    EXPECT_EQ(progress->bytes, start.size() + first.size()) << size;
    EXPECT_EQ(progress->position.requests, 1u) << size;
    EXPECT_EQ(named(again, "admin_users").pages, 1u) << size;
  }
}

TEST(Checkpoints, OfAnotherCollectionAreNotTakenUp) {
  auto units = plan_units(both_sources());
  const std::string start = render_start("p", kStart, kWindow);
  EXPECT_FALSE(replay(start, "q", units));
  EXPECT_FALSE(replay("", "p", units));
  EXPECT_FALSE(replay(start.substr(0, start.size() / 2), "p", units));
  EXPECT_FALSE(replay("{}\n", "p", units));
  EXPECT_FALSE(replay("[1]\n", "p", units));
  EXPECT_FALSE(replay(start + "{\"unit\":\"nobody_knows\"}\n", "p", units));
  // What was read before the refusal is not in the units.
  named(units, "admin_users").pages = 3;
  EXPECT_FALSE(
      replay(start + render_checkpoint(named(units, "admin_users"), {}) + "{\"unit\":\"x\"}\n", "p", units));
}

TEST(Checkpoints, HoldOddThingsWithoutACrash) {
  auto units = plan_units(both_sources());
  const std::string start = render_start("p", kStart, kWindow);
  EXPECT_TRUE(replay(
      start +
          R"({"unit":"admin_users","rows":"x","cursor":7,"warnings":3,"parents":{},"bytes":[],"traces":null})" +
          "\n",
      "p", units));
  EXPECT_TRUE(replay(
      start +
          R"({"unit":"admin_users","warnings":[1,null],"parents":[1,{}],"bytes":{"nothing":1,"users":"x"}})" +
          "\n",
      "p", units));
}

TEST(Warnings, AreFewAndEachOnce) {
  Unit unit;
  for (int i = 0; i < 100; ++i) {
    warn(unit, "same");
    warn(unit, "number " + std::to_string(i));
  }
  EXPECT_EQ(unit.warnings.size(), 20u);
}

/// Rows of `users`, which both sources are asked for.
struct Said {
  DatasetStatus status;
  std::string reason;
};
snapshot::DatasetManifest users_row(const Said& admin, const Said& compliance, bool is_skipped = false) {
  auto units = plan_units(both_sources());
  Unit &a = named(units, "admin_users"), &c = named(units, "compliance_users");
  a.status = admin.status;
  a.reason = admin.reason;
  c.status = compliance.status;
  c.reason = compliance.reason;
  c.is_skipped = is_skipped;
  return row_of(Dataset::users, units, {});
}

TEST(ManifestRow, IsCompleteOnlyWhenAllOfItIs) {
  using S = DatasetStatus;
  const Said good{S::complete, ""}, half{S::partial, "half"}, no{S::denied, "403"},
      none{S::unsupported, "404"};
  EXPECT_EQ(users_row(good, good).status, S::complete);
  EXPECT_EQ(users_row(good, half).status, S::partial);
  EXPECT_EQ(users_row(half, good).reason, "half");
  EXPECT_EQ(users_row(half, no).status, S::partial);
  EXPECT_EQ(users_row(no, none).status, S::denied);
  EXPECT_EQ(users_row(none, no).status, S::denied);
  EXPECT_EQ(users_row(none, none).status, S::unsupported);
  EXPECT_EQ(users_row(no, no).status, S::denied);
}

TEST(ManifestRow, ASourceThatWasRefusedLeavesNoListWhole) {
  using S = DatasetStatus;
  const auto row = users_row({S::denied, "403"}, {S::complete, ""});
  EXPECT_EQ(row.status, S::partial);
  EXPECT_EQ(row.reason, "one of several sources was denied: 403");
  const auto other = users_row({S::unsupported, "404"}, {S::complete, ""});
  EXPECT_EQ(other.status, S::complete);
  EXPECT_THAT(other.reason, IsEmpty());
  EXPECT_THAT(other.warnings, ElementsAre("one of several sources was unsupported: 404"));
  EXPECT_EQ(users_row({S::complete, ""}, {S::denied, "403"}, true).status, S::complete);  // it was not needed
}

TEST(ManifestRow, NotAskedForIsNotRequested) {
  Options options = both_sources();
  options.skip = {"users"};
  const auto row = row_of(Dataset::users, plan_units(options), {"TLS certificates were not verified"});
  EXPECT_EQ(row.status, DatasetStatus::not_requested);
  EXPECT_THAT(row.warnings, IsEmpty());
  EXPECT_THAT(row_of(Dataset::invites, plan_units(options), {"careful"}).warnings, ElementsAre("careful"));
}

TEST(ManifestRow, WhatTwoSourcesSayAlikeIsSaidOnce) {
  auto units = plan_units(both_sources());
  Unit &a = named(units, "admin_users"), &c = named(units, "compliance_users");
  a.status = c.status = DatasetStatus::complete;
  a.warnings = {"of both", "of one"};
  c.warnings = {"of both", "of the other"};
  EXPECT_THAT(row_of(Dataset::users, units, {}).warnings, ElementsAre("of both", "of one", "of the other"));
}

TEST(ManifestRow, FiltersAreOfSpansOfTime) {
  EXPECT_THAT(filters_of(Dataset::users, kWindow), IsEmpty());
  EXPECT_EQ(filters_of(Dataset::usage, kWindow),
            R"({"from":"2026-11-01T00:00:00Z","to":"2026-11-20T08:00:00Z"})");
}

}  // namespace
}  // namespace muster::collect
