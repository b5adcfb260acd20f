#include "cli/unpacked.h"

#include <fmt/format.h>

#include "cli/inputs.h"

namespace muster::cli {

Result<evidence::Verification> Unpacked::open(const Environment& environment, const std::string& bundle,
                                              const std::optional<std::string>& work) {
  folder_ = bundle;
  if (files_.kind(bundle) != FileKind::folder) {
    folder_ = join_path(work.value_or(parent_path(bundle)), fmt::format(".{}.unpacked", file_name(bundle)));
    // What a killed run left.
    if (const Status removed = files_.remove_all(folder_); !removed) return tl::unexpected(removed.error());
    is_passing_ = true;
    if (const Status unpacked = evidence::unpack(files_, bundle, folder_); !unpacked)
      return tl::unexpected(unpacked.error());
  }
  const auto contents = evidence::read_contents(files_, folder_, evidence::is_wanted_by_verify);
  if (!contents) return tl::unexpected(contents.error());
  evidence::VerifyRequest request;
  request.now = environment.clock.now();
  evidence::Verification found = evidence::verify(*contents, request);
  if (!found.problems.empty()) {
    Error first = found.problems.front();
    first.hint = fmt::format("`muster verify {}` names everything that is wrong", bundle);
    return tl::unexpected(std::move(first));
  }
  return found;
}

}  // namespace muster::cli
