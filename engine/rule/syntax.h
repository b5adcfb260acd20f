// The syntax of a rule file, for tools that speak about its text: lint, coverage, mutation, `rule test
// --update`. Lua itself decides what a valid file is; this reader is for texts that Lua has accepted.
// Everything points into the text that was given, which must outlive the Syntax. Pure; thread-safe once made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace muster::rule {

enum class TokenKind : std::uint8_t { name, keyword, number, text, symbol, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t offset = 0, size = 0;  // bytes of the text
  std::uint32_t line = 0;              // from 1
  std::string_view text;
};

struct Comment {
  std::uint32_t line = 0;  // of its beginning
  std::string_view text;   // without the dashes, trimmed
};

enum class NodeKind : std::uint8_t {
  // Expressions. `token` is the name, literal or operator; children are the parts.
  name,
  nil,
  yes,
  no,
  number,
  text,
  vararg,
  function,
  table,
  index_name,
  index,
  call,
  method,
  unary,
  binary,
  group,
  // Parts of a table: `key = value` (token is the key, child the value), `[key] = value` (two children),
  // `value` (one child).
  named_item,
  keyed_item,
  item,
  // Statements. A block's children are statements; a function's are its parameters (kind parameter) and,
  // last, its block.
  block,
  parameter,
  local,
  local_function,
  function_statement,
  assign,
  expression,
  do_block,
  while_loop,
  repeat_loop,
  if_chain,
  number_loop,
  each_loop,
  give_back,
  jump,
};

struct Node {
  NodeKind kind = NodeKind::block;
  std::uint32_t token = 0;            // the telling token, by index
  std::uint32_t first = 0, last = 0;  // all of it: tokens [first, last]
  std::uint32_t split = 0;  // of local, assign, each_loop: how many of the children are targets. Of if_chain:
                            // 1 when it ends in `else`
  std::vector<std::unique_ptr<Node>> children;
};

struct Syntax {
  std::string_view source;
  std::vector<Token> tokens;  // the last one is `end`
  std::vector<Comment> comments;
  std::unique_ptr<Node> chunk;

  [[nodiscard]] const Token& at(std::uint32_t index) const { return tokens[index]; }
  [[nodiscard]] std::string_view word(const Node& node) const { return tokens[node.token].text; }
  /// For messages: line, column and source line of a token.
  [[nodiscard]] Place place(const std::string& file, std::uint32_t token) const;
  /// The bytes of a node.
  [[nodiscard]] std::string_view text_of(const Node& node) const;
};

/// Error rule_syntax, in words of this reader, for a text that is no Lua 5.4.
[[nodiscard]] Result<Syntax> parse_syntax(std::string_view text, const std::string& file);

/// The table that the file gives back, and what of it is code.
struct RuleParts {
  const Node* table = nullptr;  // nullptr: not found (it is made in a way that only running it shows)
  const Node* check = nullptr;  // the value of `check`
  struct ExampleParts {
    const Node* item = nullptr;
    const Node* note = nullptr;
    const Node* want = nullptr;
  };
  std::vector<ExampleParts> examples;
  /// By token: whether it decides verdicts (check and the helpers of the file) rather than describes the
  /// rule.
  std::vector<bool> is_code;
};
[[nodiscard]] RuleParts find_parts(const Syntax& syntax);
/// Of a library file: all of it is code.
[[nodiscard]] RuleParts library_parts(const Syntax& syntax);

/// Where check can make a verdict: calls of pass, fail, not_applicable and unknown in code.
[[nodiscard]] std::vector<const Node*> verdict_sites(const Syntax& syntax, const RuleParts& parts);
[[nodiscard]] bool is_verdict_word(std::string_view word);

/// The value of a short text token without its quotes, escapes resolved as far as rules need them (\" \'
/// \\ \n \t); nullopt for other escapes.
[[nodiscard]] std::optional<std::string> text_value(std::string_view token);
/// A text as a Lua literal in double quotes.
[[nodiscard]] std::string quote_text(std::string_view text);

}  // namespace muster::rule
