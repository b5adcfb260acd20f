// Bind: policies × rules → entries that can be run. Checks what neither side can know alone: that the rule exists, that its parameters have values of the right type,
// that scopes name fields of the subject. Pure; every problem is reported at its place in the policy file.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "model/settings.h"
#include "policy/policy.h"
#include "rule/rule.h"

namespace muster::evaluate {

/// One policy entry, ready to run.
struct Entry {
  std::shared_ptr<const rule::Rule> rule;
  std::string as;
  std::string policy;      // id
  std::string file;        // of the policy, as shown
  Severity severity = Severity::medium;
  Severity fail_on = Severity::info;  // of the policy
  rule::Params params;     // complete
  std::vector<ControlId> controls;  // those whose `when` holds
  std::vector<ScopeTerm> include, exclude;
  bool reports_unknown = false;
  Place place;
};

struct BindOptions {
  std::vector<std::string> rule_globs;                   // --rule: of the entry's name or the rule's id; empty: all
  std::vector<policy::ParamOverride> overrides;          // --param: of the entry's name, else of the rule's id
  std::vector<std::string> known_rules = {};             // ids of all that there are, selected or not: for what a slip may mean
};

/// The entries in policy order. Two entries of one policy with one name are an error (policy_duplicate), as is an override that fits nothing, and a
/// glob that fits nothing where another one does (alone it selects no rule: a warning, and an undecided run).
[[nodiscard]] std::vector<Entry> bind_policies(std::span<const Policy> policies, const rule::RuleSet& rules, const BindOptions& options, Diagnostics& problems);

}  // namespace muster::evaluate
