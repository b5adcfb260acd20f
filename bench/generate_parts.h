// Pieces of the generator: numbers that are hashes of other numbers, text built without a format string,
// files with their digests.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace muster::bench {

inline constexpr std::int64_t kDay = 86400;

inline std::uint64_t mix(std::uint64_t stream, std::uint64_t n) {
  std::uint64_t z = (n + 1) * 0x9E3779B97F4A7C15ull + stream * 0xD1B54A32D192ED03ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

/// A one-to-one scramble of [0, size): neighbours end up far apart, as people do in two systems' lists.
class Scramble {
 public:
  explicit Scramble(std::uint64_t size) : size_(size == 0 ? 1 : size) {
    factor_ = static_cast<std::uint64_t>(static_cast<double>(size_) * 0.6180339887) | 1;
    while (gcd(factor_, size_) != 1) ++factor_;
  }
  std::uint64_t operator()(std::uint64_t n) const { return (n * factor_ + size_ / 3) % size_; }

 private:
  static std::uint64_t gcd(std::uint64_t a, std::uint64_t b) {
    while (b != 0) {
      const std::uint64_t rest = a % b;
      a = b;
      b = rest;
    }
    return a;
  }
  std::uint64_t size_, factor_;
};

class Text {
 public:
  Text& operator<<(std::string_view text) {
    out_.append(text);
    return *this;
  }
  Text& operator<<(std::uint64_t n) {
    char digits[20];
    std::size_t at = sizeof digits;
    do {
      digits[--at] = static_cast<char>('0' + n % 10);
      n /= 10;
    } while (n != 0);
    out_.append(digits + at, sizeof digits - at);
    return *this;
  }
  void id(std::string_view prefix, std::uint64_t stream, std::uint64_t n) {
    constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    out_.append(prefix);
    out_.append("_01");
    char tail[22];
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof tail; ++i) {
      if (i % 10 == 0) bits = mix(stream * 16 + i, n);
      tail[i] = kDigits[bits % 62];
      bits /= 62;
    }
    out_.append(tail, sizeof tail);
  }
  void padded(std::uint64_t n, std::size_t width) {
    char digits[20];
    for (std::size_t i = width; i-- > 0; n /= 10) digits[i] = static_cast<char>('0' + n % 10);
    out_.append(digits, width);
  }
  void date(std::int64_t seconds) {  // days from civil, backwards
    const std::int64_t z = seconds / kDay + 719468;
    const std::int64_t era = z / 146097;
    const std::int64_t doe = z - era * 146097;
    const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const std::int64_t mp = (5 * doy + 2) / 153;
    const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
    padded(static_cast<std::uint64_t>(yoe + era * 400 + (month <= 2 ? 1 : 0)), 4);
    out_.push_back('-');
    padded(static_cast<std::uint64_t>(month), 2);
    out_.push_back('-');
    padded(static_cast<std::uint64_t>(doy - (153 * mp + 2) / 5 + 1), 2);
  }
  void time(std::int64_t seconds) {
    date(seconds);
    const auto rest = static_cast<std::uint64_t>(seconds % kDay);
    out_.push_back('T');
    padded(rest / 3600, 2);
    out_.push_back(':');
    padded(rest / 60 % 60, 2);
    out_.push_back(':');
    padded(rest % 60, 2);
    out_.push_back('Z');
  }
  void time(std::int64_t seconds, std::uint64_t micros) {
    time(seconds);
    out_.back() = '.';
    padded(micros, 6);
    out_.push_back('Z');
  }
  void capital(std::string_view word) {
    const std::size_t at = out_.size();
    out_.append(word);
    out_[at] = static_cast<char>(out_[at] - 'a' + 'A');
  }
  std::string& text() { return out_; }

 private:
  std::string out_;
};

/// A file written in large pieces, with its digest.
class Output {
 public:
  explicit Output(const std::filesystem::path& path) : file_(std::fopen(path.c_str(), "wb")) {
    if (file_ == nullptr) {
      std::perror(path.c_str());
      std::exit(1);
    }
  }
  Text& line() {
    if (text_.text().size() > (1u << 20)) flush();
    return text_;
  }
  void end_line() {
    text_.text().push_back('\n');
    ++rows;
  }
  void close() {
    flush();
    if (std::fclose(file_) != 0) {
      std::perror("close");
      std::exit(1);
    }
    sha256 = digest_.finish_hex();
  }
  std::uint64_t rows = 0, bytes = 0, pages = 0;
  std::string sha256;

 private:
  void flush() {
    std::string& text = text_.text();
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
      std::perror("write");
      std::exit(1);
    }
    digest_.update(text);
    bytes += text.size();
    text.clear();
  }
  std::FILE* file_;
  Text text_;
  Sha256 digest_;
};

}  // namespace muster::bench
