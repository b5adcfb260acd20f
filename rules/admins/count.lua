-- A reason that names everybody is of no use when it is a page long; all admins are in `related` whatever their number.
local named_at_most = 20

---@type muster.Rule
return {
  id = "admins.count",
  title = "The organization has enough administrators, and not too many",
  severity = "high",
  subject = "organization",
  reads = { "users.role", "users.email" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.8.2" },
    nist80053 = { "AC-6(1)", "AC-6(2)", "AC-6(5)" },
    cis8 = { "5.4" },
    pci4 = { "7.2.2" },
    hipaa = { "164.308(a)(4)(ii)(B)" },
  },
  params = {
    minimum = { type = "integer", default = 2, minimum = 0, doc = "Fewer than that leaves nobody when one is away." },
    maximum = { type = "integer", default = 5, minimum = 0, doc = "More than that cannot be watched." },
    roles = {
      type = "string_list",
      default = { "admin", "owner", "primary_owner" },
      doc = "Organization roles that count as administrator.",
    },
    other_roles = {
      type = "string_list",
      default = { "user", "developer", "billing", "claude_code_user", "managed", "membership_admin" },
      doc = "Organization roles that do not. A role in neither list is not guessed at: the number of administrators is then unknown.",
    },
  },
  why = "Every administrator can invite members, read every workspace and mint keys in it. "
    .. "One alone is a lockout waiting to happen; many are an attack surface.",
  fix = "Lower the role of those who do not administer, in the console: the API can neither grant nor take away an admin or owner role. "
    .. "Invitations do not count until they are accepted.",

  check = function(_, org, params)
    local admins, names = {}, {}
    for user in org:users({ role = params.roles }) do
      table.insert(admins, user)
      if #names < named_at_most then table.insert(names, user.email) end
    end

    local limits = nil
    if #admins < params.minimum then limits = string.format("at least %d needed", params.minimum) end
    if #admins > params.maximum then limits = string.format("at most %d allowed", params.maximum) end

    -- A word that nobody has decided about may well be an administrator: then there are more than were counted, never fewer.
    local strangers = org:count("users") - org:count("users", { role = params.roles })
    for role in params.other_roles:items() do
      if not params.roles:has(role) then strangers = strangers - org:count("users", { role = role }) end
    end
    if strangers > 0 and #admins <= params.maximum then
      return unknown(string.format("accounts with a role that neither `roles` nor `other_roles` of this rule names: %d", strangers))
    end

    if not limits then return pass(string.format("administrators: %d", #admins)) end

    local who = table.concat(names, ", ")
    if #admins > #names then who = string.format("%s and %d more", who, #admins - #names) end
    if who == "" then who = "nobody" end
    return fail({
      reason = string.format("administrators: %d, %s: %s", #admins, limits, who),
      observed = { administrators = #admins },
      expected = string.format("%d to %d", params.minimum, params.maximum),
      related = admins,
    })
  end,

  examples = {
    {
      note = "as many as allowed",
      given = {
        organization = { id = "org-1" },
        users = {
          { id = "user_1", email = "a@northwind.example", role = "admin" },
          { id = "user_2", email = "b@northwind.example", role = "admin" },
          { id = "user_3", email = "c@northwind.example", role = "admin" },
        },
        params = { maximum = 3 },
      },
      want = { verdict = "pass", reason = "administrators: 3" },
    },
    {
      note = "two admins and a developer",
      given = {
        organization = { id = "org-1" },
        users = {
          { id = "user_1", email = "a@northwind.example", role = "admin" },
          { id = "user_2", email = "b@northwind.example", role = "primary_owner" },
          { id = "user_3", email = "c@northwind.example", role = "developer" },
        },
      },
      want = { verdict = "pass", reason = "administrators: 2" },
    },
    {
      note = "one is too few",
      given = {
        organization = { id = "org-1" },
        users = { { id = "user_1", email = "a@northwind.example", role = "owner" } },
      },
      want = { verdict = "fail", reason = "administrators: 1, at least 2 needed: a@northwind.example" },
    },
    {
      note = "none at all",
      given = { organization = { id = "org-1" }, users = {} },
      want = { verdict = "fail", reason = "administrators: 0, at least 2 needed: nobody" },
    },
    {
      note = "too many are all named",
      given = {
        organization = { id = "org-1" },
        users = {
          { id = "user_1", email = "a@northwind.example", role = "admin" },
          { id = "user_2", email = "b@northwind.example", role = "admin" },
          { id = "user_3", email = "c@northwind.example", role = "admin" },
        },
        params = { maximum = 2 },
      },
      want = {
        verdict = "fail",
        reason = "administrators: 3, at most 2 allowed: a@northwind.example, b@northwind.example, c@northwind.example",
      },
    },
    {
      note = "the twenty-first is counted and not named",
      given = {
        organization = { id = "org-1" },
        users = {
          { id = "user_1", email = "a@northwind.example", role = "admin" },
          { id = "user_2", email = "b@northwind.example", role = "admin" },
          { id = "user_3", email = "c@northwind.example", role = "admin" },
          { id = "user_4", email = "d@northwind.example", role = "admin" },
          { id = "user_5", email = "e@northwind.example", role = "admin" },
          { id = "user_6", email = "f@northwind.example", role = "admin" },
          { id = "user_7", email = "g@northwind.example", role = "admin" },
          { id = "user_8", email = "h@northwind.example", role = "admin" },
          { id = "user_9", email = "i@northwind.example", role = "admin" },
          { id = "user_10", email = "j@northwind.example", role = "admin" },
          { id = "user_11", email = "k@northwind.example", role = "admin" },
          { id = "user_12", email = "l@northwind.example", role = "admin" },
          { id = "user_13", email = "m@northwind.example", role = "admin" },
          { id = "user_14", email = "n@northwind.example", role = "admin" },
          { id = "user_15", email = "o@northwind.example", role = "admin" },
          { id = "user_16", email = "p@northwind.example", role = "admin" },
          { id = "user_17", email = "q@northwind.example", role = "admin" },
          { id = "user_18", email = "r@northwind.example", role = "admin" },
          { id = "user_19", email = "s@northwind.example", role = "admin" },
          { id = "user_20", email = "t@northwind.example", role = "admin" },
          { id = "user_21", email = "u@northwind.example", role = "admin" },
        },
      },
      want = {
        verdict = "fail",
        reason = "administrators: 21, at most 5 allowed: "
          .. "a@northwind.example, b@northwind.example, c@northwind.example, d@northwind.example, e@northwind.example, "
          .. "f@northwind.example, g@northwind.example, h@northwind.example, i@northwind.example, j@northwind.example, "
          .. "k@northwind.example, l@northwind.example, m@northwind.example, n@northwind.example, o@northwind.example, "
          .. "p@northwind.example, q@northwind.example, r@northwind.example, s@northwind.example, t@northwind.example and 1 more",
        observed = { administrators = 21 },
      },
    },
    {
      note = "billing counts when the policy says so",
      given = {
        organization = { id = "org-1" },
        users = {
          { id = "user_1", email = "a@northwind.example", role = "admin" },
          { id = "user_2", email = "b@northwind.example", role = "billing" },
        },
        params = { roles = { "admin", "billing" } },
      },
      want = { verdict = "pass", reason = "administrators: 2" },
    },
    {
      note = "a role that the API has grown since may be one of an administrator",
      given = {
        organization = { id = "org-1" },
        users = {
          { id = "user_1", email = "a@northwind.example", role = "admin" },
          { id = "user_2", email = "b@northwind.example", role = "admin" },
          { id = "user_3", email = "c@northwind.example", role = "parent_org_admin" },
        },
        params = { maximum = 2 },
      },
      want = { verdict = "unknown", reason = "accounts with a role that neither `roles` nor `other_roles` of this rule names: 1" },
    },
    {
      note = "too many are too many, whatever the strangers are",
      given = {
        organization = { id = "org-1" },
        users = {
          { id = "user_1", email = "a@northwind.example", role = "admin" },
          { id = "user_2", email = "b@northwind.example", role = "admin" },
          { id = "user_3", email = "c@northwind.example", role = "Admin" },
        },
        params = { maximum = 1 },
      },
      want = {
        verdict = "fail",
        reason = "administrators: 2, at most 1 allowed: a@northwind.example, b@northwind.example",
      },
    },
    {
      note = "the policy has decided about a role of its own",
      given = {
        organization = { id = "org-1" },
        users = {
          { id = "user_1", email = "a@northwind.example", role = "admin" },
          { id = "user_2", email = "b@northwind.example", role = "admin" },
          { id = "user_3", email = "c@northwind.example", role = "auditor" },
          { id = "user_4", email = "d@northwind.example", role = "auditor" },
        },
        params = { other_roles = { "auditor", "admin" } },
      },
      want = { verdict = "pass", reason = "administrators: 2" },
    },
    {
      note = "invitations are not members",
      given = {
        organization = { id = "org-1" },
        users = { { id = "user_1", email = "a@northwind.example", role = "admin" } },
        invites = { { id = "invite_1", email = "b@northwind.example", role = "admin", status = "pending" } },
      },
      want = "fail",
    },
    {
      note = "half a list of members proves nothing",
      given = {
        organization = { id = "org-1" },
        users = { { id = "user_1", email = "a@northwind.example", role = "admin" } },
        incomplete = { "users" },
      },
      want = "unknown",
    },
    {
      note = "an older reply of the Compliance API has no role",
      given = { organization = { id = "org-1" }, users = { { id = "user_1", email = "a@northwind.example" } } },
      want = "unknown",
    },
  },
}
