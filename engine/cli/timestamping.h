// Time stamps (RFC 3161) from an authority that answers at a URL.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/environment.h"

namespace muster::cli {

/// What is wrong with the URL of an authority, before anything is asked. Error: usage.
[[nodiscard]] Status check_authority_url(const std::string& url);

/// Asks for a time stamp over a digest (32 bytes) and gives the authority's reply (DER), which is about this
/// digest and answers this request. With `trusted_pem` it is also signed by one of these certificates.
/// Errors: service_unavailable when nobody answers, evidence_timestamp when the reply is no such thing,
/// interrupted.
[[nodiscard]] Result<std::string> ask_authority(const Environment& environment, const std::string& url,
                                                const std::string& sha256,
                                                const std::optional<std::string>& trusted_pem);

}  // namespace muster::cli
