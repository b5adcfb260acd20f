#include "evaluate/bind.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "evaluate/nearest_rule.h"

namespace muster::evaluate {
namespace {

std::vector<std::string> field_names(const snapshot::DatasetSpec& spec) {
  std::vector<std::string> names{"id"};
  for (const auto& field : spec.fields) names.emplace_back(field.name);
  for (const auto& relation : snapshot::relations())
    if (relation.from == spec.dataset && !relation.many) names.emplace_back(relation.name);
  if (spec.dataset == snapshot::Dataset::users) names.emplace_back("register");
  return names;
}

void check_scope(const std::vector<ScopeTerm>& terms, const rule::RuleInfo& rule, Diagnostics& problems) {
  const snapshot::DatasetSpec& spec = *snapshot::find_subject(rule.subject);
  const std::vector<std::string> names = field_names(spec);
  for (const ScopeTerm& term : terms) {
    if (term.field == "register") {
      if (spec.dataset == snapshot::Dataset::users && term.patterns == std::vector<std::string>{"nonhuman"}) continue;
      problems.error(ErrorCode::policy_scope, "the only register is `nonhuman`, and it lists accounts: it can narrow rules about users", term.place);
      continue;
    }
    if (std::find(names.begin(), names.end(), term.field) != names.end()) {
      const auto field = spec.field(term.field);
      if (!field || (spec.fields[*field].type != snapshot::FieldType::json && spec.fields[*field].type != snapshot::FieldType::number)) continue;
      problems.error(ErrorCode::policy_scope, fmt::format("a scope cannot compare {}.{}: it is no text, word, list, time or truth value", spec.name, term.field), term.place);
      continue;
    }
    const auto near = nearest_name(term.field, names);
    problems.error(ErrorCode::policy_scope, fmt::format("{} judges a {}, which has no field '{}'", rule.id, spec.singular, make_visible(term.field)), term.place,
                   near ? fmt::format("did you mean '{}'?", *near) : "");
  }
}

/// Whether the parameters have the values that a mapping's `when` asks for.
bool holds(const PolicyEntry::Mapping& mapping, const rule::RuleInfo& rule, const rule::Params& params, Diagnostics& problems) {
  bool all = true;
  for (const auto& [name, given] : mapping.when) {
    const auto spec = std::find_if(rule.params.begin(), rule.params.end(), [&](const auto& param) { return param.name == name; });
    if (spec == rule.params.end()) {
      problems.error(ErrorCode::policy_parameter, fmt::format("`when` names '{}', and {} has no such parameter", name, rule.id), given.place);
      continue;
    }
    const auto value = rule::parse_param_value(*spec, given);
    if (!value) problems.error(value.error());
    else if (const auto own = params.find(name); own == params.end() || own->second != *value) all = false;
  }
  return all;
}

std::string parameter_names(const rule::RuleInfo& rule) {
  if (rule.params.empty()) return rule.id + " has no parameters";
  std::string text = "parameters: ";
  for (std::size_t i = 0; i < rule.params.size(); ++i) text += (i ? ", " : "") + rule.params[i].name;
  return text;
}

void set_param(Entry& entry, const std::string& name, const GivenValue& given, Diagnostics& problems) {
  const rule::RuleInfo& rule = entry.rule->info();
  const auto spec = std::find_if(rule.params.begin(), rule.params.end(), [&](const auto& param) { return param.name == name; });
  if (spec == rule.params.end()) {
    std::vector<std::string> names;
    for (const auto& param : rule.params) names.push_back(param.name);
    const auto near = nearest_name(name, names);
    problems.error(ErrorCode::policy_parameter, fmt::format("{} has no parameter '{}'", rule.id, make_visible(name)), given.place,
                   near ? fmt::format("did you mean '{}'?", *near) : parameter_names(rule));
    return;
  }
  auto value = rule::parse_param_value(*spec, given);
  if (value) {
    entry.params[name] = std::move(*value);
    return;
  }
  Error error = value.error();
  error.message = rule.id + ": " + error.message;
  problems.error(std::move(error));
}

/// For a glob that fits none of what the policies select: what of it was meant, or what else there is.
std::string hint_for(const std::string& glob, const std::vector<std::string>& selectable, const std::vector<std::string>& known) {
  const auto fitting = std::find_if(known.begin(), known.end(), [&](const std::string& id) { return glob_match(glob, id); });
  if (fitting != known.end()) return fmt::format("there is a rule '{}', which has to be selected in a policy", *fitting);
  if (const std::string near = nearest_rule(glob, selectable); !near.empty()) return fmt::format("did you mean '{}'?", near);
  const std::string other = nearest_rule(glob, known);
  return other.empty() ? "`muster rule list` shows the rules" : fmt::format("did you mean '{}'? It has to be selected in a policy", other);
}

}  // namespace

std::vector<Entry> bind_policies(std::span<const Policy> policies, const rule::RuleSet& rules, const BindOptions& options, Diagnostics& problems) {
  std::vector<std::string> known;
  for (const auto& [id, ignored] : rules) known.push_back(id);
  std::vector<bool> glob_used(options.rule_globs.size()), override_used(options.overrides.size());
  std::vector<Entry> entries;
  std::map<std::string, std::string> policy_files;
  for (const Policy& policy : policies) {
    const auto [first, is_new] = policy_files.try_emplace(policy.id, policy.file);
    if (!is_new)
      problems.error(ErrorCode::policy_duplicate, fmt::format("the policy '{}' is there twice: {} and {}", policy.id, first->second, policy.file), Place{policy.file, 0, 0, {}});
    std::map<std::string, Place> names;
    for (const PolicyEntry& given : policy.entries) {
      const auto [earlier, is_first] = names.try_emplace(given.as, given.place);
      if (!is_first) {
        problems.error(ErrorCode::policy_duplicate, fmt::format("'{}' is there twice; its first use is at line {}", given.as, earlier->second.line), given.place,
                       "give the second use its own name with `as`");
        continue;
      }
      const auto found = rules.find(given.rule);
      if (found == rules.end()) {
        const auto near = nearest_name(given.rule, known);
        problems.error(ErrorCode::policy_unknown_rule, fmt::format("there is no rule '{}'", make_visible(given.rule)), given.place,
                       near ? fmt::format("did you mean '{}'?", *near) : "`muster rule list` shows them all");
        continue;
      }
      const rule::RuleInfo& rule = found->second->info();
      Entry entry;
      entry.rule = found->second;
      entry.as = given.as;
      entry.policy = policy.id;
      entry.file = given.place.file.empty() ? policy.file : given.place.file;
      entry.severity = given.severity.value_or(policy.severity.value_or(rule.severity));
      entry.fail_on = policy.fail_on.value_or(Severity::info);
      entry.include = given.include;
      entry.exclude = given.exclude;
      entry.reports_unknown = given.reports_unknown;
      entry.place = given.place;
      for (const auto& spec : rule.params) entry.params[spec.name] = spec.fallback;
      for (const auto& [name, value] : given.params) set_param(entry, name, value, problems);
      // An override of the entry's own name goes before one of the rule's id, wherever they stand on the command line.
      for (const bool by_name : {false, true}) {
        for (std::size_t i = 0; i < options.overrides.size(); ++i) {
          const policy::ParamOverride& change = options.overrides[i];
          const bool is_named = change.rule == entry.as;
          if (by_name ? !is_named : (is_named || change.rule != rule.id)) continue;
          override_used[i] = true;
          set_param(entry, change.name, change.value, problems);
        }
      }
      check_scope(entry.include, rule, problems);
      check_scope(entry.exclude, rule, problems);
      if (!given.controls) {
        entry.controls = rule.controls;
      } else {
        for (const auto& mapping : *given.controls)
          if (holds(mapping, rule, entry.params, problems)) entry.controls.push_back(mapping.control);
      }
      bool is_selected = options.rule_globs.empty();
      for (std::size_t i = 0; i < options.rule_globs.size(); ++i) {
        if (!glob_match(options.rule_globs[i], entry.as) && !glob_match(options.rule_globs[i], rule.id)) continue;
        glob_used[i] = true;
        is_selected = true;
      }
      if (is_selected) entries.push_back(std::move(entry));
    }
  }
  std::vector<std::string> selectable;
  for (const Policy& policy : policies) {
    for (const PolicyEntry& entry : policy.entries) selectable.insert(selectable.end(), {entry.as, entry.rule});
  }
  for (std::size_t i = 0; i < options.rule_globs.size(); ++i) {
    if (glob_used[i]) continue;
    Error problem{ErrorCode::usage, fmt::format("--rule {}: the policies select no such rule", options.rule_globs[i]), {}, hint_for(options.rule_globs[i], selectable, options.known_rules)};
    // When nothing at all is selected, the run says so by being undecided; a part that goes missing among others would not be noticed.
    if (entries.empty()) problems.warning(problem.code, problem.hint.empty() ? problem.message : problem.message + "; " + problem.hint, problem.place);
    else problems.error(std::move(problem));
  }
  for (std::size_t i = 0; i < options.overrides.size(); ++i)
    if (!override_used[i])
      problems.error(ErrorCode::usage, fmt::format("--param {}.{}: no policy entry or rule '{}' is selected by the policies", options.overrides[i].rule,
                                                   options.overrides[i].name, options.overrides[i].rule));
  return entries;
}

}  // namespace muster::evaluate
