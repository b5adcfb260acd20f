#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "policy/controls.h"
#include "policy/load.h"
#include "policy/tables.h"

namespace muster::policy {
namespace {

constexpr std::pair<std::string_view, int> kFrequencies[] = {
    {"monthly", 1}, {"quarterly", 3}, {"half-yearly", 6}, {"yearly", 12}};

/// The same day some months later, or the last one of a shorter month.
Date plus_months(Date date, int months) {
  const int month = static_cast<int>(date.month) - 1 + months;
  const Date first{date.year + month / 12, static_cast<unsigned>(month % 12) + 1, 1};
  const int next = month + 1;
  const Date after{date.year + next / 12, static_cast<unsigned>(next % 12) + 1, 1};
  return plus_days(first, std::min(static_cast<int>(date.day), days_between(first, after)) - 1);
}

bool is_control(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && colon + 1 < text.size() &&
         framework_name_rule().accepts(text.substr(0, colon));
}

Codec<std::vector<ControlId>> attested_controls() {
  return made_from<std::vector<ControlId>>(
      list_of(text({is_control, "^[a-z0-9_]+:.+$", "a framework, a colon and an id: soc2:CC6.4"}), {1, true}),
      [](std::vector<std::string> given, const Node& node,
         Reader& reader) -> std::optional<std::vector<ControlId>> {
        std::vector<ControlId> controls;
        for (const std::string& each : given) {
          const std::size_t colon = each.find(':');
          ControlId control{each.substr(0, colon), each.substr(colon + 1)};
          if (std::find(controls.begin(), controls.end(), control) != controls.end()) {
            reader.problem(ErrorCode::config_invalid, node, fmt::format("the control {} stands twice", each),
                           "keep one of them");
            return std::nullopt;
          }
          controls.push_back(std::move(control));
        }
        return controls;
      });
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Codec<Attestation::Evidence> evidence_codec() {
  return Mapping<Attestation::Evidence>("a piece of evidence", "What the statement stands on.")
      .key("link", Need::required, text(), &Attestation::Evidence::link,
           "Where a reader finds it: an address, a ticket, a file.")
      .key("sha256", Need::optional,
           text({is_digest, "^[0-9a-f]{64}$", "64 hexadecimal digits, as sha256sum prints them"}),
           &Attestation::Evidence::sha256,
           "The file's digest, so that a reader sees that it is the one that was attested.")
      .codec();
}

std::vector<std::string> frequency_words() {
  std::vector<std::string> words;
  for (const auto& [word, months] : kFrequencies) words.emplace_back(word);
  return words;
}

void check_end(Attestation& attestation, const Node& node, Reader& reader) {
  const Node* expires = node.find("expires");
  const Node* frequency = node.find("frequency");
  if (expires != nullptr && frequency != nullptr)
    reader.problem(ErrorCode::config_invalid, *frequency,
                   "`frequency` and `expires` both say when the attestation ends", "keep one of them");
  if (expires == nullptr && frequency == nullptr)
    reader.problem(ErrorCode::config_missing_key, node, "an attestation has no end",
                   "add `frequency` (monthly, quarterly, half-yearly, yearly) or `expires` with a date");
  if (node.find("date") == nullptr || attestation.date == Date{}) return;
  if (attestation.expires && *attestation.expires < attestation.date)
    reader.problem(ErrorCode::config_invalid, *expires,
                   "the attestation expires before it was made, on " + format_date(attestation.date),
                   "correct `date` or `expires`");
  for (const auto& [word, months] : kFrequencies)
    if (attestation.frequency == word && !attestation.expires)
      attestation.expires = plus_months(attestation.date, months);
}

}  // namespace

Codec<std::vector<Attestation>> attestations_codec() {
  auto attestation =
      Mapping<Attestation>("an attestation", "Somebody answers for what no rule can see of some controls.")
          .key("id", Need::required, text(), &Attestation::id,
               "The attestation's own name, unique in the file.")
          .key("controls", Need::required, attested_controls(), &Attestation::controls,
               "Which controls: framework and id, as in soc2:CC6.4.")
          .key("statement", Need::required, text(), &Attestation::statement,
               "What is so, in a sentence that auditors read.")
          .key("owner", Need::optional, text_or_nothing(), &Attestation::owner,
               "Who answers for it: a person_id or an e-mail address. Without one it fills nothing.")
          .key("date", Need::required, date(), &Attestation::date, "The day on which it was stated.")
          .key("frequency", Need::optional, choice(frequency_words()), &Attestation::frequency,
               "How often it is stated anew: it holds until that long after `date`, that day included.")
          .key("expires", Need::optional, date(), &Attestation::expires,
               "Instead of `frequency`: the last day on which it holds.")
          .key("evidence", Need::optional, list_of(evidence_codec(), {1, true}), &Attestation::evidence,
               "What it stands on.")
          .place(&Attestation::place)
          .check(check_end)
          .also({{"oneOf", json::Array{json::Value(json::Object{{"required", json::Array{"frequency"}}}),
                                       json::Value(json::Object{{"required", json::Array{"expires"}}})}}});
  const UniqueRule ids{[](const Node& item) { return item.find("id"); }, nullptr, ErrorCode::config_invalid,
                       "two attestations have the id", "give each its own"};
  return list_file(unique(list_of(attestation.codec()), ids), "a file of attestations", "attestations",
                   "The attestations.");
}

std::optional<std::vector<Attestation>> load_attestations(const FileSystem& files, const std::string& path,
                                                          const std::string& shown_path,
                                                          Diagnostics& problems) {
  auto loaded =
      load_value(files, path, shown_path, attestations_codec(), {"a file of attestations", true}, problems);
  if (!loaded) return std::nullopt;
  return std::move(loaded->value);
}

}  // namespace muster::policy
