// Reading results.json back, so that a run can be rendered again, compared or replayed years later. Refuses
// what the schema refuses and what contradicts itself (counts that do not add up, a finding about a subject
// that is not there): a tampered file must not render as a pass. Pure.
//
//   Result<Run> run = reports::parse_results(bytes, "out/results.json");
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/run.h"

namespace muster::reports {

/// The run that `bytes` was rendered from: rendering it again gives the same bytes. `file` names it in
/// errors. Errors: results_format with the member's path
/// ("rules[3].counts.pass"); json_syntax, json_duplicate, json_depth, text_encoding when it is not JSON at
/// all.
[[nodiscard]] Result<Run> parse_results(std::string_view bytes, const std::string& file = "results.json");

}  // namespace muster::reports
