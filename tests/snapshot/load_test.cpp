#include <algorithm>
#include <atomic>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "fake_snapshot.h"
#include "snapshot/ledger.h"

namespace muster::snapshot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Result {
  std::optional<Loaded> loaded;
  World world;
  Diagnostics problems;
};

std::unique_ptr<Result> load(FakeSnapshot& snapshot, const LoadRequest& request = everything(),
                             ScanOptions options = {}) {
  auto result = std::make_unique<Result>();
  result->loaded = load_snapshot(snapshot.files, "snap", request, options, result->world, result->problems);
  return result;
}

/// Every problem as "code path:line:column message".
std::vector<std::string> texts(const std::vector<Error>& errors) {
  std::vector<std::string> out;
  for (const auto& error : errors) {
    std::string text(error_row(error.code).word);
    text += " " + error.place.file;
    if (error.place.line != 0) text += ":" + std::to_string(error.place.line);
    if (error.place.column != 0) text += ":" + std::to_string(error.place.column);
    out.push_back(text + " " + error.message);
  }
  return out;
}

/// A cell in words.
std::string cell(const World& world, std::string_view name, std::uint32_t row) {
  const auto [dataset, number] = field(name);
  const Column* column = world.table(dataset) == nullptr ? nullptr : world.table(dataset)->column(number);
  if (column == nullptr) return "(not loaded)";
  switch (column->cell(row)) {
    case Cell::null: return "null";
    case Cell::absent: return "absent";
    case Cell::invalid: return "invalid";
    case Cell::value: break;
  }
  switch (column->type()) {
    case FieldType::text:
    case FieldType::id:
    case FieldType::json: return std::string(column->text(row));
    case FieldType::word: return std::string(column->word(row));
    case FieldType::time: return format_rfc3339(column->time(row));
    case FieldType::date: return format_date(date_of(column->time(row)));
    case FieldType::boolean: return column->boolean(row) ? "true" : "false";
    case FieldType::integer: return std::to_string(column->integer(row));
    case FieldType::number: return std::to_string(column->number(row));
    case FieldType::text_list: {
      std::string text = "[";
      for (std::size_t i = 0; i < column->list_size(row); ++i)
        text += (i == 0 ? "" : " ") + std::string(column->list_item(row, i));
      return text + "]";
    }
  }
  return "?";
}

/// All that was loaded, as text: two worlds are equal when theirs are.
std::string dump(const World& world) {
  std::string out;
  for (const auto& spec : schema().first(kCollectedCount)) {
    const Table* table = world.table(spec.dataset);
    if (table == nullptr) continue;
    out += std::string(spec.name) + " " + std::to_string(table->rows()) + "\n";
    for (std::uint32_t row = 0; row < table->rows(); ++row) {
      out += std::to_string(table->line(row)) + "/" + std::to_string(table->request(row));
      if (!table->ids().empty())
        out += " id=" + std::string(table->ids()[row]) +
               " found=" + std::to_string(table->find(table->ids()[row]));
      if (!table->labels().empty()) out += " label=" + std::string(table->labels()[row]);
      for (const auto& field_spec : spec.fields) {
        if (table->column(field_spec.name) != nullptr)
          out += " " + std::string(field_spec.name) + "=" +
                 cell(world, std::string(spec.name) + "." + std::string(field_spec.name), row);
      }
      out += "\n";
    }
  }
  for (std::size_t i = 0; i < relations().size(); ++i) {
    if (world.has_relation[i] == 0) continue;
    out += std::string(spec_of(relations()[i].from).name) + ":" + std::string(relations()[i].name);
    for (const auto row : world.to_one[i]) out += " " + std::to_string(row);
    for (const auto begin : world.to_many[i].begins) out += " b" + std::to_string(begin);
    for (const auto row : world.to_many[i].rows) out += " r" + std::to_string(row);
    out += "\n";
  }
  for (const auto& implicit : world.implicit_members)
    out += std::to_string(implicit.user) + "=" + std::string(implicit.workspace_role) + "\n";
  return out;
}

std::span<const std::uint32_t> to_one(const World& world, Dataset from, std::string_view name) {
  return world.to_one[*find_relation(from, name)];
}
std::vector<std::uint32_t> to_many(const World& world, Dataset from, std::string_view name,
                                   std::uint32_t row) {
  const auto rows = world.to_many[*find_relation(from, name)].of(row);
  return {rows.begin(), rows.end()};
}

std::string user(
    std::string_view id,
    std::string_view more =
        R"(,"email":"a@x.example","name":"A","role":"user","added_at":"2026-03-04T09:12:41.120381Z")") {
  return R"({"type":"user","id":")" + std::string(id) + "\"" + std::string(more) + "}";
}

TEST(Load, ReadsFieldsOfTheNewAge) {
  FakeSnapshot snapshot;
  snapshot.add(Dataset::users, line(user("user_1"), "anthropic-admin", "org-1", ",\"request\":7"));
  snapshot.add(
      Dataset::workspaces,
      line(
          R"({"id":"wrkspc_1","name":"Research","created_at":"2026-02-11T08:30:00Z","archived_at":null,"display_color":"#2F7A4D",
    "data_residency":{"workspace_geo":"us","allowed_inference_geos":"unrestricted","default_inference_geo":"global"},"tags":{"cost-center":"4711","a":"é\"\n"},
    "compartment_id":"cmp","external_key_id":null,"brand_new":{"x":[1,2,{"y":null}]}})"));
  snapshot.data[Dataset::workspaces].erase(std::remove(snapshot.data[Dataset::workspaces].begin(),
                                                       snapshot.data[Dataset::workspaces].end() - 1, '\n'),
                                           snapshot.data[Dataset::workspaces].end() - 1);
  snapshot.add(
      Dataset::api_keys,
      line(
          R"({"id":"apikey_1","name":"nightly","status":"frozen","created_at":"2026-05-20T07:00:00Z","created_by":{"id":"user_1","type":"user"},)"
          R"("expires_at":null,"partial_key_hint":"sk-...","workspace_id":"wrkspc_old","scope":{"type":"workspace","workspace_id":"wrkspc_1"},)"
          R"("principal":{"type":"user_actor","user_id":"user_1"}})"));
  snapshot.add(
      Dataset::api_keys,
      line(
          R"({"id":"apikey_2","name":"org","status":"active","created_at":"2026-05-20T07:00:00+02:00","created_by":null,)"
          R"("expires_at":"2027-05-20T07:00:00.5Z","partial_key_hint":null,"scope":{"type":"organization"},"principal":null})"));
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  const World& world = result->world;
  EXPECT_EQ(cell(world, "users.email", 0), "a@x.example");
  EXPECT_EQ(cell(world, "users.role", 0), "user");
  EXPECT_EQ(cell(world, "users.added_at", 0), "2026-03-04T09:12:41.120381Z");
  EXPECT_EQ(cell(world, "users.created_at", 0), "absent");
  EXPECT_EQ(cell(world, "users.organization_id", 0), "org-1");
  EXPECT_EQ(cell(world, "users.person_state", 0), "(not loaded)");
  EXPECT_EQ(world.table(Dataset::users)->request(0), 7u);
  EXPECT_EQ(cell(world, "workspaces.archived_at", 0), "null");
  EXPECT_EQ(cell(world, "workspaces.allowed_inference_geos", 0), "[unrestricted]");
  EXPECT_EQ(cell(world, "workspaces.tags", 0), R"({"cost-center":"4711","a":"é\"\n"})");
  EXPECT_EQ(cell(world, "api_keys.status", 0), "frozen");
  EXPECT_EQ(cell(world, "api_keys.created_by_id", 0), "user_1");
  EXPECT_EQ(cell(world, "api_keys.workspace_id", 0), "wrkspc_1");
  EXPECT_EQ(cell(world, "api_keys.principal_user_id", 0), "user_1");
  EXPECT_EQ(cell(world, "api_keys.principal_service_account_id", 0), "null");
  EXPECT_EQ(cell(world, "api_keys.expires_at", 0), "null");
  EXPECT_EQ(cell(world, "api_keys.created_at", 1), "2026-05-20T05:00:00Z");
  EXPECT_EQ(cell(world, "api_keys.created_by_id", 1), "null");
  EXPECT_EQ(cell(world, "api_keys.created_by_type", 1), "null");
  EXPECT_EQ(cell(world, "api_keys.expires_at", 1), "2027-05-20T07:00:00.500Z");
  EXPECT_EQ(cell(world, "api_keys.workspace_id", 1), "null");
  EXPECT_EQ(cell(world, "api_keys.principal_user_id", 1), "null");
  EXPECT_EQ(world.organization_name, "Northwind");
  EXPECT_EQ(format_rfc3339(world.as_of), "2026-11-20T08:00:00Z");
  EXPECT_TRUE(world.available(Dataset::users).is_complete());
  EXPECT_EQ(world.available(Dataset::groups).status, DatasetStatus::not_requested);
  EXPECT_EQ(world.available(Dataset::groups).reason, "not_requested");
}

TEST(Load, OlderAgeLacksFieldsAndHasOldNames) {
  FakeSnapshot snapshot;
  snapshot.add(
      Dataset::api_keys,
      line(
          R"({"id":"apikey_1","name":"n","status":"active","created_at":"2025-05-20T07:00:00Z","created_by":{"id":"u","type":"user"},"workspace_id":"w"})"));
  snapshot.add(
      Dataset::api_keys,
      line(
          R"({"id":"apikey_2","name":"n","status":"active","created_at":"2025-05-20T07:00:00Z","created_by":{"id":"u","type":"user"},"workspace_id":null})"));
  snapshot.add(Dataset::api_keys, line(R"({"id":"apikey_3"})"));
  snapshot.add(Dataset::groups, line(R"({"id":"g1","name":"A","source_type":"scim","roles":["r1","r2"]})"));
  snapshot.add(Dataset::groups, line(R"({"id":"g2","name":"A","source_type":"direct","roles":null})"));
  snapshot.add(Dataset::groups, line(R"({"id":"g3","name":"A","source_type":"direct","role_ids":[]})"));
  snapshot.add(Dataset::group_members, line(R"({"user_id":"u","email":"e"})", "anthropic-compliance", "org-1",
                                            R"(,"group_id":"g1")"));
  snapshot.add(Dataset::group_members, line(R"({"user_id":"u","email":"e","group_id":"g2"})"));
  snapshot.add(
      Dataset::group_members,
      line(R"({"user_id":"u","email":"e","rbac_group_id":"g3","created_at":"2025-03-12T18:22:41.123456"})"));
  snapshot.add(
      Dataset::rate_limits,
      line(R"({"group_type":"batch","models":null,"limits":[{"type":"requests_per_minute","value":4000}]})"));
  snapshot.add(Dataset::organizations,
               line(R"({"uuid":"5f0c","name":"Legal","created_at":"2025-11-03T15:00:00Z"})"));
  snapshot.add(Dataset::compliance_settings, line(R"({"state":"enabled"})"));
  snapshot.add(Dataset::compliance_settings,
               line(R"({"state":{"type":"disabled"}})", "anthropic-admin", "org-2"));
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  const World& world = result->world;
  EXPECT_EQ(cell(world, "api_keys.workspace_id", 0), "w");
  EXPECT_EQ(cell(world, "api_keys.expires_at", 0), "absent");
  EXPECT_EQ(cell(world, "api_keys.principal_user_id", 0), "absent");
  EXPECT_EQ(cell(world, "api_keys.workspace_id", 1), "null");
  EXPECT_EQ(cell(world, "api_keys.workspace_id", 2), "absent");
  EXPECT_EQ(cell(world, "api_keys.created_by_id", 2), "absent");
  EXPECT_EQ(cell(world, "groups.role_ids", 0), "[r1 r2]");
  EXPECT_EQ(cell(world, "groups.role_ids", 1), "null");
  EXPECT_EQ(cell(world, "groups.role_ids", 2), "[]");
  EXPECT_EQ(cell(world, "group_members.group_id", 0), "g1");
  EXPECT_EQ(cell(world, "group_members.group_id", 1), "g2");
  EXPECT_EQ(cell(world, "group_members.group_id", 2), "g3");
  EXPECT_EQ(cell(world, "group_members.created_at", 2), "2025-03-12T18:22:41.123456Z");
  EXPECT_EQ(cell(world, "rate_limits.group_type", 0), "batch");
  EXPECT_EQ(cell(world, "rate_limits.limits", 0), R"([{"type":"requests_per_minute","value":4000}])");
  EXPECT_EQ(cell(world, "organizations.id", 0), "5f0c");
  EXPECT_EQ(cell(world, "compliance_settings.state", 0), "enabled");
  EXPECT_EQ(cell(world, "compliance_settings.state", 1), "disabled");
}

TEST(Load, WrongTypesAreInvalidCellsNotErrors) {
  FakeSnapshot snapshot;
  snapshot.add(
      Dataset::api_keys,
      line(
          R"({"id":"k1","name":7,"status":["x"],"created_at":"yesterday","created_by":"user_1","expires_at":5,"workspace_id":{"a":1}})"));
  snapshot.add(
      Dataset::workspaces,
      line(R"({"id":"w1","name":"W","data_residency":{"allowed_inference_geos":["us",3]},"tags":null})"));
  snapshot.add(Dataset::workspaces, line(R"({"id":"w2","name":"W","data_residency":null})"));
  snapshot.add(
      Dataset::compliance_keys,
      line(R"({"id":"c1","name":"siem","scopes":["a","b"],"is_active":"yes","created_by_id":null})"));
  snapshot.add(Dataset::cost, line(R"({"amount":"123.45","currency":"USD"})"));
  snapshot.add(Dataset::cost, line(R"({"amount":"12,5","currency":"USD"})"));
  snapshot.add(Dataset::cost, line(R"({"amount":7,"currency":"USD"})"));
  snapshot.add(Dataset::cost, line(R"({"amount":"nan","currency":"USD"})"));
  snapshot.add(
      Dataset::usage,
      line(
          R"({"output_tokens":1.5,"uncached_input_tokens":3.0,"cache_read_input_tokens":18446744073709551615})"));
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  const World& world = result->world;
  for (const auto* name :
       {"api_keys.name", "api_keys.status", "api_keys.created_at", "api_keys.created_by_id",
        "api_keys.created_by_type", "api_keys.expires_at", "api_keys.workspace_id",
        "workspaces.allowed_inference_geos", "compliance_keys.is_active", "usage.output_tokens",
        "usage.cache_read_input_tokens"}) {
    EXPECT_EQ(cell(world, name, 0), "invalid") << name;
  }
  EXPECT_EQ(world.table(Dataset::api_keys)->labels()[0], "k1") << "without a name the id is the label";
  EXPECT_EQ(cell(world, "workspaces.tags", 0), "null");
  EXPECT_EQ(cell(world, "workspaces.workspace_geo", 1), "null") << "null above is null below";
  EXPECT_EQ(cell(world, "compliance_keys.scopes", 0), "[a b]");
  EXPECT_EQ(cell(world, "cost.amount_cents", 0), "123.450000");
  EXPECT_EQ(cell(world, "cost.amount_cents", 1), "invalid");
  EXPECT_EQ(cell(world, "cost.amount_cents", 2), "7.000000");
  EXPECT_EQ(cell(world, "cost.amount_cents", 3), "invalid");
  EXPECT_EQ(cell(world, "usage.uncached_input_tokens", 0), "3");
}

TEST(Load, OnlyWhatIsAskedForIsRead) {
  FakeSnapshot snapshot;
  snapshot.add(Dataset::users, line(user("user_1")));
  snapshot.add(Dataset::invites, "not read, so not checked\n");
  snapshot.fit().write();
  LoadRequest request;
  request.fields.insert(field("users.role"));
  const auto result = load(snapshot, request);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  EXPECT_EQ(cell(result->world, "users.role", 0), "user");
  EXPECT_EQ(cell(result->world, "users.email", 0), "(not loaded)");
  EXPECT_EQ(result->world.table(Dataset::invites), nullptr);
  EXPECT_EQ(result->world.table(Dataset::users)->labels().size(), 0u);
  EXPECT_EQ(result->world.table(Dataset::users)->find("user_1"), 0u);
  EXPECT_EQ(result->loaded->manifest_sha256.size(), 64u);
}

FakeSnapshot& add_linked(FakeSnapshot& snapshot) {
  snapshot.add(Dataset::users, line(user("user_1")) + line(user("user_2", R"(,"role":"admin")")) +
                                   line(user("user_3", R"(,"role":"billing")")));
  snapshot.add(Dataset::workspaces, line(R"({"id":"w1","name":"One","archived_at":null})") +
                                        line(R"({"id":"w2","name":"Two","archived_at":null})"));
  const auto member = [](std::string_view workspace, std::string_view of) {
    return line(R"({"user_id":")" + std::string(of) + R"(","workspace_id":")" + std::string(workspace) +
                R"(","workspace_role":"workspace_admin"})");
  };
  snapshot.add(Dataset::workspace_members, member("w2", "user_1") + member("w1", "user_1") +
                                               member("w2", "user_2") + member("w2", "user_gone"));
  const auto key = [](std::string_view id, std::string_view by) {
    return line(R"({"id":")" + std::string(id) + R"(","name":"k")" + std::string(by) + "}");
  };
  snapshot.add(
      Dataset::api_keys,
      key("k1",
          R"(,"created_by":{"id":"user_2","type":"user"},"scope":{"type":"workspace","workspace_id":"w2"})"));
  snapshot.add(Dataset::api_keys,
               key("k2", R"(,"created_by":{"id":"user_gone","type":"user"},"workspace_id":"w1")"));
  snapshot.add(Dataset::api_keys,
               key("k3", R"(,"created_by":{"id":"svac_1","type":"service_account"},"workspace_id":null)"));
  snapshot.add(Dataset::api_keys, key("k4", R"(,"created_by":null)"));
  snapshot.add(Dataset::api_keys, key("k5", ""));
  snapshot.add(Dataset::api_keys, key("k6", R"(,"created_by":{"id":6,"type":"user"})"));
  snapshot.add(Dataset::service_accounts, line(R"({"id":"svac_1","name":"ci"})"));
  snapshot.add(Dataset::groups, line(R"({"id":"g1","name":"A","role_ids":["r2","r_else","r1"]})") +
                                    line(R"({"id":"g2","name":"B","role_ids":null})") +
                                    line(R"({"id":"g3","name":"C","role_ids":["r2"]})"));
  snapshot.add(Dataset::roles, line(R"({"id":"r1","name":"R1"})") + line(R"({"id":"r2","name":"R2"})"));
  snapshot.add(Dataset::role_permissions,
               line(R"({"action":"chat","resource":{"type":"connector","connector_id":"c"}})",
                    "anthropic-admin", "org-1", R"(,"role_id":"r2")"));
  snapshot.add(Dataset::role_permissions, line(R"({"action":"chat","resource":{"type":"all_connectors"}})",
                                               "anthropic-admin", "org-1", R"(,"role_id":"r2")"));
  snapshot.add(Dataset::role_permissions,
               line(R"({"action":"x","resource_type":"organization","resource_id":"o"})",
                    "anthropic-compliance", "org-1", R"(,"role_id":"r1")"));
  return snapshot;
}

TEST(Load, ResolvesRelations) {
  FakeSnapshot snapshot;
  add_linked(snapshot).fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  const World& world = result->world;
  EXPECT_THAT(to_one(world, Dataset::api_keys, "creator"),
              ElementsAre(1u, kDangling, kNoRowNull, kNoRowNull, kNoRowAbsent, kNoRowInvalid));
  EXPECT_THAT(to_one(world, Dataset::api_keys, "creator_service_account"),
              ElementsAre(kNoRowNull, kNoRowNull, 0u, kNoRowNull, kNoRowAbsent, kNoRowInvalid));
  EXPECT_THAT(to_one(world, Dataset::api_keys, "workspace"),
              ElementsAre(1u, 0u, kNoRowNull, kNoRowAbsent, kNoRowAbsent, kNoRowAbsent));
  EXPECT_THAT(to_one(world, Dataset::workspace_members, "user"), ElementsAre(0u, 0u, 1u, kDangling));
  EXPECT_THAT(to_one(world, Dataset::workspace_members, "workspace"), ElementsAre(1u, 0u, 1u, 1u));
  EXPECT_THAT(to_many(world, Dataset::users, "memberships", 0), ElementsAre(0u, 1u));
  EXPECT_THAT(to_many(world, Dataset::users, "memberships", 1), ElementsAre(2u));
  EXPECT_THAT(to_many(world, Dataset::users, "memberships", 2), IsEmpty());
  EXPECT_THAT(to_many(world, Dataset::workspaces, "memberships", 1), ElementsAre(0u, 2u, 3u));
  EXPECT_THAT(to_many(world, Dataset::users, "keys", 1), ElementsAre(0u));
  EXPECT_THAT(to_many(world, Dataset::service_accounts, "keys", 0), ElementsAre(2u));
  EXPECT_THAT(to_many(world, Dataset::groups, "roles", 0), ElementsAre(1u, 0u))
      << "in the list's order; a foreign role leads nowhere";
  EXPECT_THAT(to_many(world, Dataset::groups, "roles", 1), IsEmpty());
  EXPECT_THAT(to_many(world, Dataset::groups, "roles", 2), ElementsAre(1u));
  EXPECT_THAT(to_many(world, Dataset::roles, "permissions", 1), ElementsAre(0u, 1u));
  EXPECT_EQ(cell(world, "role_permissions.resource_id", 0), "c");
  EXPECT_EQ(cell(world, "role_permissions.resource_id", 1), "null");
  EXPECT_EQ(cell(world, "role_permissions.tool_name", 1), "null");
  EXPECT_EQ(cell(world, "role_permissions.resource_type", 2), "organization");
  EXPECT_EQ(cell(world, "role_permissions.tool_name", 2), "absent");
  ASSERT_EQ(world.implicit_members.size(), 2u);
  EXPECT_EQ(world.implicit_members[0].user, 1u);
  EXPECT_EQ(world.implicit_members[0].workspace_role, "workspace_admin");
  EXPECT_EQ(world.implicit_members[1].user, 2u);
  EXPECT_EQ(world.implicit_members[1].workspace_role, "workspace_billing");
  EXPECT_EQ(world.has_relation[*find_relation(Dataset::users, "person")], 0) << "computed by others";
}

TEST(Load, JoinGivesWhatTheLoaderGives) {
  FakeSnapshot snapshot;
  add_linked(snapshot).fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded);
  World& world = result->world;
  const std::string loaded = dump(world);
  for (std::uint16_t i = 0; i < relations().size(); ++i) {
    if (world.has_relation[i] == 0) continue;
    world.to_one[i].clear();
    world.to_many[i] = Groups{};
    world.has_relation[i] = 0;
    join(world, i);
  }
  EXPECT_EQ(dump(world), loaded);
}

TEST(Load, LinksToADatasetThatIsNotThereDangle) {
  FakeSnapshot snapshot;
  snapshot.add(Dataset::api_keys,
               line(R"({"id":"k1","name":"k","created_by":{"id":"svac_1","type":"service_account"}})"));
  snapshot.fit();
  snapshot.row(Dataset::service_accounts).status = DatasetStatus::denied;
  snapshot.row(Dataset::service_accounts).reason = "403 permission_error";
  snapshot.write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  EXPECT_THAT(to_one(result->world, Dataset::api_keys, "creator_service_account"), ElementsAre(kDangling));
  EXPECT_EQ(result->world.table(Dataset::service_accounts)->rows(), 0u);
  EXPECT_EQ(result->world.available(Dataset::service_accounts).status, DatasetStatus::denied);
  EXPECT_EQ(result->world.available(Dataset::service_accounts).reason, "403 permission_error");
}

TEST(BadFiles, AMissingFileOfADatasetWithLinksIsAnError) {
  FakeSnapshot snapshot;
  add_linked(snapshot).fit().write();
  (void)snapshot.files.remove_all("snap/data/api_keys.jsonl");
  snapshot.files.deny("snap/data/groups.jsonl");
  const auto result = load(snapshot);
  EXPECT_FALSE(result->loaded);
  EXPECT_THAT(texts(result->problems.errors()),
              testing::UnorderedElementsAre(
                  HasSubstr("the data file of api_keys is missing; the manifest lists 6 rows"),
                  HasSubstr("cannot read snap/data/groups.jsonl")));
}

TEST(Load, TwoViewsOfOneUserAreOneRow) {
  FakeSnapshot snapshot;
  snapshot.add(
      Dataset::users,
      line(user("user_0",
                R"(,"email":"zero@x.example","name":"Zero","role":"user","added_at":"2026-01-01T00:00:00Z")"),
           "anthropic-admin", "org-1", ",\"request\":1"));
  snapshot.add(
      Dataset::users,
      line(
          user(
              "user_1",
              R"(,"email":"one@x.example","name":null,"role":"developer","added_at":"2026-01-02T00:00:00Z")"),
          "anthropic-admin", "org-1", ",\"request\":1"));
  snapshot.add(
      Dataset::users,
      line(
          R"({"id":"user_1","full_name":"One","email":"ONE@x.example","organization_role":"user","created_at":"2025-11-05T08:00:00Z"})",
          "anthropic-compliance", "org-1", ",\"request\":2"));
  snapshot.add(Dataset::users,
               line(R"({"id":"user_1","full_name":"Uno","created_at":"2025-11-05T08:00:00Z"})",
                    "anthropic-compliance", "org-2", ",\"request\":3"));
  snapshot.add(Dataset::users, line(user("user_2"), "anthropic-compliance", "org-2", ",\"request\":3"));
  snapshot.add(
      Dataset::group_members,
      line(
          R"({"user_id":"user_2","email":"a@x.example","rbac_group_id":"g1","created_at":"2026-01-01T00:00:00Z"})"));
  snapshot.add(Dataset::group_members,
               line(R"({"user_id":"user_1","email":"a@x.example","rbac_group_id":"g1"})"));
  snapshot.add(Dataset::group_members, line(R"({"user_id":"user_2","email":"a@x.example","updated_at":null})",
                                            "anthropic-compliance", "org-1", R"(,"group_id":"g1")"));
  snapshot.add(Dataset::groups, line(R"({"id":"g1","name":"G","role_ids":null})") +
                                    line(R"({"id":"g1","name":"G","roles":["r1"],"description":"d"})",
                                         "anthropic-compliance"));
  snapshot.add(Dataset::roles, line(R"({"id":"r1","name":"R"})"));
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  const World& world = result->world;
  const Table& users = *world.table(Dataset::users);
  ASSERT_EQ(users.rows(), 3u);
  EXPECT_EQ(cell(world, "users.name", 1), "One") << "a value wins over null";
  EXPECT_EQ(cell(world, "users.email", 1), "one@x.example") << "the first line wins";
  EXPECT_EQ(cell(world, "users.role", 1), "developer");
  EXPECT_EQ(cell(world, "users.added_at", 1), "2026-01-02T00:00:00Z");
  EXPECT_EQ(cell(world, "users.created_at", 1), "2025-11-05T08:00:00Z");
  EXPECT_EQ(cell(world, "users.created_at", 0), "absent");
  EXPECT_EQ(cell(world, "users.organization_id", 1), "org-1");
  EXPECT_EQ(users.line(1), 2u);
  EXPECT_EQ(users.line(2), 5u);
  EXPECT_EQ(users.request(1), 1u);
  EXPECT_EQ(users.request(2), 3u);
  EXPECT_EQ(users.find("user_2"), 2u);
  EXPECT_EQ(users.labels()[1], "one@x.example");
  EXPECT_THAT(result->loaded->warnings,
              ElementsAre("users: email of user_1 differs between line 2 and line 3; line 2 is used",
                          "users: role of user_1 differs between line 2 and line 3; line 2 is used",
                          "users: name of user_1 differs between line 3 and line 4; line 3 is used"));
  ASSERT_EQ(world.table(Dataset::group_members)->rows(), 2u);
  EXPECT_EQ(cell(world, "group_members.updated_at", 0), "null");
  EXPECT_THAT(to_one(world, Dataset::group_members, "user"), ElementsAre(2u, 1u));
  EXPECT_THAT(to_many(world, Dataset::groups, "memberships", 0), ElementsAre(0u, 1u));
  ASSERT_EQ(world.table(Dataset::groups)->rows(), 1u);
  EXPECT_EQ(cell(world, "groups.role_ids", 0), "[r1]");
  EXPECT_THAT(to_many(world, Dataset::groups, "roles", 0), ElementsAre(0u));
}

TEST(Load, TheSameKeyTwiceFromOneSourceIsAnError) {
  FakeSnapshot snapshot;
  snapshot.add(Dataset::users, line(user("user_1")) + line(user("user_2")) +
                                   line(user("user_1"), "anthropic-compliance") + line(user("user_1")) +
                                   line(user("user_1"), "anthropic-compliance"));
  const std::string member =
      line(R"({"user_id":"user_1","workspace_id":"w1","workspace_role":"workspace_user"})");
  snapshot.add(Dataset::workspace_members,
               member +
                   line(R"({"user_id":"user_2","workspace_id":"w1","workspace_role":"workspace_user"})") +
                   member);
  snapshot.fit().write();
  const auto result = load(snapshot);
  EXPECT_FALSE(result->loaded);
  EXPECT_THAT(texts(result->problems.errors()),
              ElementsAre("snapshot.duplicate_id snap/data/users.jsonl:4 the user user_1 stands twice: in "
                          "line 1 and in line 4",
                          "snapshot.duplicate_id snap/data/users.jsonl:5 the user user_1 stands twice: in "
                          "line 3 and in line 5",
                          "snapshot.duplicate_id snap/data/workspace_members.jsonl:3 the workspace_member "
                          "stands twice: in line 1 and in line 3"));
  EXPECT_EQ(result->problems.exit_code(), ExitCode::integrity);
}

/// Spoils the users of a good snapshot and returns what is said about it.
std::vector<std::string> problems_of(const std::string& users, ScanOptions options = {}) {
  FakeSnapshot snapshot;
  snapshot.add(Dataset::users, users);
  snapshot.fit().write();
  const auto result = load(snapshot, everything(), options);
  EXPECT_FALSE(result->loaded);
  return texts(result->problems.errors());
}

TEST(BadLines, EachIsNamedWithItsPlace) {
  const std::string good = line(user("user_1"));
  const auto after_good = [&](const std::string& bad) {
    return problems_of(good + bad + "\n" + line(user("user_3")));
  };
  const std::string at = "snapshot.line snap/data/users.jsonl:2";
  EXPECT_THAT(after_good(""), ElementsAre(at + " the line is empty"));
  EXPECT_THAT(after_good(" \t\r"), ElementsAre(at + " the line is empty"));
  EXPECT_THAT(after_good("[]"), ElementsAre(at + " the line is not one JSON object"));
  EXPECT_THAT(after_good("7"), ElementsAre(at + " the line is not one JSON object"));
  EXPECT_THAT(after_good("{}"),
              ElementsAre(at + " a record must have the form {\"from\": {…}, \"object\": {…}}"));
  EXPECT_THAT(after_good(R"({"from":{},"object":[]})"),
              ElementsAre(at + " a record must have the form {\"from\": {…}, \"object\": {…}}"));
  EXPECT_THAT(after_good(R"({"from":null,"object":{"id":"x"}})"),
              ElementsAre(at + " a record must have the form {\"from\": {…}, \"object\": {…}}"));
  EXPECT_THAT(after_good(R"({"from":{},"object":{"name":"x"}})"), ElementsAre(at + " the record has no id"));
  EXPECT_THAT(after_good(R"({"from":{},"object":{"id":null}})"),
              ElementsAre(at + " the record has no id that is a non-empty text"));
  EXPECT_THAT(after_good(R"({"from":{},"object":{"id":""}})"),
              ElementsAre(at + " the record has no id that is a non-empty text"));
  EXPECT_THAT(after_good(R"({"from":{},"object":{"id":12}})"),
              ElementsAre(at + " the record has no id that is a non-empty text"));
  EXPECT_THAT(after_good(R"({"from":{},"object":{"id":"x","id":"y"}})"),
              ElementsAre(at + " the member \"id\" stands twice in one object"));
  EXPECT_THAT(after_good(R"({"from":{},"object":{"id":"x","a":[{"b":{"c":1,"d":2,"c":3}}]}})"),
              ElementsAre(at + " the member \"c\" stands twice in one object"));
  EXPECT_THAT(after_good(R"({"from":{},"object":{"id":"x","\u0061":1,"a":2}})"),
              ElementsAre(at + " the member \"a\" stands twice in one object"));
  EXPECT_THAT(after_good(R"({"from":{},"from":{},"object":{"id":"x"}})"),
              ElementsAre(at + " the member \"from\" stands twice in one object"));
  EXPECT_THAT(after_good("{\"from\":{},\"object\":{\"id\":\"\xFF\"}}"),
              ElementsAre(at + " the line is not valid UTF-8"));
  EXPECT_THAT(after_good("{\"from\":{},\"object\":{\"id\":\"\xED\xA0\x80\"}}"),
              ElementsAre(at + " the line is not valid UTF-8"));
  for (const auto* bad : {R"({"from":{},"object":{"id":"x"})", R"({"from":{},"object":{"id":"x"}}})",
                          R"({"from":{},"object":{"id":"x"}} {})", R"({"from":{},"object":{"id":"x",}})",
                          R"({"from":{},"object":{"id":'x'}})", R"({"from":{},"object":{"id":"x","n":01}})",
                          R"({"from":{},"object":{"id":"x","n":NaN}})", R"({"from":{},"object":{"id":"x)",
                          R"({"from":{},"object":{"id":"\x"}})", R"({"from":{},"object":{"id":"\ud800"}})",
                          "{\"from\":{},\"object\":{\"id\":\"a\tb\"}}", R"({"from":{},"object":{"id":"x"}},)",
                          R"({"from":{},"object":{"id":"x","n":tru}})",
                          "\xEF\xBB\xBF{\"from\":{},\"object\":{\"id\":\"x\"}}"}) {
    const auto problems = after_good(bad);
    ASSERT_EQ(problems.size(), 1u) << bad;
    EXPECT_THAT(problems[0], testing::StartsWith(at)) << bad;
  }
}

TEST(BadLines, NumbersBeyond64BitsAreRefused) {
  EXPECT_THAT(problems_of(line(user("user_1", R"(,"n":123456789012345678901234567890)"))),
              ElementsAre("snapshot.line snap/data/users.jsonl:1:108 the integer "
                          "123456789012345678901234567890 does not fit into 64 bits"));
}

TEST(BadLines, DepthIsCapped) {
  const auto nested = [](int levels) {
    // The line's own object and "object" are two of the levels.
    return line(R"({"id":"user_1","x":)" + std::string(static_cast<std::size_t>(levels - 2), '[') +
                std::string(static_cast<std::size_t>(levels - 2), ']') + "}");
  };
  FakeSnapshot snapshot;
  snapshot.add(Dataset::users, nested(64));
  snapshot.fit().write();
  EXPECT_TRUE(load(snapshot)->loaded);
  EXPECT_THAT(problems_of(nested(65)),
              ElementsAre("snapshot.line snap/data/users.jsonl:1 nested deeper than 64 levels"));
  EXPECT_THAT(problems_of(line(user("user_0")) + nested(100'000) + line(user("user_2"))),
              ElementsAre("snapshot.line snap/data/users.jsonl:2 nested deeper than 64 levels"));
  EXPECT_THAT(problems_of(line(R"({"id":"user_1","x":)" + std::string(100'000, '['))), testing::SizeIs(1));
}

TEST(BadLines, TheLastLineMustEnd) {
  EXPECT_THAT(
      problems_of(line(user("user_1")) + R"({"from":{)"),
      ElementsAre("snapshot.line snap/data/users.jsonl:2 the last line does not end: the file is cut off"));
  std::string whole = line(user("user_1")) + line(user("user_2"));
  whole.pop_back();
  for (const std::size_t chunk_bytes : {1, 50, 1000}) {
    ScanOptions options;
    options.chunk_bytes = chunk_bytes;
    EXPECT_THAT(
        problems_of(whole, options),
        ElementsAre("snapshot.line snap/data/users.jsonl:2 the last line does not end: the file is cut off"))
        << "even when the record looks whole";
  }
}

TEST(BadLines, TwentyAreEnough) {
  std::string users;
  for (int i = 0; i < 30; ++i) users += "{}\n";
  for (const std::size_t chunk_bytes : {std::size_t{1}, std::size_t{16}, std::size_t{1} << 20}) {
    ScanOptions options;
    options.chunk_bytes = chunk_bytes;
    options.jobs = 3;
    const auto problems = problems_of(users, options);
    ASSERT_EQ(problems.size(), 20u) << chunk_bytes;
    EXPECT_THAT(problems.back(), HasSubstr("users.jsonl:20 "));
  }
}

TEST(BadLines, OneAmongManyChunksIsFoundWhateverTheChunks) {
  std::string users;
  for (int i = 1; i <= 500; ++i)
    users += i == 321 ? "{\"from\":{\"provider\":\"p\n" : line(user("user_" + std::to_string(i)));
  for (const std::size_t chunk_bytes :
       {std::size_t{64}, std::size_t{100}, std::size_t{1000}, std::size_t{4096}, std::size_t{1} << 20}) {
    for (const unsigned jobs : {1u, 4u}) {
      ScanOptions options;
      options.chunk_bytes = chunk_bytes;
      options.jobs = jobs;
      const auto problems = problems_of(users, options);
      ASSERT_EQ(problems.size(), 1u);
      EXPECT_THAT(problems[0], HasSubstr("users.jsonl:321:")) << chunk_bytes;
    }
  }
}

TEST(BadFiles, DigestSizeAndRowsMustFit) {
  const auto spoiled = [](auto&& spoil) {
    FakeSnapshot snapshot;
    snapshot.add(Dataset::users, line(user("user_1")) + line(user("user_2")));
    snapshot.fit();
    spoil(snapshot);
    snapshot.write();
    const auto result = load(snapshot);
    EXPECT_FALSE(result->loaded);
    EXPECT_EQ(result->problems.exit_code(), ExitCode::integrity);
    return texts(result->problems.errors());
  };
  const std::string other = line(user("user_1")) + line(user("user_9"));
  EXPECT_THAT(spoiled([&](FakeSnapshot& s) { s.files.add("snap/data/users.jsonl", other); }),
              ElementsAre("snapshot.digest snap/data/users.jsonl the file's SHA-256 is " + sha256_hex(other) +
                          "; the manifest lists " + sha256_hex(line(user("user_1")) + line(user("user_2")))));
  EXPECT_THAT(
      spoiled([&](FakeSnapshot& s) { s.files.add("snap/data/users.jsonl", line(user("user_1"))); }),
      ElementsAre("snapshot.digest snap/data/users.jsonl the file has 193 bytes; the manifest lists 386"));
  EXPECT_THAT(
      spoiled([&](FakeSnapshot& s) { s.files.add("snap/data/users.jsonl", ""); }),
      ElementsAre("snapshot.digest snap/data/users.jsonl the file has 0 bytes; the manifest lists 386"));
  EXPECT_THAT(
      spoiled([&](FakeSnapshot& s) { s.row(Dataset::users).rows = 3; }),
      ElementsAre("snapshot.manifest snap/data/users.jsonl the file has 2 rows; the manifest lists 3"));
  EXPECT_THAT(spoiled([&](FakeSnapshot& s) { (void)s.files.remove_all("snap/data/users.jsonl"); }),
              ElementsAre("snapshot.digest snap/data/users.jsonl the data file of users is missing; the "
                          "manifest lists 2 rows"));
  EXPECT_THAT(spoiled([&](FakeSnapshot& s) {
                s.row(Dataset::users) = DatasetManifest{};
                s.row(Dataset::users).name = "users";
              }),
              ElementsAre("snapshot.manifest snap/data/users.jsonl the manifest says that users has no data "
                          "file, but there is one"));
}

TEST(BadFiles, UnreadableFilesAreErrors) {
  FakeSnapshot snapshot;
  snapshot.add(Dataset::users, line(user("user_1")));
  snapshot.fit().write();
  snapshot.files.deny("snap/data/users.jsonl");
  const auto result = load(snapshot);
  EXPECT_FALSE(result->loaded);
  ASSERT_EQ(result->problems.errors().size(), 1u);
  EXPECT_EQ(result->problems.errors()[0].code, ErrorCode::file_unreadable);
}

TEST(Load, AnEmptyFileIsACompleteDatasetWithoutRows) {
  FakeSnapshot snapshot;
  snapshot.add(Dataset::users, "");
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  EXPECT_EQ(result->world.table(Dataset::users)->rows(), 0u);
  EXPECT_TRUE(result->world.available(Dataset::users).is_complete());
}

TEST(Load, HostileIdsStayData) {
  FakeSnapshot snapshot;
  const std::string hostile =
      R"({"id":"../../etc/passwd","email":"=cmd|' /C calc'!A0","name":"\u202e<script>","role":"user"})";
  snapshot.add(Dataset::users, line(hostile));
  snapshot.add(Dataset::workspaces, line(R"({"id":"..","name":"\u0000"})"));
  snapshot.add(Dataset::workspace_members, line(R"({"user_id":"../../etc/passwd","workspace_id":".."})"));
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  EXPECT_EQ(result->world.table(Dataset::users)->find("../../etc/passwd"), 0u);
  EXPECT_THAT(to_one(result->world, Dataset::workspace_members, "user"), ElementsAre(0u));
  EXPECT_EQ(cell(result->world, "workspaces.name", 0), std::string(1, '\0'));
  EXPECT_EQ(read_line(snapshot.files, "snap", Dataset::users, 1).value() + "\n", line(hostile));
  for (const auto& path : snapshot.files.paths()) EXPECT_TRUE(path.starts_with("snap/")) << path;
}

TEST(Load, GiantStringsAreRead) {
  FakeSnapshot snapshot;
  const std::string giant(50'000'000, 'x');
  snapshot.add(Dataset::users, line(user("user_1")) + line(user("user_2", R"(,"name":")" + giant + "\"")) +
                                   line(user("user_3")));
  snapshot.fit().write();
  LoadRequest request;
  request.fields.insert(field("users.name"));
  const auto result = load(snapshot, request);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  EXPECT_EQ(cell(result->world, "users.name", 1).size(), giant.size());
  EXPECT_EQ(cell(result->world, "users.name", 2), "A");
}

TEST(Load, LinesBeyondTheLimitAreRefused) {
  EXPECT_THAT(problems_of(line(user("user_1")) +
                          line(user("user_2", R"(,"name":")" + std::string(kMaxLineBytes, 'x') + "\"")) +
                          line(user("user_3"))),
              ElementsAre("snapshot.line snap/data/users.jsonl:2 the line is longer than 64 MiB"));
}

TEST(Load, TheManifestDoesNotDecideHowMuchMemoryIsReserved) {
  FakeSnapshot snapshot;
  snapshot.add(Dataset::users, line(user("user_1")));
  snapshot.fit();
  snapshot.row(Dataset::users).rows = std::uint64_t{1} << 50;
  snapshot.row(Dataset::users).bytes = std::uint64_t{1} << 55;
  snapshot.write();
  EXPECT_FALSE(load(snapshot)->loaded);
}

/// A few thousand records of every shape, some merged, some dangling.
FakeSnapshot& add_many(FakeSnapshot& snapshot) {
  for (int i = 0; i < 3000; ++i) {
    const std::string id = "user_" + std::to_string(i * 7919 % 3000);
    snapshot.add(
        Dataset::users,
        line(user(id, R"(,"email":")" + id + R"(@x.example","role":")" + (i % 50 == 0 ? "admin" : "user") +
                          "\"" + (i % 3 == 0 ? R"(,"name":null)" : "")),
             "anthropic-admin", "org-1", ",\"request\":" + std::to_string(i / 100 + 1)));
  }
  for (int i = 0; i < 300; ++i) {
    snapshot.add(Dataset::users, line(R"({"id":"user_)" + std::to_string(i * 10) +
                                          R"(","full_name":"F","created_at":"2025-01-01T00:00:00Z"})",
                                      "anthropic-compliance"));
  }
  for (int i = 0; i < 50; ++i)
    snapshot.add(Dataset::workspaces, line(R"({"id":"w)" + std::to_string(i) +
                                           R"(","name":"W","tags":{"n":")" + std::to_string(i) + R"("}})"));
  for (int i = 0; i < 6000; ++i) {
    snapshot.add(Dataset::workspace_members,
                 line(R"({"user_id":"user_)" + std::to_string(i % 3100) + R"(","workspace_id":"w)" +
                      std::to_string(i / 120) + R"(","workspace_role":"r)" + std::to_string(i % 9) + "\"}"));
  }
  for (int i = 0; i < 500; ++i) {
    snapshot.add(Dataset::groups,
                 line(R"({"id":"g)" + std::to_string(i) + R"(","name":"G","role_ids":["r1")" +
                      (i % 2 == 0 ? R"(,"r)" + std::to_string(i % 5) + "\"" : "") + "]}"));
  }
  for (int i = 0; i < 5; ++i)
    snapshot.add(Dataset::roles, line(R"({"id":"r)" + std::to_string(i) + R"(","name":"R"})"));
  return snapshot;
}

TEST(Load, JobsAndChunksDoNotShowInTheResult) {
  FakeSnapshot snapshot;
  add_many(snapshot).fit().write();
  ScanOptions plain;
  const auto expected = load(snapshot, everything(), plain);
  ASSERT_TRUE(expected->loaded) << expected->problems.render();
  const std::string text = dump(expected->world);
  EXPECT_EQ(expected->world.table(Dataset::users)->rows(), 3000u);
  for (const std::size_t chunk_bytes : {std::size_t{200}, std::size_t{5000}, std::size_t{65536}}) {
    for (const unsigned jobs : {1u, 2u, 4u}) {
      ScanOptions options;
      options.chunk_bytes = chunk_bytes;
      options.jobs = jobs;
      const auto result = load(snapshot, everything(), options);
      ASSERT_TRUE(result->loaded) << result->problems.render();
      EXPECT_EQ(dump(result->world), text) << chunk_bytes << " " << jobs;
      EXPECT_EQ(result->loaded->warnings, expected->loaded->warnings);
    }
  }
}

TEST(Load, ManyShapesAndMembersAreRead) {
  // More shapes and more members than are learned, names longer than are learned: the slow ways give the
  // same.
  FakeSnapshot snapshot;
  std::string wide = R"({"id":"user_wide","name":"W","map":{)";
  for (int i = 0; i < 300; ++i)
    wide += (i == 0 ? "" : ",") + std::string("\"m") + std::to_string(i) + "\":" + std::to_string(i);
  wide += "}}";
  for (int i = 0; i < 100; ++i) {
    std::string object = R"({"email":"e)" + std::to_string(i) + R"(@x.example",)";
    for (int k = 0; k < i; ++k)
      object += "\"extra" + std::to_string(k) + "\":" +
                (k % 3 == 0   ? "[1,2,{}]"
                 : k % 3 == 1 ? "-1.5e3"
                              : "null") +
                ",";
    object += "\"" + std::string(100, 'l') + "\":true,\"id\":\"user_" + std::to_string(i) + "\"}";
    snapshot.add(Dataset::users, line(object));
  }
  snapshot.add(Dataset::users, line(wide));
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  for (std::uint32_t i = 0; i < 100; ++i)
    EXPECT_EQ(cell(result->world, "users.email", i), "e" + std::to_string(i) + "@x.example");
  EXPECT_EQ(cell(result->world, "users.name", 100), "W");
  const std::string twice = wide.substr(0, wide.size() - 2) + ",\"m299\":0}}";
  EXPECT_THAT(
      problems_of(line(twice)),
      ElementsAre("snapshot.line snap/data/users.jsonl:1 the member \"m299\" stands twice in one object"));
  const std::string long_name = "\"" + std::string(100, 'l') + "\":1";
  EXPECT_THAT(problems_of(line(R"({"id":"user_1",)" + long_name + "," + long_name + "}")),
              testing::SizeIs(1));
}

TEST(Load, KnownShapesDoNotHideDifferences) {
  // Lines that follow one of a known shape, and differ in exactly what the shape takes for granted.
  FakeSnapshot snapshot;
  const auto key = [](std::string_view id, std::string_view rest) {
    return line(R"({"id":")" + std::string(id) + "\"," + std::string(rest) + "}");
  };
  snapshot.add(
      Dataset::api_keys,
      key("k1", R"("created_by":null,"name":"n")") + key("k2", R"("created_by":"u","name":"n")") +
          key("k3", R"("created_by":true,"name":"n")") + key("k4", R"("created_by":null,"nama":"n")") +
          key("k5", R"("created_by":null,"name":null)") + key("k6", R"("created_by":null,"name":7)") +
          key("k7", R"("created_by":[],"name":"n")") + key("k8", R"("created_by":{},"name":"n")"));
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  std::string creators;
  std::string names;
  for (std::uint32_t i = 0; i < 8; ++i) {
    creators += cell(result->world, "api_keys.created_by_id", i) + " ";
    names += cell(result->world, "api_keys.name", i) + " ";
  }
  EXPECT_EQ(creators, "null invalid invalid null null null invalid absent ");
  EXPECT_EQ(names, "n n n absent null invalid n n ");
}

TEST(Verify, ChecksEveryFile) {
  FakeSnapshot snapshot;
  add_linked(snapshot).fit().write();
  EXPECT_THAT(texts(verify_snapshot(snapshot.files, "snap", 2)), IsEmpty());
  snapshot.files.add("snap/data/groups.jsonl", snapshot.data[Dataset::groups] + " ");
  snapshot.files.add("snap/data/notes.txt", "");
  snapshot.files.add("snap/data/persons.jsonl", "");
  (void)snapshot.files.remove_all("snap/data/roles.jsonl");
  EXPECT_THAT(
      texts(verify_snapshot(snapshot.files, "snap", 2)),
      ElementsAre(
          "snapshot.line snap/data/groups.jsonl:4 the last line does not end: the file is cut off",
          "snapshot.digest snap/data/groups.jsonl the file has 361 bytes; the manifest lists 360",
          "snapshot.digest snap/data/roles.jsonl the data file of roles is missing; the manifest lists 2 "
          "rows",
          "snapshot.manifest snap/data/notes.txt the file is no dataset's; the manifest does not know it",
          "snapshot.manifest snap/data/persons.jsonl the file is no dataset's; the manifest does not know "
          "it"));
}

TEST(Verify, FindsDuplicatesWithoutLinks) {
  FakeSnapshot snapshot;
  std::string members;
  for (int i = 0; i < 2000; ++i)
    members += line(R"({"user_id":"u)" + std::to_string(i) + R"(","workspace_id":"w"})");
  members += line(R"({"user_id":"u7","workspace_id":"w"})");
  snapshot.add(Dataset::workspace_members, members);
  snapshot.fit().write();
  EXPECT_THAT(texts(verify_snapshot(snapshot.files, "snap", 2)),
              ElementsAre("snapshot.duplicate_id snap/data/workspace_members.jsonl:2001 the workspace_member "
                          "stands twice: in line 8 and in line 2001"));
}

TEST(Verify, HoldsRowsAgainstTheLedger) {
  const auto request = [](std::string_view method, int status, int rows) {
    return R"({"method":")" + std::string(method) + R"(","status":)" + std::to_string(status) +
           R"(,"rows":)" + std::to_string(rows) + "}\n";
  };
  FakeSnapshot snapshot;
  std::string users;
  for (const auto& [id, number] : {std::pair("a", 1), {"b", 3}, {"c", 1}, {"d", 4}, {"e", 4}, {"f", 2}})
    users += line(user(id), "anthropic-admin", "org-1", ",\"request\":" + std::to_string(number));
  snapshot.add(Dataset::users, users + line(user("imported")));
  snapshot.fit().write();
  const auto verify = [&](std::string_view ledger) {
    snapshot.files.add("snap/ledger.jsonl", std::string(ledger));
    return texts(verify_snapshot_and_ledger(snapshot.files, "snap", 2));
  };
  const std::string one = request("GET", 200, 2), rest = request("GET", 200, 9) + request("GET", 200, 1);
  EXPECT_THAT(verify(one + rest + request("GET", 200, 2)), IsEmpty());
  EXPECT_THAT(
      verify(request("GET", 200, 1) + request("GET", 429, 0) + request("GET", 200, 1)),
      ElementsAre(
          "snapshot.manifest snap/data/users.jsonl:1 2 rows name request 1; by the ledger it brought 1",
          "snapshot.manifest snap/data/users.jsonl:6 the row names request 2, which the ledger says ended "
          "with 429",
          "snapshot.manifest snap/data/users.jsonl:4 the row names request 4; the ledger has 3"));
  EXPECT_THAT(verify(""), ElementsAre("snapshot.manifest snap/data/users.jsonl:1 the row names request 1; "
                                      "the ledger has 0"));
  EXPECT_THAT(verify(one + request("POST", 200, 1)),
              ElementsAre("snapshot.line snap/ledger.jsonl:2 a snapshot is made by GET alone; this request "
                          "is a POST"));
  EXPECT_THAT(verify(one + "[]\n"), ElementsAre("snapshot.line snap/ledger.jsonl:2 the line is no request: "
                                                "it needs method, status and rows"));
  EXPECT_THAT(verify(one + R"({"method":)"),
              ElementsAre("snapshot.line snap/ledger.jsonl:2 the last line does not end: the ledger is cut "
                          "off"));
  EXPECT_THAT(texts(verify_snapshot(snapshot.files, "snap", 2)), IsEmpty());
}

TEST(ReadLine, ReadsOneLine) {
  FakeSnapshot snapshot;
  std::string users;
  for (int i = 0; i < 5000; ++i) users += line(user("user_" + std::to_string(i)));
  snapshot.files.add("snap/data/users.jsonl", users);
  EXPECT_EQ(*read_line(snapshot.files, "snap", Dataset::users, 1) + "\n", line(user("user_0")));
  EXPECT_EQ(*read_line(snapshot.files, "snap", Dataset::users, 5000) + "\n", line(user("user_4999")));
  for (std::uint32_t i = 1; i < 5000; i += 97)
    EXPECT_EQ(*read_line(snapshot.files, "snap", Dataset::users, i) + "\n",
              line(user("user_" + std::to_string(i - 1))));
  EXPECT_EQ(read_line(snapshot.files, "snap", Dataset::users, 5001).error().message,
            "snap/data/users.jsonl has 5000 lines; there is no line 5001");
  EXPECT_EQ(read_line(snapshot.files, "snap", Dataset::users, 0).error().code, ErrorCode::usage);
  EXPECT_EQ(read_line(snapshot.files, "snap", Dataset::groups, 1).error().code, ErrorCode::file_not_found);
}

TEST(Load, TwoViewsOfManyAreMergedInTime) {
  // Every membership twice, from as many organizations as there are records: nothing may grow with the
  // square.
  FakeSnapshot snapshot;
  std::string members;
  for (const auto* provider : {"anthropic-admin", "anthropic-compliance"}) {
    for (int i = 0; i < 20'000; ++i) {
      members +=
          line(R"({"user_id":"u)" + std::to_string(i) + R"(","rbac_group_id":"g","email":"e@x.example"})",
               provider, "org-" + std::to_string(i));
    }
  }
  snapshot.add(Dataset::group_members, members);
  snapshot.fit().write();
  LoadRequest request;
  request.fields.insert(field("group_members.email"));
  const auto result = load(snapshot, request);
  ASSERT_TRUE(result->loaded) << result->problems.render();
  EXPECT_EQ(result->world.table(Dataset::group_members)->rows(), 20'000u);
  EXPECT_THAT(result->loaded->warnings, IsEmpty());
}

/// A file whose bytes change behind the loader's back once it was read to its end.
class ShiftyFiles final : public FileSystem {
 public:
  explicit ShiftyFiles(MemoryFileSystem& files) : files_(files) {}
  [[nodiscard]] muster::Result<std::unique_ptr<RandomAccessFile>> open(
      const std::string& path) const override {
    auto file = files_.open(path);
    if (!file) return file;
    return std::unique_ptr<RandomAccessFile>(new File(std::move(*file)));
  }
  [[nodiscard]] muster::Result<std::unique_ptr<FileWriter>> create(const std::string& path) override {
    return files_.create(path);
  }
  [[nodiscard]] muster::Result<std::vector<std::string>> list(const std::string& folder) const override {
    return files_.list(folder);
  }
  [[nodiscard]] FileKind kind(const std::string& path) const override { return files_.kind(path); }
  [[nodiscard]] Status make_folders(const std::string& folder) override {
    return files_.make_folders(folder);
  }
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  [[nodiscard]] Status remove_all(const std::string& path) override { return files_.remove_all(path); }

 private:
  class File final : public RandomAccessFile {
   public:
    explicit File(std::unique_ptr<RandomAccessFile> file) : file_(std::move(file)) {}
    [[nodiscard]] std::uint64_t size() const override { return file_->size(); }
    [[nodiscard]] muster::Result<std::size_t> read_at(std::uint64_t offset,
                                                      std::span<char> out) const override {
      const auto got = file_->read_at(offset, out);
      if (got && *got == 0) was_read_ = true;
      if (!got || !was_read_) return got;
      for (auto& c : out.first(*got)) c = c == 'u' ? 'v' : c;
      return got;
    }

   private:
    std::unique_ptr<RandomAccessFile> file_;
    mutable std::atomic<bool> was_read_ = false;
  };
  MemoryFileSystem& files_;
};

TEST(Load, AFileThatChangesWhileItIsReadIsRefused) {
  FakeSnapshot snapshot;
  const std::string member = R"({"user_id":"u1","rbac_group_id":"g"})";
  snapshot.add(Dataset::group_members, line(member) + line(member, "anthropic-compliance"));
  snapshot.fit().write();
  const ShiftyFiles files(snapshot.files);
  LoadRequest request;
  request.fields.insert(field("group_members.user_id"));
  World world;
  Diagnostics problems;
  EXPECT_FALSE(load_snapshot(files, "snap", request, 1, world, problems));
  ASSERT_EQ(problems.errors().size(), 1u);
  EXPECT_EQ(problems.errors()[0].code, ErrorCode::snapshot_digest);
}

/// Lines that a careful reader, which shares no code with the loader, finds wrong.
std::set<std::uint32_t> wrong_lines(std::string_view text) {
  std::set<std::uint32_t> wrong;
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto value = json::parse(text.substr(0, end));
    text.remove_prefix(end + 1);
    const json::Value* from = value ? value->find("from") : nullptr;
    const json::Value* object = value ? value->find("object") : nullptr;
    const json::Value* id = object != nullptr ? object->find("id") : nullptr;
    const bool is_good = from != nullptr && from->object() != nullptr && id != nullptr &&
                         id->string() != nullptr && !id->string()->empty();
    if (!is_good) wrong.insert(number);
  }
  return wrong;
}

TEST(Load, LinesThatRepeatAnOriginHaveIt) {
  FakeSnapshot snapshot;
  const auto member = [](std::string_view user, std::string_view more, std::string_view object_more = "") {
    return line(R"({"user_id":")" + std::string(user) + "\"" + std::string(object_more) + "}",
                "anthropic-admin", "org-1", more);
  };
  const std::string first = R"(,"group_id":"g1","request":3)", second = R"(,"group_id":"g2","request":4)";
  snapshot.add(Dataset::group_members, member("u1", first) + member("u2", first) +
                                           member("u3", first, R"(,"group_id":"g9")") + member("u4", first) +
                                           member("u1", second) + member("u2", second) + member("u5", first) +
                                           member("u6", R"(,"group_id":null,"request":5)") +
                                           member("u7", R"(,"group_id":"g3","request":6)"));
  snapshot.fit();
  // A key must be whole, so the line with a null is refused, and with it nothing that follows.
  const auto spoiled = [&] {
    MemoryFileSystem files;
    files.add("m.jsonl", snapshot.data[Dataset::group_members]);
    Plan plan(Dataset::group_members);
    plan.keeps_key = true;
    std::vector<std::string> seen;
    const auto scanned =
        scan(**files.open("m.jsonl"), "m.jsonl", plan, {}, [&](const Chunk& chunk, std::uint32_t) {
          for (std::uint32_t row = 0; row < chunk.rows; ++row) seen.push_back(std::string(chunk.ids[row]));
          for (const auto& run : chunk.requests)
            seen.push_back(std::to_string(run.first_row) + "=" + std::to_string(run.request));
          EXPECT_EQ(chunk.sources.size(), 1U);
        });
    EXPECT_TRUE(scanned);
    EXPECT_EQ(texts(scanned->problems),
              (std::vector<std::string>{
                  "snapshot.line m.jsonl:8 the record has no group_id that is a non-empty text"}));
    return seen;
  };
  EXPECT_THAT(spoiled(), ElementsAre("2:g12:u1", "2:g12:u2", "2:g92:u3", "2:g12:u4", "2:g22:u1", "2:g22:u2",
                                     "2:g12:u5", "2:g32:u7", "0=3", "4=4", "6=3", "7=6"));
}

TEST(Load, LinesThatRepeatAnOriginHaveItWhateverTheFirstOfThemHad) {
  FakeSnapshot snapshot;
  const std::string more = R"(,"workspace_id":"w1","request":3)";
  snapshot.add(Dataset::workspace_members,
               line(R"({"user_id":"u1","workspace_id":"w9"})", "anthropic-admin", "org-1", more) +
                   line(R"({"user_id":"u2"})", "anthropic-admin", "org-1", more) +
                   line(R"({"user_id":"u3","workspace_id":"w8"})", "anthropic-admin", "org-1", more));
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded);
  EXPECT_EQ(cell(result->world, "workspace_members.workspace_id", 0), "w9");
  EXPECT_EQ(cell(result->world, "workspace_members.workspace_id", 1), "w1");
  EXPECT_EQ(cell(result->world, "workspace_members.workspace_id", 2), "w8");
}

/// Users of lines whose `from` has just those members: what each has as its organization, and how often each
/// organization stands in the sources of the rows.
std::vector<std::string> organizations_of(const Source& source, const std::vector<std::string>& froms) {
  FakeSnapshot snapshot;
  for (std::size_t i = 0; i < froms.size(); ++i)
    snapshot.add(Dataset::users, line_from(froms[i], user("user_" + std::to_string(i))));
  snapshot.row(Dataset::users).from = source;
  snapshot.fit().write();
  const auto result = load(snapshot);
  std::vector<std::string> out = texts(result->problems.errors());
  if (!result->loaded) return out;
  for (std::uint32_t row = 0; row < froms.size(); ++row)
    out.push_back(cell(result->world, "users.organization_id", row));
  EXPECT_THAT(verify_snapshot(snapshot.files, "snap", 1), IsEmpty());
  return out;
}

TEST(LeftOut, WhatALineDoesNotSayIsTheManifests) {
  const std::string own = R"("organization_id":"org-2","request":1)", none = R"("request":1)",
                    null = R"("organization_id":null,"request":1)",
                    odd = R"("organization_id":7,"request":1)", empty = R"("organization_id":"","request":1)";
  EXPECT_THAT(
      organizations_of({"p", "org-1"}, {none, none, own, own, null, null, odd, odd, empty, none, "", ""}),
      ElementsAre("org-1", "org-1", "org-2", "org-2", "null", "null", "invalid", "invalid", "", "org-1",
                  "org-1", "org-1"));
  // Nothing in the manifest: as it always was.
  EXPECT_THAT(organizations_of({}, {none, own, null, "", own}),
              ElementsAre("absent", "org-2", "null", "absent", "org-2"));
  // Each of the two for itself.
  EXPECT_THAT(organizations_of({"p", ""}, {none, own, R"("provider":"q")"}),
              ElementsAre("absent", "org-2", "absent"));
  EXPECT_THAT(organizations_of({"", "org-1"}, {none, own, R"("provider":"q")"}),
              ElementsAre("org-1", "org-2", "org-1"));
}

TEST(LeftOut, ALineWhoseObjectComesFirstHasItToo) {
  FakeSnapshot snapshot;
  const auto turned = [](std::string_view id, std::string_view from) {
    return "{\"object\":" + user(id) + ",\"from\":{" + std::string(from) + "}}\n";
  };
  snapshot.add(Dataset::users, turned("u1", R"("request":1)") + turned("u2", R"("request":2)") +
                                   turned("u3", R"("organization_id":"org-2","request":3)") +
                                   turned("u4", R"("organization_id":null)") + line_from("", user("u5")));
  snapshot.row(Dataset::users).from = {"anthropic-admin", "org-1"};
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << testing::PrintToString(texts(result->problems.errors()));
  std::vector<std::string> seen;
  for (std::uint32_t row = 0; row < 5; ++row)
    seen.push_back(cell(result->world, "users.organization_id", row) + " " +
                   std::to_string(result->world.table(Dataset::users)->request(row)));
  EXPECT_THAT(seen, ElementsAre("org-1 1", "org-1 2", "org-2 3", "null 0", "org-1 0"));
}

TEST(LeftOut, StandsInTheOrderOfPreferenceAsIfTheLineSaidIt) {
  // from.organization_id|object.organization_id: the origin before the object.
  FakeSnapshot snapshot;
  const std::string setting =
      R"({"name":"sso_enabled","type":"boolean","value":true,"organization_id":"own"})";
  const std::string other = R"({"name":"other","type":"boolean","value":true,"organization_id":"own"})";
  const std::string third = R"({"name":"third","type":"boolean","value":true})";
  snapshot.add(Dataset::settings, line_from(R"("request":1)", setting) + line_from(R"("request":1)", other) +
                                      line_from(R"("request":1)", third));
  // object.organization_id|from.organization_id: the object before the origin, null included.
  const auto used = [](std::string_view more) {
    return R"({"date":"2026-11-01","actor":{"type":"user_actor","email_address":"a@x.example"})" +
           std::string(more) + "}";
  };
  snapshot.add(Dataset::claude_code_usage,
               line_from(R"("request":1)", used(R"(,"organization_id":"own")")) +
                   line_from(R"("request":1)", used("")) +
                   line_from(R"("request":1)", used(R"(,"organization_id":null)")) +
                   line_from(R"("request":1)", used("")) + line_from("", used("")) +
                   line_from(R"("request":2)", used(R"(,"organization_id":"own")")));
  snapshot.row(Dataset::settings).from = snapshot.row(Dataset::claude_code_usage).from = {"p", "org-1"};
  snapshot.fit().write();
  const auto result = load(snapshot);
  ASSERT_TRUE(result->loaded) << testing::PrintToString(texts(result->problems.errors()));
  for (std::uint32_t row = 0; row < 3; ++row)
    EXPECT_EQ(cell(result->world, "settings.organization_id", row), "org-1") << row;
  std::vector<std::string> seen;
  for (std::uint32_t row = 0; row < 6; ++row)
    seen.push_back(cell(result->world, "claude_code_usage.organization_id", row));
  EXPECT_THAT(seen, ElementsAre("own", "org-1", "null", "org-1", "org-1", "own"));
}

TEST(LeftOut, TellsViewsFromTwinsAsTheFullFormDoes) {
  const auto said = [](const std::string& users, const Source& source) {
    FakeSnapshot snapshot;
    snapshot.add(Dataset::users, users);
    snapshot.row(Dataset::users).from = source;
    snapshot.fit().write();
    const auto result = load(snapshot);
    std::vector<std::string> out = texts(result->problems.errors());
    if (result->loaded) out.push_back(std::to_string(result->world.table(Dataset::users)->rows()) + " rows");
    EXPECT_EQ(verify_snapshot(snapshot.files, "snap", 1).empty(), result->loaded.has_value());
    return out;
  };
  const std::string twin =
      "snapshot.duplicate_id snap/data/users.jsonl:2 the user u1 stands twice: in line 1 and in line 2";
  const std::string left_out = line_from(R"("request":1)", user("u1"));
  // The same record in the two forms is a twin.
  EXPECT_THAT(said(left_out + line(user("u1")), {"anthropic-admin", "org-1"}), ElementsAre(twin));
  EXPECT_THAT(said(line(user("u1")) + left_out, {"anthropic-admin", "org-1"}), ElementsAre(twin));
  EXPECT_THAT(said(left_out + left_out, {"anthropic-admin", "org-1"}), ElementsAre(twin));
  // Another provider, or another organization, has a view of its own.
  EXPECT_THAT(said(left_out + line(user("u1"), "anthropic-compliance"), {"anthropic-admin", "org-1"}),
              ElementsAre("1 rows"));
  EXPECT_THAT(said(left_out + line_from(R"("provider":"anthropic-compliance","request":1)", user("u1")),
                   {"anthropic-admin", "org-1"}),
              ElementsAre("1 rows"));
  EXPECT_THAT(said(left_out + line_from(R"("organization_id":"org-2","request":1)", user("u1")),
                   {"anthropic-admin", "org-1"}),
              ElementsAre("1 rows"));
  // A half that the manifest has is a half that the line has.
  EXPECT_THAT(
      said(line_from(R"("organization_id":"org-1")", user("u1")) + line(user("u1")), {"anthropic-admin", ""}),
      ElementsAre(twin));
  EXPECT_THAT(said(left_out + line(user("u1")), {"anthropic-admin", ""}), ElementsAre("1 rows"));
}

TEST(LeftOut, KeysHaveItThoughTheirTextsAreReadAgain) {
  // Keys of several parts are kept as hashes, and looked at again where two are alike.
  const auto said = [](const std::string& second) {
    FakeSnapshot snapshot;
    const std::string setting = R"({"name":"sso_enabled","type":"boolean","value":true})";
    snapshot.add(Dataset::settings, line_from(R"("request":1)", setting) + second);
    snapshot.row(Dataset::settings).from = {"anthropic-compliance", "org-1"};
    snapshot.fit().write();
    LoadRequest request;
    request.fields.insert(field("settings.value"));
    return texts(load(snapshot, request)->problems.errors());
  };
  const std::string setting = R"({"name":"sso_enabled","type":"boolean","value":false})";
  EXPECT_THAT(
      said(line_from(R"("request":2)", setting)),
      ElementsAre("snapshot.duplicate_id snap/data/settings.jsonl:2 the setting stands twice: in line 1 and in "
                  "line 2"));
  EXPECT_THAT(
      said(line(setting, "anthropic-compliance", "org-1")),
      ElementsAre("snapshot.duplicate_id snap/data/settings.jsonl:2 the setting stands twice: in line 1 and in "
                  "line 2"));
  EXPECT_THAT(said(line(setting, "anthropic-compliance", "org-2")), IsEmpty());
  EXPECT_THAT(
      said(line_from(R"("organization_id":null)", setting)),
      ElementsAre("snapshot.line snap/data/settings.jsonl:2 the record has no organization_id that is a "
                  "non-empty text"));
}

/// A line without what the manifest and its object say; written by hand, apart from the collector.
std::string shortened(const std::string& text, const Source& source) {
  const json::Value record = json::parse(text.substr(0, text.size() - 1)).value();
  json::Object from;
  for (const auto& [name, value] : *record.find("from")->object()) {
    const json::Value* own = record.find("object")->find(name);
    const bool is_left_out = name == "provider"          ? value == json::Value(source.provider)
                             : name == "organization_id" ? value == json::Value(source.organization_id)
                             : name != "request"         ? own != nullptr && *own == value
                                                         : false;
    if (!is_left_out) from.emplace_back(name, value);
  }
  return json::dump(json::Object{{"from", from}, {"object", *record.find("object")}}) + "\n";
}

TEST(LeftOut, AnyMixtureOfFormsLoadsAlike) {
  std::mt19937 random(11);  // always the same numbers
  const auto below = [&](std::size_t limit) { return random() % limit; };
  const Source source{"anthropic-admin", "org-1"};
  FakeSnapshot full;
  std::map<Dataset, std::vector<std::string>> lines;
  const auto add = [&](Dataset dataset, const std::string& object, const std::string& more) {
    const auto provider = below(5) == 0 ? "anthropic-compliance" : "anthropic-admin";
    const auto organization = below(5) == 0 ? "org-2" : "org-1";
    lines[dataset].push_back(line(object, provider, organization,
                                  more + ",\"request\":" + std::to_string(1 + lines[dataset].size() / 7)));
  };
  for (int i = 0; i < 200; ++i) {
    const std::string n = std::to_string(i), w = "w" + std::to_string(i / 20),
                      other = "w" + std::to_string(below(9));
    add(Dataset::users, user("user_" + n), "");
    if (i < 10) add(Dataset::workspaces, R"({"id":"w)" + n + R"(","name":"N"})", "");
    // An object that names its parent as the path does, as something else, as null, and not at all.
    const std::string own = below(3) == 0   ? R"(,"workspace_id":")" + other + "\""
                            : below(2) == 0 ? R"(,"workspace_id":")" + w + "\""
                                            : "";
    add(Dataset::workspace_members, R"({"user_id":"user_)" + n + "\"" + own + "}",
        R"(,"workspace_id":")" + w + "\"");
    add(Dataset::rate_limits,
        R"({"id":"rl_)" + n + R"(","group":{"type":"batch"})" +
            (below(4) == 0 ? R"(,"workspace_id":null)" : own) + "}",
        below(2) == 0 ? R"(,"workspace_id":")" + w + "\"" : "");
    add(Dataset::usage, R"({"model":"m","api_key_id":"k","workspace_id":null})",
        R"(,"starting_at":"2026-11-0)" + std::to_string(1 + below(9)) +
            R"(T00:00:00Z","ending_at":"2026-11-10T00:00:00Z")");
  }
  const auto loaded = [&](const FakeSnapshot& like, ScanOptions options) {
    FakeSnapshot snapshot;
    snapshot.data = like.data;
    for (std::size_t d = 0; d < kCollectedCount; ++d)
      snapshot.manifest.datasets[d].from = like.manifest.datasets[d].from;
    snapshot.fit().write();
    const auto result = load(snapshot, everything(), options);
    return result->loaded ? dump(result->world) : testing::PrintToString(texts(result->problems.errors()));
  };
  for (const auto& [dataset, texts] : lines)
    for (const auto& text : texts) full.add(dataset, text);
  const std::string expected = loaded(full, {});
  ASSERT_THAT(expected, HasSubstr("users 200\n"));
  for (int round = 0; round < 12; ++round) {
    FakeSnapshot mixed;
    for (const auto& [dataset, texts] : lines) {
      for (const auto& text : texts)
        mixed.add(dataset, round == 0 || below(3) != 0 ? shortened(text, source) : text);
      mixed.row(dataset).from = source;
    }
    ScanOptions options;
    options.jobs = 1 + static_cast<unsigned>(below(3));
    options.chunk_bytes = std::size_t{1} << (6 + below(14));
    ASSERT_EQ(loaded(mixed, options), expected) << round;
    EXPECT_LT(mixed.data[Dataset::users].size(), full.data[Dataset::users].size());
  }
}

TEST(LeftOut, AManifestThatSaysOtherwiseIsAnotherSnapshot) {
  FakeSnapshot snapshot;
  snapshot.add(Dataset::users, line_from(R"("request":1)", user("u1")));
  snapshot.row(Dataset::users).from = {"p", "org-1"};
  snapshot.fit().write();
  const auto before = load(snapshot);
  snapshot.row(Dataset::users).from = {"p", "org-2"};
  snapshot.write();
  const auto after = load(snapshot);
  ASSERT_TRUE(before->loaded && after->loaded);
  EXPECT_NE(before->loaded->manifest_sha256, after->loaded->manifest_sha256);
  EXPECT_EQ(cell(after->world, "users.organization_id", 0), "org-2");
}

TEST(BadLines, AnOriginThatIsRepeatedExcusesNothing) {
  const std::string at = "snapshot.line snap/data/users.jsonl:";
  const std::string good = line(user("user_1"));
  const std::string begin = good.substr(0, good.find("{\"", good.find("\"object\":")));
  // What comes behind the repeated bytes is judged as it stands.
  EXPECT_THAT(problems_of(good + begin + R"({"id":"x"},"from":{}})" + "\n" + line(user("user_2"))),
              ElementsAre(at + "2 the member \"from\" stands twice in one object"));
  EXPECT_THAT(problems_of(good + begin + R"({"id":"x"},"object":{"id":"y"}})" + "\n"),
              ElementsAre(at + "2 the member \"object\" stands twice in one object"));
  EXPECT_THAT(problems_of(good + begin + "\n" + begin + "7}\n"),
              ElementsAre(HasSubstr(at + "2:"),
                          at + "3 a record must have the form {\"from\": {…}, \"object\": {…}}"));
  // An origin that is wrong is wrong in each line that has it.
  const std::string twice =
      R"({"from":{"provider":"anthropic-admin","provider":"b","request":12},"object":{"id":")";
  EXPECT_THAT(problems_of(twice + "a\"}}\n" + twice + "b\"}}\n" + twice + "c\"}}\n"),
              ElementsAre(at + "1 the member \"provider\" stands twice in one object",
                          at + "2 the member \"provider\" stands twice in one object",
                          at + "3 the member \"provider\" stands twice in one object"));
  // Bytes that look like the end of an origin inside one, or inside a text.
  const auto loaded_rows = [](const std::string& begins) {
    FakeSnapshot snapshot;
    snapshot.add(Dataset::users, begins + "a\"}}\n" + begins + "b\"}}\n");
    snapshot.fit().write();
    const auto result = load(snapshot);
    return result->loaded ? result->world.table(Dataset::users)->rows() : 0U;
  };
  const std::string inner =
      R"({"from":{"provider":"p","deeper":{"request":12},"object":{"id":"no"}},"object":{"id":")";
  EXPECT_EQ(loaded_rows(inner), 2U);
  const std::string text = R"({"from":{"provider":"p},\"object\":{","x":"}","request":12},"object":{"id":")";
  EXPECT_EQ(loaded_rows(text), 2U);
}

TEST(BadLines, SpoiledBytesAreFoundAsACarefulReaderFindsThem) {
  std::mt19937 random(7);  // always the same numbers
  const auto below = [&](std::size_t limit) { return random() % limit; };
  constexpr std::string_view kBytes = "{}[]\",:\\/ \t\r\n\xFF\xC3u0tfn-e.";
  std::string good;
  for (int i = 0; i < 12; ++i) {
    good += line(user("user_" + std::to_string(i), i % 3 == 0 ? R"(,"a":{"b":[1,{"c":null}],"d":"\u00e9\n"})"
                                                              : R"(,"name":"N","tags":{})"));
  }
  ASSERT_THAT(wrong_lines(good), IsEmpty());
  for (int round = 0; round < 3000; ++round) {
    std::string text = good;
    for (std::size_t spoiled = 0; spoiled <= below(3); ++spoiled) {
      const std::size_t at = below(text.size() - 1);
      const char byte = kBytes[below(kBytes.size())];
      switch (below(3)) {
        case 0: text[at] = byte; break;
        case 1: text.erase(at, 1 + below(3)); break;
        default: text.insert(at, 1, byte); break;
      }
    }
    if (text.back() != '\n') text += '\n';
    MemoryFileSystem files;
    files.add("users.jsonl", text);
    ScanOptions options;
    options.chunk_bytes = std::size_t{1} << below(14);
    const Plan plan(Dataset::users);
    std::uint64_t rows = 0;
    const auto scanned = scan(**files.open("users.jsonl"), "users.jsonl", plan, options,
                              [&](const Chunk& chunk, std::uint32_t) { rows += chunk.rows; });
    ASSERT_TRUE(scanned);
    std::set<std::uint32_t> found;
    for (const auto& problem : scanned->problems) found.insert(problem.place.line);
    ASSERT_EQ(found, wrong_lines(text)) << text;
    ASSERT_EQ(rows + found.size(), scanned->lines) << text;
  }
}

}  // namespace
}  // namespace muster::snapshot
