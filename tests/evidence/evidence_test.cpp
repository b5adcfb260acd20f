// Formats against fixed vectors of their specifications and of the stock tools, and what their readers
// refuse.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/file_system.h"
#include "base/json.h"
#include "evidence/archive.h"
#include "evidence/ipe.h"
#include "evidence/keys.h"
#include "evidence/pseudonyms.h"
#include "evidence/redact.h"
#include "evidence/run_record.h"
#include "evidence/sample.h"
#include "evidence/sshsig.h"
#include "evidence/sums.h"

namespace muster::evidence {
namespace {

using testing::HasSubstr;

// RFC 8032, 7.1, test 2.
const std::string kSeed = *from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
const std::string kPublic = *from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");

TEST(Crypto, vectors_of_the_specifications) {
  EXPECT_EQ(ed25519::public_key(kSeed), kPublic);
  const std::string signature = ed25519::sign(kSeed, "\x72");
  EXPECT_EQ(to_hex(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(ed25519::verify(kPublic, "\x72", signature));
  EXPECT_FALSE(ed25519::verify(kPublic, "\x73", signature));
  EXPECT_FALSE(ed25519::verify(kPublic.substr(1), "\x72", signature));
  EXPECT_FALSE(ed25519::verify(kPublic, "\x72", signature + "x"));
  // RFC 4231, test case 2.
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(blake2b_512_bytes("abc")).substr(0, 32), "ba80a53f981c4d0d6a2797b69f12f6e9");
  for (const std::string& text : std::vector<std::string>{"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    EXPECT_EQ(from_base64(to_base64(text)), text);
  EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
  for (const char* wrong : {"Zg", "Zg=", "Zh==", "Zm9vYmF=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm 9"})
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
  EXPECT_EQ(from_hex("0G"), std::nullopt);
  EXPECT_NE(random_bytes(16), random_bytes(16));
}

TEST(Timestamp, only_a_reply_about_these_bytes_is_read) {
  const std::string digest = sha256_bytes("SHA256SUMS");
  const std::string request = timestamp::make_request(digest, "");
  EXPECT_EQ(request, timestamp::make_request(digest, ""));
  EXPECT_NE(request, timestamp::make_request(digest, "12345678"));
  EXPECT_THAT(request, HasSubstr(digest));
  for (const std::string& wrong : {std::string(), std::string("x"), request}) {
    const auto token = timestamp::read_reply(wrong, digest, std::nullopt);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, ErrorCode::evidence_timestamp);
  }
}

TEST(Names, safe_ones_mean_the_same_everywhere) {
  for (const char* name : {"a", "README.txt", "populations/keys.max_age.csv", "a/b/c-d_e.f"})
    EXPECT_TRUE(is_safe_name(name)) << name;
  for (const std::string& name :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."),
        std::string(".."), std::string("a/../b"), std::string(".hidden"), std::string("a/.b"),
        std::string("-rf"), std::string("a b"), std::string("a\\b"), std::string("caf\xC3\xA9"),
        std::string("a\nb"), std::string("a\0b", 3), std::string(201, 'a')})
    EXPECT_FALSE(is_safe_name(name)) << name;
  for (const char* text : {"", ".", "..", "-x", "a/b", "caf\xC3\xA9 (2).csv"})
    EXPECT_TRUE(is_safe_name(safe_part(text))) << text;
}

TEST(SumsFile, is_read_only_as_it_is_written) {
  const std::string a(64, 'a'), b(64, 'b');
  const std::string text = a + "  README.txt\n" + b + "  x/y.csv\n";
  const auto sums = parse_sums(text, "SHA256SUMS");
  ASSERT_TRUE(sums);
  EXPECT_EQ(render_sums(*sums), text);
  const auto refused = [&](const std::string& wrong, const std::string& message) {
    const auto parsed = parse_sums(wrong, "SHA256SUMS");
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().message, "SHA256SUMS: " + message);
  };
  refused("", "it lists no file");
  refused(a + "  x", "the last line does not end");
  refused(a + " *x\n", "a line is a digest of 64 hex digits, two spaces and a name");
  refused(std::string(64, 'A') + "  x\n", "a line is a digest of 64 hex digits, two spaces and a name");
  refused(a + "  x\r\n", "x\\u{D} is not a name that a bundle may hold");
  refused(a + "  ../x\n", "../x is not a name that a bundle may hold");
  refused(a + "  b\n" + b + "  a\n", "a is out of order");
  refused(a + "  a\n" + b + "  a\n", "a is out of order");
}

TEST(SshSig, is_what_openssh_writes_and_nothing_else) {
  const std::string message = "hello\n";
  const std::string signature = ed25519::sign(kSeed, sshsig_payload(message));
  const std::string armoured = render_sshsig(kPublic, signature);
  // Made with ssh-keygen -Y sign -n evidence@muster from the same key; Ed25519 signatures are a function of
  // key and message.
  EXPECT_THAT(
      armoured,
      testing::StartsWith(
          "-----BEGIN SSH "
          "SIGNATURE-----\nU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgPUAXw+hDiVqStwqnTRt+vJyYLM\n"));
  const auto parsed = parse_sshsig(armoured, "x.sig");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->public_key, kPublic);
  EXPECT_EQ(parsed->signature, signature);
  for (std::size_t i = 0; i < armoured.size(); ++i) {
    std::string changed = armoured;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto again = parse_sshsig(changed, "x.sig");
    if (again) {
      EXPECT_FALSE(again->public_key == kPublic &&
                   ed25519::verify(kPublic, sshsig_payload(message), again->signature))
          << i;
    }
  }
  EXPECT_FALSE(parse_sshsig(armoured + "\n", "x.sig"));
  EXPECT_FALSE(parse_sshsig("", "x.sig"));
  EXPECT_EQ(fingerprint(kPublic).substr(0, 7), "SHA256:");
  EXPECT_EQ(parse_public_key_line(public_key_line(kPublic) + " a comment"), kPublic);
  EXPECT_EQ(parse_public_key_line("ssh-rsa AAAA"), std::nullopt);
  EXPECT_EQ(parse_public_key_line("ssh-ed25519 AAAA"), std::nullopt);
}

TEST(AllowedSigners, are_read_as_ssh_keygen_reads_them) {
  const std::string key = public_key_line(kPublic);
  const auto signers = parse_allowed_signers(
      "# a comment\n\n*@acme.example,!eve@acme.example "
      "namespaces=\"git,evidence@*\",valid-after=\"20260101Z\",valid-before=\"202701010000\" " +
          key + " comment\nrsa ssh-rsa AAAA\nca cert-authority " + key + "\n",
      "signers");
  ASSERT_TRUE(signers) << signers.error().message;
  ASSERT_EQ(signers->size(), 1u);
  const auto at = [](const char* time) { return *parse_rfc3339(time); };
  EXPECT_TRUE(find_signer(*signers, kPublic, at("2026-06-01T00:00:00Z")));
  EXPECT_EQ(find_signer(*signers, kPublic, at("2025-06-01T00:00:00Z")).error().message,
            "the key " + fingerprint(kPublic) +
                " of *@acme.example,!eve@acme.example is valid from 2026-01-01T00:00:00Z only");
  EXPECT_EQ(find_signer(*signers, kPublic, at("2027-01-01T00:00:00Z")).error().message,
            "the key " + fingerprint(kPublic) +
                " of *@acme.example,!eve@acme.example was valid until 2027-01-01T00:00:00Z");
  EXPECT_EQ(find_signer({}, kPublic, at("2026-06-01T00:00:00Z")).error().message,
            "the key " + fingerprint(kPublic) + " is not one of an allowed signer");
  // What ssh-keygen refuses, or reads as a line that allows nobody.
  for (const char* options :
       {"namespaces=\"git\",namespaces=\"evidence@muster\"", "namespaces=evidence@muster",
        "valid-before=\"20200101\",valid-before=\"20990101\"", "valid-before=20990101",
        "valid-before=\"2099\"", "cert-authority=\"no\"", "no-touch-required", ""})
    EXPECT_FALSE(parse_allowed_signers(std::string("a ") + options + "," + " " + key + "\n", "signers"))
        << options;
  EXPECT_TRUE(parse_allowed_signers("!a,!b* " + key + "\n", "signers").value().empty());
  EXPECT_EQ(parse_allowed_signers("a " + key + "\nb frob=\"1\" " + key + "\n", "signers").error().message,
            "signers: an option is not known or malformed");
  EXPECT_EQ(parse_allowed_signers("a ssh-ed25519 AAAA\n", "signers").error().message,
            "signers: the key is damaged");
}

TEST(OtherSignatures, minisign_and_dsse_refuse_other_bytes) {
  EXPECT_EQ(dsse_payload("hello world"), "DSSEv1 28 application/vnd.in-toto+json 11 hello world");
  const std::string body = R"({"a":1})";
  const std::string envelope = render_dsse(body, kPublic, ed25519::sign(kSeed, dsse_payload(body)));
  EXPECT_EQ(open_dsse(envelope, kPublic, "s"), body);
  EXPECT_FALSE(
      open_dsse(render_dsse(R"({"a":2})", kPublic, ed25519::sign(kSeed, dsse_payload(body))), kPublic, "s"));
  EXPECT_FALSE(open_dsse(envelope + " ", kPublic, "s"));
  const std::string sums = "sums", comment = "run 1";
  const std::string first = ed25519::sign(kSeed, minisign_payload(sums));
  const std::string file = render_minisig(kPublic, first, comment, ed25519::sign(kSeed, first + comment));
  EXPECT_TRUE(check_minisig(file, sums, kPublic, "m"));
  EXPECT_FALSE(check_minisig(file, "sum", kPublic, "m"));
  EXPECT_FALSE(check_minisig(render_minisig(kPublic, first, "run 2", ed25519::sign(kSeed, first + comment)),
                             sums, kPublic, "m"));
}

TEST(Archive, gives_back_what_went_in_and_stops_at_any_change) {
  MemoryFileSystem files;
  const auto make = [&](const std::string& path) {
    ArchiveWriter archive(files.create(path).value(), "top", *parse_rfc3339("2026-11-20T08:00:00Z"));
    archive.begin_file("a.txt", 3);
    archive.write("ab");
    archive.write("c");
    archive.begin_file("b/empty", 0);
    return archive.commit();
  };
  const auto digest = make("x.tar.gz");
  ASSERT_TRUE(digest);
  const std::string bytes = *files.read_file("x.tar.gz");
  EXPECT_EQ(sha256_hex(bytes), *digest);
  EXPECT_EQ(make("y.tar.gz").value(), *digest);
  std::vector<std::pair<std::string, std::string>> read;
  const ArchiveReader reader{[&](const std::string& name, std::uint64_t) -> Status {
                               read.emplace_back(name, "");
                               return {};
                             },
                             [&](std::string_view piece) -> Status {
                               read.back().second += piece;
                               return {};
                             },
                             [&]() -> Status { return {}; }};
  ArchiveTop top;
  ASSERT_TRUE(read_archive(files, "x.tar.gz", {}, reader, top));
  EXPECT_EQ(top.folder, "top");
  EXPECT_EQ(top.time, *parse_rfc3339("2026-11-20T08:00:00Z"));
  EXPECT_THAT(read, testing::ElementsAre(std::pair("a.txt", "abc"), std::pair("b/empty", "")));
  // Every byte counts, and so does every cut.
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    files.add("z.tar.gz", changed);
    top = {};
    EXPECT_FALSE(read_archive(files, "z.tar.gz", {}, reader, top)) << i;
    files.add("z.tar.gz", bytes.substr(0, i));
    top = {};
    EXPECT_FALSE(read_archive(files, "z.tar.gz", {}, reader, top)) << i;
  }
  ArchiveWriter archive(files.create("w.tar.gz").value(), "top", Instant{});
  archive.begin_file(std::string(300, 'a'), 1);
  EXPECT_FALSE(archive.commit());
  EXPECT_EQ(files.kind("w.tar.gz"), FileKind::none);
}

TEST(Keys, come_back_from_their_files) {
  MemoryFileSystem files;
  for (const bool is_encrypted : {false, true}) {
    const std::optional<std::string> passphrase =
        is_encrypted ? std::optional<std::string>("correct horse") : std::nullopt;
    const auto made = make_key(passphrase, "made up");
    ASSERT_TRUE(made);
    files.add("k", made->private_file);
    files.add("k.pub", made->public_file);
    EXPECT_EQ(load_public_key(files, "k").value(), made->public_key);
    EXPECT_EQ(load_public_key(files, "k.pub").value(), made->public_key);
    const auto signer = load_signer(files, {"k", passphrase, ""});
    ASSERT_TRUE(signer) << signer.error().message;
    EXPECT_EQ((*signer)->public_key(), made->public_key);
    EXPECT_TRUE(ed25519::verify(made->public_key, "m", (*signer)->sign("m").value()));
    EXPECT_EQ(made->private_file.find("correct"), std::string::npos);
  }
  EXPECT_EQ(load_signer(files, {"k", std::nullopt, ""}).error().message,
            "k is encrypted, and no passphrase is given");
  EXPECT_EQ(load_signer(files, {"k", "wrong", ""}).error().message, "the passphrase does not open k");
  EXPECT_EQ(load_signer(files, {"k.pub", std::nullopt, ""}).error().message,
            "k.pub holds a public key, and there is no ssh-agent that could sign with it");
  files.add("x", "hello");
  EXPECT_EQ(load_signer(files, {"x", std::nullopt, ""}).error().message,
            "x is no private key in OpenSSH's format");
  EXPECT_EQ(load_public_key(files, "x").error().message, "x holds no Ed25519 key");
}

TEST(RunRecordFile, comes_back_and_refuses_what_lacks) {
  RunRecord record;
  record.run_id = "id";
  record.tool_version = "1";
  record.checked_at = *parse_rfc3339("2026-11-26T08:00:00Z");
  record.as_of = *parse_rfc3339("2026-11-20T08:00:00Z");
  record.origin.started_by = {{"user", "ada"}};
  record.origin.command = {"check"};
  record.origin.arguments = {"--config=x"};
  record.origin.snapshot = "s";
  record.inputs = {{"x", "config/x", std::string(64, 'a'), 3}};
  record.profile = Profile::auditor;
  record.retain_until = "2032-01-01";
  record.beside_sums = {"SHA256SUMS.sig"};
  const std::string text = render_run_record(record);
  const auto parsed = parse_run_record(text, "run.json");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_TRUE(parsed->is_bundled);
  EXPECT_EQ(render_run_record(*parsed), text);
  std::string changed = text;
  changed.replace(changed.find("auditor"), 7, "nothing");
  EXPECT_EQ(parse_run_record(changed, "run.json").error().message,
            "run.json: `privacy` is missing or malformed");
  EXPECT_EQ(parse_run_record("{}", "run.json").error().message,
            "run.json: `muster_run` is missing or malformed");
  EXPECT_FALSE(parse_run_record("[", "run.json"));
}

TEST(DatasetCount, counts_lines_across_pieces) {
  DatasetCount count;
  const std::string text = R"({"from":{"request":7},"object":{"request":9}})"
                           "\n"
                           R"({"from":{"request":8},"object":{}})"
                           "\n{}";
  for (std::size_t i = 0; i < text.size(); i += 5) count.add(std::string_view(text).substr(i, 5));
  count.finish();
  EXPECT_EQ(count.rows(), 3u);
  EXPECT_THAT(count.requests(), testing::ElementsAre(7u, 8u));
}

const Pseudonyms& some_pseudonyms() {
  static const Pseudonyms made = [] {
    Pseudonyms p("a made up key of enough bytes", {});
    p.learn_email("Rosa.Park@EU.Acme.example");
    p.learn_name("Rosa Park");
    p.learn_name("Dima");
    p.learn_id("user_01AbCdEfGh");
    p.learn_id("NW-1007");
    return p;
  }();
  return made;
}

TEST(Pseudonyms, keep_what_matching_looks_at) {
  const Pseudonyms& p = some_pseudonyms();
  const std::string plain = p.email("rosa.park@eu.acme.example");
  EXPECT_EQ(p.email(" Rosa.PARK@EU.acme.example "), plain);
  EXPECT_EQ(p.email("r\xC3\x96sa@x.example"), p.email("R\xC3\xB6sa@x.example"));
  // A plus-tag can be cut off as matching does.
  const std::string tagged = p.email("rosa.park+claude@eu.acme.example");
  ASSERT_NE(tagged.find('+'), std::string::npos);
  EXPECT_EQ(tagged.substr(0, tagged.find('+')) + tagged.substr(tagged.rfind('@')), plain);
  EXPECT_EQ(p.email("+tag@x.example").find('+'), std::string::npos);
  EXPECT_EQ(p.email("\"a+b\"@x.example").find('+'), std::string::npos);
  // Domains by level.
  EXPECT_TRUE(plain.ends_with("@" + p.domain("eu.acme.example")));
  EXPECT_TRUE(p.domain("eu.acme.example").ends_with("." + p.domain("acme.example")));
  EXPECT_FALSE(p.domain("evilacme.example").ends_with(p.domain("acme.example")));
  EXPECT_NE(p.email("a@x.example"), p.email("b@x.example"));
  EXPECT_TRUE(p.id("user_01AbCdEfGh").starts_with("user_01"));
  EXPECT_EQ(p.id("rosa_park").find("rosa"), std::string::npos);
  EXPECT_EQ(p.name(""), "");
  const Pseudonyms other("another made up key, also long", {});
  EXPECT_NE(other.email("a@x.example"), p.email("a@x.example"));
}

TEST(Redact, an_organization_in_the_manifest_is_replaced_as_in_the_lines) {
  MemoryFileSystem files;
  snapshot::Manifest manifest;
  manifest.organization_name = "Acme Europe";
  manifest.organization_id = "6f0c1a57-8d1e-4c43-9b56-2f7f3a90c4de";
  const std::string line =
      R"({"from":{"organization_id":"6f0c1a57-8d1e-4c43-9b56-2f7f3a90c4de"},"object":{"id":"user_01AbCdEfGh"}})"
      "\n";
  for (const auto& spec : snapshot::schema().first(snapshot::kCollectedCount)) {
    snapshot::DatasetManifest row;
    row.name = spec.name;
    // With a file and without, with a field that has the organization and without, and of another
    // organization.
    if (spec.dataset == snapshot::Dataset::users || spec.dataset == snapshot::Dataset::workspace_members) {
      files.add("s/data/" + row.name + ".jsonl", line);
      row.rows = 1;
      row.bytes = line.size();
      row.sha256 = sha256_hex(line);
    }
    if (spec.dataset != snapshot::Dataset::groups)
      row.from = {"anthropic-admin", spec.dataset == snapshot::Dataset::cost
                                         ? "e1500b57-8d1e-4c43-9b56-2f7f3a90c4de"
                                         : manifest.organization_id};
    manifest.datasets.push_back(std::move(row));
  }
  files.add("s/manifest.json", snapshot::render_manifest(manifest));
  Pseudonyms pseudonyms("a made up key of enough bytes", {});
  Redactions redactions;
  ASSERT_TRUE(learn_snapshot(files, "s", manifest, pseudonyms));
  ASSERT_TRUE(redact_snapshot(files, "s", manifest, pseudonyms, "t", redactions));
  const std::string text = files.read_file("t/manifest.json").value();
  EXPECT_EQ(text.find("6f0c1a57"), std::string::npos) << text;
  EXPECT_EQ(text.find("e1500b57"), std::string::npos) << text;
  EXPECT_EQ(pseudonyms.find_leak("in e1500b57-8d1e-4c43-9b56-2f7f3a90c4de"),
            "e1500b57-8d1e-4c43-9b56-2f7f3a90c4de");
  const auto changed = snapshot::load_manifest(files, "t");
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_NE(changed->organization_id, manifest.organization_id);
  for (const auto& row : changed->datasets) {
    if (row.name == "groups") {
      EXPECT_EQ(row.from, snapshot::Source{});
      continue;
    }
    EXPECT_EQ(row.from.provider, "anthropic-admin");
    EXPECT_EQ(row.from.organization_id == changed->organization_id, row.name != "cost") << row.name;
  }
  for (const char* name : {"users", "workspace_members"})
    EXPECT_EQ(json::parse(*files.read_file(fmt::format("t/data/{}.jsonl", name)))
                  ->find("from")
                  ->find("organization_id")
                  ->string()[0],
              changed->organization_id)
        << name;
}

TEST(Pseudonyms, find_words_in_running_text) {
  const Pseudonyms& p = some_pseudonyms();
  EXPECT_EQ(p.text("Rosa Park (rosa.park@eu.acme.example) owns user_01AbCdEfGh and NW-1007."),
            p.name("Rosa Park") + " (" + p.email("rosa.park@eu.acme.example") + ") owns " +
                p.id("user_01AbCdEfGh") + " and " + p.id("NW-1007") + ".");
  EXPECT_EQ(p.text("*@eu.acme.example, eu.acme.example."),
            "*@" + p.domain("eu.acme.example") + ", " + p.domain("eu.acme.example") + ".");
  // Not learned, but plainly an address; and what only looks like one.
  EXPECT_EQ(p.text("ask eve@x.example"), "ask " + p.email("eve@x.example"));
  for (const char* text :
       {"---@type muster.Rule", "a @ b", "@", "x@", "@x", "version 1.2.3", "Rosary Parker", "NW-10070", ""})
    EXPECT_EQ(p.text(text), text);
  EXPECT_EQ(p.find_leak("nothing here but eve@x.example"), "");
  EXPECT_EQ(p.find_leak("https://idp.eu.acme.example/scim"), "idp.eu.acme.example");
  EXPECT_EQ(p.text("idp.eu.acme.example"), p.domain("idp.eu.acme.example"));
  EXPECT_EQ(p.find_leak("noteu.acme.example"), "") << "no domain below it";
  EXPECT_EQ(p.find_leak("by ROSA.PARK@eu.acme.example"), "ROSA.PARK@eu.acme.example");
  EXPECT_EQ(p.find_leak("by Rosa Park"), "Rosa Park");
  EXPECT_EQ(p.find_leak("id=NW-1007;"), "NW-1007");
  EXPECT_EQ(p.find_leak(p.text("Rosa Park rosa.park@eu.acme.example user_01AbCdEfGh")), "");
  EXPECT_THAT(p.matches("rosa*@*"), testing::ElementsAre(p.email("rosa.park@eu.acme.example")));
  EXPECT_THAT(p.matches("user_01*"), testing::ElementsAre(p.id("user_01AbCdEfGh")));
}

TEST(Pseudonyms, keep_what_is_chosen) {
  const Pseudonyms p("a made up key of enough bytes", {Kept::domains, Kept::ids});
  EXPECT_TRUE(p.email("rosa@acme.example").ends_with("@acme.example"));
  EXPECT_EQ(p.id("user_01AbCdEfGh"), "user_01AbCdEfGh");
  EXPECT_NE(p.name("Rosa Park"), "Rosa Park");
}

TEST(Sample, is_drawn_by_digest) {
  StringColumn ids;
  for (int i = 0; i < 300; ++i) ids.push_back("user_" + std::to_string(i));
  const auto rows = draw(ids, "7", 25);
  EXPECT_EQ(rows.size(), 25u);
  EXPECT_EQ(draw(ids, "7", 25), rows);
  EXPECT_NE(draw(ids, "8", 25), rows);
  for (std::size_t i = 1; i < rows.size(); ++i)
    EXPECT_LT(sha256_hex("7:" + std::string(ids[rows[i - 1]])), sha256_hex("7:" + std::string(ids[rows[i]])));
  EXPECT_EQ(draw(ids, "7", 1000).size(), 300u);
  const std::vector<std::pair<std::size_t, std::size_t>> usual = {
      {0, 0}, {3, 3}, {5, 5}, {6, 6}, {10, 10}, {50, 10}, {51, 20}, {250, 20}, {251, 25}, {1'000'000, 25}};
  for (const auto& [population, size] : usual) EXPECT_EQ(usual_size(population), size) << population;
}

TEST(Sample, finds_lines_by_the_key_and_not_by_chance) {
  MemoryFileSystem files;
  files.add("users.jsonl", R"({"from":{"request":1},"object":{"id":"user_2","name":"user_1"}})"
                           "\n"
                           R"({"from":{"request":1},"object":{"id":"user_1","name":"x"}})"
                           "\n");
  const auto lines =
      find_lines(files, "users.jsonl", "users.jsonl", *snapshot::find_dataset("users"), {"user_1"});
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->at("user_1").size(), 1u);
  EXPECT_EQ(lines->at("user_1")[0].line, 2u);
  files.add("r.csv", "NW-10,x\nNW-1,y\n");
  EXPECT_EQ(find_mentions(files, "r.csv", "r.csv", {"NW-1"})->at("NW-1")[0].line, 2u);
}

}  // namespace
}  // namespace muster::evidence
