// Policies, waivers, links, the register, --param, and the repository's own files of these kinds.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/controls.h"
#include "policy/extended.h"
#include "policy/policy.h"
#include "roster/fields.h"
#include "support.h"

namespace muster::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Wrong {
  std::string text, problem;
};

// ---- policies

TEST(Policy, ReadsEveryKey) {
  MemoryFileSystem files;
  const std::string text =
      "policy: access-2026\n"
      "title: Access\n"
      "version: 9.10\n"
      "description: >-\n"
      "  Who may\n"
      "  come in.\n"
      "rules:\n"
      "  - accounts.linked_to_roster\n"
      "  - rule: keys.max_age\n"
      "    as: keys.max_age_production\n"
      "    severity: critical\n"
      "    params: {days: 30, statuses: [active, \"no\"], label: \"9.10\", none: ~, strict: no, empty: []}\n"
      "    scope:\n"
      "      include: {workspace: \"prod-*\", id: [apikey_1, apikey_2]}\n"
      "      exclude: {register: nonhuman, is_default: true}\n"
      "    controls: {soc2: [CC6.1, CC6.10], pci4: [{id: 8.2.5, when: {days: 0}}, 8.10], house: {id: X-1, "
      "when: {a: [1]}}}\n"
      "    on_unknown: report\n"
      "  - {rule: keys.max_age, controls: {}, params: {}}\n";
  files.add("/srv/access.yaml", text);
  Diagnostics problems;
  const auto policy = load_policy(files, "/srv/access.yaml", "policies/access.yaml", problems);
  ASSERT_TRUE(policy) << problems.render();
  EXPECT_EQ(policy->id, "access-2026");
  EXPECT_EQ(policy->title, "Access");
  EXPECT_EQ(policy->version, "9.10");
  EXPECT_EQ(policy->description, "Who may come in.");
  EXPECT_EQ(policy->file, "policies/access.yaml");
  EXPECT_EQ(policy->bytes, text.size());
  EXPECT_EQ(policy->sha256.size(), 64u);
  ASSERT_EQ(policy->entries.size(), 3u);

  const PolicyEntry& brief = policy->entries[0];
  EXPECT_EQ(brief.rule, "accounts.linked_to_roster");
  EXPECT_EQ(brief.as, "accounts.linked_to_roster");
  EXPECT_FALSE(brief.severity);
  EXPECT_FALSE(brief.controls);
  EXPECT_FALSE(brief.reports_unknown);
  EXPECT_EQ(brief.place.file, "policies/access.yaml");
  EXPECT_EQ(brief.place.line, 8u);
  EXPECT_EQ(brief.place.source_line, "  - accounts.linked_to_roster");

  const PolicyEntry& full = policy->entries[1];
  EXPECT_EQ(full.rule, "keys.max_age");
  EXPECT_EQ(full.as, "keys.max_age_production");
  EXPECT_EQ(full.severity, Severity::critical);
  EXPECT_TRUE(full.reports_unknown);
  EXPECT_EQ(full.place.line, 9u);
  ASSERT_EQ(full.params.size(), 6u);
  EXPECT_EQ(full.params.at("days").text, "30");
  EXPECT_TRUE(full.params.at("days").plain);
  EXPECT_EQ(full.params.at("days").place.line, 12u);
  EXPECT_EQ(full.params.at("days").place.column, 20u);
  EXPECT_TRUE(full.params.at("statuses").is_list);
  EXPECT_THAT(full.params.at("statuses").items, ElementsAre("active", "no"));
  EXPECT_FALSE(full.params.at("statuses").plain) << "one item is quoted";
  EXPECT_EQ(full.params.at("label").text, "9.10");
  EXPECT_FALSE(full.params.at("label").plain);
  EXPECT_TRUE(full.params.at("none").is_null);
  EXPECT_EQ(full.params.at("strict").text, "no");
  EXPECT_TRUE(full.params.at("empty").is_list);
  EXPECT_FALSE(full.params.at("empty").is_null);
  ASSERT_EQ(full.include.size(), 2u);
  EXPECT_EQ(full.include[0].field, "workspace");
  EXPECT_THAT(full.include[0].patterns, ElementsAre("prod-*"));
  EXPECT_EQ(full.include[0].place.line, 14u);
  EXPECT_EQ(full.include[0].place.column, 17u);
  EXPECT_THAT(full.include[1].patterns, ElementsAre("apikey_1", "apikey_2"));
  ASSERT_EQ(full.exclude.size(), 2u);
  EXPECT_EQ(full.exclude[0].field, "register");
  EXPECT_THAT(full.exclude[1].patterns, ElementsAre("true")) << "a truth value is compared as its word";
  ASSERT_TRUE(full.controls);
  std::vector<std::string> controls;
  for (const auto& mapping : *full.controls)
    controls.push_back(mapping.control.text() + (mapping.when.empty() ? "" : " when"));
  EXPECT_THAT(controls,
              ElementsAre("soc2:CC6.1", "soc2:CC6.10", "pci4:8.2.5 when", "pci4:8.10", "house:X-1 when"));
  EXPECT_EQ((*full.controls)[2].when.at("days").text, "0");
  EXPECT_TRUE((*full.controls)[4].when.at("a").is_list);

  const PolicyEntry& none = policy->entries[2];
  ASSERT_TRUE(none.controls) << "{} says that no control is supported";
  EXPECT_TRUE(none.controls->empty());
  EXPECT_TRUE(none.params.empty());
}

TEST(Policy, ReportsEveryProblemOfTheFileAtOnce) {
  EXPECT_EQ(policy_problems("policy: Access Baseline\n"
                            "titel: Access\n"
                            "rules:\n"
                            "  - accounts.linked_to_roster\n"
                            "  - {rule: accounts.linked_to_roster, severity: hihg}\n"
                            "  - {rule: keys.max_age, param: {days: 30}, scope: {includes: {id: x}}}\n"
                            "  - {rule: keys.max_age, as: keys.second, scope: {}, on_unknown: ignore}\n"
                            "  - as: keys.third\n"),
            "error[config.invalid]: `policy` may not be \"Access Baseline\"\n"
            "  --> policies/access.yaml:1:9\n"
            "   |\n"
            " 1 | policy: Access Baseline\n"
            "   |         ^\n"
            "   = help: write lower-case letters, digits, `-`, `_` and `.`\n"
            "\n"
            "error[config.unknown_key]: a policy has no key `titel`\n"
            "  --> policies/access.yaml:2:1\n"
            "   |\n"
            " 2 | titel: Access\n"
            "   | ^\n"
            "   = help: did you mean `title`?\n"
            "\n"
            "error[policy.duplicate]: two entries are named \"accounts.linked_to_roster\"\n"
            "  --> policies/access.yaml:5:12\n"
            "   |\n"
            " 5 |   - {rule: accounts.linked_to_roster, severity: hihg}\n"
            "   |            ^\n"
            "   = help: the first is at policies/access.yaml:4; name the second use with `as`\n"
            "\n"
            "error[config.invalid]: `severity` must be one of `critical`, `high`, `medium`, `low`, `info`, "
            "not \"hihg\"\n"
            "  --> policies/access.yaml:5:49\n"
            "   |\n"
            " 5 |   - {rule: accounts.linked_to_roster, severity: hihg}\n"
            "   |                                                 ^\n"
            "   = help: did you mean `high`?\n"
            "\n"
            "error[config.unknown_key]: a rule entry has no key `param`\n"
            "  --> policies/access.yaml:6:26\n"
            "   |\n"
            " 6 |   - {rule: keys.max_age, param: {days: 30}, scope: {includes: {id: x}}}\n"
            "   |                          ^\n"
            "   = help: did you mean `params`?\n"
            "\n"
            "error[config.unknown_key]: a scope has no key `includes`\n"
            "  --> policies/access.yaml:6:53\n"
            "   |\n"
            " 6 |   - {rule: keys.max_age, param: {days: 30}, scope: {includes: {id: x}}}\n"
            "   |                                                     ^\n"
            "   = help: did you mean `include`?\n"
            "\n"
            "error[config.invalid]: a scope needs `include` or `exclude`\n"
            "  --> policies/access.yaml:7:50\n"
            "   |\n"
            " 7 |   - {rule: keys.max_age, as: keys.second, scope: {}, on_unknown: ignore}\n"
            "   |                                                  ^\n"
            "   = help: give one, or remove the scope\n"
            "\n"
            "error[config.invalid]: `on_unknown` must be `report`, not \"ignore\"\n"
            "  --> policies/access.yaml:7:66\n"
            "   |\n"
            " 7 |   - {rule: keys.max_age, as: keys.second, scope: {}, on_unknown: ignore}\n"
            "   |                                                                  ^\n"
            "\n"
            "error[config.missing_key]: a rule entry lacks the key `rule`\n"
            "  --> policies/access.yaml:8:5\n"
            "   |\n"
            " 8 |   - as: keys.third\n"
            "   |     ^\n"
            "   = help: The rule's id.\n");
}

/// The problems of one entry, without the frame of a policy around it: "column message | hint".
std::string entry_problems(const std::string& entry) {
  MemoryFileSystem files;
  files.add("p.yaml", "policy: p\nrules:\n- " + entry + "\n");
  Diagnostics problems;
  EXPECT_FALSE(load_policy(files, "p.yaml", "p.yaml", problems)) << entry;
  std::string told;
  for (const Error& error : problems.errors())
    told += (told.empty() ? "" : "\n") + std::to_string(error.place.column) + " " + error.message + " | " +
            error.hint;
  return told;
}

TEST(Policy, SaysWhatIsWrongInAnEntry) {
  const Wrong cases[] = {
      {"Keys.Max",
       "3 an item of `rules` may not be \"Keys.Max\" | write lower-case letters, digits, `_` and `.`"},
      {"keys..max",
       "3 an item of `rules` may not be \"keys..max\" | write lower-case letters, digits, `_` and `.`"},
      {"[keys.max]", "3 an item of `rules` must be a text, not a list | "},
      {"{rule: a.b, as: a b}", "19 `as` may not be \"a b\" | write lower-case letters, digits, `_` and `.`"},
      {"{rule: a.b, params: [x]}", "23 `params` must be a mapping, not a list | "},
      {"{rule: a.b, params: {x: {y: 1}}}",
       "27 `x` must be a single value or a list of them, not a mapping | "},
      {"{rule: a.b, params: {x: [1, ~]}}",
       "31 an item of `x` has no value; it must be a single value | give it a value, or remove it"},
      {"{rule: a.b, params: {x: 1, x: 2}}",
       "30 the key `x` stands twice in one mapping | the first is in line 3: keep one of them"},
      {"{rule: a.b, scope: {include: {}}}",
       "32 `include` is an empty mapping | name at least one, or remove the key"},
      {"{rule: a.b, scope: {include: {id: []}}}",
       "37 `id` is an empty list | name at least one, or remove the key"},
      {"{rule: a.b, scope: {include: {id: ~}}}",
       "33 `id` has no value; it must be a list | give it a value, or remove it"},
      {"{rule: a.b, scope: {exclude: [x]}}", "32 `exclude` must be a mapping, not a list | "},
      {"{rule: a.b, scope: {include: {age: {min: 5}}}}", "38 `age` must be a text, not a mapping | "},
      {"{rule: a.b, controls: [soc2]}", "25 `controls` must be a mapping, not a list | "},
      {"{rule: a.b, controls: {SOC 2: [x]}}",
       "26 `SOC 2` is not the name of a framework | write lower-case letters, digits and `_`: soc2, "
       "iso27001, nist80053"},
      {"{rule: a.b, controls: {soc2: []}}",
       "32 `soc2` is an empty list | name at least one, or remove the key"},
      {"{rule: a.b, controls: {soc2: [x, x]}}", "26 the control soc2:x stands twice | keep one of them"},
      {"{rule: a.b, controls: {soc2: [{id: x}]}}",
       "33 a control lacks the key `when` | Parameters and the values with which the mapping holds."},
      {"{rule: a.b, controls: {soc2: [{id: x, when: {}}]}}",
       "47 `when` is an empty mapping | name at least one, or remove the key"},
      {"{rule: a.b, severity: 5}",
       "25 `severity` must be one of `critical`, `high`, `medium`, `low`, `info`, not \"5\" | "},
      {"{rule: ~}", "4 `rule` has no value; it must be a text | give it a value, or remove it"},
  };
  for (const auto& [entry, problem] : cases) EXPECT_EQ(entry_problems(entry), problem) << entry;
  EXPECT_THAT(policy_problems("policy: p\nrules: []\n"), HasSubstr("`rules` is an empty list"));
  EXPECT_THAT(policy_problems("policy: p\nrules: a.b\n"),
              HasSubstr("`rules` must be a list, not the text \"a.b\""));
  EXPECT_THAT(policy_problems("policy: p\n"), HasSubstr("a policy lacks the key `rules`"));
  EXPECT_EQ(
      policy_problems("---\n"),
      "error[config.missing_key]: the file is empty; it should hold a policy\n  --> policies/access.yaml\n");
}

TEST(Policy, FindsShippedOnesByNameAndFilesByPath) {
  EXPECT_THAT(shipped_policies(), testing::Contains("anthropic-baseline"));
  MemoryFileSystem files;
  files.add("anthropic-baseline", "policy: mine\nrules: [a.b]\n");
  files.add("anthropic-baseline.yaml", "policy: mine_too\nrules: [a.b]\n");
  files.add("other", "policy: other\nrules: [a.b]\n");
  Diagnostics problems;
  EXPECT_EQ(load_policy(files, "anthropic-baseline", "", problems)->file,
            "builtin:policies/anthropic-baseline.yaml");
  EXPECT_EQ(load_policy(files, "anthropic-baseline.yaml", "x.yaml", problems)->id, "mine_too");
  EXPECT_EQ(load_policy(files, "./anthropic-baseline", "./anthropic-baseline", problems)->id, "mine");
  EXPECT_EQ(load_policy(files, "other", "other", problems)->id, "other");
  EXPECT_FALSE(problems.has_errors());

  EXPECT_FALSE(
      load_policy(files, "policies/anthropic-baseline.yaml", "policies/anthropic-baseline.yaml", problems))
      << "a missing file is not replaced by a shipped one";
  EXPECT_FALSE(load_policy(files, "antropic-baseline", "antropic-baseline", problems));
  ASSERT_EQ(problems.errors().size(), 2u);
  EXPECT_EQ(problems.errors()[0].code, ErrorCode::file_not_found);
  EXPECT_EQ(
      render_error(problems.errors()[1]),
      "error[policy.unknown]: no shipped policy is named \"antropic-baseline\", and no such file is there\n"
      "   = help: did you mean `anthropic-baseline`?\n");
}

/// What comes of p.yaml, which extends base.yaml in the same folder: names with severity and parameters, or the problems.
std::string extended(const std::string& own, const std::string& base = "policy: base\nrules: [a.one, {rule: a.two, severity: low, params: {x: 1, y: 2}}, {rule: a.two, as: second}]\n") {
  MemoryFileSystem files;
  files.add("dir/p.yaml", "policy: p\n" + own);
  files.add("dir/base.yaml", base);
  Diagnostics problems;
  std::vector<PolicySource> bases;
  const auto policy = load_extended_policy(files, "dir/p.yaml", "dir/p.yaml", problems, bases);
  if (!policy) return shown(problems);
  std::string text;
  for (const PolicyEntry& entry : policy->entries) {
    text += entry.as + (entry.as == entry.rule ? "" : " of " + entry.rule) + (entry.severity ? " " + std::string(word_of(*entry.severity)) : "");
    for (const auto& [name, value] : entry.params) text += " " + name + "=" + value.text;
    text += " " + entry.place.file + ":" + std::to_string(entry.place.line) + "\n";
  }
  for (const PolicySource& each : bases) text += "base " + each.file + " " + std::to_string(each.bytes) + "\n";
  return text;
}

TEST(Policy, ExtendsAnother) {
  EXPECT_EQ(extended("extends: ./base.yaml\n"),
            "a.one dir/base.yaml:2\na.two low x=1 y=2 dir/base.yaml:2\nsecond of a.two dir/base.yaml:2\nbase dir/base.yaml 107\n");
  EXPECT_EQ(extended("extends: base.yaml\nremove: [{rule: a.one, reason: not here}]\nrules:\n- {rule: a.two, severity: high, params: {y: 3}}\n- b.new\n"),
            "a.two high x=1 y=3 dir/p.yaml:5\nsecond of a.two dir/base.yaml:2\nb.new dir/p.yaml:6\nbase dir/base.yaml 107\n");
}

TEST(Policy, WhatCannotBeExtendedIsShown) {
  EXPECT_EQ(extended("extends: bse.yaml\n"),
            "error[policy.unknown]: there is no file dir/bse.yaml\n"
            "  --> dir/p.yaml:2:10\n"
            "   |\n"
            " 2 | extends: bse.yaml\n"
            "   |          ^\n"
            "   = help: a path is relative to the file that says it\n");
  EXPECT_THAT(extended("extends: antropic-baseline\n"), HasSubstr("error[policy.unknown]: no shipped policy is named \"antropic-baseline\"\n  --> dir/p.yaml:2:10"));
  EXPECT_THAT(extended("extends: antropic-baseline\n"), HasSubstr("did you mean `anthropic-baseline`?"));
  EXPECT_THAT(extended("extends: p.yaml\n"), HasSubstr("the policies extend each other in a circle: dir/p.yaml → dir/p.yaml"));
  EXPECT_THAT(extended("extends: base.yaml\n", "policy: base\nextends: p.yaml\n"),
              HasSubstr("the policies extend each other in a circle: dir/p.yaml → dir/base.yaml → dir/p.yaml\n  --> dir/base.yaml:2:10"));
  EXPECT_THAT(extended("extends: base.yaml\nremove: [{rule: a.tow, reason: x}]\n"), HasSubstr("base has no entry 'a.tow' to remove\n  --> dir/p.yaml:3:10"));
  EXPECT_THAT(extended("extends: base.yaml\nremove: [{rule: a.two, reason: x}]\nrules: [a.two]\n"), HasSubstr("'a.two' is removed and given again"));
  EXPECT_THAT(extended("extends: base.yaml\nremove: [{rule: a.two, reason: x}, {rule: a.two, reason: y}]\n"), HasSubstr("'a.two' is removed twice"));
  EXPECT_THAT(extended("extends: base.yaml\nrules: [{rule: a.one, as: second}]\n"),
              HasSubstr("'second' is an entry of base for the rule a.two, and cannot become one for a.one"));
  EXPECT_THAT(extended("extends: base.yaml\nremove: [{rule: a.one, reason: x}]\n", "policy: base\nrules: [a.one]\n"),
              HasSubstr("every entry of base is removed, and none is added"));
  EXPECT_THAT(extended("remove: [{rule: a.one, reason: x}]\nrules: [b.c]\n"), HasSubstr("`remove` takes away from another policy, and this one has no `extends`"));
  EXPECT_THAT(extended("extends: base.yaml\n", "policy: base\nrules: []\n"), HasSubstr("dir/base.yaml"));
}

TEST(Policy, TheBaselineSelectsTheFirstRules) {
  Diagnostics problems;
  const auto policy = load_policy(MemoryFileSystem(), "anthropic-baseline", "", problems);
  ASSERT_TRUE(policy) << problems.render();
  std::vector<std::string> rules;
  for (const auto& entry : policy->entries) {
    rules.push_back(entry.rule + " " + std::string(word_of(entry.severity.value())));
    EXPECT_EQ(entry.as, entry.rule);
    ASSERT_TRUE(entry.controls) << entry.rule;
    for (const auto& mapping : *entry.controls)
      EXPECT_EQ(mapping.when.empty(), mapping.control.text() != "pci4:8.2.5") << mapping.control.text();
  }
  EXPECT_THAT(rules, ElementsAre("accounts.linked_to_roster high", "accounts.leavers_removed critical",
                                 "accounts.unique_person medium", "admins.count high",
                                 "admins.workspace_spread medium", "keys.no_expiry high",
                                 "keys.max_age medium", "keys.creator_in_organization high",
                                 "keys.expired_but_present low", "workspaces.has_members low",
                                 "invites.pending_age low", "nonhuman.register_current medium"));
  const auto& leavers = *policy->entries[1].controls;
  const auto pci = std::find_if(leavers.begin(), leavers.end(),
                                [](const auto& mapping) { return mapping.control.framework == "pci4"; });
  ASSERT_NE(pci, leavers.end());
  EXPECT_EQ(pci->when.at("grace_days").text, "0");
  EXPECT_EQ(policy->version, "1.0");
}

// ---- waivers, links, register

TEST(Waivers, ReadsEveryKeyInBothForms) {
  const std::string items =
      "- id: W-17\n"
      "  rule: keys.no_expiry\n"
      "  subject: {id: apikey_01}\n"
      "  reason: legacy batch, replaced in January\n"
      "  approver: dana@northwind.example\n"
      "  ticket: SEC-412\n"
      "  owner: omar@northwind.example\n"
      "  starts: 2026-11-01\n"
      "  expires: 2027-01-31\n"
      "- {id: 18, rule: keys.max_age_production, subject: {email: [\"svc-*@northwind.example\", "
      "bot@northwind.example]}, reason: x, approver: ~, expires: \"2026-11-20\"}\n";
  std::string indented = "waivers:\n" + items;
  for (const auto& text : {items, indented}) {
    MemoryFileSystem files;
    files.add("/w/waivers.yaml", text);
    Diagnostics problems;
    const auto waivers = load_waivers(files, "/w/waivers.yaml", "waivers.yaml", problems);
    ASSERT_TRUE(waivers) << problems.render();
    ASSERT_EQ(waivers->size(), 2u);
    const Waiver& first = waivers->front();
    EXPECT_EQ(first.id, "W-17");
    EXPECT_EQ(first.rule, "keys.no_expiry");
    EXPECT_EQ(first.subject.field, "id");
    EXPECT_THAT(first.subject.patterns, ElementsAre("apikey_01"));
    EXPECT_EQ(first.reason, "legacy batch, replaced in January");
    EXPECT_EQ(first.approver, "dana@northwind.example");
    EXPECT_EQ(first.ticket, "SEC-412");
    EXPECT_EQ(first.owner, "omar@northwind.example");
    EXPECT_EQ(first.starts, (Date{2026, 11, 1}));
    EXPECT_EQ(first.expires, (Date{2027, 1, 31}));
    EXPECT_EQ(first.place.file, "waivers.yaml");
    EXPECT_EQ(first.place.line, text == items ? 1u : 2u);
    const Waiver& second = waivers->back();
    EXPECT_EQ(second.id, "18");
    EXPECT_EQ(second.subject.field, "email");
    EXPECT_THAT(second.subject.patterns, ElementsAre("svc-*@northwind.example", "bot@northwind.example"));
    EXPECT_EQ(second.approver, "");
    EXPECT_FALSE(second.starts);
    EXPECT_EQ(second.expires, (Date{2026, 11, 20}));
  }
}

TEST(Waivers, ReportsEveryProblemOfTheFileAtOnce) {
  EXPECT_EQ(list_problems(load_waivers, "waivers.yaml",
                          "- id: W-17\n"
                          "  rule: keys.no_expiry\n"
                          "  subject: {id: apikey_01, email: x}\n"
                          "  reason: legacy batch\n"
                          "  starts: 2027-02-01\n"
                          "  expires: 2027-01-31\n"
                          "- id: W-17\n"
                          "  rule: keys.no_expiry\n"
                          "  subject: apikey_01\n"
                          "  reason: \"\"\n"
                          "  expiry: 2027-01-31\n"),
            "error[config.invalid]: the subject of a waiver is named by one key\n"
            "  --> waivers.yaml:3:28\n"
            "   |\n"
            " 3 |   subject: {id: apikey_01, email: x}\n"
            "   |                            ^\n"
            "   = help: write one waiver for each subject, or a list or glob under one key\n"
            "\n"
            "error[config.invalid]: the waiver expires before it starts, on 2027-02-01\n"
            "  --> waivers.yaml:6:12\n"
            "   |\n"
            " 6 |   expires: 2027-01-31\n"
            "   |            ^\n"
            "   = help: correct `starts` or `expires`\n"
            "\n"
            "error[config.missing_key]: a waiver lacks the key `expires`\n"
            "  --> waivers.yaml:7:3\n"
            "   |\n"
            " 7 | - id: W-17\n"
            "   |   ^\n"
            "   = help: The last day on which it applies, YYYY-MM-DD: an exception has an end. `never` only "
            "where the config allows any length, by `waiver_rules: {max_length: none}`.\n"
            "\n"
            "error[config.invalid]: two waivers have the id \"W-17\"\n"
            "  --> waivers.yaml:7:7\n"
            "   |\n"
            " 7 | - id: W-17\n"
            "   |       ^\n"
            "   = help: the first is at waivers.yaml:1; give each its own\n"
            "\n"
            "error[config.wrong_type]: `subject` must be a mapping, not the text \"apikey_01\"\n"
            "  --> waivers.yaml:9:12\n"
            "   |\n"
            " 9 |   subject: apikey_01\n"
            "   |            ^\n"
            "\n"
            "error[config.invalid]: `reason` is empty\n"
            "   --> waivers.yaml:10:11\n"
            "    |\n"
            " 10 |   reason: \"\"\n"
            "    |           ^\n"
            "    = help: give it a value, or remove it\n"
            "\n"
            "error[config.unknown_key]: a waiver has no key `expiry`\n"
            "   --> waivers.yaml:11:3\n"
            "    |\n"
            " 11 |   expiry: 2027-01-31\n"
            "    |   ^\n"
            "    = help: did you mean `expires`?\n");
}

TEST(Lists, MayBeEmptyButNotSomethingElse) {
  for (const char* text : {"", "# none yet\n", "[]\n"}) {
    EXPECT_EQ(list_problems(load_waivers, "w.yaml", text), "");
    EXPECT_EQ(list_problems(load_links, "l.yaml", text), "");
    EXPECT_EQ(list_problems(load_nonhumans, "n.yaml", text), "");
  }
  EXPECT_EQ(list_problems(load_links, "l.yaml", "none\n"),
            "error[config.wrong_type]: a links file must be a list, not the text \"none\"\n"
            "  --> l.yaml:1:1\n"
            "   |\n"
            " 1 | none\n"
            "   | ^\n");
  EXPECT_THAT(list_problems(load_waivers, "w.yaml", "waiver: []\n"),
              HasSubstr("a waiver file has no key `waiver`"));
  EXPECT_THAT(list_problems(load_waivers, "w.yaml", "waivers:\n"),
              HasSubstr("`waivers` has no value; it must be a list"));
  EXPECT_THAT(list_problems(load_waivers, "w.yaml", "- W-1\n"),
              HasSubstr("an item of a waiver file must be a mapping, not the text \"W-1\""));
  EXPECT_THAT(list_problems(load_nonhumans, "n.yaml", "- ~\n"),
              HasSubstr("an item of a register of non-human identities has no value; it must be a mapping"));
}

TEST(Links, ReadsAndRefuses) {
  MemoryFileSystem files;
  files.add("links.yaml",
            "links:\n  - {account: user_1, person: NW-1, reason: maiden name}\n  - {account: A@x.example, "
            "person: 12}\n");
  Diagnostics problems;
  const auto links = load_links(files, "links.yaml", "links.yaml", problems);
  ASSERT_TRUE(links) << problems.render();
  ASSERT_EQ(links->size(), 2u);
  EXPECT_EQ((*links)[0].account, "user_1");
  EXPECT_EQ((*links)[0].person, "NW-1");
  EXPECT_EQ((*links)[0].reason, "maiden name");
  EXPECT_EQ((*links)[0].place.line, 2u);
  EXPECT_EQ((*links)[1].person, "12");
  EXPECT_EQ((*links)[1].reason, "");

  EXPECT_EQ(
      list_problems(
          load_links, "links.yaml",
          "- {account: A@x.example, person: P1}\n- {account: a@X.example, person: P2}\n- {acount: b}\n"),
      "error[config.invalid]: two links name the account \"a@X.example\"\n"
      "  --> links.yaml:2:13\n"
      "   |\n"
      " 2 | - {account: a@X.example, person: P2}\n"
      "   |             ^\n"
      "   = help: the first is at links.yaml:1; an account belongs to one person\n"
      "\n"
      "error[config.missing_key]: a link lacks the key `account`\n"
      "  --> links.yaml:3:3\n"
      "   |\n"
      " 3 | - {acount: b}\n"
      "   |   ^\n"
      "   = help: The account: a user id or its e-mail address.\n"
      "\n"
      "error[config.missing_key]: a link lacks the key `person`\n"
      "  --> links.yaml:3:3\n"
      "   |\n"
      " 3 | - {acount: b}\n"
      "   |   ^\n"
      "   = help: The person_id of the roster.\n"
      "\n"
      "error[config.unknown_key]: a link has no key `acount`\n"
      "  --> links.yaml:3:4\n"
      "   |\n"
      " 3 | - {acount: b}\n"
      "   |    ^\n"
      "   = help: did you mean `account`?\n");
}

TEST(Register, ReadsAndRefuses) {
  MemoryFileSystem files;
  files.add("nonhuman.yaml",
            "- {id: ci, account: svc-ci@x.example, owner: NW-1, purpose: builds, review_by: 2027-02-28}\n"
            "- {account: svac_1, owner: ~, purpose: \"\", review_by: ~}\n"
            "- {account: user_2}\n");
  Diagnostics problems;
  const auto entries = load_nonhumans(files, "nonhuman.yaml", "nonhuman.yaml", problems);
  ASSERT_TRUE(entries) << problems.render();
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].id, "ci");
  EXPECT_EQ((*entries)[0].account, "svc-ci@x.example");
  EXPECT_EQ((*entries)[0].owner, "NW-1");
  EXPECT_EQ((*entries)[0].purpose, "builds");
  EXPECT_EQ((*entries)[0].review_by, (Date{2027, 2, 28}));
  EXPECT_EQ((*entries)[1].id, "svac_1") << "the account, when the register has no name of its own";
  EXPECT_EQ((*entries)[1].owner, "") << "nobody: the rule judges it";
  EXPECT_FALSE((*entries)[1].review_by);
  EXPECT_EQ((*entries)[2].owner, "");
  EXPECT_EQ((*entries)[2].place.line, 3u);

  EXPECT_EQ(list_problems(load_nonhumans, "n.yaml",
                          "- {account: A, id: q}\n- {account: a, id: r, owner: [x]}\n- {account: b, id: q, "
                          "review_by: soon}\n- {id: z}\n"),
            "error[config.invalid]: two register entries name the account \"a\"\n"
            "  --> n.yaml:2:13\n"
            "   |\n"
            " 2 | - {account: a, id: r, owner: [x]}\n"
            "   |             ^\n"
            "   = help: the first is at n.yaml:1; keep one of them\n"
            "\n"
            "error[config.wrong_type]: `owner` must be a text, not a list\n"
            "  --> n.yaml:2:30\n"
            "   |\n"
            " 2 | - {account: a, id: r, owner: [x]}\n"
            "   |                              ^\n"
            "\n"
            "error[config.invalid]: two register entries have the id \"q\"\n"
            "  --> n.yaml:3:20\n"
            "   |\n"
            " 3 | - {account: b, id: q, review_by: soon}\n"
            "   |                    ^\n"
            "   = help: the first is at n.yaml:1; give each its own\n"
            "\n"
            "error[time.format]: `review_by` is not a date: \"soon\"\n"
            "  --> n.yaml:3:34\n"
            "   |\n"
            " 3 | - {account: b, id: q, review_by: soon}\n"
            "   |                                  ^\n"
            "   = help: write a day of the calendar as YYYY-MM-DD\n"
            "\n"
            "error[config.missing_key]: a register entry lacks the key `account`\n"
            "  --> n.yaml:4:3\n"
            "   |\n"
            " 4 | - {id: z}\n"
            "   |   ^\n"
            "   = help: The account: a user id, an e-mail address or a service account's id.\n");
}

// ---- --param

TEST(Param, Reads) {
  auto scalar = parse_param("keys.max_age.days=30");
  ASSERT_TRUE(scalar);
  EXPECT_EQ(scalar->rule, "keys.max_age");
  EXPECT_EQ(scalar->name, "days");
  EXPECT_EQ(scalar->value.text, "30");
  EXPECT_TRUE(scalar->value.plain);
  EXPECT_FALSE(scalar->value.is_list);
  EXPECT_EQ(parse_param("a.b.c=x=y, z")->value.text, "x=y, z");
  EXPECT_EQ(parse_param("a.b.c=")->value.text, "");
  EXPECT_FALSE(parse_param("a.b.c=null")->value.is_null) << "the command line has no null";

  auto list = parse_param("keys.no_expiry.statuses=[active, 'in, active', 9.10]");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->name, "statuses");
  EXPECT_TRUE(list->value.is_list);
  EXPECT_THAT(list->value.items, ElementsAre("active", "in, active", "9.10"));
  EXPECT_EQ(list->value.text, "");
  EXPECT_TRUE(parse_param("a.b.c=[]")->value.is_list);
}

TEST(Param, Refuses) {
  const std::string form =
      "\n   = help: write --param RULE.NAME=VALUE, as in --param keys.max_age.days=30 or --param "
      "'keys.no_expiry.statuses=[active, inactive]'\n";
  const Wrong cases[] = {
      {"keys.max_age.days", "error[usage]: --param keys.max_age.days: there is no `=`"},
      {"days=30", "error[usage]: --param days=30: there is no `.` between rule and parameter"},
      {"Keys.days=30", "error[usage]: --param Keys.days=30: \"Keys\" is no rule's name"},
      {"keys.=30", "error[usage]: --param keys.=30: \"\" is no parameter's name"},
      {".days=30", "error[usage]: --param .days=30: \"\" is no rule's name"},
      {"a.b=[x",
       "error[usage]: --param a.b=[x: the list cannot be read: a `[` is not closed, or a comma is missing"},
      {"a.b=[x] y",
       "error[usage]: --param a.b=[x] y: the list cannot be read: this does not belong to what stands above "
       "it"},
      {"a.b=[[x]]",
       "error[usage]: --param a.b=[[x]]: an item of the list must be a single value, not a list"},
  };
  for (const auto& [text, problem] : cases) {
    const auto param = parse_param(text);
    ASSERT_FALSE(param) << text;
    EXPECT_EQ(render_error(param.error()), problem + form) << text;
  }
}

// ---- the repository's own files

TEST(Repository, FixturesAreRead) {
  const auto files = make_os_file_system();
  const std::string folder = std::string(MUSTER_SOURCE_DIR) + "/fixtures/";
  const auto organizations = files->list(folder);
  ASSERT_TRUE(organizations);
  int configs = 0;
  for (const auto& name : *organizations) {
    const std::string path = folder + name + "/muster.yaml";
    if (files->kind(path) != FileKind::file) continue;
    ++configs;
    Diagnostics problems;
    const auto config = load_config(*files, path, problems);
    ASSERT_TRUE(config) << problems.render();
    for (const auto& policy : config->policies) EXPECT_TRUE(load_policy(*files, policy, policy, problems));
    if (!config->waivers.empty()) {
      EXPECT_TRUE(load_waivers(*files, config->waivers, config->waivers, problems));
    }
    if (!config->links.empty()) {
      EXPECT_TRUE(load_links(*files, config->links, config->links, problems));
    }
    if (!config->nonhuman.empty()) {
      EXPECT_TRUE(load_nonhumans(*files, config->nonhuman, config->nonhuman, problems));
    }
    EXPECT_FALSE(problems.has_errors()) << problems.render();
  }
  EXPECT_GT(configs, 0);
}

TEST(Repository, LoadersAgreeWithTheCasesOfTheSchemas) {
  const auto text =
      make_os_file_system()->read_file(std::string(MUSTER_SOURCE_DIR) + "/tests/policy/cases.txt");
  ASSERT_TRUE(text);
  int cases = 0;
  for (std::size_t at = text->find("\n### ") + 1; at != std::string::npos; ++cases) {
    const std::size_t line_end = text->find('\n', at);
    const std::size_t next = text->find("\n### ", line_end);
    const std::string title = text->substr(at + 4, line_end - at - 4);
    const std::string body = text->substr(line_end + 1, next == std::string::npos ? next : next - line_end);
    at = next == std::string::npos ? next : next + 1;
    const std::string kind = title.substr(0, title.find(' '));
    const std::string problems = kind == "config"    ? config_problems(body)
                                 : kind == "policy"  ? policy_problems(body)
                                 : kind == "waivers" ? list_problems(load_waivers, "waivers.yaml", body)
                                 : kind == "attestations"
                                     ? list_problems(load_attestations, "attestations.yaml", body)
                                 : kind == "links" ? list_problems(load_links, "links.yaml", body)
                                                     : list_problems(load_nonhumans, "nonhuman.yaml", body);
    EXPECT_EQ(problems.empty(), title.find(" good ") != std::string::npos) << title << "\n" << problems;
  }
  EXPECT_GT(cases, 40);
}

TEST(Repository, ColumnsOfTheConfigAreTheFieldsOfARoster) {
  ASSERT_EQ(kRosterFields.size(), roster::kMappableCount);
  for (std::size_t i = 0; i < kRosterFields.size(); ++i)
    EXPECT_EQ(kRosterFields[i], roster::word_of(static_cast<roster::Field>(i)));
}

// After a wanted change of the tables: MUSTER_UPDATE_GOLDEN=1 build/dev/tests/policy/policy_test
// --gtest_filter=Repository.EditorSchemasAreCurrent
TEST(Repository, EditorSchemasAreCurrent) {
  const auto files = make_os_file_system();
  const bool is_update = std::getenv("MUSTER_UPDATE_GOLDEN") != nullptr;
  std::vector<std::string> names;
  for (const auto& schema : editor_schemas()) {
    names.push_back(schema.name);
    const std::string path = std::string(MUSTER_SOURCE_DIR) + "/" + schema.name;
    if (is_update) {
      ASSERT_TRUE(files->write_file(path, schema.text));
    }
    EXPECT_EQ(files->read_file(path).value_or(""), schema.text)
        << schema.name << " is not what the tables say; regenerate it with\n"
        << "  MUSTER_UPDATE_GOLDEN=1 build/dev/tests/policy/policy_test "
           "--gtest_filter=Repository.EditorSchemasAreCurrent";
    EXPECT_TRUE(json::parse(schema.text)) << schema.name;
  }
  EXPECT_THAT(names, ElementsAre("policies/schema/attestations.schema.json", "policies/schema/config.schema.json",
                                 "policies/schema/framework.schema.json", "policies/schema/links.schema.json",
                                 "policies/schema/nonhuman.schema.json", "policies/schema/policy.schema.json",
                                 "policies/schema/waivers.schema.json"));
}

}  // namespace
}  // namespace muster::policy
