// Selector: which subjects a scope or a waiver speaks about. Decided from columns, before any rule runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/derive.h"
#include "model/settings.h"
#include "snapshot/world.h"

namespace muster::evaluate {

/// Adds what a selector over subjects of `dataset` reads.
void add_wanted(const ScopeTerm& term, snapshot::Dataset dataset, Wanted& wanted);

enum class Selected : std::uint8_t { no, yes, undecided };

/// One term, prepared against a world. Text compares whole; a pattern with * ? [ ] is a glob; `email` compares case-folded; a relation compares with the label or id of
/// the record it leads to; a list with any of its items; a truth value with true and false; a time by its date.
class Selector {
 public:
  Selector(const ScopeTerm& term, snapshot::Dataset dataset, const snapshot::World& world);
  /// `undecided` when the field is absent or not of its type (null matches no pattern).
  [[nodiscard]] Selected of(std::uint32_t row) const;
  [[nodiscard]] const ScopeTerm& term() const { return term_; }

 private:
  [[nodiscard]] bool fits(std::string_view text) const;
  [[nodiscard]] Selected of_record(std::uint32_t row) const;
  ScopeTerm term_;
  const snapshot::Table* table_ = nullptr;
  const snapshot::Column* column_ = nullptr;
  const std::vector<std::uint32_t>* link_ = nullptr;
  const snapshot::Table* target_ = nullptr;
  std::vector<std::uint8_t> word_fits_;
  std::vector<std::string> folded_;
  std::vector<bool> is_glob_;
  bool is_id_ = false, is_email_ = false;
};

}  // namespace muster::evaluate
