local nobody_in_particular = {
  nobody = "nobody on the roster",
  ambiguous = "several people fit",
  nonhuman = "in the register of non-human identities",
}

---@type muster.Rule
return {
  id = "accounts.unique_person",
  title = "Nobody has more than one account",
  severity = "medium",
  subject = "user",
  reads = { "users.id", "users.email", "users.person_state", "users.person_accounts", "persons.person_id" },
  controls = {
    soc2 = { "CC6.1" },
    iso27001 = { "A.5.16" },
    nist80053 = { "IA-2", "AC-2 k" },
    cis8 = { "5.1" },
    pci4 = { "8.2.1", "8.2.2" },
    hipaa = { "164.312(a)(2)(i)" },
  },
  why = "A second account is forgotten when its owner leaves or changes roles, and splits what one person did over two names.",
  fix = "Keep the account under the work address and remove the others in the console. When the second one is deliberate, such as a separate "
    .. "account for administration, record it as a waiver with an approver and an end.",

  check = function(user)
    local why_not = nobody_in_particular[user.person_state]
    if why_not then return not_applicable(why_not) end
    if user.person_accounts < 2 then return pass() end

    local others, addresses = {}, {}
    for account in user.person:accounts() do
      if account.id ~= user.id then
        table.insert(others, account)
        table.insert(addresses, account.email)
      end
    end
    return fail({
      reason = "the same person also has " .. table.concat(addresses, ", "),
      observed = { accounts = user.person_accounts },
      expected = "one account",
      related = others,
    })
  end,

  examples = {
    { note = "one account", given = { user = { person_state = "active", person_accounts = 1 } }, want = "pass" },
    {
      note = "the work address and a plus tag of it",
      given = {
        user = { id = "user_1", email = "ana@northwind.example" },
        users = { { id = "user_2", email = "ana+tools@northwind.example" }, { id = "user_3", email = "bo@northwind.example" } },
        roster = {
          { person_id = "NW-1", email = "ana@northwind.example", status = "active" },
          { person_id = "NW-2", email = "bo@northwind.example", status = "active" },
        },
      },
      want = { verdict = "fail", reason = "the same person also has ana+tools@northwind.example" },
    },
    {
      note = "everybody else's accounts do not count",
      given = {
        user = { id = "user_3", email = "bo@northwind.example" },
        users = { { id = "user_1", email = "ana@northwind.example" }, { id = "user_2", email = "ana+tools@northwind.example" } },
        roster = {
          { person_id = "NW-1", email = "ana@northwind.example", status = "active" },
          { person_id = "NW-2", email = "bo@northwind.example", status = "active" },
        },
      },
      want = "pass",
    },
    {
      note = "three accounts: each names the two others",
      given = {
        user = { id = "user_1", email = "ana@northwind.example" },
        users = {
          { id = "user_2", email = "ana+tools@northwind.example" },
          { id = "user_3", email = "ana+batch@northwind.example" },
        },
        roster = { { person_id = "NW-1", email = "ana@northwind.example", status = "active" } },
      },
      want = { verdict = "fail", reason = "the same person also has ana+tools@northwind.example, ana+batch@northwind.example" },
    },
    {
      note = "nobody's account",
      given = { user = { person_state = "nobody" } },
      want = { verdict = "not_applicable", reason = "nobody on the roster" },
    },
    {
      note = "whose account is unclear",
      given = { user = { person_state = "ambiguous" } },
      want = { verdict = "not_applicable", reason = "several people fit" },
    },
    {
      note = "a machine",
      given = { user = { person_state = "nonhuman" } },
      want = { verdict = "not_applicable", reason = "in the register of non-human identities" },
    },
    { note = "no roster, no judgement", given = { user = { id = "user_1" }, incomplete = { "persons" } }, want = "unknown" },
  },
}
