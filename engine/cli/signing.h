// The options by which commands say who signs (--key, --passphrase-file), and the key that they lead to.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/command.h"
#include "evidence/keys.h"

namespace muster::cli {

/// The first line of a file, for a passphrase; /dev/stdin is a file too.
[[nodiscard]] Result<std::string> read_passphrase(const Environment& environment, const std::string& path);

class Signing {
 public:
  void declare(Arguments& arguments);
  [[nodiscard]] bool is_wanted() const { return key_.has_value(); }
  /// nullptr when nobody is to sign.
  [[nodiscard]] Result<std::unique_ptr<evidence::Signer>> load(const Environment& environment) const;

 private:
  std::optional<std::string> key_, passphrase_file_;
};

}  // namespace muster::cli
