#include "cli/parse_arguments.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"

namespace muster::cli {
namespace {

std::string see_help(std::string_view command) { return fmt::format("see muster {} --help", command); }

tl::unexpected<Error> needs_value(const Argument& argument, std::string_view command) {
  return fail(ErrorCode::usage, fmt::format("{} needs a value: {}", argument.main_name(), argument.value), {},
              see_help(command));
}

std::vector<std::string> option_names(const Arguments& arguments) {
  std::vector<std::string> names{"--help"};
  for (const Argument& argument : arguments.all())
    if (!argument.is_positional()) names.emplace_back(argument.main_name());
  return names;
}

Status take_positionals(const Arguments& arguments, std::string_view command,
                        const std::vector<std::string>& given) {
  std::size_t next = 0;
  const Argument* last = nullptr;
  for (const Argument& argument : arguments.all()) {
    if (!argument.is_positional()) continue;
    last = &argument;
    if (argument.is_required && next == given.size())
      return fail(ErrorCode::usage,
                  fmt::format("muster {} needs {}: {}", command, argument.names, argument.doc), {},
                  see_help(command));
    const std::size_t end = argument.repeats() ? given.size() : std::min(next + 1, given.size());
    for (; next < end; ++next) {
      const Status taken = argument.take(given[next]);
      if (!taken)
        return fail(taken.error().code,
                    fmt::format("{} {}: {}", argument.names, given[next], taken.error().message), {},
                    taken.error().hint);
    }
  }
  if (next == given.size()) return {};
  if (last != nullptr)
    return fail(ErrorCode::usage, fmt::format("{} is one text too many for muster {}", given[next], command),
                {}, see_help(command));
  return fail(ErrorCode::usage, fmt::format("muster {} has no use for {}", command, given[next]), {},
              see_help(command));
}

}  // namespace

Status parse_arguments(const Arguments& arguments, std::string_view command,
                       const std::vector<std::string>& texts) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<const Argument*, CLI::Option*>> options;
  for (const Argument& argument : arguments.all()) {
    if (argument.is_positional()) continue;
    CLI::Option* option = nullptr;
    if (argument.kind == Argument::Kind::flag) {
      option = app.add_flag(argument.names);
    } else {
      option = app.add_option(argument.names)
                   ->type_size(1)
                   ->expected(1)
                   ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      if (argument.kind == Argument::Kind::list)
        option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
    }
    options.emplace_back(&argument, option);
  }

  // What follows "--" is positional whatever it looks like.
  const auto dashes = std::find(texts.begin(), texts.end(), "--");
  std::vector<std::string> reversed(std::make_reverse_iterator(dashes), texts.rend());
  for (const auto& [argument, option] : options) {
    const std::string given = std::string(argument->main_name()) + "=";
    const bool is_flag = argument->kind == Argument::Kind::flag;
    for (auto text = texts.begin(); text != dashes; ++text) {
      if (is_flag && text->starts_with(given))
        return fail(ErrorCode::usage, fmt::format("{} takes no value", argument->main_name()), {},
                    see_help(command));
      if (!is_flag && *text == given) return needs_value(*argument, command);
    }
  }
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::Error&) {
    // The only thing that is left for CLI11 to refuse: an option at the end, without its value.
    for (const auto& [argument, option] : options)
      if (dashes != texts.begin() && option->check_name(*std::prev(dashes)))
        return needs_value(*argument, command);
    return fail(ErrorCode::usage, "the command line cannot be read", {}, see_help(command));
  }

  std::vector<std::string> positionals;
  const std::vector<std::string> known = option_names(arguments);
  for (const std::string& text : app.remaining()) {
    if (text.size() < 2 || text.front() != '-') {
      positionals.push_back(text);
      continue;
    }
    const std::string name = text.substr(0, text.find('='));
    const auto near = nearest_name(name, known);
    return fail(ErrorCode::usage, fmt::format("muster {} has no option {}", command, name), {},
                near ? fmt::format("did you mean {}?", *near) : see_help(command));
  }
  if (dashes != texts.end()) positionals.insert(positionals.end(), std::next(dashes), texts.end());

  for (const auto& [argument, option] : options) {
    if (argument->kind == Argument::Kind::flag) {
      if (option->count() > 0) static_cast<void>(argument->take({}));
      continue;
    }
    const std::vector<std::string>& given = option->results();
    if (!argument->repeats() && given.size() > 1)
      return fail(ErrorCode::usage, fmt::format("{} is given {} times", argument->main_name(), given.size()),
                  {}, "give it once");
    for (const std::string& value : given) {
      // CLI11 takes whatever comes next for the value.
      const bool is_option = std::any_of(options.begin(), options.end(), [&](const auto& other) {
        return value.starts_with('-') && other.second->check_name(value);
      });
      if (is_option) return needs_value(*argument, command);
      const Status taken = argument->take(value);
      if (!taken)
        return fail(taken.error().code,
                    fmt::format("{} {}: {}", argument->main_name(), value, taken.error().message), {},
                    taken.error().hint);
    }
  }
  return take_positionals(arguments, command, positionals);
}

}  // namespace muster::cli
