#include "snapshot/schema.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "base/json.h"
#include "snapshot/snapshot.h"

namespace muster::snapshot {
namespace {

bool is_snake_case(std::string_view name) {
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' && !name.ends_with('_') &&
         name.find("__") == std::string_view::npos && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

std::vector<std::string_view> words(std::string_view text, char separator = ' ') {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  }
  return parts;
}

TEST(Schema, HasEveryDatasetOnceInOrder) {
  ASSERT_EQ(schema().size(), kDatasetCount);
  std::set<std::string_view> names;
  std::set<std::string_view> singulars;
  for (std::size_t i = 0; i < schema().size(); ++i) {
    const DatasetSpec& spec = schema()[i];
    EXPECT_EQ(static_cast<std::size_t>(spec.dataset), i) << spec.name;
    EXPECT_EQ(&spec_of(spec.dataset), &spec);
    EXPECT_EQ(find_dataset(spec.name), &spec);
    EXPECT_TRUE(is_snake_case(spec.name)) << spec.name;
    EXPECT_TRUE(is_snake_case(spec.singular)) << spec.singular;
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_TRUE(singulars.insert(spec.singular).second) << spec.singular;
    EXPECT_TRUE(spec.doc.ends_with('.')) << spec.name;
    EXPECT_FALSE(spec.source.empty()) << spec.name;
    if (spec.subject) {
      EXPECT_EQ(spec.singular, word_of(*spec.subject));
      EXPECT_EQ(find_subject(*spec.subject), &spec);
      EXPECT_EQ(words(spec.key).size(), 1u) << spec.name << ": a subject is named by one id";
    }
  }
  EXPECT_EQ(spec_of(Dataset::activities).name, schema()[kCollectedCount - 1].name);
  EXPECT_EQ(find_dataset("nothing"), nullptr);
  for (const auto kind : kSubjectKinds) EXPECT_NE(find_subject(kind), nullptr) << word_of(kind);
}

TEST(Schema, FieldsAreConsistent) {
  for (const auto& spec : schema()) {
    std::set<std::string_view> names;
    const bool is_collected = static_cast<std::size_t>(spec.dataset) < kCollectedCount;
    for (std::size_t i = 0; i < spec.fields.size(); ++i) {
      const FieldSpec& field = spec.fields[i];
      const std::string where = std::string(spec.name) + "." + std::string(field.name);
      EXPECT_TRUE(is_snake_case(field.name)) << where;
      EXPECT_TRUE(names.insert(field.name).second) << where;
      EXPECT_TRUE(field.doc.ends_with('.')) << where;
      EXPECT_EQ(spec.field(field.name), static_cast<std::uint16_t>(i)) << where;
      if (is_collected) {
        EXPECT_NE(field.paths.empty(), field.needs.empty())
            << where << ": a field is loaded or derived, and not both";
      } else {
        EXPECT_TRUE(field.paths.empty()) << where;
      }
      for (const auto path : words(field.paths, '|'))
        EXPECT_TRUE(path.starts_with("object") || path.starts_with("from.")) << where;
      // A line may leave the id of a parent to the object: then that is where it is looked for as well.
      const auto paths = words(field.paths, '|');
      for (const auto path : paths) {
        if (!path.starts_with("from.") || path == "from.organization_id" || path.ends_with("ing_at"))
          continue;
        const std::string own = "object" + std::string(path.substr(std::string_view("from").size()));
        EXPECT_TRUE(std::find(paths.begin(), paths.end(), own) != paths.end()) << where << " reads " << path;
      }
      const bool has_variants = field.paths.find('?') != std::string_view::npos;
      EXPECT_TRUE(field.nullable || !has_variants) << where << ": what a variant lacks reads as null";
      for (const auto need : words(field.needs))
        EXPECT_NE(find_dataset(need.substr(need.starts_with('?'))), nullptr) << where << " needs " << need;
    }
    for (const auto part : words(spec.key))
      EXPECT_TRUE(spec.field(part)) << spec.name << " has no key field " << part;
    EXPECT_TRUE(spec.label.empty() || spec.field(spec.label))
        << spec.name << " has no label field " << spec.label;
    EXPECT_FALSE(spec.field("no_such_field"));
  }
}

TEST(Schema, RelationsAreConsistent) {
  std::set<std::pair<Dataset, std::string_view>> names;
  std::map<Dataset, std::set<Dataset>> leads_to;
  for (std::size_t i = 0; i < relations().size(); ++i) {
    const RelationSpec& relation = relations()[i];
    const std::string where = std::string(spec_of(relation.from).name) + ":" + std::string(relation.name);
    EXPECT_TRUE(is_snake_case(relation.name)) << where;
    EXPECT_TRUE(names.emplace(relation.from, relation.name).second) << where;
    EXPECT_FALSE(spec_of(relation.from).field(relation.name)) << where << " is also a field";
    EXPECT_TRUE(relation.doc.ends_with('.')) << where;
    EXPECT_EQ(find_relation(relation.from, relation.name), static_cast<std::uint16_t>(i));
    if (relation.via.empty()) continue;
    const auto list = relation.many ? spec_of(relation.from).field(relation.via) : std::nullopt;
    const bool is_list = list && spec_of(relation.from).fields[*list].type == FieldType::text_list;
    const DatasetSpec& holder = spec_of(relation.many && !is_list ? relation.to : relation.from);
    const DatasetSpec& target = spec_of(relation.many && !is_list ? relation.from : relation.to);
    ASSERT_TRUE(holder.field(relation.via)) << where << " goes through " << relation.via;
    EXPECT_EQ(words(target.key).size(), 1u) << where << ": only a single key can be linked to";
    leads_to[holder.dataset].insert(target.dataset);
    if (relation.where.empty()) continue;
    const auto condition = words(relation.where, '=');
    ASSERT_EQ(condition.size(), 2u) << where;
    EXPECT_TRUE(holder.field(condition[0])) << where;
  }
  // The loader reads what is linked to first: that must be possible.
  std::set<Dataset> done;
  for (std::size_t round = 0; round < kDatasetCount; ++round) {
    for (const auto& spec : schema()) {
      const auto& targets = leads_to[spec.dataset];
      if (std::all_of(targets.begin(), targets.end(),
                      [&](Dataset target) { return target == spec.dataset || done.contains(target); }))
        done.insert(spec.dataset);
    }
  }
  EXPECT_EQ(done.size(), kDatasetCount) << "relations form a circle";
}

TEST(Schema, SaysWhatAnOrganizationRoleImplies) {
  EXPECT_EQ(implied_workspace_role("admin"), "workspace_admin");
  EXPECT_EQ(implied_workspace_role("owner"), "workspace_admin");
  EXPECT_EQ(implied_workspace_role("primary_owner"), "workspace_admin");
  EXPECT_EQ(implied_workspace_role("billing"), "workspace_billing");
  for (const auto* role :
       {"user", "developer", "claude_code_user", "membership_admin", "managed", "", "Admin"})
    EXPECT_EQ(implied_workspace_role(role), "") << role;
}

TEST(Describe, JsonSchemaIsMadeFromTheTable) {
  for (const auto& spec : schema().first(kCollectedCount)) {
    const auto parsed = json::parse(dataset_json_schema(spec));
    ASSERT_TRUE(parsed) << spec.name << ": " << parsed.error().message;
    ASSERT_NE(parsed->find("properties"), nullptr);
  }
  const auto keys = json::parse(dataset_json_schema(spec_of(Dataset::api_keys))).value();
  const json::Value& object = *keys.find("properties")->find("object");
  EXPECT_EQ(json::dump(*object.find("required")), R"(["id"])");
  // A line may leave all of its origin to the manifest, but not the origin itself.
  EXPECT_EQ(json::dump(*keys.find("required")), R"(["from","object"])");
  const json::Value& from = *keys.find("properties")->find("from");
  EXPECT_EQ(json::dump(*from.find("type")), R"("object")");
  EXPECT_EQ(from.find("required"), nullptr);
  const auto members = json::parse(dataset_json_schema(spec_of(Dataset::rate_limits))).value();
  EXPECT_EQ(json::dump(*members.find("properties")->find("from")->find("type")), R"("object")");
  EXPECT_EQ(json::dump(*object.find("properties")->find("expires_at")->find("type")), R"(["null","string"])");
  EXPECT_EQ(
      json::dump(
          *object.find("properties")->find("scope")->find("properties")->find("workspace_id")->find("type")),
      R"(["null","string"])");
  EXPECT_EQ(json::dump(*object.find("properties")->find("created_by")->find("type")), R"(["null","object"])");
  const auto workspaces = json::parse(dataset_json_schema(spec_of(Dataset::workspaces))).value();
  const json::Value& geos = *workspaces.find("properties")
                                 ->find("object")
                                 ->find("properties")
                                 ->find("data_residency")
                                 ->find("properties")
                                 ->find("allowed_inference_geos");
  EXPECT_EQ(json::dump(*geos.find("type")), R"(["array","string"])");
  EXPECT_EQ(json::dump(*geos.find("items")), R"({"type":"string"})");
}

TEST(Describe, ReferencePageIsCurrent) {
  const std::string path = std::string(MUSTER_SOURCE_DIR) + "/docs/datasets.md";
  if (std::getenv("MUSTER_REGENERATE") != nullptr)
    std::ofstream(path, std::ios::binary) << dataset_reference();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == dataset_reference())
      << "docs/datasets.md is stale: run\n  MUSTER_REGENERATE=1 "
         "build/dev/tests/snapshot/snapshot_test --gtest_filter=Describe.*";
}

}  // namespace
}  // namespace muster::snapshot
