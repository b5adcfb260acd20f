#include "cli/cli.h"

#include <algorithm>
#include <exception>
#include <new>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/interruptible_files.h"
#include "cli/parse_arguments.h"
#include "cli/version.h"

namespace muster::cli {

#define UNIT(name) std::unique_ptr<Command> name##_command();
#include "commands.inc"
#undef UNIT

Commands all_commands() {
  Commands commands;
#define UNIT(name) commands.push_back(name##_command());
#include "commands.inc"
#undef UNIT
  std::sort(commands.begin(), commands.end(),
            [](const auto& a, const auto& b) { return a->info().name < b->info().name; });
  return commands;
}

namespace {

bool is_help(const std::string& text) { return text == "--help" || text == "-h"; }

std::string first_word(std::string_view name) { return std::string(name.substr(0, name.find(' '))); }

ExitCode complain(Environment& environment, const Error& error) {
  environment.console.err.write(render_error(error));
  return error_row(error.code).exit;
}

/// The command that the first words name, and how many words that takes; nullptr and why not otherwise.
struct Choice {
  Command* command = nullptr;
  std::size_t words = 0;
};

Choice choose(const Commands& commands, const std::vector<std::string>& texts) {
  Choice best;
  for (const auto& command : commands) {
    const std::string name(command->info().name);
    const std::size_t words = static_cast<std::size_t>(std::count(name.begin(), name.end(), ' ')) + 1;
    if (words > texts.size() || words <= best.words) continue;
    std::string given = texts[0];
    for (std::size_t i = 1; i < words; ++i) given += " " + texts[i];
    if (given == name) best = {command.get(), words};
  }
  return best;
}

bool is_group(const Commands& commands, const std::string& word) {
  return std::any_of(commands.begin(), commands.end(),
                     [&](const auto& command) { return command->info().name.starts_with(word + " "); });
}

Error unknown_command(const Commands& commands, const std::vector<std::string>& texts) {
  if (texts[0].starts_with("-")) {
    std::string hint = "options come after the command; see muster --help";
    const std::vector<std::string> known{"--help", "--version"};
    if (const auto near = nearest_name(texts[0], known)) hint = fmt::format("did you mean {}?", *near);
    return {ErrorCode::usage, fmt::format("muster has no option {}", texts[0]), {}, std::move(hint)};
  }
  const bool in_group = is_group(commands, texts[0]);
  std::string given = texts[0];
  if (in_group) given += " " + texts[1];
  std::vector<std::string> names;
  for (const auto& command : commands) {
    const CommandInfo info = command->info();
    if (info.is_hidden) continue;
    names.emplace_back(info.name);
    if (!in_group && info.name.find(' ') != std::string_view::npos) names.push_back(first_word(info.name));
  }
  // "muster list" means "muster rule list", if it means anything.
  std::optional<std::string> near;
  if (const auto found = nearest_name(given, names)) near = std::string(*found);
  for (const std::string& name : names)
    if (!near && name.ends_with(" " + texts[0])) near = name;
  return {ErrorCode::usage,
          fmt::format("there is no command {}", given),
          {},
          near ? fmt::format("did you mean muster {}?", *near) : "muster --help lists the commands"};
}

ExitCode run_help(const Commands& commands, const std::vector<std::string>& texts, Environment& environment) {
  Console& console = environment.console;
  const std::vector<std::string> words(std::next(texts.begin()), texts.end());
  if (words.empty() || is_help(words[0])) {
    console.out.write(render_overview(commands, console.width));
    return ExitCode::ok;
  }
  const Choice choice = choose(commands, words);
  if (choice.command != nullptr && choice.words == words.size()) {
    console.out.write(render_command(*choice.command, console.width));
    return ExitCode::ok;
  }
  if (words.size() == 1 && is_group(commands, words[0])) {
    console.out.write(render_group(commands, words[0], console.width));
    return ExitCode::ok;
  }
  return complain(environment,
                  {ErrorCode::usage,
                   fmt::format("there is no help on {}", fmt::join(words, " ")),
                   {},
                   "muster help, muster help COMMAND, muster help errors, muster help exit-codes"});
}

ExitCode run_command(Command& command, const std::vector<std::string>& texts, Environment& environment) {
  const CommandInfo info = command.info();
  const auto dashes = std::find(texts.begin(), texts.end(), "--");
  if (std::any_of(texts.begin(), dashes, is_help)) {
    environment.console.out.write(render_command(command, environment.console.width));
    return ExitCode::ok;
  }
  Arguments arguments;
  command.declare(arguments);
  if (const Status parsed = parse_arguments(arguments, info.name, texts); !parsed)
    return complain(environment, parsed.error());
  return command.run(environment);
}

ExitCode dispatch(const std::vector<std::string>& texts, Environment& environment) {
  Console& console = environment.console;
  const Commands commands = all_commands();
  if (texts.empty()) {
    console.err.write(render_overview(commands, console.width));
    return ExitCode::wrong_input;
  }
  if (is_help(texts[0])) {
    console.out.write(render_overview(commands, console.width));
    return ExitCode::ok;
  }
  if (texts[0] == "--version" || texts[0] == "-V") {
    console.out.write(version_page());
    return ExitCode::ok;
  }
  if (const Choice choice = choose(commands, texts); choice.command != nullptr)
    return run_command(*choice.command,
                       {texts.begin() + static_cast<std::ptrdiff_t>(choice.words), texts.end()}, environment);
  if (texts[0] == "help") return run_help(commands, texts, environment);
  if (is_group(commands, texts[0]) && (texts.size() == 1 || is_help(texts[1]))) {
    (texts.size() == 1 ? console.err : console.out).write(render_group(commands, texts[0], console.width));
    return texts.size() == 1 ? ExitCode::wrong_input : ExitCode::ok;
  }
  return complain(environment, unknown_command(commands, texts));
}

ExitCode defect(Environment& environment, const std::string& what) {
  return complain(environment,
                  {ErrorCode::internal,
                   what,
                   {},
                   "this is a bug in muster: please report it with the command line and `muster --version`"});
}

ExitCode dispatch_safely(const std::vector<std::string>& texts, Environment& environment) {
  try {
    return dispatch(texts, environment);
  } catch (const Interrupted&) {
    return ExitCode::interrupted;
  } catch (const std::bad_alloc&) {
    return defect(environment, "muster ran out of memory");
  } catch (const std::exception& exception) {
    return defect(environment, exception.what());
  } catch (...) {
    return defect(environment, "something was thrown that is no exception");
  }
}

}  // namespace

ExitCode run(const std::vector<std::string>& texts, Environment& outer) {
  InterruptibleFiles files(outer.files, outer.is_interrupted);
  Environment environment{files, outer.clock,    outer.console,    outer.working_folder, outer.is_interrupted,
                          texts, outer.variable, outer.take_folder};
  ExitCode code = dispatch_safely(texts, environment);
  if (outer.is_interrupted) {
    outer.console.err.write("muster: interrupted\n");
    code = ExitCode::interrupted;
  }
  if (const Status shown = outer.console.out.flush(); !shown) {
    const ExitCode lost = complain(environment, shown.error());
    if (code != ExitCode::internal && code != ExitCode::interrupted) code = lost;
  }
  // When messages cannot be shown there is no place left to say so.
  static_cast<void>(outer.console.err.flush());
  return code;
}

}  // namespace muster::cli
