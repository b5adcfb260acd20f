// A YAML text as a tree of nodes with places. Data only: a scalar keeps the text as written (9.10, no, 012
// and dates are texts), a plain `null`, `~` or nothing is null. Refused with place and caret: syntax errors,
// tabs as indentation, control characters, several documents, duplicate keys, merge keys, tags, keys that are
// not words, unclosed quotes, nesting beyond kMaxDepth, aliases that expand beyond kMaxExpanded nodes. Hides
// yaml-cpp. Private to this module. A Document is immutable; its nodes live as long as it does.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"

namespace muster::policy {

inline constexpr std::uint64_t kMaxBytes = 4u << 20;  // of one file
inline constexpr std::size_t kMaxDepth = 64;          // levels of lists and mappings
inline constexpr std::size_t kMaxNodes = 1'000'000;   // written out in one file
inline constexpr std::size_t kMaxExpanded = 100'000;  // nodes that all aliases of one file stand for
inline constexpr std::size_t kMaxProblems = 1'000;    // listed of one file
inline constexpr std::size_t kMaxFlowMarks =
    400'000;  // '[', '{' and ',': the scanner holds a whole flow collection in memory

/// Keys whose value is a credential. Their values are never shown: a place masks the rest of such a line, and
/// anything that looks like an Anthropic key.
inline constexpr std::array<std::string_view, 7> kSecretKeys = {
    "access_token", "api_key", "bearer_token", "client_secret", "password", "secret", "token"};

enum class NodeKind : std::uint8_t { null, scalar, list, mapping };

struct Node {
  NodeKind kind = NodeKind::null;
  bool plain = true;       // scalar: not quoted, not a block text
  std::uint32_t at = 0;    // byte offset in the text; a null value stands at its key
  std::uint32_t size = 1;  // nodes that it stands for, aliases expanded
  std::string text;        // scalar
  std::vector<const Node*>
      items;  // list: its items; mapping: key, value, key, value, … in the file's order, keys are scalars

  /// The value of a mapping's key; nullptr when there is none.
  [[nodiscard]] const Node* find(std::string_view key) const;
};

/// The problems of one file on their way to the diagnostics: a hostile file must not make a million of them.
class FileProblems {
 public:
  FileProblems(Diagnostics& problems, std::string file) : problems_(problems), file_(std::move(file)) {}
  void add(Error error);
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Further ones are dropped: spare the work of making them.
  [[nodiscard]] bool is_full() const { return count_ > kMaxProblems; }

 private:
  Diagnostics& problems_;
  std::string file_;
  std::size_t count_ = 0;
};

class Document {
 public:
  /// A null node when the text holds nothing.
  [[nodiscard]] const Node& root() const { return *root_; }
  [[nodiscard]] Place place(const Node& node) const { return place_at(node.at); }
  [[nodiscard]] Place place_at(std::size_t offset) const;
  [[nodiscard]] std::uint32_t line(const Node& node) const { return place_at(node.at).line; }

 private:
  friend class TreeBuilder;
  friend std::optional<Document> parse_yaml(std::string text, std::string file, FileProblems& problems);
  Document(std::string text, std::string file);
  [[nodiscard]] std::uint32_t code_points_before(std::size_t offset) const;

  std::string file_;
  std::string text_;
  std::vector<std::uint32_t> line_starts_;
  std::vector<std::uint32_t>
      block_code_points_;  // before each block of the text: a column costs the same in a line of any length
  std::deque<Node> nodes_;
  const Node* root_ = nullptr;
};

/// nullopt after a problem that leaves no tree (syntax, limits, encoding). Other problems (duplicate keys,
/// tags, …) are reported and the tree is returned without them, so that the rest of the file is checked too:
/// look at `problems` before using it.
[[nodiscard]] std::optional<Document> parse_yaml(std::string text, std::string file, FileProblems& problems);

}  // namespace muster::policy
