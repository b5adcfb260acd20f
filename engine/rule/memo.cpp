#include "rule/memo.h"

#include <algorithm>

#include "rule/host_internal.h"

namespace muster::rule {
namespace {

using snapshot::Cell;
using snapshot::Column;
using snapshot::FieldType;

// A field with more values than this is no enum, and looking through them would cost more than the call.
constexpr std::size_t kMaxBranches = 64;
constexpr std::size_t kMaxOutcomes = 2048, kMaxNodes = 16'384, kMaxPaths = 4096;

Answer state_of_link(std::uint32_t target) {
  switch (target) {
    case snapshot::kNoRowNull: return {static_cast<std::uint8_t>(Cell::null), 0};
    case snapshot::kNoRowAbsent: return {static_cast<std::uint8_t>(Cell::absent), 0};
    case snapshot::kNoRowInvalid: return {static_cast<std::uint8_t>(Cell::invalid), 0};
    case snapshot::kDangling: return {kDanglingState, 0};
    default: return {};
  }
}

Answer count_where(const snapshot::Groups& groups, const std::vector<Filter>& filters, std::uint32_t row) {
  const auto rows = groups.of(row);
  if (rows.size() > kMaxCounted) return {kTooLongState, 0};
  std::int64_t count = 0;
  for (const std::uint32_t each : rows) {
    const Passing passing = passes(filters, each);
    if (passing.silent) return {kTooLongState, 0};  // then the call says which record and why
    if (passing.yes) ++count;
  }
  return {0, count};
}

Answer of_column(const Probe& probe, const Column& column, std::uint32_t row) {
  const Cell cell = column.cell(row);
  Answer answer{static_cast<std::uint8_t>(cell), 0};
  if (cell != Cell::value) return answer;
  switch (probe.kind) {
    case Probe::Kind::is_before: answer.value = column.time(row).us < probe.instant; break;
    case Probe::Kind::is_after: answer.value = column.time(row).us > probe.instant; break;
    case Probe::Kind::length: answer.value = static_cast<std::int64_t>(column.list_size(row)); break;
    case Probe::Kind::value:
      if (column.type() == FieldType::word)
        answer.value = column.word_code(row);
      else if (column.type() == FieldType::boolean)
        answer.value = column.boolean(row) ? 1 : 0;
      else
        answer.value = column.integer(row);
      break;
    default: break;
  }
  return answer;
}

}  // namespace

PathId Paths::step(PathId from, const void* on, bool is_item, std::uint32_t n) {
  if (from == kConstantPath || from == kNoPath) return from;
  PathId last = 0;
  for (PathId at = nodes_[from].first_child; at != 0; at = nodes_[at].next_sibling) {
    const Node& node = nodes_[at];
    if (node.on == on && node.is_item == is_item && node.n == n) return at;
    last = at;
  }
  if (nodes_.size() == kMaxPaths) return kNoPath;
  const auto made = static_cast<PathId>(nodes_.size());
  Node node;
  node.parent = from;
  node.on = on;
  node.n = n;
  node.is_item = is_item;
  nodes_.push_back(node);
  (last == 0 ? nodes_[from].first_child : nodes_[last].next_sibling) = made;
  return made;
}

PathId Paths::along(PathId from, const std::vector<std::uint32_t>& link) { return step(from, &link, false, 0); }
PathId Paths::item(PathId from, const snapshot::Groups& groups, std::uint32_t n) {
  return step(from, &groups, true, n);
}

void Paths::begin(std::uint32_t subject_row) {
  ++subject_;
  nodes_.front().row = subject_row;
  nodes_.front().of = subject_;
}

std::uint32_t Paths::row_of(PathId path) {
  Node& node = nodes_[path];
  if (node.of == subject_) return node.row;
  node.of = subject_;
  node.row = kNowhere;
  const std::uint32_t from = row_of(node.parent);
  if (from >= kNowhere) return kNowhere;
  if (node.is_item) {
    const auto rows = static_cast<const snapshot::Groups*>(node.on)->of(from);
    if (node.n < rows.size()) node.row = rows[node.n];
  } else if (const std::uint32_t to = (*static_cast<const std::vector<std::uint32_t>*>(node.on))[from];
             to < kNowhere) {
    node.row = to;
  }
  return node.row;
}

bool is_coded(FieldType type) {
  return type == FieldType::word || type == FieldType::boolean || type == FieldType::integer;
}

Answer ask(Paths& paths, const Probe& probe) {
  const std::uint32_t row = paths.row_of(probe.path);
  if (row >= Paths::kNowhere) return {kDanglingState, 0};
  switch (probe.kind) {
    case Probe::Kind::leads: return state_of_link((*static_cast<const std::vector<std::uint32_t>*>(probe.on))[row]);
    case Probe::Kind::count:
      return {0, static_cast<std::int64_t>(static_cast<const snapshot::Groups*>(probe.on)->of(row).size())};
    case Probe::Kind::count_where:
      return count_where(*static_cast<const snapshot::Groups*>(probe.on),
                         *static_cast<const std::vector<Filter>*>(probe.with), row);
    case Probe::Kind::passes: {
      const Passing passing = passes(*static_cast<const std::vector<Filter>*>(probe.with), row);
      return passing.silent ? Answer{kTooLongState, 0} : Answer{0, passing.yes};
    }
    case Probe::Kind::matches: return static_cast<const TextMatches*>(probe.on)->of(row);
    default: return of_column(probe, *static_cast<const Column*>(probe.on), row);
  }
}

Outcome* Memo::find(Paths& paths) {
  if (nodes_.empty()) return is_constant_ ? &outcomes_.front() : nullptr;
  std::uint32_t at = 0;
  for (;;) {
    const Node& node = nodes_[at];
    const Answer answer = ask(paths, node.probe);
    const auto branch = std::find_if(node.branches.begin(), node.branches.end(),
                                     [&](const Branch& known) { return known.answer == answer; });
    if (branch == node.branches.end()) return nullptr;
    if (branch->is_outcome) return &outcomes_[branch->to];
    at = branch->to;
  }
}

void Memo::learn(std::span<const std::pair<Probe, Answer>> reads, Outcome outcome) {
  if (outcomes_.size() == kMaxOutcomes || nodes_.size() + reads.size() > kMaxNodes) return;
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
