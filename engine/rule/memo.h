// Memo: what a rule made of the values that it read, so that it need not be asked again. A rule sees of its
// subject only what it reads through the host, and nothing else differs between subjects: what it captured is
// frozen, there is no clock and no chance. Two subjects whose reads come out alike therefore get the same
// verdict. The memo is a tree of reads (what a rule reads next depends on what it has read so far) with
// outcomes at its leaves. Only reads of enum words, truth values, whole numbers, states (null, absent,
// dangling), numbers of related records, and whether a time is before or after another are followed, of the
// subject itself or of a record that one or two to-one relations lead to from it; a rule that reads anything
// else for that subject (a text, a time, records in a loop) is called for it. One memo an evaluator; not
// thread-safe. Private to this module.
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

struct Slot;

/// How a record was reached from the subject: the to-one relations followed. Empty for the subject itself.
struct Path {
  const Slot* first = nullptr;
  const Slot* second = nullptr;
  friend bool operator==(const Path&, const Path&) = default;
};

/// A question to the record at the end of a path: the value of a coded field, only the state of a field or
/// to-one relation, whether the time in a field is before or after an instant, or how many records a to-many
/// relation leads to.
struct Probe {
  enum class Kind : std::uint8_t { value, state, is_before, is_after, count };
  Path path{};
  Kind kind = Kind::value;
  const Slot* slot = nullptr;              // of all but count
  const snapshot::Groups* many = nullptr;  // of count
  std::int64_t instant = 0;                // of is_before and is_after
  friend bool operator==(const Probe&, const Probe&) = default;
};
struct Answer {
  std::uint8_t state = 0;  // a snapshot::Cell; kDanglingState for a relation that leads nowhere
  std::int64_t value = 0;  // 0 when only the state was asked for
  friend bool operator==(const Answer&, const Answer&) = default;
};
inline constexpr std::uint8_t kDanglingState = 255;

/// Whether the memo can follow the value of such a field.
[[nodiscard]] bool is_coded(const Slot& slot);
/// The answer for the subject at `row`. A path that leads nowhere answers kDanglingState.
[[nodiscard]] Answer ask(const Probe& probe, std::uint32_t row);

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
  /// The outcome of the subject at `row`; nullptr when the rule must be called.
  [[nodiscard]] Outcome* find(std::uint32_t row);
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
