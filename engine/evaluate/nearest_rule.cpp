#include "evaluate/nearest_rule.h"

#include <algorithm>

#include "base/text.h"

namespace muster::evaluate {
namespace {

std::string family_of(const std::string& name) { return name.substr(0, name.find('.')); }

std::string nearest_of_glob(const std::string& glob, const std::vector<std::string>& names) {
  const std::string family = family_of(glob);
  if (family.size() == glob.size() || is_glob(family)) return {};
  std::vector<std::string> families;
  for (const std::string& name : names) families.push_back(family_of(name));
  const auto near = nearest_name(family, families);
  if (!near) return {};
  const auto fits_some = [&](const std::string& meant) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return glob_match(meant, name); });
  };
  std::string meant = std::string(*near) + glob.substr(family.size());
  return fits_some(meant) ? meant : std::string(*near) + ".*";
}

std::string nearest_of_word(const std::string& word, const std::vector<std::string>& names) {
  std::vector<std::string> words, meant;
  for (const std::string& name : names) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) continue;
    words.push_back(name.substr(dot + 1));
    meant.push_back(name);
    words.push_back(name.substr(0, dot));
    meant.push_back(name.substr(0, dot) + ".*");
  }
  const auto near = nearest_name(word, words);
  if (!near) return {};
  return meant[static_cast<std::size_t>(std::find(words.begin(), words.end(), *near) - words.begin())];
}

}  // namespace

std::string nearest_rule(const std::string& glob, const std::vector<std::string>& names) {
  if (is_glob(glob)) return nearest_of_glob(glob, names);
  if (const auto near = nearest_name(glob, names)) return std::string(*near);
  return glob.find('.') == std::string::npos ? nearest_of_word(glob, names) : std::string();
}

}  // namespace muster::evaluate
