---@type muster.Rule
return {
  id = "accounts.not_shared",
  title = "No account belongs to a mailbox that several people read",
  severity = "medium",
  subject = "user",
  reads = { "users.email", "users.email_mailbox", "users.person_state" },
  controls = {
    soc2 = { "CC6.1" },
    iso27001 = { "A.5.16" },
    nist80053 = { "IA-2", "AC-2 k" },
    cis8 = { "5.1" },
    pci4 = { "8.2.2" },
    hipaa = { "164.312(a)(2)(i)" },
  },
  params = {
    patterns = {
      type = "string_list",
      default = { "admin", "dev", "hello", "info", "it", "office", "ops", "root", "sales", "security", "shared*", "support", "team*", "test*" },
      doc = "Beginnings of addresses, or patterns, that are a group's.",
    },
  },
  why = "What a shared account did, nobody did; and whoever leaves still knows how to sign in.",
  fix = "Invite each person by their own address and remove this account in the console (Settings > Members) or by the API. Enter it in "
    .. "the register of non-human identities when it is a machine. Admins cannot be removed by the API.",

  check = function(user, _, params)
    if user.person_state == "nonhuman" then return not_applicable("in the register of non-human identities") end
    if #params.patterns == 0 then return unknown("the policy names no patterns") end
    if not user:fits("email_mailbox", params.patterns) then return pass() end
    return fail("the mailbox " .. user.email_mailbox .. " looks shared", { email = user.email }, "a person's own address")
  end,

  examples = {
    {
      note = "a person",
      given = { user = { email = "ana.admin@n.example", person_state = "active" } },
      want = "pass",
    },
    {
      note = "a shared mailbox, in capitals",
      given = { user = { email = "Support@n.example", person_state = "nobody" } },
      want = { verdict = "fail", reason = "the mailbox support looks shared" },
    },
    {
      note = "with a plus-tag",
      given = { user = { email = "team-red+ai@n.example", person_state = "nobody" } },
      want = { verdict = "fail", reason = "the mailbox team-red looks shared" },
    },
    {
      note = "a registered machine",
      given = { user = { email = "ops@n.example", person_state = "nonhuman" } },
      want = { verdict = "not_applicable", reason = "in the register of non-human identities" },
    },
    {
      note = "no patterns declared",
      given = { user = { email = "ops@n.example", person_state = "active" }, params = { patterns = {} } },
      want = { verdict = "unknown", reason = "the policy names no patterns" },
    },
  },
}
