-- What is wrong with an owner in a state other than active.
local owner_problems = {
  left = "its owner has left",
  left_unknown_date = "its owner has left",
  not_started = "its owner has not started yet",
  ambiguous = "several people fit its owner",
  nobody = "its owner is not on the roster",
}

---@type muster.Rule
return {
  id = "nonhuman.register_current",
  title = "The register of non-human identities is current",
  severity = "medium",
  subject = "nonhuman",
  reads = { "nonhumans.account", "nonhumans.account_exists", "nonhumans.owner", "nonhumans.owner_state", "nonhumans.review_by" },
  controls = {
    soc2 = { "CC6.1" },
    iso27001 = { "A.5.16", "A.8.2" },
    nist80053 = { "AC-2 b", "AC-6" },
    cis8 = { "5.5" },
    pci4 = { "7.2.5", "8.6.1" },
    hipaa = { "164.312(a)(2)(i)" },
  },
  why = "A machine's account is only as good as the person who answers for it; without one it is an account of nobody with a note beside it.",
  fix = "Edit the register: name an owner who works here, do the review and move its date, and take out identities that no longer exist.",

  check = function(entry, org)
    local problems = {}

    if entry:is_null("owner") or entry:is_absent("owner") then
      table.insert(problems, "it has no owner")
    elseif entry.owner_state == "contradictory" then
      return unknown("the roster contradicts itself about the owner: active, but the last day has passed")
    elseif owner_problems[entry.owner_state] then
      table.insert(problems, owner_problems[entry.owner_state] .. ": " .. entry.owner)
    elseif entry.owner_state ~= "active" then
      return unknown("owner state " .. entry.owner_state .. " is not known to this rule")
    end

    -- A review is due by the end of its day.
    local review_by = entry:get("review_by", false)
    if review_by and org.as_of >= review_by + days(1) then
      table.insert(problems, "its review was due on " .. review_by:date())
    end

    if not entry.account_exists then table.insert(problems, "there is no account " .. entry.account) end

    if #problems == 0 then
      if review_by then return pass_until(review_by + days(1), "review by " .. review_by:date() .. ",") end
      return pass()
    end
    return fail(table.concat(problems, "; "), { account = entry.account, owner = entry:get("owner", "nobody") }, "a current entry")
  end,

  examples = {
    {
      note = "a state that this rule has never heard of",
      given = {
        nonhuman = { id = "ci", account = "ci@northwind.example", account_exists = true, owner = "NW-1", owner_state = "on_loan", review_by = "2027-01-31" },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "unknown", reason = "owner state on_loan is not known to this rule" },
    },
    {
      note = "owned by somebody who works here, review ahead",
      given = {
        nonhuman = {
          id = "ci", account = "ci@northwind.example", account_exists = true, owner = "NW-1", owner_state = "active", review_by = "2027-01-31",
        },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "pass", reason = "review by 2027-01-31, due 2027-02-01, 72 days left" },
    },
    {
      note = "without a review date there is none to miss",
      given = {
        nonhuman = {
          id = "ci", account = "ci@northwind.example", account_exists = true, owner = "NW-1", owner_state = "active", review_by = null,
        },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "pass",
    },
    {
      note = "the review may be done until the end of its day",
      given = {
        nonhuman = {
          id = "ci", account = "ci@northwind.example", account_exists = true, owner = "NW-1", owner_state = "active", review_by = "2026-11-20",
        },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = "pass",
    },
    {
      note = "a day later it is overdue",
      given = {
        nonhuman = {
          id = "ci", account = "ci@northwind.example", account_exists = true, owner = "NW-1", owner_state = "active", review_by = "2026-11-20",
        },
        as_of = "2026-11-21T00:00:00Z",
      },
      want = { verdict = "fail", reason = "its review was due on 2026-11-20" },
    },
    {
      note = "the owner left",
      given = {
        nonhuman = {
          id = "ci", account = "ci@northwind.example", account_exists = true, owner = "NW-1", owner_state = "left", review_by = "2027-01-31",
        },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "its owner has left: NW-1" },
    },
    {
      note = "the owner is not on the roster",
      given = {
        nonhuman = {
          id = "ci", account = "ci@northwind.example", account_exists = true, owner = "x@northwind.example", owner_state = "nobody", review_by = null,
        },
      },
      want = { verdict = "fail", reason = "its owner is not on the roster: x@northwind.example" },
    },
    {
      note = "no owner, review overdue and no such account: all of it is said",
      given = {
        nonhuman = {
          id = "old", account = "old@northwind.example", account_exists = false, owner = null, review_by = "2026-06-30",
        },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = {
        verdict = "fail",
        reason = "it has no owner; its review was due on 2026-06-30; there is no account old@northwind.example",
      },
    },
    {
      note = "the roster is unsure about the owner",
      given = {
        nonhuman = {
          id = "ci", account = "ci@northwind.example", account_exists = true, owner = "NW-1", owner_state = "contradictory", review_by = null,
        },
      },
      want = {
        verdict = "unknown",
        reason = "the roster contradicts itself about the owner: active, but the last day has passed",
      },
    },
  },
}
