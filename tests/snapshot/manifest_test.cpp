#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_snapshot.h"

namespace muster::snapshot {
namespace {

constexpr std::string_view kDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string manifest_with(std::string_view datasets, std::string_view more = "") {
  return R"({"schema":1,"tenant":{"name":"N","id":"o"},"provider":"anthropic","collector":"c","origin":"observed","started":"2026-11-20T07:00:00Z","completed":"2026-11-20T08:00:00Z")" +
         std::string(more) + R"(,"datasets":[)" + std::string(datasets) + "]}";
}

std::string said_of(const std::string& text) {
  const auto manifest = parse_manifest(text, "manifest.json");
  if (manifest) return "";
  return std::string(error_row(manifest.error().code).word) + " " + manifest.error().message +
         (manifest.error().hint.empty() ? "" : " (" + manifest.error().hint + ")");
}

TEST(Manifest, IsReadAndWrittenAlike) {
  FakeSnapshot snapshot;
  snapshot.manifest.base_url = "https://api.anthropic.com";
  snapshot.manifest.api_version = "2023-06-01";
  snapshot.manifest.key_kind = "admin";
  snapshot.manifest.key_hint = "sk-ant-admin01-...x7Qa";
  snapshot.add(Dataset::users, "");
  snapshot.fit();
  DatasetManifest& members = snapshot.row(Dataset::workspace_members);
  members = {.name = "workspace_members",
             .status = DatasetStatus::partial,
             .reason = "1 of 2 workspaces failed",
             .rows = 4,
             .pages = 2,
             .bytes = 9,
             .sha256 = std::string(kDigest),
             .filters = R"({"status":["active"]})",
             .from = {"anthropic-admin", "org-\"1\""},
             .warnings = {"a \"warning\""},
             .parents = {{"w1", DatasetStatus::denied, "403"}}};
  snapshot.write();
  const auto manifest = load_manifest(snapshot.files, "snap");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(render_manifest(*manifest), snapshot.files.read_file("snap/manifest.json").value());
  EXPECT_EQ(manifest->key_hint, "sk-ant-admin01-...x7Qa");
  EXPECT_EQ(manifest->row(Dataset::workspace_members).parents[0].reason, "403");
  EXPECT_EQ(manifest->row(Dataset::workspace_members).filters, R"({"status":["active"]})");
  EXPECT_EQ(manifest->row(Dataset::workspace_members).from, (Source{"anthropic-admin", "org-\"1\""}));
  EXPECT_EQ(manifest->datasets.size(), kCollectedCount);
}

TEST(Manifest, SaysWhereTheLinesOfADatasetAreFrom) {
  const auto read = [](std::string_view from) {
    const auto manifest =
        parse_manifest(manifest_with(R"({"name":"users","status":"denied","rows":0,"bytes":0,"sha256":"")" +
                                     std::string(from) + "}"),
                       "m");
    EXPECT_TRUE(manifest) << from;
    return manifest ? *manifest : Manifest();
  };
  const auto rendered = [&](std::string_view from) {
    const std::string text = render_manifest(read(from));
    EXPECT_EQ(render_manifest(parse_manifest(text, "m").value()), text);
    const auto at = text.find("\"from\"");
    return at == std::string::npos ? "" : text.substr(at, text.find('}', at) + 1 - at);
  };
  EXPECT_EQ(read(R"(,"from":{"provider":"p","organization_id":"o"})").row(Dataset::users).from,
            (Source{"p", "o"}));
  EXPECT_EQ(read(R"(,"from":{"organization_id":"o"})").row(Dataset::users).from, (Source{"", "o"}));
  EXPECT_EQ(read(R"(,"from":{"provider":"p"})").row(Dataset::users).from, (Source{"p", ""}));
  // The others have none, and a manifest that has none is written as ever.
  EXPECT_EQ(read(R"(,"from":{"provider":"p"})").row(Dataset::groups).from, Source{});
  EXPECT_EQ(rendered(""), "");
  EXPECT_EQ(rendered(R"(,"from":{})"), "");
  EXPECT_EQ(rendered(R"(,"from":{"provider":"p"})"), "\"from\": {\n        \"provider\": \"p\"\n      }");
  EXPECT_EQ(rendered(R"(,"from":{"organization_id":"o"})"),
            "\"from\": {\n        \"organization_id\": \"o\"\n      }");
}

TEST(Manifest, DatasetsThatAreNotListedWereNotRequested) {
  const auto manifest = parse_manifest(manifest_with(""), "m");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->row(Dataset::users).status, DatasetStatus::not_requested);
  EXPECT_EQ(manifest->row(Dataset::users).reason, "the manifest does not list it");
}

TEST(Manifest, EveryFlawIsNamed) {
  EXPECT_EQ(said_of("{"), "snapshot.manifest unexpected end of input; expected string literal");
  EXPECT_EQ(said_of("[]"), "snapshot.manifest the manifest must be an object, not array");
  EXPECT_EQ(said_of(R"({"schema":2,"anything":true})"),
            "snapshot.version the snapshot has schema version 2; this muster reads version 1 (use the muster "
            "that made it, or a newer one)");
  EXPECT_EQ(said_of(R"({"schema":"1"})"),
            "snapshot.manifest schema must be a whole number from 0, not string");
  EXPECT_EQ(said_of("{}"), "snapshot.manifest schema is missing");
  EXPECT_EQ(said_of(R"({"schema":1,"schema":1})"),
            "snapshot.manifest the member \"schema\" stands twice in one object (readers would disagree on "
            "its value; remove one)");
  EXPECT_EQ(said_of(manifest_with("", R"(,"tenent":{})")),
            "snapshot.manifest tenent is not a member of a manifest of schema 1 (did you mean tenant?)");
  EXPECT_EQ(said_of(manifest_with("7")), "snapshot.manifest datasets[0] must be an object, not integer");
  EXPECT_EQ(said_of(manifest_with(R"({"name":"users"})")), "snapshot.manifest datasets[0].status is missing");
  EXPECT_EQ(said_of(manifest_with(R"({"name":"users","status":"fine"})")),
            "snapshot.manifest datasets[0].status must be complete, partial, denied, unsupported or "
            "not_requested, not \"fine\"");
  const auto row = [&](std::string_view members) {
    return said_of(manifest_with(R"({"name":"users",)" + std::string(members) + "}"));
  };
  EXPECT_EQ(row(R"("status":"denied","rows":-1,"bytes":0,"sha256":"")"),
            "snapshot.manifest datasets[0].rows must be a whole number from 0, not -1");
  EXPECT_EQ(row(R"("status":"denied","rows":1.5,"bytes":0,"sha256":"")"),
            "snapshot.manifest datasets[0].rows must be a whole number from 0, not number");
  EXPECT_EQ(row(R"("status":"denied","rows":0,"bytes":0,"sha256":null)"),
            "snapshot.manifest datasets[0].sha256 must be a text, not null");
  EXPECT_EQ(row(R"("status":"denied","rows":0,"bytes":0,"sha256":"ABC")"),
            "snapshot.manifest datasets[0].sha256 must be 64 lower-case hex digits, or empty when there is "
            "no file");
  EXPECT_EQ(row(R"("status":"denied","rows":3,"bytes":0,"sha256":"")"),
            "snapshot.manifest datasets[0].sha256 is empty, but users has rows or bytes");
  EXPECT_EQ(row(R"("status":"complete","rows":0,"bytes":0,"sha256":"")"),
            "snapshot.manifest users is complete, but has no file; a dataset without rows has an empty file");
  EXPECT_EQ(row(R"("status":"denied","rows":0,"bytes":0,"sha256":"","pages":"2")"),
            "snapshot.manifest datasets[0].pages must be a whole number from 0, not string");
  EXPECT_EQ(row(R"("status":"denied","rows":0,"bytes":0,"sha256":"","parent":[])"),
            "snapshot.manifest datasets[0].parent is not a member of a manifest of schema 1 (did you mean "
            "parents?)");
  EXPECT_EQ(row(R"("status":"denied","rows":0,"bytes":0,"sha256":"","warnings":[1])"),
            "snapshot.manifest datasets[0].warnings[0] must be a text, not integer");
  EXPECT_EQ(row(R"("status":"denied","rows":0,"bytes":0,"sha256":"","filters":[])"),
            "snapshot.manifest datasets[0].filters must be an object, not array");
  EXPECT_EQ(row(R"("status":"complete","rows":0,"bytes":0,"sha256":")" + std::string(kDigest) +
                R"(","parents":[{"id":"w1","status":"denied"}])"),
            "snapshot.manifest users is complete, but its parent w1 is denied");
  const auto from = [&](std::string_view value) {
    return row(R"("status":"denied","rows":0,"bytes":0,"sha256":"","from":)" + std::string(value));
  };
  EXPECT_EQ(from("[]"), "snapshot.manifest datasets[0].from must be an object, not array");
  EXPECT_EQ(from("null"), "snapshot.manifest datasets[0].from must be an object, not null");
  EXPECT_EQ(from(R"("anthropic-admin")"), "snapshot.manifest datasets[0].from must be an object, not string");
  EXPECT_EQ(from(R"({"provider":7})"),
            "snapshot.manifest datasets[0].from.provider must be a text, not integer");
  EXPECT_EQ(from(R"({"organization_id":null})"),
            "snapshot.manifest datasets[0].from.organization_id must be a text, not null");
  EXPECT_EQ(from(R"({"provider":""})"),
            "snapshot.manifest datasets[0].from.provider is empty; what is not known is left out");
  EXPECT_EQ(from(R"({"provider":"p","organization_id":""})"),
            "snapshot.manifest datasets[0].from.organization_id is empty; what is not known is left out");
  EXPECT_EQ(from(R"({"provider":"p","request":1})"),
            "snapshot.manifest datasets[0].from.request is not a member of a manifest of schema 1");
  EXPECT_EQ(from(R"({"organisation_id":"o"})"),
            "snapshot.manifest datasets[0].from.organisation_id is not a member of a manifest of schema 1 "
            "(did you mean organization_id?)");
  EXPECT_EQ(from(R"({"provider":"p","provider":"p"})"),
            "snapshot.manifest the member \"provider\" stands twice in one object (readers would disagree on "
            "its value; remove one)");
  const std::string good = R"({"name":"users","status":"denied","rows":0,"bytes":0,"sha256":""})";
  EXPECT_EQ(said_of(manifest_with(good + "," + good)), "snapshot.manifest the dataset users is listed twice");
  EXPECT_EQ(said_of(manifest_with(R"({"name":"../users","status":"denied","rows":0,"bytes":0,"sha256":""})")),
            "snapshot.manifest there is no dataset \"../users\"");
  EXPECT_EQ(said_of(manifest_with(R"({"name":"persons","status":"denied","rows":0,"bytes":0,"sha256":""})")),
            "snapshot.manifest there is no dataset \"persons\"");
  std::string late = manifest_with("");
  late.replace(late.find("07:00"), 5, "09:00");
  EXPECT_EQ(said_of(late), "snapshot.manifest completed is before started");
  late.replace(late.find("09:00"), 5, "25:00");
  EXPECT_EQ(
      said_of(late),
      "snapshot.manifest started must be a time such as 2026-11-20T08:00:00Z, not \"2026-11-20T25:00:00Z\"");
  std::string origin = manifest_with("");
  origin.replace(origin.find("observed"), 8, "invented");
  EXPECT_EQ(said_of(origin), "snapshot.manifest origin must be observed or declared, not \"invented\"");
}

TEST(FindSnapshot, TakesTheFolderOrTheNewestInIt) {
  MemoryFileSystem files;
  const auto add = [&](const std::string& name, std::string_view completed) {
    Manifest manifest;
    manifest.started = manifest.completed = *parse_rfc3339(completed);
    files.add("snaps/" + name + "/manifest.json", render_manifest(manifest));
  };
  EXPECT_EQ(find_snapshot(files, "snaps").error().message, "there is no snapshot at snaps");
  files.add("snaps/unfinished/data/users.jsonl", "");
  EXPECT_EQ(find_snapshot(files, "snaps").error().message,
            "no snapshot is in snaps: none of its folders has a manifest.json");
  EXPECT_EQ(find_snapshot(files, "snaps").error().code, ErrorCode::snapshot_missing);
  add("b", "2026-11-20T08:00:00Z");
  add("a", "2026-11-21T08:00:00Z");
  add(".c.import", "2027-01-01T00:00:00Z");
  EXPECT_EQ(find_snapshot(files, "snaps").value(), "snaps/a");
  add("z", "2026-11-21T08:00:00Z");
  EXPECT_EQ(find_snapshot(files, "snaps").value(), "snaps/z") << "of equal ones the last name";
  EXPECT_EQ(find_snapshot(files, "snaps/b").value(), "snaps/b");
  EXPECT_EQ(find_snapshot(files, "snaps/b/manifest.json").error().message,
            "snaps/b/manifest.json is not a snapshot: a snapshot is a folder with a manifest.json");
  files.add("snaps/broken/manifest.json", "{");
  EXPECT_EQ(find_snapshot(files, "snaps").error().code, ErrorCode::snapshot_manifest)
      << "it might be the newest";
  EXPECT_EQ(load_manifest(files, "snaps/unfinished").error().message,
            "snaps/unfinished is not a snapshot: it has no manifest.json");
}

}  // namespace
}  // namespace muster::snapshot
