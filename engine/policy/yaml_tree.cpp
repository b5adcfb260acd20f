#include "policy/yaml_tree.h"

#include <algorithm>
#include <sstream>
#include <unordered_map>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/text.h"

namespace muster::policy {
namespace {

constexpr std::size_t kMaxShownColumns = 400;
constexpr std::size_t kBlockBytes = 4096;
constexpr std::string_view kSecretPrefix = "sk-ant-";

/// Carries a fatal problem out of yaml-cpp's callbacks.
struct Stop {
  Error error;
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; }

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

bool starts_with_at(std::string_view text, std::size_t at, std::string_view what) {
  return at <= text.size() && text.substr(at).starts_with(what);
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// Where the value of a key of kSecretKeys begins in the line; npos when there is none.
std::size_t find_secret_value(std::string_view line) {
  std::size_t first = std::string_view::npos;
  for (const auto key : kSecretKeys) {
    for (std::size_t at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1)) {
      if (at > 0 && is_word_character(line[at - 1])) continue;
      const std::size_t colon = line.find_first_not_of("\"' \t", at + key.size());
      if (colon != std::string_view::npos && line[colon] == ':') first = std::min(first, colon + 1);
    }
  }
  return first;
}

/// Anything that looks like an Anthropic key becomes stars.
void mask_keys(std::string& text) {
  for (std::size_t at = text.find(kSecretPrefix); at != std::string::npos; at = text.find(kSecretPrefix, at))
    for (; at < text.size() && is_word_character(text[at]); ++at) text[at] = '*';
}

/// The line as an error may show it: secrets masked column by column, a long line cut.
std::string shown_line(std::string_view line) {
  const std::size_t secret_from = find_secret_value(line);
  std::string shown;
  std::size_t columns = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool is_secret = i >= secret_from && line[i] != ' ';
    if (is_continuation(line[i])) {
      if (!is_secret) shown += line[i];
      continue;
    }
    if (columns++ == kMaxShownColumns) {
      shown += "…";
      break;
    }
    shown += is_secret ? '*' : line[i];
  }
  mask_keys(shown);
  return shown;
}

/// The first character that YAML does not allow, or that yaml-cpp would misread: it takes U+0004 for the end
/// of the file and drops a lone CR.
std::optional<std::pair<std::size_t, std::string>> find_bad_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))
      return {{i, "a carriage return without a line feed"}};
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F)
      return {{i, fmt::format("the control character U+{:04X}", byte)}};
    if (byte == 0xC2 && i + 1 < text.size()) {
      const auto next = static_cast<unsigned char>(text[i + 1]);
      if (next < 0xA0 && next != 0x85) return {{i, fmt::format("the control character U+{:04X}", next)}};
    }
    if (starts_with_at(text, i, "\xEF\xBF\xBE") || starts_with_at(text, i, "\xEF\xBF\xBF"))
      return {{i, "a character that is not Unicode text"}};
    if (i == 0 && text.starts_with("\xEF\xBB\xBF")) return {{i, "a second byte order mark"}};
  }
  return std::nullopt;
}

/// What yaml-cpp says, in the words of someone who writes a config.
std::pair<std::string, std::string> in_user_words(const std::string& message, std::string_view rest) {
  using namespace YAML::ErrorMsg;
  if (message == MAP_VALUE)
    return {"a `:` is not expected here",
            "if it belongs to the text, put quotes around the text; else check the indentation"};
  if (message == MAP_KEY) return {"a key is not expected here", "check the indentation"};
  if (message == BLOCK_ENTRY)
    return {"a list item is not expected here", "begin the list on a line of its own, below its key"};
  if (message == END_OF_MAP)
    return {"this does not belong to the mapping above it",
            "check the indentation, and put quotes around texts with special characters"};
  if (message == END_OF_SEQ)
    return {"this does not belong to the list above it",
            "check the indentation: the items of a list begin with `- ` in one column"};
  if (message == END_OF_MAP_FLOW)
    return {"a `{` is not closed, or a comma is missing", "write {key: value, key: value}"};
  if (message == END_OF_SEQ_FLOW) return {"a `[` is not closed, or a comma is missing", "write [item, item]"};
  if (message == FLOW_END) return {"nothing was opened that this bracket closes", ""};
  if (message == UNKNOWN_TOKEN && !rest.empty())
    return {fmt::format("a text cannot begin with `{}`", rest.substr(0, 1)), "put quotes around it"};
  if (message == UNKNOWN_ANCHOR) return {"no anchor of this name stands above", ""};
  if (message == DOC_IN_SCALAR) return {"a quote is not closed before this line", ""};
  if (message == EOF_IN_SCALAR) return {"a quote is not closed", ""};
  return {message, ""};
}

/// Where a quoted scalar that begins at or after `at` (behind tag and anchor) opens its quote, if it never
/// closes it.
std::optional<std::size_t> find_unclosed_quote(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const char c = text[at];
    if (c == '&' || c == '!') {
      at = std::min(text.find_first_of(" \t\r\n", at), text.size());
    } else if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at;
    } else {
      break;
    }
  }
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return std::nullopt;
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != '\'') return std::nullopt;
      ++i;
    }
  }
  return at;
}

}  // namespace

void FileProblems::add(Error error) {
  if (is_full()) return;
  mask_keys(error.message);
  mask_keys(error.hint);
  if (++count_ <= kMaxProblems) problems_.error(std::move(error));
  if (is_full())
    problems_.error(ErrorCode::yaml_limit,
                    fmt::format("more than {} problems, the rest is not listed", kMaxProblems),
                    Place{file_, 0, 0, {}});
}

const Node* Node::find(std::string_view key) const {
  if (kind != NodeKind::mapping) return nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i]->text == key) return items[i + 1];
  return nullptr;
}

Document::Document(std::string text, std::string file) : file_(std::move(file)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
  std::uint32_t code_points = 0;
  for (std::size_t block = 0; block <= text_.size(); block += kBlockBytes) {
    block_code_points_.push_back(code_points);
    code_points +=
        static_cast<std::uint32_t>(count_code_points(std::string_view(text_).substr(block, kBlockBytes)));
  }
  nodes_.emplace_back();
  root_ = &nodes_.front();
}

std::uint32_t Document::code_points_before(std::size_t offset) const {
  const std::size_t block = offset / kBlockBytes;
  const auto rest = std::string_view(text_).substr(block * kBlockBytes, offset - block * kBlockBytes);
  return block_code_points_[block] + static_cast<std::uint32_t>(count_code_points(rest));
}

Place Document::place_at(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  // A problem at the end of the text is shown on its last line, not on the empty one behind it.
  if (offset == text_.size() && next == line_starts_.end() && line_starts_.size() > 1 &&
      line_starts_.back() == offset) {
    --next;
    --offset;
  }
  const std::size_t begin = *std::prev(next);
  std::size_t end = next == line_starts_.end() ? text_.size() : *next - 1;
  if (end > begin && text_[end - 1] == '\r') --end;
  offset = std::min(offset, end);

  Place place;
  place.file = file_;
  place.line = static_cast<std::uint32_t>(next - line_starts_.begin());
  place.column = code_points_before(offset) - code_points_before(begin) + 1;
  if (place.column > kMaxShownColumns) return place;

  place.source_line =
      shown_line(std::string_view(text_).substr(begin, std::min(end - begin, kMaxShownColumns * 4 + 4)));
  return place;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Document& document, FileProblems& problems) : document_(document), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const std::size_t at = offset_of(mark);
    if (starts_with_at(document_.text_, at, "---") || starts_with_at(document_.text_, at, "%"))
      stop(ErrorCode::yaml_syntax, at, "a second document begins here",
           "one file holds one document: remove the `---`, or make it a file of its own");
    stop(ErrorCode::yaml_syntax, at, "this does not belong to what stands above it", "check the indentation");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node& node = make(NodeKind::null, offset_of(mark), anchor);
    if (!frames_.empty()) {
      Frame& frame = frames_.back();
      if (frame.node->kind == NodeKind::mapping && frame.key != nullptr) {
        // yaml-cpp takes a last line without its `:` for a key; then the null stands at the key, not behind
        // it.
        if (node.at == frame.key->at && !frame.is_flow)
          stop(ErrorCode::yaml_syntax, node.at, "this key has no `:`", "is the file cut off?");
        node.at = frame.key->at;
      } else {
        node.at = at_dash_before(node.at);
      }
    }
    add(node);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Node* node = anchor < anchors_.size() ? anchors_[anchor] : nullptr;
    if (node == nullptr) stop(ErrorCode::yaml_syntax, offset_of(mark), "no anchor of this name stands above");
    for (const auto& frame : frames_)
      if (frame.node == node)
        stop(ErrorCode::yaml_limit, offset_of(mark),
             "this alias stands for something that holds the alias itself", "write the value out");
    expanded_ += node->size;
    if (expanded_ > kMaxExpanded)
      stop(ErrorCode::yaml_limit, offset_of(mark),
           fmt::format("the aliases of this file stand for more than {} values", kMaxExpanded),
           "write the values out, or split the file");
    add(*node);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node& node = make(NodeKind::scalar, offset_of(mark), anchor);
    node.text = value;
    node.plain = tag.empty() || tag == "?";
    check_tag(node, tag, "tag:yaml.org,2002:str");
    last_scalar_at_ = node.at;
    add(node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    begin({NodeKind::list, style == YAML::EmitterStyle::Flow}, mark, tag, anchor, "tag:yaml.org,2002:seq");
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    begin({NodeKind::mapping, style == YAML::EmitterStyle::Flow}, mark, tag, anchor, "tag:yaml.org,2002:map");
  }
  void OnMapEnd() override { end(); }

  /// yaml-cpp accepts a quote that the end of the file cuts off; only the last scalar can be that.
  void finish() {
    if (!last_scalar_at_) return;
    if (const auto quote = find_unclosed_quote(document_.text_, *last_scalar_at_))
      stop(ErrorCode::yaml_syntax, *quote, "this quote is not closed", "is the file cut off?");
  }

 private:
  /// A list or mapping whose end is still to come.
  struct Frame {
    Node* node;
    const Node* key = nullptr;  // mapping: waits for its value
    bool is_flow = false;       // written with brackets
    bool is_dropped = false;    // the key was refused: its value is read, then forgotten
    std::unordered_map<std::string_view, const Node*> seen;
  };

  [[noreturn]] void stop(ErrorCode code, std::size_t at, std::string message, std::string hint = {}) {
    throw Stop{Error{code, std::move(message), document_.place_at(at), std::move(hint)}};
  }
  void report(ErrorCode code, const Node& node, std::string message, std::string hint) {
    if (!problems_.is_full())
      problems_.add({code, std::move(message), document_.place(node), std::move(hint)});
  }

  [[nodiscard]] std::uint32_t offset_of(const YAML::Mark& mark) const {
    return mark.pos < 0 ? 0
                        : static_cast<std::uint32_t>(
                              std::min(static_cast<std::size_t>(mark.pos), document_.text_.size()));
  }

  /// An empty list item has no text of its own: yaml-cpp points at the next token, the user looks for the
  /// dash.
  [[nodiscard]] std::uint32_t at_dash_before(std::uint32_t at) const {
    const std::string_view text = document_.text_;
    if (at < text.size() && (text[at] == '~' || text[at] == 'n' || text[at] == 'N')) return at;
    std::size_t i = at;
    while (i > 0 && (text[i - 1] == ' ' || text[i - 1] == '\n' || text[i - 1] == '\r')) --i;
    return i > 0 && text[i - 1] == '-' ? static_cast<std::uint32_t>(i - 1) : at;
  }

  Node& make(NodeKind kind, std::uint32_t at, YAML::anchor_t anchor) {
    if (document_.nodes_.size() > kMaxNodes)
      stop(ErrorCode::yaml_limit, at, fmt::format("the file holds more than {} values", kMaxNodes),
           "split the file");
    Node& node = document_.nodes_.emplace_back();
    node.kind = kind;
    node.at = at;
    if (anchor != 0) {
      if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
      anchors_[anchor] = &node;
    }
    return node;
  }

  void check_tag(const Node& node, const std::string& tag, std::string_view allowed) {
    if (!tag.empty() && tag != "?" && tag != "!" && tag != allowed)
      report(ErrorCode::yaml_syntax, node, fmt::format("the tag `{}` is not supported", tag),
             "remove the tag: the key decides how the value is read");
  }

  struct Form {
    NodeKind kind;
    bool is_flow;
  };
  void begin(Form form, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             std::string_view allowed) {
    const std::uint32_t at = offset_of(mark);
    if (frames_.size() == kMaxDepth)
      stop(ErrorCode::yaml_limit, at,
           fmt::format("lists and mappings are nested deeper than {} levels", kMaxDepth));
    Node& node = make(form.kind, at, anchor);
    check_tag(node, tag, allowed);
    frames_.push_back(Frame{&node, nullptr, form.is_flow, false, {}});
  }

  void end() {
    const Node* node = frames_.back().node;
    frames_.pop_back();
    add(*node);
  }

  void add(const Node& node) {
    if (frames_.empty()) {
      document_.root_ = &node;
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node->kind == NodeKind::list) {
      take(frame, node);
    } else if (frame.key == nullptr) {
      frame.key = &node;
      frame.is_dropped = !is_usable_key(frame, node);
    } else {
      if (!frame.is_dropped) {
        take(frame, *frame.key);
        take(frame, node);
      }
      frame.key = nullptr;
    }
  }

  static void take(Frame& frame, const Node& node) {
    frame.node->items.push_back(&node);
    frame.node->size += node.size;
  }

  bool is_usable_key(Frame& frame, const Node& key) {
    if (key.kind != NodeKind::scalar) {
      report(
          ErrorCode::yaml_syntax, key,
          key.kind == NodeKind::null ? "a key cannot be null" : "a key must be a word, not a list or mapping",
          key.kind == NodeKind::null ? "put quotes around it if it is a word" : "");
      return false;
    }
    if (key.plain && key.text == "<<") {
      report(ErrorCode::yaml_syntax, key, "merge keys (`<<`) are not supported",
             "write the keys out; an alias may stand for a whole value");
      return false;
    }
    const auto [first, is_new] = frame.seen.emplace(key.text, &key);
    if (!is_new)
      report(ErrorCode::yaml_duplicate, key,
             fmt::format("the key `{}` stands twice in one mapping", key.text),
             fmt::format("the first is in line {}: keep one of them", document_.line(*first->second)));
    return is_new;
  }

  Document& document_;
  FileProblems& problems_;
  std::vector<Frame> frames_;
  std::vector<const Node*> anchors_;
  std::size_t documents_ = 0;
  std::size_t expanded_ = 0;
  std::optional<std::uint32_t> last_scalar_at_;
};

namespace {

Error syntax_error(const Document& document, std::string_view text, const YAML::Exception& thrown) {
  if (thrown.mark.is_null()) return Error{ErrorCode::yaml_syntax, thrown.msg, document.place_at(0), {}};
  const std::size_t at = std::min(static_cast<std::size_t>(std::max(thrown.mark.pos, 0)), text.size());
  // A tab in the indentation is the cause, whatever the parser stumbles over behind it.
  const std::size_t line_break = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const std::size_t begin = line_break == std::string_view::npos ? 0 : line_break + 1;
  const std::size_t text_begin = std::min(text.find_first_not_of(" \t", begin), text.size());
  const std::size_t tab = text.substr(begin, text_begin - begin).find('\t');
  if (tab != std::string_view::npos)
    return Error{ErrorCode::yaml_syntax, "a tab cannot indent a line", document.place_at(begin + tab),
                 "use spaces"};
  auto [message, hint] = in_user_words(thrown.msg, text.substr(at));
  return Error{ErrorCode::yaml_syntax, std::move(message), document.place_at(at), std::move(hint)};
}

}  // namespace

std::optional<Document> parse_yaml(std::string text, std::string file, FileProblems& problems) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  Document document(std::move(text), std::move(file));
  const std::string& bytes = document.text_;
  if (bytes.size() > kMaxBytes) {
    problems.add({ErrorCode::yaml_limit, fmt::format("the text is larger than {} MiB", kMaxBytes >> 20),
                  Place{document.file_, 0, 0, {}}, "split it"});
    return std::nullopt;
  }
  if (!is_valid_utf8(bytes)) {
    std::size_t line = 0;
    while (line + 1 < document.line_starts_.size() &&
           is_valid_utf8(std::string_view(bytes).substr(
               document.line_starts_[line], document.line_starts_[line + 1] - document.line_starts_[line])))
      ++line;
    problems.add({ErrorCode::text_encoding, "the text is not valid UTF-8",
                  Place{document.file_, static_cast<std::uint32_t>(line + 1), 0, {}},
                  "save the file as UTF-8"});
    return std::nullopt;
  }
  if (const auto bad = find_bad_character(bytes)) {
    problems.add({ErrorCode::yaml_syntax, bad->second + " is not allowed", document.place_at(bad->first),
                  "remove it; in a quoted text write it as an escape"});
    return std::nullopt;
  }
  const auto flow_marks =
      std::count_if(bytes.begin(), bytes.end(), [](char c) { return c == '[' || c == '{' || c == ','; });
  if (static_cast<std::size_t>(flow_marks) > kMaxFlowMarks) {
    problems.add({ErrorCode::yaml_limit,
                  fmt::format("the text holds more than {} brackets and commas", kMaxFlowMarks),
                  Place{document.file_, 0, 0, {}}, "split the file, or write one key per line"});
    return std::nullopt;
  }

  try {
    std::istringstream stream(bytes);
    YAML::Parser parser(stream);
    TreeBuilder builder(document, problems);
    while (parser.HandleNextDocument(builder)) {
    }
    builder.finish();
  } catch (const Stop& stop) {
    problems.add(stop.error);
    return std::nullopt;
  } catch (const YAML::Exception& thrown) {
    problems.add(syntax_error(document, bytes, thrown));
    return std::nullopt;
  }
  return document;
}

}  // namespace muster::policy
