// The catalogue of rules: an index and a page for each rule, as Markdown and as HTML that needs nothing
// beside it. What rules say is shown as text, never as markup.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/scaffold.h"
#include "model/framework.h"
#include "model/settings.h"
#include "rule/rule.h"

namespace muster::cli {

struct CatalogueOptions {
  bool markdown = true, html = true;
  std::string note;           // at the end of each index: what made it
  std::string controls_page;  // as seen from the Markdown index: controls are links to it; empty: no links
  std::string sources;        // the same for the folder of the rules' files: "../../"
};
/// What rules are told about beside themselves.
struct CatalogueContext {
  std::map<std::string, std::vector<std::string>> policies;  // by rule id: those that select it
  std::vector<Framework> frameworks;                         // the words of the controls
};
/// Paths are index.md, index.html, and rule_page_of() of each rule.
[[nodiscard]] std::vector<NewFile> render_catalogue(
    const std::vector<std::shared_ptr<const rule::Rule>>& rules, const CatalogueContext& context,
    const CatalogueOptions& options);
/// "keys/max_age.md"
[[nodiscard]] std::string rule_page_of(const std::string& id, std::string_view extension);
/// By rule id, the names of those policies that select it.
[[nodiscard]] std::map<std::string, std::vector<std::string>> policies_by_rule(
    const std::vector<Policy>& policies);

}  // namespace muster::cli
