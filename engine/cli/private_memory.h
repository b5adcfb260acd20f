// What a process remembers stays in it: no core file, no other process of the same user that looks inside.
#pragma once

namespace muster::cli {

/// To be called before a key, a token or a passphrase is read; once is enough, and there is no way back.
void keep_memory_private();

}  // namespace muster::cli
