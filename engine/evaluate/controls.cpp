#include "evaluate/controls.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::evaluate {
namespace {

std::optional<Error> find_slip(const ControlId& control, std::span<const Framework> frameworks) {
  const std::string shown = make_visible(control.text());
  if (const Framework* framework = find_framework(frameworks, control.framework); framework != nullptr) {
    if (framework->find(control.id) != nullptr) return std::nullopt;
    std::vector<std::string> ids;
    for (const FrameworkControl& each : framework->controls) ids.push_back(each.id);
    const auto near = nearest_name(control.id, ids);
    return Error{
        ErrorCode::policy_control,
        fmt::format("there is no control {} in {}", shown, framework->title),
        {},
        near ? fmt::format("did you mean '{}'?", *near)
             : fmt::format("`muster policy coverage --framework {}` lists its controls", framework->id)};
  }
  std::vector<std::string> names;
  for (const Framework& each : frameworks) names.push_back(each.id);
  const auto near = nearest_name(control.framework, names);
  if (!near) return std::nullopt;
  return Error{ErrorCode::policy_control,
               fmt::format("there is no framework '{}', as in {}", make_visible(control.framework), shown),
               {},
               fmt::format("did you mean '{}'? A framework of your own needs a name less like it", *near)};
}

/// Where a rule says the control.
Place place_in(const rule::Rule& rule, const std::string& id) {
  Place place{rule.info().file, 0, 0, {}};
  const std::string& source = rule.source();
  const std::size_t controls = source.find("controls");
  const std::size_t at = controls == std::string::npos ? controls : source.find('"' + id + '"', controls);
  if (at == std::string::npos) return place;
  const std::size_t line = source.rfind('\n', at) + 1;  // npos + 1 is 0
  place.line = static_cast<std::uint32_t>(
      std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1);
  place.column = static_cast<std::uint32_t>(at - line + 1);
  place.source_line = source.substr(line, source.find('\n', at) - line);
  return place;
}

}  // namespace

void check_controls(const rule::Rule& rule, std::span<const Framework> frameworks, Diagnostics& problems) {
  for (const ControlId& control : rule.info().controls) {
    if (auto slip = find_slip(control, frameworks)) {
      slip->place = place_in(rule, control.id);
      problems.error(std::move(*slip));
    }
  }
}

void check_controls(std::span<const Entry> entries, std::span<const Framework> frameworks,
                    Diagnostics& problems) {
  std::set<const rule::Rule*> seen;
  for (const Entry& entry : entries) {
    if (seen.insert(entry.rule.get()).second) check_controls(*entry.rule, frameworks, problems);
    const auto& own = entry.rule->info().controls;
    for (const ControlId& control : entry.controls) {
      if (std::find(own.begin(), own.end(), control) != own.end()) continue;  // said at the rule
      if (auto slip = find_slip(control, frameworks)) {
        slip->place = entry.place;
        problems.error(std::move(*slip));
      }
    }
  }
}

void check_controls(std::span<const Attestation> attestations, std::span<const Framework> frameworks,
                    Diagnostics& problems) {
  for (const Attestation& attestation : attestations) {
    for (const ControlId& control : attestation.controls) {
      if (auto slip = find_slip(control, frameworks)) {
        slip->place = attestation.place;
        slip->message = fmt::format("attestation {}: {}", make_visible(attestation.id), slip->message);
        problems.error(std::move(*slip));
      }
    }
  }
}

std::vector<AttestationResult> describe_attestations(std::span<const Attestation> attestations,
                                                     std::span<const Framework> frameworks, Instant as_of) {
  std::vector<AttestationResult> out;
  for (const Attestation& given : attestations) {
    AttestationResult row;
    row.id = given.id;
    for (const ControlId& control : given.controls) {
      ControlId whole = canonical(control, frameworks);
      if (std::find(row.controls.begin(), row.controls.end(), whole) == row.controls.end())
        row.controls.push_back(std::move(whole));
    }
    row.statement = given.statement;
    row.owner = given.owner;
    row.date = format_date(given.date);
    row.frequency = given.frequency;
    if (given.expires) row.expires = format_date(*given.expires);
    for (const Attestation::Evidence& evidence : given.evidence)
      row.evidence.push_back({evidence.link, evidence.sha256});
    if (trim(given.owner).empty())
      row.state = "unowned";
    else if (as_of < start_of(given.date))
      row.state = "not_started";
    else if (!given.expires || as_of >= start_of(plus_days(*given.expires, 1)))
      row.state = "expired";
    else
      row.state = "active";
    out.push_back(std::move(row));
  }
  return out;
}

std::string explain_attestation(const AttestationResult& attestation) {
  const std::string name = "attestation " + attestation.id;
  if (attestation.state == "expired") return name + " fills nothing: it expired on " + attestation.expires;
  if (attestation.state == "not_started") return name + " fills nothing: it is dated " + attestation.date;
  if (attestation.state == "unowned") return name + " fills nothing: it names no owner";
  return {};
}

std::string_view word_of(Cover cover) {
  switch (cover) {
    case Cover::covered: return "covered";
    case Cover::partly: return "partly";
    case Cover::open: return "open";
    case Cover::outside: return "outside";
  }
  return "";
}

std::vector<ControlCover> cover_controls(const Framework& framework, std::span<const Framework> frameworks,
                                         std::span<const Entry> entries, const rule::RuleSet& rules,
                                         std::span<const AttestationResult> attestations) {
  const auto cites = [&](const std::vector<ControlId>& controls, const ControlId& wanted) {
    return std::any_of(controls.begin(), controls.end(),
                       [&](const ControlId& each) { return canonical(each, frameworks) == wanted; });
  };
  std::set<std::string> run;
  for (const Entry& entry : entries) run.insert(entry.rule->info().id);
  std::vector<ControlCover> out;
  for (const FrameworkControl& control : framework.controls) {
    const ControlId id{framework.id, control.id};
    ControlCover row;
    row.control = &control;
    std::set<std::string> selected;
    for (const Entry& entry : entries)
      if (cites(entry.controls, id)) selected.insert(entry.rule->info().id);
    row.selected.assign(selected.begin(), selected.end());
    for (const auto& [name, rule] : rules)
      if (!run.contains(name) && cites(rule->info().controls, id)) row.not_selected.push_back(name);
    for (const AttestationResult& attestation : attestations)
      if (std::find(attestation.controls.begin(), attestation.controls.end(), id) !=
          attestation.controls.end())
        (attestation.state == "active" ? row.attested : row.lapsed).push_back(attestation.id);
    // An attestation is for what no rule can see: it does not stand in for a rule that could be selected.
    const bool sees_all = control.tests == Tests::whole && !row.selected.empty();
    if (row.not_selected.empty() && (sees_all || !row.attested.empty()))
      row.cover = Cover::covered;
    else if (!row.selected.empty() || !row.attested.empty())
      row.cover = Cover::partly;
    else
      row.cover = control.tests == Tests::outside && row.not_selected.empty() ? Cover::outside : Cover::open;
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace muster::evaluate
