#include "table.h"

#include <memory>

namespace simulator {

Table::Table(std::vector<Row> rows) {
  for (Row& row : rows) add(std::move(row.first), std::move(row.second));
}

bool Table::render(std::size_t number, std::string& out) const {
  if (number >= end() || (!removed_.empty() && removed_.contains(number))) return false;
  if (!changed_.empty()) {
    if (const auto found = changed_.find(number); found != changed_.end()) {
      out += found->second;
      return true;
    }
  }
  if (number < base_.count) return base_.render(number, out);
  out += added_[number - base_.count].second;
  return true;
}

std::string Table::id(std::size_t number) const {
  return number < base_.count ? base_.id(number) : added_[number - base_.count].first;
}

std::optional<std::size_t> Table::find(std::string_view id) const {
  std::optional<std::size_t> number;
  if (const auto found = added_numbers_.find(std::string(id)); found != added_numbers_.end()) {
    number = base_.count + found->second;
  } else if (base_.count > 0) {
    number = base_.find(id);
  }
  std::string ignored;
  if (!number || !render(*number, ignored)) return std::nullopt;
  return number;
}

std::string Table::text(std::size_t number) const {
  std::string object;
  render(number, object);
  return object;
}

void Table::add(std::string id, std::string object) {
  added_numbers_[id] = added_.size();
  added_.emplace_back(std::move(id), std::move(object));
}

}  // namespace simulator
