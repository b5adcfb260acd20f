#include "cli/rule_catalogue.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "cli/coverage.h"
#include "cli/layout.h"
#include "cli/rule_pages.h"
#include "model/roll_up.h"
#include "reports/html/escape.h"
#include "reports/html/frame.h"

namespace muster::cli {
namespace {

/// On one line, visible.
std::string line_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '\n' && c != '\t' && c != '\r' && c != ' ')
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  while (out.ends_with(' ')) out.pop_back();
  return make_visible(out);
}

std::string markdown(std::string_view text) {
  const std::string line = line_of(text);
  const auto is_in_word = [&](std::size_t at) {
    const auto is_letter = [&](std::size_t i) {
      return i < line.size() && std::isalnum(static_cast<unsigned char>(line[i])) != 0;
    };
    return at > 0 && is_letter(at - 1) && is_letter(at + 1);
  };
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    // Within a word an underscore is only itself.
    if (std::string_view("\\`*_<>|[]#").find(line[i]) != std::string_view::npos &&
        !(line[i] == '_' && is_in_word(i)))
      out += '\\';
    out += line[i];
  }
  return out;
}
/// In a table's code cell a bar ends the cell, and a backtick the code.
std::string markdown_code(std::string_view text) {
  std::string out;
  for (const char c : line_of(text)) {
    if (c == '`')
      out += '\'';
    else if (c == '|')
      out += "\\|";
    else
      out += c;
  }
  return "`" + out + "`";
}

std::string html(std::string_view text, bool keep_lines = false) {
  return reports::html_text(keep_lines ? make_visible(text, true) : line_of(text));
}

std::string family_of(const std::string& id) { return id.substr(0, id.find('.')); }

std::string wanted_of(const rule::Example& example) {
  std::string out(word_of(example.want));
  if (example.reason && !example.reason->empty()) out += ": " + *example.reason;
  return out;
}

struct Fact {
  std::string label, text;
};
std::vector<Fact> facts_of(const rule::RuleInfo& info, const std::vector<std::string>& policies) {
  const ReadNames names = names_of(info.reads);
  std::vector<Fact> facts = {{"Severity", std::string(word_of(info.severity))},
                             {"Judges", fmt::format("each {}", word_of(info.subject))}};
  const auto add = [&](std::string label, const std::vector<std::string>& items) {
    if (!items.empty()) facts.push_back({std::move(label), fmt::format("{}", fmt::join(items, ", "))});
  };
  add("Selected by", policies);
  add("Needs", names.must);
  add("Can do without", names.may);
  add("Fields", names.fields);
  add("Relations", names.relations);
  if (info.measure) facts.push_back({"Measures", describe(*info.measure)});
  return facts;
}

/// What the control wants, in the words of its framework's table; empty without one.
std::string title_of(const ControlId& control, const std::vector<Framework>& frameworks) {
  const Framework* framework = find_framework(frameworks, control.framework);
  const FrameworkControl* found = framework == nullptr ? nullptr : framework->find(control.id);
  return found == nullptr ? std::string() : found->title;
}

std::string markdown_page(const rule::Rule& rule, const std::vector<std::string>& policies,
                          const CatalogueContext& context, const CatalogueOptions& options) {
  const rule::RuleInfo& info = rule.info();
  const std::string to_index(info.id.find('.') == std::string::npos ? "" : "../");
  std::string out =
      fmt::format("# {}\n\n[All rules]({}index.md)\n\n**{}**\n\n*Why:* {}\n\n*Fix:* {}\n\n| | |\n|---|---|\n",
                  markdown(info.id), to_index, markdown(info.title), markdown(info.why), markdown(info.fix));
  for (const Fact& fact : facts_of(info, policies))
    out += fmt::format("| {} | {} |\n", markdown(fact.label), markdown(fact.text));
  if (options.sources.empty() || info.file.find(':') == std::string::npos)
    out += fmt::format("| File | {}, sha256 {} |\n", markdown(info.file), info.sha256);
  else
    out += fmt::format("| File | [{0}]({1}{2}{0}) |\n", info.file.substr(info.file.find(':') + 1), to_index,
                       options.sources);
  if (!info.params.empty()) out += "\n## Parameters\n\n| parameter | | |\n|---|---|---|\n";
  for (const rule::ParamSpec& param : info.params)
    out += fmt::format("| {} | {} | {} |\n", markdown_code(param.name), markdown(describe(param)),
                       markdown(param.doc));
  if (!info.controls.empty()) out += "\n## Supports\n\n| framework | control | |\n|---|---|---|\n";
  for (const ControlId& control : info.controls) {
    std::string id = markdown(control.id);
    if (!options.controls_page.empty() && find_framework(context.frameworks, control.framework) != nullptr)
      id = fmt::format("[{}]({}{}#{})", id, to_index, options.controls_page,
                       control_anchor(canonical(control, context.frameworks)));
    out += fmt::format("| {} | {} | {} |\n", markdown(control.framework), id,
                       markdown(title_of(control, context.frameworks)));
  }
  if (!info.examples.empty()) out += "\n## Examples\n\n| given | verdict |\n|---|---|\n";
  for (const rule::Example& example : info.examples)
    out += fmt::format("| {} | {} |\n", markdown(example.note), markdown(wanted_of(example)));
  return out;
}

/// `body` with what stands above it on every page.
std::string html_frame(std::string_view title, std::string_view body) {
  using reports::PageScript;
  return reports::page_head(title, PageScript::none) + "<main class=\"catalogue\">\n" + std::string(body) +
         "</main>\n" + reports::page_end(PageScript::none);
}

std::string html_table(std::string_view caption, std::initializer_list<std::string_view> columns,
                       std::string_view rows) {
  std::string out = fmt::format("<table>\n<caption>{}</caption>\n", caption);
  if (columns.size() > 0) {
    out += "<thead><tr>";
    for (const std::string_view column : columns) out += fmt::format("<th scope=\"col\">{}</th>", column);
    out += "</tr></thead>\n";
  }
  return out + fmt::format("<tbody>\n{}</tbody>\n</table>\n", rows);
}

std::string html_page(const rule::Rule& rule, const std::vector<std::string>& policies,
                      const std::vector<Framework>& frameworks) {
  const rule::RuleInfo& info = rule.info();
  std::string out = fmt::format(
      "<p><a href=\"../index.html\">All rules</a></p>\n<h1>{}</h1>\n<p class=\"lead\">{} <span "
      "class=\"severity {}\">severity "
      "{}</span></p>\n<p><strong>Why.</strong> {}</p>\n<p><strong>Fix.</strong> {}</p>\n",
      html(info.id), html(info.title), word_of(info.severity), word_of(info.severity), html(info.why),
      html(info.fix));
  std::string rows;
  for (const Fact& fact : facts_of(info, policies))
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", html(fact.label), html(fact.text));
  rows += fmt::format("<tr><th scope=\"row\">File</th><td>{}, sha256 {}</td></tr>\n", html(info.file),
                      info.sha256);
  out += html_table("What it is and what it reads", {}, rows);
  if (!info.params.empty()) {
    rows.clear();
    for (const rule::ParamSpec& param : info.params)
      rows += fmt::format("<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>\n",
                          html(param.name), html(describe(param)), html(param.doc));
    out += "<section>\n<h2>Parameters</h2>\n" +
           html_table("What a policy can set", {"Parameter", "Type", "Meaning"}, rows) + "</section>\n";
  }
  if (!info.controls.empty()) {
    rows.clear();
    for (const ControlId& control : info.controls)
      rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
                          html(control.framework), html(control.id), html(title_of(control, frameworks)));
    out += "<section>\n<h2>Supports</h2>\n" +
           html_table("Controls, as a suggestion", {"Framework", "Control", "What it wants"}, rows) +
           "</section>\n";
  }
  if (!info.examples.empty()) {
    rows.clear();
    for (const rule::Example& example : info.examples)
      rows += fmt::format("<tr><td>{}</td><td class=\"{}\">{}</td></tr>\n", html(example.note),
                          word_of(example.want), html(wanted_of(example)));
    out += "<section>\n<h2>Examples</h2>\n" + html_table("The rule's tests", {"Given", "Verdict"}, rows) +
           "</section>\n";
  }
  out += fmt::format(
      "<section>\n<h2>Source</h2>\n<details>\n<summary>{}</summary>\n<pre "
      "tabindex=\"0\"><code>{}</code></pre>\n</details>\n</section>\n",
      html(info.file), html(rule.source(), true));
  return html_frame(info.id, out);
}

}  // namespace

std::string rule_page_of(const std::string& id, std::string_view extension) {
  std::string path = id;
  if (const std::size_t dot = path.find('.'); dot != std::string::npos) path[dot] = '/';
  return path + std::string(extension);
}

std::map<std::string, std::vector<std::string>> policies_by_rule(const std::vector<Policy>& policies) {
  std::map<std::string, std::vector<std::string>> out;
  for (const Policy& policy : policies) {
    for (const PolicyEntry& entry : policy.entries) {
      auto& names = out[entry.rule];
      if (std::find(names.begin(), names.end(), policy.id) == names.end()) names.push_back(policy.id);
    }
  }
  return out;
}

std::vector<NewFile> render_catalogue(const std::vector<std::shared_ptr<const rule::Rule>>& rules,
                                      const CatalogueContext& context, const CatalogueOptions& options) {
  std::vector<NewFile> files;
  const std::string sum =
      plural(rules.size(), "rule", "rules") +
      ". The controls are suggestions: whether a rule is enough evidence for one is for the auditor to say.";
  std::string markdown_index = fmt::format("# Rules\n\n{}\n", sum);
  std::string html_index = fmt::format("<h1>Rules</h1>\n<p class=\"lead\">{}</p>\n", sum);
  std::string family, rows;
  const auto end_family = [&] {
    if (family.empty()) return;
    html_index +=
        fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", html(family),
                    html_table("Rules about " + html(family), {"Rule", "Severity", "Judges", "Title"}, rows));
    rows.clear();
  };
  for (const auto& rule : rules) {
    const rule::RuleInfo& info = rule->info();
    if (family_of(info.id) != family) {
      end_family();
      family = family_of(info.id);
      markdown_index +=
          fmt::format("\n## {}\n\n| rule | severity | judges | |\n|---|---|---|---|\n", markdown(family));
    }
    markdown_index +=
        fmt::format("| [{}]({}) | {} | {} | {} |\n", markdown(info.id), rule_page_of(info.id, ".md"),
                    word_of(info.severity), word_of(info.subject), markdown(info.title));
    rows += fmt::format(
        "<tr><th scope=\"row\"><a href=\"{}\">{}</a></th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        html(rule_page_of(info.id, ".html")), html(info.id), word_of(info.severity), word_of(info.subject),
        html(info.title));
  }
  end_family();
  if (!options.note.empty()) markdown_index += fmt::format("\n{}\n", options.note);
  if (options.markdown) files.push_back({"index.md", markdown_index});
  if (options.html) files.push_back({"index.html", html_frame("Rules", html_index)});
  for (const auto& rule : rules) {
    const auto found = context.policies.find(rule->info().id);
    const std::vector<std::string> selected =
        found == context.policies.end() ? std::vector<std::string>() : found->second;
    if (options.markdown)
      files.push_back(
          {rule_page_of(rule->info().id, ".md"), markdown_page(*rule, selected, context, options)});
    if (options.html)
      files.push_back(
          {rule_page_of(rule->info().id, ".html"), html_page(*rule, selected, context.frameworks)});
  }
  return files;
}

}  // namespace muster::cli
