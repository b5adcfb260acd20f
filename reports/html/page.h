// The report page while it is written: what its parts share. Private to reports/html.
#pragma once

#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "model/run.h"
#include "reports/report.h"
#include "reports/words.h"

namespace muster::reports {

/// How much of a large run the page holds. What is left out is counted, and said where it is.
struct PageLimits {
  std::size_t rows_per_rule = 500;
  std::size_t row_bytes = 1'000'000;    // of all findings' rows
  std::size_t subject_bytes = 220'000;  // of the table by subject
  std::size_t table_rows = 200;         // of any other table whose length the tenant decides
  std::size_t group_bytes = 250'000;    // of the groups' lists of rules
};

class Page {
 public:
  Page(const Run& run_, std::string evidence_, Output& out);

  /// Writes formatted HTML.
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(buffer_), format, std::forward<Args>(args)...);
    if (buffer_.size() > kPieceBytes) flush();
  }
  void put_raw(std::string_view html) {
    buffer_ += html;
    if (buffer_.size() > kPieceBytes) flush();
  }
  void flush();

  /// The anchor of a rule: its section, or its row among all rules when it has none.
  [[nodiscard]] std::string anchor(std::size_t rule) const;
  /// A link to a rule with its standing before it.
  [[nodiscard]] std::string rule_link(std::size_t rule) const;
  /// Whether the rule has a section of its own: it failed, is undecided, or has findings.
  [[nodiscard]] bool has_section(std::size_t rule) const;

  const Run& run;
  const std::string evidence;
  const PageLimits limits;
  std::vector<std::string> files;                // population files, by Run::rules
  std::vector<std::vector<ControlId>> controls;  // as their tables have them, by Run::rules
  std::vector<std::size_t>
      order;  // of Run::rules: what breaks the gate, what else failed or is undecided, the rest
  /// Anchors of the finding rows that the page has, by (rule, subject); filled by write_findings.
  std::map<std::pair<std::size_t, std::uint32_t>, std::string> shown;

 private:
  static constexpr std::size_t kPieceBytes = 256 * 1024;
  Output& out_;
  std::string buffer_;
};

/// Icon and word: colour alone says nothing.
[[nodiscard]] std::string_view sign_of(const RuleResult& rule);
[[nodiscard]] std::string_view class_of(Standing standing);
[[nodiscard]] std::string sign_of(ControlStatus status);
[[nodiscard]] std::string_view class_of(ControlStatus status);

/// A dataset's rows, and of how many subjects when these are fewer: rows of one id are one.
[[nodiscard]] std::string rows_of(const Run& run, const DatasetResult& dataset);

/// How many rules came out how.
struct Standings {
  std::size_t undecided = 0, failed = 0, idle = 0, passed = 0;
  void add(Standing standing);
};

// The parts, in the order of the page.
void write_first_screen(Page& page);
void write_measures(Page& page);
void write_findings(Page& page);
void write_subjects(Page& page);
void write_groups(Page& page);
void write_sources(Page& page);

}  // namespace muster::reports
