#include "cli/docs_pages.h"

#include "base/diagnostics.h"
#include "cli/help.h"
#include "cli/rule_pages.h"
#include "collect/endpoint.h"
#include "rule/stubs.h"
#include "snapshot/snapshot.h"

namespace muster::cli {

Result<std::vector<DocsPage>> make_docs_pages(const FileSystem& files) {
  Diagnostics problems;
  const rule::RuleSet shipped = rule::load_rules(files, {}, problems);
  if (problems.has_errors()) return tl::unexpected(problems.errors().front());
  return std::vector<DocsPage>{{"command-line.md", render_command_page(all_commands())},
                               {"datasets.md", snapshot::dataset_reference()},
                               {"endpoints.md", collect::endpoint_reference()},
                               {"errors.md", render_errors_page()},
                               {"rules.md", render_rules_page(shipped)},
                               {"../rules/meta/muster.lua", rule::render_type_stubs()},
                               {"../rules/meta/spec.lua", rule::render_spec_stubs()},
                               {"../.luacheckrc", rule::render_luacheckrc()}};
}

}  // namespace muster::cli
