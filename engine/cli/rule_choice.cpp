#include "cli/rule_choice.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "evaluate/nearest_rule.h"

namespace muster::cli {
namespace {

std::vector<std::string> ids_of(const rule::RuleSet& rules) {
  std::vector<std::string> ids;
  for (const auto& [id, rule] : rules) ids.push_back(id);
  return ids;
}

std::string hint_of(std::string_view near) {
  return near.empty() ? "muster rule list names all" : fmt::format("did you mean {}?", near);
}

}  // namespace

std::vector<std::shared_ptr<const rule::Rule>> choose_rules(const rule::RuleSet& rules,
                                                            const std::vector<std::string>& globs,
                                                            Diagnostics& problems,
                                                            const std::vector<std::string>& other_ids) {
  std::vector<std::shared_ptr<const rule::Rule>> chosen;
  for (const auto& [id, rule] : rules)
    if (globs.empty() || std::any_of(globs.begin(), globs.end(), [&, name = id](const std::string& glob) {
          return glob_match(glob, name);
        }))
      chosen.push_back(rule);
  for (const std::string& glob : globs)
    if (std::none_of(rules.begin(), rules.end(),
                     [&](const auto& row) { return glob_match(glob, row.first); }) &&
        std::none_of(other_ids.begin(), other_ids.end(),
                     [&](const std::string& id) { return glob_match(glob, id); }))
      problems.error(ErrorCode::usage, fmt::format("no rule fits {}", make_visible(glob)), {},
                     hint_of(evaluate::nearest_rule(glob, ids_of(rules))));
  return chosen;
}

std::vector<rule::SpecSource> choose_specs(const FileSystem& files, const Config& config,
                                           const std::vector<std::string>& globs, Diagnostics& problems) {
  std::vector<rule::RuleFolder> folders;
  for (const std::string& folder : config.rule_folders) folders.push_back({folder, folder});
  std::vector<rule::SpecSource> specs = rule::load_specs(files, folders, problems);
  std::erase_if(specs, [&](const rule::SpecSource& spec) {
    return !globs.empty() && std::none_of(globs.begin(), globs.end(),
                                          [&](const std::string& glob) { return glob_match(glob, spec.id); });
  });
  return specs;
}

std::vector<std::string> ids_of(const std::vector<rule::SpecSource>& specs) {
  std::vector<std::string> ids;
  for (const rule::SpecSource& spec : specs) ids.push_back(spec.id);
  return ids;
}

std::shared_ptr<const rule::Rule> find_rule(const rule::RuleSet& rules, const std::string& id,
                                            Diagnostics& problems) {
  const auto found = rules.find(id);
  if (found != rules.end()) return found->second;
  problems.error(ErrorCode::usage, fmt::format("there is no rule {}", make_visible(id)), {},
                 hint_of(nearest_name(id, ids_of(rules)).value_or("")));
  return nullptr;
}

}  // namespace muster::cli
