// The roll-up of verdicts by control. It adds up what the rules came to, each rule once for each control that
// it supports: it costs by rule, never by subject.
#pragma once

#include <span>
#include <vector>

#include "model/framework.h"
#include "model/run.h"

namespace muster {

/// The control as its framework's table has it: of a statement ("AC-2 d") the control ("AC-2").
[[nodiscard]] ControlId canonical(const ControlId& control, std::span<const Framework> frameworks);

/// The controls that rules or attestations are about, after waivers were applied: by framework, then in its
/// table's order. Without a table no control is `passed`, at most `passed_in_part`: nothing says what the
/// whole of it is.
[[nodiscard]] std::vector<ControlResult> roll_up_controls(const std::vector<RuleResult>& rules,
                                                          const std::vector<AttestationResult>& attestations,
                                                          std::span<const Framework> frameworks);

}  // namespace muster
