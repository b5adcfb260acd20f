// muster waiver list, check and add on Northwind, and the text that add writes.
#include "cli/waivers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "cli/support.h"
#include "policy/policy.h"

namespace muster::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kFile = "northwind/waivers.yaml";

struct Project : Muster {
  Project() {
    with_northwind(*this);
    files.add("northwind/own.yaml",
              "policy: own\nrules: [accounts.linked_to_roster, accounts.leavers_removed, keys.no_expiry, "
              "keys.max_age]\n");
  }
  Outcome waiver(const std::string& command, std::vector<std::string> more = {}) {
    std::vector<std::string> texts{
        "waiver", command, "-c", "northwind/muster.yaml", "--policy", "northwind/own.yaml"};
    texts.insert(texts.end(), more.begin(), more.end());
    return (*this)(texts);
  }
  std::string file() { return files.read_file(kFile).value(); }
  Outcome add(std::vector<std::string> more) {
    std::vector<std::string> texts{"--reason", "until the move"};
    if (std::find(more.begin(), more.end(), "--approver") == more.end())
      texts.insert(texts.end(), {"--approver", "margarethe.halvorsen@northwind.example"});
    texts.insert(texts.end(), more.begin(), more.end());
    return waiver("add", texts);
  }
};

TEST(WaiverList, SaysStateDaysAndWhatIsExcused) {
  Project muster;
  const Outcome list = muster.waiver("list");
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_THAT(list.out,
              ContainsRegex("W-01 +active +1 +2027-01-31 \\(in 72 days\\) +accounts.linked_to_roster +email: "
                            "northwind-audit@harlowpike.example"));
  EXPECT_THAT(list.out, ContainsRegex("W-04 +expired +0 +2026-10-31 \\(20 days ago\\)"));
  EXPECT_THAT(list.out, ContainsRegex("W-14 +not_started +0 +2027-02-28"));
  EXPECT_THAT(list.out, ContainsRegex("W-15 +unused +0"));
  EXPECT_THAT(
      list.out,
      ContainsRegex("15 waivers as of 2026-11-20T08:00:00Z, [0-9]+ with effect, [0-9]+ failures excused"));
}

TEST(WaiverList, IsJsonForPrograms) {
  Project muster;
  const auto value = json::parse(muster.waiver("list", {"--json"}).out);
  ASSERT_TRUE(value);
  ASSERT_EQ(value->array()->size(), 15U);
  const json::Value& fourth = (*value->array())[3];
  EXPECT_EQ(*fourth.find("id")->string(), "W-04");
  EXPECT_EQ(*fourth.find("state")->string(), "expired");
  EXPECT_EQ(*fourth.find("days_left")->integer(), -20);
  EXPECT_EQ(*fourth.find("file")->string(), "waivers.yaml");
  EXPECT_EQ(*fourth.find("line")->integer(), 29);
  EXPECT_THAT(*fourth.find("why")->string(), HasSubstr("it expired on 2026-10-31"));
}

TEST(WaiverList, NeedsAWaiverFile) {
  Project muster;
  muster.files.add("northwind/muster.yaml", "muster: 1\nsnapshot: snapshot\npolicies: [own.yaml]\n");
  for (const char* command : {"list", "check"}) {
    const Outcome outcome = muster.waiver(command);
    EXPECT_EQ(outcome.code, 64);
    EXPECT_THAT(outcome.err, StartsWith("error[config.missing_key]: the config names no waiver file\n"));
    EXPECT_THAT(outcome.err, HasSubstr("set `waivers: waivers.yaml` there"));
  }
}

TEST(WaiverCheck, NamesFileAndLineOfEachThatIsNotFine) {
  Project muster;
  const Outcome check = muster.waiver("check");
  EXPECT_EQ(check.code, 1) << check.out << check.err;
  EXPECT_THAT(check.out, HasSubstr("waivers.yaml:29: expired: waiver W-04 for accounts.leavers_removed: its "
                                   "last day was 2026-10-31, 20 days ago\n"));
  EXPECT_THAT(
      check.out,
      ContainsRegex("waivers.yaml:[0-9]+: unused: waiver W-15 for keys.no_expiry: it excuses nothing"));
  EXPECT_THAT(check.out, Not(HasSubstr("W-01 ")));
  EXPECT_THAT(check.out, Not(HasSubstr("W-14 "))) << "it has not started";
}

TEST(WaiverCheck, IsFineWhenAllAre) {
  Project muster;
  const std::string item =
      "- {id: W-1, rule: accounts.linked_to_roster, subject: {email: northwind-audit@harlowpike.example}, "
      "reason: r, approver: margarethe.halvorsen@northwind.example, expires: 2027-01-31}\n";
  muster.files.add(kFile, item);
  const Outcome fine = muster.waiver("check");
  EXPECT_EQ(fine.code, 0) << fine.out << fine.err;
  EXPECT_EQ(fine.out, "1 waiver as of 2026-11-20T08:00:00Z: all fine\n");
  EXPECT_EQ(muster.waiver("check", {"--within", "71"}).code, 0);
  const Outcome soon = muster.waiver("check", {"--within", "72"});
  EXPECT_EQ(soon.code, 1);
  EXPECT_THAT(soon.out, HasSubstr("waivers.yaml:1: active: waiver W-1 for accounts.linked_to_roster: its "
                                  "last day is 2027-01-31, in 72 days\n"));
  EXPECT_EQ(muster.waiver("check", {"--within", "-1"}).code, 64);
  muster.files.add(kFile,
                   "- {id: W-1, rule: accounts.linked_to_roster, subject: {email: "
                   "northwind-audit@harlowpike.example}, reason: r, expires: 2027-01-31}\n");
  const Outcome unapproved = muster.waiver("check");
  EXPECT_EQ(unapproved.code, 1);
  EXPECT_THAT(unapproved.out, HasSubstr("waivers.yaml:1: unapproved: "));
  muster.files.add(kFile, "[]\n");
  EXPECT_EQ(muster.waiver("check").code, 0);
}

TEST(WaiverCheck, DoesNotCallAWaiverUnusedWhoseRuleIsUndecided) {
  Project muster;
  muster.files.add(kFile,
                   "- {id: W-1, rule: admins.new, subject: {id: x}, reason: r, approver: "
                   "margarethe.halvorsen@northwind.example, expires: 2027-01-31}\n");
  muster.files.add("northwind/own.yaml", "policy: own\nrules: [admins.new]\n");
  const Outcome check = muster.waiver("check");
  EXPECT_EQ(check.code, 2) << check.out << check.err;
  EXPECT_THAT(check.out, HasSubstr("waivers.yaml:1: undecided: waiver W-1 for admins.new: whether "
                                   "it excuses anything is undecided"));
}

TEST(WaiverAdd, AppendsAndChangesNothingElse) {
  Project muster;
  const std::string before = muster.file();
  const Outcome add = muster.add({"--rule", "accounts.leavers_removed", "--id",
                                  "user_01QKvbetzkzwzMjZXWWNZLhh", "--ticket", "SEC-500", "--days", "30"});
  EXPECT_EQ(add.code, 0) << add.err;
  EXPECT_EQ(add.out,
            "waivers.yaml: W-16 added. It excuses 1 failure of accounts.leavers_removed, to the end of "
            "2026-12-20, in 30 days.\n");
  EXPECT_EQ(muster.file(), before +
                               "- id: \"W-16\"\n"
                               "  rule: accounts.leavers_removed\n"
                               "  subject: {\"id\": \"user_01QKvbetzkzwzMjZXWWNZLhh\"}\n"
                               "  reason: \"until the move\"\n"
                               "  approver: \"margarethe.halvorsen@northwind.example\"\n"
                               "  ticket: \"SEC-500\"\n"
                               "  starts: 2026-11-20\n"
                               "  expires: 2026-12-20\n");
  EXPECT_EQ(muster.waiver("list").code, 0);
}

TEST(WaiverAdd, RefusesWhatWouldBeWrongAndLeavesTheFile) {
  const std::string leaver = "user_01QKvbetzkzwzMjZXWWNZLhh";
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--rule", "accounts.leavers_remove", "--id", leaver, "--days", "30"},
       "there is no rule or policy entry 'accounts.leavers_remove'"},
      {{"--rule", "admins.count", "--id", leaver, "--days", "30"},
       "no policy selects the rule 'admins.count', so there is nothing to excuse"},
      {{"--rule", "accounts.leavers_removed", "--id", "user_nobody", "--days", "30"},
       "no subject of accounts.leavers_removed fits id: user_nobody (users, 3"},
      {{"--rule", "accounts.leavers_removed", "--field", "shoe_size=44", "--days", "30"},
       "which have no field 'shoe_size'"},
      {{"--rule", "accounts.leavers_removed", "--email", "sofia.marchetti@northwind.example", "--approver",
        "sofia.marchetti@northwind.example", "--days", "30"},
       "the approver sofia.marchetti@northwind.example is the subject"},
      {{"--rule", "accounts.leavers_removed", "--id", leaver, "--days", "366"},
       "it lasts 366 days, and 365d is the longest"},
      {{"--rule", "accounts.leavers_removed", "--id", leaver, "--expires", "never"},
       "never ends, and 365d is the longest"},
      {{"--rule", "accounts.leavers_removed", "--id", leaver, "--expires", "2026-11-01"},
       "--expires 2026-11-01 is before its first day, 2026-11-20"},
      {{"--rule", "accounts.leavers_removed", "--id", leaver, "--starts", "2026-10-01", "--expires",
        "2026-11-01"},
       "it expired on 2026-11-01"},
      {{"--rule", "accounts.leavers_removed", "--field", "role=user", "--days", "30"}, "is too broad"},
      {{"--rule", "accounts.leavers_removed", "--id", leaver}, "--expires or --days is missing"},
      {{"--rule", "accounts.leavers_removed", "--id", leaver, "--days", "3", "--expires", "2026-12-01"},
       "--expires and --days both say the last day"},
      {{"--rule", "accounts.leavers_removed", "--id", leaver, "--days", "0"}, "--days"},
      {{"--rule", "accounts.leavers_removed", "--id", leaver, "--expires", "tomorrow"}, "a date is wanted"},
      {{"--rule", "accounts.leavers_removed", "--days", "3"}, "--id, --email or --field is missing"},
      {{"--rule", "accounts.leavers_removed", "--id", leaver, "--email", "a@b.example", "--days", "3"},
       "named by one field"},
      {{"--rule", "accounts.leavers_removed", "--field", "role", "--days", "3"},
       "a field and a value or glob are wanted"},
      {{"--id", leaver, "--days", "3"}, "--rule is missing"},
  };
  for (const auto& [texts, problem] : cases) {
    Project muster;
    const std::string before = muster.file();
    const Outcome add = muster.add(texts);
    EXPECT_EQ(add.code, 64) << add.out << problem;
    EXPECT_THAT(add.err, HasSubstr(problem));
    EXPECT_THAT(add.err, testing::Not(HasSubstr("--> waivers.yaml:"))) << "it stands on no line of the file";
    EXPECT_EQ(muster.file(), before) << problem;
  }
}

TEST(WaiverAdd, LeavesTheFileWhenItCannotBeWritten) {
  Project muster;
  const std::string before = muster.file();
  muster.files.fail_writes_after(10);
  const Outcome add = muster.add(
      {"--rule", "accounts.leavers_removed", "--id", "user_01QKvbetzkzwzMjZXWWNZLhh", "--days", "30"});
  EXPECT_EQ(add.code, 64);
  EXPECT_EQ(muster.file(), before);
}

std::vector<Waiver> waivers_of(const std::string& text) {
  MemoryFileSystem files;
  files.add("w.yaml", text);
  Diagnostics problems;
  auto loaded = policy::load_waivers(files, "w.yaml", "w.yaml", problems);
  EXPECT_TRUE(loaded) << problems.render() << text;
  return loaded ? *loaded : std::vector<Waiver>{};
}

Waiver example() {
  Waiver waiver;
  waiver.id = "W-2";
  waiver.rule = "keys.max_age";
  waiver.subject = {"name", {"a: #\"b\"\\*", "żółć *"}, {}};
  waiver.reason = "quotes \" and\nlines # and: colons, [brackets] {braces} 'x' \\n \t";
  waiver.approver = "~";
  waiver.expires = Date{2027, 1, 31};
  return waiver;
}

TEST(WithWaiver, ReadsBackAsItWasInEveryFormOfFile) {
  const std::string item = "{id: W-1, rule: r.s, subject: {id: x}, reason: r, expires: 2027-01-01}";
  const std::vector<std::string> texts = {
      std::string(),
      std::string("# none yet\n"),
      std::string("[]\n"),
      std::string("# head\n[]  # none\n"),
      std::string("waivers: []\n"),
      std::string("waivers: []   # none"),
      "- " + item,
      "# head\n- " + item + "  # why\n\n# tail\n",
      "  - " + item + "\n",
      "waivers:\n- " + item + "\n",
      "waivers:\n    - " + item + "\n# tail",
      "- id: W-1\n  rule: r.s\n  subject:\n    id: x\n  reason: |\n    long\n    text\n  expires: "
      "2027-01-01\n"};
  for (const std::string& text : texts) {
    const std::vector<Waiver> present = waivers_of(text);
    const std::string after = with_waiver(text, present, example());
    const std::vector<Waiver> all = waivers_of(after);
    ASSERT_EQ(all.size(), present.size() + 1) << after;
    EXPECT_TRUE(is_same_waiver(all.back(), example())) << after;
    for (std::size_t i = 0; i < present.size(); ++i) EXPECT_TRUE(is_same_waiver(all[i], present[i])) << after;
    if (!present.empty()) {
      EXPECT_THAT(after, StartsWith(text));
    }
    for (const std::string comment : {"# head", "# none", "# tail", "# why"})
      if (text.find(comment) != std::string::npos) {
        EXPECT_THAT(after, HasSubstr(comment));
      }
  }
}

TEST(WithWaiver, IsRefusedWhereItDoesNotFit) {
  Project muster;
  const std::string list =
      "[{id: W-1, rule: accounts.linked_to_roster, subject: {id: x}, reason: r, approver: dana, expires: "
      "2027-01-31}]\n";
  muster.files.add(kFile, list);
  const Outcome add = muster.add(
      {"--rule", "accounts.leavers_removed", "--id", "user_01QKvbetzkzwzMjZXWWNZLhh", "--days", "30"});
  EXPECT_EQ(add.code, 64);
  EXPECT_THAT(add.err, HasSubstr("waivers.yaml cannot be appended to"));
  EXPECT_EQ(muster.file(), list);
}

TEST(NextWaiverId, CountsOnFromTheHighestOfTheLastName) {
  const auto next = [](const std::vector<std::string>& ids) {
    std::vector<Waiver> waivers;
    for (const std::string& id : ids) waivers.emplace_back().id = id;
    return next_waiver_id(waivers);
  };
  EXPECT_EQ(next({}), "W-1");
  EXPECT_EQ(next({"W-1", "W-9"}), "W-10");
  EXPECT_EQ(next({"W-17", "W-3"}), "W-18");
  EXPECT_EQ(next({"W-09"}), "W-10");
  EXPECT_EQ(next({"W-009"}), "W-010");
  EXPECT_EQ(next({"EX-4", "W-7", "EX-5"}), "EX-6");
  EXPECT_EQ(next({"audit"}), "audit-1");
  EXPECT_EQ(next({"audit-1", "audit"}), "audit-2");
  EXPECT_EQ(next({"7"}), "8");
}

}  // namespace
}  // namespace muster::cli
