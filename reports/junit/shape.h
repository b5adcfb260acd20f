// Whether JUnit files are such as any version of muster writes them: what can still be said of the files of a
// version that renders other bytes than this one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/run.h"

namespace muster::reports {

struct JunitText {
  std::string name;  // "junit.xml", "junit-002.xml"
  std::string_view text;
};

/// Suites in one root, cases in suites, a name and at most one outcome to a case, attributes that count what
/// is there, the run's id and outcome in every suite that has properties of a run, and failures exactly when
/// a rule has some. Error evidence_file, with the file's name.
[[nodiscard]] Status check_junit_shape(const std::vector<JunitText>& files, const Run& run);

}  // namespace muster::reports
