#include <algorithm>

#include "rule/load_selected.h"

namespace muster::rule {
namespace {

constexpr std::string_view kBuiltIn = "builtin:";

struct Found {
  std::string id;
  std::string file;
  std::string text;
};

// "keys/max_age.lua" → "keys.max_age".
std::string id_of(std::string_view path) {
  std::string id(path.substr(0, path.size() - 4));
  std::replace(id.begin(), id.end(), '/', '.');
  return id;
}

using Library = std::map<std::string, std::string>;

void collect_folder(const FileSystem& files, const RuleFolder& folder, const std::string& below, int depth, std::vector<Found>& found, Library& library,
                    Diagnostics& problems) {
  const std::string path = below.empty() ? folder.path : join_path(folder.path, below);
  auto names = files.list(path);
  if (!names) {
    problems.error(names.error());
    return;
  }
  for (const std::string& name : *names) {
    if (name.starts_with('.')) continue;
    const std::string inner = below.empty() ? name : below + "/" + name;
    const std::string full = join_path(folder.path, inner);
    if (files.kind(full) == FileKind::folder) {
      if (inner == "meta") continue;  // generated editor stubs
      if (depth < 4) collect_folder(files, folder, inner, depth + 1, found, library, problems);
      continue;
    }
    if (!name.ends_with(".lua") || name.ends_with("_spec.lua")) continue;
    auto text = files.read_file(full, 1u << 20);
    if (!text) {
      problems.error(text.error());
      continue;
    }
    if (inner.starts_with("lib/")) library[inner.substr(4, inner.size() - 8)] = std::move(*text);
    else found.push_back({id_of(inner), join_path(folder.shown, inner), std::move(*text)});
  }
}

}  // namespace

RuleSet load_rules(const FileSystem& files, const std::vector<RuleFolder>& folders, Diagnostics& problems) {
  return load_selected(files, folders, std::nullopt, problems);
}

RuleSet load_selected(const FileSystem& files, const std::vector<RuleFolder>& folders, const std::optional<std::set<std::string>>& wanted,
                      Diagnostics& problems) {
  std::vector<Found> found;
  std::vector<std::shared_ptr<const Library>> libraries;
  std::vector<std::size_t> library_of;
  const auto close_source = [&](Library library) {
    libraries.push_back(std::make_shared<const Library>(std::move(library)));
    library_of.resize(found.size(), libraries.size() - 1);
  };
  Library shipped;
  for (const EmbeddedFile& file : files.shipped()) {
    if (!file.name.starts_with("rules/") || !file.name.ends_with(".lua") || file.name.ends_with("_spec.lua")) continue;
    const std::string_view inner = file.name.substr(6);
    if (inner.starts_with("lib/")) shipped[std::string(inner.substr(4, inner.size() - 8))] = std::string(file.bytes);
    else found.push_back({id_of(inner), std::string(kBuiltIn) + std::string(file.name), std::string(file.bytes)});
  }
  close_source(std::move(shipped));
  for (const RuleFolder& folder : folders) {
    Library own;
    collect_folder(files, folder, "", 0, found, own, problems);
    close_source(std::move(own));
  }
  std::set<std::string> ids;
  for (const Found& each : found) ids.insert(each.id);
  const bool is_all = !wanted || !std::includes(ids.begin(), ids.end(), wanted->begin(), wanted->end());
  RuleSet rules;
  std::map<std::string, std::string> first_file;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [first, is_new] = first_file.try_emplace(found[i].id, found[i].file);
    if (!is_new) {
      problems.error(ErrorCode::rule_duplicate, "the rule '" + found[i].id + "' is there twice: " + first->second + " and " + found[i].file,
                     Place{found[i].file, 0, 0, {}}, "give your own rule another id; nothing is overridden silently");
      continue;
    }
    const bool is_shipped = library_of[i] == 0;
    if (!is_all && is_shipped && !wanted->contains(found[i].id)) continue;
    if (auto rule = load_rule(found[i].text, found[i].file, found[i].id, libraries[library_of[i]], problems))
      rules.emplace(found[i].id, std::make_shared<const Rule>(std::move(*rule)));
  }
  return rules;
}

}  // namespace muster::rule
