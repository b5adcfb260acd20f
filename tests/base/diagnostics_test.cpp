#include "base/diagnostics.h"

#include <set>

#include <gmock/gmock.h>

#include "base/digest.h"
#include "base/parallel.h"

namespace muster {
namespace {

TEST(RenderError, InFull) {
  EXPECT_EQ(render_error({ErrorCode::yaml_syntax,
                          "a mapping was expected",
                          {"conf/muster.yaml", 3, 7, "ab: [x"},
                          "indent it"}),
            "error[yaml.syntax]: a mapping was expected\n"
            "  --> conf/muster.yaml:3:7\n"
            "   |\n"
            " 3 | ab: [x\n"
            "   |       ^\n"
            "   = help: indent it\n");
  EXPECT_EQ(render_error({ErrorCode::yaml_syntax, "m", {"f", 1234, 1, "x"}, "h"}),
            "error[yaml.syntax]: m\n"
            "     --> f:1234:1\n"
            "      |\n"
            " 1234 | x\n"
            "      | ^\n"
            "      = help: h\n");
}

TEST(RenderError, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(render_error({ErrorCode::usage, "m", {}, {}}), "error[usage]: m\n");
  EXPECT_EQ(render_error({ErrorCode::usage, "m", {}, "h"}), "error[usage]: m\n   = help: h\n");
  EXPECT_EQ(render_error({ErrorCode::usage, "m", {"f", 0, 0, {}}, {}}), "error[usage]: m\n  --> f\n");
  EXPECT_EQ(render_error({ErrorCode::usage, "m", {"f", 7, 0, {}}, {}}), "error[usage]: m\n  --> f:7\n");
  EXPECT_EQ(render_error({ErrorCode::usage, "m", {"f", 7, 2, {}}, {}}), "error[usage]: m\n  --> f:7:2\n");
  EXPECT_EQ(render_error({ErrorCode::usage, "m", {"f", 7, 0, "src"}, {}}),
            "error[usage]: m\n  --> f:7\n   |\n 7 | src\n");
}

TEST(RenderError, TheCaretStandsUnderItsCharacter) {
  const auto caret = [](std::string line, std::uint32_t column) {
    const std::string text = render_error({ErrorCode::usage, "m", {"f", 1, column, std::move(line)}, {}});
    return text.substr(text.find(" 1 | "));
  };
  EXPECT_EQ(caret("日本: x", 5), " 1 | 日本: x\n   |       ^\n");
  EXPECT_EQ(caret("\tkey: x", 2), " 1 |     key: x\n   |     ^\n");
  EXPECT_EQ(caret("ab\tkey", 4), " 1 | ab  key\n   |     ^\n");
  EXPECT_EQ(caret("e\u0301x", 3), " 1 | e\u0301x\n   |  ^\n");
  EXPECT_EQ(caret("a\u202Eb\x1B!", 5), " 1 | a\\u{202E}b\\u{1B}!\n   |                 ^\n");
  EXPECT_EQ(caret("a\xFFz", 3), " 1 | a\\x{FF}z\n   |        ^\n");
  EXPECT_EQ(caret("ab", 3), " 1 | ab\n   |   ^\n");
  EXPECT_EQ(caret("ab", 4'000'000'000U), " 1 | ab\n   |   ^\n");  // beyond the end: at the end
}

TEST(RenderError, LongLinesAreCutAroundTheCaret) {
  const auto shown = [](std::string line, std::uint32_t column) {
    return render_error({ErrorCode::usage, "m", {"f", 1, column, std::move(line)}, {}});
  };
  const std::string line = std::string(500, 'a') + "X" + std::string(500, 'b');
  EXPECT_EQ(shown(line, 501), "error[usage]: m\n  --> f:1:501\n   |\n 1 | …" + std::string(60, 'a') + "X" +
                                  std::string(58, 'b') + "…\n   | " + std::string(61, ' ') + "^\n");
  EXPECT_EQ(shown(line, 1),
            "error[usage]: m\n  --> f:1:1\n   |\n 1 | " + std::string(120, 'a') + "…\n   | ^\n");
  EXPECT_EQ(shown(line, 1002), "error[usage]: m\n  --> f:1:1002\n   |\n 1 | …" + std::string(60, 'b') +
                                   "\n   | " + std::string(61, ' ') + "^\n");
  EXPECT_EQ(shown(std::string(120, 'a'), 120), "error[usage]: m\n  --> f:1:120\n   |\n 1 | " +
                                                   std::string(120, 'a') + "\n   | " + std::string(119, ' ') +
                                                   "^\n");
}

TEST(RenderError, NothingCanForgeALine) {
  EXPECT_EQ(render_error({ErrorCode::usage, "a\nerror[internal]: b\x1B[2J", {"f\n", 0, 0, {}}, "x\r\ny"}),
            "error[usage]: a\\nerror[internal]: b\\u{1B}[2J\n  --> f\\n\n   = help: x\\u{D}\\ny\n");
}

TEST(Diagnostics, SortsByPlaceAndCounts) {
  Diagnostics problems;
  EXPECT_EQ(problems.render(), "");
  EXPECT_EQ(problems.exit_code(), ExitCode::ok);
  problems.warning(ErrorCode::config_invalid, "w", {"b.yaml", 1, 1, {}});
  EXPECT_FALSE(problems.has_errors());
  EXPECT_EQ(problems.exit_code(), ExitCode::ok);
  EXPECT_EQ(problems.render(), "warning[config.invalid]: w\n  --> b.yaml:1:1\n\n1 warning.\n");
  problems.error(ErrorCode::config_unknown_key, "second", {"b.yaml", 10, 2, {}});
  problems.error(ErrorCode::config_unknown_key, "first", {"b.yaml", 9, 1, {}});
  problems.error(ErrorCode::config_unknown_key, "zeroth", {"a.yaml", 99, 1, {}});
  problems.error(ErrorCode::config_unknown_key, "also first", {"b.yaml", 9, 1, {}});
  EXPECT_TRUE(problems.has_errors());
  EXPECT_EQ(problems.render(),
            "error[config.unknown_key]: zeroth\n   --> a.yaml:99:1\n\n"
            "warning[config.invalid]: w\n  --> b.yaml:1:1\n\n"
            "error[config.unknown_key]: first\n  --> b.yaml:9:1\n\n"
            "error[config.unknown_key]: also first\n  --> b.yaml:9:1\n\n"
            "error[config.unknown_key]: second\n   --> b.yaml:10:2\n\n"
            "4 problems, 1 warning.\n");
}

TEST(Diagnostics, ShowsAtMostSoMany) {
  Diagnostics problems;
  for (int i = 0; i < 5; ++i) problems.warning(ErrorCode::usage, "w");
  problems.error(ErrorCode::usage, "e");
  EXPECT_EQ(problems.render(2),
            "error[usage]: e\n\nwarning[usage]: w\n\n… and 4 more.\n1 problem, 5 warnings.\n");
}

TEST(Diagnostics, TheGravestErrorGivesTheExitCode) {
  Diagnostics problems;
  problems.error(ErrorCode::snapshot_digest, "m");
  problems.error(ErrorCode::usage, "m");
  EXPECT_EQ(problems.exit_code(), ExitCode::integrity);
  problems.error(ErrorCode::internal, "m");
  problems.error(ErrorCode::interrupted, "m");
  EXPECT_EQ(problems.exit_code(), ExitCode::internal);
}

TEST(ErrorCodes, AreOneTable) {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < std::size(kErrorRows); ++i) {
    const ErrorRow& row = kErrorRows[i];
    EXPECT_EQ(static_cast<std::size_t>(row.code), i);
    EXPECT_EQ(error_row(row.code).word, row.word);
    EXPECT_TRUE(words.insert(row.word).second) << row.word;
    EXPECT_TRUE(row.meaning.ends_with('.') || row.meaning.ends_with("line.")) << row.word;
    EXPECT_GE(static_cast<int>(row.exit), 64) << row.word;
  }
}

TEST(Digest, KnownVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, PiecesMakeTheSame) {
  Sha256 digest;
  digest.update("a");
  Sha256 moved = std::move(digest);
  moved.update("");
  moved.update("bc");
  EXPECT_EQ(moved.finish_hex(), sha256_hex("abc"));
}

TEST(RunParallel, EveryTaskOnce) {
  for (const unsigned jobs : {0U, 1U, 2U, 8U}) {
    std::vector<int> done(1000);
    std::vector<std::size_t> by_worker(std::max(jobs, 1U));
    run_parallel(jobs, done.size(), [&](std::size_t task, unsigned worker) {
      ++done[task];
      ++by_worker.at(worker);
    });
    EXPECT_THAT(done, testing::Each(1)) << jobs;
  }
  run_parallel(4, 0, [](std::size_t, unsigned) { FAIL(); });
  EXPECT_GE(available_cores(), 1U);
}

TEST(RunInOrder, TakesWhatIsMadeInOrder) {
  for (const unsigned jobs : {1U, 2U, 8U}) {
    std::string all;
    std::string want;
    for (int i = 0; i < 2000; ++i) want += std::to_string(i) + ",";
    run_in_order(jobs, 2000, [](std::size_t task) { return std::to_string(task) + ","; }, [&](const std::string& text) { all += text; });
    EXPECT_EQ(all, want) << jobs;
    run_in_order(jobs, 0, [](std::size_t) { return std::string("x"); }, [](const std::string&) { FAIL(); });
  }
}

TEST(RunInOrder, AFailureOfEitherSideEndsIt) {
  for (const unsigned jobs : {1U, 2U, 8U}) {
    std::size_t taken = 0;
    EXPECT_THROW(run_in_order(jobs, 1000, [](std::size_t task) { return task == 7 ? throw std::runtime_error("make") : std::string(); },
                              [&](const std::string&) { ++taken; }),
                 std::runtime_error);
    EXPECT_LE(taken, 7U);
    EXPECT_THROW(run_in_order(jobs, 1000, [](std::size_t) { return std::string(); }, [](const std::string&) { throw std::runtime_error("take"); }),
                 std::runtime_error);
  }
}

TEST(RunParallel, AnExceptionStopsTheRest) {
  for (const unsigned jobs : {1U, 4U}) {
    std::atomic<std::size_t> started{0};
    try {
      run_parallel(jobs, 1'000'000, [&](std::size_t task, unsigned) {
        ++started;
        if (task == 3) throw std::runtime_error("task 3");
      });
      FAIL();
    } catch (const std::runtime_error& problem) {
      EXPECT_STREQ(problem.what(), "task 3");
    }
    if (jobs == 1) {
      EXPECT_EQ(started, 4U);
    }
  }
}

}  // namespace
}  // namespace muster
