#include "reports/junit/junit.h"

namespace muster::reports {

Format junit_strict_format() {
  return {"junit-strict", "junit-strict.xml",
          "JUnit XML that is valid under the Ant and the Jenkins xUnit schema",
          [](const Run& run, const ReportOptions& options, Output& out) {
            render_junit(run, options, JunitProfile::strict, out);
          }};
}

}  // namespace muster::reports
