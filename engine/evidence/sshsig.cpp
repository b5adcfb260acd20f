#include "evidence/sshsig.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"

namespace muster::evidence {
namespace {

constexpr std::string_view kType = "ssh-ed25519";
constexpr std::string_view kMagic = "SSHSIG";
constexpr std::string_view kHead = "-----BEGIN SSH SIGNATURE-----\n";
constexpr std::string_view kTail = "-----END SSH SIGNATURE-----\n";
constexpr std::size_t kWrap = 70;

/// RFC 4251: a length of four bytes, then the bytes.
void put(std::string& out, std::string_view bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(bytes.size() >> shift & 0xFF);
  out += bytes;
}

std::optional<std::string_view> take(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(4);
  if (length > bytes.size()) return std::nullopt;
  const std::string_view piece = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return piece;
}

/// The 32 bytes of a blob of exactly this type.
std::optional<std::string> key_of(std::string_view blob) {
  const auto type = take(blob);
  const auto key = type ? take(blob) : std::nullopt;
  if (!key || *type != kType || key->size() != 32 || !blob.empty()) return std::nullopt;
  return std::string(*key);
}

/// Patterns with commas and `!`, as ssh matches them: one that fits after `!` refuses.
bool fits(std::string_view patterns, std::string_view text) {
  bool is_fitting = false;
  while (true) {
    const std::size_t comma = patterns.find(',');
    std::string_view pattern = trim(patterns.substr(0, comma));
    const bool is_refusing = pattern.starts_with('!');
    if (is_refusing) pattern.remove_prefix(1);
    if (glob_match(pattern, text)) {
      if (is_refusing) return false;
      is_fitting = true;
    }
    if (comma == std::string_view::npos) return is_fitting;
    patterns.remove_prefix(comma + 1);
  }
}

/// Patterns that only refuse fit nobody.
bool names_somebody(std::string_view patterns) {
  while (true) {
    const std::size_t comma = patterns.find(',');
    if (comma != 0 && !patterns.empty() && patterns.front() != '!') return true;
    if (comma == std::string_view::npos) return false;
    patterns.remove_prefix(comma + 1);
  }
}

/// "20260101", "20260101Z", "202601011230", "20260101123000Z": without a Z ssh-keygen reads local time; here
/// it is UTC.
std::optional<Instant> parse_moment(std::string_view text) {
  if (text.ends_with('Z')) text.remove_suffix(1);
  if (text.size() != 8 && text.size() != 12 && text.size() != 14) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  const auto part = [&](std::size_t at) {
    return text.size() > at ? text.substr(at, 2) : std::string_view("00");
  };
  return parse_rfc3339(
      fmt::format("{}-{}-{}T{}:{}:{}Z", text.substr(0, 4), part(4), part(6), part(8), part(10), part(12)));
}

/// The next word of a line, with quotes as ssh's options have them: namespaces="a b".
std::string_view next_word(std::string_view& line) {
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  bool is_quoted = false;
  std::size_t end = 0;
  while (end < line.size() && (is_quoted || (line[end] != ' ' && line[end] != '\t'))) {
    if (line[end] == '"') is_quoted = !is_quoted;
    ++end;
  }
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

std::string unquoted(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != '"'; });
  return out;
}

/// Options of one line, split at commas outside quotes. False: one is not known, comes twice or is not
/// quoted, all of which ssh-keygen refuses.
bool read_options(std::string_view options, AllowedSigner& signer, bool& is_authority) {
  std::string option;
  bool is_quoted = false;
  std::vector<std::string> all;
  for (const char c : options) {
    if (c == '"') is_quoted = !is_quoted;
    if (c == ',' && !is_quoted) {
      all.push_back(std::move(option));
      option.clear();
    } else {
      option += c;
    }
  }
  all.push_back(std::move(option));
  for (const std::string& each : all) {
    const std::size_t equals = each.find('=');
    const std::string name = each.substr(0, equals);
    const std::string given = equals == std::string::npos ? "" : each.substr(equals + 1);
    const bool is_in_quotes = given.size() >= 2 && given.front() == '"' && given.back() == '"';
    const std::string value = unquoted(given);
    if (name == "namespaces") {
      if (signer.namespaces || !is_in_quotes) return false;
      signer.namespaces = value;
    } else if (name == "valid-after" || name == "valid-before") {
      auto& bound = name == "valid-after" ? signer.valid_after : signer.valid_before;
      if (bound || !is_in_quotes) return false;
      bound = parse_moment(value);
      if (!bound) return false;
    } else if (name == "cert-authority" && equals == std::string::npos) {
      is_authority = true;
    } else {
      return false;
    }
  }
  return true;
}

std::string key_id(std::string_view public_key) { return sha256_bytes(public_key).substr(0, 8); }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace

std::string public_key_blob(std::string_view public_key) {
  std::string blob;
  put(blob, kType);
  put(blob, public_key);
  return blob;
}

std::string public_key_line(std::string_view public_key) {
  return fmt::format("{} {}", kType, to_base64(public_key_blob(public_key)));
}

std::optional<std::string> parse_public_key_line(std::string_view line) {
  if (next_word(line) != kType) return std::nullopt;
  const auto blob = from_base64(trim(next_word(line)));
  return blob ? key_of(*blob) : std::nullopt;
}

std::string fingerprint(std::string_view public_key) {
  std::string text = to_base64(sha256_bytes(public_key_blob(public_key)));
  while (text.ends_with('=')) text.pop_back();
  return "SHA256:" + text;
}

std::string sshsig_payload(std::string_view message) {
  std::string out(kMagic);
  put(out, kNamespace);
  put(out, "");
  put(out, "sha512");
  put(out, sha512_bytes(message));
  return out;
}

std::string render_sshsig(std::string_view public_key, std::string_view signature) {
  std::string blob(kMagic);
  blob.append({'\0', '\0', '\0', '\1'});
  put(blob, public_key_blob(public_key));
  put(blob, kNamespace);
  put(blob, "");
  put(blob, "sha512");
  std::string inner;
  put(inner, kType);
  put(inner, signature);
  put(blob, inner);
  const std::string text = to_base64(blob);
  std::string out(kHead);
  for (std::size_t at = 0; at < text.size(); at += kWrap) out.append(text, at, kWrap) += '\n';
  return out.append(kTail);
}

Result<SshSignature> parse_sshsig(std::string_view text, const std::string& file) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::evidence_signature, fmt::format("{}: {}", file, why));
  };
  if (!text.starts_with(kHead) || !text.ends_with(kTail) || text.size() > 4096)
    return refuse("it is no SSH signature");
  std::string packed;
  const std::string_view body = text.substr(kHead.size(), text.size() - kHead.size() - kTail.size());
  std::copy_if(body.begin(), body.end(), std::back_inserter(packed), [](char c) { return c != '\n'; });
  const auto blob = from_base64(packed);
  if (!blob || !blob->starts_with(std::string(kMagic).append({'\0', '\0', '\0', '\1'})))
    return refuse("it is no SSH signature of version 1");
  std::string_view rest = std::string_view(*blob).substr(kMagic.size() + 4);
  const auto key_blob = take(rest), name_space = take(rest), reserved = take(rest), hash = take(rest),
             outer = take(rest);
  if (!key_blob || !name_space || !reserved || !hash || !outer || !rest.empty())
    return refuse("it is damaged");
  const auto key = key_of(*key_blob);
  std::string_view inner = *outer;
  const auto type = take(inner), signature = take(inner);
  if (!key || !type || !signature || *type != kType || signature->size() != 64 || !inner.empty())
    return refuse("it is not made with an Ed25519 key");
  if (*name_space != kNamespace)
    return refuse(
        fmt::format("it was made for the purpose {}, not for {}", make_visible(*name_space), kNamespace));
  SshSignature out{*key, std::string(*signature)};
  if (render_sshsig(out.public_key, out.signature) != text)
    return refuse("it is not written as ssh-keygen and muster write it");
  return out;
}

Result<std::vector<AllowedSigner>> parse_allowed_signers(std::string_view text, const std::string& file) {
  std::vector<AllowedSigner> signers;
  std::uint32_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    const auto refuse = [&, source = std::string(line)](std::string why) {
      return fail(ErrorCode::evidence_unfit, fmt::format("{}: {}", file, why), Place{file, number, 0, source},
                  "a line is: NAME [namespaces=\"evidence@muster\"] ssh-ed25519 KEY");
    };
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    AllowedSigner signer;
    signer.line = number;
    signer.principals = unquoted(next_word(line));
    if (!names_somebody(signer.principals)) continue;
    bool is_authority = false;
    std::string_view rest = line;
    std::string_view word = next_word(rest);
    const auto is_key_type = [](std::string_view text_) {
      return text_.starts_with("ssh-") || text_.starts_with("ecdsa-") || text_.starts_with("sk-");
    };
    if (!is_key_type(word)) {
      if (!read_options(word, signer, is_authority)) return refuse("an option is not known or malformed");
      line = rest;
      word = next_word(rest);
    }
    if (!is_key_type(word)) return refuse("the line holds no key");
    if (word != kType || is_authority) continue;
    const auto key = parse_public_key_line(line);
    if (!key) return refuse("the key is damaged");
    signer.public_key = *key;
    signers.push_back(std::move(signer));
  }
  return signers;
}

std::string allowed_signer_line(std::string_view principal, std::string_view public_key) {
  return fmt::format("{} namespaces=\"{}\" {}", principal, kNamespace, public_key_line(public_key));
}

Result<AllowedSigner> find_signer(const std::vector<AllowedSigner>& signers, std::string_view key,
                                  Instant when) {
  std::string why = fmt::format("the key {} is not one of an allowed signer", fingerprint(key));
  for (const AllowedSigner& signer : signers) {
    if (signer.public_key != key) continue;
    if (signer.namespaces && !fits(*signer.namespaces, kNamespace)) {
      why = fmt::format("the key {} of {} is not allowed for {}", fingerprint(key), signer.principals,
                        kNamespace);
    } else if (signer.valid_after && when < *signer.valid_after) {
      why = fmt::format("the key {} of {} is valid from {} only", fingerprint(key), signer.principals,
                        format_rfc3339(*signer.valid_after));
    } else if (signer.valid_before && when >= *signer.valid_before) {
      why = fmt::format("the key {} of {} was valid until {}", fingerprint(key), signer.principals,
                        format_rfc3339(*signer.valid_before));
    } else {
      return signer;
    }
  }
  return fail(ErrorCode::evidence_signature, why);
}

std::string minisign_public_key(std::string_view public_key) {
  return fmt::format("untrusted comment: muster evidence key {}\n{}\n", fingerprint(public_key),
                     to_base64("Ed" + key_id(public_key) + std::string(public_key)));
}

std::string minisign_payload(std::string_view message) { return blake2b_512_bytes(message); }

std::string render_minisig(std::string_view public_key, std::string_view signature,
                           std::string_view trusted_comment, std::string_view global_signature) {
  return fmt::format(
      "untrusted comment: signature of a muster evidence bundle\n{}\ntrusted comment: {}\n{}\n",
      to_base64("ED" + key_id(public_key) + std::string(signature)), trusted_comment,
      to_base64(global_signature));
}

Status check_minisig(std::string_view text, std::string_view message, std::string_view public_key,
                     const std::string& file) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::evidence_signature, fmt::format("{}: {}", file, why));
  };
  constexpr std::string_view kTrusted = "trusted comment: ";
  const auto lines = lines_of(text);
  if (lines.size() != 4 || !lines[0].starts_with("untrusted comment: ") || !lines[2].starts_with(kTrusted) ||
      !text.ends_with('\n'))
    return refuse("it is no minisign signature");
  const auto first = from_base64(lines[1]), second = from_base64(lines[3]);
  if (!first || !second || first->size() != 74 || second->size() != 64 || !first->starts_with("ED"))
    return refuse("it is no minisign signature");
  const std::string_view signature = std::string_view(*first).substr(10),
                         comment = lines[2].substr(kTrusted.size());
  if (render_minisig(public_key, signature, comment, *second) != text)
    return refuse("it is of another key, or not written as muster writes it");
  if (!ed25519::verify(public_key, minisign_payload(message), signature))
    return refuse("it is not a signature of SHA256SUMS");
  if (!ed25519::verify(public_key, std::string(signature).append(comment), *second))
    return refuse("its trusted comment was changed");
  return {};
}

std::string dsse_payload(std::string_view body) {
  return fmt::format("DSSEv1 {} {} {} {}", kStatementType.size(), kStatementType, body.size(), body);
}

std::string render_dsse(std::string_view body, std::string_view public_key, std::string_view signature) {
  const json::Value envelope(
      json::Object{{"payload", to_base64(body)},
                   {"payloadType", kStatementType},
                   {"signatures", json::Array{json::Value(json::Object{{"keyid", fingerprint(public_key)},
                                                                       {"sig", to_base64(signature)}})}}});
  return json::dump(envelope) + "\n";
}

Result<std::string> open_dsse(std::string_view text, std::string_view public_key, const std::string& file) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::evidence_signature, fmt::format("{}: {}", file, why));
  };
  const auto envelope = json::parse(text, {.file = file});
  if (!envelope) return refuse("it is no DSSE envelope");
  const json::Value* payload = envelope->find("payload");
  const json::Value* signatures = envelope->find("signatures");
  if (payload == nullptr || payload->string() == nullptr || signatures == nullptr ||
      signatures->array() == nullptr || signatures->array()->size() != 1)
    return refuse("it is no DSSE envelope with one signature");
  const json::Value* encoded = signatures->array()->front().find("sig");
  const auto body = from_base64(*payload->string(), true);
  const auto signature = encoded == nullptr || encoded->string() == nullptr
                             ? std::nullopt
                             : from_base64(*encoded->string(), true);
  if (!body || !signature || render_dsse(*body, public_key, *signature) != text)
    return refuse("it is of another key, or not written as muster writes it");
  if (!ed25519::verify(public_key, dsse_payload(*body), *signature))
    return refuse("its signature does not verify");
  return *body;
}

}  // namespace muster::evidence
