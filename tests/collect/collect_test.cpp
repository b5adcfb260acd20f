// Whole collections from an API that is a function: no network, no waiting. The files are real.
#include "collect/collect.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "snapshot/ledger.h"

namespace muster::collect {
namespace {

using snapshot::DatasetStatus;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kNotFound =
    R"({"type":"error","error":{"type":"not_found_error","message":"Not found"}})";

/// An organization with users in pages, workspaces, and members of each. Thread-safe.
class Api {
 public:
  std::size_t users = 25, workspaces = 12;
  std::string linked_id = "org-1";           // what the Compliance API lists
  std::map<std::string, std::string> names;  // of workspaces; the others are called "w"
  /// What members say of their workspace: `,"workspace_id":"…"`.
  std::function<std::string(const std::string& workspace)> own_workspace;
  /// Before the reply to a request (counted from 1) is made; may change it.
  std::function<void(Api&, unsigned number, const std::string& target, http::Response&)> meddle;
  std::vector<std::string> ids;  // of the users, newest first
  unsigned asked = 0, most_at_once = 0;
  std::vector<std::string> targets;

  http::Response answer(const std::string& target) {
    const std::lock_guard guard(mutex_);
    if (ids.empty())
      for (std::size_t i = 0; i < users; ++i) ids.push_back(fmt::format("user_{:05}", users - i));
    ++asked;
    targets.push_back(target);
    http::Response response;
    response.started = response.ended = {1'790'000'000LL * kMicrosPerSecond};
    response.status = 200;
    if (meddle) meddle(*this, asked, target, response);
    if (response.status != 200 || response.failure != http::Failure::none || !response.body.empty())
      return response;
    const std::string path = target.substr(0, target.find('?'));
    if (path == "/v1/organizations/me") {
      response.body = R"({"id":"org-1","type":"organization","name":"Northwind"})";
    } else if (path == "/v1/organizations/users") {
      response.body = page(target, ids, R"({{"type":"user","id":"{}","role":"user"}})");
      if (response.body.empty()) response.status = 400;
    } else if (path == "/v1/organizations/workspaces") {
      std::vector<std::string> all;
      for (std::size_t i = 0; i < workspaces; ++i) all.push_back(fmt::format("wrkspc_{:03}", i));
      response.body = page(target, all, R"({{"id":"{0}","name":"{1}","archived_at":null}})");
    } else if (path.ends_with("/members")) {
      const std::string workspace = path.substr(28, path.size() - 36);
      std::vector<std::string> some;
      for (std::size_t i = 0; i < (workspace.back() - '0') * 2u; ++i)
        some.push_back(fmt::format("user_{:05}", i + 1));
      const std::string own = own_workspace ? own_workspace(workspace.substr(1)) : "";
      response.body = page(target, some, (R"({{"user_id":"{}")" + own + "}}").c_str());
    } else if (path == "/v1/compliance/organizations") {
      response.body = fmt::format(
          R"({{"data":[{{"uuid":"{}","name":"Northwind"}}],"has_more":false,"next_page":null}})", linked_id);
    } else {
      response.status = 404;
      response.body = kNotFound;
    }
    return response;
  }

 private:
  static std::string parameter(const std::string& target, const std::string& name) {
    const auto at = target.find(name + "=");
    return at == std::string::npos
               ? ""
               : target.substr(at + name.size() + 1, target.find('&', at) - at - name.size() - 1);
  }
  std::string page(const std::string& target, const std::vector<std::string>& all, const char* shape) const {
    std::size_t at = 0;
    if (const std::string after = parameter(target, "after_id"); !after.empty()) {
      const auto found = std::ranges::find(all, after);
      if (found == all.end()) return {};
      at = static_cast<std::size_t>(found - all.begin()) + 1;
    }
    const std::size_t end = std::min(all.size(), at + std::stoul(parameter(target, "limit")));
    std::string rows;
    for (std::size_t i = at; i < end; ++i)
      rows += (i > at ? "," : "") +
              fmt::format(fmt::runtime(shape), all[i], names.contains(all[i]) ? names.at(all[i]) : "w");
    return fmt::format(R"({{"data":[{}],"has_more":{},"last_id":{}}})", rows, end < all.size(),
                       at == end ? "null" : "\"" + all[end - 1] + "\"");
  }
  std::mutex mutex_;
};

class Collect : public ::testing::Test {
 protected:
  Collect() : files_(make_os_file_system()) {
    std::string pattern = ::testing::TempDir() + "/muster-collect-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Collect() override { std::filesystem::remove_all(folder_); }

  /// `stop_at`: the collection is told to stop before the reply of that number is made.
  Result<Outcome> collect(Api& api, const std::string& name, unsigned jobs = 1, unsigned stop_at = 0,
                          bool resumes = false) {
    Options options;
    options.sources.resize(1);
    options.sources[0].http.base_url = "https://api.example";
    options.sources[0].patience.attempts = 2;
    options.out = folder_ + "/" + name;
    options.fingerprint = fingerprint_;
    options.jobs = jobs;
    options.page_size = 10;
    options.resumes = resumes;
    options.datasets = {"organizations", "users", "workspaces", "workspace_members", "external_keys"};
    if (is_linked_) {
      options.sources.push_back(options.sources[0]);
      options.sources[1].provider = Provider::compliance;
      options.skip = {"compliance_users"};
    }
    if (more_) more_(options);
    std::atomic<unsigned> tried = 0;
    std::atomic<bool> is_stopped = false;
    Hooks hooks;
    hooks.should_stop = [&] { return is_stopped.load(); };
    hooks.wait = [](std::int64_t) { return true; };
    hooks.tell = [&](const std::string& line) { told_.push_back(line); };
    hooks.connect = [&](const Access&) -> http::Send {
      return [&](const std::string& target) {
        if (++tried >= stop_at && stop_at != 0) {
          is_stopped = true;
          http::Response response;
          response.failure = http::Failure::interrupted;
          return response;
        }
        return api.answer(target);
      };
    };
    return collect::collect(*files_, SystemClock(), options, hooks);
  }

  [[nodiscard]] std::string read(const std::string& path) const {
    std::ifstream file(folder_ + "/" + path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::size_t lines(const std::string& path) const {
    const std::string text = read(path);
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }
  static snapshot::DatasetManifest row(const Result<Outcome>& outcome, snapshot::Dataset dataset) {
    return outcome->manifest.row(dataset);
  }
  void verify(const std::string& name) const {
    for (const Error& error : snapshot::verify_snapshot_and_ledger(*files_, folder_ + "/" + name, 1))
      ADD_FAILURE() << error.message;
  }

  std::unique_ptr<FileSystem> files_;
  std::string folder_, fingerprint_ = "print";
  bool is_linked_ = false;  // with a key of the Compliance API besides
  std::function<void(Options&)> more_;
  std::vector<std::string> told_;
};

const snapshot::Source kAdmin{"anthropic-admin", "org-1"};
constexpr const char* kFiles[] = {"ledger.jsonl", "data/organizations.jsonl", "data/users.jsonl",
                                  "data/workspaces.jsonl", "data/workspace_members.jsonl"};

TEST_F(Collect, EveryRowOnceWithWhereItCameFrom) {
  Api api;
  const auto outcome = collect(api, "s");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, End::finished);
  EXPECT_EQ(row(outcome, snapshot::Dataset::users).rows, 25u);
  EXPECT_EQ(row(outcome, snapshot::Dataset::users).pages, 3u);
  EXPECT_EQ(row(outcome, snapshot::Dataset::users).status, DatasetStatus::complete);
  EXPECT_EQ(row(outcome, snapshot::Dataset::external_keys).status, DatasetStatus::unsupported);
  EXPECT_EQ(row(outcome, snapshot::Dataset::invites).status, DatasetStatus::not_requested);
  const std::string users = read("s/data/users.jsonl");
  EXPECT_THAT(users, ::testing::StartsWith(
                         R"({"from":{"request":2},"object":{"type":"user","id":"user_00025","role":"user"}})"
                         "\n"));
  EXPECT_EQ(row(outcome, snapshot::Dataset::users).from, kAdmin);
  EXPECT_EQ(row(outcome, snapshot::Dataset::external_keys).from, snapshot::Source{});
  // Organizations are written before it is known whose the others are.
  EXPECT_THAT(
      read("s/data/organizations.jsonl"),
      ::testing::StartsWith(
          R"({"from":{"provider":"anthropic-admin","organization_id":"org-1","request":1},"object":)"));
  EXPECT_EQ(row(outcome, snapshot::Dataset::organizations).from, snapshot::Source{});
  EXPECT_THAT(read("s/data/workspace_members.jsonl"),
              HasSubstr(R"({"from":{"workspace_id":"wrkspc_001","request":)"));
  const auto manifest = snapshot::load_manifest(*files_, folder_ + "/s");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->row(snapshot::Dataset::users).from, kAdmin);
  verify("s");
}

TEST_F(Collect, AParentThatTheObjectNamesItselfIsNotSaidTwice) {
  Api api;
  api.own_workspace = [](const std::string& workspace) -> std::string {
    if (workspace == "wrkspc_002") return R"(,"workspace_id":"wrkspc_999")";
    if (workspace == "wrkspc_004") return "";
    if (workspace == "wrkspc_005") return R"(,"work\u0073pace_id":"wrkspc_\u0030\u0030\u0035")";
    return R"(,"workspace_id":")" + workspace + "\"";
  };
  ASSERT_TRUE(collect(api, "s"));
  std::map<std::string, std::string> froms;  // by the workspace that was asked
  std::istringstream text(read("s/data/workspace_members.jsonl"));
  std::istringstream requests(read("s/ledger.jsonl"));
  std::vector<std::string> asked = {""};
  for (std::string line; std::getline(requests, line);) asked.push_back(line);
  for (std::string line; std::getline(text, line);) {
    const auto number = line.find("\"request\":");
    const std::string& of = asked.at(std::stoul(line.substr(number + 10)));
    froms[of.substr(of.find("wrkspc_"), 10)] = line.substr(0, number);
  }
  const std::string none = R"({"from":{)";
  EXPECT_THAT(froms, ElementsAre(std::pair("wrkspc_001", none),
                                 std::pair("wrkspc_002", none + R"("workspace_id":"wrkspc_002",)"),
                                 std::pair("wrkspc_003", none),
                                 std::pair("wrkspc_004", none + R"("workspace_id":"wrkspc_004",)"),
                                 std::pair("wrkspc_005", none), std::pair("wrkspc_006", none),
                                 std::pair("wrkspc_007", none), std::pair("wrkspc_008", none),
                                 std::pair("wrkspc_009", none), std::pair("wrkspc_011", none)));
  verify("s");
}

/// The Compliance API of two organizations, each with two users and a role that has the other's id.
void answer_for_two(Api&, unsigned, const std::string& target, http::Response& response) {
  constexpr std::string_view kBegin = "/v1/compliance/organizations";
  if (!target.starts_with(kBegin)) return;
  const std::string path = target.substr(kBegin.size(), target.find('?') - kBegin.size());
  const std::string of = path.empty() ? "" : path.substr(4, 2);  // "-1", "-2"
  std::string rows;
  if (path.empty())
    rows = R"({"uuid":"org-1","name":"Northwind"},{"uuid":"org-2","name":"Northwind Labs"})";
  else if (path.ends_with("/users"))
    rows = fmt::format(R"({{"id":"user_00001"}},{{"id":"user{}_2"}})", of);
  else if (path.ends_with("/roles"))
    rows = fmt::format(R"({{"id":"role{}"}})", of);
  else if (path.ends_with("/permissions"))
    rows = fmt::format(R"({{"action":"of{}"}})", of);
  if (!rows.empty())
    response.body = fmt::format(R"({{"data":[{}],"has_more":false,"next_page":null}})", rows);
}

/// A file's lines, each without its object's end.
std::vector<std::string> begins(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const auto request = line.find("\"request\":"), object = line.find("},\"object\":");
    out.push_back(line.substr(0, request) + "…" +
                  line.substr(object, line.find_first_of(",}", object + 11) - object));
  }
  return out;
}

TEST_F(Collect, RowsOfOtherProvidersAndOrganizationsSayWhoseTheyAre) {
  is_linked_ = true;
  more_ = [](Options& options) {
    options.skip = {};
    options.datasets = {"organizations", "users", "roles", "role_permissions"};
  };
  Api api;
  api.users = 2;
  api.meddle = answer_for_two;
  const auto outcome = collect(api, "s");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(row(outcome, snapshot::Dataset::users).from, kAdmin);
  const std::string compliance = R"({"from":{"provider":"anthropic-compliance",)";
  EXPECT_THAT(begins(read("s/data/users.jsonl")),
              ElementsAre(R"({"from":{…},"object":{"type":"user")", R"({"from":{…},"object":{"type":"user")",
                          compliance + R"(…},"object":{"id":"user_00001")",
                          compliance + R"(…},"object":{"id":"user-1_2")",
                          compliance + R"("organization_id":"org-2",…},"object":{"id":"user_00001")",
                          compliance + R"("organization_id":"org-2",…},"object":{"id":"user-2_2")"));
  EXPECT_THAT(
      begins(read("s/data/role_permissions.jsonl")),
      ElementsAre(
          compliance + R"("role_id":"role-1",…},"object":{"action":"of-1")",
          compliance + R"("organization_id":"org-2","role_id":"role-2",…},"object":{"action":"of-2")"));
  verify("s");
}

TEST_F(Collect, WhatLinesLeaveOutIsTheSameWhereverItStopped) {
  // The Compliance API alone; the organization of a role leads to its permissions.
  more_ = [](Options& options) {
    options.sources[0].provider = Provider::compliance;
    options.datasets = {"organizations", "users", "roles", "role_permissions"};
  };
  Api whole;
  whole.meddle = answer_for_two;
  const auto outcome = collect(whole, "whole");
  ASSERT_TRUE(outcome) << outcome.error().message;
  const snapshot::Source compliance{"anthropic-compliance", "org-1"};
  EXPECT_THAT(begins(read("whole/data/roles.jsonl")),
              ElementsAre(R"({"from":{…},"object":{"id":"role-1")",
                          R"({"from":{"organization_id":"org-2",…},"object":{"id":"role-2")"));
  EXPECT_THAT(
      begins(read("whole/data/role_permissions.jsonl")),
      ElementsAre(R"({"from":{"role_id":"role-1",…},"object":{"action":"of-1")",
                  R"({"from":{"organization_id":"org-2","role_id":"role-2",…},"object":{"action":"of-2")"));
  for (const unsigned jobs : {1u, 8u}) {
    for (unsigned stop = 1; stop <= whole.asked; ++stop) {
      Api api;
      api.meddle = answer_for_two;
      const std::string name = fmt::format("s{}-{}", jobs, stop);
      ASSERT_EQ(collect(api, name, jobs, stop)->end, End::interrupted) << name;
      const auto second = collect(api, name, jobs, 0, true);
      ASSERT_TRUE(second) << name;
      for (const auto dataset :
           {snapshot::Dataset::users, snapshot::Dataset::roles, snapshot::Dataset::role_permissions}) {
        const std::string file = fmt::format("/data/{}.jsonl", snapshot::spec_of(dataset).name);
        ASSERT_EQ(read(name + file), read("whole" + file)) << name;
        EXPECT_EQ(row(second, dataset).from, compliance) << name << file;
      }
      verify(name);
    }
  }
}

TEST_F(Collect, WhoseTheRowsAreIsNotSaidWhereNobodyKnows) {
  Api api;
  api.meddle = [](Api&, unsigned, const std::string& target, http::Response& response) {
    if (target == "/v1/organizations/me") response.status = 403;
  };
  const auto outcome = collect(api, "s");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(row(outcome, snapshot::Dataset::users).from, (snapshot::Source{"anthropic-admin", ""}));
  EXPECT_EQ(read("s/data/users.jsonl").find("organization_id"), std::string::npos);
  verify("s");
}

TEST_F(Collect, AsksNoMoreThanItMust) {
  Api api;
  ASSERT_TRUE(collect(api, "s"));
  // The organization; users in three pages and a look at their beginning; workspaces in two and a look;
  // members of 12, of which those of the sixth to the ninth, and of none else, need a second page and a look;
  // external keys.
  EXPECT_EQ(api.asked, 1u + 4 + 3 + 12 + 4 * 2 + 1);
  std::vector<std::string> all = api.targets;
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TEST_F(Collect, TheSameBytesForAnyNumberOfJobs) {
  Api one, many;
  ASSERT_TRUE(collect(one, "one", 1));
  ASSERT_TRUE(collect(many, "many", 16));
  for (const char* file : kFiles)
    EXPECT_EQ(read(std::string("one/") + file), read(std::string("many/") + file)) << file;
  EXPECT_EQ(one.asked, many.asked);
}

TEST_F(Collect, GoesOnWhereverItStopped) {
  Api whole;
  ASSERT_TRUE(collect(whole, "whole"));
  for (const unsigned jobs : {1u, 8u}) {
    for (unsigned stop = 1; stop <= whole.asked; ++stop) {
      Api api;
      const std::string name = fmt::format("s{}-{}", jobs, stop);
      const auto first = collect(api, name, jobs, stop);
      ASSERT_TRUE(first) << name;
      ASSERT_EQ(first->end, End::interrupted) << name;
      EXPECT_FALSE(std::filesystem::exists(folder_ + "/" + name));
      const auto second = collect(api, name, jobs, 0, true);
      ASSERT_TRUE(second) << name;
      ASSERT_EQ(second->end, End::finished) << name;
      EXPECT_TRUE(second->went_on) << name;
      for (const char* file : kFiles)
        ASSERT_EQ(read(name + "/" + file), read(std::string("whole/") + file)) << name << " " << file;
      // With one job no more is asked for again than the page that waited and the one in flight; a look at a
      // list's beginning has no checkpoint of its own.
      if (jobs == 1) {
        ASSERT_LE(api.asked, whole.asked + 3) << name;
      }
    }
  }
}

TEST_F(Collect, AnotherKeyStartsAnew) {
  Api api;
  ASSERT_EQ(collect(api, "s", 1, 4)->end, End::interrupted);
  fingerprint_ = "other";
  const auto again = collect(api, "s", 1, 0, true);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->went_on);
  EXPECT_THAT(again->note, HasSubstr("starts anew"));
  verify("s");
}

TEST_F(Collect, ADamagedFileIsNotGoneOnWith) {
  Api api;
  ASSERT_EQ(collect(api, "s", 1, 4)->end, End::interrupted);
  std::filesystem::resize_file(folder_ + "/s.partial/data/users.jsonl", 10);
  const auto again = collect(api, "s", 1, 0, true);
  EXPECT_FALSE(again);
}

TEST_F(Collect, RowsThatComeTwiceAreWrittenOnceAndTold) {
  Api api;
  api.meddle = [](Api&, unsigned, const std::string& target, http::Response& response) {
    // The second page begins with two rows of the first.
    if (target.find("users?limit=10&after_id=user_00016") == std::string::npos) return;
    std::string rows;
    for (int id = 17; id >= 8; --id)
      rows += fmt::format(R"({}{{"type":"user","id":"user_{:05}","role":"user"}})", id < 17 ? "," : "", id);
    response.body = fmt::format(R"({{"data":[{}],"has_more":true,"last_id":"user_00008"}})", rows);
  };
  const auto outcome = collect(api, "s");
  const auto users = row(outcome, snapshot::Dataset::users);
  EXPECT_EQ(users.status, DatasetStatus::complete);
  EXPECT_EQ(users.rows, 25u);
  EXPECT_EQ(lines("s/data/users.jsonl"), 25u);
  EXPECT_THAT(users.warnings, ElementsAre(HasSubstr("2 rows came twice")));
  verify("s");
}

TEST_F(Collect, ARowThatVanishesUnderTheCursorIsNoticed) {
  Api api;
  bool is_done = false;
  api.meddle = [&](Api& me, unsigned, const std::string& target, http::Response&) {
    if (is_done || target.find("after_id=user_00016") == std::string::npos) return;
    is_done = true;
    std::erase(me.ids, "user_00016");
  };
  const auto outcome = collect(api, "s");
  const auto users = row(outcome, snapshot::Dataset::users);
  EXPECT_EQ(users.status, DatasetStatus::complete);
  EXPECT_EQ(users.rows, 24u);
  EXPECT_THAT(users.warnings, Contains(HasSubstr("read again from its start")));
  EXPECT_EQ(read("s/data/users.jsonl").find("user_00016"), std::string::npos);
  verify("s");
}

TEST_F(Collect, AListThatChangesAtItsBeginningIsNoticed) {
  for (const bool comes : {true, false}) {
    Api api;
    api.meddle = [&](Api& me, unsigned, const std::string& target, http::Response&) {
      if (target.find("users?limit=10&after_id=user_00006") == std::string::npos) return;
      comes ? void(me.ids.insert(me.ids.begin(), "user_99999")) : void(me.ids.erase(me.ids.begin()));
    };
    const auto outcome = collect(api, comes ? "comes" : "goes");
    EXPECT_THAT(row(outcome, snapshot::Dataset::users).warnings,
                ElementsAre(HasSubstr("the list changed while it was read")));
    EXPECT_EQ(row(outcome, snapshot::Dataset::users).rows, 25u);
  }
}

TEST_F(Collect, AKeyThatIsRevokedInMidRunMakesTheRestDenied) {
  for (const unsigned jobs : {1u, 8u}) {
    Api api;
    api.meddle = [](Api&, unsigned, const std::string& target, http::Response& response) {
      if (target.find("/members") != std::string::npos) response.status = 401;
    };
    const auto outcome = collect(api, fmt::format("s{}", jobs), jobs);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->end, End::finished);
    EXPECT_EQ(row(outcome, snapshot::Dataset::users).status, DatasetStatus::complete);
    EXPECT_EQ(row(outcome, snapshot::Dataset::workspace_members).status, DatasetStatus::denied);
    EXPECT_THAT(row(outcome, snapshot::Dataset::workspace_members).reason, HasSubstr("401"));
    const auto of_members = [](const std::string& t) { return t.find("/members") != std::string::npos; };
    EXPECT_LE(std::ranges::count_if(api.targets, of_members), jobs);
  }
}

TEST_F(Collect, AKeyThatNeverWorkedEndsIt) {
  Api api;
  api.meddle = [](Api&, unsigned, const std::string&, http::Response& response) { response.status = 401; };
  EXPECT_EQ(collect(api, "s", 4)->end, End::refused);
}

TEST_F(Collect, OneListOfManyThatFailsIsTold) {
  Api api;
  api.meddle = [](Api&, unsigned, const std::string& target, http::Response& response) {
    if (target.find("wrkspc_007/members") != std::string::npos) response.status = 403;
  };
  const auto outcome = collect(api, "s", 4);
  const auto members = row(outcome, snapshot::Dataset::workspace_members);
  EXPECT_EQ(members.status, DatasetStatus::partial);
  EXPECT_EQ(members.reason, "1 of 12 failed");
  ASSERT_EQ(members.parents.size(), 1u);
  EXPECT_EQ(members.parents[0].id, "wrkspc_007");
  EXPECT_EQ(members.parents[0].status, DatasetStatus::denied);
}

TEST_F(Collect, TwoRowsOfOneIdThatDifferAreNotWhole) {
  for (const char* target : {"users?limit=10&after_id=user_00016", "users?limit=10&after_id=user_00006"}) {
    Api api;
    api.meddle = [&](Api&, unsigned, const std::string& asked, http::Response& response) {
      // A row of the page before with another role, or one of the first page.
      if (asked.find(target) != std::string::npos)
        response.body = R"({"data":[{"type":"user","id":"user_00016","role":"admin"}],"has_more":false})";
    };
    const auto users = row(collect(api, target), snapshot::Dataset::users);
    EXPECT_EQ(users.status, DatasetStatus::partial) << target;
    EXPECT_EQ(users.reason, "1 rows came twice and may differ: which is right is not known");
  }
}

TEST_F(Collect, AListThatBroughtAPageIsThere) {
  // Whatever comes behind a first page, the list is neither absent, denied, nor one that need not be.
  for (const int status : {400, 403, 404}) {
    Api api;
    bool has_failed = false;
    api.names = {{"wrkspc_007", "Default"}};
    api.meddle = [&](Api&, unsigned, const std::string& target, http::Response& response) {
      const bool is_page_two = target.find("wrkspc_007/members?limit=10&after_id") != std::string::npos;
      const bool is_again = has_failed && target.find("wrkspc_007/members") != std::string::npos;
      if (!is_page_two && !is_again) return;
      // The cursor is no longer known (400), and then the list is gone as well.
      response.status = has_failed ? status : status == 404 ? 404 : 400;
      response.body = kNotFound;
      has_failed = true;
    };
    const auto members = row(collect(api, fmt::format("s{}", status)), snapshot::Dataset::workspace_members);
    EXPECT_TRUE(has_failed);
    EXPECT_EQ(members.status, DatasetStatus::partial) << status;
    ASSERT_EQ(members.parents.size(), 1u) << status;
    EXPECT_EQ(members.parents[0].status, DatasetStatus::partial) << status;
  }
}

TEST_F(Collect, WhatEveryOrganizationHasIsNeverAbsent) {
  const auto collect_with = [this](const std::string& path, const std::string& body,
                                   const std::string& name) {
    Api api;
    api.meddle = [&](Api&, unsigned, const std::string& target, http::Response& response) {
      if (target.find(path) == std::string::npos) return;
      response.status = 404;
      response.body = body;
    };
    return collect(api, name);
  };
  EXPECT_EQ(row(collect_with("/users", kNotFound, "a"), snapshot::Dataset::users).status,
            DatasetStatus::partial);
  // What came later may not be there, but only the API itself can say so.
  EXPECT_EQ(row(collect_with("/external_keys", kNotFound, "b"), snapshot::Dataset::external_keys).status,
            DatasetStatus::unsupported);
  EXPECT_EQ(
      row(collect_with("/external_keys", "<html>nginx</html>", "c"), snapshot::Dataset::external_keys).status,
      DatasetStatus::partial);
  const auto nowhere = collect_with("/me", "nope", "d");
  ASSERT_TRUE(nowhere);
  EXPECT_EQ(nowhere->end, End::unreachable);
  EXPECT_THAT(nowhere->reason, HasSubstr("is base_url right?"));
}

TEST_F(Collect, KeysOfTwoOrganizationsMakeNoSnapshot) {
  is_linked_ = true;
  Api same;
  EXPECT_TRUE(collect(same, "same"));
  Api other;
  other.linked_id = "org-2";
  const auto outcome = collect(other, "other");
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("different organizations, org-1 and org-2"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/other"));
  is_linked_ = false;
  Api meddled;
  meddled.meddle = [](Api&, unsigned number, const std::string&, http::Response& response) {
    response.headers["anthropic-organization-id"] = number < 5 ? "org-1" : "org-2";
  };
  EXPECT_FALSE(collect(meddled, "meddled"));
}

TEST_F(Collect, AnAdminKeyThatMayNotNameItsOrganizationIsStillOfOne) {
  is_linked_ = true;
  const auto may_not_name = [](Api&, unsigned, const std::string& target, http::Response& response) {
    if (target.starts_with("/v1/organizations/users"))
      response.headers["anthropic-organization-id"] = "org-1";
    if (!target.starts_with("/v1/organizations/me")) return;
    response.status = 403;
    response.body = R"({"error":{"type":"permission_error","message":"no"}})";
  };
  Api same;
  same.meddle = may_not_name;
  const auto whole = collect(same, "same");
  EXPECT_EQ(row(whole, snapshot::Dataset::users).status, DatasetStatus::complete);
  Api other;
  other.linked_id = "org-2";
  other.meddle = may_not_name;
  const auto outcome = collect(other, "other");
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("different organizations, org-1 and org-2"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/other"));
}

TEST_F(Collect, AReportMustCoverItsWindow) {
  struct Case {
    const char* name;
    std::vector<std::string> days;  // of the buckets, in November
    const char* reason;             // empty: whole
  };
  const Case cases[] = {
      {"whole", {"01", "02", "03"}, ""},
      {"early", {"01", "02"}, "the report ends at 2026-11-03T00:00:00Z, before 2026-11-04T00:00:00Z"},
      {"empty", {}, "the report ends at its start, before 2026-11-04T00:00:00Z"},
      {"late", {"02", "03"}, "the report goes on at 2026-11-02T00:00:00Z where 2026-11-01T00:00:00Z was due"},
      {"gap", {"01", "03"}, "the report goes on at 2026-11-03T00:00:00Z where 2026-11-02T00:00:00Z was due"},
      {"twice",
       {"01", "02", "02", "03"},
       "the report goes on at 2026-11-02T00:00:00Z where 2026-11-03T00:00:00Z was due"},
  };
  for (const Case& each : cases) {
    Api api;
    api.meddle = [&](Api&, unsigned, const std::string& target, http::Response& response) {
      if (target.find("usage_report") == std::string::npos) return;
      std::string text;
      for (const std::string& day : each.days)
        text += fmt::format(
            R"({}{{"starting_at":"2026-11-{}T00:00:00Z","ending_at":"2026-11-{:02}T00:00:00Z","results":[]}})",
            text.empty() ? "" : ",", day, std::stoi(day) + 1);
      response.body = fmt::format(R"({{"data":[{}],"has_more":false,"next_page":null}})", text);
    };
    more_ = [](Options& options) {
      options.datasets = {"organizations", "usage"};
      options.window = Window{*parse_rfc3339("2026-11-01T07:00:00Z"), *parse_rfc3339("2026-11-04T11:00:00Z")};
    };
    const auto usage = row(collect(api, each.name), snapshot::Dataset::usage);
    EXPECT_EQ(usage.reason, each.reason) << each.name;
    EXPECT_EQ(usage.status, *each.reason == 0 ? DatasetStatus::complete : DatasetStatus::partial)
        << each.name;
  }
}

TEST_F(Collect, WhatAServiceSaysCannotDraw) {
  Api api;
  api.meddle = [](Api&, unsigned, const std::string& target, http::Response& response) {
    if (target.find("/external_keys") == std::string::npos) return;
    response.status = 403;
    response.body = R"({"type":"error","error":{"type":"x","message":"\u001b[1A\nadmin_users complete"}})";
  };
  ASSERT_TRUE(collect(api, "s"));
  EXPECT_THAT(told_, Contains(HasSubstr("\\u{1B}[1A")));
  for (const std::string& line : told_) EXPECT_EQ(line.find_first_of("\n\x1b"), std::string::npos) << line;
}

TEST_F(Collect, OnlyTheDefaultWorkspaceNeedsNoMemberList) {
  const auto collect_with = [this](std::map<std::string, std::string> names, const std::string& name) {
    Api api;
    api.names = std::move(names);
    api.meddle = [](Api& asked, unsigned, const std::string& target, http::Response& response) {
      for (const auto& [id, unused] : asked.names)
        if (target.find(id + "/members") != std::string::npos) response.status = 404;
    };
    return row(collect(api, name, 4), snapshot::Dataset::workspace_members);
  };
  EXPECT_EQ(collect_with({{"wrkspc_007", "Default"}}, "one").status, DatasetStatus::complete);
  EXPECT_EQ(collect_with({{"wrkspc_007", "default"}}, "other").status, DatasetStatus::partial);
  // Anyone can call a workspace so; then it is not known which of them may be without a list.
  const auto two = collect_with({{"wrkspc_007", "Default"}, {"wrkspc_003", "Default"}}, "two");
  EXPECT_EQ(two.status, DatasetStatus::partial);
  EXPECT_EQ(two.parents.size(), 2u);
}

TEST_F(Collect, ChildrenOfAHalfListAreNoWholeList) {
  Api api;
  api.meddle = [](Api&, unsigned, const std::string& target, http::Response& response) {
    if (target.find("workspaces?") != std::string::npos && target.find("after_id") != std::string::npos)
      response.status = 403;
  };
  const auto outcome = collect(api, "s", 4);
  EXPECT_EQ(row(outcome, snapshot::Dataset::workspaces).status, DatasetStatus::partial);
  EXPECT_EQ(row(outcome, snapshot::Dataset::workspace_members).reason, "the list of workspaces is partial");
}

TEST_F(Collect, AServiceThatDoesNotAnswerEndsItSoon) {
  Api api;
  api.meddle = [](Api&, unsigned number, const std::string&, http::Response& response) {
    if (number > 1) response.failure = http::Failure::unreachable;
  };
  const auto outcome = collect(api, "s", 4);
  EXPECT_EQ(outcome->end, End::unreachable);
  EXPECT_EQ(outcome->folder, folder_ + "/s.partial");
}

TEST_F(Collect, NothingIsWrittenOverASnapshot) {
  Api api;
  ASSERT_TRUE(collect(api, "s"));
  const auto again = collect(api, "s");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace muster::collect
