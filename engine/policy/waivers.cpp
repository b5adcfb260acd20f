#include "policy/load.h"
#include "policy/policy.h"
#include "policy/tables.h"

namespace muster::policy {
namespace {

constexpr std::string_view kNever = "never";

Codec<ScopeTerm> subject_codec() {
  auto terms = map_of(list_of(text(), {1, true}));
  terms.schema.emplace_back("maxProperties", 1);
  return made_from<ScopeTerm>(
      std::move(terms),
      [](std::vector<Named<std::vector<std::string>>> given, const Node& node,
         Reader& reader) -> std::optional<ScopeTerm> {
        if (given.size() != 1) {
          reader.problem(ErrorCode::config_invalid, *given[1].key,
                         "the subject of a waiver is named by one key",
                         "write one waiver for each subject, or a list or glob under one key");
          return std::nullopt;
        }
        return ScopeTerm{std::move(given.front().name), std::move(given.front().value), reader.place(node)};
      });
}

/// A day, or the word that there is none.
Codec<std::optional<Date>> expiry_codec() {
  auto day = date();
  json::Object schema{{"anyOf", json::Array{json::Value(day.schema),
                                            json::Value(json::Object{{"const", std::string(kNever)}})}}};
  return {[read = std::move(day.read)](const Node& node, std::string_view name,
                                       Reader& reader) -> std::optional<std::optional<Date>> {
            if (node.kind == NodeKind::scalar && node.text == kNever)
              return std::optional<std::optional<Date>>(std::in_place);
            const auto given = read(node, name, reader);
            if (!given) return std::nullopt;
            return std::optional<Date>(*given);
          },
          std::move(schema)};
}

}  // namespace

Codec<std::vector<Waiver>> waivers_codec() {
  auto waiver =
      Mapping<Waiver>("a waiver", "An approved, dated exception for some failures of one rule.")
          .key("id", Need::required, text(), &Waiver::id, "The waiver's own name, unique in the file.")
          .key("rule", Need::required, text(rule_name_rule()), &Waiver::rule,
               "The rule, or the policy entry's `as` name, whose failures it excuses.")
          .key("subject", Need::required, subject_codec(), &Waiver::subject,
               "Whose failures: one of id, email, or another field of the subject, with a text, a glob, or a "
               "list of them.")
          .key("reason", Need::required, text(), &Waiver::reason,
               "Why the exception is acceptable; shown to auditors.")
          .key("approver", Need::optional, text_or_nothing(), &Waiver::approver,
               "Who approved it: a person_id or an e-mail address. Without one the waiver does not apply.")
          .key("ticket", Need::optional, text_or_nothing(), &Waiver::ticket, "Where it was decided.")
          .key("owner", Need::optional, text_or_nothing(), &Waiver::owner,
               "Who makes it unnecessary: a person_id or an e-mail address.")
          .key("starts", Need::optional, date(), &Waiver::starts, "The first day on which it applies.")
          .key(
              "expires", Need::required, expiry_codec(), &Waiver::expires,
              "The last day on which it applies, YYYY-MM-DD: an exception has an end. `never` only where the "
              "config allows any length, by `waiver_rules: {max_length: none}`.")
          .place(&Waiver::place)
          .check([](Waiver& value, const Node& node, Reader& reader) {
            if (value.starts && value.expires && *value.expires < *value.starts)
              reader.problem(ErrorCode::config_invalid, *node.find("expires"),
                             "the waiver expires before it starts, on " + format_date(*value.starts),
                             "correct `starts` or `expires`");
          });
  const UniqueRule ids{[](const Node& item) { return item.find("id"); }, nullptr, ErrorCode::config_invalid,
                       "two waivers have the id", "give each its own"};
  return list_file(unique(list_of(waiver.codec()), ids), "a waiver file", "waivers", "The waivers.");
}

std::optional<std::vector<Waiver>> load_waivers(const FileSystem& files, const std::string& path,
                                                const std::string& shown_path, Diagnostics& problems) {
  auto loaded = load_value(files, path, shown_path, waivers_codec(), {"a waiver file", true}, problems);
  if (!loaded) return std::nullopt;
  return std::move(loaded->value);
}

}  // namespace muster::policy
