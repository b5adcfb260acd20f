#include <fmt/format.h>

#include "cli/command.h"
#include "cli/inputs.h"
#include "evidence/keys.h"
#include "evidence/sshsig.h"

namespace muster::cli {
namespace {

class KeyShow final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "key show",
            .summary = "Print the public half of a key, in the forms that verifiers take",
            .description =
                "Reads a private or public key file (no passphrase is needed) and prints what an auditor "
                "needs: the fingerprint, the line for allowed_signers, "
                "and minisign's public key.",
            .examples = {{"muster key show evidence.key", "The public half of a private key."},
                         {"muster key show evidence.key.pub --signer evidence@acme.example",
                          "With the signer's name as the auditor knows it."}},
            .exits = {{ExitCode::ok, "Printed."},
                      {ExitCode::wrong_input, "A wrong call, or a file that holds no Ed25519 key."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("FILE", text(file_), "A private or public key in OpenSSH's format.");
    arguments.option("--signer", "NAME", text(signer_), "The signer's name (default: evidence).");
  }

  ExitCode run(Environment& environment) override {
    const auto key = evidence::load_public_key(environment.files, file_);
    if (!key) return report(environment, key.error());
    environment.console.out.write(
        fmt::format("Fingerprint: {}\nPublic key: {}\nallowed_signers:\n  {}\nminisign:\n{}",
                    evidence::fingerprint(*key), evidence::public_key_line(*key),
                    evidence::allowed_signer_line(signer_, *key), evidence::minisign_public_key(*key)));
    return ExitCode::ok;
  }

 private:
  std::string file_, signer_ = "evidence";
};

}  // namespace

std::unique_ptr<Command> key_show_command() { return std::make_unique<KeyShow>(); }

}  // namespace muster::cli
