// From a path to a value: the file's bytes, its digest, its tree, and the table that reads it. Private to
// this module.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/file_system.h"
#include "policy/shape.h"

namespace muster::policy {

template <class T>
struct Loaded {
  T value;
  std::string sha256;
  std::uint64_t bytes = 0;
};

/// `noun`: "a policy". An empty text is an error unless `may_be_empty`; then it reads as a default-made T.
struct ReadRule {
  std::string noun;
  bool may_be_empty = false;
};

/// The file's bytes; a problem that names `shown_path` otherwise.
[[nodiscard]] std::optional<std::string> read_text(const FileSystem& files, const std::string& path,
                                                   const std::string& shown_path, Diagnostics& problems);
[[nodiscard]] std::string digest_of(const std::string& text);
void report_empty(const std::string& noun, const std::string& shown_path, FileProblems& problems);

/// The value, when the text has no problem at all.
template <class T>
[[nodiscard]] std::optional<Loaded<T>> read_value(std::string text, const std::string& shown_path,
                                                  const Codec<T>& codec, const ReadRule& rule,
                                                  Diagnostics& problems) {
  FileProblems file_problems(problems, shown_path);
  Loaded<T> loaded;
  loaded.sha256 = digest_of(text);
  loaded.bytes = text.size();
  const auto document = parse_yaml(std::move(text), shown_path, file_problems);
  if (!document) return std::nullopt;
  if (document->root().kind == NodeKind::null) {
    if (!rule.may_be_empty) report_empty(rule.noun, shown_path, file_problems);
  } else {
    Reader reader(*document, file_problems);
    if (auto value = codec.read(document->root(), rule.noun, reader)) loaded.value = std::move(*value);
  }
  if (file_problems.count() != 0) return std::nullopt;
  return loaded;
}

template <class T>
[[nodiscard]] std::optional<Loaded<T>> load_value(const FileSystem& files, const std::string& path,
                                                  const std::string& shown_path, const Codec<T>& codec,
                                                  const ReadRule& rule, Diagnostics& problems) {
  auto text = read_text(files, path, shown_path, problems);
  if (!text) return std::nullopt;
  return read_value(std::move(*text), shown_path, codec, rule, problems);
}

/// A file that is a list of items, or a mapping with that list under `key`.
template <class T>
[[nodiscard]] Codec<std::vector<T>> list_file(Codec<std::vector<T>> list, const std::string& noun,
                                              const std::string& key, const std::string& doc) {
  struct Wrapped {
    std::vector<T> items;
  };
  auto wrapped = Mapping<Wrapped>(noun, doc).key(key, Need::required, list, &Wrapped::items, doc).codec();
  return either(std::move(list),
                made_from<std::vector<T>>(std::move(wrapped), [](Wrapped value, const Node&, Reader&) {
                  return std::optional(std::move(value.items));
                }));
}

}  // namespace muster::policy
