// Roster files with other words: every cell passes through the caller's hands, the shape stays. For bundles
// with pseudonyms.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/result.h"
#include "model/settings.h"

namespace muster::roster {

/// `field` is the roster field that the column holds ("work_email" is `email`), "" for a column that muster
/// does not read, or "text" for running text (the requests of a SCIM service).
using RewriteCell =
    std::function<std::string(std::string_view field, std::string_view column, std::string_view text)>;

/// The file of a source as text, in its own format. Errors: the first problem of the file.
[[nodiscard]] Result<std::string> rewrite_roster(const FileSystem& files, const RosterSource& source,
                                                 const RewriteCell& rewrite);

/// An address list as rosters write them: each address passes through `rewrite`, what is between them stays.
[[nodiscard]] std::string rewrite_addresses(std::string_view text,
                                            const std::function<std::string(std::string_view)>& rewrite);

}  // namespace muster::roster
