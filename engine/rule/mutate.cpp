#include "rule/mutate.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::rule {
namespace {

std::string number_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".einf") == std::string::npos) text += ".0";
  return text;
}

std::vector<std::string> number_swaps(std::string_view text) {
  std::vector<std::string> out;
  const auto add = [&](std::string swap) {
    if (swap != text && std::find(out.begin(), out.end(), swap) == out.end()) out.push_back(std::move(swap));
  };
  std::int64_t whole = 0;
  if (const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
      error == std::errc() && end == text.data() + text.size()) {
    if (whole < 9'000'000'000'000'000'000) add(std::to_string(whole + 1));
    // A bare minus sign before a number may change what is before it, hence the brackets.
    add(whole == 0 ? "(-1)" : std::to_string(whole - 1));
    add("0");
    return out;
  }
  double number = 0;
  if (const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      error == std::errc() && end == text.data() + text.size()) {
    add(number_text(number + 1));
    add(number - 1 < 0 ? "(" + number_text(number - 1) + ")" : number_text(number - 1));
    add("0");
    return out;
  }
  add("0");  // hexadecimal
  return out;
}

std::vector<std::string> swaps_of(const Token& token) {
  if (token.kind == TokenKind::number) return number_swaps(token.text);
  if (token.kind != TokenKind::symbol && token.kind != TokenKind::keyword) return {};
  static const std::map<std::string_view, std::vector<std::string>> kSwaps = {
      {"==", {"~="}},      {"~=", {"=="}},      {"<", {"<=", ">="}}, {"<=", {"<", ">"}},
      {">", {">=", "<="}}, {">=", {">", "<"}},  {"and", {"or"}},     {"or", {"and"}},
      {"not", {""}},       {"true", {"false"}}, {"false", {"true"}},
  };
  const auto found = kSwaps.find(token.text);
  return found == kSwaps.end() ? std::vector<std::string>() : found->second;
}

struct Mark {
  std::uint32_t line = 0;       // of the comment
  std::uint32_t code_line = 0;  // that it speaks of
  std::string replacement, reason;
};

std::vector<Mark> marks_of(const Syntax& syntax) {
  static constexpr std::string_view kWord = "equivalent ";
  std::set<std::uint32_t> lines_with_code;
  for (const Token& token : syntax.tokens)
    if (token.kind != TokenKind::end) lines_with_code.insert(token.line);
  std::vector<Mark> marks;
  for (const Comment& comment : syntax.comments) {
    if (!comment.text.starts_with(kWord)) continue;
    const std::string_view rest = comment.text.substr(kWord.size());
    const std::size_t colon = rest.find(": ");
    if (colon == std::string_view::npos) continue;
    Mark mark;
    mark.line = comment.line;
    mark.replacement = std::string(trim(rest.substr(0, colon)));
    if (mark.replacement == "nothing") mark.replacement.clear();
    mark.reason = std::string(trim(rest.substr(colon + 2)));
    const auto next = lines_with_code.lower_bound(comment.line);
    mark.code_line = next == lines_with_code.end() ? 0 : *next;
    if (!mark.reason.empty()) marks.push_back(std::move(mark));
  }
  return marks;
}

// A `<` that opens an attribute (`local x <const>`) is no comparison.
bool is_attribute(const Syntax& syntax, std::uint32_t index) {
  const auto text = [&](std::uint32_t i) {
    return i < syntax.tokens.size() ? syntax.tokens[i].text : std::string_view();
  };
  const auto is_word = [&](std::uint32_t i) { return text(i) == "const" || text(i) == "close"; };
  return (text(index) == "<" && is_word(index + 1) && text(index + 2) == ">") ||
         (text(index) == ">" && index >= 2 && is_word(index - 1) && text(index - 2) == "<");
}

}  // namespace

std::vector<Mutant> make_mutants(const Syntax& syntax, const RuleParts& parts) {
  const std::vector<Mark> marks = marks_of(syntax);
  std::vector<Mutant> out;
  for (std::uint32_t i = 0; i < syntax.tokens.size(); ++i) {
    if (!parts.is_code[i] || is_attribute(syntax, i)) continue;
    for (std::string& swap : swaps_of(syntax.tokens[i])) {
      Mutant mutant{i, std::move(swap), {}};
      for (const Mark& mark : marks)
        if (mark.code_line == syntax.tokens[i].line && mark.replacement == mutant.replacement)
          mutant.equivalent = mark.reason;
      out.push_back(std::move(mutant));
    }
  }
  return out;
}

std::vector<std::uint32_t> stray_equivalents(const Syntax& syntax, const RuleParts& parts) {
  std::vector<std::uint32_t> out;
  const auto mutants = make_mutants(syntax, parts);
  for (const Comment& comment : syntax.comments) {
    if (!comment.text.starts_with("equivalent")) continue;
    const auto marks = marks_of(syntax);
    const auto mark =
        std::find_if(marks.begin(), marks.end(), [&](const Mark& m) { return m.line == comment.line; });
    const bool is_used =
        mark != marks.end() && std::any_of(mutants.begin(), mutants.end(), [&](const Mutant& mutant) {
          return syntax.tokens[mutant.token].line == mark->code_line &&
                 mutant.replacement == mark->replacement;
        });
    if (!is_used) out.push_back(comment.line);
  }
  return out;
}

std::string apply_mutant(const Syntax& syntax, const Mutant& mutant) {
  const Token& token = syntax.tokens[mutant.token];
  std::string out(syntax.source.substr(0, token.offset));
  out += mutant.replacement;
  out += syntax.source.substr(token.offset + token.size);
  return out;
}

std::string describe_mutant(const Syntax& syntax, const Mutant& mutant) {
  const std::string_view was = syntax.tokens[mutant.token].text;
  if (mutant.replacement.empty()) return fmt::format("without `{}`", was);
  return fmt::format("`{}` instead of `{}`", mutant.replacement, was);
}

SiteLines break_before_sites(const Syntax& syntax, const std::vector<const Node*>& sites) {
  SiteLines out;
  std::size_t from = 0;
  std::uint32_t breaks = 0;
  for (const Node* site : sites) {
    const Token& token = syntax.tokens[site->first];
    out.text += syntax.source.substr(from, token.offset - from);
    out.text += '\n';
    from = token.offset;
    out.lines.push_back(token.line + ++breaks);
  }
  out.text += syntax.source.substr(from);
  return out;
}

}  // namespace muster::rule
