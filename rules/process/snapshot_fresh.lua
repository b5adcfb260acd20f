---@type muster.Rule
return {
  id = "process.snapshot_fresh",
  title = "What the review rests on is fresh, and an old snapshot would not pass",
  severity = "high",
  subject = "dataset",
  reads = { "datasets.name", "datasets.as_of", "datasets.age_limit_days", "datasets.covers_to" },
  controls = { soc2 = { "CC6.2" }, iso27001 = { "A.5.18" }, nist80053 = { "AC-2 j" }, cis8 = { "5.1" }, pci4 = { "7.2.4" } },
  params = {
    required = {
      type = "string_list",
      default = { "activities", "api_keys", "claude_code_usage", "invites", "usage", "users", "workspace_members", "workspaces" },
      doc = "Datasets that are asked.",
    },
    days = { type = "integer", default = 7, minimum = 1, doc = "Days that the config may allow a snapshot to be old, and that a report may end before it." },
  },
  why = "A collection that died leaves the last snapshot in place, and the check stays green for as long as nobody looks.",
  fix = "Collect before each check, and set `max_snapshot_age` in the config: an older snapshot then decides nothing. Collect reports and feeds up to "
    .. "the day.",

  -- Rules see no clock. How old the snapshot was when it was checked is decided by max_snapshot_age; this rule sees to it that there is one.
  check = function(dataset, org, params)
    if not params.required:has(dataset.name) then return not_applicable("not required by the policy") end
    local expected = string.format("at most %d days", params.days)
    local age = days_since(dataset.as_of)
    if age > params.days then return fail(string.format("is %d days older than the check's instant", age), { days = age }, expected) end
    if dataset:is_null("age_limit_days") then
      return fail("no max_snapshot_age is set: a snapshot of any age would do", { as_of = dataset.as_of }, "a max_snapshot_age of " .. expected)
    end
    if dataset.age_limit_days > params.days then
      return fail("max_snapshot_age is longer than the policy allows", { days = dataset.age_limit_days }, expected)
    end
    if not dataset:is_null("covers_to") and dataset.covers_to < org.as_of - days(params.days) then
      return fail("ends on " .. dataset.covers_to:date(), { covers_to = dataset.covers_to }, expected .. " before the snapshot")
    end
    return pass()
  end,

  examples = (function()
    local function given(as_of, limit, to)
      return { dataset = { name = "users", as_of = as_of, age_limit_days = limit, covers_to = to or null }, as_of = "2026-11-20T08:00:00Z" }
    end
    return {
      { note = "of this instant", given = given("2026-11-20T08:00:00Z", 7), want = "pass" },
      { note = "a report that ends just early enough", given = given("2026-11-20T08:00:00Z", 7, "2026-11-13T08:00:00Z"), want = "pass" },
      {
        note = "a report that ends a second too early",
        given = given("2026-11-20T08:00:00Z", 7, "2026-11-13T07:59:59Z"),
        want = { verdict = "fail", reason = "ends on 2026-11-13" },
      },
      { note = "as old as it may be", given = given("2026-11-12T08:00:01Z", 1), want = "pass" },
      { note = "a day older", given = given("2026-11-12T08:00:00Z", 1), want = { verdict = "fail", reason = "is 8 days older than the check's instant" } },
      {
        note = "nothing would stop an old one",
        given = given("2026-11-20T08:00:00Z", null),
        want = { verdict = "fail", reason = "no max_snapshot_age is set: a snapshot of any age would do" },
      },
      {
        note = "more than a week would do",
        given = given("2026-11-20T08:00:00Z", 7.5),
        want = { verdict = "fail", reason = "max_snapshot_age is longer than the policy allows" },
      },
      { note = "another dataset", given = { dataset = { name = "cost" } }, want = { verdict = "not_applicable", reason = "not required by the policy" } },
      { note = "nobody says of when it is", given = { dataset = { name = "users" } }, want = "unknown" },
    }
  end)(),
}
