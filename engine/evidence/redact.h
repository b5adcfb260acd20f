// A snapshot with pseudonyms: the dataset table's marks say what is personal. Names, addresses and ids become
// pseudonyms; members that the table does not know are replaced whole, since nobody knows what they hold; all
// else stays, so that rules see what they saw.
#pragma once

#include <map>
#include <string>

#include "base/file_system.h"
#include "base/result.h"
#include "evidence/pseudonyms.h"
#include "snapshot/snapshot.h"

namespace muster::evidence {

/// What was done to the values of one place: "users.email" → how, and how many.
struct Redaction {
  std::string how;
  std::uint64_t values = 0;
};
using Redactions = std::map<std::string, Redaction>;

/// Learns the words of a snapshot, so that they are found in running text, too.
[[nodiscard]] Status learn_snapshot(const FileSystem& files, const std::string& folder,
                                    const snapshot::Manifest& manifest, Pseudonyms& pseudonyms);
/// Writes the snapshot with pseudonyms to `target`, digests and all.
[[nodiscard]] Status redact_snapshot(FileSystem& files, const std::string& folder,
                                     const snapshot::Manifest& manifest, const Pseudonyms& pseudonyms,
                                     const std::string& target, Redactions& redactions);

/// privacy.json: the profile, what was kept, what was replaced where.
[[nodiscard]] std::string render_privacy(Profile profile, const Pseudonyms& pseudonyms,
                                         const Redactions& redactions);

}  // namespace muster::evidence
