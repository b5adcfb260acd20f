// muster_simulator: both APIs on 127.0.0.1. `--help` lists the options and the faults.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "faults.h"
#include "http_server.h"
#include "simulator.h"

namespace {

using namespace simulator;

constexpr std::string_view kHelp = R"(usage: muster_simulator [OPTION=VALUE...]

Serves the Admin API and the Compliance API of a made-up organization on 127.0.0.1, and prints `listening on URL`.

  --fixture=DIR           serve a snapshot folder's objects instead of made-up ones
  --seed=N                what the organization is made from (1)
  --users=N --workspaces=N --members=N --keys=N --invites=N --groups=N --group-members=N --activities=N
                          how large it is; members are per workspace and group (300 12 25 60 8 6 20 200)
  --tenants=N             that many unrelated organizations; keys of the second end with -2 (1)
  --linked=N              organizations of one parent, for the Compliance API (1)
  --age=old|new|future    what replies look like (new)
  --now=TIME|real         the simulated clock (2026-11-20T08:00:00Z, or the fixture's)
  --odd-ids               rows whose ids hold slashes, dots and control characters
  --without=PATH          a path prefix that this organization does not have (404); may be given again
  --admin-limit=LIMIT     off, or REQUESTS/SECONDS[,burst=N] (100/60)
  --compliance-limit=LIMIT                                   (600/60)
  --admin-limit-headers   the rate limit headers on Admin replies too
  --no-version            do not insist on anthropic-version
  --oauth-only-status=N   what an Admin key gets on service accounts (403)
  --clock-skew=SECONDS    added to the Date header
  --fault=FAULT           something that goes wrong; may be given again
  --tls-cert=FILE --tls-key=FILE   serve https
  --url-file=FILE         write the URL there once it listens
  --list-keys             print the keys and end

A FAULT is KIND:KEY=VALUE,...; faults are also switched on by a POST of such lines to /_simulator/faults, and all off by a DELETE. Keys of
every kind: path (* is any text), query (a piece of it), from (the number of the first request that is hit, from 1), times (how many; 0 is
all that follow; 1). Kinds:

)";

std::uint64_t number_of(std::string_view name, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::invalid_argument(fmt::format("{}: {} is no number", name, text));
  return value;
}

struct CommandLine {
  Options options;
  ServerOptions server;
  std::vector<std::string> faults;
  std::string url_file;
  bool list_keys = false, help = false;
};

CommandLine parse(const std::vector<std::string>& arguments) {
  CommandLine line;
  Options& options = line.options;
  options.now = *muster::parse_rfc3339("2026-11-20T08:00:00Z");
  for (const std::string& argument : arguments) {
    const std::size_t equals = std::min(argument.find('='), argument.size());
    const std::string name = argument.substr(0, equals),
                      value = equals < argument.size() ? argument.substr(equals + 1) : "";
    const auto number = [&] { return number_of(name, value); };
    if (name == "--fixture") {
      options.fixture = value;
    } else if (name == "--seed") {
      options.seed = number();
    } else if (name == "--users") {
      options.size.users = std::max<std::uint64_t>(1, number());
    } else if (name == "--workspaces") {
      options.size.workspaces = number();
    } else if (name == "--members") {
      options.size.members = number();
    } else if (name == "--keys") {
      options.size.keys = number();
    } else if (name == "--invites") {
      options.size.invites = number();
    } else if (name == "--groups") {
      options.size.groups = number();
    } else if (name == "--group-members") {
      options.size.group_members = number();
    } else if (name == "--activities") {
      options.size.activities = number();
    } else if (name == "--tenants") {
      options.tenants = number();
    } else if (name == "--linked") {
      options.linked = std::max<std::uint64_t>(1, number());
    } else if (name == "--age") {
      const auto age = parse_age(value);
      if (!age) throw std::invalid_argument(fmt::format("--age: {} is not old, new or future", value));
      options.age = *age;
    } else if (name == "--now") {
      const auto at = value == "real" ? muster::SystemClock().now() : muster::parse_rfc3339(value);
      if (!at) throw std::invalid_argument(fmt::format("--now: {} is no time", value));
      options.now = *at;
    } else if (name == "--odd-ids") {
      options.odd_ids = true;
    } else if (name == "--without") {
      options.without.push_back(value);
    } else if (name == "--admin-limit") {
      options.admin_limit = parse_limit(value);
    } else if (name == "--compliance-limit") {
      options.compliance_limit = parse_limit(value);
    } else if (name == "--admin-limit-headers") {
      options.admin_limit_headers = true;
    } else if (name == "--no-version") {
      options.needs_version = false;
    } else if (name == "--oauth-only-status") {
      options.oauth_only_status = static_cast<int>(number());
    } else if (name == "--clock-skew") {
      options.clock_skew_s = std::stoll(value);
    } else if (name == "--fault") {
      line.faults.push_back(value);
    } else if (name == "--tls-cert") {
      line.server.certificate_file = value;
    } else if (name == "--tls-key") {
      line.server.key_file = value;
    } else if (name == "--url-file") {
      line.url_file = value;
    } else if (name == "--list-keys") {
      line.list_keys = true;
    } else if (name == "--help") {
      line.help = true;
    } else {
      throw std::invalid_argument(fmt::format("{}: there is no such option; see --help", argument));
    }
  }
  return line;
}

int run(const std::vector<std::string>& arguments) {
  const CommandLine line = parse(arguments);
  if (line.help) {
    fmt::print("{}{}", kHelp, describe_faults());
    return 0;
  }
  Simulator simulator(line.options);
  if (line.list_keys) {
    for (const Credential& key : simulator.keys()) fmt::print("{}\n", key.text);
    return 0;
  }
  for (const std::string& fault : line.faults) simulator.add_fault(fault);
  HttpServer server(line.server, [&](const Request& request) { return simulator.handle(request); });
  simulator.on_stop = [&] { server.stop(); };
  const std::string url = fmt::format("{}://127.0.0.1:{}",
                                      line.server.certificate_file.empty() ? "http" : "https", server.port());
  if (!line.url_file.empty()) {
    // Under its final name only when it is whole.
    const std::string draft = line.url_file + ".draft";
    std::ofstream(draft) << url << '\n';
    if (std::rename(draft.c_str(), line.url_file.c_str()) != 0)
      throw std::runtime_error("cannot write " + line.url_file);
  }
  fmt::print("listening on {}\n", url);
  std::fflush(stdout);
  server.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& problem) {
    fmt::print(stderr, "muster_simulator: {}\n", problem.what());
    return 64;
  }
}
