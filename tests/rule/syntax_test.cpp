// The reader of Lua's syntax must agree with Lua itself about what is a file: on hard cases, and on every
// beginning of a shipped rule.
#include "rule/syntax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/embedded.h"
#include "rule/rule.h"

namespace muster::rule {
namespace {

bool lua_accepts(const std::string& text) {
  Diagnostics problems;
  (void)load_rule(text, "x.lua", "", std::make_shared<const std::map<std::string, std::string>>(), problems);
  for (const Error& error : problems.errors())
    if (error.code == ErrorCode::rule_syntax) return false;
  return true;
}

TEST(Syntax, AgreesWithLua) {
  for (const char* text : {
           "",
           "return",
           "return;",
           ";;; return 1",
           "local a <const>, b <close> = 1, nil",
           "local function f(...) return ... end",
           "goto done ::done:: return 1",
           "local t = { 1, 2; 3, [4] = 5, six = 7, }",
           "local t = {} t.a.b['c'] = 1",
           "f{} 'x' [[y]] :z{}",
           "f().g:h'x'",
           "a, b.c, d[1] = 1, 2",
           "local x = -2^-3 .. 4 .. not nil",
           "local x = 1 // 2 % 3 << 4 >> 5 & 6 | 7 ~ 8 ~= ~9",
           "local s = [==[ ]] ]=] ]==]",
           "--[[ long\ncomment ]] return 1",
           "--[==[ x ]] ]==] return 1",
           "-- short",
           "#!shebang\nreturn 1",
           "local n = 0x1p4 + 0xA.8 + .5 + 5. + 1e-3 + 3e+2",
           "local s = 'a\\'b\\\\' .. \"\\z\n   x\\u{48}\"",
           "for i = 1, 2 do end for i = 1, 2, 3 do break end",
           "for k, v in pairs(t) do local x = k end",
           "while a do repeat local b = 1 until b end",
           "if a then elseif b then else end",
           "do local a end",
           "function a.b.c:d() end",
           "return function() end, { function() return end }",
           "return (f)(1)(2)",
           "local a = b and c or d == e < f",
           "local a = #b - -c",
           "return a.b:c(d){e}'f'",
           // what Lua refuses
           "return 1 2",
           "local 1 = 2",
           "x = ",
           "x",
           "a.b",
           "(a) = 1 b",
           "if a then",
           "if a = 1 then end",
           "for i = 1 do end",
           "for i in do end",
           "local s = 'open",
           "local s = [[open",
           "local t = { 1 2 }",
           "local t = { a = }",
           "f(",
           "return return",
           "end",
           "local function f( end",
           "a + b",
           "local a <const",
           "x != 1",
           "x += 1",
           "a ? b : c",
           "return f(1,)",
           "local x = 1..2 y",
           "function f(a,) end",
           "function f(..., a) end",
           "::a",
           "goto",
           "a:b",
           "a:b.c()",
           "@",
           "`x`",
           "local 'a'",
           "repeat until",
           "else",
           "--[[ open",
       }) {
    const bool lua = lua_accepts(text);
    const auto own = parse_syntax(text, "x.lua");
    EXPECT_EQ(own.has_value(), lua) << text << (own ? "" : "\n" + own.error().message);
  }
}

TEST(Syntax, AgreesOnEveryBeginningOfARule) {
  std::size_t compared = 0;
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.name.starts_with("rules/") || !file.name.ends_with(".lua") || file.name.starts_with("rules/lib/")) continue;
    const std::string text(file.bytes);
    const auto whole = parse_syntax(text, "x.lua");
    ASSERT_TRUE(whole) << file.name << ": " << whole.error().message;
    // The tokens are all of the text but blanks and comments, in order.
    std::uint32_t at = 0;
    for (const Token& token : whole->tokens) {
      EXPECT_GE(token.offset, at);
      EXPECT_EQ(text.substr(token.offset, token.size), token.text);
      at = token.offset + token.size;
    }
    const RuleParts parts = find_parts(*whole);
    EXPECT_NE(parts.check, nullptr) << file.name;
    // A rule may leave all its verdicts to a function of the library.
    EXPECT_TRUE(!verdict_sites(*whole, parts).empty() || text.find("require(") != std::string::npos) << file.name;
    if (!file.name.ends_with("max_age.lua")) continue;
    for (std::size_t size = 0; size < text.size(); size += 5, ++compared) {
      const std::string beginning = text.substr(0, size);
      EXPECT_EQ(parse_syntax(beginning, "x.lua").has_value(), lua_accepts(beginning))
          << "..." << beginning.substr(beginning.size() - std::min<std::size_t>(beginning.size(), 60));
    }
  }
  EXPECT_GT(compared, 100u);
}

TEST(Syntax, DepthIsBoundedAsLuaBoundsIt) {
  std::string deep = "return ";
  for (int i = 0; i < 5000; ++i) deep += "{";
  EXPECT_FALSE(parse_syntax(deep, "x.lua"));
  std::string chain = "return 1";
  for (int i = 0; i < 900; ++i) chain += " + 1";
  EXPECT_TRUE(parse_syntax(chain, "x.lua"));
  for (int i = 0; i < 500'000; ++i) chain += "+1";
  EXPECT_FALSE(parse_syntax(chain, "x.lua"));
}

}  // namespace
}  // namespace muster::rule
