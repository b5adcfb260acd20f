// The user's files in a bundle (config, policies, waivers, account links, register of machines, attestations,
// baseline), read by the readers of `muster check`: that they are what was read is a matter of digests, that
// they are of the right shape is said here.
#pragma once

#include <functional>
#include <string>

#include "evidence/verify.h"
#include "model/run.h"

namespace muster::cli {

/// Whether its text is needed for check_part_schemas.
[[nodiscard]] bool is_user_file(std::string_view name);

/// `problem` gets a sentence for each thing that is wrong, which begins with the file's name in the bundle.
/// Files that were left out of the bundle are not looked at.
void check_part_schemas(const evidence::Contents& contents, const Run& run, const evidence::RunRecord& record,
                        const std::function<void(std::string)>& problem);

}  // namespace muster::cli
