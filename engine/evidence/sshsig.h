// Signatures in OpenSSH's format (its PROTOCOL.sshsig), for Ed25519 keys: what `ssh-keygen -Y verify` checks.
// Also the other two forms that the same key can sign in: minisign, and DSSE envelopes around an in-toto
// statement. Pure; keys are 32 raw bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace muster::evidence {

/// Keeps a signature made for another purpose from being taken for one of a bundle.
inline constexpr std::string_view kNamespace = "evidence@muster";

/// "ssh-ed25519 AAAA…", without a comment.
[[nodiscard]] std::string public_key_line(std::string_view public_key);
/// The key of such a line (whatever follows it); nullopt for another kind of key or a damaged one.
[[nodiscard]] std::optional<std::string> parse_public_key_line(std::string_view line);
/// "SHA256:…" as ssh-keygen -l prints it.
[[nodiscard]] std::string fingerprint(std::string_view public_key);
/// The key as OpenSSH's protocols carry it.
[[nodiscard]] std::string public_key_blob(std::string_view public_key);

/// What is signed to sign `message`.
[[nodiscard]] std::string sshsig_payload(std::string_view message);
/// The armoured signature file.
[[nodiscard]] std::string render_sshsig(std::string_view public_key, std::string_view signature);
struct SshSignature {
  std::string public_key, signature;
};
/// Refuses every text but one that render_sshsig writes, another namespace included. Error:
/// evidence_signature.
[[nodiscard]] Result<SshSignature> parse_sshsig(std::string_view text, const std::string& file);

/// One line of an allowed_signers file (ssh-keygen(1)) with an Ed25519 key.
struct AllowedSigner {
  std::string principals;  // as written: patterns with commas
  std::string public_key;
  std::optional<std::string> namespaces;  // patterns with commas
  std::optional<Instant> valid_after, valid_before;
  std::uint32_t line = 0;
};
/// Lines with other kinds of keys are left out; certificate authorities too, since bundles are signed with
/// plain keys. Error: evidence_unfit with the line.
[[nodiscard]] Result<std::vector<AllowedSigner>> parse_allowed_signers(std::string_view text,
                                                                       const std::string& file);
/// The line that a signer of bundles should have there.
[[nodiscard]] std::string allowed_signer_line(std::string_view principal, std::string_view public_key);
/// The first signer that `key` is of, for this namespace and at `when`; an Error says why none fits:
/// evidence_signature.
[[nodiscard]] Result<AllowedSigner> find_signer(const std::vector<AllowedSigner>& signers,
                                                std::string_view key, Instant when);

/// minisign: key ids are the first 8 bytes of the key's SHA-256.
[[nodiscard]] std::string minisign_public_key(std::string_view public_key);
[[nodiscard]] std::string minisign_payload(std::string_view message);
[[nodiscard]] std::string render_minisig(std::string_view public_key, std::string_view signature,
                                         std::string_view trusted_comment, std::string_view global_signature);
/// Whether the file is a signature of `message` by the key. Error: evidence_signature.
[[nodiscard]] Status check_minisig(std::string_view text, std::string_view message,
                                   std::string_view public_key, const std::string& file);

/// DSSE (v1.0.2): what is signed, and the envelope.
inline constexpr std::string_view kStatementType = "application/vnd.in-toto+json";
[[nodiscard]] std::string dsse_payload(std::string_view body);
[[nodiscard]] std::string render_dsse(std::string_view body, std::string_view public_key,
                                      std::string_view signature);
/// The body, after its signature by the key was checked. Error: evidence_signature.
[[nodiscard]] Result<std::string> open_dsse(std::string_view text, std::string_view public_key,
                                            const std::string& file);

}  // namespace muster::evidence
