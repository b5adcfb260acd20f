#include "cli/coverage.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "cli/layout.h"
#include "cli/rule_catalogue.h"
#include "policy/controls.h"
#include "policy/policy.h"

namespace muster::cli {
namespace {

using evaluate::ControlCover;
using evaluate::Cover;

constexpr Cover kCovers[] = {Cover::covered, Cover::partly, Cover::open, Cover::outside};

std::size_t count_of(const FrameworkCover& cover, Cover wanted) {
  return static_cast<std::size_t>(
      std::count_if(cover.controls.begin(), cover.controls.end(),
                    [&](const ControlCover& control) { return control.cover == wanted; }));
}

std::string sum_of(const FrameworkCover& cover) {
  return fmt::format("{}: {} covered, {} partly, {} open, {} outside of what a rule can see",
                     plural(cover.controls.size(), "control", "controls"), count_of(cover, Cover::covered),
                     count_of(cover, Cover::partly), count_of(cover, Cover::open),
                     count_of(cover, Cover::outside));
}

/// A cell of a table: on one line, with nothing that ends the cell or marks it up.
std::string escaped_cell(std::string_view text) {
  std::string out;
  for (const char c : make_visible(text)) {
    if (std::string_view("\\|<*_`[]").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string names_of(const std::vector<std::string>& names, std::string_view folder_of_pages) {
  std::vector<std::string> out;
  for (const std::string& name : names)
    out.push_back(folder_of_pages.empty()
                      ? escaped_cell(name)
                      : fmt::format("[{}]({}{})", name, folder_of_pages, rule_page_of(name, ".md")));
  return fmt::format("{}", fmt::join(out, ", "));
}

/// Rules are links to their pages when `folder_of_pages` is given. A column that says nothing is left out.
std::string control_table(const FrameworkCover& cover, std::string_view folder_of_pages) {
  constexpr std::array kColumns = {"control",      "",         "cover",       "rules",
                                   "not selected", "attested", "no rule sees"};
  std::vector<std::array<std::string, kColumns.size()>> rows;
  for (const ControlCover& row : cover.controls) {
    std::string attested = names_of(row.attested, "");
    for (const std::string& id : row.lapsed)
      attested += fmt::format("{}{} (not as of this day)", attested.empty() ? "" : ", ", escaped_cell(id));
    rows.push_back({fmt::format("<a id=\"{}\"></a>{}", control_anchor({cover.framework->id, row.control->id}),
                                escaped_cell(row.control->id)),
                    escaped_cell(row.control->title), std::string(word_of(row.cover)),
                    names_of(row.selected, folder_of_pages), names_of(row.not_selected, folder_of_pages),
                    attested, escaped_cell(row.control->rest)});
  }
  std::string head = "|", line = "|", body;
  std::array<bool, kColumns.size()> is_shown{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    is_shown[i] = std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return !row[i].empty(); });
    if (!is_shown[i]) continue;
    head += fmt::format(" {} |", kColumns[i]);
    line += "---|";
  }
  for (const auto& row : rows) {
    body += "|";
    for (std::size_t i = 0; i < kColumns.size(); ++i)
      if (is_shown[i]) body += fmt::format(" {} |", row[i]);
    body += "\n";
  }
  return head + "\n" + line + "\n" + body;
}

json::Value to_array(const std::vector<std::string>& texts) {
  json::Array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

}  // namespace

std::string control_anchor(const ControlId& control) {
  std::string out = control.framework + "-";
  for (const char c : control.id) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
      out += c;
    else if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c - 'A' + 'a');
    else if (!out.ends_with('-'))
      out += '-';
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::string coverage_to_markdown(const FrameworkCover& cover) {
  return fmt::format("## {}\n\n{}. {}.\n\n{}", cover.framework->id, escaped_cell(cover.framework->title),
                     sum_of(cover), control_table(cover, ""));
}

std::string render_coverage(const FrameworkCover& cover, std::size_t width) {
  std::string out = fmt::format("{}\n{}\n", make_visible(cover.framework->title), sum_of(cover));
  for (const ControlCover& row : cover.controls) {
    out += '\n' + wrap(make_visible(row.control->title),
                       fmt::format("{} [{}] ", make_visible(row.control->id), word_of(row.cover)), 2, width);
    const auto add = [&](std::string_view label, const std::vector<std::string>& names) {
      if (names.empty()) return;
      out += wrap(make_visible(fmt::format("{}", fmt::join(names, ", "))), fmt::format("  {}: ", label), 4,
                  width);
    };
    add("rules", row.selected);
    add("not selected", row.not_selected);
    add("attested", row.attested);
    add("attested, but not as of this day", row.lapsed);
    if (row.cover != Cover::covered && !row.control->rest.empty() && row.attested.empty())
      out += wrap(make_visible(row.control->rest), "  no rule sees: ", 4, width);
  }
  return out;
}

json::Value coverage_to_json(const FrameworkCover& cover) {
  json::Array controls;
  for (const ControlCover& row : cover.controls)
    controls.push_back(json::Value(json::Object{{"id", row.control->id},
                                                {"title", row.control->title},
                                                {"tests", word_of(row.control->tests)},
                                                {"rest", row.control->rest},
                                                {"cover", word_of(row.cover)},
                                                {"rules", to_array(row.selected)},
                                                {"not_selected", to_array(row.not_selected)},
                                                {"attestations", to_array(row.attested)},
                                                {"lapsed_attestations", to_array(row.lapsed)}}));
  json::Object counts;
  for (const Cover each : kCovers)
    counts.emplace_back(word_of(each), static_cast<std::int64_t>(count_of(cover, each)));
  return json::Object{{"framework", cover.framework->id},
                      {"title", cover.framework->title},
                      {"counts", json::Value(std::move(counts))},
                      {"controls", json::Value(std::move(controls))}};
}

std::vector<evaluate::Entry> entries_of_all(const rule::RuleSet& rules) {
  std::vector<evaluate::Entry> entries;
  for (const auto& [id, rule] : rules) {
    evaluate::Entry entry;
    entry.rule = rule;
    entry.as = id;
    entry.controls = rule->info().controls;
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<std::string> render_controls_page(const FileSystem& files, const rule::RuleSet& rules) {
  Diagnostics problems;
  const std::vector<Framework> frameworks = policy::load_frameworks(problems);
  std::vector<std::pair<std::string, std::vector<evaluate::Entry>>> policies;
  for (const std::string& name : policy::shipped_policies())
    if (const auto loaded = policy::load_policy(files, name, name, problems); loaded)
      policies.emplace_back(loaded->id, evaluate::bind_policies(std::span(&*loaded, 1), rules, {}, problems));
  const std::vector<evaluate::Entry> all = entries_of_all(rules);
  evaluate::check_controls(all, frameworks, problems);
  for (const auto& [name, entries] : policies) evaluate::check_controls(entries, frameworks, problems);
  if (problems.has_errors()) return tl::unexpected(problems.errors().front());
  std::string out =
      "# What the shipped rules see of each control\n\n"
      "Made by `muster docs` from the tables in `policies/frameworks/` and the rules' own `controls`; do not "
      "edit. `muster policy coverage` says the same of your policies and attestations.\n\n"
      "*covered*: rules see the whole of the control, as far as this platform goes, and all that support it "
      "are selected. *partly*: some rule looks, and something is left that no rule sees or that is not "
      "selected. *open*: nothing looks. *outside*: the control is not about who has access to the platform. "
      "What is left can be attested. The controls are suggestions: what is enough evidence for one is for "
      "the auditor to say.\n";
  for (const Framework& framework : frameworks) {
    out += fmt::format("\n## {}\n\n{}\n\n| by | covered | partly | open | outside |\n|---|---|---|---|---|\n",
                       framework.id, framework.title);
    const auto add = [&](std::string_view name, std::span<const evaluate::Entry> entries) {
      const FrameworkCover cover{&framework,
                                 evaluate::cover_controls(framework, frameworks, entries, rules, {})};
      out += fmt::format("| {} | {} | {} | {} | {} |\n", name, count_of(cover, Cover::covered),
                         count_of(cover, Cover::partly), count_of(cover, Cover::open),
                         count_of(cover, Cover::outside));
    };
    add("all rules", all);
    for (const auto& [name, entries] : policies) add(name, entries);
    out += "\n" + control_table({&framework, evaluate::cover_controls(framework, frameworks, all, rules, {})},
                                "rules/");
  }
  return out;
}

}  // namespace muster::cli
