// The program in-process: files in memory, a clock that stands still, captured output.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "cli/cli.h"

namespace muster::cli {

struct Outcome {
  int code = -1;
  std::string out, err;
};

struct Muster {
  MemoryFileSystem files;
  FakeClock clock{*parse_rfc3339("2026-11-21T12:00:00Z")};
  std::atomic<bool> is_interrupted{false};
  bool is_terminal = false;
  bool refuses_colour = false;
  std::size_t width = 100;

  Outcome operator()(std::vector<std::string> texts) { return with(files, texts); }

  Outcome with(FileSystem& other, const std::vector<std::string>& texts) {
    StringSink out, err;
    Console console{out, err};
    console.out_is_terminal = console.err_is_terminal = is_terminal;
    console.refuses_colour = refuses_colour;
    console.width = width;
    Environment environment{other, clock, console, "/srv/ada", is_interrupted};
    const ExitCode code = run(texts, environment);
    return {static_cast<int>(code), out.text(), err.text()};
  }

  /// Copies a folder of the repository to `to`.
  void add_folder(const std::string& folder, const std::string& to) {
    static const auto disk = make_os_file_system();
    const std::string from = join_path(MUSTER_SOURCE_DIR, folder);
    const auto names = disk->list(from);
    if (!names) throw std::runtime_error(names.error().message);
    for (const std::string& name : *names) {
      const std::string path = join_path(from, name);
      if (disk->kind(path) == FileKind::folder) {
        add_folder(join_path(folder, name), join_path(to, name));
      } else {
        files.add(join_path(to, name), disk->read_file(path).value());
      }
    }
  }
};

/// Northwind in northwind/, beside it an empty current folder.
inline Muster& with_northwind(Muster& muster) {
  muster.add_folder("fixtures/northwind", "northwind");
  return muster;
}

}  // namespace muster::cli
