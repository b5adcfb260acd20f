#include "reports/html/charts.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "reports/html/escape.h"

namespace muster::reports {
namespace {

std::string_view colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "#2f8f5b";
    case Verdict::fail: return "#c23039";
    case Verdict::waived: return "#7464b8";
    case Verdict::not_applicable: return "#7f8a95";
    case Verdict::unknown: return "#b87400";
    case Verdict::error: return "#6b3410";
  }
  return "";
}

bool are_whole(const std::vector<double>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [](double number) { return number == std::trunc(number); });
}

std::string bin_name(const std::vector<double>& edges, std::size_t bin) {
  if (bin == 0) return fmt::format("under {}", edges.front());
  if (bin == edges.size()) return fmt::format("{} or more", edges.back());
  const double from = edges[bin - 1], to = edges[bin];
  // Whole edges mostly bound whole numbers: "30–59" reads better than "30 to under 60", and says the same.
  if (are_whole(edges)) return to - from == 1 ? fmt::format("{}", from) : fmt::format("{}–{}", from, to - 1);
  return fmt::format("{} to under {}", from, to);
}
std::string short_bin_name(const std::vector<double>& edges, std::size_t bin) {
  if (bin == 0) return fmt::format("&lt; {}", edges.front());
  if (bin == edges.size()) return fmt::format("≥ {}", edges.back());
  return are_whole(edges) ? bin_name(edges, bin) : fmt::format("{}–{}", edges[bin - 1], edges[bin]);
}

std::uint64_t measured_in(const Counts& bin) {
  std::uint64_t sum = 0;
  for (const Verdict verdict : kMeasuredVerdicts) sum += bin[verdict];
  return sum;
}

std::string columns(const Histogram& histogram, std::string_view label) {
  constexpr double kWidth = 64, kBar = 40, kHeight = 96, kTop = 18, kBottom = 22;
  const std::size_t bins = histogram.bins.size();
  std::uint64_t most = 1;
  for (const Counts& bin : histogram.bins) most = std::max(most, measured_in(bin));
  const double width = kWidth * static_cast<double>(bins);
  std::string out = fmt::format(
      R"(<svg class="columns" role="img" aria-label="{}" width="{:.0f}" height="{:.0f}" viewBox="0 0 {:.0f} {:.0f}">)",
      label, width, kTop + kHeight + kBottom, width, kTop + kHeight + kBottom);
  out +=
      fmt::format(R"(<path class="axis" d="M0 {0}H{1:.0f}" stroke="#7a8691"/>)", kTop + kHeight + 0.5, width);
  for (std::size_t i = 0; i < bins; ++i) {
    const double left = kWidth * static_cast<double>(i) + (kWidth - kBar) / 2, middle = left + kBar / 2;
    double base = kTop + kHeight;
    for (const Verdict verdict : kMeasuredVerdicts) {
      const std::uint64_t count = histogram.bins[i][verdict];
      if (count == 0) continue;
      const double height = std::max(2.0, kHeight * static_cast<double>(count) / static_cast<double>(most));
      base -= height;
      out +=
          fmt::format(R"(<rect class="{}" x="{:.0f}" y="{:.1f}" width="{:.0f}" height="{:.1f}" fill="{}"/>)",
                      word_of(verdict), left, base, kBar, height, colour_of(verdict));
    }
    out += fmt::format(
        R"(<text x="{0:.0f}" y="{1:.1f}" font-size="11" text-anchor="middle">{2}</text>)"
        R"(<text class="edge" x="{0:.0f}" y="{3:.0f}" font-size="11" text-anchor="middle">{4}</text>)",
        middle, std::max(base, kTop) - 5, grouped(measured_in(histogram.bins[i])), kTop + kHeight + 15,
        short_bin_name(histogram.spec.edges, i));
  }
  return out + "</svg>";
}

}  // namespace

std::string counts_in_words(const Counts& counts) {
  std::string text;
  for (Verdict verdict : kVerdicts) {
    if (counts[verdict] > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(counts[verdict]), words_of(verdict));
  }
  return text.empty() ? "nothing judged" : text;
}

std::string verdict_bar(const Counts& counts) {
  constexpr double kWidth = 1000, kLeast = 8;
  const std::uint64_t total = counts.total();
  std::string out = fmt::format(
      R"(<svg class="bar" role="img" aria-label="{}" width="160" height="8" viewBox="0 0 1000 8" preserveAspectRatio="none">)",
      counts_in_words(counts));
  if (total == 0) return out + R"(<rect class="empty" width="1000" height="8" fill="#d5dbe1"/></svg>)";
  // What is too small to be seen gets the least width, at the cost of the others.
  double widened = 0, rest = 0;
  const auto share = [&](Verdict verdict) {
    return kWidth * static_cast<double>(counts[verdict]) / static_cast<double>(total);
  };
  for (Verdict verdict : kVerdicts) {
    if (counts[verdict] == 0) continue;
    (share(verdict) < kLeast ? widened : rest) += share(verdict) < kLeast ? kLeast : share(verdict);
  }
  double at = 0;
  for (Verdict verdict : kVerdicts) {
    if (counts[verdict] == 0) continue;
    const double width = share(verdict) < kLeast ? kLeast : share(verdict) * (kWidth - widened) / rest;
    out += fmt::format(R"(<rect class="{}" x="{:.1f}" width="{:.1f}" height="8" fill="{}"/>)",
                       word_of(verdict), at, width, colour_of(verdict));
    at += width;
  }
  return out + "</svg>";
}

std::uint64_t measured_count(const Histogram& histogram) {
  std::uint64_t sum = 0;
  for (const Counts& bin : histogram.bins) sum += measured_in(bin);
  return sum;
}

std::string measured_legend() {
  std::string out;
  for (const Verdict verdict : kMeasuredVerdicts)
    out += fmt::format(
        R"({}<svg class="key" aria-hidden="true" width="10" height="10" viewBox="0 0 10 10"><rect class="{}" width="10" height="10" fill="{}"/></svg> {})",
        out.empty() ? "" : ", ", word_of(verdict), colour_of(verdict), words_of(verdict));
  return out;
}

std::string histogram_figure(const Histogram& histogram, std::string_view title) {
  const std::string unit = escaped(histogram.spec.unit, 60), name = escaped(histogram.spec.name, 60);
  std::string label = fmt::format("{} in {}", name, unit), rows;
  for (std::size_t i = 0; i < histogram.bins.size(); ++i) {
    const Counts& bin = histogram.bins[i];
    const std::string bin_text = html_text(bin_name(histogram.spec.edges, i));
    label += fmt::format("; {}: {}", bin_text, measured_in(bin) == 0 ? "none" : counts_in_words(bin));
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", bin_text);
    for (const Verdict verdict : kMeasuredVerdicts) rows += fmt::format("<td>{}</td>", grouped(bin[verdict]));
    rows += "</tr>\n";
  }
  return fmt::format(
      "<figure>\n<figcaption>{}<span class=\"meta\">{}, in {}</span></figcaption>\n{}\n<details "
      "class=\"numbers\"><summary>Numbers</summary>\n"
      "<table>\n<thead><tr><th scope=\"col\">{}</th><th scope=\"col\">pass</th><th "
      "scope=\"col\">fail</th><th "
      "scope=\"col\">waived</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</details>\n</figure>\n",
      title, name, unit, columns(histogram, label), unit, rows);
}

}  // namespace muster::reports
