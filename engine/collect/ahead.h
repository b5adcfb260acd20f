// Ahead: several lists read at once by threads, handed out in the order in which they are asked for. So what
// is written does not depend on how many threads there are; they only have it ready. What lies ready is
// bounded in bytes. One thread uses an Ahead; its own threads do the asking.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "collect/collect.h"
#include "collect/list_reader.h"

namespace muster::collect {

class Ahead {
 public:
  /// The place of a list in the order of the work: its unit, and its number there.
  using Key = std::pair<std::size_t, std::size_t>;

  Ahead(const Options& options, const Clock& clock, const Hooks& hooks);
  /// Stops what is under way.
  ~Ahead();
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  /// Lists of one source are begun in the order of their keys.
  void add(Key key, std::size_t source, ListRequest request);
  [[nodiscard]] bool has(Key key) const;
  /// How many lists of the source are not handed out yet.
  [[nodiscard]] std::size_t waiting(std::size_t source) const;
  /// The next step of a list that was added; waits for it. After its last step the list is gone.
  [[nodiscard]] Step next(Key key);

 private:
  struct List {
    explicit List(ListRequest request) : reader(std::move(request)) {}
    ListReader reader;
    std::size_t source = 0;
    std::deque<Step> ready;
    bool is_under_way = false, is_read = false, has_begun = false;
  };

  void work(std::size_t source, std::uint64_t seed);
  [[nodiscard]] List* find_work(std::size_t source);
  [[nodiscard]] bool should_stop() const;
  [[nodiscard]] bool wait(std::int64_t us) const;

  const Options& options_;
  const Clock& clock_;
  const Hooks& hooks_;
  std::vector<std::shared_ptr<http::Limiter>> limiters_;  // by source
  std::atomic<bool> is_stopped_ = false;

  mutable std::mutex mutex_;
  std::condition_variable has_work_, has_step_;
  std::map<Key, std::unique_ptr<List>> lists_;
  std::map<std::size_t, std::string> lost_sources_;  // their key stopped working: why
  Key wanted_{};
  std::size_t bytes_ready_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace muster::collect
