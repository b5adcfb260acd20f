#include "snapshot/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "snapshot/world.h"

namespace muster::snapshot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Column, KeepsValuesAndStatesOfEveryType) {
  Column words(FieldType::word);
  words.push_text("active");
  words.push_missing(Cell::null);
  for (int i = 0; i < 20; ++i) words.push_text("word" + std::to_string(i));
  words.push_text("word3");
  EXPECT_EQ(words.size(), 23u);
  EXPECT_EQ(words.cell(0), Cell::value);
  EXPECT_EQ(words.cell(1), Cell::null);
  EXPECT_EQ(words.word(0), "active");
  EXPECT_EQ(words.word(22), "word3");
  EXPECT_EQ(words.word_code(22), words.word_code(5));
  EXPECT_EQ(words.words().size(), 21u);

  Column lists(FieldType::text_list);
  lists.push_missing(Cell::absent);
  lists.push_list(std::vector<std::string_view>{"a", "b"});
  lists.push_list({});
  lists.push_list(std::vector<std::string_view>{"c"});
  EXPECT_EQ(lists.list_size(1), 2u);
  EXPECT_EQ(lists.list_size(2), 0u);
  EXPECT_EQ(lists.list_item(3, 0), "c");

  Column numbers(FieldType::number);
  numbers.push_missing(Cell::invalid);
  numbers.push_number(1.5);
  EXPECT_EQ(numbers.cell(0), Cell::invalid);
  EXPECT_EQ(numbers.number(1), 1.5);

  Column flags(FieldType::boolean);
  flags.push_boolean(true);
  flags.push_boolean(false);
  EXPECT_TRUE(flags.boolean(0));
  EXPECT_FALSE(flags.boolean(1));
}

TEST(Column, AppendsAndRecodes) {
  for (const bool has_missing : {false, true}) {
    Column first(FieldType::word);
    first.push_text("a");
    first.push_text("b");
    if (has_missing) first.push_missing(Cell::absent);
    Column second(FieldType::word);
    second.push_text("c");
    if (has_missing) second.push_missing(Cell::null);
    second.push_text("a");
    first.append(std::move(second));
    std::string all;
    for (std::uint32_t row = 0; row < first.size(); ++row)
      all += first.cell(row) == Cell::value  ? std::string(first.word(row))
             : first.cell(row) == Cell::null ? "0"
                                             : "-";
    EXPECT_EQ(all, has_missing ? "ab-c0a" : "abca");
    EXPECT_EQ(first.words().size(), 3u);
  }
  Column lists(FieldType::text_list);
  lists.push_list(std::vector<std::string_view>{"a"});
  Column more(FieldType::text_list);
  more.push_list(std::vector<std::string_view>{"b", "c"});
  lists.append(std::move(more));
  EXPECT_EQ(lists.list_item(1, 1), "c");
}

TEST(Column, GathersRows) {
  Column texts(FieldType::text);
  texts.push_text("a");
  texts.push_missing(Cell::null);
  texts.push_text("c");
  const std::vector<std::uint32_t> rows{2, 1, 2};
  const Column gathered = texts.gather(rows);
  EXPECT_EQ(gathered.text(0), "c");
  EXPECT_EQ(gathered.cell(1), Cell::null);
  EXPECT_EQ(gathered.text(2), "c");
}

TEST(KeyIndex, FindsEveryKeyAndTheFirstOfTwins) {
  StringColumn ids;
  for (int i = 0; i < 10'000; ++i) ids.push_back("user_" + std::to_string(i));
  ids.push_back("user_17");
  ids.push_back("");
  KeyIndex index;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> twins;
  index.build(ids, [&](std::uint32_t first, std::uint32_t row) { twins.emplace_back(first, row); });
  EXPECT_THAT(twins, ElementsAre(std::pair(17u, 10'000u)));
  for (std::uint32_t i = 0; i < 10'000; ++i) ASSERT_EQ(index.find(ids, "user_" + std::to_string(i)), i);
  EXPECT_EQ(index.find(ids, "user_10000"), kDangling);
  EXPECT_EQ(index.find(ids, ""), 10'001u);
  EXPECT_EQ(index.find(ids, std::string("user_1\0", 7)), kDangling);
  EXPECT_EQ(KeyIndex{}.find(ids, "user_1"), kDangling);
}

TEST(KeyIndex, GrowsWhenTheGuessWasLow) {
  StringColumn ids;
  KeyIndex index;
  index.reset(3);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    ids.push_back(std::string(i % 40, 'x') + std::to_string(i));
    ASSERT_EQ(index.insert(ids, i, KeyIndex::hash(ids[i])), kDangling);
  }
  for (std::uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(index.find(ids, ids[i]), i);
}

TEST(Groups, KeepRowOrderAndLeaveOutWhatLeadsNowhere) {
  const std::vector<std::uint32_t> link{2, 0, kDangling, 2, kNoRowNull, 0, 2};
  const Groups groups = group_by(link, 3);
  const auto of = [&](std::uint32_t row) {
    return std::vector<std::uint32_t>(groups.of(row).begin(), groups.of(row).end());
  };
  EXPECT_THAT(of(0), ElementsAre(1u, 5u));
  EXPECT_THAT(of(1), IsEmpty());
  EXPECT_THAT(of(2), ElementsAre(0u, 3u, 6u));
  EXPECT_THAT(group_by({}, 0).rows, IsEmpty());
}

TEST(Table, KnowsLinesAndRequests) {
  Table table(Dataset::users);
  table.set_rows(5);
  EXPECT_EQ(table.line(3), 4u);
  EXPECT_EQ(table.request(3), 0u);
  table.set_requests({{0, 7}, {2, 8}});
  EXPECT_EQ(table.request(1), 7u);
  EXPECT_EQ(table.request(2), 8u);
  EXPECT_EQ(table.request(4), 8u);
  table.set_lines({1, 2, 4, 5, 9});
  EXPECT_EQ(table.line(4), 9u);
  EXPECT_EQ(table.column("email"), nullptr);
  table.add_column(*table.spec().field("email")).push_text("a@x.example");
  EXPECT_EQ(table.column("email")->text(0), "a@x.example");
  EXPECT_EQ(table.column("no_such_field"), nullptr);
}

TEST(World, StatusWordsAreTheContract) {
  for (const auto* word : {"complete", "partial", "denied", "unsupported", "not_requested"})
    EXPECT_EQ(word_of(*parse_dataset_status(word)), word);
  EXPECT_FALSE(parse_dataset_status("Complete"));
}

}  // namespace
}  // namespace muster::snapshot
