// The people of a SCIM 2.0 service (RFC 7644, /Users), into the file that a roster is read from; its form
// stands in roster/scim_rows.h. The file appears whole, also when the list is not: then it says so, and why.
// Reads only.
#pragma once

#include <string>

#include "collect/collect.h"

namespace muster::collect {

struct ScimOptions {
  http::Options http;  // base_url is the service's address: https://idp.example/scim/v2
  http::Rate rate;
  http::Patience patience;
  std::string file;  // where the list goes
  std::string collector;
  std::string warning;  // for whoever reads the file; empty: none
  unsigned page_size = 100;
};

struct ScimOutcome {
  End end = End::finished;  // interrupted: nothing was written
  std::string status;       // complete, partial, denied
  std::string reason;
  std::uint64_t rows = 0, requests = 0;
};

/// What is asked.
[[nodiscard]] Endpoint scim_users();

/// Errors: file_unwritable.
[[nodiscard]] Result<ScimOutcome> collect_scim(FileSystem& files, const Clock& clock,
                                               const ScimOptions& options, const Hooks& hooks);

}  // namespace muster::collect
