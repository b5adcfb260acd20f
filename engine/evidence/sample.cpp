#include "evidence/sample.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"

namespace muster::evidence {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr std::size_t kLongestLine = 64u << 20;

/// The first of `paths` ("object.id|object.uuid") that is a text in the record; empty when none is.
std::string value_at(const json::Value& record, std::string_view paths) {
  while (true) {
    const std::size_t bar = paths.find('|');
    std::string_view path = paths.substr(0, bar);
    if (path.ends_with('?')) path.remove_suffix(1);
    const json::Value* value = &record;
    while (value != nullptr && !path.empty()) {
      const std::size_t dot = path.find('.');
      value = value->find(path.substr(0, dot));
      path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
    }
    if (value != nullptr && value->string() != nullptr) return *value->string();
    if (bar == std::string_view::npos) return {};
    paths.remove_prefix(bar + 1);
  }
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool holds_word(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word(line[at - 1]),
               ends = at + word.size() == line.size() || !is_word(line[at + word.size()]);
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

Status for_each_line(const FileSystem& files, const std::string& path,
                     const std::function<void(std::string_view, std::uint32_t)>& take) {
  const auto file = files.open(path);
  if (!file) return tl::unexpected(file.error());
  std::string rest;
  std::vector<char> buffer(kPieceBytes);
  std::uint32_t number = 0;
  for (std::uint64_t at = 0;;) {
    const auto got = (*file)->read_at(at, buffer);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    at += *got;
    std::string_view piece(buffer.data(), *got);
    while (true) {
      const std::size_t end = piece.find('\n');
      if (end == std::string_view::npos) break;
      if (rest.empty()) {
        take(piece.substr(0, end), ++number);
      } else {
        rest += piece.substr(0, end);
        take(rest, ++number);
        rest.clear();
      }
      piece.remove_prefix(end + 1);
    }
    rest += piece;
    if (rest.size() > kLongestLine)
      return fail(ErrorCode::evidence_file,
                  fmt::format("{}:{}: the line is longer than muster reads", path, number + 1));
  }
  if (!rest.empty()) take(rest, ++number);
  return {};
}

std::size_t usual_size(std::size_t population) {
  if (population <= 5) return population;
  if (population <= 50) return std::min<std::size_t>(population, 10);
  if (population <= 250) return 20;
  return 25;
}

std::vector<std::uint32_t> draw(const StringColumn& ids, std::string_view seed, std::size_t size) {
  std::vector<std::pair<std::string, std::uint32_t>> ranked;
  ranked.reserve(ids.size());
  std::string text = std::string(seed) + ":";
  const std::size_t head = text.size();
  for (std::uint32_t row = 0; row < ids.size(); ++row) {
    text.resize(head);
    text += ids[row];
    ranked.emplace_back(sha256_bytes(text), row);
  }
  size = std::min(size, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(size), ranked.end());
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < size; ++i) rows.push_back(ranked[i].second);
  return rows;
}

Result<std::map<std::string, std::vector<RawLine>>> find_lines(const FileSystem& files,
                                                               const std::string& path,
                                                               const std::string& shown,
                                                               const snapshot::DatasetSpec& spec,
                                                               const std::vector<std::string>& ids) {
  std::map<std::string, std::vector<RawLine>> out;
  const auto key = spec.field(spec.key);
  if (!key) return out;
  const std::string_view paths = spec.fields[*key].paths;
  const Status read = for_each_line(files, path, [&](std::string_view line, std::uint32_t number) {
    for (const std::string& id : ids) {
      // Few lines hold one of the ids at all; only those are parsed.
      if (line.find(id) == std::string_view::npos) continue;
      const auto record = json::parse(line, {.file = shown, .first_line = number});
      if (record && value_at(*record, paths) == id) out[id].push_back({shown, number, std::string(line)});
    }
  });
  if (!read) return tl::unexpected(read.error());
  return out;
}

Result<std::map<std::string, std::vector<RawLine>>> find_mentions(const FileSystem& files,
                                                                  const std::string& path,
                                                                  const std::string& shown,
                                                                  const std::vector<std::string>& ids) {
  std::map<std::string, std::vector<RawLine>> out;
  const Status read = for_each_line(files, path, [&](std::string_view line, std::uint32_t number) {
    for (const std::string& id : ids)
      if (holds_word(line, id)) out[id].push_back({shown, number, std::string(line)});
  });
  if (!read) return tl::unexpected(read.error());
  return out;
}

}  // namespace muster::evidence
