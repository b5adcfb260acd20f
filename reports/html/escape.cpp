#include "reports/html/escape.h"

#include "base/text.h"
#include "reports/words.h"

namespace muster::reports {

std::string html_text(std::string_view visible) {
  std::string out;
  out.reserve(visible.size());
  for (char c : visible) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string escaped(std::string_view text, std::size_t max_bytes) {
  return html_text(visible_line(text, max_bytes));
}

std::string escaped_lines(std::string_view text, std::size_t max_bytes) {
  const bool is_long = text.size() > max_bytes;
  std::string out = html_text(make_visible(is_long ? utf8_prefix(text, max_bytes) : text, true));
  return is_long ? out + "…" : out;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

}  // namespace muster::reports
