#include "base/json.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

namespace muster::json {
namespace {

std::string said(std::string_view text) {
  const auto value = parse(text, {.file = "a.json"});
  return value ? "parsed: " + dump(*value) : render_error(value.error());
}

std::string again(std::string_view text) {
  const auto value = parse(text);
  return value ? dump(*value) : render_error(value.error());
}

TEST(JsonParse, KeepsValuesAndTheirOrder) {
  EXPECT_EQ(again(R"({"b":[1,2.5,"x",true,false,null],"a":{},"c":[]})"),
            R"({"b":[1,2.5,"x",true,false,null],"a":{},"c":[]})");
  EXPECT_EQ(again(" \t\r\n 7 \n"), "7");
  EXPECT_EQ(again("\"\""), "\"\"");
  EXPECT_EQ(again(R"("\u00e9\ud83d\ude00\n\u0000")"), "\"é😀\\n\\u0000\"");
  EXPECT_EQ(again("\xEF\xBB\xBF{}"), "{}");  // a byte order mark
  const auto value = *parse(R"({"n":null,"b":true,"i":1,"d":1.0,"s":"x","a":[1],"o":{"k":2}})");
  EXPECT_TRUE(value.find("n")->is_null());
  EXPECT_EQ(*value.find("b")->boolean(), true);
  EXPECT_EQ(*value.find("i")->integer(), 1);
  EXPECT_EQ(value.find("i")->number(), nullptr);
  EXPECT_EQ(*value.find("d")->number(), 1.0);
  EXPECT_EQ(value.find("d")->integer(), nullptr);
  EXPECT_EQ(*value.find("s")->string(), "x");
  EXPECT_EQ(value.find("a")->array()->size(), 1U);
  EXPECT_EQ(*value.find("o")->find("k")->integer(), 2);
  EXPECT_EQ(value.find("zz"), nullptr);
  EXPECT_EQ(value.find("s")->find("x"), nullptr);
  std::string types;
  for (const auto& [name, member] : *value.object()) types += std::string(member.type_name()) + " ";
  EXPECT_EQ(types, "null boolean integer number string array object ");
}

TEST(JsonParse, Numbers) {
  EXPECT_EQ(again("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(again("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(again("0.1"), "0.1");
  EXPECT_EQ(again("1e2"), "100.0");
  EXPECT_EQ(again("5e-324"), "5e-324");
  EXPECT_EQ(again("1.7976931348623157e308"), "1.7976931348623157e+308");
  EXPECT_EQ(again("-0"), "0");
  EXPECT_EQ(again("-0.0"), "-0.0");
  EXPECT_EQ(said("[1, 9223372036854775808]"),
            "error[json.syntax]: the integer 9223372036854775808 does not fit into 64 bits\n"
            "  --> a.json:1:5\n"
            "   |\n"
            " 1 | [1, 9223372036854775808]\n"
            "   |     ^\n"
            "   = help: write it as a string, which keeps every digit\n");
  EXPECT_EQ(said("-123456789012345678901234567890"),
            "error[json.syntax]: the integer -123456789012345678901234567890 does not fit into 64 bits\n"
            "  --> a.json:1:1\n"
            "   |\n"
            " 1 | -123456789012345678901234567890\n"
            "   | ^\n"
            "   = help: write it as a string, which keeps every digit\n");
  EXPECT_EQ(said("[1e999]"),
            "error[json.syntax]: number overflow parsing '1e999'\n  --> a.json:1:6\n   |\n 1 | [1e999]\n   | "
            "     ^\n");
  for (const char* text : {"01", "+1", ".5", "1.", "1e", "0x10", "NaN", "Infinity", "-", "--1"})
    EXPECT_THAT(said(text), testing::StartsWith("error[json.syntax]: ")) << text;
}

TEST(JsonParse, SyntaxErrorsHaveAPlace) {
  EXPECT_EQ(said("{\"a\": 1,\n \"b\": nul}"),
            "error[json.syntax]: invalid literal\n"
            "  --> a.json:2:10\n"
            "   |\n"
            " 2 |  \"b\": nul}\n"
            "   |          ^\n");
  EXPECT_EQ(said("{\"é\": \"日本\" 5}"),
            "error[json.syntax]: unexpected number literal; expected '}'\n"
            "  --> a.json:1:12\n"
            "   |\n"
            " 1 | {\"é\": \"日本\" 5}\n"
            "   |              ^\n");
  EXPECT_EQ(
      said(""),
      "error[json.syntax]: unexpected end of input; expected '[', '{', or a literal\n  --> a.json:1:1\n");
  EXPECT_EQ(said("[1,\n2"),
            "error[json.syntax]: unexpected end of input; expected ']'\n"
            "  --> a.json:2:2\n"
            "   |\n"
            " 2 | 2\n"
            "   |  ^\n");
  EXPECT_EQ(said("{} {}"),
            "error[json.syntax]: unexpected '{'; expected end of input\n"
            "  --> a.json:1:4\n"
            "   |\n"
            " 1 | {} {}\n"
            "   |    ^\n");
  EXPECT_THAT(said("\"a\nb\""),
              testing::StartsWith(
                  "error[json.syntax]: invalid string: control character U+000A (LF) must be escaped to"));
  for (const char* text :
       {"[1,]",   "{\"a\":1,}", "{a:1}",     "{'a':1}", "[1 2]",    "\"\\x\"", "\"\\ud800\"",
        "\"open", "// c\n1",    "/* c */ 1", "tru",     "[",        "{",       "}",
        "]",      ",",          ":",         "{\"a\"}", "{\"a\":}", "{1:2}",   "[1]]"})
    EXPECT_THAT(said(text), testing::StartsWith("error[json.syntax]: ")) << text;
  using std::string_view_literals::operator""sv;
  // nlohmann takes a NUL byte for the end of the text; what follows would be dropped in silence.
  EXPECT_EQ(said("[1]\n\0, x"sv),
            "error[json.syntax]: a NUL byte stands in the text\n"
            "  --> a.json:2:1\n"
            "   |\n"
            " 2 | \\u{0}, x\n"
            "   | ^\n");
  EXPECT_THAT(said("[1]\0"sv), testing::StartsWith("error[json.syntax]: a NUL byte"));
  EXPECT_THAT(said("\"a\0b\""sv), testing::StartsWith("error[json.syntax]: a NUL byte"));
  const auto later = parse("[\n[}", {.file = "b.jsonl", .first_line = 41});
  EXPECT_EQ(later.error().place.line, 42U);
  EXPECT_EQ(later.error().place.column, 2U);
}

TEST(JsonParse, DuplicateMembers) {
  EXPECT_EQ(said("{\"id\": 1,\n  \"name\": \"x\", \"id\": 2}"),
            "error[json.duplicate_member]: the member \"id\" stands twice in one object\n"
            "  --> a.json:2:16\n"
            "   |\n"
            " 2 |   \"name\": \"x\", \"id\": 2}\n"
            "   |                ^\n"
            "   = help: readers would disagree on its value; remove one\n");
  // The same name behind another spelling.
  EXPECT_EQ(said(R"({"a\"\\":1, "\u0061\u0022\\":2})"),
            "error[json.duplicate_member]: the member \"a\"\\\" stands twice in one object\n"
            "  --> a.json:1:13\n"
            "   |\n"
            " 1 | {\"a\\\"\\\\\":1, \"\\u0061\\u0022\\\\\":2}\n"
            "   |             ^\n"
            "   = help: readers would disagree on its value; remove one\n");
  EXPECT_THAT(said(R"([{"x":{"":1,"":1}}])"),
              testing::StartsWith("error[json.duplicate_member]: the member \"\" stands twice"));
  EXPECT_EQ(again(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})"),
            R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})");
  // Many members are looked up by hash.
  std::string many = "{";
  for (int i = 0; i < 5000; ++i) many += "\"m" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(parse(many + "\"last\":0}"));
  EXPECT_EQ(parse(many + "\"m7\":0}").error().message, "the member \"m7\" stands twice in one object");
  EXPECT_EQ(parse(many + "\"m4999\":0}").error().code, ErrorCode::json_duplicate);
}

TEST(JsonParse, DepthIsCapped) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(again(nested(64)), nested(64));
  EXPECT_EQ(said(nested(65)),
            "error[json.depth]: nested deeper than 64 levels\n"
            "  --> a.json:1:65\n"
            "   |\n"
            " 1 | …" +
                std::string(61, '[') + std::string(58, ']') +
                "…\n"
                "   | " +
                std::string(61, ' ') + "^\n");
  EXPECT_EQ(parse(nested(100'000)).error().code, ErrorCode::json_depth);
  EXPECT_EQ(parse(std::string(100'000, '[')).error().code, ErrorCode::json_depth);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(parse(objects).error().code, ErrorCode::json_depth);
  EXPECT_EQ(parse("[[1]]", {.file = {}, .first_line = 1, .max_depth = 1}).error().message,
            "nested deeper than 1 levels");
}

TEST(JsonParse, InvalidUtf8) {
  EXPECT_EQ(said("{\n\"ab\": \"x\xFFy\"}"),
            "error[text.encoding]: the byte 0xFF is not valid UTF-8\n"
            "  --> a.json:2:9\n"
            "   |\n"
            " 2 | \"ab\": \"x\\x{FF}y\"}\n"
            "   |         ^\n"
            "   = help: save the file as UTF-8\n");
  for (const char* text :
       {"\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xF5\x80\x80\x80\"", "\"\xE2\x82\"", "\x80", "\xFE\xFF"})
    EXPECT_EQ(parse(text).error().code, ErrorCode::text_encoding) << text;
}

TEST(JsonParse, AHugeTextGivesASmallError) {
  const std::string huge = "{\"a\":\"" + std::string(5'000'000, 'x');
  const auto error = parse(huge).error();
  EXPECT_EQ(error.code, ErrorCode::json_syntax);
  EXPECT_EQ(error.message, "invalid string: missing closing quote");
  EXPECT_EQ(error.place.column, 5'000'007U);
  EXPECT_EQ(error.place.source_line, "");
  const auto named =
      parse("{\"" + std::string(10'000, 'n') + "\":1,\"" + std::string(10'000, 'n') + "\":1}").error();
  EXPECT_EQ(named.message, "the member \"" + std::string(200, 'n') + "\" stands twice in one object");
  EXPECT_EQ(named.place.column, 10'007U);
}

TEST(JsonDump, Strings) {
  const auto quoted = [](std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
  };
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("plain"), R"("plain")");
  EXPECT_EQ(quoted("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(quoted("\b\f\n\r\t\x01\x1F\0"sv), R"("\b\f\n\r\t\u0001\u001f\u0000")");
  EXPECT_EQ(quoted("日本 😀 \u2028"), "\"日本 😀 \u2028\"");
  EXPECT_EQ(quoted("a\xFFz"), "\"a\uFFFDz\"");
  EXPECT_EQ(quoted("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");
  for (std::size_t at = 0; at < 20; ++at) {
    for (const std::string_view odd :
         {"\""sv, "\\"sv, "\n"sv, "\x1F"sv, "\0"sv, "é"sv, "\x7F"sv, " "sv, "!"sv, "#"sv, "["sv, "]"sv}) {
      std::string text(20, 'a');
      text.replace(at, 1, odd);
      EXPECT_EQ(*parse(quoted(text))->string(), text);
    }
  }
  for (int c = 0; c < 256; ++c) {
    const std::string text = c < 128 ? std::string(1, static_cast<char>(c))
                                     : std::string("\xC3") + static_cast<char>(0x80 | (c & 0x3F));
    EXPECT_EQ(*parse(quoted(text))->string(), text);
  }
}

TEST(JsonDump, NumbersRoundTrip) {
  for (const double number : {0.0, 0.1, 1.0 / 3.0, 1e-7, 1e21, 123456789.125,
                              std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max()})
    EXPECT_EQ(*parse(dump(number))->number(), number);
  EXPECT_EQ(dump(3.0), "3.0");
  EXPECT_EQ(dump(std::nan("")), "null");
  EXPECT_EQ(dump(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(dump(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
}

TEST(JsonDump, Indented) {
  const auto value = *parse(R"({"a":[1,[2,{}]],"b":{},"c":[],"d":{"e":{"f":[1,2]}}})");
  EXPECT_EQ(dump(value, 2), R"({
  "a": [
    1,
    [
      2,
      {}
    ]
  ],
  "b": {},
  "c": [],
  "d": {
    "e": {
      "f": [
        1,
        2
      ]
    }
  }
})");
  std::string out;
  Writer(out, 2, 2).value(value);
  EXPECT_EQ(out, R"({
  "a": [
    1,
    [2, {}]
  ],
  "b": {},
  "c": [],
  "d": {
    "e": {"f": [1, 2]}
  }
})");
  EXPECT_EQ(*parse(out), value);
}

TEST(JsonWriter, PiecesMakeADocument) {
  std::string out;
  Writer w(out);
  w.begin_object()
      .key("a")
      .value(1)
      .key("b")
      .begin_array()
      .value("x")
      .value(std::string_view("y"))
      .value(true)
      .null()
      .value(2.5);
  w.raw("{\"r\":1}")
      .value(std::uint64_t{18446744073709551615U})
      .value(std::int64_t{-1})
      .value(7U)
      .end_array();
  w.key("c\n")
      .value(Value(Object{{"k", Value(Array{Value(nullptr)})}}))
      .key("d")
      .begin_object()
      .end_object()
      .end_object();
  EXPECT_EQ(
      out,
      R"({"a":1,"b":["x","y",true,null,2.5,{"r":1},18446744073709551615,-1,7],"c\n":{"k":[null]},"d":{}})");
}

TEST(JsonWriter, TheCallerMayDrainTheText) {
  std::string out, file;
  Writer w(out, 1, 1);
  w.begin_array();
  for (int i = 0; i < 3; ++i) {
    w.begin_object().key("i").value(i).end_object();
    file += out;
    out.clear();
  }
  w.end_array();
  file += out;
  EXPECT_EQ(file, "[\n {\"i\": 0},\n {\"i\": 1},\n {\"i\": 2}\n]");
}

#ifndef NDEBUG
TEST(JsonWriterDeathTest, MisuseIsABug) {
  std::string out;
  EXPECT_DEATH(Writer(out).begin_object().value(1), "a value needs a key");
  EXPECT_DEATH(Writer(out).value(1).value(2), "a document has one value");
  EXPECT_DEATH(Writer(out).begin_array().key("a"), "");
  EXPECT_DEATH(Writer(out).begin_array().end_object(), "");
}
#endif

}  // namespace
}  // namespace muster::json
