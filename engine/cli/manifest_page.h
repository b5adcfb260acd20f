// A snapshot's manifest for people.
#pragma once

#include <string>

#include "snapshot/snapshot.h"

namespace muster::cli {

[[nodiscard]] std::string render_manifest_page(const snapshot::Manifest& manifest);

}  // namespace muster::cli
