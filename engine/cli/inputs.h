// The options by which commands say what to read (-c, --snapshot, --roster, --policy, --rules), and the
// config that they make together. An option replaces what the config says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "cli/command.h"
#include "model/settings.h"
#include "rule/rule.h"

namespace muster::cli {

inline constexpr const char* kDefaultConfig = "muster.yaml";

class Inputs {
 public:
  void declare_config(Arguments& arguments);
  void declare_snapshot(Arguments& arguments);
  void declare_roster(Arguments& arguments);  // --roster, --roster-as-of
  void declare_policies(Arguments& arguments);
  void declare_rules(Arguments& arguments);
  /// All of these: of commands that judge a snapshot.
  void declare_all(Arguments& arguments);

  /// What a command cannot do without.
  struct Needs {
    bool snapshot = false, roster = false, policies = false;
  };
  /// The config file (-c, or muster.yaml when it is here, or none) with the options in it; nullopt with all
  /// problems reported otherwise, also when something that is needed is in neither.
  [[nodiscard]] std::optional<Config> load(const Environment& environment, const Needs& needs,
                                           Diagnostics& problems) const;

 private:
  void replace_roster(const Environment& environment, Config& config, Diagnostics& problems) const;
  std::optional<std::string> config_, snapshot_, roster_;
  std::optional<Date> roster_as_of_;
  std::vector<std::string> policies_, rules_;
};

/// A path of the command line as the inputs of a run name it. Results show paths relative to the config's
/// folder, so it must be absolute when that is.
[[nodiscard]] std::string placed(const Environment& environment, const Config& config, const std::string& path);
/// `path`, given on the command line, in the form in which results show it: relative to the config's folder.
[[nodiscard]] std::string shown_path(const Config& config, const std::string& path);
/// The shipped rules and those of the config's folders.
[[nodiscard]] rule::RuleSet load_rules(const Environment& environment, const Config& config,
                                       Diagnostics& problems);

/// Prints what is wrong and returns the exit code that it leads to; for warnings alone, ok.
[[nodiscard]] ExitCode report(Environment& environment, const Diagnostics& problems);
[[nodiscard]] ExitCode report(Environment& environment, const Error& error);

}  // namespace muster::cli
