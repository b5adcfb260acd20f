// The pages of docs/ that the code knows. They are committed, so that they can be read without building, and
// a test compares them with what is made here.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"

namespace muster::cli {

struct DocsPage {
  std::string name;  // "errors.md"
  std::string text;
};
[[nodiscard]] Result<std::vector<DocsPage>> make_docs_pages(const FileSystem& files);

}  // namespace muster::cli
