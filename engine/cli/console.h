// Console: where a command's text goes, and what is known of the terminal. Commands write here only, so that
// tests run them in-process and read what a user would see. A sink never throws; what went wrong is said by
// flush(). One writer at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::cli {

class TextSink {
 public:
  virtual ~TextSink() = default;
  virtual void write(std::string_view text) = 0;
  /// Brings everything out; file_unwritable when that failed, now or before. A reader that went away (a
  /// closed pipe) has seen enough: that is no error.
  [[nodiscard]] virtual Status flush() = 0;
};

/// Keeps what is written.
class StringSink final : public TextSink {
 public:
  void write(std::string_view text) override { text_ += text; }
  [[nodiscard]] Status flush() override { return {}; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

enum class ColourWish : std::uint8_t { automatic, always, never };

struct Console {
  TextSink& out;
  TextSink& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool refuses_colour = false;  // NO_COLOR is set, or the terminal is dumb
  std::size_t width = 100;      // columns

  [[nodiscard]] bool has_colour(ColourWish wish) const {
    switch (wish) {
      case ColourWish::automatic: return out_is_terminal && !refuses_colour;
      case ColourWish::always: return true;
      case ColourWish::never: return false;
    }
    return false;
  }
};

/// A sink over a file descriptor that stays open, buffered; `name` is for messages ("the standard output").
[[nodiscard]] std::unique_ptr<TextSink> make_descriptor_sink(int descriptor, std::string name);
/// Columns of the terminal behind `descriptor`; `fallback` when there is none.
[[nodiscard]] std::size_t terminal_width(int descriptor, std::size_t fallback);

}  // namespace muster::cli
