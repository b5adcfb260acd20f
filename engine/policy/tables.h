// The tables of keys, one for each kind of file: loaders read by them, editor_schemas() writes them out.
// Private to this module.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/attestation.h"
#include "model/framework.h"
#include "policy/shape.h"

namespace muster::policy {

/// Whether a policy that is not shipped is a file, as seen from the config.
using IsPolicyFile = std::function<bool(const std::string& name)>;

/// What a rule's id and an entry's name are made of.
[[nodiscard]] TextRule rule_name_rule();
/// What a framework's name is made of.
[[nodiscard]] TextRule framework_name_rule();
/// Whether a policy is named by a path (with '/', or ending in .yaml), not by a shipped policy's name.
[[nodiscard]] bool is_policy_path(std::string_view text);

/// Paths and policies stay as written.
[[nodiscard]] Codec<Config> config_codec(IsPolicyFile is_policy_file);
/// An entry of the extended policy that is left out, and why.
struct RemovedEntry {
  std::string as, reason;
  Place place;
};
/// A policy as its file says it.
struct PolicyFile : Policy {
  std::string extends;  // a shipped policy's name, or a path relative to the file; empty: none
  Place extends_place;
  std::vector<RemovedEntry> removed;
};
[[nodiscard]] Codec<PolicyFile> policy_codec();
[[nodiscard]] Codec<std::vector<Waiver>> waivers_codec();
[[nodiscard]] Codec<std::vector<AccountLink>> links_codec();
[[nodiscard]] Codec<std::vector<NonhumanEntry>> nonhumans_codec();
[[nodiscard]] Codec<std::vector<Attestation>> attestations_codec();
[[nodiscard]] Codec<Framework> framework_codec();

}  // namespace muster::policy
