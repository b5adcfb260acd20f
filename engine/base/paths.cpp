#include <algorithm>
#include <vector>

#include "base/file_system.h"

namespace muster {
namespace {

struct Path {
  bool absolute = false;
  std::vector<std::string_view> parts;
};

void append_parts(Path& path, std::string_view text) {
  if (text.starts_with('/')) path = {true, {}};
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('/'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      path.parts.push_back(part);
    } else if (!path.parts.empty() && path.parts.back() != "..") {
      path.parts.pop_back();
    } else if (!path.absolute) {
      path.parts.push_back(part);  // above the start; above the root there is nothing
    }
  }
}

Path parse_path(std::string_view text) {
  Path path;
  append_parts(path, text);
  return path;
}

std::string text_of(const Path& path) {
  std::string out = path.absolute ? "/" : "";
  for (std::size_t i = 0; i < path.parts.size(); ++i) {
    if (i > 0) out += '/';
    out += path.parts[i];
  }
  return out.empty() ? "." : out;
}

}  // namespace

std::string join_path(std::string_view folder, std::string_view name) {
  Path path = parse_path(folder);
  append_parts(path, name);
  return text_of(path);
}

std::string parent_path(std::string_view path) {
  Path parsed = parse_path(path);
  if (parsed.parts.empty()) return parsed.absolute ? "/" : "..";
  if (parsed.parts.back() == "..") {
    parsed.parts.emplace_back("..");
  } else {
    parsed.parts.pop_back();
  }
  return text_of(parsed);
}

std::string file_name(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1));
}

std::string relative_path(std::string_view path, std::string_view base) {
  const Path to = parse_path(path);
  const Path from = parse_path(base);
  if (to.absolute != from.absolute) return text_of(to);
  const auto [t, f] = std::mismatch(to.parts.begin(), to.parts.end(), from.parts.begin(), from.parts.end());
  // From "../x" there is no way back by names alone.
  if (std::find(f, from.parts.end(), "..") != from.parts.end()) return text_of(to);
  Path relative;
  relative.parts.assign(static_cast<std::size_t>(from.parts.end() - f), "..");
  relative.parts.insert(relative.parts.end(), t, to.parts.end());
  return text_of(relative);
}

}  // namespace muster
