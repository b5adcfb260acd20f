// `muster check` in-process: where its inputs come from, what it prints and writes, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "cli/progress.h"
#include "cli/support.h"

namespace muster::cli {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> northwind(std::vector<std::string> more) {
  std::vector<std::string> texts{"check", "-c", "northwind/muster.yaml"};
  texts.insert(texts.end(), more.begin(), more.end());
  return texts;
}

std::vector<std::string> below(const MemoryFileSystem& files, const std::string& folder) {
  std::vector<std::string> paths;
  for (const std::string& path : files.paths())
    if (path.starts_with(folder)) paths.push_back(path);
  return paths;
}

TEST(CheckInputs, WithoutAConfigSnapshotAndPolicyAreNeeded) {
  Muster muster;
  const Outcome outcome = muster({"check"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "error[usage]: no snapshot is named, and there is no muster.yaml here\n   = help: give "
            "--snapshot DIR, or "
            "a config with -c FILE\n\n"
            "error[usage]: no policy is named, and there is no muster.yaml here\n   = help: give --policy "
            "FILE, or a "
            "config with -c FILE\n\n2 problems.\n");
}

TEST(CheckInputs, AConfigThatNamesNoSnapshotSaysSo) {
  Muster muster;
  muster.files.add("muster.yaml", "muster: 1\npolicies: [anthropic-baseline]\n");
  const Outcome outcome = muster({"check"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_EQ(outcome.err,
            "error[config.missing_key]: the config names no snapshot\n  --> muster.yaml\n   = help: set "
            "`snapshot:` "
            "there, or give --snapshot DIR\n");
}

TEST(CheckInputs, AMissingConfigIsNamed) {
  Muster muster;
  muster.files.add("muster.yaml", "muster: 1\n");
  const Outcome outcome = muster({"check", "-c", "mustre.yaml"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_THAT(outcome.err, HasSubstr("error[file.not_found]"));
  EXPECT_THAT(outcome.err, HasSubstr("did you mean muster.yaml?"));
}

TEST(CheckInputs, OptionsAloneAreEnough) {
  Muster muster;
  with_northwind(muster);
  const Outcome outcome = muster({"check", "--snapshot", "northwind/snapshot", "--policy",
                                  "anthropic-baseline", "--rule", "keys.max_age", "-q"});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "FAILED  Northwind Engineering: 1 rule: 1 failed (exit code 1)\n");
}

TEST(CheckInputs, TheConfigOfTheCurrentFolderIsTaken) {
  Muster muster;
  muster.add_folder("fixtures/northwind", ".");
  EXPECT_EQ(muster({"check", "-q"}).out,
            "FAILED  Northwind Engineering: 12 rules: 12 failed (exit code 1)\n");
}

TEST(CheckInputs, AnotherRosterKeepsTheColumnsButNotTheDate) {
  Muster muster;
  with_northwind(muster);
  muster.files.add("other.csv", muster.files.read_file("northwind/hr/roster.csv").value());
  const Outcome undated = muster(northwind({"--roster", "other.csv"}));
  EXPECT_EQ(undated.code, 64);
  EXPECT_EQ(undated.err,
            "error[roster.age]: the config allows a roster of at most 7d, and nothing says when other.csv "
            "was exported\n"
            "   = help: give --roster-as-of DATE\n");
  const Outcome dated =
      muster(northwind({"--roster", "other.csv", "--roster-as-of", "2026-11-18", "--report", "json=r.json"}));
  EXPECT_EQ(dated.code, 1) << dated.err;
  const std::string results = muster.files.read_file("r.json").value();
  EXPECT_THAT(results, HasSubstr("\"../other.csv\""));
  EXPECT_THAT(results, HasSubstr("\"2026-11-18\""));
  const Outcome stale = muster(northwind({"--roster", "other.csv", "--roster-as-of", "2026-10-01", "-q"}));
  EXPECT_EQ(stale.code, 3) << stale.err;
}

TEST(CheckInputs, ARosterWhoseFormatNobodyKnowsIsRefused) {
  Muster muster;
  with_northwind(muster);
  EXPECT_EQ(muster(northwind({"--roster", "people.xlsx"})).err,
            "error[usage]: --roster people.xlsx: the name does not say the format\n   = help: it ends in "
            ".csv, .json or "
            ".jsonl; or name the file in the config\n");
  EXPECT_EQ(muster(northwind({"--roster-as-of", "2026-11-18"})).err,
            "error[usage]: --roster-as-of says when the file of --roster was exported, and there is no "
            "--roster\n   = "
            "help: for the config's roster set `as_of:` there\n");
}

TEST(CheckInputs, PathsOfTheCommandLineAreShownFromTheConfigsFolder) {
  Muster muster;
  muster.add_folder("fixtures/northwind", "/data/northwind");
  muster.files.add("/srv/ada/own.yaml", "policy: own\nrules: [keys.max_age]\n");
  const Outcome outcome = muster(
      {"check", "-c", "/data/northwind/muster.yaml", "--policy", "own.yaml", "--report", "json=r.json"});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_THAT(muster.files.read_file("r.json").value(), HasSubstr("\"../../srv/ada/own.yaml\""));
}

TEST(CheckRules, GlobsAndParametersThatFitNothingAreErrors) {
  Muster muster;
  with_northwind(muster);
  const Outcome glob = muster(northwind({"--rule", "keys.*", "--rule", "admins.cuont"}));
  EXPECT_EQ(glob.code, 64);
  EXPECT_EQ(glob.err,
            "error[usage]: --rule admins.cuont: the policies select no such rule\n   = help: did you mean "
            "'admins.count'?\n");
  const Outcome nothing = muster(northwind({"--rule", "kyes.*"}));
  EXPECT_EQ(nothing.code, 2);
  EXPECT_THAT(nothing.out,
              HasSubstr("--rule kyes.*: the policies select no such rule; did you mean 'keys.*'?"));
  EXPECT_EQ(nothing.err, "");
  const Outcome param = muster(northwind({"--param", "keys.max_age.dayz=3"}));
  EXPECT_EQ(param.code, 64);
  EXPECT_THAT(param.err, HasSubstr("dayz"));
  const Outcome type = muster(northwind({"--param", "keys.max_age.days=many"}));
  EXPECT_EQ(type.code, 64);
  EXPECT_THAT(type.err, HasSubstr("many"));
  const Outcome list = muster(
      northwind({"--rule", "keys.no_expiry", "--param", "keys.no_expiry.statuses=[active, inactive]", "-q"}));
  EXPECT_EQ(list.code, 1) << list.err;
}

TEST(CheckRules, ASlipIsAnsweredUnderQuietToo) {
  Muster muster;
  with_northwind(muster);
  const Outcome slip = muster(northwind({"--rule", "keys.no_expirey", "-q"}));
  EXPECT_EQ(slip.code, 2);
  EXPECT_THAT(slip.out, HasSubstr("no rule was selected (exit code 2)\n"));
  EXPECT_EQ(slip.err,
            "--rule keys.no_expirey: the policies select no such rule; did you mean 'keys.no_expiry'?\n");
  const Outcome two = muster(northwind({"--rule", "no_expiry", "--rule", "zzz", "-q"}));
  EXPECT_EQ(two.code, 2);
  EXPECT_EQ(two.err,
            "--rule no_expiry: the policies select no such rule; did you mean 'keys.no_expiry'?\n"
            "--rule zzz: the policies select no such rule; `muster rule list` shows the rules\n");
}

TEST(CheckRules, ARuleThatNoPolicySelectsIsToldApartFromASlip) {
  Muster muster;
  with_northwind(muster);
  muster.files.add("one.yaml", "policy: one\nrules: [keys.no_expiry]\n");
  const auto err_of = [&](const std::string& glob) {
    return muster(northwind({"--policy", "one.yaml", "--rule", glob, "-q"})).err;
  };
  EXPECT_EQ(
      err_of("keys.max_age"),
      "--rule keys.max_age: the policies select no such rule; there is a rule 'keys.max_age', which has to "
      "be selected in a policy\n");
  EXPECT_EQ(
      err_of("admins.cuont"),
      "--rule admins.cuont: the policies select no such rule; did you mean 'admins.count'? It has to be "
      "selected in a policy\n");
}

TEST(CheckRules, TheGateLetsSlightFailuresThrough) {
  Muster muster;
  with_northwind(muster);
  EXPECT_EQ(muster(northwind({"--rule", "invites.pending_age", "-q"})).code, 1);
  const Outcome gated = muster(northwind({"--rule", "invites.pending_age", "--fail-on", "high", "-q"}));
  EXPECT_EQ(gated.code, 0);
  EXPECT_THAT(gated.out, HasSubstr("1 failed below the gate"));
}

TEST(CheckRules, AnotherInstantIsAWhatIf) {
  Muster muster;
  with_northwind(muster);
  const Outcome dated = muster(northwind({"--rule", "keys.max_age", "--as-of", "2026-11-25"}));
  EXPECT_THAT(dated.out, HasSubstr("as of 2026-11-25T00:00:00Z (WHAT-IF"));
  const Outcome now = muster(northwind({"--rule", "keys.max_age", "--as-of", "now"}));
  EXPECT_THAT(now.out, HasSubstr("as of 2026-11-21T12:00:00Z (WHAT-IF"));
  const Outcome same = muster(northwind({"--rule", "keys.max_age", "--as-of", "2026-11-20T09:00:00+01:00"}));
  EXPECT_THAT(same.out, Not(HasSubstr("WHAT-IF")));
}

TEST(CheckOutput, TextGoesToTheOutputAndTimingsBesideIt) {
  Muster muster;
  with_northwind(muster);
  const Outcome plain = muster(northwind({"--rule", "keys.*"}));
  EXPECT_EQ(plain.err, "");
  EXPECT_THAT(plain.out, Not(HasSubstr("\x1b")));
  const Outcome timed = muster(northwind({"--rule", "keys.*", "--timings"}));
  EXPECT_EQ(timed.out, plain.out);
  EXPECT_THAT(timed.err, HasSubstr("evaluate"));
  EXPECT_THAT(timed.err, HasSubstr("rule keys.max_age (CPU)"));
}

TEST(CheckOutput, ColoursATerminalUnlessItIsToldNotTo) {
  Muster muster;
  with_northwind(muster);
  const auto has_colour = [&](const std::vector<std::string>& more) {
    std::vector<std::string> texts = northwind({"--rule", "keys.max_age"});
    texts.insert(texts.end(), more.begin(), more.end());
    return muster(texts).out.find("\x1b[") != std::string::npos;
  };
  EXPECT_FALSE(has_colour({}));
  EXPECT_TRUE(has_colour({"--color", "always"}));
  muster.is_terminal = true;
  EXPECT_TRUE(has_colour({}));
  EXPECT_FALSE(has_colour({"--color", "never"}));
  muster.refuses_colour = true;
  EXPECT_FALSE(has_colour({}));
  EXPECT_TRUE(has_colour({"--color", "always"}));
}

TEST(CheckOutput, QuietAndVerboseExcludeEachOther) {
  Muster muster;
  with_northwind(muster);
  EXPECT_EQ(muster(northwind({"-q", "-v"})).err, "error[usage]: --quiet and --verbose exclude each other\n");
}

TEST(CheckOutput, FilesAreWrittenAndNamed) {
  Muster muster;
  with_northwind(muster);
  const Outcome outcome =
      muster(northwind({"--rule", "keys.max_age", "--out", "out", "--report", "junit=ci/junit.xml",
                        "text=ci/report.txt", "--color", "always"}));
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_THAT(below(muster.files, "out/"),
              ::testing::ElementsAre("out/SHA256SUMS", "out/junit.xml", "out/populations/keys.max_age.csv",
                                     "out/results.json", "out/run.json"));
  EXPECT_THAT(below(muster.files, "ci/"), ::testing::ElementsAre("ci/junit.xml", "ci/report.txt"));
  EXPECT_THAT(outcome.out, EndsWith("\nWritten: ci/junit.xml, ci/report.txt, out/SHA256SUMS, out/junit.xml, "
                                    "out/results.json, out/run.json,\n         out/populations/\n"));
  const std::string text = muster.files.read_file("ci/report.txt").value();
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(muster.files.read_file("ci/junit.xml").value(),
              HasSubstr("../out/populations/keys.max_age.csv"));
}

TEST(CheckOutput, NoFileMayReplaceAnother) {
  Muster muster;
  with_northwind(muster);
  EXPECT_EQ(muster(northwind({"--report", "json=a/x", "--report", "junit=a/./b/../x"})).err,
            "error[usage]: --report junit=a/./b/../x would replace --report json=a/x\n   = help: give it a "
            "path of its "
            "own\n");
  EXPECT_EQ(muster(northwind({"--out", "out", "--report", "json=out/results.json"})).err,
            "error[usage]: --report json=out/results.json would replace a file of --out out\n   = help: give "
            "it a path "
            "of its own\n");
  EXPECT_EQ(muster(northwind({"--report", "text=northwind/waivers.yaml"})).err,
            "error[usage]: --report text=northwind/waivers.yaml would replace an input of this run\n   = "
            "help: give it a "
            "path of its own\n");
  EXPECT_EQ(muster(northwind({"--report", "text=northwind"})).err,
            "error[usage]: --report text=northwind: that is a folder, and a file is wanted\n");
  EXPECT_EQ(muster(northwind({"--out", "northwind/links.yaml"})).err,
            "error[usage]: --out northwind/links.yaml: that is a file, and a folder is wanted\n");
}

TEST(CheckOutput, AFullDiskIsAnErrorWhateverTheVerdict) {
  Muster muster;
  with_northwind(muster);
  const std::vector<std::string> before = muster.files.paths();
  muster.files.fail_writes_after(7'000);
  const Outcome outcome = muster(northwind(
      {"--rule", "invites.pending_age", "--fail-on", "high", "--report", "junit=good.xml", "--out", "out"}));
  EXPECT_EQ(outcome.code, 64);
  EXPECT_THAT(outcome.out, StartsWith("PASSED"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("Written")));
  EXPECT_THAT(outcome.err, StartsWith("error[file.unwritable]: cannot write out/"));
  EXPECT_THAT(outcome.err, EndsWith("Written before that: good.xml.\n"));
  std::vector<std::string> after = before;
  after.insert(std::lower_bound(after.begin(), after.end(), "good.xml"), "good.xml");
  EXPECT_EQ(muster.files.paths(), after);
}

TEST(CheckOutput, ADeniedPlaceIsAnError) {
  Muster muster;
  with_northwind(muster);
  muster.files.deny("out");
  const Outcome outcome = muster(northwind({"--rule", "keys.max_age", "--out", "out"}));
  EXPECT_EQ(outcome.code, 64);
  EXPECT_THAT(outcome.err, StartsWith("error[file.unwritable]: "));
  EXPECT_THAT(outcome.err, EndsWith("Nothing was written.\n"));
}

TEST(CheckEnd, AnInterruptedRunWritesNothing) {
  Muster muster;
  with_northwind(muster);
  muster.is_interrupted = true;
  const Outcome outcome = muster(northwind({"--out", "out"}));
  EXPECT_EQ(outcome.code, 130);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "muster: interrupted\n");
  EXPECT_THAT(below(muster.files, "out"), IsEmpty());
}

/// The user loses patience when a file of that name is begun.
class Impatient final : public FileSystem {
 public:
  Impatient(FileSystem& files, std::atomic<bool>& flag, std::string name)
      : files_(files), flag_(flag), name_(std::move(name)) {}
  Result<std::unique_ptr<RandomAccessFile>> open(const std::string& path) const override {
    return files_.open(path);
  }
  Result<std::unique_ptr<FileWriter>> create(const std::string& path) override {
    if (file_name(path) == name_) flag_ = true;
    return files_.create(path);
  }
  Result<std::vector<std::string>> list(const std::string& folder) const override {
    return files_.list(folder);
  }
  FileKind kind(const std::string& path) const override { return files_.kind(path); }
  Status make_folders(const std::string& folder) override { return files_.make_folders(folder); }
  Status rename(const std::string& from, const std::string& to) override { return files_.rename(from, to); }
  Status remove_all(const std::string& path) override { return files_.remove_all(path); }

 private:
  FileSystem& files_;
  std::atomic<bool>& flag_;
  std::string name_;
};

TEST(CheckEnd, InterruptedWhileWritingTheOldFilesStay) {
  Muster muster;
  with_northwind(muster);
  EXPECT_EQ(muster(northwind({"--rule", "keys.max_age", "--out", "out"})).code, 1);
  std::vector<std::string> before = muster.files.paths();
  const std::string results = muster.files.read_file("out/results.json").value();
  for (const char* name : {"results.json", "junit.xml", "keys.max_age.csv", "run.json", "SHA256SUMS"}) {
    SCOPED_TRACE(name);
    muster.is_interrupted = false;
    Impatient impatient(muster.files, muster.is_interrupted, name);
    const Outcome outcome = muster.with(impatient, northwind({"--out", "out"}));
    EXPECT_EQ(outcome.code, 130);
    EXPECT_EQ(outcome.err.substr(outcome.err.size() - 20), "muster: interrupted\n");
    EXPECT_EQ(muster.files.paths(), before);
    EXPECT_EQ(muster.files.read_file("out/results.json").value(), results);
  }
}

class Broken final : public FileSystem {
 public:
  explicit Broken(std::function<void()> fail) : fail_(std::move(fail)) {}
  Result<std::unique_ptr<RandomAccessFile>> open(const std::string&) const override { return refuse(); }
  Result<std::unique_ptr<FileWriter>> create(const std::string&) override { return refuse(); }
  Result<std::vector<std::string>> list(const std::string&) const override { return refuse(); }
  FileKind kind(const std::string&) const override { return FileKind::file; }
  Status make_folders(const std::string&) override { return refuse(); }
  Status rename(const std::string&, const std::string&) override { return refuse(); }
  Status remove_all(const std::string&) override { return refuse(); }

 private:
  [[nodiscard]] tl::unexpected<Error> refuse() const {
    fail_();
    return fail(ErrorCode::internal, "unreachable");
  }
  std::function<void()> fail_;
};

TEST(CheckEnd, ADefectIsReportedAsOne) {
  Muster muster;
  Broken broken([] { throw std::logic_error("the sky fell"); });
  const Outcome outcome = muster.with(broken, {"check"});
  EXPECT_EQ(outcome.code, 70);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "error[internal]: the sky fell\n   = help: this is a bug in muster: please report it with the "
            "command line "
            "and `muster --version`\n");
  Broken full([] { throw std::bad_alloc(); });
  EXPECT_THAT(muster.with(full, {"check"}).err, StartsWith("error[internal]: muster ran out of memory\n"));
  Broken odd([] { throw 42; });
  EXPECT_EQ(muster.with(odd, {"check"}).code, 70);
}

TEST(CheckProgress, IsShownToATerminalAfterASecond) {
  FakeClock clock{Instant{0}};
  MemoryFileSystem files;
  std::atomic<bool> is_interrupted{false};
  StringSink out, err;
  Console console{out, err};
  console.err_is_terminal = true;
  Environment environment{files, clock, console, "/", is_interrupted};
  {
    Progress progress(environment);
    progress.show("evaluate", 1, 200);
    EXPECT_EQ(err.text(), "");
    clock.advance(1'500'000);
    progress.show("evaluate", 100, 200);
    clock.advance(50'000);
    progress.show("evaluate", 110, 200);
    EXPECT_EQ(err.text(), "\revaluate  50 %");
  }
  EXPECT_EQ(err.text(), "\revaluate  50 %\r" + std::string(14, ' ') + "\r");
  is_interrupted = true;
  Progress progress(environment);
  EXPECT_THROW(progress.show("evaluate", 1, 2), Interrupted);
  EXPECT_EQ(out.text(), "");
}

TEST(CheckProgress, IsNotShownToAFile) {
  FakeClock clock{Instant{0}};
  MemoryFileSystem files;
  const std::atomic<bool> is_interrupted{false};
  StringSink out, err;
  Console console{out, err};
  Environment environment{files, clock, console, "/", is_interrupted};
  Progress progress(environment);
  clock.advance(5'000'000);
  progress.show("evaluate", 1, 2);
  EXPECT_EQ(err.text(), "");
}

}  // namespace
}  // namespace muster::cli
