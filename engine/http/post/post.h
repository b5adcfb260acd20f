// One POST of a body, for the few services that cannot be asked otherwise (a time stamp authority). It is a
// library of its own: `collect` is neither linked to it nor may include it, so that nothing there can change
// anything. Limits and failures are those of client.h; redirects are handed back, never followed.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/client.h"

namespace muster::http {

/// `options.base_url` is the whole URL.
[[nodiscard]] Response post(const Options& options, const Clock& clock, std::function<bool()> should_stop,
                            std::string_view body);

}  // namespace muster::http
