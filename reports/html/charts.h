// Small charts as inline SVG, each with its numbers in words. Colours come from the style sheet's classes;
// the attributes stand in where no style sheet is applied.
#pragma once

#include <string>
#include <string_view>

#include "model/run.h"
#include "reports/findings.h"

namespace muster::reports {

/// "3 pass, 2 fail"; "nothing judged" for none.
[[nodiscard]] std::string counts_in_words(const Counts& counts);
/// A bar of the verdicts' shares. Each that occurs can be seen, however few they are.
[[nodiscard]] std::string verdict_bar(const Counts& counts);
/// How many subjects were measured.
[[nodiscard]] std::uint64_t measured_count(const Histogram& histogram);
/// Which colour is which verdict in them.
[[nodiscard]] std::string measured_legend();
/// Columns of a rule's measure by bin, with their numbers as a table below; `title` is HTML.
[[nodiscard]] std::string histogram_figure(const Histogram& histogram, std::string_view title);

}  // namespace muster::reports
