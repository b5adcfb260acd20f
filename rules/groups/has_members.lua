---@type muster.Rule
return {
  id = "groups.has_members",
  title = "Every group has somebody in it",
  severity = "low",
  subject = "group",
  reads = { "group_members", "groups.created_at" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.5.15" },
    nist80053 = { "AC-2 c", "AC-2 d", "AC-6" },
    cis8 = { "6.8" },
    pci4 = { "7.2.1" },
    hipaa = { "164.308(a)(4)(ii)(C)" },
  },
  why = "An empty group keeps its roles, and nobody looks at who is put into it later.",
  fix = "Delete the group in the console (Settings > Groups), or in the identity provider when it comes from there. The API can delete "
    .. "groups that are kept by hand.",

  check = function(group)
    if group:count("memberships") > 0 then return pass() end
    return fail("nobody is in it", { created_at = group:get("created_at", "not known") }, "at least one member")
  end,

  examples = {
    {
      note = "one member",
      given = { group = { id = "g" }, group_members = { { group_id = "g", user_id = "user_1" } } },
      want = "pass",
    },
    {
      note = "members of another group alone",
      given = { group = { id = "g", created_at = null }, group_members = { { group_id = "h", user_id = "user_1" } } },
      want = { verdict = "fail", reason = "nobody is in it" },
    },
    {
      note = "members were not collected",
      given = { group = { id = "g" }, incomplete = { "group_members" } },
      want = "unknown",
    },
  },
}
