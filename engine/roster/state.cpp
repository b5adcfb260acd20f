#include "roster/state.h"

namespace muster::roster {
namespace {

bool begins_later(const Tenure& a, const Tenure& b) {
  return a.has_start && (!b.has_start || a.start > b.start);
}

bool has_same_start(const Tenure& a, const Tenure& b) {
  return a.has_start && b.has_start && a.start == b.start;
}

}  // namespace

std::string_view word_of(PersonState state) {
  switch (state) {
    case PersonState::active: return "active";
    case PersonState::left: return "left";
    case PersonState::left_unknown_date: return "left_unknown_date";
    case PersonState::not_started: return "not_started";
    case PersonState::contradictory: return "contradictory";
  }
  return "";
}

PersonState state_of(const Tenure& tenure, Instant as_of) {
  const bool is_over = tenure.has_end && tenure.end <= as_of;
  if (tenure.is_terminated && !tenure.has_end) return PersonState::left_unknown_date;
  if (is_over) return tenure.is_terminated ? PersonState::left : PersonState::contradictory;
  return tenure.has_start && tenure.start > as_of ? PersonState::not_started : PersonState::active;
}

Decision decide(std::span<const Tenure> tenures, Instant as_of) {
  constexpr std::size_t kNone = ~std::size_t{0};
  std::size_t active = kNone, left = kNone, undated = kNone, contradictory = kNone, ahead = kNone;
  for (std::size_t i = 0; i < tenures.size(); ++i) {
    const Tenure& tenure = tenures[i];
    switch (state_of(tenure, as_of)) {
      case PersonState::active:
        if (active == kNone || !begins_later(tenures[active], tenure)) active = i;
        break;
      case PersonState::left:
        if (left == kNone || tenure.end >= tenures[left].end) left = i;
        break;
      case PersonState::left_unknown_date:
        // Without a start it may be the latest of all.
        if (undated == kNone || (tenures[undated].has_start && !begins_later(tenures[undated], tenure)))
          undated = i;
        break;
      case PersonState::contradictory:
        if (contradictory == kNone || tenure.end >= tenures[contradictory].end) contradictory = i;
        break;
      case PersonState::not_started:
        if (ahead == kNone || tenure.start < tenures[ahead].start) ahead = i;
        break;
    }
  }
  if (active != kNone) {
    for (std::size_t i = 0; i < tenures.size(); ++i) {
      if (i == active || !has_same_start(tenures[i], tenures[active])) continue;
      const auto state = state_of(tenures[i], as_of);
      if (state == PersonState::left || state == PersonState::left_unknown_date)
        return {PersonState::contradictory, i};
    }
    return {PersonState::active, active};
  }
  if (contradictory != kNone && (left == kNone || tenures[contradictory].end >= tenures[left].end)) {
    if (undated != kNone && begins_later(tenures[undated], tenures[contradictory]) &&
        tenures[contradictory].has_start) {
      return {PersonState::left_unknown_date, undated};
    }
    return {PersonState::contradictory, contradictory};
  }
  if (left != kNone) {
    const bool is_undated_earlier =
        undated != kNone && begins_later(tenures[left], tenures[undated]) && tenures[undated].has_start;
    if (undated == kNone || is_undated_earlier) return {PersonState::left, left};
  }
  if (undated != kNone) return {PersonState::left_unknown_date, undated};
  return {PersonState::not_started, ahead};
}

}  // namespace muster::roster
