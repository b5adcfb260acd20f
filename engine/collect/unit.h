// Unit: one endpoint's part of a collection, and how far it is. Checkpoints are lines of progress.jsonl, one
// after each page that is behind it: what a collection that was killed goes on from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collect/collect.h"

namespace muster::collect {

struct Unit {
  Endpoint endpoint;
  std::size_t source = 0;
  bool is_done = false, is_skipped = false, has_begun = false;
  snapshot::DatasetStatus status = snapshot::DatasetStatus::complete;
  std::string reason;
  std::uint64_t rows = 0, pages = 0;
  std::uint64_t duplicates = 0, contradictions = 0;  // rows that came twice; those of them that may differ
  std::map<std::string, std::uint64_t> traces;       // activities that collections left behind, by key
  std::vector<std::string> warnings;
  std::vector<snapshot::ParentStatus> parents;
  // Where it stands: the parent whose list is under way, and of that list the next cursor, the bytes of the
  // file before it, its rows, and whether it was begun again.
  std::uint64_t parent = 0;
  std::optional<std::string> cursor;
  std::uint64_t list_begin = 0, list_rows = 0, restarts = 0;
  std::size_t parents_saved = 0;  // how many of `parents` the checkpoints hold already
};

/// What is to be done, in the order in which it is written.
[[nodiscard]] std::vector<Unit> plan_units(const Options& options);
/// The datasets that a unit writes.
[[nodiscard]] std::vector<snapshot::Dataset> datasets_of(const Unit& unit);
/// Keeps a few warnings, each once.
void warn(Unit& unit, std::string warning);

/// How far the files are.
struct Position {
  std::map<snapshot::Dataset, std::uint64_t> bytes;
  std::uint64_t ledger = 0, requests = 0;
};

struct Progress {
  Instant started;
  Window window;
  Position position;
  std::uint64_t bytes = 0;  // of progress.jsonl that are good
};

[[nodiscard]] std::string render_start(std::string_view fingerprint, Instant started, const Window& window);
/// One line; of `position`, what the unit writes to. Notes in the unit which parents are saved.
[[nodiscard]] std::string render_checkpoint(Unit& unit, const Position& position);
/// Takes up checkpoints into the units; nullopt when they are of another collection, or of none. A last line
/// that was cut off is left out.
[[nodiscard]] std::optional<Progress> replay(std::string_view text, std::string_view fingerprint,
                                             std::vector<Unit>& units);

}  // namespace muster::collect
