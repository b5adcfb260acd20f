#include "evidence/verify.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "evidence/archive.h"
#include "evidence/bundle.h"
#include "evidence/sshsig.h"

namespace muster::evidence {
namespace {

constexpr std::uint64_t kLargestText = 2ull << 30;  // results.json of millions of subjects
constexpr int kDeepestFolder = 8;
constexpr std::size_t kMostFiles = 20'000;

Status read_folder(const FileSystem& files, const std::string& folder, const std::string& below, int depth,
                   const Wanted& wanted, Contents& out) {
  const auto names = files.list(below.empty() ? folder : join_path(folder, below));
  if (!names) return tl::unexpected(names.error());
  const auto refuse = [&](const std::string& name, std::string_view why) {
    out.problems.push_back(
        {ErrorCode::evidence_file, fmt::format("{}: {}", make_visible(name), why), {}, {}});
  };
  for (const std::string& part : *names) {
    const std::string name = below.empty() ? part : below + "/" + part;
    const std::string path = join_path(folder, name);
    const FileKind kind = files.kind(path);
    if (!is_safe_name(name)) {
      refuse(name, "it is not a name that a bundle may hold");
    } else if (kind == FileKind::folder) {
      if (depth >= kDeepestFolder)
        refuse(name, "folders are nested too deeply");
      else if (const Status read = read_folder(files, folder, name, depth + 1, wanted, out); !read)
        return read;
    } else if (kind != FileKind::file) {
      refuse(name, "it is no plain file");
    } else if (out.files.size() >= kMostFiles) {
      return fail(ErrorCode::evidence_file,
                  fmt::format("{}: it holds more than {} files", folder, kMostFiles));
    } else if (wanted(name)) {
      auto text = files.read_file(path, kLargestText);
      if (!text) return tl::unexpected(text.error());
      out.files.emplace(name, sha256_hex(*text));
      out.texts.emplace(name, std::move(*text));
    } else {
      const auto file = files.open(path);
      if (!file) return tl::unexpected(file.error());
      Sha256 digest;
      std::vector<char> buffer(256 * 1024);
      for (std::uint64_t at = 0;;) {
        const auto got = (*file)->read_at(at, buffer);
        if (!got) return tl::unexpected(got.error());
        if (*got == 0) break;
        digest.update(std::string_view(buffer.data(), *got));
        at += *got;
      }
      out.files.emplace(name, digest.finish_hex());
    }
  }
  return {};
}

/// The checks of verify(), one after the other, each adding what it finds.
class Check {
 public:
  Check(const Contents& contents, const VerifyRequest& request) : contents_(contents), request_(request) {}

  Verification run() {
    out_.problems = contents_.problems;
    out_.files = contents_.files.size();
    check_sums();
    check_record();
    check_documents();
    // The time stamp's time decides whether the key was valid.
    check_timestamp();
    check_signature();
    check_chain();
    return std::move(out_);
  }

 private:
  void problem(Error error) { out_.problems.push_back(std::move(error)); }
  void problem(ErrorCode code, std::string message, std::string hint = {}) {
    problem({code, std::move(message), {}, std::move(hint)});
  }
  [[nodiscard]] const std::string* text(const std::string& name) const {
    const auto found = contents_.texts.find(name);
    return found == contents_.texts.end() ? nullptr : &found->second;
  }

  void check_sums() {
    sums_text_ = text(kSumsFile);
    if (sums_text_ == nullptr)
      return problem(ErrorCode::evidence_file, "SHA256SUMS is missing: it lists what the bundle holds");
    out_.sums_sha256 = sha256_hex(*sums_text_);
    const auto sums = parse_sums(*sums_text_, kSumsFile);
    if (!sums) return problem(sums.error());
    for (const auto& [name, digest] : *sums) {
      const auto found = contents_.files.find(name);
      if (found == contents_.files.end())
        problem(ErrorCode::evidence_file, fmt::format("{} is missing", name));
      else if (found->second != digest)
        problem(ErrorCode::evidence_file,
                fmt::format("{} was changed: its SHA-256 is {}, and SHA256SUMS says {}", name, found->second,
                            digest));
      if (is_beside_sums(name))
        problem(ErrorCode::evidence_file, fmt::format("SHA256SUMS lists {}, which stands beside it", name));
    }
    for (const auto& [name, digest] : contents_.files)
      if (!sums->contains(name) && !is_beside_sums(name))
        problem(ErrorCode::evidence_file, fmt::format("{} is not in SHA256SUMS: it was added", name));
    for (const char* name : {"README.txt", "results.json", "run.json"})
      if (!sums->contains(name))
        problem(ErrorCode::evidence_file,
                fmt::format("SHA256SUMS does not list {}, which every bundle has", name));
    sums_ = *sums;
  }

  void check_record() {
    const std::string* run = text("run.json");
    if (run == nullptr) return;
    auto record = parse_run_record(*run, "run.json");
    if (!record) return problem(record.error());
    if (!record->is_bundled)
      return problem(ErrorCode::evidence_file, "run.json is that of a run's folder, not of a bundle");
    for (const BundledInput& input : record->inputs) {
      if (input.file.empty()) continue;
      const auto found = sums_.find(input.file);
      if (found == sums_.end())
        problem(ErrorCode::evidence_file,
                fmt::format("run.json names {} as an input, and SHA256SUMS does not list it",
                            make_visible(input.file)));
      else if (found->second != input.sha256)
        problem(ErrorCode::evidence_file,
                fmt::format("{}: run.json says that the run read a file with the SHA-256 {}", input.file,
                            input.sha256));
    }
    out_.previous_bundle_sha256 = record->previous_bundle_sha256;
    if (contents_.is_archive &&
        contents_.folder !=
            fmt::format("muster-{}-{}", format_date(date_of(record->as_of)), record->run_id.substr(0, 12)))
      problem(ErrorCode::evidence_archive,
              fmt::format("the archive's folder {} is not that of the run in run.json", contents_.folder));
    if (contents_.is_archive && contents_.time.us / kMicrosPerSecond != record->as_of.us / kMicrosPerSecond)
      problem(ErrorCode::evidence_archive,
              "the files of the archive have another time than the run in run.json");
    for (const char* name : kBesideSums) {
      const bool is_named = std::find(record->beside_sums.begin(), record->beside_sums.end(), name) !=
                            record->beside_sums.end();
      if (is_named && !contents_.files.contains(name))
        problem(ErrorCode::evidence_file,
                fmt::format("{} is missing: run.json says that it stands beside SHA256SUMS", name));
      if (!is_named && contents_.files.contains(name))
        problem(ErrorCode::evidence_file, fmt::format("{} was added: run.json does not name it", name));
    }
    out_.record = std::move(*record);
  }

  void check_documents() {
    for (const auto& [name, text] : contents_.texts) {
      // The results have a reader of their own, which is the command's.
      if (!name.ends_with(".json") || name == "results.json" || is_beside_sums(name)) continue;
      const auto value = json::parse(text, {.file = name});
      if (!value) {
        problem(ErrorCode::evidence_file, fmt::format("{}: {}", name, value.error().message));
        continue;
      }
      if (name == "privacy.json") check_privacy(*value);
      if (!name.starts_with("ipe/")) continue;
      const json::Value* version = value->find("muster_ipe");
      const json::Value* total = value->find("control_total");
      const json::Value* in_manifest = total == nullptr ? nullptr : total->find("rows_in_manifest");
      const json::Value* in_file = total == nullptr ? nullptr : total->find("rows_in_stored_file");
      if (version == nullptr || version->integer() == nullptr || *version->integer() != 1 ||
          in_manifest == nullptr || in_file == nullptr)
        problem(ErrorCode::evidence_file, fmt::format("{}: it is no sheet of a dataset", name));
    }
  }

  void check_privacy(const json::Value& privacy) {
    const json::Value* profile = privacy.find("profile");
    const json::Value* redacted = privacy.find("redacted");
    if (profile == nullptr || profile->string() == nullptr || redacted == nullptr ||
        redacted->array() == nullptr)
      return problem(ErrorCode::evidence_file, "privacy.json: it is no list of what was replaced");
    if (out_.record && *profile->string() != word_of(out_.record->profile))
      problem(ErrorCode::evidence_file, "privacy.json names another profile than run.json");
  }

  void check_timestamp() {
    const std::string* reply = text(kTimestampFile);
    if (reply == nullptr || sums_text_ == nullptr) return;
    const auto token = timestamp::read_reply(*reply, sha256_bytes(*sums_text_), request_.timestamp_ca);
    if (!token)
      return problem(ErrorCode::evidence_timestamp,
                     fmt::format("{}: {}", kTimestampFile, token.error().message), token.error().hint);
    out_.stamped_at = token->time;
    out_.authority = token->authority;
    out_.is_stamp_modified = token->is_modified;
    out_.is_stamp_trusted = request_.timestamp_ca.has_value();
  }

  void check_signature() {
    const std::string* armoured = text(kSignatureFile);
    for (const char* name : {kMinisignFile, kStatementFile})
      if (armoured == nullptr && text(name) != nullptr)
        problem(ErrorCode::evidence_signature,
                fmt::format("{} is there, and {} is missing", name, kSignatureFile));
    if (sums_text_ == nullptr) return;
    if (armoured == nullptr) {
      if (request_.allowed_signers)
        problem(ErrorCode::evidence_signature,
                "the bundle is not signed, and an allowed signer's signature is wanted");
      return;
    }
    const auto signature = parse_sshsig(*armoured, kSignatureFile);
    if (!signature) return problem(signature.error());
    out_.fingerprint = fingerprint(signature->public_key);
    if (!ed25519::verify(signature->public_key, sshsig_payload(*sums_text_), signature->signature))
      return problem(ErrorCode::evidence_signature,
                     fmt::format("{}: it is not a signature of this SHA256SUMS", kSignatureFile));
    out_.is_signed = true;
    if (const std::string* minisig = text(kMinisignFile)) {
      out_.has_minisign = true;
      if (const Status right = check_minisig(*minisig, *sums_text_, signature->public_key, kMinisignFile);
          !right)
        problem(right.error());
    }
    if (const std::string* envelope = text(kStatementFile)) check_statement(*envelope, signature->public_key);
    if (!request_.allowed_signers) return;
    const auto signers = parse_allowed_signers(*request_.allowed_signers, request_.allowed_signers_file);
    if (!signers) return problem(signers.error());
    const Instant when = out_.is_stamp_trusted ? *out_.stamped_at : request_.now;
    const auto signer = find_signer(*signers, signature->public_key, when);
    if (!signer)
      return problem(ErrorCode::evidence_signature,
                     fmt::format("{}: {}", kSignatureFile, signer.error().message));
    out_.signer = signer->principals;
  }

  void check_statement(const std::string& envelope, const std::string& key) {
    out_.has_statement = true;
    const auto body = open_dsse(envelope, key, kStatementFile);
    if (!body) return problem(body.error());
    const auto value = json::parse(*body, {.file = kStatementFile});
    const json::Value* subjects = value ? value->find("subject") : nullptr;
    Sums listed;
    if (subjects != nullptr && subjects->array() != nullptr) {
      for (const json::Value& subject : *subjects->array()) {
        const json::Value* name = subject.find("name");
        const json::Value* digest = subject.find("digest");
        const json::Value* sha256 = digest == nullptr ? nullptr : digest->find("sha256");
        if (name != nullptr && name->string() != nullptr && sha256 != nullptr && sha256->string() != nullptr)
          listed.emplace(*name->string(), *sha256->string());
      }
    }
    if (listed != sums_)
      problem(ErrorCode::evidence_signature,
              fmt::format("{}: it is about other files than SHA256SUMS", kStatementFile));
  }

  void check_chain() {
    if (!request_.previous_sums) return;
    const std::string given = sha256_hex(*request_.previous_sums);
    if (out_.previous_bundle_sha256.empty())
      return problem(ErrorCode::evidence_chain, "the bundle names no previous bundle, and one was given");
    if (given != out_.previous_bundle_sha256)
      return problem(
          ErrorCode::evidence_chain,
          fmt::format(
              "the bundle follows one whose SHA256SUMS has the SHA-256 {}; that of the given one is {}",
              out_.previous_bundle_sha256, given));
    out_.is_chain_checked = true;
  }

  const Contents& contents_;
  const VerifyRequest& request_;
  const std::string* sums_text_ = nullptr;
  Sums sums_;
  Verification out_;
};

}  // namespace

Result<Contents> read_contents(const FileSystem& files, const std::string& path, const Wanted& wanted) {
  Contents out;
  out.path = path;
  if (files.kind(path) == FileKind::folder) {
    if (const Status read = read_folder(files, path, "", 0, wanted, out); !read)
      return tl::unexpected(read.error());
    return out;
  }
  out.is_archive = true;
  std::string name, text;
  Sha256 digest;
  const ArchiveReader reader{[&](const std::string& begun, std::uint64_t size) -> Status {
                               name = begun;
                               digest = Sha256();
                               text.clear();
                               if (wanted(name) && size > kLargestText)
                                 return fail(ErrorCode::evidence_archive,
                                             fmt::format("{}: {} is too large", path, name));
                               return {};
                             },
                             [&](std::string_view piece) -> Status {
                               digest.update(piece);
                               if (wanted(name)) text += piece;
                               return {};
                             },
                             [&]() -> Status {
                               out.files.emplace(name, digest.finish_hex());
                               if (wanted(name)) out.texts.emplace(name, std::move(text));
                               text.clear();
                               return {};
                             }};
  ArchiveTop top;
  const Status read = read_archive(files, path, {}, reader, top);
  out.folder = top.folder;
  out.time = top.time;
  if (!read && read.error().code != ErrorCode::evidence_archive) return tl::unexpected(read.error());
  if (!read) out.problems.push_back(read.error());
  return out;
}

Status unpack(FileSystem& files, const std::string& path, const std::string& folder) {
  if (files.kind(folder) != FileKind::none)
    return fail(ErrorCode::usage,
                fmt::format("{} exists already; a bundle is unpacked into a new folder", folder));
  std::unique_ptr<FileWriter> writer;
  ArchiveTop top;
  const ArchiveReader reader{[&](const std::string& name, std::uint64_t) -> Status {
                               const std::string target = join_path(folder, name);
                               if (const Status made = files.make_folders(parent_path(target)); !made)
                                 return made;
                               auto created = files.create(target);
                               if (!created) return tl::unexpected(created.error());
                               writer = std::move(*created);
                               return {};
                             },
                             [&](std::string_view piece) -> Status {
                               writer->write(piece);
                               return {};
                             },
                             [&] { return writer->commit(); }};
  const Status read = read_archive(files, path, {}, reader, top);
  writer.reset();
  if (!read) static_cast<void>(files.remove_all(folder));
  return read;
}

bool is_wanted_by_verify(std::string_view name) { return is_beside_sums(name) || name.ends_with(".json"); }

Verification verify(const Contents& contents, const VerifyRequest& request) {
  return Check(contents, request).run();
}

}  // namespace muster::evidence
