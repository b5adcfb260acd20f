#include "cli/progress.h"

#include <algorithm>

#include <fmt/format.h>

namespace muster::cli {
namespace {

constexpr std::int64_t kQuietUs = 1'000'000;
constexpr std::int64_t kBetweenUs = 100'000;

}  // namespace

Progress::~Progress() {
  if (columns_ == 0) return;
  environment_.console.err.write("\r" + std::string(columns_, ' ') + "\r");
  static_cast<void>(environment_.console.err.flush());
}

void Progress::show(const std::string& phase, std::size_t done, std::size_t all) {
  if (environment_.is_interrupted) throw Interrupted{};
  if (!environment_.console.err_is_terminal || all == 0) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;  // another worker is saying it
  const std::int64_t now = environment_.clock.monotonic_us();
  if (now - started_us_ < kQuietUs || now - shown_us_ < kBetweenUs) return;
  shown_us_ = now;
  std::string line = fmt::format("{} {:3} %", phase, done * 100 / all);
  const std::size_t columns = line.size();
  line.append(columns_ > columns ? columns_ - columns : 0, ' ');
  columns_ = std::max(columns_, columns);
  environment_.console.err.write("\r" + line);
  static_cast<void>(environment_.console.err.flush());
}

}  // namespace muster::cli
