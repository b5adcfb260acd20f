#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/embedded.h"
#include "base/text.h"
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
  auto by_framework = map_of(
      list_of(either(std::move(id), id_when.codec()), {1, true}),
      {{},
       "the name of a framework",
       0,
       {is_framework, "^[a-z0-9_]+$", "lower-case letters, digits and `_`: soc2, iso27001, nist80053"}});
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

TextRule rule_name_rule() {
  return {is_rule_name, "^[a-z0-9_]+([.][a-z0-9_]+)*$", "lower-case letters, digits, `_` and `.`"};
}

Codec<Policy> policy_codec() {
  const UniqueRule names{[](const Node& item) {
                           if (item.kind != NodeKind::mapping) return &item;
                           const Node* as = item.find("as");
                           return as != nullptr ? as : item.find("rule");
                         },
                         nullptr, ErrorCode::policy_duplicate, "two entries are named",
                         "name the second use with `as`"};
  return Mapping<Policy>(
             "a policy",
             "Which rules are tested, with which parameters, severity, scope and control mapping.")
      .key("policy", Need::required,
           text({is_policy_id, "^[a-z0-9][a-z0-9_.-]*$", "lower-case letters, digits, `-`, `_` and `.`"}),
           &Policy::id, "The policy's id.")
      .key("title", Need::optional, text(), &Policy::title, "The policy in a few words; the id when absent.")
      .key("version", Need::optional, text(), &Policy::version,
           "The policy's version; any text, kept as written (9.10 stays 9.10).")
      .key("description", Need::optional, text(), &Policy::description, "What the policy is for.")
      .key("rules", Need::required, unique(list_of(entry_codec(), {1, false}), names), &Policy::entries,
           "The rules: an id, or a mapping with the rule and what is special here.")
      .check([](Policy& policy, const Node&, Reader&) {
        if (policy.title.empty()) policy.title = policy.id;
      })
      .codec();
}

std::vector<std::string> shipped_policies() {
  std::vector<std::string> names;
  for (const auto& file : embedded_files())
    if (const auto name = shipped_name(file.name); !name.empty()) names.emplace_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<Policy> load_policy(const FileSystem& files, const std::string& name_or_path,
                                  const std::string& shown_path, Diagnostics& problems) {
  const ReadRule rule{"a policy", false};
  std::optional<Loaded<Policy>> loaded;
  std::string shown = shown_path;
  // A path never falls back to a shipped policy: a file that is missing must not be replaced by another one
  // of the same name.
  const EmbeddedFile* shipped = is_policy_path(name_or_path) ? nullptr : find_shipped(files, name_or_path);
  if (shipped != nullptr) {
    shown = fmt::format("{}{}", kShippedPrefix, shipped->name);
    loaded = read_value(std::string(shipped->bytes), shown, policy_codec(), rule, problems);
  } else if (is_policy_path(name_or_path) || files.kind(name_or_path) == FileKind::file) {
    loaded = load_value(files, name_or_path, shown, policy_codec(), rule, problems);
  } else {
    problems.error(ErrorCode::policy_unknown,
                   fmt::format("no shipped policy is named \"{}\", and no such file is there", name_or_path),
                   {}, suggest(name_or_path, shipped_policies()));
  }
  if (!loaded) return std::nullopt;
  Policy policy = std::move(loaded->value);
  policy.file = std::move(shown);
  policy.sha256 = std::move(loaded->sha256);
  policy.bytes = loaded->bytes;
  return policy;
}

}  // namespace muster::policy
