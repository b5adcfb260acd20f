// Result<T>: a value or an Error. Every fallible function across a module boundary returns one; exceptions
// stay inside the adapter that talks to a throwing library. An Error names the thing and the fix, and carries
// the place where the user can mend it.
//
//   Result<std::string> text = files.read_file("muster.yaml");
//   if (!text) return tl::unexpected(text.error());
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "base/error_codes.h"

namespace muster {

/// A place in a text file. Lines and columns count from 1; 0 means "the whole file". Columns count Unicode
/// code points.
struct Place {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  /// The source line, for the caret; may be empty.
  std::string source_line;
};

/// What went wrong, where, and how to mend it.
struct Error {
  ErrorCode code = ErrorCode::internal;
  /// One sentence in the user's words, without a trailing newline. Never holds a secret.
  std::string message;
  Place place;
  /// What to do about it, or the nearest known name; may be empty.
  std::string hint;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// Shorthand: `return fail(ErrorCode::usage, "…")`.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message, Place place = {},
                                                std::string hint = {}) {
  return tl::unexpected(Error{code, std::move(message), std::move(place), std::move(hint)});
}

/// "error[yaml.syntax]: message\n  --> file:3:7\n   |\n 3 | the source line\n   |       ^\n   = help:
/// hint\n". The caret line is left out without a source line; control characters in any part are made
/// visible. The caret's column respects wide characters and tabs.
[[nodiscard]] std::string render_error(const Error& error);

}  // namespace muster
