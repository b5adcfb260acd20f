#include "reports/junit/junit.h"

namespace muster::reports {

Format junit_format() {
  return {"junit", "junit.xml", "JUnit XML for CI systems: suite = policy, case = rule",
          [](const Run& run, const ReportOptions& options, Output& out) {
            render_junit(run, options, JunitProfile::rich, out);
          }};
}

}  // namespace muster::reports
