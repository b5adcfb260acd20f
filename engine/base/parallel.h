// Workers: a fixed number of threads that run numbered tasks. The tasks are taken in order, so task 0 starts
// first; results must be kept by task number so that nothing depends on who ran what. An exception of a task
// is caught and rethrown to the caller of run() after all threads have stopped.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace muster {

/// Runs fn(task, worker) for task = 0..tasks-1 on min(jobs, tasks) threads (the calling thread is one of
/// them: jobs = 1 makes no thread). `worker` is 0..jobs-1. Returns when all are done.
void run_parallel(unsigned jobs, std::size_t tasks,
                  const std::function<void(std::size_t task, unsigned worker)>& fn);

/// Makes one text for each task, several at a time, and hands them to `take` in order, one at a time and each
/// as soon as it is its turn: for writing what is long to make. At most one text a thread is held. Exceptions
/// of both as with run_parallel.
void run_in_order(unsigned jobs, std::size_t tasks, const std::function<std::string(std::size_t task)>& make,
                  const std::function<void(std::string text)>& take);

/// The number of cores this process may use (at least 1).
[[nodiscard]] unsigned available_cores();

}  // namespace muster
