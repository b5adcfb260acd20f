// Who signs: an Ed25519 key from an OpenSSH private key file (also an encrypted one), or one that an
// ssh-agent holds. Secrets never leave this module: no error text, no copy in a result. Behind this header is
// libssh, and the agent's socket.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/result.h"

namespace muster::evidence {

class Signer {
 public:
  virtual ~Signer() = default;
  [[nodiscard]] virtual std::string public_key() const = 0;  // 32 bytes
  /// 64 bytes. Error: signing_key when the agent refuses or does not answer.
  [[nodiscard]] virtual Result<std::string> sign(std::string_view message) const = 0;
};

struct KeyRequest {
  std::string path;  // a private key file; or a public one, whose private half an agent holds
  std::optional<std::string> passphrase;  // for an encrypted file
  std::string agent_socket;               // SSH_AUTH_SOCK; empty: there is none
};
/// Errors: signing_key (not Ed25519, encrypted without a passphrase or with a wrong one, no agent, not in the
/// agent), and those of reading the file.
[[nodiscard]] Result<std::unique_ptr<Signer>> load_signer(const FileSystem& files, const KeyRequest& request);
/// The public key of a file that holds a private or a public key, or a signer line. An encrypted private key
/// needs no passphrase for it.
[[nodiscard]] Result<std::string> load_public_key(const FileSystem& files, const std::string& path);

struct NewKey {
  std::string private_file;  // OpenSSH format, encrypted when a passphrase was given
  std::string public_file;   // one line
  std::string public_key;
};
/// A new key; `comment` is one line of text without control characters.
[[nodiscard]] Result<NewKey> make_key(const std::optional<std::string>& passphrase, std::string_view comment);

}  // namespace muster::evidence
