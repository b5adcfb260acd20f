#include <fmt/format.h>

#include "cli/command.h"
#include "cli/inputs.h"
#include "cli/private_memory.h"
#include "cli/signing.h"
#include "evidence/sshsig.h"

namespace muster::cli {
namespace {

class KeyNew final : public Command {
 public:
  CommandInfo info() const override {
    return {.name = "key new",
            .summary = "Make a key that signs evidence",
            .description =
                "Writes a new Ed25519 key in OpenSSH's format, and its public half beside it as FILE.pub. "
                "Only the owner can read the private file.",
            .examples = {{"muster key new evidence.key --passphrase-file /dev/stdin",
                          "An encrypted key; the passphrase is read from the terminal."},
                         {"muster key new evidence.key --comment 'evidence 2026'",
                          "A key without a passphrase, for a CI system's store of secrets."}},
            .exits = {
                {ExitCode::ok, "The key is written."},
                {ExitCode::wrong_input,
                 "A wrong call, a file that exists already or cannot be written, or an empty passphrase."}}};
  }

  void declare(Arguments& arguments) override {
    arguments.required("FILE", text(file_), "The private key's file; it must not exist.");
    arguments.option("--passphrase-file", "FILE", text(passphrase_file_),
                     "Encrypt the key with the passphrase in this file's first line.");
    arguments.option("--comment", "TEXT", text(comment_),
                     "A note in the key's files (default: muster evidence).");
    arguments.option("--signer", "NAME", text(signer_),
                     "The name in the printed line for the auditor (default: evidence).");
  }

  ExitCode run(Environment& environment) override {
    const std::string public_file = file_ + ".pub";
    for (const std::string& path : {file_, public_file})
      if (environment.files.kind(path) != FileKind::none)
        return report(environment, {ErrorCode::usage,
                                    fmt::format("{} exists already, and a key is never replaced", path),
                                    {},
                                    "give another name"});
    for (const char c : comment_)
      if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
        return report(environment, {ErrorCode::usage, "--comment is one line of text", {}, {}});
    std::optional<std::string> passphrase;
    if (passphrase_file_) {
      auto given = read_passphrase(environment, *passphrase_file_);
      if (!given) return report(environment, given.error());
      passphrase = std::move(*given);
    }
    keep_memory_private();
    const auto key = evidence::make_key(passphrase, comment_);
    if (!key) return report(environment, key.error());
    auto writer = environment.files.create_secret(file_);
    if (!writer) return report(environment, writer.error());
    (*writer)->write(key->private_file);
    if (const Status written = (*writer)->commit(); !written) return report(environment, written.error());
    if (const Status written = environment.files.write_file(public_file, key->public_file); !written)
      return report(environment, written.error());
    environment.console.out.write(fmt::format(
        "Private key: {}{}\nPublic key: {}\nFingerprint: {}\nThe auditor's allowed_signers:\n  {}\n", file_,
        passphrase ? " (encrypted)" : " (not encrypted)", public_file, evidence::fingerprint(key->public_key),
        evidence::allowed_signer_line(signer_, key->public_key)));
    return ExitCode::ok;
  }

 private:
  std::string file_, comment_ = "muster evidence", signer_ = "evidence";
  std::optional<std::string> passphrase_file_;
};

}  // namespace

std::unique_ptr<Command> key_new_command() { return std::make_unique<KeyNew>(); }

}  // namespace muster::cli
