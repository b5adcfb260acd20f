#include "reports/json/read_controls.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include <fmt/format.h>

#include "model/roll_up.h"

namespace muster::reports {
namespace {

/// Needs the rules and attestations, and checks that the control comes to what they come to.
void read_control(Members& m, const Run& run, ControlResult& control) {
  m.text("framework", control.control.framework);
  m.text("id", control.control.id);
  m.text("title", control.title);
  m.text("tests", control.tests);
  m.text("rest", control.rest);
  m.word("status", parse_control_status, control.status);
  read_counts(m, control.counts);
  struct Name {
    std::string policy, as;
  };
  std::vector<Name> names;
  read_list(m, "rules", names, [](Members& r, Name& name) {
    r.text("policy", name.policy);
    r.text("as", name.as);
  });
  std::vector<std::string> attestations;
  m.texts("attestations", attestations);
  const auto index_in = [&](const auto& items, const auto& fits, std::string_view member) -> std::uint32_t {
    const auto found = std::find_if(items.begin(), items.end(), fits);
    if (found == items.end())
      m.problem().set(fmt::format("{} names something that is not there", m.at(member)));
    return static_cast<std::uint32_t>(found - items.begin());
  };
  for (const Name& name : names)
    control.rules.push_back(index_in(
        run.rules, [&](const RuleResult& rule) { return rule.policy == name.policy && rule.as == name.as; },
        "rules"));
  for (const std::string& id : attestations)
    control.attestations.push_back(index_in(
        run.attestations, [&](const AttestationResult& each) { return each.id == id; }, "attestations"));
  if (m.problem().found()) return;
  if (std::adjacent_find(control.rules.begin(), control.rules.end(), std::greater_equal<>()) !=
      control.rules.end())
    return m.problem().set(fmt::format("{} are not each once and in the order of rules", m.at("rules")));
  ControlResult own = control;
  settle(own, run.rules, run.attestations);
  if (!(own.counts == control.counts) || own.status != control.status)
    m.problem().set(fmt::format("{} is not what its rules and attestations come to", m.at("status")));
}

/// No rule that supports something is missing among the controls.
void check_all_are_in(const Run& run, Problem& problem) {
  std::vector<bool> is_in(run.rules.size());
  for (const ControlResult& control : run.controls)
    for (const std::uint32_t rule : control.rules) is_in[rule] = true;
  for (std::size_t i = 0; i < run.rules.size(); ++i)
    if (!run.rules[i].controls.empty() && !is_in[i])
      return problem.set(fmt::format("rules[{}].controls names some, but controls lists none of them", i));
}

}  // namespace

void read_control_ids(Members& m, std::vector<ControlId>& out) {
  std::vector<std::string> controls;
  m.texts("controls", controls);
  for (const std::string& control : controls) {
    const std::size_t colon = control.find(':');
    if (colon == std::string::npos)
      return m.problem().set(fmt::format("{}: \"{}\" is not framework:id", m.at("controls"), control));
    out.push_back({control.substr(0, colon), control.substr(colon + 1)});
  }
}

void read_counts(Members& m, Counts& out) {
  if (const json::Value* counts = m.need("counts")) {
    Members c(*counts, m.at("counts"), m.problem());
    for (Verdict verdict : kVerdicts) c.number(word_of(verdict), out[verdict]);
  }
}

void read_attestations(Members& document, Run& run) {
  // Results of an earlier version lack it.
  const auto read_attestation = [](Members& m, AttestationResult& attestation) {
    m.text("id", attestation.id);
    read_control_ids(m, attestation.controls);
    m.text("statement", attestation.statement);
    m.text("owner", attestation.owner);
    m.text("date", attestation.date);
    m.text("frequency", attestation.frequency);
    m.text("expires", attestation.expires);
    read_list(m, "evidence", attestation.evidence, [](Members& e, AttestationResult::Evidence& evidence) {
      e.text("link", evidence.link);
      e.text("sha256", evidence.sha256);
    });
    m.text("state", attestation.state);
    constexpr std::string_view kStates[] = {"active", "not_started", "expired", "unowned"};
    if (std::find(std::begin(kStates), std::end(kStates), attestation.state) == std::end(kStates))
      m.problem().set(fmt::format("{} has the unknown word \"{}\"", m.at("state"), attestation.state));
  };
  if (document.has("attestations")) read_list(document, "attestations", run.attestations, read_attestation);
}

void read_control_results(Members& document, Run& run) {
  if (document.has("controls"))
    read_list(document, "controls", run.controls,
              [&](Members& m, ControlResult& control) { read_control(m, run, control); });
  else
    run.controls = roll_up_controls(run.rules, run.attestations, {});
  if (!document.problem().found()) check_all_are_in(run, document.problem());
}

}  // namespace muster::reports
