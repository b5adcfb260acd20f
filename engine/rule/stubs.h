// Editor support: the Lua API as a meta file for lua-language-server (`rules/meta/muster.lua`), made from the schema of datasets and the table of API functions.
#pragma once

#include <string>

namespace muster::rule {

/// The whole meta file. Completion of `user.`, hover texts and a mark under misspelt fields come from it; it is never run.
[[nodiscard]] std::string render_type_stubs();

/// The names that a rule may use as globals, sorted: for linters.
[[nodiscard]] std::string render_luacheck_globals();

}  // namespace muster::rule
