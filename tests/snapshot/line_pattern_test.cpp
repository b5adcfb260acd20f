// Lines that are like lines before them are not parsed again: whatever a file holds, each of its lines must
// read as it reads alone.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_snapshot.h"
#include "snapshot/scan.h"

namespace muster::snapshot {
namespace {

/// Every value of every row, and every problem, in words; a row or problem for each line.
struct Read {
  std::vector<std::string> rows;
  std::vector<std::string> problems;  // with their lines
};

Read read(Dataset dataset, const std::string& text, std::size_t chunk_bytes = std::size_t{512} << 10) {
  MemoryFileSystem files;
  files.add("lines.jsonl", text);
  Plan plan(dataset);
  plan.source = {"anthropic-admin", "org-of-the-manifest"};
  plan.keeps_key = true;
  const DatasetSpec& spec = spec_of(dataset);
  for (std::uint16_t field = 0; field < spec.fields.size(); ++field) {
    if (!spec.fields[field].paths.empty()) plan.columns.push_back({field, plan.value_of(field)});
  }
  ScanOptions options;
  options.chunk_bytes = chunk_bytes;
  Read result;
  const auto scanned =
      scan(**files.open("lines.jsonl"), "lines.jsonl", plan, options, [&](const Chunk& chunk, std::uint32_t) {
        std::vector<std::string> sources(chunk.rows), requests(chunk.rows);
        for (const auto& [first, source] : chunk.sources) {
          for (std::uint32_t row = first; row < chunk.rows; ++row)
            sources[row] = source.provider + "/" + source.organization_id;
        }
        for (const auto& run : chunk.requests) {
          for (std::uint32_t row = run.first_row; row < chunk.rows; ++row)
            requests[row] = std::to_string(run.request);
        }
        for (std::uint32_t row = 0; row < chunk.rows; ++row) {
          std::string words = std::string(chunk.ids[row]) + " " + sources[row] + " " + requests[row];
          for (std::size_t i = 0; i < plan.columns.size(); ++i) {
            const Column& column = chunk.columns[i];
            const FieldSpec& field = spec.fields[plan.columns[i].field];
            words += "\n  " + std::string(field.name) + "=";
            const Cell cell = column.cell(row);
            if (cell != Cell::value) {
              words += cell == Cell::null ? "(null)" : cell == Cell::absent ? "(absent)" : "(invalid)";
              continue;
            }
            switch (field.type) {
              case FieldType::text:
              case FieldType::id:
              case FieldType::json: words += column.text(row); break;
              case FieldType::word: words += column.word(row); break;
              case FieldType::boolean: words += column.boolean(row) ? "true" : "false"; break;
              case FieldType::number: words += std::to_string(column.number(row)); break;
              case FieldType::text_list:
                for (std::size_t k = 0; k < column.list_size(row); ++k)
                  words += "[" + std::string(column.list_item(row, k)) + "]";
                break;
              default: words += std::to_string(column.integer(row)); break;
            }
          }
          result.rows.push_back(std::move(words));
        }
      });
  EXPECT_TRUE(scanned);
  if (scanned) {
    for (const auto& problem : scanned->problems)
      result.problems.push_back(std::to_string(problem.place.line) + ":" +
                                std::to_string(problem.place.column) + " " + problem.message);
  }
  return result;
}

TEST(LinePatterns, EachLineReadsAsItReadsAlone) {
  std::mt19937 random(11);  // always the same numbers
  const auto below = [&](std::size_t limit) { return random() % limit; };
  const auto one_of = [&](const std::vector<std::string>& words) { return words[below(words.size())]; };
  const std::vector<std::string> texts = {"",
                                          "a",
                                          "active",
                                          "x y",
                                          "sk-ant-api03-922...49AA",
                                          "Zoë Ångström",
                                          "\xF0\x9F\x94\x91 key",
                                          std::string(33, 'k'),
                                          std::string(300, 'l'),
                                          std::string(20'000, 'w'),
                                          R"(a\"b)",
                                          R"(back\\slash)",
                                          R"(\u00e9)",
                                          "}},{\\\"",
                                          "{\\\"from\\\":",
                                          "a,b:[c]{d}",
                                          "2026-11-20T08:00:00Z",
                                          "type",
                                          "\x7F",
                                          "3"};
  const std::vector<std::string> scalars = {"null",
                                            "true",
                                            "false",
                                            "0",
                                            "7",
                                            "-7",
                                            "12",
                                            "1.5",
                                            "1e3",
                                            "-0",
                                            "123456789012345678",
                                            "1234567890123456789",
                                            "9223372036854775808",
                                            "18446744073709551615",
                                            "[]",
                                            "{}",
                                            R"(["a","b"])",
                                            R"([1,"c",null])",
                                            R"({"a":"b","type":"t"})",
                                            R"({"deep":{"list":[{"x":"y"}]}})"};
  const auto value = [&](std::size_t odd) {
    return below(odd) == 0 ? one_of(scalars) : "\"" + one_of(texts) + "\"";
  };
  for (const auto name : {"api_keys", "users", "workspaces", "workspace_members", "usage_messages"}) {
    const DatasetSpec* const spec = find_dataset(name);
    if (spec == nullptr) continue;
    SCOPED_TRACE(name);
    std::vector<std::string> members;
    for (const auto& field : spec->fields) {
      const std::string_view path = field.paths.substr(0, field.paths.find_first_of("|?"));
      if (!path.starts_with("object.")) continue;
      std::string member(path.substr(7));
      member = member.substr(0, member.find('.'));
      if (member != "id" && std::find(members.begin(), members.end(), member) == members.end())
        members.push_back(member);
    }
    std::string file;
    std::vector<std::string> lines;
    for (int i = 0; i < 1500; ++i) {
      // Mostly the same members in the same order, with other values.
      std::vector<std::string> of_line = members;
      if (below(20) == 0) std::swap(of_line[below(of_line.size())], of_line[below(of_line.size())]);
      if (below(20) == 0) of_line.pop_back();
      std::string object = R"({"type":")" + std::string(below(30) == 0 ? "other" : spec->singular) +
                           R"(","id":"id_)" + std::to_string(i) + "\"";
      const std::size_t odd = below(4) == 0 ? 3 : 40;
      for (const auto& member : of_line)
        object += ",\"" + member + "\":" +
                  (spec->key.find(member) != std::string_view::npos ? "\"k" + std::to_string(i) + "\""
                                                                    : value(odd));
      object += "}";
      std::string from;
      switch (below(6)) {
        case 0: from = R"("provider":"anthropic-compliance","request":)" + std::to_string(below(1200)); break;
        case 1: from = R"("organization_id":"org-)" + std::to_string(below(3)) + "\""; break;
        case 2: from = R"("provider":null,"workspace_id":"w","request":)" + std::to_string(below(3)); break;
        default: from = "\"request\":" + std::to_string(below(1200)); break;
      }
      lines.push_back(below(25) == 0 ? "{\"object\":" + object + ",\"from\":{" + from + "}}\n"
                                     : line_from(from, object));
      file += lines.back();
    }
    std::vector<std::string> alone;
    for (const auto& each : lines) {
      const Read one = read(spec->dataset, each);
      ASSERT_THAT(one.problems, testing::IsEmpty()) << each;
      ASSERT_EQ(one.rows.size(), 1U);
      alone.push_back(one.rows[0]);
    }
    for (const std::size_t chunk_bytes : {std::size_t{512} << 10, std::size_t{64} << 10}) {
      const Read all = read(spec->dataset, file, chunk_bytes);
      EXPECT_THAT(all.problems, testing::IsEmpty());
      ASSERT_EQ(all.rows.size(), alone.size());
      for (std::size_t i = 0; i < alone.size(); ++i) ASSERT_EQ(all.rows[i], alone[i]) << lines[i];
    }
  }
}

TEST(LinePatterns, ALineIsRefusedAfterItsLikeAsItIsAlone) {
  const std::string good =
      R"({"from":{"request":12},"object":{"type":"user","id":"user_1","email":"a@x.example","name":"A","role":"user","added_at":"2026-03-04T09:12:41Z","n":5}})";
  const auto with = [&](std::string_view what, std::string_view instead) {
    std::string text = good;
    return text.replace(text.find(what), what.size(), instead) + "\n";
  };
  const std::vector<std::string> bad = {
      with("user_1", "user\t1"),
      with("user_1", std::string_view("user\0"
                                      "1",
                                      6)),
      with("user_1", "user\xC3"),
      with("user_1", "user_\xED\xA0\x80"),
      with("user_1", "user_\xC0\xAF"),
      with("user_1", "user_\xF4\x90\x80\x80"),
      with("user_1", "user_\xF0\x80\x80\x80"),
      with("user_1", "user_\xE2\x28\xA1"),
      with("user_1", "user_\xF8\x88\x80\x80\x80"),
      with("user_1", "\x80user_1"),
      with("user_1", "user_\xE2\x82\"\xAC"),
      with("user_1", "us\"er"),
      with("user_1", "user_\\"),
      with("user_1", "user_\\x"),
      with("user_1", "user_\\ud800"),
      with("\"user_1\"", "\"user_1"),
      with("\"user_1\"", "user_1\""),
      with("\"user_1\"", "\"\""),
      with("\"user_1\"", "7"),
      with("\"user_1\"", "null"),
      with("12", "012"),
      with("12", ""),
      with("12", "1 2"),
      with("12", "12."),
      with("12", "+1"),
      with("12", "-"),
      with("12", "1x"),
      with("12", "123456789012345678901234567890"),
      with(":5}", ":05}"),
      with(":5}", ":5,}"),
      with(":5}", ":5"),
      with(":5}", ":5}}"),
      with("\"n\"", "\"name\""),
      with("\"object\"", "\"from\""),
      with("\"name\"", "\"email\""),
      with("A\",", "A\n\","),
      with("A", "A\r\n"),
      with("}}", "}} x"),
      with("}}", "}}{}"),
      with("{\"from\"", "[{\"from\""),
  };
  for (const auto& spoiled : bad) {
    const Read alone = read(Dataset::users, spoiled);
    ASSERT_FALSE(alone.problems.empty()) << spoiled;
    const Read after = read(Dataset::users, good + "\n" + good + "\n" + spoiled);
    EXPECT_EQ(after.rows.size(), alone.rows.size() + 2) << spoiled;
    std::vector<std::string> moved;
    for (const auto& problem : alone.problems) {
      const auto colon = problem.find(':');
      moved.push_back(std::to_string(std::stoi(problem.substr(0, colon)) + 2) + problem.substr(colon));
    }
    EXPECT_EQ(after.problems, moved) << spoiled;
  }
}

TEST(LinePatterns, AGiantLineAmongItsLikesIsRead) {
  std::string file;
  for (int i = 0; i < 5; ++i)
    file += line_from("\"request\":1", R"({"id":"user_)" + std::to_string(i) + R"(","email":")" +
                                           std::string(i == 3 ? 3'000'000 : 10, 'e') + R"(","name":"N"})");
  const Read all = read(Dataset::users, file);
  ASSERT_EQ(all.rows.size(), 5U);
  EXPECT_GT(all.rows[3].size(), 3'000'000U);
  EXPECT_THAT(all.rows[4], testing::HasSubstr("email=eeeeeeeeee\n"));
}

}  // namespace
}  // namespace muster::snapshot
