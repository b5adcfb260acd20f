---@type muster.Rule
return {
  id = "workspaces.data_residency",
  title = "Data is kept and computed where the policy allows",
  severity = "high",
  subject = "workspace",
  reads = { "workspaces.archived_at", "workspaces.workspace_geo", "workspaces.allowed_inference_geos", "workspaces.default_inference_geo" },
  controls = {
    soc2 = { "CC6.1", "CC6.7" },
    iso27001 = { "A.5.15", "A.8.3" },
    nist80053 = { "AC-3", "AC-20" },
    hipaa = { "164.312(a)(1)" },
  },
  params = {
    storage = { type = "string_list", default = {}, doc = "Places where data may be kept (us); without any, nothing can be decided." },
    inference = { type = "string_list", default = {}, doc = "Places where requests may be computed (us, global); without any, nothing can be decided." },
  },
  why = "Contracts and laws bind data to places; a workspace that may compute anywhere breaks them without a sign.",
  fix = "Set the places where requests may be computed in the console (workspace > Data residency) or by the API. Where data is kept is "
    .. "fixed when a workspace is made: make another one and archive this one.",

  check = function(workspace, _, params)
    if not workspace:is_null("archived_at") then return not_applicable("archived on " .. workspace.archived_at:date()) end
    if #params.storage == 0 or #params.inference == 0 then return unknown("the policy names no places") end
    local wrong = {}
    if not params.storage:has(workspace.workspace_geo) then table.insert(wrong, "kept in " .. workspace.workspace_geo) end
    for place in workspace.allowed_inference_geos:items() do
      if not params.inference:has(place) then table.insert(wrong, "may be computed in: " .. place) end
    end
    if not params.inference:has(workspace.default_inference_geo) then
      table.insert(wrong, "computed by default in: " .. workspace.default_inference_geo)
    end
    if #wrong > 0 then return fail(table.concat(wrong, "; "), { wrong = wrong }, "the places that the policy declares") end
    if #workspace.allowed_inference_geos == 0 then return unknown("the reply names no places where requests may be computed") end
    return pass()
  end,

  examples = {
    {
      note = "as declared",
      given = {
        workspace = { archived_at = null, workspace_geo = "us", allowed_inference_geos = { "us", "ca" }, default_inference_geo = "us" },
        params = { storage = { "us" }, inference = { "us", "ca" } },
      },
      want = "pass",
    },
    {
      note = "kept elsewhere",
      given = {
        workspace = { archived_at = null, workspace_geo = "eu", allowed_inference_geos = { "us" }, default_inference_geo = "us" },
        params = { storage = { "us" }, inference = { "us", "ca" } },
      },
      want = { verdict = "fail", reason = "kept in eu" },
    },
    {
      note = "computed anywhere",
      given = {
        workspace = { archived_at = null, workspace_geo = "us", allowed_inference_geos = { "unrestricted" }, default_inference_geo = "us" },
        params = { storage = { "us" }, inference = { "us", "ca" } },
      },
      want = { verdict = "fail", reason = "may be computed in: unrestricted" },
    },
    {
      note = "computed elsewhere by default",
      given = {
        workspace = { archived_at = null, workspace_geo = "us", allowed_inference_geos = { "us" }, default_inference_geo = "global" },
        params = { storage = { "us" }, inference = { "us", "ca" } },
      },
      want = { verdict = "fail", reason = "computed by default in: global" },
    },
    {
      note = "no places are no promise",
      given = {
        workspace = { archived_at = null, workspace_geo = "us", allowed_inference_geos = {}, default_inference_geo = "us" },
        params = { storage = { "us" }, inference = { "us", "ca" } },
      },
      want = { verdict = "unknown", reason = "the reply names no places where requests may be computed" },
    },
    {
      note = "archived",
      given = { workspace = { id = "x", archived_at = "2026-03-01T00:00:00Z" } },
      want = { verdict = "not_applicable", reason = "archived on 2026-03-01" },
    },
    {
      note = "no storage declared",
      given = { workspace = { archived_at = null }, params = { inference = { "us" } } },
      want = { verdict = "unknown", reason = "the policy names no places" },
    },
    {
      note = "no inference declared",
      given = { workspace = { archived_at = null }, params = { storage = { "us" } } },
      want = { verdict = "unknown", reason = "the policy names no places" },
    },
    {
      note = "an older reply lacks it",
      given = { workspace = { archived_at = null }, params = { storage = { "us" }, inference = { "us" } } },
      want = "unknown",
    },
  },
}
