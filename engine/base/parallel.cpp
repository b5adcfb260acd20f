#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <fstream>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace muster {
namespace {

/// The task counter and the failure to report: of several, that of the lowest task, so that the report does
/// not depend on luck.
class Work {
 public:
  Work(std::size_t tasks, const std::function<void(std::size_t, unsigned)>& fn) : tasks_(tasks), fn_(fn) {}

  void run(unsigned worker) {
    while (!failed_.load(std::memory_order_relaxed)) {
      const std::size_t task = next_.fetch_add(1, std::memory_order_relaxed);
      if (task >= tasks_) return;
      try {
        fn_(task, worker);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (failure_ == nullptr || task < failed_task_) {
          failure_ = std::current_exception();
          failed_task_ = task;
        }
        failed_.store(true, std::memory_order_relaxed);
      }
    }
  }

  void rethrow() const {
    if (failure_ != nullptr) std::rethrow_exception(failure_);
  }

 private:
  const std::size_t tasks_;
  const std::function<void(std::size_t, unsigned)>& fn_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
  std::size_t failed_task_ = 0;
};

}  // namespace

void run_parallel(unsigned jobs, std::size_t tasks,
                  const std::function<void(std::size_t task, unsigned worker)>& fn) {
  Work work(tasks, fn);
  {
    std::vector<std::jthread> threads;
    const std::size_t workers = std::min<std::size_t>(std::max(jobs, 1U), tasks);
    for (unsigned worker = 1; worker < workers; ++worker) {
      try {
        threads.emplace_back([&work, worker] { work.run(worker); });
      } catch (const std::system_error&) {
        break;  // no more threads to be had: those that run take all tasks
      }
    }
    work.run(0);
  }
  work.rethrow();
}

void run_in_order(unsigned jobs, std::size_t tasks, const std::function<std::string(std::size_t task)>& make,
                  const std::function<void(std::string text)>& take) {
  std::mutex mutex;
  std::condition_variable turned;
  std::size_t turn = 0;
  bool has_failed = false;
  run_parallel(jobs, tasks, [&](std::size_t task, unsigned) {
    try {
      std::string text = make(task);
      std::unique_lock lock(mutex);
      turned.wait(lock, [&] { return turn == task || has_failed; });
      if (has_failed) return;
      lock.unlock();  // nobody else has the turn
      take(std::move(text));
      lock.lock();
      ++turn;
    } catch (...) {
      {
        const std::lock_guard lock(mutex);
        has_failed = true;
      }
      turned.notify_all();
      throw;
    }
    turned.notify_all();
  });
}

unsigned available_cores() {
  unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  // A container may own all cores for a part of the time; more workers than its share would only wait and use
  // memory.
  std::ifstream quota_file("/sys/fs/cgroup/cpu.max");
  unsigned long long quota = 0;
  unsigned long long period = 0;
  if (quota_file >> quota >> period && quota > 0 && period > 0)
    cores = static_cast<unsigned>(std::clamp<unsigned long long>((quota + period - 1) / period, 1, cores));
  return cores;
}

}  // namespace muster
