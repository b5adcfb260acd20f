// Files that muster writes for authors: a rule to start from, and the folder of a new project.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/verdict.h"

namespace muster::cli {

struct NewFile {
  std::string path;  // relative
  std::string text;
  bool yields = false;  // one that is there already stays as it is, and is no reason to write nothing
};

/// A rule with a parameter and an example for each of its verdicts, which come out as they say; about a field
/// that every record of the subject has.
[[nodiscard]] std::string scaffold_rule(const std::string& id, SubjectKind subject);

enum class CiSystem : std::uint8_t { none, github, gitlab };

/// muster.yaml, a policy, waivers, a roster of made-up people, the editors' settings, the CI snippet and
/// .gitignore. `today` is written as the roster's date.
[[nodiscard]] std::vector<NewFile> scaffold_project(const std::string& organization, Date today, CiSystem ci);
/// What editors read, made from this very program: schemas of the YAML files, the stubs of what rules can
/// call.
[[nodiscard]] std::vector<NewFile> editor_files();

/// Problem with a rule's id: "family.name" of small letters, digits and underscores. Empty: none.
[[nodiscard]] std::string problem_of_id(const std::string& id);

}  // namespace muster::cli
