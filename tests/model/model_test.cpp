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

}  // namespace
}  // namespace muster
