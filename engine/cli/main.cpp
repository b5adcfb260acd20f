#include "base/clock.h"
#include "cli/process.h"

int main(int count, char** texts) {
  const muster::SystemClock clock;
  return muster::cli::run_process(count, texts, clock);
}
