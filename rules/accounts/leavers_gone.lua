---@type muster.Rule
return {
  id = "accounts.leavers_gone",
  title = "Whoever left lately has no access left",
  severity = "high",
  subject = "person",
  reads = { "persons.state", "persons.left_at", "users.active_keys", "invites.status", "invites.expires_at" },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.18" },
    nist80053 = { "PS-4 a", "AC-2 l" },
    cis8 = { "6.2" },
    pci4 = { "8.2.5" },
    hipaa = { "164.308(a)(3)(ii)(C)" },
  },
  params = {
    days = { type = "integer", default = 365, minimum = 1, doc = "Days back within which people who left are looked at." },
  },
  why = "Auditors start from the list of those who left, not from the list of accounts: each of them is shown here, with what is left of "
    .. "their access.",
  fix = "Remove the accounts in the console (Settings > Members) or by the API, or in the identity provider where it manages members. "
    .. "Admins and owners cannot be removed by the API. Workspace keys outlive the account: archive or replace them. Withdraw invitations while they "
    .. "are pending (DELETE on the invite).",

  -- The keys of an account that is gone name nobody any more; keys.creator_in_organization judges those.

  check = function(person, org, params)
    local state = person.state
    if state == "active" or state == "not_started" then return not_applicable("has not left: " .. state) end
    if state == "left" then
      if person.left_at + days(params.days) < org.as_of then
        return not_applicable("left on " .. person.left_at:date() .. ", before the window")
      end
    elseif state ~= "left_unknown_date" then
      return unknown("the roster says: " .. state)
    end
    local left, accounts, keys, invitations, is_collected = {}, 0, 0, 0, true
    for account in person:accounts() do
      table.insert(left, account)
      accounts = accounts + 1
      if account:is_absent("active_keys") then
        is_collected = false
      else
        keys = keys + account.active_keys
      end
    end
    for invite in person:invites({ status = "pending" }) do
      if invite.expires_at > org.as_of then
        table.insert(left, invite)
        invitations = invitations + 1
      end
    end
    if #left == 0 then return pass("no account and no invitation is left") end
    local with_keys = is_collected and keys or "not collected"
    return fail({
      reason = string.format("accounts that are left: %d, with active keys: %s; invitations: %d", accounts, tostring(with_keys), invitations),
      observed = { accounts = accounts, keys = with_keys, invitations = invitations },
      expected = "none",
      related = left,
    })
  end,

  examples = {
    {
      note = "gone, a year ago to the second",
      given = {
        person = { person_id = "1", state = "left", left_at = "2025-11-21T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "terminated", ["end"] = "2025-11-20" } },
        users = {},
        as_of = "2026-11-21T00:00:00Z",
      },
      want = { verdict = "pass", reason = "no account and no invitation is left" },
    },
    {
      note = "a microsecond before the window",
      given = { person = { state = "left", left_at = "2025-11-20T07:59:59.999999Z" }, users = {}, as_of = "2026-11-20T08:00:00Z" },
      want = { verdict = "not_applicable", reason = "left on 2025-11-20, before the window" },
    },
    {
      note = "works here",
      given = { person = { state = "active" } },
      want = { verdict = "not_applicable", reason = "has not left: active" },
    },
    {
      note = "will come",
      given = { person = { state = "not_started" } },
      want = { verdict = "not_applicable", reason = "has not left: not_started" },
    },
    {
      note = "nobody knows when",
      given = {
        person = { person_id = "1", state = "left_unknown_date" },
        roster = { { person_id = "1", email = "ana@n.example", status = "terminated" } },
        users = { { id = "user_2", email = "bo@n.example" } },
      },
      want = { verdict = "pass", reason = "no account and no invitation is left" },
    },
    {
      note = "one account is left",
      given = {
        person = { person_id = "1", state = "left", left_at = "2026-11-01T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "terminated" } },
        users = { { id = "user_1", email = "ana@n.example" } },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "accounts that are left: 1, with active keys: 0; invitations: 0", observed = { accounts = 1, keys = 0 } },
    },
    {
      note = "two accounts with three keys that work, one by another's hand",
      given = {
        person = { person_id = "1", state = "left", left_at = "2026-11-01T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", former_emails = "ana@old.example", status = "terminated" } },
        users = { { id = "user_1", email = "ana@n.example" }, { id = "user_2", email = "ana@old.example" }, { id = "user_3", email = "bo@n.example" } },
        api_keys = {
          { id = "a", status = "active", created_by_id = "user_1", created_by_type = "user" },
          { id = "b", status = "archived", created_by_id = "user_1", created_by_type = "user" },
          { id = "c", status = "active", created_by_id = "user_2", created_by_type = "user" },
          { id = "d", status = "active", created_by_id = "user_2", created_by_type = "user" },
          { id = "e", status = "active", created_by_id = "user_3", created_by_type = "user" },
        },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = {
        verdict = "fail",
        reason = "accounts that are left: 2, with active keys: 3; invitations: 0",
        observed = { accounts = 2, keys = 3, invitations = 0 },
      },
    },
    {
      note = "keys were not collected",
      given = {
        person = { person_id = "1", state = "left", left_at = "2026-11-01T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "terminated" } },
        users = { { id = "user_1", email = "ana@n.example" } },
        as_of = "2026-11-20T08:00:00Z",
        incomplete = { "api_keys" },
      },
      want = { verdict = "fail", reason = "accounts that are left: 1, with active keys: not collected; invitations: 0" },
    },
    {
      note = "an invitation is on its way",
      given = {
        person = { person_id = "1", state = "left", left_at = "2026-11-01T00:00:00Z" },
        roster = { { person_id = "1", email = "ana@n.example", status = "terminated" } },
        users = {},
        invites = {
          { id = "i", email = "Ana@n.example", status = "pending", expires_at = "2026-11-20T08:00:01Z" },
          { id = "k", email = "ana@n.example", status = "pending", expires_at = "2026-11-20T08:00:00Z" },
          { id = "n", email = "ana@n.example", status = "pending", expires_at = "2026-10-20T08:00:00Z" },
          { id = "l", email = "ana@n.example", status = "accepted", expires_at = "2026-12-20T08:00:00Z" },
          { id = "m", email = "bo@n.example", status = "pending", expires_at = "2026-12-20T08:00:00Z" },
        },
        as_of = "2026-11-20T08:00:00Z",
      },
      want = { verdict = "fail", reason = "accounts that are left: 0, with active keys: 0; invitations: 1", observed = { invitations = 1 } },
    },
    {
      note = "the roster contradicts itself",
      given = { person = { state = "contradictory" } },
      want = { verdict = "unknown", reason = "the roster says: contradictory" },
    },
    {
      note = "accounts were not collected",
      given = { person = { state = "left", left_at = "2026-11-01T00:00:00Z" }, as_of = "2026-11-20T08:00:00Z", incomplete = { "users" } },
      want = "unknown",
    },
  },
}
