// What all HTML pages of muster share: one style sheet (page.css), a head with a Content-Security-Policy that
// allows it and, on pages that have one, the script (page.js) by digest, and nothing else: no request, no
// inline style, no form that sends. Titles are escaped here, the body is HTML already.
#pragma once

#include <string>
#include <string_view>

namespace muster::reports {

enum class PageScript { none, findings };

/// Everything up to and with <body>.
[[nodiscard]] std::string page_head(std::string_view title, PageScript script);
/// What ends the page.
[[nodiscard]] std::string page_end(PageScript script);

}  // namespace muster::reports
