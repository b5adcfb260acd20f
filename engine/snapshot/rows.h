// Rows: JSON text taken apart without building it: the list that an object holds, each element's bytes as
// they stand, and a few texts of a record. What is wrong with a text comes out when it is checked; cutting it
// up promises nothing. Hides simdjson. One reader a thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace muster::snapshot {

class RowReader {
 public:
  /// Every text that is handed in has so many readable bytes behind it, whatever they hold.
  static constexpr std::size_t kPadding = 64;

  /// `paths` as in FieldSpec::paths ("actor.id|actor.key_id"): what `text` gives. `levels_around` are those
  /// that a record will have around it in its line.
  explicit RowReader(const std::vector<std::string_view>& paths, int levels_around = 0);
  ~RowReader();
  RowReader(RowReader&&) noexcept;

  /// The text of the list that is the object's member of that name, from bracket to bracket; empty when the
  /// object cannot be followed to such a list.
  [[nodiscard]] std::string_view list_of(std::string_view object, std::string_view member);
  /// The texts of a list's objects; nullopt when it cannot be followed to its end. An element that is no
  /// object is the last that is given, by its first token.
  [[nodiscard]] std::optional<std::vector<std::string_view>> elements(std::string_view list);
  /// Checks one record whole (UTF-8, grammar, depth, members that stand twice), as a load of it does. Error
  /// json_*.
  [[nodiscard]] Status check(std::string_view record);
  /// Of the record that was checked last, where there is a text at the path; good until the next check.
  [[nodiscard]] std::optional<std::string_view> text(std::size_t path) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::snapshot
