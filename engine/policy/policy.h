// Reading the user's YAML: config, policies, waivers, account links, register of non-human identities. Every
// problem of a file is reported, with line, column, caret and the nearest known name; a file with a problem
// yields nullopt and its problems are in `problems`. Whether a policy fits the rules is checked by
// evaluate/bind. YAML is read as data only: scalars keep their text (9.10 stays "9.10", no stays "no"),
// duplicate keys are errors, aliases are allowed but may not expand beyond a fixed number of nodes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "model/settings.h"

namespace muster::policy {

/// Whether `expect` names real datasets is checked by `evaluate`, which knows them.
[[nodiscard]] std::optional<Config> load_config(const FileSystem& files, const std::string& path,
                                                Diagnostics& problems);
/// `name_or_path`: a file, or the name of a shipped policy ("anthropic-baseline"). A text with a '/' or
/// ending in .yaml is a path and never falls back to a shipped policy; any other text is a shipped policy's
/// name first, then a file.
[[nodiscard]] std::optional<Policy> load_policy(const FileSystem& files, const std::string& name_or_path,
                                                const std::string& shown_path, Diagnostics& problems);
[[nodiscard]] std::optional<std::vector<Waiver>> load_waivers(const FileSystem& files,
                                                              const std::string& path,
                                                              const std::string& shown_path,
                                                              Diagnostics& problems);
[[nodiscard]] std::optional<std::vector<AccountLink>> load_links(const FileSystem& files,
                                                                 const std::string& path,
                                                                 const std::string& shown_path,
                                                                 Diagnostics& problems);
[[nodiscard]] std::optional<std::vector<NonhumanEntry>> load_nonhumans(const FileSystem& files,
                                                                       const std::string& path,
                                                                       const std::string& shown_path,
                                                                       Diagnostics& problems);
/// Names of the shipped policies, sorted.
[[nodiscard]] std::vector<std::string> shipped_policies();
/// `RULE.NAME=VALUE` of --param as a GivenValue (a list when it has commas inside brackets: "[a, b]"); usage
/// error otherwise.
struct ParamOverride {
  std::string rule, name;
  GivenValue value;
};
[[nodiscard]] Result<ParamOverride> parse_param(const std::string& text);

/// A JSON Schema (2020-12) for editors, as committed under `name` ("policies/schema/config.schema.json").
struct SchemaFile {
  std::string name, text;
};
/// Made from the tables that the loaders read by; sorted by name.
[[nodiscard]] std::vector<SchemaFile> editor_schemas();
/// The whole of docs/config.md: every key of muster.yaml, from the same tables.
[[nodiscard]] std::string config_reference();

}  // namespace muster::policy
