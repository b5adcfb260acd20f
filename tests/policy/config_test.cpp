// The config: what it says when it is right, and every problem at once when it is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy.h"
#include "support.h"

namespace muster::policy {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::int64_t kDay = kMicrosPerDay;

// ---- config

constexpr std::string_view kConfig = R"(muster: 1                                  # muster.yaml
organization: northwind
sources:                                   # for `collect`
  - {provider: anthropic-admin, api_key_env: ANTHROPIC_ADMIN_API_KEY}
  - {provider: anthropic-admin, base_url: "https://idp.northwind.example/scim/v2", token_command: [vault, read, -field=token, admin]}
snapshot: snapshots/latest
max_snapshot_age: 36h
roster:
  - csv: hr/roster.csv
    columns: {person_id: employee_id, email: work_email, status: status, start: hired, end: last_day, kind: worker_type, manager: manager_id, department: department}
    zone: America/New_York
    status: {active: [Active, "On leave", no], terminated: Terminated}
    kind: {contractor: [Contingent, Consultant]}
    as_of: 2026-11-20                      # the export's date
    max_age: 7d
    min_rows: 300
    date_format: "%m/%d/%Y"
    delimiter: semicolon
  - {jsonl: /exports/contractors.jsonl, as_of_column: exported_on, max_age: 1d12h}
  - {scim: "https://idp.northwind.example/scim/v2/", file: hr/people.jsonl, token_file: scim.token, max_age: 2d, kind: {contractor: Vendor}, proxy: "http://proxy.northwind.example:3128", ca_file: northwind.pem, timeout: 30s, attempts: 3}
links: ../shared/links.yaml
nonhuman: nonhuman.yaml
domain_aliases: {northwind.example: [nw.example, nw2.example], sub.example: other.example}
expect: {users: {min: 250}, api_keys: {min: 1}}
rules: [rules]
policies: [policies/access.yaml, anthropic-baseline, house]
waivers: waivers.yaml
)";

TEST(Config, ReadsEveryKey) {
  MemoryFileSystem files;
  files.add("audit/muster.yaml", std::string(kConfig));
  files.add("audit/house", "policy: house\nrules: [a.b]\n");
  Diagnostics problems;
  const auto config = load_config(files, "audit/muster.yaml", problems);
  ASSERT_TRUE(config) << problems.render();
  EXPECT_TRUE(problems.warnings().empty());
  EXPECT_EQ(config->organization, "northwind");
  EXPECT_EQ(config->snapshot, "audit/snapshots/latest");
  EXPECT_EQ(config->max_snapshot_age_us, kDay + kDay / 2);
  EXPECT_EQ(config->links, "shared/links.yaml");
  EXPECT_EQ(config->nonhuman, "audit/nonhuman.yaml");
  EXPECT_EQ(config->waivers, "audit/waivers.yaml");
  EXPECT_THAT(config->rule_folders, ElementsAre("audit/rules"));
  EXPECT_THAT(config->policies,
              ElementsAre("audit/policies/access.yaml", "anthropic-baseline", "audit/house"));
  EXPECT_THAT(config->domain_aliases,
              ElementsAre(Pair("northwind.example", ElementsAre("nw.example", "nw2.example")),
                          Pair("sub.example", ElementsAre("other.example"))));
  ASSERT_EQ(config->expect.size(), 2u);
  EXPECT_EQ(config->expect[0].dataset, "users");
  EXPECT_EQ(config->expect[0].min, 250u);
  EXPECT_EQ(config->expect[0].place.line, 24u);
  EXPECT_EQ(config->expect[0].place.column, 10u);
  EXPECT_EQ(config->expect[1].dataset, "api_keys");
  EXPECT_EQ(config->file, "audit/muster.yaml");
  EXPECT_EQ(config->folder, "audit");
  EXPECT_EQ(config->bytes, kConfig.size());
  EXPECT_EQ(config->sha256.size(), 64u);

  ASSERT_EQ(config->rosters.size(), 3u);
  const RosterSource& scim = config->rosters[2];
  EXPECT_EQ(scim.format, RosterSource::Format::scim);
  EXPECT_EQ(scim.service.base_url, "https://idp.northwind.example/scim/v2");
  EXPECT_EQ(scim.service.key.file, "audit/scim.token");
  EXPECT_EQ(scim.path, "audit/hr/people.jsonl");
  EXPECT_EQ(scim.max_age_us, 2 * kDay);
  EXPECT_TRUE(scim.service.is_bearer);
  EXPECT_EQ(scim.service.proxy, "http://proxy.northwind.example:3128");
  EXPECT_EQ(scim.service.ca_file, "audit/northwind.pem");
  EXPECT_EQ(scim.service.timeout_us, 30 * kMicrosPerSecond);
  EXPECT_EQ(scim.service.attempts, 3u);
  EXPECT_TRUE(scim.service.verifies_tls);
  const RosterSource& csv = config->rosters[0];
  EXPECT_EQ(csv.format, RosterSource::Format::csv);
  EXPECT_EQ(csv.path, "audit/hr/roster.csv");
  EXPECT_EQ(csv.shown_path, "hr/roster.csv");
  EXPECT_THAT(csv.columns, ElementsAre(Pair("department", "department"), Pair("email", "work_email"),
                                       Pair("end", "last_day"), Pair("kind", "worker_type"),
                                       Pair("manager", "manager_id"), Pair("person_id", "employee_id"),
                                       Pair("start", "hired"), Pair("status", "status")));
  EXPECT_EQ(csv.zone, "America/New_York");
  EXPECT_THAT(csv.status, ElementsAre(Pair("active", ElementsAre("Active", "On leave", "no")),
                                      Pair("terminated", ElementsAre("Terminated"))));
  EXPECT_THAT(csv.kind, ElementsAre(Pair("contractor", ElementsAre("Contingent", "Consultant"))));
  EXPECT_EQ(csv.as_of, (Date{2026, 11, 20}));
  EXPECT_EQ(csv.as_of_column, "");
  EXPECT_EQ(csv.max_age_us, 7 * kDay);
  EXPECT_EQ(csv.min_rows, 300u);
  EXPECT_EQ(csv.date_format, "%m/%d/%Y");
  EXPECT_EQ(csv.delimiter, ';');
  EXPECT_EQ(csv.place.line, 9u);
  EXPECT_EQ(csv.place.file, "audit/muster.yaml");
  const RosterSource& jsonl = config->rosters[1];
  EXPECT_EQ(jsonl.format, RosterSource::Format::jsonl);
  EXPECT_EQ(jsonl.path, "/exports/contractors.jsonl");
  EXPECT_EQ(jsonl.as_of_column, "exported_on");
  EXPECT_EQ(jsonl.max_age_us, kDay + kDay / 2);
  EXPECT_FALSE(jsonl.min_rows);
  EXPECT_EQ(jsonl.delimiter, 0);
}

TEST(Config, AFolderOfPoliciesIsAllOfThem) {
  MemoryFileSystem files;
  files.add("audit/muster.yaml", "muster: 1\npolicies: [policies, anthropic-baseline]\n");
  for (const char* name : {"b.yaml", "a.yml", "notes.txt", ".draft.yaml"})
    files.add(std::string("audit/policies/") + name, "");
  Diagnostics problems;
  const auto config = load_config(files, "audit/muster.yaml", problems);
  ASSERT_TRUE(config) << problems.render();
  EXPECT_THAT(config->policies,
              ElementsAre("audit/policies/a.yml", "audit/policies/b.yaml", "anthropic-baseline"));

  MemoryFileSystem empty;
  empty.add("muster.yaml", "muster: 1\npolicies: policies/\n");
  empty.add("policies/notes.txt", "");
  EXPECT_FALSE(load_config(empty, "muster.yaml", problems));
  EXPECT_EQ(problems.errors().front().message,
            "the folder policies/ of `policies` has no policy: no file that ends in .yaml");
}

TEST(Config, AcceptsTheShortest) {
  MemoryFileSystem files;
  files.add("muster.yaml",
            "\xEF\xBB\xBF"
            "muster: 1\r\nroster: {csv: r.csv, delimiter: \"\\t\"}\r\npolicies: anthropic-baseline\r\nrules: "
            "own\r\n");
  Diagnostics problems;
  const auto config = load_config(files, "muster.yaml", problems);
  ASSERT_TRUE(config) << problems.render();
  EXPECT_EQ(config->organization, "");
  EXPECT_EQ(config->snapshot, "");
  EXPECT_EQ(config->folder, ".");
  ASSERT_EQ(config->rosters.size(), 1u) << "one mapping is a list of one";
  EXPECT_EQ(config->rosters[0].path, "r.csv");
  EXPECT_EQ(config->rosters[0].delimiter, '\t');
  EXPECT_THAT(config->policies, ElementsAre("anthropic-baseline")) << "one text is a list of one";
  EXPECT_THAT(config->rule_folders, ElementsAre("own"));
}

TEST(Config, ReportsEveryProblemOfTheFileAtOnce) {
  EXPECT_EQ(
      config_problems("muster: 2\n"
                      "organisation: northwind\n"
                      "roster:\n"
                      "  - csv: hr/roster.csv\n"
                      "    columns: {person_id: id, emial: work_email}\n"
                      "    zone: America/New_Yrk\n"
                      "    max_age: 7\n"
                      "expect: {users: {minimum: 250}}\n"
                      "rules: 5\n"
                      "policies: [anthropic-basline]\n"
                      "waivers:\n"),
      "error[config.invalid]: this muster reads version 1 of the config, not 2\n"
      "  --> muster.yaml:1:9\n"
      "   |\n"
      " 1 | muster: 2\n"
      "   |         ^\n"
      "   = help: use the muster that the file was written for\n"
      "\n"
      "error[config.unknown_key]: a config has no key `organisation`\n"
      "  --> muster.yaml:2:1\n"
      "   |\n"
      " 2 | organisation: northwind\n"
      "   | ^\n"
      "   = help: did you mean `organization`?\n"
      "\n"
      "error[config.unknown_key]: `emial` is not a roster field\n"
      "  --> muster.yaml:5:30\n"
      "   |\n"
      " 5 |     columns: {person_id: id, emial: work_email}\n"
      "   |                              ^\n"
      "   = help: did you mean `email`?\n"
      "\n"
      "error[time.zone]: there is no time zone \"America/New_Yrk\"\n"
      "  --> muster.yaml:6:11\n"
      "   |\n"
      " 6 |     zone: America/New_Yrk\n"
      "   |           ^\n"
      "   = help: did you mean America/New_York?\n"
      "\n"
      "error[time.format]: `max_age` is not a duration: \"7\"\n"
      "  --> muster.yaml:7:14\n"
      "   |\n"
      " 7 |     max_age: 7\n"
      "   |              ^\n"
      "   = help: say the unit: 7d or 7h\n"
      "\n"
      "error[roster.age]: `max_age` needs the day of the export, which a file's own time does not prove\n"
      "  --> muster.yaml:7:14\n"
      "   |\n"
      " 7 |     max_age: 7\n"
      "   |              ^\n"
      "   = help: add `as_of` with a date, or `as_of_column`\n"
      "\n"
      "error[config.missing_key]: an expectation lacks the key `min`\n"
      "  --> muster.yaml:8:17\n"
      "   |\n"
      " 8 | expect: {users: {minimum: 250}}\n"
      "   |                 ^\n"
      "   = help: Fewer rows count as half a collection: rules that read the dataset are unknown.\n"
      "\n"
      "error[config.unknown_key]: an expectation has no key `minimum`\n"
      "  --> muster.yaml:8:18\n"
      "   |\n"
      " 8 | expect: {users: {minimum: 250}}\n"
      "   |                  ^\n"
      "   = help: known: `min`\n"
      "\n"
      "error[config.wrong_type]: `rules` must be a list of texts or one text, not the number 5\n"
      "  --> muster.yaml:9:8\n"
      "   |\n"
      " 9 | rules: 5\n"
      "   |        ^\n"
      "   = help: if the text \"5\" is meant, write [\"5\"]\n"
      "\n"
      "error[policy.unknown]: no shipped policy is named \"anthropic-basline\", and no such file is there\n"
      "   --> muster.yaml:10:12\n"
      "    |\n"
      " 10 | policies: [anthropic-basline]\n"
      "    |            ^\n"
      "    = help: did you mean `anthropic-baseline`?\n"
      "\n"
      "error[config.wrong_type]: `waivers` has no value; it must be a text\n"
      "   --> muster.yaml:11:1\n"
      "    |\n"
      " 11 | waivers:\n"
      "    | ^\n"
      "    = help: give it a value, or remove it\n");
}

TEST(Config, NeverTakesACredential) {
  const auto problems = config_problems(
      "muster: 1\n"
      "sources:\n"
      "  - provider: anthropic-admin\n"
      "    api_key: sk-ant-admin01-secret\n"
      "  - {provider: anthropic-admin, token: hunter2}\n"
      "  - {provider: anthropic-admin, token_env: sk-ant-admin01-secret}\n");
  EXPECT_EQ(problems,
            "error[config.invalid]: a credential never stands in a file\n"
            "  --> muster.yaml:4:5\n"
            "   |\n"
            " 4 |     api_key: *********************\n"
            "   |     ^\n"
            "   = help: name where it comes from: `api_key_env`, `api_key_file`, `api_key_command`, or the "
            "same with `token`; then replace the key, it may "
            "have been seen\n"
            "\n"
            "error[config.invalid]: a credential never stands in a file\n"
            "  --> muster.yaml:5:33\n"
            "   |\n"
            " 5 |   - {provider: anthropic-admin, token: ********\n"
            "   |                                 ^\n"
            "   = help: name where it comes from: `api_key_env`, `api_key_file`, `api_key_command`, or the "
            "same with `token`; then replace the key, it may "
            "have been seen\n"
            "\n"
            "error[config.invalid]: `token_env` may not be \"*********************\"\n"
            "  --> muster.yaml:6:44\n"
            "   |\n"
            " 6 |   - {provider: anthropic-admin, token_env: *********************}\n"
            "   |                                            ^\n"
            "   = help: write the name of an environment variable\n");
}

struct Wrong {
  std::string text, problem;
};

TEST(Config, SaysWhatIsWrongAndHowToMendIt) {
  const Wrong cases[] = {
      {"organization: x\n", "1:1 a config lacks the key `muster` | The version of this file's format: 1."},
      {"muster: \"1\"\n",
       "1:9 `muster` must be a whole number from 1 on, not the text \"1\" | remove the quotes"},
      {"muster: 1\norganization: \" \"\n", "2:15 `organization` is empty | give it a value, or remove it"},
      {"muster: 1\norganization: {name: x}\n", "2:15 `organization` must be a text, not a mapping | "},
      {"muster: 1\nsources: []\n", "2:10 `sources` is an empty list | name at least one, or remove the key"},
      {"muster: 1\nsources: {provider: anthropic-admin, token_env: A}\n",
       "2:10 `sources` must be a list, not a mapping | "},
      {"muster: 1\nsources: [{provider: anthropic, api_key_env: A}]\n",
       "2:22 `provider` must be one of `anthropic-admin`, `anthropic-compliance`, not \"anthropic\" "
       "| "},
      {"muster: 1\nsources: [{provider: anthropic-admin}]\n",
       "2:11 a source lacks a credential | add `api_key_env`, `api_key_file` or `api_key_command`, or the "
       "same with `token`"},
      {"muster: 1\nsources: [{provider: anthropic-admin, token_env: A, token_file: b}]\n",
       "2:11 a source has one credential | keep one of the keys that end in _env, _file or _command"},
      {"muster: 1\nsources: [{provider: anthropic-admin, token_env: A, base_url: "
       "\"https://user:pw@x.example\"}]\n",
       "2:63 `base_url` may not be \"https://user:pw@x.example\" | write https://HOST/PATH without user "
       "name, query or fragment"},
      {"muster: 1\nmax_snapshot_age: tomorrow\n",
       "2:19 `max_snapshot_age` is not a duration: \"tomorrow\" | write a number and a unit: 7d, 12h, 30m, "
       "90s, 2w, 1d12h"},
      {"muster: 1\nmax_snapshot_age: 0d\n",
       "2:19 `max_snapshot_age` is not a duration: \"0d\" | write a number and a unit: 7d, 12h, 30m, 90s, "
       "2w, 1d12h"},
      {"muster: 1\nroster: hr.csv\n",
       "2:9 `roster` must be a mapping, not the text \"hr.csv\" | its keys are `csv`, `json`, `jsonl`, "
       "`scim`, `file`, `token_env`, `token_file`, `token_command`, `proxy`, `proxy_user`, "
       "`proxy_password_env`, `ca_file`, `tls`, `timeout`, `stall_timeout`, `attempts`, `longest_wait`, "
       "`page_size`, `rate_limit`, `columns`, `zone`, `date_format`, `status`, `kind`, "
       "`delimiter`, `as_of`, `as_of_column`, `max_age`, `min_rows`"},
      {"muster: 1\nroster: [{zone: UTC}]\n",
       "2:10 a roster lacks its file | add `csv`, `json` or `jsonl` with a path, or `scim` with an address"},
      {"muster: 1\nroster: [{scim: \"https://idp.example/scim/v2\"}]\n",
       "2:10 a SCIM roster lacks its token | add `token_env`, `token_file` or `token_command`"},
      {"muster: 1\nroster: [{scim: \"https://idp.example/scim/v2\", token_env: A, token_file: b}]\n",
       "2:74 a SCIM roster has one token | keep one of `token_env`, `token_file` and `token_command`"},
      {"muster: 1\nroster: [{scim: idp.example, token_env: A}]\n",
       "2:17 `scim` may not be \"idp.example\" | write https://HOST/PATH without user name, query or "
       "fragment"},
      {"muster: 1\nroster: [{scim: \"https://idp.example\", token_env: A, as_of: 2026-11-20}]\n",
       "2:61 a SCIM roster has no `as_of` | remove it: the service's attributes and the day of the "
       "collection are known"},
      {"muster: 1\nroster: [{csv: a, token_env: A}]\n",
       "2:30 `token_env` is for a SCIM roster | add `scim` with the service's address, or remove it"},
      {"muster: 1\nroster: [{csv: a, proxy: \"http://p.example:3128\", ca_file: b}]\n",
       "2:26 `proxy` is for a SCIM roster | add `scim` with the service's address, or remove it\n"
       "2:60 `ca_file` is for a SCIM roster | add `scim` with the service's address, or remove it"},
      {"muster: 1\nroster: [{scim: \"https://a.example\", token_env: A, proxy_password_env: B}]\n",
       "2:72 a proxy's password needs its user | add `proxy_user`"},
      {"muster: 1\nroster: [{scim: \"https://a.example\", token_env: A, proxy: \"http://u:p@p.example\"}]\n",
       "2:59 `proxy` may not be \"http://u:p@p.example\" | write http://HOST:PORT without a user name"},
      {"muster: 1\nroster: [{scim: \"https://a.example\", token_env: A, tls: off}]\n",
       "2:57 `tls` must be one of `verified`, `unverified`, not \"off\" | "},
      {"muster: 1\nroster: [{scim: \"https://a.example\", token_env: A}, {scim: \"https://b.example\", "
       "token_env: B}]\n",
       "2:53 two rosters are written to scim-roster.jsonl, or read from it | give each a `file` of its own"},
      {"muster: 1\nsources:\n- {provider: anthropic-admin, api_key_env: A, window: 45d}\n"
       "- {provider: anthropic-compliance, api_key_env: B}\n"
       "- {provider: anthropic-admin, token_env: C, window: 7d}\n"
       "- {provider: anthropic-admin, organization: other, token_env: D, window: 7d}\n",
       "5:3 two sources of one organization name different days | the first is at line 3; say `window`, or "
       "`from` and `to`, once for both"},
      {"muster: 1\nroster: [{csv: a, json: b}]\n",
       "2:19 a roster is one file | make the second one an item of its own"},
      {"muster: 1\nroster: [{csv: a, xlsx: b}]\n",
       "2:19 a roster has no key `xlsx` | known: `csv`, `json`, `jsonl`, `scim`, `file`, `token_env`, "
       "`token_file`, `token_command`, `proxy`, `proxy_user`, `proxy_password_env`, `ca_file`, `tls`, "
       "`timeout`, `stall_timeout`, `attempts`, `longest_wait`, `page_size`, `rate_limit`, `columns`, "
       "`zone`, `date_format`, `status`, `kind`, `delimiter`, "
       "`as_of`, "
       "`as_of_column`, `max_age`, `min_rows`"},
      {"muster: 1\nroster: [{csv: a, columns: {}}]\n",
       "2:28 `columns` is an empty mapping | name at least one, or remove the key"},
      {"muster: 1\nroster: [{csv: a, columns: [email]}]\n",
       "2:28 `columns` must be a mapping, not a list | "},
      {"muster: 1\nroster: [{csv: a, columns: {email: [a, b]}}]\n",
       "2:36 `email` must be a text, not a list | "},
      {"muster: 1\nroster: [{csv: a, status: {active: [on, OFF], terminated: [off]}}]\n",
       "2:60 the word \"off\" means both active and terminated | words are compared without regard to case; "
       "keep one of them"},
      {"muster: 1\nroster: [{csv: a, status: {active: TERMINATED}}]\n",
       "2:36 the word \"TERMINATED\" means both terminated and active | words are compared without regard to "
       "case; keep one of them"},
      {"muster: 1\nroster: [{csv: a, status: {inactive: [x]}}]\n",
       "2:28 `inactive` is not a status | did you mean `active`?"},
      {"muster: 1\nroster: [{csv: a, status: {active: 1}}]\n",
       "2:36 `active` must be a list of texts or one text, not the number 1 | if the text \"1\" is meant, "
       "write [\"1\"]"},
      {"muster: 1\nroster: [{csv: a, kind: {contracter: [x]}}]\n",
       "2:26 `contracter` is not a kind of person | did you mean `contractor`?"},
      {"muster: 1\nroster: [{csv: a, as_of: 2026-02-30}]\n",
       "2:26 `as_of` is not a date: \"2026-02-30\" | write a day of the calendar as YYYY-MM-DD"},
      {"muster: 1\nroster: [{csv: a, as_of: 20/11/2026}]\n",
       "2:26 `as_of` is not a date: \"20/11/2026\" | write a day of the calendar as YYYY-MM-DD"},
      {"muster: 1\nroster: [{csv: a, as_of: 2026-11-20, as_of_column: b}]\n",
       "2:52 `as_of` and `as_of_column` both say the day of the export | keep one of them"},
      {"muster: 1\nroster: [{csv: a, max_age: 7d}]\n",
       "2:28 `max_age` needs the day of the export, which a file's own time does not prove | add `as_of` "
       "with a date, or `as_of_column`"},
      {"muster: 1\nroster: [{csv: a, min_rows: 012}]\n",
       "2:29 `min_rows` must be a whole number from 1 on, not the number 012 | write decimal digits only, "
       "without leading zeros, signs, points or separators"},
      {"muster: 1\nroster: [{csv: a, min_rows: 1e3}]\n",
       "2:29 `min_rows` must be a whole number from 1 on, not the number 1e3 | write decimal digits only, "
       "without leading zeros, signs, points or separators"},
      {"muster: 1\nroster: [{csv: a, min_rows: 99999999999999999999}]\n",
       "2:29 `min_rows` must be a whole number from 1 on, not the number 99999999999999999999 | write "
       "decimal digits only, without leading zeros, signs, "
       "points or separators"},
      {"muster: 1\nroster: [{csv: a, date_format: \"%d.%m\"}]\n",
       "2:32 `date_format` may not be \"%d.%m\" | write one day, one month and one year: %d, %m or %b or %B, "
       "%Y or %y, as in %m/%d/%Y"},
      {"muster: 1\nroster: [{csv: a, date_format: \"%Y-%m-%dT%H\"}]\n",
       "2:32 `date_format` may not be \"%Y-%m-%dT%H\" | write one day, one month and one year: %d, %m or %b "
       "or %B, %Y or %y, as in %m/%d/%Y"},
      {"muster: 1\nroster: [{csv: a, delimiter: \";;\"}]\n",
       "2:30 `delimiter` may not be \";;\" | write comma, semicolon, tab or pipe, or one of , ; | : ^ ~ in "
       "quotes"},
      {"muster: 1\nroster: [{json: a, delimiter: tab}]\n",
       "2:31 only a CSV roster has a delimiter | remove it"},
      {"muster: 1\ndomain_aliases: {x@nw.example: nw.example}\n",
       "2:18 `x@nw.example` is not a domain | write the part behind the @, without patterns: "
       "northwind.example"},
      {"muster: 1\ndomain_aliases: {nw.example: [\"*.example\"]}\n",
       "2:31 an item of `nw.example` may not be \"*.example\" | write the part behind the @, without "
       "patterns: northwind.example"},
      {"muster: 1\nexpect: {users: 250}\n",
       "2:17 `users` must be a mapping, not the number 250 | its keys are `min`"},
      {"muster: 1\nexpect: {users: {minimum: 250, min: 0}}\n",
       "2:18 an expectation has no key `minimum` | known: `min`\n"
       "2:37 `min` must be a whole number from 1 on, not the number 0 | write decimal digits only, without "
       "leading zeros, signs, points or separators"},
      {"muster: 1\nexpect: [users]\n", "2:9 `expect` must be a mapping, not a list | "},
      {"muster: 1\nrules: [a, [b]]\n", "2:12 an item of `rules` must be a text, not a list | "},
      {"muster: 1\npolicies: [~]\n",
       "2:12 an item of `policies` has no value; it must be a text | give it a value, or remove it"},
      {"- muster\n",
       "1:1 a config must be a mapping, not a list | its keys are `muster`, `organization`, `sources`, "
       "`snapshot`, `previous_snapshot`, `max_snapshot_age`, `roster`, `links`, "
       "`nonhuman`, `domain_aliases`, `expect`, `rules`, `policies`, `waivers`, `attestations`, "
       "`waiver_rules`, `due_within`, `retain`"},
      {"", "0:0 the file is empty; it should hold a config | "},
      {"# later\n", "0:0 the file is empty; it should hold a config | "},
  };
  for (const auto& [text, problem] : cases) {
    MemoryFileSystem files;
    files.add("muster.yaml", text);
    Diagnostics problems;
    EXPECT_FALSE(load_config(files, "muster.yaml", problems)) << text;
    std::string told;
    for (const Error& error : problems.errors())
      told += (told.empty() ? "" : "\n") + std::to_string(error.place.line) + ":" +
              std::to_string(error.place.column) + " " + error.message + " | " + error.hint;
    EXPECT_EQ(told, problem) << text;
    EXPECT_EQ(problems.exit_code(), ExitCode::wrong_input);
  }
}

TEST(Config, SaysWhyAFileCannotBeRead) {
  MemoryFileSystem files;
  files.add("denied.yaml", "muster: 1\n");
  files.deny("denied.yaml");
  files.add("huge.yaml", std::string((4u << 20) + 1, '#'));
  Diagnostics problems;
  for (const char* path : {"absent.yaml", "denied.yaml", "huge.yaml"})
    EXPECT_FALSE(load_config(files, path, problems));
  ASSERT_EQ(problems.errors().size(), 3u);
  EXPECT_EQ(problems.errors()[0].code, ErrorCode::file_not_found);
  EXPECT_EQ(problems.errors()[0].place.file, "absent.yaml");
  EXPECT_EQ(problems.errors()[1].code, ErrorCode::file_unreadable);
  EXPECT_EQ(problems.errors()[2].code, ErrorCode::file_too_large);
}

}  // namespace
}  // namespace muster::policy
