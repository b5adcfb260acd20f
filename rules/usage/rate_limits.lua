---@type muster.Rule
return {
  id = "usage.rate_limits",
  title = "Rate limits are at most what the policy declares",
  severity = "low",
  subject = "organization",
  reads = { "rate_limits.group_type", "rate_limits.group_name", "rate_limits.limits", "rate_limits.workspace_id" },
  controls = { soc2 = { "CC6.3" }, iso27001 = { "A.5.15" }, nist80053 = { "AC-6" } },
  params = {
    maxima = {
      type = "string_list",
      default = {},
      doc = "`group:limit=value`, as `model_group:requests_per_minute=4000`; group (its type, or a model group's name) and limit may be patterns, "
        .. "and the first that fits counts. Without any, nothing can be decided.",
    },
  },
  why = "A limit is what a stolen key can spend in a minute; one that somebody raised for a day stays raised.",
  fix = "Lower the limit in the console (Settings > Limits, or the workspace's Limits), or declare it as it is in the policy, with a reason. "
    .. "Rate limits are shown by the API and cannot be changed by it.",

  check = function(_, org, params)
    local declared = {}
    for text in params.maxima:items() do
      local sides = text:split("=")
      local what = sides[1]:split(":")
      if #sides ~= 2 or #what ~= 2 or not tonumber(sides[2]) then
        error("maxima: write group:limit=value, as model_group:requests_per_minute=4000, not '" .. text .. "'")
      end
      table.insert(declared, { group = what[1], limit = what[2], value = tonumber(sides[2]) })
    end
    if #declared == 0 then return unknown("the policy declares no rate limits") end

    local beyond, silent, some = {}, {}, false
    for row in org:rate_limits() do
      for _, limit in ipairs(row.limits) do
        some = true
        local name = row:get("group_name", row.group_type) .. " " .. tostring(limit.type)
        local workspace = row:get("workspace_id", false)
        if workspace then name = name .. " of " .. workspace end
        local maximum
        for _, each in ipairs(declared) do
          if not maximum and (row.group_type:glob(each.group) or row:get("group_name", ""):glob(each.group)) and tostring(limit.type):glob(each.limit) then
            maximum = each.value
          end
        end
        if not maximum or type(limit.value) ~= "number" then
          table.insert(silent, name)
        elseif limit.value > maximum then
          table.insert(beyond, string.format("%s is %s, at most %s declared", name, tostring(limit.value), tostring(maximum)))
        end
      end
    end
    if #beyond > 0 then return fail(table.concat(beyond, "; "), { beyond = beyond }, params.maxima) end
    if #silent > 0 then return unknown("no maximum is declared, or no value reported, for: " .. table.concat(silent, ", ")) end
    if not some then return unknown("no rate limit is reported") end
    return pass()
  end,

  examples = {
    {
      note = "as declared",
      given = {
        organization = { id = "o" },
        rate_limits = {
          {
            group_type = "model_group",
            group_name = "Claude-Opus",
            workspace_id = null,
            limits = { { type = "requests_per_minute", value = 4000 }, { type = "input_tokens_per_minute", value = 10 } },
          },
          { group_type = "batch", group_name = null, limits = { { type = "requests_per_minute", value = 20 } } },
        },
        params = { maxima = { "Claude-Opus:requests_*=4000", "model_group:*=10", "batch:*=20" } },
      },
      want = "pass",
    },
    {
      note = "one above, in a workspace; the first that fits counts",
      given = {
        organization = { id = "o" },
        rate_limits = {
          { group_type = "model_group", group_name = "Claude-Opus", workspace_id = "w", limits = { { type = "requests_per_minute", value = 4001 } } },
        },
        params = { maxima = { "Claude-*:*=4000", "*:*=9000" } },
      },
      want = { verdict = "fail", reason = "Claude-Opus requests_per_minute of w is 4001, at most 4000 declared" },
    },
    {
      note = "two above",
      given = {
        organization = { id = "o" },
        rate_limits = { { group_type = "batch", group_name = null, workspace_id = null, limits = { { type = "a", value = 2 }, { type = "b", value = 3 } } } },
        params = { maxima = { "*:*=1" } },
      },
      want = { verdict = "fail", reason = "batch a is 2, at most 1 declared; batch b is 3, at most 1 declared" },
    },
    {
      note = "one that nobody declared",
      given = {
        organization = { id = "o" },
        rate_limits = { { group_type = "batch", group_name = null, workspace_id = null, limits = { { type = "requests_per_minute", value = 2 } } } },
        params = { maxima = { "batch:tokens=1" } },
      },
      want = { verdict = "unknown", reason = "no maximum is declared, or no value reported, for: batch requests_per_minute" },
    },
    {
      note = "one without a value",
      given = {
        organization = { id = "o" },
        rate_limits = { { group_type = "batch", group_name = null, workspace_id = null, limits = { { type = "requests_per_minute" } } } },
        params = { maxima = { "batch:*=1" } },
      },
      want = "unknown",
    },
    {
      note = "nothing reported",
      given = { organization = { id = "o" }, rate_limits = {}, params = { maxima = { "batch:*=1" } } },
      want = { verdict = "unknown", reason = "no rate limit is reported" },
    },
    {
      note = "nothing declared",
      given = { organization = { id = "o" }, rate_limits = {} },
      want = { verdict = "unknown", reason = "the policy declares no rate limits" },
    },
    { note = "a slip: no limit", given = { organization = { id = "o" }, params = { maxima = { "batch=1" } } }, want = "error" },
    { note = "a slip: no value", given = { organization = { id = "o" }, params = { maxima = { "batch:*" } } }, want = "error" },
    { note = "a slip: the value is no number", given = { organization = { id = "o" }, params = { maxima = { "batch:*=many" } } }, want = "error" },
    {
      note = "not collected",
      given = { organization = { id = "o" }, params = { maxima = { "batch:*=1" } }, incomplete = { "rate_limits" } },
      want = "unknown",
    },
  },
}
