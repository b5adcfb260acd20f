#include "snapshot/world.h"

namespace muster::snapshot {
namespace {

constexpr std::array<std::string_view, 5> kStatusWords = {"complete", "partial", "denied", "unsupported",
                                                          "not_requested"};

std::string_view text_of(const Column& column, std::uint32_t row) {
  return column.type() == FieldType::word ? column.word(row) : column.text(row);
}

/// The link field of one table as row numbers of `target`; nullopt when a column that it needs is not loaded.
std::optional<std::vector<std::uint32_t>> link_of(const Table& table, const RelationSpec& relation,
                                                  const Table& target) {
  const Column* via = table.column(relation.via);
  if (via == nullptr) return std::nullopt;
  const auto equals = relation.where.find('=');
  const Column* where = nullptr;
  std::string_view wanted;
  if (equals != std::string_view::npos) {
    where = table.column(relation.where.substr(0, equals));
    wanted = relation.where.substr(equals + 1);
    if (where == nullptr) return std::nullopt;
  }
  std::vector<std::uint32_t> link(table.rows());
  for (std::uint32_t row = 0; row < table.rows(); ++row) {
    switch (via->cell(row)) {
      case Cell::value: {
        const bool takes_part =
            where == nullptr || (where->cell(row) == Cell::value && text_of(*where, row) == wanted);
        link[row] = takes_part ? target.find(text_of(*via, row)) : kNoRowNull;
        break;
      }
      case Cell::null: link[row] = kNoRowNull; break;
      case Cell::absent: link[row] = kNoRowAbsent; break;
      case Cell::invalid: link[row] = kNoRowInvalid; break;
    }
  }
  return link;
}

}  // namespace

std::string_view word_of(DatasetStatus status) { return kStatusWords[static_cast<std::size_t>(status)]; }

std::optional<DatasetStatus> parse_dataset_status(std::string_view word) {
  for (std::size_t i = 0; i < kStatusWords.size(); ++i) {
    if (kStatusWords[i] == word) return static_cast<DatasetStatus>(i);
  }
  return std::nullopt;
}

void join(World& world, std::uint16_t relation) {
  const RelationSpec& spec = relations()[relation];
  const Table* from = world.table(spec.from);
  const Table* to = world.table(spec.to);
  if (from == nullptr || to == nullptr || spec.via.empty()) return;
  if (!spec.many) {
    auto link = link_of(*from, spec, *to);
    if (!link) return;
    world.to_one[relation] = std::move(*link);
  } else if (spec_of(spec.from).field(spec.via) && from->column(spec.via) != nullptr &&
             from->column(spec.via)->type() == FieldType::text_list) {
    const Column& via = *from->column(spec.via);
    Groups groups;
    groups.begins.reserve(std::size_t{from->rows()} + 1);
    groups.begins.push_back(0);
    for (std::uint32_t row = 0; row < from->rows(); ++row) {
      for (std::size_t i = 0; via.cell(row) == Cell::value && i < via.list_size(row); ++i) {
        const std::uint32_t target = to->find(via.list_item(row, i));
        if (target < kDangling) groups.rows.push_back(target);
      }
      groups.begins.push_back(static_cast<std::uint32_t>(groups.rows.size()));
    }
    world.to_many[relation] = std::move(groups);
  } else {
    const auto link = link_of(*to, spec, *from);
    if (!link) return;
    world.to_many[relation] = group_by(*link, from->rows());
  }
  world.has_relation[relation] = 1;
}

}  // namespace muster::snapshot
