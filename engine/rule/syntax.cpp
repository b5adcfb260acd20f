#include "rule/syntax.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/text.h"

namespace muster::rule {
namespace {

constexpr std::string_view kKeywords[] = {
    "and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
    "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"};
constexpr std::string_view kSymbols[] = {"...", "<<", ">>", "//", "==", "~=", "<=", ">=", "::", "..", "+",
                                         "-",   "*",  "/",  "%",  "^",  "#",  "&",  "~",  "|",  "<",  ">",
                                         "=",   "(",  ")",  "{",  "}",  "[",  "]",  ";",  ":",  ",",  "."};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct SyntaxError {
  std::string message;
  std::uint32_t token_offset = 0, line = 0;
};

class Lexer {
 public:
  Lexer(std::string_view text, Syntax& out) : text_(text), out_(out) {}

  void run() {
    for (;;) {
      skip_blank();
      if (at_ >= text_.size()) break;
      const std::size_t begin = at_;
      const std::uint32_t line = line_;
      const char c = text_[at_];
      if (is_letter(c)) {
        while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
        const auto word = text_.substr(begin, at_ - begin);
        const bool is_keyword =
            std::find(std::begin(kKeywords), std::end(kKeywords), word) != std::end(kKeywords);
        add(is_keyword ? TokenKind::keyword : TokenKind::name, begin, line);
      } else if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
        number();
        add(TokenKind::number, begin, line);
      } else if (c == '"' || c == '\'') {
        quoted(c);
        add(TokenKind::text, begin, line);
      } else if (c == '[' && long_level(at_) >= 0) {
        long_text(long_level(at_));
        add(TokenKind::text, begin, line);
      } else {
        const auto symbol = std::find_if(std::begin(kSymbols), std::end(kSymbols), [&](std::string_view s) {
          return text_.substr(at_).starts_with(s);
        });
        if (symbol == std::end(kSymbols))
          throw SyntaxError{"a character that Lua does not know", static_cast<std::uint32_t>(at_), line_};
        at_ += symbol->size();
        add(TokenKind::symbol, begin, line);
      }
    }
    add(TokenKind::end, at_, line_);
  }

 private:
  void add(TokenKind kind, std::size_t begin, std::uint32_t line) {
    out_.tokens.push_back({kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_ - begin),
                           line, text_.substr(begin, at_ - begin)});
  }
  void step() {
    if (text_[at_] == '\n') ++line_;
    ++at_;
  }
  void skip_blank() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v') {
        step();
      } else if (text_.substr(at_).starts_with("--")) {
        comment();
      } else {
        return;
      }
    }
  }
  void comment() {
    const std::uint32_t line = line_;
    const std::size_t begin = at_;
    at_ += 2;
    if (at_ < text_.size() && text_[at_] == '[' && long_level(at_) >= 0)
      long_text(long_level(at_));
    else
      at_ = std::min(text_.find('\n', at_), text_.size());
    std::string_view body = text_.substr(begin, at_ - begin);
    while (body.starts_with('-')) body.remove_prefix(1);
    out_.comments.push_back({line, trim(body)});
  }
  int long_level(std::size_t from) const {
    std::size_t at = from + 1;
    int level = 0;
    while (at < text_.size() && text_[at] == '=') {
      ++level;
      ++at;
    }
    return at < text_.size() && text_[at] == '[' ? level : -1;
  }
  void long_text(int level) {
    const std::string close = "]" + std::string(static_cast<std::size_t>(level), '=') + "]";
    const std::size_t end = text_.find(close, at_);
    if (end == std::string_view::npos)
      throw SyntaxError{"a long text that never ends", static_cast<std::uint32_t>(at_), line_};
    while (at_ < end + close.size()) step();
  }
  void quoted(char quote) {
    const std::size_t begin = at_;
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\n')
        throw SyntaxError{"a text without its closing quote", static_cast<std::uint32_t>(begin), line_};
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        if (text_[at_] == 'z') {
          ++at_;
          while (at_ < text_.size() &&
                 (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
            step();
          continue;
        }
      }
      step();
    }
    if (at_ >= text_.size())
      throw SyntaxError{"a text without its closing quote", static_cast<std::uint32_t>(begin), line_};
    ++at_;
  }
  void number() {
    const bool is_hex = text_.substr(at_).starts_with("0x") || text_.substr(at_).starts_with("0X");
    if (is_hex) at_ += 2;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const char before = text_[at_ - 1];
      const bool is_exponent = is_hex ? (before == 'p' || before == 'P') : (before == 'e' || before == 'E');
      if (is_letter(c) || is_digit(c) || c == '.' || ((c == '+' || c == '-') && is_exponent))
        ++at_;
      else
        break;
    }
  }

  std::string_view text_;
  Syntax& out_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
};

struct Power {
  int left, right;
};
Power power_of(std::string_view op) {
  if (op == "or") return {1, 1};
  if (op == "and") return {2, 2};
  if (op == "<" || op == ">" || op == "<=" || op == ">=" || op == "~=" || op == "==") return {3, 3};
  if (op == "|") return {4, 4};
  if (op == "~") return {5, 5};
  if (op == "&") return {6, 6};
  if (op == "<<" || op == ">>") return {7, 7};
  if (op == "..") return {9, 8};
  if (op == "+" || op == "-") return {10, 10};
  if (op == "*" || op == "/" || op == "//" || op == "%") return {11, 11};
  if (op == "^") return {14, 13};
  return {0, 0};
}
constexpr int kUnaryPower = 12;
constexpr int kLongestChain = 1000;

class Parser {
 public:
  explicit Parser(Syntax& in) : in_(in) {}

  std::unique_ptr<Node> chunk() {
    auto out = block();
    if (peek().kind != TokenKind::end) refuse("the end of the file is wanted");
    return out;
  }

 private:
  using Ptr = std::unique_ptr<Node>;

  const Token& peek() const { return in_.tokens[at_]; }
  const Token& peek_next() const { return in_.tokens[std::min<std::size_t>(at_ + 1, in_.tokens.size() - 1)]; }
  bool is(std::string_view text) const {
    return peek().text == text && peek().kind != TokenKind::text && peek().kind != TokenKind::end;
  }
  bool take(std::string_view text) {
    if (!is(text)) return false;
    ++at_;
    return true;
  }
  void want(std::string_view text) {
    if (!take(text)) refuse("'" + std::string(text) + "' is wanted");
  }
  std::uint32_t want_name() {
    if (peek().kind != TokenKind::name) refuse("a name is wanted");
    return at_++;
  }
  [[noreturn]] void refuse(std::string message) const {
    throw SyntaxError{std::move(message), peek().offset, peek().line};
  }

  struct Deeper {
    explicit Deeper(Parser& p) : parser(p) {
      if (++parser.depth_ > 400) parser.refuse("nested too deeply");
    }
    ~Deeper() { --parser.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    Parser& parser;
  };

  Ptr make(NodeKind kind, std::uint32_t first, std::uint32_t token) const {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->first = first;
    node->token = token;
    return node;
  }
  Ptr close(Ptr node) const {
    node->last = at_ > node->first ? at_ - 1 : node->first;
    return node;
  }
  Ptr leaf(NodeKind kind) {
    auto node = make(kind, at_, at_);
    ++at_;
    return close(std::move(node));
  }

  bool block_ends() const {
    return peek().kind == TokenKind::end || is("end") || is("else") || is("elseif") || is("until");
  }

  Ptr block() {
    const Deeper deeper(*this);
    auto out = make(NodeKind::block, at_, at_);
    while (!block_ends()) {
      if (take(";")) continue;
      const bool is_last = is("return");
      out->children.push_back(statement());
      if (is_last) {
        while (take(";")) continue;
        break;
      }
    }
    return close(std::move(out));
  }

  void expressions(Node& into) {
    do into.children.push_back(expression());
    while (take(","));
  }

  void function_rest(Node& function, bool has_self) {
    (void)has_self;
    want("(");
    if (!is(")")) {
      do {
        if (is("...")) {
          function.children.push_back(leaf(NodeKind::vararg));
          break;
        }
        const std::uint32_t name = want_name();
        function.children.push_back(close(make(NodeKind::parameter, name, name)));
      } while (take(","));
    }
    want(")");
    function.children.push_back(block());
    want("end");
  }

  Ptr statement() {
    const Deeper deeper(*this);
    const std::uint32_t first = at_;
    if (take("if")) {
      auto out = make(NodeKind::if_chain, first, first);
      do {
        out->children.push_back(expression());
        want("then");
        out->children.push_back(block());
      } while (take("elseif"));
      if (take("else")) {
        out->split = 1;
        out->children.push_back(block());
      }
      want("end");
      return close(std::move(out));
    }
    if (take("while")) {
      auto out = make(NodeKind::while_loop, first, first);
      out->children.push_back(expression());
      want("do");
      out->children.push_back(block());
      want("end");
      return close(std::move(out));
    }
    if (take("do")) {
      auto out = make(NodeKind::do_block, first, first);
      out->children.push_back(block());
      want("end");
      return close(std::move(out));
    }
    if (take("repeat")) {
      auto out = make(NodeKind::repeat_loop, first, first);
      out->children.push_back(block());
      want("until");
      out->children.push_back(expression());
      return close(std::move(out));
    }
    if (take("for")) {
      const std::uint32_t name = want_name();
      if (take("=")) {
        auto out = make(NodeKind::number_loop, first, name);
        out->children.push_back(close(make(NodeKind::parameter, name, name)));
        expressions(*out);
        if (out->children.size() < 3 || out->children.size() > 4) refuse("a loop counts from, to, and by");
        want("do");
        out->children.push_back(block());
        want("end");
        return close(std::move(out));
      }
      auto out = make(NodeKind::each_loop, first, first);
      out->children.push_back(close(make(NodeKind::parameter, name, name)));
      while (take(",")) {
        const std::uint32_t more = want_name();
        out->children.push_back(close(make(NodeKind::parameter, more, more)));
      }
      out->split = static_cast<std::uint32_t>(out->children.size());
      want("in");
      expressions(*out);
      want("do");
      out->children.push_back(block());
      want("end");
      return close(std::move(out));
    }
    if (take("function")) {
      auto out = make(NodeKind::function_statement, first, at_);
      const std::uint32_t name = want_name();
      Ptr target = close(make(NodeKind::name, name, name));
      bool has_self = false;
      while (is(".") || is(":")) {
        has_self = is(":");
        ++at_;
        auto index = make(NodeKind::index_name, name, want_name());
        index->children.push_back(std::move(target));
        target = close(std::move(index));
        if (has_self) break;
      }
      auto function = make(NodeKind::function, first, first);
      function_rest(*function, has_self);
      out->children.push_back(std::move(target));
      out->children.push_back(close(std::move(function)));
      return close(std::move(out));
    }
    if (take("local")) {
      if (take("function")) {
        auto out = make(NodeKind::local_function, first, want_name());
        auto function = make(NodeKind::function, first, first);
        function_rest(*function, false);
        out->children.push_back(close(std::move(function)));
        return close(std::move(out));
      }
      auto out = make(NodeKind::local, first, first);
      do {
        const std::uint32_t name = want_name();
        out->children.push_back(close(make(NodeKind::parameter, name, name)));
        if (take("<")) {
          (void)want_name();
          want(">");
        }
      } while (take(","));
      out->split = static_cast<std::uint32_t>(out->children.size());
      if (take("=")) expressions(*out);
      return close(std::move(out));
    }
    if (take("return")) {
      auto out = make(NodeKind::give_back, first, first);
      if (!block_ends() && !is(";")) expressions(*out);
      return close(std::move(out));
    }
    if (take("break")) return close(make(NodeKind::jump, first, first));
    if (is("goto") && peek_next().kind == TokenKind::name) {
      at_ += 2;
      return close(make(NodeKind::jump, first, first));
    }
    if (take("::")) {
      (void)want_name();
      want("::");
      return close(make(NodeKind::jump, first, first));
    }
    Ptr target = suffixed();
    if (!is("=") && !is(",")) {
      if (target->kind != NodeKind::call && target->kind != NodeKind::method) refuse("a statement is wanted");
      auto out = make(NodeKind::expression, first, first);
      out->children.push_back(std::move(target));
      return close(std::move(out));
    }
    auto out = make(NodeKind::assign, first, first);
    out->children.push_back(std::move(target));
    while (take(",")) out->children.push_back(suffixed());
    out->split = static_cast<std::uint32_t>(out->children.size());
    want("=");
    expressions(*out);
    return close(std::move(out));
  }

  Ptr table() {
    const Deeper deeper(*this);
    auto out = make(NodeKind::table, at_, at_);
    want("{");
    while (!is("}")) {
      const std::uint32_t first = at_;
      if (peek().kind == TokenKind::name && peek_next().text == "=" &&
          peek_next().kind == TokenKind::symbol) {
        auto item = make(NodeKind::named_item, first, at_);
        at_ += 2;
        item->children.push_back(expression());
        out->children.push_back(close(std::move(item)));
      } else if (take("[")) {
        auto item = make(NodeKind::keyed_item, first, first);
        item->children.push_back(expression());
        want("]");
        want("=");
        item->children.push_back(expression());
        out->children.push_back(close(std::move(item)));
      } else {
        auto item = make(NodeKind::item, first, first);
        item->children.push_back(expression());
        out->children.push_back(close(std::move(item)));
      }
      if (!take(",") && !take(";")) break;
    }
    want("}");
    return close(std::move(out));
  }

  void arguments(Node& call) {
    if (is("{")) {
      call.children.push_back(table());
    } else if (peek().kind == TokenKind::text) {
      call.children.push_back(leaf(NodeKind::text));
    } else {
      want("(");
      if (!is(")")) expressions(call);
      want(")");
    }
  }

  Ptr suffixed() {
    const Deeper deeper(*this);
    const std::uint32_t first = at_;
    Ptr out;
    if (take("(")) {
      out = make(NodeKind::group, first, first);
      out->children.push_back(expression());
      want(")");
      out = close(std::move(out));
    } else {
      const std::uint32_t name = want_name();
      out = close(make(NodeKind::name, name, name));
    }
    for (int parts = 0;; ++parts) {
      if (parts > kLongestChain) refuse("an expression of too many parts");
      if (is(".")) {
        ++at_;
        auto next = make(NodeKind::index_name, first, want_name());
        next->children.push_back(std::move(out));
        out = close(std::move(next));
      } else if (is("[")) {
        auto next = make(NodeKind::index, first, at_);
        ++at_;
        next->children.push_back(std::move(out));
        next->children.push_back(expression());
        want("]");
        out = close(std::move(next));
      } else if (is(":")) {
        ++at_;
        auto next = make(NodeKind::method, first, want_name());
        next->children.push_back(std::move(out));
        arguments(*next);
        out = close(std::move(next));
      } else if (is("(") || is("{") || peek().kind == TokenKind::text) {
        auto next = make(NodeKind::call, first, out->token);
        next->children.push_back(std::move(out));
        arguments(*next);
        out = close(std::move(next));
      } else {
        return out;
      }
    }
  }

  Ptr simple() {
    if (peek().kind == TokenKind::number) return leaf(NodeKind::number);
    if (peek().kind == TokenKind::text) return leaf(NodeKind::text);
    if (is("nil")) return leaf(NodeKind::nil);
    if (is("true")) return leaf(NodeKind::yes);
    if (is("false")) return leaf(NodeKind::no);
    if (is("...")) return leaf(NodeKind::vararg);
    if (is("{")) return table();
    if (is("function")) {
      auto out = make(NodeKind::function, at_, at_);
      ++at_;
      function_rest(*out, false);
      return close(std::move(out));
    }
    return suffixed();
  }

  Ptr expression(int limit = 0) {
    const Deeper deeper(*this);
    const std::uint32_t first = at_;
    Ptr left;
    if (is("not") || is("-") || is("#") || is("~")) {
      left = make(NodeKind::unary, first, at_);
      ++at_;
      left->children.push_back(expression(kUnaryPower));
      left = close(std::move(left));
    } else {
      left = simple();
    }
    for (int parts = 0; peek().kind == TokenKind::symbol || peek().kind == TokenKind::keyword; ++parts) {
      // Each part is a level of the tree, which is walked by recursion.
      if (parts > kLongestChain) refuse("an expression of too many parts");
      const Power power = power_of(peek().text);
      if (power.left <= limit) break;
      auto next = make(NodeKind::binary, first, at_);
      ++at_;
      next->children.push_back(std::move(left));
      next->children.push_back(expression(power.right));
      left = close(std::move(next));
    }
    return left;
  }

  Syntax& in_;
  std::uint32_t at_ = 0;
  int depth_ = 0;
};

Place place_at(std::string_view source, const std::string& file, std::uint32_t offset, std::uint32_t line) {
  const std::size_t before = offset == 0 ? std::string_view::npos : source.rfind('\n', offset - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t end = std::min(source.find('\n', offset), source.size());
  Place place{file, line, 1, {}};
  for (std::size_t i = begin; i < offset; ++i)
    if ((static_cast<unsigned char>(source[i]) & 0xc0) != 0x80) ++place.column;
  if (end - begin <= 400) place.source_line = std::string(source.substr(begin, end - begin));
  return place;
}

const Node* item_of(const Syntax& syntax, const Node& table, std::string_view key) {
  for (const auto& item : table.children)
    if (item->kind == NodeKind::named_item && syntax.word(*item) == key) return item->children[0].get();
  return nullptr;
}

/// The table that a local of the file's own level was made with.
const Node* local_value(const Syntax& syntax, std::string_view name) {
  const Node* found = nullptr;
  for (const auto& statement : syntax.chunk->children) {
    if (statement->kind != NodeKind::local) continue;
    for (std::size_t i = 0; i < statement->split; ++i) {
      const std::size_t value = statement->split + i;
      if (syntax.word(*statement->children[i]) == name && value < statement->children.size())
        found = statement->children[value].get();
    }
  }
  return found;
}

const Node* resolve(const Syntax& syntax, const Node* node) {
  return node && node->kind == NodeKind::name ? local_value(syntax, syntax.word(*node)) : node;
}

/// Locals that only the description uses (a function that makes the records of examples) are description too.
void leave_out_helpers_of_description(const Syntax& syntax, RuleParts& parts) {
  for (bool is_changed = true; is_changed;) {
    is_changed = false;
    for (const auto& statement : syntax.chunk->children) {
      if ((statement->kind != NodeKind::local && statement->kind != NodeKind::local_function) ||
          !parts.is_code[statement->first])
        continue;
      std::vector<std::string_view> names;
      if (statement->kind == NodeKind::local_function) names.push_back(syntax.word(*statement));
      for (std::size_t i = 0; statement->kind == NodeKind::local && i < statement->split; ++i)
        names.push_back(syntax.word(*statement->children[i]));
      bool is_described = false, is_code = false;
      for (std::uint32_t i = 0; i < syntax.tokens.size(); ++i) {
        const bool is_own = i >= statement->first && i <= statement->last;
        if (is_own || syntax.at(i).kind != TokenKind::name ||
            std::find(names.begin(), names.end(), syntax.at(i).text) == names.end())
          continue;
        // `{ name = … }` and `record.name` are other names, yet counted as uses: at worst too much is
        // mutated.
        (parts.is_code[i] ? is_code : is_described) = true;
      }
      if (!is_described || is_code) continue;
      for (std::uint32_t i = statement->first; i <= statement->last; ++i) parts.is_code[i] = false;
      is_changed = true;
    }
  }
}

void collect_sites(const Syntax& syntax, const RuleParts& parts, const Node& node,
                   std::vector<const Node*>& out) {
  if (node.kind == NodeKind::call && node.children[0]->kind == NodeKind::name &&
      is_verdict_word(syntax.word(*node.children[0])) && parts.is_code[node.first])
    out.push_back(&node);
  for (const auto& child : node.children) collect_sites(syntax, parts, *child, out);
}

}  // namespace

Place Syntax::place(const std::string& file, std::uint32_t token) const {
  return place_at(source, file, tokens[token].offset, tokens[token].line);
}

std::string_view Syntax::text_of(const Node& node) const {
  const Token &first = tokens[node.first], &last = tokens[node.last];
  return source.substr(first.offset, last.offset + last.size - first.offset);
}

Result<Syntax> parse_syntax(std::string_view text, const std::string& file) {
  Syntax out;
  out.source = text;
  try {
    Lexer(text, out).run();
    out.chunk = Parser(out).chunk();
  } catch (const SyntaxError& error) {
    return fail(ErrorCode::rule_syntax, error.message, place_at(text, file, error.token_offset, error.line));
  }
  return out;
}

RuleParts find_parts(const Syntax& syntax) {
  RuleParts parts;
  parts.is_code.assign(syntax.tokens.size(), true);
  const auto describe = [&](const Node& node) {
    for (std::uint32_t i = node.first; i <= node.last; ++i) parts.is_code[i] = false;
  };
  if (syntax.chunk->children.empty()) return parts;
  const Node& last = *syntax.chunk->children.back();
  if (last.kind != NodeKind::give_back || last.children.size() != 1) return parts;
  const Node* table = resolve(syntax, last.children[0].get());
  if (!table || table->kind != NodeKind::table) return parts;
  parts.table = table;
  for (const auto& item : table->children) {
    if (item->kind == NodeKind::named_item && syntax.word(*item) == "check") {
      parts.check = item->children[0].get();
      continue;
    }
    describe(*item);
    // `examples = examples`: the local is description too.
    if (item->kind == NodeKind::named_item && item->children[0]->kind == NodeKind::name)
      if (const Node* value = local_value(syntax, syntax.word(*item->children[0]))) describe(*value);
  }
  // `rule.examples = …` after the table.
  const bool is_named = last.children[0]->kind == NodeKind::name;
  for (const auto& statement : syntax.chunk->children) {
    if (!is_named || statement->kind != NodeKind::assign ||
        statement->children[0]->kind != NodeKind::index_name)
      continue;
    const Node& target = *statement->children[0];
    if (target.children[0]->kind == NodeKind::name &&
        syntax.word(*target.children[0]) == syntax.word(*last.children[0]) && syntax.word(target) != "check")
      describe(*statement);
  }
  leave_out_helpers_of_description(syntax, parts);
  const Node* examples = resolve(syntax, item_of(syntax, *table, "examples"));
  if (!examples || examples->kind != NodeKind::table) return parts;
  for (const auto& item : examples->children) {
    RuleParts::ExampleParts example;
    const Node* value = item->kind == NodeKind::item ? item->children[0].get() : nullptr;
    if (value && value->kind == NodeKind::table) {
      example.item = value;
      example.note = item_of(syntax, *value, "note");
      example.want = item_of(syntax, *value, "want");
    }
    parts.examples.push_back(example);
  }
  return parts;
}

RuleParts library_parts(const Syntax& syntax) {
  RuleParts parts;
  parts.is_code.assign(syntax.tokens.size(), true);
  return parts;
}

bool is_verdict_word(std::string_view word) {
  return word == "pass" || word == "pass_until" || word == "fail" || word == "not_applicable" ||
         word == "unknown";
}

std::vector<const Node*> verdict_sites(const Syntax& syntax, const RuleParts& parts) {
  std::vector<const Node*> out;
  collect_sites(syntax, parts, *syntax.chunk, out);
  std::sort(out.begin(), out.end(), [](const Node* a, const Node* b) { return a->first < b->first; });
  return out;
}

std::optional<std::string> text_value(std::string_view token) {
  if (token.size() < 2 || (token[0] != '"' && token[0] != '\'')) return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i + 1 < token.size(); ++i) {
    if (token[i] != '\\') {
      out += token[i];
      continue;
    }
    switch (token[++i]) {
      case '"': out += '"'; break;
      case '\'': out += '\''; break;
      case '\\': out += '\\'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      default: return std::nullopt;
    }
  }
  return out;
}

std::string quote_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\0')
      out += "\\0";
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace muster::rule
