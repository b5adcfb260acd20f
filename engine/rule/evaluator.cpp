#include "rule/evaluator.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "base/text.h"
#include "rule/host_internal.h"

namespace muster::rule {

using snapshot::Dataset;

void Host::begin_subject() {
  ++epoch;
  handles_used = 0;
  sticky = Sticky::none;
  verdicts_made = 0;
  measure.reset();
  due.reset();
  used = 0;
  reads.clear();
  read_more = false;
  hook_calls = 0;
  if (!reason.empty()) reason.clear();
  if (!observed.empty()) observed.clear();
  if (!expected.empty()) expected.clear();
  if (!related.empty()) related.clear();
  if (!rows.empty()) rows.clear();
  if (!queries.empty()) queries.clear();
  if (!loops.empty()) loops.clear();
}

struct Evaluator::Impl {
  Host host;
  Params params;
  Limits limits;
  Budget* budget = nullptr;
  Trace* trace = nullptr;
  StatePtr state;
  Dataset subject{};
  // The block in work.
  std::span<const std::uint32_t> rows;
  std::size_t next = 0;
  BlockResult* out = nullptr;
  std::unordered_map<std::string, std::uint32_t> reasons;
  std::uint64_t block = 0;  // its number
  Memo memo;
  std::uint64_t calls = 0;
  std::uint64_t spent = 0;  // instructions that the budget has not been told of

  static int prepare(lua_State* L);
  static int run(lua_State* L);
  bool spend(std::uint64_t instructions);
  std::uint32_t index_of(const std::string& reason);
  void record(Verdict verdict, const std::string& reason) { record(verdict, reason, index_of(reason)); }
  void record(Verdict verdict, const std::string& reason, std::uint32_t index);
  void forget_evidence();
  bool recall();
  void finish_subject();
  void fail_subject(lua_State* L);
};

namespace {

/// Loads the rule's text again and leaves its check, frozen, on the stack. (load_rule has shown that this works.)
void push_check(Host& host, const Rule& rule) {
  lua_State* L = host.state;
  set_null_visible(host, true);
  if (load_chunk(host, rule.source(), "@" + rule.info().file) != LUA_OK) lua_error(L);
  lua_call(L, 0, 1);
  set_null_visible(host, false);
  lua_getfield(L, -1, "check");
  lua_remove(L, -2);
  freeze_function(host);
}

}  // namespace

int Evaluator::Impl::prepare(lua_State* L) {
  auto* self = static_cast<Impl*>(lua_touserdata(L, 1));
  const auto* rule = static_cast<const Rule*>(lua_touserdata(L, 2));
  Host& host = self->host;
  const snapshot::World* world = host.world;
  host.world = nullptr;  // the file's own code runs as it does at load: without a world
  push_check(host, *rule);
  host.check_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  host.world = world;
  make_views(host, self->params);
  install_org(L);
  if (self->trace && self->trace->wants_reads) install_read_trace(L);
  auto* token = static_cast<Tag*>(lua_newuserdatauv(L, sizeof(Tag), 0));
  *token = Tag::verdict;
  host.verdict_token = token;
  host.verdict_token_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

Limits limits_for(const Rule& rule, const snapshot::World& world, const Limits& limits) {
  std::uint64_t rows = 0;
  for (const auto* datasets : {&rule.info().reads.must, &rule.info().reads.may})
    for (const Dataset dataset : *datasets)
      if (const snapshot::Table* table = world.table(dataset)) rows += table->rows();
  Limits out = limits;
  out.subject_instructions = std::max(out.subject_instructions, kInstructionsPerRow * rows);
  out.rule_instructions_floor = std::max(out.rule_instructions_floor, 4 * kInstructionsPerRow * rows);
  return out;
}

Evaluator::Evaluator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Evaluator::~Evaluator() = default;
std::uint64_t Evaluator::calls() const { return impl_->calls; }

Result<std::unique_ptr<Evaluator>> Evaluator::make(const Rule& rule, const Params& params, const snapshot::World& world, const Limits& limits,
                                                   Budget& budget, Trace* trace) {
  auto impl = std::make_unique<Impl>();
  impl->params = params;
  impl->limits = limits;
  impl->budget = &budget;
  impl->trace = trace;
  const snapshot::DatasetSpec* subject = snapshot::find_subject(rule.info().subject);
  impl->subject = subject->dataset;
  Host& host = impl->host;
  host.rule = &rule.info();
  host.library = &rule.library();
  host.world = &world;
  host.subject = subject->dataset;
  host.limits = &impl->limits;
  host.memory_limit = limits.memory_bytes;
  host.subject_limit = limits.subject_instructions;
  impl->state = make_state(host);
  if (!impl->state) return fail(ErrorCode::internal, "no memory for the rule " + rule.info().id);
  lua_State* L = impl->state.get();
  lua_pushcfunction(L, guarded<Impl::prepare>);
  lua_pushlightuserdata(L, impl.get());
  lua_pushlightuserdata(L, const_cast<Rule*>(&rule));
  host.begin_subject();
  if (call_protected(host, 2, 0) != LUA_OK) {
    const std::string message = host.over_budget.empty() ? text_of(L, -1) : host.over_budget;
    return fail(ErrorCode::internal, "the rule " + rule.info().id + " loads no more: " + message);
  }
  host.budget = &budget;
  host.trace = trace;
  return std::unique_ptr<Evaluator>(new Evaluator(std::move(impl)));
}

// The budget is shared between workers, so it is told of instructions by the million, and of the rest at the end of a block.
bool Evaluator::Impl::spend(std::uint64_t instructions) {
  constexpr std::uint64_t kTogether = 1'000'000;
  spent += instructions;
  if (spent < kTogether) return true;
  return budget->take(std::exchange(spent, 0));
}

std::uint32_t Evaluator::Impl::index_of(const std::string& reason) {
  if (reason.empty()) return 0;
  const auto [found, is_new] = reasons.try_emplace(reason, static_cast<std::uint32_t>(out->reasons.size()));
  if (is_new) out->reasons.push_back(reason);
  return found->second;
}

// Decides the next subject from memory; false when the rule must be called.
bool Evaluator::Impl::recall() {
  host.paths.begin(rows[next]);
  Outcome* outcome = memo.find(host.paths);
  if (!outcome) return false;
  if (outcome->block != block) {
    outcome->block = block;
    outcome->reason_index = index_of(outcome->reason);
  }
  host.measure = outcome->measure;
  host.due = outcome->due;
  if (outcome->verdict != Verdict::pass && outcome->verdict != Verdict::not_applicable) {
    host.observed = outcome->observed;
    host.expected = outcome->expected;
  }
  record(outcome->verdict, outcome->reason, outcome->reason_index);
  host.used = outcome->instructions;
  return true;
}

void Evaluator::Impl::forget_evidence() {
  host.observed.clear();
  host.expected.clear();
  host.related.clear();
  host.rows.clear();
}

void Evaluator::Impl::record(Verdict verdict, const std::string& reason, std::uint32_t index) {
  if (!out->verdicts.empty() && out->verdicts.back().verdict == verdict && out->verdicts.back().reason == index) {
    ++out->verdicts.back().count;
  } else {
    out->verdicts.push_back({1, verdict, index});
  }
  if (host.measure && (verdict == Verdict::pass || verdict == Verdict::fail))
    ++out->measured[host.rule->measure->bin_of(*host.measure)][verdict];
  if (verdict == Verdict::pass && host.due) out->due.push_back({rows[next], *host.due});
  if (verdict == Verdict::pass || verdict == Verdict::not_applicable) {
    forget_evidence();  // no finding takes it, and the next one is another subject's
    return;
  }
  Finding finding;
  if (verdict == Verdict::fail) finding.measure = host.measure;
  finding.subject = rows[next];
  finding.verdict = verdict;
  finding.reason = reason;
  finding.observed = std::move(host.observed);
  finding.expected = std::move(host.expected);
  finding.related = std::move(host.related);
  host.observed.clear();
  host.expected.clear();
  host.related.clear();
  if (static_cast<std::size_t>(subject) < snapshot::kCollectedCount) {
    const snapshot::Table& table = *host.world->table(subject);
    finding.rows.push_back({std::string(table.spec().name), table.line(rows[next]), table.request(rows[next])});
  }
  for (RawRow& row : host.rows) finding.rows.push_back(std::move(row));
  host.rows.clear();
  out->findings.push_back(std::move(finding));
}

// One subject is done without an error: exactly one verdict was made, and it is what check returned.
void Evaluator::Impl::finish_subject() {
  lua_State* L = state.get();
  static const std::string kNothing = "check returned no verdict; end each branch with `return pass()`, fail(…), not_applicable(…) or unknown(…)";
  if (host.sticky != Sticky::none) {
    record(host.sticky == Sticky::unknown ? Verdict::unknown : Verdict::error, host.sticky_reason);
  } else if (host.verdicts_made == 1 && lua_touserdata(L, -1) == host.verdict_token) {
    if (!host.read_more && host.related.empty() && host.rows.empty())
      memo.learn(host.reads,
                 {host.verdict, host.reason, host.observed, host.expected, host.measure, host.due, host.used, 0, 0});
    record(host.verdict, host.reason);
  } else {
    forget_evidence();
    const std::string at = host.rule->file + ": ";
    if (host.verdicts_made == 1) record(Verdict::error, at + "check made a verdict and dropped it; write `return` before it");
    else record(Verdict::error, at + kNothing);
  }
}

int Evaluator::Impl::run(lua_State* L) {
  auto* self = static_cast<Impl*>(lua_touserdata(L, 1));
  Host& host = self->host;
  lua_settop(L, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.check_ref);
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.org_ref);
  lua_rawgeti(L, LUA_REGISTRYINDEX, host.params_ref);
  while (self->next < self->rows.size()) {
    // A subject that asked for very many handles leaves none behind, or the memory of the next would depend on it.
    if (host.handles_used > 4096) {
      lua_newtable(L);
      lua_rawseti(L, LUA_REGISTRYINDEX, host.pool_ref);
    }
    if (!self->recall()) {
      host.begin_subject();
      host.subject_row = self->rows[self->next];
      ++self->calls;
      rearm_hook(L);
      lua_pushvalue(L, 1);
      push_subject(L);
      lua_pushvalue(L, 2);
      lua_pushvalue(L, 3);
      lua_call(L, 3, 1);
      self->finish_subject();
      lua_settop(L, 3);
    }
    if (!self->spend(host.used)) {
      host.over_budget = "over budget: more than " + std::to_string(host.budget->limit()) + " instructions for the rule";
      return 0;
    }
    ++self->next;
  }
  return 0;
}

// The running subject ended in an error; the sticky outcome decides, else the message.
void Evaluator::Impl::fail_subject(lua_State* L) {
  forget_evidence();
  std::string reason;
  Verdict verdict = Verdict::error;
  if (host.sticky == Sticky::none) {
    reason = lua_type(L, -1) == LUA_TSTRING ? text_of(L, -1) : "error: " + std::string(kind_of(L, -1)) + " raised";
  } else {
    reason = host.sticky_reason;
    if (host.sticky == Sticky::unknown) verdict = Verdict::unknown;
  }
  if (reason.size() > limits.message_bytes) reason = std::string(utf8_prefix(reason, limits.message_bytes));
  record(verdict, reason);
}

void Evaluator::evaluate(std::span<const std::uint32_t> rows, BlockResult& out) {
  Impl& impl = *impl_;
  Host& host = impl.host;
  lua_State* L = impl.state.get();
  impl.rows = rows;
  impl.next = 0;
  impl.out = &out;
  impl.reasons.clear();
  ++impl.block;
  if (host.rule->measure) out.measured.resize(host.rule->measure->edges.size() + 1);
  while (impl.next < rows.size()) {
    lua_settop(L, 0);
    lua_pushcfunction(L, Impl::run);
    lua_pushlightuserdata(L, &impl);
    const int status = call_protected(host, 1, 0);
    if (!host.over_budget.empty()) {
      out.over_budget = host.over_budget;
      out.by_wall_time = host.by_wall_time;
      impl.budget->cancel();
      return;
    }
    if (status == LUA_OK) break;
    impl.fail_subject(L);
    if (!impl.spend(host.used)) {
      out.over_budget = "over budget: more than " + std::to_string(impl.budget->limit()) + " instructions for the rule";
      impl.budget->cancel();
      return;
    }
    ++impl.next;
  }
  if (!impl.budget->take(std::exchange(impl.spent, 0))) {
    out.over_budget = "over budget: more than " + std::to_string(impl.budget->limit()) + " instructions for the rule";
    impl.budget->cancel();
  }
}

}  // namespace muster::rule
