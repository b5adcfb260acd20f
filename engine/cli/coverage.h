// The coverage of a framework's controls by rules and attestations: as text, as JSON, as Markdown, and as the
// page of docs/.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "evaluate/controls.h"
#include "rule/rule.h"

namespace muster::cli {

struct FrameworkCover {
  const Framework* framework = nullptr;
  std::vector<evaluate::ControlCover> controls;
};

[[nodiscard]] std::string render_coverage(const FrameworkCover& cover, std::size_t width);
[[nodiscard]] json::Value coverage_to_json(const FrameworkCover& cover);
[[nodiscard]] std::string coverage_to_markdown(const FrameworkCover& cover);
/// The anchor of a control on the page: "nist80053-ac-2-3".
[[nodiscard]] std::string control_anchor(const ControlId& control);
/// The whole of docs/controls.md: every framework, by the rules that are shipped and by each shipped policy.
[[nodiscard]] Result<std::string> render_controls_page(const FileSystem& files, const rule::RuleSet& rules);

/// Each rule as it is, as if a policy selected them all.
[[nodiscard]] std::vector<evaluate::Entry> entries_of_all(const rule::RuleSet& rules);

}  // namespace muster::cli
