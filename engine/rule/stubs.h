// Editor support: the Lua API as a meta file for lua-language-server (`rules/meta/muster.lua`), made from the schema of datasets and the table of API functions.
#pragma once

#include <string>

namespace muster::rule {

/// The whole meta file. Completion of `user.`, hover texts and a mark under misspelt fields come from it; it is never run.
[[nodiscard]] std::string render_type_stubs();

/// The same for spec files (`rules/meta/spec.lua`): describe, it, assert, judge.
[[nodiscard]] std::string render_spec_stubs();

/// A configuration for luacheck with the names that a rule may use, and nothing else of Lua.
[[nodiscard]] std::string render_luacheckrc();

}  // namespace muster::rule
