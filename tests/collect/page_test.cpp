// Replies taken apart: what is kept, what is tolerated, and what is refused.
#include "collect/page.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::collect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Endpoint users() {
  return {.name = "users",
          .dataset = snapshot::Dataset::users,
          .paging = Paging::by_id,
          .path = "/u",
          .limit = 2,
          .key = "id",
          .needs = {}};
}

Endpoint of(Paging paging, snapshot::Dataset dataset = snapshot::Dataset::groups,
            std::string_view key = "id") {
  return {.name = "x", .dataset = dataset, .paging = paging, .path = "/x", .key = key, .needs = {}};
}

std::vector<std::string> objects(const Page& page) {
  std::vector<std::string> all;
  for (const Row& row : page.rows) all.emplace_back(row.object);
  return all;
}

std::string refusal(std::string_view body, const Endpoint& endpoint = users()) {
  const auto page = parse_page(body, endpoint);
  return page ? "taken" : page.error().message;
}

TEST(Page, KeepsObjectsAsTheyStand) {
  const std::string body =
      "{ \"data\" : [ {\"id\": \"a\\u00e9\",  \"x\":1.50, \"n\":null ,\"deep\":[{\"id\":\"no\"}]} "
      ",\n\t{\"id\":\"b\"}\r\n] ,"
      " \"has_more\" : true, \"first_id\":\"a\", \"last_id\":\"b\", \"new\": {\"data\": []} }";
  const auto page = parse_page(body, users());
  ASSERT_TRUE(page);
  EXPECT_THAT(objects(*page),
              ElementsAre("{\"id\": \"a\\u00e9\",  \"x\":1.50, \"n\":null ,\"deep\":[{\"id\":\"no\"}]}",
                          "{\"id\":\"b\"}"));
  EXPECT_EQ(page->rows[0].id, "aé");
  EXPECT_EQ(page->rows[0].object.data(), body.data() + 13);  // into the body itself
  EXPECT_TRUE(page->has_more);
  EXPECT_EQ(page->next, "b");
}

TEST(Page, WhatLeadsOn) {
  const auto by_id = [](const char* rest) {
    return *parse_page(std::string("{\"data\":[]") + rest + "}", users());
  };
  EXPECT_FALSE(by_id(R"(,"has_more":false,"last_id":"z")").has_more);
  EXPECT_TRUE(by_id(R"(,"has_more":true,"last_id":null)").has_more);
  EXPECT_FALSE(by_id(R"(,"has_more":true,"last_id":null)").next);
  const auto by_token = [](const char* rest) {
    return *parse_page(std::string("{\"data\":[]") + rest + "}", of(Paging::by_token));
  };
  EXPECT_FALSE(by_token("").has_more);
  EXPECT_TRUE(by_token(R"(,"next_page":"t")").has_more);
  EXPECT_TRUE(by_token(R"(,"has_more":false,"next_page":"t")").has_more);  // the token is what counts
  EXPECT_FALSE(by_token(R"(,"next_page":null)").has_more);
  EXPECT_TRUE(by_token(R"(,"has_more":true,"next_page":null)").has_more);
}

TEST(Page, WhatLeavesOpenWhetherThereIsMoreIsNotTheLast) {
  const auto of_rest = [](const char* rest, const Endpoint& endpoint, int rows = 1) {
    std::string body = R"({"data":[{"id":"a"})";
    for (int i = 1; i < rows; ++i) body += fmt::format(R"(,{{"id":"{}"}})", i);
    return refusal(body + "]" + rest + "}", endpoint);
  };
  constexpr std::string_view kOpen = "the reply does not say whether there is more";
  EXPECT_EQ(of_rest("", users()), kOpen);
  EXPECT_EQ(of_rest(R"(,"has_more":null,"last_id":"a")", users()), kOpen);
  EXPECT_EQ(of_rest(R"(,"has_more":"true","last_id":"a")", users()), "the reply says string for has_more");
  EXPECT_EQ(of_rest(R"(,"has_more":0,"last_id":"a")", users()), "the reply says integer for has_more");
  EXPECT_EQ(of_rest(R"(,"has_more":true,"last_id":7)", users()), "the reply has integer as a cursor");
  Endpoint groups = of(Paging::by_token);
  groups.limit = 3;
  EXPECT_EQ(of_rest(R"(,"next_page":{"token":"t"})", groups), "the reply has object as a cursor");
  EXPECT_EQ(of_rest(R"(,"has_more":[])", groups), "the reply says array for has_more");
  // Not every list of tokens says has_more, and the feed may not: then a page that is full needs an end.
  EXPECT_EQ(of_rest("", groups), "taken");
  EXPECT_EQ(of_rest("", groups, 3), kOpen);
  EXPECT_EQ(of_rest(R"(,"next_page":null)", groups, 3), "taken");
  Endpoint feed = of(Paging::by_id, snapshot::Dataset::activities);
  feed.limit = 3;
  EXPECT_EQ(of_rest("", feed), "taken");
  EXPECT_EQ(of_rest(R"(,"last_id":"x")", feed, 3), kOpen);
}

TEST(Page, ARowSaysWhichParentItNames) {
  const std::string body =
      R"({"data":[{"id":"a","workspace_id":"w1"},{"id":"b","workspace_id":"w\u0032"},{"id":"c","workspace_id":null},)"
      R"({"id":"d","workspace_id":7},{"id":"e","deeper":{"workspace_id":"w1"}},{"id":"f","group_id":"g"}],"has_more":false})";
  const auto parents = [&](Parent parent, std::string_view key) {
    Endpoint endpoint = of(Paging::by_id, snapshot::Dataset::workspace_members, key);
    endpoint.parent = parent;
    std::vector<std::string> all;
    const auto page = parse_page(body, endpoint);
    for (const Row& row : page->rows) all.push_back(row.parent);
    return all;
  };
  for (const char* key : {"id", ""}) {
    EXPECT_THAT(parents(Parent::workspaces, key), ElementsAre("w1", "w2", "", "", "", ""));
    EXPECT_THAT(parents(Parent::groups, key), ElementsAre("", "", "", "", "", "g"));
    EXPECT_THAT(parents(Parent::organizations, key), ElementsAre("", "", "", "", "", ""));
    EXPECT_THAT(parents(Parent::none, key), ElementsAre("", "", "", "", "", ""));
  }
}

TEST(Page, BucketsGiveTheirTimesToTheirRows) {
  const auto page = parse_page(
      R"({"data":[{"starting_at":"2026-09-01T00:00:00Z","ending_at":"2026-09-02T00:00:00Z","results":[{"a":1},{"a":2}]},)"
      R"({"results":[],"starting_at":"2026-09-02T00:00:00Z","ending_at":"2026-09-03T00:00:00+00:00"}],"next_page":null})",
      of(Paging::buckets, snapshot::Dataset::usage, {}));
  ASSERT_TRUE(page);
  EXPECT_THAT(objects(*page), ElementsAre("{\"a\":1}", "{\"a\":2}"));
  EXPECT_EQ(page->rows[1].from,
            R"(,"starting_at":"2026-09-01T00:00:00Z","ending_at":"2026-09-02T00:00:00Z")");
  ASSERT_EQ(page->buckets.size(), 2u);
  EXPECT_EQ(page->buckets[0].to.us, page->buckets[1].from.us);
  EXPECT_EQ(format_rfc3339(page->buckets[1].to), "2026-09-03T00:00:00Z");
  for (const char* end : {"null", R"("2026-09-01T00:00:00Z")", R"("later")"})
    EXPECT_EQ(
        refusal(
            fmt::format(
                R"({{"data":[{{"starting_at":"2026-09-01T00:00:00Z","ending_at":{},"results":[]}}]}})", end),
            of(Paging::buckets, snapshot::Dataset::usage, {})),
        "a bucket has no end behind its start");
  EXPECT_THAT(
      refusal(R"({"data":[{"results":[{"a":1}]}]})", of(Paging::buckets, snapshot::Dataset::usage, {})),
      HasSubstr("a bucket has no start or no results"));
  EXPECT_THAT(refusal(R"({"data":[{"starting_at":"x","results":{}}]})",
                      of(Paging::buckets, snapshot::Dataset::usage, {})),
              HasSubstr("a bucket has no start or no results"));
}

TEST(Page, SettingsAreTwoLists) {
  const Endpoint settings = of(Paging::settings, snapshot::Dataset::settings, {});
  const auto page = parse_page(R"({"settings":[{"name":"a"}],"api_keys":[{"id":"k"}],"type":"x"})", settings);
  ASSERT_TRUE(page);
  EXPECT_THAT(objects(*page), ElementsAre(R"({"name":"a"})", R"({"id":"k"})"));
  EXPECT_FALSE(page->rows[0].is_second);
  EXPECT_TRUE(page->rows[1].is_second);
  EXPECT_FALSE(page->has_more);
  EXPECT_TRUE(parse_page(R"({"settings":[],"api_keys":[]})", settings));
  EXPECT_EQ(refusal(R"({"settings":[]})", settings), "the reply has no list `api_keys`");
  EXPECT_EQ(refusal(R"({"settings":[],"api_keys":null})", settings), "the reply has no list `api_keys`");
  EXPECT_EQ(refusal(R"({"api_keys":[]})", settings), "the reply has no list `settings`");
}

TEST(Page, AnErrorIsNoObjectThatWasAskedFor) {
  Endpoint me = of(Paging::single);
  EXPECT_EQ(refusal(R"({"type":"error","error":{"type":"api_error"}})", me),
            "the reply is an error under a status of success");
  me.key = "id";
  EXPECT_EQ(refusal("{}", me), "the reply has no id");
  EXPECT_EQ(refusal(R"({"id":7})", me), "the reply has no id");
  EXPECT_TRUE(parse_page(R"({"id":"org-1"})", me));
}

TEST(Page, OneObject) {
  const Endpoint one = of(Paging::single, snapshot::Dataset::organizations);
  const auto page = parse_page("\n {\"id\":\"o\"} \n", one);
  ASSERT_TRUE(page);
  EXPECT_THAT(objects(*page), ElementsAre("{\"id\":\"o\"}"));
  EXPECT_THAT(refusal("[]", one), HasSubstr("no object but array"));
}

TEST(Page, ScimSaysHowManyThereAre) {
  const Endpoint scim = of(Paging::scim);
  EXPECT_EQ(parse_page(R"({"totalResults":7,"Resources":[{"id":"a"}]})", scim)->total, 7u);
  EXPECT_EQ(parse_page(R"({"totalResults":0})", scim)->rows.size(), 0u);
  EXPECT_EQ(refusal(R"({"Resources":[]})", scim), "the reply does not say totalResults");
  EXPECT_EQ(refusal(R"({"totalResults":-1,"Resources":[]})", scim), "the reply does not say totalResults");
}

TEST(Page, RefusesWhatALoadWouldRefuse) {
  std::string deep =
      R"({"data":[{"id":"a","d":)" + std::string(61, '[') + std::string(61, ']') + R"(}],"has_more":false})";
  EXPECT_EQ(refusal(deep), "taken");
  deep = R"({"data":[{"id":"a","d":)" + std::string(62, '[') + std::string(62, ']') + "}]}";
  EXPECT_THAT(refusal(deep), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(refusal(std::string(100'000, '[')), HasSubstr("nested deeper"));
  EXPECT_THAT(refusal(R"({"data":[],"x":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(refusal(R"({"data":[{"id":"a","b":1,"b":2}]})"), HasSubstr("\"b\" stands twice"));
  EXPECT_THAT(refusal(R"({"data":[{"id":"a","o":{"b":1,"b":2}}]})"), HasSubstr("\"b\" stands twice"));
  EXPECT_THAT(refusal(R"({"data":[{"id":"a"}],"data":[]})"), HasSubstr("\"data\" stands twice"));
  EXPECT_THAT(refusal(R"({"data":[{"id":"a"}],"d\u0061ta":[]})"), HasSubstr("\"data\" stands twice"));
  EXPECT_THAT(refusal(R"({"data":[],"has_more":true,"has_more":false})"), HasSubstr("stands twice"));
  EXPECT_THAT(refusal("{\"data\":[{\"id\":\"\xFF\"}]}"), HasSubstr("not valid"));
  EXPECT_THAT(refusal("{\"data\":[{\"id\":\"a\"}],\"x\":\"\xFF\"}"), HasSubstr("not valid"));
  EXPECT_THAT(refusal("{\"data\":[{\"id\":\"a\nb\"}]}"), HasSubstr("not valid"));
  EXPECT_THAT(refusal(R"({"data":[{"id":"a","n":123456789012345678901234567890}]})"), HasSubstr("not valid"));
}

TEST(Page, RefusesWhatIsNoJson) {
  for (const char* body : {"",
                           " ",
                           "<html>",
                           "null",
                           "7",
                           "\"x\"",
                           "[]",
                           "{",
                           "{}",
                           "{\"data\"",
                           "{\"data\":",
                           "{\"data\":[",
                           "{\"data\":[{\"id\":\"a\"}",
                           "{\"data\":[{\"id\":\"a\"}]",
                           "{\"data\":[{\"id\":\"a\"},]}",
                           "{\"data\":[{\"id\":\"a\"}}",
                           "{\"data\":[{\"id\":\"a\"]}",
                           "{\"data\":[{\"id\":\"a\"} {\"id\":\"b\"}]}",
                           "{\"data\":[,]}",
                           "{\"data\":[{\"id\":\"a\"}]]}",
                           "{\"data\":[{\"id\":\"a\"}]} x",
                           "{\"data\":[{\"id\":\"a\"}]}{}",
                           "{\"data\":[{\"id\":a}]}",
                           "{\"data\":[{\"id\":\"a\",\"b\":tru}]}",
                           "{\"data\":[{\"id\":\"a\",\"b\":01}]}",
                           "{\"data\":[{\"id\":\"a\"}],\"x\":tru}",
                           "{\"data\":[{\"id\":\"a\"}] \"x\":1}",
                           "{\"data\":{}}",
                           "{\"data\":null}",
                           "{\"data\":\"[]\"}",
                           "{\"data\":[null]}",
                           "{\"data\":[[]]}",
                           "{\"data\":[1]}",
                           "{\"data\":[{\"id\":\"a\"},2]}",
                           "{\"data\":[{\"id\":\"a\\q\"}]}",
                           "{\"Data\":[]}",
                           "{\"x\":{\"data\":[]}}",
                           "[{\"data\":[]}]",
                           "{\"data\":[{\"id\":\"a\"}],}"})
    EXPECT_NE(refusal(body), "taken") << body;
  std::string cut = R"({"data":[{"id":"a"},{"id":"b"}],"has_more":false,"first_id":"a","last_id":"b"})";
  EXPECT_EQ(refusal(cut), "taken");
  for (std::size_t size = 0; size < cut.size(); ++size)
    EXPECT_NE(refusal(std::string_view(cut).substr(0, size)), "taken") << size;
}

TEST(Page, RowsNeedTheirKey) {
  for (const char* row :
       {"{}", R"({"id":null})", R"({"id":7})", R"({"id":""})", R"({"Id":"a"})", R"({"x":{"id":"a"}})"})
    EXPECT_EQ(refusal(std::string("{\"data\":[") + row + "]}"), "a row has no id") << row;
  // A record of the feed may lack its id: it is kept.
  EXPECT_EQ(
      parse_page(R"({"data":[{"type":"x"}]})", of(Paging::by_id, snapshot::Dataset::activities))->rows.size(),
      1u);
}

TEST(Page, RowsOfManyShapesGiveTheirOwnIds) {
  // The reader learns shapes: one that was learned must not answer for another.
  PageReader reader(users());
  for (int round = 0; round < 3; ++round) {
    std::string body = "{\"data\":[";
    for (int i = 0; i < 200; ++i) {
      const std::string id = std::to_string(round * 1000 + i);
      if (i > 0) body += ',';
      switch (i % 4) {
        case 0: body += R"({"id":")" + id + R"(","n":1})"; break;
        case 1: body += R"({"n":"1","id":")" + id + "\"}"; break;
        case 2: body += R"({"m":{"id":"no"},"id":")" + id + R"(","l":[]})"; break;
        default: body += R"({"id":")" + id + R"(","x)" + id + "\":null}"; break;
      }
    }
    const auto page = reader.read(body + R"(],"has_more":false})");
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_EQ(page->rows.size(), 200u);
    for (int i = 0; i < 200; ++i)
      EXPECT_EQ(page->rows[static_cast<std::size_t>(i)].id, std::to_string(round * 1000 + i));
  }
}

TEST(Page, AGiantRowIsReadAndOthersAfterIt) {
  PageReader reader(users());
  const std::string giant(6u << 20, 'x');
  EXPECT_EQ(reader.read("{\"data\":[{\"id\":\"a\",\"v\":\"" + giant + R"("},{"id":"b"}],"has_more":false})")
                ->rows[1]
                .id,
            "b");
  EXPECT_EQ(reader.read(R"({"data":[{"id":"c"}],"has_more":false})")->rows[0].id, "c");
}

std::string trace_of(std::string_view type, std::string_view actor, std::string_view agent,
                     std::string_view more = {}) {
  const std::string body = R"({"data":[{"id":"a","type":")" + std::string(type) + R"(","actor":{"type":")" +
                           std::string(actor) + R"(","api_key_id":"apikey_1","user_agent":")" +
                           std::string(agent) + "\"}" + std::string(more) + "}]}";
  return parse_page(body, of(Paging::by_id, snapshot::Dataset::activities))->rows[0].trace_of;
}

TEST(Page, OwnTracesAreReadsByAKeyUnderMustersName) {
  constexpr std::string_view kGet = R"(,"request_method":"GET")";
  EXPECT_EQ(trace_of("compliance_api_accessed", "api_actor", "muster/1.0", kGet), "apikey_1");
  EXPECT_EQ(trace_of("org_users_listed", "admin_api_key_actor", "muster/1.0"), "apikey_1");
  // The name alone makes no trace: who borrows it for a write is not told apart as harmless.
  EXPECT_THAT(trace_of("compliance_api_accessed", "api_actor", "muster/1.0", R"(,"request_method":"DELETE")"),
              IsEmpty());
  EXPECT_THAT(trace_of("compliance_api_accessed", "api_actor", "muster/1.0"), IsEmpty());
  EXPECT_THAT(trace_of("org_user_deleted", "api_actor", "muster/1.0"), IsEmpty());
  EXPECT_THAT(trace_of("org_users_listed", "anthropic_actor", "muster/1.0"), IsEmpty());
  EXPECT_THAT(trace_of("org_users_listed", "api_actor", "curl/8"), IsEmpty());
}

TEST(Page, WordsOfAnError) {
  EXPECT_EQ(error_words(R"({"type":"error","error":{"type":"permission_error","message":"No."}})"),
            "permission_error: No.");
  EXPECT_EQ(error_words(R"({"error":{"type":"permission_error"}})"), "permission_error");
  EXPECT_EQ(error_words("<html>"), "");
  EXPECT_EQ(error_words(R"({"error":"no"})"), "");
}

}  // namespace
}  // namespace muster::collect
