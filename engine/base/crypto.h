// Keys, signatures and digests beyond SHA-256, over OpenSSL. Byte strings are raw bytes in std::string; texts
// are base64 as of RFC 4648 with padding. All functions are pure except those that draw random bytes, and
// safe to call from several threads. A failure of OpenSSL itself is an exception (a defect); a wrong
// signature, key or text is a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace muster {

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Standard alphabet, padded, nothing else in it; nullopt otherwise. With `url_safe`, '-' and '_' are read
/// too.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text, bool url_safe = false);
[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

[[nodiscard]] std::string sha256_bytes(std::string_view bytes);       // 32
[[nodiscard]] std::string sha512_bytes(std::string_view bytes);       // 64
[[nodiscard]] std::string blake2b_512_bytes(std::string_view bytes);  // 64
/// HMAC-SHA-256, 32 bytes.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view text);
/// RFC 9562 version 5: the same name in the same name space is the same UUID, in lower case with dashes.
/// `name_space` is a UUID in that form; anything else is a defect.
[[nodiscard]] std::string uuid_v5(std::string_view name_space, std::string_view name);
/// From the system's generator for secrets.
[[nodiscard]] std::string random_bytes(std::size_t count);

/// Ed25519 (RFC 8032): seeds and public keys of 32 bytes, signatures of 64.
namespace ed25519 {
[[nodiscard]] std::string make_seed();
[[nodiscard]] std::string public_key(std::string_view seed);
[[nodiscard]] std::string sign(std::string_view seed, std::string_view message);
/// False for a wrong signature and for keys or signatures of another length.
[[nodiscard]] bool verify(std::string_view public_key, std::string_view message, std::string_view signature);
}  // namespace ed25519

/// Time stamps of RFC 3161 over a SHA-256 digest.
namespace timestamp {
/// A request (DER) for a token over `sha256` (32 bytes), which asks for the authority's certificate. `nonce`
/// (up to 8 bytes) ties the reply to this request; empty: none.
[[nodiscard]] std::string make_request(std::string_view sha256, std::string_view nonce);
struct Token {
  Instant time;           // UTC, as the authority says
  std::string authority;  // subject of the certificate that signed, one line; empty when the token holds none
  bool is_modified = false;  // the authority granted it "with modifications"
};
/// The reply (DER) of an authority: granted, and about this digest. With `trusted_pem` (certificates) the
/// signature and its chain are checked too; without, nothing proves who made it. With a `nonce` (that of the
/// request) it must be the answer to that request. Errors: evidence_timestamp.
[[nodiscard]] Result<Token> read_reply(std::string_view reply, std::string_view sha256,
                                       const std::optional<std::string>& trusted_pem,
                                       std::string_view nonce = {});
}  // namespace timestamp

}  // namespace muster
