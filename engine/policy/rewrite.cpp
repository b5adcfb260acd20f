#include "policy/rewrite.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "policy/yaml_tree.h"

namespace muster::policy {
namespace {

bool is_plain_safe(std::string_view text) {
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == '+' || c == '-';
  });
}

class Emitter {
 public:
  explicit Emitter(const Rewriter& rewriter) : rewriter_(rewriter) {}

  std::string document(const Node& root) {
    switch (root.kind) {
      case NodeKind::null: return {};
      case NodeKind::scalar: flow(root); break;
      case NodeKind::list:
        for (const Node* item : root.items) {
          out_ += "- ";
          flow(*item);
          out_ += '\n';
        }
        if (root.items.empty()) out_ += "[]\n";
        break;
      case NodeKind::mapping:
        for (std::size_t i = 0; i + 1 < root.items.size(); i += 2) {
          member(*root.items[i], *root.items[i + 1]);
          out_ += '\n';
        }
        if (root.items.empty()) out_ += "{}\n";
        break;
    }
    return std::move(out_);
  }

 private:
  void put(std::string_view text, bool is_plain) {
    if (is_plain && is_plain_safe(text))
      out_ += text;
    else
      json::append_quoted(out_, text);
  }
  void member(const Node& key, const Node& value) {
    put(rewriter_.key(keys_, key.text), key.plain);
    out_ += ": ";
    keys_.push_back(key.text);
    flow(value);
    keys_.pop_back();
  }
  void flow(const Node& node) {
    switch (node.kind) {
      case NodeKind::null: out_ += "null"; break;
      case NodeKind::scalar: {
        const auto texts = rewriter_.scalar(keys_, node.text);
        if (texts.size() == 1) {
          put(texts.front(), node.plain);
          break;
        }
        out_ += '[';
        for (std::size_t i = 0; i < texts.size(); ++i) {
          if (i > 0) out_ += ", ";
          put(texts[i], node.plain);
        }
        out_ += ']';
        break;
      }
      case NodeKind::list: {
        out_ += '[';
        bool is_first = true;
        for (const Node* item : node.items) {
          // Several words in place of one stand in the same list.
          if (item->kind == NodeKind::scalar) {
            for (const std::string& text : rewriter_.scalar(keys_, item->text)) {
              if (!std::exchange(is_first, false)) out_ += ", ";
              put(text, item->plain);
            }
            continue;
          }
          if (!std::exchange(is_first, false)) out_ += ", ";
          flow(*item);
        }
        out_ += ']';
        break;
      }
      case NodeKind::mapping:
        out_ += '{';
        for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
          if (i > 0) out_ += ", ";
          member(*node.items[i], *node.items[i + 1]);
        }
        out_ += '}';
        break;
    }
  }

  const Rewriter& rewriter_;
  KeyPath keys_;
  std::string out_;
};

}  // namespace

Result<std::string> rewrite_yaml(std::string text, const std::string& file, const Rewriter& rewriter) {
  Diagnostics problems;
  FileProblems of_file(problems, file);
  const auto document = parse_yaml(std::move(text), file, of_file);
  if (!document || problems.has_errors()) return tl::unexpected(problems.errors().front());
  return Emitter(rewriter).document(document->root());
}

}  // namespace muster::policy
