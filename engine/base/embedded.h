// The files that ship inside the binary: rules, policies and schemas, named by their path in the repository
// ("rules/keys/max_age.lua"), sorted by name. Generated at build time by cmake/embed.cmake.
#pragma once

#include <span>
#include <string_view>

namespace muster {

struct EmbeddedFile {
  std::string_view name;
  std::string_view bytes;
};

[[nodiscard]] std::span<const EmbeddedFile> embedded_files();

}  // namespace muster
