---@type muster.Rule
return {
  id = "process.roster_fresh",
  title = "The roster is fresh, and an old one would not pass",
  severity = "high",
  subject = "dataset",
  reads = { "datasets.name", "datasets.as_of", "datasets.age_limit_days" },
  controls = { soc2 = { "CC6.2" }, iso27001 = { "A.5.16", "A.5.18" }, nist80053 = { "AC-2 h", "AC-2 j" }, cis8 = { "5.1" }, pci4 = { "7.2.4" } },
  params = {
    days = { type = "integer", default = 7, minimum = 1, doc = "Days that the export may be older than the snapshot, and that the config may allow." },
  },
  why = "Whoever left after the export still works here, as far as the review can see. An export job that died goes on giving the last roster.",
  fix = "Export the roster anew before the review, give its day (`as_of` or `as_of_column` of the roster in the config), and set `max_age`.",

  check = function(dataset, _, params)
    if dataset.name ~= "persons" then return not_applicable("is not the roster") end
    if dataset:is_null("as_of") then return unknown("the config does not say of which day the roster is") end
    local age = days_since(dataset.as_of)
    -- A day may have begun where the export was made and not yet here.
    if age < -1 then return unknown("the roster is of a day that has not come: " .. dataset.as_of:date()) end
    if age > params.days then
      return fail(string.format("is %d days old", age), { as_of = dataset.as_of, days = age }, string.format("at most %d days", params.days))
    end
    if dataset:is_null("age_limit_days") then
      local expected = string.format("a max_age of at most %d days", params.days)
      return fail("no max_age is set for the roster: one of any age would do", { as_of = dataset.as_of }, expected)
    end
    if dataset.age_limit_days > params.days then
      return fail("max_age is longer than the policy allows", { days = dataset.age_limit_days }, string.format("at most %d days", params.days))
    end
    return pass()
  end,

  examples = (function()
    local function given(as_of, limit) return { dataset = { name = "persons", as_of = as_of, age_limit_days = limit }, as_of = "2026-11-20T08:00:00Z" } end
    return {
      { note = "as old as it may be", given = given("2026-11-12T08:00:01Z", 7), want = "pass" },
      { note = "a day older", given = given("2026-11-12T08:00:00Z", 7), want = { verdict = "fail", reason = "is 8 days old", observed = { days = 8 } } },
      { note = "tomorrow, where the export was made", given = given("2026-11-21T00:00:00Z", 7), want = "pass" },
      {
        note = "a day that has not come",
        given = given("2026-11-21T08:00:01Z", 7),
        want = { verdict = "unknown", reason = "the roster is of a day that has not come: 2026-11-21" },
      },
      {
        note = "nothing would stop an old one",
        given = given("2026-11-19T00:00:00Z", null),
        want = { verdict = "fail", reason = "no max_age is set for the roster: one of any age would do" },
      },
      {
        note = "a month would do",
        given = given("2026-11-19T00:00:00Z", 7.5),
        want = { verdict = "fail", reason = "max_age is longer than the policy allows" },
      },
      { note = "no day", given = given(null, null), want = { verdict = "unknown", reason = "the config does not say of which day the roster is" } },
      { note = "another dataset", given = { dataset = { name = "users" } }, want = { verdict = "not_applicable", reason = "is not the roster" } },
    }
  end)(),
}
