// What a rule may say and what comes of it: verdicts, reads of every kind of cell, relations, loops, times, parameters.
#include <gmock/gmock.h>

#include "rule/lab.h"

namespace muster::rule {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

#define EXPECT_JUDGED(judged, want_verdict, want_reason)        \
  do {                                                          \
    const Judged got_ = (judged);                               \
    EXPECT_EQ(word_of(got_.verdict), word_of(want_verdict));    \
    EXPECT_EQ(got_.reason, want_reason);                        \
  } while (false)

std::vector<std::string> words(const std::vector<Judged>& all) {
  std::vector<std::string> out;
  for (const Judged& judged : all) out.push_back(std::string(word_of(judged.verdict)) + (judged.reason.empty() ? "" : ": " + judged.reason));
  return out;
}

TEST(Verdicts, OneIsMadeAndReturned) {
  Lab lab;
  EXPECT_JUDGED(lab.first("return pass()"), Verdict::pass, "");
  EXPECT_JUDGED(lab.first("return pass('fine')"), Verdict::pass, "fine");
  EXPECT_JUDGED(lab.first("return fail('bad')"), Verdict::fail, "bad");
  EXPECT_JUDGED(lab.first("return not_applicable('no')"), Verdict::not_applicable, "no");
  EXPECT_JUDGED(lab.first("return unknown('who knows')"), Verdict::unknown, "who knows");
}

TEST(Verdicts, NoneOrDroppedOrTwoIsAnError) {
  Lab lab;
  const std::string none = "rules/lab/rule.lua: check returned no verdict; end each branch with `return pass()`, fail(…), not_applicable(…) or unknown(…)";
  EXPECT_JUDGED(lab.first("local x = 1"), Verdict::error, none);
  EXPECT_JUDGED(lab.first("return true"), Verdict::error, none);
  EXPECT_JUDGED(lab.first("return pass"), Verdict::error, none);
  EXPECT_JUDGED(lab.first("return 'pass'"), Verdict::error, none);
  EXPECT_JUDGED(lab.first("fail('bad')"), Verdict::error, "rules/lab/rule.lua: check made a verdict and dropped it; write `return` before it");
  EXPECT_EQ(lab.first("fail('bad') return pass()").verdict, Verdict::error);
  EXPECT_THAT(lab.first("fail('bad') return pass()").reason, HasSubstr("a second verdict is made for one subject"));
  EXPECT_EQ(lab.first("local p = pass() return p").verdict, Verdict::pass);
  EXPECT_EQ(lab.first("return fail('x') and nil").verdict, Verdict::error);
}

TEST(Verdicts, FailureNeedsAReason) {
  Lab lab;
  EXPECT_THAT(lab.first("return fail()").reason, HasSubstr("fail() needs a reason"));
  EXPECT_THAT(lab.first("return fail('')").reason, HasSubstr("fail() needs a reason"));
  EXPECT_THAT(lab.first("return fail(12)").reason, HasSubstr("fail() wants its reason as text, not number"));
  EXPECT_THAT(lab.first("return fail{ reason = 'x', obsrved = {} }").reason, HasSubstr("fail() has no 'obsrved'"));
  EXPECT_EQ(lab.first("return fail{ reason = 'x' }").verdict, Verdict::fail);
}

TEST(Verdicts, ObservedIsSortedJson) {
  Lab lab;
  EXPECT_EQ(lab.first("return fail('x', { b = key.name, a = key.created_at, list = { 1, 2 }, n = 1.5, yes = true })").observed,
            R"({"a":"2026-11-10T08:00:00Z","b":"one","list":[1,2],"n":1.5,"yes":true})");
  EXPECT_EQ(lab.first("return fail('x', { who = key.creator })").observed, R"({"who":"user_b"})");
  EXPECT_EQ(lab.first("local t = {} t.self = t return fail('x', t)").verdict, Verdict::error);
  EXPECT_EQ(lab.first("return fail('x', { 1, 2 })").verdict, Verdict::error);
  EXPECT_EQ(lab.first("return fail('x', { f = pass })").verdict, Verdict::error);
}

std::vector<std::string> dues(Lab& lab, const std::string& check, std::size_t block = 100) {
  lab.run(Lab::text(check), block);
  std::vector<std::string> out;
  for (const Due& due : lab.due) out.push_back(std::to_string(due.subject) + " " + format_rfc3339(due.at));
  return out;
}

TEST(PassUntil, SaysWhatIsDueAndWhen) {
  Lab lab;
  const auto reason = [&](const std::string& check) { return lab.first(check).reason; };
  EXPECT_EQ(reason("return pass_until(org.as_of + days(10))"), "due 2026-11-30, 10 days left");
  EXPECT_EQ(reason("return pass_until(org.as_of + hours(47), 'removal')"), "removal due 2026-11-22, 1 day left");
  EXPECT_EQ(reason("return pass_until(org.as_of)"), "due 2026-11-20, 0 days left") << "the last instant on which it passes";
  EXPECT_EQ(lab.first("return pass_until(org.as_of + days(1))").verdict, Verdict::pass);
  EXPECT_EQ(reason("return fail((org.as_of - days(1)):due())"), "due 2026-11-19, 1 day overdue");
  EXPECT_EQ(reason("return fail(org.as_of:due())"), "due 2026-11-20, 0 days overdue");
  EXPECT_EQ(reason("return fail((org.as_of + hours(1)):due())"), "due 2026-11-20, 0 days left");
}

TEST(PassUntil, IsKeptForSubjectsThatPassAlone) {
  Lab lab;
  const auto everybody = ElementsAre("0 2026-11-25T08:00:00Z", "1 2026-11-25T08:00:00Z", "2 2026-11-25T08:00:00Z", "3 2026-11-25T08:00:00Z");
  EXPECT_THAT(dues(lab, "return pass_until(org.as_of + days(5))"), everybody);
  EXPECT_THAT(dues(lab, "return pass_until(org.as_of + days(5))", 1), everybody);
  EXPECT_THAT(dues(lab, "if key.id == 'key_2' then return pass_until(org.as_of + days(5)) end return pass()"), ElementsAre("1 2026-11-25T08:00:00Z"))
      << "none has the deadline of the one before";
  EXPECT_THAT(dues(lab, "pass_until(org.as_of + days(5))"), IsEmpty());
  EXPECT_THAT(dues(lab, "pass_until(org.as_of + days(5)) return fail('x')"), IsEmpty());
  EXPECT_THAT(dues(lab, "local v = pass_until(org.as_of + days(5)) local t = key.expires_at return v"), ElementsAre("2 2026-11-25T08:00:00Z"))
      << "three keys have no such date, and are unknown";
}

TEST(PassUntil, SlipsAreErrors) {
  Lab lab;
  for (const auto& [check, problem] : std::vector<std::pair<std::string, std::string>>{
           {"return pass_until()", "pass_until() wants its deadline as a time, not "},
           {"return pass_until('2027-01-01')", "pass_until() wants its deadline as a time, not string"},
           {"return pass_until(days(3))", "pass_until() wants its deadline as a time, not "},
           {"return pass_until(org.as_of - hours(1))", "pass_until() wants a deadline that has not passed, and 2026-11-20T07:00:00Z has"},
           {"return pass_until(org.as_of + days(1), 7)", "pass_until() wants its reason as text"},
           {"pass() return pass_until(org.as_of + days(1))", "a second verdict is made"}}) {
    const Judged judged = lab.first(check);
    EXPECT_EQ(judged.verdict, Verdict::error) << check;
    EXPECT_THAT(judged.reason, HasSubstr(problem));
    EXPECT_THAT(lab.due, IsEmpty()) << check;
  }
}

// One declared measure with edges at 10 and 20; `bins` reads "passes/fails" of each bin.
const std::string kMeasure = "  measure = { name = 'age', unit = 'days', edges = { 10, 20 } },\n";
std::vector<std::string> bins(Lab& lab, const std::string& check) {
  lab.run(Lab::text(check, "", kMeasure));
  std::vector<std::string> out;
  for (const Counts& bin : lab.measured) {
    out.push_back(std::to_string(bin[Verdict::pass]) + "/" + std::to_string(bin[Verdict::fail]));
    EXPECT_EQ(bin.total(), bin[Verdict::pass] + bin[Verdict::fail]);
  }
  return out;
}

TEST(Measures, AreCountedByBinOfPassAndFail) {
  Lab lab;
  EXPECT_THAT(bins(lab, "measure(9.5) return pass()"), ElementsAre("4/0", "0/0", "0/0"));
  EXPECT_THAT(bins(lab, "measure(10) return pass()"), ElementsAre("0/0", "4/0", "0/0"))
      << "an edge begins its bin";
  EXPECT_THAT(bins(lab, "measure(20) return fail('old')"), ElementsAre("0/0", "0/0", "0/4"));
  EXPECT_THAT(bins(lab, "measure(-3) return fail('old')"), ElementsAre("0/4", "0/0", "0/0"));
  EXPECT_THAT(bins(lab, "if false then measure(1) end return fail('old')"), ElementsAre("0/0", "0/0", "0/0"))
      << "not every subject can be measured";
  EXPECT_THAT(bins(lab, "if key.id == 'key_1' then measure(15) end return pass()"),
              ElementsAre("0/0", "1/0", "0/0"))
      << "and none has the measure of the one before";
}

TEST(Measures, OfWhatIsNotDecidedDoNotCount) {
  Lab lab;
  const auto none = ElementsAre("0/0", "0/0", "0/0");
  EXPECT_THAT(bins(lab, "measure(1) return not_applicable('no')"), none);
  EXPECT_THAT(bins(lab, "measure(1) return unknown('no')"), none);
  EXPECT_THAT(bins(lab, "measure(1) error('broken')"), none);
  EXPECT_THAT(bins(lab, "measure(1) pass()"), none);
  EXPECT_THAT(bins(lab, "measure(1) local t = key.expires_at return fail('x')"),
              ElementsAre("0/1", "0/0", "0/0"))
      << "three keys have no such date";
}

TEST(Measures, StandInTheFinding) {
  Lab lab;
  const auto measure_of = [&](const std::string& check) {
    return lab.run(Lab::text(check, "", kMeasure)).front().measure;
  };
  EXPECT_EQ(measure_of("measure(12.25) return fail('old')"), 12.25);
  EXPECT_EQ(measure_of("if false then measure(1) end return fail('old')"), std::nullopt);
  EXPECT_EQ(measure_of("measure(12) return unknown('old')"), std::nullopt);
}

TEST(Measures, SlipsAreErrors) {
  Lab lab;
  const auto reason = [&](const std::string& check) {
    return lab.run(Lab::text(check, "", kMeasure)).front().reason;
  };
  EXPECT_THAT(reason("measure('12') return pass()"), HasSubstr("measure() wants a number, not string"));
  EXPECT_THAT(reason("measure(0/0) return pass()"), HasSubstr("measure() wants a number, not "));
  EXPECT_THAT(reason("measure(1/0) return pass()"), HasSubstr("measure() wants a number, not "));
  EXPECT_THAT(reason("measure() return pass()"), HasSubstr("measure() wants a number, not "));
  EXPECT_THAT(reason("measure(key.created_at) return pass()"),
              HasSubstr("measure() wants a number, not time"));
  EXPECT_THAT(reason("measure(1) measure(2) return pass()"),
              HasSubstr("a second measure is given for one subject"));
  EXPECT_THAT(reason("local p = pass() measure(2) return p"), HasSubstr("measure() comes after the verdict"));
  EXPECT_THAT(lab.first("measure(1) return pass()").reason,
              HasSubstr("the rule does not say what it measures"));
  EXPECT_EQ(lab.first("measure(1) return pass()").verdict, Verdict::error);
}

TEST(Measures, ShapeIsCheckedAtLoad) {
  const auto problem = [](const std::string& member, const std::string& check = "measure(1) return pass()") {
    Lab lab;
    EXPECT_EQ(lab.load(Lab::text(check, "", "  measure = " + member + ",\n")), nullptr) << member;
    return lab.problems.render();
  };
  EXPECT_THAT(problem("5"), HasSubstr("`measure` must be a table { name =, unit =, edges = { numbers } }"));
  EXPECT_THAT(problem("{ unit = 'days', edges = { 1 } }"), HasSubstr("`measure` needs a `name`"));
  EXPECT_THAT(problem("{ name = 'age', unit = ' ', edges = { 1 } }"), HasSubstr("`measure` needs a `unit`"));
  EXPECT_THAT(problem("{ name = 'age', unit = 'days', edge = { 1 } }"), HasSubstr("did you mean 'edges'?"));
  for (const char* edges : {"{}", "{ 2, 1 }", "{ 1, 1 }", "{ 'a' }", "{ 0/0 }", "{ 1/0 }", "7",
                            "{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21}"})
    EXPECT_THAT(problem("{ name = 'age', unit = 'days', edges = " + std::string(edges) + " }"),
                HasSubstr("`measure` needs `edges`: 1 to 20 numbers"))
        << edges;
  EXPECT_THAT(problem("{ name = 'age', unit = 'days', edges = { 1 } }", "return pass()"),
              HasSubstr("declares a `measure`, but check never calls measure()"));
}

TEST(Reads, MissingCellsMakeTheSubjectUnknown) {
  Lab lab;
  EXPECT_THAT(words(lab.run(Lab::text("local t = key.expires_at return pass()"))),
              ElementsAre("unknown: api_keys.expires_at is null (api_key key_1)", "unknown: api_keys.expires_at is absent (api_key key_2)", "pass",
                          "unknown: api_keys.expires_at is absent (api_key key_4)"));
  EXPECT_THAT(words(lab.run(Lab::text("return key.status == 'active' and pass() or fail('no')"))).back(),
              "unknown: api_keys.status is not of the documented type (api_key key_4)");
}

TEST(Reads, StickyWhateverTheRuleThenDoes) {
  Lab lab;
  // There is nothing that could catch it, so the rule never gets as far as its pass.
  EXPECT_EQ(lab.first("local ok = pcall and pcall(function() return key.expires_at end) return pass()").verdict, Verdict::error);
  EXPECT_EQ(lab.first("for i in ipairs({ key.expires_at }) do end return pass()").verdict, Verdict::unknown);
  EXPECT_EQ(lab.first("table.sort({ 2, 1 }, function() return key.expires_at end) return pass()").verdict, Verdict::unknown);
  EXPECT_EQ(lab.first("return pass(key.expires_at and 'x')").verdict, Verdict::unknown);
}

TEST(Reads, IsNullIsAbsentAndGetDecide) {
  Lab lab;
  EXPECT_THAT(words(lab.run(Lab::text("return key:is_null('expires_at') and fail('null') or pass()"))),
              ElementsAre("fail: null", "unknown: api_keys.expires_at is absent (api_key key_2)", "pass", "unknown: api_keys.expires_at is absent (api_key key_4)"));
  EXPECT_THAT(words(lab.run(Lab::text("return key:is_absent('expires_at') and fail('absent') or pass()"))), ElementsAre("pass", "fail: absent", "pass", "fail: absent"));
  EXPECT_THAT(words(lab.run(Lab::text("return pass(tostring(key:get('expires_at', 'none')))"))),
              ElementsAre("pass: none", "pass: none", "pass: 2027-01-01T00:00:00Z", "pass: none"));
  EXPECT_EQ(words(lab.run(Lab::text("return pass(key:get('status', 'none'))"))).back(), "unknown: api_keys.status is not of the documented type (api_key key_4)");
  EXPECT_THAT(lab.first("return pass(key:get('expires_at'))").reason, HasSubstr("get(field, default) needs a default"));
}

TEST(Reads, MisspeltUndeclaredAndForeignNamesAreErrors) {
  Lab lab;
  EXPECT_JUDGED(lab.first("return pass(key.staus)"), Verdict::error, "rules/lab/rule.lua:11: api_key has no field 'staus'; did you mean 'status'?");
  EXPECT_JUDGED(lab.run(Lab::text("return pass(key.status)", "", "", "\"api_keys.name\"")).front(), Verdict::error,
                "rules/lab/rule.lua:11: api_keys.status is read but not in `reads`");
  EXPECT_THAT(lab.first("return pass(key.creator.name)").reason, HasSubstr("users.name is read but not in `reads`"));
  EXPECT_THAT(lab.first("return pass(key:is_null('staus') and 'x')").reason, HasSubstr("api_key has no field 'staus'"));
  EXPECT_THAT(lab.first("return pass(key[1])").reason, HasSubstr("api_key has no field '1'"));
  EXPECT_THAT(lab.first("key.status = 'x' return pass()").reason, HasSubstr("records are read-only"));
  EXPECT_THAT(lab.first("return pass(params.dayz)").reason, HasSubstr("the rule has no parameter 'dayz'"));
  EXPECT_THAT(lab.first("return pass(org.users_count)").reason, HasSubstr("org has no 'users_count'"));
  EXPECT_THAT(lab.first("return pas()").reason, HasSubstr("unknown global 'pas'"));
  EXPECT_THAT(lab.first("x = 1 return pass()").reason, HasSubstr("assignment to the global 'x'; use `local`"));
}

TEST(Relations, ToOne) {
  Lab lab;
  EXPECT_THAT(words(lab.run(Lab::text("return pass(key.creator.email)"))),
              ElementsAre("pass: bo@x.example", "unknown: api_keys.creator is null (api_key key_2)",
                          "unknown: api_keys.creator names a record that users does not have (api_key key_3)", "pass: ana@x.example"));
  EXPECT_THAT(words(lab.run(Lab::text("if key:is_null('creator') then return not_applicable('nobody') end\n"
                                      "return key:is_dangling('creator') and fail('gone') or pass()"))),
              ElementsAre("pass", "not_applicable: nobody", "fail: gone", "pass"));
  EXPECT_THAT(words(lab.run(Lab::text("return key.workspace.name == 'prod' and pass() or fail(key.workspace.name)"))),
              ElementsAre("pass", "unknown: api_keys.workspace is null (api_key key_2)", "fail: lab", "unknown: api_keys.workspace is absent (api_key key_4)"));
  EXPECT_EQ(lab.first("return key.creator == key.creator and pass() or fail('x')").verdict, Verdict::pass);
}

TEST(Relations, ToManyCountsAndFilters) {
  Lab lab;
  EXPECT_JUDGED(lab.first("local names = {} for other in key.creator:keys() do table.insert(names, other.name) end return pass(table.concat(names, ','))"), Verdict::pass, "one");
  EXPECT_JUDGED(lab.first("return pass(tostring(key.creator:count('memberships')))"), Verdict::pass, "2");
  EXPECT_JUDGED(lab.first("return pass(tostring(key.creator:count('memberships', { workspace_role = 'workspace_admin' })))"), Verdict::pass, "1");
  EXPECT_JUDGED(lab.first("return pass(tostring(org:count('users')) .. tostring(org:count('users', { role = { 'admin', 'billing' } })))"), Verdict::pass, "32");
  EXPECT_JUDGED(lab.first("local n = 0 for u in org:users{ role = 'developer' } do n = n + 1 end return pass(tostring(n))"), Verdict::pass, "1");
  EXPECT_JUDGED(lab.first("return pass(tostring(org:count('users', { role = 'nobody_has_this' })))"), Verdict::pass, "0");
  EXPECT_THAT(lab.first("return pass(tostring(org:count('users', { rle = 'x' })))").reason, HasSubstr("user has no field 'rle'; did you mean 'role'?"));
  EXPECT_EQ(lab.first("return pass(tostring(org:count('api_keys', { status = 'active' })))").verdict, Verdict::unknown) << "a key whose status is not readable may match";
}

TEST(Relations, ListedAndEffectiveMembers) {
  Lab lab;
  const auto members = [](const std::string& mode) {
    return "local out = {} for user, membership in key.workspace:members(" + mode +
           ") do table.insert(out, user.email .. '=' .. membership.workspace_role .. (membership:is_implicit() and '*' or '')) end return pass(table.concat(out, ' '))";
  };
  EXPECT_JUDGED(lab.first(members("")), Verdict::pass, "bo@x.example=workspace_admin cy@x.example=workspace_billing");
  EXPECT_JUDGED(lab.first(members("'effective'")), Verdict::pass, "bo@x.example=workspace_admin cy@x.example=workspace_billing ana@x.example=workspace_admin*");
  EXPECT_THAT(lab.first(members("'all'")).reason, HasSubstr("membership is \"listed\" or \"effective\", not \"all\""));
  const auto workspaces = [](const std::string& mode) {
    return "local out = {} for workspace in key.creator:workspaces(" + mode + ") do table.insert(out, workspace.name) end return pass(table.concat(out, ' '))";
  };
  EXPECT_EQ(lab.run(Lab::text(workspaces("'effective'"))).back().reason, "prod lab");  // key_4: ana, an admin
  EXPECT_EQ(lab.run(Lab::text(workspaces(""))).back().reason, "");
  EXPECT_JUDGED(lab.first(workspaces("")), Verdict::pass, "prod lab");
}

TEST(Relations, MayReadAnIncompleteDatasetCostsOnlyThoseWhoTouchIt) {
  Lab lab;
  lab.world.available(snapshot::Dataset::users) = {snapshot::DatasetStatus::denied, "403 permission_error"};
  const std::string rule = Lab::text("if key.status == 'archived' then return pass() end return pass(key.creator.email)", "", "may_read = { \"users.email\" },\n", "\"api_keys\"");
  EXPECT_THAT(words(lab.run(rule)), ElementsAre("unknown: users is denied: 403 permission_error", "pass", "unknown: users is denied: 403 permission_error",
                                                "unknown: api_keys.status is not of the documented type (api_key key_4)"));
  EXPECT_EQ(lab.run(Lab::text("return pass(tostring(org:count('users')))", "", "may_read = { \"users\" },\n", "\"api_keys\"")).front().verdict, Verdict::unknown);
}

TEST(Times, AreValuesComparedWithTimesOnly) {
  Lab lab;
  EXPECT_JUDGED(lab.first("return pass(tostring(days_since(key.created_at)))"), Verdict::pass, "10");
  EXPECT_JUDGED(lab.first("return pass(tostring(days_until(key.created_at + days(12))))"), Verdict::pass, "2");
  EXPECT_JUDGED(lab.first("return pass((key.created_at + hours(36)):date())"), Verdict::pass, "2026-11-11");
  EXPECT_JUDGED(lab.first("return pass(tostring((org.as_of - key.created_at):whole_days()))"), Verdict::pass, "10");
  EXPECT_JUDGED(lab.first("return pass('at ' .. key.created_at)"), Verdict::pass, "at 2026-11-10T08:00:00Z");
  EXPECT_JUDGED(lab.first("return key.created_at == time('2026-11-10T08:00:00Z') and pass() or fail('no')"), Verdict::pass, "");
  EXPECT_JUDGED(lab.first("return before(key.created_at) and fail('no') or pass()"), Verdict::pass, "");
  EXPECT_JUDGED(lab.first("return days(1) < hours(25) and days(1) == hours(24) and pass() or fail('no')"), Verdict::pass, "");
  EXPECT_THAT(lab.first("return key.created_at < '2027' and pass() or fail('no')").reason, HasSubstr("a time is wanted, not string"));
  EXPECT_THAT(lab.first("return key.created_at < 5 and pass() or fail('no')").reason, HasSubstr("a time is wanted, not number"));
  EXPECT_THAT(lab.first("return key.created_at + 5 and pass() or fail('no')").reason, HasSubstr("a duration is wanted, such as days(3), not number"));
  EXPECT_THAT(lab.first("return days_since(days(1)) and pass()").reason, HasSubstr("a time is wanted, not duration"));
  EXPECT_THAT(lab.first("return pass(time('yesterday'):date())").reason, HasSubstr("'yesterday' is not a time"));
  EXPECT_EQ(lab.first("return pass(tostring(key.created_at + days(1e18)))").verdict, Verdict::error);
}

TEST(Times, ComparisonWithATextByEqualsIsRefusedAtLoad) {
  Lab lab;
  EXPECT_EQ(lab.load(Lab::text("if key.created_at == '2026-11-10' then return fail('x') end return pass()")), nullptr);
  ASSERT_EQ(lab.problems.errors().size(), 1u);
  EXPECT_EQ(lab.problems.errors()[0].message, "'created_at' is a time; comparing it with a text by == is never true");
  EXPECT_EQ(lab.problems.errors()[0].place.line, 11u);
  EXPECT_NE(lab.load(Lab::text("if key.name == 'created_at' then return fail('x') end return pass()")), nullptr);
}

TEST(Strings, AreThereWithoutPatterns) {
  Lab lab;
  EXPECT_JUDGED(lab.first("return pass(('Ab' .. 1):upper() .. (' x '):trim() .. ('ab'):rep(2, '-') .. #('abc'):split('b'))"), Verdict::pass, "AB1xab-ab2");
  EXPECT_JUDGED(lab.first("return pass(string.format('%s %d %5.2f|%-4s|%03d %%', 'a', 7, 1.5, 'b', 9))"), Verdict::pass, "a 7  1.50|b   |009 %");
  EXPECT_JUDGED(lab.first("local a, b = ('a.b.c'):find('.b', 1, true) return pass(a .. ':' .. b)"), Verdict::pass, "2:3");
  EXPECT_JUDGED(lab.first("return pass(tostring(('prod-eu'):glob('prod-*')) .. tostring(('x'):contains('y')) .. tostring(('STRASSE'):fold() == ('straße'):fold()))"), Verdict::pass,
                "truefalsetrue");
  EXPECT_THAT(lab.first("if key.name:find('^one') then return fail('x') end return pass()").reason, HasSubstr("'^one' has characters that are a pattern in Lua"));
  EXPECT_JUDGED(lab.first("return ('a-b'):contains('-') and ('ab'):find('b') == 2 and pass() or fail('no')"), Verdict::pass, "");
  EXPECT_THAT(lab.first("return pass(('x'):match('x'))").reason, HasSubstr("string.match is not available in rules"));
  EXPECT_THAT(lab.first("return pass(string.format('%d', 1.5))").reason, HasSubstr("%d wants a whole number, got 1.5"));
}

TEST(Tables, LoopInOneOrderAndSortStably) {
  Lab lab;
  EXPECT_JUDGED(lab.first("local out = {} for k, v in pairs({ z = 1, a = 2, [2] = 3, [1] = 4 }) do table.insert(out, k .. v) end return pass(table.concat(out, ' '))"), Verdict::pass,
                "14 23 a2 z1");
  EXPECT_JUDGED(lab.first("local t = { 'b', 'a', 'c' } table.sort(t) table.insert(t, 1, 'x') table.remove(t) return pass(table.concat(t))"), Verdict::pass, "xab");
  EXPECT_JUDGED(lab.first("local t = { 3, 1, 2 } table.sort(t, function(a, b) return a > b end) return pass(table.concat(t, ','))"), Verdict::pass, "3,2,1");
  EXPECT_THAT(lab.first("for k in pairs({ [key] = 1 }) do end return pass()").reason, HasSubstr("a table with a key that is no text, number or truth value cannot be looped over"));
  EXPECT_JUDGED(lab.first("return pass(tostring({}) .. tostring(pass) .. tostring(key) .. type(key) .. type(key.created_at))"), Verdict::pass, "tablefunctiononeapi_keytime");
}

TEST(Params, AreTypedListsHaveWords) {
  Lab lab;
  const std::string more = "params = { statuses = { type = \"string_list\", default = { \"active\", \"x\" }, doc = \"d\" }, days = { type = \"integer\", default = 3, doc = \"d\" } },\n";
  EXPECT_EQ(lab.run(Lab::text("return params.statuses:has(key.status) and pass(#params.statuses .. params.statuses[2] .. params.days) or fail('no')", "", more)).front().reason, "2x3");
  EXPECT_THAT(lab.run(Lab::text("return params.statuses:has(3) and pass()", "", more)).front().reason, HasSubstr("list:has(word) wants text, not number"));
  EXPECT_THAT(lab.run(Lab::text("return params.statuses:fits(3) and pass()", "", more)).front().reason, HasSubstr("list:fits(text) wants text, not number"));
  EXPECT_EQ(lab.run(Lab::text("return params.statuses:fits('x') and not params.statuses:fits('xx') and not params.statuses:fits('') and pass('yes') or fail('no')", "", more)).front().reason, "yes");
  const std::string keyed = "params = { owned = { type = \"string_list\", default = { \"a=prod-*\", \"b=prod-x\", \"a=lab\" }, doc = \"d\" } },\n";
  const auto keys = [&](const char* text) { return lab.run(Lab::text("return pass(table.concat(params.owned:keys_of(" + std::string(text) + "), ','))", "", keyed)).front().reason; };
  EXPECT_EQ(keys("'prod-x'"), "a,b");
  EXPECT_EQ(keys("'lab'"), "a");
  EXPECT_EQ(keys("'labs'"), "");
  EXPECT_THAT(keys("7"), HasSubstr("list:keys_of(text) wants text, not number"));
  EXPECT_EQ(lab.run(Lab::text("local n = 0 for i = 1, 3 do n = n + #params.owned:keys_of(key.status) + #params.owned:keys_of('prod-x') end return pass(tostring(n))", "", keyed)).front().reason, "6") << "asked again";
  EXPECT_EQ(lab.run(Lab::text("local own = params.owned:keys_of('lab') own[1] = 'mine' return pass(params.owned:keys_of('lab')[1])", "", keyed)).front().reason, "a") << "what a rule was given is its own";
  for (const char* entry : {"lab", "a=b=c"})
    EXPECT_THAT(lab.run(Lab::text("return pass(params.owned:keys_of('x')[1])", "", "params = { owned = { type = \"string_list\", default = { \"" + std::string(entry) + "\" }, doc = \"d\" } },\n")).front().reason,
                HasSubstr("write key=pattern, as Finance=Finance*, not '" + std::string(entry) + "'"));
  EXPECT_THAT(lab.run(Lab::text("params.days = 4 return pass()", "", more)).front().reason, HasSubstr("cannot assign to 'days'"));
  EXPECT_THAT(lab.run(Lab::text("params.statuses[1] = 'y' return pass()", "", more)).front().reason, HasSubstr("records are read-only"));
}

TEST(Params, PolicyValuesAreCheckedAgainstTheRule) {
  ParamSpec days;
  days.name = "days";
  days.type = ParamType::integer;
  days.minimum = 0;
  const auto given = [](std::string text, bool plain = true) {
    GivenValue value;
    value.text = std::move(text);
    value.plain = plain;
    return value;
  };
  EXPECT_EQ(std::get<std::int64_t>(*parse_param_value(days, given("30"))), 30);
  for (const char* wrong : {"-1", "1.5", "thirty", "", "9999999999999999999999", "0x10"})
    EXPECT_EQ(parse_param_value(days, given(wrong)).error().message, "parameter 'days' wants a whole number of at least 0, not '" + std::string(wrong) + "'");
  EXPECT_FALSE(parse_param_value(days, given("30", false))) << "a quoted number is a text";
  ParamSpec mode;
  mode.name = "leavers";
  mode.choices = {"fail", "not_applicable"};
  EXPECT_EQ(parse_param_value(mode, given("fial")).error().hint, "did you mean 'fail'?");
  ParamSpec flag;
  flag.name = "flag";
  flag.type = ParamType::boolean;
  EXPECT_FALSE(parse_param_value(flag, given("yes")));
  EXPECT_TRUE(std::get<bool>(*parse_param_value(flag, given("true"))));
}

TEST(Blocks, TheResultDoesNotDependOnTheirSize) {
  Lab lab;
  const std::string rule = Lab::text("if key.status == 'archived' then error('no') end return pass(key.name .. tostring(key:get('expires_at', 0)))");
  const auto whole = words(lab.run(rule));
  for (const std::size_t block : {1, 2, 3}) EXPECT_EQ(words(lab.run(rule, block)), whole);
  EXPECT_THAT(whole[1], StartsWith("error: rules/lab/rule.lua:11: no"));
}

// ---- loading ----

std::vector<std::string> load_problems(const std::string& text) {
  Lab lab;
  EXPECT_EQ(lab.load(text), nullptr);
  std::vector<std::string> out;
  for (const Error& error : lab.problems.errors())
    out.push_back(std::string(error_row(error.code).word) + ":" + std::to_string(error.place.line) + ": " + error.message + (error.hint.empty() ? "" : " | " + error.hint));
  return out;
}

TEST(Load, ShapeProblemsAreSaidAllAtOnce) {
  EXPECT_THAT(load_problems("return { id = 'lab.rule', titel = 'x', severity = 'hihg', subject = 'api_kee', reads = { 'api_keys.staus', 'api_kees' } }"),
              ElementsAre("rule.shape:1: unknown key 'titel' in the rule | did you mean 'title'?", "rule.shape:0: the rule has no `check = function(subject, org, params) … end`",
                          "rule.shape:0: the rule has no `title`", "rule.shape:0: the rule has no `why`", "rule.shape:0: the rule has no `fix`",
                          "rule.shape:1: severity 'hihg' is not one of critical, high, medium, low, info", "rule.shape:1: there is no subject 'api_kee' | did you mean 'api_key'?",
                          "rule.unknown_field:1: `reads` names 'api_keys.staus', and api_keys has no such field | did you mean 'api_keys.status'?",
                          "rule.unknown_field:1: `reads` names 'api_kees', and there is no such dataset | did you mean 'api_keys'?"));
}

TEST(Load, NotARule) {
  EXPECT_THAT(load_problems("return 5"), ElementsAre("rule.shape:0: the file returns a number, not the rule's table; end it with `return { … }`"));
  EXPECT_THAT(load_problems(""), ElementsAre("rule.shape:0: the file returns a nil, not the rule's table; end it with `return { … }`"));
  EXPECT_THAT(load_problems("return {"), ElementsAre(StartsWith("rule.syntax:1: unexpected symbol near <eof>")));
  EXPECT_THAT(load_problems("local x = \n\nreturn nope"), ElementsAre(StartsWith("rule.syntax:3:")));
  EXPECT_THAT(load_problems("return nope"), ElementsAre("rule.load:1: unknown global 'nope'"));
  EXPECT_THAT(load_problems("error('at load')"), ElementsAre("rule.load:1: at load"));
  EXPECT_THAT(load_problems("\xff"), ElementsAre("text.encoding:0: the rule file is not valid UTF-8"));
  EXPECT_THAT(load_problems("\x1bLua"), ElementsAre(StartsWith("rule.syntax:0: ")));
}

TEST(Load, IdMustAgreeWithThePath) {
  Lab lab;
  EXPECT_FALSE(load_rule(Lab::text("return pass()"), "rules/other/name.lua", "other.name", std::make_shared<const std::map<std::string, std::string>>(), lab.problems));
  EXPECT_EQ(lab.problems.errors().front().message, "the id is 'lab.rule', but the file's place says 'other.name'");
}

TEST(Load, LibraryFilesCanBeRequired) {
  Lab lab;
  lab.library["names"] = "local M = {} function M.shout(s) return s:upper() end return M";
  EXPECT_EQ(lab.run(Lab::text("return pass(names.shout(key.name))", "local names = require('lib.names')")).front().reason, "ONE");
  EXPECT_THAT(load_problems("local x = require('os')"), ElementsAre(testing::HasSubstr("no library file 'lib/os.lua'")));
}

}  // namespace
}  // namespace muster::rule
