#include "cli/scaffold.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "policy/policy.h"
#include "rule/stubs.h"
#include "rule/syntax.h"
#include "snapshot/schema.h"

namespace muster::cli {
namespace {

const snapshot::FieldSpec& telling_field(const snapshot::DatasetSpec& spec) {
  const auto is_text = [](const snapshot::FieldSpec& field) {
    return field.type == snapshot::FieldType::text || field.type == snapshot::FieldType::word;
  };
  if (const auto label = spec.field(spec.label); label && is_text(spec.fields[*label]))
    return spec.fields[*label];
  const auto found = std::find_if(spec.fields.begin(), spec.fields.end(), [&](const auto& field) {
    return is_text(field) && field.name != spec.key;
  });
  return found == spec.fields.end() ? spec.fields.front() : *found;
}

std::string with_spaces(std::string_view word) {
  std::string out(word);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

std::string with_article(const std::string& word) {
  return (std::string_view("aeiou").find(word[0]) != std::string_view::npos && word != "user" ? "an "
                                                                                              : "a ") +
         word;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

constexpr std::string_view kRule = R"(---@type muster.Rule
return {
  id = "@ID@",
  title = "Every @THING@ has @A_FIELD@",
  severity = "medium", -- critical, high, medium, low or info
  subject = "@SUBJECT@", -- one verdict for each of these
  reads = { "@DATASET@.@FIELD@" }, -- all that check reads; what is missing there makes the subject unknown
  controls = {}, -- { soc2 = { "CC6.1" } }
  params = {
    exempt = { type = "string_list", default = {}, doc = "Values of `@FIELD@` that this rule says nothing about." },
  },
  why = "Say what this protects from, in a sentence that an auditor understands.",
  fix = "Say what to do when it fails: the page of the console, or the API call.",

  check = function(@SUBJECT@, _, params)
    if params.exempt:has(@SUBJECT@.@FIELD@) then return not_applicable("exempt by the policy") end
    if @SUBJECT@.@FIELD@ == "" then return fail("@FIELD@ is empty") end
    return pass()
  end,

  -- `muster rule test @ID@ --coverage --mutate` runs these and says what they leave open.
  examples = {
    { note = "has one", given = { @SUBJECT@ = { @FIELD@ = "northwind" } }, want = "pass" },
    { note = "has none", given = { @SUBJECT@ = { @FIELD@ = "" } }, want = { verdict = "fail", reason = "@FIELD@ is empty" } },
    { note = "the policy exempts it", given = { @SUBJECT@ = { @FIELD@ = "sandbox" }, params = { exempt = { "sandbox" } } }, want = "not_applicable" },
    { note = "the reply does not say", given = { @SUBJECT@ = {} }, want = "unknown" },
  },
}
)";

constexpr std::string_view kConfig = R"(# yaml-language-server: $schema=.muster/schema/config.schema.json
# What `muster check` reads. Paths are relative to this file.
muster: 1
organization: @ORGANIZATION@
snapshot: snapshots                        # the newest snapshot in this folder; `muster import` or `muster collect` makes them
roster:
  - csv: hr/roster.csv                     # made-up people: put your export here, and say what its columns are called
    columns: {person_id: person_id, name: name, email: email, status: status, start: start, end: end}
    status: {active: [Active], terminated: [Terminated]}
    as_of: @TODAY@                      # the day of the export
    max_age: 7d
rules: [rules]                             # your own, rules/<family>/<name>.lua; `muster rule new` starts one
policies: [policies]                       # every .yaml in this folder; shipped ones by name, as anthropic-baseline
waivers: waivers.yaml
attestations: attestations.yaml
)";

constexpr std::string_view kPolicy = R"(# yaml-language-server: $schema=../.muster/schema/policy.schema.json
# Which rules, with which parameters and severity. `muster rule list` names them all, `muster rule show RULE` says what one takes,
# `muster policy lint policies/access.yaml` finds slips.
policy: access
title: Who has access
rules:
  - accounts.linked_to_roster
  - {rule: accounts.leavers_removed, severity: critical, params: {grace_days: 1}}
  - {rule: admins.count, params: {maximum: 5}}
  - keys.no_expiry
  - {rule: keys.max_age, params: {days: 90}}
)";

constexpr std::string_view kWaivers = R"(# yaml-language-server: $schema=.muster/schema/waivers.schema.json
# Approved, dated exceptions. Only a failure can be waived; whoever approves may not be the subject.
# - id: W-1
#   rule: keys.no_expiry
#   subject: {id: apikey_01ABC}
#   reason: legacy batch, replaced in January
#   approver: dana@@ORGANIZATION@.example
#   ticket: SEC-412
#   owner: omar@@ORGANIZATION@.example
#   starts: @TODAY@
#   expires: @LATER@                    # the end of that day
[]
)";

constexpr std::string_view kAttestations =
    R"(# yaml-language-server: $schema=.muster/schema/attestations.schema.json
# What people answer for where no rule can see; `muster policy coverage` says where that is. One that has lapsed counts as none.
# - id: AT-1
#   controls: [soc2:CC6.4]
#   statement: The offices have badge readers, and their lists were compared with the roster.
#   owner: dana@@ORGANIZATION@.example
#   date: @TODAY@
#   frequency: quarterly                # or `expires`, the last day on which it holds
#   evidence: [{link: SEC-77}]
[]
)";

constexpr std::string_view kRoster =
    "person_id,name,email,status,start,end\n"
    "P-1,Dana Example,dana@@ORGANIZATION@.example,Active,2024-03-01,\n"
    "P-2,Omar Example,omar@@ORGANIZATION@.example,Active,2025-01-15,\n"
    "P-3,Rosa Example,rosa@@ORGANIZATION@.example,Terminated,2023-06-01,2026-01-31\n";

constexpr std::string_view kRulesReadme = R"(# Your own rules

One Lua file a rule, `<family>/<name>.lua`; its id is its path with dots. The shipped rules are inside muster and are selected by their ids in the same
policies; a rule of yours with the id of a shipped one is an error, nothing is overridden silently.

    muster rule new team.named --subject user      a rule to start from, with examples
    muster rule test 'team.*' --coverage --mutate  run its examples, and see what they leave open
    muster rule lint 'team.*'                      slips that Lua lets through (so does luacheck --config .muster/luacheckrc rules)
    muster rule explain team.named ana@example.com why it judged one account as it did

What several rules share goes into `lib/<name>.lua` (`local shared = require("lib.name")`). Tests that need more than examples go into `<name>_spec.lua`.
)";

constexpr std::string_view kGithub = R"(# Checks the rules on every change, and the organization every night.
name: muster
on:
  push:
  schedule: [{cron: "0 5 * * *"}]
jobs:
  muster:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      # Put the muster program on the PATH here.
      - run: muster rule lint
      - run: muster rule test --coverage --threshold 95 --report junit=out/rules.xml
      - run: muster policy lint policies/*.yaml
      # Needs a snapshot: collect one before, or fetch the one that another job collected.
      - if: github.event_name == 'schedule'
        run: muster check --out out --report junit=out/access.xml
      - uses: actions/upload-artifact@v4
        if: always()
        with: {name: muster, path: out}
)";

constexpr std::string_view kGitlab =
    R"(# Checks the rules on every change, and the organization on every scheduled pipeline.
muster-rules:
  script:
    # Put the muster program on the PATH here.
    - muster rule lint
    - muster rule test --coverage --threshold 95 --report junit=out/rules.xml
    - muster policy lint policies/*.yaml
  artifacts:
    when: always
    reports: {junit: out/rules.xml}

muster-access:
  rules: [{if: $CI_PIPELINE_SOURCE == "schedule"}]
  script:
    # Needs a snapshot: collect one before, or fetch the one that another job collected.
    - muster check --out out --report junit=out/access.xml
  artifacts:
    when: always
    paths: [out]
    reports: {junit: out/access.xml}
)";

constexpr std::string_view kGitignore =
    R"(# What muster reads and writes here that is not for the repository. The rest is: config, policies, waivers, rules, baseline.json.

# Names and addresses of people. The job that checks collects or fetches them; hr/ begins with made-up ones.
/hr/
/snapshots/
/out/
*.tar.gz

# Keys: of sources (api_key_file), of signatures, of pseudonyms. Better outside of the folder; at least never committed.
*.key
*.pem
.env

# Made by the program: `muster init --editor` writes it again, as it has to after an update. Without this line everybody has the same.
/.muster/
)";

constexpr std::string_view kLuarc = R"({
  "runtime.version": "Lua 5.4",
  "runtime.builtin": {
    "basic": "disable", "bit": "disable", "bit32": "disable", "builtin": "default", "coroutine": "disable", "debug": "disable", "ffi": "disable",
    "io": "disable", "jit": "disable", "math": "disable", "os": "disable", "package": "disable", "string": "disable", "table": "disable", "utf8": "disable"
  },
  "workspace.library": [".muster/lua"],
  "workspace.checkThirdParty": false
}
)";

constexpr std::string_view kVscode = R"({
  "yaml.schemas": {
    ".muster/schema/config.schema.json": "muster.yaml",
    ".muster/schema/policy.schema.json": "policies/*.yaml",
    ".muster/schema/waivers.schema.json": "waivers.yaml",
    ".muster/schema/attestations.schema.json": "attestations.yaml",
    ".muster/schema/links.schema.json": "links.yaml",
    ".muster/schema/nonhuman.schema.json": "nonhuman.yaml"
  }
}
)";

}  // namespace

std::string scaffold_rule(const std::string& id, SubjectKind subject) {
  const snapshot::DatasetSpec& spec = *snapshot::find_subject(subject);
  const snapshot::FieldSpec& field = telling_field(spec);
  std::string text(kRule);
  replace_all(text, "@ID@", id);
  replace_all(text, "@SUBJECT@", word_of(subject));
  replace_all(text, "@THING@", with_spaces(spec.singular));
  replace_all(text, "@A_FIELD@", with_article(with_spaces(field.name)));
  replace_all(text, "@DATASET@", spec.name);
  replace_all(text, "@FIELD@", field.name);
  return text;
}

std::vector<NewFile> editor_files() {
  std::vector<NewFile> files;
  for (const policy::SchemaFile& schema : policy::editor_schemas())
    files.push_back({".muster/schema/" + file_name(schema.name), schema.text});
  files.push_back({".muster/lua/muster.lua", rule::render_type_stubs()});
  files.push_back({".muster/lua/spec.lua", rule::render_spec_stubs()});
  files.push_back({".muster/luacheckrc", rule::render_luacheckrc()});
  return files;
}

std::vector<NewFile> scaffold_project(const std::string& organization, Date today, CiSystem ci) {
  const auto filled = [&](std::string_view pattern) {
    std::string text(pattern);
    replace_all(text, "@ORGANIZATION@", organization);
    replace_all(text, "@TODAY@", format_date(today));
    replace_all(text, "@LATER@", format_date(plus_days(today, 90)));
    return text;
  };
  std::vector<NewFile> files = {{"muster.yaml", filled(kConfig)},
                                {"policies/access.yaml", filled(kPolicy)},
                                {"waivers.yaml", filled(kWaivers)},
                                {"attestations.yaml", filled(kAttestations)},
                                {"hr/roster.csv", filled(kRoster)},
                                {"rules/README.md", std::string(kRulesReadme)},
                                {".gitignore", std::string(kGitignore), true},
                                {".luarc.json", std::string(kLuarc)},
                                {".vscode/settings.json", std::string(kVscode)}};
  switch (ci) {
    case CiSystem::none: break;
    case CiSystem::github: files.push_back({".github/workflows/muster.yaml", std::string(kGithub)}); break;
    case CiSystem::gitlab: files.push_back({".gitlab-ci.yml", std::string(kGitlab)}); break;
  }
  for (NewFile& file : editor_files()) files.push_back(std::move(file));
  return files;
}

std::string problem_of_id(const std::string& id) {
  const auto is_word = [](std::string_view part) {
    return !part.empty() && part[0] >= 'a' && part[0] <= 'z' &&
           std::all_of(part.begin(), part.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  };
  const std::size_t dot = id.find('.');
  const bool is_good = dot != std::string::npos && is_word(std::string_view(id).substr(0, dot)) &&
                       is_word(std::string_view(id).substr(dot + 1));
  if (!is_good)
    return fmt::format("'{}' is no id of a rule: it is FAMILY.NAME, in small letters, digits and underscores",
                       make_visible(id));
  for (const std::string_view taken : {"lib", "meta"})
    if (std::string_view(id).substr(0, dot) == taken)
      return fmt::format("'{}' is no family of rules: that folder is for other files", taken);
  return {};
}

}  // namespace muster::cli
