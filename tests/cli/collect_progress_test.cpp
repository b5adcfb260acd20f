// What people see while a collection goes on.
#include "cli/collect_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Terminal {
  std::unique_ptr<FileSystem> files = make_os_file_system();
  FakeClock clock{*parse_rfc3339("2026-11-21T12:00:00Z")};
  StringSink out, err;
  Console console{out, err};
  std::atomic<bool> is_interrupted{false};
  Environment environment{*files, clock, console, "/", is_interrupted};
  std::size_t seen = 0;

  explicit Terminal(bool is_terminal = true, std::size_t width = 100) {
    console.err_is_terminal = is_terminal;
    console.width = width;
  }
  /// What was written since the last look.
  std::string shown() {
    std::string text = err.text().substr(seen);
    seen = err.text().size();
    return text;
  }
  void pass(double seconds) { clock.advance(static_cast<std::int64_t>(seconds * 1e6)); }
};

TEST(CollectProgress, ShowsRowsPagesPaceAndTime) {
  Terminal terminal;
  CollectProgress progress(terminal.environment, {{"users", 5'000}});
  progress.show("", {"users", 1'000, 1, 0, 1});
  EXPECT_EQ(terminal.shown(), "\r[##        ] users: 1000 rows, 1 page, 0:00");
  terminal.pass(2);
  // 1,000 rows in the two seconds since they were first counted; 3,000 are left of what there was last time.
  progress.show("", {"users", 2'000, 2, 0, 1});
  EXPECT_EQ(terminal.shown(), "\r[####      ] users: 2000 rows, 2 pages, 500 rows/s, 0:02, 0:06 left");
  terminal.pass(3'600);
  progress.show("", {"users", 6'000, 6, 0, 1});
  EXPECT_THAT(terminal.shown(), AllOf(HasSubstr("1:00:02"), Not(HasSubstr("left")),
                                      Not(HasSubstr("["))));  // more than expected
}

TEST(CollectProgress, CountsListsWhereThereAreMany) {
  Terminal terminal(true, 120);
  CollectProgress progress(terminal.environment, {{"workspace_members", 9}});
  progress.show("Northwind", {"workspace_members", 0, 0, 10, 50});
  EXPECT_THAT(terminal.shown(),
              HasSubstr("\r[##        ] Northwind, workspace_members: 0 rows, 0 pages, 10 of 50 lists"));
  terminal.pass(10);
  // Ten lists in ten seconds, thirty to go.
  progress.show("Northwind", {"workspace_members", 40, 20, 20, 50});
  EXPECT_THAT(terminal.shown(), HasSubstr("20 of 50 lists, 4 rows/s, 0:10, 0:30 left"));
  terminal.pass(10);
  progress.show("Northwind", {"workspace_members", 90, 50, 50, 50});
  EXPECT_THAT(terminal.shown(), HasSubstr("\r[##########] Northwind"));
  // One list of a dataset of which nothing is known has no bar.
  progress.show("Northwind", {"invites", 1, 1, 0, 1});
  EXPECT_THAT(terminal.shown(), HasSubstr("\rNorthwind, invites: 1 row"));
}

TEST(CollectProgress, IsNotWrittenMoreThanPeopleCanRead) {
  Terminal terminal;
  CollectProgress progress(terminal.environment, {});
  progress.show("", {"users", 1, 1, 0, 1});
  EXPECT_THAT(terminal.shown(), Not(IsEmpty()));
  terminal.pass(0.05);
  progress.show("", {"users", 2, 2, 0, 1});
  EXPECT_THAT(terminal.shown(), IsEmpty());
  progress.show("", {"invites", 0, 1, 0, 1});  // another list is shown at once
  EXPECT_THAT(terminal.shown(), HasSubstr("invites"));
}

TEST(CollectProgress, LeavesNothingBehind) {
  Terminal terminal;
  CollectProgress progress(terminal.environment, {});
  progress.show("", {"workspaces", 1, 1, 0, 1});
  const std::size_t width = terminal.shown().size() - 1;
  progress.show("", {"users", 1, 1, 0, 1});
  EXPECT_EQ(terminal.shown().size() - 1, width);  // the longer line before it is written over
  progress.tell("users: complete, 1 row");
  EXPECT_EQ(terminal.shown(), "\r" + std::string(width, ' ') + "\r");
  EXPECT_EQ(terminal.out.text(), "users: complete, 1 row\n");
  progress.clear();
  EXPECT_THAT(terminal.shown(), IsEmpty());
}

TEST(CollectProgress, TheBarGivesWayToTheWords) {
  for (const std::size_t width : {40u, 41u}) {
    Terminal terminal(true, width);
    CollectProgress progress(terminal.environment, {{"users", 10}});
    progress.show("", {"users", 5, 1, 0, 1});
    const std::string words = "users: 5 rows, 1 page, 0:00";
    EXPECT_EQ(terminal.shown(), width > 40 ? "\r[#####     ] " + words : "\r" + words);
  }
}

TEST(CollectProgress, FitsTheTerminal) {
  Terminal terminal(true, 20);
  CollectProgress progress(terminal.environment, {});
  progress.show("\u79d8\u5bc6\u79d8\u5bc6\u79d8\u5bc6\u79d8\u5bc6\u79d8\u5bc6\u79d8\u5bc6",
                {"users", 1, 1, 0, 1});
  EXPECT_THAT(terminal.shown(), Not(HasSubstr("users")));
  progress.clear();
  EXPECT_LE(terminal.shown().size(), 2u + 19);
  progress.show("tidy\x1b[2Jme", {"users", 1, 1, 0, 1});
  EXPECT_THAT(terminal.shown(), Not(HasSubstr("\x1b")));
}

TEST(CollectProgress, IsSilentWithoutATerminal) {
  Terminal terminal(false);
  CollectProgress progress(terminal.environment, {});
  progress.show("", {"users", 1, 1, 0, 1});
  progress.tell("users: complete, 1 row");
  EXPECT_THAT(terminal.err.text(), IsEmpty());
  EXPECT_EQ(terminal.out.text(), "users: complete, 1 row\n");
}

}  // namespace
}  // namespace muster::cli
