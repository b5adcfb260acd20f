#include "cli/rule_pages.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "cli/layout.h"
#include "snapshot/schema.h"

namespace muster::cli {
namespace {

std::string number(double value) {
  return json::dump(value == static_cast<double>(static_cast<std::int64_t>(value))
                        ? json::Value(static_cast<std::int64_t>(value))
                        : json::Value(value));
}

/// A paragraph on one line.
std::string flat(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_space = c == '\n' || c == '\t' || c == ' ' || c == '\r';
    if (!is_space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (out.ends_with(' ')) out.pop_back();
  return make_visible(out);
}

json::Value to_array(const std::vector<std::string>& texts) {
  json::Array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

std::vector<std::string> controls_of(const rule::RuleInfo& rule) {
  std::vector<std::string> controls;
  for (const ControlId& control : rule.controls) controls.push_back(make_visible(control.text()));
  return controls;
}

}  // namespace

ReadNames names_of(const rule::Reads& reads) {
  ReadNames names;
  for (const auto& [dataset, field] : reads.fields) {
    const snapshot::DatasetSpec& spec = snapshot::spec_of(dataset);
    names.fields.push_back(fmt::format("{}.{}", spec.name, spec.fields[field].name));
  }
  for (const std::uint16_t index : reads.relations) {
    const snapshot::RelationSpec& relation = snapshot::relations()[index];
    names.relations.push_back(fmt::format("{}{}{}", snapshot::spec_of(relation.from).singular,
                                          relation.many ? ":" : ".", relation.name));
  }
  for (const snapshot::Dataset dataset : reads.must) names.must.emplace_back(snapshot::spec_of(dataset).name);
  for (const snapshot::Dataset dataset : reads.may) names.may.emplace_back(snapshot::spec_of(dataset).name);
  for (auto* list : {&names.fields, &names.relations, &names.must, &names.may})
    std::sort(list->begin(), list->end());
  return names;
}

std::string describe(const rule::ParamSpec& param) {
  std::string text = fmt::format("{}, default {}", rule::word_of(param.type),
                                 make_visible(json::dump(rule::to_json(param.fallback))));
  if (param.minimum) text += ", at least " + number(*param.minimum);
  if (param.maximum) text += ", at most " + number(*param.maximum);
  if (!param.choices.empty())
    text += fmt::format(", one of {}", make_visible(fmt::format("{}", fmt::join(param.choices, ", "))));
  return text;
}

std::string describe(const MeasureSpec& measure) {
  return fmt::format("{} in {}, in steps at {}", flat(measure.name), flat(measure.unit),
                     fmt::join(measure.edges, ", "));
}

std::string render_rule(const rule::RuleInfo& rule, std::size_t width) {
  constexpr std::size_t kIndent = 10;
  const auto list = [&](std::string_view label, const std::vector<std::string>& items) {
    return items.empty() ? std::string()
                         : wrap(fmt::format("{}", fmt::join(items, ", ")), label, kIndent, width);
  };
  const ReadNames names = names_of(rule.reads);
  std::string out = fmt::format("{}  [{}]\n", rule.id, word_of(rule.severity));
  out += wrap(flat(rule.title), "", 0, width) + "\n";
  out += wrap(fmt::format("each {}", word_of(rule.subject)), "Judges", kIndent, width);
  if (!rule.why.empty()) out += wrap(flat(rule.why), "Why", kIndent, width);
  if (!rule.fix.empty()) out += wrap(flat(rule.fix), "Fix", kIndent, width);
  if (rule.measure) out += wrap(describe(*rule.measure), "Measures", kIndent, width);
  out += list("Controls", controls_of(rule));
  out += list("Needs", names.must);
  out += list("May read", names.may);
  out += list("Fields", names.fields);
  out += list("Relations", names.relations);
  out += wrap(fmt::format("{}, sha256 {}", make_visible(rule.file), rule.sha256), "File", kIndent, width);
  if (!rule.params.empty())
    out += "\nParameters (in a policy: `params: {NAME: VALUE}`; for once: --param " + rule.id +
           ".NAME=VALUE):\n";
  for (const rule::ParamSpec& param : rule.params) {
    out += fmt::format("  {}: {}\n", param.name, describe(param));
    if (!param.doc.empty()) out += wrap(flat(param.doc), "", 6, width);
  }
  if (!rule.examples.empty()) out += "\nExamples (`muster rule test " + rule.id + "` runs them):\n";
  for (const rule::Example& example : rule.examples) {
    std::string text = flat(example.note);
    if (example.reason) text += (text.empty() ? "\"" : ": \"") + flat(*example.reason) + "\"";
    out += wrap(text, fmt::format("  {:15}", word_of(example.want)), 18, width);
  }
  return out;
}

json::Value rule_to_json(const rule::RuleInfo& rule) {
  const ReadNames names = names_of(rule.reads);
  json::Array params;
  for (const rule::ParamSpec& param : rule.params) {
    json::Object object{{"name", param.name},
                        {"type", rule::word_of(param.type)},
                        {"default", rule::to_json(param.fallback)},
                        {"doc", param.doc}};
    if (param.minimum) object.emplace_back("minimum", *param.minimum);
    if (param.maximum) object.emplace_back("maximum", *param.maximum);
    if (!param.choices.empty()) object.emplace_back("choices", to_array(param.choices));
    params.emplace_back(std::move(object));
  }
  json::Value measure;
  if (rule.measure) {
    json::Array edges;
    for (const double edge : rule.measure->edges) edges.emplace_back(edge);
    measure =
        json::Object{{"name", rule.measure->name}, {"unit", rule.measure->unit}, {"edges", std::move(edges)}};
  }
  json::Array examples;
  for (const rule::Example& example : rule.examples) {
    json::Object object{
        {"note", example.note}, {"want", word_of(example.want)}, {"line", std::int64_t{example.line}}};
    if (example.reason) object.emplace_back("reason", *example.reason);
    object.emplace_back("given", example.given);
    examples.emplace_back(std::move(object));
  }
  return json::Object{{"id", rule.id},
                      {"title", rule.title},
                      {"severity", word_of(rule.severity)},
                      {"subject", word_of(rule.subject)},
                      {"why", rule.why},
                      {"fix", rule.fix},
                      {"controls", to_array(controls_of(rule))},
                      {"needs", to_array(names.must)},
                      {"may_read", to_array(names.may)},
                      {"fields", to_array(names.fields)},
                      {"relations", to_array(names.relations)},
                      {"params", std::move(params)},
                      {"measure", std::move(measure)},
                      {"examples", std::move(examples)},
                      {"file", rule.file},
                      {"sha256", rule.sha256}};
}

}  // namespace muster::cli
