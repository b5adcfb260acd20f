// Information produced by the entity, as auditors call an export that evidence rests on: one sheet for each
// dataset that says where it comes from, what was asked, how much came, and what the stored file holds when
// it is counted again. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "snapshot/snapshot.h"

namespace muster::evidence {

/// Counts a dataset's file while it passes by in pieces.
class DatasetCount {
 public:
  void add(std::string_view piece);
  void finish();
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  /// Numbers of the requests (lines of the ledger) that rows came from.
  [[nodiscard]] const std::set<std::uint32_t>& requests() const { return requests_; }

 private:
  void line(std::string_view text);
  std::string rest_;
  std::uint64_t rows_ = 0;
  std::set<std::uint32_t> requests_;
};

/// What a sheet says of the file as it is stored now.
struct StoredDataset {
  std::uint64_t bytes = 0;
  std::string sha256;
  DatasetCount count;
};

/// What all HTML pages of muster share, from whoever knows (reports/html/frame.h).
struct PageFrame {
  std::function<std::string(std::string_view title)> head;  // up to and with <body>
  std::string end;
  std::function<std::string(std::string_view text)> escape;  // whatever a tenant can name, as HTML text
};

struct SheetFile {
  std::string name;  // "ipe/users.json", "ipe/README.html"
  std::string text;
};
/// A sheet for each dataset that was asked for, and one page of all. `stored` is by dataset name; `ledger` is
/// ledger.jsonl's text, which may be empty (an import has none). Error: evidence_input when the ledger is
/// malformed.
[[nodiscard]] Result<std::vector<SheetFile>> render_sheets(const snapshot::Manifest& manifest,
                                                           const std::map<std::string, StoredDataset>& stored,
                                                           std::string_view ledger, const PageFrame& frame);

}  // namespace muster::evidence
