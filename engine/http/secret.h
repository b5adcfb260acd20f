// Secret: a key or password on its way to a request. It is never printed: there is no operator for it, and
// only the client asks for the text. The memory is overwritten when it goes.
#pragma once

#include <string>
#include <string_view>

namespace muster::http {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&& other) noexcept {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
    return *this;
  }
  ~Secret() { wipe(); }
  [[nodiscard]] bool is_empty() const { return text_.empty(); }
  /// For the request itself and for telling the kind of a key; never for a message.
  [[nodiscard]] const std::string& reveal() const { return text_; }

 private:
  void wipe() noexcept {
    volatile char* at = text_.data();
    for (std::size_t i = 0; i < text_.size(); ++i) at[i] = 0;
    text_.clear();
  }
  std::string text_;
};

}  // namespace muster::http
