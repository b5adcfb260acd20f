// The catalogue of rules: an index and a page for each rule, as Markdown and as HTML that needs nothing
// beside it. What rules say is shown as text, never as markup.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/scaffold.h"
#include "rule/rule.h"

namespace muster::cli {

struct CatalogueFormats {
  bool markdown = true, html = true;
};
/// `policies`: by rule id, the names of the policies that select it. Paths are index.md, index.html,
/// <family>/<name>.md and .html.
[[nodiscard]] std::vector<NewFile> render_catalogue(
    const std::vector<std::shared_ptr<const rule::Rule>>& rules,
    const std::map<std::string, std::vector<std::string>>& policies, CatalogueFormats formats);

}  // namespace muster::cli
