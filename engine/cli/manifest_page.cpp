#include "cli/manifest_page.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/layout.h"

namespace muster::cli {

std::string render_manifest_page(const snapshot::Manifest& manifest) {
  std::string out;
  const auto line = [&](std::string_view label, const std::string& text) {
    if (!text.empty()) out += fmt::format("{:14}{}\n", label, make_visible(text));
  };
  line("organization", manifest.organization_name +
                           (manifest.organization_id.empty() ? "" : " (" + manifest.organization_id + ")"));
  line("provider", manifest.provider + (manifest.base_url.empty() ? "" : ", " + manifest.base_url) +
                       (manifest.api_version.empty() ? "" : ", version " + manifest.api_version));
  line("key", manifest.key_kind + (manifest.key_hint.empty() ? "" : " " + manifest.key_hint));
  line("collected",
       fmt::format("{} to {}", format_rfc3339(manifest.started), format_rfc3339(manifest.completed)));
  line("by", manifest.collector);
  line("completeness", manifest.origin == snapshot::Manifest::Origin::declared
                           ? "declared by the importer, not observed"
                           : "observed by the collector");

  TextTable table;
  table.column("dataset");
  table.column("status");
  for (const char* heading : {"rows", "pages", "bytes"}) table.column(heading, Align::right);
  table.column("remarks");
  std::string missing;
  for (const snapshot::DatasetManifest& row : manifest.datasets) {
    if (row.status == snapshot::DatasetStatus::not_requested) {
      missing += (missing.empty() ? "" : ", ") + make_visible(row.name);
      continue;
    }
    std::string remarks = row.reason;
    const auto remark = [&](const std::string& text) { remarks += (remarks.empty() ? "" : "; ") + text; };
    if (!row.parents.empty())
      remark(plural(row.parents.size(), "parent is", "parents are") +
             " not complete: " + row.parents.front().id + (row.parents.size() > 1 ? " …" : ""));
    for (const std::string& warning : row.warnings) remark(warning);
    table.row({cell(row.name), std::string(snapshot::word_of(row.status)), std::to_string(row.rows),
               std::to_string(row.pages), std::to_string(row.bytes), cell(remarks, 200)});
  }
  if (!table.empty()) out += "\n" + table.render();
  if (!missing.empty()) out += "\n" + wrap(missing, "not requested: ", 15, 100);
  return out;
}

}  // namespace muster::cli
