// How rules are shown to people and to programs.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "rule/rule.h"

namespace muster::cli {

/// What a rule reads, as rules write it: "api_keys.expires_at", "user:keys"; sorted.
struct ReadNames {
  std::vector<std::string> fields, relations, must, may;
};
[[nodiscard]] ReadNames names_of(const rule::Reads& reads);

/// One rule on a page of its own.
[[nodiscard]] std::string render_rule(const rule::RuleInfo& rule, std::size_t width);
[[nodiscard]] json::Value rule_to_json(const rule::RuleInfo& rule);

/// "whole number, default 90, at least 1".
[[nodiscard]] std::string describe(const rule::ParamSpec& param);
/// "age in days, in steps at 30, 60, 90".
[[nodiscard]] std::string describe(const MeasureSpec& measure);

}  // namespace muster::cli
