#include "cli/private_memory.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace muster::cli {

void keep_memory_private() {
  // The limit is for core files in a folder; a system that hands them to a program looks at the other alone.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

}  // namespace muster::cli
