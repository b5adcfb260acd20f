#include "cli/console.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace muster::cli {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

class DescriptorSink final : public TextSink {
 public:
  DescriptorSink(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

  void write(std::string_view text) override {
    if (error_ != 0) return;
    buffer_ += text;
    if (buffer_.size() >= kBufferBytes) put();
  }

  Status flush() override {
    put();
    if (error_ == 0 || error_ == EPIPE) return {};
    return fail(ErrorCode::file_unwritable,
                fmt::format("cannot write {}: {}", name_, std::generic_category().message(error_)));
  }

 private:
  void put() {
    std::string_view rest = buffer_;
    while (!rest.empty() && error_ == 0) {
      const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
      if (written < 0 && errno != EINTR) error_ = errno;
      if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
    buffer_.clear();
  }

  int descriptor_;
  std::string name_;
  std::string buffer_;
  int error_ = 0;
};

}  // namespace

std::unique_ptr<TextSink> make_descriptor_sink(int descriptor, std::string name) {
  return std::make_unique<DescriptorSink>(descriptor, std::move(name));
}

std::size_t terminal_width(int descriptor, std::size_t fallback) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return fallback;
  return std::clamp<std::size_t>(size.ws_col, 40, 200);
}

}  // namespace muster::cli
