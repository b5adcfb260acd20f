// Memo: what a rule made of the values that it read, so that it need not be asked again. A rule sees of its
// subject only what it reads through the host, and nothing else differs between subjects: what it captured is
// frozen, there is no clock and no chance. Two subjects whose reads come out alike therefore get the same
// verdict. The memo is a tree of reads (what a rule reads next depends on what it has read so far) with
// outcomes at its leaves. Only reads of the subject's own enum words, truth values, whole numbers and states
// (null, absent, dangling) are followed; a rule that reads anything else of that subject (a text, a time,
// another record) is called for it. One memo an evaluator; not thread-safe. Private to this module.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/verdict.h"
#include "snapshot/world.h"

namespace muster::rule {

struct Slot;

/// A question to the subject's row: the value of a coded field, or only the state of a field or to-one
/// relation.
struct Probe {
  const Slot* slot = nullptr;
  bool is_state = false;
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
[[nodiscard]] Answer ask(const Probe& probe, std::uint32_t row);

struct Outcome {
  Verdict verdict = Verdict::pass;
  std::string reason, observed, expected;
  std::optional<double> measure;
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
