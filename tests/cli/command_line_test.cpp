// What may be typed, what is said about the rest, and help.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/layout.h"
#include "cli/support.h"
#include "cli/version.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

TEST(CommandLine, SaysWhatIsWrong) {
  const struct {
    std::vector<std::string> texts;
    std::string err;
  } cases[] = {
      {{"chekc"}, "error[usage]: there is no command chekc\n   = help: did you mean muster check?\n"},
      {{"rule", "lst"},
       "error[usage]: there is no command rule lst\n   = help: did you mean muster rule list?\n"},
      {{"match"}, "error[usage]: there is no command match\n   = help: did you mean muster roster match?\n"},
      {{"xyzzy"}, "error[usage]: there is no command xyzzy\n   = help: muster --help lists the commands\n"},
      {{"--verison"}, "error[usage]: muster has no option --verison\n   = help: did you mean --version?\n"},
      {{"--quiet", "check"},
       "error[usage]: muster has no option --quiet\n   = help: options come after the command; see muster "
       "--help\n"},
      {{"check", "--snapshit", "x"},
       "error[usage]: muster check has no option --snapshit\n   = help: did you mean --snapshot?\n"},
      {{"check", "--snapshit=x"},
       "error[usage]: muster check has no option --snapshit\n   = help: did you mean --snapshot?\n"},
      {{"check", "-x"}, "error[usage]: muster check has no option -x\n   = help: see muster check --help\n"},
      {{"check", "northwind"},
       "error[usage]: muster check has no use for northwind\n   = help: see muster check --help\n"},
      {{"check", "--snapshot"},
       "error[usage]: --snapshot needs a value: DIR\n   = help: see muster check --help\n"},
      {{"check", "--snapshot", "--quiet"},
       "error[usage]: --snapshot needs a value: DIR\n   = help: see muster check --help\n"},
      {{"check", "--snapshot="},
       "error[usage]: --snapshot needs a value: DIR\n   = help: see muster check --help\n"},
      {{"check", "--snapshot", ""}, "error[usage]: --snapshot : it may not be empty\n"},
      {{"check", "--out", "a", "--out", "b"},
       "error[usage]: --out is given 2 times\n   = help: give it once\n"},
      {{"check", "--quiet=yes"},
       "error[usage]: --quiet takes no value\n   = help: see muster check --help\n"},
      {{"check", "--jobs", "0"}, "error[usage]: --jobs 0: a whole number from 1 to 1024 is wanted\n"},
      {{"check", "--jobs", "four"}, "error[usage]: --jobs four: a whole number from 1 to 1024 is wanted\n"},
      {{"check", "--jobs", "-1"}, "error[usage]: --jobs -1: a whole number from 1 to 1024 is wanted\n"},
      {{"check", "--jobs", "2x"}, "error[usage]: --jobs 2x: a whole number from 1 to 1024 is wanted\n"},
      {{"check", "--jobs", "99999999999"},
       "error[usage]: --jobs 99999999999: a whole number from 1 to 1024 is wanted\n"},
      {{"check", "--as-of", "yesterday"},
       "error[usage]: --as-of yesterday: a time is wanted, as 2026-11-20T08:00:00Z or 2026-11-20 (its start "
       "in UTC), "
       "or the word now\n"},
      {{"check", "--as-of", "2026-02-30"},
       "error[usage]: --as-of 2026-02-30: a time is wanted, as 2026-11-20T08:00:00Z or 2026-11-20 (its start "
       "in "
       "UTC), or the word now\n"},
      {{"check", "--fail-on", "hihg"},
       "error[usage]: --fail-on hihg: it is one of critical, high, medium, low, info\n   = help: did you "
       "mean "
       "high?\n"},
      {{"check", "--color", "sometimes"},
       "error[usage]: --color sometimes: it is one of auto, always, never\n"},
      {{"check", "--report", "junit"},
       "error[usage]: --report junit: FORMAT=PATH is wanted, as in junit=out/junit.xml\n   = help: the "
       "formats are "
       "csv, ctrf, github, hdf, html, json, junit, junit-strict, markdown, ocsf, oscal, sarif, text\n"},
      {{"check", "--report", "junti=x.xml"},
       "error[usage]: --report junti=x.xml: there is no format junti; the formats are csv, ctrf, "
       "github, hdf, html, json, junit, junit-strict, markdown, ocsf, oscal, sarif, text\n   = help: did you "
       "mean junit?\n"},
      {{"check", "--report", "json=-"},
       "error[usage]: --report json=-: a report goes to a file; the standard output holds the report for "
       "people\n"},
      {{"check", "--param", "keys.max_age"},
       "error[usage]: --param keys.max_age: there is no `=`\n   = help: write --param RULE.NAME=VALUE, as in "
       "--param "
       "keys.max_age.days=30 or --param 'keys.no_expiry.statuses=[active, inactive]'\n"},
      {{"rule", "show"},
       "error[usage]: muster rule show needs ID: The rule's id, as keys.max_age.\n   = help: see muster rule "
       "show "
       "--help\n"},
      {{"rule", "show", "a", "b"},
       "error[usage]: b is one text too many for muster rule show\n   = help: see muster rule show --help\n"},
      {{"help", "nothing"},
       "error[usage]: there is no help on nothing\n   = help: muster help, muster help COMMAND, muster help "
       "errors, "
       "muster help exit-codes\n"},
  };
  for (const auto& [texts, err] : cases) {
    Muster muster;
    const Outcome outcome = muster(texts);
    EXPECT_EQ(outcome.code, 64) << err;
    EXPECT_EQ(outcome.err, err);
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(CommandLine, TakesListsAndWhatFollowsTwoDashes) {
  Muster muster;
  const Outcome many = muster({"rule", "test", "keys.max_age", "keys.no_expiry"});
  EXPECT_EQ(many.code, 0) << many.err;
  EXPECT_THAT(many.out, HasSubstr("of 2 rules"));
  const Outcome dashed = muster({"rule", "show", "--", "--help"});
  EXPECT_EQ(dashed.err, "error[usage]: there is no rule --help\n   = help: muster rule list names all\n");
}

TEST(CommandLine, WithoutACommandItSaysWhichThereAre) {
  Muster muster;
  const Outcome nothing = muster({});
  EXPECT_EQ(nothing.code, 64);
  EXPECT_EQ(nothing.out, "");
  const Outcome help = muster({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.out, nothing.err);
  EXPECT_EQ(muster({"help"}).out, help.out);
  EXPECT_EQ(muster({"-h"}).out, help.out);
  EXPECT_EQ(muster({"rule"}).code, 64);
  EXPECT_THAT(muster({"rule"}).err, HasSubstr("rule show"));
  EXPECT_EQ(muster({"rule", "--help"}).code, 0);
  EXPECT_EQ(muster({"help", "rule"}).out, muster({"rule", "--help"}).out);
  EXPECT_EQ(muster({"help", "rule", "show"}).out, muster({"rule", "show", "--help"}).out);
  EXPECT_THAT(muster({"--version"}).out, StartsWith("muster " + std::string(version()) + "\n"));
}

TEST(CommandLine, EveryCommandExplainsItself) {
  for (const std::size_t width : {60, 100}) {
    for (const auto& command : all_commands()) {
      const CommandInfo info = command->info();
      SCOPED_TRACE(info.name);
      EXPECT_FALSE(info.summary.empty() || info.summary.ends_with('.'));
      EXPECT_GE(info.examples.size(), 1U);
      EXPECT_GE(info.exits.size(), 1U);
      for (const Example& example : info.examples)
        EXPECT_THAT(std::string(example.command), StartsWith("muster " + std::string(info.name)));
      Muster muster;
      muster.width = width;
      std::vector<std::string> words;
      for (std::string_view rest = info.name; !rest.empty();) {
        const std::size_t space = std::min(rest.find(' '), rest.size());
        words.emplace_back(rest.substr(0, space));
        rest.remove_prefix(std::min(rest.size(), space + 1));
      }
      words.emplace_back("--help");
      const Outcome help = muster(words);
      EXPECT_EQ(help.code, 0);
      EXPECT_EQ(help.err, "");
      for (const char* part : {"Usage: muster", "Options:", "Examples:", "Exit codes:"})
        EXPECT_THAT(help.out, HasSubstr(part));
      // Examples stand as they are typed.
      for (const std::string& line : lines_of(help.out)) {
        const bool is_example = line.starts_with("  muster ");
        EXPECT_TRUE(is_example || display_width(line) <= width) << line;
      }
    }
  }
}

TEST(CommandLine, ErrorAndExitCodesAreListedWhole) {
  Muster muster;
  const Outcome errors = muster({"help", "errors"});
  EXPECT_EQ(errors.code, 0);
  for (const ErrorRow& row : kErrorRows)
    EXPECT_THAT(errors.out, HasSubstr("\n" + std::string(row.word) + " "));
  const Outcome exits = muster({"help", "exit-codes"});
  EXPECT_EQ(exits.code, 0);
  for (const ErrorRow& row : kErrorRows) {
    const bool is_listed = std::any_of(std::begin(kExitRows), std::end(kExitRows),
                                       [&](const ExitRow& exit) { return exit.code == row.exit; });
    EXPECT_TRUE(is_listed) << row.word;
  }
}

TEST(Layout, WrapsWordsAndKeepsWhatDoesNotFit) {
  EXPECT_EQ(wrap("one two three", "- ", 2, 9), "- one two\n  three\n");
  EXPECT_EQ(wrap("a-word-that-is-longer x", "", 0, 5), "a-word-that-is-longer\nx\n");
  EXPECT_EQ(wrap("", "Why", 5, 20), "Why\n");
  EXPECT_EQ(wrap("first\nsecond", "", 2, 20), "  first\n  second\n");
}

TEST(Layout, CellsShowNothingThatATerminalObeys) {
  EXPECT_EQ(cell("plain"), "plain");
  EXPECT_EQ(cell("a\x1b[31mb\n"), "a\\u{1B}[31mb\\n");
  EXPECT_EQ(cell("abcdefgh", 5), "abcd…");
  EXPECT_EQ(cell("日本語", 5), "日本…");
  EXPECT_EQ(display_width(cell(std::string(100'000, 'x'), 10)), 10U);
}

TEST(Layout, TablesAlignByWhatIsSeen) {
  TextTable table;
  table.column("name");
  table.column("n", Align::right);
  table.column("last");
  table.row({"日本", "7", "x"});
  table.row({"a", "120", ""});
  EXPECT_EQ(table.render(1), " name    n  last\n 日本    7  x\n a     120\n");
}

}  // namespace
}  // namespace muster::cli
