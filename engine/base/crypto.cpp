#include "base/crypto.h"

#include <array>
#include <ctime>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include "base/text.h"

namespace muster {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void must(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(fmt::format("OpenSSL failed to {}", what));
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using Bio = Owned<BIO, BIO_free_all>;

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  must(EVP_Digest(bytes.data(), bytes.size(), bytes_of(out), &length, algorithm, nullptr) == 1,
       "compute a digest");
  out.resize(length);
  return out;
}

int value_of(char c, bool url_safe) {
  if (url_safe && c == '-') return 62;
  if (url_safe && c == '_') return 63;
  const std::size_t at = kAlphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text, bool url_safe) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool is_last = i + 4 == text.size();
    const std::size_t padding = is_last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k >= 4 - padding ? 0 : value_of(text[i + k], url_safe);
      if (value < 0) return std::nullopt;
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    // Bits that belong to no byte must be zero, so that every value has one text.
    if ((padding == 2 && (group & 0xFFFF) != 0) || (padding == 1 && (group & 0xFF) != 0)) return std::nullopt;
    for (std::size_t k = 0; k < 3 - padding; ++k) out += static_cast<char>(group >> (16 - 8 * k) & 0xFF);
  }
  return out;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string sha256_bytes(std::string_view bytes) { return digest(EVP_sha256(), bytes); }
std::string sha512_bytes(std::string_view bytes) { return digest(EVP_sha512(), bytes); }
std::string blake2b_512_bytes(std::string_view bytes) { return digest(EVP_blake2b512(), bytes); }

std::string uuid_v5(std::string_view name_space, std::string_view name) {
  std::string digits(name_space);
  std::erase(digits, '-');
  const std::optional<std::string> space = from_hex(digits);
  must(space && space->size() == 16, "read the name space of a UUID");
  std::string bytes = digest(EVP_sha1(), *space + std::string(name)).substr(0, 16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x50);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string text = to_hex(bytes);
  for (const std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, "-");
  return text;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::string out(32, '\0');
  unsigned length = 0;
  must(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(),
            bytes_of(out), &length) != nullptr,
       "compute an HMAC");
  return out;
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  must(RAND_priv_bytes(bytes_of(out), static_cast<int>(count)) == 1, "draw random bytes");
  return out;
}

namespace ed25519 {

std::string make_seed() { return random_bytes(32); }

std::string public_key(std::string_view seed) {
  const Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()));
  must(key != nullptr, "read an Ed25519 key");
  std::string out(32, '\0');
  std::size_t length = out.size();
  must(EVP_PKEY_get_raw_public_key(key.get(), bytes_of(out), &length) == 1 && length == 32,
       "derive an Ed25519 public key");
  return out;
}

std::string sign(std::string_view seed, std::string_view message) {
  const Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()));
  must(key != nullptr, "read an Ed25519 key");
  const DigestContext context(EVP_MD_CTX_new());
  std::string out(64, '\0');
  std::size_t length = out.size();
  must(context != nullptr && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestSign(context.get(), bytes_of(out), &length, bytes_of(message), message.size()) == 1 &&
           length == 64,
       "sign");
  return out;
}

bool verify(std::string_view public_key, std::string_view message, std::string_view signature) {
  if (public_key.size() != 32 || signature.size() != 64) return false;
  const Key key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(public_key), public_key.size()));
  if (key == nullptr) return false;
  const DigestContext context(EVP_MD_CTX_new());
  must(context != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1,
       "begin a verification");
  const bool is_right = EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                                         bytes_of(message), message.size()) == 1;
  ERR_clear_error();
  return is_right;
}

}  // namespace ed25519

namespace timestamp {
namespace {

using Imprint = Owned<TS_MSG_IMPRINT, TS_MSG_IMPRINT_free>;
using Request = Owned<TS_REQ, TS_REQ_free>;
using Reply = Owned<TS_RESP, TS_RESP_free>;
using Algorithm = Owned<X509_ALGOR, X509_ALGOR_free>;
using Store = Owned<X509_STORE, X509_STORE_free>;
using Verification = Owned<TS_VERIFY_CTX, TS_VERIFY_CTX_free>;

tl::unexpected<Error> refuse(std::string message, std::string hint = {}) {
  ERR_clear_error();
  return fail(ErrorCode::evidence_timestamp, std::move(message), {}, std::move(hint));
}

std::string last_reason() {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long code = ERR_peek_last_error_data(&data, &flags);
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  const bool has_data = data != nullptr && (flags & ERR_TXT_STRING) != 0 && *data != '\0';
  return fmt::format("{}{}{}", reason == nullptr ? "no reason given" : reason, has_data ? ": " : "",
                     has_data ? data : "");
}

Owned<ASN1_INTEGER, ASN1_INTEGER_free> integer_of(std::string_view nonce) {
  std::uint64_t number = 0;
  for (const char c : nonce.substr(0, 8)) number = number << 8 | static_cast<unsigned char>(c);
  Owned<ASN1_INTEGER, ASN1_INTEGER_free> integer(ASN1_INTEGER_new());
  must(integer && ASN1_INTEGER_set_uint64(integer.get(), number) == 1, "make a number");
  return integer;
}

/// What RFC 3161 calls the status of a reply without a token, and the authority's own words.
std::string refusal_of(const TS_STATUS_INFO* status) {
  struct Bit {
    int number;
    const char* word;
  };
  constexpr Bit kFailures[] = {{0, "unknown or unsupported algorithm"},
                               {2, "the request is not permitted"},
                               {5, "the request is malformed"},
                               {14, "its time source is not available"},
                               {15, "its policy does not allow it"},
                               {16, "an extension is not supported"},
                               {17, "additional information is not available"},
                               {25, "it failed"}};
  const long number = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status));
  std::string out = fmt::format("status {}", number);
  if (const ASN1_BIT_STRING* failure = TS_STATUS_INFO_get0_failure_info(status))
    for (const Bit& bit : kFailures)
      if (ASN1_BIT_STRING_get_bit(failure, bit.number) == 1) out += fmt::format(", {}", bit.word);
  const STACK_OF(ASN1_UTF8STRING)* texts = TS_STATUS_INFO_get0_text(status);
  for (int i = 0; texts != nullptr && i < sk_ASN1_UTF8STRING_num(texts); ++i) {
    const ASN1_UTF8STRING* text = sk_ASN1_UTF8STRING_value(texts, i);
    constexpr std::size_t kLongest = 200;
    const std::string_view words(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                 static_cast<std::size_t>(ASN1_STRING_length(text)));
    out += fmt::format(", \"{}\"", make_visible(utf8_prefix(words, kLongest)));
  }
  return out;
}

std::optional<Instant> time_of(const ASN1_GENERALIZEDTIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return parse_rfc3339(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900,
                                   parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                                   parts.tm_sec));
}

std::string name_of(X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  if (out == nullptr || X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                                           XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0)
    return {};
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

}  // namespace

std::string make_request(std::string_view sha256, std::string_view nonce) {
  const Request request(TS_REQ_new());
  const Imprint imprint(TS_MSG_IMPRINT_new());
  const Algorithm algorithm(X509_ALGOR_new());
  must(request && imprint && algorithm, "make a time stamp request");
  must(X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1 &&
           TS_REQ_set_version(request.get(), 1) == 1 &&
           TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1,
       "make a time stamp request");
  std::string bytes(sha256);
  must(TS_MSG_IMPRINT_set_msg(imprint.get(), bytes_of(bytes), static_cast<int>(bytes.size())) == 1 &&
           TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
           TS_REQ_set_cert_req(request.get(), 1) == 1,
       "make a time stamp request");
  if (!nonce.empty()) {
    must(TS_REQ_set_nonce(request.get(), integer_of(nonce).get()) == 1, "make a time stamp request");
  }
  unsigned char* encoded = nullptr;
  const int length = i2d_TS_REQ(request.get(), &encoded);
  must(length > 0, "write a time stamp request");
  std::string out(reinterpret_cast<char*>(encoded), static_cast<std::size_t>(length));
  OPENSSL_free(encoded);
  return out;
}

Result<Token> read_reply(std::string_view reply, std::string_view sha256,
                         const std::optional<std::string>& trusted_pem, std::string_view nonce) {
  ERR_clear_error();
  const unsigned char* at = bytes_of(reply);
  const Reply response(d2i_TS_RESP(nullptr, &at, static_cast<long>(reply.size())));
  if (response == nullptr || at != bytes_of(reply) + reply.size())
    return refuse("the time stamp is no reply of RFC 3161");
  const TS_STATUS_INFO* status = TS_RESP_get_status_info(response.get());
  const long granted = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status));
  TS_TST_INFO* info = TS_RESP_get_tst_info(response.get());
  if ((granted != 0 && granted != 1) || info == nullptr)
    return refuse(fmt::format("the time stamp authority refused the request ({})", refusal_of(status)));
  TS_MSG_IMPRINT* imprint = TS_TST_INFO_get_msg_imprint(info);
  const ASN1_OCTET_STRING* message = TS_MSG_IMPRINT_get_msg(imprint);
  const std::string_view stamped(reinterpret_cast<const char*>(ASN1_STRING_get0_data(message)),
                                 static_cast<std::size_t>(ASN1_STRING_length(message)));
  if (OBJ_obj2nid(TS_MSG_IMPRINT_get_algo(imprint)->algorithm) != NID_sha256 || stamped != sha256)
    return refuse("the time stamp is about other bytes");
  if (!nonce.empty()) {
    const ASN1_INTEGER* answered = TS_TST_INFO_get_nonce(info);
    if (answered == nullptr || ASN1_INTEGER_cmp(answered, integer_of(nonce).get()) != 0)
      return refuse("the time stamp answers another request: its nonce is not the one that was sent");
  }
  const auto time = time_of(TS_TST_INFO_get_time(info));
  if (!time) return refuse("the time stamp holds no time");
  Token token{*time, {}, granted == 1};
  PKCS7* signed_token = TS_RESP_get_token(response.get());
  if (signed_token != nullptr && PKCS7_type_is_signed(signed_token)) {
    const Owned<STACK_OF(X509), [](STACK_OF(X509) * stack) { sk_X509_free(stack); }> signers(
        PKCS7_get0_signers(signed_token, nullptr, 0));
    if (signers != nullptr && sk_X509_num(signers.get()) > 0)
      token.authority = name_of(sk_X509_value(signers.get(), 0));
  }
  ERR_clear_error();
  if (!trusted_pem) return token;

  Store store(X509_STORE_new());
  must(store != nullptr, "make a certificate store");
  const Bio pem(BIO_new_mem_buf(trusted_pem->data(), static_cast<int>(trusted_pem->size())));
  std::size_t trusted = 0;
  while (const Owned<X509, X509_free> certificate{PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store.get(), certificate.get()) == 1) ++trusted;
  }
  ERR_clear_error();
  if (trusted == 0)
    return refuse("the file of trusted authorities holds no certificate",
                  "it is PEM, as `openssl ts -CAfile` reads it");
  const Verification verification(TS_VERIFY_CTX_new());
  must(verification != nullptr, "begin a verification");
  // The context takes the store and the imprint over and frees them.
  auto* imprint_bytes = static_cast<unsigned char*>(OPENSSL_memdup(sha256.data(), sha256.size()));
  must(imprint_bytes != nullptr, "begin a verification");
  TS_VERIFY_CTX_set_flags(verification.get(),
                          TS_VFY_VERSION | TS_VFY_SIGNER | TS_VFY_SIGNATURE | TS_VFY_IMPRINT);
  TS_VERIFY_CTX_set_imprint(verification.get(), imprint_bytes, static_cast<long>(sha256.size()));
  // The certificate was valid when it stamped; whether it still is does not matter years later.
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()),
                             static_cast<time_t>(time->us / kMicrosPerSecond));
  TS_VERIFY_CTX_set_store(verification.get(), store.release());
  if (TS_RESP_verify_response(verification.get(), response.get()) != 1)
    return refuse(fmt::format("the time stamp's signature does not verify: {}", last_reason()),
                  "give the authority's certificate with --timestamp-ca FILE");
  ERR_clear_error();
  return token;
}

}  // namespace timestamp

}  // namespace muster
