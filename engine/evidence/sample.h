// Samples for auditors: which subjects, and the raw lines behind them. The order is that of SHA-256 over
// "seed:id", so that anybody can draw the same sample again with stock tools, and nobody can steer it once
// the seed is said. Pure, but for find_lines, which reads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "model/string_column.h"
#include "snapshot/schema.h"

namespace muster::evidence {

/// What auditors usually take of a population: all of 5, 10 of 50, 20 of 250, 25 of more.
[[nodiscard]] std::size_t usual_size(std::size_t population);

/// Rows of `ids` that are drawn, in the order of drawing; all of them when there are no more than `size`.
[[nodiscard]] std::vector<std::uint32_t> draw(const StringColumn& ids, std::string_view seed,
                                              std::size_t size);

/// Each line of a file, from 1, without holding more than one.
[[nodiscard]] Status for_each_line(const FileSystem& files, const std::string& path,
                                   const std::function<void(std::string_view, std::uint32_t)>& take);

struct RawLine {
  std::string file;
  std::uint32_t line = 0;
  std::string text;
};
/// The lines of a dataset's file that are about the records with these ids.
[[nodiscard]] Result<std::map<std::string, std::vector<RawLine>>> find_lines(
    const FileSystem& files, const std::string& path, const std::string& shown,
    const snapshot::DatasetSpec& spec, const std::vector<std::string>& ids);
/// The lines of any text file that hold one of the ids as a word.
[[nodiscard]] Result<std::map<std::string, std::vector<RawLine>>> find_mentions(
    const FileSystem& files, const std::string& path, const std::string& shown,
    const std::vector<std::string>& ids);

}  // namespace muster::evidence
