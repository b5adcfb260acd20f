#include "rule/lab.h"

#include <stdexcept>

namespace muster::rule {

using snapshot::Cell;
using snapshot::Column;
using snapshot::Dataset;
using snapshot::Table;

namespace {

std::vector<std::string_view> items_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t from = 0, to = 0; from < text.size(); from = to + 1) {
    to = std::min(text.find(',', from), text.size());
    out.push_back(text.substr(from, to - from));
  }
  return out;
}

std::unique_ptr<Table> make(Dataset dataset, const std::vector<Lab::Record>& rows) {
  auto table = std::make_unique<Table>(dataset);
  const auto& spec = table->spec();
  StringColumn ids, labels;
  for (std::uint16_t field = 0; field < spec.fields.size(); ++field) {
    Column& column = table->add_column(field);
    for (const Lab::Record& row : rows) {
      std::string value = "absent";
      for (const auto& [name, text] : row)
        if (name == spec.fields[field].name) value = text;
      if (value == "absent") column.push_missing(Cell::absent);
      else if (value == "null") column.push_missing(Cell::null);
      else if (value == "invalid") column.push_missing(Cell::invalid);
      else if (column.type() == snapshot::FieldType::time || column.type() == snapshot::FieldType::date) column.push_int(parse_rfc3339(value).value().us);
      else if (column.type() == snapshot::FieldType::integer) column.push_int(std::stoll(value));
      else if (column.type() == snapshot::FieldType::boolean) column.push_boolean(value == "true");
      else if (column.type() == snapshot::FieldType::text_list) column.push_list(items_of(value));
      else column.push_text(value);
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string id = std::string(spec.singular) + "_" + std::to_string(i + 1), label = id;
    for (const auto& [name, text] : rows[i]) {
      if (name == spec.key) id = text;
      if (name == spec.label) label = text;
    }
    ids.push_back(id);
    labels.push_back(label);
  }
  table->set_rows(static_cast<std::uint32_t>(rows.size()));
  table->set_keys(std::move(ids), std::move(labels));
  table->mutable_index().build(table->ids(), [](std::uint32_t, std::uint32_t) { throw std::logic_error("two rows with one id"); });
  return table;
}

}  // namespace

Lab::Lab() {
  world.as_of = parse_rfc3339("2026-11-20T08:00:00Z").value();
  world.organization_id = "org-1";
  world.organization_name = "Northwind";
  for (auto& available : world.availability) available.status = snapshot::DatasetStatus::complete;
  put(Dataset::users, {{{"id", "user_a"}, {"email", "ana@x.example"}, {"role", "admin"}, {"name", "Ana"}},
                       {{"id", "user_b"}, {"email", "bo@x.example"}, {"role", "developer"}, {"name", "null"}},
                       {{"id", "user_c"}, {"email", "cy@x.example"}, {"role", "billing"}}});
  put(Dataset::workspaces, {{{"id", "w_1"}, {"name", "prod"}, {"archived_at", "null"}}, {{"id", "w_2"}, {"name", "lab"}, {"archived_at", "2026-01-01T00:00:00Z"}}});
  put(Dataset::workspace_members, {{{"workspace_id", "w_1"}, {"user_id", "user_b"}, {"workspace_role", "workspace_admin"}},
                                   {{"workspace_id", "w_2"}, {"user_id", "user_b"}, {"workspace_role", "workspace_user"}},
                                   {{"workspace_id", "w_1"}, {"user_id", "user_c"}, {"workspace_role", "workspace_billing"}}});
  put(Dataset::api_keys,
      {{{"id", "key_1"}, {"name", "one"}, {"status", "active"}, {"created_at", "2026-11-10T08:00:00Z"}, {"expires_at", "null"}, {"created_by_id", "user_b"},
        {"created_by_type", "user"}, {"workspace_id", "w_1"}},
       {{"id", "key_2"}, {"name", "two"}, {"status", "archived"}, {"created_at", "2026-01-10T08:00:00Z"}, {"created_by_id", "null"}, {"created_by_type", "null"},
        {"workspace_id", "null"}},
       {{"id", "key_3"}, {"name", "three"}, {"status", "active"}, {"created_at", "2026-10-10T08:00:00Z"}, {"expires_at", "2027-01-01T00:00:00Z"},
        {"created_by_id", "user_gone"}, {"created_by_type", "user"}, {"workspace_id", "w_2"}},
       {{"id", "key_4"}, {"name", "null"}, {"status", "invalid"}, {"created_at", "2026-10-10T08:00:00Z"}, {"created_by_id", "user_a"}, {"created_by_type", "user"}}});
  join();
  world.implicit_members = {{0, snapshot::implied_workspace_role("admin")}, {2, snapshot::implied_workspace_role("billing")}};
}

void Lab::put(Dataset dataset, const std::vector<Record>& records) { world.tables[static_cast<std::size_t>(dataset)] = make(dataset, records); }

void Lab::join() {
  for (std::uint16_t i = 0; i < snapshot::relations().size(); ++i) snapshot::join(world, i);
}

std::string Lab::text(const std::string& check, const std::string& head, const std::string& more, const std::string& reads) {
  return head + "\nreturn {\n  id = \"lab.rule\",\n  title = \"A rule of the lab\",\n  severity = \"low\",\n  subject = \"api_key\",\n  reads = { " + reads +
         " },\n  why = \"tests\",\n  fix = \"none\",\n" + more + "  check = function(key, org, params)\n" + check + "\n  end,\n}\n";
}

std::shared_ptr<const Rule> Lab::load(const std::string& rule_text) {
  auto rule = load_rule(rule_text, "rules/lab/rule.lua", "lab.rule", std::make_shared<const std::map<std::string, std::string>>(library), problems);
  return rule ? std::make_shared<const Rule>(std::move(*rule)) : nullptr;
}

std::vector<Judged> Lab::run(const std::string& rule_text, std::size_t block) {
  std::vector<std::uint32_t> rows(world.table(Dataset::api_keys)->rows());
  std::iota(rows.begin(), rows.end(), 0u);
  return run_over(rule_text, rows, block);
}

std::vector<Judged> Lab::run_over(const std::string& rule_text, const std::vector<std::uint32_t>& rows, std::size_t block) {
  const auto rule = load(rule_text);
  if (!rule) throw std::runtime_error("the rule does not load:\n" + problems.render());
  Params params;
  for (const auto& spec : rule->info().params) params[spec.name] = spec.fallback;
  Budget budget(limits, 4);
  auto evaluator = Evaluator::make(*rule, params, world, limits, budget);
  if (!evaluator) throw std::runtime_error(evaluator.error().message);
  std::vector<Judged> out;
  measured.assign(rule->info().measure ? rule->info().measure->edges.size() + 1 : 0, Counts{});
  due.clear();
  for (std::size_t from = 0; from < rows.size(); from += block) {
    BlockResult result;
    (*evaluator)->evaluate(std::span(rows).subspan(from, std::min(block, rows.size() - from)), result);
    for (std::size_t bin = 0; bin < result.measured.size(); ++bin) measured[bin] += result.measured[bin];
    due.insert(due.end(), result.due.begin(), result.due.end());
    over_budget = result.over_budget;
    by_wall_time = result.by_wall_time;
    if (!over_budget.empty()) return {{Verdict::error, over_budget, "", {}}};
    std::size_t next_finding = 0;
    for (const VerdictRun& run : result.verdicts) {
      for (std::uint32_t i = 0; i < run.count; ++i) {
        Judged judged{run.verdict, result.reasons[run.reason], "", {}};
        if (run.verdict != Verdict::pass && run.verdict != Verdict::not_applicable) {
          judged.observed = result.findings[next_finding].observed;
          judged.measure = result.findings[next_finding++].measure;
        }
        out.push_back(std::move(judged));
      }
    }
  }
  return out;
}

}  // namespace muster::rule
