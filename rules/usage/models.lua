---@type muster.Rule
return {
  id = "usage.models",
  title = "Only the models that the policy names are used",
  severity = "medium",
  subject = "organization",
  reads = { "usage.model" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.5.15" }, nist80053 = { "AC-3" } },
  params = {
    models = { type = "string_list", default = {}, doc = "Models, or patterns, that may be used; without any, nothing can be decided." },
  },
  why = "A model that nobody has looked at may keep, cost or say what nobody has agreed to.",
  fix = "Find the keys that use it in the usage report and have their owners change the model; limit the models of a workspace in the "
    .. "console. The API shows usage and cannot limit models.",

  check = function(_, org, params)
    if #params.models == 0 then return unknown("the policy names no models") end
    local seen, beyond, silent = {}, {}, 0
    for row in org:usage() do
      if row:is_null("model") then
        silent = silent + 1
      elseif not seen[row.model] then
        seen[row.model] = true
        if not params.models:fits(row.model) then table.insert(beyond, row.model) end
      end
    end
    table.sort(beyond)
    if #beyond > 0 then return fail("used besides: " .. table.concat(beyond, ", "), { models = beyond }, params.models) end
    if silent > 0 then return unknown(string.format("rows of the report that name no model: %d", silent)) end
    return pass()
  end,

  examples = {
    {
      note = "as declared",
      given = {
        organization = { id = "org-1" },
        usage = { { model = "claude-opus-5" }, { model = "claude-sonnet-5" } },
        params = { models = { "claude-opus-*", "claude-sonnet-5" } },
      },
      want = "pass",
    },
    {
      note = "two others",
      given = {
        organization = { id = "org-1" },
        usage = { { model = "claude-x" }, { model = "claude-a" }, { model = "claude-x" } },
        params = { models = { "claude-opus-*", "claude-sonnet-5" } },
      },
      want = { verdict = "fail", reason = "used besides: claude-a, claude-x" },
    },
    {
      note = "a row without a model hides one",
      given = {
        organization = { id = "org-1" },
        usage = { { model = "claude-opus-5" }, { model = null } },
        params = { models = { "claude-opus-*", "claude-sonnet-5" } },
      },
      want = { verdict = "unknown", reason = "rows of the report that name no model: 1" },
    },
    {
      note = "what is wrong decides",
      given = {
        organization = { id = "org-1" },
        usage = { { model = null }, { model = "claude-x" } },
        params = { models = { "claude-opus-*", "claude-sonnet-5" } },
      },
      want = { verdict = "fail", reason = "used besides: claude-x" },
    },
    {
      note = "no use at all",
      given = { organization = { id = "org-1" }, usage = {}, params = { models = { "claude-opus-*", "claude-sonnet-5" } } },
      want = "pass",
    },
    {
      note = "nothing declared",
      given = { organization = { id = "org-1" }, usage = { { model = "claude-opus-5" } } },
      want = { verdict = "unknown", reason = "the policy names no models" },
    },
    {
      note = "the report was not collected",
      given = { organization = { id = "org-1" }, params = { models = { "claude-*" } }, incomplete = { "usage" } },
      want = "unknown",
    },
  },
}
