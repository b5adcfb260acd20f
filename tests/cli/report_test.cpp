// `muster report` and `muster report merge` in-process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "cli/support.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A run in out/, with a report that `check` made of it in check.md.
void with_run(Muster& muster) {
  with_northwind(muster);
  ASSERT_EQ(muster({"check", "-c", "northwind/muster.yaml", "--out", "out", "--report", "markdown=check.md",
                    "--report", "oscal=check.json"})
                .code,
            1);
}

std::string read(const Muster& muster, const std::string& path) {
  return muster.files.read_file(path).value_or("");
}

/// The results of another organization, in a folder without SHA256SUMS.
void with_south(Muster& muster) {
  std::string text = read(muster, "out/results.json");
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  };
  replace("6f0c1a57-8d1e-4c43-9b56-2f7f3a90c4de", "00000000-8d1e-4c43-9b56-2f7f3a90c4de");
  replace("\"organization\": \"Northwind Engineering\"", "\"organization\": \"South Wind\"");
  muster.files.add("south/results.json", text);
}

TEST(Report, RendersWhatCheckRendered) {
  Muster muster;
  with_run(muster);
  EXPECT_EQ(muster({"report", "out", "--format", "markdown=later.md", "oscal=later.json"}).code, 0);
  EXPECT_EQ(read(muster, "later.md"), read(muster, "check.md"));
  EXPECT_EQ(read(muster, "later.json"), read(muster, "check.json"));
  const Outcome shown = muster({"report", "out", "-f", "markdown"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_EQ(shown.err, "");
  EXPECT_THAT(shown.out, StartsWith("# ❌ `Northwind Engineering`: failed\n"));
  EXPECT_EQ(muster({"report", "out/results.json", "-f", "markdown"}).out, shown.out);
}

TEST(Report, RefusesResultsThatWereChanged) {
  Muster muster;
  with_run(muster);
  std::string text = read(muster, "out/results.json");
  text += " ";
  muster.files.add("out/results.json", text);
  for (const char* run : {"out", "out/results.json"}) {
    const Outcome outcome = muster({"report", run, "-f", "json=x.json"});
    EXPECT_EQ(outcome.code, 65);
    EXPECT_EQ(
        outcome.err,
        "error[evidence.input]: out/results.json is not the file that out/SHA256SUMS lists\n   = help: it "
        "was changed after the run; run `muster check` again\n");
    EXPECT_EQ(read(muster, "x.json"), "");
  }
  muster.files.add("out/SHA256SUMS", "");
  EXPECT_EQ(muster({"report", "out", "-f", "json=x.json"}).code, 65);
}

TEST(Report, SaysWhatIsWrongWithTheCall) {
  Muster muster;
  with_run(muster);
  const auto error = [&](const std::vector<std::string>& texts) {
    const Outcome outcome = muster(texts);
    EXPECT_EQ(outcome.code, 64);
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_THAT(error({"report", "out"}),
              StartsWith("error[usage]: no report is named\n   = help: give --format"));
  EXPECT_THAT(error({"report", "out", "-f", "markdwon"}), HasSubstr("did you mean markdown?"));
  EXPECT_EQ(
      error({"report", "out", "-f", "json", "-f", "text"}),
      "error[usage]: two reports would be mixed on the standard output\n   = help: give them paths, as in "
      "--format junit=junit.xml\n");
  EXPECT_EQ(
      error({"report", "out", "-f", "text=out/results.json"}),
      "error[usage]: --format text=out/results.json would replace the results or another report\n   = help: "
      "give it a path of its own\n");
  EXPECT_EQ(
      error({"report", "gone", "-f", "text"}),
      "error[file.not_found]: there is no gone\n   = help: a run's folder is made by `muster check --out "
      "DIR`\n");
  EXPECT_THAT(error({"report", "northwind/muster.yaml", "-f", "text"}),
              HasSubstr("error[json.syntax]: this is no result of muster: "));
}

TEST(ReportMerge, JoinsOrganizationsAndKeepsThemApart) {
  Muster muster;
  with_run(muster);
  with_south(muster);
  const Outcome merged = muster({"report", "merge", "out", "south", "--out", "all"});
  EXPECT_EQ(merged.code, 1) << merged.err;
  EXPECT_EQ(merged.out,
            "FAILED  South Wind, Northwind Engineering: 24 rules: 24 failed (exit code 1)\nWritten: all\n");
  // Whoever is named first: the same bytes.
  ASSERT_EQ(muster({"report", "merge", "south/results.json", "out", "--out", "again"}).code, 1);
  EXPECT_EQ(read(muster, "again/results.json"), read(muster, "all/results.json"));

  const json::Value one = json::parse(read(muster, "out/results.json")).value();
  const json::Value all = json::parse(read(muster, "all/results.json")).value();
  const json::Array& rules = *all.find("rules")->array();
  ASSERT_EQ(rules.size(), 2 * one.find("rules")->array()->size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const json::Value& alone = (*one.find("rules")->array())[i % 12];
    for (const char* verdict : {"pass", "fail", "waived", "unknown", "error"})
      EXPECT_EQ(*rules[i].find("counts")->find(verdict), *alone.find("counts")->find(verdict));
    EXPECT_EQ(*rules[i].find("policy")->string(),
              std::string(i < 12 ? "south-wind" : "northwind-engineering") + "/anthropic-baseline");
  }
  std::size_t due = 0;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const json::Value& alone = (*one.find("rules")->array())[i % 12];
    if (alone.find("due") == nullptr) continue;
    const json::Array& before = *alone.find("due")->array();
    const json::Array& after = *rules[i].find("due")->array();
    ASSERT_EQ(after.size(), before.size());
    const json::Value& kind = *one.find("subjects")->find(*alone.find("subject")->string());
    const auto shift = i < 12 ? 0 : static_cast<std::int64_t>(kind.find("id")->array()->size());
    for (std::size_t k = 0; k < before.size(); ++k, ++due) {
      EXPECT_EQ(*(*after[k].array())[0].integer(), *(*before[k].array())[0].integer() + shift);
      EXPECT_EQ((*after[k].array())[1], (*before[k].array())[1]);
    }
  }
  EXPECT_GT(due, 0u);
  const json::Array& ids = *all.find("subjects")->find("user")->find("id")->array();
  EXPECT_THAT(*ids.front().string(), StartsWith("south-wind/user_"));
  EXPECT_THAT(*ids.back().string(), StartsWith("northwind-engineering/user_"));
  const json::Array& controls = *all.find("controls")->array();
  // Those that are attested only stay behind, as the attestations do.
  json::Array alone;
  for (const json::Value& control : *one.find("controls")->array())
    if (!control.find("rules")->array()->empty()) alone.push_back(control);
  ASSERT_LT(alone.size(), one.find("controls")->array()->size());
  EXPECT_EQ(all.find("attestations")->array()->size(), 0U);
  ASSERT_EQ(controls.size(), alone.size());
  for (std::size_t i = 0; i < controls.size(); ++i) {
    EXPECT_EQ(*controls[i].find("id")->string(), *alone[i].find("id")->string());
    EXPECT_EQ(controls[i].find("rules")->array()->size(), 2 * alone[i].find("rules")->array()->size());
    EXPECT_EQ(*controls[i].find("counts")->find("fail")->integer(),
              2 * *alone[i].find("counts")->find("fail")->integer());
  }
  // It is read back by its own reader, and rendered from it with names that occur once.
  const Outcome junit = muster({"report", "all", "-f", "junit"});
  EXPECT_EQ(junit.code, 0) << junit.err;
  EXPECT_THAT(junit.out,
              HasSubstr("<testcase name=\"keys.max_age\" classname=\"south-wind/anthropic-baseline\""));
  EXPECT_THAT(junit.out,
              HasSubstr("<testcase name=\"keys.max_age (northwind-engineering/anthropic-baseline)\""));
}

TEST(ReportMerge, RefusesWhatDoesNotGoTogether) {
  Muster muster;
  with_run(muster);
  with_south(muster);
  const auto error = [&](const std::vector<std::string>& texts) {
    const Outcome outcome = muster(texts);
    EXPECT_EQ(outcome.code, 64) << outcome.out;
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_EQ(error({"report", "merge", "out", "south"}),
            "error[usage]: no folder is named for the result\n   = help: give --out DIR\n");
  EXPECT_EQ(error({"report", "merge", "out", "--out", "all"}),
            "error[evidence.unfit]: at least two runs are merged\n");
  EXPECT_EQ(
      error({"report", "merge", "out", "out/results.json", "--out", "all"}),
      "error[evidence.unfit]: out and out/results.json are of one organization, Northwind Engineering\n   = "
      "help: give one run for each organization\n");
  EXPECT_EQ(error({"report", "merge", "out", "south", "--out", "south"}),
            "error[usage]: --out south would replace the run south\n   = help: give a folder of its own\n");
  ASSERT_EQ(muster({"report", "merge", "out", "south", "--out", "all"}).code, 1);
  EXPECT_EQ(error({"report", "merge", "all", "south", "--out", "more"}),
            "error[evidence.unfit]: all is itself merged\n   = help: merge the runs that it was made of\n");
  EXPECT_EQ(
      error({"bundle", "all", "-o", "all.tar.gz"}),
      "error[evidence.unfit]: the run was merged from those of several organizations, and has no snapshot "
      "of its own\n   = help: bundle each of the runs\n");
  std::string newer = read(muster, "south/results.json");
  newer.replace(newer.find("\"muster_results\": 1"), 19, "\"muster_results\": 2");
  muster.files.add("south/results.json", newer);
  EXPECT_THAT(error({"report", "merge", "out", "south", "--out", "more"}),
              HasSubstr("error[results.format]"));
  EXPECT_THAT(muster.files.paths(), Not(::testing::Contains(StartsWith("more/"))));
}

TEST(ReportMerge, AddsUpWhatBaselinesKnewAndWantsThemForAllOrNone) {
  Muster muster;
  with_run(muster);
  muster.files.add("base.json", read(muster, "out/results.json"));
  with_south(muster);
  const Outcome mixed_with = [&] {
    EXPECT_EQ(
        muster({"check", "-c", "northwind/muster.yaml", "--out", "out", "--baseline", "base.json"}).code, 0);
    return muster({"report", "merge", "south", "out", "--out", "all"});
  }();
  EXPECT_EQ(mixed_with.code, 64);
  EXPECT_EQ(mixed_with.err,
            "error[evidence.unfit]: out was held against a baseline, and south was not\n   = help: run "
            "`muster check` with --baseline for all of them, or for none\n");
  with_south(muster);
  const Outcome merged = muster({"report", "merge", "south", "out", "--out", "all"});
  EXPECT_EQ(merged.code, 0) << merged.err;
  const json::Value one = json::parse(read(muster, "out/results.json")).value();
  const json::Value all = json::parse(read(muster, "all/results.json")).value();
  const auto known = [](const json::Value& results) {
    return *results.find("run")->find("baseline")->find("still_failing")->integer();
  };
  EXPECT_GT(known(one), 10);
  EXPECT_EQ(known(all), 2 * known(one));
  // One that fails makes all of it fail, and what was known stays known.
  std::string failing = read(muster, "south/results.json");
  failing.replace(failing.find("\"code\": 0"), 9, "\"code\": 1");
  failing.replace(failing.find("\"words\": \"passed\""), 17, "\"words\": \"failed\"");
  muster.files.add("south/results.json", failing);
  EXPECT_EQ(muster({"report", "merge", "south", "out", "--out", "all"}).code, 1);
  EXPECT_EQ(muster({"report", "all", "--format", "json=again.json"}).code, 0);
  EXPECT_EQ(read(muster, "again.json"), read(muster, "all/results.json"));
}

TEST(ReportMerge, JoinsOtherInstantsAndVersionsAndNamesThem) {
  Muster muster;
  with_run(muster);
  with_south(muster);
  std::string text = read(muster, "south/results.json");
  const auto replace = [&](const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  const json::Value run = *json::parse(text).value().find("run");
  const std::string as_of = *run.find("as_of")->string(), version = *run.find("tool_version")->string();
  replace("\"as_of\": \"" + as_of, "\"as_of\": \"2026-10-01T00:00:00Z");
  replace("\"tool_version\": \"" + version, "\"tool_version\": \"0.0.1");
  muster.files.add("south/results.json", text);
  ASSERT_EQ(muster({"report", "merge", "south", "out", "--out", "all"}).code, 1);
  const std::string all = read(muster, "all/results.json");
  EXPECT_EQ(*json::parse(all).value().find("run")->find("as_of")->string(), "2026-10-01T00:00:00Z");
  EXPECT_THAT(all, HasSubstr("as of 2026-10-01T00:00:00Z, snapshot"));
  EXPECT_THAT(all, HasSubstr("muster 0.0.1: failed"));
  EXPECT_THAT(all, HasSubstr("muster " + version + ": failed"));
}

TEST(ReportMerge, RefusesGatesThatDiffer) {
  Muster muster;
  with_northwind(muster);
  static_cast<void>(
      muster({"check", "-c", "northwind/muster.yaml", "--out", "out", "--fail-on", "critical"}));
  with_south(muster);
  static_cast<void>(muster({"check", "-c", "northwind/muster.yaml", "--out", "out"}));
  const Outcome refused = muster({"report", "merge", "south", "out", "--out", "all"});
  EXPECT_EQ(refused.code, 64);
  EXPECT_EQ(refused.err,
            "error[evidence.unfit]: south has the gate critical, and out has the gate info\n   = help: run "
            "`muster check` with one --fail-on for all\n");
}

TEST(ReportMerge, SaysTheGateOfEachPolicyWhereOneRunHasSeveral) {
  Muster muster;
  with_run(muster);
  with_south(muster);
  muster.files.add("lax.yaml",
                   "policy: lax\nfail_on: critical\nrules: [{rule: keys.no_expiry, as: lax.expiry}]\n");
  static_cast<void>(muster({"check", "-c", "northwind/muster.yaml", "--policy", "anthropic-baseline",
                            "--policy", "lax.yaml", "--out", "out"}));
  static_cast<void>(muster({"report", "merge", "south", "out", "--out", "all"}));
  const json::Value all = json::parse(read(muster, "all/results.json")).value();
  std::string gates;
  for (const json::Value& policy : *all.find("policies")->array())
    gates += *policy.find("id")->string() + "=" + *policy.find("fail_on")->string() + " ";
  EXPECT_EQ(gates,
            "south-wind/anthropic-baseline=info northwind-engineering/anthropic-baseline=info "
            "northwind-engineering/lax=critical ");

  static_cast<void>(muster({"check", "-c", "northwind/muster.yaml", "--out", "strict", "--fail-on", "high"}));
  std::string text = read(muster, "strict/results.json");
  muster.files.add("other/results.json", text.replace(text.find("6f0c1a57"), 8, "00000001"));
  EXPECT_EQ(
      muster({"report", "merge", "other", "out", "--out", "more"}).err,
      "error[evidence.unfit]: other has the gate high, and out has a gate of its own for each policy\n   = "
      "help: run `muster check` with one --fail-on for all\n");
}

TEST(ReportMerge, SaysInWordsHowFarAheadEachLooks) {
  Muster muster;
  with_run(muster);
  with_south(muster);
  const auto looks_ahead = [&](const std::string& path, const std::string& id, const std::string& within) {
    std::string text = read(muster, "south/results.json");
    text.replace(text.find("00000000-"), 8, id);
    text.replace(text.find("\"due_within\": \"14d\""), 19, "\"due_within\": \"" + within + "\"");
    muster.files.add(path + "/results.json", text);
  };
  looks_ahead("east", "00000001", "30d");
  looks_ahead("west", "00000002", "14d");
  ASSERT_EQ(muster({"report", "merge", "out", "west", "--out", "same"}).code, 1);
  EXPECT_THAT(read(muster, "same/results.json"), HasSubstr("\"due_within\": \"14d\""));
  ASSERT_EQ(muster({"report", "merge", "out", "west", "south", "east", "--out", "all"}).code, 1);
  EXPECT_THAT(read(muster, "all/results.json"),
              HasSubstr("\"due_within\": \"14d or 30d (by organization)\""));
  EXPECT_THAT(
      muster({"report", "all", "-f", "text"}).out,
      HasSubstr("pass now and will fail within 14d or 30d (by organization) unless something changes:"));
}

TEST(ReportMerge, TakesWhatIfsWhenToldAndSaysSo) {
  Muster muster;
  with_northwind(muster);
  static_cast<void>(
      muster({"check", "-c", "northwind/muster.yaml", "--out", "out", "--as-of", "2026-11-25"}));
  with_south(muster);
  const Outcome refused = muster({"report", "merge", "out", "south", "--out", "all"});
  EXPECT_EQ(refused.code, 64);
  EXPECT_THAT(refused.err, HasSubstr("is a what-if"));
  EXPECT_NE(muster({"report", "merge", "out", "south", "--with-what-ifs", "--out", "all"}).code, 64);
  EXPECT_THAT(read(muster, "all/results.json"), HasSubstr("\"what_if\": true"));
}

}  // namespace
}  // namespace muster::cli
