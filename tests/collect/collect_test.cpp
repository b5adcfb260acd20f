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

/// An organization with users in pages, workspaces, and members of each. Thread-safe.
class Api {
 public:
  std::size_t users = 25, workspaces = 12;
  std::map<std::string, std::string> names;  // of workspaces; the others are called "w"
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
      response.body = page(target, some, R"({{"user_id":"{}"}})");
    } else {
      response.status = 404;
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
    std::atomic<unsigned> tried = 0;
    std::atomic<bool> is_stopped = false;
    Hooks hooks;
    hooks.should_stop = [&] { return is_stopped.load(); };
    hooks.wait = [](std::int64_t) { return true; };
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
};

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
  EXPECT_THAT(
      users,
      ::testing::StartsWith(
          R"({"from":{"provider":"anthropic-admin","organization_id":"org-1","request":2},"object":{"type":"user","id":"user_00025","role":"user"}})"
          "\n"));
  EXPECT_THAT(read("s/data/workspace_members.jsonl"), HasSubstr(R"("workspace_id":"wrkspc_001","request":)"));
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
      rows += fmt::format(R"({}{{"id":"user_{:05}"}})", id < 17 ? "," : "", id);
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
