---@type muster.Rule
return {
  id = "roles.duties_separated",
  title = "Nobody has two roles that the policy keeps apart",
  severity = "high",
  subject = "user",
  reads = { "group_members", "groups.role_ids", "roles.name" },
  controls = {
    soc2 = { "CC6.3" },
    iso27001 = { "A.5.15", "A.5.18" },
    nist80053 = { "AC-5" },
    pci4 = { "7.2.2" },
    hipaa = { "164.308(a)(4)(ii)(B)" },
  },
  params = {
    first = { type = "string_list", default = {}, doc = "Names of roles, or patterns; without any, nothing can be decided." },
    second = { type = "string_list", default = {}, doc = "Names of roles, or patterns, that nobody may have beside one of the first." },
  },
  why = "Who can both ask for something and approve it needs nobody else to do harm.",
  fix = "Take the person out of one of the groups: in the console (Settings > Groups), by the API when the group is kept by hand, or in "
    .. "the identity provider when it comes from there.",

  check = function(user, _, params)
    if #params.first == 0 or #params.second == 0 then return unknown("the policy names no roles") end
    local one, other, silent
    for group in user:groups() do
      if group:is_null("role_ids") or group:count("roles") < group:count("role_ids") then
        silent = true
      else
        for role in group:roles() do
          if role:fits("name", params.first) then one = role end
          if role:fits("name", params.second) then other = role end
        end
      end
    end
    if one and other then
      return fail("has both " .. one.name .. " and " .. other.name, { roles = { one.name, other.name } }, "one of the two")
    end
    if silent then return unknown("is in a group whose roles are not known") end
    if one or other then return pass() end
    return not_applicable("has neither")
  end,

  examples = {
    {
      note = "one of the two",
      given = {
        user = { id = "user_1" },
        group_members = { { group_id = "g", user_id = "user_1" } },
        groups = {
          { id = "g", role_ids = { "a" } },
          { id = "h", role_ids = { "b" } },
          { id = "i", role_ids = null },
          { id = "j", role_ids = { "elsewhere" } },
          { id = "k", role_ids = { "c" } },
        },
        roles = { { id = "a", name = "Requester" }, { id = "b", name = "Approver" }, { id = "c", name = "Engineer" } },
        params = { first = { "Req*" }, second = { "App*" } },
      },
      want = "pass",
    },
    {
      note = "the other",
      given = {
        user = { id = "user_1" },
        group_members = { { group_id = "h", user_id = "user_1" } },
        groups = {
          { id = "g", role_ids = { "a" } },
          { id = "h", role_ids = { "b" } },
          { id = "i", role_ids = null },
          { id = "j", role_ids = { "elsewhere" } },
          { id = "k", role_ids = { "c" } },
        },
        roles = { { id = "a", name = "Requester" }, { id = "b", name = "Approver" }, { id = "c", name = "Engineer" } },
        params = { first = { "Req*" }, second = { "App*" } },
      },
      want = "pass",
    },
    {
      note = "both",
      given = {
        user = { id = "user_1" },
        group_members = { { group_id = "g", user_id = "user_1" }, { group_id = "h", user_id = "user_1" } },
        groups = {
          { id = "g", role_ids = { "a" } },
          { id = "h", role_ids = { "b" } },
          { id = "i", role_ids = null },
          { id = "j", role_ids = { "elsewhere" } },
          { id = "k", role_ids = { "c" } },
        },
        roles = { { id = "a", name = "Requester" }, { id = "b", name = "Approver" }, { id = "c", name = "Engineer" } },
        params = { first = { "Req*" }, second = { "App*" } },
      },
      want = { verdict = "fail", reason = "has both Requester and Approver" },
    },
    {
      note = "neither",
      given = {
        user = { id = "user_1" },
        group_members = { { group_id = "k", user_id = "user_1" } },
        groups = {
          { id = "g", role_ids = { "a" } },
          { id = "h", role_ids = { "b" } },
          { id = "i", role_ids = null },
          { id = "j", role_ids = { "elsewhere" } },
          { id = "k", role_ids = { "c" } },
        },
        roles = { { id = "a", name = "Requester" }, { id = "b", name = "Approver" }, { id = "c", name = "Engineer" } },
        params = { first = { "Req*" }, second = { "App*" } },
      },
      want = { verdict = "not_applicable", reason = "has neither" },
    },
    {
      note = "a group whose roles nobody knows may give the other",
      given = {
        user = { id = "user_1" },
        group_members = { { group_id = "g", user_id = "user_1" }, { group_id = "i", user_id = "user_1" } },
        groups = {
          { id = "g", role_ids = { "a" } },
          { id = "h", role_ids = { "b" } },
          { id = "i", role_ids = null },
          { id = "j", role_ids = { "elsewhere" } },
          { id = "k", role_ids = { "c" } },
        },
        roles = { { id = "a", name = "Requester" }, { id = "b", name = "Approver" }, { id = "c", name = "Engineer" } },
        params = { first = { "Req*" }, second = { "App*" } },
      },
      want = { verdict = "unknown", reason = "is in a group whose roles are not known" },
    },
    {
      note = "and so may a role of another organization",
      given = {
        user = { id = "user_1" },
        group_members = { { group_id = "h", user_id = "user_1" }, { group_id = "j", user_id = "user_1" } },
        groups = {
          { id = "g", role_ids = { "a" } },
          { id = "h", role_ids = { "b" } },
          { id = "i", role_ids = null },
          { id = "j", role_ids = { "elsewhere" } },
          { id = "k", role_ids = { "c" } },
        },
        roles = { { id = "a", name = "Requester" }, { id = "b", name = "Approver" }, { id = "c", name = "Engineer" } },
        params = { first = { "Req*" }, second = { "App*" } },
      },
      want = { verdict = "unknown", reason = "is in a group whose roles are not known" },
    },
    {
      note = "what is not known makes both no better",
      given = {
        user = { id = "user_1" },
        group_members = { { group_id = "g", user_id = "user_1" }, { group_id = "h", user_id = "user_1" }, { group_id = "i", user_id = "user_1" } },
        groups = {
          { id = "g", role_ids = { "a" } },
          { id = "h", role_ids = { "b" } },
          { id = "i", role_ids = null },
          { id = "j", role_ids = { "elsewhere" } },
          { id = "k", role_ids = { "c" } },
        },
        roles = { { id = "a", name = "Requester" }, { id = "b", name = "Approver" }, { id = "c", name = "Engineer" } },
        params = { first = { "Req*" }, second = { "App*" } },
      },
      want = { verdict = "fail", reason = "has both Requester and Approver" },
    },
    {
      note = "no first roles",
      given = { user = { id = "user_1" }, params = { second = { "App*" } } },
      want = { verdict = "unknown", reason = "the policy names no roles" },
    },
    {
      note = "no second roles",
      given = { user = { id = "user_1" }, params = { first = { "Req*" } } },
      want = { verdict = "unknown", reason = "the policy names no roles" },
    },
  },
}
