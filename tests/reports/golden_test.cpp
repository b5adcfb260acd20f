// Whole reports against the files in tests/golden. After a wanted change: MUSTER_UPDATE_GOLDEN=1
// build/dev/tests/reports/reports_test --gtest_filter='*Golden*'
#include <cstdlib>

#include <gtest/gtest.h>

#include "base/file_system.h"
#include "reports/report.h"
#include "reports/run_builder.h"

namespace muster::reports {
namespace {

struct Sample {
  const char* file;
  const char* format;
  Run (*make)();
  ReportOptions options;
};

ReportOptions with(void (*change)(ReportOptions&)) {
  ReportOptions options;
  options.evidence = ".";
  change(options);
  return options;
}

const Sample kSamples[] = {
    {"csv/northwind.csv", "csv", testing::northwind, {}},
    {"csv/hostile.csv", "csv", testing::hostile, {}},
    {"html/northwind.html", "html", testing::northwind, with([](ReportOptions&) {})},
    {"html/all-passed.html", "html", testing::all_passed, {}},
    {"html/hostile.html", "html", testing::hostile, {}},
    {"json/northwind.json", "json", testing::northwind, {}},
    {"json/hostile.json", "json", [] { return testing::hostile(); }, {}},
    {"junit/northwind.xml", "junit", testing::northwind, with([](ReportOptions&) {})},
    {"junit/northwind-subject.xml", "junit", testing::northwind,
     with([](ReportOptions& o) { o.junit_cases = JunitCases::subject; })},
    {"junit/northwind-strict.xml", "junit-strict", testing::northwind, with([](ReportOptions&) {})},
    {"junit/all-passed.xml", "junit", testing::all_passed, {}},
    {"junit/hostile.xml", "junit", testing::hostile, {}},
    {"ctrf/northwind.json", "ctrf", testing::northwind, with([](ReportOptions&) {})},
    {"ctrf/hostile.json", "ctrf", testing::hostile, {}},
    {"github/northwind.txt", "github", testing::northwind, with([](ReportOptions&) {})},
    {"github/markup.txt", "github", testing::markup, {}},
    {"hdf/northwind.json", "hdf", testing::northwind, with([](ReportOptions&) {})},
    {"hdf/hostile.json", "hdf", testing::hostile, {}},
    {"markdown/northwind.md", "markdown", testing::northwind, with([](ReportOptions&) {})},
    {"markdown/markup.md", "markdown", testing::markup, {}},
    {"ocsf/northwind.ndjson", "ocsf", testing::northwind, with([](ReportOptions&) {})},
    {"ocsf/hostile.ndjson", "ocsf", testing::hostile, {}},
    {"oscal/northwind.json", "oscal", testing::northwind, with([](ReportOptions&) {})},
    {"oscal/hostile.json", "oscal", testing::hostile, {}},
    {"sarif/northwind.json", "sarif", testing::northwind, with([](ReportOptions&) {})},
    {"sarif/hostile.json", "sarif", testing::hostile, {}},
    {"text/northwind.txt", "text", testing::northwind, with([](ReportOptions&) {})},
    {"text/northwind-verbose.txt", "text", testing::northwind,
     with([](ReportOptions& o) { o.verbose = true; })},
    {"text/northwind-narrow-colour.txt", "text", testing::northwind, with([](ReportOptions& o) {
       o.width = 72;
       o.colour = true;
     })},
    {"text/all-passed.txt", "text", testing::all_passed, {}},
    {"text/hostile.txt", "text", testing::hostile, {}},
};

// Two reasons of the hostile run are huge; what a report does with them is tested elsewhere, a golden file
// keeps to the rest.
Run small(Run run) {
  for (RuleResult& rule : run.rules) {
    for (std::string& reason : rule.reasons) reason.resize(std::min<std::size_t>(reason.size(), 100));
    for (Finding& finding : rule.findings)
      finding.reason.resize(std::min<std::size_t>(finding.reason.size(), 100));
  }
  return run;
}

/// A page without the style sheet and script that every page holds word for word: their names stand instead.
std::string without_assets(std::string page, const FileSystem& files) {
  for (const char* asset : {"reports/html/page.css", "reports/html/page.js"}) {
    const std::string text = files.read_file(join_path(MUSTER_SOURCE_DIR, asset)).value();
    if (const auto at = page.find(text); at != std::string::npos) page.replace(at, text.size(), asset);
  }
  return page;
}

class Golden : public ::testing::TestWithParam<Sample> {};

TEST_P(Golden, IsTheSameByteForByte) {
  const Sample& sample = GetParam();
  const Format* format = find_format(sample.format);
  ASSERT_NE(format, nullptr);
  const std::vector<Rendered> rendered = render_all(*format, small(sample.make()), sample.options);
  ASSERT_EQ(rendered.size(), 1u);
  const auto files = make_os_file_system();
  const std::string bytes = without_assets(rendered[0].bytes, *files);
  const std::string path = join_path(MUSTER_SOURCE_DIR "/tests/golden", sample.file);
  if (std::getenv("MUSTER_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(files->make_folders(parent_path(path)));
    ASSERT_TRUE(files->write_file(path, bytes));
    GTEST_SKIP() << "written: " << path;
  }
  const Result<std::string> golden = files->read_file(path);
  const char* regenerate =
      "\nregenerate with: MUSTER_UPDATE_GOLDEN=1 build/dev/tests/reports/reports_test "
      "--gtest_filter='*Golden*'";
  ASSERT_TRUE(golden) << golden.error().message << regenerate;
  EXPECT_EQ(bytes, *golden) << regenerate;
}

INSTANTIATE_TEST_SUITE_P(Reports, Golden, ::testing::ValuesIn(kSamples), [](const auto& param) {
  std::string name = param.param.file;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

}  // namespace
}  // namespace muster::reports
