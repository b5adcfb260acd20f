// report.html: one page that says the verdict first, then what failed and is undecided, then the same by
// subject, policy, severity and control, and what the result stands on.
#include "reports/html/escape.h"
#include "reports/html/frame.h"
#include "reports/html/page.h"

namespace muster::reports {
namespace {

void render(const Run& run, const ReportOptions& options, Output& out) {
  out.begin_file("");
  Page page(run, options.evidence, out);
  page.put_raw(
      page_head(visible_line(run.organization.empty() ? run.organization_id : run.organization, 200) + ": " +
                    run.outcome(),
                PageScript::findings));
  write_first_screen(page);
  page.put_raw("<main>\n");
  write_findings(page);
  write_subjects(page);
  write_measures(page);
  write_groups(page);
  write_sources(page);
  page.put("</main>\n<footer>\n<p>Written by muster {}. Run <code>{}</code>.</p>\n</footer>\n",
           escaped(run.tool_version), escaped(run.id));
  page.put_raw(page_end(PageScript::findings));
  page.flush();
}

}  // namespace

Format html_format() {
  return {"html", "report.html", "One page for people, readable without scripts and without a network",
          render};
}

}  // namespace muster::reports
