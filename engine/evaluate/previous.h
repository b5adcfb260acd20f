// The snapshot before: its users are what "new since then" is measured by.
#pragma once

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "evaluate/derive.h"
#include "model/run.h"
#include "model/settings.h"

namespace muster::evaluate {

/// Fills `world`'s table of previous users, when somebody wants it and the config names a snapshot for it;
/// says in `world` why there is none otherwise. The files that were read become inputs of `run`. A snapshot
/// of another organization, or one that is not older than the run's, is an error.
void load_previous(const FileSystem& files, const Config& config, const Wanted& wanted,
                   const snapshot::Manifest& current, unsigned jobs, snapshot::World& world, Run& run,
                   Diagnostics& problems);

}  // namespace muster::evaluate
