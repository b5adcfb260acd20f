local known_strategies = { link = true, email = true, plus_tag = true, former_email = true, domain_alias = true }

---@type muster.Rule
return {
  id = "accounts.known_address",
  title = "Accounts use the address that the roster has today",
  severity = "low",
  subject = "user",
  reads = { "users.match_strategy" },
  controls = { soc2 = { "CC6.1" }, iso27001 = { "A.5.16" }, nist80053 = { "IA-4" }, cis8 = { "5.1" }, pci4 = { "8.2.1" } },
  params = {
    strategies = { type = "string_list", default = { "link", "email" }, doc = "Ways of finding the person that are good enough." },
  },
  why = "An account that is found by a former address, an alias or a plus-tag is found by luck, and may be missed when the person leaves.",
  fix = "Enter the address in the HR system, or the account in the links file. The API cannot change the address of an account.",

  check = function(user, _, params)
    local strategy = user.match_strategy
    if strategy == "none" then return not_applicable("no person was found; judged by accounts.linked_to_roster") end
    if params.strategies:has(strategy) then return pass() end
    if not known_strategies[strategy] then return unknown("strategy " .. strategy .. " is not known to this rule") end
    return fail("found only by " .. strategy, { strategy = strategy }, params.strategies)
  end,

  examples = {
    {
      note = "by its address",
      given = { user = { match_strategy = "email" } },
      want = "pass",
    },
    {
      note = "by the links file",
      given = { user = { match_strategy = "link" } },
      want = "pass",
    },
    {
      note = "by a former address",
      given = { user = { match_strategy = "former_email" } },
      want = { verdict = "fail", reason = "found only by former_email" },
    },
    {
      note = "without its tag",
      given = { user = { match_strategy = "plus_tag" } },
      want = { verdict = "fail", reason = "found only by plus_tag" },
    },
    {
      note = "by an alias",
      given = { user = { match_strategy = "domain_alias" } },
      want = { verdict = "fail", reason = "found only by domain_alias" },
    },
    {
      note = "not at all",
      given = { user = { match_strategy = "none" } },
      want = { verdict = "not_applicable", reason = "no person was found; judged by accounts.linked_to_roster" },
    },
    {
      note = "in a way of tomorrow",
      given = { user = { match_strategy = "badge" } },
      want = { verdict = "unknown", reason = "strategy badge is not known to this rule" },
    },
    {
      note = "email, where the policy wants another",
      given = { user = { match_strategy = "email" }, params = { strategies = { "link" } } },
      want = { verdict = "fail", reason = "found only by email" },
    },
    {
      note = "link, where the policy wants another",
      given = { user = { match_strategy = "link" }, params = { strategies = { "email" } } },
      want = { verdict = "fail", reason = "found only by link" },
    },
  },
}
