-- How far what was collected of reports and feeds reaches: nothing seen in it is nothing only as far as it goes.
local records = {}

-- Reports end with whole days, and some hours late.
local late = days(2)

local function gap_of(dataset, org, name, n)
  if dataset:is_null("covers_from") or dataset:is_null("covers_to") then
    return "the snapshot does not say from when to when it has " .. name
  end
  if dataset.covers_from > org.as_of - days(n) then return name .. ": collected only from " .. dataset.covers_from:date() .. " on" end
  if dataset.covers_to < org.as_of - late then return name .. ": collected only up to " .. dataset.covers_to:date() end
  return nil
end

-- Why the dataset does not show the last n days; nil when it does. Of 0 days it shows whatever was collected.
function records.gap(org, name, n)
  if n == 0 then return nil end
  local reason = "the snapshot says nothing of " .. name
  for dataset in org:datasets({ name = name }) do
    reason = gap_of(dataset, org, name, n)
  end
  return reason
end

-- One verdict for a record that should show up at least every n days. `last` is the field of its last sign, `since` that of the instant from
-- which on a sign would have been seen, `born` that of its beginning.
function records.judge_idle(record, org, n, last, since, born)
  local limit = org.as_of - days(n)
  local is_seen = not record:is_absent(last) and not record:is_null(last)
  if is_seen and not record:is_before(last, limit) then return pass() end
  if not record:is_absent(born) and not record:is_null(born) and record:is_after(born, limit) then
    return not_applicable("there only since " .. record[born]:date())
  end
  if record:is_absent(since) then return unknown("nothing was collected that would show it, or it does not say from when on") end
  if record:is_after(since, limit) then return unknown("what was collected begins only on " .. record[since]:date()) end
  local expected = string.format("seen within %d days", n)
  if not is_seen then return fail("not seen since " .. record[since]:date(), { watched_since = record[since] }, expected) end
  return fail("last seen on " .. record[last]:date(), { last_seen = record[last] }, expected)
end

return records
