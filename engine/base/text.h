// Text: UTF-8 checks, case folding and display, over utf8proc (behind this header). All functions are pure
// and locale-free.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// What a person may safely see: C0 and C1 controls, DEL, bidirectional controls, zero-width and line
/// separators, unpaired bytes and other non-characters become a visible "\u{202E}" / "\x{FF}"; everything
/// else is kept. Newline and tab are escaped too ("\n", "\t") unless `keep_lines`.
[[nodiscard]] std::string make_visible(std::string_view text, bool keep_lines = false);

/// Unicode case folding after NFC; invalid UTF-8 is returned byte for byte with ASCII lowered.
[[nodiscard]] std::string fold_case(std::string_view text);
/// The key that e-mail addresses match by: surrounding white space trimmed, then fold_case. ASCII input takes
/// a fast path. Appends to `out` when given one; no allocation for ASCII beyond `out`'s growth.
void fold_email(std::string_view address, std::string& out);
[[nodiscard]] std::string fold_email(std::string_view address);

/// The candidate nearest to `word` by edit distance (insert, delete, replace, swap of neighbours), if it is
/// near enough to be a likely slip (at most a third of the length, at least 1). Ties: the first. For "did you
/// mean".
[[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view word,
                                                           std::span<const std::string_view> candidates);
[[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view word,
                                                           const std::vector<std::string>& candidates);

/// Shell-like glob over the whole text: `*` any run, `?` one code point, `[abc] [a-z] [!x]`, backslash
/// quotes. Linear in text × pattern, never more.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);
/// Whether the text holds any glob character.
[[nodiscard]] bool is_glob(std::string_view text);

/// Columns that a terminal uses for the text.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// The bytes of the first code point; a single byte where the text is not valid UTF-8; empty for an empty
/// text.
[[nodiscard]] std::string_view first_code_point(std::string_view text);
/// The longest prefix of at most `max_bytes` bytes that does not split a code point.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);
/// Without white space at both ends: ASCII's, and the spaces of Unicode that spreadsheets leave behind
/// (no-break, wide, zero-width).
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace muster
