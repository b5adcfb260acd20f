// The documents that the code makes: what is committed is what it makes now, and what they link to is there.
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/docs_pages.h"
#include "cli/rule_catalogue.h"
#include "cli/support.h"
#include "rule/rule.h"

namespace muster::cli {
namespace {

TEST(Documents, AreThoseThatTheCodeMakes) {
  const auto disk = make_os_file_system();
  const auto pages = make_docs_pages(*disk);
  ASSERT_TRUE(pages) << pages.error().message;
  for (const DocsPage& page : *pages) {
    const auto committed = disk->read_file(join_path(MUSTER_SOURCE_DIR, "docs/" + page.name));
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_TRUE(*committed == page.text)
        << "docs/" << page.name << " is stale; run: build/dev/muster docs docs";
  }
}

TEST(Documents, HoldNoPageOfARuleThatIsGone) {
  const auto disk = make_os_file_system();
  const auto pages = make_docs_pages(*disk);
  ASSERT_TRUE(pages) << pages.error().message;
  std::set<std::string> made;
  for (const DocsPage& page : *pages) made.insert(page.name);
  const std::string folder = join_path(MUSTER_SOURCE_DIR, "docs/rules");
  const auto names = disk->list(folder);
  ASSERT_TRUE(names);
  for (const std::string& name : *names) {
    if (disk->kind(join_path(folder, name)) != FileKind::folder) continue;
    const auto inner = disk->list(join_path(folder, name));
    ASSERT_TRUE(inner);
    for (const std::string& page : *inner) EXPECT_TRUE(made.contains("rules/" + name + "/" + page)) << page;
  }
}

/// Where a link of a page leads: the page's path below docs/, and the anchor.
std::pair<std::string, std::string> target_of(const std::string& page, const std::string& link) {
  const std::size_t hash = link.find('#');
  const std::string path = link.substr(0, hash);
  return {path.empty() ? page : join_path(parent_path(page), path),
          hash == std::string::npos ? "" : link.substr(hash + 1)};
}

TEST(Documents, LinksBetweenRulesAndControlsLeadSomewhere) {
  const auto disk = make_os_file_system();
  const auto pages = make_docs_pages(*disk);
  ASSERT_TRUE(pages) << pages.error().message;
  std::map<std::string, std::set<std::string>> anchors;  // by page
  for (const DocsPage& page : *pages) {
    std::set<std::string>& of_page = anchors[page.name];
    for (std::size_t at = page.text.find("<a id=\""); at != std::string::npos;
         at = page.text.find("<a id=\"", at + 1)) {
      const std::string anchor = page.text.substr(at + 7, page.text.find('"', at + 7) - at - 7);
      EXPECT_TRUE(of_page.insert(anchor).second) << page.name << " has two of " << anchor;
    }
  }
  std::size_t to_controls = 0, to_rules = 0;
  for (const DocsPage& page : *pages) {
    if (page.name != "controls.md" && !page.name.starts_with("rules/")) continue;
    for (std::size_t at = page.text.find("]("); at != std::string::npos; at = page.text.find("](", at + 1)) {
      const auto [path, anchor] =
          target_of(page.name, page.text.substr(at + 2, page.text.find(')', at) - at - 2));
      if (const auto found = anchors.find(path); found != anchors.end()) {
        EXPECT_TRUE(anchor.empty() || found->second.contains(anchor))
            << page.name << ": " << path << "#" << anchor;
        ++(path == "controls.md" ? to_controls : to_rules);
      } else {
        EXPECT_EQ(disk->kind(join_path(join_path(MUSTER_SOURCE_DIR, "docs"), path)), FileKind::file)
            << page.name << ": " << path;
      }
    }
  }
  EXPECT_GT(to_controls, 200u);
  EXPECT_GT(to_rules, 300u);
}

TEST(Documents, AreWrittenByACommandThatHelpDoesNotName) {
  Muster muster;
  EXPECT_EQ(muster({"docs", "made"}).code, 0);
  std::vector<std::string> paths = muster.files.paths();
  Diagnostics problems;
  for (const auto& [id, rule] : rule::load_rules(muster.files, {}, problems))
    EXPECT_EQ(std::erase(paths, "made/rules/" + rule_page_of(id, ".md")), 1u) << id;
  EXPECT_THAT(paths, ::testing::ElementsAre(".luacheckrc", "made/command-line.md", "made/config.md",
                                            "made/controls.md", "made/datasets.md", "made/endpoints.md",
                                            "made/errors.md", "made/formats.md", "made/rules/index.md",
                                            "rules/meta/muster.lua", "rules/meta/spec.lua"));
  EXPECT_EQ(muster({"--help"}).out.find("docs"), std::string::npos);
}

}  // namespace
}  // namespace muster::cli
