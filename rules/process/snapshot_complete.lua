---@type muster.Rule
return {
  id = "process.snapshot_complete",
  title = "What the review rests on was collected whole",
  severity = "high",
  subject = "dataset",
  reads = { "datasets.name", "datasets.status" },
  controls = { soc2 = { "CC6.2" }, iso27001 = { "A.5.18" }, nist80053 = { "AC-2 j" }, cis8 = { "5.1" }, pci4 = { "7.2.4" } },
  params = {
    required = {
      type = "string_list",
      default = { "users", "invites", "workspaces", "workspace_members", "api_keys" },
      doc = "Datasets that must be complete.",
    },
  },
  why = "A review of half a list finds half of what is wrong and looks like a whole one.",
  fix = "Give the collecting key the scope that was denied, or wait out the limit, and collect again. `muster doctor` says what a key may read.",

  check = function(dataset, _, params)
    if not params.required:has(dataset.name) then return not_applicable("not required by the policy") end
    if dataset.status == "complete" then return pass() end
    if dataset.status == "partial" or dataset.status == "denied" or dataset.status == "unsupported" or dataset.status == "not_requested" then
      return fail("status is " .. dataset.status, { status = dataset.status }, "complete")
    end
    return unknown("status " .. dataset.status .. " is not known to this rule")
  end,

  examples = {
    { note = "whole", given = { dataset = { name = "users", status = "complete" } }, want = "pass" },
    { note = "half", given = { dataset = { name = "users", status = "partial" } }, want = { verdict = "fail", reason = "status is partial" } },
    { note = "refused", given = { dataset = { name = "users", status = "denied" } }, want = { verdict = "fail", reason = "status is denied" } },
    { note = "not offered", given = { dataset = { name = "users", status = "unsupported" } }, want = { verdict = "fail", reason = "status is unsupported" } },
    { note = "not asked", given = { dataset = { name = "users", status = "not_requested" } }, want = { verdict = "fail", reason = "status is not_requested" } },
    {
      note = "a word of tomorrow",
      given = { dataset = { name = "users", status = "sampled" } },
      want = { verdict = "unknown", reason = "status sampled is not known to this rule" },
    },
    {
      note = "nobody asked for it",
      given = { dataset = { name = "cost", status = "denied" } },
      want = { verdict = "not_applicable", reason = "not required by the policy" },
    },
  },
}
