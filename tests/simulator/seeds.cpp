#include "seeds.h"

#include <utility>

#include <fmt/format.h>

namespace simulator {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr int kHalf = 11;  // 62^11 > 2^64

// The finaliser of splitmix64, and its inverse: multiplications by odd constants and xor-shifts are
// reversible.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

std::uint64_t undo_shift(std::uint64_t y, int shift) {
  std::uint64_t x = y;
  for (int done = shift; done < 64; done += shift) x = y ^ (x >> shift);
  return x;
}

std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t x = odd;
  for (int i = 0; i < 6; ++i) x *= 2 - odd * x;  // Newton's method doubles the right bits
  return x;
}

std::uint64_t unmix(std::uint64_t x) {
  static const std::uint64_t first = inverse(0xBF58476D1CE4E5B9ULL);
  static const std::uint64_t second = inverse(0x94D049BB133111EBULL);
  x = undo_shift(x, 31) * second;
  x = undo_shift(x, 27) * first;
  return undo_shift(x, 30);
}

std::optional<std::uint64_t> parse_base62(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 62 + digit;
  }
  return value;
}

}  // namespace

std::uint64_t mixed(std::uint64_t seed, std::uint64_t kind, std::uint64_t index) {
  return mix(index * 0x9E3779B97F4A7C15ULL + mix(seed + mix(kind + 0x632BE59BD9B4E019ULL)));
}

Ids::Ids(std::string prefix, std::uint64_t seed, std::uint64_t kind)
    : prefix_(std::move(prefix)), key_(mixed(seed, kind, 0)) {}

void append_base62(std::uint64_t value, int count, std::string& out) {
  out.resize(out.size() + static_cast<std::size_t>(count));
  for (auto at = out.end(); count > 0; --count, value /= 62) *--at = kDigits[value % 62];
}

void Ids::append(std::uint64_t index, std::string& out) const {
  out += prefix_;
  const std::uint64_t value = mix(index ^ key_);
  append_base62(value, kHalf, out);
  append_base62(mix(value + key_), kHalf, out);
}

std::string Ids::at(std::uint64_t index) const {
  std::string id;
  append(index, id);
  return id;
}

std::optional<std::uint64_t> Ids::index_of(std::string_view id) const {
  if (id.size() != prefix_.size() + 2 * kHalf || !id.starts_with(prefix_)) return std::nullopt;
  const auto value = parse_base62(id.substr(prefix_.size(), kHalf));
  if (!value) return std::nullopt;
  const std::uint64_t index = unmix(*value) ^ key_;
  return at(index) == id ? std::optional(index) : std::nullopt;
}

std::string request_id(std::uint64_t seed, std::uint64_t number) {
  std::string id = "req_01";
  append_base62(mixed(seed, 0x72, number), kHalf, id);
  append_base62(mixed(seed, 0x73, number), kHalf, id);
  return id;
}

std::string uuid_of(std::uint64_t value) {
  const std::uint64_t more = mix(value + 1);
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", value >> 32, (value >> 16) & 0xFFFF,
                     value & 0xFFF, 0x8000 | ((more >> 48) & 0x3FFF), more & 0xFFFFFFFFFFFFULL);
}

}  // namespace simulator
