// Help pages, made from what the commands say of themselves: for the terminal and, as Markdown, for
// docs/command-line.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"

namespace muster::cli {

using Commands = std::vector<std::unique_ptr<Command>>;

/// `muster --help`.
[[nodiscard]] std::string render_overview(const Commands& commands, std::size_t width);
/// The commands below one word: `muster rule`.
[[nodiscard]] std::string render_group(const Commands& commands, std::string_view group, std::size_t width);
/// `muster check --help`.
[[nodiscard]] std::string render_command(Command& command, std::size_t width);
/// "muster rule test [options] [GLOB...]".
[[nodiscard]] std::string usage_of(const CommandInfo& info, const Arguments& arguments);
/// The whole of docs/command-line.md.
[[nodiscard]] std::string render_command_page(const Commands& commands);
/// The whole of docs/errors.md, and of `muster help errors`.
[[nodiscard]] std::string render_errors_page();
[[nodiscard]] std::string render_errors(std::size_t width);
[[nodiscard]] std::string render_exit_codes(std::size_t width);

}  // namespace muster::cli
