#include <fmt/format.h>

#include "cli/bundling.h"
#include "cli/command.h"
#include "cli/inputs.h"

namespace muster::cli {
namespace {

class BundleCommand final : public Command {
 public:
  CommandInfo info() const override {
    return {
        .name = "bundle",
        .summary = "Pack a run with everything needed to believe and repeat it",
        .description =
            "Makes one archive of a run's folder: the results and reports, the policies, rules, waivers, "
            "roster and snapshot that they came from, where each "
            "dataset was got from, and a signed list of digests. An auditor verifies it with sha256sum and "
            "ssh-keygen. Every input is compared with what the run "
            "read; one that was changed since is refused. The same run and key give the same bytes.",
        .examples = {{"muster bundle out -o acme-2026-11.tar.gz --key evidence.key",
                      "A signed bundle of the run in out/."},
                     {"muster bundle out -o acme.tar.gz --key ci.pub",
                      "Signed by the ssh-agent that holds the private half."},
                     {"muster bundle out -o b.tar.gz --key k --previous a.tar.gz --retain-until 2032-11-30",
                      "The next one of a chain, with the day until which it is to be kept."},
                     {"muster bundle out -o b.tar.gz --key k --timestamp http://tsa.example/tsr",
                      "With a time stamp of that authority."}},
        .exits = {{ExitCode::ok, "The bundle is written."},
                  {ExitCode::wrong_input,
                   "A wrong call, a key that cannot be used, a run that cannot be bundled, or an output that "
                   "cannot be written."},
                  {ExitCode::integrity,
                   "An input or a part of the run was changed since the run, or the time stamp is wrong."},
                  {ExitCode::unavailable, "The time stamp authority does not answer."},
                  {ExitCode::internal, "A bug in muster."},
                  {ExitCode::interrupted, "Interrupted; nothing half-written is left."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("RUN", text(run_), "The folder of `muster check --out`.");
    arguments.option("-o,--output", "FILE", text(output_), "The archive to write, named .tar.gz.");
    bundling_.declare(arguments);
  }

  ExitCode run(Environment& environment) override {
    if (!output_)
      return report(environment, {ErrorCode::usage, "no output is named", {}, "give -o FILE.tar.gz"});
    if (const Status fine = bundling_.check(); !fine) return report(environment, fine.error());
    const auto folder = load_run_folder(environment, run_);
    if (!folder) return report(environment, folder.error());
    return bundling_.make(environment, *folder, *output_);
  }

 private:
  std::string run_;
  std::optional<std::string> output_;
  Bundling bundling_;
};

}  // namespace

std::unique_ptr<Command> bundle_command() { return std::make_unique<BundleCommand>(); }

}  // namespace muster::cli
