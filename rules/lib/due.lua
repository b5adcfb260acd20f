-- When something is due, in words.
local due = {}

-- "due 2026-12-01, 9 days left", or "due 2026-11-10, 10 days overdue" from the deadline itself on.
function due.text(deadline, now)
  local left, word = now - deadline, "overdue"
  if now < deadline then
    left, word = deadline - now, "left"
  end
  local n = left:whole_days()
  return string.format("due %s, %d %s %s", deadline:date(), n, n == 1 and "day" or "days", word)
end

return due
