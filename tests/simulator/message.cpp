#include "message.h"

#include <algorithm>

namespace simulator {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool is_named(std::string_view given, std::string_view name) {
  return given == name ||
         (given.size() == name.size() + 2 && given.starts_with(name) && given.ends_with("[]"));
}

}  // namespace

const std::string* Request::header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? nullptr : &found->second;
}

const std::string* Request::parameter(std::string_view name) const {
  const auto found =
      std::ranges::find_if(query, [&](const auto& pair) { return is_named(pair.first, name); });
  return found == query.end() ? nullptr : &found->second;
}

std::vector<std::string> Request::parameters(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [given, value] : query) {
    if (is_named(given, name)) values.push_back(value);
  }
  return values;
}

void parse_target(std::string_view target, Request& request) {
  request.target = target;
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  request.path = path;
  for (std::size_t at = 1; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    request.segments.push_back(decode(path.substr(at, end - at), false));
    at = end + 1;
  }
  if (mark == std::string_view::npos) return;
  for (std::string_view rest = target.substr(mark + 1); !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) {
      request.query.emplace_back(decode(pair.substr(0, equals), true),
                                 equals < pair.size() ? decode(pair.substr(equals + 1), true) : "");
    }
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
  }
}

}  // namespace simulator
