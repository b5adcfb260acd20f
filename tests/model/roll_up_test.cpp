// The roll-up by control: what the rules and attestations of a control come to.
#include "model/roll_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

std::vector<Framework> tables() {
  Framework framework;
  framework.id = "nist80053";
  framework.controls = {{"AC-2", "accounts", Tests::part, "the review", {}},
                        {"AC-2(3)", "unused accounts", Tests::whole, "", {}},
                        {"AC-1", "a policy", Tests::none, "the policy", {}}};
  return {framework};
}

RuleResult rule_with(std::vector<std::string> ids, std::vector<std::pair<Verdict, std::uint64_t>> counts) {
  RuleResult rule;
  for (std::string& id : ids) rule.controls.push_back({"nist80053", std::move(id)});
  for (const auto& [verdict, n] : counts) rule.counts[verdict] = n;
  rule.population = rule.counts.total();
  return rule;
}

AttestationResult attestation_of(const std::string& id, const std::string& state) {
  AttestationResult attestation;
  attestation.id = "AT";
  attestation.controls = {{"nist80053", id}};
  attestation.state = state;
  return attestation;
}

ControlStatus status_of(const std::string& id, const std::vector<RuleResult>& rules,
                        const std::vector<AttestationResult>& attestations = {}) {
  const auto controls = roll_up_controls(rules, attestations, tables());
  EXPECT_EQ(controls.size(), 1u);
  EXPECT_EQ(controls.at(0).control.id, id);
  return controls.at(0).status;
}

using enum Verdict;

TEST(RollUp, TheGravestRuleDecides) {
  const std::string id = "AC-2(3)";
  const RuleResult passes = rule_with({id}, {{pass, 5}, {not_applicable, 1}});
  const RuleResult idles = rule_with({id}, {{not_applicable, 3}});
  const RuleResult waives = rule_with({id}, {{pass, 5}, {waived, 1}});
  const RuleResult lacks = rule_with({id}, {{pass, 5}, {unknown, 1}});
  const RuleResult breaks = rule_with({id}, {{error, 1}});
  const RuleResult fails = rule_with({id}, {{pass, 5}, {fail, 1}, {unknown, 1}});
  EXPECT_EQ(status_of(id, {idles}), ControlStatus::idle);
  EXPECT_EQ(status_of(id, {idles, passes}), ControlStatus::passed);
  EXPECT_EQ(status_of(id, {passes, waives}), ControlStatus::waived);
  EXPECT_EQ(status_of(id, {passes, lacks, waives}), ControlStatus::undecided);
  EXPECT_EQ(status_of(id, {passes, breaks}), ControlStatus::undecided);
  EXPECT_EQ(status_of(id, {fails, breaks}), ControlStatus::failed);
}

TEST(RollUp, WhatWasNotJudgedIsNotPassed) {
  const std::string id = "AC-2(3)";
  RuleResult blocked = rule_with({id}, {});
  blocked.whole = RuleResult::Whole{unknown, "denied"};  // decided for nobody: the population is not known
  EXPECT_EQ(status_of(id, {rule_with({id}, {{pass, 1}}), blocked}), ControlStatus::undecided);
  RuleResult empty_scope = rule_with({id}, {{pass, 1}});
  empty_scope.undecided = "the scope selects nothing";
  EXPECT_EQ(status_of(id, {empty_scope}), ControlStatus::undecided);
  RuleResult reported = rule_with({id}, {{pass, 1}, {unknown, 1}});
  reported.reports_unknown = true;  // does not make the run undecided, and is no pass
  EXPECT_EQ(status_of(id, {reported}), ControlStatus::undecided);
}

TEST(RollUp, APartIsNotTheWhole) {
  const std::vector<RuleResult> passes = {rule_with({"AC-2"}, {{pass, 5}})};
  EXPECT_EQ(status_of("AC-2", passes), ControlStatus::passed_in_part);
  EXPECT_EQ(status_of("AC-2", passes, {attestation_of("AC-2", "active")}), ControlStatus::passed);
  for (const char* state : {"expired", "not_started", "unowned"})
    EXPECT_EQ(status_of("AC-2", passes, {attestation_of("AC-2", state)}), ControlStatus::passed_in_part);
  RuleResult own = rule_with({}, {{pass, 1}});
  own.controls = {{"house", "H-1"}};  // no table says what the whole of it is
  EXPECT_EQ(status_of("H-1", {own}), ControlStatus::passed_in_part);
}

TEST(RollUp, AnAttestationSpeaksWhereNoRuleDoesAndNeverAgainstOne) {
  EXPECT_EQ(status_of("AC-1", {}, {attestation_of("AC-1", "active")}), ControlStatus::attested);
  for (const char* state : {"expired", "not_started", "unowned"})
    EXPECT_EQ(status_of("AC-1", {}, {attestation_of("AC-1", state)}), ControlStatus::open);
  EXPECT_EQ(
      status_of("AC-2", {rule_with({"AC-2"}, {{not_applicable, 1}})}, {attestation_of("AC-2", "active")}),
      ControlStatus::attested);
  EXPECT_EQ(status_of("AC-2", {rule_with({"AC-2"}, {{fail, 1}})}, {attestation_of("AC-2", "active")}),
            ControlStatus::failed);
  EXPECT_EQ(status_of("AC-2", {rule_with({"AC-2"}, {{unknown, 1}})}, {attestation_of("AC-2", "active")}),
            ControlStatus::undecided);
}

TEST(RollUp, ARuleCountsOnceForAControlAndOnceForEachOfSeveral) {
  const RuleResult first = rule_with({"AC-2 d", "AC-2 i", "AC-2(3) a"}, {{pass, 7}, {fail, 2}});
  const RuleResult second = rule_with({"AC-2"}, {{pass, 1}});
  const auto controls = roll_up_controls({first, second}, {}, tables());
  ASSERT_EQ(controls.size(), 2u);
  EXPECT_EQ(controls[0].control.id, "AC-2");
  EXPECT_THAT(controls[0].rules, ::testing::ElementsAre(0, 1));
  EXPECT_EQ(controls[0].counts[pass], 8u);
  EXPECT_EQ(controls[0].counts[fail], 2u);
  EXPECT_EQ(controls[1].control.id, "AC-2(3)");
  EXPECT_THAT(controls[1].rules, ::testing::ElementsAre(0));
  EXPECT_EQ(controls[1].counts[pass], 7u);
}

TEST(RollUp, IsByFrameworkAndThenInTheTablesOrder) {
  RuleResult rule = rule_with({"AC-1", "AC-2(3)", "AC-2"}, {});
  rule.controls.push_back({"house", "B"});
  rule.controls.push_back({"house", "A"});
  std::vector<std::string> ids;
  for (const ControlResult& control : roll_up_controls({rule}, {}, tables()))
    ids.push_back(control.control.text());
  EXPECT_THAT(ids, ::testing::ElementsAre("house:A", "house:B", "nist80053:AC-2", "nist80053:AC-2(3)",
                                          "nist80053:AC-1"));
}

TEST(RollUp, WordsAreReadBack) {
  for (const ControlStatus status : kControlStatuses)
    EXPECT_EQ(parse_control_status(word_of(status)), status);
  EXPECT_EQ(parse_control_status("Passed"), std::nullopt);
}

}  // namespace
}  // namespace muster
