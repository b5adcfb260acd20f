// A list of API objects as JSON text, oldest first by sequence number. The base is made on demand (from
// seeds, or from texts in memory); writes lie over it. Numbers never change, so a cursor that holds one stays
// true while rows come and go. Not thread-safe by itself: the tenant's lock guards it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace simulator {

class Table {
 public:
  struct Base {
    std::size_t count = 0;
    /// Appends the object; false when there is none of that number (an implicit member that lists leave out).
    std::function<bool(std::size_t, std::string&)> render;
    std::function<std::string(std::size_t)> id;
    std::function<std::optional<std::size_t>(std::string_view)> find;
  };
  using Row = std::pair<std::string, std::string>;  // id, object

  Table() = default;
  explicit Table(Base base) : base_(std::move(base)) {}
  /// Rows oldest first.
  explicit Table(std::vector<Row> rows);

  [[nodiscard]] std::size_t end() const { return base_.count + added_.size(); }
  /// Appends the object; false when there is none of that number (any more).
  bool render(std::size_t number, std::string& out) const;
  [[nodiscard]] std::string id(std::size_t number) const;
  /// The number of a row that is there.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view id) const;
  [[nodiscard]] std::string text(std::size_t number) const;

  void add(std::string id, std::string object);
  void change(std::size_t number, std::string object) { changed_[number] = std::move(object); }
  void remove(std::size_t number) { removed_.insert(number); }

 private:
  Base base_;
  std::vector<Row> added_;
  std::unordered_map<std::string, std::size_t> added_numbers_;
  std::map<std::size_t, std::string> changed_;
  std::set<std::size_t> removed_;
};

}  // namespace simulator
