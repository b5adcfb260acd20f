// Writes every sample run in every format into a folder, one folder a sample: <out>/<sample>/{results.json,
// junit.xml, junit-strict.xml, by-subject*.xml, formats/<name>, out/…}.
#include <cstdio>
#include <string>

#include "base/file_system.h"
#include "reports/report.h"
#include "reports/run_builder.h"

namespace {

using muster::Run;

bool write_sample(muster::FileSystem& files, const std::string& folder, const Run& run,
                  std::size_t shard = 20) {
  using namespace muster::reports;
  ReportOptions plain;
  plain.evidence = "out";
  ReportOptions by_subject = plain;
  by_subject.junit_cases = JunitCases::subject;
  by_subject.junit_shard = shard;
  const muster::RunTimes times = muster::testing::times_of(run);
  ReportOptions timed = plain;
  timed.with_timings = true;
  timed.times = &times;
  struct Wanted {
    const char* format;
    const char* file;
    const ReportOptions* options;
  };
  const Wanted all[] = {{"json", "results.json", &plain},
                        {"html", "report.html", &plain},
                        {"junit", "junit.xml", &plain},
                        {"junit", "junit-timed.xml", &timed},
                        {"junit", "by-subject.xml", &by_subject},
                        {"junit-strict", "junit-strict.xml", &plain},
                        {"junit-strict", "junit-strict-timed.xml", &timed},
                        {"junit-strict", "by-subject-strict.xml", &by_subject}};
  for (const Wanted& wanted : all) {
    const auto written = write_report(files, *find_format(wanted.format), run, *wanted.options,
                                      muster::join_path(folder, wanted.file));
    if (!written) return std::fprintf(stderr, "%s\n", written.error().message.c_str()) < 0;
  }
  for (const Format& format : formats()) {
    const auto written = write_report(files, format, run, plain,
                                      muster::join_path(folder, "formats/" + std::string(format.name)));
    if (!written) return std::fprintf(stderr, "%s\n", written.error().message.c_str()) < 0;
  }
  const auto written = write_output_folder(files, run, times, plain, muster::join_path(folder, "out"));
  if (!written) std::fprintf(stderr, "%s\n", written.error().message.c_str());
  return written.has_value();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: readers_samples FOLDER\n"), 64;
  const auto files = muster::make_os_file_system();
  const std::string out = argv[1];
  using namespace muster::testing;
  const bool done = write_sample(*files, out + "/northwind", northwind()) &&
                    write_sample(*files, out + "/all-passed", all_passed()) &&
                    write_sample(*files, out + "/hostile", hostile()) &&
                    write_sample(*files, out + "/markup", markup()) &&
                    write_sample(*files, out + "/no-rules", RunBuilder().finish()) &&
                    write_sample(*files, out + "/large", large(1000, 12, 3), 5000);
  return done ? 0 : 70;
}
