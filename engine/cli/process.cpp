#include "cli/process.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "base/append_file.h"
#include "cli/cli.h"

namespace muster::cli {
namespace {

// A signal handler can reach nothing else.
std::atomic<bool> is_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_interrupt(int) {
  // The second time the user means now.
  if (is_interrupted.exchange(true)) ::_exit(static_cast<int>(ExitCode::interrupted));
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool is_dumb_terminal() {
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) == "dumb";
}

/// A standard stream that the caller closed would give its number to the next file that is opened, and what
/// is printed would end up in it.
void open_missing_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != stream)
      ::_exit(static_cast<int>(ExitCode::internal));
}

}  // namespace

int run_process(int count, char** texts, const Clock& clock) {
  open_missing_streams();
  struct sigaction on_signal {};
  on_signal.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &on_signal, nullptr);
  ::sigaction(SIGTERM, &on_signal, nullptr);
  // A reader that goes away shows as a failed write; the verdict's exit code must not change for it.
  std::signal(SIGPIPE, SIG_IGN);

  const auto files = make_os_file_system();
  const auto out = make_descriptor_sink(STDOUT_FILENO, "the standard output");
  const auto err = make_descriptor_sink(STDERR_FILENO, "the standard error");
  Console console{*out, *err};
  console.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  console.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  console.refuses_colour = is_set("NO_COLOR") || is_dumb_terminal();
  console.width = terminal_width(STDOUT_FILENO, console.width);
  std::error_code ignored;
  Environment environment{*files,
                          clock,
                          console,
                          std::filesystem::current_path(ignored).string(),
                          is_interrupted,
                          {},
                          [](const char* name) -> std::optional<std::string> {
                            const char* value = std::getenv(name);
                            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
                          }};
  environment.take_folder = [&](const std::string& folder,
                                const char* command) -> Result<std::shared_ptr<void>> {
    const bool is_new = files->kind(folder) == FileKind::none;
    if (const Status made = files->make_folders(folder); !made) return tl::unexpected(made.error());
    auto lock = FolderLock::take(folder, command, is_new);
    if (!lock) return tl::unexpected(lock.error());
    return std::make_shared<FolderLock>(std::move(*lock));
  };
  const std::vector<std::string> given(texts + (count > 0 ? 1 : 0), texts + count);
  return static_cast<int>(run(given, environment));
}

}  // namespace muster::cli
