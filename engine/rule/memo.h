// Memo: what a rule made of the values that it read, so that it need not be asked again. A rule sees of its
// subject only what it reads through the host, and nothing else differs between subjects: what it captured is
// frozen, there is no clock and no chance. Two subjects whose reads come out alike therefore get the same
// verdict. The memo is a tree of reads (what a rule reads next depends on what it has read so far) with
// outcomes at its leaves. What it follows are small answers: enum words, truth values, whole numbers, states
// (null, absent, dangling), numbers of related records, whether a time is before or after another, what the
// patterns of a parameter make of a text; of the subject itself or of a record that relations lead to from it,
// the n-th of a short loop included. What is read of records that org gives is the same for all subjects and
// need not be followed. A rule that reads anything else for that subject (a text, a time, a long loop) is
// called for it. One memo an evaluator; not thread-safe. Private to this module.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/verdict.h"
#include "snapshot/world.h"

namespace muster::rule {

struct Host;
struct Filter;
class TextMatches;

/// How a record was reached from the subject: relations followed one after the other. A number of `Paths`.
using PathId = std::uint32_t;
inline constexpr PathId kSubjectPath = 0;
/// Of records that org gave: the same for every subject.
inline constexpr PathId kConstantPath = 0xFFFFFFFF;
/// Of records reached by more ways than are kept: nothing of them is followed.
inline constexpr PathId kNoPath = 0xFFFFFFFE;

/// The ways from the subject to other records that the rule has gone, and where each of them leads for the
/// subject in work.
class Paths {
 public:
  Paths() : nodes_(1) {}
  /// One step on, by a to-one relation's links.
  [[nodiscard]] PathId along(PathId from, const std::vector<std::uint32_t>& link);
  /// One step on, to the n-th record (from 0) of a to-many relation.
  [[nodiscard]] PathId item(PathId from, const snapshot::Groups& groups, std::uint32_t n);
  void begin(std::uint32_t subject_row);
  /// The row at the end; kNowhere when the path leads nowhere for this subject.
  [[nodiscard]] std::uint32_t row_of(PathId path);
  static constexpr std::uint32_t kNowhere = snapshot::kDangling;

 private:
  struct Node {
    PathId parent = 0, first_child = 0, next_sibling = 0;  // 0: none
    const void* on = nullptr;                              // links, or groups
    std::uint32_t n = 0;
    bool is_item = false;
    std::uint32_t row = kNowhere;
    std::uint64_t of = 0;  // the subject that `row` is for
  };
  PathId step(PathId from, const void* on, bool is_item, std::uint32_t n);
  std::vector<Node> nodes_;
  std::uint64_t subject_ = 0;
};

/// A question to the record at the end of a path.
struct Probe {
  enum class Kind : std::uint8_t {
    value,        // of a coded column
    state,        // of a column: value, null, absent, invalid
    leads,        // of a to-one relation's links: the same, or dangling
    is_before,    // whether the time in a column is before `instant`
    is_after,
    count,        // of groups: how many records there are
    count_where,  // of groups: how many pass the filters
    passes,       // of the record: whether it passes the filters
    length,       // of a text_list column
    matches,      // what a parameter's patterns make of the text
  };
  PathId path = kSubjectPath;
  Kind kind = Kind::value;
  const void* on = nullptr;    // a Column, links, Groups or TextMatches, as `kind` says
  const void* with = nullptr;  // of count_where and passes: std::vector<Filter>
  std::int64_t instant = 0;    // of is_before and is_after
  friend bool operator==(const Probe&, const Probe&) = default;
};
struct Answer {
  std::uint8_t state = 0;  // a snapshot::Cell, or one of those below
  std::int64_t value = 0;  // 0 when only the state was asked for
  friend bool operator==(const Answer&, const Answer&) = default;
};
inline constexpr std::uint8_t kDanglingState = 255;  // a relation, or the path, leads nowhere
inline constexpr std::uint8_t kTooLongState = 254;   // more than the memo looks through; never learned

/// The longest loop that the memo follows, and the most records that it looks through to count those that pass.
inline constexpr std::size_t kMaxFollowedItems = 8, kMaxCounted = 64;

/// Whether the memo can follow the value of such a column.
[[nodiscard]] bool is_coded(snapshot::FieldType type);
/// The answer for the subject that `paths` began with.
[[nodiscard]] Answer ask(Paths& paths, const Probe& probe);

struct Outcome {
  Verdict verdict = Verdict::pass;
  std::string reason, observed, expected;
  std::optional<double> measure;
  std::optional<Instant> due;
  std::uint64_t instructions =
      0;  // what the call cost: budgets must not depend on which worker saw a subject first
  // Of the block in work, kept by the evaluator: where its reason stands.
  std::uint64_t block = 0;
  std::uint32_t reason_index = 0;
};

class Memo {
 public:
  /// The outcome of the subject that `paths` began with; nullptr when the rule must be called.
  [[nodiscard]] Outcome* find(Paths& paths);
  /// After a call that read nothing else of its subject. Forgets it when the tree would grow without bound.
  void learn(std::span<const std::pair<Probe, Answer>> reads, Outcome outcome);

 private:
  struct Branch {
    Answer answer;
    std::uint32_t to = 0;  // a node, or an outcome when is_outcome
    bool is_outcome = false;
  };
  struct Node {
    Probe probe;
    std::vector<Branch> branches;
  };

  std::vector<Node> nodes_;  // the first is the root
  std::vector<Outcome> outcomes_;
  bool is_constant_ = false;  // the rule reads nothing: the first outcome is everybody's
};

}  // namespace muster::rule
