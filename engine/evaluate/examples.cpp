#include "evaluate/examples.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/file_system.h"
#include "base/text.h"
#include "evaluate/bind.h"
#include "evaluate/derive.h"
#include "evaluate/run_entries.h"
#include "roster/fields.h"
#include "roster/roster.h"
#include "rule/trace.h"

namespace muster::evaluate {

using snapshot::Cell;
using snapshot::Column;
using snapshot::Dataset;
using snapshot::FieldType;
using snapshot::Table;
using snapshot::World;

namespace {

constexpr std::string_view kDefaultAsOf = "2026-01-01T00:00:00Z";

/// Why an example cannot be run, in the words of its author.
struct BadExample {
  std::string problem;
};

[[noreturn]] void refuse(std::string problem) { throw BadExample{std::move(problem)}; }

bool is_empty_table(const json::Value& value) { return (value.object() && value.object()->empty()) || (value.array() && value.array()->empty()); }

json::Array list_of(const json::Value& value, std::string_view name) {
  if (is_empty_table(value)) return {};
  if (!value.array()) refuse(fmt::format("`{}` must be a list of records", name));
  return *value.array();
}

std::optional<Instant> instant_of(const std::string& text) {
  if (const auto instant = parse_rfc3339(text)) return instant;
  if (const auto date = parse_date(text)) return start_of(*date);
  return std::nullopt;
}

void push(Column& column, const json::Value& value, const std::string& where) {
  if (value.is_null()) return column.push_missing(Cell::null);
  const auto wrong = [&](std::string_view wanted) { refuse(fmt::format("{} is a JSON {}, and {} is wanted", where, value.type_name(), wanted)); };
  switch (column.type()) {
    case FieldType::text:
    case FieldType::id:
    case FieldType::word:
      if (!value.string()) wrong("a text");
      return column.push_text(*value.string());
    case FieldType::time:
    case FieldType::date: {
      const auto instant = value.string() ? instant_of(*value.string()) : std::nullopt;
      if (!instant) wrong("a time such as \"2026-11-20T08:00:00Z\" or a date");
      return column.push_int(instant->us);
    }
    case FieldType::boolean:
      if (!value.boolean()) wrong("true or false");
      return column.push_boolean(*value.boolean());
    case FieldType::integer:
      if (!value.integer()) wrong("a whole number");
      return column.push_int(*value.integer());
    case FieldType::number:
      if (!value.integer() && !value.number()) wrong("a number");
      return column.push_number(value.integer() ? static_cast<double>(*value.integer()) : *value.number());
    case FieldType::text_list: {
      std::vector<std::string_view> items;
      const json::Array list = value.string() ? json::Array{value} : list_of(value, where);
      for (const json::Value& item : list) {
        if (!item.string()) wrong("a list of texts");
        items.push_back(*item.string());
      }
      return column.push_list(items);
    }
    case FieldType::json: return column.push_text(json::dump(value));
  }
}

std::string text_member(const json::Value& record, std::string_view name) {
  const json::Value* value = record.find(name);
  return value && value->string() ? *value->string() : std::string();
}

/// A table out of records as an author writes them: members are field names.
std::unique_ptr<Table> make_table(Dataset dataset, const json::Array& records, const Wanted& wanted, const snapshot::LoadRequest& request) {
  auto table = std::make_unique<Table>(dataset);
  const snapshot::DatasetSpec& spec = table->spec();
  std::set<std::uint16_t> fields;
  for (const json::Value& record : records) {
    if (!record.object() && !is_empty_table(record)) refuse(fmt::format("a record of {} must be a table of its fields", spec.name));
    if (!record.object()) continue;
    for (const auto& [name, ignored] : *record.object()) {
      (void)ignored;
      const auto field = spec.field(name);
      if (!field) {
        std::vector<std::string> names;
        for (const auto& row : spec.fields) names.emplace_back(row.name);
        const auto near = nearest_name(name, names);
        refuse(fmt::format("{} has no field '{}'{}", spec.singular, make_visible(name), near ? fmt::format("; did you mean '{}'?", *near) : ""));
      }
      fields.insert(*field);
    }
  }
  // Fields that somebody reads and no record gives are absent, except derived ones, which are computed.
  const auto add_read = [&](const std::set<std::pair<Dataset, std::uint16_t>>& read) {
    for (const auto& [of, field] : read)
      if (of == dataset && spec.fields[field].needs.empty()) fields.insert(field);
  };
  add_read(wanted.fields);
  add_read(request.fields);
  for (const auto& relation : snapshot::relations()) {
    const Dataset holder = relation.many ? relation.to : relation.from;
    if (holder != dataset || relation.via.empty()) continue;
    if (const auto field = spec.field(relation.via)) fields.insert(*field);
    if (const auto field = spec.field(relation.where.substr(0, relation.where.find('=')))) fields.insert(*field);
  }
  for (const std::uint16_t field : fields) {
    Column& column = table->add_column(field);
    for (const json::Value& record : records) {
      const json::Value* value = record.find(spec.fields[field].name);
      if (!value) column.push_missing(Cell::absent);
      else push(column, *value, fmt::format("{}.{}", spec.singular, spec.fields[field].name));
    }
  }
  StringColumn ids, labels;
  std::string_view key = spec.key;
  for (std::size_t i = 0; i < records.size(); ++i) {
    std::string id = key.find(' ') == std::string_view::npos && !key.empty() ? text_member(records[i], key) : "";
    if (id.empty()) id = fmt::format("{}-{}", spec.singular, i + 1);
    std::string label = spec.label.empty() ? "" : text_member(records[i], spec.label);
    ids.push_back(id);
    labels.push_back(label.empty() ? id : label);
  }
  table->set_rows(static_cast<std::uint32_t>(records.size()));
  table->set_keys(std::move(ids), std::move(labels));
  table->mutable_index().build(table->ids(), [&](std::uint32_t first, std::uint32_t) { refuse(fmt::format("two {} have the id '{}'", spec.name, table->ids()[first])); });
  return table;
}

void set_implicit_members(World& world) {
  const Table* users = world.table(Dataset::users);
  const Column* role = users ? users->column("role") : nullptr;
  if (!role) return;
  for (std::uint32_t row = 0; row < users->rows(); ++row) {
    if (role->cell(row) != Cell::value) continue;
    if (const std::string_view implied = snapshot::implied_workspace_role(role->word(row)); !implied.empty()) world.implicit_members.push_back({row, implied});
  }
}

/// A member that the roster would pass over in silence is a slip in an example.
void check_person(const json::Value& person) {
  if (!person.object()) refuse("a person of `roster` must be a table of its fields");
  const auto check_name = [](const std::string& name) {
    if (roster::guess_field(name)) return;
    std::vector<std::string_view> words;
    for (std::size_t f = 0; f < roster::kMappableCount; ++f) words.push_back(roster::word_of(static_cast<roster::Field>(f)));
    const auto near = nearest_name(name, words);
    refuse(fmt::format("a person of `roster` has no field '{}'{}", make_visible(name), near ? fmt::format("; did you mean '{}'?", *near) : ""));
  };
  for (const auto& [name, value] : *person.object()) {
    check_name(name);
    if (name != roster::word_of(roster::Field::tenures) || !value.array()) continue;
    for (const json::Value& tenure : *value.array())
      if (tenure.object())
        for (const auto& [inner, ignored] : *tenure.object()) check_name(inner);
  }
}

AccountLink read_link(const json::Value& link) {
  if (!link.object()) refuse("`links` must be a list of { account =, person = }");
  for (const auto& [name, ignored] : *link.object())
    if (name != "account" && name != "person" && name != "reason") refuse(fmt::format("`links` has '{}'; it takes account, person, reason", make_visible(name)));
  return {text_member(link, "account"), text_member(link, "person"), text_member(link, "reason"), {}};
}

struct Given {
  std::map<Dataset, json::Array> records;
  std::optional<json::Array> roster;
  std::vector<AccountLink> links;
  Instant as_of;
  std::vector<Dataset> incomplete;
  const json::Value* params = nullptr;
};

Given read_given(const json::Value& given, const rule::RuleInfo& rule) {
  const snapshot::DatasetSpec& subject = *snapshot::find_subject(rule.subject);
  // Cutting off what the rule does not read would change nothing: such an example shows less than it says. (Records of other datasets may be there to show that
  // they change nothing.)
  const auto want_read = [&](Dataset dataset, std::string_view name, std::string_view where) {
    if (rule.reads.must.contains(dataset) || rule.reads.may.contains(dataset)) return;
    refuse(fmt::format("{} '{}', which the rule does not read", where, name));
  };
  Given out;
  out.as_of = *parse_rfc3339(kDefaultAsOf);
  std::optional<json::Value> one;
  if (!given.object()) refuse(fmt::format("`given` has no `{}`", subject.singular));
  for (const auto& [name, value] : *given.object()) {
    if (name == subject.singular) {
      one = value;
    } else if (const snapshot::DatasetSpec* spec = snapshot::find_dataset(name)) {
      out.records[spec->dataset] = list_of(value, name);
    } else if (name == "roster") {
      out.roster = list_of(value, name);
      for (const json::Value& person : *out.roster) check_person(person);
    } else if (name == "links") {
      want_read(Dataset::persons, "links", "`given` has");
      for (const json::Value& link : list_of(value, name)) out.links.push_back(read_link(link));
    } else if (name == "as_of") {
      const auto instant = value.string() ? instant_of(*value.string()) : std::nullopt;
      if (!instant) refuse("`as_of` is not a time");
      out.as_of = *instant;
    } else if (name == "params") {
      out.params = &value;
    } else if (name == "incomplete") {
      for (const json::Value& dataset : list_of(value, name)) {
        const std::string word = dataset.string() ? *dataset.string() : "";
        const snapshot::DatasetSpec* cut = snapshot::find_dataset(word == "roster" ? "persons" : word);
        if (!cut) refuse(fmt::format("`incomplete` names '{}', and there is no such dataset", make_visible(word)));
        want_read(cut->dataset, word, "`incomplete` names");
        out.incomplete.push_back(cut->dataset);
      }
    } else {
      std::vector<std::string> names{std::string(subject.singular), "roster", "links", "as_of", "params", "incomplete"};
      for (const auto& row : snapshot::schema()) names.emplace_back(row.name);
      const auto near = nearest_name(name, names);
      refuse(fmt::format("`given` has '{}', which is no dataset{}", make_visible(name), near ? fmt::format("; did you mean '{}'?", *near) : ""));
    }
  }
  if (!one) refuse(fmt::format("`given` has no `{}`: the subject that the example judges", subject.singular));
  for (const AccountLink& link : out.links) {
    const auto users = out.records.find(Dataset::users);
    const bool is_there = text_member(*one, "id") == link.account ||
                          (users != out.records.end() && std::any_of(users->second.begin(), users->second.end(), [&](const json::Value& user) { return text_member(user, "id") == link.account; }));
    if (!is_there) refuse(fmt::format("`links` has the account '{}', and no user of the example has that id", make_visible(link.account)));
  }
  json::Array& rows = out.records[subject.dataset];
  rows.insert(rows.begin(), *one);
  return out;
}

rule::Params params_of(const rule::RuleInfo& rule, const json::Value* given) {
  rule::Params params;
  for (const rule::ParamSpec& spec : rule.params) params[spec.name] = spec.fallback;
  if (!given || is_empty_table(*given)) return params;
  if (!given->object()) refuse("`params` must be a table of name = value");
  for (const auto& [name, value] : *given->object()) {
    const auto spec = std::find_if(rule.params.begin(), rule.params.end(), [&](const auto& param) { return param.name == name; });
    if (spec == rule.params.end()) refuse(fmt::format("`params` has '{}', and the rule has no such parameter", make_visible(name)));
    GivenValue text;
    if (value.array() || is_empty_table(value)) {
      text.is_list = true;
      for (const json::Value& item : list_of(value, name)) text.items.push_back(item.string() ? *item.string() : json::dump(item));
    } else {
      text.text = value.string() ? *value.string() : json::dump(value);
      text.plain = !value.string();
    }
    auto parsed = rule::parse_param_value(*spec, text);
    if (!parsed) refuse(parsed.error().message);
    params[name] = std::move(*parsed);
  }
  return params;
}

Wanted wanted_by(const rule::RuleInfo& rule) {
  Wanted wanted;
  wanted.fields = rule.reads.fields;
  wanted.relations = rule.reads.relations;
  wanted.subjects = rule.reads.must;
  wanted.subjects.insert(rule.reads.may.begin(), rule.reads.may.end());
  return wanted;
}

/// `roster` outlives the world: reasons of the match are made from it when a rule asks.
void fill(World& world, std::optional<roster::Roster>& roster, const Given& given, const rule::RuleInfo& rule) {
  const Wanted wanted = wanted_by(rule);
  const snapshot::LoadRequest request = what_to_load(wanted);
  world.as_of = given.as_of;
  world.organization_id = "org-example";
  world.organization_name = "Example";
  for (auto& available : world.availability) available.status = snapshot::DatasetStatus::complete;
  for (const snapshot::DatasetSpec& spec : snapshot::schema()) {
    const auto found = given.records.find(spec.dataset);
    const bool is_own = static_cast<std::size_t>(spec.dataset) >= snapshot::kCollectedCount;
    if (is_own && found == given.records.end() && (given.roster || !wanted.subjects.contains(spec.dataset))) continue;
    static const json::Array kNone;
    world.tables[static_cast<std::size_t>(spec.dataset)] = make_table(spec.dataset, found == given.records.end() ? kNone : found->second, wanted, request);
  }
  for (const std::uint16_t relation : request.relations) snapshot::join(world, relation);
  for (const std::uint16_t relation : wanted.relations)
    if (!world.has_relation[relation]) snapshot::join(world, relation);
  set_implicit_members(world);

  if (given.roster) {
    std::string lines;
    for (const json::Value& person : *given.roster) lines += json::dump(person) + "\n";
    MemoryFileSystem files;
    files.add("/roster.jsonl", lines);
    RosterSource source;
    source.format = RosterSource::Format::jsonl;
    source.path = "/roster.jsonl";
    source.shown_path = "roster";
    Diagnostics problems;
    roster = roster::load_roster(files, std::span(&source, 1), {given.as_of, 1}, problems);
    if (problems.has_errors()) refuse("roster: " + problems.errors().front().message);
  }
  DeriveInputs inputs;
  inputs.roster = roster ? &*roster : nullptr;
  inputs.links = given.links;
  static const std::map<std::string, std::vector<std::string>> kNoAliases;
  inputs.domain_aliases = &kNoAliases;
  // Before, for derived fields that look at it themselves; and again, for the roster's, whose state comes out of it.
  const auto cut_off = [&] {
    for (const Dataset dataset : given.incomplete) world.available(dataset) = {snapshot::DatasetStatus::partial, "cut off in the example"};
  };
  cut_off();
  (void)derive(world, wanted, inputs);
  fill_waivers(world, {});
  cut_off();
  for (const auto& [dataset, field] : wanted.fields) {
    Table* table = world.table(dataset);
    if (!table || table->column(field)) continue;
    Column& column = table->add_column(field);
    for (std::uint32_t row = 0; row < table->rows(); ++row) column.push_missing(Cell::absent);
  }
}

/// One example as a world. The world refers to the roster and the entry, so it stays where it is.
struct Case {
  const json::Value& given_value;
  Given given;
  Entry entry;
  std::optional<roster::Roster> roster;
  World world;

  Case(const std::shared_ptr<const rule::Rule>& rule, const json::Value& value) : given_value(value), given(read_given(value, rule->info())) {
    entry.rule = rule;
    entry.as = rule->info().id;
    entry.policy = "examples";
    entry.params = params_of(rule->info(), given.params);
    fill(world, roster, given, rule->info());
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;

  Judged judge() const {
    Judged out;
    const EntriesResult run = run_entries(std::span(&entry, 1), world, RunOptions{});
    const RuleResult& judged = run.rules.front();
    if (judged.verdicts.empty()) refuse("the example has no subject");
    out.verdict = judged.verdicts.front().verdict;
    out.reason = judged.reasons[judged.verdicts.front().reason];
    for (const Finding& finding : judged.findings) {
      if (finding.subject != 0) continue;
      out.observed = finding.observed;
      out.expected = finding.expected;
      out.measure = finding.measure;
    }
    return out;
  }
};

ExampleResult result_of(const rule::Example& example, const Case& made) {
  ExampleResult result;
  result.example = &example;
  const Judged judged = made.judge();
  result.got = judged.verdict;
  result.reason = judged.reason;
  result.observed = judged.observed;
  result.expected = judged.expected;
  result.measure = judged.measure;
  return result;
}

ExampleResult refused(const rule::Example& example, const BadExample& bad) {
  ExampleResult result;
  result.example = &example;
  result.problem = bad.problem;
  return result;
}

}  // namespace

bool ExampleResult::is_good() const {
  if (!problem.empty() || got != example->want || (example->reason && *example->reason != reason)) return false;
  if (example->observed) {
    const auto seen = observed.empty() ? Result<json::Value>(json::Value(json::Object{})) : json::parse(observed);
    if (!seen) return false;
    for (const auto& [name, value] : *example->observed->object()) {
      const json::Value* found = seen->find(name);
      if (!found || json::dump(*found) != json::dump(value)) return false;
    }
  }
  if (example->measure && example->measure != measure) return false;
  return !example->expected || (!expected.empty() && expected == json::dump(*example->expected));
}

std::vector<ExampleResult> run_examples(const std::shared_ptr<const rule::Rule>& rule) {
  std::vector<ExampleResult> results;
  for (const rule::Example& example : rule->info().examples) {
    try {
      results.push_back(result_of(example, Case(rule, example.given)));
    } catch (const BadExample& bad) {
      results.push_back(refused(example, bad));
    }
  }
  return results;
}

Judged judge_given(const std::shared_ptr<const rule::Rule>& rule, const json::Value& given) {
  try {
    return Case(rule, given).judge();
  } catch (const BadExample& bad) {
    Judged out;
    out.problem = bad.problem;
    return out;
  }
}

struct ExampleWorlds::Impl {
  std::shared_ptr<const rule::Rule> rule;
  rule::RuleInfo info;  // of variants: without the examples, which nobody asks for there
  std::shared_ptr<const std::map<std::string, std::string>> library;
  std::vector<std::unique_ptr<Case>> cases;  // by example; nullptr: it cannot run
  std::vector<ExampleResult> results;
  rule::Limits limits;

  rule::Rule make(const Variant& variant) const {
    return rule::Rule(info, variant.text ? *variant.text : rule->source(), variant.library ? variant.library : library);
  }
};

ExampleWorlds::ExampleWorlds(std::shared_ptr<const rule::Rule> rule) : impl_(std::make_unique<Impl>()) {
  impl_->rule = std::move(rule);
  impl_->info = impl_->rule->info();
  impl_->info.examples.clear();
  impl_->library = std::shared_ptr<const std::map<std::string, std::string>>(impl_->rule, &impl_->rule->library());
  // A mutant may loop without end; nothing that an example needs comes near this.
  impl_->limits.subject_instructions = 500'000;
  for (const rule::Example& example : impl_->rule->info().examples) {
    impl_->cases.push_back(nullptr);
    try {
      auto made = std::make_unique<Case>(impl_->rule, example.given);
      impl_->results.push_back(result_of(example, *made));
      impl_->cases.back() = std::move(made);
    } catch (const BadExample& bad) {
      impl_->results.push_back(refused(example, bad));
    }
  }
}
ExampleWorlds::~ExampleWorlds() = default;
ExampleWorlds::ExampleWorlds(ExampleWorlds&&) noexcept = default;
ExampleWorlds& ExampleWorlds::operator=(ExampleWorlds&&) noexcept = default;

const std::vector<ExampleResult>& ExampleWorlds::results() const { return impl_->results; }

std::size_t ExampleWorlds::first_to_mind(const Variant& given) const {
  const rule::Rule variant = impl_->make(given);
  for (std::size_t i = 0; i < impl_->cases.size(); ++i) {
    const Case* made = impl_->cases[i].get();
    const rule::Example& example = impl_->rule->info().examples[i];
    // What is cut off decides before the rule is called, whatever its text.
    if (!made || !impl_->results[i].is_good() || !blocking_reason(impl_->info, made->world).empty()) continue;
    rule::Budget budget(impl_->limits, 1);
    const auto evaluator = rule::Evaluator::make(variant, made->entry.params, made->world, impl_->limits, budget);
    if (!evaluator) return i;
    const std::uint32_t row = 0;
    rule::BlockResult block;
    (*evaluator)->evaluate(std::span(&row, 1), block);
    if (!block.over_budget.empty() || block.verdicts.empty() || block.verdicts.front().verdict != example.want) return i;
    ExampleResult result;
    result.example = &example;
    result.got = example.want;
    result.reason = block.reasons[block.verdicts.front().reason];
    if (!block.findings.empty()) {
      result.observed = block.findings.front().observed;
      result.expected = block.findings.front().expected;
      result.measure = block.findings.front().measure;
    }
    if (!result.is_good()) return i;
  }
  return impl_->cases.size();
}

std::set<std::pair<std::string, std::uint32_t>> ExampleWorlds::verdict_places(const Variant& given) const {
  const rule::Rule variant = impl_->make(given);
  std::set<std::pair<std::string, std::uint32_t>> places;
  for (const auto& made : impl_->cases) {
    if (!made || !blocking_reason(impl_->info, made->world).empty()) continue;
    rule::Budget budget(impl_->limits, 1);
    rule::Trace trace;
    const auto evaluator = rule::Evaluator::make(variant, made->entry.params, made->world, impl_->limits, budget, &trace);
    if (!evaluator) continue;
    const std::uint32_t row = 0;
    rule::BlockResult block;
    (*evaluator)->evaluate(std::span(&row, 1), block);
    places.insert(trace.verdicts.begin(), trace.verdicts.end());
  }
  return places;
}

}  // namespace muster::evaluate
