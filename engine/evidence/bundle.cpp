#include "evidence/bundle.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "evidence/archive.h"
#include "evidence/ipe.h"
#include "evidence/sshsig.h"
#include "evidence/sums.h"
#include "snapshot/snapshot.h"

namespace muster::evidence {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr std::uint64_t kLargestLedger = 1ull << 30;

/// A part whose digest and size are known.
struct Packed {
  Part part;
  std::string sha256;
  std::uint64_t bytes = 0;
};

/// Hands a part's bytes over in pieces.
Status read_part(const FileSystem& files, const Part& part,
                 const std::function<void(std::string_view)>& take) {
  if (part.source.empty()) {
    take(part.text);
    return {};
  }
  const auto file = files.open(part.source);
  if (!file) return tl::unexpected(file.error());
  std::vector<char> buffer(kPieceBytes);
  for (std::uint64_t at = 0;;) {
    const auto got = (*file)->read_at(at, buffer);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) return {};
    take(std::string_view(buffer.data(), *got));
    at += *got;
  }
}

class Bundle {
 public:
  Bundle(FileSystem& files, const BundleRequest& request) : files_(files), request_(request) {}

  Status add(Part part, DatasetCount* count = nullptr) {
    Packed packed{std::move(part), {}, 0};
    Sha256 digest;
    const Status read = read_part(files_, packed.part, [&](std::string_view piece) {
      digest.update(piece);
      packed.bytes += piece.size();
      if (count != nullptr) count->add(piece);
    });
    if (!read) return read;
    if (count != nullptr) count->finish();
    packed.sha256 = digest.finish_hex();
    if (!packed.part.sha256.empty() && packed.part.sha256 != packed.sha256)
      return fail(ErrorCode::evidence_input,
                  fmt::format("{} is not the file that was checked: its SHA-256 is {}, and the run read {}",
                              packed.part.source.empty() ? packed.part.name : packed.part.source,
                              packed.sha256, packed.part.sha256),
                  {}, "run `muster check` again, and bundle that run");
    if (!is_safe_name(packed.part.name))
      return fail(ErrorCode::internal,
                  fmt::format("{} is not a name that a bundle may hold", packed.part.name));
    if (!parts_.emplace(packed.part.name, packed).second)
      return fail(ErrorCode::internal, fmt::format("{} would be in the bundle twice", packed.part.name));
    return {};
  }
  Status add_text(const std::string& name, std::string text) { return add({name, {}, std::move(text), {}}); }

  /// The snapshot's files, counted for the sheets; left out of the archive when the request says so.
  Status add_snapshot() {
    if (request_.snapshot.empty()) return {};
    const auto manifest = snapshot::load_manifest(files_, request_.snapshot);
    if (!manifest) return tl::unexpected(manifest.error());
    std::map<std::string, StoredDataset> stored;
    std::vector<std::string> left_out;
    const auto add_file = [&](const std::string& below, const std::string& sha256,
                              DatasetCount* count) -> Status {
      const std::string name = "snapshot/" + below;
      left_out.push_back(name);
      return add({name, join_path(request_.snapshot, below), {}, sha256}, count);
    };
    if (const Status added = add_file("manifest.json", request_.manifest_sha256, nullptr); !added)
      return added;
    for (const snapshot::DatasetManifest& row : manifest->datasets) {
      if (row.sha256.empty()) continue;
      StoredDataset& dataset = stored[row.name];
      const std::string below = fmt::format("data/{}.jsonl", row.name);
      if (const Status added = add_file(below, row.sha256, &dataset.count); !added) return added;
      const Packed& packed = parts_.at("snapshot/" + below);
      dataset.bytes = packed.bytes;
      dataset.sha256 = packed.sha256;
    }
    std::string ledger;
    const std::string ledger_path = join_path(request_.snapshot, "ledger.jsonl");
    if (files_.kind(ledger_path) == FileKind::file) {
      if (const Status added = add_file("ledger.jsonl", "", nullptr); !added) return added;
      auto text = files_.read_file(ledger_path, kLargestLedger);
      if (!text) return tl::unexpected(text.error());
      ledger = std::move(*text);
    }
    for (const std::string& name : left_out) {
      const Packed& packed = parts_.at(name);
      record_.inputs.push_back({join_path(request_.record.origin.snapshot, name.substr(9)),
                                request_.with_snapshot ? name : "", packed.sha256, packed.bytes});
    }
    if (!request_.with_snapshot)
      for (const std::string& name : left_out) parts_.erase(name);
    auto sheets = render_sheets(*manifest, stored, ledger, request_.frame);
    if (!sheets) return tl::unexpected(sheets.error());
    for (SheetFile& sheet : *sheets)
      if (const Status added = add_text(sheet.name, std::move(sheet.text)); !added) return added;
    return {};
  }

  Status add_record() {
    record_.inputs.insert(record_.inputs.end(), request_.record.inputs.begin(), request_.record.inputs.end());
    std::sort(record_.inputs.begin(), record_.inputs.end(),
              [](const BundledInput& a, const BundledInput& b) { return a.path < b.path; });
    RunRecord record = request_.record;
    record.inputs = std::move(record_.inputs);
    record.beside_sums = beside_sums();
    return add_text("run.json", render_run_record(record));
  }

  Status add_readme() { return add_text("README.txt", readme()); }

  Status seal() {
    Sums sums;
    for (const auto& [name, packed] : parts_) sums.emplace(name, packed.sha256);
    const std::string text = render_sums(sums);
    sums_sha256_ = sha256_hex(text);
    if (const Status added = add_text(kSumsFile, text); !added) return added;
    if (request_.signer != nullptr) {
      const Signer& signer = *request_.signer;
      const std::string key = signer.public_key();
      const auto signature = signer.sign(sshsig_payload(text));
      if (!signature) return tl::unexpected(signature.error());
      if (const Status added = add_text(kSignatureFile, render_sshsig(key, *signature)); !added) return added;
      if (request_.with_minisign) {
        const auto over_sums = signer.sign(minisign_payload(text));
        if (!over_sums) return tl::unexpected(over_sums.error());
        const std::string comment = fmt::format("run {}", request_.record.run_id);
        const auto over_comment = signer.sign(*over_sums + comment);
        if (!over_comment) return tl::unexpected(over_comment.error());
        if (const Status added =
                add_text(kMinisignFile, render_minisig(key, *over_sums, comment, *over_comment));
            !added)
          return added;
      }
      if (request_.with_statement) {
        const std::string body = statement(sums);
        const auto over_body = signer.sign(dsse_payload(body));
        if (!over_body) return tl::unexpected(over_body.error());
        if (const Status added = add_text(kStatementFile, render_dsse(body, key, *over_body)); !added)
          return added;
      }
    }
    if (request_.timestamp) {
      auto reply = request_.timestamp(sha256_bytes(text));
      if (!reply) return tl::unexpected(reply.error());
      if (reply->empty()) return {};  // it was only asked for
      if (const Status added = add_text(kTimestampFile, std::move(*reply)); !added) return added;
    }
    return {};
  }

  Result<BundleMade> pack(const std::string& path) {
    auto out = files_.create(path);
    if (!out) return tl::unexpected(out.error());
    BundleMade made;
    made.folder = folder();
    made.sums_sha256 = sums_sha256_;
    ArchiveWriter archive(std::move(*out), made.folder, request_.record.as_of);
    for (const auto& [name, packed] : parts_) {
      archive.begin_file(name, packed.bytes);
      Sha256 digest;
      const Status read = read_part(files_, packed.part, [&](std::string_view piece) {
        digest.update(piece);
        archive.write(piece);
      });
      if (!read) return tl::unexpected(read.error());
      if (digest.finish_hex() != packed.sha256)
        return fail(ErrorCode::evidence_input,
                    fmt::format("{} was changed while the bundle was made", packed.part.source), {},
                    "run `muster check` again, and bundle that run");
      ++made.files;
      made.bytes += packed.bytes;
    }
    auto sha256 = archive.commit();
    if (!sha256) return tl::unexpected(sha256.error());
    made.sha256 = std::move(*sha256);
    return made;
  }

 private:
  [[nodiscard]] std::string folder() const {
    return fmt::format("muster-{}-{}", format_date(date_of(request_.record.as_of)),
                       request_.record.run_id.substr(0, 12));
  }

  [[nodiscard]] std::vector<std::string> beside_sums() const {
    const bool is_signed = request_.signer != nullptr;
    std::vector<std::string> out;
    if (is_signed) out.emplace_back(kSignatureFile);
    if (request_.timestamp) out.emplace_back(kTimestampFile);
    if (is_signed && request_.with_minisign) out.emplace_back(kMinisignFile);
    if (is_signed && request_.with_statement) out.emplace_back(kStatementFile);
    return out;
  }

  /// The first ten lines are how to verify it.
  [[nodiscard]] std::string readme() const {
    std::string unlisted = kSumsFile;
    for (const std::string& name : beside_sums()) unlisted += ", " + name;
    std::string out = fmt::format(
        "Evidence bundle of muster: {}, as of {}. Verify it before you read it:\n"
        "  sha256sum -c --strict SHA256SUMS              every line ends in OK (macOS: shasum -a 256 -c)\n"
        "  (cut -c67- SHA256SUMS; find . ! -type d | cut -c3-) | sort | uniq -c | grep -v '^ *2 '   names "
        "{}, "
        "and nothing else\n",
        make_visible(request_.organization), format_rfc3339(request_.record.as_of), unlisted);
    if (request_.signer != nullptr) {
      out += fmt::format(
          "  ssh-keygen -Y verify -f allowed_signers -I {} -n {} -s SHA256SUMS.sig < SHA256SUMS\n"
          "allowed_signers is one line: {} ssh-ed25519 AAAA... with the key that the organization gave you\n"
          "by another way (in person, on paper, from its own site): a key that comes with a bundle proves "
          "nothing.\n"
          "It was signed by the key {}\n",
          request_.principal, kNamespace, request_.principal, fingerprint(request_.signer->public_key()));
    } else {
      out += "This bundle is NOT SIGNED: the digests show damage, and nothing shows who made it.\n";
    }
    out += request_.timestamp ? "  openssl ts -verify -data SHA256SUMS -in SHA256SUMS.tsr -CAfile CA.pem     "
                                "when it was made, as CA.pem's authority says\n"
                              : "No independent authority says when it was made: it holds no time stamp.\n";
    out +=
        "With muster: `muster verify`, `muster replay` and `muster sample` on this folder or its "
        "archive.\n\n";
    out += fmt::format("Outcome of the run: {}\nRun: {}\nPrivacy profile: {}\n", request_.outcome,
                       request_.record.run_id, word_of(request_.record.profile));
    if (!request_.record.retain_until.empty())
      out += fmt::format("Keep until: {}\n", request_.record.retain_until);
    if (!request_.record.previous_bundle_sha256.empty())
      out += fmt::format("SHA256SUMS of the previous bundle has the SHA-256 {}\n",
                         request_.record.previous_bundle_sha256);
    out += "\nWhat is in it\n";
    const auto has = [&](std::string_view name) { return parts_.contains(std::string(name)); };
    const auto has_folder = [&](std::string_view name) {
      const auto found = parts_.lower_bound(std::string(name));
      return found != parts_.end() && found->first.starts_with(name);
    };
    if (has("report.html")) out += "  report.html       the report; opens in any browser, needs no network\n";
    out += "  results.json      the whole result, for programs; every report is made from it\n";
    if (has_folder("reports/"))
      out += "  reports/          the same results in the formats of other programs";
    if (has("junit.xml"))
      out += has_folder("reports/") ? "; junit.xml, too\n" : "  junit.xml         the results as JUnit\n";
    else if (has_folder("reports/"))
      out += "\n";
    out += "  populations/      for each rule every subject with its verdict: draw samples from these\n";
    out +=
        "  ipe/              where each dataset comes from, with control totals; ipe/README.html is for "
        "reading\n";
    out += "  run.json          who or what ran it, when, with which command and inputs\n";
    if (has_folder("snapshot/"))
      out +=
          "  snapshot/         what the platform's API said, line by line, and every request that was made\n";
    else
      out += "  (the snapshot is not in it; run.json has the digests of its files)\n";
    if (has_folder("roster/")) out += "  roster/           the people that HR knows\n";
    out += "  policies/ rules/  what was tested, as it was evaluated\n";
    if (has_folder("config/")) out += "  config/           configuration, waivers, links and registers\n";
    if (has("privacy.json"))
      out += "  privacy.json      what was replaced by pseudonyms, and what was left out\n";
    return out;
  }

  [[nodiscard]] std::string statement(const Sums& sums) const {
    json::Array subjects;
    for (const auto& [name, sha256] : sums)
      subjects.push_back(
          json::Value(json::Object{{"name", name}, {"digest", json::Object{{"sha256", sha256}}}}));
    json::Array configuration;
    for (const auto& [name, sha256] : sums)
      if (name.starts_with("policies/"))
        configuration.push_back(
            json::Value(json::Object{{"name", name}, {"digest", json::Object{{"sha256", sha256}}}}));
    const auto list = [](const std::vector<std::string>& names) {
      json::Array out;
      for (const std::string& name : names) out.emplace_back(name);
      return out;
    };
    return json::dump(json::Value(json::Object{
        {"_type", "https://in-toto.io/Statement/v1"},
        {"subject", std::move(subjects)},
        {"predicateType", "https://in-toto.io/attestation/test-result/v0.1"},
        {"predicate",
         json::Object{{"result", request_.outcome == "passed" ? request_.warned.empty() ? "PASSED" : "WARNED"
                                                              : "FAILED"},
                      {"configuration", std::move(configuration)},
                      {"passedTests", list(request_.passed)},
                      {"warnedTests", list(request_.warned)},
                      {"failedTests", list(request_.failed)}}}}));
  }

  FileSystem& files_;
  const BundleRequest& request_;
  std::map<std::string, Packed> parts_;
  RunRecord record_;
  std::string sums_sha256_;
};

}  // namespace

bool is_beside_sums(std::string_view name) {
  return name == kSumsFile ||
         std::find(std::begin(kBesideSums), std::end(kBesideSums), name) != std::end(kBesideSums);
}

Result<BundleMade> write_bundle(FileSystem& files, const BundleRequest& request, const std::string& path) {
  Bundle bundle(files, request);
  for (const Part& part : request.parts)
    if (const Status added = bundle.add(part); !added) return tl::unexpected(added.error());
  for (const auto step : {&Bundle::add_snapshot, &Bundle::add_record, &Bundle::add_readme, &Bundle::seal})
    if (const Status done = (bundle.*step)(); !done) return tl::unexpected(done.error());
  return bundle.pack(path);
}

}  // namespace muster::evidence
