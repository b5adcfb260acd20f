#include "cli/version.h"

#include <fmt/format.h>

#include "base/time.h"
#include "snapshot/snapshot.h"

namespace muster::cli {

std::string_view version() { return MUSTER_VERSION; }

std::string version_page() {
  return fmt::format(
      "muster {}\n"
      "snapshot schema {}, results schema {}, config and policy format 1\n"
      "made with {}\n"
      "time zones {}\n",
      version(), snapshot::kSchemaVersion, 1, MUSTER_LIBRARIES, tzdata_version());
}

}  // namespace muster::cli
