#include "cli/keys.h"

#include <array>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/private_memory.h"

extern char** environ;

namespace muster::cli {
namespace {

constexpr std::size_t kMostBytes = 65536;

tl::unexpected<Error> missing(const Place& place, std::string message, std::string hint) {
  return fail(ErrorCode::key_missing, std::move(message), place, std::move(hint));
}

/// What the program prints; it is started without a shell, and its complaints go where muster's own do.
Result<std::string> output_of(const std::vector<std::string>& command, const Place& place,
                              const std::set<std::string, std::less<>>& withheld) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return missing(place, "cannot make a pipe for the key's program", "");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<std::string> texts = command;
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  std::vector<char*> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view text = *each;
    if (!withheld.contains(text.substr(0, text.find('=')))) variables.push_back(*each);
  }
  variables.push_back(nullptr);
  pid_t child = 0;
  const int code =
      ::posix_spawnp(&child, arguments.front(), &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string out;
  std::array<char, 4096> buffer{};
  for (ssize_t count;
       code == 0 && out.size() < kMostBytes && (count = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
    out.append(buffer.data(), static_cast<std::size_t>(count));
  ::close(ends[0]);
  if (code != 0)
    return missing(place, fmt::format("the program {} cannot be started", command.front()),
                   "is it installed, and in the PATH?");
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return missing(place, fmt::format("the program {} failed, so there is no key", command.front()),
                   "run it by hand to see why");
  return out;
}

}  // namespace

Result<http::Secret> read_key(const Environment& environment, const KeySource& source, const Place& place,
                              const std::set<std::string, std::less<>>& withheld) {
  keep_memory_private();
  std::string text;
  std::string from;
  if (!source.env.empty()) {
    from = fmt::format("the environment variable {}", source.env);
    const auto value = environment.variable(source.env.c_str());
    if (!value)
      return missing(place, fmt::format("{} is not set", from), "set it to the key, for this process alone");
    text = *value;
  } else if (!source.file.empty()) {
    from = fmt::format("the file {}", source.file);
    auto read = environment.files.read_file(source.file, kMostBytes);
    if (!read) {
      Error error = read.error();
      if (error.place.file.empty()) error.place = place;
      return tl::unexpected(std::move(error));
    }
    text = std::move(*read);
  } else {
    from = fmt::format("the program {}", source.command.front());
    auto printed = output_of(source.command, place, withheld);
    if (!printed) return tl::unexpected(printed.error());
    text = std::move(*printed);
  }
  const std::string_view key = trim(text);
  if (key.empty()) return missing(place, fmt::format("{} gives no key: it is empty", from), "");
  for (const char c : key)
    if (c <= ' ' || c > '~')
      return missing(
          place,
          fmt::format("{} gives more than a key: it holds a blank, a line break or another such character",
                      from),
          "it must hold the key alone");
  return http::Secret(std::string(key));
}

std::string kind_of_key(const http::Secret& key, bool is_bearer) {
  const std::string& text = key.reveal();
  if (text.starts_with("sk-ant-admin")) return "admin";
  if (text.starts_with("sk-ant-api01-")) return "compliance";
  if (text.starts_with("sk-ant-api")) return "workspace";
  return is_bearer ? "token" : "unknown";
}

std::string hint_of_key(const http::Secret& key) {
  const std::string& text = key.reveal();
  const std::string tail = text.size() >= 24 ? text.substr(text.size() - 4) : "";
  for (const std::string_view start : {"sk-ant-admin01-", "sk-ant-api01-", "sk-ant-api03-"})
    if (text.starts_with(start)) return fmt::format("{}...{}", start, tail);
  return fmt::format("...{}", tail);
}

Status check_key_kind(const Source& source, const http::Secret& key) {
  const std::string kind = kind_of_key(key, source.connection.is_bearer);
  const bool wants_admin = source.provider == "anthropic-admin";
  const std::string_view right =
      wants_admin
          ? "make an Admin key in the Claude Console under Settings > Admin keys, as an organization admin"
          : "make a Compliance Access Key in claude.ai under Organization settings > API, as the primary "
            "owner";
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::key_kind,
                fmt::format("{} is {}",
                            source.provider == "anthropic-admin" ? "the key of anthropic-admin"
                                                                 : "the key of anthropic-compliance",
                            what),
                source.place, std::string(right));
  };
  if (kind == "workspace")
    return wrong("a workspace's API key, which calls models and may not read the organization");
  if (!wants_admin && kind == "admin") return wrong("an Admin key, which may read the activity feed alone");
  if (source.connection.is_bearer && (kind == "admin" || kind == "compliance"))
    return fail(ErrorCode::key_kind, "an API key is given where an OAuth token is named", source.place,
                "name it by api_key_env, api_key_file or api_key_command");
  return {};
}

}  // namespace muster::cli
