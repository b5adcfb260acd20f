#include "base/time.h"

#include <fstream>
#include <limits>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "base/clock.h"

namespace muster {
namespace {

std::string shown(std::optional<Instant> instant) { return instant ? format_rfc3339(*instant) : "no time"; }
std::string shown(std::optional<Date> date) { return date ? format_date(*date) : "no date"; }

Zone zone(std::string_view name) {
  auto found = Zone::find(name);
  EXPECT_TRUE(found) << name;
  return found.value_or(Zone());
}

TEST(Rfc3339, ReadsEveryFormTheApiWrites) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), Instant{0});
  EXPECT_EQ(parse_rfc3339("2026-11-20T08:00:00Z"), Instant{1'795'161'600'000'000});
  EXPECT_EQ(shown(parse_rfc3339("2026-11-20T08:00:00")), "2026-11-20T08:00:00Z");  // no zone: UTC
  EXPECT_EQ(shown(parse_rfc3339("2026-11-20 08:00:00z")), "2026-11-20T08:00:00Z");
  EXPECT_EQ(shown(parse_rfc3339("2026-11-20t08:00:00.5Z")), "2026-11-20T08:00:00.500Z");
  EXPECT_EQ(shown(parse_rfc3339("2026-11-20T08:00:00.000001Z")), "2026-11-20T08:00:00.000001Z");
  EXPECT_EQ(shown(parse_rfc3339("2026-11-20T08:00:00.123456789Z")),
            "2026-11-20T08:00:00.123456Z");  // cut, not rounded
  EXPECT_EQ(shown(parse_rfc3339("2026-11-20T08:00:00.9999999")), "2026-11-20T08:00:00.999999Z");
  EXPECT_EQ(shown(parse_rfc3339("2026-11-20T08:00:00+02:00")), "2026-11-20T06:00:00Z");
  EXPECT_EQ(shown(parse_rfc3339("2026-12-31T20:30:00.25-05:30")), "2027-01-01T02:00:00.250Z");
  EXPECT_EQ(shown(parse_rfc3339("2026-11-20T08:00:00-00:00")), "2026-11-20T08:00:00Z");
  EXPECT_EQ(shown(parse_rfc3339("2016-12-31T23:59:60Z")), "2017-01-01T00:00:00Z");  // leap second
  EXPECT_EQ(shown(parse_rfc3339("2024-02-29T00:00:00Z")), "2024-02-29T00:00:00Z");
  EXPECT_EQ(shown(parse_rfc3339("2000-02-29T00:00:00Z")), "2000-02-29T00:00:00Z");
  EXPECT_EQ(shown(parse_rfc3339("1969-12-31T23:59:59.999999Z")), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(shown(parse_rfc3339("0001-01-01T00:00:00Z")), "0001-01-01T00:00:00Z");
  EXPECT_EQ(shown(parse_rfc3339("9999-12-31T23:59:59.999999Z")), "9999-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-20",
                           "2026-11-20T08:00",
                           "2026-11-20T08:00Z",
                           "2026-11-20T8:00:00Z",
                           "2026-11-20T08:00:00.Z",
                           "2026-11-20T08:00:00.1234567890Z",
                           "2026-11-20T08:00:00,5Z",
                           "2026-11-20T08:00:00+0200",
                           "2026-11-20T08:00:00+02",
                           "2026-11-20T08:00:00+24:00",
                           "2026-11-20T08:00:00+02:60",
                           "2026-11-20T08:00:00 +02:00",
                           "2026-11-20T08:00:00ZZ",
                           "2026-11-20T08:00:00Z ",
                           " 2026-11-20T08:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-11-20T24:00:00Z",
                           "2026-11-20T23:60:00Z",
                           "2026-11-20T23:59:61Z",
                           "0000-01-01T00:00:00Z",
                           "2026/11/20T08:00:00Z",
                           "2026-11-20X08:00:00Z",
                           "-026-11-20T08:00:00Z",
                           "2026-11-20T08:00:-1Z",
                           "2O26-11-20T08:00:00Z",
                           "0001-01-01T00:00:00+01:00",
                           "9999-12-31T23:59:59-01:00",
                           "2026-11-20T08:00:00Europe/Berlin",
                           "20261120T080000Z"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(parse_rfc3339("2026-11-20T08:00:00\0"sv), std::nullopt);
  EXPECT_EQ(parse_rfc3339("2026-11-20T08:00:00\xEF\xBC\x9A"sv), std::nullopt);
}

TEST(Rfc3339, WritesTheShortestForm) {
  EXPECT_EQ(format_rfc3339(Instant{0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(Instant{1'000}), "1970-01-01T00:00:00.001Z");
  EXPECT_EQ(format_rfc3339(Instant{1'001}), "1970-01-01T00:00:00.001001Z");
  EXPECT_EQ(format_rfc3339(Instant{-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(Instant{-kMicrosPerDay}), "1969-12-31T00:00:00Z");
}

TEST(Dates, IsoFormIsExact) {
  EXPECT_EQ(parse_date("2024-02-29"), (Date{2024, 2, 29}));
  for (const char* text :
       {"", "2023-02-29", "2026-1-01", "2026-01-1", "2026-01-011", "26-01-01", "2026/01/01", "0000-01-01",
        "2026-06-31", "2026-01-01T", " 2026-01-01", "-001-01-01", "2026-01-+1"})
    EXPECT_EQ(shown(parse_date(text)), "no date") << text;
}

TEST(Dates, FormsOfHrExports) {
  EXPECT_EQ(shown(parse_date("11/20/2026", "%m/%d/%Y")), "2026-11-20");
  EXPECT_EQ(shown(parse_date("1/2/2026", "%m/%d/%Y")), "2026-01-02");
  EXPECT_EQ(shown(parse_date("20.11.2026", "%d.%m.%Y")), "2026-11-20");
  EXPECT_EQ(shown(parse_date("20-Nov-26", "%d-%b-%y")), "2026-11-20");
  EXPECT_EQ(shown(parse_date("20-NOV-68", "%d-%b-%y")), "2068-11-20");
  EXPECT_EQ(shown(parse_date("20-nov-69", "%d-%b-%y")), "1969-11-20");
  EXPECT_EQ(shown(parse_date("November 20, 2026", "%B %d, %Y")), "2026-11-20");
  EXPECT_EQ(shown(parse_date("May 1, 2026", "%B %d, %Y")), "2026-05-01");
  EXPECT_EQ(shown(parse_date("20261120", "%Y%m%d")), "2026-11-20");
  EXPECT_EQ(shown(parse_date("%2026-11-20", "%%%Y-%m-%d")), "2026-11-20");
}

TEST(Dates, FormsRefuseWhatDoesNotFit) {
  EXPECT_EQ(shown(parse_date("20/11/2026", "%m/%d/%Y")), "no date");  // the 20th month
  EXPECT_EQ(shown(parse_date("2/30/2026", "%m/%d/%Y")), "no date");
  EXPECT_EQ(shown(parse_date("11/20/26", "%m/%d/%Y")), "no date");
  EXPECT_EQ(shown(parse_date("11/20/2026 ", "%m/%d/%Y")), "no date");
  EXPECT_EQ(shown(parse_date("11/20/2026", "%m/%d/%Y ")), "no date");
  EXPECT_EQ(shown(parse_date("20-Nvm-26", "%d-%b-%y")), "no date");
  EXPECT_EQ(shown(parse_date("11/2026", "%m/%Y")), "no date");  // no day in the form
  EXPECT_EQ(shown(parse_date("2026-11-20", "%F")), "no date");  // not one of the accepted letters
  EXPECT_EQ(shown(parse_date("2026-11-20", "")), "no date");
  EXPECT_EQ(shown(parse_date("", "%Y-%m-%d")), "no date");
  EXPECT_EQ(shown(parse_date("2026-11-20%", "%Y-%m-%d%")), "2026-11-20");
}

TEST(Dates, Arithmetic) {
  EXPECT_EQ(format_date(plus_days({2024, 2, 28}, 1)), "2024-02-29");
  EXPECT_EQ(format_date(plus_days({2026, 12, 31}, 1)), "2027-01-01");
  EXPECT_EQ(format_date(plus_days({2026, 1, 1}, -1)), "2025-12-31");
  EXPECT_EQ(plus_days({9999, 12, 31}, 1), (Date{10000, 1, 1}));  // the day after HR's "no end"
  EXPECT_EQ(plus_days({2026, 1, 1}, std::numeric_limits<int>::max()), (Date{10000, 1, 1}));
  EXPECT_EQ(plus_days({2026, 1, 1}, std::numeric_limits<int>::min()), (Date{1, 1, 1}));
  EXPECT_EQ(days_between({2026, 1, 1}, {2026, 3, 1}), 59);
  EXPECT_EQ(days_between({2026, 3, 1}, {2026, 1, 1}), -59);
  EXPECT_EQ(date_of(Instant{-1}), (Date{1969, 12, 31}));
  EXPECT_EQ(start_of(Date{1970, 1, 2}), Instant{kMicrosPerDay});
  for (int offset = -800'000; offset <= 2'900'000; offset += 9'973) {
    const Date day = plus_days({1970, 1, 1}, offset);
    EXPECT_EQ(date_of(start_of(day)), day);
    const bool is_clamped = day == Date{1, 1, 1} || day == Date{10000, 1, 1};
    EXPECT_TRUE(is_clamped || days_between({1970, 1, 1}, day) == offset) << offset;
  }
}

TEST(Durations, ReadAndWritten) {
  const auto us = [](std::string_view text) { return parse_duration(text).value_or(-1); };
  EXPECT_EQ(us("1d"), kMicrosPerDay);
  EXPECT_EQ(us("12h"), kMicrosPerDay / 2);
  EXPECT_EQ(us("30m"), 1800 * kMicrosPerSecond);
  EXPECT_EQ(us("90s"), 90 * kMicrosPerSecond);
  EXPECT_EQ(us("2w"), 14 * kMicrosPerDay);
  EXPECT_EQ(us("7d12h"), 7 * kMicrosPerDay + kMicrosPerDay / 2);
  EXPECT_EQ(us(" 1w 2d 3h 4m 5s "), 9 * kMicrosPerDay + (3 * 3600 + 4 * 60 + 5) * kMicrosPerSecond);
  EXPECT_EQ(format_duration(7 * kMicrosPerDay), "7d");
  EXPECT_EQ(format_duration(kMicrosPerDay * 3 / 2), "1d 12h");
  EXPECT_EQ(format_duration(90 * kMicrosPerSecond), "90s");
  EXPECT_EQ(format_duration(330 * kMicrosPerSecond), "5m 30s");
  EXPECT_EQ(format_duration(0), "0s");
  EXPECT_EQ(format_duration(1'500'000), "1.5s");
  EXPECT_EQ(format_duration(-kMicrosPerDay), "-1d");
  EXPECT_EQ(format_duration(std::numeric_limits<std::int64_t>::min()), "-106751991d 4h 54.775808s");
  for (const std::int64_t seconds : {1, 59, 60, 119, 120, 3599, 3600, 86399, 86400, 90061, 31536000}) {
    const std::int64_t duration = seconds * kMicrosPerSecond;
    EXPECT_EQ(us(format_duration(duration)), duration);
  }
}

TEST(Durations, SayWhatIsWrong) {
  const auto said = [](std::string_view text) {
    const auto read = parse_duration(text);
    return read ? std::string("read") : render_error(read.error());
  };
  const auto expected = [](std::string text, std::string why) {
    return "error[time.format]: \"" + text + "\" is not a duration: " + why +
           "\n   = help: write it like 30m, 12h, 7d, 2w or 1d12h\n";
  };
  EXPECT_EQ(said(""), expected("", "it is empty"));
  EXPECT_EQ(said("7"), expected("7", "the unit is missing"));
  EXPECT_EQ(said("d"), expected("d", "a number is missing"));
  EXPECT_EQ(said("7y"), expected("7y", "the units are w, d, h, m and s"));
  EXPECT_EQ(said("7D"), expected("7D", "the units are w, d, h, m and s"));
  EXPECT_EQ(said("1.5d"), expected("1.5d", "the units are w, d, h, m and s"));
  EXPECT_EQ(said("-1d"), expected("-1d", "a number is missing"));
  EXPECT_EQ(said("12h7d"), expected("12h7d", "units go from large to small"));
  EXPECT_EQ(said("1d1d"), expected("1d1d", "units go from large to small"));
  EXPECT_EQ(said("0s"), expected("0s", "it must be longer than zero"));
  EXPECT_EQ(said("999999999999w"), expected("999999999999w", "it is too long"));
  EXPECT_EQ(said("9999999999999s"), expected("9999999999999s", "it is too long"));
  EXPECT_EQ(said("15250284w6d"), expected("15250284w6d", "it is too long"));
}

TEST(Zones, DaysBeginWhereThePersonIs) {
  EXPECT_EQ(format_rfc3339(Zone().start_of({2026, 11, 20})), "2026-11-20T00:00:00Z");
  EXPECT_EQ(Zone().name(), "UTC");
  const Zone new_york = zone("America/New_York");
  EXPECT_EQ(new_york.name(), "America/New_York");
  EXPECT_EQ(format_rfc3339(new_york.start_of({2026, 11, 20})), "2026-11-20T05:00:00Z");
  EXPECT_EQ(format_rfc3339(new_york.end_of({2026, 11, 20})), "2026-11-21T05:00:00Z");
  EXPECT_EQ(format_rfc3339(new_york.start_of({2026, 7, 1})), "2026-07-01T04:00:00Z");
  EXPECT_EQ(format_date(new_york.date_of(*parse_rfc3339("2026-11-20T04:59:59.999999Z"))), "2026-11-19");
  EXPECT_EQ(format_date(new_york.date_of(*parse_rfc3339("2026-11-20T05:00:00Z"))), "2026-11-20");
  EXPECT_EQ(format_rfc3339(zone("Asia/Kolkata").start_of({2026, 1, 1})), "2025-12-31T18:30:00Z");
  EXPECT_EQ(format_rfc3339(zone("US/Eastern").start_of({2026, 1, 1})),
            "2026-01-01T05:00:00Z");  // an old name, a link
  EXPECT_EQ(format_rfc3339(zone("Etc/UTC").start_of({2026, 1, 1})), "2026-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(zone("Europe/Berlin").start_of({9999, 12, 31})).substr(0, 10), "9999-12-30");
}

TEST(Zones, GapsAndOverlaps) {
  const Zone new_york = zone("America/New_York");
  constexpr std::int64_t kHour = 3600 * kMicrosPerSecond;
  EXPECT_EQ(format_rfc3339(new_york.at({2026, 3, 8}, kHour * 3 / 2)),
            "2026-03-08T06:30:00Z");  // before the gap
  EXPECT_EQ(format_rfc3339(new_york.at({2026, 3, 8}, 2 * kHour)),
            "2026-03-08T07:00:00Z");  // the gap's first instant
  EXPECT_EQ(format_rfc3339(new_york.at({2026, 3, 8}, kHour * 5 / 2)), "2026-03-08T07:00:00Z");  // inside
  EXPECT_EQ(format_rfc3339(new_york.at({2026, 3, 8}, 3 * kHour)), "2026-03-08T07:00:00Z");      // after
  EXPECT_EQ(format_rfc3339(new_york.at({2026, 11, 1}, kHour * 3 / 2)),
            "2026-11-01T05:30:00Z");  // twice: the earlier
  EXPECT_EQ(format_rfc3339(new_york.at({2026, 11, 1}, 2 * kHour)), "2026-11-01T07:00:00Z");
  EXPECT_EQ(new_york.end_of({2026, 3, 8}).us - new_york.start_of({2026, 3, 8}).us, 23 * kHour);
  EXPECT_EQ(new_york.end_of({2026, 11, 1}).us - new_york.start_of({2026, 11, 1}).us, 25 * kHour);
  // Midnight itself does not exist, or exists twice.
  EXPECT_EQ(format_rfc3339(zone("America/Sao_Paulo").start_of({2018, 11, 4})), "2018-11-04T03:00:00Z");
  EXPECT_EQ(format_rfc3339(zone("America/Havana").start_of({2026, 11, 1})), "2026-11-01T04:00:00Z");
  // A whole day does not exist: Samoa went from the 29th to the 31st.
  EXPECT_EQ(format_rfc3339(zone("Pacific/Apia").start_of({2011, 12, 30})), "2011-12-30T10:00:00Z");
  EXPECT_EQ(format_rfc3339(zone("Pacific/Apia").end_of({2011, 12, 29})), "2011-12-30T10:00:00Z");
  EXPECT_EQ(format_rfc3339(zone("Europe/Lisbon").at({2026, 10, 25}, kHour + 1)),
            "2026-10-25T00:00:00.000001Z");
}

TEST(Zones, UnknownNamesGetASuggestion) {
  const auto said = [](std::string_view name) { return render_error(Zone::find(name).error()); };
  EXPECT_EQ(said("America/New_Yrok"),
            "error[time.zone]: there is no time zone \"America/New_Yrok\"\n   = help: did you mean "
            "America/New_York?\n");
  EXPECT_EQ(
      said("europe/berlin"),
      "error[time.zone]: there is no time zone \"europe/berlin\"\n   = help: did you mean Europe/Berlin?\n");
  EXPECT_EQ(said("Eastern Standard Time"),
            "error[time.zone]: there is no time zone \"Eastern Standard Time\"\n   = help: zones are named "
            "like America/New_York, Europe/Berlin or UTC\n");
  for (const char* name : {"", "right/UTC", "posix/UTC", "localtime", "../../../etc/passwd", "/etc/localtime",
                           "tzdata.zi", "America", "Factory"}) {
    const auto found = Zone::find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, ErrorCode::time_zone) << name;
  }
}

TEST(Zones, AreSafeToUseFromManyThreads) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      EXPECT_EQ(format_rfc3339(zone("Australia/Lord_Howe").start_of({2026, 1, 1})), "2025-12-31T13:00:00Z");
    });
}

TEST(Zones, TheDatabaseSaysItsVersion) {
  EXPECT_THAT(tzdata_version(), testing::MatchesRegex("20[0-9][0-9][a-z]+"));
}

TEST(Clocks, StandStillOrRun) {
  FakeClock fake(Instant{5});
  EXPECT_EQ(fake.now(), Instant{5});
  fake.advance(kMicrosPerSecond);
  EXPECT_EQ(fake.now(), Instant{1'000'005});
  EXPECT_EQ(fake.monotonic_us(), 1'000'005);
  const SystemClock clock;
  EXPECT_GT(clock.now(), start_of(Date{2024, 1, 1}));
  const std::int64_t before = clock.monotonic_us();
  EXPECT_GE(clock.monotonic_us(), before);
}

}  // namespace
}  // namespace muster
