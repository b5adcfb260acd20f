#include "base/text.h"

#include <gmock/gmock.h>

namespace muster {
namespace {

using std::string_view_literals::operator""sv;

TEST(Utf8, IsChecked) {
  for (const std::string_view text : {""sv, "plain"sv, "é"sv, "日本語 text that is longer than eight bytes"sv,
                                      "😀"sv, "\0"sv, "\xF4\x8F\xBF\xBF"sv, "\xEF\xBF\xBF"sv})
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  for (const std::string_view text :
       {"\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x80\x80"sv, "\xED\xA0\x80"sv, "\xED\xBF\xBF"sv,
        "\xF4\x90\x80\x80"sv, "\xF8\x88\x80\x80\x80"sv, "\xC3"sv, "\xE2\x82"sv, "\xF0\x9F\x98"sv,
        "abcdefgh\xFF"sv, "12345678901\xC3(45"sv})
    EXPECT_FALSE(is_valid_utf8(text)) << text;
}

TEST(FoldCase, EveryAsciiByteAtEveryPlace) {
  for (std::size_t at = 0; at < 19; ++at) {
    for (int byte = 0; byte < 0x80; ++byte) {
      std::string text = "ZyXwVuTsRqPoNmLkJiH", want = "zyxwvutsrqponmlkjih";
      text[at] = static_cast<char>(byte);
      want[at] = static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte + 0x20 : byte);
      ASSERT_EQ(fold_case(text), want) << at << " " << byte;
    }
  }
}

TEST(MakeVisible, ShowsWhatWouldHideOrMislead) {
  EXPECT_EQ(make_visible("Dana O'Neil <dana@x.example> 日本 é 😀"), "Dana O'Neil <dana@x.example> 日本 é 😀");
  EXPECT_EQ(make_visible("a\x1B[31mred\x07"), "a\\u{1B}[31mred\\u{7}");
  EXPECT_EQ(make_visible("\0\x7F"sv), "\\u{0}\\u{7F}");
  EXPECT_EQ(make_visible("c1 \u0085 \u009B"), "c1 \\u{85} \\u{9B}");
  EXPECT_EQ(make_visible("admin\u202Egnp.exe"), "admin\\u{202E}gnp.exe");
  EXPECT_EQ(
      make_visible("\u200E\u200F\u061C\u2066\u2067\u2068\u2069\u202A\u202B\u202C\u202D"),
      "\\u{200E}\\u{200F}\\u{61C}\\u{2066}\\u{2067}\\u{2068}\\u{2069}\\u{202A}\\u{202B}\\u{202C}\\u{202D}");
  EXPECT_EQ(make_visible("ad\u200Bmin\u200C\u200D\u2060\uFEFF\u00AD"),
            "ad\\u{200B}min\\u{200C}\\u{200D}\\u{2060}\\u{FEFF}\\u{AD}");
  EXPECT_EQ(make_visible("\u2028\u2029\u3164\u115F"), "\\u{2028}\\u{2029}\\u{3164}\\u{115F}");
  EXPECT_EQ(make_visible("\uFFFE\uFDD0\U0010FFFF\U000E0041"), "\\u{FFFE}\\u{FDD0}\\u{10FFFF}\\u{E0041}");
  EXPECT_EQ(make_visible("\xFF\xC3(\xED\xA0\x80"), "\\x{FF}\\x{C3}(\\x{ED}\\x{A0}\\x{80}");
  EXPECT_EQ(make_visible("a\nb\tc\rd"), "a\\nb\\tc\\u{D}d");
  EXPECT_EQ(make_visible("a\nb\tc\rd", true), "a\nb\tc\\u{D}d");
}

TEST(FoldCase, IsUnicode) {
  EXPECT_EQ(fold_case("Dana"), "dana");
  EXPECT_EQ(fold_case("ÉCOLE"), "école");
  EXPECT_EQ(fold_case("E\u0301COLE"), "école");  // decomposed comes out composed
  EXPECT_EQ(fold_case("Straße"), "strasse");
  EXPECT_EQ(fold_case("ΣΊΣΥΦΟΣ"), fold_case("σίσυφος"));
  EXPECT_EQ(fold_case("A\xFFZ"), "a\xFFz");
  EXPECT_EQ(fold_case("@[`{"), "@[`{");
  EXPECT_EQ(fold_case("A\0B"sv), "a\0b"sv);
}

TEST(FoldEmail, TrimsAndFolds) {
  EXPECT_EQ(fold_email(" Dana.Reyes@Northwind.EXAMPLE\t"), "dana.reyes@northwind.example");
  EXPECT_EQ(fold_email("\u00A0JOSÉ@x.example\u200B"), "josé@x.example");
  EXPECT_EQ(fold_email(""), "");
  EXPECT_EQ(fold_email(" \u3000 "), "");
  std::string out = "kept:";
  fold_email("A@B", out);
  fold_email("É@B", out);
  EXPECT_EQ(out, "kept:a@bé@b");
}

TEST(Trim, TakesSpacesOfAllKinds) {
  EXPECT_EQ(trim(" \t\r\n\v\f a b \u00A0\u2003\uFEFF"), "a b");
  EXPECT_EQ(trim("\u0085x\u0085"), "x");
  EXPECT_EQ(trim("\xA0x\xA0"), "\xA0x\xA0");  // not UTF-8, not a space
  EXPECT_EQ(trim("é"), "é");
  EXPECT_EQ(trim(""), "");
}

TEST(NearestName, FindsLikelySlips) {
  const std::vector<std::string> names = {"accounts.linked_to_roster",
                                          "accounts.leavers_removed",
                                          "keys.max_age",
                                          "keys.no_expiry",
                                          "id",
                                          "naïve"};
  const auto near = [&](std::string_view word) {
    return std::string(nearest_name(word, names).value_or("none"));
  };
  EXPECT_EQ(near("acounts.linked_to_roster"), "accounts.linked_to_roster");
  EXPECT_EQ(near("keys.maxage"), "keys.max_age");
  EXPECT_EQ(near("keys.mxa_age"), "keys.max_age");
  EXPECT_EQ(near("di"), "id");  // a swap is one step
  EXPECT_EQ(near("naive"), "naïve");
  EXPECT_EQ(near("keys.max_age"), "keys.max_age");
  EXPECT_EQ(near("workspaces"), "none");
  EXPECT_EQ(near(""), "none");
  EXPECT_EQ(near(std::string(1'000'000, 'k')), "none");
  EXPECT_EQ(near("\xFF\xFE\xFD"), "none");
  const std::string_view tie[] = {"ab", "ac"};
  EXPECT_EQ(nearest_name("ad", tie), "ab");
}

TEST(Glob, Matches) {
  const std::pair<const char*, const char*> yes[] = {{"", ""},
                                                     {"*", ""},
                                                     {"*", "anything"},
                                                     {"prod-*", "prod-eu"},
                                                     {"*-eu", "prod-eu"},
                                                     {"p*-*u", "prod-eu"},
                                                     {"?", "é"},
                                                     {"?", "日"},
                                                     {"a?c", "abc"},
                                                     {"[abc]", "b"},
                                                     {"[a-c]x", "cx"},
                                                     {"[!a-c]", "d"},
                                                     {"[^a]", "b"},
                                                     {"[]x]", "]"},
                                                     {"[a-]", "-"},
                                                     {"[é-ü]", "ö"},
                                                     {"\\*", "*"},
                                                     {"[\\]]", "]"},
                                                     {"a\\", "a\\"},
                                                     {"[", "["},
                                                     {"[abc", "[abc"},
                                                     {"**a**", "bab"},
                                                     {"*.example", "a.b.example"},
                                                     {"a*b*c", "a-b-b-c"},
                                                     {"\xFF*", "\xFFz"},
                                                     {"?", "\xFF"},
                                                     {"[!a]", "\xFF"}};
  for (const auto& [pattern, text] : yes) EXPECT_TRUE(glob_match(pattern, text)) << pattern << " " << text;
  const std::pair<const char*, const char*> no[] = {{"", "a"},       {"a", ""},      {"a", "A"},
                                                    {"?", ""},       {"?", "ab"},    {"prod-*", "preprod-eu"},
                                                    {"*a", "ab"},    {"[abc]", "d"}, {"[!abc]", "a"},
                                                    {"[c-a]", "b"},  {"\\*", "x"},   {"[a-c]", "-"},
                                                    {"a*b", "acbc"}, {"é", "e"},     {"\xC3", "é"},
                                                    {"[]", ""},      {"*?", ""}};
  for (const auto& [pattern, text] : no) EXPECT_FALSE(glob_match(pattern, text)) << pattern << " " << text;
}

TEST(Glob, HostilePatternsStayLinear) {
  // With naive backtracking either of these would outlive the universe.
  std::string stars;
  for (int i = 0; i < 500; ++i) stars += "a*";
  const std::string text(20'000, 'a');
  EXPECT_FALSE(glob_match(stars + "b", text));
  EXPECT_TRUE(glob_match(stars, text));
  std::string classes;
  for (int i = 0; i < 100; ++i) classes += "*[a-z]?";
  EXPECT_FALSE(glob_match(classes + "!", text));
  EXPECT_FALSE(glob_match("*" + std::string(2'000, '['), std::string(2'000, '[') + "x"));
  std::string quoted = "*", brackets;
  for (int i = 0; i < 1'000; ++i) {
    quoted += "[\\]";
    brackets += "[]";
  }
  EXPECT_TRUE(glob_match(quoted, brackets));
  EXPECT_FALSE(glob_match(quoted, brackets + "x"));
  EXPECT_TRUE(glob_match("[[a]x", "ax"));
  EXPECT_TRUE(glob_match("[a][", "a["));
}

TEST(Glob, SaysWhetherATextIsOne) {
  for (const char* text : {"*", "a?", "[a]", "\\x", "["}) EXPECT_TRUE(is_glob(text)) << text;
  for (const char* text : {"", "plain", "a]b", "a-b!"}) EXPECT_FALSE(is_glob(text)) << text;
}

TEST(Display, WidthAndPrefix) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("😀"), 2U);
  EXPECT_EQ(display_width("\xFF"), 1U);
  EXPECT_EQ(utf8_prefix("abc", 2), "ab");
  EXPECT_EQ(utf8_prefix("aé", 2), "a");
  EXPECT_EQ(utf8_prefix("aé", 3), "aé");
  EXPECT_EQ(utf8_prefix("😀", 3), "");
  EXPECT_EQ(utf8_prefix("\x80\x80\x80\x80\x80\x80", 5), "\x80\x80\x80\x80\x80");
  EXPECT_EQ(utf8_prefix("", 0), "");
  EXPECT_EQ(utf8_prefix("x", 0), "");
  EXPECT_EQ(first_code_point("éa"), "é");
  EXPECT_EQ(first_code_point("\xC3"), "\xC3");
  EXPECT_EQ(first_code_point(""), "");
}

}  // namespace
}  // namespace muster
