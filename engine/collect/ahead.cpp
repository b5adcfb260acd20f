#include "collect/ahead.h"

#include <algorithm>
#include <exception>

namespace muster::collect {
namespace {

constexpr std::size_t kMostReady = std::size_t{4} << 20;
// Of the list that is written next, whatever the others hold: while one is written, the next is asked for.
constexpr std::size_t kMostStepsOfWanted = 1;
constexpr std::int64_t kSlice = 50'000;  // a wait looks around that often

/// Sources that ask the same API of the same organization share its budget.
std::vector<std::shared_ptr<http::Limiter>> make_limiters(const std::vector<Access>& sources,
                                                          const Clock& clock) {
  std::vector<std::shared_ptr<http::Limiter>> limiters;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    const auto shares = [&](const Access& other) {
      return other.provider == sources[s].provider && other.http.base_url == sources[s].http.base_url;
    };
    const auto first = static_cast<std::size_t>(std::ranges::find_if(sources, shares) - sources.begin());
    if (first < s) {
      limiters.push_back(limiters[first]);
      continue;
    }
    http::Rate rate;  // the slowest of those that share it
    const auto pace = [](const http::Rate& each) { return each.requests / static_cast<double>(each.per_us); };
    for (const Access& other : sources)
      if (shares(other) && other.rate.requests > 0 && (rate.requests <= 0 || pace(other.rate) < pace(rate)))
        rate = other.rate;
    limiters.push_back(std::make_shared<http::Limiter>(rate, clock));
  }
  return limiters;
}

}  // namespace

Ahead::Ahead(const Options& options, const Clock& clock, const Hooks& hooks)
    : options_(options), clock_(clock), hooks_(hooks), limiters_(make_limiters(options.sources, clock)) {
  const unsigned jobs = std::max(1u, options.jobs);
  for (std::size_t s = 0; s < options.sources.size(); ++s)
    for (unsigned j = 0; j < jobs; ++j)
      threads_.emplace_back(
          [this, s, j] { work(s, static_cast<std::uint64_t>(clock_.monotonic_us()) * 31 + s * 1009 + j); });
}

Ahead::~Ahead() {
  is_stopped_ = true;
  {
    const std::lock_guard guard(mutex_);
    has_work_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

bool Ahead::should_stop() const { return is_stopped_ || (hooks_.should_stop && hooks_.should_stop()); }

bool Ahead::wait(std::int64_t us) const {
  for (; us > 0; us -= kSlice)
    if (should_stop() || !hooks_.wait(std::min(us, kSlice))) return false;
  return !should_stop();
}

void Ahead::add(Key key, std::size_t source, ListRequest request) {
  auto list = std::make_unique<List>(std::move(request));
  list->source = source;
  const std::lock_guard guard(mutex_);
  lists_[key] = std::move(list);
  has_work_.notify_all();
}

bool Ahead::has(Key key) const {
  const std::lock_guard guard(mutex_);
  return lists_.contains(key);
}

std::size_t Ahead::waiting(std::size_t source) const {
  const std::lock_guard guard(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(lists_, [&](const auto& each) { return each.second->source == source; }));
}

Step Ahead::next(Key key) {
  std::unique_lock lock(mutex_);
  List& list = *lists_.at(key);
  wanted_ = key;
  has_work_.notify_all();
  has_step_.wait(lock, [&] { return !list.ready.empty(); });
  Step step = std::move(list.ready.front());
  list.ready.pop_front();
  bytes_ready_ -= step.bytes();
  if (step.is_last) lists_.erase(key);
  has_work_.notify_all();
  return step;
}

/// The first list in order that may go on: the one that is wanted always may, others while there is room. One
/// job asks for one thing at a time.
Ahead::List* Ahead::find_work(std::size_t source) {
  for (auto& [key, list] : lists_) {
    if (list->source != source || list->is_under_way || list->is_read) continue;
    const bool has_room = options_.jobs > 1 && bytes_ready_ < kMostReady;
    if (has_room || (key == wanted_ && list->ready.size() < kMostStepsOfWanted)) return list.get();
  }
  return nullptr;
}

void Ahead::work(std::size_t source, std::uint64_t seed) {
  const Access& access = options_.sources[source];
  const auto stop = [this] { return should_stop(); };
  http::Session session(
      hooks_.connect ? hooks_.connect(access) : http::client_send(access.http, clock_, stop),
      limiters_[source], access.patience, clock_, [this](std::int64_t us) { return wait(us); }, stop, seed);
  std::unique_lock lock(mutex_);
  for (;;) {
    List* list = nullptr;
    has_work_.wait(lock, [&] { return is_stopped_ || (list = find_work(source)) != nullptr; });
    if (is_stopped_) return;
    list->is_under_way = true;
    Step step;
    if (const auto lost = lost_sources_.find(source); lost != lost_sources_.end() && !list->has_begun) {
      step.kind = Step::Kind::failed;
      step.trouble = {Trouble::Kind::unauthorized, lost->second, 401};
      step.is_last = true;
    } else {
      list->has_begun = true;
      lock.unlock();
      try {
        step = list->reader.next(session);
      } catch (const std::exception& problem) {
        step = {};
        step.kind = Step::Kind::failed;
        step.trouble = {Trouble::Kind::other, problem.what(), 0};
        step.is_last = true;
      }
      lock.lock();
    }
    if (step.kind == Step::Kind::failed && step.trouble.kind == Trouble::Kind::unauthorized)
      lost_sources_.try_emplace(source, step.trouble.reason);
    list->is_under_way = false;
    list->is_read = step.is_last;
    bytes_ready_ += step.bytes();
    list->ready.push_back(std::move(step));
    has_step_.notify_all();
  }
}

}  // namespace muster::collect
