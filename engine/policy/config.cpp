#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "policy/connection.h"
#include "policy/load.h"
#include "policy/policy.h"
#include "policy/tables.h"

namespace muster::policy {
namespace {

constexpr std::uint64_t kConfigVersion = 1;

std::vector<std::string> names_of(std::span<const std::string_view> words) {
  return {words.begin(), words.end()};
}

// ---- sources: checked for shape here, read by `collect`

Codec<Source> source_codec() {
  Mapping<Source> source(
      "a source",
      "Where `muster collect` reads, and how it gets its key. The key itself never stands in a file.");
  source
      .key("provider", Need::required, choice({"anthropic-admin", "anthropic-compliance"}), &Source::provider,
           "The API.")
      .key("organization", Need::optional, text(), &Source::organization,
           "Which of several organizations the key belongs to; each gets a snapshot of its own.")
      .key(
          "base_url", Need::optional, base_url(),
          [](Source& value, std::string url, const Node&, Reader&) {
            value.connection.base_url = std::move(url);
          },
          "Instead of the provider's own address.")
      .key("api_version", Need::optional, text(), &Source::api_version,
           "The anthropic-version header; 2023-06-01 when absent.")
      .keys_of(credential_keys("api_key"), &Source::connection)
      .keys_of(credential_keys("token"), &Source::connection)
      .keys_of(connection_keys(), &Source::connection)
      .key("window", Need::optional, duration(), &Source::window_us,
           "How far back usage, cost and activities are collected; 45d when absent. One for all sources of "
           "the "
           "organization.")
      .key("from", Need::optional, date(), &Source::from,
           "Instead of `window`: the first day (UTC) of usage, cost and activities.")
      .key("to", Need::optional, date(), &Source::to, "The day behind the last one (UTC); only with `from`.")
      .key("datasets", Need::optional, text_list(), &Source::datasets,
           "Only these datasets, of all sources of the organization.")
      .key("skip", Need::optional, text_list(), &Source::skip,
           "Datasets, or single endpoints of docs/endpoints.md, that are left out, of all sources of the "
           "organization.")
      .place(&Source::place);
  refuse_secrets(source,
                 "`api_key_env`, `api_key_file`, `api_key_command`, or the same with `token`; then replace "
                 "the key, it may have been seen");
  source.check([](Source& value, const Node& node, Reader& reader) {
    const bool has_secret = std::any_of(kSecretKeys.begin(), kSecretKeys.end(),
                                        [&](std::string_view key) { return node.find(key) != nullptr; });
    const auto credentials = std::count_if(node.items.begin(), node.items.end(), [](const Node* each) {
      return each->text == "api_key_env" || each->text == "api_key_file" || each->text == "api_key_command" ||
             each->text == "token_env" || each->text == "token_file" || each->text == "token_command";
    });
    if ((value.to && !value.from) || (value.from && value.window_us) ||
        (value.from && value.to && *value.to <= *value.from))
      reader.problem(ErrorCode::config_invalid, node,
                     "the days of a source are `window`, or `from` with or without a later `to`",
                     "keep one of the two ways");
    if (credentials > 1) {
      reader.problem(ErrorCode::config_invalid, node, "a source has one credential",
                     "keep one of the keys that end in _env, _file or _command");
    } else if (credentials == 0 && !has_secret) {
      const bool was_tried = std::any_of(node.items.begin(), node.items.end(), [](const Node* each) {
        return each->text.starts_with("api_key_") || each->text.starts_with("token_");
      });
      if (!was_tried)
        reader.problem(ErrorCode::config_missing_key, node, "a source lacks a credential",
                       "add `api_key_env`, `api_key_file` or `api_key_command`, or the same with `token`");
    }
  });
  return source.codec();
}

// ---- roster

using WordMap = std::map<std::string, std::vector<std::string>>;

/// The node of one text of a list (or of the one text) under a key, for its place.
const Node& node_of(const Node& map, std::string_view key, std::string_view text) {
  const Node& value = *map.find(key);
  const auto item = std::find_if(value.items.begin(), value.items.end(),
                                 [&](const Node* each) { return each->text == text; });
  return item == value.items.end() ? value : **item;
}

/// Words of the file by what they mean. A word with two meanings is refused; so is one that means something
/// by itself.
Codec<WordMap> word_map(std::span<const std::string_view> meanings, const std::string& noun) {
  const auto known = names_of(meanings);
  return made_from<WordMap>(
      map_of(text_list(), {known, noun, 1, {}}),
      [known](std::vector<Named<std::vector<std::string>>> given, const Node& node,
              Reader& reader) -> std::optional<WordMap> {
        std::map<std::string, std::string> meaning_of;
        for (const auto& each : known) meaning_of.emplace(fold_case(each), each);
        WordMap words;
        bool all = true;
        for (auto& [meaning, _, list] : given) {
          for (const auto& word : list) {
            const auto [at, is_new] = meaning_of.emplace(fold_case(trim(word)), meaning);
            if (is_new || at->second == meaning) continue;
            all = false;
            reader.problem(ErrorCode::config_invalid, node_of(node, meaning, word),
                           fmt::format("the word \"{}\" means both {} and {}", word, at->second, meaning),
                           "words are compared without regard to case; keep one of them");
          }
          words.emplace(meaning, std::move(list));
        }
        if (!all) return std::nullopt;
        return words;
      });
}

Codec<std::string> zone_codec() {
  auto codec = text();
  return {[read = std::move(codec.read)](const Node& node, std::string_view name,
                                         Reader& reader) -> std::optional<std::string> {
            auto zone = read(node, name, reader);
            if (!zone) return std::nullopt;
            const auto found = Zone::find(*zone);
            if (found) return zone;
            reader.problem(found.error().code, node, found.error().message, found.error().hint);
            return std::nullopt;
          },
          {{"type", "string"}, {"minLength", 1}}};
}

/// A strftime-like form with one day, one month and one year, so that no date is read from half of its text.
bool is_date_format(std::string_view text) {
  int days = 0, months = 0, years = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (++i == text.size()) return false;
    if (text[i] == 'd') {
      ++days;
    } else if (text[i] == 'm' || text[i] == 'b' || text[i] == 'B') {
      ++months;
    } else if (text[i] == 'Y' || text[i] == 'y') {
      ++years;
    } else {
      return false;
    }
  }
  return days == 1 && months == 1 && years == 1;
}

Codec<char> delimiter_codec() {
  static constexpr std::pair<std::string_view, char> kWords[] = {
      {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}};
  static constexpr std::string_view kCharacters = ",;\t|:^~";
  return {[](const Node& node, std::string_view name, Reader& reader) -> std::optional<char> {
            if (node.kind != NodeKind::scalar) {
              wrong_type(node, name, "one character", reader);
              return std::nullopt;
            }
            for (const auto& [word, character] : kWords)
              if (node.text == word) return character;
            if (node.text.size() == 1 && kCharacters.find(node.text.front()) != std::string_view::npos)
              return node.text.front();
            reader.problem(ErrorCode::config_invalid, node,
                           fmt::format("{} may not be \"{}\"", name, node.text),
                           "write comma, semicolon, tab or pipe, or one of , ; | : ^ ~ in quotes");
            return std::nullopt;
          },
          {{"enum", json::Array{"comma", "semicolon", "tab", "pipe", ",", ";", "\t", "|", ":", "^", "~"}}}};
}

constexpr std::pair<std::string_view, RosterSource::Format> kFormats[] = {
    {"csv", RosterSource::Format::csv},
    {"json", RosterSource::Format::json},
    {"jsonl", RosterSource::Format::jsonl}};

constexpr std::string_view kScimFile = "scim-roster.jsonl";

/// What goes with `scim`, and what does not.
void check_service(const Node& node, Reader& reader) {
  const std::vector<std::string> credentials = credential_keys("token").names();
  if (node.find("scim") == nullptr) {
    std::vector<std::string> of_services = connection_keys().names();
    of_services.insert(of_services.begin(), credentials.begin(), credentials.end());
    of_services.insert(of_services.begin(), "file");
    for (const std::string& key : of_services)
      if (const Node* given = node.find(key))
        reader.problem(ErrorCode::config_invalid, *given, fmt::format("`{}` is for a SCIM roster", key),
                       "add `scim` with the service's address, or remove it");
    return;
  }
  for (const std::string_view key :
       {"columns", "date_format", "status", "delimiter", "as_of", "as_of_column"})
    if (const Node* given = node.find(key))
      reader.problem(ErrorCode::config_invalid, *given, fmt::format("a SCIM roster has no `{}`", key),
                     "remove it: the service's attributes and the day of the collection are known");
  std::vector<const Node*> tokens;
  for (const std::string& key : credentials)
    if (const Node* given = node.find(key)) tokens.push_back(given);
  if (tokens.size() > 1)
    reader.problem(ErrorCode::config_invalid, *tokens[1], "a SCIM roster has one token",
                   "keep one of `token_env`, `token_file` and `token_command`");
  const bool has_secret = std::any_of(kSecretKeys.begin(), kSecretKeys.end(),
                                      [&](std::string_view key) { return node.find(key) != nullptr; });
  if (tokens.empty() && !has_secret)
    reader.problem(ErrorCode::config_missing_key, node, "a SCIM roster lacks its token",
                   "add `token_env`, `token_file` or `token_command`");
}

Codec<RosterSource> roster_codec() {
  static constexpr std::string_view kStates[] = {"active", "terminated"};
  static constexpr std::string_view kKinds[] = {"employee", "contractor", "external"};
  Mapping<RosterSource> roster("a roster", "One export of the people whom HR knows.");
  json::Array one_of;
  for (const auto& [name, format] : kFormats) {
    roster.key(
        std::string(name), Need::optional, text(),
        [kind = format](RosterSource& value, std::string path, const Node&, Reader&) {
          value.format = kind;
          value.shown_path = std::move(path);
        },
        fmt::format("The export's path, a {} file.", name));
    one_of.emplace_back(json::Object{{"required", json::Array{name}}});
  }
  one_of.emplace_back(json::Object{{"required", json::Array{"scim"}}});
  refuse_secrets(roster,
                 "`token_env`, `token_file` or `token_command`; then replace the token, it may have been "
                 "seen");
  roster
      .key(
          "scim", Need::optional, base_url(),
          [](RosterSource& value, std::string url, const Node&, Reader&) {
            value.format = RosterSource::Format::scim;
            value.service.base_url = std::move(url);
            if (value.shown_path.empty()) value.shown_path = kScimFile;
          },
          "Instead of a file: the address of a SCIM 2.0 service, of which `muster collect` reads /Users.")
      .key("file", Need::optional, text(), &RosterSource::shown_path,
           fmt::format(
               "Where `muster collect` writes the users of a SCIM service, and `muster check` reads them; "
               "{} when absent.",
               kScimFile))
      .keys_of(credential_keys("token"), &RosterSource::service)
      .keys_of(connection_keys(), &RosterSource::service)
      .key("columns", Need::optional,
           made_from<std::map<std::string, std::string>>(
               map_of(text(), {names_of(kRosterFields), "a roster field", 1, {}}),
               [](std::vector<Named<std::string>> given, const Node&, Reader&) {
                 std::map<std::string, std::string> columns;
                 for (auto& each : given) columns.emplace(std::move(each.name), std::move(each.value));
                 return std::optional(std::move(columns));
               }),
           &RosterSource::columns, "Which header (or JSON member) holds which field.")
      .key("zone", Need::optional, zone_codec(), &RosterSource::zone,
           "The time zone in which a last day ends, as the tz database names it; UTC when absent.")
      .key("date_format", Need::optional,
           text({is_date_format, "%",
                 "one day, one month and one year: %d, %m or %b or %B, %Y or %y, as in %m/%d/%Y"}),
           &RosterSource::date_format, "How dates are written, as in %m/%d/%Y; YYYY-MM-DD when absent.")
      .key("status", Need::optional, word_map(kStates, "a status"), &RosterSource::status,
           "Which words of the export mean active and which terminated; the two words themselves are known.")
      .key("kind", Need::optional, word_map(kKinds, "a kind of person"), &RosterSource::kind,
           "Which words of the export mean employee, contractor and external.")
      .key("delimiter", Need::optional, delimiter_codec(), &RosterSource::delimiter,
           "What separates the columns of a CSV file; found from the header line when absent.")
      .key("as_of", Need::optional, date(), &RosterSource::as_of, "The day of the export.")
      .key("as_of_column", Need::optional, text(), &RosterSource::as_of_column,
           "Instead of `as_of`: the column whose newest date is the day of the export.")
      .key("max_age", Need::optional, duration(), &RosterSource::max_age_us,
           "An older export counts as stale: rules that read the roster are unknown.")
      .key("min_rows", Need::optional, count(), &RosterSource::min_rows,
           "Fewer rows count as half an export: rules that read the roster are unknown.")
      .place(&RosterSource::place)
      .check([](RosterSource&, const Node& node, Reader& reader) {
        check_service(node, reader);
        std::vector<const Node*> formats;
        for (std::size_t i = 0; i + 1 < node.items.size(); i += 2)
          for (const auto& [name, format] : kFormats)
            if (node.items[i]->text == name) formats.push_back(node.items[i]);
        const Node* service = node.find("scim");
        if (service != nullptr) formats.push_back(service);
        if (formats.empty())
          reader.problem(ErrorCode::config_missing_key, node, "a roster lacks its file",
                         "add `csv`, `json` or `jsonl` with a path, or `scim` with an address");
        if (formats.size() > 1)
          reader.problem(ErrorCode::config_invalid, *formats[1], "a roster is one file",
                         "make the second one an item of its own");
        const Node* column = node.find("as_of_column");
        if (column != nullptr && node.find("as_of") != nullptr)
          reader.problem(ErrorCode::config_invalid, *column,
                         "`as_of` and `as_of_column` both say the day of the export", "keep one of them");
        const Node* max_age = node.find("max_age");
        if (max_age != nullptr && column == nullptr && node.find("as_of") == nullptr && service == nullptr)
          reader.problem(ErrorCode::roster_age, *max_age,
                         "`max_age` needs the day of the export, which a file's own time does not prove",
                         "add `as_of` with a date, or `as_of_column`");
        const Node* delimiter = node.find("delimiter");
        if (delimiter != nullptr && !formats.empty() && node.find("csv") == nullptr && service == nullptr)
          reader.problem(ErrorCode::config_invalid, *delimiter, "only a CSV roster has a delimiter",
                         "remove it");
      })
      .also({{"oneOf", std::move(one_of)}});
  return roster.codec();
}

// ---- the rest

bool is_domain(std::string_view text) {
  return !text.empty() && text.find_first_of("@ \t*/") == std::string_view::npos;
}

Codec<WordMap> aliases_codec() {
  const TextRule domain{is_domain, "^[^@ \t*/]+$",
                        "the part behind the @, without patterns: northwind.example"};
  return made_from<WordMap>(map_of(text_list(domain), {{}, "a domain", 1, domain}),
                            [](std::vector<Named<std::vector<std::string>>> given, const Node&, Reader&) {
                              WordMap aliases;
                              for (auto& each : given)
                                aliases.emplace(std::move(each.name), std::move(each.value));
                              return std::optional(std::move(aliases));
                            });
}

struct Minimum {
  std::uint64_t min = 0;
};

Codec<std::vector<Expectation>> expect_codec() {
  auto minimum = Mapping<Minimum>("an expectation", "What a whole collection of this dataset has at least.")
                     .key("min", Need::required, count(), &Minimum::min,
                          "Fewer rows count as half a collection: rules that read the dataset are unknown.");
  return made_from<std::vector<Expectation>>(
      map_of(minimum.codec(), {{}, "a dataset", 1, {}}),
      [](std::vector<Named<Minimum>> given, const Node&, Reader& reader) {
        std::vector<Expectation> expectations;
        for (auto& each : given)
          expectations.push_back({std::move(each.name), each.value.min, reader.place(*each.key)});
        return std::optional(std::move(expectations));
      });
}

/// "10%" → 10.
Codec<std::uint64_t> share_codec() {
  static constexpr auto percent_of = [](std::string_view text) -> std::optional<std::uint64_t> {
    if (!text.ends_with('%') || text.size() < 2 || text.size() > 4 || text.front() == '0')
      return std::nullopt;
    std::uint64_t percent = 0;
    for (const char digit : text.substr(0, text.size() - 1)) {
      if (digit < '0' || digit > '9') return std::nullopt;
      percent = percent * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    return percent <= 100 ? std::optional(percent) : std::nullopt;
  };
  return made_from<std::uint64_t>(
      text({[](std::string_view text) { return percent_of(text).has_value(); }, "^([1-9][0-9]?|100)%$",
            "a share from 1% to 100%, as 10%"}),
      [](const std::string& text, const Node&, Reader&) { return percent_of(text); });
}

/// A duration, or the word that there is no limit.
Codec<std::optional<std::int64_t>> length_codec() {
  static constexpr std::string_view kNone = "none";
  auto length = duration();
  json::Object schema{{"anyOf", json::Array{json::Value(length.schema),
                                            json::Value(json::Object{{"const", std::string(kNone)}})}}};
  return {[read = std::move(length.read)](const Node& node, std::string_view name,
                                          Reader& reader) -> std::optional<std::optional<std::int64_t>> {
            if (node.kind == NodeKind::scalar && node.text == kNone)
              return std::optional<std::optional<std::int64_t>>(std::in_place);
            const auto given = read(node, name, reader);
            if (!given) return std::nullopt;
            return std::optional<std::int64_t>(*given);
          },
          std::move(schema)};
}

Codec<WaiverRules> waiver_rules_codec() {
  return Mapping<WaiverRules>("`waiver_rules`",
                              "What a waiver must keep to; one that does not has no effect.")
      .key("zone", Need::optional, zone_codec(), &WaiverRules::zone,
           "The time zone in which its days begin and end, as the tz database names it; UTC when absent.")
      .key(
          "max_length", Need::optional, length_codec(), &WaiverRules::max_length_us,
          "The longest that a waiver may last, from `starts` to `expires`; 365d when absent. One without "
          "`starts` may end at most so long after the run's as_of. `none`: any length, and `expires: never`.")
      .key("max_share", Need::optional, share_codec(), &WaiverRules::max_share_percent,
           "The largest share that a waiver may fit, 10% when absent: of all subjects of its rule, and of "
           "those that are not `not_applicable`. Up to five subjects, or one that is named in full, are "
           "never too many.")
      .key("expiring_within", Need::optional, duration(), &WaiverRules::expiring_within_us,
           "A waiver whose last day is at most so far away is shown as expiring soon; 14d when absent.")
      .codec();
}

Codec<std::string> policy_name_codec(IsPolicyFile is_file) {
  return made_from<std::string>(
      text(),
      [shipped = shipped_policies(), is_file = std::move(is_file)](
          std::string name, const Node& node, Reader& reader) -> std::optional<std::string> {
        if (is_policy_path(name) || std::find(shipped.begin(), shipped.end(), name) != shipped.end() ||
            is_file == nullptr || is_file(name))
          return name;
        reader.problem(ErrorCode::policy_unknown, node,
                       fmt::format("no shipped policy is named \"{}\", and no such file is there", name),
                       suggest(name, shipped));
        return std::nullopt;
      });
}

}  // namespace

Codec<Config> config_codec(IsPolicyFile is_policy_file) {
  auto version = count();
  version.schema = {{"const", static_cast<std::int64_t>(kConfigVersion)}};
  return Mapping<Config>("a config", "What `muster` reads and tests. Paths are relative to this file.")
      .key(
          "muster", Need::required, std::move(version),
          [](Config&, std::uint64_t given, const Node& node, Reader& reader) {
            if (given != kConfigVersion)
              reader.problem(
                  ErrorCode::config_invalid, node,
                  fmt::format("this muster reads version {} of the config, not {}", kConfigVersion, given),
                  "use the muster that the file was written for");
          },
          "The version of this file's format: 1.")
      .key("organization", Need::optional, text(), &Config::organization,
           "The organization's name, as reports show it.")
      .key("sources", Need::optional, list_of(source_codec(), {1, false}), &Config::sources,
           "The APIs that `muster collect` reads.")
      .key("snapshot", Need::optional, text(), &Config::snapshot,
           "A snapshot, or a folder of snapshots of which the newest is taken.")
      .key("previous_snapshot", Need::optional, text(), &Config::previous_snapshot,
           "An older snapshot of the organization, or a folder of snapshots of which the newest before the "
           "run's own is taken: what is new is new since then.")
      .key("max_snapshot_age", Need::optional, duration(), &Config::max_snapshot_age_us,
           "An older snapshot makes every rule unknown.")
      .key("roster", Need::optional, list_of(roster_codec(), {1, true}), &Config::rosters,
           "The exports of the people whom HR knows.")
      .key("links", Need::optional, text(), &Config::links, "The file that links accounts to persons.")
      .key("nonhuman", Need::optional, text(), &Config::nonhuman,
           "The register of accounts that are no person's.")
      .key("domain_aliases", Need::optional, aliases_codec(), &Config::domain_aliases,
           "Other domains under which addresses of a domain are known.")
      .key("expect", Need::optional, expect_codec(), &Config::expect,
           "How many rows a whole collection has at least, by dataset.")
      .key("rules", Need::optional, text_list(), &Config::rule_folders,
           "Folders of your own rules; the shipped ones are built in.")
      .key("policies", Need::optional, list_of(policy_name_codec(std::move(is_policy_file)), {0, true}),
           &Config::policies, "Policies: paths of files, folders of such files, or names of shipped ones.")
      .key("waivers", Need::optional, text(), &Config::waivers, "The file of approved exceptions.")
      .key("attestations", Need::optional, text(), &Config::attestations,
           "The file of what people answer for where no rule can see.")
      .key("waiver_rules", Need::optional, waiver_rules_codec(), &Config::waiver_rules,
           "What a waiver must keep to; one that does not has no effect.")
      .key("due_within", Need::optional, duration(), &Config::due_within_us,
           "Subjects that pass now and fail within so much time, because a deadline ends, are listed as due; "
           "14d when absent.")
      .key("retain", Need::optional, duration(), &Config::retain_us,
           "How long a bundle is to be kept, from the instant on that it judges; 2192d are six years. It holds "
           "the day; `--retain-until` names another.")
      .codec();
}

namespace {

/// One snapshot has one window: sources of one organization that name different days are refused.
bool have_other_days(const Config& config, Diagnostics& problems) {
  bool found = false;
  const auto says_days = [](const Source& source) { return source.window_us || source.from; };
  for (const Source& source : config.sources) {
    const auto first = std::ranges::find_if(config.sources, [&](const Source& other) {
      return other.organization == source.organization && says_days(other);
    });
    if (!says_days(source) ||
        (first->window_us == source.window_us && first->from == source.from && first->to == source.to))
      continue;
    found = true;
    problems.error(ErrorCode::config_invalid, "two sources of one organization name different days",
                   source.place,
                   fmt::format("the first is at line {}; say `window`, or `from` and `to`, once for both",
                               first->place.line));
  }
  return found;
}

}  // namespace

std::optional<Config> load_config(const FileSystem& files, const std::string& path, Diagnostics& problems) {
  const std::string folder = parent_path(path);
  const auto resolved = [&](const std::string& name) { return join_path(folder, name); };
  const auto is_policy_file = [&](const std::string& name) {
    const FileKind kind = files.kind(resolved(name));
    return kind == FileKind::file || kind == FileKind::folder;
  };
  auto loaded = load_value(files, path, path, config_codec(is_policy_file), {"a config", false}, problems);
  if (!loaded) return std::nullopt;
  Config config = std::move(loaded->value);
  config.file = path;
  config.folder = folder;
  config.sha256 = std::move(loaded->sha256);
  config.bytes = loaded->bytes;
  for (std::string* relative : {&config.snapshot, &config.previous_snapshot, &config.links, &config.nonhuman,
                                &config.waivers, &config.attestations})
    if (!relative->empty()) *relative = resolved(*relative);
  for (auto& rules : config.rule_folders) rules = resolved(rules);
  const auto resolve_files = [&](Connection& connection) {
    for (std::string* relative : {&connection.key.file, &connection.ca_file})
      if (!relative->empty()) *relative = resolved(*relative);
  };
  for (auto& source : config.sources) resolve_files(source.connection);
  bool has_twins = false;
  for (auto& roster : config.rosters) {
    roster.path = resolved(roster.shown_path);
    resolve_files(roster.service);
    if (roster.format != RosterSource::Format::scim) continue;
    const auto same =
        std::find_if(config.rosters.begin(), config.rosters.end(), [&](const RosterSource& other) {
          return &other != &roster && other.shown_path == roster.shown_path;
        });
    if (same >= config.rosters.begin() + (&roster - config.rosters.data())) continue;
    has_twins = true;
    problems.error(ErrorCode::config_invalid,
                   fmt::format("two rosters are written to {}, or read from it", roster.shown_path),
                   roster.place, "give each a `file` of its own");
  }
  if (has_twins || have_other_days(config, problems)) return std::nullopt;
  const auto shipped = shipped_policies();
  std::vector<std::string> policies;
  for (const std::string& policy : config.policies) {
    const bool is_shipped = std::find(shipped.begin(), shipped.end(), policy) != shipped.end();
    if (is_shipped || files.kind(resolved(policy)) != FileKind::folder) {
      policies.push_back(is_shipped ? policy : resolved(policy));
      continue;
    }
    const auto names = files.list(resolved(policy));
    if (!names) {
      problems.error(names.error());
      return std::nullopt;
    }
    const std::size_t before = policies.size();
    for (const std::string& name : *names)
      if (!name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml")))
        policies.push_back(join_path(resolved(policy), name));
    if (policies.size() > before) continue;
    problems.error(ErrorCode::config_invalid,
                   fmt::format("the folder {} of `policies` has no policy: no file that ends in .yaml",
                               make_visible(policy)),
                   Place{path, 0, 0, {}});
    return std::nullopt;
  }
  config.policies = std::move(policies);
  return config;
}

}  // namespace muster::policy
