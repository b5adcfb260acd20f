#include "evidence/sums.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::evidence {
namespace {

constexpr std::size_t kLongestName = 200;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

bool is_safe_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return false;
  while (true) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (part.empty() || part.front() == '.' || part.front() == '-' ||
        !std::all_of(part.begin(), part.end(), is_name_character))
      return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

std::string safe_part(std::string_view text) {
  constexpr std::size_t kLongestPart = 80;
  std::string part;
  for (const char c : text.substr(0, kLongestPart)) part += is_name_character(c) ? c : '_';
  if (part.empty() || part.front() == '.' || part.front() == '-') part.insert(part.begin(), '_');
  return part;
}

std::string render_sums(const Sums& sums) {
  std::string out;
  for (const auto& [name, digest] : sums) out += fmt::format("{}  {}\n", digest, name);
  return out;
}

Result<Sums> parse_sums(std::string_view text, const std::string& file) {
  Sums sums;
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const auto refuse = [&](std::string message) {
      return fail(ErrorCode::evidence_file, fmt::format("{}: {}", file, message),
                  Place{file, number, 0, std::string(utf8_prefix(line, 300))});
    };
    if (end == std::string_view::npos) return refuse("the last line does not end");
    text.remove_prefix(end + 1);
    if (line.size() < 67 || line.substr(64, 2) != "  " || !is_digest(line.substr(0, 64)))
      return refuse("a line is a digest of 64 hex digits, two spaces and a name");
    const std::string name(line.substr(66));
    if (!is_safe_name(name))
      return refuse(fmt::format("{} is not a name that a bundle may hold", make_visible(name)));
    if (!sums.empty() && sums.rbegin()->first >= name) return refuse(fmt::format("{} is out of order", name));
    sums.emplace(name, line.substr(0, 64));
  }
  if (sums.empty()) return fail(ErrorCode::evidence_file, fmt::format("{}: it lists no file", file));
  return sums;
}

}  // namespace muster::evidence
