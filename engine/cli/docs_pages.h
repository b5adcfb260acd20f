// The documents that the code knows: the pages of docs/ and the editor stubs of rules and
// luacheck's configuration. They are committed, so that they can be read without building, and
// a test compares them with what is made here.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"

namespace muster::cli {

struct DocsPage {
  std::string name;  // below docs/: "errors.md", "../rules/meta/muster.lua"
  std::string text;
};
[[nodiscard]] Result<std::vector<DocsPage>> make_docs_pages(const FileSystem& files);

}  // namespace muster::cli
