#include "rule/lint.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "rule/host_internal.h"
#include "rule/syntax.h"

namespace muster::rule {
namespace {

using snapshot::Dataset;

/// What is known of a value before the rule runs.
struct Type {
  enum class Kind : std::uint8_t { other, record, org, params, field } kind = Kind::other;
  Dataset dataset{};                                      // of record and field
  snapshot::FieldType field = snapshot::FieldType::text;  // of field
  std::string text;                                       // of field: "user.name"
};

struct Variable {
  std::string_view name;
  std::uint32_t token = 0;
  enum class Kind : std::uint8_t { parameter, local, loop } kind = Kind::local;
  Type type;
  bool is_read = false, is_assigned = false;
};

/// Names of Lua that rules do not have, and what to do instead.
constexpr std::pair<std::string_view, std::string_view> kInstead[] = {
    {"os", "rules have no clock and no environment: org.as_of is the only now"},
    {"io", "rules cannot touch files; what they may know is in their datasets"},
    {"next", "loop with pairs, whose order is always the same; `next` would follow the order of the memory"},
    {"pcall",
     "an error or a missing field decides the subject; say record:get(field, default) where it may be "
     "missing"},
    {"xpcall",
     "an error or a missing field decides the subject; say record:get(field, default) where it may be "
     "missing"},
    {"coroutine", "write a plain loop"},
    {"print",
     "give what you want to see as the reason or in observed; `muster rule explain` shows what a rule reads"},
    {"load", "rules cannot load code; put what is shared into lib/ and require it"},
    {"dofile", "rules cannot load code; put what is shared into lib/ and require it"},
    {"setmetatable", "a plain table or function will do"},
    {"getmetatable", "a plain table or function will do"},
    {"rawget", "a plain table or function will do"},
    {"rawset", "a plain table or function will do"},
    {"_G", "globals cannot be changed, so nothing is to be found there"},
    {"utf8", "string functions count bytes; compare whole words instead"},
    {"debug", "`muster rule explain` shows what a rule reads and runs"},
};

std::string_view instead_of(std::string_view name) {
  for (const auto& [word, hint] : kInstead)
    if (word == name) return hint;
  return {};
}

template <class Visit>
void for_each_api(const Visit& visit) {
  for (const ApiFunction& row : record_functions()) visit(row);
  for (const auto& unit : api_functions())
    for (const ApiFunction& row : unit) visit(row);
}

class Linter {
 public:
  Linter(const RuleInfo& info, const Syntax& syntax, RuleParts parts,
         std::initializer_list<std::string_view> more = {})
      : info_(info), syntax_(syntax), parts_(std::move(parts)) {
    globals_ = {"math", "null", "require", "string", "table"};
    globals_.insert(more);
    for_each_api([&](const ApiFunction& row) {
      if (row.scope.empty())
        globals_.insert(row.name);
      else
        members_[row.scope].insert(row.name);
    });
    members_["math"].insert({"maxinteger", "mininteger"});
  }

  std::vector<LintFinding> run() {
    find_check();
    open();
    block(*syntax_.chunk);
    close();
    check_end();
    declarations();
    std::stable_sort(out_.begin(), out_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<LintFinding> found;
    for (auto& [token, finding] : out_) found.push_back(std::move(finding));
    return found;
  }

 private:
  void add(std::uint32_t token, std::string_view code, std::string message, std::string hint = {}) {
    out_.emplace_back(
        token, LintFinding{code, std::move(message), std::move(hint), syntax_.place(info_.file, token)});
  }
  std::string_view word(const Node& node) const { return syntax_.word(node); }

  // ---- scopes ----
  void open() { scopes_.emplace_back(); }
  void declare(std::uint32_t token, Variable::Kind kind, Type type = {}) {
    const std::string_view name = syntax_.at(token).text;
    if (is_verdict_word(name))
      add(token, "hidden_verdict", fmt::format("`{0}` hides the verdict {0}()", name),
          "give it another name");
    scopes_.back().push_back({name, token, kind, std::move(type), false, false});
  }
  void close() {
    for (const Variable& variable : scopes_.back()) {
      if (variable.is_read || variable.name.starts_with('_')) continue;
      switch (variable.kind) {
        case Variable::Kind::parameter:
          add(variable.token, "unused_parameter",
              fmt::format("the parameter `{}` is not used", variable.name),
              "leave it out when it is the last, else call it `_`");
          break;
        case Variable::Kind::loop:
          add(variable.token, "unused_local",
              fmt::format("the loop variable `{}` is not used", variable.name), "call it `_`");
          break;
        case Variable::Kind::local:
          add(variable.token, "unused_local",
              fmt::format("`{}` is {}never read", variable.name, variable.is_assigned ? "assigned but " : ""),
              "take it away, or use it");
          break;
      }
    }
    scopes_.pop_back();
  }
  Variable* find(std::string_view name) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
      for (auto variable = scope->rbegin(); variable != scope->rend(); ++variable)
        if (variable->name == name) return &*variable;
    return nullptr;
  }

  // ---- check ----
  void find_check() {
    const Node* check = parts_.check;
    if (check && check->kind == NodeKind::name) {
      const std::string_view name = word(*check);
      check = nullptr;
      for (const auto& statement : syntax_.chunk->children) {
        if (statement->kind == NodeKind::local_function && word(*statement) == name)
          check = statement->children[0].get();
        if (statement->kind == NodeKind::local && statement->split == 1 && statement->children.size() == 2 &&
            word(*statement->children[0]) == name)
          check = statement->children[1].get();
      }
    }
    if (check && check->kind == NodeKind::function) check_ = check;
  }

  static bool always_ends(const Node& node, const Syntax& syntax) {
    switch (node.kind) {
      case NodeKind::block: return !node.children.empty() && always_ends(*node.children.back(), syntax);
      case NodeKind::give_back: return true;
      case NodeKind::do_block: return always_ends(*node.children[0], syntax);
      case NodeKind::expression:
        return node.children[0]->kind == NodeKind::call && syntax.word(*node.children[0]) == "error";
      case NodeKind::while_loop: return node.children[0]->kind == NodeKind::yes;
      case NodeKind::if_chain: {
        if (node.split == 0) return false;
        for (std::size_t i = 0; i < node.children.size(); ++i)
          if (node.children[i]->kind == NodeKind::block && !always_ends(*node.children[i], syntax))
            return false;
        return true;
      }
      default: return false;
    }
  }
  void check_end() {
    if (check_ && !always_ends(*check_->children.back(), syntax_))
      add(check_->last, "missing_verdict", "check can end here without a verdict",
          "end each branch with `return pass()`, fail(…), not_applicable(…) or unknown(…)");
  }

  // ---- what a name leads to ----
  static Type record(Dataset dataset) {
    Type type;
    type.kind = Type::Kind::record;
    type.dataset = dataset;
    return type;
  }
  bool is_readable(Dataset dataset) const {
    return info_.reads.must.contains(dataset) || info_.reads.may.contains(dataset);
  }

  /// A name on a record: checks that it is there and declared. `as_text`: named in quotes, as in
  /// is_null("name").
  Type on_record(const Type& owner, std::string_view name, std::uint32_t token, bool as_text) {
    const snapshot::DatasetSpec& spec = snapshot::spec_of(owner.dataset);
    if (const auto field = spec.field(name)) {
      if (!info_.reads.fields.contains({owner.dataset, *field}))
        add(token, "undeclared_read", fmt::format("{}.{} is read but not in `reads`", spec.name, name),
            fmt::format("add \"{}.{}\" to `reads`", spec.name, name));
      Type type;
      type.kind = Type::Kind::field;
      type.dataset = owner.dataset;
      type.field = spec.fields[*field].type;
      type.text = fmt::format("{}.{}", spec.singular, name);
      return type;
    }
    if (const auto relation = snapshot::find_relation(owner.dataset, name)) {
      const snapshot::RelationSpec& to = snapshot::relations()[*relation];
      if (!is_readable(to.to))
        add(token, "undeclared_read",
            fmt::format("{}.{} leads to {}, which is neither in `reads` nor in `may_read`", spec.singular,
                        name, snapshot::spec_of(to.to).name),
            fmt::format("add \"{}\" to one of them", snapshot::spec_of(to.to).name));
      return to.many ? Type{} : record(to.to);
    }
    if (!as_text && members_["handle"].contains(name)) return {};
    std::vector<std::string> names;
    for (const auto& field : spec.fields) names.emplace_back(field.name);
    for (const auto& relation : snapshot::relations())
      if (relation.from == owner.dataset) names.emplace_back(relation.name);
    for (const std::string_view method : members_["handle"]) names.emplace_back(method);
    const auto near = nearest_name(name, names);
    add(token, "unknown_field", fmt::format("{} has no field '{}'", spec.singular, name),
        near ? fmt::format("did you mean '{}'?", *near)
             : fmt::format("muster snapshot schema {} lists them", spec.name));
    return {};
  }

  Type on_params(std::string_view name, std::uint32_t token) {
    if (std::none_of(info_.params.begin(), info_.params.end(),
                     [&](const ParamSpec& spec) { return spec.name == name; })) {
      std::vector<std::string> names;
      for (const ParamSpec& spec : info_.params) names.push_back(spec.name);
      const auto near = nearest_name(name, names);
      add(token, "unknown_parameter", fmt::format("the rule has no parameter '{}'", name),
          near ? fmt::format("did you mean '{}'?", *near) : "declare it in `params`");
    }
    return {};
  }

  /// The records that a loop over this expression gives, in the order of its variables.
  std::vector<Type> loop_types(const Node& node) {
    if (node.kind != NodeKind::method) return {};
    const Type owner = types_[&node.children[0]->token];
    const std::string_view name = word(node);
    if (owner.kind == Type::Kind::org) {
      if (const auto* spec = snapshot::find_dataset(name)) return {record(spec->dataset)};
      return {};
    }
    if (owner.kind != Type::Kind::record) return {};
    if (owner.dataset == Dataset::workspaces && name == "members")
      return {record(Dataset::users), record(Dataset::workspace_members)};
    if (owner.dataset == Dataset::groups && name == "members")
      return {record(Dataset::users), record(Dataset::group_members)};
    if (owner.dataset == Dataset::users && name == "workspaces")
      return {record(Dataset::workspaces), record(Dataset::workspace_members)};
    if (owner.dataset == Dataset::users && name == "groups")
      return {record(Dataset::groups), record(Dataset::group_members)};
    if (const auto relation = snapshot::find_relation(owner.dataset, name);
        relation && snapshot::relations()[*relation].many)
      return {record(snapshot::relations()[*relation].to)};
    return {};
  }

  // ---- expressions ----
  void use_global(std::uint32_t token) {
    const std::string_view name = syntax_.at(token).text;
    if (globals_.contains(name)) return;
    std::string hint(instead_of(name));
    if (hint.empty()) {
      std::vector<std::string> names;
      for (const std::string_view global : globals_) names.emplace_back(global);
      for (const auto& scope : scopes_)
        for (const Variable& variable : scope) names.emplace_back(variable.name);
      const auto near = nearest_name(name, names);
      hint = near ? fmt::format("did you mean '{}'?", *near) : "make it `local`";
    }
    add(token, "unknown_global", fmt::format("unknown global '{}'", name), std::move(hint));
  }

  void never_nil(const Node& node, const Type& type) {
    if (type.kind == Type::Kind::record) {
      add(node.first, "never_nil", "this record is never nil: where it leads nowhere, the subject is unknown",
          "ask record:is_null(\"relation\"), is_absent or is_dangling before");
      return;
    }
    add(node.first, "never_nil",
        fmt::format("{} is never nil: where it is null or absent, the subject is unknown", type.text),
        "say what is meant: record:is_null(\"field\"), record:is_absent(\"field\"), or record:get(\"field\", "
        "default)");
  }
  static bool is_always_true(const Type& type) {
    return type.kind == Type::Kind::record ||
           (type.kind == Type::Kind::field && type.field != snapshot::FieldType::boolean &&
            type.field != snapshot::FieldType::json);
  }
  /// A place where only true and false differ.
  void as_condition(const Node& node, const Type& type) {
    if (is_always_true(type)) never_nil(node, type);
  }

  Type expression(const Node& node) {
    const Type type = expression_type(node);
    types_[&node.token] = type;
    return type;
  }

  Type expression_type(const Node& node) {
    switch (node.kind) {
      case NodeKind::name: {
        Variable* variable = find(word(node));
        if (!variable) {
          use_global(node.token);
          if (is_verdict_word(word(node)))
            add(node.token, "verdict_as_value",
                fmt::format("{}() is handed on as a value, so coverage cannot see where it is made",
                            word(node)),
                "call it where the verdict is made");
          return {};
        }
        variable->is_read = true;
        return variable->type;
      }
      case NodeKind::function: function(node); return {};
      case NodeKind::group: return expression(*node.children[0]);
      case NodeKind::index_name: {
        const Node& owner = *node.children[0];
        const std::string_view name = word(node);
        if (owner.kind == NodeKind::name && !find(word(owner)) && members_.contains(word(owner))) {
          const auto& members = members_[word(owner)];
          if (!members.contains(name)) {
            const std::vector<std::string_view> names(members.begin(), members.end());
            const auto near = nearest_name(name, names);
            std::string hint = near ? fmt::format("did you mean '{}.{}'?", word(owner), *near) : "";
            if (word(owner) == "math" && name.starts_with("random"))
              hint = "two runs on the same inputs must give the same verdicts";
            add(node.token, "unknown_member", fmt::format("{} has no '{}' here", word(owner), name),
                std::move(hint));
          }
          return {};
        }
        const Type type = expression(owner);
        if (type.kind == Type::Kind::record) return on_record(type, name, node.token, false);
        if (type.kind == Type::Kind::params) return on_params(name, node.token);
        return {};
      }
      case NodeKind::method: {
        const Type type = expression(*node.children[0]);
        for (std::size_t i = 1; i < node.children.size(); ++i) expression(*node.children[i]);
        const std::string_view name = word(node);
        if (type.kind != Type::Kind::record) return {};
        const bool names_field = name == "is_null" || name == "is_absent" || name == "get" ||
                                 name == "is_dangling" || name == "count" || name == "is_before" || name == "fits" || name == "keys_of" ||
                                 name == "is_after";
        if (names_field && node.children.size() > 1 && node.children[1]->kind == NodeKind::text) {
          if (const auto field = text_value(word(*node.children[1])))
            on_record(type, *field, node.children[1]->token, true);
        } else if (!names_field) {
          on_record(type, name, node.token, false);
        }
        return {};
      }
      case NodeKind::call: {
        const Node& callee = *node.children[0];
        if (callee.kind == NodeKind::name && is_verdict_word(word(callee)) && !find(word(callee))) {
          // the ordinary way of making a verdict
        } else {
          expression(callee);
        }
        for (std::size_t i = 1; i < node.children.size(); ++i) expression(*node.children[i]);
        return {};
      }
      case NodeKind::unary: {
        const Type type = expression(*node.children[0]);
        if (word(node) == "not") as_condition(*node.children[0], type);
        return {};
      }
      case NodeKind::binary: {
        const Type left = expression(*node.children[0]), right = expression(*node.children[1]);
        const std::string_view op = word(node);
        if (op == "==" || op == "~=") {
          const bool left_nil = node.children[0]->kind == NodeKind::nil,
                     right_nil = node.children[1]->kind == NodeKind::nil;
          const Node& other = left_nil ? *node.children[1] : *node.children[0];
          const Type& type = left_nil ? right : left;
          if ((left_nil || right_nil) && (type.kind == Type::Kind::field || type.kind == Type::Kind::record))
            never_nil(other, type);
          else if ((left_nil || right_nil) && other.kind == NodeKind::index_name &&
                   types_[&other.children[0]->token].kind == Type::Kind::params)
            add(other.first, "never_nil",
                "a parameter is never nil: it has the policy's value or its default",
                "compare with the default");
        } else if (op == "and" || op == "or") {
          as_condition(*node.children[0], left);
        }
        return {};
      }
      case NodeKind::table:
        for (const auto& item : node.children)
          for (const auto& part : item->children) expression(*part);
        return {};
      default:
        for (const auto& child : node.children) expression(*child);
        return {};
    }
  }

  void function(const Node& node) {
    open();
    std::size_t number = 0;
    for (const auto& child : node.children) {
      if (child->kind != NodeKind::parameter) continue;
      Type type;
      if (&node == check_) {
        if (number == 0) type = record(snapshot::find_subject(info_.subject)->dataset);
        if (number == 1) type.kind = Type::Kind::org;
        if (number == 2) type.kind = Type::Kind::params;
      }
      declare(child->token, Variable::Kind::parameter, std::move(type));
      ++number;
    }
    block(*node.children.back());
    close();
  }

  // ---- statements ----
  void block(const Node& node) {
    for (const auto& child : node.children) statement(*child);
  }
  void scoped(const Node& node) {
    open();
    block(node);
    close();
  }
  void condition(const Node& node) { as_condition(node, expression(node)); }

  void statement(const Node& node) {
    switch (node.kind) {
      case NodeKind::local: {
        std::vector<Type> types;
        for (std::size_t i = node.split; i < node.children.size(); ++i)
          types.push_back(expression(*node.children[i]));
        for (std::size_t i = 0; i < node.split; ++i)
          declare(node.children[i]->token, Variable::Kind::local, i < types.size() ? types[i] : Type{});
        return;
      }
      case NodeKind::local_function:
        declare(node.token, Variable::Kind::local);
        expression(*node.children[0]);
        return;
      case NodeKind::function_statement:
        target(*node.children[0]);
        expression(*node.children[1]);
        return;
      case NodeKind::assign:
        for (std::size_t i = node.split; i < node.children.size(); ++i) expression(*node.children[i]);
        for (std::size_t i = 0; i < node.split; ++i) target(*node.children[i]);
        return;
      case NodeKind::expression:
        expression(*node.children[0]);
        if (node.children[0]->kind == NodeKind::call &&
            node.children[0]->children[0]->kind == NodeKind::name &&
            is_verdict_word(word(*node.children[0]->children[0])))
          add(node.first, "dropped_verdict", "this verdict is made and dropped", "write `return` before it");
        return;
      case NodeKind::if_chain:
        for (const auto& child : node.children) {
          if (child->kind == NodeKind::block)
            scoped(*child);
          else
            condition(*child);
        }
        return;
      case NodeKind::while_loop:
        condition(*node.children[0]);
        scoped(*node.children[1]);
        return;
      case NodeKind::do_block: scoped(*node.children[0]); return;
      case NodeKind::repeat_loop:
        open();
        block(*node.children[0]);
        condition(*node.children[1]);
        close();
        return;
      case NodeKind::number_loop:
        for (std::size_t i = 1; i + 1 < node.children.size(); ++i) expression(*node.children[i]);
        open();
        declare(node.children[0]->token, Variable::Kind::loop);
        block(*node.children.back());
        close();
        return;
      case NodeKind::each_loop: {
        for (std::size_t i = node.split; i + 1 < node.children.size(); ++i) expression(*node.children[i]);
        const std::vector<Type> types =
            node.split < node.children.size() ? loop_types(*node.children[node.split]) : std::vector<Type>();
        open();
        for (std::size_t i = 0; i < node.split; ++i)
          declare(node.children[i]->token, Variable::Kind::loop, i < types.size() ? types[i] : Type{});
        block(*node.children.back());
        close();
        return;
      }
      default:
        for (const auto& child : node.children) expression(*child);
        return;
    }
  }

  void target(const Node& node) {
    if (node.kind != NodeKind::name) {
      expression(node);
      return;
    }
    Variable* variable = find(word(node));
    if (!variable) {
      add(node.token, "unknown_global", fmt::format("assignment to the global '{}'", word(node)),
          "use `local`");
      return;
    }
    variable->is_assigned = true;
    variable->type = {};
  }

  // ---- what is declared and not used ----
  const Node* described(std::string_view key) const {
    if (!parts_.table) return nullptr;
    for (const auto& item : parts_.table->children)
      if (item->kind == NodeKind::named_item && word(*item) == key &&
          item->children[0]->kind == NodeKind::table)
        return item->children[0].get();
    return nullptr;
  }

  std::set<std::string, std::less<>> mentioned() const {
    std::set<std::string, std::less<>> names;
    for (std::uint32_t i = 0; i < syntax_.tokens.size(); ++i) {
      if (!parts_.is_code[i]) continue;
      const Token& token = syntax_.at(i);
      if (token.kind == TokenKind::name) names.emplace(token.text);
      if (token.kind == TokenKind::text)
        if (const auto value = text_value(token.text)) names.insert(*value);
    }
    return names;
  }

  bool is_dataset_used(Dataset dataset, const std::set<std::string, std::less<>>& names) const {
    const snapshot::DatasetSpec& spec = snapshot::spec_of(dataset);
    if (names.contains(spec.name) || names.contains("members") || names.contains("workspaces") ||
        names.contains("groups"))
      return true;
    for (const auto& relation : snapshot::relations())
      if ((relation.to == dataset || relation.from == dataset) && names.contains(relation.name)) return true;
    return std::any_of(spec.fields.begin(), spec.fields.end(),
                       [&](const auto& field) { return names.contains(field.name); });
  }

  void declarations() {
    const auto names = mentioned();
    // With a library, a name may be used in the other file.
    const bool uses_library = names.contains("require");
    for (const std::string_view key : {"reads", "may_read"}) {
      const Node* list = described(key);
      if (!list || uses_library) continue;
      for (const auto& item : list->children) {
        const Node& value = *item->children.back();
        const auto text = value.kind == NodeKind::text ? text_value(word(value)) : std::nullopt;
        if (!text) continue;
        const std::size_t dot = text->find('.');
        const auto* spec = snapshot::find_dataset(std::string_view(*text).substr(0, dot));
        if (!spec) continue;
        const bool is_subject = spec->dataset == snapshot::find_subject(info_.subject)->dataset;
        const std::string_view field =
            dot == std::string::npos ? std::string_view() : std::string_view(*text).substr(dot + 1);
        // The key stands for the dataset: a rule that follows a relation needs the records and no field of
        // them.
        const bool is_whole = field.empty() || field == spec->key;
        const bool is_used =
            names.contains(field) || (is_whole && (is_subject || is_dataset_used(spec->dataset, names)));
        if (!is_used)
          add(value.token, "unused_read", fmt::format("{} is in `{}` and never read", *text, key),
              "where it is missing, the rule is undecided for nothing: take it away");
      }
    }
    if (const Node* list = described("params"); list && !uses_library)
      for (const auto& item : list->children)
        if (item->kind == NodeKind::named_item && !names.contains(word(*item)))
          add(item->token, "unused_policy_parameter",
              fmt::format("the parameter '{}' is declared and never used", word(*item)),
              "a policy that sets it would change nothing");
  }

  const RuleInfo& info_;
  const Syntax& syntax_;
  RuleParts parts_;
  const Node* check_ = nullptr;
  std::set<std::string_view> globals_;
  std::map<std::string_view, std::set<std::string_view>> members_;
  std::vector<std::vector<Variable>> scopes_;
  std::map<const std::uint32_t*, Type> types_;  // by expression (the address of its token)
  std::vector<std::pair<std::uint32_t, LintFinding>> out_;
};

}  // namespace

std::vector<LintFinding> lint_rule(const Rule& rule) {
  const auto syntax = parse_syntax(rule.source(), rule.info().file);
  if (!syntax) return {{"syntax", syntax.error().message, {}, syntax.error().place}};
  return Linter(rule.info(), *syntax, find_parts(*syntax)).run();
}

std::vector<LintFinding> lint_text(std::string_view text, const std::string& file, LintKind kind) {
  const auto syntax = parse_syntax(text, file);
  if (!syntax) return {{"syntax", syntax.error().message, {}, syntax.error().place}};
  RuleInfo info;
  info.file = file;
  switch (kind) {
    case LintKind::library: return Linter(info, *syntax, library_parts(*syntax)).run();
    case LintKind::spec:
      return Linter(info, *syntax, library_parts(*syntax), {"describe", "it", "before_each", "judge"}).run();
  }
  return {};
}

}  // namespace muster::rule
