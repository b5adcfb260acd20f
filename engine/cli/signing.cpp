#include "cli/signing.h"

#include <fmt/format.h>

#include "cli/private_memory.h"

namespace muster::cli {

Result<std::string> read_passphrase(const Environment& environment, const std::string& path) {
  keep_memory_private();
  constexpr std::uint64_t kLongest = 4096;
  auto text = environment.files.read_file(path, kLongest);
  if (!text) return tl::unexpected(text.error());
  text->resize(std::min(text->size(), text->find('\n')));
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty())
    return fail(ErrorCode::signing_key,
                fmt::format("{}: its first line is the passphrase, and it is empty", path));
  return text;
}

void Signing::declare(Arguments& arguments) {
  arguments.option("--key", "FILE", text(key_),
                   "Sign with this Ed25519 key: an OpenSSH private key file, or a .pub file whose private "
                   "half an ssh-agent holds. Without it the bundle is not signed.");
  arguments.option("--passphrase-file", "FILE", text(passphrase_file_),
                   "The file whose first line opens an encrypted key; /dev/stdin to type or pipe it.");
}

Result<std::unique_ptr<evidence::Signer>> Signing::load(const Environment& environment) const {
  if (!key_) {
    if (passphrase_file_)
      return fail(ErrorCode::usage, "--passphrase-file opens the key of --key, and there is no --key");
    return nullptr;
  }
  keep_memory_private();
  evidence::KeyRequest request;
  request.path = *key_;
  request.agent_socket = environment.variable("SSH_AUTH_SOCK").value_or("");
  if (passphrase_file_) {
    auto passphrase = read_passphrase(environment, *passphrase_file_);
    if (!passphrase) return tl::unexpected(passphrase.error());
    request.passphrase = std::move(*passphrase);
  }
  return evidence::load_signer(environment.files, request);
}

}  // namespace muster::cli
