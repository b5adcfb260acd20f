#include "snapshot/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_snapshot.h"

namespace muster::snapshot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Import {
  MemoryFileSystem files;
  ImportOptions options;
  Diagnostics problems;

  Import() {
    options.folder = "in";
    options.out = "snaps/one";
    options.organization = "Northwind";
    options.organization_id = "org-1";
    options.as_of = parse_rfc3339("2026-11-20T08:00:00Z");
    options.collector = "muster import 0.1.0";
  }
  std::optional<Manifest> run() { return import_snapshot(files, options, problems); }
  /// What is said when it must not work; also checks that nothing is left behind.
  std::vector<std::string> fails() {
    const auto before = files.paths();
    EXPECT_FALSE(run());
    EXPECT_EQ(files.paths(), before) << "something half-written is left";
    std::vector<std::string> out;
    for (const auto& error : problems.errors()) {
      std::string text(error_row(error.code).word);
      text += " " + error.place.file + (error.place.line == 0 ? "" : ":" + std::to_string(error.place.line)) +
              " " + error.message;
      out.push_back(text + (error.hint.empty() ? "" : " (" + error.hint + ")"));
    }
    return out;
  }
  std::string data(Dataset dataset) { return files.read_file(data_path("snaps/one", dataset)).value(); }
};

TEST(Import, WrapsRowsOfEveryForm) {
  Import import;
  import.files.add("in/users.jsonl",
                   "\xEF\xBB\xBF{\"id\": \"u1\", \"n\": 1.10, \"s\": \"a\\u00e9 b\"}\r\n\n[{\"id\":\"u2\"}, "
                   "{\"id\":\"u3\"}]\n{\"data\":[{\"id\":\"u4\"}],\"has_more\":false}");
  import.files.add("in/workspaces.json",
                   "[\n  {\"id\": \"w1\",\n   \"name\": \"One\"},\n  {\"id\": \"w2\"}\n]\n");
  import.files.add("in/api_keys.json",
                   "{\"data\": [{\"id\": \"k1\"}], \"has_more\": true}\n{\"data\": [\n{\"id\": \"k2\", "
                   "\"organization_id\": \"org-2\"}]}");
  import.files.add("in/workspace_members.ndjson", "{\"user_id\":\"u1\",\"workspace_id\":\"w1\"}\n");
  import.files.add("in/organizations.json", R"({"uuid":"org-1","name":"Northwind"})");
  import.files.add("in/invites.json", "[]");
  import.files.add("in/role_permissions.jsonl",
                   R"({"role_id":"r1","action":"chat","resource_type":"organization","resource_id":"o"})");
  import.files.add(
      "in/usage.json",
      R"({"data":[{"starting_at":"2026-09-01T00:00:00Z","ending_at":"2026-09-02T00:00:00Z","results":[{"output_tokens":1},{"output_tokens":2}]},)"
      R"({"starting_at":"2026-09-02T00:00:00Z","ending_at":"2026-09-03T00:00:00Z","results":[]}],"has_more":false,"next_page":null})");
  import.files.add(
      "in/settings.json",
      R"({"type":"effective_organization_settings","organization_id":"org-7","settings":[{"name":"sso_enabled","type":"boolean","value":true}],"api_keys":[]})");
  import.files.add("in/.DS_Store", "junk");
  const auto manifest = import.run();
  ASSERT_TRUE(manifest) << import.problems.render();
  const std::string from = R"({"from":{"provider":"import","organization_id":"org-1")";
  EXPECT_EQ(import.data(Dataset::users), from + R"(},"object":{"id":"u1","n":1.10,"s":"a\u00e9 b"}})" + "\n" +
                                             from + R"(},"object":{"id":"u2"}})" + "\n" + from +
                                             R"(},"object":{"id":"u3"}})" + "\n" + from +
                                             R"(},"object":{"id":"u4"}})" + "\n");
  EXPECT_EQ(import.data(Dataset::workspaces), from + R"(},"object":{"id":"w1","name":"One"}})" + "\n" + from +
                                                  R"(},"object":{"id":"w2"}})" + "\n");
  EXPECT_EQ(
      import.data(Dataset::api_keys),
      from + R"(},"object":{"id":"k1"}})" + "\n" +
          R"({"from":{"provider":"import","organization_id":"org-2"},"object":{"id":"k2","organization_id":"org-2"}})" +
          "\n");
  EXPECT_EQ(import.data(Dataset::workspace_members),
            from + R"(,"workspace_id":"w1"},"object":{"user_id":"u1","workspace_id":"w1"}})" + "\n");
  EXPECT_EQ(
      import.data(Dataset::usage),
      from +
          R"(,"starting_at":"2026-09-01T00:00:00Z","ending_at":"2026-09-02T00:00:00Z"},"object":{"output_tokens":1}})" +
          "\n" + from +
          R"(,"starting_at":"2026-09-01T00:00:00Z","ending_at":"2026-09-02T00:00:00Z"},"object":{"output_tokens":2}})" +
          "\n");
  EXPECT_EQ(
      import.data(Dataset::settings),
      R"({"from":{"provider":"import","organization_id":"org-7"},"object":{"name":"sso_enabled","type":"boolean","value":true}})"
      "\n");
  EXPECT_EQ(import.data(Dataset::invites), "");
  EXPECT_EQ(manifest->origin, Manifest::Origin::declared);
  EXPECT_EQ(manifest->row(Dataset::users).rows, 4u);
  EXPECT_EQ(manifest->row(Dataset::users).status, DatasetStatus::complete);
  EXPECT_THAT(manifest->row(Dataset::invites).warnings, ElementsAre("invites.json holds no rows"));
  EXPECT_EQ(manifest->row(Dataset::groups).status, DatasetStatus::not_requested);
  EXPECT_EQ(manifest->row(Dataset::groups).reason, "no file was given for it");
  EXPECT_THAT(verify_snapshot(import.files, "snaps/one", 1), IsEmpty());
  EXPECT_EQ(import.files.kind("snaps/.one.import"), FileKind::none);
  EXPECT_EQ(render_manifest(load_manifest(import.files, "snaps/one").value()),
            import.files.read_file("snaps/one/manifest.json").value());
  World world;
  Diagnostics problems;
  const auto loaded = load_snapshot(import.files, "snaps/one", everything(), 2, world, problems);
  ASSERT_TRUE(loaded) << problems.render();
  EXPECT_EQ(format_rfc3339(world.table(Dataset::usage)->column("ending_at")->time(1)),
            "2026-09-02T00:00:00Z");
}

TEST(Import, NamesEveryProblemAtOnce) {
  Import import;
  import.files.add("in/users.jsonl",
                   "{\"id\":\"u1\"}\n{\"id\":\"u2\",}\n7\n{\"name\":\"x\"}\n{\"id\":\"u1\"}\n{\"id\":\"u3\","
                   "\"a\":{\"b\":1,\"b\":2}}\n[{\"id\":\"u4\"},5]\n");
  import.files.add("in/workspace_members.jsonl", "{\"user_id\":\"u1\"}\n");
  import.files.add("in/group_members.jsonl", "{\"user_id\":\"u1\",\"rbac_group_id\":\"g\"}\n");
  import.files.add("in/workspaces.json", "[\n {\"id\":\"w1\"},\n {\"id\":\"w1\"}\n]");
  import.files.add("in/api_keys.json", "[\n {\"id\":\"k1\"}\n] trailing");
  import.files.add("in/invites.json", "[{\"id\":\"i1\"}");
  import.files.add("in/groups.json", "");
  import.files.add("in/roles.json", "{\"data\":[],\"data\":[{\"id\":\"r1\"}]}");
  import.files.add("in/user.jsonl", "");
  import.files.add("in/notes.txt", "");
  import.files.add("in/workspaces.jsonl", "");
  EXPECT_THAT(
      import.fails(),
      ElementsAre("import.input in/notes.txt only .jsonl, .ndjson and .json files can be imported (move it "
                  "out of the folder)",
                  "import.input in/user.jsonl there is no dataset \"user\" (did you mean users.jsonl?)",
                  "import.input in/workspaces.jsonl workspaces.json and workspaces.jsonl are both workspaces "
                  "(keep one of them)",
                  "import.input in/users.jsonl:2 unexpected '}'; expected string literal",
                  "import.input in/users.jsonl:3 a row must be a JSON object",
                  "import.input in/users.jsonl:7 a row must be a JSON object, not a number",
                  "import.input in/users.jsonl:4 the record has no id",
                  "import.input in/users.jsonl:6 the member \"b\" stands twice in one object",
                  "import.input in/invites.json:1 unexpected end of input; expected ']'",
                  "import.input in/workspaces.json:3 the workspace w1 stands twice: in line 2 and in line 3",
                  "import.input in/workspace_members.jsonl:1 the row has no workspace_id: a row of "
                  "workspace_members must carry the id of what it belongs to",
                  "import.input in/api_keys.json:3 invalid literal",
                  "import.input in/groups.json:1 the file is empty; write [] for a dataset without rows",
                  "import.input in/roles.json:1 the member \"data\" stands twice in one object"));
}

TEST(Import, DuplicatesAreThoseOfOneOrganization) {
  Import import;
  import.files.add("in/users.jsonl",
                   "{\"id\":\"u1\"}\n{\"id\":\"u1\",\"organization_id\":\"org-2\"}\n{\"id\":\"u1\","
                   "\"organization_id\":\"org-2\"}\n");
  EXPECT_THAT(import.fails(),
              ElementsAre("import.input in/users.jsonl:3 the user u1 stands twice: in line 2 and in line 3"));
}

TEST(Import, WantsToKnowWhenAndWho) {
  Import import;
  import.files.add("in/users.jsonl", "{\"id\":\"u1\"}\n");
  import.files.add("snaps/one/note", "kept");
  import.options.as_of.reset();
  import.options.organization.clear();
  EXPECT_THAT(
      import.fails(),
      ElementsAre("usage  an import needs the organization's name (--organization NAME)",
                  "usage  an import needs the time that the files are of (--as-of 2026-11-20T08:00:00Z)",
                  "file.unwritable  snaps/one is there already; a snapshot is never written over (name a new "
                  "folder)"));
}

TEST(Import, AFolderWithoutDatasetsIsAnError) {
  Import import;
  import.files.add("in/.hidden", "");
  EXPECT_THAT(
      import.fails(),
      ElementsAre(
          "import.input  in holds no dataset (name files after datasets: users.jsonl, api_keys.json)"));
  Import nowhere;
  nowhere.options.folder = "elsewhere";
  EXPECT_THAT(nowhere.fails(), ElementsAre("file.not_found  there is no folder elsewhere"));
}

TEST(Import, AFullDiskLeavesNothing) {
  for (const std::uint64_t room : {0u, 10u, 500u, 3000u}) {
    Import import;
    std::string users;
    for (int i = 0; i < 100; ++i) users += "{\"id\":\"u" + std::to_string(i) + "\"}\n";
    import.files.add("in/users.jsonl", users);
    import.files.fail_writes_after(room);
    const auto problems = import.fails();
    ASSERT_EQ(problems.size(), 1u) << room;
    EXPECT_THAT(problems[0], testing::HasSubstr("file.unwritable")) << room;
  }
}

TEST(Import, AReplyThatSaysThereIsMoreIsNotComplete) {
  const auto status = [](const std::string& name, const std::string& text, Dataset dataset) {
    Import import;
    import.files.add("in/" + name, text);
    const auto manifest = import.run();
    EXPECT_TRUE(manifest) << import.problems.render();
    return std::string(word_of(manifest->row(dataset).status)) + ": " + manifest->row(dataset).reason;
  };
  const std::string cut = "partial: the last reply says that there is more, and it is not there";
  EXPECT_EQ(status("users.json", R"({"data":[{"id":"u1"}],"has_more":true,"last_id":"u1"})", Dataset::users), cut);
  EXPECT_EQ(status("users.jsonl", "{\"data\":[{\"id\":\"u1\"}],\"has_more\":true}\n{\"data\":[{\"id\":\"u2\"}],\"has_more\":true}\n", Dataset::users), cut);
  EXPECT_EQ(status("groups.json", R"({"data":[{"id":"g1"}],"next_page":"abc"})", Dataset::groups), cut);
  EXPECT_EQ(status("users.json", R"({"data":[{"id":"u1"}],"has_more":true}{"data":[{"id":"u2"}],"has_more":false})", Dataset::users), "complete: ");
  EXPECT_EQ(status("groups.json", R"({"data":[{"id":"g1"}],"next_page":null})", Dataset::groups), "complete: ");
  const std::string page = R"({"data":[{"user_id":"u1","workspace_id":"w1"}],"has_more":true})";
  EXPECT_EQ(status("workspace_members.json", page + R"({"data":[{"user_id":"u1","workspace_id":"w2"}],"has_more":false})", Dataset::workspace_members),
            "partial: the replies of w1 say that there is more");
  EXPECT_EQ(status("workspace_members.json", page + R"({"data":[{"user_id":"u2","workspace_id":"w1"}],"has_more":false})", Dataset::workspace_members), "complete: ");
}

TEST(Import, AnEmptyFileIsNoEmptyDataset) {
  for (const char* name : {"in/users.jsonl", "in/users.json"}) {
    Import import;
    import.files.add(name, "");
    EXPECT_THAT(import.fails(), ElementsAre("import.input " + std::string(name) + ":1 the file is empty; write [] for a dataset without rows"));
  }
}

TEST(Import, TheOrganizationIsWhatTheCallerNamed) {
  Import import;
  import.files.add("in/users.jsonl", "{\"id\":\"u1\"}\n");
  const auto manifest = import.run();
  ASSERT_TRUE(manifest) << import.problems.render();
  EXPECT_EQ(manifest->row(Dataset::organizations).rows, 1u);
  EXPECT_THAT(manifest->row(Dataset::organizations).warnings, ElementsAre("made of the name given to the import"));
}

TEST(Import, WhatAKilledImportLeftIsReplaced) {
  Import import;
  import.files.add("in/users.jsonl", "{\"id\":\"u1\"}\n");
  import.files.add("snaps/.one.import/data/groups.jsonl", "left over");
  ASSERT_TRUE(import.run()) << import.problems.render();
  EXPECT_THAT(import.files.paths(), ElementsAre("in/users.jsonl", "snaps/one/data/organizations.jsonl", "snaps/one/data/users.jsonl",
                                                "snaps/one/ledger.jsonl", "snaps/one/manifest.json"));
}

TEST(Import, HostileIdsStayData) {
  Import import;
  import.files.add("in/users.jsonl", "{\"id\":\"../../etc/passwd\",\"organization_id\":\"../\\\"\\n\"}\n");
  ASSERT_TRUE(import.run()) << import.problems.render();
  EXPECT_EQ(
      import.data(Dataset::users),
      R"({"from":{"provider":"import","organization_id":"../\"\n"},"object":{"id":"../../etc/passwd","organization_id":"../\"\n"}})"
      "\n");
}

TEST(Import, ManyRowsKeepTheirLines) {
  Import import;
  std::string users;
  for (int i = 1; i <= 30'000; ++i)
    users += "{\"id\":\"u" + std::to_string(i == 25'000 ? 3 : i) +
             "\",\"email\":\"somebody-with-a-long-address@northwind.example\"}\n";
  import.files.add("in/users.jsonl", users);
  EXPECT_THAT(
      import.fails(),
      ElementsAre("import.input in/users.jsonl:25000 the user u3 stands twice: in line 3 and in line 25000"));
}

}  // namespace
}  // namespace muster::snapshot
