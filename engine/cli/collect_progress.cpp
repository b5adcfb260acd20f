#include "cli/collect_progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/layout.h"

namespace muster::cli {
namespace {

constexpr std::int64_t kBetweenUs = 100'000;
// Before so much time a rate says nothing.
constexpr double kFirstSeconds = 0.5;
constexpr std::size_t kBarCells = 10;

std::string render_time(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

void CollectProgress::show(const std::string& who, const collect::Advance& advance) {
  if (!environment_.console.err_is_terminal) return;
  const std::lock_guard guard(mutex_);
  const std::int64_t now = environment_.clock.monotonic_us();
  const std::string dataset = who + "/" + std::string(advance.dataset);
  if (dataset != dataset_) {
    dataset_ = dataset;
    dataset_begin_us_ = now;
    rows_before_ = advance.rows;
    lists_before_ = advance.lists;
  } else if (now - shown_us_ < kBetweenUs) {
    return;
  }
  shown_us_ = now;
  // A line that wraps could not be gone over again. The bar gives way to the words.
  const std::size_t room = std::max<std::size_t>(environment_.console.width, 2) - 1;
  std::string line = render(who, advance, now);
  const std::string bar = render_bar(advance);
  line = cell(display_width(line) + bar.size() <= room ? bar + line : line, room);
  const std::size_t columns = display_width(line);
  if (columns_ > columns) line.append(columns_ - columns, ' ');
  columns_ = std::max(columns_, columns);
  environment_.console.err.write("\r" + line);
  static_cast<void>(environment_.console.err.flush());
}

std::string CollectProgress::render(const std::string& who, const collect::Advance& advance,
                                    std::int64_t now_us) {
  std::string line = fmt::format("{}{}{}: {}, {}", who, who.empty() ? "" : ", ", advance.dataset,
                                 plural(advance.rows, "row", "rows"), plural(advance.pages, "page", "pages"));
  if (advance.of_lists > 1) line += fmt::format(", {} of {} lists", advance.lists, advance.of_lists);
  const double seconds = static_cast<double>(now_us - dataset_begin_us_) / 1e6;
  if (seconds >= kFirstSeconds)
    line += fmt::format(", {:.0f} rows/s", static_cast<double>(advance.rows - rows_before_) / seconds);
  line += ", " + render_time(static_cast<double>(now_us - begin_us_) / 1e6);
  if (const auto left = seconds_left(advance, now_us)) line += fmt::format(", {} left", render_time(*left));
  return line;
}

/// How much of this dataset is done: by its lists, else by what an earlier snapshot held. Nothing where
/// nobody knows, or where there is more than there was.
std::string CollectProgress::render_bar(const collect::Advance& advance) const {
  std::uint64_t done = advance.lists, all = advance.of_lists;
  if (all <= 1) {
    const auto expected = expected_.find(advance.dataset);
    all = expected == expected_.end() ? 0 : expected->second;
    done = advance.rows;
  }
  if (all == 0 || done > all) return {};
  const std::size_t full = done * kBarCells / all;
  return fmt::format("[{}{}] ", std::string(full, '#'), std::string(kBarCells - full, ' '));
}

/// Of this dataset: by the lists that are done, else by what an earlier snapshot held.
std::optional<double> CollectProgress::seconds_left(const collect::Advance& advance,
                                                    std::int64_t now_us) const {
  const double seconds = static_cast<double>(now_us - dataset_begin_us_) / 1e6;
  if (seconds < kFirstSeconds) return std::nullopt;
  const auto at_pace = [&](std::uint64_t done, std::uint64_t left) -> std::optional<double> {
    if (done == 0) return std::nullopt;
    return seconds * static_cast<double>(left) / static_cast<double>(done);
  };
  if (advance.of_lists > 1) return at_pace(advance.lists - lists_before_, advance.of_lists - advance.lists);
  const auto expected = expected_.find(advance.dataset);
  if (expected == expected_.end() || expected->second <= advance.rows) return std::nullopt;
  return at_pace(advance.rows - rows_before_, expected->second - advance.rows);
}

void CollectProgress::tell(const std::string& line) {
  clear();
  const std::lock_guard guard(mutex_);
  environment_.console.out.write(line + "\n");
  static_cast<void>(environment_.console.out.flush());
}

void CollectProgress::clear() {
  const std::lock_guard guard(mutex_);
  if (columns_ == 0) return;
  environment_.console.err.write("\r" + std::string(columns_, ' ') + "\r");
  static_cast<void>(environment_.console.err.flush());
  columns_ = 0;
}

}  // namespace muster::cli
