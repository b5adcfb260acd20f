// The simulator: takes a request, finds faults, key, limit and route, and answers. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "call.h"
#include "faults.h"

namespace simulator {

struct Options {
  std::uint64_t seed = 1;
  Size size;
  std::size_t tenants = 1, linked = 1;
  std::string fixture;  // a snapshot folder; empty: made up
  Age age = Age::current;
  muster::Instant now;
  bool needs_version = true;    // Admin paths refuse requests without anthropic-version
  int oauth_only_status = 403;  // what an Admin key gets on service accounts and federation
  bool admin_limit_headers = false;
  bool odd_ids = false;
  Limit admin_limit{100, 60, 100}, compliance_limit{600, 60, 600};
  std::int64_t clock_skew_s = 0;     // added to the Date header
  std::vector<std::string> without;  // path prefixes that this organization does not have: 404
};

class Simulator {
 public:
  explicit Simulator(const Options& options);
  Reply handle(const Request& request);
  void add_fault(const std::string& text) { faults_.add(parse_fault(text)); }
  [[nodiscard]] const std::vector<Credential>& keys() const { return keys_; }
  /// Called when the control path asks for the end.
  std::function<void()> on_stop;

 private:
  struct Stats {
    std::map<std::string, std::uint64_t> requests;  // "GET /v1/… 200"
    std::uint64_t total = 0, bytes = 0, running = 0, most_running = 0, limited = 0;
    double first_s = 0, last_s = 0;
  };
  struct Place {
    std::unique_ptr<Tenant> tenant;
    std::unique_ptr<Bucket> admin, compliance;
  };

  Reply control(const Request& request);
  Reply answer(const Request& request, const Hits& hits, std::string& organization);
  Reply authorized(const Request& request, const Credential& key, const Hits& hits,
                   std::string& organization);
  /// Appends what the read leaves behind in the activity feed.
  void log(const Request& request, const Route* route, const Credential& key, Tenant& tenant,
           const Reply& reply);
  void vanish(const Request& request, Organization& organization, const Fault& fault);
  [[nodiscard]] std::string next_request_id();

  Options options_;
  std::vector<Credential> keys_;
  std::vector<Place> places_;
  Faults faults_;
  std::mutex stats_lock_;
  Stats stats_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> request_number_{0}, log_number_{0};
};

}  // namespace simulator
