// YAML texts with other words: every scalar and key passes through the caller's hands, comments and layout
// fall away, all else stays. For bundles with pseudonyms, where whatever a file holds must be looked at, also
// what this version does not know.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace muster::policy {

/// The keys that lead to a value, from the root; lists add none.
using KeyPath = std::vector<std::string>;
struct Rewriter {
  /// The text's replacement: one, or several, which become a list. Not called for null.
  std::function<std::vector<std::string>(const KeyPath& keys, std::string_view text)> scalar;
  /// A key's replacement; `keys` leads to the mapping that holds it.
  std::function<std::string(const KeyPath& keys, std::string_view key)> key;
};
/// Errors: the first problem of the text.
[[nodiscard]] Result<std::string> rewrite_yaml(std::string text, const std::string& file,
                                               const Rewriter& rewriter);

}  // namespace muster::policy
