#include "reports/report.h"

#include <set>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "reports/populations.h"
#include "reports/support.h"
#include "reports/words.h"

namespace muster::reports {
namespace {

using muster::testing::RunBuilder;
using muster::testing::Say;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Formats, AreFoundByNameAndSorted) {
  std::vector<std::string_view> names;
  for (const Format& format : formats()) {
    names.push_back(format.name);
    EXPECT_EQ(find_format(format.name), &format);
    EXPECT_FALSE(format.description.empty());
  }
  EXPECT_THAT(names, ElementsAre("csv", "ctrf", "github", "hdf", "html", "json", "junit", "junit-strict",
                                 "markdown", "ocsf", "oscal", "sarif", "text"));
  EXPECT_EQ(find_format("xml"), nullptr);
}

TEST(Formats, AreDeterministicAndValidUtf8) {
  ReportOptions options;
  options.verbose = true;
  for (auto make : all_runs()) {
    for (const Format& format : formats()) {
      const std::string once = only_file(format.name.data(), make(), options);
      EXPECT_TRUE(once == only_file(format.name.data(), make(), options)) << format.name;
      EXPECT_TRUE(is_valid_utf8(once)) << format.name;
    }
  }
}

// --- html ---

TEST(Html, IsOneQuietFileWhoseTextStaysText) {
  for (auto make : all_runs()) {
    const std::string page = only_file("html", make());
    EXPECT_EQ(count(page, "<style>"), 1u);
    EXPECT_EQ(count(page, "</style>"), 1u);
    EXPECT_EQ(count(page, "<script"), 1u);
    EXPECT_EQ(count(page, "</script>"), 1u);
    for (const char* bad : {"src=", "url(", "@import", " style=", " onerror", "<img", "<link", "innerHTML",
                            "eval(", "fetch("}) {
      // A hostile name may hold the word, never the markup: every `<` and quote of a text is escaped.
      if (make().organization.starts_with("Northwind")) {
        EXPECT_EQ(count(page, bad), 0u) << bad;
      }
    }
    EXPECT_EQ(count(page, "<img"), 0u);
    EXPECT_EQ(count(page, "\u202E"), 0u);  // an override that turns text around is shown, not obeyed
    std::set<std::string> ids;
    for (std::size_t at = page.find(" id=\""); at != std::string::npos; at = page.find(" id=\"", at + 1))
      EXPECT_TRUE(ids.insert(page.substr(at + 5, page.find('"', at + 5) - at - 5)).second);
    for (std::size_t at = page.find("href=\""); at != std::string::npos; at = page.find("href=\"", at + 1)) {
      ASSERT_EQ(page[at + 6], '#');
      EXPECT_TRUE(ids.contains(page.substr(at + 7, page.find('"', at + 7) - at - 7)));
    }
  }
}

TEST(Html, AllowsItsOwnStyleAndScriptByDigest) {
  const std::string page = only_file("html", testing::northwind());
  for (const auto& [element, directive] :
       {std::pair("style", "style-src"), std::pair("script", "script-src")}) {
    const std::string begin = fmt::format("<{}>", element), end = fmt::format("</{}>", element);
    const std::size_t from = page.find(begin) + begin.size();
    const std::string text = page.substr(from, page.find(end) - from);
    EXPECT_THAT(page, HasSubstr(fmt::format("{} 'sha256-{}'", directive, to_base64(sha256_bytes(text)))));
  }
  EXPECT_THAT(page, HasSubstr("default-src 'none'; "));
}

// A rule that fails for everybody takes no room from those after it, and the page says what it leaves out.
TEST(Html, ShowsSomeOfManyFindingsAndSaysWhereTheRestIs) {
  ReportOptions options;
  options.evidence = ".";
  const muster::Run run = testing::large(10'000, 60, 1);
  const std::string page = only_file("html", run, options);
  EXPECT_LT(page.size(), 2'000'000u);
  EXPECT_EQ(count(page, "<table class=\"findings\">"), 60u);
  std::size_t shown = 0, left_out = 0;
  for (std::size_t at = page.find("<tr id=\"finding-"); at != std::string::npos;
       at = page.find("<tr id=\"finding-", at + 1))
    ++shown;
  for (std::size_t at = page.find("<strong>"); at != std::string::npos; at = page.find("<strong>", at + 1)) {
    const std::size_t end = page.find("</strong>", at);
    const std::string text = page.substr(at + 8, end - at - 8);
    if (text.ends_with(" more") && page.substr(end, 24) == "</strong> in populations")
      left_out += std::stoul(text);
  }
  EXPECT_GT(shown, 2000u);
  EXPECT_EQ(shown + left_out, 600'000u);
  const std::string subjects = page.substr(page.find("<section id=\"by-subject\""));
  const std::size_t listed = count(subjects, "<tr><th scope=\"row\"><bdi>");
  EXPECT_GT(listed, 50u);
  EXPECT_THAT(subjects, HasSubstr(fmt::format("<strong>{} more</strong> in results.json", 10'000 - listed)));
}

// Whatever the tenant decides the length of.
TEST(Html, StaysSmallWhateverIsLong) {
  muster::Run run = testing::large(300, 60, 1);
  const std::string text(5000, 'x');
  for (RuleResult& rule : run.rules) {
    rule.title = rule.why = rule.fix = text;
    for (int i = 0; i < 30; ++i) rule.controls.push_back({"soc2", fmt::format("CC{}", i)});
    for (Finding& finding : rule.findings) finding.reason = text;
  }
  for (int i = 0; i < 5000; ++i) {
    run.waivers.push_back({fmt::format("W-{}", i), "r", text, "a", "", "", "", "", "unused", 0});
    run.inputs.push_back({"rule", text, std::string(64, 'a'), 1});
    run.notices.push_back({"n", text});
    run.datasets[0].warnings.push_back(text);
  }
  EXPECT_LT(only_file("html", run).size(), 3'000'000u);
}

// --- csv ---

TEST(Csv, HasARowForEachFindingAndNoFormula) {
  for (auto make : all_runs()) {
    const muster::Run run = make();
    std::size_t rows = 1;
    for (const RuleResult& rule : run.rules)
      rows += rule.findings.size() + (rule.whole ? 1 : 0) + (rule.undecided.empty() ? 0 : 1);
    const std::string table = only_file("csv", run);
    EXPECT_EQ(count(table, "\r\n"), rows);
    for (const char* start : {",=", ",+", ",-", ",@", ",\"=", ",\"+", ",\"-", ",\"@"})
      EXPECT_EQ(count(table, start), 0u) << start;
  }
}

// --- text ---

TEST(Text, SaysTheVerdictFirst) {
  ReportOptions quiet;
  quiet.quiet = true;
  quiet.verbose = true;
  const auto first = [&](muster::Run run, ExitCode exit) {
    run.exit = exit;
    return only_file("text", run, quiet);
  };
  EXPECT_EQ(first(testing::northwind(), ExitCode::failed_and_undecided),
            "FAILED AND UNDECIDED  Northwind: 13 rules: 3 failed, 4 undecided, 1 failed below the gate, 1 "
            "unknown and only reported, 2 passed, 3 skipped (nothing to judge) (exit code 3)\n");
  EXPECT_EQ(first(testing::all_passed(), ExitCode::ok),
            "PASSED  Northwind: 2 rules: 2 passed (exit code 0)\n");
  EXPECT_EQ(first(testing::large(4, 1, 2), ExitCode::failed),
            "FAILED  Northwind: 1 rule: 1 failed (exit code 1)\n");
  EXPECT_EQ(first(RunBuilder().finish(), ExitCode::undecided),
            "UNDECIDED  Northwind: no rule was selected (exit code 2)\n");
}

TEST(Text, CapsSubjectsUnlessVerbose) {
  const muster::Run run = testing::large(100, 1, 2);
  const std::string text = only_file("text", run);
  EXPECT_EQ(count(text, "    - person"), 20u);
  EXPECT_THAT(text, HasSubstr("    and 30 more: --verbose lists all\n"));
  ReportOptions verbose;
  verbose.verbose = true;
  const std::string all = only_file("text", run, verbose);
  EXPECT_EQ(count(all, "    - person"), 50u);
  EXPECT_THAT(all, HasSubstr("    50 pass: active on the roster\n    50 fail: left on 2026-10-01\n"));
  EXPECT_THAT(all, HasSubstr(std::string(64, 'c')));
}

TEST(Text, NeverLetsDataControlTheTerminal) {
  ReportOptions options;
  options.verbose = true;
  for (auto make : all_runs()) {
    const std::string text = only_file("text", make(), options);
    for (char c : text)
      ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << static_cast<int>(c);
    for (const char* hidden : {"\u202E", "\u2028", "\u200B", "\xC2\x85", "\x7F"})
      EXPECT_EQ(text.find(hidden), std::string::npos);
    EXPECT_LT(text.size(), 200'000u);
    ReportOptions coloured = options;
    coloured.colour = true;
    EXPECT_NE(only_file("text", make(), coloured).find("\x1b["), std::string::npos);
  }
}

TEST(Text, GivesNoCommandsToTheSystemThatReadsTheLog) {
  RunBuilder b;
  b.subjects(SubjectKind::user, {{"u1", "##vso[task.setvariable variable=x]y"}, {"u2", "###[error] a"}});
  const std::string words(90, 'w');
  b.rule("access", "a", Severity::high, SubjectKind::user, "::set-output name=x::y",
         {Say{Verdict::fail, "::error::" + words + " ::stop-commands::z"}});
  const std::string text = only_file("text", b.finish());
  for (const char* command : {"##vso[", "##[", "\n::", " ::error", "  ::stop", "  ::set"})
    EXPECT_THAT(text, Not(HasSubstr(command)));
  EXPECT_THAT(text, HasSubstr("\n  \\::set-output name=x::y\n"));
  EXPECT_THAT(text, HasSubstr("    - #\\#vso[task.setvariable variable=x]y (u1)\n      \\::error::"));
  EXPECT_THAT(text, HasSubstr("\n      \\::stop-commands::z\n"));
  EXPECT_THAT(text, HasSubstr("    - #\\#\\#[error] a (u2)\n"));
}

TEST(Text, KeepsToTheWidth) {
  ReportOptions options;
  options.evidence = ".";
  for (std::size_t width : {80u, 100u, 140u}) {
    options.width = width;
    const std::string text = only_file("text", testing::northwind(), options);
    std::size_t line_number = 0;
    for (std::size_t begin = 0; begin < text.size(); ++line_number) {
      const std::size_t end = text.find('\n', begin);
      // The first line is one that scripts cut out; it is never wrapped. A table needs its columns.
      if (line_number > 0 && width >= 100) {
        EXPECT_LE(display_width(std::string_view(text).substr(begin, end - begin)), width)
            << text.substr(begin, end - begin);
      }
      begin = end + 1;
    }
  }
}

TEST(Text, SaysWhatTheResultStandsOn) {
  const std::string text = only_file("text", testing::all_passed());
  EXPECT_THAT(text, HasSubstr("roster    hr/roster.csv: 310 persons, complete, age not checked\n"));
  EXPECT_THAT(text, HasSubstr("completeness declared by the importer,\n            not observed\n"));
  muster::Run what_if = testing::all_passed();
  what_if.what_if = true;
  what_if.as_of.us += kMicrosPerDay;
  what_if.nondeterministic = true;
  const std::string other = only_file("text", what_if);
  EXPECT_THAT(other,
              HasSubstr("as of 2026-11-21T08:00:00Z (WHAT-IF: the snapshot is of 2026-11-20T08:00:00Z)"));
  EXPECT_THAT(other, HasSubstr("A limit on wall time decided something"));
}

// --- populations ---

TEST(Csv, MakesEveryCellHarmless) {
  const std::pair<std::string_view, std::string_view> cells[] = {
      {"", ""},
      {"plain text", "plain text"},
      {"a,b", "\"a,b\""},
      {"say \"hi\"", "\"say \"\"hi\"\"\""},
      {"=1+1", "'=1+1"},
      {"+1", "'+1"},
      {"-1", "'-1"},
      {"@SUM(A1,B1)", "\"'@SUM(A1,B1)\""},
      {"\tx", "'\\tx"},
      {"\rx", "'\\u{D}x"},
      {"two\nlines", "two\\nlines"},
      {" space", "\" space\""},
      {"space ", "\"space \""},
      {"\x01", "\\u{1}"},
      {"\xFF", "\\x{FF}"},
      {"Ó Briain", "Ó Briain"},
      {"a=b", "a=b"},
      {"\"", "\"\"\"\""},
  };
  for (const auto& [text, wanted] : cells) {
    std::string cell;
    append_csv_cell(cell, text);
    EXPECT_EQ(cell, wanted) << text;
  }
}

TEST(Csv, ListsEverySubjectWithItsVerdict) {
  const muster::Run run = testing::northwind();
  struct Memory final : Output {
    void begin_file(std::string_view) override {}
    void write(std::string_view more) override { bytes += more; }
    std::string bytes;
  };
  const auto csv = [&](std::size_t rule) {
    Memory out;
    render_population(run, run.rules[rule], out);
    return out.bytes;
  };
  EXPECT_EQ(csv(7),
            "kind,id,label,verdict,reason\r\napi_key,apikey_01A,production,pass,\r\napi_key,apikey_01B,batch,"
            "fail,never expires\r\napi_key,apikey_01C,laptop,pass,\r\n"
            "api_key,apikey_01D,old batch,waived,never "
            "expires\r\napi_key,apikey_01E,archived,not_applicable,status is archived\r\n");
  EXPECT_EQ(csv(5), "kind,id,label,verdict,reason\r\n");
  EXPECT_EQ(csv(6),
            "kind,id,label,verdict,reason\r\nnonhuman,ci-bot,ci-bot,unknown,roster hr/contractors.csv is "
            "stale: 2026-10-30 is older than 7d\r\n"
            "nonhuman,deployer,deployer,unknown,roster hr/contractors.csv is stale: 2026-10-30 is older than "
            "7d\r\n");
}

TEST(Csv, NamesFilesSafelyAndUniquely) {
  RunBuilder b;
  b.subjects(SubjectKind::user, {});
  for (const char* as :
       {"keys.max_age", "Keys.Max_Age", "../../escape", "a/b", "a\\b", "", "..", "ключ", "con\x01"})
    b.rule("access", as, Severity::high, SubjectKind::user, "", {});
  b.rule("other", "keys.max_age", Severity::high, SubjectKind::user, "", {});
  b.rule("other", std::string(300, 'x'), Severity::high, SubjectKind::user, "", {});
  EXPECT_THAT(population_files(b.run),
              ElementsAre("keys.max_age.csv", "access.Keys.Max_Age.csv", "_._.._escape.csv", "a_b.csv",
                          "access.a_b.csv", "_.csv", "_..csv", "________.csv", "con_.csv",
                          "other.keys.max_age.csv", std::string(120, 'x') + ".csv"));
}

// --- writing ---

TEST(WriteReport, MakesTheFolderAndNothingElse) {
  MemoryFileSystem files;
  const auto written = write_report(files, *find_format("junit"), testing::northwind(), {}, "a/b/report.xml");
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_THAT(*written, ElementsAre("a/b/report.xml"));
  EXPECT_THAT(files.paths(), ElementsAre("a/b/report.xml"));
  EXPECT_EQ(*files.read_file("a/b/report.xml"), only_file("junit", testing::northwind()));
  EXPECT_THAT(*write_report(files, *find_format("text"), testing::northwind(), {}, "plain"),
              ElementsAre("plain"));
}

TEST(WriteReport, NumbersShardsAndRemovesOldOnes) {
  MemoryFileSystem files;
  ReportOptions options;
  options.junit_cases = JunitCases::subject;
  options.junit_shard = 10;
  const auto write = [&](std::size_t users) {
    return *write_report(files, *find_format("junit"), testing::large(users, 1, 0), options, "out/junit.xml");
  };
  files.add("out/junit-mine.xml", "x");
  EXPECT_THAT(write(35), ElementsAre("out/junit-001.xml", "out/junit-002.xml", "out/junit-003.xml",
                                     "out/junit-004.xml"));
  EXPECT_THAT(write(15), ElementsAre("out/junit-001.xml", "out/junit-002.xml"));
  EXPECT_THAT(files.paths(), ElementsAre("out/junit-001.xml", "out/junit-002.xml", "out/junit-mine.xml"));
  EXPECT_THAT(write(5), ElementsAre("out/junit.xml"));
  EXPECT_THAT(files.paths(), ElementsAre("out/junit-mine.xml", "out/junit.xml"));
  EXPECT_THAT(write(15), ElementsAre("out/junit-001.xml", "out/junit-002.xml"));
  EXPECT_THAT(files.paths(), ElementsAre("out/junit-001.xml", "out/junit-002.xml", "out/junit-mine.xml"));
}

TEST(WriteReport, LeavesTheOldFileWhenTheDiskIsFull) {
  MemoryFileSystem files;
  files.add("out/results.json", "old");
  files.fail_writes_after(1000);
  const auto written =
      write_report(files, *find_format("json"), testing::northwind(), {}, "out/results.json");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::file_unwritable);
  EXPECT_EQ(written.error().message, "cannot write out/results.json: no space left on device");
  EXPECT_THAT(files.paths(), ElementsAre("out/results.json"));
  EXPECT_EQ(*files.read_file("out/results.json"), "old");
}

TEST(WriteReport, SaysWhereItMayNotWrite) {
  MemoryFileSystem files;
  files.deny("out");
  const auto written =
      write_report(files, *find_format("json"), testing::northwind(), {}, "out/results.json");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write out: permission denied");
  files.add("file", "x");
  EXPECT_EQ(
      write_report(files, *find_format("json"), testing::northwind(), {}, "file/results.json").error().code,
      ErrorCode::file_unwritable);
}

TEST(OutputFolder, HoldsEverythingUnderOneSum) {
  MemoryFileSystem files;
  const muster::Run run = testing::northwind();
  const auto written = write_output_folder(files, run, testing::times_of(run), {}, "out");
  ASSERT_TRUE(written) << written.error().message;
  std::vector<std::string> below;
  for (const std::string& path : files.paths()) below.push_back(path.substr(4));
  EXPECT_EQ(below, *written);
  EXPECT_EQ(written->size(), 4 + run.rules.size());
  std::string sums;
  for (const std::string& name : *written) {
    if (name != "SHA256SUMS") sums += sha256_hex(*files.read_file("out/" + name)) + "  " + name + "\n";
  }
  EXPECT_EQ(*files.read_file("out/SHA256SUMS"), sums);
  EXPECT_EQ(*files.read_file("out/results.json"), only_file("json", run));
  EXPECT_THAT(*files.read_file("out/junit.xml"), HasSubstr("[[ATTACHMENT|populations/keys.no_expiry.csv]]"));
  const Result<json::Value> record = json::parse(*files.read_file("out/run.json"));
  ASSERT_TRUE(record);
  EXPECT_EQ(*record->find("checked_at")->string(), "2026-11-21T09:30:00.250Z");
}

TEST(OutputFolder, IsTheSameForAnyNumberOfJobs) {
  std::vector<std::string> first;
  for (unsigned jobs : {1u, 3u, 8u}) {
    MemoryFileSystem files;
    ReportOptions options;
    options.jobs = jobs;
    ASSERT_TRUE(write_output_folder(files, testing::northwind(), {}, options, "out/"));
    std::vector<std::string> all;
    for (const std::string& path : files.paths()) all.push_back(path + "\n" + *files.read_file(path));
    if (first.empty()) first = all;
    EXPECT_TRUE(all == first) << jobs;
  }
}

TEST(OutputFolder, RemovesOnlyWhatAnEarlierRunWrote) {
  MemoryFileSystem files;
  const muster::Run before = testing::northwind();
  ASSERT_TRUE(write_output_folder(files, before, {}, {}, "out"));
  files.add("out/populations/notes.csv", "the user's");
  files.add("out/report.html", "the user's");
  files.add("elsewhere.csv", "the user's");
  files.add("out/SHA256SUMS", *files.read_file("out/SHA256SUMS") + std::string(64, '0') +
                                  "  ../elsewhere.csv\n" + std::string(64, '0') + "  report.html\n" +
                                  std::string(64, '0') + "  populations/../../elsewhere.csv\nrubbish\n");
  const auto written = write_output_folder(files, testing::all_passed(), {}, {}, "out");
  ASSERT_TRUE(written);
  EXPECT_THAT(files.paths(),
              ElementsAre("elsewhere.csv", "out/SHA256SUMS", "out/junit.xml",
                          "out/populations/accounts.leavers_removed.csv",
                          "out/populations/accounts.linked_to_roster.csv", "out/populations/notes.csv",
                          "out/report.html", "out/results.json", "out/run.json"));
}

TEST(OutputFolder, StaysAsItWasWhenTheDiskIsFull) {
  MemoryFileSystem files;
  ASSERT_TRUE(write_output_folder(files, testing::all_passed(), {}, {}, "out"));
  std::vector<std::string> before;
  for (const std::string& path : files.paths()) before.push_back(path + "\n" + *files.read_file(path));
  const muster::Run run = testing::northwind();
  // The room at which it fails moves through all the files.
  bool is_written = false;
  for (std::uint64_t room = 0; !is_written; room += 1500) {
    MemoryFileSystem copy;
    for (const std::string& path : files.paths()) copy.add(path, *files.read_file(path));
    copy.fail_writes_after(room);
    const auto written = write_output_folder(copy, run, {}, {}, "out");
    is_written = written.has_value();
    if (is_written) break;
    EXPECT_EQ(written.error().code, ErrorCode::file_unwritable);
    EXPECT_THAT(written.error().message, StartsWith("cannot write out/"));
    EXPECT_THAT(written.error().message, Not(HasSubstr("partial")));
    std::vector<std::string> after;
    for (const std::string& path : copy.paths()) after.push_back(path + "\n" + *copy.read_file(path));
    EXPECT_EQ(after, before);
    ASSERT_LT(room, 1u << 20);
  }
}

// --- words ---

TEST(Words, ReadJsonAloud) {
  EXPECT_EQ(readable_json(R"({"a":1,"b":["x","y"],"c":{"d":null,"e":true},"f":1.5})", 500),
            "a: 1, b: [x, y], c: {d: null, e: true}, f: 1.5");
  EXPECT_EQ(readable_json(R"("text")", 500), "text");
  EXPECT_EQ(readable_json("not json \x01", 500), "not json \\u{1}");
  EXPECT_EQ(readable_json(R"({"a":"\u0001\u202e\n"})", 500), "a: \\u{1}\\u{202E}\\n");
  EXPECT_LT(readable_json("[\"" + std::string(100'000, 'x') + "\"]", 100).size(), 120u);
}

TEST(Words, CutWithoutSplittingACharacter) {
  EXPECT_EQ(visible_line("Ó Briain", 100), "Ó Briain");
  EXPECT_EQ(visible_line("ÓÓÓ", 3), "Ó…");
  EXPECT_EQ(visible_line(std::string(10, 'x'), 10), "xxxxxxxxxx");
  EXPECT_EQ(visible_line(std::string(11, 'x'), 10), "xxxxxxxxxx…");
  EXPECT_TRUE(is_valid_utf8(visible_line(std::string(50, '\xFF'), 21)));
}

}  // namespace
}  // namespace muster::reports
