#include "model/roll_up.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace muster {
namespace {

std::size_t place_of(const ControlId& control, std::span<const Framework> frameworks) {
  const Framework* framework = find_framework(frameworks, control.framework);
  const FrameworkControl* found = framework == nullptr ? nullptr : framework->find(control.id);
  return found == nullptr ? 0 : static_cast<std::size_t>(found - framework->controls.data());
}

}  // namespace

ControlId canonical(const ControlId& control, std::span<const Framework> frameworks) {
  const Framework* framework = find_framework(frameworks, control.framework);
  const FrameworkControl* found = framework == nullptr ? nullptr : framework->find(control.id);
  return found == nullptr ? control : ControlId{control.framework, found->id};
}

std::vector<ControlResult> roll_up_controls(const std::vector<RuleResult>& rules,
                                            const std::vector<AttestationResult>& attestations,
                                            std::span<const Framework> frameworks) {
  // By framework, then in the table's order; controls without a table by their ids.
  std::map<std::tuple<std::string, std::size_t, std::string>, ControlResult> rows;
  const auto row_of = [&](const ControlId& cited) -> ControlResult& {
    const ControlId control = canonical(cited, frameworks);
    const auto [found, is_new] =
        rows.try_emplace({control.framework, place_of(control, frameworks), control.id});
    ControlResult& row = found->second;
    if (!is_new) return row;
    row.control = control;
    if (const Framework* framework = find_framework(frameworks, control.framework); framework != nullptr) {
      if (const FrameworkControl* known = framework->find(control.id); known != nullptr) {
        row.title = known->title;
        row.tests = std::string(word_of(known->tests));
        row.rest = known->rest;
      }
    }
    return row;
  };
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    for (const ControlId& cited : rules[i].controls) {
      ControlResult& row = row_of(cited);
      if (row.rules.empty() || row.rules.back() != i) row.rules.push_back(i);  // once, of two statements
    }
  }
  for (std::uint32_t i = 0; i < attestations.size(); ++i)
    for (const ControlId& control : attestations[i].controls) row_of(control).attestations.push_back(i);
  std::vector<ControlResult> out;
  for (auto& [key, row] : rows) {
    settle(row, rules, attestations);
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace muster
