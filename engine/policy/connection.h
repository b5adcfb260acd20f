// The keys by which a source, or the service of a roster, says how it is reached and with which credential.
// Private to this module.
#pragma once

#include <string_view>

#include "policy/shape.h"

namespace muster::policy {

/// Proxy, certificates, patience, pace.
[[nodiscard]] Mapping<Connection> connection_keys();
/// `<kind>_env`, `<kind>_file`, `<kind>_command`; kind is `api_key` or `token`.
[[nodiscard]] Mapping<Connection> credential_keys(std::string_view kind);
/// The address of a service, without a slash at its end.
[[nodiscard]] Codec<std::string> base_url();
/// Refuses keys that would hold a credential itself; `instead` names those to use.
template <class T>
void refuse_secrets(Mapping<T>& mapping, const std::string& instead) {
  for (const auto secret : kSecretKeys)
    mapping.refuse(std::string(secret), "a credential never stands in a file",
                   "name where it comes from: " + instead);
}

}  // namespace muster::policy
