#include "reports/html/frame.h"

#include <stdexcept>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/embedded.h"
#include "reports/html/escape.h"

namespace muster::reports {
namespace {

std::string_view shipped(std::string_view name) {
  for (const EmbeddedFile& file : embedded_files())
    if (file.name == name) return file.bytes;
  throw std::logic_error(std::string(name) + " is not in the program");
}
std::string_view style() { return shipped("reports/html/page.css"); }
std::string_view script_text() { return shipped("reports/html/page.js"); }

}  // namespace

std::string page_head(std::string_view title, PageScript script) {
  std::string policy = "default-src 'none'; style-src 'sha256-" + to_base64(sha256_bytes(style())) + "'";
  if (script == PageScript::findings)
    policy += "; script-src 'sha256-" + to_base64(sha256_bytes(script_text())) + "'";
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
      "http-equiv=\"Content-Security-Policy\" content=\"{}; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" "
      "content=\"no-referrer\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n",
      policy, escaped(title), style());
}

std::string page_end(PageScript script) {
  if (script == PageScript::none) return "</body>\n</html>\n";
  return fmt::format("<script>{}</script>\n</body>\n</html>\n", script_text());
}

}  // namespace muster::reports
