---@type muster.Rule
return {
  id = "usage.inference_geo",
  title = "Requests are computed where the policy allows",
  severity = "high",
  subject = "organization",
  reads = { "usage.inference_geo" },
  controls = {
    soc2 = { "CC6.1", "CC6.7" },
    iso27001 = { "A.5.15", "A.8.3" },
    nist80053 = { "AC-3", "AC-20" },
    hipaa = { "164.312(a)(1)" },
  },
  params = {
    places = { type = "string_list", default = {}, doc = "Places where requests may be computed (us); without any, nothing can be decided." },
  },
  why = "What a setting allows is one thing, what was computed where is what an auditor asks for.",
  fix = "Set the allowed places of the workspaces in the console (workspace > Data residency) or by the API, and have the callers ask for "
    .. "one of them.",

  check = function(_, org, params)
    if #params.places == 0 then return unknown("the policy names no places") end
    local seen, beyond, silent = {}, {}, 0
    for row in org:usage() do
      if row:is_null("inference_geo") then
        silent = silent + 1
      elseif not seen[row.inference_geo] then
        seen[row.inference_geo] = true
        if not params.places:has(row.inference_geo) then table.insert(beyond, row.inference_geo) end
      end
    end
    table.sort(beyond)
    if #beyond > 0 then return fail("computed in: " .. table.concat(beyond, ", "), { places = beyond }, params.places) end
    if silent > 0 then return unknown(string.format("rows of the report that name no place: %d", silent)) end
    return pass()
  end,

  examples = {
    {
      note = "as declared",
      given = {
        organization = { id = "org-1" },
        usage = { { inference_geo = "us" }, { inference_geo = "us" } },
        params = { places = { "us" } },
      },
      want = "pass",
    },
    {
      note = "elsewhere",
      given = {
        organization = { id = "org-1" },
        usage = { { inference_geo = "global" }, { inference_geo = "eu" }, { inference_geo = "eu" } },
        params = { places = { "us" } },
      },
      want = { verdict = "fail", reason = "computed in: eu, global" },
    },
    {
      note = "a row without a place hides one",
      given = {
        organization = { id = "org-1" },
        usage = { { inference_geo = "us" }, { inference_geo = null } },
        params = { places = { "us" } },
      },
      want = { verdict = "unknown", reason = "rows of the report that name no place: 1" },
    },
    {
      note = "what is wrong decides",
      given = {
        organization = { id = "org-1" },
        usage = { { inference_geo = null }, { inference_geo = "eu" } },
        params = { places = { "us" } },
      },
      want = { verdict = "fail", reason = "computed in: eu" },
    },
    {
      note = "no use at all",
      given = { organization = { id = "org-1" }, usage = {}, params = { places = { "us" } } },
      want = "pass",
    },
    {
      note = "nothing declared",
      given = { organization = { id = "org-1" }, usage = { { inference_geo = "us" } } },
      want = { verdict = "unknown", reason = "the policy names no places" },
    },
    {
      note = "the report was not collected",
      given = { organization = { id = "org-1" }, params = { places = { "us" } }, incomplete = { "usage" } },
      want = "unknown",
    },
  },
}
