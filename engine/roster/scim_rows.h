// Roster rows out of a file that `muster collect` wrote from a SCIM 2.0 service (RFC 7643, 7644): one line of
// JSON a record, the users as the service gave them.
//   {"roster":1,"source":"scim","url":…,"collector":…,"started":…}          the first line
//   {"request":{"method":"GET","path":…,"status":…,…}}                      the ledger, one line a request
//   {"from":{"provider":"scim","request":n},"object":{…the user…}}
//   {"completed":…,"status":"complete","reason":"","total":n,"rows":n,"sha256":…}   the last line
// `status` is complete, partial or denied; `sha256` is of all bytes before the last line. A file without its
// last line, or with other bytes than that says, is refused: half a list must never pass for the whole.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/diagnostics.h"
#include "roster/csv_reader.h"
#include "roster/draft.h"

namespace muster::roster {

/// What the first and the last line say.
struct ScimFile {
  Instant completed;
  std::string status, reason;
};

/// Reads the file twice (a manager is named by the service's id, and may come later): `open` gives its bytes
/// from the start. The second reading is the one that counts as input. Person ids are the employee numbers,
/// or, where a user has none, the service's ids.
/// Errors: roster_format, roster_digest, json_*; rows that cannot be used are reported to `rows`.
[[nodiscard]] Result<ScimFile> read_scim(const std::function<Result<ReadBytes>()>& open,
                                         const RosterSource& source, SourceRows& rows);

}  // namespace muster::roster
