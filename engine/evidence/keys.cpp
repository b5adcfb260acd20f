#include "evidence/keys.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <libssh/libssh.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/text.h"
#include "evidence/sshsig.h"

namespace muster::evidence {
namespace {

constexpr std::size_t kLargestKeyFile = 64 * 1024;
constexpr std::string_view kHead = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view kTail = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::string_view kMagic{"openssh-key-v1\0", 15};
constexpr std::size_t kWrap = 70;

tl::unexpected<Error> refuse(std::string message, std::string hint = {}) {
  return fail(ErrorCode::signing_key, std::move(message), {}, std::move(hint));
}

void put_number(std::string& out, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xFF);
}
void put(std::string& out, std::string_view bytes) {
  put_number(out, bytes.size());
  out += bytes;
}
std::optional<std::size_t> take_number(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::size_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(4);
  return number;
}
std::optional<std::string_view> take(std::string_view& bytes) {
  const auto length = take_number(bytes);
  if (!length || *length > bytes.size()) return std::nullopt;
  const std::string_view piece = bytes.substr(0, *length);
  bytes.remove_prefix(*length);
  return piece;
}

/// The parts of an OpenSSH private key file; what is private is a text of its own, encrypted or not.
struct KeyFile {
  bool is_encrypted = false;
  std::string public_key;  // empty when it is not Ed25519
  std::string seed;        // empty when it is encrypted
};

std::optional<KeyFile> parse_key_file(std::string_view text) {
  const std::size_t begin = text.find(kHead), end = text.find(kTail);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return std::nullopt;
  std::string packed;
  for (const char c : text.substr(begin + kHead.size(), end - begin - kHead.size()))
    if (c != '\n' && c != '\r') packed += c;
  const auto blob = from_base64(packed);
  if (!blob || !blob->starts_with(kMagic)) return std::nullopt;
  std::string_view rest = std::string_view(*blob).substr(kMagic.size());
  const auto cipher = take(rest), kdf = take(rest), options = take(rest);
  const auto count = take_number(rest);
  const auto public_blob = take(rest), secret = take(rest);
  if (!cipher || !kdf || !options || count != 1u || !public_blob || !secret) return std::nullopt;
  KeyFile file;
  file.is_encrypted = *cipher != "none";
  std::string_view inner = *public_blob;
  const auto type = take(inner), key = take(inner);
  if (type && key && *type == "ssh-ed25519" && key->size() == 32) file.public_key = *key;
  if (file.is_encrypted || file.public_key.empty()) return file;
  std::string_view list = *secret;
  const auto first = take_number(list), second = take_number(list);
  const auto secret_type = take(list), secret_public = take(list), both = take(list);
  if (first != second || !secret_type || *secret_type != "ssh-ed25519" || !secret_public ||
      *secret_public != file.public_key || !both || both->size() != 64)
    return std::nullopt;
  file.seed = both->substr(0, 32);
  return file;
}

struct FreeKey {
  void operator()(ssh_key key) const { ssh_key_free(key); }
};
using SshKey = std::unique_ptr<ssh_key_struct, FreeKey>;

/// libssh asks for a passphrase by this; there is none but the one that was handed over.
int no_passphrase(const char*, char*, size_t, int, int, void*) { return -1; }

/// An encrypted file as an unencrypted one; nullopt when the passphrase is wrong.
std::optional<std::string> decrypt(const std::string& text, const std::string& passphrase) {
  ssh_key raw = nullptr;
  if (ssh_pki_import_privkey_base64(text.c_str(), passphrase.c_str(), &no_passphrase, nullptr, &raw) !=
      SSH_OK)
    return std::nullopt;
  const SshKey key(raw);
  char* plain = nullptr;
  if (ssh_pki_export_privkey_base64(key.get(), nullptr, nullptr, nullptr, &plain) != SSH_OK ||
      plain == nullptr)
    return std::nullopt;
  std::string out(plain);
  std::fill(plain, plain + out.size(), '\0');
  ssh_string_free_char(plain);
  return out;
}

class FileSigner final : public Signer {
 public:
  explicit FileSigner(std::string seed) : seed_(std::move(seed)), public_key_(ed25519::public_key(seed_)) {}
  FileSigner(const FileSigner&) = delete;
  FileSigner& operator=(const FileSigner&) = delete;
  ~FileSigner() override { explicit_bzero(seed_.data(), seed_.size()); }
  std::string public_key() const override { return public_key_; }
  Result<std::string> sign(std::string_view message) const override { return ed25519::sign(seed_, message); }

 private:
  std::string seed_;
  std::string public_key_;
};

/// The ssh-agent protocol (draft-miller-ssh-agent): one request, one reply.
class AgentSigner final : public Signer {
 public:
  AgentSigner(std::string socket, std::string public_key)
      : socket_(std::move(socket)), public_key_(std::move(public_key)) {}
  std::string public_key() const override { return public_key_; }

  Result<std::string> sign(std::string_view message) const override {
    constexpr char kSignRequest = 13, kSignResponse = 14;
    std::string request(1, kSignRequest);
    put(request, public_key_blob(public_key_));
    put(request, message);
    put_number(request, 0);
    const auto reply = ask(request);
    if (!reply) return tl::unexpected(reply.error());
    std::string_view rest = *reply;
    if (rest.empty() || rest.front() != kSignResponse)
      return refuse(fmt::format("the ssh-agent does not sign with {}", fingerprint(public_key_)),
                    "ssh-add -l lists the keys that it holds");
    rest.remove_prefix(1);
    const auto outer = take(rest);
    std::string_view inner = outer.value_or("");
    const auto type = take(inner), signature = take(inner);
    if (!type || !signature || *type != "ssh-ed25519" || !ed25519::verify(public_key_, message, *signature))
      return refuse("the ssh-agent's reply is no signature of that key");
    return std::string(*signature);
  }

 private:
  Result<std::string> ask(const std::string& request) const {
    const auto broken = [&](std::string_view what) {
      return refuse(fmt::format("the ssh-agent does not answer: {}", what),
                    "is SSH_AUTH_SOCK the socket of a running agent?");
    };
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof address.sun_path) return broken("the socket's path is too long");
    std::copy(socket_.begin(), socket_.end(), address.sun_path);
    struct Closed {
      int fd;
      ~Closed() {
        if (fd >= 0) ::close(fd);
      }
    } const connection{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (connection.fd < 0) return broken(std::strerror(errno));
    constexpr timeval kPatience{60, 0};  // a person may have to touch a token
    (void)::setsockopt(connection.fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    if (::connect(connection.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return broken(std::strerror(errno));
    std::string framed;
    put(framed, request);
    for (std::size_t at = 0; at < framed.size();) {
      const ssize_t sent = ::send(connection.fd, framed.data() + at, framed.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return broken(std::strerror(errno));
      at += static_cast<std::size_t>(sent);
    }
    const auto receive = [&](std::size_t count) -> std::optional<std::string> {
      std::string bytes(count, '\0');
      for (std::size_t at = 0; at < count;) {
        const ssize_t got = ::recv(connection.fd, bytes.data() + at, count - at, 0);
        if (got <= 0) return std::nullopt;
        at += static_cast<std::size_t>(got);
      }
      return bytes;
    };
    const auto head = receive(4);
    if (!head) return broken("it closed the connection");
    std::string_view length_text = *head;
    const auto length = take_number(length_text);
    if (!length || *length == 0 || *length > 256 * 1024) return broken("its reply is malformed");
    auto body = receive(*length);
    if (!body) return broken("its reply is cut off");
    return std::move(*body);
  }

  std::string socket_;
  std::string public_key_;
};

Result<std::string> read_key_text(const FileSystem& files, const std::string& path) {
  return files.read_file(path, kLargestKeyFile);
}

std::string one_line(std::string_view text) { return std::string(trim(text.substr(0, text.find('\n')))); }

}  // namespace

Result<std::unique_ptr<Signer>> load_signer(const FileSystem& files, const KeyRequest& request) {
  auto text = read_key_text(files, request.path);
  if (!text) return tl::unexpected(text.error());
  if (const auto public_key = parse_public_key_line(one_line(*text))) {
    if (request.agent_socket.empty())
      return refuse(fmt::format("{} holds a public key, and there is no ssh-agent that could sign with it",
                                request.path),
                    "set SSH_AUTH_SOCK, or give the private key's file");
    return std::make_unique<AgentSigner>(request.agent_socket, *public_key);
  }
  auto file = parse_key_file(*text);
  if (!file)
    return refuse(fmt::format("{} is no private key in OpenSSH's format", request.path),
                  "`muster key new` and `ssh-keygen -t ed25519` make one");
  if (file->public_key.empty())
    return refuse(fmt::format("{} is not an Ed25519 key", request.path),
                  "`muster key new` and `ssh-keygen -t ed25519` make one");
  if (file->is_encrypted) {
    if (!request.passphrase)
      return refuse(fmt::format("{} is encrypted, and no passphrase is given", request.path),
                    "give --passphrase-file FILE, or load the key into an ssh-agent and give its .pub file");
    const auto plain = decrypt(*text, *request.passphrase);
    if (!plain) return refuse(fmt::format("the passphrase does not open {}", request.path));
    file = parse_key_file(*plain);
    if (!file || file->seed.empty()) return refuse(fmt::format("{} cannot be read", request.path));
  }
  if (ed25519::public_key(file->seed) != file->public_key)
    return refuse(fmt::format("the halves of the key {} do not belong together", request.path));
  return std::make_unique<FileSigner>(std::move(file->seed));
}

Result<std::string> load_public_key(const FileSystem& files, const std::string& path) {
  auto text = read_key_text(files, path);
  if (!text) return tl::unexpected(text.error());
  if (const auto key = parse_public_key_line(one_line(*text))) return *key;
  const auto file = parse_key_file(*text);
  if (!file || file->public_key.empty())
    return refuse(fmt::format("{} holds no Ed25519 key", path),
                  "a file as `muster key new` or `ssh-keygen -t ed25519` makes is wanted");
  return file->public_key;
}

Result<NewKey> make_key(const std::optional<std::string>& passphrase, std::string_view comment) {
  const std::string seed = ed25519::make_seed();
  NewKey made;
  made.public_key = ed25519::public_key(seed);
  made.public_file =
      public_key_line(made.public_key) + (comment.empty() ? "" : " ") + std::string(comment) + "\n";
  std::string secret;
  const std::string check = random_bytes(4);
  secret += check + check;
  put(secret, "ssh-ed25519");
  put(secret, made.public_key);
  put(secret, seed + made.public_key);
  put(secret, comment);
  for (char pad = 1; secret.size() % 8 != 0; ++pad) secret += pad;
  std::string blob(kMagic);
  put(blob, "none");
  put(blob, "none");
  put(blob, "");
  put_number(blob, 1);
  put(blob, public_key_blob(made.public_key));
  put(blob, secret);
  const std::string text = to_base64(blob);
  made.private_file = std::string(kHead) + "\n";
  for (std::size_t at = 0; at < text.size(); at += kWrap) made.private_file.append(text, at, kWrap) += '\n';
  made.private_file.append(kTail) += '\n';
  if (!passphrase) return made;
  ssh_key raw = nullptr;
  if (ssh_pki_import_privkey_base64(made.private_file.c_str(), nullptr, nullptr, nullptr, &raw) != SSH_OK)
    return refuse("the new key cannot be encrypted");
  const SshKey key(raw);
  char* encrypted = nullptr;
  if (ssh_pki_export_privkey_base64(key.get(), passphrase->c_str(), nullptr, nullptr, &encrypted) != SSH_OK ||
      encrypted == nullptr)
    return refuse("the new key cannot be encrypted");
  made.private_file = encrypted;
  ssh_string_free_char(encrypted);
  const auto again = decrypt(made.private_file, *passphrase);
  if (!again || !parse_key_file(*again) || parse_key_file(*again)->seed != seed)
    return refuse("the new key cannot be encrypted");
  return made;
}

}  // namespace muster::evidence
