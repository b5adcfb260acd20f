// JUnit XML in two profiles. Inside this folder only.
#pragma once

#include "reports/report.h"

namespace muster::reports {

enum class JunitProfile : std::uint8_t {
  rich,    // what CI systems read best: file and line, properties, assertions
  strict,  // valid under the Ant schema and the Jenkins xUnit schema at once
};

void render_junit(const Run& run, const ReportOptions& options, JunitProfile profile, Output& out);

}  // namespace muster::reports
