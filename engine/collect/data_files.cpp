#include "collect/data_files.h"

#include <algorithm>
#include <cstring>
#include <span>

#include <fmt/format.h>

namespace muster::collect {
namespace {

using snapshot::Dataset;
using snapshot::RowReader;

constexpr std::size_t kChunk = std::size_t{1} << 20;

}  // namespace

std::string DataFiles::path_of(Dataset dataset) const {
  return fmt::format("{}/data/{}.jsonl", folder_, snapshot::spec_of(dataset).name);
}

Status DataFiles::open(Dataset dataset, std::uint64_t keep) {
  Store& store = stores_[dataset];
  auto opened = AppendFile::open(path_of(dataset), keep);
  if (!opened) return tl::unexpected(opened.error());
  store.file = std::move(*opened);
  store.digest = Sha256();
  store.bytes = keep;
  store.rows = 0;
  if (keep == 0) return {};
  const auto file = files_.open(path_of(dataset));
  if (!file) return tl::unexpected(file.error());
  std::string buffer(kChunk, '\0');
  for (std::uint64_t at = 0; at < keep;) {
    const auto count =
        (*file)->read_at(at, std::span(buffer).first(std::min<std::size_t>(kChunk, keep - at)));
    if (!count) return tl::unexpected(count.error());
    if (*count == 0)
      return fail(ErrorCode::file_unreadable, fmt::format("{} ends too early", path_of(dataset)));
    const auto chunk = std::string_view(buffer).substr(0, *count);
    store.digest.update(chunk);
    store.rows += static_cast<std::uint64_t>(std::ranges::count(chunk, '\n'));
    at += *count;
  }
  return {};
}

Status DataFiles::remove(Dataset dataset) {
  stores_.erase(dataset);
  return files_.remove_all(path_of(dataset));
}

std::uint64_t DataFiles::bytes(Dataset dataset) const {
  const auto found = stores_.find(dataset);
  return found == stores_.end() ? 0 : found->second.bytes;
}

std::uint64_t DataFiles::rows(Dataset dataset) const {
  const auto found = stores_.find(dataset);
  return found == stores_.end() ? 0 : found->second.rows;
}

std::map<Dataset, std::uint64_t> DataFiles::sizes() const {
  std::map<Dataset, std::uint64_t> all;
  for (const auto& [dataset, store] : stores_) all[dataset] = store.bytes;
  return all;
}

Status DataFiles::append(Dataset dataset, std::string_view lines, std::uint64_t rows) {
  Store& store = stores_[dataset];
  if (auto status = store.file->append(lines); !status) return status;
  store.digest.update(lines);
  store.bytes += lines.size();
  store.rows += rows;
  return {};
}

Status DataFiles::sync() {
  for (auto& [dataset, store] : stores_)
    if (auto status = store.file->sync(); !status) return status;
  return {};
}

std::string DataFiles::finish_sha256(Dataset dataset) { return stores_[dataset].digest.finish_hex(); }

Status DataFiles::each_line(Dataset dataset, std::uint64_t from, std::uint64_t to,
                            const std::vector<std::string_view>& paths,
                            const std::function<bool(const RowReader&)>& take) const {
  if (from >= to) return {};
  const auto damaged = [&] {
    return fail(ErrorCode::file_unreadable, fmt::format("{} is damaged", path_of(dataset)), {},
                "remove the folder and collect anew");
  };
  const auto file = files_.open(path_of(dataset));
  if (!file) return tl::unexpected(file.error());
  RowReader reader(paths);
  std::string buffer;
  std::size_t held = 0;  // bytes of the buffer that are not done
  while (from < to) {
    buffer.resize(std::max(buffer.size(), held + kChunk + RowReader::kPadding));
    const auto count =
        (*file)->read_at(from, std::span(buffer).subspan(held, std::min<std::size_t>(kChunk, to - from)));
    if (!count) return tl::unexpected(count.error());
    if (*count == 0) return damaged();
    from += *count;
    held += *count;
    std::string_view rest = std::string_view(buffer).substr(0, held);
    for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
      if (!reader.check(rest.substr(0, end))) return damaged();
      if (!take(reader)) return {};
    }
    held = rest.size();
    std::memmove(buffer.data(), rest.data(), held);
  }
  return held == 0 ? Status() : damaged();
}

}  // namespace muster::collect
