#include "rule/memo.h"

#include <algorithm>

#include "rule/host_internal.h"

namespace muster::rule {
namespace {

// A field with more values than this is no enum, and looking through them would cost more than the call.
constexpr std::size_t kMaxBranches = 24;
constexpr std::size_t kMaxOutcomes = 2048;

}  // namespace

bool is_coded(const Slot& slot) {
  using snapshot::FieldType;
  return slot.kind == Slot::Kind::field &&
         (slot.type == FieldType::word || slot.type == FieldType::boolean || slot.type == FieldType::integer);
}

Answer ask(const Probe& probe, std::uint32_t row) {
  using snapshot::Cell;
  for (const Slot* link : {probe.path.first, probe.path.second}) {
    if (!link) break;
    row = (*link->link)[row];
    if (row >= snapshot::kDangling) return {kDanglingState, 0};
  }
  if (probe.kind == Probe::Kind::count)
    return {static_cast<std::uint8_t>(Cell::value), static_cast<std::int64_t>(probe.many->of(row).size())};
  const Slot& slot = *probe.slot;
  if (slot.kind == Slot::Kind::one) {
    switch ((*slot.link)[row]) {
      case snapshot::kNoRowNull: return {static_cast<std::uint8_t>(Cell::null), 0};
      case snapshot::kNoRowAbsent: return {static_cast<std::uint8_t>(Cell::absent), 0};
      case snapshot::kNoRowInvalid: return {static_cast<std::uint8_t>(Cell::invalid), 0};
      case snapshot::kDangling: return {kDanglingState, 0};
      default: return {static_cast<std::uint8_t>(Cell::value), 0};
    }
  }
  const snapshot::Column& column = *slot.column;
  const Cell cell = column.cell(row);
  Answer answer{static_cast<std::uint8_t>(cell), 0};
  if (probe.kind == Probe::Kind::state || cell != Cell::value) return answer;
  if (probe.kind == Probe::Kind::is_before || probe.kind == Probe::Kind::is_after) {
    const std::int64_t us = column.time(row).us;
    answer.value = probe.kind == Probe::Kind::is_before ? us < probe.instant : us > probe.instant;
    return answer;
  }
  switch (slot.type) {
    case snapshot::FieldType::word: answer.value = column.word_code(row); break;
    case snapshot::FieldType::boolean: answer.value = column.boolean(row) ? 1 : 0; break;
    default: answer.value = column.integer(row); break;
  }
  return answer;
}

Outcome* Memo::find(std::uint32_t row) {
  if (nodes_.empty()) return is_constant_ ? &outcomes_.front() : nullptr;
  std::uint32_t at = 0;
  for (;;) {
    const Node& node = nodes_[at];
    const Answer answer = ask(node.probe, row);
    const auto branch = std::find_if(node.branches.begin(), node.branches.end(),
                                     [&](const Branch& known) { return known.answer == answer; });
    if (branch == node.branches.end()) return nullptr;
    if (branch->is_outcome) return &outcomes_[branch->to];
    at = branch->to;
  }
}

void Memo::learn(std::span<const std::pair<Probe, Answer>> reads, Outcome outcome) {
  if (outcomes_.size() == kMaxOutcomes) return;
  if (reads.empty()) {
    is_constant_ = nodes_.empty();
    if (is_constant_) outcomes_.assign(1, std::move(outcome));
    return;
  }
  std::uint32_t at = 0;
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const auto& [probe, answer] = reads[i];
    if (at == nodes_.size()) nodes_.push_back({probe, {}});
    // A rule that asks something else after the same answers would not be a function of them: the sandbox
    // forbids it, and nothing is learned of it.
    if (!(nodes_[at].probe == probe)) return;
    auto& branches = nodes_[at].branches;
    const auto branch = std::find_if(branches.begin(), branches.end(),
                                     [&](const Branch& known) { return known.answer == answer; });
    const bool is_last = i + 1 == reads.size();
    if (branch != branches.end()) {
      if (branch->is_outcome || is_last) return;
      at = branch->to;
      continue;
    }
    if (branches.size() == kMaxBranches) return;
    if (is_last) {
      outcomes_.push_back(std::move(outcome));
      branches.push_back({answer, static_cast<std::uint32_t>(outcomes_.size() - 1), true});
      return;
    }
    const auto next = static_cast<std::uint32_t>(nodes_.size());
    branches.push_back({answer, next, false});
    at = next;
  }
}

}  // namespace muster::rule
