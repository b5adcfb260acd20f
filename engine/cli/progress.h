// A line on a terminal's standard error that says how far a long piece of work is. Nothing is shown before a
// second has passed, nor when nobody looks. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "cli/environment.h"

namespace muster::cli {

class Progress {
 public:
  explicit Progress(Environment& environment)
      : environment_(environment), started_us_(environment.clock.monotonic_us()) {}
  /// Takes the line away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Throws Interrupted when the user wants to stop.
  void show(const std::string& phase, std::size_t done, std::size_t all);

 private:
  Environment& environment_;
  std::int64_t started_us_;
  std::mutex mutex_;
  std::int64_t shown_us_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace muster::cli
