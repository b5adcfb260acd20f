#include "cli/help.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/exit_codes.h"
#include "cli/layout.h"

namespace muster::cli {
namespace {

constexpr std::string_view kIntroduction =
    "muster tests who has access to an AI platform: it reads a snapshot of the organization and the HR "
    "roster, judges every account, key and workspace by rules that "
    "policies select, and writes results that CI systems and auditors read.";

int number_of(ExitCode code) { return static_cast<int>(code); }

/// "-c, --config FILE" with the short name's column kept free when there is none.
std::string left_side(const Argument& argument) {
  if (argument.is_positional()) return argument.names;
  const auto comma = argument.names.find(',');
  std::string left = comma == std::string::npos
                         ? "    " + argument.names
                         : argument.names.substr(0, comma) + ", " + argument.names.substr(comma + 1);
  if (!argument.value.empty()) left += " " + argument.value;
  if (argument.kind == Argument::Kind::list) left += "...";
  return left;
}

std::string doc_of(const Argument& argument) {
  return argument.kind == Argument::Kind::repeatable || argument.kind == Argument::Kind::list
             ? argument.doc + " May be given several times."
             : argument.doc;
}

std::vector<Argument> with_help(const Arguments& arguments) {
  std::vector<Argument> all = arguments.all();
  std::stable_partition(all.begin(), all.end(),
                        [](const Argument& argument) { return argument.is_positional(); });
  all.push_back({Argument::Kind::flag, "-h,--help", {}, "Print this page.", false, {}});
  return all;
}

std::string rows(const std::vector<std::pair<std::string, std::string>>& sides, std::size_t width) {
  constexpr std::size_t kWidestLeft = 28;
  std::size_t left_width = 0;
  for (const auto& [left, right] : sides)
    if (display_width(left) <= kWidestLeft) left_width = std::max(left_width, display_width(left));
  std::string out;
  for (const auto& [left, right] : sides) {
    const std::size_t indent = left_width + 4;
    if (display_width(left) > left_width) {
      out += "  " + left + "\n" + wrap(right, "", indent, width);
    } else {
      out += wrap(right, "  " + left, indent, width);
    }
  }
  return out;
}

std::string command_rows(const Commands& commands, std::string_view group, std::size_t width) {
  std::vector<std::pair<std::string, std::string>> sides;
  for (const auto& command : commands) {
    const CommandInfo info = command->info();
    if (info.is_hidden || !info.name.starts_with(group)) continue;
    sides.emplace_back(info.name, info.summary);
  }
  return rows(sides, width);
}

}  // namespace

std::string usage_of(const CommandInfo& info, const Arguments& arguments) {
  std::string usage = fmt::format("muster {} [options]", info.name);
  for (const Argument& argument : arguments.all()) {
    if (!argument.is_positional()) continue;
    const std::string word = argument.names + (argument.repeats() ? "..." : "");
    usage += argument.is_required ? " " + word : " [" + word + "]";
  }
  return usage;
}

std::string render_overview(const Commands& commands, std::size_t width) {
  return wrap(kIntroduction, "", 0, width) + "\nUsage: muster COMMAND [options]\n\nCommands:\n" +
         command_rows(commands, "", width) +
         "\nStart here:\n"
         "  muster import export/ --organization NAME --out snapshots/first   make a snapshot out of files\n"
         "  muster roster match                                               who is who, before any rule\n"
         "  muster check --out out                                            test, and write the results\n"
         "\n" +
         wrap(
             "Every command has --help with examples. `muster help exit-codes` lists the exit codes, `muster "
             "help errors` the error codes, `muster --version` what this program "
             "is made of.",
             "", 0, width);
}

std::string render_group(const Commands& commands, std::string_view group, std::size_t width) {
  return fmt::format("Usage: muster {} COMMAND [options]\n\nCommands:\n", group) +
         command_rows(commands, std::string(group) + " ", width) +
         fmt::format("\n`muster {} COMMAND --help` says more.\n", group);
}

std::string render_command(Command& command, std::size_t width) {
  const CommandInfo info = command.info();
  Arguments arguments;
  command.declare(arguments);
  std::string out = wrap(std::string(info.summary) + ".", "", 0, width);
  out += "\n" + wrap(usage_of(info, arguments), "Usage: ", 7, width);
  if (!info.description.empty()) out += "\n" + wrap(info.description, "", 0, width);
  std::vector<std::pair<std::string, std::string>> sides;
  for (const Argument& argument : with_help(arguments))
    sides.emplace_back(left_side(argument), doc_of(argument));
  out += "\nOptions:\n" + rows(sides, width);
  if (!info.examples.empty()) out += "\nExamples:\n";
  for (const Example& example : info.examples)
    out += fmt::format("  {}\n", example.command) + wrap(example.what, "", 6, width);
  if (!info.exits.empty()) out += "\nExit codes:\n";
  for (const ExitMeaning& exit : info.exits)
    out += wrap(exit.when, fmt::format("  {}", number_of(exit.code)), 7, width);
  return out;
}

std::string render_command_page(const Commands& commands) {
  std::string out =
      "# The command line\n\n"
      "Made by `muster docs` from what the commands say of themselves; do not edit.\n\n" +
      std::string(kIntroduction) + "\n\n| command | |\n|---|---|\n";
  const auto anchor = [](std::string_view name) {
    std::string made = "muster-" + std::string(name);
    std::replace(made.begin(), made.end(), ' ', '-');
    return made;
  };
  for (const auto& command : commands) {
    const CommandInfo info = command->info();
    if (!info.is_hidden)
      out += fmt::format("| [`muster {}`](#{}) | {} |\n", info.name, anchor(info.name), info.summary);
  }
  out += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
  for (const ExitRow& row : kExitRows) out += fmt::format("| {} | {} |\n", number_of(row.code), row.meaning);
  for (const auto& command : commands) {
    const CommandInfo info = command->info();
    if (info.is_hidden) continue;
    out += fmt::format("\n## muster {}\n\n```\n{}```\n", info.name, render_command(*command, 100));
  }
  return out;
}

std::string render_errors_page() {
  std::string out =
      "# Error codes\n\n"
      "Made by `muster docs` from the table of errors; do not edit. The code stands in brackets in every "
      "message: `error[yaml.syntax]: …`. Codes are stable; messages may "
      "change.\n\n| code | exit code | meaning |\n|---|---|---|\n";
  for (const ErrorRow& row : kErrorRows)
    out += fmt::format("| `{}` | {} | {} |\n", row.word, number_of(row.exit), row.meaning);
  return out;
}

std::string render_errors(std::size_t width) {
  std::string out =
      "The code stands in brackets in every message; the number is the exit code that it leads to.\n\n";
  std::size_t widest = 0;
  for (const ErrorRow& row : kErrorRows) widest = std::max(widest, row.word.size());
  for (const ErrorRow& row : kErrorRows)
    out += wrap(row.meaning, fmt::format("{:{}}  {:3}", row.word, widest, number_of(row.exit)), widest + 7,
                width);
  return out;
}

std::string render_exit_codes(std::size_t width) {
  std::string out;
  for (const ExitRow& row : kExitRows)
    out += wrap(row.meaning, fmt::format("{:>3}", number_of(row.code)), 5, width);
  return out;
}

}  // namespace muster::cli
