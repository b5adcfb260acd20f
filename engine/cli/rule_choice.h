// The rules that a command line names by globs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "model/settings.h"
#include "rule/rule.h"
#include "rule/spec.h"

namespace muster::cli {

/// Those that fit any of the globs, in the order of ids; all when there is no glob. A glob that fits nothing
/// is an error with the nearest id: a misspelt one must not look like a passed test.
/// `other_ids` are ids of other things (spec files) that a glob may fit as well.
[[nodiscard]] std::vector<std::shared_ptr<const rule::Rule>> choose_rules(
    const rule::RuleSet& rules, const std::vector<std::string>& globs, Diagnostics& problems,
    const std::vector<std::string>& other_ids = {});

/// The shipped spec files and those of the config's folders that fit any of the globs; all when there is
/// none.
[[nodiscard]] std::vector<rule::SpecSource> choose_specs(const FileSystem& files, const Config& config,
                                                         const std::vector<std::string>& globs,
                                                         Diagnostics& problems);
[[nodiscard]] std::vector<std::string> ids_of(const std::vector<rule::SpecSource>& specs);

/// The rule of that id; nullptr with the nearest id reported otherwise.
[[nodiscard]] std::shared_ptr<const rule::Rule> find_rule(const rule::RuleSet& rules, const std::string& id,
                                                          Diagnostics& problems);

}  // namespace muster::cli
