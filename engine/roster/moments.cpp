#include "roster/moments.h"

#include <cstring>

#include <fmt/format.h>

namespace muster::roster {
namespace {

constexpr std::size_t kSlots = 1u << 14;

bool has_offset(std::string_view time) {
  const char last = time.back();
  if (last == 'Z' || last == 'z') return true;
  // "+hh:mm" at the end; the date's own dashes stand before column 10.
  const auto sign = time.find_last_of("+-");
  return sign != std::string_view::npos && sign > 10;
}

}  // namespace

MomentReader::MomentReader(Zone zone, std::string format)
    : zone_(zone), format_(std::move(format)), slots_(kSlots) {}

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
  if (text.size() > sizeof(Slot::text)) return parse(text);
  std::uint64_t hash = text.size();
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  Slot& slot = slots_[(hash ^ (hash >> 29)) & (kSlots - 1)];
  if (slot.size == text.size() && std::memcmp(slot.text, text.data(), text.size()) == 0) return slot.moment;
  const auto moment = parse(text);
  if (moment) {
    std::memcpy(slot.text, text.data(), text.size());
    slot.size = static_cast<std::uint8_t>(text.size());
    slot.moment = *moment;
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
