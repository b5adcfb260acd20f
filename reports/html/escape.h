// Text of a run as HTML. Private to reports/html, and to the pages that share its frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::reports {

/// `&<>"'` as entities; nothing else changes.
[[nodiscard]] std::string html_text(std::string_view visible);
/// Text from the run as HTML text or attribute value: made visible, on one line, cut to about `max_bytes`,
/// escaped.
[[nodiscard]] std::string escaped(std::string_view text, std::size_t max_bytes = 1000);
/// The same, but line breaks stay (for an element that keeps them).
[[nodiscard]] std::string escaped_lines(std::string_view text, std::size_t max_bytes);
/// "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);

}  // namespace muster::reports
