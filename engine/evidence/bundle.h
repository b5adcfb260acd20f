// Making a bundle: files and texts in, one signed and reproducible archive out. Every file is digested first,
// compared with what it should be, listed in SHA256SUMS, and digested again while it is packed: what was
// signed is what is in it. The same parts, key and options give the same bytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "evidence/ipe.h"
#include "evidence/keys.h"
#include "evidence/run_record.h"

namespace muster::evidence {

inline constexpr const char* kSumsFile = "SHA256SUMS";
inline constexpr const char* kSignatureFile = "SHA256SUMS.sig";
inline constexpr const char* kTimestampFile = "SHA256SUMS.tsr";
inline constexpr const char* kMinisignFile = "SHA256SUMS.minisig";
inline constexpr const char* kStatementFile = "statement.dsse.json";
/// What stands beside SHA256SUMS because it is made from it; run.json says which of these a bundle has.
inline constexpr const char* kBesideSums[] = {kSignatureFile, kTimestampFile, kMinisignFile, kStatementFile};
/// SHA256SUMS, or one of those: the files that it cannot list.
[[nodiscard]] bool is_beside_sums(std::string_view name);

/// One file of a bundle: a file on disk, or a text.
struct Part {
  std::string name;    // in the bundle
  std::string source;  // path; empty: `text` is the file
  std::string text;
  std::string sha256;  // what it must be; empty: not known
};

/// What README.txt says, and the record.
struct BundleRequest {
  std::vector<Part> parts;  // all but README.txt, run.json, ipe/, SHA256SUMS and what is signed
  RunRecord record;         // is_bundled
  std::string organization;
  std::string outcome;   // "failed"
  std::string snapshot;  // the snapshot's folder on disk, for the sheets; verified against its manifest.
                         // Empty: `sheets` has them
  std::string manifest_sha256;         // of its manifest, as the run read it; empty: not known
  bool with_snapshot = true;           // its files go in, as snapshot/…
  PageFrame frame;                     // of the page of sheets
  std::string principal = "evidence";  // the signer's name in the printed recipe
  bool with_statement = false, with_minisign = false;
  std::vector<std::string> passed, warned, failed;  // entries of policies, for the statement
  const Signer* signer = nullptr;                   // none: unsigned
  /// Makes the time stamp of SHA256SUMS: its digest (32 bytes) → the authority's reply, or "" when it was
  /// only asked for. Empty: none.
  std::function<Result<std::string>(const std::string& sha256)> timestamp;
};

struct BundleMade {
  std::string sha256;       // of the archive
  std::string sums_sha256;  // of SHA256SUMS: what the next bundle names
  std::string folder;       // the folder inside
  std::size_t files = 0;
  std::uint64_t bytes = 0;  // of all files
};

/// Errors: evidence_input (a part is not what it must be), signing_key, evidence_timestamp, file_unwritable
/// and those of reading.
[[nodiscard]] Result<BundleMade> write_bundle(FileSystem& files, const BundleRequest& request,
                                              const std::string& path);

}  // namespace muster::evidence
