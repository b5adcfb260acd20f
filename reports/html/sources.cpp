// What is due soon, and what the result stands on: waivers, datasets, rosters and input files.
#include "reports/html/escape.h"
#include "reports/html/page.h"

namespace muster::reports {
namespace {

/// A table whose length the tenant decides: its first rows, and how many more there are.
template <class T, class Row>
void table(Page& page, std::string_view caption, std::initializer_list<std::string_view> columns,
           const std::vector<T>& items, const Row& row) {
  if (items.empty()) return;
  page.put("<table>\n<caption>{}</caption>\n<thead><tr>", caption);
  for (std::string_view column : columns) page.put("<th scope=\"col\">{}</th>", column);
  page.put_raw("</tr></thead>\n<tbody>\n");
  for (std::size_t i = 0; i < items.size() && i < page.limits.table_rows; ++i) {
    bool is_first = true;
    page.put_raw("<tr>");
    for (const std::string& cell : row(items[i])) {
      page.put("{}{}{}", is_first ? "<th scope=\"row\">" : "<td>", cell, is_first ? "</th>" : "</td>");
      is_first = false;
    }
    page.put_raw("</tr>\n");
  }
  page.put_raw("</tbody>\n</table>\n");
  if (items.size() > page.limits.table_rows)
    page.put("<p class=\"more\"><strong>{} more</strong> in results.json</p>\n",
             items.size() - page.limits.table_rows);
}

std::string code(std::string_view digest) {
  return digest.empty() ? "none" : "<code>" + escaped(digest, 100) + "</code>";
}

using Cells = std::vector<std::string>;

}  // namespace

void write_sources(Page& page) {
  const Run& run = page.run;
  if (const std::vector<DueSubject> due = due_subjects(run); !due.empty()) {
    page.put("<section id=\"due\" aria-labelledby=\"due-title\">\n<h2 id=\"due-title\">Due soon</h2>\n");
    table(page, "Pass now and will fail within " + escaped(run.due_within, 100) + " unless something changes",
          {"Due", "Rule", "Subject", "Reason"}, due, [&](const DueSubject& each) {
            return Cells{format_date(date_of(each.due.at)),
                         page.rule_link(static_cast<std::size_t>(each.rule - run.rules.data())),
                         escaped(subject_name(run, each.rule->subject, each.due.subject)),
                         escaped(each.reason)};
          });
    page.put_raw("</section>\n");
  }
  if (!run.waivers.empty()) {
    page.put_raw(
        "<section id=\"waivers\" aria-labelledby=\"waivers-title\">\n<h2 "
        "id=\"waivers-title\">Waivers</h2>\n");
    table(page, "Approved exceptions",
          {"Waiver", "Rule", "State", "Findings", "Expires", "Approver", "Reason"}, run.waivers,
          [](const WaiverResult& waiver) {
            return Cells{escaped(waiver.id, 200),
                         escaped(waiver.rule, 200),
                         escaped(waiver_state(waiver)),
                         grouped(waiver.applied),
                         waiver.expires.empty() ? "never" : escaped(waiver.expires, 40),
                         waiver.approver.empty() ? "none" : escaped(waiver.approver, 200),
                         escaped(waiver.reason)};
          });
    page.put_raw("</section>\n");
  }
  if (!run.attestations.empty()) {
    page.put_raw(
        "<section id=\"attestations\" aria-labelledby=\"attestations-title\">\n<h2 "
        "id=\"attestations-title\">Attestations</h2>\n");
    table(page, "What people answer for where no rule can see",
          {"Attestation", "Controls", "State", "Statement", "Owner", "Date", "Holds until", "Evidence"},
          run.attestations, [](const AttestationResult& attestation) {
            std::string controls, evidence;
            for (const ControlId& control : attestation.controls)
              controls += (controls.empty() ? "" : ", ") + escaped(control.text(), 200);
            // Text, not a link: nobody knows where it would lead.
            for (const AttestationResult::Evidence& each : attestation.evidence)
              evidence += (evidence.empty() ? "" : "; ") + escaped(each.link, 500) +
                          (each.sha256.empty() ? "" : " " + code(each.sha256));
            return Cells{escaped(attestation.id, 200),
                         controls,
                         escaped(attestation.state == "not_started" ? "not started" : attestation.state, 40),
                         escaped(attestation.statement),
                         attestation.owner.empty() ? "none" : escaped(attestation.owner, 200),
                         escaped(attestation.date, 40),
                         escaped(attestation.expires, 40),
                         evidence};
          });
    page.put_raw("</section>\n");
  }
  page.put_raw(
      "<section id=\"sources\" aria-labelledby=\"sources-title\">\n<h2 id=\"sources-title\">What this stands "
      "on</h2>\n");
  table(page, "Datasets of the snapshot", {"Dataset", "Status", "Rows", "Read by a rule", "SHA-256"},
        run.datasets, [&page](const DatasetResult& dataset) {
          std::string status = escaped(dataset.status, 40);
          if (dataset.declared) status += ", as declared";
          if (!dataset.reason.empty()) status += ": " + escaped(dataset.reason);
          for (std::size_t i = 0; i < dataset.warnings.size(); ++i) {
            if (i == 20) {
              status += fmt::format("; and {} more warnings in results.json", dataset.warnings.size() - i);
              break;
            }
            status += "; " + escaped(dataset.warnings[i]);
          }
          return Cells{escaped(dataset.name, 100), status, rows_of(page.run, dataset), dataset.read ? "yes" : "no",
                       code(dataset.sha256)};
        });
  table(page, "Rosters", {"Roster", "Status", "Persons", "Date"}, run.rosters,
        [](const RosterResult& roster) {
          return Cells{
              escaped(roster.path),
              escaped(roster.status, 40) + (roster.reason.empty() ? "" : ": " + escaped(roster.reason)),
              grouped(roster.persons),
              roster.as_of.empty() ? "none: age not checked" : escaped(roster.as_of, 40)};
        });
  table(page, "Input files", {"File", "Kind", "Bytes", "SHA-256"}, run.inputs, [](const InputFile& input) {
    return Cells{escaped(input.path), escaped(input.kind, 40), grouped(input.bytes), code(input.sha256)};
  });
  page.put_raw("</section>\n");
}

}  // namespace muster::reports
