// SHA256SUMS as `sha256sum` writes and checks it, and the names that a bundle may hold. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::evidence {

/// Digest by name, sorted bytewise: the order of the file.
using Sums = std::map<std::string, std::string>;

/// Letters, digits, `.`, `_`, `-` and `/`; relative; no empty part, none that begins with a dot or a dash; at
/// most 200 bytes. Such a name means the same file on every system and to every tool.
[[nodiscard]] bool is_safe_name(std::string_view name);
/// `text` as one part of a safe name: other characters become `_`.
[[nodiscard]] std::string safe_part(std::string_view text);

[[nodiscard]] std::string render_sums(const Sums& sums);
/// Refuses what render_sums would not write: another order, a repeated or unsafe name, a digest of another
/// form, a missing last newline. Error: evidence_file with the line.
[[nodiscard]] Result<Sums> parse_sums(std::string_view text, const std::string& file);

}  // namespace muster::evidence
