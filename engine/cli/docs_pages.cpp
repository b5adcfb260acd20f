#include "cli/docs_pages.h"

#include "base/diagnostics.h"
#include "cli/coverage.h"
#include "cli/help.h"
#include "cli/rule_catalogue.h"
#include "cli/wishes.h"
#include "collect/endpoint.h"
#include "policy/controls.h"
#include "policy/policy.h"
#include "rule/stubs.h"
#include "snapshot/snapshot.h"

namespace muster::cli {

Result<std::vector<DocsPage>> make_docs_pages(const FileSystem& files) {
  Diagnostics problems;
  const rule::RuleSet shipped = rule::load_rules(files, {}, problems);
  if (problems.has_errors()) return tl::unexpected(problems.errors().front());
  auto controls = render_controls_page(files, shipped);
  if (!controls) return tl::unexpected(controls.error());
  std::vector<DocsPage> pages{{"command-line.md", render_command_page(all_commands())},
                              {"config.md", policy::config_reference()},
                              {"controls.md", std::move(*controls)},
                              {"datasets.md", snapshot::dataset_reference()},
                              {"endpoints.md", collect::endpoint_reference()},
                              {"errors.md", render_errors_page()},
                              {"formats.md", render_formats_page()},
                              {"../rules/meta/muster.lua", rule::render_type_stubs()},
                              {"../rules/meta/spec.lua", rule::render_spec_stubs()},
                              {"../.luacheckrc", rule::render_luacheckrc()}};
  std::vector<std::shared_ptr<const rule::Rule>> rules;
  for (const auto& [id, rule] : shipped) rules.push_back(rule);
  std::vector<Policy> policies;
  for (const std::string& name : policy::shipped_policies())
    if (auto policy = policy::load_policy(files, name, name, problems))
      policies.push_back(std::move(*policy));
  const CatalogueContext context{policies_by_rule(policies), policy::load_frameworks(problems)};
  if (problems.has_errors()) return tl::unexpected(problems.errors().front());
  CatalogueOptions options;
  options.html = false;
  options.note = "Made by `muster docs` from the rules themselves; do not edit.";
  options.controls_page = "../controls.md";
  options.sources = "../../";
  for (NewFile& page : render_catalogue(rules, context, options))
    pages.push_back({"rules/" + page.path, std::move(page.text)});
  return pages;
}

}  // namespace muster::cli
