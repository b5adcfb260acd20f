// Everything of a made-up organization comes from a seed and an index, so that a million users need no
// memory: the same arguments give the same text, and an id tells its index.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simulator {

/// A well-mixed 64-bit value of (seed, kind, index). `kind` is any constant that tells one use from another.
[[nodiscard]] std::uint64_t mixed(std::uint64_t seed, std::uint64_t kind, std::uint64_t index);

/// Ids of one kind: `user_01` and 22 base62 characters, of which the first 11 are the index under a
/// reversible mix and the rest a check.
class Ids {
 public:
  Ids(std::string prefix, std::uint64_t seed, std::uint64_t kind);
  void append(std::uint64_t index, std::string& out) const;
  [[nodiscard]] std::string at(std::uint64_t index) const;
  /// The index of an id that at() has made; nullopt for any other text.
  [[nodiscard]] std::optional<std::uint64_t> index_of(std::string_view id) const;

 private:
  std::string prefix_;
  std::uint64_t key_;
};

/// `count` base62 characters of a value.
void append_base62(std::uint64_t value, int count, std::string& out);
/// A made-up request id, `req_01…`.
[[nodiscard]] std::string request_id(std::uint64_t seed, std::uint64_t number);
/// A UUID (version 4 in form) of a value.
[[nodiscard]] std::string uuid_of(std::uint64_t value);

}  // namespace simulator
