// Instants, dates and zones. An Instant is microseconds since 1970-01-01T00:00:00Z in a signed 64-bit integer
// (the API writes at most microseconds; finer digits are cut). Nothing here reads the wall clock: see
// base/clock.h. Zones come from the system's tz database through the `date` library, which stays behind this
// header.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster {

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;
inline constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

struct Instant {
  std::int64_t us = 0;
  friend auto operator<=>(const Instant&, const Instant&) = default;
};

/// A day of the proleptic Gregorian calendar, years 1..9999.
struct Date {
  int year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  friend auto operator<=>(const Date&, const Date&) = default;
};

/// RFC 3339, fixed form: "2026-11-20T08:00:00Z", 0–9 fraction digits (cut to 6), 't'/'z' and a space
/// accepted, "+02:00" applied, a missing zone means UTC (Compliance API replies of mid-2026 had none). Leap
/// second 60 reads as the next second. Anything else: nullopt. No allocation, no locale.
[[nodiscard]] std::optional<Instant> parse_rfc3339(std::string_view text) noexcept;
/// Shortest form in UTC with 'Z': fraction only when not zero, then 3 or 6 digits.
[[nodiscard]] std::string format_rfc3339(Instant instant);

/// "YYYY-MM-DD" exactly, a real day of the calendar.
[[nodiscard]] std::optional<Date> parse_date(std::string_view text) noexcept;
/// A date in a strftime-like form (`%Y %m %d %d %b %B %y`, e.g. "%m/%d/%Y"); the whole text must match;
/// English month names whatever the locale.
[[nodiscard]] std::optional<Date> parse_date(std::string_view text, std::string_view format);
[[nodiscard]] std::string format_date(Date date);  // YYYY-MM-DD
[[nodiscard]] Date date_of(Instant instant);       // the UTC day
[[nodiscard]] Instant start_of(Date date);         // midnight UTC
/// Kept within 0001-01-01..10000-01-01, so that the day after HR's "no end" date 9999-12-31 exists.
[[nodiscard]] Date plus_days(Date date, int days);
[[nodiscard]] int days_between(Date from, Date to);

/// "1d", "12h", "30m", "90s", "2w", "7d12h", "1d 12h" (largest unit first) → microseconds, > 0. Error
/// time_format otherwise.
[[nodiscard]] Result<std::int64_t> parse_duration(std::string_view text);
/// "7d", "1d 12h", "5m 30s": days, hours, minutes and seconds, leaving out zeros; below two minutes in
/// seconds alone ("90s"); "0s" for zero. parse_duration reads it back when it is in whole seconds.
[[nodiscard]] std::string format_duration(std::int64_t us);

/// A time zone of the tz database. Cheap to copy (a pointer into the loaded database); thread-safe.
class Zone {
 public:
  /// UTC.
  Zone() = default;
  /// Error time_zone with the nearest name when there is none such.
  [[nodiscard]] static Result<Zone> find(std::string_view name);
  [[nodiscard]] std::string name() const;
  /// The instant at which `date` begins here (the first valid instant when midnight does not exist, the
  /// earlier one when it is twice).
  [[nodiscard]] Instant start_of(Date date) const;
  /// The instant at which `date` is over here: the start of the next day.
  [[nodiscard]] Instant end_of(Date date) const { return start_of(plus_days(date, 1)); }
  /// The day that `instant` falls on here.
  [[nodiscard]] Date date_of(Instant instant) const;
  /// A wall-clock time here as an instant; ambiguous → the earlier, non-existent → the first valid instant
  /// after.
  [[nodiscard]] Instant at(Date date, std::int64_t us_of_day) const;

 private:
  const void* zone_ = nullptr;  // date::time_zone
};

/// Version of the tz database in use ("2024a"), an input of every run that uses zones; "unknown" when the
/// system does not say.
[[nodiscard]] std::string tzdata_version();

}  // namespace muster
