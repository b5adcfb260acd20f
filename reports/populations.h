// populations/<as>.csv: every subject of a rule with its verdict, so that an auditor can draw a sample from
// the whole. RFC 4180 with CRLF, UTF-8; a cell that a spreadsheet would run as a formula (it starts with = +
// - @ tab or CR) gets a leading apostrophe; characters that cannot be seen are written visibly.
#pragma once

#include <string>
#include <string_view>

#include "model/run.h"
#include "reports/report.h"

namespace muster::reports {

/// One file's bytes, header `kind,id,label,verdict,reason`, one row a subject in dataset order. Calls write()
/// only.
void render_population(const Run& run, const RuleResult& rule, Output& out);

/// One cell, appended: made harmless, quoted when it must be.
void append_csv_cell(std::string& out, std::string_view text);

}  // namespace muster::reports
