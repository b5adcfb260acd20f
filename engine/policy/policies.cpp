#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/embedded.h"
#include "base/text.h"
#include "policy/extended.h"
#include "policy/load.h"
#include "policy/policy.h"
#include "policy/tables.h"

namespace muster::policy {
namespace {

constexpr std::string_view kShippedFolder = "policies/";
constexpr std::string_view kShippedPrefix = "builtin:";
constexpr std::string_view kExtension = ".yaml";

bool is_lower_word(std::string_view text, std::string_view more) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || more.find(c) != std::string_view::npos;
  });
}

bool is_rule_name(std::string_view text) {
  return is_lower_word(text, "_.") && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos;
}
bool is_policy_id(std::string_view text) {
  return is_lower_word(text, "_.-") && is_lower_word(text.substr(0, 1), "");
}
bool is_framework(std::string_view text) { return is_lower_word(text, "_"); }

Codec<std::map<std::string, GivenValue>> params_codec(std::size_t at_least) {
  return made_from<std::map<std::string, GivenValue>>(
      map_of(given_value(), {{}, "the name of a parameter", at_least, {}}),
      [](std::vector<Named<GivenValue>> given, const Node&, Reader&) {
        std::map<std::string, GivenValue> params;
        for (auto& each : given) params.emplace(std::move(each.name), std::move(each.value));
        return std::optional(std::move(params));
      });
}

Codec<std::vector<ScopeTerm>> scope_terms() {
  return made_from<std::vector<ScopeTerm>>(
      map_of(list_of(text(), {1, true})),
      [](std::vector<Named<std::vector<std::string>>> given, const Node&, Reader& reader) {
        std::vector<ScopeTerm> terms;
        for (auto& each : given)
          terms.push_back({std::move(each.name), std::move(each.value), reader.place(*each.key)});
        return std::optional(std::move(terms));
      });
}

struct Scope {
  std::vector<ScopeTerm> include, exclude;
};

Codec<Scope> scope_codec() {
  return Mapping<Scope>("a scope", "Which subjects the rule judges; the others are not_applicable.")
      .key("include", Need::optional, scope_terms(), &Scope::include,
           "Only subjects that fit every one of these: a field of the subject, `id` or `register`, with a "
           "text, a glob, or a list of which one has to fit.")
      .key("exclude", Need::optional, scope_terms(), &Scope::exclude, "Not subjects that fit any of these.")
      .check([](Scope&, const Node& node, Reader& reader) {
        if (node.items.empty())
          reader.problem(ErrorCode::config_invalid, node, "a scope needs `include` or `exclude`",
                         "give one, or remove the scope");
      })
      .also({{"minProperties", 1}})
      .codec();
}

using ControlMapping = PolicyEntry::Mapping;

Codec<std::vector<ControlMapping>> controls_codec() {
  auto id = made_from<ControlMapping>(text(), [](std::string text, const Node&, Reader&) {
    return std::optional(ControlMapping{{{}, std::move(text)}, {}});
  });
  auto id_when = Mapping<ControlMapping>("a control",
                                         "A requirement that the rule supports only with certain parameters.")
                     .key(
                         "id", Need::required, text(),
                         [](ControlMapping& mapping, std::string value, const Node&, Reader&) {
                           mapping.control.id = std::move(value);
                         },
                         "The requirement's id in its framework.")
                     .key("when", Need::required, params_codec(1), &ControlMapping::when,
                          "Parameters and the values with which the mapping holds.");
  auto by_framework = map_of(list_of(either(std::move(id), id_when.codec()), {1, true}),
                             {{}, "the name of a framework", 0, framework_name_rule()});
  return made_from<std::vector<ControlMapping>>(
      std::move(by_framework),
      [](std::vector<Named<std::vector<ControlMapping>>> given, const Node&,
         Reader& reader) -> std::optional<std::vector<ControlMapping>> {
        std::vector<ControlMapping> mappings;
        std::set<ControlId> seen;
        bool all = true;
        for (auto& [framework, key, controls] : given) {
          for (auto& mapping : controls) {
            mapping.control.framework = framework;
            if (!seen.insert(mapping.control).second) {
              reader.problem(ErrorCode::config_invalid, *key,
                             fmt::format("the control {} stands twice", mapping.control.text()),
                             "keep one of them");
              all = false;
            }
            mappings.push_back(std::move(mapping));
          }
        }
        if (!all) return std::nullopt;
        return mappings;
      });
}

Codec<Severity> severity_codec() {
  std::vector<std::string> words;
  for (const auto severity : kSeverities) words.emplace_back(word_of(severity));
  return made_from<Severity>(choice(std::move(words)), [](const std::string& word, const Node&, Reader&) {
    return parse_severity(word);
  });
}

Codec<PolicyEntry> entry_codec() {
  auto brief =
      made_from<PolicyEntry>(text(rule_name_rule()), [](std::string rule, const Node& node, Reader& reader) {
        PolicyEntry entry;
        entry.as = rule;
        entry.rule = std::move(rule);
        entry.place = reader.place(node);
        return std::optional(std::move(entry));
      });
  auto full =
      Mapping<PolicyEntry>("a rule entry", "A rule that the policy selects.")
          .key("rule", Need::required, text(rule_name_rule()), &PolicyEntry::rule, "The rule's id.")
          .key("as", Need::optional, text(rule_name_rule()), &PolicyEntry::as,
               "The name of this use of the rule, when the policy uses it twice; the rule's id when absent.")
          .key("severity", Need::optional, severity_codec(), &PolicyEntry::severity,
               "Instead of the rule's own severity.")
          .key("params", Need::optional, params_codec(0), &PolicyEntry::params,
               "The rule's parameters; see `muster rule show`.")
          .key(
              "scope", Need::optional, scope_codec(),
              [](PolicyEntry& entry, Scope scope, const Node&, Reader&) {
                entry.include = std::move(scope.include);
                entry.exclude = std::move(scope.exclude);
              },
              "Which subjects the rule judges; all when absent.")
          .key("controls", Need::optional, controls_codec(), &PolicyEntry::controls,
               "Framework and ids of the requirements that the rule supports, instead of the rule's own; {} "
               "for none.")
          .key(
              "on_unknown", Need::optional, choice({"report"}),
              [](PolicyEntry& entry, const std::string&, const Node&, Reader&) {
                entry.reports_unknown = true;
              },
              "`report`: an unknown verdict of this rule is shown but does not make the run undecided (exit "
              "code 2).")
          .place(&PolicyEntry::place)
          .check([](PolicyEntry& entry, const Node&, Reader&) {
            if (entry.as.empty()) entry.as = entry.rule;
          });
  return either(std::move(brief), full.codec());
}

Codec<RemovedEntry> removed_codec() {
  return Mapping<RemovedEntry>("a removal", "An entry of the extended policy that is left out.")
      .key("rule", Need::required, text(rule_name_rule()), &RemovedEntry::as,
           "The entry: its `as` name, or its rule's id when it has none.")
      .key("reason", Need::required, text(), &RemovedEntry::reason, "Why it does not apply here.")
      .place(&RemovedEntry::place)
      .codec();
}

/// "anthropic-baseline" of "policies/anthropic-baseline.yaml"; empty for other embedded files.
std::string_view shipped_name(std::string_view file) {
  if (!file.starts_with(kShippedFolder) || !file.ends_with(kExtension)) return {};
  file.remove_prefix(kShippedFolder.size());
  file.remove_suffix(kExtension.size());
  return file.find('/') == std::string_view::npos ? file : std::string_view();
}

const EmbeddedFile* find_shipped(const FileSystem& files, std::string_view name) {
  for (const auto& file : files.shipped())
    if (!name.empty() && shipped_name(file.name) == name) return &file;
  return nullptr;
}

}  // namespace

bool is_policy_path(std::string_view text) {
  return text.find('/') != std::string_view::npos || text.ends_with(".yaml") || text.ends_with(".yml");
}

TextRule framework_name_rule() {
  return {is_framework, "^[a-z0-9_]+$", "lower-case letters, digits and `_`: soc2, iso27001, nist80053"};
}

TextRule rule_name_rule() {
  return {is_rule_name, "^[a-z0-9_]+([.][a-z0-9_]+)*$", "lower-case letters, digits, `_` and `.`"};
}

Codec<PolicyFile> policy_codec() {
  const UniqueRule names{[](const Node& item) {
                           if (item.kind != NodeKind::mapping) return &item;
                           const Node* as = item.find("as");
                           return as != nullptr ? as : item.find("rule");
                         },
                         nullptr, ErrorCode::policy_duplicate, "two entries are named",
                         "name the second use with `as`"};
  return Mapping<PolicyFile>(
             "a policy",
             "Which rules are tested, with which parameters, severity, scope and control mapping.")
      .key("policy", Need::required,
           text({is_policy_id, "^[a-z0-9][a-z0-9_.-]*$", "lower-case letters, digits, `-`, `_` and `.`"}),
           &PolicyFile::id, "The policy's id.")
      .key("title", Need::optional, text(), &PolicyFile::title,
           "The policy in a few words; the id when absent.")
      .key("version", Need::optional, text(), &PolicyFile::version,
           "The policy's version; any text, kept as written (9.10 stays 9.10).")
      .key("description", Need::optional, text(), &PolicyFile::description, "What the policy is for.")
      .key(
          "extends", Need::optional, text(),
          [](PolicyFile& policy, std::string base, const Node& node, Reader& reader) {
            policy.extends = std::move(base);
            policy.extends_place = reader.place(node);
          },
          "Another policy whose entries this one takes over: a shipped policy's name, or a path relative to "
          "this file. An entry of the same name is changed by what stands here, others are added.")
      .key("severity", Need::optional, severity_codec(), &PolicyFile::severity,
           "Of every entry that says none, those of an extended policy too, instead of the rules' own.")
      .key("fail_on", Need::optional, severity_codec(), &PolicyFile::fail_on,
           "Failures of this severity and graver make the run fail; info, which is every failure, when "
           "absent. An "
           "extended policy's is taken over; `--fail-on` goes before all.")
      .key("remove", Need::optional, list_of(removed_codec(), {1, false}), &PolicyFile::removed,
           "Entries of the extended policy that are left out, each with the reason.")
      .key("rules", Need::optional, unique(list_of(entry_codec(), {1, false}), names), &PolicyFile::entries,
           "The rules: an id, or a mapping with the rule and what is special here.")
      .check([](PolicyFile& policy, const Node& node, Reader& reader) {
        if (policy.title.empty()) policy.title = policy.id;
        if (node.find("extends") != nullptr) return;
        if (node.find("rules") == nullptr)
          reader.problem(ErrorCode::config_missing_key, node, "a policy lacks the key `rules`",
                         "The rules: an id, or a mapping with the rule and what is special here.");
        if (const Node* remove = node.find("remove"); remove != nullptr)
          reader.problem(ErrorCode::config_invalid, *remove,
                         "`remove` takes away from another policy, and this one has no `extends`",
                         "name that policy, or leave the rules out of `rules`");
      })
      // A policy of its own has rules and takes nothing away; editors do not know `dependentRequired`.
      .also({{"anyOf",
              json::Array{json::Value(json::Object{{"required", json::Array{"extends"}}}),
                          json::Value(json::Object{
                              {"required", json::Array{"rules"}},
                              {"not", json::Value(json::Object{{"required", json::Array{"remove"}}})}})}}})
      .codec();
}

std::vector<std::string> shipped_policies() {
  std::vector<std::string> names;
  for (const auto& file : embedded_files())
    if (const auto name = shipped_name(file.name); !name.empty()) names.emplace_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

namespace {

/// One file, without what it extends.
std::optional<PolicyFile> load_one(const FileSystem& files, const std::string& name_or_path,
                                   const std::string& shown_path, const Place& place, Diagnostics& problems) {
  const ReadRule rule{"a policy", false};
  std::optional<Loaded<PolicyFile>> loaded;
  std::string shown = shown_path;
  // A path never falls back to a shipped policy: a file that is missing must not be replaced by another one
  // of the same name.
  const EmbeddedFile* shipped = is_policy_path(name_or_path) ? nullptr : find_shipped(files, name_or_path);
  if (shipped != nullptr) {
    shown = fmt::format("{}{}", kShippedPrefix, shipped->name);
    loaded = read_value(std::string(shipped->bytes), shown, policy_codec(), rule, problems);
  } else if (place.line != 0 && is_policy_path(name_or_path) && files.kind(name_or_path) != FileKind::file) {
    problems.error(ErrorCode::policy_unknown, fmt::format("there is no file {}", make_visible(shown_path)),
                   place, "a path is relative to the file that says it");
  } else if (is_policy_path(name_or_path) ||
             (place.line == 0 && files.kind(name_or_path) == FileKind::file)) {
    loaded = load_value(files, name_or_path, shown, policy_codec(), rule, problems);
  } else {
    problems.error(
        ErrorCode::policy_unknown,
        place.line != 0
            ? fmt::format("no shipped policy is named \"{}\"", make_visible(name_or_path))
            : fmt::format("no shipped policy is named \"{}\", and no such file is there", name_or_path),
        place, suggest(name_or_path, shipped_policies()));
  }
  if (!loaded) return std::nullopt;
  PolicyFile policy = std::move(loaded->value);
  policy.file = std::move(shown);
  policy.sha256 = std::move(loaded->sha256);
  policy.bytes = loaded->bytes;
  return policy;
}

/// What an entry says, put over what the extended policy's entry of that name says.
void change_entry(PolicyEntry& entry, const PolicyEntry& given) {
  if (given.severity) entry.severity = given.severity;
  for (const auto& [name, value] : given.params) entry.params.insert_or_assign(name, value);
  if (!given.include.empty() || !given.exclude.empty()) {
    entry.include = given.include;
    entry.exclude = given.exclude;
  }
  if (given.controls) entry.controls = given.controls;
  if (given.reports_unknown) entry.reports_unknown = true;
  entry.place = given.place;
}

/// Puts the base's entries before the policy's own: some removed, some changed. False after a problem.
bool extend(PolicyFile& policy, const Policy& base, Diagnostics& problems) {
  bool is_fine = true;
  const auto fault = [&](ErrorCode code, std::string message, const Place& place, std::string hint) {
    problems.error(code, std::move(message), place, std::move(hint));
    is_fine = false;
  };
  std::vector<PolicyEntry> entries = base.entries;
  std::vector<std::string> names;
  for (const PolicyEntry& entry : entries) names.push_back(entry.as);
  const auto find = [&](const std::string& as) {
    return std::find_if(entries.begin(), entries.end(),
                        [&](const PolicyEntry& entry) { return entry.as == as; });
  };
  std::set<std::string> removed;
  for (const RemovedEntry& each : policy.removed) {
    if (const auto found = find(each.as); found != entries.end()) {
      entries.erase(found);
      removed.insert(each.as);
    } else if (removed.contains(each.as)) {
      fault(ErrorCode::policy_duplicate, fmt::format("'{}' is removed twice", each.as), each.place,
            "keep one of them");
    } else {
      fault(ErrorCode::policy_unknown_rule, fmt::format("{} has no entry '{}' to remove", base.id, each.as),
            each.place, suggest(each.as, names));
    }
  }
  for (const PolicyEntry& given : policy.entries) {
    const auto found = find(given.as);
    if (removed.contains(given.as)) {
      fault(ErrorCode::policy_duplicate, fmt::format("'{}' is removed and given again", given.as),
            given.place, "an entry of the same name changes the extended policy's; leave out the removal");
    } else if (found == entries.end()) {
      entries.push_back(given);
    } else if (found->rule != given.rule) {
      fault(ErrorCode::policy_duplicate,
            fmt::format("'{}' is an entry of {} for the rule {}, and cannot become one for {}", given.as,
                        base.id, found->rule, given.rule),
            given.place, "give it another name with `as`");
    } else {
      change_entry(*found, given);
    }
  }
  if (is_fine && entries.empty())
    fault(ErrorCode::config_invalid, fmt::format("every entry of {} is removed, and none is added", base.id),
          policy.extends_place, "a policy selects at least one rule");
  policy.entries = std::move(entries);
  if (!policy.severity) policy.severity = base.severity;
  if (!policy.fail_on) policy.fail_on = base.fail_on;
  return is_fine;
}

/// `chain`: the files on the way here, which must not be met again.
std::optional<PolicyFile> load_with_bases(const FileSystem& files, const std::string& name_or_path,
                                          const std::string& shown_path, const Place& place,
                                          std::vector<std::string>& chain, std::vector<PolicySource>& bases,
                                          Diagnostics& problems) {
  auto policy = load_one(files, name_or_path, shown_path, place, problems);
  if (!policy) return std::nullopt;
  if (std::find(chain.begin(), chain.end(), policy->file) != chain.end()) {
    problems.error(ErrorCode::config_invalid,
                   fmt::format("the policies extend each other in a circle: {} → {}", fmt::join(chain, " → "),
                               policy->file),
                   place, "one of them must stand on its own");
    return std::nullopt;
  }
  if (policy->extends.empty()) return policy;
  chain.push_back(policy->file);
  std::string base_path = policy->extends, base_shown = policy->extends;
  // A shipped policy extends shipped ones only, by name.
  if (is_policy_path(base_path)) {
    base_path = join_path(parent_path(name_or_path), base_path);
    base_shown = join_path(parent_path(policy->file), base_shown);
  }
  const auto base =
      load_with_bases(files, base_path, base_shown, policy->extends_place, chain, bases, problems);
  chain.pop_back();
  if (!base || !extend(*policy, *base, problems)) return std::nullopt;
  bases.push_back({base->file, base->sha256, base->bytes});
  return policy;
}

}  // namespace

std::optional<Policy> load_extended_policy(const FileSystem& files, const std::string& name_or_path,
                                           const std::string& shown_path, Diagnostics& problems,
                                           std::vector<PolicySource>& bases) {
  std::vector<std::string> chain;
  return load_with_bases(files, name_or_path, shown_path, {}, chain, bases, problems);
}

std::optional<Policy> load_policy(const FileSystem& files, const std::string& name_or_path,
                                  const std::string& shown_path, Diagnostics& problems) {
  std::vector<PolicySource> bases;
  return load_extended_policy(files, name_or_path, shown_path, problems, bases);
}

}  // namespace muster::policy
