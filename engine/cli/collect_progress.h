// How far collections are, for whoever waits: on a terminal a line with a bar, rows, pages, rate and time
// left, that goes on in place; otherwise nothing but one line a list that is done. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "cli/environment.h"
#include "collect/collect.h"

namespace muster::cli {

class CollectProgress {
 public:
  /// `expected`: the rows of datasets in an earlier snapshot, by name; what the time left is told from where
  /// nothing better is known.
  CollectProgress(Environment& environment, std::map<std::string, std::uint64_t, std::less<>> expected)
      : environment_(environment),
        expected_(std::move(expected)),
        begin_us_(environment.clock.monotonic_us()),
        dataset_begin_us_(begin_us_) {}
  ~CollectProgress() { clear(); }
  CollectProgress(const CollectProgress&) = delete;
  CollectProgress& operator=(const CollectProgress&) = delete;

  /// `who` stands before the dataset where several are collected.
  void show(const std::string& who, const collect::Advance& advance);
  /// A line that stays.
  void tell(const std::string& line);
  void clear();

 private:
  [[nodiscard]] std::string render(const std::string& who, const collect::Advance& advance,
                                   std::int64_t now_us);
  [[nodiscard]] std::string render_bar(const collect::Advance& advance) const;
  [[nodiscard]] std::optional<double> seconds_left(const collect::Advance& advance,
                                                   std::int64_t now_us) const;

  Environment& environment_;
  std::map<std::string, std::uint64_t, std::less<>> expected_;
  std::mutex mutex_;
  std::int64_t begin_us_, shown_us_ = 0, dataset_begin_us_;
  std::string dataset_;
  std::uint64_t rows_before_ = 0, lists_before_ = 0;  // of the dataset, when it was first shown
  std::size_t columns_ = 0;
};

}  // namespace muster::cli
