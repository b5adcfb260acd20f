#include "policy/policy.h"
#include "policy/tables.h"

namespace muster::policy {
namespace {

SchemaFile schema_file(const std::string& name, const std::string& title, const json::Object& shape) {
  json::Object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"$id", "urn:muster:schema:" + name},
                      {"title", title}};
  schema.insert(schema.end(), shape.begin(), shape.end());
  return {"policies/schema/" + name + ".schema.json", json::dump(json::Value(std::move(schema)), 2) + "\n"};
}

}  // namespace

std::vector<SchemaFile> editor_schemas() {
  return {
      schema_file("attestations", "muster: attestations", attestations_codec().schema),
      schema_file("config", "muster: config (muster.yaml)", config_codec(nullptr).schema),
      schema_file("framework", "muster: table of a framework", framework_codec().schema),
      schema_file("links", "muster: links of accounts to persons", links_codec().schema),
      schema_file("nonhuman", "muster: register of non-human identities", nonhumans_codec().schema),
      schema_file("policy", "muster: policy", policy_codec().schema),
      schema_file("waivers", "muster: waivers", waivers_codec().schema),
  };
}

}  // namespace muster::policy
