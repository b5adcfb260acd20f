#include "roster/moments.h"

#include <cstring>

#include <fmt/format.h>

namespace muster::roster {
namespace {

constexpr std::size_t kSlotBits = 13;  // some twenty years of days, in a core's own cache

bool has_offset(std::string_view time) {
  const char last = time.back();
  if (last == 'Z' || last == 'z') return true;
  // "+hh:mm" at the end; the date's own dashes stand before column 10.
  const auto sign = time.find_last_of("+-");
  return sign != std::string_view::npos && sign > 10;
}

}  // namespace

MomentReader::MomentReader(Zone zone, std::string format)
    : zone_(zone), format_(std::move(format)), slots_(std::size_t{1} << kSlotBits) {}

std::optional<Moment> MomentReader::parse(std::string_view text) const {
  if (!format_.empty()) {
    const auto date = parse_date(text, format_);
    if (!date) return std::nullopt;
    return Moment{zone_.start_of(*date), zone_.end_of(*date), false};
  }
  if (const auto date = parse_date(text)) return Moment{zone_.start_of(*date), zone_.end_of(*date), false};
  if (text.size() <= 10) return std::nullopt;
  auto instant = parse_rfc3339(text);
  if (!instant) return std::nullopt;
  if (!has_offset(text)) {
    // A wall-clock time without an offset is one of the roster's zone.
    const Date date = date_of(*instant);
    instant = zone_.at(date, instant->us - start_of(date).us);
  }
  return Moment{*instant, *instant, true};
}

std::optional<Moment> MomentReader::read(std::string_view text) {
  if (text.size() > sizeof(Slot::text) || text.size() < 8) return parse(text);
  std::uint64_t head, tail;
  std::memcpy(&head, text.data(), 8);
  std::memcpy(&tail, text.data() + text.size() - 8, 8);
  const std::uint64_t hash = (head ^ (tail * 0x9E3779B97F4A7C15ull)) * 0xD6E8FEB86659FD93ull;
  Slot& slot = slots_[hash >> (64 - kSlotBits)];
  if (slot.size == text.size() && std::memcmp(slot.text, text.data(), text.size()) == 0)
    return Moment{slot.begin, slot.end, false};
  const auto moment = parse(text);
  if (moment && !moment->is_time) {
    std::memcpy(slot.text, text.data(), text.size());
    slot.size = static_cast<std::uint8_t>(text.size());
    slot.begin = moment->begin;
    slot.end = moment->end;
  }
  return moment;
}

std::string MomentReader::hint_for(std::string_view text) const {
  if (!format_.empty()) return fmt::format("`date_format` is \"{}\"", format_);
  if (text.find('/') != std::string_view::npos)
    return "expected YYYY-MM-DD; for this form set `date_format`, e.g. \"%m/%d/%Y\" or \"%d/%m/%Y\"";
  if (text.find('.') != std::string_view::npos && text.find(':') == std::string_view::npos)
    return "expected YYYY-MM-DD; for this form set `date_format`, e.g. \"%d.%m.%Y\"";
  if (text.size() == 5 && text.find_first_not_of("0123456789") == std::string_view::npos) {
    return "this is a spreadsheet's day number; format the column as YYYY-MM-DD before exporting";
  }
  return "expected YYYY-MM-DD, or set `date_format`";
}

}  // namespace muster::roster
