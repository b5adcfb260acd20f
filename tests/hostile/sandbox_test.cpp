// Rules that mean harm: to run for ever, to eat all memory, to reach out of the sandbox, to remember the last subject, to pass by a trick. Each ends within its
// budget, says which file and line, and leaves the other rules alone.
#include <gmock/gmock.h>

#include "rule/lab.h"

namespace muster::rule {
namespace {

using testing::HasSubstr;

std::string over_budget(const std::string& check, const std::string& head = "", const std::string& more = "") {
  Lab lab;
  lab.limits.subject_instructions = 1'000'000;
  lab.limits.memory_bytes = 16u << 20;
  const auto judged = lab.run(Lab::text(check, head, more));
  return lab.over_budget.empty() ? "ended by itself: " + judged.front().reason : lab.over_budget;
}

TEST(Budget, LoopsEnd) {
  const std::string spent = "over budget: more than 1000000 instructions for one subject";
  EXPECT_EQ(over_budget("while true do end"), "rules/lab/rule.lua:11: " + spent);
  EXPECT_EQ(over_budget("repeat until false"), "rules/lab/rule.lua:11: " + spent);
  EXPECT_EQ(over_budget("for i = 1, 1e15 do end"), "rules/lab/rule.lua:11: " + spent);
  EXPECT_EQ(over_budget("::again:: goto again"), "rules/lab/rule.lua:11: " + spent);
  EXPECT_THAT(over_budget("local function f() return f() end return f()"), HasSubstr(spent));
  EXPECT_THAT(over_budget("for i = 1, 1e15 do local t = org:count('users') end"), HasSubstr(spent));
  EXPECT_THAT(over_budget("for i = 1, 1e15 do local s = ('x'):rep(1000) end"), HasSubstr(spent));
  EXPECT_THAT(over_budget("local t = {} for i = 1, 100000 do t[i] = i end table.sort(t, function() while true do end end)"), HasSubstr(spent));
}

TEST(Budget, HostFunctionsPayForTheirWork) {
  for (const char* check : {
           "local s = ('a'):rep(1000000) for i = 1, 1e9 do local _ = s:upper() end",
           "local s = ('a'):rep(1000000) for i = 1, 1e9 do local _ = s:find('b') end",
           "local s = ('a'):rep(1000000) for i = 1, 1e9 do local _ = s:fold() end",
           "local s = ('a'):rep(100000) for i = 1, 1e9 do local _ = s:glob(('*a'):rep(100) .. 'b') end",
           "local s = ('a'):rep(100000) for i = 1, 1e9 do local _ = s:split('a') end",
           "local t = {} for i = 1, 50000 do t[i] = 'x' end for i = 1, 1e9 do local _ = table.concat(t) end",
           "local t = {} for i = 1, 50000 do t[i] = i end for i = 1, 1e9 do for k in pairs(t) do break end end",
           "local t = {} for i = 1, 50000 do t[i] = i end for i = 1, 1e9 do table.insert(t, 1, 0) end",
           "for i = 1, 1e9 do for u in org:users() do end end",
           "for i = 1, 1e9 do local _ = key.workspace:members('effective')() end",
           "for i = 1, 1e9 do local _ = string.format('%99d', 1) end",
       })
    EXPECT_THAT(over_budget(check), HasSubstr("over budget: more than")) << check;
}

TEST(Budget, QuestionsOfRecordsPayForTheirWork) {
  const std::string list = "  params = { l = { type = 'string_list', default = { 'x*=' .. ('*?'):rep(40) }, doc = 'd' } },\n";
  for (const char* check : {
           "for i = 1, 1e9 do local _ = key:fits('name', params.l) end",
           "for i = 1, 1e9 do local _ = key:keys_of('name', params.l) end",
           "for i = 1, 1e9 do local _ = key.creator:count('memberships', { workspace_role = 'workspace_user' }) end",
           "for i = 1, 1e9 do for _ in key.creator:workspaces() do end end",
       })
    EXPECT_THAT(over_budget(check, "", list), HasSubstr("over budget: more than")) << check;
}

TEST(Budget, TextsOfNoUseAreRefused) {
  Lab lab;
  EXPECT_THAT(lab.first("return pass(('x'):rep(1e18))").reason, HasSubstr("string.rep would make more than 1048576 bytes"));
  EXPECT_THAT(lab.first("return pass((''):rep(1e18) .. 'done')").reason, HasSubstr("done"));
  EXPECT_THAT(lab.first("return pass(string.rep('x', 1e18))").reason, HasSubstr("string.rep would make more than"));
  EXPECT_THAT(lab.first("return pass(string.format('%999d', 1))").reason, HasSubstr("width has at most two digits"));
  EXPECT_THAT(over_budget("return fail(('x'):rep(100000))"), HasSubstr("over budget: a reason of more than 4096 bytes"));
  EXPECT_THAT(over_budget("return fail('x', { a = ('x'):rep(100000) })"), HasSubstr("bytes in one finding"));
}

TEST(Budget, MemoryEnds) {
  for (const char* check : {
           "local t = {} for i = 1, 1e9 do t[i] = {} end",
           "local s = 'x' while true do s = s .. s end",
           "local t = {} while true do t = { t, t } end",
           "local t = {} for i = 1, 1e9 do t[i] = function() return i end end",
           "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000000) .. i end",
       }) {
    Lab lab;
    lab.limits.memory_bytes = 8u << 20;
    lab.limits.subject_instructions = 100'000'000;
    lab.run(Lab::text(check));
    EXPECT_EQ(lab.over_budget, "over budget: more than 8 MiB of memory") << check;
  }
}

TEST(Budget, DeepRecursionIsAnErrorOfTheSubject) {
  Lab lab;
  const auto judged = lab.run(Lab::text("local function f(n) return 1 + f(n + 1) end return pass(tostring(f(1)))"));
  EXPECT_EQ(judged.front().verdict, Verdict::error);
  const auto nested = lab.run(Lab::text("local t = {} for i = 1, 300 do t = { t } end return fail('x', t)"));
  EXPECT_EQ(nested.front().verdict, Verdict::error);
}

TEST(Budget, OfTheWholeRule) {
  Lab lab;
  lab.limits.mean_instructions = 1000;
  lab.limits.rule_instructions_floor = 100'000;
  lab.run(Lab::text("for i = 1, 30000 do end return pass()"));
  EXPECT_EQ(lab.over_budget, "over budget: more than 104000 instructions for the rule");
}

TEST(Budget, GarbageIsNotMemory) {
  Lab lab;
  lab.limits.memory_bytes = 4u << 20;
  lab.limits.subject_instructions = 100'000'000;
  EXPECT_EQ(lab.run(Lab::text("for i = 1, 200000 do local t = { i } end return pass()")).front().verdict, Verdict::pass);
}

TEST(Budget, AtLoadToo) {
  Lab lab;
  EXPECT_EQ(lab.load("while true do end"), nullptr);
  EXPECT_THAT(lab.problems.errors().front().message, HasSubstr("over budget"));
  EXPECT_EQ(lab.load("local t = {} while true do t = { t } end"), nullptr);
  EXPECT_EQ(lab.load("return " + std::string(5000, '{') + std::string(5000, '}')), nullptr);
  EXPECT_EQ(lab.load("return " + std::string(5000, '(') + "1" + std::string(5000, ')')), nullptr);
}

TEST(Reach, OnlyTheAllowListIsThere) {
  Lab lab;
  // Every name of the stock libraries that must not be there.
  for (const char* name : {"io", "os", "debug", "package", "coroutine", "utf8", "load", "loadstring", "loadfile", "dofile", "pcall", "xpcall", "collectgarbage", "setmetatable", "getmetatable",
                           "rawget", "rawset", "rawequal", "rawlen", "next", "print", "warn", "_G", "_VERSION", "null", "unpack", "module", "setfenv", "getfenv", "newproxy"})
    EXPECT_THAT(lab.first("local x = " + std::string(name) + " return pass()").reason, HasSubstr("unknown global '" + std::string(name) + "'")) << name;
  for (const char* name : {"string.dump", "string.gmatch", "string.pack", "table.move", "table.pack", "math.random", "math.randomseed"}) {
    const Judged judged = lab.first("return " + std::string(name) + " == nil and pass() or fail('there')");
    if (std::string(name) == "string.gmatch") EXPECT_THAT(lab.first("return string.gmatch('a', 'a')").reason, HasSubstr("is not available"));
    else EXPECT_EQ(judged.verdict, Verdict::pass) << name;
  }
}

TEST(Reach, TheEnvironmentHoldsExactlyThis) {
  Lab lab;
  lab.library["list"] = "return 1";
  // The allow-list: a new global must be added here, on purpose.
  std::string names;
  for (const char* name : {"assert", "before", "days", "days_since", "days_until", "error", "fail", "hours", "ipairs", "math", "not_applicable", "pairs", "pass", "pass_until", "require", "select", "string",
                           "table", "time", "tonumber", "tostring", "type", "unknown"})
    names += std::string("local _ = ") + name + "\n";
  EXPECT_EQ(lab.run(Lab::text(names + "return pass()")).front().verdict, Verdict::pass);
}

TEST(Reach, LibrariesCannotBeChanged) {
  Lab lab;
  EXPECT_THAT(lab.first("string.upper = function() return 'x' end return pass(('a'):upper())").reason, HasSubstr("cannot assign to 'upper'"));
  EXPECT_THAT(lab.first("table.insert = nil return pass()").reason, HasSubstr("cannot assign to 'insert'"));
  EXPECT_THAT(lab.first("_ENV.pass = nil return pass()").reason, HasSubstr("assignment to the global 'pass'"));
  EXPECT_THAT(lab.first("local _ENV = { pass = function() return 1 end } return pass()").reason, HasSubstr("check returned no verdict"));
  EXPECT_THAT(lab.first("('').upper = 1 return pass()").reason, HasSubstr("attempt to index a string value"));
}

TEST(Reach, BytecodeIsRefused) {
  Lab lab;
  EXPECT_EQ(lab.load(std::string("\x1bLua\x54\x00\x19\x93\r\n\x1a\n", 12)), nullptr);
}

TEST(State, CapturedTablesAreReadOnly) {
  Lab lab;
  EXPECT_THAT(lab.run(Lab::text("seen[key.id] = true return pass()", "local seen = {}")).front().reason, HasSubstr("tables made outside check are read-only"));
  EXPECT_THAT(lab.run(Lab::text("table.insert(seen, 1) return pass()", "local seen = {}")).front().reason, HasSubstr("tables made outside check are read-only"));
  EXPECT_THAT(lab.run(Lab::text("deep.a.b.c = 1 return pass()", "local deep = { a = { b = {} } }")).front().reason, HasSubstr("read-only"));
  EXPECT_THAT(lab.run(Lab::text("table.sort(list) return pass()", "local list = { 2, 1 }")).front().reason, HasSubstr("read-only"));
  EXPECT_EQ(lab.run(Lab::text("local n = 0 for _, v in ipairs(list) do n = n + v end for _ in pairs(list) do n = n + 1 end return pass(n .. #list .. table.concat(list))", "local list = { 2, 1 }"))
                .front().reason,
            "5221");
}

TEST(State, AssignmentToACapturedVariableIsRefusedAtLoad) {
  const auto leak = [](const std::string& check, const std::string& head) {
    Lab lab;
    EXPECT_EQ(lab.load(Lab::text(check, head)), nullptr) << check << "\n" << head;
    return lab.problems.errors().empty() ? std::string() : std::string(error_row(lab.problems.errors()[0].code).word) + ": " + lab.problems.errors()[0].message;
  };
  EXPECT_EQ(leak("count = count + 1 return pass()", "local count = 0"), "rule.state: 'count' is made outside the function and assigned to inside it");
  EXPECT_EQ(leak("local function f() count = 1 end f() return pass()", "local count = 0"), "rule.state: 'count' is made outside the function and assigned to inside it");
  EXPECT_EQ(leak("return counter() > 1 and pass() or fail('x')", "local function make() local n = 0 return function() n = n + 1 return n end end local counter = make()"),
            "rule.state: 'n' is made outside the function and assigned to inside it");
  EXPECT_EQ(leak("return box.f() and pass()", "local n = 0 local box = { f = function() n = n + 1 return n end }"), "rule.state: 'n' is made outside the function and assigned to inside it");
  EXPECT_EQ(leak("helper() return pass()", "local last local function inner() last = 1 end local function helper() inner() end"),
            "rule.state: 'last' is made outside the function and assigned to inside it");
}

TEST(State, LocalsOfCheckAreFree) {
  Lab lab;
  EXPECT_EQ(lab.run(Lab::text("local n = 0 local function add() n = n + 1 end add() add() return pass(tostring(n))")).back().reason, "2");
}

TEST(State, NothingOfTheLastSubjectIsLeft) {
  Lab lab;
  // A subject that ends in the middle of things leaves no trace on the next: same verdicts in any grouping.
  const std::string rule = Lab::text("local t = {} for u in org:users() do t[#t + 1] = u.email end if key.status == 'active' then local x = key.expires_at end return pass(#t .. '')");
  const auto one = lab.run(rule, 1);
  const auto all = lab.run(rule, 100);
  ASSERT_EQ(one.size(), all.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].verdict, all[i].verdict);
    EXPECT_EQ(one[i].reason, all[i].reason);
  }
}

TEST(State, TheNullOfExamplesCannotBeCarriedIntoCheck) {
  Lab lab;
  EXPECT_EQ(lab.load(Lab::text("return key.status == nothing and pass() or fail('x')", "local nothing = null")), nullptr);
  EXPECT_THAT(lab.problems.errors().front().message, HasSubstr("`null` is for examples"));
  Lab second;
  EXPECT_EQ(second.load(Lab::text("return key.status == box.nothing and pass() or fail('x')", "local box = { nothing = null }")), nullptr);
}

TEST(State, OneRuleDoesNotTouchAnother) {
  Lab lab;
  lab.limits.subject_instructions = 100'000;
  lab.run(Lab::text("while true do end"));
  EXPECT_FALSE(lab.over_budget.empty());
  EXPECT_EQ(lab.first("return pass()").verdict, Verdict::pass);
}

TEST(State, IteratorsAndModulesCannotBeKept) {
  Lab lab;
  EXPECT_EQ(lab.load(Lab::text("local _, box = it() return pass()", "local it = pairs({ {}, {} })")), nullptr);
  EXPECT_THAT(lab.problems.errors().front().message, HasSubstr("an iterator made outside check is kept"));
  Lab nested;
  EXPECT_EQ(nested.load(Lab::text("return box.it() and pass()", "local box = { it = pairs({ 1 }) }")), nullptr);
  Lab module;
  module.library["store"] = "return { n = 0 }";
  EXPECT_THAT(module.run(Lab::text("local store = require('store') store.n = 1 return pass()", "local _ = require('store')")).front().reason, HasSubstr("require is for the top of a rule file"));
}

TEST(Reach, NestingIsBoundedWhateverTheFileBuilds) {
  Lab lab;
  EXPECT_EQ(lab.load(Lab::text("return pass(tostring(t))", "local t = {} for i = 1, 120000 do t = { t } end")), nullptr);
  EXPECT_THAT(lab.problems.errors().front().message, HasSubstr("nested too deeply"));
  Lab functions;
  EXPECT_EQ(functions.load(Lab::text("return f() and pass()", "local f = function() return 1 end for i = 1, 50000 do local g = f f = function() return g() end end")), nullptr);
}

TEST(Budget, ExtremesOfRangesAndLengths) {
  Lab lab;
  for (const char* check : {"return pass(table.unpack({}, math.maxinteger - 5, math.maxinteger) or 'nil')", "return table.unpack({}, math.mininteger, math.maxinteger)",
                            "local t = {} for k = 62, 0, -1 do t[1 << k] = 1 end table.sort(t) return pass()", "local t = {} for k = 62, 0, -1 do t[1 << k] = 1 end return pass(table.concat(t))",
                            "local t = {} for k = 62, 0, -1 do t[1 << k] = 1 end table.insert(t, 1, 5) return pass()"})
    EXPECT_NE(lab.run(Lab::text(check)).front().verdict, Verdict::not_applicable) << check;
}

TEST(Budget, SearchesAreLinear) {
  for (const char* check : {"local s = ('a'):rep(1 << 20) local w = 'b' .. ('a'):rep(1 << 19) for i = 1, 1e9 do local _ = s:find(w) end",
                            "local s = ('a'):rep(1 << 20) for i = 1, 1e9 do local _ = s:split(('a'):rep(1 << 19) .. 'b') end",
                            "local s = ('a'):rep(1 << 20) for i = 1, 1e9 do local _ = s:glob('*' .. ('a'):rep(34) .. 'b') end"})
    EXPECT_THAT(over_budget(check), HasSubstr("over budget: more than")) << check;
}

TEST(Tricks, AFilterOfNothingOrWithHolesIsRefused) {
  Lab lab;
  EXPECT_THAT(lab.first("local t = {} return pass(tostring(org:count('users', { role = t.rolle })))").reason, HasSubstr("a filter names at least one field"));
  EXPECT_THAT(lab.first("return pass(tostring(org:count('users', { role = { 'user', nil, 'admin' } })))").reason, HasSubstr("a filter's list has texts at 1, 2, 3"));
  EXPECT_THAT(lab.first("return pass(tostring(org:count('users', { role = { admin = true } })))").reason, HasSubstr("a filter's list has texts at 1, 2, 3"));
}

TEST(Tricks, ARecordIsNoText) {
  Lab lab;
  EXPECT_EQ(lab.load(Lab::text("if key.workspace == 'w_1' then return fail('x') end return pass()")), nullptr);
  EXPECT_EQ(lab.problems.errors().front().message, "'workspace' is a record; comparing it with a text by == is never true");
}

TEST(Tricks, MetamethodsOfRecordsDoNotOpen) {
  Lab lab;
  EXPECT_EQ(lab.first("return pass(key.__index)").verdict, Verdict::error);
  EXPECT_EQ(lab.first("return pass(key.__gc)").verdict, Verdict::error);
  EXPECT_EQ(lab.first("return pass(org.__index)").verdict, Verdict::error);
  EXPECT_EQ(lab.first("return pass(tostring(pass().x))").verdict, Verdict::error);
  EXPECT_EQ(lab.first("local v = pass() return v == v and v").verdict, Verdict::pass);
  EXPECT_EQ(lab.first("local m = key.is_null return m(org, 'name') and pass()").verdict, Verdict::error);
  EXPECT_EQ(lab.first("local m = key.is_null return m(5, 'name') and pass()").verdict, Verdict::error);
  EXPECT_EQ(lab.first("local m = key.creator.keys return m(key)() and pass()").verdict, Verdict::error);
  EXPECT_EQ(lab.first("local t <close> = key return pass()").verdict, Verdict::error);
}

TEST(Tricks, ErrorObjectsOfAnyKindEndTheSubjectOnly) {
  Lab lab;
  for (const char* check : {"error()", "error(nil)", "error({})", "error(pass)", "error(key)", "error('\\xff\\0x')", "local x = nil; x()", "return #nil", "return {} < {}", "return 1 // 0",
                            "local a = 'x' + 1", "return key()", "return key .. nil", "assert(false)", "assert(nil, key)", "return -key", "for i = 1, 10, 0 do end"}) {
    const auto judged = lab.run(Lab::text(check));
    EXPECT_TRUE(lab.over_budget.empty());
    EXPECT_EQ(judged.size(), 4u);
    EXPECT_EQ(judged.front().verdict, Verdict::error) << check << ": " << judged.front().reason;
    EXPECT_THAT(judged.front().reason, testing::Not(HasSubstr("0x"))) << "no address in " << judged.front().reason;
  }
}

}  // namespace
}  // namespace muster::rule
