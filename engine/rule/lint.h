// Lint: what Lua lets through and the author cannot have meant. Reads the text only; runs nothing. It knows
// which names a rule has, what the records hold, and that a field that is null or absent never comes back as
// nil.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rule/rule.h"

namespace muster::rule {

struct LintFinding {
  std::string_view code;  // stable word: "unknown_global"
  std::string message, hint;
  Place place;
};

/// In the order of the text. Codes: unknown_global, unknown_member, unknown_field, undeclared_read,
/// unused_read, unknown_parameter, unused_policy_parameter, unused_parameter, unused_local, never_nil,
/// dropped_verdict, missing_verdict, verdict_as_value, hidden_verdict.
[[nodiscard]] std::vector<LintFinding> lint_rule(const Rule& rule);

/// A file that is no rule: of lib/, or a spec file, which has some names more.
enum class LintKind : std::uint8_t { library, spec };
[[nodiscard]] std::vector<LintFinding> lint_text(std::string_view text, const std::string& file,
                                                 LintKind kind);

}  // namespace muster::rule
