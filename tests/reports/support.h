// What the tests of this folder share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "reports/report.h"
#include "reports/run_builder.h"

namespace muster::reports {

inline std::string only_file(const char* format, const Run& run, const ReportOptions& options = {}) {
  const std::vector<Rendered> files = render_all(*find_format(format), run, options);
  EXPECT_EQ(files.size(), 1u);
  EXPECT_EQ(files.at(0).suffix, "");
  return files.at(0).bytes;
}

inline std::size_t count(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size()))
    ++n;
  return n;
}

/// From `from` to the next `to`, both included.
inline std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string::npos) return "";
  const std::size_t end = text.find(to, begin);
  return end == std::string::npos ? text.substr(begin) : text.substr(begin, end + to.size() - begin);
}

inline std::string testcase(const std::string& xml, const std::string& name) {
  const std::string start = between(xml, "<testcase name=\"" + name + "\"", ">");
  return start.ends_with("/>") ? start : between(xml, "<testcase name=\"" + name + "\"", "</testcase>");
}

inline std::vector<Run (*)()> all_runs() {
  return {testing::northwind, testing::all_passed, testing::hostile,
          [] { return testing::RunBuilder().finish(); }, [] { return testing::large(300, 7, 4); }};
}

}  // namespace muster::reports
