#include "roster/csv_reader.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace muster::roster {
namespace {

struct Row {
  std::vector<std::string> fields;
  std::uint32_t line = 0;
  friend bool operator==(const Row&, const Row&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) {
    out << row.line << ":";
    for (const auto& field : row.fields) out << " [" << testing::PrintToString(field) << "]";
    return out;
  }
};

struct Collected final : CsvSink {
  std::vector<Row> rows;
  std::vector<std::string> problems;
  std::size_t most_rows = ~std::size_t{0};
  bool on_row(std::span<const std::string_view> fields, std::uint32_t line) override {
    rows.push_back({{fields.begin(), fields.end()}, line});
    return rows.size() < most_rows;
  }
  bool on_problem(Error error) override {
    problems.push_back(std::string(error_row(error.code).word) + ":" + std::to_string(error.place.line) +
                       ": " + error.message);
    return true;
  }
};

Status read_text(std::string_view text, CsvOptions options, Collected& out) {
  std::size_t at = 0;
  const ReadBytes read = [&](std::span<char> into) -> Result<std::size_t> {
    const std::size_t size = std::min(into.size(), text.size() - at);
    std::copy_n(text.data() + at, size, into.data());
    at += size;
    return size;
  };
  return read_csv(read, options, out);
}

/// The rows, the same by each way of splitting and for every size of chunk; the outcome's message when
/// reading ended early.
Collected read_every_way(std::string_view text, CsvOptions options = {}, std::string* ended = nullptr) {
  std::optional<Collected> first;
  std::string first_end;
  for (const auto splitting : {CsvOptions::Splitting::in_place, CsvOptions::Splitting::by_library}) {
    for (const std::size_t chunk : {std::size_t{1} << 18, std::size_t{1}, std::size_t{7}}) {
      options.splitting = splitting;
      options.chunk_bytes = std::max<std::size_t>(chunk, first ? 1 : 64);
      Collected out;
      const Status status = read_text(text, options, out);
      const std::string end =
          status ? "" : status.error().message + " at line " + std::to_string(status.error().place.line);
      if (!first) {
        first = out;
        first_end = end;
      }
      // The delimiter is found in the first chunk alone, which a real one always holds.
      if (options.delimiter == 0 && chunk < 64) continue;
      EXPECT_EQ(out.rows, first->rows) << "chunk " << chunk;
      EXPECT_EQ(out.problems, first->problems) << "chunk " << chunk;
      EXPECT_EQ(end, first_end);
    }
  }
  if (ended != nullptr) {
    *ended = first_end;
  } else {
    EXPECT_EQ(first_end, "");
  }
  return *first;
}

std::vector<Row> rows_of(std::string_view text, char delimiter = ',') {
  CsvOptions options;
  options.delimiter = delimiter;
  const Collected out = read_every_way(text, options);
  EXPECT_EQ(out.problems, std::vector<std::string>{});
  return out.rows;
}

TEST(CsvReader, SplitsPlainAndQuotedRows) {
  EXPECT_EQ(rows_of("a,b\n1,2\n"), (std::vector<Row>{{{"a", "b"}, 1}, {{"1", "2"}, 2}}));
  EXPECT_EQ(rows_of("a,b\r\n1,2\r\n"), (std::vector<Row>{{{"a", "b"}, 1}, {{"1", "2"}, 2}}));
  EXPECT_EQ(rows_of("a,b\r1,2\r3,4"), (std::vector<Row>{{{"a", "b"}, 1}, {{"1", "2"}, 2}, {{"3", "4"}, 3}}));
  EXPECT_EQ(rows_of("\"a\",\"b,c\"\n\"say \"\"hi\"\"\",\"two\nlines\"\nx,y\n"),
            (std::vector<Row>{{{"a", "b,c"}, 1}, {{"say \"hi\"", "two\nlines"}, 2}, {{"x", "y"}, 4}}));
  EXPECT_EQ(rows_of("\"a\r\nb\",c\r\nd,e\r\n"), (std::vector<Row>{{{"a\r\nb", "c"}, 1}, {{"d", "e"}, 3}}));
  EXPECT_EQ(rows_of("a,\n,b\n,\n"), (std::vector<Row>{{{"a", ""}, 1}, {{"", "b"}, 2}, {{"", ""}, 3}}));
  EXPECT_EQ(rows_of("a,b,"), (std::vector<Row>{{{"a", "b", ""}, 1}}));
  EXPECT_EQ(rows_of("a,\"b\""), (std::vector<Row>{{{"a", "b"}, 1}}));
  EXPECT_EQ(rows_of(""), (std::vector<Row>{}));
  EXPECT_EQ(rows_of("\n\r\n \t \n\r"), (std::vector<Row>{}));
}

TEST(CsvReader, KeepsCountOfLines) {
  EXPECT_EQ(rows_of("\n\na\r\n\r\nb\r\rc\r \nd\n\n\"e\n\n\"\nf"),
            (std::vector<Row>{{{"a"}, 3}, {{"b"}, 5}, {{"c"}, 7}, {{"d"}, 9}, {{"e\n\n"}, 11}, {{"f"}, 14}}));
}

TEST(CsvReader, CutsWhiteSpaceAroundUnquotedFieldsOnly) {
  EXPECT_EQ(rows_of(" a , b c\t,\" d \" , \n"), (std::vector<Row>{{{"a", "b c", " d ", ""}, 1}}));
  EXPECT_EQ(rows_of("a\t b \t\t\"c\"\n", '\t'), (std::vector<Row>{{{"a", "b", "", "c"}, 1}}));
}

TEST(CsvReader, FindsTheDelimiter) {
  const auto first = [](std::string_view text) { return read_every_way(text).rows.at(0).fields; };
  EXPECT_EQ(first("a,b,c\n"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(first("a;b;c\n1,5;2,5;3,5\n"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(first("a\tb\n"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(first("a|b|c,d\n"), (std::vector<std::string>{"a", "b", "c,d"}));
  EXPECT_EQ(first("\"a,b,c,d\";e\n"), (std::vector<std::string>{"a,b,c,d", "e"}));
  EXPECT_EQ(first("\xEF\xBB\xBF"
                  "a;b\n"),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(first("\xEF\xBB\xBF"
                  "\"a\";b\n"),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(first("\n\na;b\n"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(first("sep=|\r\na|b;c;d\r\n"), (std::vector<std::string>{"a", "b;c;d"}));
  EXPECT_EQ(read_every_way("sep=|\r\na|b\r\n").rows.at(0).line, 2u);
  EXPECT_EQ(first("alone\n"), (std::vector<std::string>{"alone"}));
}

TEST(CsvReader, AStrayQuoteIsAProblemOfItsRow) {
  CsvOptions options;
  options.delimiter = ',';
  const Collected out =
      read_every_way("a,b\nO\"Brien,x\n\"y\" z,1\n1,\"2\"\n\"two\nlines\"x,3\n4,5\n", options);
  EXPECT_EQ(out.problems,
            (std::vector<std::string>{
                "roster.row:2: a quote stands inside an unquoted field, or text after a closing quote",
                "roster.row:3: a quote stands inside an unquoted field, or text after a closing quote",
                "roster.row:6: a quote stands inside an unquoted field, or text after a closing quote"}));
  EXPECT_EQ(out.rows, (std::vector<Row>{{{"a", "b"}, 1}, {{"1", "2"}, 4}, {{"4", "5"}, 7}}));
}

TEST(CsvReader, AQuoteThatIsNeverClosed) {
  CsvOptions options;
  options.delimiter = ',';
  const Collected out = read_every_way("a,b\n1,2\n3,\"4\n5,6\n", options);
  EXPECT_EQ(
      out.problems,
      (std::vector<std::string>{"roster.row:3: the quote that opens a field of this row is never closed"}));
  EXPECT_EQ(out.rows.size(), 2u);
}

TEST(CsvReader, RefusesNulAndInvalidUtf8RowByRow) {
  using namespace std::string_view_literals;
  CsvOptions options;
  options.delimiter = ',';
  const Collected out = read_every_way(
      "a,b\n1,\0\n\"2\",\"\0\"\nM\xFCller,3\n\"M\xFCller\",4\nM\xC3\xBCller,5\n\xC3,\xBC\n\"\xC3\",\"\xBC\"\n"sv,
      options);
  EXPECT_EQ(
      out.problems,
      (std::vector<std::string>{
          "roster.row:2: the row holds a NUL byte", "roster.row:3: the row holds a NUL byte",
          "text.encoding:4: the row is not valid UTF-8", "text.encoding:5: the row is not valid UTF-8",
          "text.encoding:7: the row is not valid UTF-8", "text.encoding:8: the row is not valid UTF-8"}));
  EXPECT_EQ(out.rows, (std::vector<Row>{{{"a", "b"}, 1}, {{"M\xC3\xBCller", "5"}, 6}}));
}

TEST(CsvReader, RefusesUtf16) {
  for (const std::string_view text : {std::string_view("\xFF\xFE"
                                                       "a\0,\0",
                                                       6),
                                      std::string_view("\xFE\xFF\0a\0,", 6)}) {
    Collected out;
    const Status status = read_text(text, {}, out);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::roster_format);
    EXPECT_EQ(status.error().message, "the file is UTF-16");
    EXPECT_EQ(status.error().hint, "export it as \"CSV UTF-8\"");
  }
}

TEST(CsvReader, ARowAboveTheLimitEndsTheReading) {
  CsvOptions options;
  options.delimiter = ',';
  options.max_row_bytes = 100;
  for (const std::string& text :
       {"a,b\n1," + std::string(200, 'x') + "\n2,3\n", "a,b\n1,\"" + std::string(200, 'x') + "\"\n2,3\n",
        "a,b\n1,\"" + std::string(60, '\n') + std::string(60, 'x'), "a,b\n1," + std::string(5000, 'x')}) {
    std::string ended;
    const Collected out = read_every_way(text, options, &ended);
    EXPECT_EQ(ended, "the row that begins here is larger than 100 bytes at line 2");
    EXPECT_EQ(out.rows.size(), 1u);
  }
}

TEST(CsvReader, AFieldOfFiftyMegabytesTakesNoFiftyMegabytes) {
  std::size_t produced = 0, largest = 0;
  const ReadBytes read = [&](std::span<char> into) -> Result<std::size_t> {
    largest = std::max(largest, into.size());
    std::fill(into.begin(), into.end(), 'x');
    if (produced == 0) std::copy_n("a,b\n1,\"", 7, into.data());
    produced += into.size();
    return produced > (std::size_t{50} << 20) ? 0 : into.size();
  };
  Collected out;
  const Status status = read_csv(read, {}, out);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::file_too_large);
  EXPECT_EQ(status.error().place.line, 2u);
  EXPECT_EQ(status.error().hint, "is a quote missing at the end of a field?");
  EXPECT_LT(produced, std::size_t{2} << 20);
}

TEST(CsvReader, StopsWhenTheSinkHasEnough) {
  Collected out;
  out.most_rows = 2;
  ASSERT_TRUE(read_text("a\nb\nc\n", {}, out));
  EXPECT_EQ(out.rows.size(), 2u);
}

TEST(CsvReader, AnErrorOfTheFileIsHandedOn) {
  Collected out;
  const Status status = read_csv(
      [](std::span<char>) -> Result<std::size_t> { return fail(ErrorCode::file_unreadable, "bad disk"); }, {},
      out);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "bad disk");
}

TEST(CsvReader, BothWaysOfSplittingAgreeOnAnything) {
  std::mt19937 random(20261120);
  constexpr std::string_view kPieces[] = {"a",       "bc",       ",",        ",",    ",",  "\n",   "\n",
                                          "\r\n",    "\r",       " ",        "\t",   "\"", "\"\"", "\"x\"",
                                          "\"x,y\"", "\"x\ny\"", "\xC3\xA4", "\xE4", "@",  ";"};
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    const std::size_t pieces = random() % 40;
    // Every other text without quotes, or hardly any row would be split in place.
    while (text.size() < pieces) {
      const auto piece = kPieces[random() % std::size(kPieces)];
      if (round % 2 == 0 || piece.find('"') == std::string_view::npos) text += piece;
    }
    CsvOptions options;
    options.delimiter = round % 3 == 0 ? '\t' : ',';
    SCOPED_TRACE(testing::PrintToString(text));
    (void)read_every_way(text, options);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace muster::roster
