// Verifying a bundle, packed or unpacked: every byte accounted for, and nothing said that was not checked.
// What is wrong is listed with the file's name, all of it. Whether the contents make sense as results,
// reports and snapshots is checked by whoever knows them (the command).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "evidence/run_record.h"
#include "evidence/sums.h"

namespace muster::evidence {

/// What a bundle holds, as it is and not as it says.
struct Contents {
  std::string path;
  bool is_archive = false;
  std::string folder;                        // of the archive
  Instant time;                              // of the archive's files
  Sums files;                                // every file with its digest
  std::map<std::string, std::string> texts;  // those that were asked for
  std::vector<Error> problems;               // of the archive itself
};
using Wanted = std::function<bool(std::string_view name)>;
/// Reads a folder, or an archive as far as it can be read. Errors: file_not_found, file_unreadable;
/// everything else is in `problems`.
[[nodiscard]] Result<Contents> read_contents(const FileSystem& files, const std::string& path,
                                             const Wanted& wanted);

/// Unpacks an archive into a folder that must not exist yet; on an error the folder is taken away. Errors as
/// read_archive.
[[nodiscard]] Status unpack(FileSystem& files, const std::string& path, const std::string& folder);

struct VerifyRequest {
  std::optional<std::string> allowed_signers;  // text of the file
  std::string allowed_signers_file = "allowed_signers";
  std::optional<std::string> timestamp_ca;   // PEM
  std::optional<std::string> previous_sums;  // SHA256SUMS of the bundle that should be the previous one
  Instant now;                               // for the validity of signers when there is no proven time
};

/// What was found out. Nothing here is more than it says: `signer` is set only when the signature is right
/// and the key is an allowed signer's.
struct Verification {
  std::vector<Error> problems;  // empty: everything that was checked is right
  std::size_t files = 0;
  bool is_signed = false;
  std::string fingerprint;  // of the key that signed; of nobody in particular unless `signer` is set
  std::optional<std::string> signer;  // principals of the allowed signer
  bool has_minisign = false, has_statement = false;
  std::optional<Instant> stamped_at;  // the time stamp's time
  std::string authority;
  bool is_stamp_modified = false;  // granted "with modifications"
  bool is_stamp_trusted = false;   // its signature was checked against --timestamp-ca
  std::string previous_bundle_sha256;
  bool is_chain_checked = false;
  std::optional<RunRecord> record;
  std::string sums_sha256;
};
[[nodiscard]] Verification verify(const Contents& contents, const VerifyRequest& request);
/// The texts that verify() looks into: all JSON, and what stands beside SHA256SUMS.
[[nodiscard]] bool is_wanted_by_verify(std::string_view name);

}  // namespace muster::evidence
