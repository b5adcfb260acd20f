#include "snapshot/scan.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/parallel.h"

namespace muster::snapshot {
namespace {

/// A piece of the file: whole lines, then what is wrong with the line behind them, if anything.
struct Block {
  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;
  std::size_t size = 0;
  std::size_t number = 0;
  std::string next_line_problem;

  /// Room for that many bytes and the padding; keeps the first `kept`.
  void make_room(std::size_t wanted, std::size_t kept) {
    if (wanted + kBlockPadding <= capacity) return;
    const std::size_t grown = std::max(wanted + kBlockPadding, 2 * capacity);
    auto fresh = std::make_unique_for_overwrite<char[]>(grown);
    if (kept != 0) std::memcpy(fresh.get(), bytes.get(), kept);
    bytes = std::move(fresh);
    capacity = grown;
  }
};

class Scan {
 public:
  Scan(const RandomAccessFile& file, const std::string& path, const Plan& plan, std::size_t chunk_bytes,
       const std::function<void(Chunk, std::uint32_t)>& take)
      : file_(file), path_(path), plan_(plan), chunk_bytes_(chunk_bytes), take_(take) {}

  void work() {
    ChunkParser parser(plan_);
    Block block;
    while (claim(block)) {
      Chunk chunk = block.size == 0 ? Chunk{} : parser.parse(block.bytes.get(), block.size);
      if (!block.next_line_problem.empty() && chunk.problems.size() < kMaxProblems) {
        chunk.problems.push_back({chunk.lines, 0, block.next_line_problem});
      }
      deliver(block.number, std::move(chunk));
      if (block.capacity > 4 * chunk_bytes_ + kBlockPadding) block = Block{};
    }
  }

  Result<ScanResult> result() {
    if (read_error_) return tl::unexpected(*read_error_);
    result_.bytes = offset_;
    result_.was_stopped = result_.was_stopped || is_cut_;
    if (!result_.was_stopped) result_.sha256 = digest_.finish_hex();
    return std::move(result_);
  }

 private:
  /// Reads the next block while nobody else does: the digest needs the file's order, and the bytes are still
  /// in this core's cache when they are parsed.
  bool claim(Block& block) {
    const std::lock_guard lock(reading_);
    block.size = 0;
    block.next_line_problem.clear();
    if (is_at_end_) return false;
    std::size_t have = rest_.size();
    block.make_room(have + chunk_bytes_, 0);
    if (have != 0) std::memcpy(block.bytes.get(), rest_.data(), have);
    rest_.clear();
    while (true) {
      block.make_room(have + chunk_bytes_, have);
      char* fresh = block.bytes.get() + have;
      const auto got = file_.read_at(offset_, {fresh, chunk_bytes_});
      if (!got) {
        read_error_ = got.error();
        is_at_end_ = true;
        return false;
      }
      if (*got == 0) {
        is_at_end_ = true;
        if (have == 0) return false;
        block.next_line_problem = "the last line does not end: the file is cut off";
        break;
      }
      digest_.update({fresh, *got});
      offset_ += *got;
      have += *got;
      if (const auto last = std::string_view(fresh, *got).rfind('\n'); last != std::string_view::npos) {
        block.size = have - *got + last + 1;
        // Only the first line can have taken several reads.
        if (block.size > kMaxLineBytes &&
            std::string_view(block.bytes.get(), block.size).find('\n') > kMaxLineBytes) {
          cut(block);
          break;
        }
        rest_.assign(block.bytes.get() + block.size, have - block.size);
        break;
      }
      if (have > kMaxLineBytes) {
        cut(block);
        break;
      }
    }
    block.number = blocks_++;
    return true;
  }

  /// The file is not read behind a line that is too long: its digest stays unknown, so the scan counts as
  /// stopped.
  void cut(Block& block) {
    block.size = 0;
    block.next_line_problem = fmt::format("the line is longer than {} MiB", kMaxLineBytes >> 20);
    is_at_end_ = true;
    is_cut_ = true;
  }

  /// Hands chunks on in the file's order: whoever has the next one also hands on those that wait behind it.
  void deliver(std::size_t number, Chunk chunk) {
    std::unique_lock lock(delivering_);
    waiting_.emplace(number, std::move(chunk));
    if (is_delivering_) return;
    is_delivering_ = true;
    for (auto at = waiting_.find(next_); at != waiting_.end(); at = waiting_.find(next_)) {
      Chunk next = std::move(at->second);
      waiting_.erase(at);
      ++next_;
      lock.unlock();
      hand_on(std::move(next));
      lock.lock();
    }
    is_delivering_ = false;
  }

  void hand_on(Chunk chunk) {
    if (result_.was_stopped) return;
    const std::uint64_t first_line = result_.lines + 1;
    for (auto& problem : chunk.problems) {
      if (result_.problems.size() == kMaxProblems) break;
      const auto line = static_cast<std::uint32_t>(first_line + problem.line);
      result_.problems.push_back(Error{
          ErrorCode::snapshot_line, std::move(problem.message), Place{path_, line, problem.column, {}}, {}});
    }
    result_.lines += chunk.lines;
    if (result_.lines >= kDangling && result_.problems.size() < kMaxProblems) {
      result_.problems.push_back(Error{
          ErrorCode::snapshot_line, "more lines than muster can number", Place{path_, kDangling, 0, {}}, {}});
      return stop();
    }
    if (result_.problems.size() >= kMaxProblems) return stop();
    if (chunk.rows != 0) take_(std::move(chunk), static_cast<std::uint32_t>(first_line));
  }

  void stop() {
    result_.was_stopped = true;
    const std::lock_guard lock(reading_);
    is_at_end_ = true;
  }

  const RandomAccessFile& file_;
  const std::string& path_;
  const Plan& plan_;
  const std::size_t chunk_bytes_;
  const std::function<void(Chunk, std::uint32_t)>& take_;

  std::mutex reading_;
  Sha256 digest_;
  std::uint64_t offset_ = 0;
  std::size_t blocks_ = 0;
  std::string rest_;
  bool is_at_end_ = false;
  bool is_cut_ = false;
  std::optional<Error> read_error_;

  std::mutex delivering_;
  std::map<std::size_t, Chunk> waiting_;
  std::size_t next_ = 0;
  bool is_delivering_ = false;
  ScanResult result_;
};

}  // namespace

Result<ScanResult> scan(const RandomAccessFile& file, const std::string& path, const Plan& plan,
                        const ScanOptions& options, const std::function<void(Chunk, std::uint32_t)>& take) {
  Scan scan(file, path, plan, options.chunk_bytes, take);
  // A file of few chunks is not worth more threads than chunks.
  const std::uint64_t chunks = file.size() / options.chunk_bytes + 1;
  const auto workers =
      static_cast<unsigned>(std::clamp<std::uint64_t>(chunks, 1, std::max(options.jobs, 1U)));
  run_parallel(workers, workers, [&](std::size_t, unsigned) { scan.work(); });
  return scan.result();
}

}  // namespace muster::snapshot
