// The YAML below all files: what is refused, with the whole text that users see, and what hostile input
// costs.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/rewrite.h"
#include "policy/yaml_tree.h"
#include "support.h"

namespace muster::policy {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The first problem of a text as YAML, without the first line's "error".
std::string first_problem(const std::string& text) {
  Diagnostics problems;
  FileProblems file_problems(problems, "x.yaml");
  const auto document = parse_yaml(text, "x.yaml", file_problems);
  if (problems.errors().empty()) return document ? "" : "no document and no problem";
  return render_error(problems.errors().front());
}

/// The tree on one line: plain texts bare, others in quotes, null as ~.
std::string flat(const Node& node) {
  switch (node.kind) {
    case NodeKind::null: return "~";
    case NodeKind::scalar: return node.plain ? node.text : "'" + node.text + "'";
    case NodeKind::list: {
      std::string text = "[";
      for (const Node* item : node.items) text += (text.size() > 1 ? " " : "") + flat(*item);
      return text + "]";
    }
    case NodeKind::mapping: break;
  }
  std::string text = "{";
  for (std::size_t i = 0; i < node.items.size(); i += 2)
    text += (i > 0 ? " " : "") + flat(*node.items[i]) + ":" + flat(*node.items[i + 1]);
  return text + "}";
}

std::string tree(const std::string& text) {
  Diagnostics problems;
  FileProblems file_problems(problems, "x.yaml");
  const auto document = parse_yaml(text, "x.yaml", file_problems);
  if (!document || problems.has_errors()) return problems.render();
  return flat(document->root());
}

TEST(YamlTree, KeepsTextsAsWritten) {
  EXPECT_EQ(
      tree(
          "version: 9.10\nflags: [no, on, yes, true, 012, 1e3, 0x1F, .5, 2026-11-20, 12:30:45, 1_000, +1]\n"),
      "{version:9.10 flags:[no on yes true 012 1e3 0x1F .5 2026-11-20 12:30:45 1_000 +1]}");
  EXPECT_EQ(tree("a: null\nb: ~\nc:\nd: ''\ne: \"null\"\nf: Null\ng: nil\n"),
            "{a:~ b:~ c:~ d:'' e:'null' f:~ g:nil}");
  EXPECT_EQ(tree("a: >-\n  one\n  two\nb: |\n  x\n   y\nc: \"\\u00e9\\t\\x41\"\nd: 'it''s'\n"),
            "{a:'one two' b:'x\n y\n' c:'é\tA' d:'it's'}");
  EXPECT_EQ(tree("a: {x, y: }\n? b\n? c\n: d\ne:"), "{a:{x:~ y:~} b:~ c:d e:~}");
  EXPECT_EQ(tree("no: 1\n9.10: 2\n\"\": 3\n\"<<\": 4\n"), "{no:1 9.10:2 '':3 '<<':4}");
  EXPECT_EQ(tree("a: !!str 5\nb: ! 6\nc: !!seq [x]\nd: !!map {y: z}\n"), "{a:'5' b:'6' c:[x] d:{y:z}}");
}

TEST(YamlTree, ReadsBomCrlfDirectivesAndDocumentMarks) {
  EXPECT_EQ(tree("\xEF\xBB\xBF"
                 "a: 1\r\nb:\r\n  - x\r\n"),
            "{a:1 b:[x]}");
  EXPECT_EQ(tree("%YAML 1.2\n---\na: 1\n...\n"), "{a:1}");
  EXPECT_EQ(tree(""), "~");
  EXPECT_EQ(tree("# nothing\n\n"), "~");
  EXPECT_EQ(tree("---\n"), "~");
}

TEST(YamlTree, SharesAliases) {
  EXPECT_EQ(tree("a: &x {k: [1, 2]}\nb: *x\nc: [*x, *x]\n"),
            "{a:{k:[1 2]} b:{k:[1 2]} c:[{k:[1 2]} {k:[1 2]}]}");
  EXPECT_EQ(tree("a: &x 1\nb: &x 2\nc: *x\n"), "{a:1 b:2 c:2}");
  EXPECT_EQ(tree("a: &k word\n*k : b\n"), "{a:word word:b}");
}

TEST(YamlTree, PlacesCountCodePointsInLongLines) {
  Diagnostics problems;
  FileProblems file_problems(problems, "x.yaml");
  std::string text = "a: [\"" + std::string(5000, 'x');
  for (int i = 0; i < 3000; ++i) text += "é";
  text += "\", here]\r\nb: {\"ü\": there}\n";
  const auto document = parse_yaml(text, "x.yaml", file_problems);
  ASSERT_TRUE(document);
  const Place far = document->place(*document->root().find("a")->items[1]);
  EXPECT_EQ(far.line, 1u);
  EXPECT_EQ(far.column, 8009u);
  EXPECT_EQ(far.source_line, "") << "a line this long is not copied into every place";
  const Place near = document->place(*document->root().find("b")->find("ü"));
  EXPECT_EQ(near.line, 2u);
  EXPECT_EQ(near.column, 10u);
  EXPECT_EQ(near.source_line, "b: {\"ü\": there}");
}

TEST(YamlTree, NullsStandWhereTheUserLooks) {
  Diagnostics problems;
  FileProblems file_problems(problems, "x.yaml");
  const auto document = parse_yaml("a:\n\nlist:\n  - x\n  -\n  - y\nz: 1\n", "x.yaml", file_problems);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->place(*document->root().find("a")).line, 1u);
  const Node& empty = *document->root().find("list")->items[1];
  EXPECT_EQ(document->place(empty).line, 5u);
  EXPECT_EQ(document->place(empty).column, 3u);
}

struct Refused {
  std::string text, problem;
};

TEST(YamlTree, RefusesWithPlaceAndCaret) {
  const Refused cases[] = {
      {"rules:\n\t- a\n",
       "error[yaml.syntax]: a tab cannot indent a line\n"
       "  --> x.yaml:2:1\n"
       "   |\n"
       " 2 |     - a\n"
       "   | ^\n"
       "   = help: use spaces\n"},
      {"rules:\n  - a\n\t- b\n",
       "error[yaml.syntax]: a tab cannot indent a line\n"
       "  --> x.yaml:3:1\n"
       "   |\n"
       " 3 |     - b\n"
       "   | ^\n"
       "   = help: use spaces\n"},
      {"title: Access: baseline\n",
       "error[yaml.syntax]: a `:` is not expected here\n"
       "  --> x.yaml:1:14\n"
       "   |\n"
       " 1 | title: Access: baseline\n"
       "   |              ^\n"
       "   = help: if it belongs to the text, put quotes around the text; else check the indentation\n"},
      {"title: Access\n  rules: x\n",
       "error[yaml.syntax]: a `:` is not expected here\n"
       "  --> x.yaml:2:8\n"
       "   |\n"
       " 2 |   rules: x\n"
       "   |        ^\n"
       "   = help: if it belongs to the text, put quotes around the text; else check the indentation\n"},
      {"a:\n  b: 1\n c: 2\n",
       "error[yaml.syntax]: this does not belong to the mapping above it\n"
       "  --> x.yaml:3:2\n"
       "   |\n"
       " 3 |  c: 2\n"
       "   |  ^\n"
       "   = help: check the indentation, and put quotes around texts with special characters\n"},
      {"a: [x, y\n",
       "error[yaml.syntax]: a `[` is not closed, or a comma is missing\n"
       "  --> x.yaml:1:9\n"
       "   |\n"
       " 1 | a: [x, y\n"
       "   |         ^\n"
       "   = help: write [item, item]\n"},
      {"a: {x: 1 y: 2}\n",
       "error[yaml.syntax]: a `{` is not closed, or a comma is missing\n"
       "  --> x.yaml:1:11\n"
       "   |\n"
       " 1 | a: {x: 1 y: 2}\n"
       "   |           ^\n"
       "   = help: write {key: value, key: value}\n"},
      {"a: x]\nb: ]\n",
       "error[yaml.syntax]: nothing was opened that this bracket closes\n"
       "  --> x.yaml:2:4\n"
       "   |\n"
       " 2 | b: ]\n"
       "   |    ^\n"},
      {"owner: @dana\n",
       "error[yaml.syntax]: a text cannot begin with `@`\n"
       "  --> x.yaml:1:8\n"
       "   |\n"
       " 1 | owner: @dana\n"
       "   |        ^\n"
       "   = help: put quotes around it\n"},
      {"a: - b\n",
       "error[yaml.syntax]: a list item is not expected here\n"
       "  --> x.yaml:1:4\n"
       "   |\n"
       " 1 | a: - b\n"
       "   |    ^\n"
       "   = help: begin the list on a line of its own, below its key\n"},
      {"policy: \"cut off\nrules: [a]\n",
       "error[yaml.syntax]: this quote is not closed\n"
       "  --> x.yaml:1:9\n"
       "   |\n"
       " 1 | policy: \"cut off\n"
       "   |         ^\n"
       "   = help: is the file cut off?\n"},
      {"a: &x !!str 'it''s\n",
       "error[yaml.syntax]: this quote is not closed\n"
       "  --> x.yaml:1:13\n"
       "   |\n"
       " 1 | a: &x !!str 'it''s\n"
       "   |             ^\n"
       "   = help: is the file cut off?\n"},
      {"- account: a\n  owner",
       "error[yaml.syntax]: this key has no `:`\n"
       "  --> x.yaml:2:3\n"
       "   |\n"
       " 2 |   owner\n"
       "   |   ^\n"
       "   = help: is the file cut off?\n"},
      {"a: 1\n---\nb: 2\n",
       "error[yaml.syntax]: a second document begins here\n"
       "  --> x.yaml:2:1\n"
       "   |\n"
       " 2 | ---\n"
       "   | ^\n"
       "   = help: one file holds one document: remove the `---`, or make it a file of its own\n"},
      {"- a\nb: c\n",
       "error[yaml.syntax]: this does not belong to what stands above it\n"
       "  --> x.yaml:2:1\n"
       "   |\n"
       " 2 | b: c\n"
       "   | ^\n"
       "   = help: check the indentation\n"},
      {"a: *nowhere\n",
       "error[yaml.syntax]: no anchor of this name stands above\n"
       "  --> x.yaml:1:4\n"
       "   |\n"
       " 1 | a: *nowhere\n"
       "   |    ^\n"},
      {"a: &x [1, *x]\n",
       "error[yaml.limit]: this alias stands for something that holds the alias itself\n"
       "  --> x.yaml:1:11\n"
       "   |\n"
       " 1 | a: &x [1, *x]\n"
       "   |           ^\n"
       "   = help: write the value out\n"},
      {"a: 1\nb: 2\na: 3\n",
       "error[yaml.duplicate_key]: the key `a` stands twice in one mapping\n"
       "  --> x.yaml:3:1\n"
       "   |\n"
       " 3 | a: 3\n"
       "   | ^\n"
       "   = help: the first is in line 1: keep one of them\n"},
      {"base: &b {x: 1}\nuse:\n  <<: *b\n",
       "error[yaml.syntax]: merge keys (`<<`) are not supported\n"
       "  --> x.yaml:3:3\n"
       "   |\n"
       " 3 |   <<: *b\n"
       "   |   ^\n"
       "   = help: write the keys out; an alias may stand for a whole value\n"},
      {"a: !!int 5\n",
       "error[yaml.syntax]: the tag `tag:yaml.org,2002:int` is not supported\n"
       "  --> x.yaml:1:4\n"
       "   |\n"
       " 1 | a: !!int 5\n"
       "   |    ^\n"
       "   = help: remove the tag: the key decides how the value is read\n"},
      {"a: 1\n? [x, y]\n: 2\n",
       "error[yaml.syntax]: a key must be a word, not a list or mapping\n"
       "  --> x.yaml:2:3\n"
       "   |\n"
       " 2 | ? [x, y]\n"
       "   |   ^\n"},
      {"null: 1\n",
       "error[yaml.syntax]: a key cannot be null\n"
       "  --> x.yaml:1:1\n"
       "   |\n"
       " 1 | null: 1\n"
       "   | ^\n"
       "   = help: put quotes around it if it is a word\n"},
      {"a: x\rb: y\r",
       "error[yaml.syntax]: a carriage return without a line feed is not allowed\n"
       "  --> x.yaml:1:5\n"
       "   |\n"
       " 1 | a: x\\u{D}b: y\n"
       "   |     ^\n"
       "   = help: remove it; in a quoted text write it as an escape\n"},
      {"a: x\nb: y\x04z: 1\n",
       "error[yaml.syntax]: the control character U+0004 is not allowed\n"
       "  --> x.yaml:2:5\n"
       "   |\n"
       " 2 | b: y\\u{4}z: 1\n"
       "   |     ^\n"
       "   = help: remove it; in a quoted text write it as an escape\n"},
      {"a: x\nb: \xFF\n",
       "error[text.encoding]: the text is not valid UTF-8\n"
       "  --> x.yaml:2\n"
       "   = help: save the file as UTF-8\n"},
      {std::string("\xFF\xFE"
                   "a\0:\0",
                   6),
       "error[text.encoding]: the text is not valid UTF-8\n"
       "  --> x.yaml:1\n"
       "   = help: save the file as UTF-8\n"},
  };
  for (const auto& [text, problem] : cases) EXPECT_EQ(first_problem(text), problem) << text;
}

TEST(YamlTree, RefusesControlCharactersThatTheParserWouldMisread) {
  for (const std::string bad : {"\x01", "\x7F", "\xC2\x80", "\xEF\xBF\xBE", "\xEF\xBF\xBF", "\x0B"})
    EXPECT_THAT(first_problem("a: 'x" + bad + "'\n"), HasSubstr("is not allowed"));
  EXPECT_THAT(first_problem(std::string("a: x\0y\n", 7)), HasSubstr("U+0000"));
  EXPECT_THAT(first_problem("\xEF\xBB\xBF\xEF\xBB\xBF"
                            "a: 1\n"),
              HasSubstr("a second byte order mark is not allowed"));
  EXPECT_EQ(tree("a: \"x\xC2\x85y\xE2\x80\xAE\"\n"), "{a:'x\xC2\x85y\xE2\x80\xAE'}")
      << "allowed by YAML; shown escaped by whoever prints it";
}

TEST(YamlTree, NeverShowsSecrets) {
  const auto problem =
      first_problem("sources:\n  - {provider: p, api_key: sk-ant-admin01-abc, api_key: hunter2 }\n");
  EXPECT_EQ(problem,
            "error[yaml.duplicate_key]: the key `api_key` stands twice in one mapping\n"
            "  --> x.yaml:2:48\n"
            "   |\n"
            " 2 |   - {provider: p, api_key: ******************* ******** ******* *\n"
            "   |                                                ^\n"
            "   = help: the first is in line 2: keep one of them\n");
  EXPECT_THAT(first_problem("a: [sk-ant-api03-secret_1\n"), Not(HasSubstr("secret")));
  EXPECT_THAT(first_problem("{\"password\" : hunter2: x\n"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(first_problem("a: b: token: hunter2\n"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(first_problem("a: b: api_key_env: NAME\n"), HasSubstr("NAME"))
      << "a variable's name is no secret";
}

// ---- hostile sizes: each must end with one clear error, in time and memory that do not depend on how far
// the attacker goes

std::string repeated(std::string_view piece, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

TEST(YamlTree, RefusesBombs) {
  std::string laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c)
    laughs +=
        std::string(1, c) + ": &" + c + " [" + repeated(std::string("*") + char(c - 1) + ",", 10) + "]\n";
  EXPECT_EQ(first_problem(laughs),
            "error[yaml.limit]: the aliases of this file stand for more than 100000 values\n"
            "  --> x.yaml:5:29\n"
            "   |\n"
            " 5 | e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,]\n"
            "   |                             ^\n"
            "   = help: write the values out, or split the file\n");
  EXPECT_THAT(first_problem(repeated("[", 100'000)),
              StartsWith("error[yaml.limit]: lists and mappings are nested deeper than 64 levels\n"));
  EXPECT_THAT(
      first_problem(repeated("- ", 100'000)),
      StartsWith(
          "error[yaml.limit]: lists and mappings are nested deeper than 64 levels\n  --> x.yaml:1:129\n"));
  EXPECT_THAT(first_problem(repeated("{a: ", 100'000)),
              StartsWith("error[yaml.limit]: lists and mappings are nested deeper than 64 levels\n"));
  EXPECT_THAT(first_problem(repeated("? ", 100'000)),
              StartsWith("error[yaml.limit]: lists and mappings are nested deeper than 64 levels\n"));
  EXPECT_EQ(first_problem(repeated("[", 4'000'000)),
            "error[yaml.limit]: the text holds more than 400000 brackets and commas\n"
            "  --> x.yaml\n"
            "   = help: split the file, or write one key per line\n");
  EXPECT_THAT(first_problem(repeated("- a\n", 1'001'000)),
              StartsWith("error[yaml.limit]: the file holds more than 1000000 values\n"));
  EXPECT_EQ(first_problem(repeated("#", 4'200'000)),
            "error[yaml.limit]: the text is larger than 4 MiB\n  --> x.yaml\n   = help: split it\n");
  EXPECT_EQ(tree(repeated("[", 64) + repeated("]", 64)), repeated("[", 64) + repeated("]", 64));
}

TEST(YamlTree, ListsAtMostAThousandProblemsOfAFile) {
  Diagnostics problems;
  FileProblems file_problems(problems, "x.yaml");
  EXPECT_TRUE(parse_yaml(repeated("a: b\n", 50'000), "x.yaml", file_problems));
  ASSERT_EQ(problems.errors().size(), kMaxProblems + 1);
  EXPECT_EQ(render_error(problems.errors().back()),
            "error[yaml.limit]: more than 1000 problems, the rest is not listed\n  --> x.yaml\n");
}

TEST(Rewrite, HandsOverEveryScalarAndDropsComments) {
  Rewriter rewriter;
  rewriter.scalar = [](const KeyPath& keys, std::string_view text) -> std::vector<std::string> {
    if (!keys.empty() && keys.back() == "many") return {"x", std::string(text)};
    if (text == "Rosa Park") return {"N1"};
    return {std::string(text)};
  };
  rewriter.key = [](const KeyPath& keys, std::string_view key) { return keys.empty() ? std::string(key) : "k_" + std::string(key); };
  EXPECT_EQ(rewrite_yaml("# Rosa Park wrote this\na: 1 # Rosa\nb: {c: 'no', d: no, many: y}\nmany: [p, q]\ne:\ntext: |\n  two\n  lines\nwho: Rosa Park\nl: [{m: \"%d/%m\"}, []]\n", "x.yaml", rewriter).value(),
            "a: 1\nb: {k_c: \"no\", k_d: no, k_many: [x, y]}\nmany: [x, p, x, q]\ne: null\ntext: \"two\\nlines\\n\"\nwho: N1\nl: [{k_m: \"%d/%m\"}, []]\n");
  EXPECT_EQ(rewrite_yaml("- a\n- {b: c}\n", "x.yaml", rewriter).value(), "- a\n- {b: c}\n");
  EXPECT_EQ(rewrite_yaml("", "x.yaml", rewriter).value(), "");
  EXPECT_EQ(rewrite_yaml("a: [", "x.yaml", rewriter).error().code, ErrorCode::yaml_syntax);
  EXPECT_EQ(rewrite_yaml("a: 1\na: 2\n", "x.yaml", rewriter).error().code, ErrorCode::yaml_duplicate);
}

}  // namespace
}  // namespace muster::policy
