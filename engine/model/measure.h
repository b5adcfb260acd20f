// Measures: a number that a rule gives with its verdict (a key's age in days), and how they spread over fixed
// edges. std only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "model/verdict.h"

namespace muster {

/// What a rule measures, as it declares it.
struct MeasureSpec {
  std::string name;           // "age"
  std::string unit;           // "days"
  std::vector<double> edges;  // ascending; n edges make n + 1 bins
  /// Bin i holds the values from edge i - 1 up to, and without, edge i; the first and the last are open.
  [[nodiscard]] std::size_t bin_of(double value) const {
    return static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), value) - edges.begin());
  }
  friend bool operator==(const MeasureSpec&, const MeasureSpec&) = default;
};

/// What is not decided is not measured.
inline constexpr std::array kMeasuredVerdicts = {Verdict::pass, Verdict::fail, Verdict::waived};
/// The measured subjects of a policy entry by bin and verdict.
struct Histogram {
  MeasureSpec spec;
  std::vector<Counts> bins;  // one more than edges
  friend bool operator==(const Histogram&, const Histogram&) = default;
};

}  // namespace muster
