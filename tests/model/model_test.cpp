#include <gmock/gmock.h>

#include "model/run.h"

namespace muster {
namespace {

TEST(Words, GoThereAndBack) {
  for (const Verdict verdict : kVerdicts) EXPECT_EQ(parse_verdict(word_of(verdict)), verdict);
  for (const Severity severity : kSeverities) EXPECT_EQ(parse_severity(word_of(severity)), severity);
  for (const SubjectKind kind : kSubjectKinds) EXPECT_EQ(parse_subject_kind(word_of(kind)), kind);
  EXPECT_EQ(word_of(Verdict::not_applicable), "not_applicable");
  EXPECT_EQ(word_of(SubjectKind::service_account), "service_account");
  for (const char* word : {"", "Pass", "passed", "n/a", " pass"})
    EXPECT_EQ(parse_verdict(word), std::nullopt) << word;
  for (const char* word : {"", "HIGH", "severe"}) EXPECT_EQ(parse_severity(word), std::nullopt) << word;
  for (const char* word : {"", "users", "key"}) EXPECT_EQ(parse_subject_kind(word), std::nullopt) << word;
  EXPECT_LT(Severity::critical, Severity::info);
}

TEST(Counts, AddUp) {
  Counts counts;
  counts[Verdict::pass] = 3;
  ++counts[Verdict::error];
  EXPECT_EQ(counts.total(), 4U);
  EXPECT_EQ(std::as_const(counts)[Verdict::fail], 0U);
}

TEST(Run, SaysItsOutcomeInWords) {
  muster::Run run;
  const std::pair<ExitCode, const char*> words[] = {{ExitCode::ok, "passed"},
                                                    {ExitCode::failed, "failed"},
                                                    {ExitCode::undecided, "undecided"},
                                                    {ExitCode::failed_and_undecided, "failed and undecided"},
                                                    {ExitCode::internal, "internal error"}};
  for (const auto& [code, word] : words) {
    run.exit = code;
    EXPECT_EQ(run.outcome(), word);
  }
}

TEST(StringColumn, KeepsRows) {
  StringColumn column;
  column.push_back("");
  column.push_back("ab");
  StringColumn more;
  more.push_back("c");
  more.push_back("");
  column.append(more);
  column.append(StringColumn());
  ASSERT_EQ(column.size(), 4U);
  EXPECT_EQ(column[0], "");
  EXPECT_EQ(column[1], "ab");
  EXPECT_EQ(column[2], "c");
  EXPECT_EQ(column[3], "");
}

// Rows of one length, and then not: whatever is done to a column, it holds what a list of strings would.
TEST(StringColumn, IsAListOfStringsWhateverItsRowsAre) {
  const std::vector<std::vector<std::string>> parts{{}, {""}, {"", ""}, {"ab", "cd", "ef"}, {"ab", "c"}, {"c", "de", "", "fgh"}, {"xy"}};
  const auto fill = [](const std::vector<std::string>& rows) {
    StringColumn column;
    column.reserve(rows.size(), 8);
    for (const auto& row : rows) column.push_back(row);
    return column;
  };
  const auto read = [](const StringColumn& column) {
    std::vector<std::string> rows;
    for (std::size_t row = 0; row < column.size(); ++row) rows.emplace_back(column[row]);
    return rows;
  };
  for (const auto& first : parts) {
    for (const auto& second : parts) {
      StringColumn column = fill(first);
      column.append(fill(second));
      std::vector<std::string> want = first;
      want.insert(want.end(), second.begin(), second.end());
      EXPECT_EQ(read(column), want);
      column.push_back("gh");
      want.emplace_back("gh");
      EXPECT_EQ(read(column), want);
      for (std::uint32_t mask = 0; mask < 1U << std::min<std::size_t>(want.size(), 7); ++mask) {
        StringColumn some = column;
        std::vector<std::uint32_t> dropped;
        std::vector<std::string> kept;
        for (std::uint32_t row = 0; row < want.size(); ++row) {
          if (row < 7 && (mask >> row & 1) != 0) dropped.push_back(row);
          else kept.push_back(want[row]);
        }
        some.drop(dropped);
        EXPECT_EQ(read(some), kept);
        some.push_back("longer than the rest");
        kept.emplace_back("longer than the rest");
        EXPECT_EQ(read(some), kept);
      }
      const StringColumn moved = std::move(column);
      EXPECT_EQ(read(moved), want);
      EXPECT_TRUE(column.empty());  // NOLINT(bugprone-use-after-move): that is what is promised
    }
  }
}

}  // namespace
}  // namespace muster
