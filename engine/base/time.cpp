#include "base/time.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <fstream>
#include <limits>
#include <vector>

#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

#include "base/text.h"

namespace muster {
namespace {

using std::chrono::microseconds;

constexpr std::int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr std::int64_t kMicrosPerHour = 60 * kMicrosPerMinute;

date::sys_days to_days(Date date) {
  return date::sys_days{date::year{date.year} / date::month{date.month} / date::day{date.day}};
}

Date from_days(date::sys_days days) {
  const date::year_month_day ymd{days};
  return Date{int{ymd.year()}, unsigned{ymd.month()}, unsigned{ymd.day()}};
}

constexpr date::sys_days kFirstDay = date::sys_days{date::year{1} / 1 / 1};
constexpr date::sys_days kLastDay = date::sys_days{date::year{10000} / 1 / 1};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `count` digits at `at`, or -1. The caller has checked the length.
template <int count>
int digits(const char* at) noexcept {
  int value = 0;
  unsigned bad = 0;
  for (int i = 0; i < count; ++i) {
    const unsigned digit = static_cast<unsigned>(static_cast<unsigned char>(at[i])) - '0';
    bad |= static_cast<unsigned>(digit > 9);
    value = value * 10 + static_cast<int>(digit);
  }
  return bad != 0 ? -1 : value;
}

/// Days from 1970-01-01 of a year, month and day that were read as digits (each may be -1); nullopt when
/// there is no such day.
std::optional<std::int64_t> day_number(int year, int month, int day) noexcept {
  if (year < 1 || month < 1 || month > 12 || day < 1) return std::nullopt;
  const date::year_month_day ymd{date::year{year}, date::month{static_cast<unsigned>(month)},
                                 date::day{static_cast<unsigned>(day)}};
  if (!ymd.ok()) return std::nullopt;
  return date::sys_days{ymd}.time_since_epoch().count();
}

// The first and the last instant that four-digit years can write.
constexpr std::int64_t kFirstInstant = kFirstDay.time_since_epoch().count() * kMicrosPerDay;
constexpr std::int64_t kLastInstant = kLastDay.time_since_epoch().count() * kMicrosPerDay - 1;

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};

bool starts_with_folded(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  return std::equal(lower.begin(), lower.end(), text.begin(),
                    [](char l, char t) { return l == (t >= 'A' && t <= 'Z' ? t + 32 : t); });
}

/// Takes a month's English name, whole or its first three letters, off `text`; 0 when there is none.
unsigned take_month(std::string_view& text) {
  for (unsigned month = 0; month < kMonths.size(); ++month) {
    for (const std::string_view name : {kMonths[month], kMonths[month].substr(0, 3)}) {
      if (!starts_with_folded(text, name)) continue;
      text.remove_prefix(name.size());
      return month + 1;
    }
  }
  return 0;
}

/// Takes 1 to `most` digits (exactly `most` when `fixed`) off `text`; -1 when they are not there.
int take_number(std::string_view& text, std::size_t least, std::size_t most) {
  std::size_t count = 0;
  int value = 0;
  while (count < most && count < text.size() && is_digit(text[count]))
    value = value * 10 + (text[count++] - '0');
  if (count < least) return -1;
  text.remove_prefix(count);
  return value;
}

}  // namespace

std::optional<Instant> parse_rfc3339(std::string_view text) noexcept {
  if (text.size() < 19) return std::nullopt;
  const char* s = text.data();
  if (s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != 't' && s[10] != ' ') || s[13] != ':' ||
      s[16] != ':')
    return std::nullopt;
  const auto days = day_number(digits<4>(s), digits<2>(s + 5), digits<2>(s + 8));
  const int hour = digits<2>(s + 11);
  const int minute = digits<2>(s + 14);
  const int second = digits<2>(s + 17);
  if (!days || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  std::int64_t us =
      *days * kMicrosPerDay + hour * kMicrosPerHour + minute * kMicrosPerMinute + second * kMicrosPerSecond;

  const char* at = s + 19;
  const char* const end = s + text.size();
  if (at != end && *at == '.') {
    const char* const first = ++at;
    std::int64_t unit = kMicrosPerSecond;
    while (at != end && is_digit(*at) && at - first < 9) {
      unit /= 10;  // zero from the seventh digit on, which cuts the rest
      us += (*at++ - '0') * unit;
    }
    if (at == first) return std::nullopt;
  }
  if (at != end) {
    if (*at == 'Z' || *at == 'z') {
      ++at;
    } else if ((*at == '+' || *at == '-') && end - at == 6 && at[3] == ':') {
      const int hours = digits<2>(at + 1);
      const int minutes = digits<2>(at + 4);
      if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
      const std::int64_t offset = hours * kMicrosPerHour + minutes * kMicrosPerMinute;
      us += *at == '+' ? -offset : offset;
      at = end;
    }
    if (at != end) return std::nullopt;
  }
  if (us < kFirstInstant || us > kLastInstant) return std::nullopt;
  return Instant{us};
}

std::string format_rfc3339(Instant instant) {
  const auto days = date::floor<date::days>(date::sys_time<microseconds>{microseconds{instant.us}});
  const std::int64_t of_day = instant.us - days.time_since_epoch().count() * kMicrosPerDay;
  const std::int64_t fraction = of_day % kMicrosPerSecond;
  std::string out = format_date(from_days(days));
  const auto put = [&out](char before, std::int64_t number, int width) {
    char text[8] = {before};
    for (int i = width; i > 0; --i, number /= 10) text[i] = static_cast<char>('0' + number % 10);
    out.append(text, static_cast<std::size_t>(width) + 1);
  };
  put('T', of_day / kMicrosPerHour, 2);
  put(':', of_day / kMicrosPerMinute % 60, 2);
  put(':', of_day / kMicrosPerSecond % 60, 2);
  if (fraction % 1000 != 0) {
    put('.', fraction, 6);
  } else if (fraction != 0) {
    put('.', fraction / 1000, 3);
  }
  out += 'Z';
  return out;
}

std::optional<Date> parse_date(std::string_view text) noexcept {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = digits<4>(text.data());
  const int month = digits<2>(text.data() + 5);
  const int day = digits<2>(text.data() + 8);
  if (!day_number(year, month, day)) return std::nullopt;
  return Date{year, static_cast<unsigned>(month), static_cast<unsigned>(day)};
}

std::optional<Date> parse_date(std::string_view text, std::string_view format) {
  int year = -1;
  int month = -1;
  int day = -1;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      if (text.empty() || text.front() != format[i]) return std::nullopt;
      text.remove_prefix(1);
      continue;
    }
    switch (format[++i]) {
      case 'Y':
        year = take_number(text, 4, 4);
        if (year < 0) return std::nullopt;
        break;
      case 'y':
        year = take_number(text, 2, 2);
        if (year < 0) return std::nullopt;
        year += year < 69 ? 2000 : 1900;  // POSIX's pivot
        break;
      case 'm':
        month = take_number(text, 1, 2);
        if (month < 0) return std::nullopt;
        break;
      case 'd':
        day = take_number(text, 1, 2);
        if (day < 0) return std::nullopt;
        break;
      case 'b':
      case 'B':
        month = static_cast<int>(take_month(text));
        if (month == 0) return std::nullopt;
        break;
      case '%':
        if (text.empty() || text.front() != '%') return std::nullopt;
        text.remove_prefix(1);
        break;
      default: return std::nullopt;
    }
  }
  if (!text.empty() || !day_number(year, month, day)) return std::nullopt;
  return Date{year, static_cast<unsigned>(month), static_cast<unsigned>(day)};
}

std::string format_date(Date date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

Date date_of(Instant instant) {
  return from_days(date::floor<date::days>(date::sys_time<microseconds>{microseconds{instant.us}}));
}

Instant start_of(Date date) { return Instant{to_days(date).time_since_epoch().count() * kMicrosPerDay}; }

Date plus_days(Date date, int days) {
  const std::int64_t from = to_days(date).time_since_epoch().count();
  const std::int64_t to = std::clamp<std::int64_t>(from + days, kFirstDay.time_since_epoch().count(),
                                                   kLastDay.time_since_epoch().count());
  return from_days(date::sys_days{date::days{to}});
}

int days_between(Date from, Date to) { return static_cast<int>((to_days(to) - to_days(from)).count()); }

namespace {

struct Unit {
  char letter;
  std::int64_t us;
};
constexpr std::array kUnits = {Unit{'w', 7 * kMicrosPerDay}, Unit{'d', kMicrosPerDay},
                               Unit{'h', kMicrosPerHour}, Unit{'m', kMicrosPerMinute},
                               Unit{'s', kMicrosPerSecond}};

tl::unexpected<Error> not_a_duration(std::string_view text, std::string_view why) {
  return fail(ErrorCode::time_format, fmt::format("\"{}\" is not a duration: {}", text, why), {},
              "write it like 30m, 12h, 7d, 2w or 1d12h");
}

}  // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  std::size_t next_unit = 0;  // units go from large to small, each at most once
  std::string_view rest = trim(text);
  if (rest.empty()) return not_a_duration(text, "it is empty");
  while (!rest.empty()) {
    std::int64_t count = 0;
    std::size_t used = 0;
    for (; used < rest.size() && is_digit(rest[used]); ++used) {
      if (used == 12) return not_a_duration(text, "it is too long");
      count = count * 10 + (rest[used] - '0');
    }
    if (used == 0) return not_a_duration(text, "a number is missing");
    if (used == rest.size()) return not_a_duration(text, "the unit is missing");
    std::size_t unit = next_unit;
    while (unit < kUnits.size() && kUnits[unit].letter != rest[used]) ++unit;
    if (unit == kUnits.size()) {
      const auto known =
          std::any_of(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.letter == rest[used]; });
      return not_a_duration(text, known ? "units go from large to small" : "the units are w, d, h, m and s");
    }
    std::int64_t part = 0;
    if (__builtin_mul_overflow(count, kUnits[unit].us, &part) || __builtin_add_overflow(total, part, &total))
      return not_a_duration(text, "it is too long");
    next_unit = unit + 1;
    rest.remove_prefix(used + 1);
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  }
  if (total == 0) return not_a_duration(text, "it must be longer than zero");
  return total;
}

std::string format_duration(std::int64_t us) {
  if (us == 0) return "0s";
  std::string out = us < 0 ? "-" : "";
  // The magnitude of INT64_MIN does not fit into a signed integer.
  std::uint64_t rest = us < 0 ? 0 - static_cast<std::uint64_t>(us) : static_cast<std::uint64_t>(us);
  const char* separator = "";
  const auto unit = [&](std::uint64_t size, char letter) {
    if (rest < size) return;
    fmt::format_to(std::back_inserter(out), "{}{}{}", separator, rest / size, letter);
    rest %= size;
    separator = " ";
  };
  constexpr auto u = [](std::int64_t n) { return static_cast<std::uint64_t>(n); };
  if (rest >= u(2 * kMicrosPerMinute)) {
    unit(u(kMicrosPerDay), 'd');
    unit(u(kMicrosPerHour), 'h');
    unit(u(kMicrosPerMinute), 'm');
  }
  if (rest % u(kMicrosPerSecond) == 0) {
    unit(u(kMicrosPerSecond), 's');
  } else {
    std::string fraction = fmt::format("{:06}", rest % u(kMicrosPerSecond));
    fraction.erase(fraction.find_last_not_of('0') + 1);
    fmt::format_to(std::back_inserter(out), "{}{}.{}s", separator, rest / u(kMicrosPerSecond), fraction);
  }
  return out;
}

namespace {

const date::time_zone* as_zone(const void* zone) { return static_cast<const date::time_zone*>(zone); }

Instant to_instant(date::sys_time<microseconds> time) { return Instant{time.time_since_epoch().count()}; }

/// Zone names that the database's folder offers but that are no zones of their own: copies, and those that
/// count leap seconds.
bool is_zone_name(std::string_view name) {
  return !name.starts_with("posix/") && !name.starts_with("right/") && name != "localtime" &&
         name != "posixrules" && name != "Factory";
}

}  // namespace

Result<Zone> Zone::find(std::string_view name) {
  Zone zone;
  if (name == "UTC") return zone;
  try {
    const auto& all = date::get_tzdb().zones;
    const auto found =
        std::lower_bound(all.begin(), all.end(), name,
                         [](const date::time_zone& z, std::string_view n) { return z.name() < n; });
    if (found != all.end() && found->name() == name && is_zone_name(name)) {
      // The zone's file is read at its first use; a damaged one must fail here and not in the middle of a
      // run.
      (void)found->get_info(date::sys_seconds{});
      zone.zone_ = &*found;
      return zone;
    }
    std::vector<std::string_view> names;
    for (const auto& each : all)
      if (is_zone_name(each.name())) names.push_back(each.name());
    const auto near = nearest_name(name, names);
    return fail(ErrorCode::time_zone, fmt::format("there is no time zone \"{}\"", name), {},
                near ? fmt::format("did you mean {}?", *near)
                     : "zones are named like America/New_York, Europe/Berlin or UTC");
  } catch (const std::exception& problem) {
    return fail(ErrorCode::time_zone,
                fmt::format("the time zone \"{}\" cannot be read: {}", name, problem.what()), {},
                "install the tz database (package tzdata)");
  }
}

std::string Zone::name() const { return zone_ == nullptr ? "UTC" : as_zone(zone_)->name(); }

Instant Zone::start_of(Date date) const { return at(date, 0); }

Date Zone::date_of(Instant instant) const {
  if (zone_ == nullptr) return muster::date_of(instant);
  const date::sys_time<microseconds> time{microseconds{instant.us}};
  const auto info = as_zone(zone_)->get_info(date::floor<std::chrono::seconds>(time));
  return muster::date_of(to_instant(time + info.offset));
}

Instant Zone::at(Date date, std::int64_t us_of_day) const {
  const Instant local{muster::start_of(date).us + us_of_day};
  if (zone_ == nullptr) return local;
  const date::local_time<microseconds> time{microseconds{local.us}};
  const auto info = as_zone(zone_)->get_info(date::floor<std::chrono::seconds>(time));
  if (info.result == date::local_info::nonexistent) return to_instant(info.first.end);
  const std::int64_t offset = std::chrono::duration_cast<microseconds>(info.first.offset).count();
  return Instant{local.us - offset};
}

std::string tzdata_version() {
  // The compiled database carries no version; Debian, Fedora and Alpine ship the source text beside it, whose
  // first line says it.
  for (const char* path : {"/usr/share/zoneinfo/tzdata.zi", "/usr/share/zoneinfo/+VERSION"}) {
    std::ifstream in(path);
    std::string line;
    if (!std::getline(in, line)) continue;
    constexpr std::string_view kPrefix = "# version ";
    if (line.starts_with(kPrefix)) line.erase(0, kPrefix.size());
    if (!line.empty() && line.size() <= 20) return line;
  }
  return "unknown";
}

}  // namespace muster
