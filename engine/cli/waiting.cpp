#include "cli/waiting.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace muster::cli {

bool wait(const Environment& environment, std::int64_t us) {
  constexpr std::int64_t kStepUs = 100'000;
  const std::int64_t until = environment.clock.monotonic_us() + us;
  while (!environment.is_interrupted) {
    const std::int64_t left = until - environment.clock.monotonic_us();
    if (left <= 0) return true;
    std::this_thread::sleep_for(std::chrono::microseconds(std::min(left, kStepUs)));
  }
  return false;
}

}  // namespace muster::cli
