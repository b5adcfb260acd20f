// World: everything that rules can see, as tables and joins. The snapshot loader puts in the collected
// datasets and the joins between them; `evaluate` adds the roster's tables, the matches and the derived
// fields. Afterwards it is immutable and read by all threads.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "snapshot/schema.h"
#include "snapshot/table.h"

namespace muster::snapshot {

/// What is known of a dataset's completeness; anything but `complete` makes the rules that read it undecided.
enum class DatasetStatus : std::uint8_t { complete, partial, denied, unsupported, not_requested };
[[nodiscard]] std::string_view word_of(DatasetStatus status);
[[nodiscard]] std::optional<DatasetStatus> parse_dataset_status(std::string_view word);

struct Availability {
  DatasetStatus status = DatasetStatus::not_requested;
  std::string reason;  // for people: "403 permission_error", "212 rows, at least 250 expected", "roster is 12
                       // days old, at most 7 allowed"
  [[nodiscard]] bool is_complete() const { return status == DatasetStatus::complete; }
};

struct World {
  Instant as_of;
  std::string organization_id;
  std::string organization_name;
  std::array<std::unique_ptr<Table>, kDatasetCount> tables;
  std::array<Availability, kDatasetCount> availability;
  /// By index into relations(): row → target row (to-one), or groups (to-many). Empty when not asked for.
  std::vector<std::vector<std::uint32_t>> to_one;
  std::vector<Groups> to_many;
  std::vector<std::uint8_t> has_relation;  // 1 when filled
  /// Users whose role makes them implicit members of every workspace, in row order, with the workspace role
  /// that it implies.
  struct Implicit {
    std::uint32_t user;
    std::string_view workspace_role;
  };
  std::vector<Implicit> implicit_members;

  World() : to_one(relations().size()), to_many(relations().size()), has_relation(relations().size()) {}
  [[nodiscard]] const Table* table(Dataset dataset) const {
    return tables[static_cast<std::size_t>(dataset)].get();
  }
  [[nodiscard]] Table* table(Dataset dataset) { return tables[static_cast<std::size_t>(dataset)].get(); }
  [[nodiscard]] const Availability& available(Dataset dataset) const {
    return availability[static_cast<std::size_t>(dataset)];
  }
  Availability& available(Dataset dataset) { return availability[static_cast<std::size_t>(dataset)]; }
};

/// Fills a relation that has `via` out of the tables that are there: the link field (and the field of
/// `where`) must be loaded on its side, keys and index on the other. The loader does this for collected
/// datasets while it reads; this is for tables made otherwise (the roster's, the examples of rules). A
/// missing table or column leaves the relation not filled.
void join(World& world, std::uint16_t relation);

}  // namespace muster::snapshot
