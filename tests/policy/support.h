// One file in memory, loaded, and its problems as the user sees them.
#pragma once

#include <string>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "policy/policy.h"

namespace muster::policy {

/// Every problem in full, in the file's order, without the closing count.
inline std::string shown(const Diagnostics& problems) {
  std::string text = problems.render();
  const auto end = text.rfind("\n\n");
  return end == std::string::npos ? "" : text.substr(0, end + 1);
}

inline std::string config_problems(const std::string& text) {
  MemoryFileSystem files;
  files.add("muster.yaml", text);
  Diagnostics problems;
  const auto config = load_config(files, "muster.yaml", problems);
  return config.has_value() == problems.has_errors() ? "result and problems disagree" : shown(problems);
}

inline std::string policy_problems(const std::string& text) {
  MemoryFileSystem files;
  files.add("/srv/access.yaml", text);
  Diagnostics problems;
  const auto policy = load_policy(files, "/srv/access.yaml", "policies/access.yaml", problems);
  return policy.has_value() == problems.has_errors() ? "result and problems disagree" : shown(problems);
}

template <class Load>
std::string list_problems(Load load, const std::string& name, const std::string& text) {
  MemoryFileSystem files;
  files.add("/srv/" + name, text);
  Diagnostics problems;
  const auto items = load(files, "/srv/" + name, name, problems);
  return items.has_value() == problems.has_errors() ? "result and problems disagree" : shown(problems);
}

}  // namespace muster::policy
