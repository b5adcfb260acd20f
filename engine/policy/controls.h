// The frameworks' tables and the manual attestations: what controls there are, and who answers for what no
// rule can see of them. As with the other files, every problem is reported at once, with its place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "model/attestation.h"
#include "model/framework.h"

namespace muster::policy {

/// The shipped tables, by id.
[[nodiscard]] std::vector<Framework> load_frameworks(Diagnostics& problems);
[[nodiscard]] std::optional<std::vector<Attestation>> load_attestations(const FileSystem& files,
                                                                        const std::string& path,
                                                                        const std::string& shown_path,
                                                                        Diagnostics& problems);

}  // namespace muster::policy
