#include "snapshot/walker.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/json.h"
#include "snapshot/chunk.h"

namespace muster::snapshot {
namespace {

constexpr std::int32_t kNone = -1;
// Bounds on what is learned of a dataset's shape: real records have a few dozen members, hostile ones must
// not fill the memory.
constexpr std::size_t kMaxNodes = 4096;
constexpr std::size_t kMaxMembers = 64;
constexpr std::size_t kMaxLearnedName = 64;

/// A member name in the form that the tape has names in, so that a comparison is a word or two: length, then
/// the text, padded with zeros.
class Name {
 public:
  explicit Name(std::string_view name) : text_(name) {
    const auto size = static_cast<std::uint32_t>(name.size());
    std::string counted(sizeof size, '\0');
    std::memcpy(counted.data(), &size, sizeof size);
    counted += name.substr(0, sizeof words_ - sizeof size);
    last_ = (counted.size() - 1) / 8;
    const std::size_t rest = counted.size() % 8;
    last_mask_ = rest == 0 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * rest)) - 1;
    std::memcpy(words_.data(), counted.data(), counted.size());
  }
  /// `counted` may be read up to 7 bytes behind its end: the tape's string buffer is padded.
  [[nodiscard]] bool equals(const char* counted) const {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < last_; ++i) {
      std::memcpy(&word, counted + 8 * i, sizeof word);
      if (word != words_[i]) return false;
    }
    std::memcpy(&word, counted + 8 * last_, sizeof word);
    if ((word & last_mask_) != words_[last_]) return false;
    // The words hold the length, so both texts are equally long here.
    return text_.size() <= sizeof words_ - 4 || std::memcmp(counted + 4, text_.data(), text_.size()) == 0;
  }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::array<std::uint64_t, 4> words_{};
  std::uint64_t last_mask_ = 0;
  std::size_t last_ = 0;  // index of the last word
  std::string text_;
};

struct Take {
  std::uint16_t value = 0;
  std::uint8_t rank = 0;
};

struct Member {
  explicit Member(std::string_view member_name) : name(member_name) {}
  Name name;
  std::int32_t child = kNone;     // node of an object or array that stands here
  std::int32_t follower = kNone;  // the member that came next in the line before: records of one dataset list
                                  // their members in one order
  std::vector<Take> takes;
};

/// What stands at one place of the records: the members seen there so far, or, for an array, the place of its
/// elements.
struct Node {
  std::vector<Member> members;
  std::int32_t first = kNone;
  std::int32_t element = kNone;
  std::vector<std::uint16_t> below;    // values whose paths lead through here
  std::vector<std::uint16_t> implied;  // values that are null when this object lacks them
  bool can_learn = true;
};

}  // namespace

void append_json(std::string& out, const Tape& tape, std::size_t at) {
  json::Writer writer(out);
  std::size_t depth = 0;
  std::uint64_t in_object = 0;  // one bit a level; levels are capped at kMaxDepth
  bool is_key = false;
  do {
    const char type = tape.type(at);
    if (is_key && type == '"') {
      writer.key(tape.text(at));
      is_key = false;
      ++at;
      continue;
    }
    std::size_t next = at + 1;
    switch (type) {
      case '{':
        writer.begin_object();
        in_object |= std::uint64_t{1} << depth++;
        break;
      case '[':
        writer.begin_array();
        in_object &= ~(std::uint64_t{1} << depth++);
        break;
      case '}':
        writer.end_object();
        --depth;
        break;
      case ']':
        writer.end_array();
        --depth;
        break;
      case '"': writer.value(tape.text(at)); break;
      case 'l':
        writer.value(tape.signed_integer(at));
        ++next;
        break;
      case 'u':
        writer.value(tape.entries[at + 1]);
        ++next;
        break;
      case 'd':
        writer.value(tape.number(at));
        ++next;
        break;
      case 't': writer.value(true); break;
      case 'f': writer.value(false); break;
      default: writer.null(); break;
    }
    at = next;
    is_key = depth > 0 && (in_object >> (depth - 1) & 1) != 0;
  } while (depth > 0);
}

class Walker::Impl {
 public:
  Impl() {
    nodes_.resize(2);  // kRoot and kAnything: below the latter nothing is learned
    nodes_[kAnything].can_learn = false;
    nodes_[kAnything].element = kAnything;
  }

  std::uint16_t want(std::string_view paths) {
    const auto value = static_cast<std::uint16_t>(found_.size());
    found_.emplace_back();
    add_paths(value, paths);
    return value;
  }

  std::optional<std::string_view> find(const Tape& tape) {
    tape_ = tape;
    std::fill(found_.begin(), found_.end(), Found{});
    return walk();
  }

  [[nodiscard]] std::span<const Found> found() const { return found_; }
  [[nodiscard]] std::span<const std::uint32_t> names() const { return keys_; }

 private:
  static constexpr std::int32_t kRoot = 0;
  static constexpr std::int32_t kAnything = 1;

  struct Frame {
    std::int32_t node = kRoot;
    std::int32_t last = kNone;  // member just seen
    std::uint64_t seen = 0;     // by member of the node
    std::size_t unknown = 0;    // where this object's unlearned names begin in unknown_
    bool is_object = true;
  };

  void add_paths(std::uint16_t value, std::string_view paths) {
    for (std::uint8_t rank = 0; !paths.empty(); ++rank) {
      const auto bar = paths.find('|');
      std::string_view path = paths.substr(0, bar);
      paths = bar == std::string_view::npos ? std::string_view{} : paths.substr(bar + 1);
      const bool is_implied = path.ends_with('?');
      if (is_implied) path.remove_suffix(1);
      std::int32_t node = kRoot;
      while (true) {
        const auto dot = path.find('.');
        const std::size_t member = member_named(node, path.substr(0, dot));
        if (dot == std::string_view::npos) {
          nodes_[index(node)].members[member].takes.push_back({value, rank});
          if (is_implied) nodes_[index(node)].implied.push_back(value);
          break;
        }
        if (nodes_[index(node)].members[member].child == kNone) {
          nodes_.emplace_back();
          nodes_[index(node)].members[member].child = static_cast<std::int32_t>(nodes_.size() - 1);
        }
        node = nodes_[index(node)].members[member].child;
        nodes_[index(node)].below.push_back(value);
        path.remove_prefix(dot + 1);
      }
    }
  }

  std::size_t member_named(std::int32_t node, std::string_view name) {
    auto& members = nodes_[index(node)].members;
    const auto at = std::find_if(members.begin(), members.end(),
                                 [&](const Member& member) { return member.name.text() == name; });
    if (at != members.end()) return static_cast<std::size_t>(at - members.begin());
    members.emplace_back(name);
    return members.size() - 1;
  }

  static std::size_t index(std::int32_t node) { return static_cast<std::size_t>(node); }

  /// Goes through the tape once: remembers where the wanted values are, and returns a member name that stands
  /// twice in one object.
  std::optional<std::string_view> walk() {
    unknown_.clear();
    keys_.clear();
    frames_[0] = Frame{};
    std::size_t depth = 1;
    std::size_t at = 2;
    while (depth > 0) {
      Frame& frame = frames_[depth - 1];
      const char type = tape_.type(at);
      if (frame.is_object) {
        if (type == '}') {
          if (unknown_.size() > frame.unknown) {
            if (const auto duplicate = duplicate_of(frame.unknown)) return duplicate;
          }
          --depth;
          ++at;
          continue;
        }
        std::int32_t child = kAnything;
        keys_.push_back(static_cast<std::uint32_t>(at));
        const std::int32_t member = member_at(frame, at);
        if (member != kNone) {
          const std::uint64_t bit = std::uint64_t{1} << member;
          if ((frame.seen & bit) != 0) return tape_.text(at);
          frame.seen |= bit;
          frame.last = member;
          child = note(frame.node, member, at + 1);
        } else {
          unknown_.push_back(tape_.text(at));
        }
        ++at;
        enter(depth, child, at);
      } else if (type == ']') {
        --depth;
        ++at;
      } else {
        std::int32_t element = nodes_[index(frame.node)].element;
        if (element == kNone && (type == '{' || type == '[')) {
          element = new_node();
          nodes_[index(frame.node)].element = element;
        }
        enter(depth, element, at);
      }
    }
    return std::nullopt;
  }

  /// Steps over the value at `at`, or into it when it is an object or array.
  void enter(std::size_t& depth, std::int32_t node, std::size_t& at) {
    switch (tape_.type(at)) {
      case '{':
        for (const auto value : nodes_[index(node)].implied) imply(value, Found::kNull);
        frames_[depth++] = Frame{.node = node, .unknown = unknown_.size(), .is_object = true};
        ++at;
        return;
      case '[':
        frames_[depth++] = Frame{.node = node, .unknown = unknown_.size(), .is_object = false};
        ++at;
        return;
      case 'l':
      case 'u':
      case 'd': at += 2; return;
      default: ++at; return;
    }
  }

  void imply(std::uint16_t value, std::uint8_t rank) {
    found_[value].rank = std::min(found_[value].rank, rank);
  }

  /// Remembers the value of a member when it is wanted; the node to go on with when it is an object or array.
  std::int32_t note(std::int32_t node, std::int32_t which, std::size_t at) {
    Member& member = nodes_[index(node)].members[index(which)];
    for (const auto& take : member.takes) {
      if (take.rank < found_[take.value].rank)
        found_[take.value] = {take.rank, static_cast<std::uint32_t>(at)};
    }
    const char type = tape_.type(at);
    if (type == '{') {
      if (member.child != kNone) return member.child;
    } else {
      if (member.child != kNone) {
        for (const auto value : nodes_[index(member.child)].below)
          imply(value, type == 'n' ? Found::kNull : Found::kInvalid);
      }
      if (type != '[') return kNone;
      if (member.child != kNone) return member.child;
    }
    const std::int32_t child = new_node();  // moves the nodes
    nodes_[index(node)].members[index(which)].child = child;
    return child;
  }

  std::int32_t new_node() {
    if (nodes_.size() >= kMaxNodes) return kAnything;
    nodes_.emplace_back();
    return static_cast<std::int32_t>(nodes_.size() - 1);
  }

  /// The member of the frame's node whose name stands at `at`; kNone when it is not, and will not be,
  /// learned.
  std::int32_t member_at(const Frame& frame, std::size_t at) {
    Node& node = nodes_[index(frame.node)];
    const char* counted = tape_.counted(at);
    std::int32_t& guess = frame.last == kNone ? node.first : node.members[index(frame.last)].follower;
    if (guess != kNone && node.members[index(guess)].name.equals(counted)) return guess;
    for (std::size_t i = 0; i < node.members.size(); ++i) {
      if (node.members[i].name.equals(counted)) return guess = static_cast<std::int32_t>(i);
    }
    const std::string_view name = tape_.text(at);
    if (!node.can_learn || node.members.size() >= kMaxMembers || name.size() > kMaxLearnedName) return kNone;
    const auto member = static_cast<std::int32_t>(node.members.size());
    guess = member;
    node.members.emplace_back(name);  // moves the members, and with them `guess`
    return member;
  }

  /// Checks the unlearned names from `first` on, and forgets them.
  std::optional<std::string_view> duplicate_of(std::size_t first) {
    const auto begin = unknown_.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(begin, unknown_.end());
    const auto twice = std::adjacent_find(begin, unknown_.end());
    if (twice != unknown_.end()) return *twice;
    unknown_.resize(first);
    return std::nullopt;
  }

  std::vector<Node> nodes_;
  std::vector<Found> found_;
  std::array<Frame, kMaxDepth + 2> frames_;
  Tape tape_;
  std::vector<std::string_view> unknown_;  // names that are not learned, of the objects that are open
  std::vector<std::uint32_t> keys_;        // places of the names of the record that is walked
};

Walker::Walker() : impl_(std::make_unique<Impl>()) {}
Walker::~Walker() = default;
Walker::Walker(Walker&&) noexcept = default;

std::uint16_t Walker::want(std::string_view paths) {
  const std::uint16_t value = impl_->want(paths);
  found_ = impl_->found();
  return value;
}

std::span<const std::uint32_t> Walker::names() const { return impl_->names(); }

std::optional<std::string_view> Walker::walk(const Tape& tape) { return impl_->find(tape); }

}  // namespace muster::snapshot
