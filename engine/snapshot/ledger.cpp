#include "snapshot/ledger.h"

#include <map>

#include <fmt/format.h>

#include "base/json.h"
#include "snapshot/load.h"

namespace muster::snapshot {
namespace {

/// As much as evidence takes into a bundle: some millions of requests.
constexpr std::uint64_t kLargestLedger = std::uint64_t{1} << 30;

}  // namespace

Ledger::Ledger(const FileSystem& files, const std::string& folder, Diagnostics& problems)
    : folder_(folder), path_(join_path(folder, "ledger.jsonl")), problems_(problems) {
  if (files.kind(path_) == FileKind::none) return;
  const auto text = files.read_file(path_, kLargestLedger);
  if (text) {
    read(*text);
  } else {
    problems_.error(text.error());
    is_readable_ = false;
  }
}

void Ledger::read(std::string_view text) {
  const auto refuse = [&](std::string message) {
    problems_.error(ErrorCode::snapshot_line, std::move(message),
                    Place{path_, static_cast<std::uint32_t>(requests_.size() + 1), 0, {}});
    is_readable_ = false;
  };
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return refuse("the last line does not end: the ledger is cut off");
    const auto line = json::parse(text.substr(0, end));
    text.remove_prefix(end + 1);
    const json::Value* method = line ? line->find("method") : nullptr;
    const json::Value* status = line ? line->find("status") : nullptr;
    const json::Value* rows = line ? line->find("rows") : nullptr;
    if (method == nullptr || method->string() == nullptr || status == nullptr ||
        status->integer() == nullptr || rows == nullptr || rows->integer() == nullptr)
      return refuse("the line is no request: it needs method, status and rows");
    if (*method->string() != "GET")
      return refuse(fmt::format("a snapshot is made by GET alone; this request is a {}", *method->string()));
    requests_.push_back({*status->integer(), *rows->integer()});
  }
}

void Ledger::check(Dataset dataset, const std::vector<Table::RequestRun>& runs, std::uint32_t rows) {
  if (!is_readable_) return;
  const std::string path = data_path(folder_, dataset);
  const auto refuse = [&](std::uint32_t first_row, std::string message) {
    problems_.error(ErrorCode::snapshot_manifest, std::move(message), Place{path, first_row + 1, 0, {}});
  };
  struct Brought {
    std::uint32_t first_row = 0;
    std::int64_t rows = 0;
  };
  std::map<std::uint32_t, Brought> brought;  // by request
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].request == 0) continue;
    const std::uint32_t end = i + 1 < runs.size() ? runs[i + 1].first_row : rows;
    Brought& of = brought.try_emplace(runs[i].request, Brought{runs[i].first_row, 0}).first->second;
    of.rows += end - runs[i].first_row;
  }
  for (const auto& [number, of] : brought) {
    if (number > requests_.size())
      return refuse(of.first_row,
                    fmt::format("the row names request {}; the ledger has {}", number, requests_.size()));
    const Request& request = requests_[number - 1];
    if (request.status != 200) {
      refuse(of.first_row, fmt::format("the row names request {}, which the ledger says ended with {}",
                                       number, request.status));
    } else if (of.rows > request.rows) {
      refuse(of.first_row, fmt::format("{} rows name request {}; by the ledger it brought {}", of.rows,
                                       number, request.rows));
    }
  }
}

}  // namespace muster::snapshot
