#include "reports/html/page.h"

#include <algorithm>

#include "reports/html/escape.h"

namespace muster::reports {
namespace {

int rank_of(const RuleResult& rule) {
  const Standing standing = standing_of(rule);
  if (rule.counts[Verdict::fail] > 0) return rule.gating_failures() > 0 ? 0 : 1;
  return standing == Standing::failed || standing == Standing::undecided ? 2 : 3;
}

}  // namespace

Page::Page(const Run& run_, std::string evidence_, Output& out)
    : run(run_), evidence(std::move(evidence_)), limits(), files(population_files(run_)), out_(out) {
  controls.resize(run.rules.size());
  for (const ControlResult& control : run.controls)
    for (const std::uint32_t rule : control.rules) controls[rule].push_back(control.control);
  for (std::size_t i = 0; i < run.rules.size(); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const RuleResult &left = run.rules[a], &right = run.rules[b];
    return std::pair(rank_of(left), left.severity) < std::pair(rank_of(right), right.severity);
  });
}

void Page::flush() {
  out_.write(buffer_);
  buffer_.clear();
}

std::string Page::anchor(std::size_t rule) const {
  return "rule-" + files[rule].substr(0, files[rule].size() - std::string_view(".csv").size());
}

std::string Page::rule_link(std::size_t rule) const {
  const Standing standing = standing_of(run.rules[rule]);
  return fmt::format("<a href=\"#{}\">{}</a> <span class=\"{}\">{}</span>", anchor(rule),
                     escaped(run.rules[rule].as, 200), class_of(standing), sign_of(run.rules[rule]));
}

bool Page::has_section(std::size_t rule) const {
  return rank_of(run.rules[rule]) != 3 || !run.rules[rule].findings.empty();
}

std::string_view sign_of(const RuleResult& rule) {
  switch (standing_of(rule)) {
    case Standing::undecided: return "? undecided";
    case Standing::failed: return "✗ failed";
    case Standing::idle: return rule.counts[Verdict::waived] > 0 ? "– waived" : "– nothing to judge";
    case Standing::passed: return "✓ passed";
  }
  return "";
}

std::string_view class_of(Standing standing) {
  switch (standing) {
    case Standing::undecided: return "undecided";
    case Standing::failed: return "failed";
    case Standing::idle: return "idle";
    case Standing::passed: return "passed";
  }
  return "";
}

std::string_view class_of(ControlStatus status) {
  switch (status) {
    case ControlStatus::failed: return "failed";
    case ControlStatus::undecided:
    case ControlStatus::open: return "undecided";
    case ControlStatus::passed:
    case ControlStatus::attested: return "passed";
    case ControlStatus::waived:
    case ControlStatus::passed_in_part:
    case ControlStatus::idle: return "idle";
  }
  return "";
}

std::string sign_of(ControlStatus status) {
  std::string_view sign = "–";
  if (class_of(status) == "failed") sign = "✗";
  if (class_of(status) == "undecided") sign = "?";
  if (class_of(status) == "passed" || status == ControlStatus::passed_in_part) sign = "✓";
  return fmt::format("{} {}", sign, words_of(status));
}

void Standings::add(Standing standing) {
  switch (standing) {
    case Standing::undecided: ++undecided; break;
    case Standing::failed: ++failed; break;
    case Standing::idle: ++idle; break;
    case Standing::passed: ++passed; break;
  }
}

}  // namespace muster::reports
