// Clock: the only way to read the wall clock. Production code is handed one; tests hand in a FakeClock. Rules
// never see it: they see as_of.
#pragma once

#include "base/time.h"

namespace muster {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
  /// Monotonic microseconds, for durations and progress only.
  [[nodiscard]] virtual std::int64_t monotonic_us() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] std::int64_t monotonic_us() const override;
};

/// A clock that stands still until told otherwise.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Instant start) : now_(start) {}
  void advance(std::int64_t us) { now_.us += us; }
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] std::int64_t monotonic_us() const override { return now_.us; }

 private:
  Instant now_;
};

}  // namespace muster
