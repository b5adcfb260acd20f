// The services that a config names, ready to be asked: keys read and of the right kind, options of the
// connection in place. Nothing is asked yet.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/environment.h"
#include "collect/collect.h"
#include "collect/scim.h"
#include "model/settings.h"

namespace muster::cli {

/// One organization: what is asked of which sources.
struct Tenant {
  std::string name;
  collect::Options options;  // but for where the snapshot goes, and whether it goes on with another
  struct Keyless {
    const Source* source;
    Error error;  // key_missing, key_kind, file_*
  };
  std::vector<Keyless> keyless;  // sources that cannot be asked; the others are in the options
};
/// In the order of the config, which outlives them. Reads the keys; a program that prints one is run.
[[nodiscard]] std::vector<Tenant> tenants_of(const Environment& environment, const Config& config);
/// Errors as above.
[[nodiscard]] Result<collect::ScimOptions> service_of(const Environment& environment, const Config& config,
                                                      const RosterSource& roster);
/// Hooks that wait, and end when the user wants to stop. The environment outlives them.
[[nodiscard]] collect::Hooks patient_hooks(const Environment& environment);

/// What a snapshot or a roster file says of a service that somebody on the way could pose as; empty when
/// nobody could. This machine itself needs no TLS.
[[nodiscard]] std::string_view warning_of_way(std::string_view base_url, bool verifies_tls);
/// Said loudly for each such service.
[[nodiscard]] std::string tls_warnings(const Config& config);

}  // namespace muster::cli
