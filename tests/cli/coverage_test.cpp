// `muster policy coverage`, and that the controls which rules, policies and attestations cite are there.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "evaluate/controls.h"
#include "policy/controls.h"
#include "policy/policy.h"
#include "support.h"

namespace muster::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The words of one control: "covered".
std::string cover_of(Muster& muster, std::vector<std::string> more, const std::string& framework,
                     const std::string& id) {
  std::vector<std::string> texts{"policy", "coverage", "--json", "--framework", framework};
  texts.insert(texts.end(), more.begin(), more.end());
  const Outcome outcome = muster(texts);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto made = json::parse(outcome.out);
  if (!made) return made.error().message;
  for (const json::Value& control : *(*made->array())[0].find("controls")->array())
    if (*control.find("id")->string() == id) return *control.find("cover")->string();
  return "not there";
}

void add_policy(Muster& muster, const std::string& rules) {
  muster.files.add("own.yaml", "policy: own\nrules: [" + rules + "]\n");
}

void add_attestation(Muster& muster, const std::string& control, const std::string& rest) {
  muster.files.add("a.yaml", "- {id: AT-1, controls: [\"" + control + "\"], statement: s, " + rest + "}\n");
}

const std::vector<std::string> kOwn{"--policy", "own.yaml"};
const std::vector<std::string> kAttested{"--policy", "own.yaml", "--attestations", "a.yaml"};

TEST(Coverage, NoRuleIsNotCovered) {
  Muster muster;
  add_policy(muster, "keys.no_expiry");
  EXPECT_EQ(cover_of(muster, kOwn, "soc2", "CC6.1"), "partly");
  EXPECT_EQ(cover_of(muster, kOwn, "soc2", "CC6.2"), "open");
  EXPECT_EQ(cover_of(muster, kOwn, "soc2", "CC6.4"), "outside");
  EXPECT_EQ(cover_of(muster, kOwn, "hipaa", "164.308(a)(2)"), "open");
  EXPECT_EQ(cover_of(muster, kOwn, "pci4", "8.2.5"), "open");
}

TEST(Coverage, WholeNeedsEveryRuleThatSupportsIt) {
  Muster muster;
  EXPECT_EQ(cover_of(muster, {}, "pci4", "8.2.8"), "covered");
  add_policy(muster, "accounts.leavers_gone");
  EXPECT_EQ(cover_of(muster, kOwn, "pci4", "8.2.5"), "partly");
  const Outcome text = muster({"policy", "coverage", "--framework", "pci4", "--policy", "own.yaml"});
  EXPECT_THAT(text.out,
              HasSubstr("8.2.5 [partly] Leavers lose access at once\n  rules: accounts.leavers_gone\n"
                        "  not selected: groups.members_work_here, "));
}

TEST(Coverage, AnAttestationFillsWhatNoRuleSeesWhileItHolds) {
  Muster muster;  // on 2026-11-21
  add_policy(muster, "keys.no_expiry");
  const std::string control = "hipaa:164.308(a)(2)";
  const auto with = [&](const std::string& rest) {
    add_attestation(muster, control, rest);
    return cover_of(muster, kAttested, "hipaa", "164.308(a)(2)");
  };
  EXPECT_EQ(with("owner: o, date: 2026-11-21, frequency: monthly"), "covered");
  EXPECT_EQ(with("owner: o, date: 2026-01-01, expires: 2026-11-21"), "covered");
  EXPECT_EQ(with("owner: o, date: 2026-01-01, expires: 2026-11-20"), "open");
  EXPECT_EQ(with("owner: o, date: 2026-11-22, frequency: yearly"), "open");
  EXPECT_EQ(with("date: 2026-11-01, frequency: yearly"), "open");
  EXPECT_EQ(with("owner: \" \", date: 2026-11-01, frequency: yearly"), "open");
  const Outcome text = muster(
      {"policy", "coverage", "--framework", "hipaa", "--policy", "own.yaml", "--attestations", "a.yaml"});
  EXPECT_THAT(text.out, HasSubstr("attestation AT-1 fills nothing: it names no owner\n"));
}

TEST(Coverage, AnAttestationDoesNotStandInForARuleThatIsNotSelected) {
  Muster muster;
  add_policy(muster, "keys.no_expiry");
  add_attestation(muster, "pci4:8.2.5", "owner: o, date: 2026-11-21, frequency: monthly");
  EXPECT_EQ(cover_of(muster, kAttested, "pci4", "8.2.5"), "partly");
  add_attestation(muster, "soc2:CC6.4", "owner: o, date: 2026-11-21, frequency: monthly");
  EXPECT_EQ(cover_of(muster, kAttested, "soc2", "CC6.4"), "covered");
}

TEST(Coverage, TheConfigNamesTheAttestationsAndAnOptionReplacesThem) {
  Muster muster;
  add_policy(muster, "keys.no_expiry");
  add_attestation(muster, "soc2:CC6.4", "owner: o, date: 2026-11-21, frequency: monthly");
  muster.files.add("muster.yaml", "muster: 1\norganization: o\npolicies: [own.yaml]\nattestations: a.yaml\n");
  EXPECT_EQ(cover_of(muster, {}, "soc2", "CC6.4"), "covered");
  muster.files.add("none.yaml", "[]\n");
  EXPECT_EQ(cover_of(muster, {"--attestations", "none.yaml"}, "soc2", "CC6.4"), "outside");
  EXPECT_EQ(cover_of(muster, {"--as-of", "2027-01-01T00:00:00Z"}, "soc2", "CC6.4"), "outside");
  muster.files.add("muster.yaml", "muster: 1\norganization: o\nattestations: gone.yaml\n");
  const Outcome gone = muster({"policy", "coverage"});
  EXPECT_EQ(gone.code, 64);
  EXPECT_THAT(gone.err, HasSubstr("gone.yaml"));
  EXPECT_EQ(gone.out, "");
}

TEST(Coverage, IsATableInMarkdown) {
  Muster muster;
  add_policy(muster, "organization.session_length");
  add_attestation(muster, "pci4:7.1.1", "owner: o, date: 2026-01-01, expires: 2026-02-01");
  const Outcome page = muster({"policy", "coverage", "--framework", "pci4", "--policy", "own.yaml",
                               "--attestations", "a.yaml", "--markdown"});
  EXPECT_EQ(page.code, 0);
  EXPECT_THAT(page.out, HasSubstr("## pci4\n"));
  EXPECT_THAT(page.out, HasSubstr("| covered | organization.session\\_length |  |  |  |\n"));
  EXPECT_THAT(page.out, HasSubstr("| open |  |  | AT-1 (not as of this day) | the written policies |\n"));
  EXPECT_THAT(page.out, HasSubstr("attestation AT-1 fills nothing: it expired on 2026-02-01"));
}

TEST(Coverage, AWrongNameIsSaid) {
  Muster muster;
  const Outcome framework = muster({"policy", "coverage", "--framework", "soc"});
  EXPECT_EQ(framework.code, 64);
  EXPECT_THAT(framework.err, HasSubstr("there is no framework 'soc'"));
  EXPECT_THAT(framework.err, HasSubstr("did you mean 'soc2'?"));
  add_policy(muster, "keys.no_expiry");
  add_attestation(muster, "soc2:CC6.44", "owner: o, date: 2026-11-21, frequency: monthly");
  const Outcome attested = muster({"policy", "coverage", "--policy", "own.yaml", "--attestations", "a.yaml"});
  EXPECT_EQ(attested.code, 64);
  EXPECT_THAT(attested.err, HasSubstr("attestation AT-1: there is no control soc2:CC6.44 in SOC 2"));
  EXPECT_THAT(attested.err, HasSubstr("did you mean 'CC6.4'?"));
}

TEST(Controls, ASlipInAPolicyOrRuleIsAnErrorWithTheNearest) {
  Muster muster;
  muster.files.add(
      "own.yaml",
      "policy: own\nrules:\n  - {rule: keys.no_expiry, controls: {soc2: [CC6.11], house: [X-1]}}\n");
  const Outcome policy = muster({"policy", "lint", "own.yaml"});
  EXPECT_EQ(policy.code, 64);
  EXPECT_THAT(policy.err, HasSubstr("there is no control soc2:CC6.11 in SOC 2"));
  EXPECT_THAT(policy.err, HasSubstr("own.yaml:3"));
  EXPECT_THAT(policy.err, HasSubstr("did you mean 'CC6.1'?"));
  EXPECT_THAT(policy.err, Not(HasSubstr("house:X-1")));
  muster.files.add("own/team/admins.lua",
                   "return { id = 'team.admins', title = 't', severity = 'low', subject = 'user', reads = { "
                   "'users.role' }, why = 'w', fix = 'f',\n  controls = { nist80035 = { \"AC-2\" }, pci4 = { "
                   "\"8.2.55\" } },\n  check = function(user) if user.role == 'x' then return fail('x') end "
                   "return pass() end }\n");
  const Outcome rule = muster({"rule", "lint", "team.*", "--rules", "own"});
  EXPECT_EQ(rule.code, 64);
  EXPECT_THAT(rule.err, HasSubstr("there is no framework 'nist80035', as in nist80035:AC-2"));
  EXPECT_THAT(rule.err, HasSubstr("there is no control pci4:8.2.55 in PCI DSS"));
  EXPECT_THAT(rule.err, HasSubstr("own/team/admins.lua:2"));
}

TEST(Controls, ShippedRulesCiteWhatTestsCanShowAndEachFrameworksPolicySelectsItsRules) {
  MemoryFileSystem none;
  Diagnostics problems;
  const auto frameworks = policy::load_frameworks(problems);
  const rule::RuleSet rules = rule::load_rules(none, {}, problems);
  for (const auto& [id, rule] : rules) {
    evaluate::check_controls(*rule, frameworks, problems);
    for (const ControlId& control : rule->info().controls) {
      const Framework* framework = find_framework(frameworks, control.framework);
      ASSERT_NE(framework, nullptr) << id << " " << control.text();
      const FrameworkControl* found = framework->find(control.id);
      ASSERT_NE(found, nullptr) << id << " " << control.text();
      EXPECT_TRUE(found->tests == Tests::whole || found->tests == Tests::part)
          << id << " cites " << control.text() << ", of which the table says that no test shows anything";
    }
  }
  for (const Framework& framework : frameworks) {
    const std::string name = "anthropic-" + framework.id;
    const auto loaded = policy::load_policy(none, name, name, problems);
    ASSERT_TRUE(loaded) << problems.render();
    std::set<std::string> selected;
    for (const PolicyEntry& entry : loaded->entries) selected.insert(entry.rule);
    for (const auto& [id, rule] : rules)
      for (const ControlId& control : rule->info().controls)
        if (control.framework == framework.id) {
          EXPECT_TRUE(selected.contains(id)) << name << " lacks " << id;
        }
  }
  EXPECT_FALSE(problems.has_errors()) << problems.render();
}

}  // namespace
}  // namespace muster::cli
