#include "evaluate/selector.h"

#include <algorithm>

#include "base/text.h"

namespace muster::evaluate {

using snapshot::Cell;
using snapshot::Dataset;
using snapshot::FieldType;

namespace {

/// `register: nonhuman` is the match's own word.
constexpr std::string_view kRegister = "register";
constexpr std::string_view kState = "person_state";

}  // namespace

void add_wanted(const ScopeTerm& term, Dataset dataset, Wanted& wanted) {
  if (term.field == kRegister) return wanted.add_field(dataset, kState);
  wanted.add_field(dataset, term.field);
  if (snapshot::spec_of(dataset).field(term.field)) return;
  if (const auto relation = snapshot::find_relation(dataset, term.field)) {
    wanted.relations.insert(*relation);
    wanted.subjects.insert(snapshot::relations()[*relation].to);
  }
}

Selector::Selector(const ScopeTerm& term, Dataset dataset, const snapshot::World& world) : term_(term), table_(world.table(dataset)) {
  is_id_ = term.field == "id";
  is_email_ = term.field == "email";
  for (const std::string& pattern : term_.patterns) {
    folded_.push_back(is_email_ ? fold_email(pattern) : pattern);
    is_glob_.push_back(is_glob(pattern));
  }
  if (!table_) return;
  const bool is_register = term.field == kRegister;
  if (is_register) {
    folded_ = {"nonhuman"};
    is_glob_ = {false};
  }
  column_ = is_id_ ? nullptr : table_->column(is_register ? kState : std::string_view(term.field));
  if (column_ && column_->type() == FieldType::word)
    for (const std::string& word : column_->words()) word_fits_.push_back(fits(word));
  if (column_ || is_id_) return;
  if (const auto relation = snapshot::find_relation(dataset, term.field); relation && world.has_relation[*relation]) {
    link_ = &world.to_one[*relation];
    target_ = world.table(snapshot::relations()[*relation].to);
  }
}

bool Selector::fits(std::string_view text) const {
  const std::string own = is_email_ ? fold_email(text) : std::string();
  const std::string_view compared = is_email_ ? std::string_view(own) : text;
  for (std::size_t i = 0; i < folded_.size(); ++i)
    if (is_glob_[i] ? glob_match(folded_[i], compared) : folded_[i] == compared) return true;
  return false;
}

Selected Selector::of_record(std::uint32_t row) const {
  switch ((*link_)[row]) {
    case snapshot::kNoRowNull: return Selected::no;
    case snapshot::kNoRowAbsent:
    case snapshot::kNoRowInvalid:
    case snapshot::kDangling: return Selected::undecided;
    default: break;
  }
  const std::uint32_t target = (*link_)[row];
  return fits(target_->ids()[target]) || fits(target_->labels()[target]) ? Selected::yes : Selected::no;
}

Selected Selector::of(std::uint32_t row) const {
  const auto answer = [](bool yes) { return yes ? Selected::yes : Selected::no; };
  if (is_id_) return answer(table_ && fits(table_->ids()[row]));
  if (link_ && target_) return of_record(row);
  if (!column_) return Selected::undecided;
  switch (column_->cell(row)) {
    case Cell::null: return Selected::no;
    case Cell::absent:
    case Cell::invalid: return Selected::undecided;
    case Cell::value: break;
  }
  switch (column_->type()) {
    case FieldType::word: return answer(word_fits_[column_->word_code(row)] != 0);
    case FieldType::text:
    case FieldType::id: return answer(fits(column_->is_computed() ? column_->compute(row) : column_->text(row)));
    case FieldType::boolean: return answer(fits(column_->boolean(row) ? "true" : "false"));
    case FieldType::integer: return answer(fits(std::to_string(column_->integer(row))));
    case FieldType::time: return answer(fits(format_date(date_of(column_->time(row)))) || fits(format_rfc3339(column_->time(row))));
    case FieldType::date: return answer(fits(format_date(date_of(column_->time(row)))));
    case FieldType::text_list: {
      for (std::size_t i = 0; i < column_->list_size(row); ++i)
        if (fits(column_->list_item(row, i))) return Selected::yes;
      return Selected::no;
    }
    case FieldType::number:
    case FieldType::json: return Selected::undecided;
  }
  return Selected::undecided;
}

}  // namespace muster::evaluate
