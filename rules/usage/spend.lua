---@type muster.Rule
return {
  id = "usage.spend",
  title = "No day costs more than the budget",
  severity = "low",
  subject = "organization",
  reads = { "cost.amount_cents", "cost.currency", "cost.starting_at" },
  controls = { soc2 = { "CC6.1" }, nist80053 = { "AC-2(12)" } },
  params = {
    dollars_per_day = { type = "number", default = 0, minimum = 0, doc = "Dollars that a day may cost; with 0 nothing can be decided." },
  },
  why = "A stolen key shows on the bill before anybody notices it elsewhere.",
  fix = "Find the workspace and the key in the cost and usage reports; set a spend limit in the console (workspace > Limits), and raise "
    .. "the budget in the policy when it was right.",

  check = function(_, org, params)
    if params.dollars_per_day == 0 then return unknown("the policy names no budget") end
    local cents, over = {}, {}
    for row in org:cost() do
      if row.currency ~= "USD" then return unknown("cost in " .. row.currency .. ", not in USD") end
      local day = row.starting_at:date()
      cents[day] = (cents[day] or 0) + row.amount_cents
    end
    for day, spent in pairs(cents) do
      if spent > params.dollars_per_day * 100 then table.insert(over, string.format("%s ($%.2f)", day, spent / 100)) end
    end
    if #over == 0 then return pass() end
    return fail("over the budget: " .. table.concat(over, ", "), { days = #over }, string.format("at most $%.2f a day", params.dollars_per_day))
  end,

  examples = {
    {
      note = "ten dollars to the cent, on two days",
      given = {
        organization = { id = "org-1" },
        cost = {
          { starting_at = "2026-11-13T00:00:00Z", amount_cents = 400, currency = "USD" },
          { starting_at = "2026-11-13T00:00:00Z", amount_cents = 600, currency = "USD" },
          { starting_at = "2026-11-14T00:00:00Z", amount_cents = 1000, currency = "USD" },
        },
        params = { dollars_per_day = 10 },
      },
      want = "pass",
    },
    {
      note = "a cent more",
      given = {
        organization = { id = "org-1" },
        cost = {
          { starting_at = "2026-11-13T00:00:00Z", amount_cents = 400, currency = "USD" },
          { starting_at = "2026-11-13T00:00:00Z", amount_cents = 601, currency = "USD" },
          { starting_at = "2026-11-14T00:00:00Z", amount_cents = 1000, currency = "USD" },
        },
        params = { dollars_per_day = 10 },
      },
      want = {
        verdict = "fail",
        reason = "over the budget: 2026-11-13 ($10.01)",
        observed = { days = 1 },
        expected = "at most $10.00 a day",
      },
    },
    {
      note = "another currency",
      given = {
        organization = { id = "org-1" },
        cost = { { starting_at = "2026-11-13T00:00:00Z", amount_cents = 400, currency = "EUR" } },
        params = { dollars_per_day = 10 },
      },
      want = { verdict = "unknown", reason = "cost in EUR, not in USD" },
    },
    {
      note = "no budget declared",
      given = { organization = { id = "org-1" }, cost = {} },
      want = { verdict = "unknown", reason = "the policy names no budget" },
    },
    {
      note = "the report was not collected",
      given = { organization = { id = "org-1" }, params = { dollars_per_day = 10 }, incomplete = { "cost" } },
      want = "unknown",
    },
  },
}
