local people = require("lib.people")

---@type muster.Rule
return {
  id = "groups.members_work_here",
  title = "Somebody in each group works here",
  severity = "medium",
  subject = "group",
  reads = { "group_members.user_id", "users.person_state" },
  controls = {
    soc2 = { "CC6.2", "CC6.3" },
    iso27001 = { "A.5.18" },
    nist80053 = { "AC-2 d", "PS-4 a" },
    cis8 = { "6.2", "6.8" },
    pci4 = { "8.2.5" },
    hipaa = { "164.308(a)(3)(ii)(C)" },
  },
  why = "A group of which all have left has outlived its purpose, and its roles wait for the next who is put into it.",
  fix = "Take the leavers out, or delete the group: in the console (Settings > Groups), by the API when the group is kept by hand, or in "
    .. "the identity provider when it comes from there.",

  check = function(group)
    if group:count("memberships") == 0 then return not_applicable("has no members") end
    return people.judge_members(group:members())
  end,

  examples = {
    {
      note = "one has left, one is here",
      given = {
        group = { id = "x" },
        users = { { id = "user_1", person_state = "left" }, { id = "user_2", person_state = "active" } },
        group_members = { { group_id = "x", user_id = "user_1" }, { group_id = "x", user_id = "user_2" } },
      },
      want = "pass",
    },
    {
      note = "a registered machine works here",
      given = {
        group = { id = "x" },
        users = { { id = "user_1", person_state = "nonhuman" } },
        group_members = { { group_id = "x", user_id = "user_1" } },
      },
      want = "pass",
    },
    {
      note = "all have left",
      given = {
        group = { id = "x" },
        users = { { id = "user_1", person_state = "left" }, { id = "user_2", person_state = "left_unknown_date" } },
        group_members = { { group_id = "x", user_id = "user_1" }, { group_id = "x", user_id = "user_2" } },
      },
      want = { verdict = "fail", reason = "members: 2, all of whom have left", observed = { members = 2 } },
    },
    {
      note = "one of whom nobody knows may work here",
      given = {
        group = { id = "x" },
        users = { { id = "user_1", person_state = "left" }, { id = "user_2", person_state = "ambiguous" } },
        group_members = { { group_id = "x", user_id = "user_1" }, { group_id = "x", user_id = "user_2" } },
      },
      want = { verdict = "unknown", reason = "members of whom the roster does not say that they work here: 1" },
    },
    {
      note = "a state of tomorrow",
      given = {
        group = { id = "x" },
        users = { { id = "user_1", person_state = "resting" }, { id = "user_2", person_state = "resting" } },
        group_members = { { group_id = "x", user_id = "user_1" }, { group_id = "x", user_id = "user_2" } },
      },
      want = { verdict = "unknown", reason = "members of whom the roster does not say that they work here: 2" },
    },
    {
      note = "nobody",
      given = { group = { id = "x" }, group_members = {} },
      want = { verdict = "not_applicable", reason = "has no members" },
    },
    {
      note = "members were not collected",
      given = { group = { id = "x" }, incomplete = { "group_members" } },
      want = "unknown",
    },
  },
}
